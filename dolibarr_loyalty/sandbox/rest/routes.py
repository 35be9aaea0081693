"""The table of calls: method and path to handler, and how an unknown one is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..refusals import PlainText, Refusal
from .calls import Handler

_INTEGERS = re.compile(r"\{(\w+):int\}")
_NAMES = re.compile(r"\{(\w+)\}")


def _named(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KNOWN_BOTH = _named(
    "status login users thirdparties contacts invoices products categories agendaevents setup "
    "bankaccounts documents members memberstypes orders explorer supplierinvoices"
)
_KNOWN_23 = _KNOWN_BOTH | {"webhook", "mailings", "multicurrencies", "emailtemplates"}


@dataclass(frozen=True)
class _Route:
    method: str
    pattern: re.Pattern[str]
    integers: frozenset[str]
    versions: tuple[str, ...]
    handler: Handler


_ROUTES: dict[str, list[_Route]] = {}


def route(method: str, path: str, *versions: str) -> Callable[[Handler], Handler]:
    """Register a handler; `{id:int}` takes a number, `{name}` anything; versions default to both."""

    def register(handler: Handler) -> Handler:
        pattern = _NAMES.sub(r"(?P<\1>.+)", _INTEGERS.sub(r"(?P<\1>[^/]+)", path))
        entry = _Route(
            method,
            re.compile(pattern),
            frozenset(_INTEGERS.findall(path)),
            versions or ("16", "23"),
            handler,
        )
        _ROUTES.setdefault(path.split("/")[1], []).append(entry)
        return handler

    return register


def find(version: str, method: str, path: str) -> tuple[Handler, dict[str, str]]:
    """The handler of a call and the names in its path, or the refusal."""
    module = path.split("/")[1] if "/" in path else path
    if module not in (_KNOWN_BOTH if version == "16" else _KNOWN_23):
        raise PlainText(501, "API not found (failed to include API file)")
    wrong: str | None = None
    for entry in _ROUTES.get(module, ()):
        if entry.method != method or version not in entry.versions:
            continue
        found = entry.pattern.fullmatch(path)
        if found is None:
            continue
        names = found.groupdict()
        bad = next((name for name in sorted(entry.integers) if not names[name].lstrip("-").isdigit()), None)
        if bad is None:
            return entry.handler, names
        wrong = wrong or bad
    raise _not_found(method, path, wrong)


def _not_found(method: str, path: str, wrong: str | None) -> Refusal:
    if wrong is not None:
        return Refusal(400, f"invalid value specified for `{wrong}`", stage="route")
    if path.count("/") == 1 and method in ("DELETE", "PUT"):
        return Refusal(405, stage="route")  # a list path knows no such method
    return Refusal(404, stage="route")
