"""What members lose by: for every setting of a program, when a new value is worse for them than the old one."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import date, time
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.core.eligibility import Who
from dolibarr_loyalty.core.terms import Expiry, Match, Window

Scale = Callable[[Any, Any], bool]


def lower(old: Any, new: Any) -> bool:
    """Less is worse."""
    return bool(new < old)


def higher(old: Any, new: Any) -> bool:
    """More is worse; None asks for nothing."""
    return bool(new is not None and (old is None or new > old) and new != 0)


def less_allowed(old: Any, new: Any) -> bool:
    """A lower limit is worse; None is no limit."""
    return bool(new is not None and (old is None or new < old))


def unless(best: object) -> Scale:
    """Anything but the best is worse than what may have been it; None leaves it to other terms."""

    def is_worse(old: object, new: object) -> bool:
        return new != best and (old is None or old == best)

    return is_worse


def later(old: Any, new: Any) -> bool:
    """A later day is worse; None is at once."""
    return bool(new is not None and (old is None or new > old))


def sooner_over(old: Any, new: Any) -> bool:
    """A shorter time is worse; 0 is without end."""
    return bool(new and (not old or new < old))


def ranked(*worst_to_best: str) -> Scale:
    """Further to the front is worse; an unknown word cannot be judged and counts as worse."""

    def is_worse(old: str, new: str) -> bool:
        known = old in worst_to_best and new in worst_to_best
        return not known or worst_to_best.index(new) < worst_to_best.index(old)

    return is_worse


def lost(old: Sequence[Any], new: Sequence[Any]) -> bool:
    """Something is missing that was there."""
    return any(each not in new for each in old)


def gained(old: Sequence[Any], new: Sequence[Any]) -> bool:
    """Something came in, where being in it is bad."""
    return lost(new, old)


def narrower(old: Sequence[Any], new: Sequence[Any]) -> bool:
    """A list that was empty meant everything; now it holds less."""
    return bool(new) and (not old or lost(old, new))


def changed(old: Any, new: Any) -> bool:
    """Any other value may be worse."""
    return True


def harmless(old: Any, new: Any) -> bool:
    """No value is worse for members than another."""
    return False


def switched_on(old: bool, new: bool) -> bool:
    """Having it is worse."""
    return new and not old


def switched_off(old: bool, new: bool) -> bool:
    """Not having it is worse."""
    return old and not new


def matches_less(old: Match, new: Match) -> bool:
    """Lines that counted no longer do."""
    return any(narrower(getattr(old, each.name), getattr(new, each.name)) for each in fields(Match))


def for_fewer(old: Who, new: Who) -> bool:
    """Members for whom it was are left out."""
    lists = ("tags", "tiers", "clubs", "segments", "countries", "customer_types")
    return (
        any(narrower(getattr(old, name), getattr(new, name)) for name in lists)
        or gained(old.without_tags, new.without_tags)
        or switched_on(old.first_purchase, new.first_purchase)
        or higher(old.inactive_days, new.inactive_days)
    )


def open_less(old: Window, new: Window) -> bool:
    """Times at which it held are left out."""
    return (
        (new.from_day or date.min) > (old.from_day or date.min)
        or (new.until_day or date.max) < (old.until_day or date.max)
        or narrower(old.weekdays, new.weekdays)
        or _clock_is_narrower(old, new)
    )


def _clock_is_narrower(old: Window, new: Window) -> bool:
    if (old.from_time, old.until_time) == (new.from_time, new.until_time):
        return False
    if new.from_time is None and new.until_time is None:
        return False
    over_midnight = any(
        each.from_time and each.until_time and each.until_time <= each.from_time for each in (old, new)
    )
    return (
        over_midnight
        or (new.from_time or time.min) > (old.from_time or time.min)
        or (new.until_time or time.max) < (old.until_time or time.max)
    )


def lasts_less(old: Expiry, new: Expiry) -> bool:
    """Points end sooner than they did; counted by the earning against counted by quiet cannot be judged."""
    if new.model == "none":
        return False
    if old.model != new.model:
        return True
    return _days(new) < _days(old)


def _days(expiry: Expiry) -> Decimal:
    return expiry.months * Decimal("30.4375") + expiry.days


SCALES: dict[str, dict[str, Scale]] = {
    "program": {
        "currency": changed,
        "earn_on": ranked("paid", "each_payment", "validated"),
        "basis": ranked("net", "gross"),
        "rounding": ranked("down", "half_up", "up"),
        "multipliers": ranked("max", "surplus", "product"),
        "max_balance": less_allowed,
        "program_cap": less_allowed,
        "early_payment_discount": ranked("none", "paid_share", "full"),
        "standalone_credit_notes": ranked("reverse", "ignore"),
        "vouchers_earn": switched_off,
        "holding_days": higher,
        "on_shortage": ranked("invoice", "debt", "clamp"),
        "reinstatement_days": lower,
        "starts_on": higher,
        "backfill": switched_off,
        "point_value": lower,
        "welcome_points": lower,
    },
    "rule": {
        "kind": changed,
        "match": matches_less,
        "window": open_less,
        "minimum_amount": higher,
        "minimum_quantity": higher,
        "combinable": switched_off,
        "unit": changed,
        "exclusive": switched_on,
        "qualifying": switched_off,
        "who": for_fewer,
        "threshold": higher,
        "threshold_of": changed,
        "period": changed,
        "repeats": switched_off,
        "budget": less_allowed,
        "budget_in_part": switched_off,
    },
    "cap": {"points": less_allowed},
    "exclusions": {
        "match": gained,
        "discounted_lines": switched_on,
        "gift_cards": gained,
        "channels": gained,
    },
    "reward": {
        "kind": changed,
        "points": higher,
        "value": lower,
        "limit": less_allowed,
        "product": changed,
        "valid_months": changed,
        "per_member": less_allowed,
        "unit": changed,
        "who": for_fewer,
        "uses": unless("several"),
        "bearer": unless(True),
        "minimum_purchase": higher,
        "excluded": gained,
        "valid_from": later,
        "valid_until": less_allowed,
        "usable_after_days": higher,
    },
    "gift_card": {
        "products": lost,
        "valid_months": sooner_over,
        "round_up": ranked("none", "month", "quarter", "half_year", "year"),
        "uses": ranked("single", "several"),
        "bearer": switched_off,
    },
    "vouchers": {
        "valid_months": sooner_over,
        "round_up": ranked("none", "month", "quarter", "half_year", "year"),
        "return_points_on_expiry": switched_off,
        "uses": ranked("single", "several"),
        "bearer": switched_off,
        "write_off_below": higher,
        "reserve_minutes": lower,
    },
    "members": {"enrol": ranked("tag", "everyone"), "tag": changed, "excluded_tags": gained},
    "expiry": {
        "round_up": ranked("none", "month", "quarter", "half_year", "year"),
        "counted_from": ranked("earned", "available"),
    },
    "wallet": {
        "rounding": ranked("down", "half_up", "up"),
        "holding_days": higher,
        "value": lower,
        "transferable": switched_off,
    },
    "card": {"size": higher, "reward": changed},
    "tier_group": {
        "qualify_by": changed,
        "per": higher,
        "match": matches_less,
        "model": changed,
        "starts": changed,
        "period_months": lower,
        "tier_months": lower,
        "tenure_months": lower,
        "extension": changed,
        "keep": ranked("tier_period", "following_period"),
        "downgrade": ranked("matching", "one_step"),
        "grace_days": lower,
        "on_refund": ranked("immediately", "next_assessment", "never"),
    },
    "tier": {"threshold": higher, "earn_factor": lower, "benefits": lost},
    "benefit": {
        "kind": changed,
        "uses": less_allowed,
        "period": ranked("ever", "year", "month"),
        "percent": lower,
        "days": lower,
        "reward": changed,
        "points": lower,
        "valid_days": sooner_over,
    },
    "club": {
        "products": lost,
        "months": lower,
        "trial_days": lower,
        "grace_days": lower,
        "refund": ranked("none", "prorata"),
        "benefits": lost,
    },
    "charity": {
        "point_value": lower,
        "match_percent": lower,
        "match_limit": less_allowed,
        "minimum_points": higher,
    },
    "activity": {
        "points": lower,
        "unit": changed,
        "most": less_allowed,
        "period": ranked("ever", "year", "month", "day"),
        "needs_evidence": switched_on,
        "qualifying": switched_off,
        "who": for_fewer,
        "window": open_less,
    },
    "birthday": {"points": lower, "reward": changed, "minimum_days": higher, "catch_up_days": lower},
    "anniversary": {
        "points": lower,
        "reward": changed,
        "times_years": switched_off,
        "catch_up_days": lower,
    },
    "referral": {
        "referrer_points": lower,
        "friend_points": lower,
        "minimum_amount": higher,
        "most_per_year": less_allowed,
        "valid_days": lower,
    },
    "segment": {
        "minimum_purchases": higher,
        "maximum_purchases": less_allowed,
        "minimum_spend": higher,
        "maximum_spend": less_allowed,
        "minimum_quiet_days": higher,
        "maximum_quiet_days": less_allowed,
    },
    "pooling": {"kind": changed, "spenders": ranked("head", "anyone"), "most_members": lower},
}


def is_worse(kind: str, setting: str, old: Any, new: Any) -> bool:
    """The new value of a setting is worse for members; one that is not in the table is worse for nobody."""
    return SCALES.get(kind, {}).get(setting, harmless)(old, new)
