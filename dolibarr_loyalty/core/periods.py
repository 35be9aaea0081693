"""Spans of months that follow each other from an anchor day on, such as the qualification periods of a tier group."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.times import add_months, day_of, start_of


@dataclass(frozen=True, kw_only=True)
class Periods:
    """Numbered spans of `months`, number 0 beginning on the anchor; earlier ones have numbers below zero.

    Each begins on the anchor's day of the month, or on the last day of a shorter month: counted from the
    31st of January by one month they begin on 31 January, 28 February, 31 March.
    """

    anchor: date
    months: int
    zone: ZoneInfo

    def number(self, day: date) -> int:
        """The number of the period that holds a day."""
        months = (day.year - self.anchor.year) * 12 + day.month - self.anchor.month
        number, rest = divmod(months, self.months)
        # only in the month in which a period begins does the day decide
        return number - 1 if rest == 0 and self.first_day(number) > day else number

    def holding(self, instant: datetime) -> int:
        """The number of the period that holds an instant."""
        return self.number(day_of(instant, self.zone))

    def first_day(self, number: int) -> date:
        return _later(self.anchor, number * self.months)

    def start(self, number: int) -> datetime:
        """The first instant of a period; that of the next is the first after it."""
        return _start(self.first_day(number), self.zone)


# Members by the hundred thousand share the few days on which their periods begin.
_later = lru_cache(maxsize=8192)(add_months)
_start = lru_cache(maxsize=8192)(start_of)
