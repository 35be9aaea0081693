"""Documents in, every kind of point out: tiers, stamps, promotions, budgets; in any order, refunded in any split."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from threading import Thread

import pytest

from dolibarr_loyalty.core.eligibility import Segment, Who
from dolibarr_loyalty.core.program import Cap, Reward, Rule
from dolibarr_loyalty.core.sale import Sale
from dolibarr_loyalty.core.terms import Match
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.core.wallets import StampCard, Wallet
from dolibarr_loyalty.flows.intake import take_in
from dolibarr_loyalty.flows.sync import sync
from dolibarr_loyalty.store import bearings, ledger, outcomes
from tests.flows.shop import PROGRAM, Shop

BASE = Rule(id="base", points=Decimal(1), per=Decimal(10))
STATUS = TierGroup(
    id="status",
    tiers=(
        Tier(id="blue", threshold=0),
        Tier(id="silver", threshold=100, earn_factor=Decimal("1.5")),
        Tier(id="gold", threshold=300, earn_factor=Decimal(2)),
    ),
)


def held(shop: Shop, customer: int, unit: str) -> int:
    with shop.loyalty.database.reading() as tx:
        return ledger.load(tx, [customer], unit=unit)[customer].balance


def shop_with(shop: Shop, **changes: object) -> Shop:
    shop.loyalty = replace(shop.loyalty, program=replace(PROGRAM, **changes))  # type: ignore[arg-type]
    return shop


@pytest.fixture
def tiers(shop: Shop) -> Iterator[Shop]:
    """A shop with three tiers by spend: 1, 1.5 and 2 points for each 10."""
    yield shop_with(shop, rules=(BASE,), tier_groups=(STATUS,))


def test_a_purchase_earns_at_the_tier_in_which_it_was_made(tiers: Shop) -> None:
    customer = tiers.customer()
    tiers.sell(customer, 100)  # reaches silver, and is itself made in blue
    tiers.sell(customer, 200)  # in silver; reaches gold
    tiers.sell(customer, 100)  # in gold
    tiers.sync()
    assert tiers.balance(customer) == 10 + 30 + 20
    assert held(tiers, customer, "qualifying:status") == 400
    tiers.prove()


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_the_order_in_which_invoices_become_known_changes_nothing(
    tiers: Shop, order: tuple[int, ...]
) -> None:
    customer = tiers.customer()
    invoices = [tiers.sell(customer, amount) for amount in (100, 150, 100, 70)]
    tiers.clock.pass_(minutes=5)
    for place in order:
        sale = tiers.loyalty.books.sale(invoices[place])
        assert sale is not None
        take_in(tiers.loyalty, [sale])
    assert [tiers.document(invoice).granted for invoice in invoices] == [10, 22, 15, 14]
    assert held(tiers, customer, "qualifying:status") == 420
    tiers.prove()


def test_goods_that_come_back_lower_qualifying_points_and_leave_the_others_purchases_as_they_were(
    tiers: Shop,
) -> None:
    customer = tiers.customer()
    first = tiers.sell(customer, 120)
    second = tiers.sell(customer, 100)
    tiers.sync()
    assert tiers.balance(customer) == 12 + 15
    tiers.clock.pass_(days=3)
    tiers.refund(first)
    tiers.sync()
    assert tiers.balance(customer) == 15, "the second was bought in silver, and stays so"
    assert tiers.document(second).granted == 15
    assert held(tiers, customer, "qualifying:status") == 100
    tiers.prove()


def test_redeeming_takes_no_qualifying_points(tiers: Shop) -> None:
    customer = tiers.customer()
    tiers.sell(customer, 600)
    tiers.sync()
    tiers.redeem(customer)
    assert (tiers.balance(customer), held(tiers, customer, "qualifying:status")) == (10, 600)


CARD = {
    "rules": (
        BASE,
        Rule(id="drinks", kind="unit", unit="stamps:coffee", match=Match(products=("coffee",))),
        Rule(id="stars", points=Decimal(2), unit="stars"),
    ),
    "cards": (StampCard(id="coffee", size=10, reward="coffee-free"),),
    "rewards": (
        *PROGRAM.rewards,
        Reward(id="coffee-free", kind="product", product="COFFEE", points=10, unit="stamps:coffee"),
    ),
    "wallets": (Wallet(id="stars"),),
}


def coffees(shop: Shop, customer: int, number: int) -> int:
    product = shop.dolibarr.store.find("product", "ref", "COFFEE")
    identifier = product[0]["rowid"] if product else shop.dolibarr.create_product(ref="COFFEE", price="3.00")
    line = {"desc": "coffee", "qty": number, "subprice": "3.00", "tva_tx": 0, "fk_product": identifier}
    return shop.sell(customer, lines=[line])


def test_one_purchase_fills_several_wallets(shop: Shop) -> None:
    shop_with(shop, **CARD)
    customer = shop.customer()
    coffees(shop, customer, 4)
    shop.sync()
    assert (shop.balance(customer), held(shop, customer, "stamps:coffee")) == (1, 4)
    assert held(shop, customer, "stars") == 24
    shop.prove()


def test_each_entry_tells_only_what_concerns_its_unit(shop: Shop) -> None:
    shop_with(shop, **CARD)
    customer = shop.customer()
    coffees(shop, customer, 4)
    shop.sync()

    def rules(unit: str) -> list[str]:
        with shop.loyalty.database.reading() as tx:
            (entry,) = ledger.history(tx, f"{customer}:{unit}")
        return [reason["rule"] for reason in json.loads(entry.reasons) if "rule" in reason]

    assert (rules("points"), rules("stamps:coffee"), rules("stars")) == (["base"], ["drinks"], ["stars"])


def test_stamps_go_back_with_the_goods_and_to_the_other_customer_with_the_invoice(shop: Shop) -> None:
    shop_with(shop, **CARD)
    customer, other = shop.customer(), shop.customer("Ulrich Berg")
    invoice = coffees(shop, customer, 3)
    shop.sync()
    shop.dolibarr.overwrite_invoice(invoice, socid=other)
    shop.sweep()
    shop.sync(full=True)
    assert (held(shop, customer, "stamps:coffee"), held(shop, other, "stamps:coffee")) == (0, 3)
    shop.refund(invoice)
    shop.sync()
    assert (held(shop, other, "stamps:coffee"), held(shop, other, "stars")) == (0, 0)
    shop.prove()


def promoted(**fields: object) -> tuple[Rule, ...]:
    bonus = Rule(id="bonus", kind="visit", points=Decimal(10), promotion=True, **fields)  # type: ignore[arg-type]
    return (BASE, bonus)


def test_a_first_purchase_is_the_first_whenever_it_becomes_known(shop: Shop) -> None:
    shop_with(shop, rules=promoted(who=Who(first_purchase=True)))
    customer = shop.customer()
    first, second = shop.sell(customer, 100), shop.sell(customer, 100)
    shop.clock.pass_(minutes=5)
    for invoice in (second, first):
        sale = shop.loyalty.books.sale(invoice)
        assert sale is not None
        take_in(shop.loyalty, [sale])
    assert [shop.document(invoice).granted for invoice in (first, second)] == [20, 10]
    shop.prove()


def test_who_comes_back_after_a_quiet_time_gets_the_promotion_once(shop: Shop) -> None:
    shop_with(shop, rules=promoted(who=Who(inactive_days=90)))
    customer = shop.customer()
    granted = []
    for pause in (0, 89, 90, 1):
        shop.clock.pass_(days=pause)
        invoice = shop.sell(customer, 100)
        shop.sync()
        granted.append(shop.document(invoice).granted)
    assert granted == [10, 10, 20, 10]


def test_a_segment_is_that_of_the_day_of_the_purchase(shop: Shop) -> None:
    regulars = Segment(id="regulars", months=1, minimum_purchases=2)
    shop_with(shop, rules=promoted(who=Who(segments=("regulars",))), segments=(regulars,))
    customer = shop.customer()
    invoices = []
    for _ in range(3):
        invoices.append(shop.sell(customer, 100))
        shop.clock.pass_(days=1)
    shop.clock.pass_(days=60)
    invoices.append(shop.sell(customer, 100))
    shop.sync()
    assert [shop.document(invoice).granted for invoice in invoices] == [10, 10, 20, 10]


def test_a_tag_counts_as_it_was_when_the_invoice_was_first_seen(shop: Shop) -> None:
    shop_with(shop, rules=promoted(who=Who(without_tags=("staff",))))
    customer = shop.customer()
    invoice = shop.sell(customer, 100)
    shop.sync()
    with shop.loyalty.database.reading() as tx:
        before = outcomes.load(tx, [invoice])[invoice].standing
    shop.refund(invoice, 10)
    shop.sync()
    with shop.loyalty.database.reading() as tx:
        assert outcomes.load(tx, [invoice])[invoice].standing == before
    assert shop.document(invoice).granted == 19


def test_several_purchases_of_a_month_reach_the_threshold_and_a_refund_takes_the_bonus_back(
    shop: Shop,
) -> None:
    cumulative = Rule(
        id="month",
        kind="cumulative",
        points=Decimal(50),
        threshold=Decimal(250),
        period="month",
        promotion=True,
    )
    shop_with(shop, rules=(BASE, cumulative))
    customer = shop.customer()
    invoices = [shop.sell(customer, 100) for _ in range(3)]
    shop.sync()
    assert [shop.document(invoice).granted for invoice in invoices] == [10, 10, 60]
    shop.refund(invoices[0], 60)
    shop.sync()
    assert [shop.document(invoice).granted for invoice in invoices] == [4, 10, 10]
    assert shop.balance(customer) == 24
    shop.prove()


def used(shop: Shop, rule: str = "bonus") -> int:
    with shop.loyalty.database.reading() as tx:
        return bearings.budget_used(tx, f"rule:{rule}")


@pytest.mark.parametrize(("in_part", "balances"), [(True, [20, 15, 10]), (False, [20, 10, 10])])
def test_a_promotion_ends_with_its_budget(shop: Shop, in_part: bool, balances: list[int]) -> None:
    shop_with(shop, rules=promoted(budget=15, budget_in_part=in_part))
    customers = [shop.customer(name) for name in ("Ada", "Ben", "Cleo")]
    invoices = [shop.sell(customer, 100) for customer in customers]
    shop.sync()
    assert [shop.balance(customer) for customer in customers] == balances
    assert used(shop) == (15 if in_part else 10)
    shop.sync(full=True)
    assert [shop.balance(customer) for customer in customers] == balances, "a replay asks for nothing"
    shop.prove()
    shop.refund(invoices[0])
    shop.sync()
    assert used(shop) == (5 if in_part else 0), "what came back is there for the next"
    shop.prove()


def test_a_return_without_an_invoice_frees_no_budget(shop: Shop) -> None:
    shop_with(
        shop,
        rules=(BASE, Rule(id="bonus", points=Decimal(1), per=Decimal(10), promotion=True, budget=50)),
    )
    customer = shop.customer()
    shop.sell(customer, 100)
    shop.sync()
    assert used(shop) == 10
    line = {"desc": "back", "qty": 1, "subprice": "30", "tva_tx": 0}
    shop.dolibarr.validate(shop.dolibarr.create_invoice(socid=customer, type=2, lines=[line]))
    shop.sync()
    assert (shop.balance(customer), used(shop)) == (14, 10)
    shop.prove()


def test_what_a_budget_had_cut_off_is_the_first_that_a_refund_takes(shop: Shop) -> None:
    shop_with(
        shop,
        rules=(
            BASE,
            Rule(id="bonus", points=Decimal(1), per=Decimal(10), promotion=True, budget=6),
        ),
    )
    customer = shop.customer()
    invoice = shop.sell(customer, 100)
    shop.sync()
    assert (shop.balance(customer), used(shop)) == (16, 6)
    shop.refund(invoice, 40)
    shop.sync()
    assert (shop.balance(customer), used(shop)) == (12, 6)
    shop.refund(invoice, 60)
    shop.sync()
    assert (shop.balance(customer), used(shop)) == (0, 0)
    shop.prove()


def by_two_workers(shop: Shop, sales: list[Sale]) -> None:
    """Two workers take in every other document, at the same time."""
    faults: list[BaseException] = []

    def work(name: str, mine: list[Sale]) -> None:
        try:
            for sale in mine:
                take_in(shop.as_worker(name), [sale])
        except BaseException as fault:
            faults.append(fault)

    workers = [Thread(target=work, args=(f"w{i}", sales[i::2])) for i in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not faults


def test_two_workers_never_overspend_a_budget(shop_on: Shop) -> None:
    shop = shop_with(shop_on, rules=promoted(budget=95))
    customers = [shop.customer(f"Customer {number}") for number in range(12)]
    sales: list[Sale] = []
    for customer in customers:
        sale = shop.loyalty.books.sale(shop.sell(customer, 100))
        assert sale is not None
        sales.append(sale)
    by_two_workers(shop, sales)
    assert used(shop) == 95
    assert sum(shop.balance(customer) for customer in customers) == 12 * 10 + 95
    shop.prove(with_dolibarr=False)


def test_two_workers_never_exceed_a_cap_of_one_member(shop_on: Shop) -> None:
    shop = shop_with(shop_on, caps=(Cap(period="day", points=25),))
    customer = shop.customer()
    sales = []
    for _ in range(8):
        sale = shop.loyalty.books.sale(shop.sell(customer, 100))
        assert sale is not None
        sales.append(sale)
    take_in(shop.loyalty, sales[:1])
    by_two_workers(shop, sales)
    assert shop.balance(customer) == 25
    assert [shop.document(sale.id).granted for sale in sales] == [10, 10, 5, 0, 0, 0, 0, 0]
    shop.prove(with_dolibarr=False)


def test_a_full_sync_after_a_year_of_tiers_changes_nothing(tiers: Shop) -> None:
    customer = tiers.customer()
    for _ in range(6):
        tiers.sell(customer, 70)
        tiers.clock.pass_(days=75)
        tiers.sync()
    before = tiers.entries(customer)
    sync(tiers.loyalty, full=True)
    assert tiers.entries(customer) == before
    assert tiers.clock.now - before[0].occurred_at > timedelta(days=365)
    tiers.prove()
