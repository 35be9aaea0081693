"""Files of the reports: written whole or not at all, with errors that say what to do."""

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from dolibarr_loyalty.errors import InputError


def write_file(file: Path, content: bytes) -> Path:
    """Write a file by way of one beside it, so that nobody ever reads half of it; gives its path."""
    try:
        with NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as beside:
            beside.write(content)
            beside.flush()
            os.fsync(beside.fileno())
        try:
            Path(beside.name).replace(file)
        except OSError:
            with suppress(OSError):
                Path(beside.name).unlink()
            raise
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}. Name another place.") from error
    return file


def csv_rows(
    file: Path,
    rows: Sequence[Mapping[str, Any]],
    *,
    joined: Iterable[str] = (),
    flattened: Iterable[str] = (),
) -> None:
    """Write rows as CSV under their names; lists in `joined` become one cell, tables in `flattened` columns.

    A text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    text = io.StringIO()
    flat = [_flat(row, tuple(joined), tuple(flattened)) for row in rows]
    writer = csv.writer(text, lineterminator="\r\n")
    if flat:
        writer.writerow(flat[0])
    writer.writerows([_cell(value) for value in row.values()] for row in flat)
    write_file(file, text.getvalue().encode())


def the_day(option: str, text: str) -> date:
    """The day somebody typed; raises InputError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{option} {text} is no day; write it such as 2026-12-31.") from None


def _flat(row: Mapping[str, Any], joined: Sequence[str], flattened: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name in flattened:
            found |= value
        else:
            found[name] = ", ".join(value) if name in joined else value
    return found


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return "" if value is None else value
