"""The tables of attempts to look vouchers up by their codes; attempts are only ever inserted."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.store import vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id

EVERYONE = "*"  # the source that stands for all who are no staff
# wrong: mistyped, or no code at all. unknown: nobody has it. foreign: somebody else's.
# unusable: used, over or not begun. refused: not looked up, because too many failed before.
Outcome = Literal["found", "wrong", "unknown", "foreign", "unusable", "refused"]


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """An attempt as it was written down; `last_four` of the voucher it found, else empty."""

    at: datetime
    source: str
    is_staff: bool
    outcome: Outcome
    failed: bool
    voucher_id: str | None
    last_four: str


def hold(tx: Tx, source: str, now: datetime) -> None:
    """Count an attempt of a source and keep others of the same source waiting until this transaction ends."""
    if not tx.run("count_lookup_source", source=source, at=iso(now)):
        tx.run("insert_lookup_source", source=source, at=iso(now))


def failures(tx: Tx, source: str, since: datetime, limit: int) -> list[datetime]:
    """When a source, or with EVERYONE all who are no staff, failed after `since`: the latest `limit`, newest first."""
    if source == EVERYONE:
        rows: Sequence[Mapping[str, Any]] = tx.rows("failed_lookups", since=iso(since), limit=limit)
    else:
        rows = tx.rows("failed_lookups_of_source", source=source, since=iso(since), limit=limit)
    return [parse(row["at"]) for row in rows]


def note(
    tx: Tx,
    *,
    at: datetime,
    source: str,
    is_staff: bool,
    outcome: Outcome,
    failed: bool,
    typed_hash: str,
    voucher_id: str | None,
) -> None:
    """Write an attempt down."""
    tx.run(
        "insert_lookup",
        id=new_id(),
        at=iso(at),
        source=source,
        is_staff=int(is_staff),
        outcome=outcome,
        failed=int(failed),
        typed_hash=typed_hash,
        voucher_id=voucher_id,
    )


def by_hash(tx: Tx, code_hash: str) -> Voucher | None:
    """The voucher of a code's hash; the last comparison takes as long for a wrong one as for the right one."""
    row = tx.row("voucher_of_hash", code_hash=code_hash)
    stored = str(row["code_hash"]) if row else "-" * len(code_hash)
    is_right = hmac.compare_digest(stored.encode(), code_hash.encode())
    return vouchers.by_id(tx, str(row["id"])) if row and is_right else None


def latest(tx: Tx, limit: int, *, failed: bool | None = None) -> list[Lookup]:
    """The latest attempts, newest first; only those that failed, or did not, where asked for."""
    rows = tx.rows("lookups_latest", failed=-1 if failed is None else int(failed), limit=limit)
    return [
        Lookup(
            at=parse(row["at"]),
            source=row["source"],
            is_staff=bool(row["is_staff"]),
            outcome=row["outcome"],
            failed=bool(row["failed"]),
            voucher_id=row["voucher_id"],
            last_four=row["last_four"] or "",
        )
        for row in rows
    ]
