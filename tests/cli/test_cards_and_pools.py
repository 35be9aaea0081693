"""`card show|list`, `pool create|join|leave|show`, `points transfer`, `points adjust --unit`, rewards in any unit."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from dolibarr_loyalty.cli import setup as wiring
from dolibarr_loyalty.config import Config
from dolibarr_loyalty.core.program import Reward
from dolibarr_loyalty.core.wallets import Pooling, StampCard, Wallet

from .conftest import Shop

STARS = Wallet(id="stars", names=(("en", "star", "stars"),), transferable=True)
CARD = StampCard(id="coffee", size=10, reward="free-coffee", names=(("en", "Coffee card"),))


@pytest.fixture
def wealthy(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop with a wallet, a stamp card and pools, whatever its settings say."""
    real = wiring.load

    def load(file: Path | None, env: object) -> Config:
        config = real(file, env)  # type: ignore[arg-type]
        coffee = Reward(id="free-coffee", kind="product", points=10, product="COFFEE", unit="stamps:coffee")
        stars = Reward(id="star-off", kind="amount", points=20, value=Decimal(2), unit="stars")
        program = replace(
            config.program,
            rewards=(*config.program.rewards, coffee, stars),
            wallets=(STARS,),
            cards=(CARD,),
            pooling=Pooling(kind="household"),
            transferable_points=True,
        )
        return replace(config, program=program)

    monkeypatch.setattr(wiring, "load", load)
    shop.run("program", "apply", "--reason", "more to win")
    return shop


def test_a_card_is_shown_with_its_stamps(wealthy: Shop) -> None:
    got = wealthy.run("points", "adjust", 2, 7, "--unit", "coffee", "--reason", "forgot the card").out
    assert "got 7 stamps; that makes a balance of 7 stamps" in got
    assert "Claire Martin: Coffee card, 7 of 10 ●●●●●●●○○○" in wealthy.run("card", "show", 2).out
    told = wealthy.run("card", "show", 2, "--json").json
    assert told["cards"] == [
        {
            "card": "coffee",
            "name": "Coffee card",
            "stamps": 7,
            "size": 10,
            "full": 0,
            "owed": 0,
            "reward": "free-coffee",
        }
    ]


def test_full_cards_and_owed_stamps_are_told(wealthy: Shop) -> None:
    wealthy.run("points", "adjust", 2, 12, "--unit", "stamps:coffee", "--reason", "x")
    assert "2 of 10 ●●○○○○○○○○; full cards waiting: 1" in wealthy.run("card", "show", 2).out
    wealthy.run("points", "adjust", 3, "-1", "--unit", "coffee", "--reason", "x")
    assert "owed: 1 stamp" in wealthy.run("card", "show", 3).out
    (row,) = wealthy.run("card", "list", "--json").json
    assert (row["members"], row["stamps"], row["owed"], row["full"], row["vouchers"]) == (2, 12, 1, 1, 0)
    assert "Coffee card" in wealthy.run("card", "list").out


def test_a_shop_without_cards_says_so(shop: Shop) -> None:
    assert "no stamp cards" in shop.run("card", "show", 2).out
    assert "no stamp cards" in shop.run("card", "list").out
    assert shop.run("card", "list", "--json").json == []


def test_a_unit_nobody_has_lists_those_there_are(wealthy: Shop) -> None:
    ran = wealthy.run("points", "adjust", 2, 7, "--unit", "hearts", "--reason", "x", code=2)
    assert "points, stars, stamps:coffee" in ran.err


def test_adjusting_a_wallet_as_json_and_dry(wealthy: Shop) -> None:
    before = wealthy.dump()
    told = wealthy.run(
        "points", "adjust", 2, 25, "--unit", "stars", "--reason", "x", "--dry-run", "--json"
    ).json
    assert (told["entry"]["unit"], told["entry"]["balance_after"]) == ("stars", 25)
    assert wealthy.dump() == before


def test_rewards_and_redeeming_name_their_units(wealthy: Shop) -> None:
    wealthy.run("points", "adjust", 2, 25, "--unit", "stars", "--reason", "x")
    shown = wealthy.run("rewards", 2).out
    assert "has 90 points to spend" in shown
    assert "has 25 stars to spend" in shown
    assert "20 stars" in shown
    offers = {each["reward"]: each for each in wealthy.run("rewards", 2, "--json").json["rewards"]}
    assert (offers["star-off"]["can_have"], offers["free-coffee"]["missing"]) == (True, 10)
    assert "for 20 stars and have 5 stars left" in wealthy.run("redeem", 2, "star-off", "--dry-run").out
    ran = wealthy.run("redeem", 2, "star-off", "--json").json
    assert (ran["unit"], ran["points_left"]) == ("stars", 5)
    code = ran["voucher"]["code"]
    assert "20 stars" in wealthy.run("voucher", "show", code).out
    assert "20 stars would return" in wealthy.run("voucher", "cancel", code, "--reason", "x", "--dry-run").out
    assert "has 0 stamps to spend" in wealthy.run("redeem", 2, "free-coffee", code=1).err


def test_points_are_given_by_one_member_to_another(wealthy: Shop) -> None:
    before = wealthy.dump()
    dry = wealthy.run("points", "transfer", 2, 3, 40, "--reason", "present", "--dry-run").out
    assert "Claire Martin would give 40 points to Jean Martin." in dry
    assert wealthy.dump() == before
    told = [wealthy.run("points", "transfer", 2, 3, 40, "--key", "K", "--json").json for _ in range(2)]
    assert told[0] == {"dry_run": False, "from": 2, "to": 3, "points": 40, "unit": "points"}
    assert told[0] == told[1]
    assert wealthy.run("member", "show", 2, "--json").json["balance"] == 50
    assert "1 are missing" in wealthy.run("points", "transfer", 2, 3, 51, code=1).err
    assert "stars to spend" in wealthy.run("points", "transfer", 2, 3, 1, "--unit", "stars", code=1).err
    assert wealthy.run("verify").code == 0


def test_a_program_that_lets_nobody_give(shop: Shop) -> None:
    assert "does not let members give" in shop.run("points", "transfer", 2, 3, 1, code=1).err


def test_a_pool_from_opening_to_leaving(wealthy: Shop) -> None:
    before = wealthy.dump()
    assert "would head a pool" in wealthy.run("pool", "create", 2, "--dry-run").out
    assert wealthy.dump() == before
    assert wealthy.run("pool", "create", 2, "--json").json["head"] == 2
    assert "heads a pool" in wealthy.run("pool", "create", 2).out
    assert (
        "would be in the pool of Claire Martin, with 2" in wealthy.run("pool", "join", 2, 3, "--dry-run").out
    )
    assert "is in the pool of Claire Martin, with 2" in wealthy.run("pool", "join", 2, 3).out
    told = wealthy.run("pool", "join", 2, 3, "--may-spend", "--json").json
    assert [each["may_spend"] for each in told["members"]] == [True, True]
    rows = wealthy.run("pool", "show", 3, "--json").json["members"]
    assert [(row["available"], row["available_in_pool"]) for row in rows] == [(90, 102), (12, 102)]
    assert "head" in wealthy.run("pool", "show", 3).out
    wealthy.run("redeem", 3, "5-off")
    assert wealthy.run("member", "show", 2, "--json").json["balance"] == 52
    assert "would spend alone" in wealthy.run("pool", "leave", 3, "--dry-run").out
    assert wealthy.run("pool", "leave", 3, "--json").json == {"dry_run": False, "thirdparty_id": 3}
    assert "in none" in wealthy.run("pool", "show", 3, code=1).err
    assert "spends alone" in wealthy.run("pool", "leave", 2).out
    assert wealthy.run("verify").code == 0


def test_a_program_without_pools(shop: Shop) -> None:
    assert "no pools" in shop.run("pool", "create", 2, code=1).err
