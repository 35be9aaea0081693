"""The doctor finds each fault, says how to mend it, and leaves no trace."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
import responses

from dolibarr_loyalty.connectors.dolibarr import checks
from dolibarr_loyalty.connectors.dolibarr.capabilities import NOBODY, Capabilities
from dolibarr_loyalty.connectors.dolibarr.checks import Check
from dolibarr_loyalty.connectors.dolibarr.client import Client

from .conftest import BASE, PARIS

Answers = responses.RequestsMock
Build = Callable[..., Capabilities]
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DATE = {"Date": "Sat, 21 Nov 2026 12:00:01 GMT"}
LISTS = ("thirdparties", "invoices", "categories", "agendaevents", "products", "contacts")


def refusal(code: int, message: str = "Forbidden") -> dict[str, Any]:
    return {"status": code, "json": {"error": {"code": code, "message": message}}}


def a_healthy_23(answers: Answers) -> None:
    told = {"code": 200, "dolibarr_version": "23.0.0", "timestamp_php_tz": "Europe/Paris"}
    answers.get(f"{BASE}/status", json={"success": told}, headers=DATE)
    answers.post(f"{BASE}/thirdparties/0/splitdiscount/0", **refusal(400, "Bad Request: mandatory"))
    answers.get(f"{BASE}/setup/extrafields/societe/loyalty_points", **refusal(403))
    answers.post(f"{BASE}/documents/upload", **refusal(404, "Not Found: Object"))
    for name in LISTS:
        answers.get(f"{BASE}/{name}", json=[])
    for name in ("invoices", "categories", "agendaevents"):
        answers.post(f"{BASE}/{name}", **refusal(400, "Bad Request: field missing"))
    answers.put(f"{BASE}/thirdparties/{NOBODY}", **refusal(404, "Not Found: Thirdparty"))
    answers.delete(f"{BASE}/invoices/{NOBODY}", **refusal(404, "Not Found: Invoice"))
    answers.get(f"{BASE}/users/info", json={"id": "2"})
    answers.get(f"{BASE}/thirdparties/1", **refusal(404, "Not Found: Thirdparty"))
    answers.get(f"{BASE}/thirdparties/2", json={"id": "2"})
    for identifier in (3, 4, 5):
        answers.get(f"{BASE}/thirdparties/{identifier}", **refusal(404, "Not Found: Thirdparty"))
    answers.get(f"{BASE}/setup/extrafields", json=[])
    answers.get(f"{BASE}/setup/modules", json=[*checks.MODULES, "banque"])


def found(client: Client, **options: Any) -> dict[str, Check]:
    run = checks.run(client, shop_zone=PARIS, now=NOON, **options)
    return {check.name.split(",")[0]: check for check in run}


def test_a_healthy_dolibarr_lacks_only_what_install_makes(answers: Answers, client: Client) -> None:
    a_healthy_23(answers)
    told = found(client, admin=client)
    bad = {name for name, check in told.items() if check.ok is not True}
    assert bad == {name for name in told if name.startswith("extrafield")}
    assert "install" in told["extrafield societe.loyalty_points"].remedy
    assert all(check.remedy for check in told.values() if check.ok is False)


def test_without_an_answer_there_is_one_finding(answers: Answers, client: Client) -> None:
    answers.get(f"{BASE}/status", body=requests.ConnectTimeout())
    told = found(client)
    assert list(told) == ["address and key"]
    assert told["address and key"].ok is False


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("GET", "/thirdparties", 121),
        ("PUT", f"/thirdparties/{NOBODY}", 122),
        ("GET", "/invoices", 11),
        ("POST", "/invoices", 12),
        ("GET", "/categories", 241),
        ("GET", "/agendaevents", 2401),
        ("POST", "/agendaevents", 2402),
        ("GET", "/users/info", 342),
    ],
)
@pytest.mark.parametrize("code", [401, 403])
def test_a_missing_right_is_named_in_the_words_of_the_screens(
    answers: Answers, client: Client, method: str, path: str, right: int, code: int
) -> None:
    a_healthy_23(answers)
    answers.replace(method, f"{BASE}{path}", **refusal(code))
    check = next(
        check
        for check in checks.right_checks(client, "de_DE", None)
        if check.name.startswith(f"right {right},")
    )
    assert check.ok is False
    assert f"right {right} “{check.name.split(', ', 1)[1]}”" in check.remedy


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("DELETE", f"/invoices/{NOBODY}", "right 19"),
        ("POST", "/categories", "right 242"),
        ("GET", "/products", "right 31"),
    ],
)
def test_a_right_that_is_only_useful_is_no_fault(
    answers: Answers, client: Client, method: str, path: str, right: str
) -> None:
    a_healthy_23(answers)
    answers.replace(method, f"{BASE}{path}", **refusal(403))
    assert found(client)[right].ok is None


def test_a_module_that_is_off_is_switched_on_not_given_a_right(answers: Answers, client: Client) -> None:
    a_healthy_23(answers)
    answers.replace(
        "GET", f"{BASE}/agendaevents", status=501, body="API not found (failed to include API file)"
    )
    check = found(client, language="de")["right 2401"]
    assert (check.ok, check.remedy) == (
        False,
        "Switch the module on: Start > Einstellungen > Module/Anwendungen.",
    )


def test_an_event_without_owner_gets_past_the_right_on_16_too(answers: Answers, client: Client) -> None:
    a_healthy_23(answers)
    answers.replace(
        "POST", f"{BASE}/agendaevents", **refusal(500, "Internal Server Error: Error creating event")
    )
    assert found(client)["right 2402"].ok is True


def test_a_right_that_cannot_be_tried_stays_open(answers: Answers, client: Client) -> None:
    a_healthy_23(answers)
    answers.replace("GET", f"{BASE}/products", status=502, body="<html>", content_type="text/html")
    assert found(client)["right 31"].ok is None


def test_a_configured_owner_needs_no_right_342(answers: Answers, client: Client) -> None:
    a_healthy_23(answers)
    assert "right 342" not in found(client, user_id=2)


def test_right_262_is_missing_when_single_customers_are_refused(answers: Answers, client: Client) -> None:
    a_healthy_23(answers)
    answers.replace("GET", f"{BASE}/thirdparties/2", **refusal(403))
    assert found(client)["right 262"].ok is False


def test_right_262_cannot_be_tried_without_customers(answers: Answers, client: Client) -> None:
    a_healthy_23(answers)
    answers.replace("GET", f"{BASE}/thirdparties/2", **refusal(404, "Not Found: Thirdparty"))
    assert found(client)["right 262"].ok is None


def test_modules_are_told_to_an_administrator_only(answers: Answers, client: Client) -> None:
    a_healthy_23(answers)
    assert found(client)["modules"].ok is None
    answers.replace("GET", f"{BASE}/setup/modules", **refusal(403))
    assert found(client, admin=client)["modules"].ok is None
    answers.replace("GET", f"{BASE}/setup/modules", json=["societe", "facture", "api"])
    assert found(client, admin=client)["modules"].found == "off: categorie, agenda"


@pytest.mark.parametrize(
    ("url", "ok"),
    [("https://erp.example", True), ("http://localhost:8016", True), ("http://erp.example", None)],
)
def test_a_key_should_not_travel_in_clear(url: str, ok: bool | None) -> None:
    assert checks.encryption_check(Client(url, "key")).ok is ok


def test_a_version_that_was_never_measured_is_said(answers: Answers, client: Client) -> None:
    a_healthy_23(answers)
    answers.replace("GET", f"{BASE}/status", json={"success": {"dolibarr_version": "15.0.1"}}, headers=DATE)
    assert found(client)["version"].ok is False


@pytest.mark.parametrize(
    ("date", "ok"),
    [("Sat, 21 Nov 2026 12:00:40 GMT", True), ("Sat, 21 Nov 2026 11:55:00 GMT", False), ("", None)],
)
def test_clocks_are_compared(answers: Answers, client: Client, date: str, ok: bool | None) -> None:
    answers.get(f"{BASE}/status", body="{}", headers={"Date": date})
    assert checks.clock_check(client, NOON).ok is ok


def test_a_clock_that_cannot_be_asked_stays_open(answers: Answers, client: Client) -> None:
    answers.get(f"{BASE}/status", status=403, body="no")
    assert checks.clock_check(client, NOON).ok is None


@pytest.mark.parametrize(
    ("php", "ok"), [("Europe/Paris", True), ("Europe/Berlin", True), ("UTC", False), ("Africa/Lagos", False)]
)
def test_zones_are_the_same_when_they_are_so_in_summer_and_winter(
    client: Client, a_dolibarr: Build, php: str, ok: bool
) -> None:
    assert checks.zone_check(client, a_dolibarr(php_zone=ZoneInfo(php)), PARIS).ok is ok


@pytest.mark.parametrize(("epochs", "ok"), [([1699916400], True), ([1699920000], False), ([], None)])
def test_a_16_tells_its_zone_by_the_midnights_of_its_invoices(
    answers: Answers, client: Client, a_dolibarr: Build, epochs: list[int], ok: bool | None
) -> None:
    answers.get(f"{BASE}/invoices", json=[{"date": epoch} for epoch in epochs])
    assert checks.zone_check(client, a_dolibarr(php_zone=None), PARIS).ok is ok


def test_a_16_that_may_not_be_read_tells_no_zone(answers: Answers, client: Client, a_dolibarr: Build) -> None:
    answers.get(f"{BASE}/invoices", **refusal(401))
    assert checks.zone_check(client, a_dolibarr(php_zone=None), PARIS).ok is None


def test_extrafields_that_are_there_are_fine_and_unseen_ones_stay_open(
    answers: Answers, client: Client, a_dolibarr: Build
) -> None:
    answers.get(f"{BASE}/setup/extrafields", **refusal(403))
    answers.get(f"{BASE}/thirdparties", json=[{"id": "1", "array_options": {"options_loyalty_points": None}}])
    answers.get(f"{BASE}/invoices", json=[])
    told = list(checks.extrafield_checks(client, a_dolibarr(creates_extrafields=False), "en"))
    assert (told[0].ok, told[1].ok, told[-1].ok) == (True, False, None)
    assert told[1].remedy.startswith("Make it by hand: Home >")


def test_extrafields_that_cannot_be_asked_for_stay_open(
    answers: Answers, client: Client, a_dolibarr: Build
) -> None:
    answers.get(f"{BASE}/setup/extrafields", status=500, body="")
    assert [check.ok for check in checks.extrafield_checks(client, a_dolibarr(), "en")] == [None]
