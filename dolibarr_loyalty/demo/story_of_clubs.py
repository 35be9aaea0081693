"""Some thirty customers buy the club or try it; one leaves early, some renew; a household spends together."""

from decimal import Decimal
from functools import partial

from dolibarr_loyalty.demo.cast import Person
from dolibarr_loyalty.demo.catalogue import BY_REF, CLUB
from dolibarr_loyalty.demo.shop import Item
from dolibarr_loyalty.demo.telling import Story
from dolibarr_loyalty.demo.work import spendable
from dolibarr_loyalty.flows import benefits, club_fees, clubs, pooling
from dolibarr_loyalty.flows.club_fees import refund_ref
from dolibarr_loyalty.flows.redemption import redeem

PLUS = "plus"
PARCEL = Decimal("5.90")
BUYERS, TRIALS = 0.15, 0.05  # of all customers
FIRST_SALE, LAST_SALE, HALF_A_YEAR = 4, 34, 25
TRIAL_WEEK = 16


class ClubStory(Story):
    """The program of a paid club."""

    is_daily = True

    def tell(self) -> None:
        count = len(self.year.people)
        buyers = max(4, round(count * BUYERS))
        members = self.regulars[:buyers]
        for place, person in enumerate(members):
            self._join(place, person, FIRST_SALE + place * (LAST_SALE - FIRST_SALE) // buyers)
        for place, person in enumerate(self.regulars[buyers : buyers + max(2, round(count * TRIALS))]):
            self._try(place, person)
        self._leave(members[buyers // 2])
        for number in (18, 24, 30, 36, 42, 48):
            self.at_desk(number, partial(self._send_parcels, number, members))
        self._household(members[0], [self.regular(-1), self.regular(-2)])

    def _buy(self, person: Person) -> None:
        self.shop.invoice(person, [Item(BY_REF[CLUB])])

    def _join(self, place: int, person: Person, number: int) -> None:
        """Bought once, and again before the end by two in three whose end lies within the year."""
        self.at(number, lambda: self._buy(person))
        if number + HALF_A_YEAR < len(self.year.weeks) and place % 3:
            self.at(number + HALF_A_YEAR, lambda: self._buy(person))

    def _try(self, place: int, person: Person) -> None:
        """A trial; half of those who tried buy the club before it is over."""

        def begin() -> None:
            member, key = self.member(person), f"demo:trial:{person.number}"
            if member is not None:
                clubs.trial(self.loyalty, member, PLUS, who="office", request_key=key)

        self.at_desk(TRIAL_WEEK + 3 * place, begin)
        if place % 2:
            self.at(TRIAL_WEEK + 3 * place + 3, lambda: self._buy(person))

    def _leave(self, person: Person) -> None:
        """Somebody moves away: the draft of the credit note is validated and paid out by staff."""
        left: list[str] = []

        def leave() -> None:
            member = self.member(person)
            if member is None:
                return
            act = club_fees.cancel(
                self.loyalty,
                member,
                PLUS,
                reason="Moves away",
                who="office",
                request_key="demo:leaves",
            )
            left.extend(refund_ref(act, number) for number, _ in enumerate(act.refunds, 1))

        def pay_back() -> None:
            for ref in left:
                for draft in self.dolibarr.store.find("invoice", "ref_ext", ref):
                    self.dolibarr.validate(draft["rowid"])
                    self.dolibarr.pay(draft["rowid"])

        self.at_desk(30, leave)
        self.at(33, pay_back)

    def _send_parcels(self, number: int, people: list[Person]) -> None:
        ids = [member for person in people if (member := self.member(person))]
        with self.loyalty.database.reading() as tx:
            inside = [member for member in ids if clubs.held(tx, self.loyalty, member)]
        for member in inside[: max(1, len(inside) * 2 // 3)]:
            benefits.use(
                self.loyalty,
                member,
                "free-shipping",
                reference=f"parcel of week {number}",
                worth=PARCEL,
                who="office",
                request_key=f"demo:parcel:{number}:{member}",
            )

    def _household(self, head: Person, others: list[Person]) -> None:
        """Three who live together; one who has little takes a reward with what the others have."""

        def move_in() -> None:
            ids = [member for person in (head, *others) if (member := self.member(person))]
            if not ids:
                return
            pooling.create(self.loyalty, ids[0], who="office")
            for newcomer in ids[1:]:
                pooling.join(self.loyalty, ids[0], newcomer, may_spend=True, who="office")

        def spend() -> None:
            spender = self.member(others[0])
            if spender is None:
                return
            with self.loyalty.database.reading() as tx:
                together = pooling.available_in_pool(tx, self.loyalty, spender)
            own = spendable(self.loyalty).get(spender, 0)
            within = [each for each in self.loyalty.program.rewards if own < each.points <= together]
            if within:
                redeem(self.loyalty, spender, within[0].id, request_key="demo:household", who="member")

        self.at_desk(20, move_in)
        for number in (38, 43):
            self.at_desk(number, spend)
