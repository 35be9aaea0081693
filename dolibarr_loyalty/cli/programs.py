"""The program in force: its versions, what a new file would change for whom, and letting it in."""

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli.options import DryRun, Json
from dolibarr_loyalty.cli.output import say, show_json, show_table, tell
from dolibarr_loyalty.cli.setup import Setup, setup_of, who
from dolibarr_loyalty.config import load
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.promises import Change
from dolibarr_loyalty.flows import programs
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.promises import in_words, whom_in_words
from dolibarr_loyalty.store import programs as table
from dolibarr_loyalty.store.bearings import digest_of
from dolibarr_loyalty.store.programs import Act

SHORT = 12
File = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="A loyalty.toml. Default: the configured one.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="The program in force, and what a new one changes.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("show")(show)
    group.command("diff")(diff)
    group.command("apply")(apply)
    app.add_typer(group, name="program")


def show(ctx: typer.Context, as_json: Json = False) -> None:
    """List the versions of the program: since when, by whom, why.

    \b
    Example:
      dolibarr-loyalty program show
    """
    setup = setup_of(ctx)
    acts, held = _history(setup)
    configured = digest_of(setup.config.program)
    if as_json:
        show_json({"in_force": held or None, "configured": configured, "versions": _listed(acts)})
        return
    words = setup.words
    show_table(
        ("In force since", "Version", "By", "Why", "Old prices until"),
        [
            (
                words.short_day(act.applied_at),
                act.hash[:SHORT],
                act.who,
                act.reason,
                words.short_day(act.grandfather_until) if act.grandfather_until else "",
            )
            for act in acts
        ],
    )
    if not acts:
        say("No program was put in force yet; the first `dolibarr-loyalty sync` does it.")
    elif held != configured:
        say("loyalty.toml holds another version; `dolibarr-loyalty program diff` shows what it changes.")


def _history(setup: Setup) -> tuple[list[Act], str]:
    with setup.loyalty.database.reading() as tx:
        return table.acts(tx), programs.in_force(tx).hash


def _listed(acts: Sequence[Act]) -> list[dict[str, Any]]:
    return [
        {
            "hash": act.hash,
            "since": act.applied_at,
            "who": act.who,
            "reason": act.reason,
            "grandfather_until": act.grandfather_until,
        }
        for act in acts
    ]


def diff(ctx: typer.Context, file: File = None, as_json: Json = False) -> None:
    """Tell in words what a file would change for whom.

    Against the program in force; what worsens a promise comes first.

    \b
    Example:
      dolibarr-loyalty program diff new-loyalty.toml
    """
    setup = setup_of(ctx)
    program = _program_of(setup, file)
    held, changes = _changes(setup.loyalty, program)
    if as_json:
        told = [_change_row(change, setup.words) for change in changes]
        show_json({"in_force": held or None, "file": digest_of(program), "changes": told})
        return
    _show_changes(changes, setup.words)
    if not held:
        say("No program is in force yet; this would be the first.")
    elif not changes:
        say("It changes nothing.")


def _changes(loyalty: Loyalty, program: Program) -> tuple[str, tuple[Change, ...]]:
    """The version in force, and what a program changes against it."""
    held = programs.in_force_of(loyalty)
    return held.hash, programs.changes_to(loyalty, held, program)


def _program_of(setup: Setup, file: Path | None) -> Program:
    return setup.config.program if file is None else load(file, os.environ).program


def _change_row(change: Change, words: Words) -> dict[str, Any]:
    return {
        "code": change.code,
        "facts": dict(change.facts),
        "worsens": change.worsens,
        "kept_by_grandfathering": change.is_kept,
        "whom": {"kind": change.whom.kind, "id": change.whom.id},
        "in_words": in_words(change, words),
        "whom_in_words": whom_in_words(change.whom, words),
    }


def _show_changes(changes: Sequence[Change], words: Words) -> None:
    if changes:
        show_table(
            ("", "What changes", "For whom"),
            [
                ("worse" if each.worsens else "", in_words(each, words), whom_in_words(each.whom, words))
                for each in changes
            ],
        )


def apply(
    ctx: typer.Context,
    file: File = None,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why it may take something from members.")
    ] = "",
    grandfather_until: Annotated[
        datetime | None,
        typer.Option(
            "--grandfather-until",
            metavar="YYYY-MM-DD",
            formats=["%Y-%m-%d"],
            help="Members have the old prices to the end of this day.",
        ),
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Put a program in force that worsens what was promised.

    Changes that worsen nothing need no such command: they come into force by themselves.

    \b
    Example:
      dolibarr-loyalty program apply --reason "coffee has become dearer" --dry-run
      dolibarr-loyalty program apply --grandfather-until 2027-06-30
    """
    setup = setup_of(ctx)
    program, until = _program_of(setup, file), grandfather_until.date() if grandfather_until else None
    if dry_run:
        with setup.rehearsed() as loyalty:
            held, changes = _changes(loyalty, program)
            programs.check_application(loyalty, changes, reason=reason, grandfather_until=until)
            is_new = held != digest_of(program)
    else:
        loyalty = setup.app.loyalty  # not yet in force, so nothing may stop it here
        _, changes = _changes(loyalty, program)
        act = programs.apply(loyalty, program, who=who(), reason=reason, grandfather_until=until)
        is_new = act is not None
    if as_json:
        told = [_change_row(change, setup.words) for change in changes]
        show_json({"dry_run": dry_run, "hash": digest_of(program), "is_new": is_new, "changes": told})
        return
    _show_changes(changes, setup.words)
    if not is_new:
        say("This program is in force already.")
        return
    say(f"The program {'would be' if dry_run else 'is'} in force ({digest_of(program)[:SHORT]}).")
    if not dry_run:
        _tell_what_to_do(setup, file)


def _tell_what_to_do(setup: Setup, file: Path | None) -> None:
    if file is not None and file.absolute() != setup.config.file:
        tell(f"Now put {file} in the place of {setup.config.file}: the commands work with that one.")
    tell("Where `dolibarr-loyalty run` is running, start it anew: it still works with the old program.")
