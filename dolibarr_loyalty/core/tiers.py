"""The timeline of tiers: who stood where when, as a pure function of what was gained and lost.

Qualifying points are apart from redeemable ones, so redeeming never demotes (T7). Nothing here depends on when
or how often anybody looked.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache, partial
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from dolibarr_loyalty.core.periods import Periods
from dolibarr_loyalty.core.tier_terms import ManualTier, Move, Step, Tier, TierGroup
from dolibarr_loyalty.core.times import add_months, after, day_of, end_of_period, start_of

__all__ = [
    "Course",
    "ManualTier",
    "Move",
    "Step",
    "Tier",
    "TierGroup",
    "assessed_from",
    "assessed_points",
    "qualification_period",
    "qualification_periods",
    "reached",
    "timeline",
]


def timeline(
    group: TierGroup,
    moves: Sequence[Move],
    *,
    joined_at: datetime,
    until: datetime,
    zone: ZoneInfo,
    manual: Sequence[ManualTier] = (),
) -> tuple[Step, ...]:
    """Every step of a member in a group from joining up to and including `until`, in order of time.

    The first step is the lowest tier at the start (or at the first move, if that is earlier). A pure function
    of its arguments: moves may come in any order, and a later `until` only adds steps at the end.
    """
    moved: dict[datetime, list[Move]] = defaultdict(list)
    for move in moves:
        moved[move.at].append(move)
    acts: dict[datetime, list[ManualTier]] = defaultdict(list)
    for act in manual:
        acts[act.at].append(act)
    instants = sorted(at for at in {*moved, *acts} if at <= until)
    begins = min([joined_at, *instants[:1]])
    if begins > until:
        return ()
    walk = _Walk(group, begins, joined_at, zone)
    for at in instants:
        walk.advance(at)
        walk.count(at, moved.get(at, ()))
        for act in acts.get(at, ()):
            walk.act(act)
    walk.advance(until)
    return tuple(walk.steps)


class Course:
    """A member's way through a group, asked for one instant after another: each move is counted once.

    The same as `timeline` gives to each instant, but for a member of thousands of purchases in the time of one.
    Moves carry the number of the document they come from.
    """

    def __init__(
        self,
        group: TierGroup,
        moves: Iterable[tuple[int, Move]],
        *,
        joined_at: datetime,
        zone: ZoneInfo,
        manual: Sequence[ManualTier] = (),
    ) -> None:
        self._begin = partial(_Walk, group, joined_at, joined_at, zone)
        self._moved: dict[datetime, list[tuple[int, Move]]] = defaultdict(list)
        self._acts: dict[datetime, list[ManualTier]] = defaultdict(list)
        for number, move in moves:
            self._moved[move.at].append((number, move))
        for act in manual:
            self._acts[act.at].append(act)
        self._instants = sorted({*self._moved, *self._acts})
        self._walk, self._place, self._asked = self._begin(), 0, joined_at

    def tier_at(self, at: datetime, *, before: int) -> str:
        """The tier held at an instant: what is before it counts, and of the instant itself lower numbers do."""
        if at < self._asked:
            self._walk, self._place = self._begin(), 0
        while self._place < len(self._instants) and self._instants[self._place] < at:
            self._pass(self._walk, self._instants[self._place], None)
            self._place += 1
        self._asked = at
        self._walk.advance(at)
        here = self._walk.copy()
        self._pass(here, at, before)
        return here.steps[-1].tier

    def change(self, number: int, gone: Iterable[Move], new: Iterable[Move]) -> None:
        """A document brings other moves than it did."""
        for move in gone:
            self._moved[move.at].remove((number, move))
            self._note_change(move.at)
        for move in new:
            self._moved[move.at].append((number, move))
            self._note_change(move.at)

    def _note_change(self, at: datetime) -> None:
        place = bisect_left(self._instants, at)
        if place == len(self._instants) or self._instants[place] != at:
            self._instants.insert(place, at)
        if at < self._asked:
            self._walk, self._place, self._asked = self._begin(), 0, self._instants[0]

    def _pass(self, walk: "_Walk", at: datetime, before: int | None) -> None:
        moves = [move for number, move in self._moved.get(at, ()) if before is None or number < before]
        acts = self._acts.get(at, ())
        if moves or acts:
            walk.advance(at)
            walk.count(at, moves)
            for act in acts:
                walk.act(act)
            walk.advance(at)


def qualification_period(
    group: TierGroup, at: datetime, *, joined_at: datetime, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """The qualification period that holds an instant: its first instant, and the first after it."""
    periods = qualification_periods(group, joined_at=joined_at, zone=zone)
    number = periods.holding(at)
    return periods.start(number), periods.start(number + 1)


def qualification_periods(group: TierGroup, *, joined_at: datetime, zone: ZoneInfo) -> Periods:
    """All qualification periods of a member, numbered; fixed ones are counted from the year 2000 on."""
    anchor = day_of(joined_at, zone) if group.model == "anniversary" else _in_2000(*group.starts)
    return Periods(anchor=anchor, months=group.period_months, zone=zone)


@cache
def _in_2000(month: int, day: int) -> date:
    return date(2000, month, 1) + relativedelta(day=day)


def reached(group: TierGroup, points: int) -> int:
    """The place in the group of the highest tier that so many points reach; a threshold met is reached."""
    place = len(group.tiers) - 1
    while place > 0 and group.tiers[place].threshold > points:
        place -= 1
    return place


def assessed_points(
    group: TierGroup,
    moves: Sequence[Move],
    *,
    end: datetime,
    now: datetime,
    joined_at: datetime,
    zone: ZoneInfo,
) -> int:
    """The points with which a tier that ends at `end` is assessed, as far as they are known before `now`.

    Those of the qualification period that ends at `end` (or that `end` falls into), with what the days of
    grace have added; where returns never cost a tier, they do not count.
    """
    periods = qualification_periods(group, joined_at=joined_at, zone=zone)
    sums = Counter[int]()
    for move in moves:
        if move.at < now and not (move.is_return and group.on_refund == "never"):
            sums[periods.holding(move.at)] += move.points
    return _best_tail(sums, periods.holding(end - _INSTANT), periods.holding(now))


def assessed_from(group: TierGroup, end: datetime, *, joined_at: datetime, zone: ZoneInfo) -> datetime:
    """When the points with which a tier that ends at `end` is assessed begin to count."""
    periods = qualification_periods(group, joined_at=joined_at, zone=zone)
    return periods.start(periods.holding(end - _INSTANT))


_INSTANT = timedelta(microseconds=1)


def _best_tail(sums: Counter[int], first: int, last: int) -> int:
    """The most points of the periods from the first, or from a later one, to the last."""
    best = tail = sums[max(first, last)]
    for number in range(last - 1, first - 1, -1):
        tail += sums[number]
        best = max(best, tail)
    return best


@dataclass(frozen=True, kw_only=True)
class _Claim:
    """A tier held to an end by the points of period `basis`, or by hand; `reverts` when a person set that end."""

    tier: int
    until: datetime | None
    basis: int
    by_hand: bool = False
    reverts: bool = False
    grace_until: datetime | None = None

    @property
    def due(self) -> datetime | None:
        return self.grace_until or self.until


class _Walk:
    """Goes through a member's moves in the order of time and notes every step.

    `claim` is the tier that points carry (or that a person set in their place), `beneath` are the lower ones
    it came on top of, `floor` is a tier set by hand below which the member does not stand meanwhile.
    """

    def __init__(self, group: TierGroup, begins: datetime, joined_at: datetime, zone: ZoneInfo) -> None:
        self.group = group
        self.zone = zone
        self.periods = qualification_periods(group, joined_at=joined_at, zone=zone)
        self.anniversaries = Periods(anchor=day_of(joined_at, zone), months=12, zone=zone)
        self.net = Counter[int]()
        self.kept_by = Counter[int]()
        self.claim = _Claim(tier=0, until=None, basis=0)
        self.beneath: list[_Claim] = []
        self.floor: ManualTier | None = None
        self.steps: list[Step] = []
        self._note(begins, "start")

    def copy(self) -> "_Walk":
        """The same way so far, to go on from without changing this one."""
        twin = copy(self)
        twin.net, twin.kept_by, twin.steps = self.net.copy(), self.kept_by.copy(), [*self.steps[-1:]]
        return twin

    # what happens -----------------------------------------------------------------------------------

    def advance(self, to: datetime) -> None:
        """Everything that time alone brings about up to and including an instant."""
        while (due := self._due()) is not None and due <= to:
            if self.claim.due == due:
                self._assess(due)
            else:
                self.floor = None
                self._note(due, "manual_end")

    def count(self, at: datetime, moves: Sequence[Move]) -> None:
        """Count all moves of one instant together: an upgrade comes at once, a return may take one back."""
        number = self.periods.holding(at)
        before = reached(self.group, self.net[number])
        for move in moves:
            self.net[number] += move.points
            if not (move.is_return and self.group.on_refund == "never"):
                self.kept_by[number] += move.points
        now = reached(self.group, self.net[number])
        if now > max(before, self.claim.tier):
            self._upgrade(at, now)
        elif self.claim.grace_until and self._carries(self._assessed(at)):
            self._confirm(at)
        elif self.group.on_refund == "immediately" and any(move.is_return for move in moves):
            self._revoke(at)

    def act(self, act: ManualTier) -> None:
        """A person sets a tier; one without a name takes back what was set before. The later act counts."""
        at = act.at
        place = next((place for place, tier in enumerate(self.group.tiers) if tier.id == act.tier), None)
        if (place is None and act.tier) or (act.until is not None and act.until <= at):
            return
        was_by_hand = self.floor is not None or self.claim.by_hand
        self.floor = None
        if self.claim.by_hand:
            self.claim = self._by_points(at)
        if place is not None:
            self._set_by_hand(act, place)
        elif was_by_hand:
            self._note(at, "manual_end")

    # steps ------------------------------------------------------------------------------------------

    def _set_by_hand(self, act: ManualTier, place: int) -> None:
        if act.until is not None and place >= self.claim.tier:
            self.floor = act
        else:
            keeps = act.until is not None or place >= self.claim.tier
            self.beneath = [*self.beneath, self.claim] if keeps else []
            end = act.until or (self._granted(act.at) if place else None)
            self.claim = _Claim(
                tier=place,
                until=end,
                basis=self.periods.holding(act.at),
                by_hand=True,
                reverts=act.until is not None,
            )
        self._note(act.at, "manual")

    def _upgrade(self, at: datetime, place: int) -> None:
        self.beneath = [] if self.claim.reverts else [*self._alive(at), self.claim]
        self._take(_Claim(tier=place, until=self._granted(at), basis=self.periods.holding(at)), at, "upgrade")

    def _assess(self, at: datetime) -> None:
        """The end of a tier's term, or of the days of grace after it."""
        points = self._assessed(at)
        if self.claim.reverts or (self.claim.by_hand and reached(self.group, points) > self.claim.tier):
            self._take(self._by_points(at), at, "manual_end")
        elif self._carries(points):
            self._confirm(at)
        elif self.group.grace_days and self.claim.grace_until is None:
            last = day_of(at, self.zone) + timedelta(days=self.group.grace_days)
            self._take(replace(self.claim, grace_until=start_of(last, self.zone)), at, "grace")
        else:
            one_lower = self.group.downgrade == "one_step"
            place = self.claim.tier - 1 if one_lower else reached(self.group, points)
            self._take(self._best(self._renewed(place, at), at), at, "downgrade")

    def _confirm(self, at: datetime) -> None:
        self._take(self._renewed(self.claim.tier, at), at, "kept")

    def _revoke(self, at: datetime) -> None:
        """Goods came back: the tier goes at once if neither their period nor the running one carries it."""
        if self.claim.by_hand or self._is_carried(self.claim, at):
            return
        place = reached(self.group, self._carrying(self.claim, at))
        lower = replace(self.claim, tier=place) if place else self._lowest(self.claim.basis)
        self._take(self._best(lower, at), at, "refund")

    # claims -----------------------------------------------------------------------------------------

    def _by_points(self, at: datetime) -> _Claim:
        """What the member stands at when a tier set by hand ends: by points, or what was held before it."""
        place = reached(self.group, self._best_of(self._basis(at), at))
        return self._best(self._renewed(place, at, end=at), at)

    def _best(self, claim: _Claim, at: datetime) -> _Claim:
        """The claim, or a higher one beneath whose term is not over yet."""
        self.beneath = self._alive(at)
        best = max([claim, *self.beneath], key=lambda known: known.tier)
        self.beneath = [known for known in self.beneath if known is not best]
        return best

    def _alive(self, at: datetime) -> list[_Claim]:
        return [
            claim
            for claim in self.beneath
            if claim.until
            and claim.until > at
            and (self.group.on_refund != "immediately" or self._is_carried(claim, at))
        ]

    def _is_carried(self, claim: _Claim, at: datetime) -> bool:
        return self._carrying(claim, at) >= self.group.tiers[claim.tier].threshold

    def _carrying(self, claim: _Claim, at: datetime) -> int:
        """The points of the period that carried a claim, less what later periods returned on balance."""
        number = self.periods.holding(at)
        owed = sum(min(0, self.net[later]) for later in range(claim.basis + 1, number + 1))
        return max(self.net[claim.basis] + owed, self.net[number])

    def _renewed(self, place: int, at: datetime, *, end: datetime | None = None) -> _Claim:
        """A term that follows another's end; days of grace do not make it longer."""
        end = end or self.claim.until or at
        basis = self._basis(end)
        if not place:
            return self._lowest(basis)
        if self.group.keep == "following_period":
            until = self.periods.start(basis + 2)
        else:
            until = self._lasting(day_of(end, self.zone), self.group.tier_months, self.group.extension)
        return _Claim(tier=place, until=max(until, after(day_of(at, self.zone), self.zone)), basis=basis)

    def _lowest(self, basis: int) -> _Claim:
        return _Claim(tier=0, until=None, basis=basis)

    # points and dates -------------------------------------------------------------------------------

    def _carries(self, points: int) -> bool:
        return points >= self.group.tiers[self.claim.tier].threshold

    def _assessed(self, at: datetime) -> int:
        return self._best_of(self._basis(self.claim.until or at), at)

    def _best_of(self, basis: int, at: datetime) -> int:
        return _best_tail(self.kept_by, basis, self.periods.holding(at))

    def _basis(self, end: datetime) -> int:
        return self.periods.holding(end - _INSTANT)

    def _granted(self, at: datetime) -> datetime:
        """The end of a tier reached now: the day itself is the first of its term."""
        group, day = self.group, day_of(at, self.zone)
        if group.keep == "following_period":
            following = self.periods.start(self.periods.number(day) + 2)
            return max(following, self._lasting(day, group.tenure_months, "reset"))
        return self._lasting(day, max(1, group.tier_months, group.tenure_months), group.extension)

    def _lasting(self, day: date, months: int, extension: str) -> datetime:
        """The first instant after so many months from a day on, and after the extension of the last of them."""
        last = add_months(day, months) - timedelta(days=1)
        if extension == "reset":
            return self.periods.start(self.periods.number(last) + 1)
        if extension == "anniversary":
            return self.anniversaries.start(self.anniversaries.number(last) + 1)
        return after(end_of_period(last, "month" if extension == "month" else "none"), self.zone)

    # noting -----------------------------------------------------------------------------------------

    def _due(self) -> datetime | None:
        ends = [self.claim.due, self.floor.until if self.floor else None]
        return min((end for end in ends if end is not None), default=None)

    def _floor_place(self) -> int:
        return self._place(self.floor.tier) if self.floor else -1

    def _place(self, tier_id: str) -> int:
        return next(place for place, tier in enumerate(self.group.tiers) if tier.id == tier_id)

    def _take(self, claim: _Claim, at: datetime, why: str) -> None:
        """Hold a claim from now on; nobody sees it while a tier set by hand is as high or higher."""
        highest = max(self.claim.tier, claim.tier)
        self.claim = claim
        if highest > self._floor_place():
            self._note(at, why)

    def _note(self, at: datetime, why: str) -> None:
        floor, number = self._floor_place(), self.periods.holding(at)
        by_floor = self.floor is not None and floor >= self.claim.tier
        self.steps.append(
            Step(
                at=at,
                tier=self.group.tiers[floor if by_floor else self.claim.tier].id,
                why=why,
                until=self.floor.until if self.floor and by_floor else self.claim.due,
                qualifying=self.net[number],
                before_reset=self.net[number - 1],
            )
        )
