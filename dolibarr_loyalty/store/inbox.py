"""The inbox: hints that something changed in Dolibarr; a hint says where to look, never what is true."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dolibarr_loyalty.core.times import iso
from dolibarr_loyalty.store.database import Tx


@dataclass(frozen=True, kw_only=True)
class Hint:
    """Something to look at: 'invoice:12' or 'thirdparty:7'."""

    topic: str
    generation: int
    attempts: int

    @property
    def kind(self) -> str:
        return self.topic.partition(":")[0]

    @property
    def id(self) -> int:
        return int(self.topic.partition(":")[2])


def put(tx: Tx, topic: str, now: datetime) -> None:
    """Record a hint; a flood about one object stays one row."""
    if not tx.run("repeat_hint", topic=topic, received_at=iso(now)):
        tx.run("insert_hint", topic=topic, received_at=iso(now))


def due(tx: Tx, now: datetime, limit: int) -> list[Hint]:
    """Hints to follow now, oldest first."""
    return [_read(row) for row in tx.rows("due_hints", now=iso(now), limit=limit)]


def finish(tx: Tx, hint: Hint) -> None:
    """A hint was followed; it stays if it was given again meanwhile."""
    tx.run("finish_hint", topic=hint.topic, generation=hint.generation)


def postpone(tx: Tx, hint: Hint, *, until: datetime, error: str, give_up: bool = False) -> None:
    """A hint could not be followed yet; `give_up` leaves it for a person."""
    tx.run(
        "postpone_hint",
        topic=hint.topic,
        generation=hint.generation,
        status="failed" if give_up else "pending",
        due_at=iso(until),
        last_error=error[:2000],
    )


def _read(row: Mapping[str, Any]) -> Hint:
    return Hint(topic=row["topic"], generation=row["generation"], attempts=row["attempts"])
