"""The client: one header, one try per write, and a clear failure for everything a network can do."""

import gzip
import json
import logging
import threading
from decimal import Decimal
from email.message import Message
from typing import Any

import pytest
import requests
import responses
import urllib3
from responses import registries

from dolibarr_loyalty.connectors.dolibarr import client as module
from dolibarr_loyalty.connectors.dolibarr.client import Client, normalised
from dolibarr_loyalty.connectors.dolibarr.retrying import ReadRetry
from dolibarr_loyalty.errors import ConfigurationFailure, PermanentFailure, TemporaryFailure

from .conftest import BASE, KEY

Answers = responses.RequestsMock
NO_SUCH_COLUMN = {"error": {"code": 503, "message": "Service Unavailable: Unknown column 't.x' in 'WHERE'"}}


@pytest.mark.parametrize(
    "written",
    [
        "https://erp.example.invalid",
        "https://erp.example.invalid/",
        " https://erp.example.invalid/api/index.php ",
        "https://erp.example.invalid/api/index.php/",
        "https://erp.example.invalid/api",
        "https://erp.example.invalid/index.php?mainmenu=home#x",
    ],
)
def test_the_address_may_be_written_with_or_without_the_path_of_the_api(written: str) -> None:
    assert normalised(written) == BASE


def test_a_dolibarr_in_a_folder_keeps_its_folder() -> None:
    assert (
        normalised("http://shop.example/dolibarr/htdocs")
        == "http://shop.example/dolibarr/htdocs/api/index.php"
    )


@pytest.mark.parametrize(
    "url", ["erp.example", "ftp://erp.example", "file:///etc/passwd", "https://u:p@erp.example"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationFailure) as caught:
        Client(url, KEY)
    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "  ", "two words", "line\nend", "schlüssel"])
def test_a_key_that_cannot_be_one_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ConfigurationFailure) as caught:
        Client("https://erp.example.invalid", key)
    assert not key.strip() or key not in str(caught.value)


def test_a_read_sends_the_key_and_asks_for_no_compression(answers: Answers, client: Client) -> None:
    answers.get(f"{BASE}/invoices", body='[{"total": 1.10}]')
    assert client.get("/invoices", {"limit": 5}) == [{"total": Decimal("1.10")}]
    sent = answers.calls[0].request
    assert sent.headers["DOLAPIKEY"] == KEY
    assert sent.headers["Accept-Encoding"] == "identity"
    assert KEY not in str(sent.url)


def test_numbers_are_sent_with_a_point(answers: Answers, client: Client) -> None:
    answers.post(f"{BASE}/invoices", body="7")
    assert client.post("/invoices", {"subprice": Decimal("16.66667"), "qty": 1}) == 7
    assert answers.calls[0].request.body == b'{"subprice": 16.66667, "qty": 1}'


def test_put_and_delete_speak_json_too(answers: Answers, client: Client) -> None:
    answers.put(f"{BASE}/thirdparties/1", json={"id": "1"})
    answers.delete(f"{BASE}/invoices/1", json={"success": {"code": 200}})
    assert client.put("/thirdparties/1", {"name": "é"}) == {"id": "1"}
    assert client.delete("/invoices/1")["success"]["code"] == 200


def test_a_list_path_answering_404_is_empty(answers: Answers, client: Client) -> None:
    answers.get(
        f"{BASE}/invoices", status=404, json={"error": {"code": 404, "message": "Not Found: No invoice"}}
    )
    assert client.get_list("/invoices") == []


def test_a_list_that_is_refused_is_not_an_empty_one(answers: Answers, client: Client) -> None:
    answers.get(f"{BASE}/invoices", status=503, json=NO_SUCH_COLUMN)
    with pytest.raises(PermanentFailure):
        client.get_list("/invoices")


def test_something_else_than_a_list_is_refused(answers: Answers, client: Client) -> None:
    answers.get(f"{BASE}/invoices", json={"data": []})
    with pytest.raises(PermanentFailure, match="no list"):
        client.get_list("/invoices")


def test_a_read_is_tried_again_after_503_from_a_proxy() -> None:
    with responses.RequestsMock(registry=registries.OrderedRegistry) as answers:
        answers.get(f"{BASE}/status", status=503, body="<html>busy</html>", content_type="text/html")
        answers.get(f"{BASE}/status", status=429, headers={"Retry-After": "0"})
        answers.get(f"{BASE}/status", json={"success": {}})
        assert Client("https://erp.example.invalid", KEY, backoff=0).get("/status") == {"success": {}}


def test_reads_are_tried_again_only_so_often(answers: Answers, client: Client) -> None:
    answers.get(f"{BASE}/status", status=502, body="<html>", content_type="text/html")
    with pytest.raises(TemporaryFailure):
        client.get("/status")
    assert len(answers.calls) == 4


def test_an_unknown_filter_is_not_tried_again(answers: Answers, client: Client) -> None:
    answers.get(f"{BASE}/invoices", status=503, json=NO_SUCH_COLUMN)
    with pytest.raises(PermanentFailure, match="filter"):
        client.get("/invoices")
    assert len(answers.calls) == 1


def test_a_long_retry_after_is_handed_on_instead_of_waited_for(answers: Answers, client: Client) -> None:
    answers.get(f"{BASE}/status", status=503, headers={"Retry-After": "600"}, content_type="text/html")
    with pytest.raises(TemporaryFailure) as caught:
        client.get("/status")
    assert caught.value.retry_after == 600
    assert len(answers.calls) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_write_is_never_tried_again(answers: Answers, client: Client, status: int) -> None:
    answers.post(f"{BASE}/invoices", status=status, body="<html>", headers={"Retry-After": "0"})
    with pytest.raises(TemporaryFailure) as caught:
        client.post("/invoices")
    assert caught.value.unclear is (status != 429)
    assert len(answers.calls) == 1


def test_a_redirect_is_not_followed(answers: Answers, client: Client) -> None:
    answers.get(f"{BASE}/status", status=301, headers={"Location": "https://elsewhere.example.invalid/"})
    with pytest.raises(ConfigurationFailure):
        client.get("/status")
    assert len(answers.calls) == 1


def test_a_lost_answer_to_a_write_is_unclear_and_to_a_read_is_not(answers: Answers, client: Client) -> None:
    answers.post(f"{BASE}/invoices", body=requests.ReadTimeout("timed out"))
    answers.get(f"{BASE}/invoices", body=requests.ConnectionError(urllib3.exceptions.ProtocolError("gone")))
    with pytest.raises(TemporaryFailure) as write:
        client.post("/invoices")
    with pytest.raises(TemporaryFailure) as read:
        client.get("/invoices")
    assert (write.value.unclear, read.value.unclear) == (True, False)


def test_what_was_never_sent_is_not_unclear(answers: Answers, client: Client) -> None:
    answers.post(f"{BASE}/invoices", body=requests.ConnectTimeout())
    with pytest.raises(TemporaryFailure, match="cannot be reached") as caught:
        client.post("/invoices")
    assert not caught.value.unclear


def test_a_refused_connection_is_not_unclear() -> None:
    nobody = Client("http://127.0.0.1:9", KEY, retries=0)
    for call in (lambda: nobody.get("/status"), lambda: nobody.post("/invoices")):
        with pytest.raises(TemporaryFailure, match="cannot be reached") as caught:
            call()
        assert not caught.value.unclear


def test_an_untrusted_certificate_is_a_matter_of_configuration(answers: Answers, client: Client) -> None:
    answers.get(f"{BASE}/status", body=requests.exceptions.SSLError("self-signed"))
    with pytest.raises(ConfigurationFailure, match="certificate"):
        client.get("/status")


def test_an_unusable_address_is_a_matter_of_configuration(answers: Answers, client: Client) -> None:
    answers.get(f"{BASE}/status", body=requests.exceptions.InvalidURL("no host"))
    with pytest.raises(ConfigurationFailure, match="address"):
        client.get("/status")


def test_a_falsely_labelled_gzip_is_read_as_it_is(answers: Answers, client: Client) -> None:
    answers.get(
        f"{BASE}/status",
        status=500,
        body="Dolibarr has detected a technical error.<br>",
        headers={"Content-Encoding": "gzip"},
    )
    with pytest.raises(TemporaryFailure, match="technical error"):
        client.get("/status")


def test_an_honest_gzip_is_unpacked(answers: Answers, client: Client) -> None:
    packed = gzip.compress(json.dumps([1]).encode())
    answers.get(f"{BASE}/status", body=packed, headers={"Content-Encoding": "gzip"})
    assert client.get("/status") == [1]


@pytest.mark.parametrize("body", ['[{"id": ', "", "NaN", "[" * 100000], ids=["cut", "empty", "NaN", "deep"])
def test_a_broken_body_is_temporary(answers: Answers, client: Client, body: str) -> None:
    answers.get(f"{BASE}/invoices", body=body)
    with pytest.raises((TemporaryFailure, ConfigurationFailure)):
        client.get("/invoices")


def test_an_endless_body_is_given_up(
    answers: Answers, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST_BODY", 10)
    answers.get(f"{BASE}/invoices", body="[" + "1," * 100 + "1]")
    with pytest.raises(PermanentFailure, match="larger"):
        client.get("/invoices")


def test_the_key_is_in_no_text(answers: Answers, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answers.get(f"{BASE}/status", status=401, json={"error": {"code": 401, "message": f"bad key {KEY}"}})
    with pytest.raises(ConfigurationFailure) as caught:
        client.get("/status")
    assert KEY not in f"{caught.value!r} {client!r} {caplog.text}"
    assert repr(client) == f"Client({BASE!r})"


def test_each_thread_has_its_own_session(client: Client) -> None:
    sessions: list[Any] = []
    threads = [threading.Thread(target=lambda: sessions.append(client._session())) for _ in range(2)]
    for thread in threads:
        thread.start()
        thread.join()
    assert sessions[0] is not sessions[1]
    assert client._session() is client._session()


def test_a_given_session_is_used(answers: Answers) -> None:
    session = requests.Session()
    answers.get(f"{BASE}/status", body="1")
    given = Client("https://erp.example.invalid", KEY, session=session)
    assert given.get("/status") == 1
    assert given._session() is session


@pytest.mark.parametrize(
    ("header", "told"),
    [("Sat, 21 Nov 2026 20:00:00 GMT", "2026-11-21T20:00:00+00:00"), ("now", None), (None, None)],
)
def test_the_clock_of_the_server_is_read(
    answers: Answers, client: Client, header: str | None, told: str | None
) -> None:
    answers.get(f"{BASE}/status", body="{}", headers={"Date": header} if header else {})
    instant = client.server_time()
    assert (instant.isoformat() if instant else None) == told


def test_a_repeated_retry_keeps_its_limit() -> None:
    retry = ReadRetry(total=2, longest_wait=5).new(total=1)
    answer = urllib3.HTTPResponse(status=503, headers=Message())
    assert (retry.longest_wait, retry._is_final(answer)) == (5, False)
