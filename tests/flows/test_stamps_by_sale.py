"""A café's day: purchases stamp several cards, full ones become vouchers, refunds take stamps back."""

from dataclasses import replace
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.program import Program, Rule
from dolibarr_loyalty.core.terms import Match
from dolibarr_loyalty.core.vouchers import VoucherState
from tests.conftest import OpenShop
from tests.flows.shop import Shop
from tests.flows.wallets import CARDS, account, available, vouchers_of

CAFE: Program = replace(
    CARDS,
    rules=(
        Rule(id="coffee", kind="unit", unit="stamps:coffee", match=Match(products=("coffee",))),
        Rule(id="pizza", kind="unit", unit="stamps:pizza", match=Match(products=("pizza",))),
        Rule(id="star", kind="visit", unit="stars", points=Decimal(2)),
    ),
)


def ordered(shop: Shop, customer: int, **drinks: int) -> int:
    """An invoice over so many coffees and pizzas."""
    lines = []
    for name, quantity in drinks.items():
        found = shop.dolibarr.store.find("product", "ref", name.upper())
        product = found[0]["rowid"] if found else shop.dolibarr.create_product(ref=name.upper(), price="3.00")
        lines.append({"fk_product": product, "qty": quantity, "subprice": "3.00", "tva_tx": 0, "desc": name})
    invoice = shop.sell(customer, lines=lines)
    shop.sync()
    shop.deliver()
    return invoice


def test_one_purchase_stamps_several_cards_and_fills_a_wallet(opened: OpenShop) -> None:
    with opened(program=CAFE) as shop:
        claire = shop.customer()
        ordered(shop, claire, coffee=3, pizza=2)
        held = [
            available(shop, claire, unit) for unit in ("points", "stamps:coffee", "stamps:pizza", "stars")
        ]
        assert held == [0, 3, 2, 2]
        shop.prove()


def test_the_tenth_coffee_brings_the_eleventh(opened: OpenShop) -> None:
    with opened(program=CAFE) as shop:
        claire = shop.customer()
        ordered(shop, claire, coffee=8)
        ordered(shop, claire, coffee=4)
        (voucher,) = vouchers_of(shop, claire)
        assert (voucher.state, available(shop, claire, "stamps:coffee")) == (VoucherState.ACTIVE, 2)
        free = ordered_unpaid(shop, claire)
        shop.use(voucher, free)
        shop.deliver()
        shop.prove()


def ordered_unpaid(shop: Shop, customer: int) -> int:
    product = shop.dolibarr.store.find("product", "ref", "COFFEE")[0]["rowid"]
    line = {"fk_product": product, "qty": 2, "subprice": "3.00", "tva_tx": 0, "desc": "coffee"}
    return shop.sell(customer, lines=[line], paid=False)


@pytest.mark.parametrize(
    ("first", "state", "left"), [(11, VoucherState.ACTIVE, 0), (10, VoucherState.CANCELLED, 9)]
)
def test_a_coffee_that_comes_back_takes_surplus_first_and_then_the_unused_voucher(
    opened: OpenShop, first: int, state: VoucherState, left: int
) -> None:
    with opened(program=CAFE) as shop:
        claire = shop.customer()
        invoice = ordered(shop, claire, coffee=first)
        product = shop.dolibarr.store.find("product", "ref", "COFFEE")[0]["rowid"]
        back = {"fk_product": product, "qty": 1, "subprice": "3.00", "tva_tx": 0, "desc": "coffee"}
        shop.tick()
        shop.dolibarr.refund(invoice, [back])
        shop.sync()
        shop.deliver()
        (voucher,) = vouchers_of(shop, claire)
        assert (voucher.state, available(shop, claire, "stamps:coffee")) == (state, left)
        assert account(shop, claire, "stamps:coffee").debt == 0
        shop.prove()
