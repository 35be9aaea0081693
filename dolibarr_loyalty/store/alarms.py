"""The table of alarms: each is seen once, and closed by a person."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from dolibarr_loyalty.core.alarms import AlarmKind
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.store.database import Tx

LONGEST_ABOUT = 160


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Something a person must look at; `about` is what it is told once for, `facts` are what is told.

    `done_at` is None until `done_by` has dealt with it and left a `note`.
    """

    id: str
    kind: AlarmKind
    about: str
    facts: Mapping[str, str]
    seen_at: datetime
    seen_by: str
    voucher_id: str | None = None
    thirdparty_id: int | None = None
    done_at: datetime | None = None
    done_by: str = ""
    note: str = ""


def insert(tx: Tx, alarm: Alarm) -> None:
    """Store an alarm; Conflict where there is one of this kind about the same already."""
    tx.run(
        "insert_alarm",
        id=alarm.id,
        kind=alarm.kind,
        about=alarm.about,
        voucher_id=alarm.voucher_id,
        thirdparty_id=alarm.thirdparty_id,
        facts=json.dumps(dict(alarm.facts), sort_keys=True),
        seen_at=iso(alarm.seen_at),
        seen_by=alarm.seen_by[:64],
    )


def about(tx: Tx, kind: AlarmKind, wanted: str) -> Alarm | None:
    """The alarm of a kind about something, open or done."""
    return _maybe(tx.row("alarm_about", kind=kind, about=wanted))


def by_id(tx: Tx, alarm_id: str) -> Alarm | None:
    return _maybe(tx.row("alarm_by_id", id=alarm_id))


def page(tx: Tx, last_id: str, limit: int, *, with_done: bool = False) -> list[Alarm]:
    """Alarms with ids above `last_id`, the oldest first; those dealt with only on request."""
    rows = tx.rows("alarms_page" if with_done else "alarms_open", last_id=last_id, limit=limit)
    return [_read(row) for row in rows]


def of_voucher(tx: Tx, voucher_id: str) -> list[Alarm]:
    """All alarms about a voucher, the oldest first."""
    return [_read(row) for row in tx.rows("alarms_of_voucher", voucher_id=voucher_id)]


def close(tx: Tx, alarm_id: str, *, at: datetime, who: str, note: str) -> bool:
    """Note that a person dealt with an alarm; False where it was done before, or is none."""
    done = tx.run("close_alarm", id=alarm_id, done_at=iso(at), done_by=who[:64], note=note[:2000])
    return bool(done)


def _maybe(row: Mapping[str, Any] | None) -> Alarm | None:
    return _read(row) if row else None


def _read(row: Mapping[str, Any]) -> Alarm:
    return Alarm(
        id=row["id"],
        kind=cast(AlarmKind, row["kind"]),
        about=row["about"],
        facts=json.loads(row["facts"]),
        seen_at=parse(row["seen_at"]),
        seen_by=row["seen_by"],
        voucher_id=row["voucher_id"],
        thirdparty_id=row["thirdparty_id"],
        done_at=parse(row["done_at"]) if row["done_at"] else None,
        done_by=row["done_by"],
        note=row["note"],
    )
