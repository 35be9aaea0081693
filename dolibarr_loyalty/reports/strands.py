"""What is owed comes in strands that are never added up: points of each unit, vouchers of each way and currency."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from dolibarr_loyalty.core.money import from_minor, round_amount
from dolibarr_loyalty.core.postings import SOLD
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.terms import POINTS, QUALIFYING, STAMPS
from dolibarr_loyalty.core.vouchers import Accounting
from dolibarr_loyalty.store.database import Tx

Group = Literal["points", "stamps", "free", "from_stamps", "sold"]
_ESCAPED = str.maketrans({"!": "!!", "%": "!%", "_": "!_"})


@dataclass(frozen=True, kw_only=True)
class Strand:
    """One strand: points of a `unit` worth `value` each, or vouchers of a `way`; amounts of it are in `currency`.

    `likes` are the parameters by which queries find the accounts of a unit.

    `group`: 'points' of any wallet, 'stamps' of a card, 'free' vouchers, those 'from_stamps', 'sold' gift cards.
    """

    group: Group
    currency: str
    unit: str = ""
    way: Accounting | None = None
    value: Decimal = Decimal(0)
    likes: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """Its name for scripts: 'points', 'stamps:coffee', 'sold:liability:EUR'."""
        return self.unit if self.way is None else f"{self.group}:{self.way}:{self.currency}"

    @property
    def counts(self) -> bool:
        """It is counted in points or stamps; a strand of vouchers is in minor units of its currency."""
        return self.way is None

    def worth(self, amount: int) -> Decimal:
        """What so many points, or minor units, are worth in the major unit."""
        if self.counts:
            return round_amount(amount * self.value, self.currency)
        return from_minor(amount, self.currency)


def units(tx: Tx, program: Program) -> list[Strand]:
    """The strands of points: every unit that anybody ever held, but those that only tiers count."""
    held = units_held(tx)
    wanted = sorted(
        (unit for unit in held if not unit.startswith(QUALIFYING)), key=lambda u: (u != POINTS, u)
    )
    return [
        Strand(
            group="stamps" if unit.startswith(STAMPS) else "points",
            currency=program.currency,
            unit=unit,
            value=value_of(program, unit),
            likes=tuple(endings(unit, held).items()),
        )
        for unit in wanted
    ]


def units_held(tx: Tx) -> list[str]:
    """Every unit of which there are accounts."""
    return [row["unit"] for row in tx.rows("units_held")]


def value_of(program: Program, unit: str) -> Decimal:
    """What one of a unit is worth in money under the program; stamps and unknown units nothing."""
    if unit == POINTS:
        return program.point_value
    return next((wallet.value for wallet in program.wallets if wallet.unit == unit), Decimal(0))


def voucher_strand(program: Program, row: Mapping[str, Any]) -> Strand:
    """The strand of vouchers that a row of a voucher query belongs to."""
    way: Accounting = row["accounting"]
    group: Group = "free"
    if way in SOLD:
        group = "sold"
    elif unit_of(program, row["reward_id"]).startswith(STAMPS):
        group = "from_stamps"
    return Strand(group=group, way=way, currency=row["currency"])


def unit_of(program: Program, reward_id: str) -> str:
    """What a reward costs; of one the program no longer has, points."""
    reward = program.reward(reward_id)
    return reward.unit if reward else POINTS


def in_order(strands: Iterable[Strand]) -> list[Strand]:
    """Strands of vouchers in a lasting order: free ones first, sold ones last."""
    groups = ("free", "from_stamps", "sold")
    return sorted(set(strands), key=lambda each: (groups.index(each.group), str(each.way), each.currency))


def endings(unit: str, others: Iterable[str]) -> dict[str, str]:
    """How the ids of a unit's accounts end, and how those of longer `others` do that end alike, for LIKE with '!'."""
    escaped = unit.translate(_ESCAPED)
    is_an_end = any(other.endswith(f":{unit}") for other in others)
    return {"ending": f"%:{escaped}", "longer": f"%:%:{escaped}" if is_an_end else ""}
