"""`alarms list`, `alarms done`, and `reconcile --accounts`."""

from .conftest import Shop


def meddle(shop: Shop) -> str:
    """Staff puts Claire's voucher on Jean's invoice; gives the last signs of its code."""
    code = shop.redeemed()
    shop.run("deliver")
    foreign = shop.dolibarr.sell(
        shop.people["jean"], [{"desc": "x", "qty": 1, "subprice": "50", "tva_tx": 0}], paid=False
    )
    (row,) = shop.dolibarr.credits_of(shop.people["claire"], "available")
    shop.dolibarr.use_credit(foreign, row["rowid"])
    return code[-4:]


def test_what_staff_did_is_listed_until_somebody_says_what_was_done_about_it(shop: Shop) -> None:
    assert "There are none" in shop.run("alarms", "list").out
    last_four = meddle(shop)
    shop.run("reconcile", "--mend", code=0)
    told = shop.run("alarms", "list", "--limit", 5).out
    assert "another customer" in told
    assert last_four in told
    assert "Alarms: 1" in shop.run("status").out
    assert shop.run("status", "--json").json["alarms"] == 1
    (alarm,) = shop.run("alarms", "list", "--json").json
    assert (alarm["kind"], alarm["done_at"]) == ("voucher_foreign_customer", None)
    assert last_four in alarm["told"]
    before = shop.dump()
    shop.run("alarms", "done", alarm["id"], code=2)
    assert "would be closed" in shop.run("alarms", "done", alarm["id"], "--note", "seen", "--dry-run").out
    assert shop.dump() == before
    assert "is closed: seen" in shop.run("alarms", "done", alarm["id"], "--note", "seen").out
    assert "There are none" in shop.run("alarms", "list").out
    assert "closed before" in shop.run("alarms", "done", alarm["id"], "--note", "again", code=2).err
    (closed,) = shop.run("alarms", "list", "--all", "--json").json
    assert (closed["note"], closed["facts"]["amount"]) == ("seen", "5")
    assert "seen" in shop.run("alarms", "list", "--all").out
    assert "Alarms" not in shop.run("status").out


def test_done_answers_in_json(shop: Shop) -> None:
    meddle(shop)
    shop.run("reconcile", "--mend", code=0)
    (alarm,) = shop.run("alarms", "list", "--json").json
    done = shop.run("alarms", "done", alarm["id"], "--note", "seen", "--json").json
    assert (done["dry_run"], done["alarm"]["note"]) == (False, "seen")
    assert "no alarm" in shop.run("alarms", "done", "nothing", "--note", "x", code=2).err


def test_the_accounts_are_proven_to_the_cent_or_the_document_is_named(shop: Shop) -> None:
    assert "equal to the cent" in shop.run("reconcile", "--accounts").out
    shop.redeemed()
    shop.run("deliver")
    told = shop.run("reconcile", "--accounts").out
    assert "Compared 1 vouchers and 1 of their documents" in told
    assert "Free credit, EUR" in told
    assert "€5.00" in told
    proof = shop.run("reconcile", "--accounts", "--json").json
    assert (proof["vouchers"], proof["deviations"], proof["sums"]["EUR"]["free"]) == (1, [], 5)
    assert proof["movements"][0]["closing"] == 5
    assert shop.run("reconcile", "--month", "2019-01", "--json").json["vouchers"] == 0
    assert "is not a month" in shop.run("reconcile", "--month", "march", code=2).err
    (row,) = shop.dolibarr.credits_of(shop.people["claire"], "available")
    foreign = shop.dolibarr.sell(
        shop.people["claire"], [{"desc": "x", "qty": 1, "subprice": "50", "tva_tx": 0}], paid=False
    )
    shop.dolibarr.use_credit(foreign, row["rowid"])
    told = shop.run("reconcile", "--accounts", code=1).out
    assert f"what it paid on invoice {foreign} should be 0, it is 5" in told


def test_a_voucher_on_its_way_is_counted(shop: Shop) -> None:
    shop.run("redeem", shop.people["claire"], "5-off", "--json")
    shop.sql("UPDATE llx_loyalty_vouchers SET state = 'cancelling'")
    assert "1 vouchers are on their way" in shop.run("reconcile", "--accounts").out
