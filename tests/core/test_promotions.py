"""Units, tier rates and promotions: in which order they work, for whom, and which of them stand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.accrual import appraise, entitle
from dolibarr_loyalty.core.earning import Worth, evaluate
from dolibarr_loyalty.core.eligibility import Standing, Who
from dolibarr_loyalty.core.plan import order_of
from dolibarr_loyalty.core.program import Program, Rule
from dolibarr_loyalty.core.sale import Credit, Line
from dolibarr_loyalty.core.terms import Match, Window
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.core.wallets import StampCard, Wallet
from tests.builders import (
    a_family,
    a_line,
    a_multiplier,
    a_program,
    a_sale,
    a_unit_rule,
    a_visit_rule,
    an_amount_rule,
    at,
    enrolled,
)

COFFEE = Match(products=("coffee",))
STAMPS = "stamps:coffee"
VIP = Who(tags=("vip",))


def promoted(rule: Rule, *, exclusive: bool = False, who: Who | None = None, unit: str = "points") -> Rule:
    """The same rule as a promotion."""
    return replace(rule, promotion=True, exclusive=exclusive, who=who or Who(), unit=unit)


def beauty(program: Program) -> Program:
    """With the three tiers of the classic: 1, 1.25 and 1.5 points per euro."""
    factors = (("insider", "1"), ("vib", "1.25"), ("rouge", "1.5"))
    tiers = tuple(Tier(id=name, threshold=0, earn_factor=Decimal(factor)) for name, factor in factors)
    return replace(program, tier_groups=(*program.tier_groups, TierGroup(id="beauty", tiers=tiers)))


def worth(
    program: Program,
    *lines: Line,
    standing: Standing | None = None,
    share: str = "1",
    is_complete: bool = True,
    is_rated: bool = True,
    sold_at: str = "2026-03-02 12:00",
) -> Worth:
    return evaluate(
        program,
        lines,
        at(sold_at),
        share=Decimal(share),
        is_complete=is_complete,
        standing=standing or Standing(),
        is_rated=is_rated,
    )


def given_by(program: Program, *lines: Line, standing: Standing | None = None) -> dict[str, Decimal]:
    return dict(worth(program, *lines, standing=standing).by_rule)


def facts(found: Worth, code: str) -> list[dict[str, str | int]]:
    return [dict(reason.facts) for reason in found.reasons if reason.code == code]


# amounts after discounts ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([a_line("21.90")], "2.19", id="21.90 at a point per 10"),
        pytest.param(
            [a_line("1000"), a_line("-100", credit=Credit.DISCOUNT), a_line("-90"), a_line("-162")],
            "64.8",
            id="1000 less 100, less 10 %, less 20 % is 648",
        ),
        pytest.param(
            [a_line("-162"), a_line("-90"), a_line("-100", credit=Credit.DISCOUNT), a_line("1000")],
            "64.8",
            id="whatever order the discounts stand in",
        ),
        pytest.param([a_line("10"), a_line("-8"), a_line("-5")], "-0.3", id="more off than it costs"),
    ],
)
def test_promotions_and_rules_count_what_dolibarr_counts_after_discounts(
    lines: list[Line], expected: str
) -> None:
    assert given_by(a_program(an_amount_rule(per="10")), *lines) == {"base": Decimal(expected)}


# units ---------------------------------------------------------------------------------------------


def test_each_unit_is_filled_by_its_own_rules_alone() -> None:
    program = a_program(
        an_amount_rule(),
        replace(a_unit_rule(match=COFFEE), unit=STAMPS),
        replace(a_multiplier("double-stamps"), unit=STAMPS),
        replace(a_visit_rule("star"), unit="stars"),
        a_multiplier("half-more", factor="1.5"),
    )
    assert given_by(program, a_line("9", product="coffee", quantity="3"), a_line("1")) == {
        "base": 10,
        "half-more": 5,
        "stamp": 3,
        "double-stamps": 3,
        "star": 10,
    }


def test_a_rule_of_one_unit_displaces_none_of_another() -> None:
    alone = an_amount_rule("gold", points="5", combinable=False, priority=9)
    program = a_program(an_amount_rule(), replace(alone, unit="stars"))
    assert given_by(program, a_line("10")) == {"base": 10, "gold": 50}


def test_a_reason_names_the_unit_where_it_is_not_points() -> None:
    program = a_program(an_amount_rule(), replace(a_unit_rule(), unit=STAMPS))
    found = worth(program, a_line("10", quantity="2"))
    assert facts(found, "rule_unit") == [
        {"rule": "stamp", "quantity": "2", "points": "1", "result": "2", "unit": STAMPS}
    ]
    assert "unit" not in facts(found, "rule_amount")[0]


# tier rates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tier", "expected"), [("insider", "100"), ("vib", "125"), ("rouge", "150"), ("", "100")]
)
def test_a_tier_earns_at_its_own_rate(tier: str, expected: str) -> None:
    """Sephora: 1, 1.25 and 1.5 points per euro (E13)."""
    found = given_by(
        beauty(a_program()), a_line("100"), standing=Standing(tiers=frozenset({tier} if tier else ()))
    )
    assert sum(found.values()) == Decimal(expected)
    assert found["base"] == 100
    assert found.get(f"tier:{tier}", 0) == Decimal(expected) - 100


def test_of_several_tiers_the_best_rate_counts() -> None:
    program = beauty(a_program())
    second = TierGroup(
        id="trade",
        tiers=(
            Tier(id="baker", threshold=0, earn_factor=Decimal(2)),
            Tier(id="abc", threshold=0, earn_factor=Decimal(2)),
        ),
    )
    program = replace(program, tier_groups=(*program.tier_groups, second))
    standing = Standing(tiers=frozenset({"rouge", "baker", "abc", "gone"}))
    assert given_by(program, a_line("10"), standing=standing) == {"base": 10, "tier:abc": 10}


def test_a_tier_rate_works_on_base_points_and_visits_not_on_promotions_or_other_units() -> None:
    program = beauty(
        a_program(
            an_amount_rule(),
            a_visit_rule(),
            promoted(a_visit_rule("party", points="50")),
            replace(a_unit_rule(), unit=STAMPS),
        )
    )
    found = given_by(program, a_line("100"), standing=Standing(tiers=frozenset({"rouge"})))
    assert found == {"base": 100, "visit": 10, "tier:rouge": 55, "party": 50, "stamp": 1}


def test_a_tier_rate_says_what_it_added() -> None:
    standing = Standing(tiers=frozenset({"vib"}))
    found = worth(beauty(a_program()), a_line("21.90"), standing=standing)
    assert facts(found, "rule_tier") == [{"tier": "vib", "factor": "1.25", "result": "5.475"}]
    assert not facts(worth(beauty(a_program()), standing=standing), "rule_tier")


def test_without_rates_nothing_depends_on_the_tier() -> None:
    program = beauty(a_program(an_amount_rule(), a_multiplier()))
    found = worth(program, a_line("10"), standing=Standing(tiers=frozenset({"rouge"})), is_rated=False)
    assert dict(found.by_rule) == {"base": 10, "double": 10}


# promotions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "extra"), [("max", 20), ("surplus", 30), ("product", 50)], ids=["max", "surplus", "product"]
)
def test_a_double_and_a_triple_together(mode: Literal["max", "surplus", "product"], extra: int) -> None:
    """2 and 3 times ten points: 30, 40 or 60, a promotion being a multiplier like others."""
    program = a_program(
        an_amount_rule(),
        a_multiplier(factor="2"),
        promoted(a_multiplier("triple", factor="3")),
        multipliers=mode,
    )
    found = given_by(program, a_line("10"))
    assert found.pop("base") == 10
    assert sum(found.values()) == extra


def test_a_multiplier_multiplies_base_and_tier_rate_but_no_flat_bonus() -> None:
    program = beauty(
        a_program(
            an_amount_rule(),
            promoted(a_visit_rule("party", points="50")),
            promoted(an_amount_rule("more", points="2", match=COFFEE)),
            promoted(a_unit_rule("piece", match=COFFEE)),
            a_multiplier(),
        )
    )
    found = given_by(program, a_line("100", product="coffee"), standing=Standing(tiers=frozenset({"rouge"})))
    assert found == {"base": 100, "tier:rouge": 50, "more": 200, "piece": 1, "party": 50, "double": 150}


def test_a_promotion_that_is_not_combinable_displaces_promotions_not_base_rules() -> None:
    gold = promoted(an_amount_rule("gold", points="5", combinable=False, priority=1))
    program = a_program(an_amount_rule(), gold, promoted(an_amount_rule("silver", points="3")))
    assert given_by(program, a_line("10")) == {"base": 10, "gold": 50}


@pytest.mark.parametrize(
    ("sold_at", "expected"),
    [("2026-03-02 00:00", 20), ("2026-03-08 23:59", 20), ("2026-03-09 00:00", 10), ("2026-03-01 12:00", 10)],
)
def test_a_promotion_holds_on_its_days_by_the_shops_clock(sold_at: str, expected: int) -> None:
    window = Window(from_day=date(2026, 3, 2), until_day=date(2026, 3, 8))
    program = a_program(an_amount_rule(), promoted(a_multiplier(window=window)))
    assert sum(points for _, points in worth(program, a_line("10"), sold_at=sold_at).by_rule) == expected


BIG = promoted(a_visit_rule("big", points="50"), exclusive=True)


@pytest.mark.parametrize(
    ("promotions", "standing_ones", "by"),
    [
        pytest.param([BIG], {"big"}, "", id="alone"),
        pytest.param([BIG, promoted(a_multiplier())], {"big"}, "big", id="of one priority it is first"),
        pytest.param(
            [replace(BIG, priority=1), promoted(a_visit_rule("other"))], {"big"}, "big", id="the higher one"
        ),
        pytest.param(
            [BIG, promoted(a_visit_rule("other", priority=1)), promoted(a_visit_rule("third"))],
            {"other", "third"},
            "other",
            id="outranked by one that is not exclusive",
        ),
        pytest.param([BIG, replace(BIG, id="abc")], {"abc"}, "abc", id="two exclusive ones: by name"),
        pytest.param(
            [BIG, replace(BIG, id="zzz", priority=2)], {"zzz"}, "zzz", id="two exclusive ones: by priority"
        ),
        pytest.param(
            [replace(BIG, match=Match(products=("tea",)), priority=9), promoted(a_multiplier())],
            {"double"},
            "",
            id="one about other lines keeps nobody away",
        ),
        pytest.param(
            [replace(BIG, points=Decimal(0), kind="amount", priority=9), promoted(a_multiplier())],
            {"big", "double"},
            "",
            id="one that gives nothing keeps nobody away",
        ),
        pytest.param(
            [promoted(a_multiplier(factor="1"), exclusive=True), promoted(a_visit_rule("other"))],
            {"other"},
            "",
            id="once the points is nothing",
        ),
        pytest.param(
            [promoted(a_multiplier(), exclusive=True), promoted(a_unit_rule("piece"))],
            {"double"},
            "double",
            id="an exclusive multiplier",
        ),
        pytest.param(
            [BIG, promoted(a_visit_rule("star"), unit="stars")],
            {"big", "star"},
            "",
            id="other units go on",
        ),
    ],
)
def test_an_exclusive_promotion_stands_alone_on_the_document(
    promotions: Sequence[Rule], standing_ones: set[str], by: str
) -> None:
    found = worth(a_program(an_amount_rule(), *promotions), a_line("10"))
    assert {rule for rule, _ in found.by_rule} - {"base"} == standing_ones
    gone = {rule.id for rule in promotions} - standing_ones if by else set()
    assert facts(found, "displaced") == [{"rule": rule, "by": by} for rule in sorted(gone)]


def test_an_exclusive_promotion_leaves_rules_that_are_none() -> None:
    program = a_program(an_amount_rule(), a_visit_rule(), a_multiplier(), BIG)
    assert given_by(program, a_line("10")) == {"base": 10, "visit": 10, "double": 20, "big": 50}


# for whom ------------------------------------------------------------------------------------------


def test_a_promotion_for_others_says_so() -> None:
    program = a_program(an_amount_rule(), promoted(a_multiplier(), who=VIP))
    found = worth(program, a_line("10"))
    assert dict(found.by_rule) == {"base": 10}
    assert facts(found, "not_for") == [{"rule": "double", "why": "tags"}]
    assert given_by(program, a_line("10"), standing=Standing(tags=frozenset({"vip"}))) == {
        "base": 10,
        "double": 10,
    }


def test_a_standing_rule_for_others_is_left_out_without_a_word() -> None:
    """The rate of a club is no news to those who are not in it."""
    club_rate = replace(an_amount_rule("club", points="2"), who=Who(clubs=("prime",)))
    found = worth(a_program(an_amount_rule(), club_rate), a_line("10"))
    assert dict(found.by_rule) == {"base": 10}
    assert [reason.code for reason in found.reasons] == ["rule_amount"]


def test_a_promotion_about_nothing_on_the_document_says_nothing() -> None:
    program = a_program(an_amount_rule(), promoted(a_multiplier(match=COFFEE), who=VIP))
    assert [reason.code for reason in worth(program, a_line("10")).reasons] == ["rule_amount"]


@pytest.mark.parametrize(
    ("purchases", "quiet_days", "expected"),
    [
        pytest.param(0, None, 60, id="the first purchase"),
        pytest.param(1, 89, 10, id="back within 89 days"),
        pytest.param(1, 90, 40, id="back after 90 days"),
    ],
)
def test_a_first_purchase_and_a_return_are_welcomed(
    purchases: int, quiet_days: int | None, expected: int
) -> None:
    program = a_program(
        an_amount_rule(),
        promoted(a_visit_rule("welcome", points="50"), who=Who(first_purchase=True)),
        promoted(a_visit_rule("back", points="30"), who=Who(inactive_days=90)),
    )
    found = given_by(program, a_line("10"), standing=Standing(purchases=purchases, quiet_days=quiet_days))
    assert sum(found.values()) == expected


# the same whatever the order -----------------------------------------------------------------------

MIXED = (
    an_amount_rule("a", per="3"),
    an_amount_rule("b", points="7", combinable=False, minimum_amount="40"),
    a_visit_rule("c"),
    a_multiplier("d", factor="1.5"),
    promoted(a_multiplier("e", factor="2", priority=1)),
    promoted(a_visit_rule("f", points="5"), exclusive=True),
    promoted(an_amount_rule("g", points="2", match=COFFEE)),
    replace(a_unit_rule("h"), unit=STAMPS),
    Rule(id="i", kind="cumulative", threshold=Decimal(50), points=Decimal(9)),
    promoted(a_unit_rule("j", points="3", match=Match(tags=("new",))), who=VIP),
)


@given(
    order=st.permutations(MIXED),
    lines=st.lists(
        st.builds(
            lambda cents, product, tags, quantity: a_line(
                Decimal(cents) / 100, product=product, tags=tags, quantity=str(quantity)
            ),
            st.integers(1, 9999),
            st.sampled_from(["", "coffee", "tea"]),
            st.sampled_from([[], ["new"], ["new", "old"]]),
            st.integers(1, 5),
        ),
        min_size=1,
        max_size=5,
    ),
    mode=st.sampled_from(["max", "surplus", "product"]),
    tags=st.sampled_from([frozenset[str](), frozenset({"vip"})]),
)
def test_the_order_in_which_rules_are_written_changes_neither_points_nor_reasons(
    order: list[Rule], lines: list[Line], mode: Literal["max", "surplus", "product"], tags: frozenset[str]
) -> None:
    standing = Standing(tags=tags, tiers=frozenset({"vib"}))
    family = a_family(a_sale(lines=lines))
    straight, shuffled = (beauty(a_program(*rules, multipliers=mode)) for rules in (MIXED, order))
    one, other = (appraise(program, family, enrolled(), standing) for program in (straight, shuffled))
    assert one == other
    assert entitle([(straight, one.claim)]) == entitle([(shuffled, other.claim)])
    assert appraise(straight, family, enrolled(), standing) == one


def test_the_total_order_is_phase_then_priority_then_name() -> None:
    ordered = [
        an_amount_rule("z", priority=5),
        an_amount_rule("a"),
        a_unit_rule("b"),
        a_visit_rule("a"),
        a_multiplier("a"),
        promoted(an_amount_rule("a")),
        promoted(a_multiplier("a", priority=9)),
    ]
    for order in (ordered[::-1], ordered[3:] + ordered[:3]):
        assert sorted(order, key=order_of) == ordered


def test_a_tag_or_type_narrows_what_a_product_found() -> None:
    both = Match(products=("coffee",), tags=("new",))
    program = a_program(
        an_amount_rule("both", match=both),
        an_amount_rule("service", match=Match(types=("service",))),
        an_amount_rule("tag", match=Match(tags=("new",), types=("goods",))),
    )
    assert given_by(program, a_line("1", product="coffee")) == {}
    assert given_by(program, a_line("1", product="Coffee", tags=["new"])) == {"both": 1, "tag": 1}
    assert given_by(program, a_line("1", tags=["new"], is_service=True)) == {"service": 1}


def test_units_are_rounded_once_each_by_their_own_rounding() -> None:
    program = replace(
        a_program(
            an_amount_rule(per="10"),
            replace(an_amount_rule("star", per="10"), unit="stars"),
            replace(an_amount_rule("gem", per="10"), unit="gems"),
            replace(an_amount_rule("card", per="10"), unit=STAMPS),
            rounding="up",
        ),
        wallets=(Wallet(id="stars", rounding="half_up"), Wallet(id="gems", rounding="up")),
        cards=(StampCard(id="coffee", size=10, reward="free"),),
    )
    claim = appraise(program, a_family(a_sale(total="27.50")), enrolled()).claim
    found = entitle([(program, claim)])[1]
    assert found.points == 3
    assert found.others == (("gems", 3), (STAMPS, 2), ("stars", 3))
    rounded = [dict(reason.facts) for reason in found.reasons]
    assert {"exact": "2.75", "points": 2, "mode": "down", "unit": STAMPS} in rounded
    assert {"exact": "2.75", "points": 3, "mode": "up"} in rounded
