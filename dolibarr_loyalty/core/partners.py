"""Partners: businesses that fund points on their products, and what each owes by document (B1, B3, C4, E20)."""

from dataclasses import dataclass, field
from decimal import Decimal

from dolibarr_loyalty.core.terms import Match, Names


@dataclass(frozen=True, kw_only=True)
class Partner:
    """A third party that funds points. `match` are its products: points they earn are funded by `percent`.

    `point_price` is what it pays for one point, in the shop's currency (0: the program's point value).
    """

    id: str
    thirdparty_id: int
    names: Names = ()
    match: Match = field(default_factory=Match)
    percent: Decimal = Decimal(0)
    point_price: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Share:
    """So many percent of what a joint promotion grants are funded by a partner; the rest by the merchant."""

    partner: str
    percent: Decimal
