"""Gift cards sold in Dolibarr: issued once per unit when paid, in both ways through the books, taken back on refund."""

# Whole numbers stand for Decimal amounts, for they compare equal.
# mypy: disable-error-code="comparison-overlap"

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import Refused, TemporaryFailure
from dolibarr_loyalty.flows.card_credits import rate_sold_at
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.delivery import deliver_now
from dolibarr_loyalty.flows.intake import take_in
from dolibarr_loyalty.flows.mails import pdf_for
from dolibarr_loyalty.flows.selling import cards_of_sale, issue_cards
from dolibarr_loyalty.store import alarms, voucher_notes
from dolibarr_loyalty.store.database import Database
from tests.conftest import OpenShop
from tests.flows.mortal import die
from tests.flows.shop import PROGRAM, Shop, open_shop

VERSIONS = pytest.mark.parametrize("version", ["16", "23"])
WAYS = pytest.mark.parametrize("way", ["liability", "deposit"])
CARD = GiftCard(id="gift", products=("gift",), names=(("en", "Gift card of Chez Test"),))


@contextmanager
def selling(opened: OpenShop, way: Any = "liability", version: str = "23", **terms: Any) -> Iterator[Shop]:
    card = replace(CARD, way=way, **terms)
    with opened(version=version, program=replace(PROGRAM, gift_cards=(card,))) as shop:
        shop.dolibarr.create_product(ref="GIFT", label="Gift card", price="50", tva_tx=0, type=1, status=1)
        yield shop


def gift_line(shop: Shop, price: object = 50, quantity: object = 1, **fields: Any) -> dict[str, Any]:
    (product,) = shop.dolibarr.store.find("product", "ref", "GIFT")
    line = {"fk_product": product["rowid"], "qty": quantity, "subprice": str(price), "tva_tx": 0}
    return {**line, "product_type": 1, "desc": "Gift card", **fields}


def goods(price: object = 20) -> dict[str, Any]:
    return {"desc": "goods", "qty": 1, "subprice": str(price), "tva_tx": 0}


def sell(shop: Shop, customer: int, *lines: dict[str, Any], **fields: Any) -> int:
    shop.tick()
    return shop.dolibarr.sell(customer, list(lines) or [gift_line(shop)], **fields)


def refund(shop: Shop, sale: int, *lines: dict[str, Any]) -> int:
    shop.tick()
    return shop.dolibarr.refund(sale, list(lines))


def settle(shop: Shop) -> None:
    shop.sync()
    shop.deliver()


def cards(shop: Shop, sale: int) -> list[Voucher]:
    return cards_of_sale(shop.loyalty, sale)


def told(shop: Shop) -> list[str]:
    with shop.loyalty.database.reading() as tx:
        return sorted(each.kind for each in alarms.page(tx, "", 100))


@VERSIONS
@WAYS
def test_a_paid_sale_issues_a_card_per_unit_once(opened: OpenShop, version: str, way: str) -> None:
    with selling(opened, way, version) as shop:
        claire = shop.rich(10)
        sale = sell(shop, claire, gift_line(shop, quantity=2), goods())
        settle(shop)
        first, second = cards(shop, sale)
        assert {card.state for card in (first, second)} == {VoucherState.ACTIVE}
        assert [(c.value, c.remaining, c.source, c.accounting, c.points) for c in (first, second)] == [
            (50, 50, "sold", way, 0)
        ] * 2
        assert (first.bearer, first.several, first.reward_id, first.sale_id) == (True, True, "gift", sale)
        assert str(first.valid_until) == "2029-12-31"
        assert shop.free_credit(claire) == 0
        free = sum(Decimal(row["amount_ttc"]) for row in shop.dolibarr.credits_of(claire, "available"))
        assert free == (100 if way == "deposit" else 0)
        issue_cards(shop.loyalty, sale)
        settle(shop)
        assert [card.id for card in cards(shop, sale)] == [first.id, second.id]
        assert shop.letterbox.subjects().count("Your gift card: €50.00") == 2
        assert told(shop) == []
        shop.prove()


@VERSIONS
@WAYS
def test_cards_of_uneven_cents_sum_to_the_line(opened: OpenShop, version: str, way: str) -> None:
    with selling(opened, way, version) as shop:
        claire = shop.rich(10)
        line = gift_line(shop, "16.67", 3, remise_percent=40)  # 50.01 less 40 percent: 30.01
        sale = sell(shop, claire, line)
        settle(shop)
        values = sorted(card.value for card in cards(shop, sale))
        assert values == [Decimal("10.00"), Decimal("10.00"), Decimal("10.01")]
        shop.prove()


@WAYS
def test_only_a_paid_sale_issues(opened: OpenShop, way: str) -> None:
    with selling(opened, way) as shop:
        shop.loyalty = replace(shop.loyalty, program=replace(shop.loyalty.program, earn_on="validated"))
        claire = shop.rich(10)
        sale = sell(shop, claire, paid=False)
        settle(shop)
        assert cards(shop, sale) == []
        shop.dolibarr.pay(sale, 20)
        settle(shop)
        assert cards(shop, sale) == []
        shop.dolibarr.pay(sale)
        settle(shop)
        assert [card.state for card in cards(shop, sale)] == [VoucherState.ACTIVE]


@VERSIONS
@WAYS
def test_a_till_sale_to_nobody_issues_a_card_to_print(opened: OpenShop, version: str, way: str) -> None:
    with selling(opened, way, version, bearer=False) as shop:
        shop.rich(10)
        shop.tick()
        sale = shop.dolibarr.sell_at_till([gift_line(shop)])
        settle(shop)
        (card,) = cards(shop, sale)
        till = shop.dolibarr.till_customer
        assert card.thirdparty_id == (till if way == "deposit" else 0)
        assert (card.bearer, card.state) == (True, VoucherState.ACTIVE)
        assert "Your gift card: €50.00" not in shop.letterbox.subjects()
        printed = pdf_for(shop.loyalty, card.id)
        assert printed is not None
        assert printed[1] == shop.code(card)
        shop.prove()


@VERSIONS
def test_the_deposit_way_leaves_the_sale_in_balance(opened: OpenShop, version: str) -> None:
    with selling(opened, "deposit", version) as shop:
        claire = shop.rich(10)
        sale = sell(shop, claire, gift_line(shop, quantity=2))
        settle(shop)
        documents = [row for row in shop.dolibarr.store.rows("invoice") if row["rowid"] >= sale]
        assert [(row["type"], row["total_ttc"], row["paye"]) for row in documents] == [
            (0, "100.00000000", 1),
            (2, "-50.00000000", 1),
            (3, "50.00000000", 1),
            (2, "-50.00000000", 1),
            (3, "50.00000000", 1),
        ]
        assert {row["fk_facture_source"] for row in documents if row["type"] == 2} == {sale}
        rows = shop.dolibarr.credits_of(claire, "available")
        assert [(row["description"], row["amount_ttc"]) for row in rows] == [("(DEPOSIT)", "50.00000000")] * 2
        for card in cards(shop, sale):
            with shop.loyalty.database.reading() as tx:
                notes = voucher_notes.of_voucher(tx, card.id)
            assert sorted(note.role for note in notes) == ["counter", "deposit"]
            assert card.credit_note_ref.startswith("AC")


@VERSIONS
@WAYS
def test_a_deposit_invoice_of_one_card_is_its_credit(opened: OpenShop, version: str, way: str) -> None:
    with selling(opened, way, version) as shop:  # its credit exists, so it cannot be a liability besides
        claire = shop.rich(10)
        sale = sell(shop, claire, type=3)
        settle(shop)
        (card,) = cards(shop, sale)
        assert (card.accounting, card.credit_note_id) == ("deposit", sale)
        assert sum(row["rowid"] >= sale for row in shop.dolibarr.store.rows("invoice")) == 1
        shop.prove()


@VERSIONS
def test_a_deposit_invoice_of_several_cards_is_divided(opened: OpenShop, version: str) -> None:
    with selling(opened, "deposit", version) as shop:
        claire = shop.rich(10)
        sale = sell(shop, claire, gift_line(shop, quantity=2), gift_line(shop, 20), type=3)
        settle(shop)
        assert sorted(card.value for card in cards(shop, sale)) == [20, 50, 50]
        rows = shop.dolibarr.credits_of(claire, "available")
        assert sorted(Decimal(row["amount_ttc"]) for row in rows) == [20, 50, 50]
        assert {row["description"] for row in rows} == {"(DEPOSIT)"}
        assert all(row["paye"] for row in shop.dolibarr.store.rows("invoice") if row["rowid"] >= sale)
        shop.prove()


def test_a_deposit_for_other_things_too_issues_nothing(opened: OpenShop) -> None:
    with selling(opened, "deposit") as shop:
        claire = shop.rich(10)
        sale = sell(shop, claire, gift_line(shop), goods(), type=3)
        settle(shop)
        assert cards(shop, sale) == []
        assert told(shop) == ["gift_card_odd"]


@pytest.mark.parametrize(
    "line", [{"quantity": "1.5"}, {"quantity": -1}, {"price": 0}, {"quantity": 5000}], ids=str
)
def test_what_no_card_can_be_made_of_is_told(opened: OpenShop, line: dict[str, Any]) -> None:
    with selling(opened) as shop:
        claire = shop.rich(10)
        sale = sell(shop, claire, gift_line(shop, **line), gift_line(shop, 10), goods(500))
        settle(shop)
        settle(shop)
        assert [card.value for card in cards(shop, sale)] == [10]
        assert told(shop) == ["gift_card_odd"]


@WAYS
def test_a_card_sold_with_vat_is_issued_and_told(opened: OpenShop, way: str) -> None:
    with selling(opened, way) as shop:
        claire = shop.rich(10)
        sale = sell(shop, claire, gift_line(shop, 50, tva_tx=20))
        settle(shop)
        (card,) = cards(shop, sale)
        assert (card.value, card.state) == (60, VoucherState.ACTIVE)
        assert rate_sold_at(shop.loyalty, card) == 20
        assert told(shop) == ["gift_card_with_vat"]
        shop.prove()


@WAYS
def test_a_gift_card_never_earns(opened: OpenShop, way: str) -> None:
    with selling(opened, way) as shop:
        claire = shop.rich(10)
        sell(shop, claire, gift_line(shop), goods(30))
        settle(shop)
        assert shop.balance(claire) == 13


def test_cards_of_a_tag(opened: OpenShop) -> None:
    with selling(opened, products=("tag:gift cards",)) as shop:
        tag = shop.dolibarr.create_category(label="Gift cards", type="product")
        (product,) = shop.dolibarr.store.find("product", "ref", "GIFT")
        shop.dolibarr.tag(tag, product["rowid"], "product")
        shop.loyalty.books.product_tags()  # as at the start of a program
        claire = shop.rich(10)
        sale = sell(shop, claire)
        settle(shop)
        assert len(cards(shop, sale)) == 1


def test_what_was_paid_before_the_program_began_issues_nothing(opened: OpenShop) -> None:
    with selling(opened) as shop:
        claire = shop.customer()
        old, later = sell(shop, claire), sell(shop, claire, paid=False)
        settle(shop)  # the backfill
        shop.dolibarr.pay(later)
        settle(shop)
        assert (len(cards(shop, old)), len(cards(shop, later))) == (0, 1)
        issue_cards(shop.loyalty, old)  # wanted by the owner
        assert len(cards(shop, old)) == 1


# coming back ---------------------------------------------------------------------------------------


@VERSIONS
@WAYS
def test_a_refund_cancels_as_many_unused_cards(opened: OpenShop, version: str, way: str) -> None:
    with selling(opened, way, version) as shop:
        claire = shop.rich(10)
        sale = sell(shop, claire, gift_line(shop, quantity=3))
        settle(shop)
        before = cards(shop, sale)
        refund(shop, sale, gift_line(shop))
        settle(shop)
        states = [card.state for card in cards(shop, sale)]
        assert states == [VoucherState.ACTIVE, VoucherState.ACTIVE, VoucherState.CANCELLED]
        settle(shop)
        refund(shop, sale, gift_line(shop, quantity=2))
        settle(shop)
        assert {card.state for card in cards(shop, sale)} == {VoucherState.CANCELLED}
        assert [card.id for card in cards(shop, sale)] == [card.id for card in before]
        free = sum(Decimal(row["amount_ttc"]) for row in shop.dolibarr.credits_of(claire, "available"))
        assert (free, told(shop), shop.balance(claire)) == (0, [], 10)
        shop.prove()


@WAYS
def test_a_refund_that_came_before_the_card(opened: OpenShop, way: str) -> None:
    with selling(opened, way) as shop:
        claire = shop.rich(10)
        sale = sell(shop, claire, gift_line(shop, quantity=2))
        refund(shop, sale, gift_line(shop))
        settle(shop)
        assert [card.state for card in cards(shop, sale)] == [VoucherState.ACTIVE]
        settle(shop)
        assert len(cards(shop, sale)) == 1


def test_a_refund_of_another_value_or_part_is_left_to_a_person(opened: OpenShop) -> None:
    with selling(opened) as shop:
        claire = shop.rich(10)
        sale = sell(shop, claire)
        settle(shop)
        refund(shop, sale, gift_line(shop, 20))
        settle(shop)
        assert [card.state for card in cards(shop, sale)] == [VoucherState.ACTIVE]
        assert told(shop) == ["gift_card_return_unclear"]


def test_a_return_on_the_wrong_invoice_is_told(opened: OpenShop) -> None:
    with selling(opened) as shop:
        claire = shop.rich(10)
        sale, other = sell(shop, claire), sell(shop, claire, goods())
        settle(shop)
        refund(shop, other, gift_line(shop))
        settle(shop)
        assert [card.state for card in cards(shop, sale)] == [VoucherState.ACTIVE]
        assert told(shop) == ["gift_card_return_unclear"]


@WAYS
def test_a_card_used_in_part_loses_its_rest_and_is_told(opened: OpenShop, way: str) -> None:
    with selling(opened, way) as shop:
        claire = shop.rich(10)
        sale = sell(shop, claire, gift_line(shop, quantity=2))
        settle(shop)
        first, second = cards(shop, sale)
        spend(shop, claire, first, 20)
        spend(shop, claire, second, 50)
        refund(shop, sale, gift_line(shop, quantity=2))
        settle(shop)
        first, second = cards(shop, sale)
        assert (first.state, first.remaining) == (VoucherState.CANCELLED, 0)
        assert (second.state, second.remaining) == (VoucherState.USED, 0)
        assert told(shop) == ["gift_card_refunded_used"] * 2
        settle(shop)
        assert told(shop) == ["gift_card_refunded_used"] * 2
        shop.prove()


def spend(shop: Shop, customer: int, card: Voucher, amount: object) -> int:
    target = shop.sell(customer, amount, paid=False)
    shop.use(card, target)
    return target


@WAYS
def test_a_sale_that_is_given_up_cancels_its_cards(opened: OpenShop, way: str) -> None:
    with selling(opened, way) as shop:
        claire = shop.rich(10)
        sale = sell(shop, claire)
        settle(shop)
        shop.tick()
        shop.dolibarr.abandon(sale)
        settle(shop)
        assert [card.state for card in cards(shop, sale)] == [VoucherState.CANCELLED]


def test_a_sale_that_is_deleted_cancels_its_cards(opened: OpenShop) -> None:
    with selling(opened) as shop:
        claire = shop.rich(10)
        sale = sell(shop, claire)
        settle(shop)
        with shop.dolibarr.writing():
            shop.dolibarr.store.remove("invoice", sale)
        shop.sweep()
        shop.deliver()
        assert [card.state for card in cards(shop, sale)] == [VoucherState.CANCELLED]


def test_a_sale_that_is_opened_again_keeps_its_cards_and_is_told(opened: OpenShop) -> None:
    with selling(opened) as shop:
        claire = shop.rich(10)
        sale = sell(shop, claire)
        settle(shop)
        shop.tick()
        shop.dolibarr.set_to_unpaid(sale)
        settle(shop)
        assert [card.state for card in cards(shop, sale)] == [VoucherState.ACTIVE]
        assert told(shop) == ["gift_card_unpaid"]
        shop.tick()
        shop.dolibarr.set_to_paid(sale)
        settle(shop)
        assert len(cards(shop, sale)) == 1


# paying --------------------------------------------------------------------------------------------


@VERSIONS
@WAYS
def test_a_purchase_paid_with_a_gift_card_earns(opened: OpenShop, version: str, way: str) -> None:
    with selling(opened, way, version) as shop:
        claire = shop.rich(10)
        sale = sell(shop, claire)
        settle(shop)
        target = shop.sell(claire, 80, paid=False)
        used = shop.use(cards(shop, sale)[0], target)
        assert used.amount == 50
        shop.tick()
        shop.dolibarr.pay(target)
        settle(shop)
        assert shop.balance(claire) == 18
        shop.prove()


@VERSIONS
def test_a_deposit_credit_used_as_a_line_earns_too(opened: OpenShop, version: str) -> None:
    with selling(opened, "deposit", version) as shop:
        claire = shop.rich(10)
        sale = sell(shop, claire)
        settle(shop)
        (row,) = shop.dolibarr.credits_of(claire, "available")
        shop.tick()
        ticket = shop.dolibarr.open_ticket([goods(80)], socid=claire)
        shop.dolibarr.use_credit_as_line(ticket, row["rowid"])
        shop.dolibarr.validate(ticket)
        shop.dolibarr.pay(ticket)
        settle(shop)
        shop.sweep()
        assert shop.balance(claire) == 18
        assert [card.state for card in cards(shop, sale)] == [VoucherState.USED]
        shop.prove()


@WAYS
def test_a_gift_card_is_paid_neither_with_points_nor_with_a_card(opened: OpenShop, way: str) -> None:
    with selling(opened, way) as shop:
        claire = shop.rich(100)
        sale = sell(shop, claire)
        settle(shop)
        (card,) = cards(shop, sale)
        voucher = shop.redeem(claire)
        target = sell(shop, claire, paid=False)
        for each in (card, voucher):
            with pytest.raises(Refused):
                shop.use(each, target)
        mixed = sell(shop, claire, gift_line(shop), goods(20), paid=False)
        assert shop.use(card, mixed).amount == 20
        with pytest.raises(Refused):
            shop.use(voucher, mixed)


def test_a_gift_card_that_staff_paid_with_a_voucher_is_told(opened: OpenShop) -> None:
    with selling(opened) as shop:
        claire = shop.rich(100)
        voucher = shop.redeem(claire)
        target = sell(shop, claire, paid=False)
        shop.dolibarr.use_credit(target, shop.credit_id(voucher))
        shop.tick()
        shop.dolibarr.pay(target)
        settle(shop)
        assert len(cards(shop, target)) == 1
        assert told(shop) == ["gift_card_paid_by_voucher"]


# once ----------------------------------------------------------------------------------------------


@WAYS
def test_workers_at_once_issue_each_card_once(database: Database, way: str) -> None:
    with selling(partial(open_shop, database), way) as shop:
        claire = shop.rich(10)
        sale = sell(shop, claire, gift_line(shop, quantity=3))
        shop.sync()
        workers = [shop.as_worker(f"worker-{number}", books=shop.books()) for number in range(4)]

        def work(loyalty: Loyalty) -> None:
            with suppress(TemporaryFailure):  # somebody else has the sale; the outbox comes back
                issue_cards(loyalty, sale)

        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(work, workers))
        settle(shop)
        assert [card.state for card in cards(shop, sale)] == [VoucherState.ACTIVE] * 3
        free = [Decimal(row["amount_ttc"]) for row in shop.dolibarr.credits_of(claire, "available")]
        assert free == ([50] * 3 if way == "deposit" else [])
        shop.prove()


@pytest.mark.parametrize(
    ("version", "kind"), [("23", "liability"), ("16", "deposit"), ("23", "deposit"), ("23", "divided")]
)
def test_killed_anywhere_there_is_one_card_per_unit(opened: OpenShop, version: str, kind: str) -> None:
    way = "liability" if kind == "liability" else "deposit"
    with selling(opened, way, version) as shop:
        opening = shop.clock.now
        for end in range(1, 400):
            shop.clock.now = opening
            customer = shop.customer(f"Customer {end}", email="")
            number = 1 if kind == "deposit" else 2
            sale = sell(shop, customer, gift_line(shop, 50, number), type=3 if kind == "divided" else 0)
            life = die(shop, end, lambda loyalty, sale=sale: issue_cards(loyalty, sale))  # type: ignore[misc]
            issue_cards(shop.as_worker("after"), sale)
            assert [c.state for c in cards(shop, sale)] == [VoucherState.ACTIVE] * number
            rows = shop.dolibarr.credits_of(customer, "available")
            expected = [] if kind == "liability" else [50] * number
            assert [Decimal(row["amount_ttc"]) for row in rows] == expected
            if not life.is_over:
                assert end > 3, life.borders
                break


@VERSIONS
@WAYS
def test_killed_anywhere_while_a_card_is_taken_back(opened: OpenShop, version: str, way: str) -> None:
    with selling(opened, way, version) as shop:
        opening = shop.clock.now
        for end in range(1, 400):
            shop.clock.now = opening
            customer = shop.customer(f"Customer {end}", email="")
            sale = sell(shop, customer, gift_line(shop, quantity=2))
            issue_cards(shop.loyalty, sale)
            note = refund(shop, sale, gift_line(shop))
            take_in(shop.loyalty, [shop.books().sale(sale), shop.books().sale(note)])  # type: ignore[list-item]
            life = die(shop, end, lambda loyalty, sale=sale: issue_cards(loyalty, sale))  # type: ignore[misc]
            issue_cards(shop.as_worker("after"), sale)
            for card in cards(shop, sale):
                deliver_now(shop.as_worker("after"), f"void:{card.id}")
            states = [card.state for card in cards(shop, sale)]
            assert states == [VoucherState.ACTIVE, VoucherState.CANCELLED]
            rows = shop.dolibarr.credits_of(customer, "available")
            assert sum(Decimal(row["amount_ttc"]) for row in rows) == (50 if way == "deposit" else 0)
            if not life.is_over:
                break
