"""The work of a day, also after days nobody worked: expiry, warnings, rewards within reach, screens."""

# Whole numbers stand for Decimal amounts, for they compare equal.
# mypy: disable-error-code="comparison-overlap"

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dolibarr_loyalty.core.terms import Expiry
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.errors import InputError, KeyReused, UnknownMember
from dolibarr_loyalty.flows import voiding
from dolibarr_loyalty.flows.adjustment import adjust
from dolibarr_loyalty.flows.context import Notices, Screens
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.flows.sync import follow_hints, sync
from dolibarr_loyalty.store import inbox
from tests.conftest import OpenShop
from tests.flows.shop import PROGRAM, Shop


def expiring(**rule: Any) -> Any:
    return replace(PROGRAM, expiry=Expiry(**rule))


def test_points_end_once_also_after_days_nobody_worked(opened: OpenShop) -> None:
    with opened(program=expiring(months=1)) as shop:
        claire = shop.customer()
        shop.sell(claire, 1000)
        shop.sync()
        shop.clock.now = datetime(2026, 3, 30, 12, tzinfo=UTC)
        shop.redeem(claire)
        shop.sell(claire, 500)
        shop.sync()
        shop.clock.now = datetime(2026, 4, 10, 9, tzinfo=UTC)
        assert daily(shop.loyalty).expired_points == 50
        assert daily(shop.loyalty).expired_points == 0
        assert shop.balance(claire) == 50
        entry = shop.entries(claire)[-1]
        assert (str(entry.kind), entry.points) == ("expiry", -50)
        assert entry.occurred_at == datetime(2026, 4, 2, 22, tzinfo=UTC)  # midnight in Paris, after 2 April
        assert entry.booked_at == shop.clock()
        shop.prove()


def test_a_late_refund_does_not_take_points_that_have_expired(opened: OpenShop) -> None:
    with opened(program=expiring(months=1)) as shop:
        claire = shop.customer()
        invoice = shop.sell(claire, 1000)
        shop.sync()
        shop.clock.pass_(days=40)
        daily(shop.loyalty)
        shop.sell(claire, 300)
        shop.refund(invoice)
        shop.sync()
        assert shop.balance(claire) == 30
        shop.prove()


def test_all_points_end_after_a_quiet_time_and_activity_keeps_them(opened: OpenShop) -> None:
    with opened(program=expiring(model="activity", months=2)) as shop:
        active, quiet = shop.rich(100, "Active"), shop.rich(100, "Quiet")
        shop.clock.pass_(days=40)
        shop.redeem(active)
        adjust(shop.loyalty, quiet, 5, reason="gift", who="x", request_key="1")  # no activity of the member
        shop.clock.pass_(days=30)
        assert daily(shop.loyalty).expired_points == 105
        assert daily(shop.loyalty).expired_points == 0
        assert (shop.balance(active), shop.balance(quiet)) == (50, 0)
        shop.clock.pass_(days=40)
        assert daily(shop.loyalty).expired_points == 50
        shop.prove()


def test_vouchers_end_and_their_credit_is_voided(any_shop: Shop) -> None:
    shop = any_shop
    claire = shop.rich(100)
    voucher = shop.redeem(claire)
    shop.clock.now = shop.clock.now.replace(year=2030)
    assert daily(shop.loyalty).expired_vouchers == 1
    assert daily(shop.loyalty).expired_vouchers == 0
    shop.deliver()
    assert shop.voucher(voucher.id).state is VoucherState.EXPIRED
    assert (shop.free_credit(claire), shop.balance(claire)) == (0, 50)
    shop.sync()
    assert shop.balance(claire) == 50  # the counter invoice earns nothing
    assert voiding.void(shop.loyalty, voucher.id).state is VoucherState.EXPIRED
    shop.prove()


def test_warnings_come_once_per_end(opened: OpenShop) -> None:
    with opened(program=expiring(months=2)) as shop:
        claire = shop.rich(100)
        shop.redeem(claire)
        shop.letterbox.mails.clear()
        for _ in range(10):
            daily(shop.loyalty)
            shop.deliver()
            shop.clock.pass_(days=7)
        subjects = shop.letterbox.subjects()
        assert len(subjects) == 1, subjects
        assert shop.balance(claire) == 0
        voucher_ends = datetime(2029, 12, 10, tzinfo=UTC)
        shop.clock.now = voucher_ends
        assert daily(shop.loyalty).warnings == 1
        assert daily(shop.loyalty).warnings == 0
        shop.deliver()
        assert len(shop.letterbox.mails) == 2


def test_zero_days_and_zero_percent_mean_not_at_all(opened: OpenShop) -> None:
    off = Notices(points_days=0, voucher_days=0, near_percent=0)
    with opened(program=expiring(months=2), notices=off) as shop:
        claire = shop.rich(100)
        shop.redeem(claire)
        shop.clock.now = datetime(2026, 5, 2, 12, tzinfo=UTC)  # the points' last day
        assert daily(shop.loyalty).warnings == 0
        shop.clock.now = datetime(2029, 12, 31, 12, tzinfo=UTC)
        assert daily(shop.loyalty).warnings == 0
        shop.deliver()
        assert len(shop.letterbox.mails) == 1  # the voucher


def test_a_reward_within_reach_is_told_once_per_crossing(opened: OpenShop) -> None:
    with opened(notices=Notices(near_percent=80)) as shop:
        claire = shop.customer(email="c@example.org")
        shop.sync()
        shop.deliver()
        shop.letterbox.mails.clear()
        told = []
        for amount in (390, 10, 50, 100):  # 39, 40, 45 and 55 points: 40 are 80 % of 50
            shop.sell(claire, amount)
            shop.sync()
            shop.deliver()
            told.append(len(shop.letterbox.mails))
        assert told == [0, 1, 1, 2]  # 48 of the 60 for a shirt are near, too
        shop.redeem(claire)
        shop.letterbox.mails.clear()
        shop.sell(claire, 400)
        shop.sync()
        shop.deliver()
        assert len(shop.letterbox.mails) == 1


def test_points_that_mature_bring_a_reward_within_reach_by_themselves(opened: OpenShop) -> None:
    with opened(program=replace(PROGRAM, holding_days=14)) as shop:
        claire = shop.customer()
        shop.sync()
        shop.sell(claire, 600)
        shop.sync()
        shop.deliver()
        shop.letterbox.mails.clear()
        shop.clock.pass_(days=20)
        for _ in range(2):
            daily(shop.loyalty)
            shop.deliver()
        assert len(shop.letterbox.mails) == 1
        assert shop.account(claire).available(shop.clock()) == 60


def test_the_first_backfill_sends_no_mail_and_the_next_customer_is_welcomed(shop: Shop) -> None:
    shop.sell(shop.customer("Old"), 1000)
    shop.sync()
    shop.deliver()
    assert shop.letterbox.mails == []
    shop.customer("New")
    shop.sync()
    shop.deliver()
    assert len(shop.letterbox.mails) == 1


def test_screens_are_written_only_when_they_change(any_shop: Shop) -> None:
    shop = any_shop
    claire = shop.rich(60)
    shop.deliver()
    shop.forget_calls()
    for _ in range(3):
        sync(shop.loyalty, full=True)
        daily(shop.loyalty)
        shop.deliver()
    assert shop.calls("PUT") == 0
    shop.sell(claire, 100)
    shop.sell(claire, 100)
    shop.sync()
    shop.deliver()
    assert shop.calls("PUT") == 1
    shop.sell(claire, 1)  # no point, nothing new to show
    shop.sync()
    shop.deliver()
    assert shop.calls("PUT") == 1


@pytest.mark.parametrize("version", ["16", "23"])
@pytest.mark.parametrize("way", ["poll", "hints"])
def test_a_paid_invoice_costs_few_calls(opened: OpenShop, version: str, way: str) -> None:
    with opened(version=version, screens=Screens(agenda=True)) as shop:
        customers = [shop.customer(f"Customer {n}") for n in range(20)]
        for customer in customers:
            shop.sell(customer, 50)
        shop.sync()
        shop.deliver()
        shop.clock.pass_(minutes=30)
        sold = [shop.sell(customer, 100) for customer in customers]
        shop.forget_calls()
        if way == "hints":
            for invoice in sold:
                topic = f"invoice:{invoice}"
                shop.loyalty.database.decide(lambda tx, t=topic: inbox.put(tx, t, shop.clock()))  # type: ignore[misc]
            follow_hints(shop.loyalty)
        else:
            sync(shop.loyalty)
        shop.deliver()
        assert all(shop.balance(customer) == 15 for customer in customers)
        # 16 wipes the other extrafields, so they are read before each write (facts trap 2).
        most = 2 if version == "23" or way == "poll" else 3
        assert shop.calls() / len(sold) <= most + 0.2


def test_an_adjustment_is_an_entry_of_its_own_and_happens_once(shop: Shop) -> None:
    claire = shop.rich(10)
    loyalty = shop.loyalty
    given = adjust(loyalty, claire, 40, reason="sorry", who="anne", request_key="1")
    assert adjust(loyalty, claire, 40, reason="sorry", who="bert", request_key="1").id == given.id
    taken = adjust(loyalty, claire, -70, reason="mistake 😀 é", who="anne", request_key="2")
    assert (taken.points, shop.balance(claire), shop.account(claire).debt) == (-70, -20, 20)
    with pytest.raises(KeyReused):
        adjust(loyalty, claire, 41, reason="sorry", who="anne", request_key="1")
    for wrong in ({"points": 0}, {"reason": "  "}, {"request_key": "k" * 200}, {"points": 10**15}):
        arguments: dict[str, Any] = {"points": 5, "reason": "r", "who": "x", "request_key": "3", **wrong}
        points = arguments.pop("points")
        with pytest.raises(InputError):
            adjust(loyalty, claire, points, **arguments)
    with pytest.raises(UnknownMember):
        adjust(loyalty, 4711, 5, reason="r", who="x", request_key="3")
    shop.prove()


def test_events_in_the_agenda_can_be_switched_off(opened: OpenShop) -> None:
    with opened(screens=Screens(agenda=False)) as shop:
        claire = shop.rich(200)
        voiding.cancel(shop.loyalty, shop.redeem(claire).id, reason="x", who="x")
        shop.use(shop.redeem(claire), shop.sell(claire, 50, paid=False))
        shop.deliver()
        assert not [row for row in shop.dolibarr.store.rows("event") if row["code"] == "AC_OTH"]
    with opened(screens=Screens(invoice_events=True)) as shop:
        claire = shop.customer("Another")
        shop.sync()
        shop.sell(claire, 100)
        shop.sync()
        shop.deliver()
        assert [row for row in shop.dolibarr.store.rows("event") if row["code"] == "AC_OTH"]
