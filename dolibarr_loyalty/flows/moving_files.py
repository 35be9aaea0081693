"""The one CSV format in which balances, cards, tiers and birthdays come and go.

Nothing is known of members here: cells become values, and what cannot become one is a mistake with its line.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.core.times import after, iso, start_of
from dolibarr_loyalty.errors import FileMistakes, InputError

Kind = Literal["lot", "card", "tier", "birthday"]
KINDS: tuple[Kind, ...] = ("lot", "card", "tier", "birthday")
COLUMNS = (
    "kind",
    "member",
    "name",
    "unit",
    "points",
    "earned_on",
    "available_at",
    "expires_at",
    "number",
    "group",
    "tier",
    "until",
    "reason",
    "born",
    "reference",
    "key",
)
NEVER = "never"
MOST_POINTS = 10**12
LONGEST_KEY = 120
LONGEST_NUMBER = 180
_NEEDED: dict[Kind, tuple[str, ...]] = {
    "lot": ("points",),
    "card": ("number",),
    "tier": ("group", "tier"),
    "birthday": ("born",),
}
_RISKY = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet may take for a formula
_WHOLE = re.compile(r"-?\d{1,13}([.,]0{1,2})?")
_NUMBER = re.compile(r"[^\"'()\\\x00-\x1f]+")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a file. Days and instants are read; `cells` is what stood there, for knowing it again.

    `earned_at` None is now; `expires_at` None is the program's own term, unless it `never_expires`.
    """

    number: int
    kind: Kind
    member: str
    unit: str = POINTS
    points: int = 0
    earned_at: datetime | None = None
    available_at: datetime | None = None
    expires_at: datetime | None = None
    never_expires: bool = False
    card: str = ""
    group: str = ""
    tier: str = ""
    until: date | None = None
    reason: str = ""
    born: date | None = None
    reference: str = ""
    key: str = ""
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class File:
    """A file that was read: its lines, its mistakes (line, what to write instead), its fingerprint."""

    name: str
    sha256: str
    lines: tuple[Line, ...]
    mistakes: tuple[tuple[int, str], ...]


def read_file(path: Path, zone: ZoneInfo) -> File:
    """Read a file whole. Raises InputError when it cannot be opened, FileMistakes when its columns are wrong."""
    return read_bytes(path.name, content_of(path), zone)


def content_of(path: Path) -> bytes:
    """The bytes of a file. Raises InputError when it cannot be opened."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def read_bytes(name: str, content: bytes, zone: ZoneInfo) -> File:
    """Read the bytes of a file of members' things."""
    header, rows = table_of(name, content, COLUMNS, needed="member")
    lines: list[Line] = []
    mistakes: list[tuple[int, str]] = []
    for number, cells in rows:
        found = _Reading(number, dict(zip(header, map(plain_cell, cells), strict=False)), zone)
        if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
            found.wrong(f"has more cells than the header's {len(header)}; check the quotes.")
        read = found.line()
        mistakes += found.mistakes
        if read is not None:
            lines.append(read)
    return File(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        lines=tuple(lines),
        mistakes=tuple(mistakes),
    )


def table_of(
    name: str, content: bytes, columns: Sequence[str], *, needed: str
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The header of a CSV file and its lines that are not empty, with their numbers.

    Comma, semicolon and tab are all understood, as is Excel's mark at the start. Raises FileMistakes when it is
    no text in UTF-8, has columns that are not known, or lacks the `needed` one.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FileMistakes(
            name, [(line, "the text is not UTF-8. In Excel, save it as “CSV UTF-8”.")]
        ) from error
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    header = [cell.strip().casefold() for cell in next(rows, [])]
    _check_header(name, header, columns, needed)
    return header, _numbered(rows)


def written(rows: Iterator[dict[str, object]], columns: Sequence[str] = COLUMNS) -> Iterator[str]:
    """Lines of a file in the same format, the header first; a text that looks like a formula gets a quote."""
    page = io.StringIO(newline="")
    writer = csv.DictWriter(page, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _shown(value) for name, value in row.items()})
        yield page.getvalue()
        page.seek(0)
        page.truncate()
    yield page.getvalue()


def _shown(value: object) -> object:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        flat = " ".join(value.splitlines()) if "\n" in value or "\r" in value else value
        return f"'{flat}" if flat.startswith((*_RISKY, "'")) else flat
    return value


def plain_cell(cell: str) -> str:
    """A cell without the quote that keeps a spreadsheet from reading it as a formula."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and cell[1:2] in (*_RISKY, "'") and cell[1:] else cell


def _delimiter(text: str) -> str:
    header = text.splitlines()[0] if text else ""
    return max(",;\t", key=header.count)


def _check_header(name: str, header: Sequence[str], columns: Sequence[str], needed: str) -> None:
    unknown = [column for column in header if column not in columns and column]
    twice = sorted({column for column in header if column and header.count(column) > 1})
    mistakes = [
        (1, f"the column {column!r} is not known. Write one of {', '.join(columns)}, or take it out.")
        for column in unknown
    ]
    mistakes += [(1, f"the column {column!r} is there twice. Take one out.") for column in twice]
    if needed not in header:
        mistakes.append((1, f"there is no column {needed!r}. The first line names the columns."))
    if mistakes:
        raise FileMistakes(name, mistakes)


def _numbered(rows: Any) -> Iterator[tuple[int, list[str]]]:
    start = rows.line_num + 1
    for cells in rows:
        if any(cell.strip() for cell in cells):
            yield start, cells
        start = rows.line_num + 1


class _Reading:
    """One line being read; it goes on after a mistake, so that all of a line are told at once."""

    def __init__(self, number: int, cells: dict[str, str], zone: ZoneInfo) -> None:
        self.number, self.cells, self.zone = number, cells, zone
        self.mistakes: list[tuple[int, str]] = []

    def line(self) -> Line | None:
        kind = self._kind()
        if kind is None:
            return None
        if not self.cell("member"):
            self.wrong("names no member. Write a third party id, customer code, email or card number.")
        for column in _NEEDED[kind]:
            if not self.cell(column):
                self.wrong(f"has no {column}, which a line of kind {kind!r} needs.")
        if len(self.cell("key")) > LONGEST_KEY:
            self.wrong(f"has a key of more than {LONGEST_KEY} signs.")
        read: dict[str, Any] = getattr(self, f"_{kind}")()
        if self.mistakes:
            return None
        texts = tuple(self.cell(column) for column in COLUMNS if column not in ("key", "name", "member"))
        common: dict[str, Any] = {name: self.cell(name) for name in ("member", "reason", "reference", "key")}
        return Line(number=self.number, kind=kind, cells=texts, **common, **read)

    def cell(self, column: str) -> str:
        return self.cells.get(column, "")

    def wrong(self, what: str) -> None:
        self.mistakes.append((self.number, what))

    def _kind(self) -> Kind | None:
        text = self.cell("kind").casefold() or "lot"
        found = next(
            (kind for kind in KINDS if kind == {"balance": "lot", "stamps": "lot"}.get(text, text)), None
        )
        if found is None:
            self.wrong(f"has the kind {text!r}. Write one of {', '.join(KINDS)}.")
        return found

    def _lot(self) -> dict[str, object]:
        expires = self.cell("expires_at")
        return {
            "unit": self.cell("unit") or POINTS,
            "points": self._points(),
            "earned_at": self._instant("earned_on"),
            "available_at": self._instant("available_at"),
            "expires_at": None if expires.casefold() == NEVER else self._instant("expires_at", ends=True),
            "never_expires": expires.casefold() == NEVER,
        }

    def _card(self) -> dict[str, object]:
        number = self.cell("number")
        if number and (len(number) > LONGEST_NUMBER or not _NUMBER.fullmatch(number)):
            self.wrong(f"has a card number with signs that no card has: {number[:40]!r}.")
        return {"card": number}

    def _tier(self) -> dict[str, object]:
        return {"group": self.cell("group"), "tier": self.cell("tier"), "until": self._day("until")}

    def _birthday(self) -> dict[str, object]:
        return {"born": self._day("born")}

    def _points(self) -> int:
        text = self.cell("points").replace("\N{MINUS SIGN}", "-")
        if not text:
            return 0
        if not _WHOLE.fullmatch(text):
            self.wrong(f"has the points {text!r}. Write a whole number without separators, such as 1500.")
            return 0
        points = int(re.split("[.,]", text)[0])
        if not points or abs(points) > MOST_POINTS:
            self.wrong(f"has {points} points. Write a number above 0, or below 0 for what is owed.")
        return points

    def _day(self, column: str) -> date | None:
        text = self.cell(column)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            self.wrong(f"has {text!r} as {column}. Write the day as 2027-12-31.")
            return None

    def _instant(self, column: str, *, ends: bool = False) -> datetime | None:
        """The start of a day, or of the day after one that is the last; an instant as it is."""
        text = self.cell(column)
        if not text:
            return None
        try:
            if "T" not in text:
                day = date.fromisoformat(text)
                return after(day, self.zone) if ends else start_of(day, self.zone)
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.wrong(
                f"has {text!r} as {column}. Write a day as 2027-12-31, or an instant as 2027-12-31T23:00:00Z."
            )
            return None
