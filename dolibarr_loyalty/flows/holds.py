"""What holds a voucher, within a transaction: letting go of it, and how the voucher stands then.

A hold keeps its amount from every other use; `available` is what is left beside the holds. Overdue holds end
whenever somebody looks.
"""

from decimal import Decimal

from dolibarr_loyalty.core.effects import show_member, void_voucher
from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.voucher_moves import MoveKind
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.redemption import return_points, taken
from dolibarr_loyalty.store import outbox, reservations, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.reservations import Hold, Reservation

FREE = frozenset({VoucherState.ACTIVE, VoucherState.PARTLY_USED, VoucherState.RESERVED})


def available(tx: Tx, loyalty: Loyalty, voucher: Voucher, *, but: str = "") -> Decimal:
    """What of a voucher nobody holds, without the hold of the key `but`. A voucher that is used whole, or has no
    amount yet, is held whole: nothing of it is available then, and `is_held` tells."""
    if not voucher.several and is_held(tx, loyalty, voucher, but=but):
        return ZERO
    return max(ZERO, voucher.remaining - reservations.held(tx, voucher.id, but=but, now=loyalty.now()))


def is_held(tx: Tx, loyalty: Loyalty, voucher: Voucher, *, but: str = "") -> bool:
    """Somebody holds the voucher, or a part of it, besides the hold of the key `but`."""
    found = reservations.open_on(tx, voucher.id, but=but)
    return any(not each.is_overdue(loyalty.now()) for each in found)


def state_now(tx: Tx, voucher: Voucher) -> VoucherState:
    """How a voucher that may be used stands: reserved while anything holds it, else by what was used of it."""
    if voucher.state not in FREE:
        return voucher.state
    if reservations.open_on(tx, voucher.id):
        return VoucherState.RESERVED
    is_part = voucher.has_amount and ZERO < voucher.remaining < voucher.value
    return VoucherState.PARTLY_USED if is_part else VoucherState.ACTIVE


def freshen(tx: Tx, loyalty: Loyalty, voucher: Voucher) -> Voucher:
    """The voucher after all holds on it that are overdue have ended."""
    for each in reservations.open_on(tx, voucher.id):
        if each.is_overdue(loyalty.now()):
            voucher = let_go(tx, loyalty, each, Hold.OVERDUE, who=loyalty.worker, why="overdue")
    return voucher


def let_go(tx: Tx, loyalty: Loyalty, reservation: Reservation, state: Hold, *, who: str, why: str) -> Voucher:
    """End a hold without a use: others may use the voucher again, or the points are back where they came from."""
    reservations.change(tx, reservation, at=loyalty.now(), who=who, why=why, state=state)
    voucher = vouchers.by_id(tx, reservation.voucher_id)
    assert voucher is not None  # noqa: S101
    if reservation.kind == "reward":
        return _give_points_back(tx, loyalty, voucher, who, why)
    return settle_state(tx, loyalty, voucher, str(state), who=who, note=why)


def settle_state(
    tx: Tx, loyalty: Loyalty, voucher: Voucher, step: str, *, who: str, note: str = ""
) -> Voucher:
    """Write down the step of a hold, and the state the voucher has with the holds that are left."""
    if voucher.state not in FREE:
        vouchers.note_step(tx, voucher.id, step, at=loyalty.now(), who=who, note=note)
        return voucher
    state = state_now(tx, voucher)
    return vouchers.change(tx, voucher, step=step, at=loyalty.now(), who=who, note=note, state=state)


def _give_points_back(tx: Tx, loyalty: Loyalty, voucher: Voucher, who: str, why: str) -> Voucher:
    """A reward that was held and not taken: its voucher goes, its points return to their own lots."""
    at = loyalty.now()
    if voucher.state is VoucherState.PENDING:
        after = vouchers.change(
            tx,
            voucher,
            step="cancelled",
            at=at,
            who=who,
            note=why,
            booked=taken(loyalty, voucher, MoveKind.CANCELLED, voucher.remaining, note=why),
            state=VoucherState.CANCELLED,
            remaining=ZERO,
        )
        return_points(tx, loyalty, voucher, "reservation_over")
        outbox.put(tx, [show_member(voucher.thirdparty_id)], at)
        return after
    if voucher.state not in FREE:
        return voucher
    # It was issued for an invoice that then could not take it: its documents are voided as of any other.
    outbox.put(tx, [void_voucher(voucher.thirdparty_id, voucher.id)], at)
    return vouchers.change(
        tx, voucher, step="cancelling", at=at, who=who, note=why, state=VoucherState.CANCELLING
    )
