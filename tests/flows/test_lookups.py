"""Looking a code up: what is told to whom, what is written down, and how long guessing goes well."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import inspect, text

from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.vouchers import Voucher, code_of
from dolibarr_loyalty.errors import CodeNotAccepted, TooManyAttempts, UnknownVoucher, VoucherNotUsable
from dolibarr_loyalty.flows import legacy_cards, lookups, print_runs, voiding
from dolibarr_loyalty.flows.context import LookupLimits
from dolibarr_loyalty.store import lookups as table
from dolibarr_loyalty.store.database import Database
from tests.flows.shop import Shop

WRONG = code_of("nobody's", b"another shop's key")
IMPORTED = "QWXKJ-55091-77824-MMPLR"


def attempts(shop: Shop) -> list[table.Lookup]:
    with shop.loyalty.database.reading() as tx:
        return table.latest(tx, 1000)


def outcomes(shop: Shop) -> list[str]:
    return [each.outcome for each in attempts(shop)][::-1]


def issued(shop: Shop, name: str = "Claire Martin") -> Voucher:
    return shop.redeem(shop.rich(100, name))


def stranger(shop: Shop, typed: str, source: str = "ip:192.0.2.7", **about: Any) -> Voucher:
    return lookups.find(shop.loyalty, typed, source=source, **about)


def staff(shop: Shop, typed: str, source: str = "cli:anna", **about: Any) -> Voucher:
    return lookups.find(shop.loyalty, typed, source=source, tells_reasons=True, **about)


# what is told ------------------------------------------------------------------------------------------


def test_a_right_code_is_found_however_it_was_typed_or_scanned(shop: Shop) -> None:
    voucher = issued(shop)
    code = shop.code(voucher)
    for typed in (code, code.lower(), code.replace("-", " "), f"{code}\r\n", f"{code}\t"):
        assert stranger(shop, typed).id == voucher.id
    assert outcomes(shop) == ["found"] * 5


def test_strangers_hear_the_same_of_wrong_unknown_foreign_used_early_and_expired_codes(shop: Shop) -> None:
    voucher, used = issued(shop), issued(shop, "Jean Petit")
    shop.use(used, shop.sell(used.thirdparty_id, 50, paid=False))
    expired = issued(shop, "Anne Blum")

    def said(typed: str, **about: Any) -> str:
        with pytest.raises(CodeNotAccepted) as told:
            stranger(shop, typed, **about)
        return f"{type(told.value)} {told.value}"

    heard = {
        said("ABC"),
        said(""),
        said(WRONG),
        said(shop.code(voucher), for_customer=used.thirdparty_id),
        said(shop.code(used)),
    }
    shop.clock.now = shop.clock.now.replace(year=2035)
    heard.add(said(shop.code(expired)))
    assert len(heard) == 1
    assert outcomes(shop) == ["wrong", "wrong", "unknown", "foreign", "unusable", "unusable"]


def test_staff_hears_the_reason_and_sees_used_vouchers(shop: Shop) -> None:
    voucher, other = issued(shop), shop.customer("Jean Petit")
    with pytest.raises(UnknownVoucher):
        staff(shop, WRONG)
    with pytest.raises(VoucherNotUsable, match="belongs to another customer"):
        staff(shop, shop.code(voucher), for_customer=other)
    shop.use(voucher, shop.sell(voucher.thirdparty_id, 50, paid=False))
    assert staff(shop, shop.code(voucher)).state == "used"
    assert [each.failed for each in attempts(shop)][::-1] == [True, False, False]


def test_the_owner_may_use_the_voucher(shop: Shop) -> None:
    voucher = issued(shop)
    assert stranger(shop, shop.code(voucher), for_customer=voucher.thirdparty_id).id == voucher.id


def test_a_silent_look_leaves_no_trace(shop: Shop) -> None:
    voucher = issued(shop)
    assert lookups.silently(shop.loyalty, shop.code(voucher)).id == voucher.id
    with pytest.raises(UnknownVoucher):
        lookups.silently(shop.loyalty, WRONG)
    assert attempts(shop) == []


# what is written down ------------------------------------------------------------------------------------


def everything(database: Database) -> str:
    """All that stands in our tables."""
    names = [name for name in inspect(database.engine).get_table_names() if name.startswith("llx_loyalty_")]
    assert len(names) > 40
    with database.engine.connect() as connection:
        return "\n".join(
            str(tuple(row)) for name in names for row in connection.execute(text(f"SELECT * FROM {name}"))
        )


def _printed(shop: Shop) -> list[str]:
    """The codes of printed vouchers and gift cards, one of them activated; a card of before is taken in as well."""
    shop.loyalty = replace(
        shop.loyalty,
        program=replace(shop.loyalty.program, gift_cards=(GiftCard(id="card", products=("card",)),)),
    )
    runs = [
        print_runs.plan(shop.loyalty, name="fair", count=2, reward_id="5-off"),
        print_runs.plan(shop.loyalty, name="cards", count=2, gift_card_id="card", value=Decimal(25)),
    ]
    codes = []
    for run in runs:
        print_runs.make(shop.loyalty, run, who="anna")
        codes += [facts.code for facts in print_runs.prints(shop.loyalty, run, "en")]
    card = staff(shop, codes[-1])
    print_runs.activate(shop.loyalty, card.id, why="ticket 7", who="anna")
    content = f"code;value\n{IMPORTED};10\n".encode()
    planned = legacy_cards.plan(shop.loyalty, "cards.csv", content)
    assert legacy_cards.take_in(shop.loyalty, planned, reason="old till", who="anna")
    assert stranger(shop, IMPORTED).source == "imported"
    return codes


def test_no_table_and_no_log_holds_a_usable_code(shop_on: Shop, caplog: pytest.LogCaptureFixture) -> None:
    shop = shop_on
    caplog.set_level(logging.DEBUG)
    claire = shop.rich(400)
    kinds = ("5-off", "20-off", "10-percent", "free-tee")
    codes = [shop.code(shop.redeem(claire, reward)) for reward in kinds]
    shop.clock.pass_(minutes=5)
    voucher = issued(shop, "Jean Petit")
    codes.append(shop.code(voucher))
    shop.use(voucher, shop.sell(voucher.thirdparty_id, 50, paid=False))
    voiding.cancel(shop.loyalty, issued(shop, "Anne Blum").id, reason="lost", who="anna")
    shop.sync(full=True)
    shop.sweep()
    shop.deliver()
    stranger(shop, codes[0])
    with pytest.raises(CodeNotAccepted):
        stranger(shop, WRONG)
    with pytest.raises(CodeNotAccepted):
        stranger(shop, codes[0], for_customer=voucher.thirdparty_id)
    codes += [*_printed(shop), IMPORTED]
    kept = everything(shop.loyalty.database).upper() + caplog.text.upper()
    for code in (*codes, WRONG):
        signs = code.replace("-", "")
        assert code not in kept
        assert signs not in kept
        assert signs[:10] not in kept
        assert signs[-8:] not in kept.replace("-", "")


def test_what_was_typed_is_kept_as_a_keyed_hash_and_an_address_too(shop: Shop) -> None:
    for _ in range(2):
        with pytest.raises(CodeNotAccepted):
            stranger(shop, WRONG)
    with pytest.raises(CodeNotAccepted):
        stranger(shop, WRONG, source="Till:1 ")
    kept = everything(shop.loyalty.database)
    assert "192.0.2.7" not in kept
    assert {each.source for each in attempts(shop)} == {attempts(shop)[-1].source, "till:1"}


@pytest.mark.parametrize("source", ["x" * 500, "", "ip:", "Ä:'; DROP TABLE", "till:\ud800"])
def test_any_source_can_be_written_down(shop_on: Shop, source: str) -> None:
    with pytest.raises(CodeNotAccepted):
        stranger(shop_on, "\x00'; --\ud83d", source=source)
    assert len(attempts(shop_on)) == 1


# guessing ------------------------------------------------------------------------------------------------


def fails(shop: Shop, times: int, look: Callable[..., Voucher] = stranger, **about: Any) -> None:
    for _ in range(times):
        with pytest.raises((CodeNotAccepted, UnknownVoucher)):
            look(shop, WRONG, **about)


def test_after_ten_wrong_codes_even_the_right_one_is_refused_until_the_minute_that_is_named(
    shop: Shop,
) -> None:
    code = shop.code(issued(shop))
    began = shop.clock.now
    fails(shop, 9)
    stranger(shop, code)  # a right one resets nothing
    shop.clock.pass_(minutes=4)
    fails(shop, 1)
    with pytest.raises(TooManyAttempts) as told:
        stranger(shop, code)
    again = (began + timedelta(minutes=10)).astimezone(shop.loyalty.zone)
    assert str(told.value).endswith(f"try again at {again + timedelta(seconds=59):%H:%M}.")
    shop.clock.now = began + timedelta(minutes=9, seconds=59)
    with pytest.raises(TooManyAttempts):
        stranger(shop, code)
    shop.clock.now = began + timedelta(minutes=10)
    assert stranger(shop, code)
    assert "refused" in outcomes(shop)


def test_refused_attempts_prolong_nothing(shop: Shop) -> None:
    fails(shop, 10)
    for _ in range(30):
        with pytest.raises(TooManyAttempts):
            stranger(shop, WRONG)
        shop.clock.pass_(seconds=20)
    shop.clock.pass_(seconds=1)
    fails(shop, 1)


def test_another_source_goes_on_until_all_together_were_wrong_too_often(shop: Shop) -> None:
    code = shop.code(issued(shop))
    shop.loyalty = replace(shop.loyalty, lookup_limits=LookupLimits(wrong_overall=25))
    fails(shop, 10, source="ip:1")
    with pytest.raises(TooManyAttempts):
        stranger(shop, code, source="ip:1")
    fails(shop, 10, source="ip:2")
    fails(shop, 5, source="ip:3")
    with pytest.raises(TooManyAttempts):
        stranger(shop, code, source="ip:4")
    assert staff(shop, code)  # strangers cannot lock the shop's own people out


def test_staff_who_guess_are_refused_too(shop: Shop) -> None:
    code = shop.code(issued(shop))
    fails(shop, 10, staff)
    with pytest.raises(TooManyAttempts):
        staff(shop, code)
    assert staff(shop, code, source="cli:jean")
    assert stranger(shop, code)


def test_looking_often_at_a_used_voucher_is_no_guessing_for_staff(shop: Shop) -> None:
    voucher = issued(shop)
    shop.use(voucher, shop.sell(voucher.thirdparty_id, 50, paid=False))
    for _ in range(15):
        staff(shop, shop.code(voucher))


@pytest.mark.parametrize("sources", [1, 8])
def test_many_processes_at_once_get_no_more_than_the_limit_on_every_engine(
    shop_on: Shop, sources: int
) -> None:
    shop = shop_on
    limits = LookupLimits(wrong_per_source=10, wrong_overall=12)
    url = shop.loyalty.database.url.render_as_string(hide_password=False)
    databases = [Database(url) for _ in range(8)]
    workers = [
        replace(shop.as_worker(f"w{n}"), database=each, lookup_limits=limits)
        for n, each in enumerate(databases)
    ]
    together = threading.Barrier(8)

    def guess(number: int) -> list[str]:
        together.wait()
        told = []
        for _ in range(4):
            try:
                lookups.find(workers[number], WRONG, source=f"ip:{number % sources}")
            except (CodeNotAccepted, TooManyAttempts) as failure:
                told.append(type(failure).__name__)
        return told

    with ThreadPoolExecutor(8) as pool:
        told = [each for answers in pool.map(guess, range(8)) for each in answers]
    for each in databases:
        each.close()
    most = 10 if sources == 1 else 12
    assert (told.count("CodeNotAccepted"), told.count("TooManyAttempts")) == (most, 32 - most)
    assert len(attempts(shop)) == 32
    assert outcomes(shop).count("unknown") == most


def test_a_hash_that_only_looks_equal_is_not_taken(shop: Shop) -> None:
    """MariaDB compares without case; the last word has a comparison in constant time."""
    voucher = issued(shop)
    digest = lookups.hash_of(shop.loyalty, shop.code(voucher))
    with shop.loyalty.database.reading() as tx:
        found = table.by_hash(tx, digest)
        assert found is not None
        assert found.id == voucher.id
        assert table.by_hash(tx, digest.upper()) is None
