"""IFRS 15 B39 to B43: a part of the price of each sale was paid for the points, and is revenue when they are used.

Amounts in the major unit, unrounded unless said; the caller rounds what it shows or books.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from dolibarr_loyalty.core.sale import ZERO


@dataclass(frozen=True, kw_only=True)
class Allocation:
    """A price shared out between what was sold and the points it earned; both sum to the price."""

    goods: Decimal
    points: Decimal


def allocate(
    price: Decimal,
    *,
    goods_value: Decimal,
    points_value: Decimal,
    percent_decimals: int | None = None,
) -> Allocation:
    """Share out a transaction price by relative stand-alone selling prices (IFRS 15.76 and B42).

    `points_value` is what the points are worth times the share expected to be used. `percent_decimals` rounds the
    points' percentage first, as printed examples do: KPMG's handbook (example 10A) takes whole percents.
    Nothing goes to the points where neither has a value.
    """
    whole = goods_value + points_value
    percent = points_value * 100 / whole if whole else ZERO
    if percent_decimals is not None:
        percent = percent.quantize(Decimal(1).scaleb(-percent_decimals), rounding=ROUND_HALF_UP)
    points = price * percent / 100
    return Allocation(goods=price - points, points=points)


def points_value(points: int, point_value: Decimal, expected: Fraction) -> Decimal:
    """The stand-alone selling price of points: what they take off a price, times the share expected to be used."""
    return points * point_value * expected.numerator / expected.denominator


def recognised(deferred: Decimal, *, used: int, expected: int) -> Decimal:
    """Revenue from points up to now: what was deferred times points used so far by points expected in all.

    All of it once as many were used as are expected, or where none are expected any more (breakage is revenue in
    proportion to the uses, B46).
    """
    if used >= expected:
        return deferred
    return deferred * used / expected


@dataclass(frozen=True, kw_only=True)
class Period:
    """A period of the deferral: points granted and used in it, and how many of all that were ever granted are
    expected to be used in all, as estimated at its end. `deferred` is what its sales put aside."""

    name: str
    deferred: Decimal
    used: int
    expected: int


@dataclass(frozen=True, kw_only=True)
class Deferred:
    """A period's contract liability: opening + deferred - revenue = closing."""

    name: str
    opening: Decimal
    deferred: Decimal
    revenue: Decimal

    @property
    def closing(self) -> Decimal:
        return self.opening + self.deferred - self.revenue


def roll(periods: tuple[Period, ...]) -> tuple[Deferred, ...]:
    """The contract liability through the periods; a new estimate catches up at once (IFRS 15.88 and B46)."""
    found: list[Deferred] = []
    deferred, used, so_far = ZERO, 0, ZERO
    for period in periods:
        opening = found[-1].closing if found else ZERO
        deferred, used = deferred + period.deferred, used + period.used
        revenue = recognised(deferred, used=used, expected=period.expected) - so_far
        so_far += revenue
        found.append(Deferred(name=period.name, opening=opening, deferred=period.deferred, revenue=revenue))
    return tuple(found)
