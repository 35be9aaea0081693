"""Good causes: points given away, what the merchant adds, and what is owed to the cause by now (E21, R7).

Called charities in code, because a cause is already the document or act behind an entry.
"""

from dataclasses import dataclass
from decimal import Decimal

from dolibarr_loyalty.core.money import from_minor, to_minor
from dolibarr_loyalty.core.terms import Names, name_in


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

    def name(self, locale: str) -> str:
        """The cause's name in a language, else its id."""
        return name_in(self.names, locale, self.id)


@dataclass(frozen=True, kw_only=True)
class Gift:
    """What points given away come to: their worth, and what the merchant adds."""

    amount: Decimal
    match: Decimal


def gift_of(charity: Charity, points: int, point_value: Decimal, currency: str, matched: Decimal) -> Gift:
    """What so many points are to a cause, when the merchant has already added `matched` this year.

    `point_value` is the program's, for a cause without its own. Both amounts are rounded to whole minor
    units; the match ends at the year's limit, to the cent.

    >>> cause = Charity(id="trees", match_percent=Decimal(50), match_limit=Decimal(100))
    >>> gift_of(cause, 100, Decimal("0.05"), "EUR", Decimal(99))
    Gift(amount=Decimal('5.00'), match=Decimal('1.00'))
    """
    amount = to_minor(points * (charity.point_value or point_value), currency)
    match = to_minor(from_minor(amount, currency) * charity.match_percent / 100, currency)
    if charity.match_limit is not None:
        match = max(0, min(match, to_minor(charity.match_limit - matched, currency)))
    return Gift(amount=from_minor(amount, currency), match=from_minor(match, currency))
