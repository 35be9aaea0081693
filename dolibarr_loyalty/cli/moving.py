"""Balances, cards, tiers and birthdays as files: taken in with a certificate, and handed out."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli.options import DryRun, Json, Limit, rows_wanted
from dolibarr_loyalty.cli.output import progress_bar, say, show_facts, show_json, show_table, tell
from dolibarr_loyalty.cli.setup import Setup, setup_of, who
from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.flows import exporting, importing
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.importing import Certificate, Change, Plan
from dolibarr_loyalty.flows.moving_files import KINDS, Kind, read_file
from dolibarr_loyalty.store import imports
from dolibarr_loyalty.store.imports import Import


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(take_in)
    app.command("imports")(show_imports)
    app.command("export")(export)


def take_in(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file, as `export` writes it.")],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Where it comes from; members can read it.")
    ] = "import",
    limit: Limit = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take in balances, stamps, cards, tiers and birthdays.

    All mistakes of the file are told at once, and nothing is written while there is one. The same file again
    changes nothing; one that grew adds what is new.

    \b
    Example:
      dolibarr-loyalty import balances.csv --reason "paper cards of 2025" --dry-run
      dolibarr-loyalty import balances.csv --reason "paper cards of 2025"
    """
    setup = setup_of(ctx)
    if dry_run:
        with setup.untouched() as loyalty:
            planned = importing.plan(loyalty, read_file(file, loyalty.zone), reason=reason)
            _rehearse(setup, loyalty, planned, rows_wanted(limit, as_json=as_json), as_json=as_json)
        return
    loyalty = setup.loyalty
    planned = importing.plan(loyalty, read_file(file, loyalty.zone), reason=reason)
    with progress_bar() as advance:
        batch = importing.take_in(
            loyalty, planned, reason=reason, who=who(), progress=lambda done: advance("Taking in", done)
        )
    if batch is None:
        if as_json:
            show_json({"dry_run": False, "known": planned.known, "import": None})
        else:
            say(f"Nothing is new in {file.name}: all {planned.known} lines are in already.")
        return
    with loyalty.database.reading() as tx:
        certified = importing.certificate(tx, batch.id)
    if as_json:
        show_json({"dry_run": False, "known": planned.known, "import": _certificate(certified)})
        return
    _show_certificate(setup, certified)
    tell("What Dolibarr is to show waits for `dolibarr-loyalty deliver`, or for `run`.")


def show_imports(
    ctx: typer.Context,
    batch: Annotated[
        str | None, typer.Argument(metavar="[IMPORT]", help="The import's id; without it, all are listed.")
    ] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """List what was imported, or show the certificate of one import.

    \b
    Example:
      dolibarr-loyalty imports
    """
    setup = setup_of(ctx)
    wanted = rows_wanted(limit, as_json=as_json)
    with setup.loyalty.database.reading() as tx:
        if batch is not None:
            certified = importing.certificate(tx, batch)
        else:
            found = imports.latest(tx, 2**31 - 1 if wanted is None else wanted)
    if batch is not None:
        show_json(_certificate(certified)) if as_json else _show_certificate(setup, certified)
    elif as_json:
        show_json([_import(each) for each in found])
    else:
        show_table(
            ("Import", "Day", "File", ">New lines", ">Members", "By", "State"),
            [
                (
                    each.id,
                    setup.words.short_day(each.made_at),
                    each.file_name,
                    each.new_count,
                    each.member_count,
                    each.who,
                    "whole" if each.finished_at else "stopped half-way: run it again",
                )
                for each in found
            ],
        )


def export(
    ctx: typer.Context,
    output: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="Where to write; a folder gets a file per kind, - is the screen."
        ),
    ],
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", metavar="KIND", help="lot, card, tier or birthday; else all."),
    ] = None,
) -> None:
    """Write what members hold into a file that `import` understands.

    \b
    Example:
      dolibarr-loyalty export members.csv
    """
    setup = setup_of(ctx)
    loyalty, kinds = setup.loyalty, _kinds(kind)
    target = Path(output)
    if output == "-":
        for text in exporting.exported(loyalty, kinds):
            sys.stdout.write(text)
    elif target.is_dir():
        for each in kinds:
            _write(loyalty, target / f"{each}.csv", [each])
            say(f"{target / f'{each}.csv'}")
    else:
        _write(loyalty, target, kinds)
        say(f"{target}")


def _write(loyalty: Loyalty, path: Path, kinds: list[Kind]) -> None:
    try:
        # With Excel's mark, so that names keep their accents there.
        file = path.open("w", encoding="utf-8-sig", newline="")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error
    with file:
        for text in exporting.exported(loyalty, kinds):
            file.write(text)


def _kinds(wanted: list[str] | None) -> list[Kind]:
    unknown = [each for each in wanted or () if each not in KINDS]
    if unknown:
        raise InputError(f"There is no kind {unknown[0]!r}. Write one of {', '.join(KINDS)}.")
    return [kind for kind in KINDS if not wanted or kind in wanted]


def _rehearse(setup: Setup, loyalty: Loyalty, planned: Plan, limit: int | None, *, as_json: bool) -> None:
    changed = list(importing.changes(loyalty, planned))
    if as_json:
        rows = [_change(each) for each in changed]
        show_json({"dry_run": True, "new": len(planned.new), "known": planned.known, "changes": rows})
        return
    show_table(
        (">Id", "Name", "What", ">Before", ">After"),
        [(each.thirdparty_id, each.name, each.what, each.before, each.after) for each in changed[:limit]],
    )
    if limit is not None and len(changed) > limit:
        say(f"and {len(changed) - limit} more; --limit shows more of them.")
    say(f"{len(planned.new)} lines are new, {planned.known} are in already. Nothing was written.")


def _show_certificate(setup: Setup, certified: Certificate) -> None:
    batch, words = certified.batch, setup.words
    show_facts(
        [
            ("Import", batch.id),
            ("File", batch.file_name),
            ("SHA-256", batch.sha256),
            ("Reason", batch.reason),
            ("By", batch.who),
            ("Day", words.day(batch.made_at)),
            ("Lines", f"{batch.line_count}, of which {batch.new_count} new and {batch.known_count} known"),
            ("Members", batch.member_count),
            (
                "Whole",
                "yes" if certified.is_whole else "no: run the import again, it goes on where it stopped",
            ),
        ],
        title="Certificate of an import",
    )
    show_table(
        ("What", ">Lines", ">Members", ">Sum", "First entry", "Last entry"),
        [
            (
                each.unit,
                each.entries,
                each.members,
                words.number(each.points),
                each.first_entry,
                each.last_entry,
            )
            for each in certified.sums
        ]
        + [(kind, count, "", "", "", "") for kind, count in certified.lines],
    )


def _import(batch: Import) -> dict[str, Any]:
    return {
        "id": batch.id,
        "file": batch.file_name,
        "sha256": batch.sha256,
        "reason": batch.reason,
        "who": batch.who,
        "lines": batch.line_count,
        "new": batch.new_count,
        "known": batch.known_count,
        "members": batch.member_count,
        "made_at": batch.made_at,
        "finished_at": batch.finished_at,
    }


def _certificate(certified: Certificate) -> dict[str, Any]:
    return {
        **_import(certified.batch),
        "is_whole": certified.is_whole,
        "units": [
            {
                "unit": each.unit,
                "entries": each.entries,
                "members": each.members,
                "points": each.points,
                "first_entry": each.first_entry,
                "last_entry": each.last_entry,
            }
            for each in certified.sums
        ],
        "others": dict(certified.lines),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "thirdparty_id": change.thirdparty_id,
        "name": change.name,
        "what": change.what,
        "before": change.before,
        "after": change.after,
    }
