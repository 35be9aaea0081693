"""How a part of the year is told: what happens in which week, to whom, by whose hand."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from dolibarr_loyalty.demo.calendar import Week
from dolibarr_loyalty.demo.cast import Person
from dolibarr_loyalty.demo.year import Event, Year
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import members

Episodes = dict[int, list[Event]]


class Telling:
    """Collects events by the number of their week in `found`; `about` names its own chance."""

    def __init__(self, year: Year, about: str) -> None:
        self.year, self.shop, self.dolibarr = year, year.shop, year.dolibarr
        self.rng = year.rng(about)
        self.found: Episodes = {}
        at_first = [person for person in year.people if not person.first_week and not person.is_firm]
        self.regulars = sorted(at_first, key=lambda person: -person.weight)
        self.firms = [person for person in year.people if person.is_firm and not person.first_week]

    @property
    def loyalty(self) -> Loyalty:
        return self.year.app.loyalty

    def at(self, number: int, act: Callable[[], object], *, by_staff: bool = True) -> None:
        """Let something happen at some hour of a week."""
        week: Week = self.year.weeks[number]
        self.found.setdefault(number, []).append(Event(week.moment(self.rng), act, by_staff))

    def at_desk(self, number: int, act: Callable[[], object]) -> None:
        """Let somebody work with the program, once it has told the members of all that was before."""

        def after_the_mails() -> None:
            self.year.hands.finish()
            act()

        self.at(number, after_the_mails, by_staff=False)

    def member(self, person: Person) -> int | None:
        """The person's third party, where the program knows it as a member by now."""
        socid = self.shop.ids.get(person.number, 0)
        with self.loyalty.database.reading() as tx:
            known = members.load(tx, [socid]).get(socid)
        return socid if known is not None and known.is_member else None

    def regular(self, place: int) -> Person:
        return self.regulars[place % len(self.regulars)]


class Story(Telling):
    """What one kind of program adds to the year.

    `wares` sell more or less often than usual. `is_daily`: the days between the program's turns bring something
    by themselves, such as birthdays.
    """

    wares: ClassVar[Mapping[str, int]] = {}
    is_daily = False

    def tell(self) -> None:
        """Put the events of the year into `found`."""

    def members_act(self, number: int) -> None:
        """Let members do, in a week of the program's work, what they do by themselves."""
