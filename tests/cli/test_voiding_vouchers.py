"""`voucher cancel` and `voucher replace`, by code, by id, and by member with the last signs."""

from dolibarr_loyalty.sandbox import Fault, status

from .conftest import Shop


def the_row(shop: Shop) -> dict[str, object]:
    rows: list[dict[str, object]] = shop.run("voucher", "list", "--json").json
    return rows[0]


def test_a_lost_voucher_is_replaced_by_member_and_last_signs(shop: Shop) -> None:
    code = shop.redeemed()
    wanted = ("--member", "claire@example.invalid", "--last-four", code[-4:].lower(), "--reason", "lost")
    before, writes = shop.dump(), shop.writes()
    assert "€5.00 would go over" in shop.run("voucher", "replace", *wanted, "--dry-run").out
    assert shop.run("voucher", "replace", *wanted, "--dry-run", "--json").json["voucher"] is None
    assert (shop.dump(), shop.writes()) == (before, writes)
    told = shop.run("voucher", "replace", *wanted, "--json").json
    fresh = told["voucher"]["code"]
    assert (told["replaced"]["state"], told["voucher"]["state"]) == ("replaced", "active")
    assert (told["voucher"]["remaining"], told["voucher"]["valid_until"]) == (
        5,
        told["replaced"]["valid_until"],
    )
    assert fresh != code
    assert fresh in shop.run("voucher", "replace", code, "--reason", "lost").out
    assert "it is replaced" in shop.run("voucher", "cancel", code, "--reason", "x", code=1).err
    assert "50 points returned" in shop.run("voucher", "cancel", fresh, "--reason", "x").out
    assert shop.run("member", "show", 2, "--json").json["balance"] == 90
    assert shop.run("verify", "--json").json["deviations"] == []


def test_a_voucher_is_cancelled_by_its_id(shop: Shop) -> None:
    shop.redeemed()
    identifier = the_row(shop)["id"]
    assert "50 points returned" in shop.run("voucher", "cancel", identifier, "--reason", "x").out
    unknown = "01a20180-7a65-7c95-bc81-ac0aabff54af"
    assert "No voucher" in shop.run("voucher", "cancel", unknown, "--reason", "x", code=2).err


def test_too_little_or_too_much_is_said(shop: Shop) -> None:
    code = shop.redeemed()
    assert "Which voucher?" in shop.run("voucher", "replace", "--reason", "x", code=2).err
    assert "Which voucher?" in shop.run("voucher", "cancel", "--member", 2, "--reason", "x", code=2).err
    both = shop.run("voucher", "replace", code, "--member", 2, "--reason", "x", code=2)
    assert "either the code" in both.err
    none = shop.run("voucher", "replace", "--member", 2, "--last-four", "XXXX", "--reason", "x", code=2)
    assert "no voucher that ends in XXXX" in none.err
    assert "needs a reason" in shop.run("voucher", "replace", code, "--reason", " ", code=2).err


def test_one_that_is_used_cannot_be_replaced(shop: Shop) -> None:
    code, ref = shop.redeemed(), shop.invoice()
    shop.run("sync")
    shop.run("voucher", "use", code, ref)
    for dry in ([], ["--dry-run"]):
        assert "it is used" in shop.run("voucher", "replace", code, "--reason", "x", *dry, code=1).err


def test_a_replacement_that_dolibarr_interrupts_follows_later(shop: Shop) -> None:
    code = shop.redeemed()
    shop.dolibarr.inject(Fault(method="POST", path=r"/invoices$", kind=status(503)))
    ran = shop.run("voucher", "replace", code, "--reason", "lost", code=3)
    assert "can no longer be used" in ran.err
    shop.run("deliver")
    told = shop.run("voucher", "replace", code, "--reason", "lost", "--json").json
    assert told["voucher"]["state"] == "active"
