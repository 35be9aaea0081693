"""Reports for the accountant: register, liability, provision, deferral, journal."""

from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli import report_sheets as sheets
from dolibarr_loyalty.cli.options import Json
from dolibarr_loyalty.cli.output import say, show_facts, show_json, show_table, tell
from dolibarr_loyalty.cli.report_files import csv_rows, the_day, write_file
from dolibarr_loyalty.cli.report_tables import (
    NAMES,
    entry_json,
    liability_json,
    line_json,
    provision_json,
    way_name,
    year_json,
)
from dolibarr_loyalty.cli.setup import Setup, setup_of
from dolibarr_loyalty.core.accounts import ROLES
from dolibarr_loyalty.core.liability import BUCKETS, POINT_COLUMNS, VOUCHER_COLUMNS
from dolibarr_loyalty.core.times import add_months
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.report_pdf import Sheet, report_pdf
from dolibarr_loyalty.reports import datev as datev_file
from dolibarr_loyalty.reports import fec as fec_file
from dolibarr_loyalty.reports.deferral import deferral as deferred
from dolibarr_loyalty.reports.deferral import years
from dolibarr_loyalty.reports.document_rates import rates_of
from dolibarr_loyalty.reports.journal import Journal
from dolibarr_loyalty.reports.journal import journal as booked
from dolibarr_loyalty.reports.liability import liability as owed
from dolibarr_loyalty.reports.provision import proposal
from dolibarr_loyalty.reports.register import register as lines_of
from dolibarr_loyalty.reports.register import totals

KINDS = ("amount", "percent", "product", "service")
From = Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day, 2026-01-01.")]
Until = Annotated[str | None, typer.Option("--until", metavar="DAY", help="Last day. Default: today.")]
Csv = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Also write it as CSV.")]
Pdf = Annotated[Path | None, typer.Option("--pdf", metavar="FILE", help="Also write it as PDF.")]
Language = Annotated[
    str | None,
    typer.Option("--language", metavar="LANG", help="Of the PDF: de, en or fr. Default: the shop's."),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Reports for the accountant.", no_args_is_help=True, rich_markup_mode=None)
    group.command("register")(show_register)
    group.command("liability")(show_liability)
    group.command("provision")(show_provision)
    group.command("deferral")(show_deferral)
    group.command("journal")(show_journal)
    app.add_typer(group, name="report")


def show_register(
    ctx: typer.Context,
    first: From = None,
    until: Until = None,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help="Only those that stand so.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="amount, percent, product or service.")
    ] = None,
    csv_file: Csv = None,
    pdf_file: Pdf = None,
    language: Language = None,
    as_json: Json = False,
) -> None:
    """List every voucher with its money and its documents.

    Vouchers issued in the period; their money as it stands now. Codes are shown by their last four signs.

    \b
    Example:
      dolibarr-loyalty report register --from 2026-01-01 --csv register.csv
    """
    setup = setup_of(ctx)
    loyalty = setup.loyalty
    _one_of("--state", state, tuple(map(str, VoucherState)))
    _one_of("--kind", kind, KINDS)
    begins = the_day("--from", first) if first else None
    ends = the_day("--until", until) if until else None
    lines = list(lines_of(loyalty.database, loyalty.program, first=begins, last=ends, state=state, kind=kind))
    sums = totals(lines)
    if csv_file:
        rows = [line_json(line) for line in lines]
        csv_rows(csv_file, rows, joined=("documents",), flattened=("moved",))
    if pdf_file:
        words = _words(setup, language)
        covers = sheets.period(begins, ends, words)
        _print(setup, pdf_file, sheets.register_sheet(lines, sums, covers, words), words)
    if as_json:
        show_json(
            {
                "vouchers": [line_json(line) for line in lines],
                "totals": [
                    {
                        "way": each.way,
                        "currency": each.currency,
                        "count": each.count,
                        **each.moved,
                        "left": each.left,
                    }
                    for each in sums
                ],
            }
        )
        return
    words = setup.words
    show_table(
        (
            "Code",
            "Customer",
            "Kind",
            "Way",
            "Issued",
            ">Value",
            ">Used",
            ">Left",
            "State",
            "Until",
            "Documents",
        ),
        [
            (
                line.code[-4:],
                line.customer or line.thirdparty_id or "bearer",
                line.kind,
                line.way,
                line.issued_on,
                words.money(line.value, line.currency),
                words.money(-line.moved["used"] - line.moved["returned"], line.currency),
                words.money(line.left, line.currency),
                line.state,
                line.valid_until,
                ", ".join(line.documents),
            )
            for line in lines
        ],
    )
    for each in sums:
        say(
            f"{way_name(each.way)}: {each.count} vouchers, "
            + ", ".join(
                f"{NAMES[column]} {words.money(amount, each.currency)}"
                for column, amount in each.moved.items()
                if amount
            )
            + f"; left {words.money(each.left, each.currency)}"
        )
    if not lines:
        say("No voucher matches.")


def show_liability(
    ctx: typer.Context,
    first: From = None,
    until: Until = None,
    csv_file: Csv = None,
    pdf_file: Pdf = None,
    language: Language = None,
    as_json: Json = False,
) -> None:
    """Show what is owed in points and vouchers, month by month.

    Opening + issued - used - expired and corrections = closing, for points of each unit and for vouchers of each
    accounting way; then what is left by when it ends. Whole months from --from on, to the end of the day --until.
    Points belong to the day they were booked: a month that was reported stays as it was.

    \b
    Example:
      dolibarr-loyalty report liability --from 2026-01-01 --until 2026-12-31
    """
    setup = setup_of(ctx)
    loyalty = setup.loyalty
    day = _until(setup, until)
    begins = the_day("--from", first) if first else day.replace(month=1, day=1)
    _in_order(begins, day)
    told = owed(loyalty.database, loyalty.program, begins, day)
    if csv_file:
        csv_rows(csv_file, [row for each in liability_json(told)["strands"] for row in _flat(each)])
    if pdf_file:
        words = _words(setup, language)
        _print(setup, pdf_file, sheets.liability_sheet(told, words), words)
    if as_json:
        show_json(liability_json(told))
        return
    words = setup.words
    for each in told.owed:
        columns = POINT_COLUMNS if each.strand.counts else VOUCHER_COLUMNS
        moving = [name for name in columns if any(roll[name] for roll in each.rolls)]

        def shown(amount: int, of: Any = each) -> str:
            return (
                words.number(amount)
                if of.strand.counts
                else words.money(of.worth(amount), of.strand.currency)
            )

        show_table(
            ("Month", ">Opening", *(f">{NAMES[name].capitalize()}" for name in moving), ">Closing"),
            [
                (
                    roll.month,
                    shown(roll.opening),
                    *(shown(roll[name]) for name in moving),
                    shown(roll.closing),
                )
                for roll in (*each.rolls, *([each.whole] if len(each.rolls) > 1 else []))
            ],
            title=each.strand.key,
        )
        ends = [(NAMES[name], shown(each.ends[name])) for name in BUCKETS if each.ends[name]]
        facts: list[tuple[str, object]] = [*ends, ("left in all", shown(each.left))]
        if each.debt:
            facts.append(("less owed by members", shown(each.debt)))
        if each.strand.counts and each.strand.value:
            facts.append(("worth", words.money(each.worth(each.left), each.strand.currency)))
        show_facts(facts)
        say()
    if not told.owed:
        say("Nobody has held points or vouchers yet.")


def show_provision(
    ctx: typer.Context,
    day: Annotated[
        str | None, typer.Option("--day", metavar="DAY", help="Balance sheet date. Default: today.")
    ] = None,
    before: Annotated[
        str | None,
        typer.Option("--before", metavar="DAY", help="The date before it. Default: a year earlier."),
    ] = None,
    csv_file: Csv = None,
    pdf_file: Pdf = None,
    language: Language = None,
    as_json: Json = False,
) -> None:
    """Propose the provision at a balance sheet date, and say why.

    By the Federal Fiscal Court of Germany, IV R 20/19: probable use times worth at full cost. Stamp cards stand
    apart, and what Dolibarr's documents show already is left out. Expected use is estimated by a life table over
    the program's own history, or taken as 100 % where that is too small.

    \b
    Example:
      dolibarr-loyalty report provision --day 2026-12-31
    """
    setup = setup_of(ctx)
    loyalty, terms = setup.loyalty, setup.config.accounting.bookkeeping()
    at = _until(setup, day, "--day")
    earlier = the_day("--before", before) if before else _year_before(at)
    _in_order(earlier, at)
    told = proposal(loyalty.database, loyalty.program, terms, at, before=earlier)
    if csv_file:
        csv_rows(csv_file, provision_json(told)["items"])
    if pdf_file:
        words = _words(setup, language)
        _print(setup, pdf_file, sheets.provision_sheet(told, terms, loyalty.program, words), words)
    if as_json:
        show_json(provision_json(told))
        return
    words = setup.words
    show_table(
        ("What", ">Open", ">Worth", ">Used", "From", "Treatment", ">Provision"),
        [
            (
                item.obligation.key,
                words.number(item.obligation.count),
                words.money(item.obligation.worth, item.obligation.currency),
                words.percent(sheets.percent(item.obligation.estimate)),
                sheets.source(item.obligation.estimate, words),
                NAMES[item.obligation.treatment],
                words.money(item.amount, item.obligation.currency),
            )
            for item in told.items
        ],
        title=f"Provision at {at.isoformat()}",
    )
    for currency, change in told.changes:
        show_facts(
            [
                ("Provision", words.money(change.after, currency)),
                (f"at {earlier.isoformat()}", words.money(change.before, currency)),
                ("to be added", words.money(change.added, currency) if change.added else ""),
                ("to be released", words.money(change.released, currency) if change.released else ""),
            ]
        )
    for sentence in sheets.provision_notes(terms, loyalty.program, words):
        say(sentence)


def show_deferral(
    ctx: typer.Context,
    day: Annotated[
        str | None, typer.Option("--day", metavar="DAY", help="Up to this day. Default: today.")
    ] = None,
    sales: Annotated[
        str | None,
        typer.Option("--sales", metavar="AMOUNT", help="Net sales of that year. Default: from the invoices."),
    ] = None,
    csv_file: Csv = None,
    as_json: Json = False,
) -> None:
    """Show the deferral of points by IFRS 15, year by year.

    The price of each year's sales is shared out between goods and points by their stand-alone selling prices; the
    points' share becomes revenue as points are used (IFRS 15 B39 to B43).

    \b
    Example:
      dolibarr-loyalty report deferral --day 2026-12-31 --sales 100000
    """
    setup = setup_of(ctx)
    loyalty, terms = setup.loyalty, setup.config.accounting.bookkeeping()
    at = _until(setup, day, "--day")
    begins = years(at, at, terms.year_begins)[0][0]
    named = {begins: _amount("--sales", sales)} if sales else {}
    told = deferred(loyalty.database, loyalty.program, terms, date(1970, 1, 1), at, sales=named)
    if csv_file:
        csv_rows(csv_file, [year_json(year) for year in told])
    if as_json:
        show_json([year_json(year) for year in told])
        return
    words = setup.words
    show_table(
        (
            "Year from",
            ">Sales",
            ">Points granted",
            ">Points used",
            ">Expected",
            ">Opening",
            ">Deferred",
            ">Revenue",
            ">Closing",
        ),
        [
            (
                year.first,
                words.money(year.sales),
                words.number(year.granted),
                words.number(year.used),
                words.percent(sheets.percent(year.estimate)),
                words.money(year.rolled.opening),
                words.money(year.rolled.deferred),
                words.money(year.rolled.revenue),
                words.money(year.rolled.closing),
            )
            for year in told
        ],
    )
    if not told:
        say("Nobody has held points yet.")


def show_journal(
    ctx: typer.Context,
    first: From = None,
    until: Until = None,
    everything: Annotated[
        bool,
        typer.Option(
            "--everything", help="Also what Dolibarr's documents book: for books kept without them."
        ),
    ] = False,
    csv_file: Csv = None,
    datev: Annotated[
        Path | None, typer.Option("--datev", metavar="FOLDER", help="Write a DATEV batch (EXTF) there.")
    ] = None,
    fec: Annotated[Path | None, typer.Option("--fec", metavar="FOLDER", help="Write a FEC there.")] = None,
    sales: Annotated[
        str | None, typer.Option("--sales", metavar="AMOUNT", help="Net sales of the last year (IFRS 15).")
    ] = None,
    as_json: Json = False,
) -> None:
    """Export the journal of loyalty for the accounting program.

    Only what no document of Dolibarr books: provision or deferral, unused gift cards, differences. --everything
    adds each move of each voucher; then leave Dolibarr's entries for vouchers out of the books.

    \b
    Example:
      dolibarr-loyalty report journal --from 2026-01-01 --until 2026-12-31 --csv journal.csv
    """
    setup = setup_of(ctx)
    loyalty, terms = setup.loyalty, setup.config.accounting.bookkeeping()
    last = _until(setup, until)
    begins = the_day("--from", first) if first else years(last, last, terms.year_begins)[0][0]
    _in_order(begins, last)
    named = {years(last, last, terms.year_begins)[0][0]: _amount("--sales", sales)} if sales else {}
    rates = rates_of(loyalty.database, begins, last) if everything else {}
    told = booked(
        loyalty.database,
        loyalty.program,
        terms,
        begins,
        last,
        everything=everything,
        rates=rates,
        sales=named,
    )
    currency = loyalty.program.currency
    written = []
    if csv_file:
        csv_rows(csv_file, [row for entry in told.entries for row in entry_json(entry, terms)])
        written.append(csv_file)
    if datev:
        if not terms.consultant or not terms.client:
            raise InputError(
                "A DATEV batch needs the consultant's and the client's number: set accounting.datev_consultant "
                "and accounting.datev_client."
            )
        file = datev / datev_file.FILE_NAME.format(first=begins, last=last)
        written.append(write_file(file, datev_file.batch(told, terms, currency, loyalty.now())))
    if fec:
        if not terms.siren:
            raise InputError("A FEC is named after the company: set accounting.siren to its nine digits.")
        file = fec / fec_file.file_name(terms, last)
        written.append(write_file(file, fec_file.fec(told, terms, currency)))
    _doubts(told, currency, has_file=bool(datev or fec))
    if as_json:
        rows = [row for entry in told.entries for row in entry_json(entry, terms)]
        show_json({"from": begins, "until": last, "everything": everything, "lines": rows})
        return
    words = setup.words
    show_table(
        ("Day", "Document", "What", "Account", "", ">Debit", ">Credit"),
        [
            (
                entry.day,
                entry.document,
                f"{NAMES.get(entry.what, entry.what)} {entry.about}".strip(),
                terms.account(role),
                ROLES[role],
                words.money(amount, entry.currency) if amount > 0 else "",
                words.money(-amount, entry.currency) if amount < 0 else "",
            )
            for entry in told.entries
            for role, amount in entry.sides
        ],
    )
    if not told.entries:
        say("Nothing is to be booked in this period.")
    for each in written:
        say(f"Wrote {each}.")


def _doubts(told: Journal, currency: str, *, has_file: bool) -> None:
    if told.doubts:
        tell(
            "The VAT of these documents is not known here, so they stand without VAT; look at them: "
            + ", ".join(told.doubts)
        )
    left_out = datev_file.foreign(told, currency)
    if has_file and left_out:
        tell(f"{len(left_out)} entries in another currency than {currency} are not in the file.")


def _flat(strand: dict[str, Any]) -> list[dict[str, Any]]:
    """The months of a strand as rows of one table."""
    columns = dict.fromkeys((*POINT_COLUMNS, *VOUCHER_COLUMNS), 0)
    return [
        {
            "strand": strand["key"],
            "currency": strand["currency"],
            "month": month["month"],
            "opening": month["opening"],
            **columns,
            **month["moved"],
            "closing": month["closing"],
        }
        for month in strand["months"]
    ]


def _until(setup: Setup, text: str | None, option: str = "--until") -> date:
    """The last day asked for, today without one."""
    today = setup.loyalty.today()
    day = the_day(option, text) if text else today
    if day > today:
        raise InputError(f"{option} {day} is in the future; what will be booked until then is not known yet.")
    return day


def _year_before(day: date) -> date:
    """The balance sheet date a year earlier, the last day of a month for the last day of a month."""
    return add_months(day + timedelta(days=1), -12) - timedelta(days=1)


def _in_order(first: date, last: date) -> None:
    if first > last:
        raise InputError(f"The period ends on {last}, before it begins on {first}.")


def _one_of(option: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise InputError(f"{option} {value} does not exist. There are: {', '.join(known)}.")


def _amount(option: str, text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise InputError(f"{option} {text} is no amount; write it such as 100000 or 99999.50.")
    return amount


def _print(setup: Setup, file: Path, sheet: Sheet, words: Words) -> None:
    write_file(file, report_pdf(sheet, setup.loyalty.brand, words, setup.loyalty.today()))


def _words(setup: Setup, language: str | None) -> Words:
    """Who reads the PDF."""
    if language is None:
        return setup.words
    _one_of("--language", language, ("de", "en", "fr"))
    return setup.app.brand.words(language)
