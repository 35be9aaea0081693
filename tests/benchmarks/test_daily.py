"""The day's work for many members: points that end and tiers that are assessed; run with `-m benchmark -s`.

Figures are ratios: the seconds of the work against those of writing as many rows bare, in the same run.
"""

import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from dolibarr_loyalty.core.accrual import Enrolment
from dolibarr_loyalty.core.ledger import Booking, Cause
from dolibarr_loyalty.core.member import Member
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.flows.daily import daily, expire_lots
from dolibarr_loyalty.flows.tiers import assess_due, bring_up_to_date
from dolibarr_loyalty.store import ledger, members
from tests.flows.shop import OPENING, PROGRAM, Shop

pytestmark = pytest.mark.benchmark
MEMBERS = int(os.environ.get("LOYALTY_BENCHMARK_MEMBERS", "100000"))
PAGE = 500
STATUS = TierGroup(id="status", tiers=(Tier(id="blue", threshold=0), Tier(id="gold", threshold=100)))


def people(shop: Shop, first: int) -> None:
    def write(tx: object) -> None:
        for number in range(first, first + PAGE):
            member = Member(thirdparty_id=number, name=f"Member {number}", email=f"m{number}@example.com")
            members.save(tx, member, Enrolment(joined_at=OPENING), is_new=True)  # type: ignore[arg-type]
        bookings = []
        for unit, points in (("points", 40), ("qualifying:status", 150)):
            accounts = ledger.load(tx, range(first, first + PAGE), unit=unit)  # type: ignore[arg-type]
            for account in accounts.values():
                booking = Booking(account, OPENING)
                booking.accrue(
                    points,
                    cause=Cause("activity", str(account.thirdparty_id)),
                    key=f"{unit}:{account.thirdparty_id}",
                    occurred_at=OPENING,
                    expires_at=OPENING + timedelta(days=300),
                )
                bookings.append(booking)
        ledger.store(tx, bookings)  # type: ignore[arg-type]

    shop.loyalty.database.decide(write)


def test_a_day_for_a_hundred_thousand_members(shop: Shop, tmp_path: Path) -> None:
    shop.loyalty = replace(shop.loyalty, program=replace(PROGRAM, tier_groups=(STATUS,)))
    began = time.monotonic()
    for first in range(1, MEMBERS, PAGE):
        people(shop, first)
    writing = time.monotonic() - began
    began = time.monotonic()
    for first in range(1, MEMBERS, PAGE):
        ids = list(range(first, first + PAGE))
        shop.loyalty.database.decide(lambda tx, ids=ids: bring_up_to_date(tx, shop.loyalty, ids))  # type: ignore[misc]
    first_review = time.monotonic() - began
    began = time.monotonic()
    daily(shop.loyalty)
    quiet = time.monotonic() - began
    shop.clock.pass_(days=301)
    began = time.monotonic()
    expired = expire_lots(shop.loyalty)
    expiry = time.monotonic() - began
    shop.clock.pass_(days=200)
    began = time.monotonic()
    assessed = assess_due(shop.loyalty)
    assessment = time.monotonic() - began
    assert (expired, assessed >= MEMBERS) == (MEMBERS * 40, True)
    print(
        f"\n{MEMBERS} members, two accounts each, written in {writing:.0f} s; against that: "
        f"first review of tiers {first_review / writing:.2f}, a day on which nothing is due {quiet / writing:.3f}, "
        f"every lot expiring {expiry / writing:.2f}, every tier assessed {assessment / writing:.2f}"
    )
