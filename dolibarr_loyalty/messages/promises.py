"""The changes of a program (`core.promises`) in words: what changes, from what to what, and whom it concerns."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from dolibarr_loyalty.core.promises import Change, Whom
from dolibarr_loyalty.core.terms import QUALIFYING, name_in
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.marking import N_

Facts = Mapping[str, str | int]

THINGS = {
    "program": N_("Program"),
    "rule": N_("Rule “%(name)s”"),
    "cap": N_("Limit on points (%(name)s)"),
    "exclusions": N_("What never earns"),
    "reward": N_("Reward “%(name)s”"),
    "vouchers": N_("Vouchers"),
    "members": N_("Who is a member"),
    "wallet": N_("Wallet “%(name)s”"),
    "card": N_("Stamp card “%(name)s”"),
    "tier_group": N_("Tier group “%(name)s”"),
    "tier": N_("Tier “%(name)s”"),
    "benefit": N_("Benefit “%(name)s”"),
    "club": N_("Club “%(name)s”"),
    "charity": N_("Cause “%(name)s”"),
    "activity": N_("Activity “%(name)s”"),
    "birthday": N_("Birthday"),
    "anniversary": N_("Anniversary of membership"),
    "referral": N_("Referral"),
    "partner": N_("Partner “%(name)s”"),
    "segment": N_("Segment “%(name)s”"),
    "pooling": N_("Pooling"),
    "gift_card": N_("Gift card “%(name)s”"),
}

SENTENCES = {
    "added": N_("New: %(thing)s."),
    "removed": N_("No longer there: %(thing)s."),
    "renamed": N_("%(thing)s is now called “%(to)s”; nothing else changes in it."),
    "changed": N_("%(thing)s, setting %(setting)s: now %(new)s, before %(old)s."),
    "reward_price": N_("%(thing)s costs %(new)s, before %(old)s."),
    "reward_value": N_("%(thing)s is worth %(new)s, before %(old)s."),
    "tier_threshold": N_("%(thing)s is reached with %(new)s, before with %(old)s."),
    "tier_rate": N_("%(thing)s: purchases earn times %(new)s, before times %(old)s."),
    "benefit_lost": N_("%(thing)s no longer brings the benefit “%(benefit)s”."),
    "benefit_gained": N_("%(thing)s now brings the benefit “%(benefit)s”."),
    "card_size": N_("%(thing)s is full with %(new)s stamps, before with %(old)s."),
    "point_value": N_("A point is worth %(new)s, before %(old)s."),
    "welcome_points": N_("Joining gives %(new)s, before %(old)s."),
    "holding_days": N_("Points can be spent after so many days: %(new)s, before %(old)s."),
    "rate_amount": N_(
        "%(thing)s gives %(new_points)s per %(new_per)s, before %(old_points)s per %(old_per)s."
    ),
    "rate_unit": N_("%(thing)s gives %(new_points)s per unit, before %(old_points)s."),
    "rate_visit": N_("%(thing)s gives %(new_points)s per purchase, before %(old_points)s."),
    "rate_cumulative": N_("%(thing)s gives %(new_points)s each time it is reached, before %(old_points)s."),
    "rate_multiply": N_("%(thing)s multiplies points by %(new_factor)s, before by %(old_factor)s."),
    "lifetime": N_(
        "%(thing)s: points earned from now on last %(new)s, before %(old)s. Points earned already keep their own end."
    ),
    "lifetime_by_quiet": N_(
        "%(thing)s: points last %(new)s, before %(old)s. This holds for points earned already, too."
    ),
    "voucher_validity": N_(
        "Validity of vouchers issued from now on: %(new)s, before: %(old)s. Vouchers issued already keep their last "
        "day."
    ),
    "earning_ends": N_("After %(on)s purchases earn no points any more."),
}

WHOM = {
    "everyone": N_("everyone"),
    "some": N_("members with %(name)s"),
    "tier": N_("members of the tier “%(name)s”"),
    "tier_group": N_("members of the tier group “%(name)s”"),
    "club": N_("members of the club “%(name)s”"),
    "benefit": N_("members with the benefit “%(name)s”"),
    "segment": N_("members of the segment “%(name)s”"),
    "charity": N_("those who give to “%(name)s”"),
    "partner": N_("the partner “%(name)s”"),
    "wallet": N_("holders of “%(name)s”"),
    "card": N_("holders of the stamp card “%(name)s”"),
    "pooling": N_("members who spend together"),
}

_NOTHING = N_("nothing")
_WITHOUT_END = N_("without end")
_UNTIL_QUIET = N_("until there was no activity for %(time)s")
_ANSWERS = {"yes": N_("yes"), "no": N_("no")}


def in_words(change: Change, words: Words) -> str:
    """A change as a sentence in the reader's language."""
    thing = words.gettext(THINGS[str(change.facts["thing"])], name=_name(change, words))
    facts = _FACTS.get(change.code, _plainly)(change.facts, words)
    return words.gettext(SENTENCES[change.code], **{**facts, "thing": thing})


def whom_in_words(whom: Whom, words: Words) -> str:
    """Whom a change concerns."""
    return words.gettext(WHOM[whom.kind], name=name_in(whom.names, words.language, whom.id))


def _name(change: Change, words: Words) -> str:
    return name_in(change.names, words.language, str(change.facts["id"]))


def _plainly(facts: Facts, words: Words) -> dict[str, str]:
    """The facts as they are written in loyalty.toml; nothing where there is none."""
    return {name: _value(str(fact), words) for name, fact in facts.items()}


def _value(text: str, words: Words) -> str:
    if not text:
        return words.gettext(_NOTHING)
    return words.gettext(_ANSWERS[text]) if text in _ANSWERS else text


def _points(facts: Facts, words: Words) -> dict[str, str]:
    return {name: words.points(Decimal(facts[name])) for name in ("old", "new")}


def _prices(facts: Facts, words: Words) -> dict[str, str]:
    return {name: words.units(int(facts[name]), str(facts["unit"])) for name in ("old", "new")}


def _thresholds(facts: Facts, words: Words) -> dict[str, str]:
    return {name: words.units(int(facts[name]), QUALIFYING) for name in ("old", "new")}


def _numbers(facts: Facts, words: Words) -> dict[str, str]:
    return {name: words.number(Decimal(facts[name])) for name in ("old", "new")}


def _money(facts: Facts, words: Words) -> dict[str, str]:
    """Amounts, however small: a point may be worth half a cent."""
    return {name: f"{words.number(Decimal(facts[name]))} {words.currency}" for name in ("old", "new")}


def _rate(facts: Facts, words: Words) -> dict[str, str]:
    return {
        name: words.money(Decimal(facts[name]))
        if name.endswith("_per")
        else words.units(Decimal(facts[name]), str(facts["unit"]))
        if name.endswith("_points")
        else words.number(Decimal(facts[name]))
        for name in ("old_points", "new_points", "old_per", "new_per", "old_factor", "new_factor")
    }


def _lifetimes(facts: Facts, words: Words) -> dict[str, str]:
    return {
        side: _lifetime(str(facts[f"{side}_model"]), *_span_of(facts, side), words) for side in ("old", "new")
    }


def _span_of(facts: Facts, side: str) -> tuple[int, int]:
    return int(facts[f"{side}_months"]), int(facts[f"{side}_days"])


def _lifetime(model: str, months: int, days: int, words: Words) -> str:
    if model == "none":
        return words.gettext(_WITHOUT_END)
    time = _time(months, days, words)
    return words.gettext(_UNTIL_QUIET, time=time) if model == "activity" else time


def _time(months: int, days: int, words: Words) -> str:
    """A length of time: 36 months, 90 days."""
    parts = []
    if months or not days:
        number = words.number(months)
        parts.append(words.ngettext("%(number)s month", "%(number)s months", months, number=number))
    if days:
        parts.append(words.ngettext("%(number)s day", "%(number)s days", days, number=words.number(days)))
    return " + ".join(parts)


def _validities(facts: Facts, words: Words) -> dict[str, str]:
    def told(months: int) -> str:
        return _time(months, 0, words) if months else words.gettext(_WITHOUT_END)

    return {name: told(int(facts[name])) for name in ("old", "new")}


def _on(facts: Facts, words: Words) -> dict[str, str]:
    return {"on": words.day(date.fromisoformat(str(facts["on"])))}


_FACTS: dict[str, Callable[[Facts, Words], dict[str, str]]] = {
    "reward_price": _prices,
    "reward_value": _numbers,
    "tier_threshold": _thresholds,
    "tier_rate": _numbers,
    "card_size": _numbers,
    "point_value": _money,
    "welcome_points": _points,
    "holding_days": _numbers,
    "rate_amount": _rate,
    "rate_unit": _rate,
    "rate_visit": _rate,
    "rate_cumulative": _rate,
    "rate_multiply": _rate,
    "lifetime": _lifetimes,
    "lifetime_by_quiet": _lifetimes,
    "voucher_validity": _validities,
    "earning_ends": _on,
}
