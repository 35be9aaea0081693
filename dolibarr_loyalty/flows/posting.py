"""Books the difference between what documents are entitled to and what they hold, in every unit.

Limits that depend on what others hold (budgets, the maximum balance) are granted and forfeited in two entries,
so that the cut is on record and a replay ends in the same place.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.accrual import Claim, Enrolment, Entitlement, LotTerms, lot_terms
from dolibarr_loyalty.core.effects import Effect, event, recall_vouchers, review_member, show_member
from dolibarr_loyalty.core.eligibility import Standing
from dolibarr_loyalty.core.history import Past
from dolibarr_loyalty.core.ledger import Account, Booking, Cause, EntryKind, Lot, encode_reasons, hash_input
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.reasons import Reason, because
from dolibarr_loyalty.core.sale import Family, Sale
from dolibarr_loyalty.core.terms import POINTS, QUALIFYING
from dolibarr_loyalty.core.tiers import qualification_period
from dolibarr_loyalty.core.times import day_of, start_of
from dolibarr_loyalty.core.wallets import ends_of, terms_of
from dolibarr_loyalty.errors import Conflict
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.funding import fund
from dolibarr_loyalty.flows.shortage import limit_of, propose_charge, spent_on
from dolibarr_loyalty.store import bearings, ledger, outcomes
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.documents import Document
from dolibarr_loyalty.store.outcomes import Outcome

BUDGET = "program"
WITHOUT_END = 2**62
MOST_EXCLUDED_TOLD = 100
LONGEST_FACT = 120


class Posting:
    """The bookings of one transaction: accounts as read, entries decided on top of them, effects wanted."""

    def __init__(self, tx: Tx, loyalty: Loyalty, now: datetime, quietly: bool) -> None:
        self.tx, self.loyalty, self.now, self.quietly = tx, loyalty, now, quietly
        self.effects: list[Effect] = []
        self.points = 0
        self._heads: dict[tuple[int, str], int] = {}
        self._bookings: dict[tuple[int, str], Booking] = {}
        self._stored: dict[int, Outcome] = {}

    def note_heads(self, thirdparty_ids: Iterable[int]) -> None:
        """Where accounts stand before any document is read: bookings must not be made on a later head."""
        found = ledger.load_units(self.tx, thirdparty_ids, self.loyalty.program.units)
        self._heads = {key: account.seq for key, account in found.items()}

    def open(
        self,
        members: Iterable[int],
        documents: Sequence[Document],
        programs: Iterable[Program],
        held: Iterable[Outcome],
    ) -> None:
        """Read the accounts these documents may move, with the lots of those that hold something."""
        held = list(held)
        self._stored = {outcome.past.document_id: outcome for outcome in held}
        units = {unit for program in programs for unit in program.units}
        units |= {unit for outcome in held for unit in outcome.grants} | {POINTS}
        holding = {d.sale.id for d in documents if d.granted} | {o.past.document_id for o in held if o.grants}
        causes = [_cause(identifier) for identifier in sorted(holding)]
        accounts = ledger.load_units(self.tx, members, units, causes=causes)
        for key, account in accounts.items():
            if self._heads.get(key, account.seq) != account.seq:
                raise Conflict(f"account {account.id} was moved by another writer")
        self._bookings = {key: Booking(account, self.now) for key, account in accounts.items()}

    def settle(
        self,
        document: Document,
        *,
        family: Family,
        program: Program,
        owner: int,
        enrolment: Enrolment,
        holder: int,
        held: Outcome | None,
        claim: Claim,
        past: Past,
        standing: Standing,
        reasons: tuple[Reason, ...] | None,
        entitlement: Entitlement,
    ) -> tuple[Document, Outcome]:
        """Book what a document is entitled to and does not hold; gives it and its outcome as they are then.

        Every decision counts up the document's generation, so two workers who see different credit notes of
        one invoice collide on it even where neither has points to book.
        """
        if reasons is not None:
            document = replace(document, generation=document.generation + 1)
        if held is not None and held.owner != owner:
            document = self._leave(document, program, held)
            held = replace(held, owner=owner, grants={}, past=replace(held.past, qualifying=()))
        if document.granted and document.granted_to is not None and document.granted_to != owner:
            document = self._move_away(document, program, holder, owner)
        others = self._others(program, held, past, entitlement, document.sale, enrolment)
        difference = entitlement.points - document.granted
        told = storable([*(reasons or ()), *entitlement.reasons])
        if difference or others:
            if document.granted:
                told.append(because("before", held=document.granted))
            document = replace(document, generation=document.generation + 1)
        key = _key(document)
        mine = about(program, POINTS, told)
        lot = self._book(document, program, owner, difference, mine, key) if difference else None
        for unit, at, points in others:
            why = about(program, unit, told)
            self._book_other(document, program, owner, enrolment, unit, at, points, why, key)
        shares, cuts = self._budgets(program, document, owner, held, entitlement, lot, key)
        outcome = Outcome(
            owner=owner,
            standing=standing,
            past=past,
            grants=_grants(past, entitlement),
            shares=shares,
            cuts=cuts,
        )
        if program.partners:
            fund(self.tx, self.loyalty, program, family, tuple(sorted(outcome.funded.items())), key=key)
        if program.needs_review and (difference or others or held is None or held.past != past):
            self.effects.append(review_member(owner))
        settled = replace(
            document,
            granted=entitlement.points,
            granted_to=owner if entitlement.points else None,
            claim=claim,
            reasons=encode_reasons(told) if reasons is not None else document.reasons,
        )
        return settled, outcome

    def store(self, settled: Mapping[int, Outcome]) -> None:
        """Append the entries decided and keep the outcomes that are new or changed."""
        ledger.store(self.tx, self._bookings.values())
        concerned = {i: o for i, o in settled.items() if self._stored.get(i) != o}
        outcomes.insert(self.tx, [o for i, o in sorted(concerned.items()) if i not in self._stored])
        outcomes.update(self.tx, [o for i, o in sorted(concerned.items()) if i in self._stored])

    def moved(self, wanted: str) -> dict[int, Account]:
        """The accounts of a unit that were moved, as they stand now."""
        return {
            member: booking.result
            for (member, unit), booking in self._bookings.items()
            if unit == wanted and booking.entries
        }

    # redeemable points ------------------------------------------------------------------------------

    def _move_away(self, document: Document, program: Program, holder: int, owner: int) -> Document:
        """The invoice now names another customer: the first one's points go, unless a merge moved them."""
        if holder == owner:
            return replace(document, granted_to=owner)
        document = replace(document, generation=document.generation + 1)
        self._book(document, program, holder, -document.granted, [because("not_a_member")], _key(document))
        return replace(document, granted=0, granted_to=None)

    def _book(
        self,
        document: Document,
        program: Program,
        member: int,
        difference: int,
        reasons: list[Reason],
        key: str,
    ) -> Lot | None:
        booking = self._bookings[member, POINTS]
        digest = hash_input(document.sale.id, document.program_hash, document.snapshot_hash, difference)
        self.points += difference
        self.effects.append(show_member(member))
        if difference > 0:
            terms = lot_terms(program, document.sale, self.now)
            lot = self._accrue(booking, difference, document.sale, key, terms, reasons, digest)
            self._limit(program, booking, lot, document.sale, key)
        else:
            lot = None
            self._take_back(program, booking, document.sale, -difference, key, reasons, digest)
            if program.program_cap is not None:
                self._free_budget(document, -difference)
        if self.loyalty.screens.invoice_events and not self.quietly:
            about = f"{document.sale.id}:{document.generation}"
            self.effects.append(event("earned", member, about, points=difference, sale_id=document.sale.id))
        return lot

    def _accrue(
        self,
        booking: Booking,
        points: int,
        sale: Sale,
        key: str,
        terms: LotTerms,
        reasons: Sequence[Reason],
        digest: str,
        occurred_at: datetime | None = None,
    ) -> Lot:
        return booking.accrue(
            points,
            cause=_cause(sale.id),
            key=key,
            occurred_at=occurred_at or sale.occurred_at,
            available_at=terms.available_at,
            expires_at=terms.expires_at,
            reasons=[*reasons, *terms.reasons],
            input_hash=digest,
        )

    def _take_back(
        self,
        program: Program,
        booking: Booking,
        sale: Sale,
        points: int,
        key: str,
        reasons: Sequence[Reason],
        digest: str,
        occurred_at: datetime | None = None,
    ) -> None:
        member = booking.account.thirdparty_id
        recalls = program.recall_vouchers and bool(spent_on(self.tx, member, _cause(sale.id)))
        missing = booking.take_back(
            points,
            cause=_cause(sale.id),
            key=key,
            reasons=reasons,
            input_hash=digest,
            debt_limit=None if recalls else limit_of(program),
            occurred_at=occurred_at,
        )
        if missing and recalls:
            self.effects.append(recall_vouchers(member, sale.id, key))
        elif missing and program.on_shortage == "invoice" and booking.account.unit == POINTS:
            self.effects.append(propose_charge(program, member, sale.id, key, missing))

    def _limit(self, program: Program, booking: Booking, lot: Lot, sale: Sale, key: str) -> None:
        """The budget of the whole program, and the maximum balance."""
        if program.program_cap is not None:
            cut = self._over_budget(BUDGET, lot.points, program.program_cap)
            if cut:
                reason = because("program_budget", limit=program.program_cap, cut=cut)
                self._forfeit(booking, lot, cut, sale, f"{key}:budget", reason)
        if program.max_balance is not None and booking.balance > program.max_balance:
            cut = booking.balance - program.max_balance
            reason = because("max_balance", limit=program.max_balance, cut=min(cut, lot.remaining))
            self._forfeit(booking, lot, cut, sale, f"{key}:max", reason)

    def _forfeit(self, booking: Booking, lot: Lot, cut: int, sale: Sale, key: str, reason: Reason) -> None:
        booking.lapse(
            lot.id,
            points=cut,
            kind=EntryKind.FORFEITURE,
            key=key,
            occurred_at=sale.occurred_at,
            cause=Cause("lot", lot.id),
            reasons=[reason],
        )

    # budgets ----------------------------------------------------------------------------------------

    def _over_budget(self, name: str, points: int, most: int, *, in_part: bool = True) -> int:
        """Take points from a budget; gives how many of them it has no room for."""
        if bearings.use_budget(self.tx, name, points, most):
            return 0
        left = max(0, most - bearings.budget_used(self.tx, name)) if in_part else 0
        if left and not bearings.use_budget(self.tx, name, left, most):
            raise Conflict(f"another writer took what was left of the budget {name}")
        return points - left

    def _free_budget(self, document: Document, points: int) -> None:
        """Give points taken back to the budget again, but for those that never came out of it.

        What the budget had cut off is the first that a refund takes.
        """
        granted = cut = 0
        for generation in range(1, document.generation):
            key = f"invoice:{document.sale.id}:{generation}"
            entry = ledger.entry_of_key(self.tx, key)
            over = ledger.entry_of_key(self.tx, f"{key}:budget")
            granted += entry.points if entry and entry.kind is EntryKind.ACCRUAL else 0
            cut -= over.points if over else 0
        used = min(document.granted, granted - cut)
        left = min(document.granted - points, granted - cut)
        bearings.use_budget(self.tx, BUDGET, left - used, WITHOUT_END)

    def _budgets(
        self,
        program: Program,
        document: Document,
        owner: int,
        held: Outcome | None,
        entitlement: Entitlement,
        lot: Lot | None,
        key: str,
    ) -> tuple[dict[str, int], dict[str, int]]:
        """Hold each rule's share against its budget; gives the shares, and per rule what its budget cut off.

        Only what a share grew by is asked for, so a replay asks for nothing; where it shrank, what had been
        cut off is the first that goes.
        """
        shares = dict(entitlement.shares)
        before = held.shares if held else {}
        cuts = dict(held.cuts) if held else {}
        for rule in program.rules:
            # a return without an invoice takes points back that came out of no budget of this document
            grown = max(0, shares.get(rule.id, 0)) - max(0, before.get(rule.id, 0))
            if rule.budget is None or not grown:
                continue
            name = f"rule:{rule.id}"
            if grown < 0:
                cut = cuts.get(rule.id, 0)
                cuts[rule.id] = max(0, cut + grown)
                bearings.use_budget(self.tx, name, grown + cut - cuts[rule.id], WITHOUT_END)
                continue
            cut = self._over_budget(name, grown, rule.budget, in_part=rule.budget_in_part)
            if cut:
                cuts[rule.id] = cuts.get(rule.id, 0) + cut
                reason = because("budget", rule=rule.id, limit=rule.budget, cut=cut)
                if lot is not None:
                    booking = self._bookings[owner, POINTS]
                    self._forfeit(booking, lot, cut, document.sale, f"{key}:budget:{rule.id}", reason)
        return shares, {rule: cut for rule, cut in cuts.items() if cut}

    # other units ------------------------------------------------------------------------------------

    def _leave(self, document: Document, program: Program, held: Outcome) -> Document:
        """The invoice now names another customer: what the first one had of it in other units goes."""
        gone: list[tuple[str, datetime | None, int]]
        gone = [(unit, None, -points) for unit, points in held.grants.items() if not _is_qualifying(unit)]
        gone += [(f"{QUALIFYING}{group}", at, -points) for group, at, points in held.past.qualifying]
        if not any(points for _, _, points in gone):
            return document
        document = replace(document, generation=document.generation + 1)
        for number, (unit, at, points) in enumerate(gone):
            if (held.owner, unit) in self._bookings and points:
                key, why = f"{_key(document)}:left:{number}", [because("not_a_member")]
                self._move(
                    document, program, held.owner, Enrolment(joined_at=None), unit, at, points, why, key
                )
        return document

    def _others(
        self,
        program: Program,
        held: Outcome | None,
        past: Past,
        entitlement: Entitlement,
        sale: Sale,
        enrolment: Enrolment,
    ) -> list[tuple[str, datetime | None, int]]:
        """What is to be booked in other units: (unit, when it arose, points); qualifying points by their dates."""
        wanted = {unit: points for unit, points in entitlement.others if not _is_qualifying(unit)}
        has = {u: p for u, p in (held.grants if held else {}).items() if not _is_qualifying(u)}
        moves: list[tuple[str, datetime | None, int]] = [
            (unit, None, wanted.get(unit, 0) - has.get(unit, 0)) for unit in sorted({*wanted, *has})
        ]
        dated: Counter[tuple[str, datetime]] = Counter()
        for group, at, points in past.qualifying:
            dated[group, at] += points
        for group, at, points in held.past.qualifying if held else ():
            dated[group, at] -= points
        # what is added comes first, so that taking back finds its own lot
        changed = sorted(dated.items(), key=lambda item: (item[1] < 0, item[0]))
        moves += [(f"{QUALIFYING}{group}", at, points) for (group, at), points in changed]
        return [move for move in moves if move[2]]

    def _book_other(
        self,
        document: Document,
        program: Program,
        owner: int,
        enrolment: Enrolment,
        unit: str,
        at: datetime | None,
        points: int,
        reasons: Sequence[Reason],
        key: str,
    ) -> None:
        if (owner, unit) not in self._bookings:
            return
        named = f"{key}:{unit}" if at is None else f"{key}:{unit}:{at:%Y%m%dT%H%M%S%f}"
        self._move(document, program, owner, enrolment, unit, at, points, reasons, named)

    def _move(
        self,
        document: Document,
        program: Program,
        member: int,
        enrolment: Enrolment,
        unit: str,
        at: datetime | None,
        points: int,
        reasons: Sequence[Reason],
        key: str,
    ) -> None:
        booking = self._bookings[member, unit]
        digest = hash_input(document.sale.id, document.program_hash, document.snapshot_hash, unit, points)
        self.effects.append(show_member(member))
        if points > 0:
            terms = self._terms(program, unit, document.sale, at, enrolment)
            self._accrue(booking, points, document.sale, key, terms, reasons, digest, at)
        else:
            self._take_back(program, booking, document.sale, -points, key, reasons, digest, at)

    def _terms(
        self, program: Program, unit: str, sale: Sale, at: datetime | None, enrolment: Enrolment
    ) -> LotTerms:
        zone = ZoneInfo(program.zone)
        if not _is_qualifying(unit):
            terms = terms_of(program, unit)
            held = timedelta(days=terms.holding_days)
            available = start_of(sale.issued_on + held, zone) if terms.holding_days else sale.occurred_at
            counted = sale.issued_on if terms.expiry.counted_from == "earned" else day_of(available, zone)
            ends = ends_of(terms.expiry, counted, zone)
            return LotTerms(available_at=available, expires_at=ends, reasons=())
        group = next((g for g in program.tier_groups if g.unit == unit), None)
        since = at or sale.occurred_at
        if group is None:
            return LotTerms(available_at=since, expires_at=None, reasons=())
        joined = enrolment.joined_at or since
        _, ends = qualification_period(group, since, joined_at=joined, zone=zone)
        return LotTerms(available_at=since, expires_at=ends, reasons=())


# Said of redeemable points unless a unit stands with them.
_OF_POINTS = frozenset({"rounded", "capped", "rule_tier", "before"})


def about(program: Program, unit: str, reasons: Iterable[Reason]) -> list[Reason]:
    """The reasons of a document that concern one unit: those of its rules, and what holds for all."""
    units = {rule.id: rule.unit for rule in program.rules}

    def concerned(reason: Reason) -> str:
        named = reason.facts.get("unit") or units.get(str(reason.facts.get("rule", "")))
        return str(named or (POINTS if reason.code in _OF_POINTS else unit))

    return [reason for reason in reasons if concerned(reason) == unit]


def storable(reasons: Sequence[Reason]) -> list[Reason]:
    """Reasons that fit a text column whatever stands on an invoice of a thousand lines with long texts."""
    kept: list[Reason] = []
    excluded = 0
    for reason in reasons:
        excluded += reason.code == "excluded"
        if reason.code != "excluded" or excluded <= MOST_EXCLUDED_TOLD:
            facts = {name: _shortened(fact) for name, fact in reason.facts.items()}
            kept.append(Reason(reason.code, facts))
    return kept


def _shortened(fact: str | int) -> str | int:
    return fact if isinstance(fact, int) or len(fact) <= LONGEST_FACT else f"{fact[: LONGEST_FACT - 1]}…"


def _grants(past: Past, entitlement: Entitlement) -> dict[str, int]:
    """Whole points per other unit; of qualifying points what their dated parts come to."""
    found = Counter({unit: points for unit, points in entitlement.others if not _is_qualifying(unit)})
    for group, _, points in past.qualifying:
        found[f"{QUALIFYING}{group}"] += points
    return {unit: points for unit, points in sorted(found.items()) if points}


def _is_qualifying(unit: str) -> bool:
    return unit.startswith(QUALIFYING)


def _cause(document_id: int) -> Cause:
    return Cause("invoice", str(document_id))


def _key(document: Document) -> str:
    return f"invoice:{document.sale.id}:{document.generation}"
