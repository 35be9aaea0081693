"""Agenda events, and those Dolibarr writes by itself when a third party is saved (trap 23)."""

from __future__ import annotations

from typing import Any

from .extrafields import Extrafields
from .house import saving
from .refusals import Refusal
from .shapes import setup
from .storage import Row

_EXTRA_TYPES = {"AC_OTH": "50", "AC_OTH_AUTO": "40"}


class Agenda(Extrafields):
    """The events of the house."""

    def event_types(self) -> dict[str, str]:
        """Codes of the dictionary and their ids."""
        return {**{row["code"]: row["id"] for row in setup(self.version, "event_types")}, **_EXTRA_TYPES}

    @saving
    def create_event(self, /, *, owner: int, type_code: str, label: str, **columns: Any) -> int:
        """Add an event; the type must stand in the dictionary."""
        types = self.event_types()
        if type_code not in types:
            raise Refusal(500, "Error creating event", "ErrorActionCommBadType")
        row = self.add("event", {**self._event(columns), "label": label, "code": type_code})
        self.store.change("event", row["rowid"], {"fk_user_action": owner, "fk_action": types[type_code]})
        return int(row["rowid"])

    def _event(self, columns: dict[str, Any]) -> Row:
        start = self.moments.read_time(columns.get("datep")) or self.now_local()
        return {
            "datep": start,
            "datep2": self.moments.read_time(columns.get("datef")),
            "percent": int(columns["percentage"]) if columns.get("percentage") is not None else -1,
            "fk_soc": int(columns["socid"]) if columns.get("socid") else None,
            "fk_contact": int(columns["contact_id"]) if columns.get("contact_id") else None,
            "note": columns.get("note_private") or columns.get("note") or "",
            "fk_element": columns.get("fk_element") or columns.get("elementid"),
            "elementtype": columns.get("elementtype"),
            "location": columns.get("location") or "",
            "fk_user_author": self.actor,
            "options": self.read_options("event", columns.get("array_options")) or None,
        }

    def note_in_agenda(self, code: str, label: str, *, socid: int | None, element: Row | None = None) -> None:
        """The automatic event of a save."""
        self.add(
            "event",
            {
                **self._event({"socid": socid, "percentage": -1, "note_private": label}),
                "label": label,
                "code": code,
                "fk_action": _EXTRA_TYPES["AC_OTH_AUTO"],
                "fk_user_action": self.actor,
                "fk_element": (element or {}).get("rowid"),
                "elementtype": "invoice" if element else None,
                "datep2": self.now_local(),
            },
        )

    @saving
    def delete_event(self, rowid: int) -> None:
        """Remove an event."""
        self.row("event", rowid, "Agenda Events not found")
        self.store.remove("event", rowid)
