"""Tables that owners bring: CSV with a heading, in commas or semicolons; mistakes are collected with their lines."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import StringIO
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.times import start_of
from dolibarr_loyalty.errors import FileMistakes

MOST_SHOWN = 200


@dataclass
class Table:
    """A table being read: its rows, and every mistake found in it so far."""

    name: str
    rows: Sequence[tuple[int, dict[str, str]]]
    mistakes: list[tuple[int, str]] = field(default_factory=list)

    def wrong(self, line: int, mistake: str) -> None:
        """Note a mistake."""
        self.mistakes.append((line, mistake))

    def check(self) -> None:
        """Raises FileMistakes with all of them, where there are any."""
        if self.mistakes:
            raise FileMistakes(self.name, sorted(self.mistakes)[:MOST_SHOWN])


def read_table(name: str, content: bytes, *, needed: Sequence[str], known: Sequence[str]) -> Table:
    """The rows of a CSV file by the names of its columns, with the numbers of their lines.

    Raises FileMistakes when it cannot be read at all: the wrong encoding, a column missing or unknown.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileMistakes(name, [(1, "It is not UTF-8; save it as CSV in UTF-8.")]) from error
    heading = text.partition("\n")[0]
    reader = csv.reader(StringIO(text), delimiter=";" if heading.count(";") > heading.count(",") else ",")
    columns = [cell.strip().casefold() for cell in next(reader, [])]
    lacking = [column for column in needed if column not in columns]
    strange = [column for column in columns if column not in known]
    table = Table(name=name, rows=tuple(_rows(reader, columns)))
    if lacking or strange or len(set(columns)) != len(columns):
        told = f"The columns are {', '.join(known)}; the first line must name them"
        told += f", and {', '.join(lacking)} is missing." if lacking else "."
        told += f" Unknown: {', '.join(map(repr, strange))}." if strange else ""
        table.wrong(1, told)
        table.check()
    return table


def read_instant(text: str, zone: ZoneInfo) -> datetime | None:
    """An instant as people write it: 2026-05-17, or 2026-05-17 14:30 by the shop's clock, or with its zone.

    None for an empty text; raises ValueError for anything else.
    """
    text = text.strip()
    if not text:
        return None
    if len(text) == len("2026-05-17"):
        return start_of(date.fromisoformat(text), zone)
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=zone) if instant.tzinfo is None else instant


def _rows(reader: Iterator[list[str]], columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    for cells in reader:
        if any(cell.strip() for cell in cells):
            padded = [*cells, *[""] * (len(columns) - len(cells))]
            line = getattr(reader, "line_num", 0)
            yield line, {column: cell.strip() for column, cell in zip(columns, padded, strict=False)}
