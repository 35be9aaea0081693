"""Cards of before come in with their hashes, and the register goes out as a file that no spreadsheet obeys."""

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.errors import CodeMadeElsewhere, FileMistakes
from dolibarr_loyalty.flows import exporting_vouchers, legacy_cards, lookups
from tests.conftest import OpenShop
from tests.flows.shop import PROGRAM, Shop

FORMULA = "=cmd|' /C calc'!A0"
FILE = b"code;value;valid_until;kind\n4006-381333931;25,00;2029-12-31;\nabc-123;10;;promotion\n"


@pytest.fixture
def with_cards(opened: OpenShop) -> Iterator[Shop]:
    with opened(program=replace(PROGRAM, gift_cards=(GiftCard(id="card", products=("card",)),))) as shop:
        yield shop


def taken_in(shop: Shop) -> legacy_cards.Certificate:
    planned = legacy_cards.plan(shop.loyalty, "cards.csv", FILE)
    batch = legacy_cards.take_in(shop.loyalty, planned, reason="old till", who="anna")
    assert batch is not None
    with shop.loyalty.database.reading() as tx:
        return legacy_cards.certificate(tx, shop.loyalty, batch.id)


def test_cards_come_in_once_and_are_found_by_their_own_codes(with_cards: Shop) -> None:
    shop = with_cards
    certificate = taken_in(shop)
    assert (certificate.is_whole, certificate.cards, certificate.amount) == (True, 2, Decimal(35))
    again = legacy_cards.plan(shop.loyalty, "cards.csv", FILE)
    assert (again.new, again.known) == ((), 2)
    found = lookups.find(shop.loyalty, "4006381333931\r\n", source="till:1")
    assert (found.remaining, found.accounting, found.bearer) == (Decimal(25), "liability", True)
    with pytest.raises(CodeMadeElsewhere):
        shop.loyalty.code_of(found)
    shop.prove()


def test_all_mistakes_are_told_at_once_and_other_values_are_refused(with_cards: Shop) -> None:
    wrong = b"code,value,currency\n12,0,EUR\n4006381333931,1,USD\n4006 381333931,1.234,\n"
    with pytest.raises(FileMistakes) as told:
        legacy_cards.plan(with_cards.loyalty, "cards.csv", wrong)
    assert {line for line, _ in told.value.mistakes} == {2, 3, 4}
    assert len(told.value.mistakes) == 5
    taken_in(with_cards)
    with pytest.raises(FileMistakes, match="other values"):
        legacy_cards.plan(with_cards.loyalty, "cards.csv", FILE.replace(b"25,00", b"26,00"))


def test_the_register_adds_up_and_holds_no_formula(with_cards: Shop) -> None:
    shop = with_cards
    taken_in(shop)
    shop.redeem(shop.rich(100, FORMULA))
    rows = list(csv.DictReader(io.StringIO("".join(exporting_vouchers.exported(shop.loyalty)))))
    assert len(rows) == 3
    for row in rows:
        assert sum(Decimal(row[str(kind)]) for kind in exporting_vouchers.SUMS) == Decimal(row["left"])
    assert [row["customer_name"] for row in rows if row["customer_name"]] == [f"'{FORMULA}"]
