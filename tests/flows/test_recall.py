"""Goods come back whose points went into vouchers: the unused ones go before debt is made (features 2.4)."""

from dataclasses import replace

from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.flows.recall import recall
from tests.conftest import OpenShop
from tests.flows.shop import PROGRAM, Shop


def test_an_unused_voucher_bought_with_returned_goods_is_cancelled(any_shop: Shop) -> None:
    shop = any_shop
    customer = shop.customer()
    invoice = shop.sell(customer, 600)
    shop.sync()
    voucher = shop.redeem(customer, "5-off")
    shop.refund(invoice)
    shop.sync()
    shop.deliver()
    assert shop.voucher(voucher.id).state is VoucherState.CANCELLED
    assert (shop.balance(customer), shop.account(customer).debt) == (0, 0)
    assert shop.free_credit(customer) == 0


def test_a_voucher_bought_with_other_points_stays(shop: Shop) -> None:
    customer = shop.customer()
    shop.sell(customer, 500)
    shop.sync()
    voucher = shop.redeem(customer, "5-off")
    later = shop.sell(customer, 300)
    shop.sync()
    shop.refund(later)
    shop.sync()
    shop.deliver()
    assert shop.voucher(voucher.id).state is VoucherState.ACTIVE
    assert shop.balance(customer) == 0


def test_a_used_voucher_leaves_debt(shop: Shop) -> None:
    customer = shop.customer()
    invoice = shop.sell(customer, 500)
    shop.sync()
    voucher = shop.redeem(customer, "5-off")
    shop.use(voucher, shop.sell(customer, 6, paid=False))
    shop.refund(invoice)
    shop.sync()
    shop.deliver()
    assert (shop.balance(customer), shop.account(customer).debt) == (-50, 50)


def test_no_more_vouchers_go_than_the_debt_needs(shop: Shop) -> None:
    customer = shop.customer()
    invoice = shop.sell(customer, 1000)
    shop.sync()
    older, newer = shop.redeem(customer, "5-off"), shop.redeem(customer, "5-off")
    shop.refund(invoice, 300)
    shop.sync()
    shop.deliver()
    assert shop.voucher(older.id).state is VoucherState.ACTIVE
    assert shop.voucher(newer.id).state is VoucherState.CANCELLED
    assert shop.balance(customer) == 20


def test_the_owner_may_leave_vouchers_alone(opened: OpenShop) -> None:
    with opened(program=replace(PROGRAM, recall_vouchers=False)) as shop:
        customer = shop.customer()
        invoice = shop.sell(customer, 500)
        shop.sync()
        voucher = shop.redeem(customer, "5-off")
        shop.refund(invoice)
        shop.sync()
        shop.deliver()
        assert shop.voucher(voucher.id).state is VoucherState.ACTIVE
        assert shop.account(customer).debt == 50


def test_what_is_missing_after_the_vouchers_is_waived_where_the_program_clamps(opened: OpenShop) -> None:
    with opened(program=replace(PROGRAM, on_shortage="clamp")) as shop:
        customer = shop.customer()
        invoice = shop.sell(customer, 1000)
        shop.sync()
        used, unused = shop.redeem(customer, "5-off"), shop.redeem(customer, "5-off")
        shop.use(used, shop.sell(customer, 6, paid=False))
        shop.refund(invoice)
        shop.sync()
        shop.deliver()
        assert shop.voucher(unused.id).state is VoucherState.CANCELLED
        assert (shop.balance(customer), shop.account(customer).debt) == (0, 0)
        goodwill = [points for kind, points in shop.kinds(customer) if kind == "adjustment"]
        assert goodwill == [50]


def test_a_charge_is_proposed_for_what_is_still_missing(opened: OpenShop) -> None:
    with opened(program=replace(PROGRAM, on_shortage="invoice")) as shop:
        customer = shop.customer()
        invoice = shop.sell(customer, 1000)
        shop.sync()
        used = shop.redeem(customer, "5-off")
        shop.redeem(customer, "5-off")
        shop.use(used, shop.sell(customer, 6, paid=False))
        shop.refund(invoice)
        shop.sync()
        shop.deliver()
        labels = [str(row["label"]) for row in shop.dolibarr.store.rows("event")]
        assert any(label.startswith("Charge proposed") for label in labels)


def test_recalling_twice_has_the_effect_of_once(shop: Shop) -> None:
    customer = shop.customer()
    invoice = shop.sell(customer, 500)
    shop.sync()
    shop.redeem(customer, "5-off")
    shop.refund(invoice)
    shop.sync()
    shop.deliver()
    before = shop.kinds(customer)
    key = next(e.key for e in shop.entries(customer) if e.points == -50 and e.cause.kind == "invoice")
    recall(shop.loyalty, customer, invoice, key)
    assert shop.kinds(customer) == before
