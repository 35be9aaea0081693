"""State survives: reopening, kill -9, cancelled saves, many threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from dolibarr_loyalty.sandbox import CARRY_ON, Dolibarr, WebhookTarget, running
from dolibarr_loyalty.sandbox.receiver import listening, receivers

from .conftest import TEE


def test_reopening_a_file_gives_the_same_dolibarr(tmp_path: Path) -> None:
    path = tmp_path / "dolibarr.db"
    first = Dolibarr(version="16", path=path, timezone="Europe/Vienna")
    claire = first.create_third_party(name="Claire")
    first.issue_credit(claire, 10)
    key = first.api_key
    first.close()
    again = Dolibarr(path=path)
    assert (again.version, again.moments.name, again.api_key) == ("16", "Europe/Vienna", key)
    assert [row["amount_ttc"] for row in again.credits_of(claire)] == ["10.00000000"]
    assert again.create_third_party(name="Next") == claire + 1


_PROCESS = """
import sys
from pathlib import Path
from dolibarr_loyalty.sandbox import Dolibarr, Server
dolibarr = Dolibarr(path=Path(sys.argv[1]))
server = Server(dolibarr)
print(server.url, dolibarr.api_key, flush=True)
server.serve_forever()
"""


def test_a_killed_process_loses_nothing_it_answered(tmp_path: Path) -> None:
    path = tmp_path / "dolibarr.db"
    command = [sys.executable, "-c", _PROCESS, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url, key = process.stdout.readline().split()
        answers = [
            requests.post(
                f"{url}/api/index.php/thirdparties",
                json={"name": f"Customer {number}", "client": 1},
                headers={"DOLAPIKEY": key},
                timeout=10,
            ).json()
            for number in range(20)
        ]
        os.kill(process.pid, signal.SIGKILL)
    kept = Dolibarr(path=path)
    assert [kept.row("thirdparty", rowid, "")["nom"] for rowid in answers][-1] == "Customer 19"


@pytest.mark.parametrize(("version", "kind"), [("16", CARRY_ON), ("23", 0)])
def test_a_failing_receiver_cancels_the_save(version: str, kind: int) -> None:
    dolibarr = Dolibarr(version=version)
    claire = dolibarr.create_third_party(name="Claire")
    with receivers() as urls, running(dolibarr) as url:
        dolibarr.webhook_targets.append(WebhookTarget(urls["fail"], ("BILL_CREATE",), type=kind, status=1))
        answer = requests.post(
            f"{url}/api/index.php/invoices",
            json={"socid": claire, "lines": [TEE]},
            headers={"DOLAPIKEY": dolibarr.api_key, "Accept-Encoding": "identity"},
            timeout=10,
        )
    assert answer.status_code == 500
    assert answer.text.startswith("Dolibarr has detected a technical error")
    assert dolibarr.store.count("invoice") == 0


def test_a_failing_receiver_of_type_1_changes_nothing_on_23() -> None:
    dolibarr = Dolibarr(version="23")
    claire = dolibarr.create_third_party(name="Claire")
    with receivers() as urls:
        dolibarr.webhook_targets.append(WebhookTarget(urls["nobody"], type=CARRY_ON))
        assert dolibarr.sell(claire, [TEE])


def test_a_disabled_target_still_fires_on_16_only(shop: Any) -> None:
    with listening() as (url, inbox):
        shop.dolibarr.webhook_targets.append(WebhookTarget(url, ("COMPANY_CREATE",), type=CARRY_ON, status=0))
        shop.dolibarr.create_third_party(name="New")
        assert len(inbox.received) == (1 if shop.dolibarr.is_16 else 0)


def test_a_receiver_that_reads_back_sees_the_state_before(shop: Any) -> None:
    invoice = shop.dolibarr.create_invoice(socid=shop.claire, lines=[TEE])
    seen: list[str] = []
    with listening(lambda: seen.append(shop.get(f"/invoices/{invoice}")["ref"])) as (url, _):
        shop.dolibarr.webhook_targets.append(WebhookTarget(url, ("BILL_VALIDATE",), type=CARRY_ON))
        shop.post(f"/invoices/{invoice}/validate")
    assert seen == [f"(PROV{invoice})"]
    assert shop.get(f"/invoices/{invoice}")["status"] == "1"


def test_many_clients_get_distinct_ids(shop: Any) -> None:
    ids: list[int] = []

    def create() -> None:
        ids.extend(shop.post("/invoices", {"socid": shop.claire, "lines": [TEE]}) for _ in range(10))

    threads = [threading.Thread(target=create) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ids)) == 50


def test_a_page_of_500_invoices_is_quick(shop: Any) -> None:
    with shop.dolibarr.batch():
        for _ in range(500):
            shop.dolibarr.sell(shop.claire, [TEE, TEE])
    start = time.monotonic()
    assert len(shop.get("/invoices?limit=500")) == 500
    assert time.monotonic() - start < 2.0  # 0.2 s alone; generous, because test machines are shared


def test_a_batch_that_fails_leaves_nothing(shop: Any) -> None:
    before = shop.dolibarr.store.count("invoice")
    with pytest.raises(RuntimeError), shop.dolibarr.batch():
        shop.dolibarr.sell(shop.claire, [TEE])
        raise RuntimeError
    assert shop.dolibarr.store.count("invoice") == before
