"""Calls below /supplierinvoices."""

from __future__ import annotations

from typing import Any

from .. import rendering, rights
from .calls import Call
from .lists import Listing, named
from .routes import route

_COLUMNS = named(
    "rowid ref ref_supplier ref_ext entity type fk_soc datec datef tms label fk_statut paye note_private "
    "note_public fk_user_author"
)
_LIST = Listing(
    kind="supplier_invoice",
    columns=_COLUMNS,
    complaint="Error when retrieve supplier invoice list",
    nothing_16="No supplier invoice found",
)


@route("GET", "/supplierinvoices")
def list_supplier_invoices(call: Call) -> Any:
    """Without the right, or with the module switched off, refused."""
    call.need(rights.SUPPLIER_INVOICE_READ)
    return _LIST.answer(call, lambda row: rendering.supplier_invoice(call.dolibarr, row))


@route("GET", "/supplierinvoices/{id:int}")
def get_supplier_invoice(call: Call) -> Any:
    """One of them, with its lines."""
    call.need(rights.SUPPLIER_INVOICE_READ)
    row = call.dolibarr.row("supplier_invoice", call.id(), "Supplier invoice not found")
    return rendering.supplier_invoice(call.dolibarr, row)


@route("POST", "/supplierinvoices")
def post_supplier_invoice(call: Call) -> Any:
    """A draft without lines."""
    words = "Insuffisant rights" if call.dolibarr.is_16 else "Insufficiant rights"
    call.need(rights.SUPPLIER_INVOICE_WRITE, words)
    body = dict(call.body)
    socid = int(call.needed_text("socid"))
    body.pop("socid")
    return call.dolibarr.create_supplier_invoice(socid=socid, **body)


@route("POST", "/supplierinvoices/{id:int}/lines")
def post_supplier_line(call: Call) -> Any:
    """One more line."""
    call.need(rights.SUPPLIER_INVOICE_WRITE)
    return call.dolibarr.add_supplier_line(call.id(), **call.body)
