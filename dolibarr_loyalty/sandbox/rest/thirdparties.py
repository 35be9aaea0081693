"""Calls below /thirdparties and /contacts."""

from __future__ import annotations

from typing import Any

from .. import rendering, rights
from ..refusals import Refusal
from ..shapes import shape
from ..storage import Row
from ..thirdparties import MISSING
from .calls import Call
from .lists import Listing, named
from .routes import route

_COLUMNS = named(
    "rowid nom name_alias email phone phone_mobile fax url address zip town default_lang ref_ext "
    "barcode note_private note_public tva_intra client fournisseur status fk_pays fk_typent "
    "price_level code_client datec tms entity code_fournisseur siren siret fk_user_creat "
    "fk_user_modif parent import_key"
)
_LIST = Listing(
    kind="thirdparty",
    columns=_COLUMNS,
    complaint="Error when retrieve thirdparties",
    nothing_16="Thirdparties not found",
    nothing_23="No third parties found",
    extrafields=True,
)
_MODES: dict[int, Any] = {
    1: lambda row: row["client"] in (1, 3),
    2: lambda row: row["client"] in (2, 3),
    3: lambda row: row["client"] == 0,
    4: lambda row: row["fournisseur"] == 1,
}
_NOTHING = {2: "No prospects found", 3: "No other third parties found", 4: "No suppliers found"}
_CONTACT_COLUMNS = named(
    "rowid lastname firstname email phone phone_mobile birthday fk_soc ref_ext statut datec tms "
    "entity note_private note_public zip town"
)
_CONTACTS = Listing(
    kind="contact",
    columns=_CONTACT_COLUMNS,
    complaint="Error when retrieve contacts",
    nothing_16="Contacts not found",
    extrafields=True,
    customer_column="fk_soc",
)
_CONTACT_WORDS = "No permission to read contacts"


@route("GET", "/thirdparties")
def list_third_parties(call: Call) -> Any:
    """The list; `category` works only together with a mode (facts, section e)."""
    call.need(rights.THIRDPARTY_READ)
    mode, category = call.integer("mode", 0), call.integer("category", 0)
    tagged = set(call.dolibarr.tagged(category)) if category else set()
    chosen = _MODES.get(mode)

    def keep(row: Row) -> bool:
        if not call.sees_all_customers or (category and mode != 1):
            return False
        return (chosen is None or chosen(row)) and (not category or row["rowid"] in tagged)

    nothing = None if call.dolibarr.is_16 else _NOTHING.get(mode)
    show = call.dolibarr.third_party_shown
    return _LIST.answer(call, show, keep=keep, nothing=nothing)


@route("POST", "/thirdparties")
def post_third_party(call: Call) -> Any:
    """Create; without code_client it gets none."""
    call.need(rights.THIRDPARTY_WRITE)
    call.needed_text("name")
    fields = {"client": 0, **call.body, "by_api": True}
    return call.dolibarr.create_third_party(**fields)


@route("GET", "/thirdparties/{id:int}")
def get_third_party(call: Call) -> Any:
    """One card."""
    words = f"Access not allowed for login {call.user['login']}. No read permission on thirdparties."
    call.need(rights.THIRDPARTY_READ, words, old_sentence="")
    row = call.dolibarr.row("thirdparty", call.id(), MISSING)
    call.need_customer()
    return rendering.third_party(call.dolibarr, row, "thirdparty")


@route("GET", "/thirdparties/email/{email}")
@route("GET", "/thirdparties/barcode/{barcode}")
def get_by_column(call: Call) -> Any:
    """By e-mail or barcode; two matches give an empty object (trap 27)."""
    call.need(rights.THIRDPARTY_READ)
    ((column, value),) = call.names.items()
    found = call.dolibarr.store.find("thirdparty", column, value)
    if not found:
        raise Refusal(404, MISSING)
    if len(found) > 1:
        return shape(call.dolibarr.version, "thirdparty_null")
    call.need_customer()
    return rendering.third_party(call.dolibarr, found[0], "thirdparty")


@route("PUT", "/thirdparties/{id:int}")
def put_third_party(call: Call) -> Any:
    """Change the fields given."""
    call.need(rights.THIRDPARTY_WRITE)
    call.dolibarr.row("thirdparty", call.id(), MISSING)
    call.need_customer()
    row = call.dolibarr.change_third_party(call.id(), **call.body)
    shown = rendering.third_party(call.dolibarr, row, "thirdparty_put")
    echoed = call.dolibarr.is_16 and "caller" in call.body
    return {**shown, "caller": call.body["caller"]} if echoed else shown


@route("DELETE", "/thirdparties/{id:int}")
def delete_third_party(call: Call) -> Any:
    """16 answers a bare 1 or 0, 23 an object or 409."""
    call.need(rights.THIRDPARTY_DELETE)
    done = call.dolibarr.delete_third_party(call.id())
    if call.dolibarr.is_16:
        return int(done)
    if not done:
        raise Refusal(409, "Can't delete, that product is probably used")
    return {"success": {"code": 200, "message": "Object deleted"}}


@route("PUT", "/thirdparties/{id:int}/merge/{gone:int}")
def merge(call: Call) -> Any:
    """Merge another card into this one; 16 fails."""
    call.need(rights.THIRDPARTY_WRITE)
    if call.dolibarr.is_16:
        words = f"Error failed to merged thirdparty {call.id('gone')} into {call.id()}."
        raise Refusal(500, f"{words} Enable and read log file for more information.")
    row = call.dolibarr.merge_third_parties(keep=call.id(), gone=call.id("gone"))
    return {**rendering.third_party(call.dolibarr, row, "thirdparty_put"), "socid": str(row["rowid"])}


@route("PUT", "/thirdparties/{id:int}/setpricelevel/{level:int}", "23")
def set_price_level(call: Call) -> Any:
    """Multiprices are off here."""
    raise Refusal(501, "Multiprices features activation needed for this request")


@route("GET", "/thirdparties/{id:int}/fixedamountdiscounts")
def list_credits(call: Call) -> Any:
    """Credits that come from an invoice."""
    call.need(rights.THIRDPARTY_READ)
    call.dolibarr.row("thirdparty", call.id(), MISSING)
    call.need_customer()
    rows = call.dolibarr.credits_of(call.id(), call.query.get("filter", "none"))
    return [rendering.discount_entry(call.dolibarr, row) for row in rows]


@route("POST", "/thirdparties/{id:int}/splitdiscount/{discountid:int}", "23")
def split(call: Call) -> Any:
    """Two credits of one; new in 23 (trap 29)."""
    call.need(rights.THIRDPARTY_WRITE)
    call.need_customer()
    first, second = call.needed_text("amount_ttc_1"), call.needed_text("amount_ttc_2")
    rows = call.dolibarr.split_credit(call.id(), call.id("discountid"), first, second)
    return [rendering.discount_entry(call.dolibarr, row) for row in rows]


@route("GET", "/thirdparties/{id:int}/categories")
def list_tags(call: Call) -> Any:
    """The tags of a customer."""
    call.need(rights.TAG_READ)
    call.dolibarr.row("thirdparty", call.id(), MISSING)
    rows = call.dolibarr.tags_of(call.id())
    return [rendering.category(call.dolibarr, row, "category_of_object") for row in rows]


@route("PUT", "/thirdparties/{id:int}/categories/{category:int}", "23")
@route("POST", "/thirdparties/{id:int}/categories/{category:int}", "16")
def link_tag(call: Call) -> Any:
    """Tag a customer; the method differs by version."""
    call.need(rights.THIRDPARTY_WRITE)
    call.dolibarr.tag(call.id("category"), call.id())
    return _card_not_read_again(call)


@route("DELETE", "/thirdparties/{id:int}/categories/{category:int}")
def unlink_tag(call: Call) -> Any:
    """Untag a customer."""
    call.need(rights.THIRDPARTY_WRITE)
    call.dolibarr.untag(call.id("category"), call.id())
    return _card_not_read_again(call)


def _card_not_read_again(call: Call) -> dict[str, Any]:
    shown = call.dolibarr.third_party_shown(call.dolibarr.row("thirdparty", call.id(), MISSING))
    return {key: None if key == "no_email" else value for key, value in shown.items()}


# -- contacts ------------------------------------------------------------------------------------


@route("GET", "/contacts")
def list_contacts(call: Call) -> Any:
    """Contacts, also by `thirdparty_ids`."""
    call.need(rights.CONTACT_READ, _CONTACT_WORDS)
    owners = {int(part) for part in call.query.get("thirdparty_ids", "").split(",") if part.isdigit()}

    def keep(row: Row) -> bool:
        return call.sees_all_customers and (not owners or row["fk_soc"] in owners)

    show = lambda row: rendering.contact(call.dolibarr, row, "contact_list")  # noqa: E731
    return _CONTACTS.answer(call, show, keep=keep)


@route("POST", "/contacts")
def post_contact(call: Call) -> Any:
    """Create; answers the id."""
    call.need(rights.CONTACT_WRITE, "No permission to create/update contacts")
    call.needed_text("lastname")
    return call.dolibarr.create_contact(**call.body)


@route("GET", "/contacts/{id:int}")
def get_contact(call: Call) -> Any:
    """One contact."""
    call.need(rights.CONTACT_READ, _CONTACT_WORDS)
    row = call.dolibarr.row("contact", call.id(), "Contact not found")
    return rendering.contact(call.dolibarr, row)


@route("PUT", "/contacts/{id:int}")
def put_contact(call: Call) -> Any:
    """Change a contact."""
    call.need(rights.CONTACT_WRITE, "No permission to create/update contacts")
    row = call.dolibarr.change_contact(call.id(), **call.body)
    return rendering.contact(call.dolibarr, row, "contact_put")


@route("DELETE", "/contacts/{id:int}")
def delete_contact(call: Call) -> Any:
    """Remove a contact."""
    call.need(rights.CONTACT_DELETE, "No permission to delete contacts")
    call.dolibarr.delete_contact(call.id())
    return 1 if call.dolibarr.is_16 else {"success": {"code": 200, "message": "Contact deleted"}}
