"""Partners pay their part of a document's points, to the cent, and never twice for the same point."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.funding import MERCHANT, PRODUCTS, funding_of, parts_of, price_of
from dolibarr_loyalty.core.partners import Partner, Share
from dolibarr_loyalty.core.program import Program, Rule
from dolibarr_loyalty.core.sale import Family, Kind
from dolibarr_loyalty.core.terms import Match
from tests.builders import a_credit_note, a_family, a_line, a_sale

BEANS, MILK = Match(products=("beans",)), Match(tags=("dairy",))


def a_partner(id: str, percent: str = "0", *, match: Match | None = None, price: str = "0") -> Partner:
    return Partner(
        id=id,
        thirdparty_id=90,
        match=match or Match(),
        percent=Decimal(percent),
        point_price=Decimal(price),
    )


def a_joint_rule(id: str = "summer", *, match: Match | None = None, **shares: str) -> Rule:
    funding = tuple(Share(partner=name, percent=Decimal(percent)) for name, percent in shares.items())
    return Rule(id=id, promotion=True, funding=funding, match=match or Match())


def a_program(*partners: Partner, rules: Sequence[Rule] = (), **changes: object) -> Program:
    return replace(Program(), partners=partners, rules=(Rule(id="base"), *rules), **changes)  # type: ignore[arg-type]


def told(program: Program, shares: dict[str, int], family: Family) -> dict[tuple[str, str], tuple[int, int]]:
    found = funding_of(program, tuple(shares.items()), family)
    return {(part.partner, part.rule): (part.points, part.amount_minor) for part in found}


A_FAMILY = a_family(a_sale())
MIXED = a_family(
    a_sale(lines=[a_line("60.00", product="BEANS"), a_line("40.00", tags=["dairy"]), a_line("100.00")])
)


@pytest.mark.parametrize(
    ("shares", "points", "cents"),
    [
        pytest.param({"roastery": "30"}, 200, {"roastery": 60, MERCHANT: 140}, id="a-share"),
        pytest.param({"roastery": "100"}, 200, {"roastery": 200, MERCHANT: 0}, id="all-of-it"),
        pytest.param(
            {"roastery": "33.3", "dairy": "33.3"},
            100,
            {"roastery": 33, "dairy": 33, MERCHANT: 34},
            id="largest-remainder",
        ),
        pytest.param(
            {"roastery": "50", "dairy": "25"},
            1,
            {"roastery": 1, "dairy": 0, MERCHANT: 0},
            id="one-cent-goes-to-one",
        ),
        pytest.param(
            {"roastery": "50", "dairy": "25"},
            -2,
            {"roastery": -1, "dairy": -1, MERCHANT: 0},
            id="taken-back",
        ),
        pytest.param(
            {"roastery": "80", "dairy": "80"},
            100,
            {"roastery": 80, "dairy": 20, MERCHANT: 0},
            id="never-more-than-the-whole",
        ),
        pytest.param({"nobody": "50"}, 100, {MERCHANT: 100}, id="a-partner-nobody-knows-pays-nothing"),
        pytest.param({}, 100, {MERCHANT: 100}, id="no-funding"),
    ],
)
def test_a_joint_promotion_is_shared_out(shares: dict[str, str], points: int, cents: dict[str, int]) -> None:
    program = a_program(a_partner("roastery"), a_partner("dairy"), rules=[a_joint_rule(**shares)])
    parts = parts_of(program, [("summer", points)], A_FAMILY)
    assert {part.partner: part.amount_minor for part in parts} == cents
    assert {part.points for part in parts} == {points}


def test_a_point_costs_each_what_was_agreed() -> None:
    dear = a_partner("roastery", price="0.02")
    program = a_program(dear, a_partner("dairy"), rules=[a_joint_rule(roastery="25", dairy="25")])
    assert (price_of(program, dear), price_of(program, program.partners[1])) == (
        Decimal("0.02"),
        Decimal("0.01"),
    )
    assert told(program, {"summer": 100}, A_FAMILY) == {
        ("roastery", "summer"): (100, 50),
        ("dairy", "summer"): (100, 25),
    }


def test_a_partner_named_twice_pays_both_shares_of_the_same_points() -> None:
    rule = replace(
        a_joint_rule(),
        funding=tuple(Share(partner="roastery", percent=Decimal(percent)) for percent in (10, 20)),
    )
    program = a_program(a_partner("roastery"), rules=[rule])
    assert told(program, {"summer": 100}, A_FAMILY) == {("roastery", "summer"): (100, 30)}


def test_a_partner_pays_for_the_points_its_products_earned() -> None:
    program = a_program(
        a_partner("roastery", "50", match=BEANS), a_partner("dairy", "100", match=MILK, price="0.02")
    )
    assert told(program, {"base": 200}, MIXED) == {
        ("roastery", PRODUCTS): (60, 30),
        ("dairy", PRODUCTS): (40, 80),
    }


def test_only_the_lines_a_rule_looks_at_share_its_points() -> None:
    beans_rule = Rule(id="beans-extra", match=BEANS)
    program = a_program(
        a_partner("roastery", "100", match=BEANS), a_partner("dairy", "100", match=MILK), rules=[beans_rule]
    )
    assert told(program, {"beans-extra": 30}, MIXED) == {("roastery", PRODUCTS): (30, 30)}


def test_points_of_several_rules_on_a_partners_products_are_one_sum() -> None:
    program = a_program(
        a_partner("roastery", "100", match=BEANS), rules=[Rule(id="beans-extra", match=BEANS)]
    )
    assert told(program, {"base": 200, "beans-extra": 30, "tier:gold": 100}, MIXED) == {
        ("roastery", PRODUCTS): (60 + 30 + 30, 120)
    }


def test_points_per_unit_are_shared_by_units() -> None:
    family = a_family(
        a_sale(lines=[a_line("90.00", product="beans", quantity="1"), a_line("10.00", quantity="3")])
    )
    program = a_program(a_partner("roastery", "100", match=BEANS), rules=[Rule(id="each", kind="unit")])
    assert told(program, {"each": 40}, family) == {("roastery", PRODUCTS): (10, 10)}


def test_a_line_of_two_partners_belongs_to_the_first() -> None:
    program = a_program(a_partner("roastery", "60", match=BEANS), a_partner("other", "60", match=BEANS))
    assert told(program, {"base": 200}, MIXED) == {("roastery", PRODUCTS): (60, 36)}


def test_what_a_promotion_already_funds_is_not_funded_again() -> None:
    program = a_program(
        a_partner("roastery", "50", match=BEANS), a_partner("dairy"), rules=[a_joint_rule(dairy="40")]
    )
    # 200 points: 40 % by the dairy; of the 60 points on beans, 60 % are left, of which the roastery pays half.
    assert told(program, {"summer": 200}, MIXED) == {
        ("dairy", "summer"): (200, 80),
        ("roastery", PRODUCTS): (60, 18),
    }


def test_a_partner_that_funds_everything_already_is_not_asked_for_its_products() -> None:
    program = a_program(a_partner("roastery", "50", match=BEANS), rules=[a_joint_rule(roastery="100")])
    assert told(program, {"summer": 100}, MIXED) == {("roastery", "summer"): (100, 100)}


@pytest.mark.parametrize(
    "partner",
    [
        pytest.param(a_partner("roastery", "100"), id="no-products"),
        pytest.param(a_partner("roastery", "0", match=BEANS), id="no-percent"),
        pytest.param(a_partner("roastery", "100", match=Match(products=("tea",))), id="other-products"),
    ],
)
def test_a_partner_without_its_products_on_the_invoice_pays_nothing(partner: Partner) -> None:
    assert told(a_program(partner), {"base": 200}, MIXED) == {}


def test_without_partners_or_points_nothing_is_funded() -> None:
    assert parts_of(a_program(), [("base", 100)], A_FAMILY) == ()
    assert parts_of(a_program(a_partner("roastery")), [("base", 0)], A_FAMILY) == ()


def test_a_document_without_lines_is_the_merchants() -> None:
    program = a_program(a_partner("roastery", "100", match=BEANS))
    assert told(program, {"base": 5}, a_family(a_sale(lines=[]))) == {}


def test_goods_that_came_back_lower_their_own_partners_part() -> None:
    program = a_program(a_partner("roastery", "100", match=BEANS), a_partner("dairy", "100", match=MILK))
    note = a_credit_note(lines=[a_line("-60.00", product="beans")])
    family = replace(MIXED, credit_notes=(note,))
    assert told(program, {"base": 140}, family) == {("dairy", PRODUCTS): (40, 40)}


def test_a_credit_note_on_its_own_takes_back_what_was_funded() -> None:
    program = a_program(a_partner("roastery", "100", match=BEANS), rules=[a_joint_rule(roastery="30")])
    note = replace(
        a_credit_note(lines=[a_line("-60.00", product="beans"), a_line("-40.00")], of=None),
        kind=Kind.CREDIT_NOTE,
    )
    assert told(program, {"base": -100, "summer": -100}, a_family(note)) == {
        ("roastery", PRODUCTS): (-120, -60 - 42),
        ("roastery", "summer"): (-100, -30),
    }


def test_a_point_that_is_worth_nothing_costs_nothing() -> None:
    program = a_program(a_partner("roastery"), rules=[a_joint_rule(roastery="30")], point_value=Decimal(0))
    assert told(program, {"summer": 100}, A_FAMILY) == {("roastery", "summer"): (100, 0)}


percents = st.decimals(0, 100, places=2)
prices = st.sampled_from([Decimal(price) for price in ("0", "0.01", "0.005", "0.013", "1")])
points = st.integers(-5000, 5000)


@given(
    joint=st.lists(percents, max_size=4),
    products=st.lists(st.tuples(percents, prices), min_size=1, max_size=4),
    amounts=st.lists(st.decimals("-50", "200", places=2), min_size=1, max_size=5),
    shares=st.dictionaries(st.sampled_from(["base", "summer", "tier:gold"]), points, max_size=3),
    currency=st.sampled_from(["EUR", "JPY", "TND"]),
)
def test_the_sum_over_partners_and_merchant_is_the_whole(
    joint: list[Decimal],
    products: list[tuple[Decimal, Decimal]],
    amounts: list[Decimal],
    shares: dict[str, int],
    currency: str,
) -> None:
    partners = [
        replace(a_partner(f"p{place}", str(percent), match=Match(products=(f"p{place}",))), point_price=price)
        for place, (percent, price) in enumerate(products)
    ]
    funding = tuple(Share(partner=f"p{place}", percent=percent) for place, percent in enumerate(joint))
    program = a_program(
        *partners, rules=[Rule(id="summer", promotion=True, funding=funding)], currency=currency
    )
    lines = [a_line(amount, product=f"p{place}") for place, amount in enumerate(amounts)]
    family = a_family(a_sale(lines=lines))
    same_price = replace(program, partners=tuple(replace(each, point_price=Decimal(0)) for each in partners))
    minor = {"EUR": 100, "JPY": 1, "TND": 1000}[currency]
    for rule, granted in shares.items():
        parts = parts_of(same_price, [(rule, granted)], family)
        whole = abs(granted) * minor // 100 + (1 if abs(granted) * minor % 100 >= 50 else 0)
        assert sum(part.amount_minor for part in parts) == (whole if granted >= 0 else -whole)
        sides = {part.amount_minor < 0 for part in parts if part.amount_minor}
        assert len(sides) <= 1
    # Each at its own price: what is taken back is exactly what was given.
    back = {rule: -granted for rule, granted in shares.items()}
    mirrored = a_family(a_sale(lines=[replace(line, gross=-line.gross, net=-line.net) for line in lines]))
    given = told(program, shares, family)
    assert told(program, back, mirrored) == {key: (-p, -cents) for key, (p, cents) in given.items()}
