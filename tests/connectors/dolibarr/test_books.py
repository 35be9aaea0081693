"""The books, one request at a time."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import responses
from responses import matchers

from dolibarr_loyalty.connectors.dolibarr.books import DolibarrBooks
from dolibarr_loyalty.connectors.dolibarr.capabilities import Capabilities
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.connectors.dolibarr.credit_notes import body_of
from dolibarr_loyalty.connectors.dolibarr.filters import both, condition, either
from dolibarr_loyalty.connectors.dolibarr.reading import Broken, Context
from dolibarr_loyalty.connectors.protocol import Books, Cursor, Draft, DraftLine, Product
from dolibarr_loyalty.errors import ConfigurationFailure, PermanentFailure, TemporaryFailure

from .conftest import BASE, PARIS

Answers = responses.RequestsMock
NOT_FOUND = {"status": 404, "json": {"error": {"code": 404, "message": "Not Found: nothing"}}}
ALREADY = {"status": 500, "json": {"error": {"code": 500, "message": "Internal Server Error: Alreay paid"}}}
OFF = {"status": 501, "body": "API not found (failed to include API file)"}


def a_row(identifier: int, **changes: Any) -> dict[str, Any]:
    usual = {"id": str(identifier), "ref": f"FA{identifier}", "socid": "3", "type": "0", "status": "1"}
    return {**usual, "date": 1795215600, "date_modification": 1795285990, **changes}


def asked(answers: Answers, index: int = -1) -> dict[str, Any]:
    return dict(answers.calls[index].request.params)  # type: ignore[union-attr]


def a_draft(**changes: Any) -> Draft:
    usual: dict[str, Any] = {
        "thirdparty_id": 3,
        "kind": "credit_note",
        "issued_on": date(2026, 11, 21),
        "ref_ext": "loyalty:voucher:1",
        "ref_client": "LOY-AB12",
        "note": "Gutschein 🎁",
        "lines": (DraftLine(label="Voucher", net_price=Decimal("16.66667"), vat_rate=Decimal(20)),),
        "gross": Decimal(20),
        "options": {"loyalty_voucher": "LOY-AB12", "loyalty_points": 200, "loyalty_valid": None},
    }
    return Draft(**{**usual, **changes})


def test_connecting_asks_what_this_dolibarr_can_do(answers: Answers, client: Client) -> None:
    refused = {"status": 404, "json": {"error": {"code": 404, "message": "Not Found"}}}
    answers.get(f"{BASE}/status", json={"success": {"dolibarr_version": "16.0.3"}})
    answers.post(f"{BASE}/thirdparties/0/splitdiscount/0", **refused)
    answers.get(f"{BASE}/setup/extrafields/societe/loyalty_points", **refused)
    answers.post(f"{BASE}/documents/upload", **OFF)
    answers.get(f"{BASE}/invoices", json=[])
    answers.get(f"{BASE}/thirdparties", json=[])
    books = DolibarrBooks.connect(client, shop_zone=PARIS, currency="EUR", languages=("fr",), user_id=2)
    assert books.capabilities.version == (16, 0, 3)


def test_they_fulfil_the_protocol(books: DolibarrBooks) -> None:
    as_protocol: Books = books
    assert as_protocol is books


def test_documents_are_walked_by_id(answers: Answers, books: DolibarrBooks) -> None:
    answers.get(f"{BASE}/invoices", json=[a_row(8), a_row(9)])
    assert [sale.id for sale in books.sales_after(7, 2)] == [8, 9]
    assert asked(answers) == {
        "sqlfilters": "(t.rowid:>:7)",
        "sortfield": "t.rowid",
        "sortorder": "ASC",
        "limit": "2",
    }


def test_a_page_of_broken_documents_is_not_the_end(
    answers: Answers, client: Client, context: Context, a_dolibarr: Callable[..., Capabilities]
) -> None:
    broken: list[Broken] = []
    books = DolibarrBooks(client, context, a_dolibarr(), reads_tags=False, on_broken=broken.append)
    pages = {0: [a_row(1, status="9")], 1: [a_row(2)]}
    for last, page in pages.items():
        matching = matchers.query_param_matcher({"sqlfilters": f"(t.rowid:>:{last})"}, strict_match=False)
        answers.get(f"{BASE}/invoices", json=page, match=[matching])
    assert [sale.id for sale in books.sales_after(0, 1)] == [2]
    assert [each.ref for each in broken] == ["FA1"]


def test_a_broken_document_is_logged_by_default(
    answers: Answers, books: DolibarrBooks, caplog: pytest.LogCaptureFixture
) -> None:
    answers.get(f"{BASE}/invoices", json=[a_row(1, status="9"), a_row(2)])
    books.sales_after(0, 2)
    assert "FA1 (id 1)" in caplog.text


def test_open_documents_are_the_validated_unpaid_ones(answers: Answers, books: DolibarrBooks) -> None:
    answers.get(f"{BASE}/invoices", json=[])
    assert books.open_sales(4, 10) == ()
    assert asked(answers)["sqlfilters"] == "(t.rowid:>:4) and (t.fk_statut:=:1)"


def test_third_parties_are_walked_by_id(answers: Answers, books: DolibarrBooks) -> None:
    answers.get(f"{BASE}/thirdparties", json=[{"id": "5", "name": "Lena", "client": "1"}])
    assert [member.name for member in books.members_after(4, 10)] == ["Lena"]


def test_all_ids_come_in_pages(answers: Answers, books: DolibarrBooks) -> None:
    for last, ids in ((0, ["2", "1"]), (2, ["5"]), (5, [])):
        matching = matchers.query_param_matcher(
            {"sqlfilters": f"(t.rowid:>:{last})", "properties": "id"}, strict_match=False
        )
        answers.get(f"{BASE}/invoices", json=[{"id": each} for each in ids], match=[matching])
    assert list(books.sale_ids()) == [1, 2, 5]


@pytest.mark.parametrize("answer", [NOT_FOUND, {"json": {"id": None}}, {"json": []}])
def test_what_dolibarr_has_no_more_is_none(
    answers: Answers, books: DolibarrBooks, answer: dict[str, Any]
) -> None:
    answers.get(f"{BASE}/invoices/7", **answer)
    answers.get(f"{BASE}/thirdparties/7", **answer)
    assert books.sale(7) is None
    assert books.member(7) is None


def test_a_refusal_is_not_an_absence(answers: Answers, books: DolibarrBooks) -> None:
    answers.get(f"{BASE}/invoices/7", status=401, json={"error": {"code": 401, "message": "Unauthorized"}})
    answers.get(f"{BASE}/invoices/8", status=400, json={"error": {"code": 400, "message": "Bad Request"}})
    with pytest.raises(ConfigurationFailure):
        books.sale(7)
    with pytest.raises(PermanentFailure):
        books.sale(8)


def test_only_credits_count_as_credits_used(answers: Answers, books: DolibarrBooks) -> None:
    rows = [{"amount": "4", "type": "LIQ"}, {"amount": "20", "type": "(CREDIT_NOTE)", "ref": "AV1"}]
    answers.get(f"{BASE}/invoices/7/payments", json=rows)
    assert [payment.ref for payment in books.credits_used(7)] == ["AV1"]


def test_tags_are_read_once_and_lines_carry_them(
    answers: Answers, client: Client, context: Context, a_dolibarr: Callable[..., Capabilities]
) -> None:
    books = DolibarrBooks(client, context, a_dolibarr())
    answers.get(f"{BASE}/categories", json=[{"id": "1", "label": "Coffee"}])
    answers.get(f"{BASE}/categories/1/objects", json=["8"])
    answers.get(f"{BASE}/invoices/7", json=a_row(7, lines=[{"id": "1", "fk_product": "8"}]))
    answers.get(f"{BASE}/thirdparties/8", json={"id": "8"})
    for _ in range(2):
        sale = books.sale(7)
        assert sale is not None
        assert sale.lines[0].tags == {"coffee"}
    member = books.member(8)
    assert member is not None
    assert member.tags == {"coffee"}
    assert [call.request.url.count("/categories?") for call in answers.calls].count(1) == 2  # type: ignore[union-attr]


def test_many_tags_come_in_pages(
    answers: Answers, books: DolibarrBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dolibarr_loyalty.connectors.dolibarr.tags.PAGE", 1)
    for last, page in ((0, [{"id": "1", "label": "A"}]), (1, [{"id": "2", "label": ""}]), (2, [])):
        matching = matchers.query_param_matcher({"sqlfilters": f"(t.rowid:>:{last})"}, strict_match=False)
        answers.get(f"{BASE}/categories", json=page, match=[matching])
    answers.get(f"{BASE}/categories/1/objects", json=["3", "4", None])
    assert books.member_tags() == {3: frozenset({"a"}), 4: frozenset({"a"})}


def test_without_the_module_nobody_has_tags(answers: Answers, books: DolibarrBooks) -> None:
    answers.get(f"{BASE}/categories", **OFF)
    assert books.product_tags() == {}


def test_a_document_is_found_by_a_filter_not_by_the_path_that_fails_on_23(
    answers: Answers, books: DolibarrBooks
) -> None:
    answers.get(f"{BASE}/invoices", json=[a_row(1, ref_ext="loyalty:v:1")])
    assert [sale.id for sale in books.find("loyalty:v:1")] == [1]
    assert asked(answers)["sqlfilters"] == "(t.ref_ext:=:'loyalty:v:1')"


def test_a_draft_is_posted_whole_and_storable(answers: Answers, books: DolibarrBooks) -> None:
    answers.post(f"{BASE}/invoices", body="746")
    assert books.create(a_draft()) == 746
    assert json.loads(answers.calls[0].request.body or "") == {
        "socid": 3,
        "type": 2,
        "date": "2026-11-21",
        "ref_ext": "loyalty:voucher:1",
        "ref_client": "LOY-AB12",
        "note_private": "Gutschein",
        "array_options": {
            "options_loyalty_voucher": "LOY-AB12",
            "options_loyalty_points": 200,
            "options_loyalty_valid": None,
        },
        "lines": [{"desc": "Voucher", "qty": 1, "subprice": 16.66667, "tva_tx": 20.0, "product_type": 1}],
    }


@pytest.mark.parametrize("body", ["null", "-1", "0"])
def test_an_id_that_is_none_is_not_believed(answers: Answers, books: DolibarrBooks, body: str) -> None:
    answers.post(f"{BASE}/invoices", body=body)
    with pytest.raises(PermanentFailure, match="ref_ext"):
        books.create(a_draft(kind="standard"))


@pytest.mark.parametrize(("method", "path"), [("validate", "validate"), ("settle", "settopaid")])
def test_304_means_done_before(answers: Answers, books: DolibarrBooks, method: str, path: str) -> None:
    answers.post(f"{BASE}/invoices/7/{path}", status=304)
    getattr(books, method)(7)


def test_another_refusal_of_validate_is_raised(answers: Answers, books: DolibarrBooks) -> None:
    message = "Internal Server Error: Error when validating Invoice: Object (PROV7) must have lines"
    answers.post(f"{BASE}/invoices/7/validate", status=500, json={"error": {"code": 500, "message": message}})
    with pytest.raises(PermanentFailure, match="must have lines"):
        books.validate(7)


def test_marking_twice_is_done_when_the_credit_is_there(answers: Answers, books: DolibarrBooks) -> None:
    answers.post(f"{BASE}/invoices/7/markAsCreditAvailable", **ALREADY)
    answers.get(f"{BASE}/invoices/7/discount", json={"id": "2"})
    books.mark_available(7)


@pytest.mark.parametrize(
    "refusal", [ALREADY, {"status": 404, "json": {"error": {"code": 404, "message": "Not Found: Invoice"}}}]
)
def test_marking_what_has_no_credit_is_a_failure(
    answers: Answers, books: DolibarrBooks, refusal: dict[str, Any]
) -> None:
    answers.post(f"{BASE}/invoices/7/markAsCreditAvailable", **refusal)
    answers.get(f"{BASE}/invoices/7/discount", **NOT_FOUND)
    with pytest.raises(PermanentFailure):
        books.mark_available(7)


def credits(answers: Answers, available: list[Any], used: list[Any]) -> None:
    path = f"{BASE}/thirdparties/3/fixedamountdiscounts"
    for state, rows in (("available", available), ("used", used)):
        answers.get(path, json=rows, match=[matchers.query_param_matcher({"filter": state})])


def a_credit(rowid: int, source: int, **used: Any) -> dict[str, Any]:
    return {
        "rowid": str(rowid),
        "fk_facture_source": str(source),
        "amount_ttc": "5",
        "amount_ht": "5",
        **used,
    }


def test_credits_are_available_and_used_ones(answers: Answers, books: DolibarrBooks) -> None:
    credits(answers, [a_credit(2, 70)], [a_credit(1, 70, fk_facture="9"), a_credit(3, 71, fk_facture="9")])
    assert [(row.id, row.used_on) for row in books.credits(3, 70)] == [(1, 9), (2, None)]
    assert [row.id for row in books.credits(3)] == [1, 2, 3]


def test_a_credit_used_as_a_line_is_located_on_its_invoice(answers: Answers, books: DolibarrBooks) -> None:
    credits(answers, [], [a_credit(1, 70, fk_facture_line="40"), a_credit(2, 70, fk_facture_line="99")])
    answers.get(f"{BASE}/invoices", json=[a_row(12, lines=[{"id": "40", "fk_remise_except": "1"}])])
    assert [(row.id, row.used_on, row.used_as_line) for row in books.credits(3)] == [
        (1, 12, True),
        (2, 0, True),
    ]


def test_a_credit_is_used_and_split_by_one_post(answers: Answers, books: DolibarrBooks) -> None:
    answers.post(f"{BASE}/invoices/9/usecreditnote/2", body="1")
    answers.post(f"{BASE}/thirdparties/3/splitdiscount/2", body="[4, 5]")
    books.use_credit(9, 2)
    books.split_credit(3, 2, Decimal("2.50"), Decimal(3))
    assert answers.calls[1].request.body == b'{"amount_ttc_1": 2.5, "amount_ttc_2": 3.0}'


def test_a_line_of_a_draft_is_added_and_removed(answers: Answers, books: DolibarrBooks) -> None:
    answers.post(f"{BASE}/invoices/9/lines", body="31")
    answers.delete(f"{BASE}/invoices/9/lines/31", json={"id": "9"})
    line = DraftLine(label="Voucher", net_price=Decimal("-4.16375"), vat_rate=Decimal(20))
    assert books.add_line(9, line) == 31
    assert json.loads(answers.calls[0].request.body or b"") == {
        "desc": "Voucher",
        "qty": 1,
        "subprice": -4.16375,
        "tva_tx": 20,
        "product_type": 1,
    }
    books.remove_line(9, 31)
    answers.replace("POST", f"{BASE}/invoices/9/lines", body="null")
    with pytest.raises(PermanentFailure, match="no id for a new line"):
        books.add_line(9, line)


def test_a_credit_is_put_on_a_draft_as_a_line(answers: Answers, books: DolibarrBooks) -> None:
    answers.post(f"{BASE}/invoices/9/usediscount/2", body="1")
    books.use_credit_as_line(9, 2)
    assert books.splits_credits is books.capabilities.splits_credits


def test_a_draft_that_is_gone_counts_as_deleted(answers: Answers, books: DolibarrBooks) -> None:
    answers.delete(f"{BASE}/invoices/7", **NOT_FOUND)
    answers.delete(
        f"{BASE}/invoices/8", status=403, json={"error": {"code": 403, "message": "Invoice not erasable"}}
    )
    books.delete_draft(7)
    with pytest.raises(PermanentFailure):
        books.delete_draft(8)


def test_a_price_is_found_by_the_product_s_ref(answers: Answers, books: DolibarrBooks) -> None:
    answers.get(f"{BASE}/products", json=[{"price_ttc": "36.00000000", "tva_tx": "20.0000"}])
    assert books.product_price("CAKE") == (36, 20)
    answers.replace("GET", f"{BASE}/products", **NOT_FOUND)
    assert books.product_price("CAKE") is None


def test_a_product_is_found_by_its_ref(answers: Answers, books: DolibarrBooks) -> None:
    row = {"id": "9", "ref": "GIFT", "label": "Gift card", "price_ttc": "50.00000000", "tva_tx": "0.0000"}
    answers.get(f"{BASE}/products", json=[row])
    found = books.product("GIFT")
    assert found == Product(id=9, ref="GIFT", label="Gift card", price=Decimal(50), vat_rate=Decimal(0))
    answers.replace("GET", f"{BASE}/products", **NOT_FOUND)
    assert books.product("GIFT") is None


def test_a_deposit_of_several_units_of_a_product_is_posted_as_one() -> None:
    line = DraftLine(label="Gift card", net_price=Decimal(50), vat_rate=Decimal(0), quantity=2, product_id=9)
    body = body_of(a_draft(kind="deposit", lines=(line,)))
    assert body["type"] == 3
    assert (body["lines"][0]["qty"], body["lines"][0]["fk_product"]) == (2, 9)
    assert "fk_product" not in body_of(a_draft())["lines"][0]


@pytest.mark.parametrize("value", ['a"b', "a(b)", "a\nb", "a\\b"])
def test_a_value_no_filter_can_hold_is_refused_before_it_is_sent(books: DolibarrBooks, value: str) -> None:
    with pytest.raises(PermanentFailure, match="looked for"):
        books.find(value)


def test_conditions_are_put_together() -> None:
    one, other = condition("t.nom", "=", "D'Angelo"), condition("t.rowid", ">", 4)
    assert both(one, other) == "(t.nom:=:'D'Angelo') and (t.rowid:>:4)"
    assert either(one, other) == "((t.nom:=:'D'Angelo') or (t.rowid:>:4))"


# changes -------------------------------------------------------------------------------------------


def tms_of(answers: Answers, path: str, stamps: dict[int, str], shown: dict[int, int | str]) -> None:
    """Answers like a table whose rows have these tms; `shown` is the date_modification of each."""

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        filters = request.params.get("sqlfilters", "")
        ids = [int(part.split(")")[0]) for part in filters.split("(t.rowid:=:")[1:]]
        since = filters.split("t.tms:>=:'")[1][:19] if "t.tms:>=:'" in filters else ""
        exact = filters.split("t.tms:=:'")[1][:19] if "t.tms:=:'" in filters and ids else ""
        after = filters.split("t.tms:>:'")[1][:19] if "t.tms:>:'" in filters else ""
        last = int(filters.split("t.rowid:>:")[1].split(")")[0]) if "t.rowid:>:" in filters else 0
        rows = [
            a_row(identifier, date_modification=shown[identifier])
            for identifier, tms in sorted(stamps.items(), key=lambda item: (item[1], item[0]))
            if (not ids or identifier in ids)
            and tms >= since
            and (not exact or tms == exact)
            and (not after or tms > after or (tms == after and identifier > last))
        ]
        return 200, {}, json.dumps(rows[: int(request.params["limit"])])

    answers.add_callback("GET", f"{BASE}{path}", callback=answer)


AT = 1795285990  # shown for 2026-11-21 19:33:10 in the database


def test_changes_are_walked_page_by_page_to_the_end_and_begin_again_a_little_earlier(
    answers: Answers, books: DolibarrBooks
) -> None:
    stamps = {1: "2026-11-21 19:33:10", 2: "2026-11-21 19:33:10", 3: "2026-11-21 19:40:00"}
    tms_of(answers, "/invoices", stamps, {1: AT, 2: AT, 3: AT + 410})
    first, cursor = books.sales_changed(Cursor(), 1)
    second, cursor = books.sales_changed(cursor, 1)
    assert (first[0].id, second[0].id, cursor) == (1, 2, Cursor(since="2026-11-21 19:33:10", last_id=2))
    third, cursor = books.sales_changed(cursor, 5)
    assert ([sale.id for sale in third], cursor) == ([3], Cursor(since="2026-11-21 19:38:00"))
    again, still = books.sales_changed(cursor, 5)
    assert ([sale.id for sale in again], still) == ([3], cursor)


def test_an_end_right_behind_a_full_page_steps_back_once(answers: Answers, books: DolibarrBooks) -> None:
    tms_of(answers, "/invoices", {1: "2026-11-21 19:33:10"}, {1: AT})
    _, cursor = books.sales_changed(Cursor(), 1)
    nothing, cursor = books.sales_changed(cursor, 1)
    assert (nothing, cursor) == ((), Cursor(since="2026-11-21 19:31:10"))


def test_nothing_at_all_leaves_the_cursor(answers: Answers, books: DolibarrBooks) -> None:
    tms_of(answers, "/thirdparties", {}, {})
    assert books.members_changed(Cursor(since="2026-11-21 19:00:00"), 5) == (
        (),
        Cursor(since="2026-11-21 19:00:00"),
    )


@pytest.mark.parametrize("shown", ["", AT + 3600], ids=["not shown", "of its extrafields"])
def test_a_modification_date_that_is_not_the_row_s_own_does_not_lose_anybody(
    answers: Answers, books: DolibarrBooks, shown: int | str
) -> None:
    stamps = {1: "2026-11-21 19:33:10", 2: "2026-11-21 19:50:00"}
    tms_of(answers, "/thirdparties", stamps, {1: shown, 2: ""})
    one, cursor = books.members_changed(Cursor(), 1)
    assert cursor == Cursor(since="2026-11-21 19:33:10", last_id=1)
    two, cursor = books.members_changed(cursor, 1)
    assert [one[0].thirdparty_id, two[0].thirdparty_id] == [1, 2]
    assert cursor == Cursor(since="2026-11-21 19:50:00", last_id=2)


def test_a_short_page_with_a_doubtful_date_is_read_again(answers: Answers, books: DolibarrBooks) -> None:
    tms_of(answers, "/thirdparties", {1: "2026-11-21 19:33:10"}, {1: AT + 3600})
    assert books.members_changed(Cursor(), 5)[1] == Cursor()


def test_following_changes_begins_a_little_before_the_newest_one(
    answers: Answers, books: DolibarrBooks
) -> None:
    answers.get(f"{BASE}/invoices", json=[a_row(1)])
    assert books.newest_sale_change() == Cursor(since="2026-11-21 19:31:10")
    assert asked(answers, 0) == {"sortfield": "t.tms", "sortorder": "DESC", "limit": "1"}


def test_following_changes_of_nothing_begins_at_the_beginning(answers: Answers, books: DolibarrBooks) -> None:
    answers.get(f"{BASE}/thirdparties", **NOT_FOUND)
    assert books.newest_member_change() == Cursor()


# screens -------------------------------------------------------------------------------------------


def test_extrafields_are_put_alone_where_the_others_stay(answers: Answers, books: DolibarrBooks) -> None:
    answers.put(f"{BASE}/thirdparties/3", json={"id": "3"})
    books.show_member(3, {"loyalty_points": 5, "loyalty_tier": None})
    sent = json.loads(answers.calls[0].request.body or "")
    assert sent == {"array_options": {"options_loyalty_points": 5, "options_loyalty_tier": None}}


def test_where_they_would_be_wiped_all_extrafields_are_sent_back(
    answers: Answers, client: Client, context: Context, a_dolibarr: Callable[..., Capabilities]
) -> None:
    books = DolibarrBooks(client, context, a_dolibarr(wipes_other_extrafields=True), reads_tags=False)
    others = {"options_birthday": 643417200, "options_shoe": "42", "options_loyalty_points": "1"}
    answers.get(f"{BASE}/thirdparties/3", json={"id": "3", "array_options": others})
    answers.put(f"{BASE}/thirdparties/3", json={"id": "3"})
    books.show_member(3, {"loyalty_points": 5})
    sent = json.loads(answers.calls[1].request.body or "")
    assert sent == {"array_options": {**others, "options_loyalty_points": 5}}


def test_what_third_parties_show_is_read_in_portions(
    answers: Answers, books: DolibarrBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dolibarr_loyalty.connectors.dolibarr.screens.ASKED_AT_ONCE", 2)
    row = {"id": "1", "array_options": {"options_loyalty_points": "78", "options_shoe": None}}
    for ids, rows in (("1,2", [row, {"id": "2", "array_options": []}]), ("3", [])):
        matching = matchers.query_param_matcher({"sqlfilters": f"(t.rowid:in:{ids})"}, strict_match=False)
        answers.get(f"{BASE}/thirdparties", json=rows, match=[matching])
    assert books.shown_members([1, 2, 3]) == {1: {"loyalty_points": "78", "shoe": None}, 2: {}}


NOON = datetime(2026, 11, 21, 11, tzinfo=UTC)


def test_an_event_is_posted_once_per_key(answers: Answers, books: DolibarrBooks) -> None:
    posted: list[dict[str, Any]] = []

    def post(request: Any) -> tuple[int, dict[str, str], str]:
        posted.append(json.loads(request.body))
        return 200, {}, "87"

    answers.get(f"{BASE}/users/info", json={"id": "2"})
    answers.add_callback("GET", f"{BASE}/agendaevents", callback=lambda _: (200, {}, json.dumps(posted)))
    answers.add_callback("POST", f"{BASE}/agendaevents", callback=post)
    for _ in range(2):
        books.add_event(3, key="accrual:1", label="+50 🎉", note="FA1", at=NOON, sale_id=7)
    books.add_event(3, key="accrual:2", label="+60", note="", at=NOON)
    assert [event["label"] for event in posted] == ["+50", "+60"]
    assert (posted[0]["userownerid"], posted[0]["fk_element"], posted[0]["elementtype"]) == (2, 7, "invoice")
    assert posted[0]["datep"] == 1795258800
    assert posted[0]["note_private"].startswith("FA1\n#loyalty-")
    assert "fk_element" not in posted[1]


def test_a_configured_owner_needs_no_right_to_read_users(
    answers: Answers, client: Client, context: Context, a_dolibarr: Callable[..., Capabilities]
) -> None:
    answers.get(f"{BASE}/agendaevents", **NOT_FOUND)
    answers.post(f"{BASE}/agendaevents", body="1")
    DolibarrBooks(client, context, a_dolibarr(), user_id=9).add_event(3, key="k", label="x", note="", at=NOON)
    assert json.loads(answers.calls[1].request.body or "")["userownerid"] == 9


def test_an_unknown_owner_is_a_matter_of_configuration(answers: Answers, books: DolibarrBooks) -> None:
    answers.get(f"{BASE}/agendaevents", **NOT_FOUND)
    answers.get(f"{BASE}/users/info", status=403, json={"error": {"code": 403, "message": "Forbidden"}})
    with pytest.raises(ConfigurationFailure, match="342"):
        books.add_event(3, key="k", label="x", note="", at=NOON)


@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        ({"json": "v.pdf"}, True),
        ({"status": 401, "json": {"error": {"code": 401, "message": "Unauthorized"}}}, False),
        (OFF, False),
    ],
)
def test_a_file_is_attached_where_dolibarr_takes_it(
    answers: Answers, books: DolibarrBooks, answer: dict[str, Any], taken: bool
) -> None:
    answers.post(f"{BASE}/documents/upload", **answer)
    assert books.attach("AV1", "v.pdf", b"%PDF") is taken
    sent = json.loads(answers.calls[0].request.body or "")
    assert (sent["filecontent"], sent["overwriteifexists"]) == ("JVBERg==", 1)


def test_a_proxy_s_fault_is_not_a_refusal_of_the_file(answers: Answers, books: DolibarrBooks) -> None:
    answers.post(f"{BASE}/documents/upload", status=502, body="<html>")
    with pytest.raises(TemporaryFailure):
        books.attach("AV1", "v.pdf", b"%PDF")
