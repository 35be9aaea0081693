"""Documents in, points out: reads documents, decides what each is entitled to now, commits the difference.

Any document may come any number of times, in any order, alone or in pages: the ledger ends the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from dolibarr_loyalty.core.accrual import (
    Appraisal,
    Claim,
    Enrolment,
    Entitlement,
    appraise,
    entitle,
    lot_terms,
    needs_siblings,
    share_a_period,
)
from dolibarr_loyalty.core.effects import Effect, event, recall_vouchers, show_member
from dolibarr_loyalty.core.ledger import Booking, Cause, EntryKind, Lot, encode_reasons, hash_input
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.reasons import Reason, because
from dolibarr_loyalty.core.sale import Credit, Family, Kind, Sale, State, total
from dolibarr_loyalty.errors import Conflict
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.membership import load_with_heirs, owner_of, take_departure, take_members
from dolibarr_loyalty.flows.notices import near_reward_effects
from dolibarr_loyalty.flows.shortage import limit_of, propose_charge, spent_on
from dolibarr_loyalty.store import bearings, documents, inbox, ledger, members, outbox, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.documents import Document, fingerprint, root_of, seen_as
from dolibarr_loyalty.store.members import Known

BUDGET = "program"
ASKING = 3  # questions to Dolibarr at a time
MOST_EXCLUDED_TOLD = 100
LONGEST_FACT = 120


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


def take_in(loyalty: Loyalty, sales: Sequence[Sale], *, quietly: bool = False) -> Intake:
    """Take in documents as Dolibarr has them now. `quietly` sends no mail, as on a first backfill.

    Raises TemporaryFailure and the like of the connector when a customer or the credits used must be asked
    for; nothing is written then.
    """
    sales = list({sale.id: sale for sale in sales}.values())
    with loyalty.database.reading() as tx:
        known = documents.load(tx, (sale.id for sale in sales))
        customers = members.load(tx, (sale.thirdparty_id for sale in sales))
    fresh = [sale for sale in sales if _is_news(sale, known.get(sale.id))]
    fresh = _with_credits_asked(loyalty, fresh, known)
    fresh = [_with_credits(loyalty, sale, known.get(sale.id)) for sale in fresh]
    _fetch_customers(loyalty, fresh, customers, quietly)
    _notice_merges(loyalty, fresh, known)
    if not fresh:
        return Intake(seen=len(sales))
    intake = loyalty.database.decide(lambda tx: _Decision(tx, loyalty, quietly).on_sales(fresh))
    return replace(intake, seen=len(sales))


def take_deletions(loyalty: Loyalty, ids: Iterable[int]) -> Intake:
    """Documents that Dolibarr has no more: what they held is taken back."""
    wanted = list(ids)
    with loyalty.database.reading() as tx:
        known = documents.load(tx, wanted)
    gone = [replace(known[i].sale, state=State.DELETED) for i in wanted if i in known]
    return take_in(loyalty, gone)


def decide_again(loyalty: Loyalty, thirdparty_id: int, *, quietly: bool = False) -> Intake:
    """Decide anew on all documents of a customer who joined, left or was merged, without asking Dolibarr."""

    def decision(tx: Tx) -> Intake:
        roots = [row["id"] for row in tx.rows("roots_of_member", thirdparty_id=thirdparty_id)]
        return _Decision(tx, loyalty, quietly).on_roots(roots)

    return loyalty.database.decide(decision)


def decide_on(loyalty: Loyalty, root: int) -> Intake:
    """Decide anew on one known document with the credit notes known by now, without asking Dolibarr."""
    return loyalty.database.decide(lambda tx: _Decision(tx, loyalty, False).on_roots([root]))


def _is_news(sale: Sale, before: Document | None) -> bool:
    """The document differs from what we last saw; credits nobody asked for yet do not count."""
    if before is None:
        return True
    if sale.credits is None and _same_credits(sale, before.sale):
        sale = replace(sale, credits=before.sale.credits, voucher_paid=before.sale.voucher_paid)
    return fingerprint(sale)[1] != before.snapshot_hash


def _same_credits(sale: Sale, before: Sale) -> bool:
    return before.credits is not None and sale.paid_credits == before.paid_credits


def _with_credits_asked(loyalty: Loyalty, sales: Sequence[Sale], known: Mapping[int, Document]) -> list[Sale]:
    """The documents with the credits used on them, where only Dolibarr can tell: some asked for side by side."""
    asked = [sale for sale in sales if _must_ask(sale, known.get(sale.id))]
    if len(asked) < 2:
        return list(sales)
    with ThreadPoolExecutor(max_workers=ASKING) as askers:
        found = askers.map(lambda sale: loyalty.books.credits_used(sale.id), asked)
        credits = dict(zip((sale.id for sale in asked), found, strict=True))
    return [replace(sale, credits=credits.get(sale.id, sale.credits)) for sale in sales]


def _must_ask(sale: Sale, before: Document | None) -> bool:
    if sale.is_ours or sale.kind is Kind.CREDIT_NOTE or not sale.is_final:
        return False
    return bool(
        sale.credits is None and sale.paid_credits and not (before and _same_credits(sale, before.sale))
    )


def _with_credits(loyalty: Loyalty, sale: Sale, before: Document | None) -> Sale:
    """The document with the credits used on it; Dolibarr's lists give only their sum, so ask once per sum."""
    if sale.is_ours or sale.kind is Kind.CREDIT_NOTE or not sale.is_final:
        return sale
    if before is not None and sale.credits is None and _same_credits(sale, before.sale):
        sale = replace(sale, credits=before.sale.credits)
    elif sale.credits is None:
        sale = replace(sale, credits=loyalty.books.credits_used(sale.id) if sale.paid_credits else ())
    if not sale.credits and all(line.credit is None for line in sale.lines):
        return sale
    with loyalty.database.reading() as tx:
        return replace(sale, voucher_paid=_voucher_paid(tx, loyalty, sale))


def _voucher_paid(tx: Tx, loyalty: Loyalty, sale: Sale) -> Decimal:
    """How much of a document was paid with vouchers of this program, as payment or as a line."""
    used = [credit for credit in sale.credits or () if credit.credit is Credit.CREDIT_NOTE]
    ours = vouchers.by_note_refs(tx, (credit.ref for credit in used))
    paid = total(credit.amount for credit in used if credit.ref in ours)
    lines = [line for line in sale.lines if line.credit is Credit.CREDIT_NOTE]
    if lines:
        notes = {row.id: row.credit_note_id for row in loyalty.books.credits(sale.thirdparty_id)}
        found = tx.rows("vouchers_by_notes", credit_note_ids=sorted({n for n in notes.values() if n}))
        mine = {row["credit_note_id"] for row in found}
        paid += -total(line.gross for line in lines if notes.get(line.credit_id or 0) in mine)
    return paid


def _fetch_customers(
    loyalty: Loyalty, sales: Sequence[Sale], customers: dict[int, Known], quietly: bool
) -> None:
    """Customers a document names and nobody has seen yet."""
    missing = sorted({sale.thirdparty_id for sale in sales if sale.thirdparty_id} - customers.keys())
    found = [member for i in missing if (member := loyalty.books.member(i)) is not None]
    if found:
        take_members(loyalty, found, quietly=quietly)


def _notice_merges(loyalty: Loyalty, sales: Sequence[Sale], known: Mapping[int, Document]) -> None:
    """Documents with another customer than before: if Dolibarr has the old one no more, the two were merged.

    Noticed before the documents are decided on, so that points move with their own terms, and debt and
    vouchers with them, instead of being taken from one account and granted anew to the other.
    """
    moved = {
        known[sale.id].sale.thirdparty_id: sale.thirdparty_id
        for sale in sales
        if sale.id in known and known[sale.id].sale.thirdparty_id != sale.thirdparty_id
    }
    for old, new in sorted(moved.items()):
        if loyalty.books.member(old) is None:
            take_departure(loyalty, old, new)


@dataclass
class _Decision:
    """One transaction over some documents: everything is read first, decided in memory, written last."""

    tx: Tx
    loyalty: Loyalty
    quietly: bool
    now: datetime = field(init=False)
    known: dict[int, Document] = field(default_factory=dict)
    customers: dict[int, Known] = field(default_factory=dict)
    bookings: dict[int, Booking] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    new: set[int] = field(default_factory=set)
    before: dict[int, Document] = field(default_factory=dict)
    heads: dict[int, int] = field(default_factory=dict)
    points: int = 0

    def __post_init__(self) -> None:
        self.now = self.loyalty.now()

    def on_sales(self, sales: Sequence[Sale]) -> Intake:
        """Decide on documents as they are now, and on the invoices whose credit notes they are."""
        digest = bearings.keep_program(self.tx, self.loyalty.program, self.now)
        self._note_heads(sale.thirdparty_id for sale in sales)
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
        self._load_families(roots)
        return self._settle(roots, len(sales))

    def on_roots(self, roots: Sequence[int]) -> Intake:
        """Decide again on documents that are known, whatever they were decided before."""
        self._load_families(set(roots))
        return self._settle(set(roots), 0)

    def _note_heads(self, thirdparty_ids: Iterable[int]) -> None:
        """Where accounts stand before any document is read: bookings must not be made on a later head."""
        for member, account in ledger.load(self.tx, thirdparty_ids).items():
            self.heads[member] = account.seq

    def _doubt(self, sale: Sale, before: Sale) -> None:
        """What looks older than what is known (two answers overtook each other) is asked for once more."""
        if sale.modified_at and before.modified_at and sale.modified_at < before.modified_at:
            inbox.put(self.tx, f"invoice:{sale.id}", self.now)

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

    def _load_families(self, roots: set[int]) -> None:
        for family in documents.families(self.tx, roots).values():
            for document in family:
                self.before.setdefault(document.sale.id, document)
                self.known.setdefault(document.sale.id, document)
        for root in roots - self.known.keys():  # its credit note came first; both at once see neither
            inbox.put(self.tx, f"decision:{root}", self.now)
        self._load_customers()

    def _load_customers(self) -> None:
        seen = (*self.known.values(), *self.before.values())
        concerned = {document.sale.thirdparty_id for document in seen}
        holders = {d.granted_to for d in seen if d.granted_to is not None}
        self.customers = load_with_heirs(self.tx, sorted(concerned | holders))

    def _load_siblings(self, roots: set[int]) -> set[int]:
        """Where caps span several documents: the member's other documents in the same periods."""
        programs = {self.known[root].program_hash for root in roots if root in self.known}
        if not any(needs_siblings(self._program(digest)) for digest in programs):
            return set()
        buyers = {self.known[root].sale.thirdparty_id for root in roots if root in self.known}
        buyers |= {self.before[root].sale.thirdparty_id for root in roots if root in self.before}
        found = {d.sale.id for d in documents.of_members(self.tx, buyers) if self._keep(d)}
        self._load_customers()
        return found - roots

    def _keep(self, document: Document) -> bool:
        self.before.setdefault(document.sale.id, document)
        self.known.setdefault(document.sale.id, document)
        return True

    def _program(self, digest: str) -> Program:
        return bearings.program_of(self.tx, digest)

    def _open_bookings(self, roots: Iterable[int]) -> None:
        holders: set[int] = set()
        causes = []
        for root in roots:
            document = self.known.get(root)
            if document is None:
                continue
            holders.add(self._owner(document.sale.thirdparty_id))
            if document.granted_to is not None:
                holders.add(self._owner(document.granted_to))
            if document.granted:
                causes.append(_cause(document))
        accounts = ledger.load(self.tx, holders, causes=causes)
        for member, account in accounts.items():
            if self.heads.get(member, account.seq) != account.seq:
                raise Conflict(f"account {account.id} was moved by another writer")
        self.bookings = {member: Booking(account, self.now) for member, account in accounts.items()}

    def _owner(self, thirdparty_id: int) -> int:
        return owner_of(self.customers, thirdparty_id)

    # deciding --------------------------------------------------------------------------------------

    def _settle(self, roots: set[int], seen: int) -> Intake:
        siblings = self._load_siblings(roots)
        self._open_bookings(roots | siblings)
        notes = self._notes_by_root()
        appraisals = {r: self._appraise(r, notes.get(r, ())) for r in sorted(roots) if r in self.known}
        concerned = self._with_siblings(appraisals, siblings)
        entitlements = self._entitlements(concerned)
        for root in sorted(entitlements, key=lambda root: self._turn(root, entitlements[root])):
            self._post(self.known[root], appraisals.get(root), concerned[root], entitlements[root])
        self._store()
        return Intake(seen=seen, changed=len(self.known), points=self.points)

    def _notes_by_root(self) -> dict[int, list[Sale]]:
        notes: dict[int, list[Sale]] = {}
        for document in self.known.values():
            if not document.is_root and not document.sale.is_ours:
                notes.setdefault(document.root_id, []).append(document.sale)
        return notes

    def _turn(self, root: int, entitlement: Entitlement) -> tuple[bool, int]:
        """By id; where a limit is shared, what is taken back comes first and leaves its room to the rest."""
        program = self.loyalty.program
        is_shared = program.max_balance is not None or program.program_cap is not None
        return is_shared and entitlement.points > self.known[root].granted, root

    def _appraise(self, root: int, notes: Sequence[Sale]) -> Appraisal:
        document = self.known[root]
        if (
            document.root_id != root
        ):  # a credit note that found its invoice: decided there, nothing of its own
            empty = Claim(
                document_id=root, issued_on=document.sale.issued_on, occurred_at=document.sale.occurred_at
            )
            return Appraisal(claim=empty, reasons=())
        family = Family(sale=document.sale, credit_notes=tuple(notes))
        return appraise(self._program(document.program_hash), family, self._enrolment(document.sale))

    def _enrolment(self, sale: Sale) -> Enrolment:
        customer = self.customers.get(self._owner(sale.thirdparty_id))
        return customer.enrolment if customer else Enrolment(joined_at=None)

    def _with_siblings(self, appraisals: dict[int, Appraisal], siblings: set[int]) -> dict[int, Claim]:
        claims = {root: appraisal.claim for root, appraisal in appraisals.items()}
        spots = [(self._owner(self.known[root].sale.thirdparty_id), claims[root]) for root in claims]
        for root in claims:  # where a document was before, it has left room
            before = self.before.get(root)
            if before is not None and before.claim is not None:
                spots.append((self._owner(before.sale.thirdparty_id), before.claim))
        for sibling in siblings:
            document = self.known[sibling]
            claim, program = document.claim, self._program(document.program_hash)
            if claim is None or document.root_id != sibling:
                continue
            owner = self._owner(document.sale.thirdparty_id)
            if any(who == owner and share_a_period(program, claim, other) for who, other in spots):
                claims[sibling] = claim
        return claims

    def _entitlements(self, claims: dict[int, Claim]) -> dict[int, Entitlement]:
        by_owner: dict[int, list[tuple[Program, Claim]]] = {}
        for root, claim in claims.items():
            document = self.known[root]
            owner = self._owner(document.sale.thirdparty_id)
            by_owner.setdefault(owner, []).append((self._program(document.program_hash), claim))
        found: dict[int, Entitlement] = {}
        for pairs in by_owner.values():
            found |= entitle(pairs)
        return found

    def _post(
        self, document: Document, appraisal: Appraisal | None, claim: Claim, entitlement: Entitlement
    ) -> None:
        """Book the difference between what a document is entitled to and what it holds.

        Every decision counts up the document's generation, so two workers who see different credit notes of
        one invoice collide on it even where neither has points to book.
        """
        if appraisal:
            document = replace(document, generation=document.generation + 1)
        owner = self._owner(document.sale.thirdparty_id)
        if document.granted and document.granted_to not in (None, owner):
            document = self._move_away(document, owner)
        why = appraisal.reasons if appraisal else ()
        difference = entitlement.points - document.granted
        reasons = _storable([*why, *entitlement.reasons])
        if difference:
            if document.granted:
                reasons.append(because("before", held=document.granted))
            document = replace(document, generation=document.generation + 1)
            self._book(document, owner, difference, reasons)
        self.known[document.sale.id] = replace(
            document,
            granted=entitlement.points,
            granted_to=owner if entitlement.points else None,
            claim=claim,
            reasons=encode_reasons(reasons) if appraisal else document.reasons,
        )

    def _move_away(self, document: Document, owner: int) -> Document:
        """The invoice now names another customer: the first one's points go, unless a merge moved them."""
        assert document.granted_to is not None  # noqa: S101
        holder = self._owner(document.granted_to)
        if holder == owner:
            return replace(document, granted_to=owner)
        document = replace(document, generation=document.generation + 1)
        self._book(document, holder, -document.granted, [because("not_a_member")])
        return replace(document, granted=0, granted_to=None)

    def _book(self, document: Document, member: int, difference: int, reasons: list[Reason]) -> None:
        booking = self.bookings[member]
        key = _key(document, document.generation)
        digest = hash_input(document.sale.id, document.program_hash, document.snapshot_hash, difference)
        program = self._program(document.program_hash)
        self.points += difference
        self.effects.append(show_member(member))
        if difference > 0:
            terms = lot_terms(program, document.sale, self.now)
            lot = booking.accrue(
                difference,
                cause=_cause(document),
                key=key,
                occurred_at=document.sale.occurred_at,
                available_at=terms.available_at,
                expires_at=terms.expires_at,
                reasons=[*reasons, *terms.reasons],
                input_hash=digest,
            )
            self._limit(program, booking, lot, document, key)
        else:
            self._take_back(program, booking, document, -difference, key, reasons, digest)
        self._announce(document, member, difference)

    def _take_back(
        self,
        program: Program,
        booking: Booking,
        document: Document,
        points: int,
        key: str,
        reasons: list[Reason],
        digest: str,
    ) -> None:
        member = booking.account.thirdparty_id
        recalls = program.recall_vouchers and bool(spent_on(self.tx, member, _cause(document)))
        missing = booking.take_back(
            points,
            cause=_cause(document),
            key=key,
            reasons=reasons,
            input_hash=digest,
            debt_limit=None if recalls else limit_of(program),
        )
        if program.program_cap is not None:
            self._free_budget(document, points)
        if missing and recalls:
            self.effects.append(recall_vouchers(member, document.sale.id, key))
        elif missing and program.on_shortage == "invoice":
            self.effects.append(propose_charge(program, member, document.sale.id, key, missing))

    def _limit(self, program: Program, booking: Booking, lot: Lot, document: Document, key: str) -> None:
        """Limits that depend on what others hold: they are granted and forfeited, so the cut is on record."""
        if program.program_cap is not None:
            cut = self._over_budget(lot.points, program.program_cap)
            if cut:
                reason = because("program_budget", limit=program.program_cap, cut=cut)
                self._forfeit(booking, lot, cut, document, f"{key}:budget", reason)
        if program.max_balance is not None and booking.balance > program.max_balance:
            cut = booking.balance - program.max_balance
            reason = because("max_balance", limit=program.max_balance, cut=min(cut, lot.remaining))
            self._forfeit(booking, lot, cut, document, f"{key}:max", reason)

    def _over_budget(self, points: int, most: int) -> int:
        if bearings.use_budget(self.tx, BUDGET, points, most):
            return 0
        left = max(0, most - bearings.budget_used(self.tx, BUDGET))
        if left:
            bearings.use_budget(self.tx, BUDGET, left, most)
        return points - left

    def _free_budget(self, document: Document, points: int) -> None:
        """Give points taken back to the budget again, but for those that never came out of it.

        What the budget had cut off is the first that a refund takes.
        """
        granted = cut = 0
        for generation in range(1, document.generation):
            key = _key(document, generation)
            entry = ledger.entry_of_key(self.tx, key)
            over = ledger.entry_of_key(self.tx, f"{key}:budget")
            granted += entry.points if entry and entry.kind is EntryKind.ACCRUAL else 0
            cut -= over.points if over else 0
        used = min(document.granted, granted - cut)
        left = min(document.granted - points, granted - cut)
        bearings.use_budget(self.tx, BUDGET, left - used, 2**62)

    def _forfeit(
        self, booking: Booking, lot: Lot, cut: int, document: Document, key: str, reason: Reason
    ) -> None:
        booking.lapse(
            lot.id,
            points=cut,
            kind=EntryKind.FORFEITURE,
            key=key,
            occurred_at=document.sale.occurred_at,
            cause=Cause("lot", lot.id),
            reasons=[reason],
        )

    def _announce(self, document: Document, member: int, difference: int) -> None:
        if self.loyalty.screens.invoice_events and not self.quietly:
            about = f"{document.sale.id}:{document.generation}"
            self.effects.append(event("earned", member, about, points=difference, sale_id=document.sale.id))

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
        ledger.store(self.tx, self.bookings.values())
        for member, booking in self.bookings.items():
            customer = self.customers.get(member)
            if booking.entries and customer is not None:
                self.effects += near_reward_effects(
                    self.tx, self.loyalty, customer, booking.result, quietly=self.quietly
                )
        outbox.put(self.tx, self.effects, self.now)


def _cause(document: Document) -> Cause:
    return Cause("invoice", str(document.sale.id))


def _key(document: Document, generation: int) -> str:
    return f"invoice:{document.sale.id}:{generation}"


def _storable(reasons: Sequence[Reason]) -> list[Reason]:
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
