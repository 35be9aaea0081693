"""What a member's documents mean for tiers, clubs and eligibility, and the standing in force at an instant.

Pure, and dated by the documents, so it does not depend on the order in which they became known.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from dolibarr_loyalty.core.sale import ZERO


@dataclass(frozen=True, kw_only=True)
class Past:
    """What one document left behind: kept beside it, small enough to read all of a member's.

    `kept` is its basis less what came back; `is_purchase` while anything is kept. `qualifying` are
    (tier group id, instant, points): what it brought on its own date, and below zero what each of its credit
    notes took on theirs. `clubs` are (club id, instant, units) in the same way.
    """

    document_id: int
    occurred_at: datetime
    kept: Decimal = ZERO
    is_purchase: bool = False
    qualifying: tuple[tuple[str, datetime, int], ...] = ()
    clubs: tuple[tuple[str, datetime, int], ...] = ()
