"""`reconcile --accounts`: register, journal and Dolibarr to the cent, or the document that differs by its number."""

from datetime import date
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.voucher_moves import MoveKind
from dolibarr_loyalty.flows.account_proofs import AccountProof, prove_accounts
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.flows.verify import verify
from dolibarr_loyalty.flows.voiding import cancel
from tests.conftest import OpenShop
from tests.flows.shop import Shop


def proven(shop: Shop, month: date | None = None) -> AccountProof:
    shop.sync()
    shop.deliver()
    return prove_accounts(shop.loyalty, month=month)


def named(shop: Shop) -> str:
    return "; ".join(str(each) for each in proven(shop).deviations)


def busy_shop(shop: Shop) -> int:
    """A customer with a voucher used, one cancelled, one expired and one left."""
    claire = shop.rich(400)
    used, cancelled = shop.redeem(claire), shop.redeem(claire)
    shop.use(used, shop.sell(claire, 24, paid=False))
    cancel(shop.loyalty, cancelled.id, reason="x", who="x")
    shop.redeem(claire, "20-off")
    shop.redeem(claire)
    return claire


def test_everything_agrees_and_comes_to_the_cent(any_shop: Shop) -> None:
    shop = any_shop
    busy_shop(shop)
    proof = proven(shop)
    assert proof.deviations == ()
    sums = proof.sums["EUR"]
    assert (sums.register, sums.journal, sums.free, sums.credited) == (25, 25, 25, 25)
    assert (sums.used, sums.paid, sums.vouchers, sums.on_the_way) == (5, 5, 4, 0)
    (movement,) = proof.movements
    assert (movement.opening, movement.closing) == (0, 25)
    assert movement.moved == {MoveKind.ISSUED: 35, MoveKind.USED: -5, MoveKind.CANCELLED: -5}


def test_a_month_has_its_opening_its_movements_and_its_closing(shop: Shop) -> None:
    busy_shop(shop)
    shop.clock.now = shop.clock.now.replace(year=2030)
    daily(shop.loyalty)
    proof = proven(shop, date(2026, 3, 17))
    assert (proof.deviations, proof.vouchers, proof.movements[0].closing) == ((), 4, 25)
    proof = proven(shop, date(2030, 3, 1))
    (movement,) = proof.movements
    assert (proof.deviations, proof.vouchers) == ((), 2)
    assert (movement.opening, movement.moved, movement.closing) == (25, {MoveKind.EXPIRED: -25}, 0)
    assert proven(shop, date(2028, 1, 1)).vouchers == 0


def test_the_document_that_differs_is_named_with_what_was_expected(any_shop: Shop) -> None:
    shop = any_shop
    claire = busy_shop(shop)
    note = shop.credit_notes()[-1]
    shop.dolibarr.overwrite_invoice(note["rowid"], total_ttc="-6")
    assert f"credit note {note['ref']} of voucher" in named(shop)
    assert "its amount should be 5, it is 6" in named(shop)
    shop.dolibarr.overwrite_invoice(note["rowid"], total_ttc="-5", socid=shop.customer("X"))
    assert "its customer" in named(shop)
    shop.dolibarr.overwrite_invoice(note["rowid"], socid=claire)
    shop.dolibarr.set_to_draft(note["rowid"])
    assert "its state should be closed, it is draft" in named(shop)


def test_a_credit_used_or_unlinked_behind_our_back_is_named(shop: Shop) -> None:
    claire = shop.rich(100)
    voucher = shop.redeem(claire)
    target = shop.sell(claire, 24, paid=False)
    shop.dolibarr.use_credit(target, shop.credit_id(voucher))
    found = named(shop)
    assert "its free credit should be 5, it is 0" in found
    assert f"what it paid on invoice {target} should be 0, it is 5" in found
    assert "all vouchers in EUR: free credits in Dolibarr should be 5, it is 0" in found
    shop.sweep()
    assert proven(shop).deviations == ()


def test_a_document_that_only_looks_like_a_vouchers_is_named(any_shop: Shop) -> None:
    shop = any_shop
    claire = shop.rich(100)
    voucher = shop.redeem(claire)
    line = {"subprice": "5", "qty": 1, "tva_tx": 0}
    twin = shop.dolibarr.create_invoice(socid=claire, type=2, ref_ext=voucher.ref_ext, lines=[line])
    assert proven(shop).deviations == ()  # a draft counts in no books
    shop.dolibarr.validate(twin)
    ref = shop.dolibarr.invoice(twin)["ref"]
    assert f"document {ref}: its voucher" in named(shop)


def test_a_deleted_credit_note_is_named(opened: OpenShop) -> None:
    with opened(version="16") as shop:
        voucher = shop.redeem(shop.rich(100))
        shop.dolibarr.delete_invoice(voucher.credit_note_id or 0)
        found = {str(each) for each in prove_accounts(shop.loyalty).deviations}
        assert any("deleted in Dolibarr" in each and voucher.credit_note_ref in each for each in found)


def test_what_is_on_its_way_is_counted_and_not_compared(shop: Shop) -> None:
    from dolibarr_loyalty.flows import redemption

    claire = shop.rich(100)
    redemption.redeem(shop.loyalty, claire, "5-off", request_key="a", who="x")
    proof = prove_accounts(shop.loyalty)
    assert (proof.deviations, proof.sums["EUR"].on_the_way) == ((), 1)


def test_the_credits_are_asked_for_once_per_customer(shop: Shop) -> None:
    claire = shop.rich(900)
    for _ in range(10):
        shop.redeem(claire)
    shop.forget_calls()
    assert prove_accounts(shop.loyalty).vouchers == 10
    assert shop.calls("GET", "fixedamountdiscounts") == 2
    assert shop.calls() <= 5


def test_a_cent_that_vanishes_from_the_journal_is_found_by_verify(shop: Shop) -> None:
    voucher = shop.redeem(shop.rich(100))
    with shop.loyalty.database.transaction() as tx:
        tx.connection.exec_driver_sql(
            "UPDATE llx_loyalty_vouchers SET remaining_minor = 499 WHERE id = ?", (voucher.id,)
        )
    found = [str(each) for each in verify(shop.loyalty).deviations]
    assert found == [f"voucher {voucher.id}: what is left should be 5, it is 4.99"]
    assert "what is left should be 5, it is 4.99" in named(shop)


@pytest.mark.parametrize(
    ("amounts", "state", "remaining", "told"),
    [
        (("5", "-6", "1"), "active", "0", "what was left after move 2"),
        (("5", "-2"), "used", "3", "what is left of one that is used"),
        (("5",), "partly_used", "5", "used in part"),
    ],
)
def test_states_that_moves_do_not_bear_out_are_named(
    shop: Shop, amounts: tuple[str, ...], state: str, remaining: str, told: str
) -> None:
    from dataclasses import replace

    from dolibarr_loyalty.core.voucher_moves import Move
    from dolibarr_loyalty.core.vouchers import VoucherState
    from dolibarr_loyalty.flows.voucher_proofs import compare_journal

    voucher = shop.redeem(shop.rich(100))
    kinds = {True: MoveKind.ISSUED, False: MoveKind.USED}
    moves = [
        Move(
            kind=kinds[Decimal(amount) > 0],
            amount=Decimal(amount),
            day=shop.loyalty.today(),
            at=shop.clock.now,
            who="x",
            key=str(place),
            invoice_id=7 if Decimal(amount) < 0 else None,
        )
        for place, amount in enumerate(amounts)
    ]
    wrong = replace(voucher, state=VoucherState(state), remaining=Decimal(remaining))
    assert told in "; ".join(str(each) for each in compare_journal(wrong, moves))
