"""Days that come round: birthdays and the anniversaries of a membership, also when a daily run was missed (2.12)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from dolibarr_loyalty.core.activities import Anniversary, Birthday
from dolibarr_loyalty.core.times import add_months

# A birthday that is entered anew does not bring a second gift within this time.
NOT_AGAIN = timedelta(days=330)
OLDEST = 1900


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A person of a third party, with the birthday Dolibarr keeps of them."""

    id: int
    thirdparty_id: int
    email: str
    born: date


def is_birthday(born: date, today: date) -> bool:
    """A day somebody alive may be born on: Dolibarr takes any."""
    return born.year >= OLDEST and born <= today


def birthday_of(email: str, contacts: Sequence[Contact]) -> date | None:
    """The birthday of a person among the contacts of their third party.

    That of the contact with the person's own address, else of the only one; two that differ tell nothing.
    """
    wanted = email.strip().casefold()
    own = {each.born for each in contacts if wanted and each.email.strip().casefold() == wanted}
    found = own or {each.born for each in contacts}
    return found.pop() if len(found) == 1 else None


def birthday_in(born: date, year: int, leap_day: Literal["feb28", "mar1"] = "feb28") -> date:
    """The birthday in a year; of somebody born on 29 February on the day the program says."""
    if (born.month, born.day) != (2, 29):
        return born.replace(year=year)
    first_of_march = date(year, 3, 1)
    day_before = first_of_march - timedelta(days=1)
    return day_before if day_before.day == 29 or leap_day == "feb28" else first_of_march


def birthday_due(
    rules: Birthday, born: date, *, joined_on: date, last_granted_for: date | None, today: date
) -> date | None:
    """The birthday whose gift is due today and was not given yet, or None.

    It may be given from `days_before` to `catch_up_days` after, so that a run that was missed is made up for.
    `last_granted_for` is the birthday of the last gift: a date that was changed brings none within 330 days.
    """
    member_for_long = joined_on + timedelta(days=rules.minimum_days)
    if today < member_for_long:
        return None
    for year in (today.year - 1, today.year, today.year + 1):
        birthday = birthday_in(born, year, rules.leap_day)
        opens = birthday - timedelta(days=rules.days_before)
        closes = birthday + timedelta(days=rules.catch_up_days)
        is_again = last_granted_for is not None and birthday - last_granted_for < NOT_AGAIN
        if opens <= today <= closes and birthday >= member_for_long and birthday > born and not is_again:
            return birthday
    return None


def birthdays_to_look_at(rules: Birthday, today: date) -> tuple[str, ...]:
    """The days of birth, as 05-17, whose birthday may be due today; 29 February with either setting."""
    return _month_days(today - timedelta(days=rules.catch_up_days), today + timedelta(days=rules.days_before))


def anniversary_due(
    rules: Anniversary, *, joined_on: date, last_granted_for: date | None, today: date
) -> tuple[date, int] | None:
    """The anniversary whose gift is due today, and how many years it completes; None where none is.

    Who joined on 29 February has it on 28 February in other years.
    """
    for years in (today.year - joined_on.year, today.year - joined_on.year - 1):
        anniversary = add_months(joined_on, 12 * years)
        is_new = last_granted_for is None or anniversary > last_granted_for
        within = anniversary <= today <= anniversary + timedelta(days=rules.catch_up_days)
        if years >= 1 and is_new and within:
            return anniversary, years
    return None


def anniversaries_to_look_at(rules: Anniversary, today: date) -> tuple[str, ...]:
    """The days of joining, as 05-17, whose anniversary may be due today.

    One day more on either side, because instants are kept in UTC and days are the shop's.
    """
    return _month_days(today - timedelta(days=rules.catch_up_days + 1), today + timedelta(days=1))


def points_for(rules: Anniversary, years: int) -> int:
    """The points of an anniversary that completes so many years."""
    return rules.points * years if rules.times_years else rules.points


def _month_days(first: date, last: date) -> tuple[str, ...]:
    found = {f"{day:%m-%d}" for day in _days(first, last)}
    if found & {"02-28", "03-01"}:
        found.add("02-29")
    return tuple(sorted(found))


def _days(first: date, last: date) -> Iterator[date]:
    for number in range(min((last - first).days, 365) + 1):
        yield first + timedelta(days=number)
