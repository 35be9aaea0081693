"""Paid clubs: who is in them, the free trial, leaving early, and whether it has paid off."""

from typing import Any

import typer

from dolibarr_loyalty.cli.options import DryRun, Json, Key, Limit, Member, Reason, rows_wanted
from dolibarr_loyalty.cli.output import say, show_facts, show_json, show_table
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.setup import Setup, setup_of, who
from dolibarr_loyalty.core.clubs import Club, Payoff, Span
from dolibarr_loyalty.flows.club_fees import cancel as leave
from dolibarr_loyalty.flows.club_fees import payoff
from dolibarr_loyalty.flows.clubs import stay_of, the_club
from dolibarr_loyalty.flows.clubs import trial as begin_trial
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import clubs as table
from dolibarr_loyalty.store.clubs import Act
from dolibarr_loyalty.store.ids import new_id

PAGE = 500

ClubId = typer.Argument(metavar="CLUB", help="The club's id in loyalty.toml.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Paid clubs.", no_args_is_help=True, rich_markup_mode=None)
    group.command("show")(show)
    group.command("list")(list_clubs)
    group.command("trial")(trial)
    group.command("cancel")(cancel)
    app.add_typer(group, name="club")


def show(ctx: typer.Context, member: Member, as_json: Json = False) -> None:
    """Show a member's clubs, and whether each has paid off.

    Extra points of club-only rules count at the program's value of a point; benefits where their worth was
    noted when they were used.

    \b
    Example:
      dolibarr-loyalty club show claire@example.com
    """
    setup = setup_of(ctx)
    loyalty = setup.loyalty
    with loyalty.database.reading() as tx:
        known = the_member(tx, member)
        identifier = known.member.thirdparty_id
        found = [
            (club, span, payoff(tx, loyalty, identifier, club))
            for club in loyalty.program.clubs
            if (span := stay_of(tx, loyalty, identifier, club)) is not None
        ]
        acts = table.full_acts_of(tx, identifier)
    if as_json:
        clubs = [_row(setup, club, span, paid) for club, span, paid in found]
        show_json({"thirdparty_id": identifier, "clubs": clubs, "acts": [_act(act) for act in acts]})
        return
    for club, span, paid in found:
        _show(setup, known.member.name, club, span, paid)
    if acts:
        rows = [
            (setup.words.short_day(act.act.at), act.club_id, _WHAT[act.act.what], act.who, act.reason)
            for act in acts
        ]
        show_table(("On", "Club", "What", "By", "Why"), rows, title="What was done by hand")
    if not found:
        say(f"{known.member.name} has never been in a club.")


_WHAT = {"trial": "trial begun", "cancel": "left"}


def _show(setup: Setup, name: str, club: Club, span: Span, paid: Payoff) -> None:
    words, loyalty = setup.words, setup.loyalty
    verdict = "yes" if paid.has_paid_off else f"not yet: {words.money(paid.missing)} missing"
    show_facts(
        [
            ("Now", _state(loyalty, span)),
            ("Since", words.day(span.since)),
            (
                "Paid until" if not span.is_trial else "Trial until",
                words.day(loyalty.last_day(span.grace_from)),
            ),
            ("Fees paid", words.money(paid.fees)),
            ("Extra points", words.money(paid.points)),
            ("Benefits used", words.money(paid.benefits)),
            ("Gifts", words.money(paid.gifts)),
            ("Has it paid off", verdict if paid.fees else ""),
        ],
        title=f"{name}: {club.name(words.language)}",
    )


def _state(loyalty: Loyalty, span: Span) -> str:
    now = loyalty.now()
    if not span.since <= now < span.until:
        return "ended"
    return "in the grace" if now >= span.grace_from else "on trial" if span.is_trial else "member"


def _row(setup: Setup, club: Club, span: Span, paid: Payoff) -> dict[str, Any]:
    return {
        "club": club.id,
        "name": club.name(setup.words.language),
        "state": _state(setup.loyalty, span),
        **_span(setup.loyalty, span),
        "fees": paid.fees,
        "points_worth": paid.points,
        "benefits_worth": paid.benefits,
        "gifts_worth": paid.gifts,
        "has_paid_off": paid.has_paid_off,
        "missing": paid.missing,
    }


def _span(loyalty: Loyalty, span: Span) -> dict[str, Any]:
    return {
        "since": span.since,
        "paid_until": loyalty.last_day(span.grace_from),
        "until": loyalty.last_day(span.until),
        "is_trial": span.is_trial,
    }


def _act(act: Act) -> dict[str, Any]:
    return {
        "id": act.id,
        "club": act.club_id,
        "what": act.act.what,
        "at": act.act.at,
        "who": act.who,
        "reason": act.reason,
        "refunds": [
            {
                "invoice_id": each.document_id,
                "amount": each.amount,
                "days_left": each.days_left,
                "days": each.days,
            }
            for each in act.refunds
        ],
    }


def list_clubs(ctx: typer.Context, limit: Limit = None, as_json: Json = False) -> None:
    """List the clubs with their members, those who left too.

    \b
    Example:
      dolibarr-loyalty club list
    """
    setup = setup_of(ctx)
    loyalty, words = setup.loyalty, setup.words
    rows = [(club, name, stay) for club in loyalty.program.clubs for name, stay in _stays(loyalty, club)]
    shown = rows[: rows_wanted(limit, as_json=as_json)]
    if as_json:
        show_json(
            [
                {
                    "club": club.id,
                    "thirdparty_id": stay.thirdparty_id,
                    "name": name,
                    "state": _state(loyalty, stay.span),
                    **_span(loyalty, stay.span),
                }
                for club, name, stay in shown
            ]
        )
        return
    if not loyalty.program.clubs:
        say("The program has no clubs.")
        return
    show_table(
        ("Club", ">Id", "Member", "Now", "Since", "Paid until"),
        [
            (
                club.name(words.language),
                stay.thirdparty_id,
                name,
                _state(loyalty, stay.span),
                words.short_day(stay.span.since),
                words.short_day(loyalty.last_day(stay.span.grace_from)),
            )
            for club, name, stay in shown
        ],
    )
    if len(shown) < len(rows):
        say(f"{len(shown)} of {len(rows)}; more with --limit.")


def _stays(loyalty: Loyalty, club: Club) -> list[tuple[str, table.Stay]]:
    found: list[tuple[str, table.Stay]] = []
    last = 0
    while True:
        with loyalty.database.reading() as tx:
            page = table.page(tx, club.id, last, PAGE)
        if not page:
            return found
        found += page
        last = page[-1][1].thirdparty_id


def trial(
    ctx: typer.Context,
    member: Member,
    club: str = ClubId,
    key: Key = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Begin a member's free trial of a club, once per member.

    \b
    Example:
      dolibarr-loyalty club trial claire@example.com plus
    """
    setup = setup_of(ctx)

    def begun(loyalty: Loyalty) -> None:
        with loyalty.database.reading() as tx:
            known = the_member(tx, member)
        identifier = known.member.thirdparty_id
        span = begin_trial(loyalty, identifier, club, who=who(), request_key=key or new_id())
        if as_json:
            found = {"club": the_club(loyalty, club).id, **_span(loyalty, span)}
            show_json({"dry_run": dry_run, "thirdparty_id": identifier, **found})
            return
        name, verb = the_club(loyalty, club).name(setup.words.language), "would try" if dry_run else "tries"
        last_day = setup.words.day(loyalty.last_day(span.until))
        say(f"{known.member.name} {verb} “{name}” until {last_day}.")

    _carry_out(setup, begun, dry_run=dry_run)


def cancel(
    ctx: typer.Context,
    member: Member,
    reason: Reason,
    club: str = ClubId,
    key: Key = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """End a member's time in a club now, and propose what to pay back.

    The credit note is put into Dolibarr as a draft, for a person to validate; days that were paid for and not
    used are paid back where the club's refund is "prorata".

    \b
    Example:
      dolibarr-loyalty club cancel claire@example.com plus --reason "moves away"
    """
    setup = setup_of(ctx)

    def left(loyalty: Loyalty) -> None:
        with loyalty.database.reading() as tx:
            known = the_member(tx, member)
        identifier = known.member.thirdparty_id
        act = leave(loyalty, identifier, club, reason=reason, who=who(), request_key=key or new_id())
        if as_json:
            show_json({"dry_run": dry_run, "thirdparty_id": identifier, "act": _act(act)})
            return
        name, verb = the_club(loyalty, club).name(setup.words.language), "would leave" if dry_run else "left"
        say(f"{known.member.name} {verb} “{name}”.")
        for each in act.refunds:
            say(
                f"To be paid back on invoice {each.document_id}: {setup.words.money(each.amount)} "
                f"({each.days_left} of {each.days} days), as a draft credit note."
            )
        if not act.refunds:
            say("Nothing is to be paid back.")

    _carry_out(setup, left, dry_run=dry_run)


def _carry_out(setup: Setup, work: Any, *, dry_run: bool) -> None:
    if dry_run:
        with setup.untouched() as loyalty:
            work(loyalty)
    else:
        work(setup.loyalty)
