"""How much of what is owed will be used: a life table over the program's own history.

The method is the actuarial one for data that are still running (Kaplan-Meier with two ways out, in whole months
of age): of all that reached an age, the share that was used and the share that lapsed in that month. What
nobody has lived to see counts as used, and too small a history counts as nothing known: both err on the side
of the higher liability, as prudence asks (§ 252 (1) no. 4 HGB).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Exit = Literal["used", "lapsed", "withdrawn"]
LIFE_TABLE, ALL = "life_table", "all"
WHOLE = Fraction(1)


@dataclass(frozen=True, kw_only=True)
class Experience:
    """What became of points or money that came in together, all of one age: `initial` at the start of it.

    `opened` is the month it came in (2026-11); `ended` by month and way out. What was withdrawn (goods came back,
    moved to another account, corrected) tells nothing of use. `observations` is how many lots or vouchers of it
    have come to their end.
    """

    opened: str
    initial: int
    ended: tuple[tuple[str, Exit, int], ...]
    observations: int = 0

    @property
    def open(self) -> int:
        return self.initial - sum(amount for _, _, amount in self.ended)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The share of what is open that is expected to be used, 0 to 1, and what it was taken from.

    `method` is 'life_table', or 'all' where the history was too small: then everything is expected to be used.
    """

    share: Fraction
    method: str
    observations: int
    minimum: int

    @property
    def is_estimated(self) -> bool:
        return self.method == LIFE_TABLE


@dataclass(frozen=True, kw_only=True)
class Age:
    """One line of the life table: of `at_risk` that reached this age in months, so much was used or lapsed in it."""

    age: int
    at_risk: int
    used: int
    lapsed: int


def age(opened: str, month: str) -> int:
    """Whole months from one month to another; a way out before the beginning counts as in its first month."""
    (year, number), (later, other) = (map(int, text.split("-")) for text in (opened, month))
    return max(0, (later - year) * 12 + other - number)


def life_table(history: Iterable[Experience], month: str) -> tuple[Age, ...]:
    """The life table as it is known in a month, by age; ages at which nothing was at risk any more are left out."""
    out: dict[int, dict[str, int]] = {}
    for cohort in history:
        left = cohort.open
        for ended, way, amount in cohort.ended:
            _add(out, age(cohort.opened, ended), way, amount)
        _add(out, age(cohort.opened, month), "open", left)
    table = []
    at_risk = sum(sum(ways.values()) for ways in out.values())
    for each in sorted(out):
        ways = out[each]
        if at_risk > 0:
            # a use that was undone later stands against the uses of its month, never below none
            used, lapsed = max(0, ways.get("used", 0)), max(0, ways.get("lapsed", 0))
            table.append(Age(age=each, at_risk=at_risk, used=min(used, at_risk), lapsed=lapsed))
        at_risk -= sum(ways.values())
    return tuple(table)


def share_used(table: Iterable[Age], from_age: int = 0) -> Fraction:
    """Of what has reached an age, the share that is used from then on; what outlives the table counts as used."""
    alive, used = WHOLE, Fraction(0)
    for line in table:
        if line.age >= from_age:
            out = min(WHOLE, Fraction(line.used + line.lapsed, line.at_risk))
            used += alive * Fraction(line.used, line.at_risk)
            alive *= 1 - out
    return min(WHOLE, used + alive)


def estimate(history: Iterable[Experience], month: str, *, minimum: int) -> Estimate:
    """What share of all that is open will be used, each cohort by its own age.

    With fewer than `minimum` lots or vouchers that have come to their end, or with nothing open, no estimate is
    made: everything counts as used.
    """
    cohorts = tuple(history)
    seen = sum(cohort.observations for cohort in cohorts)
    left = sum(max(0, cohort.open) for cohort in cohorts)
    if seen < minimum or not left:
        return Estimate(share=WHOLE, method=ALL, observations=seen, minimum=minimum)
    table = life_table(cohorts, month)
    shares: Mapping[int, Fraction] = {each: share_used(table, each) for each in _ages(cohorts, month)}
    used = sum(max(0, cohort.open) * shares[age(cohort.opened, month)] for cohort in cohorts)
    return Estimate(share=used / Fraction(left), method=LIFE_TABLE, observations=seen, minimum=minimum)


def _ages(cohorts: Iterable[Experience], month: str) -> set[int]:
    return {age(cohort.opened, month) for cohort in cohorts}


def _add(out: dict[int, dict[str, int]], at: int, way: str, amount: int) -> None:
    ways = out.setdefault(at, {})
    ways[way] = ways.get(way, 0) + amount
