"""What must hold for every program of every kind at once: refunds, order, replay, never having bought."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.accrual import Claim, Entitlement, appraise, entitle
from dolibarr_loyalty.core.eligibility import Standing, Who
from dolibarr_loyalty.core.history import standing_at
from dolibarr_loyalty.core.program import Program, Rule
from dolibarr_loyalty.core.sale import Line, Sale
from dolibarr_loyalty.core.terms import Match
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.core.wallets import Wallet
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
    enrolled,
)

COFFEE = Match(products=("coffee",))
GOLD = Standing(tags=frozenset({"vip"}), tiers=frozenset({"gold"}), purchases=1, quiet_days=3)


def everything(multipliers: Literal["max", "surplus", "product"] = "max") -> Program:
    """Every kind of rule, promotion, unit and limit in one program."""
    promotion = {"promotion": True, "qualifying": False}
    tiers = (
        Tier(id="silver", threshold=0),
        Tier(id="gold", threshold=500, earn_factor=Decimal("1.25")),
    )
    program = a_program(
        an_amount_rule(per="3"),
        a_visit_rule(),
        a_multiplier(factor="1.5", minimum_amount="20"),
        replace(a_unit_rule(match=COFFEE), unit="stamps:coffee"),
        replace(an_amount_rule("stars", per="7"), unit="stars"),
        replace(a_visit_rule("big", points="40", minimum_amount="60"), exclusive=True, **promotion),
        replace(an_amount_rule("more", points="2", match=COFFEE), who=Who(tags=("vip",)), **promotion),
        replace(a_visit_rule("first", points="25"), who=Who(first_purchase=True), **promotion),
        Rule(id="together", kind="cumulative", points=Decimal(50), threshold=Decimal(100), repeats=True),
        Rule(
            id="often",
            kind="cumulative",
            points=Decimal(3),
            threshold=Decimal(2),
            threshold_of="purchases",
            unit="stars",
        ),
        caps=[
            a_cap(120, period="document"),
            a_cap(200, period="month"),
            a_cap(6, period="month", rule="stars"),
        ],
        multipliers=multipliers,
    )
    return replace(
        program,
        wallets=(Wallet(id="stars", rounding="half_up"),),
        tier_groups=(
            TierGroup(id="status", tiers=tiers, per=Decimal(10)),
            TierGroup(id="visits", tiers=tiers, qualify_by="visits"),
            TierGroup(id="earned", tiers=tiers, qualify_by="points"),
        ),
    )


def claim_of(program: Program, sale: Sale, *notes: Sale, standing: Standing = GOLD) -> Claim:
    return appraise(program, a_family(sale, *notes), enrolled(), standing).claim


def amounts(entitlement: Entitlement) -> dict[str, int]:
    """Whole points of every unit, without reasons."""
    return {"points": entitlement.points, **dict(entitlement.others)}


def entitled(program: Program, claims: Sequence[Claim]) -> dict[int, dict[str, int]]:
    found = entitle([(program, claim) for claim in claims])
    return {identifier: amounts(entitlement) for identifier, entitlement in found.items()}


some_lines = st.lists(
    st.builds(
        lambda cents, product, units: a_line(Decimal(cents) / 100, product=product, quantity=str(units)),
        st.integers(1, 20_000),
        st.sampled_from(["", "coffee"]),
        st.integers(1, 4),
    ),
    min_size=1,
    max_size=3,
)
some_sales = st.lists(some_lines, min_size=1, max_size=4)
modes = st.sampled_from(["max", "surplus", "product"])


def sales_of(baskets: list[list[Line]]) -> list[Sale]:
    return [a_sale(lines=lines, id=i, sold_at=f"2026-03-{i:02} 12:00") for i, lines in enumerate(baskets, 1)]


def mirrored(line: Line) -> Line:
    return a_line(-line.gross, product=line.product_ref, quantity=str(line.quantity))


@given(lines=some_lines, cuts=some_lines, before=some_lines, chosen=st.data(), mode=modes)
def test_any_split_and_order_of_credit_notes_ends_where_one_does_in_every_unit(
    lines: list[Line],
    cuts: list[Line],
    before: list[Line],
    chosen: st.DataObject,
    mode: Literal["max", "surplus", "product"],
) -> None:
    program = everything(mode)
    first, second = sales_of([before, lines])
    back = [mirrored(line) for line in cuts]
    single = [a_credit_note(lines=[line], id=101 + i, of=2) for i, line in enumerate(back)]
    many = claim_of(program, second, *chosen.draw(st.permutations(single)))
    one = claim_of(program, second, a_credit_note(lines=back, of=2))
    earlier = claim_of(program, first)
    assert entitled(program, [earlier, many]) == entitled(program, [earlier, one])


@given(baskets=some_sales, which=st.data(), mode=modes)
def test_a_purchase_brought_back_wholly_might_never_have_been(
    baskets: list[list[Line]], which: st.DataObject, mode: Literal["max", "surplus", "product"]
) -> None:
    program = everything(mode)
    sales = sales_of(baskets)
    gone = which.draw(st.sampled_from(sales))
    note = a_credit_note(lines=[mirrored(line) for line in gone.lines], of=gone.id)
    returned = appraise(program, a_family(gone, note), enrolled(), GOLD)
    others = [claim_of(program, sale) for sale in sales if sale is not gone]
    found = entitled(program, [returned.claim, *others])
    assert found.pop(gone.id) == {"points": 0}
    assert found == entitled(program, others)
    assert not returned.past.is_purchase
    assert sum(points for _, _, points in returned.past.qualifying) == 0
    at_the_end = {"at": sales[-1].occurred_at, "before_id": 99}
    assert standing_at(program, [returned.past], **at_the_end) == standing_at(program, [], **at_the_end)


@given(baskets=some_sales, order=st.data(), mode=modes)
def test_neither_order_nor_replay_changes_what_documents_are_entitled_to(
    baskets: list[list[Line]], order: st.DataObject, mode: Literal["max", "surplus", "product"]
) -> None:
    program, again = everything(mode), everything(mode)
    sales = sales_of(baskets)
    found = entitle([(program, claim_of(program, sale)) for sale in sales])
    shuffled = order.draw(st.permutations(sales))
    assert entitle([(again, claim_of(again, sale)) for sale in shuffled]) == found
    for entitlement in found.values():
        assert sum(part for _, part in entitlement.shares) == entitlement.points
    assert sum(entitlement.points for entitlement in found.values()) <= 200
    assert all(entitlement.points <= 120 for entitlement in found.values())


@given(baskets=some_sales, mode=modes)
def test_the_standing_moves_with_the_purchases_kept(
    baskets: list[list[Line]], mode: Literal["max", "surplus", "product"]
) -> None:
    """Only the first purchase has the welcome bonus; when it comes back, the second becomes the first."""
    program = everything(mode)
    sales = sales_of(baskets)

    def first_ones(*, without: int | None = None) -> list[int]:
        pasts, found = [], []
        for sale in sales:
            standing = standing_at(program, pasts, sale.occurred_at, before_id=sale.id)
            notes = (
                [a_credit_note(lines=[mirrored(line) for line in sale.lines])] if sale.id == without else []
            )
            appraisal = appraise(program, a_family(sale, *notes), enrolled(), standing)
            pasts.append(appraisal.past)
            gives = dict(appraisal.claim.by_rule)
            if "first" in gives or ("big" in gives and standing.purchases == 0):
                found.append(sale.id)
        return found

    assert first_ones() == [1]
    assert first_ones(without=1) == [2][: len(sales) - 1]
