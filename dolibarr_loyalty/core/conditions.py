"""What of an invoice a voucher is good for: its own goods, those excluded, its minimum, and what it pays at most."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from dolibarr_loyalty.core.gift_cards import GiftCard, card_of
from dolibarr_loyalty.core.money import round_amount, to_minor
from dolibarr_loyalty.core.rules import MONEY_CREDITS
from dolibarr_loyalty.core.sale import ZERO, Line, Sale, total
from dolibarr_loyalty.core.vouchers import Voucher

BOUND = ("product", "service")


def good_lines(voucher: Voucher, sale: Sale, cards: Sequence[GiftCard] = ()) -> tuple[Line, ...]:
    """The lines of an invoice that a voucher is good for: never gift cards (V17), nor what it excludes.

    Credits used as lines are money and no goods.
    """
    goods = (line for line in sale.lines if line.credit not in MONEY_CREDITS and not card_of(cards, line))
    return tuple(line for line in goods if not _is_excluded(voucher, line) and _is_bound_for(voucher, line))


def _is_excluded(voucher: Voucher, line: Line) -> bool:
    return not {line.product_ref.casefold(), *line.tags}.isdisjoint(voucher.excluded)


def _is_bound_for(voucher: Voucher, line: Line) -> bool:
    return voucher.kind not in BOUND or line.product_ref.casefold() == voucher.product.casefold()


def worth_of(lines: Iterable[Line]) -> Decimal:
    """What lines cost together, gross, discounts among them taken off; never below zero."""
    return max(ZERO, total(line.gross for line in lines))


def is_below_minimum(voucher: Voucher, lines: Iterable[Line]) -> bool:
    """The goods a voucher is good for come to less than its minimum purchase."""
    return voucher.minimum is not None and worth_of(lines) < voucher.minimum


def at_most(voucher: Voucher, sale: Sale, lines: Iterable[Line], *, used: Decimal = ZERO) -> Decimal:
    """What a voucher may pay of an invoice: its goods, less what it paid of them, within what remains to be paid."""
    return max(ZERO, min(worth_of(lines) - used, sale.remaining))


def worth_on(voucher: Voucher, sale: Sale, lines: tuple[Line, ...]) -> Decimal:
    """What a voucher without a fixed amount is worth on an invoice, by the lines it is good for.

    A percentage of them, or one unit of its product; never more than its limit, nor than remains to be paid.
    """
    if voucher.kind == "percent":
        amount = worth_of(lines) * voucher.rate / 100
    else:
        amount = max((_unit_price(line) for line in lines), default=ZERO)
    if voucher.limit is not None:
        amount = min(amount, voucher.limit)
    return max(ZERO, min(round_amount(amount, voucher.currency), sale.remaining))


def _unit_price(line: Line) -> Decimal:
    """Gross price of one unit; of less than one unit (half a kilo) it is the price of what was bought."""
    if line.quantity <= 0 or line.gross <= 0:
        return ZERO
    return line.gross / max(line.quantity, Decimal(1))


def weights_of(voucher: Voucher, lines: Iterable[Line]) -> Mapping[Decimal, int]:
    """Gross minor units of the lines by VAT rate, by which a reduction is split over them.

    Of a product or service only the dearest line counts, whose unit is free.
    """
    chosen = list(lines)
    if voucher.kind in BOUND:
        chosen = sorted(chosen, key=_unit_price)[-1:]
    weights: dict[Decimal, int] = {}
    for line in chosen:
        weights[line.vat_rate] = weights.get(line.vat_rate, 0) + to_minor(line.gross, voucher.currency)
    return {rate: weight for rate, weight in weights.items() if weight > 0}
