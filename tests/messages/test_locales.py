from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from dolibarr_loyalty.locales import language, words

NBSP, NARROW = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("de", "de"), ("de_AT", "de"), ("fr-CH", "fr"), ("EN", "en"), ("es", "en"), ("", "en"), ("xx_YY", "en")],
)
def test_every_locale_has_a_language(locale, expected):
    assert language(locale) == expected
    assert words(locale).language == expected


@pytest.mark.parametrize(
    ("locale", "amount", "currency", "shown"),
    [
        ("de", "1234.5", "EUR", f"1.234,50{NBSP}€"),
        ("fr", "1234.5", "EUR", f"1{NARROW}234,50{NBSP}€"),
        ("en", "1234.5", "EUR", "€1,234.50"),
        ("de_CH", "10", "CHF", f"CHF{NBSP}10.00"),
        ("en", "10", "CHF", f"CHF{NBSP}10.00"),
        ("de", "-3", "EUR", f"-3,00{NBSP}€"),
        ("de", "1.2345", "TND", f"1,234{NBSP}TND"),
    ],
)
def test_money_is_written_as_in_the_country(locale, amount, currency, shown):
    assert words(locale).money(Decimal(amount), currency) == shown


@pytest.mark.parametrize(
    ("locale", "number", "shown"),
    [
        ("de", 0, f"0{NBSP}Punkte"),
        ("de", 1, f"1{NBSP}Punkt"),
        ("de", -1, f"-1{NBSP}Punkt"),
        ("de", 12345, f"12.345{NBSP}Punkte"),
        ("fr", 0, f"0{NBSP}point"),
        ("fr", 1, f"1{NBSP}point"),
        ("fr", Decimal("1.5"), f"1,5{NBSP}point"),
        ("fr", 2, f"2{NBSP}points"),
        ("en", 0, f"0{NBSP}points"),
        ("en", Decimal("1E+2"), f"100{NBSP}points"),
        ("en", Decimal("12.3400"), f"12.34{NBSP}points"),
    ],
)
def test_points_have_their_plural(locale, number, shown):
    assert words(locale).points(number) == shown


def test_points_may_be_renamed_per_language():
    names = {"de": ("Bohne", "Bohnen")}
    assert words("de", point_names=names).points(1) == f"1{NBSP}Bohne"
    assert words("de", point_names=names).points(3) == f"3{NBSP}Bohnen"
    assert words("de", point_names=names).points_name() == "Bohnen"
    assert words("fr", point_names=names).points(3) == f"3{NBSP}points"


def test_the_first_of_a_month_is_an_ordinal_in_french_only():
    assert words("fr").day(date(2026, 11, 1)) == "1er novembre 2026"
    assert words("fr").day(date(2026, 11, 21)) == "21 novembre 2026"
    assert words("de").day(date(2026, 11, 1)) == "1. November 2026"


def test_an_instant_falls_on_the_day_of_the_shop():
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert words("en", zone="Europe/Paris").day(late) == "1 January 2027"
    assert words("en", zone="UTC").short_day(late) == "31/12/2026"
    assert words("de", zone="UTC").short_day(late) == "31.12.2026"


@pytest.mark.parametrize(
    ("locale", "shown"), [("de", f"12,5{NBSP}%"), ("en", "12.5%"), ("fr", f"12,5{NBSP}%")]
)
def test_percentages_are_given_in_percent(locale, shown):
    assert words(locale).percent(Decimal("12.5")).replace(NARROW, NBSP) == shown


def test_the_informal_address_changes_what_addresses_and_keeps_the_rest():
    formal, informal = words("de"), words("de", "informal")
    assert formal.gettext("Your balance:") == "Ihr Guthaben:"
    assert informal.gettext("Your balance:") == "Dein Guthaben:"
    assert informal.gettext("Voucher") == formal.gettext("Voucher") == "Gutschein"
    assert informal.points(2) == f"2{NBSP}Punkte"


def test_a_message_without_translation_is_shown_as_it_is():
    assert words("fr").gettext("Never seen %(name)s", name="x") == "Never seen x"
    assert words("fr").ngettext("%(n)s cat", "%(n)s cats", 2, n=2) == "2 cats"
    assert words("fr").pgettext("button", "Never seen") == "Never seen"
