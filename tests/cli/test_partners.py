"""`partner list` and `partner statement`: what partners owe, as a table, as JSON, as CSV, as a draft."""

import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.partners import Partner, Share
from dolibarr_loyalty.core.program import Program, Rule
from dolibarr_loyalty.core.terms import Match
from dolibarr_loyalty.flows.funding import fund
from dolibarr_loyalty.store import bearings
from dolibarr_loyalty.store.database import Database
from tests.builders import a_family, a_line, a_sale
from tests.flows.shop import Clock

from .conftest import Shop

ROASTERY = Partner(
    id="roastery",
    thirdparty_id=3,
    names=(("en", "The Roastery"),),
    match=Match(products=("beans",)),
    percent=Decimal(50),
)
JOINT = Rule(id="summer", promotion=True, funding=(Share(partner="roastery", percent=Decimal(30)),))
PROGRAM = Program(rules=(Rule(id="base"), JOINT), partners=(ROASTERY,))
LAST_MONTH = (datetime.now(UTC).replace(day=1) - timedelta(days=3)).strftime("%Y-%m")
THIS_MONTH = datetime.now(UTC).strftime("%Y-%m")


@pytest.fixture(autouse=True)
def with_partners(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shop's program has a partner, and the last month has some points that it pays for."""
    from dataclasses import replace

    from dolibarr_loyalty.cli import setup
    from dolibarr_loyalty.flows.context import Loyalty

    real = setup.load
    monkeypatch.setattr(
        setup,
        "load",
        lambda path, env: replace(
            found := real(path, env),
            program=replace(found.program, rules=(*found.program.rules, JOINT), partners=(ROASTERY,)),
        ),
    )
    clock = Clock(datetime.fromisoformat(f"{LAST_MONTH}-15T12:00:00+00:00"))
    database = Database(f"sqlite:///{shop.database}")
    loyalty = Loyalty(
        program=PROGRAM,
        database=database,
        books=None,  # type: ignore[arg-type]
        mailer=None,
        brand=None,  # type: ignore[arg-type]
        clock=clock,
        secret=b"",
        worker="test",
    )
    family = a_family(a_sale(lines=[a_line("60.00", product="beans"), a_line("40.00")]))
    for place, (base, summer) in enumerate(((1000, 2000), (1000, 1000)), 1):
        with database.transaction() as tx:
            bearings.keep_program(tx, PROGRAM, clock())
            fund(tx, loyalty, PROGRAM, family, (("base", base), ("summer", summer)), f"invoice:1:{place}")
    database.close()


# 600 points on beans at half a cent, 1000 of summer at 0.3 cents, and of the beans' 600 again 70 % at half.
DUE = Decimal("3.00") + Decimal("3.00") + Decimal("2.10")


def test_a_statement_tells_what_is_due_and_why(shop: Shop) -> None:
    told = shop.run("partner", "statement", "Roastery", "--json").json
    assert (told["partner"], told["name"], told["month"], told["due"]) == (
        "roastery",
        "The Roastery",
        LAST_MONTH,
        float(DUE),
    )
    items = {(item["what"], item["is_reversal"]): (item["points"], item["amount"]) for item in told["items"]}
    assert items == {
        ("own products", False): (1800, 7.2),
        ("summer", False): (2000, 6),
        ("own products", True): (-600, -2.1),
        ("summer", True): (-1000, -3),
    }
    shown = shop.run("partner", "statement", "roastery").out
    assert "The Roastery" in shown
    assert "(taken back)" in shown
    assert "€8.10" in shown
    assert shop.run("partner", "statement", "roastery", "--month", THIS_MONTH, "--json").json["due"] == 0


def test_a_statement_is_written_as_csv(shop: Shop) -> None:
    file = shop.folder / "statement.csv"
    shop.run("partner", "statement", "roastery", "--csv", file)
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["what"], row["amount"]) for row in rows[-3:]] == [
        ("opening", "0"),
        ("due", "8.10"),
        ("carried", "0"),
    ]
    items = [row for row in rows if row["points"]]
    assert sum(Decimal(row["amount"]) for row in items) == DUE
    nowhere = shop.folder / "nowhere" / "statement.csv"
    assert "cannot be written" in shop.run("partner", "statement", "roastery", "--csv", nowhere, code=2).err


def test_what_is_due_becomes_one_draft_in_dolibarr(shop: Shop) -> None:
    before, writes = shop.dump(), shop.writes()
    command = ("partner", "statement", "roastery", "--draft")
    ref_ext = f"loyalty:partner:roastery:{LAST_MONTH}"
    assert shop.run(*command, "--dry-run", "--json").json["document"] == ref_ext
    assert "would be made" in shop.run(*command, "--dry-run").out
    assert (shop.dump(), shop.writes()) == (before, writes)
    first = shop.run(*command, "--vat", "20", "--json").json["document"]
    assert shop.run(*command, "--vat", "20", "--json").json["document"] == first
    assert "stands in Dolibarr" in shop.run(*command).out
    drafts = [row for row in shop.dolibarr.store.rows("invoice") if row["ref_ext"] == ref_ext]
    assert [(row["fk_soc"], Decimal(str(row["total_ttc"])), row["fk_statut"]) for row in drafts] == [
        (3, Decimal("9.72"), 0)
    ]
    assert "owes nothing" in shop.run(*command, "--month", "2020-01", code=1).err
    assert "not over" in shop.run(*command, "--month", THIS_MONTH, code=1).err


def test_partners_are_listed_with_what_they_fund(shop: Shop) -> None:
    (told,) = shop.run("partner", "list", "--json").json
    assert (told["id"], told["due"], told["last_month"], told["so_far"]) == (
        "roastery",
        float(DUE),
        LAST_MONTH,
        0,
    )
    assert told["funds"] == ["summer 30%", "own products 50%"]
    assert "The Roastery" in shop.run("partner", "list").out


def test_a_partner_nobody_knows_is_told(shop: Shop) -> None:
    ran = shop.run("partner", "statement", "bakery", code=2)
    assert "There is no partner 'bakery'. The program knows: roastery." in ran.err
    assert "is not a month" in shop.run("partner", "statement", "roastery", "--month", "11/2026", code=2).err
