"""Walking over what was modified, by the database's own clock, without losing or repeating a page."""

from datetime import datetime, timedelta
from typing import Any

from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.connectors.dolibarr.clock import TEXT, Zones, shifted
from dolibarr_loyalty.connectors.dolibarr.filters import both, condition, either
from dolibarr_loyalty.connectors.dolibarr.reading import epochs_of, id_of
from dolibarr_loyalty.connectors.protocol import Cursor

# A save stays invisible until its transaction ends, and a webhook inside may hold it for 30 s each
# (facts trap 16): what is committed late carries an old tms and is found by looking back so far.
OVERLAP = timedelta(seconds=120)
BEGINNING = "1970-01-01 00:00:00"


def changed_page(
    client: Client, path: str, cursor: Cursor, limit: int, zones: Zones
) -> tuple[list[Any], Cursor]:
    """The next page of objects by their modification, and the cursor behind it.

    A page shorter than `limit` ends the walk; the next one then begins OVERLAP before the newest change, so
    it shows the last objects again. Texts only: an epoch number in a tms filter matches all rows (trap 10).
    """
    params: dict[str, str | int] = {"sortfield": "t.tms,t.rowid", "sortorder": "ASC", "limit": limit}
    since = _since(cursor)
    if since:
        params["sqlfilters"] = since
    rows = client.get_list(path, params)
    if len(rows) >= limit:
        return rows, _behind(client, path, rows[-1], cursor, zones)
    return rows, _rewound(client, path, rows, cursor, zones)


def newest_change(client: Client, path: str, zones: Zones) -> Cursor:
    """The cursor from which everything modified from now on is found, and a little of what was before."""
    rows = client.get_list(path, {"sortfield": "t.tms", "sortorder": "DESC", "limit": 1})
    if not rows:
        return Cursor()
    return Cursor(since=shifted(_tms(client, path, rows[0], BEGINNING, zones), -OVERLAP))


def _since(cursor: Cursor) -> str:
    if not cursor.since:
        return ""
    if not cursor.last_id:
        return condition("t.tms", ">=", cursor.since)
    same = both(condition("t.tms", "=", cursor.since), condition("t.rowid", ">", cursor.last_id))
    return either(condition("t.tms", ">", cursor.since), "(" + same + ")")


def _behind(client: Client, path: str, row: Any, cursor: Cursor, zones: Zones) -> Cursor:
    since = _tms(client, path, row, cursor.since or BEGINNING, zones)
    return Cursor(since=since, last_id=id_of(row) or 0)


def _tms(client: Client, path: str, row: Any, low: str, zones: Zones) -> str:
    """The tms of a row, which is not before `low`.

    The row's modification date is only a guess at its tms: on 23 a third party shows the later one of its
    own and its extrafields' and nothing when it has no extrafields, and in the hour that spring skips PHP
    reads another time than was written. So the guess is checked, and a wrong one replaced by searching.
    """
    identifier = id_of(row) or 0
    guess = zones.database_text(epochs_of(row)[1])
    if guess and _exists(client, path, identifier, "=", guess):
        return guess
    return _search(client, path, identifier, low)


def _rewound(client: Client, path: str, rows: list[Any], cursor: Cursor, zones: Zones) -> Cursor:
    for row in reversed(rows):
        guess = zones.database_text(epochs_of(row)[1])
        if guess:
            back = shifted(guess, -OVERLAP)
            if back <= cursor.since and not cursor.last_id:
                return cursor
            if _exists(client, path, id_of(row) or 0, ">=", back):
                return Cursor(since=back)
            break
    return Cursor(since=shifted(cursor.since, -OVERLAP)) if cursor.last_id else cursor


def _search(client: Client, path: str, identifier: int, low: str) -> str:
    """The tms of a row to the second, by halving: some thirty small requests, needed rarely."""
    first, last = datetime.strptime(low, TEXT), datetime.now() + timedelta(days=2)
    while last - first > timedelta(seconds=1):
        middle = (first + (last - first) / 2).replace(microsecond=0)
        if _exists(client, path, identifier, ">=", middle.strftime(TEXT)):
            first = middle
        else:
            last = middle
    return first.strftime(TEXT)


def _exists(client: Client, path: str, identifier: int, operator: Any, text: str) -> bool:
    filters = both(condition("t.rowid", "=", identifier), condition("t.tms", operator, text))
    return bool(client.get_list(path, {"sqlfilters": filters, "limit": 1, "properties": "id"}))
