"""What staff did with vouchers' documents that no step of ours would do: noticed at the next look, told once.

`look_over` sees documents as they come in; `look_around` finds what leaves no trace in any document's date.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from dolibarr_loyalty.core.sale import ZERO, Kind, Sale, State, total
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind, used_by_invoice
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, code_hash, read_code
from dolibarr_loyalty.errors import PermanentFailure
from dolibarr_loyalty.flows.account_proofs import (
    ON_THE_WAY,
    VOUCHER_NAMES,
    CustomerCredits,
    compare_credits,
    paid_by_invoice,
)
from dolibarr_loyalty.flows.alarms import alarm
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.credit_documents import keep_note
from dolibarr_loyalty.flows.leases import Busy, holding
from dolibarr_loyalty.flows.usage import look_at
from dolibarr_loyalty.store import account_proofs, alarms, documents, voucher_moves, voucher_notes, vouchers
from dolibarr_loyalty.store.database import Tx

log = logging.getLogger(__name__)

ENDED = frozenset({VoucherState.CANCELLED, VoucherState.EXPIRED, VoucherState.REPLACED})

ENDED_SINCE = timedelta(days=100)  # a quarter and the days in which its VAT return is still open


def look_over(loyalty: Loyalty, sales: Iterable[Sale]) -> None:
    """Alarms about documents as Dolibarr has them now; most are none of a voucher's, and cost nothing."""
    notes = [sale for sale in sales if sale.kind in (Kind.CREDIT_NOTE, Kind.DEPOSIT) and sale.is_final]
    if not notes:
        return
    with loyalty.database.reading() as tx:
        behind = voucher_notes.voucher_ids(tx, (sale.id for sale in notes))
    for sale in notes:
        if sale.id in behind:
            _look_at_payout(loyalty, sale, behind[sale.id])
            continue
        _look_at_code(loyalty, sale)
        if sale.kind is Kind.CREDIT_NOTE and sale.source_id and not sale.is_ours:
            _look_at_refund(loyalty, sale, sale.source_id)


def look_around(loyalty: Loyalty, *, ended: bool = True) -> int:
    """Documents that were reopened, deleted or made by hand, and credits of `ended` vouchers that came free again.

    Only what moved lately is compared; `reconcile --accounts` compares all. Gives how many vouchers changed.
    """
    changed = _look_at_documents(loyalty)
    _look_for_strays(loyalty)
    return changed + (_look_at_ended(loyalty) if ended else 0)


# documents that came in -----------------------------------------------------------------------------
def _look_at_payout(loyalty: Loyalty, note: Sale, voucher_id: str) -> None:
    """A credit note that was refunded in money and can be used all the same (facts trap 32)."""
    if note.kind is not Kind.CREDIT_NOTE or not note.paid_money:
        return

    def decision(tx: Tx) -> None:
        voucher = vouchers.by_id(tx, voucher_id)
        paid = abs(note.paid_money)
        alarm(tx, loyalty, "cash_out", voucher=voucher, about=str(note.id), document=note.ref, amount=paid)

    loyalty.database.decide(decision)


def _look_at_code(loyalty: Loyalty, note: Sale) -> None:
    """A credit with a voucher's code typed in as the customer's reference."""
    code = read_code(note.ref_client) if note.ref_client else None
    if code is None or note.ref_ext.startswith(VOUCHER_NAMES):
        return

    def decision(tx: Tx) -> None:
        voucher = vouchers.by_code(tx, code_hash(code, loyalty.secret))
        if voucher is not None:
            tell_of_stray(tx, loyalty, note, voucher)

    loyalty.database.decide(decision)


def tell_of_stray(tx: Tx, loyalty: Loyalty, sale: Sale, voucher: Voucher | None) -> None:
    """A document that bears the name or the code of a voucher and was not made for one."""
    alarm(
        tx,
        loyalty,
        "hand_made_credit",
        voucher=voucher,
        about=str(sale.id),
        thirdparty_id=sale.thirdparty_id,
        document=sale.ref,
        amount=abs(sale.gross),
    )


def _look_at_refund(loyalty: Loyalty, note: Sale, source_id: int) -> None:
    """An invoice that vouchers paid was credited by more than the rest: voucher money would go back as money."""

    def decision(tx: Tx) -> None:
        moves = voucher_moves.on_invoice(tx, source_id)
        used = used_by_invoice(move for _, move in moves).get(source_id, ZERO)
        if not used:
            return
        family = {each.sale.id: each.sale for each in documents.families(tx, [source_id]).get(source_id, [])}
        source = family.pop(source_id, None)
        ours = voucher_notes.voucher_ids(tx, family)
        credits = {i: each for i, each in family.items() if each.is_final and i not in ours}
        credits[note.id] = note
        if source is None or total(abs(each.gross) for each in credits.values()) <= source.gross - used:
            return
        voucher = vouchers.by_id(tx, moves[-1][0])
        alarm(
            tx,
            loyalty,
            "refunded_after_use",
            voucher=voucher,
            about=str(source_id),
            invoice=source.ref,
            document=credits[max(credits)].ref,
            amount=used,
        )

    loyalty.database.decide(decision)


# what leaves no trace --------------------------------------------------------------------------------
def _look_at_documents(loyalty: Loyalty) -> int:
    """Documents of vouchers that are drafts again (facts trap 34) or gone (trap 24)."""
    last, changed = 0, 0
    while True:
        with loyalty.database.reading() as tx:
            rows = tx.rows("reopened_documents", last_id=last, limit=loyalty.page_size)
        if not rows:
            return changed
        last = rows[-1]["id"]
        for row in rows:
            if row["state"] == State.DRAFT:
                _tell_of_reopened(loyalty, row["id"], row["voucher_id"])
            changed += has_changed(loyalty, row["voucher_id"])
            if row["state"] == State.DELETED and row["role"] == "counter":
                changed += book_after_end(loyalty, row["voucher_id"])
            if row["state"] == State.DELETED:
                _tell_of_deleted(loyalty, row["id"], row["voucher_id"])


def _tell_of_deleted(loyalty: Loyalty, note_id: int, voucher_id: str) -> None:
    def decision(tx: Tx) -> None:
        notes = voucher_notes.of_voucher(tx, voucher_id)
        note = next(each for each in notes if each.note_id == note_id)
        found = vouchers.by_id(tx, voucher_id)
        if not note.is_credit and found is not None and found.state in ENDED:
            return  # what it had consumed is free again, which is told as that
        voucher, about = vouchers.by_id(tx, voucher_id), f"{voucher_id}:{note_id}"
        alarm(
            tx,
            loyalty,
            "credit_note_deleted",
            voucher=voucher,
            about=about,
            document=note.ref,
            amount=note.gross,
        )

    loyalty.database.decide(decision)


def _tell_of_reopened(loyalty: Loyalty, note_id: int, voucher_id: str) -> None:
    sale = loyalty.books.sale(note_id)
    if sale is None or sale.state is not State.DRAFT:
        return

    def decision(tx: Tx) -> None:
        voucher = vouchers.by_id(tx, voucher_id)
        about = f"{note_id}:{sale.ref}"
        credit = abs(sale.gross)
        alarm(tx, loyalty, "credit_reopened", voucher=voucher, about=about, document=sale.ref, amount=credit)

    loyalty.database.decide(decision)


def _look_for_strays(loyalty: Loyalty) -> None:
    """Documents with a voucher's name that no voucher has; those of one being worked on come to it in time."""
    last = 0
    names = {"credit_prefix": f"{VOUCHER_NAMES[0]}%", "counter_prefix": f"{VOUCHER_NAMES[1]}%"}
    while True:
        with loyalty.database.reading() as tx:
            rows = tx.rows("stray_documents", last_id=last, limit=loyalty.page_size, **names)
        if not rows:
            return
        last = rows[-1]["id"]
        for row in rows:
            loyalty.database.decide(lambda tx, i=row["id"]: _tell_if_stray(tx, loyalty, i))  # type: ignore[misc]


def _tell_if_stray(tx: Tx, loyalty: Loyalty, document_id: int) -> None:
    sale = documents.load(tx, [document_id])[document_id].sale
    voucher = vouchers.by_id(tx, sale.ref_ext.split(":")[2])
    if document_id in _kept(tx, voucher) or (voucher is not None and voucher.state in ON_THE_WAY):
        return
    if voucher is not None and _adopt_counter(tx, loyalty, sale, voucher):
        return
    tell_of_stray(tx, loyalty, sale, voucher)


def _adopt_counter(tx: Tx, loyalty: Loyalty, sale: Sale, voucher: Voucher) -> bool:
    """Keep the counter invoice of a voucher that ended before its documents were kept: releases until 0.2."""
    if (sale.ref_ext, sale.kind, sale.state) != (voucher.counter_ref_ext, Kind.STANDARD, State.PAID):
        return False
    notes = voucher_notes.of_voucher(tx, voucher.id)
    if voucher.state not in ENDED or not notes or not all(note.is_credit for note in notes):
        return False
    made = total(note.gross for note in notes if note.thirdparty_id == sale.thirdparty_id)
    if sale.gross > made:
        return False
    keep_note(tx, loyalty, voucher, sale, "counter")
    return True


def _kept(tx: Tx, voucher: Voucher | None) -> set[int]:
    return {note.note_id for note in voucher_notes.of_voucher(tx, voucher.id)} if voucher else set()


def _look_at_ended(loyalty: Loyalty) -> int:
    """Vouchers used up or ended whose credits are no longer where they were; customers are asked for once."""
    since, changed = loyalty.today() - ENDED_SINCE, 0
    credits, last = CustomerCredits(loyalty), None
    while True:
        with loyalty.database.reading() as tx:
            page = account_proofs.ended_since(tx, since, last, loyalty.page_size)
            moves = account_proofs.moves(tx, [voucher.id for voucher in page])
            notes = account_proofs.notes(tx, [voucher.id for voucher in page])
        if not page:
            return changed
        last = page[-1]
        for voucher in page:
            rows = credits.behind(notes[voucher.id])
            if any(compare_credits(voucher, moves[voucher.id], notes[voucher.id], rows)):
                changed += has_changed(loyalty, voucher.id) or book_after_end(loyalty, voucher.id)
            there = {row.credit_note_id for row in rows}
            for note in notes[voucher.id]:
                if note.is_credit and note.note_id not in there and loyalty.books.sale(note.note_id) is None:
                    _tell_of_deleted(loyalty, note.note_id, voucher.id)


def book_after_end(loyalty: Loyalty, voucher_id: str) -> bool:
    """Book what became of the credits of a voucher that has ended; whether anything was booked.

    What staff used of a credit that came free again is corrected and used; what came back is returned and
    corrected: the voucher stays ended, and what is free of it is for a person.
    """
    try:
        with holding(loyalty, voucher_id):
            return _book_after_end(loyalty, voucher_id)
    except Busy:
        return False


def _book_after_end(loyalty: Loyalty, voucher_id: str) -> bool:
    _adopt_counters(loyalty, voucher_id)
    with loyalty.database.reading() as tx:
        voucher = vouchers.by_id(tx, voucher_id)
        moves = account_proofs.moves(tx, [voucher_id])[voucher_id]
        notes = account_proofs.notes(tx, [voucher_id])[voucher_id]
    if voucher is None or voucher.state not in ENDED:
        return False
    rows = CustomerCredits(loyalty).behind(notes)
    free = total(row.gross for row in rows if row.used_on is None)
    paid = paid_by_invoice(notes, rows)
    booked = used_by_invoice(moves)
    more = {i: paid.get(i, ZERO) - booked.get(i, ZERO) for i in sorted({*paid, *booked})}
    changes = [
        move for i, amount in more.items() if amount for move in _after_end(loyalty, voucher, i, amount)
    ]
    if not changes and not free:
        return False
    document = next((note.ref for note in notes if note.is_credit), "")

    def decision(tx: Tx) -> bool:
        told = free or total(abs(amount) for amount in more.values())
        about = (
            f"{voucher_id}:{','.join(str(row.id) for row in rows if row.used_on is None)}:{voucher.version}"
        )
        if changes:
            vouchers.change(
                tx, voucher, step="corrected", at=loyalty.now(), who="dolibarr", note=document, booked=changes
            )
        if changes or not _was_told(tx, voucher):
            alarm(tx, loyalty, "credit_revived", voucher=voucher, about=about, document=document, amount=told)
        return bool(changes)

    return loyalty.database.decide(decision)


def _adopt_counters(loyalty: Loyalty, voucher_id: str) -> None:
    """As `_adopt_counter`, for one whose counter invoice was not taken in yet."""
    with loyalty.database.reading() as tx:
        voucher = vouchers.by_id(tx, voucher_id)
        notes = voucher_notes.of_voucher(tx, voucher_id)
    if voucher is None or not all(note.is_credit for note in notes):
        return
    for sale in loyalty.books.find(voucher.counter_ref_ext):
        loyalty.database.decide(lambda tx, it=sale: _adopt_counter(tx, loyalty, it, voucher))  # type: ignore[misc]


def _was_told(tx: Tx, voucher: Voucher) -> bool:
    return any(each.kind == "credit_revived" for each in alarms.of_voucher(tx, voucher.id))


def _after_end(loyalty: Loyalty, voucher: Voucher, invoice_id: int, more: Decimal) -> list[Move]:
    """A use of `more` on an invoice that the voucher no longer had, or the return of a use, without it having more."""
    kinds = [(MoveKind.CORRECTED, more), (MoveKind.USED, -more)]
    if more < 0:
        kinds = [(MoveKind.RETURNED, -more), (MoveKind.CORRECTED, more)]
    return [
        Move(
            kind=kind,
            amount=amount,
            day=loyalty.today(),
            at=loyalty.now(),
            who="dolibarr",
            key=f"{kind}:{voucher.id}:{voucher.version}:{invoice_id}",
            note=str(voucher.state),
            invoice_id=None if kind is MoveKind.CORRECTED else invoice_id,
        )
        for kind, amount in kinds
    ]


def has_changed(loyalty: Loyalty, voucher_id: str) -> bool:
    """Look at a voucher; whether anything was booked."""
    with loyalty.database.reading() as tx:
        before = vouchers.by_id(tx, voucher_id)
    try:
        return before is not None and look_at(loyalty, voucher_id).version != before.version
    except PermanentFailure as failure:  # for a person; the other vouchers are looked at all the same
        log.warning("voucher %s cannot be compared: %s", voucher_id, failure)
        return False
