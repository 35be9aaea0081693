"""A voucher meets an invoice, by our command or by staff in Dolibarr's own screens.

A credit note is consumed only as a payment on a validated invoice of its customer, within what remains to be
paid: Dolibarr checks none of that (facts traps 3 and 4), so we do, under our own lock, and read back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.connectors.protocol import CreditRow
from dolibarr_loyalty.core.effects import event, show_member
from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.sale import ZERO, Kind, Sale, State, total
from dolibarr_loyalty.core.vouchers import (
    Voucher,
    VoucherState,
    code_hash,
    masked,
    read_code,
    worth_on,
)
from dolibarr_loyalty.errors import InvoiceNotPayable, UnknownInvoice, UnknownVoucher, VoucherNotUsable
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.intake import take_in
from dolibarr_loyalty.flows.redemption import holding, make_credit, read_back
from dolibarr_loyalty.store import documents, outbox, vouchers
from dolibarr_loyalty.store.database import Tx

PAYABLE = frozenset({Kind.STANDARD, Kind.REPLACEMENT, Kind.SITUATION})


@dataclass(frozen=True, kw_only=True)
class Use:
    """A voucher on an invoice: how much it paid, and what of the invoice remains."""

    voucher: Voucher
    invoice: Sale
    amount: Decimal


def find_voucher(loyalty: Loyalty, code: str) -> Voucher:
    """The voucher of a code as typed or scanned; UnknownVoucher says the same for wrong and unknown codes."""
    clean = read_code(code)
    if clean is None:
        raise UnknownVoucher()
    with loyalty.database.reading() as tx:
        voucher = vouchers.by_code(tx, code_hash(clean, loyalty.secret))
    if voucher is None:
        raise UnknownVoucher()
    return voucher


def find_invoice(loyalty: Loyalty, text: str) -> Sale:
    """An invoice by its number or id, read from Dolibarr now. Raises UnknownInvoice."""
    with loyalty.database.reading() as tx:
        known = documents.by_ref(tx, text)
    wanted = known[0].sale.id if known else int(text) if text.strip().isdecimal() else None
    sale = loyalty.books.sale(wanted) if wanted else None
    if sale is None:
        raise UnknownInvoice(text)
    return sale


def check_use(loyalty: Loyalty, voucher: Voucher, invoice: Sale) -> Decimal:
    """What a voucher would pay on an invoice; raises VoucherNotUsable or InvoiceNotPayable with the reason."""
    name = masked(voucher.last_four)
    if voucher.state is not VoucherState.ACTIVE:
        raise VoucherNotUsable(name, f"it is {voucher.state.replace('_', ' ')}.")
    if voucher.is_expired(loyalty.today()):
        raise VoucherNotUsable(name, f"it was valid until {voucher.valid_until}.")
    _check_invoice(voucher, invoice)
    if voucher.is_credit_from_start:
        amount = voucher.remaining
    else:
        amount = worth_on(voucher, invoice)[0]
    if amount <= 0:
        raise VoucherNotUsable(name, f"invoice {invoice.ref} has nothing it is good for.")
    if amount > invoice.remaining:
        raise VoucherNotUsable(
            name,
            f"it is worth {plain(amount)} {voucher.currency} and only {plain(invoice.remaining)} remain to be paid "
            f"on {invoice.ref}. Use it on a larger invoice.",
        )
    return amount


def _check_invoice(voucher: Voucher, invoice: Sale) -> None:
    if invoice.thirdparty_id != voucher.thirdparty_id:
        raise InvoiceNotPayable(invoice.ref, "it belongs to another customer than the voucher.")
    if invoice.kind not in PAYABLE or invoice.is_ours:
        raise InvoiceNotPayable(invoice.ref, "it is not a sales invoice.")
    if invoice.state is State.DRAFT:
        raise InvoiceNotPayable(invoice.ref, "it is a draft. Validate it in Dolibarr first.")
    if invoice.state is not State.VALIDATED or invoice.remaining <= 0:
        raise InvoiceNotPayable(invoice.ref, "nothing remains to be paid on it.")
    if invoice.currency != voucher.currency:
        raise InvoiceNotPayable(invoice.ref, f"it is in {invoice.currency}, the voucher in {voucher.currency}.")


def use(loyalty: Loyalty, code: str, invoice_text: str, *, who: str) -> Use:
    """Pay an invoice with a voucher and read back that it did. Called twice, it pays once.

    Raises what `check_use`, `find_voucher` and `find_invoice` raise, and the connector's failures.
    """
    voucher = find_voucher(loyalty, code)
    invoice = find_invoice(loyalty, invoice_text)
    with holding(loyalty, voucher.id), holding(loyalty, f"invoice:{invoice.id}"):
        voucher = look_at(loyalty, voucher.id, who=who)
        if voucher.state is VoucherState.USED and voucher.invoice_id == invoice.id:
            return Use(voucher=voucher, invoice=read_back(loyalty, invoice.id), amount=voucher.value)
        invoice = read_back(loyalty, invoice.id)
        amount = check_use(loyalty, voucher, invoice)
        voucher = _begin(loyalty, voucher, invoice, amount, who)
        return _pay(loyalty, voucher, invoice, who)


def _begin(loyalty: Loyalty, voucher: Voucher, invoice: Sale, amount: Decimal, who: str) -> Voucher:
    """Write down that the voucher goes onto this invoice, with the amount it is worth there."""

    def decision(tx: Tx) -> Voucher:
        current = vouchers.by_id(tx, voucher.id) or voucher
        return vouchers.change(
            tx,
            current,
            step="using",
            at=loyalty.now(),
            who=who,
            note=invoice.ref,
            state=VoucherState.USING,
            invoice_id=invoice.id,
            value=amount,
            remaining=amount,
        )

    return loyalty.database.decide(decision)


def _pay(loyalty: Loyalty, voucher: Voucher, invoice: Sale, who: str) -> Use:
    voucher, rows = _credit_for(loyalty, voucher, invoice, who)
    for row in rows:
        if row.used_on is None:
            loyalty.books.use_credit(invoice.id, row.id)
    invoice = read_back(loyalty, invoice.id)
    if invoice.remaining == ZERO and invoice.state is State.VALIDATED:
        loyalty.books.settle(invoice.id)
        invoice = read_back(loyalty, invoice.id)
    voucher = look_at(loyalty, voucher.id, who=who)
    if voucher.state is not VoucherState.USED:
        raise VoucherNotUsable(masked(voucher.last_four), "Dolibarr did not take it; it is still unused.")
    take_in(loyalty, [invoice])
    return Use(voucher=voucher, invoice=invoice, amount=voucher.value)


def _credit_for(
    loyalty: Loyalty, voucher: Voucher, invoice: Sale, who: str
) -> tuple[Voucher, Sequence[CreditRow]]:
    """The credit to pay with; one that is made for this invoice carries the invoice in its ref_ext."""
    if voucher.credit_note_id is not None:
        return voucher, loyalty.books.credits(voucher.thirdparty_id, voucher.credit_note_id)
    _, vat_rate = worth_on(voucher, invoice)
    ref_ext = f"{voucher.ref_ext}:{invoice.id}"
    note, rows = make_credit(loyalty, voucher, ref_ext, voucher.value, vat_rate)

    def decision(tx: Tx) -> Voucher:
        current = vouchers.by_id(tx, voucher.id) or voucher
        return vouchers.change(
            tx,
            current,
            step="credit_note",
            at=loyalty.now(),
            who=who,
            note=note.ref,
            credit_note_id=note.id,
            credit_note_ref=note.ref,
        )

    return loyalty.database.decide(decision), rows


def look_at(loyalty: Loyalty, voucher_id: str, *, who: str = "dolibarr") -> Voucher:
    """Compare a voucher with its credit in Dolibarr and book what happened there; gives it as it is now.

    Finds use by staff in Dolibarr's screens, in whole or in part, and credits that were unlinked again.
    """
    with loyalty.database.reading() as tx:
        voucher = vouchers.by_id(tx, voucher_id)
    if voucher is None:
        raise UnknownVoucher()
    if voucher.state not in _LIVING or voucher.credit_note_id is None:
        return _released(loyalty, voucher, who)
    rows = loyalty.books.credits(voucher.thirdparty_id, voucher.credit_note_id)
    if not rows:
        return voucher  # its credit note is gone: reconcile names it
    return _book_what_happened(loyalty, voucher, rows, who)


_LIVING = frozenset(
    {
        VoucherState.ACTIVE,
        VoucherState.USING,
        VoucherState.PARTLY_USED,
        VoucherState.USED,
        VoucherState.CANCELLING,
        VoucherState.EXPIRING,
    }
)


def _released(loyalty: Loyalty, voucher: Voucher, who: str) -> Voucher:
    """A use that was begun and never got its credit note: the voucher is free again."""
    if voucher.state is not VoucherState.USING or loyalty.books.find(f"{voucher.ref_ext}:{voucher.invoice_id}"):
        return voucher
    return _change(
        loyalty, voucher, "released", who, state=VoucherState.ACTIVE, invoice_id=None, value=ZERO, remaining=ZERO
    )


def _book_what_happened(
    loyalty: Loyalty, voucher: Voucher, rows: Sequence[CreditRow], who: str
) -> Voucher:
    left = total(row.gross for row in rows if row.used_on is None)
    used_on = next((row.used_on for row in rows if row.used_on is not None), None)
    if left == 0:
        state = VoucherState.USED
    elif used_on is not None:
        state = VoucherState.PARTLY_USED
    elif voucher.state in (VoucherState.CANCELLING, VoucherState.EXPIRING):
        return voucher
    else:
        state = VoucherState.ACTIVE
    if voucher.state in (VoucherState.CANCELLING, VoucherState.EXPIRING) and _voided_by(loyalty, voucher, used_on):
        return voucher
    if (state, left) == (voucher.state, voucher.remaining) and used_on == voucher.invoice_id:
        return voucher
    return _change(
        loyalty,
        voucher,
        str(state),
        who,
        note=f"{used_on or ''}",
        state=state,
        remaining=left,
        invoice_id=used_on,
    )


def _voided_by(loyalty: Loyalty, voucher: Voucher, used_on: int | None) -> bool:
    """The document that consumed the credit is the counter invoice that voids it."""
    return any(sale.id == used_on for sale in loyalty.books.find(voucher.counter_ref_ext))


def _change(
    loyalty: Loyalty, voucher: Voucher, step: str, who: str, note: str = "", **changes: Any
) -> Voucher:
    def decision(tx: Tx) -> Voucher:
        current = vouchers.by_id(tx, voucher.id)
        if current is None or current.version != voucher.version:
            return current or voucher  # somebody else booked it meanwhile
        after = vouchers.change(tx, current, step=step, at=loyalty.now(), who=who, note=note, **changes)
        effects = [show_member(after.thirdparty_id)]
        if after.state in (VoucherState.USED, VoucherState.PARTLY_USED) and loyalty.screens.agenda:
            about = f"{after.id}:{after.version}"
            effects.append(
                event(
                    "voucher_used",
                    after.thirdparty_id,
                    about,
                    voucher=after.id,
                    sale_id=after.invoice_id or 0,
                )
            )
        outbox.put(tx, effects, loyalty.now())
        return after

    return loyalty.database.decide(decision)
