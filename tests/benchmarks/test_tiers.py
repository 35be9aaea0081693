"""The daily work on tiers for 100,000 members of ten purchases each: a day with nothing due, and the day all are due.

Run with `pytest -m benchmark -s tests/benchmarks/test_tiers.py`.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest

from dolibarr_loyalty.core.accrual import Enrolment
from dolibarr_loyalty.core.eligibility import Standing
from dolibarr_loyalty.core.history import Past
from dolibarr_loyalty.core.member import Member
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.flows import tiers
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.messages import Brand
from dolibarr_loyalty.store import members, outcomes
from dolibarr_loyalty.store.database import Database

pytestmark = pytest.mark.benchmark

MEMBERS, PURCHASES, PAGE = 100_000, 10, 500
JOINED = datetime(2025, 1, 5, tzinfo=UTC)
STATUS = TierGroup(
    id="status",
    tiers=(Tier(id="base", threshold=0), Tier(id="silver", threshold=100), Tier(id="gold", threshold=300)),
    extension="reset",
)


def fill(database: Database) -> None:
    """Members who joined in 2025 and bought every two months."""
    for first in range(1, MEMBERS + 1, PAGE):
        with database.transaction() as tx:
            made = []
            for number in range(first, first + PAGE):
                member = Member(thirdparty_id=number, name=f"Member {number}")
                members.save(tx, member, Enrolment(joined_at=JOINED), is_new=True)
                for purchase in range(PURCHASES):
                    at = JOINED + timedelta(days=60 * purchase + number % 50)
                    past = Past(
                        document_id=number * PURCHASES + purchase,
                        occurred_at=at,
                        is_purchase=True,
                        qualifying=(("status", at, 30),),
                    )
                    made.append(outcomes.Outcome(owner=number, standing=Standing(), past=past))
            outcomes.insert(tx, made)


def test_the_daily_work_on_tiers(sqlite: Database) -> None:
    now = [datetime(2026, 11, 1, tzinfo=UTC)]
    loyalty = Loyalty(
        program=Program(tier_groups=(STATUS,)),
        database=sqlite,
        books=Mock(),
        mailer=None,
        brand=Brand(shop_name="Bench"),
        secret=b"k" * 32,
        clock=lambda: now[0],
        worker="bench",
    )
    fill(sqlite)

    def review_all() -> None:
        for first in range(1, MEMBERS + 1, PAGE):
            page = list(range(first, first + PAGE))
            sqlite.decide(lambda tx, page=page: tiers.bring_up_to_date(tx, loyalty, page))  # type: ignore[misc]

    _timed("the first review of all", review_all)
    idle = _timed("a day on which nothing is due", lambda: tiers.assess_due(loyalty))
    now[0] = datetime(2027, 1, 1, 0, 30, tzinfo=UTC)
    _timed("the day on which all are assessed", lambda: tiers.assess_due(loyalty))
    again = _timed("the same day again", lambda: tiers.assess_due(loyalty))
    assert max(idle, again) < 1


def _timed(what: str, work: Callable[[], object]) -> float:
    began, cpu = time.perf_counter(), time.process_time()
    work()
    took = time.perf_counter() - began
    print(f"{what}: {took:.1f} s ({time.process_time() - cpu:.1f} s of computing) for {MEMBERS} members")
    return took
