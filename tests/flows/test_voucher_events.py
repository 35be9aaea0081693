"""The agenda tells what a use, a cancellation and an expiry came to; documents say which is the rest."""

from decimal import Decimal
from typing import Any

import pytest

from dolibarr_loyalty.flows import voiding
from dolibarr_loyalty.flows.credits import notes_of
from tests.conftest import OpenShop
from tests.flows.shop import Shop
from tests.flows.voucher_ways import buyer, shop_with, use_part, voucher_for


def events(shop: Shop) -> list[Any]:
    shop.deliver()
    return [row["label"] for row in shop.dolibarr.store.rows("event") if "Voucher" in row["label"]]


def test_a_use_tells_what_it_paid_and_the_end_what_was_left(opened: OpenShop) -> None:
    with shop_with(opened, "payment") as shop:
        customer = buyer(shop)
        voucher = voucher_for(shop, "payment", customer)
        for part in ("1.35", "2.15"):
            use_part(shop, voucher, shop.sell(customer, 50, paid=False), part)
        voiding.cancel(shop.loyalty, voucher.id, reason="x", who="test")
        assert events(shop) == [
            "Voucher issued: €5.00",
            "Voucher used: €1.35",
            "Voucher used: €2.15",
            "Voucher cancelled: €1.50",
        ]


@pytest.mark.parametrize(("way", "name"), [("payment", "Voucher"), ("deposit", "Gift card")])
def test_documents_of_a_divided_credit_say_what_they_are(opened: OpenShop, way: str, name: str) -> None:
    with shop_with(opened, way, "16") as shop:
        customer = buyer(shop)
        voucher = voucher_for(shop, way, customer)
        use_part(shop, voucher, shop.sell(customer, 50, paid=False), Decimal("1.35"))
        named = f"{name} {shop.code(voucher)}"
        lines = {
            note.role: shop.dolibarr.invoice(note.note_id)["lines"][0]["desc"]
            for note in notes_of(shop.loyalty, voucher)
            if note.role in ("use", "rest", "counter")
        }
        assert lines == {"use": named, "rest": f"{named}, the rest", "counter": f"{named}: credit divided"}
