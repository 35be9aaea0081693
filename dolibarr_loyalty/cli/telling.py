"""Entries and vouchers as JSON and as table rows; a voucher's code is masked wherever it is listed."""

import json
from collections.abc import Sequence
from typing import Any

from dolibarr_loyalty.core.ledger import Entry, account_parts
from dolibarr_loyalty.core.vouchers import Voucher, masked
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages import Worth, explain, voucher_state, worth


def reasons_in_words(words: Words, stored: str) -> list[dict[str, Any]]:
    """Stored reasons with their facts, each with its sentence in the shop's language."""
    return [{**reason, "in_words": explain(reason, words)} for reason in json.loads(stored)]


def entry_row(words: Words, entry: Entry) -> dict[str, Any]:
    """An entry for scripts, its reasons told in the unit of its account."""
    unit = account_parts(entry.account_id)[1]
    words = words.counting(unit)
    return {
        "seq": entry.seq,
        "unit": unit,
        "kind": str(entry.kind),
        "points": entry.points,
        "balance_after": entry.balance_after,
        "debt_after": entry.debt_after,
        "occurred_at": entry.occurred_at,
        "booked_at": entry.booked_at,
        "cause": str(entry.cause),
        "key": entry.key,
        "reasons": reasons_in_words(words, entry.reasons),
    }


def a_voucher(voucher: Voucher) -> dict[str, Any]:
    """A voucher for scripts, without its code."""
    return {
        "id": voucher.id,
        "code": masked(voucher.last_four),
        "thirdparty_id": voucher.thirdparty_id,
        "reward": voucher.reward_id,
        "kind": voucher.kind,
        "state": str(voucher.state),
        "points": voucher.points,
        "value": voucher.value,
        "remaining": voucher.remaining,
        "currency": voucher.currency,
        "issued_at": voucher.issued_at,
        "valid_until": voucher.valid_until,
        "credit_note_id": voucher.credit_note_id,
        "credit_note": voucher.credit_note_ref or None,
        "invoice_id": voucher.invoice_id,
    }


def value_of(words: Words, voucher: Voucher) -> str:
    """What a voucher is worth, in one phrase."""
    if voucher.has_amount or voucher.credit_note_id is not None:
        return words.money(voucher.value, voucher.currency)
    kind: Any = voucher.kind
    product = voucher.product or voucher.reward_id
    return worth(
        Worth(kind=kind, value=voucher.rate, currency=voucher.currency, limit=voucher.limit, product=product),
        words,
    )


def voucher_row(words: Words, voucher: Voucher) -> Sequence[object]:
    """A voucher in a table: code masked, reward, state, value, what is left, last day."""
    has_amount = voucher.has_amount or voucher.credit_note_id is not None
    return (
        masked(voucher.last_four),
        voucher.reward_id,
        voucher_state(str(voucher.state), words),
        value_of(words, voucher),
        words.money(voucher.remaining, voucher.currency) if has_amount else "",
        words.day(voucher.valid_until) if voucher.valid_until else "without end",
    )
