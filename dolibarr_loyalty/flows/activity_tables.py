"""Activities from a file: all of its mistakes at once, and nothing written while there is one; again, no harm."""

from collections.abc import Callable
from dataclasses import dataclass

from dolibarr_loyalty.core.activities import ActivityKind
from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.flows.activities import as_wish, fault_in, find_kind
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.granting import Wish, grant
from dolibarr_loyalty.flows.tables import Table, read_instant, read_table
from dolibarr_loyalty.store import activities
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.members import Known

NEEDED = ("member", "kind", "source", "id")
COLUMNS = (*NEEDED, "at", "evidence")
Find = Callable[[Tx, str], Known]


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What became of a file of activities: granted with their points, refused, or known before."""

    granted: int = 0
    points: int = 0
    refused: int = 0
    known: int = 0


def take_activities(loyalty: Loyalty, name: str, content: bytes, *, find: Find, who: str) -> Taken:
    """Record the activities of a CSV file with the columns member, kind, source, id, at and evidence.

    `find` says which member a text means. Raises FileMistakes; nothing is written then. A file may be taken in
    again, also a longer one: what was recorded before is left as it is.
    """
    table = read_table(name, content, needed=NEEDED, known=COLUMNS)
    with loyalty.database.reading() as tx:
        wishes = _read(tx, loyalty, table, find, who)
    table.check()
    taken = Taken()
    for wish in wishes:
        taken = loyalty.database.decide(lambda tx, wish=wish, so_far=taken: _take(tx, loyalty, wish, so_far))  # type: ignore[misc]
    return taken


def _take(tx: Tx, loyalty: Loyalty, wish: Wish, so_far: Taken) -> Taken:
    source = (wish.source, wish.source_id)
    known = source in activities.by_sources(tx, [source])
    (activity,) = grant(tx, loyalty, [wish])
    return Taken(
        granted=so_far.granted + (not known and not activity.why),
        points=so_far.points + (0 if known else activity.points),
        refused=so_far.refused + (not known and bool(activity.why)),
        known=so_far.known + known,
    )


def _read(tx: Tx, loyalty: Loyalty, table: Table, find: Find, who: str) -> list[Wish]:
    wishes: dict[tuple[str, str], Wish] = {}
    for line, row in table.rows:
        wish = _wish(tx, loyalty, table, line, row, find, who)
        if wish is None:
            continue
        source = (wish.source, wish.source_id)
        first = wishes.setdefault(source, wish)
        if _differ(first, wish.input_hash, wish.thirdparty_id):
            table.wrong(
                line, f"The id {wish.source_id!r} of {wish.source!r} stands in this file with other content."
            )
        before = activities.by_sources(tx, [source]).get(source)
        if before is not None and _differ(wish, before.input_hash, before.thirdparty_id):
            table.wrong(
                line, f"The id {wish.source_id!r} of {wish.source!r} was recorded with other content."
            )
    return list(wishes.values())


def _differ(wish: Wish, input_hash: str, thirdparty_id: int) -> bool:
    return (wish.input_hash, wish.thirdparty_id) != (input_hash, thirdparty_id)


def _wish(
    tx: Tx, loyalty: Loyalty, table: Table, line: int, row: dict[str, str], find: Find, who: str
) -> Wish | None:
    """The wish of a row; None when something is wrong with it, which is noted."""
    found = len(table.mistakes)
    kind: ActivityKind | None = None
    owner, at = 0, None
    try:
        kind = find_kind(loyalty.program, row["kind"])
    except InputError as mistake:
        table.wrong(line, str(mistake))
    try:
        owner = find(tx, row["member"]).member.thirdparty_id
    except InputError as mistake:
        table.wrong(line, str(mistake).splitlines()[0])
    try:
        at = read_instant(row.get("at", ""), loyalty.zone)
    except ValueError:
        table.wrong(line, f"{row['at']!r} is no day and no instant; write 2026-05-17 or 2026-05-17 14:30.")
    source, source_id, evidence = row["source"], row["id"], row.get("evidence", "")
    fault = fault_in(source, source_id, evidence, at, loyalty.now())
    if fault:
        table.wrong(line, fault)
    if kind is None or len(table.mistakes) > found:
        return None
    return as_wish(loyalty, kind, owner, source, source_id, who, at, evidence)
