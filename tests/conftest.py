"""Databases and the shop for all tests: SQLite always, PostgreSQL and MariaDB where the environment names one."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, inspect, make_url

from dolibarr_loyalty.store.database import Database, normalized
from dolibarr_loyalty.store.migrations import migrate
from tests.flows.shop import Shop, open_shop

settings.register_profile("unhurried", deadline=None)  # machines are noisy; nothing here is judged by seconds
settings.load_profile("unhurried")

ENGINES = {
    "sqlite": "",
    "postgresql": "LOYALTY_TEST_POSTGRESQL_URL",
    "mariadb": "LOYALTY_TEST_MARIADB_URL",
}
# What takes longest begins first, so that two workers end together (with --no-loadscope-reorder).
LONG = ("test_killed_anywhere.py", "test_features.py", "test_kinds.py", "test_faults.py", "test_work.py")
OpenShop = Callable[..., AbstractContextManager[Shop]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; within a file nothing changes its place."""
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


def _server_of(engine: str) -> str:
    variable = ENGINES[engine]
    url = os.environ.get(variable, "")
    if not url and os.environ.get("LOYALTY_TEST_REQUIRE_DATABASES") == "1":
        pytest.fail(f"{variable} names no database, and LOYALTY_TEST_REQUIRE_DATABASES asks for one")
    if not url:
        pytest.skip(f"{variable} names no database")
    return url


@contextmanager
def _own_database(server: str, name: str) -> Iterator[str]:
    """A database of this name on a server, for as long as the block lasts; gives its URL."""
    admin = create_engine(normalized(server), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        force = " WITH (FORCE)" if admin.url.get_backend_name() == "postgresql" else ""
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}{force}")
        admin.dispose()


def name_of(worker: str, purpose: str) -> str:
    """A database's name no other test process uses."""
    return f"loyalty_{purpose}_{worker}_{os.getpid()}"


@pytest.fixture(scope="session")
def worker(request: pytest.FixtureRequest) -> str:
    """The pytest-xdist worker this is."""
    return str(getattr(request.config, "workerinput", {}).get("workerid", "main"))


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the tables, to be copied."""
    path = tmp_path_factory.mktemp("template") / "loyalty.sqlite3"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    with database.transaction() as tx:
        tx.connection.exec_driver_sql("SELECT 1")
    database.close()
    return path


@pytest.fixture(scope="session")
def migrated(worker: str) -> Iterator[Callable[[str], Database]]:
    """The server database of an engine, made and migrated when first asked for."""
    made: dict[str, tuple[Database, AbstractContextManager[str]]] = {}

    def get(engine: str) -> Database:
        if engine not in made:
            owned = _own_database(_server_of(engine), name_of(worker, "tests"))
            database = Database(owned.__enter__())
            made[engine] = database, owned
            migrate(database)
        return made[engine][0]

    yield get
    for database, owned in made.values():
        database.close()
        owned.__exit__(None, None, None)


@pytest.fixture(params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> str:
    """One database engine after the other."""
    return str(request.param)


@pytest.fixture
def database(
    engine: str, template: Path, tmp_path: Path, migrated: Callable[[str], Database]
) -> Iterator[Database]:
    """An empty database with all tables, on each engine."""
    if engine == "sqlite":
        yield from _sqlite(template, tmp_path)
        return
    database = migrated(engine)
    empty(database)
    yield database


@pytest.fixture
def sqlite(template: Path, tmp_path: Path) -> Iterator[Database]:
    """An empty database with all tables, on SQLite."""
    yield from _sqlite(template, tmp_path)


@pytest.fixture
def new_database(engine: str, tmp_path: Path, worker: str) -> Iterator[str]:
    """The URL of a database without any tables, on each engine."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path}/new.sqlite3"
        return
    with _own_database(_server_of(engine), name_of(worker, "new")) as url:
        yield url


def _sqlite(template: Path, folder: Path) -> Iterator[Database]:
    path = folder / "loyalty.sqlite3"
    shutil.copy(template, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


def empty(database: Database) -> None:
    """Remove all rows of our tables."""
    tables = [name for name in inspect(database.engine).get_table_names() if name.startswith("llx_loyalty_")]
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"TRUNCATE {', '.join(tables)} CASCADE")
            return
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS=0")
        for table in tables:
            connection.exec_driver_sql(f"DELETE FROM {table}")
        connection.exec_driver_sql("SET FOREIGN_KEY_CHECKS=1")


@pytest.fixture
def shop(sqlite: Database) -> Iterator[Shop]:
    """A shop on a Dolibarr 23 and SQLite."""
    with open_shop(sqlite) as shop:
        yield shop


@pytest.fixture(params=["16", "23"])
def any_shop(request: pytest.FixtureRequest, sqlite: Database) -> Iterator[Shop]:
    """A shop on a Dolibarr 16, and on a 23."""
    with open_shop(sqlite, version=request.param) as shop:
        yield shop


@pytest.fixture
def shop_on(database: Database) -> Iterator[Shop]:
    """A shop on each database engine."""
    with open_shop(database) as shop:
        yield shop


@pytest.fixture
def opened(sqlite: Database) -> OpenShop:
    """Opens a shop with another program, version or settings."""

    def open_(**settings: Any) -> AbstractContextManager[Shop]:
        return open_shop(sqlite, **settings)

    return open_


@pytest.fixture(autouse=True)
def a_log_of_its_own() -> None:
    """A command sets how much it logs for the whole process; every test begins with all of it."""
    logging.getLogger("dolibarr_loyalty").setLevel(logging.NOTSET)
