"""Every command says in a line what it does, shows an example, and offers JSON or a dry run."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from dolibarr_loyalty import __version__
from dolibarr_loyalty.cli import app

LISTED = """init, config check, doctor, install, sync, run, serve, deliver, daily, status, member show,
member history, member list, explain invoice, rewards, redeem, voucher show, voucher list, voucher use,
voucher cancel, points adjust, points transfer, card show, card list, pool create, pool join, pool leave, pool show,
outbox list, outbox retry, verify, reconcile, reserve voucher, reserve reward, reserve capture, reserve release,
reserve list, till tickets, till take, till give-back, giftcard list, giftcard show, giftcard sell, giftcard issue,
giftcard print"""
WRITING = """init, install, sync, run, serve, deliver, daily, redeem, voucher use, voucher cancel, points adjust,
points transfer, pool create, pool join, pool leave, outbox retry, reconcile, reserve voucher, reserve reward,
reserve capture, reserve release, till take, till give-back, giftcard sell, giftcard issue"""
READING = """config check, doctor, status, member show, member history, member list, explain invoice, rewards,
voucher show, voucher list, card show, card list, pool show, outbox list, verify, reserve list,
till tickets, giftcard list, giftcard show"""


def names(text: str) -> list[str]:
    return [name.strip() for name in text.replace("\n", " ").split(",")]


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


ALL = dict(commands(typer.main.get_command(app)))


def help_of(name: str) -> str:
    result = CliRunner().invoke(app, [*name.split(), "--help"])
    assert result.exit_code == 0
    return result.output


def test_every_command_of_the_specification_is_there() -> None:
    assert set(names(LISTED)) <= set(ALL)


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_command_has_a_summary_and_an_example(name: str) -> None:
    summary = (ALL[name].help or "").strip().splitlines()[0]
    assert summary.endswith(".")
    assert name not in names(LISTED) or len(summary) <= 68, "the list of commands cuts it off"
    text = help_of(name)
    assert "Example:" in text
    assert f"dolibarr-loyalty {name}" in text


@pytest.mark.parametrize("name", names(READING))
def test_every_reading_command_takes_json(name: str) -> None:
    assert "--json" in help_of(name)


@pytest.mark.parametrize("name", names(WRITING))
def test_every_writing_command_takes_a_dry_run(name: str) -> None:
    assert "--dry-run" in help_of(name)


def test_the_help_tells_the_exit_codes() -> None:
    assert "Exit codes: 0 done" in CliRunner().invoke(app, ["--help"]).output


def test_the_version_is_told() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout.strip() == f"dolibarr-loyalty {__version__}"


@pytest.mark.parametrize("wrong", [["nonsense"], ["status", "--nonsense"], ["member", "show"]])
def test_what_cannot_be_understood_is_wrong_input(wrong: list[str]) -> None:
    assert CliRunner().invoke(app, wrong).exit_code == 2
