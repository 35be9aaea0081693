"""Vouchers used in parts and by others: to the cent at every step, on 16 by counter invoices, on 23 by splitting."""

# Whole numbers stand for Decimal amounts, for they compare equal.
# mypy: disable-error-code="comparison-overlap"

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from dolibarr_loyalty.core.program import Program, Reward
from dolibarr_loyalty.core.sale import State
from dolibarr_loyalty.core.voucher_moves import left, used_by_invoice
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import InvoiceNotPayable, KeyReused, TemporaryFailure, VoucherNotUsable
from dolibarr_loyalty.flows import usage
from dolibarr_loyalty.flows.adjustment import adjust
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.credits import carve, choose, notes_of, rows_of
from dolibarr_loyalty.flows.leases import holding
from dolibarr_loyalty.flows.membership import take_members
from dolibarr_loyalty.flows.sync import watch_vouchers
from dolibarr_loyalty.store import alarms, voucher_moves, voucher_uses
from tests.conftest import OpenShop
from tests.flows.mortal import die
from tests.flows.shop import PROGRAM, Shop

VERSIONS = pytest.mark.parametrize("version", ["16", "23"])


def program(**terms: Any) -> Program:
    """Vouchers of 20 euros that are used in parts."""
    return replace(PROGRAM, vouchers=replace(PROGRAM.vouchers, uses="several", **terms))


def twenty(shop: Shop, name: str = "Claire Martin") -> tuple[int, Voucher]:
    customer = shop.rich(200, name)
    return customer, shop.redeem(customer, "20-off")


def pay(
    shop: Shop, voucher: Voucher, invoice: int, amount: object = None, key: str | None = None
) -> usage.Use:
    part = None if amount is None else Decimal(str(amount))
    return usage.use(shop.loyalty, shop.code(voucher), str(invoice), who="test", amount=part, key=key)


def agree(shop: Shop, voucher: Voucher) -> Voucher:
    """What is left by the moves, by the voucher, and free in Dolibarr is one amount; all credits are accounted for."""
    now = shop.voucher(voucher.id)
    with shop.loyalty.database.reading() as tx:
        moves = voucher_moves.of_voucher(tx, voucher.id)
    rows = rows_of(shop.loyalty, now)
    counters = {note.note_id for note in notes_of(shop.loyalty, now) if not note.is_credit}
    assert left(moves) == now.remaining
    if now.is_credit_from_start:
        assert sum(row.gross for row in rows if row.used_on is None) == now.remaining
    used: dict[int, Decimal] = {}
    for row in rows:
        if row.used_on is not None and row.used_on not in counters:
            used[row.used_on] = used.get(row.used_on, Decimal(0)) + row.gross
    assert used == used_by_invoice(moves)
    for number in counters:
        assert shop.dolibarr.remain_to_pay(number) == 0
        assert shop.dolibarr.invoice(number)["paye"] == 1
    return now


# uses ----------------------------------------------------------------------------------------------


@VERSIONS
def test_a_voucher_pays_three_invoices_to_the_cent(opened: OpenShop, version: str) -> None:
    with opened(version=version, program=program()) as shop:
        claire, voucher = twenty(shop)
        first, second, third = (shop.sell(claire, price, paid=False) for price in ("24", "4.80", "99.99"))
        assert pay(shop, voucher, first, "7.37").invoice.remaining == Decimal("16.63")
        assert agree(shop, voucher).state is VoucherState.PARTLY_USED
        small = pay(shop, voucher, second)
        assert (small.amount, small.invoice.state) == (Decimal("4.80"), State.PAID)
        assert agree(shop, voucher).remaining == Decimal("7.83")
        last = pay(shop, voucher, third)
        assert (last.amount, last.voucher.state) == (Decimal("7.83"), VoucherState.USED)
        agree(shop, voucher)
        assert shop.free_credit(claire) == 0
        codes = {row["ref_client"] for row in shop.credit_notes()}
        assert codes == {shop.code(voucher)}, "one code, however many documents"
        with shop.loyalty.database.reading() as tx:
            moves = voucher_moves.of_voucher(tx, voucher.id)
        assert [(str(move.kind), move.amount) for move in moves] == [
            ("issued", 20),
            ("used", Decimal("-7.37")),
            ("used", Decimal("-4.80")),
            ("used", Decimal("-7.83")),
        ]
        assert all(move.document.startswith("FA") for move in moves[1:])
        shop.prove()


@pytest.mark.parametrize(
    ("version", "roles"), [("16", ["counter", "issue", "rest", "use"]), ("23", ["issue"])], ids=["16", "23"]
)
def test_16_makes_documents_for_the_parts_and_23_splits(
    opened: OpenShop, version: str, roles: list[str]
) -> None:
    with opened(version=version, program=program()) as shop:
        claire, voucher = twenty(shop)
        pay(shop, voucher, shop.sell(claire, 24, paid=False), 5)
        assert sorted(note.role for note in notes_of(shop.loyalty, voucher)) == roles


def test_points_arise_only_for_what_was_not_paid_with_parts_of_a_voucher(any_parts: Shop) -> None:
    shop = any_parts
    claire, voucher = twenty(shop)
    target = shop.sell(claire, 100, paid=False)
    before = shop.balance(claire)
    pay(shop, voucher, target, 5, "a")
    pay(shop, voucher, target, 5, "b")
    shop.dolibarr.pay(target)
    shop.sync()
    assert shop.document(target).sale.voucher_paid == 10
    assert shop.balance(claire) == before + 9


@pytest.fixture(params=["16", "23"])
def any_parts(request: pytest.FixtureRequest, opened: OpenShop) -> Any:
    with opened(version=request.param, program=program()) as shop:
        yield shop


# keys and repeats ----------------------------------------------------------------------------------


def test_a_use_given_twice_pays_once(any_parts: Shop) -> None:
    shop = any_parts
    claire, voucher = twenty(shop)
    target = shop.sell(claire, 50, paid=False)
    for _ in range(2):
        assert pay(shop, voucher, target, 5, "till-1").invoice.remaining == 45
    assert pay(shop, voucher, target, 5).invoice.remaining == 45, "without a key once per invoice"
    with pytest.raises(VoucherNotUsable, match="has paid 5 EUR"):
        pay(shop, voucher, target, 6)
    assert pay(shop, voucher, target, 6, "till-2").invoice.remaining == 39
    assert agree(shop, voucher).remaining == 9


def test_one_key_for_two_uses_is_an_error(any_parts: Shop) -> None:
    shop = any_parts
    claire, voucher = twenty(shop)
    first, second = (shop.sell(claire, 50, paid=False) for _ in range(2))
    pay(shop, voucher, first, 5, "till-1")
    with pytest.raises(KeyReused):
        pay(shop, voucher, second, 5, "till-1")
    with pytest.raises(KeyReused):
        pay(shop, voucher, first, 6, "till-1")
    assert agree(shop, voucher).remaining == 15


# refusals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "price", "message"),
    [
        ("20.01", "50", "only 20 EUR of it can be used"),
        ("12", "10", "only 10 remain to be paid with it on .* Use 10 of it"),
        ("0", "10", "is no amount"),
        ("1.001", "10", "is no amount"),
    ],
)
def test_an_amount_that_does_not_fit_is_refused(
    opened: OpenShop, amount: str, price: str, message: str
) -> None:
    with opened(program=program()) as shop:
        claire, voucher = twenty(shop)
        with pytest.raises(VoucherNotUsable, match=message):
            pay(shop, voucher, shop.sell(claire, price, paid=False), amount)
        assert agree(shop, voucher).state is VoucherState.ACTIVE


def test_a_voucher_of_one_use_is_used_whole(shop: Shop) -> None:
    claire = shop.rich(200)
    voucher = shop.redeem(claire, "20-off")
    with pytest.raises(VoucherNotUsable, match="one use only, of all its 20"):
        pay(shop, voucher, shop.sell(claire, 50, paid=False), 5)
    with pytest.raises(VoucherNotUsable, match=r"only 10 remain .* larger invoice"):
        pay(shop, voucher, shop.sell(claire, 10, paid=False))


def terms(**changes: Any) -> Program:
    reward = Reward(id="20-off", kind="amount", points=180, value=Decimal(20), **changes)
    return replace(program(), rewards=(reward,))


def test_conditions_say_why_and_what_to_do(opened: OpenShop) -> None:
    wanted = terms(minimum_purchase=Decimal(30), excluded=("book",), usable_after_days=2)
    with opened(program=wanted) as shop:
        claire, voucher = twenty(shop)
        book = shop.dolibarr.create_product(ref="BOOK", label="Book", price="25", tva_tx=0)
        lines = [
            {"desc": "book", "qty": 1, "subprice": "25", "tva_tx": 0, "fk_product": book},
            {"desc": "mug", "qty": 1, "subprice": "10", "tva_tx": 0},
        ]
        small = shop.sell(claire, lines=lines, paid=False)
        large = shop.sell(
            claire, lines=[lines[0], {"desc": "m", "qty": 1, "subprice": "31", "tva_tx": 0}], paid=False
        )
        books = shop.sell(claire, lines=[lines[0]], paid=False)
        with pytest.raises(VoucherNotUsable, match=r"valid from 2026-03-04\. Use it then"):
            pay(shop, voucher, large)
        shop.clock.pass_(days=2)
        with pytest.raises(VoucherNotUsable, match=r"a purchase of at least 30 EUR.* comes to 10 on"):
            pay(shop, voucher, small)
        with pytest.raises(VoucherNotUsable, match="nothing it is good for: not for book"):
            pay(shop, voucher, books)
        pay(shop, voucher, large, 15)
        assert agree(shop, voucher).remaining == 5


def test_excluded_goods_are_not_paid(opened: OpenShop) -> None:
    with opened(program=terms(excluded=("book",))) as shop:
        claire, voucher = twenty(shop)
        book = shop.dolibarr.create_product(ref="BOOK", label="Book", price="25", tva_tx=0)
        lines = [
            {"desc": "book", "qty": 1, "subprice": "25", "tva_tx": 0, "fk_product": book},
            {"desc": "mug", "qty": 1, "subprice": "10", "tva_tx": 0},
        ]
        mixed = shop.sell(claire, lines=lines, paid=False)
        assert pay(shop, voucher, mixed, key="a").amount == 10
        with pytest.raises(VoucherNotUsable):
            pay(shop, voucher, mixed, 1, key="b")
        assert shop.dolibarr.remain_to_pay(mixed) == 25


# another customer ----------------------------------------------------------------------------------


@VERSIONS
def test_a_bearer_voucher_is_used_by_another_customer(opened: OpenShop, version: str) -> None:
    with opened(version=version, program=program(bearer=True)) as shop:
        claire, voucher = twenty(shop)
        bert = shop.customer("Bert")
        theirs, hers = shop.sell(bert, 12, paid=False), shop.sell(claire, 12, paid=False)
        assert pay(shop, voucher, theirs, "11.99").invoice.remaining == Decimal("0.01")
        agree(shop, voucher)
        assert shop.free_credit(bert) == 0
        assert shop.free_credit(claire) == Decimal("8.01")
        assert pay(shop, voucher, hers).voucher.state is VoucherState.USED
        agree(shop, voucher)
        notes = {note.role: note for note in notes_of(shop.loyalty, voucher)}
        assert notes["transfer"].thirdparty_id == bert
        assert notes["rest"].thirdparty_id == notes["counter"].thirdparty_id == claire
        assert open_alarms(shop) == []


def test_a_personal_voucher_is_not(shop: Shop) -> None:
    claire = shop.rich(200)
    voucher = shop.redeem(claire, "20-off")
    with pytest.raises(InvoiceNotPayable, match="another customer than the voucher, which is personal"):
        pay(shop, voucher, shop.sell(shop.customer("Bert"), 30, paid=False))


def open_alarms(shop: Shop) -> list[str]:
    with shop.loyalty.database.reading() as tx:
        return [each.kind for each in alarms.page(tx, "", 100)]


# the rest ------------------------------------------------------------------------------------------


@VERSIONS
@pytest.mark.parametrize("below", ["0", "0.45"])
def test_a_small_rest_is_written_off_only_if_the_owner_says_so(
    opened: OpenShop, version: str, below: str
) -> None:
    with opened(version=version, program=program(write_off_below=Decimal(below))) as shop:
        claire, voucher = twenty(shop)
        pay(shop, voucher, shop.sell(claire, "19.56", paid=False))
        now = agree(shop, voucher)
        if below == "0":
            assert (now.state, now.remaining) == (VoucherState.PARTLY_USED, Decimal("0.44"))
            assert shop.free_credit(claire) == Decimal("0.44")
        else:
            assert (now.state, now.remaining, shop.free_credit(claire)) == (VoucherState.USED, 0, 0)
            with shop.loyalty.database.reading() as tx:
                last = voucher_moves.of_voucher(tx, voucher.id)[-1]
            assert (str(last.kind), last.amount) == ("written_off", Decimal("-0.44"))
            assert last.document.startswith("FA")
        assert watch_vouchers(shop.loyalty) == 0
        assert agree(shop, voucher) == now


# staff ---------------------------------------------------------------------------------------------


def test_parts_that_come_back_can_be_used_again(any_parts: Shop) -> None:
    """An invoice that is deleted or whose credit is unlinked frees the part, and the voucher has it again."""
    shop = any_parts
    claire, voucher = twenty(shop)
    first, second = (shop.sell(claire, 50, paid=False) for _ in range(2))
    pay(shop, voucher, first, 7)
    row = next(row for row in rows_of(shop.loyalty, voucher) if row.used_on == first)
    shop.dolibarr.unlink_credit(row.id)
    usage.look_at(shop.loyalty, voucher.id)
    now = agree(shop, voucher)
    assert (now.state, now.remaining) == (VoucherState.ACTIVE, 20)
    pay(shop, voucher, second, "19.99")
    assert agree(shop, voucher).remaining == Decimal("0.01")


def test_money_that_staff_doubled_is_booked_and_alarmed(opened: OpenShop) -> None:
    """Trap 4b: Dolibarr splits a credit that is used as a payment, and the money is there twice."""
    with opened(program=program()) as shop:
        claire, voucher = twenty(shop)
        target = shop.sell(claire, 50, paid=False)
        pay(shop, voucher, target)
        (row,) = rows_of(shop.loyalty, voucher)
        shop.dolibarr.split_credit(claire, row.id, 15, 5)
        usage.look_at(shop.loyalty, voucher.id)
        now = agree(shop, voucher)
        assert now.remaining == 20
        with shop.loyalty.database.reading() as tx:
            last = voucher_moves.of_voucher(tx, voucher.id)[-1]
        assert (str(last.kind), last.amount) == ("corrected", 20)
        assert open_alarms(shop) == ["money_doubled"]
        usage.look_at(shop.loyalty, voucher.id)
        assert open_alarms(shop) == ["money_doubled"]


def test_a_credit_that_staff_gave_to_a_foreign_invoice_is_alarmed(shop: Shop) -> None:
    claire = shop.rich(200)
    voucher = shop.redeem(claire, "20-off")
    first = shop.sell(claire, 30, paid=False)
    pay(shop, voucher, first)
    foreign = shop.sell(shop.customer("Bert"), 30, paid=False)
    shop.dolibarr.use_credit(foreign, shop.credit_id(voucher))
    assert usage.look_at(shop.loyalty, voucher.id).invoice_id == foreign
    assert sorted(open_alarms(shop)) == ["voucher_foreign_customer", "voucher_moved"]
    agree(shop, voucher)


def test_a_used_note_deleted_on_16_gives_the_use_back_and_is_alarmed(opened: OpenShop) -> None:
    """Trap 24: the credit goes with the note, the invoice is unpaid again, and the customer still has a code."""
    with opened(version="16", program=program()) as shop:
        claire, voucher = twenty(shop)
        target = shop.sell(claire, 50, paid=False)
        pay(shop, voucher, target)
        assert shop.dolibarr.delete_invoice(voucher.credit_note_id or 0)
        now = usage.look_at(shop.loyalty, voucher.id)
        assert (now.state, now.remaining) == (VoucherState.ACTIVE, 20)
        assert shop.dolibarr.remain_to_pay(target) == 50
        assert open_alarms(shop) == ["credit_note_deleted"]
        with pytest.raises(VoucherNotUsable, match="is not there as it should be"):
            pay(shop, voucher, target)


# at the same time ----------------------------------------------------------------------------------


def test_of_64_uses_at_the_same_time_one_wins(shop_on: Shop) -> None:
    shop = shop_on
    claire = shop.rich(200)
    voucher = shop.redeem(claire, "20-off")
    targets = [shop.sell(claire, 30, paid=False) for _ in range(64)]
    shop.sync()

    def attempt(number: int) -> bool:
        loyalty = shop.as_worker(f"till-{number}")
        try:
            usage.use(loyalty, shop.code(voucher), str(targets[number]), who=f"till-{number}")
        except (VoucherNotUsable, TemporaryFailure):
            return False
        return True

    with ThreadPoolExecutor(16) as tills:
        won = sum(tills.map(attempt, range(64)))
    assert won == 1
    assert agree(shop, voucher).state is VoucherState.USED
    assert sorted(shop.dolibarr.remain_to_pay(target) for target in targets) == [10, *[30] * 63]


def test_parts_at_the_same_time_come_to_no_more_than_the_voucher(opened: OpenShop) -> None:
    with opened(version="16", program=program()) as shop:
        claire, voucher = twenty(shop)
        targets = [shop.sell(claire, 30, paid=False) for _ in range(12)]
        shop.sync()

        def attempt(number: int) -> Decimal:
            loyalty = shop.as_worker(f"till-{number}")
            for _ in range(200):
                try:
                    code, part = shop.code(voucher), Decimal("3.33")
                    return usage.use(loyalty, code, str(targets[number]), who="x", amount=part).amount
                except TemporaryFailure:
                    time.sleep(0.02)
                except VoucherNotUsable:
                    return Decimal(0)
            return Decimal(0)

        with ThreadPoolExecutor(4) as tills:
            paid = sum(tills.map(attempt, range(12)))
        now = agree(shop, voucher)
        assert paid == 20 - now.remaining
        assert paid <= 20


# interrupted ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "who"),
    [("16", "owner"), ("23", "owner"), ("23", "bearer")],
    ids=["16", "23", "23 by a bearer"],
)
def test_killed_anywhere_in_a_partial_use(opened: OpenShop, version: str, who: str) -> None:
    with opened(version=version, program=program(bearer=True)) as shop:
        opening = shop.clock.now
        for end in range(1, 400):
            shop.clock.now = opening
            owner = _with_points(shop, f"Owner {end}")
            voucher = shop.redeem(owner, "5-off")
            target = shop.sell(owner if who == "owner" else shop.customer(f"B {end}"), 3, paid=False)

            def work(loyalty: Loyalty, voucher: Voucher = voucher, target: int = target) -> None:
                code, part = shop.code(voucher), Decimal("1.37")
                usage.use(loyalty, code, str(target), who="test", amount=part, key=f"k-{target}")

            life = die(shop, end, work)
            usage.look_at(shop.as_worker("daily"), voucher.id)
            assert agree(shop, voucher).state is not VoucherState.USING
            work(shop.as_worker("after"))
            now = agree(shop, voucher)
            assert (now.state, now.remaining) == (VoucherState.PARTLY_USED, Decimal("3.63"))
            assert shop.dolibarr.remain_to_pay(target) == Decimal("1.63")
            if not life.is_over:
                assert end > 20
                return
        raise AssertionError("the work does not end")


def _with_points(shop: Shop, name: str) -> int:
    customer = shop.customer(name, email="")
    member = shop.loyalty.books.member(customer)
    assert member is not None
    take_members(shop.loyalty, [member], quietly=True)
    adjust(shop.loyalty, customer, 100, reason="start", who="test", request_key=f"start-{customer}")
    return customer


def test_a_credit_that_staff_took_meanwhile_drops_the_parting(opened: OpenShop) -> None:
    with opened(version="16", program=program()) as shop:
        claire, voucher = twenty(shop)
        ours, staffs = (shop.sell(claire, 50, paid=False) for _ in range(2))

        def until_planned(loyalty: Loyalty) -> None:
            usage.use(loyalty, shop.code(voucher), str(ours), who="x", amount=Decimal(5), key="k")

        for end in range(1, 200):
            die(shop, end, until_planned)
            with shop.loyalty.database.reading() as tx:
                if voucher_uses.partings(tx, voucher.id):
                    break
        shop.dolibarr.use_credit(staffs, shop.credit_id(voucher))
        now = usage.look_at(shop.loyalty, voucher.id)
        assert (now.state, now.invoice_id, now.remaining) == (VoucherState.USED, staffs, 0)
        with shop.loyalty.database.reading() as tx:
            assert [each.state for each in voucher_uses.partings(tx, voucher.id)] == ["dropped"]
        assert shop.dolibarr.remain_to_pay(ours) == 50
        agree(shop, voucher)


def test_no_more_is_carved_than_is_free(opened: OpenShop) -> None:
    with opened(program=program()) as shop:
        claire, voucher = twenty(shop)
        with holding(shop.loyalty, voucher.id) as lease:
            with pytest.raises(TemporaryFailure, match="1 are not free"):
                carve(shop.loyalty, voucher, Decimal(21), thirdparty_id=claire, keep_lease=lease.keep)
            rows = carve(shop.loyalty, voucher, Decimal(7), thirdparty_id=claire, keep_lease=lease.keep)
            assert [row.gross for row in rows] == [7]
            again = carve(shop.loyalty, voucher, Decimal(7), thirdparty_id=claire, keep_lease=lease.keep)
        assert again == rows
        assert choose(rows, Decimal(7), claire) == (rows, None)
        agree(shop, voucher)
