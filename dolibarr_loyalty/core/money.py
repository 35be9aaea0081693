"""Amounts, minor units and every rounding of the product; nothing else rounds.

Amounts are Decimal in the currency's major unit (12.50), stored as whole minor units (1250).
"""

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Literal

Rounding = Literal["down", "half_up", "up"]

# What sums of endless quotients may lack or have too much: three thirds come to 0.999..., not to 1.
_NOISE = Decimal("1E-9")

_MODES = {"down": ROUND_DOWN, "half_up": ROUND_HALF_UP, "up": ROUND_CEILING}

# ISO 4217 minor units that are not two; Babel knows them too, but core reads no tables from outside.
_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"


def exponent(currency: str) -> int:
    """Digits behind the point of a currency (ISO 4217): EUR 2, JPY 0, TND 3."""
    code = currency.upper()
    return 0 if code in _NO_DECIMALS.split() else 3 if code in _THREE_DECIMALS.split() else 2


def to_minor(amount: Decimal, currency: str) -> int:
    """Whole minor units of an amount, half a unit rounded away from zero: 12.505 EUR is 1251."""
    scaled = amount.scaleb(exponent(currency))
    return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def from_minor(minor: int, currency: str) -> Decimal:
    """The amount that so many minor units are: 1250 EUR is Decimal('12.50')."""
    return Decimal(minor).scaleb(-exponent(currency))


def without_noise(points: Decimal) -> Decimal:
    """Points to the billionth: three times a third of a point is one point, not 0.999 and a fraction."""
    return points.quantize(_NOISE, rounding=ROUND_HALF_UP)


def round_points(points: Decimal, rounding: Rounding) -> int:
    """Whole points, rounded by size so that a refund mirrors its sale: down(-1.7) is -1, up(-1.2) is -2."""
    whole = int(without_noise(abs(points)).quantize(Decimal(1), rounding=_MODES[rounding]))
    return whole if points >= 0 else -whole


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """The amount in whole minor units, half away from zero."""
    return from_minor(to_minor(amount, currency), currency)


def split(total_minor: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Share out minor units in proportion to the weights by largest remainder; the shares sum to the total.

    >>> split(100, [1, 1, 1])
    (34, 33, 33)

    Raises ValueError when the weights are negative or all zero.
    """
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise ValueError("weights must not be negative and at least one must be above zero")
    sign = -1 if total_minor < 0 else 1
    shares = [abs(total_minor) * weight // whole for weight in weights]
    remainders = [abs(total_minor) * weight % whole for weight in weights]
    missing = abs(total_minor) - sum(shares)
    for index in sorted(range(len(weights)), key=lambda i: (-remainders[i], i))[:missing]:
        shares[index] += 1
    return tuple(sign * share for share in shares)


def net_of_gross(gross: Decimal, vat_rate: Decimal, *, decimals: int = 5) -> Decimal:
    """The net unit price whose gross is `gross` at a VAT rate in percent.

    Five decimals, because Dolibarr keeps unit prices so (MAIN_MAX_DECIMALS_UNIT) and rounds the line's
    gross from them; rounding the net to cents first is how a credit ends up one cent off (facts trap 33).
    """
    net = gross / (1 + vat_rate / 100)
    return net.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
