"""Members give each other points: once per key, with their own end, and never more than there is."""

from dataclasses import replace

import pytest

from dolibarr_loyalty.errors import (
    InputError,
    InsufficientPoints,
    KeyReused,
    LoyaltyError,
    TransferRefused,
    UnknownMember,
)
from dolibarr_loyalty.flows.transfers import transfer
from dolibarr_loyalty.store.database import Database
from tests.conftest import OpenShop
from tests.flows.shop import Shop, open_shop
from tests.flows.test_faults import at_once
from tests.flows.wallets import CARDS, account, available, entries, give


def couple(shop: Shop, points: int = 100) -> tuple[int, int]:
    claire, jean = shop.rich(points), shop.customer("Jean Petit")
    shop.sync()
    return claire, jean


def test_points_move_with_their_end_and_their_purchase(opened: OpenShop) -> None:
    with opened(program=CARDS) as shop:
        claire, jean = couple(shop)
        before = account(shop, claire).lots[0]
        transfer(shop.loyalty, claire, jean, 40, reason="a present", who="x", request_key="k")
        (lot,) = account(shop, jean).lots
        assert (lot.cause, lot.expires_at, lot.remaining) == (before.cause, before.expires_at, 40)
        assert (shop.balance(claire), shop.balance(jean)) == (60, 40)
        assert '"a present"' in entries(shop, jean, "points")[-1].reasons
        shop.deliver()
        shop.prove()


def test_the_same_key_moves_once(database: Database) -> None:
    with open_shop(database, program=CARDS) as shop:
        claire, jean = couple(shop)
        moved = [transfer(shop.loyalty, claire, jean, 40, who="x", request_key="k").id for _ in range(2)]
        assert moved[0] == moved[1]
        assert (shop.balance(claire), shop.balance(jean)) == (60, 40)
        with pytest.raises(KeyReused):
            transfer(shop.loyalty, claire, jean, 41, who="x", request_key="k")


def test_a_wallet_that_may_be_given(opened: OpenShop) -> None:
    with opened(program=replace(CARDS, transferable_points=False)) as shop:
        claire, jean = couple(shop)
        give(shop, claire, 10, "stars")
        transfer(shop.loyalty, claire, jean, 4, "stars", who="x", request_key="k")
        assert [available(shop, member, "stars") for member in (claire, jean)] == [6, 4]
        for unit in ("points", "miles", "stamps:coffee"):
            with pytest.raises(TransferRefused, match="does not let members give"):
                transfer(shop.loyalty, claire, jean, 4, unit, who="x", request_key=unit)


@pytest.mark.parametrize(
    ("points", "kind"),
    [(101, InsufficientPoints), (0, InputError), (-5, InputError)],
)
def test_nobody_gives_what_is_not_there(opened: OpenShop, points: int, kind: type[LoyaltyError]) -> None:
    with opened(program=CARDS) as shop:
        claire, jean = couple(shop)
        with pytest.raises(kind):
            transfer(shop.loyalty, claire, jean, points, who="x", request_key="k")
        assert (shop.balance(claire), shop.balance(jean)) == (100, 0)


def test_who_cannot_give_or_take(opened: OpenShop) -> None:
    with opened(program=replace(CARDS, max_balance=120)) as shop:
        claire, jean = couple(shop)
        stranger = shop.customer("Stranger", client=0)
        shop.sync()
        with pytest.raises(TransferRefused, match="same member"):
            transfer(shop.loyalty, claire, claire, 4, who="x", request_key="k")
        with pytest.raises(TransferRefused, match="not a member"):
            transfer(shop.loyalty, claire, stranger, 4, who="x", request_key="k")
        with pytest.raises(UnknownMember):
            transfer(shop.loyalty, claire, 4711, 4, who="x", request_key="k")
        give(shop, jean, 100)
        with pytest.raises(TransferRefused, match="more than 120"):
            transfer(shop.loyalty, claire, jean, 21, who="x", request_key="k")
        with pytest.raises(InputError, match="at most"):
            transfer(shop.loyalty, claire, jean, 1, who="x", request_key="k" * 121)


def test_the_last_points_are_given_once(database: Database) -> None:
    with open_shop(database, program=CARDS) as shop:
        for turn in range(3):
            claire, jean = shop.rich(60, f"Claire {turn}"), shop.customer(f"Jean {turn}")
            shop.sync()
            raised = at_once(
                *(
                    lambda n=n, a=claire, b=jean: transfer(
                        shop.as_worker(f"w{n}"), a, b, 50, who="x", request_key=f"{a}-{n}"
                    )
                    for n in range(3)
                )
            )
            assert [type(failure) for failure in raised].count(InsufficientPoints) == 2, raised
            assert (shop.balance(claire), shop.balance(jean)) == (10, 50)
        shop.prove(with_dolibarr=False)
