"""The tables of the ledger: accounts, entries, lots, allocations. Entries are only inserted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dolibarr_loyalty.core.ledger import (
    Account,
    Allocation,
    Booking,
    Cause,
    Entry,
    EntryKind,
    Lot,
    account_id,
)
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.errors import Conflict
from dolibarr_loyalty.store.database import Tx

# Only what a member does keeps points alive in the activity model; corrections and refunds do not (2.3).
_ACTIVITY = frozenset({EntryKind.ACCRUAL, EntryKind.REDEMPTION})


def load(
    tx: Tx, thirdparty_ids: Iterable[int], *, causes: Sequence[Cause] = (), unit: str = "points"
) -> dict[int, Account]:
    """The accounts of these members with their open lots, and every lot of the purchases in `causes`.

    A member without an account gets an empty one. Heads are read before lots: what another writer does in
    between moves the head, so a booking on lots that are newer than their head collides and is decided again.
    """
    found = load_units(tx, thirdparty_ids, [unit], causes=causes)
    return {member: account for (member, _), account in found.items()}


def load_units(
    tx: Tx, thirdparty_ids: Iterable[int], units: Iterable[str], *, causes: Sequence[Cause] = ()
) -> dict[tuple[int, str], Account]:
    """The accounts of these members in each of these units, as `load` gives them, by (member, unit)."""
    wanted = [(member, unit) for member in sorted(set(thirdparty_ids)) for unit in sorted(set(units))]
    ids = [account_id(member, unit) for member, unit in wanted]
    heads = {row["id"]: row for row in tx.rows("accounts_by_ids", ids=ids)}
    lots: dict[str, dict[str, Lot]] = {}
    for row in tx.rows("open_lots", account_ids=ids):
        lots.setdefault(row["account_id"], {})[row["id"]] = read_lot(row)
    for kind in sorted({cause.kind for cause in causes}):
        of_kind = sorted({cause.id for cause in causes if cause.kind == kind})
        for row in tx.rows("lots_of_causes", cause_kind=kind, cause_ids=of_kind):
            lots.setdefault(row["account_id"], {})[row["id"]] = read_lot(row)
    return {
        (member, unit): _account(member, unit, heads.get(key), lots.get(key, {}))
        for (member, unit), key in zip(wanted, ids, strict=True)
    }


def store(tx: Tx, bookings: Iterable[Booking]) -> None:
    """Append what was decided; Conflict when another writer moved one of the accounts meanwhile."""
    bookings = [booking for booking in bookings if booking.entries]
    _move(tx, bookings)
    entries = [entry for booking in bookings for entry in booking.entries]
    tx.run_many("insert_entry", [write_entry(entry) for entry in entries])
    tx.run_many("insert_lot", [_write_lot(lot) for booking in bookings for lot in booking.opened_lots])
    changed = [lot for booking in bookings for lot in booking.changed_lots]
    tx.run_many(
        "update_lot", [{"id": lot.id, "remaining": lot.remaining, "lapsed": lot.lapsed} for lot in changed]
    )
    tx.run_many(
        "insert_allocation",
        [
            {"entry_id": entry.id, "lot_id": allocation.lot_id, "points": allocation.points}
            for entry in entries
            for allocation in entry.allocations
        ],
    )


def lots_of(tx: Tx, account: str) -> list[Lot]:
    """All lots of an account, empty ones too."""
    return [read_lot(row) for row in tx.rows("lots_of_account", account_id=account)]


def entry_of_key(tx: Tx, key: str) -> Entry | None:
    """The entry of an idempotency key, without its allocations."""
    row = tx.row("entry_by_key", entry_key=key)
    return read_entry(row) if row else None


def history(tx: Tx, account: str, *, before_seq: int = 2**62, limit: int = 100) -> list[Entry]:
    """Entries of an account, the newest first, without their allocations."""
    rows = tx.rows("last_entries", account_id=account, before_seq=before_seq, limit=limit)
    return [read_entry(row) for row in rows]


def of_cause(tx: Tx, cause: Cause) -> list[Entry]:
    """All entries of a document or voucher in the order they were booked."""
    rows = tx.rows("entries_of_cause", cause_kind=cause.kind, cause_id=cause.id)
    return [read_entry(row) for row in rows]


def taken_by(tx: Tx, entry_id: str) -> list[tuple[Lot, int]]:
    """The lots an entry took points from, as they are now, and how many."""
    allocations = tx.rows("allocations_of_entries", entry_ids=[entry_id])
    lots = {
        row["id"]: read_lot(row) for row in tx.rows("lots_by_ids", ids=[a["lot_id"] for a in allocations])
    }
    return [(lots[a["lot_id"]], -a["points"]) for a in allocations if a["points"] < 0]


def with_allocations(entries: Sequence[Entry], rows: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """Entries with the allocations found for them."""
    found: dict[str, list[Allocation]] = {}
    for row in rows:
        found.setdefault(row["entry_id"], []).append(Allocation(row["lot_id"], row["points"]))
    return [replace(entry, allocations=tuple(found.get(entry.id, ()))) for entry in entries]


def _move(tx: Tx, bookings: Sequence[Booking]) -> None:
    """Move the heads on; the row count tells whether another writer moved one of them meanwhile."""
    new = [
        {**_head(booking), "thirdparty_id": booking.account.thirdparty_id, "unit": booking.account.unit}
        for booking in bookings
        if booking.account.seq == 0
    ]
    old = [{**_head(b), "old_seq": b.account.seq} for b in bookings if b.account.seq]
    tx.run_many("insert_account", new)
    if tx.run_many("move_account", old) != len(old):
        raise Conflict("an account was moved by another writer")


def _head(booking: Booking) -> dict[str, Any]:
    result = booking.result
    activity = [entry.occurred_at for entry in booking.entries if entry.kind in _ACTIVITY]
    return {
        "id": booking.account.id,
        "seq": result.seq,
        "balance": result.balance,
        "debt": result.debt,
        "head": result.head,
        "last_activity_at": iso(max(activity)) if activity else None,
    }


def _account(member: int, unit: str, row: Mapping[str, Any] | None, lots: Mapping[str, Lot]) -> Account:
    if row is None:
        return Account(thirdparty_id=member, unit=unit)
    return Account(
        thirdparty_id=member,
        unit=unit,
        seq=row["seq"],
        balance=row["balance"],
        debt=row["debt"],
        head=row["head"],
        lots=tuple(lots.values()),
    )


def write_entry(entry: Entry) -> dict[str, Any]:
    """An entry as the row it is stored in."""
    return {
        "id": entry.id,
        "account_id": entry.account_id,
        "seq": entry.seq,
        "kind": str(entry.kind),
        "points": entry.points,
        "balance_after": entry.balance_after,
        "debt_after": entry.debt_after,
        "occurred_at": iso(entry.occurred_at),
        "booked_at": iso(entry.booked_at),
        "cause_kind": entry.cause.kind,
        "cause_id": entry.cause.id,
        "entry_key": entry.key,
        "input_hash": entry.input_hash,
        "reverses_id": entry.reverses_id,
        "reasons": entry.reasons,
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
    }


def read_entry(row: Mapping[str, Any]) -> Entry:
    """The entry of a row; its lot and allocations are in tables of their own."""
    return Entry(
        id=row["id"],
        account_id=row["account_id"],
        seq=row["seq"],
        kind=EntryKind(row["kind"]),
        points=row["points"],
        balance_after=row["balance_after"],
        debt_after=row["debt_after"],
        occurred_at=parse(row["occurred_at"]),
        booked_at=parse(row["booked_at"]),
        cause=Cause(row["cause_kind"], row["cause_id"]),
        key=row["entry_key"],
        input_hash=row["input_hash"],
        reasons=row["reasons"],
        reverses_id=row["reverses_id"],
        opens=None,
        allocations=(),
        previous_hash=row["previous_hash"],
        hash=row["hash"],
    )


def _write_lot(lot: Lot) -> dict[str, Any]:
    return {
        "id": lot.id,
        "account_id": lot.account_id,
        "cause_kind": lot.cause.kind,
        "cause_id": lot.cause.id,
        "points": lot.points,
        "remaining": lot.remaining,
        "lapsed": lot.lapsed,
        "opened_at": iso(lot.opened_at),
        "available_at": iso(lot.available_at),
        "expires_at": iso(lot.expires_at) if lot.expires_at else None,
    }


def read_lot(row: Mapping[str, Any]) -> Lot:
    """The lot of a row."""
    return Lot(
        id=row["id"],
        account_id=row["account_id"],
        cause=Cause(row["cause_kind"], row["cause_id"]),
        points=row["points"],
        remaining=row["remaining"],
        lapsed=row["lapsed"],
        opened_at=parse(row["opened_at"]),
        available_at=parse(row["available_at"]),
        expires_at=parse(row["expires_at"]) if row["expires_at"] else None,
    )
