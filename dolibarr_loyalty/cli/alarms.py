"""What staff did in Dolibarr that a person must look at: listed until somebody says what was done about it."""

from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli.options import DryRun, Json, Limit, rows_wanted
from dolibarr_loyalty.cli.output import say, show_json, show_table
from dolibarr_loyalty.cli.setup import setup_of, who
from dolibarr_loyalty.flows import alarms as flow
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.alarms import LABELS, sentence
from dolibarr_loyalty.store import alarms as table
from dolibarr_loyalty.store.alarms import Alarm
from dolibarr_loyalty.store.database import Tx

PAGE = 500


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="What was done in Dolibarr that a person must look at.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("list")(list_alarms)
    group.command("done")(done)
    app.add_typer(group, name="alarms")


def list_alarms(
    ctx: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="Those that were dealt with too, with what was done.")
    ] = False,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """List what a person must look at, the oldest first.

    \b
    Example:
      dolibarr-loyalty alarms list
    """
    setup = setup_of(ctx)
    with setup.loyalty.database.reading() as tx:
        found = _page(tx, rows_wanted(limit, as_json=as_json), with_done=everything)
    words = setup.words
    if as_json:
        show_json([_as_json(each, words) for each in found])
        return
    show_table(
        ("Id", "Seen", ">Third party", "What", "Done"),
        [
            (
                each.id,
                words.short_day(each.seen_at),
                each.thirdparty_id,
                f"{words.gettext(LABELS[each.kind])}\n{sentence(words, each.kind, each.facts)}",
                f"{words.short_day(each.done_at)}, {each.done_by}: {each.note}" if each.done_at else "",
            )
            for each in found
        ],
    )
    if not found:
        say("There are none.")


def _page(tx: Tx, wanted: int | None, *, with_done: bool) -> list[Alarm]:
    found: list[Alarm] = []
    while wanted is None or len(found) < wanted:
        size = PAGE if wanted is None else min(PAGE, wanted - len(found))
        page = table.page(tx, found[-1].id if found else "", size, with_done=with_done)
        found += page
        if len(page) < size:
            break
    return found


def done(
    ctx: typer.Context,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="As `alarms list` shows it.")],
    note: Annotated[
        str, typer.Option("--note", metavar="TEXT", help="What was done about it; it is kept.")
    ] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Say what was done about an alarm; it stays in the list of all.

    \b
    Example:
      dolibarr-loyalty alarms done 0198f1c2-… --note "staff moved it back"
    """
    setup = setup_of(ctx)
    if dry_run:
        with setup.untouched() as loyalty:
            closed = flow.close(loyalty, identifier, note=note, who=who())
    else:
        closed = flow.close(setup.loyalty, identifier, note=note, who=who())
    if as_json:
        show_json({"dry_run": dry_run, "alarm": _as_json(closed, setup.words)})
        return
    say(f"{identifier} {'would be' if dry_run else 'is'} closed: {closed.note}")


def _as_json(alarm: Alarm, words: Words) -> dict[str, Any]:
    return {
        "id": alarm.id,
        "kind": alarm.kind,
        "about": alarm.about,
        "told": sentence(words, alarm.kind, alarm.facts),
        "facts": dict(alarm.facts),
        "voucher": alarm.voucher_id,
        "thirdparty_id": alarm.thirdparty_id,
        "seen_at": alarm.seen_at,
        "seen_by": alarm.seen_by,
        "done_at": alarm.done_at,
        "done_by": alarm.done_by,
        "note": alarm.note,
    }
