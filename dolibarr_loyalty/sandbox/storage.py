"""Rows in memory, written through to one SQLite file at the end of each transaction."""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = dict[str, Any]

INDEXED: dict[str, tuple[str, ...]] = {
    "thirdparty": ("email", "barcode", "ref_ext", "nom", "code_client"),
    "invoice": ("ref", "ref_ext", "fk_soc", "fk_facture_source"),
    "discount": ("fk_soc", "fk_facture", "fk_facture_source"),
    "payment_part": ("fk_facture", "fk_paiement"),
    "contact": ("fk_soc", "email"),
    "supplier_invoice": ("ref_supplier", "ref_ext"),
    "product": ("ref",),
    "event": ("fk_soc",),
    "extrafield": ("elementtype",),
    "category_link": ("fk_categorie", "fk_object"),
    "setting": ("name",),
}

_SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (kind TEXT, id INTEGER, body TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counters (kind TEXT PRIMARY KEY, last INTEGER);
"""


def _folded(value: Any) -> Any:
    # MariaDB compares without case, so does the index.
    return value.casefold() if isinstance(value, str) else value


class _Table:
    """The rows of one kind, their ids in order, and the indexes on their columns."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self.rows: dict[int, Row] = {}
        self.ids: list[int] = []
        self.indexes: dict[str, dict[Any, set[int]]] = {column: {} for column in columns}

    def put(self, rowid: int, row: Row | None) -> Row | None:
        """Replace a row (None removes it) and return what stood there."""
        before = self.rows.get(rowid)
        self._reindex(rowid, before, row)
        if row is not None:
            self.rows[rowid] = row
            if before is None:
                self._add_id(rowid)
        elif before is not None:
            del self.rows[rowid]
            del self.ids[bisect_left(self.ids, rowid)]
        return before

    def _add_id(self, rowid: int) -> None:
        if not self.ids or rowid > self.ids[-1]:
            self.ids.append(rowid)
        else:
            insort(self.ids, rowid)

    def _reindex(self, rowid: int, before: Row | None, after: Row | None) -> None:
        for column, index in self.indexes.items():
            old = None if before is None else _folded(before.get(column))
            new = None if after is None else _folded(after.get(column))
            if before is not None and (after is None or old != new):
                index.get(old, set()).discard(rowid)
            if after is not None and (before is None or old != new):
                index.setdefault(new, set()).add(rowid)


class Store:
    """Tables of rows; a row is replaced, never changed in place, so undoing is putting the old one back."""

    def __init__(self, path: Path | None = None) -> None:
        self._tables: dict[str, _Table] = {}
        self._counters: dict[str, int] = {}
        self._journal: dict[tuple[str, int], Row | None] | None = None
        self.on_change: Callable[[str, Row], None] = lambda kind, row: None
        self._file = sqlite3.connect(path, check_same_thread=False) if path is not None else None
        if self._file is not None:
            self._load(self._file)

    def _load(self, file: sqlite3.Connection) -> None:
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("PRAGMA synchronous=OFF")  # survives kill -9 of the process; power loss is no concern
        file.executescript(_SCHEMA)
        for kind, rowid, body in file.execute("SELECT kind, id, body FROM rows ORDER BY kind, id"):
            self._table(kind).put(rowid, json.loads(body))
        self._counters.update(file.execute("SELECT kind, last FROM counters"))

    def close(self) -> None:
        """Close the file; the memory stays readable."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _table(self, kind: str) -> _Table:
        if kind not in self._tables:
            self._tables[kind] = _Table(INDEXED.get(kind, ()))
        return self._tables[kind]

    def get(self, kind: str, rowid: int) -> Row | None:
        """The row with this id."""
        return self._table(kind).rows.get(rowid)

    def rows(self, kind: str, *, after: int | None = None, backwards: bool = False) -> Iterator[Row]:
        """Rows in id order, optionally only those above an id."""
        table = self._table(kind)
        start = 0 if after is None else bisect_right(table.ids, after)
        ids = table.ids[start:]
        return (table.rows[rowid] for rowid in (reversed(ids) if backwards else ids))

    def count(self, kind: str) -> int:
        """How many rows of this kind there are."""
        return len(self._table(kind).rows)

    def find(self, kind: str, column: str, value: Any) -> list[Row]:
        """Rows whose indexed column has this value, in id order."""
        table = self._table(kind)
        return [table.rows[rowid] for rowid in sorted(table.indexes[column].get(_folded(value), ()))]

    def insert(self, kind: str, columns: Row, *, rowid: int | None = None) -> Row:
        """Add a row under the next id (or the one given)."""
        chosen = rowid if rowid is not None else self.next_id(kind)
        self._counters[kind] = max(self._counters.get(kind, 0), chosen)
        row = {"rowid": chosen, **columns}
        self._put(kind, chosen, row)
        return row

    def next_id(self, kind: str) -> int:
        """Take a number from a sequence; like MariaDB's, it is not given back by a rollback."""
        self._counters[kind] = self._counters.get(kind, 0) + 1
        return self._counters[kind]

    def change(self, kind: str, rowid: int, columns: Row) -> Row:
        """Replace some columns of a row."""
        row = {**self._table(kind).rows[rowid], **columns}
        self._put(kind, rowid, row)
        return row

    def remove(self, kind: str, rowid: int) -> None:
        """Take a row out; a missing one is no error."""
        self._put(kind, rowid, None)

    def _put(self, kind: str, rowid: int, row: Row | None) -> None:
        if self._journal is None:
            raise RuntimeError("rows are only written inside a transaction")
        before = self._table(kind).put(rowid, row)
        self._journal.setdefault((kind, rowid), before)
        for touched in (before, row):
            if touched is not None:
                self.on_change(kind, touched)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; an inner transaction belongs to the outer one."""
        if self._journal is not None:
            yield
            return
        self._journal = {}
        try:
            yield
            self._write(self._journal)
        except BaseException:
            self._swap(self._journal)
            raise
        finally:
            self._journal = None

    def _write(self, journal: dict[tuple[str, int], Row | None]) -> None:
        if self._file is None or not journal:
            return
        now = [(kind, rowid, self._table(kind).rows.get(rowid)) for kind, rowid in journal]
        kept = [(kind, rowid, json.dumps(row)) for kind, rowid, row in now if row is not None]
        gone = [(kind, rowid) for kind, rowid, row in now if row is None]
        with self._file:
            self._file.executemany("INSERT OR REPLACE INTO rows VALUES (?, ?, ?)", kept)
            self._file.executemany("DELETE FROM rows WHERE kind = ? AND id = ?", gone)
            self._file.executemany("INSERT OR REPLACE INTO counters VALUES (?, ?)", self._counters.items())

    def _swap(self, journal: dict[tuple[str, int], Row | None]) -> dict[tuple[str, int], Row | None]:
        return {place: self._swap_one(*place, row) for place, row in journal.items()}

    def _swap_one(self, kind: str, rowid: int, row: Row | None) -> Row | None:
        there = self._table(kind).put(rowid, row)
        for touched in (there, row):
            if touched is not None:
                self.on_change(kind, touched)
        return there

    @contextmanager
    def as_others_see_it(self) -> Iterator[None]:
        """Show the state before this transaction, as another database session sees it (trap 16)."""
        pending = self._swap(self._journal or {})
        try:
            yield
        finally:
            self._swap(pending)
