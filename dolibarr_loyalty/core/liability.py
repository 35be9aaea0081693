"""Roll-forwards and ageing: what was owed, what came and went in each month, and when the rest of it ends.

Everything is counted in whole units, points or minor units of a currency, so that nothing is ever rounded.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from dolibarr_loyalty.core.times import add_months

# The columns of a roll-forward in their order; each figure is signed, so that opening and all of them are closing.
POINT_COLUMNS = ("issued", "taken_back", "used", "returned", "expired", "forfeited", "corrected")
VOUCHER_COLUMNS = (
    "issued",
    "replacement",
    "used",
    "returned",
    "expired",
    "cancelled",
    "written_off",
    "replaced",
    "corrected",
)

Bucket = Literal["over", "month", "months_3", "months_6", "months_12", "later", "never"]
BUCKETS: tuple[Bucket, ...] = ("over", "month", "months_3", "months_6", "months_12", "later", "never")


@dataclass(frozen=True, kw_only=True)
class Roll:
    """One month, or several together: `opening` and the sum of `moved` are `closing`. `moved` has every column."""

    month: str
    opening: int
    moved: tuple[tuple[str, int], ...]

    @property
    def closing(self) -> int:
        return self.opening + sum(amount for _, amount in self.moved)

    def __getitem__(self, column: str) -> int:
        return dict(self.moved)[column]


@dataclass(frozen=True, kw_only=True)
class Movement:
    """What moved in a month (2026-11, or '' for all before the first), by the column it belongs to."""

    month: str
    column: str
    amount: int


def months(first: date, last: date) -> tuple[str, ...]:
    """The months from that of one day to that of another, both included; none where they are the wrong way round."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return tuple(f"{add_months(first.replace(day=1), n):%Y-%m}" for n in range(count))


def roll_forward(
    movements: Iterable[Movement], in_months: Sequence[str], columns: Sequence[str]
) -> tuple[Roll, ...]:
    """A roll per month; movements of months before the first make up its opening, those after the last are left out.

    Raises ValueError for a column that does not exist: nothing may fall out of the sum.
    """
    found: dict[tuple[str, str], int] = {}
    opening = 0
    for movement in movements:
        if movement.column not in columns:
            raise ValueError(f"there is no column {movement.column!r}")
        if movement.month < in_months[0]:
            opening += movement.amount
        else:
            key = movement.month, movement.column
            found[key] = found.get(key, 0) + movement.amount
    rolls = []
    for month in in_months:
        moved = tuple((column, found.get((month, column), 0)) for column in columns)
        rolls.append(Roll(month=month, opening=opening, moved=moved))
        opening = rolls[-1].closing
    return tuple(rolls)


def together(rolls: Sequence[Roll]) -> Roll:
    """Rolls that follow each other as one; its month is theirs, or '2026-01 – 2026-12'."""
    first, last = rolls[0], rolls[-1]
    return Roll(
        month=first.month if len(rolls) == 1 else f"{first.month} – {last.month}",
        opening=first.opening,
        moved=tuple((column, sum(roll[column] for roll in rolls)) for column, _ in first.moved),
    )


def limits(day: date) -> dict[Bucket, date | None]:
    """The last day of each bucket for a report as of `day`; None where it has none.

    'over' ended before and was not booked off yet; 'month' ends in the calendar month of the day, the others
    3, 6 and 12 months after the day.
    """
    return {
        "over": day - timedelta(days=1),
        "month": add_months(day.replace(day=1), 1) - timedelta(days=1),
        "months_3": add_months(day, 3),
        "months_6": add_months(day, 6),
        "months_12": add_months(day, 12),
        "later": None,
        "never": None,
    }


def bucket(ends_on: date | None, day: date) -> Bucket:
    """Where something with this last usable day stands in the ageing as of `day`."""
    if ends_on is None:
        return "never"
    for name, last in limits(day).items():
        if last is not None and ends_on <= last:
            return name
    return "later"


def ageing(rest: Iterable[tuple[date | None, int]], day: date) -> dict[Bucket, int]:
    """What is left, by when it ends; every bucket is there and they sum to all that is left."""
    found: dict[Bucket, int] = dict.fromkeys(BUCKETS, 0)
    for ends_on, amount in rest:
        found[bucket(ends_on, day)] += amount
    return found
