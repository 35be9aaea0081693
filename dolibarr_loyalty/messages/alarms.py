"""Alarms in words, for staff: what was seen in Dolibarr, what was booked for it, and what a person does now."""

from collections.abc import Mapping
from decimal import Decimal

from dolibarr_loyalty.core.alarms import AMOUNTS, AlarmKind
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.marking import N_
from dolibarr_loyalty.messages.screens import AgendaEvent

LABELS: Mapping[AlarmKind, str] = {
    "voucher_moved": N_("Please check: a voucher was moved to another invoice"),
    "voucher_foreign_customer": N_("Please check: a voucher on another customer's invoice"),
    "credit_note_deleted": N_("Please check: a voucher's credit note was deleted"),
    "credit_reopened": N_("Please check: a voucher's credit note was reopened"),
    "credit_revived": N_("Please check: credit of a voucher that has ended"),
    "hand_made_credit": N_("Please check: a document that looks like a voucher's"),
    "money_doubled": N_("Please check: a voucher's credit was doubled"),
    "refunded_after_use": N_("Please check: an invoice paid by voucher was credited"),
    "gift_card_refunded_used": N_("Please check: a used gift card was refunded"),
    "gift_card_with_vat": N_("Please check: a gift card was sold with VAT"),
    "gift_card_paid_by_voucher": N_("Please check: a gift card was paid with a voucher"),
    "gift_card_odd": N_("Please check: a gift card could not be issued"),
    "gift_card_return_unclear": N_("Please check: a gift card came back"),
    "gift_card_unpaid": N_("Please check: a sale of gift cards is no longer paid"),
    "cash_out": N_("Please check: a voucher's credit note was paid out"),
}
SENTENCES: Mapping[AlarmKind, str] = {
    "voucher_moved": N_(
        "In Dolibarr the credit of voucher …%(voucher)s (%(amount)s) was moved from invoice %(from_invoice)s to "
        "invoice %(invoice)s. It counts as used there; %(from_invoice)s is open again by that amount."
    ),
    "voucher_foreign_customer": N_(
        "Voucher …%(voucher)s paid %(amount)s on invoice %(invoice)s, which belongs to another customer: "
        "%(customer)s. It counts as used there."
    ),
    "credit_note_deleted": N_(
        "Credit note %(document)s of voucher …%(voucher)s was deleted in Dolibarr, and its credit of %(amount)s "
        "with it. An invoice it had paid is open again. The voucher cannot be used any more: cancel it, then give "
        "a new one."
    ),
    "credit_reopened": N_(
        "Credit note %(document)s of voucher …%(voucher)s was set back to draft, while its credit of %(amount)s "
        "can still be used. Validate it again in Dolibarr."
    ),
    "credit_revived": N_(
        "Voucher …%(voucher)s has ended, and yet %(amount)s of its credit %(document)s can be used in Dolibarr or "
        "was used there: its counter invoice or the invoice it had paid was deleted or unlinked. Consume that "
        "credit, or leave it to the customer."
    ),
    "hand_made_credit": N_(
        "Document %(document)s (%(amount)s) bears the name of a voucher and is no part of one: it was made by hand, or "
        "the voucher was used in Dolibarr while it was being cancelled. Cancel it in Dolibarr, or take that name off "
        "it."
    ),
    "money_doubled": N_(
        "The credits of %(document)s of voucher …%(voucher)s come to %(amount)s in Dolibarr, it was made for "
        "%(expected)s: a used credit was split, which makes money twice. The voucher keeps its worth; "
        "consume what is too much in Dolibarr."
    ),
    "refunded_after_use": N_(
        "Voucher …%(voucher)s had paid %(amount)s on invoice %(invoice)s, which was then credited by "
        "%(document)s. What the customer gets back by it is for a person to decide."
    ),
    "gift_card_refunded_used": N_(
        "The sale %(invoice)s of gift card …%(voucher)s was credited by %(document)s, after %(amount)s of the "
        "card had been used. The rest was cancelled; what was used is missing."
    ),
    "gift_card_with_vat": N_(
        "%(document)s sold gift card %(product)s with VAT. A gift card for goods of several rates is sold without: "
        "its VAT is due when it is used. The card was issued all the same; set the product to 0 %% and ask your "
        "accountant about this sale."
    ),
    "gift_card_paid_by_voucher": N_(
        "%(amount)s of %(document)s, which sells gift cards, was paid with a voucher or gift card. That is not "
        "allowed."
    ),
    "gift_card_odd": N_(
        "%(document)s sells gift card %(product)s in a way no card can be made of (quantity %(quantity)s, or a "
        "price of nothing, or beside other things on a deposit). No card was issued for it. Correct the sale in "
        "Dolibarr."
    ),
    "gift_card_return_unclear": N_(
        "%(document)s gives back %(amount)s for gift card %(product)s, but no card that was sold for so much stands "
        "behind it. No card was cancelled: find the card and cancel it by hand."
    ),
    "gift_card_unpaid": N_(
        "%(document)s sold gift cards and is no longer paid. The cards can still be used. Have it paid again, or "
        "cancel them."
    ),
    "cash_out": N_(
        "%(amount)s of credit note %(document)s of voucher …%(voucher)s was paid out in money, though its credit "
        "can be used as well: the money exists twice."
    ),
}


def alarm(words: Words, kind: AlarmKind, facts: Mapping[str, str]) -> AgendaEvent:
    """An alarm as it stands in the customer's agenda: what it is called, and what happened."""
    return AgendaEvent(label=words.gettext(LABELS[kind]), note=sentence(words, kind, facts))


def sentence(words: Words, kind: AlarmKind, facts: Mapping[str, str]) -> str:
    """What happened, in a sentence or two."""
    return words.gettext(SENTENCES[kind], **{name: _told(words, facts, name) for name in facts})


def _told(words: Words, facts: Mapping[str, str], name: str) -> str:
    return words.money(Decimal(facts[name]), facts["currency"]) if name in AMOUNTS else facts[name]
