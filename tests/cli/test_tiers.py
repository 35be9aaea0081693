"""`tier show`, `list`, `set`, `unset`."""

from typing import Any

import pytest

from tests.cli.conftest import Shop

TIERS = """
[[program.tiers]]
id = "status"

[[program.tiers.tier]]
id = "guest"
threshold = 0
names = { en = "Guest" }

[[program.tiers.tier]]
id = "gold"
threshold = 100
names = { en = "Gold" }
"""


@pytest.fixture
def tiered(shop: Shop) -> Shop:
    """The shop with a program of two tiers."""
    with shop.config.open("a", encoding="utf-8") as file:
        file.write(TIERS)
    return shop


def a_person(shop: Shop) -> int:
    return next(iter(shop.people.values()))


def by_hand(shop: Shop, *more: object) -> Any:
    words = ("tier", "set", a_person(shop), "gold", "--reason", "a regular", *more)
    return shop.run(*words, "--json").json


def test_a_tier_set_by_hand_shows_and_is_taken_back(tiered: Shop) -> None:
    person = a_person(tiered)
    assert by_hand(tiered, "--until", "2099-12-31", "--dry-run")["dry_run"] is True
    assert tiered.run("tier", "show", person, "--json").json["by_hand"] == []
    assert by_hand(tiered, "--until", "2099-12-31")["tier"] == "gold"
    shown = tiered.run("tier", "show", person)
    assert "Gold" in shown.out
    assert "set by hand" in shown.out
    assert "31/12/2099" in shown.out
    assert "a regular" in shown.out
    told = tiered.run("tier", "show", person, "--json").json
    assert told["groups"][0]["tier"] == "gold"
    assert told["groups"][0]["steps"][-1]["why"] == "manual"
    assert [row["thirdparty_id"] for row in tiered.run("tier", "list", "--tier", "gold", "--json").json] == [
        person
    ]
    counted = tiered.run("tier", "list", "--json").json
    assert counted[1] == {"group": "status", "tier": "gold", "threshold": 100, "members": 1}
    assert counted[0]["members"] == len(tiered.run("member", "list", "--json").json) - 1
    said = tiered.run("tier", "unset", person, "--reason", "by mistake").out
    assert "Guest" in said


def test_people_read_sentences(tiered: Shop) -> None:
    said = tiered.run("tier", "set", a_person(tiered), "gold", "--reason", "a regular").out
    assert "has the tier Gold to its next assessment" in said
    assert "Gold" in tiered.run("tier", "list").out
    assert "1 shown" in tiered.run("tier", "list", "--tier", "gold", "--limit", 5).out
    again = tiered.run("tier", "unset", a_person(tiered), "--reason", "x", "--dry-run").out
    assert "would have the tier Guest" in again


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("tier", "set", "{person}", "platinum", "--reason", "x"), "There is no tier 'platinum'"),
        (("tier", "unset", "{person}", "--reason", "x"), "nothing to take back"),
        (("tier", "unset", "{person}", "--reason", "x", "--group", "other"), "There is no tier group"),
        (("tier", "list", "--tier", "platinum"), "There is no tier 'platinum'"),
        (("tier", "show", "nobody@example.org"), "No member matches"),
    ],
)
def test_mistakes_are_explained(tiered: Shop, words: tuple[str, ...], says: str) -> None:
    ran = tiered.run(*(word.format(person=a_person(tiered)) for word in words), code=2)
    assert says in ran.err


def test_a_program_without_tiers_says_so(shop: Shop) -> None:
    person = a_person(shop)
    assert "no tiers" in shop.run("tier", "show", person).out
    assert "no tiers" in shop.run("tier", "list").out
    assert "none" in shop.run("tier", "set", person, "gold", "--reason", "x", code=2).err
