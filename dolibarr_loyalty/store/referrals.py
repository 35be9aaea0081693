"""The tables of referrals: who recommended us to whom, and every state that has been in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dolibarr_loyalty.core.referrals import ReferralState, Referred
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.store.activities import source_key
from dolibarr_loyalty.store.database import Row, Tx

SOURCE = "referral"


def insert(tx: Tx, referral: Referred, *, input_hash: str) -> None:
    """Store a new referral; Conflict when another writer used its source's id meanwhile."""
    tx.run(
        "insert_referral",
        id=referral.id,
        source_key=source_key(SOURCE, referral.source_id),
        source_id=referral.source_id,
        input_hash=input_hash,
        referrer_id=referral.referrer_id,
        friend_id=referral.friend_id,
        friend_email=referral.friend_email,
        friend_key=referral.friend_key,
        referred_at=iso(referral.referred_at),
        valid_until=iso(referral.valid_until),
    )


def step(tx: Tx, referral: Referred, *, at: datetime) -> None:
    """Note a referral's new state and the points it holds; Conflict when another worker was faster."""
    tx.run(
        "insert_referral_step",
        referral_id=referral.id,
        seq=referral.generation,
        state=str(referral.state),
        why=referral.why,
        referrer_points=referral.referrer_points,
        friend_points=referral.friend_points,
        changed_at=iso(at),
    )


def by_source(tx: Tx, source_id: str) -> tuple[Referred, str] | None:
    """The referral of an id of its source, and the hash of what it was made from."""
    row = tx.row("referral_by_source", source_key=source_key(SOURCE, source_id))
    return (_read(tx, [row])[0], row["input_hash"]) if row else None


def of_friend(tx: Tx, friend_id: int, friend_key: str) -> list[Referred]:
    """The referrals of a friend, the first one first; those that named only the friend's address too."""
    return _read(tx, tx.rows("referrals_of_friend", friend_id=friend_id, friend_key=friend_key))


def of_referrer(tx: Tx, referrer_id: int) -> list[Referred]:
    """The referrals a member made, the first one first."""
    return _read(tx, tx.rows("referrals_of_referrer", referrer_id=referrer_id))


def page(tx: Tx, limit: int, last_id: str = "g") -> list[Referred]:
    """Referrals with ids below `last_id`, the newest first."""
    return _read(tx, tx.rows("referrals_page", last_id=last_id, limit=limit))


def name_friend(tx: Tx, referral_id: str, friend_id: int) -> None:
    """The friend who was named by an address is this customer."""
    tx.run("name_friend", id=referral_id, friend_id=friend_id)


def reassign(tx: Tx, old_id: int, new_id: int) -> None:
    """The referrals of a member who was merged into another belong to that one, on both sides."""
    tx.run("reassign_referrers", old_id=old_id, new_id=new_id)
    tx.run("reassign_friends", old_id=old_id, new_id=new_id)


def _read(tx: Tx, rows: Sequence[Row]) -> list[Referred]:
    steps: dict[str, Mapping[str, Any]] = {}
    for each in tx.rows("steps_of_referrals", referral_ids=[row["id"] for row in rows]):
        steps[each["referral_id"]] = each  # in order, so the last one stays
    return [_referred(row, steps[row["id"]]) for row in rows]


def _referred(row: Mapping[str, Any], last: Mapping[str, Any]) -> Referred:
    return Referred(
        id=row["id"],
        referrer_id=row["referrer_id"],
        friend_id=row["friend_id"],
        friend_email=row["friend_email"],
        friend_key=row["friend_key"],
        source_id=row["source_id"],
        referred_at=parse(row["referred_at"]),
        valid_until=parse(row["valid_until"]),
        state=ReferralState(last["state"]),
        why=last["why"],
        generation=last["seq"],
        changed_at=parse(last["changed_at"]),
        referrer_points=last["referrer_points"],
        friend_points=last["friend_points"],
    )
