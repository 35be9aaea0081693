"""The tables of benefits: who is entitled by now, and every step, which is only inserted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from dolibarr_loyalty.core.money import from_minor, to_minor
from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.store.database import Tx

What = Literal["granted", "withdrawn", "used", "undone", "given"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A member's claim to a benefit as it stands; `next_at` is when time alone changes something about it."""

    thirdparty_id: int
    benefit_id: str
    source: str
    since: datetime
    until: datetime | None = None
    is_held: bool = True
    next_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that happened to a member's benefit. `worth` is what a use or a gift was worth, where known.

    `origin` is the third party it happened to, `thirdparty_id` the one it counts for after merges.
    """

    id: str
    thirdparty_id: int
    origin: int
    benefit_id: str
    seq: int
    what: What
    at: datetime
    source: str = ""
    who: str = ""
    note: str = ""
    reference: str = ""
    occasion: str = ""
    points: int = 0
    worth: Decimal = ZERO
    currency: str = "EUR"
    undoes: str | None = None
    key: str
    input_hash: str = ""


@dataclass(frozen=True, kw_only=True)
class Value:
    """What the benefits of a source were worth: uses whose worth was noted, points and rewards given."""

    used: Decimal = ZERO
    points: int = 0
    rewards: Decimal = ZERO


def entries_of(tx: Tx, thirdparty_ids: Iterable[int]) -> dict[int, dict[str, Entry]]:
    """What these members are and were entitled to, by benefit."""
    found: dict[int, dict[str, Entry]] = {member: {} for member in set(thirdparty_ids)}
    for row in tx.rows("entitlements_of", thirdparty_ids=sorted(found)):
        found[row["thirdparty_id"]][row["benefit_id"]] = _read_entry(row)
    return found


def due(tx: Tx, now: datetime, last_id: int, limit: int) -> list[int]:
    """Members whose benefits changed by time alone since they were last looked at."""
    rows = tx.rows("entitlements_due", now=iso(now), last_id=last_id, limit=limit)
    return [row["thirdparty_id"] for row in rows]


def save(tx: Tx, entry: Entry, *, is_new: bool) -> None:
    """Keep a claim as it stands now."""
    tx.run(
        "insert_entitlement" if is_new else "update_entitlement",
        thirdparty_id=entry.thirdparty_id,
        benefit_id=entry.benefit_id,
        source=entry.source[:190],
        since=iso(entry.since),
        until_at=iso(entry.until) if entry.until else None,
        is_held=int(entry.is_held),
        next_at=iso(entry.next_at) if entry.next_at else None,
    )


def steps_of(tx: Tx, thirdparty_id: int) -> list[Step]:
    """Everything that happened to a member's benefits, in the order of time."""
    return [_read_step(row) for row in tx.rows("benefit_steps_of", thirdparty_id=thirdparty_id)]


def step_of_key(tx: Tx, key: str) -> Step | None:
    """The step of an idempotency key."""
    row = tx.row("benefit_step_by_key", step_key=key)
    return _read_step(row) if row else None


def standing_uses(steps: Sequence[Step], benefit_id: str) -> list[Step]:
    """The uses of a benefit that nobody undid."""
    undone = {step.undoes for step in steps if step.what == "undone"}
    uses = [step for step in steps if step.what == "used" and step.benefit_id == benefit_id]
    return [step for step in uses if step.id not in undone]


def next_seq(steps: Sequence[Step], origin: int, benefit_id: str) -> int:
    """The number of the next step: whoever read the same steps writes the same one, and one of them collides."""
    own = (step.seq for step in steps if (step.origin, step.benefit_id) == (origin, benefit_id))
    return max(own, default=0) + 1


def insert_step(tx: Tx, step: Step) -> None:
    """Write a step down; Conflict when another writer was faster."""
    tx.run(
        "insert_benefit_step",
        id=step.id,
        thirdparty_id=step.thirdparty_id,
        origin_id=step.origin,
        benefit_id=step.benefit_id,
        seq=step.seq,
        step=step.what,
        at=iso(step.at),
        source=step.source[:190],
        who=step.who[:120],
        note=step.note,
        reference=step.reference[:190],
        occasion=step.occasion,
        points=step.points,
        worth_minor=to_minor(step.worth, step.currency),
        currency=step.currency,
        undoes_id=step.undoes,
        step_key=step.key,
        input_hash=step.input_hash,
    )


def reassign(tx: Tx, old_id: int, new_id: int) -> None:
    """The steps of a member who was merged into another count for that one."""
    tx.run("reassign_benefit_steps", old_id=old_id, new_id=new_id)


def value_from(tx: Tx, thirdparty_id: int, source: str) -> Value:
    """What a member had from the benefits of one tier or club, as far as its worth is known."""
    steps = steps_of(tx, thirdparty_id)
    undone = {step.undoes for step in steps if step.what == "undone"}
    uses = [step for step in steps if step.what == "used" and step.source == source and step.id not in undone]
    gifts = [step for step in steps if step.what == "given" and step.source == source]
    return Value(
        used=sum((step.worth for step in uses), ZERO),
        points=sum(step.points for step in gifts),
        rewards=sum((step.worth for step in gifts), ZERO),
    )


def _read_entry(row: Mapping[str, Any]) -> Entry:
    return Entry(
        thirdparty_id=row["thirdparty_id"],
        benefit_id=row["benefit_id"],
        source=row["source"],
        since=parse(row["since"]),
        until=parse(row["until_at"]) if row["until_at"] else None,
        is_held=bool(row["is_held"]),
        next_at=parse(row["next_at"]) if row["next_at"] else None,
    )


def _read_step(row: Mapping[str, Any]) -> Step:
    return Step(
        id=row["id"],
        thirdparty_id=row["thirdparty_id"],
        origin=row["origin_id"],
        benefit_id=row["benefit_id"],
        seq=row["seq"],
        what=row["step"],
        at=parse(row["at"]),
        source=row["source"],
        who=row["who"],
        note=row["note"],
        reference=row["reference"],
        occasion=row["occasion"],
        points=row["points"],
        worth=from_minor(row["worth_minor"], row["currency"]),
        currency=row["currency"],
        undoes=row["undoes_id"],
        key=row["step_key"],
        input_hash=row["input_hash"],
    )
