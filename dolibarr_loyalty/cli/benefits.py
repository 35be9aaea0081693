"""Benefits: what a member is entitled to by tiers and clubs, and what of it was used."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli.options import DryRun, Json, Key, Member, Reason
from dolibarr_loyalty.cli.output import say, show_json, show_table
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.setup import Setup, setup_of, who
from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.flows import benefits as flow
from dolibarr_loyalty.flows.benefits import Shown, Usage
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import benefits as table
from dolibarr_loyalty.store.benefits import Step
from dolibarr_loyalty.store.ids import new_id

BenefitId = typer.Argument(metavar="BENEFIT", help="The benefit's id in loyalty.toml.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Benefits of tiers and clubs, and their uses.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("list")(list_benefits)
    group.command("use")(use)
    group.command("undo")(undo)
    app.add_typer(group, name="benefit")


def list_benefits(ctx: typer.Context, member: Member, as_json: Json = False) -> None:
    """List a member's benefits, how often each may be used, and what happened.

    \b
    Example:
      dolibarr-loyalty benefit list claire@example.com
    """
    setup = setup_of(ctx)
    with setup.loyalty.database.reading() as tx:
        known = the_member(tx, member)
        identifier = known.member.thirdparty_id
        found = flow.shown(tx, setup.loyalty, identifier)
        steps = table.steps_of(tx, identifier)
    if as_json:
        rows = {"benefits": [_row(setup, each) for each in found], "steps": [_step(step) for step in steps]}
        show_json({"thirdparty_id": identifier, **rows})
        return
    if found:
        rows_shown = [_cells(setup, each) for each in found]
        show_table(("Benefit", "Id", "From", "Since", "Until", ">Left"), rows_shown)
    else:
        say(f"{known.member.name} has no benefits now.")
    if steps:
        show_table(
            ("On", "Benefit", "What", "For", "Id"),
            [
                (
                    setup.words.short_day(step.at),
                    step.benefit_id,
                    step.what,
                    step.reference or step.note,
                    _use_id(step),
                )
                for step in steps
            ],
            title="What happened",
        )


def _use_id(step: Step) -> str:
    return step.id if step.what == "used" else ""


def _cells(setup: Setup, shown: Shown) -> tuple[object, ...]:
    found, words = shown.entitlement, setup.words
    return (
        shown.benefit.name(words.language),
        shown.benefit.id,
        found.source.replace(":", " "),
        words.short_day(found.since),
        words.short_day(setup.loyalty.last_day(found.until)) if found.until else "",
        "" if shown.left is None else f"{shown.left} of {shown.benefit.uses}",
    )


def _row(setup: Setup, shown: Shown) -> dict[str, Any]:
    found = shown.entitlement
    return {
        "benefit": shown.benefit.id,
        "name": shown.benefit.name(setup.words.language),
        "kind": shown.benefit.kind,
        "source": found.source,
        "since": found.since,
        "until": setup.loyalty.last_day(found.until) if found.until else None,
        "left": shown.left,
        "percent": shown.benefit.percent,
        "days": shown.benefit.days,
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "id": step.id,
        "benefit": step.benefit_id,
        "what": step.what,
        "at": step.at,
        "source": step.source,
        "who": step.who,
        "note": step.note,
        "reference": step.reference,
        "occasion": step.occasion,
        "points": step.points,
        "worth": step.worth,
    }


def use(
    ctx: typer.Context,
    member: Member,
    benefit: str = BenefitId,
    reference: Annotated[
        str, typer.Option("--for", metavar="TEXT", help="What it was used for: an invoice, an event.")
    ] = "",
    worth: Annotated[
        str, typer.Option("--worth", metavar="AMOUNT", help="What it saved the member, if known: 5.90.")
    ] = "0",
    key: Key = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Count one use of a member's benefit.

    \b
    Example:
      dolibarr-loyalty benefit use claire@example.com free-delivery --for FA2603-0012 --worth 5.90
    """
    setup = setup_of(ctx)
    amount = _amount(worth)

    def used(loyalty: Loyalty) -> None:
        with loyalty.database.reading() as tx:
            known = the_member(tx, member)
        usage = flow.use(
            loyalty,
            known.member.thirdparty_id,
            benefit,
            reference=reference,
            worth=amount,
            who=who(),
            request_key=key or new_id(),
        )
        name = flow.the_benefit(loyalty, benefit).name(setup.words.language)
        verb = "would use" if dry_run else "used"
        _tell(usage, f"{known.member.name} {verb} “{name}”", dry_run=dry_run, as_json=as_json)

    _carry_out(setup, used, dry_run=dry_run)


def undo(
    ctx: typer.Context,
    member: Member,
    use_id: Annotated[str, typer.Argument(metavar="USE", help="The id that `benefit list` shows.")],
    reason: Reason,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take back a use of a benefit that was counted by mistake.

    \b
    Example:
      dolibarr-loyalty benefit undo 42 0192f0aa-1111-7000-8000-000000000001 --reason "wrong customer"
    """
    setup = setup_of(ctx)

    def undone(loyalty: Loyalty) -> None:
        with loyalty.database.reading() as tx:
            known = the_member(tx, member)
        usage = flow.undo(loyalty, known.member.thirdparty_id, use_id, reason=reason, who=who())
        verb = "would get back" if dry_run else "got back"
        told = f"{known.member.name} {verb} a use of “{usage.step.benefit_id}”"
        _tell(usage, told, dry_run=dry_run, as_json=as_json)

    _carry_out(setup, undone, dry_run=dry_run)


def _tell(usage: Usage, told: str, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        show_json({"dry_run": dry_run, "step": _step(usage.step), "left": usage.left})
        return
    say(told + ("." if usage.left is None else f"; left: {usage.left}."))


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text.replace(",", "."))
    except InvalidOperation:
        raise InputError(f"{text!r} is not an amount; write for example 5.90.") from None
    if not amount.is_finite() or amount < ZERO:
        raise InputError(f"{text!r} is not an amount above zero; write for example 5.90.")
    return amount


def _carry_out(setup: Setup, work: Any, *, dry_run: bool) -> None:
    if dry_run:
        with setup.untouched() as loyalty:
            work(loyalty)
    else:
        work(setup.loyalty)
