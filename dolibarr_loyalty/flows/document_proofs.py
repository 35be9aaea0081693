"""Proves what documents hold: in every unit, of every budget, and what partners pay for it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dolibarr_loyalty.core.effects import review_member
from dolibarr_loyalty.core.ledger import account_parts
from dolibarr_loyalty.core.sale import Family
from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.flows import funding
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.tiers import standings_of
from dolibarr_loyalty.store import bearings, documents, fundings, members, outbox, outcomes, tiers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.outcomes import Outcome


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """One place where the books do not agree: what, where, what was expected and what was found."""

    what: str
    where: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} should be {self.expected}, it is {self.found}"


def off(what: str, where: str, expected: object, found: object) -> Deviation:
    """A deviation of one value."""
    return Deviation(what=what, where=where, expected=str(expected), found=str(found))


def differences(where: str, *compared: tuple[str, object, object]) -> list[Deviation]:
    """A deviation for each pair that differs."""
    return [off(what, where, expected, found) for what, expected, found in compared if expected != found]


def verify_documents(loyalty: Loyalty, deviations: list[Deviation]) -> int:
    """What each document holds in every unit must be what its entries add up to."""
    seen = last = 0
    while True:
        with loyalty.database.reading() as tx:
            rows = tx.rows("granted_page", last_id=last, limit=500)
            ids = [row["id"] for row in rows]
            sums = tx.rows("granted_by_cause", cause_kind="invoice", cause_ids=[str(each) for each in ids])
            held = outcomes.load(tx, ids)
            deviations += _fundings(tx, loyalty, ids, held)
        if not rows:
            return seen
        booked: dict[int, Counter[str]] = {}
        for found in sums:
            _, unit = account_parts(found["account_id"])
            booked.setdefault(int(found["cause_id"]), Counter())[unit] += int(found["points"])
        for row in rows:
            entries, outcome = booked.get(row["id"], Counter()), held.get(row["id"])
            wanted = {POINTS: row["granted"], **(outcome.grants if outcome else {})}
            for unit in sorted({*wanted, *entries}):
                what = f"{unit} held, from its entries"
                deviations += differences(f"invoice {row['ref']}", (what, entries[unit], wanted.get(unit, 0)))
            if outcome is not None and outcome.shares:
                shared = sum(outcome.shares.values())
                deviations += differences(
                    f"invoice {row['ref']}", ("points, shared over rules", row["granted"], shared)
                )
        seen, last = seen + len(rows), rows[-1]["id"]


def verify_budgets(loyalty: Loyalty, deviations: list[Deviation]) -> None:
    """What is used of each promotion's budget must be what the documents hold of it."""
    rules = [rule for rule in loyalty.program.rules if rule.budget is not None]
    if not rules:
        return
    used: Counter[str] = Counter()
    last = 0
    while True:
        with loyalty.database.reading() as tx:
            page = outcomes.page(tx, last, 500)
        if not page:
            break
        for outcome in page:
            used.update({rule: max(0, points) for rule, points in outcome.funded.items()})
        last = page[-1].past.document_id
    with loyalty.database.reading() as tx:
        for rule in rules:
            found = bearings.budget_used(tx, f"rule:{rule.id}")
            deviations += differences(f"promotion {rule.id}", ("budget used", used[rule.id], found))


def _fundings(tx: Tx, loyalty: Loyalty, ids: Sequence[int], held: Mapping[int, Outcome]) -> list[Deviation]:
    """What partners were booked to pay for documents must be what their program version says."""
    booked = fundings.of_documents(tx, ids)
    if not booked and not loyalty.program.partners:
        return []
    found = []
    for root, family in documents.families(tx, ids).items():
        invoice = next((each for each in family if each.sale.id == root), None)
        if invoice is None or root not in held:
            continue
        notes = tuple(each.sale for each in family if each.sale.id != root and not each.sale.is_ours)
        whole = Family(sale=invoice.sale, credit_notes=notes)
        program = bearings.program_of(tx, invoice.program_hash)
        shares = sorted(held[root].funded.items())
        for each in funding.deviations(program, whole, shares, booked.get(root, ())):
            what = f"minor units that partner {each.partner} pays by {each.rule}"
            found.append(off(what, f"invoice {invoice.sale.ref}", each.expected, each.found))
    return found


def verify_tiers(loyalty: Loyalty) -> list[Deviation]:
    """The record of every member's tiers must be what their qualifying points come to, as far as it was looked at.

    A member whose review is still in the outbox is not behind: the record follows by itself.
    """
    found: list[Deviation] = []
    last = 0
    while loyalty.program.tier_groups:
        with loyalty.database.reading() as tx:
            page = members.page(tx, last, 200)
            customers = {customer.member.thirdparty_id: customer for customer in page}
            waiting = outbox.by_keys(tx, [review_member(member).key for member in customers])
            standings, states = standings_of(tx, loyalty, customers), tiers.states_of(tx, customers)
        if not page:
            break
        last = page[-1].member.thirdparty_id
        for member, mine in standings.items():
            row = waiting.get(review_member(member).key)
            for standing in mine:
                state = states.get(member, {}).get(standing.group.id)
                is_due = state is not None and state.next_at is not None and state.next_at <= loyalty.now()
                if state is None or is_due or (row is not None and row.status != "done"):
                    continue
                what = f"tier in {standing.group.id}, from the qualifying points"
                found += differences(f"member {member}", (what, standing.outlook.tier.id, state.tier))
    return found
