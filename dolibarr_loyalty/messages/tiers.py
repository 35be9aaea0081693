"""Tiers in words: what became of a member and why, for the agenda, the command line and the member's page."""

from collections.abc import Mapping
from datetime import date

from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.marking import N_
from dolibarr_loyalty.messages.screens import AgendaEvent

WHY: Mapping[str, str] = {
    "start": N_("Everybody begins here."),
    "upgrade": N_("Reached with %(points)s."),
    "kept": N_("Confirmed: the points reach the tier again."),
    "grace": N_("The points do not reach the tier; the days of grace run."),
    "downgrade": N_("The points did not reach the tier before any more."),
    "refund": N_("Goods came back; what remains does not reach the tier before any more."),
    "manual": N_("Set by hand."),
    "manual_end": N_("The tier set by hand has ended."),
}


def why_tier(why: str, words: Words, *, points: str) -> str:
    """The reason of a step as a sentence; `points` are the qualifying points of the period, in words."""
    return words.gettext(WHY[why], points=points)


def tier_reached(words: Words, *, tier: str, why: str, points: str, last_day: date | None) -> AgendaEvent:
    """A member rose, or a person set a higher tier."""
    label = words.gettext("Tier reached: %(tier)s", tier=tier)
    return AgendaEvent(label=label, note=_note(words, why, points, last_day))


def tier_lost(words: Words, *, tier: str, why: str, points: str, last_day: date | None) -> AgendaEvent:
    """A member fell to a lower tier."""
    label = words.gettext("Tier lowered to: %(tier)s", tier=tier)
    return AgendaEvent(label=label, note=_note(words, why, points, last_day))


def tier_progress(words: Words, *, tier: str, to_next: str, following: str) -> str:
    """The text of a field: Silver; 40 qualifying points to Gold. Only the tier where it is the highest."""
    if not following:
        return tier
    return words.gettext("%(tier)s; %(points)s to %(next)s", tier=tier, points=to_next, next=following)


def _note(words: Words, why: str, points: str, last_day: date | None) -> str:
    told = why_tier(why, words, points=points)
    if last_day is None:
        return told
    return told + "\n" + words.gettext("Assessed again after %(day)s.", day=words.day(last_day))
