"""Reserve, capture, release: a voucher or points are held for an online cart or a till for a while.

Everything goes by the caller's key and may be sent again: the same key with the same input gives the same
answer, with another it is KeyReused. What was held in time is honoured, even when the voucher's last day passes
meanwhile; an overdue hold ends by itself.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from dolibarr_loyalty.core.ledger import hash_input
from dolibarr_loyalty.core.money import round_amount
from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, masked
from dolibarr_loyalty.errors import (
    InputError,
    KeyReused,
    PermanentFailure,
    Refused,
    ReservationOver,
    UnknownReservation,
    VoucherNotUsable,
)
from dolibarr_loyalty.flows import redemption, usage, voiding
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.holds import FREE, available, freshen, is_held, let_go, settle_state
from dolibarr_loyalty.flows.leases import Busy, holding
from dolibarr_loyalty.flows.redemption import LONGEST_KEY
from dolibarr_loyalty.store import reservations, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.reservations import Hold, Kind, Reservation

log = logging.getLogger(__name__)

LONGEST = timedelta(days=31)
_ENDED = {
    Hold.CAPTURED: "it was used already.",
    Hold.RELEASED: "it was released. Reserve anew, with a new key.",
    Hold.OVERDUE: "its time was over, and others may use the voucher. Reserve anew, with a new key.",
}


def reserve(
    loyalty: Loyalty,
    code: str,
    amount: Decimal | None = None,
    *,
    key: str,
    ttl: timedelta | None = None,
    who: str,
) -> Reservation:
    """Hold a voucher, or an amount of one of several uses; without `amount` all that is left of it.

    Ends after `ttl`, else after the program's minutes. Raises UnknownVoucher, VoucherNotUsable, KeyReused.
    """
    return reserve_voucher(loyalty, usage.find_voucher(loyalty, code), amount, key=key, ttl=ttl, who=who)


def reserve_voucher(
    loyalty: Loyalty, voucher: Voucher, amount: Decimal | None, *, key: str, ttl: timedelta | None, who: str
) -> Reservation:
    """As `reserve`, for a voucher that was found already."""
    _check(key, ttl)
    digest = hash_input("voucher", voucher.id, "" if amount is None else plain(amount))
    before = _known(loyalty, key, digest)
    if before is not None:
        return before
    usage.look_at(loyalty, voucher.id)  # staff may have used it in Dolibarr just now

    def decision(tx: Tx) -> Reservation:
        return _same(tx, key, digest) or hold(
            tx, loyalty, voucher.id, amount, key=key, ttl=ttl, who=who, input_hash=digest
        )

    return loyalty.database.decide(decision)


def hold(
    tx: Tx,
    loyalty: Loyalty,
    voucher_id: str,
    amount: Decimal | None,
    *,
    key: str,
    ttl: timedelta | None,
    who: str,
    input_hash: str,
    kind: Kind = "voucher",
    ticket_id: int | None = None,
) -> Reservation:
    """Hold a voucher within a transaction; on a ticket without end. Raises VoucherNotUsable.

    On a ticket one without an amount is held for what it is worth there, which the caller has checked.
    The voucher's version goes up, so that of all who want it at the same moment one is first.
    """
    found = vouchers.by_id(tx, voucher_id)
    assert found is not None  # noqa: S101
    voucher = freshen(tx, loyalty, found)
    if kind != "ticket" or voucher.has_amount or amount is None:
        amount = _held_amount(tx, loyalty, voucher, amount)
    now = loyalty.now()
    reservation = Reservation(
        key=key,
        kind=kind,
        state=Hold.HELD,
        voucher_id=voucher.id,
        amount=amount,
        currency=voucher.currency,
        input_hash=input_hash,
        made_at=now,
        until=None if kind == "ticket" else now + _span(loyalty, ttl),
        who=who,
        invoice_id=ticket_id,
    )
    reservations.insert(tx, reservation)
    vouchers.change(
        tx, voucher, step="reserved", at=now, who=who, note=_told(reservation), state=VoucherState.RESERVED
    )
    return reservation


def _held_amount(tx: Tx, loyalty: Loyalty, voucher: Voucher, amount: Decimal | None) -> Decimal:
    """What is to be held of a voucher; raises VoucherNotUsable with the reason."""
    name, currency = masked(voucher.last_four), voucher.currency
    if voucher.state not in FREE:
        raise VoucherNotUsable(name, f"it is {voucher.state.replace('_', ' ')}.")
    if voucher.is_expired(loyalty.today()):
        raise VoucherNotUsable(name, f"it was valid until {voucher.valid_until}.")
    if voucher.is_early(loyalty.today()):
        raise VoucherNotUsable(name, f"it is valid from {voucher.valid_from}.")
    if not voucher.several and is_held(tx, loyalty, voucher):
        raise VoucherNotUsable(name, "it is reserved.")
    if not voucher.has_amount:
        if amount is not None:
            raise VoucherNotUsable(name, "its amount is known only on an invoice; reserve it without one.")
        return ZERO
    free = available(tx, loyalty, voucher)
    wanted = free if amount is None else amount
    if wanted <= 0 or wanted != round_amount(wanted, currency):
        reason = "all of it is reserved." if amount is None else f"{plain(wanted)} {currency} is no amount."
        raise VoucherNotUsable(name, reason)
    if not voucher.several and wanted != free:
        raise VoucherNotUsable(name, f"it is used whole: {plain(free)} {currency}.")
    if wanted > free:
        raise VoucherNotUsable(name, f"only {plain(free)} {currency} of it are free.")
    return wanted


def reserve_reward(
    loyalty: Loyalty,
    thirdparty_id: int,
    reward_id: str,
    *,
    key: str,
    ttl: timedelta | None = None,
    who: str,
) -> Reservation:
    """Hold what a reward costs: the points are taken at once, no voucher is handed out until it is captured.

    Raises what `redemption.redeem` raises; nothing is written then.
    """
    _check(key, ttl)
    reward = redemption.the_reward(loyalty, reward_id)
    digest = hash_input("reward", thirdparty_id, reward.id)

    def decision(tx: Tx) -> Reservation:
        before = _same(tx, key, digest)
        if before is not None:
            return before
        request = f"reserve:{reservations.id_of(key)}"
        voucher = redemption.spend(tx, loyalty, thirdparty_id, reward, request, who, is_held=True)
        now = loyalty.now()
        reservation = Reservation(
            key=key,
            kind="reward",
            state=Hold.HELD,
            voucher_id=voucher.id,
            amount=voucher.remaining,
            currency=voucher.currency,
            input_hash=digest,
            made_at=now,
            until=now + _span(loyalty, ttl),
            who=who,
        )
        reservations.insert(tx, reservation)
        vouchers.note_step(tx, voucher.id, "reserved", at=now, who=who, note=_told(reservation))
        return reservation

    return loyalty.database.decide(decision)


def capture(loyalty: Loyalty, key: str, invoice_text: str, *, who: str) -> usage.Use:
    """Use what is held on an invoice; called again it gives the same use.

    Raises UnknownReservation, ReservationOver for one that ended, what `usage.use` raises (it is held on then),
    and the connector's failures: call it again then.
    """
    found(loyalty, key)
    invoice = usage.find_invoice(loyalty, invoice_text)
    reservation = loyalty.database.decide(lambda tx: _begin_capture(tx, loyalty, key, invoice.id, who))
    if reservation.state not in (Hold.CAPTURING, Hold.CAPTURED):
        raise ReservationOver(key, _ENDED[reservation.state])
    if reservation.kind == "reward" and reservation.state is Hold.CAPTURING:
        _issue(loyalty, reservation, who)
    try:
        used = usage.use_voucher(
            loyalty,
            _voucher(loyalty, reservation.voucher_id),
            invoice,
            reservation.amount or None,
            who,
            key,
        )
    except Refused:
        loyalty.database.decide(lambda tx: _back(tx, loyalty, key, who))
        raise
    loyalty.database.decide(lambda tx: _captured(tx, loyalty, key, who))
    return _without_rest(loyalty, used, who)


def _without_rest(loyalty: Loyalty, used: usage.Use, who: str) -> usage.Use:
    """The use, and a small rest that was held until now written off where the program says so."""
    if not loyalty.program.vouchers.write_off_below:
        return used
    try:
        with holding(loyalty, used.voucher.id) as lease:
            voucher = _voucher(loyalty, used.voucher.id)
            return replace(used, voucher=usage.write_off_rest(loyalty, voucher, who, lease.keep))
    except Busy:  # somebody uses the rest right now
        return used


def _begin_capture(tx: Tx, loyalty: Loyalty, key: str, invoice_id: int, who: str) -> Reservation:
    """Write down where a hold goes before anything is tried, so that it does not end on the way there."""
    current = reservations.by_key(tx, key)
    if current is None:
        raise UnknownReservation(key)
    if current.kind == "ticket":
        raise ReservationOver(key, "it is on a ticket of the till; the ticket's payment uses it.")
    if current.is_overdue(loyalty.now()):
        let_go(tx, loyalty, current, Hold.OVERDUE, who=loyalty.worker, why="overdue")
        return reservations.by_key(tx, key) or current
    if current.state in (Hold.CAPTURING, Hold.CAPTURED) and current.invoice_id != invoice_id:
        raise ReservationOver(key, f"it was captured for document {current.invoice_id}.")
    if current.state is not Hold.HELD:
        return current
    return reservations.change(
        tx, current, at=loyalty.now(), who=who, state=Hold.CAPTURING, invoice_id=invoice_id
    )


def _issue(loyalty: Loyalty, reservation: Reservation, who: str) -> None:
    """Make the voucher of a held reward; where Dolibarr will never take it, the points are back."""
    try:
        redemption.issue(loyalty, reservation.voucher_id, quietly=True)
    except PermanentFailure as failure:
        redemption.refuse(loyalty, reservation.voucher_id, str(failure))
        why = str(failure)
        loyalty.database.decide(lambda tx: _end(tx, loyalty, reservation.key, Hold.RELEASED, who, why))
        raise


def _back(tx: Tx, loyalty: Loyalty, key: str, who: str) -> None:
    current = reservations.by_key(tx, key)
    if current is not None and current.state is Hold.CAPTURING:
        reservations.change(
            tx, current, at=loyalty.now(), who=who, why="refused", state=Hold.HELD, invoice_id=None
        )


def _captured(tx: Tx, loyalty: Loyalty, key: str, who: str) -> None:
    current = reservations.by_key(tx, key)
    if current is None or current.state is not Hold.CAPTURING:
        return
    reservations.change(tx, current, at=loyalty.now(), who=who, state=Hold.CAPTURED)
    voucher = vouchers.by_id(tx, current.voucher_id)
    assert voucher is not None  # noqa: S101
    settle_state(tx, loyalty, voucher, "captured", who=who, note=_told(current))


def _end(tx: Tx, loyalty: Loyalty, key: str, state: Hold, who: str, why: str) -> None:
    current = reservations.by_key(tx, key)
    if current is not None and current.state in reservations.OPEN:
        reservations.change(tx, current, at=loyalty.now(), who=who, why=why, state=state)


def release(loyalty: Loyalty, key: str, *, who: str, why: str = "") -> Reservation:
    """End a hold: others may use the voucher again, a held reward's points are back in their own lots.

    Called again it gives the same answer. Raises UnknownReservation, and ReservationOver once it was used.
    """
    current = found(loyalty, key)
    if current.state is Hold.CAPTURING:
        current = _interrupted(loyalty, current, who)
    if current.kind == "ticket":
        raise ReservationOver(key, "it is on a ticket of the till; `till give-back` takes it off.")

    def decision(tx: Tx) -> Reservation:
        now = reservations.by_key(tx, key)
        assert now is not None  # noqa: S101
        if now.state is Hold.HELD:
            state = Hold.OVERDUE if now.is_overdue(loyalty.now()) else Hold.RELEASED
            let_go(tx, loyalty, now, state, who=who, why=why or str(state))
            return reservations.by_key(tx, key) or now
        return now

    ended = loyalty.database.decide(decision)
    if ended.state in (Hold.CAPTURING, Hold.CAPTURED):
        raise ReservationOver(
            key, f"it was used on document {ended.invoice_id}; a credit note on that undoes the sale."
        )
    return ended


def _interrupted(loyalty: Loyalty, reservation: Reservation, who: str) -> Reservation:
    """A capture that was begun and not finished: carried on, for the caller had asked for it."""
    try:
        capture(loyalty, reservation.key, str(reservation.invoice_id), who=who)
    except (Refused, InputError, PermanentFailure) as failure:
        log.info("reservation %s was not captured: %s", reservation.key, failure)
        loyalty.database.decide(lambda tx: _back(tx, loyalty, reservation.key, who))
        voucher = _voucher(loyalty, reservation.voucher_id)
        if reservation.kind == "reward" and voucher.state is VoucherState.PENDING:
            redemption.issue(loyalty, voucher.id, quietly=True)  # half made: whole, it can be voided cleanly
            voiding.cancel(loyalty, voucher.id, reason="reservation", who=who)
    return found(loyalty, reservation.key)


def found(loyalty: Loyalty, key: str) -> Reservation:
    """The reservation of a key. Raises UnknownReservation."""
    with loyalty.database.reading() as tx:
        known = reservations.by_key(tx, key)
    if known is None:
        raise UnknownReservation(key)
    return known


def release_overdue(loyalty: Loyalty, *, progress: Callable[[int], None] = lambda done: None) -> int:
    """End every hold whose time is over, and finish captures that were interrupted; gives how many ended."""
    ended, last = 0, ""
    while True:
        with loyalty.database.reading() as tx:
            page = reservations.overdue(tx, loyalty.now(), last, loyalty.page_size)
        if not page:
            break
        last = page[-1].id
        ended += sum(_release_one(loyalty, each.key) for each in page)
        progress(ended)
    with loyalty.database.reading() as tx:
        begun = reservations.page(tx, Hold.CAPTURING)
    for each in begun:
        if each.until is not None and each.until <= loyalty.now():
            _interrupted(loyalty, each, loyalty.worker)
    return ended


def _release_one(loyalty: Loyalty, key: str) -> bool:
    def decision(tx: Tx) -> bool:
        current = reservations.by_key(tx, key)
        if current is None or not current.is_overdue(loyalty.now()):
            return False
        let_go(tx, loyalty, current, Hold.OVERDUE, who=loyalty.worker, why="overdue")
        return True

    return loyalty.database.decide(decision)


def _check(key: str, ttl: timedelta | None) -> None:
    if not 0 < len(key) <= LONGEST_KEY:
        raise InputError(f"A key has 1 to {LONGEST_KEY} signs; this one has {len(key)}.")
    if ttl is not None and not timedelta(0) < ttl <= LONGEST:
        raise InputError(f"A reservation lasts from a minute to {LONGEST.days} days.")


def _span(loyalty: Loyalty, ttl: timedelta | None) -> timedelta:
    return timedelta(minutes=loyalty.program.vouchers.reserve_minutes) if ttl is None else ttl


def _known(loyalty: Loyalty, key: str, digest: str) -> Reservation | None:
    with loyalty.database.reading() as tx:
        return _same(tx, key, digest)


def _same(tx: Tx, key: str, digest: str) -> Reservation | None:
    """The reservation of a key that came before. Raises KeyReused when it was for something else."""
    before = reservations.by_key(tx, key)
    if before is not None and before.input_hash != digest:
        raise KeyReused(key)
    return before


def _told(reservation: Reservation) -> str:
    """How a voucher's history names a hold."""
    amount = f" {plain(reservation.amount)} {reservation.currency}" if reservation.amount else ""
    return f"{reservation.key}:{amount}" if amount else reservation.key


def _voucher(loyalty: Loyalty, voucher_id: str) -> Voucher:
    with loyalty.database.reading() as tx:
        voucher = vouchers.by_id(tx, voucher_id)
    assert voucher is not None  # noqa: S101
    return voucher
