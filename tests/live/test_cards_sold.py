"""Gift cards sold, used and given back in a real Dolibarr, 16.0.3 to 23, in both ways through the books."""

# Whole numbers stand for Decimal amounts, for they compare equal.
# mypy: disable-error-code="comparison-overlap"

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from dolibarr_loyalty.app import App
from dolibarr_loyalty.config import Answers, SecretFrom, load, write_initial
from dolibarr_loyalty.connectors.dolibarr import installer
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import Refused
from dolibarr_loyalty.flows import usage
from dolibarr_loyalty.flows.card_orders import order_cards
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.reconcile import compare_voucher
from dolibarr_loyalty.flows.selling import cards_of_sale
from dolibarr_loyalty.flows.sync import sync
from dolibarr_loyalty.flows.verify import verify
from tests.live.test_journey import Shop

pytestmark = pytest.mark.live

PRODUCTS = {"liability": "LIVE-GIFT-L", "deposit": "LIVE-GIFT-D"}
CARDS = (
    GiftCard(id="owed", products=("live-gift-l",), way="liability"),
    GiftCard(id="deposited", products=("live-gift-d",), way="deposit"),
)
WAYS = pytest.mark.parametrize("way", ["liability", "deposit"])


@dataclass(frozen=True)
class Cards(Shop):
    """The shop under a program that sells gift cards."""

    program: Program = field(default_factory=Program)
    products: dict[str, int] = field(default_factory=dict)

    @property
    def loyalty(self) -> Loyalty:
        return replace(self.app.loyalty, program=self.program)

    def line(self, way: str, number: int = 1, price: float = 50) -> dict[str, Any]:
        line = {"fk_product": self.products[way], "desc": "Gift card", "qty": number, "subprice": price}
        return {**line, "tva_tx": 0, "product_type": 1}

    def sell(self, customer: int, way: str, number: int = 1, **fields: Any) -> int:
        sale = self.invoice(customer, 0, lines=[self.line(way, number)], **fields)
        self.pay(sale)
        self.settle()
        return sale

    def settle(self) -> None:
        sync(self.loyalty)
        self.deliver()

    def cards(self, sale: int) -> list[Voucher]:
        return cards_of_sale(self.loyalty, sale)

    def free(self, customer: int) -> list[tuple[str, Decimal]]:
        rows = self.staff.get_list(f"/thirdparties/{customer}/fixedamountdiscounts", {"filter": "available"})
        return sorted((row["description"], Decimal(row["amount_ttc"])) for row in rows)

    def agree(self, sale: int) -> None:
        for card in self.cards(sale):
            assert [str(each) for each in compare_voucher(self.loyalty, card)] == []
        assert verify(self.loyalty).deviations == ()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cards]:
    folder = tmp_path_factory.mktemp("live-cards")
    url = os.environ["LOYALTY_LIVE_URL"]
    answers = Answers(
        dolibarr_url=url,
        api_key=SecretFrom(env="LOYALTY_LIVE_API_KEY"),
        admin_key=SecretFrom(env="LOYALTY_LIVE_ADMIN_KEY"),
        mail_kind="maildir",
        mail_folder="mails",
        sender_address="shop@example.com",
        shop_name="Live shop",
        member_page_url="https://loyalty.example.com/m/{member}",
    )
    app = App(load(write_initial(folder, language="en", answers=answers), os.environ))
    staff = Client(url, os.environ["LOYALTY_LIVE_ADMIN_KEY"])
    installer.apply(staff, installer.plan(staff, app.books.capabilities, language="en"))  # type: ignore[attr-defined]
    products = {way: _product(staff, ref) for way, ref in PRODUCTS.items()}
    program = replace(app.loyalty.program, gift_cards=CARDS)
    shop = Cards(app, staff, folder, program=program, products=products)
    sync(shop.loyalty)
    yield shop
    app.close()


def _product(staff: Client, ref: str) -> int:
    found = staff.get_list("/products", {"sqlfilters": f"(t.ref:=:'{ref}')"})
    if found:
        return int(found[0]["id"])
    body = {"ref": ref, "label": "Gift card", "type": 1, "price": 50, "price_base_type": "HT"}
    return int(staff.post("/products", {**body, "tva_tx": 0, "status": 1}))


@WAYS
def test_a_sale_issues_its_cards_which_pay_in_parts_and_earn(shop: Cards, way: str) -> None:
    customer = shop.customer("Gift Buyer", "en_GB")
    sale = shop.sell(customer, way, 2)
    first, second = shop.cards(sale)
    assert [(c.value, c.state, c.accounting) for c in (first, second)] == [(50, VoucherState.ACTIVE, way)] * 2
    assert shop.free(customer) == ([("(DEPOSIT)", Decimal(50))] * 2 if way == "deposit" else [])
    subjects = [str(mail["Subject"]) for mail in shop.mails_to(customer)]
    assert sum("gift card" in subject for subject in subjects) == 2
    target = shop.invoice(customer, 120)
    used = usage.use_voucher(shop.loyalty, first, target_of(shop, target), Decimal(20), "live", None)
    assert (used.amount, used.invoice.remaining) == (20, 100)
    usage.use(shop.loyalty, shop.code(second), str(target), who="live")
    shop.pay(target)
    shop.settle()
    assert shop.balance(customer) == 12  # nothing for the cards, all of the purchase they paid
    assert [card.remaining for card in shop.cards(sale)] == [30, 0]
    shop.agree(sale)


def target_of(shop: Cards, number: int) -> Any:
    found = shop.loyalty.books.sale(number)
    assert found is not None
    return found


@WAYS
def test_a_refund_cancels_the_unused_card(shop: Cards, way: str) -> None:
    customer = shop.customer("Gift Returner", "en_GB")
    sale = shop.sell(customer, way, 2)
    shop.invoice(customer, 0, type=2, fk_facture_source=sale, lines=[shop.line(way)])
    shop.settle()
    assert [card.state for card in shop.cards(sale)] == [VoucherState.ACTIVE, VoucherState.CANCELLED]
    assert shop.free(customer) == ([("(DEPOSIT)", Decimal(50))] if way == "deposit" else [])
    shop.agree(sale)


@pytest.mark.parametrize("number", [1, 2])
def test_a_paid_deposit_invoice_gives_each_card_its_credit(shop: Cards, number: int) -> None:
    customer = shop.customer("Gift Depositor", "en_GB")
    sale = shop.sell(customer, "deposit", number, type=3)
    assert [card.value for card in shop.cards(sale)] == [50] * number
    assert shop.free(customer) == [("(DEPOSIT)", Decimal(50))] * number
    shop.agree(sale)


@WAYS
def test_a_card_is_ordered_paid_and_pays_no_other_card(shop: Cards, way: str) -> None:
    customer = shop.customer("Gift Orderer", "en_GB")
    sync(shop.loyalty)
    kind = "owed" if way == "liability" else "deposited"
    key = secrets.token_hex(8)
    order = [
        order_cards(shop.loyalty, customer, kind, amount=Decimal("33.33"), quantity=3, request_key=key)
        for _ in range(2)
    ]
    assert len({sale.id for sale in order}) == 1
    assert order[0].gross == Decimal("99.99")
    assert shop.cards(order[0].id) == []
    shop.pay(order[0].id)
    shop.settle()
    cards = shop.cards(order[0].id)
    assert [card.value for card in cards] == [Decimal("33.33")] * 3
    other = shop.invoice(customer, 0, lines=[shop.line(way)])
    with pytest.raises(Refused):
        usage.use(shop.loyalty, shop.code(cards[0]), str(other), who="live")
    shop.agree(order[0].id)
