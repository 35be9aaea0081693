"""Members who recommend us: their codes, whom they recommended us to, and what came of it."""

from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli.options import DryRun, Json, Limit, Member, rows_wanted
from dolibarr_loyalty.cli.output import say, show_json, show_table
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.setup import Setup, setup_of
from dolibarr_loyalty.core.referrals import ReferralState, Referred, mailbox
from dolibarr_loyalty.errors import UnknownMember
from dolibarr_loyalty.flows import referrals as flow
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.messages import referral_state, refusal_of
from dolibarr_loyalty.store import referrals as table


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Referrals: members who recommend us.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("code")(code)
    group.command("add")(add)
    group.command("list")(list_referrals)
    app.add_typer(group, name="referral")


def code(ctx: typer.Context, member: Member, as_json: Json = False) -> None:
    """Show the code with which a member recommends us.

    \b
    Example:
      dolibarr-loyalty referral code claire@example.com
    """
    loyalty = setup_of(ctx).loyalty
    with loyalty.database.reading() as tx:
        known = the_member(tx, member)
    made = flow.code_for(loyalty, known.member.thirdparty_id)
    if as_json:
        show_json({"thirdparty_id": known.member.thirdparty_id, "code": made})
    else:
        say(made)


def add(
    ctx: typer.Context,
    referrer: Annotated[
        str, typer.Argument(metavar="REFERRER", help="Who recommended us: as for MEMBER, or a referral code.")
    ],
    friend: Annotated[
        str, typer.Argument(metavar="FRIEND", help="To whom: as for MEMBER, or any email address.")
    ],
    key: Annotated[
        str,
        typer.Option("--key", metavar="TEXT", help="Its id where it came from. Default: this pair."),
    ] = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Note that a member recommended us to somebody.

    Both earn once the friend has paid for a first purchase. What speaks against it is noted as a refusal;
    the command ends with 1 then.

    \b
    Example:
      dolibarr-loyalty referral add claire@example.com jean@example.com
    """
    setup = setup_of(ctx)

    def added(loyalty: Loyalty) -> None:
        found = flow.refer(loyalty, _referrer(loyalty, referrer), _friend(loyalty, friend), source_id=key)
        if as_json:
            show_json({"dry_run": dry_run, "referral": _a_row(setup, found)})
        elif found.state is ReferralState.REFUSED:
            say(f"It does not count: {refusal_of(found.why, setup.words)}")
        else:
            say(
                f"{'Would be noted' if dry_run else 'Noted'}; it counts until {setup.words.day(found.valid_until)}."
            )
        if found.state is ReferralState.REFUSED:
            raise typer.Exit(1)

    if dry_run:
        with setup.untouched() as loyalty:
            added(loyalty)
    else:
        added(setup.loyalty)


def list_referrals(
    ctx: typer.Context,
    member: Annotated[
        str | None, typer.Argument(metavar="[MEMBER]", help="Only those of this member, on either side.")
    ] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """List referrals, what came of each, and why.

    \b
    Example:
      dolibarr-loyalty referral list claire@example.com
    """
    setup = setup_of(ctx)
    wanted = rows_wanted(limit, as_json=as_json)
    with setup.loyalty.database.reading() as tx:
        if member is None:
            found = table.page(tx, 2**31 - 1 if wanted is None else wanted)
        else:
            found = flow.of_member(tx, the_member(tx, member).member.thirdparty_id)[:wanted]
    if as_json:
        show_json([_a_row(setup, each) for each in found])
        return
    if not found:
        say("Nobody has recommended us yet.")
        return
    show_table(
        ("Day", ">Referrer", ">Friend", "Address", "State", ">Points"),
        [
            (
                setup.words.short_day(each.referred_at),
                each.referrer_id,
                each.friend_id,
                each.friend_email,
                _state(setup, each),
                f"{each.referrer_points} + {each.friend_points}",
            )
            for each in found
        ],
    )


def _state(setup: Setup, referral: Referred) -> str:
    """What has come of it, and below it why."""
    state = referral_state(str(referral.state_at(setup.loyalty.now())), setup.words)
    return f"{state}\n{refusal_of(referral.why, setup.words)}" if referral.why else state


def _referrer(loyalty: Loyalty, text: str) -> int:
    """Who is meant: by a referral code, else as every member is found."""
    by_code = flow.owner_of_code(loyalty, text)
    if by_code is not None:
        return by_code
    with loyalty.database.reading() as tx:
        return the_member(tx, text).member.thirdparty_id


def _friend(loyalty: Loyalty, text: str) -> int | str:
    try:
        with loyalty.database.reading() as tx:
            return the_member(tx, text).member.thirdparty_id
    except UnknownMember:
        if mailbox(text):
            return text
        raise


def _a_row(setup: Setup, referral: Referred) -> dict[str, Any]:
    return {
        "id": referral.id,
        "referrer": referral.referrer_id,
        "friend": referral.friend_id,
        "friend_email": referral.friend_email,
        "referred_at": referral.referred_at,
        "valid_until": referral.valid_until,
        "state": str(referral.state_at(setup.loyalty.now())),
        "why": referral.why,
        "reason": refusal_of(referral.why, setup.words) if referral.why else "",
        "referrer_points": referral.referrer_points,
        "friend_points": referral.friend_points,
    }
