"""Open tickets of TakePOS, and what of a voucher is on one: plain reductions, or credits as lines.

An open ticket is a draft `(PROV-POS1-0)` of one till and place (facts section h). Lines of ours bear a name, by
which they are found again; what was put on twice or in part by a crash is put right before anything is added.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dolibarr_loyalty.connectors.protocol import DraftLine
from dolibarr_loyalty.core.conditions import good_lines, weights_of
from dolibarr_loyalty.core.credit_lines import lines_of
from dolibarr_loyalty.core.sale import Line, Sale, State, total
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.errors import InputError, PermanentFailure, UnknownTicket
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.credits import KeepLease, read_back, rows_of
from dolibarr_loyalty.store.reservations import Reservation

TILL = "takepos"
_REF = re.compile(r"\(?PROV-POS(?P<terminal>[^-]+)-(?P<place>[^)]+)\)?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """An open ticket: its till, its place (0 at a counter, else a table), and the document as it is now."""

    terminal: str
    place: str
    sale: Sale

    @property
    def ref(self) -> str:
        return self.sale.ref.strip("()")


def open_tickets(loyalty: Loyalty) -> list[Ticket]:
    """The open tickets of all tills that have anything on them, by till and place."""
    found = [_ticket(sale) for sale in loyalty.books.draft_sales(TILL) if sale.lines and not sale.is_ours]
    return sorted(found, key=lambda ticket: (ticket.terminal, ticket.place, ticket.sale.id))


def _ticket(sale: Sale) -> Ticket:
    parts = _REF.fullmatch(sale.ref)
    return Ticket(
        terminal=parts["terminal"] if parts else "", place=parts["place"] if parts else "", sale=sale
    )


def find_ticket(loyalty: Loyalty, wanted: str = "", *, terminal: str = "") -> Ticket:
    """The open ticket of an id or number, or the only one of a till. Raises UnknownTicket, InputError."""
    tickets = open_tickets(loyalty)
    if terminal:
        matching = [ticket for ticket in tickets if ticket.terminal == terminal]
    else:
        name = wanted.strip().strip("()").casefold()
        matching = [ticket for ticket in tickets if name in (str(ticket.sale.id), ticket.ref.casefold())]
    if not matching:
        raise UnknownTicket(f"till {terminal}" if terminal else wanted)
    if len(matching) > 1:
        known = ", ".join(f"{ticket.ref} ({ticket.sale.id})" for ticket in matching)
        raise InputError(f"Several tickets are open there: {known}. Name one by its number in brackets.")
    return matching[0]


# plain reductions ----------------------------------------------------------------------------------
def line_names(take: Reservation) -> str:
    """What the names of all lines of a take begin with."""
    return f"loyalty:ticket:{take.id[:24]}:"


def lines_of_take(take: Reservation, ticket: Sale) -> list[Line]:
    """The reductions on a ticket that are a take's."""
    return [line for line in ticket.lines if line.ref_ext.startswith(line_names(take))]


def reduced(take: Reservation, ticket: Sale) -> Decimal:
    """What a take's lines take off a ticket, positive."""
    return -total(line.gross for line in lines_of_take(take, ticket))


def put_lines(
    loyalty: Loyalty, voucher: Voucher, take: Reservation, ticket: Sale, keep_lease: KeepLease
) -> Sale:
    """Reductions at the goods' VAT rates that come to the take, by largest remainder (features 2.5, way M1).

    Lines that are there and right stay; raises PermanentFailure where Dolibarr makes another amount of them.
    """
    wanted = _reductions(loyalty, voucher, take, ticket)
    there = lines_of_take(take, ticket)
    right = {line.ref_ext: line for line in there if _is_as_wanted(line, wanted.get(line.ref_ext))}
    for line in there:
        if right.get(line.ref_ext) is not line:
            loyalty.books.remove_line(ticket.id, line.id)
    for name, reduction in wanted.items():
        if name not in right:
            keep_lease()
            loyalty.books.add_line(ticket.id, reduction)
    ticket = read_back(loyalty, ticket.id)
    if reduced(take, ticket) != take.amount:
        made = reduced(take, ticket)
        remove_lines(loyalty, take, ticket)
        raise PermanentFailure(
            f"Dolibarr made {made} {take.currency} of the reduction of {take.amount} on {ticket.ref}. It was taken "
            "off again; look at the VAT settings of Dolibarr."
        )
    return ticket


def _is_as_wanted(line: Line, wanted: DraftLine | None) -> bool:
    return wanted is not None and line.vat_rate == wanted.vat_rate and line.gross < 0


def _reductions(
    loyalty: Loyalty, voucher: Voucher, take: Reservation, ticket: Sale
) -> Mapping[str, DraftLine]:
    """The lines of a take by their names: one per VAT rate of the goods, without what is on the ticket of it."""
    mine = set(lines_of_take(take, ticket))
    goods = [line for line in good_lines(voucher, ticket, loyalty.program.gift_cards) if line not in mine]
    words = loyalty.brand.words(loyalty.screens.language)
    label = words.gettext("Voucher %(code)s", code=f"…{voucher.last_four}")
    found = {}
    for line in lines_of(take.amount, weights_of(voucher, goods), voucher.currency):
        name = f"{line_names(take)}{line.vat_rate.normalize():f}:{line.gross}"
        found[name] = DraftLine(
            label=label,
            net_price=-line.net_price,
            vat_rate=line.vat_rate,
            ref_ext=name,
            is_service=_are_services(goods, line.vat_rate),
        )
    return found


def _are_services(goods: Sequence[Line], vat_rate: Decimal) -> bool:
    """A reduction is of what it reduces: services where all goods of its rate are some."""
    return all(line.is_service for line in goods if line.vat_rate == vat_rate and line.gross > 0)


def remove_lines(loyalty: Loyalty, take: Reservation, ticket: Sale) -> None:
    """Take a take's reductions off a draft."""
    for line in lines_of_take(take, ticket):
        loyalty.books.remove_line(ticket.id, line.id)


# credits as lines ----------------------------------------------------------------------------------
def credit_lines_on(loyalty: Loyalty, voucher: Voucher, ticket: Sale) -> list[Line]:
    """The lines of a ticket behind which a credit of this voucher stands."""
    rows = {row.id for row in rows_of(loyalty, voucher)}
    return [line for line in ticket.lines if line.credit_id in rows]


def remove_credits(loyalty: Loyalty, voucher: Voucher, ticket: Sale) -> None:
    """Take a voucher's credits off a draft, which frees them (facts section d)."""
    for line in credit_lines_on(loyalty, voucher, ticket):
        loyalty.books.remove_line(ticket.id, line.id)


def is_open(ticket: Sale | None) -> bool:
    return ticket is not None and ticket.state is State.DRAFT
