"""Why an activity or a referral earned nothing, and how a referral stands, in words that address nobody."""

from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.marking import N_

REFUSALS = {
    "not_a_member": N_("The customer was not a member."),
    "before_start": N_("It was before the program started."),
    "closed": N_("It was outside the time in which it counts."),
    "no_evidence": N_("The evidence is missing."),
    "limit": N_("It was granted as often as it may be in this period."),
    "who:tags": N_("It is for a certain group of customers."),
    "who:without_tags": N_("A certain group of customers is excluded."),
    "who:tiers": N_("It is for certain tiers."),
    "who:clubs": N_("It is for the members of a club."),
    "who:segments": N_("It is for a certain segment of customers."),
    "who:countries": N_("It is for certain countries."),
    "who:customer_types": N_("It is for another type of customer."),
    "who:first_purchase": N_("It is for those who have not bought yet."),
    "who:inactive_days": N_("It is for a return after a longer absence."),
    "same_person": N_("Referrer and friend are the same person."),
    "customer_already": N_("The friend was a customer before."),
    "referred_before": N_("Somebody else had recommended us to the friend before."),
    "referrer_not_a_member": N_("The referrer was not a member."),
    "most_per_year": N_("The referrer has had the most referrals of a year."),
    "purchase_came_back": N_("The friend's purchase was returned."),
}

REFERRAL_STATES = {
    "open": N_("waiting for the first purchase"),
    "rewarded": N_("rewarded"),
    "undone": N_("undone"),
    "refused": N_("refused"),
    "expired": N_("expired"),
}


def refusal_of(why: str, words: Words) -> str:
    """A refusal, as it was stored, in a sentence; one of a later version as it is."""
    return words.gettext(REFUSALS[why]) if why in REFUSALS else why


def referral_state(state: str, words: Words) -> str:
    """What the state of a referral is called: waiting for the first purchase, rewarded."""
    return words.gettext(REFERRAL_STATES[state]) if state in REFERRAL_STATES else state
