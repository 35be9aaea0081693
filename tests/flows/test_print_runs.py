"""Print runs: the same codes again, nothing owed before it is sold, and what becomes of a printed voucher."""

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import CodeNotAccepted, InputError, KeyReused, UnknownReward, VoucherNotUsable
from dolibarr_loyalty.flows import lookups, print_runs, usage
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.flows.print_runs import Run
from dolibarr_loyalty.messages.print_run import print_run_pdf
from dolibarr_loyalty.store import voucher_moves, vouchers
from tests.conftest import OpenShop
from tests.flows.shop import PROGRAM, Shop

CARD = GiftCard(id="card", products=("card",))
WITH_CARDS = replace(PROGRAM, gift_cards=(CARD,))


def planned(shop: Shop, **changes: object) -> Run:
    wanted: dict[str, object] = {"name": "fair", "count": 3, "reward_id": "5-off", **changes}
    return print_runs.plan(shop.loyalty, **wanted)  # type: ignore[arg-type]


def made(shop: Shop, run: Run) -> list[Voucher]:
    print_runs.make(shop.loyalty, run, who="anna")
    with shop.loyalty.database.reading() as tx:
        found = [vouchers.by_request(tx, run.key(number)) for number in range(1, run.count + 1)]
    return [voucher for voucher in found if voucher is not None]


def codes(shop: Shop, run: Run) -> list[str]:
    return [facts.code for facts in print_runs.prints(shop.loyalty, run, "en")]


def moves(shop: Shop, voucher: Voucher) -> list[tuple[str, Decimal]]:
    with shop.loyalty.database.reading() as tx:
        return [(str(move.kind), move.amount) for move in voucher_moves.of_voucher(tx, voucher.id)]


def test_a_run_of_a_reward_is_good_at_once_for_whoever_shows_it(shop: Shop) -> None:
    run = planned(shop)
    first = made(shop, run)[0]
    assert (first.state, first.source, first.accounting) == (VoucherState.ACTIVE, "printed", "discount")
    assert (first.thirdparty_id, first.bearer, first.value) == (0, True, Decimal(5))
    claire = shop.customer()
    used = usage.use(shop.loyalty, codes(shop, run)[0], str(shop.sell(claire, 24, paid=False)), who="test")
    assert used.amount == 5
    assert shop.voucher(first.id).state is VoucherState.USED
    assert moves(shop, first) == [("issued", Decimal(5)), ("used", Decimal(-5))]
    shop.sync()
    shop.prove()


@pytest.mark.parametrize("reward", ["10-percent", "free-tee"])
def test_any_kind_of_reward_can_be_printed(shop: Shop, reward: str) -> None:
    run = planned(shop, name=reward, reward_id=reward)
    voucher = made(shop, run)[0]
    tee = shop.dolibarr.create_product(ref="TEE", label="Tee", price="40", tva_tx=0)
    line = {"fk_product": tee, "desc": "tee", "qty": 1, "subprice": "40", "tva_tx": 0}
    invoice = shop.sell(shop.customer(), paid=False, lines=[line])
    found = lookups.find(shop.loyalty, codes(shop, run)[0], source="till:1")
    assert found.id == voucher.id
    assert usage.check_use(shop.loyalty, found, usage.find_invoice(shop.loyalty, str(invoice))) > 0


def test_the_same_name_goes_on_and_prints_the_same_codes(shop_on: Shop) -> None:
    shop = shop_on
    run = planned(shop, count=450)

    class Killed(Exception):
        pass

    def kill(done: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        print_runs.make(shop.loyalty, run, who="anna", progress=kill)
    before = codes(shop, run)
    assert len(before) == print_runs.AT_ONCE
    assert print_runs.make(shop.loyalty, run, who="jean") == 450 - len(before)
    after = codes(shop, run)
    assert after[: len(before)] == before
    assert len(set(after)) == 450
    assert print_runs.make(shop.loyalty, run, who="jean") == 0
    assert codes(shop, run) == after


def test_a_name_stands_for_one_run_only(shop: Shop) -> None:
    made(shop, planned(shop))
    for changes in ({"count": 4}, {"reward_id": "20-off"}):
        with pytest.raises(KeyReused):
            print_runs.make(shop.loyalty, planned(shop, **changes), who="anna")
    made(shop, planned(shop, name="fair:1"))
    made(shop, planned(shop, name="FAIR"))
    assert (
        len({code for name in ("fair", "fair:1", "FAIR") for code in codes(shop, planned(shop, name=name))})
        == 9
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": " "}, "needs a name"),
        ({"name": "x" * 65}, "needs a name"),
        ({"count": 0}, "1 to 10000"),
        ({"count": 10_001}, "1 to 10000"),
        ({"reward_id": None}, "either --reward or --gift-card"),
        ({"gift_card_id": "card"}, "either --reward or --gift-card"),
        ({"reward_id": "hat"}, "no reward 'hat'"),
        ({"value": Decimal(7)}, "its own value"),
        ({"until": date(2026, 3, 1)}, "is over"),
        ({"reward_id": None, "gift_card_id": "hat"}, "no gift card 'hat'. The program has: card"),
        ({"reward_id": None, "gift_card_id": "card"}, "needs a --value"),
        ({"reward_id": None, "gift_card_id": "card", "value": Decimal(-1)}, "needs a --value"),
        ({"reward_id": None, "gift_card_id": "card", "value": Decimal("1.234")}, "needs a --value"),
    ],
)
def test_a_run_that_makes_no_sense_is_refused(opened: OpenShop, changes: dict[str, object], why: str) -> None:
    with opened(program=WITH_CARDS) as shop, pytest.raises((InputError, UnknownReward), match=why):
        planned(shop, **changes)


def test_printed_gift_cards_are_worth_nothing_until_they_are_sold(opened: OpenShop) -> None:
    with opened(program=WITH_CARDS) as shop:
        run = planned(shop, reward_id=None, gift_card_id="card", value=Decimal(25))
        card, *_ = made(shop, run)
        assert (card.state, card.value, card.remaining) == (VoucherState.PENDING, 25, 0)
        assert moves(shop, card) == []
        with pytest.raises(CodeNotAccepted):
            lookups.find(shop.loyalty, codes(shop, run)[0], source="till:1")
        invoice = shop.sell(shop.customer(), 40, paid=False)
        with pytest.raises(VoucherNotUsable):
            usage.use(shop.loyalty, codes(shop, run)[0], str(invoice), who="x")
        for _ in range(2):
            sold = print_runs.activate(shop.loyalty, card.id, why="ticket 7", who="anna")
            assert (sold.state, sold.remaining, sold.accounting) == (VoucherState.ACTIVE, 25, "liability")
        assert moves(shop, card) == [("issued", Decimal(25))]
        assert lookups.find(shop.loyalty, codes(shop, run)[0], source="till:1").id == card.id
        shop.prove()


def test_only_printed_gift_cards_are_activated(opened: OpenShop) -> None:
    with opened(program=WITH_CARDS) as shop:
        voucher = made(shop, planned(shop))[0]
        with pytest.raises(VoucherNotUsable, match="only printed gift cards"):
            print_runs.activate(shop.loyalty, voucher.id, why="x", who="x")
        until = shop.loyalty.today()
        run = planned(shop, name="cards", reward_id=None, gift_card_id="card", value=Decimal(25), until=until)
        card = made(shop, run)[0]
        shop.clock.pass_(days=2)
        with pytest.raises(VoucherNotUsable, match="valid until"):
            print_runs.activate(shop.loyalty, card.id, why="x", who="x")


def test_printed_vouchers_expire_like_others(shop: Shop) -> None:
    voucher = made(shop, planned(shop))[0]
    shop.clock.now = shop.clock.now.replace(year=2035)
    daily(shop.loyalty)
    shop.deliver()
    assert shop.voucher(voucher.id).state is VoucherState.EXPIRED
    assert moves(shop, voucher) == [("issued", Decimal(5)), ("expired", Decimal(-5))]
    shop.prove()


@pytest.mark.parametrize("per_page", [1, 8])
@pytest.mark.parametrize("language", ["de", "en", "fr"])
def test_the_codes_of_a_print_are_scanned_back(shop: Shop, per_page: int, language: str) -> None:
    zxing = pytest.importorskip("zxingcpp")
    pdfium = pytest.importorskip("pypdfium2")
    run = planned(shop, count=10)
    made(shop, run)
    printed = print_run_pdf(
        print_runs.prints(shop.loyalty, run, language),
        shop.loyalty.brand,
        language,
        title=run.name,
        per_page=1 if per_page == 1 else 8,
    )
    pages = pdfium.PdfDocument(io.BytesIO(printed))
    assert len(pages) == (10 if per_page == 1 else 2)
    scanned = [
        found.text
        for page in pages
        for found in zxing.read_barcodes(page.render(scale=200 / 72).to_pil())  # as coarse as a fax
    ]
    wanted = [facts.scanned for facts in print_runs.prints(shop.loyalty, run, language)]
    assert sorted(scanned) == sorted(wanted)
