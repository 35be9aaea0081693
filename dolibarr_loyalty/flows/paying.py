"""The documents and credits of one use of a voucher: what is made for it, what is left of it after a crash."""

from dataclasses import replace
from decimal import Decimal

from dolibarr_loyalty.connectors.protocol import CreditRow
from dolibarr_loyalty.core.conditions import good_lines, weights_of
from dolibarr_loyalty.core.credit_lines import CreditLine, line_of, lines_of
from dolibarr_loyalty.core.sale import ZERO, Sale, State, total
from dolibarr_loyalty.core.voucher_moves import MoveKind
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.flows.card_credits import rate_sold_at
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.credits import (
    KeepLease,
    available,
    carve,
    free_rows,
    keep_note,
    make_credit,
    notes_of,
    read_back,
    taken,
)
from dolibarr_loyalty.flows.intake import take_in
from dolibarr_loyalty.store import vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.voucher_uses import BegunUse


def use_name(voucher: Voucher, use: BegunUse) -> str:
    """The ref_ext of the credit note that is made for a use."""
    return f"{voucher.ref_ext}:{use.invoice_id}:{use.number}"


def credits_for(
    loyalty: Loyalty, voucher: Voucher, invoice: Sale, use: BegunUse, keep_lease: KeepLease
) -> list[CreditRow]:
    """Free credits of the invoice's customer that come to what a use is to pay.

    Credits that came back from earlier uses go first; what they lack is made now where the voucher's way makes
    its documents at use.
    """
    if not voucher.is_credit_from_start:
        missing = use.amount - total(row.gross for row in free_rows(loyalty, voucher))
        if missing > 0:
            _make(loyalty, voucher, invoice, use, missing)
    return carve(loyalty, voucher, use.amount, thirdparty_id=use.thirdparty_id, keep_lease=keep_lease)


def _make(loyalty: Loyalty, voucher: Voucher, invoice: Sale, use: BegunUse, gross: Decimal) -> None:
    """The credit note of a use: a reduction of this invoice with its VAT rates, or a payment at 0 %."""
    note, _ = make_credit(
        loyalty,
        voucher,
        ref_ext=use_name(voucher, use),
        lines=lines_at_use(loyalty, voucher, invoice, gross),
        gross=gross,
        thirdparty_id=use.thirdparty_id,
        role="use",
        source_id=invoice.id if voucher.accounting == "discount" else None,
    )
    _show_note(loyalty, voucher, note)


def lines_at_use(loyalty: Loyalty, voucher: Voucher, invoice: Sale, gross: Decimal) -> tuple[CreditLine, ...]:
    """The lines of a use's credit note. A reduction carries the VAT rates of the goods it is good for, by largest
    remainder; what was sold or given as a means of payment is at 0 % and leaves the VAT of the goods untouched
    (UStAE 3.17, features 2.5). A single-purpose card comes off at the rate it was sold with: its VAT was due then
    (Directive (EU) 2016/1065)."""
    if voucher.accounting not in ("credit_note", "discount"):
        return (line_of(gross, rate_sold_at(loyalty, voucher), voucher.currency),)
    goods = good_lines(voucher, invoice, loyalty.program.gift_cards)
    return lines_of(gross, weights_of(voucher, goods), voucher.currency)


def _show_note(loyalty: Loyalty, voucher: Voucher, note: Sale) -> None:
    """The first credit note of a voucher is the one that is shown with it."""

    def decision(tx: Tx) -> None:
        current = vouchers.by_id(tx, voucher.id)
        if current is not None and current.credit_note_id is None:
            vouchers.change(
                tx,
                current,
                step="credit_note",
                at=loyalty.now(),
                who=loyalty.worker,
                note=note.ref,
                credit_note_id=note.id,
                credit_note_ref=note.ref,
            )

    loyalty.database.decide(decision)


def take_documents(loyalty: Loyalty, voucher: Voucher, use: BegunUse | None, who: str) -> Voucher:
    """What an interrupted use has in Dolibarr that was not written down.

    A credit note that counts in the books cannot be unmade: it is completed and kept, its credit is the voucher's.
    A draft goes. A voucher that had no amount before is worth nothing again when it has no document.
    """
    if voucher.is_credit_from_start:
        return voucher
    name = use_name(voucher, use) if use else f"{voucher.ref_ext}:{voucher.invoice_id}"
    known = {note.note_id for note in notes_of(loyalty, voucher)}
    for note in loyalty.books.find(name):
        if note.state is State.DRAFT:
            loyalty.books.delete_draft(note.id)
        elif note.id not in known:
            made, _ = available(loyalty, voucher, note, abs(note.gross))
            _keep(loyalty, voucher, made)
            known.add(made.id)
            _show_note(loyalty, voucher, made)
    with loyalty.database.reading() as tx:
        voucher = vouchers.by_id(tx, voucher.id) or voucher
    if voucher.has_amount or known:
        return voucher
    return loyalty.database.decide(lambda tx: _without_amount(tx, loyalty, voucher, who))


def _keep(loyalty: Loyalty, voucher: Voucher, made: Sale) -> None:
    loyalty.database.decide(lambda tx: keep_note(tx, loyalty, voucher, made, "use"))


def _without_amount(tx: Tx, loyalty: Loyalty, voucher: Voucher, who: str) -> Voucher:
    current = vouchers.by_id(tx, voucher.id) or voucher
    return vouchers.change(
        tx,
        current,
        step="released",
        at=loyalty.now(),
        who=who,
        booked=taken(loyalty, current, MoveKind.CORRECTED, current.remaining, note="released"),
        value=ZERO,
        remaining=ZERO,
    )


def pay_rest(loyalty: Loyalty, voucher: Voucher, use: BegunUse, paid: Decimal, keep_lease: KeepLease) -> bool:
    """Carry on a use of which a part is on the invoice already; False when there is nothing to carry on."""
    if not ZERO < paid < use.amount:
        return False
    invoice = read_back(loyalty, use.invoice_id)
    missing = use.amount - paid
    if invoice.state is not State.VALIDATED or invoice.remaining < missing:
        return False
    rest = replace(use, amount=missing)
    for row in credits_for(loyalty, voucher, invoice, rest, keep_lease):
        keep_lease()
        loyalty.books.use_credit(invoice.id, row.id)
    return True


def close_paid(loyalty: Loyalty, invoice_id: int) -> Sale:
    """The invoice after a voucher paid on it: closed when nothing remains (facts trap 8), and taken in."""
    invoice = read_back(loyalty, invoice_id)
    if invoice.remaining == ZERO and invoice.state is State.VALIDATED:
        loyalty.books.settle(invoice.id)
        invoice = read_back(loyalty, invoice.id)
    take_in(loyalty, [invoice])
    return invoice
