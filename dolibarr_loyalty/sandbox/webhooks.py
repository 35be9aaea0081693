"""Webhooks as Dolibarr sends them: synchronously, inside the save, with the state before the change."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

from .amounts import is_number, php_number
from .shapes import webhook_shape

CANCEL_ON_ERROR = 0
CARRY_ON = 1

TOTAL_TIMEOUT = 30.0
_AGENT = "Dolibarr geturl function"


@dataclass(frozen=True)
class WebhookTarget:
    """A target as set up by hand in Dolibarr; 23's default type cancels the save when the receiver fails."""

    url: str
    triggers: tuple[str, ...] | list[str] | frozenset[str] | None = None
    type: int = CANCEL_ON_ERROR
    status: int = 1
    timeout: float = TOTAL_TIMEOUT

    def wants(self, trigger: str, version: str) -> bool:
        """Whether it fires: 16 ignores `status` (trap 17); no triggers means every one."""
        if version == "23" and self.status != 1:
            return False
        return self.triggers is None or trigger in self.triggers

    def blocks(self, version: str) -> bool:
        """Whether a failing receiver makes the save fail: always on 16, by type on 23."""
        return version == "16" or self.type == CANCEL_ON_ERROR


@dataclass(frozen=True)
class Delivery:
    """One try: kept so that a test can see what was sent."""

    url: str
    trigger: str
    status: int
    body: bytes


def body(version: str, trigger: str, values: dict[str, Any]) -> bytes | None:
    """The JSON of a webhook, or None when this version does not know the trigger."""
    model = webhook_shape(version, trigger)
    if model is None:
        return None
    return json.dumps({"triggercode": trigger, "object": _modelled(model, values)}).encode()


def _modelled(model: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    return {key: _typed(kept, values[key]) if key in values else kept for key, kept in model.items()}


def _typed(kept: Any, value: Any) -> Any:
    """A value in the type the trigger had it in: inside a save ids and amounts are often numbers."""
    if isinstance(kept, list) and isinstance(value, list):
        return [_modelled(kept[0], one) if kept and isinstance(one, dict) else one for one in value]
    if isinstance(kept, int | float) and isinstance(value, str) and is_number(value):
        return php_number(value)
    return str(value) if isinstance(kept, str) and isinstance(value, int | float) else value


def send(target: WebhookTarget, trigger: str, content: bytes, version: str) -> Delivery:
    """Post it; a receiver that cannot be reached counts as status 0."""
    # 16 labels the same JSON as a form (facts, section f).
    label = "application/json" if version == "23" else "application/x-www-form-urlencoded"
    headers = {"Content-Type": label, "User-Agent": _AGENT, "Accept": "*/*"}
    request = urllib.request.Request(target.url, data=content, headers=headers, method="POST")
    try:
        with _opener.open(request, timeout=target.timeout) as answer:
            answer.read()
            return Delivery(target.url, trigger, answer.status, content)
    except urllib.error.HTTPError as failure:
        failure.close()
        return Delivery(target.url, trigger, failure.code, content)
    except OSError:
        return Delivery(target.url, trigger, 0, content)


class _RepostingRedirect(urllib.request.HTTPRedirectHandler):
    """Redirects are followed by posting the body again, up to five times."""

    max_redirections = 5

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request:
        return urllib.request.Request(newurl, data=req.data, headers=dict(req.header_items()), method="POST")


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _RepostingRedirect())
