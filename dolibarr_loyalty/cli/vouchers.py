"""Rewards and vouchers: what a member can have, handing it out, using it, taking it back."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli import voiding_vouchers, voucher_codes
from dolibarr_loyalty.cli.looking import look_up
from dolibarr_loyalty.cli.options import Code, DryRun, Invoice, Json, Limit, Member, rows_wanted
from dolibarr_loyalty.cli.output import say, show_json, show_table
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.redeeming import redeem
from dolibarr_loyalty.cli.setup import Setup, setup_of, who
from dolibarr_loyalty.cli.telling import a_voucher, voucher_row
from dolibarr_loyalty.cli.voucher_show import show
from dolibarr_loyalty.core.program import Reward
from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, masked
from dolibarr_loyalty.errors import InputError, Refused
from dolibarr_loyalty.flows import usage
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.mails import pdf_for
from dolibarr_loyalty.flows.redemption import check_redemption
from dolibarr_loyalty.messages import voucher_filename
from dolibarr_loyalty.store import ledger
from dolibarr_loyalty.store import vouchers as table
from dolibarr_loyalty.store.database import Tx

PAGE = 500


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(rewards)
    app.command()(redeem)
    group = typer.Typer(
        help="Vouchers: look, use, cancel, replace.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("show")(show)
    group.command("pdf")(pdf)
    group.command("list")(list_vouchers)
    group.command("use")(use)
    voiding_vouchers.add_to(group)
    voucher_codes.add_to(group)
    app.add_typer(group, name="voucher")


def pdf(
    ctx: typer.Context,
    code: Code,
    output: Annotated[Path | None, typer.Option("--output", help="Where to write it.")] = None,
) -> None:
    """Write the printable page of a voucher into a file.

    \b
    Example:
      dolibarr-loyalty voucher pdf N3MCVR-HMFQPT-SHRC39 --output voucher.pdf
    """
    setup = setup_of(ctx)
    voucher = look_up(setup, code)
    printed = pdf_for(setup.loyalty, voucher.id)
    if printed is None:
        raise InputError("The voucher's customer is no longer in Dolibarr, so nothing can be printed.")
    target = output or Path(voucher_filename(setup.words, printed[1]))
    try:
        target.write_bytes(printed[2])
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror}.") from error
    say(f"Wrote {target}.")


# rewards -------------------------------------------------------------------------------------------


def rewards(ctx: typer.Context, member: Member, as_json: Json = False) -> None:
    """List the rewards and what a member can have now.

    \b
    Example:
      dolibarr-loyalty rewards claire@example.com
    """
    setup = setup_of(ctx)
    loyalty = setup.loyalty
    with loyalty.database.reading() as tx:
        known = the_member(tx, member)
        identifier = known.member.thirdparty_id
        offers = sorted(loyalty.program.rewards, key=lambda reward: (reward.points, reward.id))
        units = {POINTS, *(reward.unit for reward in offers)}
        accounts = ledger.load_units(tx, [identifier], units)
        holds = {unit: accounts[identifier, unit].available(loyalty.now()) for unit in units}
        told = [(reward, _why_not(loyalty, tx, identifier, reward)) for reward in offers]
    if as_json:
        rows = [_offer(setup, reward, holds[reward.unit], why_not) for reward, why_not in told]
        show_json({"thirdparty_id": identifier, "available": holds[POINTS], "rewards": rows})
        return
    for unit in sorted(units, key=lambda unit: (unit != POINTS, unit)):
        say(f"{known.member.name} has {setup.words.units(holds[unit], unit)} to spend.")
    show_table(
        ("", "Reward", "Name", ">Costs", ""),
        [
            (
                "✗" if why_not else "✓",
                reward.id,
                reward.name(setup.words.language),
                setup.words.units(reward.points, reward.unit),
                why_not,
            )
            for reward, why_not in told
        ],
    )


def _why_not(loyalty: Loyalty, tx: Tx, thirdparty_id: int, reward: Reward) -> str:
    """Why a member cannot have a reward now; empty when nothing is in the way."""
    try:
        check_redemption(loyalty, tx, thirdparty_id, reward)
    except Refused as refusal:
        return str(refusal)
    return ""


def _offer(setup: Setup, reward: Reward, available: int, why_not: str) -> dict[str, Any]:
    return {
        "reward": reward.id,
        "name": reward.name(setup.words.language),
        "kind": reward.kind,
        "points": reward.points,
        "unit": reward.unit,
        "value": reward.value,
        "missing": max(0, reward.points - available),
        "can_have": not why_not,
        "why_not": why_not,
    }


# looking -------------------------------------------------------------------------------------------


def list_vouchers(
    ctx: typer.Context,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help=f"One of: {', '.join(VoucherState)}.")
    ] = None,
    member: Annotated[str | None, typer.Option("--member", metavar="MEMBER", help="Of one member.")] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """List vouchers, their codes masked.

    \b
    Example:
      dolibarr-loyalty voucher list --state active
    """
    if state is not None and state not in set(VoucherState):
        raise InputError(f"There is no state {state!r}. Choose one of: {', '.join(VoucherState)}.")
    setup = setup_of(ctx)
    wanted = rows_wanted(limit, as_json=as_json)
    with setup.loyalty.database.reading() as tx:
        if member is None:
            found = _page(tx, state, wanted)
        else:
            theirs = table.of_member(tx, the_member(tx, member).member.thirdparty_id)
            found = [voucher for voucher in theirs if state in (None, str(voucher.state))][:wanted]
    if as_json:
        show_json([a_voucher(voucher) for voucher in found])
        return
    show_table(
        (">Customer", "Voucher", "Reward", "State", ">Value", ">Left", "Valid until", "Credit note"),
        [(v.thirdparty_id, *voucher_row(setup.words, v), v.credit_note_ref) for v in found],
    )
    if not found:
        say("There are none.")


def _page(tx: Tx, state: str | None, wanted: int | None) -> list[Voucher]:
    found: list[Voucher] = []
    while wanted is None or len(found) < wanted:
        size = PAGE if wanted is None else min(PAGE, wanted - len(found))
        page = table.page(tx, state, found[-1].id if found else "", size)
        found += page
        if len(page) < size:
            break
    return found


# using ------------------------------------------------------------------------------


def use(
    ctx: typer.Context,
    code: Code,
    invoice: Invoice,
    amount: Annotated[
        str | None,
        typer.Option("--amount", metavar="AMOUNT", help="How much; without it as much as it can pay."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="KEY", help="A name of this use: given twice, it pays once."),
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Pay on an invoice with a voucher, wholly or in part, once.

    To pay on the same invoice again with another part, give each use a --key of its own.

    \b
    Example:
      dolibarr-loyalty voucher use ABCDEF-GHJKMN-PQRSTV FA2611-0042
      dolibarr-loyalty voucher use ABCDEF-GHJKMN-PQRSTV FA2611-0042 --amount 12.50
    """
    setup = setup_of(ctx)
    part = None if amount is None else _amount(amount)
    if dry_run:
        with setup.untouched() as loyalty:
            used = _would_use(loyalty, code, invoice, part, key)
    else:
        look_up(setup, code)
        used = usage.use(setup.loyalty, code, invoice, who=who(), amount=part, key=key)
    remaining = used.invoice.remaining - (used.amount if dry_run else 0)
    if as_json:
        show_json(
            {
                "dry_run": dry_run,
                "voucher": a_voucher(used.voucher),
                "invoice": {"id": used.invoice.id, "ref": used.invoice.ref, "remaining": remaining},
                "amount": used.amount,
            }
        )
        return
    words, currency = setup.words, used.voucher.currency
    say(
        f"{masked(used.voucher.last_four)} {'would pay' if dry_run else 'paid'} "
        f"{words.money(used.amount, currency)} of invoice {used.invoice.ref}; "
        f"{words.money(remaining, currency)} remain to be paid."
    )


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = ZERO
    if not amount.is_finite() or amount <= 0:
        raise InputError(f"{text!r} is no amount. Write it like 12.50.")
    return amount


def _would_use(
    loyalty: Loyalty, code: str, invoice_text: str, amount: Decimal | None = None, key: str | None = None
) -> usage.Use:
    """What `use` would do, found out in its order; what it learns of the voucher is forgotten again."""
    voucher = usage.look_at(loyalty, usage.find_voucher(loyalty, code).id)
    invoice = usage.find_invoice(loyalty, invoice_text)
    if usage.paid_before(loyalty, voucher, invoice, amount, key) is not None:
        return usage.Use(voucher=voucher, invoice=invoice, amount=ZERO)
    paid = usage.check_use(loyalty, voucher, invoice, amount, key)
    return usage.Use(voucher=voucher, invoice=invoice, amount=paid)
