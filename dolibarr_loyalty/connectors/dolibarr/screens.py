"""What staff see in Dolibarr: the customer's extrafields, the events in the agenda, the linked files."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.connectors.dolibarr.credit_notes import LONGEST_NOTE, prefixed
from dolibarr_loyalty.connectors.dolibarr.filters import both, condition, one_of
from dolibarr_loyalty.connectors.dolibarr.loose import sendable
from dolibarr_loyalty.connectors.dolibarr.reading import id_of, note_of, options_of
from dolibarr_loyalty.errors import ConfigurationFailure

LONGEST_LABEL = 120
NOT_A_TASK = -1
ASKED_AT_ONCE = 200  # ids in one address, which servers cut at 8 kB


def show_options(
    client: Client, thirdparty_id: int, values: Mapping[str, str | int | None], *, wipes: bool
) -> None:
    """Write extrafields of a third party; where Dolibarr wipes the others, those are read and sent along."""
    path = f"/thirdparties/{thirdparty_id}"
    others = options_of(client.get(path)) if wipes else {}
    client.put(path, {"array_options": {**others, **prefixed(values)}})


def shown_options(client: Client, thirdparty_ids: Sequence[int]) -> dict[int, dict[str, str | int | None]]:
    """The extrafields of third parties by id, without prefix; who Dolibarr has no more is left out."""
    found: dict[int, dict[str, str | int | None]] = {}
    for start in range(0, len(thirdparty_ids), ASKED_AT_ONCE):
        ids = thirdparty_ids[start : start + ASKED_AT_ONCE]
        params: dict[str, str | int] = {"sqlfilters": one_of("t.rowid", ids), "limit": len(ids)}
        for row in client.get_list("/thirdparties", params):
            options = options_of(row).items()
            found[id_of(row) or 0] = {name.removeprefix("options_"): value for name, value in options}
    return found


class Agenda:
    """Events on a customer's page, each once. `user_id` owns them where the key cannot read its own id."""

    def __init__(self, client: Client, user_id: int | None = None) -> None:
        self._client = client
        self._user_id = user_id

    def add(
        self, thirdparty_id: int, *, key: str, label: str, note: str, at: datetime, sale_id: int | None
    ) -> None:
        """Post the event unless one of this key is there; the key stands as a short mark behind the note."""
        mark = mark_of(key)
        if self._has(thirdparty_id, mark):
            return
        self._client.post("/agendaevents", self._event(thirdparty_id, mark, label, note, at, sale_id))

    def _has(self, thirdparty_id: int, mark: str) -> bool:
        mine = both(condition("t.fk_soc", "=", thirdparty_id), condition("t.note", "like", f"%{mark}%"))
        rows = self._client.get_list("/agendaevents", {"sqlfilters": mine, "sortfield": "t.id", "limit": 10})
        return any(mark in note_of(row) for row in rows)

    def _event(
        self, thirdparty_id: int, mark: str, label: str, note: str, at: datetime, sale_id: int | None
    ) -> dict[str, Any]:
        epoch = int(at.timestamp())
        event: dict[str, Any] = {
            "userownerid": self.owner(),
            "type_code": "AC_OTH",
            "label": sendable(label, LONGEST_LABEL),
            "datep": epoch,
            "datef": epoch,
            "percentage": NOT_A_TASK,
            "socid": thirdparty_id,
            "note_private": f"{sendable(note, LONGEST_NOTE)}\n{mark}".strip(),
        }
        return event if sale_id is None else {**event, "fk_element": sale_id, "elementtype": "invoice"}

    def owner(self) -> int:
        """The user the events belong to: the configured one, else the key's own, asked once."""
        if self._user_id is None:
            try:
                self._user_id = id_of(self._client.get("/users/info"))
            except ConfigurationFailure as failure:
                raise ConfigurationFailure(
                    "The key may not read its own user, who would own the events in the agenda. Give it the "
                    "right to modify its own user information (342), or configure the user's id."
                ) from failure
        return self._user_id or 0


def mark_of(key: str) -> str:
    """A short text that stands for a key: `#loyalty-` and 16 hexadecimal digits."""
    return "#loyalty-" + hashlib.sha256(key.encode()).hexdigest()[:16]


def attach(client: Client, sale_ref: str, filename: str, content: bytes) -> bool:
    """Put a file among the linked files of a document; False where this Dolibarr refuses uploads."""
    return _upload(client, {"modulepart": "invoice", "ref": sale_ref, "subdir": ""}, filename, content)


def attach_to_member(client: Client, thirdparty_id: int, filename: str, content: bytes) -> bool:
    """Put a file among the linked files of a third party; False where this Dolibarr refuses uploads.

    The module part is 'societe' with the id as folder; 'thirdparty' answers 500 (facts, section g).
    """
    place = {"modulepart": "societe", "ref": "", "subdir": str(thirdparty_id)}
    return _upload(client, place, filename, content)


def _upload(client: Client, place: Mapping[str, str], filename: str, content: bytes) -> bool:
    body = {
        **place,
        "filename": filename,
        "filecontent": base64.b64encode(content).decode(),
        "fileencoding": "base64",
        "overwriteifexists": 1,
    }
    try:
        client.post("/documents/upload", body)
    except ConfigurationFailure:
        # 16 answers 401 unless the module ECM is on and the user may upload, even to an admin (section g).
        return False
    return True
