"""Drafts of payments: one per name, whatever was lost on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from dolibarr_loyalty.connectors.dolibarr import supplier_drafts
from dolibarr_loyalty.connectors.dolibarr.books import DolibarrBooks
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.connectors.protocol import PaymentDraft
from dolibarr_loyalty.errors import ConfigurationFailure, PermanentFailure, TemporaryFailure
from dolibarr_loyalty.sandbox import Dolibarr, Server
from dolibarr_loyalty.sandbox.faults import Fault, lost_answer
from dolibarr_loyalty.sandbox.rights import SUPPLIER_INVOICE_READ, SUPPLIER_INVOICE_WRITE


@contextmanager
def _at(version: str) -> Iterator[tuple[Dolibarr, DolibarrBooks, int]]:
    dolibarr = Dolibarr(version=version)
    for right in (SUPPLIER_INVOICE_READ, SUPPLIER_INVOICE_WRITE):
        dolibarr.grant(right)
    with Server(dolibarr) as server:
        client = Client(server.url, dolibarr.api_key, retries=0, timeout=(2, 5))
        books = DolibarrBooks.connect(
            client, shop_zone=ZoneInfo("Europe/Paris"), currency="EUR", languages=("en",)
        )
        yield dolibarr, books, dolibarr.create_third_party(name="Food bank", client=0)


def _payment(socid: int, **changes: object) -> PaymentDraft:
    values = {
        "thirdparty_id": socid,
        "issued_on": date(2026, 11, 22),
        "ref_ext": "loyalty:payout:1",
        "label": "Gifts",
        "note": "Given by members",
        "amount": Decimal("12.34"),
    }
    return PaymentDraft(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture(params=["16", "23"])
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_payment_becomes_one_draft_with_one_line(version: str) -> None:
    with _at(version) as (dolibarr, books, socid):
        first = books.draft_payment(_payment(socid))
        assert books.draft_payment(_payment(socid)) == first
        (row,) = dolibarr.supplier_invoices(socid)
        assert (row["rowid"], row["fk_statut"], row["ref_supplier"]) == (first, 0, "loyalty:payout:1")
        assert [line["total_ttc"] for line in row["lines"]] == ["12.34000000"]


def test_a_draft_without_its_line_gets_it(version: str) -> None:
    with _at(version) as (dolibarr, books, socid):
        made = dolibarr.create_supplier_invoice(
            socid=socid, ref_supplier="loyalty:payout:1", ref_ext="loyalty:payout:1"
        )
        assert books.draft_payment(_payment(socid)) == made
        assert len(dolibarr.supplier_invoices(socid)[0]["lines"]) == 1


@pytest.mark.parametrize("lost", ["supplierinvoices$", "lines$"])
def test_a_lost_answer_makes_no_second_draft(version: str, lost: str) -> None:
    with _at(version) as (dolibarr, books, socid):
        dolibarr.inject(Fault(kind=lost_answer, method="POST", path=lost))
        with pytest.raises(TemporaryFailure):
            books.draft_payment(_payment(socid))
        books.draft_payment(_payment(socid))
        (row,) = dolibarr.supplier_invoices(socid)
        assert len(row["lines"]) == 1


@pytest.mark.parametrize("missing", [SUPPLIER_INVOICE_READ, SUPPLIER_INVOICE_WRITE])
def test_a_missing_right_says_what_to_switch_on(version: str, missing: int) -> None:
    with _at(version) as (dolibarr, books, socid):
        dolibarr.revoke(missing)
        with pytest.raises(ConfigurationFailure, match=r"module Vendors.*1231.*1232.*nothing is lost"):
            books.draft_payment(_payment(socid))
        assert dolibarr.supplier_invoices(socid) == []


def test_an_unknown_third_party_is_refused_for_good(version: str) -> None:
    with _at(version) as (_, books, _socid), pytest.raises(PermanentFailure):
        books.draft_payment(_payment(999_999))


def test_a_faster_worker_s_draft_is_taken(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with _at(version) as (dolibarr, books, socid):
        real, asked = supplier_drafts._find, []

        def late(client: Client, payment: PaymentDraft) -> object:
            asked.append(payment)
            return None if len(asked) == 1 else real(client, payment)

        first = books.draft_payment(_payment(socid))
        monkeypatch.setattr(supplier_drafts, "_find", late)
        assert books.draft_payment(_payment(socid)) == first
        assert len(dolibarr.supplier_invoices(socid)) == 1


def test_a_card_number_is_written_and_taken_off(version: str) -> None:
    with _at(version) as (_, books, socid):
        books.set_card(socid, "CARD-7")
        member = books.member(socid)
        assert member is not None
        assert member.card_number == "CARD-7"
        books.set_card(socid, "")
        member = books.member(socid)
        assert member is not None
        assert member.card_number == ""
