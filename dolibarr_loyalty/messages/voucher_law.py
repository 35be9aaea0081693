"""What law says of vouchers in plain words: reasons of a proposal, terms that may not hold, their sources."""

from collections.abc import Iterable

from dolibarr_loyalty.core.law_sources import Rule
from dolibarr_loyalty.core.validity_law import Doubt, Term
from dolibarr_loyalty.core.voucher_law import Reason
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.marking import N_

KINDS = {
    "loyalty": N_("Vouchers that members get for points or as a gift"),
    "promotional": N_("Promotional vouchers, printed or sent to anybody"),
    "sold": N_("Gift cards that are sold"),
}

WAYS = {
    "payment": N_("a credit note at issue at 0 %% VAT, a means of payment"),
    "credit_note": N_("a credit note at issue with VAT, a rebate on past purchases"),
    "discount": N_("nothing at issue, a price reduction on the invoice it is used on"),
    "deposit": N_("the credit of a deposit invoice"),
    "liability": N_("the card's own product line on a liability account, until a use takes it off"),
}

PURPOSES = {
    "outside": N_("outside the rules for single- and multi-purpose vouchers"),
    "single": N_("single-purpose voucher: VAT at its sale"),
    "multi": N_("multi-purpose voucher: VAT at its use"),
    "open": N_("not decided here"),
}

RULES = {
    "eu_scope": N_(
        "A voucher in the sense of the directive must be taken in payment, in whole or in part, and names the goods or "
        "those who supply them. It is a single-purpose voucher when place and VAT of what it buys are known at issue; "
        "every other is a multi-purpose voucher."
    ),
    "eu_free_outside": N_(
        "What only lowers a price, and what is only a means of payment, is outside these rules."
    ),
    "eu_single": N_(
        "Of a single-purpose voucher VAT is due at its sale; using it later is no supply of its own."
    ),
    "eu_multi": N_(
        "Of a multi-purpose voucher no VAT is due at its sale; it is due on the goods when the voucher is used."
    ),
    "eu_multi_base": N_(
        "What is taxed at its use is what was paid for it, or its face value where that is unknown, less the VAT in it."
    ),
    "eu_multi_unused": N_(
        "A multi-purpose voucher that is never used was no supply, so no VAT is due on it."
    ),
    "de_free": N_(
        "In Germany an instrument that only gives a reduction is no voucher in this sense. One handed out with a "
        "purchase for the next purchase lowers the taxable base of the sale on which it is used."
    ),
    "de_sold": N_("German law has the same two kinds of sold vouchers."),
    "de_cash": N_(
        "What can be turned back into cash at any time is a means of payment in Germany, no voucher. Do not pay cards "
        "out, except where a sale is undone."
    ),
    "de_sold_time": N_(
        "In Germany a sold gift card can be used up to the end of the third year after the year of its sale; a shorter "
        "time in standard terms without good reason does not hold (10 months were struck down)."
    ),
    "de_free_time": N_(
        "In Germany a voucher that was given free may be limited in time; say its last day when it is given."
    ),
    "de_points_time": N_(
        "The German Federal Court of Justice struck down 20 months for award miles. It was about a flight programme; "
        "that it holds for shops is an inference."
    ),
    "de_points_quiet": N_(
        "The German Federal Court of Justice struck down the deletion of award miles for want of activity. It was "
        "about a flight programme; that it holds for shops is an inference."
    ),
    "fr_free": N_(
        "In France a “bon” in this sense is one that is paid for; free ones follow the rules of gifts and discounts."
    ),
    "fr_sold": N_("In France a BUU is taxed at its issue, a BUM at its use."),
    "fr_time": N_("For France no minimum validity in law was found. The validity must be told clearly."),
    "at_open": N_("What Austrian law adds to the directive was not looked at."),
    "be_open": N_("What Belgian law adds to the directive was not looked at."),
    "at_time": N_("How long a gift card must last in Austria was not looked at."),
    "be_time": N_("In Belgium the validity is what was agreed."),
    "ch_open": N_(
        "The directive does not hold in Switzerland. How the Swiss VAT act treats vouchers was not established here."
    ),
    "ch_time": N_(
        "In Switzerland a gift card without a date lasts ten years; a shorter time may be agreed if it is stated."
    ),
    "eu_open": N_("What the law of this country adds to the directive was not looked at."),
    "other_open": N_("This country is not in the European Union. What holds there was not looked at."),
    "other_time": N_("No rule of law is behind this term; it is a careful choice."),
    "no_country": N_("The country of the shop is not set: write country under [program]."),
}

STEPS = {
    "one_rate": N_("You sold at one VAT rate only (with its share of your sales): %(rates)s."),
    "several_rates": N_("You sold at several VAT rates (with their shares of your sales): %(rates)s."),
    "rate_of_nothing": N_(
        "0 %% is counted as a rate of its own. If it stands for deposits, fees or exports only, tell your accountant."
    ),
    "no_sales": N_("No sale has been seen yet, so the VAT rates of the shop are not known."),
    "nobody_to_credit": N_(
        "It belongs to nobody when it is issued, so no credit note can be made for it; it lowers the price when it is "
        "used."
    ),
    "falls_at_use": N_(
        "So revenue and VAT fall on the invoice it is used on, at the rates of the goods: way “discount”."
    ),
    "others_compared": N_(
        "“credit_note” lowers them at issue already, perhaps in an earlier period than law has it. “payment” never "
        "lowers the VAT, so you pay VAT on what you gave away."
    ),
    "never_too_little": N_(
        "“payment” leaves the VAT of the goods as it is, so it never pays too little VAT."
    ),
    "sold_is_owed": N_("A sold card is owed until it is used, so it stands as a liability."),
    "single_if_at_home": N_(
        "This holds if the card can only be used in shops of one country, for goods at this rate."
    ),
    "single_how": N_(
        "Give the card's product in Dolibarr the VAT rate %(rate)s %%. Each use takes the card's line off with the "
        "same VAT, and the goods bring theirs: it is paid once."
    ),
    "multi_how": N_("Give the card's product in Dolibarr the VAT rate 0 and a liability account."),
    "deposit_compared": N_(
        "“deposit” does the same by a deposit invoice, whose credit is its buyer's; it does not suit cards for whoever "
        "shows them."
    ),
}

DOUBTS = {
    "points": N_("Points end after %(months)s months, before 36 months."),
    "quiet": N_("All points of members end when they have been quiet for %(months)s months."),
    "free": N_("Vouchers end after %(months)s months, before 36 months."),
    "sold": N_(
        "Gift cards end after %(months)s months, before the end of the third year after the year of their sale."
    ),
}

_NOT_VERIFIED = N_("Not verified, ask your accountant: %(statement)s")
_WITH_SOURCE = N_("%(statement)s (Source: %(source)s)")


def told(reason: Reason, words: Words) -> str:
    """A step of the reasoning as a sentence; what no source was read for says so."""
    if reason.rule is not None:
        return rule_told(reason.rule, words)
    return words.gettext(STEPS[reason.code], **dict(reason.facts))


def rule_told(rule: Rule, words: Words) -> str:
    """A rule of law as a sentence."""
    statement = words.gettext(RULES[rule.id])
    return statement if rule.is_verified else words.gettext(_NOT_VERIFIED, statement=statement)


def with_source(rule: Rule, words: Words) -> str:
    """A rule of law as a sentence with its source behind it."""
    statement = rule_told(rule, words)
    if not rule.sources:
        return statement
    return words.gettext(_WITH_SOURCE, statement=statement, source=sources_told([rule]))


def sources_told(rules: Iterable[Rule]) -> str:
    """The sources of some rules as lawyers call them, each once."""
    titles = (source.title for rule in rules for source in rule.sources)
    return "; ".join(dict.fromkeys(titles))


def doubt_told(doubt: Doubt, words: Words) -> tuple[str, str]:
    """A term that may not hold, as a problem and what speaks against it, with the source."""
    problem = words.gettext(DOUBTS[doubt.kind], months=str(doubt.months))
    return problem, with_source(doubt.rule, words)


def term_told(term: Term, words: Words) -> str:
    """What speaks for a proposed term."""
    return with_source(term.rule, words)
