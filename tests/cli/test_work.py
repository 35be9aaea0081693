"""`sync`, `deliver`, `daily`, `run`, `serve`, `outbox`, `status`, `verify`, `reconcile`."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from dolibarr_loyalty.cli.stopping import Stop
from dolibarr_loyalty.sandbox import Fault, delay, status

from .conftest import TEE, Shop


def test_the_first_sync_brings_everything_and_may_be_repeated(bare_shop: Shop) -> None:
    first = bare_shop.run("sync", "--json").json
    assert (first["members"], first["documents"], first["points"]) == (4, 3, 102)
    assert bare_shop.run("sync", "--json").json["points"] == 0
    assert bare_shop.run("sync", "--full", "--json").json["points"] == 0
    assert "0 points booked" in bare_shop.run("sync").out


def test_a_dry_sync_says_what_it_would_book(bare_shop: Shop) -> None:
    told = bare_shop.run("sync", "--dry-run", "--json").json
    assert (told["documents"], told["points"]) == (3, 102)
    assert not bare_shop.database.exists()
    bare_shop.run("sync")
    bare_shop.dolibarr.sell(bare_shop.people["claire"], [TEE])
    before, writes = bare_shop.dump(), bare_shop.writes()
    assert "60 points would be booked" in bare_shop.run("sync", "--dry-run").out
    assert bare_shop.run("sync", "--full", "--dry-run", "--json").json["points"] == 60
    assert (bare_shop.dump(), bare_shop.writes()) == (before, writes)
    assert bare_shop.run("sync", "--json").json["points"] == 60


def test_deleted_invoices_are_found_by_a_full_sync(shop: Shop) -> None:
    draft = shop.dolibarr.create_invoice(socid=2, lines=[TEE])
    shop.run("sync")
    requests.delete(
        f"{shop.server.url}/api/index.php/invoices/{draft}",
        headers={"DOLAPIKEY": shop.dolibarr.api_key},
        timeout=5,
    ).raise_for_status()
    assert shop.run("sync", "--full", "--dry-run", "--json").json["deleted"] == 1
    assert shop.run("sync", "--full", "--json").json["deleted"] == 1


def test_sync_cannot_reach_dolibarr(bare_shop: Shop) -> None:
    bare_shop.go_away()
    ran = bare_shop.run("sync", code=3)
    assert ran.out == ""
    assert "Traceback" not in ran.err
    bare_shop.run("sync", "--dry-run", code=3)


def test_sync_with_a_wrong_key_is_a_matter_of_configuration(bare_shop: Shop) -> None:
    text = bare_shop.config.read_text(encoding="utf-8").replace(bare_shop.dolibarr.api_key, "wrong-key")
    bare_shop.config.write_text(text, encoding="utf-8")
    assert "wrong-key" not in bare_shop.run("sync", code=2).err


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all.sqlite3", "postgresql://localhost:1/loyalty"])
def test_a_database_that_is_away_is_exit_code_3(bare_shop: Shop, url: str) -> None:
    text = bare_shop.config.read_text(encoding="utf-8").replace("sqlite:///loyalty.sqlite3", url)
    bare_shop.config.write_text(text, encoding="utf-8")
    for command in (["status"], ["sync"], ["verify", "--json"], ["member", "show", "2"]):
        ran = bare_shop.run(*command, code=3)
        assert ran.out == ""
        assert "does not answer" in ran.err or "failed" in ran.err


def test_dry_runs_of_an_empty_database_say_so(bare_shop: Shop) -> None:
    for command in (["redeem", "2", "5-off"], ["deliver"], ["reconcile"], ["outbox", "retry"]):
        assert "still empty" in bare_shop.run(*command, "--dry-run", code=2).err
    assert not bare_shop.database.exists()


def test_deliver_writes_into_dolibarr(shop: Shop) -> None:
    before, writes = shop.dump(), shop.writes()
    assert shop.run("deliver", "--dry-run", "--json").json["due"]["screen"] >= 2
    assert "× screen" in shop.run("deliver", "--dry-run").out
    assert (shop.dump(), shop.writes()) == (before, writes)
    assert shop.run("deliver", "--limit", 1, "--json").json["done"] == 1
    assert "carried out" in shop.run("deliver").out
    assert shop.writes() > writes
    assert "Nothing is due" in shop.run("deliver", "--dry-run").out


def test_what_cannot_be_delivered_waits(shop: Shop) -> None:
    shop.redeemed()
    shop.go_away()
    told = shop.run("deliver", "--json").json
    assert told["waiting"] > 0
    rows = shop.run("outbox", "list", "--json").json
    assert all(row["status"] == "pending" for row in rows)
    assert any(row["last_error"] for row in rows)


def test_the_outbox_is_listed_and_retried(shop: Shop) -> None:
    shop.sql("UPDATE llx_loyalty_outbox SET status = 'failed', last_error = 'no such thing'")
    rows = shop.run("outbox", "list", "--status", "failed", "--json").json
    assert {"id", "key", "kind", "thirdparty_id", "status", "attempts", "due_at", "last_error"} <= set(
        rows[0]
    )
    assert "no such thing" in shop.run("outbox", "list").out
    before = shop.dump()
    assert shop.run("outbox", "retry", "--dry-run", "--json").json["effects"] == len(rows)
    assert shop.dump() == before
    assert shop.run("outbox", "retry", rows[0]["id"], "--json").json["effects"] == 1
    assert "Nothing with the id" in shop.run("outbox", "retry", rows[0]["id"], code=2).err
    assert "will be tried again" in shop.run("outbox", "retry").out
    assert shop.run("outbox", "list", "--status", "failed", "--json").json == []
    assert "There is no status" in shop.run("outbox", "list", "--status", "lost", code=2).err
    shop.run("deliver")
    assert "Nothing waits." in shop.run("outbox", "list").out
    assert len(shop.run("outbox", "list", "--status", "done", "--limit", 1, "--json").json) == 1


def test_a_mail_that_is_refused_is_seen(shop: Shop) -> None:
    shop.redeemed()
    (shop.folder / "mails").write_text("in the way")
    shop.run("deliver")
    assert any(row["kind"] == "mail.voucher" for row in shop.run("outbox", "list", "--json").json)


def test_the_daily_work_and_its_dry_run(shop: Shop) -> None:
    shop.sql(
        "UPDATE llx_loyalty_lots SET expires_at = '2026-01-01T00:00:00.000000Z' WHERE account_id = '3:points'"
    )
    before = shop.dump()
    told = shop.run("daily", "--dry-run", "--json").json
    assert told["expired_points"] == 12
    assert "would expire" in shop.run("daily", "--dry-run").out
    assert shop.dump() == before
    assert "12 points" in shop.run("daily").out
    assert shop.run("daily", "--json").json["expired_points"] == 0


def test_the_status_adds_up(shop: Shop) -> None:
    shop.redeemed()
    told = shop.run("status", "--json").json
    wanted = {"members", "issued", "redeemed", "expired", "reversed", "outstanding", "pending", "debt"}
    wanted |= {"vouchers", "outbox", "inbox"}
    assert wanted <= set(told)
    assert (told["issued"], told["redeemed"], told["outstanding"]) == (102, 50, 52)
    shown = shop.run("status").out
    assert "Points members hold" in shown
    assert "dolibarr-loyalty run" in shown
    shop.sql("UPDATE llx_loyalty_outbox SET status = 'failed'")
    assert "outbox list" in shop.run("status").out


def test_verify_finds_what_was_tampered_with(shop: Shop) -> None:
    told = shop.run("verify", "--json").json
    assert (told["entries"], told["accounts"], told["deviations"]) == (3, 2, [])
    assert "Everything agrees" in shop.run("verify").out
    shop.sql("UPDATE llx_loyalty_accounts SET balance = 1000 WHERE id = '2:points'")
    told = shop.run("verify", "--json", code=1).json
    assert {"what", "where", "expected", "found"} == set(told["deviations"][0])
    assert "balance should be 90, it is 1000" in shop.run("verify", code=1).out


def test_reconcile_finds_and_mends(shop: Shop) -> None:
    code = shop.redeemed()
    shop.run("deliver")
    assert "Everything agrees" in shop.run("reconcile").out
    shop.dolibarr.edit_extrafields("thirdparty", 2, loyalty_points=7)
    before, writes = shop.dump(), shop.writes()
    told = shop.run("reconcile", "--json", code=1).json
    assert (len(told["deviations"]), told["mended"]) == (1, 0)
    assert "--mend" in shop.run("reconcile", code=1).out
    dry = shop.run("reconcile", "--mend", "--dry-run", "--json", code=1).json
    assert dry["mended"] == 1
    assert "would be mended" in shop.run("reconcile", "--mend", "--dry-run", code=1).out
    assert (shop.dump(), shop.writes()) == (before, writes)
    assert "1 of 1 mended" in shop.run("reconcile", "--mend").out
    shop.run("deliver")
    shop.run("reconcile")
    assert all(code not in text for text in shop.printed[1:])


def test_reconcile_cannot_reach_dolibarr(shop: Shop) -> None:
    shop.go_away()
    shop.run("reconcile", code=3)


# running -------------------------------------------------------------------------------------------


@contextmanager
def started(shop: Shop, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "dolibarr_loyalty", "--config", str(shop.config), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def until(happened: object, seconds: float = 60) -> None:
    assert callable(happened)
    give_up = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_works_until_one_signal_stops_it(shop: Shop, number: int) -> None:
    with started(shop, "run") as process:
        until(lambda: shop.writes() >= 2)
        process.send_signal(number)
        out, err = process.communicate(timeout=15)
    assert process.returncode == 0, err
    assert out == ""
    assert "Stopped" in err
    shop.run("verify")


def test_run_stops_in_the_middle_of_a_backfill_and_goes_on(bare_shop: Shop) -> None:
    for _ in range(12):
        bare_shop.dolibarr.sell(bare_shop.people["claire"], [TEE])
    text = bare_shop.config.read_text(encoding="utf-8")
    bare_shop.config.write_text(text.replace("page_size = 500", "page_size = 1"), encoding="utf-8")
    slow = Fault(method="GET", path=r"/invoices$", kind=delay(0.4), times=None)
    bare_shop.dolibarr.inject(slow)
    with started(bare_shop, "run") as process:
        until(lambda: sum(request.path == "/invoices" for request in bare_shop.dolibarr.requests) >= 4)
        process.send_signal(signal.SIGTERM)
        asked = time.monotonic()
        _, err = process.communicate(timeout=15)
    assert process.returncode == 0, err
    assert time.monotonic() - asked < 4


def test_run_in_this_process_stops_when_asked(shop: Shop) -> None:
    timer = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGTERM))
    timer.start()
    handler = signal.getsignal(signal.SIGTERM)
    assert "Stopped" in shop.run("run").err
    timer.join()
    assert signal.getsignal(signal.SIGTERM) is handler


def test_a_dry_run_of_run_tells_its_rhythm(shop: Shop) -> None:
    before = shop.dump()
    assert "every 300 seconds" in shop.run("run", "--dry-run").out
    assert shop.dump() == before


def test_a_stop_can_be_waited_for() -> None:
    stop = Stop()
    assert not stop.wait(0.01)
    stop.set()
    assert stop.wait()
    assert stop.is_set()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_serve_receives_hints_and_keeps_the_token_to_itself(shop: Shop) -> None:
    token = (shop.folder / "secrets" / "webhook_token").read_text().strip()
    port = free_port()
    hint = {"triggercode": "BILL_PAYED", "object": {"id": "1"}}
    with started(shop, "serve", "--host", "127.0.0.1", "--port", str(port)) as process:
        base = f"http://127.0.0.1:{port}"
        until(lambda: answers(f"{base}/health"))
        assert requests.post(f"{base}/webhook/{token}", json=hint, timeout=5).status_code == 202
        assert requests.post(f"{base}/webhook/wrong", json=hint, timeout=5).status_code == 404
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=15)
    assert process.returncode == 0, err
    assert token not in out + err
    assert shop.run("status", "--json").json["inbox"] == {"pending": 1}


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).ok
    except requests.ConnectionError:
        return False


def test_serve_in_this_process_stops_when_asked(shop: Shop) -> None:
    timer = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGTERM))
    timer.start()
    assert "Stopped" in shop.run("serve", "--port", 0).err
    timer.join()


def test_serve_cannot_take_a_port_that_is_taken(shop: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"127.0.0.1:{port}" in shop.run("serve", "--port", port, code=2).err


def test_a_dry_serve_tells_where_it_would_listen(shop: Shop) -> None:
    assert "Would listen on 127.0.0.1:8765" in shop.run("serve", "--dry-run").out


def test_a_temporary_fault_is_survived(shop: Shop) -> None:
    shop.dolibarr.inject(Fault(method="PUT", path="/thirdparties", kind=status(503)))
    told = shop.run("deliver", "--json").json
    assert told["waiting"] == 1
