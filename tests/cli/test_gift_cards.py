"""`giftcard list|show|sell|issue|print`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import Shop

CARD = """
[[program.gift_card]]
id = "gift"
products = ["GIFT"]
way = "liability"
names = { en = "Gift card", de = "Geschenkgutschein" }

[[program.gift_card]]
id = "tagged"
products = ["tag:cards"]
"""


@pytest.fixture
def cards(shop: Shop) -> Iterator[Shop]:
    """A shop that sells gift cards."""
    with shop.config.open("a", encoding="utf-8") as file:
        file.write(CARD)
    shop.dolibarr.create_product(ref="GIFT", label="Gift card", price="50", tva_tx=0, type=1, status=1)
    yield shop


def sold(shop: Shop, *more: object) -> tuple[str, list[Any]]:
    """The ref of a paid sale, and its cards as JSON."""
    told = shop.run("giftcard", "sell", "claire@example.invalid", "--card", "gift", *more, "--json").json
    shop.dolibarr.pay(told["invoice"]["id"])
    shop.run("sync")
    shop.run("deliver")
    listed = shop.run("giftcard", "list", "--json").json
    return told["invoice"]["ref"], [card for card in listed if card["sale"] == told["invoice"]["ref"]]


def test_cards_are_sold_paid_listed_shown_and_printed(cards: Shop, tmp_path: Path) -> None:
    shop = cards
    ref, found = sold(shop, "--amount", "25", "--quantity", "2")
    assert [(card["state"], card["value"], card["way"], card["bearer"]) for card in found] == [
        ("active", 25, "liability", True)
    ] * 2
    assert ref in shop.run("giftcard", "list").out
    code = shop.code(found[0]["id"])
    shown = shop.run("giftcard", "show", code).out
    assert all(text in shown for text in ("€25.00", ref, "whoever shows it"))
    assert shop.run("giftcard", "show", code, "--json").json["sale"] == ref
    assert "€25.00" in shop.run("voucher", "show", code).out
    printed = shop.run("giftcard", "print", "--sale", ref, "--folder", tmp_path).out
    assert code in printed
    files = sorted(tmp_path.glob("*.pdf"))
    assert [file.read_bytes()[:4] for file in files] == [b"%PDF"] * 2
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_selling_is_tried_and_repeated_without_harm(cards: Shop) -> None:
    shop = cards
    sell = ("giftcard", "sell", "claire@example.invalid", "--card", "GIFT", "--key", "k")
    before, writes = shop.dump(), shop.writes()
    assert "€50.00" in shop.run(*sell, "--dry-run").out
    assert shop.run(*sell, "--dry-run", "--json").json["invoice"] is None
    assert (shop.dump(), shop.writes()) == (before, writes)
    first, second = (shop.run(*sell, "--json").json["invoice"]["ref"] for _ in range(2))
    assert first == second
    assert "issued once it is paid" in shop.run(*sell).out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--card", "gold"), "It has: gift, tagged"),
        (("--card", "tagged"), "--product"),
        (("--card", "tagged", "--product", "NONE"), "no product NONE"),
        (("--card", "gift", "--quantity", "0"), "From 1 to 100"),
        (("--card", "gift", "--amount", "free"), "no amount"),
        (("--card", "gift", "--key", "k" * 70), "at most 64"),
    ],
    ids=str,
)
def test_what_cannot_be_sold(cards: Shop, words: tuple[str, ...], told: str) -> None:
    assert told in cards.run("giftcard", "sell", 2, *words, code=2).err


def test_a_sale_of_before_is_issued_on_demand(cards: Shop) -> None:
    shop = cards
    (product,) = shop.dolibarr.store.find("product", "ref", "GIFT")
    line = {"fk_product": product["rowid"], "qty": 1, "subprice": "50", "tva_tx": 0}
    old = shop.dolibarr.sell(shop.people["claire"], [line], paid=False)
    ref = shop.dolibarr.invoice(old)["ref"]
    assert "not paid" in shop.run("giftcard", "issue", ref, code=2).err
    assert "no gift card" in shop.run("giftcard", "print", "--sale", ref, code=2).err
    shop.dolibarr.pay(old)
    dry = shop.run("giftcard", "issue", ref, "--dry-run", "--json").json
    assert (dry["to_issue"], dry["cards"]) == (1, [])
    assert "1 gift card" in shop.run("giftcard", "issue", ref, "--dry-run").out
    for _ in range(2):
        issued = shop.run("giftcard", "issue", ref, "--json").json
        assert [card["state"] for card in issued["cards"]] == ["active"]
    assert ref in shop.run("giftcard", "issue", ref).out


def test_what_is_no_gift_card(cards: Shop) -> None:
    assert "There are none" in cards.run("giftcard", "list", "--state", "used").out
    assert "no state" in cards.run("giftcard", "list", "--state", "gone", code=2).err
    assert "not of a gift card" in cards.run("giftcard", "show", cards.redeemed(), code=2).err
