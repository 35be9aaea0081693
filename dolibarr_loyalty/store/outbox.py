"""The outbox: effects wanted outside, stored in the same transaction as the decision that wants them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dolibarr_loyalty.core.effects import Effect
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id


@dataclass(frozen=True, kw_only=True)
class Row:
    """An effect in the outbox and how its delivery stands."""

    id: str
    effect: Effect
    status: str
    generation: int
    attempts: int
    due_at: datetime
    created_at: datetime
    last_error: str


def put(tx: Tx, effects: Iterable[Effect], now: datetime) -> None:
    """Want effects. One that shows a state is wanted anew; one that happens once is not repeated."""
    wanted = {effect.key: effect for effect in effects}
    known = {row["effect_key"] for row in tx.rows("effects_by_keys", effect_keys=sorted(wanted))}
    rows, again = [], []
    for key, effect in wanted.items():
        due_at = iso(effect.due_at or now)
        payload = json.dumps(effect.payload, sort_keys=True, ensure_ascii=False)
        if key not in known:
            rows.append(
                {
                    "id": new_id(),
                    "effect_key": key,
                    "kind": effect.kind,
                    "thirdparty_id": effect.thirdparty_id,
                    "payload": payload,
                    "due_at": due_at,
                    "created_at": iso(now),
                }
            )
        elif effect.shows_state:
            again.append({"effect_key": key, "payload": payload, "due_at": due_at})
    tx.run_many("want_effect_again", again)
    tx.run_many("insert_effect", rows)


def due(tx: Tx, now: datetime, limit: int) -> list[Row]:
    """Effects to carry out now, oldest first, with those whose worker has not come back."""
    return [_read(row) for row in tx.rows("due_effects", now=iso(now), limit=limit)]


def claim(tx: Tx, row: Row, worker: str, now: datetime, lease: timedelta) -> Row | None:
    """Take an effect for a while; None when another worker was faster."""
    found = tx.run("claim_effect", id=row.id, worker=worker, now=iso(now), claimed_until=iso(now + lease))
    fresh = tx.row("effect_by_id", id=row.id) if found else None
    return _read(fresh) if fresh else None


def finish(tx: Tx, row: Row, worker: str, now: datetime) -> None:
    """An effect is carried out; it stays due if it was wanted anew meanwhile."""
    done = tx.run("finish_effect", id=row.id, worker=worker, generation=row.generation, done_at=iso(now))
    if not done:
        tx.run("release_effect", id=row.id, worker=worker, status="pending", due_at=iso(now), last_error=None)


def release(tx: Tx, row: Row, worker: str, *, status: str, due_at: datetime, error: str) -> None:
    """An effect failed: it waits until `due_at` ('pending') or for a person ('failed')."""
    tx.run(
        "release_effect", id=row.id, worker=worker, status=status, due_at=iso(due_at), last_error=error[:2000]
    )


def by_keys(tx: Tx, keys: Iterable[str]) -> dict[str, Row]:
    """Effects by their keys."""
    return {
        row["effect_key"]: _read(row) for row in tx.rows("effects_by_keys", effect_keys=sorted(set(keys)))
    }


def page(tx: Tx, status: str | None, last_id: str, limit: int) -> list[Row]:
    """Effects of one status, or (None) all that are not done."""
    return [_read(row) for row in tx.rows("outbox_page", status=status, last_id=last_id, limit=limit)]


def _read(row: Mapping[str, Any]) -> Row:
    effect = Effect(
        key=row["effect_key"],
        kind=row["kind"],
        thirdparty_id=row["thirdparty_id"],
        payload=json.loads(row["payload"]),
    )
    return Row(
        id=row["id"],
        effect=effect,
        status=row["status"],
        generation=row["generation"],
        attempts=row["attempts"],
        due_at=parse(row["due_at"]),
        created_at=parse(row["created_at"]),
        last_error=row["last_error"] or "",
    )
