"""A finished mail, and a mail server that says what it is told, for the tests of sending."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from dolibarr_loyalty.connectors.protocol import Attachment, Mail

PNG = Attachment(filename="qr.png", media_type="image/png", content=b"\x89PNG qr", inline_id="qr")
PDF = Attachment(filename="Bon-é.pdf", media_type="application/pdf", content=b"%PDF-1.4 page")


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    """The text of a received message, with the line ends of this machine."""
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def a_mail(**changes: Any) -> Mail:
    defaults: dict[str, Any] = {
        "to_name": "Zoé Müller",
        "to_address": "zoe@example.org",
        "subject": "Ihr Gutschein: 10,00 €",
        "text": "Ihr Code: ABC\n.\n..Punkte am Anfang der Zeile\n",
        "html": "<p>Ihr Code: <b>ABC</b></p>" + "x" * 1200,
        "message_id": "<1234@shop.example>",
        "attachments": (PNG, PDF),
    }
    return Mail(**(defaults | changes))


@dataclass
class ScriptedServer:
    """Answers each command by its first word; an answer of None hangs up, "" says nothing at all."""

    answers: Mapping[str, str | None]
    port: int = 0
    heard: list[str] = field(default_factory=list)

    def answer(self, word: str) -> str | None:
        usual = {"greeting": "220 ready", "DATA": "354 go on", "end": "250 taken", "QUIT": "221 bye"}
        return self.answers.get(word, usual.get(word, "250 fine"))


@contextmanager
def a_server(answers: Mapping[str, str | None] | None = None) -> Iterator[ScriptedServer]:
    """A server on a free port of this machine for one conversation."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = ScriptedServer(answers or {}, listening.getsockname()[1])
    done = threading.Event()
    thread = threading.Thread(target=_serve, args=(listening, server, done), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        done.set()
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)  # wakes a thread that still waits for its caller
        listening.close()
        thread.join(5)


def _serve(listening: socket.socket, server: ScriptedServer, done: threading.Event) -> None:
    try:
        connection, _ = listening.accept()
    except OSError:
        return
    with connection, connection.makefile("rb") as lines:
        connection.settimeout(5)
        try:
            _converse(connection, lines, server, done)
        except OSError:
            return


def _converse(connection: socket.socket, lines: Any, server: ScriptedServer, done: threading.Event) -> None:
    def say(word: str) -> bool:
        said = server.answer(word)
        if said == "":
            done.wait(5)
        if not said:
            return False
        connection.sendall(said.encode() + b"\r\n")
        return True

    if not say("greeting"):
        return
    while line := lines.readline():
        word = line.split()[0].decode("utf-8", "replace").upper()
        server.heard.append(line.decode("utf-8", "replace").strip())
        if not say(word):
            return
        if word == "DATA" and (server.answer("DATA") or "").startswith("354"):
            while lines.readline() not in (b".\r\n", b""):
                pass
            if not say("end"):
                return
