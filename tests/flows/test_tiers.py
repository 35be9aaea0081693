"""Tiers at work: reached by purchases, noted once, told once, corrected when documents come late."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from dolibarr_loyalty.core.benefits import Benefit
from dolibarr_loyalty.core.ledger import Booking, Cause, EntryKind
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.errors import InputError, KeyReused, UnknownMember
from dolibarr_loyalty.flows.tier_acts import Acted, set_tier, withdraw_tier
from dolibarr_loyalty.flows.tiers import assess_due, review_tiers, shown
from dolibarr_loyalty.store import ledger, outbox, tiers
from dolibarr_loyalty.store.database import Database, Tx
from dolibarr_loyalty.store.tiers import State
from tests.builders import at, day
from tests.flows.shop import PROGRAM, Shop, open_shop

STATUS = TierGroup(
    id="status",
    tiers=(
        Tier(id="base", threshold=0, names=(("en", "Base"),)),
        Tier(id="silver", threshold=100, names=(("en", "Silver"),), benefits=("shipping",), tag="Silver"),
        Tier(id="gold", threshold=300, names=(("en", "Gold"),)),
    ),
    extension="reset",
)
SHIPPING = Benefit(id="shipping", kind="free_shipping", names=(("en", "Free shipping"),))
TIERED = replace(PROGRAM, tier_groups=(STATUS,), benefits=(SHIPPING,))


@pytest.fixture
def shop(database: Database) -> Iterator[Shop]:
    with open_shop(database, program=TIERED) as shop:
        yield shop


def qualify(shop: Shop, member: int, points: int, when: str) -> None:
    """Qualifying points that a person gives or takes, as if earned at an instant."""
    booked_at = at(when)

    def decision(tx: Tx) -> None:
        account = ledger.load(tx, [member], unit=STATUS.unit)[member]
        booking, cause = Booking(account, booked_at), Cause("person", "Ada")
        named = f"test:{account.id}:{account.seq}"
        if points > 0:
            booking.accrue(points, cause=cause, key=named, occurred_at=booked_at, kind=EntryKind.ADJUSTMENT)
        else:
            booking.deduct(-points, cause=cause, key=named)
        ledger.store(tx, [booking])

    shop.loyalty.database.decide(decision)


def member_of(shop: Shop, name: str = "Claire Martin") -> int:
    customer = shop.customer(name)
    shop.sync()
    return customer


def state_of(shop: Shop, member: int) -> State:
    with shop.loyalty.database.reading() as tx:
        return tiers.states_of(tx, [member])[member]["status"]


def record_of(shop: Shop, member: int) -> list[tuple[int, str, str]]:
    """The whole record as (place, tier, why)."""
    with shop.loyalty.database.reading() as tx:
        rows = tiers.steps_of(tx, [member]).get((member, "status"), [])
    return [(noted.place, noted.step.tier, noted.step.why) for noted in rows]


def steps_of(shop: Shop, member: int) -> list[tuple[str, str]]:
    """What holds after all corrections as (tier, why)."""
    with shop.loyalty.database.reading() as tx:
        rows = tiers.steps_of(tx, [member]).get((member, "status"), [])
    return [(step.tier, step.why) for step in tiers.standing(rows)]


def test_reaching_a_tier_is_noted_shown_and_told_once(shop: Shop) -> None:
    member = member_of(shop)
    qualify(shop, member, 120, "2026-03-02 12:00")
    shop.clock.now = at("2026-03-03 12:00")
    for _ in range(3):
        review_tiers(shop.loyalty, member)
        shop.deliver()
    assert steps_of(shop, member) == [("base", "start"), ("silver", "upgrade")]
    state = state_of(shop, member)
    assert (state.tier, state.until, state.steps) == ("silver", at("2028-01-01"), 2)
    told = [mail for mail in shop.letterbox.mails if "Silver" in mail.subject]
    assert len(told) == 1
    assert "Free shipping" in told[0].text
    assert "31 December 2027" in " ".join(told[0].text.split())
    assert "180 qualifying points" in told[0].text
    labels = [row["label"] for row in shop.dolibarr.store.rows("event")]
    assert labels.count("Tier reached: Silver") == 1


def test_a_purchase_reaches_a_tier_and_its_return_is_seen(shop: Shop) -> None:
    """Through the intake: a spend of 120 at one point per euro, and a credit note over 50."""
    customer = member_of(shop)
    invoice = shop.sell(customer, 120)
    shop.sync()
    shop.deliver()
    review_tiers(shop.loyalty, customer)
    assert state_of(shop, customer).tier == "silver"
    shop.refund(invoice, 50)
    shop.sync()
    review_tiers(shop.loyalty, customer)
    with shop.loyalty.database.reading() as tx:
        [seen] = shown(tx, shop.loyalty, customer)
    assert (seen.outlook.tier.id, seen.outlook.qualifying) == ("silver", 70)


def test_redeeming_points_never_demotes(shop: Shop) -> None:
    member = shop.rich(100)
    review_tiers(shop.loyalty, member)
    before = state_of(shop, member)
    shop.redeem(member, "5-off")
    review_tiers(shop.loyalty, member)
    assert replace(state_of(shop, member), steps=0) == replace(before, steps=0)
    assert before.tier == "gold"


def test_the_screens_say_tier_tag_and_way_to_the_next(shop: Shop) -> None:
    member = member_of(shop)
    qualify(shop, member, 120, "2026-03-02 12:00")
    shop.clock.now = at("2026-03-03 12:00")
    with shop.loyalty.database.reading() as tx:
        [seen] = shown(tx, shop.loyalty, member)
        assert shown(tx, shop.loyalty, 999) == ()
        assert shown(tx, replace(shop.loyalty, program=PROGRAM), member) == ()
    assert (seen.group, seen.tier, seen.tag) == ("status", "Silver", "Silver")
    assert (seen.outlook.to_next, seen.outlook.progress) == (180, 40)


def test_a_tier_ends_with_its_assessment_however_late_the_daily_work_runs(shop: Shop) -> None:
    member = member_of(shop)
    qualify(shop, member, 120, "2026-03-02 12:00")
    shop.clock.now = at("2026-03-03")
    review_tiers(shop.loyalty, member)
    shop.clock.now = at("2028-02-20")
    assert assess_due(shop.loyalty) == 1
    assert steps_of(shop, member)[-1] == ("base", "downgrade")
    with shop.loyalty.database.reading() as tx:
        last = tiers.standing(tiers.steps_of(tx, [member])[member, "status"])[-1]
    assert last.at == at("2028-01-01")
    shop.deliver()
    assert "Your tier is now “Base”" in shop.letterbox.subjects()
    assert assess_due(shop.loyalty) == 0


def test_a_day_of_nothing_reviews_nobody(shop: Shop) -> None:
    member = member_of(shop)
    qualify(shop, member, 120, "2026-03-02 12:00")
    shop.clock.now = at("2026-03-03")
    review_tiers(shop.loyalty, member)
    shop.clock.now = at("2026-06-03")
    assert assess_due(shop.loyalty) == 0


@pytest.mark.parametrize("runs_on", [("2027-12-02",), ("2027-12-20", "2027-12-21", "2027-12-24")])
def test_one_warning_per_assessment_with_the_points_missing(shop: Shop, runs_on: tuple[str, ...]) -> None:
    member = member_of(shop)
    qualify(shop, member, 120, "2026-03-02 12:00")
    qualify(shop, member, 60, "2027-05-02 12:00")
    shop.clock.now = at("2026-03-03")
    review_tiers(shop.loyalty, member)
    for run in runs_on:
        shop.clock.now = at(run)
        assess_due(shop.loyalty)
        review_tiers(shop.loyalty, member)
        shop.deliver()
    warnings = [mail for mail in shop.letterbox.mails if "to keep" in mail.subject]
    assert [mail.subject for mail in warnings] == ["40 qualifying points to keep “Silver”"]
    assert "31 December 2027" in " ".join(warnings[0].text.split())
    assert "“Base”" in warnings[0].text
    assert warnings[0].unsubscribe_url is None  # the shop names no address to unsubscribe at


def test_no_warning_for_who_has_enough_and_none_after_buying_enough(shop: Shop) -> None:
    enough, late = member_of(shop, "Enough Er"), member_of(shop, "Late Er")
    for member in (enough, late):
        qualify(shop, member, 120, "2026-03-02 12:00")
    qualify(shop, enough, 100, "2027-05-02 12:00")
    shop.clock.now = at("2027-12-10")
    for member in (enough, late):
        review_tiers(shop.loyalty, member)
    qualify(shop, late, 100, "2027-12-10 11:00")  # before the mail leaves
    shop.clock.now = at("2027-12-10 12:00")
    shop.deliver()
    assert not [mail for mail in shop.letterbox.mails if "to keep" in mail.subject]


def test_a_refund_within_the_days_of_warning_warns(shop: Shop) -> None:
    member = member_of(shop)
    qualify(shop, member, 120, "2026-03-02 12:00")
    qualify(shop, member, 100, "2027-05-02 12:00")
    shop.clock.now = at("2027-12-05")
    review_tiers(shop.loyalty, member)
    qualify(shop, member, -30, "2027-12-10 11:00")
    shop.clock.now = at("2027-12-11")
    review_tiers(shop.loyalty, member)
    shop.deliver()
    assert "30 qualifying points to keep “Silver”" in shop.letterbox.subjects()


def test_a_document_that_comes_late_corrects_the_record(shop: Shop) -> None:
    member = member_of(shop)
    qualify(shop, member, 120, "2026-05-02 12:00")
    shop.clock.now = at("2026-06-01")
    review_tiers(shop.loyalty, member)
    qualify(shop, member, 200, "2026-04-02 12:00")
    review_tiers(shop.loyalty, member)
    assert steps_of(shop, member) == [("base", "start"), ("silver", "upgrade"), ("gold", "upgrade")]
    assert record_of(shop, member) == [
        (0, "base", "start"),
        (1, "silver", "upgrade"),
        (1, "silver", "upgrade"),
        (2, "gold", "upgrade"),
    ]
    assert (state_of(shop, member).tier, state_of(shop, member).since) == ("gold", at("2026-05-02 12:00"))
    review_tiers(shop.loyalty, member)
    assert len(record_of(shop, member)) == 4


def test_what_never_was_is_taken_back_from_the_record(shop: Shop) -> None:
    member = member_of(shop)
    qualify(shop, member, 120, "2026-03-02 12:00")
    shop.clock.now = at("2026-03-03")
    review_tiers(shop.loyalty, member)
    qualify(shop, member, -120, "2026-03-02 12:00")
    review_tiers(shop.loyalty, member)
    assert steps_of(shop, member) == [("base", "start")]
    assert record_of(shop, member)[-1] == (1, "silver", "withdrawn")
    assert state_of(shop, member).tier == "base"
    qualify(shop, member, 150, "2026-03-02 13:00")
    review_tiers(shop.loyalty, member)
    assert steps_of(shop, member) == [("base", "start"), ("silver", "upgrade")]


def test_a_tier_reached_long_ago_is_no_news(shop: Shop) -> None:
    member = member_of(shop)
    qualify(shop, member, 120, "2026-03-02 12:00")
    shop.clock.now = at("2026-09-01")
    review_tiers(shop.loyalty, member)
    shop.deliver()
    assert state_of(shop, member).tier == "silver"
    assert not [subject for subject in shop.letterbox.subjects() if "Silver" in subject]


def test_who_left_keeps_the_record_and_hears_nothing_more(shop: Shop) -> None:
    member = member_of(shop)
    qualify(shop, member, 120, "2026-03-02 12:00")
    shop.clock.now = at("2026-03-03")
    review_tiers(shop.loyalty, member)
    with shop.loyalty.database.transaction() as tx:
        tiers.reassign(tx, member, 4711)
    assert state_of(shop, member).next_at is None
    shop.clock.now = at("2028-03-03")
    assert assess_due(shop.loyalty) == 0


def test_a_group_that_the_program_drops_rests(shop: Shop) -> None:
    member = member_of(shop)
    qualify(shop, member, 120, "2026-03-02 12:00")
    shop.clock.now = at("2026-03-03")
    review_tiers(shop.loyalty, member)
    other = replace(STATUS, id="other")
    shop.clock.now = at("2028-03-03")
    changed = replace(shop.loyalty, program=replace(TIERED, tier_groups=(other,)))
    assert assess_due(changed) == 1
    assert state_of(shop, member).next_at is None
    assert assess_due(changed) == 0


# set by hand ----------------------------------------------------------------------------------------


def by_hand(shop: Shop, member: int, tier: str = "gold", key: str = "k1", **asked: object) -> Acted:
    told: dict[str, object] = {"until": day("2026-08-31"), "reason": "a regular", "who": "Ada", **asked}
    return set_tier(shop.loyalty, member, "status", tier, request_key=key, **told)  # type: ignore[arg-type]


def test_a_tier_set_by_hand_holds_to_its_last_day(shop: Shop) -> None:
    member = member_of(shop)
    act = by_hand(shop, member).act
    assert (act.tier, act.until, act.reason) == ("gold", at("2026-09-01"), "a regular")
    shop.deliver()
    assert "You have reached “Gold”" in shop.letterbox.subjects()
    shop.clock.now = at("2026-08-31 23:59")
    assess_due(shop.loyalty)
    assert state_of(shop, member).tier == "gold"
    shop.clock.now = at("2026-09-01")
    assess_due(shop.loyalty)
    assert steps_of(shop, member)[1:] == [("gold", "manual"), ("base", "manual_end")]


def test_the_same_request_sets_a_tier_once(shop: Shop) -> None:
    member = member_of(shop)
    first = by_hand(shop, member)
    shop.clock.pass_(hours=1)
    assert by_hand(shop, member) == first
    with shop.loyalty.database.reading() as tx:
        assert len(tiers.manual_of(tx, [member])[member]) == 1
    with pytest.raises(KeyReused):
        by_hand(shop, member, "silver")


def test_taking_a_tier_back_leaves_what_points_carry(shop: Shop) -> None:
    member = member_of(shop)
    by_hand(shop, member, until=None)
    shop.clock.pass_(days=3)
    withdraw_tier(shop.loyalty, member, "status", reason="by mistake", who="Ada", request_key="k2")
    assert steps_of(shop, member)[1:] == [("gold", "manual"), ("base", "manual_end")]
    with pytest.raises(InputError, match="nothing to take back"):
        withdraw_tier(shop.loyalty, member, "status", reason="again", who="Ada", request_key="k3")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"tier": "platinum"}, "There is no tier 'platinum'"),
        ({"reason": "  "}, "needs a reason"),
        ({"reason": "x" * 501}, "at most 500"),
        ({"who": "x" * 121}, "at most 120"),
        ({"until": day("2026-03-01")}, "is over already"),
    ],
)
def test_what_cannot_be_set_is_refused(shop: Shop, asked: dict[str, object], says: str) -> None:
    member = member_of(shop)
    with pytest.raises(InputError, match=says):
        by_hand(shop, member, **asked)  # type: ignore[arg-type]


def test_only_members_have_tiers(shop: Shop) -> None:
    with pytest.raises(UnknownMember):
        by_hand(shop, 4711)
    with pytest.raises(InputError, match="There is no tier group"):
        set_tier(shop.loyalty, 1, "nobody", "gold", until=None, reason="x", who="Ada", request_key="k")
    supplier = shop.customer("Supplier Only", client=0)
    shop.sync()
    with shop.loyalty.database.reading() as tx:
        known = tx.rows("members_by_ids", ids=[supplier])
    if known:
        with pytest.raises(InputError, match="not a member"):
            by_hand(shop, supplier)


def test_two_reviews_at_once_note_everything_once(shop: Shop) -> None:
    """The second finds the first's rows in its way and decides again."""
    member = member_of(shop)
    qualify(shop, member, 120, "2026-03-02 12:00")
    shop.clock.now = at("2026-03-03")
    review_tiers(shop.loyalty, member)
    review_tiers(shop.as_worker("other"), member)
    assert len(record_of(shop, member)) == 2
    with shop.loyalty.database.reading() as tx:
        rows = [row for row in outbox.page(tx, None, "", 100) if row.effect.kind == "mail.tier_up"]
    assert len(rows) == 1


def test_members_are_counted_by_tier(shop: Shop) -> None:
    silver, base = member_of(shop, "Silver Er"), member_of(shop, "Base Er")
    qualify(shop, silver, 120, "2026-03-02 12:00")
    shop.clock.now = at("2026-03-03")
    for member in (silver, base):
        review_tiers(shop.loyalty, member)
    with shop.loyalty.database.reading() as tx:
        assert tiers.counts(tx, "status") == {"silver": 1, "base": 1}
        [row] = tiers.members_of(tx, "status", "silver", 0, 10)
    assert (row["thirdparty_id"], row["until"]) == (silver, at("2028-01-01"))


def test_a_purchase_dated_in_the_future_counts_from_its_day_on(shop: Shop) -> None:
    member = member_of(shop)
    qualify(shop, member, 120, "2026-03-20 12:00")
    review_tiers(shop.loyalty, member)
    assert state_of(shop, member).tier == "base"
    shop.clock.now = at("2026-03-20 12:00") + timedelta(seconds=1)
    assert assess_due(shop.loyalty) == 1
    assert state_of(shop, member).tier == "silver"


def test_workers_at_the_same_time_note_everything_once(shop: Shop) -> None:
    """Whoever finds the other's rows in its way decides again, and finds nothing left to do."""
    member = member_of(shop)
    qualify(shop, member, 320, "2026-03-02 12:00")
    shop.clock.now = at("2026-03-03")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: review_tiers(shop.as_worker(name), member), "abcd"))
    assert steps_of(shop, member) == [("base", "start"), ("gold", "upgrade")]
    assert len(record_of(shop, member)) == 2
    assert state_of(shop, member).steps == 2


def test_daily_work_every_week_or_once_in_years_ends_in_the_same_place(shop: Shop) -> None:
    often, seldom = member_of(shop, "Often Er"), member_of(shop, "Seldom Er")
    for member in (often, seldom):
        for points, when in (
            (320, "2026-03-02"),
            (90, "2027-05-02"),
            (120, "2028-06-02"),
            (10, "2029-01-02"),
        ):
            qualify(shop, member, points, f"{when} 12:00")
    shop.clock.now = at("2026-03-03")
    review_tiers(shop.loyalty, often)
    while shop.clock.now < at("2030-06-01"):
        shop.clock.pass_(days=7)
        assess_due(shop.loyalty)
    review_tiers(shop.loyalty, seldom)
    assert steps_of(shop, often) == steps_of(shop, seldom)
    ours, theirs = state_of(shop, often), state_of(shop, seldom)
    # each joined in its own second
    same = {"thirdparty_id": 0, "since": ours.since, "told_tier": ours.told_tier}
    assert replace(ours, **same) == replace(theirs, **same)  # type: ignore[arg-type]
