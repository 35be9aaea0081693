"""The voucher to print: one A6 page with value, QR code, code, last day, name and small print.

The same facts give the same bytes, so that a second delivery replaces the file by itself.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from fpdf import FPDF, ViewerPreferences

from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.brand import Brand
from dolibarr_loyalty.messages.facts import VoucherFacts
from dolibarr_loyalty.messages.fonts import font_for, in_reading_order, printable
from dolibarr_loyalty.messages.names import worth_in_short, worth_limit
from dolibarr_loyalty.messages.qr import qr_png

# Millimetres; eight of margin, because few printers reach the edge.
WIDTH, HEIGHT, MARGIN = 105.0, 148.0, 8.0
_INNER = WIDTH - 2 * MARGIN
_POINT = 25.4 / 72
_SMALLEST_PRINT = 4.5
_LONGEST_LINE, _LONGEST_TEXT = 200, 1500  # signs; more can never fit
_BLACK, _GREY = (28, 28, 30), (90, 90, 96)


@dataclass(frozen=True, kw_only=True)
class Print:
    """The texts of the page, already in words and with only what the font can print."""

    shop: str
    title: str
    worth: str
    limit: str
    reward: str
    code: str
    scanned: str
    valid: str
    holder: str
    small: str
    legal: tuple[str, ...]


def voucher_pdf(facts: VoucherFacts, brand: Brand, locale: str) -> bytes:
    """The voucher as a PDF of one A6 page, in the member's language."""
    words = brand.words(locale)
    return _printed(texts_of(facts, brand, words), brand, words.locale.replace("_", "-"), facts.issued_on)


@lru_cache(maxsize=8)  # the mail and the credit note's linked file show the same page, one after the other
def _printed(texts: Print, brand: Brand, language: str, issued_on: date) -> bytes:
    with TemporaryDirectory(prefix="loyalty-") as folder:
        page = VoucherPage(texts, Path(folder))
        page.set_title(f"{texts.title} {texts.worth}")
        page.set_author(texts.shop)
        page.set_lang(language)
        page.set_creation_date(datetime.combine(issued_on, time(12), tzinfo=UTC))
        page.viewer_preferences = ViewerPreferences(display_doc_title=True)
        page.head(brand)
        page.band(brand)
        page.code(qr_png(texts.scanned))
        page.foot()
        return bytes(page.output())


def texts_of(facts: VoucherFacts, brand: Brand, words: Words) -> Print:
    """The texts of a voucher's page."""
    worth, holder = worth_in_short(facts.worth, words), printable(facts.member_name[:_LONGEST_LINE])
    is_anybodys = facts.is_gift_card and facts.is_bearer
    is_named_by_reward = facts.worth.kind in ("product", "service")
    valid = words.gettext("Valid without end")
    if facts.valid_until is not None:
        valid = words.gettext("Valid until %(day)s", day=words.day(facts.valid_until))
    issued = words.gettext("Issued on %(day)s", day=words.day(facts.issued_on))
    small = (facts.terms, facts.vat_note, issued)
    return Print(
        shop=_line(brand.shop_name),
        title=_line(words.gettext("Gift card") if facts.is_gift_card else words.gettext("Voucher")),
        worth=_line(worth),
        limit=_line(worth_limit(facts.worth, words)),
        reward="" if is_named_by_reward else _line(facts.reward),
        code=_line(facts.code),
        scanned=facts.scanned,
        valid=_line(valid),
        holder=_line(words.gettext("for %(name)s", name=holder)) if holder and not is_anybodys else "",
        small=printable("\n".join(text[:_LONGEST_TEXT] for text in small if text.strip())),
        legal=tuple(_line(line) for line in (*brand.legal, brand.website) if line.strip())[:3],
    )


def _line(text: str) -> str:
    return in_reading_order(" ".join(printable(text[:_LONGEST_LINE]).split("\n")))


class VoucherPage(FPDF):
    """One A6 page; each method draws one part, from top to bottom."""

    size: tuple[float, float] = (WIDTH, HEIGHT)

    def __init__(self, texts: Print, folder: Path, other_signs: str = "") -> None:
        super().__init__(unit="mm", format=self.size)
        self.texts = texts
        signs = other_signs + "".join("".join(text) for text in vars(texts).values())
        for style, weight in (("", 400), ("B", 700)):
            file = folder / f"{weight}.ttf"
            file.write_bytes(font_for(signs, 700 if weight == 700 else 400))
            self.add_font("Arimo", style, file)
        self.set_auto_page_break(False)
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.c_margin = 0
        self.add_page()

    def head(self, brand: Brand) -> None:
        """The logo, else the shop's name."""
        if brand.logo is not None:
            self.image(
                BytesIO(brand.logo),
                MARGIN,
                MARGIN,
                _INNER,
                12,
                keep_aspect_ratio=True,
                alt_text=brand.shop_name,
            )
        else:
            self._ink(_BLACK)
            self._centred(self.texts.shop, top=MARGIN, height=12, size=15, smallest=8, style="B")

    def band(self, brand: Brand) -> None:
        """What it is and what it is worth, on the shop's colour."""
        texts, top, height = self.texts, 23.0, 36.0
        self.set_fill_color(*brand.rgb)
        self.rect(MARGIN, top, _INNER, height, style="F", round_corners=True, corner_radius=2.5)
        ink = brand.ink
        self._ink((int(ink[1:3], 16), int(ink[3:5], 16), int(ink[5:7], 16)))
        below = [line for line in (texts.limit, texts.reward) if line]
        self._centred(texts.title, top=top + 2.5, height=6, size=11, smallest=8)
        space = height - 9.5 - 5.5 * len(below)
        self._centred(
            texts.worth, top=top + 8, height=space, size=32, smallest=9, style="B", lines=2, width=_INNER - 10
        )
        for place, line in enumerate(below):
            self._centred(line, top=top + 8 + space + 5.5 * place, height=5.5, size=10.5, smallest=6)

    def code(self, picture: bytes) -> None:
        """The QR code, the code in signs, the last day and the name."""
        texts, side = self.texts, 40.0
        self.image(BytesIO(picture), (WIDTH - side) / 2, 61, side, side, alt_text=texts.code)
        self._ink(_BLACK)
        self._centred(texts.code, top=101, height=7, size=14.5, smallest=8, style="B")
        self._centred(texts.valid, top=108.5, height=5.5, size=11, smallest=7)
        if texts.holder:
            self._centred(texts.holder, top=114, height=5.5, size=10, smallest=6)

    def foot(self) -> None:
        """The small print and the shop's address, smaller the longer they are."""
        self._ink(_GREY)
        self.set_draw_color(200, 200, 200)
        self.set_line_width(0.2)
        self.line(MARGIN, 121, WIDTH - MARGIN, 121)
        bottom = HEIGHT - MARGIN + 2
        for line in reversed(self.texts.legal):
            bottom -= 2.8
            self._centred(line, top=bottom, height=2.8, size=6.5, smallest=4)
        self._small(self.texts.small, top=122.5, height=bottom - 0.8 - 122.5)

    # text that always fits -------------------------------------------------------------------------
    def _centred(
        self,
        text: str,
        *,
        top: float,
        height: float,
        size: float,
        smallest: float,
        style: str = "",
        lines: int = 1,
        width: float = _INNER - 6,
    ) -> None:
        """Centre a text in its space, shrinking it to `smallest`, then breaking it, then cutting it."""
        wrapped, line_height = self._fitted(text, height, width, size, smallest, style, lines)
        y = top + (height - line_height * len(wrapped)) / 2
        self._write(wrapped, y, line_height)

    def _fitted(
        self, text: str, height: float, width: float, size: float, smallest: float, style: str, lines: int
    ) -> tuple[list[str], float]:
        while True:
            self.set_font("Arimo", style, size)
            line_height = size * _POINT * 1.15
            room = min(lines, max(1, int(height / line_height)))
            wrapped = self._wrapped(text, width)
            if len(wrapped) <= room:
                return wrapped, line_height
            if size <= smallest:
                return self._shortened(wrapped, room, width), line_height
            size = max(smallest, size - 0.5)

    def _small(self, text: str, *, top: float, height: float) -> None:
        """Set a longer text in lines of the whole width, shrinking, then cutting it to fit its space."""
        size = 7.5
        while True:
            self.set_font("Arimo", "", size)
            line_height = size * _POINT * 1.2
            wrapped = [line for part in text.split("\n") for line in self._wrapped(part, _INNER)]
            room = int(height / line_height)
            if len(wrapped) <= room or size <= _SMALLEST_PRINT:
                break
            size -= 0.25
        self._write(self._shortened(wrapped, room, _INNER), top, line_height)

    def _write(self, lines: list[str], top: float, line_height: float) -> None:
        for place, line in enumerate(lines):
            self.set_xy(MARGIN, top + place * line_height)
            self.cell(_INNER, line_height, line, align="C")

    def _wrapped(self, text: str, width: float) -> list[str]:
        """The text in lines of this width; words longer than a line are broken."""
        lines, line = [], ""
        for word in text.split(" "):
            longer = f"{line} {word}" if line else word
            if self.get_string_width(longer) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            line = word
            while self.get_string_width(line) > width:
                fitting = self._longest_start(line, width)
                lines.append(fitting)
                line = line[len(fitting) :]
        return [*lines, line]

    def _shortened(self, lines: list[str], room: int, width: float) -> list[str]:
        """The lines there is room for, the last one ending in … when some are lost."""
        if len(lines) <= room:
            return lines
        last = lines[room - 1]
        return [*lines[: room - 1], self._longest_start(last, width - self.get_string_width("…")) + "…"]

    def _longest_start(self, text: str, width: float) -> str:
        end = 1
        while end < len(text) and self.get_string_width(text[: end + 1]) <= width:
            end += 1
        return text[:end]

    def _ink(self, rgb: tuple[int, int, int]) -> None:
        self.set_text_color(*rgb)
