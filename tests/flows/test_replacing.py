"""A lost voucher is replaced: one code dies, the money goes over once, in every accounting way."""

# Whole numbers stand for Decimal amounts, for they compare equal.
# mypy: disable-error-code="comparison-overlap"

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.voucher_moves import MoveKind
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import ConfigurationFailure, TemporaryFailure, VoucherNotUsable
from dolibarr_loyalty.flows import redemption, replacing, voiding
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.recall import recall
from dolibarr_loyalty.store import voucher_moves, vouchers
from tests.conftest import OpenShop
from tests.flows.mortal import die
from tests.flows.shop import Shop
from tests.flows.voucher_ways import (
    CARD_WAYS,
    REWARD_WAYS,
    Totals,
    buyer,
    shop_with,
    totals,
    use_part,
    voucher_for,
)

VERSIONS = pytest.mark.parametrize("version", ["16", "23"])
# A deposit becomes a credit note over the same amount: net of the two documents that moved it is 0.
UNCHANGED = Totals(*(Decimal(0) for _ in range(5)))


def lost(shop: Shop, voucher: Voucher, loyalty: Loyalty | None = None) -> Voucher:
    return replacing.replace(loyalty or shop.loyalty, voucher.id, reason="lost", who="test")


def moves(shop: Shop, voucher: Voucher) -> list[tuple[MoveKind, Decimal]]:
    with shop.loyalty.database.reading() as tx:
        return [(move.kind, move.amount) for move in voucher_moves.of_voucher(tx, voucher.id)]


@VERSIONS
@pytest.mark.parametrize("way", [*REWARD_WAYS, *CARD_WAYS])
def test_the_new_one_has_what_was_left(opened: OpenShop, way: str, version: str) -> None:
    with shop_with(opened, way, version) as shop:
        customer = buyer(shop)
        old = voucher_for(shop, way, customer)
        use_part(shop, old, shop.sell(customer, 20, paid=False, vat=20), old.value * 2 / 5)
        before, rest = totals(shop, customer), old.value * 3 / 5
        new = lost(shop, old)
        assert lost(shop, old) == new
        assert totals(shop, customer) - before == UNCHANGED
        assert (new.state, new.value, new.remaining) == (VoucherState.ACTIVE, rest, rest)
        assert (new.valid_until, new.accounting, new.points) == (old.valid_until, old.accounting, 0)
        assert shop.code(new) != shop.code(old)
        assert moves(shop, new) == [(MoveKind.REPLACEMENT, rest)]
        assert moves(shop, old)[-1] == (MoveKind.REPLACED, -rest)
        with pytest.raises(VoucherNotUsable, match="replaced"):
            shop.use(old, shop.sell(customer, 60, paid=False))
        shop.prove()
        assert any(shop.code(new) in mail.text for mail in shop.letterbox.mails)
        target = shop.sell(customer, 60, paid=False)
        use_part(shop, new, target, rest)
        assert shop.dolibarr.remain_to_pay(target) == 60 - rest
        shop.prove()


def test_cancelling_the_new_one_returns_the_points_behind_its_rest_once(opened: OpenShop) -> None:
    with shop_with(opened, "payment") as shop:
        customer = buyer(shop)
        points = shop.balance(customer)
        first = voucher_for(shop, "payment", customer)
        use_part(shop, first, shop.sell(customer, 60, paid=False), 1)
        second = lost(shop, first)
        use_part(shop, second, shop.sell(customer, 60, paid=False), 1)
        third = lost(shop, second)
        assert third.remaining == 3
        for _ in range(2):
            voiding.cancel(shop.loyalty, third.id, reason="x", who="test")
        assert shop.balance(customer) == points - 50 + 30
        shop.prove()


def test_goods_come_back_whose_points_are_in_a_replaced_voucher(opened: OpenShop) -> None:
    with shop_with(opened, "payment") as shop:
        customer = shop.customer()
        invoice = shop.sell(customer, 500)
        shop.sync()
        new = lost(shop, voucher_for(shop, "payment", customer))
        shop.refund(invoice)
        shop.sync()
        shop.deliver()
        assert shop.voucher(new.id).state is VoucherState.CANCELLED
        assert (shop.balance(customer), shop.account(customer).debt) == (0, 0)
        key = next(e.key for e in shop.entries(customer) if e.points == -50 and e.cause.kind == "invoice")
        recall(shop.loyalty, customer, invoice, key)
        shop.prove()


def test_a_percentage_is_replaced_without_any_document(opened: OpenShop) -> None:
    with shop_with(opened, "payment") as shop:
        customer = shop.rich(100)
        old = shop.redeem(customer, "10-percent")
        new = lost(shop, old)
        assert shop.credit_notes() == []
        assert shop.use(new, shop.sell(customer, 120, paid=False)).amount == 12
        shop.prove()


@pytest.mark.parametrize("way", ["split", "liability"])
def test_killed_anywhere_and_resumed(opened: OpenShop, way: str) -> None:
    with shop_with(opened, way) as shop:
        for border in range(1, 400):
            customer = buyer(shop)
            old = voucher_for(shop, way, customer)
            before = totals(shop, customer)
            life = die(shop, border, lambda loyalty, v=old: lost(shop, v, loyalty))  # type: ignore[misc]
            new = lost(shop, old, shop.as_worker("after"))
            assert totals(shop, customer) - before == UNCHANGED, life.borders[-1]
            assert (shop.voucher(old.id).state, new.remaining) == (VoucherState.REPLACED, old.value)
            with shop.loyalty.database.reading() as tx:
                mine = [each for each in vouchers.of_member(tx, customer) if each.replaces]
            assert [each.id for each in mine] == [new.id]
            if not life.is_over:
                break
        assert border > 5
        shop.prove()


def test_the_outbox_carries_on_what_was_interrupted(opened: OpenShop) -> None:
    with shop_with(opened, "payment") as shop:
        customer = buyer(shop)
        old = voucher_for(shop, "payment", customer)
        die(shop, 12, lambda loyalty: lost(shop, old, loyalty))
        assert shop.voucher(old.id).state is VoucherState.REPLACING
        with pytest.raises(VoucherNotUsable):
            shop.use(old, shop.sell(customer, 60, paid=False))
        with shop.loyalty.database.reading() as tx:
            new = vouchers.replacement_of(tx, old.id)
        assert new is not None
        with pytest.raises(VoucherNotUsable, match="still being made"):
            voiding.cancel(shop.loyalty, new.id, reason="x", who="test")
        shop.deliver()
        assert shop.voucher(new.id).state is VoucherState.ACTIVE
        assert any(shop.code(new) in mail.text for mail in shop.letterbox.mails)
        shop.prove()


def test_staff_uses_it_up_while_it_is_being_replaced(opened: OpenShop) -> None:
    with shop_with(opened, "payment") as shop:
        customer = buyer(shop)
        old = voucher_for(shop, "payment", customer)
        with shop.loyalty.database.transaction() as tx:
            replacing._begin(tx, shop.loyalty, old.id, "lost", "test")
        shop.dolibarr.use_credit(shop.sell(customer, 60, paid=False), shop.credit_id(old))
        shop.deliver()
        with shop.loyalty.database.reading() as tx:
            new = vouchers.replacement_of(tx, old.id)
        assert new is not None
        assert (shop.voucher(old.id).state, new.state) == (VoucherState.USED, VoucherState.REFUSED)
        with pytest.raises(VoucherNotUsable, match="it is used"):
            lost(shop, old)
        shop.prove()


def test_two_workers_make_one_replacement(opened: OpenShop) -> None:
    with shop_with(opened, "payment") as shop:
        customer = buyer(shop)
        old = voucher_for(shop, "payment", customer)
        for worker in ("one", "other"):
            with shop.loyalty.database.transaction() as tx:
                replacing._begin(tx, shop.as_worker(worker), old.id, "lost", "test")
        new = replacing.carry_on(shop.as_worker("one"), old.id)
        assert replacing.carry_on(shop.as_worker("other"), old.id) == new
        assert shop.free_credit(customer) == 5
        shop.prove()


def test_many_workers_at_once_on_every_database(shop_on: Shop) -> None:
    shop = shop_on
    customer = shop.rich(100)
    old = shop.redeem(customer)

    def work(number: int) -> str:
        try:
            return lost(shop, old, shop.as_worker(f"worker-{number}")).id
        except TemporaryFailure:
            return ""

    with ThreadPoolExecutor(max_workers=8) as workers:
        found = {each for each in workers.map(work, range(8)) if each}
    new = lost(shop, old)
    assert found <= {new.id}
    assert (new.remaining, shop.free_credit(customer)) == (5, 5)
    assert len(shop.credit_notes()) == 2
    shop.prove()


def test_what_cannot_be_replaced(opened: OpenShop) -> None:
    with shop_with(opened, "payment") as shop:
        customer = buyer(shop)
        used = voucher_for(shop, "payment", customer)
        shop.use(used, shop.sell(customer, 60, paid=False))
        with pytest.raises(VoucherNotUsable, match="it is used"):
            lost(shop, used)
        shop.sell(customer, 600)
        shop.sync()
        over = voucher_for(shop, "payment", customer)
        shop.clock.now = shop.clock.now.replace(year=2031)
        with pytest.raises(VoucherNotUsable, match="it was valid until"):
            lost(shop, over)
        assert shop.voucher(over.id).state is VoucherState.ACTIVE


def test_what_is_still_pending_is_issued_first(opened: OpenShop) -> None:
    with shop_with(opened, "payment") as shop:
        customer = buyer(shop)
        old = redemption.redeem(shop.loyalty, customer, "5-off", request_key="a", who="test")
        new = lost(shop, old)
        assert (new.remaining, shop.free_credit(customer)) == (5, 5)
        shop.prove()


def test_under_another_voucher_key_nothing_is_begun(opened: OpenShop) -> None:
    with shop_with(opened, "payment") as shop:
        old = voucher_for(shop, "payment", buyer(shop))
        wrong = replace(shop.loyalty, secret=b"another key of thirty-two bytes!")
        with pytest.raises(ConfigurationFailure, match="former key"):
            lost(shop, old, wrong)
        assert shop.voucher(old.id).state is VoucherState.ACTIVE
