"""Every unit by the name its owner or its kind gives it, with the plurals of each language."""

import re

import pytest

from dolibarr_loyalty.locales import words
from dolibarr_loyalty.messages import explain
from tests.messages.builders import a_brand, a_mail, a_voucher

NAMES = {"stars": {"de": ("Stern", "Sterne"), "en": ("star", "stars"), "fr": ("étoile", "étoiles")}}


@pytest.mark.parametrize(
    ("locale", "number", "unit", "told"),
    [
        ("de", 3, "stars", "3 Sterne"),
        ("de", 1, "stars", "1 Stern"),
        ("de", 0, "stars", "0 Sterne"),
        ("fr", 1, "stars", "1 étoile"),
        ("fr", 0, "stars", "0 étoile"),
        ("fr", 2, "stars", "2 étoiles"),
        ("en", 1200, "stars", "1,200 stars"),
        ("en", 2, "stamps:coffee", "2 stamps"),
        ("en", 1, "stamps:coffee", "1 stamp"),
        ("de", 10, "stamps:coffee", "10 Stempel"),
        ("fr", 10, "stamps:coffee", "10 tampons"),
        ("de", 300, "qualifying:main", "300 Statuspunkte"),
        ("fr", 1, "qualifying:main", "1 point de statut"),
        ("en", 5, "points", "5 points"),
        ("en", 5, "miles", "5 miles"),
    ],
)
def test_units_are_told_with_their_plural(locale: str, number: int, unit: str, told: str) -> None:
    spoken = words(locale, unit_names=NAMES).units(number, unit)
    assert spoken.replace("\N{NO-BREAK SPACE}", " ") == told


@pytest.mark.parametrize(
    ("locale", "unit", "told"),
    [
        ("de", "stars", "Sterne"),
        ("en", "stamps:coffee", "stamps"),
        ("de", "qualifying:main", "Statuspunkte"),
        ("fr", "points", "points"),
        ("en", "miles", "miles"),
    ],
)
def test_what_a_unit_is_called(locale: str, unit: str, told: str) -> None:
    assert words(locale, unit_names=NAMES).unit_name(unit) == told


def test_a_wallet_without_a_name_in_a_language_has_the_english_one_or_any() -> None:
    assert (
        words("fr", unit_names={"stars": {"de": ("Stern", "Sterne"), "en": ("star", "stars")}})
        .units(2, "stars")
        .endswith("stars")
    )
    assert words("fr", unit_names={"stars": {"de": ("Stern", "Sterne")}}).units(2, "stars").endswith("Sterne")


def test_the_points_have_the_name_of_the_shop_whatever_else_is_counted() -> None:
    spoken = a_brand(point_names={"en": ("heart", "hearts")}, unit_names=NAMES).words("en")
    stars = spoken.counting("stars")
    assert [
        w.points(2).replace("\N{NO-BREAK SPACE}", " ") for w in (spoken, stars, stars.counting("points"))
    ] == [
        "2 hearts",
        "2 stars",
        "2 hearts",
    ]
    assert spoken.counting("points") is spoken


def test_reasons_are_told_in_their_unit() -> None:
    spoken = words("en").counting("stamps:coffee")
    assert "10 stamps" in explain({"code": "redeemed", "reward": "coffee", "points": 10}, spoken)


@pytest.mark.parametrize(
    ("locale", "told"), [("en", "10 stamps"), ("de", "10 Stempel"), ("fr", "10 tampons")]
)
def test_the_mail_of_a_full_card_names_stamps(locale: str, told: str) -> None:
    mail = a_mail(a_voucher(points=10, balance=2, unit="stamps:coffee"), locale)
    plain = mail.text.replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ")
    assert told in plain
    assert told.replace("10", "2") in plain
    assert not re.search(r"\bpoints?\b|Punkt", plain)
