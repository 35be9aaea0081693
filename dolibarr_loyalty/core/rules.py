"""Which lines earn, and how much each rule gives on them: exact, before caps and rounding.

The order is fixed (features E19): excluded lines leave, base rules per line (the highest priority first, a rule
that is not combinable standing alone), visits, then multipliers. Rounding happens once, in `accrual`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.program import Exclusions, Program, Rule
from dolibarr_loyalty.core.reasons import Reason, because
from dolibarr_loyalty.core.sale import ZERO, Credit, Line, total
from dolibarr_loyalty.core.terms import Match, Window

# Credits used as a line are a way of paying, not a lower price; a discount typed in by hand is one.
MONEY_CREDITS = frozenset({Credit.CREDIT_NOTE, Credit.DEPOSIT, Credit.EXCESS})


@dataclass(frozen=True, kw_only=True)
class Worth:
    """Exact points per rule, and why."""

    by_rule: tuple[tuple[str, Decimal], ...]
    reasons: tuple[Reason, ...]


def plain(number: Decimal) -> str:
    """A number as plain text without trailing zeros: 2.50 is 2.5 and 1E+3 is 1000."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def matches(match: Match, line: Line) -> bool:
    """Every list of the match that is not empty has the line."""
    if match.products and line.product_ref.casefold() not in match.products:
        return False
    if match.tags and not line.tags.intersection(match.tags):
        return False
    return not match.types or ("service" if line.is_service else "goods") in match.types


def is_open(window: Window, at: datetime, zone: ZoneInfo) -> bool:
    """The window holds at this instant, by the shop's clock."""
    local = at.astimezone(zone)
    day, clock = local.date(), local.time().replace(tzinfo=None)
    start, end = window.from_time, window.until_time
    if start is not None and end is not None and end <= start:  # over midnight: belongs to the day it began
        if clock < end:
            day -= timedelta(days=1)
        elif clock < start:
            return False
    elif (start is not None and clock < start) or (end is not None and clock >= end):
        return False
    if (window.from_day and day < window.from_day) or (window.until_day and day > window.until_day):
        return False
    return not window.weekdays or day.weekday() in window.weekdays


def exclusion(exclusions: Exclusions, line: Line) -> str | None:
    """Why a line never earns: 'gift_card', 'discounted', 'product', 'tag', 'type'; None when it may."""
    if line.product_ref and line.product_ref.casefold() in exclusions.gift_cards:
        return "gift_card"
    if exclusions.discounted_lines and line.discount_percent > 0:
        return "discounted"
    for match in exclusions.match:
        if not match.is_everything and matches(match, line):
            return "product" if match.products else "tag" if match.tags else "type"
    return None


def earning_lines(program: Program, lines: Sequence[Line]) -> tuple[list[Line], list[Reason]]:
    """The lines that may earn, and the reasons for those that may not."""
    kept, reasons = [], []
    for line in lines:
        if line.credit in MONEY_CREDITS:
            continue
        why = exclusion(program.exclusions, line)
        if why is None:
            kept.append(line)
        else:
            amount = plain(amount_of(program, line))
            reasons.append(because("excluded", label=line.label or line.product_ref, amount=amount, why=why))
    return kept, reasons


def amount_of(program: Program, line: Line) -> Decimal:
    """What a line counts: its net or gross after discounts, as Dolibarr has it."""
    return line.net if program.basis == "net" else line.gross


def units_of(line: Line) -> Decimal:
    """Units bought, negative where goods came back; a price reduction on a line of its own is no unit."""
    is_reduction = line.quantity > 0 and (line.net < 0 or line.gross < 0)
    return ZERO if is_reduction else line.quantity


def evaluate(
    program: Program,
    lines: Sequence[Line],
    at: datetime,
    *,
    share: Decimal,
    is_complete: bool,
    is_visit: bool = True,
) -> Worth:
    """The exact points of the lines under the rules open at `at`.

    `share` (0 to 1) scales amounts to the part that was paid and may earn; units and visits count whole, and
    only when the sale `is_complete`, visits only when it `is_visit`. Lines of credit notes are negative, their
    units too, and lower their own product's share.
    """
    return _Evaluation(program, lines, at, share, is_complete, is_visit).run()


class _Evaluation:
    def __init__(
        self,
        program: Program,
        lines: Sequence[Line],
        at: datetime,
        share: Decimal,
        is_complete: bool,
        is_visit: bool,
    ) -> None:
        self.program, self.lines, self.share = program, lines, share
        self.is_complete, self.is_visit = is_complete, is_visit
        zone = ZoneInfo(program.zone)
        self.reasons: list[Reason] = []
        self.displaced: set[str] = set()
        self.rules = [
            rule for rule in program.rules if is_open(rule.window, at, zone) and self._reaches_minimum(rule)
        ]

    def run(self) -> Worth:
        per_line, by_rule = self._base_rules()
        visits = self._visits(by_rule)
        self._multiply(per_line, visits, by_rule)
        return Worth(by_rule=tuple(by_rule.items()), reasons=tuple(self.reasons))

    def _matching(self, rule: Rule) -> list[Line]:
        return [line for line in self.lines if matches(rule.match, line)]

    def _reaches_minimum(self, rule: Rule) -> bool:
        lines = self._matching(rule)
        amount = total(amount_of(self.program, line) for line in lines)
        quantity = total(units_of(line) for line in lines)
        short = rule.minimum_amount is not None and amount < rule.minimum_amount
        few = rule.minimum_quantity is not None and quantity < rule.minimum_quantity
        if (short or few) and lines:
            minimum = rule.minimum_amount if short else rule.minimum_quantity
            measured = amount if short else quantity
            self.reasons.append(
                because("below_minimum", rule=rule.id, minimum=plain(minimum or ZERO), amount=plain(measured))
            )
        return not (short or few)

    def _ranked(self, kinds: set[str], line: Line) -> list[Rule]:
        """The rules of these kinds that count on a line: combinable ones together, another one alone."""
        return self._standing(rule for rule in self.rules if rule.kind in kinds and matches(rule.match, line))

    def _standing(self, rules: Iterable[Rule]) -> list[Rule]:
        """Of rules that apply together: the first by priority alone if not combinable, else all combinable ones."""
        ranked = sorted(rules, key=lambda rule: (-rule.priority, rule.id))
        standing = [rule for rule in ranked if rule.combinable]
        if ranked and not ranked[0].combinable:
            standing = ranked[:1]
        for rule in ranked:
            if rule not in standing and rule.id not in self.displaced:
                self.displaced.add(rule.id)
                self.reasons.append(because("displaced", rule=rule.id, by=ranked[0].id))
        return standing

    def _base_rules(self) -> tuple[list[Decimal], dict[str, Decimal]]:
        per_line: list[Decimal] = []
        amounts: dict[str, Decimal] = {}
        by_rule: dict[str, Decimal] = {}
        for line in self.lines:
            points = ZERO
            for rule in self._ranked({"amount", "unit"}, line):
                measure = self._measure(rule, line)
                gained = measure * rule.points / (rule.per if rule.kind == "amount" else 1)
                amounts[rule.id] = amounts.get(rule.id, ZERO) + measure
                by_rule[rule.id] = by_rule.get(rule.id, ZERO) + gained
                points += gained
            per_line.append(points)
        for rule in self.rules:
            if rule.id in by_rule:
                self._tell(rule, amounts[rule.id], by_rule[rule.id])
        return per_line, by_rule

    def _measure(self, rule: Rule, line: Line) -> Decimal:
        if rule.kind == "unit":
            return units_of(line) if self.is_complete and self.share > 0 else ZERO
        return amount_of(self.program, line) * self.share

    def _tell(self, rule: Rule, measure: Decimal, result: Decimal) -> None:
        if rule.kind == "amount":
            reason = because(
                "rule_amount",
                rule=rule.id,
                amount=plain(measure.quantize(Decimal("0.0001"))),
                points=plain(rule.points),
                per=plain(rule.per),
                result=plain(result.quantize(Decimal("0.0001"))),
            )
        else:
            reason = because(
                "rule_unit",
                rule=rule.id,
                quantity=plain(measure),
                points=plain(rule.points),
                result=plain(result),
            )
        self.reasons.append(reason)

    def _visits(self, by_rule: dict[str, Decimal]) -> Decimal:
        if not (self.is_visit and self.is_complete and self.share > 0):
            return ZERO
        points = ZERO
        for rule in self._standing(rule for rule in self.rules if self._is_visited(rule)):
            by_rule[rule.id] = rule.points
            points += rule.points
            self.reasons.append(because("rule_visit", rule=rule.id, result=plain(rule.points)))
        return points

    def _is_visited(self, rule: Rule) -> bool:
        """A visit rule whose lines come to something; one that is not met must not displace the others."""
        bought = total(amount_of(self.program, line) for line in self._matching(rule))
        return rule.kind == "visit" and bought > 0

    def _multiply(self, per_line: list[Decimal], visits: Decimal, by_rule: dict[str, Decimal]) -> None:
        extra: dict[str, Decimal] = {}
        for line, points in zip(self.lines, per_line, strict=True):
            self._add_extra(extra, self._ranked({"multiply"}, line), points)
        general = (rule for rule in self.rules if rule.kind == "multiply" and rule.match.is_everything)
        self._add_extra(extra, self._standing(general), visits)
        for rule in self.rules:
            if extra.get(rule.id):
                by_rule[rule.id] = extra[rule.id]
                result = plain(extra[rule.id].quantize(Decimal("0.0001")))
                self.reasons.append(
                    because("rule_multiply", rule=rule.id, factor=plain(rule.factor), result=result)
                )

    def _add_extra(self, extra: dict[str, Decimal], rules: Sequence[Rule], points: Decimal) -> None:
        """Share out what the multipliers add to these points among them, by the program's way to combine."""
        if not rules or not points:
            return
        mode = self.program.multipliers
        if mode == "max":
            rules = [max(rules, key=lambda rule: rule.factor)]
        for rule in rules:
            gained = points * (rule.factor - 1)
            extra[rule.id] = extra.get(rule.id, ZERO) + gained
            if mode == "product":
                points *= rule.factor
