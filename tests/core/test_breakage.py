"""What is expected to be used: a life table over history, everything where there is too little of it."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.breakage import Experience, age, estimate, life_table, share_used


def cohort(opened: str, initial: int, *ended: tuple[str, str, int], observations: int = 100) -> Experience:
    return Experience(opened=opened, initial=initial, ended=ended, observations=observations)  # type: ignore[arg-type]


def test_ages_are_whole_months_and_never_below_none() -> None:
    assert (age("2025-11", "2026-02"), age("2026-02", "2025-11")) == (3, 0)


def test_what_has_run_off_tells_the_plain_ratio_of_used_to_ended() -> None:
    history = [cohort("2024-01", 100, ("2024-03", "used", 60), ("2025-01", "lapsed", 40))]
    table = life_table(history, "2026-01")
    assert [(line.age, line.at_risk, line.used, line.lapsed) for line in table] == [
        (2, 100, 60, 0),
        (12, 40, 0, 40),
    ]
    assert share_used(table) == Fraction(60, 100)
    assert share_used(table, 3) == 0  # what was not used by then lapsed, all of it


def test_what_is_still_open_counts_as_at_risk_up_to_its_age() -> None:
    history = [
        cohort("2024-01", 100, ("2024-02", "used", 50), ("2024-07", "lapsed", 50)),
        cohort("2025-11", 100, ("2025-12", "used", 50)),
    ]
    # of 200 half are used in month 1; the open 50 leave at age 2; of 50 left all lapse at age 6
    assert share_used(life_table(history, "2026-01")) == Fraction(1, 2)
    told = estimate(history, "2026-01", minimum=100)
    assert (told.share, told.is_estimated, told.observations) == (Fraction(0), True, 200)


def test_what_nobody_has_lived_to_see_counts_as_used() -> None:
    history = [cohort("2025-06", 100, ("2025-07", "lapsed", 10))]
    assert share_used(life_table(history, "2026-01")) == Fraction(9, 10)


def test_what_was_withdrawn_tells_nothing() -> None:
    history = [
        cohort(
            "2024-01", 100, ("2024-01", "withdrawn", 20), ("2024-03", "used", 20), ("2024-09", "lapsed", 60)
        )
    ]
    assert share_used(life_table(history, "2026-01")) == Fraction(20, 80)


def test_a_use_that_was_undone_is_no_use_below_none() -> None:
    history = [
        cohort("2024-01", 10, ("2024-02", "used", 5), ("2024-03", "used", -5), ("2024-09", "lapsed", 10))
    ]
    assert [line.used for line in life_table(history, "2026-01")] == [5, 0, 0]


@pytest.mark.parametrize(
    "history", [[], [cohort("2024-01", 100, ("2024-02", "lapsed", 50), observations=99)]]
)
def test_too_little_history_tells_nothing(history: list[Experience]) -> None:
    told = estimate(history, "2026-01", minimum=100)
    assert (told.share, told.is_estimated, told.minimum) == (Fraction(1), False, 100)


def test_with_nothing_open_there_is_nothing_to_estimate() -> None:
    history = [cohort("2024-01", 100, ("2024-02", "lapsed", 100), observations=500)]
    assert not estimate(history, "2026-01", minimum=100).is_estimated


AMOUNTS = st.integers(0, 1000)


@given(st.lists(st.tuples(st.integers(1, 12), AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS), max_size=12))
def test_a_share_is_a_share(lives: list[tuple[int, int, int, int, int]]) -> None:
    history = [
        cohort(
            f"2025-{month:02}",
            used + lapsed + withdrawn + left,
            ("2025-12", "used", used),
            ("2026-06", "lapsed", lapsed),
            ("2026-01", "withdrawn", withdrawn),
        )
        for month, used, lapsed, withdrawn, left in lives
    ]
    assert 0 <= estimate(history, "2026-12", minimum=1).share <= 1
