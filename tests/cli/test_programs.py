"""`program show`, `program diff`, `program apply`; a program that worsens a promise stops what writes."""

import json
import os
import signal
import sqlite3
import threading
from pathlib import Path

from .conftest import Shop


def prices(shop: Shop, points: int, *, file: Path | None = None) -> Path:
    """A file in which the first reward costs so many points."""
    text = shop.config.read_text(encoding="utf-8")
    place = text.index('id = "5-off"')
    start = text.index("points = ", place)
    end = text.index("\n", start)
    written = file or shop.config
    written.write_text(f"{text[:start]}points = {points}{text[end:]}", encoding="utf-8")
    written.chmod(0o600)
    return written


def hashes(shop: Shop) -> set[str]:
    """The versions that documents keep."""
    connection = sqlite3.connect(shop.database)
    try:
        return {row[0] for row in connection.execute("SELECT program_hash FROM llx_loyalty_documents")}
    finally:
        connection.close()


def test_a_dearer_reward_stops_the_work_until_somebody_confirms_it(shop: Shop) -> None:
    kept = hashes(shop)
    prices(shop, 60)
    for command in (["sync"], ["redeem", "claire@example.invalid", "5-off"], ["daily"], ["deliver"]):
        ran = shop.run(*command, code=2)
        assert ran.out == ""
        assert "costs 60" in ran.err
        assert "program apply --reason" in ran.err
    for command in (
        ["status"],
        ["verify"],
        ["member", "list"],
        ["reconcile"],
        ["redeem", "2", "5-off", "--dry-run"],
    ):
        shop.run(*command)
    shop.run("sync", "--dry-run")
    assert "needs a reason" in shop.run("program", "apply", code=2).err
    before = shop.dump()
    told = shop.run("program", "apply", "--reason", "dearer coffee", "--dry-run", "--json").json
    assert (told["dry_run"], told["is_new"], [each["worsens"] for each in told["changes"]]) == (
        True,
        True,
        [True],
    )
    assert "would be in force" in shop.run("program", "apply", "--reason", "dearer coffee", "--dry-run").out
    assert shop.dump() == before
    assert "is in force" in shop.run("program", "apply", "--reason", "dearer coffee").out
    assert "in force already" in shop.run("program", "apply").out
    shop.dolibarr.sell(shop.people["claire"], [{"desc": "x", "qty": 1, "subprice": "10", "tva_tx": 0}])
    shop.run("sync")
    assert kept < hashes(shop)
    assert len(hashes(shop)) == 2
    shop.run("verify")


def test_a_better_program_comes_in_by_itself_and_is_told(shop: Shop) -> None:
    prices(shop, 40)
    told = shop.run("sync").err
    assert "New in the program" in told
    assert "costs 40" in told
    assert shop.run("sync").err == ""
    versions = shop.run("program", "show", "--json").json
    assert len(versions["versions"]) == 2
    assert versions["in_force"] == versions["configured"] == versions["versions"][-1]["hash"]


def test_old_prices_may_go_on_for_a_while(shop: Shop) -> None:
    prices(shop, 60)
    assert "is over" in shop.run("program", "apply", "--grandfather-until", "2020-01-01", code=2).err
    shop.run("program", "apply", "--grandfather-until", "2099-12-31")
    shop.run("sync")
    shown = shop.run("program", "show").out
    assert "31/12/2099" in shown
    (_, version) = shop.run("program", "show", "--json").json["versions"]
    assert (version["grandfather_until"], version["reason"]) == ("2099-12-31", "")


def test_a_file_is_compared_with_what_is_in_force(shop: Shop) -> None:
    file = prices(shop, 60, file=shop.folder / "new.toml")
    told = shop.run("program", "diff", file, "--json").json
    assert [(each["code"], each["worsens"]) for each in told["changes"]] == [("reward_price", True)]
    assert {"facts", "whom", "in_words", "whom_in_words", "kept_by_grandfathering"} <= set(told["changes"][0])
    shown = shop.run("program", "diff", file).out
    assert "worse" in shown
    assert "everyone" in shown
    assert "It changes nothing" in shop.run("program", "diff").out
    assert shop.run("program", "diff", "--json").json["changes"] == []


def test_another_file_can_be_put_in_force_before_it_is_put_in_place(shop: Shop) -> None:
    file = prices(shop, 60, file=shop.folder / "new.toml")
    ran = shop.run("program", "apply", file, "--reason", "dearer coffee")
    assert "Now put" in ran.err
    assert "Put the new file in place" in shop.run("sync", code=2).err
    assert "another version" in shop.run("program", "show").out
    shop.config.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    shop.run("sync")


def test_before_the_first_work_no_program_is_in_force(bare_shop: Shop) -> None:
    assert "first `dolibarr-loyalty sync`" in bare_shop.run("program", "show").out
    assert "would be the first" in bare_shop.run("program", "diff").out
    shown = bare_shop.run("program", "show", "--json").json
    assert (shown["in_force"], shown["versions"]) == (None, [])
    bare_shop.run("sync")
    assert len(bare_shop.run("program", "show", "--json").json["versions"]) == 1
    assert json.loads(bare_shop.printed[-1])["versions"][0]["reason"] == ""


def test_a_file_with_mistakes_is_told(shop: Shop, tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[program]\nnonsense = 1\n", encoding="utf-8")
    assert "nonsense" in shop.run("program", "diff", broken, code=2).err


def test_hints_are_received_whatever_the_program_is(shop: Shop) -> None:
    prices(shop, 60)
    timer = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGTERM))
    timer.start()
    assert "Stopped" in shop.run("serve", "--port", 0).err
    timer.join()
