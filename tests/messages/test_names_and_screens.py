from datetime import date
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.ledger import EntryKind
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.locales import LANGUAGES, words
from dolibarr_loyalty.messages import (
    Goal,
    Worth,
    entry_kind,
    next_reward,
    screens,
    voucher_filename,
    voucher_state,
)
from dolibarr_loyalty.messages.names import ENTRY_KINDS, VOUCHER_STATES, worth
from tests.messages.builders import CODE, ten_euros

NBSP = "\N{NO-BREAK SPACE}"


def test_every_kind_of_entry_and_every_state_of_a_voucher_has_a_name():
    assert set(ENTRY_KINDS) == {kind.value for kind in EntryKind}
    assert set(VOUCHER_STATES) == {state.value for state in VoucherState}


@pytest.mark.parametrize("locale", LANGUAGES)
def test_names_differ_from_each_other(locale):
    spoken = words(locale)
    assert len({entry_kind(kind, spoken) for kind in ENTRY_KINDS}) == len(ENTRY_KINDS)
    assert len({voucher_state(state, spoken) for state in VOUCHER_STATES}) == len(VOUCHER_STATES)


def test_an_unknown_kind_or_state_is_shown_as_it_is():
    assert entry_kind("donation", words("de")) == "donation"
    assert voucher_state("lost", words("de")) == "lost"


@pytest.mark.parametrize(
    ("value", "german", "french"),
    [
        (ten_euros(), f"10,00{NBSP}€", f"10,00{NBSP}€"),
        (Worth(kind="percent", value=Decimal("10")), f"10{NBSP}% Rabatt", None),
        (
            Worth(kind="percent", value=Decimal("12.5"), limit=Decimal(20)),
            f"12,5{NBSP}% Rabatt (höchstens 20,00{NBSP}€)",
            None,
        ),
        (Worth(kind="product", product="Kaffee"), "Kaffee gratis", "Kaffee en cadeau"),
        (
            Worth(kind="service", product="Wartung", limit=Decimal(80)),
            f"Wartung gratis (höchstens 80,00{NBSP}€)",
            f"Wartung en cadeau (80,00{NBSP}€ au maximum)",
        ),
        (ten_euros(limit=Decimal(5)), f"10,00{NBSP}€", None),
    ],
)
def test_what_a_voucher_is_worth_is_one_phrase(value, german, french):
    assert worth(value, words("de")) == german
    assert french is None or worth(value, words("fr")) == french


@pytest.mark.parametrize(
    ("goal", "text"),
    [
        (Goal(reward="Kaffee", points=100, missing=20), f"noch 20{NBSP}Punkte bis „Kaffee“"),
        (Goal(reward="Kaffee", points=100, missing=1), f"noch 1{NBSP}Punkt bis „Kaffee“"),
        (Goal(reward="Kaffee", points=100), "„Kaffee“ kann eingelöst werden"),
        (None, ""),
    ],
)
def test_the_next_reward_fits_an_extrafield(goal, text):
    assert next_reward(words("de"), goal) == text


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_agenda_event_has_a_label_and_a_note(locale):
    spoken = words(locale)
    events = [
        screens.redemption(spoken, reward="Tea", points=100, balance=20),
        screens.voucher_issued(spoken, worth=ten_euros(), last_four="6YRA", valid_until=None),
        screens.voucher_issued(
            spoken, worth=ten_euros(), last_four="6YRA", valid_until=date(2029, 12, 31), credit_note="AV1"
        ),
        screens.voucher_used(spoken, worth=ten_euros(), last_four="6YRA", invoice="FA1", left=None),
        screens.voucher_used(spoken, worth=ten_euros(), last_four="6YRA", invoice="FA1", left=ten_euros()),
        screens.voucher_cancelled(spoken, worth=ten_euros(), last_four="6YRA"),
        screens.voucher_cancelled(spoken, worth=ten_euros(), last_four="6YRA", points=100),
        screens.voucher_refused(spoken, worth=ten_euros(), why="Bad request", points=100),
        screens.points_expired(spoken, points=5, balance=0),
        screens.no_email(spoken),
        screens.mail_refused(spoken, address="a@example.org", answer="550 no such user"),
    ]
    for event in events:
        assert "\n" not in event.label
        assert 0 < len(event.label) <= 80
        assert event.note
        assert "%(" not in event.label + event.note
    assert len({event.note for event in events}) == len(events)
    assert "AV1" in events[2].note


@pytest.mark.parametrize(
    ("locale", "name"),
    [("de", "Gutschein-6YRA.pdf"), ("en", "Voucher-6YRA.pdf"), ("fr", "Bon-d-achat-6YRA.pdf")],
)
def test_the_name_of_the_pdf_reveals_only_the_end_of_the_code(locale, name):
    assert voucher_filename(words(locale), CODE) == name
    assert "/" not in voucher_filename(words(locale), "../../etc")
