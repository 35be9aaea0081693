"""What comes round by itself: birthdays, anniversaries of the membership, and the welcome of new members.

Each gift is an activity of its own source ('birthday', '42:2026'), so it is given once whatever is run how
often; a day nobody worked is made up for. Who became a member before the program ran (the first
synchronisation) is not welcomed and gets no welcome points.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from dolibarr_loyalty.core.acting import ANNIVERSARY, BIRTHDAY, WELCOME, Activity
from dolibarr_loyalty.core.effects import mail
from dolibarr_loyalty.core.occasions import (
    anniversaries_to_look_at,
    anniversary_due,
    birthday_due,
    birthdays_to_look_at,
    points_for,
)
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.reasons import Reason, because
from dolibarr_loyalty.core.times import day_of, start_of
from dolibarr_loyalty.errors import OutsideFailure
from dolibarr_loyalty.flows.birthdays import read_birthdays
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.gifts import put_gift
from dolibarr_loyalty.flows.granting import Wish, as_kind, grant
from dolibarr_loyalty.store import activities, birthdays, outbox
from dolibarr_loyalty.store.birthdays import Celebrant
from dolibarr_loyalty.store.database import Tx

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Celebrated:
    """How many gifts a day's work gave."""

    birthdays: int = 0
    anniversaries: int = 0


def celebrate(loyalty: Loyalty) -> Celebrated:
    """Give what is due today and was missed; any number of times, with the effect of once.

    Birthdays are read from Dolibarr before; when it does not answer, those that are known count.
    """
    if _needs_birthdays(loyalty.program):
        try:
            read_birthdays(loyalty)
        except OutsideFailure as failure:
            log.warning("birthdays are not read anew: %s", failure)
    return Celebrated(birthdays=_birthdays(loyalty), anniversaries=_anniversaries(loyalty))


def _needs_birthdays(program: Program) -> bool:
    """The program gives something for them, by itself or as a benefit."""
    return program.birthday is not None or any(each.kind == "birthday_gift" for each in program.benefits)


def welcome(tx: Tx, loyalty: Loyalty, thirdparty_ids: Sequence[int]) -> None:
    """Grant the welcome points of new members, once each."""
    points = loyalty.program.welcome_points
    wishes = [
        Wish(
            kind=as_kind(loyalty, WELCOME, points),
            thirdparty_id=member,
            source=WELCOME,
            source_id=str(member),
            occurred_at=loyalty.now(),
            day=loyalty.today(),
            reason=because("welcome"),
            who=loyalty.worker,
            key=f"welcome:{member}",
        )
        for member in thirdparty_ids
    ]
    if points > 0:
        known = activities.by_sources(tx, ((wish.source, wish.source_id) for wish in wishes))
        grant(tx, loyalty, [wish for wish in wishes if (wish.source, wish.source_id) not in known])


def welcome_points_of(tx: Tx, thirdparty_id: int) -> int:
    """The welcome points a member was given and still has to their name."""
    found = activities.by_sources(tx, [(WELCOME, str(thirdparty_id))]).get((WELCOME, str(thirdparty_id)))
    return found.points if found is not None and found.is_granted else 0


def _birthdays(loyalty: Loyalty) -> int:
    rules = loyalty.program.birthday
    if rules is None or not (rules.points or rules.reward):
        return 0
    days = birthdays_to_look_at(rules, loyalty.today())

    def wish(each: Celebrant, last: date | None) -> Wish | None:
        assert each.born is not None  # noqa: S101
        joined_on = day_of(each.joined_at, loyalty.zone)
        due = birthday_due(
            rules, each.born, joined_on=joined_on, last_granted_for=last, today=loyalty.today()
        )
        if due is None:
            return None
        reason = because("birthday", on=due)
        return _wish(loyalty, BIRTHDAY, each, due, due.year, rules.points, reason)

    pages = _pages(loyalty, lambda tx, last: birthdays.born_on(tx, days, last, loyalty.page_size))
    return sum(_give(loyalty, BIRTHDAY, page, wish, rules.reward) for page in pages)


def _anniversaries(loyalty: Loyalty) -> int:
    rules = loyalty.program.anniversary
    if rules is None or not (rules.points or rules.reward):
        return 0
    days = anniversaries_to_look_at(rules, loyalty.today())

    def wish(each: Celebrant, last: date | None) -> Wish | None:
        joined_on = day_of(each.joined_at, loyalty.zone)
        due = anniversary_due(rules, joined_on=joined_on, last_granted_for=last, today=loyalty.today())
        if due is None:
            return None
        day, years = due
        reason = because("anniversary", years=years)
        return _wish(loyalty, ANNIVERSARY, each, day, years, points_for(rules, years), reason)

    pages = _pages(loyalty, lambda tx, last: birthdays.joined_on(tx, days, last, loyalty.page_size))
    return sum(_give(loyalty, ANNIVERSARY, page, wish, rules.reward) for page in pages)


def _wish(
    loyalty: Loyalty, name: str, each: Celebrant, day: date, number: int, points: int, reason: Reason
) -> Wish:
    """The gift of an occasion; `number` (the year, or the years completed) names it for good."""
    return Wish(
        kind=as_kind(loyalty, name, points),
        thirdparty_id=each.thirdparty_id,
        source=name,
        source_id=f"{each.thirdparty_id}:{number}",
        occurred_at=min(loyalty.now(), start_of(day, loyalty.zone)),
        day=day,
        reason=reason,
        who=loyalty.worker,
        key=f"{name}:{each.thirdparty_id}:{number}",
    )


def _pages(loyalty: Loyalty, read: Callable[[Tx, int], list[Celebrant]]) -> Iterator[list[Celebrant]]:
    last = 0
    while True:
        with loyalty.database.reading() as tx:
            page = read(tx, last)
        if not page:
            return
        last = page[-1].thirdparty_id
        yield page


def _give(
    loyalty: Loyalty,
    name: str,
    page: Sequence[Celebrant],
    wish: Callable[[Celebrant, date | None], Wish | None],
    reward_id: str,
) -> int:
    """Grant what is due among a page of members, all in one decision; gives how many gifts are new."""

    def decision(tx: Tx) -> int:
        last = activities.last_granted(tx, (each.thirdparty_id for each in page), name)
        wishes = [found for each in page if (found := wish(each, last.get(each.thirdparty_id)))]
        known = activities.by_sources(tx, ((each.source, each.source_id) for each in wishes))
        new = [each for each in wishes if (each.source, each.source_id) not in known]
        given = [activity for activity in grant(tx, loyalty, new) if activity.is_granted]
        _add_rewards(tx, loyalty, given, reward_id)
        outbox.put(
            tx,
            [mail(name, each.thirdparty_id, each.source_id, activity=each.id) for each in given],
            loyalty.now(),
        )
        return len(given)

    return loyalty.database.decide(decision)


def _add_rewards(tx: Tx, loyalty: Loyalty, given: Sequence[Activity], reward_id: str) -> None:
    reward = loyalty.program.reward(reward_id) if reward_id else None
    if reward is not None:
        for each in given:
            key = f"{each.source}:{each.source_id}"
            put_gift(tx, loyalty, each.thirdparty_id, reward, why=each.source, request_key=key)
