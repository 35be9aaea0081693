"""A birthday's gift that comes with a tier: the birthday stands at a contact in Dolibarr."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from dolibarr_loyalty.core.benefits import Benefit
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.flows.birthdays import set_birthday
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.store.database import Database
from tests.flows.shop import PROGRAM, Shop, open_shop

CAKE = Benefit(id="cake", kind="birthday_gift", points=30)
STATUS = TierGroup(id="status", tiers=(Tier(id="bronze", threshold=0, benefits=("cake",)),))


@pytest.fixture
def shop(database: Database) -> Iterator[Shop]:
    with open_shop(database, program=replace(PROGRAM, benefits=(CAKE,), tier_groups=(STATUS,))) as shop:
        yield shop


def a_day(shop: Shop) -> None:
    daily(shop.loyalty)
    shop.deliver()


@pytest.mark.parametrize("by_hand", [False, True], ids=["from a contact", "by hand"])
def test_a_birthday_that_becomes_known_later_brings_its_gift_without_a_purchase(
    shop: Shop, by_hand: bool
) -> None:
    customer = shop.customer("Claire Martin", typent_id=8)
    shop.sell(customer, 100)
    shop.sync()
    shop.deliver()
    a_day(shop)
    before = shop.balance(customer)
    born = (shop.loyalty.today() + timedelta(days=60)).replace(year=1990)
    if by_hand:
        set_birthday(shop.loyalty, customer, born)
    else:
        shop.dolibarr.create_contact(lastname="Martin", socid=customer, birthday=born.isoformat())
    a_day(shop)
    shop.clock.pass_(days=59)
    a_day(shop)
    assert shop.balance(customer) == before
    shop.clock.pass_(days=3)
    for _ in range(2):
        a_day(shop)
    assert shop.balance(customer) == before + 30
    shop.prove()
