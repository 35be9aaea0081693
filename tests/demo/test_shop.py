"""The people, the shelves and the calendar of the demo."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random

import pytest

from dolibarr_loyalty.demo.calendar import ZONE, spread, weeks_until
from dolibarr_loyalty.demo.cast import card_number, mailbox, people
from dolibarr_loyalty.demo.catalogue import ARTICLES, BY_REF
from dolibarr_loyalty.demo.shop import Item, basket, enough_for

TODAY = date(2026, 11, 21)


def test_people_differ_and_can_be_written_to_only_at_example_domains() -> None:
    cast = people(200, Random(1))
    assert len({person.name for person in cast}) == 200
    assert {person.language for person in cast} == {"de", "en", "fr"}
    hosts = {person.email.partition("@")[2] for person in cast if person.email}
    assert hosts == {"example.com", "example.org", "example.net"}
    assert any(not person.email for person in cast)
    assert any(person.is_firm for person in cast)


def test_the_same_chance_gives_the_same_people() -> None:
    assert people(30, Random(4)) == people(30, Random(4))
    assert people(30, Random(4)) != people(30, Random(5))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Jürgen Großmann", "juergen.grossmann"),
        ("Hélène O'Neill", "helene.o.neill"),
        ("Kanzlei Vogt & Partner GmbH", "kanzlei.vogt.partner.gmbh"),
    ],
)
def test_mailboxes_are_plain(name: str, expected: str) -> None:
    assert mailbox(name) == expected


def test_card_numbers_have_a_right_check_digit() -> None:
    number = card_number(41)
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(number))
    assert len(number) == 13
    assert weighted % 10 == 0


def test_the_year_ends_yesterday_and_visits_add_up() -> None:
    weeks = weeks_until(TODAY)
    assert weeks[-1].days[-1] == date(2026, 11, 20)
    assert sum(visits for _, visits in spread(2860, weeks)) == 2860
    december = [visits for week, visits in spread(2860, weeks) if week.month == 12]
    february = [visits for week, visits in spread(2860, weeks) if week.month == 2]
    assert min(december[:3]) > max(february)


def test_nobody_shops_on_sundays_or_at_night() -> None:
    rng = Random(2)
    for week in weeks_until(TODAY)[:8]:
        for _ in range(40):
            at = week.moment(rng)
            assert at.tzinfo is ZONE
            assert at.weekday() != 6
            assert 9 <= at.hour <= 18
            assert at.date() in week.days


def test_several_vat_rates_are_on_the_shelves() -> None:
    assert {article.vat_rate for article in ARTICLES} == {
        Decimal(0),
        Decimal("5.5"),
        Decimal(10),
        Decimal(20),
    }


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.ref)
def test_net_prices_come_to_the_price_on_the_shelf(article: object) -> None:
    from dolibarr_loyalty.demo.catalogue import Article
    from dolibarr_loyalty.sandbox.amounts import line_totals

    assert isinstance(article, Article)
    for quantity in (1, 6):
        totals = line_totals(
            quantity=Decimal(quantity),
            unit_price=article.net_price,
            discount=Decimal(0),
            vat_rate=article.vat_rate,
        )
        assert totals.gross == article.price * quantity


def test_a_basket_is_filled_up_until_it_is_worth_more_than_a_voucher() -> None:
    cup = Item(BY_REF["CUP"])
    for amount in ("0", "3.20", "20", "60"):
        items = enough_for([cup], Decimal(amount))
        assert sum((item.gross for item in items), Decimal(0)) > Decimal(amount)
    assert enough_for([cup], Decimal(1)) == [cup]


def test_firms_buy_neither_cups_nor_gift_cards() -> None:
    rng = Random(9)
    bought = {item.article.ref for _ in range(300) for item in basket(rng, month=12, is_firm=True)}
    assert not bought & {"CUP", "CARD-50", "MACHINE"}
    assert len(bought) > 15
