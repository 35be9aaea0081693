"""`reserve voucher`, `reserve reward`, `reserve capture`, `reserve release` and `reserve list`."""

import pytest

from .conftest import Shop


def test_a_voucher_is_held_and_then_used_once(shop: Shop) -> None:
    code, ref = shop.redeemed(), shop.invoice()
    shop.run("sync")
    before, writes = shop.dump(), shop.writes()
    assert "would be held" in shop.run("reserve", "voucher", code, "--key", "cart-1", "--dry-run").out
    assert shop.run("reserve", "voucher", code, "--dry-run", "--json").json["dry_run"] is True
    assert (shop.dump(), shop.writes()) == (before, writes)
    held = shop.run("reserve", "voucher", code, "--key", "cart-1", "--minutes", 20, "--json").json
    assert (held["reservation"]["state"], held["reservation"]["amount"]) == ("held", 5)
    again = shop.run("reserve", "voucher", code, "--key", "cart-1", "--minutes", 20)
    assert "€5.00" in again.out
    assert "as cart-1" in again.out
    assert "reserved" in shop.run("voucher", "use", code, ref, code=1).err
    assert "is held" in shop.run("reserve", "capture", "cart-1", ref, "--dry-run").out
    assert shop.run("reserve", "capture", "cart-1", ref, "--dry-run", "--json").json["state"] == "held"
    used = shop.run("reserve", "capture", "cart-1", ref, "--json").json
    assert (used["amount"], used["invoice"]["remaining"], used["voucher"]["state"]) == (5, 595, "used")
    assert "€595.00 remain" in shop.run("reserve", "capture", "cart-1", ref).out
    assert "made before; it is captured" in (
        shop.run("reserve", "voucher", code, "--key", "cart-1", "--minutes", 20).out
    )
    assert shop.run("verify", "--json").json["deviations"] == []


def test_what_is_held_is_listed_and_released(shop: Shop) -> None:
    assert "Nothing is held." in shop.run("reserve", "list").out
    code = shop.redeemed()
    shop.run("reserve", "voucher", code, "--key", "cart-1")
    (row,) = shop.run("reserve", "list", "--json").json
    assert (row["key"], row["for"], row["state"], row["amount"]) == ("cart-1", "voucher", "held", 5)
    listed = shop.run("reserve", "list").out
    assert "cart-1" in listed
    assert code not in listed
    assert "is held" in shop.run("reserve", "release", "cart-1", "--dry-run").out
    assert (
        shop.run("reserve", "release", "cart-1", "--dry-run", "--json").json["reservation"]["state"] == "held"
    )
    assert "has ended: released" in shop.run("reserve", "release", "cart-1", "--why", "cart emptied").out
    assert shop.run("reserve", "release", "cart-1", "--json").json["reservation"]["state"] == "released"
    assert shop.run("reserve", "list", "--json").json == []
    assert [each["state"] for each in shop.run("reserve", "list", "--all", "--json").json] == ["released"]
    assert shop.run("voucher", "list", "--json").json[0]["state"] == "active"


def test_points_are_held_for_a_reward_and_return(shop: Shop) -> None:
    claire = shop.people["claire"]
    before, writes = shop.dump(), shop.writes()
    assert "40 points" in shop.run("reserve", "reward", claire, "5-off", "--dry-run").out
    told = shop.run("reserve", "reward", claire, "5-off", "--dry-run", "--json").json
    assert (told["reward"], told["points_left"]) == ("5-off", 40)
    assert (shop.dump(), shop.writes()) == (before, writes)
    held = shop.run("reserve", "reward", claire, "5-off", "--key", "cart-2", "--json").json
    assert held["reservation"]["for"] == "reward"
    assert shop.run("member", "show", claire, "--json").json["balance"] == 40
    assert "is held" in shop.run("reserve", "reward", claire, "5-off", "--key", "cart-2").out
    assert shop.writes() == writes
    shop.run("reserve", "release", "cart-2")
    assert shop.run("member", "show", claire, "--json").json["balance"] == 90
    assert shop.run("verify", "--json").json["deviations"] == []


def test_held_points_become_a_voucher_that_pays(shop: Shop) -> None:
    claire, ref = shop.people["claire"], shop.invoice()
    shop.run("sync")
    shop.run("reserve", "reward", claire, "5-off", "--key", "cart-3")
    assert "paid €5.00" in shop.run("reserve", "capture", "cart-3", ref).out
    assert shop.run("member", "show", claire, "--json").json["balance"] == 40


def test_refusals_name_their_reason(shop: Shop) -> None:
    code = shop.redeemed()
    shop.run("reserve", "voucher", code, "--key", "cart-1")
    assert "reserved" in shop.run("reserve", "voucher", code, "--key", "cart-2", code=1).err
    assert "cart-1" in shop.run("reserve", "voucher", code, "--key", "cart-1", "--amount", 2, code=1).err
    assert shop.run("reserve", "reward", shop.people["claire"], "5-off", code=1).err
    for command in (("capture", "no-such", "1"), ("release", "no-such")):
        assert "no-such" in shop.run("reserve", *command, code=2).err


@pytest.mark.parametrize("amount", ["x", "0", "-1", "NaN"])
def test_an_amount_must_be_one(shop: Shop, amount: str) -> None:
    code = shop.redeemed()
    assert "is no amount" in shop.run("reserve", "voucher", code, f"--amount={amount}", code=2).err
