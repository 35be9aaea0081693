"""The table of the vouchers' moves: only ever inserted."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from dolibarr_loyalty.core.money import from_minor, to_minor
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.store.database import Tx


def book(tx: Tx, voucher: Voucher, moves: Iterable[Move]) -> None:
    """Store moves of a voucher; `store.vouchers.change` calls this, so that what is left always agrees."""
    seq = None
    for move in moves:
        seq = (tx.value("last_voucher_move", voucher_id=voucher.id) if seq is None else seq) + 1
        tx.run(
            "insert_voucher_move",
            voucher_id=voucher.id,
            seq=seq,
            kind=str(move.kind),
            amount_minor=to_minor(move.amount, voucher.currency),
            day=move.day.isoformat(),
            at=iso(move.at),
            who=move.who[:64],
            note=move.note[:2000],
            invoice_id=move.invoice_id,
            document=move.document[:64],
            move_key=move.key,
        )


def of_voucher(tx: Tx, voucher_id: str) -> list[Move]:
    """The moves of a voucher, in their order."""
    return [read(row) for row in tx.rows("voucher_moves", voucher_id=voucher_id)]


def by_key(tx: Tx, key: str) -> Move | None:
    row = tx.row("voucher_move_by_key", move_key=key)
    return read(row) if row else None


def on_invoice(tx: Tx, invoice_id: int) -> list[tuple[str, Move]]:
    """The uses of vouchers on an invoice and their returns, with the vouchers' ids."""
    rows = tx.rows("voucher_moves_on_invoice", invoice_id=invoice_id)
    return [(row["voucher_id"], read(row)) for row in rows]


def read(row: Mapping[str, Any]) -> Move:
    """The move of a row, which must have the currency of its voucher."""
    return Move(
        kind=MoveKind(row["kind"]),
        amount=from_minor(row["amount_minor"], row["currency"]),
        day=date.fromisoformat(row["day"]),
        at=parse(row["at"]),
        who=row["who"],
        key=row["move_key"],
        note=row["note"],
        invoice_id=row["invoice_id"],
        document=row["document"],
    )
