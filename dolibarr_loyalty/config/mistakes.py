"""What pydantic found wrong, in the owner's words: place and line, problem, and what to write instead."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from dolibarr_loyalty.config.lines import Place, line_of
from dolibarr_loyalty.config.spellings import closest
from dolibarr_loyalty.config.wrong import KIND
from dolibarr_loyalty.errors import Mistake

_WHOLE = ("is not a whole number.", "Write a number such as 10, without quotes.")
_NUMBER = ("is not a number.", 'Write a number such as 10 or "0.50".')
_DAY = ("is not a day.", "Write it without quotes, year first: 2026-12-24.")
_SENTENCES = {
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "decimal_max_digits": ("has too many digits.", "At most 15 are kept."),
    "bool_type": ("is neither true nor false.", "Write true or false, without quotes."),
    "bool_parsing": ("is neither true nor false.", "Write true or false, without quotes."),
    "string_type": ("is not text.", 'Write it in quotes, such as "text".'),
    "string_too_short": ("is empty.", "Write something, or leave the line out."),
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "tuple_type": ("is not a list.", 'Write it in brackets, such as ["one", "two"].'),
    "dict_type": ("is not a table.", 'Write it in braces, such as { de = "…", en = "…", fr = "…" }.'),
    "dataclass_type": ("is not a table.", "Write its settings one a line below its name in brackets."),
    "missing": ("is missing.", "`dolibarr-loyalty init` in an empty folder writes an example of it."),
}
# Settings of earlier releases: the name of today, and what to write instead.
_RENAMED = {
    "vat": (
        "accounting",
        'Write accounting = "payment" as before, "credit_note" for what was "rebate", or "discount".',
    )
}
_BOUNDS = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le"}
_BOUND_WORDS = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}


class Mistakes:
    """Collects what is wrong in one file, in any order, and gives it in the order of the lines."""

    def __init__(self, lines: Mapping[Place, int]) -> None:
        self._lines = dict(lines)
        self._found: list[Mistake] = []

    def add(self, place: Place, problem: str, remedy: str) -> None:
        self._found.append(self.at(place, problem, remedy))

    def at(self, place: Place, problem: str, remedy: str) -> Mistake:
        """A mistake with the line of its place."""
        line = line_of(place, self._lines)
        return Mistake(place=shown(place), problem=problem, remedy=remedy, line=line)

    def add_all(self, schema: type, place: Place, error: ValidationError) -> None:
        """Everything that one validation found, of settings below `place`."""
        for detail in error.errors(include_url=False):
            inner = tuple(part for part in detail["loc"] if part != "[key]")
            problem, remedy = _sentence(schema, detail)
            self.add((*place, *inner), problem, remedy)

    def __bool__(self) -> bool:
        return bool(self._found)

    def in_order(self) -> tuple[Mistake, ...]:
        return by_line(self._found)


def by_line(mistakes: Sequence[Mistake]) -> tuple[Mistake, ...]:
    """Mistakes in the order of their lines; those without a line last."""
    return tuple(sorted(mistakes, key=lambda mistake: mistake.line or 1_000_000))


def shown(place: Place) -> str:
    """A place as people write it, counting from 1: program.reward[2].points."""
    text = ""
    for part in place:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def quoted_list(words: Sequence[str]) -> str:
    """Words as they would stand in the file: "a", "b"."""
    return ", ".join(json.dumps(word, ensure_ascii=False) for word in words)


def unknown(word: str, known: Sequence[str]) -> tuple[str, str]:
    """Problem and remedy for a setting or section that does not exist."""
    name, instead = _RENAMED.get(word, ("", ""))
    if name in known:
        return f"is called {name} now.", instead
    meant = closest(word, known)
    remedy = f'Did you mean "{meant}"?' if meant else f"Known here: {', '.join(known)}."
    return "is no setting.", remedy


def _sentence(schema: type, detail: ErrorDetails) -> tuple[str, str]:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == KIND:
        return context["problem"], context["remedy"]
    if kind in ("unexpected_keyword_argument", "extra_forbidden"):
        return unknown(str(detail["loc"][-1]), _settings_at(schema, detail["loc"][:-1]))
    if kind == "literal_error":
        return _not_among(detail["input"], context["expected"])
    if kind in _BOUNDS:
        bound = _BOUNDS[kind]
        return "is out of range.", f"Write {_BOUND_WORDS[bound]} {context[bound]}."
    return _SENTENCES.get(kind, ("is not right.", f"{detail['msg']}."))


def _not_among(written: Any, expected: str) -> tuple[str, str]:
    words = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
    meant = closest(str(written), words)
    hint = f'Did you mean "{meant}"? ' if meant else ""
    return f'"{written}" is not possible.', f"{hint}Possible: {quoted_list(words)}."


def _settings_at(schema: type, loc: Sequence[str | int]) -> list[str]:
    """The settings that the innermost table of a place knows."""
    for part in loc:
        if isinstance(part, str) and is_dataclass(schema):
            annotation = next((f.type for f in fields(schema) if f.name == part), None)
            schema = _innermost(annotation) or schema
    return [field.name for field in fields(schema)] if is_dataclass(schema) else []


def _innermost(annotation: Any) -> type | None:
    """The table class inside an annotation such as tuple[MatchTable, ...] or dict[Language, PointName]."""
    if is_dataclass(annotation):
        return annotation if isinstance(annotation, type) else None
    inner = (_innermost(part) for part in getattr(annotation, "__args__", ()))
    return next((found for found in inner if found is not None), None)
