"""Tiers as the program defines them, and what happens to a member in them: values only."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from dolibarr_loyalty.core.terms import QUALIFYING, Match, Names, name_in


@dataclass(frozen=True, kw_only=True)
class Tier:
    """One level: reached with `threshold` qualifying points (the lowest has 0).

    `earn_factor` multiplies what purchases earn while a member stands here (E13); `benefits` are ids of
    benefits; `tag` is a customer tag in Dolibarr, given and taken with the tier.
    """

    id: str
    threshold: int
    names: Names = ()
    earn_factor: Decimal = Decimal(1)
    benefits: tuple[str, ...] = ()
    tag: str = ""

    def name(self, locale: str) -> str:
        """The tier's name in a language, else its id."""
        return name_in(self.names, locale, self.id)


@dataclass(frozen=True, kw_only=True)
class TierGroup:
    """Levels of one kind, ascending by threshold; tier ids are unique over all groups.

    Qualifying points: 'spend' one for each full `per` of the basis of the matching lines, 'points' those that
    earning rules marked as qualifying give (before tier rates; of a wallet where no rule gives points), 'visits'
    one per purchase. They count from
    zero in every qualification period of `period_months`: `model` 'fixed' begins it on `starts` (month, day)
    of the calendar, 'anniversary' on the day the member joined. Points of the period before are kept on
    record as the balance before the reset.

    An upgrade comes at once. A tier is kept for `tier_months` from the upgrade, at least `tenure_months`, and
    then extended by `extension` to the end of the month, to the reset of the qualifying points, or to the
    member's anniversary (T6); `keep` 'following_period' instead keeps it to the end of the qualification
    period after the one in which it was reached (T13). At that end the tier is assessed: kept if the
    qualifying points of the period that ends (or of the one before, when it has just been reset) reach it,
    else lowered by 'one_step' or to the 'matching' tier, after `grace_days`. `warning_days` before, the
    member hears how many points are missing.

    What is earned in the days of grace counts for the assessment too and keeps the tier at once.

    `on_refund`: goods that came back lower qualifying points at once, those for the next tier always. The
    tier they no longer carry goes at the 'next_assessment', 'immediately', or never on their account: with
    'never' it is also assessed without them, as if nothing had come back, while points taken off
    by hand do count.
    """

    id: str
    tiers: tuple[Tier, ...]
    names: Names = ()
    qualify_by: Literal["spend", "points", "visits"] = "spend"
    per: Decimal = Decimal(1)
    match: Match = field(default_factory=Match)
    model: Literal["fixed", "anniversary"] = "fixed"
    starts: tuple[int, int] = (1, 1)
    period_months: int = 12
    tier_months: int = 12
    tenure_months: int = 0
    extension: Literal["none", "month", "reset", "anniversary"] = "none"
    keep: Literal["tier_period", "following_period"] = "tier_period"
    downgrade: Literal["one_step", "matching"] = "matching"
    grace_days: int = 0
    warning_days: int = 30
    on_refund: Literal["next_assessment", "immediately", "never"] = "next_assessment"

    @property
    def unit(self) -> str:
        """The unit of this group's qualifying points."""
        return f"{QUALIFYING}{self.id}"

    def name(self, locale: str) -> str:
        """The group's name in a language, else its id."""
        return name_in(self.names, locale, self.id)

    def tier(self, tier_id: str) -> Tier | None:
        return next((tier for tier in self.tiers if tier.id == tier_id), None)


@dataclass(frozen=True, kw_only=True)
class Move:
    """Qualifying points gained or (below zero) lost at an instant; `is_return` where goods came back."""

    at: datetime
    points: int
    is_return: bool = False


@dataclass(frozen=True, kw_only=True)
class ManualTier:
    """A tier set by a person from an instant on, with a reason (T14); the later act replaces the earlier.

    Without `until` it is held to its next assessment, like a tier just reached. With `until`, a higher tier is
    one below which the member does not stand before that end, while the points go their own way beneath; a
    lower one is held until then, unless points reach more anew. An empty `tier` takes back what was set.
    """

    at: datetime
    tier: str
    until: datetime | None
    reason: str
    who: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A tier begins to be held at `at`, or is confirmed there; `until` is its next assessment (None: never).

    `qualifying` are the points of the qualification period at that instant, `before_reset` those of the
    period before. `why`: 'start', 'upgrade', 'downgrade', 'kept', 'grace' (the term is over, the points do
    not reach the tier, and `until` is the end of the days of grace), 'refund', 'manual', 'manual_end'.
    """

    at: datetime
    tier: str
    why: str
    until: datetime | None
    qualifying: int = 0
    before_reset: int = 0
