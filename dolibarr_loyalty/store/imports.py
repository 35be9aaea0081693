"""The tables of imports: the files that were taken in, and their lines that are no points."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.store.database import Tx

AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class Import:
    """A file that was taken in; `finished_at` is None while something of it is missing."""

    id: str
    file_name: str
    sha256: str
    reason: str
    who: str
    line_count: int
    new_count: int
    known_count: int
    member_count: int
    made_at: datetime
    finished_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class UnitSum:
    """What an import booked in one unit, by the entries of the ledger."""

    unit: str
    entries: int
    points: int
    members: int
    first_entry: str
    last_entry: str


@dataclass(frozen=True, kw_only=True)
class Called:
    """What a third party can be called by."""

    thirdparty_id: int
    name: str
    email: str
    customer_code: str
    card_number: str
    is_member: bool
    is_gone: bool
    merged_into: int | None


def directory(tx: Tx, page_size: int = 5000) -> Iterator[Called]:
    """Every third party ever seen, by id."""
    last = 0
    while page := directory_page(tx, last, page_size):
        yield from page
        last = page[-1].thirdparty_id


def directory_page(tx: Tx, last_id: int, limit: int) -> list[Called]:
    """Third parties with ids above `last_id`, by id, those that are gone too."""
    return [_called(row) for row in tx.rows("directory_page", last_id=last_id, limit=limit)]


def entry_hashes(tx: Tx, keys: Sequence[str]) -> dict[str, str]:
    """The input hashes of entries by their idempotency keys, of those that exist."""
    return {
        row["entry_key"]: row["input_hash"]
        for part in _parts(keys)
        for row in tx.rows("entry_hashes_by_keys", entry_keys=part)
    }


def chain_hashes(tx: Tx, entry_ids: Sequence[str]) -> dict[str, str]:
    """The chain hashes of entries by their ids, of those that exist."""
    return {
        row["id"]: row["hash"]
        for part in _parts(entry_ids)
        for row in tx.rows("entry_hashes_by_ids", entry_ids=part)
    }


def line_hashes(tx: Tx, keys: Sequence[str]) -> dict[str, str]:
    """The input hashes of carried out lines by their keys, of those that exist."""
    return {
        row["line_key"]: row["input_hash"]
        for part in _parts(keys)
        for row in tx.rows("import_lines_by_keys", line_keys=part)
    }


def content_of(tx: Tx, line_key: str) -> str | None:
    """What a line asked for."""
    found: str | None = tx.value("import_line_content", line_key=line_key)
    return found


def begin(tx: Tx, batch: Import) -> None:
    """Note that an import begins."""
    tx.run(
        "insert_import",
        id=batch.id,
        file_name=batch.file_name[:255],
        sha256=batch.sha256,
        reason=batch.reason,
        who=batch.who[:80],
        line_count=batch.line_count,
        new_count=batch.new_count,
        known_count=batch.known_count,
        member_count=batch.member_count,
        made_at=iso(batch.made_at),
    )


def finish(tx: Tx, import_id: str, now: datetime) -> None:
    """All of an import is in."""
    tx.run("finish_import", id=import_id, finished_at=iso(now))


def by_id(tx: Tx, import_id: str) -> Import | None:
    """One import."""
    row = tx.row("import_by_id", id=import_id)
    return _read(row) if row else None


def latest(tx: Tx, limit: int) -> list[Import]:
    """Imports, the newest first."""
    return [_read(row) for row in tx.rows("imports_list", limit=limit)]


def sums(tx: Tx, import_id: str) -> list[UnitSum]:
    """What an import booked, per unit."""
    return [
        UnitSum(
            unit=row["unit"],
            entries=int(row["entries"]),
            points=int(row["points"]),
            members=int(row["members"]),
            first_entry=row["first_entry"],
            last_entry=row["last_entry"],
        )
        for row in tx.rows("import_sums", import_id=import_id)
    ]


def line_counts(tx: Tx, import_id: str) -> dict[str, int]:
    """How many lines that are no points an import carried out, per kind."""
    return {row["kind"]: int(row["line_count"]) for row in tx.rows("import_line_counts", import_id=import_id)}


def _parts(values: Sequence[str]) -> Iterable[list[str]]:
    return (list(values[start : start + AT_ONCE]) for start in range(0, len(values), AT_ONCE))


def _called(row: Mapping[str, Any]) -> Called:
    return Called(
        thirdparty_id=row["thirdparty_id"],
        name=row["name"],
        email=row["email"],
        customer_code=row["customer_code"],
        card_number=row["card_number"],
        is_member=row["joined_at"] is not None and row["left_at"] is None and row["gone_at"] is None,
        is_gone=row["gone_at"] is not None,
        merged_into=row["merged_into"],
    )


def _read(row: Mapping[str, Any]) -> Import:
    return Import(
        id=row["id"],
        file_name=row["file_name"],
        sha256=row["sha256"],
        reason=row["reason"],
        who=row["who"],
        line_count=row["line_count"],
        new_count=row["new_count"],
        known_count=row["known_count"],
        member_count=row["member_count"],
        made_at=parse(row["made_at"]),
        finished_at=parse(row["finished_at"]) if row["finished_at"] else None,
    )
