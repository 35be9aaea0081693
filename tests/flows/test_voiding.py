"""Cancelled and expired in every accounting way: what Dolibarr's documents come to, by hand-computed tables."""

# Whole numbers stand for Decimal amounts, for they compare equal.
# mypy: disable-error-code="comparison-overlap"

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.voucher_moves import MoveKind
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import ConfigurationFailure, UnknownVoucher, VoucherNotUsable
from dolibarr_loyalty.flows import undoing, usage, voiding
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.flows.leases import Busy
from dolibarr_loyalty.store import voucher_moves
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

D = Decimal
VERSIONS = pytest.mark.parametrize("version", ["16", "23"])
NOTHING = Totals(D(0), D(0), D(0), D(0), D(0))

# What the documents of voucher, sale and use come to after all, beside the goods: net, VAT, owed, credit, card.
# A card that is cancelled waits for the credit note on its sale, which staff makes with the money.
CANCELLED = {
    "payment": NOTHING,
    "credit_note": NOTHING,
    "split": NOTHING,
    "discount": NOTHING,
    "deposit": Totals(D(50), D(0), D(0), D(0), D(0)),
    "liability": Totals(D(50), D(0), D(0), D(0), D(50)),
}
EXPIRED = {
    **dict.fromkeys(REWARD_WAYS, NOTHING),
    "deposit": Totals(D(50), D(0), D(0), D(0), D(0)),
    "liability": Totals(D(50), D(0), D(0), D(0), D(0)),
}
# 2 of a reward's 5, or 20 of a card's 50, paid on an invoice of 24 gross (20 net at 20 %), which is left out.
USED_AND_CANCELLED = {
    "payment": Totals(D("-2"), D(0), D("22") - 24, D(0), D(0)),
    "credit_note": Totals(D("-1.67"), D("-0.33"), D("22") - 24, D(0), D(0)),
    "discount": Totals(D("-1.67"), D("-0.33"), D("22") - 24, D(0), D(0)),
    "deposit": Totals(D(30), D(0), D(4) - 24, D(0), D(0)),
    "liability": Totals(D(30), D(0), D(4) - 24, D(0), D(30)),
}
USED_AND_EXPIRED = {
    **USED_AND_CANCELLED,
    "liability": Totals(D(30), D(0), D(4) - 24, D(0), D(0)),
}


def moves(shop: Shop, voucher: Voucher) -> list[tuple[MoveKind, Decimal]]:
    with shop.loyalty.database.reading() as tx:
        return [(move.kind, move.amount) for move in voucher_moves.of_voucher(tx, voucher.id)]


def end(shop: Shop, voucher: Voucher) -> None:
    """The days pass until the voucher is over, and its end is carried through."""
    shop.clock.now = shop.clock.now.replace(year=2031)
    daily(shop.loyalty)
    shop.deliver()


@VERSIONS
@pytest.mark.parametrize("way", [*REWARD_WAYS, *CARD_WAYS])
def test_cancelled_unused(opened: OpenShop, way: str, version: str) -> None:
    with shop_with(opened, way, version) as shop:
        customer = buyer(shop)
        before, points = totals(shop, customer), shop.balance(customer)
        voucher = voucher_for(shop, way, customer)
        for _ in range(2):
            after = voiding.cancel(shop.loyalty, voucher.id, reason="changed her mind", who="Anna")
            assert (after.state, after.remaining) == (VoucherState.CANCELLED, 0)
        assert totals(shop, customer) - before == CANCELLED[way]
        assert shop.balance(customer) == points
        assert moves(shop, voucher) == [
            (MoveKind.ISSUED, voucher.value),
            (MoveKind.CANCELLED, -voucher.value),
        ]
        with shop.loyalty.database.reading() as tx:
            move = voucher_moves.of_voucher(tx, voucher.id)[-1]
        assert (move.who, move.note) == ("Anna", "changed her mind")
        assert bool(move.document) == (way not in ("discount", "liability"))
        shop.prove()


@VERSIONS
@pytest.mark.parametrize("way", [*REWARD_WAYS, *CARD_WAYS])
def test_expired_unused(opened: OpenShop, way: str, version: str) -> None:
    with shop_with(opened, way, version) as shop:
        customer = buyer(shop)
        before = totals(shop, customer)
        voucher = voucher_for(shop, way, customer)
        points = shop.balance(customer)
        for _ in range(2):
            end(shop, voucher)
        assert shop.voucher(voucher.id).state is VoucherState.EXPIRED
        assert totals(shop, customer) - before == EXPIRED[way]
        assert shop.balance(customer) == points
        assert moves(shop, voucher)[-1] == (MoveKind.EXPIRED, -voucher.value)
        shop.prove()


@VERSIONS
@pytest.mark.parametrize("way", list(USED_AND_CANCELLED))
@pytest.mark.parametrize("ends", ["cancelled", "expired"])
def test_the_rest_after_a_use(opened: OpenShop, way: str, version: str, ends: str) -> None:
    with shop_with(opened, way, version) as shop:
        customer = buyer(shop)
        target = shop.sell(customer, 20, paid=False, vat=20)
        before = totals(shop, customer)
        voucher = voucher_for(shop, way, customer)
        part = voucher.value * 2 / 5
        use_part(shop, voucher, target, part)
        points = shop.balance(customer)
        if ends == "cancelled":
            voiding.cancel(shop.loyalty, voucher.id, reason="x", who="test")
        else:
            end(shop, voucher)
        table = USED_AND_CANCELLED if ends == "cancelled" else USED_AND_EXPIRED
        assert totals(shop, customer) - before == table[way]
        back = 30 if ends == "cancelled" and way in REWARD_WAYS else 0  # 3 of 5 left: 30 of the 50 points
        assert shop.balance(customer) - points == back
        assert moves(shop, voucher)[-1][1] == part - voucher.value
        assert sum(amount for _, amount in moves(shop, voucher)) == 0
        shop.prove()


@pytest.mark.parametrize("way", ["discount", "deposit", "liability"])
@pytest.mark.parametrize("ends", ["cancelled", "expired"])
def test_after_its_only_use_was_undone(opened: OpenShop, way: str, ends: str) -> None:
    """Staff unlinked the credit: it is free, and whatever made it is undone with the rest."""
    with shop_with(opened, way) as shop:
        customer = buyer(shop)
        target = shop.sell(customer, 20, paid=False, vat=20)
        before = totals(shop, customer)
        voucher = voucher_for(shop, way, customer)
        use_part(shop, voucher, target, voucher.value * 2 / 5)
        (row,) = (r for r in shop.dolibarr.store.rows("discount") if r["fk_facture"] == target)
        shop.dolibarr.unlink_credit(row["rowid"])
        back = usage.look_at(shop.loyalty, voucher.id)
        assert (back.state, back.remaining) == (VoucherState.ACTIVE, voucher.value)
        if ends == "cancelled":
            voiding.cancel(shop.loyalty, voucher.id, reason="x", who="test")
        else:
            end(shop, voucher)
        assert totals(shop, customer) - before == (CANCELLED if ends == "cancelled" else EXPIRED)[way]
        shop.prove()


@pytest.mark.parametrize("version", ["23"])
def test_the_rest_of_a_rebate_over_two_rates(opened: OpenShop, version: str) -> None:
    with shop_with(opened, "split", version) as shop:
        customer = buyer(shop)
        target = shop.sell(customer, 20, paid=False, vat=20)
        before = totals(shop, customer)
        voucher = voucher_for(shop, "split", customer)
        use_part(shop, voucher, target, 2)
        voiding.cancel(shop.loyalty, voucher.id, reason="x", who="test")
        after = totals(shop, customer) - before
        assert (after.net + after.vat, after.owed, after.credit) == (-2, -2, 0)
        shop.prove()


def test_points_return_on_expiry_where_the_terms_say_so(opened: OpenShop) -> None:
    with shop_with(opened, "payment", return_points_on_expiry=True) as shop:
        customer = buyer(shop)
        voucher = voucher_for(shop, "payment", customer)
        points = shop.balance(customer)
        use_part(shop, voucher, shop.sell(customer, 20, paid=False), 2)
        end(shop, voucher)
        end(shop, voucher)
        assert shop.balance(customer) - points == 30
        shop.prove()


@pytest.mark.parametrize(("way", "ends"), [("split", "cancelling"), ("liability", "expiring")])
def test_killed_anywhere_while_it_is_voided(opened: OpenShop, way: str, ends: str) -> None:
    table = CANCELLED if ends == "cancelling" else EXPIRED
    with shop_with(opened, way) as shop:
        for border in range(1, 400):
            customer = buyer(shop)
            before = totals(shop, customer)
            voucher = voucher_for(shop, way, customer)
            voiding.begin(shop.loyalty, voucher.id, VoucherState(ends), who="test")
            life = die(shop, border, lambda loyalty, v=voucher: voiding.void(loyalty, v.id))  # type: ignore[misc]
            voiding.void(shop.as_worker("after"), voucher.id)
            assert shop.voucher(voucher.id).remaining == 0
            assert totals(shop, customer) - before == table[way], life.borders[-1]
            assert sum(amount for _, amount in moves(shop, voucher)) == 0
            if not life.is_over:
                break
        assert border > 5
        shop.prove()


def test_two_workers_void_one_voucher_once(opened: OpenShop) -> None:
    with shop_with(opened, "split") as shop:
        customer = buyer(shop)
        before = totals(shop, customer)
        voucher = voucher_for(shop, "split", customer)
        voiding.begin(shop.loyalty, voucher.id, VoucherState.CANCELLING, who="test")
        real = shop.loyalty.books.use_credit
        met: list[type[Exception]] = []

        def while_another_tries(sale_id: int, credit_id: int) -> None:
            try:
                voiding.void(shop.as_worker("other"), voucher.id)
            except Busy as busy:
                met.append(type(busy))
            real(sale_id, credit_id)

        shop.loyalty.books.use_credit = while_another_tries  # type: ignore[method-assign]
        voiding.void(shop.loyalty, voucher.id)
        assert set(met) == {Busy}
        assert totals(shop, customer) - before == NOTHING
        shop.prove()


def test_many_workers_at_once_on_every_database(shop_on: Shop) -> None:
    shop = shop_on
    customer = shop.rich(100)
    voucher = shop.redeem(customer)

    def work(number: int) -> None:
        with suppress(Busy):
            voiding.cancel(shop.as_worker(f"worker-{number}"), voucher.id, reason="x", who="test")

    with ThreadPoolExecutor(max_workers=8) as workers:
        list(workers.map(work, range(8)))
    voiding.cancel(shop.loyalty, voucher.id, reason="x", who="test")
    assert (shop.balance(customer), shop.free_credit(customer)) == (100, 0)
    counters = [
        r for r in shop.dolibarr.store.rows("invoice") if str(r["ref_ext"]).startswith("loyalty:void:")
    ]
    assert len(counters) == 1
    assert moves(shop, voucher) == [(MoveKind.ISSUED, 5), (MoveKind.CANCELLED, -5)]
    shop.prove()


def test_one_that_is_reserved_is_neither_cancelled_nor_over(opened: OpenShop) -> None:
    with shop_with(opened, "payment") as shop:
        customer = buyer(shop)
        voucher = voucher_for(shop, "payment", customer)
        with shop.loyalty.database.transaction() as tx:
            _set_state(tx, shop, voucher, VoucherState.RESERVED)
        with pytest.raises(VoucherNotUsable, match="reserved"):
            voiding.cancel(shop.loyalty, voucher.id, reason="x", who="test")
        shop.clock.now = shop.clock.now.replace(year=2031)
        daily(replace(shop.loyalty))
        assert shop.voucher(voucher.id).state is VoucherState.RESERVED
        with shop.loyalty.database.transaction() as tx:
            _set_state(tx, shop, shop.voucher(voucher.id), VoucherState.ACTIVE)
        end(shop, voucher)
        assert shop.voucher(voucher.id).state is VoucherState.EXPIRED


def _set_state(tx, shop: Shop, voucher: Voucher, state: VoucherState) -> None:  # type: ignore[no-untyped-def]
    from dolibarr_loyalty.store import vouchers

    vouchers.change(tx, voucher, step=str(state), at=shop.clock.now, who="test", state=state)


def test_what_comes_back_from_an_invoice_after_its_end_has_a_grace(opened: OpenShop) -> None:
    with shop_with(opened, "payment") as shop:
        customer = buyer(shop)
        voucher = voucher_for(shop, "payment", customer)
        shop.use(voucher, shop.sell(customer, 24, paid=False))
        shop.clock.now = shop.clock.now.replace(year=2031)
        shop.dolibarr.unlink_credit(shop.credit_id(voucher))
        assert usage.look_at(shop.loyalty, voucher.id).state is VoucherState.ACTIVE
        shop.clock.pass_(days=30)
        daily(shop.loyalty)
        shop.deliver()
        assert shop.voucher(voucher.id).state is VoucherState.ACTIVE
        shop.clock.pass_(days=1)
        daily(shop.loyalty)
        shop.deliver()
        assert shop.voucher(voucher.id).state is VoucherState.EXPIRED
        shop.prove()


@pytest.mark.parametrize("ends", ["cancelled", "expired"])
def test_what_comes_back_after_the_rest_has_ended_is_usable_again(opened: OpenShop, ends: str) -> None:
    with shop_with(opened, "payment") as shop:
        customer = buyer(shop)
        before = totals(shop, customer)
        voucher = voucher_for(shop, "payment", customer)
        target = shop.sell(customer, 24, paid=False)
        use_part(shop, voucher, target, 2)
        if ends == "cancelled":
            voiding.cancel(shop.loyalty, voucher.id, reason="x", who="test")
        else:
            end(shop, voucher)
        (row,) = (r for r in shop.dolibarr.store.rows("discount") if r["fk_facture"] == target)
        shop.dolibarr.unlink_credit(row["rowid"])
        back = usage.look_at(shop.loyalty, voucher.id)
        assert (back.state, back.remaining) == (VoucherState.ACTIVE, 2)
        shop.prove()
        shop.clock.now = shop.clock.now.replace(year=2032)
        daily(shop.loyalty)
        shop.deliver()
        assert shop.voucher(voucher.id).state is VoucherState.EXPIRED
        after = totals(shop, customer) - before
        assert (after.net, after.vat, after.credit) == (24, 0, 0)
        assert sum(amount for _, amount in moves(shop, voucher)) == 0
        shop.prove()


def test_a_card_that_nobody_owns_is_closed_on_the_generic_customer(opened: OpenShop) -> None:
    with shop_with(opened, "liability") as shop:
        customer = buyer(shop)
        till = shop.loyalty.program.membership.generic_customers[0]
        voucher = voucher_for(shop, "liability", customer)
        with shop.loyalty.database.transaction() as tx:
            from dolibarr_loyalty.store import vouchers

            at = shop.clock.now
            vouchers.change(tx, voucher, step="given away", at=at, who="test", thirdparty_id=0)
        before = totals(shop, till)
        end(shop, voucher)
        after = totals(shop, till) - before
        assert (after.net, after.card, after.credit, after.owed) == (0, -50, 0, 0)
        nobody = replace(shop.loyalty.program.membership, generic_customers=())
        without = replace(shop.loyalty, program=replace(shop.loyalty.program, membership=nobody))
        with pytest.raises(ConfigurationFailure, match="generic_customers"):
            undoing.home_of(without, shop.voucher(voucher.id))


def test_a_voucher_that_is_used_or_unknown_cannot_be_cancelled(opened: OpenShop) -> None:
    with shop_with(opened, "payment") as shop:
        customer = buyer(shop)
        voucher = voucher_for(shop, "payment", customer)
        shop.use(voucher, shop.sell(customer, 24, paid=False))
        with pytest.raises(VoucherNotUsable, match="it is used"):
            voiding.cancel(shop.loyalty, voucher.id, reason="x", who="test")
        with pytest.raises(UnknownVoucher):
            voiding.cancel(shop.loyalty, "unknown", reason="x", who="test")
