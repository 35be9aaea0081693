"""Benefits: what a tier or a club brings besides points, as entitlements with validity and uses (T11, R6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.activities import Anniversary, Birthday
from dolibarr_loyalty.core.occasions import anniversary_due, birthday_due, birthday_in
from dolibarr_loyalty.core.terms import Names, name_in
from dolibarr_loyalty.core.times import add_months, after, day_of, period_key, start_of

BenefitKind = Literal[
    "free_shipping",
    "early_access",
    "birthday_gift",
    "longer_returns",
    "event",
    "extra_discount",
    "welcome",
    "anniversary",
]


@dataclass(frozen=True, kw_only=True)
class Benefit:
    """A benefit that tiers and clubs name by its id.

    `uses` within each `period` (None: any number). `percent` is the extra discount, `days` the return period;
    `reward` (birthday_gift, welcome, anniversary) is a reward given free, `points` are points given instead.
    `valid_days` limits a benefit from the day it was granted; 0 as long as the tier or club lasts. `tag` is a
    customer tag in Dolibarr that those entitled carry. `to_dolibarr` writes an extra discount into the
    customer's relative discount, where the version lets us.
    """

    id: str
    kind: BenefitKind
    names: Names = ()
    uses: int | None = None
    period: Literal["month", "year", "ever"] = "ever"
    percent: Decimal = Decimal(0)
    days: int = 0
    reward: str = ""
    points: int = 0
    valid_days: int = 0
    tag: str = ""
    to_dolibarr: bool = False

    def name(self, locale: str) -> str:
        """The benefit's name in a language, else its id."""
        return name_in(self.names, locale, self.id)

    @property
    def is_gift(self) -> bool:
        """It gives points or a reward by itself, once per occasion; nobody has to use it."""
        return bool(self.points or self.reward)


ONCE = "once"


@dataclass(frozen=True, kw_only=True)
class Holding:
    """A tier or club a member is in, with the ids of the benefits it brings: 'tier:gold', 'club:plus'.

    `since` it has been held without a break; `until` it is known to be held (None: nobody knows an end).
    """

    source: str
    benefits: tuple[str, ...]
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Entitlement:
    """A benefit a member has now: `since` <= now < `until`; `source` is the first that brings it."""

    benefit: Benefit
    source: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Celebrations:
    """What the gifts of birthdays and anniversaries go by: days of the shop, and the program's rules."""

    joined_on: date | None
    born: date | None = None
    birthday: Birthday = field(default_factory=Birthday)
    anniversary: Anniversary = field(default_factory=Anniversary)


def entitlements(
    benefits: Iterable[Benefit], held: Sequence[Holding], *, now: datetime, zone: ZoneInfo
) -> tuple[Entitlement, ...]:
    """The benefits a member should have now, in the order of the program.

    Several tiers and clubs may bring the same one: it is had once, from the earliest beginning to the last end.
    """
    found = (_entitled(benefit, held, now, zone) for benefit in benefits)
    return tuple(each for each in found if each is not None)


def _entitled(benefit: Benefit, held: Sequence[Holding], now: datetime, zone: ZoneInfo) -> Entitlement | None:
    windows = [
        (holding.source, holding.since, _until(benefit, holding, zone))
        for holding in held
        if benefit.id in holding.benefits
    ]
    open_now = [each for each in windows if each[1] <= now and (each[2] is None or now < each[2])]
    if not open_now:
        return None
    ends = [until for _, _, until in open_now]
    return Entitlement(
        benefit=benefit,
        source=open_now[0][0],
        since=min(since for _, since, _ in open_now),
        until=None if None in ends else max(until for until in ends if until is not None),
    )


def _until(benefit: Benefit, holding: Holding, zone: ZoneInfo) -> datetime | None:
    """The end of the tier or club, or of the days the benefit is valid: whichever comes first."""
    if not benefit.valid_days:
        return holding.until
    ends = after(day_of(holding.since, zone) + timedelta(days=benefit.valid_days), zone)
    return ends if holding.until is None else min(ends, holding.until)


def uses_left(benefit: Benefit, used: Iterable[datetime], *, now: datetime, zone: ZoneInfo) -> int | None:
    """How often a benefit may still be used in the period that holds now; None without limit.

    `used` are the uses that stand. Periods are those of the shop's calendar, however often the benefit was
    withdrawn and granted again in between.
    """
    if benefit.uses is None:
        return None
    period = period_key(day_of(now, zone), benefit.period)
    taken = sum(period_key(day_of(at, zone), benefit.period) == period for at in used)
    return max(0, benefit.uses - taken)


def gift_due(
    entitlement: Entitlement, facts: Celebrations, given: Iterable[str], *, today: date, zone: ZoneInfo
) -> str | None:
    """The occasion for which a gift is due today and was not `given` yet, or None.

    A welcome comes once, with the first grant ('once'); a birthday and an anniversary (by their day) when the
    member was entitled on that day. A run that was missed is made up for, as for activities.
    """
    benefit, before = entitlement.benefit, set(given)
    if not benefit.is_gift:
        return None
    if benefit.kind == "welcome":
        return None if ONCE in before else ONCE
    day = _day_due(benefit, facts, max(map(date.fromisoformat, before), default=None), today)
    if day is None or day_of(entitlement.since, zone) > day:
        return None
    return day.isoformat()


def _day_due(benefit: Benefit, facts: Celebrations, last: date | None, today: date) -> date | None:
    if facts.joined_on is None:
        return None
    if benefit.kind == "anniversary":
        found = anniversary_due(
            facts.anniversary, joined_on=facts.joined_on, last_granted_for=last, today=today
        )
        return found[0] if found else None
    if facts.born is None:
        return None
    return birthday_due(
        facts.birthday, facts.born, joined_on=facts.joined_on, last_granted_for=last, today=today
    )


def next_look(
    entitlement: Entitlement, facts: Celebrations, *, today: date, zone: ZoneInfo
) -> datetime | None:
    """The next instant at which time alone changes something: its end, a birthday, an anniversary."""
    benefit = entitlement.benefit
    moments = [entitlement.until] if entitlement.until else []
    if benefit.is_gift and facts.joined_on is not None:
        moments += [start_of(day, zone) for day in _coming(benefit, facts, facts.joined_on, today)]
    return min(moments, default=None)


def _coming(benefit: Benefit, facts: Celebrations, joined_on: date, today: date) -> list[date]:
    if benefit.kind == "anniversary":
        years = today.year - joined_on.year
        days = [add_months(joined_on, 12 * max(1, each)) for each in (years, years + 1)]
    elif benefit.kind == "birthday_gift" and facts.born is not None:
        rules = facts.birthday
        days = [
            birthday_in(facts.born, year, rules.leap_day) - timedelta(days=rules.days_before)
            for year in (today.year, today.year + 1)
        ]
    else:
        days = []
    return [day for day in days if day > today]
