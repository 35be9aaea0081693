"""What partners pay follows the document: booked once, taken back with refunds, settled month by month."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dolibarr_loyalty.core.partners import Partner, Share
from dolibarr_loyalty.core.program import Program, Rule
from dolibarr_loyalty.core.sale import Family, State
from dolibarr_loyalty.core.terms import Match
from dolibarr_loyalty.errors import Conflict, InputError, TemporaryFailure
from dolibarr_loyalty.flows import settlement
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.funding import deviations, fund, sums_of
from dolibarr_loyalty.flows.redemption import Busy
from dolibarr_loyalty.flows.settlement import NothingToSettle
from dolibarr_loyalty.reports.partners import Statement, known_partners, partner_of, statement
from dolibarr_loyalty.store import bearings, fundings
from tests.builders import a_credit_note, a_family, a_line, a_sale, at
from tests.conftest import OpenShop
from tests.flows.shop import Shop

ROASTERY = Partner(
    id="roastery",
    thirdparty_id=1,
    names=(("en", "The Roastery"),),
    match=Match(products=("beans",)),
    percent=Decimal(50),
)
DAIRY = Partner(id="dairy", thirdparty_id=2)
JOINT = Rule(
    id="summer",
    promotion=True,
    names=(("en", "Summer"),),
    funding=(Share(partner="dairy", percent=Decimal(30)),),
)
PROGRAM = Program(rules=(Rule(id="base"), JOINT), partners=(ROASTERY, DAIRY))
MIXED = a_family(a_sale(lines=[a_line("60.00", product="beans"), a_line("40.00")]))


@pytest.fixture
def shop(opened: OpenShop) -> Iterator[Shop]:
    with opened(program=PROGRAM) as shop:
        yield shop


def booked(
    loyalty: Loyalty,
    family: Family = MIXED,
    *,
    base: int = 100,
    summer: int = 100,
    program: Program = PROGRAM,
    key: str = "invoice:1:1",
) -> None:
    """A document is decided on, as the intake does it."""

    def decision(tx: Any) -> None:
        bearings.keep_program(tx, program, loyalty.now())
        fund(tx, loyalty, program, family, (("base", base), ("summer", summer)), key)

    loyalty.database.decide(decision)


def rows(loyalty: Loyalty, document: int = 1) -> list[fundings.Funding]:
    with loyalty.database.reading() as tx:
        return fundings.of_documents(tx, [document]).get(document, [])


def cents(loyalty: Loyalty, document: int = 1) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in rows(loyalty, document):
        sums[row.partner] = sums.get(row.partner, 0) + row.amount_minor
    return sums


def told(loyalty: Loyalty, partner: str, month: str = "2026-03") -> Statement:
    with loyalty.database.reading() as tx:
        return statement(tx, loyalty.program, partner, month)


def test_a_document_is_funded_once_however_often_it_is_decided(shop_on: Shop) -> None:
    loyalty = shop_on.loyalty
    booked(loyalty)
    # 60 points of each rule on beans: half of those of the base, half of the 70 % that summer leaves.
    assert cents(loyalty) == {"roastery": 51, "dairy": 30}
    first = rows(loyalty)
    booked(loyalty)
    booked(loyalty, key="invoice:1:2")
    assert rows(loyalty) == first
    assert [(row.number, row.month, row.cause_key) for row in first] == [
        (1, "2026-03", "invoice:1:1"),
        (2, "2026-03", "invoice:1:1"),
    ]


def test_funding_follows_the_refund(shop_on: Shop) -> None:
    loyalty = shop_on.loyalty
    booked(loyalty)
    note = a_credit_note(lines=[a_line("-60.00", product="beans")])
    booked(loyalty, replace(MIXED, credit_notes=(note,)), base=40, summer=40, key="invoice:1:2")
    assert cents(loyalty) == {"roastery": 0, "dairy": 12}
    booked(loyalty, MIXED, base=0, summer=0, key="invoice:1:3")
    assert cents(loyalty) == {"roastery": 0, "dairy": 0}
    assert sums_of(rows(loyalty)) == {("roastery", ""): (0, 0), ("dairy", "summer"): (0, 0)}


def test_a_program_without_partners_funds_nothing(shop: Shop) -> None:
    booked(shop.loyalty, program=replace(PROGRAM, partners=()))
    assert rows(shop.loyalty) == []


def test_a_document_keeps_the_shares_of_its_version(shop: Shop) -> None:
    booked(shop.loyalty)
    dearer = replace(JOINT, funding=(Share(partner="dairy", percent=Decimal(80)),))
    new = replace(PROGRAM, rules=(Rule(id="base"), dearer))
    booked(shop.loyalty, program=PROGRAM, key="invoice:1:2")
    booked(shop.loyalty, a_family(replace(MIXED.sale, id=2)), program=new, key="invoice:2:1")
    assert (cents(shop.loyalty)["dairy"], cents(shop.loyalty, 2)["dairy"]) == (30, 80)
    items = [(item.percent, item.points, item.amount) for item in told(shop.loyalty, "dairy").items]
    assert items == [(Decimal(30), 100, Decimal("0.30")), (Decimal(80), 100, Decimal("0.80"))]


def test_two_writers_of_one_document_collide(shop_on: Shop) -> None:
    booked(shop_on.loyalty)
    row = rows(shop_on.loyalty)[0]
    with pytest.raises(Conflict), shop_on.loyalty.database.transaction() as tx:
        fundings.insert(tx, [row])


def test_what_was_tampered_with_is_found(shop: Shop) -> None:
    shares = (("base", 100), ("summer", 100))
    booked(shop.loyalty)
    assert deviations(PROGRAM, MIXED, shares, rows(shop.loyalty)) == ()
    found = deviations(PROGRAM, MIXED, shares, rows(shop.loyalty)[:1])
    assert [(each.partner, each.rule, each.expected, each.found) for each in found] == [
        ("roastery", "", 51, 0)
    ]
    missing = deviations(PROGRAM, MIXED, (), rows(shop.loyalty))
    assert [(each.expected, each.found) for each in missing] == [(0, 30), (0, 51)]


def test_the_member_of_a_row_may_be_another_than_the_documents(shop: Shop) -> None:
    def decision(tx: Any) -> None:
        fund(tx, shop.loyalty, PROGRAM, MIXED, [("summer", 10)], "k", thirdparty_id=99)

    shop.loyalty.database.decide(decision)
    assert {row.thirdparty_id for row in rows(shop.loyalty)} == {99}


# statements ----------------------------------------------------------------------------------------


def test_a_statement_sums_the_rows_of_its_month(shop_on: Shop) -> None:
    loyalty = replace(shop_on.loyalty, program=PROGRAM)
    booked(loyalty)
    booked(loyalty, a_family(replace(MIXED.sale, id=2)), base=0, summer=50, key="invoice:2:1")
    booked(loyalty, base=0, summer=40, key="invoice:1:2")
    march = told(loyalty, "dairy")
    assert [(i.rule, i.is_reversal, i.points, i.amount, i.bookings) for i in march.items] == [
        ("summer", False, 150, Decimal("0.45"), 2),
        ("summer", True, -60, Decimal("-0.18"), 1),
    ]
    assert (march.opening, march.granted, march.reversed) == (0, Decimal("0.45"), Decimal("-0.18"))
    assert (march.due, march.carried) == (Decimal("0.27"), 0)
    assert told(loyalty, "dairy", "2026-04").items == ()
    assert [item.names for item in march.items] == [(("en", "Summer"),)] * 2


def test_what_comes_back_later_is_taken_off_the_months_after(shop: Shop) -> None:
    booked(shop.loyalty)
    shop.clock.pass_(days=31)
    booked(shop.loyalty, base=0, summer=0, key="invoice:1:2")
    shop.clock.pass_(days=30)
    booked(shop.loyalty, a_family(replace(MIXED.sale, id=2)), key="invoice:2:1", base=0, summer=400)
    march, april, may, june = (told(shop.loyalty, "dairy", f"2026-0{month}") for month in (3, 4, 5, 6))
    assert (march.due, april.due, april.carried) == (Decimal("0.30"), 0, Decimal("-0.30"))
    assert (may.opening, may.granted, may.due) == (Decimal("-0.30"), Decimal("1.20"), Decimal("0.90"))
    assert (june.opening, june.due) == (0, 0)
    assert sum(each.due for each in (march, april, may, june)) == Decimal("1.20")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 500), st.integers(0, 40)), max_size=8))
def test_the_statements_of_all_months_reconcile_to_the_rows(
    shop: Shop, steps: list[tuple[int, int, int]]
) -> None:
    with shop.loyalty.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM llx_loyalty_fundings")
    shop.clock.now = at("2026-01-10 12:00")
    for place, (document, summer, days) in enumerate(steps):
        family = a_family(replace(MIXED.sale, id=document))
        booked(shop.loyalty, family, base=summer // 3, summer=summer, key=f"step:{place}")
        shop.clock.pass_(days=days)
    months = [f"{2026 + month // 12}-{month % 12 + 1:02}" for month in range(13)]
    for partner in ("roastery", "dairy"):
        statements = [told(shop.loyalty, partner, month) for month in months]
        every = sum(cents(shop.loyalty, document).get(partner, 0) for document in (1, 2, 3))
        assert sum(each.due for each in statements) + statements[-1].carried == Decimal(every) / 100
        assert all(after.opening == before.carried for before, after in pairwise(statements))


def test_a_partner_who_left_the_program_still_has_statements(shop: Shop) -> None:
    booked(shop.loyalty)
    without = replace(PROGRAM, rules=(Rule(id="base"),), partners=(ROASTERY,))
    with shop.loyalty.database.reading() as tx:
        assert known_partners(tx, without) == (ROASTERY, DAIRY)
        assert partner_of(tx, without, "DAIRY") == DAIRY
        assert partner_of(tx, without, "Roastery") == ROASTERY
        assert partner_of(tx, without, "nobody") is None
        assert statement(tx, without, "dairy", "2026-03").due == Decimal("0.30")


# the draft in Dolibarr -----------------------------------------------------------------------------


def settled(shop: Shop, partner: Partner, **options: Any) -> Any:
    return settlement.settle(shop.loyalty, partner, "2026-03", told(shop.loyalty, partner.id).due, **options)


def a_month_later(shop: Shop) -> Partner:
    """The dairy, with something due for the month that is over."""
    dairy = replace(DAIRY, thirdparty_id=shop.customer("Dairy Ltd"))
    booked(shop.loyalty, base=0, summer=2000)
    shop.clock.pass_(days=31)
    return dairy


def test_what_is_due_becomes_one_draft(any_shop: Shop) -> None:
    shop = any_shop
    dairy = a_month_later(shop)
    first = settled(shop, dairy)
    assert (first.state, first.gross, first.thirdparty_id) == (
        State.DRAFT,
        Decimal("6.00"),
        dairy.thirdparty_id,
    )
    assert first.ref_ext == "loyalty:partner:dairy:2026-03"
    assert settled(shop, dairy).id == first.id
    assert len(shop.loyalty.books.find(first.ref_ext)) == 1
    shop.loyalty.books.validate(first.id)
    assert settled(shop, dairy).state is State.VALIDATED
    shop.sync()
    assert shop.balance(dairy.thirdparty_id) == 0  # a document of ours earns nothing


def test_a_draft_may_carry_vat(shop: Shop) -> None:
    assert settled(shop, a_month_later(shop), vat_rate=Decimal(20)).gross == Decimal("7.20")


def test_a_second_draft_of_an_unclear_answer_is_removed(shop: Shop) -> None:
    dairy = a_month_later(shop)
    first = settled(shop, dairy)
    draft = settlement.draft_of(shop.loyalty, dairy, "2026-03", Decimal(6), Decimal(0))
    shop.loyalty.books.create(draft)
    assert settled(shop, dairy).id == first.id
    assert len(shop.loyalty.books.find(first.ref_ext)) == 1


def test_a_partner_dolibarr_does_not_have_is_told(shop: Shop) -> None:
    dairy = replace(a_month_later(shop), thirdparty_id=4711)
    with pytest.raises(InputError, match="no third party 4711"):
        settled(shop, dairy)


def test_a_draft_that_is_not_listed_yet_is_looked_for_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    dairy = a_month_later(shop)
    monkeypatch.setattr(shop.loyalty.books, "find", lambda ref_ext: [])
    with pytest.raises(TemporaryFailure, match="does not list it yet"):
        settled(shop, dairy)


def test_two_people_do_not_settle_the_same_month_at_once(shop: Shop) -> None:
    dairy = a_month_later(shop)
    with settlement.holding(shop.loyalty, "partner:dairy:2026-03"), pytest.raises(Busy):
        settled(shop, dairy)


def test_only_a_month_that_is_over_and_owes_something_is_settled(shop: Shop) -> None:
    booked(shop.loyalty)
    with pytest.raises(NothingToSettle, match=r"not over.*2026-04-01"):
        settled(shop, DAIRY)
    with pytest.raises(NothingToSettle, match="owes nothing for 2026-02"):
        settlement.check_settlement(shop.loyalty, DAIRY, "2026-02", Decimal(0))


@pytest.mark.parametrize("text", ["2026", "2026-13", "march", "2026-3", ""])
def test_a_month_is_a_year_and_a_month(shop: Shop, text: str) -> None:
    with pytest.raises(InputError, match="is not a month"):
        settlement.the_month(shop.loyalty, text)


def test_without_a_month_the_last_one_that_is_over_is_meant(shop: Shop) -> None:
    assert settlement.the_month(shop.loyalty, None) == "2026-02"
    assert settlement.the_month(shop.loyalty, " 2026-03 ") == "2026-03"


# through the shop ----------------------------------------------------------------------------------


def test_a_joint_promotion_is_funded_from_the_sale_to_the_refund(opened: OpenShop) -> None:
    twice = Rule(
        id="summer",
        kind="multiply",
        factor=Decimal(2),
        promotion=True,
        funding=(Share(partner="dairy", percent=Decimal(30)),),
    )
    with opened(program=replace(PROGRAM, rules=(Rule(id="base"), twice))) as shop:
        customer = shop.customer()
        invoice = shop.sell(customer, 200)
        shop.sync()
        assert shop.balance(customer) == 400
        assert cents(shop.loyalty, invoice) == {"dairy": 60}
        shop.refund(invoice, 50)
        shop.sync()
        shop.sync(full=True)
        assert shop.balance(customer) == 300
        assert cents(shop.loyalty, invoice) == {"dairy": 45}
        assert [row.amount_minor for row in rows(shop.loyalty, invoice)] == [60, -15]
        month = told(shop.loyalty, "dairy", shop.loyalty.today().isoformat()[:7])
        assert (month.granted, month.reversed, month.due) == (
            Decimal("0.60"),
            Decimal("-0.15"),
            Decimal("0.45"),
        )
        shop.prove()
