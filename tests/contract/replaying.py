"""Recorded exchanges sent again to the stand-in, with the lab's ids translated to ours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests

from dolibarr_loyalty.sandbox import CANCEL_ON_ERROR, CARRY_ON, Dolibarr, WebhookTarget, rights

RECORDINGS = Path(__file__).parent / "recordings"

CHRONICLE = (
    "a_auth_errors",
    "b_setup_objects",
    "b_invoice_life",
    "b_incremental_and_filters",
    "c_extrafields",
    "c_extrafield_values",
    "d_voucher_creditnote",
    "d_voucher_edge",
    "f_webhook_failures",
    "f_webhook_targets",
    "e_crm",
    "g_documents",
    "e_crm_more",
    "i_setup",
    "i_permissions",
    "h_pos_and_misc",
    "k_misc",
    "m_voucher_lifecycle_clean",
    "m_sync_pages",
    "n_checks",
    "p_supplier_drafts",
    "q_till_tickets",
)
"""The recordings in the order the lab made them: later ones build on what earlier ones left."""

_POSTS = {
    "/thirdparties": "thirdparty",
    "/invoices": "invoice",
    "/categories": "category",
    "/contacts": "contact",
    "/agendaevents": "event",
    "/products": "product",
    "/bankaccounts": "bankaccount",
    "/supplierinvoices": "supplier_invoice",
}
_PATHS = (
    (re.compile(r"^/invoices/(\d+)"), "invoice"),
    (re.compile(r"^/invoices/\d+/lines/(\d+)$"), "line"),
    (re.compile(r"/use(?:creditnote|discount)/(\d+)$"), "discount"),
    (re.compile(r"^/thirdparties/(\d+)"), "thirdparty"),
    (re.compile(r"/merge/(\d+)$"), "thirdparty"),
    (re.compile(r"/splitdiscount/(\d+)$"), "discount"),
    (re.compile(r"^/thirdparties/\d+/categories/(\d+)$"), "category"),
    (re.compile(r"^/categories/(\d+)"), "category"),
    (re.compile(r"/objects?/customer/(\d+)$"), "thirdparty"),
    (re.compile(r"^/contacts/(\d+)$"), "contact"),
    (re.compile(r"^/agendaevents/(\d+)$"), "event"),
    (re.compile(r"^/supplierinvoices/(\d+)"), "supplier_invoice"),
)
_FIELDS = {
    "socid": "thirdparty",
    "fk_facture_source": "invoice",
    "fk_product": "product",
    "fk_element": "invoice",
    "accountid": "bankaccount",
}
_FILTERS = (
    (re.compile(r"(?<=t\.fk_soc:=:)(\d+)"), "thirdparty"),
    (re.compile(r"(?<=t\.rowid:[=>]:)(\d+)"), "invoice"),
)
_NEVER = 99_000  # ids from here on mean "no such object" in the recordings
_LINE = {"desc": "x", "qty": 1, "subprice": 1, "tva_tx": 0, "product_type": 0}


@dataclass(frozen=True)
class Exchange:
    """One recorded call and what our stand-in answered to it."""

    version: str
    recording: str
    place: int
    request: dict[str, Any]
    recorded: dict[str, Any]
    note: str = ""

    @property
    def name(self) -> str:
        """A readable test id."""
        path = re.sub(r"[^\w/.()-]", "_", str(self.request["path"]))[:50]
        return f"v{self.version}-{self.recording}-{self.place:02d}-{self.request['method']}-{path}"


@dataclass(frozen=True)
class Outcome:
    """An exchange with our answer."""

    status: int
    content_type: str
    text: str

    @property
    def json(self) -> Any:
        """Our JSON, or None."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


def exchanges(version: str, recording: str) -> list[Exchange]:
    """A recording's exchanges in order; none when this version has no such recording."""
    path = RECORDINGS / f"v{version}" / f"{recording}.json"
    if not path.exists():
        return []
    entries = json.loads(path.read_text(encoding="utf-8"))
    return [
        Exchange(version, recording, place, entry["request"], entry["response"], entry.get("note", ""))
        for place, entry in enumerate(entries)
    ]


def _ticking(step: int) -> Callable[[], datetime]:
    moment = datetime(2026, 11, 21, 19, 25, tzinfo=UTC) + timedelta(seconds=2 * step)
    return lambda: moment


@dataclass
class Replay:
    """A stand-in that lives through the lab's day."""

    dolibarr: Dolibarr
    url: str
    receivers: dict[str, str] = field(default_factory=dict)
    ids: dict[tuple[str, int], int] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)

    def send(self, exchange: Exchange) -> Outcome:
        """Send one recorded call and learn the ids its answer made."""
        self.dolibarr.clock = _ticking(len(self.sent))
        self.sent.append(exchange.name)
        self._prepare(exchange)
        asked = exchange.request
        path = self._path(exchange)
        body = self._body(asked)
        answer = requests.request(
            asked["method"],
            f"{self.url}/api/index.php{path}",
            params=self._query(asked.get("query") or {}),
            data=body,
            headers=self._headers(asked),
            timeout=20,
        )
        outcome = Outcome(answer.status_code, answer.headers.get("Content-Type", ""), answer.text)
        self._learn(exchange, outcome)
        return outcome

    def _headers(self, asked: dict[str, Any]) -> dict[str, str]:
        keys = {"admin": self.dolibarr.admin_key, "loyal": self.dolibarr.api_key, "wrong-key": "wrong"}
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
        }
        headers |= asked.get("headers") or {}
        key = keys.get(asked.get("role", "none"))
        return {**headers, "DOLAPIKEY": key} if key else headers

    # -- ids ---------------------------------------------------------------------------------

    def ours(self, kind: str, recorded: int) -> int:
        """Our id for one of the lab's."""
        return self.ids.get((kind, recorded), recorded)

    def _path(self, exchange: Exchange) -> str:
        path = str(exchange.request["path"])
        for pattern, kind in _PATHS:
            found = pattern.search(path)
            if found and int(found[1]) < _NEVER:
                mine = self._needed(kind, int(found[1]), exchange)
                path = path[: found.start(1)] + str(mine) + path[found.end(1) :]
        return path.replace("%", "%25")

    def _needed(self, kind: str, recorded: int, exchange: Exchange) -> int:
        if (kind, recorded) in self.ids or recorded == 0:
            return self.ours(kind, recorded)
        if kind == "invoice" and exchange.recorded["status"] != 404:
            self.ids[kind, recorded] = self._unrecorded_invoice(exchange)
        elif kind == "discount":
            self.ids[kind, recorded] = self._latest_credit(exchange)
        return self.ours(kind, recorded)

    def _unrecorded_invoice(self, exchange: Exchange) -> int:
        """What the lab prepared without recording it, as the permission checks did."""
        deed = str(exchange.request["path"]).split("/")[3:4]
        socid = self.ours("thirdparty", 6)
        house = self.dolibarr
        line = _LINE if deed else {**_LINE, "tva_tx": 20}
        kind = 2 if deed == ["markAsCreditAvailable"] else 0
        rowid = house.create_invoice(socid=socid, type=kind, lines=[line])
        if deed and deed not in (["validate"], ["usediscount"]):
            house.validate(rowid)
        return rowid

    def _latest_credit(self, exchange: Exchange) -> int:
        if exchange.recording == "i_permissions":
            return self.dolibarr.issue_credit(self.ours("thirdparty", 6), 1)
        last = list(self.dolibarr.store.rows("discount"))[-1:]
        return int(last[0]["rowid"]) if last else 0

    def _query(self, query: dict[str, Any]) -> dict[str, str]:
        translated = {name: str(value) for name, value in query.items()}
        if "sqlfilters" in translated:
            translated["sqlfilters"] = self._filter(translated["sqlfilters"])
        for name, kind in (("category", "category"), ("id", "invoice")):
            if translated.get(name, "").isdigit():
                kind = "thirdparty" if query.get("modulepart") == "thirdparty" else kind
                translated[name] = str(self.ours(kind, int(translated[name])))
        if translated.get("thirdparty_ids", "").isdigit():
            translated["thirdparty_ids"] = str(self.ours("thirdparty", int(translated["thirdparty_ids"])))
        if "password" in translated:
            translated["password"] = "admin"
        return translated

    def _filter(self, text: str) -> str:
        for pattern, kind in _FILTERS:
            if found := pattern.search(text):
                text = text[: found.start()] + str(self.ours(kind, int(found[1]))) + text[found.end() :]
        return text

    def _body(self, asked: dict[str, Any]) -> bytes | None:
        if "raw" in asked:
            return str(asked["raw"]).encode()
        if asked.get("json") is None:
            return None
        return json.dumps(self._translated(asked["json"])).encode()

    def _translated(self, body: Any) -> Any:
        if isinstance(body, list):
            return [self._translated(part) for part in body]
        if not isinstance(body, dict):
            return body
        fields = {name: self._translated(value) for name, value in body.items()}
        for name, kind in _FIELDS.items():
            if str(fields.get(name, "")).isdigit():
                fields[name] = self.ours(kind, int(fields[name]))
        if isinstance(fields.get("arrayofamounts"), dict):
            amounts = fields["arrayofamounts"]
            fields["arrayofamounts"] = {str(self.ours("invoice", int(key))): v for key, v in amounts.items()}
        return fields

    def _learn(self, exchange: Exchange, outcome: Outcome) -> None:
        recorded, mine = exchange.recorded.get("json"), outcome.json
        if outcome.status != 200 or exchange.recorded["status"] != 200:
            return
        path, method = str(exchange.request["path"]), exchange.request["method"]
        if method == "POST" and path in _POSTS and isinstance(recorded, int) and isinstance(mine, int):
            self.ids[_POSTS[path], recorded] = mine
        if exchange.recording == "q_till_tickets" and isinstance(recorded, dict):
            for theirs, own in zip(recorded["lines"], mine["lines"], strict=True):
                self.ids["line", int(theirs["id"])] = int(own["id"])
        if path.endswith("/discount") and isinstance(recorded, dict) and isinstance(mine, dict):
            self.ids["discount", int(recorded["id"])] = int(mine["id"])
        if ("fixedamount" in path or "splitdiscount" in path) and isinstance(recorded, list):
            for theirs, own in zip(recorded, mine or [], strict=False):
                self.ids["discount", int(theirs["rowid"])] = int(own["rowid"])
        if path == "/thirdparties" and isinstance(recorded, list) and isinstance(mine, list):
            for theirs, own in zip(recorded, mine, strict=False):
                if theirs.get("name") == own.get("name") and theirs.get("id"):
                    self.ids["thirdparty", int(theirs["id"])] = int(own["id"])

    # -- what the lab did by hand between two calls --------------------------------------------

    def _prepare(self, exchange: Exchange) -> None:
        step = _BY_HAND.get((exchange.recording, exchange.place))
        if step is not None:
            step(self)
        if exchange.note.startswith("webhook target") or exchange.recording == "f_webhook_failures":
            self._set_target(exchange)

    def _set_target(self, exchange: Exchange) -> None:
        found = re.search(r"url=(\S+) type=(\d)", exchange.note)
        if found is None:
            return
        kind = CARRY_ON if found[2] == "1" else CANCEL_ON_ERROR
        name = next((word for word in ("ok", "fail", "slow", "redir") if f"/{word}" in found[1]), "nobody")
        if "redirect" in exchange.note and exchange.version == "16":
            name = "nobody"  # the hop led to a private address, which 16 refuses
        bills = ("BILL_CREATE", "BILL_VALIDATE")
        self.dolibarr.webhook_targets[:] = [WebhookTarget(self.receivers[name], bills, type=kind)]
        if "two hooks" in exchange.note:
            first = WebhookTarget(self.receivers["ok"], bills, type=CARRY_ON)
            self.dolibarr.webhook_targets.insert(0, first)


_NOT_ON_16 = ("loy_points_min", "loy_sep", "LoyUpper", "loy_calc")


def _forget_targets(replay: Replay) -> None:
    replay.dolibarr.webhook_targets.clear()


def _slow_customers(replay: Replay) -> None:
    fails = CANCEL_ON_ERROR if replay.dolibarr.version == "16" else CARRY_ON
    url = replay.receivers["nobody"]
    replay.dolibarr.webhook_targets[:] = [WebhookTarget(url, ("COMPANY_CREATE",), type=fails)]


def _furnish(replay: Replay) -> None:
    """After the empty lists of the first recording, the lab was set up: till customer, cash account."""
    house = replay.dolibarr
    if house.store.count("thirdparty") == 0:
        house.create_third_party(name="TakePOS generic customer")
        house.create_bank_account(ref="CASH-POS", label="Till", type=2)
    house.create_third_party(name="Hook test")


def _define_fields(replay: Replay) -> None:
    """16 has no REST for definitions: the lab typed in the setup what 23 was sent."""
    if replay.dolibarr.version == "23":
        return
    for exchange in exchanges("23", "c_extrafields"):
        path, body = str(exchange.request["path"]), exchange.request.get("json")
        created = exchange.request["method"] == "POST" and exchange.recorded["status"] == 200
        names = path.split("/")
        if created and body and names[3] == "societe" and names[4] not in _NOT_ON_16:
            replay.dolibarr.define_extrafield(names[3], names[4], **body)


def _define_invoice_field(replay: Replay) -> None:
    if replay.dolibarr.version == "16":
        for element in ("facture", "facturedet"):
            replay.dolibarr.define_extrafield(element, "loy_x", label="Loy x", type="varchar", list="1")


def _sell_at_till(replay: Replay) -> None:
    house = replay.dolibarr
    house.sell_at_till([{"desc": "T-shirt", "qty": 1, "subprice": 10, "tva_tx": 20}])
    for name in ("Rosa D'Angelo", "Sofia D'Angelo"):
        house.create_third_party(name=name)


def _tidy_fields(replay: Replay) -> None:
    """23's lab lost two fields and a help text between the recordings."""
    house = replay.dolibarr
    if house.version == "23":
        for name in ("loy_alias", "LoyUpper"):
            house.drop_extrafield("societe", name)
        calc = house.extrafield("societe", "loy_calc")
        house.replace_extrafield("societe", "loy_calc", **{**calc, "help": None})


def _default_tag(replay: Replay) -> None:
    if replay.dolibarr.version == "23":
        replay.dolibarr.create_category(label="Default", type="product")


def _validate_731(replay: Replay) -> None:
    replay.dolibarr.validate(max(row["rowid"] for row in replay.dolibarr.store.rows("invoice")))


def _pay_in_parallel(replay: Replay) -> None:
    """Parallel payments were all recorded (trap 25)."""
    last = max(row["rowid"] for row in replay.dolibarr.store.rows("invoice"))
    for _ in range(3):
        replay.dolibarr.record_payment({last: Decimal(100)})


def _withdraw_all(replay: Replay) -> None:
    for right in replay.dolibarr.user(2)["rights"]:
        replay.dolibarr.revoke(right)


def _grant_for_checks(replay: Replay) -> None:
    for right in (rights.PRODUCT_WRITE, rights.CONTACT_WRITE):
        replay.dolibarr.grant(right)


def _give_back(replay: Replay) -> None:
    for right in rights.LEAST_PRIVILEGE:
        replay.dolibarr.grant(right)


def _prepare_till(replay: Replay) -> None:
    _give_back(replay)
    _sell_at_till(replay)
    _tidy_fields(replay)


def _let_pay_suppliers(replay: Replay) -> None:
    for right in (rights.SUPPLIER_INVOICE_READ, rights.SUPPLIER_INVOICE_WRITE):
        replay.dolibarr.grant(right)


def _drop_invoice_fields(replay: Replay) -> None:
    """The till's tickets were recorded in a lab without further fields on invoices."""
    for element in ("facture", "facturedet"):
        replay.dolibarr.drop_extrafield(element, "loy_x")


_BY_HAND = {
    ("a_auth_errors", 13): _default_tag,
    ("b_setup_objects", 0): _furnish,
    ("c_extrafield_values", 0): _define_fields,
    ("c_extrafield_values", 22): _define_invoice_field,
    ("f_webhook_failures", 10): _slow_customers,
    ("f_webhook_failures", 13): _slow_customers,
    ("f_webhook_targets", 0): _forget_targets,
    ("e_crm", 0): _forget_targets,
    ("k_misc", 28): _validate_731,
    ("k_misc", 31): _pay_in_parallel,
    ("i_permissions", 0): _grant_for_checks,
    ("i_permissions", 34): _withdraw_all,
    ("h_pos_and_misc", 0): _prepare_till,
    ("p_supplier_drafts", 3): _let_pay_suppliers,
    ("q_till_tickets", 0): _drop_invoice_fields,
}
