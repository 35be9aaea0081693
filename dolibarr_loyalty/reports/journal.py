"""The journal of loyalty for the accountant's program: double entry, nothing that is booked already.

Dolibarr's own documents book credit notes, deposits, gift card lines, their use and their counter invoices. By
default the journal holds only what no document carries: the provision for points and for vouchers without a
document (or, by IFRS 15, their deferral), the income from gift cards that ended unused, differences. With
`everything` it holds each move of each voucher besides, for books that are kept without Dolibarr's documents; then
Dolibarr's entries for vouchers must not be taken over, or they stand twice.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.core.accounts import Bookkeeping, Role
from dolibarr_loyalty.core.money import exponent, from_minor, split, to_minor
from dolibarr_loyalty.core.postings import SOLD, Account, Part, Posting, is_documented, postings, without_vat
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.voucher_moves import MoveKind
from dolibarr_loyalty.core.vouchers import Accounting
from dolibarr_loyalty.reports.deferral import deferral, years
from dolibarr_loyalty.reports.provision import proposal
from dolibarr_loyalty.store.database import Database

Sides = tuple[tuple[Role, Decimal], ...]
_ROLES: Mapping[Account, Role] = {
    Account.REVENUE: "revenue",
    Account.REDUCTION: "reduction",
    Account.BREAKAGE: "breakage",
    Account.VAT: "vat",
    Account.RECEIVABLE: "receivable",
    Account.CASH: "cash",
    Account.OPENING: "opening",
    Account.DIFFERENCE: "difference",
}
# A document that splits its amount over VAT rates: its number to (rate, net, VAT) as they stand on it.
Rates = Mapping[str, tuple[Part, ...]]


@dataclass(frozen=True, kw_only=True)
class JournalEntry:
    """One entry: a day, what it is about, and its sides, debit positive; they sum to nothing.

    `document` is the number of the document behind it, else one of ours; `what` names the event for the text.
    """

    day: date
    document: str
    what: str
    about: str
    currency: str
    sides: Sides


@dataclass(frozen=True, kw_only=True)
class Journal:
    """Entries in the order of their days; `doubts` are documents whose VAT is not known here."""

    first: date
    last: date
    everything: bool
    entries: tuple[JournalEntry, ...]
    doubts: tuple[str, ...] = ()


def journal(
    database: Database,
    program: Program,
    terms: Bookkeeping,
    first: date,
    last: date,
    *,
    everything: bool = False,
    rates: Rates | None = None,
    sales: dict[date, Decimal] | None = None,
) -> Journal:
    """What loyalty brings to the books from one day to another, both included."""
    with database.reading() as tx:
        rows = tx.rows("journal_moves", from_day=first.isoformat(), until_day=last.isoformat())
    known, doubts = rates or {}, list[str]()
    entries = list(_moves(rows, known, doubts, everything=everything))
    if terms.method == "provision":
        entries += _provided(database, program, terms, first, last)
    else:
        entries += _deferred(database, program, terms, first, last, sales or {})
    entries.sort(key=lambda entry: entry.day)
    return Journal(
        first=first,
        last=last,
        everything=everything,
        entries=tuple(entries),
        doubts=tuple(dict.fromkeys(doubts)),
    )


def _moves(
    rows: Iterable[Mapping[str, Any]], rates: Rates, doubts: list[str], *, everything: bool
) -> Iterator[JournalEntry]:
    for row in rows:
        way, kind = row["accounting"], MoveKind(row["kind"])
        if not everything and is_documented(way, kind):
            continue
        amount = from_minor(int(row["amount_minor"]), row["currency"])
        parts = _parts(way, kind, amount, row, rates, doubts)
        booked = postings(way, kind, parts, money=_money(row), adds=amount > 0)
        sides = merged((_role(posting, way), posting.amount) for posting in booked)
        if sides:
            yield JournalEntry(
                day=date.fromisoformat(row["day"]),
                document=row["document"] or f"L{row['voucher_id'][-8:]}-{row['seq']}",
                what=str(kind),
                about=row["last_four"],
                currency=row["currency"],
                sides=sides,
            )


def _money(row: Mapping[str, Any]) -> Account:
    return Account.OPENING if row["source"] == "imported" else Account.CASH


def _parts(
    way: Accounting,
    kind: MoveKind,
    amount: Decimal,
    row: Mapping[str, Any],
    rates: Rates,
    doubts: list[str],
) -> tuple[Part, ...]:
    """The move by VAT rate, in the proportions of its document, cents by largest remainder."""
    has_vat = way == "credit_note" and kind not in (MoveKind.USED, MoveKind.RETURNED)
    has_vat = has_vat or (way == "discount" and kind in (MoveKind.USED, MoveKind.RETURNED))
    if not has_vat:
        return without_vat(abs(amount))
    known = rates.get(row["document"], ())
    if not known:
        doubts.append(row["document"] or row["voucher_id"])
        return without_vat(abs(amount))
    return shared(abs(amount), known, row["currency"])


def shared(amount: Decimal, known: tuple[Part, ...], currency: str) -> tuple[Part, ...]:
    """An amount in the proportions of the parts of a document."""
    weights = [to_minor(abs(part.gross), currency) for part in known]
    found = []
    for gross_minor, part in zip(split(to_minor(amount, currency), weights), known, strict=True):
        gross = from_minor(gross_minor, currency)
        vat = (gross * part.rate / (100 + part.rate)).quantize(Decimal(1).scaleb(-exponent(currency)))
        found.append(Part(rate=part.rate, net=gross - vat, vat=vat))
    return tuple(found)


def _role(posting: Posting, way: Accounting) -> Role:
    if posting.account is Account.LIABILITY:
        return "sold_cards" if way in SOLD else "vouchers"
    return _ROLES[posting.account]


def merged(sides: Iterable[tuple[Role, Decimal]]) -> Sides:
    """The sides of an entry, each account once, those that come to nothing left out."""
    sums: dict[Role, Decimal] = {}
    for role, amount in sides:
        sums[role] = sums.get(role, ZERO) + amount
    return tuple((role, amount) for role, amount in sums.items() if amount)


def _provided(
    database: Database, program: Program, terms: Bookkeeping, first: date, last: date
) -> Iterator[JournalEntry]:
    """The change of the provision from the day before the first to the last."""
    before = date.fromordinal(first.toordinal() - 1)
    told = proposal(database, program, terms, last, before=before)
    for currency, change in told.changes:
        number = f"LP-{last:%Y%m%d}" + ("" if currency == program.currency else f"-{currency}")
        entry = JournalEntry(
            day=last, document=number, what="provision", about="", currency=currency, sides=()
        )
        if change.added:
            added: Sides = (("provision_expense", change.added), ("provision", -change.added))
            yield replace(entry, sides=added)
        if change.released:
            released: Sides = (("provision", change.released), ("provision_release", -change.released))
            yield replace(entry, what="release", sides=released)


def _deferred(
    database: Database,
    program: Program,
    terms: Bookkeeping,
    first: date,
    last: date,
    sales: dict[date, Decimal],
) -> Iterator[JournalEntry]:
    """What the sales of the financial years in the span put aside for points, and what became revenue."""
    begins = years(first, last, terms.year_begins)[0][0]
    for year in deferral(database, program, terms, begins, last, sales=sales):
        rolled = year.rolled
        for what, amount in (("deferred", rolled.deferred), ("recognised", -rolled.revenue)):
            if amount:
                yield JournalEntry(
                    day=year.last,
                    document=f"LD-{year.last:%Y%m%d}",
                    what=what,
                    about="",
                    currency=program.currency,
                    sides=(("revenue", amount), ("contract_liability", -amount)),
                )
