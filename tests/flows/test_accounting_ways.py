"""The ways of vouchers through the books at their use: lines, VAT rates and amounts of every document, to the cent."""

# Whole numbers stand for Decimal amounts, for they compare equal.
# mypy: disable-error-code="comparison-overlap"

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from dolibarr_loyalty.core.program import Reward
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import PermanentFailure
from dolibarr_loyalty.flows import usage
from dolibarr_loyalty.flows.credits import notes_of, rows_of
from dolibarr_loyalty.store import alarms
from tests.conftest import OpenShop
from tests.flows.mortal import die
from tests.flows.shop import PROGRAM, Shop
from tests.flows.test_partial_use import agree, pay
from tests.flows.voucher_ways import buyer, shop_with, voucher_for

VERSIONS = pytest.mark.parametrize("version", ["16", "23"])
MIXED = [
    {"desc": "mugs", "qty": 1, "subprice": "33.33", "tva_tx": 20},
    {"desc": "books", "qty": 1, "subprice": "17.77", "tva_tx": 5.5},
    {"desc": "cake", "qty": 1, "subprice": "9.99", "tva_tx": 10},
]


def lines_of(shop: Shop, number: int) -> list[tuple[str, str, str]]:
    """VAT rate, net and gross of each line of a document, positive."""
    return [
        (
            f"{float(line['tva_tx']):g}",
            str(abs(Decimal(line["total_ht"])).quantize(Decimal("0.01"))),
            str(abs(Decimal(line["total_ttc"])).quantize(Decimal("0.01"))),
        )
        for line in shop.dolibarr.invoice(number)["lines"]
    ]


def documents(shop: Shop, voucher: Voucher) -> dict[str, list[tuple[str, str, str]]]:
    """The lines of a voucher's documents by what they are for; of several the last."""
    return {note.role: lines_of(shop, note.note_id) for note in notes_of(shop.loyalty, voucher)}


@VERSIONS
def test_a_discount_credits_the_invoice_with_its_own_vat_rates(opened: OpenShop, version: str) -> None:
    """Nothing at issue; each use is a credit note against the invoice, by largest remainder over its rates."""
    with shop_with(opened, "discount", version) as shop:
        customer = buyer(shop)
        voucher = voucher_for(shop, "discount", customer)
        assert notes_of(shop.loyalty, voucher) == []
        target = shop.sell(customer, lines=MIXED, paid=False)
        assert pay(shop, voucher, target, "3.33", "a").invoice.remaining == Decimal("66.41")
        assert documents(shop, voucher) == {
            "use": [("5.5", "0.85", "0.90"), ("10", "0.47", "0.52"), ("20", "1.59", "1.91")]
        }
        pay(shop, voucher, target, key="b")
        assert documents(shop, voucher)["use"] == [
            ("5.5", "0.43", "0.45"),
            ("10", "0.24", "0.26"),
            ("20", "0.80", "0.96"),
        ]
        sources = {
            shop.dolibarr.invoice(note.note_id)["fk_facture_source"]
            for note in notes_of(shop.loyalty, voucher)
        }
        assert sources == {target}
        assert agree(shop, voucher).state is VoucherState.USED
        assert shop.free_credit(customer) == 0
        shop.dolibarr.pay(target)
        before = shop.balance(customer)
        shop.sync()
        assert shop.document(target).sale.voucher_paid == 5
        assert shop.balance(customer) - before == 6  # 69.74 less 5 is 64.74


@VERSIONS
def test_a_rebate_on_past_purchases_is_a_set_of_credits(opened: OpenShop, version: str) -> None:
    with shop_with(opened, "split", version) as shop:
        customer = buyer(shop)
        voucher = voucher_for(shop, "split", customer)
        issued = documents(shop, voucher)["issue"]
        assert sum(Decimal(gross) for _, _, gross in issued) == 5
        rows = rows_of(shop.loyalty, voucher)
        assert len(rows) == len(issued) >= 1
        target = shop.sell(customer, 50, paid=False)
        pay(shop, voucher, target, "4.19", "a")
        assert agree(shop, voucher).remaining == Decimal("0.81")
        before = documents(shop, voucher)
        if version == "16":
            (_, net, gross), *_ = before["counter"]
            parts = [line for role in ("use", "rest") for line in before[role]]
            assert sum(Decimal(each[1]) for each in parts) == Decimal(net), "no cent of VAT moves"
            assert sum(Decimal(each[2]) for each in parts) == Decimal(gross)
        pay(shop, voucher, target, key="b")
        assert agree(shop, voucher).state is VoucherState.USED
        shop.prove(with_dolibarr=False)


@VERSIONS
def test_a_liability_card_moves_its_own_account_at_each_use(opened: OpenShop, version: str) -> None:
    with shop_with(opened, "liability", version) as shop:
        customer = buyer(shop)
        card = voucher_for(shop, "liability", customer)
        assert notes_of(shop.loyalty, card) == []
        product = next(row["rowid"] for row in shop.dolibarr.store.rows("product") if row["ref"] == "CARD")
        target = shop.sell(customer, lines=MIXED, paid=False)
        pay(shop, card, target, "12.34", "a")
        (use,) = notes_of(shop.loyalty, card)
        (line,) = shop.dolibarr.invoice(use.note_id)["lines"]
        assert (line["fk_product"], lines_of(shop, use.note_id)) == (product, [("0", "12.34", "12.34")])
        assert shop.dolibarr.invoice(target)["total_tva"] == "8.65000000", "the VAT of the goods stays"
        assert agree(shop, card).remaining == Decimal("37.66")


def test_a_freed_credit_of_a_card_is_used_before_a_new_one_is_made(opened: OpenShop) -> None:
    with shop_with(opened, "liability") as shop:
        customer = buyer(shop)
        card = voucher_for(shop, "liability", customer)
        first, second = (shop.sell(customer, 100, paid=False) for _ in range(2))
        pay(shop, card, first, 12)
        (row,) = rows_of(shop.loyalty, card)
        shop.dolibarr.unlink_credit(row.id)
        usage.look_at(shop.loyalty, card.id)
        assert agree(shop, card).remaining == 50
        pay(shop, card, second, 20)
        assert sorted(note.gross for note in notes_of(shop.loyalty, card)) == [8, 12]
        assert agree(shop, card).remaining == 30
        assert shop.free_credit(customer) == 0


def test_a_card_whose_used_credit_staff_doubled_is_worth_what_dolibarr_gives(opened: OpenShop) -> None:
    """Trap 4b, for a card whose credits are made at its uses."""
    with shop_with(opened, "liability") as shop:
        customer = buyer(shop)
        card = voucher_for(shop, "liability", customer)
        first, second = (shop.sell(customer, 100, paid=False) for _ in range(2))
        pay(shop, card, first, 12)
        (row,) = rows_of(shop.loyalty, card)
        one, _ = shop.dolibarr.split_credit(customer, row.id, 5, 7)
        shop.dolibarr.use_credit(second, one["rowid"])
        for _ in range(2):
            usage.look_at(shop.loyalty, card.id)
            assert agree(shop, card).remaining == 45  # 50 + 12 - 12 - 5
        with shop.loyalty.database.reading() as tx:
            assert [each.kind for each in alarms.page(tx, "", 10)] == ["money_doubled"]


def test_a_card_whose_product_is_gone_is_not_used(opened: OpenShop) -> None:
    with shop_with(opened, "liability") as shop:
        customer = buyer(shop)
        card = voucher_for(shop, "liability", customer)
        for row in shop.dolibarr.store.find("product", "ref", "CARD"):
            with shop.dolibarr.writing():
                shop.dolibarr.store.remove("product", row["rowid"])
        target = shop.sell(customer, 100, paid=False)
        with pytest.raises(PermanentFailure, match="not in Dolibarr, so its use cannot be booked"):
            pay(shop, card, target, 12)
        usage.look_at(shop.loyalty, card.id)
        assert agree(shop, card).remaining == 50


@VERSIONS
@pytest.mark.parametrize(
    ("way", "lines"),
    [
        ("payment", [("0", "5.23", "5.23")]),
        ("credit_note", [("5.5", "1.34", "1.41"), ("10", "0.75", "0.82"), ("20", "2.50", "3.00")]),
        ("discount", [("5.5", "1.34", "1.41"), ("10", "0.75", "0.82"), ("20", "2.50", "3.00")]),
    ],
)
def test_a_percentage_gets_its_document_at_its_use(
    opened: OpenShop, version: str, way: Any, lines: list[tuple[str, str, str]]
) -> None:
    reward = Reward(id="5-off", kind="percent", points=50, value=Decimal("7.5"))
    program = replace(PROGRAM, vouchers=replace(PROGRAM.vouchers, accounting=way), rewards=(reward,))
    with opened(version=version, program=program) as shop:
        customer = shop.rich(100)
        voucher = shop.redeem(customer)
        target = shop.sell(customer, lines=MIXED, paid=False)
        assert pay(shop, voucher, target).amount == Decimal("5.23")
        assert documents(shop, voucher) == {"use": lines}
        assert agree(shop, voucher).value == Decimal("5.23")


@pytest.mark.parametrize("way", ["discount", "liability"])
def test_killed_anywhere_while_a_document_is_made_for_a_use(opened: OpenShop, way: str) -> None:
    with shop_with(opened, way) as shop:
        for end in range(1, 300):
            customer = buyer(shop)
            voucher = voucher_for(shop, way, customer)
            target = shop.sell(customer, lines=MIXED, paid=False)

            def work(loyalty: Any, voucher: Voucher = voucher, target: int = target) -> None:
                code, part = shop.code(voucher), Decimal("3.33")
                usage.use(loyalty, code, str(target), who="test", amount=part, key=f"k-{target}")

            life = die(shop, end, work)
            usage.look_at(shop.as_worker("daily"), voucher.id)
            assert agree(shop, voucher).state is not VoucherState.USING
            work(shop.as_worker("after"))
            now = agree(shop, voucher)
            assert now.value - now.remaining == Decimal("3.33")
            assert shop.dolibarr.remain_to_pay(target) == Decimal("66.41")
            assert len(notes_of(shop.loyalty, voucher)) == 1
            assert shop.free_credit(customer) == 0
            if not life.is_over:
                assert end > 20
                return
        raise AssertionError("the work does not end")
