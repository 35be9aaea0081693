"""`member show`, `explain invoice` and `member unmerge` under a program of several kinds."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from dolibarr_loyalty.cli import setup as wiring
from dolibarr_loyalty.config import Config
from dolibarr_loyalty.core.program import Rule
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.core.wallets import Wallet

from .conftest import Shop

STATUS = TierGroup(
    id="status",
    tiers=(
        Tier(id="blue", threshold=0, names=(("en", "Blue"),)),
        Tier(id="gold", threshold=100, names=(("en", "Gold"),), earn_factor=Decimal(2)),
    ),
)


@pytest.fixture
def ranked(bare_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop with two tiers, stars beside points, and a bonus for each purchase."""
    real = wiring.load

    def load(file: Path | None, env: object) -> Config:
        config = real(file, env)  # type: ignore[arg-type]
        rules = (
            Rule(id="base", points=Decimal(1), per=Decimal(10)),
            Rule(id="bonus", kind="visit", points=Decimal(5), promotion=True, names=(("en", "Spring"),)),
            Rule(id="stars", points=Decimal(2), unit="stars"),
        )
        program = replace(
            config.program,
            rules=rules,
            tier_groups=(STATUS,),
            wallets=(Wallet(id="stars", names=(("en", "star", "stars"),)),),
        )
        return replace(config, program=program)

    monkeypatch.setattr(wiring, "load", load)
    return bare_shop


def customer(shop: Shop, name: str) -> int:
    return shop.dolibarr.create_third_party(
        name=name, client=1, email=f"{name.split()[0].lower()}@example.net"
    )


def sell(shop: Shop, person: int, amount: int) -> int:
    return shop.dolibarr.sell(person, [{"desc": "goods", "qty": 1, "subprice": str(amount), "tva_tx": 0}])


def test_a_member_is_shown_with_tier_and_wallets(ranked: Shop) -> None:
    claire = customer(ranked, "Claire Martin")
    sell(ranked, claire, 120)
    ranked.run("sync")
    ranked.run("deliver")
    told = ranked.run("member", "show", claire).out
    assert "Gold" in told
    assert "240 stars" in told
    shown = ranked.run("member", "show", claire, "--json").json["kinds"]
    assert shown == {"tier": "Gold", "wallets": "240 stars"}


def test_an_invoice_tells_what_it_was_judged_with_and_all_it_gave(ranked: Shop) -> None:
    claire = customer(ranked, "Claire Martin")
    sell(ranked, claire, 120)
    second = sell(ranked, claire, 100)
    ranked.run("sync")
    told = ranked.run("explain", "invoice", second).out
    assert "Judged with" in told
    assert "Gold" in told
    assert "200 stars" in told
    assert "5 Spring" in told
    found = ranked.run("explain", "invoice", second, "--json").json
    assert found["grants"] == {"qualifying:status": 100, "stars": 200}
    assert found["shares"] == {"base": 10, "bonus": 5, "tier:gold": 10}
    assert found["judged_with"]["tiers"] == ["gold"]
    assert found["judged_with"]["purchases_before"] == 1


def test_a_wrong_merge_is_undone_and_said_so(ranked: Shop) -> None:
    claire, klara = customer(ranked, "Claire Martin"), customer(ranked, "Klara Martin")
    sell(ranked, klara, 100)
    ranked.run("sync")
    assert "was not merged" in ranked.run("member", "unmerge", klara, "--to", claire, code=2).err
    ranked.dolibarr.merge_third_parties(keep=claire, gone=klara)
    ranked.run("sync", "--full")
    again = customer(ranked, "Klara Meyer")
    ranked.run("sync")
    told = ranked.run("member", "unmerge", klara, "--to", again, "--dry-run").out
    assert "would get back" in told
    assert ranked.run("member", "unmerge", klara, "--to", again, "--json").json["moved"] > 0
    assert "Nothing is left" in ranked.run("member", "unmerge", klara, "--to", again).out
    assert ranked.run("verify", "--json").json["deviations"] == []


def test_the_history_of_another_wallet_is_asked_for_by_its_name(ranked: Shop) -> None:
    claire = customer(ranked, "Claire Martin")
    sell(ranked, claire, 120)
    ranked.run("sync")
    assert [row["points"] for row in ranked.run("member", "history", claire, "--json").json] == [17]
    told = ranked.run("member", "history", claire, "--unit", "stars", "--json").json
    assert [row["points"] for row in told] == [240]
    told = ranked.run("member", "history", claire, "--unit", "qualifying:status", "--json").json
    assert [row["points"] for row in told] == [120]
    assert "moons" in ranked.run("member", "history", claire, "--unit", "moons", code=2).err
