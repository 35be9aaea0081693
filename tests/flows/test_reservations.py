"""Vouchers and points held for a cart or a till: one holder, one use, nothing lost when it ends."""

# Whole numbers stand for Decimal amounts, for they compare equal.
# mypy: disable-error-code="comparison-overlap"

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import (
    InputError,
    InsufficientPoints,
    InvoiceNotPayable,
    KeyReused,
    LoyaltyError,
    ReservationOver,
    TemporaryFailure,
    UnknownReservation,
    VoucherNotUsable,
)
from dolibarr_loyalty.flows import reservations, voiding
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.sandbox import Fault, status
from dolibarr_loyalty.store import reservations as table
from dolibarr_loyalty.store import vouchers
from dolibarr_loyalty.store.database import Database
from dolibarr_loyalty.store.reservations import Hold, Reservation
from tests.conftest import OpenShop
from tests.flows.shop import PROGRAM, Shop, open_shop

SEVERAL = replace(PROGRAM, vouchers=replace(PROGRAM.vouchers, uses="several"))


def hold(shop: Shop, voucher: Voucher, key: str = "cart-1", amount: object = None) -> Reservation:
    wanted = None if amount is None else Decimal(str(amount))
    return reservations.reserve(shop.loyalty, shop.code(voucher), wanted, key=key, who="shop")


def steps(shop: Shop, voucher: Voucher) -> list[str]:
    with shop.loyalty.database.reading() as tx:
        return [step.step for step in vouchers.steps(tx, voucher.id)]


def held(shop: Shop, voucher: Voucher) -> Decimal:
    with shop.loyalty.database.reading() as tx:
        return table.held(tx, voucher.id, now=shop.loyalty.now())


def a_voucher(shop: Shop, reward: str = "20-off") -> tuple[int, Voucher]:
    claire = shop.rich(300)
    return claire, shop.redeem(claire, reward)


# reserving -----------------------------------------------------------------------------------------
def test_a_reserved_voucher_is_nobody_elses(any_shop: Shop) -> None:
    shop = any_shop
    claire, voucher = a_voucher(shop)
    made = hold(shop, voucher)
    assert (made.amount, made.state, made.until) == (20, Hold.HELD, shop.clock.now + timedelta(minutes=30))
    assert shop.voucher(voucher.id).state is VoucherState.RESERVED
    with pytest.raises(VoucherNotUsable, match="reserved"):
        hold(shop, voucher, "cart-2")
    with pytest.raises(VoucherNotUsable, match="reserved"):
        shop.use(voucher, shop.sell(claire, 50, paid=False))
    assert shop.voucher(voucher.id).remaining == 20
    shop.prove()


def test_the_same_key_gives_the_same_answer_and_another_input_is_refused(shop: Shop) -> None:
    _, voucher = a_voucher(shop)
    first = hold(shop, voucher)
    assert hold(shop, voucher) == first
    assert steps(shop, voucher).count("reserved") == 1
    with pytest.raises(KeyReused):
        hold(shop, voucher, amount=20)
    other = shop.redeem(shop.rich(100, "Anna Weber"), "5-off")
    with pytest.raises(KeyReused):
        hold(shop, other)
    assert held(shop, other) == 0


@pytest.mark.parametrize("key", ["", "x" * 121])
def test_a_key_must_be_one(shop: Shop, key: str) -> None:
    _, voucher = a_voucher(shop)
    with pytest.raises(InputError, match="120 signs"):
        hold(shop, voucher, key)
    with pytest.raises(InputError, match="31 days"):
        reservations.reserve(shop.loyalty, shop.code(voucher), key="k", ttl=timedelta(days=32), who="x")


def test_parts_of_a_voucher_are_held_up_to_what_is_left(opened: OpenShop) -> None:
    with opened(program=SEVERAL) as shop:
        _claire, voucher = a_voucher(shop)
        hold(shop, voucher, "a", "12.50")
        hold(shop, voucher, "b", 5)
        with pytest.raises(VoucherNotUsable, match=r"only 2\.5 EUR of it are free"):
            hold(shop, voucher, "c", "2.51")
        assert hold(shop, voucher, "d").amount == Decimal("2.50")
        with pytest.raises(VoucherNotUsable, match="all of it is reserved"):
            hold(shop, voucher, "e")
        assert held(shop, voucher) == 20
        reservations.release(shop.loyalty, "b", who="shop")
        assert hold(shop, voucher, "f", 5).amount == 5
        shop.prove()


@pytest.mark.parametrize("amount", [0, -1, "0.001"])
def test_nothing_and_parts_of_a_cent_cannot_be_held(opened: OpenShop, amount: object) -> None:
    with opened(program=SEVERAL) as shop:
        _, voucher = a_voucher(shop)
        with pytest.raises(VoucherNotUsable, match="no amount"):
            hold(shop, voucher, amount=amount)


def test_a_voucher_of_one_use_is_held_whole(shop: Shop) -> None:
    _, voucher = a_voucher(shop)
    with pytest.raises(VoucherNotUsable, match="used whole: 20 EUR"):
        hold(shop, voucher, amount=5)


def test_a_percentage_is_held_without_an_amount(shop: Shop) -> None:
    _, voucher = a_voucher(shop, "10-percent")
    with pytest.raises(VoucherNotUsable, match="known only on an invoice"):
        hold(shop, voucher, amount=5)
    assert hold(shop, voucher).amount == 0
    with pytest.raises(VoucherNotUsable, match="reserved"):
        hold(shop, voucher, "other")


def test_what_staff_used_in_dolibarr_cannot_be_reserved(shop: Shop) -> None:
    claire, voucher = a_voucher(shop)
    shop.dolibarr.use_credit(shop.sell(claire, 30, paid=False), shop.credit_id(voucher))
    with pytest.raises(VoucherNotUsable, match="used"):
        hold(shop, voucher)


def test_ended_and_cancelled_vouchers_cannot_be_reserved(shop: Shop) -> None:
    _, voucher = a_voucher(shop)
    shop.clock.now = shop.clock.now.replace(year=2031)
    with pytest.raises(VoucherNotUsable, match="valid until"):
        hold(shop, voucher)
    voiding.cancel(shop.loyalty, voucher.id, reason="x", who="x")
    with pytest.raises(VoucherNotUsable, match="cancelled"):
        hold(shop, voucher)


def test_of_64_who_want_a_voucher_at_once_one_gets_it(shop_on: Shop) -> None:
    shop = shop_on
    _, voucher = a_voucher(shop)
    code = shop.code(voucher)

    def one(number: int) -> object:
        try:
            worker = shop.as_worker(f"worker {number}")
            return reservations.reserve(worker, code, key=f"cart-{number}", who="shop")
        except LoyaltyError as refusal:
            return type(refusal)

    with ThreadPoolExecutor(max_workers=64) as crowd:
        answers = list(crowd.map(one, range(64)))
    winners = [answer for answer in answers if isinstance(answer, Reservation)]
    assert len(winners) == 1
    assert set(answers) - set(winners) <= {VoucherNotUsable, TemporaryFailure}
    with shop.loyalty.database.reading() as tx:
        assert len(table.of_voucher(tx, voucher.id)) == 1
    assert steps(shop, voucher).count("reserved") == 1


def test_parts_wanted_at_once_never_come_to_more_than_is_left(database: Database) -> None:
    with open_shop(database, program=SEVERAL) as shop:
        _, voucher = a_voucher(shop)
        code = shop.code(voucher)

        def one(number: int) -> object:
            try:
                worker = shop.as_worker(f"worker {number}")
                return reservations.reserve(worker, code, Decimal(6), key=f"cart-{number}", who="shop").amount
            except VoucherNotUsable:
                return Decimal(0)

        with ThreadPoolExecutor(max_workers=8) as crowd:
            got = list(crowd.map(one, range(8)))
        assert sum(got) == held(shop, voucher) == 18  # type: ignore[call-overload]


# ending --------------------------------------------------------------------------------------------
def test_a_released_voucher_is_free_again_and_stays_released(shop: Shop) -> None:
    claire, voucher = a_voucher(shop)
    hold(shop, voucher)
    ended = reservations.release(shop.loyalty, "cart-1", who="till 2", why="changed her mind")
    assert ended.state is Hold.RELEASED
    assert reservations.release(shop.loyalty, "cart-1", who="till 2") == ended
    assert shop.voucher(voucher.id).state is VoucherState.ACTIVE
    with pytest.raises(ReservationOver, match="released"):
        reservations.capture(shop.loyalty, "cart-1", str(shop.sell(claire, 50, paid=False)), who="x")
    assert shop.use(voucher, shop.sell(claire, 50, paid=False)).amount == 20
    with shop.loyalty.database.reading() as tx:
        told = [(step.state, step.who, step.why) for step in table.steps(tx, "cart-1")]
    assert told == [("held", "shop", ""), ("released", "till 2", "changed her mind")]


def test_an_overdue_hold_ends_when_somebody_looks(shop: Shop) -> None:
    _, voucher = a_voucher(shop)
    hold(shop, voucher)
    shop.clock.pass_(minutes=29, seconds=59)
    with pytest.raises(VoucherNotUsable):
        hold(shop, voucher, "cart-2")
    shop.clock.pass_(seconds=1)
    assert hold(shop, voucher, "cart-2").amount == 20
    assert reservations.found(shop.loyalty, "cart-1").state is Hold.OVERDUE
    assert reservations.release(shop.loyalty, "cart-1", who="x").state is Hold.OVERDUE
    assert held(shop, voucher) == 20


def test_overdue_holds_end_with_the_days_work(shop: Shop) -> None:
    claire, voucher = a_voucher(shop)
    hold(shop, voucher)
    daily(shop.loyalty)
    assert shop.voucher(voucher.id).state is VoucherState.RESERVED
    shop.clock.pass_(hours=1)
    daily(shop.loyalty)
    assert shop.voucher(voucher.id).state is VoucherState.ACTIVE
    with pytest.raises(ReservationOver, match="time was over"):
        reservations.capture(shop.loyalty, "cart-1", str(shop.sell(claire, 50, paid=False)), who="x")
    assert reservations.release_overdue(shop.loyalty) == 0
    shop.prove()


def test_an_unknown_key_is_named(shop: Shop) -> None:
    for act in (
        lambda: reservations.release(shop.loyalty, "nobody", who="x"),
        lambda: reservations.capture(shop.loyalty, "nobody", "1", who="x"),
    ):
        with pytest.raises(UnknownReservation, match="nobody"):
            act()


# capturing -----------------------------------------------------------------------------------------
def test_captured_twice_it_is_the_same_use(any_shop: Shop) -> None:
    shop = any_shop
    claire, voucher = a_voucher(shop)
    hold(shop, voucher)
    target = shop.sell(claire, 50, paid=False)
    used = reservations.capture(shop.loyalty, "cart-1", str(target), who="shop")
    again = reservations.capture(shop.loyalty, "cart-1", str(target), who="shop")
    assert (used.amount, again.amount) == (20, 20)
    assert shop.dolibarr.remain_to_pay(target) == 30
    assert shop.voucher(voucher.id).state is VoucherState.USED
    with pytest.raises(ReservationOver, match="captured for"):
        reservations.capture(shop.loyalty, "cart-1", str(shop.sell(claire, 50, paid=False)), who="shop")
    with pytest.raises(ReservationOver, match="was used on document"):
        reservations.release(shop.loyalty, "cart-1", who="shop")
    shop.prove()


@pytest.mark.parametrize("version", ["16", "23"])
def test_parts_are_captured_each_on_its_invoice(opened: OpenShop, version: str) -> None:
    with opened(program=SEVERAL, version=version) as shop:
        claire, voucher = a_voucher(shop)
        hold(shop, voucher, "a", "12.34")
        hold(shop, voucher, "b", "7.66")
        first, second = (shop.sell(claire, 15, paid=False) for _ in range(2))
        used = reservations.capture(shop.loyalty, "b", str(second), who="x")
        assert (used.amount, shop.voucher(voucher.id).state) == (Decimal("7.66"), VoucherState.RESERVED)
        used = reservations.capture(shop.loyalty, "a", str(first), who="x")
        assert (used.amount, shop.voucher(voucher.id).state) == (Decimal("12.34"), VoucherState.USED)
        assert shop.dolibarr.remain_to_pay(first) == Decimal("2.66")
        assert shop.dolibarr.remain_to_pay(second) == Decimal("7.34")
        shop.prove()


def test_what_expired_while_reserved_is_honoured_and_ends_afterwards(opened: OpenShop) -> None:
    with opened(program=SEVERAL) as shop:
        claire, voucher = a_voucher(shop)
        assert voucher.valid_until == date(2029, 12, 31)
        shop.clock.now = shop.clock.now.replace(year=2029, month=12, day=31, hour=22, minute=50)
        hold(shop, voucher, "late", 15)
        shop.clock.pass_(minutes=20)
        daily(shop.loyalty)
        shop.deliver()
        assert shop.voucher(voucher.id).state is VoucherState.RESERVED
        with pytest.raises(VoucherNotUsable, match="valid until"):
            hold(shop, voucher, "later", 1)
        target = shop.sell(claire, 50, paid=False)
        assert reservations.capture(shop.loyalty, "late", str(target), who="x").amount == 15
        assert shop.voucher(voucher.id).remaining == 5
        daily(shop.loyalty)
        shop.deliver()
        after = shop.voucher(voucher.id)
        assert (after.state, after.remaining) == (VoucherState.EXPIRED, 0)
        assert shop.free_credit(claire) == 0
        shop.prove()


def test_what_expired_while_reserved_and_is_released_ends(shop: Shop) -> None:
    _claire, voucher = a_voucher(shop)
    shop.clock.now = shop.clock.now.replace(year=2029, month=12, day=31, hour=22, minute=50)
    hold(shop, voucher)
    shop.clock.pass_(hours=2)
    daily(shop.loyalty)
    shop.deliver()
    assert shop.voucher(voucher.id).state is VoucherState.EXPIRED


def test_a_refused_capture_leaves_the_hold(shop: Shop) -> None:
    claire, voucher = a_voucher(shop)
    hold(shop, voucher)
    anna = shop.customer("Anna Weber")
    with pytest.raises(InvoiceNotPayable):
        reservations.capture(shop.loyalty, "cart-1", str(shop.sell(anna, 50, paid=False)), who="x")
    assert reservations.found(shop.loyalty, "cart-1").state is Hold.HELD
    target = shop.sell(claire, 50, paid=False)
    assert reservations.capture(shop.loyalty, "cart-1", str(target), who="x").amount == 20
    shop.prove()


def test_a_capture_that_was_interrupted_is_carried_on(shop: Shop) -> None:
    claire, voucher = a_voucher(shop)
    hold(shop, voucher)
    target = shop.sell(claire, 50, paid=False)
    shop.dolibarr.inject(Fault(method="POST", path=r"/usecreditnote/", kind=status(503)))
    with pytest.raises(TemporaryFailure):
        reservations.capture(shop.loyalty, "cart-1", str(target), who="x")
    shop.clock.pass_(hours=1)
    assert reservations.found(shop.loyalty, "cart-1").state is Hold.CAPTURING
    reservations.release_overdue(shop.loyalty)
    assert reservations.found(shop.loyalty, "cart-1").state is Hold.CAPTURED
    assert shop.dolibarr.remain_to_pay(target) == 30
    shop.prove()


# points --------------------------------------------------------------------------------------------
def want(shop: Shop, member: int, key: str = "cart-1", reward: str = "20-off") -> Reservation:
    return reservations.reserve_reward(shop.loyalty, member, reward, key=key, who="shop")


def test_points_are_held_without_documents_and_mails(any_shop: Shop) -> None:
    shop = any_shop
    claire = shop.rich(300)
    shop.deliver()
    mails = len(shop.letterbox.mails)
    made = want(shop, claire)
    assert want(shop, claire) == made
    shop.deliver()
    assert (shop.balance(claire), made.amount) == (120, 20)
    assert shop.credit_notes() == []
    assert len(shop.letterbox.mails) == mails
    assert shop.voucher(made.voucher_id).state is VoucherState.PENDING
    with pytest.raises(KeyReused):
        want(shop, claire, reward="5-off")
    with pytest.raises(InsufficientPoints):
        want(shop, claire, "cart-2")
    shop.prove()


def test_held_points_become_a_voucher_that_pays(any_shop: Shop) -> None:
    shop = any_shop
    claire = shop.rich(300)
    made = want(shop, claire)
    mails = len(shop.letterbox.mails)
    target = shop.sell(claire, 50, paid=False)
    for _ in range(2):
        assert reservations.capture(shop.loyalty, "cart-1", str(target), who="x").amount == 20
    shop.deliver()
    assert shop.voucher(made.voucher_id).state is VoucherState.USED
    assert (shop.dolibarr.remain_to_pay(target), len(shop.credit_notes())) == (30, 1)
    assert len(shop.letterbox.mails) == mails
    shop.prove()


@pytest.mark.parametrize("way", ["released", "overdue"])
def test_held_points_that_are_not_taken_go_back_to_their_own_lots(opened: OpenShop, way: str) -> None:
    program: Program = replace(PROGRAM, expiry=replace(PROGRAM.expiry, model="fixed", months=12))
    with opened(program=program) as shop:
        claire = shop.rich(100)
        shop.clock.pass_(days=30)
        shop.sell(claire, 2000)
        shop.sync()
        before = [(lot.remaining, lot.expires_at) for lot in shop.account(claire).lots]
        made = want(shop, claire)
        if way == "released":
            reservations.release(shop.loyalty, "cart-1", who="shop")
        else:
            shop.clock.pass_(hours=1)
            daily(shop.loyalty)
        assert [(lot.remaining, lot.expires_at) for lot in shop.account(claire).lots] == before
        assert shop.voucher(made.voucher_id).state is VoucherState.CANCELLED
        assert shop.credit_notes() == []
        assert want(shop, claire, "cart-2").amount == 20
        shop.prove()


def test_a_reward_that_could_not_be_used_is_voided_when_it_is_released(shop: Shop) -> None:
    claire = shop.rich(300)
    want(shop, claire)
    with pytest.raises(InvoiceNotPayable):
        anna = shop.customer("Anna Weber")
        reservations.capture(shop.loyalty, "cart-1", str(shop.sell(anna, 50, paid=False)), who="x")
    assert shop.free_credit(claire) == 20
    reservations.release(shop.loyalty, "cart-1", who="x")
    shop.deliver()
    assert (shop.free_credit(claire), shop.balance(claire)) == (0, 300)
    shop.prove()


def test_two_last_rewards_wanted_at_once_are_not_both_held(shop_on: Shop) -> None:
    shop = shop_on
    claire = shop.rich(200)

    def one(number: int) -> bool:
        try:
            worker = shop.as_worker(f"worker {number}")
            reservations.reserve_reward(worker, claire, "20-off", key=f"cart-{number}", who="shop")
        except InsufficientPoints:
            return False
        return True

    with ThreadPoolExecutor(max_workers=8) as crowd:
        assert sum(crowd.map(one, range(8))) == 1
    assert shop.balance(claire) == 20
    shop.prove()


def test_a_small_rest_after_a_capture_is_written_off_where_the_program_says_so(opened: OpenShop) -> None:
    terms = replace(PROGRAM.vouchers, uses="several", write_off_below=Decimal(2))
    with opened(program=replace(PROGRAM, vouchers=terms)) as shop:
        customer = shop.rich(300)
        voucher = shop.redeem(customer, "20-off")
        invoice = shop.sell(customer, 50, paid=False)
        shop.sync()
        reservations.reserve(shop.loyalty, shop.code(voucher), Decimal(19), key="cart", who="test")
        used = reservations.capture(shop.loyalty, "cart", str(invoice), who="test")
        assert (used.voucher.state, used.voucher.remaining) == (VoucherState.USED, 0)
        assert reservations.capture(shop.loyalty, "cart", str(invoice), who="test").amount == used.amount
        assert shop.free_credit(customer) == 0
