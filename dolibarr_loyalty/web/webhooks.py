"""Receives Dolibarr's webhooks: a hint where to look, recorded and answered at once, never believed.

Dolibarr fires inside the user's save, waits for the answer (facts trap 16), never retries, and signs nothing:
the only secret it can carry is in the address.
"""

import hmac
import json
import logging
from collections.abc import Mapping
from itertools import islice
from typing import Any

import anyio
import anyio.to_thread
from fastapi import FastAPI, Request, Response

from dolibarr_loyalty.errors import Conflict, StoreUnavailable
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import inbox

log = logging.getLogger(__name__)

BODY_LIMIT = 1_048_576
PATIENCE_SECONDS = 2
MOST_TOPICS = 200  # of one body: a payment over more invoices than that is found by the poll
_LONGEST_ID = 15


def topics_of(body: bytes) -> set[str]:
    """The objects that a webhook's body points at; none for anything that is not understood.

    The body is parsed as it stands: 16 labels its JSON as a form (facts section f).
    """
    try:
        hint = json.loads(body)
        code, about = str(hint["triggercode"]), hint["object"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return set()
    if not isinstance(about, dict):
        return set()
    return set(islice((topic for topic in _topics(code, about) if topic), MOST_TOPICS))


def _topics(code: str, about: Mapping[str, Any]) -> list[str]:
    if code.startswith("COMPANY_"):
        return [_topic("thirdparty", about.get("id"))]
    if code.startswith("PAYMENT_CUSTOMER_"):
        amounts = about.get("amounts")
        return [_topic("invoice", key) for key in amounts] if isinstance(amounts, dict) else []
    if code.startswith("LINEBILL_"):
        return [_topic("invoice", about.get("fk_facture"))]
    if code.startswith("DISCOUNT_"):
        return [_topic("invoice", about.get(name)) for name in ("fk_facture", "fk_facture_source")]
    if code.startswith("BILL_"):
        return [_topic("invoice", about.get("id"))]
    return []


def _topic(kind: str, identifier: object) -> str:
    text = str(identifier)
    is_id = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID and int(text) > 0
    return f"{kind}:{int(text)}" if is_id else ""


def add_webhooks(app: FastAPI, loyalty: Loyalty, token: str, *, body_limit: int = BODY_LIMIT) -> None:
    """Receive hints at /webhook/<token>: 202 at once; 404 for a wrong token, 413 for a body too large."""

    @app.post("/webhook/{given}", include_in_schema=False)
    async def receive(given: str, request: Request) -> Response:
        if not hmac.compare_digest(given.encode(), token.encode()):
            return Response(status_code=404)
        body = await _body(request, body_limit)
        if body is None:
            return Response(status_code=413)
        topics = topics_of(body)
        # The user of Dolibarr waits for our answer: a database that is slow gets no more than a moment.
        with anyio.move_on_after(PATIENCE_SECONDS):
            await anyio.to_thread.run_sync(_record, loyalty, topics, abandon_on_cancel=True)
        return Response(status_code=202)


async def _body(request: Request, limit: int) -> bytes | None:
    """The request's body, or None once it is larger than allowed."""
    read = b""
    async for chunk in request.stream():
        read += chunk
        if len(read) > limit:
            return None
    return read


def _record(loyalty: Loyalty, topics: set[str]) -> None:
    """Record hints if it can be done; Dolibarr 16 would refuse the user's save for any answer but ours."""

    def decision(tx: Any) -> None:
        for topic in sorted(topics):
            inbox.put(tx, topic, loyalty.now())

    try:
        if topics:
            loyalty.database.decide(decision)
    except (StoreUnavailable, Conflict) as failure:  # the poll finds it anyway
        log.warning("a hint about %s was lost: %s", ", ".join(sorted(topics)), failure)


def web_app(loyalty: Loyalty, token: str | None, *, body_limit: int = BODY_LIMIT) -> FastAPI:
    """The web process: a sign of life at /health and, where a token is set, the webhook receiver."""
    app = FastAPI(title="Dolibarr Loyalty", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/health", include_in_schema=False)
    def health(response: Response) -> dict[str, str]:
        try:
            with loyalty.database.reading() as tx:
                tx.value("count_members")
        except (StoreUnavailable, Conflict):
            response.status_code = 503
            return {"status": "the database does not answer"}
        return {"status": "ok"}

    if token:
        add_webhooks(app, loyalty, token, body_limit=body_limit)
    return app
