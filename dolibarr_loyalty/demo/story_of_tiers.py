"""Regulars climb to silver and gold, use what comes with it, and some fall again."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

from dolibarr_loyalty.demo.telling import Story
from dolibarr_loyalty.flows import benefits
from dolibarr_loyalty.flows.tier_acts import set_tier

PARCEL = Decimal("5.90")
PARCEL_WEEKS = (17, 20, 23, 26, 29, 32, 35, 38, 41, 44, 47, 50)


class TierStory(Story):
    """The program of tiers: parcels are sent free, one use is undone, one tier is set by hand."""

    is_daily = True

    def tell(self) -> None:
        for number in PARCEL_WEEKS:
            self.at_desk(number, partial(self._send_parcels, number))
        self.at_desk(33, self._set_a_tier)
        self.at_desk(42, self._invite)

    def _entitled(self, benefit: str) -> list[int]:
        """Regulars who have a benefit now, by third party."""
        ids = [member for person in self.regulars[:40] if (member := self.member(person))]
        with self.loyalty.database.reading() as tx:
            return [
                member
                for member in ids
                if any(each.benefit.id == benefit for each in benefits.shown(tx, self.loyalty, member))
            ]

    def _send_parcels(self, number: int) -> None:
        sent = []
        for member in self._entitled("free-shipping")[:4]:
            used = benefits.use(
                self.loyalty,
                member,
                "free-shipping",
                reference=f"parcel of week {number}",
                worth=PARCEL,
                who="office",
                request_key=f"demo:parcel:{number}:{member}",
            )
            sent.append(used.step)
        if number == PARCEL_WEEKS[-1] and sent:
            last = sent[-1]
            benefits.undo(self.loyalty, last.thirdparty_id, last.id, reason="It was collected", who="office")

    def _invite(self) -> None:
        for member in self._entitled("gold-evening")[:5]:
            benefits.use(
                self.loyalty, member, "gold-evening", who="office", request_key=f"demo:evening:{member}"
            )

    def _set_a_tier(self) -> None:
        member = self.member(self.regular(17))
        if member is None:
            return
        set_tier(
            self.loyalty,
            member,
            "status",
            "gold",
            until=self.loyalty.today() + timedelta(days=240),
            reason="Ordered the wine for a wedding",
            who="office",
            request_key="demo:wedding",
        )
