"""What is provided for, what is not, and on which accounts."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from dolibarr_loyalty.core.accounts import CHARTS, ROLES, ROLES_FR, Bookkeeping
from dolibarr_loyalty.core.breakage import Estimate
from dolibarr_loyalty.core.provisions import Change, Obligation, Treatment, provision, treatment_of
from dolibarr_loyalty.core.vouchers import Accounting

POINTS = Obligation(
    key="points",
    treatment="provide",
    count=10_000,
    worth=Decimal("100.00"),
    currency="EUR",
    estimate=Estimate(share=Fraction(2, 3), method="life_table", observations=500, minimum=100),
)


def test_probable_use_at_full_cost() -> None:
    assert provision(POINTS, cost_percent=Decimal(100)) == Decimal("66.67")
    assert provision(POINTS, cost_percent=Decimal(60)) == Decimal("40.00")


def test_who_honours_what_has_expired_provides_for_all_of_it() -> None:
    assert provision(POINTS, cost_percent=Decimal(60), honours_expired=True) == Decimal("60.00")


@pytest.mark.parametrize("treatment", ["in_books", "discount"])
def test_nothing_is_provided_for_twice_or_for_a_later_price_reduction(treatment: Treatment) -> None:
    assert provision(replace(POINTS, treatment=treatment), cost_percent=Decimal(100)) == 0


@pytest.mark.parametrize(
    ("way", "is_stamps", "has_amount", "treatment"),
    [
        ("payment", False, True, "in_books"),
        ("credit_note", False, True, "in_books"),
        ("deposit", False, True, "in_books"),
        ("liability", False, True, "in_books"),
        ("discount", False, True, "provide"),
        ("discount", True, True, "discount"),
        ("payment", False, False, "provide"),
        ("payment", True, False, "discount"),
    ],
)
def test_which_are_provided_for(way: Accounting, is_stamps: bool, has_amount: bool, treatment: str) -> None:
    assert treatment_of(way, is_stamps=is_stamps, has_amount=has_amount) == treatment


def test_a_provision_is_added_to_or_released() -> None:
    more, less = (Change(before=Decimal(5), after=Decimal(after)) for after in (8, 1))
    assert [str(each) for each in (more.added, more.released, less.added, less.released)] == [
        "3",
        "0",
        "0",
        "4",
    ]


def test_every_chart_has_every_account_and_the_owner_may_change_each() -> None:
    for numbers in CHARTS.values():
        assert set(numbers) == set(ROLES) == set(ROLES_FR)
    terms = Bookkeeping(chart="skr04", accounts=(("provision", "3079"),))
    assert (terms.account("provision"), terms.account("sold_cards")) == ("3079", "3304")
