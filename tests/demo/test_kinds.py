"""The year under every kind of program: the books agree, and what the kind is about has happened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from gettext import NullTranslations
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from dolibarr_loyalty import locales
from dolibarr_loyalty.app import brand_of
from dolibarr_loyalty.cli import app
from dolibarr_loyalty.config import load
from dolibarr_loyalty.demo import commands
from dolibarr_loyalty.demo.playing import played
from dolibarr_loyalty.demo.programs import PROGRAMS
from dolibarr_loyalty.demo.showing import show
from dolibarr_loyalty.demo.summary import Summary
from dolibarr_loyalty.locales import LANGUAGES, Language
from tests.demo.conftest import NOW, SEED

SCALE = 0.06
OTHERS = [preset for preset in PROGRAMS if preset != "points"]
SPOKEN: dict[str, Language] = {"tiers": "de", "club": "fr"}


@pytest.fixture(scope="module", params=OTHERS)
def of_kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Summary]:
    """The summary of a small year of each preset but the usual one."""
    preset = request.param
    folder = tmp_path_factory.mktemp(preset) / "shop"
    language = SPOKEN.get(preset, "en")
    with played(folder, seed=SEED, scale=SCALE, preset=preset, language=language, present=NOW) as result:
        summary = result.summary
    yield summary


class _Strict(NullTranslations):
    """Refuses whatever a catalogue does not have."""

    def gettext(self, message: str) -> str:
        raise AssertionError(f"not translated: {message}")

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        raise AssertionError(f"not translated: {msgid1}")


def shown(summary: Summary, language: Language) -> str:
    """What people read in a language; a message without translation is a failure."""
    catalogue = locales._compiled(f"{language}.po", language)
    catalogue.add_fallback(_Strict())
    brand = brand_of(load(summary.folder / "loyalty.toml", {}))
    paper = StringIO()
    words = replace(brand.words(language), catalogue=catalogue)
    show(summary, Console(file=paper, width=200), words, Path("shop"))
    return paper.getvalue()


def test_the_books_agree_and_nothing_waits(of_kind: Summary) -> None:
    assert (of_kind.verified, of_kind.reconciled) == ((), ())
    told = of_kind.as_json()
    assert set(told["outbox"]) == {"done"}
    assert set(told["inbox"]) <= {"done"}
    json.dumps(told)


def test_what_the_kind_is_about_has_happened(of_kind: Summary) -> None:
    found, mails = of_kind.figures, dict(of_kind.mails)
    checks: dict[str, list[Any]] = {
        "tiers": [
            *(figure for group in found.tiers for figure in (group.climbed, group.kept, group.fell)),
            sum(benefit.used for benefit in found.benefits),
            sum(benefit.given for benefit in found.benefits),
            mails.get("tier_up"),
            mails.get("tier_down"),
            mails.get("tier_warning"),
            found.budgets[0][1] if found.budgets else 0,
        ],
        "stamps": [
            *(figure for card in found.cards for figure in (card.stamps, card.filled, card.taken)),
            of_kind.as_json()["vouchers"].get("cancelled"),
        ],
        "club": [
            *(
                figure
                for club in found.clubs
                for figure in (club.inside, club.trials, club.left, club.fees, club.paying, club.paid_off)
            ),
            mails.get("club_welcome"),
            mails.get("club_ending"),
            of_kind.examples.pool_member,
        ],
        "cause": [
            *(cause.points and cause.given and cause.match and cause.owed for cause in found.causes),
            sum(cause.paid for cause in found.causes),
            *(count for _, count in found.activities),
            found.refused_activities,
            mails.get("donation_statement"),
        ],
        "stars": [
            of_kind.of_unit.issued,
            of_kind.of_unit.redeemed,
            of_kind.of_unit.expired,
            mails.get("birthday"),
            *(group.climbed for group in found.tiers),
        ],
    }
    happened = checks[of_kind.preset]
    assert happened
    assert all(happened), happened


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_summary_is_whole_in_every_language(of_kind: Summary, language: Language) -> None:
    assert shown(of_kind, language).count("dolibarr-loyalty ") == len(of_kind.commands)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_summary_of_points_is_whole_in_every_language(year: Summary, language: Language) -> None:
    assert shown(year, language).count("dolibarr-loyalty ") == len(year.commands)


def test_every_command_that_is_proposed_for_a_kind_works(
    of_kind: Summary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(of_kind.folder)
    monkeypatch.delenv("LOYALTY_CONFIG", raising=False)
    for command, _ in of_kind.commands:
        ran = CliRunner().invoke(app, command.split())
        assert ran.exit_code == 0, f"{command}: {ran.output}"
        assert ran.stdout.strip(), command


def test_the_preset_and_the_language_are_those_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def instead(workdir: Path, **options: Any) -> None:
        asked.update(options)
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "played", instead)
    CliRunner().invoke(app, ["demo", "--preset", "stamps", "--language", "fr"])
    assert (asked["preset"], asked["language"]) == ("stamps", "fr")
