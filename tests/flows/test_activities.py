"""Reviews, mentions, newsletters: recorded once per id of their source, refused with a reason, taken back."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dolibarr_loyalty.core.acting import Activity
from dolibarr_loyalty.core.activities import ActivityKind
from dolibarr_loyalty.core.eligibility import Who
from dolibarr_loyalty.core.ledger import account_id
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.terms import Expiry
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.core.wallets import Wallet
from dolibarr_loyalty.errors import InputError, KeyReused, UnknownActivity, UnknownMember
from dolibarr_loyalty.flows.activities import record, withdraw
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.flows.sync import sync
from dolibarr_loyalty.store import activities, ledger
from tests.conftest import OpenShop
from tests.flows.shop import PROGRAM, Shop

REVIEW = ActivityKind(id="review", points=20, most=2, period="month")
KINDS = (
    REVIEW,
    ActivityKind(id="deed", points=5, needs_evidence=True),
    ActivityKind(id="vip", points=50, who=Who(tags=("vip",))),
    ActivityKind(id="star", points=3, unit="stars"),
    ActivityKind(id="survey", points=10, qualifying=True),
)


def with_activities(**changes: Any) -> Program:
    usual: dict[str, Any] = {
        "activities": KINDS,
        "wallets": (Wallet(id="stars", names=(("en", "star", "stars"),)),),
    }
    return replace(PROGRAM, **usual | changes)


@pytest.fixture
def lively(opened: OpenShop) -> Iterator[Shop]:
    with opened(program=with_activities()) as shop:
        yield shop


def did(shop: Shop, member: int, source_id: str = "1", **changes: Any) -> Activity:
    usual: dict[str, Any] = {"kind": "review", "source": "trustpilot", "who": "test"}
    return record(shop.loyalty, member=member, source_id=source_id, **usual | changes)


def balance_in(shop: Shop, member: int, unit: str) -> int:
    with shop.loyalty.database.reading() as tx:
        return ledger.load(tx, [member], unit=unit)[member].balance


def a_member(shop: Shop, name: str = "Claire Martin", **fields: Any) -> int:
    member = shop.customer(name, **fields)
    shop.sync()
    return member


def test_an_activity_earns_once_however_often_it_is_told(lively: Shop) -> None:
    claire = a_member(lively)
    first = did(lively, claire)
    lively.clock.pass_(hours=1)
    assert did(lively, claire) == first
    assert did(lively, claire, kind="REVIEW", source=" trustpilot ") == first
    assert lively.balance(claire) == 20
    (entry,) = lively.entries(claire)
    assert (str(entry.kind), str(entry.cause)) == ("accrual", f"activity:{first.id}")
    assert '"code":"activity"' in entry.reasons
    lively.prove()


@pytest.mark.parametrize(
    "changes", [{"kind": "survey"}, {"evidence": "https://x"}, {"member": True}], ids=lambda c: next(iter(c))
)
def test_one_id_with_other_content_is_an_error(lively: Shop, changes: dict[str, Any]) -> None:
    claire, jean = a_member(lively), a_member(lively, "Jean Petit")
    did(lively, claire)
    member = jean if changes.pop("member", False) else claire
    with pytest.raises(KeyReused):
        did(lively, member, **changes)
    assert (lively.balance(claire), lively.balance(jean)) == (20, 0)


def test_ids_differ_by_case_and_by_source(lively: Shop) -> None:
    claire = a_member(lively)
    found = {
        did(lively, claire, "aB").id,
        did(lively, claire, "Ab").id,
        did(lively, claire, "aB", source="x").id,
    }
    assert len(found) == 3


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"kind": "deed"}, "no_evidence"),
        ({"kind": "deed", "evidence": "https://photo.example/1"}, ""),
        ({"kind": "vip"}, "who:tags"),
    ],
)
def test_a_refusal_is_recorded_with_its_reason_and_without_points(
    lively: Shop, changes: dict[str, Any], why: str
) -> None:
    claire = a_member(lively)
    activity = did(lively, claire, **changes)
    assert (activity.why, activity.is_granted) == (why, not why)
    assert lively.balance(claire) == (0 if why else 5)
    with lively.loyalty.database.reading() as tx:
        assert activities.of_member(tx, claire) == [activity]


def test_a_limit_counts_per_month_of_the_shops_calendar(lively: Shop) -> None:
    claire = a_member(lively)
    assert [did(lively, claire, str(number)).why for number in range(3)] == ["", "", "limit"]
    lively.clock.pass_(days=31)
    assert did(lively, claire, "later").why == ""
    back_then = lively.clock() - timedelta(days=31)
    assert did(lively, claire, "late news", occurred_at=back_then).why == "limit"
    assert lively.balance(claire) == 60


def test_a_member_who_left_earns_nothing(lively: Shop) -> None:
    claire = a_member(lively)
    lively.tick()
    lively.dolibarr.change_third_party(claire, client=0)
    lively.sync()
    assert did(lively, claire).why == "not_a_member"


def test_what_cannot_be_recorded_is_said_and_leaves_nothing(lively: Shop) -> None:
    claire = a_member(lively)
    with pytest.raises(UnknownActivity, match="review, deed"):
        did(lively, claire, kind="dance")
    with pytest.raises(UnknownMember):
        did(lively, 999)
    with pytest.raises(InputError, match="the id it has there"):
        did(lively, claire, " ")
    with pytest.raises(InputError, match="at most"):
        did(lively, claire, "x" * 191)
    with pytest.raises(InputError, match="future"):
        did(lively, claire, occurred_at=lively.clock() + timedelta(days=1))
    with lively.loyalty.database.reading() as tx:
        assert activities.of_member(tx, claire) == []


def test_points_of_another_wallet_go_there(lively: Shop) -> None:
    claire = a_member(lively)
    did(lively, claire, kind="star")
    assert (lively.balance(claire), balance_in(lively, claire, "stars")) == (0, 3)
    lively.prove()


def test_points_of_an_activity_end_like_any_other(opened: OpenShop) -> None:
    with opened(program=with_activities(expiry=Expiry(months=1))) as shop:
        claire = a_member(shop)
        did(shop, claire, occurred_at=shop.clock() - timedelta(days=300))
        assert shop.balance(claire) == 20
        shop.clock.pass_(days=40)
        daily(shop.loyalty)
        assert shop.balance(claire) == 0
        shop.prove()


def test_a_qualifying_activity_counts_for_tiers_by_points_alone(opened: OpenShop) -> None:
    levels = (Tier(id="base", threshold=0), Tier(id="top", threshold=1000))
    by_points = TierGroup(id="status", tiers=levels, qualify_by="points")
    by_spend = TierGroup(id="spend", tiers=(Tier(id="low", threshold=0),))
    with opened(program=with_activities(tier_groups=(by_points, by_spend))) as shop:
        claire = a_member(shop)
        activity = did(shop, claire, kind="survey")
        did(shop, claire, "2")
        assert (balance_in(shop, claire, by_points.unit), balance_in(shop, claire, by_spend.unit)) == (10, 0)
        with shop.loyalty.database.reading() as tx:
            (lot,) = ledger.lots_of(tx, account_id(claire, by_points.unit))
        assert lot.expires_at is not None
        assert lot.expires_at.isoformat() == "2026-12-31T23:00:00+00:00"
        withdraw(shop.loyalty, activity.id, reason="twice the same person", who="test")
        assert balance_in(shop, claire, by_points.unit) == 0
        assert shop.balance(claire) == 20
        shop.prove()


def test_a_review_that_was_deleted_takes_its_points_back_once(lively: Shop) -> None:
    claire = a_member(lively)
    activity = did(lively, claire)
    did(lively, claire, "2")
    for _ in range(2):
        gone = withdraw(lively.loyalty, activity.id, reason="deleted", who="test")
    assert (gone.is_granted, gone.withdrawn_for) == (False, "deleted")
    assert lively.balance(claire) == 20
    assert did(lively, claire) == gone  # told again, it stays withdrawn
    assert did(lively, claire, "3").why == ""  # its place within the limit is free
    lively.prove()


def test_what_was_spent_becomes_debt_when_it_is_withdrawn(lively: Shop) -> None:
    claire = lively.rich(40)
    activity = did(lively, claire)
    lively.redeem(claire)
    withdraw(lively.loyalty, activity.id, reason="deleted", who="test")
    assert (lively.account(claire).balance, lively.account(claire).debt) == (-10, 10)
    lively.prove()


def test_what_cannot_be_withdrawn_is_said(lively: Shop) -> None:
    claire = a_member(lively)
    refused = did(lively, claire, kind="deed")
    with pytest.raises(InputError, match="refused"):
        withdraw(lively.loyalty, refused.id, reason="x", who="test")
    with pytest.raises(InputError, match="No activity"):
        withdraw(lively.loyalty, "nothing", reason="x", who="test")
    with pytest.raises(InputError, match="reason"):
        withdraw(lively.loyalty, refused.id, reason=" ", who="test")


def test_an_activity_of_a_merged_customer_belongs_to_the_one_that_stays(lively: Shop) -> None:
    claire, double = a_member(lively), a_member(lively, "Claire M.")
    did(lively, double)
    lively.tick()
    lively.dolibarr.merge_third_parties(keep=claire, gone=double)
    lively.sweep()
    assert did(lively, double, "2").thirdparty_id in (claire, double)


def test_two_workers_do_not_take_the_last_place_twice(shop_on: Shop) -> None:
    shop = shop_on
    shop.loyalty = replace(shop.loyalty, program=with_activities(activities=(replace(REVIEW, most=1),)))
    claire = a_member(shop)
    found: list[Activity] = []
    workers = [
        threading.Thread(
            target=lambda number=number: found.append(did(replace_worker(shop, number), claire, str(number)))
        )
        for number in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(activity.why for activity in found) == ["", "limit", "limit", "limit"]
    assert shop.balance(claire) == 20


def replace_worker(shop: Shop, number: int) -> Shop:
    return replace(shop, loyalty=shop.as_worker(f"worker-{number}"))


def test_syncing_again_changes_nothing(lively: Shop) -> None:
    claire = a_member(lively)
    did(lively, claire)
    sync(lively.loyalty, full=True)
    assert lively.balance(claire) == 20
