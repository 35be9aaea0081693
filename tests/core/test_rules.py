"""Which lines earn, when rules hold, and what they give."""

from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.earning import Worth, evaluate
from dolibarr_loyalty.core.program import Exclusions, Program, Rule
from dolibarr_loyalty.core.rules import (
    earning_lines,
    exclusion,
    is_open,
    matches,
    plain,
    units_of,
)
from dolibarr_loyalty.core.sale import Credit, Line, total
from dolibarr_loyalty.core.terms import Match, Window
from tests.builders import (
    PARIS,
    a_line,
    a_multiplier,
    a_program,
    a_unit_rule,
    a_visit_rule,
    an_amount_rule,
    at,
)

COFFEE = Match(products=("coffee",))
BAKERY = Match(tags=("bakery",))
NOON = "2026-03-02 12:00"


def worth(
    program: Program, *lines: Line, sold_at: str = NOON, share: str = "1", is_complete: bool = True
) -> Worth:
    return evaluate(program, lines, at(sold_at), share=Decimal(share), is_complete=is_complete)


def points(program: Program, *lines: Line, sold_at: str = NOON, share: str = "1") -> Decimal:
    return total(points for _, points in worth(program, *lines, sold_at=sold_at, share=share).by_rule)


def codes(worth: Worth) -> list[str]:
    return [reason.code for reason in worth.reasons]


@pytest.mark.parametrize(
    ("number", "text"), [("2.50", "2.5"), ("1E+3", "1000"), ("10", "10"), ("0.00", "0"), ("-1.20", "-1.2")]
)
def test_a_number_is_told_without_trailing_zeros(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text


@pytest.mark.parametrize(
    ("match", "line", "does"),
    [
        pytest.param(Match(), a_line(), True, id="everything"),
        pytest.param(COFFEE, a_line(product="Coffee"), True, id="product in any case"),
        pytest.param(COFFEE, a_line(product="tea"), False, id="another product"),
        pytest.param(COFFEE, a_line(), False, id="free text is no product"),
        pytest.param(BAKERY, a_line(tags=["bakery", "new"]), True, id="one of its tags"),
        pytest.param(BAKERY, a_line(tags=["drinks"]), False, id="other tags"),
        pytest.param(Match(types=("service",)), a_line(is_service=True), True, id="a service"),
        pytest.param(Match(types=("service",)), a_line(), False, id="goods"),
        pytest.param(Match(types=("goods", "service")), a_line(), True, id="either type"),
        pytest.param(
            Match(products=("coffee",), tags=("bakery",)),
            a_line(product="coffee"),
            False,
            id="every list must have it",
        ),
    ],
)
def test_a_line_matches_when_every_list_that_is_not_empty_has_it(
    match: Match, line: Line, does: bool
) -> None:
    assert matches(match, line) is does


def hours(start: str | None, end: str | None, *weekdays: int) -> Window:
    return Window(
        from_time=time.fromisoformat(start) if start else None,
        until_time=time.fromisoformat(end) if end else None,
        weekdays=weekdays,
    )


MARCH = Window(from_day=date(2026, 3, 1), until_day=date(2026, 3, 31))
SATURDAY_NIGHT = hours("22:00", "02:00", 5)  # 7 March 2026 is a Saturday


@pytest.mark.parametrize(
    ("window", "moment", "is_it"),
    [
        pytest.param(Window(), NOON, True, id="always"),
        pytest.param(MARCH, "2026-03-01 00:00", True, id="first instant of the first day"),
        pytest.param(MARCH, "2026-02-28 23:59:59", False, id="before the first day"),
        pytest.param(MARCH, "2026-03-31 23:59:59", True, id="last second of the last day"),
        pytest.param(MARCH, "2026-04-01 00:00", False, id="after the last day"),
        pytest.param(hours(None, None, 0), NOON, True, id="on its weekday"),
        pytest.param(hours(None, None, 1, 2), NOON, False, id="on another weekday"),
        pytest.param(hours("12:00", "14:00"), "2026-03-02 12:00", True, id="start is in"),
        pytest.param(hours("12:00", "14:00"), "2026-03-02 11:59:59", False, id="before the start"),
        pytest.param(hours("12:00", "14:00"), "2026-03-02 14:00", False, id="end is out"),
        pytest.param(hours("18:00", None), "2026-03-02 23:00", True, id="from a time on"),
        pytest.param(hours("18:00", None), "2026-03-02 17:00", False, id="before a time"),
        pytest.param(hours(None, "09:00"), "2026-03-02 08:59", True, id="until a time"),
        pytest.param(hours(None, "09:00"), "2026-03-02 09:00", False, id="from that time"),
        pytest.param(SATURDAY_NIGHT, "2026-03-07 23:00", True, id="the evening it began"),
        pytest.param(SATURDAY_NIGHT, "2026-03-08 01:59", True, id="after midnight it is still Saturday's"),
        pytest.param(SATURDAY_NIGHT, "2026-03-08 02:00", False, id="over"),
        pytest.param(SATURDAY_NIGHT, "2026-03-07 01:00", False, id="the night before belongs to Friday"),
        pytest.param(SATURDAY_NIGHT, "2026-03-07 12:00", False, id="noon between"),
        pytest.param(SATURDAY_NIGHT, "2026-03-08 23:00", False, id="the evening after"),
        pytest.param(hours("10:00", "10:00"), "2026-03-02 09:00", True, id="round the clock, before"),
        pytest.param(hours("10:00", "10:00"), "2026-03-02 10:00", True, id="round the clock, after"),
        pytest.param(hours("02:00", "03:00"), "2026-10-25 02:30", True, id="the hour that comes twice"),
        pytest.param(hours("01:00", "04:00"), "2026-03-29 03:30", True, id="the night of 23 hours"),
    ],
)
def test_a_window_holds_by_the_shops_clock(window: Window, moment: str, is_it: bool) -> None:
    assert is_open(window, at(moment), PARIS) is is_it


def test_the_last_night_of_a_window_ends_after_midnight() -> None:
    night = Window(until_day=date(2026, 3, 31), from_time=time(22), until_time=time(2))
    assert is_open(night, at("2026-04-01 01:00"), PARIS)
    assert not is_open(night, at("2026-04-01 23:00"), PARIS)


def test_happy_hour_is_told_by_the_shops_clock_in_summer_and_winter() -> None:
    program = a_program(an_amount_rule(), a_multiplier(window=hours("17:00", "19:00")))
    for summer_or_winter in ("2026-07-01", "2026-01-07"):
        assert points(program, a_line("10"), sold_at=f"{summer_or_winter} 18:59") == 20
        assert points(program, a_line("10"), sold_at=f"{summer_or_winter} 19:00") == 10


@pytest.mark.parametrize(
    ("exclusions", "line", "why"),
    [
        pytest.param(Exclusions(), a_line(discount_percent="10"), None, id="nothing excluded"),
        pytest.param(Exclusions(gift_cards=("gift",)), a_line(product="GIFT"), "gift_card", id="gift card"),
        pytest.param(Exclusions(gift_cards=("gift",)), a_line(), None, id="free text is no gift card"),
        pytest.param(
            Exclusions(discounted_lines=True), a_line(discount_percent="5"), "discounted", id="discounted"
        ),
        pytest.param(Exclusions(discounted_lines=True), a_line(), None, id="full price"),
        pytest.param(Exclusions(match=(COFFEE,)), a_line(product="coffee"), "product", id="product"),
        pytest.param(Exclusions(match=(COFFEE, BAKERY)), a_line(tags=["bakery"]), "tag", id="tag"),
        pytest.param(
            Exclusions(match=(Match(types=("service",)),)), a_line(is_service=True), "type", id="type"
        ),
        pytest.param(Exclusions(match=(Match(),)), a_line(), None, id="an empty exclusion excludes nothing"),
    ],
)
def test_a_line_is_excluded_for_a_reason(exclusions: Exclusions, line: Line, why: str | None) -> None:
    assert exclusion(exclusions, line) == why


@pytest.mark.parametrize(
    ("line", "units"),
    [
        pytest.param(a_line("12", quantity="3"), "3", id="three bought"),
        pytest.param(a_line("0", quantity="2"), "2", id="free ones count"),
        pytest.param(a_line("12", quantity="0"), "0", id="none"),
        pytest.param(a_line("-12", quantity="-3"), "-3", id="three taken back at the till"),
        pytest.param(a_line("-2", quantity="1"), "0", id="a price reduction is no unit"),
        pytest.param(a_line("3.50", quantity="0.350"), "0.350", id="by weight"),
    ],
)
def test_units_are_goods_not_price_reductions(line: Line, units: str) -> None:
    assert units_of(line) == Decimal(units)


@pytest.mark.parametrize(
    ("rules", "lines", "expected"),
    [
        pytest.param([an_amount_rule(per="10")], ["21.90"], "2.19", id="1 point for every 10 euros"),
        pytest.param([an_amount_rule(points="3")], ["21.90"], "65.70", id="3 points per euro"),
        pytest.param([an_amount_rule()], [], "0", id="no lines"),
        pytest.param([an_amount_rule()], ["10", "-4"], "6", id="a reduction on a line of its own"),
        pytest.param([an_amount_rule(), a_visit_rule()], ["10"], "20", id="base and visit add up"),
        pytest.param([a_visit_rule()], ["0"], "0", id="nothing bought is no visit"),
        pytest.param([a_visit_rule()], ["10", "-10"], "0", id="everything brought back is no visit"),
        pytest.param([a_visit_rule("a"), a_visit_rule("b")], ["10"], "20", id="two visit rules"),
        pytest.param([an_amount_rule(minimum_amount="50")], ["49.99"], "0", id="below the minimum amount"),
        pytest.param(
            [an_amount_rule(minimum_amount="50")], ["30", "20"], "50", id="at the minimum, over lines"
        ),
        pytest.param(
            [an_amount_rule(minimum_quantity="3")], ["10", "10"], "0", id="below the minimum quantity"
        ),
        pytest.param(
            [an_amount_rule(minimum_quantity="2")], ["10", "10"], "20", id="at the minimum quantity"
        ),
        pytest.param([a_visit_rule(minimum_amount="20")], ["19"], "0", id="a visit with a minimum"),
        pytest.param([an_amount_rule(), an_amount_rule("more", points="2")], ["10"], "30", id="rules add up"),
    ],
)
def test_what_rules_give(rules: Sequence[Rule], lines: Sequence[str], expected: str) -> None:
    assert points(a_program(*rules), *(a_line(gross) for gross in lines)) == Decimal(expected)


def test_net_or_gross_is_the_programs_choice() -> None:
    assert points(a_program(basis="gross"), a_line("12.00")) == 12
    assert points(a_program(basis="net"), a_line("12.00")) == 10


def test_a_rule_counts_only_the_lines_it_matches() -> None:
    program = a_program(an_amount_rule("coffee", points="5", match=COFFEE), a_unit_rule(match=BAKERY))
    found = worth(
        program, a_line("3", product="coffee"), a_line("4", tags=["bakery"], quantity="2"), a_line("100")
    )
    assert dict(found.by_rule) == {"coffee": 15, "stamp": 2}


def test_a_line_of_quantity_zero_earns_what_it_costs_and_no_unit() -> None:
    assert dict(worth(a_program(an_amount_rule(), a_unit_rule()), a_line("5", quantity="0")).by_rule) == {
        "base": 5,
        "stamp": 0,
    }


def test_a_free_bundle_head_earns_by_its_parts() -> None:
    assert points(a_program(), a_line("0"), a_line("7"), a_line("5")) == 12


@pytest.mark.parametrize(
    ("priorities", "combinable", "expected"),
    [
        pytest.param((0, 0, 0), (True, True, True), "111", id="combinable ones add up"),
        pytest.param((0, 0, 1), (True, True, False), "100", id="the first stands alone"),
        pytest.param((0, 1, 0), (True, False, True), "10", id="whichever is first"),
        pytest.param((1, 0, 0), (True, False, True), "101", id="a lower one that cannot combine gives way"),
        pytest.param((0, 0, 0), (False, False, False), "1", id="the same priority: by name"),
    ],
)
def test_a_rule_that_is_not_combinable_stands_alone(
    priorities: tuple[int, ...], combinable: tuple[bool, ...], expected: str
) -> None:
    rules = [
        an_amount_rule(name, points=points, combinable=combines, priority=priority)
        for name, points, combines, priority in zip(
            "abc", ("1", "10", "100"), combinable, priorities, strict=True
        )
    ]
    assert points(a_program(*rules), a_line("1")) == Decimal(expected)


def test_a_rule_stands_alone_only_on_the_lines_it_matches() -> None:
    program = a_program(
        an_amount_rule(), an_amount_rule("coffee", points="5", match=COFFEE, combinable=False, priority=1)
    )
    assert points(program, a_line("10", product="coffee"), a_line("10")) == 60


def test_a_rule_that_gives_way_says_so_once() -> None:
    program = a_program(an_amount_rule(), an_amount_rule("gold", points="5", combinable=False, priority=1))
    found = worth(program, a_line("10"), a_line("10"))
    assert codes(found) == ["displaced", "rule_amount"]
    assert dict(found.reasons[0].facts) == {"rule": "base", "by": "gold"}


def test_a_rule_below_its_minimum_displaces_no_other() -> None:
    program = a_program(
        an_amount_rule(),
        an_amount_rule("big", points="5", combinable=False, priority=1, minimum_amount="100"),
    )
    assert points(program, a_line("10")) == 10
    assert points(program, a_line("100")) == 500


def test_a_visit_that_did_not_happen_displaces_no_other() -> None:
    program = a_program(
        a_visit_rule(points="5"),
        a_visit_rule("spa", points="20", match=Match(types=("service",)), combinable=False, priority=1),
    )
    assert points(program, a_line("10")) == 5
    assert points(program, a_line("10", is_service=True)) == 20


@pytest.mark.parametrize(
    ("mode", "expected"), [("max", 30), ("surplus", 40), ("product", 60)], ids=["max", "surplus", "product"]
)
def test_multipliers_combine_as_the_program_says(mode: str, expected: int) -> None:
    rules = (an_amount_rule(), a_multiplier("double", factor="2"), a_multiplier("triple", factor="3"))
    programs = {
        "max": a_program(*rules, multipliers="max"),
        "surplus": a_program(*rules, multipliers="surplus"),
        "product": a_program(*rules, multipliers="product"),
    }
    assert points(programs[mode], a_line("10")) == expected


def test_a_multiplier_that_is_not_combinable_stands_alone() -> None:
    program = a_program(
        an_amount_rule(),
        a_multiplier("triple", factor="3"),
        a_multiplier("double", factor="2", combinable=False, priority=1),
        multipliers="product",
    )
    assert points(program, a_line("10")) == 20


def test_a_multiplier_works_on_its_lines_and_a_general_one_on_visits_too() -> None:
    rules = (an_amount_rule(), a_visit_rule())
    lines = (a_line("10", product="coffee"), a_line("10"))
    assert points(a_program(*rules, a_multiplier(match=COFFEE)), *lines) == 40  # 20 + 10, visit 10
    assert points(a_program(*rules, a_multiplier()), *lines) == 60  # twice everything


def test_a_multiplier_with_nothing_to_multiply_gives_nothing() -> None:
    found = worth(a_program(a_multiplier()), a_line("10"))
    assert found.by_rule == ()
    assert codes(found) == []


def test_a_multiplier_with_a_minimum_waits_for_it() -> None:
    program = a_program(an_amount_rule(), a_multiplier(minimum_amount="50"))
    assert points(program, a_line("49")) == 49
    assert points(program, a_line("50")) == 100


def test_only_the_paid_part_counts_and_units_and_visits_wait_for_the_rest() -> None:
    program = a_program(an_amount_rule(), a_unit_rule(), a_visit_rule())
    half = worth(program, a_line("10", quantity="4"), share="0.5", is_complete=False)
    assert dict(half.by_rule) == {"base": 5, "stamp": 0}
    whole = worth(program, a_line("10", quantity="4"))
    assert dict(whole.by_rule) == {"base": 10, "stamp": 4, "visit": 10}


def test_what_is_paid_wholly_with_vouchers_gives_no_units_and_no_visit() -> None:
    program = a_program(an_amount_rule(), a_unit_rule(), a_visit_rule())
    assert points(program, a_line("10"), share="0") == 0


def test_each_rule_says_what_it_gave() -> None:
    program = a_program(
        an_amount_rule(per="10"),
        a_unit_rule(),
        a_visit_rule(),
        a_multiplier(),
        an_amount_rule("big", minimum_amount="1000"),
        a_unit_rule("box", minimum_quantity="12"),
        an_amount_rule("tea", match=Match(products=("tea",)), minimum_amount="5"),
    )
    found = worth(program, a_line("21.90", quantity="2"))
    assert codes(found) == [
        "below_minimum",
        "below_minimum",
        "rule_amount",
        "rule_unit",
        "rule_visit",
        "rule_multiply",
    ]
    facts = [dict(reason.facts) for reason in found.reasons]
    assert facts[0] == {"rule": "big", "minimum": "1000", "amount": "21.9"}
    assert facts[1] == {"rule": "box", "minimum": "12", "amount": "2"}
    assert facts[2] == {"rule": "base", "amount": "21.9", "points": "1", "per": "10", "result": "2.19"}
    assert facts[3] == {"rule": "stamp", "quantity": "2", "points": "1", "result": "2"}
    assert facts[4] == {"rule": "visit", "result": "10"}
    assert facts[5] == {"rule": "double", "factor": "2", "result": "14.19"}


@given(order=st.permutations(list(range(5))), lines=st.lists(st.integers(1, 9999), min_size=1, max_size=4))
def test_the_order_in_which_rules_are_written_changes_no_points(order: list[int], lines: list[int]) -> None:
    rules = [
        an_amount_rule("a", per="3"),
        an_amount_rule("b", points="7", combinable=False, minimum_amount="40"),
        a_visit_rule("c"),
        a_multiplier("d", factor="1.5"),
        a_multiplier("e", factor="2", priority=1),
    ]
    amounts = [a_line(Decimal(cents) / 100) for cents in lines]
    straight = dict(worth(a_program(*rules), *amounts).by_rule)
    assert dict(worth(a_program(*(rules[i] for i in order)), *amounts).by_rule) == straight


def test_a_typed_in_discount_lowers_what_earns_and_a_used_credit_does_not() -> None:
    lines = [a_line("100"), a_line("-20", credit=Credit.DISCOUNT), a_line("-30", credit=Credit.CREDIT_NOTE)]
    kept, reasons = earning_lines(a_program(), lines)
    assert total(line.gross for line in kept) == 80
    assert reasons == []


def test_an_excluded_line_says_so() -> None:
    program = a_program(exclusions=Exclusions(gift_cards=("gift",)))
    _, reasons = earning_lines(program, [a_line("50", product="gift", label="Gift card"), a_line("10")])
    assert [reason.as_json() for reason in reasons] == [
        {"code": "excluded", "label": "Gift card", "amount": "50", "why": "gift_card"}
    ]
