"""The tables of gift cards that are sold."""

from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass

from dolibarr_loyalty.config.condition_tables import named, values
from dolibarr_loyalty.config.settings import ALWAYS, STRICT
from dolibarr_loyalty.config.spellings import Count, FoldedList, Id, Named
from dolibarr_loyalty.config.wrong import wrong
from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.program import Uses
from dolibarr_loyalty.core.times import RoundUp

_USUAL = GiftCard(id="", products=())


@dataclass(frozen=True, kw_only=True, config=STRICT)
class GiftCardTable:
    """[[program.gift_card]]"""

    id: Id
    products: Annotated[FoldedList, ALWAYS] = ()
    way: Literal["deposit", "liability"] = _USUAL.way
    valid_months: Count = _USUAL.valid_months
    round_up: RoundUp = _USUAL.round_up
    uses: Uses = _USUAL.uses
    bearer: bool = _USUAL.bearer
    names: Named = Field(default_factory=dict)

    @field_validator("products")
    @classmethod
    def _can_be_bought(cls, products: tuple[str, ...]) -> tuple[str, ...]:
        if not products:
            raise wrong(
                "is missing: nobody could buy the card.",
                'Write the ref it is sold by in Dolibarr: products = ["GIFT-25"].',
            )
        return products

    def gift_card(self) -> GiftCard:
        return GiftCard(**{**values(self), "names": named(self.names)})
