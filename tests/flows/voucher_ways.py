"""Vouchers of every accounting way in a shop, and what all documents of a customer come to in Dolibarr."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.flows import usage
from dolibarr_loyalty.store import vouchers
from tests.conftest import OpenShop
from tests.flows.shop import PROGRAM, Shop

REWARD_WAYS = ("payment", "credit_note", "split", "discount")
CARD_WAYS = ("deposit", "liability")
DRAFT = 0


@dataclass(frozen=True)
class Totals:
    """All documents of a customer together, deposits left out of net and VAT, for they are payments.

    `owed` is what remains to be paid on open invoices, `credit` what is free of the customer's credits, `card`
    the net of the lines that carry the gift card's product: what its account holds.
    """

    net: Decimal
    vat: Decimal
    owed: Decimal
    credit: Decimal
    card: Decimal

    def __sub__(self, other: "Totals") -> "Totals":
        pairs = zip(self.figures(), other.figures(), strict=True)
        return Totals(*(mine - theirs for mine, theirs in pairs))

    def figures(self) -> tuple[Decimal, ...]:
        return self.net, self.vat, self.owed, self.credit, self.card


def totals(shop: Shop, customer: int) -> Totals:
    rows = [r for r in shop.dolibarr.store.find("invoice", "fk_soc", customer) if r["fk_statut"] != DRAFT]
    turnover = [row for row in rows if row["type"] != 3]
    cards = {row["rowid"] for row in shop.dolibarr.store.rows("product") if row["ref"] == "CARD"}
    free = [row for row in shop.dolibarr.store.find("discount", "fk_soc", customer) if not _is_used(row)]
    open_ = [row for row in rows if row["type"] != 2 and row["paye"] == 0]
    return Totals(
        net=_sum(row["total_ht"] for row in turnover),
        vat=_sum(row["total_tva"] for row in turnover),
        owed=_sum(shop.dolibarr.remain_to_pay(row["rowid"]) for row in open_),
        credit=_sum(row["amount_ttc"] for row in free),
        card=_sum(
            line["total_ht"] for row in turnover for line in row["lines"] if line["fk_product"] in cards
        ),
    )


def _is_used(row: dict[str, Any]) -> bool:
    return row["fk_facture"] is not None or row["fk_facture_line"] is not None


def _sum(amounts: Any) -> Decimal:
    return sum((Decimal(str(amount)) for amount in amounts), Decimal(0))


def program_of(way: str, **changes: Any) -> Program:
    """The program of a shop that goes this way; vouchers and cards are used in parts."""
    terms = replace(
        PROGRAM.vouchers,
        accounting="credit_note" if way == "split" else way if way in REWARD_WAYS else "payment",
        vat_rate=Decimal(20) if way == "credit_note" else Decimal(0),
        uses="several",
        **changes,
    )
    card: Any = way if way in CARD_WAYS else "liability"
    cards = (GiftCard(id="card", products=("card",), way=card, bearer=False),)
    return replace(PROGRAM, vouchers=terms, gift_cards=cards)


@contextmanager
def shop_with(opened: OpenShop, way: str, version: str = "23", **changes: Any) -> Iterator[Shop]:
    """A shop that goes this way, with the product CARD."""
    with opened(version=version, program=program_of(way, **changes)) as shop:
        shop.dolibarr.create_product(ref="CARD", label="Gift card", price="50", tva_tx=0)
        yield shop


def buyer(shop: Shop) -> int:
    """A customer who bought for 120 at 20 % and for 80 at 5.5 %, gross, and has points for it."""
    customer = shop.customer()
    lines = [
        {"desc": "mugs", "qty": 1, "subprice": "100", "tva_tx": 20},
        {"desc": "books", "qty": 1, "subprice": "75.829384", "tva_tx": 5.5},
    ]
    shop.sell(customer, lines=lines)
    shop.sell(customer, 600)
    shop.sync()
    return customer


def voucher_for(shop: Shop, way: str, customer: int) -> Voucher:
    """A reward voucher of 5 for 50 points, or a gift card of 50 that the customer bought."""
    if way in REWARD_WAYS:
        return shop.redeem(customer)
    card = next(row["rowid"] for row in shop.dolibarr.store.rows("product") if row["ref"] == "CARD")
    line = {"desc": "card", "qty": 1, "subprice": "50", "tva_tx": 0, "fk_product": card}
    shop.sell(customer, lines=[line], **({"type": 3} if way == "deposit" else {}))
    shop.sync()
    shop.deliver()
    with shop.loyalty.database.reading() as tx:
        (found,) = (each for each in vouchers.of_member(tx, customer) if each.source == "sold")
    return found


def use_part(shop: Shop, voucher: Voucher, invoice: int, amount: object) -> usage.Use:
    """Pay a part of an invoice with a part of a voucher."""
    return usage.use(shop.loyalty, shop.code(voucher), str(invoice), amount=Decimal(str(amount)), who="test")
