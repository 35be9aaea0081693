"""Gift cards are sold, given away, used bit by bit, printed, lost, taken at the till, and brought back."""

from datetime import timedelta
from decimal import Decimal

from dolibarr_loyalty.core.times import day_of
from dolibarr_loyalty.core.vouchers import Voucher, code_of
from dolibarr_loyalty.demo.calendar import HISTORY_WEEKS, ZONE
from dolibarr_loyalty.demo.catalogue import BY_REF
from dolibarr_loyalty.demo.shop import Item
from dolibarr_loyalty.demo.telling import Telling
from dolibarr_loyalty.demo.work import Slip, gift_cards
from dolibarr_loyalty.flows import print_runs, till
from dolibarr_loyalty.flows.replacing import replace
from dolibarr_loyalty.flows.reservations import reserve
from dolibarr_loyalty.flows.usage import use
from dolibarr_loyalty.store import vouchers

CARD = BY_REF["CARD-50"]
# What somebody with a gift card buys: less than the card most times, more at the end.
BASKETS = (
    (Item(BY_REF["HOUSE-250"]), Item(BY_REF["CUP"], 2)),
    (Item(BY_REF["MUGS"]),),
    (Item(BY_REF["ETHIOPIA-250"]), Item(BY_REF["CHOC-70"], 2)),
    (Item(BY_REF["BASKET"]),),
)
FAIR = "spring-fair"
WEEKS_VALID = 16  # of the cards printed for the fair, short enough to see one end
LAST = 51


class GiftCardStory(Telling):
    """The customers' visits sell the cards; here is what becomes of them."""

    def tell(self) -> None:
        """Put the events of the year into `found`."""
        for number in range(HISTORY_WEEKS + 4, 45, 2):
            self.at_desk(number, lambda number=number: self._pay_with_one(number))  # type: ignore[misc]
        self.at_desk(22, self._print_some)
        self.at_desk(23, lambda: self._pay_at_the_till(self._printed(1)))
        self.at_desk(33, self._lose_one)
        used: list[int] = []
        self.at(38, lambda: used.append(self.shop.invoice(self.regular(15), [Item(CARD)])))
        self.at_desk(41, lambda: self._use_the_card_of(used[0]))
        self.at(42, lambda: self.shop.take_back(used[0], [Item(CARD)]))
        unused: list[int] = []
        self.at(45, lambda: unused.append(self.shop.invoice(self.regular(14), [Item(CARD)])))
        self.at(47, lambda: self.shop.take_back(unused[0], [Item(CARD)]))
        self.at(48, lambda: self.shop.invoice(self.regular(13), [Item(CARD, 2)]))
        self.at_desk(50, lambda: self._pay_with_one(50))
        self.at_desk(LAST, self._hold_one)
        self.at_desk(LAST, self._leave_one_on_a_ticket)

    # sold ------------------------------------------------------------------------------------------

    def _pay_with_one(self, number: int) -> None:
        """Whoever got the card as a present shows it; what it does not cover is paid by card."""
        self._pay(self._one(), number)

    def _use_the_card_of(self, sale: int) -> None:
        """A card is used, and then its sale is undone: what is missing is told in an alarm."""
        with self.loyalty.database.reading() as tx:
            sold = vouchers.of_sale(tx, sale)
        self._pay(self._slip(sold[0]) if sold else None, number=0)

    def _pay(self, slip: Slip | None, number: int) -> None:
        if slip is None:
            return
        person = self.regular(number % 17)
        invoice = self.shop.invoice(person, BASKETS[number // 2 % len(BASKETS)], paid=False)
        use(self.loyalty, slip.code, str(invoice), who="till")
        self.shop.pay(invoice)

    def _lose_one(self) -> None:
        slip = self._one() or self._printed(2)
        replace(self.loyalty, slip.voucher.id, reason="The customer has lost it", who="office")

    def _hold_one(self) -> None:
        """The web shop holds a part of a card for a cart, longer than usual."""
        slip = self._one()
        if slip is not None:
            amount, week = min(Decimal(10), slip.voucher.remaining), timedelta(days=7)
            reserve(self.loyalty, slip.code, amount, key="cart-4711", ttl=week, who="web shop")

    def _one(self) -> Slip | None:
        return next((slip for slip in gift_cards(self.loyalty) if slip.voucher.remaining > Decimal(0)), None)

    # printed, and at the till ----------------------------------------------------------------------

    def _print_some(self) -> None:
        """Six cards are printed for the fair, of which three are sold there."""
        until = day_of(self.year.clock(), ZONE) + timedelta(weeks=WEEKS_VALID)
        run = print_runs.plan(
            self.loyalty, name=FAIR, count=6, gift_card_id="gift-card", value=Decimal(20), until=until
        )
        print_runs.make(self.loyalty, run, who="office")
        for number in (1, 2, 3):
            slip = self._printed(number)
            why = f"sold at the fair, no. {number}"
            print_runs.activate(self.loyalty, slip.voucher.id, why=why, who="till")

    def _printed(self, number: int) -> Slip:
        with self.loyalty.database.reading() as tx:
            voucher = vouchers.by_request(tx, f"print:{FAIR}:{number}")
        assert voucher is not None, "the cards were printed"  # noqa: S101
        return self._slip(voucher)

    def _pay_at_the_till(self, slip: Slip) -> None:
        ticket = self._ticket([Item(BY_REF["RIESLING"]), Item(BY_REF["CUP"])])
        till.take(self.loyalty, slip.code, str(ticket), who="till")
        self.dolibarr.validate(ticket)
        self.shop.pay(ticket)

    def _leave_one_on_a_ticket(self) -> None:
        """The year ends while somebody is standing at the till."""
        slip = next(reversed(gift_cards(self.loyalty)), None)
        if slip is not None:
            till.take(self.loyalty, slip.code, str(self._ticket([Item(BY_REF["BASKET"])])), who="till")

    def _ticket(self, items: list[Item]) -> int:
        return self.dolibarr.open_ticket(self.shop.lines(items))

    def _slip(self, voucher: Voucher) -> Slip:
        return Slip(voucher, code_of(voucher.id, self.loyalty.secret))
