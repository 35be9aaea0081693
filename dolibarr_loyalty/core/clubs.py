"""Paid clubs: a product in Dolibarr whose paid invoice opens or renews a member's club period (E22)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.terms import Names


@dataclass(frozen=True, kw_only=True)
class Club:
    """A paid club. Each unit of one of `products` on a paid invoice adds `months`, after what is left.

    `trial_days` may be begun once per member, free; after the end the club goes on for `grace_days`.
    `refund` 'prorata' pays back the days that are left when a member leaves early, 'none' nothing.
    Club-only rates are earning rules whose `who.clubs` names it; `benefits` are ids of benefits.
    `reminder_days` before the end the member is asked to renew (0: not at all).
    """

    id: str
    products: tuple[str, ...]
    months: int = 12
    names: Names = ()
    trial_days: int = 0
    grace_days: int = 0
    refund: Literal["prorata", "none"] = "prorata"
    benefits: tuple[str, ...] = ()
    tag: str = ""
    reminder_days: int = 30


@dataclass(frozen=True, kw_only=True)
class ClubAct:
    """What a person did about a club at an instant: began the 'trial', or a 'cancel' before the end."""

    at: datetime
    what: Literal["trial", "cancel"]


@dataclass(frozen=True, kw_only=True)
class Span:
    """A time in a club: `since` <= now < `until`; from `grace_from` on it is the grace after the end."""

    since: datetime
    grace_from: datetime
    until: datetime
    is_trial: bool = False


def spans(
    club: Club,
    bought: Sequence[tuple[datetime, int]],
    *,
    acts: Sequence[ClubAct] = (),
    zone: ZoneInfo,
) -> tuple[Span, ...]:
    """When a member is in a club, in order of time, spans that touch being one.

    `bought` are the units of the club's product: bought at an instant, or (below zero) given back at one.
    A pure function of its arguments, in whatever order they are given.
    """
    raise NotImplementedError


def is_in(found: Sequence[Span], at: datetime) -> bool:
    """A member is in the club at an instant, grace included."""
    return any(span.since <= at < span.until for span in found)
