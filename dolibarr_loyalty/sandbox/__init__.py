"""A small Dolibarr stand-in that speaks Dolibarr's REST API over real HTTP, for the demo and the tests.

It is held to recordings of Dolibarr 16.0.3 and 23.0.0-beta by `tests/contract`: the same refusals, the same
traps. It imports nothing else of this package.

    from dolibarr_loyalty.sandbox import Dolibarr, Fault, lost_answer, running

    dolibarr = Dolibarr(version="23")
    claire = dolibarr.create_third_party(name="Claire Martin", email="claire@example.invalid")
    tee = {"desc": "T-shirt", "qty": 1, "subprice": "20.00", "tva_tx": 20}
    invoice = dolibarr.sell(claire, [tee])                       # created, validated, paid
    dolibarr.refund(invoice, [{**tee, "subprice": "5.00"}])      # a credit note tied to it
    dolibarr.inject(Fault(method="POST", path=r"/invoices$", kind=lost_answer))
    with running(dolibarr) as url:
        requests.get(f"{url}/api/index.php/invoices", headers={"DOLAPIKEY": dolibarr.api_key})

Staff's screens are methods (`create_…`, `validate`, `pay`, `refund`, `sell_at_till`, `abandon`, …); REST
handlers call the same ones. `dolibarr.clock` may be replaced to play a year; `with dolibarr.batch():` writes
many objects in one transaction; `dolibarr.requests` lists the calls answered; `dolibarr.webhook_targets`
holds `WebhookTarget`s; `grant` and `revoke` change the rights of the user behind `dolibarr.api_key`.
"""

from . import rights
from .dolibarr import Dolibarr
from .faults import (
    Fault,
    Kind,
    delay,
    empty,
    gzip_500,
    html_500,
    lost_answer,
    refuse,
    revoke,
    status,
    truncated,
)
from .house import Request
from .server import Server, running, serve
from .webhooks import CANCEL_ON_ERROR, CARRY_ON, Delivery, WebhookTarget

__all__ = [
    "CANCEL_ON_ERROR",
    "CARRY_ON",
    "Delivery",
    "Dolibarr",
    "Fault",
    "Kind",
    "Request",
    "Server",
    "WebhookTarget",
    "delay",
    "empty",
    "gzip_500",
    "html_500",
    "lost_answer",
    "refuse",
    "revoke",
    "rights",
    "running",
    "serve",
    "status",
    "truncated",
]
