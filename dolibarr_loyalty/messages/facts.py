"""The facts of each kind of mail and of the voucher: plain values, gathered when the mail leaves.

Names, codes and texts are as Dolibarr and the owner gave them: escaping is the business of the templates.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal

MailKind = Literal["welcome", "voucher", "reward_near", "points_expiring", "voucher_expiring"]


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
    """What every mail knows. `member_name` and the addresses of pages may be empty."""

    kind: ClassVar[MailKind]
    is_transactional: ClassVar[bool] = False

    member_name: str
    to_address: str
    program: str
    balance: int
    page_url: str = ""
    unsubscribe_url: str = ""


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

    `terms` is the owner's small print in the member's language, `vat_note` a sentence about VAT.
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
class PointsExpiringFacts(MemberFacts):
    """`expiring` points can be used to the end of `last_day`; the balance suffices for `rewards`."""

    kind: ClassVar[MailKind] = "points_expiring"

    expiring: int
    last_day: date
    rewards: tuple[Goal, ...] = ()
