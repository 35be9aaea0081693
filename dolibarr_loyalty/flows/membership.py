"""Brings third parties in: who is a member now, who joined, left, was merged or deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dolibarr_loyalty.core.effects import mail, review_member, show_member
from dolibarr_loyalty.core.member import Member
from dolibarr_loyalty.core.membership import enrolment
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.occasions import welcome
from dolibarr_loyalty.store import inbox, members, outbox
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.members import Known


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """What a look at third parties changed; `joined` and `left` need their documents decided on again."""

    seen: int = 0
    joined: tuple[int, ...] = ()
    left: tuple[int, ...] = ()


def take_members(loyalty: Loyalty, found: Sequence[Member], *, quietly: bool = False) -> Arrivals:
    """Store third parties as they are now. `quietly` sends no welcome, as on a first backfill."""
    return loyalty.database.decide(lambda tx: _take(tx, loyalty, found, quietly))


def _take(tx: Tx, loyalty: Loyalty, found: Sequence[Member], quietly: bool) -> Arrivals:
    now = loyalty.now()
    known = members.load(tx, (member.thirdparty_id for member in found))
    joined, left, fresh, effects = [], [], [], []
    for member in {m.thirdparty_id: m for m in found}.values():
        before = known.get(member.thirdparty_id)
        after = enrolment(loyalty.program.membership, member, before.enrolment if before else None, now)
        if before and before.member == member and before.enrolment == after and before.gone_at is None:
            continue
        members.save(tx, member, after, is_new=before is None)
        is_in = after.joined_at is not None and after.left_at is None
        was_in = before is not None and before.is_member
        if is_in and not was_in:
            joined.append(member.thirdparty_id)
            effects.append(show_member(member.thirdparty_id))
            if before is None and not quietly:
                effects.append(mail("welcome", member.thirdparty_id, "once"))
            if not quietly and (before is None or before.enrolment.joined_at is None):
                fresh.append(member.thirdparty_id)
        elif was_in and not is_in:
            left.append(member.thirdparty_id)
        elif is_in and before and before.member.locale != member.locale:
            effects.append(show_member(member.thirdparty_id))
    for thirdparty_id in (*joined, *left):
        if thirdparty_id in known:  # should we be stopped before their documents are decided on again
            inbox.put(tx, f"decisions:{thirdparty_id}", now)
    if loyalty.program.needs_review:  # tiers and benefits begin with the membership, and rest with its end
        effects += [review_member(thirdparty_id) for thirdparty_id in (*joined, *left)]
    welcome(tx, loyalty, fresh)
    outbox.put(tx, effects, now)
    return Arrivals(seen=len(found), joined=tuple(joined), left=tuple(left))


def owner_of(known: Mapping[int, Known], thirdparty_id: int) -> int:
    """The member a third party's points belong to: itself, or the one it was merged into."""
    seen = {thirdparty_id}
    while (current := known.get(thirdparty_id)) is not None and current.merged_into not in (None, *seen):
        assert current.merged_into is not None  # noqa: S101
        thirdparty_id = current.merged_into
        seen.add(thirdparty_id)
    return thirdparty_id


def load_with_heirs(tx: Tx, thirdparty_ids: Sequence[int]) -> dict[int, Known]:
    """Third parties with those they were merged into, however many merges that takes."""
    known: dict[int, Known] = {}
    wanted = set(thirdparty_ids)
    while wanted:
        found = members.load(tx, wanted)
        known |= found
        heirs = {each.merged_into for each in found.values() if each.merged_into is not None}
        wanted = heirs - known.keys()
    return known
