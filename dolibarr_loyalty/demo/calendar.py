"""The year that is played: a clock that is set by hand, the weeks up to yesterday, and when people shop."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Paris")
WEEKS = 52
HISTORY_WEEKS = 14  # before the program was installed

# How busy a month and a weekday are, from January and from Monday; the shop is closed on Sundays.
MONTHS = (8, 8, 9, 10, 10, 9, 8, 7, 9, 10, 12, 18)
WEEKDAYS = (6, 9, 11, 10, 13, 18, 0)
HOURS = {9: 5, 10: 9, 11: 10, 12: 8, 13: 5, 14: 7, 15: 9, 16: 10, 17: 10, 18: 7}
SATURDAY, SATURDAY_CLOSES = 5, 16
CLOSED = {(1, 1), (5, 1), (12, 25), (12, 26)}


class Clock:
    """What all parts of the demo take for the present. It is set by the story and goes forward only."""

    def __init__(self, at: datetime) -> None:
        self.at = at.astimezone(UTC)

    def __call__(self) -> datetime:
        return self.at

    def reach(self, at: datetime) -> None:
        """Be at least this late."""
        self.at = max(self.at, at.astimezone(UTC))


@dataclass(frozen=True)
class Week:
    """Seven days of the story; the last week ends on the day before the demo runs."""

    number: int
    first_day: date

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(self.first_day + timedelta(days=day) for day in range(7))

    @property
    def evening(self) -> datetime:
        """When the week is over and the program does its work."""
        return datetime.combine(self.days[-1], time(21), tzinfo=ZONE)

    @property
    def is_history(self) -> bool:
        return self.number < HISTORY_WEEKS

    @property
    def busyness(self) -> int:
        return sum(_busyness(day) for day in self.days)

    def moment(self, rng: Random, *, latest: int = 24) -> datetime:
        """Some instant of this week at which the shop is open, before the hour `latest`."""
        day = rng.choices(self.days, [_busyness(day) for day in self.days])[0]
        closes = SATURDAY_CLOSES if day.weekday() == SATURDAY else 24
        hours = [hour for hour in HOURS if hour < min(latest, closes)]
        hour = rng.choices(hours, [HOURS[hour] for hour in hours])[0]
        return datetime.combine(day, time(hour, rng.randrange(60), rng.randrange(60)), tzinfo=ZONE)

    @property
    def month(self) -> int:
        return self.days[3].month


def _busyness(day: date) -> int:
    return 0 if (day.month, day.day) in CLOSED else MONTHS[day.month - 1] * WEEKDAYS[day.weekday()]


def weeks_until(today: date) -> tuple[Week, ...]:
    """The weeks of the year that ends the day before."""
    first = today - timedelta(weeks=WEEKS)
    return tuple(Week(number, first + timedelta(weeks=number)) for number in range(WEEKS))


def spread(total: int, weeks: tuple[Week, ...]) -> Iterator[tuple[Week, int]]:
    """So many visits over the weeks, by how busy each is; they add up to the total."""
    whole = sum(week.busyness for week in weeks)
    before = done = 0
    for week in weeks:
        before += week.busyness
        visits = total * before // whole - done
        done += visits
        yield week, visits
