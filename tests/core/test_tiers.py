"""The timeline of tiers: case tables by dates, and that nothing depends on order or on when anybody looked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.periods import Periods
from dolibarr_loyalty.core.tiers import (
    ManualTier,
    Move,
    Step,
    Tier,
    TierGroup,
    assessed_from,
    assessed_points,
    qualification_period,
    timeline,
)
from tests.builders import PARIS, at, day

TIERS = (Tier(id="base", threshold=0), Tier(id="silver", threshold=100), Tier(id="gold", threshold=300))
JOINED = "2025-03-10 15:00"


def a_group(**fields: Any) -> TierGroup:
    """Base, silver from 100, gold from 300 by calendar years; a tier is kept for twelve months."""
    return TierGroup(**{"id": "status", "tiers": TIERS, **fields})


def moves(*told: tuple[str, int]) -> list[Move]:
    """Moves by day; what is below zero is a return."""
    return [Move(at=at(when), points=points, is_return=points < 0) for when, points in told]


def by_hand(when: str, tier: str, until: str | None = None) -> ManualTier:
    return ManualTier(
        at=at(when), tier=tier, until=at(until) if until else None, reason="a regular", who="Ada"
    )


def steps_of(
    group: TierGroup,
    made: Sequence[Move],
    until: str = "2030-01-01",
    *,
    joined: str = JOINED,
    manual: Sequence[ManualTier] = (),
) -> tuple[Step, ...]:
    return timeline(group, made, joined_at=at(joined), until=at(until), zone=PARIS, manual=manual)


def told(steps: Sequence[Step]) -> list[tuple[str, str, str, str]]:
    """Steps after the first as (day, tier, why, first day without)."""
    return [(_day(step.at), step.tier, step.why, _day(step.until)) for step in steps[1:]]


def _day(instant: datetime | None) -> str:
    return "" if instant is None else f"{instant.astimezone(PARIS):%Y-%m-%d}"


@pytest.mark.parametrize(
    ("fields", "joined", "when", "begins", "ends"),
    [
        ({}, JOINED, "2026-05-05", "2026-01-01", "2027-01-01"),
        ({}, JOINED, "2026-01-01 00:00", "2026-01-01", "2027-01-01"),
        ({}, JOINED, "2025-12-31 23:59:59", "2025-01-01", "2026-01-01"),
        ({"starts": (4, 1)}, JOINED, "2026-03-31 23:59", "2025-04-01", "2026-04-01"),
        ({"starts": (4, 1), "period_months": 6}, JOINED, "2026-10-01", "2026-10-01", "2027-04-01"),
        ({"starts": (2, 29)}, JOINED, "2026-03-01", "2026-02-28", "2027-02-28"),
        ({"starts": (2, 29)}, JOINED, "2028-02-28", "2027-02-28", "2028-02-29"),
        ({"period_months": 24}, JOINED, "2027-07-01", "2026-01-01", "2028-01-01"),
        ({"model": "anniversary"}, JOINED, "2026-03-10 00:00", "2026-03-10", "2027-03-10"),
        ({"model": "anniversary"}, JOINED, "2025-03-09", "2024-03-10", "2025-03-10"),
        ({"model": "anniversary"}, "2024-02-29 08:00", "2025-02-28", "2025-02-28", "2026-02-28"),
        ({"model": "anniversary"}, "2024-02-29 08:00", "2028-02-28 12:00", "2027-02-28", "2028-02-29"),
        (
            {"model": "anniversary", "period_months": 1},
            "2026-01-31",
            "2026-02-28",
            "2026-02-28",
            "2026-03-31",
        ),
        (
            {"model": "anniversary", "period_months": 1},
            "2026-01-31",
            "2026-03-30",
            "2026-02-28",
            "2026-03-31",
        ),
        ({"model": "anniversary"}, "2025-10-26 02:30", "2026-10-26", "2026-10-26", "2027-10-26"),
    ],
    ids=[
        "within the year",
        "its first instant",
        "its last second",
        "a year from April",
        "half-years from April",
        "29 February in a common year",
        "29 February in a leap year",
        "two years",
        "anniversary",
        "before joining",
        "joined on 29 February",
        "joined on 29 February, four years later",
        "joined on 31 January, by months",
        "its last day",
        "joined on the night the clocks go back",
    ],
)
def test_qualification_periods(
    fields: dict[str, Any], joined: str, when: str, begins: str, ends: str
) -> None:
    found = qualification_period(a_group(**fields), at(when), joined_at=at(joined), zone=PARIS)
    assert found == (at(begins), at(ends))


@given(
    anchor=st.dates(min_value=day("1990-01-01"), max_value=day("2060-12-31")),
    months=st.integers(1, 30),
    when=st.dates(min_value=day("1990-01-01"), max_value=day("2060-12-31")),
)
def test_every_day_lies_in_exactly_one_period(anchor: Any, months: int, when: Any) -> None:
    periods = Periods(anchor=anchor, months=months, zone=PARIS)
    number = periods.number(when)
    assert periods.first_day(number) <= when < periods.first_day(number + 1)


YEAR = ("2026-02-10", "silver", "upgrade", "2027-02-10")


@pytest.mark.parametrize(
    ("fields", "made", "expected"),
    [
        ({}, [("2026-02-10", 99)], []),
        ({}, [("2026-02-10", 100)], [YEAR, ("2027-02-10", "base", "downgrade", "")]),
        ({}, [("2025-12-31", 60), ("2026-01-01", 60)], []),
        (
            {},
            [("2026-02-10", 300)],
            [("2026-02-10", "gold", "upgrade", "2027-02-10"), ("2027-02-10", "base", "downgrade", "")],
        ),
        (
            {},
            [("2026-02-10", 60), ("2026-02-10", 60)],
            [YEAR, ("2027-02-10", "base", "downgrade", "")],
        ),
        (
            {},
            [("2026-02-10", 100), ("2027-01-20", 100)],
            [
                YEAR,
                ("2027-02-10", "silver", "kept", "2028-02-10"),
                ("2028-02-10", "base", "downgrade", ""),
            ],
        ),
        (
            {"downgrade": "one_step"},
            [("2026-02-10", 300)],
            [
                ("2026-02-10", "gold", "upgrade", "2027-02-10"),
                ("2027-02-10", "silver", "downgrade", "2028-02-10"),
                ("2028-02-10", "base", "downgrade", ""),
            ],
        ),
        (
            {},
            [("2026-02-10", 300), ("2027-01-20", 100)],
            [
                ("2026-02-10", "gold", "upgrade", "2027-02-10"),
                ("2027-02-10", "silver", "downgrade", "2028-02-10"),
                ("2028-02-10", "base", "downgrade", ""),
            ],
        ),
        (
            {"tenure_months": 18},
            [("2026-02-10", 100)],
            [("2026-02-10", "silver", "upgrade", "2027-08-10"), ("2027-08-10", "base", "downgrade", "")],
        ),
        (
            {"extension": "month"},
            [("2026-02-10", 100)],
            [("2026-02-10", "silver", "upgrade", "2027-03-01"), ("2027-03-01", "base", "downgrade", "")],
        ),
        (
            {"extension": "month"},
            [("2026-02-01", 100)],
            [("2026-02-01", "silver", "upgrade", "2027-02-01"), ("2027-02-01", "base", "downgrade", "")],
        ),
        (
            {"extension": "reset"},
            [("2026-02-10", 100)],
            [("2026-02-10", "silver", "upgrade", "2028-01-01"), ("2028-01-01", "base", "downgrade", "")],
        ),
        (
            {"extension": "reset"},
            [("2026-02-10", 100), ("2027-12-31 23:59", 100)],
            [
                ("2026-02-10", "silver", "upgrade", "2028-01-01"),
                ("2028-01-01", "silver", "kept", "2029-01-01"),
                ("2029-01-01", "base", "downgrade", ""),
            ],
        ),
        (
            {"extension": "anniversary"},
            [("2026-02-10", 100)],
            [("2026-02-10", "silver", "upgrade", "2027-03-10"), ("2027-03-10", "base", "downgrade", "")],
        ),
        (
            {"keep": "following_period"},
            [("2026-12-31 23:59", 100)],
            [("2026-12-31", "silver", "upgrade", "2028-01-01"), ("2028-01-01", "base", "downgrade", "")],
        ),
        (
            {"keep": "following_period"},
            [("2026-12-30", 100), ("2027-01-01 00:00", 100)],
            [
                ("2026-12-30", "silver", "upgrade", "2028-01-01"),
                ("2028-01-01", "silver", "kept", "2029-01-01"),
                ("2029-01-01", "base", "downgrade", ""),
            ],
        ),
        (
            {"keep": "following_period", "tenure_months": 30},
            [("2026-12-30", 100)],
            [("2026-12-30", "silver", "upgrade", "2030-01-01"), ("2030-01-01", "base", "downgrade", "")],
        ),
        (
            {"tier_months": 1},
            [("2026-01-31", 100)],
            [
                ("2026-01-31", "silver", "upgrade", "2026-02-28"),
                *[
                    (f"2026-{month:02}-28", "silver", "kept", f"2026-{month + 1:02}-28")
                    for month in range(2, 12)
                ],
                ("2026-12-28", "silver", "kept", "2027-01-28"),
                ("2027-01-28", "base", "downgrade", ""),
            ],
        ),
        (
            {},
            [("2028-02-29", 100)],
            [("2028-02-29", "silver", "upgrade", "2029-02-28"), ("2029-02-28", "base", "downgrade", "")],
        ),
        (
            {"model": "anniversary", "extension": "reset"},
            [("2026-03-09", 100), ("2026-03-10", 50)],
            [("2026-03-09", "silver", "upgrade", "2027-03-10"), ("2027-03-10", "base", "downgrade", "")],
        ),
        (
            {"grace_days": 30},
            [("2026-02-10", 100)],
            [
                YEAR,
                ("2027-02-10", "silver", "grace", "2027-03-12"),
                ("2027-03-12", "base", "downgrade", ""),
            ],
        ),
        (
            {"grace_days": 30, "extension": "reset"},
            [("2026-02-10", 100), ("2027-06-01", 90), ("2028-01-10", 10)],
            [
                ("2026-02-10", "silver", "upgrade", "2028-01-01"),
                ("2028-01-01", "silver", "grace", "2028-01-31"),
                ("2028-01-10", "silver", "kept", "2029-01-01"),
                ("2029-01-01", "silver", "grace", "2029-01-31"),
                ("2029-01-31", "base", "downgrade", ""),
            ],
        ),
        (
            {"grace_days": 30, "extension": "reset"},
            [("2026-02-10", 300), ("2027-06-01", 90), ("2028-01-10", 30)],
            [
                ("2026-02-10", "gold", "upgrade", "2028-01-01"),
                ("2028-01-01", "gold", "grace", "2028-01-31"),
                ("2028-01-31", "silver", "downgrade", "2029-01-01"),
                ("2029-01-01", "silver", "grace", "2029-01-31"),
                ("2029-01-31", "base", "downgrade", ""),
            ],
        ),
        (
            {"grace_days": 60, "tier_months": 1},
            [("2026-02-10", 100), ("2027-01-20", 300)],
            [
                ("2026-02-10", "silver", "upgrade", "2026-03-10"),
                *[
                    (f"2026-{month:02}-10", "silver", "kept", f"2026-{month + 1:02}-10")
                    for month in range(3, 12)
                ],
                ("2026-12-10", "silver", "kept", "2027-01-10"),
                ("2027-01-10", "silver", "grace", "2027-03-11"),
                ("2027-01-20", "gold", "upgrade", "2027-02-20"),
            ],
        ),
    ],
    ids=[
        "one point short",
        "the threshold itself is enough",
        "the reset lies between",
        "two tiers at once",
        "two moves at one instant",
        "kept by the points of the running period",
        "one step down, and another",
        "down to the matching tier",
        "a minimum tenure",
        "extended to the end of the month",
        "the month ends with the term",
        "extended to the reset",
        "assessed before the reset, not after",
        "extended to the anniversary",
        "reached in December, kept to the end of the following year",
        "the following year reaches it again",
        "the following year and a longer tenure",
        "the 31st of January",
        "the 29th of February",
        "anniversary periods",
        "days of grace",
        "caught up in the days of grace",
        "not quite caught up",
        "an upgrade in the days of grace",
    ],
)
def test_a_tier_is_reached_kept_and_lost(
    fields: dict[str, Any], made: list[tuple[str, int]], expected: list[tuple[str, str, str, str]]
) -> None:
    until = "2027-02-19" if fields.get("grace_days") == 60 else "2031-01-01"
    assert told(steps_of(a_group(**fields), moves(*made), until)) == expected


def test_the_points_before_the_reset_are_kept_on_record() -> None:
    found = steps_of(a_group(extension="reset"), moves(("2026-02-10", 100), ("2027-06-01", 70)))
    assert [(step.qualifying, step.before_reset) for step in found] == [(0, 0), (100, 0), (0, 70)]


def test_a_member_begins_in_the_lowest_tier_on_joining() -> None:
    found = steps_of(a_group(), [], "2026-01-01")
    assert found == (Step(at=at(JOINED), tier="base", why="start", until=None),)


def test_what_was_bought_before_joining_begins_earlier() -> None:
    found = steps_of(a_group(), moves(("2025-01-05", 100)), "2025-06-01")
    assert (found[0].at, found[0].why, found[1].tier) == (at("2025-01-05"), "start", "silver")


def test_nobody_stands_anywhere_before_joining() -> None:
    assert steps_of(a_group(), moves(("2026-01-05", 100)), "2025-01-01") == ()


def test_two_groups_go_their_own_ways() -> None:
    spend, visits = a_group(), a_group(id="visits", model="anniversary", keep="following_period")
    made = moves(("2026-02-10", 100))
    assert _day(steps_of(spend, made)[1].until) == "2027-02-10"
    assert _day(steps_of(visits, made)[1].until) == "2027-03-10"


RETURNED = [("2026-02-10", 100), ("2026-03-01", -40)]


@pytest.mark.parametrize(
    ("fields", "made", "expected"),
    [
        ({}, RETURNED, [YEAR, ("2027-02-10", "base", "downgrade", "")]),
        ({"on_refund": "immediately"}, RETURNED, [YEAR, ("2026-03-01", "base", "refund", "")]),
        (
            {"on_refund": "never", "extension": "reset", "tier_months": 1},
            RETURNED,
            [
                ("2026-02-10", "silver", "upgrade", "2027-01-01"),
                ("2027-01-01", "silver", "kept", "2028-01-01"),
                ("2028-01-01", "base", "downgrade", ""),
            ],
        ),
        (
            {"extension": "reset", "tier_months": 1},
            RETURNED,
            [("2026-02-10", "silver", "upgrade", "2027-01-01"), ("2027-01-01", "base", "downgrade", "")],
        ),
        (
            {"on_refund": "never"},
            [("2026-02-10", 90), ("2026-02-11", -40), ("2026-02-12", 40)],
            [],
        ),
        (
            {"on_refund": "immediately"},
            [("2026-02-10", 320), ("2026-03-01", -40)],
            [
                ("2026-02-10", "gold", "upgrade", "2027-02-10"),
                ("2026-03-01", "silver", "refund", "2027-02-10"),
                ("2027-02-10", "base", "downgrade", ""),
            ],
        ),
        (
            {"on_refund": "immediately", "keep": "following_period"},
            [("2025-06-01", 100), ("2026-02-10", 300), ("2026-03-01", -300)],
            [
                ("2025-06-01", "silver", "upgrade", "2027-01-01"),
                ("2026-02-10", "gold", "upgrade", "2028-01-01"),
                ("2026-03-01", "silver", "refund", "2027-01-01"),
                ("2027-01-01", "base", "downgrade", ""),
            ],
        ),
        (
            {"on_refund": "immediately", "keep": "following_period"},
            [("2025-12-30", 110), ("2026-01-10", -10), ("2026-01-12", 20), ("2026-01-14", -10)],
            [("2025-12-30", "silver", "upgrade", "2027-01-01"), ("2027-01-01", "base", "downgrade", "")],
        ),
        (
            {"on_refund": "immediately", "keep": "following_period"},
            [("2025-12-30", 110), ("2026-01-10", -11)],
            [("2025-12-30", "silver", "upgrade", "2027-01-01"), ("2026-01-10", "base", "refund", "")],
        ),
        (
            {"on_refund": "immediately", "grace_days": 30, "extension": "reset", "tier_months": 1},
            [("2025-12-30", 100), ("2026-06-01", 300), ("2026-06-02", -250), ("2027-01-05", 1)],
            [
                ("2025-12-30", "silver", "upgrade", "2027-01-01"),
                ("2026-06-01", "gold", "upgrade", "2027-01-01"),
                ("2026-06-02", "silver", "refund", "2027-01-01"),
                ("2027-01-01", "silver", "grace", "2027-01-31"),
                ("2027-01-31", "base", "downgrade", ""),
            ],
        ),
        ({"on_refund": "immediately"}, [("2026-02-10", 50), ("2026-02-11", -50)], []),
    ],
    ids=[
        "at the next assessment",
        "immediately",
        "never, not even at the assessment",
        "the assessment counts what came back",
        "never, yet returns count for the next tier",
        "immediately, to what is still carried",
        "immediately, to what was held before",
        "what is bought and returned later takes nothing away",
        "a return of the new year for goods of the old one",
        "immediately, and days of grace later",
        "nothing to lose",
    ],
)
def test_refunds(
    fields: dict[str, Any], made: list[tuple[str, int]], expected: list[tuple[str, str, str, str]]
) -> None:
    assert told(steps_of(a_group(**fields), moves(*made))) == expected


def test_points_taken_off_by_hand_do_not_take_the_tier_at_once() -> None:
    group = a_group(on_refund="immediately")
    made = [*moves(("2026-02-10", 100)), Move(at=at("2026-03-01"), points=-40)]
    assert told(steps_of(group, made, "2026-12-31")) == [YEAR]


MANUAL_GOLD = ("2026-05-01", "gold", "manual", "2026-09-01")


@pytest.mark.parametrize(
    ("fields", "made", "manual", "expected"),
    [
        (
            {},
            [],
            [by_hand("2026-05-01", "gold", "2026-09-01")],
            [MANUAL_GOLD, ("2026-09-01", "base", "manual_end", "")],
        ),
        (
            {},
            [("2026-02-10", 100), ("2026-06-01", 50)],
            [by_hand("2026-05-01", "gold", "2026-09-01")],
            [
                YEAR,
                MANUAL_GOLD,
                ("2026-09-01", "silver", "manual_end", "2027-02-10"),
                ("2027-02-10", "base", "downgrade", ""),
            ],
        ),
        (
            {},
            [("2026-06-01", 100)],
            [by_hand("2026-05-01", "gold", "2026-09-01")],
            [
                MANUAL_GOLD,
                ("2026-09-01", "silver", "manual_end", "2027-06-01"),
                ("2027-06-01", "base", "downgrade", ""),
            ],
        ),
        (
            {},
            [("2026-06-01", 300)],
            [by_hand("2026-05-01", "silver", "2028-09-01")],
            [
                ("2026-05-01", "silver", "manual", "2028-09-01"),
                ("2026-06-01", "gold", "upgrade", "2027-06-01"),
                ("2027-06-01", "silver", "downgrade", "2028-09-01"),
                ("2028-09-01", "base", "manual_end", ""),
            ],
        ),
        (
            {},
            [],
            [by_hand("2026-05-01", "gold")],
            [("2026-05-01", "gold", "manual", "2027-05-01"), ("2027-05-01", "base", "downgrade", "")],
        ),
        (
            {"downgrade": "one_step"},
            [],
            [by_hand("2026-05-01", "gold")],
            [
                ("2026-05-01", "gold", "manual", "2027-05-01"),
                ("2027-05-01", "silver", "downgrade", "2028-05-01"),
                ("2028-05-01", "base", "downgrade", ""),
            ],
        ),
        (
            {},
            [("2026-02-10", 300), ("2026-06-01", 10)],
            [by_hand("2026-05-01", "silver")],
            [
                ("2026-02-10", "gold", "upgrade", "2027-02-10"),
                ("2026-05-01", "silver", "manual", "2027-05-01"),
                ("2027-05-01", "base", "downgrade", ""),
            ],
        ),
        (
            {"tier_months": 3},
            [("2026-02-10", 300), ("2026-06-01", 10)],
            [by_hand("2026-05-01", "silver")],
            [
                ("2026-02-10", "gold", "upgrade", "2026-05-10"),
                ("2026-05-01", "silver", "manual", "2026-08-01"),
                ("2026-08-01", "gold", "manual_end", "2026-11-01"),
                ("2026-11-01", "gold", "kept", "2027-02-01"),
                ("2027-02-01", "base", "downgrade", ""),
            ],
        ),
        (
            {},
            [("2026-02-10", 300)],
            [by_hand("2026-05-01", "base", "2026-09-01")],
            [
                ("2026-02-10", "gold", "upgrade", "2027-02-10"),
                ("2026-05-01", "base", "manual", "2026-09-01"),
                ("2026-09-01", "gold", "manual_end", "2027-09-01"),
                ("2027-09-01", "base", "downgrade", ""),
            ],
        ),
        (
            {},
            [("2026-02-10", 100), ("2026-06-01", 200)],
            [by_hand("2026-05-01", "base", "2026-09-01")],
            [
                YEAR,
                ("2026-05-01", "base", "manual", "2026-09-01"),
                ("2026-06-01", "gold", "upgrade", "2027-06-01"),
                ("2027-06-01", "base", "downgrade", ""),
            ],
        ),
        (
            {},
            [],
            [by_hand("2026-05-01", "gold", "2026-09-01"), by_hand("2026-07-01", "")],
            [MANUAL_GOLD, ("2026-07-01", "base", "manual_end", "")],
        ),
        (
            {},
            [("2026-02-10", 100)],
            [by_hand("2026-05-01", "gold"), by_hand("2026-07-01", "")],
            [
                YEAR,
                ("2026-05-01", "gold", "manual", "2027-05-01"),
                ("2026-07-01", "silver", "manual_end", "2027-07-01"),
                ("2027-07-01", "base", "downgrade", ""),
            ],
        ),
        (
            {},
            [],
            [by_hand("2026-05-01", "gold", "2026-09-01"), by_hand("2026-07-01", "silver", "2026-08-01")],
            [
                MANUAL_GOLD,
                ("2026-07-01", "silver", "manual", "2026-08-01"),
                ("2026-08-01", "base", "manual_end", ""),
            ],
        ),
        (
            {"on_refund": "immediately"},
            [("2026-02-10", 100), ("2026-06-01", -100)],
            [by_hand("2026-05-01", "gold")],
            [
                YEAR,
                ("2026-05-01", "gold", "manual", "2027-05-01"),
                ("2027-05-01", "base", "downgrade", ""),
            ],
        ),
        (
            {},
            [("2026-02-10", 100)],
            [by_hand("2026-05-01", ""), by_hand("2026-05-02", "gone")],
            [YEAR, ("2027-02-10", "base", "downgrade", "")],
        ),
        (
            {},
            [("2026-02-10", 100)],
            [by_hand("2026-05-01", "gold", "2026-05-01")],
            [YEAR, ("2027-02-10", "base", "downgrade", "")],
        ),
        (
            {},
            [("2026-02-10", 100)],
            [by_hand("2026-05-01", "silver", "2026-09-01")],
            [
                YEAR,
                ("2026-05-01", "silver", "manual", "2026-09-01"),
                ("2026-09-01", "silver", "manual_end", "2027-02-10"),
                ("2027-02-10", "base", "downgrade", ""),
            ],
        ),
    ],
    ids=[
        "to a day",
        "the points go on beneath",
        "points reach a tier beneath",
        "an upgrade above it, and back onto it",
        "to its next assessment",
        "to its next assessment, then one step down",
        "lowered, and what was there before does not lift it again",
        "lowered, and the points decide at the assessment",
        "lowered to a day",
        "lowered, and reached anew",
        "taken back",
        "taken back, and what points carry remains",
        "the later act replaces the earlier",
        "a return takes nothing a person gave",
        "nothing to take back, and a tier that is no more",
        "an end that is over when it begins",
        "the tier the member has already",
    ],
)
def test_tiers_set_by_hand(
    fields: dict[str, Any],
    made: list[tuple[str, int]],
    manual: list[ManualTier],
    expected: list[tuple[str, str, str, str]],
) -> None:
    assert told(steps_of(a_group(**fields), moves(*made), manual=manual)) == expected


def test_the_points_that_an_assessment_looks_at() -> None:
    group, made = a_group(), moves(("2026-06-01", 90), ("2026-07-01", -20), ("2027-01-05", 30))
    end = at("2027-01-01")

    def looked_at(group: TierGroup, now: str) -> int:
        return assessed_points(group, made, end=end, now=at(now), joined_at=at(JOINED), zone=PARIS)

    assert looked_at(group, "2026-12-31") == 70
    assert looked_at(replace(group, on_refund="never"), "2026-12-31") == 90
    assert looked_at(group, "2027-01-20") == 100
    assert looked_at(group, "2025-12-31") == 0
    assert assessed_from(group, end, joined_at=at(JOINED), zone=PARIS) == at("2026-01-01")


# whatever the order, whenever anybody looks ---------------------------------------------------------

FIRST = at("2024-06-01")
HOURS = st.integers(0, 24 * 365 * 4)
INSTANTS = HOURS.map(lambda hours: FIRST + timedelta(hours=hours))
MOVES = st.lists(
    st.builds(
        Move,
        at=st.one_of(INSTANTS, st.sampled_from([at("2026-01-01"), at("2025-03-10"), at("2026-03-10")])),
        points=st.integers(-200, 250),
        is_return=st.booleans(),
    ).map(lambda move: replace(move, is_return=move.points < 0 and move.is_return)),
    max_size=12,
)
MANUAL = st.lists(
    st.builds(
        ManualTier,
        at=INSTANTS,
        tier=st.sampled_from(["", "base", "silver", "gold"]),
        until=st.one_of(st.none(), INSTANTS),
        reason=st.just("a regular"),
    ),
    max_size=3,
    unique_by=lambda act: act.at,
)
GROUPS = st.builds(
    TierGroup,
    id=st.just("status"),
    tiers=st.just(TIERS),
    model=st.sampled_from(["fixed", "anniversary"]),
    starts=st.sampled_from([(1, 1), (2, 29), (10, 31)]),
    period_months=st.sampled_from([1, 3, 12]),
    tier_months=st.sampled_from([1, 6, 12]),
    tenure_months=st.sampled_from([0, 18]),
    extension=st.sampled_from(["none", "month", "reset", "anniversary"]),
    keep=st.sampled_from(["tier_period", "following_period"]),
    downgrade=st.sampled_from(["one_step", "matching"]),
    grace_days=st.sampled_from([0, 10, 45]),
    on_refund=st.sampled_from(["next_assessment", "immediately", "never"]),
)


def line(group: TierGroup, made: Sequence[Move], manual: Sequence[ManualTier], until: datetime) -> Any:
    return timeline(group, made, joined_at=at(JOINED), until=until, zone=PARIS, manual=manual)


@given(group=GROUPS, made=MOVES, manual=MANUAL, data=st.data())
def test_the_order_in_which_moves_become_known_does_not_matter(
    group: TierGroup, made: list[Move], manual: list[ManualTier], data: st.DataObject
) -> None:
    shuffled, acts = data.draw(st.permutations(made)), data.draw(st.permutations(manual))
    end = at("2029-01-01")
    assert line(group, shuffled, acts, end) == line(group, made, manual, end)


@given(group=GROUPS, made=MOVES, manual=MANUAL, one=INSTANTS, other=INSTANTS)
def test_a_later_look_only_adds_steps(
    group: TierGroup, made: list[Move], manual: list[ManualTier], one: datetime, other: datetime
) -> None:
    early, late = sorted([one, other])
    before, now = line(group, made, manual, early), line(group, made, manual, late)
    assert now[: len(before)] == before
    assert all(step.at > early for step in now[len(before) :]) or not before


@given(group=GROUPS, made=MOVES, manual=MANUAL)
def test_looking_every_day_and_looking_once_find_the_same(
    group: TierGroup, made: list[Move], manual: list[ManualTier]
) -> None:
    """What a daily run has noted by then is what a run after years finds in one go."""
    noted: list[Step] = []
    for days in range(0, 4 * 365, 20):
        now = line(group, made, manual, FIRST + timedelta(days=days))
        assert list(now[: len(noted)]) == noted
        noted = list(now)
    assert line(group, made, manual, FIRST + timedelta(days=4 * 365))[: len(noted)] == tuple(noted)


@given(group=GROUPS, made=MOVES, manual=MANUAL)
def test_steps_follow_each_other_and_end_later_than_they_begin(
    group: TierGroup, made: list[Move], manual: list[ManualTier]
) -> None:
    found = line(group, made, manual, at("2029-01-01"))
    assert [step.at for step in found] == sorted(step.at for step in found)
    assert all(step.until is None or step.until > step.at for step in found)
    assert found[0].why == "start"


@given(group=GROUPS, made=MOVES)
def test_without_losses_or_persons_nobody_falls_below_what_the_period_reached(
    group: TierGroup, made: list[Move]
) -> None:
    """At the end of a year that reached silver the member has silver at least, until the year's own end."""
    gained = [move for move in made if move.points > 0]
    found = line(group, gained, (), at("2029-01-01"))
    ranks = [tier.id for tier in TIERS]
    for move in gained:
        begins, _ = qualification_period(group, move.at, joined_at=at(JOINED), zone=PARIS)
        points = sum(m.points for m in gained if begins <= m.at <= move.at)
        held = [step.tier for step in found if step.at <= move.at][-1]
        assert TIERS[ranks.index(held)].threshold >= max(t.threshold for t in TIERS if t.threshold <= points)
