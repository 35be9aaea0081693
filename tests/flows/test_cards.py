"""Stamp cards: a full card is a voucher, once, whatever happens meanwhile; surplus stands on the next card."""

from dataclasses import replace
from typing import Any

import pytest

from dolibarr_loyalty.core.effects import review_member
from dolibarr_loyalty.core.eligibility import Who
from dolibarr_loyalty.core.ledger import Cause
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.errors import ConfigurationFailure, InsufficientPoints
from dolibarr_loyalty.flows import redemption
from dolibarr_loyalty.flows.cards import complete, shown, totals
from dolibarr_loyalty.flows.recall import recall
from dolibarr_loyalty.flows.redemption import spend
from dolibarr_loyalty.flows.shortage import spent_on
from dolibarr_loyalty.flows.usage import use
from dolibarr_loyalty.flows.voiding import cancel
from dolibarr_loyalty.store import outbox
from dolibarr_loyalty.store.database import Database
from tests.conftest import OpenShop
from tests.flows.shop import Shop, open_shop
from tests.flows.test_faults import at_once
from tests.flows.wallets import CARDS, COFFEE, account, available, earn, entries, give, take_back, vouchers_of

STAMPS = "stamps:coffee"


def customer_of(shop: Shop, name: str = "Claire Martin") -> int:
    """A member without any points."""
    customer = shop.customer(name)
    shop.sync()
    return customer


def card_of(shop: Shop, customer: int) -> tuple[int, int, int]:
    """Stamps on the coffee card, full cards that wait, stamps owed."""
    with shop.loyalty.database.reading() as tx:
        card = shown(tx, shop.loyalty, customer)[0]
    return card.stamps, card.full, card.owed


def test_a_full_card_becomes_its_voucher_and_surplus_stays(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire = customer_of(shop)
        give(shop, claire, 7, STAMPS)
        shop.deliver()
        assert (card_of(shop, claire), vouchers_of(shop, claire)) == ((7, 0, 0), [])
        give(shop, claire, 5, STAMPS)
        shop.deliver()
        (voucher,) = vouchers_of(shop, claire)
        assert (voucher.state, voucher.kind, voucher.product, voucher.points) == (
            VoucherState.ACTIVE,
            "product",
            "COFFEE",
            10,
        )
        assert card_of(shop, claire) == (2, 0, 0)
        assert shop.balance(claire) == 0
        shop.prove()


def test_many_stamps_at_once_fill_several_cards(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire = customer_of(shop)
        give(shop, claire, 34, STAMPS)
        assert complete(shop.loyalty, claire) == 3
        assert complete(shop.loyalty, claire) == 0
        assert (len(vouchers_of(shop, claire)), card_of(shop, claire)) == (3, (4, 0, 0))


def test_the_mail_says_what_it_cost_in_stamps(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire = customer_of(shop)
        give(shop, claire, 12, STAMPS)
        shop.deliver()
        told = shop.letterbox.mails[-1].text.replace("\N{NO-BREAK SPACE}", " ")
        assert "You have exchanged 10 stamps for “A coffee”." in told
        assert "2 stamps" in told
        notes = [str(row["note"]) for row in shop.dolibarr.store.rows("event")]
        assert any("10 stamps redeemed" in note.replace("\N{NO-BREAK SPACE}", " ") for note in notes), notes


def test_the_voucher_pays_the_product(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire = customer_of(shop)
        coffee = shop.dolibarr.create_product(ref="COFFEE", label="Coffee", price="3.00", tva_tx=0)
        give(shop, claire, 10, STAMPS)
        shop.deliver()
        (voucher,) = vouchers_of(shop, claire)
        line = {"fk_product": coffee, "qty": 2, "subprice": "3.00", "tva_tx": 0}
        invoice = shop.sell(claire, lines=[line], paid=False)
        used = use(shop.loyalty, shop.code(voucher), str(invoice), who="test")
        assert str(used.amount) == "3.00"
        assert [
            str(n["note_public"]) for n in shop.credit_notes() if "10 stamps" in str(n).replace("\xa0", " ")
        ]
        shop.prove()


def test_a_card_on_request_waits_until_it_is_asked_for(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire = customer_of(shop)
        give(shop, claire, 11, "stamps:pizza")
        shop.deliver()
        with shop.loyalty.database.reading() as tx:
            pizza = shown(tx, shop.loyalty, claire)[1]
        assert (vouchers_of(shop, claire), pizza.stamps, pizza.full) == ([], 1, 2)
        shop.redeem(claire, "free-pizza")
        assert available(shop, claire, "stamps:pizza") == 6


def test_a_card_that_is_not_full_cannot_be_redeemed(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire = customer_of(shop)
        give(shop, claire, 4, "stamps:pizza")
        with pytest.raises(InsufficientPoints, match="has 4 stamps to spend, 5 are needed: 1 are missing"):
            shop.redeem(claire, "free-pizza")


def test_goods_that_come_back_take_their_stamps_and_the_unused_voucher(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire = customer_of(shop)
        for invoice in (901, 902):
            earn(shop, claire, 5, STAMPS, of=invoice)
        complete(shop.loyalty, claire)
        shop.deliver()
        key = take_back(shop, claire, 2, STAMPS, of=902)
        assert account(shop, claire, STAMPS).debt == 2
        recall(shop.loyalty, claire, 902, key)
        shop.deliver()
        (voucher,) = vouchers_of(shop, claire)
        assert voucher.state is VoucherState.CANCELLED
        assert card_of(shop, claire) == (8, 0, 0)
        before = entries(shop, claire, STAMPS)
        recall(shop.loyalty, claire, 902, key)
        assert entries(shop, claire, STAMPS) == before
        shop.prove()


def test_a_coffee_that_was_drunk_leaves_stamps_owed_which_the_next_ones_pay(opened: OpenShop) -> None:
    with opened(program=replace(CARDS, on_shortage="invoice")) as shop:
        claire = customer_of(shop)
        earn(shop, claire, 10, STAMPS, of=901)
        complete(shop.loyalty, claire)
        shop.deliver()
        coffee = shop.dolibarr.create_product(ref="COFFEE", label="Coffee", price="3.00", tva_tx=0)
        line = {"fk_product": coffee, "qty": 2, "subprice": "3.00", "tva_tx": 0}
        shop.use(vouchers_of(shop, claire)[0], shop.sell(claire, lines=[line], paid=False))
        key = take_back(shop, claire, 3, STAMPS, of=901)
        recall(shop.loyalty, claire, 901, key)
        assert card_of(shop, claire) == (0, 0, 3)
        shop.deliver()
        labels = [str(row["label"]) for row in shop.dolibarr.store.rows("event")]
        assert not any("Charge" in label for label in labels)  # stamps have no value in money
        give(shop, claire, 5, STAMPS)
        assert card_of(shop, claire) == (2, 0, 0)


def test_the_points_of_a_purchase_and_its_stamps_are_not_mistaken_for_each_other(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire = customer_of(shop)
        earn(shop, claire, 10, STAMPS, of=901)
        complete(shop.loyalty, claire)
        with shop.loyalty.database.reading() as tx:
            cause = Cause("invoice", "901")
            assert spent_on(tx, claire, cause, "points") == []
            assert len(spent_on(tx, claire, cause)) == 1
            assert [v.reward_id for v in spent_on(tx, claire, cause, STAMPS)] == ["free-coffee"]


def test_a_cancelled_voucher_gives_its_stamps_back_to_the_card(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire = customer_of(shop)
        give(shop, claire, 12, STAMPS)
        shop.deliver()
        (voucher,) = vouchers_of(shop, claire)
        with shop.loyalty.database.reading() as tx:
            assert redemption.unit_of(tx, voucher) == STAMPS
        cancel(shop.loyalty, voucher.id, reason="test", who="test")
        assert card_of(shop, claire) == (2, 1, 0)
        shop.prove()


def test_two_workers_who_find_a_card_full_make_one_voucher(database: Database) -> None:
    with open_shop(database, program=CARDS) as shop:
        for turn in range(4):
            claire = customer_of(shop, f"Claire {turn}")
            give(shop, claire, 13, STAMPS)
            raised = at_once(*(lambda n=n, c=claire: complete(shop.as_worker(f"w{n}"), c) for n in range(4)))
            assert raised == [None] * 4
            assert (len(vouchers_of(shop, claire)), card_of(shop, claire)) == (1, (3, 0, 0))
        shop.prove(with_dolibarr=False)


def test_a_crash_in_the_middle_of_a_full_card_leaves_nothing_behind(
    opened: OpenShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(program=CARDS) as shop:
        claire = customer_of(shop)
        give(shop, claire, 23, STAMPS)

        def killed(*arguments: Any) -> None:
            spend(*arguments)
            raise KeyboardInterrupt

        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr("dolibarr_loyalty.flows.cards.spend", killed)
            complete(shop.loyalty, claire)
        assert (vouchers_of(shop, claire), card_of(shop, claire)) == ([], (3, 2, 0))
        assert complete(shop.loyalty, claire) == 2
        shop.prove(with_dolibarr=False)


def test_a_review_is_carried_out_by_the_outbox(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire = customer_of(shop)
        earn(shop, claire, 10, STAMPS, of=901)
        for _ in range(2):
            shop.loyalty.database.decide(lambda tx: outbox.put(tx, [review_member(claire)], shop.clock()))
            shop.deliver()
        assert len(vouchers_of(shop, claire)) == 1


@pytest.mark.parametrize("changes", [{"size": 9}, {"reward": "5-off"}, {"reward": "nothing"}])
def test_a_card_that_does_not_fit_its_reward_says_what_to_write(
    opened: OpenShop, changes: dict[str, object]
) -> None:
    with opened(program=replace(CARDS, cards=(replace(COFFEE, **changes),))) as shop:  # type: ignore[arg-type]
        claire = customer_of(shop)
        with pytest.raises(ConfigurationFailure, match="Card coffee is full"):
            complete(shop.loyalty, claire)


def test_a_full_card_of_somebody_who_may_not_have_its_reward_waits(opened: OpenShop) -> None:
    rewards = tuple(
        replace(reward, who=Who(tags=("student",))) if reward.id == "free-coffee" else reward
        for reward in CARDS.rewards
    )
    with opened(program=replace(CARDS, rewards=rewards)) as shop:
        claire = customer_of(shop)
        give(shop, claire, 10, STAMPS)
        shop.deliver()
        assert (vouchers_of(shop, claire), card_of(shop, claire)) == ([], (0, 1, 0))


def test_the_totals_of_a_card(database: Database) -> None:
    with open_shop(database, program=CARDS) as shop:
        claire, jean = customer_of(shop), customer_of(shop, "Jean Petit")
        give(shop, claire, 12, STAMPS)
        complete(shop.loyalty, claire)
        give(shop, jean, 25, STAMPS)
        with shop.loyalty.database.reading() as tx:
            coffee, pizza = totals(tx, shop.loyalty)
        told = (coffee.members, coffee.stamps, coffee.owed, coffee.full, coffee.vouchers)
        assert (told, coffee.name("en")) == ((2, 27, 0, 2, 1), "Coffee card")
        assert (pizza.members, pizza.stamps, pizza.full, pizza.vouchers) == (0, 0, 0, 0)
