"""A program's rules made ready: in the order in which they work, and found by the lines they are about."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.money import Rounding
from dolibarr_loyalty.core.program import Program, Rule
from dolibarr_loyalty.core.rules import matches
from dolibarr_loyalty.core.sale import Line
from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.core.wallets import main_unit

# The phases within a unit: what lines and visits give, then promotions that add, then multipliers.
_PHASES = {"amount": 0, "unit": 0, "visit": 1, "multiply": 2, "cumulative": 3}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`rules` stand in the total order of `order_of`; the mappings hold places in it.

    A rule is found by its products, else by its tags, else it is `anywhere`; `rates` are the earning factors
    of the tiers, which hold for the `main_unit`.
    """

    zone: ZoneInfo
    rules: tuple[Rule, ...]
    units: tuple[str, ...]
    anywhere: tuple[int, ...]
    by_product: Mapping[str, tuple[int, ...]]
    by_tag: Mapping[str, tuple[int, ...]]
    rates: Mapping[str, Decimal]
    unit_of_rule: Mapping[str, str]
    rounding: Mapping[str, Rounding]
    cumulative: Mapping[str, Rule]
    main_unit: str

    def about(self, line: Line) -> tuple[int, ...]:
        """The places of the rules that match a line, in order."""
        found = set(self.anywhere)
        found.update(self.by_product.get(line.product_ref.casefold(), ()))
        for tag in line.tags:
            found.update(self.by_tag.get(tag, ()))
        return tuple(place for place in sorted(found) if matches(self.rules[place].match, line))


def order_of(rule: Rule) -> tuple[bool, int, int, str]:
    """The total order of rules: standing ones before promotions, by phase, the highest priority first, by id."""
    return (rule.promotion, _PHASES[rule.kind], -rule.priority, rule.id)


def plan_of(program: Program) -> Plan:
    """The plan of a program, made once for each program in memory."""
    return _plan(_Same(program))


class _Same:
    """A program by its identity: telling two programs apart by their contents would cost more than deciding."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def __hash__(self) -> int:
        return id(self.program)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.program is self.program


@lru_cache(maxsize=64)
def _plan(same: _Same) -> Plan:
    program = same.program
    rules = tuple(sorted(program.rules, key=order_of))
    matched = [rule.match for rule in rules]
    return Plan(
        zone=ZoneInfo(program.zone),
        rules=rules,
        units=tuple(dict.fromkeys(rule.unit for rule in rules)),
        anywhere=tuple(i for i, match in enumerate(matched) if not (match.products or match.tags)),
        by_product=_places((i, match.products) for i, match in enumerate(matched)),
        by_tag=_places((i, () if match.products else match.tags) for i, match in enumerate(matched)),
        rates={tier.id: tier.earn_factor for group in program.tier_groups for tier in group.tiers},
        unit_of_rule={rule.id: rule.unit for rule in rules},
        rounding={POINTS: program.rounding, **{wallet.unit: wallet.rounding for wallet in program.wallets}},
        cumulative={rule.id: rule for rule in rules if rule.kind == "cumulative"},
        main_unit=main_unit(program),
    )


def _places(keyed: Iterable[tuple[int, Sequence[str]]]) -> dict[str, tuple[int, ...]]:
    places: dict[str, tuple[int, ...]] = {}
    for place, keys in keyed:
        for key in keys:
            places[key] = (*places.get(key, ()), place)
    return places
