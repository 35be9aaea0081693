"""What staff does with vouchers that no step of ours would: noticed at the next look, booked, told once."""

# Whole numbers stand for Decimal amounts, for they compare equal.
# mypy: disable-error-code="comparison-overlap"

from decimal import Decimal

import pytest

from dolibarr_loyalty.core.voucher_moves import MoveKind, used_by_invoice
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.flows import redemption
from dolibarr_loyalty.flows.account_proofs import prove_accounts
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.flows.replacing import replace
from dolibarr_loyalty.flows.verify import verify
from dolibarr_loyalty.flows.voiding import cancel
from dolibarr_loyalty.store import alarms, voucher_moves
from dolibarr_loyalty.store.alarms import Alarm
from tests.conftest import OpenShop
from tests.flows.shop import Shop
from tests.flows.voucher_ways import buyer, shop_with, use_part, voucher_for


def told(shop: Shop) -> list[Alarm]:
    with shop.loyalty.database.reading() as tx:
        return alarms.page(tx, "", 100)


def look(shop: Shop) -> list[str]:
    """What alarms stand after a next look, which is looked at twice; the books agree with themselves."""
    shop.sync()
    shop.sweep()
    before = told(shop)
    shop.sync()
    shop.sweep()
    assert told(shop) == before
    assert [str(each) for each in verify(shop.loyalty).deviations] == []
    return [each.kind for each in before]


def used_on(shop: Shop, voucher: Voucher) -> dict[int, Decimal]:
    with shop.loyalty.database.reading() as tx:
        return used_by_invoice(voucher_moves.of_voucher(tx, voucher.id))


def touch(shop: Shop, document: int) -> None:
    """Its date of change, which Dolibarr's database sets at every change."""
    with shop.dolibarr.writing():
        shop.dolibarr.change("invoice", document, tms=shop.dolibarr.now_database())


def a_used_voucher(shop: Shop) -> tuple[int, Voucher, int]:
    claire = shop.rich(100)
    voucher = shop.redeem(claire)
    target = shop.sell(claire, 24, paid=False)
    shop.use(voucher, target)
    return claire, shop.voucher(voucher.id), target


def test_a_credit_that_was_moved_to_another_invoice(any_shop: Shop) -> None:
    shop = any_shop
    claire, voucher, first = a_used_voucher(shop)
    second = shop.sell(claire, 30, paid=False)
    shop.dolibarr.use_credit(second, shop.credit_id(voucher))  # trap 3
    assert look(shop) == ["voucher_moved"]
    assert used_on(shop, voucher) == {second: 5}
    (alarm,) = told(shop)
    assert alarm.facts["invoice"] == shop.dolibarr.invoice(second)["ref"]
    assert alarm.facts["from_invoice"] == shop.dolibarr.invoice(first)["ref"]
    assert alarm.facts["amount"] == "5"
    assert prove_accounts(shop.loyalty).deviations == ()


def test_a_credit_that_was_moved_between_paid_invoices_leaves_no_trace_and_is_found(any_shop: Shop) -> None:
    shop = any_shop
    claire, voucher, first = a_used_voucher(shop)
    second = shop.sell(claire, 30, paid=False)
    shop.dolibarr.pay(first)
    shop.dolibarr.pay(second)
    shop.sync()
    shop.dolibarr.use_credit(second, shop.credit_id(voucher))
    assert look(shop) == ["voucher_moved"]
    assert used_on(shop, voucher) == {second: 5}


def test_one_code_on_two_customers(any_shop: Shop) -> None:
    shop = any_shop
    _, voucher, _ = a_used_voucher(shop)
    bob = shop.customer("Bob Other")
    foreign = shop.sell(bob, 30, paid=False)
    shop.dolibarr.use_credit(foreign, shop.credit_id(voucher))
    assert "voucher_foreign_customer" in look(shop)
    alarm = next(each for each in told(shop) if each.kind == "voucher_foreign_customer")
    assert alarm.facts["invoice"] == shop.dolibarr.invoice(foreign)["ref"]
    assert used_on(shop, voucher) == {foreign: 5}


def test_an_unused_voucher_on_another_customers_invoice(any_shop: Shop) -> None:
    shop = any_shop
    voucher = shop.redeem(shop.rich(100))
    foreign = shop.sell(shop.customer("Bob Other"), 30, paid=False)
    shop.dolibarr.use_credit(foreign, shop.credit_id(voucher))
    assert look(shop) == ["voucher_foreign_customer"]
    assert shop.voucher(voucher.id).state is VoucherState.USED


@pytest.mark.parametrize("is_used", [False, True])
def test_a_credit_note_deleted_on_16(opened: OpenShop, is_used: bool) -> None:
    with opened(version="16") as shop:
        claire = shop.rich(100)
        voucher = shop.redeem(claire)
        if is_used:
            shop.use(voucher, shop.sell(claire, 24, paid=False))
        shop.sync()
        assert shop.dolibarr.delete_invoice(voucher.credit_note_id or 0)
        assert look(shop) == ["credit_note_deleted"]
        (alarm,) = told(shop)
        assert (alarm.facts["document"], alarm.facts["amount"]) == (voucher.credit_note_ref, "5")
        assert used_on(shop, voucher) == {}


def test_a_credit_note_set_back_to_draft(any_shop: Shop) -> None:
    shop = any_shop
    voucher = shop.redeem(shop.rich(100))
    shop.sync()
    shop.tick()
    shop.dolibarr.set_to_draft(voucher.credit_note_id or 0)
    touch(shop, voucher.credit_note_id or 0)
    assert look(shop) == ["credit_reopened"]
    assert told(shop)[0].voucher_id == voucher.id


def test_a_document_with_a_vouchers_name_that_we_did_not_make(any_shop: Shop) -> None:
    shop = any_shop
    claire = shop.rich(100)
    voucher = shop.redeem(claire)
    line = {"subprice": "7", "qty": 1, "tva_tx": 0}
    twin = shop.dolibarr.create_invoice(socid=claire, type=2, ref_ext=voucher.ref_ext, lines=[line])
    assert look(shop) == []  # a draft counts in no books
    shop.dolibarr.validate(twin)
    shop.tick()
    touch(shop, twin)
    assert look(shop) == ["hand_made_credit"]
    assert told(shop)[0].facts["amount"] == "7"
    assert "unknown" in str(prove_accounts(shop.loyalty).deviations[0])


def test_a_credit_note_with_a_code_typed_in(any_shop: Shop) -> None:
    shop = any_shop
    claire = shop.rich(100)
    voucher = shop.redeem(claire)
    line = {"subprice": "7", "qty": 1, "tva_tx": 0}
    typed = shop.dolibarr.create_invoice(socid=claire, type=2, ref_client=shop.code(voucher), lines=[line])
    shop.dolibarr.validate(typed)
    noted = shop.sell(claire, 10, ref_client=shop.code(voucher))  # a note on a sale is nobody's credit
    assert look(shop) == ["hand_made_credit"]
    assert told(shop)[0].about == f"{typed}"
    assert noted


def test_a_voucher_being_issued_is_no_stranger(any_shop: Shop) -> None:
    shop = any_shop
    claire = shop.rich(100)
    voucher = redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="x")
    line = {"subprice": "5", "qty": 1, "tva_tx": 0}
    note = shop.dolibarr.create_invoice(socid=claire, type=2, ref_ext=voucher.ref_ext, lines=[line])
    shop.dolibarr.validate(note)  # a worker died here
    assert look(shop) == []
    shop.deliver()
    assert look(shop) == []
    assert shop.voucher(voucher.id).credit_note_id == note


def test_a_used_credit_that_was_split(shop: Shop) -> None:
    claire, voucher, target = a_used_voucher(shop)
    first, _ = shop.dolibarr.split_credit(claire, shop.credit_id(voucher), 3, 2)  # trap 4b
    assert look(shop) == ["money_doubled"]
    (alarm,) = told(shop)
    assert (alarm.facts["expected"], alarm.facts["amount"]) == ("5", "10")
    second = shop.sell(claire, 24, paid=False)
    shop.dolibarr.use_credit(second, first["rowid"])
    look(shop)
    assert used_on(shop, voucher) == {target: 5, second: 3}


def test_an_invoice_paid_by_voucher_that_is_credited_in_full(any_shop: Shop) -> None:
    shop = any_shop
    claire = shop.rich(100)
    voucher = shop.redeem(claire)
    target = shop.sell(claire, 24, paid=False)
    shop.use(voucher, target)
    shop.dolibarr.pay(target)
    part = shop.refund(target, 10)
    assert look(shop) == []  # less than the money that was paid
    rest = shop.refund(target, 14)
    assert part < rest
    assert look(shop) == ["refunded_after_use"]
    (alarm,) = told(shop)
    assert (alarm.facts["amount"], alarm.facts["document"]) == ("5", shop.dolibarr.invoice(rest)["ref"])


def test_a_credit_note_paid_out_in_money(shop: Shop) -> None:
    voucher = shop.redeem(shop.rich(100))
    shop.sync()
    shop.dolibarr.record_payment({voucher.credit_note_id or 0: Decimal(-5)}, close=False)  # trap 32
    assert look(shop) == ["cash_out"]
    assert told(shop)[0].facts["document"] == voucher.credit_note_ref
    assert "paid out of it in money" in str(prove_accounts(shop.loyalty).deviations)


def test_a_cancelled_voucher_whose_counter_invoice_was_deleted_on_16(opened: OpenShop) -> None:
    with opened(version="16") as shop:
        claire = shop.rich(100)
        voucher = shop.redeem(claire)
        cancel(shop.loyalty, voucher.id, reason="x", who="x")
        shop.sync()
        counter = max(row["rowid"] for row in shop.dolibarr.store.rows("invoice"))
        assert shop.dolibarr.delete_invoice(counter)
        assert shop.free_credit(claire) == 5
        assert look(shop) == ["credit_revived"]
        target = shop.sell(claire, 24, paid=False)
        shop.dolibarr.use_credit(target, shop.credit_id(voucher))
        assert look(shop) == ["credit_revived"] * 2
        assert used_on(shop, voucher) == {target: 5}
        assert (shop.voucher(voucher.id).state, shop.voucher(voucher.id).remaining) == ("cancelled", 0)


@pytest.mark.parametrize("version", ["16", "23"])
def test_a_credit_unlinked_from_the_counter_invoice_of_an_expired_voucher(
    opened: OpenShop, version: str
) -> None:
    with opened(version=version) as shop:
        voucher = shop.redeem(shop.rich(100))
        shop.clock.now = shop.clock.now.replace(year=2030)
        daily(shop.loyalty)
        shop.deliver()
        shop.dolibarr.unlink_credit(shop.credit_id(voucher))
        assert look(shop) == ["credit_revived"]
        assert told(shop)[0].facts["document"] == voucher.credit_note_ref
        assert "its free credit should be 0, it is 5" in str(prove_accounts(shop.loyalty).deviations[0])


def test_a_used_credit_that_was_unlinked_is_free_again(any_shop: Shop) -> None:
    shop = any_shop
    _, voucher, target = a_used_voucher(shop)
    shop.dolibarr.pay(target)
    shop.sync()
    shop.dolibarr.unlink_credit(shop.credit_id(voucher))
    assert look(shop) == []
    assert shop.voucher(voucher.id).state is VoucherState.ACTIVE
    with shop.loyalty.database.reading() as tx:
        moves = voucher_moves.of_voucher(tx, voucher.id)
    assert [move.kind for move in moves] == [MoveKind.ISSUED, MoveKind.USED, MoveKind.RETURNED]
    assert prove_accounts(shop.loyalty).deviations == ()


@pytest.mark.parametrize("way", ["payment", "credit_note", "split", "deposit"])
def test_replacing_a_voucher_whose_credit_note_was_deleted_puts_it_right(opened: OpenShop, way: str) -> None:
    with shop_with(opened, way, "16") as shop:
        claire = buyer(shop)
        voucher = voucher_for(shop, way, claire)
        shop.sync()
        for row in shop.dolibarr.store.find("discount", "fk_soc", claire):
            with shop.dolibarr.writing():
                shop.dolibarr.store.remove("discount", row["rowid"])
                if shop.dolibarr.store.get("invoice", row["fk_facture_source"]):
                    shop.dolibarr.store.remove("invoice", row["fk_facture_source"])
        assert "credit_note_deleted" in look(shop)
        new = replace(shop.loyalty, voucher.id, reason="its note was deleted", who="x")
        assert (new.state, new.remaining) == (VoucherState.ACTIVE, voucher.remaining)
        free = shop.dolibarr.credits_of(claire, "available")
        assert sum(Decimal(row["amount_ttc"]) for row in free) == voucher.remaining
        target = shop.sell(claire, 100, paid=False)
        use_part(shop, new, target, 2)
        assert used_on(shop, new) == {target: 2}
