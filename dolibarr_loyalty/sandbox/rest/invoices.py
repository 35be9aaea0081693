"""Calls below /invoices."""

from __future__ import annotations

from typing import Any

from .. import rendering, rights
from ..refusals import Complaint, Refusal
from ..shapes import shape
from ..storage import Row
from .calls import Call
from .lists import Listing, named
from .routes import route

_COLUMNS = named(
    "rowid ref ref_ext ref_client type fk_soc datef date_lim_reglement date_valid datec tms "
    "fk_statut paye close_code close_note total_ht total_tva total_ttc note_private note_public "
    "fk_facture_source module_source pos_source fk_user_author fk_user_valid fk_user_modif "
    "last_main_doc entity date_closing fk_projet fk_mode_reglement fk_cond_reglement fk_account "
    "multicurrency_code import_key"
)
_LIST = Listing(
    kind="invoice",
    columns=_COLUMNS,
    complaint="Error when retrieve invoice list",
    nothing_16="No invoice found",
    extrafields=True,
    customer_column="fk_soc",
)
_STATES: dict[str, Any] = {
    "draft": lambda row: row["fk_statut"] == 0,
    "unpaid": lambda row: row["fk_statut"] == 1,
    "paid": lambda row: row["fk_statut"] == 2,
    "cancelled": lambda row: row["fk_statut"] == 3,
}


@route("GET", "/invoices")
def list_invoices(call: Call) -> Any:
    """The list, with its own filters `status` and `thirdparty_ids`."""
    call.need(rights.INVOICE_READ)
    house = call.dolibarr
    with_lines = house.is_16 or call.flag("withLines", default=True)

    def show(row: Row) -> dict[str, Any]:
        shown = rendering.invoice(house, row, "list")
        if not with_lines:
            del shown["lines"]
        return shown

    encode = house.encoded_invoice if with_lines else None
    return _LIST.answer(call, show, encode=encode, keep=_kept(call))


def _kept(call: Call) -> Any:
    state = _STATES.get(call.query.get("status", ""))
    text = call.query.get("thirdparty_ids", "")
    if text and not text.replace(",", "").isdigit():
        raise Refusal(400, "Invalid value specified for `thirdparty_ids`", stage="validate")
    owners = {int(part) for part in text.split(",") if part}
    if not call.sees_all_customers:
        return lambda row: False
    if state is None and not owners:
        return None
    return lambda row: (state is None or state(row)) and (not owners or row["fk_soc"] in owners)


@route("POST", "/invoices")
def post_invoice(call: Call) -> Any:
    """A draft; answers its id."""
    call.need(rights.INVOICE_WRITE, "Insufficiant rights", old_sentence="Insuffisant rights")
    fields = dict(call.body)
    call.needed_text("socid")
    fields["socid"] = int(fields["socid"])
    fields.pop("ref", None)
    return call.dolibarr.create_invoice(**fields)


@route("GET", "/invoices/{id:int}")
def get_invoice(call: Call) -> Any:
    """One document; id 0 is an object of nulls on 16 (trap 7)."""
    call.need(rights.INVOICE_READ)
    if call.id() == 0:
        return _invoice_zero(call)
    row = call.dolibarr.invoice(call.id())
    call.need_customer()
    return rendering.invoice(call.dolibarr, row)


def _invoice_zero(call: Call) -> Any:
    if not call.dolibarr.is_16:
        raise Refusal(400, "No invoice with id=0 can exist")
    return shape("16", "invoice_null")


@route("GET", "/invoices/ref/{ref}")
@route("GET", "/invoices/ref_ext/{ref_ext}")
def get_invoice_by_ref(call: Call) -> Any:
    """By reference: works on 16 only (trap 7)."""
    call.need(rights.INVOICE_READ)
    if not call.dolibarr.is_16:
        raise Refusal(400, "No invoice with id=0 can exist")
    ((column, value),) = call.names.items()
    found = call.dolibarr.store.find("invoice", column, value)
    if not found:
        raise Refusal(404, "Invoice not found")
    call.need_customer()
    return rendering.invoice(call.dolibarr, found[0])


@route("PUT", "/invoices/{id:int}")
def put_invoice(call: Call) -> Any:
    """Write-everything (trap 1)."""
    row = _writable(call)
    changed = call.dolibarr.overwrite_invoice(row["rowid"], **call.body)
    shown = rendering.invoice(call.dolibarr, changed, "put")
    shown.pop("nosuchfield", None)
    unknown = {key: value for key, value in call.body.items() if key not in shown and key != "caller"}
    return {**shown, **{key: _echo(call, value) for key, value in unknown.items()}}


def _echo(call: Call, value: Any) -> Any:
    # A field nobody knows is set on the object and shown back, as text on 23.
    return value if call.dolibarr.is_16 else str(value)


@route("DELETE", "/invoices/{id:int}")
def delete_invoice(call: Call) -> Any:
    """23 refuses what is not erasable; 16 answers 200 either way (trap 24)."""
    call.need(rights.INVOICE_DELETE)
    call.dolibarr.invoice(call.id())
    call.need_customer()
    if not call.dolibarr.delete_invoice(call.id()) and not call.dolibarr.is_16:
        raise Refusal(403, "Invoice not erasable")
    return {"success": {"code": 200, "message": "Invoice deleted"}}


def _writable(call: Call) -> Row:
    call.need(rights.INVOICE_WRITE)
    row = call.dolibarr.invoice(call.id())
    call.need_customer()
    return row


def _changed(call: Call, before: Row, after: Row, form: str) -> dict[str, Any]:
    shown = rendering.invoice(call.dolibarr, after, form)
    if call.dolibarr.is_16:
        shown["brouillon"] = 1 if before["fk_statut"] == 0 else None  # not refreshed by the call
    return shown


@route("GET", "/invoices/{id:int}/lines")
def get_lines(call: Call) -> Any:
    """The lines alone."""
    call.need(rights.INVOICE_READ)
    row = call.dolibarr.invoice(call.id())
    call.need_customer()
    return [rendering.invoice_line(call.dolibarr, line) for line in row["lines"]]


@route("POST", "/invoices/{id:int}/lines")
def post_line(call: Call) -> Any:
    """Add a line to a draft; answers its id."""
    row = _writable(call)
    if row["fk_statut"] != 0:
        raise Refusal(400, "Unable to insert the new line. Check your inputs. ")
    return call.dolibarr.add_line(row["rowid"], **call.body)


@route("DELETE", "/invoices/{id:int}/lines/{lineid:int}")
def delete_line(call: Call) -> Any:
    """Remove a line of a draft; answers the document. One that is gone is fine on 16 and 405 on 23."""
    row = _writable(call)
    if row["fk_statut"] != 0:
        if call.dolibarr.is_16:
            raise Refusal(405, "ErrorDeleteLineNotAllowedByObjectStatus")
        raise Refusal(403, "Invoice not in Draft Status : Started")
    if all(line["rowid"] != call.id("lineid") for line in row["lines"]) and not call.dolibarr.is_16:
        raise Complaint(405)
    if any(line["rowid"] == call.id("lineid") for line in row["lines"]):
        call.dolibarr.remove_line(row["rowid"], call.id("lineid"))
    return rendering.invoice(call.dolibarr, call.dolibarr.invoice(row["rowid"]))


@route("POST", "/invoices/{id:int}/validate")
def post_validate(call: Call) -> Any:
    """Number a draft."""
    row = _writable(call)
    return rendering.invoice(call.dolibarr, call.dolibarr.validate(row["rowid"]), "validate")


@route("POST", "/invoices/{id:int}/settodraft")
def post_settodraft(call: Call) -> Any:
    """Reopen for changes; `idwarehouse` must be given."""
    call.needed_integer("idwarehouse")
    row = _writable(call)
    return rendering.invoice(call.dolibarr, call.dolibarr.set_to_draft(row["rowid"]), "settopaid")


@route("POST", "/invoices/{id:int}/settopaid")
def post_settopaid(call: Call) -> Any:
    """Close."""
    row = _writable(call)
    code, note = str(call.body.get("close_code") or ""), str(call.body.get("close_note") or "")
    return _changed(call, row, call.dolibarr.set_to_paid(row["rowid"], code, note), "settopaid")


@route("POST", "/invoices/{id:int}/settounpaid")
def post_settounpaid(call: Call) -> Any:
    """Open again."""
    row = _writable(call)
    return _changed(call, row, call.dolibarr.set_to_unpaid(row["rowid"]), "action")


@route("POST", "/invoices/{id:int}/markAsCreditAvailable")
def post_mark(call: Call) -> Any:
    """Make credit of it."""
    row = _writable(call)
    after = call.dolibarr.mark_as_credit(row["rowid"])
    shown = rendering.invoice(call.dolibarr, {**after, "fk_statut": row["fk_statut"], "paye": 0}, "action")
    if after["paye"] == 1 and not call.dolibarr.is_16:
        # 23 sets two fields of an object it read before; 16 answers the state before altogether.
        shown |= {"status": 2, "paye": 1}
    return shown


@route("GET", "/invoices/{id:int}/discount")
def get_discount(call: Call) -> Any:
    """The first credit made from it; 404 tells that there is none yet."""
    call.need(rights.INVOICE_READ)
    call.dolibarr.invoice(call.id())
    call.need_customer()
    found = call.dolibarr.store.find("discount", "fk_facture_source", call.id())
    if not found:
        raise Refusal(404, "Discount not found")
    return rendering.discount(call.dolibarr, found[0])


@route("POST", "/invoices/{id:int}/usecreditnote/{discountid:int}")
def post_usecreditnote(call: Call) -> Any:
    """Use a credit as payment."""
    row = _writable(call)
    call.dolibarr.use_credit(row["rowid"], call.id("discountid"))
    return 1


@route("POST", "/invoices/{id:int}/usediscount/{discountid:int}")
def post_usediscount(call: Call) -> Any:
    """Use a credit as a line."""
    row = _writable(call)
    call.dolibarr.use_credit_as_line(row["rowid"], call.id("discountid"))
    return 1


@route("GET", "/invoices/{id:int}/payments")
def get_payments(call: Call) -> Any:
    """Payments and credits used; never 404 for want of rows."""
    call.need(rights.INVOICE_READ)
    call.dolibarr.invoice(call.id())
    call.need_customer()
    return rendering.payments(call.dolibarr, call.id())


@route("POST", "/invoices/{id:int}/payments")
def post_payment(call: Call) -> Any:
    """Receive the whole rest."""
    fields = _payment_fields(call)
    call.need(rights.INVOICE_WRITE, old=403)
    call.dolibarr.invoice(call.id())
    call.need_customer()
    return call.dolibarr.pay_all(call.id(), **fields)


@route("POST", "/invoices/paymentsdistributed")
def post_distributed(call: Call) -> Any:
    """Receive amounts on several documents."""
    fields = _payment_fields(call)
    call.need(rights.INVOICE_WRITE, old=403)
    wanted = call.body.get("arrayofamounts")
    if not isinstance(wanted, dict) or not wanted:
        raise Refusal(400, "Invalid value specified for `arrayofamounts`", stage="validate")
    amounts = {int(rowid): (part or {}).get("amount") for rowid, part in wanted.items()}
    return call.dolibarr.pay_distributed(amounts, **fields)


def _payment_fields(call: Call) -> dict[str, Any]:
    for name in ("datepaye", "paymentid", "closepaidinvoices", "accountid"):
        if call.body.get(name) in (None, ""):
            raise Refusal(400, f"`{name}` is required.", stage="validate")
    return {
        "method": int(call.body["paymentid"]),
        "close": str(call.body["closepaidinvoices"]).lower() in ("yes", "1", "true"),
        "datepaye": call.body["datepaye"],
        "accountid": int(call.body["accountid"]),
        **{name: call.body.get(name) for name in ("num_payment", "comment", "chqemetteur", "ref_ext")},
    }
