"""A voucher meets an invoice, by our command or by staff in Dolibarr's own screens.

A credit note is consumed only as a payment on a validated invoice of its customer, within what remains to be
paid: Dolibarr checks none of that (facts traps 3 and 4), so we do, under our own lock, and read back.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.connectors.protocol import CreditRow
from dolibarr_loyalty.core.effects import event, show_member
from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.sale import ZERO, Kind, Sale, State, total
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind
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
from dolibarr_loyalty.flows.redemption import Busy, holding, keep_note, make_credit, read_back, taken
from dolibarr_loyalty.store import documents, outbox, vouchers
from dolibarr_loyalty.store.database import Tx

_REF = re.compile(r"[\w./-]{1,64}")  # nothing that Dolibarr's filter language would read as its own
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
    wanted = text.strip()
    with loyalty.database.reading() as tx:
        known = documents.by_ref(tx, wanted)
    if known:
        sale = loyalty.books.sale(known[0].sale.id)
    elif wanted.isascii() and wanted.isdecimal() and int(wanted) > 0:
        sale = (
            loyalty.books.sale(int(wanted)) if int(wanted) else None
        )  # 23 answers 400 to id 0 (facts trap 7)
    else:
        sale = next(iter(loyalty.books.sales_by_ref(wanted)), None) if _REF.fullmatch(wanted) else None
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
    if voucher.is_credit_from_start or voucher.credit_note_id is not None:
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
        raise InvoiceNotPayable(
            invoice.ref, f"it is in {invoice.currency}, the voucher in {voucher.currency}."
        )


def use(loyalty: Loyalty, code: str, invoice_text: str, *, who: str) -> Use:
    """Pay an invoice with a voucher and read back that it did. Called twice, it pays once.

    Raises what `check_use`, `find_voucher` and `find_invoice` raise, and the connector's failures.
    """
    voucher = find_voucher(loyalty, code)
    invoice = find_invoice(loyalty, invoice_text)
    with holding(loyalty, voucher.id) as lease, holding(loyalty, f"invoice:{invoice.id}"):
        voucher = look_closely(loyalty, voucher.id, who=who)
        if voucher.state is VoucherState.USED and voucher.invoice_id == invoice.id:
            return Use(voucher=voucher, invoice=_closed(loyalty, invoice.id), amount=voucher.value)
        invoice = read_back(loyalty, invoice.id)
        amount = check_use(loyalty, voucher, invoice)
        voucher = _begin(loyalty, voucher, invoice, amount, who)
        return _pay(loyalty, voucher, invoice, who, lease.keep)


def _begin(loyalty: Loyalty, voucher: Voucher, invoice: Sale, amount: Decimal, who: str) -> Voucher:
    """Write down that the voucher goes onto this invoice, with the amount it is worth there."""

    def decision(tx: Tx) -> Voucher:
        current = vouchers.by_id(tx, voucher.id)
        if current is None or current.version != voucher.version:
            raise VoucherNotUsable(
                masked(voucher.last_four), "it was changed in this moment. Look at it again."
            )
        return vouchers.change(
            tx,
            current,
            step="using",
            at=loyalty.now(),
            who=who,
            note=invoice.ref,
            booked=_moved(loyalty, current, MoveKind.ISSUED, amount - current.remaining, invoice.id),
            state=VoucherState.USING,
            invoice_id=invoice.id,
            value=amount,
            remaining=amount,
        )

    return loyalty.database.decide(decision)


def _pay(loyalty: Loyalty, voucher: Voucher, invoice: Sale, who: str, keep_lease: Callable[[], None]) -> Use:
    voucher, rows = _credit_for(loyalty, voucher, invoice, who)
    for row in rows:
        if row.used_on is None:
            keep_lease()
            loyalty.books.use_credit(invoice.id, row.id)
    voucher = look_closely(loyalty, voucher.id, who=who)
    if voucher.state is not VoucherState.USED:
        raise VoucherNotUsable(masked(voucher.last_four), "Dolibarr did not take it; it is still unused.")
    return Use(voucher=voucher, invoice=_closed(loyalty, invoice.id), amount=voucher.value)


def _closed(loyalty: Loyalty, invoice_id: int) -> Sale:
    """The invoice after a voucher paid on it: closed when nothing remains (facts trap 8), and taken in."""
    invoice = read_back(loyalty, invoice_id)
    if invoice.remaining == ZERO and invoice.state is State.VALIDATED:
        loyalty.books.settle(invoice.id)
        invoice = read_back(loyalty, invoice.id)
    take_in(loyalty, [invoice])
    return invoice


def _credit_for(
    loyalty: Loyalty, voucher: Voucher, invoice: Sale, who: str
) -> tuple[Voucher, Sequence[CreditRow]]:
    """The credit to pay with; one that is made for this invoice carries the invoice in its ref_ext."""
    if voucher.credit_note_id is not None:
        return voucher, loyalty.books.credits(voucher.thirdparty_id, voucher.credit_note_id)
    _, vat_rate = worth_on(voucher, invoice)
    return _make_credit_for(loyalty, voucher, invoice.id, vat_rate, who)


def _make_credit_for(
    loyalty: Loyalty, voucher: Voucher, invoice_id: int, vat_rate: Decimal | None, who: str
) -> tuple[Voucher, Sequence[CreditRow]]:
    note, rows = make_credit(loyalty, voucher, f"{voucher.ref_ext}:{invoice_id}", voucher.value, vat_rate)

    def decision(tx: Tx) -> Voucher:
        current = vouchers.by_id(tx, voucher.id) or voucher
        keep_note(tx, loyalty, current, note, "use")
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

    Finds use by staff in Dolibarr's screens, in whole or in part, credits that were unlinked again, and uses
    that were interrupted. While somebody else works on the voucher it is left alone.
    """
    try:
        with holding(loyalty, voucher_id):
            return look_closely(loyalty, voucher_id, who=who)
    except Busy:
        return _stored(loyalty, voucher_id)


def look_closely(loyalty: Loyalty, voucher_id: str, *, who: str = "dolibarr") -> Voucher:
    """As `look_at`, for who holds the voucher already."""
    voucher = _stored(loyalty, voucher_id)
    if voucher.state is VoucherState.USING and voucher.credit_note_id is None:
        voucher = _interrupted(loyalty, voucher, who)
    if voucher.state not in _LIVING or voucher.credit_note_id is None:
        return voucher
    rows = loyalty.books.credits(voucher.thirdparty_id, voucher.credit_note_id)
    if not rows:
        return voucher  # its credit note is gone: reconcile names it
    if voucher.state in _VOIDING:
        return _book_while_voiding(loyalty, voucher, rows, who)
    after = _book_what_happened(loyalty, voucher, rows, who)
    if voucher.state is VoucherState.USING and after.state is VoucherState.USED and after.invoice_id:
        _closed(loyalty, after.invoice_id)
    return after


def _stored(loyalty: Loyalty, voucher_id: str) -> Voucher:
    with loyalty.database.reading() as tx:
        voucher = vouchers.by_id(tx, voucher_id)
    if voucher is None:
        raise UnknownVoucher()
    return voucher


_VOIDING = frozenset({VoucherState.CANCELLING, VoucherState.EXPIRING})
_LIVING = _VOIDING | {
    VoucherState.ACTIVE,
    VoucherState.USING,
    VoucherState.PARTLY_USED,
    VoucherState.USED,
}


def _interrupted(loyalty: Loyalty, voucher: Voucher, who: str) -> Voucher:
    """A use that was begun and whose credit note was not written down.

    Without one, or with a draft, the voucher is free again. One that is in the books cannot be unmade: it is
    completed, and the voucher is worth what it was worth on that invoice.
    """
    notes = loyalty.books.find(f"{voucher.ref_ext}:{voucher.invoice_id}")
    final = [note for note in notes if note.state is not State.DRAFT]
    if final and voucher.invoice_id is not None:
        rates = [line.vat_rate for line in final[0].lines]
        return _make_credit_for(loyalty, voucher, voucher.invoice_id, rates[0] if rates else None, who)[0]
    for note in notes:
        loyalty.books.delete_draft(note.id)
    return _change(
        loyalty,
        voucher,
        "released",
        who,
        booked=taken(loyalty, voucher, MoveKind.CORRECTED, voucher.remaining, note="released"),
        state=VoucherState.ACTIVE,
        invoice_id=None,
        value=ZERO,
        remaining=ZERO,
    )


def _book_what_happened(loyalty: Loyalty, voucher: Voucher, rows: Sequence[CreditRow], who: str) -> Voucher:
    left = total(row.gross for row in rows if row.used_on is None)
    used_on = next((row.used_on for row in rows if row.used_on is not None), None)
    if used_on is None:
        state = VoucherState.ACTIVE
    else:
        state = VoucherState.PARTLY_USED if left else VoucherState.USED
    if (state, left, used_on) == (voucher.state, voucher.remaining, voucher.invoice_id):
        return voucher
    return _change(
        loyalty,
        voucher,
        str(state),
        who,
        note=f"{used_on or ''}",
        booked=_moved(
            loyalty, voucher, MoveKind.USED, left - voucher.remaining, used_on or voucher.invoice_id
        ),
        state=state,
        remaining=left,
        invoice_id=used_on,
    )


def _book_while_voiding(loyalty: Loyalty, voucher: Voucher, rows: Sequence[CreditRow], who: str) -> Voucher:
    """What staff used before the counter invoice took the rest; with nothing left for it, the voucher is used."""
    counters = {sale.id for sale in loyalty.books.find(voucher.counter_ref_ext)}
    left = total(row.gross for row in rows if row.used_on is None or row.used_on in counters)
    used_on = next((row.used_on for row in rows if row.used_on not in (None, *counters)), None)
    if left == voucher.remaining:
        return voucher
    if left == ZERO:
        state = VoucherState.USED
        return _change(
            loyalty,
            voucher,
            str(state),
            who,
            note=f"{used_on}",
            booked=_moved(loyalty, voucher, MoveKind.USED, left - voucher.remaining, used_on),
            state=state,
            remaining=left,
            invoice_id=used_on,
        )
    return _change(
        loyalty,
        voucher,
        "partly_used",
        who,
        note=f"{used_on}",
        booked=_moved(loyalty, voucher, MoveKind.USED, left - voucher.remaining, used_on),
        remaining=left,
        invoice_id=used_on,
    )


def _moved(
    loyalty: Loyalty, voucher: Voucher, kind: MoveKind, amount: Decimal, invoice_id: int | None
) -> list[Move]:
    """The move by which what is left of a voucher changes; a use that takes nothing away is its return."""
    if not amount:
        return []
    if kind is MoveKind.USED and amount > 0:
        kind = MoveKind.RETURNED
    key = f"{kind}:{voucher.id}:{voucher.version}"
    who, now = loyalty.worker, loyalty.now()
    return [
        Move(
            kind=kind,
            amount=amount,
            day=loyalty.today(),
            at=now,
            who=who,
            key=key,
            invoice_id=invoice_id,
        )
    ]


def _change(
    loyalty: Loyalty,
    voucher: Voucher,
    step: str,
    who: str,
    note: str = "",
    booked: Sequence[Move] = (),
    **changes: Any,
) -> Voucher:
    def decision(tx: Tx) -> Voucher:
        current = vouchers.by_id(tx, voucher.id)
        if current is None or current.version != voucher.version:
            return current or voucher  # somebody else booked it meanwhile
        after = vouchers.change(
            tx, current, step=step, at=loyalty.now(), who=who, note=note, booked=booked, **changes
        )
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
