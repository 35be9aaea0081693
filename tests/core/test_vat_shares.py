"""The VAT rates of what was bought, and amounts split over them to the cent."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.credit_lines import lines_of
from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.sale import Credit, Kind, Line, Sale, State
from dolibarr_loyalty.core.vat_shares import gross_by_rate, parts

D = Decimal
CARD = GiftCard(id="card", products=("gift-25",))


def a_line(gross: str, rate: str, **changes: object) -> Line:
    return replace(Line(id=1, net=D(gross), gross=D(gross), vat_rate=D(rate)), **changes)  # type: ignore[arg-type]


def a_sale(*lines: Line, **changes: object) -> Sale:
    sale = Sale(
        id=1,
        ref="FA1",
        kind=Kind.STANDARD,
        state=State.PAID,
        thirdparty_id=7,
        issued_on=date(2026, 11, 1),
        occurred_at=datetime(2026, 11, 1, 12, tzinfo=UTC),
        net=sum((line.net for line in lines), D(0)),
        gross=sum((line.gross for line in lines), D(0)),
        currency="EUR",
        lines=lines,
    )
    return replace(sale, **changes)  # type: ignore[arg-type]


def test_purchases_are_weighed_by_rate_and_returns_taken_off() -> None:
    bought = a_sale(a_line("119", "19"), a_line("107", "7.000"))
    returned = a_sale(a_line("-19", "19.000"), kind=Kind.CREDIT_NOTE, source_id=1)
    assert gross_by_rate([bought, returned]) == {D(7): 10700, D(19): 10000}


def test_a_credit_note_that_was_stored_positive_is_a_return_too() -> None:
    bought, returned = a_sale(a_line("119", "19")), a_sale(a_line("19", "19"), kind=Kind.CREDIT_NOTE)
    assert gross_by_rate([bought, returned]) == {D(19): 10000}


@pytest.mark.parametrize(
    "sale",
    [
        a_sale(a_line("50", "0"), is_ours=True),
        a_sale(a_line("50", "0"), state=State.DRAFT),
        a_sale(a_line("50", "0"), state=State.REPLACED),
        a_sale(a_line("50", "0"), kind=Kind.DEPOSIT),
        a_sale(a_line("-50", "0", credit=Credit.DEPOSIT)),
        a_sale(a_line("50", "0", product_ref="GIFT-25")),
        a_sale(a_line("50", "0", product_ref="Old-Card")),
        a_sale(a_line("-50", "7")),
    ],
    ids=["ours", "draft", "replaced", "deposit", "credit line", "gift card", "card ref", "below nothing"],
)
def test_what_is_no_purchase_of_goods_does_not_count(sale: Sale) -> None:
    bought = a_sale(a_line("119", "19"))
    assert gross_by_rate([bought, sale], cards=[CARD], card_refs=["old-card"]) == {D(19): 11900}


def test_a_reduction_typed_by_hand_lowers_the_price() -> None:
    sale = a_sale(a_line("119", "19"), a_line("-19", "19", credit=Credit.DISCOUNT))
    assert gross_by_rate([sale]) == {D(19): 10000}


RATES = st.sampled_from([D(0), D("2.6"), D("5.5"), D(6), D(7), D("8.1"), D(10), D(19), D(20), D(21), D(25)])


@given(
    st.integers(1, 10_000_000),
    st.dictionaries(RATES, st.integers(1, 10_000_000), min_size=1, max_size=5),
)
def test_no_cent_is_lost_and_dolibarrs_gross_of_each_line_is_exact(
    cents: int, weights: dict[Decimal, int]
) -> None:
    gross = D(cents) / 100
    shares = parts(gross, weights, "EUR")
    assert sum(part.gross for part in shares) == gross
    assert all(part.vat >= 0 and part.gross > 0 for part in shares)
    cent = D("0.01")
    for line in lines_of(gross, weights, "EUR"):
        assert line.net_price == line.net_price.quantize(D("0.00001"))  # MAIN_MAX_DECIMALS_UNIT
        in_dolibarr = (line.net_price * (1 + line.vat_rate / 100)).quantize(cent, ROUND_HALF_UP)
        assert in_dolibarr == line.gross
