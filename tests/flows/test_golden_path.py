"""The straight line from a paid invoice to a voucher that pays another one, on 16 and on 23."""

# Whole numbers stand for Decimal amounts, for they compare equal.
# mypy: disable-error-code="comparison-overlap"

import pytest

from dolibarr_loyalty.core.sale import State
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.errors import (
    InputError,
    InsufficientPoints,
    InvoiceNotPayable,
    KeyReused,
    RewardNotAvailable,
    UnknownInvoice,
    UnknownMember,
    UnknownReward,
    UnknownVoucher,
    VoucherNotUsable,
)
from dolibarr_loyalty.flows import redemption, usage, voiding
from tests.conftest import OpenShop
from tests.flows.shop import PROGRAM, Shop


def test_a_paid_invoice_becomes_points_a_voucher_and_a_mail(any_shop: Shop) -> None:
    shop = any_shop
    claire = shop.rich(60)
    assert shop.balance(claire) == 60
    voucher = shop.redeem(claire)
    assert (voucher.state, voucher.remaining, shop.balance(claire)) == (VoucherState.ACTIVE, 5, 10)
    note = shop.dolibarr.invoice(voucher.credit_note_id or 0)
    assert (note["type"], note["fk_statut"], note["paye"], note["ref_client"]) == (
        2,
        2,
        1,
        shop.code(voucher),
    )
    assert shop.free_credit(claire) == 5
    assert [kind for kind, _ in shop.kinds(claire)] == ["accrual", "redemption"]
    assert any(shop.code(voucher) in mail.text for mail in shop.letterbox.mails)
    shop.sync(full=True)
    stored = shop.document(voucher.credit_note_id or 0)
    assert shop.code(voucher) not in stored.snapshot  # our database alone reveals no code
    shop.prove()


def test_a_voucher_pays_part_of_an_invoice_once(any_shop: Shop) -> None:
    shop = any_shop
    claire = shop.rich(60)
    voucher = shop.redeem(claire)
    target = shop.sell(claire, 24, paid=False)
    for _ in range(2):
        used = shop.use(voucher, target)
        assert (used.voucher.state, used.amount, used.invoice.remaining) == (VoucherState.USED, 5, 19)
    shop.dolibarr.pay(target)
    shop.sync()
    assert shop.balance(claire) == 11  # 19 of the 24 were money
    assert shop.free_credit(claire) == 0
    shop.prove()


def test_a_voucher_that_pays_all_of_an_invoice_closes_it(any_shop: Shop) -> None:
    shop = any_shop
    claire = shop.rich(60)
    used = shop.use(shop.redeem(claire), shop.sell(claire, 5, paid=False))
    assert used.invoice.state is State.PAID
    shop.prove()


def test_a_percentage_becomes_a_credit_note_when_it_is_used(any_shop: Shop) -> None:
    shop = any_shop
    claire = shop.rich(80)
    voucher = shop.redeem(claire, "10-percent")
    assert voucher.credit_note_id is None
    used = shop.use(voucher, shop.sell(claire, 120, paid=False))
    assert (used.amount, used.invoice.remaining) == (12, 108)
    assert len(shop.credit_notes()) == 1
    shop.sync()
    shop.prove()


def test_a_percentage_is_limited(shop: Shop) -> None:
    claire = shop.rich(80)
    assert shop.use(shop.redeem(claire, "10-percent"), shop.sell(claire, 900, paid=False)).amount == 30


def test_a_free_product_pays_one_unit_of_it(shop: Shop) -> None:
    tee = shop.dolibarr.create_product(ref="TEE", label="T-shirt", price="15.00", tva_tx=20)
    claire = shop.rich(120)
    line = {"desc": "T-shirt", "qty": 2, "subprice": "15.00", "tva_tx": 20, "fk_product": tee}
    voucher = shop.redeem(claire, "free-tee")
    assert shop.use(voucher, shop.sell(claire, lines=[line], paid=False)).amount == 18
    other = shop.redeem(claire, "free-tee")
    with pytest.raises(VoucherNotUsable, match="nothing it is good for"):
        shop.use(other, shop.sell(claire, 50, paid=False))


def test_a_voucher_is_refused_where_dolibarr_would_take_it(any_shop: Shop) -> None:
    shop = any_shop
    claire, stranger = shop.rich(60), shop.customer("Bruno Stranger")
    voucher = shop.redeem(claire)
    draft = shop.dolibarr.create_invoice(socid=claire, lines=[{"subprice": "50", "qty": 1, "tva_tx": 0}])
    cases = {
        shop.sell(stranger, 24, paid=False): InvoiceNotPayable,
        shop.sell(claire, 4, paid=False): VoucherNotUsable,
        shop.sell(claire, 24): InvoiceNotPayable,
        draft: InvoiceNotPayable,
        shop.dolibarr.sell_deposit(claire, 50, paid=False): InvoiceNotPayable,
        voucher.credit_note_id or 0: InvoiceNotPayable,
    }
    for invoice, refusal in cases.items():
        with pytest.raises(refusal):
            shop.use(voucher, invoice)
    for text in ("999999", "FA0000-0000", "0", "", "9" * 60, "(PROV1)"):
        with pytest.raises(UnknownInvoice):
            usage.use(shop.loyalty, shop.code(voucher), text, who="test")
    assert shop.voucher(voucher.id).state is VoucherState.ACTIVE
    assert shop.free_credit(claire) == 5
    shop.sync()
    shop.prove()


def test_an_invoice_is_found_by_its_number_in_any_case(shop: Shop) -> None:
    claire = shop.rich(60)
    voucher, target = shop.redeem(claire), shop.sell(claire, 24, paid=False)
    shop.sync()
    ref = shop.document(target).sale.ref
    assert usage.use(shop.loyalty, shop.code(voucher).lower(), f" {ref.lower()} ", who="x").amount == 5


def test_a_wrong_code_is_unknown(shop: Shop) -> None:
    for code in ("", "ABC", "234567-234567-234567", "é" * 20):
        with pytest.raises(UnknownVoucher):
            usage.find_voucher(shop.loyalty, code)
    with pytest.raises(UnknownVoucher):
        usage.look_at(shop.loyalty, "no such voucher")
    with pytest.raises(UnknownVoucher):
        voiding.cancel(shop.loyalty, "no such voucher", reason="x", who="x")


def test_the_code_is_neither_in_the_database_nor_in_the_logs(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    claire = shop.rich(60)
    voucher = shop.redeem(claire)
    shop.use(voucher, shop.sell(claire, 24, paid=False))
    code = shop.code(voucher)
    shop.sync()
    with shop.loyalty.database.reading() as tx:
        tables = [row[0] for row in tx.connection.exec_driver_sql("SELECT name FROM sqlite_master")]
        for table in tables:
            if table.startswith("llx_loyalty_") and "documents" not in table:
                try:
                    rows = tx.connection.exec_driver_sql(f"SELECT * FROM {table}").all()
                except Exception:  # an index
                    continue
                assert code not in str(rows), table
    assert code not in caplog.text


def test_an_expired_voucher_is_refused_before_the_daily_run_voids_it(shop: Shop) -> None:
    claire = shop.rich(60)
    voucher, target = shop.redeem(claire), shop.sell(claire, 24, paid=False)
    assert voucher.valid_until is not None
    shop.clock.now = shop.clock.now.replace(year=voucher.valid_until.year + 1)
    with pytest.raises(VoucherNotUsable, match="valid until"):
        shop.use(voucher, target)


def test_a_redemption_is_refused_with_its_reason(shop: Shop) -> None:
    claire = shop.rich(40)
    supplier = shop.customer("Sam Supplier", client=0)
    shop.sync()
    redeem = redemption.redeem
    with pytest.raises(InsufficientPoints, match="10 are missing"):
        redeem(shop.loyalty, claire, "5-off", request_key="a", who="x")
    with pytest.raises(UnknownReward, match="5-off"):
        redeem(shop.loyalty, claire, "6-off", request_key="a", who="x")
    with pytest.raises(UnknownMember):
        redeem(shop.loyalty, 4711, "5-off", request_key="a", who="x")
    with pytest.raises(RewardNotAvailable, match="not a member"):
        redeem(shop.loyalty, supplier, "5-off", request_key="a", who="x")
    with pytest.raises(InputError, match="at most 120"):
        redeem(shop.loyalty, claire, "5-off", request_key="a" * 121, who="x")
    assert shop.kinds(claire) == [("accrual", 40)]


def test_the_same_request_gives_the_same_voucher(shop: Shop) -> None:
    claire = shop.rich(200)
    first = redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="x" * 200)
    again = redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="y")
    assert first == again
    with pytest.raises(KeyReused):
        redemption.redeem(shop.loyalty, claire, "20-off", request_key="a", who="x")
    assert shop.balance(claire) == 150


def test_a_reward_is_taken_as_often_as_it_may_be(opened: OpenShop) -> None:
    from dataclasses import replace

    once = replace(PROGRAM, rewards=(replace(PROGRAM.rewards[0], per_member=1),))
    with opened(program=once) as shop:
        claire = shop.rich(200)
        voucher = shop.redeem(claire)
        with pytest.raises(RewardNotAvailable, match="1 time"):
            shop.redeem(claire)
        voiding.cancel(shop.loyalty, voucher.id, reason="x", who="x")
        assert shop.redeem(claire).state is VoucherState.ACTIVE


def test_a_rebate_carries_the_vat_of_the_goods(opened: OpenShop) -> None:
    from dataclasses import replace
    from decimal import Decimal

    from dolibarr_loyalty.core.program import VoucherTerms

    terms = VoucherTerms(accounting="credit_note", vat_rate=Decimal(20))
    with opened(program=replace(PROGRAM, vouchers=terms)) as shop:
        claire = shop.rich(60)
        voucher = shop.redeem(claire)
        note = shop.dolibarr.invoice(voucher.credit_note_id or 0)
        assert (Decimal(note["total_ttc"]), Decimal(note["total_tva"])) == (-5, Decimal("-0.83"))
        voiding.cancel(shop.loyalty, voucher.id, reason="x", who="x")
        assert shop.free_credit(claire) == 0
        shop.deliver()
        shop.prove()
