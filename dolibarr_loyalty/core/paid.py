"""Which part of a sale has been paid and may earn: by its state, instalments, early payment and vouchers (2.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from dolibarr_loyalty.core.gift_cards import card_of
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.reasons import Reason, because
from dolibarr_loyalty.core.rules import MONEY_CREDITS, plain
from dolibarr_loyalty.core.sale import ZERO, Family, Kind, Sale, State, total

ONE = Decimal(1)


@dataclass(frozen=True, kw_only=True)
class Paid:
    """`share` (0 to 1) of the basis earns now; units and visits count once the sale `is_complete`."""

    share: Decimal
    is_complete: bool = False
    reasons: tuple[Reason, ...] = ()

    @property
    def is_nothing(self) -> bool:
        return not self.share and not self.is_complete


def paid_of(program: Program, family: Family, notes: Sequence[Sale] | None = None) -> Paid:
    """What of a sale earns now, and why.

    With `notes` only these of its standing credit notes have come yet; the others still pay nothing.
    """
    came = family.standing_credit_notes if notes is None else notes
    paid = _by_state(program, family, came)
    if not paid.share or program.vouchers_earn:
        return paid
    sale = family.sale
    worth = _goods(sale) - total(line.gross for line in sale.lines if card_of(program.gift_cards, line))
    if sale.voucher_paid <= 0 or worth <= 0:
        return paid
    part = min(ONE, sale.voucher_paid / worth)
    told = because("voucher_part", amount=plain(sale.voucher_paid), percent=_percent(part))
    return Paid(share=paid.share * (ONE - part), is_complete=paid.is_complete, reasons=(*paid.reasons, told))


def is_settled(program: Program, sale: Sale, paid: Paid) -> bool:
    """The sale has been paid in full, not merely billed: what is sold for a time may begin."""
    is_open = sale.state is State.VALIDATED and program.earn_on == "validated"
    return paid.is_complete and (not is_open or sale.kind is Kind.CREDIT_NOTE)


def _by_state(program: Program, family: Family, notes: Sequence[Sale]) -> Paid:
    sale = family.sale
    if sale.state is State.PAID or sale.kind is Kind.CREDIT_NOTE:
        return Paid(share=ONE, is_complete=True)
    if sale.state is State.CLOSED:
        return _closed(program, family, notes)
    if program.earn_on == "validated":
        return Paid(share=ONE, is_complete=True)
    if program.earn_on == "each_payment":
        share, reason = _by_payments(program, family, notes, "paid_part")
        if share:
            return Paid(share=share, is_complete=share == 1, reasons=(reason,))
    return Paid(share=ZERO, reasons=(because("not_paid", earn_on=program.earn_on),))


def _closed(program: Program, family: Family, notes: Sequence[Sale]) -> Paid:
    """Closed without being paid in full: only an early-payment discount earns, as the setting says."""
    if family.sale.close_code != "discount_vat" or program.early_payment_discount == "none":
        return Paid(share=ZERO, reasons=(because("bad_debt", close_code=family.sale.close_code),))
    if program.early_payment_discount == "full":
        return Paid(share=ONE, is_complete=True)
    share, reason = _by_payments(program, family, notes, "early_payment")
    return Paid(share=share, is_complete=share > 0, reasons=(reason,))


def _by_payments(
    program: Program, family: Family, notes: Sequence[Sale], code: str
) -> tuple[Decimal, Reason]:
    """Which part of what is due has been paid, 0 to 1, our vouchers left out on both sides unless they earn.

    A voucher is no instalment: used first, it would let points arise before any money came.
    """
    paid, due = _received(family), _goods(family.sale) + total(note.gross for note in notes)
    is_all = paid >= due > 0
    vouchers = ZERO if program.vouchers_earn else family.sale.voucher_paid
    paid, due = max(ZERO, paid - vouchers), max(ZERO, due - vouchers)
    share = ONE if is_all else min(ONE, paid / due) if due else ZERO
    return share, because(code, paid=plain(paid), due=plain(due), percent=_percent(share))


def _goods(sale: Sale) -> Decimal:
    """What the lines that are goods cost; with the credit notes, what the customer owes for the goods kept."""
    return total(line.gross for line in sale.lines if line.credit not in MONEY_CREDITS)


def _received(family: Family) -> Decimal:
    """Money, deposits and credits from elsewhere; the invoice's own credit notes pay nothing.

    Credits used as lines were money when they were made, so they count here.
    """
    sale = family.sale
    as_lines = -total(line.gross for line in sale.lines if line.credit in MONEY_CREDITS)
    own = {note.ref for note in family.standing_credit_notes}
    if sale.credits is None:
        credits = sale.paid_credits
    else:
        credits = total(
            used.amount for used in sale.credits if used.ref not in own and used.credit != "deposit"
        )
    return sale.paid_money + sale.paid_deposits + credits + as_lines


def _percent(share: Decimal) -> str:
    return plain((share * 100).quantize(Decimal("0.01")))
