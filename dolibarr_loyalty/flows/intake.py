"""Documents in, points out: reads documents, decides what each is entitled to now, commits the difference.

Any document may come any number of times, in any order, alone or in pages: the ledger ends the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

from dolibarr_loyalty.core.sale import Credit, Kind, Sale, State, total
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.deciding import Decision, Intake
from dolibarr_loyalty.flows.membership import take_members
from dolibarr_loyalty.flows.merging import take_departure
from dolibarr_loyalty.store import documents, members, voucher_notes, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.documents import Document, fingerprint
from dolibarr_loyalty.store.members import Known

ASKING = 3  # questions to Dolibarr at a time


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
    intake = loyalty.database.decide(lambda tx: Decision(tx, loyalty, quietly).on_sales(fresh))
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
        return Decision(tx, loyalty, quietly).on_roots(roots)

    return loyalty.database.decide(decision)


def decide_on(loyalty: Loyalty, root: int) -> Intake:
    """Decide anew on one known document with the credit notes known by now, without asking Dolibarr."""
    return loyalty.database.decide(lambda tx: Decision(tx, loyalty, False).on_roots([root]))


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
    found = vouchers.by_note_refs(tx, (credit.ref for credit in used))
    ours = {ref for ref, voucher in found.items() if voucher.source != "sold"}  # a gift card was paid for
    paid = total(credit.amount for credit in used if credit.ref in ours)
    lines = [line for line in sale.lines if line.credit is Credit.CREDIT_NOTE]
    if lines:
        notes = {row.id: row.credit_note_id for row in loyalty.books.credits(sale.thirdparty_id)}
        mine = voucher_notes.earned(tx, (note for note in notes.values() if note))
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
