"""Benefits: what a member is entitled to, how often it may be used, when a gift is due."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.activities import Birthday
from dolibarr_loyalty.core.benefits import (
    Benefit,
    Celebrations,
    Entitlement,
    Holding,
    entitlements,
    gift_due,
    next_look,
    uses_left,
)
from tests.builders import PARIS, at

SHIPPING = Benefit(id="shipping", kind="free_shipping", uses=2, period="month", names=(("fr", "Livraison"),))
WELCOME = Benefit(id="hello", kind="welcome", points=50)
BIRTHDAY = Benefit(id="cake", kind="birthday_gift", reward="cake")
YEARS = Benefit(id="years", kind="anniversary", points=100)
EVENT = Benefit(id="party", kind="event", valid_days=30)


def gold(since: str = "2026-01-10 12:00", until: str | None = None, *benefits: str) -> Holding:
    named = benefits or ("shipping", "hello", "cake", "years", "party")
    return Holding(source="tier:gold", benefits=named, since=at(since), until=at(until) if until else None)


def plus(since: str = "2026-03-01 12:00", until: str | None = "2027-03-02", *benefits: str) -> Holding:
    held = gold(since, until, *benefits)
    return Holding(source="club:plus", benefits=held.benefits, since=held.since, until=held.until)


@pytest.mark.parametrize(
    ("benefit", "held", "now", "expected"),
    [
        pytest.param(SHIPPING, [], "2026-02-01", None, id="nothing is held"),
        pytest.param(
            SHIPPING, [gold()], "2026-02-01", ("tier:gold", "2026-01-10 12:00", None), id="with the tier"
        ),
        pytest.param(SHIPPING, [gold()], "2026-01-10 11:59", None, id="not before the tier"),
        pytest.param(SHIPPING, [plus()], "2027-03-02", None, id="not after the club"),
        pytest.param(
            SHIPPING,
            [plus()],
            "2027-03-01 23:59",
            ("club:plus", "2026-03-01 12:00", "2027-03-02"),
            id="to the last minute of the club",
        ),
        pytest.param(
            SHIPPING,
            [gold(), plus()],
            "2026-06-01",
            ("tier:gold", "2026-01-10 12:00", None),
            id="both bring it: from the first to the last",
        ),
        pytest.param(
            SHIPPING,
            [gold("2026-01-10 12:00", "2026-06-02"), plus()],
            "2026-06-01",
            ("tier:gold", "2026-01-10 12:00", "2027-03-02"),
            id="both end: at the last end",
        ),
        pytest.param(
            SHIPPING,
            [gold("2026-01-10", None, "party")],
            "2026-02-01",
            None,
            id="a tier that does not bring it",
        ),
        pytest.param(
            EVENT,
            [gold()],
            "2026-02-09 23:59",
            ("tier:gold", "2026-01-10 12:00", "2026-02-10"),
            id="valid to the end of the thirtieth day",
        ),
        pytest.param(EVENT, [gold()], "2026-02-10", None, id="not after its days"),
        pytest.param(
            EVENT,
            [gold("2026-01-10 12:00", "2026-01-20")],
            "2026-01-15",
            ("tier:gold", "2026-01-10 12:00", "2026-01-20"),
            id="nor after the tier",
        ),
        pytest.param(
            EVENT,
            [gold(), plus()],
            "2026-03-05",
            ("club:plus", "2026-03-01 12:00", "2026-04-01"),
            id="a club that comes later brings it anew",
        ),
    ],
)
def test_what_a_member_is_entitled_to(
    benefit: Benefit, held: list[Holding], now: str, expected: tuple[str, str, str | None] | None
) -> None:
    found = entitlements([benefit], held, now=at(now), zone=PARIS)
    if expected is None:
        assert found == ()
        return
    source, since, until = expected
    assert found == (
        Entitlement(benefit=benefit, source=source, since=at(since), until=at(until) if until else None),
    )


@given(st.permutations([gold(), plus(), plus("2026-02-01", "2026-12-01", "party")]))
def test_the_order_of_tiers_and_clubs_changes_no_window(held: list[Holding]) -> None:
    def windows(holdings: list[Holding]) -> list[Any]:
        found = entitlements([SHIPPING, EVENT], holdings, now=at("2026-03-03"), zone=PARIS)
        return [(each.benefit.id, each.since, each.until) for each in found]

    assert windows(held) == windows([gold(), plus(), plus("2026-02-01", "2026-12-01", "party")])


@pytest.mark.parametrize(
    ("uses", "period", "used", "left"),
    [
        pytest.param(None, "ever", ["2026-03-01"] * 9, None, id="without limit"),
        pytest.param(2, "month", [], 2, id="none used"),
        pytest.param(2, "month", ["2026-03-01", "2026-02-28 23:59"], 1, id="last month's do not count"),
        pytest.param(2, "month", ["2026-03-01", "2026-03-31 23:59"], 0, id="all used"),
        pytest.param(1, "month", ["2026-03-01", "2026-03-02"], 0, id="never below zero"),
        pytest.param(2, "year", ["2026-01-01", "2025-12-31 23:59"], 1, id="by calendar year of the shop"),
        pytest.param(1, "ever", ["2020-01-01"], 0, id="once in a life"),
    ],
)
def test_uses_left_in_a_period(uses: int | None, period: Any, used: list[str], left: int | None) -> None:
    benefit = Benefit(id="b", kind="event", uses=uses, period=period)
    assert uses_left(benefit, [at(each) for each in used], now=at("2026-03-15"), zone=PARIS) == left


def entitled(benefit: Benefit, since: str = "2026-01-10 12:00", until: str | None = None) -> Entitlement:
    return Entitlement(
        benefit=benefit, source="tier:gold", since=at(since), until=at(until) if until else None
    )


def facts(born: str | None = "1990-05-17", joined: str | None = "2024-03-02") -> Celebrations:
    return Celebrations(
        joined_on=date.fromisoformat(joined) if joined else None,
        born=date.fromisoformat(born) if born else None,
        birthday=Birthday(days_before=3),
    )


@pytest.mark.parametrize(
    ("benefit", "since", "given", "today", "due"),
    [
        pytest.param(SHIPPING, "2026-01-10", [], "2026-03-02", None, id="nothing to give"),
        pytest.param(WELCOME, "2026-01-10", [], "2026-01-10", "once", id="a welcome at once"),
        pytest.param(WELCOME, "2026-01-10", ["once"], "2027-01-10", None, id="and once only"),
        pytest.param(YEARS, "2026-01-10", [], "2026-03-02", "2026-03-02", id="on the anniversary"),
        pytest.param(YEARS, "2026-01-10", [], "2026-03-10", "2026-03-02", id="made up for a week later"),
        pytest.param(YEARS, "2026-01-10", [], "2026-03-30", None, id="not a month later"),
        pytest.param(YEARS, "2026-03-05", [], "2026-03-10", None, id="not to who came after the day"),
        pytest.param(YEARS, "2026-01-10", ["2026-03-02"], "2026-03-03", None, id="not twice a year"),
        pytest.param(BIRTHDAY, "2026-01-10", [], "2026-05-13", None, id="before the birthday"),
        pytest.param(BIRTHDAY, "2026-01-10", [], "2026-05-14", "2026-05-17", id="as early as the rule says"),
        pytest.param(BIRTHDAY, "2026-05-15", [], "2026-05-17", "2026-05-17", id="entitled by then"),
        pytest.param(BIRTHDAY, "2026-01-10", ["2025-12-01"], "2026-05-17", None, id="not within 330 days"),
    ],
)
def test_when_a_gift_is_due(
    benefit: Benefit, since: str, given: list[str], today: str, due: str | None
) -> None:
    found = gift_due(entitled(benefit, since), facts(), given, today=date.fromisoformat(today), zone=PARIS)
    assert found == due


@pytest.mark.parametrize("benefit", [BIRTHDAY, YEARS], ids=lambda each: each.id)
def test_nothing_comes_round_for_who_has_not_joined(benefit: Benefit) -> None:
    never = facts(joined=None)
    assert gift_due(entitled(benefit), never, [], today=date(2026, 5, 17), zone=PARIS) is None
    assert next_look(entitled(benefit), never, today=date(2026, 5, 17), zone=PARIS) is None


def test_no_birthday_is_known() -> None:
    unknown = facts(born=None)
    assert gift_due(entitled(BIRTHDAY), unknown, [], today=date(2026, 5, 17), zone=PARIS) is None
    assert next_look(entitled(BIRTHDAY), unknown, today=date(2026, 5, 17), zone=PARIS) is None


@pytest.mark.parametrize(
    ("benefit", "until", "today", "expected"),
    [
        pytest.param(SHIPPING, None, "2026-03-01", None, id="nothing ahead"),
        pytest.param(SHIPPING, "2026-04-01", "2026-03-01", "2026-04-01", id="its end"),
        pytest.param(YEARS, None, "2026-03-01", "2026-03-02", id="the next anniversary"),
        pytest.param(YEARS, None, "2026-03-02", "2027-03-02", id="the one after"),
        pytest.param(BIRTHDAY, None, "2026-03-02", "2026-05-14", id="the days before the birthday"),
        pytest.param(BIRTHDAY, "2026-04-01", "2026-03-02", "2026-04-01", id="the end comes first"),
        pytest.param(BIRTHDAY, None, "2026-12-31", "2027-05-14", id="next year's birthday"),
        pytest.param(WELCOME, None, "2026-03-02", None, id="a welcome does not come again"),
    ],
)
def test_when_to_look_again(benefit: Benefit, until: str | None, today: str, expected: str | None) -> None:
    found = next_look(entitled(benefit, until=until), facts(), today=date.fromisoformat(today), zone=PARIS)
    assert found == (at(expected) if expected else None)


def test_a_benefit_has_a_name_in_each_language() -> None:
    assert (SHIPPING.name("fr"), EVENT.name("fr")) == ("Livraison", "party")
    assert (SHIPPING.is_gift, WELCOME.is_gift, BIRTHDAY.is_gift) == (False, True, True)
