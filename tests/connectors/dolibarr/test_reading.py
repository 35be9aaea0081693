"""Recorded documents and third parties of both versions become the same values."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.connectors.dolibarr.clock import Zones
from dolibarr_loyalty.connectors.dolibarr.reading import (
    Broken,
    Context,
    Unreadable,
    credit_lines_of,
    day_epoch_of,
    epochs_of,
    id_of,
    label_of,
    note_of,
    options_of,
    price_of,
    read_credit_rows,
    read_member,
    read_page,
    read_payments,
    read_sale,
)
from dolibarr_loyalty.core.sale import Credit, Kind, State

from .conftest import PARIS, recorded

VERSIONS = ("v16", "v23")
SALES, PEOPLE = recorded("documents"), recorded("thirdparties")
CONTEXT = Context(zones=Zones(shop=PARIS, php=PARIS, database=UTC))


@pytest.fixture(params=VERSIONS)
def sales(request: pytest.FixtureRequest) -> dict[str, Any]:
    return SALES[request.param]


@pytest.fixture(params=VERSIONS)
def people(request: pytest.FixtureRequest) -> dict[str, Any]:
    return PEOPLE[request.param]


def a_document(**changes: Any) -> dict[str, Any]:
    usual = {
        "id": "5",
        "ref": "FA1",
        "socid": "3",
        "type": "0",
        "status": "1",
        "paye": "0",
        "date": 1795215600,
    }
    return {**usual, **changes}


def test_a_paid_invoice_is_read_exactly(sales: dict[str, Any]) -> None:
    sale = read_sale(sales["paid"], CONTEXT)
    assert (sale.id, sale.ref, sale.kind, sale.state) == (1, "FA2511-0001", Kind.STANDARD, State.PAID)
    assert (sale.net, sale.gross) == (Decimal("46.5"), Decimal("54.28"))
    assert (sale.paid_money, sale.remaining, sale.currency) == (Decimal("54.28"), 0, "EUR")
    assert sale.thirdparty_id == 3
    tee = sale.lines[0]
    assert (tee.product_ref, tee.label, tee.quantity, tee.discount_percent) == ("TEE", "T-shirt", 2, 10)
    assert (tee.net, tee.gross, tee.vat_rate, tee.is_service) == (36, Decimal("43.2"), 20, False)
    assert tee.credit is None


def test_the_date_is_the_day_of_the_shop_and_a_back_dated_sale_happened_at_its_noon(
    sales: dict[str, Any],
) -> None:
    sale = read_sale(sales["paid"], CONTEXT)
    assert sale.issued_on == date(2023, 11, 14)
    assert sale.occurred_at == datetime(2023, 11, 14, 11, tzinfo=UTC)


def test_a_sale_of_the_day_happened_when_it_was_created(sales: dict[str, Any]) -> None:
    json = sales["draft"]
    sale = read_sale({**json, "date": 1795215600, "date_creation": 1795289682}, CONTEXT)
    assert sale.issued_on == date(2026, 11, 21)
    assert sale.occurred_at == datetime.fromtimestamp(1795289682, UTC)


def test_the_modification_is_shifted_back_to_the_true_instant(sales: dict[str, Any]) -> None:
    json = sales["paid"]
    assert read_sale(json, CONTEXT).modified_at == datetime.fromtimestamp(
        json["date_modification"] + 3600, UTC
    )


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("paid", State.PAID),
        ("closed", State.CLOSED),
        ("draft", State.DRAFT),
        ("till", State.PAID),
        ("paid_with_credit", State.VALIDATED),
        ("credit_note_marked", State.PAID),
    ],
)
def test_a_recorded_document_has_its_state(sales: dict[str, Any], name: str, state: State) -> None:
    assert read_sale(sales[name], CONTEXT).state is state


@pytest.mark.parametrize(
    ("status", "paye", "close_code", "state"),
    [
        ("0", "1", None, State.DRAFT),
        ("1", "0", None, State.VALIDATED),
        ("2", "1", None, State.PAID),
        (2, 1, "", State.PAID),
        ("2", "0", "badcustomer", State.CLOSED),
        ("2", None, "discount_vat", State.CLOSED),
        ("3", "0", "abandon", State.ABANDONED),
        ("3", "1", "replaced", State.REPLACED),
    ],
)
def test_only_status_2_with_paye_1_is_paid(status: Any, paye: Any, close_code: Any, state: State) -> None:
    assert read_sale(a_document(status=status, paye=paye, close_code=close_code), CONTEXT).state is state


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("0", Kind.STANDARD),
        ("1", Kind.REPLACEMENT),
        ("2", Kind.CREDIT_NOTE),
        (3, Kind.DEPOSIT),
        ("5", Kind.SITUATION),
        ("9", Kind.OTHER),
        (None, Kind.OTHER),
    ],
)
def test_the_type_tells_the_kind(code: Any, kind: Kind) -> None:
    assert read_sale(a_document(type=code), CONTEXT).kind is kind


def test_a_credit_note_names_its_source_and_keeps_its_sign(sales: dict[str, Any]) -> None:
    note = read_sale(sales["credit_note_marked"], CONTEXT)
    assert (note.kind, note.source_id, note.gross) == (Kind.CREDIT_NOTE, 9, -10)


def test_a_sale_of_the_till_names_its_channel(sales: dict[str, Any]) -> None:
    assert read_sale(sales["till"], CONTEXT).channel == "takepos"


def test_what_was_paid_with_credits_stands_apart(sales: dict[str, Any]) -> None:
    sale = read_sale(sales["paid_with_credit"], CONTEXT)
    assert (sale.paid_credits, sale.paid_money, sale.remaining) == (100, 0, 0)
    assert sale.credits is None


def test_a_credit_used_as_a_line_tells_its_kind(sales: dict[str, Any]) -> None:
    lines = [line for line in read_sale(sales["credit_as_line"], CONTEXT).lines if line.credit_id]
    assert lines
    assert lines[0].credit is Credit.DEPOSIT
    assert lines[0].gross < 0
    assert credit_lines_of(sales["credit_as_line"]) == {
        lines[0].credit_id: int(sales["credit_as_line"]["id"])
    }


@pytest.mark.parametrize(
    ("words", "credit"),
    [
        ("(CREDIT_NOTE)", Credit.CREDIT_NOTE),
        ("(DEPOSIT)", Credit.DEPOSIT),
        ("(EXCESS RECEIVED)", Credit.EXCESS),
        ("Sorry for the delay", Credit.DISCOUNT),
    ],
)
def test_a_line_made_of_a_discount_says_which(words: str, credit: Credit) -> None:
    line = {"id": "1", "desc": words, "fk_remise_except": "7", "total_ttc": "-5", "total_ht": "-5"}
    read = read_sale(a_document(lines=[line]), CONTEXT).lines[0]
    assert (read.credit, read.credit_id, read.gross) == (credit, 7, -5)


def test_odd_lines_are_read() -> None:
    lines = [
        {"rowid": "4", "qty": "0"},
        {"id": 5, "qty": "-1", "total_ht": "-3.5", "fk_product": "0"},
        "nonsense",
    ]
    first, second = read_sale(a_document(lines=lines), CONTEXT).lines
    assert (first.id, first.quantity, first.net) == (4, 0, 0)
    assert (second.quantity, second.net, second.product_id) == (-1, Decimal("-3.5"), None)
    assert read_sale(a_document(lines=None), CONTEXT).lines == ()


def test_lines_carry_the_tags_of_their_product() -> None:
    context = replace(CONTEXT, product_tags={8: frozenset({"coffee"})})
    line = {"id": "1", "fk_product": "8", "product_type": "1", "desc": "Latte &amp; more"}
    read = read_sale(a_document(lines=[line]), context).lines[0]
    assert (read.tags, read.is_service, read.label) == (frozenset({"coffee"}), True, "Latte & more")


def test_our_own_documents_are_known_by_their_prefix() -> None:
    assert read_sale(a_document(ref_ext="loyalty:voucher:1"), CONTEXT).is_ours
    assert not read_sale(a_document(ref_ext="shop-1"), CONTEXT).is_ours


def test_the_code_in_our_own_documents_is_not_read() -> None:
    texts = {
        "ref_client": "A6JEQC-29KDC9-CDY6B2",
        "lines": [{"id": "1", "desc": "Voucher A6JEQC-29KDC9-CDY6B2"}],
    }
    ours = read_sale(a_document(ref_ext="loyalty:voucher:1", **texts), CONTEXT)
    theirs = read_sale(a_document(ref_ext="shop-1", **texts), CONTEXT)
    assert (ours.ref_client, ours.lines[0].label) == ("", "")
    assert (theirs.ref_client, theirs.lines[0].label) == (
        "A6JEQC-29KDC9-CDY6B2",
        "Voucher A6JEQC-29KDC9-CDY6B2",
    )


def test_without_a_date_the_validation_or_the_creation_gives_the_day() -> None:
    validated = a_document(date="", date_validation=1795215600)
    created = a_document(date=None, date_creation=1795289682)
    assert read_sale(validated, CONTEXT).issued_on == date(2026, 11, 21)
    assert read_sale(created, CONTEXT).issued_on == date(2026, 11, 21)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"status": "9"}, "status '9' is unknown"),
        ({"status": None}, "status None is unknown"),
        ({"socid": None}, "no socid"),
        ({"date": ""}, "no date"),
        ({"total_ttc": "abc"}, "'abc' is not a number"),
        ({"total_ttc": "NaN"}, "'NaN' is not a number"),
        ({"id": None}, "no id"),
    ],
)
def test_a_document_that_makes_no_sense_is_named(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(Unreadable, match="FA1") as caught:
        read_sale(a_document(**changes), CONTEXT)
    assert problem in caught.value.broken.problem


def test_a_broken_document_does_not_stop_the_page() -> None:
    page = [a_document(id="1"), a_document(id="2", status="7"), None, a_document(id="3")]
    sales, broken = read_page(page, CONTEXT, read_sale)
    assert [sale.id for sale in sales] == [1, 3]
    assert [each.id for each in broken] == [2, None]
    assert str(broken[1]) == "an object without ref (id None): it is not an object"


LOOSE = st.one_of(
    st.none(), st.text(max_size=8), st.integers(), st.floats(), st.booleans(), st.just([]), st.just({})
)


@given(
    changes=st.dictionaries(st.sampled_from(sorted({*SALES["v23"]["paid"], "array_options"})), LOOSE),
    line=st.dictionaries(st.sampled_from(sorted(SALES["v23"]["paid"]["lines"][0])), LOOSE),
)
def test_no_loose_value_crashes_the_reading(changes: dict[str, Any], line: dict[str, Any]) -> None:
    json = {**SALES["v23"]["paid"], "lines": [line], **changes}
    sales, broken = read_page([json], CONTEXT, read_sale)
    assert len(sales) + len(broken) == 1


@given(changes=st.dictionaries(st.sampled_from(sorted(PEOPLE["v23"]["claire"])), LOOSE))
def test_no_loose_value_crashes_the_reading_of_a_member(changes: dict[str, Any]) -> None:
    members, broken = read_page([{**PEOPLE["v23"]["claire"], **changes}], CONTEXT, read_member)
    assert len(members) + len(broken) == 1


def test_a_recorded_third_party_is_read(people: dict[str, Any]) -> None:
    context = replace(CONTEXT, languages=("en", "de", "fr"), member_tags={3: frozenset({"vip"})})
    claire = read_member(people["claire"], context)
    assert (claire.thirdparty_id, claire.name, claire.email) == (3, "Claire Martin", "claire@example.invalid")
    assert (claire.card_number, claire.locale, claire.country) == ("LOY0001", "de", "FR")
    assert (claire.is_company, claire.is_customer, claire.tags) == (False, True, frozenset({"vip"}))
    assert claire.created_at == datetime.fromtimestamp(people["claire"]["date_creation"], UTC)


def test_a_third_party_of_23_may_have_no_modification_date() -> None:
    assert read_member(PEOPLE["v23"]["plain"], CONTEXT).modified_at is None


@pytest.mark.parametrize(
    ("language", "country", "locale"),
    [
        ("de_DE", "FR", "de"),
        ("de_AT", "", "de"),
        ("", "CH", "de"),
        ("es_ES", "BE", "fr"),
        (None, "GB", "en"),
        ("", "JP", "en"),
    ],
)
def test_the_language_is_theirs_or_their_country_s_or_the_shop_s(
    language: Any, country: str, locale: str
) -> None:
    json = {"id": 1, "default_lang": language, "country_code": country}
    assert read_member(json, CONTEXT).locale == locale


@pytest.mark.parametrize(
    ("fields", "is_company"),
    [
        ({"typent_id": "8", "tva_intra": "FR1"}, False),
        ({"typent_id": "3"}, True),
        ({"typent_id": "0"}, False),
        ({"typent_id": None, "tva_intra": "FR1"}, True),
        ({"idprof1": "123"}, True),
    ],
)
def test_a_company_is_known_by_its_type_or_its_numbers(fields: dict[str, Any], is_company: bool) -> None:
    assert read_member({"id": 1, **fields}, CONTEXT).is_company is is_company


@pytest.mark.parametrize(
    ("client", "is_customer"), [("1", True), (3, True), ("2", False), ("0", False), (None, False)]
)
def test_customers_are_clients_and_both(client: Any, is_customer: bool) -> None:
    assert read_member({"id": 1, "client": client}, CONTEXT).is_customer is is_customer


def test_names_are_plain_text() -> None:
    assert read_member({"id": 1, "name": "A &amp; B\n<i>\x07"}, CONTEXT).name == "A & B <i>"


def test_payments_tell_money_from_credits() -> None:
    rows = [
        {"amount": "4", "type": "LIQ", "date": "2026-11-21 20:57:51", "ref": "PAY1"},
        {"amount": "20.00000000", "type": "(CREDIT_NOTE)", "ref": "AV1"},
        {"amount": "5", "type": "(DEPOSIT)", "ref": "AC1", "typeline": "discount"},
        {"amount": "1", "type": "Gift", "typeline": "discount"},
        "nonsense",
    ]
    kinds = [(payment.amount, payment.credit) for payment in read_payments(rows)]
    assert kinds == [(4, None), (20, Credit.CREDIT_NOTE), (5, Credit.DEPOSIT), (1, Credit.DISCOUNT)]


@pytest.mark.parametrize(
    ("used", "used_on", "as_line"),
    [
        ({}, None, False),
        ({"fk_facture": "748"}, 748, False),
        ({"fk_facture_line": "9"}, 0, True),
    ],
)
def test_a_credit_row_tells_where_it_was_used(
    used: dict[str, str], used_on: int | None, as_line: bool
) -> None:
    credit = {"rowid": "121", "fk_facture_source": "746", "amount_ttc": "20", "amount_ht": "-20"}
    (row,) = read_credit_rows([{**credit, **used}])
    assert (row.id, row.credit_note_id, row.gross, row.net) == (121, 746, 20, 20)
    assert (row.used_on, row.used_as_line) == (used_on, as_line)


@pytest.mark.parametrize(
    ("call", "result"),
    [
        (lambda: id_of("12"), 12),
        (lambda: id_of({"rowid": 3}), 3),
        (lambda: id_of(None), None),
        (lambda: options_of({"array_options": []}), {}),
        (lambda: options_of("x"), {}),
        (lambda: epochs_of("x"), (None, None)),
        (lambda: label_of({"label": "Gold &amp; Co"}), "gold & co"),
        (lambda: label_of("x"), ""),
        (lambda: note_of(None), ""),
        (lambda: day_epoch_of("x"), None),
        (lambda: epochs_of({"date_creation": 5, "datem": "4"}), (5, 4)),
    ],
)
def test_small_readers_take_whatever_comes(call: Callable[[], Any], result: Any) -> None:
    assert call() == result


@pytest.mark.parametrize(
    "read",
    [
        lambda: read_credit_rows([{"amount_ttc": "20"}]),
        lambda: read_credit_rows([{"rowid": 1, "amount_ttc": "lots"}]),
        lambda: read_payments([{"amount": "lots"}]),
        lambda: price_of({"price_ttc": "lots"}),
        lambda: price_of(None),  # type: ignore[arg-type]
    ],
)
def test_money_that_cannot_be_read_is_a_failure(read: Callable[[], Any]) -> None:
    with pytest.raises(Unreadable):
        read()


def test_a_broken_object_is_told_in_words() -> None:
    assert str(Broken(id=4, ref="FA1", problem="it has no date")) == "FA1 (id 4): it has no date"
