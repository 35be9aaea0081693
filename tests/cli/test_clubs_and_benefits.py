"""Clubs and benefits on the command line: what they print, for people and for scripts, and dry runs."""

import pytest

from tests.cli.conftest import Shop

PROGRAM = """
[[program.club]]
id = "plus"
products = ["CLUB"]
trial_days = 30
benefits = ["delivery", "hello"]

[[program.benefit]]
id = "delivery"
kind = "free_shipping"
uses = 2
period = "month"

[[program.benefit]]
id = "hello"
kind = "welcome"
points = 25
"""


@pytest.fixture
def plus(shop: Shop) -> Shop:
    """The shop with a club that brings two benefits; Claire has bought it."""
    text = shop.config.read_text(encoding="utf-8")
    shop.config.write_text(text + PROGRAM, encoding="utf-8")
    product = shop.dolibarr.create_product(ref="CLUB", label="Plus", price=60)
    fee = {"desc": "Plus", "qty": 1, "subprice": "60.00", "tva_tx": 20, "fk_product": product}
    shop.dolibarr.sell(shop.people["claire"], [fee])
    shop.run("sync")
    shop.run("deliver")
    return shop


def test_a_members_clubs_are_shown_with_what_they_brought(plus: Shop) -> None:
    told = plus.run("club", "show", plus.people["claire"]).out
    assert "plus" in told
    assert "€72.00" in told
    assert "not yet" in told
    (club,) = plus.run("club", "show", plus.people["claire"], "--json").json["clubs"]
    assert (club["club"], club["state"], club["fees"], club["has_paid_off"]) == ("plus", "member", 72, False)
    assert "never been in a club" in plus.run("club", "show", plus.people["jean"]).out


def test_all_members_of_clubs_are_listed(plus: Shop) -> None:
    assert "Claire Martin" in plus.run("club", "list").out
    (row,) = plus.run("club", "list", "--json").json
    assert (row["club"], row["thirdparty_id"], row["state"]) == ("plus", plus.people["claire"], "member")


def test_a_program_without_clubs_says_so(shop: Shop) -> None:
    assert "no clubs" in shop.run("club", "list").out
    assert "no benefits" in shop.run("benefit", "list", shop.people["claire"]).out


def test_a_trial_is_begun_once(plus: Shop) -> None:
    member = plus.people["jean"]
    assert "would try" in plus.run("club", "trial", member, "plus", "--dry-run").out
    begun = plus.run("club", "trial", member, "plus", "--key", "t1", "--json").json
    assert begun["is_trial"] is True
    assert plus.run("club", "trial", member, "plus", "--key", "t1", "--json").json == begun
    assert "one per member" in plus.run("club", "trial", member, "plus", code=1).err
    assert "on trial" in plus.run("club", "show", member).out
    assert "tries" in plus.run("club", "trial", plus.people["anne"], "plus").out


def test_who_leaves_hears_what_comes_back(plus: Shop) -> None:
    member = plus.people["claire"]
    leaving = ("club", "cancel", member, "plus", "--reason", "moves away")
    assert "would leave" in plus.run(*leaving, "--dry-run").out
    told = plus.run(*leaving, "--key", "c1").out
    assert "€72.00 (365 of 365 days)" in told
    again = plus.run(*leaving, "--key", "c1", "--json").json
    assert again["act"]["refunds"][0]["amount"] == 72
    assert "nothing to leave" in plus.run(*leaving, code=1).err
    shown = plus.run("club", "show", member).out
    assert "moves away" in shown
    assert "ended" in shown
    plus.run("club", "trial", plus.people["jean"], "plus")
    told = plus.run("club", "cancel", plus.people["jean"], "plus", "--reason", "no").out
    assert "Nothing is to be paid back" in told


def test_benefits_are_listed_and_used(plus: Shop) -> None:
    member = plus.people["claire"]
    assert "2 of 2" in plus.run("benefit", "list", member).out
    using = ("benefit", "use", member, "delivery", "--for", "FA1", "--worth", "5,90")
    assert "would use" in plus.run(*using, "--dry-run").out
    assert "left: 1" in plus.run(*using, "--key", "u1").out
    step = plus.run(*using, "--key", "u1", "--json").json["step"]
    assert (step["reference"], step["worth"]) == ("FA1", 5.9)
    assert "FA1" in plus.run("benefit", "list", member).out
    listed = plus.run("benefit", "list", member, "--json").json
    assert {row["benefit"]: row["left"] for row in listed["benefits"]} == {"delivery": 1, "hello": None}
    undoing = ("benefit", "undo", member, step["id"], "--reason", "wrong customer")
    assert "would get back" in plus.run(*undoing, "--dry-run").out
    assert "left: 2" in plus.run(*undoing).out


@pytest.mark.parametrize("worth", ["much", "-1", "NaN"])
def test_a_worth_is_an_amount(plus: Shop, worth: str) -> None:
    ran = plus.run("benefit", "use", plus.people["claire"], "delivery", "--worth", worth, code=2)
    assert "is not an amount" in ran.err
