"""How much each rule and promotion gives on the lines of a document: exact, before caps and rounding.

Every unit is worked out for itself, from the rules that fill it, in a fixed order (E19):

1. base rules: 'amount' and 'unit' on each line they match, then 'visit';
2. the tier rate, on those points of the unit 'points' alone (E13);
3. promotions of kind 'amount', 'unit' and 'visit', which add and are not multiplied: a flat bonus is what it says;
4. multipliers, promotions or not, on what steps 1 and 2 gave, combined as the program says.

Within a step rules stand in the total order (priority descending, id). A rule that is not combinable gives way or
stands alone among the rules of its step, on the lines it matches; an exclusive promotion among all promotions of
its unit, on the whole document. Cumulative rules only measure here: what they give hangs on other purchases too,
so they take part in neither, and neither tier rates nor multipliers touch it. So the order in which rules are
written changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from dolibarr_loyalty.core.eligibility import Standing, unmet
from dolibarr_loyalty.core.plan import Plan, plan_of
from dolibarr_loyalty.core.program import Program, Rule
from dolibarr_loyalty.core.reasons import Reason, because
from dolibarr_loyalty.core.rules import amount_of, holds, plain, units_of
from dolibarr_loyalty.core.sale import ZERO, Line, total
from dolibarr_loyalty.core.terms import POINTS, Window

ONE = Decimal(1)
TIER = "tier:"
NOTHING_KNOWN = Standing()

_ALWAYS = Window()
_PRECISION = Decimal("0.0001")


@dataclass(frozen=True, kw_only=True)
class Worth:
    """Exact points per rule (and per tier rate, as 'tier:<id>'), what cumulative rules measure, and why."""

    by_rule: tuple[tuple[str, Decimal], ...]
    measures: tuple[tuple[str, Decimal], ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Basket:
    """Lines that the same rules match, taken together: every rule is linear in what it measures."""

    places: tuple[int, ...]
    ids: frozenset[str]
    amount: Decimal
    units: Decimal


def evaluate(
    program: Program,
    lines: Sequence[Line],
    at: datetime,
    *,
    share: Decimal,
    is_complete: bool,
    is_visit: bool = True,
    standing: Standing = NOTHING_KNOWN,
    is_rated: bool = True,
) -> Worth:
    """The exact points of the lines under the rules open at `at` for a member of this standing.

    `share` (0 to 1) scales amounts to the part that was paid and may earn; units and visits count whole, and
    only when the sale `is_complete`, visits only when it `is_visit`. Lines of credit notes are negative, their
    units too, and lower their own product's share. Without `is_rated` tier rates are left out.
    """
    evaluation = _Evaluation(program, lines, at, share, is_complete, is_visit, standing)
    return evaluation.run(is_rated)


class _Evaluation:
    def __init__(
        self,
        program: Program,
        lines: Sequence[Line],
        at: datetime,
        share: Decimal,
        is_complete: bool,
        is_visit: bool,
        standing: Standing,
    ) -> None:
        self.plan, self.multipliers, self.share, self.standing = (
            plan_of(program),
            program.multipliers,
            share,
            standing,
        )
        self.has_units = is_complete and share > 0
        self.has_visit = is_visit and self.has_units
        self.reasons: list[Reason] = []
        self.displaced: set[str] = set()
        self.by_rule: dict[str, Decimal] = {}
        self.baskets = _baskets(self.plan, program, lines)
        self.rules = self._open_rules(at)

    def run(self, is_rated: bool) -> Worth:
        for unit in self.plan.units:
            self._fill(unit, [rule for rule in self.rules if rule.unit == unit], is_rated)
        return Worth(
            by_rule=tuple(self.by_rule.items()), measures=self._measures(), reasons=tuple(self.reasons)
        )

    # which rules hold ------------------------------------------------------------------------------

    def _open_rules(self, at: datetime) -> list[Rule]:
        """The rules about some line that are open, for this member, and above their minimum."""
        local = at.astimezone(self.plan.zone)
        places = sorted({place for basket in self.baskets for place in basket.places})
        rules = [self.plan.rules[place] for place in places]
        return [
            rule
            for rule in rules
            if (rule.window == _ALWAYS or holds(rule.window, local))
            and self._is_for(rule)
            and self._reaches_minimum(rule)
        ]

    def _is_for(self, rule: Rule) -> bool:
        why = "" if rule.who.is_everybody else unmet(rule.who, self.standing)
        if why and rule.promotion:
            self.reasons.append(because("not_for", rule=rule.id, why=why))
        return not why

    def _reaches_minimum(self, rule: Rule) -> bool:
        if rule.minimum_amount is None and rule.minimum_quantity is None:
            return True
        amount, quantity = self._bought(rule), self._units(rule)
        short = rule.minimum_amount is not None and amount < rule.minimum_amount
        few = rule.minimum_quantity is not None and quantity < rule.minimum_quantity
        if short or few:
            minimum = rule.minimum_amount if short else rule.minimum_quantity
            measured = amount if short else quantity
            self.reasons.append(
                because("below_minimum", rule=rule.id, minimum=plain(minimum or ZERO), amount=plain(measured))
            )
        return not (short or few)

    def _bought(self, rule: Rule) -> Decimal:
        return total(basket.amount for basket in self.baskets if rule.id in basket.ids)

    def _units(self, rule: Rule) -> Decimal:
        return total(basket.units for basket in self.baskets if rule.id in basket.ids)

    # one unit --------------------------------------------------------------------------------------

    def _fill(self, unit: str, rules: Sequence[Rule], is_rated: bool) -> None:
        base = [rule for rule in rules if not rule.promotion]
        per_basket, visits = self._by_lines(base), self._by_visit(base)
        if unit == self.plan.main_unit and is_rated:
            factor = self._rate(total(per_basket) + visits)
            per_basket, visits = [points * factor for points in per_basket], visits * factor
        promotions = self._without_displaced([rule for rule in rules if rule.promotion], per_basket, visits)
        self._by_lines(promotions)
        self._by_visit(promotions)
        self._multiply([*base, *promotions], per_basket, visits)

    def _by_lines(self, rules: Iterable[Rule]) -> list[Decimal]:
        """What 'amount' and 'unit' rules give, per basket."""
        rules = [rule for rule in rules if rule.kind in ("amount", "unit")]
        per_basket: list[Decimal] = []
        measured: dict[str, Decimal] = {}
        gains: dict[str, Decimal] = {}
        for basket in self.baskets:
            points = ZERO
            for rule in self._standing([rule for rule in rules if rule.id in basket.ids]):
                measure, gained = self._gain(rule, basket)
                measured[rule.id] = measured.get(rule.id, ZERO) + measure
                gains[rule.id] = gains.get(rule.id, ZERO) + gained
                points += gained
            per_basket.append(points)
        for rule in rules:
            if rule.id in gains:
                self.by_rule[rule.id] = gains[rule.id]
                self._tell(rule, measured[rule.id], gains[rule.id])
        return per_basket

    def _gain(self, rule: Rule, basket: _Basket) -> tuple[Decimal, Decimal]:
        """What an 'amount' or 'unit' rule measures in a basket, and gives for it."""
        if rule.kind == "unit":
            measure = basket.units if self.has_units else ZERO
            return measure, measure * rule.points
        measure = basket.amount * self.share
        return measure, measure * rule.points / rule.per

    def _tell(self, rule: Rule, measure: Decimal, result: Decimal) -> None:
        points = plain(rule.points)
        if rule.kind == "unit":
            self._say("rule_unit", rule, quantity=plain(measure), points=points, result=plain(result))
            return
        self._say(
            "rule_amount",
            rule,
            amount=_short(measure),
            points=points,
            per=plain(rule.per),
            result=_short(result),
        )

    def _by_visit(self, rules: Iterable[Rule]) -> Decimal:
        points = ZERO
        for rule in self._standing([rule for rule in rules if self._is_visited(rule)]):
            self.by_rule[rule.id] = rule.points
            points += rule.points
            self._say("rule_visit", rule, result=plain(rule.points))
        return points

    def _is_visited(self, rule: Rule) -> bool:
        """A visit rule whose lines come to something; one that is not met must not displace the others."""
        return rule.kind == "visit" and self.has_visit and self._bought(rule) > 0

    def _rate(self, base: Decimal) -> Decimal:
        """The highest earning factor of the tiers in which the member stands; what it adds is written down."""
        rates = self.plan.rates
        held = sorted(tier for tier in self.standing.tiers if tier in rates)
        best = max(held, key=lambda tier: rates[tier], default="")
        factor = rates.get(best, ONE)
        if base and factor != 1:
            added = base * (factor - 1)
            self.by_rule[TIER + best] = added
            unit = {} if self.plan.main_unit == POINTS else {"unit": self.plan.main_unit}
            self.reasons.append(
                because("rule_tier", tier=best, factor=plain(factor), result=_short(added), **unit)
            )
        return factor

    # promotions and multipliers --------------------------------------------------------------------

    def _without_displaced(
        self, promotions: Sequence[Rule], per_basket: Sequence[Decimal], visits: Decimal
    ) -> Sequence[Rule]:
        """The promotions less those that an exclusive one keeps away, or the exclusive ones that are outranked.

        Only promotions that would give something by themselves compete; of one priority the exclusive first.
        """
        if not any(rule.exclusive for rule in promotions):
            return promotions
        giving = [rule for rule in promotions if self._gives(rule, per_basket, visits)]
        giving.sort(key=lambda rule: (-rule.priority, not rule.exclusive, rule.id))
        if not any(rule.exclusive for rule in giving):
            return promotions
        first = giving[0]
        away = {rule.id for rule in giving[1:] if first.exclusive or rule.exclusive}
        self._displace([rule for rule in giving if rule.id in away], first)
        return [rule for rule in promotions if rule.id not in away]

    def _gives(self, rule: Rule, per_basket: Sequence[Decimal], visits: Decimal) -> bool:
        """A promotion would give something if it were the only one."""
        if rule.kind == "multiply":
            pairs = zip(self.baskets, per_basket, strict=True)
            base = total(points for basket, points in pairs if rule.id in basket.ids)
            return rule.factor != 1 and bool(base + (visits if rule.match.is_everything else ZERO))
        if rule.kind in ("amount", "unit"):
            gains = (self._gain(rule, basket)[1] for basket in self.baskets if rule.id in basket.ids)
            return bool(total(gains))
        return self._is_visited(rule)

    def _standing(self, rules: Iterable[Rule]) -> Sequence[Rule]:
        """Of rules that apply together: the first by priority alone if not combinable, else all combinable ones."""
        ranked = sorted(rules, key=lambda rule: (-rule.priority, rule.id))
        if all(rule.combinable for rule in ranked):
            return ranked
        standing = [rule for rule in ranked if rule.combinable] if ranked[0].combinable else ranked[:1]
        kept = {rule.id for rule in standing}
        self._displace([rule for rule in ranked if rule.id not in kept], ranked[0])
        return standing

    def _displace(self, rules: Iterable[Rule], by: Rule) -> None:
        for rule in rules:
            if rule.id not in self.displaced:
                self.displaced.add(rule.id)
                self.reasons.append(because("displaced", rule=rule.id, by=by.id))

    def _multiply(self, rules: Sequence[Rule], per_basket: Sequence[Decimal], visits: Decimal) -> None:
        rules = [rule for rule in rules if rule.kind == "multiply"]
        extra: dict[str, Decimal] = {}
        for basket, points in zip(self.baskets, per_basket, strict=True):
            self._add_extra(extra, self._standing([rule for rule in rules if rule.id in basket.ids]), points)
        self._add_extra(extra, self._standing([rule for rule in rules if rule.match.is_everything]), visits)
        for rule in rules:
            if extra.get(rule.id):
                self.by_rule[rule.id] = extra[rule.id]
                self._say("rule_multiply", rule, factor=plain(rule.factor), result=_short(extra[rule.id]))

    def _add_extra(self, extra: dict[str, Decimal], rules: Sequence[Rule], points: Decimal) -> None:
        """Share out what the multipliers add to these points among them, by the program's way to combine."""
        if not rules or not points:
            return
        if self.multipliers == "max":
            rules = [max(rules, key=lambda rule: rule.factor)]
        for rule in rules:
            gained = points * (rule.factor - 1)
            extra[rule.id] = extra.get(rule.id, ZERO) + gained
            if self.multipliers == "product":
                points *= rule.factor

    # cumulative rules ------------------------------------------------------------------------------

    def _measures(self) -> tuple[tuple[str, Decimal], ...]:
        measures = ((rule.id, self._measure(rule)) for rule in self.rules if rule.kind == "cumulative")
        return tuple((rule_id, measure) for rule_id, measure in measures if measure)

    def _measure(self, rule: Rule) -> Decimal:
        if rule.threshold_of == "amount":
            return self._bought(rule) * self.share
        if rule.threshold_of == "units":
            return self._units(rule) if self.has_units else ZERO
        return ONE if self.has_visit and self._bought(rule) > 0 else ZERO

    def _say(self, code: str, rule: Rule, **facts: str) -> None:
        """A reason that a rule gives; the unit is named where it is not points."""
        unit = {} if rule.unit == POINTS else {"unit": rule.unit}
        self.reasons.append(because(code, rule=rule.id, **facts, **unit))


def _baskets(plan: Plan, program: Program, lines: Sequence[Line]) -> list[_Basket]:
    """The lines by the rules that match them, in the order of the lines; those no rule is about are left out."""
    places_of: dict[tuple[str, frozenset[str], bool], tuple[int, ...]] = {}
    sums: dict[tuple[int, ...], tuple[Decimal, Decimal]] = {}
    for line in lines:
        kind = (line.product_ref, line.tags, line.is_service)
        if kind not in places_of:
            places_of[kind] = plan.about(line)
        amount, units = sums.get(places_of[kind], (ZERO, ZERO))
        sums[places_of[kind]] = (amount + amount_of(program, line), units + units_of(line))
    return [
        _Basket(
            places=places,
            ids=frozenset(plan.rules[place].id for place in places),
            amount=amount,
            units=units,
        )
        for places, (amount, units) in sums.items()
        if places
    ]


def _short(number: Decimal) -> str:
    return plain(number.quantize(_PRECISION))
