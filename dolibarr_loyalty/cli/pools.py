"""Pools: households and companies whose members spend their points together."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli.options import DryRun, Json, Member
from dolibarr_loyalty.cli.output import say, show_json, show_table
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.setup import Setup, setup_of, who
from dolibarr_loyalty.flows import pooling
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import ledger, members
from dolibarr_loyalty.store.members import Known
from dolibarr_loyalty.store.pools import Pool

Head = Annotated[str, typer.Argument(metavar="HEAD", help="Who heads the pool, as for MEMBER.")]
MaySpend = Annotated[
    bool | None,
    typer.Option(
        "--may-spend/--may-not-spend",
        help="Whether they may spend what the others have, where only the head may otherwise.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Households and companies that spend together.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("create")(create)
    group.command("join")(join)
    group.command("leave")(leave)
    group.command("show")(show)
    app.add_typer(group, name="pool")


def create(ctx: typer.Context, head: Head, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Open a pool for a member, who is its head.

    \b
    Example:
      dolibarr-loyalty pool create claire@example.com
    """
    setup = setup_of(ctx)

    def opened(loyalty: Loyalty) -> None:
        first = _known(loyalty, head)
        pool = pooling.create(loyalty, first.member.thirdparty_id, who=who())
        if as_json:
            show_json({"dry_run": dry_run, **_a_pool(pool)})
        else:
            say(f"{first.member.name} {'would head' if dry_run else 'heads'} a pool.")

    _run(setup, opened, dry_run=dry_run)


def join(
    ctx: typer.Context,
    head: Head,
    member: Member,
    may_spend: MaySpend = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take a member into a pool, or say whether they may spend.

    \b
    Example:
      dolibarr-loyalty pool join claire@example.com jean@example.com --may-spend
    """
    setup = setup_of(ctx)

    def joined(loyalty: Loyalty) -> None:
        first, newcomer = _known(loyalty, head).member, _known(loyalty, member).member
        pool = pooling.join(
            loyalty, first.thirdparty_id, newcomer.thirdparty_id, may_spend=may_spend, who=who()
        )
        if as_json:
            show_json({"dry_run": dry_run, **_a_pool(pool)})
        else:
            verb = "would be" if dry_run else "is"
            say(f"{newcomer.name} {verb} in the pool of {first.name}, with {len(pool.members)} members.")

    _run(setup, joined, dry_run=dry_run)


def leave(ctx: typer.Context, member: Member, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Let a member leave a pool with what is their own.

    \b
    Example:
      dolibarr-loyalty pool leave jean@example.com
    """
    setup = setup_of(ctx)

    def left(loyalty: Loyalty) -> None:
        known = _known(loyalty, member)
        pooling.leave(loyalty, known.member.thirdparty_id)
        if as_json:
            show_json({"dry_run": dry_run, "thirdparty_id": known.member.thirdparty_id})
        else:
            say(f"{known.member.name} {'would spend' if dry_run else 'spends'} alone.")

    _run(setup, left, dry_run=dry_run)


def show(ctx: typer.Context, member: Member, as_json: Json = False) -> None:
    """Show the pool a member belongs to, and what it has.

    \b
    Example:
      dolibarr-loyalty pool show jean@example.com
    """
    setup = setup_of(ctx)
    loyalty = setup.loyalty
    with loyalty.database.reading() as tx:
        pool = pooling.pool_of(tx, the_member(tx, member).member.thirdparty_id)
    rows = _rows(loyalty, pool)
    if as_json:
        show_json({**_a_pool(pool), "members": rows})
        return
    show_table(
        (">Id", "Name", ">To spend", ">With the pool", ""),
        [
            (
                row["thirdparty_id"],
                row["name"],
                *(setup.words.number(row[name]) for name in ("available", "available_in_pool")),
                "head" if row["thirdparty_id"] == pool.head_id else "",
            )
            for row in rows
        ],
    )


def _rows(loyalty: Loyalty, pool: Pool) -> list[dict[str, Any]]:
    ids = [each.thirdparty_id for each in pool.members]
    with loyalty.database.reading() as tx:
        known, accounts = members.load(tx, ids), ledger.load(tx, ids)
        return [
            {
                "thirdparty_id": each.thirdparty_id,
                "name": known[each.thirdparty_id].member.name,
                "may_spend": each.may_spend,
                "joined_at": each.joined_at,
                "available": accounts[each.thirdparty_id].available(loyalty.now()),
                "available_in_pool": pooling.available_in_pool(tx, loyalty, each.thirdparty_id),
            }
            for each in pool.members
        ]


def _a_pool(pool: Pool) -> dict[str, Any]:
    """A pool for scripts, without what its members have."""
    places = [{"thirdparty_id": each.thirdparty_id, "may_spend": each.may_spend} for each in pool.members]
    return {"pool": pool.id, "head": pool.head_id, "members": places}


def _known(loyalty: Loyalty, text: str) -> Known:
    with loyalty.database.reading() as tx:
        return the_member(tx, text)


def _run(setup: Setup, action: Callable[[Loyalty], None], *, dry_run: bool) -> None:
    if dry_run:
        with setup.untouched() as loyalty:
            action(loyalty)
    else:
        action(setup.loyalty)
