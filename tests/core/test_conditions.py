"""What of an invoice a voucher is good for, and what it pays of it at most."""

from dataclasses import replace
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.conditions import (
    at_most,
    good_lines,
    is_below_minimum,
    weights_of,
    worth_of,
    worth_on,
)
from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.sale import Credit, Line
from dolibarr_loyalty.core.vouchers import Voucher
from tests.builders import a_line, a_sale, a_voucher


def percent(rate: str, limit: str | None = None) -> Voucher:
    return a_voucher(kind="percent", value="0", rate=rate, limit=limit)


def free(product: str, limit: str | None = None) -> Voucher:
    return a_voucher(kind="product", value="0", product=product, limit=limit)


@pytest.mark.parametrize(
    ("voucher", "lines", "remaining", "worth"),
    [
        pytest.param(percent("10"), [a_line("80"), a_line("20")], "100", "10", id="percent of the goods"),
        pytest.param(percent("10"), [a_line("33.35")], "33.35", "3.34", id="percent, to the cent"),
        pytest.param(percent("50", "20"), [a_line("100")], "100", "20", id="percent, up to its limit"),
        pytest.param(percent("50"), [a_line("100")], "30", "30", id="no more than remains to be paid"),
        pytest.param(
            percent("10"),
            [a_line("100"), a_line("-20", credit=Credit.DISCOUNT)],
            "80",
            "8",
            id="after a typed-in discount",
        ),
        pytest.param(
            percent("10"),
            [a_line("100"), a_line("-20", credit=Credit.DEPOSIT)],
            "80",
            "10",
            id="a deposit is a payment",
        ),
        pytest.param(percent("10"), [a_line("-50")], "0", "0", id="nothing on goods that come back"),
        pytest.param(percent("10"), [a_line("50")], "-5", "0", id="nothing on an overpaid invoice"),
        pytest.param(percent("10"), [], "0", "0", id="no lines"),
        pytest.param(free("Coffee"), [a_line("9", product="coffee", quantity="3")], "9", "3", id="one unit"),
        pytest.param(
            free("coffee"),
            [a_line("3", product="coffee"), a_line("4", product="coffee")],
            "7",
            "4",
            id="the dearest",
        ),
        pytest.param(
            free("coffee", "2.50"), [a_line("3", product="coffee")], "3", "2.50", id="up to its limit"
        ),
        pytest.param(free("coffee"), [a_line("3", product="tea")], "3", "0", id="another product"),
        pytest.param(free("coffee"), [a_line("0", product="coffee")], "5", "0", id="already free"),
        pytest.param(
            free("coffee"), [a_line("3", product="coffee", quantity="0")], "3", "0", id="quantity zero"
        ),
        pytest.param(
            free("coffee"), [a_line("-3", product="coffee", quantity="-1")], "3", "0", id="taken back"
        ),
        pytest.param(
            free("ham"),
            [a_line("7", product="ham", quantity="0.350"), a_line("30")],
            "37",
            "7",
            id="less than one unit",
        ),
    ],
)
def test_what_a_voucher_is_worth_on_an_invoice(
    voucher: Voucher, lines: list[Line], remaining: str, worth: str
) -> None:
    sale = a_sale(lines=lines, remaining=remaining)
    assert worth_on(voucher, sale, good_lines(voucher, sale)) == Decimal(worth)


@pytest.mark.parametrize(
    ("excluded", "worth"),
    [
        pytest.param((), "60", id="nothing excluded"),
        pytest.param(("book",), "40", id="by its ref, in any case"),
        pytest.param(("drinks",), "30", id="by its tag"),
        pytest.param(("book", "drinks"), "10", id="by both"),
        pytest.param(("cake",), "60", id="something else"),
    ],
)
def test_goods_that_are_excluded_are_neither_counted_nor_paid(excluded: tuple[str, ...], worth: str) -> None:
    voucher = replace(a_voucher(), excluded=excluded, minimum=Decimal(35))
    lines = [
        a_line("20", product="Book"),
        a_line("30", product="TEA", tags=frozenset({"drinks"})),
        a_line("10"),
    ]
    goods = good_lines(voucher, a_sale(lines=lines, remaining="60"))
    assert worth_of(goods) == Decimal(worth)
    assert is_below_minimum(voucher, goods) is (Decimal(worth) < 35)
    assert at_most(voucher, a_sale(lines=lines, remaining="60"), goods) == Decimal(worth)
    assert at_most(voucher, a_sale(lines=lines, remaining="5"), goods) == 5
    assert at_most(voucher, a_sale(lines=lines, remaining="60"), goods, used=Decimal(8)) == Decimal(worth) - 8


def test_without_a_minimum_any_purchase_is_enough() -> None:
    assert not is_below_minimum(a_voucher(), [])


def test_no_voucher_pays_a_gift_card() -> None:
    cards = (GiftCard(id="card", products=("giftcard",)),)
    sale = a_sale(lines=[a_line("50", product="GIFTCARD"), a_line("7", product="mug")], remaining="57")
    assert worth_of(good_lines(a_voucher(), sale, cards)) == 7


def test_goods_that_came_back_are_worth_nothing() -> None:
    assert worth_of([a_line("-5")]) == 0
    assert at_most(a_voucher(), a_sale(lines=[a_line("-5")], remaining="-5"), [a_line("-5")]) == 0


def test_a_reduction_is_split_over_the_vat_rates_of_the_goods() -> None:
    lines = [
        a_line("80", vat_rate="5.5"),
        a_line("20", vat_rate="20"),
        a_line("10", vat_rate="20"),
        a_line("-3", vat_rate="10"),
    ]
    assert weights_of(a_voucher(), lines) == {Decimal("5.5"): 8000, Decimal(20): 3000}


def test_a_free_unit_carries_the_vat_rate_of_its_own_line() -> None:
    lines = [a_line("3", product="coffee", vat_rate="5.5"), a_line("9", product="coffee", vat_rate="20")]
    assert weights_of(free("coffee"), lines) == {Decimal(20): 900}
    assert weights_of(free("coffee"), []) == {}
