"""Dolibarr's loose scalars ("54.28000000", 10, null, "") as values; it knows no field by name."""

import html
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Any

ZERO = Decimal(0)


def whole(value: Any) -> int | None:
    """An id or code, None where there is none. Dolibarr writes "12", 12, null, "" and "0" for nothing."""
    try:
        return int(str(value).strip()) or None
    except ValueError:
        return None


def amount(value: Any) -> Decimal:
    """An exact number; null and "" are zero. Raises ValueError for anything else that is no finite number."""
    if value is None or value == "":
        return ZERO
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{str(value)[:30]!r} is not a number") from None
    if not number.is_finite():
        raise ValueError(f"{str(value)[:30]!r} is not a number")
    return number


def plain(value: Any) -> str:
    """One line of plain text. 23 returns `&amp;` where `&` was typed; markup stays as typed, to be escaped
    by whoever shows it."""
    if not isinstance(value, (str, int)):
        return ""
    return " ".join(_printable(html.unescape(str(value)), keep_lines=False).split())


def sendable(text: str, longest: int) -> str:
    """Text Dolibarr will store: signs of four bytes (emoji) make it answer 500 (trap 35), so they go."""
    kept = "".join(sign for sign in text if ord(sign) <= 0xFFFF)
    return re.sub(r"[ \t]+", " ", _printable(kept, keep_lines=True)).strip()[:longest].rstrip()


def _printable(text: str, *, keep_lines: bool) -> str:
    keep = "\n" if keep_lines else ""
    return "".join(s if s in keep or unicodedata.category(s) not in ("Cc", "Cs") else " " for s in text)
