"""IFRS 15: what of each year's sales was paid for points, and when it becomes revenue."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.accounts import Bookkeeping
from dolibarr_loyalty.core.breakage import Estimate
from dolibarr_loyalty.core.deferral import Allocation, Deferred, Period, allocate, points_value, roll
from dolibarr_loyalty.core.liability import months, together
from dolibarr_loyalty.core.money import round_amount
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.core.times import add_months, day_of, parse
from dolibarr_loyalty.reports import expectation
from dolibarr_loyalty.reports.liability import point_rolls
from dolibarr_loyalty.reports.strands import Strand, units
from dolibarr_loyalty.store.database import Database, Tx
from dolibarr_loyalty.store.documents import snapshot_text

PAGE = 500


@dataclass(frozen=True, kw_only=True)
class Year:
    """A financial year: `sales` (net, of invoices that earned) shared out, and its contract liability."""

    first: date
    last: date
    sales: Decimal
    granted: int
    used: int
    estimate: Estimate
    shared: Allocation
    rolled: Deferred


def deferral(
    database: Database,
    program: Program,
    terms: Bookkeeping,
    first: date,
    day: date,
    *,
    sales: dict[date, Decimal],
) -> tuple[Year, ...]:
    """The contract liability for redeemable points through the financial years from that of `first` to `day`.

    It is computed from the program's first entry on. `sales` may name the net sales of a year by its first day; of
    others they are summed from the documents. Nothing where nobody ever held points.
    """
    with database.reading() as tx:
        strand = next((each for each in units(tx, program) if each.unit == POINTS), None)
        if strand is None:
            return ()
        earliest = day_of(parse(tx.value("first_booking")), ZoneInfo(program.zone))
        facts = [
            _facts(tx, program, terms, strand, begins, min(ends, day), sales)
            for begins, ends in years(earliest, day, terms.year_begins)
        ]
    rolled = roll(tuple(_period(facts, place) for place in range(len(facts))))
    found = (
        Year(
            first=fact.first,
            last=fact.last,
            sales=fact.sales,
            granted=fact.granted,
            used=fact.used,
            estimate=fact.estimate,
            shared=fact.shared,
            rolled=Deferred(
                name=each.name,
                opening=round_amount(each.opening, program.currency),
                deferred=round_amount(each.deferred, program.currency),
                revenue=round_amount(each.opening, program.currency)
                + round_amount(each.deferred, program.currency)
                - round_amount(each.closing, program.currency),
            ),
        )
        for fact, each in zip(facts, rolled, strict=True)
    )
    return tuple(year for year in found if year.last >= first)


@dataclass(frozen=True, kw_only=True)
class _Facts:
    first: date
    last: date
    sales: Decimal
    granted: int
    used: int
    left: int
    estimate: Estimate
    shared: Allocation


def _facts(
    tx: Tx,
    program: Program,
    terms: Bookkeeping,
    strand: Strand,
    begins: date,
    ends: date,
    sales: dict[date, Decimal],
) -> _Facts:
    moved = together(point_rolls(tx, program, strand, months(begins, ends), ends))
    guess = expectation.of_points(tx, program, strand, ends, minimum=terms.minimum)
    granted = moved["issued"] + moved["taken_back"] + moved["forfeited"]
    price = sales[begins] if begins in sales else total_of_sales(tx, begins, ends)
    worth = points_value(max(0, granted), strand.value, guess.share)
    return _Facts(
        first=begins,
        last=ends,
        sales=price,
        granted=granted,
        used=-moved["used"] - moved["returned"],
        left=max(0, moved.closing),
        estimate=guess,
        shared=allocate(price, goods_value=price, points_value=worth),
    )


def _period(facts: list[_Facts], place: int) -> Period:
    """Expected in all: what was used so far, and of what is left the share expected to be used."""
    fact = facts[place]
    used = sum(each.used for each in facts[: place + 1])
    to_come = Fraction(fact.left) * fact.estimate.share
    return Period(
        name=fact.first.isoformat(),
        deferred=fact.shared.points,
        used=fact.used,
        expected=used + round(to_come),
    )


def total_of_sales(tx: Tx, first: date, last: date) -> Decimal:
    """Net sales of the invoices issued in a span of days that earned points, less their credit notes."""
    return sum(_nets(tx, first, last), Decimal(0))


def _nets(tx: Tx, first: date, last: date) -> Iterator[Decimal]:
    last_id = 0
    span = {"from_day": first.isoformat(), "until_day": last.isoformat()}
    while rows := tx.rows("documents_that_earned", last_id=last_id, limit=PAGE, **span):
        for row in rows:
            yield Decimal(str(json.loads(snapshot_text(row["snapshot"]))["net"]))
        last_id = rows[-1]["id"]


def years(first: date, day: date, begins_in: int) -> list[tuple[date, date]]:
    """The financial years from that of one day to that of another, each with its first and last day."""
    start = date(first.year - (first.month < begins_in), begins_in, 1)
    found = []
    while start <= day:
        following = add_months(start, 12)
        found.append((start, date.fromordinal(following.toordinal() - 1)))
        start = following
    return found
