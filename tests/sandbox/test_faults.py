"""Injected faults do to one request what networks and broken servers do."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

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
    rights,
    status,
    truncated,
)

from .conftest import TEE


def _draft(shop: Any) -> dict[str, Any]:
    return {"socid": shop.claire, "lines": [TEE]}


@pytest.mark.parametrize(("kind", "made"), [(refuse, 0), (lost_answer, 1)], ids=["refuse", "lost_answer"])
def test_a_dropped_connection_may_or_may_not_have_done_the_work(shop: Any, kind: Kind, made: int) -> None:
    shop.dolibarr.inject(Fault(method="POST", path=r"/invoices$", kind=kind))
    with pytest.raises(requests.ConnectionError):
        shop.post("/invoices", _draft(shop))
    assert shop.dolibarr.store.count("invoice") == made


def test_a_rule_counts_how_often_it_struck_and_then_stops(shop: Any) -> None:
    fault = shop.dolibarr.inject(Fault(method="GET", path="^/status", times=2, kind=status(503, {}, "busy")))
    answers = [shop.call("GET", "/status").status_code for _ in range(3)]
    assert answers == [503, 503, 200]
    assert fault.met == 2


def test_a_given_status_keeps_its_headers_and_body(shop: Any) -> None:
    given = status(429, {"Retry-After": "7", "Content-Type": "text/plain"}, "slow down")
    shop.dolibarr.inject(Fault(kind=given))
    answer = shop.call("GET", "/status")
    assert (answer.status_code, answer.headers["Retry-After"], answer.text) == (429, "7", "slow down")


def test_the_technical_error_is_text_labelled_as_json(shop: Any) -> None:
    shop.dolibarr.inject(Fault(kind=html_500))
    answer = shop.call("GET", "/invoices")
    assert answer.status_code == 500
    assert "application/json" in answer.headers["Content-Type"]
    assert "technical error" in answer.text


def test_a_false_gzip_label_breaks_a_client_that_believes_it(shop: Any) -> None:
    shop.dolibarr.inject(Fault(kind=gzip_500))
    with pytest.raises(requests.exceptions.ContentDecodingError):
        shop.call("GET", "/invoices")


def test_a_truncated_answer_stops_before_its_length(shop: Any) -> None:
    shop.dolibarr.inject(Fault(kind=truncated))
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        shop.call("GET", "/status")


def test_an_empty_answer_is_still_200(shop: Any) -> None:
    shop.dolibarr.inject(Fault(method="POST", kind=empty))
    answer = shop.call("POST", "/invoices", json=_draft(shop))
    assert (answer.status_code, answer.content) == (200, b"")
    assert shop.dolibarr.store.count("invoice") == 1


def test_a_delay_only_takes_time(shop: Any) -> None:
    shop.dolibarr.inject(Fault(kind=delay(0.15)))
    start = time.monotonic()
    assert shop.call("GET", "/status").status_code == 200
    assert time.monotonic() - start >= 0.15


def test_a_right_can_be_lost_between_two_requests(shop: Any) -> None:
    shop.dolibarr.inject(Fault(path="/invoices", kind=revoke(rights.INVOICE_READ)))
    refused = 401 if shop.dolibarr.is_16 else 403
    assert shop.call("GET", "/invoices").status_code == refused


def test_answered_requests_are_counted(shop: Any) -> None:
    shop.call("GET", "/invoices?limit=1")
    last = shop.dolibarr.requests[-1]
    assert (last.method, last.path, last.query) == ("GET", "/invoices", "limit=1")
