"""The tables come into being once: twice in a row, interrupted half-way, by two processes at once."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from sqlalchemy import inspect
from yoyo import read_migrations
from yoyo.backends.base import DatabaseBackend

from dolibarr_loyalty.errors import StoreUnavailable
from dolibarr_loyalty.resources import folder
from dolibarr_loyalty.store import migrations
from dolibarr_loyalty.store.database import Database
from dolibarr_loyalty.store.migrations import migrate, pending

STEPS = len(list((folder("sql") / "migrations").glob("*.sql")))
TABLES = {"entries", "lots", "allocations", "accounts", "members", "documents", "vouchers", "voucher_steps"}


@pytest.fixture
def fresh(new_database: str) -> Iterator[Database]:
    database = Database(new_database)
    yield database
    database.close()


def tables(database: Database) -> set[str]:
    names = inspect(database.engine).get_table_names()
    return {name.removeprefix("llx_loyalty_") for name in names if name.startswith("llx_loyalty_")}


def test_migrating_twice_does_it_once(fresh: Database) -> None:
    assert pending(fresh) == STEPS
    assert migrate(fresh) == STEPS
    assert tables(fresh) >= TABLES
    assert (migrate(fresh), pending(fresh)) == (0, 0)


def test_an_interrupted_migration_goes_on(fresh: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    class PulledPlug(BaseException):
        pass

    backend_class = DatabaseBackend
    real = backend_class.apply_one
    done: list[object] = []

    def apply_some(self: object, migration: object, *args: object, **kwargs: object) -> None:
        if len(done) == 9:
            raise PulledPlug
        done.append(migration)
        real(self, migration, *args, **kwargs)

    monkeypatch.setattr(backend_class, "apply_one", apply_some)
    with pytest.raises(PulledPlug):
        migrate(fresh)
    monkeypatch.undo()
    # A step that was carried out but not written down (MariaDB commits at each DDL) runs again unharmed.
    first = next(iter(read_migrations(str(folder("sql") / "migrations"))))
    with fresh.engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM _yoyo_migration WHERE migration_id = '{first.id}'")
    assert migrate(fresh) == STEPS - 9 + 1
    assert tables(fresh) >= TABLES


def test_two_processes_at_once_do_it_once(fresh: Database) -> None:
    code = (
        "import sys; from dolibarr_loyalty.store.database import Database;"
        "from dolibarr_loyalty.store.migrations import migrate; print(migrate(Database(sys.argv[1])))"
    )
    url = fresh.url.render_as_string(hide_password=False)
    arguments = [sys.executable, "-W", "ignore", "-c", code, url]
    both = [subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    done = sorted(int(process.communicate(timeout=60)[0]) for process in both)
    assert done == [0, STEPS]
    assert pending(fresh) == 0


def test_a_lock_that_was_left_behind_is_explained(fresh: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pending(fresh) == STEPS
    with fresh.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, CURRENT_TIMESTAMP, 1)"
        )
    monkeypatch.setattr(migrations, "LOCK_SECONDS", 0.1)
    with pytest.raises(StoreUnavailable, match="yoyo_lock"):
        migrate(fresh)
    with fresh.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM yoyo_lock")
    assert migrate(fresh) == STEPS


def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    for url in ("postgresql://u:hush-hush@127.0.0.1:1/d", "mariadb://u:hush-hush@127.0.0.1:1/d"):
        with pytest.raises(StoreUnavailable, match="does not answer") as caught:
            migrate(Database(url))
        assert "hush-hush" not in str(caught.value)
