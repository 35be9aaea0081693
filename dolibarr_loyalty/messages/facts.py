"""The facts of each kind of mail and of the voucher: plain values, gathered when the mail leaves.

Names, codes and texts are as Dolibarr and the owner gave them: escaping is the business of the templates.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal

MailKind = Literal[
    "welcome",
    "voucher",
    "gift_card",
    "reward_near",
    "points_expiring",
    "voucher_expiring",
    "club_welcome",
    "club_ending",
    "donation_statement",
    "birthday",
    "anniversary",
    "referral_rewarded",
    "tier_up",
    "tier_down",
    "tier_warning",
]


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What a voucher is worth: `value` is an amount in `currency`, or percent; `limit` the most it takes off.

    For a voucher used in part, `value` is what is left.
    """

    kind: Literal["amount", "percent", "product", "service"]
    value: Decimal = Decimal(0)
    currency: str = "EUR"
    limit: Decimal | None = None
    product: str = ""


@dataclass(frozen=True, kw_only=True)
class Goal:
    """A reward to look forward to: its name in the member's language, its price, what is still missing."""

    reward: str
    points: int
    missing: int = 0


@dataclass(frozen=True, kw_only=True)
class MemberFacts:
    """What every mail knows. `member_name` and the addresses of pages may be empty.

    `unit` is what `balance` and all other points of the mail are: the redeemable ones, stamps, a wallet's.
    """

    kind: ClassVar[MailKind]
    is_transactional: ClassVar[bool] = False

    member_name: str
    to_address: str
    program: str
    balance: int
    page_url: str = ""
    unsubscribe_url: str = ""
    unit: str = "points"


@dataclass(frozen=True, kw_only=True)
class WelcomeFacts(MemberFacts):
    """Somebody became a member; `bonus` points were given for it."""

    kind: ClassVar[MailKind] = "welcome"
    is_transactional: ClassVar[bool] = True

    bonus: int = 0
    goal: Goal | None = None


@dataclass(frozen=True, kw_only=True)
class VoucherFacts(MemberFacts):
    """A voucher was issued, for `points` or (0) as a gift. `valid_until` is its last usable day, if any.

    A gift card (`is_gift_card`) was bought; one that is a bearer's names nobody.
    `signed` is the text of its QR code, which holds the code and the shop's signature; empty for the code alone.
    `terms` is the owner's small print in the member's language, `vat_note` a sentence about VAT.
    `replaces` has the last signs of the lost voucher in whose place it stands.
    """

    kind: ClassVar[MailKind] = "voucher"
    is_transactional: ClassVar[bool] = True

    reward: str
    code: str
    worth: Worth
    issued_on: date
    valid_until: date | None = None
    points: int = 0
    terms: str = ""
    vat_note: str = ""
    signed: str = ""
    is_gift_card: bool = False
    is_bearer: bool = False
    replaces: str = ""

    @property
    def scanned(self) -> str:
        """What the QR code says."""
        return self.signed or self.code


@dataclass(frozen=True, kw_only=True)
class GiftCardFacts(VoucherFacts):
    """A gift card was bought; the mail goes to its buyer, who need not be a member. `reward` is the card's name."""

    kind: ClassVar[MailKind] = "gift_card"


@dataclass(frozen=True, kw_only=True)
class VoucherExpiringFacts(VoucherFacts):
    """A voucher that was not used ends soon; its worth is what is left of it. `valid_until` must be given."""

    kind: ClassVar[MailKind] = "voucher_expiring"
    is_transactional: ClassVar[bool] = False


@dataclass(frozen=True, kw_only=True)
class RewardNearFacts(MemberFacts):
    """A reward came within reach, or (`goal.missing` 0) has been reached."""

    kind: ClassVar[MailKind] = "reward_near"

    goal: Goal


@dataclass(frozen=True, kw_only=True)
class ClubWelcomeFacts(MemberFacts):
    """A paid club was opened or renewed, or its trial begun, to the end of `last_day`; `benefits` are their names."""

    kind: ClassVar[MailKind] = "club_welcome"
    is_transactional: ClassVar[bool] = True

    club: str
    last_day: date
    is_renewal: bool = False
    is_trial: bool = False
    benefits: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ClubEndingFacts(MemberFacts):
    """A paid club, or its trial, ends soon; `benefits` are the names of what ends with it."""

    kind: ClassVar[MailKind] = "club_ending"

    club: str
    last_day: date
    is_trial: bool = False
    benefits: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PointsExpiringFacts(MemberFacts):
    """`expiring` points can be used to the end of `last_day`; the balance suffices for `rewards`."""

    kind: ClassVar[MailKind] = "points_expiring"

    expiring: int
    last_day: date
    rewards: tuple[Goal, ...] = ()


@dataclass(frozen=True, kw_only=True)
class CauseGift:
    """What a member gave to one cause, by its name in the member's language, and what the shop added."""

    cause: str
    points: int
    amount: Decimal
    match: Decimal
    currency: str


@dataclass(frozen=True, kw_only=True)
class DonationStatementFacts(MemberFacts):
    """What a member gave to good causes in a year; there is at least one gift."""

    kind: ClassVar[MailKind] = "donation_statement"
    is_transactional: ClassVar[bool] = True

    year: int
    gifts: tuple[CauseGift, ...]

    @property
    def points_given(self) -> int:
        return sum(gift.points for gift in self.gifts)

    @property
    def totals(self) -> tuple[tuple[Decimal, str], ...]:
        """What all gifts and matches come to, per currency."""
        sums: dict[str, Decimal] = {}
        for gift in self.gifts:
            sums[gift.currency] = sums.get(gift.currency, Decimal(0)) + gift.amount + gift.match
        return tuple((total, currency) for currency, total in sums.items())


@dataclass(frozen=True, kw_only=True)
class BirthdayFacts(MemberFacts):
    """A member has a birthday: `points`, a `reward` given free, or both. `is_the_day`: the mail leaves on it."""

    kind: ClassVar[MailKind] = "birthday"
    is_transactional: ClassVar[bool] = True

    points: int = 0
    reward: str = ""
    is_the_day: bool = True


@dataclass(frozen=True, kw_only=True)
class AnniversaryFacts(MemberFacts):
    """A member has been one for so many full `years`: `points`, a `reward` given free, or both."""

    kind: ClassVar[MailKind] = "anniversary"
    is_transactional: ClassVar[bool] = True

    years: int
    points: int = 0
    reward: str = ""


@dataclass(frozen=True, kw_only=True)
class ReferralRewardedFacts(MemberFacts):
    """A recommendation came true: `points` for the one who made it or (`is_friend`) the one who followed it.

    Neither side is named to the other: who buys is nobody's business.
    """

    kind: ClassVar[MailKind] = "referral_rewarded"
    is_transactional: ClassVar[bool] = True

    points: int
    is_friend: bool = False


@dataclass(frozen=True, kw_only=True)
class TierFacts(MemberFacts):
    """A member's tier. Points are qualifying points, of the unit `qualifying`; `to_next` 0: nothing is above.

    `progress` is how much of the next threshold is reached, in percent; `benefits` are what the tier brings.
    """

    tier: str
    qualifying: str
    next_tier: str = ""
    to_next: int = 0
    progress: int = 0
    benefits: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TierUpFacts(TierFacts):
    """A member has reached a tier, kept to the end of `last_day` at least (None: without end)."""

    kind: ClassVar[MailKind] = "tier_up"
    is_transactional: ClassVar[bool] = True

    last_day: date | None = None


@dataclass(frozen=True, kw_only=True)
class TierDownFacts(TierFacts):
    """A member has fallen from the tier `lost`, because (`why`) of 'downgrade', 'refund' or 'manual_end'."""

    kind: ClassVar[MailKind] = "tier_down"
    is_transactional: ClassVar[bool] = True

    lost: str
    why: str = "downgrade"


@dataclass(frozen=True, kw_only=True)
class TierWarningFacts(TierFacts):
    """`missing` points by the end of `last_day` keep the tier; without them it becomes `projected`."""

    kind: ClassVar[MailKind] = "tier_warning"

    missing: int
    last_day: date
    projected: str
