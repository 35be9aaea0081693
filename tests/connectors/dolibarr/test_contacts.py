"""Birthdays, which Dolibarr keeps at contacts only: as recorded, as the stand-in answers, and as nobody fills them."""

import json
from collections.abc import Iterator
from datetime import UTC, date
from pathlib import Path
from typing import Any

import pytest
import responses

from dolibarr_loyalty import sandbox
from dolibarr_loyalty.connectors.dolibarr.books import DolibarrBooks
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.connectors.dolibarr.clock import Zones
from dolibarr_loyalty.connectors.dolibarr.reading import Context, Unreadable, read_contact
from dolibarr_loyalty.core.occasions import Contact
from dolibarr_loyalty.errors import ConfigurationFailure

from .conftest import BASE, PARIS

RECORDINGS = Path(__file__).parents[2] / "contract" / "recordings"
ZONES = Zones(shop=PARIS, php=PARIS, database=UTC)
CONTEXT = Context(zones=ZONES)


def recorded_contacts(version: str) -> list[dict[str, Any]]:
    """Every contact that a real Dolibarr of this version showed."""
    exchanges = json.loads((RECORDINGS / version / "e_crm.json").read_text(encoding="utf-8"))
    shown = [
        each["response"]["json"]
        for each in exchanges
        if "/contacts" in each["request"]["path"] and each["request"]["method"] == "GET"
    ]
    return [contact for each in shown for contact in (each if isinstance(each, list) else [each])]


@pytest.mark.parametrize("version", ["v16", "v23"])
def test_a_recorded_contact_has_its_birthday(version: str) -> None:
    contacts = [contact for contact in recorded_contacts(version) if "birthday" in contact]
    assert contacts
    read = [read_contact(contact, CONTEXT) for contact in contacts]
    assert read[0] == Contact(id=1, thirdparty_id=3, email="claire@example.invalid", born=date(1990, 5, 17))
    assert {each.born for each in read if each} <= {date(1990, 5, 17), date(1990, 5, 23)}


@pytest.mark.parametrize(
    ("value", "born"),
    [
        (642895200, date(1990, 5, 17)),
        ("642895200", date(1990, 5, 17)),
        ("1990-05-17", date(1990, 5, 17)),
        (-86400 * 365 - 3600, date(1969, 1, 1)),
        (-466304400, date(1955, 3, 24)),
        (-3600, None),
        (0, None),
        ("", None),
        (None, None),
        ("soon", None),
        (-(10**15), None),
        (10**15, None),
    ],
)
def test_a_birthday_is_the_day_of_a_local_midnight_also_before_1970(value: Any, born: date | None) -> None:
    assert ZONES.birthday(value) == born


def test_a_contact_without_birthday_or_without_customer_tells_nothing() -> None:
    assert read_contact({"id": "1", "socid": "3", "birthday": ""}, CONTEXT) is None
    assert read_contact({"id": "1", "socid": None, "birthday": 642895200}, CONTEXT) is None
    with pytest.raises(Unreadable):
        read_contact({"socid": "3", "birthday": 642895200}, CONTEXT)


def test_only_contacts_with_a_birthday_are_asked_for(
    answers: responses.RequestsMock, client: Client, context: Context, a_dolibarr: Any
) -> None:
    books = DolibarrBooks(client, context, a_dolibarr())
    answers.get(
        f"{BASE}/contacts", json=[{"id": "8", "socid": "3", "birthday": 642895200, "mail": "a@x.org"}]
    )
    (contact,) = books.contacts_after(7, 2)
    assert (contact.id, contact.email) == (8, "a@x.org")
    assert dict(answers.calls[0].request.params) == {  # type: ignore[union-attr]
        "sqlfilters": "(t.rowid:>:7) and (t.birthday:>:'1900-01-01')",
        "sortfield": "t.rowid",
        "sortorder": "ASC",
        "limit": "2",
    }


@pytest.fixture(params=["16", "23"])
def dolibarr(request: pytest.FixtureRequest) -> Iterator[tuple[sandbox.Dolibarr, DolibarrBooks]]:
    dolibarr = sandbox.Dolibarr(version=request.param)
    dolibarr.grant(342)
    with sandbox.running(dolibarr) as url:
        client = Client(url, dolibarr.api_key, backoff=0, retries=1)
        yield (
            dolibarr,
            DolibarrBooks.connect(client, shop_zone=PARIS, currency="EUR", languages=("en",)),
        )


def test_contacts_are_walked_by_id(dolibarr: tuple[sandbox.Dolibarr, DolibarrBooks]) -> None:
    house, books = dolibarr
    assert list(books.contacts_after(0, 10)) == []
    claire = house.create_third_party(name="Claire Martin", client=1)
    ids = [
        house.create_contact(lastname=f"Child {year}", socid=claire, birthday=f"{year}-05-17")
        for year in (1955, 1990, 2015)
    ]
    house.create_contact(lastname="Without", socid=claire)
    assert [each.born.year for each in books.contacts_after(0, 10)] == [1955, 1990, 2015]
    assert [each.id for each in books.contacts_after(ids[0], 1)] == [ids[1]]
    assert list(books.contacts_after(ids[-1], 10)) == []


def test_a_missing_right_is_a_matter_of_settings(dolibarr: tuple[sandbox.Dolibarr, DolibarrBooks]) -> None:
    house, books = dolibarr
    house.revoke(281)
    with pytest.raises(ConfigurationFailure):
        books.contacts_after(0, 10)
