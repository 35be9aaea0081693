"""What documents mean for tiers, clubs and conditions, and what held for a member before one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.accrual import appraise
from dolibarr_loyalty.core.activities import ActivityKind
from dolibarr_loyalty.core.clubs import Club
from dolibarr_loyalty.core.eligibility import Segment, Standing, Who
from dolibarr_loyalty.core.history import Past, needs_history, needs_pasts, standing_at
from dolibarr_loyalty.core.program import EarnOn, Exclusions, Program
from dolibarr_loyalty.core.sale import Credit, Kind, Sale, State
from dolibarr_loyalty.core.terms import Match
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from tests.builders import (
    a_credit_note,
    a_family,
    a_line,
    a_multiplier,
    a_payment,
    a_program,
    a_reward,
    a_sale,
    a_unit_rule,
    a_visit_rule,
    an_amount_rule,
    at,
    enrolled,
)

SOLD = at("2026-03-02 12:00")
BACK = at("2026-03-10 12:00")
PRIME = Club(id="prime", products=("membership", "Trial"))


def a_group(
    id: str = "status",
    *,
    by: Literal["spend", "points", "visits"] = "spend",
    per: str = "1",
    match: Match | None = None,
    factor: str = "1",
) -> TierGroup:
    """One tier, one qualifying point per euro."""
    tiers = (Tier(id=f"{id}-tier", threshold=0, earn_factor=Decimal(factor)),)
    return TierGroup(id=id, tiers=tiers, qualify_by=by, per=Decimal(per), match=match or Match())


def tiered(*groups: TierGroup, program: Program | None = None) -> Program:
    return replace(program or a_program(), tier_groups=groups)


def past_of(program: Program, sale: Sale, *notes: Sale, standing: Standing | None = None) -> Past:
    return appraise(program, a_family(sale, *notes), enrolled(), standing or Standing()).past


def moves(past: Past) -> list[tuple[datetime, int]]:
    return [(when, points) for _, when, points in past.qualifying]


# what is left of a purchase ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sale", "notes", "kept", "is_purchase"),
    [
        pytest.param(a_sale(), [], "120", True, id="paid"),
        pytest.param(a_sale(), [a_credit_note(total="20")], "100", True, id="partly brought back"),
        pytest.param(a_sale(), [a_credit_note(total="120")], "0", False, id="all brought back"),
        pytest.param(a_sale(), [a_credit_note(total="200")], "0", False, id="more than all"),
        pytest.param(a_sale(state=State.VALIDATED), [], "0", False, id="unpaid"),
        pytest.param(a_sale(state=State.DELETED), [], "0", False, id="deleted"),
        pytest.param(a_sale(kind=Kind.DEPOSIT), [], "0", False, id="deposit"),
        pytest.param(a_sale(total="0"), [], "0", False, id="free"),
        pytest.param(a_sale(voucher_paid="120"), [], "120", True, id="paid with a voucher"),
        pytest.param(a_credit_note(of=None), [], "-12", False, id="a return without invoice"),
        pytest.param(
            a_sale(lines=[a_line("50"), a_line("20", product="gift")]), [], "50", True, id="excluded line"
        ),
    ],
)
def test_a_document_leaves_what_was_kept_of_it(
    sale: Sale, notes: list[Sale], kept: str, is_purchase: bool
) -> None:
    past = past_of(a_program(exclusions=Exclusions(gift_cards=("gift",))), sale, *notes)
    assert past == Past(
        document_id=sale.id,
        occurred_at=sale.occurred_at,
        kept=Decimal(kept),
        is_purchase=is_purchase,
    )


def test_a_document_that_is_refused_has_no_past() -> None:
    program = replace(tiered(a_group()), clubs=(PRIME,))
    sale = a_sale(is_ours=True, lines=[a_line("120", product="membership")])
    assert past_of(program, sale) == Past(document_id=1, occurred_at=SOLD)


# qualifying points ---------------------------------------------------------------------------------

BOUGHT = a_sale(lines=[a_line("21.90", product="coffee"), a_line("10")])


@pytest.mark.parametrize(
    ("group", "points"),
    [
        pytest.param(a_group(), 31, id="one per full euro of all lines"),
        pytest.param(a_group(per="10"), 3, id="one per ten euros"),
        pytest.param(a_group(per="0.5"), 63, id="two per euro"),
        pytest.param(a_group(match=Match(products=("coffee",))), 21, id="of matching lines"),
        pytest.param(a_group(by="visits"), 1, id="visits"),
        pytest.param(a_group(by="visits", match=Match(products=("tea",))), 0, id="a visit for other things"),
        pytest.param(a_group(by="points"), 73, id="points of the rules that qualify"),
    ],
)
def test_a_purchase_qualifies_as_its_group_says(group: TierGroup, points: int) -> None:
    """Base 31.90 and visit 5, both doubled, are 73.80; the tier's rate and the promotions stay out."""
    program = tiered(
        group,
        a_group("rate", factor="3"),
        program=a_program(
            an_amount_rule(),
            a_visit_rule(points="5"),
            a_multiplier(factor="2"),
            replace(a_visit_rule("bonus", points="100"), promotion=True, qualifying=False),
            replace(a_visit_rule("stars", points="100"), unit="stars"),
            replace(a_multiplier("tiny", factor="1.1"), promotion=True, qualifying=False),
        ),
    )
    past = past_of(program, BOUGHT, standing=Standing(tiers=frozenset({"rate-tier"})))
    found = [(when, count) for name, when, count in past.qualifying if name == "status"]
    assert found == ([(SOLD, points)] if points else [])


def test_a_promotion_qualifies_only_if_it_says_so() -> None:
    for qualifying, points in ((True, 170), (False, 120)):
        bonus = replace(a_visit_rule("bonus", points="50"), promotion=True, qualifying=qualifying)
        program = tiered(a_group(by="points"), program=a_program(an_amount_rule(), bonus))
        assert moves(past_of(program, a_sale())) == [(SOLD, points)]


def test_what_came_back_goes_on_its_own_day() -> None:
    notes = [
        a_credit_note(total="1.90", id=103, sold_at="2026-03-08 12:00"),
        a_credit_note(total="0.01", id=101, sold_at="2026-03-10 12:00"),
        a_credit_note(total="5", id=102, state=State.DRAFT),
    ]
    program = tiered(a_group(per="10"))
    sale = a_sale(total="21.90")
    assert moves(past_of(program, sale, *notes)) == [(SOLD, 2), (BACK, -1)]
    assert past_of(program, sale, *reversed(notes)) == past_of(program, sale, *notes)


def test_goods_cannot_come_back_before_they_were_sold() -> None:
    note = a_credit_note(total="20", sold_at="2026-03-01 12:00")
    assert moves(past_of(tiered(a_group()), a_sale(), note)) == [(SOLD, 120), (SOLD, -20)]


def test_a_visit_counts_until_everything_is_back() -> None:
    program = tiered(a_group(by="visits"))
    assert moves(past_of(program, a_sale(), a_credit_note(total="119"))) == [(SOLD, 1)]
    assert moves(past_of(program, a_sale(), a_credit_note(total="120"))) == [(SOLD, 1), (BACK, -1)]


def test_a_return_without_invoice_lowers_qualifying_points_but_undoes_no_visit() -> None:
    program = tiered(a_group(), a_group("visits", by="visits"), a_group("earned", by="points"))
    note = a_credit_note(total="12.50", of=None)
    past = past_of(program, note)
    assert past.qualifying == (("status", BACK, -12), ("earned", BACK, -12))
    claim = appraise(program, a_family(note), enrolled()).claim
    assert dict(claim.by_rule)["qualifying:status"] == -12


@pytest.mark.parametrize("earn_on", ["validated", "paid", "each_payment"])
def test_an_instalment_qualifies_by_its_part_and_its_own_credit_note_pays_nothing(earn_on: EarnOn) -> None:
    note = a_credit_note(total="100")
    sale = a_sale(
        total="300",
        state=State.VALIDATED,
        paid="100",
        credits=[a_payment("100", ref=note.ref, credit=Credit.CREDIT_NOTE)],
    )
    program = tiered(a_group(), a_group("visits", by="visits"), program=a_program(earn_on=earn_on))
    expected = {
        "validated": [(SOLD, 300), (BACK, -100), (SOLD, 1)],
        "paid": [],
        "each_payment": [(SOLD, 100)],
    }
    assert moves(past_of(program, sale, note)) == expected[earn_on]


def test_the_claim_has_the_sum_of_the_qualifying_points() -> None:
    program = tiered(
        a_group(), a_group("visits", by="visits"), a_group("tea", match=Match(products=("tea",)))
    )
    claim = appraise(program, a_family(a_sale(), a_credit_note(total="20")), enrolled()).claim
    assert claim.by_rule == (
        ("base", Decimal(100)),
        ("qualifying:status", Decimal(100)),
        ("qualifying:visits", Decimal(1)),
    )


@given(
    lines=st.lists(st.integers(1, 30_000), min_size=1, max_size=4),
    cuts=st.lists(st.integers(1, 9_000), min_size=1, max_size=5),
    days=st.data(),
    by=st.sampled_from(["spend", "points", "visits"]),
    per=st.sampled_from(["1", "3", "10"]),
    voucher=st.integers(0, 3_000),
)
def test_any_split_and_dates_of_refunds_sum_to_the_qualifying_points_of_one(
    lines: list[int],
    cuts: list[int],
    days: st.DataObject,
    by: Literal["spend", "points", "visits"],
    per: str,
    voucher: int,
) -> None:
    program = tiered(a_group(by=by, per=per), program=a_program(an_amount_rule(per="3"), a_multiplier()))
    sale = a_sale(
        lines=[a_line(Decimal(cents) / 100) for cents in lines], voucher_paid=str(Decimal(voucher) / 100)
    )
    parts = [a_line(-Decimal(cents) / 100) for cents in cuts]
    notes = [
        a_credit_note(lines=[part], id=101 + i, sold_at=f"2026-03-{days.draw(st.integers(1, 28)):02} 12:00")
        for i, part in enumerate(parts)
    ]
    one = past_of(program, sale, a_credit_note(lines=parts))
    many = past_of(program, sale, *days.draw(st.permutations(notes)))
    assert sum(points for _, points in moves(many)) == sum(points for _, points in moves(one))
    assert (many.kept, many.is_purchase) == (one.kept, one.is_purchase)
    held = 0
    for _, points in sorted(moves(many), key=lambda move: move[0]):
        held += points
        assert held >= 0


# clubs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sale", "notes", "units"),
    [
        pytest.param(a_sale(lines=[a_line("49", product="Membership")]), [], [(SOLD, 1)], id="bought"),
        pytest.param(
            a_sale(lines=[a_line("98", product="membership", quantity="2"), a_line("1", product="trial")]),
            [],
            [(SOLD, 3)],
            id="units of all its products",
        ),
        pytest.param(a_sale(), [], [], id="something else"),
        pytest.param(
            a_sale(state=State.VALIDATED, lines=[a_line("49", product="membership")]),
            [],
            [],
            id="billed, not paid",
        ),
        pytest.param(
            a_sale(lines=[a_line("98", product="membership", quantity="2")]),
            [a_credit_note(lines=[a_line("-49", product="MEMBERSHIP")])],
            [(SOLD, 2), (BACK, -1)],
            id="one given back",
        ),
        pytest.param(
            a_sale(lines=[a_line("49", product="membership")]),
            [a_credit_note(lines=[a_line("-98", product="membership", quantity="2")])],
            [(SOLD, 1), (BACK, -1)],
            id="more given back than bought",
        ),
        pytest.param(
            a_credit_note(lines=[a_line("-49", product="membership")], of=None),
            [],
            [(BACK, -1)],
            id="given back without its invoice",
        ),
        pytest.param(
            a_sale(lines=[a_line("49", product="membership"), a_line("-5", credit=Credit.DEPOSIT)]),
            [],
            [(SOLD, 1)],
            id="a deposit is no goods",
        ),
    ],
)
def test_a_club_is_bought_with_its_products(
    sale: Sale, notes: list[Sale], units: list[tuple[datetime, int]]
) -> None:
    program = replace(
        a_program(exclusions=Exclusions(match=(Match(products=("membership",)),))), clubs=(PRIME,)
    )
    past = past_of(program, sale, *notes)
    assert past.clubs == tuple(("prime", when, count) for when, count in units)


@pytest.mark.parametrize(
    ("earn_on", "state", "paid", "units"),
    [
        ("validated", State.VALIDATED, "0", 0),
        ("validated", State.PAID, "49", 1),
        ("paid", State.PAID, "49", 1),
        ("each_payment", State.VALIDATED, "20", 0),
        ("each_payment", State.VALIDATED, "49", 1),
    ],
)
def test_a_club_begins_when_its_invoice_is_paid_whatever_points_wait_for(
    earn_on: EarnOn, state: State, paid: str, units: int
) -> None:
    program = replace(a_program(earn_on=earn_on), clubs=(PRIME,))
    sale = a_sale(state=state, paid=paid, lines=[a_line("49", product="membership")])
    assert sum(count for _, _, count in past_of(program, sale).clubs) == units


# the standing before a document --------------------------------------------------------------------

NOW = at("2026-06-15 12:00")


def bought(id: int, when: str, kept: str = "10", *, is_purchase: bool = True) -> Past:
    return Past(document_id=id, occurred_at=at(when), kept=Decimal(kept), is_purchase=is_purchase)


def standing(program: Program, *pasts: Past) -> Standing:
    return standing_at(program, pasts, NOW, before_id=50)


@pytest.mark.parametrize(
    ("pasts", "purchases", "quiet_days"),
    [
        pytest.param([], 0, None, id="none"),
        pytest.param([bought(1, "2026-06-14 23:59")], 1, 1, id="the evening before"),
        pytest.param([bought(1, "2026-06-15 00:01")], 1, 0, id="the same day"),
        pytest.param(
            [bought(1, "2026-03-17 12:00"), bought(2, "2026-01-01 12:00")], 2, 90, id="since the last of them"
        ),
        pytest.param([bought(49, "2026-06-15 12:00")], 1, 0, id="the same instant, a lower id"),
        pytest.param([bought(50, "2026-06-15 12:00")], 0, None, id="the document itself"),
        pytest.param([bought(51, "2026-06-15 12:00")], 0, None, id="the same instant, a higher id"),
        pytest.param([bought(1, "2026-06-15 12:01")], 0, None, id="later"),
        pytest.param([bought(1, "2026-06-01 12:00", "0", is_purchase=False)], 0, None, id="brought back"),
    ],
)
def test_purchases_before_and_quiet_days(
    pasts: Sequence[Past], purchases: int, quiet_days: int | None
) -> None:
    found = standing(a_program(), *pasts)
    assert (found.purchases, found.quiet_days) == (purchases, quiet_days)
    assert standing(a_program(), *reversed(pasts)) == found


def test_what_is_known_otherwise_is_passed_through() -> None:
    found = standing_at(
        a_program(),
        [],
        NOW,
        before_id=1,
        tags=frozenset({"vip"}),
        country="FR",
        is_company=True,
        tiers=frozenset({"gold"}),
        clubs=frozenset({"prime"}),
    )
    assert found == Standing(
        tags=frozenset({"vip"}),
        country="FR",
        is_company=True,
        tiers=frozenset({"gold"}),
        clubs=frozenset({"prime"}),
    )


REGULAR = [bought(i, f"2026-0{i}-10 12:00", "100") for i in (1, 2, 3)]


@pytest.mark.parametrize(
    ("segment", "pasts", "is_in"),
    [
        pytest.param(Segment(id="all"), [], True, id="no bounds: everybody"),
        pytest.param(Segment(id="a", minimum_purchases=3), REGULAR, True, id="enough purchases"),
        pytest.param(Segment(id="a", minimum_purchases=4), REGULAR, False, id="too few purchases"),
        pytest.param(Segment(id="a", maximum_purchases=2), REGULAR, False, id="too many purchases"),
        pytest.param(Segment(id="a", maximum_purchases=0), [], True, id="no purchase"),
        pytest.param(Segment(id="a", minimum_spend=Decimal(300)), REGULAR, True, id="spent enough"),
        pytest.param(Segment(id="a", minimum_spend=Decimal("300.01")), REGULAR, False, id="spent too little"),
        pytest.param(Segment(id="a", maximum_spend=Decimal("299.99")), REGULAR, False, id="spent too much"),
        pytest.param(
            Segment(id="a", minimum_spend=Decimal(300)),
            [*REGULAR, bought(9, "2026-05-01 12:00", "-5", is_purchase=False)],
            False,
            id="a return without invoice lowers",
        ),
        pytest.param(Segment(id="a", months=4, minimum_purchases=2), REGULAR, False, id="in the last months"),
        pytest.param(Segment(id="a", months=5, minimum_purchases=2), REGULAR, True, id="in more months"),
        pytest.param(
            Segment(id="a", months=0, minimum_purchases=1), [bought(1, "2001-01-01 12:00")], True, id="ever"
        ),
        pytest.param(
            Segment(id="a", minimum_purchases=1), [bought(1, "2025-06-15 00:00")], True, id="a year ago today"
        ),
        pytest.param(
            Segment(id="a", minimum_purchases=1), [bought(1, "2025-06-14 23:59")], False, id="the day before"
        ),
        pytest.param(Segment(id="a", minimum_quiet_days=97), REGULAR, True, id="quiet for 97 days"),
        pytest.param(Segment(id="a", minimum_quiet_days=98), REGULAR, False, id="not for 98"),
        pytest.param(Segment(id="a", maximum_quiet_days=97), REGULAR, True, id="not longer quiet than"),
        pytest.param(Segment(id="a", maximum_quiet_days=96), REGULAR, False, id="longer quiet than"),
        pytest.param(Segment(id="a", minimum_quiet_days=0), [], False, id="nobody is quiet who never came"),
        pytest.param(
            Segment(id="a", months=1, minimum_quiet_days=97), REGULAR, True, id="quiet beyond the months"
        ),
        pytest.param(
            Segment(id="a", minimum_purchases=3, maximum_quiet_days=96), REGULAR, False, id="every bound"
        ),
    ],
)
def test_a_member_is_in_the_segments_whose_bounds_hold(
    segment: Segment, pasts: list[Past], is_in: bool
) -> None:
    found = standing(replace(a_program(), segments=(segment,)), *pasts)
    assert found.segments == (frozenset({segment.id}) if is_in else frozenset())


def test_a_purchase_that_came_back_wholly_might_never_have_been() -> None:
    program = replace(a_program(), segments=(Segment(id="new", maximum_purchases=0),))
    back = past_of(program, a_sale(), a_credit_note(total="120"))
    assert standing(program, back) == standing(program)


# what must be looked up ----------------------------------------------------------------------------

LOOKING_BACK = Who(first_purchase=True)


@pytest.mark.parametrize(
    ("program", "history", "pasts"),
    [
        pytest.param(a_program(), False, False, id="nothing"),
        pytest.param(a_program(replace(a_unit_rule(), who=Who(tags=("vip",)))), False, False, id="by tag"),
        pytest.param(a_program(replace(a_unit_rule(), who=LOOKING_BACK)), True, True, id="a rule looks back"),
        pytest.param(tiered(a_group()), False, True, id="tiers without rates"),
        pytest.param(tiered(a_group(factor="1.5")), True, True, id="tiers with rates"),
        pytest.param(replace(a_program(), clubs=(PRIME,)), False, True, id="a club"),
        pytest.param(replace(a_program(), segments=(Segment(id="a"),)), False, True, id="a segment"),
        pytest.param(
            a_program(rewards=[replace(a_reward(), who=LOOKING_BACK)]), False, True, id="a reward looks back"
        ),
        pytest.param(
            replace(a_program(), activities=(ActivityKind(id="review", points=5, who=LOOKING_BACK),)),
            False,
            True,
            id="an activity looks back",
        ),
    ],
)
def test_history_is_read_only_where_something_asks_for_it(
    program: Program, history: bool, pasts: bool
) -> None:
    assert needs_history(program) is history
    assert needs_pasts(program) is pasts
