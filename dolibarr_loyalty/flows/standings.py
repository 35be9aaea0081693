"""The standing of members: which tiers, clubs and segments they were in at an instant, read once per decision."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.clubs import ClubAct, is_in, spans
from dolibarr_loyalty.core.eligibility import Standing
from dolibarr_loyalty.core.history import Past, needs_pasts, standing_at
from dolibarr_loyalty.core.ledger import EntryKind, account_id
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.sale import Sale
from dolibarr_loyalty.core.tiers import Course, ManualTier, Move, TierGroup
from dolibarr_loyalty.core.times import parse
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import clubs, members, outcomes, tiers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.members import Known


@dataclass(kw_only=True)
class History:
    """One member's past by document, and what persons and activities added to it."""

    joined_at: datetime | None
    pasts: dict[int, Past] = field(default_factory=dict)
    moves: dict[str, list[Move]] = field(default_factory=dict)
    manual: dict[str, list[ManualTier]] = field(default_factory=dict)
    acts: dict[str, list[ClubAct]] = field(default_factory=dict)
    _courses: dict[tuple[TierGroup, ZoneInfo], Course] = field(default_factory=dict)

    def moves_of(self, group: TierGroup) -> list[Move]:
        """Every move of qualifying points in a group: by documents on their own dates, and by the rest."""
        return [move for _, move in self._numbered_moves(group)]

    def _numbered_moves(self, group: TierGroup) -> list[tuple[int, Move]]:
        """The moves with their documents' numbers; what is no document's comes last of its instant."""
        found = [(_LAST, move) for move in self.moves.get(group.unit, ())]
        for past in self.pasts.values():
            found += [(past.document_id, move) for move in _moves_in(group, past)]
        return found

    def remember(self, past: Past) -> None:
        """A document of this member left this behind."""
        self._change(past.document_id, past)
        self.pasts[past.document_id] = past

    def forget(self, document_id: int) -> None:
        """A document is not this member's, or not any more."""
        if document_id in self.pasts:
            self._change(document_id, None)
            del self.pasts[document_id]

    def _change(self, document_id: int, after: Past | None) -> None:
        before = self.pasts.get(document_id)
        for (group, _), course in self._courses.items():
            gone, new = (_moves_in(group, past) if past else [] for past in (before, after))
            if gone != new:
                course.change(document_id, gone, new)

    def tiers_before(
        self, program: Program, at: datetime, zone: ZoneInfo, *, before_id: int = 0
    ) -> frozenset[str]:
        """The tiers held at an instant, one of each group, as the document `before_id` finds them."""
        if self.joined_at is None:
            return frozenset()
        held = set()
        for group in program.tier_groups:
            if (group, zone) not in self._courses:
                self._courses[group, zone] = Course(
                    group,
                    self._numbered_moves(group),
                    joined_at=self.joined_at,
                    zone=zone,
                    manual=self.manual.get(group.id, ()),
                )
            held.add(self._courses[group, zone].tier_at(at, before=before_id))
        return frozenset(held)

    def clubs_at(
        self, program: Program, at: datetime, zone: ZoneInfo, *, without: int | None
    ) -> frozenset[str]:
        """The clubs a member was in at an instant; the document that is judged opens none for itself."""
        found = set()
        for club in program.clubs:
            bought = [
                (when, units)
                for past in self.pasts.values()
                if past.document_id != without
                for name, when, units in past.clubs
                if name == club.id
            ]
            if is_in(spans(club, bought, acts=self.acts.get(club.id, ()), zone=zone), at):
                found.add(club.id)
        return frozenset(found)


_LAST = 2**62


def _moves_in(group: TierGroup, past: Past) -> list[Move]:
    return [
        Move(at=at, points=points, is_return=points < 0)
        for name, at, points in past.qualifying
        if name == group.id
    ]


def histories(tx: Tx, programs: Collection[Program], customers: Mapping[int, Known]) -> dict[int, History]:
    """The histories of these members; only what these programs can ask for is read."""
    found = {
        member: History(joined_at=customer.enrolment.joined_at) for member, customer in customers.items()
    }
    if not found or not any(needs_pasts(program) for program in programs):
        return found
    for member, pasts in outcomes.pasts_of(tx, found).items():
        found[member].pasts = {past.document_id: past for past in pasts}
    groups = {group.unit for program in programs for group in program.tier_groups}
    if groups:
        for member, given in tiers.manual_of(tx, found).items():
            for group, manual in given:
                found[member].manual.setdefault(group, []).append(manual)
        _read_other_moves(tx, groups, found)
    if any(program.clubs for program in programs):
        for member, acts in clubs.acts_of(tx, found).items():
            for club, act in acts:
                found[member].acts.setdefault(club, []).append(act)
    return found


def _read_other_moves(tx: Tx, units: Iterable[str], found: Mapping[int, History]) -> None:
    """Moves by activities, hands and imports, also those of members who were merged into these.

    What a merge carried over is not counted by its transfer but by where it came from, on its own date: by
    documents, which belong to the heir by now, and by the entries of the account it came from.
    """
    ids = {account_id(member, unit): (member, unit) for member in found for unit in units}
    known = dict(ids)
    while ids:
        rows = tx.rows("other_qualifying_entries", account_ids=sorted(ids))
        merged: dict[str, tuple[int, str]] = {}
        for row in rows:
            member, unit = ids[row["account_id"]]
            if row["kind"] == EntryKind.TRANSFER:
                if row["points"] > 0:
                    merged[account_id(int(row["cause_id"]), unit)] = member, unit
                continue
            move = Move(at=parse(row["occurred_at"]), points=row["points"], is_return=row["points"] < 0)
            found[member].moves.setdefault(unit, []).append(move)
        ids = {name: owner for name, owner in merged.items() if name not in known}
        known |= ids


def judged_with(program: Program, history: History, sale: Sale, facts: Standing) -> Standing:
    """The standing a document is judged with: the member's history before it, and the facts it was first seen with."""
    at, zone = sale.occurred_at, ZoneInfo(program.zone)
    return standing_at(
        program,
        list(history.pasts.values()),
        at,
        before_id=sale.id,
        tags=facts.tags,
        country=facts.country,
        is_company=facts.is_company,
        tiers=history.tiers_before(program, at, zone, before_id=sale.id),
        clubs=history.clubs_at(program, at, zone, without=sale.id),
    )


def facts_of(customer: Known | None) -> Standing:
    """What Dolibarr says of a customer now, for a document that is seen for the first time."""
    if customer is None:
        return Standing()
    member = customer.member
    return Standing(tags=member.tags, country=member.country, is_company=member.is_company)


def standing_now(tx: Tx, loyalty: Loyalty, thirdparty_id: int) -> Standing:
    """The standing of a member now, for rewards and activities."""
    program, now = loyalty.program, loyalty.now()
    customers = members.load(tx, [thirdparty_id])
    facts = facts_of(customers.get(thirdparty_id))
    history = histories(tx, [program], customers).get(thirdparty_id)
    if history is None:
        return facts
    return standing_at(
        program,
        list(history.pasts.values()),
        now,
        before_id=2**62,
        tags=facts.tags,
        country=facts.country,
        is_company=facts.is_company,
        tiers=history.tiers_before(program, now, loyalty.zone),
        clubs=history.clubs_at(program, now, loyalty.zone, without=None),
    )
