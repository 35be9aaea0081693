"""Stars for everything, twice as many on Mondays; a drink for the birthday, and stars given to a friend."""

from collections.abc import Mapping
from datetime import datetime, timedelta
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
        self.at(6, self._remember_old_customers)
        for number, place in ((28, 1), (41, 4)):
            self.at_desk(number, partial(self._give, number, place))

    def _remember_old_customers(self) -> None:
        """Some have been customers for longer than the year that is told."""
        for place in range(1, 13):
            socid = self.shop.ids.get(self.regular(place).number)
            if socid is not None:
                row = self.dolibarr.store.get("thirdparty", socid) or {}
                earlier = datetime.fromisoformat(str(row["datec"])) - timedelta(days=40 + 11 * place)
                self.dolibarr.store.change("thirdparty", socid, {"datec": f"{earlier:%Y-%m-%d %H:%M:%S}"})

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
