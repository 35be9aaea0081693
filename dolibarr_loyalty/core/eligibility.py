"""Who may: the conditions a promotion, an activity or a benefit puts on a member, and what they are held against."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from dolibarr_loyalty.core.terms import Names

CustomerType = Literal["company", "person"]


@dataclass(frozen=True, kw_only=True)
class Who:
    """Whom something is for: every condition that is set must hold; none set means every member.

    `tags`, `tiers`, `clubs` and `segments` hold when the member has one of them, `without_tags` when none.
    `countries` are ISO 3166 codes in upper case. `inactive_days`: at least so many days since the purchase
    before, and never on the first one; `first_purchase`: only on the first one.
    """

    tags: tuple[str, ...] = ()
    without_tags: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    clubs: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    customer_types: tuple[CustomerType, ...] = ()
    first_purchase: bool = False
    inactive_days: int | None = None

    @property
    def is_everybody(self) -> bool:
        return self == _EVERYBODY

    @property
    def needs_history(self) -> bool:
        """It cannot be judged by the third party alone: purchases, tiers or clubs must be known."""
        return bool(
            self.tiers or self.clubs or self.segments or self.first_purchase or self.inactive_days is not None
        )


_EVERYBODY = Who()


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A group of members by what they bought in the `months` before (0: ever); every bound set must hold."""

    id: str
    names: Names = ()
    months: int = 12
    minimum_purchases: int | None = None
    maximum_purchases: int | None = None
    minimum_spend: Decimal | None = None
    maximum_spend: Decimal | None = None
    minimum_quiet_days: int | None = None
    maximum_quiet_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What held for a member at the instant of a document: it is judged with this, now and later.

    `tags`, `country` and `is_company` are those with which the document was first seen. `purchases` are the
    standing purchases before, `quiet_days` the days since the last of them (None: there was none).
    """

    tags: frozenset[str] = frozenset()
    country: str = ""
    is_company: bool = False
    tiers: frozenset[str] = frozenset()
    clubs: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    purchases: int = 0
    quiet_days: int | None = None


def is_for(who: Who, standing: Standing) -> bool:
    """Every condition of `who` holds for this member."""
    return not unmet(who, standing)


def unmet(who: Who, standing: Standing) -> str:
    """The first condition that does not hold, by its name in `Who`; empty when all do."""
    wanted = (
        ("tags", not who.tags or bool(standing.tags.intersection(who.tags))),
        ("without_tags", not standing.tags.intersection(who.without_tags)),
        ("tiers", not who.tiers or bool(standing.tiers.intersection(who.tiers))),
        ("clubs", not who.clubs or bool(standing.clubs.intersection(who.clubs))),
        ("segments", not who.segments or bool(standing.segments.intersection(who.segments))),
        ("countries", not who.countries or standing.country.upper() in who.countries),
        ("customer_types", not who.customer_types or _type(standing) in who.customer_types),
        ("first_purchase", not who.first_purchase or standing.purchases == 0),
        ("inactive_days", _is_back(who, standing)),
    )
    return next((name for name, holds in wanted if not holds), "")


def _type(standing: Standing) -> CustomerType:
    return "company" if standing.is_company else "person"


def _is_back(who: Who, standing: Standing) -> bool:
    if who.inactive_days is None:
        return True
    return standing.quiet_days is not None and standing.quiet_days >= who.inactive_days
