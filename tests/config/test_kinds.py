"""Every kind of program can be written in loyalty.toml, and `init` writes it back as it was."""

import re
from dataclasses import fields, replace
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from dolibarr_loyalty.config import Answers, load, write_initial
from dolibarr_loyalty.config.initial import preset_program
from dolibarr_loyalty.config.presets import PRESETS
from dolibarr_loyalty.core.activities import ActivityKind, Anniversary, Birthday, Referral
from dolibarr_loyalty.core.benefits import Benefit
from dolibarr_loyalty.core.charities import Charity
from dolibarr_loyalty.core.clubs import Club
from dolibarr_loyalty.core.eligibility import Segment, Who
from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.partners import Partner, Share
from dolibarr_loyalty.core.program import Cap, Reward, Rule, VoucherTerms
from dolibarr_loyalty.core.terms import Expiry, Match, Window
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.core.wallets import Pooling, StampCard, Wallet
from dolibarr_loyalty.locales import LANGUAGES, Language
from dolibarr_loyalty.messages.facts import MailKind
from dolibarr_loyalty.resources import folder as resource_folder

from .conftest import ENV as KEY
from .conftest import RIGHT, Load
from .test_initial import ENV, RICH

WHO = Who(
    tags=("regulars",),
    without_tags=("staff",),
    tiers=("gold",),
    clubs=("plus",),
    segments=("sleepers",),
    countries=("DE", "CH"),
    customer_types=("company",),
    inactive_days=90,
)
WINDOW = Window(
    from_day=date(2026, 12, 1),
    until_day=date(2026, 12, 24),
    weekdays=(0, 6),
    from_time=time(8),
    until_time=time(20),
)
NAMES = (("de", "Eins"), ("en", "One"), ("fr", "Un"))
ONE = Decimal(1)

EVERY_KIND = replace(
    RICH,
    welcome_points=25,
    transferable_points=True,
    membership=replace(RICH.membership, second_welcome="keep"),
    rules=(
        Rule(id="base", unit="stars", who=WHO, names=NAMES, qualifying=False),
        Rule(id="plain", kind="visit"),
        Rule(id="tea-visits", kind="visit", unit="stamps:tea"),
        Rule(
            id="club-double", kind="multiply", factor=Decimal(2), unit="stars", who=Who(first_purchase=True)
        ),
        Rule(
            id="once",
            kind="visit",
            points=Decimal(50),
            promotion=True,
            qualifying=False,
            who=WHO,
            exclusive=True,
        ),
        Rule(id="per", kind="amount", points=Decimal(2), per=Decimal(5), promotion=True, window=WINDOW),
        Rule(
            id="item",
            kind="unit",
            points=Decimal(5),
            promotion=True,
            qualifying=False,
            match=Match(tags=("new",)),
        ),
        Rule(
            id="triple",
            kind="multiply",
            factor=Decimal(3),
            promotion=True,
            qualifying=False,
            unit="stars",
            budget=5000,
            budget_in_part=False,
            funding=(
                Share(partner="roastery", percent=Decimal(40)),
                Share(partner="dairy", percent=Decimal("12.5")),
            ),
        ),
        Rule(
            id="collect",
            kind="cumulative",
            points=Decimal(100),
            promotion=True,
            qualifying=False,
            threshold=Decimal("99.90"),
            threshold_of="units",
            period="year",
            repeats=True,
            names=NAMES,
            priority=3,
        ),
        Rule(
            id="coffee",
            kind="unit",
            points=Decimal(2),
            unit="stamps:coffee",
            match=Match(tags=("drink",), products=("cup",), types=("goods",)),
            minimum_amount=Decimal(2),
            names=NAMES,
            qualifying=False,
        ),
        Rule(id="lunch", kind="visit", unit="stamps:lunch", qualifying=False),
    ),
    caps=(
        Cap(period="month", points=900, rule="once"),
        Cap(period="year", points=5000),
        Cap(period="document", points=60, rule="once"),
        Cap(period="day", points=70, rule="once"),
        Cap(period="ever", points=80, rule="item"),
        Cap(period="document", points=4, rule="coffee"),
        Cap(period="day", points=6, rule="coffee"),
    ),
    rewards=(
        Reward(id="tea", kind="service", points=6, product="TEA", unit="stamps:tea", per_member=3),
        Reward(
            id="cheap",
            kind="amount",
            points=9,
            value=ONE,
            who=WHO,
            unit="stars",
            names=NAMES,
            uses="several",
            bearer=True,
            minimum_purchase=Decimal("20.50"),
            excluded=("books", "tobacco"),
            valid_from=date(2027, 1, 1),
            valid_until=date(2027, 12, 31),
            usable_after_days=7,
        ),
        Reward(
            id="coffee",
            kind="product",
            points=10,
            product="COFFEE",
            limit=Decimal(5),
            names=NAMES,
            unit="stamps:coffee",
            valid_months=48,
            excluded=("cake",),
            valid_until=date(2028, 1, 1),
        ),
        Reward(id="lunch", kind="amount", points=8, value=Decimal("7.50"), unit="stamps:lunch"),
    ),
    wallets=(
        Wallet(
            id="stars",
            names=(("de", "Stern", "Sterne"), ("fr", "étoile", "étoiles")),
            rounding="up",
            expiry=Expiry(months=60, round_up="month", counted_from="available"),
            holding_days=3,
            value=Decimal("0.03"),
            transferable=True,
        ),
        Wallet(id="karma", expiry=Expiry(model="none")),
    ),
    cards=(
        StampCard(
            id="coffee", size=10, reward="coffee", names=NAMES, issue="on_request", expiry=Expiry(days=2)
        ),
        StampCard(id="tea", size=6, reward="tea"),
        StampCard(id="lunch", size=8, reward="lunch", expiry=Expiry()),
    ),
    tier_groups=(
        TierGroup(
            id="status",
            names=NAMES,
            qualify_by="spend",
            per=Decimal(10),
            match=Match(tags=("shop",)),
            starts=(9, 15),
            period_months=6,
            tier_months=18,
            tenure_months=3,
            extension="month",
            downgrade="one_step",
            grace_days=5,
            warning_days=20,
            on_refund="immediately",
            tiers=(
                Tier(id="base-tier", threshold=0),
                Tier(
                    id="gold",
                    threshold=500,
                    names=NAMES,
                    earn_factor=Decimal("1.25"),
                    benefits=("shipping", "discount"),
                    tag="Gold",
                ),
            ),
        ),
        TierGroup(
            id="stars-level",
            qualify_by="points",
            model="anniversary",
            keep="following_period",
            tiers=(Tier(id="green", threshold=0), Tier(id="silver", threshold=1)),
        ),
    ),
    benefits=(
        Benefit(
            id="shipping",
            kind="free_shipping",
            uses=4,
            period="year",
            valid_days=30,
            tag="Ships",
            names=NAMES,
        ),
        Benefit(id="discount", kind="extra_discount", percent=Decimal("7.5"), to_dolibarr=True),
        Benefit(id="returns", kind="longer_returns", days=60),
        Benefit(id="hello", kind="welcome", reward="cheap", points=20),
    ),
    clubs=(
        Club(
            id="plus",
            products=("club-year",),
            months=6,
            names=NAMES,
            trial_days=30,
            grace_days=14,
            refund="none",
            benefits=("returns", "hello"),
            tag="Plus",
            reminder_days=0,
        ),
    ),
    charities=(
        Charity(
            id="trees",
            names=NAMES,
            point_value=Decimal("0.02"),
            match_percent=Decimal(150),
            match_limit=Decimal(500),
            minimum_points=10,
            thirdparty_id=42,
        ),
    ),
    activities=(
        ActivityKind(
            id="review",
            points=20,
            names=NAMES,
            unit="karma",
            most=2,
            period="month",
            needs_evidence=True,
            qualifying=True,
            who=WHO,
            window=WINDOW,
        ),
    ),
    birthday=Birthday(
        points=5, reward="cheap", leap_day="mar1", minimum_days=0, catch_up_days=3, days_before=2
    ),
    anniversary=Anniversary(points=7, reward="tea", times_years=True, catch_up_days=1),
    referral=Referral(
        referrer_points=100, friend_points=50, minimum_amount=Decimal(20), most_per_year=12, valid_days=90
    ),
    partners=(
        Partner(
            id="roastery",
            thirdparty_id=43,
            names=NAMES,
            match=Match(tags=("roastery",)),
            percent=Decimal(50),
            point_price=Decimal("0.015"),
        ),
        Partner(id="dairy", thirdparty_id=44),
    ),
    segments=(
        Segment(
            id="sleepers",
            names=NAMES,
            months=0,
            minimum_purchases=1,
            maximum_purchases=9,
            minimum_spend=ONE,
            maximum_spend=Decimal("99.50"),
            minimum_quiet_days=60,
            maximum_quiet_days=600,
        ),
    ),
    pooling=Pooling(kind="household", spenders="head", most_members=4),
    country="AT",
    vouchers=VoucherTerms(
        accounting="credit_note",
        vat_rate=Decimal("5.5"),
        valid_months=40,
        round_up="half_year",
        return_points_on_expiry=True,
        uses="several",
        bearer=True,
        write_off_below=Decimal("0.50"),
        reserve_minutes=15,
    ),
    gift_cards=(
        GiftCard(
            id="card",
            products=("gift-25", "tag:gift card"),
            way="deposit",
            valid_months=48,
            round_up="none",
            uses="single",
            bearer=False,
            names=NAMES,
        ),
    ),
)


def _differs(value: object) -> set[str]:
    """The fields of a value that are not at their default."""
    return {
        field.name
        for field in fields(value)  # type: ignore[arg-type]
        if getattr(value, field.name)
        != (field.default_factory() if callable(field.default_factory) else field.default)
    }


def test_the_program_of_every_kind_uses_every_field() -> None:
    """So that a field added later is not forgotten here, in its table and in the text that `init` writes."""
    many = (
        EVERY_KIND.rules, EVERY_KIND.rewards, EVERY_KIND.wallets, EVERY_KIND.cards, EVERY_KIND.tier_groups,
        EVERY_KIND.benefits, EVERY_KIND.clubs, EVERY_KIND.charities, EVERY_KIND.activities,
        EVERY_KIND.partners, EVERY_KIND.segments, (EVERY_KIND.birthday,), (EVERY_KIND.anniversary,),
        (EVERY_KIND.referral,), (EVERY_KIND.pooling,), EVERY_KIND.tier_groups[0].tiers, EVERY_KIND.gift_cards,
        (EVERY_KIND.vouchers,),
    )  # fmt: skip
    assert _differs(EVERY_KIND) == {field.name for field in fields(EVERY_KIND)} - {
        "recall_vouchers",
        "on_shortage",
    }
    assert _differs(EVERY_KIND.membership) == {field.name for field in fields(EVERY_KIND.membership)}
    for values in many:
        wanted = {field.name for field in fields(values[0])}  # type: ignore[arg-type]
        used = set().union(*(_differs(value) for value in values))
        told_by_rich = {"minimum_quantity", "combinable", "limit"} if isinstance(values[0], Rule) else set()
        assert wanted - used <= told_by_rich, type(values[0])


def test_a_program_of_every_kind_comes_back_as_it_was(tmp_path: Path) -> None:
    file = write_initial(tmp_path, language="en", answers=Answers(program=EVERY_KIND))
    assert load(file, ENV).program == EVERY_KIND


STAMPED, LUNCH = EVERY_KIND.rules[-2:]
TEA, CHEAP, COFFEE, SANDWICH = EVERY_KIND.rewards
STANDING = EVERY_KIND.rules[:3]
AFTER = EVERY_KIND.rules[3:-1]

APART = {
    "caps that stand in another order": {"caps": tuple(reversed(EVERY_KIND.caps))},
    "two caps of one kind": {"caps": (*EVERY_KIND.caps, EVERY_KIND.caps[-1])},
    "a card's rule with hours": {"rules": (*STANDING, replace(LUNCH, window=WINDOW), *AFTER)},
    "a card's rule of half a stamp": {"rules": (*STANDING, replace(LUNCH, points=Decimal("0.5")), *AFTER)},
    "a card whose reward is limited": {"rewards": (TEA, CHEAP, replace(SANDWICH, per_member=1), COFFEE)},
}


@pytest.mark.parametrize("changes", APART.values(), ids=APART.keys())
def test_what_does_not_fit_into_a_card_or_promotion_is_written_apart(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    program = replace(EVERY_KIND, **changes)
    file = write_initial(tmp_path, language="fr", answers=Answers(program=program))
    assert load(file, ENV).program == program


# presets ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/Paris"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_works_at_once(tmp_path: Path, preset: str, language: Language, zone: str) -> None:
    answers = Answers(zone=zone, currency="CHF")
    config = load(write_initial(tmp_path, language=language, answers=answers, preset=preset), ENV)
    assert config.warnings == ()
    assert config.program == preset_program(preset, answers, language)
    assert config.program.currency == "CHF"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("preset", PRESETS)
def test_the_file_of_a_preset_says_what_it_does(tmp_path: Path, preset: str, language: Language) -> None:
    text = write_initial(tmp_path, language=language, preset=preset).read_text(encoding="utf-8")
    head = text.partition("\n[program]\n")[0].rpartition("\n\n")[2].splitlines()
    assert len(head) > 4
    assert "#" in head
    assert all(len(line) <= 98 for line in text.splitlines() if line.startswith("# "))


@pytest.mark.parametrize("preset", PRESETS)
def test_everything_of_a_preset_has_a_name_in_each_language(preset: str) -> None:
    program = preset_program(preset, Answers(), "en")
    groups = program.tier_groups
    named = (
        *program.rewards, *program.wallets, *program.cards, *groups, *(t for g in groups for t in g.tiers),
        *program.benefits, *program.clubs, *program.charities, *program.activities,
        *(rule for rule in program.rules if rule.promotion or rule.kind == "multiply"),
    )  # fmt: skip
    for value in named:
        assert {language for language, *_ in value.names} == set(LANGUAGES), value


def test_stars_last_as_long_as_german_courts_ask_for_there() -> None:
    months = {
        zone: preset_program("stars", Answers(zone=zone), "de").wallets[0].expiry.months
        for zone in ("Europe/Berlin", "Europe/Vienna")
    }
    assert months == {"Europe/Berlin": 36, "Europe/Vienna": 6}


def test_the_name_of_the_program_may_be_given() -> None:
    names = {preset_program(preset, Answers(program_name="Mine"), "fr").name for preset in PRESETS}
    assert names == {"Mine"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_comment_on_who_names_every_condition(language: Language) -> None:
    text = (resource_folder("templates") / "config" / f"comments.{language}.toml").read_text(encoding="utf-8")
    said = re.search(r'"program.earn.who" = """(.*?)"""', text, re.DOTALL)
    assert said is not None
    assert all(re.search(rf"\b{field.name}\b", said[1]) for field in fields(Who))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_comment_on_mails_names_every_kind_of_them(language: Language) -> None:
    text = (resource_folder("templates") / "config" / f"comments.{language}.toml").read_text(encoding="utf-8")
    said = re.search(r'"mail.off" = """(.*?)"""', text, re.DOTALL)
    assert said is not None
    assert all(re.search(rf"\b{kind}\b", said[1]) for kind in get_args(MailKind))


# friendly spellings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("points = 50", Rule(id="r", kind="visit", points=Decimal(50))),
        ("points = 1\nper = 10", Rule(id="r", kind="amount", points=ONE, per=Decimal(10))),
        ("points_per_item = 5", Rule(id="r", kind="unit", points=Decimal(5))),
        ("factor = 2", Rule(id="r", kind="multiply", factor=Decimal(2))),
        (
            'kind = "cumulative"\npoints = 9\nthreshold = "99.50"',
            Rule(id="r", kind="cumulative", points=Decimal(9), threshold=Decimal("99.50")),
        ),
        (
            'factor = 2\nwho = { tags = ["VIP"], countries = ["de"], customer_types = ["person"] }',
            Rule(
                id="r",
                kind="multiply",
                factor=Decimal(2),
                who=Who(tags=("vip",), countries=("DE",), customer_types=("person",)),
            ),
        ),
        (
            "factor = 2\n[program.promotion.who]\nfirst_purchase = true",
            Rule(id="r", kind="multiply", factor=Decimal(2), who=Who(first_purchase=True)),
        ),
    ],
)
def test_friendly_spellings_of_a_promotion(written: str, meant: Rule, load_text: Load) -> None:
    program = load_text(f'{RIGHT}[[program.promotion]]\nid = "r"\n{written}\n', KEY).program
    assert program.rules[1] == replace(meant, promotion=True, qualifying=False)


def test_a_card_brings_its_rule_its_reward_and_its_caps(load_text: Load) -> None:
    program = load_text(
        RIGHT
        + """
[[program.card]]
id = "drinks"
size = 10
tags = ["Drink"]
most_per_day = 3
reward = { product = "COFFEE" }
"""
    ).program
    assert program.cards == (StampCard(id="drinks", size=10, reward="drinks"),)
    assert program.rules[1:] == (
        Rule(id="drinks", kind="unit", unit="stamps:drinks", match=Match(tags=("drink",)), qualifying=False),
    )
    assert program.rewards[1:] == (
        Reward(id="drinks", kind="product", points=10, product="COFFEE", unit="stamps:drinks"),
    )
    assert program.caps == (Cap(period="day", points=3, rule="drinks"),)


def test_a_card_may_become_a_reward_that_stands_apart(load_text: Load) -> None:
    program = load_text(
        RIGHT
        + """
[[program.reward]]
id = "free"
kind = "product"
product = "COFFEE"
points = 10
unit = "stamps:drinks"
[[program.card]]
id = "drinks"
size = 10
per = "visit"
reward = "free"
"""
    ).program
    assert program.cards == (StampCard(id="drinks", size=10, reward="free"),)
    assert [reward.id for reward in program.rewards] == ["coffee", "free"]


@pytest.mark.parametrize(("written", "meant"), [("01-01", (1, 1)), ("9-1", (9, 1)), ("12-31", (12, 31))])
def test_the_first_day_of_counting(written: str, meant: tuple[int, int], load_text: Load) -> None:
    text = f'[[program.tiers]]\nid = "g"\nstarts = "{written}"\n[[program.tiers.tier]]\nid = "a"\nthreshold = 0\n'
    assert load_text(RIGHT + text).program.tier_groups[0].starts == meant


@pytest.mark.parametrize("preset", PRESETS)
def test_no_line_of_a_french_file_begins_with_its_punctuation(tmp_path: Path, preset: str) -> None:
    text = write_initial(tmp_path, language="fr", preset=preset).read_text(encoding="utf-8")
    assert not re.search(r"(?m)^# [»;:!?%]|«$", text)
    assert "\x00" not in text
