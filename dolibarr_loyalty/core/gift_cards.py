"""Gift cards: vouchers that are sold for money and owed until they are used."""

from dataclasses import dataclass
from typing import Literal

from dolibarr_loyalty.core.terms import Names, name_in
from dolibarr_loyalty.core.times import RoundUp


@dataclass(frozen=True, kw_only=True)
class GiftCard:
    """A kind of gift card: the `products` (refs, lower case) whose paid sale issues one card per unit sold.

    `way` is how it stands in Dolibarr's books: 'deposit', the credit of a deposit invoice; 'liability', the
    product's own line at 0 %, whose account is a liability, until a use takes it off. A card is worth what was
    paid for it, gross. `valid_months` 0 means without end; `round_up` rounds its last day up. A `bearer` card is
    good for whoever shows it, another only for its buyer. `uses` 'several': it may be used in parts.
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
