"""Members recommend the shop to friends, some of whom come; others give its gift cards away."""

from functools import partial

from dolibarr_loyalty.demo.calendar import HISTORY_WEEKS
from dolibarr_loyalty.demo.story_of_gift_cards import GiftCardStory
from dolibarr_loyalty.demo.telling import Story
from dolibarr_loyalty.flows.referrals import refer


class FriendStory(Story):
    """The program of points: friends who come later are recommended first."""

    def tell(self) -> None:
        newcomers = [
            person
            for person in self.year.people
            if person.first_week > HISTORY_WEEKS + 2 and person.email and not person.is_firm
        ]
        for place, friend in enumerate(newcomers[:8]):
            self.at_desk(friend.first_week - 1, partial(self._refer, place, friend.email))
        self.at_desk(24, lambda: self._refer(1, self._known_address()))
        self.at_desk(46, lambda: self._refer(2, "nobody.yet@example.org"))
        cards = GiftCardStory(self.year, "gift cards")
        cards.tell()
        for number, events in cards.found.items():
            self.found.setdefault(number, []).extend(events)

    def _refer(self, place: int, email: str) -> None:
        member = self.member(self.regular(place))
        if member is not None:
            refer(self.loyalty, member, email)

    def _known_address(self) -> str:
        """Of somebody who is a customer already, which is refused."""
        return next((person.email for person in self.regulars[3:] if person.email), "firm@example.org")
