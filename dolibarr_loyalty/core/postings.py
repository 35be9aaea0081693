"""What happens to a voucher as double entry: which accounts, at which VAT rate, in each accounting way.

The tables an accountant computes by hand and the journal that is exported both come from here. Debits are
positive, credits negative, so that the postings of every event come to nothing. Which numbers the accounts have is
the owner's setting, not ours.

Free vouchers (features 2.5, 4.1 to 4.3)
  payment      issue: reduction at 0 % to liability. Use: liability to receivable. Void: liability to reduction.
  credit_note  as payment, the reduction split over VAT rates, so that the VAT falls at issue and rises when voided.
  discount     issue: nothing. Use: reduction and VAT, at the rates of the goods, to receivable. Void: nothing.
Sold gift cards
  deposit, liability   issue: money to liability, and to VAT where the card is sold with VAT (single-purpose:
               Directive (EU) 2016/1065, Article 30b (1)). Use: liability, and that VAT, to receivable: the goods
               bring their own VAT. Refund: liability and VAT to money. Expiry: liability to income from unused
               cards, without VAT, as nothing was supplied (for multi-purpose cards; VAT that was due at the sale
               of a single-purpose card stays).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.voucher_moves import MoveKind
from dolibarr_loyalty.core.vouchers import Accounting


class Account(StrEnum):
    """What an account is for.

    REVENUE of goods; REDUCTION of revenue by vouchers that were given; BREAKAGE, income from sold cards that were
    never used; VAT owed; RECEIVABLE from customers; CASH and bank; LIABILITY to those who hold vouchers; OPENING,
    the counter account of cards taken over from earlier books; DIFFERENCE, what the books held otherwise.
    """

    REVENUE = "revenue"
    REDUCTION = "reduction"
    BREAKAGE = "breakage"
    VAT = "vat"
    RECEIVABLE = "receivable"
    CASH = "cash"
    LIABILITY = "liability"
    OPENING = "opening"
    DIFFERENCE = "difference"


SOLD: frozenset[Accounting] = frozenset({"deposit", "liability"})


@dataclass(frozen=True, kw_only=True)
class Part:
    """A share of an amount at one VAT rate in percent; all in the currency's major unit, positive."""

    rate: Decimal
    net: Decimal
    vat: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.vat


def without_vat(gross: Decimal) -> tuple[Part, ...]:
    """An amount of money as one part at 0 %."""
    return (Part(rate=ZERO, net=gross, vat=ZERO),)


@dataclass(frozen=True, kw_only=True)
class Posting:
    """An amount on an account, debit positive; `rate` is the VAT rate it belongs to, None where it has none."""

    account: Account
    amount: Decimal
    rate: Decimal | None = None


def postings(
    way: Accounting,
    kind: MoveKind,
    parts: Sequence[Part],
    *,
    money: Account = Account.CASH,
    adds: bool = True,
) -> tuple[Posting, ...]:
    """The double entry of one move of a voucher; nothing where the move changes no account.

    `parts` are the amount moved, always positive, by VAT rate: those of the credit note at issue ('credit_note'),
    of the reduction at use ('discount'), of the sale of a card; one part at 0 % where no VAT is touched.
    `money` is where the price of a sold card comes from and goes back to: CASH, RECEIVABLE, or OPENING for an
    imported one. `adds`: a CORRECTED move was positive. A replaced voucher only changes its code: no posting.
    """
    gross = sum((part.gross for part in parts), ZERO)
    match kind:
        case MoveKind.ISSUED:
            found = _issue(way, parts, money)
        case MoveKind.USED:
            found = _use(way, parts)
        case MoveKind.RETURNED:
            found = _mirrored(_use(way, parts))
        case MoveKind.CANCELLED:
            found = _mirrored(_issue(way, parts, money))
        case MoveKind.EXPIRED | MoveKind.WRITTEN_OFF:
            found = _lapse(way, parts)
        case MoveKind.CORRECTED:
            found = _correction(way, gross if adds else -gross)
        case _:  # REPLACED and REPLACEMENT
            found = []
    return tuple(posting for posting in found if posting.amount)


def sale_postings(parts: Sequence[Part]) -> tuple[Posting, ...]:
    """The double entry of goods sold on an invoice: receivable to revenue and VAT."""
    lines = [*_of(Account.REVENUE, parts, -1), *_vat(parts, -1), *_gross(Account.RECEIVABLE, parts, 1)]
    return tuple(posting for posting in lines if posting.amount)


def payment_postings(amount: Decimal) -> tuple[Posting, ...]:
    """The double entry of money received; negative where it is given back."""
    return (
        Posting(account=Account.CASH, amount=amount),
        Posting(account=Account.RECEIVABLE, amount=-amount),
    )


def is_documented(way: Accounting, kind: MoveKind) -> bool:
    """A document in Dolibarr carries this move, so that Dolibarr's own books have it already.

    Not for a small rest of a 'liability' card that is written off: its line stays as it was sold, and the
    accountant books the income (one that expires has its own documents); nor for what was found to differ.
    """
    if kind is MoveKind.WRITTEN_OFF and way == "liability":
        return False
    if kind is MoveKind.CORRECTED:
        return False
    return way != "discount" or kind in (MoveKind.USED, MoveKind.RETURNED)


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What postings do to the figures an accountant looks at; each positive where it grows.

    `net` is income (revenue less reductions, plus income from unused cards). `receivable`, `cash` are assets,
    `vat` and `liability` are owed. So receivable + cash = net + vat + liability, but for openings and differences.
    """

    net: Decimal = ZERO
    vat: Decimal = ZERO
    receivable: Decimal = ZERO
    cash: Decimal = ZERO
    liability: Decimal = ZERO

    def __add__(self, other: "Effect") -> "Effect":
        return Effect(
            net=self.net + other.net,
            vat=self.vat + other.vat,
            receivable=self.receivable + other.receivable,
            cash=self.cash + other.cash,
            liability=self.liability + other.liability,
        )


def effect(booked: Iterable[Posting]) -> Effect:
    """The sum of postings by what they do."""
    sums = dict.fromkeys(Account, ZERO)
    for posting in booked:
        sums[posting.account] += posting.amount
    income = (Account.REVENUE, Account.REDUCTION, Account.BREAKAGE)
    return Effect(
        net=-sum((sums[account] for account in income), ZERO),
        vat=-sums[Account.VAT],
        receivable=sums[Account.RECEIVABLE],
        cash=sums[Account.CASH],
        liability=-sums[Account.LIABILITY],
    )


def _issue(way: Accounting, parts: Sequence[Part], money: Account) -> list[Posting]:
    if way == "discount":
        return []
    if way in SOLD:
        return [*_gross(money, parts, 1), *_of(Account.LIABILITY, parts, -1), *_vat(parts, -1)]
    return [*_of(Account.REDUCTION, parts, 1), *_vat(parts, 1), *_gross(Account.LIABILITY, parts, -1)]


def _use(way: Accounting, parts: Sequence[Part]) -> list[Posting]:
    paid = _gross(Account.RECEIVABLE, parts, -1)
    if way == "discount":
        return [*_of(Account.REDUCTION, parts, 1), *_vat(parts, 1), *paid]
    if way in SOLD:
        return [*_of(Account.LIABILITY, parts, 1), *_vat(parts, 1), *paid]
    return [*_gross(Account.LIABILITY, parts, 1), *paid]


def _lapse(way: Accounting, parts: Sequence[Part]) -> list[Posting]:
    if way not in SOLD:
        return _mirrored(_issue(way, parts, Account.CASH))
    return [*_of(Account.LIABILITY, parts, 1), *_of(Account.BREAKAGE, parts, -1)]


def _correction(way: Accounting, amount: Decimal) -> list[Posting]:
    if way == "discount":
        return []
    return [
        Posting(account=Account.DIFFERENCE, amount=amount),
        Posting(account=Account.LIABILITY, amount=-amount),
    ]


def _of(account: Account, parts: Sequence[Part], sign: int) -> list[Posting]:
    """The net amounts, each at its rate."""
    return [Posting(account=account, amount=sign * part.net, rate=part.rate) for part in parts]


def _vat(parts: Sequence[Part], sign: int) -> list[Posting]:
    return [Posting(account=Account.VAT, amount=sign * part.vat, rate=part.rate) for part in parts]


def _gross(account: Account, parts: Sequence[Part], sign: int) -> list[Posting]:
    return [Posting(account=account, amount=sign * sum((part.gross for part in parts), ZERO))]


def _mirrored(booked: Iterable[Posting]) -> list[Posting]:
    return [Posting(account=posting.account, amount=-posting.amount, rate=posting.rate) for posting in booked]
