"""Imported and printed cards through their lives: used in parts, undone, cancelled, replaced, at their end, mailed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import CodeMadeElsewhere, UnknownVoucher, VoucherNotUsable
from dolibarr_loyalty.flows import legacy_cards, lookups, print_runs, replacing, usage, voiding
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.flows.mails import pdf_for
from dolibarr_loyalty.store import alarms, voucher_moves, vouchers
from tests.conftest import OpenShop
from tests.flows.shop import PROGRAM, Shop

CARD = GiftCard(id="card", products=("card",))
CODES = {"gift_card": "4006381333931", "promotion": "SUMMER-2026-77"}
KINDS = pytest.mark.parametrize("kind", list(CODES))


@pytest.fixture(params=["16", "23"])
def stage(request: pytest.FixtureRequest, opened: OpenShop) -> Iterator[Shop]:
    """A shop that sells gift cards."""
    with opened(program=replace(PROGRAM, gift_cards=(CARD,)), version=request.param) as shop:
        shop.dolibarr.create_product(ref="CARD", label="Gift card", price="50", tva_tx=0, type=1, status=1)
        yield shop


def imported(shop: Shop, kind: str, owner: str = "", value: int = 25) -> Voucher:
    text = f"code;value;valid_until;kind;member\n{CODES[kind]};{value};2029-12-31;{kind};{owner}\n"
    planned = legacy_cards.plan(shop.loyalty, "cards.csv", text.encode())
    assert legacy_cards.take_in(shop.loyalty, planned, reason="old till", who="anna")
    return lookups.silently(shop.loyalty, CODES[kind])


def printed(
    shop: Shop, reward: str | None = "5-off", value: int | None = None, until: date | None = None
) -> tuple[Voucher, str]:
    run = print_runs.plan(
        shop.loyalty,
        name="run",
        count=1,
        reward_id=reward,
        gift_card_id=None if reward else "card",
        value=None if value is None else Decimal(value),
        until=until,
    )
    print_runs.make(shop.loyalty, run, who="anna")
    with shop.loyalty.database.reading() as tx:
        found = vouchers.by_request(tx, run.key(1))
    assert found is not None
    return found, shop.code(found)


def invoice(shop: Shop, amount: int, name: str = "Jean Petit") -> str:
    return str(shop.sell(shop.customer(name, email="jean@example.invalid"), amount, paid=False))


def settle(shop: Shop) -> None:
    shop.sync()
    shop.deliver()
    assert shop.troubles() == []
    shop.prove()


def moved(shop: Shop, voucher: Voucher) -> list[tuple[str, Decimal]]:
    with shop.loyalty.database.reading() as tx:
        return [(str(move.kind), move.amount) for move in voucher_moves.of_voucher(tx, voucher.id)]


def no_alarms(shop: Shop) -> bool:
    with shop.loyalty.database.reading() as tx:
        return not alarms.page(tx, "", 100)


@KINDS
def test_an_imported_card_is_used_by_whoever_shows_it(stage: Shop, kind: str) -> None:
    shop = stage
    card = imported(shop, kind)
    used = usage.use(shop.loyalty, f"{CODES[kind]}\r\n".lower(), invoice(shop, 40), who="till")
    assert (used.amount, used.voucher.state) == (25, VoucherState.USED)
    settle(shop)
    assert moved(shop, card) == [("issued", Decimal(25)), ("used", Decimal(-25))]
    assert no_alarms(shop)
    assert CODES[kind] not in str(shop.dolibarr.store.rows("invoice"))


def test_an_imported_gift_card_is_used_in_parts_and_the_rest_cancelled(stage: Shop) -> None:
    shop = stage
    card = imported(shop, "gift_card")
    for amount, left in ((10, 15), (5, 10)):
        used = usage.use(shop.loyalty, CODES["gift_card"], invoice(shop, amount), who="till")
        assert (used.amount, used.voucher.remaining) == (amount, left)
    settle(shop)
    voiding.cancel(shop.loyalty, card.id, reason="lost", who="anna")
    settle(shop)
    assert moved(shop, card)[-1] == ("cancelled", Decimal(-10))
    assert shop.voucher(card.id).remaining == 0
    assert no_alarms(shop)


@KINDS
@pytest.mark.parametrize("owned", [False, True])
def test_an_imported_card_that_is_replaced_gets_a_code_of_ours(stage: Shop, kind: str, owned: bool) -> None:
    shop = stage
    owner = shop.rich(10, "Anne Blum", email="anne@example.invalid")
    card = imported(shop, kind, f"id:{owner}" if owned else "")
    new = replacing.replace(shop.loyalty, card.id, reason="lost", who="anna")
    settle(shop)
    assert (new.state, new.remaining, shop.voucher(card.id).state) == (
        VoucherState.ACTIVE,
        25,
        VoucherState.REPLACED,
    )
    with pytest.raises(VoucherNotUsable):
        usage.use(shop.loyalty, CODES[kind], invoice(shop, 30), who="x")
    sale = str(shop.sell(owner, 40, paid=False)) if owned else invoice(shop, 40)
    assert usage.use(shop.loyalty, shop.code(new), sale, who="x").amount == 25
    settle(shop)
    assert len([mail for mail in shop.letterbox.mails if shop.code(new) in str(mail.text)]) == int(owned)


@KINDS
def test_an_imported_card_ends_on_its_last_day_and_mails_no_code(stage: Shop, kind: str) -> None:
    shop = stage
    owner = shop.rich(10, "Anne Blum", email="anne@example.invalid")
    card = imported(shop, kind, f"id:{owner}")
    settle(shop)
    shop.clock.now = shop.clock.now.replace(year=2029, month=12, day=10)
    daily(shop.loyalty)
    settle(shop)
    shop.clock.now = shop.clock.now.replace(year=2030, month=1, day=20)
    daily(shop.loyalty)
    settle(shop)
    assert shop.voucher(card.id).state is VoucherState.EXPIRED
    assert not any(CODES[kind] in str(mail) for mail in shop.letterbox.mails)


def test_nobody_prints_the_code_of_an_imported_card(stage: Shop) -> None:
    card = imported(stage, "gift_card")
    with pytest.raises(CodeMadeElsewhere):
        pdf_for(stage.loyalty, card.id)
    with pytest.raises(UnknownVoucher):
        lookups.silently(stage.loyalty, CODES["gift_card"][:-1])


@pytest.mark.parametrize("reward", ["5-off", "10-percent"])
def test_a_printed_promotion_is_used_by_one_customer_once(stage: Shop, reward: str) -> None:
    shop = stage
    voucher, code = printed(shop, reward)
    first = invoice(shop, 30)
    taken = usage.use(shop.loyalty, code, first, who="till")
    settle(shop)
    assert taken.amount == (5 if reward == "5-off" else 3)
    assert shop.voucher(voucher.id).state is VoucherState.USED
    assert pdf_for(shop.loyalty, voucher.id) is not None
    with pytest.raises(VoucherNotUsable):
        usage.use(shop.loyalty, code, invoice(shop, 30, "Claire Martin"), who="till")
    assert no_alarms(shop)


def test_a_printed_promotion_that_nobody_used_is_cancelled_and_replaced(stage: Shop) -> None:
    shop = stage
    voucher, _ = printed(shop)
    new = replacing.replace(shop.loyalty, voucher.id, reason="lost", who="anna")
    voiding.cancel(shop.loyalty, new.id, reason="mistake", who="anna")
    settle(shop)
    assert moved(shop, new) == [("replacement", Decimal(5)), ("cancelled", Decimal(-5))]


def test_a_printed_gift_card_is_activated_used_in_parts_and_expires(stage: Shop) -> None:
    shop = stage
    card, code = printed(shop, None, 25)
    print_runs.activate(shop.loyalty, card.id, why="ticket 7", who="anna")
    assert usage.use(shop.loyalty, code, invoice(shop, 10), who="till").voucher.remaining == 15
    settle(shop)
    new = replacing.replace(shop.loyalty, card.id, reason="lost", who="anna")
    settle(shop)
    assert usage.use(shop.loyalty, shop.code(new), invoice(shop, 5), who="till").voucher.remaining == 10
    settle(shop)
    assert moved(shop, card) == [
        ("issued", Decimal(25)),
        ("used", Decimal(-10)),
        ("replaced", Decimal(-15)),
    ]
    assert no_alarms(shop)


def test_a_printed_gift_card_that_was_not_sold_never_counts(stage: Shop) -> None:
    shop = stage
    card, code = printed(shop, None, 25)
    with pytest.raises(VoucherNotUsable):
        usage.use(shop.loyalty, code, invoice(shop, 10), who="till")
    shop.clock.now = shop.clock.now.replace(year=2035)
    daily(shop.loyalty)
    settle(shop)
    assert moved(shop, card) == []
    voiding.cancel(shop.loyalty, card.id, reason="never sold", who="anna")
    settle(shop)
    assert shop.voucher(card.id).state is VoucherState.CANCELLED
    with pytest.raises(VoucherNotUsable):
        print_runs.activate(shop.loyalty, card.id, why="x", who="x")


@pytest.mark.parametrize("until", [None, date(2027, 6, 30)])
def test_a_printed_gift_card_keeps_the_last_day_that_stands_on_it(stage: Shop, until: date | None) -> None:
    card, _ = printed(stage, None, 25, until)
    sold = print_runs.activate(stage.loyalty, card.id, why="ticket 7", who="anna")
    assert (sold.valid_until, stage.voucher(card.id).valid_until) == (until, until)
