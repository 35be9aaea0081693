"""Dolibarr's `sqlfilters`: parsed into a test on rows, refused with the words of each version."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .refusals import Refusal
from .storage import Row

Test = Callable[[Row], bool]

_CONDITION = re.compile(r"\(\s*([a-zA-Z0-9_.]+):([^:()]+):([^()]*)\)")
_CONNECTOR = re.compile(r"\s*(and|or)\b\s*", re.IGNORECASE)
_RAW = re.compile(r"\(?t\.(\w+)\s*(<=|>=|<>|[<>=])\s*(-?\d+|'[^']*')\)?")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_PREFIX = re.compile(r"\s*-?\d+(\.\d+)?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d|\d{14}$")

_COMMON = {"=", "<>", "<", ">", "<=", ">=", "like", "notlike", "in", "is", "!="}
_NEWER = _COMMON | {"notin", "isnot"}
_WORDS = {"ni"}  # let through to SQL by both versions, where it fails


@dataclass(frozen=True)
class Condition:
    """One `(t.col:op:value)`."""

    table: str
    column: str
    operator: str
    value: str


@dataclass(frozen=True)
class Both:
    """Conditions joined by `and`."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Either:
    """Conditions joined by `or`."""

    parts: tuple[Node, ...]


Node = Condition | Both | Either


class _Syntax(Exception):
    """The text does not follow the grammar."""


@dataclass(frozen=True)
class Filter:
    """A parsed filter: a test, and what is known of the rowid and of indexed columns before looking."""

    node: Node
    test: Test

    def above(self) -> int | None:
        """N when the filter demands `t.rowid > N`: the backfill need not look at older rows."""
        bounds = [
            int(part.value) - (part.operator == ">=")
            for part in self._demands()
            if part.column == "rowid" and part.operator in (">", ">=") and part.value.strip("-").isdigit()
        ]
        return max(bounds) if bounds else None

    def equal(self, columns: Collection[str]) -> tuple[str, Any] | None:
        """An indexed column the filter pins to one value."""
        for part in self._demands():
            if part.table == "t" and part.operator == "=" and part.column in columns:
                literal = _literal(part.value)
                return part.column, int(literal) if isinstance(literal, Decimal) else literal
        return None

    def _demands(self) -> list[Condition]:
        parts = self.node.parts if isinstance(self.node, Both) else (self.node,)
        return [part for part in parts if isinstance(part, Condition)]


@dataclass(frozen=True, kw_only=True)
class Grammar:
    """What one version and one list allow: columns by table alias, and the start of its SQL complaints."""

    version: str
    columns: dict[str, Collection[str]]
    complaint: str
    now: str = ""

    def parse(self, text: str) -> Filter:
        """A filter, or the refusal this version answers."""
        wrapped = self._wrapped(text.strip())
        if self.version == "16" and (raw := _RAW.fullmatch(wrapped)):
            # 16 hands what is no filter to SQL as it is, so plain SQL works there.
            wrapped = f"(t.{raw[1]}:{raw[2]}:{raw[3]})"
        try:
            node, end = _either(wrapped, 0)
            if wrapped[end:].strip():
                raise _Syntax
        except _Syntax:
            raise self._bad_syntax(wrapped) from None
        return Filter(node, self._compile(node, wrapped))

    def _wrapped(self, text: str) -> str:
        if self.version == "16" or (text.startswith("(") and text.endswith(")")):
            return text
        return f"({text})"

    def sql_error(self, sentence: str) -> Refusal:
        """The 503 that carries MariaDB's complaint (facts, table of errors)."""
        return Refusal(503, f"{self.complaint} : {sentence}")

    def _bad_syntax(self, text: str) -> Refusal:
        if self.version == "16":
            return self.sql_error(sql_syntax(text[-20:]))
        prefix = "Error when validating parameter sqlfilters -> "
        if text.count("(") != text.count(")"):
            return Refusal(400, f"{prefix}Wrong balance of parenthesis in sqlfilters={text}")
        return Refusal(400, f"{prefix}Bad syntax of the search string: {text}")

    def _compile(self, node: Node, text: str) -> Test:
        if isinstance(node, Condition):
            return self._test(node, text)
        tests = [self._compile(part, text) for part in node.parts]
        if isinstance(node, Both):
            return lambda row: all(test(row) for test in tests)
        return lambda row: any(test(row) for test in tests)

    def _test(self, part: Condition, text: str) -> Test:
        operators = _COMMON if self.version == "16" else _NEWER
        if part.operator not in operators:
            if self.version == "23" and part.operator not in _WORDS:
                raise self._bad_syntax(text)
            raise self.sql_error(sql_syntax(f"{part.operator.upper()} {part.value})"))
        if part.column not in self.columns.get(part.table, ()):
            raise self.sql_error(f"Unknown column '{part.table}.{part.column}' in 'WHERE'")
        if part.value == "__NOW__" and self.version == "16":
            raise self.sql_error("Unknown column '__NOW__' in 'WHERE'")
        if part.operator == "!=" and part.value.startswith("'") and self.version == "16":
            return lambda row: False  # measured: matches nothing
        value = f"'{self.now}'" if part.value == "__NOW__" else part.value
        return _comparison(_reader(part.table, part.column), part.operator, value)


def sql_syntax(near: str) -> str:
    """MariaDB's complaint about a statement it cannot read."""
    return (
        "You have an error in your SQL syntax; check the manual that corresponds to your MariaDB server "
        f"version for the right syntax to use near '{near}' at line 1"
    )


def _either(text: str, start: int) -> tuple[Node, int]:
    node, place = _both(text, start)
    parts = [node]
    while (word := _CONNECTOR.match(text, place)) and word[1].lower() == "or":
        node, place = _both(text, word.end())
        parts.append(node)
    return (parts[0] if len(parts) == 1 else Either(tuple(parts))), place


def _both(text: str, start: int) -> tuple[Node, int]:
    node, place = _term(text, start)
    parts = [node]
    while (word := _CONNECTOR.match(text, place)) and word[1].lower() == "and":
        node, place = _term(text, word.end())
        parts.append(node)
    return (parts[0] if len(parts) == 1 else Both(tuple(parts))), place


def _term(text: str, start: int) -> tuple[Node, int]:
    while text[start : start + 1].isspace():
        start += 1
    if found := _CONDITION.match(text, start):
        table, _, column = found[1].rpartition(".")
        return Condition(table or "t", column, found[2].strip().lower(), found[3].strip()), found.end()
    if text[start : start + 1] != "(":
        raise _Syntax
    node, place = _either(text, start + 1)
    if text[place : place + 1] != ")":
        raise _Syntax
    return node, place + 1


def _reader(table: str, column: str) -> Callable[[Row], Any]:
    if table == "ef":
        return lambda row: (row.get("options") or {}).get(column)
    if table == "s":
        return lambda row: row["s." + column]
    return lambda row: row.get(column)


def _literal(text: str) -> str | Decimal:
    # Only the outer quotes go: an apostrophe inside needs no escaping, '' and \' find nothing.
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1]
    return Decimal(text) if _NUMBER.fullmatch(text) else text


def _comparison(read: Callable[[Row], Any], operator: str, text: str) -> Test:
    if operator in ("is", "isnot"):
        wanted = operator == "is"
        return lambda row: (read(row) is None) is wanted
    if operator in ("in", "notin"):
        values = [_literal(part.strip()) for part in text.split(",")]
        wanted = operator == "in"
        return lambda row: any(_order(read(row), value) == 0 for value in values) is wanted
    literal = _literal(text)
    if operator in ("like", "notlike"):
        pattern, wanted = _like(str(literal)), operator == "like"
        return lambda row: read(row) is not None and bool(pattern.fullmatch(str(read(row)))) is wanted
    return _ordering(read, operator, literal)


def _ordering(read: Callable[[Row], Any], operator: str, literal: str | Decimal) -> Test:
    accepted = {
        "=": (0,), "<>": (-1, 1), "!=": (-1, 1), "<": (-1,), ">": (1,), "<=": (-1, 0), ">=": (0, 1)
    }[operator]  # fmt: skip
    if isinstance(literal, str) and len(literal) == 19 and _MOMENT.match(literal):
        return lambda row: _order_stamp(read(row), literal) in accepted
    return lambda row: _order(read(row), literal) in accepted


def _order_stamp(value: Any, literal: str) -> int | None:
    # The sync asks this of every row, so two timestamps are compared as they stand.
    if isinstance(value, str) and len(value) == 19 and value[4] == "-":
        return (value > literal) - (value < literal)
    return _order(value, literal)


def _like(text: str) -> re.Pattern[str]:
    pieces = {"%": ".*", "_": "."}
    return re.compile("".join(pieces.get(sign, re.escape(sign)) for sign in text), re.IGNORECASE | re.DOTALL)


def _order(value: Any, literal: str | Decimal) -> int | None:
    """-1, 0 or 1 as MariaDB would order them; NULL compares to nothing."""
    if value is None:
        return None
    if isinstance(value, str) and isinstance(literal, str):
        if _MOMENT.match(value) and len(value) in (10, 19):
            return _order_moment(value, literal)
        if not _decimal_column(value):
            left, right = value.casefold(), literal.casefold()
            return (left > right) - (left < right)
    left_number, right_number = _number(value), _number(literal)
    return (left_number > right_number) - (left_number < right_number)


def _decimal_column(value: str) -> bool:
    return len(value) > 9 and value[-9] == "." and _NUMBER.fullmatch(value) is not None


def _order_moment(value: str, literal: str) -> int:
    if not _MOMENT.match(literal):
        return 1  # an epoch is no date for MariaDB: every row passes `>` (trap 10)
    digits = re.sub(r"\D", "", literal).ljust(14, "0")[:14]
    stamp = re.sub(r"\D", "", value).ljust(14, "0")
    return (stamp > digits) - (stamp < digits)


def _number(value: Any) -> Decimal:
    if isinstance(value, str) and _MOMENT.match(value) and len(value) in (10, 19):
        return Decimal(re.sub(r"\D", "", value))
    found = _PREFIX.match(str(value))
    return Decimal(found[0].strip()) if found else Decimal(0)
