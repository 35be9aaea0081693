"""What a new program changes for whom: nothing unnoticed, and what worsens a promise is known as such."""

from dataclasses import fields, is_dataclass, replace
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from dolibarr_loyalty.core.activities import ActivityKind, Anniversary, Birthday, Referral
from dolibarr_loyalty.core.benefits import Benefit
from dolibarr_loyalty.core.charities import Charity
from dolibarr_loyalty.core.clubs import Club
from dolibarr_loyalty.core.eligibility import Segment, Who
from dolibarr_loyalty.core.partners import Partner, Share
from dolibarr_loyalty.core.program import Cap, Exclusions, Membership, Program, Reward, Rule, VoucherTerms
from dolibarr_loyalty.core.promise_scales import SCALES
from dolibarr_loyalty.core.promises import KINDS, Change, Whom, compare, text_of
from dolibarr_loyalty.core.terms import Expiry, Match, Window
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.core.wallets import Pooling, StampCard, Wallet

TODAY = date(2026, 11, 22)
MEALS = Rule(id="meals", kind="visit", points=Decimal(5))
FULL = Program(
    rules=(
        Rule(id="base", per=Decimal(10)),
        MEALS,
        Rule(id="each", kind="unit", unit="stamps:coffee", match=Match(products=("coffee",))),
        Rule(id="double", kind="multiply", factor=Decimal(2), window=Window(until_day=date(2026, 12, 31))),
        Rule(id="joint", promotion=True, funding=(Share(partner="roastery", percent=Decimal(30)),)),
        Rule(id="regulars", kind="cumulative", points=Decimal(50), threshold=Decimal(100)),
    ),
    caps=(Cap(period="day", points=100), Cap(period="month", points=500, rule="base")),
    max_balance=10_000,
    program_cap=1_000_000,
    exclusions=Exclusions(match=(Match(tags=("books",)),), gift_cards=("gift",), channels=("market",)),
    holding_days=14,
    debt_limit=100,
    starts_on=date(2026, 1, 1),
    rewards=(
        Reward(id="5-off", kind="amount", points=50, value=Decimal(5), names=(("de", "5 Euro"),)),
        Reward(id="coffee", kind="product", points=10, product="COFFEE", unit="stamps:coffee"),
    ),
    wallets=(Wallet(id="stars", names=(("en", "star", "stars"),), value=Decimal("0.05")),),
    cards=(StampCard(id="coffee", size=10, reward="coffee"),),
    tier_groups=(
        TierGroup(
            id="status",
            tiers=(
                Tier(id="bronze", threshold=0),
                Tier(id="gold", threshold=500, earn_factor=Decimal("1.5"), benefits=("shipping", "gift")),
            ),
        ),
    ),
    benefits=(
        Benefit(id="shipping", kind="free_shipping", uses=5),
        Benefit(id="gift", kind="birthday_gift", points=100),
    ),
    clubs=(Club(id="friends", products=("club",), trial_days=14, benefits=("shipping",)),),
    charities=(Charity(id="trees", point_value=Decimal("0.02"), match_limit=Decimal(100)),),
    activities=(ActivityKind(id="review", points=20, most=3, period="month"),),
    welcome_points=10,
    birthday=Birthday(points=50),
    anniversary=Anniversary(points=20),
    referral=Referral(referrer_points=100, friend_points=50),
    partners=(
        Partner(id="roastery", thirdparty_id=9, match=Match(products=("beans",)), percent=Decimal(50)),
    ),
    segments=(Segment(id="quiet", minimum_quiet_days=90),),
    pooling=Pooling(kind="household"),
)


MISSING = {
    "from_day": date(2026, 1, 1),
    "until_day": date(2026, 6, 1),
    "from_time": time(9),
    "until_time": time(18),
}


def another(value: Any, name: str = "") -> Any:
    """A value that differs from this one."""
    match value:
        case None:
            return MISSING.get(name, 7)
        case bool():
            return not value
        case int() | Decimal():
            return value + 1
        case date():
            return value.replace(year=value.year + 1)
        case str():
            return f"{value}x"
        case tuple():
            return (*value[1:], another(value[0])) if value else ("new",)
    if is_dataclass(value) and not isinstance(value, type):
        last = [each.name for each in fields(value) if each.name != "id"][-1]
        return replace(value, **{last: another(getattr(value, last), last)})
    raise TypeError(type(value).__name__)


def places(thing: Any, path: tuple[str, ...] = ()) -> Any:
    """Every setting anywhere in a program, with the program in which only this one differs."""
    for field in fields(thing):
        value = getattr(thing, field.name)
        if field.name == "id" and path:
            continue
        changed = another(value, field.name)
        if isinstance(value, tuple) and value and is_dataclass(value[0]):
            for place, item in enumerate(value):
                for where, other in places(item, (*path, field.name, str(place))):
                    items = (*value[:place], other, *value[place + 1 :])
                    yield where, replace(thing, **{field.name: items})
            changed = value[1:]
        elif is_dataclass(value):
            for where, other in places(value, (*path, field.name)):
                yield where, replace(thing, **{field.name: other})
        yield ".".join((*path, field.name)), replace(thing, **{field.name: changed})


PLACES = list(places(FULL))


@pytest.mark.parametrize(("where", "program"), PLACES, ids=[where for where, _ in PLACES])
def test_nothing_changes_unnoticed(where: str, program: Program) -> None:
    assert program != FULL
    assert compare(FULL, program, today=TODAY), where
    assert compare(program, FULL, today=TODAY), where


def test_every_field_of_a_program_is_tried() -> None:
    assert {where.partition(".")[0] for where, _ in PLACES} == {field.name for field in fields(Program)}


def test_the_same_program_changes_nothing() -> None:
    assert compare(FULL, FULL) == ()


def test_every_scale_is_of_a_setting_that_exists() -> None:
    types = {name: kind for kind, name in KINDS.items()} | {"expiry": Expiry}
    for kind, settings in SCALES.items():
        assert set(settings) <= {field.name for field in fields(types[kind])}, kind


def with_rule(**changes: Any) -> Program:
    return replace(FULL, rules=(replace(FULL.rules[0], **changes), *FULL.rules[1:]))


def with_reward(**changes: Any) -> Program:
    return replace(FULL, rewards=(replace(FULL.rewards[0], **changes), FULL.rewards[1]))


def with_gold(**changes: Any) -> Program:
    group = FULL.tier_groups[0]
    gold = replace(group.tiers[1], **changes)
    return replace(FULL, tier_groups=(replace(group, tiers=(group.tiers[0], gold)),))


def with_one(name: str, **changes: Any) -> Program:
    """The one thing, or the first of a list, changed."""
    value = getattr(FULL, name)
    if isinstance(value, tuple):
        return replace(FULL, **{name: (replace(value[0], **changes), *value[1:])})
    return replace(FULL, **{name: replace(value, **changes)})


WORSE: dict[str, tuple[Program, str]] = {
    "dearer-reward": (with_reward(points=60), "reward_price"),
    "smaller-reward": (with_reward(value=Decimal(4)), "reward_value"),
    "reward-of-another-product": (with_reward(product="TEA"), "changed"),
    "reward-for-fewer": (with_reward(who=Who(tiers=("gold",))), "changed"),
    "reward-less-often": (with_reward(per_member=1), "changed"),
    "reward-with-a-minimum": (with_reward(minimum_purchase=Decimal(900)), "changed"),
    "reward-for-fewer-goods": (with_reward(excluded=(*FULL.rewards[0].excluded, "wine")), "changed"),
    "reward-usable-later": (with_reward(usable_after_days=90), "changed"),
    "reward-from-a-later-day": (with_reward(valid_from=date(2031, 1, 1)), "changed"),
    "reward-until-an-earlier-day": (with_reward(valid_until=date(2027, 1, 1)), "changed"),
    "rests-written-off": (with_one("vouchers", write_off_below=Decimal(50)), "changed"),
    "no-reward": (replace(FULL, rewards=FULL.rewards[1:]), "removed"),
    "shorter-expiry": (replace(FULL, expiry=Expiry(months=24)), "lifetime"),
    "expiry-by-quiet": (replace(FULL, expiry=Expiry(model="activity", months=36)), "lifetime_by_quiet"),
    "higher-threshold": (with_gold(threshold=600), "tier_threshold"),
    "lower-tier-rate": (with_gold(earn_factor=Decimal("1.25")), "tier_rate"),
    "tier-without-benefit": (with_gold(benefits=("gift",)), "benefit_lost"),
    "club-without-benefit": (with_one("clubs", benefits=()), "benefit_lost"),
    "lower-rate": (with_rule(per=Decimal(12)), "rate_amount"),
    "lower-visit": (replace(FULL, rules=(FULL.rules[0], replace(MEALS, points=Decimal(3)))), "rate_visit"),
    "rule-for-fewer-lines": (with_rule(match=Match(tags=("food",))), "changed"),
    "rule-at-fewer-hours": (with_rule(window=Window(from_time=time(18), until_time=time(20))), "changed"),
    "rule-over-midnight": (with_rule(window=Window(from_time=time(22), until_time=time(2))), "changed"),
    "rule-on-fewer-days": (with_rule(window=Window(weekdays=(0, 1))), "changed"),
    "rule-from-later-on": (with_rule(window=Window(from_day=date(2027, 1, 1))), "changed"),
    "rule-with-a-minimum": (with_rule(minimum_amount=Decimal(20)), "changed"),
    "rule-without-those-of-a-tag": (with_rule(who=Who(without_tags=("staff",))), "changed"),
    "rule-for-the-first-purchase": (with_rule(who=Who(first_purchase=True)), "changed"),
    "rule-after-a-long-time": (with_rule(who=Who(inactive_days=90)), "changed"),
    "rule-of-another-kind": (with_rule(kind="unit"), "changed"),
    "smaller-budget": (with_rule(budget=100), "changed"),
    "no-rule": (replace(FULL, rules=FULL.rules[1:]), "removed"),
    "smaller-cap": (with_one("caps", points=50), "changed"),
    "another-cap": (replace(FULL, caps=(*FULL.caps, Cap(period="year", points=999))), "added"),
    "lower-maximum": (replace(FULL, max_balance=5000), "changed"),
    "lower-point-value": (replace(FULL, point_value=Decimal("0.005")), "point_value"),
    "bigger-card": (with_one("cards", size=12), "card_size"),
    "card-for-another-reward": (with_one("cards", reward="5-off"), "changed"),
    "shorter-vouchers": (replace(FULL, vouchers=VoucherTerms(valid_months=12)), "voucher_validity"),
    "vouchers-with-an-end": (replace(FULL, vouchers=VoucherTerms(round_up="none")), "changed"),
    "rounded-down": (replace(with_one("wallets", holding_days=3)), "changed"),
    "longer-holding": (replace(FULL, holding_days=30), "holding_days"),
    "less-for-joining": (replace(FULL, welcome_points=5), "welcome_points"),
    "other-currency": (replace(FULL, currency="CHF"), "changed"),
    "net": (replace(FULL, basis="net"), "changed"),
    "unknown-word": (replace(FULL, on_shortage="other"), "changed"),  # type: ignore[arg-type]
    "more-excluded": (with_one("exclusions", channels=("market", "shop")), "changed"),
    "discounts-excluded": (with_one("exclusions", discounted_lines=True), "changed"),
    "only-with-a-tag": (replace(FULL, membership=Membership(enrol="tag", tag="vip")), "changed"),
    "no-birthday": (replace(FULL, birthday=None), "removed"),
    "smaller-birthday": (with_one("birthday", points=40), "changed"),
    "no-benefit": (replace(FULL, benefits=FULL.benefits[1:]), "removed"),
    "fewer-uses": (with_one("benefits", uses=3), "changed"),
    "benefit-for-a-while": (with_one("benefits", valid_days=30), "changed"),
    "no-tier-group": (replace(FULL, tier_groups=()), "removed"),
    "no-club": (replace(FULL, clubs=()), "removed"),
    "fewer-activities": (with_one("activities", most=1), "changed"),
    "no-pool": (replace(FULL, pooling=Pooling()), "changed"),
}


@pytest.mark.parametrize(("program", "code"), WORSE.values(), ids=WORSE)
def test_what_worsens_a_promise_is_known(program: Program, code: str) -> None:
    worsening = [change for change in compare(FULL, program, today=TODAY) if change.worsens]
    assert code in {change.code for change in worsening}


MENDED = {name: pair for name, pair in WORSE.items() if name not in {
    "reward-of-another-product", "rule-of-another-kind", "other-currency", "unknown-word", "no-pool",
    "card-for-another-reward", "expiry-by-quiet", "only-with-a-tag", "rule-over-midnight",
}}  # fmt: skip


@pytest.mark.parametrize(("program", "code"), MENDED.values(), ids=MENDED)
def test_the_way_back_worsens_nothing(program: Program, code: str) -> None:
    assert [change for change in compare(program, FULL, today=TODAY) if change.worsens] == []


HARMLESS: dict[str, Program] = {
    "cheaper-reward": with_reward(points=40),
    "longer-expiry": replace(FULL, expiry=Expiry(months=48)),
    "no-expiry": replace(FULL, expiry=Expiry(model="none")),
    "more-days": replace(FULL, expiry=Expiry(days=1)),
    "vouchers-without-end": replace(FULL, vouchers=VoucherTerms(valid_months=0)),
    "all-day": with_rule(window=Window()),
    "another-name": with_reward(names=(("de", "Fünf Euro"),)),
    "same-rate": with_rule(points=Decimal(2), per=Decimal(20)),
    "another-rule": replace(FULL, rules=(*FULL.rules, Rule(id="new"))),
    "another-benefit": with_gold(benefits=("gift", "shipping", "event")),
    "benefits-in-another-order": with_gold(benefits=("gift", "shipping")),
    "no-cap": replace(FULL, caps=()),
    "no-partner": replace(FULL, partners=()),
    "dearer-partner": with_one("partners", percent=Decimal(60)),
    "other-funding": replace(FULL, rules=tuple(replace(rule, funding=()) for rule in FULL.rules)),
    "no-segment": replace(FULL, segments=()),
    "renamed": replace(FULL, rules=(replace(FULL.rules[0], id="basis"), *FULL.rules[1:])),
    "new-things": replace(FULL, tier_groups=(*FULL.tier_groups, TierGroup(id="other", tiers=()))),
}


@pytest.mark.parametrize("program", HARMLESS.values(), ids=HARMLESS)
def test_what_worsens_nothing_is_let_through(program: Program) -> None:
    assert [change for change in compare(FULL, program, today=TODAY) if change.worsens] == []


def only(program: Program, *, old: Program = FULL, today: date | None = TODAY) -> Change:
    changes = compare(old, program, today=today)
    assert len(changes) == 1, changes
    return changes[0]


def test_a_promotion_that_is_over_may_go_without_asking() -> None:
    without = replace(FULL, rules=tuple(rule for rule in FULL.rules if rule.id != "double"))
    assert only(without, today=date(2027, 1, 1)).worsens is False
    assert only(without, today=date(2026, 12, 31)).worsens is True
    assert only(without, today=None).worsens is True
    slower = replace(FULL, rules=tuple(
        replace(rule, factor=Decimal("1.5")) if rule.id == "double" else rule for rule in FULL.rules
    ))  # fmt: skip
    assert (only(slower).code, only(slower).worsens) == ("rate_multiply", True)
    assert only(slower, today=date(2027, 1, 1)).worsens is False


def test_the_end_of_the_program_is_told() -> None:
    ending = replace(
        FULL,
        rules=tuple(replace(rule, window=Window(until_day=date(2027, 6, 30))) for rule in FULL.rules),
    )
    found = [change for change in compare(FULL, ending, today=TODAY) if change.code == "earning_ends"]
    assert [(change.facts["on"], change.worsens) for change in found] == [("2027-06-30", True)]
    later = replace(
        FULL,
        rules=tuple(replace(rule, window=Window(until_day=date(2028, 6, 30))) for rule in FULL.rules),
    )
    assert all(change.code != "earning_ends" for change in compare(ending, later, today=TODAY))


def test_a_renamed_thing_is_the_same_thing() -> None:
    change = only(HARMLESS["renamed"])
    assert (change.code, change.facts["id"], change.facts["to"]) == ("renamed", "base", "basis")


def test_facts_say_what_it_was_and_what_it_is() -> None:
    change = only(with_reward(points=60))
    assert change.facts == {
        "thing": "reward",
        "id": "5-off",
        "unit": "points",
        "setting": "points",
        "old": "50",
        "new": "60",
    }
    assert change.names == (("de", "5 Euro"),)
    rate = only(with_rule(per=Decimal(12))).facts
    assert (rate["new_points"], rate["new_per"], rate["old_points"], rate["old_per"]) == (
        "1",
        "12",
        "1",
        "10",
    )


@pytest.mark.parametrize(
    ("program", "is_kept"),
    [
        pytest.param(with_reward(points=60), True, id="price"),
        pytest.param(WORSE["no-reward"][0], True, id="reward"),
        pytest.param(WORSE["shorter-expiry"][0], True, id="lots-carry-their-end"),
        pytest.param(WORSE["expiry-by-quiet"][0], False, id="quiet-takes-all"),
        pytest.param(WORSE["shorter-vouchers"][0], True, id="vouchers-carry-their-end"),
        pytest.param(with_gold(threshold=600), False, id="threshold"),
        pytest.param(with_reward(points=40), False, id="what-is-better-needs-no-keeping"),
    ],
)
def test_what_a_day_until_which_old_terms_go_on_takes_the_harm_from(program: Program, is_kept: bool) -> None:
    assert only(program).is_kept is is_kept


@pytest.mark.parametrize(
    ("program", "whom"),
    [
        pytest.param(replace(FULL, point_value=Decimal(0)), Whom(), id="everyone"),
        pytest.param(with_gold(threshold=600), Whom(kind="tier", id="gold"), id="tier"),
        pytest.param(with_one("tier_groups", grace_days=3), Whom(kind="tier_group", id="status"), id="group"),
        pytest.param(with_one("clubs", grace_days=3), Whom(kind="club", id="friends"), id="club"),
        pytest.param(with_one("cards", size=12), Whom(kind="card", id="coffee"), id="card"),
        pytest.param(
            with_one("wallets", value=Decimal(0)),
            Whom(kind="wallet", id="stars", names=(("en", "stars"),)),
            id="wallet",
        ),
        pytest.param(
            replace(FULL, rewards=(FULL.rewards[0], replace(FULL.rewards[1], points=12))),
            Whom(kind="card", id="coffee"),
            id="reward-for-stamps",
        ),
        pytest.param(with_reward(unit="stars"), Whom(kind="wallet", id="stars"), id="reward-for-stars"),
        pytest.param(with_reward(who=Who(tiers=("gold",))), Whom(kind="tier", id="gold"), id="of-a-tier"),
        pytest.param(with_reward(who=Who(clubs=("x",))), Whom(kind="club", id="x"), id="of-a-club"),
        pytest.param(with_reward(who=Who(segments=("x",))), Whom(kind="segment", id="x"), id="of-a-segment"),
        pytest.param(
            with_reward(who=Who(tiers=("gold",), countries=("DE", "AT"))),
            Whom(kind="some", id="tiers: gold; countries: DE, AT"),
            id="some",
        ),
        pytest.param(with_one("pooling", most_members=3), Whom(kind="pooling"), id="pool"),
        pytest.param(
            with_one("partners", percent=Decimal(60)), Whom(kind="partner", id="roastery"), id="partner"
        ),
    ],
)
def test_a_change_says_whom_it_concerns(program: Program, whom: Whom) -> None:
    assert only(program).whom == whom


def test_those_that_worsen_something_come_first() -> None:
    changes = compare(FULL, replace(FULL, name="New", point_value=Decimal(0), zone="UTC"), today=TODAY)
    assert [change.worsens for change in changes] == [True, False, False]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (Decimal("2.50"), "2.5"),
        (7, "7"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(9, 30), "09:30:00"),
        (("a", "b"), "a, b"),
        ((("de", "Herz"),), "de, Herz"),
        (Window(weekdays=(0,), from_time=time(9)), "weekdays: 0; from_time: 09:00:00"),
        ((Share(partner="x", percent=Decimal(30)),), "partner: x; percent: 30"),
    ],
)
def test_values_become_plain_text(value: object, text: str) -> None:
    assert text_of(value) == text
