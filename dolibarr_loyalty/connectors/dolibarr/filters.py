"""Conditions of Dolibarr's `sqlfilters`, in the operators that 16 and 23 share."""

from collections.abc import Iterable
from typing import Literal

from dolibarr_loyalty.errors import PermanentFailure

Operator = Literal["=", "<>", "<", ">", "<=", ">=", "like"]

# A double quote wakes the injection guard; brackets inside a value break the parser (facts section a).
# An apostrophe needs no escaping: (t.nom:=:'D'Angelo') finds him, '' and \\' find nothing.
FORBIDDEN = frozenset('"()\\\n\r\0')


def condition(column: str, operator: Operator, value: str | int) -> str:
    """One condition, for example `(t.rowid:>:12)`; PermanentFailure for a text Dolibarr cannot take."""
    if isinstance(value, int):
        return f"({column}:{operator}:{value})"
    if FORBIDDEN & set(value):
        raise PermanentFailure(
            f"{value!r} cannot be looked for in Dolibarr: quotes, brackets and line ends are not possible."
        )
    return f"({column}:{operator}:'{value}')"


def one_of(column: str, values: Iterable[int]) -> str:
    """The column holds one of these numbers: `(t.rowid:in:1,2)`."""
    return f"({column}:in:{','.join(str(value) for value in values)})"


def both(*conditions: str) -> str:
    """All conditions at once."""
    return " and ".join(conditions)


def either(*conditions: str) -> str:
    """One of the conditions, in brackets of its own."""
    return "(" + " or ".join(conditions) + ")"
