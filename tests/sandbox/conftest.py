"""A running stand-in for each test, in both versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from dolibarr_loyalty.sandbox import Dolibarr, running

TEE = {"desc": "T-shirt", "qty": 1, "subprice": 100, "tva_tx": 20}


@dataclass
class Shop:
    """A stand-in, its address and one customer."""

    dolibarr: Dolibarr
    url: str
    claire: int

    def call(self, method: str, path: str, *, admin: bool = False, **options: Any) -> requests.Response:
        """One REST call."""
        key = self.dolibarr.admin_key if admin else self.dolibarr.api_key
        headers = {"DOLAPIKEY": key, "Accept-Encoding": "identity"}
        return requests.request(
            method, f"{self.url}/api/index.php{path}", headers=headers, timeout=10, **options
        )

    def get(self, path: str, **options: Any) -> Any:
        """The JSON of a GET."""
        return self.call("GET", path, **options).json()

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """The JSON of a POST."""
        return self.call("POST", path, json=body or {}, **options).json()


@pytest.fixture(params=["16", "23"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """A shop on either version."""
    yield from _open(request.param)


@pytest.fixture
def shop23() -> Iterator[Shop]:
    """A shop on 23."""
    yield from _open("23")


@pytest.fixture
def shop16() -> Iterator[Shop]:
    """A shop on 16."""
    yield from _open("16")


def _open(version: str) -> Iterator[Shop]:
    dolibarr = Dolibarr(version=version)
    claire = dolibarr.create_third_party(name="Claire Martin", email="claire@example.invalid")
    with running(dolibarr) as url:
        yield Shop(dolibarr, url, claire)
