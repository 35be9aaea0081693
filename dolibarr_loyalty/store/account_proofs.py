"""Journals and documents of many vouchers at once, for proofs over all of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.core.money import from_minor
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.store import voucher_moves, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.voucher_notes import Note


@dataclass(frozen=True, kw_only=True)
class MoveSum:
    """The moves of one kind in one currency: how many, and what they come to, signed."""

    kind: MoveKind
    currency: str
    count: int
    amount: Decimal


def moves(tx: Tx, voucher_ids: Iterable[str]) -> dict[str, list[Move]]:
    """The moves of these vouchers, in their order; an empty list for one without any."""
    wanted = list(voucher_ids)
    found: dict[str, list[Move]] = {voucher_id: [] for voucher_id in wanted}
    for row in tx.rows("moves_of_vouchers", voucher_ids=wanted):
        found[row["voucher_id"]].append(voucher_moves.read(row))
    return found


def notes(tx: Tx, voucher_ids: Iterable[str]) -> dict[str, list[Note]]:
    """The documents of these vouchers, in the order they were made; an empty list for one without any."""
    wanted = list(voucher_ids)
    found: dict[str, list[Note]] = {voucher_id: [] for voucher_id in wanted}
    for row in tx.rows("notes_of_vouchers", voucher_ids=wanted):
        found[row["voucher_id"]].append(_note(row))
    return found


def _note(row: Mapping[str, Any]) -> Note:
    return Note(
        note_id=row["note_id"],
        ref=row["note_ref"],
        thirdparty_id=row["thirdparty_id"],
        role=row["role"],
        gross=from_minor(row["gross_minor"], row["currency"]),
    )


def page(tx: Tx, after: Voucher | None, limit: int) -> list[Voucher]:
    """Vouchers customer by customer, behind one of them; nobody's first."""
    customer, voucher_id = (after.thirdparty_id, after.id) if after else (-1, "")
    rows = tx.rows("vouchers_of_customers_page", last_customer=customer, last_id=voucher_id, limit=limit)
    return [vouchers.read(row) for row in rows]


def ended_since(tx: Tx, day: date, after: Voucher | None, limit: int) -> list[Voucher]:
    """Vouchers used up or ended that moved on a day or later, customer by customer, behind one of them."""
    customer, voucher_id = (after.thirdparty_id, after.id) if after else (-1, "")
    rows = tx.rows(
        "vouchers_ended_since",
        from_day=day.isoformat(),
        last_customer=customer,
        last_id=voucher_id,
        limit=limit,
    )
    return [vouchers.read(row) for row in rows]


def sums_before(tx: Tx, day: date) -> list[MoveSum]:
    """What moved of all vouchers before a day, by currency and kind."""
    return [
        MoveSum(
            kind=MoveKind(row["kind"]),
            currency=row["currency"],
            count=int(row["moves"]),
            amount=from_minor(int(row["amount_minor"]), row["currency"]),
        )
        for row in tx.rows("moves_until", before_day=day.isoformat())
    ]


def moved_between(tx: Tx, from_day: date, before_day: date) -> set[str]:
    """The vouchers of which something moved from a day on and before another."""
    rows = tx.rows("vouchers_moved_between", from_day=from_day.isoformat(), before_day=before_day.isoformat())
    return {row["voucher_id"] for row in rows}
