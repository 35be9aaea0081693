"""Roll-forwards close, and every unit left stands in exactly one part of the ageing."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.liability import (
    BUCKETS,
    VOUCHER_COLUMNS,
    Movement,
    ageing,
    bucket,
    months,
    roll_forward,
    together,
)

YEAR = months(date(2026, 1, 31), date(2026, 12, 1))
MONTHS = st.sampled_from(("", "2025-07", *YEAR))
MOVEMENTS = st.lists(
    st.builds(
        Movement,
        month=MONTHS,
        column=st.sampled_from(VOUCHER_COLUMNS),
        amount=st.integers(-(10**9), 10**9),
    )
)


def test_the_months_between_two_days() -> None:
    assert tuple(f"2026-{n:02}" for n in range(1, 13)) == YEAR
    assert months(date(2025, 12, 31), date(2026, 1, 1)) == ("2025-12", "2026-01")
    assert months(date(2026, 2, 1), date(2026, 1, 31)) == ()


@given(MOVEMENTS)
def test_every_month_closes_and_the_next_opens_with_it(moved: list[Movement]) -> None:
    rolls = roll_forward(moved, YEAR, VOUCHER_COLUMNS)
    assert [roll.opening for roll in rolls[1:]] == [roll.closing for roll in rolls[:-1]]
    assert rolls[0].opening == sum(each.amount for each in moved if each.month < "2026-01")
    assert rolls[-1].closing == together(rolls).closing == sum(each.amount for each in moved)


def test_movements_after_the_last_month_are_left_out() -> None:
    (roll,) = roll_forward([Movement(month="2026-02", column="used", amount=-5)], ("2026-01",), ("used",))
    assert (roll.opening, roll["used"], roll.closing) == (0, 0, 0)
    assert together([roll]).month == "2026-01"


def test_nothing_falls_into_a_column_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="no column 'gone'"):
        roll_forward([Movement(month="2026-01", column="gone", amount=1)], YEAR, VOUCHER_COLUMNS)


@pytest.mark.parametrize(
    ("ends_on", "name"),
    [
        (None, "never"),
        (date(2026, 3, 14), "over"),
        (date(2026, 3, 15), "month"),
        (date(2026, 3, 31), "month"),
        (date(2026, 4, 1), "months_3"),
        (date(2026, 6, 15), "months_3"),
        (date(2026, 9, 15), "months_6"),
        (date(2027, 3, 15), "months_12"),
        (date(2027, 3, 16), "later"),
    ],
)
def test_when_it_ends(ends_on: date | None, name: str) -> None:
    assert bucket(ends_on, date(2026, 3, 15)) == name


@given(st.lists(st.tuples(st.none() | st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(0, 10**9))))
def test_the_ageing_is_all_that_is_left(rest: list[tuple[date | None, int]]) -> None:
    found = ageing(rest, date(2026, 1, 31))
    assert tuple(found) == BUCKETS
    assert sum(found.values()) == sum(amount for _, amount in rest)
