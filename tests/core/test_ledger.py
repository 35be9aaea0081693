"""Accounts, lots and entries: the worked examples, and what must hold after anything whatsoever."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dolibarr_loyalty.core.ledger import (
    GENESIS,
    Account,
    Allocation,
    Booking,
    Cause,
    Entry,
    EntryKind,
    Lot,
    account_id,
    encode_reasons,
    hash_input,
)
from dolibarr_loyalty.core.reasons import because
from tests.builders import MEMBER, a_booking, at, invoice

VOUCHER = Cause("voucher", "v1")


def later(booking: Booking, now: str | datetime) -> Booking:
    """The account as booked so far, looked at again at another time."""
    return Booking(booking.result, at(now) if isinstance(now, str) else now)


def earn(
    booking: Booking,
    points: int,
    *,
    of: int = 1,
    ends: str | None = None,
    available: str | None = None,
) -> Lot:
    return booking.accrue(
        points,
        cause=invoice(of),
        key=f"invoice:{of}:{len(booking.entries)}",
        occurred_at=booking.now,
        available_at=at(available) if available else None,
        expires_at=at(ends) if ends else None,
    )


def spend(booking: Booking, points: int, *, key: str = "redeem:v1") -> Entry:
    return booking.redeem(points, cause=VOUCHER, key=key)


def refund(booking: Booking, points: int, *, of: int = 1, debt_limit: int | None = None) -> int:
    key = f"refund:{of}:{len(booking.entries)}:{booking.now}"
    return booking.take_back(points, cause=invoice(of), key=key, debt_limit=debt_limit)


def give_back(booking: Booking, taken: Sequence[tuple[Lot, int]], *, grace: str | None = None) -> None:
    booking.give_back(
        taken,
        cause=VOUCHER,
        key="return:v1",
        reverses_id="7:points:2",
        grace_until=at(grace) if grace else None,
    )


def expire(booking: Booking) -> None:
    """What the daily run does."""
    for lot in sorted(booking.result.lots, key=lambda lot: lot.order):
        if lot.is_over(booking.now) and lot.expires_at:
            booking.lapse(lot.id, key=f"expire:{lot.id}:{booking.now}", occurred_at=lot.expires_at)


def taken_by(entry: Entry, booking: Booking) -> list[tuple[Lot, int]]:
    lots = {lot.id: lot for lot in booking.result.lots}
    return [(lots[found.lot_id], -found.points) for found in entry.allocations]


def lots(booking: Booking) -> list[tuple[str, int, str | None]]:
    """Open lots as (cause, remaining, end)."""
    found = sorted((lot for lot in booking.result.lots if lot.remaining), key=lambda lot: lot.order)
    return [
        (lot.cause.id, lot.remaining, lot.expires_at.isoformat() if lot.expires_at else None) for lot in found
    ]


def story(booking: Booking) -> list[tuple[str, int]]:
    return [(str(entry.kind), entry.points) for entry in booking.entries]


def codes(entry: Entry) -> list[str]:
    return [reason["code"] for reason in json.loads(entry.reasons)]


# worked examples -----------------------------------------------------------------------------------


def test_what_was_spent_before_does_not_expire_again() -> None:
    """Earn 100 to 1 January, redeem 60 on 20 December, earn 50 on the 30th: 40 expire, 50 stay."""
    booking = a_booking(now="2026-06-01")
    earn(booking, 100, of=1, ends="2027-01-02")
    booking = later(booking, "2026-12-20")
    spend(booking, 60)
    booking = later(booking, "2026-12-30")
    earn(booking, 50, of=2, ends="2027-12-31")
    booking = later(booking, "2027-01-02")
    expire(booking)
    assert story(booking) == [("expiry", -40)]
    assert booking.balance == 50
    assert booking.result.available(booking.now) == 50


def test_expiring_twice_changes_nothing() -> None:
    booking = a_booking()
    earn(booking, 100, ends="2026-04-01")
    booking = later(booking, "2026-04-01")
    expire(booking)
    expire(booking)
    assert story(booking) == [("expiry", -100)]


@pytest.mark.parametrize(
    ("now", "available"),
    [("2026-03-31 23:59:59", 10), ("2026-04-01 00:00", 0)],
    ids=["last second", "first instant after"],
)
def test_a_lot_is_spendable_to_the_end_of_its_last_day(now: str, available: int) -> None:
    booking = a_booking()
    earn(booking, 10, ends="2026-04-01")
    assert booking.result.available(at(now)) == available


@pytest.mark.parametrize(
    ("now", "available", "pending"),
    [("2026-03-15 23:59", 5, 10), ("2026-03-16 00:00", 15, 0), ("2026-05-01 00:00", 0, 0)],
    ids=["held", "released", "over"],
)
def test_held_points_are_seen_but_not_spendable(now: str, available: int, pending: int) -> None:
    booking = a_booking()
    earn(booking, 10, ends="2026-05-01", available="2026-03-16")
    earn(booking, 5, of=2, ends="2026-05-01")
    account = booking.result
    assert (account.available(at(now)), account.pending(at(now))) == (available, pending)
    assert account.balance == 15


def test_points_are_spent_from_the_lot_that_ends_first_then_from_the_oldest() -> None:
    booking = a_booking()
    earn(booking, 10, of=1)
    earn(booking, 10, of=2, ends="2026-06-01")
    earn(booking, 10, of=3, ends="2026-05-01")
    for of in range(4, 14):  # the ids of these run from 7:points:4 to 7:points:13
        earn(booking, 1, of=of)
    entry = spend(booking, 35)
    assert [(taken.lot_id, taken.points) for taken in entry.allocations] == [
        ("7:points:3", -10),
        ("7:points:2", -10),
        ("7:points:1", -10),
        *((f"7:points:{seq}", -1) for seq in range(4, 9)),
    ]


@pytest.mark.parametrize("points", [11, 0, -1], ids=["more than there is", "nothing", "less than nothing"])
def test_only_available_points_can_be_spent(points: int) -> None:
    booking = a_booking()
    earn(booking, 10)
    earn(booking, 10, of=2, available="2026-03-16")
    earn(booking, 10, of=3, ends="2026-03-02 12:00")
    with pytest.raises(ValueError, match="7:points"):
        spend(booking, points)


def test_nothing_can_be_spent_in_debt() -> None:
    booking = a_booking()
    refund(booking, 5)
    earn(booking, 3)
    with pytest.raises(ValueError, match="cannot be spent"):
        spend(booking, 1)


@pytest.mark.parametrize("points", [0, -5])
def test_a_movement_needs_points_above_zero(points: int) -> None:
    booking = a_booking()
    with pytest.raises(ValueError, match="above zero"):
        earn(booking, points)
    with pytest.raises(ValueError, match="above zero"):
        refund(booking, points)
    with pytest.raises(ValueError, match="above zero"):
        booking.deduct(points, cause=Cause("person", "eve"), key="by-hand")
    assert booking.entries == []


# refunds -------------------------------------------------------------------------------------------


def test_a_refund_takes_its_own_points_first() -> None:
    booking = a_booking()
    earn(booking, 50, of=1, ends="2026-05-01")
    earn(booking, 50, of=2, ends="2027-05-01")
    assert refund(booking, 30, of=2) == 0
    assert [(cause, left) for cause, left, _ in lots(booking)] == [("1", 50), ("2", 20)]


def test_a_refund_during_the_holding_period_never_touches_available_points() -> None:
    booking = a_booking()
    earn(booking, 50, of=1)
    earn(booking, 50, of=2, available="2026-03-16")
    refund(booking, 50, of=2)
    account = booking.result
    assert (account.available(booking.now), account.pending(booking.now)) == (50, 0)


def test_spent_points_are_taken_from_other_purchases_available_ones_first() -> None:
    booking = a_booking()
    earn(booking, 50, of=1)
    spend(booking, 50)
    earn(booking, 30, of=2, available="2026-03-16", ends="2026-04-01")
    earn(booking, 30, of=3)
    assert refund(booking, 50, of=1) == 0
    assert [(cause, left) for cause, left, _ in lots(booking)] == [("2", 10)]


def test_a_shortage_is_debt_that_the_next_points_pay() -> None:
    booking = a_booking()
    earn(booking, 100)
    spend(booking, 100)
    assert refund(booking, 100) == 100
    assert (booking.balance, booking.debt) == (-100, 100)
    assert codes(booking.entries[-1]) == ["debt_made"]
    lot = earn(booking, 130, of=2)
    assert (booking.balance, booking.debt, lot.remaining, lot.points) == (30, 0, 30, 130)
    assert codes(booking.entries[-1]) == ["debt_paid"]


def test_held_points_pay_debt_at_once_and_their_refund_brings_it_back() -> None:
    booking = a_booking()
    refund(booking, 20, of=1)
    earn(booking, 20, of=2, available="2026-03-16")
    assert (booking.debt, booking.result.pending(booking.now)) == (0, 0)
    refund(booking, 20, of=2)
    assert (booking.balance, booking.debt) == (-20, 20)


def test_more_taken_back_than_was_ever_granted_is_debt() -> None:
    booking = a_booking()
    earn(booking, 10)
    assert refund(booking, 25) == 15
    assert (booking.balance, booking.debt) == (-15, 15)


@pytest.mark.parametrize(
    ("debt_limit", "debt", "entries"),
    [
        pytest.param(None, 60, [("reversal", -100)], id="no limit"),
        pytest.param(60, 60, [("reversal", -100)], id="at the limit"),
        pytest.param(25, 25, [("reversal", -100), ("adjustment", 35)], id="the rest is waived"),
        pytest.param(0, 0, [("reversal", -100), ("adjustment", 60)], id="all is waived"),
    ],
)
def test_debt_beyond_its_limit_is_waived_on_record(
    debt_limit: int | None, debt: int, entries: list[tuple[str, int]]
) -> None:
    booking = a_booking()
    earn(booking, 100)
    spend(booking, 60)
    booking = later(booking, "2026-03-05")
    assert refund(booking, 100, debt_limit=debt_limit) == 60
    assert (booking.debt, booking.balance) == (debt, -debt)
    assert story(booking) == entries


def test_older_debt_is_not_waived_with_the_new() -> None:
    booking = a_booking()
    refund(booking, 50, of=1)
    refund(booking, 30, of=2, debt_limit=10)
    assert booking.debt == 50


def test_points_that_have_expired_are_not_taken_back_a_second_time() -> None:
    booking = a_booking()
    earn(booking, 100, ends="2026-04-01")
    spend(booking, 60)
    booking = later(booking, "2026-04-01")
    expire(booking)
    booking = later(booking, "2026-04-02")
    refund(booking, 100)
    assert story(booking) == [("expiry", 40), ("reversal", -100)]
    assert codes(booking.entries[0]) == ["expiry_undone"]
    assert (booking.balance, booking.debt) == (-60, 60)


def test_what_has_lapsed_comes_back_once_however_often_is_refunded() -> None:
    booking = a_booking()
    earn(booking, 100, ends="2026-04-01")
    booking = later(booking, "2026-04-01")
    expire(booking)
    for _ in range(4):
        refund(booking, 25)
    assert booking.balance == 0
    refund(booking, 25)
    assert (booking.balance, booking.debt) == (-25, 25)


def test_several_lapsed_lots_of_one_purchase_come_back_as_far_as_needed() -> None:
    booking = a_booking()
    for _ in range(3):
        earn(booking, 10, ends="2026-04-01")
    booking = later(booking, "2026-04-01")
    expire(booking)
    booking = later(booking, "2026-04-02")
    refund(booking, 15)
    assert story(booking) == [("expiry", 10), ("expiry", 5), ("reversal", -15)]
    assert [lot.lapsed for lot in booking.result.lots] == [0, 5, 10]


def test_points_forfeited_at_a_maximum_are_what_a_refund_takes_first() -> None:
    """100 earned, 40 of them above the maximum of 60; half comes back: 50 are left, as if 50 had been earned."""
    booking = a_booking()
    lot = earn(booking, 100)
    booking.lapse(lot.id, points=40, kind=EntryKind.FORFEITURE, key="max", occurred_at=booking.now)
    assert booking.balance == 60
    booking = later(booking, "2026-03-05")
    refund(booking, 50)
    assert story(booking) == [("forfeiture", 40), ("reversal", -50)]
    assert booking.balance == 50


def test_expired_points_of_other_purchases_pay_no_refund_whether_or_not_the_daily_run_came_first() -> None:
    balances = []
    for is_run_first in (True, False):
        booking = a_booking()
        earn(booking, 100, of=1)
        spend(booking, 100)
        earn(booking, 30, of=2, ends="2026-04-01")
        booking = later(booking, "2026-04-01 00:05")
        if is_run_first:
            expire(booking)
        refund(booking, 100, of=1)
        expire(booking)
        balances.append((booking.balance, booking.debt))
    assert balances == [(-100, 100), (-100, 100)]


def test_of_a_purchase_with_points_over_and_points_reinstated_a_refund_takes_those_that_are_over() -> None:
    booking = a_booking()
    earn(booking, 100, ends="2026-04-01")
    entry = spend(booking, 60)
    booking = later(booking, "2026-04-02")
    expire(booking)
    give_back(booking, taken_by(entry, booking), grace="2026-05-02")
    refund(booking, 50)
    assert booking.balance == booking.result.available(booking.now) == 50


@given(
    own=st.integers(1, 200),
    other=st.integers(0, 200),
    spent=st.integers(0, 400),
    refunds=st.lists(st.integers(1, 60), min_size=1, max_size=5),
    before=st.integers(0, 5),
)
def test_refunds_before_or_after_expiry_end_with_the_same_balance(
    own: int, other: int, spent: int, refunds: list[int], before: int
) -> None:
    """Whichever of the refunds come before the points of the purchase expire, and whichever after."""

    def balance(before: int) -> tuple[int, int]:
        booking = a_booking()
        earn(booking, own, of=1, ends="2026-04-01")
        if other:
            earn(booking, other, of=2)
        if spent and spent <= own + other:
            spend(booking, spent)
        left = own
        for number, points in enumerate(refunds):
            if number == before:
                booking = later(booking, "2026-04-01")
                expire(booking)
            if min(points, left):
                refund(booking, min(points, left), of=1)
                left -= min(points, left)
        booking = later(booking, "2026-05-01")
        expire(booking)
        return booking.balance, booking.debt

    assert balance(before) == balance(len(refunds)) == balance(0)


@given(entitled=st.lists(st.integers(0, 100), min_size=1, max_size=8), spent=st.integers(0, 100))
def test_posting_differences_ends_where_posting_the_last_entitlement_would(
    entitled: list[int], spent: int
) -> None:
    """Whatever an invoice was entitled to in between, edits and refunds of it in any order."""

    def balance(steps: Sequence[int]) -> int:
        booking = a_booking()
        earn(booking, 50, of=2)
        if 0 < spent <= 50:
            spend(booking, spent)
        held = 0
        for now in steps:
            if now > held:
                earn(booking, now - held)
            elif now < held:
                refund(booking, held - now)
            held = now
        return booking.balance

    assert balance(entitled) == balance(entitled[-1:])


# undoing a redemption ------------------------------------------------------------------------------


@given(
    amounts=st.lists(st.integers(1, 50), min_size=1, max_size=6),
    share=st.floats(0, 1),
    wait=st.integers(0, 20),
)
def test_a_reversal_restores_the_lots_as_they_were(amounts: list[int], share: float, wait: int) -> None:
    booking = a_booking()
    for of, points in enumerate(amounts):
        earn(booking, points, of=of, ends=f"2026-{4 + of % 3:02}-01")
    before = booking.result
    entry = spend(booking, max(1, int(sum(amounts) * share)))
    booking = later(booking, booking.now + timedelta(days=wait))
    give_back(booking, taken_by(entry, booking), grace="2026-09-01")
    assert booking.result.lots == before.lots
    assert booking.balance == before.balance
    assert booking.entries[-1].reverses_id == "7:points:2"


def test_points_that_return_pay_debt_first() -> None:
    booking = a_booking()
    earn(booking, 100)
    entry = spend(booking, 100)
    refund(booking, 60)
    give_back(booking, taken_by(entry, booking))
    assert (booking.balance, booking.debt) == (40, 0)
    assert codes(booking.entries[-1]) == ["debt_paid"]
    assert lots(booking) == [("1", 40, None)]


def test_points_that_return_pay_debt_over_several_lots() -> None:
    booking = a_booking()
    for of in (1, 2, 3):
        earn(booking, 10, of=of)
    entry = spend(booking, 30)
    refund(booking, 15, of=9)
    give_back(booking, taken_by(entry, booking))
    assert lots(booking) == [("2", 5, None), ("3", 10, None)]
    assert booking.entries[-1].allocations == (Allocation("7:points:2", 5), Allocation("7:points:3", 10))


def test_points_that_return_to_a_lot_that_is_over_get_a_grace() -> None:
    booking = a_booking()
    earn(booking, 10, of=1, ends="2026-04-01")
    earn(booking, 10, of=2, ends="2026-08-01")
    entry = spend(booking, 20)
    booking = later(booking, "2026-05-01")
    give_back(booking, taken_by(entry, booking), grace="2026-05-31")
    assert lots(booking) == [
        ("1", 10, at("2026-05-31").isoformat()),
        ("2", 10, at("2026-08-01").isoformat()),
    ]
    assert booking.result.available(booking.now) == 20
    assert [codes(entry) for entry in booking.entries] == [[], ["reinstated"]]


def test_points_that_were_reinstated_are_found_by_the_refund_of_their_purchase() -> None:
    booking = a_booking()
    earn(booking, 10, of=1, ends="2026-04-01")
    entry = spend(booking, 10)
    booking = later(booking, "2026-05-01")
    earn(booking, 10, of=2)
    give_back(booking, taken_by(entry, booking), grace="2026-05-31")
    refund(booking, 10, of=1)
    assert lots(booking) == [("2", 10, None)]


def test_without_a_grace_they_expire_at_the_next_run() -> None:
    booking = a_booking()
    earn(booking, 10, ends="2026-04-01")
    entry = spend(booking, 10)
    booking = later(booking, "2026-05-01")
    give_back(booking, taken_by(entry, booking))
    assert (booking.balance, booking.result.available(booking.now)) == (10, 0)
    expire(booking)
    assert booking.balance == 0


def test_points_of_a_lot_that_moved_return_to_where_it_went() -> None:
    source, target = a_booking(), a_booking(on=Account(thirdparty_id=8))
    earn(source, 10, of=1, ends="2026-06-01")
    earn(source, 10, of=2)
    entry = spend(source, 15)
    source.transfer_to(target, key="merge")
    give_back(target, taken_by(entry, source), grace="2026-09-01")
    assert (source.balance, target.balance) == (0, 20)
    assert lots(target) == [
        ("1", 10, at("2026-06-01").isoformat()),
        ("2", 5, None),
        ("2", 5, None),
    ]
    assert json.loads(target.entries[-1].reasons)[0] == {"code": "reinstated", "points": 5, "until": ""}


# lapsing, deducting, moving ------------------------------------------------------------------------


def test_lapsing_nothing_is_nothing() -> None:
    booking = a_booking()
    lot = earn(booking, 10)
    spend(booking, 10)
    booking.lapse(lot.id, key="expire", occurred_at=booking.now)
    booking.lapse("7:points:99", key="expire", occurred_at=booking.now)
    assert len(booking.entries) == 2


def test_no_more_lapses_than_is_left() -> None:
    booking = a_booking()
    lot = earn(booking, 10)
    spend(booking, 4)
    booking.lapse(lot.id, points=9, key="max", occurred_at=booking.now, cause=Cause("person", "eve"))
    assert booking.balance == 0
    assert booking.entries[-1].cause == Cause("person", "eve")


def test_a_deduction_takes_available_points_then_held_ones_then_makes_debt() -> None:
    booking = a_booking()
    earn(booking, 10, of=1, available="2026-03-16", ends="2026-04-01")
    earn(booking, 10, of=2)
    booking.deduct(15, cause=Cause("person", "eve"), key="a")
    assert lots(booking) == [("1", 5, at("2026-04-01").isoformat())]
    booking.deduct(8, cause=Cause("person", "eve"), key="b")
    assert (booking.balance, booking.debt) == (-3, 3)


def test_points_move_with_their_own_terms_and_purchase() -> None:
    source, target = a_booking(), a_booking(on=Account(thirdparty_id=8))
    earn(source, 10, of=1, ends="2026-06-01", available="2026-03-16")
    earn(source, 10, of=2)
    source.transfer_to(target, key="merge:7:8", reasons=[because("merged", **{"from": 7, "to": 8})])
    assert lots(source) == []
    assert lots(target) == [("1", 10, at("2026-06-01").isoformat()), ("2", 10, None)]
    assert target.result.pending(target.now) == 10
    assert (source.balance, target.balance) == (0, 20)
    refund(target, 10, of=2)
    assert [cause for cause, _, _ in lots(target)] == ["1"]


def test_a_refund_after_a_move_takes_no_points_that_had_lapsed_before_it() -> None:
    source, target = a_booking(), a_booking(on=Account(thirdparty_id=8))
    lot = earn(source, 100)
    source.lapse(lot.id, points=40, kind=EntryKind.FORFEITURE, key="max", occurred_at=source.now)
    source.transfer_to(target, key="merge")
    refund(target, 100)
    assert target.balance == 0


def test_debt_moves_and_is_paid_from_what_is_there() -> None:
    source, target = a_booking(), a_booking(on=Account(thirdparty_id=8))
    refund(source, 30)
    earn(target, 20)
    source.transfer_to(target, key="merge")
    assert (source.balance, source.debt) == (0, 0)
    assert (target.balance, target.debt, lots(target)) == (-10, 10, [])


def test_points_that_move_pay_the_debt_they_find() -> None:
    source, target = a_booking(), a_booking(on=Account(thirdparty_id=8))
    earn(source, 30)
    refund(target, 20, of=5)
    source.transfer_to(target, key="merge")
    assert (target.balance, target.debt) == (10, 0)


# entries and their chain ---------------------------------------------------------------------------


def test_a_booking_tells_new_lots_from_changed_ones() -> None:
    booking = a_booking()
    first = earn(booking, 10)
    assert booking.opened_lots == (first,)
    assert booking.changed_lots == ()
    booking = later(booking, "2026-03-05")
    second = earn(booking, 10, of=2)
    spend(booking, 15)
    assert [lot.remaining for lot in booking.changed_lots] == [0]
    assert booking.opened_lots == (replace(second, remaining=5),)


def test_accounts_of_one_member_are_told_apart_by_their_unit() -> None:
    assert Account(thirdparty_id=MEMBER).id == account_id(7) == "7:points"
    assert Account(thirdparty_id=MEMBER, unit="stamps:coffee").id == "7:stamps:coffee"
    assert str(invoice(12)) == "invoice:12"


def test_the_first_entry_follows_the_beginning() -> None:
    booking = a_booking()
    earn(booking, 10)
    assert booking.entries[0].previous_hash == GENESIS
    assert booking.entries[0].id == "7:points:1"


def test_the_same_input_has_the_same_hash() -> None:
    assert hash_input(1, {"b": 2, "a": 1}) == hash_input(1, {"a": 1, "b": 2})
    assert hash_input(1, 2) != hash_input(12)


def test_reasons_are_stored_as_text() -> None:
    text = encode_reasons([because("adjusted", text="Grüße"), because("debt_paid", points=3)])
    assert text == '[{"code":"adjusted","text":"Grüße"},{"code":"debt_paid","points":3}]'


CHANGES: list[dict[str, Any]] = [
    {"points": 11},
    {"balance_after": 11},
    {"debt_after": 1},
    {"seq": 2},
    {"kind": EntryKind.ADJUSTMENT},
    {"account_id": "8:points"},
    {"occurred_at": at("2026-03-02 12:01")},
    {"booked_at": at("2026-03-02 12:01")},
    {"cause": invoice(2)},
    {"key": "other"},
    {"input_hash": "other"},
    {"reasons": '[{"code":"adjusted"}]'},
    {"reverses_id": "7:points:1"},
    {"allocations": (Allocation("7:points:1", -1),)},
    {"previous_hash": "1" * 64},
    {"opens": None},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: str(*change))
def test_any_change_of_an_entry_shows(change: dict[str, Any]) -> None:
    booking = a_booking()
    earn(booking, 10, ends="2026-05-01")
    entry = booking.entries[0]
    assert entry.fingerprint() == entry.hash
    assert replace(entry, **change).fingerprint() != entry.hash


@pytest.mark.parametrize(
    "change",
    [
        {"points": 11},
        {"cause": invoice(2)},
        {"available_at": at("2026-03-03")},
        {"expires_at": at("2027-05-01")},
        {"expires_at": None},
    ],
    ids=lambda change: str(*change),
)
def test_any_change_of_a_lots_terms_shows(change: dict[str, Any]) -> None:
    booking = a_booking()
    entry_lot = earn(booking, 10, ends="2026-05-01")
    entry = booking.entries[0]
    assert replace(entry, opens=replace(entry_lot, **change)).fingerprint() != entry.hash


def test_what_is_left_of_a_lot_later_is_not_part_of_its_entry() -> None:
    booking = a_booking()
    lot = earn(booking, 10)
    entry = booking.entries[0]
    assert replace(entry, opens=replace(lot, remaining=3, lapsed=2)).fingerprint() == entry.hash


# whatever happens ----------------------------------------------------------------------------------


@dataclass
class World:
    """Two members' accounts to which anything may happen, with every entry and redemption kept."""

    bookings: dict[int, Booking] = field(
        default_factory=lambda: {member: a_booking(on=Account(thirdparty_id=member)) for member in (7, 8)}
    )
    entries: dict[int, list[Entry]] = field(default_factory=lambda: {7: [], 8: []})
    spent: list[Entry] = field(default_factory=list)
    steps: int = 0

    def do(self, what: str, member: int, points: int, number: int) -> None:
        self.steps += 1
        booking, key = self.bookings[member], f"{self.steps}"
        if what == "accrue":
            booking.accrue(
                points,
                cause=invoice(number),
                key=key,
                occurred_at=booking.now,
                available_at=booking.now + timedelta(days=number % 3 * 5),
                expires_at=booking.now + timedelta(days=number * 7) if number % 4 else None,
            )
        elif what == "take_back":
            limit = None if number % 2 else points // 2
            booking.take_back(points, cause=invoice(number), key=key, debt_limit=limit)
        elif what == "redeem":
            if available := booking.result.available(booking.now):
                entry = booking.redeem(min(points, available), cause=Cause("voucher", key), key=key)
                self.spent.append(entry)
        elif what == "give_back":
            if self.spent:
                entry = self.spent.pop(points % len(self.spent))
                grace = booking.now + timedelta(days=30) if number % 2 else None
                booking.give_back(
                    self.taken_by(entry), cause=entry.cause, key=key, reverses_id=entry.id, grace_until=grace
                )
        elif what == "lapse":
            for lot in booking.result.lots:
                if lot.is_over(booking.now):
                    booking.lapse(lot.id, key=f"{key}:{lot.id}", occurred_at=booking.now)
        elif what == "forfeit":
            for lot in booking.result.lots[:1]:
                booking.lapse(
                    lot.id, points=points, kind=EntryKind.FORFEITURE, key=key, occurred_at=booking.now
                )
        elif what == "deduct":
            booking.deduct(points, cause=Cause("person", "eve"), key=key)
        elif what == "transfer":
            booking.transfer_to(self.bookings[15 - member], key=key)
        else:
            self.wait(number)

    def taken_by(self, entry: Entry) -> list[tuple[Lot, int]]:
        found = {lot.id: lot for booking in self.bookings.values() for lot in booking.result.lots}
        return [(found[taken.lot_id], -taken.points) for taken in entry.allocations]

    def wait(self, days: int) -> None:
        """Store everything and read it again some days later."""
        for member, booking in self.bookings.items():
            self.entries[member] += booking.entries
            self.bookings[member] = Booking(booking.result, booking.now + timedelta(days=days))

    def all_entries(self, member: int) -> list[Entry]:
        return self.entries[member] + self.bookings[member].entries

    def check(self) -> None:
        for member, booking in self.bookings.items():
            entries = self.all_entries(member)
            self.check_account(booking.result, entries)
            self.check_lots(booking.result, entries)
        debts = [booking.debt for booking in self.bookings.values()]
        assert min(debts) >= 0

    @staticmethod
    def check_account(account: Account, entries: list[Entry]) -> None:
        held = sum(lot.remaining for lot in account.lots)
        assert account.balance == sum(entry.points for entry in entries) == held - account.debt
        balance, head = 0, GENESIS
        for seq, entry in enumerate(entries, 1):
            balance += entry.points
            assert (entry.seq, entry.balance_after, entry.previous_hash) == (seq, balance, head)
            assert entry.fingerprint() == entry.hash
            assert entry.debt_after >= 0
            head = entry.hash
        assert (account.seq, account.head) == (len(entries), head)
        assert len({entry.key for entry in entries}) == len(entries)

    @staticmethod
    def check_lots(account: Account, entries: list[Entry]) -> None:
        """Each lot is its points and its allocations, and what lapsed of it is what lapsing entries took."""
        assert {lot.id for lot in account.lots} == {entry.id for entry in entries if entry.opens}
        for lot in account.lots:
            moves = [
                (entry.kind, taken.points)
                for entry in entries
                for taken in entry.allocations
                if taken.lot_id == lot.id
            ]
            lapses = [points for kind, points in moves if kind in (EntryKind.EXPIRY, EntryKind.FORFEITURE)]
            assert lot.remaining == lot.points + sum(points for _, points in moves) >= 0
            assert lot.lapsed == -sum(lapses) >= 0
        for entry in entries:
            touched = [taken.lot_id for taken in entry.allocations]
            assert len(set(touched)) == len(touched)


STEPS = st.tuples(
    st.sampled_from(
        [
            "accrue",
            "accrue",
            "take_back",
            "redeem",
            "give_back",
            "lapse",
            "forfeit",
            "deduct",
            "transfer",
            "wait",
        ]
    ),
    st.sampled_from([7, 8]),
    st.integers(1, 120),
    st.integers(1, 9),
)


@settings(max_examples=250)
@given(st.lists(STEPS, max_size=25))
def test_after_anything_the_books_agree(steps: list[tuple[str, int, int, int]]) -> None:
    """Balance = entries = lots less debt; no lot below zero; the chain holds; allocations explain every lot."""
    world = World()
    for step in steps:
        world.do(*step)
        world.check()


@given(st.lists(STEPS, max_size=15))
def test_moving_points_to_another_account_keeps_the_sum_of_both(
    steps: list[tuple[str, int, int, int]],
) -> None:
    world = World()
    for step in steps:
        before = sum(booking.balance for booking in world.bookings.values())
        world.do(*step)
        after = sum(booking.balance for booking in world.bookings.values())
        if step[0] in ("transfer", "wait"):
            assert after == before
