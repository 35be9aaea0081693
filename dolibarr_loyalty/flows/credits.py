"""Credits of a voucher that come to exactly an amount for a customer: to use a part, or by somebody else.

Where Dolibarr splits credits (23) a free row of the customer's own is split. Else, and for another customer, a
counter invoice consumes the credit and new credit notes stand for the part and the rest, under the same code.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from dolibarr_loyalty.connectors.protocol import CreditRow
from dolibarr_loyalty.core.credit_lines import CreditLine, line_of, parted
from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.sale import Sale, State, total
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.errors import TemporaryFailure
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.credit_documents import (
    KeepLease,
    available,
    checked,
    consumed,
    counter,
    counter_draft,
    credit_draft,
    find_or_post,
    free_rows,
    keep_note,
    make_credit,
    named,
    note,
    notes_of,
    rate_of,
    read_back,
    rows_of,
    taken,
    validated,
)
from dolibarr_loyalty.store import voucher_uses
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.voucher_notes import Role
from dolibarr_loyalty.store.voucher_uses import Parting, PartingState, Piece

__all__ = [
    "KeepLease",
    "available",
    "carve",
    "counter",
    "find_or_post",
    "finish_partings",
    "free_rows",
    "keep_note",
    "make_credit",
    "notes_of",
    "rate_of",
    "read_back",
    "rows_of",
    "taken",
    "validated",
]


def carve(
    loyalty: Loyalty, voucher: Voucher, amount: Decimal, *, thirdparty_id: int, keep_lease: KeepLease
) -> list[CreditRow]:
    """Free credits of a voucher that come to exactly `amount` and belong to this customer.

    Raises TemporaryFailure where less is free, or where somebody used a credit in this moment. After a crash
    the next call, or a look at the voucher, carries on what was begun.
    """
    finish_partings(loyalty, voucher, keep_lease)
    for _ in range(20):  # each round turns one owner's credits into the customer's; there are few owners
        rows = free_rows(loyalty, voucher)
        chosen, last = choose(rows, amount, thirdparty_id)
        if last is None and all(row.thirdparty_id == thirdparty_id for row in chosen):
            return list(chosen)
        foreign = next((row.thirdparty_id for row in chosen if row.thirdparty_id != thirdparty_id), None)
        if foreign is None and last is not None and loyalty.books.splits_credits:
            _split(loyalty, voucher, *last, keep_lease)
            continue
        owner = thirdparty_id if foreign is None else foreign
        _part(loyalty, voucher, chosen, last, owner, thirdparty_id, keep_lease)
    raise TemporaryFailure("The credits of this voucher change all the time; looking again later.")


def choose(
    rows: Iterable[CreditRow], amount: Decimal, thirdparty_id: int
) -> tuple[list[CreditRow], tuple[CreditRow, Decimal] | None]:
    """Which free rows an amount is taken from, and of the last of them how much, where not all of it.

    The customer's own come first, then the oldest; a row that is just the amount goes before all others.
    """
    ordered = sorted(rows, key=lambda row: (row.thirdparty_id != thirdparty_id, row.id))
    exact = next((row for row in ordered if (row.gross, row.thirdparty_id) == (amount, thirdparty_id)), None)
    if exact is not None:
        return [exact], None
    chosen, missing = [], amount
    for row in ordered:
        if missing <= 0:
            break
        chosen.append(row)
        if row.gross > missing:
            return chosen, (row, missing)
        missing -= row.gross
    if missing > 0:
        raise TemporaryFailure(
            f"Of the {plain(amount)} wanted, {plain(missing)} are not free in Dolibarr; looking again later."
        )
    return chosen, None


def _split(loyalty: Loyalty, voucher: Voucher, row: CreditRow, part: Decimal, keep_lease: KeepLease) -> None:
    """Split a free row, read back that it was free until then, and that the sum is the same (facts trap 4b)."""
    before = total(each.gross for each in rows_of(loyalty, voucher))
    note(loyalty, voucher, "split", f"{row.id}: {plain(part)} + {plain(row.gross - part)}")
    keep_lease()
    loyalty.books.split_credit(row.thirdparty_id, row.id, part, row.gross - part)
    after = total(each.gross for each in rows_of(loyalty, voucher))
    if after != before:
        raise TemporaryFailure(
            f"Splitting a credit of {plain(row.gross)} made {plain(after)} of {plain(before)}; looking again later."
        )


def _part(
    loyalty: Loyalty,
    voucher: Voucher,
    chosen: Sequence[CreditRow],
    last: tuple[CreditRow, Decimal] | None,
    owner: int,
    taker: int,
    keep_lease: KeepLease,
) -> None:
    """Write a parting down and carry it out. Of the customer's own credits only the one that is too large."""
    parts = {last[0].id: last[1]} if last else {}
    rows = [row for row in chosen if row.thirdparty_id == owner and (owner != taker or row.id in parts)]
    pieces = tuple(
        Piece(
            row_id=row.id,
            net=row.net,
            gross=row.gross,
            vat_rate=rate_of(loyalty, row),
            part=parts.get(row.id, row.gross),
        )
        for row in rows
    )
    parting = loyalty.database.decide(
        lambda tx: voucher_uses.begin_parting(
            tx, voucher, owner=owner, taker=taker, pieces=pieces, at=loyalty.now()
        )
    )
    _carry_out(loyalty, voucher, parting, keep_lease)


def finish_partings(loyalty: Loyalty, voucher: Voucher, keep_lease: KeepLease) -> None:
    """Carry on the parting that was interrupted, if any: its money is in no credit until it is done."""
    with loyalty.database.reading() as tx:
        begun = [each for each in voucher_uses.partings(tx, voucher.id) if each.state == "begun"]
    for parting in begun:
        _carry_out(loyalty, voucher, parting, keep_lease)


def _carry_out(loyalty: Loyalty, voucher: Voucher, parting: Parting, keep_lease: KeepLease) -> None:
    """All documents as drafts first; then the counter invoice consumes the credits, and the new ones are marked.

    So nothing that Dolibarr refuses is refused half-way, and never is there more credit than there should be.
    A credit that staff used meanwhile drops the parting, as long as no document of it counts.
    """
    words = loyalty.brand.words(loyalty.screens.language)
    number, code = parting.number, loyalty.label_of(voucher)
    wanted = {piece.row_id for piece in parting.pieces}
    name = f"{voucher.counter_ref_ext}:{number}"
    rows = [row for row in loyalty.books.credits(parting.owner) if row.id in wanted]
    counters = {sale.id: sale for sale in loyalty.books.find(name)}
    untouched = all(sale.state is State.DRAFT for sale in counters.values())
    if untouched and (len(rows) < len(wanted) or any(row.used_on is not None for row in rows)):
        _drop(loyalty, voucher, parting)
        return
    label = words.gettext("%(voucher)s: credit divided", voucher=named(words, voucher, code))
    remark = words.gettext("Takes a credit back that is divided into the part that is used and the rest.")
    draft = counter_draft(loyalty, voucher, rows, ref_ext=name, label=label, remark=remark)
    voids = checked(loyalty, find_or_post(loyalty, voucher, draft), draft.gross)
    part = _new_note(loyalty, voucher, parting, "part")
    rest = _new_note(loyalty, voucher, parting, "rest") if parting.rest else None
    voids = validated(loyalty, voucher, voids, draft.gross)
    consumed(loyalty, voucher, voids, rows, keep_lease)
    part = _usable(loyalty, voucher, part, parting.part)
    rest = _usable(loyalty, voucher, rest, parting.rest) if rest else None

    def decision(tx: Tx) -> None:
        role: Role = "use" if parting.owner == parting.taker else "transfer"
        keep_note(tx, loyalty, voucher, part, role)
        if rest:
            keep_note(tx, loyalty, voucher, rest, "rest")
        voucher_uses.end_parting(tx, voucher, parting, "done")

    loyalty.database.decide(decision)


def _new_note(loyalty: Loyalty, voucher: Voucher, parting: Parting, which: str) -> Sale:
    """The credit note for the part or for the rest, found or made, not validated yet when it is new."""
    lines = [line for piece in parting.pieces if (line := _line(voucher, piece, which)) is not None]
    gross = parting.part if which == "part" else parting.rest
    words = loyalty.brand.words(loyalty.screens.language)
    name = named(words, voucher, loyalty.label_of(voucher))
    draft = credit_draft(
        loyalty,
        voucher,
        ref_ext=f"{voucher.ref_ext}:{which}:{parting.number}",
        lines=lines,
        gross=gross,
        thirdparty_id=parting.taker if which == "part" else parting.owner,
        label=words.gettext("%(voucher)s, the rest", voucher=name) if which == "rest" else name,
    )
    return checked(loyalty, find_or_post(loyalty, voucher, draft), draft.gross)


def _line(voucher: Voucher, piece: Piece, which: str) -> CreditLine | None:
    if piece.part == piece.gross:
        whole = line_of(piece.gross, piece.vat_rate, voucher.currency, net=piece.net)
        return whole if which == "part" else None
    lines = parted(piece.net, piece.gross, piece.part, piece.vat_rate, voucher.currency)
    return lines[0 if which == "part" else 1]


def _usable(loyalty: Loyalty, voucher: Voucher, sale: Sale, gross: Decimal) -> Sale:
    return available(loyalty, voucher, validated(loyalty, voucher, sale, -gross), gross)[0]


def _drop(loyalty: Loyalty, voucher: Voucher, parting: Parting) -> None:
    """Somebody was faster: the drafts go, and whoever wanted the part looks again."""
    names = [f"{voucher.counter_ref_ext}:{parting.number}"]
    names += [f"{voucher.ref_ext}:{which}:{parting.number}" for which in ("part", "rest")]
    for name in names:
        for sale in loyalty.books.find(name):
            if sale.state is State.DRAFT:
                loyalty.books.delete_draft(sale.id)
    state: PartingState = "dropped"
    loyalty.database.decide(lambda tx: voucher_uses.end_parting(tx, voucher, parting, state))
