"""What leaving a club pays back, when to remind, and when it has paid off."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.clubs import (
    Club,
    ClubAct,
    Fee,
    Payoff,
    refunds,
    reminder_at,
    spans,
    terms,
)
from tests.builders import PARIS, at

CLUB = Club(id="plus", products=("CLUB",), trial_days=30, names=(("de", "Plus-Klub"),))
BOUGHT = "2026-01-15 10:00"


def a_fee(price: str = "73.00", *, document: int = 1, bought: str = BOUGHT, vat: str = "20") -> Fee:
    return Fee(document_id=document, bought_at=at(bought), price=Decimal(price), vat_rate=Decimal(vat))


def paid_back(
    on: str, fees: Sequence[Fee], *, trial: str = "", currency: str = "EUR", **changes: Any
) -> list[tuple[int, str, int, int]]:
    club = Club(**{"id": "plus", "products": ("CLUB",), "trial_days": 30, **changes})
    acts = [ClubAct(at=at(trial), what="trial")] if trial else []
    found = terms(club, [(fee.bought_at, 1) for fee in fees], acts=acts, zone=PARIS)
    return [
        (each.document_id, str(each.amount), each.days_left, each.days)
        for each in refunds(club, found, fees, on=date.fromisoformat(on), currency=currency)
    ]


@pytest.mark.parametrize(
    ("on", "fees", "options", "expected"),
    [
        pytest.param(
            "2026-01-15", [a_fee()], {}, [(1, "73.00", 365, 365)], id="on the day it was bought: all"
        ),
        pytest.param("2026-01-16", [a_fee()], {}, [(1, "72.80", 364, 365)], id="a day later: one day less"),
        pytest.param("2027-01-14", [a_fee()], {}, [(1, "0.20", 1, 365)], id="a day before the end"),
        pytest.param("2027-01-15", [a_fee()], {}, [], id="on the last day: nothing"),
        pytest.param("2026-06-01", [a_fee()], {"refund": "none"}, [], id="a club that pays nothing back"),
        pytest.param(
            "2026-02-10",
            [a_fee("10.00")],
            {"months": 1},
            [(1, "1.61", 5, 31)],
            id="half a cent goes up: 1.6129 of 10 euros",
        ),
        pytest.param(
            "2026-06-01",
            [a_fee(), a_fee("65.70", document=2, bought="2026-03-01 10:00")],
            {},
            [(1, "45.60", 228, 365), (2, "65.70", 365, 365)],
            id="a renewal that has not begun is paid back whole",
        ),
        pytest.param(
            "2026-06-01",
            [a_fee("36.50"), a_fee("36.50")],
            {},
            [(1, "59.30", 593, 730)],
            id="two units of one invoice are one refund",
        ),
        pytest.param(
            "2026-02-01",
            [a_fee(bought="2026-01-20 10:00")],
            {"trial": "2026-01-15 10:00"},
            [(1, "73.00", 365, 365)],
            id="in the trial: the fee that has not begun",
        ),
        pytest.param("2026-02-01", [], {"trial": "2026-01-15 10:00"}, [], id="a trial cost nothing"),
        pytest.param(
            "2026-02-10",
            [a_fee("1000")],
            {"months": 1, "currency": "JPY"},
            [(1, "161", 5, 31)],
            id="a currency without decimals",
        ),
    ],
)
def test_whole_days_left_of_the_price_paid(
    on: str, fees: list[Fee], options: dict[str, Any], expected: list[tuple[int, str, int, int]]
) -> None:
    assert paid_back(on, fees, **options) == expected


def test_two_vat_rates_on_one_invoice_are_two_refunds() -> None:
    assert len(paid_back("2026-06-01", [a_fee("36.50"), a_fee("36.50", vat="10")])) == 2


def test_a_fee_that_nobody_knows_the_price_of_is_left_out() -> None:
    found = terms(CLUB, [(at(BOUGHT), 1)], zone=PARIS)
    assert refunds(CLUB, found, [], on=date(2026, 6, 1), currency="EUR") == ()


@given(
    st.decimals("0.01", "9999", places=2, allow_nan=False, allow_infinity=False),
    st.integers(0, 800),
    st.sampled_from([1, 3, 12, 24]),
)
def test_never_more_than_was_paid_and_never_less_than_nothing(price: Decimal, days: int, months: int) -> None:
    on = date.fromordinal(date(2026, 1, 15).toordinal() + days)
    found = paid_back(on.isoformat(), [a_fee(str(price))], months=months)
    assert all(Decimal(0) <= Decimal(amount) <= price for _, amount, _, _ in found)


@pytest.mark.parametrize(
    ("months", "reminder_days", "expected"),
    [
        pytest.param(12, 30, "2026-12-17", id="thirty days before the end"),
        pytest.param(1, 30, "2026-01-31", id="never in the first half: a monthly club hears in its middle"),
        pytest.param(12, 0, None, id="not at all"),
    ],
)
def test_when_a_member_is_asked_to_renew(months: int, reminder_days: int, expected: str | None) -> None:
    club = Club(id="c", products=("C",), months=months, reminder_days=reminder_days, grace_days=7)
    span = spans(club, [(at(BOUGHT), 1)], zone=PARIS)[0]
    assert reminder_at(club, span, PARIS) == (at(expected) if expected else None)


@pytest.mark.parametrize(
    ("fees", "points", "benefits", "gifts", "missing"),
    [
        pytest.param("49", "20", "23.60", "5", "0.40", id="not yet"),
        pytest.param("49", "20", "24", "5", "0", id="exactly"),
        pytest.param("0", "0", "0", "0", "0", id="a trial has paid off"),
    ],
)
def test_when_a_club_has_paid_off(fees: str, points: str, benefits: str, gifts: str, missing: str) -> None:
    found = Payoff(
        fees=Decimal(fees), points=Decimal(points), benefits=Decimal(benefits), gifts=Decimal(gifts)
    )
    assert found.missing == Decimal(missing)
    assert found.has_paid_off is (missing == "0")


def test_a_club_has_a_name_in_each_language() -> None:
    assert (CLUB.name("de"), Club(id="plus", products=()).name("de")) == ("Plus-Klub", "plus")
