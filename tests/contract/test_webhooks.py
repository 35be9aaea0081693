"""Webhook bodies as both versions sent them to the lab's receiver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from dolibarr_loyalty.sandbox import CARRY_ON, Dolibarr, WebhookTarget
from dolibarr_loyalty.sandbox.receiver import Inbox, Received, listening

from .replaying import exchanges
from .shapes import deviations

TEE = {"desc": "T-shirt", "qty": 1, "subprice": 45, "tva_tx": 20}
ALL = [exchange for version in ("16", "23") for exchange in exchanges(version, "f_webhook_bodies")]


@pytest.fixture(scope="module")
def received() -> Iterator[dict[tuple[str, str], Received]]:
    """One webhook of each trigger and version."""
    first: dict[tuple[str, str], Received] = {}
    for version in ("16", "23"):
        for hook in _a_day(version):
            first.setdefault((version, json.loads(hook.body)["triggercode"]), hook)
    yield first


def _a_day(version: str) -> list[Received]:
    with listening() as (url, inbox):
        dolibarr = Dolibarr(version=version)
        dolibarr.webhook_targets.append(WebhookTarget(f"{url}/all?token=s3cret", type=CARRY_ON))
        _live(dolibarr)
        return list(inbox.received)


def _live(dolibarr: Dolibarr) -> None:
    claire = dolibarr.create_third_party(name="Claire Martin")
    invoice = dolibarr.create_invoice(socid=claire, lines=[TEE])
    dolibarr.validate(invoice)
    dolibarr.overwrite_invoice(invoice, note_private="changed")
    dolibarr.pay(invoice)
    dolibarr.set_to_unpaid(invoice)
    dolibarr.delete_invoice(dolibarr.create_invoice(socid=claire, lines=[TEE]))
    dolibarr.change_third_party(claire, phone="0102")
    credit = dolibarr.issue_credit(claire, 7)
    other = dolibarr.sell(claire, [TEE], paid=False)
    dolibarr.use_credit(other, credit)
    dolibarr.set_to_draft(other)
    dolibarr.abandon(dolibarr.sell(claire, [TEE], paid=False))
    dolibarr.tag(dolibarr.create_category(label="Gold"), claire)
    dolibarr.delete_third_party(dolibarr.create_third_party(name="Gone"))


@pytest.mark.parametrize(
    "exchange", ALL, ids=lambda one: f"v{one.version}-{one.request['json']['triggercode']}"
)
def test_a_trigger_sends_what_was_recorded(exchange: Any, received: dict[tuple[str, str], Received]) -> None:
    recorded = exchange.request["json"]
    hook = received[exchange.version, recorded["triggercode"]]
    assert hook.headers["content-type"] == exchange.request["headers"]["Content-Type"]
    assert hook.headers["user-agent"] == "Dolibarr geturl function"
    ours = json.loads(hook.body)
    assert list(deviations(_without_context(recorded), _without_context(ours), values=False)) == []


def _without_context(body: dict[str, Any]) -> dict[str, Any]:
    """Left aside: what the lab cut short, and whole other objects that hang on this one."""
    cut = ("context", "thirdparty", "fields", "oldcopy", "db")
    return {**body, "object": {key: value for key, value in body["object"].items() if key not in cut}}


@pytest.mark.parametrize("version", ["16", "23"])
def test_a_validation_tells_the_number_before_the_invoice_has_it(version: str) -> None:
    with listening() as (url, inbox):
        dolibarr = Dolibarr(version=version)
        claire = dolibarr.create_third_party(name="Claire")
        invoice = dolibarr.create_invoice(socid=claire, lines=[TEE])
        dolibarr.webhook_targets.append(WebhookTarget(url, ("BILL_VALIDATE",)))
        dolibarr.validate(invoice)
        told = json.loads(_only(inbox).body)["object"]
    assert (told["ref"], told["status"]) == (f"(PROV{invoice})", "0")
    assert told["newref"] == dolibarr.invoice(invoice)["ref"]


def _only(inbox: Inbox) -> Received:
    assert len(inbox.received) == 1
    return inbox.received[0]
