"""Books what members did other than buying: one row per id of a source, points where it earns (E7, E9 to E11).

Shared by recorded activities and by what comes round by itself (birthday, anniversary, welcome).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dolibarr_loyalty.core.acting import Activity, period_of, refusal
from dolibarr_loyalty.core.activities import ActivityKind
from dolibarr_loyalty.core.effects import Effect, review_member, show_member
from dolibarr_loyalty.core.eligibility import Standing
from dolibarr_loyalty.core.ledger import Booking, Cause, hash_input
from dolibarr_loyalty.core.reasons import Reason
from dolibarr_loyalty.core.tiers import TierGroup, qualification_period
from dolibarr_loyalty.core.wallets import ends_of, terms_of
from dolibarr_loyalty.errors import KeyReused
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.notices import near_reward_effects
from dolibarr_loyalty.flows.standings import standing_now
from dolibarr_loyalty.store import activities, ledger, members, outbox
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id
from dolibarr_loyalty.store.members import Known

CAUSE = "activity"
Bookings = dict[tuple[int, str], Booking]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Something that may earn. `day` is the day it counts on; `said` is what its source told, for comparison
    when it tells again; `key` names the entry, else the activity does."""

    kind: ActivityKind
    thirdparty_id: int
    source: str
    source_id: str
    occurred_at: datetime
    day: date
    reason: Reason
    who: str
    evidence: str = ""
    said: Sequence[object] = ()
    key: str = ""

    @property
    def input_hash(self) -> str:
        return hash_input(self.kind.id, *self.said)


def grant(tx: Tx, loyalty: Loyalty, wishes: Sequence[Wish]) -> list[Activity]:
    """Record what is wished for, granted or refused; what was recorded before is given back as it is.

    Raises KeyReused when an id of a source comes again with other content. The accounts are read before the
    activities are counted, so whoever takes the last place meanwhile collides.
    """
    before = activities.by_sources(tx, ((wish.source, wish.source_id) for wish in wishes))
    new = [wish for wish in wishes if (wish.source, wish.source_id) not in before]
    for wish in wishes:
        known = before.get((wish.source, wish.source_id))
        if known is not None and known.input_hash != wish.input_hash:
            raise KeyReused(f"{wish.source}:{wish.source_id}")
    if new:
        before |= _record(tx, loyalty, new)
    return [before[wish.source, wish.source_id] for wish in wishes]


def _record(tx: Tx, loyalty: Loyalty, wishes: Sequence[Wish]) -> dict[tuple[str, str], Activity]:
    owners = {wish.thirdparty_id for wish in wishes}
    units = {unit for wish in wishes for unit in _units(loyalty, wish.kind)}
    accounts = ledger.load_units(tx, owners, units)
    bookings = {place: Booking(account, loyalty.now()) for place, account in accounts.items()}
    customers = members.load(tx, owners)
    found = [_judged(tx, loyalty, wish, customers[wish.thirdparty_id]) for wish in wishes]
    for wish, activity in zip(wishes, found, strict=True):
        if activity.points:
            _book(loyalty, wish, activity, customers[wish.thirdparty_id], bookings)
    activities.insert(tx, found)
    store(tx, loyalty, bookings, customers)
    return {(activity.source, activity.source_id): activity for activity in found}


def _units(loyalty: Loyalty, kind: ActivityKind) -> list[str]:
    return [kind.unit, *(group.unit for group in _groups(loyalty, kind))]


def _groups(loyalty: Loyalty, kind: ActivityKind) -> list[TierGroup]:
    """The tier groups that an activity counts for."""
    if not kind.qualifying:
        return []
    return [group for group in loyalty.program.tier_groups if group.qualify_by == "points"]


def _judged(tx: Tx, loyalty: Loyalty, wish: Wish, customer: Known) -> Activity:
    kind, used, standing = wish.kind, 0, Standing()
    if kind.most is not None:
        span = period_of(kind, wish.occurred_at, loyalty.zone)
        used = activities.count(tx, wish.thirdparty_id, kind.id, *span)
    if not kind.who.is_everybody:
        standing = standing_now(tx, loyalty, wish.thirdparty_id)
    why = refusal(
        kind,
        is_member=customer.is_member,
        occurred_at=wish.occurred_at,
        evidence=wish.evidence,
        standing=standing,
        used=used,
        zone=loyalty.zone,
        starts_on=loyalty.program.starts_on,
    )
    return Activity(
        id=new_id(),
        thirdparty_id=wish.thirdparty_id,
        kind=kind.id,
        source=wish.source,
        source_id=wish.source_id,
        occurred_at=wish.occurred_at,
        day=wish.day,
        evidence=wish.evidence,
        points=0 if why else kind.points,
        unit=kind.unit,
        recorded_at=loyalty.now(),
        who=wish.who[:80],
        input_hash=wish.input_hash,
        why=why,
    )


def _book(loyalty: Loyalty, wish: Wish, activity: Activity, customer: Known, bookings: Bookings) -> None:
    program, member, key = loyalty.program, activity.thirdparty_id, wish.key or f"activity:{activity.id}"
    occurred_at = min(activity.occurred_at, loyalty.now())
    ends_at = ends_of(terms_of(program, activity.unit).expiry, loyalty.today(), loyalty.zone)
    ends = {activity.unit: (key, ends_at)}
    for group in _groups(loyalty, wish.kind):
        joined_at = customer.enrolment.joined_at or occurred_at
        _, over = qualification_period(group, occurred_at, joined_at=joined_at, zone=loyalty.zone)
        ends[group.unit] = f"{key}:{group.unit}", over
    for unit, (entry_key, expires_at) in ends.items():
        bookings[member, unit].accrue(
            activity.points,
            cause=Cause(CAUSE, activity.id),
            key=entry_key,
            occurred_at=occurred_at,
            expires_at=expires_at,
            reasons=[wish.reason],
            input_hash=activity.input_hash,
        )


def store(
    tx: Tx, loyalty: Loyalty, bookings: Bookings, customers: Mapping[int, Known], *more: Effect
) -> None:
    """Store bookings with what follows from them: screens, rewards within reach, a look at tiers and cards."""
    moved = {place: booking for place, booking in bookings.items() if booking.entries}
    ledger.store(tx, moved.values())
    effects: list[Effect] = list(more)
    for member in sorted({member for member, _ in moved}):
        effects += [show_member(member), review_member(member)]
        points = moved.get((member, loyalty.unit))
        if points is not None and member in customers:
            effects += near_reward_effects(tx, loyalty, customers[member], points.result)
    outbox.put(tx, effects, loyalty.now())


def bookings_for(
    tx: Tx, loyalty: Loyalty, owners: Iterable[int], units: Iterable[str], cause: Cause
) -> Bookings:
    """Bookings on accounts with every lot that a cause has brought, so that it can be taken back."""
    accounts = ledger.load_units(tx, owners, units, causes=[cause])
    return {place: Booking(account, loyalty.now()) for place, account in accounts.items()}


def as_kind(loyalty: Loyalty, name: str, points: int) -> ActivityKind:
    """A kind of our own, for what is granted by itself, in the unit members know as their points."""
    return ActivityKind(id=name, points=points, unit=loyalty.unit)
