"""Vouchers: codes, states, validity and worth."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.program import VoucherTerms
from dolibarr_loyalty.core.sale import Credit, Line
from dolibarr_loyalty.core.times import RoundUp
from dolibarr_loyalty.core.vouchers import (
    ALPHABET,
    TRANSITIONS,
    Voucher,
    VoucherState,
    check_sign,
    code_hash,
    code_of,
    credit_line,
    masked,
    read_code,
    valid_until,
    worth_on,
)
from tests.builders import a_line, a_program, a_reward, a_sale, a_voucher, at, day

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


@pytest.mark.parametrize("state", [VoucherState.CANCELLED, VoucherState.EXPIRED, VoucherState.REFUSED])
def test_a_voucher_whose_points_or_money_are_gone_stays_as_it_is(state: VoucherState) -> None:
    assert TRANSITIONS[state] == frozenset()


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


# worth ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "vat_rate", "net_price", "rate"),
    [
        pytest.param(VoucherTerms(), None, "12", "0", id="a means of payment carries no VAT"),
        pytest.param(VoucherTerms(), Decimal(20), "12", "0", id="whatever it is bound to"),
        pytest.param(
            VoucherTerms(accounting="credit_note", vat_rate=Decimal(20)), None, "10", "20", id="the setting's rate"
        ),
        pytest.param(
            VoucherTerms(accounting="credit_note", vat_rate=Decimal(20)),
            Decimal("5.5"),
            "11.37441",
            "5.5",
            id="the rate of the goods",
        ),
    ],
)
def test_a_voucher_becomes_one_line_of_a_credit_note(
    terms: VoucherTerms, vat_rate: Decimal | None, net_price: str, rate: str
) -> None:
    line = credit_line(terms, Decimal(12), vat_rate)
    assert (line.net_price, line.vat_rate) == (Decimal(net_price), Decimal(rate))


def percent(rate: str, limit: str | None = None) -> Voucher:
    return a_voucher(kind="percent", value="0", rate=rate, limit=limit)


def free(product: str, limit: str | None = None) -> Voucher:
    return a_voucher(kind="product", value="0", product=product, limit=limit)


@pytest.mark.parametrize(
    ("voucher", "lines", "remaining", "worth"),
    [
        pytest.param(percent("10"), [a_line("80"), a_line("20")], "100", "10", id="percent of the goods"),
        pytest.param(percent("10"), [a_line("33.35")], "33.35", "3.34", id="percent, to the cent"),
        pytest.param(percent("50", "20"), [a_line("100")], "100", "20", id="percent, up to its limit"),
        pytest.param(percent("50"), [a_line("100")], "30", "30", id="no more than remains to be paid"),
        pytest.param(
            percent("10"),
            [a_line("100"), a_line("-20", credit=Credit.DISCOUNT)],
            "80",
            "8",
            id="after a typed-in discount",
        ),
        pytest.param(
            percent("10"),
            [a_line("100"), a_line("-20", credit=Credit.DEPOSIT)],
            "80",
            "10",
            id="a deposit is a payment",
        ),
        pytest.param(percent("10"), [a_line("-50")], "0", "0", id="nothing on goods that come back"),
        pytest.param(percent("10"), [a_line("50")], "-5", "0", id="nothing on an overpaid invoice"),
        pytest.param(percent("10"), [], "0", "0", id="no lines"),
        pytest.param(free("Coffee"), [a_line("9", product="coffee", quantity="3")], "9", "3", id="one unit"),
        pytest.param(
            free("coffee"),
            [a_line("3", product="coffee"), a_line("4", product="coffee")],
            "7",
            "4",
            id="the dearest",
        ),
        pytest.param(
            free("coffee", "2.50"), [a_line("3", product="coffee")], "3", "2.50", id="up to its limit"
        ),
        pytest.param(free("coffee"), [a_line("3", product="tea")], "3", "0", id="another product"),
        pytest.param(free("coffee"), [a_line("0", product="coffee")], "5", "0", id="already free"),
        pytest.param(
            free("coffee"), [a_line("3", product="coffee", quantity="0")], "3", "0", id="quantity zero"
        ),
        pytest.param(
            free("coffee"), [a_line("-3", product="coffee", quantity="-1")], "3", "0", id="taken back"
        ),
        pytest.param(
            free("ham"),
            [a_line("7", product="ham", quantity="0.350"), a_line("30")],
            "37",
            "7",
            id="less than one unit",
        ),
    ],
)
def test_what_a_voucher_is_worth_on_an_invoice(
    voucher: Voucher, lines: list[Line], remaining: str, worth: str
) -> None:
    assert worth_on(voucher, a_sale(lines=lines, remaining=remaining))[0] == Decimal(worth)


def test_a_voucher_for_a_product_carries_the_products_vat_rate() -> None:
    sale = a_sale(lines=[a_line("3", product="coffee", vat_rate="5.5"), a_line("9")], remaining="12")
    assert worth_on(free("coffee"), sale) == (Decimal(3), Decimal("5.5"))
    assert worth_on(free("tea"), sale) == (Decimal(0), None)
    assert worth_on(percent("10"), sale)[1] is None


@pytest.mark.parametrize(
    ("lines", "vat_rate"),
    [
        pytest.param([a_line("80", vat_rate="5.5"), a_line("20", vat_rate="5.5")], "5.5", id="of one rate"),
        pytest.param(
            [a_line("80", vat_rate="5.5"), a_line("20", vat_rate="20")], None, id="of several rates"
        ),
        pytest.param(
            [
                a_line("80", vat_rate="7"),
                a_line("0", vat_rate="20"),
                a_line("-9", vat_rate="0", credit=Credit.DEPOSIT),
            ],
            "7",
            id="lines that carry no goods' money do not count",
        ),
    ],
)
def test_a_percentage_carries_the_vat_rate_that_all_the_goods_share(
    lines: list[Line], vat_rate: str | None
) -> None:
    carried = worth_on(percent("10"), a_sale(lines=lines, remaining="50"))[1]
    assert carried == (None if vat_rate is None else Decimal(vat_rate))
