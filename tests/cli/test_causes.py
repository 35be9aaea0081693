"""Giving, paying and stating gifts to good causes from the command line."""

import pytest

from dolibarr_loyalty.sandbox.rights import SUPPLIER_INVOICE_READ, SUPPLIER_INVOICE_WRITE
from tests.cli.conftest import Shop

CAUSES = """
[[program.cause]]
id = "trees"
names = {{ en = "Trees for the valley" }}
point_value = 0.10
match_percent = 50
thirdparty_id = {payee}

[[program.cause]]
id = "food"
"""


@pytest.fixture
def giving(shop: Shop) -> Shop:
    payee = shop.dolibarr.create_third_party(name="Trees e.V.", client=0)
    for right in (SUPPLIER_INVOICE_READ, SUPPLIER_INVOICE_WRITE):
        shop.dolibarr.grant(right)
    text = shop.config.read_text(encoding="utf-8")
    shop.config.write_text(text + CAUSES.format(payee=payee), encoding="utf-8")
    shop.people["trees"] = payee
    return shop


def test_a_gift_is_given_listed_paid_and_stated(giving: Shop) -> None:
    given = giving.run("cause", "give", "CU-claire", "trees", 50, "--json").json["donation"]
    assert (given["points"], given["amount"], given["match"]) == (50, 5, 2.5)
    listed = {row["cause"]: row for row in giving.run("cause", "list", "--json").json}
    assert (listed["trees"]["owed"], listed["food"]["owed"]) == (7.5, 0)
    assert "Trees for the valley" in giving.run("cause", "list").out
    assert "would be paid" in giving.run("cause", "pay", "trees", "--dry-run").out
    paid = giving.run("cause", "pay", "trees").out
    assert "The draft is supplier invoice 1 in Dolibarr" in paid
    assert len(giving.dolibarr.supplier_invoices(giving.people["trees"])) == 1
    assert "nothing is owed" in giving.run("cause", "pay", "trees", code=1).err
    year = given["given_at"][:4]
    stated = giving.run("cause", "statement", "CU-claire", "--year", year, "--send", "--json").json
    assert [gift["points"] for gift in stated["gifts"]] == [50]
    assert "trees" in giving.run("cause", "statement", "CU-claire", "--year", year).out
    assert "Nothing was given" in giving.run("cause", "statement", "CU-claire", "--year", 2001).out


def test_a_gift_is_taken_back_and_a_dry_run_gives_nothing(giving: Shop) -> None:
    before = giving.dump()
    assert "would give" in giving.run("cause", "give", "CU-claire", "food", 10, "--dry-run").out
    assert giving.dump() == before
    gift = giving.run("cause", "give", "CU-claire", "food", 10, "--key", "k", "--json").json["donation"]["id"]
    assert "returned" in giving.run("cause", "take-back", gift, "--reason", "mistyped").out
    assert "no day" in giving.run("cause", "pay", "food", "--until", "soon", code=2).err
