"""How many members stand in each tier."""

from dataclasses import dataclass
from typing import Any

from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.store import tiers
from dolibarr_loyalty.store.database import Database


@dataclass(frozen=True, kw_only=True)
class TierCount:
    """A tier with its threshold and its members."""

    group: str
    tier: str
    threshold: int
    members: int

    def as_json(self) -> dict[str, Any]:
        """The row for scripts."""
        return {"group": self.group, "tier": self.tier, "threshold": self.threshold, "members": self.members}


def members_per_tier(database: Database, program: Program) -> tuple[TierCount, ...]:
    """The tiers of all groups in their order; members who never earned are in the lowest of each."""
    rows: list[TierCount] = []
    with database.reading() as tx:
        everybody = int(tx.value("count_members"))
        for group in program.tier_groups:
            counts = tiers.counts(tx, group.id)
            above = sum(counts.get(tier.id, 0) for tier in group.tiers[1:])
            for place, tier in enumerate(group.tiers):
                members = counts.get(tier.id, 0) if place else everybody - above
                rows.append(
                    TierCount(group=group.id, tier=tier.id, threshold=tier.threshold, members=members)
                )
    return tuple(rows)
