"""Holds on vouchers as they are stored: once per key, one writer at a time, every step kept."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import Conflict
from dolibarr_loyalty.store import bearings, reservations, vouchers
from dolibarr_loyalty.store.database import Database
from dolibarr_loyalty.store.reservations import Hold, Reservation
from tests.flows.shop import PROGRAM

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=30)


def a_voucher(database: Database, identifier: str = "v1", value: str = "50") -> Voucher:
    voucher = Voucher(
        id=identifier,
        thirdparty_id=7,
        reward_id="20-off",
        kind="amount",
        state=VoucherState.ACTIVE,
        points=0,
        value=Decimal(value),
        remaining=Decimal(value),
        currency="EUR",
        issued_at=NOON,
        valid_until=None,
        last_four="ABCD",
    )
    with database.transaction() as tx:
        vouchers.insert(
            tx,
            voucher,
            code_hash=f"hash {identifier}",
            program_hash=bearings.keep_program(tx, PROGRAM, NOON),
            request_key=f"request {identifier}",
            who="test",
            day=date(2026, 3, 2),
        )
    return voucher


def a_hold(key: str = "cart-1", amount: str = "20", **fields: object) -> Reservation:
    usual = Reservation(
        key=key,
        kind="voucher",
        state=Hold.HELD,
        voucher_id="v1",
        amount=Decimal(amount),
        currency="EUR",
        input_hash="input",
        made_at=NOON,
        until=LATER,
        who="shop",
    )
    return replace(usual, **fields)  # type: ignore[arg-type]


def put(database: Database, *holds: Reservation) -> None:
    for hold in holds:
        with database.transaction() as tx:
            reservations.insert(tx, hold)


def test_what_is_stored_is_read_back_whole(database: Database) -> None:
    a_voucher(database)
    hold = a_hold(invoice_id=12, until=None, kind="ticket")
    put(database, hold)
    with database.reading() as tx:
        assert reservations.by_key(tx, "cart-1") == hold
        assert reservations.by_key(tx, "cart-2") is None


def test_a_key_is_stored_once(database: Database) -> None:
    a_voucher(database)
    put(database, a_hold())
    with pytest.raises(Conflict):
        put(database, a_hold(amount="5"))


def test_keys_that_differ_in_case_alone_are_two_keys(database: Database) -> None:
    a_voucher(database)
    put(database, a_hold("Cart"), a_hold("cart", "5"))
    with database.reading() as tx:
        held = [reservations.by_key(tx, key) for key in ("Cart", "cart")]
    assert [hold.amount for hold in held if hold] == [20, 5]  # type: ignore[comparison-overlap]


def test_what_is_held_is_the_sum_of_what_holds_now(database: Database) -> None:
    a_voucher(database)
    a_voucher(database, "v2")
    put(
        database,
        a_hold("a", "20"),
        a_hold("b", "5.50", until=None),
        a_hold("c", "3", state=Hold.RELEASED),
        a_hold("d", "9", voucher_id="v2"),
        a_hold("e", "1", state=Hold.CAPTURING),
    )
    with database.reading() as tx:
        assert reservations.held(tx, "v1") == Decimal("26.50")
        assert reservations.held(tx, "v1", but="a") == Decimal("6.50")
        assert reservations.held(tx, "v1", now=LATER) == Decimal("6.50")
        assert reservations.held(tx, "v1", now=LATER - timedelta(seconds=1)) == Decimal("26.50")
        assert reservations.held(tx, "nobody") == 0  # type: ignore[comparison-overlap]


def test_every_step_is_kept_with_who_and_why(database: Database) -> None:
    a_voucher(database)
    put(database, a_hold())
    with database.transaction() as tx:
        after = reservations.change(
            tx, a_hold(), at=LATER, who="till 2", why="goods not there", state=Hold.RELEASED
        )
    assert (after.state, after.version) == (Hold.RELEASED, 1)
    with database.reading() as tx:
        assert reservations.by_key(tx, "cart-1") == after
        told = [(step.state, step.at, step.who, step.why) for step in reservations.steps(tx, "cart-1")]
    assert told == [("held", NOON, "shop", ""), ("released", LATER, "till 2", "goods not there")]


def test_of_two_writers_one_is_told(database: Database) -> None:
    a_voucher(database)
    put(database, a_hold())
    with database.transaction() as tx:
        reservations.change(tx, a_hold(), at=NOON, who="x", state=Hold.CAPTURING, invoice_id=4)
    with pytest.raises(Conflict), database.transaction() as tx:
        reservations.change(tx, a_hold(), at=NOON, who="y", state=Hold.RELEASED)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Hold.RELEASED, Hold.HELD),
        (Hold.OVERDUE, Hold.CAPTURING),
        (Hold.CAPTURED, Hold.HELD),
        (Hold.HELD, Hold.HELD),
    ],
)
def test_what_has_ended_holds_no_more(database: Database, before: Hold, after: Hold) -> None:
    a_voucher(database)
    put(database, a_hold(state=before))
    with pytest.raises(ValueError, match="cannot go"), database.transaction() as tx:
        reservations.change(tx, a_hold(state=before), at=NOON, who="x", state=after)


def test_overdue_holds_come_in_pages(database: Database) -> None:
    a_voucher(database)
    put(database, *(a_hold(key, "1") for key in "abc"), a_hold("d", "1", until=None))
    walked: list[str] = []
    with database.reading() as tx:
        assert reservations.overdue(tx, NOON, "", 10) == []
        while page := reservations.overdue(tx, LATER, walked[-1] if walked else "", 2):
            walked += [hold.id for hold in page]
    assert sorted(walked) == sorted(reservations.id_of(key) for key in "abc")


def test_lists_choose_state_and_kind(database: Database) -> None:
    a_voucher(database)
    put(database, a_hold("a"), a_hold("b", kind="ticket"), a_hold("c", state=Hold.RELEASED))
    choose: Callable[..., set[str]] = lambda **by: {hold.key for hold in reservations.page(tx, **by)}  # noqa: E731
    with database.reading() as tx:
        assert choose() == {"a", "b", "c"}
        assert choose(state=Hold.HELD) == {"a", "b"}
        assert choose(kind="ticket") == {"b"}
        assert [hold.key for hold in reservations.of_voucher(tx, "v1")] != []
