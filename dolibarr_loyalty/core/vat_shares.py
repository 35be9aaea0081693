"""The VAT rates behind amounts: those of what was bought, and the parts of an amount at each of them."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from dolibarr_loyalty.core.credit_lines import lines_of
from dolibarr_loyalty.core.gift_cards import GiftCard, card_of
from dolibarr_loyalty.core.money import round_amount, to_minor
from dolibarr_loyalty.core.postings import Part
from dolibarr_loyalty.core.rules import MONEY_CREDITS
from dolibarr_loyalty.core.sale import Kind, Line, Sale, as_credit_note

_GOODS = frozenset({Kind.STANDARD, Kind.REPLACEMENT, Kind.SITUATION, Kind.CREDIT_NOTE})


def gross_by_rate(
    sales: Iterable[Sale], *, cards: Sequence[GiftCard] = (), card_refs: Iterable[str] = ()
) -> dict[Decimal, int]:
    """Gross minor units of goods by VAT rate: sales minus returns; what comes to nothing or less is left out.

    Only documents that count in the books, and none of ours. Not in it: gift cards (`cards`, and `card_refs` in
    lower case), deposits, whose invoice has the goods, and credits used as lines, which are money. Sales of
    several currencies come in Dolibarr's main one.
    """
    found: dict[Decimal, int] = {}
    refs = frozenset(card_refs)
    for sale in sales:
        if sale.is_ours or not sale.is_final or sale.kind not in _GOODS:
            continue
        counted = as_credit_note(sale) if sale.kind is Kind.CREDIT_NOTE else sale
        for line in counted.lines:
            if _is_of_goods(line, cards, refs):
                minor = to_minor(line.gross, sale.currency)
                found[line.vat_rate] = found.get(line.vat_rate, 0) + minor
    return {rate: minor for rate, minor in sorted(found.items()) if minor > 0}


def _is_of_goods(line: Line, cards: Sequence[GiftCard], card_refs: frozenset[str]) -> bool:
    if line.credit in MONEY_CREDITS or line.product_ref.casefold() in card_refs:
        return False
    return card_of(cards, line) is None


def parts(gross: Decimal, weights: Mapping[Decimal, int], currency: str) -> tuple[Part, ...]:
    """An amount in parts by VAT rate, as the lines of its credit note come out in Dolibarr.

    The gross of each line is exact; its net is the price rounded to cents, its VAT what lies between.
    """
    return tuple(
        Part(rate=line.vat_rate, net=net, vat=line.gross - net)
        for line in lines_of(gross, weights, currency)
        for net in (round_amount(line.net_price, currency),)
    )
