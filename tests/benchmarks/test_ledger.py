"""Invoices per second through decide and commit against raw inserts of the same rows on the same database.

Run with `pytest -m benchmark -s`; PostgreSQL and MariaDB where the usual variables name one.
"""

import os
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy import text

from dolibarr_loyalty.core.accrual import Enrolment
from dolibarr_loyalty.core.member import Member
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.sale import Kind, Line, Sale, State
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.intake import take_in
from dolibarr_loyalty.messages import Brand
from dolibarr_loyalty.store import members
from dolibarr_loyalty.store.database import Database
from dolibarr_loyalty.store.migrations import migrate

pytestmark = pytest.mark.benchmark

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
INVOICES, CUSTOMERS, PAGE = 5000, 200, 500
TABLES = ("documents", "accounts", "entries", "lots", "allocations", "outbox", "program_versions", "members")


def sales() -> list[Sale]:
    """Paid invoices of two lines over a year."""
    made = []
    for number in range(1, INVOICES + 1):
        day = date(2026, 1, 1) + timedelta(days=number % 320)
        amount = Decimal(10 + number % 90)
        line = Line(id=number, net=amount, gross=amount * Decimal("1.2"), product_ref=f"p{number % 40}")
        made.append(
            Sale(
                id=number,
                ref=f"FA{number}",
                kind=Kind.STANDARD,
                state=State.PAID,
                thirdparty_id=1 + number % CUSTOMERS,
                issued_on=day,
                occurred_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
                net=amount * 2,
                gross=amount * Decimal("2.4"),
                currency="EUR",
                lines=(line, line),
                paid_money=amount * Decimal("2.4"),
            )
        )
    return made


def addresses(folder: Path) -> list[str]:
    names = ("LOYALTY_TEST_POSTGRESQL_URL", "LOYALTY_TEST_MARIADB_URL")
    return [f"sqlite:///{folder}/bench.sqlite3", *(os.environ[name] for name in names if name in os.environ)]


def emptied(address: str) -> Database:
    database = Database(address)
    migrate(database)
    with database.transaction() as tx:
        for table in ("allocations", "lots", "entries", "accounts", "documents", "outbox", "members"):
            tx.connection.execute(text(f"DELETE FROM llx_loyalty_{table}"))
    return database


def with_customers(database: Database) -> Loyalty:
    with database.transaction() as tx:
        for number in range(1, CUSTOMERS + 1):
            member = Member(thirdparty_id=number, name=f"Customer {number}")
            members.save(tx, member, Enrolment(joined_at=NOW), is_new=True)
    return Loyalty(
        program=Program(),
        database=database,
        books=Mock(spec=[]),  # paid invoices without credits ask Dolibarr nothing
        mailer=None,
        brand=Brand(shop_name="Bench"),
        secret=b"x" * 32,
        clock=lambda: NOW,
        worker="bench",
    )


def rows_of(database: Database) -> dict[str, Sequence[Any]]:
    with database.reading() as tx:
        return {
            table: tx.connection.execute(text(f"SELECT * FROM llx_loyalty_{table}")).mappings().all()
            for table in TABLES[:6]
        }


def insert_raw(database: Database, rows: dict[str, Sequence[Any]]) -> float:
    """Seconds to insert the same rows in pages, with nothing decided."""
    pages = INVOICES // PAGE
    began = time.perf_counter()
    for table in ("accounts", "documents", "entries", "lots", "allocations", "outbox"):
        found = [dict(row) for row in rows[table]]
        if not found:
            continue
        columns = ", ".join(found[0])
        places = ", ".join(f":{name}" for name in found[0])
        statement = text(f"INSERT INTO llx_loyalty_{table} ({columns}) VALUES ({places})")
        size = max(1, len(found) // pages)
        for at in range(0, len(found), size):
            with database.transaction() as tx:
                tx.connection.execute(statement, found[at : at + size])
    return time.perf_counter() - began


def test_decide_and_commit_against_raw_inserts(tmp_path: Path) -> None:
    pages = [sales()[at : at + PAGE] for at in range(0, INVOICES, PAGE)]
    for address in addresses(tmp_path):
        ratios = []
        for _ in range(3):
            database = emptied(address)
            loyalty = with_customers(database)
            began = time.perf_counter()
            for page in pages:
                take_in(loyalty, page, quietly=True)
            ours = time.perf_counter() - began
            rows = rows_of(database)
            database.close()
            bare = emptied(address)
            raw = insert_raw(bare, rows)
            bare.close()
            ratios.append(ours / raw)
            name = database.url.get_backend_name()
            print(
                f"{name}: {INVOICES / ours:.0f} invoices/s decided, {INVOICES / raw:.0f}/s raw, {ours / raw:.2f}"
            )
        print(f"{name}: median ratio {sorted(ratios)[1]:.2f}")
