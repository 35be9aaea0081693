"""Alarms: told once, in the agenda and in the list, until a person closes them; never removed."""

from decimal import Decimal
from typing import get_args

import pytest

from dolibarr_loyalty.core.alarms import AMOUNTS, FACTS, AlarmKind
from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.flows.alarms import alarm, close
from dolibarr_loyalty.locales import LANGUAGES, words
from dolibarr_loyalty.messages.alarms import LABELS, SENTENCES, sentence
from dolibarr_loyalty.reports.status import status
from dolibarr_loyalty.store import alarms
from dolibarr_loyalty.store.alarms import Alarm
from dolibarr_loyalty.store.database import Database
from tests.conftest import OpenShop
from tests.flows.shop import Shop

KINDS: tuple[AlarmKind, ...] = get_args(AlarmKind)


def told(shop: Shop, about: str = "7:12", **facts: str) -> Alarm | None:
    known = {"from_invoice": "FA1", "invoice": "FA2", "amount": Decimal(5), **facts}
    return shop.loyalty.database.decide(
        lambda tx: alarm(tx, shop.loyalty, "voucher_moved", voucher=None, about=about, **known)
    )


def waiting(shop: Shop, *, with_done: bool = False) -> list[Alarm]:
    with shop.loyalty.database.reading() as tx:
        return alarms.page(tx, "", 100, with_done=with_done)


def test_every_kind_is_told_in_every_language() -> None:
    assert set(FACTS) == set(LABELS) == set(SENTENCES) == set(KINDS)
    for kind in KINDS:
        facts = {name: "5" if name in AMOUNTS else name.upper() for name in FACTS[kind]}
        for locale in LANGUAGES:
            found = sentence(words(locale), kind, {**facts, "voucher": "WXYZ", "currency": "EUR"})
            assert "%(" not in found
            for name, fact in facts.items():
                assert name in AMOUNTS or fact in found, (kind, locale, name)
            assert "5,00" in found or "5.00" in found or not AMOUNTS & set(facts)


def test_the_same_is_told_once_also_after_it_was_closed(shop_on: Shop) -> None:
    shop = shop_on
    first = told(shop)
    assert first is not None
    assert told(shop, amount="9") is None
    assert told(shop, about="7:13") is not None
    assert [each.about for each in waiting(shop)] == ["7:12", "7:13"]
    close(shop.loyalty, first.id, note=" moved back ", who="eve")
    assert told(shop) is None
    assert [each.about for each in waiting(shop)] == ["7:13"]
    (done,) = (each for each in waiting(shop, with_done=True) if each.done_at)
    assert (done.note, done.done_by, done.about) == ("moved back", "eve", "7:12")


def test_an_alarm_stands_in_the_customers_agenda_and_in_the_status(shop: Shop) -> None:
    claire = shop.rich(100)
    voucher = shop.redeem(claire)
    with shop.loyalty.database.transaction() as tx:
        facts = {"document": voucher.credit_note_ref, "amount": Decimal("5.00")}
        alarm(tx, shop.loyalty, "credit_note_deleted", voucher=voucher, about="1", **facts)
    shop.deliver()
    shop.deliver()
    (event,) = [row for row in shop.dolibarr.store.rows("event") if "deleted" in row["label"]]
    assert event["fk_soc"] == claire
    assert voucher.last_four in event["note"]
    assert "€5.00" in event["note"]
    (seen,) = waiting(shop)
    assert (seen.voucher_id, seen.thirdparty_id, seen.facts["amount"]) == (voucher.id, claire, "5")
    assert status(shop.loyalty.database, shop.loyalty.now()).alarms == 1
    with shop.loyalty.database.reading() as tx:
        assert [each.id for each in alarms.of_voucher(tx, voucher.id)] == [seen.id]


def test_without_a_customer_or_agenda_it_is_in_the_list_alone(opened: OpenShop, sqlite: Database) -> None:
    from dolibarr_loyalty.flows.context import Screens

    with opened(screens=Screens(agenda=False)) as shop:
        claire = shop.customer()
        shop.sync()
        told(shop)
        with sqlite.transaction() as tx:
            facts = {"document": "FA9", "product": "GIFT"}
            alarm(
                tx,
                shop.loyalty,
                "gift_card_with_vat",
                voucher=None,
                about="9",
                thirdparty_id=claire,
                **facts,
            )
        shop.deliver()
        assert len(waiting(shop)) == 2
        assert not [row for row in shop.dolibarr.store.rows("event") if "check" in row["label"]]


def test_what_an_alarm_must_tell_and_what_closing_needs(shop: Shop) -> None:
    with pytest.raises(ValueError, match="amount, document"), shop.loyalty.database.transaction() as tx:
        alarm(tx, shop.loyalty, "cash_out", voucher=None, about="1")
    seen = told(shop)
    assert seen is not None
    with pytest.raises(InputError, match="--note"):
        close(shop.loyalty, seen.id, note=" ", who="eve")
    with pytest.raises(InputError, match="no alarm"):
        close(shop.loyalty, "nothing", note="x", who="eve")
    close(shop.loyalty, seen.id, note="seen", who="eve")
    with pytest.raises(InputError, match="before, by eve: seen"):
        close(shop.loyalty, seen.id, note="again", who="mallory")
