"""Where loyalty.toml is looked for, and what its friendly spellings become."""

from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest

from dolibarr_loyalty.config import load
from dolibarr_loyalty.core.program import Cap, Exclusions, Rule
from dolibarr_loyalty.core.terms import Match, Window
from dolibarr_loyalty.errors import ConfigMistakes, ConfigurationError

from .conftest import ENV, RIGHT, Load


def test_the_named_file_wins_over_the_variable_and_the_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    for name in ("loyalty.toml", "second.toml", "third.toml"):
        (folder / name).write_text(RIGHT.replace("Café", name), encoding="utf-8")
    named = {"LOYALTY_CONFIG": "second.toml", **ENV}
    assert load(None, ENV).brand.shop_name == "loyalty.toml"
    assert load(None, named).brand.shop_name == "second.toml"
    assert load(folder / "third.toml", named).brand.shop_name == "third.toml"
    assert load(None, ENV).folder == folder


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="`dolibarr-loyalty init`"):
        load(tmp_path / "loyalty.toml", {})


def test_a_folder_is_not_taken_for_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"is a folder\. Name the file in it: .*loyalty\.toml"):
        load(tmp_path, {})


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "loyalty.toml"
    file.write_bytes('[brand]\nshop_name = "Café"\n'.encode("latin-1"))
    with pytest.raises(ConfigMistakes) as caught:
        load(file, {})
    assert caught.value.mistakes[0].line == 2
    assert "UTF-8" in caught.value.mistakes[0].remedy


def test_a_file_that_cannot_be_read_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    file = folder / "loyalty.toml"
    file.write_text(RIGHT)
    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(ConfigurationError, match="Permission denied"):
        load(file, ENV)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('points = 1\nper = "10.00"', Rule(id="r", points=Decimal(1), per=Decimal(10))),
        ("points = 1\nper = 10.0", Rule(id="r", points=Decimal(1), per=Decimal(10))),
        ('points_per_unit = "0.1"', Rule(id="r", points=Decimal("0.1"), per=Decimal(1))),
        ("points_per_unit = 0.1", Rule(id="r", points=Decimal("0.1"), per=Decimal(1))),
        ("points = 3", Rule(id="r", points=Decimal(3), per=Decimal(1))),
        ('kind = "unit"\npoints_per_unit = 2', Rule(id="r", kind="unit", points=Decimal(2))),
        ('kind = "visit"\npoints = 5', Rule(id="r", kind="visit", points=Decimal(5))),
        (
            'points = 1\nproducts = ["COFFEE"]\ntags = ["Bio"]\ntypes = ["goods"]',
            Rule(id="r", match=Match(products=("coffee",), tags=("bio",), types=("goods",))),
        ),
        (
            'points = 1\nweekdays = ["Fri", "monday", "mo", "dim."]\nhours = "17:00-19:30"',
            Rule(id="r", window=Window(weekdays=(0, 4, 6), from_time=time(17), until_time=time(19, 30))),
        ),
        (
            'points = 1\nhours = "22:00-02:00"',
            Rule(id="r", window=Window(from_time=time(22), until_time=time(2))),
        ),
        ('points = 1\nhours = "18:00-24:00"', Rule(id="r", window=Window(from_time=time(18)))),
        ('points = 1\nhours = "0:00-9:30"', Rule(id="r", window=Window(until_time=time(9, 30)))),
        (
            "points = 1\nfrom_day = 2026-12-01\nuntil_day = 2026-12-24",
            Rule(id="r", window=Window(from_day=date(2026, 12, 1), until_day=date(2026, 12, 24))),
        ),
        (
            "points = 1\nminimum_amount = 20\nminimum_quantity = 2\ncombinable = false\npriority = 3",
            Rule(
                id="r",
                minimum_amount=Decimal(20),
                minimum_quantity=Decimal(2),
                combinable=False,
                priority=3,
            ),
        ),
    ],
)
def test_friendly_spellings_of_a_rule(written: str, meant: Rule, load_text: Load) -> None:
    assert load_text(f'{RIGHT}[[program.earn]]\nid = "r"\n{written}\n').program.rules[1] == meant


def test_tables_of_the_program_become_its_values(load_text: Load) -> None:
    program = load_text(
        RIGHT
        + """
[[program.multiply]]
id = "double"
factor = 2
[[program.cap]]
period = "month"
points = 100
rule = "double"
[program.exclude]
tags = ["Sale"]
lines = [{ products = ["A"], types = ["goods"] }]
gift_cards = ["GIFT"]
channels = ["Takepos"]
discounted_lines = true
"""
    ).program
    assert [rule.id for rule in program.rules] == ["base", "double"]
    assert program.rules[1].factor == 2
    assert program.caps == (Cap(period="month", points=100, rule="double"),)
    assert program.exclusions == Exclusions(
        match=(Match(tags=("sale",)), Match(products=("a",), types=("goods",))),
        discounted_lines=True,
        gift_cards=("gift",),
        channels=("takepos",),
    )


def test_relative_paths_begin_at_the_folder_of_the_file(folder: Path, load_text: Load) -> None:
    (folder / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    text = RIGHT.replace("[brand]", '[brand]\nlogo = "logo.png"')
    config = load_text(text + '[mail]\nkind = "maildir"\nsender_address = "a@b.example"\nmaildir = "sent"\n')
    assert config.brand.logo == folder / "logo.png"
    assert config.mail.maildir == folder / "sent"
    assert config.database.url.reveal() == f"sqlite:///{folder / 'loyalty.sqlite3'}"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("sqlite:////var/lib/loyalty.sqlite3", "sqlite:////var/lib/loyalty.sqlite3"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://me@host/db", "postgresql://me@host/db"),
        ("mariadb+pymysql://host/db", "mariadb+pymysql://host/db"),
    ],
)
def test_addresses_of_databases(written: str, address: str, load_text: Load) -> None:
    assert load_text(f'{RIGHT}[database]\nurl = "{written}"\n').database.url.reveal() == address


def test_the_address_of_dolibarr_may_be_that_of_its_api(load_text: Load) -> None:
    text = RIGHT.replace("erp.example.com", "erp.example.com/dolibarr/api/index.php/")
    assert load_text(text).dolibarr.url == "https://erp.example.com/dolibarr"


def test_point_names_are_pairs_per_language(load_text: Load) -> None:
    text = RIGHT.replace("[brand]", '[brand]\npoint_names = { de = ["Stern", "Sterne"] }')
    text += '[screens]\nmember_page_url = ""\n'
    assert load_text(text).brand.point_names == {"de": ("Stern", "Sterne")}
