"""The stand-in on a real port: HTTP/1.1 with keep-alive, and the faults a test injects."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .dolibarr import Dolibarr
from .faults import Fault
from .house import Request
from .refusals import REASONS
from .rest.answering import PREFIX, Answer, Asked, answer, technical_error

_STANDING = (
    ("Access-Control-Allow-Origin", "*"),
    ("X-Powered-By", "Luracast Restler v3.1.0"),
    ("Content-Language", "en"),
)


class _Hangup(Exception):
    """Close the connection without an answer."""


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], dolibarr: Dolibarr | Callable[[], Dolibarr]) -> None:
        super().__init__(address, _Handler)
        self._dolibarr = dolibarr
        self._opening = threading.Lock()
        self.open: set[socket.socket] = set()

    @property
    def dolibarr(self) -> Dolibarr:
        """Who answers; opened at the first request where it was given as a way to open it."""
        with self._opening:
            if not isinstance(self._dolibarr, Dolibarr):
                self._dolibarr = self._dolibarr()
            return self._dolibarr

    def server_bind(self) -> None:
        # HTTPServer would look its own name up, which is slow without a resolver.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Listener

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed; `Dolibarr.requests` counts."""

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        super().finish()

    def _serve(self) -> None:
        asked = self._asked()
        dolibarr = self.server.dolibarr
        fault = dolibarr.fault_for(asked.method, asked.path.removeprefix(PREFIX))
        try:
            result = _outcome(dolibarr, asked, fault)
        except _Hangup:
            self._note(asked, 0)
            self._hang_up()
            return
        self._note(asked, result.status)
        self._send(result, cut=fault is not None and fault.kind.name == "truncated")

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _serve

    def _asked(self) -> Asked:
        length = int(self.headers.get("Content-Length") or 0)
        path, _, query = self.path.partition("?")
        return Asked(
            method=self.command,
            path=path,
            query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length) if length else b"",
        )

    def _note(self, asked: Asked, status: int) -> None:
        path = asked.path.removeprefix(PREFIX)
        self.server.dolibarr.requests.append(Request(asked.method, path, asked.query, status))

    def _send(self, result: Answer, *, cut: bool) -> None:
        self.send_response(result.status, REASONS.get(result.status))
        self.send_header("Content-Type", result.content_type)
        for name, value in (*_STANDING, *result.headers):
            self.send_header(name, value)
        if result.status != 304:
            self.send_header("Content-Length", str(len(result.body)))
        self.end_headers()
        if result.status != 304:
            self.wfile.write(result.body[: len(result.body) // 2] if cut else result.body)
        self.wfile.flush()
        if cut:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def _outcome(dolibarr: Dolibarr, asked: Asked, fault: Fault | None) -> Answer:
    if fault is None:
        return answer(dolibarr, asked)
    kind = fault.kind
    if kind.name == "revoke":
        dolibarr.revoke(kind.right)
    if kind.seconds:
        time.sleep(kind.seconds)
    good = answer(dolibarr, asked) if kind.carries_out else None
    if kind.name in ("refuse", "lost_answer"):
        raise _Hangup
    if kind.name == "empty":
        return Answer(status=200)
    if kind.name == "status":
        return _given(kind.code, dict(kind.headers), kind.body)
    if kind.name in ("html_500", "gzip_500"):
        false_label = (("Content-Encoding", "gzip"),) if kind.name == "gzip_500" else ()
        return Answer(status=500, body=technical_error(dolibarr, asked.path).encode(), headers=false_label)
    assert good is not None
    return good


def _given(code: int, headers: dict[str, str], body: bytes) -> Answer:
    kind = headers.pop("Content-Type", "text/html; charset=UTF-8")
    return Answer(status=code, body=body, content_type=kind, headers=tuple(headers.items()))


class Server:
    """A Dolibarr on a port of this machine; `port=0` takes a free one.

    A function instead of a Dolibarr is called at the first request: reading a large state takes its time.
    """

    def __init__(
        self, dolibarr: Dolibarr | Callable[[], Dolibarr], host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self._listener = _Listener((host, port), dolibarr)
        self._thread: threading.Thread | None = None

    @property
    def dolibarr(self) -> Dolibarr:
        """Who answers here."""
        return self._listener.dolibarr

    @property
    def url(self) -> str:
        """The root, without a slash at the end; the API is below /api/index.php."""
        host, port = self._listener.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> Server:
        """Answer requests in the background."""
        self._thread = threading.Thread(
            target=self._listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port and every open connection."""
        if self._thread is not None:
            self._listener.shutdown()
            self._thread.join()
            self._thread = None
        self._listener.server_close()
        for connection in list(self._listener.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def serve_forever(self) -> None:
        """Answer requests in this thread until interrupted."""
        self._listener.serve_forever()

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


@contextmanager
def running(dolibarr: Dolibarr, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve a Dolibarr for the length of a `with` block; gives its URL."""
    with Server(dolibarr, host, port) as server:
        yield server.url


def serve(dolibarr: Dolibarr, host: str = "127.0.0.1", port: int = 8016) -> None:
    """Serve a Dolibarr until interrupted: for a stand-in in a process of its own."""
    Server(dolibarr, host, port).serve_forever()
