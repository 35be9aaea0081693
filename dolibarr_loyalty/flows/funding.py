"""Partners pay for points: whatever a document's funding should be now, the difference to what is booked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dolibarr_loyalty.core.funding import funding_of
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.sale import Family
from dolibarr_loyalty.core.times import period_key
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import fundings
from dolibarr_loyalty.store.bearings import digest_of
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.fundings import Funding

Sums = dict[tuple[str, str], tuple[int, int]]


@dataclass(frozen=True, kw_only=True)
class Unfunded:
    """A partner's part of a document that is not what its rows sum to, in minor units."""

    partner: str
    rule: str
    expected: int
    found: int


def fund(
    tx: Tx,
    loyalty: Loyalty,
    program: Program,
    family: Family,
    shares: Iterable[tuple[str, int]],
    key: str,
    *,
    thirdparty_id: int | None = None,
) -> None:
    """Book what partners pay for a document more or less than before; nothing where nothing changed.

    `program` is the version the document keeps, `shares` its whole points per rule, `key` the name of the
    decision. Funding so follows every refund, and a repeated call with any key books nothing.
    """
    if not program.partners:
        return
    document = family.sale.id
    booked = fundings.of_documents(tx, [document]).get(document, [])
    steps = _differences(wanted(program, family, shares), sums_of(booked))
    now = loyalty.now()
    fundings.insert(
        tx,
        [
            Funding(
                document_id=document,
                number=len(booked) + place,
                thirdparty_id=family.sale.thirdparty_id if thirdparty_id is None else thirdparty_id,
                partner=partner,
                rule_id=rule,
                points=points,
                amount_minor=cents,
                currency=program.currency,
                month=period_key(loyalty.today(), "month"),
                booked_at=now,
                program_hash=digest_of(program),
                cause_key=key[:180],
            )
            for place, ((partner, rule), (points, cents)) in enumerate(steps.items(), 1)
        ],
    )


def deviations(
    program: Program, family: Family, shares: Iterable[tuple[str, int]], booked: Sequence[Funding]
) -> tuple[Unfunded, ...]:
    """Where a document's rows do not sum to what partners should pay for it, for `verify`."""
    should, does = wanted(program, family, shares), sums_of(booked)
    return tuple(
        Unfunded(
            partner=key[0],
            rule=key[1],
            expected=should.get(key, (0, 0))[1],
            found=does.get(key, (0, 0))[1],
        )
        for key in _differences(should, does)
    )


def wanted(program: Program, family: Family, shares: Iterable[tuple[str, int]]) -> Sums:
    """Points and minor units per partner and rule that a document should have been funded with."""
    return {
        (part.partner, part.rule): (part.points, part.amount_minor)
        for part in funding_of(program, shares, family)
    }


def sums_of(booked: Iterable[Funding]) -> Sums:
    """What rows come to, per partner and rule."""
    sums: Sums = {}
    for row in booked:
        points, cents = sums.get((row.partner, row.rule_id), (0, 0))
        sums[row.partner, row.rule_id] = points + row.points, cents + row.amount_minor
    return sums


def _differences(should: Sums, does: Sums) -> Sums:
    found: Sums = {}
    for key in sorted(should.keys() | does.keys()):
        points, cents = should.get(key, (0, 0))
        had_points, had_cents = does.get(key, (0, 0))
        if (points, cents) != (had_points, had_cents):
            found[key] = points - had_points, cents - had_cents
    return found
