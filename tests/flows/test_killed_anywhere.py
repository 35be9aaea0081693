"""Killed at any border between two steps of a voucher's life, and run again: one credit note, points spent once.

Every REST call and every commit has two borders, right before and right after; each test enumerates them all.
"""

# Whole numbers stand for Decimal amounts, for they compare equal.
# mypy: disable-error-code="comparison-overlap"

from collections.abc import Callable
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.flows import redemption, usage, voiding
from dolibarr_loyalty.flows.adjustment import adjust
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.daily import end_vouchers
from dolibarr_loyalty.flows.delivery import deliver_now
from dolibarr_loyalty.flows.membership import take_members
from dolibarr_loyalty.flows.reconcile import compare_voucher
from dolibarr_loyalty.flows.sync import watch_vouchers
from dolibarr_loyalty.store import vouchers
from tests.conftest import OpenShop
from tests.flows.mortal import die
from tests.flows.shop import Shop

VERSIONS = pytest.mark.parametrize("version", ["16", "23"])


def everywhere(
    shop: Shop, prepare: Callable[[int], object], work: Callable[[int, Loyalty], object]
) -> list[int]:
    """Prepare a customer, let a process die at a border of the work, do the work again; for every border.

    Gives the customers. The last one's process did not die.
    """
    customers, opening = [], shop.clock.now
    for end in range(1, 400):
        shop.clock.now = opening
        customer = shop.customer(f"Customer {end}", email="")
        _enrol(shop, customer)
        prepare(customer)
        customers.append(customer)
        life = die(shop, end, lambda loyalty, c=customer: work(c, loyalty))  # type: ignore[misc]
        work(customer, shop.as_worker("after"))
        if not life.is_over:
            assert end > 10, life.borders
            return customers
    raise AssertionError("the work does not end")


def _enrol(shop: Shop, customer: int) -> None:
    member = shop.loyalty.books.member(customer)
    assert member is not None
    take_members(shop.loyalty, [member], quietly=True)
    adjust(shop.loyalty, customer, 100, reason="start", who="test", request_key=f"start-{customer}")


def take(customer: int, loyalty: Loyalty, reward: str = "5-off") -> Voucher:
    """Redeem and issue, as a command does that shows the voucher at once."""
    voucher = redemption.redeem(loyalty, customer, reward, request_key=f"key-{customer}", who="test")
    deliver_now(loyalty, f"issue:{voucher.id}")
    return voucher


def agree(shop: Shop) -> None:
    """The ledger agrees with itself, and every voucher with its credit in Dolibarr."""
    shop.prove(with_dolibarr=False)
    for row in shop.credit_notes():
        voucher = shop.voucher(row["ref_ext"].split(":")[2])
        assert [str(deviation) for deviation in compare_voucher(shop.loyalty, voucher)] == []


def notes_of(shop: Shop, voucher: Voucher) -> list[int]:
    return [row["rowid"] for row in shop.credit_notes() if voucher.id in row["ref_ext"]]


def voucher_of(shop: Shop, customer: int) -> Voucher:
    with shop.loyalty.database.reading() as tx:
        (voucher,) = vouchers.of_member(tx, customer)
    return voucher


@VERSIONS
def test_redeeming_and_issuing(opened: OpenShop, version: str) -> None:
    with opened(version=version) as shop:
        for customer in everywhere(shop, lambda customer: None, take):
            voucher = voucher_of(shop, customer)
            assert voucher.state is VoucherState.ACTIVE
            assert len(notes_of(shop, voucher)) == 1
            assert (shop.free_credit(customer), shop.balance(customer)) == (5, 50)
        agree(shop)


@VERSIONS
def test_using(opened: OpenShop, version: str) -> None:
    with opened(version=version) as shop:
        targets: dict[int, int] = {}

        def prepare(customer: int) -> None:
            take(customer, shop.loyalty)
            # every other one is paid by the voucher alone and has to be closed
            targets[customer] = shop.sell(customer, 5 if customer % 2 else 24, paid=False)

        def work(customer: int, loyalty: Loyalty) -> None:
            code = shop.code(voucher_of(shop, customer))
            usage.use(loyalty, code, str(targets[customer]), who="test")

        for customer in everywhere(shop, prepare, work):
            voucher, target = voucher_of(shop, customer), targets[customer]
            assert (voucher.state, voucher.invoice_id) == (VoucherState.USED, target)
            assert shop.free_credit(customer) == 0
            assert shop.dolibarr.remain_to_pay(target) == (0 if customer % 2 else 19)
            assert shop.dolibarr.invoice(target)["paye"] == (1 if customer % 2 else 0)
            assert shop.document(target).sale.voucher_paid == 5
        agree(shop)


def test_using_a_percentage(opened: OpenShop) -> None:
    with opened() as shop:
        targets: dict[int, int] = {}

        def prepare(customer: int) -> None:
            take(customer, shop.loyalty, "10-percent")
            targets[customer] = shop.sell(customer, 120, paid=False)

        def work(customer: int, loyalty: Loyalty) -> None:
            code = shop.code(voucher_of(shop, customer))
            usage.use(loyalty, code, str(targets[customer]), who="test")

        for customer in everywhere(shop, prepare, work):
            voucher = voucher_of(shop, customer)
            assert (voucher.state, voucher.value) == (VoucherState.USED, 12)
            assert len(notes_of(shop, voucher)) == 1
            assert shop.free_credit(customer) == 0
            assert shop.dolibarr.remain_to_pay(targets[customer]) == 108
        agree(shop)


def test_an_interrupted_percentage_can_be_used_on_another_invoice(shop: Shop) -> None:
    first: dict[int, int] = {}
    second: dict[int, int] = {}

    def prepare(customer: int) -> None:
        take(customer, shop.loyalty, "10-percent")
        first[customer] = shop.sell(customer, 120, paid=False)
        second[customer] = shop.sell(customer, 120, paid=False)

    def work(customer: int, loyalty: Loyalty) -> None:
        code = shop.code(voucher_of(shop, customer))
        if loyalty.worker != "after":
            usage.use(loyalty, code, str(first[customer]), who="test")
        elif shop.dolibarr.remain_to_pay(first[customer]) == 120:
            usage.use(loyalty, code, str(second[customer]), who="test")

    for customer in everywhere(shop, prepare, work):
        watch_vouchers(shop.loyalty)
        left = shop.dolibarr.remain_to_pay(first[customer]) + shop.dolibarr.remain_to_pay(second[customer])
        assert left == 228
        assert voucher_of(shop, customer).state is VoucherState.USED
        assert shop.free_credit(customer) == 0
        assert len(notes_of(shop, voucher_of(shop, customer))) == 1
    agree(shop)


@VERSIONS
def test_cancelling(opened: OpenShop, version: str) -> None:
    with opened(version=version) as shop:

        def work(customer: int, loyalty: Loyalty) -> None:
            voiding.cancel(loyalty, voucher_of(shop, customer).id, reason="test", who="test")

        for customer in everywhere(shop, lambda customer: take(customer, shop.loyalty), work):
            assert voucher_of(shop, customer).state is VoucherState.CANCELLED
            assert (shop.free_credit(customer), shop.balance(customer)) == (0, 100)
            assert _counters(shop, customer) == [Decimal(0)]
        agree(shop)


def test_cancelling_what_is_not_issued_yet(shop: Shop) -> None:
    def prepare(customer: int) -> None:
        redemption.redeem(shop.loyalty, customer, "5-off", request_key=f"key-{customer}", who="test")

    def work(customer: int, loyalty: Loyalty) -> None:
        voiding.cancel(loyalty, voucher_of(shop, customer).id, reason="test", who="test")

    for customer in everywhere(shop, prepare, work):
        voucher = voucher_of(shop, customer)
        assert voucher.state is VoucherState.CANCELLED
        assert (shop.free_credit(customer), shop.balance(customer)) == (0, 100)
        assert len(notes_of(shop, voucher)) == 1
    agree(shop)


def test_expiring(opened: OpenShop) -> None:
    with opened() as shop:

        def prepare(customer: int) -> None:
            take(customer, shop.loyalty)
            shop.clock.now = shop.clock.now.replace(year=2030)

        def work(customer: int, loyalty: Loyalty) -> None:
            end_vouchers(loyalty)
            deliver_now(loyalty, f"void:{voucher_of(shop, customer).id}")

        for customer in everywhere(shop, prepare, work):
            assert voucher_of(shop, customer).state is VoucherState.EXPIRED
            assert (shop.free_credit(customer), shop.balance(customer)) == (0, 50)
            assert _counters(shop, customer) == [Decimal(0)]
        agree(shop)


def _counters(shop: Shop, customer: int) -> list[Decimal]:
    """What remains to be paid on each counter invoice of a customer."""
    rows = shop.dolibarr.store.find("invoice", "fk_soc", customer)
    counters = [row for row in rows if str(row["ref_ext"]).startswith("loyalty:void:")]
    assert all((row["fk_statut"], row["paye"]) == (2, 1) for row in counters)
    return [shop.dolibarr.remain_to_pay(row["rowid"]) for row in counters]
