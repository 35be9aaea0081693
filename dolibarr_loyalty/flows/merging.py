"""Customers who were merged or deleted in Dolibarr: what they had goes along, each thing by its own terms (2.11).

A merge in Dolibarr cannot be undone there; what it carried over here can, for `UNDO_DAYS` days.
"""

from dataclasses import replace
from datetime import timedelta

from dolibarr_loyalty.core.acting import WELCOME
from dolibarr_loyalty.core.effects import Effect, review_member, show_member, tag_member
from dolibarr_loyalty.core.ledger import Booking, account_id
from dolibarr_loyalty.core.reasons import because
from dolibarr_loyalty.core.tiers import ManualTier
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.errors import InputError, UnknownMember
from dolibarr_loyalty.flows.activities import take_back
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.referrals import recheck
from dolibarr_loyalty.flows.tiers import standings_of
from dolibarr_loyalty.store import (
    activities,
    benefits,
    birthdays,
    clubs,
    donations,
    ledger,
    members,
    outbox,
    outcomes,
    pools,
    referrals,
    tiers,
)
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.members import Known

UNDO_DAYS = 30
WHO = "merge"


def take_departure(loyalty: Loyalty, thirdparty_id: int, merged_into: int | None) -> None:
    """Dolibarr has a third party no more. Merged: everything goes along to the one it was merged into.

    Deleted: the account stays as it is, so that the books remain whole; nothing is shown or sent any more.
    """

    def decision(tx: Tx) -> None:
        now = loyalty.now()
        known = members.load(tx, [thirdparty_id]).get(thirdparty_id)
        if known is None:
            return
        heir = merged_into or known.merged_into
        if known.gone_at is not None and known.merged_into == heir:
            return
        members.mark_gone(tx, thirdparty_id, now, heir)
        if heir is not None:
            _Merge(tx, loyalty, known, heir).carry_out()

    loyalty.database.decide(decision)


class _Merge:
    """One transaction that carries over all a vanished member had."""

    def __init__(self, tx: Tx, loyalty: Loyalty, gone: Known, kept: int) -> None:
        self.tx, self.loyalty, self.now = tx, loyalty, loyalty.now()
        self.gone, self.kept = gone, kept
        self.heir = members.load(tx, [kept]).get(kept)
        self.effects: list[Effect] = [show_member(kept), review_member(kept)]

    def carry_out(self) -> None:
        gone = self.gone.member.thirdparty_id
        held = self._tiers_held()
        self._move_points()
        self.tx.run("reassign_vouchers", old_id=gone, new_id=self.kept)
        self.tx.run("reassign_voucher_notes", old_id=gone, new_id=self.kept)
        for table in (outcomes, tiers, clubs, benefits, activities, donations, referrals):
            table.reassign(self.tx, gone, self.kept)
        self._leave_pool()
        self._keep_birthday()
        if self.heir is not None:
            self._keep_older_membership(self.heir)
            self._keep_objection(self.heir)
            self._keep_higher_tiers(held)
        self._reverse_second_welcome()
        if self.loyalty.program.referral is not None:
            recheck(self.tx, self.loyalty, self.kept)
        if self.tx.row("merge_of", gone_id=gone) is None:
            self.tx.run("insert_merge", gone_id=gone, kept_id=self.kept, merged_at=iso(self.now))
        outbox.put(self.tx, self.effects, self.now)

    def _move_points(self) -> None:
        """Every lot of every unit, with its own terms and the purchase it came from; debt too."""
        gone = self.gone.member.thirdparty_id
        reasons = [because("merged", **{"from": gone, "to": self.kept})]
        units = [row["unit"] for row in self.tx.rows("units_of_member", thirdparty_id=gone)]
        bookings = []
        for unit in units:
            lots = ledger.lots_of(self.tx, account_id(gone, unit))
            lapsed = [lot.cause for lot in lots if lot.lapsed]
            accounts = ledger.load(self.tx, [gone, self.kept], causes=lapsed, unit=unit)
            source, target = Booking(accounts[gone], self.now), Booking(accounts[self.kept], self.now)
            source.transfer_to(target, key=_key(gone, self.kept, accounts[gone].seq, unit), reasons=reasons)
            bookings += [source, target]
        ledger.store(self.tx, bookings)

    def _tiers_held(self) -> dict[str, str]:
        """The higher of both tiers in each group, as both stood before."""
        found: dict[str, str] = {}
        both = tiers.states_of(self.tx, [self.gone.member.thirdparty_id, self.kept])
        for group in self.loyalty.program.tier_groups:
            ranks = [tier.id for tier in group.tiers]
            held = [states[group.id].tier for states in both.values() if group.id in states]
            standing = [tier for tier in held if tier in ranks]
            if standing:
                found[group.id] = max(standing, key=ranks.index)
        return found

    def _keep_higher_tiers(self, held: dict[str, str]) -> None:
        """Nobody falls by being merged: where the points together do not carry the higher tier, it is set."""
        customers = members.load(self.tx, [self.kept])
        for standing in standings_of(self.tx, self.loyalty, customers).get(self.kept, ()):
            group, now_at = standing.group, standing.outlook.tier.id
            ranks = [tier.id for tier in group.tiers]
            higher = held.get(group.id, now_at)
            if ranks.index(higher) > ranks.index(now_at):
                tiers.insert_act(
                    self.tx,
                    self.kept,
                    group.id,
                    ManualTier(at=self.now, tier=higher, until=None, reason=WHO, who=WHO),
                    request_key=f"merge:{self.gone.member.thirdparty_id}:{self.kept}:{group.id}",
                    input_hash="",
                )

    def _keep_older_membership(self, heir: Known) -> None:
        older, own = self.gone.enrolment.joined_at, heir.enrolment.joined_at
        if older is not None and own is not None and older < own:
            enrolment = replace(heir.enrolment, joined_at=older)
            members.save(self.tx, heir.member, enrolment, is_new=False)

    def _keep_objection(self, heir: Known) -> None:
        """The stricter consent wins: who objected to reminders under one name gets none under the other."""
        tag = self.loyalty.notices.no_mail_tag
        if tag and tag in self.gone.member.tags and tag not in heir.member.tags:
            self.effects.append(tag_member(self.kept, tag))
            known = replace(heir.member, tags=heir.member.tags | {tag})
            enrolment = members.load(self.tx, [self.kept])[self.kept].enrolment
            members.save(self.tx, known, enrolment, is_new=False)

    def _keep_birthday(self) -> None:
        gone = self.gone.member.thirdparty_id
        known = birthdays.load(self.tx, [gone, self.kept])
        theirs, own = known.get(gone), known.get(self.kept)
        if theirs is not None and theirs.born is not None and (own is None or own.born is None):
            birthdays.save(self.tx, own, self.kept, theirs.born, theirs.origin, self.now)

    def _reverse_second_welcome(self) -> None:
        """Both were welcomed with points; they were one person all along."""
        if self.loyalty.program.membership.second_welcome == "keep":
            return
        keys = [(WELCOME, str(each)) for each in (self.gone.member.thirdparty_id, self.kept)]
        both = [each for each in activities.by_sources(self.tx, keys).values() if each.is_granted]
        if len(both) == len(keys):
            later = max(both, key=lambda activity: (activity.occurred_at, activity.id))
            take_back(self.tx, self.loyalty, later, reason="welcomed twice, merged since", who=WHO)

    def _leave_pool(self) -> None:
        gone = self.gone.member.thirdparty_id
        pool = pools.of_member(self.tx, gone)
        place = pool.member(gone) if pool else None
        if pool is None or place is None:
            return
        others = [each.thirdparty_id for each in pool.members if each.thirdparty_id != gone]
        head = pool.head_id if pool.head_id != gone or not others else others[0]
        pools.leave(self.tx, pool, place, at=self.now, head_id=head)


def undo_merge(loyalty: Loyalty, gone: int, to: int, *, who: str) -> int:
    """Give what a wrong merge carried over to another third party, and what is left of it; gives the points.

    For a merge of at most `UNDO_DAYS` days ago. Points that were spent meanwhile stay spent; vouchers stay with
    the customer whose credits they are in Dolibarr. Documents follow by themselves when staff gives the
    invoices to the other customer there.
    Raises InputError when there is no such merge, and UnknownMember when the other is not known.
    """
    return loyalty.database.decide(lambda tx: _undo(tx, loyalty, gone, to, who))


def _undo(tx: Tx, loyalty: Loyalty, gone: int, to: int, who: str) -> int:
    now = loyalty.now()
    row = tx.row("merge_of", gone_id=gone)
    if row is None:
        raise InputError(f"Third party {gone} was not merged into another, as far as this program knows.")
    if row["undone_at"] is not None:
        return 0
    if parse(row["merged_at"]) + timedelta(days=UNDO_DAYS) < now:
        raise InputError(
            f"Third party {gone} was merged on {row['merged_at'][:10]}; a merge can be undone for {UNDO_DAYS} days. "
            "Use `points transfer` or `points adjust` instead."
        )
    if to not in members.load(tx, [to]):
        raise UnknownMember(str(to))
    kept, moved, bookings = row["kept_id"], 0, []
    reasons = [because("unmerged", **{"from": kept, "to": to, "who": who[:80]})]
    for unit in [each["unit"] for each in tx.rows("units_of_member", thirdparty_id=kept)]:
        accounts = ledger.load(tx, [kept, to], unit=unit)
        source, target = Booking(accounts[kept], now), Booking(accounts[to], now)
        prefix = f"merge:{gone}:{kept}:"
        mine = [lot.id for lot in accounts[kept].lots if _came_by(tx, lot.id, prefix)]
        moved += source.hand_over(target, mine, key=f"unmerge:{gone}:{to}:{unit}", reasons=reasons)
        bookings += [source, target]
    ledger.store(tx, bookings)
    tx.run("undo_merge", gone_id=gone, undone_at=iso(now), restored_to=to)
    outbox.put(tx, [show_member(kept), show_member(to), review_member(kept), review_member(to)], now)
    return moved


def _came_by(tx: Tx, lot_id: str, prefix: str) -> bool:
    """A lot has the id of the entry that opened it, whose key names the merge."""
    key = tx.value("key_of_entry", id=lot_id)
    return bool(key) and str(key).startswith(prefix)


def _key(gone: int, kept: int, seq: int, unit: str) -> str:
    return f"merge:{gone}:{kept}:{seq}" if unit == "points" else f"merge:{gone}:{kept}:{seq}:{unit}"
