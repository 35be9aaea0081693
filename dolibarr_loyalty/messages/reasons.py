"""The reasons of `core.reasons` in words, for members' pages and staff alike; they address nobody.

Each code has one function or one sentence here. Facts that are missing, or a code of a later version, are
shown as they were stored rather than hidden.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from dolibarr_loyalty.core.times import parse
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.marking import N_

Facts = Mapping[str, str | int]


def explain(reason: Facts, words: Words) -> str:
    """One stored reason as a sentence in the reader's language."""
    code = str(reason.get("code", ""))
    words = words.counting(str(reason["unit"])) if "unit" in reason else words
    try:
        if code in _VARIANTS:
            return _VARIANTS[code](reason, words)
        return words.gettext(SENTENCES[code], **_told(reason, words))
    except (KeyError, InvalidOperation, ValueError):
        stored = ", ".join(f"{name}: {fact}" for name, fact in reason.items() if name != "code")
        return f"{code} ({stored})" if stored else code


SENTENCES = {
    "credit_note": N_("Credit note %(ref)s takes off %(amount)s."),
    "voucher_part": N_("%(amount)s (%(percent)s) was paid with a voucher and does not earn."),
    "paid_part": N_("%(paid)s of %(due)s has been paid: %(percent)s earns."),
    "rule_amount": N_("Rule “%(rule)s”: %(amount)s gives %(result)s (%(points)s per %(per)s)."),
    "rule_unit": N_("Rule “%(rule)s”: quantity %(quantity)s gives %(result)s (%(points)s each)."),
    "rule_visit": N_("Rule “%(rule)s”: the visit gives %(result)s."),
    "rule_multiply": N_("Rule “%(rule)s”: times %(factor)s, that is %(result)s more."),
    "rule_tier": N_("Tier “%(tier)s”: times %(factor)s, that is %(result)s more."),
    "below_minimum": N_("Rule “%(rule)s” does not apply: it starts at %(minimum)s, here it is %(amount)s."),
    "displaced": N_("Rule “%(rule)s” gives way to rule “%(by)s”, with which it cannot be combined."),
    "bad_debt": N_("The invoice was closed without being paid in full and earns nothing."),
    "early_payment": N_("Early payment discount: %(paid)s of %(due)s was paid, and that earns."),
    "deposit": N_("A deposit earns nothing; the final invoice does."),
    "own_document": N_("This document belongs to the loyalty program itself and earns nothing."),
    "excluded_channel": N_("Sales through “%(channel)s” do not earn."),
    "not_a_member": N_("The customer was not a member."),
    "before_start": N_("The sale was before the program started on %(starts_on)s."),
    "held_until": N_("Available from %(until)s."),
    "expires": N_("Usable until %(on)s."),
    "expired_at_grant": N_("Late: usable only until %(on)s, so expired at once."),
    "max_balance": N_("The balance may be %(limit)s at most; not credited: %(cut)s."),
    "budget": N_("Promotion “%(rule)s” gives %(limit)s in all at most; not credited: %(cut)s."),
    "program_budget": N_("The program gives %(limit)s at most; not credited: %(cut)s."),
    "debt_paid": N_("Used to settle what was owed: %(points)s."),
    "debt_made": N_("The balance did not suffice; now owed: %(points)s."),
    "goodwill": N_("The balance did not suffice; waived as a goodwill gesture: %(points)s."),
    "charge_proposed": N_("The balance did not suffice by %(points)s; proposed charge: %(amount)s."),
    "expiry_undone": N_("Offset against points of the same purchase that had expired: %(points)s."),
    "redeemed": N_("Redeemed for “%(reward)s”: %(points)s."),
    "adjusted": N_("By hand: %(text)s"),
    "donated": N_("Given to “%(charity)s”: %(points)s."),
    "imported": N_("Brought along from before: %(source)s."),
    "activity": N_("For the activity “%(kind)s” (source: %(source)s)."),
    "activity_withdrawn": N_("The activity “%(kind)s” no longer counts: %(text)s"),
    "welcome": N_("A gift to welcome a new member."),
    "birthday": N_("A gift for the birthday on %(on)s."),
    "merged": N_("Taken over from customer %(from)s, who was merged into customer %(to)s."),
    "unmerged": N_("A merge was undone by %(who)s: from customer %(from)s to customer %(to)s."),
    "pooled": N_("Put together in the pool for “%(reward)s”: from customer %(from)s to customer %(to)s."),
    "qualifying_reset": N_("The qualification period ended on %(on)s; counting begins anew."),
    "benefit": N_("A gift with “%(benefit)s”: %(points)s."),
    "before": N_("Already held: %(held)s. This entry is the difference."),
}

BASIS = {
    "gross": N_("Amount that earns, with VAT: %(amount)s."),
    "net": N_("Amount that earns, without VAT: %(amount)s."),
}
EXCLUDED = {
    "product": N_("Does not earn: “%(label)s” (%(amount)s), the product is excluded."),
    "tag": N_("Does not earn: “%(label)s” (%(amount)s), its tag is excluded."),
    "type": N_("Does not earn: “%(label)s” (%(amount)s), its type is excluded."),
    "discounted": N_("Does not earn: “%(label)s” (%(amount)s), it is discounted."),
    "gift_card": N_("Does not earn: “%(label)s” (%(amount)s), it is a gift card."),
}
CAPPED = {
    "document": N_("At most %(limit)s per document; not credited: %(cut)s."),
    "day": N_("At most %(limit)s per day; not credited: %(cut)s."),
    "month": N_("At most %(limit)s per month; not credited: %(cut)s."),
    "year": N_("At most %(limit)s per year; not credited: %(cut)s."),
    "ever": N_("At most %(limit)s in all; not credited: %(cut)s."),
}
CAPPED_RULE = {
    "document": N_("Rule “%(cap)s”: at most %(limit)s per document; not credited: %(cut)s."),
    "day": N_("Rule “%(cap)s”: at most %(limit)s per day; not credited: %(cut)s."),
    "month": N_("Rule “%(cap)s”: at most %(limit)s per month; not credited: %(cut)s."),
    "year": N_("Rule “%(cap)s”: at most %(limit)s per year; not credited: %(cut)s."),
    "ever": N_("Rule “%(cap)s”: at most %(limit)s in all; not credited: %(cut)s."),
}
ROUNDED = {
    "down": N_("%(exact)s, rounded down: %(points)s."),
    "half_up": N_("%(exact)s, rounded: %(points)s."),
    "up": N_("%(exact)s, rounded up: %(points)s."),
}
NOT_FINAL = {
    "draft": N_("The document is a draft and earns nothing yet."),
    "abandoned": N_("The document was abandoned and earns nothing."),
    "replaced": N_("The document was replaced by another one and earns nothing."),
    "deleted": N_("The document was deleted and earns nothing."),
}
NOT_PAID = {
    "paid": N_("The invoice earns once it is paid in full."),
    "each_payment": N_("The invoice earns with each payment; none has been made yet."),
    "validated": N_("The invoice is not paid yet."),
}
RETURNED = {
    "voucher_cancelled": N_("Returned, because the voucher was cancelled."),
    "voucher_refused": N_("Returned, because the voucher could not be issued."),
    "voucher_expired": N_("Returned, because the voucher expired."),
    "donation_taken_back": N_("Returned, because the gift was taken back."),
    "reservation_over": N_("Returned, because the reservation ended."),
}
EXPIRED = {
    "fixed": N_("Expired; usable until %(on)s."),
    "activity": N_("Expired on %(on)s, because there was no activity for a long time."),
}
NOT_FOR = {
    "tags": N_("Promotion “%(rule)s” does not apply: it is for customers with a certain tag."),
    "without_tags": N_("Promotion “%(rule)s” does not apply: it is not for customers with a certain tag."),
    "tiers": N_("Promotion “%(rule)s” does not apply: it is for certain tiers."),
    "clubs": N_("Promotion “%(rule)s” does not apply: it is for the members of a club."),
    "segments": N_("Promotion “%(rule)s” does not apply: it is for a certain group of customers."),
    "countries": N_("Promotion “%(rule)s” does not apply: it is for certain countries."),
    "customer_types": N_("Promotion “%(rule)s” does not apply: it is for another type of customer."),
    "first_purchase": N_("Promotion “%(rule)s” does not apply: it is for the first purchase only."),
    "inactive_days": N_("Promotion “%(rule)s” does not apply: it is for a return after a longer absence."),
}
CUMULATIVE = {
    "amount": N_(
        "Rule “%(rule)s”: purchases of %(measured)s in the period (threshold %(threshold)s) give %(result)s."
    ),
    "purchases": N_(
        "Rule “%(rule)s”: purchases in the period: %(measured)s (threshold %(threshold)s); gives %(result)s."
    ),
    "units": N_(
        "Rule “%(rule)s”: quantity in the period: %(measured)s (threshold %(threshold)s); gives %(result)s."
    ),
}
CUMULATIVE_MISSING = {
    "amount": N_("Rule “%(rule)s”: still missing in the period: %(missing)s."),
    "purchases": N_("Rule “%(rule)s”: purchases still missing in the period: %(missing)s."),
    "units": N_("Rule “%(rule)s”: quantity still missing in the period: %(missing)s."),
}
STANDALONE = N_("Credit note %(ref)s belongs to no invoice and counts by itself: %(amount)s.")
STANDALONE_IGNORED = N_("Credit note %(ref)s belongs to no invoice and takes nothing back.")
TRANSFERRED = N_("From customer %(from)s to customer %(to)s.")
TRANSFERRED_WITH_REASON = N_("From customer %(from)s to customer %(to)s: %(text)s")
REFERRAL = {
    "referrer": N_("For recommending us to customer %(other)s, who has made a first purchase."),
    "friend": N_("For the first purchase after a recommendation by customer %(other)s."),
}
REFERRAL_UNDONE = {
    "referrer": N_("The recommendation to customer %(other)s no longer counts."),
    "friend": N_("The recommendation by customer %(other)s no longer counts."),
}
REINSTATED = N_("Came back after their expiry: %(points)s, usable until %(until)s.")
REINSTATED_WITHOUT_END = N_("Came back: %(points)s, usable without end.")


def _one_of(table: Mapping[str, str], fact: str) -> Callable[[Facts, Words], str]:
    return lambda reason, words: words.gettext(table[str(reason[fact])], **_told(reason, words))


def _capped(reason: Facts, words: Words) -> str:
    table = CAPPED if reason["cap"] == "program" else CAPPED_RULE
    return words.gettext(table[str(reason["period"])], **_told(reason, words))


def _standalone(reason: Facts, words: Words) -> str:
    message = STANDALONE if Decimal(reason["amount"]) else STANDALONE_IGNORED
    return words.gettext(message, **_told(reason, words))


def _reinstated(reason: Facts, words: Words) -> str:
    message = REINSTATED if reason["until"] else REINSTATED_WITHOUT_END
    return words.gettext(message, **_told(reason, words))


def _transferred(reason: Facts, words: Words) -> str:
    message = TRANSFERRED_WITH_REASON if reason["text"] else TRANSFERRED
    return words.gettext(message, **_told(reason, words))


def _anniversary(reason: Facts, words: Words) -> str:
    years = int(reason["years"])
    return words.ngettext(
        "A gift for %(years)s year of membership.",
        "A gift for %(years)s years of membership.",
        years,
        years=years,
    )


_VARIANTS: dict[str, Callable[[Facts, Words], str]] = {
    "basis": _one_of(BASIS, "mode"),
    "excluded": _one_of(EXCLUDED, "why"),
    "capped": _capped,
    "rounded": _one_of(ROUNDED, "mode"),
    "not_final": _one_of(NOT_FINAL, "state"),
    "not_paid": _one_of(NOT_PAID, "earn_on"),
    "returned": _one_of(RETURNED, "why"),
    "expired": _one_of(EXPIRED, "model"),
    "not_for": _one_of(NOT_FOR, "why"),
    "cumulative": _one_of(CUMULATIVE, "of"),
    "cumulative_missing": _one_of(CUMULATIVE_MISSING, "of"),
    "standalone": _standalone,
    "reinstated": _reinstated,
    "anniversary": _anniversary,
    "referral": _one_of(REFERRAL, "role"),
    "referral_undone": _one_of(REFERRAL_UNDONE, "role"),
    "transferred": _transferred,
}

CODES = frozenset(SENTENCES) | frozenset(_VARIANTS)

_MONEY = frozenset({"paid", "due", "per"})
_POINTS = frozenset({"points", "result", "limit", "cut", "exact", "held"})
_DAYS = frozenset({"until", "on", "starts_on"})
_NUMBERS = frozenset({"quantity", "factor", "minimum"})
_MEASURED = frozenset({"measured", "threshold", "missing"})


def _told(reason: Facts, words: Words) -> dict[str, str]:
    """The facts as people write them: what is money, points, a day or a number shows in its name."""
    return {name: _tell(name, str(fact), reason, words) for name, fact in reason.items()}


def _tell(name: str, fact: str, reason: Facts, words: Words) -> str:
    if name == "amount":
        # A minimum may be an amount or a quantity, which the stored reason does not tell.
        plain = reason.get("code") == "below_minimum"
        return words.number(Decimal(fact)) if plain else words.money(Decimal(fact))
    if name in _MONEY or (name in _MEASURED and reason.get("of") == "amount"):
        return words.money(Decimal(fact))
    if name in _POINTS:
        return words.points(Decimal(fact))
    if name in _NUMBERS or name in _MEASURED:
        return words.number(Decimal(fact))
    if name == "percent":
        return words.percent(Decimal(fact))
    if name in _DAYS and fact:
        return words.day(_day(fact))
    return fact


def _day(fact: str) -> date:
    """The day a fact names: ISO text, or an instant that is the first one after the last usable day."""
    if "T" not in fact:
        return date.fromisoformat(fact)
    return parse(fact) - timedelta(seconds=1)  # a datetime, which Words puts into the shop's zone
