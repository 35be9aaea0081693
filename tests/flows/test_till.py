"""Open tickets take vouchers and gift cards, give them back, and are paid whatever becomes of us."""

# Whole numbers stand for Decimal amounts, for they compare equal.
# mypy: disable-error-code="comparison-overlap"

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from dolibarr_loyalty.core.program import Program, VoucherTerms
from dolibarr_loyalty.core.sale import State
from dolibarr_loyalty.core.voucher_moves import Move, used_by_invoice
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import (
    InputError,
    InvoiceNotPayable,
    KeyReused,
    OutsideFailure,
    ReservationOver,
    TicketNotPayable,
    UnknownTicket,
    VoucherNotUsable,
)
from dolibarr_loyalty.flows import till
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.leases import LEASE
from dolibarr_loyalty.flows.tickets import find_ticket, open_tickets
from dolibarr_loyalty.flows.till_watch import watch_tickets
from dolibarr_loyalty.sandbox import Fault, lost_answer, status
from dolibarr_loyalty.store import voucher_moves
from dolibarr_loyalty.store.reservations import Hold
from tests.conftest import OpenShop
from tests.flows.mortal import die
from tests.flows.shop import PROGRAM, Shop

BOTH = pytest.mark.parametrize("version", ["16", "23"])
WAYS = pytest.mark.parametrize("way", ["payment", "discount"])


def a_program(way: str = "payment", *, uses: str = "single", bearer: bool = False) -> Program:
    terms = VoucherTerms(accounting=way, uses=uses, bearer=bearer)  # type: ignore[arg-type]
    return replace(PROGRAM, vouchers=terms)


def goods(price: object = 50, vat: object = 0, **fields: Any) -> dict[str, Any]:
    return {"desc": "goods", "qty": 1, "subprice": str(price), "tva_tx": vat, **fields}


def ticket(shop: Shop, customer: int | None, *lines: dict[str, Any], place: int = 0) -> int:
    shop.tick()
    return shop.dolibarr.open_ticket(list(lines) or [goods()], socid=customer, place=place)


def take(shop: Shop, voucher: Voucher, number: int, amount: object = None, **fields: Any) -> till.Taken:
    wanted = None if amount is None else Decimal(str(amount))
    return till.take(shop.loyalty, shop.code(voucher), str(number), amount=wanted, who="cashier", **fields)


def pay(shop: Shop, number: int) -> None:
    """As the cashier does in TakePOS."""
    shop.tick()
    shop.dolibarr.validate(number)
    if shop.dolibarr.remain_to_pay(number):
        shop.dolibarr.pay(number)
    else:
        shop.dolibarr.set_to_paid(number)


def give_up(shop: Shop, number: int) -> None:
    """The cashier's "new": TakePOS takes the lines off and keeps the draft."""
    for line in shop.dolibarr.invoice(number)["lines"]:
        shop.dolibarr.remove_line(number, line["rowid"])


def sums(shop: Shop, number: int) -> tuple[Decimal, ...]:
    row = shop.dolibarr.invoice(number)
    return tuple(Decimal(row[name]) for name in ("total_ht", "total_tva", "total_ttc"))


def moves(shop: Shop, voucher: Voucher) -> list[Move]:
    with shop.loyalty.database.reading() as tx:
        return voucher_moves.of_voucher(tx, voucher.id)


def used(shop: Shop, voucher: Voucher) -> dict[int, Decimal]:
    return used_by_invoice(moves(shop, voucher))


# tickets -------------------------------------------------------------------------------------------
def test_open_tickets_are_found_by_id_number_and_till(shop: Shop) -> None:
    claire = shop.customer()
    first, second = ticket(shop, claire), ticket(shop, None, place=2)
    shop.sell(claire, 10)
    shop.dolibarr.create_invoice(socid=claire, lines=[goods()])
    found = open_tickets(shop.loyalty)
    assert [(each.sale.id, each.terminal, each.place) for each in found] == [
        (first, "1", "0"),
        (second, "1", "2"),
    ]
    assert find_ticket(shop.loyalty, str(second)).sale.id == second
    assert find_ticket(shop.loyalty, "(PROV-POS1-2)").sale.id == second
    assert find_ticket(shop.loyalty, "prov-pos1-0").sale.id == first
    with pytest.raises(InputError, match="Several"):
        find_ticket(shop.loyalty, terminal="1")
    give_up(shop, first)
    assert find_ticket(shop.loyalty, terminal="1").sale.id == second
    with pytest.raises(UnknownTicket, match="till 7"):
        find_ticket(shop.loyalty, terminal="7")
    with pytest.raises(UnknownTicket):
        find_ticket(shop.loyalty, str(first))


# a means of payment --------------------------------------------------------------------------------
@BOTH
def test_a_voucher_that_is_a_credit_pays_at_the_till_and_leaves_the_vat(
    opened: OpenShop, version: str
) -> None:
    with opened(version=version) as shop:
        claire = shop.rich(300)
        voucher = shop.redeem(claire, "20-off")
        number = ticket(shop, claire, goods(100, 20))
        done = take(shop, voucher, number)
        assert (done.amount, done.take.state, done.ticket.state) == (20, Hold.PLACED, State.DRAFT)
        assert sums(shop, number) == (80, 20, 100)
        assert used(shop, voucher) == {number: 20}
        assert take(shop, voucher, number).amount == 20
        assert sums(shop, number) == (80, 20, 100)
        pay(shop, number)
        before = shop.balance(claire)
        shop.sync()
        assert shop.voucher(voucher.id).state is VoucherState.USED
        assert shop.balance(claire) - before == 10
        assert watch_tickets(shop.loyalty) == 0
        shop.prove()


@BOTH
def test_a_part_of_a_voucher_never_pays_more_than_the_ticket(opened: OpenShop, version: str) -> None:
    with opened(program=a_program(uses="several"), version=version) as shop:
        claire = shop.rich(300)
        voucher = shop.redeem(claire, "20-off")
        number = ticket(shop, claire, goods("12.34", 20))
        assert take(shop, voucher, number).amount == Decimal("14.81")
        assert sums(shop, number)[2] == 0
        assert shop.voucher(voucher.id).remaining == Decimal("5.19")
        assert shop.voucher(voucher.id).state is VoucherState.PARTLY_USED
        pay(shop, number)
        shop.sync()
        other = ticket(shop, claire, goods(50))
        with pytest.raises(VoucherNotUsable, match=r"only 5\.19"):
            take(shop, voucher, other, "5.20")
        assert take(shop, voucher, other).amount == Decimal("5.19")
        pay(shop, other)
        shop.sync()
        assert shop.voucher(voucher.id).state is VoucherState.USED
        assert shop.free_credit(claire) == 0
        shop.prove()


@BOTH
def test_a_bearers_voucher_becomes_a_credit_of_the_tickets_customer(opened: OpenShop, version: str) -> None:
    with opened(program=a_program(bearer=True, uses="several"), version=version) as shop:
        claire = shop.rich(300)
        voucher = shop.redeem(claire, "20-off")
        number = ticket(shop, None, goods(15))
        assert take(shop, voucher, number).amount == 15
        line = next(one for one in shop.dolibarr.invoice(number)["lines"] if one["fk_remise_except"])
        credit = shop.dolibarr.store.get("discount", line["fk_remise_except"])
        assert credit is not None
        assert credit["fk_soc"] == shop.dolibarr.till_customer
        pay(shop, number)
        shop.sync()
        assert (shop.voucher(voucher.id).remaining, shop.free_credit(claire)) == (5, 5)
        shop.prove()


def test_a_percentage_that_is_a_means_of_payment(any_shop: Shop) -> None:
    shop = any_shop
    claire = shop.rich(300)
    voucher = shop.redeem(claire, "10-percent")
    number = ticket(shop, claire, goods(100, 20))
    assert take(shop, voucher, number).amount == 12
    assert sums(shop, number) == (88, 20, 108)
    pay(shop, number)
    shop.sync()
    after = shop.voucher(voucher.id)
    assert (after.state, after.value, after.remaining) == (VoucherState.USED, 12, 0)
    shop.prove()


# a reduction ---------------------------------------------------------------------------------------
@BOTH
def test_a_reduction_carries_the_vat_of_the_goods_to_the_cent(opened: OpenShop, version: str) -> None:
    with opened(program=a_program("discount"), version=version) as shop:
        claire = shop.rich(300)
        voucher = shop.redeem(claire, "20-off")
        assert shop.credit_notes() == []
        number = ticket(shop, claire, goods("24.99", 20), goods("19.47", "5.5"), goods("3.33"))
        # gross 29.99 + 20.54 + 3.33 = 53.86; 20.00 is 11.13(6) + 7.62(7) + 1.23(7): 11.13 + 7.63 + 1.24
        done = take(shop, voucher, number)
        ours = {str(line.vat_rate): -line.gross for line in done.ticket.lines if line.ref_ext}
        assert ours == {"20.0000": Decimal("11.13"), "5.5000": Decimal("7.63"), "0.0000": Decimal("1.24")}
        assert sums(shop, number)[2] == Decimal("33.86")
        assert done.take.state is Hold.HELD
        assert shop.voucher(voucher.id).state is VoucherState.RESERVED
        assert used(shop, voucher) == {}
        assert take(shop, voucher, number).ticket.gross == Decimal("33.86")
        pay(shop, number)
        before = shop.balance(claire)
        shop.sync()
        assert (shop.voucher(voucher.id).state, used(shop, voucher)) == (VoucherState.USED, {number: 20})
        assert shop.balance(claire) - before == 3  # on the 33.86 that were paid
        assert shop.credit_notes() == []
        shop.prove()


def test_a_percentage_and_a_free_product_as_reductions(opened: OpenShop) -> None:
    with opened(program=a_program("discount")) as shop:
        claire = shop.rich(300)
        percent, tee = shop.redeem(claire, "10-percent"), shop.redeem(claire, "free-tee")
        product = shop.dolibarr.create_product(ref="TEE", label="Tee", price="12", tva_tx=20)
        number = ticket(shop, claire, goods(12, 20, fk_product=product, qty=2), goods(30, "5.5"))
        assert take(shop, tee, number).amount == Decimal("14.40")
        assert take(shop, percent, number).amount == Decimal("4.61")  # of 14.40 + 31.65
        assert sums(shop, number)[2] == Decimal("41.44")
        pay(shop, number)
        shop.sync()
        for voucher, worth in ((tee, "14.40"), (percent, "4.61")):
            after = shop.voucher(voucher.id)
            assert (after.state, after.value) == (VoucherState.USED, Decimal(worth))
        shop.prove()


def test_what_the_cashier_changed_of_a_reduction_is_what_was_used(opened: OpenShop) -> None:
    with opened(program=a_program("discount", uses="several")) as shop:
        claire = shop.rich(300)
        voucher = shop.redeem(claire, "20-off")
        number = ticket(shop, claire, goods(30, 20), goods(30))
        assert take(shop, voucher, number).amount == 20
        line = next(
            one
            for one in shop.dolibarr.invoice(number)["lines"]
            if one["ref_ext"] and one["tva_tx"] == "0.0000"
        )
        shop.dolibarr.remove_line(number, line["rowid"])
        pay(shop, number)
        shop.sync()
        after = shop.voucher(voucher.id)
        assert (after.state, after.remaining) == (VoucherState.PARTLY_USED, -Decimal(line["total_ttc"]))
        shop.prove()


# giving back ---------------------------------------------------------------------------------------
@BOTH
@WAYS
def test_what_is_given_back_is_free_as_before(opened: OpenShop, version: str, way: str) -> None:
    with opened(program=a_program(way, uses="several"), version=version) as shop:
        claire = shop.rich(300)
        voucher = shop.redeem(claire, "20-off")
        number = ticket(shop, claire, goods(50, 20))
        untouched = sums(shop, number)
        take(shop, voucher, number, "7.77")
        with pytest.raises(VoucherNotUsable, match=r"already with 7\.77"):
            take(shop, voucher, number, 5)
        for _ in range(2):
            back = till.give_back(shop.loyalty, shop.code(voucher), str(number), who="cashier")
            assert back.take.state is Hold.RELEASED
        assert sums(shop, number) == untouched
        after = shop.voucher(voucher.id)
        assert (after.state, after.remaining, used(shop, voucher)) == (VoucherState.ACTIVE, 20, {})
        assert take(shop, voucher, number).amount == 20
        pay(shop, number)
        shop.sync()
        assert shop.voucher(voucher.id).state is VoucherState.USED
        shop.prove()


@WAYS
def test_a_paid_ticket_gives_nothing_back(opened: OpenShop, way: str) -> None:
    with opened(program=a_program(way)) as shop:
        claire = shop.rich(300)
        voucher = shop.redeem(claire, "20-off")
        number = ticket(shop, claire)
        found = find_ticket(shop.loyalty, str(number))
        with pytest.raises(VoucherNotUsable, match="not on"):
            till.give_back_voucher(shop.loyalty, voucher, found, who="x")
        take(shop, voucher, number)
        pay(shop, number)
        with pytest.raises(TicketNotPayable, match="closed"):
            till.give_back_voucher(shop.loyalty, voucher, found, who="x")
        with pytest.raises(TicketNotPayable, match="closed"):
            till.take_voucher(shop.loyalty, voucher, found, None, who="x", key=None)


@BOTH
@WAYS
@pytest.mark.parametrize("how", ["emptied", "deleted"])
def test_a_ticket_that_is_given_up_gives_the_voucher_back(
    opened: OpenShop, version: str, way: str, how: str
) -> None:
    with opened(program=a_program(way), version=version) as shop:
        claire = shop.rich(300)
        voucher = shop.redeem(claire, "20-off")
        number = ticket(shop, claire)
        take(shop, voucher, number)
        assert watch_tickets(shop.loyalty) == 0
        if how == "emptied":
            give_up(shop, number)
        else:
            shop.dolibarr.delete_invoice(number)
        shop.sweep()
        after = shop.voucher(voucher.id)
        assert (after.state, after.remaining, used(shop, voucher)) == (VoucherState.ACTIVE, 20, {})
        assert shop.use(after, shop.sell(claire, 50, paid=False)).amount == 20
        shop.prove()


@pytest.mark.parametrize("reward", ["20-off", "10-percent"])
@pytest.mark.parametrize("how", ["deleted", "reopened"])
def test_a_reduction_comes_back_when_its_closed_ticket_is_undone(
    opened: OpenShop, how: str, reward: str
) -> None:
    with opened(program=a_program("discount"), version="16") as shop:
        claire = shop.rich(300)
        voucher = shop.redeem(claire, reward)
        number = ticket(shop, claire)
        take(shop, voucher, number)
        shop.tick()
        shop.dolibarr.validate(number)
        shop.sweep()
        assert shop.voucher(voucher.id).state is VoucherState.USED
        if how == "deleted":
            shop.dolibarr.delete_invoice(number)
        else:
            shop.tick()
            shop.dolibarr.set_to_draft(number)
            shop.sync()
            assert shop.voucher(voucher.id).state is VoucherState.USED  # the reduction is on it still
            give_up(shop, number)
        for _ in range(2):
            shop.sweep()
            shop.sync()
            after = shop.voucher(voucher.id)
            assert (after.state, after.value, after.remaining) == (
                VoucherState.ACTIVE,
                voucher.value,
                voucher.remaining,
            )
            assert used(shop, voucher).get(number, 0) == 0
        shop.prove()


# refusals ------------------------------------------------------------------------------------------
def test_a_rebate_with_vat_behind_it_is_refused_with_what_to_do(opened: OpenShop) -> None:
    with opened(program=a_program("credit_note")) as shop:
        claire = shop.rich(300)
        voucher = shop.redeem(claire, "20-off")
        with pytest.raises(TicketNotPayable, match=r"second time.*voucher use CODE INVOICE"):
            take(shop, voucher, ticket(shop, claire))
        assert shop.voucher(voucher.id).state is VoucherState.ACTIVE


def test_a_personal_voucher_wants_its_customer_on_the_ticket(shop: Shop) -> None:
    claire = shop.rich(300)
    voucher = shop.redeem(claire, "20-off")
    for other in (None, shop.customer("Anna Weber")):
        number = ticket(shop, other)
        with pytest.raises(TicketNotPayable, match="Choose its customer"):
            take(shop, voucher, number)
        give_up(shop, number)
    assert shop.voucher(voucher.id).state is VoucherState.ACTIVE


def test_a_single_use_wants_a_ticket_that_is_large_enough(shop: Shop) -> None:
    claire = shop.rich(300)
    voucher = shop.redeem(claire, "20-off")
    with pytest.raises(VoucherNotUsable, match="larger"):
        take(shop, voucher, ticket(shop, claire, goods(10)))


def test_gift_cards_are_not_bought_with_vouchers(opened: OpenShop) -> None:
    from dolibarr_loyalty.core.gift_cards import GiftCard

    card = GiftCard(id="card", products=("card50",))
    with opened(program=replace(a_program(uses="several"), gift_cards=(card,))) as shop:
        claire = shop.rich(300)
        voucher = shop.redeem(claire, "20-off")
        product = shop.dolibarr.create_product(ref="CARD50", label="Gift card", price="50", tva_tx=0)
        only = ticket(shop, claire, goods(50, fk_product=product))
        with pytest.raises((VoucherNotUsable, InvoiceNotPayable)):
            take(shop, voucher, only)
        give_up(shop, only)
        assert take(shop, voucher, ticket(shop, claire, goods(50, fk_product=product), goods(8))).amount == 8


def test_what_is_reserved_elsewhere_is_not_taken(shop: Shop) -> None:
    from dolibarr_loyalty.flows import reservations

    claire = shop.rich(300)
    voucher = shop.redeem(claire, "20-off")
    reservations.reserve(shop.loyalty, shop.code(voucher), key="cart", who="shop")
    with pytest.raises(VoucherNotUsable, match="reserved"):
        take(shop, voucher, ticket(shop, claire))


@WAYS
def test_what_is_on_a_ticket_is_nobody_elses(opened: OpenShop, way: str) -> None:
    with opened(program=a_program(way)) as shop:
        claire = shop.rich(300)
        voucher = shop.redeem(claire, "20-off")
        take(shop, voucher, ticket(shop, claire))
        with pytest.raises(VoucherNotUsable):
            shop.use(voucher, shop.sell(claire, 50, paid=False))
        with pytest.raises(VoucherNotUsable):
            take(shop, voucher, ticket(shop, claire, place=3))


def test_keys_are_for_one_take(shop: Shop) -> None:
    claire = shop.rich(300)
    voucher = shop.redeem(claire, "20-off")
    number = ticket(shop, claire)
    first = take(shop, voucher, number, key="till-1-77")
    assert take(shop, voucher, number, key="till-1-77").take == first.take
    with pytest.raises(KeyReused):
        take(shop, voucher, number, 20, key="till-1-77")
    till.give_back(shop.loyalty, shop.code(voucher), str(number), who="x")
    with pytest.raises(ReservationOver, match="given back"):
        take(shop, voucher, number, key="till-1-77")
    with pytest.raises(InputError, match="120"):
        take(shop, voucher, number, key="x" * 121)


# the sale goes on ----------------------------------------------------------------------------------
@pytest.mark.parametrize("fault", [status(503), lost_answer])
@WAYS
def test_a_take_that_failed_is_taken_again(opened: OpenShop, way: str, fault: Any) -> None:
    with opened(program=a_program(way)) as shop:
        claire = shop.rich(300)
        voucher = shop.redeem(claire, "20-off")
        number = ticket(shop, claire, goods(50, 20), goods(50))
        shop.dolibarr.inject(Fault(method="POST", path=r"/usediscount/|/lines$", kind=fault))
        with pytest.raises(OutsideFailure):
            take(shop, voucher, number)
        assert take(shop, voucher, number).amount == 20
        assert sums(shop, number)[2] == 90
        pay(shop, number)
        shop.sync()
        assert used(shop, voucher) == {number: 20}
        shop.prove()


@pytest.mark.parametrize("after", ["paid", "given up", "taken again"])
@pytest.mark.parametrize("way", ["payment", "discount", "percent"])
def test_killed_anywhere_the_ticket_can_be_paid_and_the_next_look_is_right(
    opened: OpenShop, way: str, after: str
) -> None:
    """Whatever step of ours is the last one, TakePOS closes the ticket as it stands, and we follow."""
    terms = a_program("discount" if way == "discount" else "payment", uses="several")
    reward = "10-percent" if way == "percent" else "20-off"
    with opened(program=terms) as shop:
        claire = shop.rich(20_000)
        shop.deliver()
        end = 0
        while True:
            end += 1
            voucher = shop.redeem(claire, reward)
            number = ticket(shop, claire, goods(30, 20), goods(20), place=end)
            code = shop.code(voucher)

            def work(loyalty: Loyalty, code: str = code, number: int = number) -> None:
                till.take(loyalty, code, str(number), amount=None, who="cashier")

            life = die(shop, end, work)
            shop.clock.now += LEASE
            if after == "taken again":
                take(shop, voucher, number)
            if after == "given up":
                give_up(shop, number)
            else:
                on_it = Decimal(56) - sums(shop, number)[2]
                pay(shop, number)
            shop.sync()
            now = shop.voucher(voucher.id)
            expected = {} if after == "given up" or not on_it else {number: on_it}
            assert used(shop, voucher) == expected, life.borders[-1:]
            if after == "taken again":
                assert on_it == (Decimal("5.60") if way == "percent" else 20)
            if not expected:
                assert now.state is VoucherState.ACTIVE, life.borders[-1:]
                assert now.remaining == (0 if way == "percent" else 20) or way == "percent"
            if not life.is_over:
                break
        shop.prove()
    assert end > 15
