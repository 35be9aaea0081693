"""The table of the documents in Dolibarr that were made for vouchers; only their customer may change, by a merge."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from dolibarr_loyalty.core.money import from_minor, to_minor
from dolibarr_loyalty.core.times import iso
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.store.database import Tx

# 'counter' consumes a credit; every other document is a credit, or becomes one.
Role = Literal["issue", "rest", "use", "deposit", "transfer", "counter"]


@dataclass(frozen=True, kw_only=True)
class Note:
    """A document of a voucher: `gross` positive, `thirdparty_id` whose document it is."""

    note_id: int
    ref: str
    thirdparty_id: int
    role: Role
    gross: Decimal

    @property
    def is_credit(self) -> bool:
        return self.role != "counter"


def keep(tx: Tx, voucher: Voucher, note: Note, at: datetime) -> None:
    """Store a document of a voucher; nothing when it is known already."""
    if any(known.note_id == note.note_id for known in of_voucher(tx, voucher.id)):
        return
    tx.run(
        "insert_voucher_note",
        voucher_id=voucher.id,
        note_id=note.note_id,
        note_ref=note.ref,
        thirdparty_id=note.thirdparty_id,
        role=note.role,
        gross_minor=to_minor(note.gross, voucher.currency),
        at=iso(at),
    )


def of_voucher(tx: Tx, voucher_id: str) -> list[Note]:
    """The documents of a voucher, in the order they were made in Dolibarr."""
    return [
        Note(
            note_id=row["note_id"],
            ref=row["note_ref"],
            thirdparty_id=row["thirdparty_id"],
            role=row["role"],
            gross=from_minor(row["gross_minor"], row["currency"]),
        )
        for row in tx.rows("voucher_notes", voucher_id=voucher_id)
    ]


def voucher_ids(tx: Tx, note_ids: Iterable[int]) -> dict[int, str]:
    """The vouchers behind these credit notes and deposits, by the documents' ids."""
    rows = tx.rows("vouchers_by_notes", credit_note_ids=sorted(set(note_ids)))
    return {row["note_id"]: row["voucher_id"] for row in rows}


def earned(tx: Tx, note_ids: Iterable[int]) -> set[int]:
    """Of these documents, those of vouchers that nobody paid money for."""
    rows = tx.rows("vouchers_by_notes", credit_note_ids=sorted(set(note_ids)))
    return {row["note_id"] for row in rows if row["source"] != "sold"}
