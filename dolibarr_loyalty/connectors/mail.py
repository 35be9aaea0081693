"""Mail out: by SMTP, or into a Maildir that a local mail server, a person or a test reads.

Both write the same message. An answer of the server becomes one of the three failures: 4xx later perhaps,
5xx never with this mail, and what concerns login, TLS or our own sender address waits for a changed setting.
"""

import hashlib
import os
import re
import smtplib
import ssl
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Literal

from dolibarr_loyalty.connectors.protocol import Attachment, Mail
from dolibarr_loyalty.errors import ConfigurationFailure, OutsideFailure, PermanentFailure, TemporaryFailure

Tls = Literal["starttls", "tls", "none"]
Clock = Callable[[], datetime]

# Lines of ASCII only, so that no server needs 8BITMIME.
_POLICY = SMTP_POLICY.clone(cte_type="7bit")
_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"]{1,64}@[^\s@<>()\[\]\\,;:\"_]{1,250}")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,200}>")
_LOGIN_CODES = frozenset({530, 534, 535, 538})
_TOO_LARGE = 552


class SmtpMailer:
    """Sends each mail over a connection of its own. The password appears in no error, log or repr.

    `sender` is an address, with a name if one likes: Café Soleil <hello@cafe.example>. `tls` is 'starttls'
    (587), 'tls' from the first byte (465) or 'none'; a certificate not proving the host's name is refused.
    """

    def __init__(
        self,
        *,
        host: str,
        sender: str,
        port: int = 587,
        tls: Tls = "starttls",
        user: str = "",
        password: str = "",
        reply_to: str = "",
        timeout: float = 30,
        tls_context: ssl.SSLContext | None = None,
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self.host, self.port, self.tls, self.user, self.timeout = host, port, tls, user, timeout
        self.sender, self.reply_to = sender, reply_to
        self._password, self._tls_context, self._clock = password, tls_context, clock

    def __repr__(self) -> str:
        return f"SmtpMailer(host={self.host!r}, port={self.port}, tls={self.tls!r}, user={self.user!r})"

    def send(self, mail: Mail) -> None:
        """Hand the mail over once. After an unclear failure a repetition carries the same Message-ID."""
        content = message(mail, sender=self.sender, reply_to=self.reply_to, now=self._clock())
        recipient = str(content["To"].addresses[0].addr_spec)
        with self._connection() as server:
            self._hand_over(server, recipient, content.as_bytes(policy=_POLICY))

    def check(self) -> None:
        """Connect, log in and leave without a mail; raises what `send` would raise."""
        _sender(self.sender)
        with self._connection():
            pass

    # the conversation ------------------------------------------------------------------------------
    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        server = self._connected()
        try:
            self._greet_and_log_in(server)
            yield server
            self._take_leave(server)
        finally:
            server.close()

    def _connected(self) -> smtplib.SMTP:
        where = f"{self.host}:{self.port}"
        try:
            if self.tls == "tls":
                return smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=self._context())
            return smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        except smtplib.SMTPConnectError as failure:
            raise self._refused(failure.smtp_code, failure.smtp_error, step="greeting") from failure
        except ssl.SSLError as failure:
            raise self._tls_failure(failure) from failure
        except (OSError, smtplib.SMTPException) as failure:
            raise TemporaryFailure(f"The mail server {where} cannot be reached: {failure}") from failure

    def _greet_and_log_in(self, server: smtplib.SMTP) -> None:
        try:
            if self.tls == "starttls":
                server.starttls(context=self._context())
            server.ehlo_or_helo_if_needed()
            if self.user:
                server.login(self.user, self._password)
        except smtplib.SMTPNotSupportedError as failure:
            raise ConfigurationFailure(
                f"The mail server {self.host}:{self.port} lacks what the settings ask for: {failure} "
                "Check mail.tls, mail.port and mail.user."
            ) from failure
        except ssl.SSLError as failure:
            raise self._tls_failure(failure) from failure
        except smtplib.SMTPResponseException as failure:
            step: Step = "login" if isinstance(failure, smtplib.SMTPAuthenticationError) else "greeting"
            raise self._refused(failure.smtp_code, failure.smtp_error, step=step) from None
        except ValueError:
            raise ConfigurationFailure(
                f"The mail server {self.host} takes user and password in plain letters only (ASCII). "
                "Check mail.user and mail.password."
            ) from None
        except (OSError, smtplib.SMTPException) as failure:
            # `from None`: a traceback of login would show the password among its frames' arguments.
            raise self._hung_up(failure) from None

    def _hand_over(self, server: smtplib.SMTP, recipient: str, content: bytes) -> None:
        try:
            self._expect(server.mail(_sender(self.sender).addr_spec), (250,), step="sender")
            self._expect(server.rcpt(recipient), (250, 251), step="recipient")
            self._expect(server.docmd("DATA"), (354,), step="content")
        except (smtplib.SMTPException, OSError) as failure:
            raise self._hung_up(failure) from failure
        try:
            server.send(re.sub(rb"(?m)^\.", b"..", content) + b".\r\n")
            answer = server.getreply()
        except (smtplib.SMTPException, OSError) as failure:
            told = f"The mail server {self.host} did not say whether it took the mail: {_kind(failure)}"
            raise TemporaryFailure(told, unclear=True) from failure
        self._expect(answer, (250,), step="content")

    def _take_leave(self, server: smtplib.SMTP) -> None:
        with suppress(smtplib.SMTPException, OSError):
            server.quit()  # the mail was taken; how the server says goodbye does not matter

    # answers become failures -----------------------------------------------------------------------
    def _expect(self, answer: tuple[int, bytes], wanted: tuple[int, ...], *, step: "Step") -> None:
        code, said = answer
        if code not in wanted:
            raise self._refused(code, said, step=step)

    def _refused(self, code: int, said: bytes | str, *, step: "Step") -> OutsideFailure:
        sentence = f"{_REFUSALS[step].format(host=self.host)} {code} {_readable(said)}"
        if not 500 <= code <= 599:
            return TemporaryFailure(sentence, unclear=step == "content" and code < 400)
        if step in ("greeting", "login") or code in _LOGIN_CODES:
            return ConfigurationFailure(f"{sentence} Check mail.user, mail.password and mail.tls.")
        if step == "sender" and code != _TOO_LARGE:
            return ConfigurationFailure(f"{sentence} Check mail.sender_address.")
        return PermanentFailure(sentence, status=code)

    def _hung_up(self, failure: Exception) -> TemporaryFailure:
        return TemporaryFailure(f"The mail server {self.host} hung up before the mail: {_kind(failure)}")

    def _tls_failure(self, failure: ssl.SSLError) -> OutsideFailure:
        if isinstance(failure, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return TemporaryFailure(f"The mail server {self.host} broke off the TLS handshake: {failure}")
        reason = getattr(failure, "verify_message", "") or failure.reason or str(failure)
        return ConfigurationFailure(
            f"No secure connection to the mail server {self.host}:{self.port}: {reason}. "
            "Check mail.host (the name in its certificate), mail.port and mail.tls."
        )

    def _context(self) -> ssl.SSLContext:
        return self._tls_context or ssl.create_default_context()


Step = Literal["greeting", "login", "sender", "recipient", "content"]

_REFUSALS: dict[Step, str] = {
    "greeting": "The mail server {host} does not serve us:",
    "login": "The mail server {host} refused the login:",
    "sender": "The mail server {host} refused our sender address:",
    "recipient": "The mail server {host} refused the recipient:",
    "content": "The mail server {host} refused the mail:",
}


class MaildirMailer:
    """Puts each mail into a Maildir, once per Message-ID: a second call changes nothing."""

    def __init__(
        self,
        *,
        path: Path,
        sender: str,
        reply_to: str = "",
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self.path, self.sender, self.reply_to, self._clock = path, sender, reply_to, clock

    def send(self, mail: Mail) -> None:
        """Write the mail whole or not at all: into `tmp`, then linked into `new`."""
        content = message(mail, sender=self.sender, reply_to=self.reply_to, now=self._clock())
        name = hashlib.sha256(mail.message_id.encode()).hexdigest()[:32] + ".loyalty"
        with self._writing():
            if self._has(name):
                return
            draft = self.path / "tmp" / f"{name}.{os.getpid()}.{os.urandom(4).hex()}"
            try:
                _write(draft, content.as_bytes(policy=_POLICY.clone(linesep="\n")))
                os.link(draft, self.path / "new" / name)
            except FileExistsError:
                pass  # another process was faster with the same mail
            finally:
                draft.unlink(missing_ok=True)

    def check(self) -> None:
        """Make sure that the folder can be written; raises what `send` would raise."""
        _sender(self.sender)
        with self._writing():
            probe = self.path / "tmp" / f"check.{os.getpid()}"
            _write(probe, b"")
            probe.unlink()

    def _has(self, name: str) -> bool:
        """The mail is there, unread or read; mail programs append their flags to the name."""
        return (self.path / "new" / name).exists() or any((self.path / "cur").glob(f"{name}*"))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            for folder in ("tmp", "new", "cur"):
                (self.path / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
            yield
        except (PermissionError, NotADirectoryError, FileExistsError) as failure:
            raise ConfigurationFailure(
                f"The mail folder {self.path} cannot be written: {failure.strerror}. Check mail.maildir."
            ) from failure
        except OSError as failure:
            raise TemporaryFailure(f"The mail folder {self.path} cannot be written: {failure}") from failure


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


# the message ---------------------------------------------------------------------------------------
def message(mail: Mail, *, sender: str, reply_to: str = "", now: datetime) -> EmailMessage:
    """The mail as it goes out: text and HTML with its pictures, then the attached files.

    Raises PermanentFailure when the recipient's address is none, ConfigurationFailure when ours is none.
    """
    content = EmailMessage(policy=_POLICY)
    content["From"] = _sender(sender)
    content["To"] = _recipient(mail)
    if reply_to:
        content["Reply-To"] = _sender(reply_to)
    content["Subject"] = _clean(mail.subject)
    content["Date"] = format_datetime(now)
    if not _MESSAGE_ID.fullmatch(mail.message_id):
        raise PermanentFailure(f"{mail.message_id!r} cannot be the Message-ID of a mail.")
    content["Message-ID"] = mail.message_id
    # Out-of-office replies to a machine help nobody (RFC 3834).
    content["Auto-Submitted"] = "auto-generated"
    content["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    if mail.unsubscribe_url:
        _offer_to_unsubscribe(content, mail.unsubscribe_url)
    content.set_content(mail.text, cte="quoted-printable")
    content.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    _add_files(content, mail.attachments)
    return content


def _offer_to_unsubscribe(content: EmailMessage, url: str) -> None:
    if not url.isascii() or any(sign.isspace() or sign in "<>" for sign in url):
        raise PermanentFailure("The address to unsubscribe is not one; the mail was not sent.")
    content["List-Unsubscribe"] = f"<{url}>"
    if url.startswith("https://"):
        content["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058


def _add_files(content: EmailMessage, attachments: tuple[Attachment, ...]) -> None:
    page = next(part for part in content.iter_parts() if part.get_content_type() == "text/html")
    for file in (file for file in attachments if file.inline_id):
        kind, _, subkind = file.media_type.partition("/")
        page.add_related(
            file.content,
            kind,
            subkind,
            cid=f"<{file.inline_id}>",
            filename=file.filename,
            disposition="inline",
        )
    for file in (file for file in attachments if not file.inline_id):
        kind, _, subkind = file.media_type.partition("/")
        content.add_attachment(file.content, kind, subkind, filename=file.filename)


def _recipient(mail: Mail) -> Address:
    try:
        return _address(mail.to_name, mail.to_address)
    except ValueError:
        raise PermanentFailure(f"{mail.to_address!r} is not an email address.") from None


def _sender(sender: str) -> Address:
    name, address = parseaddr(_clean(sender))
    try:
        return _address(name, address)
    except ValueError:
        raise ConfigurationFailure(
            f"{sender!r} is not an email address. Check mail.sender_address."
        ) from None


def _address(name: str, address: str) -> Address:
    """The address with its name. Raises ValueError when the address is none, or not in ASCII before the @."""
    if not _ADDRESS.fullmatch(address):
        raise ValueError(address)
    local, _, domain = address.rpartition("@")
    domain = domain.encode("idna").decode()
    if not local.isascii() or local.startswith(".") or local.endswith(".") or ".." in local:
        raise ValueError(address)
    return Address(_clean(name), local, domain)


def _clean(text: str) -> str:
    """The text on one line without control signs: nothing that could begin another header."""
    line = "".join(" " if sign.isspace() else sign for sign in text)
    return " ".join("".join(s for s in line if unicodedata.category(s) not in ("Cc", "Cs")).split())


def _readable(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return _clean(text)[:300].rstrip(".") + "."


def _kind(failure: Exception) -> str:
    return "timed out" if isinstance(failure, TimeoutError) else f"{type(failure).__name__}: {failure}"
