"""A print run as one PDF: a voucher per A6 page, or eight per A4 sheet with lines to cut along.

All vouchers of a run say the same but for their codes, so texts are made once and fonts cut once. Written page
by page from an iterator; a voucher takes about three kilobytes until the file is written.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time
from io import BytesIO
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from fpdf import ViewerPreferences

from dolibarr_loyalty.core.vouchers import ALPHABET
from dolibarr_loyalty.messages.brand import Brand
from dolibarr_loyalty.messages.facts import VoucherFacts
from dolibarr_loyalty.messages.pdf import Print, VoucherPage, texts_of
from dolibarr_loyalty.messages.qr import small_qr_png

PerPage = Literal[1, 8]
_COLUMNS, _ROWS = 2, 4
_CARD_WIDTH, _CARD_HEIGHT = 105.0, 74.25  # an A4 sheet cut in eight, A7
_EDGE = 7.0
_QR_SIDE = 31.0  # 41 modules and the white around them: 26 mm of code
_BLACK, _GREY = (28, 28, 30), (90, 90, 96)


def print_run_pdf(
    run: Iterator[VoucherFacts],
    brand: Brand,
    locale: str,
    *,
    title: str,
    per_page: PerPage = 1,
    progress: Callable[[int], None] = lambda done: None,
) -> bytes:
    """The PDF of a run that has at least one voucher; the same run, the same bytes."""
    words = brand.words(locale)
    first = next(run)
    texts = texts_of(first, brand, words)
    with TemporaryDirectory(prefix="loyalty-") as folder:
        page: VoucherPage
        draw: Callable[[Print, int], None]
        if per_page == 1:
            page = VoucherPage(texts, Path(folder), ALPHABET)
            draw = _one_per_page(page, brand)
        else:
            page = _Sheet(texts, Path(folder), ALPHABET)
            draw = page.card(brand)
        page.set_title(f"{texts.title} {texts.worth} – {title}")
        page.set_author(texts.shop)
        page.set_lang(words.locale.replace("_", "-"))
        page.set_creation_date(datetime.combine(first.issued_on, time(12), tzinfo=UTC))
        page.viewer_preferences = ViewerPreferences(display_doc_title=True)
        for number, facts in enumerate(chain((first,), run)):
            draw(replace(texts, code=facts.code, scanned=facts.scanned), number)
            progress(number + 1)
        return bytes(page.output())


def _one_per_page(page: VoucherPage, brand: Brand) -> Callable[[Print, int], None]:
    def draw(texts: Print, number: int) -> None:
        if number:
            page.add_page()
        page.texts = texts
        page.head(brand)
        page.band(brand)
        page.code(small_qr_png(texts.scanned))
        page.foot()

    return draw


class _Sheet(VoucherPage):
    """A4 with eight vouchers."""

    size = (_CARD_WIDTH * _COLUMNS, _CARD_HEIGHT * _ROWS)

    def card(self, brand: Brand) -> Callable[[Print, int], None]:
        """Draws voucher after voucher, from left to right and from top to bottom."""
        self._cutting_lines()

        def draw(texts: Print, number: int) -> None:
            place = number % (_COLUMNS * _ROWS)
            if number and not place:
                self.add_page()
                self._cutting_lines()
            self.texts = texts
            row, column = divmod(place, _COLUMNS)
            self._card(brand, column * _CARD_WIDTH, row * _CARD_HEIGHT)

        return draw

    def _cutting_lines(self) -> None:
        self.set_draw_color(200, 200, 200)
        self.set_line_width(0.1)
        width, height = self.size
        for column in range(1, _COLUMNS):
            self.line(column * _CARD_WIDTH, 0, column * _CARD_WIDTH, height)
        for row in range(1, _ROWS):
            self.line(0, row * _CARD_HEIGHT, width, row * _CARD_HEIGHT)

    def _card(self, brand: Brand, left: float, top: float) -> None:
        texts, inner = self.texts, _CARD_WIDTH - 2 * _EDGE
        self.set_fill_color(*brand.rgb)
        self.rect(left + _EDGE, top + _EDGE, inner, 26, style="F", round_corners=True, corner_radius=2)
        ink = brand.ink
        self._ink((int(ink[1:3], 16), int(ink[3:5], 16), int(ink[5:7], 16)))
        write = self._writer(left + _EDGE + 3, inner - 6)
        write(f"{texts.shop} – {texts.title}", top + 8.5, 5, 9, 6)
        below = ", ".join(line for line in (texts.limit, texts.reward) if line)
        write(texts.worth, top + 13.5, 12 if below else 17, 24, 9, "B")
        write(below, top + 26, 5, 9, 5)
        self.image(
            BytesIO(small_qr_png(texts.scanned)),
            left + _EDGE - 3,
            top + 35,
            _QR_SIDE,
            _QR_SIDE,
            alt_text=texts.code,
        )
        beside = _EDGE + _QR_SIDE - 2
        self._ink(_BLACK)
        write = self._writer(left + beside, _CARD_WIDTH - beside - _EDGE)
        write(texts.code, top + 38, 7, 13, 8, "B")
        write(texts.valid, top + 46, 5, 9.5, 6)
        self._ink(_GREY)
        write(" · ".join(texts.legal), top + 58, 6, 6.5, 4, lines=2)

    def _writer(self, left: float, width: float) -> Callable[..., None]:
        """Writes texts that always fit centred into a column."""

        def write(
            text: str,
            top: float,
            height: float,
            size: float,
            smallest: float,
            style: str = "",
            lines: int = 1,
        ) -> None:
            wrapped, line_height = self._fitted(text, height, width, size, smallest, style, lines)
            y = top + (height - line_height * len(wrapped)) / 2
            for place, line in enumerate(wrapped):
                self.set_xy(left, y + place * line_height)
                self.cell(width, line_height, line, align="C")

        return write
