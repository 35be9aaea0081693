"""The provision for points and vouchers at a balance sheet date, as BFH IV R 20/19 asks for it.

Federal Fiscal Court of Germany, 29 September 2022, IV R 20/19: points and vouchers that pay at the next purchase
are a liability uncertain in amount; a provision is made where their use is probable, and how the shop acts in
practice counts, not its terms alone. A card of stamps whose eleventh coffee is free only lowers the price of a
later sale: normally no provision. France: CNC, urgent issues committee, opinion 2004-E, at cost.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from dolibarr_loyalty.core.breakage import Estimate
from dolibarr_loyalty.core.money import round_amount
from dolibarr_loyalty.core.vouchers import Accounting

Treatment = Literal["provide", "in_books", "discount"]


@dataclass(frozen=True, kw_only=True)
class Obligation:
    """Something owed at a day: `count` of it (points, stamps, vouchers) with a nominal `worth`.

    `treatment`: 'provide' a provision; 'in_books' Dolibarr's own documents show it already; 'discount' a stamp
    card, a price reduction of a later sale, normally nothing.
    """

    key: str
    treatment: Treatment
    count: int
    worth: Decimal
    currency: str
    estimate: Estimate


def treatment_of(accounting: Accounting, *, is_stamps: bool, has_amount: bool) -> Treatment:
    """How a voucher's open amount is shown at a balance sheet date.

    A credit note at issue has lowered revenue already, a sold card stands on an account of its own: a provision on
    top would count them twice. Those without a document before their use are provided for.
    """
    if has_amount and accounting != "discount":
        return "in_books"
    return "discount" if is_stamps else "provide"


def provision(obligation: Obligation, *, cost_percent: Decimal, honours_expired: bool = False) -> Decimal:
    """What to provide: nominal worth times what a unit of it costs the shop times the share expected to be used.

    `cost_percent` is full cost in percent of the nominal worth (§ 253 (1) HGB; § 6 (1) no. 3a b EStG). A shop
    that honours what has expired expects all of it to be used. Whole minor units, half away from zero.
    """
    if obligation.treatment != "provide":
        return Decimal(0)
    share = obligation.estimate.share
    worth = obligation.worth * cost_percent / 100
    if not honours_expired:
        worth = worth * share.numerator / share.denominator
    return round_amount(worth, obligation.currency)


@dataclass(frozen=True, kw_only=True)
class Change:
    """A provision from one balance sheet date to the next: `added` or `released`, never both."""

    before: Decimal
    after: Decimal

    @property
    def added(self) -> Decimal:
        return max(Decimal(0), self.after - self.before)

    @property
    def released(self) -> Decimal:
        return max(Decimal(0), self.before - self.after)
