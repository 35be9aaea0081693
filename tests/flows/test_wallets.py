"""Rewards in any unit, points given by hand to any wallet, and how each ends."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dolibarr_loyalty.core.eligibility import Who
from dolibarr_loyalty.core.ledger import Booking, Cause
from dolibarr_loyalty.core.program import Reward
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.core.wallets import unit_names
from dolibarr_loyalty.errors import InsufficientPoints, KeyReused, RewardNotAvailable
from dolibarr_loyalty.flows import redemption
from dolibarr_loyalty.flows.adjustment import adjust
from dolibarr_loyalty.flows.context import Notices
from dolibarr_loyalty.flows.daily import daily, expire_lots
from dolibarr_loyalty.flows.delivery import deliver
from dolibarr_loyalty.flows.voiding import cancel
from dolibarr_loyalty.messages import Brand
from dolibarr_loyalty.reports.status import status
from dolibarr_loyalty.store import ledger
from dolibarr_loyalty.store.database import Database
from tests.conftest import OpenShop
from tests.flows.shop import Shop, open_shop
from tests.flows.wallets import CARDS, account, available, entries, give


def customer_of(shop: Shop, name: str = "Claire Martin", **fields: object) -> int:
    customer = shop.customer(name, **fields)
    shop.sync()
    return customer


def test_a_reward_is_paid_in_its_own_unit(database: Database) -> None:
    with open_shop(database, program=CARDS) as shop:
        claire = shop.rich(100)
        give(shop, claire, 50, "stars")
        voucher = shop.redeem(claire, "star-off")
        assert (available(shop, claire, "stars"), shop.balance(claire)) == (30, 100)
        assert shop.credit_notes()[0]["options"]["loyalty_points"] in (0, "0")  # no points were redeemed
        assert voucher.state is VoucherState.ACTIVE
        shop.prove()


def test_what_a_wallet_paid_returns_to_it(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire = customer_of(shop)
        give(shop, claire, 50, "stars")
        voucher = shop.redeem(claire, "star-off")
        cancel(shop.loyalty, voucher.id, reason="test", who="test")
        shop.deliver()
        assert (available(shop, claire, "stars"), shop.balance(claire)) == (50, 0)
        assert [str(entry.kind) for entry in entries(shop, claire, "stars")] == [
            "adjustment",
            "redemption",
            "reversal",
        ]
        shop.prove()


def test_a_wallet_that_is_too_small_is_named_as_the_owner_calls_it(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        named = replace(shop.loyalty, brand=Brand(shop_name="Test", unit_names=unit_names(CARDS.wallets)))
        claire = shop.rich(100)
        with pytest.raises(InsufficientPoints, match="has 0 stars to spend, 20 are needed"):
            redemption.redeem(named, claire, "star-off", request_key="k", who="x")


@pytest.mark.parametrize(
    ("who", "told"),
    [
        (Who(tags=("student", "pupil")), "with the tag student or pupil"),
        (Who(countries=("CH",)), "customers in CH"),
        (Who(customer_types=("company",)), "for a company"),
        (Who(tiers=("gold",)), "the tier gold"),
        (Who(clubs=("plus",)), "the club plus"),
        (Who(inactive_days=90), "for 90 days"),
    ],
)
def test_a_reward_may_be_for_some_only(opened: OpenShop, who: Who, told: str) -> None:
    special = Reward(id="special", kind="amount", points=10, who=who)
    with opened(program=replace(CARDS, rewards=(special,), cards=())) as shop:
        claire = shop.rich(100)
        with pytest.raises(RewardNotAvailable, match=told):
            shop.redeem(claire, "special")
        assert shop.balance(claire) == 100


def test_who_has_the_tag_may_have_the_reward(opened: OpenShop) -> None:
    rewards = (Reward(id="special", kind="percent", points=10, who=Who(without_tags=("student",))),)
    with opened(program=replace(CARDS, rewards=rewards, cards=())) as shop:
        assert shop.redeem(shop.rich(100), "special").state is VoucherState.ACTIVE


def test_rewards_for_other_units_are_never_near_by_points(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire = shop.rich(30)
        assert shop.member(claire).near_rewards == frozenset()


def test_points_by_hand_end_as_their_wallet_says(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire = customer_of(shop)
        for unit in ("stars", "miles", "stamps:coffee"):
            give(shop, claire, 5, unit)
        ends = [
            account(shop, claire, unit).lots[0].expires_at for unit in ("stars", "miles", "stamps:coffee")
        ]
        assert ends[1:] == [None, None]
        assert ends[0] is not None and str(ends[0])[:10] == "2027-03-02"  # noqa: PT018


def test_the_same_key_for_another_unit_is_an_error(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire = customer_of(shop)
        once = {"reason": "x", "who": "x", "request_key": "k"}
        first = adjust(shop.loyalty, claire, 5, unit="stars", **once)
        assert adjust(shop.loyalty, claire, 5, unit="stars", **once).id == first.id
        with pytest.raises(KeyReused):
            adjust(shop.loyalty, claire, 5, **once)


def test_lots_of_every_unit_end_on_their_day(database: Database) -> None:
    with open_shop(database, program=CARDS) as shop:
        claire = shop.rich(10)
        for unit in ("stars", "miles"):
            give(shop, claire, 5, unit)
        booking = Booking(account(shop, claire, "qualifying:main"), shop.clock())
        booking.accrue(
            100,
            cause=Cause("invoice", "901"),
            key="q",
            occurred_at=shop.clock(),
            expires_at=shop.clock() + timedelta(days=30),
        )
        shop.loyalty.database.decide(lambda tx: ledger.store(tx, [booking]))
        shop.clock.pass_(days=400)
        for _ in range(2):
            assert expire_lots(shop.loyalty) == 0  # redeemable points are told of, and none ended
        held = [
            account(shop, claire, unit).balance for unit in ("points", "stars", "miles", "qualifying:main")
        ]
        assert held == [10, 0, 5, 0]
        assert '"qualifying_reset"' in entries(shop, claire, "qualifying:main")[-1].reasons
        assert '"expired"' in entries(shop, claire, "stars")[-1].reasons
        shop.prove(with_dolibarr=False)


def test_a_wallet_that_rests_ends_by_itself_alone(database: Database) -> None:
    with open_shop(database, program=CARDS) as shop:
        claire = customer_of(shop)
        for unit in ("miles", "stamps:coffee"):
            booking = Booking(account(shop, claire, unit), shop.clock())
            booking.accrue(5, cause=Cause("invoice", "901"), key=unit, occurred_at=shop.clock())
            shop.loyalty.database.decide(lambda tx, b=booking: ledger.store(tx, [b]))
        shop.clock.pass_(days=80)
        daily(shop.loyalty)
        assert account(shop, claire, "miles").balance == 5
        shop.clock.pass_(days=20)
        for _ in range(2):
            daily(shop.loyalty)
        assert [account(shop, claire, unit).balance for unit in ("miles", "stamps:coffee")] == [0, 5]
        assert '"activity"' in entries(shop, claire, "miles")[-1].reasons
        shop.prove(with_dolibarr=False)


def test_members_are_warned_of_what_ends_in_a_wallet_by_its_name(opened: OpenShop) -> None:
    with opened(program=CARDS, notices=Notices(points_days=30, voucher_days=0)) as shop:
        loyalty = replace(shop.loyalty, brand=Brand(shop_name="Test", unit_names=unit_names(CARDS.wallets)))
        claire = customer_of(shop, default_lang="fr_FR")
        give(shop, claire, 25, "stars")
        shop.clock.pass_(days=350)
        assert [daily(loyalty).warnings for _ in range(2)] == [1, 0]
        deliver(loyalty)
        told = shop.letterbox.mails[-1].text.replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ")
        assert "25 étoiles" in told
        assert "star-off" in told
        assert "points" not in told


def test_the_figures_are_of_points_alone(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire = shop.rich(40)
        booking = Booking(account(shop, claire, "stars"), shop.clock())
        booking.accrue(
            7,
            cause=Cause("invoice", "901"),
            key="held",
            occurred_at=shop.clock(),
            available_at=shop.clock() + timedelta(days=9),
        )
        shop.loyalty.database.decide(lambda tx: ledger.store(tx, [booking]))
        figures = status(shop.loyalty.database, shop.clock())
        assert (figures.pending, figures.outstanding) == (0, 40)
