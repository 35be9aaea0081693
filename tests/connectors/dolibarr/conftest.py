"""Recorded JSON of Dolibarr 16 and 23, and a client for answers played by `responses`."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import responses

from dolibarr_loyalty.connectors.dolibarr.books import DolibarrBooks
from dolibarr_loyalty.connectors.dolibarr.capabilities import Capabilities
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.connectors.dolibarr.clock import Zones
from dolibarr_loyalty.connectors.dolibarr.reading import Context

DATA = Path(__file__).parent / "data"
BASE = "https://erp.example.invalid/api/index.php"
KEY = "s3cret-Key-0123456789"
PARIS, UTC = ZoneInfo("Europe/Paris"), ZoneInfo("UTC")


def recorded(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def answers() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def client() -> Client:
    return Client("https://erp.example.invalid/", KEY, backoff=0)


@pytest.fixture
def context() -> Context:
    zones = Zones(shop=PARIS, php=PARIS, database=UTC)
    return Context(zones=zones, languages=("en", "de", "fr"))


@pytest.fixture
def a_dolibarr() -> Callable[..., Capabilities]:
    def build(**differences: Any) -> Capabilities:
        usual: dict[str, Any] = {
            "version": (23, 0, 0),
            "version_text": "23.0.0",
            "php_zone": PARIS,
            "splits_credits": True,
            "creates_extrafields": True,
            "wipes_other_extrafields": False,
            "takes_attachments": True,
            "knows_more_filters": True,
        }
        return Capabilities(**{**usual, **differences})

    return build


@pytest.fixture
def books(client: Client, context: Context, a_dolibarr: Callable[..., Capabilities]) -> DolibarrBooks:
    return DolibarrBooks(client, context, a_dolibarr(), reads_tags=False)
