"""One REST call: who asks, with which parameters, and what rights it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .. import rights
from ..refusals import Refusal
from ..storage import Row

if TYPE_CHECKING:
    from ..dolibarr import Dolibarr


@dataclass(frozen=True)
class RawJson:
    """JSON already encoded: lists are joined from cached pieces."""

    body: bytes


@dataclass(frozen=True, kw_only=True)
class Call:
    """What a handler gets."""

    dolibarr: Dolibarr
    user: Row
    query: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    def id(self, name: str = "id") -> int:
        """A number from the path."""
        return int(self.names[name])

    def integer(self, name: str, default: int) -> int:
        """A number from the query; anything else is refused before the call (facts, table of errors)."""
        text = self.query.get(name)
        if text is None or text == "":
            return default
        if not text.lstrip("-").isdigit():
            raise Refusal(
                400, f"Invalid value specified for `{name}`. Expecting integer value", stage="validate"
            )
        return int(text)

    def needed_integer(self, name: str) -> int:
        """A number from the body that must be there."""
        value = self.body.get(name)
        if isinstance(value, bool) or not str(value if value is not None else "").lstrip("-").isdigit():
            raise Refusal(
                400, f"Invalid value specified for `{name}`. Expecting integer value", stage="validate"
            )
        return int(str(value))

    def flag(self, name: str, default: bool = False) -> bool:
        """A yes or no from the query."""
        text = self.query.get(name)
        return default if text is None else text.lower() in ("1", "true", "yes")

    def needed_text(self, name: str) -> Any:
        """A field of the body that must be there."""
        if name not in self.body:
            raise Refusal(400, f"{name} field missing")
        return self.body[name]

    # -- rights ----------------------------------------------------------------------------------

    def holds(self, right: int) -> bool:
        """Whether the user has a right; the administrator has all."""
        return bool(self.user["admin"]) or right in self.user["rights"]

    def need(
        self, right: int, sentence: str = "", *, old: int = 401, old_sentence: str | None = None
    ) -> None:
        """Refuse without the right: 403 on 23, mostly 401 on 16 (trap 12)."""
        if not self.holds(right):
            self.forbid(sentence, old=old, old_sentence=old_sentence)

    def forbid(self, sentence: str = "", *, old: int = 401, old_sentence: str | None = None) -> None:
        """The refusal of a missing permission in this version's words."""
        if self.dolibarr.is_16:
            raise Refusal(old, sentence if old_sentence is None else old_sentence)
        raise Refusal(403, sentence)

    @property
    def sees_all_customers(self) -> bool:
        """Right 262; without it lists are empty and single objects refused (trap 11)."""
        return self.holds(rights.EVERY_CUSTOMER)

    def need_customer(self, sentence: str = "") -> None:
        """Refuse a single object of a customer the user may not see."""
        if not self.sees_all_customers:
            self.forbid(sentence)


Handler = Callable[[Call], Any]
