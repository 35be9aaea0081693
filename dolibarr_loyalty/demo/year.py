"""The year as a story in weeks: customers come, staff works in Dolibarr, the program does its part each week."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from random import Random
from typing import TYPE_CHECKING

from dolibarr_loyalty.app import App
from dolibarr_loyalty.core.times import day_of
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.demo.calendar import HISTORY_WEEKS, ZONE, Clock, Week, spread, weeks_until
from dolibarr_loyalty.demo.cast import Person, people
from dolibarr_loyalty.demo.catalogue import BY_REF
from dolibarr_loyalty.demo.hands import Alone
from dolibarr_loyalty.demo.shop import Item, Shop, basket, enough_for
from dolibarr_loyalty.demo.work import (
    Slip,
    day_without_news,
    install,
    last_work,
    slips,
    unit_of,
    work_of_a_week,
)
from dolibarr_loyalty.flows.programs import admit
from dolibarr_loyalty.flows.usage import use
from dolibarr_loyalty.sandbox import Dolibarr
from dolibarr_loyalty.sandbox.invoices import DRAFT, VALIDATED

if TYPE_CHECKING:
    from dolibarr_loyalty.demo.telling import Story

CUSTOMERS, VISITS = 200, 2860
WORK_EVERY_WEEKS = 3  # the real program looks every five minutes; the story has less patience
Told = Callable[[str], None]


@dataclass(frozen=True)
class Event:
    """Something that happens at its time: `by_staff` in Dolibarr's screens, else with the program's part in it."""

    at: datetime
    act: Callable[[], object]
    by_staff: bool = True


@dataclass
class Year:
    """The story of one seed. `scale` makes the shop smaller, for tests; 1 is the demo."""

    app: App
    dolibarr: Dolibarr
    clock: Clock
    present: datetime
    seed: int
    scale: float = 1.0
    hands: Alone = field(default_factory=Alone)
    preset: str = "points"
    later: list[Event] = field(default_factory=list)
    story: "Story" = field(init=False)

    def __post_init__(self) -> None:
        self.shop = Shop(self.dolibarr)
        self.weeks = weeks_until(day_of(self.present, ZONE))
        self.people = people(max(12, round(CUSTOMERS * self.scale)), self.rng("people"))
        self.held: dict[int, list[Slip]] = {}
        self.unit = unit_of(self.app.loyalty.program)

    def rng(self, *about: object) -> Random:
        """Chance for one purpose, the same for the same seed."""
        return Random(":".join(map(str, (self.seed, *about))))  # noqa: S311

    def play(self, told: Told = lambda what: None) -> None:
        """Play the whole year and end in the present."""
        from dolibarr_loyalty.demo.episodes import episodes  # the episodes are written in terms of the year
        from dolibarr_loyalty.demo.stories import story_of

        extra, self.story = episodes(self), story_of(self)
        self.story.tell()
        self.clock.reach(self.weeks[0].evening - timedelta(days=7))
        with self.dolibarr.batch():
            self.shop.open()
        for week, visits in spread(round(VISITS * self.scale), self.weeks):
            told(f"{week.days[-1]:%B %Y}")
            own = self.story.found.get(week.number, ())
            self.happen([*self.visits(week, visits), *extra.get(week.number, ()), *own], week)
            self.clock.reach(week.evening)
            self.program_works(week)
        told("today")
        self.clock.reach(self.present)
        last_work(self.app.loyalty, self.hands)

    def program_works(self, week: Week) -> None:
        """The program is installed when some history is there, and from then on works every week."""
        if week.number == HISTORY_WEEKS - 1:
            install(self.app, self.dolibarr)
            admit(self.app.loyalty, who="demo")
        if week.number >= HISTORY_WEEKS - 1 and week.number % WORK_EVERY_WEEKS == 1:
            act = self.story.members_act
            work_of_a_week(self.app.loyalty, self.hands, week.number, str(self.seed), act)
            self.held = slips(self.app.loyalty)
        elif week.number >= HISTORY_WEEKS and self.story.is_daily:
            day_without_news(self.app.loyalty, self.hands)

    def happen(self, events: Iterable[Event], week: Week) -> None:
        """Let everything of a week happen in its order; what is to be later waits."""
        waiting = [*self.later, *events]
        self.later = [event for event in waiting if event.at >= week.evening]
        due = sorted((event for event in waiting if event.at < week.evening), key=lambda event: event.at)
        for by_staff, group in groupby(due, key=lambda event: event.by_staff):
            if by_staff:
                with self.dolibarr.batch():
                    self._act(group)
            else:
                self._act(group)

    def _act(self, events: Iterable[Event]) -> None:
        for event in events:
            self.clock.reach(event.at)
            event.act()

    # ordinary visits -------------------------------------------------------------------------------

    def visits(self, week: Week, count: int) -> list[Event]:
        """What the customers of a week do."""
        rng = self.rng("visits", week.number)
        known = [person for person in self.people if person.first_week <= week.number]
        firsts = [person for person in self.people if person.first_week == week.number > 0]
        return [
            self._visit(week, firsts.pop() if firsts else self._who(rng, known), rng) for _ in range(count)
        ]

    def _who(self, rng: Random, known: list[Person]) -> Person | None:
        """A customer, or one of the many who leave no name at the till."""
        return None if rng.random() < 0.14 else rng.choices(known, [person.weight for person in known])[0]

    def _visit(self, week: Week, person: Person | None, rng: Random) -> Event:
        at = week.moment(rng, latest=19)
        is_firm = person is not None and person.is_firm
        items = basket(rng, month=week.month, is_firm=is_firm, wares=self.story.wares)
        if person is None:
            return Event(at, lambda: self.shop.sell_at_till(None, items))
        if person.is_firm:
            return Event(at, self._on_account(person, items, at, rng))
        slip = self._slip(person, at, rng)
        if slip is not None:
            return Event(at, lambda: self.pay_with(person, slip, items), by_staff=False)
        return Event(at, self._bought(person, items, at, rng))

    def _bought(self, person: Person, items: list[Item], at: datetime, rng: Random) -> Callable[[], object]:
        sell = self.shop.sell_at_till if rng.random() < 0.55 else self.shop.invoice
        comes_back = rng.random() < 0.035
        back_at = at + timedelta(days=rng.randrange(2, 12), minutes=rng.randrange(90))

        def act() -> None:
            invoice = sell(person, items)
            if comes_back:
                self.later.append(Event(back_at, lambda: self.shop.take_back(invoice, items[:1])))

        return act

    def _on_account(
        self, person: Person, items: list[Item], at: datetime, rng: Random
    ) -> Callable[[], object]:
        """A firm pays within a month, sometimes in two parts, and one in thirty never."""
        in_parts, never = rng.random() < 0.2, rng.random() < 0.03
        first, second = (at + timedelta(days=rng.randrange(7, 30)) for _ in range(2))
        part = (sum((item.gross for item in items), Decimal(0)) / 3).quantize(Decimal(1))

        def act() -> None:
            invoice = self.shop.invoice(person, items, paid=False)
            if never:
                self.later.append(Event(at + timedelta(days=60), lambda: self.give_up(invoice)))
                return
            if in_parts and part:
                early = min(first, second) - timedelta(hours=1)
                self.later.append(Event(early, lambda: self.shop.pay(invoice, part)))
            self.later.append(Event(max(first, second), lambda: self.shop.pay(invoice)))

        return act

    def give_up(self, invoice: int) -> None:
        """Nobody pays: the invoice is abandoned."""
        if self.dolibarr.invoice(invoice)["fk_statut"] in (DRAFT, VALIDATED):
            self.dolibarr.abandon(invoice)

    # vouchers --------------------------------------------------------------------------------------

    def _slip(self, person: Person, at: datetime, rng: Random) -> Slip | None:
        """The voucher somebody brings along; many leave it at home."""
        brings = rng.random() < 0.7
        held = self.held.get(self.shop.ids.get(person.number, 0), [])
        usable = next((slip for slip in held if not slip.voucher.is_expired(at.date())), None)
        if usable is None or not brings:
            return None
        held.remove(usable)
        return usable

    def pay_with(self, person: Person, slip: Slip, items: list[Item]) -> None:
        """The cashier scans the voucher; the rest is paid by card."""
        invoice = self.shop.invoice(person, suitable(items, slip.voucher), paid=False)
        use(self.app.loyalty, slip.code, str(invoice), who="till")
        self.shop.pay(invoice)


def suitable(items: list[Item], voucher: Voucher) -> list[Item]:
    """A basket on which a voucher is good for something, and which is worth more than it."""
    if voucher.kind == "product":
        free = BY_REF[voucher.product.upper()]
        items = [*(item for item in items if item.article is not free), Item(free)]
    return enough_for(items, voucher.value)
