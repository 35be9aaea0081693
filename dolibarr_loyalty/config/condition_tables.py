"""The conditions that many tables of [program] share: which lines, when, for whom."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any, Literal

from pydantic import ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from dolibarr_loyalty.config.settings import STRICT
from dolibarr_loyalty.config.spellings import CountFromOne, Country, FoldedList, HourSpan, IdList, Weekdays
from dolibarr_loyalty.config.wrong import wrong
from dolibarr_loyalty.core.eligibility import CustomerType, Who
from dolibarr_loyalty.core.terms import Match, Names, Window

LineType = Literal["goods", "service"]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MatchTable:
    """Which lines are meant: those that every list written here has."""

    products: FoldedList = ()
    tags: FoldedList = ()
    types: tuple[LineType, ...] = ()

    def match(self) -> Match:
        return Match(products=self.products, tags=self.tags, types=self.types)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class WindowTable:
    """When something holds: from a day to a day, on weekdays, at hours."""

    from_day: date | None = None
    until_day: date | None = None
    weekdays: Weekdays = ()
    hours: HourSpan | None = None

    @field_validator("until_day")
    @classmethod
    def _ends_after_it_begins(cls, until: date | None, info: ValidationInfo) -> date | None:
        start = info.data.get("from_day")
        if start and until and until < start:
            raise wrong(
                f"ends on {until}, before it begins on {start}, so this rule can never apply.",
                "Write a later day.",
            )
        return until

    def window(self) -> Window:
        from_time, until_time = self.hours or (None, None)
        return Window(
            from_day=self.from_day,
            until_day=self.until_day,
            weekdays=self.weekdays,
            from_time=from_time,
            until_time=until_time,
        )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class WhoTable:
    """For whom something is: members for whom every condition written here holds."""

    tags: FoldedList = ()
    without_tags: FoldedList = ()
    tiers: IdList = ()
    clubs: IdList = ()
    segments: IdList = ()
    countries: tuple[Country, ...] = ()
    customer_types: tuple[CustomerType, ...] = ()
    first_purchase: bool = False
    inactive_days: CountFromOne | None = None

    @field_validator("without_tags")
    @classmethod
    def _leaves_somebody(cls, without: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        wanted = info.data.get("tags")
        if wanted and set(wanted) <= set(without):
            raise wrong("leaves nobody: it names every tag that is asked for.", "Take it out here or there.")
        return without

    @field_validator("inactive_days")
    @classmethod
    def _has_bought_before(cls, days: int | None, info: ValidationInfo) -> int | None:
        if days is not None and info.data.get("first_purchase"):
            raise wrong(
                "never holds on a first purchase, so with first_purchase = true this is for nobody.",
                "Keep one of the two.",
            )
        return days

    def conditions(self) -> Who:
        return Who(**values(self))


def named(names: Mapping[str, str]) -> Names:
    """Texts per language as core keeps them."""
    return tuple(names.items())


def values(table: Any) -> dict[str, Any]:
    """The settings of a table by name, as they are."""
    return {field.name: getattr(table, field.name) for field in fields(table)}
