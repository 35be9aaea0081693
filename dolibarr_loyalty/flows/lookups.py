"""Looks vouchers up by their codes: every attempt is written down, and after too many wrong ones all are refused.

Wrong codes are counted over the last minutes, per source and over all sources that are no staff. A right one
in between resets nothing. Two processes at once are both counted: each waits for the other's attempt.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from dolibarr_loyalty.core.scanning import foreign_signs
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, code_hash, masked, read_code
from dolibarr_loyalty.errors import CodeNotAccepted, TooManyAttempts, UnknownVoucher, VoucherNotUsable
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import lookups
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.lookups import EVERYONE, Outcome

USABLE = frozenset({VoucherState.ACTIVE, VoucherState.PARTLY_USED, VoucherState.RESERVED})
LONGEST_SOURCE = 80


@dataclass(frozen=True, kw_only=True)
class _Attempt:
    """What came of an attempt; `again_at` is when a refused source may try again."""

    outcome: Outcome
    voucher: Voucher | None = None
    again_at: datetime | None = None


def find(
    loyalty: Loyalty,
    typed: str,
    *,
    source: str,
    for_customer: int | None = None,
    tells_reasons: bool = False,
) -> Voucher:
    """The voucher of a code as typed or scanned, for `source`: "cli:anna", "till:2", "ip:192.0.2.7".

    `for_customer` is who wants to use it. Only staff may have the reasons (`tells_reasons`): they get the voucher
    in whatever state it is, UnknownVoucher for a code that nobody has, and VoucherNotUsable for one of another
    customer. Everybody else gets the same CodeNotAccepted for a wrong, unknown, foreign, used or expired one.
    Both get TooManyAttempts, right code or not, after too many wrong ones. An address ("ip:") is kept as its
    keyed hash only.
    """
    name = _named(loyalty, source)
    digest = hash_of(loyalty, typed)
    is_code = read_code(typed) is not None

    def decision(tx: Tx) -> _Attempt:
        now = loyalty.now()
        again_at = _held_back(tx, loyalty, name, now, is_staff=tells_reasons)
        if again_at is not None:
            attempt = _Attempt(outcome="refused", again_at=again_at)
        else:
            voucher = lookups.by_hash(tx, digest)
            attempt = _Attempt(outcome=_outcome(loyalty, voucher, for_customer, is_code), voucher=voucher)
        _note(tx, loyalty, attempt, name, typed, now, is_staff=tells_reasons)
        return attempt

    attempt = loyalty.database.decide(decision)
    return _answer(loyalty, attempt, tells_reasons=tells_reasons)


def silently(loyalty: Loyalty, typed: str) -> Voucher:
    """As staff finds it, without writing anything down: for dry runs. Raises UnknownVoucher."""
    with loyalty.database.reading() as tx:
        voucher = lookups.by_hash(tx, hash_of(loyalty, typed))
    if voucher is None:
        raise UnknownVoucher()
    return voucher


def hash_of(loyalty: Loyalty, typed: str) -> str:
    """What the database keeps of a code: of ours in its grouped form, of one made elsewhere by its signs."""
    return code_hash(read_code(typed) or f"foreign:{foreign_signs(typed)}", loyalty.secret)


def _held_back(tx: Tx, loyalty: Loyalty, name: str, now: datetime, *, is_staff: bool) -> datetime | None:
    """When this source may try again, if too many attempts failed; counts this one first, so that others wait."""
    limits, again = loyalty.lookup_limits, []
    bounds = [(name, limits.wrong_per_source)]
    if not is_staff:  # strangers must not be able to lock the shop's own people out
        bounds.append((EVERYONE, limits.wrong_overall))
    for source, most in bounds:
        lookups.hold(tx, source, now)
        failed = lookups.failures(tx, source, now - limits.span, most)
        if len(failed) >= most:
            again.append(failed[-1] + limits.span)
    return max(again, default=None)


def _outcome(loyalty: Loyalty, voucher: Voucher | None, for_customer: int | None, is_code: bool) -> Outcome:
    if voucher is None:
        return "unknown" if is_code else "wrong"
    if for_customer is not None and not voucher.bearer and voucher.thirdparty_id != for_customer:
        return "foreign"
    today = loyalty.today()
    if voucher.state not in USABLE or voucher.is_expired(today) or voucher.is_early(today):
        return "unusable"
    return "found"


def _note(
    tx: Tx, loyalty: Loyalty, attempt: _Attempt, name: str, typed: str, now: datetime, *, is_staff: bool
) -> None:
    """Write the attempt down. To staff a used voucher is no failure: they look at it to see that it is used."""
    failed = attempt.outcome in (
        ("wrong", "unknown") if is_staff else ("wrong", "unknown", "foreign", "unusable")
    )
    lookups.note(
        tx,
        at=now,
        source=name,
        is_staff=is_staff,
        outcome=attempt.outcome,
        failed=failed,
        typed_hash=keyed(loyalty, f"attempt:{foreign_signs(typed)}"),
        voucher_id=attempt.voucher.id if attempt.voucher else None,
    )


def _answer(loyalty: Loyalty, attempt: _Attempt, *, tells_reasons: bool) -> Voucher:
    if attempt.again_at is not None:
        minute = (attempt.again_at + timedelta(seconds=59)).astimezone(loyalty.zone)
        raise TooManyAttempts(f"{minute:%H:%M}")
    voucher = attempt.voucher
    if not tells_reasons:
        if voucher is None or attempt.outcome != "found":
            raise CodeNotAccepted()
        return voucher
    if voucher is None:
        raise UnknownVoucher()
    if attempt.outcome == "foreign":
        raise VoucherNotUsable(masked(voucher.last_four), "it belongs to another customer.")
    return voucher


def _named(loyalty: Loyalty, source: str) -> str:
    """The source as it is kept: in lower case, an address and what is too long as a keyed hash."""
    name = "".join(sign if sign.isprintable() else "?" for sign in source.strip().casefold())
    kind, _, address = name.partition(":")
    if kind == "ip":
        return f"ip:{keyed(loyalty, f'source:{address}')[:32]}"
    return name if len(name) <= LONGEST_SOURCE else keyed(loyalty, f"source:{name}")


def keyed(loyalty: Loyalty, text: str) -> str:
    """The hash of a text under the shop's key."""
    return hmac.new(loyalty.secret, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
