"""Proves register, money journal and Dolibarr's credits equal to the cent, or names the document that differs.

Everything is read in pages: Dolibarr's documents of ours in one walk, the credits once per customer.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from dolibarr_loyalty.connectors.protocol import CreditRow
from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.sale import ZERO, Sale, State, total
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind, left, used_by_invoice
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, masked
from dolibarr_loyalty.flows.card_proofs import compare_sold_cards
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.document_proofs import Deviation, off
from dolibarr_loyalty.flows.voucher_proofs import compare_journal
from dolibarr_loyalty.store import account_proofs
from dolibarr_loyalty.store.voucher_notes import Note

Progress = Callable[[str, int], None]

# Between two steps the documents are ahead of the journal or behind it; the next run is through with them.
ON_THE_WAY = frozenset(
    {
        VoucherState.PENDING,
        VoucherState.USING,
        VoucherState.CANCELLING,
        VoucherState.EXPIRING,
        VoucherState.REPLACING,
    }
)
VOUCHER_NAMES = ("loyalty:voucher:", "loyalty:void:")


def _silent(what: str, done: int) -> None:
    """Report progress to nobody."""


@dataclass(kw_only=True)
class Sums:
    """What the vouchers of a currency come to: in the register, in the journal, and as free credits in Dolibarr.

    `credited` is what of the register must be free credit, `free` what is; `used` stands in the journal as used
    on invoices, `paid` in Dolibarr. Vouchers on their way are in none of these but in `on_the_way`.
    """

    vouchers: int = 0
    register: Decimal = ZERO
    journal: Decimal = ZERO
    credited: Decimal = ZERO
    free: Decimal = ZERO
    used: Decimal = ZERO
    paid: Decimal = ZERO
    on_the_way: int = 0


@dataclass(frozen=True, kw_only=True)
class Movement:
    """A currency's month: what was left of all vouchers before it, what moved by kind, what is left after it."""

    currency: str
    opening: Decimal
    moved: Mapping[MoveKind, Decimal]

    @property
    def closing(self) -> Decimal:
        return self.opening + total(self.moved.values())


@dataclass(frozen=True, kw_only=True)
class AccountProof:
    """What was compared, what it comes to per currency, the movements of the month, and every deviation."""

    vouchers: int
    documents: int
    sums: Mapping[str, Sums]
    movements: tuple[Movement, ...]
    deviations: tuple[Deviation, ...]


def prove_accounts(
    loyalty: Loyalty, *, month: date | None = None, progress: Progress = _silent
) -> AccountProof:
    """Compare the register, the journal and Dolibarr's books, voucher by voucher and in total; reads only.

    `month`, any day of it, looks only at vouchers that moved in it, and tells opening, movements and closing.
    """
    chosen = _moved_in(loyalty, month) if month else None
    documents = _documents(loyalty, progress)
    walk = _Walk(loyalty=loyalty, documents=documents, credits=CustomerCredits(loyalty))
    for voucher, moves, notes in _vouchers(loyalty):
        walk.known.update(note.note_id for note in notes)
        if voucher.state in ON_THE_WAY:
            walk.unfinished.add(voucher.id)
        if chosen is None or voucher.id in chosen:
            walk.compare(voucher, moves, notes)
            progress("vouchers", walk.seen)
    walk.deviations += _strangers(walk)
    walk.deviations += compare_sold_cards(loyalty, chosen)
    return AccountProof(
        vouchers=walk.seen,
        documents=walk.compared,
        sums=walk.sums,
        movements=_movements(loyalty, month),
        deviations=(*walk.deviations, *_totals(walk.sums)),
    )


@dataclass(kw_only=True)
class _Walk:
    """The state of a walk over all vouchers."""

    loyalty: Loyalty
    documents: Mapping[int, Sale]
    credits: "CustomerCredits"
    sums: dict[str, Sums] = field(default_factory=dict)
    deviations: list[Deviation] = field(default_factory=list)
    known: set[int] = field(default_factory=set)
    unfinished: set[str] = field(default_factory=set)
    seen: int = 0
    compared: int = 0

    def compare(self, voucher: Voucher, moves: Sequence[Move], notes: Sequence[Note]) -> None:
        self.seen += 1
        self.deviations += compare_journal(voucher, moves)
        sums = self.sums.setdefault(voucher.currency, Sums())
        if voucher.state in ON_THE_WAY:
            sums.on_the_way += 1
            return
        rows = self.credits.behind(notes)
        self.deviations += compare_documents(self.loyalty, voucher, notes, self.documents, rows)
        self.compared += len(notes)
        self.deviations += compare_credits(voucher, moves, notes, rows)
        counters = {note.note_id for note in notes if not note.is_credit}
        sums.vouchers += 1
        sums.register += voucher.remaining
        sums.journal += left(moves)
        sums.free += total(row.gross for row in rows if row.used_on is None)
        sums.credited += _must_be_free(voucher, rows)
        sums.paid += total(row.gross for row in rows if row.used_on not in (None, *counters))
        sums.used += _used_by_credits(moves, rows, counters)


class CustomerCredits:
    """The credits of customers in Dolibarr; each is asked for once for all vouchers that follow one another."""

    def __init__(self, loyalty: Loyalty) -> None:
        self._loyalty = loyalty
        self._known: dict[int, Sequence[CreditRow]] = {}

    def behind(self, notes: Sequence[Note]) -> list[CreditRow]:
        """The credits of a voucher's documents, free and used."""
        credits = {note.note_id for note in notes if note.is_credit}
        owners = sorted({note.thirdparty_id for note in notes if note.is_credit})
        return [row for owner in owners for row in self._of(owner) if row.credit_note_id in credits]

    def _of(self, owner: int) -> Sequence[CreditRow]:
        if owner not in self._known:
            if len(self._known) > 500:
                self._known.clear()
            self._known[owner] = self._loyalty.books.credits(owner)
        return self._known[owner]


def compare_documents(
    loyalty: Loyalty,
    voucher: Voucher,
    notes: Sequence[Note],
    documents: Mapping[int, Sale],
    rows: Sequence[CreditRow],
) -> Iterator[Deviation]:
    """Where a voucher's documents in Dolibarr are not as they were made, or their credits not what they are."""
    for note in notes:
        what = (
            "counter invoice"
            if not note.is_credit
            else "deposit"
            if note.role == "deposit"
            else "credit note"
        )
        where = f"{what} {note.ref} of voucher {masked(voucher.last_four)}"
        found = documents.get(note.note_id) or loyalty.books.sale(note.note_id)
        if found is None:
            yield off("the document", where, f"{plain(note.gross)} {voucher.currency}", "deleted in Dolibarr")
            continue
        if abs(found.gross) != note.gross:
            yield off("its amount", where, plain(note.gross), plain(abs(found.gross)))
        if found.thirdparty_id != note.thirdparty_id:
            yield off("its customer", where, note.thirdparty_id, found.thirdparty_id)
        if found.state is not State.PAID:
            yield off("its state", where, "closed", found.state)
        if note.is_credit and found.paid_money and note.role != "deposit":
            yield off("what was paid out of it in money", where, "0", plain(abs(found.paid_money)))
        credit = total(row.gross for row in rows if row.credit_note_id == note.note_id)
        if note.is_credit and credit != note.gross:
            yield off("its credit", where, plain(note.gross), plain(credit))


def compare_credits(
    voucher: Voucher, moves: Sequence[Move], notes: Sequence[Note], rows: Sequence[CreditRow]
) -> Iterator[Deviation]:
    """Where what is left and what was used differ between the journal and Dolibarr's credits."""
    where = f"voucher {masked(voucher.last_four)}"
    if voucher.credit_note_ref:
        where += f" ({voucher.credit_note_ref})"
    free = total(row.gross for row in rows if row.used_on is None)
    expected = _must_be_free(voucher, rows)
    if free != expected:
        yield off("its free credit", where, plain(expected), plain(free))
    counters = {note.note_id for note in notes if not note.is_credit}
    paid = paid_by_invoice(notes, rows)
    booked = _with_credits(moves, rows, counters)
    for invoice in sorted(paid.keys() | booked.keys()):
        if paid.get(invoice, ZERO) != booked.get(invoice, ZERO):
            expected_on, found_on = booked.get(invoice, ZERO), paid.get(invoice, ZERO)
            yield off(f"what it paid on invoice {invoice}", where, plain(expected_on), plain(found_on))


def paid_by_invoice(notes: Sequence[Note], rows: Sequence[CreditRow]) -> dict[int, Decimal]:
    """What a voucher's credits paid on which invoice; its own counter invoices are none."""
    counters = {note.note_id for note in notes if not note.is_credit}
    paid: dict[int, Decimal] = {}
    for row in rows:
        if row.used_on is not None and row.used_on not in counters:
            paid[row.used_on] = paid.get(row.used_on, ZERO) + row.gross
    return paid


def _must_be_free(voucher: Voucher, rows: Sequence[CreditRow]) -> Decimal:
    """What of a voucher must be free credit: all that is left, where a credit stands behind it from its issue on.

    The others have a credit only where a use of them was undone; it is used first the next time.
    """
    if voucher.is_credit_from_start:
        return voucher.remaining
    return min(voucher.remaining, total(row.gross for row in rows if row.used_on is None))


def _with_credits(moves: Sequence[Move], rows: Sequence[CreditRow], counters: set[int]) -> dict[int, Decimal]:
    """Uses in the journal that credits stand behind; a discount on a draft is a plain line, without any."""
    used = used_by_invoice(moves)
    on = {row.used_on for row in rows if row.used_on is not None and row.used_on not in counters}
    by_line = {move.invoice_id for move in moves if _is_line(move)}
    return {invoice: amount for invoice, amount in used.items() if invoice in on or invoice not in by_line}


def _is_line(move: Move) -> bool:
    """A use on a ticket of the till, whose lines carry it; a credit may stand behind them, or none."""
    return move.kind is MoveKind.USED and ":ticket:" in move.key


def _used_by_credits(moves: Sequence[Move], rows: Sequence[CreditRow], counters: set[int]) -> Decimal:
    return total(_with_credits(moves, rows, counters).values())


def _totals(sums: Mapping[str, Sums]) -> Iterator[Deviation]:
    for currency, each in sorted(sums.items()):
        where = f"all vouchers in {currency}"
        for what, expected, found in (
            ("what is left in the register", each.journal, each.register),
            ("free credits in Dolibarr", each.credited, each.free),
            ("credits used in Dolibarr", each.used, each.paid),
        ):
            if expected != found:
                yield off(what, where, plain(expected), plain(found))


def _strangers(walk: _Walk) -> Iterator[Deviation]:
    """Documents that bear a voucher's name and are no voucher's: made by hand, or known to an older backup."""
    for sale in walk.documents.values():
        is_named = sale.ref_ext.startswith(VOUCHER_NAMES)
        if not is_named or not sale.is_final or sale.id in walk.known:
            continue
        if sale.ref_ext.split(":")[2] not in walk.unfinished:
            yield off("its voucher", f"document {sale.ref}", f"made for one ({sale.ref_ext})", "unknown")


def _documents(loyalty: Loyalty, progress: Progress) -> dict[int, Sale]:
    """All documents in Dolibarr that bear a name of ours."""
    found: dict[int, Sale] = {}
    while page := loyalty.books.ours_after(max(found, default=0), loyalty.page_size):
        found.update((sale.id, sale) for sale in page)
        progress("documents", len(found))
    return found


def _vouchers(loyalty: Loyalty) -> Iterator[tuple[Voucher, list[Move], list[Note]]]:
    """All vouchers with their journals and documents, customer by customer."""
    last: Voucher | None = None
    while True:
        with loyalty.database.reading() as tx:
            page = account_proofs.page(tx, last, loyalty.page_size)
            moves = account_proofs.moves(tx, [voucher.id for voucher in page])
            notes = account_proofs.notes(tx, [voucher.id for voucher in page])
        if not page:
            return
        yield from ((voucher, moves[voucher.id], notes[voucher.id]) for voucher in page)
        last = page[-1]


def _moved_in(loyalty: Loyalty, month: date) -> set[str]:
    first = month.replace(day=1)
    with loyalty.database.reading() as tx:
        return account_proofs.moved_between(tx, first, first + relativedelta(months=1))


def _movements(loyalty: Loyalty, month: date | None) -> tuple[Movement, ...]:
    """Opening, movements and closing of a month; of all time without one."""
    first = month.replace(day=1) if month else date.min
    end = first + relativedelta(months=1) if month else date.max
    with loyalty.database.reading() as tx:
        before = account_proofs.sums_before(tx, first)
        until = account_proofs.sums_before(tx, end)
    moved: dict[str, dict[MoveKind, Decimal]] = {each.currency: {} for each in until}
    opening = dict.fromkeys(moved, ZERO)
    for each in until:
        moved[each.currency][each.kind] = each.amount
    for each in before:
        moved[each.currency][each.kind] -= each.amount
        opening[each.currency] += each.amount
    return tuple(
        Movement(
            currency=currency,
            opening=opening[currency],
            moved={kind: amount for kind, amount in moved[currency].items() if amount},
        )
        for currency in sorted(moved)
    )
