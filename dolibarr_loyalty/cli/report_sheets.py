"""The reports in words, as sheets to print, in the reader's language."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from dolibarr_loyalty.core.accounts import Bookkeeping
from dolibarr_loyalty.core.breakage import Estimate
from dolibarr_loyalty.core.liability import BUCKETS, POINT_COLUMNS, VOUCHER_COLUMNS, Roll
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.names import voucher_state
from dolibarr_loyalty.messages.report_pdf import Grid, Sheet
from dolibarr_loyalty.reports.liability import Liability, Owed
from dolibarr_loyalty.reports.provision import Provision
from dolibarr_loyalty.reports.register import Line, Total
from dolibarr_loyalty.reports.strands import Strand


def column(name: str, words: Words) -> str:
    """The heading of a column of a roll-forward, or of a part of an ageing."""
    return {
        "issued": words.gettext("Issued"),
        "taken_back": words.gettext("Taken back"),
        "used": words.gettext("Used"),
        "returned": words.gettext("Use undone"),
        "expired": words.gettext("Expired"),
        "forfeited": words.gettext("Forfeited"),
        "corrected": words.gettext("Corrected"),
        "replacement": words.gettext("For lost ones"),
        "cancelled": words.gettext("Cancelled"),
        "written_off": words.gettext("Written off"),
        "replaced": words.gettext("Replaced"),
        "over": words.gettext("Over, not booked yet"),
        "month": words.gettext("Ends this month"),
        "months_3": words.gettext("In 3 months"),
        "months_6": words.gettext("In 6 months"),
        "months_12": words.gettext("In 12 months"),
        "later": words.gettext("Later"),
        "never": words.gettext("Without end"),
    }[name]


def way(name: str, words: Words) -> str:
    """An accounting way in words."""
    return {
        "payment": words.gettext("Means of payment"),
        "credit_note": words.gettext("Rebate on past purchases"),
        "discount": words.gettext("Discount at use"),
        "deposit": words.gettext("Sold, deposit"),
        "liability": words.gettext("Sold, liability"),
    }.get(name, name)


def strand_name(strand: Strand, words: Words) -> str:
    """What a strand is, in words."""
    if strand.way is None:
        return words.unit_name(strand.unit)
    group = {
        "sold": words.gettext("Gift cards sold"),
        "from_stamps": words.gettext("Vouchers from stamp cards"),
    }.get(strand.group, words.gettext("Vouchers given"))
    return f"{group}: {way(strand.way, words)} ({strand.currency})"


def key_name(key: str, words: Words) -> str:
    """What an obligation is, by its key."""
    parts = key.split(":")
    if len(parts) < 3 or parts[0] not in ("sold", "from_stamps", "free"):
        return words.unit_name(key)
    group = {
        "sold": words.gettext("Gift cards sold"),
        "from_stamps": words.gettext("Vouchers from stamp cards"),
    }.get(parts[0], words.gettext("Vouchers given"))
    kind = words.gettext("product or percentage") if parts[1] == "without_amount" else way(parts[1], words)
    return f"{group}: {kind} ({parts[2]})"


def register_sheet(lines: Sequence[Line], sums: Sequence[Total], covers: str, words: Words) -> Sheet:
    """The register, a table of all vouchers and one of the sums."""
    kinds = {
        "amount": words.gettext("amount"),
        "percent": words.gettext("percentage"),
        "product": words.gettext("product"),
        "service": words.gettext("service"),
    }
    named = ("used", "returned", "expired", "cancelled", "written_off", "replaced", "corrected")
    seen = [name for name in named if any(line.moved[name] for line in lines)]
    rows = tuple(
        (
            f"••{line.code[-4:]}",
            line.customer or (str(line.thirdparty_id) if line.thirdparty_id else words.gettext("bearer")),
            kinds.get(line.kind, line.kind),
            way(line.way, words),
            words.short_day(line.issued_on),
            words.money(line.value, line.currency),
            *(words.money(line.moved[name], line.currency) if line.moved[name] else "" for name in seen),
            words.money(line.left, line.currency),
            voucher_state(line.state, words),
            words.short_day(line.valid_until) if line.valid_until else "",
            ", ".join(line.documents),
        )
        for line in lines
    )
    headings = (
        words.gettext("Code"),
        words.gettext("Customer"),
        words.gettext("Kind"),
        words.gettext("Way"),
        words.gettext("Issued on"),
        _right(words.gettext("Value")),
        *(f">{column(name, words)}" for name in seen),
        _right(words.gettext("Left")),
        words.gettext("State"),
        words.gettext("Valid until"),
        words.gettext("Documents"),
    )
    totals = tuple(
        (
            way(each.way, words),
            words.number(each.count),
            words.money(each.moved["issued"] + each.moved["replacement"], each.currency),
            *(words.money(each.moved[name], each.currency) for name in seen),
            words.money(each.left, each.currency),
        )
        for each in sums
    )
    total_headings = (
        words.gettext("Way"),
        _right(words.gettext("Vouchers")),
        _right(words.gettext("Value")),
        *(f">{column(name, words)}" for name in seen),
        _right(words.gettext("Left")),
    )
    return Sheet(
        title=words.gettext("Voucher register"),
        covers=covers,
        grids=(
            Grid(title="", headings=headings, rows=rows),
            Grid(title=words.gettext("Sums"), headings=total_headings, rows=totals),
        ),
    )


def liability_sheet(told: Liability, words: Words) -> Sheet:
    """The roll-forward and the ageing of every strand."""
    grids = [grid for each in told.owed for grid in (_rolls(each, words), _ends(each, words))]
    return Sheet(
        title=words.gettext("Liability from points and vouchers"),
        covers=words.gettext(
            "%(first)s to %(last)s, as of %(day)s", first=told.first, last=told.last, day=words.day(told.day)
        ),
        grids=tuple(grids),
        notes=(
            words.gettext(
                "Opening and every movement come to the closing. Points belong to the day they were booked on, "
                "vouchers to the day of the movement; all is summed from the entries themselves."
            ),
        ),
    )


def _shown(each: Owed, amount: int, words: Words) -> str:
    return (
        words.number(amount) if each.strand.counts else words.money(each.worth(amount), each.strand.currency)
    )


def _rolls(each: Owed, words: Words) -> Grid:
    columns = POINT_COLUMNS if each.strand.counts else VOUCHER_COLUMNS
    moving = [name for name in columns if any(roll[name] for roll in each.rolls)]

    def row(roll: Roll, name: str) -> tuple[str, ...]:
        amounts = (roll.opening, *(roll[column] for column in moving), roll.closing)
        return (name, *(_shown(each, amount, words) for amount in amounts))

    return Grid(
        title=strand_name(each.strand, words),
        headings=(
            words.gettext("Month"),
            _right(words.gettext("Opening")),
            *(f">{column(name, words)}" for name in moving),
            _right(words.gettext("Closing")),
        ),
        rows=tuple(row(roll, roll.month) for roll in each.rolls),
        sums=(row(each.whole, words.gettext("Together")),) if len(each.rolls) > 1 else (),
    )


def _ends(each: Owed, words: Words) -> Grid:
    names = [name for name in BUCKETS if each.ends[name]]
    worth = words.money(each.worth(each.left), each.strand.currency) if each.strand.value else ""
    headings = [f">{column(name, words)}" for name in names]
    cells = [_shown(each, each.ends[name], words) for name in names]
    headings += [_right(words.gettext("Left"))]
    cells += [_shown(each, each.left, words)]
    if each.debt:
        headings += [_right(words.gettext("Owed by members"))]
        cells += [_shown(each, each.debt, words)]
    if each.strand.counts and worth:
        headings += [_right(words.gettext("Worth"))]
        cells += [worth]
    return Grid(title="", headings=tuple(headings), rows=(tuple(cells),))


def provision_sheet(told: Provision, terms: Bookkeeping, program: Program, words: Words) -> Sheet:
    """The provision with its reasons."""
    treatments = {
        "provide": words.gettext("Provision"),
        "in_books": words.gettext("In Dolibarr's books already"),
        "discount": words.gettext("Price reduction of a later sale"),
    }
    rows = tuple(
        (
            key_name(item.obligation.key, words),
            words.number(item.obligation.count)
            if _is_counted(item.obligation.key)
            else words.money(item.obligation.worth, item.obligation.currency),
            words.money(item.obligation.worth, item.obligation.currency),
            words.percent(percent(item.obligation.estimate)),
            source(item.obligation.estimate, words),
            treatments[item.obligation.treatment],
            words.money(item.amount, item.obligation.currency),
        )
        for item in told.items
    )
    sums = tuple(
        (words.gettext("Provision"), "", "", "", "", currency, words.money(change.after, currency))
        for currency, change in told.changes
    )
    changes = tuple(
        (
            currency,
            words.money(change.before, currency),
            words.money(change.added, currency),
            words.money(change.released, currency),
            words.money(change.after, currency),
        )
        for currency, change in told.changes
    )
    headings = (
        words.gettext("What"),
        _right(words.gettext("Open")),
        _right(words.gettext("Worth")),
        _right(words.gettext("Expected use")),
        words.gettext("Taken from"),
        words.gettext("Treatment"),
        _right(words.gettext("Provision")),
    )
    before = words.day(told.before_day) if told.before_day else ""
    change_headings = (
        words.gettext("Currency"),
        f">{before}",
        _right(words.gettext("Addition")),
        _right(words.gettext("Release")),
        f">{words.day(told.day)}",
    )
    return Sheet(
        title=words.gettext("Provision for points and vouchers"),
        covers=words.gettext("As of %(day)s", day=words.day(told.day)),
        grids=(
            Grid(title="", headings=headings, rows=rows, sums=sums),
            Grid(title=words.gettext("Change"), headings=change_headings, rows=changes),
        ),
        notes=provision_notes(terms, program, words),
    )


def _right(heading: str) -> str:
    """The heading of a column of numbers."""
    return f">{heading}"


def _is_counted(key: str) -> bool:
    """Points, stamps and vouchers without an amount are counted; the others are money."""
    parts = key.split(":")
    return parts[0] not in ("sold", "from_stamps", "free") or parts[1] == "without_amount"


def percent(estimate: Estimate) -> Decimal:
    """The expected use in percent, to a tenth."""
    return share_percent(estimate.share)


def share_percent(share: Fraction) -> Decimal:
    """A share in percent, to a tenth, half up."""
    tenths = (share * 1000 * 2 + 1) // 2
    return Decimal(tenths) / 10


def source(estimate: Estimate, words: Words) -> str:
    """Where an expected use was taken from."""
    if estimate.is_estimated:
        return words.gettext(
            "life table, %(number)s observations", number=words.number(estimate.observations)
        )
    return words.gettext(
        "%(number)s of %(minimum)s observations: all",
        number=words.number(estimate.observations),
        minimum=words.number(estimate.minimum),
    )


def provision_notes(terms: Bookkeeping, program: Program, words: Words) -> tuple[str, ...]:
    """What the figures rest on, for whoever signs them."""
    notes = [
        words.gettext(
            "Points and vouchers that pay at the next purchase are provided for where their use is probable "
            "(Federal Fiscal Court of Germany, 29 September 2022, IV R 20/19; France: CNC opinion 2004-E), at "
            "%(percent)s of their worth as full cost.",
            percent=words.percent(terms.cost_percent),
        ),
        words.gettext(
            "Stamp cards lower the price of a later sale and normally need no provision. Vouchers with a credit "
            "note and gift cards that were sold stand in Dolibarr's books already."
        ),
        words.gettext(
            "Expected use: life table (Kaplan-Meier by months of age) over the program's own lots and vouchers; "
            "what nobody has lived to see counts as used, and with too few observations everything does."
        ),
        _validity(terms, program, words),
        words.gettext(
            "Provisions for more than twelve months may have to be discounted (section 253 (2) HGB, section 6 (1) "
            "no. 3a e EStG); that is not done here."
        ),
    ]
    return tuple(notes)


def _validity(terms: Bookkeeping, program: Program, words: Words) -> str:
    """How long points last by the terms, and what the shop does in practice."""
    expiry = program.expiry
    if expiry.model == "none":
        formal = words.gettext("By the terms points last without end.")
    elif expiry.days:
        formal = words.gettext("By the terms points last %(days)s days.", days=expiry.days)
    else:
        formal = words.gettext("By the terms points last %(months)s months.", months=expiry.months)
    practice = (
        words.gettext("In practice they are taken after that too, so nothing counts as lapsed.")
        if terms.honours_expired
        else words.gettext(
            "If you take them after that in practice, set accounting.honours_expired: practice decides, not the terms."
        )
    )
    return f"{formal} {practice}"


def period(first: date | None, last: date | None, words: Words) -> str:
    """What a register covers."""
    if first and last:
        return words.gettext(
            "Issued from %(first)s to %(last)s", first=words.day(first), last=words.day(last)
        )
    if first:
        return words.gettext("Issued since %(first)s", first=words.day(first))
    if last:
        return words.gettext("Issued until %(last)s", last=words.day(last))
    return words.gettext("All vouchers")
