"""The keys and constant values of Dolibarr's answers, taken from the recordings (JSON beside this module)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


@cache
def _read(version: str, name: str) -> dict[str, Any]:
    text = (_FOLDER / f"v{version}_{name}.json").read_text(encoding="utf-8")
    shapes: dict[str, Any] = json.loads(text)
    return shapes


def shape(version: str, name: str) -> dict[str, Any]:
    """A model of one object; copy before changing it."""
    found: dict[str, Any] = _read(version, "objects")[name]
    return found


def setup(version: str, name: str) -> Any:
    """A part of /setup: dictionaries, modules, constants; None where this version has none."""
    return _read(version, "setup")[name]


def webhook_shape(version: str, trigger: str) -> dict[str, Any] | None:
    """The object a webhook carries for this trigger; None when the version has no such trigger."""
    found: dict[str, Any] | None = _read(version, "webhooks").get(trigger)
    return found
