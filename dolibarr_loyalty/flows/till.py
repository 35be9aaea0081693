"""At the till: an open ticket takes a gift card or a voucher, and gives it back.

Nothing here stands in the sale's way: the ticket is TakePOS's own, with or without us, and is paid there. A take
is held from the first moment, then put on the ticket, then read back; killed anywhere the same command, or the
next look (`till_watch`), ends it in order. Dolibarr checks neither the customer nor the amount of a credit that
is put on a draft (facts section h), so all of that is checked here.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from dolibarr_loyalty.core.ledger import hash_input
from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.sale import ZERO, Sale, State
from dolibarr_loyalty.core.voucher_moves import used_by_invoice
from dolibarr_loyalty.core.vouchers import Voucher, masked
from dolibarr_loyalty.errors import (
    InputError,
    KeyReused,
    ReservationOver,
    TemporaryFailure,
    TicketNotPayable,
    VoucherNotUsable,
)
from dolibarr_loyalty.flows import usage
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.credits import KeepLease, read_back
from dolibarr_loyalty.flows.holds import let_go, settle_state
from dolibarr_loyalty.flows.leases import holding
from dolibarr_loyalty.flows.paying import credits_for
from dolibarr_loyalty.flows.redemption import LONGEST_KEY
from dolibarr_loyalty.flows.reservations import hold
from dolibarr_loyalty.flows.tickets import (
    Ticket,
    find_ticket,
    put_lines,
    remove_credits,
    remove_lines,
)
from dolibarr_loyalty.store import reservations, voucher_moves, voucher_uses, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id
from dolibarr_loyalty.store.reservations import Hold, Reservation

ON_TICKET = frozenset({Hold.HELD, Hold.PLACED})


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A voucher on a ticket: how much of it, and the ticket as it is now."""

    voucher: Voucher
    ticket: Sale
    amount: Decimal
    take: Reservation


def take(
    loyalty: Loyalty,
    code: str,
    ticket: str = "",
    *,
    terminal: str = "",
    amount: Decimal | None = None,
    who: str,
    key: str | None = None,
) -> Taken:
    """Put a voucher on an open ticket; without `amount` as much of one of several uses as the ticket takes.

    Called again, with the same `key` or without any, it is on the ticket once. Raises UnknownVoucher,
    UnknownTicket, VoucherNotUsable, InvoiceNotPayable and TicketNotPayable with the reason, KeyReused, and the
    connector's failures: call it again then.
    """
    voucher = usage.find_voucher(loyalty, code)
    found = find_ticket(loyalty, ticket, terminal=terminal)
    return take_voucher(loyalty, voucher, found, amount, who=who, key=key)


def take_voucher(
    loyalty: Loyalty, voucher: Voucher, ticket: Ticket, amount: Decimal | None, *, who: str, key: str | None
) -> Taken:
    """As `take`, for a voucher and a ticket that were found already."""
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise InputError(f"A key has 1 to {LONGEST_KEY} signs; this one has {len(key)}.")
    _check_way(voucher, ticket.sale)
    with holding(loyalty, voucher.id) as lease, holding(loyalty, f"invoice:{ticket.sale.id}"):
        voucher = usage.look_closely(loyalty, voucher.id, who=who, keep_lease=lease.keep)
        sale = read_back(loyalty, ticket.sale.id)
        if sale.state is not State.DRAFT:
            raise TicketNotPayable(sale.ref, "it was closed in this moment; use the voucher on the invoice.")
        before = _before(loyalty, voucher, sale, amount, key)
        if before is None:
            wanted = check_take(loyalty, voucher, sale, amount)
            before = _hold(loyalty, voucher, sale, amount, wanted, who, key)
        if before.state is Hold.HELD:
            sale = _put(loyalty, before, sale, who, lease.keep)
    with loyalty.database.reading() as tx:
        after = vouchers.by_id(tx, voucher.id) or voucher
        current = reservations.by_key(tx, before.key) or before
    return Taken(voucher=after, ticket=sale, amount=before.amount, take=current)


def check_take(loyalty: Loyalty, voucher: Voucher, ticket: Sale, amount: Decimal | None = None) -> Decimal:
    """What a voucher would pay of a ticket; raises with the reason, as for an invoice of the same lines."""
    _check_way(voucher, ticket)
    if ticket.thirdparty_id != voucher.thirdparty_id and not voucher.bearer:
        raise TicketNotPayable(
            ticket.ref, "it is personal. Choose its customer for the ticket in TakePOS first, then take it."
        )
    return usage.check_use(loyalty, voucher, replace(ticket, state=State.VALIDATED), amount)


def _check_way(voucher: Voucher, ticket: Sale) -> None:
    """A rebate whose credit note has lowered the VAT already would lower it twice as a line (features 2.5c)."""
    if voucher.accounting == "credit_note":
        raise TicketNotPayable(
            ticket.ref,
            "its credit note has lowered the VAT of past purchases already, and as a line of a ticket it would "
            "lower it a second time. Close the ticket without payment, then use the voucher on its invoice: "
            "`dolibarr-loyalty voucher use CODE INVOICE`.",
        )


def _before(
    loyalty: Loyalty, voucher: Voucher, ticket: Sale, amount: Decimal | None, key: str | None
) -> Reservation | None:
    """The take that this one repeats, if any. Raises KeyReused, ReservationOver, VoucherNotUsable."""
    digest = _digest(voucher, ticket, amount)
    with loyalty.database.reading() as tx:
        mine = reservations.by_key(tx, key) if key else None
        there = _takes(tx, voucher, ticket.id)
    if mine is not None:
        if mine.input_hash != digest:
            raise KeyReused(mine.key)
        if mine.state not in ON_TICKET:
            raise ReservationOver(mine.key, "it was given back. Take the voucher anew, with a new key.")
        return mine
    if not there:
        return None
    if key is not None or amount not in (None, there[0].amount):
        raise VoucherNotUsable(
            masked(voucher.last_four),
            f"it is on {ticket.ref} already with {plain(there[0].amount)} {voucher.currency}. Give it back first.",
        )
    return there[0]


def _takes(tx: Tx, voucher: Voucher, ticket_id: int) -> list[Reservation]:
    """The takes of a voucher that are on a ticket now, or on their way there."""
    return [
        each
        for each in reservations.of_voucher(tx, voucher.id)
        if each.kind == "ticket" and each.invoice_id == ticket_id and each.state in ON_TICKET
    ]


def _digest(voucher: Voucher, ticket: Sale, amount: Decimal | None) -> str:
    return hash_input("ticket", voucher.id, ticket.id, "" if amount is None else plain(amount))


def _hold(
    loyalty: Loyalty,
    voucher: Voucher,
    ticket: Sale,
    amount: Decimal | None,
    wanted: Decimal,
    who: str,
    key: str | None,
) -> Reservation:
    """Write down what goes onto which ticket, before anything is tried: nobody else may use it from here on."""

    def decision(tx: Tx) -> Reservation:
        return hold(
            tx,
            loyalty,
            voucher.id,
            wanted,
            key=key or f"ticket:{ticket.id}:{new_id()}",
            ttl=None,
            who=who,
            input_hash=_digest(voucher, ticket, amount),
            kind="ticket",
            ticket_id=ticket.id,
        )

    return loyalty.database.decide(decision)


# putting it on -------------------------------------------------------------------------------------
def _put(loyalty: Loyalty, take: Reservation, ticket: Sale, who: str, keep_lease: KeepLease) -> Sale:
    """Put what is held on the ticket, as a reduction or as credits, whatever of it a crash left there."""
    voucher = _stored(loyalty, take.voucher_id)
    if voucher.accounting == "discount":
        ticket = put_lines(loyalty, voucher, take, ticket, keep_lease)
        loyalty.database.decide(lambda tx: _note(tx, loyalty, voucher, "on_ticket", who, ticket.ref))
        return ticket
    missing = take.amount - _used_on(loyalty, voucher, ticket.id)
    if missing > ZERO:
        _use(loyalty, voucher, take, ticket, missing, who, keep_lease)
    place(loyalty, take, who, ticket.ref)
    return read_back(loyalty, ticket.id)


def _use(
    loyalty: Loyalty,
    voucher: Voucher,
    take: Reservation,
    ticket: Sale,
    amount: Decimal,
    who: str,
    keep_lease: KeepLease,
) -> None:
    """Credits for exactly the amount, the ticket's customer's own, become lines of the draft."""
    _, begun = usage.begin_use(loyalty, voucher, ticket, amount, who, take.key)
    for row in credits_for(loyalty, _stored(loyalty, voucher.id), ticket, begun, keep_lease):
        keep_lease()
        loyalty.books.use_credit_as_line(ticket.id, row.id)
    usage.look_closely(loyalty, voucher.id, who=who, keep_lease=keep_lease)
    with loyalty.database.reading() as tx:
        ended = voucher_uses.by_key(tx, begun.key)
    if ended is None or ended.state != "done":
        raise TemporaryFailure(f"The credit is not seen on {ticket.ref} yet; take it again.")


def place(loyalty: Loyalty, take: Reservation, who: str, ref: str) -> None:
    """The credits of a take are on the ticket and booked as used there: nothing of it is held any more."""

    def decision(tx: Tx) -> None:
        current = reservations.by_key(tx, take.key)
        if current is None or current.state is not Hold.HELD:
            return
        reservations.change(tx, current, at=loyalty.now(), who=who, state=Hold.PLACED)
        voucher = vouchers.by_id(tx, take.voucher_id)
        assert voucher is not None  # noqa: S101
        settle_state(tx, loyalty, voucher, "on_ticket", who=who, note=ref)

    loyalty.database.decide(decision)


# giving it back ------------------------------------------------------------------------------------
def give_back(loyalty: Loyalty, code: str, ticket: str = "", *, terminal: str = "", who: str) -> Taken:
    """Take a voucher off an open ticket again; it is free as before. Again it gives the same answer.

    Raises VoucherNotUsable where it is on no such ticket, TicketNotPayable once that is paid.
    """
    voucher = usage.find_voucher(loyalty, code)
    return give_back_voucher(loyalty, voucher, find_ticket(loyalty, ticket, terminal=terminal), who=who)


def give_back_voucher(loyalty: Loyalty, voucher: Voucher, ticket: Ticket, *, who: str) -> Taken:
    """As `give_back`, for a voucher and a ticket that were found already."""
    with holding(loyalty, voucher.id) as lease, holding(loyalty, f"invoice:{ticket.sale.id}"):
        take = last_take(loyalty, voucher, ticket.sale)
        sale = read_back(loyalty, ticket.sale.id)
        if sale.state is not State.DRAFT:
            raise TicketNotPayable(sale.ref, "it is closed. A credit note on its invoice undoes the sale.")
        if take.state in ON_TICKET:
            remove_lines(loyalty, take, sale)
            remove_credits(loyalty, voucher, sale)
            usage.look_closely(loyalty, voucher.id, who=who, keep_lease=lease.keep)
            loyalty.database.decide(lambda tx: free(tx, loyalty, take.key, who, "given back"))
            sale = read_back(loyalty, sale.id)
    with loyalty.database.reading() as tx:
        current = reservations.by_key(tx, take.key) or take
        after = vouchers.by_id(tx, voucher.id) or voucher
    return Taken(voucher=after, ticket=sale, amount=take.amount, take=current)


def last_take(loyalty: Loyalty, voucher: Voucher, ticket: Sale) -> Reservation:
    """The take of a voucher that is on a ticket, else the last one that was; raises VoucherNotUsable."""
    with loyalty.database.reading() as tx:
        takes = [each for each in reservations.of_voucher(tx, voucher.id) if each.invoice_id == ticket.id]
    found = [each for each in takes if each.kind == "ticket"]
    if not found:
        raise VoucherNotUsable(masked(voucher.last_four), f"it is not on {ticket.ref}.")
    return next((each for each in found if each.state in ON_TICKET), found[-1])


def free(tx: Tx, loyalty: Loyalty, key: str, who: str, why: str) -> None:
    """End a take whose lines are off the ticket."""
    current = reservations.by_key(tx, key)
    if current is None:
        return
    if current.state is Hold.HELD:
        let_go(tx, loyalty, current, Hold.RELEASED, who=who, why=why)
    elif current.state is Hold.PLACED:
        reservations.change(tx, current, at=loyalty.now(), who=who, why=why, state=Hold.RELEASED)
        voucher = vouchers.by_id(tx, current.voucher_id)
        assert voucher is not None  # noqa: S101
        settle_state(tx, loyalty, voucher, "released", who=who, note=why)


# small things --------------------------------------------------------------------------------------
def _used_on(loyalty: Loyalty, voucher: Voucher, ticket_id: int) -> Decimal:
    with loyalty.database.reading() as tx:
        return used_by_invoice(voucher_moves.of_voucher(tx, voucher.id)).get(ticket_id, ZERO)


def _stored(loyalty: Loyalty, voucher_id: str) -> Voucher:
    with loyalty.database.reading() as tx:
        voucher = vouchers.by_id(tx, voucher_id)
    assert voucher is not None  # noqa: S101
    return voucher


def _note(tx: Tx, loyalty: Loyalty, voucher: Voucher, step: str, who: str, note: str) -> None:
    vouchers.note_step(tx, voucher.id, step, at=loyalty.now(), who=who, note=note)
