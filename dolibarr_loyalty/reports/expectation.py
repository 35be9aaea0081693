"""How much of what is open will be used, from the program's own history up to a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dolibarr_loyalty.core.breakage import Estimate, Exit, Experience, estimate
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.reports.liability import moment
from dolibarr_loyalty.reports.strands import Strand, voucher_strand
from dolibarr_loyalty.store.database import Tx

# Two ways out count: use, and the last day. What goes otherwise tells nothing of either.
_POINTS: Mapping[str, Exit] = {"redemption": "used", "expiry": "lapsed", "forfeiture": "lapsed"}
_VOUCHERS: Mapping[str, Exit] = {
    "used": "used",
    "returned": "used",
    "expired": "lapsed",
    "written_off": "lapsed",
}
_ISSUED = ("issued", "replacement")


@dataclass
class _Cohort:
    initial: int = 0
    observations: int = 0
    ended: dict[tuple[str, Exit], int] = field(default_factory=dict)

    def ends(self, month: str, way: Exit, amount: int) -> None:
        self.ended[month, way] = self.ended.get((month, way), 0) + amount


def of_points(tx: Tx, program: Program, strand: Strand, day: date, *, minimum: int) -> Estimate:
    """The expected use of the points of a unit that are open at the end of a day."""
    until, cohorts = moment(program, day), dict[str, _Cohort]()
    likes = dict(strand.likes)
    for row in tx.rows("lots_by_opening", until_at=until, **likes):
        cohort = cohorts.setdefault(row["opened"], _Cohort())
        cohort.initial, cohort.observations = int(row["points"]), int(row["ended"])
    for row in tx.rows("lots_run_off", until_at=until, **likes):
        cohort = cohorts.setdefault(row["opened"], _Cohort())
        cohort.ends(row["moved"], _way_of(row), -int(row["points"]))
    return estimate(_history(cohorts), f"{day:%Y-%m}", minimum=minimum)


def of_vouchers(tx: Tx, program: Program, day: date, *, minimum: int) -> dict[Strand, Estimate]:
    """The expected use of what is left of the vouchers of each strand at the end of a day."""
    found: dict[Strand, dict[str, _Cohort]] = {}
    for row in tx.rows("voucher_run_off", until_day=day.isoformat()):
        cohort = found.setdefault(voucher_strand(program, row), {}).setdefault(row["opened"], _Cohort())
        amount = int(row["amount_minor"])
        if row["kind"] in _ISSUED:
            cohort.initial += amount
        else:
            cohort.ends(row["moved"], _VOUCHERS.get(row["kind"], "withdrawn"), -amount)
    for row in tx.rows("vouchers_at_their_end", until_day=day.isoformat()):
        cohort = found[voucher_strand(program, row)][row["opened"]]
        cohort.observations += int(row["ended"])
    month = f"{day:%Y-%m}"
    return {strand: estimate(_history(each), month, minimum=minimum) for strand, each in found.items()}


def _way_of(row: Mapping[str, Any]) -> Exit:
    """A reversal that puts points back undoes a use; one that takes them is of goods that came back."""
    if row["kind"] == "reversal" and int(row["sign"]) > 0:
        return "used"
    return _POINTS.get(row["kind"], "withdrawn")


def _history(cohorts: Mapping[str, _Cohort]) -> Iterable[Experience]:
    return [
        Experience(
            opened=opened,
            initial=cohort.initial,
            ended=tuple((month, way, amount) for (month, way), amount in cohort.ended.items()),
            observations=cohort.observations,
        )
        for opened, cohort in sorted(cohorts.items())
    ]
