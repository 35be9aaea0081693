"""A voucher that is cancelled or has expired: what is left of it leaves the books, its points return.

Every step is written down before it is tried, so one that was interrupted goes on where it stood. What the
books need differs by accounting way; `flows.undoing` knows.
"""

from collections.abc import Sequence
from dataclasses import replace

from dolibarr_loyalty.core.effects import event, show_member, void_voucher
from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.voucher_grace import points_behind
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, masked
from dolibarr_loyalty.errors import PermanentFailure, UnknownVoucher, VoucherNotUsable
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.credit_documents import taken
from dolibarr_loyalty.flows.holds import freshen
from dolibarr_loyalty.flows.leases import holding
from dolibarr_loyalty.flows.redemption import issue, refuse, return_points, returned_points
from dolibarr_loyalty.flows.undoing import is_all_out, take_out
from dolibarr_loyalty.flows.usage import look_at, look_closely
from dolibarr_loyalty.store import outbox, vouchers
from dolibarr_loyalty.store.database import Tx

USABLE = frozenset({VoucherState.ACTIVE, VoucherState.PARTLY_USED})
CANCELLABLE = USABLE | {VoucherState.PENDING, VoucherState.CANCELLING}


def cancel(loyalty: Loyalty, voucher_id: str, *, reason: str, who: str) -> Voucher:
    """Cancel what is left of a voucher: its credit is consumed, the points behind it return to their lots.

    Raises VoucherNotUsable for one that is used up, reserved, has expired or was refused; again after a crash it
    goes on.
    """
    voucher = completed(loyalty, voucher_id)
    if voucher.state is VoucherState.CANCELLED:
        return voucher
    if voucher.state not in CANCELLABLE:
        raise VoucherNotUsable(masked(voucher.last_four), f"it is {voucher.state.replace('_', ' ')}.")
    begin(loyalty, voucher_id, VoucherState.CANCELLING, who=who, note=reason)
    return void(loyalty, voucher_id)


def completed(loyalty: Loyalty, voucher_id: str) -> Voucher:
    """A voucher as Dolibarr has it now, its issue completed if that was half done, so that it can be voided cleanly.

    Raises UnknownVoucher, and VoucherNotUsable for one that is about to replace a lost one.
    """
    with loyalty.database.reading() as tx:
        voucher = vouchers.by_id(tx, voucher_id)
    if voucher is None:
        raise UnknownVoucher()
    if voucher.state is VoucherState.PENDING and voucher.replaces:
        raise VoucherNotUsable(
            masked(voucher.last_four), "it is still being made for a lost one. Try again in a moment."
        )
    if voucher.state is VoucherState.PENDING:
        try:
            issue(loyalty, voucher_id)
        except PermanentFailure as failure:
            refuse(loyalty, voucher_id, str(failure))
    if voucher.state is VoucherState.RESERVED:
        loyalty.database.decide(lambda tx: freshen(tx, loyalty, vouchers.by_id(tx, voucher_id) or voucher))
    return look_at(loyalty, voucher_id)


def begin(loyalty: Loyalty, voucher_id: str, state: VoucherState, *, who: str, note: str = "") -> None:
    """Write down that a voucher is to be voided, and want it; nothing when it is no longer usable."""

    def decision(tx: Tx) -> None:
        voucher = vouchers.by_id(tx, voucher_id)
        if voucher is None or voucher.state not in USABLE:
            return
        vouchers.change(tx, voucher, step=str(state), at=loyalty.now(), who=who, note=note, state=state)
        outbox.put(tx, [void_voucher(voucher.thirdparty_id, voucher_id)], loyalty.now())

    loyalty.database.decide(decision)


def void(loyalty: Loyalty, voucher_id: str) -> Voucher:
    """Carry on a voucher that is being cancelled or expires until nothing of it is left; safe to repeat."""
    with holding(loyalty, voucher_id) as lease:
        voucher = look_closely(loyalty, voucher_id)
        if voucher.state not in (VoucherState.CANCELLING, VoucherState.EXPIRING):
            return voucher
        made = take_out(loyalty, voucher, lease.keep)
        if not is_all_out(voucher, made):  # staff may have used it in this moment: that is theirs
            look_closely(loyalty, voucher_id, keep_lease=lease.keep)
        document = made[0].ref if made else ""
        return loyalty.database.decide(lambda tx: _finish(tx, loyalty, voucher_id, document))


def _finish(tx: Tx, loyalty: Loyalty, voucher_id: str, document: str) -> Voucher:
    voucher = vouchers.by_id(tx, voucher_id)
    assert voucher is not None  # noqa: S101
    if voucher.state is VoucherState.CANCELLING:
        final, back, kind = VoucherState.CANCELLED, True, MoveKind.CANCELLED
    elif voucher.state is VoucherState.EXPIRING:
        back = loyalty.program.vouchers.return_points_on_expiry
        final, kind = VoucherState.EXPIRED, MoveKind.EXPIRED
    else:
        return voucher
    after = vouchers.change(
        tx,
        voucher,
        step=str(final),
        at=loyalty.now(),
        who=loyalty.worker,
        note=document,
        booked=by_whom(tx, voucher, taken(loyalty, voucher, kind, voucher.remaining, document=document)),
        state=final,
        remaining=ZERO,
    )
    points = points_left(tx, voucher) if back else 0
    root = vouchers.root_of(tx, voucher)
    return_points(tx, loyalty, root, f"voucher_{final}", points)
    if voucher.thirdparty_id:
        effects = [show_member(voucher.thirdparty_id)]
        if loyalty.screens.agenda:
            told = event(str(final), voucher.thirdparty_id, voucher.id, voucher=voucher.id, points=points)
            effects.append(told)
        outbox.put(tx, effects, loyalty.now())
    return after


def by_whom(tx: Tx, voucher: Voucher, moves: Sequence[Move]) -> list[Move]:
    """Moves of a voucher that is being voided, under the name of who began that and with the reason given."""
    begun = [step for step in vouchers.steps(tx, voucher.id) if step.step == voucher.state]
    return [replace(move, who=begun[-1].who, note=begun[-1].note) for move in moves]


def points_left(tx: Tx, voucher: Voucher) -> int:
    """The points behind what is left of a voucher; those of one that replaces another were spent on the first."""
    root = vouchers.root_of(tx, voucher)
    return points_behind(root.points, root.value, voucher.remaining)


def points_returned(tx: Tx, voucher: Voucher) -> int:
    """How many points came back when a voucher, or the one it replaces, was voided."""
    return returned_points(tx, vouchers.root_of(tx, voucher))
