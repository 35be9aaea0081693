"""Activities: what earns without a purchase; reviews, referrals, birthdays, years of membership (E7 to E11)."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from dolibarr_loyalty.core.eligibility import Who
from dolibarr_loyalty.core.terms import POINTS, Names, Window


@dataclass(frozen=True, kw_only=True)
class ActivityKind:
    """Something other than a purchase that earns `points` of `unit`; idempotent by the id of its source.

    At most `most` within each `period` (None: any number). `needs_evidence` asks for a link or a text, as for
    an action of a good cause.
    """

    id: str
    points: int
    names: Names = ()
    unit: str = POINTS
    most: int | None = None
    period: Literal["day", "month", "year", "ever"] = "ever"
    needs_evidence: bool = False
    qualifying: bool = False
    who: Who = field(default_factory=Who)
    window: Window = field(default_factory=Window)


@dataclass(frozen=True, kw_only=True)
class Birthday:
    """A birthday's gift: points, a reward given free, or both.

    Born on 29 February, a member has it on the `leap_day` of other years. Not within `minimum_days` of
    joining, nor within 330 days of the last one, whatever was changed meanwhile; a day that was missed is
    made up for within `catch_up_days`.
    """

    points: int = 0
    reward: str = ""
    leap_day: Literal["feb28", "mar1"] = "feb28"
    minimum_days: int = 7
    catch_up_days: int = 14
    days_before: int = 0


@dataclass(frozen=True, kw_only=True)
class Anniversary:
    """A gift for each full year of membership; `times_years` gives so many points for each year."""

    points: int = 0
    reward: str = ""
    times_years: bool = False
    catch_up_days: int = 14


@dataclass(frozen=True, kw_only=True)
class Referral:
    """Both sides earn when the friend's first purchase is paid, of at least `minimum_amount`.

    The friend must not be a customer already, nor the referrer under another name (same email, phone or
    address, a merge). `most_per_year` friends per referrer; a referral not completed in `valid_days` ends.
    A first purchase that comes back wholly takes the points back.
    """

    referrer_points: int
    friend_points: int = 0
    minimum_amount: Decimal = Decimal(0)
    most_per_year: int | None = None
    valid_days: int = 365
