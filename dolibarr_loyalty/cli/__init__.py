"""The command line: every command of `dolibarr-loyalty`, in the order its help shows them."""

import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from dolibarr_loyalty import __version__
from dolibarr_loyalty.cli import (
    accounting,
    activities,
    alarms,
    benefits,
    cards,
    causes,
    checkup,
    clubs,
    first_steps,
    gift_cards,
    invoices,
    members,
    moving,
    partners,
    points,
    pools,
    programs,
    referrals,
    reports,
    reserving,
    standing,
    tiers,
    tills,
    vouchers,
    waiting,
    work,
)
from dolibarr_loyalty.cli.failing import CalmGroup
from dolibarr_loyalty.cli.setup import Setup
from dolibarr_loyalty.demo import commands as demo


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dolibarr-loyalty {__version__}")
        raise typer.Exit


def _prepare(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="The settings to use; else the file LOYALTY_CONFIG names, else ./loyalty.toml.",
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Log every step, and show unexpected errors in full.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Points, rewards and vouchers for the customers of a Dolibarr.

    \b
    Example, for the first time:
      dolibarr-loyalty init && dolibarr-loyalty doctor

    Exit codes: 0 done, 1 deviations found or refused by a rule, 2 wrong input or configuration,
    3 Dolibarr or the database cannot be reached.
    """
    ctx.obj = Setup(config, verbose=verbose)


def _made() -> typer.Typer:
    app = typer.Typer(
        name="dolibarr-loyalty",
        cls=CalmGroup,
        callback=_prepare,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    for part in (
        first_steps,
        checkup,
        work,
        standing,
        members,
        invoices,
        vouchers,
        gift_cards,
        reserving,
        tills,
        alarms,
        points,
        activities,
        referrals,
        tiers,
        benefits,
        clubs,
        cards,
        causes,
        pools,
        partners,
        programs,
        reports,
        accounting,
        moving,
        waiting,
    ):
        part.register(app)
    demo.register(app)
    return app


app = _made()


def main() -> None:
    """Run the command that was typed."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a screen that lacks a sign shows another, and goes on
    app()
