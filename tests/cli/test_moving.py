"""Files go in with a certificate and come out again, from the command line."""

from pathlib import Path

from tests.cli.conftest import Shop


def _file(shop: Shop, text: str) -> Path:
    path = shop.folder / "old.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_goes_in_once_with_a_certificate(shop: Shop) -> None:
    path = _file(shop, "member;points;reference\nCU-claire;100;A\nCU-jean;30;B\n")
    before = shop.dump()
    rehearsed = shop.run("import", path, "--reason", "paper cards", "--dry-run").out
    assert "2 lines are new, 0 are in already. Nothing was written." in rehearsed
    assert shop.dump() == before
    told = shop.run("import", path, "--reason", "paper cards", "--json").json["import"]
    assert told["is_whole"]
    assert [(each["unit"], each["points"], each["members"]) for each in told["units"]] == [("points", 130, 2)]
    assert "Nothing is new" in shop.run("import", path, "--reason", "paper cards").out
    assert shop.run("import", path, "--json").json == {"dry_run": False, "known": 2, "import": None}
    assert "old.csv" in shop.run("imports").out
    assert [each["id"] for each in shop.run("imports", "--json").json] == [told["id"]]
    certificate = shop.run("imports", told["id"]).out
    assert told["sha256"] in certificate
    assert "paper cards" in shop.run("member", "history", "CU-jean").out
    assert "no import" in shop.run("imports", "nope", code=2).err


def test_mistakes_are_told_with_their_lines(shop: Shop) -> None:
    path = _file(shop, "member,points\nnobody,1\nCU-claire,much\n")
    told = shop.run("import", path, code=2).err
    assert "line 2: names 'nobody'" in told
    assert "line 3: has the points 'much'" in told
    assert "cannot be read" in shop.run("import", shop.folder / "none.csv", code=2).err


def test_what_was_written_comes_back(shop: Shop) -> None:
    out = shop.folder / "all.csv"
    shop.run("export", out)
    text = out.read_text(encoding="utf-8-sig")
    assert text.startswith("kind,member,name,unit,points")
    assert "Nothing is new" in shop.run("import", out).out
    assert shop.run("export", "-", "--kind", "lot").out.splitlines() == text.splitlines()
    folder = shop.folder / "parts"
    folder.mkdir()
    shop.run("export", folder)
    assert sorted(each.name for each in folder.iterdir()) == [
        "birthday.csv",
        "card.csv",
        "lot.csv",
        "tier.csv",
    ]
    assert "no kind" in shop.run("export", out, "--kind", "cars", code=2).err
    assert "cannot be written" in shop.run("export", shop.folder / "no" / "x.csv", code=2).err
