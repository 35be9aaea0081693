"""Days, zones and calendar periods."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.times import (
    Period,
    RoundUp,
    add_months,
    after,
    day_of,
    end_of_period,
    iso,
    parse,
    period_key,
    start_of,
)
from tests.builders import PARIS, day

INSTANTS = st.datetimes(
    min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1), timezones=st.just(UTC)
)
ZONES = [
    "Europe/Paris",
    "Europe/London",
    "America/Havana",
    "Africa/Cairo",
    "Pacific/Auckland",
    "Asia/Kathmandu",
]


@given(INSTANTS)
def test_an_instant_survives_as_text(instant: datetime) -> None:
    assert parse(iso(instant)) == instant
    assert parse(iso(instant.astimezone(PARIS))) == instant


@given(INSTANTS, INSTANTS)
def test_the_order_of_the_texts_is_the_order_of_the_instants(one: datetime, other: datetime) -> None:
    assert (iso(one) < iso(other)) == (one < other)


@pytest.mark.parametrize("zone", ZONES)
@given(day=st.dates(min_value=date(2020, 1, 1), max_value=date(2035, 12, 31)))
def test_a_day_begins_with_its_first_instant(zone: str, day: date) -> None:
    """Also where midnight is skipped (Cairo, spring) or comes twice (Havana, autumn)."""
    start = start_of(day, ZoneInfo(zone))
    assert day_of(start, ZoneInfo(zone)) == day
    assert day_of(start - timedelta(microseconds=1), ZoneInfo(zone)) == day - timedelta(days=1)


@pytest.mark.parametrize(
    ("a_day", "hours"),
    [("2026-03-29", 23), ("2026-10-25", 25), ("2026-03-30", 24)],
    ids=["clocks go forward", "clocks go back", "an ordinary day"],
)
def test_a_day_lasts_as_long_as_the_shops_clock_says(a_day: str, hours: int) -> None:
    assert after(day(a_day), PARIS) - start_of(day(a_day), PARIS) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        pytest.param("2026-01-25", 1, "2026-02-25", id="same day"),
        pytest.param("2026-01-31", 1, "2026-02-28", id="last day of a shorter month"),
        pytest.param("2028-01-31", 1, "2028-02-29", id="leap year"),
        pytest.param("2028-02-29", 12, "2029-02-28", id="29 February, a year later"),
        pytest.param("2028-02-29", 48, "2032-02-29", id="29 February, four years later"),
        pytest.param("2026-02-28", 1, "2026-03-28", id="the end of a short month is no end"),
        pytest.param("2026-11-30", 3, "2027-02-28", id="over new year"),
        pytest.param("2026-05-31", 0, "2026-05-31", id="none"),
    ],
)
def test_months_are_added_with_the_last_day_of_a_shorter_month(start: str, months: int, end: str) -> None:
    assert add_months(day(start), months) == day(end)


@pytest.mark.parametrize(
    ("start", "round_up", "end"),
    [
        ("2026-02-10", "none", "2026-02-10"),
        ("2026-02-10", "month", "2026-02-28"),
        ("2028-02-29", "month", "2028-02-29"),
        ("2026-02-10", "quarter", "2026-03-31"),
        ("2026-04-01", "quarter", "2026-06-30"),
        ("2026-12-31", "quarter", "2026-12-31"),
        ("2026-06-30", "half_year", "2026-06-30"),
        ("2026-07-01", "half_year", "2026-12-31"),
        ("2026-01-01", "year", "2026-12-31"),
    ],
)
def test_a_day_is_rounded_up_to_the_end_of_its_period(start: str, round_up: RoundUp, end: str) -> None:
    assert end_of_period(day(start), round_up) == day(end)


@given(
    a_day=st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1)),
    round_up=st.sampled_from(["none", "month", "quarter", "half_year", "year"]),
)
def test_rounding_up_twice_changes_nothing_and_never_shortens(a_day: date, round_up: RoundUp) -> None:
    end = end_of_period(a_day, round_up)
    assert end >= a_day
    assert end_of_period(end, round_up) == end


@pytest.mark.parametrize(
    ("period", "key"), [("day", "2026-11-21"), ("month", "2026-11"), ("year", "2026"), ("ever", "ever")]
)
def test_a_day_falls_into_a_named_period(period: Period, key: str) -> None:
    assert period_key(day("2026-11-21"), period) == key


def test_the_day_of_an_instant_is_the_shops() -> None:
    """22:30 UTC on 1 July is past midnight in Paris."""
    assert day_of(datetime(2026, 7, 1, 22, 30, tzinfo=UTC), PARIS) == day("2026-07-02")
