"""`redeem`, `voucher show|list|use|cancel`."""

import re

import pytest

from dolibarr_loyalty.sandbox import Fault, status

from .conftest import Shop

CODE = re.compile(r"\b[2-9A-Y]{6}-[2-9A-Y]{6}-[2-9A-Y]{6}\b")


def test_redeeming_hands_out_a_code_that_works(shop: Shop) -> None:
    ran = shop.run("redeem", "claire@example.invalid", "5-off")
    code = CODE.findall(ran.out)[0]
    assert "€5.00" in ran.out
    assert "40 points" in ran.out
    shown = shop.run("voucher", "show", code.replace("-", " ").lower(), "--json").json
    assert (shown["state"], shown["usable"], shown["value"], shown["points"]) == ("active", True, 5, 50)
    assert shown["credit_note"].startswith("AV")
    assert shown["steps"][0]["step"] == "pending"


def test_redeeming_as_json(shop: Shop) -> None:
    told = shop.run("redeem", 2, "10-percent", "--json").json
    assert CODE.fullmatch(told["voucher"]["code"])
    assert (told["voucher"]["state"], told["points_left"]) == ("active", 10)
    assert "10% off" in shop.run("voucher", "show", told["voucher"]["code"]).out


def test_the_same_key_gives_the_same_voucher(shop: Shop) -> None:
    codes = {shop.run("redeem", 2, "5-off", "--key", "K", "--json").json["voucher"]["code"] for _ in range(2)}
    assert len(codes) == 1
    assert shop.run("member", "show", 2, "--json").json["balance"] == 40
    assert "used before" in shop.run("redeem", 2, "10-percent", "--key", "K", code=1).err


def test_a_reward_that_is_too_dear_is_refused(shop: Shop) -> None:
    before = shop.dump()
    assert "90 are missing" in shop.run("redeem", 2, "20-off", code=1).err
    assert "90 are missing" in shop.run("redeem", 2, "20-off", "--dry-run", code=1).err
    assert "5-off" in shop.run("redeem", 2, "hat", code=2).err
    assert "5-off" in shop.run("redeem", 2, "hat", "--dry-run", code=2).err
    assert shop.dump() == before


def test_a_dry_redemption_changes_nothing(shop: Shop) -> None:
    before = shop.dump()
    assert "40 points left" in shop.run("redeem", 2, "5-off", "--dry-run").out
    told = shop.run("redeem", 2, "5-off", "--dry-run", "--json").json
    assert (told["points"], told["points_left"]) == (50, 40)
    assert shop.dump() == before
    assert not shop.dolibarr.requests


def test_the_points_are_reserved_while_dolibarr_is_away(shop: Shop) -> None:
    shop.go_away()
    ran = shop.run("redeem", 2, "5-off", "--key", "K", code=3)
    assert "The points are reserved" in ran.err
    assert not CODE.findall(ran.out + ran.err)
    again = shop.run("redeem", 2, "5-off", "--key", "K", "--json", code=3).json
    assert (again["voucher"]["state"], again["voucher"]["code"]) == ("pending", None)
    assert shop.run("member", "show", 2, "--json").json["balance"] == 40
    assert shop.run("verify").code == 0


def test_a_refused_voucher_gives_the_points_back(shop: Shop) -> None:
    fault = Fault(method="POST", path=r"/invoices$", kind=status(400, body='{"error":{"message":"no"}}'))
    shop.dolibarr.inject(fault)
    ran = shop.run("redeem", 2, "5-off", code=1)
    assert "the points are back" in ran.err
    assert shop.run("member", "show", 2, "--json").json["balance"] == 90


def test_codes_are_masked_in_lists(shop: Shop) -> None:
    code = shop.redeemed()
    for ran in (
        shop.run("voucher", "list"),
        shop.run("voucher", "list", "--json"),
        shop.run("voucher", "show", code),
    ):
        assert code not in ran.out
    rows = shop.run("voucher", "list", "--json").json
    assert [(row["state"], row["thirdparty_id"]) for row in rows] == [("active", 2)]
    assert shop.run("voucher", "list", "--state", "used", "--json").json == []
    assert len(shop.run("voucher", "list", "--member", "CU-claire", "--json").json) == 1
    assert "There are none." in shop.run("voucher", "list", "--member", 3).out
    assert "There is no state" in shop.run("voucher", "list", "--state", "hat", code=2).err
    assert len(shop.run("voucher", "list", "--limit", 1, "--json").json) == 1


@pytest.mark.parametrize("command", ["show", "use", "cancel"])
def test_a_wrong_and_an_unknown_code_read_the_same(shop: Shop, command: str) -> None:
    code = shop.redeemed()
    shop.sql("UPDATE llx_loyalty_vouchers SET code_hash = 'other'")
    rest = {"show": [], "use": ["1"], "cancel": ["--reason", "x"]}[command]
    unknown = shop.run("voucher", command, code, *rest, code=2).err
    assert shop.run("voucher", command, "ABC", *rest, code=2).err == unknown
    assert code not in unknown


def test_a_voucher_pays_an_invoice_once(shop: Shop) -> None:
    code, ref = shop.redeemed(), shop.invoice()
    shop.run("sync")
    told = shop.run("voucher", "use", code, ref, "--json").json
    assert (told["amount"], told["invoice"]["remaining"], told["voucher"]["state"]) == (5, 595, "used")
    assert "€595.00 remain" in shop.run("voucher", "use", code, ref).out
    assert "€595.00 remain" in shop.run("voucher", "use", code, ref, "--dry-run").out
    other = shop.invoice()
    shop.run("sync")
    assert "it is used" in shop.run("voucher", "use", code, other, code=1).err


def test_a_voucher_pays_in_parts_and_shows_where_its_money_went(shop: Shop) -> None:
    code, ref = shop.redeemed(), shop.invoice()
    shop.sql("UPDATE llx_loyalty_voucher_terms SET several = 1")
    shop.run("sync")
    part = ("voucher", "use", code, ref, "--amount")
    assert "would pay €1.37" in shop.run(*part, "1.37", "--dry-run").out
    for _ in range(2):
        told = shop.run(*part, "1.37", "--key", "till-1", "--json").json
        assert (told["amount"], told["invoice"]["remaining"]) == (1.37, 598.63)
    assert "has paid 1.37 EUR on" in shop.run(*part, "2", code=1).err
    assert "€598.63 remain" in shop.run("voucher", "use", code, ref, "--dry-run").out
    shop.run(*part, "2", "--key", "till-2")
    shown = shop.run("voucher", "show", code, "--json").json
    assert [(move["kind"], move["amount"]) for move in shown["moves"]] == [
        ("issued", 5),
        ("used", -1.37),
        ("used", -2),
    ]
    assert [move["document"] for move in shown["moves"][1:]] == [ref, ref]
    assert (shown["remaining"], shown["usable"], shown["several"]) == (1.63, True, True)
    assert [document["for"] for document in shown["documents"]] == ["issue"]
    told = shop.run("voucher", "show", code).out
    assert "−€1.37" in told
    assert "€1.63" in told
    assert "in parts" in told


@pytest.mark.parametrize("amount", ["0", "-1", "much", "NaN"])
def test_what_is_no_amount_is_not_used(shop: Shop, amount: str) -> None:
    told = shop.run("voucher", "use", "ABC", "1", f"--amount={amount}", code=2).err
    assert "is no amount. Write it like 12.50." in told


def test_a_dry_use_pays_nothing(shop: Shop) -> None:
    code, ref = shop.redeemed(), shop.invoice()
    shop.run("sync")
    before, writes = shop.dump(), shop.writes()
    assert "would pay €5.00" in shop.run("voucher", "use", code, ref, "--dry-run").out
    assert shop.run("voucher", "use", code, ref, "--dry-run", "--json").json["invoice"]["remaining"] == 595
    assert (shop.dump(), shop.writes()) == (before, writes)


def test_what_a_rule_forbids_is_refused_dry_or_not(shop: Shop) -> None:
    code, ref = shop.redeemed(), shop.invoice("jean")
    shop.run("sync")
    before, writes = shop.dump(), shop.writes()
    for dry in ([], ["--dry-run"]):
        assert "another customer" in shop.run("voucher", "use", code, ref, *dry, code=1).err
        shop.run("voucher", "use", code, "FA-NONE", *dry, code=2)
    assert (shop.dump(), shop.writes()) == (before, writes)


def test_a_voucher_is_cancelled_and_its_points_return(shop: Shop) -> None:
    code = shop.redeemed()
    before, writes = shop.dump(), shop.writes()
    dry = shop.run("voucher", "cancel", code, "--reason", "lost", "--dry-run")
    assert "would be cancelled; 50 points would return" in dry.out
    assert (shop.dump(), shop.writes()) == (before, writes)
    assert "50 points returned" in shop.run("voucher", "cancel", code, "--reason", "lost").out
    assert shop.run("member", "show", 2, "--json").json["balance"] == 90
    again = shop.run("voucher", "cancel", code, "--reason", "lost", "--json").json
    assert again["voucher"]["state"] == "cancelled"
    assert shop.run("verify", "--json").json["deviations"] == []


def test_a_used_voucher_cannot_be_cancelled(shop: Shop) -> None:
    code, ref = shop.redeemed(), shop.invoice()
    shop.run("sync")
    shop.run("voucher", "use", code, ref)
    for dry in ([], ["--dry-run"]):
        assert "it is used" in shop.run("voucher", "cancel", code, "--reason", "x", *dry, code=1).err
    shop.run("voucher", "cancel", code, "--reason", "  ", code=2)


def test_a_cancellation_that_dolibarr_interrupts_follows_later(shop: Shop) -> None:
    code = shop.redeemed()
    shop.dolibarr.inject(Fault(method="POST", path=r"/invoices$", kind=status(503)))
    ran = shop.run("voucher", "cancel", code, "--reason", "lost", code=3)
    assert "can no longer be used" in ran.err
    shop.run("deliver")
    assert shop.run("voucher", "show", code, "--json").json["state"] == "cancelled"


def test_what_changes_money_waits_for_dolibarr(shop: Shop) -> None:
    code, ref = shop.redeemed(), shop.invoice()
    shop.run("sync")
    shop.go_away()
    before = shop.dump()
    for dry in ([], ["--dry-run"]):
        shop.run("voucher", "use", code, ref, *dry, code=3)
        shop.run("voucher", "cancel", code, "--reason", "x", *dry, code=3)
    assert shop.dump() == before
    shop.run("voucher", "show", code)


def test_a_voucher_is_printed_into_a_file(shop: Shop) -> None:
    code = shop.redeemed()
    file = shop.folder / "for-claire.pdf"
    ran = shop.run("voucher", "pdf", code, "--output", str(file))
    assert ran.code == 0
    assert file.read_bytes().startswith(b"%PDF-")
    assert code not in ran.out
    assert shop.run("voucher", "pdf", code, "--output", str(shop.folder / "none" / "x.pdf"), code=2).code == 2
