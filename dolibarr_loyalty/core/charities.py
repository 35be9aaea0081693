"""Good causes: points given away, what the merchant adds, and what is owed to the cause by now (E21, R7).

Called charities in code, because a cause is already the document or act behind an entry.
"""

from dataclasses import dataclass
from decimal import Decimal

from dolibarr_loyalty.core.terms import Names


@dataclass(frozen=True, kw_only=True)
class Charity:
    """A good cause. `point_value` is what one point becomes in the shop's currency (0: the program's value);
    the merchant adds `match_percent` of it, at most `match_limit` a calendar year. `thirdparty_id` is whom the
    draft payment in Dolibarr is for."""

    id: str
    names: Names = ()
    point_value: Decimal = Decimal(0)
    match_percent: Decimal = Decimal(0)
    match_limit: Decimal | None = None
    minimum_points: int = 1
    thirdparty_id: int | None = None
