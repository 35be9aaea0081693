"""The webhook receiver: hints recorded, 202 at once, nothing believed, nothing let in."""

import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from dolibarr_loyalty.errors import StoreUnavailable
from dolibarr_loyalty.flows.sync import follow_hints
from dolibarr_loyalty.sandbox import WebhookTarget
from dolibarr_loyalty.store import inbox
from dolibarr_loyalty.store.database import Database
from dolibarr_loyalty.web import webhooks
from dolibarr_loyalty.web.webhooks import topics_of, web_app
from tests.flows.shop import Shop

TOKEN = "a-token-of-more-than-sixteen-signs"
PAID = {"triggercode": "BILL_PAYED", "object": {"id": "12", "status": "1"}}


@pytest.fixture
def browser(shop: Shop) -> Iterator[TestClient]:
    with TestClient(web_app(shop.loyalty, TOKEN, body_limit=2000)) as client:
        yield client


def topics(shop: Shop) -> list[str]:
    with shop.loyalty.database.reading() as tx:
        return [hint.topic for hint in inbox.due(tx, shop.clock(), 1000)]


def test_a_hint_is_recorded_and_answered_with_202(shop: Shop, browser: TestClient) -> None:
    answer = browser.post(f"/webhook/{TOKEN}", json=PAID)
    assert (answer.status_code, answer.content) == (202, b"")
    assert topics(shop) == ["invoice:12"]


def test_16_labels_its_json_as_a_form(shop: Shop, browser: TestClient) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.post(f"/webhook/{TOKEN}", content=json.dumps(PAID), headers=form).status_code == 202
    assert topics(shop) == ["invoice:12"]


@pytest.mark.parametrize(
    "token", ["wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "%00", "é", "a" * 5000, "%ff%fe"]
)
def test_a_wrong_token_is_not_found(shop: Shop, browser: TestClient, token: str) -> None:
    assert browser.post(f"/webhook/{token}", json=PAID).status_code == 404
    assert topics(shop) == []


@pytest.mark.parametrize(
    "path",
    ["/webhook", "/webhook/", f"/webhook/x/../{TOKEN}/y", f"/{TOKEN}", f"/webhook/{TOKEN}/more", "/docs"],
)
def test_there_is_nothing_beside_it(shop: Shop, browser: TestClient, path: str) -> None:
    assert browser.post(path, json=PAID, follow_redirects=False).status_code in (404, 405, 307)
    assert topics(shop) == []


def test_it_only_listens_to_posts(browser: TestClient) -> None:
    assert browser.get(f"/webhook/{TOKEN}").status_code == 405


def test_the_token_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch, browser: TestClient) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def compare(given: bytes, token: bytes) -> bool:
        compared.append((given, token))
        return real(given, token)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    browser.post("/webhook/wrong", json=PAID)
    assert compared == [(b"wrong", TOKEN.encode())]


def test_without_a_token_nothing_is_received(shop: Shop) -> None:
    with TestClient(web_app(shop.loyalty, None)) as client:
        assert client.post("/webhook/None", json=PAID).status_code == 404
        assert client.post("/webhook/", json=PAID).status_code == 404


def test_a_body_too_large_is_refused_and_not_kept(shop: Shop, browser: TestClient) -> None:
    large = {**PAID, "more": "x" * 3000}
    assert browser.post(f"/webhook/{TOKEN}", json=large).status_code == 413
    chunks = (b"x" * 500 for _ in range(10))
    assert browser.post(f"/webhook/{TOKEN}", content=chunks).status_code == 413
    assert topics(shop) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b"\xff\xfe\x00",
        b'{"triggercode": "BILL_PAYED"}',
        b'{"triggercode": "BILL_PAYED", "object": null}',
        b'{"triggercode": "BILL_PAYED", "object": [1]}',
        b'{"triggercode": "BILL_PAYED", "object": {"id": "-1"}}',
        b'{"triggercode": "BILL_PAYED", "object": {"id": "0"}}',
        b'{"triggercode": "BILL_PAYED", "object": {"id": "1; DROP TABLE x"}}',
        b'{"triggercode": "BILL_PAYED", "object": {"id": 1e999}}',
        b'{"triggercode": "BILL_PAYED", "object": {"id": "1111111111111111111111111111"}}',
        b'{"triggercode": "BILL_PAYED", "object": {"id": "\xc2\xb2"}}',
        b'{"triggercode": "PAYMENT_CUSTOMER_CREATE", "object": {"amounts": [12]}}',
        b'{"triggercode": "SOMETHING_ELSE", "object": {"id": 12}}',
        b'{"triggercode": {"a": 1}, "object": {"id": 12}}',
        b"[" * 1500,
        b'{"triggercode":"BILL_PAYED","object":{"id":' + b"9" * 1500 + b"}}",
    ],
)
def test_an_invented_body_is_accepted_and_means_nothing(shop: Shop, browser: TestClient, body: bytes) -> None:
    assert browser.post(f"/webhook/{TOKEN}", content=body).status_code == 202
    assert topics(shop) == []


@pytest.mark.parametrize(
    ("code", "about", "expected"),
    [
        ("BILL_CREATE", {"id": 5}, {"invoice:5"}),
        ("BILL_DELETE", {"id": "5"}, {"invoice:5"}),
        ("COMPANY_MODIFY", {"id": 7}, {"thirdparty:7"}),
        ("LINEBILL_INSERT", {"id": 9, "fk_facture": "5"}, {"invoice:5"}),
        ("PAYMENT_CUSTOMER_CREATE", {"amounts": {"5": "10.00", "6": "1"}}, {"invoice:5", "invoice:6"}),
        ("DISCOUNT_MODIFY", {"fk_facture": 5, "fk_facture_source": 8}, {"invoice:5", "invoice:8"}),
        ("DISCOUNT_MODIFY", {"fk_facture": None, "fk_facture_source": 8}, {"invoice:8"}),
        ("BILL_CREATE", {"id": "007"}, {"invoice:7"}),
    ],
)
def test_what_a_hint_points_at(code: str, about: dict[str, Any], expected: set[str]) -> None:
    assert topics_of(json.dumps({"triggercode": code, "object": about}).encode()) == expected


def test_one_body_points_at_so_many_objects_and_no_more() -> None:
    amounts = {str(number): "1" for number in range(1, 5000)}
    body = json.dumps({"triggercode": "PAYMENT_CUSTOMER_CREATE", "object": {"amounts": amounts}}).encode()
    assert len(topics_of(body)) == webhooks.MOST_TOPICS


def test_a_flood_about_one_invoice_stays_one_hint(shop: Shop, browser: TestClient) -> None:
    for _ in range(100):
        assert browser.post(f"/webhook/{TOKEN}", json=PAID).status_code == 202
    assert topics(shop) == ["invoice:12"]


def test_with_the_database_down_the_answer_is_the_same(
    shop: Shop, browser: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(self: Database) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(Database, "transaction", down)
    monkeypatch.setattr(Database, "reading", down)
    assert browser.post(f"/webhook/{TOKEN}", json=PAID).status_code == 202
    assert "invoice:12 was lost" in caplog.text
    assert browser.get("/health").status_code == 503
    monkeypatch.undo()
    assert browser.get("/health").json() == {"status": "ok"}


def test_a_slow_database_does_not_let_dolibarrs_user_wait(
    shop: Shop, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(webhooks, "_record", lambda loyalty, topics: time.sleep(0.5))
    began = time.monotonic()
    assert browser.post(f"/webhook/{TOKEN}", json=PAID).status_code == 202
    assert time.monotonic() - began < 0.4


@pytest.mark.parametrize("version", ["16", "23"])
def test_a_sale_in_dolibarr_arrives_through_the_webhook(opened: Any, version: str) -> None:
    import socket
    import threading

    import uvicorn

    with opened(version=version) as shop:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            config = uvicorn.Config(web_app(shop.loyalty, TOKEN), log_level="error", lifespan="off")
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
            thread.start()
            port = listener.getsockname()[1]
            target = WebhookTarget(
                url=f"http://127.0.0.1:{port}/webhook/{TOKEN}",
                triggers=("BILL_CREATE", "BILL_VALIDATE", "BILL_PAYED", "COMPANY_CREATE"),
            )
            shop.dolibarr.webhook_targets.append(target)
            claire = shop.customer()
            shop.sell(claire, 100)
            server.should_exit = True
            thread.join(10)
        assert all(delivery.status == 202 for delivery in shop.dolibarr.deliveries) or version == "16"
        follow_hints(shop.loyalty)
        if shop.dolibarr.deliveries and shop.dolibarr.deliveries[0].status == 202:
            assert shop.balance(claire) == 10
