"""Engine and transactions for SQLite, PostgreSQL and MariaDB; a decision commits whole or not at all."""

import logging
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from dolibarr_loyalty.errors import ConfigurationError, Conflict, StoreUnavailable
from dolibarr_loyalty.store.queries import NamedQueries, named_queries

log = logging.getLogger(__name__)

T = TypeVar("T")
Row = Mapping[str, Any]
ATTEMPTS = 12
LONGEST_LIST = 10_000  # SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535
DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
# What the engines answer when two writers meet: deadlock, lock wait, record changed, serialization, busy.
_COLLISIONS = (
    "1213",
    "1205",
    "1020",
    "40001",
    "40P01",
    "deadlock",
    "database is locked",
    "could not serialize",
)


@dataclass(frozen=True)
class Tx:
    """One transaction: named queries run on its connection."""

    connection: Connection
    queries: NamedQueries

    def rows(self, name: str, /, **parameters: object) -> Sequence[Row]:
        """All rows of a query; none for an empty list of ids, without asking the database.

        A list that is longer than a statement takes is asked for in parts, whose rows follow each other.
        """
        lists = {key: value for key, value in parameters.items() if isinstance(value, (list, tuple))}
        if any(not value for value in lists.values()):
            return ()
        long = next((key for key, value in lists.items() if len(value) > LONGEST_LIST), None)
        if long is not None:
            parts = (lists[long][n : n + LONGEST_LIST] for n in range(0, len(lists[long]), LONGEST_LIST))
            return [row for part in parts for row in self.rows(name, **{**parameters, long: part})]
        rows: Sequence[Row] = getattr(self.queries, name)(self.connection, **parameters)
        return rows

    def row(self, name: str, /, **parameters: object) -> Row | None:
        """The one row of a query, or None."""
        row: Row | None = getattr(self.queries, name)(self.connection, **parameters)
        return row

    def value(self, name: str, /, **parameters: object) -> Any:
        """The one value of a query, or None."""
        return getattr(self.queries, name)(self.connection, **parameters)

    def run(self, name: str, /, **parameters: object) -> int:
        """Run a writing query; gives the number of rows it found."""
        count: int = getattr(self.queries, name)(self.connection, **parameters)
        return count

    def run_many(self, name: str, rows: Sequence[Mapping[str, object]]) -> int:
        """Run a writing query once per row, in as few round trips as the driver can; the rows it found."""
        if not rows:
            return 0
        sql = getattr(self.queries, name).sql
        found = self.queries.driver_adapter.insert_update_delete_many(self.connection, name, sql, rows)
        return int(found)


class Database:
    """The loyalty database. `url` is SQLAlchemy's; postgresql:// and mariadb:// get our drivers.

    `is_durable` makes SQLite wait for the disk at every commit: a voucher spent stays spent after a power cut.
    Only play data goes without. Raises ConfigurationError for a URL of another engine or a driver that is
    not installed.
    """

    def __init__(self, url: str, *, is_durable: bool = True) -> None:
        self.url = normalized(url)
        try:
            self.engine = _engine(self.url, is_durable)
        except ModuleNotFoundError as error:
            extra = "postgresql" if self.url.get_backend_name() == "postgresql" else "mariadb"
            raise ConfigurationError(
                f"The database driver {error.name!r} is not installed. "
                f"Install it with: pip install 'dolibarr-loyalty[{extra}]'"
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """A writing transaction: committed at the end of the block, rolled back by any exception.

        Raises Conflict when another writer was faster, StoreUnavailable when the database fails.
        """
        with self._translated(), self.engine.connect() as connection, connection.begin():
            yield Tx(connection, named_queries())

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """A reading transaction: all its queries see the same moment; on SQLite it does not wait for writers."""
        with self._translated(), self.engine.connect() as connection:
            connection = connection.execution_options(loyalty_reading=True)
            with connection.begin():
                if self.url.get_backend_name() != "sqlite":
                    connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                yield Tx(connection, named_queries())

    def decide(self, decision: Callable[[Tx], T]) -> T:
        """Run read, decide, commit; again from the start whenever another writer was faster.

        Raises StoreUnavailable when the database fails, or when others were faster every time.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.transaction() as tx:
                    return decision(tx)
            except Conflict as conflict:
                if attempt == ATTEMPTS:
                    raise self._unavailable(f"{ATTEMPTS} times in a row {conflict}.") from conflict
                time.sleep(random.uniform(0, 0.01) * 2 ** min(attempt, 5))  # noqa: S311
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError as error:
            raise Conflict(f"another writer was faster: {_first_line(error)}") from error
        except DBAPIError as error:
            message = _first_line(error)
            if any(sign in f"{getattr(error.orig, 'sqlstate', '')} {message}" for sign in _COLLISIONS):
                raise Conflict(f"two writers met: {message}") from error
            raise self._unavailable(message) from error
        except NoConnectionFree as error:
            raise self._unavailable("all its connections are in use.") from error

    def _unavailable(self, message: str) -> StoreUnavailable:
        return StoreUnavailable(
            f"The loyalty database {self.url.render_as_string(hide_password=True)} failed: {message} "
            "Nothing of this step was written; it is safe to run it again once the database works."
        )


def normalized(url: str) -> URL:
    """The URL with our driver; raises ConfigurationError for engines we do not know."""
    try:
        parsed = make_url(url)
    except Exception as error:
        raise ConfigurationError(
            f"The database address {url.split('@')[-1]!r} is not a URL. Write for example "
            "sqlite:///loyalty.sqlite3 or postgresql://user:password@host/name."
        ) from error
    driver = DRIVERS.get(parsed.get_backend_name())
    if driver is None:
        raise ConfigurationError(
            f"The database engine {parsed.get_backend_name()!r} is not supported. "
            "Use sqlite, postgresql or mariadb."
        )
    return parsed.set(drivername=driver)


def _engine(url: URL, is_durable: bool) -> Engine:
    backend = url.get_backend_name()
    if backend == "sqlite":
        engine = create_engine(url, connect_args={"timeout": 30, "isolation_level": None})
        event.listen(engine, "do_connect", _private_file)
        event.listen(engine, "connect", _prepare_sqlite(is_durable))
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if backend == "mysql":
        return create_engine(
            url,
            pool_pre_ping=True,
            isolation_level="READ COMMITTED",
            connect_args={"connect_timeout": 10, "charset": "utf8mb4"},
        )
    return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})


def _private_file(dialect: object, record: object, arguments: list[Any], options: object) -> None:
    """A new SQLite file is its owner's alone: it holds names and addresses. One that exists keeps its mode."""
    name = str(arguments[0]) if arguments else ""
    if name and name != ":memory:" and not name.startswith("file:"):
        with suppress(OSError):  # SQLite says better what is wrong with the place
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _prepare_sqlite(is_durable: bool) -> Callable[[Any, object], None]:
    """Write-ahead log so that readers never wait; foreign keys are off by default on every connection."""

    def prepare(connection: Any, record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={'FULL' if is_durable else 'OFF'}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return prepare


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: a reader that turns writer half-way would fail without waiting."""
    reading = connection.get_execution_options().get("loyalty_reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _first_line(error: DBAPIError) -> str:
    """The driver's words, without the statement and its parameters, which may hold personal data."""
    return (str(error.orig) or type(error).__name__).splitlines()[0]
