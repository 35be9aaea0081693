"""The tables of paid clubs: acts, which are only inserted, and where each member stands by now."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.core.clubs import ClubAct, Refund, Span
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.store.database import Tx


@dataclass(frozen=True, kw_only=True)
class Act:
    """One act with who did it and why; `refunds` are what leaving was to pay back."""

    id: str
    thirdparty_id: int
    club_id: str
    act: ClubAct
    who: str
    reason: str
    key: str
    input_hash: str
    refunds: tuple[Refund, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stay:
    """A member's present time in a club, else the next or the last one; `next_at` is when time changes it."""

    thirdparty_id: int
    club_id: str
    span: Span
    is_in: bool
    next_at: datetime | None = None


def acts_of(tx: Tx, thirdparty_ids: Iterable[int]) -> dict[int, list[tuple[str, ClubAct]]]:
    """What these members did about which club, in the order of time; a member without any has an empty list."""
    found: dict[int, list[tuple[str, ClubAct]]] = {member: [] for member in set(thirdparty_ids)}
    for row in tx.rows("club_acts_of", thirdparty_ids=sorted(found)):
        found[row["thirdparty_id"]].append((row["club_id"], ClubAct(at=parse(row["at"]), what=row["act"])))
    return found


def full_acts_of(tx: Tx, thirdparty_id: int) -> list[Act]:
    """A member's acts with who and why, in the order of time."""
    return [_read_act(row) for row in tx.rows("club_acts_of", thirdparty_ids=[thirdparty_id])]


def act_of_key(tx: Tx, key: str) -> Act | None:
    """The act of an idempotency key."""
    row = tx.row("club_act_by_key", act_key=key)
    return _read_act(row) if row else None


def act_by_id(tx: Tx, act_id: str) -> Act | None:
    row = tx.row("club_act_by_id", id=act_id)
    return _read_act(row) if row else None


def insert_act(tx: Tx, act: Act) -> None:
    """Write down what a member did; Conflict when the key was used meanwhile."""
    tx.run(
        "insert_club_act",
        id=act.id,
        thirdparty_id=act.thirdparty_id,
        club_id=act.club_id,
        act=act.act.what,
        at=iso(act.act.at),
        who=act.who[:120],
        reason=act.reason,
        refunds=_write_refunds(act.refunds),
        act_key=act.key,
        input_hash=act.input_hash,
    )


def reassign(tx: Tx, old_id: int, new_id: int) -> None:
    """The acts of a member who was merged into another belong to that one."""
    tx.run("reassign_club_acts", old_id=old_id, new_id=new_id)


def began_at(tx: Tx) -> datetime | None:
    """When the program first decided anything here; None when it has not yet."""
    found = tx.value("program_began")
    return parse(found) if found else None


def stays_of(tx: Tx, thirdparty_ids: Iterable[int]) -> dict[int, dict[str, Stay]]:
    """Where these members stand, by club; those who never were in one have none."""
    found: dict[int, dict[str, Stay]] = {member: {} for member in set(thirdparty_ids)}
    for row in tx.rows("club_stays_of", thirdparty_ids=sorted(found)):
        found[row["thirdparty_id"]][row["club_id"]] = _read_stay(row)
    return found


def page(tx: Tx, club_id: str, last_id: int, limit: int) -> list[tuple[str, Stay]]:
    """Names and stays of a club's members, present and past, by id."""
    rows = tx.rows("club_stays_page", club_id=club_id, last_id=last_id, limit=limit)
    return [(row["name"], _read_stay(row)) for row in rows]


def due(tx: Tx, now: datetime, last_id: int, limit: int) -> list[int]:
    """Members whose club has begun, ended, or wants a reminder since it was last looked at."""
    rows = tx.rows("club_stays_due", now=iso(now), last_id=last_id, limit=limit)
    return [row["thirdparty_id"] for row in rows]


def save_stay(tx: Tx, stay: Stay, *, is_new: bool) -> None:
    """Keep where a member stands now."""
    tx.run(
        "insert_club_stay" if is_new else "update_club_stay",
        thirdparty_id=stay.thirdparty_id,
        club_id=stay.club_id,
        since=iso(stay.span.since),
        grace_from=iso(stay.span.grace_from),
        until_at=iso(stay.span.until),
        is_trial=int(stay.span.is_trial),
        is_in=int(stay.is_in),
        next_at=iso(stay.next_at) if stay.next_at else None,
    )


def _read_act(row: Mapping[str, Any]) -> Act:
    return Act(
        id=row["id"],
        thirdparty_id=row["thirdparty_id"],
        club_id=row["club_id"],
        act=ClubAct(at=parse(row["at"]), what=row["act"]),
        who=row["who"],
        reason=row["reason"],
        key=row["act_key"],
        input_hash=row["input_hash"],
        refunds=_read_refunds(row["refunds"]),
    )


def _read_stay(row: Mapping[str, Any]) -> Stay:
    return Stay(
        thirdparty_id=row["thirdparty_id"],
        club_id=row["club_id"],
        span=Span(
            since=parse(row["since"]),
            grace_from=parse(row["grace_from"]),
            until=parse(row["until_at"]),
            is_trial=bool(row["is_trial"]),
        ),
        is_in=bool(row["is_in"]),
        next_at=parse(row["next_at"]) if row["next_at"] else None,
    )


def _write_refunds(refunds: Sequence[Refund]) -> str:
    return json.dumps(
        [
            [each.document_id, str(each.amount), str(each.vat_rate), each.days_left, each.days]
            for each in refunds
        ]
    )


def _read_refunds(text: str) -> tuple[Refund, ...]:
    return tuple(
        Refund(document_id=document, amount=Decimal(amount), vat_rate=Decimal(vat), days_left=left, days=days)
        for document, amount, vat, left, days in json.loads(text)
    )
