"""Every change a document goes through in Dolibarr, and the points it holds afterwards."""

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from dolibarr_loyalty.core.program import Cap, Exclusions, Membership, Program, Rule
from dolibarr_loyalty.core.terms import Expiry, Match
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.flows import posting, redemption
from dolibarr_loyalty.flows.adjustment import adjust
from dolibarr_loyalty.flows.intake import take_deletions, take_in
from dolibarr_loyalty.flows.sync import sweep, sync
from dolibarr_loyalty.store.database import Database
from tests.conftest import OpenShop
from tests.flows.shop import PROGRAM, Shop, open_shop


def programmed(**changes: Any) -> Program:
    return replace(PROGRAM, **changes)


def test_a_document_earns_when_it_is_paid_and_loses_it_when_it_is_no_more(shop: Shop) -> None:
    claire, desk = shop.customer(), shop.dolibarr
    draft = desk.create_invoice(socid=claire, lines=[{"subprice": "100", "qty": 1, "tva_tx": 0}])
    steps: list[tuple[str, Any, int]] = [
        ("draft", lambda: None, 0),
        ("validated", lambda: desk.validate(draft), 0),
        ("paid in part", lambda: desk.pay(draft, "40"), 0),
        ("paid", lambda: desk.pay(draft), 10),
        ("reopened", lambda: desk.set_to_unpaid(draft), 0),
        ("closed again", lambda: desk.set_to_paid(draft), 10),
        ("back to draft", lambda: desk.set_to_draft(draft), 0),
        ("validated again", lambda: desk.validate(draft), 0),
        ("not paid after all", lambda: desk.set_to_unpaid(draft), 0),
        ("bad debt", lambda: desk.set_to_paid(draft, "badcustomer"), 0),
        ("open again", lambda: desk.set_to_unpaid(draft), 0),
        ("abandoned", lambda: desk.abandon(draft), 0),
        ("open once more", lambda: desk.set_to_unpaid(draft), 0),
        ("paid at last", lambda: desk.set_to_paid(draft), 10),
    ]
    for name, step, points in steps:
        shop.tick()
        step()
        shop.sync()
        assert shop.balance(claire) == points, name
    shop.prove()


@pytest.mark.parametrize(
    ("earn_on", "steps"),
    [("validated", [10, 10, 10, 10]), ("paid", [0, 0, 10, 10]), ("each_payment", [0, 4, 10, 10])],
)
def test_when_points_arise_is_a_setting(opened: OpenShop, earn_on: Any, steps: list[int]) -> None:
    with opened(program=programmed(earn_on=earn_on)) as shop:
        claire = shop.customer()
        invoice = shop.sell(claire, 100, paid=False)
        seen = []
        for pay in (None, "45", "55", None):
            shop.tick()
            if pay:
                shop.dolibarr.pay(invoice, pay)
            shop.sync()
            seen.append(shop.balance(claire))
        assert seen == steps
        shop.refund(invoice, 50)
        shop.sync()
        assert shop.balance(claire) == 5
        shop.prove()


@pytest.mark.parametrize(("setting", "points"), [("paid_share", 9), ("full", 10), ("none", 0)])
def test_an_early_payment_discount(opened: OpenShop, setting: Any, points: int) -> None:
    with opened(program=programmed(early_payment_discount=setting)) as shop:
        claire = shop.customer()
        invoice = shop.sell(claire, 100, paid=False)
        shop.dolibarr.pay(invoice, "97")
        shop.dolibarr.set_to_paid(invoice, "discount_vat")
        shop.sync()
        assert shop.balance(claire) == points


def test_a_replaced_invoice_hands_its_points_to_the_replacement(any_shop: Shop) -> None:
    shop = any_shop
    claire = shop.customer()
    first = shop.sell(claire, 100)
    shop.sync()
    shop.tick()
    second = shop.dolibarr.replace_invoice(first, [{"subprice": "120", "qty": 1, "tva_tx": 0}])
    shop.dolibarr.pay(second)
    shop.sync()
    assert (shop.balance(claire), shop.document(first).granted, shop.document(second).granted) == (12, 0, 12)
    shop.prove()


def test_a_deleted_invoice_gives_back_what_it_held(shop: Shop) -> None:
    claire = shop.customer()
    kept, gone = shop.sell(claire, 100), shop.dolibarr.create_invoice(socid=claire, lines=[])
    shop.sync()
    with shop.loyalty.database.reading():
        pass
    paid = shop.sell(claire, 50)
    shop.sync()
    assert shop.balance(claire) == 15
    with shop.dolibarr.writing():
        shop.dolibarr.store.remove("invoice", paid)
        shop.dolibarr.store.remove("invoice", gone)
    sweep(shop.loyalty)
    assert (shop.balance(claire), shop.document(kept).granted) == (10, 10)
    assert take_deletions(shop.loyalty, [paid, 4711]).points == 0
    shop.prove()


@pytest.mark.parametrize("order", ["invoice first", "note first", "together"])
def test_a_credit_note_takes_back_its_part_in_whatever_order_it_comes(shop: Shop, order: str) -> None:
    claire = shop.customer()
    invoice = shop.sell(claire, 219)
    note = shop.refund(invoice, 109)
    sales = {"invoice": shop.loyalty.books.sale(invoice), "note": shop.loyalty.books.sale(note)}
    pages = {
        "invoice first": [["invoice"], ["note"]],
        "note first": [["note"], ["invoice"]],
        "together": [["note", "invoice"]],
    }[order]
    for page in pages:
        take_in(shop.loyalty, [sale for name in page if (sale := sales[name]) is not None])
    assert (shop.balance(claire), shop.document(invoice).granted) == (11, 11)
    shop.prove()


def test_many_small_refunds_take_what_one_large_one_takes(shop: Shop) -> None:
    claire = shop.customer()
    invoice = shop.sell(claire, "21.90")
    shop.sync()
    held = []
    for part in ("1.90", "0.01", "9.99", "10.00"):
        shop.refund(invoice, part)
        shop.sync()
        held.append(shop.balance(claire))
    assert held == [2, 1, 1, 0]
    shop.prove()


def test_a_standalone_credit_note_takes_points_too(shop: Shop) -> None:
    claire = shop.customer()
    shop.sell(claire, 100)
    shop.tick()
    shop.dolibarr.issue_credit(claire, 30)
    shop.sync()
    assert shop.balance(claire) == 7
    shop.prove()


def test_points_that_were_spent_become_debt_that_later_sales_pay(shop: Shop) -> None:
    claire = shop.customer()
    invoice = shop.sell(claire, 600)
    shop.sync()
    shop.redeem(claire)
    shop.refund(invoice)
    shop.sync()
    account = shop.account(claire)
    assert (account.balance, account.debt, account.available(shop.clock())) == (-50, 50, 0)
    shop.sell(claire, 700)
    shop.sync()
    account = shop.account(claire)
    assert (account.balance, account.debt, account.available(shop.clock())) == (20, 0, 20)
    shop.prove()


@pytest.mark.parametrize(
    ("policy", "limit", "balance"), [("clamp", None, 0), ("debt", 20, -20), ("invoice", None, -50)]
)
def test_a_shortage_is_met_as_the_program_says(
    opened: OpenShop, policy: Any, limit: int | None, balance: int
) -> None:
    with opened(program=programmed(on_shortage=policy, debt_limit=limit, recall_vouchers=False)) as shop:
        claire = shop.customer()
        invoice = shop.sell(claire, 600)
        shop.sync()
        shop.redeem(claire)
        shop.refund(invoice)
        shop.sync()
        assert shop.balance(claire) == balance
        shop.prove(with_dolibarr=False)


def test_a_deposit_earns_with_the_final_invoice_only(shop: Shop) -> None:
    claire = shop.customer()
    deposit = shop.dolibarr.sell_deposit(claire, 100)
    shop.sync()
    assert shop.balance(claire) == 0
    final = shop.sell(claire, 300, paid=False)
    credit = shop.dolibarr.store.find("discount", "fk_facture_source", deposit)[0]["rowid"]
    shop.dolibarr.use_credit(final, credit)
    shop.tick()
    shop.dolibarr.pay(final)
    shop.sync()
    assert shop.balance(claire) == 30
    shop.prove()


@pytest.mark.parametrize(("earns", "points"), [(False, 11), (True, 12)])
def test_what_a_voucher_paid_earns_by_setting(opened: OpenShop, earns: bool, points: int) -> None:
    with opened(program=programmed(vouchers_earn=earns)) as shop:
        claire = shop.rich(60)
        voucher, target = shop.redeem(claire), shop.sell(claire, 24, paid=False)
        shop.use(voucher, target)
        shop.tick()
        shop.dolibarr.pay(target)
        shop.sync()
        assert shop.balance(claire) == points


def test_a_voucher_used_as_a_line_is_not_money_either(shop: Shop) -> None:
    claire = shop.rich(60)
    voucher = shop.redeem(claire)
    draft = shop.dolibarr.create_invoice(socid=claire, lines=[{"subprice": "24", "qty": 1, "tva_tx": 0}])
    shop.dolibarr.use_credit_as_line(draft, shop.credit_id(voucher))
    shop.dolibarr.validate(draft)
    shop.dolibarr.pay(draft)
    shop.sync()
    shop.sweep()
    assert shop.balance(claire) == 11
    found = shop.voucher(voucher.id)
    assert (found.state, found.invoice_id) == (VoucherState.USED, draft)
    shop.prove()


def test_the_generic_customer_of_the_till_earns_nothing(shop: Shop) -> None:
    line = {"subprice": "100", "qty": 1, "tva_tx": 0}
    shop.dolibarr.sell_at_till([line])
    claire = shop.customer()
    shop.dolibarr.sell_at_till([line], socid=claire)
    shop.sync()
    assert (shop.balance(shop.dolibarr.till_customer), shop.balance(claire)) == (0, 10)


def test_an_invoice_that_moves_takes_its_points_along(shop: Shop) -> None:
    claire, bruno = shop.customer(), shop.customer("Bruno")
    invoice = shop.sell(claire, 100)
    shop.sync()
    shop.tick()
    shop.dolibarr.overwrite_invoice(invoice, socid=bruno)
    shop.sync()
    assert (shop.balance(claire), shop.balance(bruno)) == (0, 10)
    shop.prove()


@pytest.mark.parametrize("noticed_by", ["the changed invoices", "the sweep", "a hint"])
@pytest.mark.parametrize("is_in_debt", [False, True])
def test_merged_customers_bring_lots_vouchers_and_debt(
    any_shop: Shop, noticed_by: str, is_in_debt: bool
) -> None:
    from datetime import timedelta

    from dolibarr_loyalty.flows.sync import follow_hints
    from dolibarr_loyalty.store import inbox

    shop = any_shop
    gone, kept = shop.rich(80, "Claire Old"), shop.rich(30, "Claire New")
    voucher = shop.redeem(gone)
    if is_in_debt:
        shop.refund(min(row["rowid"] for row in shop.dolibarr.store.rows("invoice")), 400)
        shop.sync()
    total = shop.balance(gone) + shop.balance(kept)
    shop.clock.pass_(minutes=30)
    shop.dolibarr.merge_third_parties(keep=kept, gone=gone)
    if noticed_by == "the changed invoices":
        shop.sync()
    elif noticed_by == "a hint":
        now = shop.clock() + timedelta(0)
        shop.loyalty.database.decide(lambda tx: inbox.put(tx, f"thirdparty:{gone}", now))
        follow_hints(shop.loyalty)
    sweep(shop.loyalty)
    shop.sync()
    account = shop.account(kept)
    assert (account.balance, shop.account(gone).balance, shop.account(gone).debt) == (total, 0, 0)
    assert shop.member(gone).merged_into == kept
    assert shop.voucher(voucher.id).thirdparty_id == kept
    shop.redeem(kept, "5-off") if account.available(shop.clock()) >= 50 else None
    shop.use(voucher, shop.sell(kept, 24, paid=False))
    shop.sync()
    shop.prove()


def test_a_deleted_customer_keeps_the_account_and_hears_nothing(shop: Shop) -> None:
    claire = shop.customer()
    shop.sync()
    adjust(shop.loyalty, claire, 30, reason="gift", who="anne", request_key="1")
    shop.dolibarr.delete_third_party(claire)
    shop.sweep()
    assert (shop.balance(claire), shop.member(claire).is_member) == (30, False)
    shop.deliver()
    shop.prove()


# many documents ------------------------------------------------------------------------------------

CAPPED = programmed(
    caps=(Cap(period="day", points=25), Cap(period="month", points=90, rule="base")),
    earn_on="each_payment",
)


def _year(shop: Shop, rng: random.Random) -> list[int]:
    """A believable mess of documents of two customers; gives their ids."""
    people = [shop.customer("Anna"), shop.customer("Bert")]
    invoices: list[int] = []
    for _ in range(14):
        shop.clock.pass_(hours=rng.choice([1, 3, 30, 200]))
        invoice = shop.sell(rng.choice(people), rng.randint(5, 400), paid=rng.random() < 0.8)
        invoices.append(invoice)
        if rng.random() < 0.35:
            source = rng.choice(invoices)
            shop.refund(source, rng.randint(1, 60))
        if rng.random() < 0.2:
            shop.dolibarr.pay(invoice, "3") if shop.dolibarr.remain_to_pay(invoice) > 3 else None
        if rng.random() < 0.1:
            shop.dolibarr.abandon(rng.choice(invoices))
        if rng.random() < 0.15:
            shop.dolibarr.issue_credit(rng.choice(people), rng.randint(1, 20))
    return people


@pytest.mark.parametrize("program", [PROGRAM, CAPPED], ids=["plain", "capped"])
@pytest.mark.parametrize("seed", range(4))
def test_any_order_any_paging_any_repetition_ends_in_the_same_ledger(
    template: Any, tmp_path: Any, program: Program, seed: int
) -> None:
    import shutil

    rng = random.Random(seed)
    path = tmp_path / "first.sqlite3"
    shutil.copy(template, path)
    first = Database(f"sqlite:///{path}")
    with open_shop(first, program=program) as shop:
        people = _year(shop, rng)
        sync(shop.loyalty)
        expected = _standing(shop, people)
        shop.prove(with_dolibarr=False)
        sales = list(shop.loyalty.books.sales_after(0, 1000))
        for turn in range(3):
            path = tmp_path / f"turn-{turn}.sqlite3"
            shutil.copy(template, path)
            other = Database(f"sqlite:///{path}")
            shop.loyalty = replace(shop.loyalty, database=other)
            mixed = [*sales, *rng.sample(sales, len(sales) // 2)]
            rng.shuffle(mixed)
            while mixed:
                size = rng.randint(1, 9)
                page, mixed = mixed[:size], mixed[size:]
                take_in(shop.loyalty, page)
            assert _standing(shop, people) == expected
            shop.prove(with_dolibarr=False)
            other.close()
    first.close()


def _standing(shop: Shop, people: list[int]) -> Any:
    with shop.loyalty.database.reading() as tx:
        from dolibarr_loyalty.store import documents

        roots = documents.of_members(tx, people)
    return {p: (shop.balance(p), shop.account(p).debt) for p in people}, {d.sale.id: d.granted for d in roots}


def test_a_cap_per_day_gives_its_room_to_the_next_when_an_invoice_is_redated(opened: OpenShop) -> None:
    with opened(program=programmed(caps=(Cap(period="day", points=10),))) as shop:
        claire = shop.customer()
        first, second = shop.sell(claire, 100), shop.sell(claire, 50)
        shop.sync()
        assert [shop.document(first).granted, shop.document(second).granted] == [10, 0]
        shop.tick()
        shop.dolibarr.overwrite_invoice(first, date="2026-03-01")
        shop.sync()
        assert [shop.document(first).granted, shop.document(second).granted] == [10, 5]
        bruno = shop.customer("Bruno")
        shop.dolibarr.overwrite_invoice(second, socid=bruno)
        third = shop.sell(claire, 80)
        shop.sync()
        assert (shop.document(second).granted_to, shop.document(third).granted) == (bruno, 8)
        shop.prove()


def test_the_largest_balance_is_kept_and_the_cut_is_on_record(opened: OpenShop) -> None:
    with opened(program=programmed(max_balance=25)) as shop:
        claire = shop.customer()
        first, second = shop.sell(claire, 200), shop.sell(claire, 200)
        shop.sync()
        assert shop.kinds(claire) == [("accrual", 20), ("accrual", 20), ("forfeiture", -15)]
        shop.refund(second, 100)  # what was cut is the first that a refund takes
        shop.sync()
        assert (shop.balance(claire), shop.document(second).granted) == (25, 10)
        shop.refund(first)
        shop.sync()
        assert shop.balance(claire) == 5
        shop.prove()


def test_the_budget_of_the_program_is_kept_through_refunds(opened: OpenShop) -> None:
    from dolibarr_loyalty.store import bearings

    def used(shop: Shop) -> int:
        with shop.loyalty.database.reading() as tx:
            return bearings.budget_used(tx, posting.BUDGET)

    with opened(program=programmed(program_cap=60)) as shop:
        claire, bruno = shop.customer(), shop.customer("Bruno")
        invoice = shop.sell(claire, 1000)
        shop.sync()
        assert (shop.balance(claire), used(shop)) == (60, 60)
        shop.refund(invoice, 300)  # takes what the budget had cut off
        shop.sync()
        assert (shop.balance(claire), used(shop)) == (60, 60)
        shop.refund(invoice, 300)
        shop.sync()
        assert (shop.balance(claire), used(shop)) == (40, 40)
        shop.sell(bruno, 1000)
        shop.sync()
        assert (shop.balance(bruno), used(shop)) == (20, 60)
        shop.refund(invoice)
        shop.sync()
        assert used(shop) == shop.balance(claire) + shop.balance(bruno) == 20
        shop.prove()


def test_a_document_keeps_the_program_it_was_first_seen_under(shop: Shop) -> None:
    claire = shop.customer()
    old = shop.sell(claire, 100)
    shop.sync()
    doubled = replace(shop.loyalty.program, rules=(Rule(id="base", points=Decimal(2), per=Decimal(10)),))
    shop.loyalty = replace(shop.loyalty, program=doubled)
    new = shop.sell(claire, 100)
    shop.refund(old, 50)
    shop.sync()
    assert [shop.document(old).granted, shop.document(new).granted] == [5, 20]
    shop.prove()


TAGGED = programmed(membership=Membership(enrol="tag", tag="loyal"))


def test_joining_by_tag_brings_the_points_of_before_and_leaving_takes_none_away(opened: OpenShop) -> None:
    with opened(program=TAGGED) as shop:
        claire = shop.customer()
        shop.sell(claire, 100)
        shop.sync()
        assert shop.balance(claire) == 0
        tag = shop.dolibarr.create_category(label="Loyal")
        shop.dolibarr.tag(tag, claire)
        shop.sweep()
        assert (shop.balance(claire), shop.member(claire).is_member) == (10, True)
        shop.clock.pass_(days=1)
        shop.dolibarr.untag(tag, claire)
        shop.sweep()
        shop.sell(claire, 100)
        shop.sync()
        assert (shop.balance(claire), shop.member(claire).is_member) == (10, False)
        shop.deliver()
        shop.prove()


def test_a_join_is_not_forgotten_when_the_worker_dies_before_deciding_again(
    opened: OpenShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dolibarr_loyalty.flows import sync as walks

    with opened(program=TAGGED) as shop:
        claire = shop.customer()
        shop.sell(claire, 100)
        shop.sync()
        shop.dolibarr.tag(shop.dolibarr.create_category(label="Loyal"), claire)

        def dies(*args: Any, **kwargs: Any) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(walks, "_decide_again_for", dies)
        with pytest.raises(KeyboardInterrupt):
            sweep(shop.loyalty)
        monkeypatch.undo()
        shop.sweep()
        assert shop.balance(claire) == 10


def test_exclusions_are_explained(opened: OpenShop) -> None:
    excluded = Exclusions(match=(Match(types=("service",)),), gift_cards=("gift",), channels=("takepos",))
    with opened(program=programmed(exclusions=excluded)) as shop:
        claire = shop.customer()
        gift = shop.dolibarr.create_product(ref="GIFT", label="Gift card", price="50", tva_tx=0)
        lines = [
            {"subprice": "100", "qty": 1, "tva_tx": 0, "desc": "goods"},
            {"subprice": "30", "qty": 1, "tva_tx": 0, "product_type": 1, "desc": "delivery"},
            {"subprice": "50", "qty": 1, "tva_tx": 0, "fk_product": gift},
        ]
        invoice = shop.sell(claire, lines=lines)
        shop.dolibarr.sell_at_till(lines, socid=claire)
        shop.sync()
        assert shop.balance(claire) == 10
        assert shop.document(invoice).reasons.count('"excluded"') == 2


def test_an_invoice_of_two_thousand_lines_and_long_texts_is_stored_on_every_engine(shop_on: Shop) -> None:
    shop = shop_on
    everything = replace(
        shop.loyalty.program,
        exclusions=Exclusions(match=(Match(types=("service",)),)),
        membership=Membership(),
    )
    shop.loyalty = replace(shop.loyalty, program=everything)
    claire = shop.customer('Käthe "O\'Neil" <b>Ł</b> & Sons; DROP TABLE--')
    service = {"subprice": "1", "qty": 1, "tva_tx": 0, "product_type": 1, "desc": "x" * 400}
    invoice = shop.sell(claire, lines=[{"subprice": "10", "qty": 1, "tva_tx": 0}, *[service] * 2000])
    shop.sync()
    assert (shop.balance(claire), shop.document(invoice).granted) == (1, 1)
    assert len(shop.document(invoice).sale.lines) == 2001
    shop.prove(with_dolibarr=False)


def test_huge_and_tiny_amounts(shop: Shop) -> None:
    claire = shop.customer()
    shop.sell(claire, "999999999999.99")
    shop.sell(claire, "0.01")
    shop.sell(claire, "0")
    shop.sync()
    assert shop.balance(claire) == 99_999_999_999
    shop.prove()


def test_holding_and_expiry_count_from_the_date_of_the_purchase(opened: OpenShop) -> None:
    program = programmed(holding_days=14, expiry=Expiry(months=1))
    with opened(program=program) as shop:
        claire = shop.customer()
        invoice = shop.sell(claire, 1000)
        shop.sync()
        account = shop.account(claire)
        assert (account.balance, account.available(shop.clock()), account.pending(shop.clock())) == (
            100,
            0,
            100,
        )
        with pytest.raises(Exception, match="missing"):
            redemption.redeem(shop.loyalty, claire, "5-off", request_key="early", who="x")
        shop.refund(invoice, 500)
        shop.clock.pass_(days=14)
        shop.sync()
        assert shop.account(claire).available(shop.clock()) == 50


def test_a_staff_member_who_names_documents_like_ours_harms_nothing(shop_on: Shop) -> None:
    shop = shop_on
    claire = shop.customer()
    for name in ("loyalty:voucher:" + "x" * 200, "loyalty:voucher:", "loyalty:", "loyalty:void:1:2:3"):
        shop.sell(claire, 100, ref_ext=name)
    shop.sell(claire, 50)
    shop.sync()
    assert shop.balance(claire) == 5
    shop.sweep()


def test_an_answer_that_was_overtaken_is_asked_for_again(shop: Shop) -> None:
    claire = shop.customer()
    invoice = shop.sell(claire, 100, paid=False)
    shop.loyalty = replace(shop.loyalty, books=shop.books())  # it can measure Dolibarr's clock now
    old = shop.loyalty.books.sale(invoice)
    assert old is not None
    shop.clock.pass_(minutes=1)
    shop.dolibarr.pay(invoice)
    shop.sync()
    assert shop.balance(claire) == 10
    take_in(shop.loyalty, [old])
    assert shop.balance(claire) == 0
    shop.sweep()
    assert shop.balance(claire) == 10
    shop.prove()
