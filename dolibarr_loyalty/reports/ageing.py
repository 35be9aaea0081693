"""When what is owed ends: what was left at the end of a day, by its last usable day."""

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.liability import BUCKETS, Bucket, bucket, limits
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.times import after, day_of, iso, parse
from dolibarr_loyalty.reports.strands import Strand, voucher_strand
from dolibarr_loyalty.store.database import Tx


def of_points(tx: Tx, program: Program, strand: Strand, day: date) -> dict[Bucket, int]:
    """What members held of a unit at the end of a day: what lots hold now, less what moved since.

    The lots' own figures are what is left now; entries booked after the day are taken back one by one, so that
    any past day is told as it was.
    """
    zone, likes = ZoneInfo(program.zone), dict(strand.likes)
    ends = {name: iso(after(last, zone)) for name, last in limits(day).items() if last is not None}
    row = tx.row("lots_by_end", **{f"{name}_at": at for name, at in ends.items()}, **likes)
    assert row is not None  # noqa: S101
    up_to = [int(row[name]) for name in ("ended", "to_month", "to_3", "to_6", "to_12")]
    without_end = int(row["without_end"])
    # a limit may lie before the one above it: the month's end before the day three months on never does
    parts = [up_to[0], *(later - sooner for sooner, later in pairwise(up_to))]
    parts += [int(row["points"]) - without_end - up_to[-1], without_end]
    found = dict(zip(BUCKETS, parts, strict=True))
    for query in ("lots_opened_since", "lots_moved_since"):
        for since in tx.rows(query, from_at=iso(after(day, zone)), **likes):
            found[bucket(_last_day(since["expires_at"], zone), day)] -= int(since["points"])
    return found


def of_vouchers(tx: Tx, program: Program, day: date) -> dict[Strand, dict[Bucket, int]]:
    """What was left of the vouchers of each strand at the end of a day, in minor units."""
    found: dict[Strand, dict[Bucket, int]] = {}
    for row in tx.rows("voucher_rest_by_end", until_day=day.isoformat()):
        ends = found.setdefault(voucher_strand(program, row), dict.fromkeys(BUCKETS, 0))
        last = date.fromisoformat(row["valid_until"]) if row["valid_until"] else None
        ends[bucket(last, day)] += int(row["amount_minor"])
    return found


def _last_day(expires_at: str | None, zone: ZoneInfo) -> date | None:
    return day_of(parse(expires_at) - timedelta(microseconds=1), zone) if expires_at else None
