"""The traps of Dolibarr that the extension is built around are in the stand-in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dolibarr_loyalty.sandbox import Dolibarr, rights

from .conftest import TEE


def test_a_put_on_an_invoice_writes_whatever_it_is_given(shop: Any) -> None:
    invoice = shop.dolibarr.sell(shop.claire, [TEE])
    shop.call("PUT", f"/invoices/{invoice}", json={"total_ttc": 999})
    assert shop.get(f"/invoices/{invoice}")["total_ttc"] == "999.00000000"


@pytest.mark.parametrize(("version", "kept"), [("16", None), ("23", "L-1")])
def test_a_partial_put_of_extrafields_wipes_on_16_and_merges_on_23(version: str, kept: str | None) -> None:
    dolibarr = Dolibarr(version=version)
    for name, kind in (("loy_points", "int"), ("loy_card", "varchar")):
        dolibarr.define_extrafield("societe", name, label=name, type=kind, list="1")
    fields = {"options_loy_points": 1, "options_loy_card": "L-1"}
    claire = dolibarr.create_third_party(name="Claire", array_options=fields)
    dolibarr.change_third_party(claire, array_options={"options_loy_points": 2})
    row = dolibarr.row("thirdparty", claire, "")
    assert row["options"] == {"loy_points": "2", "loy_card": kept}


def test_a_used_credit_moves_silently_to_another_invoice(shop: Any) -> None:
    credit = shop.dolibarr.issue_credit(shop.claire, 15)
    first, second = (shop.dolibarr.sell(shop.claire, [TEE], paid=False) for _ in range(2))
    assert shop.post(f"/invoices/{first}/usecreditnote/{credit}") == 1
    assert shop.get(f"/invoices/{first}")["remaintopay"] == "105"
    assert shop.post(f"/invoices/{second}/usecreditnote/{credit}") == 1
    left = [shop.get(f"/invoices/{rowid}")["remaintopay"] for rowid in (first, second)]
    assert left == ["120", "105"]


def test_a_credit_as_line_changes_a_validated_invoice(shop: Any) -> None:
    credit = shop.dolibarr.issue_credit(shop.claire, 25)
    invoice = shop.dolibarr.sell(shop.claire, [TEE], paid=False)
    shop.post(f"/invoices/{invoice}/usediscount/{credit}")
    after = shop.get(f"/invoices/{invoice}")
    assert (after["total_ttc"], after["status"]) == ("95.00000000", "1")


def test_splitting_a_spent_credit_duplicates_money(shop23: Any) -> None:
    credit = shop23.dolibarr.issue_credit(shop23.claire, 50)
    shop23.dolibarr.use_credit(shop23.dolibarr.sell(shop23.claire, [TEE], paid=False), credit)
    shop23.post(
        f"/thirdparties/{shop23.claire}/splitdiscount/{credit}", {"amount_ttc_1": 20, "amount_ttc_2": 30}
    )
    rows = shop23.get(f"/thirdparties/{shop23.claire}/fixedamountdiscounts")
    assert sorted(row["amount_ttc"] for row in rows) == ["20.00000000", "30.00000000", "50.00000000"]


def test_a_credit_has_one_row_per_vat_rate(shop: Any) -> None:
    lines = [{**TEE, "tva_tx": rate} for rate in (20, 5.5)]
    note = shop.dolibarr.create_invoice(socid=shop.claire, type=2, lines=lines)
    shop.dolibarr.validate(note)
    shop.dolibarr.mark_as_credit(note)
    rows = shop.get(f"/thirdparties/{shop.claire}/fixedamountdiscounts?filter=available")
    assert [row["amount_ttc"] for row in rows] == ["120.00000000", "105.50000000"]


def test_a_deposit_paid_in_full_is_credit_at_once(shop: Any) -> None:
    deposit = shop.dolibarr.sell_deposit(shop.claire, 50)
    (row,) = shop.get(f"/thirdparties/{shop.claire}/fixedamountdiscounts")
    assert (row["description"], row["fk_facture_source"]) == ("(DEPOSIT)", str(deposit))


def test_redeeming_leaves_no_trace_on_the_invoice_row(shop: Any) -> None:
    shop.dolibarr.clock = lambda: datetime(2026, 3, 1, 12, tzinfo=UTC)
    invoice = shop.dolibarr.sell(shop.claire, [TEE], paid=False)
    credit = shop.dolibarr.issue_credit(shop.claire, 120)
    before = shop.get(f"/invoices/{invoice}")
    shop.dolibarr.clock = lambda: datetime(2026, 3, 2, 12, tzinfo=UTC)
    shop.post(f"/invoices/{invoice}/usecreditnote/{credit}")
    after = shop.get(f"/invoices/{invoice}")
    assert (after["date_modification"], after["status"]) == (before["date_modification"], "1")
    assert after["remaintopay"] == "0"


def test_the_modification_date_is_shifted_and_the_filter_wants_the_database_clock(shop: Any) -> None:
    noon = datetime(2026, 1, 10, 12, 0, 0, tzinfo=UTC)
    shop.dolibarr.clock = lambda: noon
    invoice = shop.dolibarr.sell(shop.claire, [TEE], paid=False)
    shown = shop.get(f"/invoices/{invoice}")
    assert shown["date_creation"] == int(noon.timestamp())
    assert shown["date_modification"] == int(noon.timestamp()) - 3600
    assert shown["date"] == int(datetime(2026, 1, 9, 23, tzinfo=UTC).timestamp())
    found = shop.get("/invoices?sqlfilters=(t.tms:>=:'2026-01-10 12:00:00')")
    assert [row["id"] for row in found] == [str(invoice)]
    assert shop.call("GET", "/invoices?sqlfilters=(t.tms:>:'2026-01-10 12:00:00')").json() != found
    everything = shop.get("/invoices?sqlfilters=(t.tms:>:1999999999)")
    assert everything == found


def test_without_the_right_on_all_customers_invoices_look_empty(shop: Any) -> None:
    invoice = shop.dolibarr.sell(shop.claire, [TEE])
    shop.dolibarr.revoke(rights.EVERY_CUSTOMER)
    listed, single = shop.call("GET", "/invoices"), shop.call("GET", f"/invoices/{invoice}")
    if shop.dolibarr.is_16:
        assert (listed.status_code, single.status_code) == (404, 401)
    else:
        assert (listed.status_code, listed.json(), single.status_code) == (200, [], 403)
    shop.dolibarr.grant(rights.EVERY_CUSTOMER)
    assert shop.call("GET", f"/invoices/{invoice}").status_code == 200


def test_16_deletes_the_last_numbered_voucher_and_23_refuses(shop: Any) -> None:
    credit = shop.dolibarr.issue_credit(shop.claire, 10)
    note = shop.dolibarr.row("discount", credit, "")["fk_facture_source"]
    answer = shop.call("DELETE", f"/invoices/{note}")
    assert answer.status_code == (200 if shop.dolibarr.is_16 else 403)
    assert shop.dolibarr.store.count("discount") == (0 if shop.dolibarr.is_16 else 1)


def test_abandoning_from_the_screen_is_status_3_and_a_replacement_too(shop: Any) -> None:
    given_up = shop.dolibarr.sell(shop.claire, [TEE], paid=False)
    shop.dolibarr.abandon(given_up)
    replaced = shop.dolibarr.sell(shop.claire, [TEE])
    shop.dolibarr.replace_invoice(replaced, [TEE])
    states = [shop.get(f"/invoices/{rowid}") for rowid in (given_up, replaced)]
    assert [(row["status"], row["paye"], row["close_code"]) for row in states] == [
        ("3", "0", "abandon"),
        ("3", "1", "replaced"),
    ]


def test_an_apostrophe_in_a_filter_needs_no_escaping(shop: Any) -> None:
    shop.dolibarr.create_third_party(name="D'Angelo")
    (found,) = shop.get("/thirdparties?sqlfilters=(t.nom:=:'D'Angelo')")
    assert found["name"] == "D'Angelo"


def test_two_customers_with_one_address_give_an_empty_object(shop: Any) -> None:
    shop.dolibarr.create_third_party(name="Twin", email="claire@example.invalid")
    assert shop.get("/thirdparties/email/claire@example.invalid")["id"] is None


def test_a_hand_typed_credit_counts_but_is_not_listed(shop: Any) -> None:
    shop.dolibarr.type_credit_by_hand(shop.claire, 7)
    assert shop.get(f"/thirdparties/{shop.claire}")["absolute_discount"] == "7"
    assert shop.get(f"/thirdparties/{shop.claire}/fixedamountdiscounts") == []


def test_a_till_sale_belongs_to_the_generic_customer(shop: Any) -> None:
    shop.dolibarr.clock = lambda: datetime(2026, 11, 5, 12, tzinfo=UTC)
    invoice = shop.get(f"/invoices/{shop.dolibarr.sell_at_till([TEE])}")
    assert (invoice["ref"], invoice["module_source"]) == ("TC1-2611-0001", "takepos")
    assert invoice["socid"] == str(shop.dolibarr.till_customer)


def test_numbers_follow_the_date_of_the_invoice(shop: Any) -> None:
    refs = [
        shop.get(f"/invoices/{shop.dolibarr.sell(shop.claire, [TEE], date=day)}")["ref"]
        for day in ("2025-11-03", "2026-02-01", "2025-11-04")
    ]
    assert refs == ["FA2511-0001", "FA2602-0001", "FA2511-0002"]
