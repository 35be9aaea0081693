"""Points given or taken by hand."""

from typing import Annotated

import typer

from dolibarr_loyalty.cli.options import DryRun, Json, Key, Member, Reason
from dolibarr_loyalty.cli.output import say, show_json
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.setup import setup_of, who
from dolibarr_loyalty.cli.telling import entry_row
from dolibarr_loyalty.flows.adjustment import adjust as book
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store.ids import new_id


def register(app: typer.Typer) -> None:
    """Add the command."""
    group = typer.Typer(help="Give or take points by hand.", no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_points)
    # Points may be below zero, which would read as an option.
    group.command("adjust", context_settings={"ignore_unknown_options": True})(adjust)
    app.add_typer(group, name="points")


def _points() -> None:
    """Give or take points by hand."""


def adjust(
    ctx: typer.Context,
    member: Member,
    points: Annotated[int, typer.Argument(metavar="N", help="How many; below zero takes them.")],
    reason: Reason,
    key: Key = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Give a member points, or take some, with a reason.

    \b
    Example:
      dolibarr-loyalty points adjust claire@example.com -20 --reason "counted twice at the till"
      dolibarr-loyalty points adjust 42 100 --reason "sorry for the delay"
    """
    setup = setup_of(ctx)

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
        change = setup.words.points(abs(entry.points))
        verb = (
            ("would get" if dry_run else "got") if entry.points > 0 else ("would lose" if dry_run else "lost")
        )
        owed = f" and a debt of {setup.words.points(entry.debt_after)}" if entry.debt_after else ""
        say(
            f"{known.member.name} {verb} {change}; that makes a balance of "
            f"{setup.words.points(entry.balance_after)}{owed}."
        )

    if dry_run:
        with setup.untouched() as loyalty:
            booked(loyalty)
    else:
        booked(setup.loyalty)
