"""The table of activities: what members did other than buying, granted or refused, once per id of its source."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from dolibarr_loyalty.core.acting import Activity
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.store.database import Tx


def source_key(source: str, source_id: str) -> str:
    """What tells one id of one source from all others, also where the database compares without regard to case."""
    return hashlib.sha256(f"{source}\0{source_id}".encode()).hexdigest()


def insert(tx: Tx, activities: Sequence[Activity]) -> None:
    """Store activities; Conflict when another writer recorded one of them meanwhile."""
    tx.run_many("insert_activity", [_write(activity) for activity in activities])


def withdraw(tx: Tx, activity_id: str, *, at: datetime, reason: str, who: str) -> None:
    """Note that an activity is taken back."""
    tx.run(
        "insert_activity_withdrawal",
        activity_id=activity_id,
        withdrawn_at=iso(at),
        reason=reason[:2000],
        who=who[:80],
    )


def by_sources(tx: Tx, sources: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Activity]:
    """The activities of these (source, id of the source)."""
    keys = sorted({source_key(source, source_id) for source, source_id in sources})
    found = [_read(row) for row in tx.rows("activities_by_sources", source_keys=keys)]
    return {(activity.source, activity.source_id): activity for activity in found}


def by_id(tx: Tx, activity_id: str) -> Activity | None:
    row = tx.row("activity_by_id", id=activity_id)
    return _read(row) if row else None


def of_member(tx: Tx, thirdparty_id: int, limit: int = 2**31 - 1) -> list[Activity]:
    """A member's activities, the newest first."""
    rows = tx.rows("activities_of_member", thirdparty_id=thirdparty_id, limit=limit)
    return [_read(row) for row in rows]


def count(tx: Tx, thirdparty_id: int, kind: str, first: date, last: date) -> int:
    """How often a member was granted a kind in a span of days, without what was withdrawn."""
    days = {"from_day": first.isoformat(), "until_day": last.isoformat()}
    return int(tx.value("count_activities", thirdparty_id=thirdparty_id, kind=kind, **days))


def last_granted(tx: Tx, thirdparty_ids: Iterable[int], kind: str) -> dict[int, date]:
    """The last day for which each of these members was granted a kind, withdrawn or not."""
    rows = tx.rows("last_activities", thirdparty_ids=sorted(set(thirdparty_ids)), kind=kind)
    return {row["thirdparty_id"]: date.fromisoformat(row["counts_on"]) for row in rows}


def reassign(tx: Tx, old_id: int, new_id: int) -> None:
    """The activities of a member who was merged into another belong to that one."""
    tx.run("reassign_activities", old_id=old_id, new_id=new_id)


def _write(activity: Activity) -> dict[str, Any]:
    return {
        "id": activity.id,
        "source_key": source_key(activity.source, activity.source_id),
        "thirdparty_id": activity.thirdparty_id,
        "kind": activity.kind,
        "source": activity.source,
        "source_id": activity.source_id,
        "occurred_at": iso(activity.occurred_at),
        "counts_on": activity.day.isoformat(),
        "evidence": activity.evidence,
        "points": activity.points,
        "unit": activity.unit,
        "why": activity.why,
        "recorded_at": iso(activity.recorded_at),
        "who": activity.who,
        "input_hash": activity.input_hash,
    }


def _read(row: Mapping[str, Any]) -> Activity:
    return Activity(
        id=row["id"],
        thirdparty_id=row["thirdparty_id"],
        kind=row["kind"],
        source=row["source"],
        source_id=row["source_id"],
        occurred_at=parse(row["occurred_at"]),
        day=date.fromisoformat(row["counts_on"]),
        evidence=row["evidence"],
        points=row["points"],
        unit=row["unit"],
        why=row["why"],
        recorded_at=parse(row["recorded_at"]),
        who=row["who"],
        input_hash=row["input_hash"],
        withdrawn_at=parse(row["withdrawn_at"]) if row["withdrawn_at"] else None,
        withdrawn_for=row["withdrawn_for"] or "",
    )
