"""Members recommend us: both sides get points for a paid first purchase, and nobody recommends themselves."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from dolibarr_loyalty.core.activities import Referral
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.referrals import ReferralState, Referred
from dolibarr_loyalty.errors import InputError, KeyReused, UnknownMember
from dolibarr_loyalty.flows.referrals import (
    claim,
    code_for,
    of_member,
    recheck,
    refer,
    review_referrals,
    shown,
)
from dolibarr_loyalty.store import referrals
from tests.conftest import OpenShop
from tests.flows.shop import PROGRAM, Shop

RULES = Referral(referrer_points=50, friend_points=20, minimum_amount=Decimal(20))


def with_referrals(**changes: Any) -> Program:
    return replace(PROGRAM, rules=(), referral=replace(RULES, **changes))


@pytest.fixture
def friendly(opened: OpenShop) -> Iterator[Shop]:
    with opened(program=with_referrals()) as shop:
        yield shop


def a_member(shop: Shop, name: str = "Claire Martin", **fields: Any) -> int:
    member = shop.customer(name, **fields)
    shop.sync()
    return member


def two(shop: Shop) -> tuple[int, int]:
    return a_member(shop), a_member(shop, "Jean Petit")


def look(shop: Shop, *customers: int) -> None:
    shop.sync()
    for customer in customers:
        review_referrals(shop.loyalty, customer)
        review_referrals(shop.loyalty, customer)
    shop.deliver()


def state(shop: Shop, member: int) -> tuple[str, str]:
    with shop.loyalty.database.reading() as tx:
        (found,) = of_member(tx, member)
    return str(found.state), found.why


def balances(shop: Shop, *customers: int) -> list[int]:
    return [shop.balance(each) for each in customers]


def referred(shop: Shop, claire: int, friend: int | str, **changes: Any) -> Referred:
    shop.tick()
    found = refer(shop.loyalty, claire, friend, **changes)
    shop.tick()
    return found


def test_both_sides_earn_when_the_friend_has_paid(friendly: Shop) -> None:
    claire, jean = two(friendly)
    assert referred(friendly, claire, jean).state is ReferralState.OPEN
    invoice = friendly.sell(jean, 50, paid=False)
    look(friendly, jean)
    assert balances(friendly, claire, jean) == [0, 0]
    friendly.dolibarr.pay(invoice)
    look(friendly, jean)
    assert balances(friendly, claire, jean) == [50, 20]
    assert state(friendly, claire) == ("rewarded", "")
    friendly.sell(jean, 500)
    look(friendly, jean)
    assert balances(friendly, claire, jean) == [50, 20]
    subjects = friendly.letterbox.subjects()
    assert subjects.count("Thank you for recommending us") == 1
    assert subjects.count("A thank-you for your first purchase") == 1
    friendly.prove()


def test_a_small_purchase_does_not_complete_it_and_a_larger_one_does(friendly: Shop) -> None:
    claire, jean = two(friendly)
    referred(friendly, claire, jean)
    friendly.sell(jean, "19.99")
    look(friendly, jean)
    assert balances(friendly, claire, jean) == [0, 0]
    friendly.sell(jean, 20)
    look(friendly, jean)
    assert balances(friendly, claire, jean) == [50, 20]


def test_a_purchase_that_comes_back_takes_the_points_back_and_another_gives_them_again(
    friendly: Shop,
) -> None:
    claire, jean = two(friendly)
    referred(friendly, claire, jean)
    invoice = friendly.sell(jean, 50)
    look(friendly, jean)
    friendly.refund(invoice)
    look(friendly, jean)
    assert balances(friendly, claire, jean) == [0, 0]
    assert state(friendly, jean) == ("undone", "purchase_came_back")
    friendly.sell(jean, 30)
    look(friendly, jean)
    assert balances(friendly, claire, jean) == [50, 20]
    assert state(friendly, jean) == ("rewarded", "")
    assert friendly.letterbox.subjects().count("Thank you for recommending us") == 1
    friendly.prove()


def test_a_friend_named_by_an_address_is_recognised_when_buying(friendly: Shop) -> None:
    claire = a_member(friendly)
    found = referred(friendly, claire, " Jean.Petit+shop@gmail.com ")
    assert (found.friend_id, found.friend_key) == (None, "jeanpetit@gmail.com")
    jean = a_member(friendly, "Jean Petit", email="jeanpetit@googlemail.com")
    friendly.sell(jean, 50)
    look(friendly, jean)
    assert balances(friendly, claire, jean) == [50, 20]
    with friendly.loyalty.database.reading() as tx:
        assert of_member(tx, claire)[0].friend_id == jean


def test_a_code_is_claimed_by_the_friend(friendly: Shop) -> None:
    claire, jean = two(friendly)
    code = code_for(friendly.loyalty, claire)
    friendly.tick()
    assert claim(friendly.loyalty, code, jean).id == claim(friendly.loyalty, code.lower(), jean).id
    friendly.sell(jean, 50)
    look(friendly, jean)
    assert balances(friendly, claire, jean) == [50, 20]
    with pytest.raises(InputError, match="referral code"):
        claim(friendly.loyalty, "22222222", jean)


def test_the_same_referral_again_is_the_same_one(friendly: Shop) -> None:
    claire, jean = two(friendly)
    first = referred(friendly, claire, jean, source_id="form-1")
    assert referred(friendly, claire, jean, source_id="form-1").id == first.id
    with pytest.raises(KeyReused):
        referred(friendly, jean, claire, source_id="form-1")


def test_nobody_recommends_themselves(friendly: Shop) -> None:
    claire = a_member(friendly)
    double = a_member(friendly, "C. Martin", email="claire+2@example.org")
    assert referred(friendly, claire, claire).why == "same_person"
    assert referred(friendly, claire, double).why == "same_person"
    assert referred(friendly, claire, "CLAIRE@example.org").why == "same_person"
    friendly.sell(double, 50)
    look(friendly, double)
    assert balances(friendly, claire, double) == [0, 0]


def test_a_customer_of_old_is_no_friend_to_be_won(friendly: Shop) -> None:
    claire, jean = two(friendly)
    friendly.sell(jean, 5)
    friendly.sync()
    found = referred(friendly, claire, jean)
    assert (found.state, found.why) == (ReferralState.REFUSED, "customer_already")
    friendly.sell(jean, 50)
    look(friendly, jean)
    assert balances(friendly, claire, jean) == [0, 0]


def test_the_first_to_recommend_counts(friendly: Shop) -> None:
    claire, jean = two(friendly)
    marie = a_member(friendly, "Marie Curie")
    referred(friendly, claire, jean)
    assert referred(friendly, marie, jean).why == "referred_before"
    assert referred(friendly, marie, "jean@example.org").why == ""  # who that is shows when Jean buys
    friendly.sell(jean, 50)
    look(friendly, jean)
    assert balances(friendly, claire, jean, marie) == [50, 20, 0]


def test_at_most_so_many_friends_per_year(opened: OpenShop) -> None:
    with opened(program=with_referrals(most_per_year=1)) as shop:
        claire, jean = two(shop)
        marie = a_member(shop, "Marie Curie")
        for friend in (jean, marie):
            referred(shop, claire, friend)
            shop.sell(friend, 50)
            look(shop, friend)
        assert balances(shop, claire, jean, marie) == [50, 20, 0]
        with shop.loyalty.database.reading() as tx:
            assert [each.why for each in of_member(tx, claire)] == ["", "most_per_year"]


def test_a_referral_ends_when_the_friend_does_not_buy_in_time(opened: OpenShop) -> None:
    with opened(program=with_referrals(valid_days=30)) as shop:
        claire, jean = two(shop)
        referred(shop, claire, jean)
        shop.clock.pass_(days=31)
        shop.sell(jean, 50)
        look(shop, jean)
        assert balances(shop, claire, jean) == [0, 0]
        with shop.loyalty.database.reading() as tx:
            assert of_member(tx, claire)[0].state_at(shop.clock()) is ReferralState.EXPIRED


def test_two_who_turn_out_to_be_one_lose_what_they_earned(friendly: Shop) -> None:
    claire, jean = two(friendly)
    referred(friendly, claire, jean)
    friendly.sell(jean, 50)
    look(friendly, jean)

    def merged(tx: Any) -> None:
        referrals.reassign(tx, jean, claire)
        recheck(tx, friendly.loyalty, claire)

    friendly.loyalty.database.decide(merged)
    friendly.loyalty.database.decide(merged)
    assert state(friendly, claire) == ("refused", "same_person")
    assert friendly.balance(claire) == -20  # what Jean's account had comes with the merge of the accounts


def test_who_left_still_loses_what_comes_back_and_gets_nothing_new(friendly: Shop) -> None:
    claire, jean = two(friendly)
    marie = a_member(friendly, "Marie Curie")
    referred(friendly, claire, jean)
    referred(friendly, claire, marie)
    invoice = friendly.sell(jean, 50)
    look(friendly, jean)
    friendly.tick()
    friendly.dolibarr.change_third_party(claire, client=0)
    friendly.refund(invoice)
    friendly.sell(marie, 50)
    look(friendly, jean, marie)
    assert balances(friendly, claire, jean, marie) == [0, 0, 0]
    assert referred(friendly, claire, "new@example.org").why == "referrer_not_a_member"


def test_a_document_of_before_that_comes_late_undoes_it(friendly: Shop) -> None:
    claire, jean = two(friendly)
    referred(friendly, claire, jean)
    friendly.sell(jean, 50)
    look(friendly, jean)
    friendly.sell(jean, 10, date="2026-01-15")
    look(friendly, jean)
    assert balances(friendly, claire, jean) == [0, 0]
    assert state(friendly, jean) == ("refused", "customer_already")


def test_what_cannot_be_referred_is_said(friendly: Shop) -> None:
    claire = a_member(friendly)
    with pytest.raises(InputError, match="no email address"):
        refer(friendly.loyalty, claire, "hello")
    with pytest.raises(UnknownMember):
        refer(friendly.loyalty, 999, "a@example.org")
    with pytest.raises(UnknownMember):
        refer(friendly.loyalty, claire, 999)
    with pytest.raises(InputError, match="at most"):
        refer(friendly.loyalty, claire, "a@example.org", source_id="x" * 191)


def test_without_rules_there_are_no_referrals(shop: Shop) -> None:
    claire = a_member(shop)
    with pytest.raises(InputError, match="no referrals"):
        refer(shop.loyalty, claire, "a@example.org")
    review_referrals(shop.loyalty, claire)


def test_an_invoice_earns_the_referral_only_once_it_is_paid(opened: OpenShop) -> None:
    program = replace(with_referrals(), earn_on="validated")
    with opened(program=program) as shop:
        claire, jean = two(shop)
        referred(shop, claire, jean)
        invoice = shop.sell(jean, 50, paid=False)
        look(shop, jean)
        assert balances(shop, claire, jean) == [0, 0]
        shop.dolibarr.pay(invoice)
        look(shop, jean)
        assert balances(shop, claire, jean) == [50, 20]


def test_on_every_engine(shop_on: Shop) -> None:
    shop_on.loyalty = replace(shop_on.loyalty, program=with_referrals())
    claire, jean = two(shop_on)
    referred(shop_on, claire, jean)
    shop_on.sell(jean, 50)
    look(shop_on, jean)
    assert balances(shop_on, claire, jean) == [50, 20]
    with shop_on.loyalty.database.reading() as tx:
        assert [each.state for each in referrals.page(tx, 10)] == [ReferralState.REWARDED]


def test_a_mail_that_is_late_is_not_sent_when_the_purchase_came_back(friendly: Shop) -> None:
    claire, jean = two(friendly)
    referred(friendly, claire, jean)
    invoice = friendly.sell(jean, 50)
    friendly.sync()
    review_referrals(friendly.loyalty, jean)
    friendly.refund(invoice)
    friendly.sync()
    review_referrals(friendly.loyalty, jean)
    friendly.deliver()
    assert "Thank you for recommending us" not in friendly.letterbox.subjects()


def test_screens_tell_the_code_and_how_many_friends_came(friendly: Shop) -> None:
    claire, jean = two(friendly)
    referred(friendly, claire, jean)
    referred(friendly, claire, "new@example.org")
    friendly.sell(jean, 50)
    look(friendly, jean)
    with friendly.loyalty.database.reading() as tx:
        told = shown(tx, friendly.loyalty, claire)
        assert told is not None
        assert (told.code, told.waiting, told.rewarded) == (code_for(friendly.loyalty, claire), 1, 1)
        without = replace(friendly.loyalty, program=PROGRAM)
        assert shown(tx, without, claire) is None
