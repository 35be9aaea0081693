"""Tiers that a person sets for a member, with a reason and an end, or takes back (T14)."""

from dataclasses import dataclass
from datetime import date

from dolibarr_loyalty.core.effects import review_member
from dolibarr_loyalty.core.ledger import hash_input
from dolibarr_loyalty.core.tiers import ManualTier, TierGroup
from dolibarr_loyalty.core.times import after
from dolibarr_loyalty.errors import InputError, KeyReused, UnknownMember
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.tiers import bring_up_to_date
from dolibarr_loyalty.store import members, outbox, tiers
from dolibarr_loyalty.store.database import Tx

LONGEST_NAME = 120
LONGEST_REASON = 500


@dataclass(frozen=True, kw_only=True)
class Acted:
    """What a person did, and the tier the member stands in by now."""

    act: ManualTier
    tier: str


@dataclass(frozen=True, kw_only=True)
class _Request:
    """What a person asked for; an empty tier takes back what was set."""

    thirdparty_id: int
    group: TierGroup
    tier: str
    until: date | None
    reason: str
    who: str
    key: str


def set_tier(
    loyalty: Loyalty,
    thirdparty_id: int,
    group_id: str,
    tier_id: str,
    *,
    until: date | None,
    reason: str,
    who: str,
    request_key: str,
) -> Acted:
    """Set a tier to the end of the day `until`, or (None) to its next assessment. Same key, same act.

    Raises InputError (no reason, no such tier, an end that is over, no member), UnknownMember, KeyReused.
    """
    group = group_of(loyalty, group_id)
    if group.tier(tier_id) is None:
        raise InputError(
            f"There is no tier {tier_id!r} in group {group_id!r}. "
            f"It has: {', '.join(tier.id for tier in group.tiers)}."
        )
    request = _Request(
        thirdparty_id=thirdparty_id,
        group=group,
        tier=tier_id,
        until=until,
        reason=reason.strip(),
        who=who,
        key=request_key,
    )
    return _carried_out(loyalty, request)


def withdraw_tier(
    loyalty: Loyalty, thirdparty_id: int, group_id: str, *, reason: str, who: str, request_key: str
) -> Acted:
    """Take back a tier that was set by hand: from now on points alone decide. Same key, same act.

    Raises InputError (no reason, nothing is set), UnknownMember, KeyReused.
    """
    request = _Request(
        thirdparty_id=thirdparty_id,
        group=group_of(loyalty, group_id),
        tier="",
        until=None,
        reason=reason.strip(),
        who=who,
        key=request_key,
    )
    return _carried_out(loyalty, request)


def group_of(loyalty: Loyalty, group_id: str) -> TierGroup:
    """The tier group of this id. Raises InputError."""
    groups = loyalty.program.tier_groups
    found = next((group for group in groups if group.id == group_id), None)
    if found is None:
        raise InputError(
            f"There is no tier group {group_id!r}. "
            f"The program has: {', '.join(group.id for group in groups) or 'none'}."
        )
    return found


def _carried_out(loyalty: Loyalty, request: _Request) -> Acted:
    if not request.reason:
        raise InputError("A tier set by hand needs a reason: it is kept and can be read.")
    if len(request.reason) > LONGEST_REASON:
        raise InputError(f"A reason has at most {LONGEST_REASON} signs.")
    if len(request.key) > LONGEST_NAME or len(request.who) > LONGEST_NAME:
        raise InputError(f"A request key and a name have at most {LONGEST_NAME} signs.")
    return loyalty.database.decide(lambda tx: _decided(tx, loyalty, request))


def _decided(tx: Tx, loyalty: Loyalty, request: _Request) -> Acted:
    act = _act(tx, loyalty, request)
    bring_up_to_date(tx, loyalty, [request.thirdparty_id])
    states = tiers.states_of(tx, [request.thirdparty_id])[request.thirdparty_id]
    return Acted(act=act, tier=states[request.group.id].tier)


def _act(tx: Tx, loyalty: Loyalty, request: _Request) -> ManualTier:
    member, group = request.thirdparty_id, request.group
    digest = hash_input(member, group.id, request.tier, str(request.until or ""), request.reason)
    before = tiers.act_of_key(tx, request.key)
    if before is not None:
        act, known = before
        if known != digest:
            raise KeyReused(request.key)
        return act
    customer = members.load(tx, [member]).get(member)
    if customer is None:
        raise UnknownMember(str(member))
    if not customer.is_member:
        raise InputError(
            f"{customer.member.name} is not a member of the program, so there is no tier to set."
        )
    if request.until is not None and request.until < loyalty.today():
        raise InputError(f"The end {request.until} is over already; give a day from today on, or none.")
    if not request.tier and not _is_set(tx, member, group):
        raise InputError(
            f"No tier of group {group.id!r} is set by hand for {customer.member.name}, so there is nothing to "
            "take back."
        )
    act = ManualTier(
        at=loyalty.now(),
        tier=request.tier,
        until=after(request.until, loyalty.zone) if request.until else None,
        reason=request.reason,
        who=request.who,
    )
    tiers.insert_act(tx, member, group.id, act, request_key=request.key, input_hash=digest)
    outbox.put(tx, [review_member(member)], loyalty.now())
    return act


def _is_set(tx: Tx, member: int, group: TierGroup) -> bool:
    acts = [act for name, act in tiers.manual_of(tx, [member]).get(member, []) if name == group.id]
    return bool(acts and acts[-1].tier)
