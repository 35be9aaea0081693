"""What a version can do is asked, or told by its number where asking would do harm."""

from typing import Any

import pytest
import responses

from dolibarr_loyalty.connectors.dolibarr.capabilities import probe, version_of, wipes, zones_of
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.errors import ConfigurationFailure

from .conftest import BASE, PARIS, UTC

Answers = responses.RequestsMock


def refusal(code: int, message: str) -> dict[str, Any]:
    return {"status": code, "json": {"error": {"code": code, "message": message}}}


def a_16(answers: Answers) -> None:
    answers.get(f"{BASE}/status", json={"success": {"code": 200, "dolibarr_version": "16.0.3"}})
    answers.post(f"{BASE}/thirdparties/0/splitdiscount/0", **refusal(404, "Not Found"))
    answers.get(f"{BASE}/setup/extrafields/societe/loyalty_points", **refusal(404, "Not Found"))
    answers.post(f"{BASE}/documents/upload", **refusal(401, "Unauthorized"))
    answers.get(
        f"{BASE}/invoices", **refusal(503, "Service Unavailable: You have an error in your SQL syntax")
    )


def a_23(answers: Answers, zone: str = "Europe/Paris") -> None:
    told = {"code": 200, "dolibarr_version": "23.0.0-beta", "timestamp_php_tz": zone}
    answers.get(f"{BASE}/status", json={"success": told})
    answers.post(
        f"{BASE}/thirdparties/0/splitdiscount/0", **refusal(400, "Bad Request: Thirdparty ID is mandatory")
    )
    answers.get(
        f"{BASE}/setup/extrafields/societe/loyalty_points", **refusal(403, "Forbidden: Only an admin")
    )
    answers.post(f"{BASE}/documents/upload", **refusal(404, "Not Found: Object with ref 'X' was not found."))
    answers.get(f"{BASE}/invoices", json=[])


def test_a_16_is_known_by_what_it_refuses(answers: Answers, client: Client) -> None:
    a_16(answers)
    told = probe(client)
    assert told.version == (16, 0, 3)
    assert told.php_zone is None
    assert told.wipes_other_extrafields
    abilities = (told.splits_credits, told.creates_extrafields, told.takes_attachments)
    assert not any((*abilities, told.knows_more_filters))
    assert told.is_supported


def test_a_23_is_known_by_what_it_takes(answers: Answers, client: Client) -> None:
    a_23(answers)
    told = probe(client)
    assert (told.version, told.version_text, told.php_zone) == ((23, 0, 0), "23.0.0-beta", PARIS)
    assert not told.wipes_other_extrafields
    assert told.splits_credits
    assert told.creates_extrafields
    assert told.takes_attachments
    assert told.knows_more_filters


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc"])
def test_a_zone_that_is_none_counts_as_not_told(answers: Answers, client: Client, zone: str) -> None:
    a_23(answers, zone)
    assert probe(client).php_zone is None


def test_a_route_that_answers_is_there(answers: Answers, client: Client) -> None:
    a_23(answers)
    answers.replace("GET", f"{BASE}/setup/extrafields/societe/loyalty_points", json={})
    answers.replace("POST", f"{BASE}/documents/upload", json="probe.txt")
    told = probe(client)
    assert told.creates_extrafields
    assert told.takes_attachments


def test_the_zones_are_the_told_one_and_the_measured_one(answers: Answers, client: Client) -> None:
    a_23(answers)
    told = probe(client)
    answers.replace(
        "GET", f"{BASE}/invoices", json=[{"date_creation": 1795289590, "date_modification": 1795285990}]
    )
    answers.get(f"{BASE}/thirdparties", json=[{"date_creation": 1795289590, "date_modification": ""}])
    zones = zones_of(client, told, UTC)
    assert (zones.shop.key, zones.php) == ("UTC", PARIS)
    assert str(zones.database) == "UTC"


@pytest.mark.parametrize(
    ("text", "version"),
    [("16.0.3", (16, 0, 3)), ("23.0.0-beta", (23, 0, 0)), ("20.0", (20, 0, 0)), ("21.x.1", (21, 0, 1))],
)
def test_a_version_is_three_numbers(text: str, version: tuple[int, int, int]) -> None:
    assert version_of(text) == version


@pytest.mark.parametrize("text", ["", "unknown"])
def test_without_a_version_it_is_not_a_dolibarr(text: str) -> None:
    with pytest.raises(ConfigurationFailure):
        version_of(text)


@pytest.mark.parametrize(
    ("version", "does"),
    [
        ((16, 0, 3), True),
        ((18, 0, 6), True),
        ((18, 0, 7), False),
        ((19, 0, 4), True),
        ((20, 0, 3), True),
        ((20, 0, 4), False),
        ((23, 0, 0), False),
    ],
)
def test_the_wipe_was_mended_in_18_0_7_and_20_0_4(version: tuple[int, int, int], does: bool) -> None:
    assert wipes(version) is does
