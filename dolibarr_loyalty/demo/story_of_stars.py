"""Stars for everything, twice as many on Mondays; a drink for the birthday, and stars given to a friend."""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from dolibarr_loyalty.demo.telling import Story
from dolibarr_loyalty.demo.work import spendable
from dolibarr_loyalty.flows.transfers import transfer


class StarStory(Story):
    """The program of stars."""

    wares: ClassVar[Mapping[str, int]] = {"CUP": 160, "TEA": 50, "LUNCH": 60}
    is_daily = True

    def tell(self) -> None:
        for number, place in ((28, 1), (41, 4)):
            self.at_desk(number, partial(self._give, number, place))

    def _give(self, number: int, place: int) -> None:
        unit = self.year.unit
        giver, taker = (self.member(self.regular(each)) for each in (place, place + 6))
        if giver is None or taker is None or giver == taker:
            return
        stars = min(40, spendable(self.loyalty, unit).get(giver, 0))
        if stars:
            transfer(
                self.loyalty,
                giver,
                taker,
                stars,
                unit,
                reason="For your next lunch",
                who="member",
                request_key=f"demo:transfer:{number}",
            )
