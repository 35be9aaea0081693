"""Brings members' tiers up to date: notes what became of them, tells them, and finds whom time concerns.

Where a member stands is computed from the qualifying points each time (`core.tiers`), so it does not matter
when this runs or how often; a document that comes late corrects the record from the step on that it changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dolibarr_loyalty.core.effects import Effect, event, mail, review_member, show_member
from dolibarr_loyalty.core.outlook import Outlook, outlook
from dolibarr_loyalty.core.tiers import Step, TierGroup, timeline
from dolibarr_loyalty.core.times import iso
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.standings import History, histories
from dolibarr_loyalty.store import members, outbox, tiers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.members import Known
from dolibarr_loyalty.store.tiers import WITHDRAWN, Noted, State

NEWS_DAYS = 45  # a tier reached longer ago, as in the first load of a shop's past, is no news to write about


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A member in one group as computed now: every step, and what comes next."""

    group: TierGroup
    steps: tuple[Step, ...]
    outlook: Outlook
    changes_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What screens say of a member in one group: names as people read them, and the tag to carry ("": none)."""

    group: str
    tier: str
    tag: str
    outlook: Outlook


def review_tiers(loyalty: Loyalty, thirdparty_id: int) -> None:
    """Bring a member's tiers up to date, in all groups; any number of times, with the effect of once."""
    if loyalty.program.tier_groups:
        loyalty.database.decide(lambda tx: bring_up_to_date(tx, loyalty, [thirdparty_id]))


def assess_due(loyalty: Loyalty) -> int:
    """Review the members whose term, days of grace, tier by hand or day of warning has come.

    Everything is computed as of its own instant, so a day without this work changes nothing but the hour of
    the mails. Whose tier changed is reviewed in all other respects too. Gives how many were reviewed.
    """
    reviewed, before = 0, set[int]()
    while True:
        with loyalty.database.reading() as tx:
            found = set(tiers.due(tx, loyalty.now(), loyalty.page_size))
        if not found - before:
            return reviewed
        page = sorted(found)
        loyalty.database.decide(lambda tx, page=page: bring_up_to_date(tx, loyalty, page, by_time=True))  # type: ignore[misc]
        reviewed, before = reviewed + len(found), found


def standings_of(
    tx: Tx, loyalty: Loyalty, customers: dict[int, Known], *, foresees: bool = True
) -> dict[int, list[Standing]]:
    """Where these members stand now, in each group of the program; nobody who never joined."""
    found = histories(tx, [loyalty.program], customers)
    return {
        member: [
            standing
            for group in loyalty.program.tier_groups
            if (standing := _standing(loyalty, group, history, foresees)) is not None
        ]
        for member, history in found.items()
        if customers[member].is_member
    }


def shown(tx: Tx, loyalty: Loyalty, thirdparty_id: int) -> tuple[Shown, ...]:
    """What screens say of a member's tiers, one per group; empty for one who is no member.

    Names are in the language of the screens.
    """
    if not loyalty.program.tier_groups:
        return ()
    customers = members.load(tx, [thirdparty_id])
    language = loyalty.screens.language
    return tuple(
        Shown(
            group=standing.group.name(language),
            tier=standing.outlook.tier.name(language),
            tag=standing.outlook.tier.tag,
            outlook=standing.outlook,
        )
        for standing in standings_of(tx, loyalty, customers).get(thirdparty_id, ())
    )


def _standing(loyalty: Loyalty, group: TierGroup, history: History, foresees: bool) -> Standing | None:
    joined_at, now, zone = history.joined_at, loyalty.now(), loyalty.zone
    if joined_at is None:
        return None
    moves, manual = history.moves_of(group), history.manual.get(group.id, [])
    steps = timeline(group, moves, joined_at=joined_at, until=now, zone=zone, manual=manual)
    ahead = outlook(
        group, steps, moves, now, joined_at=joined_at, zone=zone, manual=manual, foresees=foresees
    )
    if ahead is None:
        return None
    instants = [*(move.at for move in moves), *(act.until for act in manual), ahead.until, _warns_at(ahead)]
    coming = [instant for instant in instants if instant is not None and instant > now]
    return Standing(group=group, steps=steps, outlook=ahead, changes_at=min(coming, default=None))


def _warns_at(ahead: Outlook) -> datetime | None:
    """When the member is told that the tier is in danger."""
    if ahead.assessed_at is None or not ahead.group.warning_days:
        return None
    return ahead.assessed_at - timedelta(days=ahead.group.warning_days)


def bring_up_to_date(
    tx: Tx, loyalty: Loyalty, thirdparty_ids: Sequence[int], *, by_time: bool = False
) -> None:
    """Note in a transaction what became of these members; `by_time` reviews all else of whose tier changed."""
    customers = members.load(tx, thirdparty_ids)
    found = standings_of(tx, loyalty, customers, foresees=False)
    records, states = tiers.steps_of(tx, found), tiers.states_of(tx, thirdparty_ids)
    changes = _Changes(tx, loyalty, by_time)
    for member in thirdparty_ids:
        before = dict(states.get(member, {}))
        for standing in found.get(member, ()):
            known = before.pop(standing.group.id, None)
            changes.bring_up_to_date(
                customers[member], standing, known, records.get((member, standing.group.id), [])
            )
        for state in before.values():
            tiers.rest(tx, state)
    changes.store()


class _Changes:
    """What one transaction writes about the members of a page."""

    def __init__(self, tx: Tx, loyalty: Loyalty, by_time: bool) -> None:
        self.tx, self.loyalty, self.now, self.by_time = tx, loyalty, loyalty.now(), by_time
        self.effects: list[Effect] = []
        self.fresh: list[State] = []
        self.changed: list[State] = []

    def bring_up_to_date(
        self, customer: Known, standing: Standing, known: State | None, record: list[Noted]
    ) -> None:
        member, group = customer.member.thirdparty_id, standing.group
        rows = corrections(record, standing.steps, self.now)
        tiers.note(self.tx, member, group.id, rows)
        ahead = standing.outlook
        state = State(
            thirdparty_id=member,
            group_id=group.id,
            tier=ahead.tier.id,
            told_tier=ahead.tier.id,
            since=ahead.since,
            until=ahead.until,
            next_at=standing.changes_at,
            steps=len(record) + len(rows),
        )
        told = known.told_tier if known else group.tiers[0].id
        if told != ahead.tier.id:
            self._tell(member, group, told, standing)
        elif known is None or (known.tier, known.until) != (state.tier, state.until):
            self.effects.append(show_member(member))
        if _is_in_danger(ahead, self.now):
            self.effects.append(_warning(member, ahead))
        if known is None:
            self.fresh.append(state)
        elif known != state:
            self.changed.append(state)

    def store(self) -> None:
        tiers.save_states(self.tx, self.fresh, are_new=True)
        tiers.save_states(self.tx, self.changed, are_new=False)
        outbox.put(self.tx, self.effects, self.now)

    def _tell(self, member: int, group: TierGroup, told: str, standing: Standing) -> None:
        ahead, ranks = standing.outlook, [tier.id for tier in group.tiers]
        # a tier that the program no longer has counts as the lowest: whoever had it has risen since
        rises = ranks.index(ahead.tier.id) > (ranks.index(told) if told in ranks else -1)
        what = "tier_up" if rises else "tier_down"
        about = f"{group.id}:{ahead.tier.id}:{ahead.since:%Y%m%dT%H%M%S%f}"
        self.effects.append(show_member(member))
        if self.by_time:
            self.effects.append(review_member(member))
        if ahead.since < self.now - timedelta(days=NEWS_DAYS) and rises:
            return
        told_of: dict[str, str | int] = {
            "group": group.id,
            "tier": ahead.tier.id,
            "before": told,
            "why": ahead.why,
            "points": ahead.qualifying,
            "until": iso(ahead.until) if ahead.until else "",
        }
        self.effects.append(mail(what, member, about, **told_of))
        self.effects.append(event(what, member, f"{member}:{about}", **told_of))


def corrections(record: Sequence[Noted], steps: Sequence[Step], now: datetime) -> list[Noted]:
    """The rows that bring a record to what is computed now; none when it says so already.

    Steps that became known too late to be foreseen replace what was noted from their place on.
    """
    noted = tiers.standing(record)
    place = 0
    while place < min(len(noted), len(steps)) and noted[place] == steps[place]:
        place += 1
    wanted = list(steps[place:])
    if not wanted and place < len(noted):
        wanted = [replace(noted[place], why=WITHDRAWN)]
    first = len(record) + 1
    return [
        Noted(seq=first + number, place=place + number, step=step, noted_at=now)
        for number, step in enumerate(wanted)
    ]


def _is_in_danger(ahead: Outlook, now: datetime) -> bool:
    """The day of the warning has come, and the points do not reach the tier yet."""
    warns_at = _warns_at(ahead)
    return warns_at is not None and warns_at <= now and ahead.to_keep > 0


def _warning(member: int, ahead: Outlook) -> Effect:
    """One warning per assessment, whenever the daily work ran."""
    ends = iso(ahead.assessed_at) if ahead.assessed_at else ""
    return mail("tier_warning", member, f"{ahead.group.id}:{ends[:10]}", group=ahead.group.id, ends_at=ends)
