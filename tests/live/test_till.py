"""Open tickets of the till in a real Dolibarr, 16.0.3 to 23: cards and reductions put on, given back, paid.

A ticket made by REST is a draft of TakePOS as any; only its number differs, `(PROV123)` for `(PROV-POS1-0)`.
"""

# Whole numbers stand for Decimal amounts, for they compare equal.
# mypy: disable-error-code="comparison-overlap"

import secrets
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from dolibarr_loyalty.core.program import VoucherTerms
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import TicketNotPayable
from dolibarr_loyalty.flows import till
from dolibarr_loyalty.flows.adjustment import adjust
from dolibarr_loyalty.flows.sync import sync
from dolibarr_loyalty.flows.tickets import Ticket
from dolibarr_loyalty.store.reservations import Hold
from tests.live.test_cards_sold import WAYS, Cards, shop

pytestmark = pytest.mark.live

__all__ = ["shop"]

MUG = {"desc": "Mug", "qty": 1, "subprice": 10, "tva_tx": 20, "product_type": 0}
BOOK = {"desc": "Book", "qty": 1, "subprice": 20, "tva_tx": 5.5, "product_type": 0}


def ticket(shop: Cards, customer: int) -> int:
    """12.00 and 21.10 with VAT."""
    body = {"socid": customer, "type": 0, "module_source": "takepos", "pos_source": "1"}
    day = shop.loyalty.now().astimezone(shop.loyalty.zone).date().isoformat()
    return int(shop.staff.post("/invoices", {**body, "date": day, "lines": [MUG, BOOK]}))


def close(shop: Cards, number: int) -> dict[str, Any]:
    """As the till does: validated, then paid."""
    shop.staff.post(f"/invoices/{number}/validate", {})
    shop.pay(number)
    shop.settle()
    found: dict[str, Any] = shop.staff.get(f"/invoices/{number}")
    return found


def totals(json: dict[str, Any]) -> tuple[Decimal, Decimal]:
    return Decimal(json["total_tva"]), Decimal(json["total_ttc"])


def put(shop: Cards, voucher: Voucher, number: int, amount: str | None = None) -> till.Taken:
    wanted = None if amount is None else Decimal(amount)
    return till.take(shop.loyalty, shop.code(voucher), str(number), amount=wanted, who="live")


@WAYS
def test_a_sold_card_pays_a_ticket_in_parts(shop: Cards, way: str) -> None:
    buyer, guest = shop.customer("Till Buyer", "en_GB"), shop.customer("Till Guest", "en_GB")
    sale = shop.sell(buyer, way)
    (card,) = shop.cards(sale)
    number = ticket(shop, guest)
    untaxed = totals(shop.staff.get(f"/invoices/{number}"))
    assert untaxed == (Decimal("3.10"), Decimal("33.10"))
    taken = put(shop, card, number, "12.50")
    assert (taken.ticket.gross, taken.voucher.remaining) == (Decimal("20.60"), Decimal("37.50"))
    assert put(shop, card, number, "12.50").ticket.gross == Decimal("20.60")  # twice has the effect of once
    back = till.give_back(shop.loyalty, shop.code(card), str(number), who="live")
    assert (back.ticket.gross, back.voucher.remaining) == (Decimal("33.10"), 50)
    assert put(shop, card, number, "12.50").take.state is Hold.PLACED
    assert totals(close(shop, number)) == (Decimal("3.10"), Decimal("20.60"))  # the VAT stays
    (after,) = shop.cards(sale)
    assert (after.state, after.remaining) == (VoucherState.PARTLY_USED, Decimal("37.50"))
    with pytest.raises(TicketNotPayable):
        till.give_back_voucher(
            shop.loyalty, after, Ticket(terminal="", place="", sale=taken.ticket), who="live"
        )
    shop.agree(sale)


def test_a_reduction_carries_the_vat_of_the_goods(shop: Cards) -> None:
    terms = VoucherTerms(accounting="discount")
    shop = replace(shop, program=replace(shop.program, vouchers=terms))
    customer = shop.customer("Till Reduction", "en_GB")
    sync(shop.loyalty)
    adjust(shop.loyalty, customer, 100, reason="live", who="live", request_key=secrets.token_hex(8))
    voucher = shop.redeem(customer, "5-off")
    assert (voucher.value, voucher.credit_note_id) == (5, None)
    number = ticket(shop, customer)
    assert put(shop, voucher, number).ticket.gross == Decimal("28.10")
    assert put(shop, voucher, number).ticket.gross == Decimal("28.10")
    back = till.give_back(shop.loyalty, shop.code(voucher), str(number), who="live")
    assert back.ticket.gross == Decimal("33.10")
    assert put(shop, voucher, number).take.state is Hold.HELD
    vat, gross = totals(close(shop, number))
    assert gross == Decimal("28.10")
    assert vat == Decimal("2.63")  # 3.10 less 0.30 in 1.81 at 20 % and 0.17 in 3.19 at 5.5 %
    after = shop.voucher(voucher.id)
    assert (after.state, after.remaining) == (VoucherState.USED, 0)
    assert shop.free(customer) == []
