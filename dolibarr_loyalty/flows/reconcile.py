"""Compares the ledger with Dolibarr, document by document, and mends on request what can be mended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dolibarr_loyalty.connectors.protocol import CreditRow
from dolibarr_loyalty.core.effects import show_member
from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.sale import State, total
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, masked
from dolibarr_loyalty.flows.account_proofs import CustomerCredits
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.document_proofs import Deviation
from dolibarr_loyalty.flows.fraud import look_around
from dolibarr_loyalty.flows.usage import look_at
from dolibarr_loyalty.store import documents, ledger, members, outbox, voucher_notes, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.voucher_notes import Note


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """What was compared and what differs; `mended` of the deviations are mended or on their way."""

    vouchers: int
    members: int
    deviations: tuple[Deviation, ...]
    mended: int


# Where a voucher's credit must be, by its state.
_FREE = frozenset({VoucherState.ACTIVE, VoucherState.RESERVED, VoucherState.PARTLY_USED})
_CONSUMED = frozenset(
    {VoucherState.USED, VoucherState.CANCELLED, VoucherState.EXPIRED, VoucherState.REPLACED}
)


def reconcile(
    loyalty: Loyalty, *, mend: bool = False, progress: Callable[[str, int], None] = lambda what, done: None
) -> Reconciliation:
    """Compare vouchers with their credit notes and credits, and members with what their screens show.

    `mend` books what staff did with vouchers and writes wrong extrafields again. A credit note that is gone,
    or differs in its amount, is for a person: it is named, never hidden.
    """
    deviations: list[Deviation] = []
    mended = 0
    seen = 0
    last = ""
    while True:
        with loyalty.database.reading() as tx:
            page = vouchers.page(tx, None, last, loyalty.page_size)
        if not page:
            break
        last = page[-1].id
        for voucher in page:
            found = compare_voucher(loyalty, voucher)
            if found and mend and look_at(loyalty, voucher.id).version != voucher.version:
                mended += len(found)
            deviations += found
            seen += 1
            progress("vouchers", seen)
    if mend:
        look_around(loyalty)
    deviations += find_orphans(loyalty)
    compared, wrong = _compare_members(loyalty, deviations, progress)
    if mend and wrong:
        for member in wrong:
            loyalty.database.decide(lambda tx, m=member: _show_again(tx, loyalty, m))  # type: ignore[misc]
        mended += len(wrong)
    return Reconciliation(vouchers=seen, members=compared, deviations=tuple(deviations), mended=mended)


def compare_voucher(loyalty: Loyalty, voucher: Voucher) -> list[Deviation]:
    """Where a voucher and its documents in Dolibarr do not agree."""
    with loyalty.database.reading() as tx:
        notes = [note for note in voucher_notes.of_voucher(tx, voucher.id) if note.is_credit]
        counters = [note.note_id for note in voucher_notes.of_voucher(tx, voucher.id) if not note.is_credit]
    if not notes:
        return []
    found: list[Deviation] = []
    for note in notes:
        found += _compare_note(loyalty, note, f"voucher {masked(voucher.last_four)} ({note.ref})")
    where = f"voucher {masked(voucher.last_four)} ({voucher.credit_note_ref or notes[0].ref})"
    return found + _compare_credit(voucher, CustomerCredits(loyalty).behind(notes), counters, where)


def _compare_note(loyalty: Loyalty, note: Note, where: str) -> list[Deviation]:
    what = "deposit" if note.role == "deposit" else "credit note"
    sale = loyalty.books.sale(note.note_id)
    if sale is None:
        return [Deviation(what=f"its {what}", where=where, expected="in Dolibarr", found="deleted")]
    found = []
    if abs(sale.gross) != note.gross:
        found.append(_off(f"amount of the {what}", where, plain(note.gross), plain(abs(sale.gross))))
    if sale.state is not State.PAID:
        found.append(_off(f"state of the {what}", where, "turned into a credit", str(sale.state)))
    if sale.thirdparty_id != note.thirdparty_id:
        found.append(_off(f"customer of the {what}", where, note.thirdparty_id, sale.thirdparty_id))
    return found


def _compare_credit(
    voucher: Voucher, rows: Sequence[CreditRow], counters: Sequence[int], where: str
) -> list[Deviation]:
    left = total(row.gross for row in rows if row.used_on is None)
    if not rows:
        return [_off("its credit", where, plain(voucher.value), "none")]
    if voucher.state in _CONSUMED and left:
        return [_off("what is left of the credit", where, "0", plain(left))]
    wanted = voucher.remaining if voucher.is_credit_from_start else min(left, voucher.remaining)
    if voucher.state in _FREE and left != wanted:
        used = sorted({str(row.used_on) for row in rows if row.used_on not in (None, *counters)})
        found = f"{plain(left)} (used on invoice {', '.join(used)})" if used else plain(left)
        return [_off("what is left of the credit", where, plain(wanted), found)]
    return []


def _compare_members(
    loyalty: Loyalty, deviations: list[Deviation], progress: Callable[[str, int], None]
) -> tuple[int, list[int]]:
    seen, last = 0, 0
    wrong: list[int] = []
    while True:
        with loyalty.database.reading() as tx:
            page = members.page(tx, last, loyalty.page_size)
            ids = [customer.member.thirdparty_id for customer in page]
            accounts = ledger.load(tx, ids, unit=loyalty.unit)
        if not page:
            return seen, wrong
        last = page[-1].member.thirdparty_id
        shown = loyalty.books.shown_members([customer.member.thirdparty_id for customer in page])
        waiting = _waiting(loyalty, [customer.member.thirdparty_id for customer in page])
        for customer in page:
            identifier = customer.member.thirdparty_id
            wanted = accounts[identifier].balance
            found = shown.get(identifier, {}).get("loyalty_points")
            seen += 1
            if str(found or 0) != str(wanted) and identifier not in waiting:
                where = f"third party {identifier} ({customer.member.name})"
                deviations.append(_off("points shown in Dolibarr", where, wanted, found))
                wrong.append(identifier)
        progress("members", seen)


def _waiting(loyalty: Loyalty, members_wanted: Sequence[int]) -> set[int]:
    """Members whose screens are about to be written anyway."""
    effects = [show_member(member) for member in members_wanted]
    with loyalty.database.reading() as tx:
        rows = outbox.by_keys(tx, (effect.key for effect in effects))
    return {row.effect.thirdparty_id or 0 for row in rows.values() if row.status in ("pending", "working")}


def find_orphans(loyalty: Loyalty) -> list[Deviation]:
    """Credit notes that stand for vouchers this database does not know: it may be an older backup.

    Their points are free to be spent a second time, so each is named.
    """
    with loyalty.database.reading() as tx:
        notes = documents.of_vouchers(tx)
        known = {n.sale.id: vouchers.by_id(tx, n.sale.ref_ext.split(":")[2]) for n in notes}
    return [
        Deviation(
            what="its voucher",
            where=f"credit note {note.sale.ref}",
            expected="in the loyalty database",
            found="unknown; was an older backup restored?",
        )
        for note in notes
        if known[note.sale.id] is None and note.sale.is_final
    ]


def _show_again(tx: Tx, loyalty: Loyalty, thirdparty_id: int) -> None:
    members.save_shown(tx, thirdparty_id, {})
    outbox.put(tx, [show_member(thirdparty_id)], loyalty.now())


def _off(what: str, where: str, expected: object, found: object) -> Deviation:
    return Deviation(what=what, where=where, expected=str(expected), found=str(found))
