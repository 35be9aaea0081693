"""The commands `demo` and `sandbox`, and those the demo proposes next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dolibarr_loyalty.app import App
from dolibarr_loyalty.cli import app
from dolibarr_loyalty.config import load
from dolibarr_loyalty.demo import commands
from dolibarr_loyalty.demo.playing import Played, played
from dolibarr_loyalty.demo.summary import Summary
from dolibarr_loyalty.sandbox import Dolibarr
from tests.demo.conftest import SCALE


def _run(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def test_every_command_that_is_proposed_works(
    folder: Path, summary: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("LOYALTY_CONFIG", raising=False)
    assert len(summary["commands"]) == 10
    for command in summary["commands"]:
        program, *arguments = command.split()
        assert program == "dolibarr-loyalty"
        ran = _run(*arguments)
        assert ran.exit_code == 0, f"{command}: {ran.output}"
        assert ran.stdout.strip(), command


def test_a_demo_of_an_old_dolibarr_for_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "played", partial(played, scale=SCALE / 2))
    ran = _run("demo", "--workdir", str(tmp_path / "new"), "--version", "16", "--json")
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)  # nothing else stands there
    figures = [
        "members",
        "issued",
        "redeemed",
        "expired",
        "reversed",
        "outstanding",
        "pending",
        "debt",
        "vouchers",
        "outbox",
        "inbox",
    ]
    assert {*figures, "vouchers", "outbox", "inbox"} <= told.keys()
    assert {"seed", "seconds", "address", "documents", "mails"} <= told.keys()
    assert set(told["voucher_totals"]) == {"issued", "used", "open"}
    assert (told["version"], told["folder"]) == ("16", str(tmp_path / "new"))
    assert told["verify"] == told["reconcile"] == {"deviations": []}


def test_people_get_tables_and_may_go_on_with_all_that_runs(
    year: Summary, monkeypatch: pytest.MonkeyPatch
) -> None:
    dolibarr, served = Dolibarr(), []

    @contextmanager
    def already(workdir: Path, **options: Any) -> Iterator[Played]:
        yield Played(App(load(year.folder / "loyalty.toml", {})), dolibarr, year)

    monkeypatch.setattr(commands, "played", already)
    monkeypatch.setattr("uvicorn.run", lambda web, **where: served.append(where["port"]))
    ran = _run("demo", "--workdir", "some/folder", "--serve")
    web = load(year.folder / "loyalty.toml", {}).web
    assert served == [web.port]
    assert [target.url.partition("/webhook/")[0] for target in dolibarr.webhook_targets] == [
        f"http://{web.host}:{web.port}"
    ]
    assert ran.exit_code == 0, ran.output
    for words in ("Points issued", "Still open", "no deviation", "cd some/folder", "dolibarr-loyalty verify"):
        assert words in ran.stdout


def test_a_second_demo_is_refused(folder: Path) -> None:
    refused = _run("demo", "--workdir", str(folder))
    assert refused.exit_code == 2
    assert "--force" in refused.output
    assert refused.stdout == ""


def test_the_sandbox_says_how_to_use_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "_until_interrupted", lambda: None)
    ran = _run("sandbox", "--workdir", str(tmp_path), "--version", "16")
    assert ran.exit_code == 0, ran.output
    assert "Dolibarr 16 answers at http://127.0.0.1:" in ran.stdout
    assert "DOLIBARR_API_KEY=" in ran.stdout
