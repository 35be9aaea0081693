"""The year that is played: believable, complete, right to the point, and the same for the same seed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dolibarr_loyalty.app import App
from dolibarr_loyalty.config import load
from dolibarr_loyalty.demo import on_demand, playing
from dolibarr_loyalty.demo.calendar import Clock
from dolibarr_loyalty.demo.playing import played
from dolibarr_loyalty.flows.sync import sync
from dolibarr_loyalty.store import vouchers
from dolibarr_loyalty.store.database import Database
from dolibarr_loyalty.store.migrations import migrate
from tests.demo.conftest import NOW, SCALE, SEED


def test_the_ledger_and_dolibarr_agree(summary: dict[str, Any]) -> None:
    assert summary["verify"] == {"deviations": []}
    assert summary["reconcile"] == {"deviations": []}


def test_nothing_waits_and_nothing_failed(summary: dict[str, Any]) -> None:
    assert set(summary["outbox"]) == {"done"}
    assert set(summary["inbox"]) <= {"done"}


def test_points_add_up(summary: dict[str, Any]) -> None:
    left = summary["issued"] - summary["reversed"] - summary["redeemed"] - summary["expired"]
    assert left + summary["adjusted"] == summary["outstanding"] - summary["debt"]


def test_every_cent_on_gift_cards_is_told(summary: dict[str, Any]) -> None:
    cards = {name: Decimal(amount) for name, amount in summary["kinds"]["gift_cards"].items()}
    assert cards["sold"] == cards["used"] + cards["ended"] + cards["left"]
    assert all(cards.values()), cards


def test_every_kind_of_thing_happens(summary: dict[str, Any]) -> None:
    for figure in ("members", "issued", "redeemed", "expired", "reversed", "pending", "debt", "adjusted"):
        assert summary[figure] > 0, figure
    assert {"used", "cancelled", "active"} <= set(summary["vouchers"])
    assert all(summary["mails"].values()), summary["mails"]


def test_the_mail_folder_holds_the_mails_that_were_counted(folder: Path, summary: dict[str, Any]) -> None:
    assert len(list((folder / "mails" / "new").iterdir())) == sum(summary["mails"].values())


def test_documents_hold_what_a_fresh_look_at_dolibarr_grants(folder: Path, tmp_path: Path) -> None:
    """A year of changes, refunds and merges ends where one backfill of its result ends.

    But for invoices paid with vouchers: a new ledger knows no vouchers, and takes them for other credits.
    """
    config = load(folder / "loyalty.toml", {})
    lived, fresh = App(config), App(config)
    fresh.__dict__["database"] = Database(f"sqlite:///{tmp_path}/fresh.sqlite3")
    migrate(fresh.database)
    try:
        with on_demand(config):
            sync(fresh.loyalty)
        with lived.database.reading() as tx:
            used = {voucher.invoice_id for voucher in vouchers.page(tx, None, "", 1000)}
        granted = _granted(lived.database, used)
        assert len(granted) > 30
        assert granted == _granted(fresh.database, used)
    finally:
        lived.close()
        fresh.close()


def _granted(database: Database, without: set[int | None]) -> dict[str, int]:
    """The points of documents that have any, but for some."""
    with database.reading() as tx:
        rows = tx.rows("granted_page", last_id=0, limit=100_000)
    return {row["ref"]: row["granted"] for row in rows if row["granted"] and row["id"] not in without}


def test_the_same_seed_gives_the_same_year_also_with_a_second_worker(
    summary: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playing, "ENOUGH_FOR_TWO", 0)
    with played(tmp_path / "again", seed=SEED, scale=SCALE, present=NOW) as result:
        again = result.summary.as_json()
    for name in ("seconds", "folder", "address"):
        assert again.pop(name) != summary[name]
    assert again == {name: value for name, value in summary.items() if name in again}


def test_the_marker_tells_what_was_played(folder: Path, summary: dict[str, Any]) -> None:
    kept = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    assert kept["finished"] is True
    assert kept["seed"] == SEED
    assert kept["summary"] == summary


def test_the_clock_goes_forward_only() -> None:
    clock = Clock(datetime(2026, 5, 1, tzinfo=UTC))
    clock.reach(datetime(2026, 4, 1, tzinfo=UTC))
    assert clock() == datetime(2026, 5, 1, tzinfo=UTC)
