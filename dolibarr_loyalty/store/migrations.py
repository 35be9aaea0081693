"""Brings the tables up to date with the numbered files of `sql/migrations`, by yoyo-migrations."""

import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from yoyo import exceptions, get_backend, read_migrations

from dolibarr_loyalty.errors import StoreUnavailable
from dolibarr_loyalty.resources import folder
from dolibarr_loyalty.store.database import Database

logging.getLogger("yoyo").setLevel(logging.WARNING)
LOCK_SECONDS = 30
STARTS = 20


def migrate(database: Database) -> int:
    """Apply what is missing and give the number of steps; nothing when the tables are up to date.

    Every step may run again: MariaDB commits at each DDL statement, so a run that was killed leaves some
    applied. Raises StoreUnavailable when the database does not answer or another migration holds its lock.
    """
    for _ in range(STARTS):
        try:
            return _migrate(database)
        except _Starting:
            time.sleep(0.2)
    return _migrate(database)


class _Starting(Exception):
    """Another process is just making yoyo's own tables, which yoyo does without its lock."""


def _migrate(database: Database) -> int:
    migrations = read_migrations(str(folder("sql") / "migrations"))
    with _opened(database) as backend:
        if not backend.to_apply(migrations):
            return 0
        with backend.lock(timeout=LOCK_SECONDS):
            missing = backend.to_apply(migrations)
            backend.apply_migrations(missing)
            return len(missing)


def pending(database: Database) -> int:
    """How many steps the tables are behind."""
    with _opened(database) as backend:
        return len(backend.to_apply(read_migrations(str(folder("sql") / "migrations"))))


@contextmanager
def _opened(database: Database) -> Iterator[Any]:
    """yoyo's connection, closed at the end of the block, which yoyo leaves open; its failures in our words."""
    url = database.url
    if url.get_backend_name() == "mysql":
        url = url.set(drivername="mysql")  # yoyo's name for PyMySQL
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # yoyo calls PyMySQL by names of old
        try:
            backend = get_backend(url.render_as_string(hide_password=False))
            try:
                yield backend
            finally:
                backend.connection.close()
        except exceptions.LockTimeout as error:
            raise StoreUnavailable(
                "Another process is changing the loyalty tables, or one was killed while it did. If none is "
                "running, empty the table yoyo_lock and run this again."
            ) from error
        except AssertionError as error:  # yoyo finds its own tables half made
            raise _Starting from error
        except Exception as error:  # each driver has exceptions of its own
            raise StoreUnavailable(
                f"The loyalty database {url.render_as_string(hide_password=True)} does not answer: "
                f"{str(error).splitlines()[0] if str(error) else type(error).__name__}"
            ) from error
