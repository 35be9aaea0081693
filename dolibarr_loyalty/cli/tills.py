"""At the till: open tickets of TakePOS take vouchers and gift cards, and give them back."""

from typing import Annotated

import typer

from dolibarr_loyalty.cli.looking import look_up
from dolibarr_loyalty.cli.options import Code, DryRun, Json, Key
from dolibarr_loyalty.cli.output import say, show_json, show_table
from dolibarr_loyalty.cli.reserving import Amount, the_amount
from dolibarr_loyalty.cli.setup import Setup, setup_of, who
from dolibarr_loyalty.cli.telling import a_voucher
from dolibarr_loyalty.core.vouchers import masked
from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.flows import lookups, till, usage
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.tickets import Ticket, find_ticket, open_tickets
from dolibarr_loyalty.store import members

WhichTicket = Annotated[
    str, typer.Option("--ticket", metavar="TICKET", help="The ticket's id or number; see `till tickets`.")
]
Terminal = Annotated[
    str, typer.Option("--terminal", metavar="N", help="The till, when only one ticket is open there.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Open tickets of TakePOS: vouchers and gift cards.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("tickets")(tickets)
    group.command("take")(take)
    group.command("give-back")(give_back)
    app.add_typer(group, name="till")


def tickets(ctx: typer.Context, as_json: Json = False) -> None:
    """List the open tickets of all tills.

    \b
    Example:
      dolibarr-loyalty till tickets
    """
    setup = setup_of(ctx)
    found = open_tickets(setup.loyalty)
    with setup.loyalty.database.reading() as tx:
        known = members.load(tx, [each.sale.thirdparty_id for each in found])
    names = {number: customer.member.name for number, customer in known.items()}
    if as_json:
        show_json([{**_ticket(each), "customer": names.get(each.sale.thirdparty_id)} for each in found])
        return
    show_table(
        (">Id", "Ticket", "Till", "Place", "Customer", ">To pay"),
        [
            (
                each.sale.id,
                each.ref,
                each.terminal,
                each.place,
                names.get(each.sale.thirdparty_id, each.sale.thirdparty_id),
                setup.words.money(each.sale.gross, each.sale.currency),
            )
            for each in found
        ],
    )
    if not found:
        say("No ticket is open.")


def _ticket(ticket: Ticket) -> dict[str, object]:
    sale = ticket.sale
    return {
        "id": sale.id,
        "ticket": ticket.ref,
        "till": ticket.terminal,
        "place": ticket.place,
        "thirdparty_id": sale.thirdparty_id,
        "to_pay": sale.gross,
        "currency": sale.currency,
    }


def take(
    ctx: typer.Context,
    code: Code,
    ticket: WhichTicket = "",
    terminal: Terminal = "",
    amount: Amount = None,
    key: Key = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Put a voucher or gift card on an open ticket.

    The rest is paid in TakePOS as usual, and the voucher is used with it. A ticket that is given up gives it back.

    \b
    Example:
      dolibarr-loyalty till take ABCDEF-GHJKMN-PQRSTV --terminal 1
    """
    setup = setup_of(ctx)
    wanted = the_amount(amount)
    if dry_run:
        with setup.untouched() as loyalty:
            voucher = usage.look_at(loyalty, lookups.silently(loyalty, code).id)
            found = _find(loyalty, ticket, terminal)
            would = till.check_take(loyalty, voucher, found.sale, wanted)
        left = found.sale.gross - would
        if as_json:
            show_json(
                {"dry_run": True, "voucher": a_voucher(voucher), "ticket": _ticket(found), "amount": would}
            )
            return
        say(
            f"{masked(voucher.last_four)} would pay {setup.words.money(would, voucher.currency)} of {found.ref}; "
            f"{setup.words.money(left, voucher.currency)} would remain to be paid."
        )
        return
    voucher = look_up(setup, code)
    found = _find(setup.loyalty, ticket, terminal)
    done = till.take_voucher(setup.loyalty, voucher, found, wanted, who=who(), key=key)
    _tell(setup, done, found, "pays", as_json)


def give_back(
    ctx: typer.Context,
    code: Code,
    ticket: WhichTicket = "",
    terminal: Terminal = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take a voucher off an open ticket again; it is free as before.

    \b
    Example:
      dolibarr-loyalty till give-back ABCDEF-GHJKMN-PQRSTV --terminal 1
    """
    setup = setup_of(ctx)
    voucher = lookups.silently(setup.loyalty, code) if dry_run else look_up(setup, code)
    found = _find(setup.loyalty, ticket, terminal)
    if dry_run:
        held = till.last_take(setup.loyalty, voucher, found.sale)
        if as_json:
            show_json({"dry_run": True, "voucher": a_voucher(voucher), "amount": held.amount})
        else:
            amount = setup.words.money(held.amount, held.currency)
            say(f"{amount} of {masked(voucher.last_four)} would be taken off {found.ref}.")
        return
    done = till.give_back_voucher(setup.loyalty, voucher, found, who=who())
    _tell(setup, done, found, "gave back", as_json)


def _find(loyalty: Loyalty, ticket: str, terminal: str) -> Ticket:
    if bool(ticket) == bool(terminal):
        raise InputError("Name the ticket: --ticket with its id or number, or --terminal with the till's.")
    return find_ticket(loyalty, ticket, terminal=terminal)


def _tell(setup: Setup, done: till.Taken, ticket: Ticket, what: str, as_json: bool) -> None:
    if as_json:
        now = Ticket(terminal=ticket.terminal, place=ticket.place, sale=done.ticket)
        show_json(
            {
                "dry_run": False,
                "voucher": a_voucher(done.voucher),
                "ticket": _ticket(now),
                "amount": done.amount,
                "state": str(done.take.state),
                "key": done.take.key,
            }
        )
        return
    words, currency = setup.words, done.voucher.currency
    amount = words.money(done.amount, currency)
    rest = words.money(done.ticket.gross, currency)
    if what == "pays":
        say(
            f"{masked(done.voucher.last_four)} pays {amount} of {ticket.ref}; {rest} remain to be paid at the till."
        )
    else:
        say(f"{amount} of {masked(done.voucher.last_four)} are off {ticket.ref}; {rest} are to be paid.")
