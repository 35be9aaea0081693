"""On which line of a TOML text each setting stands; tomllib reads the values but forgets the lines."""

import re
from collections.abc import Iterator

Place = tuple[str | int, ...]

_KEY = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\'[^\']*\'|[A-Za-z0-9_-]+)\s*(\.?)')
_DELIMITERS = ('"""', "'''", '"', "'")


def key_lines(text: str) -> dict[Place, int]:
    """The line, from 1, of every table and key of a valid TOML text.

    >>> key_lines('[program]\\nname = "x"\\n[[program.earn]]\\nid = "base"\\n')[("program", "earn", 0, "id")]
    4

    What stands inside an inline table or an array has the line of its key; see `line_of`.
    """
    lines: dict[Place, int] = {}
    arrays: dict[Place, int] = {}
    table: Place = ()
    for number, line in _statements(text):
        if line.startswith("[["):
            keys = _keys(line[2:])
            table = (*_inside(keys[:-1], arrays), keys[-1])
            arrays[table] = arrays.get(table, -1) + 1
            lines.setdefault(table, number)
            table = (*table, arrays[table])
        elif line.startswith("["):
            table = _inside(_keys(line[1:]), arrays)
        else:
            keys = _keys(line)
            for length in range(1, len(keys) + 1):
                lines.setdefault((*table, *keys[:length]), number)
            continue
        lines.setdefault(table, number)
    return lines


def line_of(place: Place, lines: dict[Place, int]) -> int | None:
    """The line of a place, else of the nearest thing around it."""
    while place:
        if place in lines:
            return lines[place]
        place = place[:-1]
    return None


def _inside(keys: Place, arrays: dict[Place, int]) -> Place:
    """The place that table keys mean: a key naming an array of tables means its last table."""
    place: Place = ()
    for key in keys:
        place = (*place, key)
        if place in arrays:
            place = (*place, arrays[place])
    return place


def _keys(text: str) -> Place:
    """The keys of a possibly dotted, possibly quoted key at the start of a text."""
    keys: list[str] = []
    position = 0
    more = True
    while more and (match := _KEY.match(text, position)):
        key, more = match[1], bool(match[2])
        keys.append(key[1:-1] if key[0] in "\"'" else key)
        position = match.end()
    return tuple(keys)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """The lines on which a key or a table header begins; not the inner lines of a longer value."""
    depth, delimiter = 0, ""
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip()
        if depth == 0 and not delimiter and line and not line.startswith("#"):
            yield number, line
            if line.startswith("["):
                continue
        depth, delimiter = _advance(line, depth, delimiter)


def _advance(line: str, depth: int, delimiter: str) -> tuple[int, str]:
    """How deep in brackets, and inside which text delimiter, the end of the line is."""
    position = 0
    while position < len(line):
        if delimiter:
            if line[position] == "\\" and '"' in delimiter:
                position += 2
            elif line.startswith(delimiter, position):
                position += len(delimiter)
                delimiter = ""
            else:
                position += 1
            continue
        if line[position] == "#":
            break
        opened = next((mark for mark in _DELIMITERS if line.startswith(mark, position)), "")
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(line[position], 0)
        delimiter = opened
        position += len(opened) or 1
    return depth, delimiter if len(delimiter) == 3 else ""
