"""What once went wrong where kinds of programs meet: late changes, shared caps, long names, thousands of purchases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.eligibility import Who
from dolibarr_loyalty.core.partners import Partner
from dolibarr_loyalty.core.program import Cap, Rule
from dolibarr_loyalty.core.terms import Match
from dolibarr_loyalty.core.tiers import Course, ManualTier, Move, Tier, TierGroup, timeline
from dolibarr_loyalty.flows.intake import take_in
from dolibarr_loyalty.store import documents, ledger
from tests.flows.shop import PROGRAM, Shop

BASE = Rule(id="base", points=Decimal(1), per=Decimal(10))
FIRST = Rule(id="first", kind="visit", points=Decimal(5), promotion=True, who=Who(first_purchase=True))
PARIS = ZoneInfo("Europe/Paris")


def with_program(shop: Shop, **changes: object) -> Shop:
    shop.loyalty = replace(shop.loyalty, program=replace(PROGRAM, **changes))  # type: ignore[arg-type]
    return shop


def taken_in(shop: Shop, *invoices: int) -> None:
    found = [shop.loyalty.books.sale(invoice) for invoice in invoices]
    take_in(shop.loyalty, [sale for sale in found if sale is not None])


def redated(shop: Shop, invoice: int, day: datetime) -> None:
    shop.tick()
    shop.dolibarr.overwrite_invoice(invoice, date=int(day.timestamp()))
    taken_in(shop, invoice)


def granted(shop: Shop, *invoices: int) -> list[int]:
    return [shop.document(invoice).granted for invoice in invoices]


def test_what_partners_pay_follows_the_credit_notes_of_an_invoice_that_another_ones_cap_moves(
    shop: Shop,
) -> None:
    """The second invoice takes the cap's room back; the first is settled again, with its own credit notes."""
    acme = Partner(id="acme", thirdparty_id=9001, match=Match(products=("tea",)), percent=Decimal(50))
    with_program(shop, rules=(BASE,), caps=(Cap(period="month", points=20),), partners=(acme,))
    tea = shop.dolibarr.create_product(ref="TEA", price="3.00")
    customer = shop.customer()
    early = shop.sell(customer, 200)
    goods = {"desc": "goods", "qty": 1, "subprice": "100", "tva_tx": 0}
    late = shop.sell(customer, lines=[{**goods, "fk_product": tea}, {**goods, "subprice": "50"}])
    shop.refund(late, 50)
    shop.sync()
    assert granted(shop, early, late) == [20, 0]
    shop.refund(early)
    shop.sync()
    assert granted(shop, early, late) == [0, 10]
    shop.prove()


def test_an_invoice_that_gets_a_later_date_is_not_a_purchase_before_itself(shop: Shop) -> None:
    with_program(shop, rules=(BASE, FIRST))
    invoice = shop.sell(shop.customer(), 100)
    taken_in(shop, invoice)
    shop.clock.pass_(days=3)
    redated(shop, invoice, datetime(2026, 3, 4, tzinfo=PARIS))
    assert granted(shop, invoice) == [15]


def test_an_invoice_that_moves_behind_another_makes_that_one_the_first(shop: Shop) -> None:
    with_program(shop, rules=(BASE, FIRST))
    customer = shop.customer()
    first, second = shop.sell(customer, 100), shop.sell(customer, 100)
    taken_in(shop, first, second)
    assert granted(shop, first, second) == [15, 10]
    shop.clock.pass_(days=9)
    redated(shop, first, datetime(2026, 3, 8, tzinfo=PARIS))
    assert granted(shop, first, second) == [10, 15]
    shop.prove()


def test_an_invoice_given_to_another_customer_makes_the_next_one_the_first(shop: Shop) -> None:
    with_program(shop, rules=(BASE, FIRST))
    customer, other = shop.customer(), shop.customer("Ulrich Berg")
    first, second = shop.sell(customer, 100), shop.sell(customer, 100)
    taken_in(shop, first, second)
    shop.tick()
    shop.dolibarr.overwrite_invoice(first, socid=other)
    taken_in(shop, first)
    assert granted(shop, first, second) == [15, 15]
    shop.prove(with_dolibarr=False)


def test_a_screen_of_somebody_merged_a_moment_ago_is_no_failure(shop: Shop) -> None:
    with_program(shop)
    kept, gone = shop.customer(), shop.customer("Klara Martin")
    shop.sell(gone, 100)
    shop.sync()
    shop.dolibarr.merge_third_parties(keep=kept, gone=gone)
    shop.deliver()
    shop.sweep()
    shop.sync(full=True)
    shop.deliver()
    assert (shop.balance(kept), shop.balance(gone)) == (10, 0)
    shop.prove()


LONG = "a" * 40  # as long as an id may be


def test_a_tier_group_of_the_longest_name_counts_on_every_database(shop_on: Shop) -> None:
    group = TierGroup(id=LONG, tiers=(Tier(id="low", threshold=0), Tier(id="b" * 40, threshold=50)))
    with_program(shop_on, rules=(BASE,), tier_groups=(group,))
    customer = shop_on.customer()
    shop_on.sell(customer, 100)
    shop_on.sync()
    shop_on.deliver()
    with shop_on.loyalty.database.reading() as tx:
        assert ledger.load(tx, [customer], unit=group.unit)[customer].balance == 100
    shop_on.prove()


def test_more_documents_than_a_statement_takes_are_read_in_parts(shop_on: Shop) -> None:
    invoice = shop_on.sell(shop_on.customer(), 100)
    shop_on.sync()
    with shop_on.loyalty.database.reading() as tx:
        assert list(documents.load(tx, range(1, 70_001))) == [invoice]


GROUPS = [
    TierGroup(
        id="g",
        tiers=(Tier(id="a", threshold=0), Tier(id="b", threshold=10), Tier(id="c", threshold=25)),
        period_months=3,
        tier_months=2,
        grace_days=grace,
        on_refund=on_refund,  # type: ignore[arg-type]
    )
    for grace in (0, 20)
    for on_refund in ("immediately", "never", "next_assessment")
]
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = st.integers(0, 300).map(lambda days: BEGIN + timedelta(days=days))
MOVES = st.builds(
    lambda at, points: Move(at=at, points=points, is_return=points < 0), DAYS, st.integers(-15, 20)
)
MANUAL = st.builds(
    lambda at, tier: ManualTier(at=at, tier=tier, until=at + timedelta(days=40), reason="r"),
    DAYS,
    st.sampled_from(["a", "b", "c", ""]),
)


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: f"{group.grace_days}-{group.on_refund}")
@given(
    moves=st.lists(MOVES, max_size=12),
    manual=st.lists(MANUAL, max_size=2),
    asked=st.lists(st.tuples(DAYS, st.integers(0, 12), st.lists(MOVES, max_size=2)), min_size=1, max_size=8),
    joined=DAYS,
)
def test_a_course_tells_the_tier_that_the_timeline_tells(
    group: TierGroup,
    moves: list[Move],
    manual: list[ManualTier],
    asked: list[tuple[datetime, int, list[Move]]],
    joined: datetime,
) -> None:
    known = {number: [move] for number, move in enumerate(moves)}
    course = Course(
        group,
        [(number, move) for number, move in enumerate(moves)],
        joined_at=joined,
        zone=PARIS,
        manual=manual,
    )
    for at, number, new in asked:
        before = [
            move for other, theirs in known.items() for move in theirs if (move.at, other) < (at, number)
        ]
        steps = timeline(group, before, joined_at=joined, until=at, zone=PARIS, manual=manual)
        assert course.tier_at(at, before=number) == (steps[-1].tier if steps else "a")
        course.change(number, known.get(number, []), new)
        known[number] = new
