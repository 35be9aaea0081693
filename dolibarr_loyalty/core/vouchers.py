"""Vouchers: their codes, their states and what they are worth; money moves only in the flows.

A voucher of kind 'amount' is a credit from the moment it is issued, unless its accounting way makes its
documents only when it is used. The others (percent, product, service) always get theirs when they are used,
because only then is their amount known.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.program import Program, Reward
from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.scanning import signs_of
from dolibarr_loyalty.core.times import add_months, day_of, end_of_period

# 29 signs, a prime, so that the weighted check sign finds every single wrong sign and every two swapped
# neighbours. No 0/O, 1/I/L, U/V or 2/Z to mistake for one another.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXY"
RANDOM_SIGNS = 17  # 17 signs of 29 are 82.6 random bits
GROUP = 6
CODE_SIGNS = RANDOM_SIGNS + 1
SIGNS_OF_SIGNED = CODE_SIGNS + 130  # a code with what the shop signed of it (core.signed_codes)


# How a voucher stands in the books (features 2.5); the README's chapter for accountants tells each with figures.
Accounting = Literal["payment", "credit_note", "discount", "deposit", "liability"]
Source = Literal["reward", "gift", "sold", "printed", "imported"]


class VoucherState(StrEnum):
    """pending: points reserved, not yet a credit note. active: usable. using: being put on an invoice.

    reserved: held for a cart or a till. cancelling, expiring and replacing: being voided in Dolibarr.
    refused: Dolibarr would not take it, points are back.
    """

    PENDING = "pending"
    ACTIVE = "active"
    RESERVED = "reserved"
    USING = "using"
    PARTLY_USED = "partly_used"
    USED = "used"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    REPLACING = "replacing"
    REPLACED = "replaced"
    REFUSED = "refused"


CREDIT_AT_ISSUE = frozenset({"payment", "credit_note", "deposit"})

# From each state, where it may go. Anything else is a fault of ours and is refused by the store.
_USABLE = frozenset({VoucherState.ACTIVE, VoucherState.PARTLY_USED})
_VOIDED = frozenset({VoucherState.CANCELLING, VoucherState.EXPIRING, VoucherState.REPLACING})
_MET = frozenset({VoucherState.USED, VoucherState.PARTLY_USED, VoucherState.ACTIVE, VoucherState.RESERVED})
TRANSITIONS: dict[VoucherState, frozenset[VoucherState]] = {
    VoucherState.PENDING: frozenset({VoucherState.ACTIVE, VoucherState.REFUSED, VoucherState.CANCELLED}),
    VoucherState.ACTIVE: _MET | _VOIDED | {VoucherState.USING},
    VoucherState.PARTLY_USED: _MET | _VOIDED | {VoucherState.USING},
    VoucherState.RESERVED: _MET | _VOIDED | {VoucherState.USING},
    VoucherState.USING: _MET,
    VoucherState.USED: _MET,
    VoucherState.CANCELLING: frozenset({VoucherState.CANCELLED, VoucherState.USED}),
    VoucherState.EXPIRING: frozenset({VoucherState.EXPIRED, VoucherState.USED}),
    VoucherState.REPLACING: frozenset({VoucherState.REPLACED, VoucherState.USED}),
    # a use that was undone after the rest had ended comes back to the voucher
    VoucherState.CANCELLED: _USABLE,
    VoucherState.EXPIRED: _USABLE,
    VoucherState.REPLACED: frozenset(),
    VoucherState.REFUSED: frozenset(),
}


@dataclass(frozen=True, kw_only=True)
class Voucher:
    """A voucher as it stands. Amounts in the currency's major unit; the code itself is never kept here.

    `value` is what it was issued for (0 until a percent, product or service voucher is used), `remaining`
    what is left of it. `valid_from` and `valid_until` are its first and last usable days, None without end.
    `invoice_id` is where it is being or was used last. `last_four` are the last signs of the code, for people.

    `thirdparty_id` is whose credit it is, 0 for a bearer's that nobody owns yet; a `bearer` voucher is good for
    whoever shows it. `several`: it may be used in parts. `minimum`: gross amount that the goods it is good for
    must come to; goods in `excluded` (refs or tags, lower case) do not count and are not paid with it.
    `sale_id` and `sale_key` name the sale of a gift card; `replaces` the voucher it was given for.
    """

    id: str
    thirdparty_id: int
    reward_id: str
    kind: str
    state: VoucherState
    points: int
    value: Decimal
    remaining: Decimal
    currency: str
    issued_at: datetime
    valid_until: date | None
    last_four: str
    rate: Decimal = ZERO
    limit: Decimal | None = None
    product: str = ""
    credit_note_id: int | None = None
    credit_note_ref: str = ""
    invoice_id: int | None = None
    version: int = 0
    accounting: Accounting = "payment"
    source: Source = "reward"
    several: bool = False
    bearer: bool = False
    valid_from: date | None = None
    minimum: Decimal | None = None
    excluded: tuple[str, ...] = ()
    sale_id: int | None = None
    sale_key: str = ""
    replaces: str = ""

    @property
    def has_amount(self) -> bool:
        """Its worth is a sum of money from the start, not known only when it meets an invoice."""
        return self.kind == "amount"

    @property
    def is_credit_from_start(self) -> bool:
        """A credit of its customer in Dolibarr stands behind it from its issue on."""
        return self.has_amount and self.accounting in CREDIT_AT_ISSUE

    @property
    def ref_ext(self) -> str:
        """The name of its credit note in Dolibarr, by which it is found again after any crash."""
        return f"loyalty:voucher:{self.id}"

    @property
    def counter_ref_ext(self) -> str:
        """The name of the counter invoice that voids it."""
        return f"loyalty:void:{self.id}"

    def is_expired(self, today: date) -> bool:
        return self.valid_until is not None and today > self.valid_until

    def is_early(self, today: date) -> bool:
        return self.valid_from is not None and today < self.valid_from


def code_of(voucher_id: str, secret: bytes) -> str:
    """The code of a voucher: 82 bits from HMAC-SHA256 of its random id under the owner's secret key.

    So the code need not be stored: the database alone reveals none. Grouped for reading: XXXXXX-XXXXXX-XXXXXX.
    """
    number = int.from_bytes(hmac.new(secret, f"code:{voucher_id}".encode(), hashlib.sha256).digest())
    signs = ""
    for _ in range(RANDOM_SIGNS):
        number, index = divmod(number, len(ALPHABET))
        signs += ALPHABET[index]
    signs += check_sign(signs)
    return "-".join(signs[at : at + GROUP] for at in range(0, len(signs), GROUP))


def check_sign(signs: str) -> str:
    """The check sign for the signs before it: their places weighted, modulo 29."""
    weighted = sum((place + 1) * ALPHABET.index(sign) for place, sign in enumerate(signs))
    return ALPHABET[weighted % len(ALPHABET)]


def read_code(typed: str) -> str | None:
    """A code as typed or scanned, in its grouped form; None when a sign is wrong, missing or swapped.

    Of a scanned text that is signed (core.signed_codes) it is the code in it.
    """
    signs = signs_of(typed)
    if len(signs) == SIGNS_OF_SIGNED:
        signs = signs[:CODE_SIGNS]
    if len(signs) != CODE_SIGNS or any(sign not in ALPHABET for sign in signs):
        return None
    if check_sign(signs[:-1]) != signs[-1]:
        return None
    return "-".join(signs[at : at + GROUP] for at in range(0, len(signs), GROUP))


def code_hash(code: str, secret: bytes) -> str:
    """What the database keeps of a code: its keyed hash."""
    return hmac.new(secret, f"lookup:{code}".encode(), hashlib.sha256).hexdigest()


def masked(last_four: str) -> str:
    """A code as logs and lists show it."""
    return f"••••••-••••••-••{last_four}"


def valid_until(program: Program, reward: Reward, now: datetime) -> date | None:
    """The last usable day of a voucher issued now, or None without end."""
    months = program.vouchers.valid_months if reward.valid_months is None else reward.valid_months
    if not months:
        return reward.valid_until
    last = add_months(day_of(now, ZoneInfo(program.zone)), months)
    last = end_of_period(last, program.vouchers.round_up if reward.valid_months is None else "none")
    return last if reward.valid_until is None else min(last, reward.valid_until)


def valid_from(reward: Reward, today: date) -> date | None:
    """The first usable day of a voucher issued today, or None when that is today."""
    first = max(today + timedelta(days=reward.usable_after_days), reward.valid_from or today)
    return first if first > today else None
