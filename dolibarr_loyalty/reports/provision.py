"""The provision at a balance sheet date: what is owed, whether it is to be provided for, and with how much.

BFH, 29 September 2022, IV R 20/19. What Dolibarr's own documents show already is listed and left out.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from dolibarr_loyalty.core.accounts import Bookkeeping
from dolibarr_loyalty.core.breakage import ALL, WHOLE, Estimate
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.provisions import Change, Obligation, provision, treatment_of
from dolibarr_loyalty.core.sale import total
from dolibarr_loyalty.core.terms import STAMPS
from dolibarr_loyalty.reports import ageing, expectation
from dolibarr_loyalty.reports.liability import moment
from dolibarr_loyalty.reports.strands import Strand, in_order, unit_of, units, value_of
from dolibarr_loyalty.store.database import Database, Tx


@dataclass(frozen=True, kw_only=True)
class Item:
    """An obligation, the share of it that is expected to be used, and what to provide for it."""

    obligation: Obligation
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class Provision:
    """What to provide at the end of a day, and what there was at an earlier one, by currency."""

    day: date
    before_day: date | None
    items: tuple[Item, ...]
    changes: tuple[tuple[str, Change], ...]

    def total(self, currency: str) -> Decimal:
        return total(item.amount for item in self.items if item.obligation.currency == currency)


def proposal(
    database: Database, program: Program, terms: Bookkeeping, day: date, *, before: date | None = None
) -> Provision:
    """The provision at the end of `day`, and its change since the end of `before`.

    Both are computed from what was booked up to them alone, so that last year's can be computed again.
    """
    with database.reading() as tx:
        items = _items(tx, program, terms, day)
        old = _items(tx, program, terms, before) if before else ()
    currencies = sorted({item.obligation.currency for item in (*items, *old)} | {program.currency})
    changes = tuple(
        (currency, Change(before=_total(old, currency), after=_total(items, currency)))
        for currency in currencies
    )
    return Provision(day=day, before_day=before, items=items, changes=changes)


def _total(items: tuple[Item, ...], currency: str) -> Decimal:
    return total(item.amount for item in items if item.obligation.currency == currency)


def _items(tx: Tx, program: Program, terms: Bookkeeping, day: date) -> tuple[Item, ...]:
    owed = [
        *_points(tx, program, terms, day),
        *_vouchers(tx, program, terms, day),
        *_without_amount(tx, program, terms, day),
    ]
    return tuple(
        Item(
            obligation=each,
            amount=provision(each, cost_percent=terms.cost_percent, honours_expired=terms.honours_expired),
        )
        for each in owed
        if each.count
    )


def _points(tx: Tx, program: Program, terms: Bookkeeping, day: date) -> list[Obligation]:
    found = []
    for strand in units(tx, program):
        left = sum(ageing.of_points(tx, program, strand, day).values())
        is_provided = strand.group == "points"
        guess = unknown(terms)
        if is_provided and left:
            guess = expectation.of_points(tx, program, strand, day, minimum=terms.minimum)
        found.append(
            Obligation(
                key=strand.key,
                treatment="provide" if is_provided else "discount",
                count=left,
                worth=strand.worth(left),
                currency=strand.currency,
                estimate=guess,
            )
        )
    return found


def _vouchers(tx: Tx, program: Program, terms: Bookkeeping, day: date) -> list[Obligation]:
    left = {strand: sum(ends.values()) for strand, ends in ageing.of_vouchers(tx, program, day).items()}
    guesses = expectation.of_vouchers(tx, program, day, minimum=terms.minimum)
    found = []
    for strand in in_order(left):
        assert strand.way is not None  # noqa: S101
        is_stamps = strand.group == "from_stamps"
        found.append(
            Obligation(
                key=strand.key,
                treatment=treatment_of(strand.way, is_stamps=is_stamps, has_amount=True),
                count=left[strand],
                worth=strand.worth(left[strand]),
                currency=strand.currency,
                estimate=guesses.get(strand, unknown(terms)),
            )
        )
    return found


def _without_amount(tx: Tx, program: Program, terms: Bookkeeping, day: date) -> list[Obligation]:
    """Vouchers for a product or a percentage: worth the points they cost, until their use tells more."""
    found: dict[Strand, Obligation] = {}
    for row in tx.rows("vouchers_without_amount", until_at=moment(program, day)):
        unit = unit_of(program, row["reward_id"])
        is_stamps = unit.startswith(STAMPS)
        strand = Strand(
            group="from_stamps" if is_stamps else "free", way="discount", currency=row["currency"]
        )
        worth = int(row["points"] or 0) * value_of(program, unit)
        known = found.get(strand)
        if known is None:
            known = Obligation(
                key=f"{strand.group}:without_amount:{strand.currency}",
                treatment=treatment_of("discount", is_stamps=is_stamps, has_amount=False),
                count=0,
                worth=Decimal(0),
                currency=strand.currency,
                estimate=unknown(terms),
            )
        found[strand] = replace(known, count=known.count + int(row["vouchers"]), worth=known.worth + worth)
    return [found[strand] for strand in in_order(found)]


def unknown(terms: Bookkeeping) -> Estimate:
    """Where nothing was observed everything is expected to be used."""
    return Estimate(share=WHOLE, method=ALL, observations=0, minimum=terms.minimum)
