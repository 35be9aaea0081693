"""Plain values as the TOML that loyalty.toml uses for them."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def weekday_names(weekdays: Sequence[int]) -> list[str]:
    """The names of weekdays, of which 0 is Monday."""
    return [WEEKDAYS[day] for day in weekdays]


def toml_value(value: Any) -> str:
    """A value as TOML; fractions as text in quotes, because TOML's own are floats.

    >>> toml_value({"de": "Kaffee", "n": Decimal("0.50")})
    '{ de = "Kaffee", n = "0.50" }'
    """
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return str(int(value)) if value == int(value) else f'"{value:f}"'
        case date():
            return value.isoformat()
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case Mapping():
            inside = ", ".join(f"{key} = {toml_value(item)}" for key, item in value.items())
            return f"{{ {inside} }}" if inside else "{}"
        case Sequence():
            return f"[{', '.join(map(toml_value, value))}]"
    raise TypeError(f"no TOML for {type(value).__name__}")
