"""What `config check` says of terms that courts have struck down: in which country, which language, which source."""

from pathlib import Path

import pytest

from dolibarr_loyalty.config.initial import Answers, country_of, write_initial
from dolibarr_loyalty.config.loading import load

from .conftest import RIGHT, Load
from .test_initial import ENV

CARD = '[[program.gift_card]]\nid = "card"\nproducts = ["gift"]\n'


def country(code: str, more: str = "") -> str:
    return f'{RIGHT}[program]\ncountry = "{code}"\n{more}'


@pytest.mark.parametrize(
    ("term", "is_doubtful"),
    [
        ("valid_months = 36", False),
        ('valid_months = 36\nround_up = "none"', True),
        ('valid_months = 35\nround_up = "year"', True),
        ('valid_months = 47\nround_up = "none"', True),
        ('valid_months = 48\nround_up = "none"', False),
        ("valid_months = 0", False),
        ("valid_months = 12", True),
    ],
)
def test_a_german_gift_card_lasts_to_the_end_of_the_third_year(
    term: str, is_doubtful: bool, load_text: Load
) -> None:
    told = load_text(country("DE", CARD + term)).warnings
    assert [warning.place for warning in told] == ["program.gift_card[1].valid_months"] * is_doubtful
    assert all("§§ 195, 199 BGB" in warning.remedy for warning in told)


@pytest.mark.parametrize("code", ["FR", "AT", "BE", "CH"])
def test_german_judgments_are_not_told_elsewhere(code: str, load_text: Load) -> None:
    short = CARD + "valid_months = 12\n[program.expiry]\nmonths = 12\n[program.vouchers]\nvalid_months = 6\n"
    assert load_text(country(code, short)).warnings == ()


def test_deleting_points_for_want_of_activity_is_told_in_germany(load_text: Load) -> None:
    (told,) = load_text(country("DE", '[program.expiry]\nmodel = "activity"\n')).warnings
    assert "quiet for 36 months" in told.problem
    assert "X ZR 42/16" in told.remedy


@pytest.mark.parametrize(
    ("language", "problem", "remedy"),
    [
        ("de", "Punkte enden nach 20 Monaten", "(Quelle: BGH, 28.11.2017, X ZR 42/16"),
        ("en", "Points end after 20 months", "(Source: BGH, 28.11.2017, X ZR 42/16"),
        ("fr", "Les points expirent après 20 mois", "BGH, 28.11.2017, X ZR 42/16"),
    ],
)
def test_the_owner_is_told_in_the_language_of_the_shop(
    language: str, problem: str, remedy: str, load_text: Load
) -> None:
    text = country("DE", "[program.expiry]\nmonths = 20\n")
    (told,) = load_text(text.replace("[brand]\n", f'[brand]\nlanguage = "{language}"\n', 1)).warnings
    assert problem in told.problem
    assert remedy in told.remedy


@pytest.mark.parametrize(
    ("zone", "named", "written", "card_months"),
    [
        ("Europe/Berlin", None, "DE", 36),
        ("Europe/Zurich", None, "CH", 120),
        ("Europe/Paris", "BE", "BE", 36),
        ("Europe/Vienna", "at", "AT", 36),
    ],
)
def test_init_writes_the_country_and_the_validity_proposed_for_it(
    zone: str, named: str | None, written: str, card_months: int, tmp_path: Path
) -> None:
    file = write_initial(tmp_path, language="en", answers=Answers(zone=zone, country=named))
    config = load(file, ENV)
    assert config.program.country == written
    assert (config.program.vouchers.valid_months, config.program.vouchers.round_up) == (36, "year")
    _, _, of_cards = file.read_text(encoding="utf-8").partition("#[[program.gift_card]]")
    assert f"#valid_months = {card_months}\n" in of_cards


def test_a_zone_of_no_country_names_none() -> None:
    assert country_of("UTC") == ""
