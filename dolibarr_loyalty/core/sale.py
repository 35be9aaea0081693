"""The sale: a Dolibarr invoice, credit note or deposit with its lines and what was paid, as frozen values.

Amounts are in the shop's main currency, signed as Dolibarr stores them (a credit note's lines are negative).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


class Kind(StrEnum):
    """What a document is; Dolibarr's `type` 0, 1, 2, 3, 5 in this order."""

    STANDARD = "standard"
    REPLACEMENT = "replacement"
    CREDIT_NOTE = "credit_note"
    DEPOSIT = "deposit"
    SITUATION = "situation"
    OTHER = "other"


class State(StrEnum):
    """Where a document stands. PAID is status 2 with paye 1 and nothing else (facts trap 26).

    CLOSED is status 2 with paye 0 (see `close_code`); REPLACED is status 3 with close_code 'replaced';
    ABANDONED is any other status 3; DELETED is a document that Dolibarr no longer has.
    """

    DRAFT = "draft"
    VALIDATED = "validated"
    PAID = "paid"
    CLOSED = "closed"
    ABANDONED = "abandoned"
    REPLACED = "replaced"
    DELETED = "deleted"


class Credit(StrEnum):
    """What kind of credit stands behind a line or a payment."""

    CREDIT_NOTE = "credit_note"
    DEPOSIT = "deposit"
    EXCESS = "excess"
    DISCOUNT = "discount"  # an absolute discount typed in by hand: a real price reduction, not money


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a document. `discount_percent` 0 to 100; `credit` is set where a credit was used as a line.

    `ref_ext` is the name that a line of ours bears, a voucher's reduction on a ticket.
    """

    id: int
    net: Decimal
    gross: Decimal
    vat_rate: Decimal = ZERO
    quantity: Decimal = Decimal(1)
    product_id: int | None = None
    product_ref: str = ""
    label: str = ""
    is_service: bool = False
    discount_percent: Decimal = ZERO
    credit: Credit | None = None
    credit_id: int | None = None
    tags: frozenset[str] = frozenset()
    ref_ext: str = ""


@dataclass(frozen=True, kw_only=True)
class Payment:
    """Money received (`credit` None) or a credit used; `ref` is the payment's, or the credit note's."""

    amount: Decimal
    paid_at: str = ""
    ref: str = ""
    credit: Credit | None = None


@dataclass(frozen=True, kw_only=True)
class Sale:
    """One document of Dolibarr.

    `issued_on` is the date on the document, `occurred_at` its instant (creation on that day, else the day's
    noon); `paid_money`, `paid_credits` and `paid_deposits` are what was paid in money, with credit notes
    and with deposits; `credits` lists the credits used, or is None while nobody has asked Dolibarr for them;
    `voucher_paid` is the part that came from vouchers of this program; `source_id` names the invoice
    that a credit note or a replacement belongs to; `is_ours` marks documents this program created itself.
    """

    id: int
    ref: str
    kind: Kind
    state: State
    thirdparty_id: int
    issued_on: date
    occurred_at: datetime
    net: Decimal
    gross: Decimal
    currency: str
    lines: tuple[Line, ...] = ()
    paid_money: Decimal = ZERO
    paid_credits: Decimal = ZERO
    paid_deposits: Decimal = ZERO
    credits: tuple[Payment, ...] | None = None
    voucher_paid: Decimal = ZERO
    remaining: Decimal = ZERO
    close_code: str = ""
    source_id: int | None = None
    ref_ext: str = ""
    ref_client: str = ""
    channel: str = ""
    is_ours: bool = False
    modified_at: datetime | None = None

    @property
    def is_final(self) -> bool:
        """The document counts in the books: it is neither a draft nor given up, replaced or deleted."""
        return self.state in (State.VALIDATED, State.PAID, State.CLOSED)


@dataclass(frozen=True, kw_only=True)
class Family:
    """An invoice with the credit notes that name it as their source; decided on as one."""

    sale: Sale
    credit_notes: tuple[Sale, ...] = ()

    @property
    def standing_credit_notes(self) -> tuple[Sale, ...]:
        """The credit notes that count now, with the signs of one, in the order of their ids."""
        standing = (note for note in sorted(self.credit_notes, key=lambda n: n.id) if note.is_final)
        return tuple(as_credit_note(note) for note in standing)


def as_credit_note(note: Sale) -> Sale:
    """A credit note with the signs that Dolibarr gives one, also if an import stored it as positive.

    Units that came back become negative. A line that stays positive mirrors a negative one of the invoice:
    a price reduction, which has no units, or goods that were taken back there (negative quantity).
    """
    sign = -1 if note.gross > 0 else 1
    return replace(
        note,
        net=sign * note.net,
        gross=sign * note.gross,
        lines=tuple(_as_credited(line, sign) for line in note.lines),
    )


def _as_credited(line: Line, sign: int) -> Line:
    net, gross = sign * line.net, sign * line.gross
    is_mirror = net > 0 or gross > 0
    quantity = max(ZERO, -line.quantity) if is_mirror else -abs(line.quantity)
    return replace(line, net=net, gross=gross, quantity=quantity)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum of amounts; zero for none."""
    return sum(amounts, ZERO)
