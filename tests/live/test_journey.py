"""The whole journey against a real Dolibarr, 16.0.3 to 23: it creates customers of its own and leaves them.

Run with `pytest -m live` and LOYALTY_LIVE_URL, LOYALTY_LIVE_API_KEY (least rights) and LOYALTY_LIVE_ADMIN_KEY
set. Mails go into a Maildir below the test's own folder.
"""

import mailbox
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dolibarr_loyalty.app import App
from dolibarr_loyalty.config import Answers, SecretFrom, load, write_initial
from dolibarr_loyalty.connectors.dolibarr import checks, installer
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.core.sale import State
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, code_of
from dolibarr_loyalty.errors import InsufficientPoints, InvoiceNotPayable, VoucherNotUsable
from dolibarr_loyalty.flows import delivery, redemption, usage, voiding
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.flows.reconcile import compare_voucher
from dolibarr_loyalty.flows.sync import follow_hints, sweep, sync
from dolibarr_loyalty.flows.verify import verify
from dolibarr_loyalty.store import ledger, vouchers

pytestmark = pytest.mark.live


@dataclass(frozen=True)
class Shop:
    """The real Dolibarr, as staff use it (admin key) and as the program does."""

    app: App
    staff: Client
    folder: Path

    @property
    def loyalty(self) -> Loyalty:
        return self.app.loyalty

    @property
    def is_16(self) -> bool:
        return str(self.staff.get("/status")["success"]["dolibarr_version"]).startswith("16")

    def customer(self, name: str, language: str, *, email: bool = True) -> int:
        mark = secrets.token_hex(4)
        body = {"name": f"{name} {mark}", "client": 1, "code_client": "auto", "default_lang": language}
        if email:
            body["email"] = f"{mark}@example.com"
        return int(self.staff.post("/thirdparties", body))

    def invoice(self, customer: int, gross: float, *, vat: float = 20, **fields: Any) -> int:
        net = round(gross / (1 + vat / 100), 5)
        body = {
            "socid": customer,
            "type": 0,
            "date": datetime.now(UTC).strftime("%Y-%m-%d"),
            "lines": [{"desc": "goods", "qty": 1, "subprice": net, "tva_tx": vat, "product_type": 0}],
            **fields,
        }
        number = int(self.staff.post("/invoices", body))
        self.staff.post(f"/invoices/{number}/validate", {})
        return number

    def pay(self, invoice: int) -> None:
        account = next(a for a in self.staff.get_list("/bankaccounts") if str(a["courant"]) != "2")
        body = {
            "datepaye": int(datetime.now(UTC).timestamp()),
            "paymentid": 2,
            "closepaidinvoices": "yes",
            "accountid": int(account["id"]),
        }
        self.staff.post(f"/invoices/{invoice}/payments", body)

    def refund(self, customer: int, source: int, gross: float) -> int:
        return self.invoice(customer, gross, type=2, fk_facture_source=source)

    def balance(self, customer: int) -> int:
        with self.loyalty.database.reading() as tx:
            return ledger.load(tx, [customer])[customer].balance

    def voucher(self, voucher_id: str) -> Voucher:
        with self.loyalty.database.reading() as tx:
            found = vouchers.by_id(tx, voucher_id)
        assert found is not None
        return found

    def redeem(self, customer: int, reward: str) -> Voucher:
        voucher = redemption.redeem(
            self.loyalty, customer, reward, request_key=secrets.token_hex(8), who="live"
        )
        self.deliver()
        return self.voucher(voucher.id)

    def deliver(self) -> None:
        done = delivery.deliver(self.loyalty)
        assert (done.waiting, done.failed) == (0, 0)

    def code(self, voucher: Voucher) -> str:
        return code_of(voucher.id, self.loyalty.secret)

    def mails_to(self, customer: int) -> list[mailbox.MaildirMessage]:
        address = self.staff.get(f"/thirdparties/{customer}")["email"]
        box = mailbox.Maildir(self.folder / "mails", create=False)
        return [mail for mail in box if address in str(mail["To"])]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("live")
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
    shop = Shop(app, staff, folder)
    capabilities = app.books.capabilities  # type: ignore[attr-defined]
    installer.apply(staff, installer.plan(staff, capabilities, language="en"))
    sync(app.loyalty)
    yield shop
    app.close()


def test_the_doctor_finds_nothing_wrong_with_the_rights(shop: Shop) -> None:
    found = checks.run(
        shop.app.client,
        admin=shop.app.admin_client,
        shop_zone=shop.loyalty.zone,
        now=datetime.now(UTC),
        language="en",
    )
    wrong = [check for check in found if check.ok is False]
    if shop.is_16:  # fields must be made by hand there
        wrong = [check for check in wrong if "field" not in check.name.casefold()]
    assert wrong == []


def test_a_paid_invoice_becomes_a_voucher_that_pays_an_invoice(shop: Shop) -> None:
    customer = shop.customer("Käthe Größer", "de_DE")
    bought = shop.invoice(customer, 600)
    sync(shop.loyalty)
    assert shop.balance(customer) == 0  # not paid yet
    shop.pay(bought)
    sync(shop.loyalty)
    assert shop.balance(customer) == 60

    voucher = shop.redeem(customer, "5-off")
    assert voucher.state is VoucherState.ACTIVE
    assert shop.balance(customer) == 10
    assert compare_voucher(shop.loyalty, voucher) == []
    note = shop.staff.get(f"/invoices/{voucher.credit_note_id}")
    assert (str(note["type"]), str(note["status"]), str(note["paye"])) == ("2", "2", "1")
    assert note["ref_client"] == shop.code(voucher)

    target = shop.invoice(customer, 24)
    used = usage.use(shop.loyalty, shop.code(voucher), str(target), who="live")
    assert used.voucher.state is VoucherState.USED
    assert used.invoice.remaining == 19
    again = usage.use(shop.loyalty, shop.code(voucher), str(target), who="live")
    assert again.invoice.remaining == 19  # twice has the effect of once
    shop.pay(target)
    sync(shop.loyalty)
    assert shop.balance(customer) == 11  # 19 of the 24 were money
    shop.deliver()


def test_the_customer_gets_welcome_and_voucher_in_her_language(shop: Shop) -> None:
    customer = shop.customer("Zoé L’Hôte", "fr_FR")
    shop.pay(shop.invoice(customer, 500))
    sync(shop.loyalty)
    shop.redeem(customer, "5-off")
    subjects = {str(mail["Subject"]) for mail in shop.mails_to(customer)}
    assert any("Bienvenue" in subject for subject in subjects)
    voucher_mail = next(mail for mail in shop.mails_to(customer) if "bon" in str(mail["Subject"]).casefold())
    types = [part.get_content_type() for part in voucher_mail.walk()]
    assert {"text/plain", "text/html", "image/png", "application/pdf"} <= set(types)
    delivery.deliver(shop.loyalty)
    assert len(shop.mails_to(customer)) == len(subjects)  # none is sent twice


def test_a_voucher_paying_all_of_an_invoice_closes_it(shop: Shop) -> None:
    customer = shop.customer("Full Payer", "en_US")
    shop.pay(shop.invoice(customer, 500))
    sync(shop.loyalty)
    voucher = shop.redeem(customer, "5-off")
    target = shop.invoice(customer, 5)
    used = usage.use(shop.loyalty, shop.code(voucher), str(target), who="live")
    assert used.invoice.state is State.PAID


def test_a_percentage_is_taken_off_the_invoice_it_is_used_on(shop: Shop) -> None:
    customer = shop.customer("Percy Percent", "en_US")
    shop.pay(shop.invoice(customer, 800))
    sync(shop.loyalty)
    voucher = shop.redeem(customer, "10-percent")
    assert voucher.credit_note_id is None
    target = shop.invoice(customer, 120)
    used = usage.use(shop.loyalty, shop.code(voucher), str(target), who="live")
    assert (used.amount, used.invoice.remaining) == (12, 108)
    assert compare_voucher(shop.loyalty, used.voucher) == []


def test_a_voucher_is_refused_where_dolibarr_would_take_it(shop: Shop) -> None:
    customer, stranger = shop.customer("Owner", "en_US"), shop.customer("Stranger", "en_US")
    shop.pay(shop.invoice(customer, 500))
    sync(shop.loyalty)
    voucher = shop.redeem(customer, "5-off")
    code = shop.code(voucher)
    with pytest.raises(InvoiceNotPayable):
        usage.use(shop.loyalty, code, str(shop.invoice(stranger, 24)), who="live")
    with pytest.raises(VoucherNotUsable):
        usage.use(shop.loyalty, code, str(shop.invoice(customer, 4)), who="live")
    paid = shop.invoice(customer, 24)
    shop.pay(paid)
    with pytest.raises(InvoiceNotPayable):
        usage.use(shop.loyalty, code, str(paid), who="live")
    assert shop.voucher(voucher.id).state is VoucherState.ACTIVE
    with pytest.raises(InsufficientPoints):
        shop.redeem(customer, "20-off")


def test_a_cancelled_voucher_leaves_no_credit_and_gives_the_points_back(shop: Shop) -> None:
    customer = shop.customer("Canceller", "en_US")
    shop.pay(shop.invoice(customer, 500))
    sync(shop.loyalty)
    voucher = shop.redeem(customer, "5-off")
    cancelled = voiding.cancel(shop.loyalty, voucher.id, reason="live test", who="live")
    assert cancelled.state is VoucherState.CANCELLED
    assert voiding.cancel(shop.loyalty, voucher.id, reason="twice", who="live") == cancelled
    assert shop.balance(customer) == 50
    free = shop.staff.get_list(f"/thirdparties/{customer}/fixedamountdiscounts", {"filter": "available"})
    assert free == []
    sync(shop.loyalty)
    assert shop.balance(customer) == 50  # the counter invoice earns nothing


def test_use_by_staff_in_dolibarr_is_noticed(shop: Shop) -> None:
    customer = shop.customer("Staffed", "en_US")
    shop.pay(shop.invoice(customer, 500))
    sync(shop.loyalty)
    voucher = shop.redeem(customer, "5-off")
    target = shop.invoice(customer, 24)
    rows = shop.loyalty.books.credits(customer, voucher.credit_note_id)
    shop.staff.post(f"/invoices/{target}/usecreditnote/{rows[0].id}", {})
    sweep(shop.loyalty)
    found = shop.voucher(voucher.id)
    assert (found.state, found.invoice_id) == (VoucherState.USED, target)


def test_a_refund_takes_back_the_points_of_what_was_returned(shop: Shop) -> None:
    customer = shop.customer("Returner", "en_US")
    bought = shop.invoice(customer, 300)
    shop.pay(bought)
    sync(shop.loyalty)
    assert shop.balance(customer) == 30
    shop.refund(customer, bought, 100)
    sync(shop.loyalty)
    assert shop.balance(customer) == 20
    shop.refund(customer, bought, 200)
    sync(shop.loyalty)
    assert shop.balance(customer) == 0


def test_a_deposit_earns_with_the_final_invoice_only(shop: Shop) -> None:
    customer = shop.customer("Depositor", "en_US")
    deposit = shop.invoice(customer, 100, type=3)
    shop.pay(deposit)
    sync(shop.loyalty)
    assert shop.balance(customer) == 0
    final = shop.invoice(customer, 300)
    credit = shop.loyalty.books.credits(customer, deposit)[0]
    shop.staff.post(f"/invoices/{final}/usecreditnote/{credit.id}", {})
    shop.pay(final)
    sync(shop.loyalty)
    assert shop.balance(customer) == 30


def test_the_screens_show_the_balance_and_leave_other_fields_alone(shop: Shop) -> None:
    customer = shop.customer("Shown", "en_US")
    if not shop.is_16:
        shop.staff.put(f"/thirdparties/{customer}", {"array_options": {"options_loyalty_card": "keep me"}})
    shop.pay(shop.invoice(customer, 500))
    sync(shop.loyalty)
    shop.redeem(customer, "5-off")
    events = shop.staff.get_list(
        "/agendaevents", {"sqlfilters": f"(t.fk_soc:=:{customer})", "sortfield": "t.id"}
    )
    labels = " | ".join(str(event["label"]) for event in events)
    assert "Redeemed" in labels
    assert "Voucher issued" in labels
    if not shop.is_16:
        options = shop.staff.get(f"/thirdparties/{customer}")["array_options"]
        assert int(options["options_loyalty_points"]) == 0
        assert options["options_loyalty_link"] == f"https://loyalty.example.com/m/{customer}"


def test_a_merged_customer_takes_points_and_voucher_along(shop: Shop) -> None:
    if shop.is_16:
        pytest.skip("16.0.3 answers 500 to merging by REST (facts, section e)")
    kept, gone = shop.customer("Kept", "en_US"), shop.customer("Gone", "en_US")
    shop.pay(shop.invoice(gone, 700))
    sync(shop.loyalty)
    voucher = shop.redeem(gone, "5-off")
    shop.staff.put(f"/thirdparties/{kept}/merge/{gone}", {})
    sweep(shop.loyalty)
    assert (shop.balance(kept), shop.balance(gone)) == (20, 0)
    target = shop.invoice(kept, 24)
    used = usage.use(shop.loyalty, shop.code(voucher), str(target), who="live")
    assert used.voucher.state is VoucherState.USED
    assert used.invoice.remaining == 19


def test_goods_returned_recall_the_unused_voucher_they_paid_for(shop: Shop) -> None:
    customer = shop.customer("Recalled", "en_US")
    bought = shop.invoice(customer, 500)
    shop.pay(bought)
    sync(shop.loyalty)
    voucher = shop.redeem(customer, "5-off")
    shop.refund(customer, bought, 500)
    sync(shop.loyalty)
    shop.deliver()
    assert shop.voucher(voucher.id).state is VoucherState.CANCELLED
    assert shop.balance(customer) == 0


def test_everything_again_changes_nothing(shop: Shop) -> None:
    sync(shop.loyalty)
    shop.deliver()
    follow_hints(shop.loyalty)
    with shop.loyalty.database.reading() as tx:
        before = tx.value("count_entries")
    full = sync(shop.loyalty, full=True)
    sweep(shop.loyalty)
    daily(shop.loyalty)
    with shop.loyalty.database.reading() as tx:
        assert tx.value("count_entries") == before
    assert full.points == 0
    assert verify(shop.loyalty).deviations == ()
