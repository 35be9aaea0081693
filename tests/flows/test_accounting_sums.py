"""What all documents of a customer come to over a voucher's life, in each way, at the rates of each country.

A voucher or gift card of 20.00 pays 12.00 of an invoice over 60.00 gross at the standard rate, the rest comes in
money; the goods come back and are credited; what is left of the voucher, 8.00, expires. The figures were computed
by hand from the rates alone; Dolibarr's own totals are the witness.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from sqlalchemy import inspect

from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.flows.account_proofs import prove_accounts
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.flows.verify import verify
from dolibarr_loyalty.store import vouchers
from tests.conftest import OpenShop
from tests.flows.shop import Shop
from tests.flows.voucher_ways import CARD_WAYS, program_of, totals, use_part

WAYS = ("payment", "credit_note", "discount", "deposit", "liability")


@dataclass(frozen=True)
class Rate:
    """A country's standard rate, and what is net of 60.00, 20.00, 12.00 and 8.00 gross at it."""

    rate: str
    sixty: str
    twenty: str
    twelve: str
    eight: str


# 60/1.20 = 50.00; 20/1.20 = 16.666…; 12/1.20 = 10.00; 8/1.20 = 6.666…; and so on.
RATES = {
    "FR": Rate("20", "50.00", "16.67", "10.00", "6.67"),
    "DE": Rate("19", "50.42", "16.81", "10.08", "6.72"),
    "AT": Rate("20", "50.00", "16.67", "10.00", "6.67"),
    "BE": Rate("21", "49.59", "16.53", "9.92", "6.61"),
    "CH": Rate("8.1", "55.50", "18.50", "11.10", "7.40"),
}


@dataclass(frozen=True)
class Books:
    """Net and VAT of all documents but deposits, what is owed, money received, free credits, the cards' account."""

    net: str
    vat: str
    owed: str
    cash: str
    credit: str
    card: str = "0"

    def figures(self) -> tuple[Decimal, ...]:
        texts = (self.net, self.vat, self.owed, self.cash, self.credit, self.card)
        return tuple(Decimal(text) for text in texts)


def vat(gross: str, net: str) -> Decimal:
    return Decimal(gross) - Decimal(net)


def at_issue(way: str, rate: Rate) -> Books:
    """What the issue, or the sale of the card, brings about."""
    return {
        "payment": Books("-20", "0", "0", "0", "20"),
        "credit_note": Books(f"-{rate.twenty}", f"{-vat('20', rate.twenty)}", "0", "0", "20"),
        "discount": Books("0", "0", "0", "0", "0"),
        "deposit": Books("0", "0", "0", "20", "20"),
        "liability": Books("20", "0", "0", "20", "0", "20"),
    }[way]


def at_use(way: str, rate: Rate) -> Books:
    """What the invoice over 60.00 and 12.00 of the voucher on it bring about; 48.00 are still owed."""
    net, tax = rate.sixty, f"{vat('60', rate.sixty)}"
    less = f"{Decimal(net) - Decimal(rate.twelve)}"
    less_tax = f"{Decimal(tax) - vat('12', rate.twelve)}"
    return {
        "payment": Books(net, tax, "48", "0", "-12"),
        "credit_note": Books(net, tax, "48", "0", "-12"),
        "discount": Books(less, less_tax, "48", "0", "0"),
        "deposit": Books(net, tax, "48", "0", "-12"),
        "liability": Books(f"{Decimal(net) - 12}", tax, "48", "0", "0", "-12"),
    }[way]


def at_refund(rate: Rate) -> Books:
    """The money comes in, then all goods come back: a credit note over them, which nobody has paid out yet."""
    return Books(f"-{rate.sixty}", f"{-vat('60', rate.sixty)}", "-48", "48", "0")


def at_expiry(way: str, rate: Rate, version: str) -> Books:
    """What the end of the 8.00 left brings about: income, or a reduction that is taken back."""
    rest = f"{Decimal(rate.twenty) - Decimal(rate.twelve)}"
    if version == "23":
        rest = rate.eight  # Dolibarr splits the credit and computes each part's net by itself
    return {
        "payment": Books("8", "0", "0", "0", "-8"),
        "credit_note": Books(rest, f"{vat('8', rest)}", "0", "0", "-8"),
        "discount": Books("0", "0", "0", "0", "0"),
        "deposit": Books("8", "0", "0", "0", "-8"),
        "liability": Books("0", "0", "0", "0", "0", "-8"),
    }[way]


def books(shop: Shop, customer: int) -> tuple[Decimal, ...]:
    found = totals(shop, customer)
    invoices = {row["rowid"] for row in shop.dolibarr.store.find("invoice", "fk_soc", customer)}
    parts = shop.dolibarr.store.rows("payment_part")
    cash = sum((Decimal(part["amount"]) for part in parts if part["fk_facture"] in invoices), Decimal(0))
    return found.net, found.vat, found.owed, cash, found.credit, found.card


def step(shop: Shop, customer: int, before: tuple[Decimal, ...], expected: Books) -> tuple[Decimal, ...]:
    now = books(shop, customer)
    assert tuple(a - b for a, b in zip(now, before, strict=True)) == expected.figures()
    return now


def issued(shop: Shop, way: str, customer: int) -> Voucher:
    if way not in CARD_WAYS:
        return shop.redeem(customer, "20-off")
    (card,) = shop.dolibarr.store.find("product", "ref", "CARD")
    line = {"desc": "card", "qty": 1, "subprice": "20", "tva_tx": 0, "fk_product": card["rowid"]}
    shop.sell(customer, lines=[line], **({"type": 3} if way == "deposit" else {}))
    shop.sync()
    shop.deliver()
    with shop.loyalty.database.reading() as tx:
        (found,) = (each for each in vouchers.of_member(tx, customer) if each.source == "sold")
    return found


def live(shop: Shop, way: str, rate: Rate, version: str) -> None:
    """One voucher's life, the books compared after every step."""
    customer = shop.rich(200)
    shop.deliver()
    now = books(shop, customer)
    voucher = issued(shop, way, customer)
    now = step(shop, customer, now, at_issue(way, rate))
    line = {"desc": "goods", "qty": 1, "subprice": _price(rate), "tva_tx": rate.rate}
    target = shop.sell(customer, lines=[line], paid=False)
    use_part(shop, voucher, target, 12)
    now = step(shop, customer, now, at_use(way, rate))
    shop.dolibarr.pay(target)
    shop.dolibarr.refund(target, [line])
    now = step(shop, customer, now, at_refund(rate))
    shop.clock.now = shop.clock.now.replace(year=shop.clock.now.year + 5)
    daily(shop.loyalty)
    shop.deliver()
    step(shop, customer, now, at_expiry(way, rate, version))
    assert shop.voucher(voucher.id).state is VoucherState.EXPIRED
    shop.sync()
    assert [str(each) for each in verify(shop.loyalty).deviations] == []
    assert [str(each) for each in prove_accounts(shop.loyalty).deviations] == []


def _price(rate: Rate) -> str:
    """The net price of which Dolibarr makes 60.00 gross."""
    return str((Decimal(60) / (1 + Decimal(rate.rate) / 100)).quantize(Decimal("0.00001")))


@pytest.mark.parametrize("version", ["16", "23"])
@pytest.mark.parametrize("way", WAYS)
def test_net_vat_receivable_cash_and_credits_equal_the_table(
    opened: OpenShop, way: str, version: str
) -> None:
    for rate in RATES.values():
        program = program_of(way)
        terms = replace(program.vouchers, vat_rate=Decimal(rate.rate) if way == "credit_note" else Decimal(0))
        with opened(version=version, program=replace(program, vouchers=terms)) as shop:
            shop.dolibarr.create_product(ref="CARD", label="Gift card", price="20", tva_tx=0)
            _empty(shop)
            live(shop, way, rate, version)


def _empty(shop: Shop) -> None:
    """The next country begins with nothing in the database either."""
    with shop.loyalty.database.engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for name in inspect(connection).get_table_names():
            if name.startswith("llx_loyalty_"):
                connection.exec_driver_sql(f"DELETE FROM {name}")
