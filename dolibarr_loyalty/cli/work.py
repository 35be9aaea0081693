"""The work itself: asking Dolibarr, delivering, the day's work; once, or in a loop that stops when asked."""

import logging
from collections import Counter
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli.options import DryRun, Json
from dolibarr_loyalty.cli.output import progress_bar, say, show_json, tell
from dolibarr_loyalty.cli.serving import serve
from dolibarr_loyalty.cli.setup import Setup, setup_of
from dolibarr_loyalty.cli.stopping import Stop, stopped_by
from dolibarr_loyalty.core.times import iso
from dolibarr_loyalty.flows import daily as days
from dolibarr_loyalty.flows import delivery
from dolibarr_loyalty.flows import sync as walks
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.work import Rhythm, Worker
from dolibarr_loyalty.store.database import Tx

EVERYTHING = 2**31 - 1


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(sync)
    app.command()(run)
    app.command()(serve)
    app.command()(deliver)
    app.command()(daily)


def sync(
    ctx: typer.Context,
    full: Annotated[bool, typer.Option("--full", help="Look at every customer and invoice again.")] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Bring the points up to date with Dolibarr.

    The first time with everything there is; later with what changed. One that was interrupted goes on.

    \b
    Example:
      dolibarr-loyalty sync
    """
    setup = setup_of(ctx)
    with progress_bar() as progress:
        if dry_run:
            with setup.rehearsed() as loyalty:
                done = walks.sync(loyalty, full=full, progress=progress)
        else:
            done = walks.sync(setup.loyalty, full=full, progress=progress)
    if as_json:
        show_json({"dry_run": dry_run, **asdict(done)})
        return
    words = setup.words
    say(
        f"{'Would look at' if dry_run else 'Looked at'} {words.number(done.members)} customers and "
        f"{words.number(done.documents)} documents; {words.points(done.points)} "
        f"{'would be booked' if dry_run else 'booked'}, {words.number(done.deleted)} documents gone."
    )


def run(ctx: typer.Context, dry_run: DryRun = False) -> None:
    """Keep everything up to date until stopped.

    Asks Dolibarr what changed, delivers, and does each day's work. Any number of them may run at once.

    \b
    Example:
      dolibarr-loyalty run
    """
    setup = setup_of(ctx)
    config = setup.config.sync
    rhythm = Rhythm(
        sync_every=timedelta(seconds=config.interval_seconds),
        sweep_every=timedelta(hours=config.sweep_hours),
        deletions_every=timedelta(hours=config.deletion_check_hours),
    )
    if dry_run:
        say(
            f"Would ask {setup.config.dolibarr.url} every {config.interval_seconds} seconds what changed, look "
            f"at everything open every {config.sweep_hours} hours, deliver at once and do the daily work after "
            "midnight."
        )
        _show_due(setup)
        return
    setup.log(logging.INFO)
    worker = Worker(setup.loyalty, rhythm, stop=Stop())
    with stopped_by(worker.stop.set):
        tell(f"Working for {setup.config.dolibarr.url}; stop with Ctrl+C or SIGTERM.")
        worker.run()
    tell("Stopped; nothing is left half-done that is not taken up again.")


def deliver(
    ctx: typer.Context,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="Carry out so many at most.")
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Carry out what is due in Dolibarr and by mail.

    Credit notes, shown points, agenda events, linked files and mails.

    \b
    Example:
      dolibarr-loyalty deliver
    """
    setup = setup_of(ctx)
    if dry_run:
        due = _due(setup)
        if as_json:
            show_json({"dry_run": True, "due": dict(due)})
        else:
            _show_due(setup)
        return
    setup.log(logging.WARNING)
    with progress_bar() as progress:
        done = delivery.deliver(
            setup.loyalty, limit=limit, progress=lambda handled: progress("effects", handled)
        )
    if as_json:
        show_json({"dry_run": False, **asdict(done)})
        return
    say(f"{done.done} carried out, {done.waiting} to be tried again, {done.failed} failed.")
    if done.failed:
        tell("`dolibarr-loyalty outbox list --status failed` shows why.")


def _due(setup: Setup) -> Counter[str]:
    """What is due in the outbox now, by its kind."""
    with setup.untouched() as loyalty, loyalty.database.reading() as tx:
        return _counted(tx, loyalty)


def _counted(tx: Tx, loyalty: Loyalty) -> Counter[str]:
    rows = tx.rows("due_effects", now=iso(loyalty.now()), limit=EVERYTHING)
    return Counter(row["kind"] for row in rows)


def _show_due(setup: Setup) -> None:
    due: Any = _due(setup)
    for kind, number in sorted(due.items()):
        say(f"Would carry out {number} × {kind}.")
    if not due:
        say("Nothing is due in the outbox.")


def daily(ctx: typer.Context, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Let points and vouchers end, and warn before they do.

    May be repeated, and makes up for days that were missed.

    \b
    Example:
      dolibarr-loyalty daily --dry-run
    """
    setup = setup_of(ctx)
    if dry_run:
        with setup.rehearsed() as loyalty:
            day = days.daily(loyalty)
    else:
        day = days.daily(setup.loyalty)
    if as_json:
        show_json({"dry_run": dry_run, **asdict(day)})
        return
    words = setup.words
    if dry_run:
        say(
            f"{words.points(day.expired_points)} and {day.expired_vouchers} vouchers would expire; "
            f"{day.warnings} warnings would be sent."
        )
        return
    say(
        f"{words.points(day.expired_points)} and {day.expired_vouchers} vouchers expired; "
        f"{day.warnings} warnings will be sent."
    )
