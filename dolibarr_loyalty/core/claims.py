"""From what single documents claim to whole points: cumulative rules, caps over several, one rounding, shares."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from dolibarr_loyalty.core.money import round_points, split, without_noise
from dolibarr_loyalty.core.plan import Plan, plan_of
from dolibarr_loyalty.core.program import Cap, CapPeriod, Program, Rule
from dolibarr_loyalty.core.reasons import Reason, because
from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.sale import ZERO, total
from dolibarr_loyalty.core.terms import POINTS, QUALIFYING
from dolibarr_loyalty.core.times import period_key

MEASURE = "measure:"

_FINEST = 12  # decimals of a point by which shares are weighed


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a document would get before caps over several documents: exact points per rule, signed.

    Ids beyond those of rules: 'tier:<tier>' what a tier rate added, 'qualifying:<group>' whole points that
    count for tiers, 'measure:<rule>' what the document adds to a cumulative rule, which is no points.
    """

    document_id: int
    issued_on: date
    occurred_at: datetime
    by_rule: tuple[tuple[str, Decimal], ...] = ()

    @property
    def order(self) -> tuple[datetime, int]:
        """Caps are filled in the order of the purchases, whatever order they became known in."""
        return (self.occurred_at, self.document_id)


@dataclass(frozen=True, kw_only=True)
class Entitlement:
    """Whole points a document is entitled to now, and why caps and rounding made them so.

    `points` are redeemable ones; `others` are those of every other unit, without zeros and in order; `shares`
    say which rule gave how many of `points`, and sum to them.
    """

    points: int
    others: tuple[tuple[str, int], ...] = ()
    shares: tuple[tuple[str, int], ...] = ()
    reasons: tuple[Reason, ...] = ()


def entitle(claims: Sequence[tuple[Program, Claim]]) -> dict[int, Entitlement]:
    """Whole points of one member's claims after cumulative rules and the caps over several documents.

    Each claim is judged by the program version of its document. They are served in the order of the
    purchases, so the result does not depend on the order in which the documents became known.
    """
    running = _Running()
    ordered = sorted(claims, key=lambda pair: pair[1].order)
    return {claim.document_id: _Deed(program, claim, running).entitlement() for program, claim in ordered}


def unit_of(program: Program, rule_id: str) -> str | None:
    """The unit that an id in a claim fills; None where it is only a measure."""
    return _unit_of(plan_of(program), rule_id)


def needs_siblings(program: Program) -> bool:
    """Caps over several documents or cumulative rules are set, so a document cannot be decided alone."""
    return bool(plan_of(program).cumulative) or any(cap.period != "document" for cap in program.caps)


def share_a_period(program: Program, one: Claim, other: Claim) -> bool:
    """Two claims of one member fall into the same period of some cap or cumulative rule."""
    periods = {cap.period for cap in program.caps if cap.period != "document"}
    periods |= {rule.period for rule in plan_of(program).cumulative.values()}
    return any(_period(period, one) == _period(period, other) for period in periods)


def cap_document(program: Program, points: dict[str, Decimal]) -> list[Reason]:
    """Cut points down to the caps within one document, in place: of single rules, then of all by scaling each.

    The cap of a rule works in that rule's unit, the cap of all in 'points'.
    """
    reasons, plan = [], plan_of(program)
    for cap in sorted(program.caps, key=lambda cap: cap.rule is None):
        if cap.period != "document":
            continue
        in_points = (rule for rule in points if _unit_of(plan, rule) == POINTS)
        concerned = [cap.rule] if cap.rule is not None else list(in_points)
        sum_of_them = total(points.get(rule, ZERO) for rule in concerned)
        if without_noise(sum_of_them) > cap.points:
            for rule in concerned:
                points[rule] = points[rule] * cap.points / sum_of_them
            reasons.append(_capped(plan, cap, int(sum_of_them - cap.points)))
    return reasons


@dataclass(kw_only=True)
class _Running:
    """What a member's claims have taken so far: of caps, and towards the thresholds of cumulative rules."""

    used: dict[tuple[Cap, str], Decimal] = field(default_factory=dict)
    measured: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    given: dict[tuple[str, str], int] = field(default_factory=dict)


class _Deed:
    """One claim being turned into whole points, after all that come before it."""

    def __init__(self, program: Program, claim: Claim, running: _Running) -> None:
        self.program, self.claim, self.running = program, claim, running
        self.plan = plan_of(program)
        self.points = {
            rule: points for rule, points in claim.by_rule if _unit_of(self.plan, rule) is not None
        }
        self.reasons: list[Reason] = []

    def entitlement(self) -> Entitlement:
        self._reach_thresholds()
        self._cap_rules()
        whole = {unit: self._round(unit, rules) for unit, rules in self._by_unit().items()}
        points = self._cap_points(whole.pop(POINTS, 0))
        return Entitlement(
            points=points,
            others=tuple(sorted((unit, count) for unit, count in whole.items() if count)),
            shares=self._shares(points),
            reasons=tuple(self.reasons),
        )

    def _by_unit(self) -> dict[str, list[str]]:
        units: dict[str, list[str]] = {}
        for rule in self.points:
            units.setdefault(_unit_of(self.plan, rule) or POINTS, []).append(rule)
        return units

    def _reach_thresholds(self) -> None:
        measures = {name: amount for name, amount in self.claim.by_rule if name.startswith(MEASURE)}
        gains = {
            rule.id: self._cross(rule, measures[MEASURE + rule.id])
            for rule in self.plan.cumulative.values()
            if MEASURE + rule.id in measures
        }
        self.points |= {rule: points for rule, points in gains.items() if points}
        if total(gains.values()) > 0:
            self.reasons += cap_document(self.program, self.points)

    def _cross(self, rule: Rule, measure: Decimal) -> Decimal:
        """What a cumulative rule gives to the claim with which its period crosses the threshold.

        A return without an invoice that brings the period below the threshold takes it back again.
        """
        key = (rule.id, _period(rule.period, self.claim))
        measured = self.running.measured.get(key, ZERO) + measure
        before = self.running.given.get(key, 0)
        reached = _times(rule, without_noise(measured))
        given = max(before, reached) if measure > 0 else min(before, reached)
        self.running.measured[key], self.running.given[key] = measured, given
        self._tell(rule, without_noise(measured), given, before)
        return (given - before) * rule.points

    def _tell(self, rule: Rule, measured: Decimal, given: int, before: int) -> None:
        facts = {"rule": rule.id, "of": rule.threshold_of}
        if given != before:
            unit = {} if rule.unit == POINTS else {"unit": rule.unit}
            result = plain((given - before) * rule.points)
            threshold = plain(rule.threshold * max(1, given, before) if rule.repeats else rule.threshold)
            self.reasons.append(
                because(
                    "cumulative",
                    **facts,
                    measured=plain(measured),
                    threshold=threshold,
                    result=result,
                    **unit,
                )
            )
        elif rule.repeats or not given:
            missing = plain(rule.threshold * (given + 1) - measured)
            self.reasons.append(because("cumulative_missing", **facts, missing=missing))

    def _cap_rules(self) -> None:
        for cap in self.program.caps:
            if cap.rule is not None and cap.period != "document" and self.points.get(cap.rule, ZERO) > 0:
                wanted = self.points[cap.rule]
                self.points[cap.rule] = self._take_of(cap, wanted)
                if self.points[cap.rule] < wanted:
                    self.reasons.append(_capped(self.plan, cap, int(wanted - self.points[cap.rule])))

    def _round(self, unit: str, rules: Sequence[str]) -> int:
        exact = without_noise(total(self.points[rule] for rule in rules))
        mode = self.plan.rounding.get(unit, "down")
        whole = round_points(exact, mode)
        if whole != exact:
            shown = plain(exact.quantize(Decimal("0.0001")))
            named = {} if unit == POINTS else {"unit": unit}
            self.reasons.append(because("rounded", exact=shown, points=whole, mode=mode, **named))
        return whole

    def _cap_points(self, whole: int) -> int:
        for cap in self.program.caps:
            if cap.rule is None and cap.period != "document" and whole > 0:
                allowed = int(self._take_of(cap, Decimal(whole)))
                if allowed < whole:
                    self.reasons.append(_capped(self.plan, cap, whole - allowed))
                whole = allowed
        return whole

    def _take_of(self, cap: Cap, wanted: Decimal) -> Decimal:
        key = (cap, _period(cap.period, self.claim))
        used = self.running.used.get(key, ZERO)
        kept = min(wanted, max(ZERO, cap.points - used))
        self.running.used[key] = used + kept
        return kept

    def _shares(self, points: int) -> tuple[tuple[str, int], ...]:
        """Which rule gave how many of the points: by largest remainder, in the order of the ids.

        A multiplier below 1 takes away from the others and has no share of its own.
        """
        if not points:
            return ()
        sign = 1 if points > 0 else -1
        rules = sorted(rule for rule in self.points if _unit_of(self.plan, rule) == POINTS)
        weights = [max(0, int((sign * self.points[rule]).scaleb(_FINEST))) for rule in rules]
        pairs = zip(rules, split(points, weights), strict=True)
        return tuple((rule, part) for rule, part in pairs if part)


def _unit_of(plan: Plan, rule_id: str) -> str | None:
    if rule_id in plan.unit_of_rule:
        return plan.unit_of_rule[rule_id]
    if rule_id.startswith(QUALIFYING):
        return rule_id
    return None if rule_id.startswith(MEASURE) else plan.main_unit


def _times(rule: Rule, measured: Decimal) -> int:
    """How often a period's measure has reached the threshold: never below, once, or at each multiple."""
    if rule.threshold <= 0 or measured < rule.threshold:
        return 0
    return int(measured // rule.threshold) if rule.repeats else 1


def _period(period: CapPeriod, claim: Claim) -> str:
    return str(claim.document_id) if period == "document" else period_key(claim.issued_on, period)


def _capped(plan: Plan, cap: Cap, cut: int) -> Reason:
    unit = POINTS if cap.rule is None else _unit_of(plan, cap.rule)
    named = {} if unit == POINTS else {"unit": unit}
    return because("capped", cap=cap.rule or "program", period=cap.period, limit=cap.points, cut=cut, **named)
