"""Net prices from which Dolibarr's own totals come to the cent."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.credit_lines import CreditLine, line_of, lines_of, parted, rate_behind

RATES = [Decimal(rate) for rate in ("0", "2.1", "2.6", "5.5", "7", "8.1", "10", "13", "19", "20", "21", "25")]
CENT = Decimal("0.01")


def as_dolibarr(line: CreditLine) -> tuple[Decimal, Decimal]:
    """Net and gross of a line of one unit, as Dolibarr computes them from its unit price."""
    gross = line.net_price * (1 + line.vat_rate / 100)
    return (
        line.net_price.quantize(CENT, rounding=ROUND_HALF_UP),
        gross.quantize(CENT, rounding=ROUND_HALF_UP),
    )


def cents(number: int) -> Decimal:
    return Decimal(number).scaleb(-2)


@given(st.integers(1, 10_000_000), st.sampled_from(RATES))
def test_a_line_comes_to_its_gross(number: int, rate: Decimal) -> None:
    line = line_of(cents(number), rate, "EUR")
    assert as_dolibarr(line)[1] == line.gross == cents(number)


@given(st.integers(1, 100_000), st.dictionaries(st.sampled_from(RATES), st.integers(0, 100_000)))
def test_lines_over_several_rates_come_to_the_amount_and_leave_none_out(
    number: int, weights: dict[Decimal, int]
) -> None:
    lines = lines_of(cents(number), weights, "EUR")
    assert sum(as_dolibarr(line)[1] for line in lines) == cents(number)
    assert all(line.gross > 0 for line in lines)
    rates = [line.vat_rate for line in lines]
    assert rates == sorted(set(rates))
    assert set(rates) <= {rate for rate, weight in weights.items() if weight} or rates == [0]


@pytest.mark.parametrize(
    ("gross", "weights", "wanted"),
    [
        pytest.param("10.00", {"20": 2, "5.5": 1}, {"5.5": "3.33", "20": "6.67"}, id="largest remainder"),
        pytest.param("0.01", {"20": 1, "5.5": 1}, {"5.5": "0.01"}, id="a cent cannot be shared"),
        pytest.param("10.00", {}, {"0": "10.00"}, id="nothing known"),
        pytest.param("10.00", {"20": 0}, {"0": "10.00"}, id="nothing that counts"),
    ],
)
def test_an_amount_is_split_by_its_weights(
    gross: str, weights: dict[str, int], wanted: dict[str, str]
) -> None:
    lines = lines_of(Decimal(gross), {Decimal(rate): weight for rate, weight in weights.items()}, "EUR")
    assert {line.vat_rate: line.gross for line in lines} == {
        Decimal(rate): Decimal(part) for rate, part in wanted.items()
    }


@given(st.data(), st.integers(2, 100_000), st.sampled_from(RATES))
def test_two_parts_of_a_credit_come_to_its_net_and_gross(
    data: st.DataObject, number: int, rate: Decimal
) -> None:
    """No cent of VAT moves when a credit is used in parts."""
    net, gross = as_dolibarr(line_of(cents(number), rate, "EUR"))
    part = cents(data.draw(st.integers(1, number - 1)))
    first, second = (as_dolibarr(line) for line in parted(net, gross, part, rate, "EUR"))
    assert (first[1], second[1]) == (part, gross - part)
    assert first[0] + second[0] == net


def test_where_no_price_rounds_to_both_the_gross_is_right() -> None:
    line = line_of(Decimal(10), Decimal(20), "EUR", net=Decimal(5))
    assert as_dolibarr(line) == (Decimal("8.33"), 10)
    first, second = parted(Decimal(5), Decimal(10), Decimal(4), Decimal(20), "EUR")
    assert (as_dolibarr(first)[1], as_dolibarr(second)[1]) == (4, 6)


def test_a_currency_without_cents_has_whole_amounts() -> None:
    assert line_of(Decimal(1000), Decimal(10), "JPY", net=Decimal(909)).net_price == Decimal("909.06818")


@pytest.mark.parametrize(
    ("net", "gross", "rates", "rate"),
    [
        pytest.param("8.33", "10.00", ("5.5", "20"), "20", id="the nearest"),
        pytest.param("9.48", "10.00", ("5.5", "20"), "5.5", id="the other"),
        pytest.param("10.00", "10.00", (), "0", id="none known"),
    ],
)
def test_the_rate_behind_a_credit_is_found(net: str, gross: str, rates: tuple[str, ...], rate: str) -> None:
    known = tuple(Decimal(each) for each in rates)
    assert rate_behind(Decimal(net), Decimal(gross), known) == Decimal(rate)
