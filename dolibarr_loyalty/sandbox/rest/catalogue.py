"""Calls below /products, /categories, /bankaccounts, and modules we only know by their refusals."""

from __future__ import annotations

from typing import Any

from .. import rendering, rights
from ..catalogue import TAG_TYPES, TAGGED
from ..refusals import Refusal
from ..storage import Row
from .calls import Call
from .lists import Listing, named
from .routes import route

_PRODUCTS = Listing(
    kind="product",
    columns=named(
        "rowid ref label description fk_product_type price price_ttc price_base_type tva_tx tosell tobuy "
        "barcode ref_ext datec tms entity"
    ),
    complaint="Error when retrieve product list",
    nothing_16="No product found",
    extrafields=True,
    sort="t.ref",
)
_CATEGORIES = Listing(
    kind="category",
    columns=named("rowid label type color description ref_ext fk_parent datec tms entity"),
    complaint="Error when retrieve category list",
    nothing_16="No category found",
)
_ACCOUNTS = Listing(
    kind="bankaccount",
    columns=named("rowid ref label courant clos fk_pays datec tms entity"),
    complaint="Error when retrieve list of bank accounts",
)
_UNLINKED = "Objects {} unlinked from the category"
_LINKED = "Objects {} linked to the category"


@route("GET", "/products")
def list_products(call: Call) -> Any:
    """Products and services, by ref."""
    call.need(rights.PRODUCT_READ, old=403)
    return _PRODUCTS.answer(call, lambda row: rendering.product(call.dolibarr, row))


@route("POST", "/products")
def post_product(call: Call) -> Any:
    """Create; answers the id."""
    call.need(rights.PRODUCT_WRITE)
    call.needed_text("ref")
    call.needed_text("label")
    return call.dolibarr.create_product(**call.body)


@route("GET", "/products/{id:int}")
def get_product(call: Call) -> Any:
    """One product."""
    call.need(rights.PRODUCT_READ)
    return rendering.product(call.dolibarr, call.dolibarr.row("product", call.id(), "Product not found"))


@route("GET", "/products/ref/{ref}")
def get_product_by_ref(call: Call) -> Any:
    """One product by its ref."""
    call.need(rights.PRODUCT_READ)
    found = call.dolibarr.store.find("product", "ref", call.names["ref"])
    if not found:
        raise Refusal(404, "Product not found")
    return rendering.product(call.dolibarr, found[0])


@route("GET", "/categories")
def list_categories(call: Call) -> Any:
    """Tags, optionally of one type."""
    call.need(rights.TAG_READ)
    wanted = TAG_TYPES.get(call.query.get("type", ""))
    keep = None if wanted is None else (lambda row: row["type"] == wanted)
    return _CATEGORIES.answer(call, lambda row: _tag(call, row), keep=keep)


def _tag(call: Call, row: Row) -> dict[str, Any]:
    return rendering.category(call.dolibarr, row)


@route("POST", "/categories")
def post_category(call: Call) -> Any:
    """Create; answers the id."""
    call.need(rights.TAG_WRITE)
    call.needed_text("label")
    call.needed_text("type")
    return call.dolibarr.create_category(**call.body)


@route("GET", "/categories/{id:int}")
def get_category(call: Call) -> Any:
    """One tag."""
    call.need(rights.TAG_READ)
    return _tag(call, call.dolibarr.row("category", call.id(), "category not found"))


@route("PUT", "/categories/{id:int}")
def put_category(call: Call) -> Any:
    """Change a tag."""
    call.need(rights.TAG_WRITE)
    row = call.dolibarr.change_category(call.id(), **call.body)
    return rendering.category(call.dolibarr, row, "category_put")


@route("DELETE", "/categories/{id:int}")
def delete_category(call: Call) -> Any:
    """Remove a tag."""
    call.need(rights.TAG_DELETE)
    call.dolibarr.delete_category(call.id())
    return {"success": {"code": 200, "message": "Category deleted"}}


@route("GET", "/categories/{id:int}/objects")
def list_tagged(call: Call) -> Any:
    """What wears a tag: ids (`onlyids`) or cards."""
    call.need(rights.TAG_READ)
    call.dolibarr.row("category", call.id(), "category not found")
    kind = call.query.get("type", "")
    if kind not in TAGGED:
        raise Refusal(400, "Invalid value specified for `type`", stage="validate")
    ids = call.dolibarr.tagged(call.id(), kind)
    if call.flag("onlyids"):
        return [str(rowid) for rowid in ids]
    return [_object(call, kind, rowid) for rowid in ids]


def _object(call: Call, kind: str, rowid: int) -> Any:
    row = call.dolibarr.row(TAGGED[kind], rowid, "object not found")
    if kind == "customer":
        return call.dolibarr.third_party_shown(row)
    if kind == "product":
        return rendering.product(call.dolibarr, row)
    return rendering.contact(call.dolibarr, row)


@route("POST", "/categories/{id:int}/objects/{type}/{object:int}")
def link(call: Call) -> Any:
    """Put a tag on an object; repeating is fine."""
    _may_tag(call)
    call.dolibarr.tag(call.id(), call.id("object"), call.names["type"])
    return _done(call, _LINKED)


@route("DELETE", "/categories/{id:int}/objects/{type}/{object:int}")
def unlink(call: Call) -> Any:
    """Take a tag off; repeating is fine."""
    _may_tag(call)
    call.dolibarr.untag(call.id(), call.id("object"), call.names["type"])
    return _done(call, _UNLINKED)


def _may_tag(call: Call) -> None:
    call.need(rights.TAG_READ)
    write = {"customer": rights.THIRDPARTY_WRITE, "product": rights.PRODUCT_WRITE}
    call.need(write.get(call.names["type"], rights.CONTACT_WRITE))


def _done(call: Call, words: str) -> dict[str, Any]:
    # 16 spells it "succefully".
    spelled = "succefully" if call.dolibarr.is_16 else "successfully"
    return {"success": {"code": 200, "message": words.format(spelled)}}


@route("GET", "/categories/object/{type}/{object:int}")
def tags_of_object(call: Call) -> Any:
    """The tags an object wears."""
    call.need(rights.TAG_READ)
    rows = call.dolibarr.tags_of(call.id("object"), call.names["type"])
    return [rendering.category(call.dolibarr, row, "category_of_object") for row in rows]


@route("GET", "/bankaccounts")
def list_accounts(call: Call) -> Any:
    """Bank accounts; [] when there are none, on both versions."""
    call.need(rights.BANK_READ)
    return _ACCOUNTS.answer(call, lambda row: rendering.bank_account(call.dolibarr, row))


@route("POST", "/bankaccounts")
def post_account(call: Call) -> Any:
    """Create; answers the id."""
    call.need(rights.BANK_CONFIGURE)
    for name in ("ref", "label", "type", "currency_code", "country_id"):
        call.needed_text(name)
    return call.dolibarr.create_bank_account(**call.body)


@route("GET", "/members")
def list_members(call: Call) -> Any:
    """Nobody."""
    return _nobody(call, "No member found")


@route("GET", "/memberstypes")
def list_member_types(call: Call) -> Any:
    """None."""
    return _nobody(call, "No member type found")


def _nobody(call: Call, words: str) -> list[Any]:
    if call.dolibarr.is_16:
        raise Refusal(404, words)
    return []


@route("GET", "/mailings", "23")
def list_mailings(call: Call) -> Any:
    """None."""
    return []


@route("GET", "/orders")
def list_orders(call: Call) -> Any:
    """The module is off."""
    call.forbid()


@route("GET", "/multicurrencies", "23")
def list_currencies(call: Call) -> Any:
    """The module is off."""
    raise Refusal(403, "Insufficient rights to read currency")


@route("GET", "/webhook", "23")
@route("GET", "/webhook/triggers", "23")
@route("POST", "/webhook", "23")
@route("PUT", "/webhook/{id:int}", "23")
def webhook_forbidden(call: Call) -> Any:
    """Forbidden even to the administrator (trap 20)."""
    raise Refusal(403)


@route("GET", "/webhook/{id:int}", "23")
def webhook_target(call: Call) -> Any:
    """Forbidden even to the administrator (trap 20)."""
    raise Refusal(403, f"Access not allowed for login {call.user['login']}. No read permission on target.")
