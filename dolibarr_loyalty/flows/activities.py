"""What a member did other than buying: recorded once per id of its source, taken back when it no longer stands."""

from datetime import datetime

from dolibarr_loyalty.core.acting import Activity, is_future
from dolibarr_loyalty.core.activities import ActivityKind
from dolibarr_loyalty.core.ledger import Cause, account_parts, hash_input
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.reasons import because
from dolibarr_loyalty.core.times import day_of
from dolibarr_loyalty.errors import InputError, KeyReused, UnknownActivity, UnknownMember
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.granting import CAUSE, Wish, bookings_for, grant, store
from dolibarr_loyalty.flows.membership import load_with_heirs, owner_of
from dolibarr_loyalty.flows.shortage import limit_of
from dolibarr_loyalty.store import activities, ledger, members
from dolibarr_loyalty.store.database import Tx

LONGEST_SOURCE, LONGEST_ID, LONGEST_EVIDENCE = 64, 190, 2000


def record(
    loyalty: Loyalty,
    *,
    kind: str,
    member: int,
    source: str,
    source_id: str,
    who: str,
    occurred_at: datetime | None = None,
    evidence: str = "",
) -> Activity:
    """Record an activity; without `occurred_at` it happens now. The same id of the same source, the same answer.

    What the program refuses is recorded too, with its reason and without points. Raises UnknownActivity,
    UnknownMember, InputError, and KeyReused when the id comes again with other content.
    """
    source, source_id, evidence = source.strip(), source_id.strip(), evidence.strip()
    kind_of_it = find_kind(loyalty.program, kind)
    complaint = fault_in(source, source_id, evidence, occurred_at, loyalty.now())
    if complaint:
        raise InputError(complaint)
    return loyalty.database.decide(
        lambda tx: _record(tx, loyalty, kind_of_it, member, source, source_id, who, occurred_at, evidence)
    )


def find_kind(program: Program, name: str) -> ActivityKind:
    """The kind of activity of this id, in any case; raises UnknownActivity."""
    wanted = name.strip().casefold()
    found = next((kind for kind in program.activities if kind.id.casefold() == wanted), None)
    if found is None:
        raise UnknownActivity(name, [kind.id for kind in program.activities])
    return found


def fault_in(source: str, source_id: str, evidence: str, occurred_at: datetime | None, now: datetime) -> str:
    """What is wrong with an activity to be recorded, in a sentence; empty when nothing is."""
    if not source or not source_id:
        return "An activity needs a source and the id it has there, so that it counts once."
    if len(source) > LONGEST_SOURCE or len(source_id) > LONGEST_ID or len(evidence) > LONGEST_EVIDENCE:
        return f"A source has at most {LONGEST_SOURCE} signs, an id {LONGEST_ID}, the evidence {LONGEST_EVIDENCE}."
    if occurred_at is not None and is_future(occurred_at, now):
        return "It lies in the future; record it once it has happened."
    return ""


def _record(
    tx: Tx,
    loyalty: Loyalty,
    kind: ActivityKind,
    member: int,
    source: str,
    source_id: str,
    who: str,
    occurred_at: datetime | None,
    evidence: str,
) -> Activity:
    owner = owner_of(load_with_heirs(tx, [member]), member)
    if owner not in members.load(tx, [owner]):
        raise UnknownMember(str(member))
    wish = as_wish(loyalty, kind, owner, source, source_id, who, occurred_at, evidence)
    (activity,) = grant(tx, loyalty, [wish])
    if activity.thirdparty_id != owner:
        raise KeyReused(f"{source}:{source_id}")
    return activity


def as_wish(
    loyalty: Loyalty,
    kind: ActivityKind,
    owner: int,
    source: str,
    source_id: str,
    who: str,
    occurred_at: datetime | None,
    evidence: str,
) -> Wish:
    """An activity as it is wished for; what its source said of it is compared when it comes again."""
    at = occurred_at or loyalty.now()
    return Wish(
        kind=kind,
        thirdparty_id=owner,
        source=source,
        source_id=source_id,
        occurred_at=at,
        day=day_of(at, loyalty.zone),
        reason=because("activity", kind=kind.id, source=source),
        who=who,
        evidence=evidence,
        said=(occurred_at, evidence),
    )


def withdraw(loyalty: Loyalty, activity_id: str, *, reason: str, who: str) -> Activity:
    """Take an activity back, such as a review that was deleted; again, and nothing happens.

    Its points go as those of goods that come back: its own first, what is missing as the program says. Its
    place within a limit is free again. Raises InputError for one that is unknown or earned nothing.
    """
    if not reason.strip():
        raise InputError("Withdrawing needs a reason: the member will read it.")
    return loyalty.database.decide(lambda tx: _withdraw(tx, loyalty, activity_id, reason.strip(), who))


def _withdraw(tx: Tx, loyalty: Loyalty, activity_id: str, reason: str, who: str) -> Activity:
    activity = activities.by_id(tx, activity_id)
    if activity is None:
        raise InputError(
            f"No activity has the id {activity_id!r}; `dolibarr-loyalty activity list MEMBER` shows the ids."
        )
    if activity.why:
        raise InputError("This activity was refused and holds no points; there is nothing to withdraw.")
    if activity.withdrawn_at is None:
        take_back(tx, loyalty, activity, reason=reason, who=who)
    return activities.by_id(tx, activity_id) or activity


def take_back(tx: Tx, loyalty: Loyalty, activity: Activity, *, reason: str, who: str) -> None:
    """Take back whatever an activity brought, in every unit."""
    cause = Cause(CAUSE, activity.id)
    brought: dict[str, int] = {}
    for entry in ledger.of_cause(tx, cause):
        _, unit = account_parts(entry.account_id)
        brought[unit] = brought.get(unit, 0) + entry.points
    owner = activity.thirdparty_id
    bookings = bookings_for(tx, loyalty, [owner], brought, cause)
    for unit, points in brought.items():
        if points > 0:
            bookings[owner, unit].take_back(
                points,
                cause=cause,
                key=f"withdraw:{activity.id}:{unit}",
                reasons=[because("activity_withdrawn", kind=activity.kind, text=reason)],
                input_hash=hash_input(activity.id, points),
                debt_limit=limit_of(loyalty.program),
            )
    activities.withdraw(tx, activity.id, at=loyalty.now(), reason=reason, who=who)
    store(tx, loyalty, bookings, members.load(tx, [owner]))
