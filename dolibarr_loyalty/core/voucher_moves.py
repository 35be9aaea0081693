"""The money journal of a voucher: what it was issued for, and every use, return, expiry and correction of it.

What is left of a voucher is the sum of its moves; reports, registers and journals are read from them alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from dolibarr_loyalty.core.sale import ZERO


class MoveKind(StrEnum):
    """What moved. ISSUED, REPLACEMENT and RETURNED add, CORRECTED does either, all others take away.

    REPLACED takes what is left off a voucher that was lost, REPLACEMENT puts it on the new one. RETURNED is a use
    that was undone. CORRECTED is what the books held otherwise than we knew, and a voucher that was refused.
    """

    ISSUED = "issued"
    REPLACEMENT = "replacement"
    CORRECTED = "corrected"
    USED = "used"
    RETURNED = "returned"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    WRITTEN_OFF = "written_off"
    REPLACED = "replaced"


ADDING = frozenset({MoveKind.ISSUED, MoveKind.REPLACEMENT, MoveKind.RETURNED})


@dataclass(frozen=True, kw_only=True)
class Move:
    """One movement of a voucher's money: `amount` signed, in the voucher's currency, never 0.

    `day` is the day it belongs to in the shop, `at` the instant it was booked. `invoice_id` is the invoice of a
    use or its return; `document` the number of the document behind it in Dolibarr, '' where there is none.
    `key` makes it happen once.
    """

    kind: MoveKind
    amount: Decimal
    day: date
    at: datetime
    who: str
    key: str
    note: str = ""
    invoice_id: int | None = None
    document: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError where sign and kind do not go together."""
        if not self.amount:
            raise ValueError(f"a move {self.kind} of nothing")
        if self.kind is not MoveKind.CORRECTED and (self.amount > 0) != (self.kind in ADDING):
            raise ValueError(f"a move {self.kind} of {self.amount}")


def left(moves: Iterable[Move]) -> Decimal:
    """What is left of a voucher after its moves."""
    return sum((move.amount for move in moves), ZERO)


def used_by_invoice(moves: Iterable[Move]) -> dict[int, Decimal]:
    """How much of a voucher stands as used on which invoice, positive; invoices it came back from are left out."""
    used: dict[int, Decimal] = {}
    for move in moves:
        if move.kind in (MoveKind.USED, MoveKind.RETURNED) and move.invoice_id is not None:
            used[move.invoice_id] = used.get(move.invoice_id, ZERO) - move.amount
    return {invoice: amount for invoice, amount in used.items() if amount}
