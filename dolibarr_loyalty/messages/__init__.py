"""Everything people read: (facts, brand, locale) to mails and vouchers, reasons and names in words.

`compose` makes a mail, `voucher_pdf` the page to print, `explain` puts a stored reason into a sentence.
Nothing here sends, stores or decides.
"""

from dolibarr_loyalty.messages.brand import Brand
from dolibarr_loyalty.messages.facts import (
    Goal,
    MailKind,
    MemberFacts,
    PointsExpiringFacts,
    RewardNearFacts,
    VoucherExpiringFacts,
    VoucherFacts,
    WelcomeFacts,
    Worth,
)
from dolibarr_loyalty.messages.mail import compose, message_id
from dolibarr_loyalty.messages.names import entry_kind, voucher_state, worth
from dolibarr_loyalty.messages.pdf import voucher_pdf
from dolibarr_loyalty.messages.reasons import explain
from dolibarr_loyalty.messages.screens import next_reward, voucher_filename

__all__ = [
    "Brand",
    "Goal",
    "MailKind",
    "MemberFacts",
    "PointsExpiringFacts",
    "RewardNearFacts",
    "VoucherExpiringFacts",
    "VoucherFacts",
    "WelcomeFacts",
    "Worth",
    "compose",
    "entry_kind",
    "explain",
    "message_id",
    "next_reward",
    "voucher_filename",
    "voucher_pdf",
    "voucher_state",
    "worth",
]
