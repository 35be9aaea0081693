"""What members did other than buying: record it, take in a file of it, look, take it back."""

from pathlib import Path
from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli.options import DryRun, Json, Limit, Member, Reason, rows_wanted
from dolibarr_loyalty.cli.output import say, show_json, show_table
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.setup import Setup, setup_of, who
from dolibarr_loyalty.core.acting import Activity
from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.flows import activities as flow
from dolibarr_loyalty.flows.activity_tables import take_activities
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.tables import read_instant
from dolibarr_loyalty.messages import refusal_of
from dolibarr_loyalty.store import activities as table

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A CSV file in UTF-8; its first line names the columns.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="What members did other than buying: reviews, newsletters, feedback.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("record")(record)
    group.command("import")(take_in)
    group.command("list")(list_activities)
    group.command("withdraw")(withdraw)
    app.add_typer(group, name="activity")


def record(
    ctx: typer.Context,
    member: Member,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="The activity's id in loyalty.toml.")],
    source: Annotated[str, typer.Option("--source", metavar="TEXT", help="Where it was done or reported.")],
    source_id: Annotated[
        str, typer.Option("--id", metavar="TEXT", help="Its id there; given again, it counts once.")
    ],
    evidence: Annotated[
        str, typer.Option("--evidence", metavar="TEXT", help="A link or a text that shows it.")
    ] = "",
    at: Annotated[
        str, typer.Option("--at", metavar="WHEN", help="2026-05-17 or 2026-05-17 14:30. Default: now.")
    ] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Record an activity of a member; it earns what the program says.

    What the program refuses is recorded too, with its reason; the command ends with 1 then.

    \b
    Example:
      dolibarr-loyalty activity record claire@example.com review --source trustpilot --id 8812
    """
    setup = setup_of(ctx)

    def recorded(loyalty: Loyalty) -> None:
        try:
            occurred_at = read_instant(at, loyalty.zone)
        except ValueError as error:
            raise InputError(
                f"{at!r} is no day and no instant; write 2026-05-17 or 2026-05-17 14:30."
            ) from error
        with loyalty.database.reading() as tx:
            known = the_member(tx, member)
        activity = flow.record(
            loyalty,
            kind=kind,
            member=known.member.thirdparty_id,
            source=source,
            source_id=source_id,
            occurred_at=occurred_at,
            evidence=evidence,
            who=who(),
        )
        if as_json:
            show_json({"dry_run": dry_run, "activity": _a_row(setup, activity)})
        else:
            say(_told(setup, known.member.name, activity, dry_run=dry_run))
        if activity.why:
            raise typer.Exit(1)

    if dry_run:
        with setup.untouched() as loyalty:
            recorded(loyalty)
    else:
        recorded(setup.loyalty)


def take_in(ctx: typer.Context, file: File, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Record the activities of a CSV file; again, nothing happens twice.

    Columns: member, kind, source, id, and if you like at and evidence. All mistakes are shown with their
    lines; while there is one, nothing is written.

    \b
    Example:
      dolibarr-loyalty activity import reviews.csv --dry-run
    """
    setup = setup_of(ctx)
    content = read_file(file)

    def taken(loyalty: Loyalty) -> None:
        done = take_activities(loyalty, file.name, content, find=the_member, who=who())
        if as_json:
            show_json({"dry_run": dry_run, **vars(done)})
            return
        would = "would be " if dry_run else ""
        say(
            f"{done.granted} activities {would}granted ({setup.words.points(done.points)}), {done.refused} refused, "
            f"{done.known} known before."
        )

    if dry_run:
        with setup.rehearsed() as loyalty:
            taken(loyalty)
    else:
        taken(setup.loyalty)


def list_activities(ctx: typer.Context, member: Member, limit: Limit = None, as_json: Json = False) -> None:
    """List a member's activities, also the refused ones with their reasons.

    \b
    Example:
      dolibarr-loyalty activity list claire@example.com
    """
    setup = setup_of(ctx)
    wanted = rows_wanted(limit, as_json=as_json)
    with setup.loyalty.database.reading() as tx:
        known = the_member(tx, member)
        found = table.of_member(tx, known.member.thirdparty_id, 2**31 - 1 if wanted is None else wanted)
    if as_json:
        show_json([_a_row(setup, activity) for activity in found])
        return
    if not found:
        say(f"Nothing has been recorded yet for {known.member.name}.")
        return
    show_table(
        ("Day", "Activity", "Source", "Id there", ">Points", "Result", "Id"),
        [
            (
                setup.words.short_day(activity.day),
                activity.kind,
                activity.source,
                activity.source_id,
                activity.points,
                _result(setup, activity),
                activity.id,
            )
            for activity in found
        ],
        title=f"{known.member.name} ({known.member.thirdparty_id})",
    )


def withdraw(
    ctx: typer.Context,
    activity: Annotated[str, typer.Argument(metavar="ACTIVITY", help="Its id; see `activity list MEMBER`.")],
    reason: Reason,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take an activity back, such as a review that was deleted.

    \b
    Example:
      dolibarr-loyalty activity withdraw 0195c2… --reason "the review was deleted"
    """
    setup = setup_of(ctx)

    def taken_back(loyalty: Loyalty) -> None:
        done = flow.withdraw(loyalty, activity, reason=reason, who=who())
        if as_json:
            show_json({"dry_run": dry_run, "activity": _a_row(setup, done)})
            return
        verb = "would be" if dry_run else "were"
        say(f"{setup.words.points(done.points)} {verb} taken back from customer {done.thirdparty_id}.")

    if dry_run:
        with setup.untouched() as loyalty:
            taken_back(loyalty)
    else:
        taken_back(setup.loyalty)


def read_file(file: Path) -> bytes:
    """The content of a file; raises InputError when it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from error


def _told(setup: Setup, name: str, activity: Activity, *, dry_run: bool) -> str:
    if activity.why:
        return f"Nothing for {name}: {refusal_of(activity.why, setup.words)}"
    verb = "would get" if dry_run else "got"
    return f"{name} {verb} {setup.words.points(activity.points)} for “{activity.kind}”."


def _result(setup: Setup, activity: Activity) -> str:
    if activity.withdrawn_at is not None:
        return f"withdrawn: {activity.withdrawn_for}"
    return refusal_of(activity.why, setup.words) if activity.why else "granted"


def _a_row(setup: Setup, activity: Activity) -> dict[str, Any]:
    return {
        "id": activity.id,
        "thirdparty_id": activity.thirdparty_id,
        "kind": activity.kind,
        "source": activity.source,
        "source_id": activity.source_id,
        "occurred_at": activity.occurred_at,
        "counts_on": activity.day,
        "evidence": activity.evidence,
        "granted": activity.is_granted,
        "points": activity.points,
        "unit": activity.unit,
        "why": activity.why,
        "reason": refusal_of(activity.why, setup.words) if activity.why else "",
        "withdrawn_at": activity.withdrawn_at,
    }
