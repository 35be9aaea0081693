"""From the bytes of a request to the bytes of an answer, in the order Dolibarr's REST layer checks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from ..house import WebhookFailure
from ..invoices import PhpDied
from ..refusals import Complaint, NotModified, PlainText, Refusal
from ..rendering import encoded
from ..storage import Row
from . import agenda, catalogue, documents, invoices, setup, suppliers, thirdparties
from .calls import Call, Handler, RawJson
from .routes import find

if TYPE_CHECKING:
    from ..dolibarr import Dolibarr

PREFIX = "/api/index.php"
JSON_TYPE = "application/json; charset=utf-8"
HANDLERS = (agenda, catalogue, documents, invoices, setup, suppliers, thirdparties)

_INJECTION = re.compile(r"union[\s+]+select|<\s*script|javascript\s*:", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What goes back over the line."""

    status: int
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as the server read it."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def parameters(self) -> dict[str, str]:
        """The query's parameters; the last of two wins, as in PHP."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


def answer(dolibarr: Dolibarr, asked: Asked) -> Answer:
    """Carry a request out."""
    try:
        return _carried_out(dolibarr, asked)
    except Complaint as complaint:
        text = technical_error(dolibarr, asked.path).encode() + _pretty(complaint.as_json())
        return Answer(status=complaint.status, body=text)
    except Refusal as refusal:
        return Answer(status=refusal.status, body=_pretty(refusal.as_json()))
    except NotModified:
        return Answer(status=304)
    except PlainText as text:
        return Answer(status=text.status, body=text.text.encode(), content_type=text.content_type)
    except PhpDied:
        return Answer(status=500, content_type="text/html; charset=UTF-8")
    except WebhookFailure as failure:
        return _technical_error(dolibarr, asked, str(failure))
    except ValueError:
        return Answer(status=500, content_type="text/html; charset=UTF-8")


def _carried_out(dolibarr: Dolibarr, asked: Asked) -> Answer:
    path = unquote(asked.path).removeprefix(PREFIX) or "/"
    _guard(dolibarr, path, asked)
    if path == "/explorer":
        return Answer(status=200, body=b"<!DOCTYPE html>\n<html></html>", content_type="text/html")
    fields = _fields(asked)
    handler, names = find(dolibarr.version, asked.method, path)
    _negotiate(asked.headers.get("accept", "*/*"))
    hold = dolibarr.reading if asked.method == "GET" else dolibarr.writing
    with hold():
        user = _user(dolibarr, asked, path)
        call = Call(dolibarr=dolibarr, user=user, query=asked.parameters, body=fields, names=names)
        result = handler(call) if asked.method == "GET" else _written(dolibarr, call, handler)
    return Answer(status=200, body=result.body if isinstance(result, RawJson) else encoded(result))


def _written(dolibarr: Dolibarr, call: Call, handler: Handler) -> Any:
    """A write carries its user's id; afterwards staff works as the administrator again."""
    before, dolibarr.actor = dolibarr.actor, call.user["rowid"]
    try:
        return handler(call)
    finally:
        dolibarr.actor = before


def _guard(dolibarr: Dolibarr, path: str, asked: Asked) -> None:
    """The script-injection guard: text, 403 on 23 but 200 on 16 (trap 14)."""
    values = [("2", path, bool(re.search(r"[()\"<>]", path)))]
    values += [
        ("1", value, '"' in value or bool(_INJECTION.search(value))) for value in asked.parameters.values()
    ]
    for kind, value, bad in values:
        if bad:
            raise _refused(dolibarr, kind, value, f"{path}?{asked.query}" if asked.query else path)


def _refused(dolibarr: Dolibarr, kind: str, value: str, page: str) -> PlainText:
    start = "Access refused to 127.0.0.1 by SQL or Script injection protection in main.inc.php"
    page = f"page={PREFIX}{page}".replace("&", "&amp;")
    if dolibarr.is_16:
        return PlainText(200, f"{start} - GETPOST type={kind} paramkey=0 paramvalue={value} {page}")
    advice = (
        "Try to go back, fix data of your form and resubmit it. You can contact also your technical support."
    )
    text = f"{start}:analyseVarsForSqlAndScriptsInjection type={kind}<br>\n{advice}\n<!--\n{page}"
    return PlainText(403, f"{text} paramtype={kind} paramkey=0 paramvalue={value}\n-->")


def _fields(asked: Asked) -> dict[str, Any]:
    if not asked.body.strip():
        return {}
    if "form-urlencoded" in asked.headers.get("content-type", ""):
        return dict(parse_qsl(asked.body.decode()))
    try:
        fields = json.loads(asked.body)
    except ValueError:
        raise Refusal(400, "Error encoding/decoding JSON: Syntax error", stage="setup") from None
    return fields if isinstance(fields, dict) else {}


def _negotiate(accept: str) -> None:
    kinds = {part.partition(";")[0].strip() for part in accept.split(",")}
    if not kinds & {"*/*", "application/*", "application/json", "application/xml", ""}:
        words = "Content negotiation failed. Try `application/json` instead."
        raise Refusal(406, words, stage="negotiate")


def _user(dolibarr: Dolibarr, asked: Asked, path: str) -> Row:
    if path == "/login":
        return dolibarr.user(1)  # needs no key
    key = _key(dolibarr, asked)
    if not key:
        names = "Neither parameter 'HTTP_DOLAPIKEY' nor 'Authentication: Bearer' found"
        old = "No parameter 'HTTP_DOLAPIKEY'"
        start = f"Failed to login to API. {old if dolibarr.is_16 else names}"
        raise Refusal(
            401, f"{start} on HTTP header (and no parameter DOLAPIKEY in URL).", stage="authenticate"
        )
    found = dolibarr.user_of(key)
    if found is None:
        words = "Error user not valid (not found with api key or bad status or bad validity dates)"
        raise Refusal(401, "" if dolibarr.is_16 else f"{words} (conf->entity=1)", stage="authenticate")
    return found


def _key(dolibarr: Dolibarr, asked: Asked) -> str:
    key = asked.headers.get("dolapikey") or asked.parameters.get("DOLAPIKEY", "")
    bearer = asked.headers.get("authorization", "")
    if not key and not dolibarr.is_16 and bearer.startswith("Bearer "):
        return bearer.removeprefix("Bearer ").strip()
    return key


def _pretty(content: Any) -> bytes:
    return json.dumps(content, indent=4, ensure_ascii=False).encode()


def _technical_error(dolibarr: Dolibarr, asked: Asked, words: str) -> Answer:
    """A save cancelled by a webhook: a text before the JSON, labelled as JSON all the same."""
    if asked.path.endswith("/thirdparties"):
        return Answer(status=500, body=_pretty(Refusal(500, words, None).as_json()))
    text = technical_error(dolibarr, asked.path) + json.dumps(Refusal(500, words, None).as_json(), indent=4)
    squeezed = "gzip" in asked.headers.get("accept-encoding", "")
    # Labelled gzip but sent plain when the client offers gzip (trap 15).
    headers = (("Content-Encoding", "gzip"),) if squeezed else ()
    return Answer(status=500, body=text.encode(), headers=headers)


def technical_error(dolibarr: Dolibarr, path: str) -> str:
    """Dolibarr's text for a failure below its REST layer."""
    stamp = re.sub(r"\D", "", dolibarr.now_local())
    return (
        "Dolibarr has detected a technical error.<br>\nThis information can be useful for diagnostic "
        "purposes (you can set option $dolibarr_main_prod to '1' to hide sensitive information):<br>\n"
        f"<b>Date:</b> {stamp}<br>\n<b>Dolibarr:</b> {setup.VERSIONS[dolibarr.version]}<br>\n<br>\n"
        f"<b>Requested URL:</b> {path}<br>\n<b>Latest database access request error:</b> "
        "SELECT rowid FROM llx_facture<br>\n<br>\n"
    )
