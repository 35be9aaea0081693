"""Vouchers: codes, states, validity and worth."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.program import VoucherTerms
from dolibarr_loyalty.core.times import RoundUp
from dolibarr_loyalty.core.vouchers import (
    ALPHABET,
    TRANSITIONS,
    Accounting,
    VoucherState,
    check_sign,
    code_hash,
    code_of,
    masked,
    read_code,
    valid_from,
    valid_until,
)
from tests.builders import a_program, a_reward, a_voucher, at, day

SECRET = b"a secret of the shop's owner, 32+"
SIGNS = st.text(ALPHABET, min_size=17, max_size=17)


def whole(signs: str) -> str:
    return signs + check_sign(signs)


# codes ---------------------------------------------------------------------------------------------


def test_a_code_is_three_groups_of_six_signs() -> None:
    code = code_of("0192f0aa", SECRET)
    assert [len(group) for group in code.split("-")] == [6, 6, 6]
    assert set(code) <= {*ALPHABET, "-"}
    assert code == code_of("0192f0aa", SECRET)


def test_a_code_depends_on_the_voucher_and_on_the_secret() -> None:
    assert len({code_of("a", SECRET), code_of("b", SECRET), code_of("a", b"another secret")}) == 3


def test_ten_thousand_codes_are_distinct_readable_and_use_every_sign() -> None:
    codes = [code_of(f"voucher-{number}", SECRET) for number in range(10_000)]
    assert len(set(codes)) == 10_000
    assert all(read_code(code) == code for code in codes)
    assert set("".join(codes)) == {*ALPHABET, "-"}


@pytest.mark.parametrize("alike", ["0OQ", "1IL", "UV", "2Z"])
def test_of_signs_that_look_alike_the_alphabet_has_at_most_one(alike: str) -> None:
    assert len(set(alike) & set(ALPHABET)) <= 1


def test_the_alphabet_has_a_prime_number_of_signs() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 29


@pytest.mark.parametrize(
    "write",
    [str.lower, lambda code: code.replace("-", ""), lambda code: f"  {code.replace('-', ' ')}\n"],
    ids=["lower case", "without dashes", "with blanks"],
)
def test_a_code_is_read_however_it_is_written(write: object) -> None:
    code = code_of("0192f0aa", SECRET)
    assert callable(write)
    assert read_code(write(code)) == code


@given(SIGNS)
def test_every_single_wrong_sign_is_detected(signs: str) -> None:
    code = whole(signs)
    for place, right in enumerate(code):
        for wrong in ALPHABET.replace(right, ""):
            assert read_code(code[:place] + wrong + code[place + 1 :]) is None


@given(SIGNS)
def test_every_swap_of_neighbours_is_detected(signs: str) -> None:
    code = whole(signs)
    for place in range(len(code) - 1):
        one, other = code[place], code[place + 1]
        if one != other:
            assert read_code(code[:place] + other + one + code[place + 2 :]) is None


@pytest.mark.parametrize("typed", ["", "ABC", "O" * 18, "A" * 17, "A" * 19, "ÄÖÜ" * 6, "-" * 18])
def test_what_is_no_code_is_not_read(typed: str) -> None:
    assert read_code(typed) is None


@given(st.text(max_size=40))
def test_no_text_breaks_the_reading_of_codes(typed: str) -> None:
    found = read_code(typed)
    assert found is None or read_code(found) == found


def test_the_database_keeps_a_keyed_hash_and_people_see_the_last_signs() -> None:
    code = code_of("0192f0aa", SECRET)
    assert code_hash(code, SECRET) == code_hash(code, SECRET)
    assert code_hash(code, SECRET) != code_hash(code, b"another secret")
    assert code.replace("-", "") not in code_hash(code, SECRET)
    assert masked("YRA7") == "••••••-••••••-••YRA7"


# states --------------------------------------------------------------------------------------------


def reachable(state: VoucherState) -> set[VoucherState]:
    found, new = {state}, {state}
    while new:
        new = {after for before in new for after in TRANSITIONS[before]} - found
        found |= new
    return found


def test_every_state_is_reached_and_has_its_ways() -> None:
    assert set(TRANSITIONS) == set(VoucherState) == reachable(VoucherState.PENDING)


@pytest.mark.parametrize("state", [VoucherState.REPLACED, VoucherState.REFUSED])
def test_a_voucher_whose_points_or_money_are_gone_stays_as_it_is(state: VoucherState) -> None:
    assert TRANSITIONS[state] == frozenset()


@pytest.mark.parametrize("state", [VoucherState.CANCELLED, VoucherState.EXPIRED])
def test_only_a_use_that_was_undone_brings_an_ended_voucher_back(state: VoucherState) -> None:
    assert TRANSITIONS[state] == {VoucherState.ACTIVE, VoucherState.PARTLY_USED}


@pytest.mark.parametrize("state", [VoucherState.ACTIVE, VoucherState.USING, VoucherState.PARTLY_USED])
def test_a_voucher_is_voided_in_two_steps(state: VoucherState) -> None:
    """The points return only after the credit was consumed: both could be spent otherwise."""
    assert not TRANSITIONS[state] & {VoucherState.CANCELLED, VoucherState.EXPIRED, VoucherState.REFUSED}


def test_a_voucher_has_a_name_for_each_of_its_documents() -> None:
    voucher = a_voucher(id="v1")
    assert (voucher.ref_ext, voucher.counter_ref_ext) == ("loyalty:voucher:v1", "loyalty:void:v1")


def test_only_a_voucher_over_an_amount_is_a_credit_from_the_start() -> None:
    assert a_voucher(kind="amount").is_credit_from_start
    assert not a_voucher(kind="percent").is_credit_from_start


@pytest.mark.parametrize(
    ("until", "today", "is_over"),
    [("2026-12-31", "2026-12-31", False), ("2026-12-31", "2027-01-01", True), (None, "2099-01-01", False)],
    ids=["last day", "the day after", "without end"],
)
def test_a_voucher_is_usable_on_its_last_day(until: str | None, today: str, is_over: bool) -> None:
    assert a_voucher(valid_until=until).is_expired(day(today)) is is_over


@pytest.mark.parametrize(
    ("months", "round_up", "of_reward", "until"),
    [
        pytest.param(36, "year", None, "2029-12-31", id="three years to the end of the year"),
        pytest.param(6, "none", None, "2026-07-31", id="six months"),
        pytest.param(1, "none", None, "2026-02-28", id="to the end of a shorter month"),
        pytest.param(36, "year", 3, "2026-04-30", id="the reward's own, not rounded"),
        pytest.param(36, "year", 0, None, id="the reward has no end"),
        pytest.param(0, "year", None, None, id="no end"),
    ],
)
def test_a_voucher_ends_after_its_months(
    months: int, round_up: RoundUp, of_reward: int | None, until: str | None
) -> None:
    program = a_program(vouchers=VoucherTerms(valid_months=months, round_up=round_up))
    ends = valid_until(program, a_reward(valid_months=of_reward), at("2026-01-31 23:30"))
    assert ends == (day(until) if until else None)


@pytest.mark.parametrize(
    ("own", "after_days", "today", "first"),
    [
        pytest.param(None, 0, "2026-03-02", None, id="at once"),
        pytest.param(None, 3, "2026-03-02", "2026-03-05", id="some days after its issue"),
        pytest.param("2026-04-01", 3, "2026-03-02", "2026-04-01", id="not before its day"),
        pytest.param("2026-01-01", 0, "2026-03-02", None, id="its day is over"),
    ],
)
def test_a_voucher_may_be_usable_only_later(
    own: str | None, after_days: int, today: str, first: str | None
) -> None:
    reward = replace(a_reward(), valid_from=day(own) if own else None, usable_after_days=after_days)
    assert valid_from(reward, day(today)) == (day(first) if first else None)
    voucher = replace(a_voucher(), valid_from=day("2026-03-05"))
    assert (voucher.is_early(day("2026-03-04")), voucher.is_early(day("2026-03-05"))) == (True, False)
    assert not a_voucher().is_early(day("2026-03-04"))


def test_a_reward_that_ends_by_itself_ends_its_vouchers() -> None:
    program = a_program(vouchers=VoucherTerms(valid_months=36))
    reward = replace(a_reward(), valid_until=day("2026-06-30"))
    assert valid_until(program, reward, at("2026-01-31 12:00")) == day("2026-06-30")
    assert valid_until(program, replace(reward, valid_months=0), at("2026-01-31 12:00")) == day("2026-06-30")


@pytest.mark.parametrize(
    ("kind", "accounting", "is_credit"),
    [
        ("amount", "payment", True),
        ("amount", "credit_note", True),
        ("amount", "deposit", True),
        ("amount", "discount", False),
        ("amount", "liability", False),
        ("percent", "payment", False),
    ],
)
def test_which_ways_are_a_credit_from_the_start(kind: str, accounting: Accounting, is_credit: bool) -> None:
    assert replace(a_voucher(kind=kind), accounting=accounting).is_credit_from_start is is_credit
