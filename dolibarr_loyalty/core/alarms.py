"""What a person must look at: kinds of alarms, and the facts each of them tells."""

from collections.abc import Iterable, Mapping
from typing import Literal

AlarmKind = Literal[
    "voucher_moved",
    "voucher_foreign_customer",
    "credit_note_deleted",
    "credit_reopened",
    "credit_revived",
    "hand_made_credit",
    "money_doubled",
    "refunded_after_use",
    "gift_card_refunded_used",
    "gift_card_with_vat",
    "gift_card_paid_by_voucher",
    "gift_card_odd",
    "gift_card_return_unclear",
    "gift_card_unpaid",
    "cash_out",
]

# What each must tell beside the voucher; `document`, `invoice` and the like are numbers as Dolibarr shows them,
# `amount` and `expected` amounts in the voucher's currency.
FACTS: Mapping[AlarmKind, frozenset[str]] = {
    "voucher_moved": frozenset({"from_invoice", "invoice", "amount"}),
    "voucher_foreign_customer": frozenset({"invoice", "customer", "amount"}),
    "credit_note_deleted": frozenset({"document", "amount"}),
    "credit_reopened": frozenset({"document", "amount"}),
    "credit_revived": frozenset({"document", "amount"}),
    "hand_made_credit": frozenset({"document", "amount"}),
    "money_doubled": frozenset({"document", "expected", "amount"}),
    "refunded_after_use": frozenset({"invoice", "document", "amount"}),
    "gift_card_refunded_used": frozenset({"invoice", "document", "amount"}),
    "gift_card_with_vat": frozenset({"document", "product"}),
    "gift_card_paid_by_voucher": frozenset({"document", "amount"}),
    "gift_card_odd": frozenset({"document", "product", "quantity"}),
    "gift_card_return_unclear": frozenset({"document", "product", "amount"}),
    "gift_card_unpaid": frozenset({"document"}),
    "cash_out": frozenset({"document", "amount"}),
}
AMOUNTS = frozenset({"amount", "expected"})


def untold(kind: AlarmKind, facts: Iterable[str]) -> frozenset[str]:
    """The facts that an alarm of this kind lacks."""
    return FACTS[kind] - frozenset(facts)
