"""The README's table of features: every command of it shows its feature on the data of its demo."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dolibarr_loyalty.cli import app
from dolibarr_loyalty.demo.playing import played
from dolibarr_loyalty.demo.programs import PROGRAMS
from tests.test_readme import blocks, rows, section

SEED, SCALE = 3, 0.03
TABLE = rows(section("Features"), "What it can do", "Rows")
MEMBERS_TRIED = 40  # of a list, until one shows the feature

# Every row of the catalogue that the table must name.
NAMED = {
    *(f"T{number}" for number in range(1, 16)),
    *(f"E{number}" for number in range(6, 14)),
    *(f"E{number}" for number in range(20, 24)),
    *(f"C{number}" for number in (*range(2, 9), 12)),
    *(f"V{number}" for number in range(1, 18)),
    *("P1", "A9", "A10", "R10"),
    *("R6", "R7", "R8", "B1", "B3", "M8", "M9", "D3", "D4", "D8"),
}

# What the commands of a row must print, by the first of its ids: all of these, across lines.
SHOWN = {
    "T1": ("Reached with|did not reach",),
    "T2": ("Status", "Visits"),
    "T4": (r"Regular +\d\d/\d\d/\d{4}",),
    "T5": (r"Period before +-?\d+ qualifying point",),
    "T7": (r"Redemption", r"Silver|Gold"),
    "T15": ("To keep it +[0-9]+ qualifying points missing", "Reached with 649"),
    "T10": ("To keep it +[0-9]+ qualifying points? missing", "Next tier", "Projected"),
    "T14": ("By hand", "wedding order"),
    "T11": ("Free shipping", "Invitation to the gold evening", "granted"),
    "E13": ("Tier “gold”: times 1.5",),
    "C2": ("“jubilee”: the visit gives 25",),
    "C3": ("“three-visits”: purchases in the period: 3 .* gives 15",),
    "C4": ("fair-trade 50%", "Due"),
    "C6": ("“club-double”: times 2",),
    "C7": ("“double-wednesday”: times 2",),
    "C8": ("“jubilee”: at most 25 points per year; not credited",),
    "E12": ("“jubilee” does not apply: it starts at 60",),
    "C5": ("cafe/loyalty.toml can be used", "Stamp cards +coffee-card, lunch-card"),
    "E6": (r"Coffee card +10 +[1-9]", r"Coffee card, \d+ of 10", "coffee-card +(used|valid)"),
    "E22": ("Has it paid off +(yes|not yet)", "Fees paid +€[1-9]"),
    "E21": (r"Trees for our region +[1-9]", "would be paid"),
    "E7": ("bike .*4711 .*10 ", "granted"),
    "E8": (r"rewarded +100[ +]+50", "was a customer before"),
    "E9": ("welcome .* 20 ", "granted"),
    "E10": ("birthday ", "granted"),
    "E11": ("anniversary ", "granted"),
    "E23": ("stars to spend", r"25 stars"),
    "M8": ("Taken over from customer",),
    "M9": ("With the pool", "head"),
    "D8": ("0 lines are new, [1-9][0-9,]* are in already",),
    "V1": (r"AV\d{4}-\d{4}", r"amount +payment .* used"),
    "V5": ("expired", "% off|for free", "rewards|Reward"),
    "V6": (r"€50\.00 +€[1-9][\d.]* +€[1-9][\d.]* +reserved",),
    "V4": ("a used gift card was refunded", r"credited by AV\d{4}-\d{4}"),
    "V9": (r"FA\d{4}-\d{4} .* gift-card +used",),
    "R10": (r"cart-4711 .*€10\.00 +held", "captured"),
    "P1": (r"PROV-POS1-0",),
    "V14": (r"gift-card +replaced",),
    "V13": ("BEGIN PUBLIC KEY",),
    "V15": ("3 vouchers of run autumn, 3 of them new", "2 cards over €37.50 are new", "Wrote vouchers.csv"),
    "V10": ("multi-purpose voucher: VAT at its use", r"Source: Directive \(EU\) 2016/1065"),
    "V11": ("sold:liability:EUR", r"Opening .* Closing", "left in all"),
    "V12": ("Provision at", "life table|observations: all", "Deferred"),
    "A10": ("Sold, liability: ", "Provision for points", "equal to the cent"),
    "–": ("In force since", "For whom +"),
}


def names(cells: list[str]) -> list[str]:
    return re.findall(r"`([^`]+)`", cells[-1])


def shows(cells: list[str]) -> tuple[str, ...]:
    return SHOWN[cells[1].split(" ")[0].rstrip(",")]


def test_every_row_of_the_catalogue_is_in_the_table() -> None:
    told = {name for cells in TABLE for name in re.findall(r"[A-Z]\d+", cells[1])}
    assert told >= NAMED
    assert {cells[3].strip("`") for cells in TABLE} == set(PROGRAMS)
    assert all(shows(cells) and names(cells) for cells in TABLE)


@pytest.mark.parametrize("preset", PROGRAMS)
def test_every_feature_is_shown_by_its_commands(
    preset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with played(tmp_path / "shop", seed=SEED, preset=preset, scale=SCALE):
        pass
    monkeypatch.chdir(tmp_path / "shop")
    monkeypatch.delenv("LOYALTY_CONFIG", raising=False)
    monkeypatch.setenv("DOLIBARR_API_KEY", "x")
    _files_of_the_readme()
    hidden = []
    for cells in TABLE:
        if cells[3] == f"`{preset}`":
            printed = _printed(names(cells), shows(cells))
            missing = [text for text in shows(cells) if not re.search(text, printed)]
            if missing:
                hidden.append(f"{cells[0]} ({cells[1]}): {missing} not in\n{printed}")
    assert not hidden, "\n\n".join(hidden)


def _files_of_the_readme() -> None:
    """The copy that the README asks for, with the lines of its example; and its file of cards."""
    (example,) = blocks("toml", section("Features"))
    shutil.copy("loyalty.toml", "other.toml")
    with Path("other.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n{example}")
    (cards,) = blocks("csv", section("Rewards and vouchers"))
    Path("cards.csv").write_text(cards, encoding="utf-8")


def _printed(commands: list[str], wanted: tuple[str, ...]) -> str:
    """What a row's commands print; MEMBER is one of those that the last list before it has named."""
    if not any("MEMBER" in command for command in commands):
        return "".join(_run(command).output for command in commands)
    first = next(number for number, command in enumerate(commands) if "MEMBER" in command)
    listed = "".join(_run(command).stdout for command in commands[:first])
    people = json.loads(_run(f"{commands[first - 1]} --json").stdout)
    printed = listed
    for person in people[:MEMBERS_TRIED]:
        member = str(person["thirdparty_id"])
        ran = [_run(command.replace("MEMBER", member), may_fail=True) for command in commands[first:]]
        printed = listed + "".join(each.output for each in ran)
        if all(each.exit_code == 0 for each in ran) and all(re.search(text, printed) for text in wanted):
            return printed
    return printed


def _run(command: str, *, may_fail: bool = False) -> Any:
    arguments = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', command)]
    ran = CliRunner().invoke(app, arguments)
    assert may_fail or ran.exit_code == 0, f"{command} ended with {ran.exit_code}: {ran.output}"
    return ran
