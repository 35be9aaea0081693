"""Tiers, stamp cards, joint promotions and clubs carried through a real Dolibarr, 16.0.3 to 23."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from email.header import decode_header, make_header
from pathlib import Path

import pytest

from dolibarr_loyalty.app import App
from dolibarr_loyalty.config import Answers, SecretFrom, load, write_initial
from dolibarr_loyalty.connectors.dolibarr import installer
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.core.benefits import Benefit
from dolibarr_loyalty.core.clubs import Club
from dolibarr_loyalty.core.partners import Partner, Share
from dolibarr_loyalty.core.program import Program, Reward, Rule
from dolibarr_loyalty.core.terms import Match
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.core.wallets import StampCard
from dolibarr_loyalty.flows import usage
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.flows.sync import sync
from dolibarr_loyalty.flows.verify import verify
from dolibarr_loyalty.reports.partners import statement
from dolibarr_loyalty.store import ledger, vouchers
from tests.live.test_journey import Shop

pytestmark = pytest.mark.live

GOLD_TAG, COFFEE, CLUB = "Loyalty gold", "LIVE-COFFEE", "LIVE-CLUB"


@dataclass(frozen=True)
class Kinds(Shop):
    """The shop under a program of every kind."""

    program: Program = field(default_factory=Program)
    products: dict[str, int] = field(default_factory=dict)

    @property
    def loyalty(self) -> Loyalty:
        return replace(self.app.loyalty, program=self.program)

    def buy(self, customer: int, ref: str, number: int, price: float) -> int:
        line = {
            "desc": ref,
            "qty": number,
            "subprice": round(price / 1.2, 5),
            "tva_tx": 20,
            "fk_product": self.products[ref],
        }
        invoice = self.invoice(customer, 0, lines=[line])
        self.pay(invoice)
        return invoice

    def settle(self) -> None:
        sync(self.loyalty)
        self.deliver()

    def held(self, customer: int, unit: str) -> int:
        with self.loyalty.database.reading() as tx:
            return ledger.load(tx, [customer], unit=unit)[customer].balance

    def shown(self, customer: int, name: str) -> str:
        options = self.staff.get(f"/thirdparties/{customer}")["array_options"]
        return str(options.get(f"options_{name}") or "")

    def tags(self, customer: int) -> set[str]:
        return {row["label"] for row in self.staff.get_list(f"/thirdparties/{customer}/categories")}


def product(staff: Client, ref: str, price: float) -> int:
    found = staff.get_list("/products", {"sqlfilters": f"(t.ref:=:'{ref}')"})
    if found:
        return int(found[0]["id"])
    body = {"ref": ref, "label": ref, "price": price, "tva_tx": 20, "status": 1, "type": 0}
    return int(staff.post("/products", body))


def program_of_all_kinds(before: Program, partner: int) -> Program:
    rules = (
        Rule(id="base", points=Decimal(1), per=Decimal(1)),
        Rule(id="drinks", kind="unit", unit="stamps:coffee", match=Match(products=(COFFEE.lower(),))),
        Rule(
            id="joint",
            kind="visit",
            points=Decimal(30),
            minimum_amount=Decimal(50),
            promotion=True,
            qualifying=False,
            funding=(Share(partner="roaster", percent=Decimal(40)),),
        ),
    )
    status = TierGroup(
        id="status",
        tiers=(
            Tier(id="silver", threshold=0, names=(("en", "Silver"),)),
            Tier(
                id="gold",
                threshold=200,
                names=(("en", "Gold"),),
                earn_factor=Decimal("1.5"),
                tag=GOLD_TAG,
                benefits=("shipping",),
            ),
        ),
    )
    card = StampCard(id="coffee", size=10, reward="free-coffee", names=(("en", "Coffee card"),))
    free = Reward(
        id="free-coffee", kind="product", points=10, product=COFFEE, limit=Decimal(5), unit="stamps:coffee"
    )
    return replace(
        before,
        rules=rules,
        rewards=(free,),
        cards=(card,),
        tier_groups=(status,),
        benefits=(Benefit(id="shipping", kind="free_shipping", names=(("en", "Free shipping"),)),),
        clubs=(Club(id="club", products=(CLUB.lower(),), names=(("en", "Roasters' club"),)),),
        partners=(Partner(id="roaster", thirdparty_id=partner, point_price=Decimal("0.05")),),
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kinds]:
    folder: Path = tmp_path_factory.mktemp("kinds")
    url = os.environ["LOYALTY_LIVE_URL"]
    answers = Answers(
        dolibarr_url=url,
        api_key=SecretFrom(env="LOYALTY_LIVE_API_KEY"),
        admin_key=SecretFrom(env="LOYALTY_LIVE_ADMIN_KEY"),
        mail_kind="maildir",
        mail_folder="mails",
        sender_address="shop@example.com",
        shop_name="Live shop",
    )
    app = App(load(write_initial(folder, language="en", answers=answers), os.environ))
    staff = Client(url, os.environ["LOYALTY_LIVE_ADMIN_KEY"])
    capabilities = app.books.capabilities  # type: ignore[attr-defined]
    installer.apply(staff, installer.plan(staff, capabilities, language="en", tags=(GOLD_TAG,)))
    partner = int(staff.post("/thirdparties", {"name": f"Roaster {secrets.token_hex(3)}", "client": 1}))
    products = {COFFEE: product(staff, COFFEE, 3), CLUB: product(staff, CLUB, 50)}
    program = program_of_all_kinds(app.loyalty.program, partner)
    shop = Kinds(app, staff, folder, program, products)
    sync(shop.loyalty)
    yield shop
    app.close()


def test_a_member_climbs_a_tier_earns_at_its_rate_and_carries_its_tag(shop: Kinds) -> None:
    customer = shop.customer("Tina Climber", "en_US")
    shop.pay(shop.invoice(customer, 240))
    shop.settle()
    assert shop.balance(customer) == 240 + 30
    assert shop.held(customer, "qualifying:status") == 240
    subjects = [str(make_header(decode_header(mail["Subject"]))) for mail in shop.mails_to(customer)]
    assert any("Gold" in subject for subject in subjects), subjects
    assert GOLD_TAG in shop.tags(customer)
    if not shop.is_16:  # fields cannot be made by REST there
        assert shop.shown(customer, "loyalty_tier").startswith("Gold")
        assert shop.shown(customer, "loyalty_benefits") == "Free shipping"
    second = shop.invoice(customer, 40)
    shop.pay(second)
    shop.settle()
    assert shop.balance(customer) == 270 + 60, "1.5 points per euro in gold"
    shop.refund(customer, second, 40)
    shop.settle()
    assert (shop.balance(customer), shop.held(customer, "qualifying:status")) == (270, 240)


def test_a_full_stamp_card_becomes_a_free_coffee_that_pays_for_one(shop: Kinds) -> None:
    customer = shop.customer("Carl Coffee", "de_DE")
    shop.buy(customer, COFFEE, 7, 3)
    shop.settle()
    assert shop.held(customer, "stamps:coffee") == 7
    if not shop.is_16:
        assert shop.shown(customer, "loyalty_cards") == "Coffee card 7/10"
    shop.buy(customer, COFFEE, 5, 3)
    shop.settle()
    assert shop.held(customer, "stamps:coffee") == 2, "surplus stands on the next card"
    with shop.loyalty.database.reading() as tx:
        (voucher,) = vouchers.of_member(tx, customer)
    assert (voucher.state, voucher.points, voucher.product) == (VoucherState.ACTIVE, 10, COFFEE)
    line = {"desc": "coffee", "qty": 2, "subprice": 2.5, "tva_tx": 20, "fk_product": shop.products[COFFEE]}
    invoice = shop.invoice(customer, 0, lines=[line])
    used = usage.use(shop.loyalty, shop.code(voucher), str(invoice), who="live")
    assert used.amount == Decimal("3.00")
    assert shop.voucher(voucher.id).state is VoucherState.USED
    assert str(shop.staff.get(f"/invoices/{invoice}")["remaintopay"]) in ("3", "3.0", "3.00", "3.00000000")


def test_a_joint_promotion_is_funded_by_its_partner_and_follows_the_refund(shop: Kinds) -> None:
    customer = shop.customer("Paula Partner", "fr_FR")
    invoice = shop.invoice(customer, 60)
    shop.pay(invoice)
    before = owed(shop)
    shop.settle()
    assert owed(shop) - before == Decimal("0.60"), "40 % of 30 points at 0.05"
    shop.refund(customer, invoice, 60)
    shop.settle()
    assert owed(shop) == before


def owed(shop: Kinds) -> Decimal:
    with shop.loyalty.database.reading() as tx:
        found = statement(tx, shop.program, "roaster", datetime.now(UTC).strftime("%Y-%m"))
    return found.granted + found.reversed


def test_the_paid_fee_opens_the_club_and_its_refund_closes_it(shop: Kinds) -> None:
    customer = shop.customer("Clara Club", "en_US")
    fee = shop.buy(customer, CLUB, 1, 60)
    shop.settle()
    if not shop.is_16:
        assert shop.shown(customer, "loyalty_club").startswith("Roasters' club until")
    line = {"desc": CLUB, "qty": 1, "subprice": 50, "tva_tx": 20, "fk_product": shop.products[CLUB]}
    shop.invoice(customer, 0, type=2, fk_facture_source=fee, lines=[line])
    shop.settle()
    if not shop.is_16:
        assert shop.shown(customer, "loyalty_club") == ""


def test_the_work_of_a_day_and_everything_again_change_nothing_and_the_books_are_right(shop: Kinds) -> None:
    daily(shop.loyalty)
    shop.deliver()
    with shop.loyalty.database.reading() as tx:
        entries = tx.value("count_entries")
    sync(shop.loyalty, full=True)
    shop.deliver()
    with shop.loyalty.database.reading() as tx:
        assert tx.value("count_entries") == entries
    assert [str(deviation) for deviation in verify(shop.loyalty).deviations] == []
