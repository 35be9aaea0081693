"""The outbox: what is still to be written into Dolibarr or mailed, and another try for what failed."""

from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli.options import DryRun, Json, Limit, rows_wanted
from dolibarr_loyalty.cli.output import say, show_json, show_table
from dolibarr_loyalty.cli.rehearsal import require_tables
from dolibarr_loyalty.cli.setup import setup_of
from dolibarr_loyalty.core.times import iso
from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import outbox
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.outbox import Row

STATUSES = ("pending", "working", "failed", "done")
PAGE = 500


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="What is still to be written into Dolibarr or mailed.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("list")(list_waiting)
    group.command("retry")(retry)
    app.add_typer(group, name="outbox")


def list_waiting(
    ctx: typer.Context,
    status: Annotated[
        str | None,
        typer.Option("--status", metavar="|".join(STATUSES), help="Default: all that is not done."),
    ] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """List what waits or failed, with the last error.

    \b
    Example:
      dolibarr-loyalty outbox list --status failed
    """
    if status is not None and status not in STATUSES:
        raise InputError(f"There is no status {status!r}. Choose one of: {', '.join(STATUSES)}.")
    setup = setup_of(ctx)
    with setup.loyalty.database.reading() as tx:
        rows = _page(tx, status, rows_wanted(limit, as_json=as_json))
    if as_json:
        show_json([_as_json(row) for row in rows])
        return
    words = setup.words
    show_table(
        ("Id", "What", ">Third party", "Status", ">Tries", "Due", "Last error"),
        [
            (
                row.id,
                row.effect.kind,
                row.effect.thirdparty_id,
                row.status,
                row.attempts,
                words.short_day(row.due_at),
                row.last_error,
            )
            for row in rows
        ],
    )
    if not rows:
        say("Nothing waits.")


def _page(tx: Tx, status: str | None, wanted: int | None) -> list[Row]:
    found: list[Row] = []
    while wanted is None or len(found) < wanted:
        size = PAGE if wanted is None else min(PAGE, wanted - len(found))
        page = outbox.page(tx, status, found[-1].id if found else "", size)
        found += page
        if len(page) < size:
            break
    return found


def _as_json(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "key": row.effect.key,
        "kind": row.effect.kind,
        "thirdparty_id": row.effect.thirdparty_id,
        "status": row.status,
        "attempts": row.attempts,
        "due_at": row.due_at,
        "created_at": row.created_at,
        "last_error": row.last_error,
    }


def retry(
    ctx: typer.Context,
    identifier: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One of them; without it, all that failed.")
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Give what failed for good another try.

    `deliver` or `run` then carries it out.

    \b
    Example:
      dolibarr-loyalty outbox retry --dry-run
    """
    setup = setup_of(ctx)
    if dry_run:
        with setup.untouched() as loyalty:
            effects, hints = _retried(loyalty, identifier)
    else:
        require_tables(setup.loyalty.database)
        effects, hints = _retried(setup.loyalty, identifier)
    if as_json:
        show_json({"dry_run": dry_run, "effects": effects, "hints": hints})
        return
    verb = "would be tried" if dry_run else "will be tried"
    say(f"{effects} of the outbox and {hints} hints {verb} again.")


def _retried(loyalty: Loyalty, identifier: str | None) -> tuple[int, int]:
    def decision(tx: Tx) -> tuple[int, int]:
        now = iso(loyalty.now())
        effects = tx.run("retry_effects", id=identifier, now=now)
        return effects, 0 if identifier else tx.run("retry_hints", now=now)

    found = loyalty.database.decide(decision)
    if identifier is not None and not found[0]:
        raise InputError(f"Nothing with the id {identifier!r} has failed. `outbox list` shows what has.")
    return found
