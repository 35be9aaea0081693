"""The work of a day: points and vouchers that end, warnings, rewards that came within reach by themselves.

A day that was missed is made up for by the next run: everything is found by its date, not by today's.
"""

from dataclasses import dataclass
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from dolibarr_loyalty.core.effects import show_member
from dolibarr_loyalty.core.ledger import Booking, Lot, account_parts
from dolibarr_loyalty.core.reasons import Reason, because
from dolibarr_loyalty.core.terms import QUALIFYING, Expiry
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.core.wallets import quiet_end_of, terms_of
from dolibarr_loyalty.flows.benefits import review_due_benefits
from dolibarr_loyalty.flows.charities import want_statements
from dolibarr_loyalty.flows.clubs import review_due_clubs
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.grace import is_over
from dolibarr_loyalty.flows.notices import notice_matured, warn_of_expiry
from dolibarr_loyalty.flows.occasions import celebrate
from dolibarr_loyalty.flows.reservations import release_overdue
from dolibarr_loyalty.flows.tiers import assess_due
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
    release_overdue(loyalty)
    ended = end_vouchers(loyalty)
    celebrate(loyalty)
    notice_matured(loyalty)
    assess_due(loyalty)
    review_due_clubs(loyalty)
    review_due_benefits(loyalty)
    want_statements(loyalty)
    return Day(expired_points=points, expired_vouchers=ended, warnings=warn_of_expiry(loyalty))


def expire_lots(loyalty: Loyalty) -> int:
    """Book the end of every lot of any unit whose time is over; gives the redeemable points that expired."""
    expired, last = 0, ""
    while True:
        with loyalty.database.reading() as tx:
            rows = tx.rows(
                "accounts_with_ended_lots", now=iso(loyalty.now()), last_id=last, limit=loyalty.page_size
            )
        if not rows:
            return expired
        last = rows[-1]["account_id"]
        accounts = [row["account_id"] for row in rows]
        expired += loyalty.database.decide(lambda tx, ids=accounts: _expire(tx, loyalty, ids))  # type: ignore[misc]


def _expire(tx: Tx, loyalty: Loyalty, accounts: list[str]) -> int:
    now, bookings, by_unit = loyalty.now(), [], dict[str, list[int]]()
    for member, unit in map(account_parts, accounts):
        by_unit.setdefault(unit, []).append(member)
    found = [each for unit, ids in by_unit.items() for each in ledger.load(tx, ids, unit=unit).values()]
    for account in found:
        booking = Booking(account, now)
        for lot in sorted(account.lots, key=lambda lot: lot.order):
            if lot.remaining and lot.is_over(now) and lot.expires_at is not None:
                booking.lapse(
                    lot.id,
                    key=f"expiry:{lot.id}:{account.seq}",
                    occurred_at=lot.expires_at,
                    reasons=[_ended(loyalty, account.unit, lot)],
                )
        bookings.append(booking)
    return _store(tx, loyalty, bookings)


def _ended(loyalty: Loyalty, unit: str, lot: Lot) -> Reason:
    assert lot.expires_at is not None  # noqa: S101
    last_day = loyalty.last_day(lot.expires_at)
    if unit.startswith(QUALIFYING):
        return because("qualifying_reset", on=last_day)
    return because("expired", on=last_day, model="fixed")


def expire_quiet_accounts(loyalty: Loyalty) -> int:
    """In the activity model: everything of a unit of members who neither earned nor redeemed of it for its period.

    Gives the redeemable points that expired.
    """
    program = loyalty.program
    rules = [(unit, terms_of(program, unit).expiry) for unit in program.units]
    return sum(_expire_unit(loyalty, unit, rule) for unit, rule in rules if rule.model == "activity")


def _expire_unit(loyalty: Loyalty, unit: str, rule: Expiry) -> int:
    before = loyalty.now() - relativedelta(months=rule.months) - timedelta(days=max(0, rule.days - 1))
    expired, last = 0, ""
    while True:
        with loyalty.database.reading() as tx:
            rows = tx.rows(
                "quiet_accounts", unit=unit, before=iso(before), last_id=last, limit=loyalty.page_size
            )
            members = [account_parts(row["account_id"])[0] for row in rows]
        if not rows:
            return expired
        last = rows[-1]["account_id"]
        expired += loyalty.database.decide(
            lambda tx, m=members: _expire_quiet(tx, loyalty, unit, rule, m)  # type: ignore[misc]
        )


def _expire_quiet(tx: Tx, loyalty: Loyalty, unit: str, rule: Expiry, members: list[int]) -> int:
    now, bookings = loyalty.now(), []
    # before the last activities: who earns in between moves the head
    accounts = ledger.load(tx, members, unit=unit)
    heads = tx.rows("accounts_by_ids", ids=[account.id for account in accounts.values()])
    quiet = {head["thirdparty_id"]: parse(head["last_activity_at"]) for head in heads}
    for member, account in accounts.items():
        booking = Booking(account, now)
        ends_at = quiet_end_of(rule, quiet[member], loyalty.zone)
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
    """Begin to void every usable voucher whose last day is over; the outbox carries it through.

    One that came back from an invoice has its grace first, one that is reserved is honoured until that ends.
    """
    with loyalty.database.reading() as tx:
        over = [each for each in vouchers.ended(tx, loyalty.today()) if is_over(tx, loyalty, each)]
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
    points = [booking for booking in moved if booking.account.unit == loyalty.unit]
    return -sum(entry.points for booking in points for entry in booking.entries)
