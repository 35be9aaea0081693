"""Partners: who funds points, and what each owes for a month."""

import csv
from pathlib import Path
from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli.options import DryRun, Json
from dolibarr_loyalty.cli.output import say, show_facts, show_json, show_table
from dolibarr_loyalty.cli.setup import Setup, setup_of
from dolibarr_loyalty.core.funding import PRODUCTS
from dolibarr_loyalty.core.partners import Partner
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.terms import name_in
from dolibarr_loyalty.core.times import period_key
from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.flows import settlement
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.reports.partners import Item, Statement, known_partners, partner_of
from dolibarr_loyalty.reports.partners import statement as made

COLUMNS = ("partner", "month", "rule", "what", "percent", "point_price", "points", "amount", "currency")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="Partners that fund points, and what they owe.", no_args_is_help=True, rich_markup_mode=None
    )
    group.command("list")(list_partners)
    group.command("statement")(statement)
    app.add_typer(group, name="partner")


def list_partners(ctx: typer.Context, as_json: Json = False) -> None:
    """List the partners, what they fund, and what is due.

    \b
    Example:
      dolibarr-loyalty partner list
    """
    setup = setup_of(ctx)
    loyalty, words = setup.loyalty, setup.words
    program, last = loyalty.program, settlement.the_month(loyalty, None)
    this = period_key(loyalty.today(), "month")
    with loyalty.database.reading() as tx:
        found = [
            (each, made(tx, program, each.id, last), made(tx, program, each.id, this))
            for each in known_partners(tx, program)
        ]
    if as_json:
        show_json([_partner_row(program, words, *each) for each in found])
        return
    show_table(
        ("Partner", "Name", ">Third party", "Funds", f">Due for {last}", f">So far in {this}"),
        [
            (
                partner.id,
                name_in(partner.names, words.language, partner.id),
                partner.thirdparty_id,
                "; ".join(_funds(program, words, partner)),
                words.money(before.due, before.currency),
                words.money(now.granted + now.reversed, now.currency),
            )
            for partner, before, now in found
        ],
    )
    if not found:
        say("The program has no partners.")


def _partner_row(
    program: Program, words: Words, partner: Partner, before: Statement, now: Statement
) -> dict[str, Any]:
    return {
        "id": partner.id,
        "name": name_in(partner.names, words.language, partner.id),
        "thirdparty_id": partner.thirdparty_id,
        "is_in_program": partner in program.partners,
        "funds": _funds(program, words, partner),
        "last_month": before.month,
        "due": before.due,
        "this_month": now.month,
        "so_far": now.granted + now.reversed,
        "currency": before.currency,
    }


def _funds(program: Program, words: Words, partner: Partner) -> list[str]:
    """What a partner pays for under the program as it is."""
    if partner not in program.partners:
        return []
    funds = [
        f"{rule.name(words.language)} {words.percent(share.percent)}"
        for rule in program.rules
        for share in rule.funding
        if share.partner == partner.id
    ]
    products = f"own products {words.percent(partner.percent)}"
    return funds + ([products] if partner.percent and not partner.match.is_everything else [])


def statement(
    ctx: typer.Context,
    partner: Annotated[str, typer.Argument(metavar="PARTNER", help="The partner's id; see `partner list`.")],
    month: Annotated[
        str | None, typer.Option("--month", metavar="YYYY-MM", help="Default: the last one that is over.")
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Also write it into a file.")
    ] = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="Make a draft invoice over what is due in Dolibarr, once.")
    ] = False,
    vat: Annotated[
        float, typer.Option("--vat", metavar="PERCENT", min=0, max=100, help="VAT on that draft.")
    ] = 0,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Show what a partner owes for a month, and why.

    Points and amounts by promotion, what came back, and the sum. A draft is validated by a person.

    \b
    Example:
      dolibarr-loyalty partner statement roastery --month 2026-11
      dolibarr-loyalty partner statement roastery --month 2026-11 --draft --dry-run
    """
    setup = setup_of(ctx)
    loyalty = setup.loyalty
    found, told = _told(loyalty, partner, month)
    document = _drafted(loyalty, found, told, vat, dry_run=dry_run) if draft else None
    if csv_file is not None and not dry_run:
        _write(csv_file, told, setup.words)
    if as_json:
        show_json({"dry_run": dry_run, **_as_json(found, told, setup.words), "document": document})
        return
    _show(setup, found, told)
    if document is not None:
        verb = "would be made" if dry_run else "stands"
        say(
            f"A draft invoice over {setup.words.money(told.due, told.currency)} {verb} in Dolibarr as {document}."
        )


def _told(loyalty: Loyalty, wanted: str, month: str | None) -> tuple[Partner, Statement]:
    chosen = settlement.the_month(loyalty, month)
    with loyalty.database.reading() as tx:
        partner = partner_of(tx, loyalty.program, wanted)
        if partner is None:
            known = ", ".join(each.id for each in known_partners(tx, loyalty.program)) or "none"
            raise InputError(f"There is no partner {wanted!r}. The program knows: {known}.")
        return partner, made(tx, loyalty.program, partner.id, chosen)


def _drafted(loyalty: Loyalty, partner: Partner, told: Statement, vat: float, *, dry_run: bool) -> str:
    """The number of the document in Dolibarr, or what it would be known by."""
    rate = settlement.rate_of(vat)
    if dry_run:
        settlement.check_settlement(loyalty, partner, told.month, told.due)
        return settlement.draft_of(loyalty, partner, told.month, told.due, rate).ref_ext
    return settlement.settle(loyalty, partner, told.month, told.due, vat_rate=rate).ref


def _what(item: Item, words: Words) -> str:
    return "own products" if item.rule == PRODUCTS else name_in(item.names, words.language, item.rule)


def _show(setup: Setup, partner: Partner, told: Statement) -> None:
    words, currency = setup.words, told.currency
    name = name_in(partner.names, words.language, partner.id)
    show_table(
        ("Promotion", ">Share", ">Per point", ">Points", ">Amount"),
        [
            (
                _what(item, words) + (" (taken back)" if item.is_reversal else ""),
                words.percent(item.percent),
                words.number(item.point_price),
                words.number(item.points),
                words.money(item.amount, currency),
            )
            for item in told.items
        ],
        title=f"{name}, {told.month}",
    )
    carried = words.money(told.carried, currency) if told.carried else ""
    show_facts(
        [
            ("Credit from earlier months", words.money(told.opening, currency) if told.opening else ""),
            ("Granted", words.money(told.granted, currency)),
            ("Taken back", words.money(told.reversed, currency) if told.reversed else ""),
            ("Credit for later months", carried),
            ("Due", words.money(told.due, currency)),
        ]
    )


def _as_json(partner: Partner, told: Statement, words: Words) -> dict[str, Any]:
    return {
        "partner": told.partner,
        "name": name_in(partner.names, words.language, partner.id),
        "thirdparty_id": partner.thirdparty_id,
        "month": told.month,
        "currency": told.currency,
        "opening": told.opening,
        "items": [
            {
                "rule": item.rule or None,
                "what": _what(item, words),
                "percent": item.percent,
                "point_price": item.point_price,
                "is_reversal": item.is_reversal,
                "points": item.points,
                "amount": item.amount,
                "bookings": item.bookings,
            }
            for item in told.items
        ],
        "granted": told.granted,
        "reversed": told.reversed,
        "due": told.due,
        "carried": told.carried,
    }


def _write(file: Path, told: Statement, words: Words) -> None:
    """The statement as CSV: its items, then the credit from before and the sum that is due."""
    rows: list[tuple[Any, ...]] = [
        (
            item.rule,
            _what(item, words) + (" (taken back)" if item.is_reversal else ""),
            item.percent,
            item.point_price,
            item.points,
            item.amount,
        )
        for item in told.items
    ]
    for what, amount in (("opening", told.opening), ("due", told.due), ("carried", told.carried)):
        rows.append(("", what, "", "", "", amount if amount else ZERO))
    try:
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(COLUMNS)
            writer.writerows((told.partner, told.month, *row, told.currency) for row in rows)
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}. Name another file.") from error
