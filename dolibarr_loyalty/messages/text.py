"""The plain-text part of a mail, derived from its HTML so that both always say the same."""

import textwrap
from collections.abc import Iterator

from lxml import html
from lxml.html import HtmlElement

_BLOCKS = frozenset({"address", "blockquote", "div", "h1", "h2", "h3", "hr", "ol", "p", "table", "tr", "ul"})
_LINES = frozenset({"li"})
_LEFT_OUT = frozenset({"head", "script", "style", "title"})
_WIDTH = 76
_BREAK = "\n"
_PARAGRAPH = "\n\n"


def as_text(page: str) -> str:
    """The words of an HTML mail: links followed by their address, pictures by their alternative text.

    Elements marked `data-text="skip"` (the preheader, decoration) are left out; `<hr>` becomes a line.
    """
    body = html.fromstring(page).find(".//body")
    pieces = "".join(_pieces(body)) if body is not None else ""
    paragraphs = [_tidy(paragraph) for paragraph in pieces.split(_PARAGRAPH)]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def _pieces(element: HtmlElement) -> Iterator[str]:
    tag = element.tag
    if not isinstance(tag, str) or tag in _LEFT_OUT or element.get("data-text") == "skip":
        return
    if tag == "br":
        yield _BREAK
    elif tag == "hr":
        yield f"{_PARAGRAPH}--{_PARAGRAPH}"
    elif tag == "img":
        yield element.get("alt", "")
    else:
        edge = _PARAGRAPH if tag in _BLOCKS else _BREAK if tag in _LINES else ""
        yield edge + ("- " if tag == "li" else "")
        yield _inline(element.text)
        for child in element:
            yield from _pieces(child)
            yield _inline(child.tail)
        yield _address(element) + ("" if tag in _LINES else edge)


def _inline(text: str | None) -> str:
    """Text with its white space as a browser shows it; no-break spaces stay."""
    return "".join(" " if sign in " \t\r\n" else sign for sign in text or "")


def _address(element: HtmlElement) -> str:
    target = element.get("href", "") if element.tag == "a" else ""
    shown = (element.text_content() or "").strip()
    if not target or target.removeprefix("mailto:") == shown:
        return ""
    return f"{_BREAK}{target}{_BREAK}" if len(target) > 40 else f" <{target}>"


def _tidy(paragraph: str) -> str:
    lines = (" ".join(part for part in line.split(" ") if part) for line in paragraph.split(_BREAK))
    wrapped = (
        textwrap.fill(line, _WIDTH, break_long_words=False, break_on_hyphens=False) for line in lines if line
    )
    return "\n".join(wrapped)
