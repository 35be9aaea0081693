"""Vouchers of every accounting way cancelled, expired and replaced in a real Dolibarr, its own totals the witness.

The tables are those of tests/flows/test_voiding.py; run as the other live tests are.
"""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from dolibarr_loyalty.app import App
from dolibarr_loyalty.config import Answers, SecretFrom, load, write_initial
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, code_of
from dolibarr_loyalty.flows import delivery, redemption, replacing, usage, voiding
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.sync import sync
from dolibarr_loyalty.flows.verify import verify
from dolibarr_loyalty.store import vouchers
from tests.flows.test_voiding import CANCELLED, EXPIRED, USED_AND_CANCELLED, USED_AND_EXPIRED
from tests.flows.voucher_ways import CARD_WAYS, REWARD_WAYS, Totals, program_of

pytestmark = pytest.mark.live
NOTHING = Totals(*(Decimal(0) for _ in range(5)))


@dataclass(frozen=True)
class Shop:
    """A real Dolibarr with a gift card product of this run, as staff use it and as the program does."""

    app: App
    staff: Client
    product: int
    ref: str

    def going(self, way: str) -> Loyalty:
        """The program of a shop that goes this way, on the same database and Dolibarr."""
        program = program_of(way)
        cards = tuple(replace(card, products=(self.ref.lower(),)) for card in program.gift_cards)
        zone = self.app.loyalty.program.zone
        membership = self.app.loyalty.program.membership
        wanted = replace(program, gift_cards=cards, zone=zone, membership=membership)
        return replace(self.app.loyalty, program=wanted)

    def invoice(self, customer: int, *lines: dict[str, Any], **fields: Any) -> int:
        today = datetime.now(UTC).strftime("%Y-%m-%d")
        body = {"socid": customer, "type": 0, "date": today, "lines": list(lines), **fields}
        number = int(self.staff.post("/invoices", body))
        self.staff.post(f"/invoices/{number}/validate", {})
        return number

    def pay(self, invoice: int) -> None:
        account = next(a for a in self.staff.get_list("/bankaccounts") if str(a["courant"]) != "2")
        paid_at = int(datetime.now(UTC).timestamp())
        body = {
            "datepaye": paid_at,
            "paymentid": 2,
            "closepaidinvoices": "yes",
            "accountid": int(account["id"]),
        }
        self.staff.post(f"/invoices/{invoice}/payments", body)

    def buyer(self, loyalty: Loyalty) -> int:
        mark = secrets.token_hex(4)
        body = {"name": f"Voided {mark}", "client": 1, "code_client": "auto", "email": f"{mark}@example.com"}
        customer = int(self.staff.post("/thirdparties", body))
        bought = self.invoice(customer, line("mugs", 500, 20), line("books", "75.82938", "5.5"))
        self.pay(bought)
        sync(loyalty)
        return customer

    def voucher(self, loyalty: Loyalty, way: str, customer: int) -> Voucher:
        if way in REWARD_WAYS:
            key = secrets.token_hex(8)
            made = redemption.redeem(loyalty, customer, "5-off", request_key=key, who="live")
        else:
            fields = {"type": 3} if way == "deposit" else {}
            card = line("gift card", 50, 0, fk_product=self.product)
            self.pay(self.invoice(customer, card, **fields))
            sync(loyalty)
        delivery.deliver(loyalty)
        with loyalty.database.reading() as tx:
            found = vouchers.of_member(tx, customer)
        wanted = found if way in CARD_WAYS else [each for each in found if each.id == made.id]
        assert [str(each.state) for each in wanted] == ["active"]
        return wanted[0]

    def totals(self, customer: int) -> Totals:
        """What all documents of a customer come to, as Dolibarr tells it."""
        listed = self.staff.get_list("/invoices", {"thirdparty_ids": customer, "limit": 0})
        rows = [self.staff.get(f"/invoices/{row['id']}") for row in listed if str(row["status"]) != "0"]
        turnover = [row for row in rows if str(row["type"]) != "3"]
        open_ = [row for row in rows if str(row["type"]) != "2" and str(row["paye"]) == "0"]
        lines = [each for row in turnover for each in row["lines"]]
        free = self.staff.get_list(f"/thirdparties/{customer}/fixedamountdiscounts", {"filter": "available"})
        return Totals(
            net=_sum(row["total_ht"] for row in turnover),
            vat=_sum(row["total_tva"] for row in turnover),
            owed=_sum(row["remaintopay"] for row in open_),
            credit=_sum(row["amount_ttc"] for row in free),
            card=_sum(each["total_ht"] for each in lines if str(each["fk_product"]) == str(self.product)),
        )


def line(text: str, net: object, vat: object, **fields: Any) -> dict[str, Any]:
    return {"desc": text, "qty": 1, "subprice": str(net), "tva_tx": str(vat), "product_type": 0, **fields}


def _sum(amounts: Any) -> Decimal:
    return sum((Decimal(str(amount or 0)) for amount in amounts), Decimal(0))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("voiding")
    url = os.environ["LOYALTY_LIVE_URL"]
    answers = Answers(
        dolibarr_url=url,
        api_key=SecretFrom(env="LOYALTY_LIVE_API_KEY"),
        admin_key=SecretFrom(env="LOYALTY_LIVE_ADMIN_KEY"),
        mail_kind="maildir",
        mail_folder="mails",
        sender_address="shop@example.com",
        shop_name="Live shop",
        member_page_url="https://loyalty.example.com/m/{member}",
    )
    app = App(load(write_initial(folder, language="en", answers=answers), os.environ))
    staff = Client(url, os.environ["LOYALTY_LIVE_ADMIN_KEY"])
    ref = f"CARD-{secrets.token_hex(3).upper()}"
    body = {"ref": ref, "label": "Gift card", "type": 1, "price": 50, "tva_tx": 0, "status": 1}
    product = int(staff.post("/products", body))
    sync(app.loyalty)
    yield Shop(app, staff, product, ref)
    app.close()


def end(loyalty: Loyalty, voucher: Voucher, how: str) -> None:
    """Cancel it, or let it expire without waiting for its last day; twice."""
    for _ in range(2):
        if how == "cancelled":
            voiding.cancel(loyalty, voucher.id, reason="live test", who="live")
        else:
            voiding.begin(loyalty, voucher.id, VoucherState.EXPIRING, who="live")
            voiding.void(loyalty, voucher.id)


@pytest.mark.parametrize("way", [*REWARD_WAYS, *CARD_WAYS])
@pytest.mark.parametrize("how", ["cancelled", "expired"])
def test_unused(shop: Shop, way: str, how: str) -> None:
    loyalty = shop.going(way)
    customer = shop.buyer(loyalty)
    before = shop.totals(customer)
    voucher = shop.voucher(loyalty, way, customer)
    end(loyalty, voucher, how)
    assert shop.totals(customer) - before == (CANCELLED if how == "cancelled" else EXPIRED)[way]
    assert verify(loyalty).deviations == ()


@pytest.mark.parametrize("way", list(USED_AND_CANCELLED))
@pytest.mark.parametrize("how", ["cancelled", "expired"])
def test_used_in_part(shop: Shop, way: str, how: str) -> None:
    loyalty = shop.going(way)
    customer = shop.buyer(loyalty)
    target = shop.invoice(customer, line("goods", 20, 20))
    before = shop.totals(customer)
    voucher = shop.voucher(loyalty, way, customer)
    part = voucher.value * 2 / 5
    usage.use(loyalty, code_of(voucher.id, loyalty.secret), str(target), amount=part, who="live")
    end(loyalty, voucher, how)
    table = USED_AND_CANCELLED if how == "cancelled" else USED_AND_EXPIRED
    assert shop.totals(customer) - before == table[way]
    assert verify(loyalty).deviations == ()


@pytest.mark.parametrize("way", [*REWARD_WAYS, *CARD_WAYS])
def test_replaced(shop: Shop, way: str) -> None:
    loyalty = shop.going(way)
    customer = shop.buyer(loyalty)
    first = shop.invoice(customer, line("goods", 20, 20))
    voucher = shop.voucher(loyalty, way, customer)
    part = voucher.value * 2 / 5
    usage.use(loyalty, code_of(voucher.id, loyalty.secret), str(first), amount=part, who="live")
    before = shop.totals(customer)
    new = replacing.replace(loyalty, voucher.id, reason="lost", who="live")
    assert replacing.replace(loyalty, voucher.id, reason="lost", who="live") == new
    assert shop.totals(customer) - before == NOTHING
    assert new.remaining == voucher.value - part
    target = shop.invoice(customer, line("goods", 60, 20))
    code = code_of(new.id, loyalty.secret)
    used = usage.use(loyalty, code, str(target), amount=new.remaining, who="live")
    assert used.invoice.remaining == 72 - new.remaining
    assert verify(loyalty).deviations == ()
