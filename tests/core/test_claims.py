"""From claims to whole points: cumulative rules, caps of several units, shares per rule."""

from dataclasses import replace
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.accrual import (
    Claim,
    Entitlement,
    appraise,
    entitle,
    needs_siblings,
    share_a_period,
    unit_of,
)
from dolibarr_loyalty.core.eligibility import Standing, Who
from dolibarr_loyalty.core.money import Rounding
from dolibarr_loyalty.core.program import Cap, Program, Rule
from dolibarr_loyalty.core.sale import Line, Sale
from dolibarr_loyalty.core.terms import Match, Window
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from tests.builders import (
    a_cap,
    a_credit_note,
    a_family,
    a_line,
    a_multiplier,
    a_program,
    a_sale,
    a_unit_rule,
    a_visit_rule,
    an_amount_rule,
    day,
    enrolled,
)

STAMPS = "stamps:coffee"


def a_cumulative(
    id: str = "together",
    *,
    threshold: str = "100",
    of: Literal["amount", "purchases", "units"] = "amount",
    points: str = "50",
    period: Literal["day", "month", "year", "ever"] = "month",
    repeats: bool = False,
) -> Rule:
    """Fifty points when the purchases of a month come to a hundred euros."""
    return Rule(
        id=id,
        kind="cumulative",
        points=Decimal(points),
        threshold=Decimal(threshold),
        threshold_of=of,
        period=period,
        repeats=repeats,
        promotion=True,
    )


def claim_of(program: Program, sale: Sale, *notes: Sale, standing: Standing | None = None) -> Claim:
    return appraise(program, a_family(sale, *notes), enrolled(), standing or Standing()).claim


def entitled(program: Program, *sales: Sale) -> list[int]:
    found = entitle([(program, claim_of(program, sale)) for sale in sales])
    return [found[sale.id].points for sale in sales]


def sold(*totals: str) -> list[Sale]:
    """A sale a day from the second of March on, of so much each; below zero a return without invoice."""
    return [
        a_credit_note(total=amount[1:], of=None, id=i, sold_at=f"2026-03-{i + 1:02} 12:00")
        if amount.startswith("-")
        else a_sale(total=amount, id=i, sold_at=f"2026-03-{i + 1:02} 12:00")
        for i, amount in enumerate(totals, 1)
    ]


# cumulative rules ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "totals", "expected"),
    [
        pytest.param(a_cumulative(), ["99.99"], [0], id="a cent below"),
        pytest.param(a_cumulative(), ["60", "40"], [0, 50], id="the purchase that reaches it"),
        pytest.param(a_cumulative(), ["60", "39.99", "0.01"], [0, 0, 50], id="to the cent"),
        pytest.param(a_cumulative(), ["250"], [50], id="once, however far beyond"),
        pytest.param(a_cumulative(), ["60", "60", "300"], [0, 50, 0], id="once a period"),
        pytest.param(a_cumulative(repeats=True), ["60", "60", "300"], [0, 50, 150], id="at each hundred"),
        pytest.param(a_cumulative(repeats=True), ["100", "99", "1"], [50, 0, 50], id="each hundred exactly"),
        pytest.param(
            a_cumulative(threshold="3", of="purchases"), ["5", "5", "5", "5"], [0, 0, 50, 0], id="visits"
        ),
        pytest.param(
            a_cumulative(threshold="2", of="purchases", repeats=True),
            ["5", "0", "5", "5", "5"],
            [0, 0, 50, 0, 50],
            id="every second purchase, a free one is none",
        ),
        pytest.param(a_cumulative(threshold="2", of="units"), ["5", "5"], [0, 50], id="units"),
        pytest.param(a_cumulative(period="day"), ["60", "60"], [0, 0], id="not on one day"),
        pytest.param(a_cumulative(threshold="0"), ["60"], [0], id="no threshold, no bonus"),
        pytest.param(
            replace(a_cumulative(), minimum_amount=Decimal(20)),
            ["90", "15", "20"],
            [0, 0, 50],
            id="small purchases do not count",
        ),
        pytest.param(
            replace(a_cumulative(), window=Window(from_day=day("2026-03-03"))),
            ["90", "90", "90"],
            [0, 0, 50],
            id="purchases outside the window do not count",
        ),
        pytest.param(
            replace(a_cumulative(), who=Who(tags=("vip",))), ["90", "90"], [0, 0], id="not for this member"
        ),
        pytest.param(
            replace(a_cumulative(), match=Match(products=("coffee",))), ["90", "90"], [0, 0], id="other lines"
        ),
        pytest.param(a_cumulative(), ["60", "-20", "60"], [0, 0, 50], id="a return without invoice lowers"),
        pytest.param(
            a_cumulative(), ["120", "-40", "30"], [50, -50, 50], id="a return takes it back, a purchase again"
        ),
        pytest.param(
            a_cumulative(repeats=True), ["250", "-40", "-200"], [100, 0, -100], id="several go back at once"
        ),
        pytest.param(a_cumulative(), ["-40", "120"], [0, 0], id="80 net after a return"),
        pytest.param(
            a_cumulative(threshold="2", of="purchases"),
            ["5", "-5", "5"],
            [0, 0, 50],
            id="a return undoes no visit",
        ),
        pytest.param(
            a_cumulative(threshold="2", of="units"), ["5", "-5", "5", "5"], [0, 0, 0, 50], id="but units"
        ),
    ],
)
def test_purchases_reach_a_threshold_together(rule: Rule, totals: list[str], expected: list[int]) -> None:
    assert entitled(a_program(rule), *sold(*totals)) == expected


def test_a_period_begins_anew() -> None:
    program = a_program(a_cumulative())
    march = a_sale(total="60", id=1, sold_at="2026-03-31 23:00")
    april = a_sale(total="60", id=2, sold_at="2026-04-01 01:00")
    again = a_sale(total="60", id=3, sold_at="2026-04-30 12:00")
    assert entitled(program, march, april, again) == [0, 0, 50]
    assert entitled(a_program(a_cumulative(period="year")), march, april, again) == [0, 50, 0]
    assert entitled(a_program(a_cumulative(period="ever", repeats=True)), march, april, again) == [0, 50, 0]


def test_a_refund_of_any_purchase_takes_the_bonus_from_the_one_that_crossed() -> None:
    program = a_program(an_amount_rule(), a_cumulative())
    first, second = sold("60", "60")
    assert entitled(program, first, second) == [60, 110]
    refunded = claim_of(program, first, a_credit_note(total="30"))
    found = entitle([(program, refunded), (program, claim_of(program, second))])
    assert (found[1].points, found[2].points) == (30, 60)


def test_a_late_document_moves_the_bonus_to_the_one_that_crosses_now() -> None:
    program = a_program(a_cumulative())
    one, two, three = sold("60", "60", "60")
    assert entitled(program, one, three) == [0, 50]
    assert entitled(program, one, two, three) == [0, 50, 0]


def test_only_what_is_paid_counts_towards_a_threshold() -> None:
    program = a_program(a_cumulative())
    half = a_sale(total="200", voucher_paid="120")
    assert entitled(program, half) == [0]
    assert entitled(a_program(a_cumulative(threshold="80")), half) == [50]
    assert entitled(a_program(a_cumulative(threshold="1", of="units")), a_sale(voucher_paid="120")) == [0]


def test_a_cumulative_rule_tells_what_was_reached_and_what_is_missing() -> None:
    program = a_program(a_cumulative(repeats=True), replace(a_cumulative("card", of="units"), unit=STAMPS))
    sales = sold("60", "150", "30")
    found = entitle([(program, claim_of(program, sale)) for sale in sales])
    told = [
        reason.as_json()
        for sale in sales
        for reason in found[sale.id].reasons
        if reason.facts["rule"] != "card"
    ]
    assert told == [
        {"code": "cumulative_missing", "rule": "together", "of": "amount", "missing": "40"},
        {
            "code": "cumulative",
            "rule": "together",
            "of": "amount",
            "measured": "210",
            "threshold": "200",
            "result": "100",
        },
        {"code": "cumulative_missing", "rule": "together", "of": "amount", "missing": "60"},
    ]


def test_a_cumulative_rule_that_is_done_says_nothing_more() -> None:
    program = a_program(a_cumulative(threshold="1", of="units", points="2"))
    found = entitle([(program, claim_of(program, sale)) for sale in sold("1", "1")])
    assert [reason.code for reason in found[1].reasons] == ["cumulative"]
    assert found[2].reasons == ()


def test_a_cumulative_rule_of_another_unit_fills_that_unit() -> None:
    program = a_program(replace(a_cumulative(), unit=STAMPS))
    sale = a_sale(total="120")
    found = entitle([(program, claim_of(program, sale))])[1]
    assert (found.points, found.others, found.shares) == (0, ((STAMPS, 50),), ())
    assert found.reasons[0].facts["unit"] == STAMPS


@pytest.mark.parametrize(
    ("caps", "expected"),
    [
        pytest.param([a_cap(30, period="document", rule="together")], [60, 90], id="of the rule"),
        pytest.param([a_cap(100, period="document")], [60, 100], id="of the document"),
        pytest.param([a_cap(20, period="ever", rule="together")], [60, 80], id="of the rule for ever"),
        pytest.param([a_cap(150, period="month")], [60, 90], id="of all in a month"),
    ],
)
def test_caps_hold_for_cumulative_rules_too(caps: list[Cap], expected: list[int]) -> None:
    assert entitled(a_program(an_amount_rule(), a_cumulative(), caps=caps), *sold("60", "60")) == expected


def test_a_stricter_version_of_a_rule_takes_nothing_back_that_was_given() -> None:
    """What a document was promised is judged by its own version: a dearer threshold begins with the next."""
    before, after = a_program(a_cumulative(threshold="50")), a_program(a_cumulative(threshold="200"))
    first, second, third = sold("60", "10", "200")
    pairs = [(before, first), (after, second), (after, third)]
    found = entitle([(program, claim_of(program, sale)) for program, sale in pairs])
    assert [found[sale.id].points for _, sale in pairs] == [50, 0, 0]


def test_cumulative_rules_need_the_siblings_of_their_period() -> None:
    program = a_program(a_cumulative())
    one, other = (claim_of(program, sale) for sale in sold("60", "60"))
    later = replace(other, issued_on=day("2026-04-01"))
    assert needs_siblings(program)
    assert share_a_period(program, one, other)
    assert not share_a_period(program, one, later)
    assert share_a_period(a_program(a_cumulative(period="year")), one, later)


@given(
    cents=st.lists(st.integers(-20_000, 20_000).filter(bool), min_size=1, max_size=6),
    order=st.data(),
    repeats=st.booleans(),
    of=st.sampled_from(["amount", "units"]),
)
def test_bonuses_sum_to_what_the_period_came_to_whatever_the_order(
    cents: list[int], order: st.DataObject, repeats: bool, of: Literal["amount", "units"]
) -> None:
    rule = a_cumulative(threshold="100" if of == "amount" else "2", of=of, repeats=repeats)
    program = a_program(rule)
    sales = sold(*(str(Decimal(each) / 100) for each in cents))
    claims = [(program, claim_of(program, sale)) for sale in sales]
    found = entitle(claims)
    assert entitle(order.draw(st.permutations(claims))) == found
    sign_of = [1 if each > 0 else -1 for each in cents]
    measured = Decimal(sum(cents)) / 100 if of == "amount" else Decimal(sum(sign_of))
    times = int(max(Decimal(0), measured) // rule.threshold)
    assert sum(deed.points for deed in found.values()) == 50 * (times if repeats else min(1, times))


# units and caps ------------------------------------------------------------------------------------


def test_every_id_of_a_claim_has_its_unit() -> None:
    program = a_program(an_amount_rule(), replace(a_unit_rule(), unit=STAMPS))
    units = {
        name: unit_of(program, name)
        for name in (
            "base",
            "stamp",
            "tier:gold",
            "qualifying:status",
            "measure:together",
            "of another version",
        )
    }
    assert units == {
        "base": "points",
        "stamp": STAMPS,
        "tier:gold": "points",
        "qualifying:status": "qualifying:status",
        "measure:together": None,
        "of another version": "points",
    }


def test_a_cap_of_a_rule_works_in_its_unit_and_the_cap_of_all_in_points() -> None:
    program = a_program(
        an_amount_rule(),
        replace(a_unit_rule(points="1"), unit=STAMPS),
        caps=[
            a_cap(3, period="day", rule="stamp"),
            a_cap(2, period="document", rule="stamp"),
            a_cap(25, period="day"),
        ],
    )
    morning = a_sale(id=1, lines=[a_line("20", quantity="5")])
    evening = a_sale(id=2, lines=[a_line("20", quantity="5")], sold_at="2026-03-02 18:00")
    found = entitle([(program, claim_of(program, sale)) for sale in (morning, evening)])
    assert [(deed.points, deed.others) for deed in found.values()] == [
        (20, ((STAMPS, 2),)),
        (5, ((STAMPS, 1),)),
    ]
    capped = [dict(reason.facts) for reason in found[2].reasons]
    assert capped == [
        {"cap": "stamp", "period": "day", "limit": 3, "cut": 1, "unit": STAMPS},
        {"cap": "program", "period": "day", "limit": 25, "cut": 15},
    ]


def test_a_unit_in_which_more_came_back_than_was_bought_gives_nothing_the_others_go_on() -> None:
    program = a_program(an_amount_rule(), replace(a_unit_rule(), unit=STAMPS))
    sale = a_sale(lines=[a_line("20", quantity="1"), a_line("-2", quantity="-2")])
    found = entitle([(program, claim_of(program, sale))])[1]
    assert (found.points, found.others) == (18, ())


# shares --------------------------------------------------------------------------------------------


def shares(found: Entitlement) -> dict[str, int]:
    return dict(found.shares)


def test_shares_say_which_rule_gave_how_many_points() -> None:
    tiers = (Tier(id="gold", threshold=0, earn_factor=Decimal("1.5")),)
    program = replace(
        a_program(an_amount_rule(), a_visit_rule(), a_multiplier(), replace(a_unit_rule(), unit=STAMPS)),
        tier_groups=(TierGroup(id="status", tiers=tiers),),
    )
    sale = a_sale(total="100")
    claim = claim_of(program, sale, standing=Standing(tiers=frozenset({"gold"})))
    found = entitle([(program, claim)])[1]
    assert shares(found) == {"base": 100, "visit": 10, "tier:gold": 55, "double": 165}
    assert dict(found.others) == {STAMPS: 1, "qualifying:status": 100}


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (100, {"a": 10, "b": 10, "c": 10}),
        (10, {"a": 4, "b": 3, "c": 3}),
        (2, {"a": 1, "b": 1}),
        (0, {}),
    ],
)
def test_what_a_cap_leaves_is_shared_by_largest_remainder(limit: int, expected: dict[str, int]) -> None:
    program = a_program(*(a_visit_rule(name) for name in "cab"), caps=[a_cap(limit)])
    assert shares(entitle([(program, claim_of(program, a_sale()))])[1]) == expected


def test_a_multiplier_below_one_has_no_share() -> None:
    program = a_program(an_amount_rule(), a_multiplier("half", factor="0.5"))
    assert shares(entitle([(program, claim_of(program, a_sale()))])[1]) == {"base": 60}


def test_a_return_without_invoice_has_shares_below_zero() -> None:
    program = a_program(an_amount_rule(), a_multiplier(factor="1.5"))
    found = entitle([(program, claim_of(program, a_credit_note(total="12", of=None)))])[101]
    assert (found.points, shares(found)) == (-18, {"base": -12, "double": -6})


@given(
    lines=st.lists(st.integers(-3_000, 30_000), min_size=1, max_size=4),
    per=st.sampled_from(["1", "3", "7"]),
    factor=st.sampled_from(["0.3", "1.5", "3"]),
    cap=st.integers(0, 200),
    document_cap=st.integers(1, 200),
    rounding=st.sampled_from(["down", "half_up", "up"]),
    is_return=st.booleans(),
)
def test_shares_sum_to_the_points(
    lines: list[int],
    per: str,
    factor: str,
    cap: int,
    document_cap: int,
    rounding: Rounding,
    is_return: bool,
) -> None:
    program = a_program(
        an_amount_rule(per=per),
        a_visit_rule(),
        a_unit_rule(points="0.3"),
        a_multiplier(factor=factor),
        a_cumulative(points="7", threshold="20"),
        replace(a_unit_rule("card"), unit=STAMPS),
        rounding=rounding,
        caps=[a_cap(cap), a_cap(document_cap, period="document"), a_cap(90, rule="base")],
    )
    worth: list[Line] = [a_line(Decimal(cents) / 100) for cents in lines]
    sale = a_credit_note(lines=worth, of=None, id=1) if is_return else a_sale(lines=worth)
    found = entitle([(program, claim_of(program, sale))])[1]
    assert sum(part for _, part in found.shares) == found.points
    assert all(part * found.points > 0 for _, part in found.shares)
