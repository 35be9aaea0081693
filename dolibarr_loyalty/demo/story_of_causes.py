"""Members give points to good causes, come by bike and bring their own cups; the shop adds and pays."""

from contextlib import suppress
from functools import partial

from dolibarr_loyalty.demo.telling import Story
from dolibarr_loyalty.demo.work import spendable
from dolibarr_loyalty.errors import DonationRefused
from dolibarr_loyalty.flows import activities, charities, payouts
from dolibarr_loyalty.flows.charities import want_statement

RECORD_WEEKS = (15, 18, 21, 24, 27, 30, 33, 36, 39, 42, 45, 48, 51)


class CauseStory(Story):
    """The program of good causes."""

    def tell(self) -> None:
        for number in RECORD_WEEKS:
            self.at_desk(number, partial(self._green_habits, number))
        self.at_desk(38, self._take_one_back)
        self.at_desk(44, self._pay)
        self.at_desk(51, self._statements)
        self.given: list[tuple[int, str]] = []

    def members_act(self, number: int) -> None:
        """Some of those who have enough give all but a little of it."""
        rng = self.year.rng("gifts", number)
        for member, available in spendable(self.loyalty).items():
            if available >= 50 and rng.random() < 0.2:
                charity = rng.choice(("trees", "trees", "food-bank"))
                points = available if rng.random() < 0.3 else max(50, available // 20 * 10)
                gift = charities.give(
                    self.loyalty,
                    member,
                    charity,
                    points,
                    request_key=f"demo:gift:{number}:{member}",
                    who="member",
                )
                self.given.append((member, gift.id))

    def _green_habits(self, number: int) -> None:
        rng = self.year.rng("habits", number)
        for person in self.regulars[:30]:
            kind, comes = rng.choice(("own-cup", "own-cup", "bike")), rng.random() < 0.4
            member = self.member(person)
            if comes and member is not None:
                activities.record(
                    self.loyalty,
                    kind=kind,
                    member=member,
                    source="till",
                    source_id=f"{number}-{person.number}",
                    evidence="seen at the till",
                    who="till",
                )
        caller = self.member(self.regular(0))
        if caller is not None:  # without evidence it is refused
            source_id = str(number)
            activities.record(
                self.loyalty, kind="bike", member=caller, source="phone", source_id=source_id, who="office"
            )

    def _pay(self) -> None:
        with suppress(DonationRefused):  # in a small shop perhaps nothing is owed
            payouts.pay(self.loyalty, "trees", who="accountant")

    def _take_one_back(self) -> None:
        if self.given:
            charities.take_back(
                self.loyalty, self.given[-1][1], "The member pressed the wrong cause", who="office"
            )

    def _statements(self) -> None:
        """Three givers ask for what they gave this year."""
        year, loyalty = self.loyalty.today().year, self.loyalty
        ids = sorted({member for member, _ in self.given[-12:]})[:3]
        loyalty.database.decide(lambda tx: want_statement(tx, loyalty, ids, year))
