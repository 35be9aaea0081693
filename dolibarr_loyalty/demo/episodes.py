"""The unusual things of the year, each in its week: what makes a loyalty program hard, once at least."""

from dataclasses import replace
from datetime import timedelta

from dolibarr_loyalty.core.terms import STAMPS
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.demo.cast import Person
from dolibarr_loyalty.demo.catalogue import BY_REF
from dolibarr_loyalty.demo.shop import Item
from dolibarr_loyalty.demo.telling import Episodes, Telling
from dolibarr_loyalty.demo.work import spendable
from dolibarr_loyalty.demo.year import Event, Year, suitable
from dolibarr_loyalty.flows.adjustment import adjust
from dolibarr_loyalty.flows.redemption import redeem
from dolibarr_loyalty.flows.voiding import cancel


def episodes(year: Year) -> Episodes:
    """The unusual events by the number of their week, whatever the program is."""
    told = _Usual(year, "episodes")
    for tell in (
        told.deposits,
        told.a_draft_that_is_deleted,
        told.an_invoice_that_is_corrected,
        told.an_invoice_that_is_replaced,
        told.a_machine_that_comes_back,
        told.a_customer_with_two_cards,
        told.vouchers_used_in_dolibarr,
        told.a_voucher_that_is_cancelled,
        told.a_goodwill_gift,
        told.an_early_payment_discount,
        told.a_bad_debt,
        told.loose_ends,
    ):
        tell()
    return told.found


class _Usual(Telling):
    def deposits(self) -> None:
        """An espresso machine is ordered with a deposit; the deposit is set against the final invoice."""
        machine = [Item(BY_REF["MACHINE"], discount=10)]
        for number, place in ((4, 21), (18, 22), (40, 23)):
            person, paid = self.regular(place), [0]

            def order(person: Person = person, paid: list[int] = paid) -> None:
                paid[0] = self.dolibarr.sell_deposit(self.shop.customer(person), 150)

            def collect(person: Person = person, paid: list[int] = paid) -> None:
                invoice = self.shop.invoice(person, machine, paid=False)
                deposit = self.dolibarr.store.find("discount", "fk_facture_source", paid[0])[0]
                self.dolibarr.use_credit(invoice, deposit["rowid"])
                self.shop.pay(invoice)

            self.at(number, order)
            self.at(number + 2, collect)

    def a_draft_that_is_deleted(self) -> None:
        made: list[int] = []
        lines = [Item(BY_REF["GRINDER"])]

        def write() -> None:
            socid = self.shop.customer(self.regular(3))
            made.append(self.dolibarr.create_invoice(socid=socid, lines=self.shop.lines(lines)))

        self.at(20, write)
        self.at(23, lambda: self.dolibarr.delete_invoice(made[0]))

    def an_invoice_that_is_corrected(self) -> None:
        """A paid invoice is opened again, stays a draft over a Sunday, and comes back with one line more."""
        sold: list[int] = []
        self.at(23, lambda: sold.append(self.shop.invoice(self.regular(4), [Item(BY_REF["PRESS"])])))

        def reopen() -> None:
            self.dolibarr.set_to_unpaid(sold[0])
            self.dolibarr.set_to_draft(sold[0])

        def correct() -> None:
            self.dolibarr.add_line(sold[0], **self.shop.lines([Item(BY_REF["FILTERS"], 2)])[0])
            self.dolibarr.validate(sold[0])
            self.shop.pay(sold[0])

        self.at(24, reopen)
        self.at(26, correct)

    def an_invoice_that_is_replaced(self) -> None:
        sold: list[int] = []
        self.at(
            26, lambda: sold.append(self.shop.invoice(self.regular(5), [Item(BY_REF["MUGS"])], paid=False))
        )

        def replace_it() -> None:
            other = self.dolibarr.replace_invoice(sold[0], self.shop.lines([Item(BY_REF["MUGS"], 2)]))
            self.shop.pay(other)

        self.at(27, replace_it)

    def a_machine_that_comes_back(self) -> None:
        """The points of a dear purchase are spent, then the purchase is returned.

        The vouchers that were not used yet are recalled; for the one that was, the member owes points.
        """
        person = replace(
            self.regular(2), number=-2, name="Édith Vautrin", email="edith.vautrin@example.org", card=""
        )
        bought = [Item(BY_REF["MACHINE"])]
        sold: list[int] = []
        self.at(40, lambda: sold.append(self.shop.invoice(person, bought)))

        def spend() -> None:
            loyalty, socid = self.loyalty, self.shop.customer(person)
            unit = self.year.unit
            rewards = [reward for reward in loyalty.program.rewards if reward.unit == unit]
            rewards.sort(key=lambda reward: -reward.points)
            left = spendable(loyalty, unit)[socid]
            for number, reward in enumerate(rewards):
                if reward.points <= left:
                    redeem(loyalty, socid, reward.id, request_key=f"demo:machine:{number}", who="member")
                    left -= reward.points

        def use_one() -> None:
            held = self.year.held.get(self.shop.customer(person), [])
            if held:
                self.year.pay_with(person, held.pop(0), [])

        self.at_desk(45, spend)
        self.at_desk(48, use_one)
        self.at(50, lambda: self.shop.take_back(sold[0], bought))

    def a_customer_with_two_cards(self) -> None:
        """Somebody was added twice; both earn, then staff merges the two."""
        person = self.regular(7)
        double = replace(person, number=-1, email="", card="", weight=0)
        for number in (16, 22, 29):
            self.at(number, lambda: self.shop.invoice(double, [Item(BY_REF["HOUSE-1000"], 2)]))
        self.at(
            36,
            lambda: self.dolibarr.merge_third_parties(
                keep=self.shop.customer(person), gone=self.shop.customer(double)
            ),
        )

    def vouchers_used_in_dolibarr(self) -> None:
        """The cashier takes the credit on Dolibarr's own screen; the program finds out by itself."""
        for number in (37, 44):
            self.at(number, self._use_in_dolibarr)

    def _use_in_dolibarr(self) -> None:
        people = {
            self.shop.ids[person.number]: person
            for person in self.year.people
            if person.number in self.shop.ids
        }
        for socid, held in sorted(self.year.held.items()):
            slip = next((slip for slip in held if slip.voucher.credit_note_id is not None), None)
            if slip is None or socid not in people:
                continue
            held.remove(slip)
            invoice = self.shop.invoice(people[socid], suitable([], slip.voucher), paid=False)
            source = slip.voucher.credit_note_id or 0
            credit = self.dolibarr.store.find("discount", "fk_facture_source", source)[0]
            self.dolibarr.use_credit(invoice, credit["rowid"])
            self.shop.pay(invoice)
            return

    def a_voucher_that_is_cancelled(self) -> None:
        def act() -> None:
            for _, held in sorted(self.year.held.items()):
                if held and held[-1].voucher.state is VoucherState.ACTIVE:
                    slip = held.pop()
                    cancel(
                        self.loyalty,
                        slip.voucher.id,
                        reason="The member chose the wrong reward",
                        who="office",
                    )
                    return

        self.at_desk(39, act)

    def a_goodwill_gift(self) -> None:
        def act() -> None:
            adjust(
                self.loyalty,
                self.shop.customer(self.regular(9)),
                2 if self.year.unit.startswith(STAMPS) else 50,
                reason="The parcel came late; with our apologies",
                who="office",
                request_key="demo:goodwill",
                unit=self.year.unit,
            )

        self.at_desk(41, act)

    def _on_account(self, number: int, days: int, close_code: str, part: int) -> None:
        person = self.firms[number % len(self.firms)] if self.firms else self.regular(11)
        items = [Item(BY_REF["HOUSE-1000"], 6), Item(BY_REF["CREMANT"], 6)]
        sold: list[int] = []

        def sell() -> None:
            sold.append(self.shop.invoice(person, items, paid=False))
            at = self.year.clock() + timedelta(days=days)
            self.year.later.append(Event(at, close))

        def close() -> None:
            total = sum((item.gross for item in items), start=BY_REF["CUP"].price * 0)
            self.shop.pay(sold[0], (total * part / 100).quantize(total))
            self.dolibarr.set_to_paid(sold[0], close_code=close_code)

        self.at(number, sell)

    def an_early_payment_discount(self) -> None:
        self._on_account(43, 6, "discount_vat", 98)

    def a_bad_debt(self) -> None:
        self._on_account(28, 90, "badcustomer", 40)

    def loose_ends(self) -> None:
        """What is not finished on the day of the demo: a draft, and an invoice that waits for its payment."""
        self.at(50, lambda: self.shop.invoice(self.regular(12), [Item(BY_REF["BASKET"])], paid=False))
        lines = [Item(BY_REF["TASTING"], 2)]
        self.at(
            51,
            lambda: self.dolibarr.create_invoice(
                socid=self.shop.customer(self.regular(13)), lines=self.shop.lines(lines)
            ),
        )
