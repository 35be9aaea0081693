"""Sending by SMTP: real servers on this machine, and one that says the answers nobody likes."""

import email
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from dolibarr_loyalty.connectors.mail import SmtpMailer
from dolibarr_loyalty.errors import ConfigurationFailure, OutsideFailure, PermanentFailure, TemporaryFailure
from tests.connectors.mail.builders import a_mail, a_server, text_of

SENDER = "Café Soleil <hallo@soleil.example>"
PASSWORD = "s3cret-p4ss"


def a_mailer(port: int, **changes: Any) -> SmtpMailer:
    settings: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "sender": SENDER,
        "tls": "none",
        "timeout": 2,
    }
    return SmtpMailer(**(settings | changes))


class Inbox:
    """Keeps what a real server received."""

    def __init__(self) -> None:
        self.envelopes: list[Any] = []

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        self.envelopes.append(envelope)
        return "250 taken"


class OnAnyPort(Controller):
    """A controller that lets the system choose the port and knows it afterwards."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def a_real_server(**settings: Any) -> Iterator[tuple[int, Inbox]]:
    inbox = Inbox()
    controller = OnAnyPort(inbox, hostname="127.0.0.1", port=0, **settings)
    controller.start()
    try:
        yield controller.port, inbox
    finally:
        controller.stop()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server_side(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def client_side(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def _let_in(server: Any, session: Any, envelope: Any, mechanism: str, login: LoginPassword) -> AuthResult:
    return AuthResult(success=(login.login, login.password) == (b"shop", PASSWORD.encode()), handled=False)


def test_a_mail_arrives_whole_at_its_recipient():
    with a_real_server() as (port, inbox):
        a_mailer(port).send(a_mail())
    (envelope,) = inbox.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("hallo@soleil.example", ["zoe@example.org"])
    received = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert received["Message-ID"] == "<1234@shop.example>"
    assert text_of(received) == a_mail().text


def test_a_second_call_sends_the_same_message_id():
    with a_real_server() as (port, inbox):
        a_mailer(port).send(a_mail())
        a_mailer(port).send(a_mail())
    first, second = (email.message_from_bytes(e.content)["Message-ID"] for e in inbox.envelopes)
    assert first == second


def test_starttls_and_login_are_used_when_asked_for(server_side, client_side):
    settings = {"tls_context": server_side, "require_starttls": True, "auth_required": True}
    with a_real_server(**settings, authenticator=_let_in) as (port, inbox):
        mailer = a_mailer(port, tls="starttls", tls_context=client_side, user="shop", password=PASSWORD)
        mailer.check()
        assert inbox.envelopes == []
        mailer.send(a_mail())
    assert len(inbox.envelopes) == 1


def test_a_wrong_password_is_a_matter_of_settings_and_is_not_told(server_side, client_side):
    settings = {"tls_context": server_side, "require_starttls": True, "auth_required": True}
    with a_real_server(**settings, authenticator=_let_in) as (port, inbox):
        mailer = a_mailer(port, tls="starttls", tls_context=client_side, user="shop", password="wr0ng-p4ss")
        with pytest.raises(
            ConfigurationFailure, match=r"refused the login: 535 .* Check mail\.user"
        ) as failure:
            mailer.send(a_mail())
    assert "wr0ng-p4ss" not in str(failure.value)
    assert "wr0ng-p4ss" not in repr(mailer)
    assert inbox.envelopes == []


def test_tls_from_the_first_byte_is_used_when_asked_for(server_side, client_side):
    with a_real_server(ssl_context=server_side) as (port, inbox):
        a_mailer(port, tls="tls", tls_context=client_side).send(a_mail())
    assert len(inbox.envelopes) == 1


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_nobody_vouches_for_is_refused(server_side, tls):
    side = {"tls_context" if tls == "starttls" else "ssl_context": server_side}
    untrusted = pytest.raises(ConfigurationFailure, match=r"(?i)certificate.*Check mail\.host")
    with a_real_server(**side) as (port, inbox), untrusted:
        a_mailer(port, tls=tls).send(a_mail())
    assert inbox.envelopes == []


def test_a_server_without_tls_is_refused_when_tls_is_asked_for():
    with a_server() as server, pytest.raises(ConfigurationFailure, match=r"mail\.tls"):
        a_mailer(server.port, tls="starttls").send(a_mail())
    assert not any(line.startswith("MAIL") for line in server.heard)


def test_a_server_that_speaks_plainly_where_tls_is_expected_is_a_matter_of_settings():
    with a_server() as server, pytest.raises(ConfigurationFailure, match=r"mail\.port"):
        a_mailer(server.port, tls="tls").send(a_mail())


@pytest.mark.parametrize(
    ("step", "answer", "failure"),
    [
        ("greeting", "421 too busy", TemporaryFailure),
        ("greeting", "554 no service for you", ConfigurationFailure),
        ("MAIL", "451 later", TemporaryFailure),
        ("MAIL", "530 log in first", ConfigurationFailure),
        ("MAIL", "553 not your address", ConfigurationFailure),
        ("MAIL", "552 too large", PermanentFailure),
        ("RCPT", "450 mailbox busy", TemporaryFailure),
        ("RCPT", "451 greylisted", TemporaryFailure),
        ("RCPT", "452 mailbox full", TemporaryFailure),
        ("RCPT", "550 no such user", PermanentFailure),
        ("RCPT", "553 what is that", PermanentFailure),
        ("RCPT", "530 log in first", ConfigurationFailure),
        ("DATA", "421 shutting down", TemporaryFailure),
        ("DATA", "554 no", PermanentFailure),
        ("end", "451 try again", TemporaryFailure),
        ("end", "552 too large", PermanentFailure),
        ("end", "554 looks like spam", PermanentFailure),
    ],
)
def test_the_answer_code_decides_the_failure(step, answer, failure):
    with a_server({step: answer}) as server, pytest.raises(OutsideFailure) as raised:
        a_mailer(server.port).send(a_mail())
    assert type(raised.value) is failure
    assert answer.split(" ", 1)[1] in str(raised.value)
    assert not getattr(raised.value, "unclear", False)
    if isinstance(raised.value, PermanentFailure):
        assert raised.value.status == int(answer[:3])


@pytest.mark.parametrize("step", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("silence", [None, ""], ids=["hangs up", "hangs"])
def test_a_server_that_dies_before_the_mail_has_not_taken_it(step, silence):
    with a_server({step: silence}) as server, pytest.raises(TemporaryFailure) as raised:
        a_mailer(server.port, timeout=0.3).send(a_mail())
    assert not raised.value.unclear


@pytest.mark.parametrize("silence", [None, ""], ids=["hangs up", "hangs"])
def test_a_server_that_dies_after_the_mail_may_have_taken_it(silence):
    with a_server({"end": silence}) as server, pytest.raises(TemporaryFailure, match="did not say") as raised:
        a_mailer(server.port, timeout=0.3).send(a_mail())
    assert raised.value.unclear


def test_how_the_server_says_goodbye_does_not_matter():
    for goodbye in (None, "", "421 go away"):
        with a_server({"QUIT": goodbye}) as server:
            a_mailer(server.port, timeout=0.3).send(a_mail())


def test_a_server_that_cannot_be_reached_is_tried_again():
    with a_server() as server:
        pass
    with pytest.raises(TemporaryFailure, match="cannot be reached"):
        a_mailer(server.port).send(a_mail())
    with pytest.raises(TemporaryFailure, match="cannot be reached"):
        a_mailer(25, host="mail.invalid").check()


def test_lines_that_begin_with_a_dot_do_not_end_the_mail():
    with a_real_server() as (port, inbox):
        a_mailer(port).send(a_mail(text=".\n..\n.x\n"))
    received = email.message_from_bytes(inbox.envelopes[0].content, policy=email.policy.default)
    assert text_of(received) == ".\n..\n.x\n"


def test_a_password_the_protocol_cannot_carry_is_a_matter_of_settings():
    answers = {"EHLO": "250-x\r\n250 AUTH LOGIN PLAIN", "AUTH": "334 go"}
    with a_server(answers) as server, pytest.raises(ConfigurationFailure, match="ASCII") as raised:
        a_mailer(server.port, user="shop", password="pässwort").send(a_mail())
    assert "pässwort" not in str(raised.value)


def test_a_wrong_sender_is_found_without_a_server():
    with pytest.raises(ConfigurationFailure, match=r"mail\.sender"):
        a_mailer(1, sender="nobody").check()


def test_many_mails_at_once_do_not_disturb_each_other():
    with a_real_server() as (port, inbox):
        mailer = a_mailer(port, timeout=10)
        mails = [a_mail(message_id=f"<{number}@shop.example>") for number in range(8)]
        threads = [threading.Thread(target=mailer.send, args=(mail,)) for mail in mails]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    received = {email.message_from_bytes(e.content)["Message-ID"] for e in inbox.envelopes}
    assert received == {mail.message_id for mail in mails}
