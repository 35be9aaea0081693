"""The commands for activities, birthdays and referrals, as a shop's staff types them."""

from pathlib import Path

import pytest

from .conftest import Shop

SETTINGS = """
[[program.activity]]
id = "review"
points = 20
most = 1
period = "month"

[program.referral]
referrer_points = 50
friend_points = 20
"""


@pytest.fixture
def lively(shop: Shop) -> Shop:
    """A shop whose program knows reviews and referrals."""
    shop.config.write_text(shop.config.read_text(encoding="utf-8") + SETTINGS, encoding="utf-8")
    return shop


def a_file(shop: Shop, name: str, content: str) -> str:
    path = Path(shop.folder) / name
    path.write_text(content, encoding="utf-8")
    return str(path)


def test_an_activity_is_recorded_once_listed_and_withdrawn(lively: Shop) -> None:
    said = ("activity", "record", "CU-claire", "review", "--source", "trustpilot", "--id", "8812")
    before = lively.dump()
    assert "would get 20" in lively.run(*said, "--dry-run").out.replace("\N{NO-BREAK SPACE}", " ")
    assert lively.dump() == before
    assert "got 20" in lively.run(*said).out.replace("\N{NO-BREAK SPACE}", " ")
    again = lively.run(*said, "--json").json["activity"]
    refused = lively.run(*said[:-1], "8813", code=1)
    assert "as often as it may" in refused.out
    rows = lively.run("activity", "list", "CU-claire", "--json").json
    assert [(row["source_id"], row["points"], row["why"]) for row in rows] == [
        ("8813", 0, "limit"),
        ("8812", 20, ""),
    ]
    assert "as often as it may" in lively.run("activity", "list", "CU-claire").out
    back = ("activity", "withdraw", again["id"], "--reason", "the review was deleted")
    lively.run(*back, "--dry-run")
    assert lively.run(*back, "--json").json["activity"]["granted"] is False
    assert "taken back" in lively.run(*back).out
    assert "withdrawn: the review was deleted" in lively.run("activity", "list", "CU-claire").out
    assert "Nothing has been recorded" in lively.run("activity", "list", "CU-jean").out
    lively.run("verify")


def test_a_wrong_day_is_said(lively: Shop) -> None:
    said = ("activity", "record", "CU-claire", "review", "--source", "x", "--id", "1", "--at", "yesterday")
    assert "no day and no instant" in lively.run(*said, code=2).err
    assert "Nobody" not in lively.run("member", "birthday", "CU-claire", "May", code=2).err
    assert "cannot be read" in lively.run("activity", "import", "nowhere.csv", code=2).err


def test_a_file_of_activities_is_taken_in_whole_or_not_at_all(lively: Shop) -> None:
    good = a_file(
        lively,
        "good.csv",
        "member;kind;source;id;at;evidence\n"
        "CU-claire;review;trustpilot;1;2026-02-01 14:30;https://x\n\n"
        "CU-jean;Review;trustpilot;2;2026-02-02;\n"
        "CU-claire;review;trustpilot;3;2026-02-03T10:00:00Z;\n"
        "CU-jean;review;trustpilot;2;2026-02-02;\n",
    )
    before = lively.dump()
    tried = lively.run("activity", "import", good, "--dry-run", "--json").json
    assert tried == {"dry_run": True, "granted": 2, "points": 40, "refused": 1, "known": 0}
    assert lively.dump() == before
    assert "2 activities granted" in lively.run("activity", "import", good).out
    assert "3 known before" in lively.run("activity", "import", good).out
    bad = a_file(
        lively,
        "bad.csv",
        "member,kind,source,id,at\n"
        "CU-claire,dance,trustpilot,9,\n"
        "CU-nobody,review,trustpilot,10,someday\n"
        "family@example.invalid,review,trustpilot,11,\n"
        "CU-jean,review,trustpilot,1,\n"
        "CU-jean,review,trustpilot,,\n"
        "CU-jean,review,trustpilot,12,\n"
        "CU-claire,review,trustpilot,12,\n"
        "CU-claire,review,trustpilot,13\n",
    )
    before = lively.dump()
    said = lively.run("activity", "import", bad, code=2).err
    assert lively.dump() == before
    for line in (2, 3, 4, 5, 6, 8):
        assert f"line {line}:" in said
    assert "line 9:" not in said


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("member,kind,source\n", "id is missing"),
        ("member,kind,source,id,colour\n", "'colour'"),
        ("member,kind,source,id,id\n", "The columns are"),
        ("", "member, kind, source, id is missing"),
    ],
)
def test_a_heading_that_is_wrong_is_explained(lively: Shop, content: str, told: str) -> None:
    assert told in lively.run("activity", "import", a_file(lively, "wrong.csv", content), code=2).err


def test_a_file_in_another_encoding_is_refused(lively: Shop) -> None:
    path = lively.folder / "latin.csv"
    path.write_bytes("member,kind,source,id\nZoé,review,x,1\n".encode("latin-1"))
    assert "UTF-8" in lively.run("activity", "import", str(path), code=2).err


def test_a_birthday_is_noted_by_hand_and_by_file(lively: Shop) -> None:
    lively.run("member", "birthday", "CU-claire", "1990-05-17", "--dry-run")
    assert "17 May 1990" in lively.run("member", "birthday", "CU-claire", "1990-05-17").out
    told = lively.run("member", "birthday", "CU-claire", "1991-05-17", "--json").json
    assert (told["born"], told["before"]) == ("1991-05-17", "1990-05-17")
    assert "forgotten" in lively.run("member", "birthday", "CU-claire", "none").out
    content = "member,born\nCU-claire,1992-02-29\nCU-jean,1980-01-01\n"
    file = a_file(lively, "born.csv", content)
    assert lively.run("member", "birthdays", file, "--dry-run", "--json").json["new"] == 2
    assert "2 of them are new" in lively.run("member", "birthdays", file).out
    assert lively.run("member", "birthdays", file, "--json").json == {"dry_run": False, "read": 2, "new": 0}
    wrong = (
        "member,born\nCU-nobody,1990-01-01\nCU-jean,someday\nCU-jean,3000-01-01\n"
        "CU-anne,1990-01-01\nCU-anne,1990-01-02\n"
    )
    said = lively.run("member", "birthdays", a_file(lively, "bad.csv", wrong), code=2).err
    assert all(f"line {line}:" in said for line in (2, 3, 4, 6))


def test_a_referral_is_noted_by_code_or_by_member(lively: Shop) -> None:
    code = lively.run("referral", "code", "CU-claire").out.strip()
    assert lively.run("referral", "code", "CU-claire", "--json").json["code"] == code
    assert "Nobody has recommended" in lively.run("referral", "list").out
    lively.run("referral", "add", code, "new@example.org", "--dry-run")
    assert "Noted" in lively.run("referral", "add", code, "new@example.org").out
    told = lively.run("referral", "add", "CU-claire", "new@example.org", "--json").json["referral"]
    assert (told["state"], told["friend"]) == ("open", None)
    refused = lively.run("referral", "add", "CU-claire", "CU-jean", code=1)
    assert "was a customer before" in refused.out
    assert [row["state"] for row in lively.run("referral", "list", "CU-claire", "--json").json] == [
        "open",
        "refused",
    ]
    assert "waiting for the first purchase" in lively.run("referral", "list").out
    assert "No member matches" in lively.run("referral", "add", "CU-claire", "nobody", code=2).err
