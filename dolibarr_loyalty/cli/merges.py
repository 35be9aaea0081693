"""A wrong merge of two customers, undone."""

from typing import Annotated

import typer

from dolibarr_loyalty.cli.options import DryRun, Json
from dolibarr_loyalty.cli.output import say, show_json
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.setup import setup_of, who
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.merging import undo_merge


def unmerge(
    ctx: typer.Context,
    gone: Annotated[int, typer.Argument(metavar="GONE", help="The id of the third party that vanished.")],
    to: Annotated[str, typer.Option(metavar="MEMBER", help="Who gets back what was theirs.")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Give back what a wrong merge carried over.

    \b
    Example:
      dolibarr-loyalty member unmerge 42 --to klara@example.com
    """
    setup = setup_of(ctx)

    def undone(loyalty: Loyalty) -> None:
        with loyalty.database.reading() as tx:
            heir = the_member(tx, to).member
        moved = undo_merge(loyalty, gone, heir.thirdparty_id, who=who())
        if as_json:
            show_json({"dry_run": dry_run, "gone": gone, "to": heir.thirdparty_id, "moved": moved})
        elif moved:
            verb = "would get" if dry_run else "got"
            say(f"{heir.name} {verb} back what came from third party {gone}: {moved} points of all kinds.")
        else:
            say(f"Nothing is left of what came from third party {gone}.")

    if dry_run:
        with setup.untouched() as loyalty:
            undone(loyalty)
    else:
        undone(setup.loyalty)
