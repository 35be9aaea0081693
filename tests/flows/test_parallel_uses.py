"""Sixty-four at once want the same voucher: one wins, or parts that never exceed it; on every database."""

# Whole numbers stand for Decimal amounts, for they compare equal.
# mypy: disable-error-code="comparison-overlap"

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import Refused, StoreUnavailable, TemporaryFailure
from dolibarr_loyalty.flows import reservations, usage
from dolibarr_loyalty.flows.account_proofs import prove_accounts
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.redemption import Busy
from dolibarr_loyalty.store import voucher_moves
from dolibarr_loyalty.store.database import Database
from tests.flows.shop import PROGRAM, Shop, open_shop

CROWD = 64
LOST = (Refused, Busy, StoreUnavailable, TemporaryFailure)


@contextmanager
def shop_of(database: Database, version: str, uses: Any) -> Iterator[Shop]:
    program = replace(PROGRAM, vouchers=replace(PROGRAM.vouchers, uses=uses))
    with open_shop(database, version=version, program=program) as shop:
        yield shop


def at_once(shop: Shop, work: Callable[[Loyalty, int], Any]) -> tuple[list[Any], list[Exception]]:
    """Let the crowd do the same at the same moment; what the winners got, and why the others did not."""
    start = threading.Barrier(CROWD)
    won: list[Any] = []
    lost: list[Exception] = []

    def run(number: int) -> None:
        mine = shop.as_worker(f"worker-{number}", books=shop.books())
        start.wait()
        try:
            won.append(work(mine, number))
        except LOST as failure:
            lost.append(failure)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) + len(lost) == CROWD
    return won, lost


def used(shop: Shop, voucher: Voucher) -> Decimal:
    with shop.loyalty.database.reading() as tx:
        moves = voucher_moves.of_voucher(tx, voucher.id)
    return -sum((move.amount for move in moves if move.kind in ("used", "returned")), ZERO)


def proven(shop: Shop) -> None:
    shop.clock.pass_(minutes=10)
    shop.sync()
    shop.sweep()
    shop.prove()
    assert prove_accounts(shop.loyalty).deviations == ()


@pytest.mark.parametrize("version", ["16", "23"])
def test_a_voucher_of_one_use_is_used_once(database: Database, version: str) -> None:
    with shop_of(database, version, "single") as shop:
        claire = shop.rich(100)
        voucher, code = shop.redeem(claire), ""
        code = shop.code(voucher)
        targets = [shop.sell(claire, 24, paid=False) for _ in range(CROWD)]
        won, _ = at_once(
            shop, lambda loyalty, n: usage.use(loyalty, code, str(targets[n]), who="x", key=f"use-{n}")
        )
        assert len(won) == 1
        assert (used(shop, voucher), shop.voucher(voucher.id).state) == (5, VoucherState.USED)
        assert sum(shop.dolibarr.remain_to_pay(target) == 19 for target in targets) == 1
        assert shop.free_credit(claire) == 0
        proven(shop)


@pytest.mark.parametrize("version", ["16", "23"])
def test_one_of_several_uses_never_pays_more_than_it_is_worth(database: Database, version: str) -> None:
    with shop_of(database, version, "several") as shop:
        claire = shop.rich(400)
        voucher = shop.redeem(claire, "20-off")
        code, part = shop.code(voucher), Decimal("6.66")
        targets = [shop.sell(claire, 24, paid=False) for _ in range(CROWD)]

        def use(loyalty: Loyalty, number: int) -> usage.Use:
            for _ in range(3):
                try:
                    return usage.use(
                        loyalty, code, str(targets[number]), amount=part, who="x", key=f"use-{number}"
                    )
                except Busy:
                    continue
            raise Busy("gave up")

        won, _ = at_once(shop, use)
        assert 1 <= len(won) <= 3
        assert used(shop, voucher) == len(won) * part
        paid = sum((24 - shop.dolibarr.remain_to_pay(target) for target in targets), ZERO)
        assert paid == len(won) * part
        assert shop.free_credit(claire) == 20 - paid == shop.voucher(voucher.id).remaining
        proven(shop)


def test_a_voucher_of_one_use_is_held_once(database: Database) -> None:
    with shop_of(database, "23", "single") as shop:
        voucher = shop.redeem(shop.rich(100))
        code = shop.code(voucher)
        won, lost = at_once(
            shop, lambda loyalty, n: reservations.reserve(loyalty, code, key=f"hold-{n}", who="x")
        )
        assert len(won) == 1, lost
        assert shop.voucher(voucher.id).state is VoucherState.RESERVED


def test_what_is_held_of_one_of_several_uses_never_exceeds_it(database: Database) -> None:
    with shop_of(database, "23", "several") as shop:
        voucher = shop.redeem(shop.rich(400), "20-off")
        code, part = shop.code(voucher), Decimal("6.66")
        won, lost = at_once(
            shop, lambda loyalty, n: reservations.reserve(loyalty, code, part, key=f"hold-{n}", who="x")
        )
        assert 1 <= len(won) <= 3, lost
        for each in won:
            reservations.release(shop.loyalty, each.key, who="x")
        assert shop.voucher(voucher.id).state is VoucherState.ACTIVE
        assert shop.voucher(voucher.id).remaining == 20
