"""Reports to print: A4 across, tables whose headings stand on every page, the same facts giving the same bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory

from fpdf import FPDF, ViewerPreferences

from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.brand import Brand
from dolibarr_loyalty.messages.fonts import font_for, in_reading_order, printable

WIDTH, HEIGHT, MARGIN = 297.0, 210.0, 12.0
_INNER = WIDTH - 2 * MARGIN
_ROW, _SIZE, _SMALLEST = 5.2, 8.5, 5.0
_BLACK, _GREY, _BAND = (28, 28, 30), (90, 90, 96), (238, 238, 241)


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table: its title, headings (">" before one sets its column to the right), rows; `sums` are set in bold."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sums: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A report: its title, what it covers, tables, and the sentences below them."""

    title: str
    covers: str
    grids: tuple[Grid, ...]
    notes: tuple[str, ...] = ()


def report_pdf(sheet: Sheet, brand: Brand, words: Words, day: date) -> bytes:
    """The report as a PDF; `day` is the day it was made."""
    made = words.gettext("Made on %(day)s", day=words.day(day))
    page_of = words.gettext("Page %(number)s of %(pages)s", number="{number}", pages="{nb}")
    with TemporaryDirectory(prefix="loyalty-") as folder:
        page = _Page(sheet, brand.shop_name, made, page_of, Path(folder))
        page.set_title(sheet.title)
        page.set_author(_line(brand.shop_name))
        page.set_lang(words.locale.replace("_", "-"))
        page.set_creation_date(datetime.combine(day, time(12), tzinfo=UTC))
        page.viewer_preferences = ViewerPreferences(display_doc_title=True)
        page.add_page()
        page.top()
        for grid in sheet.grids:
            page.grid(grid)
        page.notes()
        return bytes(page.output())


class _Page(FPDF):
    def __init__(self, sheet: Sheet, shop: str, made: str, page_of: str, folder: Path) -> None:
        super().__init__(orientation="landscape", unit="mm", format="A4")
        self.sheet, self.shop, self.made, self.page_of = sheet, _line(shop), made, page_of
        signs = "0123456789{}" + "".join([shop, made, page_of, *_texts(sheet)])
        for style, weight in (("", 400), ("B", 700)):
            file = folder / f"{weight}.ttf"
            file.write_bytes(font_for(printable(signs), 700 if weight == 700 else 400))
            self.add_font("Arimo", style, file)
        self.set_auto_page_break(False)
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.c_margin = 0.8

    def footer(self) -> None:
        """The shop, the day and the number of the page."""
        self.set_font("Arimo", "", 7.5)
        self.set_text_color(*_GREY)
        self.set_xy(MARGIN, HEIGHT - 9)
        self.cell(_INNER / 2, 4, f"{self.shop} · {_line(self.made)}")
        self.cell(_INNER / 2, 4, self.page_of.replace("{number}", str(self.page_no())), align="R")

    def top(self) -> None:
        """The title and what the report covers."""
        self.set_text_color(*_BLACK)
        self.set_font("Arimo", "B", 16)
        self.cell(_INNER, 8, _line(self.sheet.title), new_x="LMARGIN", new_y="NEXT")
        self.set_font("Arimo", "", 10)
        self.set_text_color(*_GREY)
        self.cell(_INNER, 6, _line(self.sheet.covers), new_x="LMARGIN", new_y="NEXT")
        self.ln(2)

    def grid(self, grid: Grid) -> None:
        """A table; it begins on a new page when its heading and two rows find no room."""
        size, widths = self._widths(grid)
        if self.get_y() + 4 * _ROW + 6 > HEIGHT - 12:
            self.add_page()
        if grid.title:
            self.set_text_color(*_BLACK)
            self.set_font("Arimo", "B", 10)
            self.cell(_INNER, 7, _line(grid.title), new_x="LMARGIN", new_y="NEXT")
        self._row(grid, grid.headings, widths, size, style="B", fill=True)
        for place, row in enumerate((*grid.rows, *grid.sums)):
            if self.get_y() + _ROW > HEIGHT - 12:
                self.add_page()
                self._row(grid, grid.headings, widths, size, style="B", fill=True)
            self._row(grid, row, widths, size, style="B" if place >= len(grid.rows) else "", fill=False)
        self.ln(4)

    def notes(self) -> None:
        """The sentences below."""
        self.set_text_color(*_GREY)
        self.set_font("Arimo", "", 8.5)
        for note in self.sheet.notes:
            if self.get_y() + 12 > HEIGHT - 12:
                self.add_page()
                self.set_font("Arimo", "", 8.5)
                self.set_text_color(*_GREY)
            self.multi_cell(_INNER, 4.2, printable(note), new_x="LMARGIN", new_y="NEXT", align="L")
            self.ln(1)

    def _row(
        self,
        grid: Grid,
        cells: Sequence[str],
        widths: Sequence[float],
        size: float,
        *,
        style: str,
        fill: bool,
    ) -> None:
        self.set_font("Arimo", style, size)
        self.set_text_color(*_BLACK)
        self.set_fill_color(*_BAND)
        self.set_draw_color(215, 215, 220)
        self.set_line_width(0.1)
        for heading, cell, width in zip(grid.headings, cells, widths, strict=True):
            text = self._cut(_line(cell.removeprefix(">") if fill else cell), width - 1.6)
            align = "R" if heading.startswith(">") else "L"
            self.cell(width, _ROW, text, border="B", align=align, fill=fill)
        self.ln(_ROW)

    def _widths(self, grid: Grid) -> tuple[float, list[float]]:
        """The largest type at which all columns fit, and their widths; text columns give way at the smallest."""
        size = _SIZE
        while True:
            wanted = []
            for place, heading in enumerate(grid.headings):
                self.set_font("Arimo", "B", size)
                texts = [heading.removeprefix(">"), *(row[place] for row in (*grid.rows, *grid.sums))]
                wanted.append(max(self.get_string_width(_line(text)) for text in texts) + 3)
            if sum(wanted) <= _INNER or size <= _SMALLEST:
                break
            size -= 0.5
        missing = _INNER - sum(wanted)
        is_text = [not heading.startswith(">") for heading in grid.headings]
        soft = sum(width for width, text in zip(wanted, is_text, strict=True) if text) or sum(wanted)
        has_text = any(is_text)
        return size, [
            width + missing * width / soft if text or not has_text else width
            for width, text in zip(wanted, is_text, strict=True)
        ]

    def _cut(self, text: str, width: float) -> str:
        """The text, its end replaced by … where it is too long."""
        if self.get_string_width(text) <= width:
            return text
        while text and self.get_string_width(text + "…") > width:
            text = text[:-1]
        return text + "…"


def _texts(sheet: Sheet) -> list[str]:
    """Every text of a report."""
    found = [sheet.title, sheet.covers, *sheet.notes]
    for grid in sheet.grids:
        found += [grid.title, *grid.headings]
        found += [cell for row in (*grid.rows, *grid.sums) for cell in row]
    return found


def _line(text: str) -> str:
    return in_reading_order(" ".join(printable(text[:300]).split("\n")))
