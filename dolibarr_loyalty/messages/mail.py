"""Facts become a finished mail: subject, HTML, the text derived from it, the QR code and the PDF."""

import hashlib
import unicodedata
from typing import Any

from dolibarr_loyalty.connectors.protocol import Attachment, Mail
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.brand import Brand
from dolibarr_loyalty.messages.facts import MemberFacts, VoucherFacts
from dolibarr_loyalty.messages.names import worth_in_short, worth_limit
from dolibarr_loyalty.messages.pdf import voucher_pdf
from dolibarr_loyalty.messages.qr import qr_png
from dolibarr_loyalty.messages.screens import voucher_filename
from dolibarr_loyalty.messages.templates import environment, safe_url, spoken_in_html, spoken_in_text
from dolibarr_loyalty.messages.text import as_text

_LONGEST_SUBJECT = 150


def compose(facts: MemberFacts, brand: Brand, locale: str, *, message_id: str) -> Mail:
    """The mail that tells these facts in the member's language; the same facts give the same mail.

    `locale` is de, en or fr, with a region if one likes (de_CH); other languages get English.
    """
    words = brand.words(locale).counting(facts.unit)
    unsubscribe_url = "" if facts.is_transactional else safe_url(facts.unsubscribe_url)
    told = _told(facts, brand, words) | {"unsubscribe_url": unsubscribe_url}
    subject = one_line(_render(f"email/{facts.kind}.subject.txt", told | spoken_in_text(words)))
    page = _render(f"email/{facts.kind}.html", told | spoken_in_html(words) | {"subject": subject})
    return Mail(
        to_name=one_line(facts.member_name),
        to_address=facts.to_address,
        subject=subject,
        text=as_text(page),
        html=page,
        message_id=message_id,
        attachments=_attachments(facts, brand, locale),
        unsubscribe_url=unsubscribe_url or None,
    )


def message_id(key: str, sender: str) -> str:
    """The Message-ID of the mail with this key in the outbox: the same key, the same id.

    `sender` is the shop's mail address, whose domain the id carries. The key itself cannot be read from it.
    """
    domain = sender.rpartition("@")[2].strip("<> ") or "loyalty.invalid"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def one_line(text: str) -> str:
    """The text on one line of bearable length, without control signs and hidden changes of direction."""
    kept = (" " if sign.isspace() else sign for sign in text if sign.isspace() or _is_harmless(sign))
    line = " ".join(part for part in "".join(kept).split(" ") if part)
    return line if len(line) <= _LONGEST_SUBJECT else line[: _LONGEST_SUBJECT - 1].rstrip() + "…"


def _is_harmless(sign: str) -> bool:
    return unicodedata.category(sign) not in ("Cc", "Cs") and sign not in "\u202a\u202b\u202c\u202d\u202e"


def _told(facts: MemberFacts, brand: Brand, words: Words) -> dict[str, Any]:
    told: dict[str, Any] = {
        "facts": facts,
        "brand": brand,
        "name": one_line(facts.member_name),
        "has_logo": brand.logo is not None,
    }
    if isinstance(facts, VoucherFacts):
        told |= {
            "worth_in_short": worth_in_short(facts.worth, words),
            "worth_limit": worth_limit(facts.worth, words),
        }
    return told


def _render(template: str, told: dict[str, Any]) -> str:
    return environment().get_template(template).render(told)


def _attachments(facts: MemberFacts, brand: Brand, locale: str) -> tuple[Attachment, ...]:
    attachments = []
    if brand.logo is not None and brand.logo_type:
        name = "logo.png" if brand.logo_type == "image/png" else "logo.jpg"
        attachments.append(
            Attachment(filename=name, media_type=brand.logo_type, content=brand.logo, inline_id="logo")
        )
    if isinstance(facts, VoucherFacts):
        attachments.append(
            Attachment(
                filename="qr.png", media_type="image/png", content=qr_png(facts.scanned), inline_id="qr"
            )
        )
        attachments.append(
            Attachment(
                filename=voucher_filename(brand.words(locale), facts.code),
                media_type="application/pdf",
                content=voucher_pdf(facts, brand, locale),
            )
        )
    return tuple(attachments)
