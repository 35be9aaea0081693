"""A program without points: its first wallet is what members know as their points, everywhere."""

from dataclasses import replace
from decimal import Decimal

from dolibarr_loyalty.core.program import Reward, Rule
from dolibarr_loyalty.core.wallets import Wallet
from tests.flows.shop import PROGRAM, Shop

STARS = Wallet(id="stars", names=(("en", "star", "stars"),), value=Decimal("0.05"))


def starry(shop: Shop) -> Shop:
    program = replace(
        PROGRAM,
        rules=(Rule(id="base", points=Decimal(2), unit="stars"),),
        wallets=(STARS,),
        rewards=(Reward(id="coffee", kind="amount", points=100, value=Decimal(3), unit="stars"),),
    )
    brand = replace(shop.loyalty.brand, unit_names={"stars": {"en": ("star", "stars")}})
    shop.loyalty = replace(shop.loyalty, program=program, brand=brand)
    return shop


def test_balance_value_and_next_reward_on_the_screens_are_those_of_the_wallet(shop: Shop) -> None:
    starry(shop)
    claire = shop.customer(default_lang="en_GB")
    shop.sell(claire, 40)
    shop.sync()
    shop.deliver()
    shown = shop.loyalty.books.shown_members([claire])[claire]
    assert (int(str(shown["loyalty_points"])), Decimal(str(shown["loyalty_value"]))) == (80, Decimal(4))
    assert "20 stars" in str(shown["loyalty_next"])
    shop.prove()


def test_a_reward_for_stars_within_reach_is_told_once(shop: Shop) -> None:
    starry(shop)
    claire = shop.customer(default_lang="en_GB")
    shop.sync()
    shop.sell(claire, 60)
    shop.sync()
    shop.deliver()
    told = [mail for mail in shop.letterbox.mails if "Welcome" not in mail.subject]
    assert len(told) == 1
    assert "120 stars" in told[0].text.replace("\N{NO-BREAK SPACE}", " ")
    shop.sell(claire, 10)
    shop.sync()
    shop.deliver()
    assert len([mail for mail in shop.letterbox.mails if "Welcome" not in mail.subject]) == 1
    shop.prove()
