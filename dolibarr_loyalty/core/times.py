"""Zones, days and calendar periods; the only place that turns instants into days and back.

Instants are aware and UTC; days belong to the shop's zone. Intervals are half-open.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

Period = Literal["day", "month", "year", "ever"]
RoundUp = Literal["none", "month", "quarter", "half_year", "year"]

_MONTHS_IN = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


def iso(instant: datetime) -> str:
    """An instant as UTC text of fixed width, so that text order is time order: 2026-11-21T20:33:09.000000Z."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse(text: str) -> datetime:
    """The instant that `iso` wrote."""
    return datetime.fromisoformat(text)


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """The calendar day on which an instant falls in the shop's zone."""
    return instant.astimezone(zone).date()


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day in the shop's zone, as UTC; right on days of 23 and 25 hours."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def after(day: date, zone: ZoneInfo) -> datetime:
    """The first instant after a day: what is usable on `day` is usable while now < after(day)."""
    return start_of(day + timedelta(days=1), zone)


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last day of a shorter month: 31 January + 1 is 28 February."""
    return day + relativedelta(months=months)


def end_of_period(day: date, round_up: RoundUp) -> date:
    """The last day of the calendar month, quarter, half-year or year that holds the day."""
    if round_up == "none":
        return day
    months = _MONTHS_IN[round_up]
    first_month = (day.month - 1) // months * months + 1
    return date(day.year, first_month, 1) + relativedelta(months=months, days=-1)


def period_key(day: date, period: Period) -> str:
    """The name of the calendar period that holds a day: 2026-11-21, 2026-11, 2026 or 'ever'."""
    text = day.isoformat()
    return {"day": text, "month": text[:7], "year": text[:4], "ever": "ever"}[period]
