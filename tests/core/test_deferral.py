"""IFRS 15 to the unit: KPMG's example 10, a textbook, and that no amount is ever lost."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.deferral import Allocation, Period, allocate, points_value, recognised, roll

KPMG_POINTS = points_value(10_000, Decimal(1), Fraction(97, 100))


def shared(percent_decimals: int | None = None) -> Allocation:
    price = Decimal(100_000)
    return allocate(price, goods_value=price, points_value=KPMG_POINTS, percent_decimals=percent_decimals)


def test_kpmg_example_10_takes_whole_percents() -> None:
    assert KPMG_POINTS == 9_700
    assert shared(0) == Allocation(goods=Decimal(91_000), points=Decimal(9_000))
    # the standard's own rule, unrounded
    assert (round(shared().goods), round(shared().points)) == (91_158, 8_842)


def example_10(last_estimate: int) -> list[int]:
    periods = (
        Period(name="1", deferred=shared(0).points, used=0, expected=9_700),
        Period(name="2", deferred=Decimal(0), used=4_500, expected=9_700),
        Period(name="3", deferred=Decimal(0), used=4_000, expected=last_estimate),
    )
    return [round(period.revenue) for period in roll(periods)]


def test_kpmg_example_10a_more_are_expected() -> None:
    assert example_10(9_900) == [0, 4_175, 3_552]


def test_kpmg_example_10b_fewer_are_expected() -> None:
    assert example_10(9_200) == [0, 4_175, 4_140]


def test_the_textbook_example_and_its_slip() -> None:
    """The book's rule, 170 of 2,170, gives 1,843 and 157; it prints 1,842 and 158, which are 170 of 2,150."""
    worth = points_value(2_000, Decimal("0.10"), Fraction(85, 100))
    assert worth == 170
    by_rule = allocate(Decimal(2_000), goods_value=Decimal(2_000), points_value=worth)
    assert (round(by_rule.goods), round(by_rule.points)) == (1_843, 157)
    as_printed = allocate(Decimal(2_000), goods_value=Decimal(1_980), points_value=worth)
    assert (round(as_printed.goods), round(as_printed.points)) == (1_842, 158)
    assert round(recognised(as_printed.points, used=1_000, expected=2_000)) == 79


def test_a_price_without_any_value_goes_to_the_goods() -> None:
    nothing = allocate(Decimal(5), goods_value=Decimal(0), points_value=Decimal(0))
    assert nothing == Allocation(goods=Decimal(5), points=Decimal(0))


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 1000), st.integers(0, 2000)), max_size=8))
def test_what_was_deferred_is_revenue_or_still_owed(years: list[tuple[int, int, int]]) -> None:
    periods = tuple(
        Period(name=str(n), deferred=Decimal(deferred), used=used, expected=expected)
        for n, (deferred, used, expected) in enumerate(years)
    )
    rolled = roll(periods)
    for before, after in pairwise(rolled):
        assert before.closing == after.opening
    if rolled:
        put_aside = sum(each.deferred for each in rolled)
        assert abs(put_aside - sum(each.revenue for each in rolled) - rolled[-1].closing) < Decimal("1e-9")
