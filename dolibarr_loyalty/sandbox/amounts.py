"""Money as Dolibarr computes and prints it: eight decimals in rows, PHP's shortest form elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

CENT = Decimal("0.01")
UNIT = Decimal("0.00001")


def decimal(value: Any) -> Decimal:
    """A number as PHP reads it: missing is zero, a comma is en_US's thousands separator (trap 28)."""
    if value is None or value == "" or isinstance(value, bool):
        return Decimal(int(bool(value)))
    try:
        return Decimal(str(value).replace(",", "").strip())
    except InvalidOperation:
        raise ValueError(f"not a number: {value!r}") from None


def is_number(value: Any) -> bool:
    """Whether Dolibarr can compute with it."""
    try:
        decimal(value)
    except ValueError:
        return False
    return True


def rounded(value: Decimal, step: Decimal = CENT) -> Decimal:
    """Commercial rounding, as price2num does."""
    return value.quantize(step, rounding=ROUND_HALF_UP)


def eight(value: Any) -> str:
    """A DECIMAL(24,8) column: 54.28 becomes "54.28000000"."""
    return f"{decimal(value):.8f}"


def four(value: Any) -> str:
    """A VAT rate column: 20 becomes "20.0000"."""
    return f"{decimal(value):.4f}"


def shortest(value: Any) -> str:
    """PHP's print of a float: "54.28", "1.2", "120", "0"."""
    text = f"{rounded(decimal(value), Decimal('0.00000001')):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def php_number(value: Any) -> int | float:
    """A JSON number as PHP encodes it: 10, 54.28."""
    number = decimal(value)
    return int(number) if number == number.to_integral_value() else float(number)


@dataclass(frozen=True, kw_only=True)
class LineTotals:
    """What one line adds to its document."""

    unit_price: Decimal
    net: Decimal
    vat: Decimal
    gross: Decimal


def line_totals(
    *, quantity: Decimal, unit_price: Decimal, discount: Decimal, vat_rate: Decimal, gross_price: bool = False
) -> LineTotals:
    """Totals of a line; net and gross are rounded from the exact amount, VAT is their difference."""
    factor = 1 + vat_rate / 100
    amount = quantity * unit_price * (1 - discount / 100)
    if gross_price:
        gross, net = rounded(amount), rounded(amount / factor)
        unit = rounded(unit_price / factor, UNIT)
    else:
        net, gross = rounded(amount), rounded(amount * factor)
        unit = rounded(unit_price, UNIT)
    return LineTotals(unit_price=unit, net=net, vat=gross - net, gross=gross)
