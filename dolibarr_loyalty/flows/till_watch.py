"""What became of vouchers on tickets: paid there, given up, changed by the cashier; booked as it happened."""

import logging
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.core.effects import event, show_member
from dolibarr_loyalty.core.sale import ZERO, Sale, total
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind, used_by_invoice
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.errors import PermanentFailure
from dolibarr_loyalty.flows import usage
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.holds import FREE
from dolibarr_loyalty.flows.leases import Busy, holding
from dolibarr_loyalty.flows.tickets import is_open, reduced
from dolibarr_loyalty.flows.till import ON_TICKET, free, place
from dolibarr_loyalty.flows.undone_tickets import watch_undone
from dolibarr_loyalty.flows.watching import resting_state
from dolibarr_loyalty.store import outbox, reservations, voucher_moves, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.reservations import Hold, Reservation

log = logging.getLogger(__name__)


def watch_tickets(loyalty: Loyalty) -> int:
    """Look at every ticket that a voucher is on; gives how many of these takes have ended.

    A ticket that was given up gives the voucher back; one that was paid makes the use final.
    """
    ended = 0
    for state in (Hold.HELD, Hold.PLACED):
        last = ""
        while True:
            with loyalty.database.reading() as tx:
                page = reservations.page(tx, state, "ticket", last, loyalty.page_size)
            if not page:
                break
            last = page[-1].id
            ended += sum(_look(loyalty, take) for take in page)
    watch_undone(loyalty)
    return ended


def _look(loyalty: Loyalty, take: Reservation) -> bool:
    """Whether a take has ended by now."""
    try:
        with holding(loyalty, take.voucher_id) as lease:
            with loyalty.database.reading() as tx:
                now = reservations.by_key(tx, take.key)
                voucher = vouchers.by_id(tx, take.voucher_id)
            if now is None or voucher is None or now.state not in ON_TICKET:
                return now is None or now.state not in ON_TICKET
            ticket = loyalty.books.sale(take.invoice_id or 0)
            if voucher.accounting == "discount":
                return _settle_lines(loyalty, voucher, now, ticket)
            usage.look_closely(loyalty, voucher.id, keep_lease=lease.keep)
            return _settle_credits(loyalty, now, ticket)
    except Busy:
        return False
    except PermanentFailure as failure:  # for a person; the other tickets are looked at all the same
        log.warning("the ticket of voucher %s cannot be looked at: %s", take.voucher_id, failure)
        return False


def _settle_credits(loyalty: Loyalty, take: Reservation, ticket: Sale | None) -> bool:
    """Credits on a ticket are booked by `look_closely`; what is left is to end the take with its ticket."""
    with loyalty.database.reading() as tx:
        used = used_by_invoice(voucher_moves.of_voucher(tx, take.voucher_id)).get(take.invoice_id or 0, ZERO)
    if not used:
        loyalty.database.decide(lambda tx: free(tx, loyalty, take.key, loyalty.worker, _why(ticket)))
        return True
    if take.state is Hold.HELD:
        place(loyalty, take, loyalty.worker, ticket.ref if ticket else "")
    if ticket is None or is_open(ticket):
        return False
    loyalty.database.decide(lambda tx: _end(tx, loyalty, take, ticket.ref))
    return True


def _settle_lines(loyalty: Loyalty, voucher: Voucher, take: Reservation, ticket: Sale | None) -> bool:
    """Reductions are used when their ticket is closed, and as they stand on it then."""
    amount = reduced(take, ticket) if ticket is not None else ZERO
    if ticket is None or amount <= 0:
        loyalty.database.decide(lambda tx: free(tx, loyalty, take.key, loyalty.worker, _why(ticket)))
        return True
    if is_open(ticket):
        return False
    if not ticket.is_final:
        loyalty.database.decide(lambda tx: free(tx, loyalty, take.key, loyalty.worker, str(ticket.state)))
        return True
    loyalty.database.decide(lambda tx: _book(tx, loyalty, voucher.id, take, ticket, amount))
    return True


def _why(ticket: Sale | None) -> str:
    return "the ticket was given up" if ticket is None else f"not on {ticket.ref} any more"


def _end(tx: Tx, loyalty: Loyalty, take: Reservation, ref: str) -> None:
    current = reservations.by_key(tx, take.key)
    if current is not None and current.state is Hold.PLACED:
        reservations.change(tx, current, at=loyalty.now(), who=loyalty.worker, why=ref, state=Hold.CAPTURED)
        vouchers.note_step(tx, current.voucher_id, "captured", at=loyalty.now(), who=loyalty.worker, note=ref)


def _book(
    tx: Tx, loyalty: Loyalty, voucher_id: str, take: Reservation, ticket: Sale, amount: Decimal
) -> None:
    """Book what a closed ticket took of a voucher, once."""
    current = reservations.by_key(tx, take.key)
    voucher = vouchers.by_id(tx, voucher_id)
    if current is None or voucher is None or current.state is not Hold.HELD:
        return
    at, who = loyalty.now(), take.who
    reservations.change(tx, current, at=at, who=loyalty.worker, why=ticket.ref, state=Hold.CAPTURED)
    booked = _moves(loyalty, voucher, take, ticket, amount)
    left = voucher.remaining + total(move.amount for move in booked)
    used = total(used_by_invoice(voucher_moves.of_voucher(tx, voucher.id)).values()) + amount
    state = resting_state(tx, voucher, left, used) if voucher.state in FREE else voucher.state
    after = vouchers.change(
        tx,
        voucher,
        step=str(state),
        at=at,
        who=who,
        note=ticket.ref,
        booked=booked,
        state=state,
        value=voucher.value if voucher.has_amount else voucher.value + amount,
        remaining=left,
        invoice_id=ticket.id,
    )
    if not after.thirdparty_id:
        return
    effects = [show_member(after.thirdparty_id)]
    if loyalty.screens.agenda:
        about = f"{after.id}:{after.version}"
        told: dict[str, Any] = {"voucher": after.id, "sale_id": ticket.id, "amount": str(amount)}
        effects.append(event("voucher_used", after.thirdparty_id, about, **told))
    outbox.put(tx, effects, at)


def _moves(
    loyalty: Loyalty, voucher: Voucher, take: Reservation, ticket: Sale, amount: Decimal
) -> Sequence[Move]:
    """The use, after what makes the voucher worth it: its first amount, or what the cashier gave more than it had."""
    about = {"at": loyalty.now(), "who": take.who, "invoice_id": ticket.id, "document": ticket.ref}
    name = f"{voucher.id}:ticket:{take.id[:24]}"
    moves = [
        Move(kind=MoveKind.USED, amount=-amount, day=ticket.issued_on, key=f"used:{name}", **about)  # type: ignore[arg-type]
    ]
    more = amount if not voucher.has_amount else amount - voucher.remaining
    if more > 0:
        kind = MoveKind.CORRECTED if voucher.has_amount else MoveKind.ISSUED
        moves.insert(
            0,
            Move(kind=kind, amount=more, day=ticket.issued_on, key=f"{kind}:{name}", **about),  # type: ignore[arg-type]
        )
    return moves
