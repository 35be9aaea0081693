"""Customers merged and deleted in Dolibarr: everything goes along by its own terms, once, and can be undone."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.activities import Referral
from dolibarr_loyalty.core.program import Membership, Rule
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.core.wallets import Wallet
from dolibarr_loyalty.errors import InputError, UnknownMember
from dolibarr_loyalty.flows import tiers
from dolibarr_loyalty.flows.birthdays import set_birthday
from dolibarr_loyalty.flows.merging import take_departure, undo_merge
from dolibarr_loyalty.flows.tier_acts import set_tier
from dolibarr_loyalty.store import birthdays, ledger
from tests.flows.shop import PROGRAM, Shop

STATUS = TierGroup(
    id="status",
    tiers=(Tier(id="blue", threshold=0), Tier(id="silver", threshold=100), Tier(id="gold", threshold=300)),
)


def with_program(shop: Shop, **changes: object) -> Shop:
    program = replace(PROGRAM, tier_groups=(STATUS,), wallets=(Wallet(id="stars"),), **changes)  # type: ignore[arg-type]
    shop.loyalty = replace(shop.loyalty, program=program)
    return shop


def held(shop: Shop, customer: int, unit: str) -> int:
    with shop.loyalty.database.reading() as tx:
        return ledger.load(tx, [customer], unit=unit)[customer].balance


def tier_of(shop: Shop, customer: int) -> str:
    with shop.loyalty.database.reading() as tx:
        (shown,) = tiers.shown(tx, shop.loyalty, customer)
    return shown.outlook.tier.id


def merged(shop: Shop, gone: int, kept: int) -> None:
    shop.dolibarr.merge_third_parties(keep=kept, gone=gone)
    shop.sweep()
    shop.sync(full=True)
    shop.deliver()


STARS = (*PROGRAM.rules, Rule(id="stars", unit="stars"))


def test_every_unit_goes_along_and_qualifying_points_add_up(shop: Shop) -> None:
    with_program(shop, rules=STARS)
    kept, gone = shop.customer("Claire Martin"), shop.customer("Klara Martin", email="klara@example.org")
    shop.sell(kept, 180)
    shop.sell(gone, 150)
    shop.sync()
    shop.deliver()
    assert (tier_of(shop, kept), tier_of(shop, gone)) == ("silver", "silver")
    merged(shop, gone, kept)
    assert (shop.balance(kept), held(shop, kept, "stars")) == (33, 330)
    assert held(shop, kept, "qualifying:status") == 330
    assert tier_of(shop, kept) == "gold", "together they carry the next tier"
    take_departure(shop.loyalty, gone, kept)
    shop.sync(full=True)
    assert held(shop, kept, "qualifying:status") == 330, "counted once"
    shop.prove()


def test_a_refund_after_the_merge_finds_points_of_every_unit(shop: Shop) -> None:
    with_program(shop, rules=STARS)
    kept, gone = shop.customer("Claire Martin"), shop.customer("Klara Martin", email="klara@example.org")
    invoice = shop.sell(gone, 150)
    shop.sell(kept, 20)
    shop.sync()
    merged(shop, gone, kept)
    shop.refund(invoice)
    shop.sync()
    assert (shop.balance(kept), held(shop, kept, "stars")) == (2, 20)
    assert held(shop, kept, "qualifying:status") == 20
    shop.prove()


def test_the_higher_tier_stays_although_no_points_carry_it(shop: Shop) -> None:
    with_program(shop)
    kept, gone = shop.customer("Claire Martin"), shop.customer("Klara Martin", email="klara@example.org")
    shop.sell(kept, 10)
    shop.sell(gone, 10)
    shop.sync()
    set_tier(shop.loyalty, gone, "status", "gold", until=None, reason="a friend", who="me", request_key="k")
    shop.deliver()
    assert tier_of(shop, gone) == "gold"
    merged(shop, gone, kept)
    assert tier_of(shop, kept) == "gold"
    shop.prove()


@pytest.mark.parametrize(("setting", "balance"), [("reverse", 51), ("keep", 101)])
def test_a_welcome_given_twice_is_given_back_once(shop: Shop, setting: str, balance: int) -> None:
    membership = Membership(second_welcome=setting)  # type: ignore[arg-type]
    with_program(shop, welcome_points=50, membership=membership)
    shop.sync()
    kept, gone = shop.customer("Claire Martin"), shop.customer("Klara Martin", email="klara@example.org")
    shop.sync()
    shop.sell(gone, 10)
    shop.sync()
    assert (shop.balance(kept), shop.balance(gone)) == (50, 51)
    merged(shop, gone, kept)
    assert shop.balance(kept) == balance
    shop.prove()


def test_the_stricter_consent_the_older_membership_and_the_birthday_stay(shop: Shop) -> None:
    with_program(shop)
    shop.loyalty = replace(shop.loyalty, notices=replace(shop.loyalty.notices, no_mail_tag="no mail"))
    gone = shop.customer("Klara Martin", email="klara@example.org")
    shop.dolibarr.tag(shop.dolibarr.create_category(label="No mail"), gone)
    shop.sell(gone, 10)
    shop.clock.pass_(days=10)
    kept = shop.customer("Claire Martin")
    shop.sync()
    shop.sweep()
    set_birthday(shop.loyalty, gone, date(1990, 5, 17))
    older = shop.member(gone).enrolment.joined_at
    merged(shop, gone, kept)
    assert shop.member(kept).enrolment.joined_at == older
    assert "no mail" in shop.member(kept).member.tags
    with shop.loyalty.database.reading() as tx:
        assert birthdays.load(tx, [kept])[kept].born == date(1990, 5, 17)


def test_a_referral_between_two_who_are_one_is_taken_back(shop: Shop) -> None:
    from dolibarr_loyalty.flows.referrals import refer

    with_program(shop, referral=Referral(referrer_points=100, friend_points=50))
    kept = shop.customer("Claire Martin")
    shop.sync()
    gone = shop.customer("Klara Martin", email="klara@example.net")
    shop.sync()
    refer(shop.loyalty, kept, gone)
    shop.sell(gone, 100)
    shop.sync()
    shop.deliver()
    assert (shop.balance(kept), shop.balance(gone)) == (100, 60)
    merged(shop, gone, kept)
    assert shop.balance(kept) == 10
    shop.prove()


def test_a_wrong_merge_can_be_undone_for_a_month(shop: Shop) -> None:
    with_program(shop, rules=STARS)
    kept, gone = shop.customer("Claire Martin"), shop.customer("Klara Martin", email="klara@example.org")
    shop.sell(kept, 500)
    shop.sell(gone, 300)
    shop.sync()
    merged(shop, gone, kept)
    again = shop.customer("Klara Martin", email="klara@example.org")
    shop.sync()
    assert undo_merge(shop.loyalty, gone, again, who="me") == 30 + 300 + 300
    assert undo_merge(shop.loyalty, gone, again, who="me") == 0
    assert (shop.balance(kept), shop.balance(again)) == (50, 30)
    assert (held(shop, kept, "stars"), held(shop, again, "stars")) == (500, 300)
    shop.prove()


def test_a_merge_of_long_ago_or_of_nobody_is_not_undone(shop: Shop) -> None:
    with_program(shop)
    kept, gone = shop.customer("Claire Martin"), shop.customer("Klara Martin", email="klara@example.org")
    shop.sell(gone, 300)
    shop.sync()
    with pytest.raises(InputError, match="was not merged"):
        undo_merge(shop.loyalty, gone, kept, who="me")
    merged(shop, gone, kept)
    with pytest.raises(UnknownMember):
        undo_merge(shop.loyalty, gone, 4711, who="me")
    shop.clock.pass_(days=31)
    with pytest.raises(InputError, match="for 30 days"):
        undo_merge(shop.loyalty, gone, kept, who="me")


def test_a_deleted_customer_keeps_the_books_whole(shop: Shop) -> None:
    with_program(shop)
    claire = shop.customer("Claire Martin")
    shop.sell(claire, 100)
    shop.sync()
    take_departure(shop.loyalty, claire, None)
    take_departure(shop.loyalty, claire, None)
    assert shop.balance(claire) == 10
    shop.prove(with_dolibarr=False)


def test_a_customer_who_becomes_a_company_or_moves_house_keeps_everything(shop: Shop) -> None:
    with_program(shop)
    claire = shop.customer("Claire Martin")
    shop.sell(claire, 100)
    shop.sync()
    shop.tick()
    shop.dolibarr.change_third_party(claire, name="Martin SARL", email="office@example.org", typent_id=3)
    shop.sync()
    known = shop.member(claire)
    assert (known.member.email, known.is_member, shop.balance(claire)) == ("office@example.org", True, 10)
    shop.sell(claire, Decimal(50))
    shop.sync()
    assert shop.balance(claire) == 15
    shop.prove()


def test_an_objection_is_carried_over_where_dolibarr_did_not(shop: Shop) -> None:
    with_program(shop)
    shop.loyalty = replace(shop.loyalty, notices=replace(shop.loyalty.notices, no_mail_tag="no mail"))
    kept, gone = shop.customer("Claire Martin"), shop.customer("Klara Martin", email="klara@example.org")
    shop.dolibarr.tag(shop.dolibarr.create_category(label="no mail"), gone)
    shop.sync()
    shop.sweep()
    take_departure(shop.loyalty, gone, kept)
    shop.deliver()
    assert "no mail" in shop.member(kept).member.tags
    assert [row["label"] for row in shop.dolibarr.tags_of(kept)] == ["no mail"]
