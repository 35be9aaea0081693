"""Extrafields: their definitions, and values as each version stores and shows them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from .amounts import decimal, eight, is_number, rounded
from .house import House, saving
from .refusals import Refusal
from .storage import Row

ELEMENTS = {
    "societe": "thirdparty",
    "facture": "invoice",
    "facturedet": "invoice_line",
    "product": "product",
    "socpeople": "contact",
    "actioncomm": "event",
    "paiement": "payment",
}
_ELEMENT_OF = {kind: element for element, kind in ELEMENTS.items()}
_PLAIN_TYPES = ("varchar", "text", "html", "url", "mail", "phone", "select", "radio", "separate")
TYPES = frozenset({"int", "double", "price", "date", "datetime", "boolean", *_PLAIN_TYPES})
_NUMERIC = {"int", "double", "price"}
_TAG = re.compile(r"<[^>]*>")


def without_tags(text: str) -> str:
    """What 23 leaves of HTML in plain fields and extrafields (trap 22)."""
    return _TAG.sub("", text)


class Extrafields(House):
    """Definitions per element type, and the `array_options` of rows."""

    def extrafields_of(self, kind: str) -> list[Row]:
        """The definitions for rows of this kind, in their order on the card."""
        element = _ELEMENT_OF.get(kind)
        if element is None:
            return []
        found = self.store.find("extrafield", "elementtype", element)
        return sorted(found, key=lambda row: (row["pos"], row["rowid"]))

    @saving
    def define_extrafield(self, elementtype: str, name: str, /, **definition: Any) -> int:
        """Create a field as an administrator does in the setup; on 16 this is the only way (trap 21)."""
        element = {"thirdparty": "societe"}.get(elementtype, elementtype)
        if element not in ELEMENTS:
            raise Refusal(500, "Error creating extrafield", "DB_ERROR_NOSUCHTABLE")
        if any(row["name"] == name for row in self.store.find("extrafield", "elementtype", element)):
            raise Refusal(409, "Duplicate extrafield already found from attrname and elementtype")
        if not re.fullmatch(r"[a-zA-Z0-9_]+", name):
            raise Refusal(500, "Error creating extrafield", None)
        if definition.get("type") not in TYPES:
            raise Refusal(500, "Error creating extrafield", "DB_ERROR_4161")
        row = self.add("extrafield", self._definition(element, name, definition))
        return int(row["rowid"])

    @saving
    def replace_extrafield(self, elementtype: str, name: str, /, **definition: Any) -> int:
        """PUT is a full replace under a new id; values stay."""
        row = self.extrafield(elementtype, name)
        if not definition.get("label") or definition.get("type") not in TYPES:
            raise Refusal(500, "Error updating extrafield", None)
        self.store.remove("extrafield", row["rowid"])
        return int(self.add("extrafield", self._definition(row["elementtype"], name, definition))["rowid"])

    @saving
    def drop_extrafield(self, elementtype: str, name: str) -> None:
        """Delete a field; its column and data go with it."""
        row = self.extrafield(elementtype, name)
        kind = ELEMENTS[row["elementtype"]]
        for holder in list(self.store.rows(kind)):
            if name in (holder.get("options") or {}):
                kept = {key: value for key, value in holder["options"].items() if key != name}
                self.store.change(kind, holder["rowid"], {"options": kept})
        self.store.remove("extrafield", row["rowid"])

    def extrafield(self, elementtype: str, name: str) -> Row:
        """One definition, or 404."""
        element = {"thirdparty": "societe"}.get(elementtype, elementtype)
        for row in self.store.find("extrafield", "elementtype", element):
            if row["name"] == name:
                return row
        raise Refusal(404, "Extrafield not found from attrname and elementtype")

    def _definition(self, element: str, name: str, definition: dict[str, Any]) -> Row:
        return {
            "elementtype": element,
            "name": name,
            "label": definition.get("label", name),
            "type": definition.get("type"),
            "size": str(definition.get("size", "")),
            "pos": int(definition.get("pos") or 0),
            # Without `list` the field is created invisible (trap 21).
            "list": str(definition.get("list", "0")),
            **{key: definition.get(key) for key in ("computed", "default", "unique", "required", "perms")},
            **{key: definition.get(key) for key in ("param", "alwayseditable", "help", "langfile")},
            **{key: definition.get(key) for key in ("totalizable", "printable")},
        }

    # -- values ----------------------------------------------------------------------------------

    def read_options(self, kind: str, sent: Any) -> dict[str, Any]:
        """What a client sent, converted to columns; unknown names are ignored."""
        if not isinstance(sent, dict):
            return {}
        plain = {str(key).removeprefix("options_"): value for key, value in sent.items()}
        fields = {row["name"]: row for row in self.extrafields_of(kind)}
        known = {name: value for name, value in plain.items() if name in fields}
        return {name: self._column(fields[name], value) for name, value in known.items()}

    def _column(self, field: Row, value: Any) -> Any:
        if value is None or value == "":
            return None
        if field["type"] in _NUMERIC:
            return self._number_column(field["type"], value)
        if field["type"] == "date":
            return self.moments.read_day(value)
        if field["type"] == "datetime":
            return self.moments.read_time(value)
        if field["type"] == "boolean":
            return "1" if value not in (0, "0", False) else "0"
        text = str(value)
        return text if self.is_16 else without_tags(text)

    def _number_column(self, kind: str, value: Any) -> str | None:
        if not is_number(value):
            if self.is_16:
                return None
            raise Refusal(500)
        number = decimal(value)
        return str(rounded(number, Decimal(1))) if kind == "int" else eight(number)

    def _unreadable(self, kind: str, sent: Any) -> bool:
        numeric = {row["name"] for row in self.extrafields_of(kind) if row["type"] in _NUMERIC}
        plain = {str(key).removeprefix("options_"): value for key, value in dict(sent or {}).items()}
        return any(name in numeric and not is_number(value) for name, value in plain.items())

    def merged_options(self, kind: str, row: Row, sent: Any) -> dict[str, Any]:
        """The options after a PUT: 23 merges, 16 wipes what was not sent on third parties (trap 2)."""
        if self.is_16 and self._unreadable(kind, sent):
            return dict(row.get("options") or {})  # 16 answers 200 and stores nothing
        given = self.read_options(kind, sent)
        if self.is_16 and kind == "thirdparty":
            return {field["name"]: given.get(field["name"]) for field in self.extrafields_of(kind)}
        return {**(row.get("options") or {}), **given}

    def shown_options(self, kind: str, row: Row) -> dict[str, Any] | list[Any]:
        """`array_options` of a row: a list when there is nothing to show (facts, section c)."""
        options = row.get("options")
        fields = self.extrafields_of(kind)
        if options is not None:  # a heading shows only on objects that have no extrafield saved
            fields = [field for field in fields if field["type"] != "separate"]
        if not fields or (self.is_16 and not options):
            return []
        return {f"options_{field['name']}": self._shown(field, options) for field in fields}

    def _shown(self, field: Row, options: dict[str, Any] | None) -> Any:
        if field["computed"]:
            return f"Bad string syntax to evaluate: {field['computed']}"
        value = (options or {}).get(field["name"])
        # An object with any extrafield saved shows empty dates as "", one without as null.
        if field["type"] in ("date", "datetime") and (value or options is not None):
            return self.moments.epoch_or(value, "")
        return value
