"""Faults a test injects: what a network, a proxy or a broken PHP does to one request."""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What happens instead of a good answer; `carries_out` tells whether Dolibarr does the work first."""

    name: str
    carries_out: bool = False
    seconds: float = 0.0
    code: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    right: int = 0


refuse = Kind(name="refuse")
"""The connection is closed before anything is carried out."""

lost_answer = Kind(name="lost_answer", carries_out=True)
"""The work is done, then the connection is closed without an answer."""

html_500 = Kind(name="html_500")
"""Dolibarr's "technical error" text, labelled as JSON as the real one is."""

gzip_500 = Kind(name="gzip_500")
"""The same text under a false `Content-Encoding: gzip` (trap 15)."""

truncated = Kind(name="truncated", carries_out=True)
"""JSON that stops in the middle although Content-Length promises all of it."""

empty = Kind(name="empty", carries_out=True)
"""200 with an empty body, as PHP gives when it dies after the headers."""


def delay(seconds: float) -> Kind:
    """Answer properly, but late."""
    return Kind(name="delay", carries_out=True, seconds=seconds)


def status(code: int, headers: dict[str, str] | None = None, body: bytes | str = b"") -> Kind:
    """Any answer in place of Dolibarr's, as from a proxy or a maintenance page."""
    raw = body.encode() if isinstance(body, str) else body
    return Kind(name="status", code=code, headers=tuple((headers or {}).items()), body=raw)


def revoke(right: int) -> Kind:
    """The API user loses a right at that moment; the request then meets its refusal."""
    return Kind(name="revoke", carries_out=True, right=right)


@dataclass(kw_only=True)
class Fault:
    """One rule: which requests (method and a regular expression on the path), how often, what."""

    kind: Kind
    method: str | None = None
    path: str = ""
    times: int | None = 1
    met: int = field(default=0, init=False)

    def strikes(self, method: str, path: str) -> bool:
        """Whether this request is hit; counts it when so."""
        if self.times is not None and self.met >= self.times:
            return False
        if self.method not in (None, method) or not re.search(self.path, path):
            return False
        self.met += 1
        return True
