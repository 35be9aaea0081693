"""What became of a voucher in Dolibarr, by our use or by staff: read there, booked here as it happened.

Desired state: what the credits of all its documents say of each invoice is compared with what its moves say,
and the difference is booked. So a use by staff, a credit that was moved or unlinked, an invoice that was
deleted, and a crash between any two steps end in the same place.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.connectors.protocol import CreditRow
from dolibarr_loyalty.core.effects import event, show_member
from dolibarr_loyalty.core.sale import ZERO, Sale, total
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind, used_by_invoice
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import UnknownVoucher
from dolibarr_loyalty.flows.alarms import alarm
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.credits import finish_partings, free_rows, notes_of, rows_of
from dolibarr_loyalty.flows.leases import Busy, holding
from dolibarr_loyalty.flows.paying import close_paid, pay_rest, take_documents
from dolibarr_loyalty.store import outbox, reservations, voucher_moves, voucher_uses, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.voucher_notes import Note
from dolibarr_loyalty.store.voucher_uses import BegunUse

_VOIDING = frozenset({VoucherState.CANCELLING, VoucherState.EXPIRING, VoucherState.REPLACING})
_ENDED = frozenset({VoucherState.CANCELLED, VoucherState.EXPIRED})
_LIVING = (
    _VOIDING
    | _ENDED
    | {
        VoucherState.ACTIVE,
        VoucherState.RESERVED,
        VoucherState.USING,
        VoucherState.PARTLY_USED,
        VoucherState.USED,
    }
)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What Dolibarr says of a voucher: used on which invoice, free, the invoices read, documents that are gone."""

    used: Mapping[int, Decimal]
    free: Decimal
    sales: dict[int, Sale | None]
    notes: Sequence[Note]
    rows: Sequence[CreditRow]
    written_off: Sale | None = None


def look_at(loyalty: Loyalty, voucher_id: str, *, who: str = "dolibarr") -> Voucher:
    """Compare a voucher with its credits in Dolibarr and book what happened there; gives it as it is now.

    Finds use by staff in Dolibarr's screens, in whole or in part, credits that were moved or unlinked again, and
    carries on what was interrupted. While somebody else works on the voucher it is left alone.
    """
    try:
        with holding(loyalty, voucher_id) as lease:
            return look_closely(loyalty, voucher_id, who=who, keep_lease=lease.keep)
    except Busy:
        return stored(loyalty, voucher_id)


def look_closely(
    loyalty: Loyalty,
    voucher_id: str,
    *,
    who: str = "dolibarr",
    keep_lease: Callable[[], None] = lambda: None,
) -> Voucher:
    """As `look_at`, for who holds the voucher already."""
    voucher = stored(loyalty, voucher_id)
    if voucher.state not in _LIVING:
        return voucher
    finish_partings(loyalty, voucher, keep_lease)
    use = _begun(loyalty, voucher)
    if voucher.state is VoucherState.USING:
        voucher = take_documents(loyalty, voucher, use, who)
    voucher = _booked(loyalty, voucher, who)
    if voucher.state is VoucherState.USING:
        if use is not None and pay_rest(loyalty, voucher, use, _paid(loyalty, voucher, use), keep_lease):
            voucher = _booked(loyalty, voucher, who)
        voucher = finish_use(loyalty, voucher, use, who)
    return voucher


def stored(loyalty: Loyalty, voucher_id: str) -> Voucher:
    """A voucher as the database has it; raises UnknownVoucher."""
    with loyalty.database.reading() as tx:
        voucher = vouchers.by_id(tx, voucher_id)
    if voucher is None:
        raise UnknownVoucher()
    return voucher


def _begun(loyalty: Loyalty, voucher: Voucher) -> BegunUse | None:
    with loyalty.database.reading() as tx:
        uses = voucher_uses.of_voucher(tx, voucher.id)
    return next((use for use in uses if use.state == "begun"), None)


def _paid(loyalty: Loyalty, voucher: Voucher, use: BegunUse) -> Decimal:
    """What a use has paid on its invoice so far, by the voucher's moves."""
    with loyalty.database.reading() as tx:
        moves = voucher_moves.of_voucher(tx, voucher.id)
    return used_by_invoice(moves).get(use.invoice_id, ZERO) - use.before


# seeing --------------------------------------------------------------------------------------------
def see(loyalty: Loyalty, voucher: Voucher, known: Mapping[int, Decimal]) -> Seen:
    """Read a voucher's credits in Dolibarr; `known` are the uses that are booked already."""
    notes = notes_of(loyalty, voucher)
    rows = rows_of(loyalty, voucher, notes)
    counters = {note.note_id for note in notes if not note.is_credit}
    used: dict[int, Decimal] = {}
    sales: dict[int, Sale | None] = {}
    written_off = None
    for row in rows:
        if row.used_on is None or row.used_on in counters:
            continue
        if row.used_on not in known and row.used_on not in sales:
            sales[row.used_on] = loyalty.books.sale(row.used_on) if row.used_on else None
        sale = sales.get(row.used_on)
        if sale is not None and sale.ref_ext.startswith("loyalty:void:"):
            written_off = sale if sale.ref_ext.startswith(f"{voucher.counter_ref_ext}:off:") else written_off
            continue
        used[row.used_on] = used.get(row.used_on, ZERO) + row.gross
    free = total(row.gross for row in rows if row.used_on is None)
    return Seen(used=used, free=free, sales=sales, notes=notes, rows=rows, written_off=written_off)


# booking -------------------------------------------------------------------------------------------
def _booked(loyalty: Loyalty, voucher: Voucher, who: str) -> Voucher:
    """Book what Dolibarr says otherwise than the voucher's moves."""
    with loyalty.database.reading() as tx:
        moves = voucher_moves.of_voucher(tx, voucher.id)
        begun = {use.invoice_id for use in voucher_uses.of_voucher(tx, voucher.id)}
    known = used_by_invoice(moves)
    seen = see(loyalty, voucher, known)
    if not any(note.is_credit for note in seen.notes):
        return voucher  # nothing of it is in Dolibarr: a reduction that is made when it is used
    ours = (
        known
        if voucher.is_credit_from_start
        else {i: known[i] for i in known if i in begun or i in seen.used}
    )
    booked = _differences(loyalty, voucher, ours, seen, who)
    if voucher.state in _ENDED:  # only what comes back from an invoice makes one live again
        booked = [move for move in booked if move.kind is MoveKind.RETURNED]
        if not booked:
            return voucher
    left = voucher.remaining + total(move.amount for move in booked)
    gone = _gone(loyalty, seen)
    if voucher.state in _ENDED:
        pass
    elif voucher.is_credit_from_start or not voucher.has_amount:
        missing = left - seen.free
        if missing and seen.written_off is not None:
            booked += _moves(
                loyalty, voucher, MoveKind.WRITTEN_OFF, -missing, who, document=seen.written_off.ref
            )
        elif missing and voucher.state not in _VOIDING and not (gone and missing > 0):
            booked += _moves(loyalty, voucher, MoveKind.CORRECTED, -missing, who, note="dolibarr")
    elif voucher.state not in _VOIDING:
        doubled = _doubled(seen, moves)
        booked += _moves(loyalty, voucher, MoveKind.CORRECTED, doubled, who, note="dolibarr")
    if not booked and not gone and not _overfull(seen):
        return voucher
    booked.sort(key=lambda move: move.amount < 0)  # what came goes before what went: never less than nothing
    return loyalty.database.decide(lambda tx: _book(tx, loyalty, voucher, booked, seen, gone, known, who))


def _doubled(seen: Seen, moves: Sequence[Move]) -> Decimal:
    """By how much the credits that were made for uses come to more than their documents (facts trap 4b), beside
    what was corrected before."""
    there = {row.credit_note_id for row in seen.rows}
    made = total(note.gross for note in seen.notes if note.is_credit and note.note_id in there)
    corrected = total(move.amount for move in moves if move.kind is MoveKind.CORRECTED)
    extra = total(row.gross for row in seen.rows) - made - corrected
    return extra if extra > 0 or corrected > 0 else ZERO


def _differences(
    loyalty: Loyalty, voucher: Voucher, known: Mapping[int, Decimal], seen: Seen, who: str
) -> list[Move]:
    """The uses that Dolibarr shows and the moves do not, and the other way round, by invoice."""
    booked: list[Move] = []
    for invoice in sorted({*known, *seen.used}):
        more = seen.used.get(invoice, ZERO) - known.get(invoice, ZERO)
        if not more:
            continue
        if invoice not in seen.sales:
            seen.sales[invoice] = loyalty.books.sale(invoice) if invoice else None
        sale = seen.sales[invoice]
        kind = MoveKind.USED if more > 0 else MoveKind.RETURNED
        ref = sale.ref if sale else ""
        booked += _moves(loyalty, voucher, kind, -more, who, invoice_id=invoice, document=ref)
    return booked


def _moves(
    loyalty: Loyalty, voucher: Voucher, kind: MoveKind, amount: Decimal, who: str, **about: Any
) -> list[Move]:
    if not amount:
        return []
    key = f"{kind}:{voucher.id}:{voucher.version}:{about.get('invoice_id') or 0}"
    return [Move(kind=kind, amount=amount, day=loyalty.today(), at=loyalty.now(), who=who, key=key, **about)]


def _gone(loyalty: Loyalty, seen: Seen) -> list[Note]:
    """Credit notes of a voucher that are no longer credits: deleted (16, facts trap 24) or taken back."""
    there = {row.credit_note_id for row in seen.rows}
    return [note for note in seen.notes if note.is_credit and note.note_id not in there and note.gross]


def _overfull(seen: Seen) -> list[tuple[Note, Decimal]]:
    """Credit notes whose credits come to more than they do, with what those come to (facts trap 4b)."""
    sums: dict[int | None, Decimal] = {}
    for row in seen.rows:
        sums[row.credit_note_id] = sums.get(row.credit_note_id, ZERO) + row.gross
    return [
        (note, sums[note.note_id])
        for note in seen.notes
        if note.is_credit and sums.get(note.note_id, ZERO) > note.gross
    ]


def _book(
    tx: Tx,
    loyalty: Loyalty,
    voucher: Voucher,
    booked: Sequence[Move],
    seen: Seen,
    gone: Sequence[Note],
    known: Mapping[int, Decimal],
    who: str,
) -> Voucher:
    current = vouchers.by_id(tx, voucher.id)
    if current is None or current.version != voucher.version:
        return current or voucher  # somebody else booked it meanwhile
    after = current
    if booked:
        after = _changed(tx, loyalty, current, booked, seen, who)
    _tell(tx, loyalty, after, booked, seen, gone, known)
    return after


def _changed(
    tx: Tx, loyalty: Loyalty, voucher: Voucher, booked: Sequence[Move], seen: Seen, who: str
) -> Voucher:
    left = voucher.remaining + total(move.amount for move in booked)
    used = [move for move in booked if move.kind is MoveKind.USED]
    last = used[-1].invoice_id if used else next(iter(sorted(seen.used, reverse=True)), None)
    state = resting_state(tx, voucher, left, total(seen.used.values()))
    if voucher.state in _VOIDING:
        state = VoucherState.USED if left == ZERO else voucher.state
    if voucher.state is VoucherState.USING:
        state = voucher.state
    step = str(state) if state is not voucher.state else str(booked[-1].kind)
    after = vouchers.change(
        tx,
        voucher,
        step=step,
        at=loyalty.now(),
        who=who,
        note=", ".join(f"{move.document or move.invoice_id or move.note}" for move in booked),
        booked=booked,
        state=state,
        remaining=left,
        invoice_id=voucher.invoice_id if voucher.state is VoucherState.USING else last,
    )
    effects = [show_member(after.thirdparty_id)] if after.thirdparty_id else []
    if used and after.thirdparty_id and loyalty.screens.agenda:
        about = f"{after.id}:{after.version}"
        amount = str(-total(move.amount for move in used if move.invoice_id == last))
        told: dict[str, Any] = {"voucher": after.id, "sale_id": last or 0, "amount": amount}
        effects.append(event("voucher_used", after.thirdparty_id, about, **told))
    outbox.put(tx, effects, loyalty.now())
    return after


def resting_state(tx: Tx, voucher: Voucher, left: Decimal, used: Decimal) -> VoucherState:
    """How a voucher stands that nobody is working on, by what is left and was used of it, and by what holds it."""
    if left <= ZERO and (used or voucher.value):
        return VoucherState.USED
    if reservations.open_on(tx, voucher.id):
        return VoucherState.RESERVED
    return VoucherState.PARTLY_USED if used else VoucherState.ACTIVE


def _tell(
    tx: Tx,
    loyalty: Loyalty,
    voucher: Voucher,
    booked: Sequence[Move],
    seen: Seen,
    gone: Sequence[Note],
    known: Mapping[int, Decimal],
) -> None:
    """Alarms about what nobody should do with a credit in Dolibarr; each once."""
    back = [move for move in booked if move.kind is MoveKind.RETURNED]
    for move in booked:
        about = f"{voucher.id}:{move.invoice_id}:{voucher.version}"
        sale = seen.sales.get(move.invoice_id or 0)
        told: dict[str, Any] = {"invoice": sale.ref if sale else str(move.invoice_id), "amount": -move.amount}
        if move.kind is MoveKind.USED and back and voucher.state is not VoucherState.USING:
            source = str(back[0].document or back[0].invoice_id)
            alarm(tx, loyalty, "voucher_moved", voucher=voucher, about=about, from_invoice=source, **told)
        owners = {note.thirdparty_id for note in seen.notes}
        if move.kind is MoveKind.USED and sale is not None and sale.thirdparty_id not in owners:
            alarm(
                tx,
                loyalty,
                "voucher_foreign_customer",
                voucher=voucher,
                about=about,
                customer=str(sale.thirdparty_id),
                **told,
            )
    for note, found in _overfull(seen):
        alarm(
            tx,
            loyalty,
            "money_doubled",
            voucher=voucher,
            about=str(note.note_id),
            document=note.ref,
            expected=note.gross,
            amount=found,
        )
    for note in gone:
        alarm(
            tx,
            loyalty,
            "credit_note_deleted",
            voucher=voucher,
            about=f"{voucher.id}:{note.note_id}",
            document=note.ref,
            amount=note.gross,
        )


# ending a use --------------------------------------------------------------------------------------
def finish_use(loyalty: Loyalty, voucher: Voucher, use: BegunUse | None, who: str) -> Voucher:
    """End a use that was begun: done when all of it is on the invoice, else released; and close that invoice."""
    invoice_id = use.invoice_id if use else voucher.invoice_id

    def decision(tx: Tx) -> tuple[Voucher, Decimal]:
        current = vouchers.by_id(tx, voucher.id) or voucher
        moves = voucher_moves.of_voucher(tx, voucher.id)
        used = used_by_invoice(moves)
        paid = used.get(use.invoice_id, ZERO) - use.before if use else ZERO
        if use is not None:
            is_done = paid >= use.amount
            voucher_uses.update(tx, current, replace(use, state="done" if is_done else "released"))
        if current.state is not VoucherState.USING:
            return current, paid
        state = resting_state(tx, current, current.remaining, total(used.values()))
        last = invoice_id if paid else next(iter(sorted(used, reverse=True)), None)
        step = "released" if not paid else str(state)
        note = str(invoice_id) if paid else ""
        after = vouchers.change(
            tx,
            current,
            step=step,
            at=loyalty.now(),
            who=who,
            note=note,
            state=state,
            invoice_id=last,
        )
        return after, paid

    after, paid = loyalty.database.decide(decision)
    if paid and invoice_id:
        close_paid(loyalty, invoice_id)
    return after


def is_covered(loyalty: Loyalty, voucher: Voucher) -> bool:
    """What is left of a voucher that is a credit from its issue on is free in Dolibarr, to the cent."""
    if not voucher.is_credit_from_start:
        return True
    return total(row.gross for row in free_rows(loyalty, voucher)) == voucher.remaining
