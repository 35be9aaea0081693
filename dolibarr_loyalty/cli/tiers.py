"""Tiers: where members stand, what is missing, and tiers set by hand."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli.options import DryRun, Json, Key, Limit, Member, Reason, rows_wanted
from dolibarr_loyalty.cli.output import say, show_facts, show_json, show_table
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.setup import Setup, setup_of, who
from dolibarr_loyalty.core.tiers import Step, TierGroup
from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.tier_acts import group_of, set_tier, withdraw_tier
from dolibarr_loyalty.flows.tiers import Standing, standings_of
from dolibarr_loyalty.messages import why_tier
from dolibarr_loyalty.reports.tiers import members_per_tier
from dolibarr_loyalty.store import tiers as table
from dolibarr_loyalty.store.ids import new_id
from dolibarr_loyalty.store.members import Known

PAGE = 500
Group = Annotated[
    str | None, typer.Option("--group", metavar="GROUP", help="Which tier group, where there are several.")
]
Tier = Annotated[str, typer.Argument(metavar="TIER", help="The tier's id.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Tiers: where members stand, and tiers set by hand.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("show")(show)
    group.command("list")(list_tiers)
    group.command("set")(set_by_hand)
    group.command("unset")(unset)
    app.add_typer(group, name="tier")


def show(ctx: typer.Context, member: Member, as_json: Json = False) -> None:
    """Show a member's tiers, what is missing, and every step with why.

    \b
    Example:
      dolibarr-loyalty tier show claire@example.com
    """
    setup = setup_of(ctx)
    loyalty = setup.loyalty
    with loyalty.database.reading() as tx:
        known = the_member(tx, member)
        identifier = known.member.thirdparty_id
        found = standings_of(tx, loyalty, {identifier: known}).get(identifier, [])
        acts = table.manual_of(tx, [identifier]).get(identifier, [])
    if as_json:
        show_json(
            {
                "thirdparty_id": identifier,
                "name": known.member.name,
                "groups": [_as_json(setup, standing) for standing in found],
                "by_hand": [
                    {"group": group, "tier": act.tier, "at": act.at, "until": act.until, "reason": act.reason}
                    | {"who": act.who}
                    for group, act in acts
                ],
            }
        )
        return
    for standing in found:
        _show(setup, known, standing)
    if acts:
        show_table(
            ("Day", "By hand", "Until", "By", "Reason"),
            [
                (
                    setup.words.short_day(act.at),
                    _tier_name(setup, loyalty.program.tier_groups, group, act.tier) or "taken back",
                    _last_day(setup, act.until),
                    act.who,
                    act.reason,
                )
                for group, act in acts
            ],
        )
    if not found:
        say(_nothing_to_show(loyalty, known))


def _nothing_to_show(loyalty: Loyalty, known: Known) -> str:
    if not loyalty.program.tier_groups:
        return "The program has no tiers. Add [[program.tiers]] to loyalty.toml."
    return f"{known.member.name} is not a member of the program and has no tier."


def list_tiers(
    ctx: typer.Context,
    tier: Annotated[str | None, typer.Option("--tier", metavar="TIER", help="Its members, by name.")] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """List the tiers with their numbers of members, or a tier's members.

    \b
    Example:
      dolibarr-loyalty tier list
      dolibarr-loyalty tier list --tier gold
    """
    setup = setup_of(ctx)
    if tier is None:
        _list_counts(setup, as_json=as_json)
        return
    group = _group_with(setup.loyalty, tier)
    wanted = rows_wanted(limit, as_json=as_json)
    rows = _members(setup.loyalty, group, tier, wanted)
    if as_json:
        show_json(rows)
        return
    show_table(
        (">Id", "Name", "Email", "Since", "Until"),
        [
            (
                row["thirdparty_id"],
                row["name"],
                row["email"],
                setup.words.short_day(row["since"]),
                _last_day(setup, row["until"]),
            )
            for row in rows
        ],
    )
    say(f"{len(rows)} shown.")


def _list_counts(setup: Setup, *, as_json: bool) -> None:
    loyalty = setup.loyalty
    rows = members_per_tier(loyalty.database, loyalty.program)
    if as_json:
        show_json([row.as_json() for row in rows])
        return
    show_table(
        ("Group", "Tier", "Name", ">From", ">Members"),
        [
            (
                row.group,
                row.tier,
                _tier_name(setup, loyalty.program.tier_groups, row.group, row.tier),
                setup.words.number(row.threshold),
                setup.words.number(row.members),
            )
            for row in rows
        ],
    )
    if not rows:
        say("The program has no tiers. Add [[program.tiers]] to loyalty.toml.")


def _members(loyalty: Loyalty, group: TierGroup, tier: str, wanted: int | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    last = 0
    with loyalty.database.reading() as tx:
        while wanted is None or len(rows) < wanted:
            limit = PAGE if wanted is None else min(PAGE, wanted - len(rows))
            page = table.members_of(tx, group.id, tier, last, limit)
            if not page:
                break
            rows += page
            last = page[-1]["thirdparty_id"]
    return rows


def set_by_hand(
    ctx: typer.Context,
    member: Member,
    tier: Tier,
    reason: Reason,
    until: Annotated[
        datetime | None,
        typer.Option(
            "--until",
            metavar="DAY",
            formats=["%Y-%m-%d"],
            help="Its last day, as 2027-12-31; without it, to its next assessment.",
        ),
    ] = None,
    key: Key = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Set a member's tier by hand, with a reason and an end.

    \b
    Example:
      dolibarr-loyalty tier set claire@example.com gold --until 2027-12-31 --reason "wedding order"
    """
    setup = setup_of(ctx)

    def carried_out(loyalty: Loyalty) -> None:
        group = _group_with(loyalty, tier)
        known = _known(loyalty, member)
        act = set_tier(
            loyalty,
            known.member.thirdparty_id,
            group.id,
            tier,
            until=until.date() if until else None,
            reason=reason,
            who=who(),
            request_key=key or new_id(),
        ).act
        if as_json:
            show_json(
                {"dry_run": dry_run, "thirdparty_id": known.member.thirdparty_id, "group": group.id}
                | {"tier": act.tier, "at": act.at, "until": act.until}
            )
            return
        held = f"to the end of {_last_day(setup, act.until)}" if act.until else "to its next assessment"
        name = _tier_name(setup, (group,), group.id, tier)
        say(f"{known.member.name} {'would have' if dry_run else 'has'} the tier {name} {held}.")

    _run(setup, carried_out, dry_run=dry_run)


def unset(
    ctx: typer.Context,
    member: Member,
    reason: Reason,
    group: Group = None,
    key: Key = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take back a tier that was set by hand; points decide again.

    \b
    Example:
      dolibarr-loyalty tier unset claire@example.com --reason "set by mistake"
    """
    setup = setup_of(ctx)

    def carried_out(loyalty: Loyalty) -> None:
        known, chosen = _known(loyalty, member), _the_group(loyalty, group)
        done = withdraw_tier(
            loyalty,
            known.member.thirdparty_id,
            chosen.id,
            reason=reason,
            who=who(),
            request_key=key or new_id(),
        )
        if as_json:
            show_json(
                {"dry_run": dry_run, "thirdparty_id": known.member.thirdparty_id, "group": chosen.id}
                | {"tier": done.tier, "at": done.act.at}
            )
            return
        name = _tier_name(setup, (chosen,), chosen.id, done.tier)
        say(f"{known.member.name} {'would have' if dry_run else 'has'} the tier {name} by points.")

    _run(setup, carried_out, dry_run=dry_run)


def _run(setup: Setup, carried_out: Callable[[Loyalty], None], *, dry_run: bool) -> None:
    if dry_run:
        with setup.untouched() as loyalty:
            carried_out(loyalty)
    else:
        carried_out(setup.loyalty)


def _known(loyalty: Loyalty, member: str) -> Known:
    with loyalty.database.reading() as tx:
        return the_member(tx, member)


def _the_group(loyalty: Loyalty, wanted: str | None) -> TierGroup:
    groups = loyalty.program.tier_groups
    if wanted is None and len(groups) == 1:
        return groups[0]
    if wanted is None and groups:
        raise InputError(f"Say which group with --group: {', '.join(group.id for group in groups)}.")
    return group_of(loyalty, wanted or "")


def _group_with(loyalty: Loyalty, tier: str) -> TierGroup:
    """The group that has a tier; ids of tiers are unique over all groups."""
    groups = loyalty.program.tier_groups
    found = next((group for group in groups if group.tier(tier) is not None), None)
    if found is None:
        known = [each.id for group in groups for each in group.tiers]
        raise InputError(f"There is no tier {tier!r}. The program has: {', '.join(known) or 'none'}.")
    return found


def _show(setup: Setup, known: Known, standing: Standing) -> None:
    ahead, group = standing.outlook, standing.group
    words, language = setup.words.counting(group.unit), setup.words.language
    points, ends = words.points, _last_day(setup, ahead.period_ends)
    keeps = (
        f"{points(ahead.to_keep)} missing, by {_last_day(setup, ahead.until)}" if ahead.to_keep else "enough"
    )
    show_facts(
        [
            ("Group", group.name(language)),
            ("Tier", ahead.tier.name(language) + (", set by hand" if ahead.by_hand else "")),
            ("Since", words.day(ahead.since)),
            ("Until", _last_day(setup, ahead.until) + (", in the days of grace" if ahead.in_grace else "")),
            ("This period", f"{points(ahead.qualifying)}, counting until {ends}"),
            ("Period before", points(ahead.before_reset) if ahead.before_reset else ""),
            ("Next tier", _next(setup, standing)),
            ("To keep it", keeps if ahead.until else ""),
            ("Projected", ahead.projected.name(language) if ahead.until else ""),
        ],
        title=f"{known.member.name} ({known.member.thirdparty_id})",
    )
    show_table(
        ("Day", "Tier", "Until", ">Points", "Why"),
        [
            (
                words.short_day(step.at),
                _tier_name(setup, (group,), group.id, step.tier),
                _last_day(setup, step.until),
                words.number(step.qualifying),
                why_tier(step.why, words, points=points(step.qualifying)),
            )
            for step in standing.steps
        ],
    )


def _next(setup: Setup, standing: Standing) -> str:
    ahead, words = standing.outlook, setup.words.counting(standing.group.unit)
    if ahead.next is None:
        return "none above"
    name = ahead.next.name(setup.words.language)
    return f"{name}: {words.points(ahead.to_next)} missing ({words.percent(ahead.progress)} done)"


def _as_json(setup: Setup, standing: Standing) -> dict[str, Any]:
    ahead, group = standing.outlook, standing.group
    return {
        "group": group.id,
        "tier": ahead.tier.id,
        "since": ahead.since,
        "until": ahead.until,
        "in_grace": ahead.in_grace,
        "by_hand": ahead.by_hand,
        "qualifying": ahead.qualifying,
        "before_reset": ahead.before_reset,
        "period_begins": ahead.period_begins,
        "period_ends": ahead.period_ends,
        "next": ahead.next.id if ahead.next else None,
        "to_next": ahead.to_next,
        "progress": ahead.progress,
        "to_keep": ahead.to_keep,
        "projected": ahead.projected.id,
        "steps": [_step(setup, group, step) for step in standing.steps],
    }


def _step(setup: Setup, group: TierGroup, step: Step) -> dict[str, Any]:
    words = setup.words.counting(group.unit)
    return {
        "at": step.at,
        "tier": step.tier,
        "why": step.why,
        "in_words": why_tier(step.why, words, points=words.points(step.qualifying)),
        "until": step.until,
        "qualifying": step.qualifying,
        "before_reset": step.before_reset,
    }


def _tier_name(setup: Setup, groups: tuple[TierGroup, ...], group_id: str, tier_id: str) -> str:
    group = next((group for group in groups if group.id == group_id), None)
    tier = group.tier(tier_id) if group else None
    return tier.name(setup.words.language) if tier else tier_id


def _last_day(setup: Setup, until: datetime | None) -> str:
    """The last day before an instant, in figures; empty where there is no end."""
    if until is None:
        return ""
    last: date = setup.loyalty.last_day(until)
    return setup.words.short_day(last)
