"""The names of things: kinds of entries, states of vouchers, what a voucher is worth."""

from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.facts import Worth
from dolibarr_loyalty.messages.marking import N_

ENTRY_KINDS = {
    "accrual": N_("Earned"),
    "redemption": N_("Redemption"),
    "expiry": N_("Expiry"),
    "forfeiture": N_("Forfeiture"),
    "reversal": N_("Reversal"),
    "adjustment": N_("Adjustment"),
    "transfer": N_("Transfer"),
}

VOUCHER_STATES = {
    "pending": N_("being prepared"),
    "active": N_("valid"),
    "reserved": N_("reserved"),
    "using": N_("being redeemed"),
    "partly_used": N_("partly used"),
    "used": N_("used"),
    "cancelling": N_("being cancelled"),
    "cancelled": N_("cancelled"),
    "expiring": N_("expiring"),
    "expired": N_("expired"),
    "replacing": N_("being replaced"),
    "replaced": N_("replaced"),
    "refused": N_("refused"),
}


def entry_kind(kind: str, words: Words) -> str:
    """What an entry of the ledger is called: Points earned, Redemption, Expiry."""
    return words.gettext(ENTRY_KINDS[kind]) if kind in ENTRY_KINDS else kind


def voucher_state(state: str, words: Words) -> str:
    """What the state of a voucher is called: valid, partly used, expired."""
    return words.gettext(VOUCHER_STATES[state]) if state in VOUCHER_STATES else state


def worth(value: Worth, words: Words) -> str:
    """What a voucher is worth, in one phrase: €10.00, 10% off (at most €20.00), Coffee for free."""
    short = worth_in_short(value, words)
    limit = worth_limit(value, words)
    return words.gettext("%(worth)s (%(limit)s)", worth=short, limit=limit) if limit else short


def worth_in_short(value: Worth, words: Words) -> str:
    """The same without the limit, for large print."""
    if value.kind == "amount":
        return words.money(value.value, value.currency)
    if value.kind == "percent":
        return words.gettext("%(percent)s off", percent=words.percent(value.value))
    return words.gettext("%(product)s for free", product=value.product)


def worth_limit(value: Worth, words: Words) -> str:
    """The most a voucher takes off, or empty: at most €20.00."""
    if value.limit is None or value.kind == "amount":
        return ""
    return words.gettext("at most %(amount)s", amount=words.money(value.limit, value.currency))
