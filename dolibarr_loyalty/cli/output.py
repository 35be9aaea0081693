"""What commands print: results on stdout, as tables or JSON; messages and progress on stderr.

Texts from Dolibarr are printed as they are, never read as markup, and without signs that steer a terminal.
"""

import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from dolibarr_loyalty.core.times import iso

WIDE = 200  # where nobody looks, lines are not broken
_SHORT = 12  # signs; a day, a state: never broken


def say(text: str = "") -> None:
    """A line of the result."""
    _console(stderr=False).print(Text(clean(text)), soft_wrap=True)


def tell(text: str) -> None:
    """A message that is not the result."""
    _console(stderr=True).print(Text(clean(text)), soft_wrap=True)


def show_json(value: object) -> None:
    """The result for scripts, alone on stdout; numbers as numbers, instants as ISO 8601 in UTC."""
    ascii_only = not (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    sys.stdout.write(json.dumps(value, default=_plain, ensure_ascii=ascii_only, indent=2) + "\n")
    sys.stdout.flush()


def show_table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> None:
    """Rows under headings; columns whose heading begins with ">" are numbers and stand to the right.

    On a narrow screen long columns are broken rather than cut off: ids are there to be copied.
    """
    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold")
    texts = [[clean(str("" if cell is None else cell)) for cell in row] for row in rows]
    for place, column in enumerate(columns):
        heading = column.removeprefix(">")
        is_short = max(len(heading), *(len(row[place]) for row in texts), 0) <= _SHORT
        table.add_column(
            Text(heading),
            justify="right" if column.startswith(">") else "left",
            no_wrap=is_short,
            overflow="ellipsis" if is_short else "fold",
        )
    for row in texts:
        table.add_row(*(Text(cell) for cell in row))
    _console(stderr=False).print(table)


def show_facts(facts: Sequence[tuple[str, object]], *, title: str = "") -> None:
    """Names and values below each other; those without a value are left out."""
    if title:
        _console(stderr=False).print(Text(clean(title), style="bold"))
    table = Table(box=None, show_header=False, padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in facts:
        if value not in (None, ""):
            table.add_row(Text(name), Text(clean(str(value))))
    _console(stderr=False).print(table)


def clean(text: str) -> str:
    """The text without control characters other than line ends: a customer's name must not steer a screen."""
    return "".join(sign if sign == "\n" or sign.isprintable() else " " for sign in text)


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int], None]]:
    """A bar per kind of work on a terminal, nothing elsewhere; call with what is done and how much."""
    console = _console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def advance(what: str, done: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=None)
            bar.update(tasks[what], completed=done)

        yield advance


def log_to_stderr(level: int) -> None:
    """Show the package's own log from this level on; those of others stay silent."""
    logger = logging.getLogger("dolibarr_loyalty")
    for handler in [handler for handler in logger.handlers if isinstance(handler, _ScreenLog)]:
        logger.removeHandler(handler)
    handler = _ScreenLog(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(level)


class _ScreenLog(logging.StreamHandler[Any]):
    """The handler of the command that runs now."""


def _console(*, stderr: bool) -> Console:
    """The screen as it is now; looked up anew, because tests and pipes exchange the streams."""
    console = Console(stderr=stderr, highlight=False, emoji=False, markup=False)
    return (
        console
        if console.is_terminal
        else Console(stderr=stderr, highlight=False, emoji=False, markup=False, width=WIDE, no_color=True)
    )


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in JSON")
