"""The tables of tiers: what persons set, what became of members, where they stand and what they were told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dolibarr_loyalty.core.tiers import ManualTier, Step
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id

WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Noted:
    """One row of the record: a step at its place in the member's timeline, replacing all noted from there on.

    A row whose step has the reason WITHDRAWN only takes back what was noted from its place on.
    """

    seq: int
    place: int
    step: Step
    noted_at: datetime


@dataclass(frozen=True, kw_only=True)
class State:
    """Where a member stands in a group: `told_tier` is the tier they know of, `steps` the rows of the record.

    `next_at` is when time alone changes something or a warning is due; None: never.
    """

    thirdparty_id: int
    group_id: str
    tier: str
    told_tier: str
    since: datetime
    until: datetime | None
    next_at: datetime | None
    steps: int = 0


def manual_of(tx: Tx, thirdparty_ids: Iterable[int]) -> dict[int, list[tuple[str, ManualTier]]]:
    """Tiers set by hand (an empty tier: taken back) of these members, with their groups, in order of time."""
    found: dict[int, list[tuple[str, ManualTier]]] = {}
    for row in tx.rows("tier_acts_of_members", thirdparty_ids=sorted(set(thirdparty_ids))):
        found.setdefault(row["thirdparty_id"], []).append((row["group_id"], _act(row)))
    return found


def act_of_key(tx: Tx, request_key: str) -> tuple[ManualTier, str] | None:
    """The act of an idempotency key, and the hash of what was asked for."""
    row = tx.row("tier_act_by_key", request_key=request_key)
    return (_act(row), row["input_hash"]) if row else None


def insert_act(
    tx: Tx, thirdparty_id: int, group_id: str, act: ManualTier, *, request_key: str, input_hash: str
) -> None:
    """Keep what a person did."""
    tx.run(
        "insert_tier_act",
        id=new_id(),
        thirdparty_id=thirdparty_id,
        group_id=group_id,
        tier=act.tier,
        acted_at=iso(act.at),
        until_at=_text(act.until),
        reason=act.reason,
        who=act.who,
        request_key=request_key,
        input_hash=input_hash,
    )


def reassign(tx: Tx, old_id: int, new_id: int) -> None:
    """A member was merged into another: what was set by hand goes along, and nothing comes due any more."""
    tx.run("reassign_tier_acts", old_id=old_id, new_id=new_id)
    for known in states_of(tx, [old_id]).get(old_id, {}).values():
        rest(tx, known)


def steps_of(tx: Tx, thirdparty_ids: Iterable[int]) -> dict[tuple[int, str], list[Noted]]:
    """The whole record of these members by (member, group), in the order of noting."""
    found: dict[tuple[int, str], list[Noted]] = {}
    for row in tx.rows("tier_steps_of_members", thirdparty_ids=sorted(set(thirdparty_ids))):
        found.setdefault((row["thirdparty_id"], row["group_id"]), []).append(_noted(row))
    return found


def standing(record: Iterable[Noted]) -> list[Step]:
    """The steps that hold after all corrections."""
    steps: list[Step] = []
    for noted in record:
        del steps[noted.place :]
        if noted.step.why != WITHDRAWN:
            steps.append(noted.step)
    return steps


def note(tx: Tx, thirdparty_id: int, group_id: str, rows: Sequence[Noted]) -> None:
    """Append to the record; two writers collide on the number of a row."""
    tx.run_many(
        "insert_tier_step",
        [
            {
                "thirdparty_id": thirdparty_id,
                "group_id": group_id,
                "seq": noted.seq,
                "place": noted.place,
                "tier": noted.step.tier,
                "why": noted.step.why,
                "happened_at": iso(noted.step.at),
                "until_at": _text(noted.step.until),
                "qualifying": noted.step.qualifying,
                "before_reset": noted.step.before_reset,
                "noted_at": iso(noted.noted_at),
            }
            for noted in rows
        ],
    )


def states_of(tx: Tx, thirdparty_ids: Iterable[int]) -> dict[int, dict[str, State]]:
    """Where these members stand, by group."""
    found: dict[int, dict[str, State]] = {}
    for row in tx.rows("tier_states_of_members", thirdparty_ids=sorted(set(thirdparty_ids))):
        found.setdefault(row["thirdparty_id"], {})[row["group_id"]] = _state(row)
    return found


def save_states(tx: Tx, states: Sequence[State], *, are_new: bool) -> None:
    """Store where members stand now."""
    rows = [
        {
            "thirdparty_id": state.thirdparty_id,
            "group_id": state.group_id,
            "tier": state.tier,
            "told_tier": state.told_tier,
            "since_at": iso(state.since),
            "until_at": _text(state.until),
            "next_at": _text(state.next_at),
            "steps": state.steps,
        }
        for state in states
    ]
    tx.run_many("insert_tier_state" if are_new else "update_tier_state", rows)


def rest(tx: Tx, state: State) -> None:
    """Time changes nothing for this member in this group any more."""
    tx.run("rest_tier_state", thirdparty_id=state.thirdparty_id, group_id=state.group_id)


def due(tx: Tx, now: datetime, limit: int) -> list[int]:
    """Members for whom something has come due, the longest due first; one of two groups comes twice."""
    return [row["thirdparty_id"] for row in tx.rows("tiers_due", now=iso(now), limit=limit)]


def counts(tx: Tx, group_id: str) -> dict[str, int]:
    """Members per tier, as far as they were ever reviewed."""
    return {row["tier"]: int(row["members"]) for row in tx.rows("members_by_tier", group_id=group_id)}


def members_of(tx: Tx, group_id: str, tier: str, last_id: int, limit: int) -> list[dict[str, Any]]:
    """The members of a tier above an id: thirdparty_id, name, email, since, until."""
    rows = tx.rows("members_of_tier", group_id=group_id, tier=tier, last_id=last_id, limit=limit)
    return [
        {
            "thirdparty_id": row["thirdparty_id"],
            "name": row["name"],
            "email": row["email"],
            "since": parse(row["since_at"]),
            "until": _instant(row["until_at"]),
        }
        for row in rows
    ]


def _act(row: Mapping[str, Any]) -> ManualTier:
    return ManualTier(
        at=parse(row["acted_at"]),
        tier=row["tier"],
        until=_instant(row["until_at"]),
        reason=row["reason"],
        who=row["who"],
    )


def _noted(row: Mapping[str, Any]) -> Noted:
    step = Step(
        at=parse(row["happened_at"]),
        tier=row["tier"],
        why=row["why"],
        until=_instant(row["until_at"]),
        qualifying=row["qualifying"],
        before_reset=row["before_reset"],
    )
    return Noted(seq=row["seq"], place=row["place"], step=step, noted_at=parse(row["noted_at"]))


def _state(row: Mapping[str, Any]) -> State:
    return State(
        thirdparty_id=row["thirdparty_id"],
        group_id=row["group_id"],
        tier=row["tier"],
        told_tier=row["told_tier"],
        since=parse(row["since_at"]),
        until=_instant(row["until_at"]),
        next_at=_instant(row["next_at"]),
        steps=row["steps"],
    )


def _text(instant: datetime | None) -> str | None:
    return iso(instant) if instant else None


def _instant(text: str | None) -> datetime | None:
    return parse(text) if text else None
