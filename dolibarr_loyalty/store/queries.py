"""Runs the named queries of `sql/queries` through SQLAlchemy; no SQL stands anywhere else."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol, cast

import aiosql
from sqlalchemy import Connection, TextClause, bindparam, text
from sqlalchemy.engine import RowMapping

from dolibarr_loyalty.resources import folder

Parameters = Mapping[str, Any]


class NamedQueries(Protocol):
    """What aiosql makes of the folder: one function per name."""

    def __getattr__(self, name: str) -> Any: ...


@cache
def _clause(sql: str, lists: frozenset[str]) -> TextClause:
    """The statement, parsed once; parameters that are lists become as many places as they have items."""
    return text(sql).bindparams(*(bindparam(name, expanding=True) for name in lists))


def _prepared(sql: str, parameters: Parameters) -> TextClause:
    return _clause(
        sql, frozenset(name for name, value in parameters.items() if isinstance(value, (list, tuple)))
    )


class SqlAlchemyAdapter:
    """The driver adapter that aiosql asks for; every query runs on the connection of the transaction."""

    is_aio_driver = False

    def process_sql(self, query_name: str, op_type: object, sql: str) -> str:
        return sql

    def select(
        self, conn: Connection, query_name: str, sql: str, parameters: Parameters, record_class: None = None
    ) -> Sequence[RowMapping]:
        return conn.execute(_prepared(sql, parameters), parameters).mappings().all()

    def select_one(
        self, conn: Connection, query_name: str, sql: str, parameters: Parameters, record_class: None = None
    ) -> RowMapping | None:
        return conn.execute(_prepared(sql, parameters), parameters).mappings().first()

    def select_value(self, conn: Connection, query_name: str, sql: str, parameters: Parameters) -> Any:
        return conn.execute(_prepared(sql, parameters), parameters).scalar()

    def insert_update_delete(
        self, conn: Connection, query_name: str, sql: str, parameters: Parameters
    ) -> int:
        return conn.execute(_prepared(sql, parameters), parameters).rowcount

    def insert_update_delete_many(
        self, conn: Connection, query_name: str, sql: str, parameters: Sequence[Parameters]
    ) -> int:
        return conn.execute(_clause(sql, frozenset()), list(parameters)).rowcount

    def select_cursor(self, *args: object) -> Any:
        raise NotImplementedError("no query of ours streams through a cursor; lists are read in pages")

    insert_returning = execute_script = select_cursor


@cache
def named_queries() -> NamedQueries:
    """All queries of `sql/queries`, loaded once per process."""
    adapter = cast(Any, SqlAlchemyAdapter)
    return cast(NamedQueries, aiosql.from_path(folder("sql") / "queries", adapter))
