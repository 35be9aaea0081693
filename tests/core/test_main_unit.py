"""What tiers are reached by and speed up where a program has no points but another wallet."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.accrual import appraise
from dolibarr_loyalty.core.claims import entitle
from dolibarr_loyalty.core.eligibility import Standing
from dolibarr_loyalty.core.program import Program, Rule
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.core.wallets import StampCard, Wallet, main_unit
from tests.builders import a_family, a_program, a_sale, enrolled

STARS = Rule(id="stars", unit="stars", points=Decimal(2))
STAMPS = Rule(id="stamps", unit="stamps:coffee", kind="visit")
PLAIN = Rule(id="base")


def a_wallet_program(*rules: Rule) -> Program:
    level = TierGroup(
        id="level", qualify_by="points", tiers=(Tier(id="gold", threshold=0, earn_factor=Decimal("1.5")),)
    )
    return replace(
        a_program(),
        rules=rules,
        wallets=(Wallet(id="stars"),),
        cards=(StampCard(id="coffee", size=10, reward="coffee"),),
        tier_groups=(level,),
    )


@pytest.mark.parametrize(
    ("rules", "unit"),
    [
        pytest.param((PLAIN, STARS), "points", id="points where there are any"),
        pytest.param((STARS, STAMPS), "stars", id="else the wallet"),
        pytest.param((STAMPS,), "points", id="never stamps"),
    ],
)
def test_the_main_unit_is_what_the_program_gives(rules: tuple[Rule, ...], unit: str) -> None:
    assert main_unit(a_wallet_program(*rules)) == unit


def test_stars_count_for_a_level_and_come_faster_in_it() -> None:
    program = a_wallet_program(STARS, STAMPS)
    standing = Standing(tiers=frozenset({"gold"}))
    appraised = appraise(program, a_family(a_sale(total="100")), enrolled(), standing)
    assert [points for _, _, points in appraised.past.qualifying] == [200]
    entitled = entitle([(program, appraised.claim)])[appraised.claim.document_id]
    assert dict(entitled.others) == {"stars": 300, "stamps:coffee": 1, "qualifying:level": 200}
    assert entitled.points == 0
    told = next(reason for reason in appraised.reasons if reason.code == "rule_tier")
    assert (told.facts["unit"], told.facts["result"]) == ("stars", "100")
