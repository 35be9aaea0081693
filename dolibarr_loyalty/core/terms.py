"""The small terms that every kind of program is written in: which lines, when, how long, under what name."""

from dataclasses import dataclass
from datetime import date, time
from typing import Literal

from dolibarr_loyalty.core.times import RoundUp

# A text per language, as written by the owner: (('de', 'Kaffeekarte'), ('en', 'Coffee card')).
Names = tuple[tuple[str, str], ...]

POINTS = "points"
QUALIFYING = "qualifying:"
STAMPS = "stamps:"


def name_in(names: Names, locale: str, otherwise: str) -> str:
    """The text of a language, else in English, else any, else `otherwise`."""
    texts = dict(names)
    return texts.get(locale) or texts.get("en") or next(iter(texts.values()), otherwise)


@dataclass(frozen=True, kw_only=True)
class Match:
    """Which lines count: a line matches when every list that is not empty has it. Texts are lower case."""

    products: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    types: tuple[Literal["goods", "service"], ...] = ()

    @property
    def is_everything(self) -> bool:
        return not (self.products or self.tags or self.types)


@dataclass(frozen=True, kw_only=True)
class Window:
    """When a rule holds, in the shop's zone: both days included; `weekdays` 0 is Monday, none means all.

    `from_time` included, `until_time` excluded; a window over midnight (22:00 to 02:00) is allowed and
    belongs to the weekday on which it began.
    """

    from_day: date | None = None
    until_day: date | None = None
    weekdays: tuple[int, ...] = ()
    from_time: time | None = None
    until_time: time | None = None


@dataclass(frozen=True, kw_only=True)
class Expiry:
    """When points end. 'none' never; 'fixed' each lot on its own day; 'activity' all after a quiet period.

    Valid for `months` (clamped to the last day of a shorter month) or `days`, to the end of that day or of
    the calendar period `round_up`; counted from the day they were earned or became available.
    """

    model: Literal["none", "fixed", "activity"] = "fixed"
    months: int = 36
    days: int = 0
    round_up: RoundUp = "none"
    counted_from: Literal["earned", "available"] = "earned"
