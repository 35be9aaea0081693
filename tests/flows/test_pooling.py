"""Households spend together: what one lacks the others add, in the transaction that spends it, never below zero."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from dolibarr_loyalty.core.ledger import Booking
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.core.wallets import Pooling
from dolibarr_loyalty.errors import InsufficientPoints, PoolRefused, UnknownMember
from dolibarr_loyalty.flows import pooling, redemption
from dolibarr_loyalty.flows.pooling import available_in_pool
from dolibarr_loyalty.flows.voiding import cancel
from dolibarr_loyalty.store import pools
from dolibarr_loyalty.store.database import Database
from tests.conftest import OpenShop
from tests.flows.shop import Shop, open_shop
from tests.flows.test_faults import at_once
from tests.flows.wallets import CARDS, account, available, entries, give

HEADED = replace(CARDS, pooling=Pooling(kind="household", spenders="head"))


_households = count(1)


def household(shop: Shop, *points: int) -> list[int]:
    """Members of one pool with so many points each; the first is the head."""
    turn = next(_households)
    found = [shop.customer(f"Member{turn}-{number} Martin") for number in range(len(points))]
    shop.sync()
    for member, each in zip(found, points, strict=True):
        if each:
            give(shop, member, each)
    pooling.create(shop.loyalty, found[0], who="x")
    for member in found[1:]:
        pooling.join(shop.loyalty, found[0], member, who="x")
    return found


def pooled(shop: Shop, member: int, unit: str = "points") -> int:
    with shop.loyalty.database.reading() as tx:
        return available_in_pool(tx, shop.loyalty, member, unit)


def redeem(shop: Shop, member: int, reward: str = "5-off", key: str = "k") -> object:
    return redemption.redeem(shop.loyalty, member, reward, request_key=key, who="x")


def test_what_one_lacks_the_others_add(database: Database) -> None:
    with open_shop(database, program=CARDS) as shop:
        claire, jean, lea = household(shop, 30, 15, 40)
        assert pooled(shop, claire) == 85
        voucher = shop.redeem(claire, "5-off")
        assert voucher.state is VoucherState.ACTIVE
        assert [shop.balance(member) for member in (claire, jean, lea)] == [0, 0, 35]
        assert '"pooled"' in entries(shop, jean, "points")[-1].reasons
        shop.prove()


def test_ones_own_points_go_first(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire, jean = household(shop, 60, 60)
        shop.redeem(claire, "5-off")
        assert [shop.balance(member) for member in (claire, jean)] == [10, 60]


def test_what_ends_first_in_the_whole_pool_goes_first(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire, jean, lea = household(shop, 0, 0, 0)
        give(shop, lea, 15, "stars")
        shop.clock.pass_(days=10)
        give(shop, jean, 15, "stars")
        shop.clock.pass_(days=10)
        give(shop, lea, 15, "stars")
        shop.redeem(claire, "star-off")
        assert [available(shop, member, "stars") for member in (claire, jean, lea)] == [0, 10, 15]


def test_the_same_key_draws_once(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire, jean = household(shop, 30, 100)
        first = redeem(shop, claire)
        assert redeem(shop, claire) == first
        assert shop.balance(jean) == 80


def test_a_pool_that_has_too_little_is_left_alone(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire, jean = household(shop, 30, 10)
        with pytest.raises(InsufficientPoints, match="has 40 points to spend, 50 are needed"):
            redeem(shop, claire)
        assert [shop.balance(member) for member in (claire, jean)] == [30, 10]


def test_only_the_head_and_those_allowed_spend_what_others_have(opened: OpenShop) -> None:
    with opened(program=HEADED) as shop:
        claire, jean, lea = household(shop, 30, 30, 30)
        assert [pooled(shop, member) for member in (claire, jean, lea)] == [90, 30, 30]
        with pytest.raises(InsufficientPoints):
            redeem(shop, jean)
        pooling.join(shop.loyalty, claire, jean, may_spend=True, who="x")
        assert [pooled(shop, member) for member in (claire, jean, lea)] == [90, 90, 30]
        redeem(shop, jean)
        pooling.join(shop.loyalty, claire, jean, who="x")
        assert pooled(shop, jean) == 40
        pooling.join(shop.loyalty, claire, jean, may_spend=False, who="x")
        assert pooled(shop, jean) == 0


def test_debt_spends_nothing_and_adds_nothing(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire, _jean, lea = household(shop, 0, 60, 20)
        give(shop, claire, -5)
        assert pooled(shop, claire) == 0
        with pytest.raises(InsufficientPoints):
            redeem(shop, claire)
        give(shop, claire, 5)
        give(shop, lea, -30)
        assert pooled(shop, claire) == 60
        redeem(shop, claire)
        assert account(shop, lea).debt == 10


def test_stamps_are_not_put_together(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire, jean = household(shop, 0, 0)
        give(shop, jean, 10, "stamps:pizza")
        assert pooled(shop, claire, "stamps:pizza") == 0


def test_who_has_left_the_program_adds_nothing(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire, jean = household(shop, 10, 60)
        with shop.loyalty.database.transaction() as tx:
            tx.run(
                "mark_member_gone",
                thirdparty_id=jean,
                gone_at="2026-03-02T09:00:00.000000Z",
                merged_into=None,
            )
        assert pooled(shop, claire) == 10


def test_what_is_given_back_stays_with_the_one_who_spent_it(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire, jean = household(shop, 30, 20)
        voucher = shop.redeem(claire, "5-off")
        cancel(shop.loyalty, voucher.id, reason="test", who="test")
        assert [shop.balance(member) for member in (claire, jean)] == [50, 0]
        shop.prove()


def test_joining_and_leaving(database: Database) -> None:
    with open_shop(database, program=CARDS) as shop:
        claire, jean = household(shop, 30, 30)
        assert pooling.create(shop.loyalty, claire, who="x").head_id == claire
        assert len(pooling.join(shop.loyalty, claire, jean, who="x").members) == 2
        for _ in range(2):
            pooling.leave(shop.loyalty, jean)
        assert (pooled(shop, claire), pooled(shop, jean)) == (30, 30)
        pooling.leave(shop.loyalty, claire)
        with shop.loyalty.database.reading() as tx:
            assert pools.of_member(tx, claire) is None
        pooling.create(shop.loyalty, jean, who="x")
        pooling.join(shop.loyalty, jean, claire, who="x")
        assert pooled(shop, claire) == 60


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("join again elsewhere", "another pool"),
        ("open another", "pool of another member"),
        ("head leaves", "leaves last"),
        ("too many", "3 members at most"),
        ("no pool", "they are in none"),
        ("no member", "not a member of the program"),
    ],
)
def test_what_pools_refuse(opened: OpenShop, act: str, told: str) -> None:
    program = replace(CARDS, pooling=Pooling(kind="household", most_members=3))
    with opened(program=program) as shop:
        claire, jean, _lea = household(shop, 0, 0, 0)
        other, stranger = shop.customer("Other Person"), shop.customer("Stranger", client=0)
        shop.sync()
        acts = {
            "join again elsewhere": lambda: (
                pooling.create(shop.loyalty, other, who="x"),
                pooling.join(shop.loyalty, other, jean, who="x"),
            ),
            "open another": lambda: pooling.create(shop.loyalty, jean, who="x"),
            "head leaves": lambda: pooling.leave(shop.loyalty, claire),
            "too many": lambda: pooling.join(shop.loyalty, claire, other, who="x"),
            "no pool": lambda: pooling.join(shop.loyalty, other, jean, who="x"),
            "no member": lambda: pooling.create(shop.loyalty, stranger, who="x"),
        }
        with pytest.raises(PoolRefused, match=told):
            acts[act]()


def test_a_program_without_pools_has_none(opened: OpenShop) -> None:
    with opened(program=replace(CARDS, pooling=Pooling())) as shop:
        claire = shop.rich(10)
        with pytest.raises(PoolRefused, match="no pools"):
            pooling.create(shop.loyalty, claire, who="x")
        with pytest.raises(UnknownMember):
            pooling.leave(shop.loyalty, 4711)


def test_two_who_spend_the_last_points_of_a_pool_at_once(database: Database) -> None:
    with open_shop(database, program=CARDS) as shop:
        for _ in range(4):
            members = household(shop, 20, 20, 20)
            raised = at_once(
                *(
                    lambda n=n, m=m: redemption.redeem(
                        shop.as_worker(f"w{n}"), m, "5-off", request_key=f"{m}", who="x"
                    )
                    for n, m in enumerate(members)
                )
            )
            assert [type(failure) for failure in raised].count(InsufficientPoints) == 2, raised
            assert sum(shop.balance(member) for member in members) == 10
            assert all(shop.balance(member) >= 0 for member in members)
        shop.prove(with_dolibarr=False)


def test_a_pool_that_is_spent_between_looking_and_drawing_is_looked_at_again(
    opened: OpenShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(program=CARDS) as shop:
        claire, jean = household(shop, 30, 30)
        looks: list[int] = []

        def too_late(*arguments: Any, **named: Any) -> Sequence[Booking]:
            looks.append(1)
            return () if len(looks) == 1 else pooling.draw(*arguments, **named)

        monkeypatch.setattr("dolibarr_loyalty.flows.redemption.draw", too_late)
        redeem(shop, claire)
        assert (len(looks), shop.balance(claire), shop.balance(jean)) == (2, 0, 10)


def test_who_leaves_while_another_spends_is_not_drawn_from_afterwards(database: Database) -> None:
    with open_shop(database, program=CARDS) as shop:
        for _ in range(4):
            claire, jean = household(shop, 30, 30)
            at_once(
                lambda c=claire: redemption.redeem(
                    shop.as_worker("a"), c, "5-off", request_key=f"{c}", who="x"
                ),
                lambda j=jean: pooling.leave(shop.as_worker("b"), j),
            )
            assert (shop.balance(claire), shop.balance(jean)) in ((0, 10), (30, 30))
        shop.prove(with_dolibarr=False)


def test_a_place_in_a_pool_is_taken_once(database: Database) -> None:
    with open_shop(
        database, program=replace(CARDS, pooling=Pooling(kind="household", most_members=2))
    ) as shop:
        (claire,) = household(shop, 0)
        others = [shop.customer(f"Other{n} Martin") for n in range(3)]
        shop.sync()
        raised = at_once(
            *(lambda m=m: pooling.join(shop.as_worker(str(m)), claire, m, who="x") for m in others)
        )
        assert [type(failure) for failure in raised].count(PoolRefused) == 2, raised
