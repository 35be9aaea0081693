"""Points given or taken by a person, with a reason; never an edit, always an entry of its own."""

from dolibarr_loyalty.core.effects import review_member, show_member
from dolibarr_loyalty.core.ledger import Booking, Cause, Entry, EntryKind, hash_input
from dolibarr_loyalty.core.reasons import because
from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.core.wallets import ends_of, terms_of
from dolibarr_loyalty.errors import InputError, KeyReused, UnknownMember
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import ledger, members, outbox
from dolibarr_loyalty.store.database import Tx

LONGEST_KEY = 120
MOST_POINTS = 10**12


def adjust(
    loyalty: Loyalty,
    thirdparty_id: int,
    points: int,
    *,
    reason: str,
    who: str,
    request_key: str,
    unit: str = POINTS,
) -> Entry:
    """Give (above zero) or take points of a unit; given ones expire as earned ones do. Same key, same entry.

    Raises InputError without a reason or with zero points, UnknownMember, KeyReused.
    """
    if not reason.strip():
        raise InputError("An adjustment needs a reason: the member and the accountant will read it.")
    if not points:
        raise InputError("An adjustment of 0 points changes nothing; give a number above or below zero.")
    if len(request_key) > LONGEST_KEY or len(who) > LONGEST_KEY:
        raise InputError(f"A request key and a name have at most {LONGEST_KEY} signs.")
    if abs(points) > MOST_POINTS:
        raise InputError(f"An adjustment moves at most {MOST_POINTS} points.")
    return loyalty.database.decide(
        lambda tx: _adjust(tx, loyalty, thirdparty_id, points, unit, reason.strip(), who, request_key)
    )


def _adjust(
    tx: Tx,
    loyalty: Loyalty,
    thirdparty_id: int,
    points: int,
    unit: str,
    reason: str,
    who: str,
    request_key: str,
) -> Entry:
    if thirdparty_id not in members.load(tx, [thirdparty_id]):
        raise UnknownMember(str(thirdparty_id))
    other = () if unit == POINTS else (unit,)
    key, digest = f"adjust:{request_key}", hash_input(thirdparty_id, points, reason, *other)
    before = ledger.entry_of_key(tx, key)
    if before is not None:
        if before.input_hash != digest:
            raise KeyReused(request_key)
        return before
    booking = Booking(ledger.load(tx, [thirdparty_id], unit=unit)[thirdparty_id], loyalty.now())
    cause, reasons = Cause("person", who[:80]), [because("adjusted", text=reason)]
    if points > 0:
        booking.accrue(
            points,
            cause=cause,
            key=key,
            occurred_at=loyalty.now(),
            expires_at=ends_of(terms_of(loyalty.program, unit).expiry, loyalty.today(), loyalty.zone),
            reasons=reasons,
            input_hash=digest,
            kind=EntryKind.ADJUSTMENT,
        )
    else:
        booking.deduct(-points, cause=cause, key=key, reasons=reasons, input_hash=digest)
    ledger.store(tx, [booking])
    outbox.put(tx, [show_member(thirdparty_id), review_member(thirdparty_id)], loyalty.now())
    return booking.entries[-1]
