"""What a document is entitled to now: states, kinds, payments, refunds, caps, terms of its points."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.accrual import (
    Appraisal,
    Claim,
    Enrolment,
    appraise,
    entitle,
    expiry_of,
    lot_terms,
    needs_siblings,
    quiet_since,
    share_a_period,
)
from dolibarr_loyalty.core.money import Rounding
from dolibarr_loyalty.core.program import Cap, EarnOn, Exclusions, Program
from dolibarr_loyalty.core.sale import Credit, Kind, Line, Sale, State
from dolibarr_loyalty.core.terms import Expiry, Match, Window
from dolibarr_loyalty.core.times import RoundUp
from tests.builders import (
    PARIS,
    a_cap,
    a_credit_note,
    a_family,
    a_line,
    a_multiplier,
    a_payment,
    a_program,
    a_sale,
    a_unit_rule,
    a_visit_rule,
    an_amount_rule,
    at,
    day,
    enrolled,
)

PER_TEN = an_amount_rule(per="10")
COFFEE = Match(products=("coffee",))


def look(program: Program, sale: Sale, *credit_notes: Sale, member: Enrolment | None = None) -> Appraisal:
    return appraise(program, a_family(sale, *credit_notes), member or enrolled())


def points(program: Program, sale: Sale, *credit_notes: Sale, member: Enrolment | None = None) -> int:
    claim = look(program, sale, *credit_notes, member=member).claim
    return entitle([(program, claim)])[sale.id].points


def codes(program: Program, sale: Sale, *credit_notes: Sale, member: Enrolment | None = None) -> list[str]:
    return [reason.code for reason in look(program, sale, *credit_notes, member=member).reasons]


# states and kinds ----------------------------------------------------------------------------------

EARN_ON: tuple[EarnOn, ...] = ("validated", "paid", "each_payment")


@pytest.mark.parametrize(
    ("state", "close_code", "validated", "paid", "each_payment"),
    [
        pytest.param(State.DRAFT, "", 0, 0, 0, id="draft"),
        pytest.param(State.VALIDATED, "", 120, 0, 30, id="validated, a quarter paid"),
        pytest.param(State.PAID, "", 120, 120, 120, id="paid"),
        pytest.param(State.CLOSED, "discount_vat", 30, 30, 30, id="early payment: what was paid"),
        pytest.param(State.CLOSED, "badcustomer", 0, 0, 0, id="bad debt"),
        pytest.param(State.CLOSED, "abandon", 0, 0, 0, id="given up after a payment"),
        pytest.param(State.CLOSED, "", 0, 0, 0, id="closed without a word"),
        pytest.param(State.ABANDONED, "abandon", 0, 0, 0, id="abandoned"),
        pytest.param(State.REPLACED, "replaced", 0, 0, 0, id="replaced"),
        pytest.param(State.DELETED, "", 0, 0, 0, id="deleted"),
    ],
)
@pytest.mark.parametrize("kind", [Kind.STANDARD, Kind.REPLACEMENT, Kind.SITUATION])
def test_an_invoice_earns_by_its_state_and_what_the_program_waits_for(
    kind: Kind, state: State, close_code: str, validated: int, paid: int, each_payment: int
) -> None:
    sale = a_sale(kind=kind, state=state, close_code=close_code, paid="30")
    found = [points(a_program(earn_on=earn_on), sale) for earn_on in EARN_ON]
    assert found == [validated, paid, each_payment]


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("earn_on", EARN_ON)
def test_a_deposit_never_earns(state: State, earn_on: EarnOn) -> None:
    assert points(a_program(earn_on=earn_on), a_sale(kind=Kind.DEPOSIT, state=state, paid="120")) == 0


@pytest.mark.parametrize(
    ("state", "taken"),
    [(state, 12 if state in (State.VALIDATED, State.PAID, State.CLOSED) else 0) for state in State],
)
@pytest.mark.parametrize("earn_on", EARN_ON)
def test_a_credit_note_without_an_invoice_takes_points_once_it_counts(
    earn_on: EarnOn, state: State, taken: int
) -> None:
    assert points(a_program(earn_on=earn_on), a_credit_note(state=state, of=None)) == -taken


@pytest.mark.parametrize(
    ("program", "sale", "member", "code"),
    [
        pytest.param(a_program(), a_sale(is_ours=True), enrolled(), "own_document", id="made by the program"),
        pytest.param(a_program(), a_sale(state=State.DRAFT), enrolled(), "not_final", id="draft"),
        pytest.param(a_program(), a_sale(kind=Kind.DEPOSIT), enrolled(), "deposit", id="deposit"),
        pytest.param(
            a_program(standalone_credit_notes="ignore"),
            a_credit_note(of=None),
            enrolled(),
            "standalone",
            id="ignored",
        ),
        pytest.param(
            a_program(exclusions=Exclusions(channels=("webshop",))),
            a_sale(channel="WebShop"),
            enrolled(),
            "excluded_channel",
            id="channel",
        ),
        pytest.param(
            a_program(starts_on="2026-03-03"),
            a_sale(),
            enrolled(),
            "before_start",
            id="before start",
        ),
        pytest.param(a_program(), a_sale(), enrolled(None), "not_a_member", id="no member"),
        pytest.param(
            a_program(generic_customers=[7]), a_sale(), enrolled(), "not_a_member", id="till customer"
        ),
        pytest.param(
            a_program(), a_sale(), enrolled(left="2026-03-02 12:00"), "not_a_member", id="had just left"
        ),
        pytest.param(
            a_program(backfill=False),
            a_sale(),
            enrolled("2026-03-03 00:00"),
            "not_a_member",
            id="joined a day later",
        ),
        pytest.param(a_program(), a_sale(state=State.VALIDATED), enrolled(), "not_paid", id="unpaid"),
        pytest.param(
            a_program(),
            a_sale(state=State.CLOSED, close_code="badcustomer"),
            enrolled(),
            "bad_debt",
            id="bad debt",
        ),
    ],
)
def test_a_document_that_earns_nothing_says_why(
    program: Program, sale: Sale, member: Enrolment, code: str
) -> None:
    appraisal = look(program, sale, member=member)
    assert [reason.code for reason in appraisal.reasons] == [code]
    assert appraisal.claim.by_rule == ()


@pytest.mark.parametrize(
    ("program", "member"),
    [
        pytest.param(a_program(starts_on="2026-03-02", backfill=False), enrolled(), id="on the first day"),
        pytest.param(a_program(), enrolled("2026-03-03 00:00"), id="before joining, brought in later"),
        pytest.param(
            a_program(backfill=False), enrolled("2026-03-02 18:00"), id="later on the day of joining"
        ),
        pytest.param(a_program(), enrolled(left="2026-03-02 12:00:01"), id="just before leaving"),
        pytest.param(a_program(exclusions=Exclusions(channels=("pos",))), enrolled(), id="no channel known"),
    ],
)
def test_a_document_earns_at_the_edges(program: Program, member: Enrolment) -> None:
    assert points(program, a_sale(), member=member) == 120


# what counts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([a_line("100"), a_line("20")], 120, id="two lines"),
        pytest.param([a_line("100"), a_line("-30", credit=Credit.DEPOSIT)], 100, id="deposit used as a line"),
        pytest.param(
            [a_line("100"), a_line("-30", credit=Credit.CREDIT_NOTE)], 100, id="credit used as a line"
        ),
        pytest.param([a_line("100"), a_line("-30", credit=Credit.EXCESS)], 100, id="excess used as a line"),
        pytest.param(
            [a_line("100"), a_line("-30", credit=Credit.DISCOUNT)], 70, id="a discount typed in by hand"
        ),
        pytest.param([a_line("100"), a_line("-30")], 70, id="a negative line"),
        pytest.param([a_line("100"), a_line("-130")], 0, id="more taken back than bought"),
        pytest.param([a_line("0")], 0, id="a free line"),
        pytest.param([a_line("10", quantity="0")], 10, id="quantity zero keeps its amount"),
        pytest.param([a_line("90", discount_percent="10")], 90, id="after the discount of its line"),
        pytest.param([], 0, id="no lines"),
    ],
)
def test_what_lines_earn(lines: Sequence[Line], expected: int) -> None:
    assert points(a_program(), a_sale(lines=lines)) == expected


@pytest.mark.parametrize(
    ("exclusions", "line"),
    [
        pytest.param(Exclusions(match=(COFFEE,)), a_line("20", product="coffee"), id="product"),
        pytest.param(Exclusions(match=(Match(tags=("books",)),)), a_line("20", tags=["books"]), id="tag"),
        pytest.param(
            Exclusions(match=(Match(types=("service",)),)), a_line("20", is_service=True), id="type"
        ),
        pytest.param(Exclusions(discounted_lines=True), a_line("20", discount_percent="5"), id="discounted"),
        pytest.param(Exclusions(gift_cards=("card",)), a_line("20", product="card"), id="gift card"),
    ],
)
def test_an_excluded_line_earns_nothing_and_its_refund_takes_nothing(
    exclusions: Exclusions, line: Line
) -> None:
    program = a_program(exclusions=exclusions)
    sale = a_sale(lines=[a_line("100"), line])
    assert points(program, sale) == 100
    back = a_line(
        "-20",
        product=line.product_ref,
        tags=sorted(line.tags),
        is_service=line.is_service,
        discount_percent=str(line.discount_percent),
    )
    assert points(program, sale, a_credit_note(lines=[back])) == 100
    assert "excluded" in codes(program, sale)


# deposits, instalments, early payment --------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "paid", "deposits", "credits", "expected"),
    [
        pytest.param(["300"], "0", "0", [], 0, id="nothing yet"),
        pytest.param(["300"], "100", "0", [], 100, id="a third in money"),
        pytest.param(["300"], "0", "100", [], 100, id="a third by deposit"),
        pytest.param(["300"], "100", "0", [("50", Credit.CREDIT_NOTE)], 150, id="money and an older credit"),
        pytest.param(["300"], "100", "50", [("50", Credit.DEPOSIT)], 150, id="a deposit is counted once"),
        pytest.param(["300"], "300", "0", [], 300, id="all, not closed yet"),
        pytest.param(["300"], "350", "0", [], 300, id="overpaid"),
        pytest.param(["100.01", "200"], "99.99", "0", [], 99, id="rounded down once"),
    ],
)
def test_each_payment_earns_its_part(
    lines: list[str], paid: str, deposits: str, credits: list[tuple[str, Credit]], expected: int
) -> None:
    sale = a_sale(
        lines=[a_line(gross) for gross in lines],
        state=State.VALIDATED,
        paid=paid,
        deposits=deposits,
        credits=[a_payment(amount, ref=f"C{amount}", credit=credit) for amount, credit in credits],
    )
    assert points(a_program(earn_on="each_payment"), sale) == expected


def test_a_deposit_used_as_a_line_is_a_payment() -> None:
    sale = a_sale(
        lines=[a_line("300"), a_line("-100", credit=Credit.DEPOSIT)], state=State.VALIDATED, paid="50"
    )
    assert points(a_program(earn_on="each_payment"), sale) == 150


def test_credits_nobody_asked_for_yet_count_by_their_sum() -> None:
    sale = a_sale(total="300", state=State.VALIDATED, credits=None, paid_credits="90")
    assert points(a_program(earn_on="each_payment"), sale) == 90


def test_an_invoices_own_credit_note_pays_nothing() -> None:
    """100 of 300 came back and stands among the payments; half of the other 200 is paid."""
    note = a_credit_note(total="100")
    sale = a_sale(
        total="300",
        state=State.VALIDATED,
        paid="100",
        credits=[a_payment("100", ref=note.ref, credit=Credit.CREDIT_NOTE)],
    )
    assert points(a_program(earn_on="each_payment"), sale, note) == 100


def test_instalments_earn_by_what_is_paid_together_never_by_the_sum_of_floors() -> None:
    program = a_program(PER_TEN, earn_on="each_payment")
    instalments = [a_sale(total="99.90", state=State.VALIDATED, paid=f"{k * 33.3:.2f}") for k in (1, 2, 3)]
    assert [points(program, sale) for sale in instalments] == [3, 6, 9]


def test_units_and_visits_wait_for_the_last_instalment() -> None:
    program = a_program(a_unit_rule(), a_visit_rule(), earn_on="each_payment")
    lines = [a_line("30", quantity="3")]
    assert points(program, a_sale(lines=lines, state=State.VALIDATED, paid="29.99")) == 0
    assert points(program, a_sale(lines=lines, state=State.VALIDATED, paid="30")) == 13


@given(parts=st.integers(1, 97), per=st.sampled_from(["1", "3", "7", "10", "30"]))
def test_a_payment_of_one_part_earns_what_that_part_would_alone(parts: int, per: str) -> None:
    """100 of 300 euros are 100 points, not 99 because a third has no end."""
    program = a_program(an_amount_rule(per=per), earn_on="each_payment")
    sale = a_sale(total=Decimal(parts * 210), state=State.VALIDATED, paid="210")
    assert points(program, sale) == 210 // int(per)


@pytest.mark.parametrize("per", ["3", "7", "30", "90"])
def test_points_do_not_depend_on_how_a_sale_is_cut_into_lines(per: str) -> None:
    for lines in (["90"], ["30", "30", "30"], ["45", "45"], ["10"] * 9, ["0.10"] * 900):
        sale = a_sale(lines=[a_line(gross) for gross in lines])
        assert points(a_program(an_amount_rule(per=per)), sale) == 90 // int(per)


@pytest.mark.parametrize(
    ("setting", "paid", "expected"),
    [
        pytest.param("paid_share", "117.60", 117, id="what was paid"),
        pytest.param("paid_share", "0", 0, id="nothing was paid"),
        pytest.param("full", "117.60", 120, id="all of it"),
        pytest.param("none", "117.60", 0, id="nothing"),
    ],
)
def test_an_early_payment_discount_earns_as_the_setting_says(
    setting: Literal["paid_share", "full", "none"], paid: str, expected: int
) -> None:
    sale = a_sale(state=State.CLOSED, close_code="discount_vat", paid=paid)
    assert points(a_program(early_payment_discount=setting), sale) == expected


def test_an_early_payment_discount_completes_the_sale() -> None:
    sale = a_sale(state=State.CLOSED, close_code="discount_vat", paid="117.60")
    assert points(a_program(a_visit_rule()), sale) == 10
    assert codes(a_program(), sale) == ["basis", "early_payment", "rule_amount"]


# vouchers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("voucher", "vouchers_earn", "expected"),
    [
        pytest.param("0", False, 120, id="none"),
        pytest.param("20", False, 100, id="the money counts"),
        pytest.param("20", True, 120, id="vouchers earn too"),
        pytest.param("120", False, 0, id="all by voucher"),
        pytest.param("150", False, 0, id="more than it is worth"),
    ],
)
def test_what_is_paid_with_a_voucher_does_not_earn(voucher: str, vouchers_earn: bool, expected: int) -> None:
    assert points(a_program(vouchers_earn=vouchers_earn), a_sale(voucher_paid=voucher)) == expected


def test_a_voucher_used_as_a_line_is_a_payment_too() -> None:
    sale = a_sale(
        lines=[a_line("120"), a_line("-20", vat_rate="0", credit=Credit.CREDIT_NOTE)], voucher_paid="20"
    )
    assert points(a_program(), sale) == 100
    assert "voucher_part" in codes(a_program(), sale)


@pytest.mark.parametrize("rounding", ["down", "half_up", "up"])
@pytest.mark.parametrize("voucher", ["10", "20", "7", "13"])
def test_the_money_beside_a_voucher_earns_to_the_point(voucher: str, rounding: Rounding) -> None:
    """30 less 10 is 20 points in every rounding, although a third has no end."""
    sale = a_sale(total="30", voucher_paid=voucher)
    assert points(a_program(rounding=rounding), sale) == 30 - int(voucher)


@pytest.mark.parametrize(
    ("refund", "expected"),
    [("15", 10), ("30", 0), ("29.99", 0), ("3", 18)],
    ids=["half", "all", "a cent", "tenth"],
)
def test_a_refund_of_a_sale_partly_paid_by_voucher_takes_back_in_proportion(
    refund: str, expected: int
) -> None:
    sale = a_sale(total="30", voucher_paid="10", paid="20")
    assert points(a_program(), sale, a_credit_note(total=refund)) == expected


@pytest.mark.parametrize(
    ("paid", "expected"),
    [
        pytest.param("0", 0, id="only the voucher: no money came"),
        pytest.param("10", 10, id="half of the rest"),
        pytest.param("20", 20, id="all of the rest"),
    ],
)
def test_a_voucher_is_no_instalment(paid: str, expected: int) -> None:
    voucher = a_payment("10", ref="AV9", credit=Credit.CREDIT_NOTE)
    sale = a_sale(total="30", state=State.VALIDATED, paid=paid, credits=[voucher], voucher_paid="10")
    assert points(a_program(earn_on="each_payment"), sale) == expected


def test_a_voucher_is_an_instalment_where_vouchers_earn() -> None:
    voucher = a_payment("10", ref="AV9", credit=Credit.CREDIT_NOTE)
    sale = a_sale(total="30", state=State.VALIDATED, credits=[voucher], voucher_paid="10")
    assert points(a_program(earn_on="each_payment", vouchers_earn=True), sale) == 10


def test_a_refund_down_to_the_voucher_leaves_the_same_points_open_and_closed() -> None:
    """Goods of 30, 10 of it by voucher; 20 came back, so what is kept costs no more than the voucher."""
    voucher = a_payment("10", ref="AV9", credit=Credit.CREDIT_NOTE)
    note = a_credit_note(total="20")
    found = [
        points(
            a_program(earn_on="each_payment"),
            a_sale(total="30", state=state, paid="20", credits=[voucher], voucher_paid="10"),
            note,
        )
        for state in (State.VALIDATED, State.PAID)
    ]
    assert found == [6, 6]


def test_early_payment_beside_a_voucher_earns_on_the_money() -> None:
    voucher = a_payment("10", ref="AV9", credit=Credit.CREDIT_NOTE)
    sale = a_sale(
        total="100",
        state=State.CLOSED,
        close_code="discount_vat",
        paid="88",
        credits=[voucher],
        voucher_paid="10",
    )
    assert points(a_program(), sale) == 88


# refunds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refunds", "expected"),
    [
        pytest.param([], 2, id="21.90 are 2 points"),
        pytest.param(["1.90"], 2, id="20.00 are still 2"),
        pytest.param(["1.90", "0.01"], 1, id="19.99 are 1"),
        pytest.param(["21.90"], 0, id="everything"),
        pytest.param(["2.19"] * 10, 0, id="everything in ten parts"),
        pytest.param(["5"] * 4, 0, id="1.90 left"),
        pytest.param(["100"], 0, id="more than was bought"),
    ],
)
def test_a_refund_recomputes_the_invoice(refunds: list[str], expected: int) -> None:
    notes = [a_credit_note(total=total, id=101 + i) for i, total in enumerate(refunds)]
    assert points(a_program(PER_TEN), a_sale(total="21.90"), *notes) == expected


def test_credit_notes_are_named_in_their_order_whatever_order_they_came_in() -> None:
    notes = [a_credit_note(total="1", id=102), a_credit_note(total="2", id=101)]
    appraisal = look(a_program(), a_sale(), *notes)
    told = [reason.facts["ref"] for reason in appraisal.reasons if reason.code == "credit_note"]
    assert told == ["AV2603-0101", "AV2603-0102"]
    assert look(a_program(), a_sale(), *reversed(notes)) == appraisal


@pytest.mark.parametrize("state", [State.DRAFT, State.ABANDONED, State.DELETED])
def test_a_credit_note_that_does_not_count_takes_nothing(state: State) -> None:
    assert points(a_program(), a_sale(), a_credit_note(state=state)) == 120


def test_a_refund_below_a_threshold_loses_what_the_threshold_gave() -> None:
    program = a_program(an_amount_rule(), an_amount_rule("big", points="1", minimum_amount="100"))
    assert points(program, a_sale()) == 240
    assert points(program, a_sale(), a_credit_note(total="30")) == 90


def test_a_refund_is_judged_by_the_hour_of_the_sale() -> None:
    mondays = a_program(an_amount_rule(), a_multiplier(window=Window(weekdays=(0,))))
    assert points(mondays, a_sale(), a_credit_note(total="20", sold_at="2026-03-10 12:00")) == 200


def test_units_that_come_back_lose_their_stamps() -> None:
    program = a_program(a_unit_rule(match=COFFEE))
    sale = a_sale(lines=[a_line("30", product="coffee", quantity="10")])
    note = a_credit_note(lines=[a_line("-9", product="coffee", quantity="3")])
    assert points(program, sale) == 10
    assert points(program, sale, note) == 7


def test_a_refund_of_the_whole_invoice_takes_every_unit_of_it() -> None:
    """A free biscuit, a typed-in reduction and a bottle taken back: mirrored, nothing of them stays."""
    program = a_program(a_unit_rule())
    lines = [
        a_line("30", quantity="10"),
        a_line("0", quantity="1"),
        a_line("-3", quantity="1", credit=Credit.DISCOUNT),
        a_line("-2", quantity="-1"),
    ]
    sale = a_sale(lines=lines)
    mirrored = [a_line(-line.gross, quantity=str(line.quantity)) for line in lines]
    rest = a_line("5", quantity="2")
    assert points(program, sale) == 10
    assert points(program, sale, a_credit_note(lines=mirrored)) == 0
    two_more = a_sale(lines=[*lines, rest])
    assert points(program, two_more, a_credit_note(lines=mirrored)) == 2


def test_a_visit_stays_while_something_of_it_is_kept() -> None:
    program = a_program(a_visit_rule())
    assert points(program, a_sale(), a_credit_note(total="119.99")) == 10
    assert points(program, a_sale(), a_credit_note(total="120")) == 0


def test_a_credit_note_stored_with_positive_signs_takes_all_the_same() -> None:
    program = a_program(an_amount_rule(), a_unit_rule())
    sale = a_sale(lines=[a_line("120", quantity="12")])
    positive = a_credit_note(lines=[a_line("20", quantity="2")])
    assert points(program, sale, positive) == 100 + 10
    assert points(program, a_credit_note(lines=[a_line("20", quantity="2")], of=None)) == -22


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        pytest.param(a_program(), -12, id="points of its amount"),
        pytest.param(a_program(PER_TEN), -1, id="rounded by size, as a sale"),
        pytest.param(a_program(PER_TEN, rounding="up"), -2, id="rounded up by size"),
        pytest.param(a_program(a_unit_rule()), -2, id="units come back"),
        pytest.param(a_program(an_amount_rule(), a_visit_rule()), -12, id="the visit stays"),
        pytest.param(
            a_program(caps=[a_cap(10, period="document")]), -10, id="never more than a sale could give"
        ),
        pytest.param(a_program(basis="net"), -10, id="net"),
        pytest.param(a_program(exclusions=Exclusions(match=(COFFEE,))), 0, id="excluded product"),
        pytest.param(a_program(vouchers_earn=True), -12, id="vouchers are no matter"),
    ],
)
def test_a_credit_note_without_an_invoice_takes_what_a_sale_would_give(
    program: Program, expected: int
) -> None:
    note = a_credit_note(lines=[a_line("-12", product="coffee", quantity="2")], of=None)
    assert points(program, note) == expected


def test_a_credit_note_without_an_invoice_says_what_it_is() -> None:
    assert codes(a_program(), a_credit_note(of=None)) == ["basis", "standalone", "rule_amount"]


@given(
    lines=st.lists(st.integers(1, 30_000), min_size=1, max_size=4),
    cuts=st.lists(st.integers(1, 9_000), min_size=1, max_size=6),
    chosen=st.data(),
    rounding=st.sampled_from(["down", "half_up", "up"]),
    voucher=st.integers(0, 3_000),
)
def test_any_split_and_order_of_refunds_ends_where_one_credit_note_would(
    lines: list[int], cuts: list[int], chosen: st.DataObject, rounding: Rounding, voucher: int
) -> None:
    program = a_program(
        an_amount_rule(per="3"),
        an_amount_rule("big", points="2", minimum_amount="100"),
        a_unit_rule(points="5"),
        a_visit_rule(),
        a_multiplier(factor="1.5"),
        rounding=rounding,
        caps=[a_cap(150, period="document")],
    )
    sale = a_sale(
        lines=[a_line(Decimal(cents) / 100) for cents in lines], voucher_paid=str(Decimal(voucher) / 100)
    )
    parts = [a_line(-Decimal(cents) / 100) for cents in cuts]
    single = [a_credit_note(lines=[part], id=101 + i) for i, part in enumerate(parts)]
    shuffled = chosen.draw(st.permutations(single))
    at_once = points(program, sale, a_credit_note(lines=parts))
    assert points(program, sale, *shuffled) == at_once
    held = 0
    for known in range(len(shuffled) + 1):
        held += points(program, sale, *shuffled[:known]) - held
        assert held >= 0
    assert held == at_once


# caps ----------------------------------------------------------------------------------------------


def claims(program: Program, *sales: Sale) -> list[tuple[Program, Claim]]:
    return [(program, look(program, sale).claim) for sale in sales]


def entitled(program: Program, *sales: Sale) -> list[int]:
    found = entitle(claims(program, *sales))
    return [found[sale.id].points for sale in sales]


TWO_DAYS = (
    a_sale(id=1, sold_at="2026-03-30 10:00"),
    a_sale(id=2, sold_at="2026-03-30 11:00"),
    a_sale(id=3, sold_at="2026-03-31 10:00"),
    a_sale(id=4, sold_at="2026-04-01 10:00"),
    a_sale(id=5, sold_at="2027-01-01 10:00"),
)


@pytest.mark.parametrize(
    ("caps", "expected"),
    [
        pytest.param([], [120, 120, 120, 120, 120], id="none"),
        pytest.param([a_cap(100, period="document")], [100] * 5, id="document"),
        pytest.param([a_cap(150, period="day")], [120, 30, 120, 120, 120], id="day"),
        pytest.param([a_cap(300, period="month")], [120, 120, 60, 120, 120], id="month"),
        pytest.param([a_cap(450, period="year")], [120, 120, 120, 90, 120], id="year"),
        pytest.param([a_cap(250, period="ever")], [120, 120, 10, 0, 0], id="ever"),
        pytest.param([a_cap(0, period="ever")], [0] * 5, id="nothing at all"),
        pytest.param([a_cap(150), a_cap(280, period="month")], [120, 30, 120, 120, 120], id="day and month"),
        pytest.param(
            [a_cap(150), a_cap(200, period="month")], [120, 30, 50, 120, 120], id="the month is full"
        ),
        pytest.param([a_cap(50, rule="base")], [50, 0, 50, 50, 50], id="one rule"),
        pytest.param([a_cap(50, rule="other")], [120] * 5, id="another rule"),
    ],
)
def test_caps_are_filled_in_the_order_of_the_purchases(caps: list[Cap], expected: list[int]) -> None:
    assert entitled(a_program(caps=caps), *TWO_DAYS) == expected


@given(order=st.permutations(TWO_DAYS), limit=st.integers(0, 700), of_rule=st.integers(0, 700))
def test_caps_do_not_depend_on_the_order_in_which_documents_became_known(
    order: list[Sale], limit: int, of_rule: int
) -> None:
    program = a_program(
        an_amount_rule(), a_visit_rule(), caps=[a_cap(limit, period="month"), a_cap(of_rule, rule="base")]
    )
    assert entitle(claims(program, *order)) == entitle(claims(program, *TWO_DAYS))
    assert sum(entitled(program, *TWO_DAYS)[:3]) <= limit


def test_two_sales_of_one_instant_are_served_by_their_ids() -> None:
    pair = [a_sale(id=2), a_sale(id=1)]
    assert entitled(a_program(caps=[a_cap(150)]), *pair) == [30, 120]


def test_a_refund_makes_room_under_a_cap_for_the_next_sale() -> None:
    program = a_program(caps=[a_cap(150)])
    first, second = a_sale(id=1), a_sale(id=2, sold_at="2026-03-02 13:00")
    returned = look(program, first, a_credit_note(total="120")).claim
    found = entitle([(program, returned), *claims(program, second)])
    assert (found[1].points, found[2].points) == (0, 120)


def test_the_caps_of_rules_come_before_the_cap_of_all() -> None:
    rules = (an_amount_rule(), a_visit_rule(points="60"))
    of_rule, of_all = a_cap(30, period="document", rule="base"), a_cap(80, period="document")
    for caps in ([of_rule, of_all], [of_all, of_rule]):
        claim = look(a_program(*rules, caps=caps), a_sale()).claim
        assert [round(points, 6) for _, points in claim.by_rule] == [
            Decimal("26.666667"),
            Decimal("53.333333"),
        ]


def test_a_cap_within_a_document_gives_all_it_allows() -> None:
    """Three rules of ten points under a cap of ten are ten, not nine because a third has no end."""
    rules = [a_visit_rule(name) for name in "abc"]
    assert points(a_program(*rules, caps=[a_cap(10, period="document")]), a_sale()) == 10


def test_a_cap_says_what_it_cut() -> None:
    program = a_program(caps=[a_cap(100), a_cap(110, rule="base"), a_cap(115, period="document")])
    appraisal = look(program, a_sale())
    entitlement = entitle([(program, appraisal.claim)])[1]
    told = [reason for reason in (*appraisal.reasons, *entitlement.reasons) if reason.code == "capped"]
    assert [dict(reason.facts) for reason in told] == [
        {"cap": "program", "period": "document", "limit": 115, "cut": 5},
        {"cap": "base", "period": "day", "limit": 110, "cut": 5},
        {"cap": "program", "period": "day", "limit": 100, "cut": 10},
    ]


def test_rounding_says_what_it_rounded_and_nothing_where_it_did_nothing() -> None:
    def reasons(program: Program, sale: Sale) -> list[dict[str, str | int]]:
        found = entitle(claims(program, sale))[sale.id]
        return [reason.as_json() for reason in found.reasons]

    assert reasons(a_program(PER_TEN), a_sale(total="21.90")) == [
        {"code": "rounded", "exact": "2.19", "points": 2, "mode": "down"}
    ]
    assert reasons(a_program(an_amount_rule(per="30")), a_sale(lines=[a_line("10")] * 3)) == []


def test_only_caps_over_several_documents_need_the_others() -> None:
    assert not needs_siblings(a_program())
    assert not needs_siblings(a_program(caps=[a_cap(10, period="document")]))
    assert needs_siblings(a_program(caps=[a_cap(10, period="document"), a_cap(10, period="year")]))


def test_two_documents_share_a_period_of_a_cap() -> None:
    def shared(*caps: Cap) -> bool:
        program = a_program(caps=caps)
        one, other = (claim for _, claim in claims(program, TWO_DAYS[0], TWO_DAYS[2]))
        return share_a_period(program, one, other)

    assert not shared()
    assert not shared(a_cap(10, period="document"))
    assert not shared(a_cap(10, period="day"))
    assert shared(a_cap(10, period="day"), a_cap(10, period="month"))
    assert shared(a_cap(10, period="ever"))


# terms ---------------------------------------------------------------------------------------------


def fixed(
    months: int = 0, *, days: int = 0, round_up: RoundUp = "none", from_available: bool = False
) -> Expiry:
    return Expiry(
        months=months, days=days, round_up=round_up, counted_from="available" if from_available else "earned"
    )


@pytest.mark.parametrize(
    ("expiry", "earned", "first_instant_after"),
    [
        pytest.param(fixed(1), "2026-01-25", "2026-02-26", id="25 January, one month"),
        pytest.param(fixed(1), "2026-01-31", "2026-03-01", id="31 January, one month"),
        pytest.param(fixed(12), "2028-02-29", "2029-03-01", id="29 February, one year"),
        pytest.param(fixed(days=30), "2026-01-31", "2026-03-03", id="30 days"),
        pytest.param(fixed(1, round_up="month"), "2026-01-15", "2026-03-01", id="to the end of the month"),
        pytest.param(fixed(6, round_up="month"), "2026-12-15", "2027-07-01", id="six months after the month"),
        pytest.param(fixed(1, round_up="quarter"), "2026-01-15", "2026-04-01", id="quarter"),
        pytest.param(fixed(1, round_up="half_year"), "2026-01-15", "2026-07-01", id="half-year"),
        pytest.param(
            fixed(36, round_up="year"), "2026-01-15", "2030-01-01", id="three years to the end of the year"
        ),
        pytest.param(fixed(days=1), "2026-03-28", "2026-03-30", id="over the night of 23 hours"),
        pytest.param(fixed(days=1), "2026-10-24", "2026-10-26", id="over the night of 25 hours"),
        pytest.param(fixed(), "2026-03-02", "2026-03-03", id="the same day"),
        pytest.param(Expiry(model="none"), "2026-03-02", None, id="never"),
        pytest.param(Expiry(model="activity"), "2026-03-02", None, id="by activity"),
    ],
)
def test_points_end_at_a_midnight_of_the_shop(
    expiry: Expiry, earned: str, first_instant_after: str | None
) -> None:
    ends = expiry_of(a_program(expiry=expiry), day(earned))
    assert ends == (at(first_instant_after) if first_instant_after else None)


def test_the_night_of_25_hours_is_whole() -> None:
    ends = expiry_of(a_program(expiry=fixed()), day("2026-10-25"))
    assert ends == datetime(2026, 10, 25, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("holding_days", "expiry", "available", "ends"),
    [
        pytest.param(0, fixed(1), "2026-03-02 12:00", "2026-04-03", id="at once"),
        pytest.param(14, fixed(1), "2026-03-16", "2026-04-03", id="held, counted from the purchase"),
        pytest.param(14, fixed(1, from_available=True), "2026-03-16", "2026-04-17", id="counted from then"),
        pytest.param(
            0, fixed(1, from_available=True), "2026-03-02 12:00", "2026-04-03", id="available at once"
        ),
        pytest.param(
            27, fixed(1, from_available=True), "2026-03-29", "2026-04-30", id="held into summer time"
        ),
        pytest.param(14, Expiry(model="none"), "2026-03-16", None, id="without end"),
    ],
)
def test_points_are_held_and_end_by_the_date_of_the_purchase(
    holding_days: int, expiry: Expiry, available: str, ends: str | None
) -> None:
    program = a_program(holding_days=holding_days, expiry=expiry)
    terms = lot_terms(program, a_sale(), at("2026-03-20 09:00"))
    assert terms.available_at == at(available)
    assert terms.expires_at == (at(ends) if ends else None)


@pytest.mark.parametrize(
    ("now", "code"), [("2026-04-02 23:59:59", "expires"), ("2026-04-03 00:00", "expired_at_grant")]
)
def test_points_that_come_too_late_say_so(now: str, code: str) -> None:
    terms = lot_terms(a_program(expiry=fixed(1), holding_days=1), a_sale(), at(now))
    assert [reason.as_json() for reason in terms.reasons] == [
        {"code": "held_until", "until": "2026-03-03"},
        {"code": code, "on": "2026-04-02"},
    ]


@pytest.mark.parametrize(
    ("expiry", "ends"),
    [
        (Expiry(model="activity", months=12), "2027-03-03"),
        (Expiry(model="activity", months=0, days=90, round_up="month"), "2026-06-01"),
        (Expiry(model="fixed", months=12), None),
        (Expiry(model="none"), None),
    ],
)
def test_a_quiet_account_ends_a_while_after_its_last_activity(expiry: Expiry, ends: str | None) -> None:
    last = at("2026-03-02 23:59:59")
    assert quiet_since(a_program(expiry=expiry), last) == (at(ends) if ends else None)


@given(
    earned=st.dates(min_value=day("2020-01-01"), max_value=day("2040-12-31")),
    months=st.integers(0, 60),
    days=st.integers(0, 400),
    round_up=st.sampled_from(["none", "month", "quarter", "half_year", "year"]),
)
def test_points_never_end_before_the_day_they_were_earned_is_over(
    earned: date, months: int, days: int, round_up: RoundUp
) -> None:
    ends = expiry_of(a_program(expiry=fixed(months, days=days, round_up=round_up)), earned)
    assert ends is not None
    assert ends.astimezone(PARIS).date() > earned
    assert ends.astimezone(PARIS).strftime("%H:%M:%S") == "00:00:00"
