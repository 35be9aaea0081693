"""What each partner pays for the points of a document, to the cent; the merchant bears the rest (C4, E20).

A pure function of the document as it is now, so what is booked follows every refund.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dolibarr_loyalty.core.money import split, to_minor
from dolibarr_loyalty.core.partners import Partner
from dolibarr_loyalty.core.program import Program, Rule
from dolibarr_loyalty.core.rules import amount_of, earning_lines, matches, units_of
from dolibarr_loyalty.core.sale import ZERO, Family, Kind, Line, as_credit_note

MERCHANT = ""  # as a partner: the shop itself
PRODUCTS = ""  # as a rule: a partner's products, whatever rule gave the points
HUNDRED = Decimal(100)

Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one payer bears of a document: `points` are those it shares in, `amount_minor` is its part of them.

    `rule` is the joint promotion, or PRODUCTS for points that a partner's own products earned.
    """

    partner: str
    rule: str
    points: int
    amount_minor: int


def funding_of(program: Program, shares: Iterable[tuple[str, int]], family: Family) -> tuple[Part, ...]:
    """What partners pay for a document; `shares` are its whole redeemable points per rule.

    Of the points of a joint promotion each partner of it pays its percent. Of what is left, and of all other
    points, a partner pays its percent of those that its own products earned: a rule's points belong to the
    lines it looks at by their amounts (by their units, where it counts units), and a line that the products
    of several partners name belongs to the first of them. So no point is paid for twice.

    One point costs a partner its `point_price`, the merchant the program's point value. What a rule's points
    cost all of them together is rounded once to the cent and shared out by largest remainder.

    >>> 200 points at 1 cent, partner 30 %  ->  60 cents, and 140 for the merchant
    """
    return tuple(part for part in parts_of(program, shares, family) if part.partner != MERCHANT)


def parts_of(program: Program, shares: Iterable[tuple[str, int]], family: Family) -> tuple[Part, ...]:
    """The same with the merchant's part of each rule, so that all parts sum to the whole cost in cents."""
    if not program.partners:
        return ()
    lines = _lines(program, family)
    sums: dict[Key, tuple[int, int]] = {}
    for rule_id, points in shares:
        if points:
            for key, shared, cents in _parts_of_rule(program, rule_id, points, lines):
                before = sums.get(key, (0, 0))
                sums[key] = before[0] + shared, before[1] + cents
    return tuple(
        Part(partner=partner, rule=rule, points=points, amount_minor=cents)
        for (partner, rule), (points, cents) in sums.items()
    )


def price_of(program: Program, partner: Partner) -> Decimal:
    """What one point costs a partner, in the shop's currency."""
    return partner.point_price or program.point_value


def _lines(program: Program, family: Family) -> list[Line]:
    """The lines that earn, those of credit notes negative; of a credit note on its own, its lines alone."""
    sale = as_credit_note(family.sale) if family.sale.kind is Kind.CREDIT_NOTE else family.sale
    lines, _ = earning_lines(program, sale.lines)
    for note in family.standing_credit_notes:
        lines += earning_lines(program, note.lines)[0]
    return lines


def _parts_of_rule(
    program: Program, rule_id: str, points: int, lines: Sequence[Line]
) -> Iterator[tuple[Key, int, int]]:
    """Per payer the points of one rule it shares in, and its cents."""
    rule = next((each for each in program.rules if each.id == rule_id), None)
    known = {partner.id: partner for partner in program.partners}
    shared: dict[Key, int] = {}
    costs: dict[Key, Decimal] = {}
    left = HUNDRED
    for share in rule.funding if rule else ():
        percent = min(share.percent, left)
        if share.partner in known and percent > 0:
            key, price = (share.partner, rule_id), price_of(program, known[share.partner])
            shared[key] = points
            costs[key] = costs.get(key, ZERO) + points * percent / HUNDRED * price
            left -= percent
    own = points * left / HUNDRED
    for partner, earned in _on_products(program, rule, points, lines):
        paid_for = earned * left / HUNDRED * min(partner.percent, HUNDRED) / HUNDRED
        if paid_for:
            key = (partner.id, PRODUCTS)
            shared[key], costs[key] = earned, paid_for * price_of(program, partner)
            own -= paid_for
    shared[MERCHANT, rule_id], costs[MERCHANT, rule_id] = points, own * program.point_value
    for key, cents in _in_cents(costs, program.currency).items():
        yield key, shared[key], cents


def _on_products(
    program: Program, rule: Rule | None, points: int, lines: Sequence[Line]
) -> list[tuple[Partner, int]]:
    """The whole points of a rule that each partner's products earned, where it pays for any."""
    partners = [each for each in program.partners if each.percent > 0 and not each.match.is_everything]
    measured: dict[str, Decimal] = {MERCHANT: ZERO, **{partner.id: ZERO for partner in partners}}
    for line in lines:
        if rule is None or matches(rule.match, line):
            owner = next((each.id for each in partners if matches(each.match, line)), MERCHANT)
            measured[owner] += _measure(program, rule, line)
    sign = -1 if points < 0 else 1
    weights = _whole([max(ZERO, sign * measure) for measure in measured.values()])
    if not any(weights):
        return []
    earned = dict(zip(measured, split(points, weights), strict=True))
    return [(partner, earned[partner.id]) for partner in partners if earned[partner.id]]


def _measure(program: Program, rule: Rule | None, line: Line) -> Decimal:
    """What decides how much of a rule's points a line earned."""
    return units_of(line) if rule is not None and rule.kind == "unit" else amount_of(program, line)


def _in_cents(costs: Mapping[Key, Decimal], currency: str) -> dict[Key, int]:
    """Exact costs of one sign in whole minor units that sum to what all of them cost, rounded once."""
    whole = to_minor(sum(costs.values(), ZERO), currency)
    if not whole:
        return dict.fromkeys(costs, 0)
    return dict(zip(costs, split(whole, _whole([abs(cost) for cost in costs.values()])), strict=True))


def _whole(numbers: Sequence[Decimal]) -> list[int]:
    """Numbers in the same proportions without decimals."""
    places = max(-min(int(number.as_tuple().exponent), 0) for number in numbers)
    return [int(number.scaleb(places)) for number in numbers]
