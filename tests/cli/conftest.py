"""A small shop on a running stand-in, with its settings, and the commands run on it."""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dolibarr_loyalty.cli import app
from dolibarr_loyalty.config import Answers, SecretFrom, load, write_initial
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.core.vouchers import code_of
from dolibarr_loyalty.sandbox import Dolibarr, Server

TEE = {"desc": "T-shirt", "qty": 1, "subprice": "500.00", "tva_tx": 20}


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(kw_only=True)
class Shop:
    """A stand-in with customers and invoices, a folder with loyalty.toml, and ways to look at both."""

    dolibarr: Dolibarr
    server: Server
    folder: Path
    people: dict[str, int] = field(default_factory=dict)
    printed: list[str] = field(default_factory=list)

    def run(self, *arguments: object, code: int = 0, **env: str) -> Ran:
        """Run a command, which must end with this code."""
        words = ["--config", str(self.config), *(str(word) for word in arguments)]
        result = CliRunner().invoke(app, words, env=env or None)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        self.printed.append(result.output)
        ran = Ran(code=result.exit_code, out=result.stdout, err=result.stderr)
        assert ran.code == code, f"{arguments} ended with {ran.code}:\n{result.output}"
        return ran

    @property
    def config(self) -> Path:
        return self.folder / "loyalty.toml"

    @property
    def database(self) -> Path:
        return self.folder / "loyalty.sqlite3"

    def dump(self) -> list[str]:
        """Everything in the database but the log of codes that were looked up, which every attempt is written to."""
        connection = sqlite3.connect(self.database)
        try:
            return [line for line in connection.iterdump() if "llx_loyalty_lookup" not in line]
        finally:
            connection.close()

    def writes(self) -> int:
        """How often Dolibarr changed something; it refuses what only tries out its abilities."""
        return sum(r.method != "GET" and r.status < 300 for r in self.dolibarr.requests)

    def sql(self, statement: str) -> None:
        """Change the database behind everybody's back."""
        connection = sqlite3.connect(self.database)
        try:
            connection.execute(statement)
            connection.commit()
        finally:
            connection.close()

    def code(self, voucher_id: str) -> str:
        """The code of a voucher."""
        return code_of(voucher_id, load(self.config, os.environ).secrets.key_bytes())

    def redeemed(self, person: str = "claire", reward: str = "5-off") -> str:
        """The code of a fresh voucher."""
        found: str = self.run("redeem", self.people[person], reward, "--json").json["voucher"]["code"]
        return found

    def invoice(self, person: str = "claire", **line: Any) -> str:
        """The ref of a fresh unpaid invoice."""
        number = self.dolibarr.sell(self.people[person], [{**TEE, **line}], paid=False)
        found: str = self.dolibarr.invoice(number)["ref"]
        return found

    def go_away(self) -> None:
        """Dolibarr is down."""
        self.server.stop()


def the_answers(url: str, key: str, admin_key: str | None = None, **changes: Any) -> Answers:
    return Answers(
        **{
            "dolibarr_url": url,
            "api_key": SecretFrom(value=key),
            "admin_key": SecretFrom(value=admin_key) if admin_key else None,
            "mail_kind": "maildir",
            "mail_folder": "mails",
            "sender_address": "shop@example.invalid",
            "shop_name": "Café Sonne",
            "shop_language": "en",
            **changes,
        }
    )


def opened(folder: Path, version: str = "23") -> Iterator[Shop]:
    """A new shop in a folder, on a Dolibarr that has never heard of us."""
    folder.mkdir(exist_ok=True)
    dolibarr = Dolibarr(version=version, path=folder / "dolibarr.db")
    dolibarr.grant(342)
    with Server(dolibarr) as server:
        write_initial(
            folder, language="en", answers=the_answers(server.url, dolibarr.api_key, dolibarr.admin_key)
        )
        shop = Shop(dolibarr=dolibarr, server=server, folder=folder)
        for name, fields in {
            "claire": {"email": "claire@example.invalid", "default_lang": "en_GB"},
            "jean": {"email": "family@example.invalid", "default_lang": "fr_FR"},
            "anne": {"email": "family@example.invalid", "default_lang": "de_DE"},
        }.items():
            shop.people[name] = dolibarr.create_third_party(
                name=f"{name.title()} Martin", client=1, code_client=f"CU-{name}", **fields
            )
        dolibarr.sell(shop.people["claire"], [TEE])
        dolibarr.sell(shop.people["claire"], [{**TEE, "subprice": "250.00"}])
        dolibarr.sell(shop.people["jean"], [{**TEE, "subprice": "100.00"}])
        yield shop
    dolibarr.close()


@pytest.fixture(scope="session")
def well_kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, dict[str, int]]:
    """The folder of a shop whose points are booked, its Dolibarr's address then, and its people."""
    folder = tmp_path_factory.mktemp("well-kept") / "shop"
    for shop in opened(folder):
        shop.run("install", "--json")
        shop.run("sync")
        shop.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return folder, shop.server.url, shop.people


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real client, but for the pauses between its attempts."""
    monkeypatch.delenv("LOYALTY_CONFIG", raising=False)
    monkeypatch.setattr("dolibarr_loyalty.app.Client", partial(Client, backoff=0))


@pytest.fixture
def bare_shop(tmp_path: Path) -> Iterator[Shop]:
    """A shop that has never been synchronised, without fields in Dolibarr and without a database."""
    yield from opened(tmp_path / "shop")


@pytest.fixture
def shop(tmp_path: Path, well_kept: tuple[Path, str, dict[str, int]]) -> Iterator[Shop]:
    """A shop with its fields in Dolibarr and its points booked, nothing delivered yet."""
    template, url, people = well_kept
    folder = tmp_path / "shop"
    shutil.copytree(template, folder)
    dolibarr = Dolibarr(path=folder / "dolibarr.db")
    with Server(dolibarr) as server:
        shop = Shop(dolibarr=dolibarr, server=server, folder=folder, people=dict(people))
        text = shop.config.read_text(encoding="utf-8")
        shop.config.write_text(text.replace(url, server.url), encoding="utf-8")
        yield shop
    dolibarr.close()
