"""What attacks on vouchers found: staff in the same moment, and vouchers that ended before documents were kept."""

# Whole numbers stand for Decimal amounts, for they compare equal.
# mypy: disable-error-code="comparison-overlap"

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import VoucherNotUsable
from dolibarr_loyalty.flows import voiding
from dolibarr_loyalty.flows.account_proofs import prove_accounts
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.replacing import replace as replace_voucher
from dolibarr_loyalty.store import alarms, voucher_moves
from dolibarr_loyalty.store.database import Database
from tests.conftest import OpenShop
from tests.flows.shop import Shop, open_shop
from tests.flows.voucher_ways import CARD_WAYS, buyer, shop_with, voucher_for


class Overtaken:
    """The same books, used by somebody whom staff overtakes before the `number`-th reading of credits."""

    def __init__(self, books: Any, staff: Callable[[], None], number: int) -> None:
        self._books, self._staff, self._left = books, staff, number

    def __getattr__(self, name: str) -> Any:
        return getattr(self._books, name)

    def credits(self, *args: Any) -> Any:
        self._left -= 1
        if self._left == 0:
            self._staff()
        return self._books.credits(*args)


def overtaken(shop: Shop, voucher: Voucher, invoice: int, number: int) -> Loyalty:
    books, row = shop.books(), shop.credit_id(voucher)
    late: Any = Overtaken(shop.loyalty.books, lambda: books.use_credit(invoice, row), number)
    return replace(shop.loyalty, books=late)


def moves(shop: Shop, voucher: Voucher) -> list[tuple[str, int]]:
    with shop.loyalty.database.reading() as tx:
        return [(str(move.kind), int(move.amount)) for move in voucher_moves.of_voucher(tx, voucher.id)]


def told(shop: Shop, voucher: Voucher) -> list[str]:
    with shop.loyalty.database.reading() as tx:
        return [each.kind for each in alarms.of_voucher(tx, voucher.id)]


def settled(shop: Shop) -> None:
    shop.clock.pass_(minutes=10)
    shop.sync()
    shop.sweep()
    shop.deliver()
    assert prove_accounts(shop.loyalty).deviations == ()


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("version", ["16", "23"])
def test_what_staff_uses_while_it_is_replaced_is_not_replaced(
    sqlite: Database, version: str, number: int
) -> None:
    with open_shop(sqlite, version=version) as shop:
        claire = shop.rich(500)
        voucher, invoice = shop.redeem(claire, "20-off"), shop.sell(claire, 100, paid=False)
        with pytest.raises(VoucherNotUsable, match="it is used"):
            replace_voucher(overtaken(shop, voucher, invoice, number), voucher.id, reason="lost", who="x")
        settled(shop)
        assert (shop.dolibarr.remain_to_pay(invoice), shop.free_credit(claire)) == (80, 0)
        assert moves(shop, voucher) == [("issued", 20), ("used", -20)]


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("version", ["16", "23"])
def test_what_staff_uses_while_it_is_cancelled_brings_no_points_back(
    sqlite: Database, version: str, number: int
) -> None:
    with open_shop(sqlite, version=version) as shop:
        claire = shop.rich(500)
        voucher, invoice = shop.redeem(claire, "20-off"), shop.sell(claire, 100, paid=False)
        before = shop.balance(claire)
        late = overtaken(shop, voucher, invoice, number)
        try:
            voiding.cancel(late, voucher.id, reason="wrong", who="x")
        except VoucherNotUsable as refusal:
            assert "it is used" in str(refusal)  # noqa: PT017
        settled(shop)
        assert shop.voucher(voucher.id).state is VoucherState.USED
        assert (shop.dolibarr.remain_to_pay(invoice), shop.balance(claire)) == (80, before)
        assert moves(shop, voucher) == [("issued", 20), ("used", -20)]


@pytest.mark.parametrize("is_taken_in", [True, False])
def test_a_voucher_cancelled_before_documents_were_kept_keeps_its_counter_invoice(
    sqlite: Database, is_taken_in: bool
) -> None:
    """Releases before this one wrote down no counter invoices: theirs are neither uses nor made by hand."""
    with open_shop(sqlite) as shop:
        claire = shop.rich(500)
        voucher = shop.redeem(claire, "20-off")
        voiding.cancel(shop.loyalty, voucher.id, reason="wrong", who="x")
        if is_taken_in:
            shop.sync()
        with sqlite.transaction() as tx:
            tx.connection.exec_driver_sql("DELETE FROM llx_loyalty_voucher_notes WHERE role = 'counter'")
        assert prove_accounts(shop.loyalty).deviations != ()
        settled(shop)
        assert told(shop, voucher) == []
        assert moves(shop, voucher) == [("issued", 20), ("cancelled", -20)]


@pytest.mark.parametrize("way", CARD_WAYS)
def test_cards_stay_proven_when_the_program_sells_none_any_more(way: str, opened: OpenShop) -> None:
    with shop_with(opened, way) as shop:
        card = voucher_for(shop, way, buyer(shop))
        shop.loyalty = replace(shop.loyalty, program=replace(shop.loyalty.program, gift_cards=()))
        assert prove_accounts(shop.loyalty).deviations == ()
        assert shop.voucher(card.id).remaining == 50
