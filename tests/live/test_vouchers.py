"""Whole lives of vouchers in a real Dolibarr, 16.0.3 to 23, in each way through the books, in awkward cents.

Every voucher is worth 19.99: given for points, or sold as a gift card. What its documents come to is read from
Dolibarr alone (invoice totals, line totals, credits of the customers) and compared with tables computed by hand.
"""

# Whole numbers stand for Decimal amounts, for they compare equal.
# mypy: disable-error-code="comparison-overlap"

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from dolibarr_loyalty.app import App
from dolibarr_loyalty.config import Answers, SecretFrom, load, write_initial
from dolibarr_loyalty.connectors.dolibarr import installer
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.program import Reward
from dolibarr_loyalty.core.voucher_moves import MoveKind, used_by_invoice
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, code_of
from dolibarr_loyalty.errors import LoyaltyError
from dolibarr_loyalty.flows import delivery, redemption, replacing, usage, voiding
from dolibarr_loyalty.flows.account_proofs import prove_accounts
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.reconcile import compare_voucher
from dolibarr_loyalty.flows.selling import cards_of_sale
from dolibarr_loyalty.flows.sync import sweep, sync
from dolibarr_loyalty.flows.verify import verify
from dolibarr_loyalty.store import alarms, voucher_moves, vouchers
from tests.flows.shop import PROGRAM
from tests.flows.voucher_ways import Totals

pytestmark = pytest.mark.live

D = Decimal
WAYS = ("payment", "credit_note", "discount", "deposit", "liability")
CARDS = ("deposit", "liability")
EACH_WAY = pytest.mark.parametrize("way", WAYS)
PART, REST, VALUE = D("7.35"), D("12.64"), D("19.99")


def table(net: str, vat: str, owed: str, credit: str, card: str) -> Totals:
    return Totals(D(net), D(vat), D(owed), D(credit), D(card))


# Sums over all documents beside the goods: net, VAT, owed by customers, free credit, net of the card's product.
#
# A voucher of 19.99. The rebate (credit_note) falls on past purchases of 120.00 at 20 % and 80.00 at 5.5 %: by largest
# remainder 11.99 (net 9.99, VAT 2.00) and 8.00 (net 7.58, VAT 0.42).
ISSUED = {
    "payment": table("-19.99", "0", "0", "19.99", "0"),
    "credit_note": table("-17.57", "-2.42", "0", "19.99", "0"),
    "discount": table("0", "0", "0", "0", "0"),
    "deposit": table("0", "0", "0", "19.99", "0"),
    "liability": table("19.99", "0", "0", "0", "19.99"),
}
# 7.35 of it on FIRST, 19.99 at 5.5 % and 30.01 at 20 %: as a discount 2.94 (net 2.79, VAT 0.15) and 4.41 (3.68, 0.73).
PART_USED = {
    "payment": table("-19.99", "0", "-7.35", "12.64", "0"),
    "credit_note": table("-17.57", "-2.42", "-7.35", "12.64", "0"),
    "discount": table("-6.47", "-0.88", "-7.35", "0", "0"),
    "deposit": table("0", "0", "-7.35", "12.64", "0"),
    "liability": table("12.64", "0", "-7.35", "0", "12.64"),
}
# The other 12.64 on SECOND, 10.00 at 5.5 % and 30.00 at 20 %: 3.16 (net 3.00, VAT 0.16) and 9.48 (7.90, 1.58).
ALL_USED = {
    "payment": table("-19.99", "0", "-19.99", "0", "0"),
    "credit_note": table("-17.57", "-2.42", "-19.99", "0", "0"),
    "discount": table("-17.37", "-2.62", "-19.99", "0", "0"),
    "deposit": table("0", "0", "-19.99", "0", "0"),
    "liability": table("0", "0", "-19.99", "0", "0"),
}
# The other 12.64 cancelled: what is left of the rebate is 7.35 of its 8.00 at 5.5 %, net 6.97 and VAT 0.38. A card
# stays sold until its sale is credited: the deposit's credit is consumed by an invoice, the liability stays.
REST_CANCELLED = {
    "payment": table("-7.35", "0", "-7.35", "0", "0"),
    "credit_note": table("-6.97", "-0.38", "-7.35", "0", "0"),
    "discount": table("-6.47", "-0.88", "-7.35", "0", "0"),
    "deposit": table("12.64", "0", "-7.35", "0", "0"),
    "liability": table("12.64", "0", "-7.35", "0", "12.64"),
}
# Expired: the same, and the liability becomes income.
REST_EXPIRED = {**REST_CANCELLED, "liability": table("12.64", "0", "-7.35", "0", "0")}
# All of it on an invoice of 19.99 at 5.5 % (net 18.95, VAT 1.04), which it pays to the cent.
WHOLE_USED = {**ALL_USED, "discount": table("-18.95", "-1.04", "-19.99", "0", "0")}


def line(net: str, vat: str, **fields: Any) -> dict[str, Any]:
    return {"desc": "goods", "qty": 1, "subprice": net, "tva_tx": vat, "product_type": 0, **fields}


FIRST = (line("18.95", "5.5"), line("25.01", "20"))
SECOND = (line("9.48", "5.5"), line("25.00", "20"))
EXACT = (line("18.95", "5.5"),)
PAST = (line("100", "20"), line("75.83", "5.5"))


@dataclass(frozen=True)
class Shop:
    """A real Dolibarr as staff use it and as the program does, with a gift card product of this run."""

    app: App
    staff: Client
    product: int
    ref: str
    made: set[int]

    @property
    def is_16(self) -> bool:
        return str(self.staff.get("/status")["success"]["dolibarr_version"]).startswith("16")

    def going(self, way: str) -> Loyalty:
        """The program of a shop that goes this way; vouchers are good for whoever shows them, in parts."""
        before = self.app.loyalty.program
        accounting: Any = "payment" if way in CARDS else way
        terms = replace(PROGRAM.vouchers, accounting=accounting, uses="several", bearer=True)
        sold: Any = way if way in CARDS else "liability"
        card = GiftCard(id="card", products=(self.ref.lower(),), way=sold)
        rewards = (Reward(id="off", kind="amount", points=20, value=VALUE),)
        program = replace(PROGRAM, vouchers=terms, gift_cards=(card,), rewards=rewards)
        wanted = replace(program, zone=before.zone, membership=before.membership)
        return replace(self.app.loyalty, program=wanted)

    # staff ------------------------------------------------------------------------------------------
    def customer(self) -> int:
        mark = secrets.token_hex(4)
        body = {"name": f"Voucher {mark}", "client": 1, "code_client": "auto", "email": f"{mark}@example.com"}
        number = int(self.staff.post("/thirdparties", body))
        self.made.add(number)
        return number

    def invoice(self, customer: int, *lines: dict[str, Any], **fields: Any) -> int:
        today = datetime.now(UTC).strftime("%Y-%m-%d")
        body = {"socid": customer, "type": 0, "date": today, "lines": list(lines), **fields}
        number = int(self.staff.post("/invoices", body))
        self.staff.post(f"/invoices/{number}/validate", {})
        return number

    def pay(self, invoice: int) -> None:
        account = next(a for a in self.staff.get_list("/bankaccounts") if str(a["courant"]) != "2")
        at = int(datetime.now(UTC).timestamp())
        body = {"datepaye": at, "paymentid": 2, "closepaidinvoices": "yes", "accountid": int(account["id"])}
        self.staff.post(f"/invoices/{invoice}/payments", body)

    def remaining(self, invoice: int) -> Decimal:
        return D(str(self.staff.get(f"/invoices/{invoice}")["remaintopay"]))

    # the program ------------------------------------------------------------------------------------
    def buyer(self, loyalty: Loyalty) -> int:
        customer = self.customer()
        self.pay(self.invoice(customer, *PAST))
        sync(loyalty)
        return customer

    def voucher(self, loyalty: Loyalty, way: str, customer: int) -> Voucher:
        """A reward for points, or a gift card that was sold; active."""
        if way in CARDS:
            fields = {"type": 3} if way == "deposit" else {}
            sale = self.invoice(customer, line("19.99", "0", fk_product=self.product), **fields)
            self.pay(sale)
            sync(loyalty)
            delivery.deliver(loyalty)
            (found,) = cards_of_sale(loyalty, sale)
        else:
            key = secrets.token_hex(8)
            made = redemption.redeem(loyalty, customer, "off", request_key=key, who="live")
            delivery.deliver(loyalty)
            found = stored(loyalty, made)
        assert (found.state, found.value, found.accounting) == (VoucherState.ACTIVE, VALUE, way)
        return found

    # the witness ------------------------------------------------------------------------------------
    def totals(self, *customers: int) -> Totals:
        """What all documents of these customers come to, as Dolibarr tells it; deposits are payments."""
        rows, free = [], []
        for customer in customers:
            rows += [row for row in self._documents(customer) if str(row["status"]) != "0"]
            path = f"/thirdparties/{customer}/fixedamountdiscounts"
            free += self.staff.get_list(path, {"filter": "available"})
        turnover = [row for row in rows if str(row["type"]) != "3"]
        owed = [row for row in rows if str(row["type"]) in ("0", "3")]
        lines = [each for row in turnover for each in row["lines"]]
        return Totals(
            net=summed(row["total_ht"] for row in turnover),
            vat=summed(row["total_tva"] for row in turnover),
            owed=summed(row["remaintopay"] for row in owed),
            credit=summed(row["amount_ttc"] for row in free),
            card=summed(each["total_ht"] for each in lines if str(each["fk_product"]) == str(self.product)),
        )

    def agree(self, loyalty: Loyalty, *lives: Voucher) -> None:
        """What `reconcile`, `reconcile --accounts` and `verify` compare is equal. Documents of other runs, whose
        databases are not here, are strangers."""
        compare(loyalty, *lives)
        proof = prove_accounts(loyalty)
        refs = {row["ref"] for each in self.made for row in self._documents(each)}
        wrong = [
            each
            for each in proof.deviations
            if each.what != "its voucher" or each.where.removeprefix("document ") in refs
        ]
        assert [str(each) for each in wrong] == []
        assert verify(loyalty).deviations == ()

    def _documents(self, customer: int) -> list[dict[str, Any]]:
        return self.staff.get_list("/invoices", {"thirdparty_ids": customer, "limit": 0})


def compare(loyalty: Loyalty, *lives: Voucher) -> None:
    for voucher in lives:
        assert [str(each) for each in compare_voucher(loyalty, stored(loyalty, voucher))] == []


def summed(amounts: Any) -> Decimal:
    return sum((D(str(amount or 0)) for amount in amounts), D(0))


def stored(loyalty: Loyalty, voucher: Voucher) -> Voucher:
    with loyalty.database.reading() as tx:
        found = vouchers.by_id(tx, voucher.id)
    assert found is not None
    return found


def use(loyalty: Loyalty, voucher: Voucher, invoice: int, amount: Decimal) -> usage.Use:
    code = code_of(voucher.id, loyalty.secret)
    return usage.use(loyalty, code, str(invoice), amount=amount, who="live")


def told(loyalty: Loyalty, voucher: Voucher) -> list[str]:
    with loyalty.database.reading() as tx:
        return [each.kind for each in alarms.of_voucher(tx, voucher.id)]


def used_on(loyalty: Loyalty, voucher: Voucher) -> dict[int, Decimal]:
    with loyalty.database.reading() as tx:
        return used_by_invoice(voucher_moves.of_voucher(tx, voucher.id))


def kinds(loyalty: Loyalty, voucher: Voucher) -> list[tuple[str, Decimal]]:
    with loyalty.database.reading() as tx:
        return [(str(move.kind), move.amount) for move in voucher_moves.of_voucher(tx, voucher.id)]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("vouchers")
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
    capabilities = app.books.capabilities  # type: ignore[attr-defined]
    installer.apply(staff, installer.plan(staff, capabilities, language="en"))
    ref = f"LIFE-{secrets.token_hex(3).upper()}"
    body = {"ref": ref, "label": "Gift card", "type": 1, "price": 19.99, "tva_tx": 0, "status": 1}
    product = int(staff.post("/products", body))
    sync(app.loyalty)
    yield Shop(app, staff, product, ref, set())
    app.close()


@EACH_WAY
def test_used_in_parts_then_moved_by_staff_then_its_invoice_deleted(shop: Shop, way: str) -> None:
    loyalty = shop.going(way)
    customer = shop.buyer(loyalty)
    first, second = shop.invoice(customer, *FIRST), shop.invoice(customer, *SECOND)
    third = shop.invoice(customer, *FIRST)
    before = shop.totals(customer)
    voucher = shop.voucher(loyalty, way, customer)
    assert shop.totals(customer) - before == ISSUED[way]

    assert use(loyalty, voucher, first, PART).invoice.remaining == D("42.65")
    assert shop.totals(customer) - before == PART_USED[way]
    assert stored(loyalty, voucher).state is VoucherState.PARTLY_USED
    assert use(loyalty, voucher, first, PART).invoice.remaining == D("42.65")  # twice has the effect of once
    compare(loyalty, voucher)

    assert use(loyalty, voucher, second, REST).invoice.remaining == D("27.36")
    assert shop.totals(customer) - before == ALL_USED[way]
    assert stored(loyalty, voucher).state is VoucherState.USED
    assert told(loyalty, voucher) == []
    compare(loyalty, voucher)

    for row in loyalty.books.credits(customer):
        if row.used_on == first:
            shop.staff.post(f"/invoices/{third}/usecreditnote/{row.id}", {})
    sweep(loyalty)
    usage.look_at(loyalty, voucher.id)
    assert used_on(loyalty, voucher) == {third: PART, second: REST}
    assert told(loyalty, voucher) == ["voucher_moved"]
    assert (shop.remaining(first), shop.remaining(third)) == (50, D("42.65"))
    assert shop.totals(customer) - before == ALL_USED[way]
    compare(loyalty, voucher)

    is_deleted = deleted(shop, third)
    sync(loyalty)
    sweep(loyalty)
    usage.look_at(loyalty, voucher.id)
    found = stored(loyalty, voucher)
    assert used_on(loyalty, voucher) == ({second: REST} if is_deleted else {third: PART, second: REST})
    assert found.remaining == (PART if is_deleted else 0)
    assert found.state is (VoucherState.PARTLY_USED if is_deleted else VoucherState.USED)
    compare(loyalty, voucher)
    if is_deleted:
        assert use(loyalty, voucher, first, PART).invoice.remaining == D("42.65")
        assert stored(loyalty, voucher).state is VoucherState.USED
    shop.agree(loyalty, voucher)


def deleted(shop: Shop, invoice: int) -> bool:
    """Staff reopens an invoice and deletes it, where this version lets them."""
    with suppress(LoyaltyError):
        shop.staff.post(f"/invoices/{invoice}/settodraft", {"idwarehouse": -1})
    with suppress(LoyaltyError):
        shop.staff.delete(f"/invoices/{invoice}")
    left = shop.staff.get_list("/invoices", {"sqlfilters": f"(t.rowid:=:{invoice})"})
    if left and str(left[0]["status"]) == "0":
        shop.staff.post(f"/invoices/{invoice}/validate", {})
    return not left


@EACH_WAY
@pytest.mark.parametrize("how", ["cancelled", "expired"])
def test_a_part_used_by_another_customer_the_rest_ended(shop: Shop, way: str, how: str) -> None:
    loyalty = shop.going(way)
    owner, other = shop.buyer(loyalty), shop.customer()
    target = shop.invoice(other, *FIRST)
    sync(loyalty)
    before = shop.totals(owner, other)
    voucher = shop.voucher(loyalty, way, owner)
    assert use(loyalty, voucher, target, PART).invoice.remaining == D("42.65")
    assert shop.totals(owner, other) - before == PART_USED[way]
    compare(loyalty, voucher)
    for _ in range(2):
        if how == "cancelled":
            voiding.cancel(loyalty, voucher.id, reason="live test", who="live")
        else:
            voiding.begin(loyalty, voucher.id, VoucherState.EXPIRING, who="live")
            voiding.void(loyalty, voucher.id)
    wanted = REST_CANCELLED if how == "cancelled" else REST_EXPIRED
    assert shop.totals(owner, other) - before == wanted[way]
    assert kinds(loyalty, voucher) == [("issued", VALUE), ("used", -PART), (how, -REST)]
    assert shop.remaining(target) == D("42.65")
    assert told(loyalty, voucher) == []
    shop.agree(loyalty, voucher)


@EACH_WAY
def test_lost_after_a_use_replaced_and_used_up_by_another_customer(shop: Shop, way: str) -> None:
    loyalty = shop.going(way)
    owner, other = shop.buyer(loyalty), shop.customer()
    first, second = shop.invoice(owner, *FIRST), shop.invoice(other, *SECOND)
    sync(loyalty)
    before = shop.totals(owner, other)
    voucher = shop.voucher(loyalty, way, owner)
    use(loyalty, voucher, first, PART)
    new = replacing.replace(loyalty, voucher.id, reason="lost", who="live")
    assert shop.totals(owner, other) - before == PART_USED[way]
    assert (stored(loyalty, voucher).state, new.remaining) == (VoucherState.REPLACED, REST)
    compare(loyalty, voucher, new)
    with pytest.raises(LoyaltyError):
        use(loyalty, voucher, second, REST)
    assert use(loyalty, new, second, REST).invoice.remaining == D("27.36")
    assert shop.totals(owner, other) - before == ALL_USED[way]
    assert stored(loyalty, new).state is VoucherState.USED
    assert kinds(loyalty, new) == [(str(MoveKind.REPLACEMENT), REST), ("used", -REST)]
    shop.agree(loyalty, voucher, new)


@EACH_WAY
def test_all_of_it_pays_an_invoice_that_is_reopened_and_credited(shop: Shop, way: str) -> None:
    loyalty = shop.going(way)
    customer = shop.buyer(loyalty)
    target = shop.invoice(customer, *EXACT)  # not read yet, so it is none of the past purchases
    before = shop.totals(customer)
    voucher = shop.voucher(loyalty, way, customer)
    use(loyalty, voucher, target, VALUE)
    assert shop.totals(customer) - before == WHOLE_USED[way]
    paid = shop.staff.get(f"/invoices/{target}")
    assert (str(paid["status"]), str(paid["paye"])) == ("2", "1")
    compare(loyalty, voucher)

    shop.staff.post(f"/invoices/{target}/settounpaid", {})
    sync(loyalty)
    sweep(loyalty)
    assert used_on(loyalty, voucher) == {target: VALUE}
    assert shop.totals(customer) - before == WHOLE_USED[way]
    compare(loyalty, voucher)

    shop.invoice(customer, *EXACT, type=2, fk_facture_source=target)
    sync(loyalty)
    sweep(loyalty)
    assert told(loyalty, voucher) == ["refunded_after_use"]
    assert used_on(loyalty, voucher) == {target: VALUE}
    refunded = Totals(D("-18.95"), D("-1.04"), D(0), D(0), D(0))
    assert shop.totals(customer) - before - refunded == WHOLE_USED[way]
    shop.agree(loyalty, voucher)
