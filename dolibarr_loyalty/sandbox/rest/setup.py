"""Calls below /status, /login, /users and /setup."""

from __future__ import annotations

from typing import Any

from .. import rendering, rights
from ..refusals import Refusal
from ..shapes import setup as recorded
from ..shapes import shape
from .calls import Call
from .routes import route

VERSIONS = {"16": "16.0.3", "23": "23.0.0-beta"}
_ADMIN_ONLY = "Error API open to admin users only or to the users with logins defined into constant "
_WELCOME = (
    "Welcome {} - This is your token (recorded for your user). You can use it to make any REST API call, "
    "or enter it into the DOLAPIKEY field to use the Dolibarr API explorer."
)
_CONSTANTS = {
    "MAIN_LANG_DEFAULT": "en_US",
    "MAIN_INFO_SOCIETE_NOM": "Lab Boutique SARL",
    "MAIN_AGENDA_ACTIONAUTO_COMPANY_MODIFY": "1",
}
_COUNTRIES = (
    (1, "FR", "FRA", "France"),
    (2, "BE", "BEL", "Belgium"),
    (5, "DE", "DEU", "Germany"),
    (6, "CH", "CHE", "Switzerland"),
    (41, "AT", "AUT", "Austria"),
)
_CURRENCIES = (("CHF", "Swiss Franc"), ("EUR", "Euros"), ("GBP", "Pounds Sterling"), ("USD", "US Dollars"))


@route("GET", "/status")
def get_status(call: Call) -> Any:
    """Version; on 23 also the clock and PHP's time zone."""
    house = call.dolibarr
    facts: dict[str, Any] = {
        "code": 200,
        "dolibarr_version": VERSIONS[house.version],
        "access_locked": "0",
    }
    if not house.is_16:
        facts["environment"] = "non-production"
        facts["timestamp_now_utc"] = int(house.now().timestamp())
        facts["timestamp_php_tz"] = house.moments.name
        facts["date_tz"] = house.now_local()
    return {"success": facts}


@route("GET", "/login")
@route("POST", "/login")
def login(call: Call) -> Any:
    """A user's key for login and password (the password is the login here)."""
    given = {**call.query, **call.body}
    for row in call.dolibarr.store.rows("user"):
        if row["login"] == given.get("login") and row["password"] == given.get("password"):
            welcome = _WELCOME.format(row["login"])
            return {"success": {"code": 200, "token": row["key"], "entity": "0", "message": welcome}}
    raise Refusal(403, "Access denied")


@route("GET", "/users/info")
def user_info(call: Call) -> Any:
    """One's own card, which a least-privilege key may not read."""
    if not (call.holds(rights.USER_READ) or call.holds(rights.USER_SELF_WRITE)):
        call.forbid("Not allowed")
    return rendering.user(call.dolibarr, call.user)


@route("GET", "/users")
def list_users(call: Call) -> Any:
    """All users."""
    call.need(rights.USER_READ, "You are not allowed to read list of users")
    return [rendering.user(call.dolibarr, row) for row in call.dolibarr.store.rows("user")]


def _admin(call: Call, constant: str) -> None:
    if not call.user["admin"]:
        raise Refusal(403, _ADMIN_ONLY + constant)


# -- company, modules, constants -----------------------------------------------------------------


@route("GET", "/setup/company")
def company(call: Call) -> Any:
    """The shop's own card."""
    _admin(call, "API_LOGINS_ALLOWED_FOR_GET_COMPANY")
    card = dict(shape(call.dolibarr.version, "company"))
    return {**card, "country_code": call.dolibarr.country}


@route("GET", "/setup/modules")
def modules(call: Call) -> Any:
    """Names of the modules switched on."""
    _admin(call, "API_LOGINS_ALLOWED_FOR_GET_MODULES")
    return recorded(call.dolibarr.version, "modules")


@route("GET", "/setup/modules/status/all", "23")
def modules_status(call: Call) -> Any:
    """All modules."""
    _admin(call, "API_LOGINS_ALLOWED_FOR_GET_MODULES")
    return recorded("23", "modules_status")


@route("PUT", "/setup/modules/{name}/enable", "23")
@route("PUT", "/setup/modules/{name}/disable", "23")
def switch_module(call: Call) -> Any:
    """Switch a module by its class file's name."""
    _admin(call, "API_LOGINS_ALLOWED_FOR_GET_MODULES")
    if not call.names["name"].startswith("mod"):
        raise Refusal(404, f"Module {call.names['name']} not found")
    return {"result": "success", "message": f"Module {call.names['name']} activated"}


@route("GET", "/setup/conf", "23")
def constants(call: Call) -> Any:
    """All constants."""
    _admin(call, "API_LOGINS_ALLOWED_FOR_CONST_READ")
    return recorded("23", "conf")


@route("GET", "/setup/conf/{name}")
def constant(call: Call) -> Any:
    """One constant; read only."""
    _admin(call, "API_LOGINS_ALLOWED_FOR_CONST_READ")
    known = {"MAIN_MONNAIE": call.dolibarr.currency, **_CONSTANTS}
    if call.names["name"] in known:
        return known[call.names["name"]]
    status = 404 if call.dolibarr.is_16 else 400
    raise Refusal(status, "Error Bad or unknown value for constantname")


# -- dictionaries --------------------------------------------------------------------------------


@route("GET", "/setup/dictionary/payment_types")
def payment_types(call: Call) -> Any:
    """Ways to pay; needs the right to read invoices."""
    call.need(rights.INVOICE_READ)
    return _page(call, recorded(call.dolibarr.version, "payment_types"))


@route("GET", "/setup/dictionary/payment_terms")
def payment_terms(call: Call) -> Any:
    """Terms of payment."""
    call.need(rights.INVOICE_READ)
    return _page(call, recorded(call.dolibarr.version, "payment_terms"))


@route("GET", "/setup/dictionary/currencies")
def currencies(call: Call) -> Any:
    """A few currencies."""
    known = recorded(call.dolibarr.version, "currencies")
    more = [{**known[0], "code_iso": code, "label": label, "unicode": None} for code, label in _CURRENCIES]
    return _page(call, [*known, *more])


@route("GET", "/setup/dictionary/countries")
def countries(call: Call) -> Any:
    """A few countries."""
    known = recorded(call.dolibarr.version, "countries")
    more = [
        {**known[0], "id": str(rowid), "code": code, "code_iso": iso, "label": label}
        for rowid, code, iso, label in _COUNTRIES
    ]
    return _page(call, [*known, *more])


@route("GET", "/setup/dictionary/event_types")
def event_types(call: Call) -> Any:
    """Types of agenda events."""
    return _page(call, recorded(call.dolibarr.version, "event_types"))


@route("GET", "/setup/dictionary/thirdparty_types", "23")
def thirdparty_types(call: Call) -> Any:
    """Types of customers."""
    return _page(call, recorded("23", "thirdparty_types"))


@route("GET", "/setup/dictionary/vat", "23")
def vat_rates(call: Call) -> Any:
    """VAT rates of a country."""
    rows = recorded("23", "vat")
    wanted = call.query.get("fk_country")
    return _page(call, [row for row in rows if wanted in (None, row["fk_pays"])])


@route("GET", "/setup/actiontriggers", "23")
def action_triggers(call: Call) -> Any:
    """Codes of triggers."""
    return _page(call, recorded("23", "actiontriggers"))


def _page(call: Call, rows: list[Any]) -> list[Any]:
    limit, page = call.integer("limit", 100), max(0, call.integer("page", 0))
    return rows if limit <= 0 else rows[limit * page : limit * (page + 1)]


# -- extrafields ---------------------------------------------------------------------------------


@route("GET", "/setup/extrafields")
def list_extrafields(call: Call) -> Any:
    """Definitions by element type; the parameter is `type` on 16, `elementtype` on 23."""
    house = call.dolibarr
    if not call.user["admin"]:
        if house.is_16:
            raise Refusal(401, "Only an admin user can get list of extrafields")
        _admin(call, "API_LOGINS_ALLOWED_FOR_GET_EXTRAFIELDS")
    wanted = call.query.get("type" if house.is_16 else "elementtype", "")
    wanted = {"thirdparty": "societe"}.get(wanted, wanted)
    shown: dict[str, dict[str, Any]] = {}
    for row in sorted(house.store.rows("extrafield"), key=lambda row: (row["pos"], row["rowid"])):
        if wanted in ("", row["elementtype"]):
            shown.setdefault(row["elementtype"], {})[row["name"]] = rendering.extrafield(house, row)
    if not shown and house.is_16:
        raise Refusal(404, "No extrafield found")
    return shown or []


@route("GET", "/setup/extrafields/{element}/{name}", "23")
def get_extrafield(call: Call) -> Any:
    """One definition."""
    _only_admin(call, "get an extrafield")
    row = call.dolibarr.extrafield(call.names["element"], call.names["name"])
    return {row["elementtype"]: {row["name"]: rendering.extrafield(call.dolibarr, row)}}


@route("POST", "/setup/extrafields/{element}/{name}", "23")
def post_extrafield(call: Call) -> Any:
    """Create; the alias `thirdparty` answers -1 although it works."""
    _only_admin(call, "create an extrafield")
    body = {key: value for key, value in call.body.items() if key not in ("name", "elementtype")}
    rowid = call.dolibarr.define_extrafield(call.names["element"], call.names["name"], **body)
    return -1 if call.names["element"] == "thirdparty" else rowid


@route("PUT", "/setup/extrafields/{element}/{name}", "23")
def put_extrafield(call: Call) -> Any:
    """Replace."""
    _only_admin(call, "modify an extrafield")
    body = {key: value for key, value in call.body.items() if key not in ("name", "elementtype")}
    return call.dolibarr.replace_extrafield(call.names["element"], call.names["name"], **body)


@route("DELETE", "/setup/extrafields/{element}/{name}", "23")
def delete_extrafield(call: Call) -> Any:
    """Delete with its data."""
    _only_admin(call, "delete an extrafield")
    call.dolibarr.drop_extrafield(call.names["element"], call.names["name"])
    return {"success": {"code": 200, "message": f"Extrafield {call.names['name']} deleted"}}


def _only_admin(call: Call, deed: str) -> None:
    if not call.user["admin"]:
        raise Refusal(403, f"Only an admin user can {deed}")
