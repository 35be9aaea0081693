"""The lines of a voucher's documents: net prices from which Dolibarr's own totals come to the cent.

Dolibarr keeps a net unit price with five decimals and rounds net and gross of a line from it, so the price is
chosen such that both come out as wanted. One line per VAT rate: Dolibarr makes one credit row of each rate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from dolibarr_loyalty.core.money import exponent, from_minor, net_of_gross, round_amount, split, to_minor
from dolibarr_loyalty.core.sale import ZERO

_UNIT = Decimal("0.00001")  # MAIN_MAX_DECIMALS_UNIT


@dataclass(frozen=True, kw_only=True)
class CreditLine:
    """A line of one unit: net unit price, VAT rate in percent, and the gross it comes to, all positive."""

    net_price: Decimal
    vat_rate: Decimal
    gross: Decimal


def line_of(gross: Decimal, vat_rate: Decimal, currency: str, *, net: Decimal | None = None) -> CreditLine:
    """The line of this gross; of this net too, where a price exists that rounds to both.

    >>> line_of(Decimal("5.00"), Decimal(20), "EUR", net=Decimal("4.16")).net_price
    Decimal('4.16375')
    """
    price = None if net is None else _price(net, gross, vat_rate, currency)
    return CreditLine(
        net_price=net_of_gross(gross, vat_rate) if price is None else price, vat_rate=vat_rate, gross=gross
    )


def lines_of(gross: Decimal, weights: Mapping[Decimal, int], currency: str) -> tuple[CreditLine, ...]:
    """An amount split over VAT rates by their weights, by largest remainder; a rate that gets nothing is left out.

    Without any weight above zero all of it is at 0 %.
    """
    rates = sorted(rate for rate, weight in weights.items() if weight > 0)
    if not rates:
        return (line_of(gross, ZERO, currency),)
    shares = split(to_minor(gross, currency), [weights[rate] for rate in rates])
    return tuple(
        line_of(from_minor(share, currency), rate, currency)
        for rate, share in zip(rates, shares, strict=True)
        if share
    )


def parted(
    net: Decimal, gross: Decimal, part: Decimal, vat_rate: Decimal, currency: str
) -> tuple[CreditLine, CreditLine]:
    """A credit of this net and gross as two lines, `part` of the gross and the rest.

    Their nets, and so their VAT, come to those of the whole as well, up to rates of 25 %: no cent of VAT moves
    when a credit is used in parts.
    """
    rest = gross - part
    cent = Decimal(1).scaleb(-exponent(currency))
    near = round_amount(net_of_gross(part, vat_rate), currency)
    for wanted in (near, near - cent, near + cent):
        first = _price(wanted, part, vat_rate, currency)
        second = _price(net - wanted, rest, vat_rate, currency)
        if first is not None and second is not None:
            return (
                CreditLine(net_price=first, vat_rate=vat_rate, gross=part),
                CreditLine(net_price=second, vat_rate=vat_rate, gross=rest),
            )
    return line_of(part, vat_rate, currency), line_of(rest, vat_rate, currency)


def rate_behind(net: Decimal, gross: Decimal, rates: tuple[Decimal, ...]) -> Decimal:
    """The VAT rate of a credit, of those that its document has; Dolibarr's list does not tell it."""
    return min(rates, key=lambda rate: (abs(net * (1 + rate / 100) - gross), rate), default=ZERO)


def _price(net: Decimal, gross: Decimal, vat_rate: Decimal, currency: str) -> Decimal | None:
    """The unit price in the middle of those that round to both, None where there is none."""
    half = Decimal(1).scaleb(-exponent(currency)) / 2
    factor = 1 + vat_rate / 100
    lowest = max(net - half, (gross - half) / factor)
    highest = min(net + half, (gross + half) / factor)
    price = ((lowest + highest) / 2).quantize(_UNIT, rounding=ROUND_HALF_UP)
    fits = round_amount(price, currency) == net and round_amount(price * factor, currency) == gross
    return price if fits else None
