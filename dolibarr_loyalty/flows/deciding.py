"""One transaction over some documents: everything is read first, judged in memory, written last."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from dolibarr_loyalty.core.accrual import (
    Appraisal,
    Claim,
    Enrolment,
    Entitlement,
    appraise,
    entitle,
    needs_siblings,
    share_a_period,
)
from dolibarr_loyalty.core.eligibility import Standing
from dolibarr_loyalty.core.history import Past, needs_history
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.reasons import Reason
from dolibarr_loyalty.core.sale import Credit, Family, Sale
from dolibarr_loyalty.flows.card_notices import card_effects
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.membership import load_with_heirs, owner_of
from dolibarr_loyalty.flows.notices import near_reward_effects
from dolibarr_loyalty.flows.posting import Posting
from dolibarr_loyalty.flows.standings import History, facts_of, histories, judged_with
from dolibarr_loyalty.store import bearings, documents, inbox, outbox, outcomes, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.documents import Document, root_of, seen_as
from dolibarr_loyalty.store.members import Known
from dolibarr_loyalty.store.outcomes import Outcome


@dataclass(frozen=True, kw_only=True)
class Intake:
    """What taking in some documents did: how many were looked at, decided on, and the points booked."""

    seen: int = 0
    changed: int = 0
    points: int = 0

    def __add__(self, other: "Intake") -> "Intake":
        return Intake(
            seen=self.seen + other.seen,
            changed=self.changed + other.changed,
            points=self.points + other.points,
        )


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A document's claim, with the standing it was judged with; `reasons` None where only its caps moved."""

    claim: Claim
    past: Past
    standing: Standing
    reasons: tuple[Reason, ...] | None = None


@dataclass
class Decision:
    """Documents as they are now against what the program knows; commits the difference."""

    tx: Tx
    loyalty: Loyalty
    quietly: bool
    now: datetime = field(init=False)
    known: dict[int, Document] = field(default_factory=dict)
    before: dict[int, Document] = field(default_factory=dict)
    customers: dict[int, Known] = field(default_factory=dict)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    histories: dict[int, History] = field(default_factory=dict)
    judged: dict[int, Judged] = field(default_factory=dict)
    new: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.now = self.loyalty.now()
        self.posting = Posting(self.tx, self.loyalty, self.now, self.quietly)

    def on_sales(self, sales: Sequence[Sale]) -> Intake:
        """Decide on documents as they are now, and on the invoices whose credit notes they are."""
        digest = bearings.keep_program(self.tx, self.loyalty.program, self.now)
        self.posting.note_heads(sale.thirdparty_id for sale in sales)
        self.before = documents.load(self.tx, (sale.id for sale in sales))
        roots = {root_of(sale) for sale in sales}
        for sale in sales:
            before = self.before.get(sale.id)
            self.known[sale.id] = self._seen(sale, before, digest)
            if before is None:
                self.new.add(sale.id)
            else:
                roots.add(before.root_id)  # a credit note that was moved to another invoice
                self._doubt(sale, before.sale)
            self._notice_vouchers(sale)
        sold = card_effects(self.tx, self.loyalty, sales, self.before, quietly=self.quietly)
        outbox.put(self.tx, sold, self.now)
        self._load_families(roots)
        return self._settle(roots, len(sales))

    def on_roots(self, roots: Sequence[int]) -> Intake:
        """Decide again on documents that are known, whatever they were decided before."""
        self._load_families(set(roots))
        return self._settle(set(roots), 0)

    # reading ---------------------------------------------------------------------------------------

    def _seen(self, sale: Sale, before: Document | None, digest: str) -> Document:
        if before is None:
            before = Document(
                sale=sale,
                root_id=sale.id,
                program_hash=digest,
                first_seen_at=self.now,
                seen_at=self.now,
            )
        return seen_as(before, sale, self.now)

    def _doubt(self, sale: Sale, before: Sale) -> None:
        """What looks older than what is known (two answers overtook each other) is asked for once more."""
        if sale.modified_at and before.modified_at and sale.modified_at < before.modified_at:
            inbox.put(self.tx, f"invoice:{sale.id}", self.now)

    def _load_families(self, roots: set[int]) -> None:
        for family in documents.families(self.tx, roots).values():
            for document in family:
                self._keep(document)
        for root in roots - self.known.keys():  # its credit note came first; both at once see neither
            inbox.put(self.tx, f"decision:{root}", self.now)
        self.outcomes |= outcomes.load(self.tx, roots - self.outcomes.keys())
        self._load_customers()

    def _load_customers(self) -> None:
        seen = (*self.known.values(), *self.before.values())
        concerned = {document.sale.thirdparty_id for document in seen}
        holders = {d.granted_to for d in seen if d.granted_to is not None}
        holders |= {outcome.owner for outcome in self.outcomes.values()}
        wanted = concerned | holders
        if not wanted <= self.customers.keys():
            self.customers = load_with_heirs(self.tx, sorted(wanted))

    def _load_siblings(self, roots: set[int]) -> set[int]:
        """Where caps span several documents: the member's other documents in the same periods."""
        programs = {self.known[root].program_hash for root in roots if root in self.known}
        if not any(needs_siblings(self._program(digest)) for digest in programs):
            return set()
        buyers = {self.known[root].sale.thirdparty_id for root in roots if root in self.known}
        buyers |= {self.before[root].sale.thirdparty_id for root in roots if root in self.before}
        found = {d.sale.id for d in documents.of_members(self.tx, buyers) if self._keep(d)}
        self.outcomes |= outcomes.load(self.tx, found - self.outcomes.keys())
        self._load_customers()
        return found - roots

    def _keep(self, document: Document) -> bool:
        self.before.setdefault(document.sale.id, document)
        self.known.setdefault(document.sale.id, document)
        return True

    def _load_histories(self, roots: Iterable[int]) -> None:
        """The pasts of the members concerned, where a rule or tier of the program asks for them."""
        mine = [self.known[root] for root in roots if root in self.known]
        programs = [self._program(digest) for digest in {document.program_hash for document in mine}]
        asking = [program for program in programs if needs_history(program)]
        before = [self.before[document.sale.id] for document in mine if document.sale.id in self.before]
        owners = {self._owner(document.sale.thirdparty_id) for document in (*mine, *before)}
        customers = {owner: self.customers[owner] for owner in owners if owner in self.customers}
        if asking:
            self.histories = histories(self.tx, asking, customers)

    def _program(self, digest: str) -> Program:
        return bearings.program_of(self.tx, digest)

    def _owner(self, thirdparty_id: int) -> int:
        return owner_of(self.customers, thirdparty_id)

    # judging ---------------------------------------------------------------------------------------

    def _settle(self, roots: set[int], seen: int) -> Intake:
        self._load_histories(roots)
        self._judge(roots)
        self._judge_later_ones(roots)
        siblings = self._load_siblings(set(self.judged)) - self.judged.keys()
        self._add_siblings(siblings)
        if any(self._program(self.known[root].program_hash).partners for root in self.judged):
            # what partners pay hangs on the credit notes
            self._load_families(self.judged.keys() & siblings)
        self._post()
        self._store()
        return Intake(seen=seen, changed=len(self.known), points=self.posting.points)

    def _judge(self, roots: Iterable[int]) -> None:
        """Judge documents in the order of the purchases, each with the standing the ones before left."""
        notes = self._notes_by_root()
        mine = [self.known[root] for root in roots if root in self.known]
        for document in mine:  # what they left where they were before must not count for any of them
            for history in self.histories.values():
                history.forget(document.sale.id)
        for document in sorted(mine, key=_turn_of):
            root = document.sale.id
            standing = self._standing(document)
            appraisal = self._appraise(document, notes.get(root, ()), standing)
            self.judged[root] = Judged(
                claim=appraisal.claim, past=appraisal.past, standing=standing, reasons=appraisal.reasons
            )
            self._remember(document, appraisal.past)

    def _remember(self, document: Document, past: Past) -> None:
        history = self.histories.get(self._owner(document.sale.thirdparty_id))
        if history is not None:
            history.remember(past)

    def _judge_later_ones(self, roots: set[int]) -> None:
        """A document that came late, or changed, may change what held for those bought after it."""
        if not self.histories:
            return
        first = self._first_turns(roots)
        later = {
            identifier
            for owner, history in self.histories.items()
            for identifier, past in history.pasts.items()
            if owner in first and (past.occurred_at, identifier) > first[owner]
        }
        if not later - roots:
            return
        self._load_families(later - self.known.keys())
        for document in sorted((self.known[i] for i in later if i in self.known), key=_turn_of):
            identifier = document.sale.id
            held = self.judged.get(identifier) or self.outcomes.get(identifier)
            if held is None or self._standing(document) != held.standing:
                self._judge([identifier])

    def _first_turns(self, roots: set[int]) -> dict[int, tuple[datetime, int]]:
        """From when on each member's purchases may be affected: the earliest change, where it was or is now."""
        turns: dict[int, tuple[datetime, int]] = {}
        for root in roots:
            for document in (self.known.get(root), self.before.get(root)):
                if document is not None:
                    owner, turn = self._owner(document.sale.thirdparty_id), _turn_of(document)
                    turns[owner] = min(turn, turns.get(owner, turn))
        return turns

    def _standing(self, document: Document) -> Standing:
        """What the document is judged with: facts from when it was first seen, and the history before it."""
        owner = self._owner(document.sale.thirdparty_id)
        outcome = self.outcomes.get(document.sale.id)
        is_known = outcome is not None and self._owner(outcome.owner) == owner
        facts = outcome.standing if outcome and is_known else facts_of(self.customers.get(owner))
        program, history = self._program(document.program_hash), self.histories.get(owner)
        if history is None or not needs_history(program):
            return Standing(tags=facts.tags, country=facts.country, is_company=facts.is_company)
        return judged_with(program, history, document.sale, facts)

    def _appraise(self, document: Document, notes: Sequence[Sale], standing: Standing) -> Appraisal:
        sale = document.sale
        if not document.is_root:  # a credit note that found its invoice: decided there, nothing of its own
            empty = Claim(document_id=sale.id, issued_on=sale.issued_on, occurred_at=sale.occurred_at)
            past = Past(document_id=sale.id, occurred_at=sale.occurred_at)
            return Appraisal(claim=empty, past=past, reasons=())
        family = Family(sale=sale, credit_notes=tuple(notes))
        return appraise(self._program(document.program_hash), family, self._enrolment(sale), standing)

    def _notes_by_root(self) -> dict[int, list[Sale]]:
        notes: dict[int, list[Sale]] = {}
        for document in self.known.values():
            if not document.is_root and not document.sale.is_ours:
                notes.setdefault(document.root_id, []).append(document.sale)
        return notes

    def _enrolment(self, sale: Sale) -> Enrolment:
        customer = self.customers.get(self._owner(sale.thirdparty_id))
        return customer.enrolment if customer else Enrolment(joined_at=None)

    def _add_siblings(self, siblings: set[int]) -> None:
        """Documents that share a period of some cap with those judged: their claims as they were."""
        spots = [
            (self._owner(self.known[root].sale.thirdparty_id), judged.claim)
            for root, judged in self.judged.items()
        ]
        for root in self.judged:  # where a document was before, it has left room
            before = self.before.get(root)
            if before is not None and before.claim is not None:
                spots.append((self._owner(before.sale.thirdparty_id), before.claim))
        for sibling in siblings:
            document = self.known[sibling]
            claim, program = document.claim, self._program(document.program_hash)
            if claim is None or not document.is_root:
                continue
            owner = self._owner(document.sale.thirdparty_id)
            if any(who == owner and share_a_period(program, claim, other) for who, other in spots):
                self.judged[sibling] = self._as_it_was(document, claim)

    def _as_it_was(self, document: Document, claim: Claim) -> Judged:
        outcome = self.outcomes.get(document.sale.id)
        if outcome is not None:
            return Judged(claim=claim, past=outcome.past, standing=outcome.standing)
        past = Past(document_id=document.sale.id, occurred_at=document.sale.occurred_at)
        return Judged(claim=claim, past=past, standing=Standing())

    def _entitlements(self) -> dict[int, Entitlement]:
        by_owner: dict[int, list[tuple[Program, Claim]]] = {}
        for root, judged in self.judged.items():
            document = self.known[root]
            owner = self._owner(document.sale.thirdparty_id)
            by_owner.setdefault(owner, []).append((self._program(document.program_hash), judged.claim))
        found: dict[int, Entitlement] = {}
        for pairs in by_owner.values():
            found |= entitle(pairs)
        return found

    # posting ---------------------------------------------------------------------------------------

    def _post(self) -> None:
        mine = [self.known[root] for root in self.judged]
        holders = {self._owner(document.sale.thirdparty_id) for document in mine}
        holders |= {self._owner(d.granted_to) for d in mine if d.granted_to is not None}
        held = [self.outcomes[d.sale.id] for d in mine if d.sale.id in self.outcomes]
        holders |= {self._owner(outcome.owner) for outcome in held}
        programs = [self._program(digest) for digest in {document.program_hash for document in mine}]
        self.posting.open(holders, mine, programs, held)
        entitlements = self._entitlements()
        notes = self._notes_by_root()
        for root in sorted(entitlements, key=lambda root: self._turn(root, entitlements[root])):
            document, judged = self.known[root], self.judged[root]
            outcome = self.outcomes.get(root)
            owner = self._owner(document.sale.thirdparty_id)
            self.known[root], self.outcomes[root] = self.posting.settle(
                document,
                family=Family(sale=document.sale, credit_notes=tuple(notes.get(root, ()))),
                program=self._program(document.program_hash),
                owner=owner,
                enrolment=self._enrolment(document.sale),
                holder=self._owner(document.granted_to) if document.granted_to is not None else owner,
                held=replace(outcome, owner=self._owner(outcome.owner)) if outcome else None,
                claim=judged.claim,
                past=judged.past,
                standing=judged.standing,
                reasons=judged.reasons,
                entitlement=entitlements[root],
            )

    def _turn(self, root: int, entitlement: Entitlement) -> tuple[bool, int]:
        """By id; where a limit is shared, what is taken back comes first and leaves its room to the rest."""
        program = self.loyalty.program
        budgets = any(rule.budget is not None for rule in program.rules)
        is_shared = budgets or program.max_balance is not None or program.program_cap is not None
        return is_shared and entitlement.points > self.known[root].granted, root

    def _notice_vouchers(self, sale: Sale) -> None:
        """A voucher's credit note was used or touched: look at that voucher soon."""
        refs = [used.ref for used in sale.credits or () if used.credit is Credit.CREDIT_NOTE]
        concerned = {voucher.id for voucher in vouchers.by_note_refs(self.tx, refs).values()}
        if sale.is_ours:  # loyalty:voucher:<id>, and behind it the invoice where the voucher was made for one
            named = sale.ref_ext.split(":")[2:3]
            concerned |= {identifier for identifier in named if vouchers.by_id(self.tx, identifier)}
        for identifier in sorted(concerned):
            inbox.put(self.tx, f"voucher:{identifier}", self.now)

    # writing ---------------------------------------------------------------------------------------

    def _store(self) -> None:
        documents.insert(self.tx, [self.known[i] for i in sorted(self.new)])
        for identifier, before in self.before.items():
            after = self.known[identifier]
            if after != before:
                documents.update(self.tx, before, after)
        self.posting.store({root: self.outcomes[root] for root in self.judged})
        effects = self.posting.effects
        for member, account in self.posting.moved(self.loyalty.unit).items():
            customer = self.customers.get(member)
            if customer is not None:
                effects += near_reward_effects(self.tx, self.loyalty, customer, account, quietly=self.quietly)
        outbox.put(self.tx, effects, self.now)


def _turn_of(document: Document) -> tuple[datetime, int]:
    return document.sale.occurred_at, document.sale.id
