"""Referrals: codes to recommend with, one person under two names, the purchase that completes one (E8)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.activities import Referral
from dolibarr_loyalty.core.history import Past
from dolibarr_loyalty.core.referrals import (
    ReferralState,
    Referred,
    code_of,
    first_purchase,
    is_same_person,
    mailbox,
    member_of,
)
from dolibarr_loyalty.core.vouchers import ALPHABET
from tests.builders import at

SECRET = b"a key of thirty-two bytes, no less"
RULES = Referral(referrer_points=50, minimum_amount=Decimal(20))


def a_referral(**changes: Any) -> Referred:
    usual: dict[str, Any] = {
        "id": "r",
        "referrer_id": 7,
        "friend_id": 8,
        "friend_email": "",
        "friend_key": "",
        "source_id": "7:8",
        "referred_at": at("2026-03-02"),
        "valid_until": at("2027-03-02"),
    }
    return Referred(**usual | changes)


def a_past(kept: str = "100", on: str = "2026-03-10", id: int = 1) -> Past:
    return Past(document_id=id, occurred_at=at(on), kept=Decimal(kept), is_purchase=Decimal(kept) > 0)


@given(st.integers(1, 10**12))
def test_a_code_leads_back_to_its_member_however_it_is_typed(thirdparty_id: int) -> None:
    code = code_of(thirdparty_id, SECRET)
    assert member_of(code, SECRET) == thirdparty_id
    assert member_of(code.lower().replace("-", " "), SECRET) == thirdparty_id
    assert member_of(code, b"another key of thirty-two bytes!") != thirdparty_id


@given(st.integers(1, 10**6), st.integers(0, 30), st.sampled_from(ALPHABET))
def test_a_wrong_sign_is_noticed(thirdparty_id: int, place: int, sign: str) -> None:
    code = code_of(thirdparty_id, SECRET)
    place %= len(code)
    typed = code[:place] + sign + code[place + 1 :]
    if code[place] not in ("-", sign):
        assert member_of(typed, SECRET) is None


@pytest.mark.parametrize("typed", ["", "222", "22222O22", "hello world", "222-2222-2"])
def test_what_is_no_code(typed: str) -> None:
    assert member_of(typed, SECRET) is None


def test_a_code_is_short_enough_to_dictate() -> None:
    assert len(code_of(42, SECRET)) == 10
    assert len(code_of(100_000, SECRET)) == 11


@pytest.mark.parametrize(
    ("email", "key"),
    [
        ("Claire@Example.org", "claire@example.org"),
        ("claire+shop@example.org", "claire@example.org"),
        ("c.l.aire+x@gmail.com", "claire@gmail.com"),
        ("claire@googlemail.com", "claire@gmail.com"),
        ("c.laire@example.org", "c.laire@example.org"),
        ("", ""),
        ("no address", ""),
        ("@example.org", ""),
    ],
)
def test_a_mailbox_has_one_name(email: str, key: str) -> None:
    assert mailbox(email) == key


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ((7, "a@x.org"), (7, "b@x.org"), True),
        ((7, "a@x.org"), (8, "A+2@x.org"), True),
        ((7, "a@x.org"), (8, "b@x.org"), False),
        ((7, ""), (8, ""), False),
    ],
)
def test_who_is_the_same_person(one: tuple[int, str], other: tuple[int, str], same: bool) -> None:
    assert is_same_person(one, other) is same


@pytest.mark.parametrize(
    ("pasts", "document"),
    [
        ([], None),
        ([a_past()], 1),
        ([a_past("19.99")], None),
        ([a_past("20")], 1),
        ([a_past("0")], None),
        ([a_past(on="2026-03-01")], None),
        ([a_past(on="2027-03-01")], 1),
        ([a_past(on="2027-03-02")], None),
        ([a_past("5", id=1), a_past("30", "2026-03-12", 2), a_past("90", "2026-03-13", 3)], 2),
        ([a_past(id=2, on="2026-03-12"), a_past(id=3, on="2026-03-11")], 3),
    ],
    ids=[
        "none",
        "one",
        "too small",
        "just enough",
        "wholly returned",
        "before the referral",
        "on the last day",
        "too late",
        "the first that is large enough",
        "by date, not by number",
    ],
)
def test_which_purchase_completes_a_referral(pasts: list[Past], document: int | None) -> None:
    found = first_purchase(a_referral(), RULES, pasts)
    assert (found.document_id if found else None) == document


def test_what_is_free_is_no_purchase() -> None:
    free = replace(a_past("0"), is_purchase=True)
    assert first_purchase(a_referral(), Referral(referrer_points=1), [free]) is None


def test_a_referral_that_is_not_completed_in_time_has_expired() -> None:
    assert a_referral().state_at(at("2027-03-01 23:59")) is ReferralState.OPEN
    assert a_referral().state_at(at("2027-03-02")) is ReferralState.EXPIRED
    rewarded = a_referral(state=ReferralState.REWARDED)
    assert rewarded.state_at(at("2030-01-01")) is ReferralState.REWARDED
