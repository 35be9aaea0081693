"""`till tickets`, `till take` and `till give-back`."""

import re
from decimal import Decimal

import pytest

from .conftest import TEE, Shop

MUG = {**TEE, "desc": "Mug", "subprice": "10.00"}


def ticket(shop: Shop, person: str = "claire", place: int = 0) -> int:
    number: int = shop.dolibarr.open_ticket([MUG], socid=shop.people[person], place=place)
    return number


@pytest.fixture
def reducing(shop: Shop) -> Shop:
    """A shop whose vouchers are reductions."""
    text = shop.config.read_text(encoding="utf-8")
    text, found = re.subn(r"(?m)^#?accounting = .*$", 'accounting = "discount"', text, count=1)
    assert found == 1
    shop.config.write_text(text, encoding="utf-8")
    return shop


def test_open_tickets_are_listed(shop: Shop) -> None:
    assert "No ticket is open." in shop.run("till", "tickets").out
    assert shop.run("till", "tickets", "--json").json == []
    number = ticket(shop)
    assert shop.run("till", "tickets", "--json").json == [
        {
            "id": number,
            "ticket": "PROV-POS1-0",
            "till": "1",
            "place": "0",
            "thirdparty_id": shop.people["claire"],
            "to_pay": 12,
            "currency": "EUR",
            "customer": "Claire Martin",
        }
    ]
    told = shop.run("till", "tickets").out
    assert "PROV-POS1-0" in told
    assert "€12.00" in told


def test_a_voucher_goes_on_a_ticket_and_off_again(shop: Shop) -> None:
    code, number = shop.redeemed(), ticket(shop)
    before, writes = shop.dump(), shop.writes()
    assert "would pay €5.00 of PROV-POS1-0; €7.00" in (
        shop.run("till", "take", code, "--terminal", 1, "--dry-run").out
    )
    would = shop.run("till", "take", code, "--ticket", number, "--dry-run", "--json").json
    assert (would["dry_run"], would["amount"], would["ticket"]["to_pay"]) == (True, 5, 12)
    assert (shop.dump(), shop.writes()) == (before, writes)
    taken = shop.run("till", "take", code, "--terminal", 1, "--json").json
    assert (taken["amount"], taken["ticket"]["to_pay"], taken["state"]) == (5, 7, "placed")
    assert "pays €5.00 of PROV-POS1-0; €7.00 remain" in shop.run("till", "take", code, "--terminal", 1).out
    assert Decimal(shop.dolibarr.invoice(number)["total_ttc"]) == 7
    dry = shop.run("till", "give-back", code, "--terminal", 1, "--dry-run", "--json").json
    assert (dry["dry_run"], dry["amount"]) == (True, 5)
    assert "would be taken off" in shop.run("till", "give-back", code, "--terminal", 1, "--dry-run").out
    assert Decimal(shop.dolibarr.invoice(number)["total_ttc"]) == 7
    assert "are off PROV-POS1-0; €12.00" in shop.run("till", "give-back", code, "--terminal", 1).out
    again = shop.run("till", "give-back", code, "--ticket", "PROV-POS1-0", "--json").json
    assert (again["state"], again["voucher"]["state"], again["ticket"]["to_pay"]) == (
        "released",
        "active",
        12,
    )
    assert shop.run("verify", "--json").json["deviations"] == []


def test_a_reduction_is_worth_its_amount_before_any_document(reducing: Shop) -> None:
    ran = reducing.run("redeem", reducing.people["claire"], "5-off", "--json").json["voucher"]
    shown = reducing.run("voucher", "show", ran["code"]).out
    assert "€5.00" in shown
    assert "€0.00" not in shown
    assert "€5.00" in reducing.run("voucher", "list").out
    number = ticket(reducing)
    taken = reducing.run("till", "take", ran["code"], "--ticket", number, "--json").json
    assert (taken["amount"], taken["state"], taken["voucher"]["credit_note"]) == (5, "held", None)
    lines = reducing.dolibarr.invoice(number)["lines"]
    worth = [(Decimal(line["total_ttc"]), Decimal(line["tva_tx"])) for line in lines]
    assert worth == [(Decimal(12), Decimal(20)), (Decimal(-5), Decimal(20))]


def test_what_cannot_be_taken_is_told_with_the_reason(shop: Shop) -> None:
    code = shop.redeemed()
    assert "--terminal" in shop.run("till", "take", code, code=2).err
    both = ("--terminal", 1, "--ticket", 1)
    assert "Name the ticket" in shop.run("till", "take", code, *both, code=2).err
    assert "till 1" in shop.run("till", "take", code, "--terminal", 1, code=2).err
    ticket(shop, "jean", place=3)
    assert "Choose its customer" in shop.run("till", "take", code, "--terminal", 1, code=1).err
    assert "is no amount" in shop.run("till", "take", code, "--terminal", 1, "--amount", "x", code=2).err
    assert "it is not on" in shop.run("till", "give-back", code, "--terminal", 1, code=1).err
    ticket(shop, "claire", place=4)
    assert "Several tickets" in shop.run("till", "take", code, "--terminal", 1, code=2).err
    shop.go_away()
    assert shop.run("till", "take", code, "--ticket", "PROV-POS1-4", code=3).err
