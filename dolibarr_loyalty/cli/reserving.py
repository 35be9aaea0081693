"""Holding vouchers and points for a cart or a till: reserve, capture, release."""

from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli.looking import look_up
from dolibarr_loyalty.cli.options import Code, DryRun, Invoice, Json, Member
from dolibarr_loyalty.cli.output import say, show_json, show_table
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.setup import Setup, setup_of, who
from dolibarr_loyalty.cli.telling import a_voucher
from dolibarr_loyalty.core.vouchers import Voucher, masked
from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.flows import lookups, redemption
from dolibarr_loyalty.flows import reservations as flow
from dolibarr_loyalty.flows.usage import find_invoice
from dolibarr_loyalty.store import reservations as table
from dolibarr_loyalty.store import vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id
from dolibarr_loyalty.store.reservations import OPEN, Hold, Reservation

HoldKey = Annotated[str, typer.Argument(metavar="KEY", help="The reservation's key.")]
NewKey = Annotated[
    str | None,
    typer.Option("--key", metavar="KEY", help="Names the reservation; given again it is the same one."),
]
Minutes = Annotated[
    int | None,
    typer.Option("--minutes", metavar="N", min=1, help="How long; else as vouchers.reserve_minutes says."),
]
Amount = Annotated[
    str | None, typer.Option("--amount", metavar="AMOUNT", help="How much of it; without it all there is.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Hold vouchers and points for a cart.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("voucher")(reserve_voucher)
    group.command("reward")(reserve_reward)
    group.command("capture")(capture)
    group.command("release")(release)
    group.command("list")(list_reservations)
    app.add_typer(group, name="reserve")


def the_amount(text: str | None) -> Decimal | None:
    """An amount as typed; raises InputError for what is none."""
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0:
        raise InputError(f"{text!r} is no amount. Write it like 12.50.")
    return amount


def reserve_voucher(
    ctx: typer.Context,
    code: Code,
    amount: Amount = None,
    key: NewKey = None,
    minutes: Minutes = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Hold a voucher, or a part of it, so that nobody else uses it.

    It ends by itself after its minutes. What was held in time may be used even after the voucher's last day.

    \b
    Example:
      dolibarr-loyalty reserve voucher ABCDEF-GHJKMN-PQRSTV --key cart-42 --minutes 20
    """
    setup = setup_of(ctx)
    wanted, ttl = the_amount(amount), None if minutes is None else timedelta(minutes=minutes)
    if dry_run:
        with setup.untouched() as loyalty:
            voucher = lookups.silently(loyalty, code)
            held = flow.reserve_voucher(loyalty, voucher, wanted, key=key or new_id(), ttl=ttl, who=who())
    else:
        voucher = look_up(setup, code)
        held = flow.reserve_voucher(setup.loyalty, voucher, wanted, key=key or new_id(), ttl=ttl, who=who())
    _tell(setup, held, voucher, "would be held" if dry_run else "is held", dry_run, as_json)


def reserve_reward(
    ctx: typer.Context,
    member: Member,
    reward: Annotated[str, typer.Argument(metavar="REWARD", help="The reward's id; see `rewards MEMBER`.")],
    key: NewKey = None,
    minutes: Minutes = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Hold what a reward costs; its voucher is made when it is captured.

    The points are taken at once and return to their own lots when the reservation ends without a use.

    \b
    Example:
      dolibarr-loyalty reserve reward claire@example.com 5-off --key cart-42
    """
    setup = setup_of(ctx)
    ttl = None if minutes is None else timedelta(minutes=minutes)
    if dry_run:
        with setup.untouched() as loyalty, loyalty.database.reading() as tx:
            known = the_member(tx, member)
            wanted = redemption.the_reward(loyalty, reward)
            left = redemption.check_redemption(loyalty, tx, known.member.thirdparty_id, wanted)
        if as_json:
            show_json({"dry_run": True, "reward": wanted.id, "points_left": left})
        else:
            say(f"{known.member.name} would have {setup.words.units(left, wanted.unit)} left to spend.")
        return
    loyalty = setup.loyalty
    with loyalty.database.reading() as tx:
        known = the_member(tx, member)
    held = flow.reserve_reward(
        loyalty, known.member.thirdparty_id, reward, key=key or new_id(), ttl=ttl, who=who()
    )
    with loyalty.database.reading() as tx:
        voucher = _voucher(tx, held)
    _tell(setup, held, voucher, "is held", dry_run, as_json)


def _tell(setup: Setup, held: Reservation, voucher: Voucher, what: str, dry_run: bool, as_json: bool) -> None:
    if as_json:
        show_json({"dry_run": dry_run, "reservation": a_reservation(held, voucher)})
        return
    if held.state is not Hold.HELD:
        say(f"Reservation {held.key} was made before; it is {held.state} now.")
        return
    words = setup.words
    worth = words.money(held.amount, held.currency) if held.amount else "The voucher"
    until = held.until.astimezone(setup.loyalty.zone) if held.until else None
    ends = f" until {words.day(until)} {until:%H:%M}" if until else ""
    say(f"{worth} of {masked(voucher.last_four)} {what}{ends}, as {held.key}.")


def capture(
    ctx: typer.Context, key: HoldKey, invoice: Invoice, dry_run: DryRun = False, as_json: Json = False
) -> None:
    """Use on an invoice what is held; given twice, it pays once.

    \b
    Example:
      dolibarr-loyalty reserve capture cart-42 FA2611-0042
    """
    setup = setup_of(ctx)
    loyalty = setup.loyalty
    if dry_run:
        held, sale = flow.found(loyalty, key), find_invoice(loyalty, invoice)
        told = (
            f"Reservation {held.key} is {held.state}; {sale.ref} has {sale.remaining} {sale.currency} to pay."
        )
        if as_json:
            show_json({"dry_run": True, "state": str(held.state), "amount": held.amount, "invoice": sale.ref})
        else:
            say(told)
        return
    used = flow.capture(loyalty, key, invoice, who=who())
    if as_json:
        paid = {"id": used.invoice.id, "ref": used.invoice.ref, "remaining": used.invoice.remaining}
        show_json(
            {"dry_run": False, "voucher": a_voucher(used.voucher), "invoice": paid, "amount": used.amount}
        )
        return
    words, currency = setup.words, used.voucher.currency
    say(
        f"{masked(used.voucher.last_four)} paid {words.money(used.amount, currency)} of invoice {used.invoice.ref}; "
        f"{words.money(used.invoice.remaining, currency)} remain to be paid."
    )


def release(
    ctx: typer.Context,
    key: HoldKey,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Kept in its history.")] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """End a reservation: the voucher is free again, points return.

    \b
    Example:
      dolibarr-loyalty reserve release cart-42
    """
    setup = setup_of(ctx)
    held = flow.found(setup.loyalty, key)
    if not dry_run:
        held = flow.release(setup.loyalty, key, who=who(), why=why)
    with setup.loyalty.database.reading() as tx:
        voucher = _voucher(tx, held)
    if as_json:
        show_json({"dry_run": dry_run, "reservation": a_reservation(held, voucher)})
    elif dry_run:
        say(f"Reservation {held.key} of {masked(voucher.last_four)} is {held.state}.")
    else:
        say(f"Reservation {held.key} of {masked(voucher.last_four)} has ended: {held.state}.")


def list_reservations(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Those that have ended as well.")] = False,
    as_json: Json = False,
) -> None:
    """List what is held, for carts and on tickets; overdue ones end now.

    \b
    Example:
      dolibarr-loyalty reserve list
    """
    setup = setup_of(ctx)
    with setup.loyalty.database.reading() as tx:
        found = [each for each in _all(tx) if everything or each.state in OPEN or each.state is Hold.PLACED]
        known = {each.key: _voucher(tx, each) for each in found}
    if as_json:
        show_json([a_reservation(each, known[each.key]) for each in found])
        return
    words, zone, now = setup.words, setup.loyalty.zone, setup.loyalty.now()
    show_table(
        ("Key", "Voucher", ">Amount", "State", "For", "Until", "Document", "By"),
        [
            (
                each.key,
                masked(known[each.key].last_four),
                words.money(each.amount, each.currency) if each.amount else "",
                "overdue" if each.is_overdue(now) else str(each.state),
                each.kind,
                f"{words.short_day(each.until)} {each.until.astimezone(zone):%H:%M}" if each.until else "",
                each.invoice_id,
                each.who,
            )
            for each in found
        ],
    )
    if not found:
        say("Nothing is held.")


def _all(tx: Tx) -> list[Reservation]:
    found: list[Reservation] = []
    while page := table.page(tx, last_id=found[-1].id if found else ""):
        found += page
    return sorted(found, key=lambda each: (each.made_at, each.key))


def _voucher(tx: Tx, held: Reservation) -> Voucher:
    voucher = vouchers.by_id(tx, held.voucher_id)
    assert voucher is not None  # noqa: S101
    return voucher


def a_reservation(held: Reservation, voucher: Voucher) -> dict[str, Any]:
    """A reservation for scripts."""
    return {
        "key": held.key,
        "for": held.kind,
        "state": str(held.state),
        "voucher": masked(voucher.last_four),
        "amount": held.amount,
        "currency": held.currency,
        "made_at": held.made_at,
        "until": held.until,
        "by": held.who,
        "invoice_id": held.invoice_id,
    }
