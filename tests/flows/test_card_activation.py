"""A printed gift card that is handed out for a sale: one card is owed for one payment, whoever was faster."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import UnknownInvoice, VoucherNotUsable
from dolibarr_loyalty.flows import print_runs, usage, voiding
from dolibarr_loyalty.flows.card_activation import activate_for_sale
from dolibarr_loyalty.flows.selling import cards_of_sale, issue_cards
from dolibarr_loyalty.store import voucher_moves, vouchers
from tests.conftest import OpenShop
from tests.flows.shop import PROGRAM, Shop

CARD = GiftCard(id="gift", products=("gift",))
DEPOSIT = GiftCard(id="deposit", products=("deposit",), way="deposit")


@pytest.fixture(params=["16", "23"])
def stage(request: pytest.FixtureRequest, opened: OpenShop) -> Iterator[Shop]:
    """A shop that sells gift cards."""
    program = replace(PROGRAM, gift_cards=(CARD, DEPOSIT))
    with opened(program=program, version=request.param) as shop:
        for ref in ("GIFT", "DEPOSIT"):
            shop.dolibarr.create_product(ref=ref, label="Gift card", price="50", tva_tx=0, type=1, status=1)
        shop.rich(10, "Anne Blum")  # what was paid before the first look issues nothing
        yield shop


def sold(shop: Shop, quantity: int = 1, *, price: int = 50, paid: bool = True, product: str = "GIFT") -> int:
    (row,) = shop.dolibarr.store.find("product", "ref", product)
    line = {"fk_product": row["rowid"], "qty": quantity, "subprice": str(price), "tva_tx": 0, "desc": "card"}
    buyer = shop.customer(email="claire@example.invalid")
    shop.tick()
    return shop.dolibarr.sell(buyer, [{**line, "product_type": 1}], paid=paid)


def printed(shop: Shop, count: int = 2, value: int = 50) -> list[Voucher]:
    run = print_runs.plan(
        shop.loyalty, name=f"cards {value}", count=count, gift_card_id="gift", value=Decimal(value)
    )
    print_runs.make(shop.loyalty, run, who="anna")
    with shop.loyalty.database.reading() as tx:
        found = [vouchers.by_request(tx, run.key(number)) for number in range(1, count + 1)]
    return [each for each in found if each is not None]


def activated(shop: Shop, card: Voucher, sale: int) -> Voucher:
    return activate_for_sale(shop.loyalty, card.id, str(sale), why="till 1", who="anna")


def settle(shop: Shop) -> None:
    shop.sync()
    shop.deliver()


def owed(shop: Shop) -> Decimal:
    with shop.loyalty.database.reading() as tx:
        return sum((card.remaining for card in vouchers.page(tx, None, "", 100)), Decimal(0))


def kinds(shop: Shop, voucher_id: str) -> list[str]:
    with shop.loyalty.database.reading() as tx:
        return [str(move.kind) for move in voucher_moves.of_voucher(tx, voucher_id)]


def test_a_sale_issues_one_card_less(stage: Shop) -> None:
    shop = stage
    first, second = printed(shop)
    sale = sold(shop, 3)
    for _ in range(2):
        assert activated(shop, first, sale).state is VoucherState.ACTIVE
    settle(shop)
    issue_cards(shop.loyalty, sale)
    cards = cards_of_sale(shop.loyalty, sale)
    assert sorted(card.source for card in cards) == ["printed", "sold", "sold"]
    assert owed(shop) == 150
    assert shop.voucher(second.id).state is VoucherState.PENDING
    assert kinds(shop, first.id) == ["issued"]
    shop.prove()


def test_the_card_that_was_issued_already_gives_way(stage: Shop) -> None:
    shop = stage
    card = printed(shop)[0]
    sale = sold(shop)
    settle(shop)
    (issued,) = cards_of_sale(shop.loyalty, sale)
    for _ in range(2):
        assert activated(shop, card, sale).remaining == 50
    settle(shop)
    assert shop.voucher(issued.id).state is VoucherState.REPLACED
    assert [each.id for each in cards_of_sale(shop.loyalty, sale)] == [card.id]
    assert (kinds(shop, issued.id), kinds(shop, card.id)) == (["issued", "replaced"], ["replacement"])
    assert owed(shop) == 50
    invoice = shop.sell(shop.customer("Jean Petit"), 30, paid=False)
    assert usage.use(shop.loyalty, shop.code(card), str(invoice), who="x").amount == 30
    with pytest.raises(VoucherNotUsable):
        usage.use(shop.loyalty, shop.code(issued), str(invoice), who="x")
    settle(shop)
    shop.prove()


@pytest.mark.parametrize("early", [True, False])
def test_a_card_that_comes_back_is_cancelled_like_one_that_was_issued(stage: Shop, early: bool) -> None:
    shop = stage
    card = printed(shop)[0]
    sale = sold(shop)
    if not early:
        settle(shop)
    activated(shop, card, sale)
    settle(shop)
    shop.tick()
    (row,) = shop.dolibarr.store.find("product", "ref", "GIFT")
    line = {"fk_product": row["rowid"], "qty": 1, "subprice": "50", "tva_tx": 0, "desc": "card"}
    shop.dolibarr.refund(sale, [line])
    settle(shop)
    assert shop.voucher(card.id).state is VoucherState.CANCELLED
    assert owed(shop) == 0
    shop.prove()


def test_what_is_not_activated_for_a_sale(stage: Shop) -> None:
    shop = stage
    first, second = printed(shop)
    (other,) = printed(shop, 1, 20)
    sale, unpaid, deposit = sold(shop), sold(shop, paid=False), sold(shop, product="DEPOSIT")
    for card, where, why in (
        (first, unpaid, "is not paid"),
        (first, deposit, "sold no gift card gift over 50"),
        (other, sale, "sold no gift card gift over 20"),
    ):
        with pytest.raises(VoucherNotUsable, match=why):
            activated(shop, card, where)
    with pytest.raises(UnknownInvoice):
        activate_for_sale(shop.loyalty, first.id, "FA0000-0000", why="x", who="x")
    activated(shop, first, sale)
    with pytest.raises(VoucherNotUsable, match="all handed out already"):
        activated(shop, second, sale)
    with pytest.raises(VoucherNotUsable, match="activated before"):
        activated(shop, first, sold(shop))
    with pytest.raises(VoucherNotUsable, match="only printed gift cards"):
        activated(shop, shop.redeem(shop.rich(100)), sale)


def test_a_card_that_was_used_or_cancelled_does_not_give_way(stage: Shop) -> None:
    shop = stage
    card = printed(shop)[0]
    used, gone = sold(shop), sold(shop)
    settle(shop)
    (spent,), (cancelled,) = (cards_of_sale(shop.loyalty, sale) for sale in (used, gone))
    shop.use(spent, shop.sell(shop.customer("Jean Petit"), 10, paid=False))
    voiding.cancel(shop.loyalty, cancelled.id, reason="mistake", who="anna")
    for sale in (used, gone):
        with pytest.raises(VoucherNotUsable, match="all handed out already"):
            activated(shop, card, sale)
    assert shop.voucher(card.id).state is VoucherState.PENDING
    shop.prove()
