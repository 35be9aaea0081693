"""Every reason the core can give has words in every language."""

import re

import pytest

from dolibarr_loyalty.core import reasons as core_reasons
from dolibarr_loyalty.locales import LANGUAGES, words
from dolibarr_loyalty.messages import explain
from dolibarr_loyalty.messages.reasons import CODES

NBSP = "\N{NO-BREAK SPACE}"

# An example of every code, and of every variant that has its own sentence.
EXAMPLES = [
    {"code": "basis", "amount": "120", "mode": "gross"},
    {"code": "basis", "amount": "100.84", "mode": "net"},
    *(
        {"code": "excluded", "label": "Wine", "amount": "12.5", "why": why}
        for why in ("product", "tag", "type", "discounted", "gift_card")
    ),
    {"code": "credit_note", "ref": "AV2611-0001", "amount": "20"},
    {"code": "voucher_part", "amount": "10", "percent": "8.33"},
    {"code": "paid_part", "paid": "60", "due": "120", "percent": "50"},
    {"code": "rule_amount", "rule": "base", "amount": "120", "points": "1", "per": "10", "result": "12"},
    {"code": "rule_unit", "rule": "coffee", "quantity": "2", "points": "1", "result": "2"},
    {"code": "rule_visit", "rule": "visit", "result": "5"},
    {"code": "rule_multiply", "rule": "happy", "factor": "2", "result": "12"},
    {"code": "rule_visit", "rule": "coffee", "result": "1", "unit": "stamps:coffee"},
    {"code": "rule_tier", "tier": "gold", "factor": "1.5", "result": "60"},
    {"code": "below_minimum", "rule": "big", "minimum": "50", "amount": "32.5"},
    *(
        {"code": "not_for", "rule": "vip", "why": why}
        for why in (
            "tags",
            "without_tags",
            "tiers",
            "clubs",
            "segments",
            "countries",
            "customer_types",
            "first_purchase",
            "inactive_days",
        )
    ),
    *(
        {
            "code": "cumulative",
            "rule": "big",
            "of": of,
            "measured": "120",
            "threshold": "100",
            "result": "50",
        }
        for of in ("amount", "purchases", "units")
    ),
    *(
        {"code": "cumulative_missing", "rule": "big", "of": of, "missing": "80"}
        for of in ("amount", "purchases", "units")
    ),
    {"code": "displaced", "rule": "base", "by": "vip"},
    *(
        {"code": "capped", "cap": cap, "period": period, "limit": 100, "cut": 20}
        for cap in ("program", "base")
        for period in ("document", "day", "month", "year", "ever")
    ),
    *(
        {"code": "rounded", "exact": "12.34", "points": 12, "mode": mode}
        for mode in ("down", "half_up", "up")
    ),
    *({"code": "not_final", "state": state} for state in ("draft", "abandoned", "replaced", "deleted")),
    *({"code": "not_paid", "earn_on": earn_on} for earn_on in ("paid", "each_payment", "validated")),
    {"code": "bad_debt", "close_code": "badcustomer"},
    {"code": "early_payment", "paid": "98", "due": "100", "percent": "98"},
    {"code": "deposit"},
    {"code": "own_document"},
    {"code": "excluded_channel", "channel": "shop"},
    {"code": "not_a_member"},
    {"code": "before_start", "starts_on": "2026-01-01"},
    {"code": "standalone", "ref": "AV1", "amount": "20"},
    {"code": "standalone", "ref": "AV1", "amount": "0"},
    {"code": "held_until", "until": "2026-12-05"},
    {"code": "expires", "on": "2029-12-31"},
    {"code": "expired_at_grant", "on": "2020-12-31"},
    {"code": "max_balance", "limit": 1000, "cut": 5},
    {"code": "program_budget", "limit": 1000, "cut": 5},
    {"code": "budget", "rule": "summer", "limit": 1000, "cut": 5},
    {"code": "unmerged", "from": 7, "to": 9, "who": "anna"},
    {"code": "debt_paid", "points": 5},
    {"code": "debt_made", "points": 5},
    {"code": "goodwill", "points": 5},
    {"code": "charge_proposed", "points": 5, "amount": "0.05"},
    {"code": "expiry_undone", "points": 5},
    {"code": "transferred", "from": 7, "to": 8, "text": "a birthday present", "who": "anna"},
    {"code": "transferred", "from": 7, "to": 8, "text": "", "who": "anna"},
    {"code": "pooled", "from": 7, "to": 8, "reward": "coffee"},
    {"code": "qualifying_reset", "on": "2026-12-31"},
    {"code": "reinstated", "points": 5, "until": "2026-12-31T23:00:00.000000Z"},
    {"code": "reinstated", "points": 5, "until": ""},
    {"code": "redeemed", "reward": "Coffee", "points": 100},
    *({"code": "returned", "why": f"voucher_{why}"} for why in ("cancelled", "refused", "expired")),
    *({"code": "expired", "on": "2026-12-31", "model": model} for model in ("fixed", "activity")),
    {"code": "donated", "charity": "trees", "points": 50},
    {"code": "returned", "why": "donation_taken_back"},
    {"code": "returned", "why": "reservation_over"},
    {"code": "imported", "source": "paper cards"},
    {"code": "adjusted", "text": "Sorry for the wait, 100% our fault"},
    {"code": "merged", "from": "12", "to": "34"},
    {"code": "benefit", "benefit": "welcome-gift", "points": 60},
    {"code": "activity", "kind": "review", "source": "trustpilot"},
    {"code": "activity_withdrawn", "kind": "review", "text": "The review was taken out"},
    {"code": "welcome"},
    {"code": "birthday", "on": "2026-05-17"},
    {"code": "anniversary", "years": 1},
    {"code": "anniversary", "years": 3},
    *({"code": "referral", "role": role, "other": "34"} for role in ("referrer", "friend")),
    *({"code": "referral_undone", "role": role, "other": "34"} for role in ("referrer", "friend")),
    {"code": "before", "held": 7},
]


def _codes_of_the_core() -> set[str]:
    """The first column of the table in the module's docstring."""
    rows = re.split(r"^=+ +=+$", core_reasons.__doc__ or "", flags=re.MULTILINE)[1]
    return set(re.findall(r"^([a-z_]+)\b", rows, flags=re.MULTILINE))


def test_no_code_of_the_core_is_without_words_and_no_words_without_code():
    assert _codes_of_the_core() == CODES
    assert {example["code"] for example in EXAMPLES} == CODES


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize(
    "reason", EXAMPLES, ids=lambda reason: "-".join(str(f) for f in reason.values())[:40]
)
def test_every_reason_is_a_sentence_that_names_its_facts(reason, locale):
    sentence = explain(reason, words(locale))
    assert not sentence.startswith(f"{reason['code']} (")
    assert sentence[0].isupper() or sentence[0].isdigit() or sentence[0] == "€"
    assert sentence[-1] in ".t"
    assert "%(" not in sentence
    for name in ("label", "ref", "rule", "by", "channel", "reward", "text"):
        assert str(reason.get(name, "")) in sentence
    if locale != "en":
        assert sentence != explain(reason, words("en")) or reason["code"] == "adjusted"


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        (
            {
                "code": "rule_amount",
                "rule": "base",
                "amount": "120.5",
                "points": "1",
                "per": "10",
                "result": "12.05",
            },
            f"Regel „base“: 120,50{NBSP}€ ergeben 12,05{NBSP}Punkte (1{NBSP}Punkt je 10,00{NBSP}€).",
        ),
        (
            {"code": "reinstated", "points": 5, "until": "2026-12-31T23:00:00.000000Z"},
            f"Nach dem Verfall zurückgekommen: 5{NBSP}Punkte, einlösbar bis zum 31. Dezember 2026.",
        ),
        (
            {"code": "below_minimum", "rule": "big", "minimum": "50", "amount": "32.5"},
            "Regel „big“ greift erst ab 50, hier sind es 32,5.",
        ),
        (
            {"code": "cumulative_missing", "rule": "big", "of": "amount", "missing": "80"},
            f"Regel „big“: Im Zeitraum fehlen noch 80,00{NBSP}€.",
        ),
    ],
    ids=[
        "amounts and points",
        "the last usable day of an instant",
        "a minimum without a unit",
        "what is missing",
    ],
)
def test_facts_are_written_as_people_write_them(reason, sentence):
    assert explain(reason, words("de")) == sentence


def test_what_a_rule_gives_is_told_in_its_unit():
    reason = {"code": "rule_visit", "rule": "coffee", "result": "1", "unit": "stamps:coffee"}
    told = explain(reason, words("de")).replace(NBSP, " ")
    assert told == "Regel „coffee“: Der Besuch ergibt 1 Stempel."


def test_amounts_are_in_the_currency_of_the_shop():
    reason = {"code": "credit_note", "ref": "AV1", "amount": "20"}
    assert (
        explain(reason, words("en", currency="CHF"))
        == "Credit note AV1 takes off CHF\N{NO-BREAK SPACE}20.00."
    )


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ({"code": "of_tomorrow", "points": 5}, "of_tomorrow (points: 5)"),
        ({"code": "of_tomorrow"}, "of_tomorrow"),
        ({"code": "credit_note"}, "credit_note"),
        ({"code": "capped", "cap": "program", "period": "week"}, "capped (cap: program, period: week)"),
        ({"code": "debt_made", "points": "many"}, "debt_made (points: many)"),
    ],
)
def test_what_a_later_version_stored_is_shown_rather_than_hidden(reason, shown):
    assert explain(reason, words("de")) == shown
