"""Payments the shop owes to others: a draft of a supplier's invoice, the only draft REST can make of one.

It may be for any third party, supplier or not, and changes nothing in the books before somebody validates it.
Dolibarr refuses a second one of the same number and third party, so two workers cannot make two.
"""

from typing import Any

from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.connectors.dolibarr.credit_notes import LONGEST_NOTE, LONGEST_REF, SERVICE
from dolibarr_loyalty.connectors.dolibarr.filters import condition
from dolibarr_loyalty.connectors.dolibarr.loose import sendable
from dolibarr_loyalty.connectors.dolibarr.reading import id_of
from dolibarr_loyalty.connectors.dolibarr.rights import READ_SUPPLIER_INVOICES, WRITE_SUPPLIER_INVOICES
from dolibarr_loyalty.connectors.protocol import PaymentDraft
from dolibarr_loyalty.errors import ConfigurationFailure, PermanentFailure

PATH = "/supplierinvoices"
_EXISTS = "ErrorRefAlreadyExists"


def draft_payment(client: Client, payment: PaymentDraft) -> int:
    """Find or make the draft and see to it that it has its line; gives its id.

    The line is a call of its own: within the first one, 16 wants a dozen more keys and 23 loses the price.
    """
    try:
        found = _find(client, payment) or _make(client, payment)
        if not found.get("lines"):
            client.post(f"{PATH}/{id_of(found)}/lines", _line(payment))
    except ConfigurationFailure as failure:
        raise ConfigurationFailure(_advice(failure)) from failure
    return id_of(found) or 0


def _find(client: Client, payment: PaymentDraft) -> dict[str, Any] | None:
    filters = condition("t.ref_ext", "=", payment.ref_ext)
    rows = client.get_list(PATH, {"sqlfilters": filters, "sortfield": "t.rowid", "limit": 5})
    return next((row for row in rows if isinstance(row, dict) and id_of(row)), None)


def _make(client: Client, payment: PaymentDraft) -> dict[str, Any]:
    try:
        identifier = id_of(client.post(PATH, _head(payment)))
    except PermanentFailure as failure:
        # Another worker was faster, or an answer got lost: what is there by now is ours.
        if _EXISTS not in str(failure) or (found := _find(client, payment)) is None:
            raise
        return found
    if identifier is None or identifier < 0:
        raise PermanentFailure("Dolibarr gave no id for a new supplier invoice; look for it by its ref_ext.")
    return {"id": identifier, "lines": []}


def _head(payment: PaymentDraft) -> dict[str, Any]:
    return {
        "socid": payment.thirdparty_id,
        "ref_supplier": payment.ref_ext,
        "ref_ext": payment.ref_ext,
        "label": sendable(payment.label, LONGEST_REF),
        "date": payment.issued_on.isoformat(),
        "note_private": sendable(payment.note, LONGEST_NOTE),
    }


def _line(payment: PaymentDraft) -> dict[str, Any]:
    return {
        "description": sendable(payment.label, LONGEST_NOTE),
        "pu_ht": payment.amount,
        "tva_tx": 0,
        "qty": 1,
        "product_type": SERVICE,
    }


def _advice(failure: Exception) -> str:
    """A module that is off and a right that is missing look the same: 401 on 16, 403 on 23."""
    rights = f"{READ_SUPPLIER_INVOICES.id} “{READ_SUPPLIER_INVOICES.name('en')}”"
    rights += f" and {WRITE_SUPPLIER_INVOICES.id} “{WRITE_SUPPLIER_INVOICES.name('en')}”"
    return (
        f"Dolibarr took no draft of a payment. Switch on the module Vendors and give the API user the rights "
        f"{rights}; nothing is lost, it is made at the next attempt. ({failure})"
    )
