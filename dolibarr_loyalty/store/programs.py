"""The table of program acts: which version came into force when, by whom, and why; never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.store.database import Tx

LONGEST_REASON = 2000


@dataclass(frozen=True, kw_only=True)
class Act:
    """A version of the program comes into force; acts are numbered from 1, so two of them collide.

    `previous_hash` is empty for the first one. `reason` is empty where nothing that was promised got worse.
    Until `grandfather_until` (included) members have the old terms of what can be kept.
    """

    number: int
    hash: str
    previous_hash: str
    applied_at: datetime
    who: str
    reason: str = ""
    grandfather_until: date | None = None

    @property
    def is_by_hand(self) -> bool:
        """A person decided it, rather than it coming into force by itself."""
        return bool(self.reason or self.grandfather_until)


def acts(tx: Tx) -> list[Act]:
    """All acts, the first one first."""
    return [_read(row) for row in tx.rows("program_acts")]


def last_act(tx: Tx) -> Act | None:
    """The act that put in force what holds now."""
    row = tx.row("last_program_act")
    return _read(row) if row else None


def grandfathering(tx: Tx, today: date) -> list[Act]:
    """The acts before which members still have old terms today."""
    return [_read(row) for row in tx.rows("grandfathering_acts", today=today.isoformat())]


def newest_version(tx: Tx) -> str | None:
    """The version that was last kept by anybody's work."""
    found: str | None = tx.value("newest_program_version")
    return found


def insert(tx: Tx, act: Act) -> None:
    """Write an act down; Conflict when another one came first."""
    tx.run(
        "insert_program_act",
        number=act.number,
        hash=act.hash,
        previous_hash=act.previous_hash,
        applied_at=iso(act.applied_at),
        who=act.who[:64],
        reason=act.reason[:LONGEST_REASON],
        grandfather_until=act.grandfather_until.isoformat() if act.grandfather_until else "",
    )


def _read(row: Mapping[str, Any]) -> Act:
    until = row["grandfather_until"]
    return Act(
        number=row["number"],
        hash=row["hash"],
        previous_hash=row["previous_hash"],
        applied_at=parse(row["applied_at"]),
        who=row["who"],
        reason=row["reason"],
        grandfather_until=date.fromisoformat(until) if until else None,
    )
