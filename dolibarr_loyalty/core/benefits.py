"""Benefits: what a tier or a club brings besides points, as entitlements with validity and uses (T11, R6)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from dolibarr_loyalty.core.terms import Names

BenefitKind = Literal[
    "free_shipping",
    "early_access",
    "birthday_gift",
    "longer_returns",
    "event",
    "extra_discount",
    "welcome",
    "anniversary",
]


@dataclass(frozen=True, kw_only=True)
class Benefit:
    """A benefit that tiers and clubs name by its id.

    `uses` within each `period` (None: any number). `percent` is the extra discount, `days` the return period;
    `reward` (birthday_gift, welcome, anniversary) is a reward given free, `points` are points given instead.
    `valid_days` limits a benefit from the day it was granted; 0 as long as the tier or club lasts. `tag` is a
    customer tag in Dolibarr that those entitled carry. `to_dolibarr` writes an extra discount into the
    customer's relative discount, where the version lets us.
    """

    id: str
    kind: BenefitKind
    names: Names = ()
    uses: int | None = None
    period: Literal["month", "year", "ever"] = "ever"
    percent: Decimal = Decimal(0)
    days: int = 0
    reward: str = ""
    points: int = 0
    valid_days: int = 0
    tag: str = ""
    to_dolibarr: bool = False
