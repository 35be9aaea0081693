"""The terms of each unit, and what members give each other."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.ledger import Account, Booking, account_id, account_parts
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.terms import Expiry
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.core.wallets import (
    Pooling,
    StampCard,
    UnitTerms,
    Wallet,
    card_of,
    ends_of,
    find_unit,
    is_pooled,
    is_transferable,
    quiet_end_of,
    terms_of,
    unit_names,
    value_of,
    wallet_of,
)
from tests.builders import MEMBER, PARIS, a_booking, at, day, invoice

NEVER = Expiry(model="none")
YEAR = Expiry(model="fixed", months=12)
QUIET = Expiry(model="activity", months=6)
STARS = Wallet(
    id="stars",
    names=(("de", "Stern", "Sterne"), ("en", "star", "stars")),
    rounding="up",
    expiry=YEAR,
    holding_days=3,
    value=Decimal("0.05"),
    transferable=True,
)
CARD = StampCard(id="Coffee", size=10, reward="free-coffee")
PROGRAM = Program(
    rounding="half_up",
    expiry=QUIET,
    holding_days=14,
    wallets=(STARS, Wallet(id="miles", expiry=NEVER)),
    cards=(CARD,),
    tier_groups=(TierGroup(id="main", tiers=(Tier(id="silver", threshold=Decimal(0)),)),),
)


@pytest.mark.parametrize(
    ("unit", "terms"),
    [
        ("points", UnitTerms("half_up", QUIET, 14)),
        ("stars", UnitTerms("up", YEAR, 3)),
        ("miles", UnitTerms("down", NEVER, 0)),
        ("stamps:Coffee", UnitTerms("down", NEVER, 0)),
        ("qualifying:main", UnitTerms("half_up", NEVER, 0)),
        ("stamps:gone", UnitTerms("down", NEVER, 0)),
        ("gone", UnitTerms("down", NEVER, 0)),
    ],
)
def test_each_unit_has_its_own_terms(unit: str, terms: UnitTerms) -> None:
    assert terms_of(PROGRAM, unit) == terms


def test_a_card_may_end() -> None:
    program = replace(PROGRAM, cards=(replace(CARD, expiry=YEAR),))
    assert terms_of(program, "stamps:Coffee").expiry == YEAR


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("points", "points"),
        (" STARS ", "stars"),
        ("coffee", "stamps:Coffee"),
        ("stamps:coffee", "stamps:Coffee"),
        ("qualifying:main", None),
        ("main", None),
        ("hearts", None),
        ("", None),
    ],
)
def test_a_unit_is_found_as_people_name_it(text: str, unit: str | None) -> None:
    assert find_unit(PROGRAM, text) == unit


def test_what_a_unit_is() -> None:
    assert (wallet_of(PROGRAM, "stars"), wallet_of(PROGRAM, "points")) == (STARS, None)
    assert (card_of(PROGRAM, "stamps:Coffee"), card_of(PROGRAM, "stars")) == (CARD, None)
    worth = [value_of(PROGRAM, unit) for unit in ("points", "stars", "stamps:Coffee", "qualifying:main")]
    assert worth == [PROGRAM.point_value, Decimal("0.05"), 0, 0]
    assert unit_names(PROGRAM.wallets) == {
        "stars": {"de": ("Stern", "Sterne"), "en": ("star", "stars")},
        "miles": {},
    }


def test_who_may_give_and_pool_what() -> None:
    units = ("points", "stars", "miles", "stamps:Coffee", "qualifying:main")
    assert [is_transferable(PROGRAM, unit) for unit in units] == [False, True, False, False, False]
    assert is_transferable(replace(PROGRAM, transferable_points=True), "points")
    assert not any(is_pooled(PROGRAM, unit) for unit in units)
    household = replace(PROGRAM, pooling=Pooling(kind="household"))
    assert [is_pooled(household, unit) for unit in units] == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("expiry", "counted_from", "ends"),
    [
        (Expiry(model="fixed", months=1), "2026-01-25", "2026-02-26"),
        (Expiry(model="fixed", months=1), "2026-01-31", "2026-03-01"),
        (Expiry(model="fixed", months=6, round_up="month"), "2026-12-15", "2027-07-01"),
        (Expiry(model="fixed", months=0, days=10), "2026-03-25", "2026-04-05"),
        (NEVER, "2026-01-25", None),
        (QUIET, "2026-01-25", None),
    ],
)
def test_when_lots_end(expiry: Expiry, counted_from: str, ends: str | None) -> None:
    assert ends_of(expiry, day(counted_from), PARIS) == (at(ends) if ends else None)


def test_when_a_quiet_account_ends() -> None:
    last: datetime = at("2026-01-25 23:30")
    assert quiet_end_of(QUIET, last, PARIS) == at("2026-07-26")
    assert quiet_end_of(YEAR, last, PARIS) is None


def test_an_account_is_told_by_its_id() -> None:
    assert account_parts("42:stamps:coffee") == (42, "stamps:coffee")
    assert account_parts(account_id(7)) == (7, "points")


# giving ------------------------------------------------------------------------------------------------


def earned(*lots: tuple[int, str | None], debt: int = 0) -> Booking:
    booking = a_booking()
    for number, (points, ends) in enumerate(lots, 1):
        booking.accrue(
            points,
            cause=invoice(number),
            key=f"e{number}",
            occurred_at=booking.now,
            expires_at=at(ends) if ends else None,
        )
    if debt:
        booking.deduct(debt + booking.balance, cause=invoice(99), key="debt")
    return Booking(booking.result, booking.now)


def test_what_ends_first_is_given_first_and_keeps_its_end_and_purchase() -> None:
    giver, taker = (
        earned((50, None), (30, "2027-01-01")),
        Booking(Account(thirdparty_id=8), at("2026-03-02 12:00")),
    )
    giver.give_to(taker, 40, key="gift", input_hash="digest")
    assert [(lot.points, lot.cause, lot.expires_at) for lot in taker.opened_lots] == [
        (30, invoice(2), at("2027-01-01")),
        (10, invoice(1), None),
    ]
    assert (giver.balance, taker.balance) == (40, 40)
    assert [entry.key for entry in giver.entries] == ["gift:1:out", "gift:2:out"]
    assert [entry.key for entry in taker.entries] == ["gift:1:in", "gift:2:in"]
    assert {entry.input_hash for entry in (*giver.entries, *taker.entries)} == {"digest"}


@pytest.mark.parametrize("points", [0, -1, 81])
def test_nobody_gives_more_than_there_is(points: int) -> None:
    with pytest.raises(ValueError, match="cannot be given away"):
        earned((50, None), (30, None)).give_to(a_booking(), points, key="gift")


def test_nobody_gives_while_in_debt() -> None:
    with pytest.raises(ValueError, match="cannot be given away"):
        earned((50, None), debt=5).give_to(a_booking(), 1, key="gift")


def test_a_gift_pays_what_its_taker_owes() -> None:
    giver, taker = earned((50, None)), earned((10, None), debt=20)
    giver.give_to(taker, 30, key="gift")
    assert (giver.balance, taker.balance, taker.debt) == (20, 10, 0)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6), st.integers(1, 300))
def test_giving_loses_and_makes_nothing(lots: list[int], points: int) -> None:
    giver = earned(*((each, f"2027-01-{number:02}") for number, each in enumerate(lots, 1)))
    taker = Booking(Account(thirdparty_id=MEMBER + 1), giver.now)
    if points > sum(lots):
        with pytest.raises(ValueError, match="cannot be given away"):
            giver.give_to(taker, points, key="gift")
        return
    giver.give_to(taker, points, key="gift")
    assert taker.balance == sum(lot.remaining for lot in taker.result.lots) == points
    assert giver.balance == sum(lot.remaining for lot in giver.result.lots) == sum(lots) - points
