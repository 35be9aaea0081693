"""Using and issuing vouchers, apart from the time Dolibarr takes to answer; run with `-m benchmark -s`.

Figures are ratios: against the same rows written bare in as many transactions on the same database, in the same
run, and against the answering time of the stand-in.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, MetaData, event

from dolibarr_loyalty.flows import delivery, redemption, usage
from dolibarr_loyalty.flows.adjustment import adjust
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.redemption import Busy
from dolibarr_loyalty.store.database import Database
from tests.flows.shop import PROGRAM, Shop, open_shop

pytestmark = pytest.mark.benchmark
USES = int(os.environ.get("LOYALTY_BENCHMARK_USES", "60"))
ISSUES = int(os.environ.get("LOYALTY_BENCHMARK_VOUCHERS", "1000"))
WORKERS = 8
Group = list[tuple[str, Any, bool]]


@dataclass
class Answers:
    """How long Dolibarr took to answer, in all threads together, and how often."""

    seconds: float = 0.0
    count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def time(self, loyalty: Loyalty) -> Loyalty:
        """The same program, its waiting for answers measured."""
        client: Any = loyalty.books.client  # type: ignore[attr-defined]
        send = client._exchange

        def timed(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            try:
                return send(*args, **kwargs)
            finally:
                with self.lock:
                    self.seconds += time.perf_counter() - began
                    self.count += 1

        client._exchange = timed
        return loyalty


@contextmanager
def recording(engine: Engine) -> Iterator[list[Group]]:
    """What is written meanwhile, by transaction."""
    groups: list[Group] = []
    local = threading.local()

    def note(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            local.group = [*getattr(local, "group", []), (statement, parameters, many)]

    def keep(conn: Any) -> None:
        if getattr(local, "group", None):
            groups.append(local.group)
        local.group = []

    def drop(conn: Any) -> None:
        local.group = []

    listeners = (("before_cursor_execute", note), ("commit", keep), ("rollback", drop))
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield groups
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


class Snapshot:
    """All rows of our tables, to be put back."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.tables = engine, MetaData()
        self.tables.reflect(engine, only=lambda name, _: name.startswith("llx_loyalty_"))
        with engine.connect() as connection:
            self.rows = {
                table: [dict(row) for row in connection.execute(table.select()).mappings()]
                for table in self.tables.sorted_tables
            }

    def put_back(self) -> None:
        with self.engine.begin() as connection:
            for table in reversed(self.tables.sorted_tables):
                connection.execute(table.delete())
            for table, rows in self.rows.items():
                if rows:
                    connection.execute(table.insert(), rows)


def bare(engine: Engine, groups: list[Group]) -> float:
    """Seconds to write the same rows in the same transactions, and nothing else."""
    began = time.perf_counter()
    for group in groups:
        with engine.begin() as connection:
            for statement, parameters, _ in group:
                connection.exec_driver_sql(statement, parameters)
    return time.perf_counter() - began


@contextmanager
def shop_of(database: Database, uses: Any) -> Iterator[Shop]:
    program = replace(PROGRAM, vouchers=replace(PROGRAM.vouchers, uses=uses))
    with open_shop(database, program=program) as shop:
        yield shop


def rich(shop: Shop, points: int, name: str = "Claire Martin") -> int:
    customer = shop.customer(name)
    shop.sync()
    adjust(shop.loyalty, customer, points, reason="x", who="x", request_key=f"start-{customer}")
    return customer


def test_uses_without_contention(database: Database) -> None:
    with shop_of(database, "single") as shop:
        claire = rich(shop, 60 * USES)
        codes = [shop.code(shop.redeem(claire)) for _ in range(USES)]
        targets = [shop.sell(claire, 24, paid=False) for _ in range(USES)]
        shop.sync()
        before, answers = Snapshot(database.engine), Answers()
        loyalty = answers.time(shop.as_worker("one", books=shop.books()))
        with recording(database.engine) as groups:
            began = time.perf_counter()
            for code, target in zip(codes, targets, strict=True):
                usage.use(loyalty, code, str(target), who="x")
            wall = time.perf_counter() - began
        before.put_back()
        _tell("one after the other", database, wall, answers, groups, USES)


def test_uses_under_contention(database: Database) -> None:
    with shop_of(database, "several") as shop:
        claire = rich(shop, 200 * USES)
        voucher = shop.redeem(claire, "20-off")
        code, part = shop.code(voucher), (Decimal(20) / USES).quantize(Decimal("0.01"), "ROUND_DOWN")
        targets = [shop.sell(claire, 24, paid=False) for _ in range(USES)]
        shop.sync()
        before, answers, waiting = Snapshot(database.engine), Answers(), list(targets)

        def work(number: int) -> None:
            loyalty = answers.time(shop.as_worker(f"worker-{number}", books=shop.books()))
            while waiting:
                try:
                    target = waiting.pop()
                except IndexError:
                    return
                while True:
                    try:
                        usage.use(loyalty, code, str(target), amount=part, who="x", key=f"use-{target}")
                        break
                    except Busy:
                        time.sleep(0.005)

        with recording(database.engine) as groups:
            began = time.perf_counter()
            threads = [threading.Thread(target=work, args=(number,)) for number in range(WORKERS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            wall = time.perf_counter() - began
        assert shop.voucher(voucher.id).remaining == 20 - USES * part
        before.put_back()
        _tell(f"{WORKERS} workers on one voucher", database, wall, answers, groups, USES)


def _tell(
    what: str, database: Database, wall: float, answers: Answers, groups: list[Group], uses: int
) -> None:
    raw = bare(database.engine, groups)
    rows = sum(len(group) for group in groups)
    engine = database.url.get_backend_name()
    print(
        f"\n{engine}, {what}: {uses} uses, {len(groups) / uses:.1f} transactions and {rows / uses:.1f} rows each; "
        f"{uses / wall:.1f} uses/s in all, {answers.count / uses:.1f} calls of Dolibarr each take "
        f"{answers.seconds / wall:.0%} of the time added up; against the same rows written bare: "
        f"{wall / raw:.1f} with Dolibarr, {max(wall - answers.seconds, 0) / raw:.1f} without"
    )


def test_issuing_vouchers(shop: Shop) -> None:
    customers = [rich(shop, 60, f"Customer{n} Test") for n in range(20)]
    for customer in customers:
        adjust(shop.loyalty, customer, 60 * ISSUES, reason="x", who="x", request_key=f"more-{customer}")
    answers = Answers()
    loyalty = answers.time(shop.as_worker("one", books=shop.books()))
    began = time.perf_counter()
    for number in range(ISSUES):
        customer = customers[number % len(customers)]
        redemption.redeem(loyalty, customer, "5-off", request_key=f"r{number}", who="x")
    booked = time.perf_counter() - began
    done = delivery.deliver(loyalty)
    wall = time.perf_counter() - began
    assert (done.failed, done.waiting) == (0, 0)
    assert len(shop.letterbox.mails) >= ISSUES
    own = wall - answers.seconds
    print(
        f"\n{ISSUES} vouchers with credit note, PDF, mail, agenda and fields: {1000 * own / ISSUES:.0f} ms each of "
        f"ours ({1000 * booked / ISSUES:.1f} to redeem), {1000 * answers.seconds / ISSUES:.0f} ms of the stand-in's "
        f"{answers.count / ISSUES:.1f} answers; ours is {own / answers.seconds:.2f} of the stand-in's"
    )
