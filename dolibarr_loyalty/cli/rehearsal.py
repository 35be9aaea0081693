"""Dry runs: the real journeys over a database that forgets, and books that refuse to write.

One step runs on the real database and is rolled back. Journeys of many steps run on a copy, so that nothing
is locked meanwhile; the copy is SQLite whatever the original is, since both come from the same SQL files.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from sqlalchemy import MetaData, inspect, select

from dolibarr_loyalty.app import App
from dolibarr_loyalty.connectors.protocol import Books
from dolibarr_loyalty.errors import ConfigurationError, InputError
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store.database import Database, Tx
from dolibarr_loyalty.store.migrations import migrate
from dolibarr_loyalty.store.queries import named_queries

PREFIX = "llx_loyalty_"
AT_ONCE = 1000
WRITING = frozenset(
    {
        "create",
        "validate",
        "mark_available",
        "use_credit",
        "settle",
        "delete_draft",
        "show_member",
        "add_event",
        "attach",
        "set_card",
        "draft_payment",
    }
)


class Untouched(Database):
    """The loyalty database, of which every transaction is rolled back."""

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """A transaction that reads what it wrote, and leaves nothing."""
        with self._translated(), self.engine.connect() as connection:
            transaction = connection.begin()
            try:
                yield Tx(connection, named_queries())
            finally:
                transaction.rollback()


class ReadingBooks:
    """Dolibarr for a dry run: whatever would write there is a fault of the dry run, not of the user."""

    def __init__(self, app: App) -> None:
        self._app = app

    def __getattr__(self, name: str) -> object:
        return _refuse if name in WRITING else getattr(self._app.books, name)


def _refuse(*_: object, **__: object) -> NoReturn:
    raise AssertionError("a dry run was about to write into Dolibarr")


@dataclass(frozen=True)
class RehearsedApp(App):
    """A program that changes nothing: over the database given, which is not brought up to date."""

    given: Database | None = None

    @cached_property
    def database(self) -> Database:
        """The database given."""
        if self.given is None:
            raise ConfigurationError("A dry run needs a database.")
        return self.given

    @cached_property
    def loyalty(self) -> Loyalty:
        """The program over books that refuse to write, without mails."""
        books: Books = ReadingBooks(self)  # type: ignore[assignment]
        return self.with_books(books)


def is_there(database: Database) -> bool:
    """Whether the loyalty tables exist; asking creates no file."""
    name = database.url.database
    if database.url.get_backend_name() == "sqlite" and not (name and Path(name).is_file()):
        return False
    with database.reading() as tx:
        return bool(inspect(tx.connection).has_table(f"{PREFIX}members"))


def require_tables(database: Database) -> None:
    """Raises InputError while there is nothing to look at."""
    if not is_there(database):
        raise InputError(
            "The loyalty database is still empty: `dolibarr-loyalty sync` brings in customers and invoices."
        )


@contextmanager
def copied(url: str) -> Iterator[Database]:
    """A copy of the loyalty database with its tables up to date, in a folder only we can read."""
    with tempfile.TemporaryDirectory(prefix="loyalty-dry-run-") as folder:
        copy, source = Database(f"sqlite:///{folder}/copy.sqlite3"), Database(url)
        try:
            migrate(copy)
            if is_there(source):
                _copy_rows(source, copy)
            yield copy
        finally:
            source.close()
            copy.close()


def _copy_rows(source: Database, copy: Database) -> None:
    metadata = MetaData()
    metadata.reflect(copy.engine, only=lambda name, _: name.startswith(PREFIX))
    with source.reading() as reading, copy.transaction() as writing:
        there = inspect(reading.connection)
        for table in metadata.sorted_tables:
            if not there.has_table(table.name):
                continue
            names = {column["name"] for column in there.get_columns(table.name)}
            wanted = select(*(column for column in table.columns if column.name in names))
            rows = reading.connection.execute(wanted).mappings()
            for part in rows.partitions(AT_ONCE):
                writing.connection.execute(table.insert(), [dict(row) for row in part])
