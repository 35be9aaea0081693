"""What networks, proxies, PHP, staff and mail servers do to us: nothing is lost, nothing happens twice."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from dolibarr_loyalty.connectors.mail import SmtpMailer
from dolibarr_loyalty.core.effects import Effect, show_member
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.errors import (
    ConfigurationFailure,
    InsufficientPoints,
    OutsideFailure,
    PermanentFailure,
    StoreUnavailable,
    TemporaryFailure,
)
from dolibarr_loyalty.flows import delivery, redemption, usage
from dolibarr_loyalty.flows.delivery import deliver
from dolibarr_loyalty.flows.sync import follow_hints, sweep, sync
from dolibarr_loyalty.flows.work import ALONE, Rhythm, Worker
from dolibarr_loyalty.sandbox import (
    Fault,
    Kind,
    delay,
    empty,
    gzip_500,
    html_500,
    lost_answer,
    refuse,
    revoke,
    status,
    truncated,
)
from dolibarr_loyalty.store import inbox, outbox
from dolibarr_loyalty.store.database import Database
from tests.conftest import OpenShop
from tests.flows.shop import Shop, connect, open_shop

FAULTS = [
    refuse,
    lost_answer,
    html_500,
    gzip_500,
    truncated,
    empty,
    status(503, {"Retry-After": "120"}),
    status(429, {"Retry-After": "77"}),
    status(502, body="<html>Bad gateway</html>"),
]


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: f"{kind.name}{kind.code or ''}")
def test_a_fault_while_reading_is_waited_out(shop: Shop, kind: Kind) -> None:
    claire = shop.customer()
    shop.sell(claire, 100)
    fault = shop.dolibarr.inject(Fault(method="GET", path=r"/invoices$", kind=kind, times=4))
    for _ in range(8):
        try:
            sync(shop.loyalty)
            break
        except TemporaryFailure:
            assert shop.balance(claire) == 0
    shop.sync()
    assert fault.met >= 1
    assert shop.balance(claire) == 10
    shop.prove()


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: f"{kind.name}{kind.code or ''}")
@pytest.mark.parametrize("path", [r"/invoices$", r"/validate$", r"/markAsCreditAvailable$"])
def test_a_fault_while_issuing_is_waited_out(shop: Shop, kind: Kind, path: str) -> None:
    claire = shop.rich(60)
    shop.deliver()
    shop.dolibarr.inject(Fault(method="POST", path=path, kind=kind))
    voucher = redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="x")
    first = deliver(shop.loyalty)
    assert (first.waiting, first.failed) == (1, 0)
    assert shop.voucher(voucher.id).state is VoucherState.PENDING
    with shop.loyalty.database.reading() as tx:
        row = outbox.by_keys(tx, [f"issue:{voucher.id}"])[f"issue:{voucher.id}"]
    asked = {503: 120, 429: 77}.get(kind.code, 5)
    assert (row.due_at - shop.clock()).total_seconds() == asked
    shop.clock.pass_(minutes=5)
    shop.deliver()
    assert shop.voucher(voucher.id).state is VoucherState.ACTIVE
    assert len(shop.credit_notes()) == 1
    shop.prove()


def test_time_outs_after_the_work_was_done(shop: Shop) -> None:
    claire = shop.rich(60)
    hasty = connect(shop.server.url, shop.dolibarr, timeout=(1, 0.15), retries=0)
    shop.loyalty = replace(shop.loyalty, books=hasty)
    for path in (r"/invoices$", r"/validate$", r"/markAsCreditAvailable$"):
        shop.dolibarr.inject(Fault(method="POST", path=path, kind=delay(0.4)))
    voucher = redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="x")
    for _ in range(8):
        deliver(shop.loyalty)
        shop.clock.pass_(minutes=10)
    time.sleep(0.4)
    assert shop.voucher(voucher.id).state is VoucherState.ACTIVE
    assert len(shop.credit_notes()) == 1
    target = shop.sell(claire, 24, paid=False)
    shop.dolibarr.inject(Fault(method="POST", path=r"/usecreditnote/", kind=delay(0.4)))
    with pytest.raises(TemporaryFailure):
        shop.use(voucher, target)
    time.sleep(0.4)
    assert shop.use(voucher, target).invoice.remaining == 19
    shop.prove()


def test_a_dolibarr_that_is_off_is_waited_for(shop: Shop) -> None:
    claire = shop.rich(60)
    voucher = redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="x")
    shop.server.stop()
    assert deliver(shop.loyalty).failed == 0
    with pytest.raises(TemporaryFailure):
        sync(shop.loyalty)
    assert shop.voucher(voucher.id).state is VoucherState.PENDING
    assert shop.balance(claire) == 10


RIGHTS = [11, 12, 121, 122, 262]


@pytest.mark.parametrize("version", ["16", "23"])
@pytest.mark.parametrize("right", RIGHTS)
def test_a_right_withdrawn_in_mid_run_takes_nobodys_points(
    opened: OpenShop, version: str, right: int
) -> None:
    with opened(version=version) as shop:
        claire, bruno = shop.rich(60), shop.rich(70, "Bruno")
        shop.deliver()
        voucher = redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="x")
        shop.dolibarr.inject(Fault(path=r"/invoices", kind=revoke(right), times=1))
        now = shop.clock()
        ids = [row["rowid"] for row in shop.dolibarr.store.rows("invoice")]
        hints = [*(f"invoice:{i}" for i in ids), f"thirdparty:{claire}", f"thirdparty:{bruno}"]
        for hint in hints:
            shop.loyalty.database.decide(lambda tx, hint=hint: inbox.put(tx, hint, now))  # type: ignore[misc]
        works: list[Any] = [follow_hints, sync, sweep, deliver, lambda loyalty: sync(loyalty, full=True)]
        for _ in range(2):
            for work in works:
                with suppress(ConfigurationFailure, TemporaryFailure):
                    work(shop.loyalty)
                shop.clock.pass_(minutes=20)
        assert (shop.balance(claire), shop.balance(bruno)) == (10, 70)
        assert shop.member(claire).is_member
        assert shop.voucher(voucher.id).state in (VoucherState.PENDING, VoucherState.ACTIVE)
        assert len(shop.credit_notes()) <= 1
        shop.dolibarr.grant(right)
        for _ in range(3):
            shop.clock.pass_(hours=4)
            sync(shop.loyalty, full=True)
            sweep(shop.loyalty)
            follow_hints(shop.loyalty)
            deliver(shop.loyalty)
        assert (shop.balance(claire), shop.balance(bruno)) == (10, 70)
        assert shop.voucher(voucher.id).state is VoucherState.ACTIVE
        shop.prove()


def test_hints_in_any_order_twice_and_about_nothing(shop: Shop) -> None:
    claire = shop.rich(60)
    invoice = shop.sell(claire, 100)
    now = shop.clock()
    hints = [f"invoice:{invoice}", "invoice:999999", f"thirdparty:{claire}", "thirdparty:888888"]
    hints += [
        f"invoice:{invoice}",
        "voucher:unknown",
        "decision:5",
        "decisions:77",
        "nonsense:x",
        "invoice:abc",
    ]
    for hint in reversed(hints):
        shop.loyalty.database.decide(lambda tx, hint=hint: inbox.put(tx, hint, now))  # type: ignore[misc]
    follow_hints(shop.loyalty)
    assert shop.balance(claire) == 70
    follow_hints(shop.loyalty)
    with shop.loyalty.database.reading() as tx:
        left = {row["status"]: row["hints"] for row in tx.rows("inbox_by_status")}
    assert left == {"done": 8, "failed": 2} or left["failed"] == 2  # what made no sense is kept for a person
    shop.prove()


def test_a_hint_given_again_while_it_is_followed_is_followed_again(shop: Shop) -> None:
    claire = shop.rich(60)
    invoice = shop.sell(claire, 100, paid=False)
    topic = f"invoice:{invoice}"
    shop.loyalty.database.decide(lambda tx: inbox.put(tx, topic, shop.clock()))
    real = shop.loyalty.books.sale
    given: list[int] = []

    def paid_meanwhile(sale_id: int) -> Any:
        sale = real(sale_id)
        if not given:
            given.append(1)
            shop.dolibarr.pay(invoice)
            shop.loyalty.database.decide(lambda tx: inbox.put(tx, topic, shop.clock()))
        return sale

    shop.loyalty.books.sale = paid_meanwhile  # type: ignore[method-assign]
    follow_hints(shop.loyalty)
    assert shop.balance(claire) == 60
    follow_hints(shop.loyalty)
    assert shop.balance(claire) == 70


def test_a_hint_that_fails_is_tried_again_later_and_given_up_in_the_end(shop: Shop) -> None:
    claire = shop.rich(60)
    topic = f"invoice:{shop.sell(claire, 100)}"
    shop.loyalty.database.decide(lambda tx: inbox.put(tx, topic, shop.clock()))
    shop.dolibarr.inject(Fault(method="GET", path=r"/invoices/", kind=html_500, times=None))
    for _ in range(25):
        follow_hints(shop.loyalty)
        shop.clock.pass_(hours=2)
    with shop.loyalty.database.reading() as tx:
        (row,) = [row for row in tx.rows("inbox_by_status") if row["status"] == "failed"]
    assert row["hints"] == 1


@pytest.mark.parametrize("done", [True, False])
def test_an_effect_that_trips_us_does_not_stop_the_others(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    claire = shop.rich(60)
    odd = Effect(key="odd", kind="odd" if done else "mail.odd", thirdparty_id=claire)
    shop.loyalty.database.decide(lambda tx: outbox.put(tx, [odd, show_member(claire)], shop.clock()))
    found = deliver(shop.loyalty)
    assert (found.failed, found.waiting) == (1, 0)
    assert found.done >= 1
    assert shop.dolibarr.row("thirdparty", claire, "")["options"]["loyalty_points"] in (60, "60")


# two at once ----------------------------------------------------------------------------------------


def at_once(*works: Any) -> list[Exception | None]:
    """Run works in threads that start together; gives what each raised."""
    start, raised = threading.Barrier(len(works)), [None] * len(works)

    def run(place: int) -> None:
        start.wait()
        try:
            works[place]()
        except Exception as failure:
            raised[place] = failure  # type: ignore[call-overload]

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return raised  # type: ignore[return-value]


def test_two_who_redeem_the_last_points_at_once(shop_on: Shop) -> None:
    shop = shop_on
    for turn in range(4):
        claire = shop.rich(60, f"Claire {turn}")
        raised = at_once(
            *(
                lambda n=n, c=claire: redemption.redeem(
                    shop.as_worker(f"w{n}"), c, "5-off", request_key=f"{c}-{n}", who="x"
                )
                for n in range(3)
            )
        )
        assert [type(failure) for failure in raised].count(InsufficientPoints) == 2, raised
        assert shop.balance(claire) == 10
    shop.prove(with_dolibarr=False)


def test_two_who_deliver_and_sync_at_once(shop_on: Shop) -> None:
    shop = shop_on
    claire = shop.rich(300)
    wanted = [redemption.redeem(shop.loyalty, claire, "5-off", request_key=f"{n}", who="x") for n in range(3)]
    for _ in range(4):
        shop.refund(shop.sell(claire, 100), 40)
    works = [
        work
        for n in range(2)
        for work in (
            lambda n=n: sync(shop.as_worker(f"sync{n}")),
            lambda n=n: deliver(shop.as_worker(f"deliver{n}")),
        )
    ]
    for failure in at_once(*works):
        assert failure is None or isinstance(failure, OutsideFailure), failure
    for _ in range(2):
        shop.clock.pass_(minutes=30)
        sync(shop.loyalty)
        deliver(shop.loyalty)
    assert {shop.voucher(voucher.id).state for voucher in wanted} == {VoucherState.ACTIVE}
    assert len(shop.credit_notes()) == 3
    assert shop.balance(claire) == 300 - 150 + 24
    shop.prove()


def test_two_who_use_one_voucher_at_once(shop_on: Shop) -> None:
    shop = shop_on
    claire = shop.rich(60)
    voucher = shop.redeem(claire)
    targets = [shop.sell(claire, 24, paid=False) for _ in range(3)]
    raised = at_once(
        *(
            lambda n=n, t=target: usage.use(shop.as_worker(f"w{n}"), shop.code(voucher), str(t), who="x")
            for n, target in enumerate(targets)
        )
    )
    assert raised.count(None) == 1, raised
    assert sum(shop.dolibarr.remain_to_pay(target) for target in targets) == 3 * 24 - 5
    shop.sync()
    shop.prove()


def test_a_cap_holds_with_two_workers(database: Database) -> None:
    from dolibarr_loyalty.core.program import Cap
    from dolibarr_loyalty.flows.intake import take_in
    from tests.flows.shop import PROGRAM

    with open_shop(
        database, program=replace(PROGRAM, caps=(Cap(period="day", points=10),), program_cap=15)
    ) as shop:
        claire, bruno = shop.customer(), shop.customer("Bruno")
        shop.sync()
        sales = [shop.loyalty.books.sale(shop.sell(who, 100)) for who in (claire, bruno) for _ in range(3)]
        raised = at_once(
            *(lambda s=sale, n=n: take_in(shop.as_worker(f"w{n}"), [s]) for n, sale in enumerate(sales))
        )
        assert raised == [None] * 6
        assert sum(shop.document(sale.id).granted for sale in sales if sale) == 20
        assert shop.balance(claire) + shop.balance(bruno) == 15
        shop.prove(with_dolibarr=False)


def test_an_invoice_and_its_credit_notes_seen_at_once(database: Database) -> None:
    from dolibarr_loyalty.flows.intake import take_in

    with open_shop(database) as shop:
        claire = shop.customer()
        shop.sync()
        for _ in range(5):
            invoice = shop.sell(claire, 100)
            notes = [shop.refund(invoice, 20) for _ in range(2)]
            sales = [shop.loyalty.books.sale(number) for number in (invoice, *notes)]
            raised = at_once(
                *(lambda s=sale, n=n: take_in(shop.as_worker(f"w{n}"), [s]) for n, sale in enumerate(sales))
            )
            assert raised == [None] * 3
            follow_hints(shop.loyalty)
            assert shop.document(invoice).granted == 6
        assert shop.balance(claire) == 30
        shop.prove(with_dolibarr=False)


# killed ---------------------------------------------------------------------------------------------

CHILD = """
import sys, datetime
from datetime import UTC, datetime
from zoneinfo import ZoneInfo
from dolibarr_loyalty.connectors.dolibarr.books import DolibarrBooks
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.delivery import deliver
from dolibarr_loyalty.messages import Brand
from dolibarr_loyalty.store.database import Database
from tests.flows.shop import PROGRAM, SECRET
url, key, database, now = sys.argv[1:]
client = Client(url, key, timeout=(2, 60))
books = DolibarrBooks.connect(client, shop_zone=ZoneInfo("Europe/Paris"), currency="EUR", languages=("en",))
moment = datetime.fromisoformat(now)
loyalty = Loyalty(program=PROGRAM, database=Database(database), books=books, mailer=None,
    brand=Brand(shop_name="Chez Test"), secret=SECRET, clock=lambda: moment, worker="child")
print("ready", flush=True)
deliver(loyalty)
"""


@pytest.mark.parametrize("path", [r"/invoices$", r"/validate$", r"/markAsCreditAvailable$"])
def test_a_worker_killed_while_dolibarr_works_is_taken_over(shop: Shop, path: str) -> None:
    claire = shop.rich(60)
    shop.deliver()
    voucher = redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="x")
    fault = shop.dolibarr.inject(Fault(method="POST", path=path, kind=delay(1.0)))
    database = shop.loyalty.database.url.render_as_string(hide_password=False)
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    arguments = [shop.server.url, shop.dolibarr.api_key, database, shop.clock().isoformat()]
    child = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", CHILD, *arguments],
        env=environment,
        cwd=root,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    for _ in range(1500):
        if fault.met or child.poll() is not None:
            break
        time.sleep(0.01)
    assert fault.met == 1
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    time.sleep(1.1)  # Dolibarr finishes what it was asked
    assert deliver(shop.loyalty).done == 0 or shop.voucher(voucher.id).state is VoucherState.PENDING
    shop.clock.pass_(minutes=6)  # the claim and the lease of the dead are over
    shop.deliver()
    assert shop.voucher(voucher.id).state is VoucherState.ACTIVE
    assert len(shop.credit_notes()) == 1
    assert shop.balance(claire) == 10
    shop.prove()


# mail servers ---------------------------------------------------------------------------------------


class Odd:
    """A mail server's handler that answers as told, then takes every mail."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.mails = list(answers), []  # type: ignore[var-annotated]

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer == "dies":
            self.mails.append(envelope.content)
            transport: Any = server.transport
            transport.abort()
            return "250 OK"
        if answer.startswith("250"):
            self.mails.append(envelope.content)
        return answer


@contextmanager
def mail_server(handler: Odd) -> Iterator[SmtpMailer]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield SmtpMailer(
            host="127.0.0.1", port=port, tls="none", user="", password="", sender="s@example.org", reply_to=""
        )
    finally:
        controller.stop()


@pytest.mark.parametrize("answer", ["451 greylisted", "421 too busy", "dies"])
def test_a_mail_server_that_hesitates_gets_the_mail_later(shop: Shop, answer: str) -> None:
    handler = Odd(answer)
    with mail_server(handler) as mailer:
        shop.loyalty = replace(shop.loyalty, mailer=mailer)
        claire = shop.rich(60)
        shop.deliver()
        redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="x")
        first = deliver(shop.loyalty)
        assert (first.waiting, first.failed) == (1, 0)
        shop.clock.pass_(minutes=10)
        shop.deliver()
    ids = {
        line for mail in handler.mails for line in mail.splitlines() if line.lower().startswith(b"message-id")
    }
    assert len(ids) == 1  # sent again it is the same mail


def test_a_mail_server_that_refuses_for_good_is_told_in_the_agenda(shop: Shop) -> None:
    handler = Odd("550 no such user")
    with mail_server(handler) as mailer:
        shop.loyalty = replace(shop.loyalty, mailer=mailer)
        claire = shop.rich(60)
        shop.deliver()
        redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="x")
        assert deliver(shop.loyalty).failed == 1
        shop.clock.pass_(days=1)
        assert deliver(shop.loyalty).failed == 0
    assert handler.mails == []
    assert any("Mail refused" in row["label"] for row in shop.dolibarr.store.rows("event"))
    assert "550" in shop.troubles()[0]


def test_a_mail_server_that_hangs_is_given_up_for_now(shop: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        mailer = SmtpMailer(
            host="127.0.0.1",
            port=port,
            tls="none",
            user="",
            password="",
            sender="s@example.org",
            reply_to="",
            timeout=0.2,
        )
        shop.loyalty = replace(shop.loyalty, mailer=mailer)
        claire = shop.rich(60)
        shop.deliver()
        redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="x")
        found = deliver(shop.loyalty)
    assert (found.waiting, found.failed) == (1, 0)


def test_mails_that_nobody_wants_are_not_sent(shop: Shop) -> None:
    off = replace(shop.loyalty.notices, off=frozenset({"voucher"}))
    shop.loyalty = replace(shop.loyalty, notices=off)
    claire = shop.rich(60)
    shop.redeem(claire)
    assert shop.letterbox.mails == []
    shop.loyalty = replace(shop.loyalty, mailer=None, notices=replace(off, off=frozenset()))
    shop.sell(claire, 500)
    shop.sync()
    shop.redeem(claire)
    assert shop.letterbox.mails == []


def test_pauses_grow_and_end(shop: Shop) -> None:
    claire = shop.rich(60)
    shop.deliver()
    shop.letterbox.failures = [TemporaryFailure("no") for _ in range(30)]
    redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="x")
    failed, began = 0, shop.clock()
    for _ in range(40):
        failed += deliver(shop.loyalty).failed
        if failed:
            break
        shop.clock.pass_(hours=3)
    assert failed == 1
    assert len(shop.letterbox.failures) == 30 - delivery.LAST_ATTEMPT
    assert (shop.clock() - began).days < 4
    shop.letterbox.failures = [ConfigurationFailure("password") for _ in range(50)]
    shop.loyalty.database.decide(
        lambda tx: tx.run("retry_effects", id=None, now="2026-01-01T00:00:00.000000Z")
    )
    for _ in range(50):
        assert deliver(shop.loyalty).failed == 0
        shop.clock.pass_(minutes=15)
    shop.deliver()
    assert len(shop.letterbox.mails) == 1


def test_one_effect_can_be_carried_out_at_once_and_a_limit_is_kept(shop: Shop) -> None:
    claire = shop.rich(60)
    assert deliver(shop.loyalty, limit=0).done == 0
    assert deliver(shop.loyalty, should_stop=lambda: True).done == 0
    assert delivery.deliver_now(shop.loyalty, "unknown") is None
    done = delivery.deliver_now(shop.loyalty, f"screen:{claire}")
    assert done is not None
    assert done.done == 1
    assert delivery.deliver_now(shop.loyalty, f"screen:{claire}") is None


# the loop -------------------------------------------------------------------------------------------


def test_the_worker_does_all_and_stops(shop: Shop) -> None:
    claire = shop.customer()
    shop.sell(claire, 100)
    worker = Worker(shop.loyalty, Rhythm())
    thread = threading.Thread(target=worker.run)
    thread.start()
    for _ in range(500):
        if shop.balance(claire):
            break
        time.sleep(0.01)
    worker.stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert shop.balance(claire) == 10
    worker.turn()  # stopped: nothing is done any more


def test_a_worker_survives_everything_that_goes_wrong(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    claire = shop.customer()
    shop.sell(claire, 100)
    worker = Worker(shop.loyalty)
    from dolibarr_loyalty.flows import work
    from dolibarr_loyalty.store import bearings

    def falls(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(work, "daily", falls)
    shop.dolibarr.inject(Fault(path="/invoices", kind=html_500, times=1))
    worker.turn()
    assert "tried again" in caplog.text
    assert "work:daily failed" in caplog.text
    monkeypatch.setattr(bearings, "position", lambda *args: (_ for _ in ()).throw(StoreUnavailable("down")))
    with pytest.raises(StoreUnavailable):
        worker.turn()

    def stops_and_falls(self: Worker) -> None:
        self.stop.set()
        raise ZeroDivisionError

    monkeypatch.setattr(Worker, "turn", stops_and_falls)
    worker.run()
    monkeypatch.undo()
    worker.stop.clear()
    shop.clock.pass_(minutes=10)
    worker.turn()
    assert shop.balance(claire) == 10


def test_a_restarted_worker_need_not_wait_long_for_a_dead_ones_leases(shop: Shop) -> None:
    from dolibarr_loyalty.store import bearings

    claire = shop.customer()
    shop.sell(claire, 100)
    assert bearings.take_lease(shop.loyalty.database, "sync", "the dead", shop.clock(), ALONE)
    worker = Worker(shop.as_worker("alive"))
    worker.turn()
    assert shop.balance(claire) == 0
    shop.clock.pass_(seconds=ALONE.total_seconds())
    worker.turn()
    assert shop.balance(claire) == 10


def test_a_failure_that_lasts_is_no_reason_to_refuse(shop: Shop) -> None:
    claire = shop.rich(60)
    voucher = redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="x")
    note = shop.dolibarr.create_invoice(
        socid=claire, type=2, ref_ext=voucher.ref_ext, lines=[{"subprice": "5", "qty": 1, "tva_tx": 0}]
    )
    shop.dolibarr.validate(note)
    with pytest.raises(PermanentFailure, match="in the books"):
        redemption.refuse(shop.loyalty, voucher.id, "Dolibarr said no.")
    assert shop.balance(claire) == 10
