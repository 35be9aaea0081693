"""Amounts, minor units and every rounding."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.money import (
    Rounding,
    exponent,
    from_minor,
    net_of_gross,
    round_amount,
    round_points,
    split,
    to_minor,
)

CENTS = st.integers(min_value=-10_000_000, max_value=10_000_000)


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("eur", 2), ("JPY", 0), ("xof", 0), ("TND", 3)])
def test_a_currency_has_its_own_number_of_decimals(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        pytest.param("12.50", "EUR", 1250, id="cents"),
        pytest.param("12.505", "EUR", 1251, id="half a cent goes up"),
        pytest.param("-12.505", "EUR", -1251, id="half a cent of a refund goes away from zero too"),
        pytest.param("1250", "JPY", 1250, id="no minor unit"),
        pytest.param("1.2345", "TND", 1235, id="three decimals"),
    ],
)
def test_an_amount_becomes_whole_minor_units(amount: str, currency: str, minor: int) -> None:
    assert to_minor(Decimal(amount), currency) == minor


@given(CENTS, st.sampled_from(["EUR", "JPY", "TND"]))
def test_minor_units_survive_the_way_to_an_amount_and_back(minor: int, currency: str) -> None:
    amount = from_minor(minor, currency)
    assert to_minor(amount, currency) == minor
    assert round_amount(amount, currency) == amount


def test_an_amount_is_rounded_to_its_currency() -> None:
    assert round_amount(Decimal("3.335"), "EUR") == Decimal("3.34")
    assert round_amount(Decimal("3.5"), "JPY") == Decimal(4)


@pytest.mark.parametrize(
    ("points", "rounding", "whole"),
    [
        ("1.99", "down", 1),
        ("1.5", "half_up", 2),
        ("1.49", "half_up", 1),
        ("1.01", "up", 2),
        ("2", "up", 2),
        ("0", "up", 0),
        ("-1.7", "down", -1),
        ("-1.2", "up", -2),
        ("-1.5", "half_up", -2),
    ],
)
def test_points_are_rounded_by_their_size(points: str, rounding: Rounding, whole: int) -> None:
    assert round_points(Decimal(points), rounding) == whole


@pytest.mark.parametrize("rounding", ["down", "half_up", "up"])
@given(parts=st.integers(min_value=1, max_value=300), points=st.integers(min_value=0, max_value=100_000))
def test_parts_of_whole_points_come_to_the_whole_points(rounding: Rounding, parts: int, points: int) -> None:
    """Three times 10/30 is one point, although the decimals of a third end somewhere."""
    part = Decimal(points) / parts
    assert round_points(sum([part] * parts, Decimal(0)), rounding) == points
    assert round_points(part * parts, rounding) == points


@given(points=st.decimals(min_value=0, max_value=10**9, places=6))
def test_a_refund_rounds_as_its_sale(points: Decimal) -> None:
    modes: tuple[Rounding, ...] = ("down", "half_up", "up")
    for rounding in modes:
        assert round_points(-points, rounding) == -round_points(points, rounding)


@given(total=CENTS, weights=st.lists(st.integers(min_value=0, max_value=10**6), min_size=1).filter(any))
def test_shares_come_to_the_total_and_none_is_a_unit_off(total: int, weights: list[int]) -> None:
    shares = split(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * sum(weights) - total * weight) < sum(weights)
        assert weight or not share


def test_odd_cents_go_to_the_largest_remainders_and_then_to_the_first() -> None:
    assert split(100, [1, 1, 1]) == (34, 33, 33)
    assert split(-100, [1, 1, 1]) == (-34, -33, -33)
    assert split(10, [6, 3, 1]) == (6, 3, 1)
    assert split(11, [5, 15]) == (3, 8)


@pytest.mark.parametrize("weights", [[], [0, 0], [3, -1], [-1]])
def test_shares_need_a_weight_above_zero_and_none_below(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        split(100, weights)


@given(
    cents=st.integers(min_value=1, max_value=200_000),
    rate=st.sampled_from(["0", "2.1", "5.5", "7", "8.1", "10", "19", "20"]),
)
def test_the_net_of_a_voucher_gives_its_gross_to_the_cent(cents: int, rate: str) -> None:
    gross, vat_rate = from_minor(cents, "EUR"), Decimal(rate)
    back = net_of_gross(gross, vat_rate) * (1 + vat_rate / 100)
    assert back.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP) == gross
