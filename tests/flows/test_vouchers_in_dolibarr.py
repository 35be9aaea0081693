"""What staff does with vouchers in Dolibarr's own screens, and how it is noticed, booked and named."""

# Whole numbers stand for Decimal amounts, for they compare equal.
# mypy: disable-error-code="comparison-overlap"

from typing import Any

import pytest

from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import PermanentFailure, TemporaryFailure, VoucherNotUsable
from dolibarr_loyalty.flows import redemption, usage, voiding
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.flows.delivery import deliver
from dolibarr_loyalty.flows.reconcile import reconcile
from dolibarr_loyalty.flows.sync import watch_vouchers
from dolibarr_loyalty.sandbox import Fault, html_500, lost_answer, status
from dolibarr_loyalty.store import outbox
from tests.conftest import OpenShop
from tests.flows.shop import Shop


def issued(shop: Shop) -> tuple[int, Voucher]:
    claire = shop.rich(100)
    return claire, shop.redeem(claire)


def named(shop: Shop) -> str:
    return "; ".join(str(deviation) for deviation in reconcile(shop.loyalty).deviations)


def test_use_by_staff_is_noticed_by_the_sweep_and_by_the_invoice(any_shop: Shop) -> None:
    shop = any_shop
    claire, voucher = issued(shop)
    target = shop.sell(claire, 24, paid=False)
    shop.dolibarr.use_credit(target, shop.credit_id(voucher))
    assert "used on invoice" in named(shop)
    shop.sweep()
    found = shop.voucher(voucher.id)
    assert (found.state, found.invoice_id, found.remaining) == (VoucherState.USED, target, 0)
    shop.dolibarr.pay(target)
    shop.sync()
    assert shop.balance(claire) == 51
    shop.prove()


def test_use_by_staff_in_part_and_then_wholly(shop: Shop) -> None:
    claire, voucher = issued(shop)
    target = shop.sell(claire, 24, paid=False)
    first, second = shop.dolibarr.split_credit(claire, shop.credit_id(voucher), 3, 2)
    shop.dolibarr.use_credit(target, first["rowid"])
    shop.sweep()
    found = shop.voucher(voucher.id)
    assert (found.state, found.remaining) == (VoucherState.PARTLY_USED, 2)
    with pytest.raises(VoucherNotUsable, match="partly used"):
        shop.use(voucher, shop.sell(claire, 24, paid=False))
    shop.prove()
    shop.dolibarr.use_credit(target, second["rowid"])
    shop.sweep()
    assert shop.voucher(voucher.id).state is VoucherState.USED
    shop.prove()


@pytest.mark.parametrize("returns", [False, True])
def test_the_rest_of_a_voucher_used_in_part_expires_without_leaving_an_open_invoice(
    opened: OpenShop, returns: bool
) -> None:
    from dataclasses import replace

    from tests.flows.shop import PROGRAM

    terms = replace(PROGRAM.vouchers, return_points_on_expiry=returns)
    with opened(program=replace(PROGRAM, vouchers=terms)) as shop:
        claire, voucher = issued(shop)
        target = shop.sell(claire, 24, paid=False)
        first, _ = shop.dolibarr.split_credit(claire, shop.credit_id(voucher), 3, 2)
        shop.dolibarr.use_credit(target, first["rowid"])
        shop.sweep()
        shop.clock.now = shop.clock.now.replace(year=2030)
        daily(shop.loyalty)
        shop.deliver()
        assert shop.voucher(voucher.id).state is VoucherState.EXPIRED
        assert shop.free_credit(claire) == 0
        assert shop.balance(claire) == (70 if returns else 50)  # 2 of the 5 euros were left: 20 of the 50
        counter = max(row["rowid"] for row in shop.dolibarr.store.rows("invoice"))
        assert shop.dolibarr.invoice(counter)["total_ttc"] == "2.00000000"
        assert shop.dolibarr.remain_to_pay(counter) == 0
        shop.prove()


def test_staff_uses_a_voucher_while_it_is_being_cancelled(shop: Shop) -> None:
    claire, voucher = issued(shop)
    target = shop.sell(claire, 24, paid=False)
    voiding.begin(shop.loyalty, voucher.id, VoucherState.CANCELLING, who="x")
    shop.dolibarr.use_credit(target, shop.credit_id(voucher))
    shop.deliver()
    assert shop.voucher(voucher.id).state is VoucherState.USED
    assert (shop.balance(claire), shop.dolibarr.remain_to_pay(target)) == (50, 19)
    shop.prove()


def test_staff_uses_a_part_while_it_is_being_cancelled(shop: Shop) -> None:
    claire, voucher = issued(shop)
    target = shop.sell(claire, 24, paid=False)
    voiding.begin(shop.loyalty, voucher.id, VoucherState.CANCELLING, who="x")
    first, _ = shop.dolibarr.split_credit(claire, shop.credit_id(voucher), 3, 2)
    shop.dolibarr.use_credit(target, first["rowid"])
    shop.deliver()
    assert shop.voucher(voucher.id).state is VoucherState.CANCELLED
    assert (shop.balance(claire), shop.free_credit(claire)) == (70, 0)
    shop.prove()


def test_a_credit_that_staff_moves_or_unlinks_is_followed(any_shop: Shop) -> None:
    shop = any_shop
    claire, voucher = issued(shop)
    first, second = (shop.sell(claire, 24, paid=False) for _ in range(2))
    shop.use(voucher, first)
    shop.dolibarr.use_credit(second, shop.credit_id(voucher))  # trap 3: silently moved
    assert usage.look_at(shop.loyalty, voucher.id).invoice_id == second
    shop.dolibarr.unlink_credit(shop.credit_id(voucher))
    found = usage.look_at(shop.loyalty, voucher.id)
    assert (found.state, found.remaining, found.invoice_id) == (VoucherState.ACTIVE, 5, None)
    shop.use(voucher, second)
    shop.sync()
    shop.sweep()
    shop.prove()


def test_an_unlinked_percentage_stays_worth_what_its_credit_note_says(shop: Shop) -> None:
    claire = shop.rich(80)
    voucher = shop.redeem(claire, "10-percent")
    shop.use(voucher, shop.sell(claire, 120, paid=False))
    note = shop.voucher(voucher.id)
    shop.dolibarr.unlink_credit(shop.credit_id(note))
    usage.look_at(shop.loyalty, voucher.id)
    used = shop.use(voucher, shop.sell(claire, 500, paid=False))
    assert used.amount == 12
    assert len(shop.credit_notes()) == 1
    shop.prove()


def test_a_credit_note_deleted_on_16_is_named_and_can_be_cancelled(opened: OpenShop) -> None:
    with opened(version="16") as shop:
        claire, voucher = issued(shop)
        assert shop.dolibarr.delete_invoice(voucher.credit_note_id or 0)
        for row in shop.dolibarr.store.find("discount", "fk_facture_source", voucher.credit_note_id):
            with shop.dolibarr.writing():
                shop.dolibarr.store.remove("discount", row["rowid"])
        assert "deleted" in named(shop)
        shop.sweep()
        with pytest.raises(VoucherNotUsable):
            shop.use(voucher, shop.sell(claire, 24, paid=False))
        assert "its credit note" in named(shop)
        usage.look_at(shop.loyalty, voucher.id)


def test_a_used_credit_note_deleted_on_16_is_named(opened: OpenShop) -> None:
    with opened(version="16") as shop:
        claire, voucher = issued(shop)
        shop.use(voucher, shop.sell(claire, 24, paid=False))
        shop.dolibarr.delete_invoice(voucher.credit_note_id or 0)
        assert "deleted" in named(shop)


def test_a_deleted_note_of_an_unused_voucher_does_not_keep_it_from_being_cancelled(opened: OpenShop) -> None:
    with opened(version="16") as shop:
        claire, voucher = issued(shop)
        shop.dolibarr.delete_invoice(voucher.credit_note_id or 0)
        assert voiding.cancel(shop.loyalty, voucher.id, reason="x", who="x").state is VoucherState.CANCELLED
        assert shop.balance(claire) == 100
        rows = shop.dolibarr.store.find("invoice", "fk_soc", claire)
        assert not [row for row in rows if str(row["ref_ext"]).startswith("loyalty:void:")]


def test_wrong_amounts_states_and_screens_are_named_and_mended(shop: Shop) -> None:
    claire, voucher = issued(shop)
    shop.deliver()
    shop.dolibarr.edit_extrafields("thirdparty", claire, loyalty_points=4711)
    shop.dolibarr.overwrite_invoice(voucher.credit_note_id or 0, total_ttc="-6")
    found = named(shop)
    assert "points shown" in found
    assert "amount of the credit note" in found
    mended = reconcile(shop.loyalty, mend=True)
    assert mended.mended == 1
    shop.dolibarr.overwrite_invoice(voucher.credit_note_id or 0, total_ttc="-5", status=1, paye=0)
    shop.deliver()
    assert "state of the credit note" in named(shop)
    assert "points shown" not in named(shop)
    shop.dolibarr.overwrite_invoice(voucher.credit_note_id or 0, status=2, paye=1, socid=shop.customer("X"))
    assert "customer of the credit note" in named(shop)
    shop.dolibarr.overwrite_invoice(voucher.credit_note_id or 0, socid=claire)
    target = shop.sell(claire, 24, paid=False)
    shop.dolibarr.use_credit(target, shop.credit_id(voucher))
    assert reconcile(shop.loyalty, mend=True).mended == 1
    assert shop.voucher(voucher.id).state is VoucherState.USED
    shop.dolibarr.unlink_credit(shop.credit_id(voucher))
    assert "what is left of the credit" in named(shop)
    shop.dolibarr.set_to_draft(voucher.credit_note_id or 0)
    with shop.dolibarr.writing():
        shop.dolibarr.store.remove("discount", shop.credit_id(voucher))
    assert "its credit" in named(shop)


def test_duplicates_made_by_a_retry_are_removed(any_shop: Shop) -> None:
    shop = any_shop
    claire = shop.rich(100)
    voucher = redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="x")
    body: dict[str, Any] = {"socid": claire, "type": 2, "ref_ext": voucher.ref_ext}
    line = {"subprice": "5", "qty": 1, "tva_tx": 0}
    kept, other = (shop.dolibarr.create_invoice(**body, lines=[line]) for _ in range(2))
    shop.dolibarr.validate(kept)
    shop.deliver()
    assert [row["rowid"] for row in shop.credit_notes()] == [kept]
    assert shop.dolibarr.store.get("invoice", other) is None
    shop.prove()


def test_two_validated_notes_of_one_voucher_are_for_a_person(shop: Shop) -> None:
    claire = shop.rich(100)
    voucher = redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="x")
    line = {"subprice": "5", "qty": 1, "tva_tx": 0}
    for _ in range(2):
        note = shop.dolibarr.create_invoice(socid=claire, type=2, ref_ext=voucher.ref_ext, lines=[line])
        shop.dolibarr.validate(note)
    assert deliver(shop.loyalty).failed == 1
    assert shop.voucher(voucher.id).state is VoucherState.PENDING
    assert "both stand for" in shop.troubles()[0] or "in the books" in shop.troubles()[0]


@pytest.mark.parametrize("made", [0, 1])
def test_refused_for_good_the_points_go_back_to_their_own_lots(shop: Shop, made: int) -> None:
    claire = shop.customer()
    shop.sell(claire, 300)
    shop.sell(claire, 300)
    shop.sync()
    before = {lot.id: lot.remaining for lot in shop.account(claire).lots}
    path = r"/invoices$" if not made else r"/validate$"
    words = '{"error":{"code":500,"message":"Object must have lines to be validated"}}'
    kind = status(500, {"Content-Type": "application/json"}, words)
    shop.dolibarr.inject(Fault(method="POST", path=path, kind=kind, times=1))
    voucher = redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="x")
    shop.deliver()
    assert shop.voucher(voucher.id).state is VoucherState.REFUSED
    assert {lot.id: lot.remaining for lot in shop.account(claire).lots} == before
    assert shop.credit_notes() == []
    assert redemption.redeem(shop.loyalty, claire, "5-off", request_key="b", who="x").points == 50
    redemption.refuse(shop.loyalty, voucher.id, "again")
    shop.deliver()
    shop.prove()


def test_points_return_although_their_lot_is_over_by_now(opened: OpenShop) -> None:
    from dataclasses import replace

    from dolibarr_loyalty.core.terms import Expiry
    from tests.flows.shop import PROGRAM

    with opened(program=replace(PROGRAM, expiry=Expiry(months=1))) as shop:
        claire, voucher = issued(shop)
        shop.clock.pass_(days=50)
        daily(shop.loyalty)
        assert shop.balance(claire) == 0
        voiding.cancel(shop.loyalty, voucher.id, reason="x", who="x")
        assert shop.balance(claire) == 50
        with shop.loyalty.database.transaction() as tx:
            redemption.return_points(tx, shop.loyalty, voucher, "voucher_cancelled")
        assert shop.balance(claire) == 50
        shop.prove()


def test_a_wrong_amount_is_not_used(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    claire = shop.rich(100)
    real = shop.loyalty.books.create

    def one_cent_less(draft: Any) -> int:
        from dataclasses import replace
        from decimal import Decimal

        return real(replace(draft, lines=(replace(draft.lines[0], net_price=Decimal("4.99")),)))

    monkeypatch.setattr(shop.loyalty.books, "create", one_cent_less)
    voucher = redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="x")
    shop.deliver()
    assert (shop.voucher(voucher.id).state, shop.balance(claire)) == (VoucherState.REFUSED, 100)
    assert shop.credit_notes() == []


def test_a_sweep_in_the_middle_of_a_use_leaves_it_alone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    claire = shop.rich(80)
    voucher = shop.redeem(claire, "10-percent")
    real = shop.loyalty.books.create

    def while_others_sweep(draft: Any) -> int:
        assert watch_vouchers(shop.as_worker("other")) == 0
        return int(real(draft))

    monkeypatch.setattr(shop.loyalty.books, "create", while_others_sweep)
    used = shop.use(voucher, shop.sell(claire, 120, paid=False))
    assert (used.amount, used.voucher.value) == (12, 12)
    shop.sync()
    shop.prove()


def test_expiry_in_the_middle_of_a_use_is_refused_cleanly(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    claire, voucher = issued(shop)
    real = usage.check_use

    def and_then_it_expires(*args: Any) -> Any:
        amount = real(*args)
        voiding.begin(shop.loyalty, voucher.id, VoucherState.EXPIRING, who="daily")
        return amount

    monkeypatch.setattr(usage, "check_use", and_then_it_expires)
    with pytest.raises(VoucherNotUsable, match="in this moment"):
        shop.use(voucher, shop.sell(claire, 24, paid=False))
    shop.deliver()
    shop.prove()


def test_a_worker_so_slow_that_another_took_over_moves_no_credit(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    claire, voucher = issued(shop)
    first, second = (shop.sell(claire, 24, paid=False) for _ in range(2))
    real = usage._credit_for
    asleep = [True]

    def sleeps(*args: Any) -> Any:
        found = real(*args)
        if asleep.pop():
            asleep.append(False)
            shop.clock.pass_(minutes=6)
            usage.use(shop.as_worker("other"), shop.code(voucher), str(second), who="x")
        else:
            asleep.append(False)
        return found

    monkeypatch.setattr(usage, "_credit_for", sleeps)
    with pytest.raises(TemporaryFailure, match="took over"):
        shop.use(voucher, first)
    assert shop.voucher(voucher.id).invoice_id == second
    assert shop.dolibarr.remain_to_pay(first) == 24
    shop.sync()
    shop.prove()


def test_who_comes_second_waits(shop: Shop) -> None:
    claire, voucher = issued(shop)
    with redemption.holding(shop.loyalty, voucher.id):
        with pytest.raises(redemption.Busy):
            shop.use(voucher, shop.sell(claire, 24, paid=False))
        assert usage.look_at(shop.loyalty, voucher.id) == voucher
    with pytest.raises(PermanentFailure):
        redemption.issue(shop.loyalty, "unknown")


def test_no_lost_answer_makes_money(any_shop: Shop) -> None:
    shop = any_shop
    claire = shop.rich(200)
    paths = [r"/invoices$", r"/validate$", r"/markAsCreditAvailable$"]
    for number, (path, kind) in enumerate((path, kind) for path in paths for kind in (lost_answer, html_500)):
        shop.dolibarr.inject(Fault(method="POST", path=path, kind=kind))
        voucher = (
            redemption.redeem(shop.loyalty, claire, "5-off", request_key=f"{number}", who="x")
            if (shop.balance(claire) >= 50)
            else None
        )
        if voucher is None:
            break
        assert deliver(shop.loyalty).failed == 0
        shop.clock.pass_(minutes=10)
        shop.deliver()
        assert shop.voucher(voucher.id).state is VoucherState.ACTIVE
    target = shop.sell(claire, 24, paid=False)
    shop.dolibarr.inject(Fault(method="POST", path=r"/usecreditnote/", kind=lost_answer))
    with pytest.raises(TemporaryFailure):
        shop.use(voucher or shop.voucher(""), target) if voucher else shop.use(
            _any_active(shop, claire), target
        )
    watch_vouchers(shop.loyalty)
    assert shop.dolibarr.remain_to_pay(target) == 19
    shop.prove()


def _any_active(shop: Shop, claire: int) -> Voucher:
    from dolibarr_loyalty.store import vouchers

    with shop.loyalty.database.reading() as tx:
        return next(v for v in vouchers.of_member(tx, claire) if v.state is VoucherState.ACTIVE)


def test_a_customer_without_email_gets_the_voucher_at_the_credit_note(shop: Shop) -> None:
    claire = shop.rich(100, email="")
    shop.redeem(claire)
    assert shop.letterbox.mails == []
    labels = [row["label"] for row in shop.dolibarr.store.rows("event")]
    assert any("no email" in label for label in labels)
    with shop.loyalty.database.reading() as tx:
        assert outbox.page(tx, None, "", 10) == []


def test_under_another_voucher_key_no_code_is_printed_until_the_former_is_back(shop: Shop) -> None:
    claire = shop.rich(100)
    voucher = redemption.redeem(shop.loyalty, claire, "5-off", request_key="counter", who="test")
    wrong = shop.as_worker("other", secret=b"another key of thirty-two bytes!")
    assert deliver(wrong).failed == 0
    assert (shop.voucher(voucher.id).state, shop.credit_notes()) == (VoucherState.PENDING, [])
    assert "Put the former key back" in "; ".join(shop.troubles())
    shop.clock.pass_(hours=1)
    shop.deliver()
    assert shop.voucher(voucher.id).state is VoucherState.ACTIVE
    assert any(shop.code(voucher) in mail.text for mail in shop.letterbox.mails)
    shop.prove()
