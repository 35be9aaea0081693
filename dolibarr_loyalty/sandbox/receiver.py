"""Webhook receivers of every temper: fine, failing, slow, redirecting, absent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One webhook as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Inbox:
    """What a receiver got."""

    received: list[Received] = field(default_factory=list)
    on_arrival: Callable[[], object] = lambda: None


class _Handler(BaseHTTPRequestHandler):
    inbox: Inbox

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.inbox.received.append(Received(self.path, headers, body))
        self.inbox.on_arrival()
        if self.path.startswith("/redir"):
            self.send_response(307)
            self.send_header("Location", "/ok")
        else:
            self.send_response(500 if self.path.startswith("/fail") else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextmanager
def listening(on_arrival: Callable[[], object] = lambda: None) -> Iterator[tuple[str, Inbox]]:
    """A receiver on a port of its own, and what it got; `on_arrival` runs before it answers."""
    inbox = Inbox(on_arrival=on_arrival)
    handler = type("Handler", (_Handler,), {"inbox": inbox})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", inbox
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def receivers() -> Iterator[dict[str, str]]:
    """URLs of receivers by temper; "nobody" is a port where nothing listens."""
    with listening() as (url, _), socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        names = {name: f"{url}/{name}" for name in ("ok", "fail", "slow", "redir")}
        yield {**names, "nobody": f"http://127.0.0.1:{unused.getsockname()[1]}/x"}
