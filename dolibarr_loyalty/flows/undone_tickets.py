"""Reductions of closed tickets that were reopened or deleted: no credit stands behind them, so look at the ticket."""

from decimal import Decimal

from dolibarr_loyalty.core.effects import show_member
from dolibarr_loyalty.core.sale import ZERO, Sale, State, total
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind, used_by_invoice
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.holds import FREE
from dolibarr_loyalty.flows.leases import Busy, holding
from dolibarr_loyalty.flows.tickets import reduced
from dolibarr_loyalty.flows.watching import resting_state
from dolibarr_loyalty.store import outbox, reservations, voucher_moves, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.reservations import Reservation

_RETURNABLE = FREE | {VoucherState.USED}


def watch_undone(loyalty: Loyalty) -> int:
    """Give back what is on no ticket any more; gives how many vouchers were given back.

    A reopened ticket keeps its reduction as long as the lines are on it. A voucher that has ended since stays so.
    """
    returned, last = 0, ""
    while True:
        with loyalty.database.reading() as tx:
            page = reservations.undone(tx, last, loyalty.page_size)
        if not page:
            return returned
        last = page[-1].id
        returned += sum(_look(loyalty, take) for take in page)


def _look(loyalty: Loyalty, take: Reservation) -> bool:
    with loyalty.database.reading() as tx:
        voucher = vouchers.by_id(tx, take.voucher_id)
        if voucher is None or voucher.accounting != "discount" or not _booked(tx, take):
            return False
    try:
        with holding(loyalty, take.voucher_id):
            ticket = loyalty.books.sale(take.invoice_id or 0)
            if ticket is not None and (ticket.state is not State.DRAFT or reduced(take, ticket)):
                return False
            return loyalty.database.decide(lambda tx: _return(tx, loyalty, take, ticket))
    except Busy:
        return False


def _booked(tx: Tx, take: Reservation) -> Decimal:
    """What the voucher's moves say that the ticket took of it."""
    return used_by_invoice(voucher_moves.of_voucher(tx, take.voucher_id)).get(take.invoice_id or 0, ZERO)


def _return(tx: Tx, loyalty: Loyalty, take: Reservation, ticket: Sale | None) -> bool:
    voucher, amount = vouchers.by_id(tx, take.voucher_id), _booked(tx, take)
    if voucher is None or amount <= 0 or voucher.state not in _RETURNABLE:
        return False
    moves = [(MoveKind.RETURNED, amount)]
    if not voucher.has_amount:  # it was worth that only with this ticket
        moves.append((MoveKind.CORRECTED, -amount))
    booked = [
        Move(
            kind=kind,
            amount=sum_,
            day=loyalty.today(),
            at=loyalty.now(),
            who="dolibarr",
            key=f"{kind}:{voucher.id}:ticket:{take.id[:24]}",
            document=ticket.ref if ticket else "",
            invoice_id=take.invoice_id if kind is MoveKind.RETURNED else None,
        )
        for kind, sum_ in moves
    ]
    left = voucher.remaining + total(move.amount for move in booked)
    value = voucher.value if voucher.has_amount else voucher.value - amount
    used = total(used_by_invoice(voucher_moves.of_voucher(tx, voucher.id)).values()) - amount
    state = resting_state(tx, voucher, left, used) if voucher.has_amount else VoucherState.ACTIVE
    after = vouchers.change(
        tx,
        voucher,
        step=str(MoveKind.RETURNED),
        at=loyalty.now(),
        who="dolibarr",
        note="the ticket was given up" if ticket is None else ticket.ref,
        booked=booked,
        state=state,
        value=value,
        remaining=left,
        invoice_id=None,
    )
    if after.thirdparty_id:
        outbox.put(tx, [show_member(after.thirdparty_id)], loyalty.now())
    return True
