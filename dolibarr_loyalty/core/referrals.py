"""Referrals: codes to recommend with, who counts as the same person, and whether a referral has come true (E8).

A referral is judged by what is known now, any number of times: it holds while the friend has a paid purchase
that stands, within its time, and nothing speaks against it.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dolibarr_loyalty.core.activities import Referral
from dolibarr_loyalty.core.history import Past
from dolibarr_loyalty.core.vouchers import ALPHABET, check_sign

PROOF_SIGNS = 4
LEAST_SIGNS = 3
_DOTS_DO_NOT_COUNT = frozenset({"gmail.com", "googlemail.com"})


class ReferralState(StrEnum):
    """open: the friend has not bought yet. rewarded: both sides hold their points. undone: they had them, the
    purchase came back. refused: it will never count. expired: the friend did not buy in time."""

    OPEN = "open"
    REWARDED = "rewarded"
    UNDONE = "undone"
    REFUSED = "refused"
    EXPIRED = "expired"


@dataclass(frozen=True, kw_only=True)
class Referred:
    """A referral as it stands.

    `friend_id` is None until the friend is a customer known to us; `friend_key` is the friend's address as
    `mailbox` writes it. `generation` counts the steps after the first; the points are those held now.
    """

    id: str
    referrer_id: int
    friend_id: int | None
    friend_email: str
    friend_key: str
    source_id: str
    referred_at: datetime
    valid_until: datetime
    state: ReferralState = ReferralState.OPEN
    why: str = ""
    generation: int = 0
    changed_at: datetime | None = None
    referrer_points: int = 0
    friend_points: int = 0

    def state_at(self, now: datetime) -> ReferralState:
        """The state to show: one that was not completed in time has expired."""
        over = self.state is ReferralState.OPEN and now >= self.valid_until
        return ReferralState.EXPIRED if over else self.state


def mailbox(email: str) -> str:
    """An address as its owner receives it: no case, no +tag, and no dots where the provider ignores them."""
    local, at, domain = email.strip().casefold().rpartition("@")
    if not at or not local:
        return ""
    local = local.partition("+")[0]
    if domain in _DOTS_DO_NOT_COUNT:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def is_same_person(one: tuple[int, str], other: tuple[int, str]) -> bool:
    """Two (third party, email) are one person: the same third party, or the same mailbox."""
    return one[0] == other[0] or (bool(mailbox(one[1])) and mailbox(one[1]) == mailbox(other[1]))


def first_purchase(referral: Referred, rules: Referral, pasts: Iterable[Past]) -> Past | None:
    """The first purchase that completes a referral: made after it, in time, large enough, and still standing."""
    standing = [
        past
        for past in pasts
        if past.is_purchase
        and past.kept > 0
        and past.kept >= rules.minimum_amount
        and referral.referred_at <= past.occurred_at < referral.valid_until
    ]
    return min(standing, key=lambda past: (past.occurred_at, past.document_id), default=None)


def code_of(thirdparty_id: int, secret: bytes) -> str:
    """The code a member recommends with, short enough to dictate: 22K-7QXM-P.

    It holds the member's number, four signs that prove it was made by this shop, and a check sign. It is no
    secret: who knows it can only bring its owner points.
    """
    number = _in_signs(thirdparty_id)
    signs = number + _proof(thirdparty_id, secret)
    return f"{number}-{signs[len(number) :]}-{check_sign(signs)}"


def member_of(typed: str, secret: bytes) -> int | None:
    """The member whose code was typed, or None when it is not a code of this shop."""
    signs = "".join(sign for sign in typed.upper() if sign.isalnum())
    if len(signs) < LEAST_SIGNS + PROOF_SIGNS + 1 or any(sign not in ALPHABET for sign in signs):
        return None
    number, proof = signs[: -PROOF_SIGNS - 1], signs[-PROOF_SIGNS - 1 : -1]
    thirdparty_id = 0
    for sign in number:
        thirdparty_id = thirdparty_id * len(ALPHABET) + ALPHABET.index(sign)
    proven = hmac.compare_digest(proof, _proof(thirdparty_id, secret))
    return thirdparty_id if proven and check_sign(signs[:-1]) == signs[-1] else None


def _in_signs(number: int) -> str:
    signs = ""
    while number:
        number, index = divmod(number, len(ALPHABET))
        signs = ALPHABET[index] + signs
    return signs.rjust(LEAST_SIGNS, ALPHABET[0])


def _proof(thirdparty_id: int, secret: bytes) -> str:
    number = int.from_bytes(hmac.new(secret, f"referral:{thirdparty_id}".encode(), hashlib.sha256).digest())
    signs = ""
    for _ in range(PROOF_SIGNS):
        number, index = divmod(number, len(ALPHABET))
        signs += ALPHABET[index]
    return signs
