"""Points given or taken by hand, and given by one member to another."""

from collections.abc import Callable
from typing import Annotated

import typer

from dolibarr_loyalty.cli.options import DryRun, Json, Key, Member, Reason, Unit
from dolibarr_loyalty.cli.output import say, show_json
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.setup import Setup, setup_of, who
from dolibarr_loyalty.cli.telling import entry_row
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.terms import QUALIFYING
from dolibarr_loyalty.core.wallets import find_unit
from dolibarr_loyalty.errors import UnknownUnit
from dolibarr_loyalty.flows.adjustment import adjust as book
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.transfers import transfer as move
from dolibarr_loyalty.store.ids import new_id


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Give or take points, stamps and the like by hand.", no_args_is_help=True, rich_markup_mode=None
    )
    # Points may be below zero, which would read as an option.
    group.command("adjust", context_settings={"ignore_unknown_options": True})(adjust)
    group.command("transfer")(transfer)
    app.add_typer(group, name="points")


def the_unit(program: Program, text: str) -> str:
    """The unit a text means: points, a wallet or a card. Raises UnknownUnit, which lists them."""
    unit = find_unit(program, text)
    if unit is None:
        raise UnknownUnit(text, [unit for unit in program.units if not unit.startswith(QUALIFYING)])
    return unit


def adjust(
    ctx: typer.Context,
    member: Member,
    points: Annotated[int, typer.Argument(metavar="N", help="How many; below zero takes them.")],
    reason: Reason,
    unit: Unit = "points",
    key: Key = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Give a member points, or take some, with a reason.

    \b
    Example:
      dolibarr-loyalty points adjust claire@example.com -20 --reason "counted twice at the till"
      dolibarr-loyalty points adjust 42 100 --reason "sorry for the delay"
      dolibarr-loyalty points adjust 42 1 --unit coffee --reason "forgot the card"
    """
    setup = setup_of(ctx)
    of = the_unit(setup.config.program, unit)
    words = setup.words.counting(of)

    def booked(loyalty: Loyalty) -> None:
        with loyalty.database.reading() as tx:
            known = the_member(tx, member)
        entry = book(
            loyalty,
            known.member.thirdparty_id,
            points,
            reason=reason,
            who=who(),
            request_key=key or new_id(),
            unit=of,
        )
        if as_json:
            show_json(
                {
                    "dry_run": dry_run,
                    "thirdparty_id": known.member.thirdparty_id,
                    "entry": entry_row(setup.words, entry),
                }
            )
            return
        change = words.points(abs(entry.points))
        verb = (
            ("would get" if dry_run else "got") if entry.points > 0 else ("would lose" if dry_run else "lost")
        )
        owed = f" and a debt of {words.points(entry.debt_after)}" if entry.debt_after else ""
        say(
            f"{known.member.name} {verb} {change}; that makes a balance of "
            f"{words.points(entry.balance_after)}{owed}."
        )

    _run(setup, booked, dry_run=dry_run)


def transfer(
    ctx: typer.Context,
    giver: Annotated[str, typer.Argument(metavar="FROM", help="The member who gives, as for MEMBER.")],
    taker: Annotated[str, typer.Argument(metavar="TO", help="The member who gets them, as for MEMBER.")],
    points: Annotated[int, typer.Argument(metavar="N", help="How many.")],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; both members can read it.")
    ] = "",
    unit: Unit = "points",
    key: Key = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Move points from one member to another; they keep their end.

    Only where the program lets members give: for points as a whole, or for a wallet.

    \b
    Example:
      dolibarr-loyalty points transfer claire@example.com 42 50 --reason "birthday present"
    """
    setup = setup_of(ctx)
    of = the_unit(setup.config.program, unit)

    def moved(loyalty: Loyalty) -> None:
        with loyalty.database.reading() as tx:
            source, target = the_member(tx, giver).member, the_member(tx, taker).member
        move(
            loyalty,
            source.thirdparty_id,
            target.thirdparty_id,
            points,
            of,
            reason=reason,
            who=who(),
            request_key=key or new_id(),
        )
        if as_json:
            told = {"from": source.thirdparty_id, "to": target.thirdparty_id, "points": points, "unit": of}
            show_json({"dry_run": dry_run, **told})
            return
        verb = "would give" if dry_run else "gave"
        say(f"{source.name} {verb} {setup.words.units(points, of)} to {target.name}.")

    _run(setup, moved, dry_run=dry_run)


def _run(setup: Setup, action: Callable[[Loyalty], None], *, dry_run: bool) -> None:
    if dry_run:
        with setup.untouched() as loyalty:
            action(loyalty)
    else:
        action(setup.loyalty)
