"""Proves the ledger: recomputes chains, balances, lots, documents and vouchers, and names what deviates."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dolibarr_loyalty.core.ledger import GENESIS, Entry, EntryKind, Lot
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, code_of
from dolibarr_loyalty.flows import charities, payouts
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.document_proofs import (
    Deviation,
    differences,
    off,
    verify_budgets,
    verify_documents,
    verify_tiers,
)
from dolibarr_loyalty.flows.redemption import returned_points
from dolibarr_loyalty.flows.voucher_proofs import compare_journal
from dolibarr_loyalty.store import account_proofs, ledger, members, vouchers
from dolibarr_loyalty.store.database import Tx


@dataclass(frozen=True, kw_only=True)
class Proof:
    """How much was recomputed, and every deviation, the first in each chain first."""

    entries: int
    accounts: int
    documents: int
    vouchers: int
    deviations: tuple[Deviation, ...]


def verify(loyalty: Loyalty) -> Proof:
    """Recompute everything from the entries; reads only."""
    deviations: list[Deviation] = []
    accounts = entries = 0
    last = ""
    while True:
        with loyalty.database.reading() as tx:
            heads = tx.rows("accounts_page", last_id=last, limit=200)
            for head in heads:
                found = _verify_account(tx, head, deviations)
                entries, accounts = entries + found, accounts + 1
        if not heads:
            break
        last = heads[-1]["id"]
    documents = verify_documents(loyalty, deviations)
    verify_budgets(loyalty, deviations)
    told = (*charities.deviations(loyalty), *payouts.deviations(loyalty))
    deviations += [off("gifts and payouts", "good causes", "in order", each) for each in told]
    deviations += verify_tiers(loyalty)
    seen = _verify_vouchers(loyalty, deviations)
    with loyalty.database.reading() as tx:
        counted = tx.value("count_entries")
    if counted != entries:
        deviations.append(off("entries in accounts", "ledger", counted, entries))
    return Proof(
        entries=entries,
        accounts=accounts,
        documents=documents,
        vouchers=seen,
        deviations=tuple(deviations),
    )


def _verify_account(tx: Tx, head: Mapping[str, Any], deviations: list[Deviation]) -> int:
    account = head["id"]
    lots = {row["id"]: ledger.read_lot(row) for row in tx.rows("lots_of_account", account_id=account)}
    allocations = tx.rows("allocations_of_account", account_id=account)
    entries = _entries(tx, account, lots, allocations)
    deviations += _first(_chain(account, entries))
    balance = entries[-1].balance_after if entries else 0
    debt = entries[-1].debt_after if entries else 0
    deviations += differences(
        account,
        ("balance", balance, head["balance"]),
        ("debt", debt, head["debt"]),
        ("number of entries", len(entries), head["seq"]),
        ("last hash", entries[-1].hash if entries else GENESIS, head["head"]),
        ("balance, from open lots less debt", sum(lot.remaining for lot in lots.values()) - debt, balance),
    )
    deviations += _lots(lots, entries)
    return len(entries)


def _entries(
    tx: Tx, account: str, lots: Mapping[str, Lot], allocations: Sequence[Mapping[str, Any]]
) -> list[Entry]:
    found: list[Entry] = []
    while rows := tx.rows(
        "entries_of_account", account_id=account, after_seq=found[-1].seq if found else 0, limit=1000
    ):
        found += [replace(entry, opens=lots.get(entry.id)) for entry in map(ledger.read_entry, rows)]
    return ledger.with_allocations(found, allocations)


def _chain(account: str, entries: Sequence[Entry]) -> Iterator[Deviation]:
    """Everything that is wrong along the chain, in order; the first says where it broke."""
    balance, head = 0, GENESIS
    for place, entry in enumerate(entries, 1):
        where = f"{account} entry {entry.seq}"
        balance += entry.points
        if entry.seq != place:
            yield off("number of the entry", where, place, entry.seq)
        if entry.previous_hash != head:
            yield off("hash of the entry before", where, head[:12], entry.previous_hash[:12])
        if entry.balance_after != balance:
            yield off("balance after", where, balance, entry.balance_after)
        if entry.fingerprint() != entry.hash:
            yield off("hash", where, entry.fingerprint()[:12], entry.hash[:12])
        head = entry.hash


def _first(deviations: Iterator[Deviation]) -> list[Deviation]:
    first = next(deviations, None)
    return [first] if first else []


_LAPSES = frozenset({EntryKind.EXPIRY, EntryKind.FORFEITURE})


def _lots(lots: Mapping[str, Lot], entries: Sequence[Entry]) -> list[Deviation]:
    remaining = {lot.id: lot.points for lot in lots.values()}
    lapsed = dict.fromkeys(lots, 0)
    for entry in entries:
        for allocation in entry.allocations:
            if allocation.lot_id in remaining:
                remaining[allocation.lot_id] += allocation.points
                if entry.kind in _LAPSES:
                    lapsed[allocation.lot_id] -= allocation.points
    found = []
    for lot in lots.values():
        found += differences(
            f"lot {lot.id}",
            ("points left", remaining[lot.id], lot.remaining),
            ("points lapsed", lapsed[lot.id], lot.lapsed),
        )
        if lot.remaining < 0:
            found.append(off("points left", f"lot {lot.id}", "0 or more", lot.remaining))
    return found


def _verify_vouchers(loyalty: Loyalty, deviations: list[Deviation]) -> int:
    """Every voucher has spent its points once, and has them back only if it was voided or refused; its money
    journal comes to what is left of it.

    The voucher key must be the one that codes were made with: with another one, every code handed out is lost.
    """
    seen, last, is_key_proved = 0, "", False
    while True:
        with loyalty.database.reading() as tx:
            page = vouchers.page(tx, None, last, 200)
            journals = account_proofs.moves(tx, [voucher.id for voucher in page])
            for voucher in page:
                deviations += compare_journal(voucher, journals[voucher.id])
                spent = ledger.entry_of_key(tx, f"redeem:{voucher.id}")
                back = returned_points(tx, voucher)
                where = f"voucher {voucher.id}"
                deviations += differences(
                    where, ("points spent", -voucher.points, spent.points if spent else 0)
                )
                least, most = _points_back(voucher, journals[voucher.id])
                if not least <= back <= most:
                    deviations.append(off("points returned", where, most, back))
                customer = members.load(tx, [voucher.thirdparty_id]).get(voucher.thirdparty_id)
                if customer is None and voucher.thirdparty_id:
                    deviations.append(off("owner", where, "a known third party", voucher.thirdparty_id))
        ours = next((voucher for voucher in page if voucher.source != "imported"), None)
        if ours is not None and not is_key_proved:
            is_key_proved = True
            deviations += differences(
                "voucher key",
                ("the last signs of a code", ours.last_four, code_of(ours.id, loyalty.secret)[-4:]),
            )
        if not page:
            return seen
        seen, last = seen + len(page), page[-1].id


_ENDS = frozenset({MoveKind.CANCELLED, MoveKind.EXPIRED, MoveKind.REPLACED})


def _points_back(voucher: Voucher, moves: Sequence[Move]) -> tuple[int, int]:
    """The least and the most points of a voucher that may be back; of one used in part, not all.

    Once a part of it was voided, points may be back also where a use was undone since.
    """
    match voucher.state:
        case VoucherState.REFUSED:
            return voucher.points, voucher.points
        case VoucherState.CANCELLED:
            return min(1, voucher.points), voucher.points  # a gift has none
        case VoucherState.EXPIRED:
            return 0, voucher.points
    # of one that was replaced, points come back with the one in its place
    return 0, voucher.points if any(move.kind in _ENDS for move in moves) else 0
