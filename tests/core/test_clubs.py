"""Paid clubs: what fees, trials, returns and leaving come to, whatever the order in which they became known."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.clubs import Club, ClubAct, Span, is_in, span_at, spans, terms
from tests.builders import PARIS, at

CLUB = Club(id="plus", products=("CLUB",), trial_days=30, grace_days=14)
Act = tuple[str, str]


def told(
    bought: Sequence[tuple[str, int]], acts: Sequence[Act] = (), club: Club = CLUB, zone: ZoneInfo = PARIS
) -> list[str]:
    """The spans as text: '2026-01-15 10:00 > 2027-01-16 00:00 > 2027-01-30 00:00', a trial with a T."""
    found = spans(
        club,
        [(at(when, zone), units) for when, units in bought],
        acts=[ClubAct(at=at(when, zone), what=what) for when, what in acts],  # type: ignore[arg-type]
        zone=zone,
    )
    return [("T " if span.is_trial else "") + _text(span, zone) for span in found]


def _text(span: Span, zone: ZoneInfo) -> str:
    moments = (span.since, span.grace_from, span.until)
    return " > ".join(f"{moment.astimezone(zone):%Y-%m-%d %H:%M}" for moment in moments)


FEE = ("2026-01-15 10:00", 1)
YEAR = "2026-01-15 10:00 > 2027-01-16 00:00 > 2027-01-30 00:00"


@pytest.mark.parametrize(
    ("bought", "acts", "expected"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param([FEE], [], [YEAR], id="a fee lasts to the end of its day a year later, then the grace"),
        pytest.param(
            [("2026-01-15 10:00", 2)],
            [],
            ["2026-01-15 10:00 > 2028-01-16 00:00 > 2028-01-30 00:00"],
            id="two units are two years",
        ),
        pytest.param(
            [FEE, ("2026-11-01 10:00", 1)],
            [],
            ["2026-01-15 10:00 > 2028-01-16 00:00 > 2028-01-30 00:00"],
            id="renewed early: after what is left",
        ),
        pytest.param(
            [FEE, ("2027-01-20 10:00", 1)],
            [],
            ["2026-01-15 10:00 > 2028-01-16 00:00 > 2028-01-30 00:00"],
            id="renewed in the grace: from the paid end",
        ),
        pytest.param(
            [FEE, ("2027-01-30 00:00", 1)],
            [],
            ["2026-01-15 10:00 > 2028-01-31 00:00 > 2028-02-14 00:00"],
            id="bought at the very end of the grace: from then on, without a gap",
        ),
        pytest.param(
            [FEE, ("2027-03-01 10:00", 1)],
            [],
            [YEAR, "2027-03-01 10:00 > 2028-03-02 00:00 > 2028-03-16 00:00"],
            id="bought after the grace: a new span",
        ),
        pytest.param(
            [],
            [("2026-01-15 10:00", "trial")],
            ["T 2026-01-15 10:00 > 2026-02-15 00:00 > 2026-02-15 00:00"],
            id="a trial has no grace",
        ),
        pytest.param(
            [("2026-02-01 10:00", 1)],
            [("2026-01-15 10:00", "trial")],
            [
                "T 2026-01-15 10:00 > 2026-02-15 00:00 > 2026-02-15 00:00",
                "2026-02-15 00:00 > 2027-02-15 00:00 > 2027-03-01 00:00",
            ],
            id="a fee paid in the trial counts from its end",
        ),
        pytest.param(
            [],
            [("2026-01-15 10:00", "trial"), ("2026-06-01 10:00", "trial")],
            ["T 2026-01-15 10:00 > 2026-02-15 00:00 > 2026-02-15 00:00"],
            id="one trial per member",
        ),
        pytest.param([FEE], [("2026-06-01 10:00", "trial")], [YEAR], id="no trial for who is in the club"),
        pytest.param(
            [FEE, ("2026-03-01 10:00", -1)],
            [],
            ["2026-01-15 10:00 > 2026-03-01 10:00 > 2026-03-01 10:00"],
            id="given back: it ends at that instant",
        ),
        pytest.param(
            [FEE, ("2026-11-01 10:00", 1), ("2026-12-01 10:00", -1)],
            [],
            [YEAR],
            id="one of two given back: the other one lasts",
        ),
        pytest.param(
            [FEE, ("2026-11-01 10:00", 1), ("2027-06-01 10:00", -1)],
            [],
            ["2026-01-15 10:00 > 2027-06-01 10:00 > 2027-06-01 10:00"],
            id="given back in its second year: what was, was",
        ),
        pytest.param(
            [FEE, ("2026-12-01 10:00", 1), ("2027-01-20 10:00", -1)],
            [],
            ["2026-01-15 10:00 > 2027-01-20 10:00 > 2027-01-30 00:00"],
            id="given back in what is then the grace of the first: the grace goes on",
        ),
        pytest.param(
            [FEE, ("2026-03-01 10:00", -1), ("2026-06-01 10:00", 1)],
            [],
            [
                "2026-01-15 10:00 > 2026-03-01 10:00 > 2026-03-01 10:00",
                "2026-06-01 10:00 > 2027-06-02 00:00 > 2027-06-16 00:00",
            ],
            id="given back and bought again",
        ),
        pytest.param(
            [("2026-02-01 10:00", 1), ("2026-02-05 10:00", -1)],
            [("2026-01-15 10:00", "trial")],
            ["T 2026-01-15 10:00 > 2026-02-15 00:00 > 2026-02-15 00:00"],
            id="given back in the trial: the trial goes on",
        ),
        pytest.param(
            [("2026-01-10 10:00", -1), FEE], [], [], id="a return dated before its fee takes it all the same"
        ),
        pytest.param([FEE, ("2026-01-15 10:00", -1)], [], [], id="bought and given back at one instant"),
        pytest.param(
            [("2026-01-15 10:00", 2)],
            [("2026-03-01 10:00", "cancel")],
            ["2026-01-15 10:00 > 2026-03-01 10:00 > 2026-03-01 10:00"],
            id="who leaves gives up all that is left",
        ),
        pytest.param(
            [FEE],
            [("2027-01-20 10:00", "cancel")],
            ["2026-01-15 10:00 > 2027-01-16 00:00 > 2027-01-20 10:00"],
            id="left in the grace",
        ),
        pytest.param(
            [FEE, ("2026-03-10 10:00", -1), ("2026-06-01 10:00", 1)],
            [("2026-03-01 10:00", "cancel")],
            [
                "2026-01-15 10:00 > 2026-03-01 10:00 > 2026-03-01 10:00",
                "2026-06-01 10:00 > 2027-06-02 00:00 > 2027-06-16 00:00",
            ],
            id="the fee of who left comes back: it takes nothing of the next one",
        ),
        pytest.param(
            [("2026-02-01 10:00", 1)],
            [("2026-01-15 10:00", "trial"), ("2026-01-20 10:00", "cancel")],
            [
                "T 2026-01-15 10:00 > 2026-01-20 10:00 > 2026-01-20 10:00",
                "2026-02-01 10:00 > 2027-02-02 00:00 > 2027-02-16 00:00",
            ],
            id="a trial that was left",
        ),
    ],
)
def test_what_fees_and_acts_come_to(
    bought: list[tuple[str, int]], acts: list[Act], expected: list[str]
) -> None:
    assert told(bought, acts) == expected


MONTHLY = Club(id="monthly", products=("M",), months=1)


@pytest.mark.parametrize(
    ("bought", "zone", "club", "ends"),
    [
        pytest.param([("2026-01-31 10:00", 1)], PARIS, MONTHLY, "2026-03-01", id="31 January to 28 February"),
        pytest.param([("2026-01-31 10:00", 2)], PARIS, MONTHLY, "2026-04-01", id="and on to 31 March"),
        pytest.param(
            [("2028-01-31 10:00", 1)], PARIS, MONTHLY, "2028-03-01", id="29 February in a leap year"
        ),
        pytest.param([("2028-02-29 10:00", 1)], PARIS, CLUB, "2029-03-01", id="29 February plus a year"),
        pytest.param([("2026-01-31 23:30", 1)], ZoneInfo("UTC"), MONTHLY, "2026-03-01", id="in UTC"),
        pytest.param([("2026-02-28 23:30", 1)], PARIS, MONTHLY, "2026-03-29", id="over the change of clocks"),
    ],
)
def test_months_are_those_of_the_calendar(
    bought: list[tuple[str, int]], zone: ZoneInfo, club: Club, ends: str
) -> None:
    assert told(bought, club=club, zone=zone)[-1].split(" > ")[1] == f"{ends} 00:00"


def test_the_day_is_the_shops() -> None:
    bought = [(datetime(2026, 1, 31, 23, 30, tzinfo=UTC), 1)]  # 1 February in Paris
    assert spans(MONTHLY, bought, zone=PARIS)[0].until == at("2026-03-02")
    assert spans(MONTHLY, bought, zone=ZoneInfo("UTC"))[0].until == at("2026-03-01", ZoneInfo("UTC"))


def test_a_club_without_a_trial_has_none() -> None:
    assert told([], [("2026-01-15 10:00", "trial")], club=MONTHLY) == []


def test_being_in_a_club_includes_the_grace() -> None:
    found = spans(CLUB, [(at("2026-01-15 10:00"), 1)], zone=PARIS)
    moments = ["2026-01-15 09:59", "2026-01-15 10:00", "2027-01-29 23:59", "2027-01-30 00:00"]
    assert [is_in(found, at(moment)) for moment in moments] == [False, True, True, False]
    assert span_at(found, at("2027-01-20")) == found[0]


def test_each_unit_has_its_own_term() -> None:
    acts = [ClubAct(at=at("2026-01-01 10:00"), what="trial")]
    bought = [(at("2026-01-10 10:00"), 1), (at("2026-05-01 10:00"), 2), (at("2026-06-01 10:00"), -1)]
    found = terms(CLUB, bought, acts=acts, zone=PARIS)
    assert [(str(term.first_day), str(term.last_day), term.is_trial, term.days) for term in found] == [
        ("2026-01-01", "2026-01-31", True, 30),
        ("2026-01-31", "2027-01-31", False, 365),
        ("2027-01-31", "2028-01-31", False, 365),
    ]


HOURS = st.integers(0, 24 * 365 * 4)
FEES = st.lists(st.tuples(HOURS, st.sampled_from([1, 1, 1, 2, -1, -2])), max_size=8)
ACTS = st.lists(st.tuples(HOURS, st.sampled_from(["trial", "cancel"])), max_size=4)
CLUBS = st.builds(
    Club,
    id=st.just("c"),
    products=st.just(("C",)),
    months=st.integers(1, 24),
    trial_days=st.sampled_from([0, 14, 30]),
    grace_days=st.sampled_from([0, 7, 60]),
)


def _happened(
    fees: list[tuple[int, int]], acts: list[tuple[int, Any]]
) -> tuple[list[tuple[datetime, int]], list[ClubAct]]:
    opening = at("2026-01-01")
    bought = [(opening + timedelta(hours=hours), units) for hours, units in fees]
    return bought, [ClubAct(at=opening + timedelta(hours=hours), what=what) for hours, what in acts]


@given(CLUBS, FEES, ACTS, st.randoms())
def test_the_order_in_which_things_became_known_does_not_matter(
    club: Club, fees: list[tuple[int, int]], acts: list[tuple[int, str]], random: Any
) -> None:
    bought, done = _happened(fees, acts)
    found = spans(club, bought, acts=done, zone=PARIS)
    random.shuffle(bought)
    random.shuffle(done)
    assert spans(club, bought, acts=done, zone=PARIS) == found


@given(CLUBS, FEES, ACTS)
def test_spans_are_in_order_and_never_overlap(
    club: Club, fees: list[tuple[int, int]], acts: list[tuple[int, str]]
) -> None:
    bought, done = _happened(fees, acts)
    found = spans(club, bought, acts=done, zone=PARIS)
    assert all(span.since <= span.grace_from <= span.until and span.since < span.until for span in found)
    for one, other in pairwise(found):
        assert one.until < other.since or (one.until == other.since and one.is_trial != other.is_trial)


@given(CLUBS, FEES, ACTS, HOURS)
def test_what_happens_later_leaves_the_past_as_it_was(
    club: Club, fees: list[tuple[int, int]], acts: list[tuple[int, str]], cut: int
) -> None:
    """A document only ever finds the club in which its customer was: later events do not reach back."""
    bought, done = _happened(fees, acts)
    instant = at("2026-01-01") + timedelta(hours=cut)
    early = [(when, units) for when, units in bought if when <= instant]
    if sum(units for _, units in early) < 0 or any(
        sum(units for when, units in early if when <= moment) < 0 for moment, _ in early
    ):
        return  # a return dated before its fee takes a fee of later
    before = spans(club, early, acts=[act for act in done if act.at <= instant], zone=PARIS)
    whole = spans(club, bought, acts=done, zone=PARIS)
    for hours in range(0, cut, 24 * 30):
        moment = at("2026-01-01") + timedelta(hours=hours)
        assert is_in(before, moment) == is_in(whole, moment)


@given(CLUBS, st.integers(1, 4), HOURS, HOURS)
def test_fees_that_all_come_back_leave_nothing_after(club: Club, units: int, bought: int, back: int) -> None:
    fees, _ = _happened([(bought, units), (back, -units)], [])
    found = spans(club, fees, zone=PARIS)
    assert not any(span.until > fees[1][0] for span in found)
    assert len(found) <= 1
