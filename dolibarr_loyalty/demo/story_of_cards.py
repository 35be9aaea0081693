"""Coffees fill cards, full cards become free coffees; some goods come back after that."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from dolibarr_loyalty.demo.catalogue import BY_REF
from dolibarr_loyalty.demo.shop import Item
from dolibarr_loyalty.demo.telling import Story


class CardStory(Story):
    """The program of stamp cards: much coffee, tea and lunch."""

    wares: ClassVar[Mapping[str, int]] = {"CUP": 260, "TEA": 90, "LUNCH": 110}

    def tell(self) -> None:
        self._an_order_that_comes_back(1, used=False)
        self._an_order_that_comes_back(2, used=True)

    def _an_order_that_comes_back(self, number: int, *, used: bool) -> None:
        """A round of coffees fills a card and comes back: the voucher goes, or, once used, stamps are owed."""
        name = ("Ida Blum", "Paul Weller")[number - 1]
        email = f"{name.lower().replace(' ', '.')}@example.org"
        person = replace(self.regular(2), number=-10 - number, name=name, email=email, card="")
        bought, sold = [Item(BY_REF["CUP"], 12)], list[int]()
        self.at(27, lambda: sold.append(self.shop.invoice(person, bought)))

        def drink() -> None:
            held = self.year.held.get(self.shop.customer(person), [])
            if held:
                self.year.pay_with(person, held.pop(0), [])

        if used:
            self.at_desk(30, drink)
        self.at(32, lambda: self.shop.take_back(sold[0], bought))
