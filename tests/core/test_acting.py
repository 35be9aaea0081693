"""What a member does other than buying: within its limits, for whom it is meant, with the evidence asked for."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from dolibarr_loyalty.core.acting import Activity, is_future, period_of, refusal, span_of
from dolibarr_loyalty.core.activities import ActivityKind
from dolibarr_loyalty.core.eligibility import Standing, Who
from dolibarr_loyalty.core.terms import Window
from tests.builders import PARIS, at, day


def refused(changes: dict[str, Any] | None = None, **facts: Any) -> str:
    kind = ActivityKind(**{"id": "review", "points": 20} | (changes or {}))
    usual: dict[str, Any] = {
        "is_member": True,
        "occurred_at": at("2026-03-02 12:00"),
        "evidence": "https://reviews.example/1",
        "standing": Standing(tags=frozenset({"gold"})),
        "used": 0,
    }
    return refusal(kind, zone=PARIS, **usual | facts)


@pytest.mark.parametrize(
    ("changes", "facts", "why"),
    [
        ({}, {}, ""),
        ({}, {"is_member": False}, "not_a_member"),
        ({}, {"starts_on": day("2026-03-03")}, "before_start"),
        ({}, {"starts_on": day("2026-03-02")}, ""),
        ({"window": Window(from_day=day("2026-03-03"))}, {}, "closed"),
        ({"needs_evidence": True}, {"evidence": "  "}, "no_evidence"),
        ({"needs_evidence": True}, {}, ""),
        ({}, {"evidence": ""}, ""),
        ({"who": Who(tags=("gold",))}, {}, ""),
        ({"who": Who(tags=("silver",))}, {}, "who:tags"),
        ({"who": Who(tiers=("top",))}, {}, "who:tiers"),
        ({"most": 2}, {"used": 1}, ""),
        ({"most": 2}, {"used": 2}, "limit"),
        ({"most": 0}, {}, "limit"),
        ({}, {"used": 1000}, ""),
    ],
    ids=lambda value: str(value)[:40],
)
def test_why_an_activity_earns_nothing(changes: dict[str, Any], facts: dict[str, Any], why: str) -> None:
    assert refused(changes, **facts) == why


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("day", "2026-02-28", "2026-02-28"),
        ("month", "2026-02-01", "2026-02-28"),
        ("year", "2026-01-01", "2026-12-31"),
    ],
)
def test_a_period_is_one_of_the_calendar(period: Any, first: str, last: str) -> None:
    assert span_of(day("2026-02-28"), period) == (day(first), day(last))


def test_ever_has_no_ends() -> None:
    assert span_of(day("2026-02-28"), "ever") == (date.min, date.max)


def test_a_period_is_one_of_the_shops_clock() -> None:
    kind = ActivityKind(id="review", points=1, period="month")
    assert period_of(kind, at("2026-03-01 00:30"), PARIS)[0] == day("2026-03-01")  # 28 February in UTC


def test_clocks_may_be_apart() -> None:
    assert not is_future(at("2026-03-02 12:05"), at("2026-03-02 12:00"))
    assert is_future(at("2026-03-02 12:15"), at("2026-03-02 12:00"))


def test_what_was_refused_or_withdrawn_does_not_count() -> None:
    granted = Activity(
        id="a",
        thirdparty_id=7,
        kind="review",
        source="x",
        source_id="1",
        occurred_at=at("2026-03-02"),
        day=day("2026-03-02"),
        evidence="",
        points=5,
        unit="points",
        recorded_at=at("2026-03-02"),
        who="test",
        input_hash="",
    )
    assert granted.is_granted
    assert not replace(granted, why="limit").is_granted
    assert not replace(granted, withdrawn_at=at("2026-03-03")).is_granted
