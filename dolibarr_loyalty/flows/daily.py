"""The work of a day: points and vouchers that end, warnings, rewards that came within reach by themselves.

A day that was missed is made up for by the next run: everything is found by its date, not by today's.
"""

from dataclasses import dataclass
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from dolibarr_loyalty.core.accrual import quiet_since
from dolibarr_loyalty.core.effects import show_member
from dolibarr_loyalty.core.ledger import Booking
from dolibarr_loyalty.core.reasons import because
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.notices import notice_matured, warn_of_expiry
from dolibarr_loyalty.flows.voiding import begin
from dolibarr_loyalty.store import ledger, outbox, vouchers
from dolibarr_loyalty.store.database import Tx


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a day's work did."""

    expired_points: int = 0
    expired_vouchers: int = 0
    warnings: int = 0


def daily(loyalty: Loyalty) -> Day:
    """Do the work of the day; any number of times, with the effect of once."""
    points = expire_lots(loyalty) + expire_quiet_accounts(loyalty)
    ended = end_vouchers(loyalty)
    notice_matured(loyalty)
    return Day(expired_points=points, expired_vouchers=ended, warnings=warn_of_expiry(loyalty))


def expire_lots(loyalty: Loyalty) -> int:
    """Book the end of every lot whose time is over; gives the points that expired."""
    expired, last = 0, ""
    while True:
        with loyalty.database.reading() as tx:
            rows = tx.rows(
                "accounts_with_ended_lots", now=iso(loyalty.now()), last_id=last, limit=loyalty.page_size
            )
        if not rows:
            return expired
        last = rows[-1]["account_id"]
        members = [_member(row["account_id"]) for row in rows]
        expired += loyalty.database.decide(lambda tx, m=members: _expire(tx, loyalty, m))  # type: ignore[misc]


def _expire(tx: Tx, loyalty: Loyalty, members: list[int]) -> int:
    now, bookings = loyalty.now(), []
    for account in ledger.load(tx, members).values():
        booking = Booking(account, now)
        for lot in sorted(account.lots, key=lambda lot: lot.order):
            if lot.remaining and lot.is_over(now) and lot.expires_at is not None:
                booking.lapse(
                    lot.id,
                    key=f"expiry:{lot.id}:{account.seq}",
                    occurred_at=lot.expires_at,
                    reasons=[because("expired", on=loyalty.last_day(lot.expires_at), model="fixed")],
                )
        bookings.append(booking)
    return _store(tx, loyalty, bookings)


def expire_quiet_accounts(loyalty: Loyalty) -> int:
    """In the activity model: all points of members who neither earned nor redeemed for the whole period."""
    rule = loyalty.program.expiry
    if rule.model != "activity":
        return 0
    before = loyalty.now() - relativedelta(months=rule.months) - timedelta(days=max(0, rule.days - 1))
    expired, last = 0, ""
    while True:
        with loyalty.database.reading() as tx:
            rows = tx.rows("quiet_accounts", before=iso(before), last_id=last, limit=loyalty.page_size)
            members = [_member(row["account_id"]) for row in rows]
        if not rows:
            return expired
        last = rows[-1]["account_id"]
        expired += loyalty.database.decide(lambda tx, m=members: _expire_quiet(tx, loyalty, m))  # type: ignore[misc]


def _expire_quiet(tx: Tx, loyalty: Loyalty, members: list[int]) -> int:
    now, bookings = loyalty.now(), []
    accounts = ledger.load(tx, members)  # before the last activities: who earns in between moves the head
    heads = tx.rows("accounts_by_ids", ids=[account.id for account in accounts.values()])
    quiet = {head["thirdparty_id"]: parse(head["last_activity_at"]) for head in heads}
    for member, account in accounts.items():
        booking = Booking(account, now)
        ends_at = quiet_since(loyalty.program, quiet[member])
        if ends_at is not None and ends_at <= now:
            for lot in sorted(account.lots, key=lambda lot: lot.order):
                booking.lapse(
                    lot.id,
                    key=f"quiet:{lot.id}:{account.seq}",
                    occurred_at=ends_at,
                    reasons=[because("expired", on=loyalty.last_day(ends_at), model="activity")],
                )
        bookings.append(booking)
    return _store(tx, loyalty, bookings)


def end_vouchers(loyalty: Loyalty) -> int:
    """Begin to void every usable voucher whose last day is over; the outbox carries it through."""
    with loyalty.database.reading() as tx:
        over = vouchers.ended(tx, loyalty.today())
    for voucher in over:
        begin(
            loyalty,
            voucher.id,
            VoucherState.EXPIRING,
            who=loyalty.worker,
            note=f"valid until {voucher.valid_until}",
        )
    return len(over)


def _store(tx: Tx, loyalty: Loyalty, bookings: list[Booking]) -> int:
    ledger.store(tx, bookings)
    moved = [booking for booking in bookings if booking.entries]
    outbox.put(tx, [show_member(b.account.thirdparty_id) for b in moved], loyalty.now())
    return -sum(entry.points for booking in moved for entry in booking.entries)


def _member(account: str) -> int:
    return int(account.partition(":")[0])
