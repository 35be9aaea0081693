"""Good causes: what they were given, giving, paying them, the member's yearly statement."""

from collections.abc import Callable
from datetime import date
from typing import Annotated

import typer

from dolibarr_loyalty.cli.options import DryRun, Json, Key, Member, Reason
from dolibarr_loyalty.cli.output import say, show_facts, show_json, show_table
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.setup import Setup, setup_of, who
from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.flows import charities, payouts
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.reports.charities import CauseStanding, standing
from dolibarr_loyalty.store import donations
from dolibarr_loyalty.store.donations import Donation, Giving, Payout
from dolibarr_loyalty.store.ids import new_id

Cause = Annotated[str, typer.Argument(metavar="CAUSE", help="The cause's id; see `cause list`.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Good causes: what they were given, and paying them.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    group.command("list")(list_causes)
    group.command("give")(give)
    group.command("take-back")(take_back)
    group.command("pay")(pay)
    group.command("statement")(statement)
    app.add_typer(group, name="cause")


def list_causes(ctx: typer.Context, as_json: Json = False) -> None:
    """Show what each cause was given, matched, paid and is owed.

    \b
    Example:
      dolibarr-loyalty cause list
    """
    setup = setup_of(ctx)
    loyalty, words = setup.loyalty, setup.words
    known = standing(loyalty.database)
    fresh = {charity.id for charity in loyalty.program.charities} - {row.charity_id for row in known}
    rows = known + [
        CauseStanding(charity_id=each, currency=loyalty.program.currency) for each in sorted(fresh)
    ]
    if as_json:
        show_json([row.as_json() for row in rows])
        return
    if not rows:
        say("The program has no causes; write a [[program.cause]] into its settings.")
        return
    names = {charity.id: charity.name(words.locale) for charity in loyalty.program.charities}
    show_table(
        ("Cause", "Name", ">Members", ">Points", ">Given", ">Match", ">Paid", ">Owed"),
        [
            (
                row.charity_id,
                names.get(row.charity_id, "no longer in the program"),
                row.givers,
                words.number(row.points),
                *(words.money(each, row.currency) for each in (row.given, row.match, row.paid, row.owed)),
            )
            for row in rows
        ],
    )
    if any(row.open for row in rows):
        say("A payout waits for its draft in Dolibarr: run `dolibarr-loyalty cause pay CAUSE` again.")


def give(
    ctx: typer.Context,
    member: Member,
    cause: Cause,
    points: Annotated[int, typer.Argument(metavar="N", help="How many points.")],
    key: Key = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Give a member's points to a good cause.

    \b
    Example:
      dolibarr-loyalty cause give claire@example.com trees 100
    """
    setup = setup_of(ctx)

    def given(loyalty: Loyalty) -> None:
        with loyalty.database.reading() as tx:
            known = the_member(tx, member)
        gift = charities.give(
            loyalty, known.member.thirdparty_id, cause, points, request_key=key or new_id(), who=who()
        )
        if as_json:
            show_json({"dry_run": dry_run, "donation": _donation(gift)})
            return
        verb = "would give" if dry_run else "gave"
        match = f"; the shop adds {setup.words.money(gift.match, gift.currency)}" if gift.match else ""
        say(
            f"{known.member.name} {verb} {setup.words.points(points)} to {gift.charity_id}, that is "
            f"{setup.words.money(gift.amount, gift.currency)}{match}."
        )
        if not dry_run:
            say(f"Gift {gift.id}; until it is paid out, `cause take-back` undoes it.")

    _run(setup, given, dry_run=dry_run)


def take_back(
    ctx: typer.Context,
    gift: Annotated[str, typer.Argument(metavar="GIFT", help="The gift's id, as `cause give` printed it.")],
    reason: Reason,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Undo a gift that is not paid out yet; the points return to their own lots.

    \b
    Example:
      dolibarr-loyalty cause take-back 019ab8f0-52c1-7a3e-9d40-1f2e3d4c5b6a --reason "mistyped"
    """
    setup = setup_of(ctx)

    def taken(loyalty: Loyalty) -> None:
        back = charities.take_back(loyalty, gift, reason, who=who())
        if as_json:
            show_json({"dry_run": dry_run, "donation": _donation(back)})
            return
        verb = "would return" if dry_run else "returned"
        say(f"{setup.words.points(-back.points)} {verb} to third party {back.thirdparty_id}.")

    _run(setup, taken, dry_run=dry_run)


def pay(
    ctx: typer.Context,
    cause: Cause,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DAY", help="Gifts up to this day (2026-12-31).")
    ] = None,
    by_hand: Annotated[
        bool, typer.Option("--by-hand", help="Paid another way: make nothing in Dolibarr.")
    ] = False,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Pay what a cause is owed: a draft of a supplier invoice in Dolibarr.

    \b
    Example:
      dolibarr-loyalty cause pay trees --until 2026-12-31
    """
    setup = setup_of(ctx)

    def paid(loyalty: Loyalty) -> None:
        # A rehearsal makes nothing in Dolibarr, so it pays by hand.
        payout = payouts.pay(loyalty, cause, until=_day(until), who=who(), by_hand=by_hand or dry_run)
        if as_json:
            show_json({"dry_run": dry_run, "payout": _payout(payout)})
            return
        sum_ = setup.words.money(payout.total, payout.currency)
        if dry_run:
            say(f"{payout.charity_id} would be paid {sum_}.")
        elif payout.state == "by_hand":
            say(f"{payout.charity_id}: {sum_} noted as paid by hand.")
        else:
            say(
                f"{payout.charity_id}: {sum_}. The draft is supplier invoice {payout.document_id} in Dolibarr; "
                "validate and pay it there."
            )

    _run(setup, paid, dry_run=dry_run)


def statement(
    ctx: typer.Context,
    member: Member,
    year: Annotated[
        int | None, typer.Option("--year", metavar="YEAR", help="Which year; default: last year.")
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Mail it to the member, once per year.")] = False,
    as_json: Json = False,
) -> None:
    """Show what a member gave to good causes in a year.

    \b
    Example:
      dolibarr-loyalty cause statement claire@example.com --year 2026
    """
    setup = setup_of(ctx)
    loyalty, words = setup.loyalty, setup.words
    wanted = year or loyalty.today().year - 1
    with loyalty.database.reading() as tx:
        known = the_member(tx, member)
        gifts = donations.given_in(tx, known.member.thirdparty_id, wanted)
    if send and gifts:
        ids = [known.member.thirdparty_id]
        loyalty.database.decide(lambda tx: charities.want_statement(tx, loyalty, ids, wanted))
    if as_json:
        rows = [_giving(gift) for gift in gifts]
        show_json({"thirdparty_id": known.member.thirdparty_id, "year": wanted, "gifts": rows})
        return
    show_facts([("Member", known.member.name), ("Year", wanted)])
    if not gifts:
        say(f"Nothing was given in {wanted}.")
        return
    show_table(
        ("Cause", ">Points", ">Given", ">Match"),
        [
            (
                gift.charity_id,
                words.number(gift.points),
                words.money(gift.amount, gift.currency),
                words.money(gift.match, gift.currency),
            )
            for gift in gifts
        ],
    )


def _run(setup: Setup, act: Callable[[Loyalty], None], *, dry_run: bool) -> None:
    if dry_run:
        with setup.untouched() as loyalty:
            act(loyalty)
    else:
        act(setup.loyalty)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InputError(f"{text!r} is no day. Write it as 2026-12-31.") from error


def _donation(gift: Donation) -> dict[str, object]:
    return {
        "id": gift.id,
        "thirdparty_id": gift.thirdparty_id,
        "cause": gift.charity_id,
        "points": gift.points,
        "amount": gift.amount,
        "match": gift.match,
        "currency": gift.currency,
        "given_at": gift.given_at,
        "takes_back": gift.reverses_id,
    }


def _payout(payout: Payout) -> dict[str, object]:
    return {
        "id": payout.id,
        "cause": payout.charity_id,
        "thirdparty_id": payout.thirdparty_id,
        "amount": payout.amount,
        "match": payout.match,
        "total": payout.total,
        "currency": payout.currency,
        "until": payout.until_day,
        "state": payout.state,
        "document_id": payout.document_id,
    }


def _giving(gift: Giving) -> dict[str, object]:
    return {
        "cause": gift.charity_id,
        "points": gift.points,
        "amount": gift.amount,
        "match": gift.match,
        "currency": gift.currency,
    }
