"""The table of birthdays: when members were born, as Dolibarr or a person last said, and what it was before."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.store.database import Tx

Origin = Literal["dolibarr", "person"]


@dataclass(frozen=True, kw_only=True)
class Birth:
    """A member's birthday; `born` is None where it was taken back. `before` is what was said until `changed_at`."""

    thirdparty_id: int
    born: date | None
    origin: Origin
    seen_at: datetime
    before: date | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Celebrant:
    """A member whose day comes round: born or joined on it."""

    thirdparty_id: int
    joined_at: datetime
    born: date | None = None


def load(tx: Tx, thirdparty_ids: Iterable[int]) -> dict[int, Birth]:
    """The known birthdays of these members."""
    rows = tx.rows("birthdays_by_ids", thirdparty_ids=sorted(set(thirdparty_ids)))
    return {row["thirdparty_id"]: _read(row) for row in rows}


def from_dolibarr(tx: Tx, last_id: int, limit: int) -> list[Birth]:
    """Birthdays that came from Dolibarr, by member."""
    return [_read(row) for row in tx.rows("birthdays_page", last_id=last_id, limit=limit)]


def born_on(tx: Tx, month_days: Iterable[str], last_id: int, limit: int) -> list[Celebrant]:
    """Members born on one of these days of the year ('05-17'), by id."""
    return list(_celebrants(tx, "birthdays_on", month_days, last_id, limit))


def joined_on(tx: Tx, month_days: Iterable[str], last_id: int, limit: int) -> list[Celebrant]:
    """Members who joined on one of these days of the year, in UTC, by id."""
    return list(_celebrants(tx, "joined_on", month_days, last_id, limit))


def save(
    tx: Tx, known: Birth | None, thirdparty_id: int, born: date | None, origin: Origin, now: datetime
) -> bool:
    """Store a birthday as it reads now; gives whether anything differs. `known` is what is stored."""
    if (known.born if known else None) == born and (known is None or known.origin == origin):
        return False
    values = {
        "thirdparty_id": thirdparty_id,
        "born": born.isoformat() if born else "",
        "month_day": f"{born:%m-%d}" if born else "",
        "origin": origin,
        "seen_at": iso(now),
    }
    if known is None:
        tx.run("insert_birthday", **values)
    else:
        before = known.born if known.born != born else known.before
        changed_at = now if known.born != born else known.changed_at
        tx.run(
            "update_birthday",
            **values,
            born_before=before.isoformat() if before else None,
            changed_at=iso(changed_at) if changed_at else None,
        )
    return True


def _celebrants(
    tx: Tx, query: str, month_days: Iterable[str], last_id: int, limit: int
) -> Iterator[Celebrant]:
    for row in tx.rows(query, month_days=sorted(month_days), last_id=last_id, limit=limit):
        born = row.get("born")
        yield Celebrant(
            thirdparty_id=row["thirdparty_id"],
            joined_at=parse(row["joined_at"]),
            born=date.fromisoformat(born) if born else None,
        )


def _read(row: Mapping[str, Any]) -> Birth:
    return Birth(
        thirdparty_id=row["thirdparty_id"],
        born=_day(row["born"]),
        origin=row["origin"],
        seen_at=parse(row["seen_at"]),
        before=_day(row["born_before"]),
        changed_at=parse(row["changed_at"]) if row["changed_at"] else None,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
