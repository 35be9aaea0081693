"""What goes out: the structure of the message and its headers."""

import email
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default

import pytest

from dolibarr_loyalty.connectors.mail import message
from dolibarr_loyalty.errors import ConfigurationFailure, PermanentFailure
from tests.connectors.mail.builders import PDF, PNG, a_mail, text_of

NOW = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
SENDER = "Café Soleil <hallo@soleil.example>"


def _sent(sender: str = SENDER, reply_to: str = "", **changes: object) -> EmailMessage:
    """The message as its reader parses it."""
    content = message(a_mail(**changes), sender=sender, reply_to=reply_to, now=NOW).as_bytes()
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    parsed = email.message_from_bytes(content, policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def _outline(part: EmailMessage) -> object:
    if not part.is_multipart():
        return part.get_content_type()
    return part.get_content_subtype(), [_outline(inner) for inner in part.iter_parts()]


def test_text_and_page_are_alternatives_and_files_come_after():
    related = ("related", ["text/html", "image/png"])
    assert _outline(_sent()) == ("mixed", [("alternative", ["text/plain", related]), "application/pdf"])
    assert _outline(_sent(attachments=(PNG,))) == ("alternative", ["text/plain", related])
    assert _outline(_sent(attachments=())) == ("alternative", ["text/plain", "text/html"])


def test_texts_and_files_arrive_as_they_were():
    sent = _sent()
    assert text_of(sent) == a_mail().text
    assert text_of(sent, "html").rstrip("\n") == a_mail().html
    picture = next(part for part in sent.walk() if part.get_content_type() == "image/png")
    assert (picture.get_content(), picture["Content-ID"]) == (PNG.content, "<qr>")
    assert picture.get_content_disposition() == "inline"
    page = next(sent.iter_attachments())
    assert (page.get_content(), page.get_filename()) == (PDF.content, PDF.filename)


def test_the_headers_say_from_whom_to_whom_and_that_a_machine_wrote():
    sent = _sent(reply_to="kasse@soleil.example")
    assert sent["From"] == SENDER
    assert sent["To"] == "Zoé Müller <zoe@example.org>"
    assert sent["Reply-To"] == "kasse@soleil.example"
    assert sent["Subject"] == "Ihr Gutschein: 10,00 €"
    assert sent["Message-ID"] == "<1234@shop.example>"
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent["Date"].datetime == NOW


def test_unsubscribing_is_offered_in_one_click_where_it_is_secure():
    assert "List-Unsubscribe" not in _sent()
    secure = _sent(unsubscribe_url="https://shop.example/stop?t=1")
    assert secure["List-Unsubscribe"] == "<https://shop.example/stop?t=1>"
    assert secure["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain = _sent(unsubscribe_url="http://shop.example/stop")
    assert plain["List-Unsubscribe"] == "<http://shop.example/stop>"
    assert "List-Unsubscribe-Post" not in plain


@pytest.mark.parametrize(
    "text",
    [
        "Eve\r\nBcc: all@example.org",
        "Eve\nBcc: x@y.z",
        "Eve\x00\x1b",
        "Eve\N{LINE SEPARATOR}Bcc: a",
        "Eve\x85Bcc: b",
    ],
)
def test_no_text_can_begin_another_header(text):
    sent = _sent(to_name=text, subject=text)
    assert "Bcc" not in sent
    assert sent["To"].addresses[0].addr_spec == "zoe@example.org"
    assert "\n" not in sent["Subject"]
    assert sent["Subject"].startswith("Eve")


@pytest.mark.parametrize(
    "name",
    [
        '"Boss" <boss@evil.example>',
        "O'Hara, Zoé",
        "שרה כהן",
        "🎉",
        "Ö" * 300,
        "",
        "a@b, c@d",
        "=?utf-8?q?x?=",
    ],
)
def test_any_name_stays_a_name(name):
    addresses = _sent(to_name=name)["To"].addresses
    assert [address.addr_spec for address in addresses] == ["zoe@example.org"]


@pytest.mark.parametrize(
    "address",
    [
        "", "zoe", "zoe@", "@example.org", "zoe@example.org, eve@example.org", "zoe@example.org\r\nBcc: x@y.z",
        "zoe example@x.org", "<zoe@example.org>", "zo\N{LATIN SMALL LETTER E WITH ACUTE}@example.org", "a..b@x.org",
        ".a@x.org", "a@x..org", "a@b@c", "a" * 65 + "@x.org", "zoe@exa_mple.org",
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_before_sending(address):
    with pytest.raises(PermanentFailure, match="not an email address"):
        _sent(to_address=address)


def test_a_domain_with_umlauts_is_written_for_servers():
    assert _sent(to_address="zoe@müller.example")["To"].addresses[0].domain == "xn--mller-kva.example"


@pytest.mark.parametrize("sender", ["", "Café Soleil", "hallo@", "Café <hallo>"])
def test_a_wrong_sender_is_a_matter_of_settings(sender):
    with pytest.raises(ConfigurationFailure, match=r"mail\.sender"):
        _sent(sender=sender)


@pytest.mark.parametrize("identifier", ["", "1234", "<a b@c>", "<a@b>\r\nBcc: x", "<a@b"])
def test_a_message_id_that_is_none_is_refused(identifier):
    with pytest.raises(PermanentFailure, match="Message-ID"):
        _sent(message_id=identifier)


@pytest.mark.parametrize("url", ["https://x/\r\nBcc: a@b.c", "https://x/>", "https://x/ y", "https://x/é"])
def test_an_address_to_unsubscribe_that_is_none_is_refused(url):
    with pytest.raises(PermanentFailure, match="unsubscribe"):
        _sent(unsubscribe_url=url)
