"""The liability is what the ledger and the moves say: now, of any past day, for any random life."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from dolibarr_loyalty.core.ledger import Booking, Cause
from dolibarr_loyalty.core.terms import Expiry
from dolibarr_loyalty.core.wallets import Wallet
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.reports.liability import Liability, liability
from dolibarr_loyalty.store import ledger
from dolibarr_loyalty.store.database import Database
from dolibarr_loyalty.store.migrations import migrate
from tests.conftest import OpenShop
from tests.flows.shop import PROGRAM, Shop

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
TWO_UNITS = replace(PROGRAM, zone="UTC", wallets=(Wallet(id="coffee"),))
STEP = st.tuples(
    st.sampled_from(("accrue", "redeem", "give_back", "take_back", "lapse", "deduct")),
    st.integers(1, 3),
    st.sampled_from(("points", "stamps:coffee", "coffee", "qualifying:status")),
    st.integers(1, 60),
    st.integers(0, 20),
)


def play(database: Database, steps: list[tuple[str, int, str, int, int]]) -> dict[date, dict[str, int]]:
    """Live through the steps; gives the sum of all balances of each unit at the end of each day."""
    now, sums, seen = START, dict[str, int](), dict[date, dict[str, int]]()
    for number, (what, member, unit, points, days) in enumerate(steps):
        now += timedelta(days=days, seconds=1)
        with database.transaction() as tx:
            account = ledger.load_units(tx, [member], [unit])[member, unit]
            booking = Booking(account, now)
            _act(booking, what, points, number, now, account.available(now))
            ledger.store(tx, [booking])
        if booking.entries:  # an account begins with its first entry
            sums[unit] = sums.get(unit, 0) + booking.balance - account.balance
        seen[now.date()] = dict(sums)
    return seen


def _act(booking: Booking, what: str, points: int, number: int, now: datetime, available: int) -> None:
    cause, key = Cause("test", str(number)), f"test:{number}"
    if what == "accrue":
        ends = now + timedelta(days=points * 7) if points % 3 else None
        booking.accrue(points, cause=cause, key=key, occurred_at=now, expires_at=ends)
    elif what in ("redeem", "give_back") and available:
        entry = booking.redeem(min(points, available), cause=cause, key=key)
        if what == "give_back":
            taken = [(booking._lots[each.lot_id], -each.points) for each in entry.allocations]
            booking.give_back(taken, cause=cause, key=f"{key}:back", reverses_id=entry.id, grace_until=None)
    elif what == "take_back":
        booking.take_back(points, cause=cause, key=key)
    elif what == "lapse":
        for lot_id in list(booking._lots)[:1]:
            booking.lapse(lot_id, key=key, occurred_at=now)
    elif what == "deduct":
        booking.deduct(points, cause=cause, key=key)


@settings(max_examples=25)
@given(steps=st.lists(STEP, min_size=1, max_size=14))
def test_every_past_day_closes_with_the_balances_of_that_day(
    steps: list[tuple[str, int, str, int, int]],
) -> None:
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/ledger.sqlite3", is_durable=False)
        migrate(database)
        for day, sums in play(database, steps).items():
            told = liability(database, TWO_UNITS, START.date(), day)
            owed = {each.strand.unit: each for each in told.owed}
            for unit, total in sums.items():
                if not unit.startswith("qualifying"):
                    assert owed[unit].whole.closing == total
                    assert owed[unit].left - owed[unit].debt == total
                    assert owed[unit].debt >= 0
                    assert min(owed[unit].ends.values()) >= 0
        database.close()


def test_the_entries_alone_are_summed_where_balances_do_not_agree(sqlite: Database) -> None:
    play(sqlite, [("accrue", 1, "points", 40, 0), ("accrue", 1, "points", 20, 40)])
    with sqlite.transaction() as tx:
        tx.connection.execute(text("UPDATE llx_loyalty_accounts SET balance = 1000"))
    (owed,) = liability(sqlite, TWO_UNITS, date(2026, 2, 1), date(2026, 2, 28)).owed
    assert (owed.whole.opening, owed.whole["issued"], owed.whole.closing) == (40, 20, 60)


def of_key(told: Liability) -> dict[str, tuple[int, int]]:
    return {each.strand.key: (each.whole.closing, each.left) for each in told.owed}


def test_a_shops_points_and_vouchers(opened: OpenShop) -> None:
    program = replace(PROGRAM, expiry=Expiry(months=2))
    with opened(program=program) as shop:
        claire = shop.rich(120)
        voucher = shop.redeem(claire)
        told = liability(shop.loyalty.database, program, date(2026, 3, 1), shop.loyalty.today())
        assert of_key(told) == {"points": (70, 70), "free:payment:EUR": (500, 500)}
        shop.use(voucher, shop.sell(claire, 50, paid=False))
        shop.clock.pass_(days=70)
        daily(shop.loyalty)
        told = liability(shop.loyalty.database, program, date(2026, 3, 1), shop.loyalty.today())
        assert of_key(told)["free:payment:EUR"] == (0, 0)
        points = told.owed[0].whole
        assert points["issued"] == 120
        assert (points["used"], points["expired"]) == (-50, -70)
        _proves_the_past(shop)


def _proves_the_past(shop: Shop) -> None:
    """What was left in March is told as it was, after all of it has gone."""
    told = liability(shop.loyalty.database, shop.loyalty.program, date(2026, 3, 1), date(2026, 3, 31))
    assert told.owed[0].left == 70
    assert told.owed[0].worth(70) == 70 * shop.loyalty.program.point_value
