"""Whether something a member did earns: limits, windows, evidence and eligibility of an activity (E7).

Judged when it is recorded, in the order of recording: an activity that becomes known late does not take the
place of one that was granted meanwhile. What was refused stays refused; what was withdrawn frees its place.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.activities import ActivityKind
from dolibarr_loyalty.core.eligibility import Standing, unmet
from dolibarr_loyalty.core.rules import is_open
from dolibarr_loyalty.core.times import Period, day_of, end_of_period

EARLIEST, LATEST = date.min, date.max
# Kinds of our own; an activity of the settings cannot be called so.
BIRTHDAY, ANNIVERSARY, WELCOME = "birthday", "anniversary", "welcome"
OWN_KINDS = frozenset({BIRTHDAY, ANNIVERSARY, WELCOME, "referral"})


@dataclass(frozen=True, kw_only=True)
class Activity:
    """Something a member did, as it was recorded, and what came of it.

    `day` is the day it counts on in the shop's zone (of a birthday's gift the birthday itself). `points` of
    `unit` were granted, 0 when refused; `why` names the refusal. `withdrawn_at` is set once it was taken back.
    """

    id: str
    thirdparty_id: int
    kind: str
    source: str
    source_id: str
    occurred_at: datetime
    day: date
    evidence: str
    points: int
    unit: str
    recorded_at: datetime
    who: str
    input_hash: str
    why: str = ""
    withdrawn_at: datetime | None = None
    withdrawn_for: str = ""

    @property
    def is_granted(self) -> bool:
        """It earned, and still counts."""
        return not self.why and self.withdrawn_at is None


def refusal(
    kind: ActivityKind,
    *,
    is_member: bool,
    occurred_at: datetime,
    evidence: str,
    standing: Standing,
    used: int,
    zone: ZoneInfo,
    starts_on: date | None = None,
) -> str:
    """Why an activity earns nothing, by a word of ours; empty when it earns.

    `used` are the granted ones of its kind in its period. 'not_a_member', 'before_start', 'closed',
    'no_evidence', 'limit', or the condition of `who` that does not hold, as 'who:tags'.
    """
    if not is_member:
        return "not_a_member"
    if starts_on is not None and day_of(occurred_at, zone) < starts_on:
        return "before_start"
    if not is_open(kind.window, occurred_at, zone):
        return "closed"
    if kind.needs_evidence and not evidence.strip():
        return "no_evidence"
    condition = unmet(kind.who, standing)
    if condition:
        return f"who:{condition}"
    return "limit" if kind.most is not None and used >= kind.most else ""


def span_of(day: date, period: Period) -> tuple[date, date]:
    """The first and last day of the calendar period that holds a day."""
    if period == "ever":
        return EARLIEST, LATEST
    if period == "day":
        return day, day
    last = end_of_period(day, period)
    return last.replace(day=1, month=1 if period == "year" else last.month), last


def period_of(kind: ActivityKind, occurred_at: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """The days over which the limit of a kind counts, for something that happened at an instant."""
    return span_of(day_of(occurred_at, zone), kind.period)


def is_future(occurred_at: datetime, now: datetime) -> bool:
    """It has not happened yet; clocks may be apart by some minutes."""
    return occurred_at > now + timedelta(minutes=10)
