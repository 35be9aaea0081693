"""Everything people read: (facts, brand, locale) to mails and vouchers, reasons and names in words.

`compose` makes a mail, `voucher_pdf` the page to print, `explain` puts a stored reason into a sentence.
Nothing here sends, stores or decides.
"""

from dolibarr_loyalty.messages.brand import Brand
from dolibarr_loyalty.messages.facts import (
    AnniversaryFacts,
    BirthdayFacts,
    CauseGift,
    ClubEndingFacts,
    ClubWelcomeFacts,
    DonationStatementFacts,
    GiftCardFacts,
    Goal,
    MailKind,
    MemberFacts,
    PointsExpiringFacts,
    ReferralRewardedFacts,
    RewardNearFacts,
    TierDownFacts,
    TierFacts,
    TierUpFacts,
    TierWarningFacts,
    VoucherExpiringFacts,
    VoucherFacts,
    WelcomeFacts,
    Worth,
)
from dolibarr_loyalty.messages.mail import compose, message_id
from dolibarr_loyalty.messages.names import entry_kind, voucher_state, worth
from dolibarr_loyalty.messages.pdf import voucher_pdf
from dolibarr_loyalty.messages.reasons import explain
from dolibarr_loyalty.messages.refusals import referral_state, refusal_of
from dolibarr_loyalty.messages.screens import next_reward, voucher_filename
from dolibarr_loyalty.messages.tiers import tier_progress, why_tier

__all__ = [
    "AnniversaryFacts",
    "BirthdayFacts",
    "Brand",
    "CauseGift",
    "ClubEndingFacts",
    "ClubWelcomeFacts",
    "DonationStatementFacts",
    "GiftCardFacts",
    "Goal",
    "MailKind",
    "MemberFacts",
    "PointsExpiringFacts",
    "ReferralRewardedFacts",
    "RewardNearFacts",
    "TierDownFacts",
    "TierFacts",
    "TierUpFacts",
    "TierWarningFacts",
    "VoucherExpiringFacts",
    "VoucherFacts",
    "WelcomeFacts",
    "Worth",
    "compose",
    "entry_kind",
    "explain",
    "message_id",
    "next_reward",
    "referral_state",
    "refusal_of",
    "tier_progress",
    "voucher_filename",
    "voucher_pdf",
    "voucher_state",
    "why_tier",
    "worth",
]
