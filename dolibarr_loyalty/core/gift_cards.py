"""Gift cards: vouchers that are sold for money and owed until they are used.

What a sale means in cards stands in `card_sales`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from dolibarr_loyalty.core.sale import ZERO, Credit, Line, Sale, total
from dolibarr_loyalty.core.terms import Names, name_in
from dolibarr_loyalty.core.times import RoundUp

TAG = "tag:"


@dataclass(frozen=True, kw_only=True)
class GiftCard:
    """A kind of gift card: the `products` whose paid sale issues one card per unit sold.

    A product is named by its ref in lower case, or all of a tag by 'tag:<label>'. `way` is how the card stands
    in Dolibarr's books: 'deposit', the credit of a deposit invoice; 'liability', the product's own line at 0 %,
    whose account is a liability, until a use takes it off. A card is worth what was paid for it, gross.
    `valid_months` 0 means without end; `round_up` rounds its last day up. A `bearer` card is good for whoever
    shows it, another only for its buyer. `uses` 'several': it may be used in parts.
    """

    id: str
    products: tuple[str, ...]
    way: Literal["deposit", "liability"] = "liability"
    valid_months: int = 36
    round_up: RoundUp = "year"
    uses: Literal["single", "several"] = "several"
    bearer: bool = True
    names: Names = ()

    def name(self, locale: str) -> str:
        """The card's name in a language, else in English, else any, else its id."""
        return name_in(self.names, locale, self.id)

    def is_sold_by(self, line: Line) -> bool:
        """The line is about this card: sold, or returned."""
        if not line.product_ref or line.credit is not None:
            return False
        tags = {TAG + tag for tag in line.tags}
        return line.product_ref.casefold() in self.products or not tags.isdisjoint(self.products)

    @property
    def refs(self) -> tuple[str, ...]:
        """The refs among its products."""
        return tuple(product for product in self.products if not product.startswith(TAG))


def card_of(cards: Sequence[GiftCard], line: Line) -> GiftCard | None:
    """The gift card a line sells or returns, the first where it could be several; None for any other line."""
    return next((card for card in cards if card.is_sold_by(line)), None)


def payable_by_voucher(sale: Sale, cards: Sequence[GiftCard], used: Decimal = ZERO) -> Decimal:
    """How much of a document vouchers and gift cards may still pay, gross: all but the gift cards it sells.

    A gift card is bought with money only, never with points nor with another card (V17). `used` is what
    vouchers and cards have paid on it so far, as payments or as credits used as lines. Money that has come is
    taken to be for the gift cards first. Never below 0 nor above what remains to be paid.
    """
    goods = [line for line in sale.lines if line.credit in (None, Credit.DISCOUNT)]
    others = total(line.gross for line in goods if card_of(cards, line) is None)
    return max(ZERO, min(others - used, sale.remaining))
