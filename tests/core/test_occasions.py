"""Birthdays and anniversaries: the right day, once a year, also after days nobody worked (features 2.12)."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.activities import Anniversary, Birthday
from dolibarr_loyalty.core.occasions import (
    Contact,
    anniversaries_to_look_at,
    anniversary_due,
    birthday_due,
    birthday_in,
    birthday_of,
    birthdays_to_look_at,
    is_birthday,
    points_for,
)
from tests.builders import day

JOINED = day("2020-01-01")
BORN = day("1990-05-17")


def a_contact(born: str, email: str = "", id: int = 1) -> Contact:
    return Contact(id=id, thirdparty_id=7, email=email, born=day(born))


@pytest.mark.parametrize(
    ("born", "year", "leap_day", "birthday"),
    [
        ("1990-05-17", 2026, "feb28", "2026-05-17"),
        ("2000-02-29", 2026, "feb28", "2026-02-28"),
        ("2000-02-29", 2026, "mar1", "2026-03-01"),
        ("2000-02-29", 2028, "feb28", "2028-02-29"),
        ("2000-02-29", 2028, "mar1", "2028-02-29"),
        ("2000-02-29", 2100, "mar1", "2100-03-01"),
        ("2000-02-28", 2028, "mar1", "2028-02-28"),
        ("1999-12-31", 2026, "feb28", "2026-12-31"),
    ],
)
def test_a_birthday_in_a_year(born: str, year: int, leap_day: str, birthday: str) -> None:
    assert birthday_in(day(born), year, leap_day) == day(birthday)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rules", "joined", "last", "today", "due"),
    [
        ({}, "2020-01-01", None, "2026-05-17", "2026-05-17"),
        ({}, "2020-01-01", None, "2026-05-16", None),
        ({}, "2020-01-01", None, "2026-05-31", "2026-05-17"),
        ({}, "2020-01-01", None, "2026-06-01", None),
        ({"catch_up_days": 0}, "2020-01-01", None, "2026-05-18", None),
        ({"days_before": 7}, "2020-01-01", None, "2026-05-10", "2026-05-17"),
        ({"days_before": 7}, "2020-01-01", None, "2026-05-09", None),
        ({}, "2026-05-11", None, "2026-05-18", None),
        ({}, "2026-05-10", None, "2026-05-17", "2026-05-17"),
        ({"days_before": 10}, "2026-05-08", None, "2026-05-14", None),
        ({"days_before": 10}, "2026-05-08", None, "2026-05-15", "2026-05-17"),
        ({}, "2020-01-01", "2026-05-17", "2026-05-20", None),
        ({}, "2020-01-01", "2025-05-17", "2026-05-17", "2026-05-17"),
        ({}, "2020-01-01", "2025-06-22", "2026-05-17", None),
        ({}, "2020-01-01", "2025-06-21", "2026-05-17", "2026-05-17"),
        ({}, "2020-01-01", "2026-12-01", "2026-05-17", None),
    ],
    ids=[
        "on the day",
        "the day before",
        "the last day it is made up for",
        "missed for good",
        "no making up",
        "days before",
        "too many days before",
        "joined six days before",
        "joined seven days before",
        "not yet a member for seven days",
        "a member for seven days, before the birthday",
        "given already",
        "given last year",
        "a date that was changed, 329 days later",
        "a date that was changed, 330 days later",
        "a later one was given already",
    ],
)
def test_when_a_birthdays_gift_is_due(
    rules: dict[str, int], joined: str, last: str | None, today: str, due: str | None
) -> None:
    found = birthday_due(
        Birthday(**rules),  # type: ignore[arg-type]
        BORN,
        joined_on=day(joined),
        last_granted_for=day(last) if last else None,
        today=day(today),
    )
    assert found == (day(due) if due else None)


def test_a_birthday_of_late_december_is_made_up_for_in_january() -> None:
    due = birthday_due(
        Birthday(), day("1990-12-30"), joined_on=JOINED, last_granted_for=None, today=day("2026-01-05")
    )
    assert due == day("2025-12-30")


def test_a_birthday_of_early_january_is_celebrated_before_the_year_ends() -> None:
    rules = Birthday(days_before=7)
    due = birthday_due(
        rules, day("1990-01-03"), joined_on=JOINED, last_granted_for=None, today=day("2026-12-29")
    )
    assert due == day("2027-01-03")


def test_nobody_is_celebrated_on_the_day_of_birth() -> None:
    born = day("2026-05-17")
    assert birthday_due(Birthday(), born, joined_on=JOINED, last_granted_for=None, today=born) is None


@given(
    born=st.dates(day("1930-01-01"), day("2010-12-31")),
    leap_day=st.sampled_from(["feb28", "mar1"]),
    catch_up=st.integers(1, 35),
    days_before=st.integers(0, 30),
    pauses=st.lists(st.integers(1, 35), min_size=60, max_size=200),
)
def test_whatever_days_are_worked_there_is_one_gift_for_each_birthday(
    born: date, leap_day: str, catch_up: int, days_before: int, pauses: list[int]
) -> None:
    rules = Birthday(leap_day=leap_day, catch_up_days=catch_up, days_before=days_before)  # type: ignore[arg-type]
    today = first = day("2024-01-01")
    given_for: list[date] = []
    for pause in pauses:
        for _ in range(2):  # run twice a day
            due = birthday_due(
                rules,
                born,
                joined_on=JOINED,
                last_granted_for=given_for[-1] if given_for else None,
                today=today,
            )
            if due is not None:
                assert f"{born:%m-%d}" in birthdays_to_look_at(rules, today)
                given_for.append(due)
        today += timedelta(days=min(pause, catch_up))
    expected = [birthday_in(born, year, rules.leap_day) for year in range(2023, today.year + 2)]
    surely = [each for each in expected if first <= each <= today - timedelta(days=catch_up + 1)]
    assert set(surely) <= set(given_for)
    assert len({each.year for each in given_for}) == len(given_for)


@given(st.lists(st.dates(day("1930-01-01"), day("2010-12-31")), min_size=2, max_size=8))
def test_changing_the_date_every_day_brings_no_second_gift_within_330_days(dates: list[date]) -> None:
    today, last, found = day("2026-01-01"), None, []
    for number in range(500):
        born = dates[number % len(dates)]
        due = birthday_due(Birthday(), born, joined_on=JOINED, last_granted_for=last, today=today)
        if due is not None:
            found.append(due)
            last = due
        today += timedelta(days=1)
    assert all((later - earlier).days >= 330 for earlier, later in pairwise(found))


def test_those_born_on_29_february_are_looked_for_around_it() -> None:
    rules = Birthday(catch_up_days=0)
    assert birthdays_to_look_at(rules, day("2026-02-28")) == ("02-28", "02-29")
    assert birthdays_to_look_at(rules, day("2026-03-01")) == ("02-29", "03-01")
    assert birthdays_to_look_at(rules, day("2026-05-17")) == ("05-17",)
    assert len(birthdays_to_look_at(Birthday(catch_up_days=5000), day("2026-05-17"))) == 366


@pytest.mark.parametrize(
    ("contacts", "email", "born"),
    [
        ([], "a@x.org", None),
        ([a_contact("1990-05-17")], "a@x.org", "1990-05-17"),
        ([a_contact("1990-05-17", "b@x.org"), a_contact("1980-01-01", "A@x.org")], "a@X.org", "1980-01-01"),
        ([a_contact("1990-05-17", "b@x.org"), a_contact("1980-01-01", "c@x.org")], "a@x.org", None),
        ([a_contact("1990-05-17"), a_contact("1990-05-17", id=2)], "", "1990-05-17"),
        ([a_contact("1990-05-17", "a@x.org"), a_contact("1980-01-01", "a@x.org")], "a@x.org", None),
        ([a_contact("1990-05-17", ""), a_contact("1980-01-01", "")], "", None),
    ],
    ids=["none", "the only one", "the one with the address", "two strangers", "twins", "twice", "no address"],
)
def test_whose_birthday_counts(contacts: list[Contact], email: str, born: str | None) -> None:
    assert birthday_of(email, contacts) == (day(born) if born else None)


@pytest.mark.parametrize(
    ("born", "is_one"),
    [("1990-05-17", True), ("1900-01-01", True), ("1899-12-31", False), ("2026-05-18", False)],
)
def test_what_can_be_a_birthday(born: str, is_one: bool) -> None:
    assert is_birthday(day(born), day("2026-05-17")) is is_one


@pytest.mark.parametrize(
    ("joined", "last", "today", "due"),
    [
        ("2024-03-02", None, "2026-03-02", ("2026-03-02", 2)),
        ("2024-03-02", None, "2026-03-01", None),
        ("2024-03-02", None, "2026-03-16", ("2026-03-02", 2)),
        ("2024-03-02", None, "2026-03-17", None),
        ("2024-03-02", "2026-03-02", "2026-03-05", None),
        ("2024-03-02", "2025-03-02", "2026-03-05", ("2026-03-02", 2)),
        ("2024-02-29", None, "2026-02-28", ("2026-02-28", 2)),
        ("2024-02-29", None, "2028-02-29", ("2028-02-29", 4)),
        ("2024-12-28", None, "2026-01-03", ("2025-12-28", 1)),
        ("2026-03-02", None, "2026-03-02", None),
    ],
    ids=[
        "on the day",
        "the day before",
        "the last day it is made up for",
        "missed for good",
        "given already",
        "given last year",
        "joined on 29 February",
        "joined on 29 February, leap year",
        "over the new year",
        "the day of joining",
    ],
)
def test_when_an_anniversarys_gift_is_due(
    joined: str, last: str | None, today: str, due: tuple[str, int] | None
) -> None:
    found = anniversary_due(
        Anniversary(),
        joined_on=day(joined),
        last_granted_for=day(last) if last else None,
        today=day(today),
    )
    assert found == ((day(due[0]), due[1]) if due else None)
    if found:
        near = {f"{day(joined) + timedelta(days=shift):%m-%d}" for shift in (-1, 0, 1)}
        assert near & set(anniversaries_to_look_at(Anniversary(), day(today)))


def test_points_may_grow_with_the_years() -> None:
    assert points_for(Anniversary(points=10), 3) == 10
    assert points_for(Anniversary(points=10, times_years=True), 3) == 30
