"""What is owed in points and vouchers: roll-forward by month, what is left and when it ends.

Everything is summed from the entries of the ledger and the moves of the vouchers. Points belong to the day on
which they were booked and voucher money to the day of its move, so that a month that was reported stays as it was.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.liability import (
    POINT_COLUMNS,
    VOUCHER_COLUMNS,
    Bucket,
    Movement,
    Roll,
    months,
    roll_forward,
    together,
)
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.times import add_months, after, iso, start_of
from dolibarr_loyalty.reports import ageing
from dolibarr_loyalty.reports.strands import Strand, in_order, units, voucher_strand
from dolibarr_loyalty.store.database import Database, Tx


@dataclass(frozen=True, kw_only=True)
class Owed:
    """A strand over a period: `rolls` by month, what is left by when it ends, and what members owe (`debt`).

    The closing is what is left less the debt.
    """

    strand: Strand
    rolls: tuple[Roll, ...]
    ends: dict[Bucket, int]
    debt: int = 0

    @property
    def whole(self) -> Roll:
        """All months together."""
        return together(self.rolls)

    @property
    def left(self) -> int:
        return sum(self.ends.values())

    def worth(self, amount: int) -> Decimal:
        return self.strand.worth(amount)


@dataclass(frozen=True, kw_only=True)
class Liability:
    """What was owed from the first to the last month, the last one up to `day`."""

    first: str
    last: str
    day: date
    owed: tuple[Owed, ...]


def liability(database: Database, program: Program, first: date, day: date) -> Liability:
    """What is owed, from the month of `first` to the end of `day`; both days are in the shop's zone."""
    wanted = months(first, day)
    with database.reading() as tx:
        points = [_points(tx, program, strand, wanted, day) for strand in units(tx, program)]
        owed = (*points, *_vouchers(tx, program, wanted, day))
    return Liability(first=wanted[0], last=wanted[-1], day=day, owed=owed)


def point_rolls(
    tx: Tx, program: Program, strand: Strand, wanted: tuple[str, ...], day: date
) -> tuple[Roll, ...]:
    """The roll-forward of a unit, the last month up to the end of `day`."""
    zone, likes = ZoneInfo(program.zone), dict(strand.likes)
    moved: list[Movement] = []
    for month in wanted:
        starts = date.fromisoformat(f"{month}-01")
        ends = min(add_months(starts, 1), day + timedelta(days=1))
        row = tx.row(
            "points_moved", from_at=iso(start_of(starts, zone)), until_at=iso(start_of(ends, zone)), **likes
        )
        assert row is not None  # noqa: S101
        found = {column: int(row[column]) for column in POINT_COLUMNS}
        found["corrected"] += int(row["points"]) - sum(found.values())  # kinds of entries yet unknown
        moved += [Movement(month=month, column=column, amount=amount) for column, amount in found.items()]
    opening = _opening(tx, strand, iso(start_of(date.fromisoformat(f"{wanted[0]}-01"), zone)))
    first = Movement(month="", column=POINT_COLUMNS[0], amount=opening)
    return roll_forward([first, *moved], wanted, POINT_COLUMNS)


def _opening(tx: Tx, strand: Strand, begins: str) -> int:
    """The sum of all entries before an instant.

    It is what the accounts hold now less all that was booked since, which reads only what is recent; where
    balances and entries do not agree (`verify` tells which), the entries alone are summed.
    """
    both = tx.row("heads_and_entries")
    heads = tx.row("sum_of_accounts", unit=strand.unit)
    assert both is not None and heads is not None  # noqa: S101, PT018
    likes = dict(strand.likes)
    if int(both["balances"]) != int(both["points"]):
        return int(tx.value("points_before", until_at=begins, **likes))
    return int(heads["balance"]) - int(tx.value("points_since", from_at=begins, **likes))


def _points(tx: Tx, program: Program, strand: Strand, wanted: tuple[str, ...], day: date) -> Owed:
    rolls = point_rolls(tx, program, strand, wanted, day)
    ends = ageing.of_points(tx, program, strand, day)
    return Owed(strand=strand, rolls=rolls, ends=ends, debt=sum(ends.values()) - rolls[-1].closing)


def _vouchers(tx: Tx, program: Program, wanted: tuple[str, ...], day: date) -> list[Owed]:
    moved: dict[Strand, list[Movement]] = {}
    for row in tx.rows("voucher_money_by_month", until_day=day.isoformat()):
        movement = Movement(month=row["month"], column=row["kind"], amount=int(row["amount_minor"]))
        moved.setdefault(voucher_strand(program, row), []).append(movement)
    ends = ageing.of_vouchers(tx, program, day)
    return [
        Owed(
            strand=strand,
            rolls=roll_forward(moved[strand], wanted, VOUCHER_COLUMNS),
            ends=ends[strand],
        )
        for strand in in_order(moved)
    ]


def moment(program: Program, day: date) -> str:
    """The first instant after a day, as the database has it."""
    return iso(after(day, ZoneInfo(program.zone)))
