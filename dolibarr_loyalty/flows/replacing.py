"""A lost voucher is replaced: its code is dead at once, what is left of it goes to a voucher with a new code.

The new one has the same terms and the same last day. In Dolibarr the credit goes over by a counter invoice that
consumes the old one and a credit note of the same lines under the new code; a way without documents before use
needs none. The points stay spent on the first voucher: cancelling the new one returns those behind its rest.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace as changed
from datetime import date

from dolibarr_loyalty.core.effects import attach_voucher, event, mail, replace_voucher, show_member
from dolibarr_loyalty.core.sale import ZERO, Sale
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, code_hash, code_of, masked
from dolibarr_loyalty.errors import VoucherNotUsable
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.credit_documents import taken
from dolibarr_loyalty.flows.grace import is_over, last_day
from dolibarr_loyalty.flows.leases import holding
from dolibarr_loyalty.flows.undoing import is_all_out, move_credit, take_out
from dolibarr_loyalty.flows.usage import look_closely
from dolibarr_loyalty.flows.voiding import USABLE, by_whom, completed
from dolibarr_loyalty.store import bearings, outbox, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id


def replace(loyalty: Loyalty, voucher_id: str, *, reason: str, who: str) -> Voucher:
    """Replace a lost voucher; gives the new one, the same when asked again.

    Raises VoucherNotUsable for one that is used up, reserved, over or voided.
    """
    voucher = completed(loyalty, voucher_id)
    if voucher.state in USABLE:
        loyalty.label_of(voucher)  # before anything is made: nobody could use what another key names
        loyalty.database.decide(lambda tx: _begin(tx, loyalty, voucher_id, reason, who))
    return carry_on(loyalty, voucher_id)


def _begin(tx: Tx, loyalty: Loyalty, voucher_id: str, reason: str, who: str) -> None:
    """The old code dies here; its successor is worth nothing until the credit has gone over."""
    old = vouchers.by_id(tx, voucher_id)
    if old is None or old.state not in USABLE:
        return
    if is_over(tx, loyalty, old):
        raise VoucherNotUsable(masked(old.last_four), f"it was valid until {old.valid_until}.")
    vouchers.change(
        tx,
        old,
        step="replacing",
        at=loyalty.now(),
        who=who,
        note=reason,
        state=VoucherState.REPLACING,
    )
    new = _successor(loyalty, old, last_day(tx, loyalty, old))
    vouchers.insert(
        tx,
        new,
        code_hash=code_hash(code_of(new.id, loyalty.secret), loyalty.secret),
        program_hash=bearings.keep_program(tx, loyalty.program, loyalty.now()),
        request_key=f"replace:{old.id}",
        who=who,
        day=loyalty.today(),
        kind=MoveKind.REPLACEMENT,
    )
    outbox.put(tx, [replace_voucher(old.thirdparty_id, old.id)], loyalty.now())


def _successor(loyalty: Loyalty, old: Voucher, ends_on: date | None) -> Voucher:
    identifier = new_id()
    return changed(
        old,
        id=identifier,
        state=VoucherState.PENDING,
        points=0,
        value=ZERO,
        remaining=ZERO,
        issued_at=loyalty.now(),
        valid_until=ends_on,
        last_four=code_of(identifier, loyalty.secret)[-4:],
        credit_note_id=None,
        credit_note_ref="",
        invoice_id=None,
        version=0,
        sale_key="",
        source="printed" if old.source == "imported" else old.source,  # its code is ours now
        replaces=old.id,
    )


def carry_on(loyalty: Loyalty, voucher_id: str) -> Voucher:
    """Carry on a replacement until the new voucher is usable, and give it; safe to repeat.

    Raises VoucherNotUsable where the old one is none that is being replaced, or was used up meanwhile.
    """
    with holding(loyalty, voucher_id) as lease:
        old = look_closely(loyalty, voucher_id)
        with loyalty.database.reading() as tx:
            new = vouchers.replacement_of(tx, voucher_id)
        if new is not None and old.state is VoucherState.REPLACING:
            counters = take_out(loyalty, old, lease.keep)
            if not is_all_out(old, counters):  # staff may have used it in this moment: that is theirs
                old = look_closely(loyalty, voucher_id, keep_lease=lease.keep)
        if new is not None and old.state is VoucherState.REPLACING:
            notes = move_credit(loyalty, old, new, counters)
            return loyalty.database.decide(lambda tx: _finish(tx, loyalty, voucher_id, counters, notes))
        if new is not None and new.state is VoucherState.PENDING:
            new = loyalty.database.decide(lambda tx: _nothing_left(tx, loyalty, voucher_id))
    if new is None or new.state is VoucherState.REFUSED:
        raise VoucherNotUsable(masked(old.last_four), f"it is {old.state.replace('_', ' ')}.")
    return new


def resume(loyalty: Loyalty, voucher_id: str) -> None:
    """`carry_on` for the outbox: that nothing was left to go over is an end as well."""
    with suppress(VoucherNotUsable):
        carry_on(loyalty, voucher_id)


def _finish(
    tx: Tx, loyalty: Loyalty, voucher_id: str, counters: Sequence[Sale], notes: Sequence[Sale]
) -> Voucher:
    old, new = vouchers.by_id(tx, voucher_id), vouchers.replacement_of(tx, voucher_id)
    assert old is not None and new is not None  # noqa: S101, PT018
    if old.state is not VoucherState.REPLACING:
        return new
    rest, now = old.remaining, loyalty.now()
    document = counters[0].ref if counters else ""
    off = by_whom(tx, old, taken(loyalty, old, MoveKind.REPLACED, rest, document=document))
    vouchers.change(
        tx,
        old,
        step="replaced",
        at=now,
        who=loyalty.worker,
        note=f"…{new.last_four}",
        booked=off,
        state=VoucherState.REPLACED,
        remaining=ZERO,
    )
    note = notes[0] if notes else None
    after = vouchers.change(
        tx,
        new,
        step="active",
        at=now,
        who=loyalty.worker,
        note=f"…{old.last_four}",
        booked=[_put_on(loyalty, new, move, note) for move in off],
        state=VoucherState.ACTIVE,
        value=rest,
        remaining=rest,
        credit_note_id=note.id if note else None,
        credit_note_ref=note.ref if note else "",
    )
    _tell(tx, loyalty, after)
    return after


def _put_on(loyalty: Loyalty, new: Voucher, off: Move, note: Sale | None) -> Move:
    return Move(
        kind=MoveKind.REPLACEMENT,
        amount=-off.amount,
        day=off.day,
        at=off.at,
        who=off.who,
        key=f"{MoveKind.REPLACEMENT}:{new.id}",
        note=off.note,
        document=note.ref if note else "",
    )


def _tell(tx: Tx, loyalty: Loyalty, new: Voucher) -> None:
    """The new voucher goes to whom the old one belonged; at a till it is printed."""
    member = new.thirdparty_id
    if not member or member in loyalty.program.membership.generic_customers:
        return
    kind = "gift_card" if new.source == "sold" else "voucher"
    effects = [
        mail(kind, member, new.id, voucher=new.id),
        attach_voucher(member, new.id),
        show_member(member),
    ]
    if loyalty.screens.agenda:
        effects.append(event("voucher_replaced", member, new.id, voucher=new.id))
    outbox.put(tx, effects, loyalty.now())


def _nothing_left(tx: Tx, loyalty: Loyalty, voucher_id: str) -> Voucher | None:
    """Staff used up the old voucher in Dolibarr before its credit went over: the new one comes to nothing."""
    new = vouchers.replacement_of(tx, voucher_id)
    if new is None or new.state is not VoucherState.PENDING:
        return new
    return vouchers.change(
        tx, new, step="refused", at=loyalty.now(), who=loyalty.worker, state=VoucherState.REFUSED
    )
