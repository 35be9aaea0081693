"""Transactions on the three engines: whole or not at all, collisions decided again, failures in clear words."""

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.errors import ConfigurationError, Conflict, StoreUnavailable
from dolibarr_loyalty.store import bearings, inbox
from dolibarr_loyalty.store.database import Database, Tx, normalized

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def positions(database: Database) -> dict[str, str]:
    with database.reading() as tx:
        rows = tx.connection.execute(text("SELECT name, position FROM llx_loyalty_cursors")).mappings()
        return {row["name"]: row["position"] for row in rows}


def test_a_block_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as tx:
        bearings.move(tx, "a", "1", NOW)
        raise ZeroDivisionError
    assert positions(database) == {}


def test_two_writers_of_one_new_row_collide_and_the_loser_decides_again(database: Database) -> None:
    both_have_looked = threading.Barrier(2, timeout=10)
    seen = []

    def decision(tx: Tx) -> None:
        seen.append(bearings.position(tx, "a"))
        if database.engine.dialect.name != "sqlite" and len(seen) <= 2:
            with suppress(threading.BrokenBarrierError):
                both_have_looked.wait()
        bearings.move(tx, "a", str(int(bearings.position(tx, "a") or 0) + 1), NOW)

    workers = [threading.Thread(target=database.decide, args=(decision,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert positions(database)["a"] in ("1", "2")


def test_who_never_gets_through_hears_that_the_database_is_too_busy(sqlite: Database) -> None:
    tries = []

    def decision(tx: Tx) -> None:
        tries.append(1)
        raise Conflict("another writer was faster")

    with pytest.raises(StoreUnavailable, match="12 times in a row another writer was faster"):
        sqlite.decide(decision)
    assert len(tries) == 12


def test_a_broken_constraint_is_a_conflict(database: Database) -> None:
    with pytest.raises(Conflict) as caught, database.transaction() as tx:
        for _ in range(2):
            tx.run("insert_cursor", name="a", position="1", moved_at="")
    assert isinstance(caught.value.__cause__, IntegrityError)
    assert positions(database) == {}


def test_a_value_that_does_not_fit_is_no_crash(database: Database) -> None:
    if database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite keeps texts of any length")
    with pytest.raises(StoreUnavailable), database.transaction() as tx:
        inbox.put(tx, "invoice:" + "1" * 100, NOW)


def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(Conflict), database.transaction() as tx:
        tx.run("insert_voucher_step", voucher_id="none", seq=1, step="x", at="", who="", note="")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://postgres:hush-hush@127.0.0.1:1/none",
        "mariadb://root:hush-hush@127.0.0.1:1/none",
        "sqlite:////nowhere/at/all/loyalty.sqlite3",
    ],
)
def test_a_database_that_does_not_answer_is_named_without_its_password(url: str) -> None:
    database = Database(url)
    with pytest.raises(StoreUnavailable, match="safe to run it again") as caught, database.reading():
        pass
    assert "hush-hush" not in str(caught.value)
    assert ("***" in str(caught.value)) is ("hush" in url)


def test_more_users_than_connections_is_said_so(sqlite: Database) -> None:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import QueuePool

    sqlite.engine.dispose()
    small = create_engine(sqlite.url, poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.1)
    held = small.connect()
    sqlite.engine = small
    with pytest.raises(StoreUnavailable, match="in use"), sqlite.reading():
        pass
    held.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [("oracle://x", "not supported"), ("no url", "not a URL"), ("://", "not a URL")],
)
def test_an_address_of_something_else_is_a_matter_of_configuration(url: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        normalized(url)


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def without(name: str, *args: object, **kwargs: object) -> object:
        is_ours = len(args) < 4 or not args[3]  # SQLAlchemy's own modules of that name are there
        if is_ours and name.startswith(("psycopg", "pymysql")):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return real(name, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    for url, extra in (("postgres://h/d", "postgresql"), ("mysql://h/d", "mariadb")):
        with pytest.raises(ConfigurationError, match=rf"dolibarr-loyalty\[{extra}\]"):
            Database(url)


def test_a_full_disk_is_told_and_nothing_is_half_written(sqlite: Database) -> None:
    with sqlite.transaction() as tx:
        bearings.move(tx, "before", "1", NOW)
        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar()
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    def decision(tx: Tx) -> None:
        for number in range(1000):
            bearings.move(tx, f"walk {number}", "x" * 500, NOW)

    with pytest.raises(StoreUnavailable, match="full"):
        sqlite.decide(decision)
    assert positions(sqlite) == {"before": "1"}
    with sqlite.transaction() as tx:
        tx.connection.exec_driver_sql("PRAGMA max_page_count=100000")
    sqlite.decide(decision)
    assert len(positions(sqlite)) == 1001


def test_a_reader_does_not_wait_for_a_writer_and_sees_one_moment(database: Database) -> None:
    with database.transaction() as tx:
        bearings.move(tx, "a", "1", NOW)
    with database.reading() as tx:
        assert bearings.position(tx, "a") == "1"
        database.decide(lambda other: bearings.move(other, "a", "2", NOW))
        assert bearings.position(tx, "a") == "1"
    assert positions(database) == {"a": "2"}


def test_lists_that_are_empty_ask_nothing(database: Database) -> None:
    with database.reading() as tx:
        assert tx.rows("documents_by_ids", ids=[]) == ()


def test_a_lease_has_one_holder_until_it_is_over(database: Database) -> None:
    minute = timedelta(minutes=1)
    assert bearings.take_lease(database, "work", "anne", NOW, minute)
    assert bearings.take_lease(database, "work", "anne", NOW, minute)  # prolongs one's own
    assert not bearings.take_lease(database, "work", "bert", NOW, minute)
    assert not bearings.take_lease(database, "work", "bert", NOW + minute / 2, minute)
    assert bearings.take_lease(database, "work", "bert", NOW + minute, minute)
    assert not bearings.take_lease(database, "work", "anne", NOW + minute, minute)
    with bearings.leased(database, "work", "anne", NOW + minute, minute) as held:
        assert not held
    with bearings.leased(database, "work", "bert", NOW + minute, minute) as held:
        assert held
    assert bearings.take_lease(database, "work", "anne", NOW, minute)


def test_many_who_want_a_lease_at_once_get_it_once(database: Database) -> None:
    got: list[bool] = []

    def take(name: str) -> None:
        try:
            got.append(bearings.take_lease(database, "work", name, NOW, timedelta(minutes=1)))
        except StoreUnavailable:
            got.append(False)

    threads = [threading.Thread(target=take, args=(f"worker {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(got) == 1


def test_a_budget_is_never_overspent(database: Database) -> None:
    def spend() -> None:
        for _ in range(5):
            database.decide(lambda tx: bearings.use_budget(tx, "program", 7, 100))

    threads = [threading.Thread(target=spend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as tx:
        assert bearings.budget_used(tx, "program") == 98
        assert bearings.budget_used(tx, "other") == 0


def test_program_versions_are_kept_once_and_read_back(database: Database) -> None:
    program = Program(name="Café „Größe“ 😀")
    for _ in range(2):
        digest = database.decide(lambda tx: bearings.keep_program(tx, program, NOW))
    bearings._programs.clear()
    with database.reading() as tx:
        assert bearings.program_of(tx, digest) == program
        assert bearings.program_of(tx, digest) is bearings.program_of(tx, digest)
    assert bearings.digest_of(program) == digest


def test_the_file_of_sqlite_is_in_write_ahead_mode(sqlite: Database, tmp_path: Path) -> None:
    with sqlite.reading() as tx:
        assert tx.connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert tx.connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_new_sqlite_file_is_its_owners_alone_and_one_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    new, shared = tmp_path / "new.sqlite3", tmp_path / "shared.sqlite3"
    shared.touch()
    shared.chmod(0o660)
    for file in (new, shared):
        database = Database(f"sqlite:///{file}")
        with database.transaction() as tx:
            tx.connection.exec_driver_sql("CREATE TABLE anything (x INTEGER)")
        database.close()
    assert [file.stat().st_mode & 0o777 for file in (new, shared)] == [0o600, 0o660]
