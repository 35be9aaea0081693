"""Gift cards are sold, given away, used bit by bit, lost, and brought back."""

from decimal import Decimal

from dolibarr_loyalty.demo.calendar import HISTORY_WEEKS
from dolibarr_loyalty.demo.catalogue import BY_REF
from dolibarr_loyalty.demo.shop import Item
from dolibarr_loyalty.demo.telling import Telling
from dolibarr_loyalty.demo.work import Slip, gift_cards
from dolibarr_loyalty.flows.replacing import replace
from dolibarr_loyalty.flows.usage import use

CARD = BY_REF["CARD-50"]
# What somebody with a gift card buys: less than the card most times, more at the end.
BASKETS = (
    (Item(BY_REF["HOUSE-250"]), Item(BY_REF["CUP"], 2)),
    (Item(BY_REF["MUGS"]),),
    (Item(BY_REF["ETHIOPIA-250"]), Item(BY_REF["CHOC-70"], 2)),
    (Item(BY_REF["BASKET"]),),
)


class GiftCardStory(Telling):
    """The customers' visits sell the cards; here is what becomes of them."""

    def tell(self) -> None:
        """Put the events of the year into `found`."""
        for number in range(HISTORY_WEEKS + 4, 51, 2):
            self.at_desk(number, lambda number=number: self._pay_with_one(number))  # type: ignore[misc]
        self.at_desk(33, self._lose_one)
        sold: list[int] = []
        self.at(42, lambda: sold.append(self.shop.invoice(self.regular(14), [Item(CARD)])))
        self.at(47, lambda: self.shop.take_back(sold[0], [Item(CARD)]))

    def _pay_with_one(self, number: int) -> None:
        """Whoever got the card as a present shows it; what it does not cover is paid by card."""
        slip = self._one()
        if slip is None:
            return
        person = self.regular(number % 17)
        invoice = self.shop.invoice(person, BASKETS[number // 2 % len(BASKETS)], paid=False)
        use(self.loyalty, slip.code, str(invoice), who="till")
        self.shop.pay(invoice)

    def _lose_one(self) -> None:
        slip = self._one()
        if slip is not None:
            replace(self.loyalty, slip.voucher.id, reason="The customer has lost it", who="office")

    def _one(self) -> Slip | None:
        return next((slip for slip in gift_cards(self.loyalty) if slip.voucher.remaining > Decimal(0)), None)
