"""Where a member stands in a tier group now, and what is missing: to the next tier, and to keep this one (T12)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.periods import Periods
from dolibarr_loyalty.core.tiers import (
    ManualTier,
    Move,
    Step,
    Tier,
    TierGroup,
    assessed_from,
    assessed_points,
    qualification_periods,
    timeline,
)


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """A member's tier and what comes next, as far as today's points tell.

    `since` is when the tier began, however often it was confirmed; `until` is its next assessment (None:
    never), or the end of the days of grace when `in_grace`. `qualifying` points count from `period_begins` to
    `period_ends`; `to_next` are missing to `next` (None: it is the highest) and `progress` is how much of its
    threshold is reached, in whole percent. At the assessment of the term that ends at `assessed_at` points
    from `counts_from` on are looked at: `to_keep` are missing then, and `projected` is the tier it would give
    if nothing more were bought.
    """

    group: TierGroup
    tier: Tier
    since: datetime
    why: str
    until: datetime | None
    in_grace: bool
    by_hand: bool
    qualifying: int
    before_reset: int
    period_begins: datetime
    period_ends: datetime
    next: Tier | None
    to_next: int
    progress: int
    assessed_at: datetime | None
    counts_from: datetime | None
    to_keep: int
    projected: Tier


def outlook(
    group: TierGroup,
    steps: Sequence[Step],
    moves: Sequence[Move],
    now: datetime,
    *,
    joined_at: datetime,
    zone: ZoneInfo,
    manual: Sequence[ManualTier] = (),
    foresees: bool = True,
) -> Outlook | None:
    """What a member's steps up to now come to; None for one who stands nowhere yet.

    Without `foresees` the projected tier is not worked out, for who looks at members by the hundred thousand.
    """
    past = [step for step in steps if step.at <= now]
    if not past:
        return None
    known = [move for move in moves if move.at <= now]
    last, tier = past[-1], _tier(group, past[-1])
    periods = qualification_periods(group, joined_at=joined_at, zone=zone)
    number = periods.holding(now)
    qualifying = _sum(known, periods, number)
    above = next((each for each in group.tiers if each.threshold > tier.threshold), None)
    end = last.at if last.why == "grace" else last.until
    to_keep, projected = 0, tier
    if end is not None and last.until is not None:
        looked_at = assessed_points(group, known, end=end, now=last.until, joined_at=joined_at, zone=zone)
        to_keep = max(0, tier.threshold - looked_at)
    if last.until is not None and foresees:
        decided = last.until + timedelta(days=group.grace_days + 1)
        foreseen = timeline(group, known, joined_at=joined_at, until=decided, zone=zone, manual=manual)
        verdicts = (step for step in foreseen[len(past) :] if step.why != "grace")
        projected = _tier(group, next(verdicts, last))
    return Outlook(
        group=group,
        tier=tier,
        since=_since(past),
        why=last.why,
        until=last.until,
        in_grace=last.why == "grace",
        by_hand=last.why == "manual",
        qualifying=qualifying,
        before_reset=_sum(known, periods, number - 1),
        period_begins=periods.start(number),
        period_ends=periods.start(number + 1),
        next=above,
        to_next=max(0, above.threshold - qualifying) if above else 0,
        progress=max(0, min(100, 100 * qualifying // above.threshold)) if above else 100,
        assessed_at=end,
        counts_from=assessed_from(group, end, joined_at=joined_at, zone=zone) if end else None,
        to_keep=to_keep,
        projected=projected,
    )


def _tier(group: TierGroup, step: Step) -> Tier:
    return next(tier for tier in group.tiers if tier.id == step.tier)


def _sum(moves: Sequence[Move], periods: Periods, number: int) -> int:
    begins, ends = periods.start(number), periods.start(number + 1)
    return sum(move.points for move in moves if begins <= move.at < ends)


def _since(steps: Sequence[Step]) -> datetime:
    """When the tier of the last step began without a break."""
    since = steps[-1]
    for step in reversed(steps):
        if step.tier != since.tier:
            break
        since = step
    return since.at
