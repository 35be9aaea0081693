"""Third parties and contacts: created, changed, tagged, merged and deleted as staff or the API do it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from . import rendering
from .agenda import Agenda
from .amounts import decimal
from .extrafields import without_tags
from .house import saving
from .refusals import Refusal
from .storage import Row

MISSING = "Thirdparty not found"

_FIELDS = {
    "name": "nom",
    "name_alias": "name_alias",
    "email": "email",
    "phone": "phone",
    "phone_mobile": "phone_mobile",
    "fax": "fax",
    "url": "url",
    "address": "address",
    "zip": "zip",
    "town": "town",
    "default_lang": "default_lang",
    "ref_ext": "ref_ext",
    "barcode": "barcode",
    "note_private": "note_private",
    "note_public": "note_public",
    "tva_intra": "tva_intra",
}
_INTEGERS = {
    "client": "client",
    "fournisseur": "fournisseur",
    "status": "status",
    "country_id": "fk_pays",
    "typent_id": "fk_typent",
    "price_level": "price_level",
    "no_email": "no_email",
}
_EMPTY: Row = {
    **dict.fromkeys(_FIELDS.values()),
    "name_alias": "",
    "client": 0,
    "fournisseur": 0,
    "status": 1,
    "fk_pays": None,
    "fk_typent": 0,
    "price_level": None,
    "no_email": None,
    "code_client": None,
    "modified": False,
    "options": None,
}
_CONTACT_FIELDS = ("lastname", "firstname", "email", "phone_pro", "phone_mobile", "note_private", "ref_ext")
_SCRIPT = re.compile(r"<\s*/?\s*script[^>]*>|javascript\s*:", re.IGNORECASE)
_HANDLERS = re.compile(r"\s+on\w+\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)
_BARE_VALUE = re.compile(r"=([^\s\"'>]+)(?=[\s>])")


class Thirdparties(Agenda):
    """Customers and their contacts."""

    def plain_text(self, value: Any) -> Any:
        """A name as stored: 23 removes tags and double quotes (trap 35)."""
        if value is None or self.is_16:
            return value
        return without_tags(str(value)).replace('"', "").replace("../", "").strip()

    def note_text(self, value: Any) -> Any:
        """A note as stored: 23 keeps simple HTML, without scripts and with `&amp;`."""
        if value is None or self.is_16:
            return value
        text = re.sub(r"&(?!\w+;)", "&amp;", _SCRIPT.sub("", str(value)))
        cleaned = _HANDLERS.sub("", text) if "<" in text else text
        return _BARE_VALUE.sub(r'="\1"', cleaned).strip() if "<" in cleaned else cleaned.strip()

    def _columns(self, fields: dict[str, Any]) -> Row:
        columns: Row = {}
        for name, column in _FIELDS.items():
            if name in fields:
                cleaned = self.note_text if name.startswith("note_") else self.plain_text
                columns[column] = cleaned(fields[name]) if isinstance(fields[name], str) else fields[name]
        for name, column in _INTEGERS.items():
            if fields.get(name) not in (None, ""):
                columns[column] = int(fields[name])
        if any(ord(sign) > 0xFFFF for sign in str(columns.get("nom") or "")):
            raise Refusal(500, "Error creating thirdparty")  # the column is 3-byte utf8 (trap 35)
        return columns

    @saving
    def create_third_party(self, /, *, name: str, **fields: Any) -> int:
        """Add a customer (client=1 unless said otherwise in `client`); returns its id."""
        columns = self._columns({"name": name, "client": 1, **fields})
        columns["options"] = self.read_options("thirdparty", fields.get("array_options")) or None
        row = self.add("thirdparty", {**_EMPTY, **columns, "fk_user_creat": self.actor})
        row = self.store.change("thirdparty", row["rowid"], {"code_client": self._code(fields, row)})
        self._fire_third_party("COMPANY_CREATE", row, "Error creating thirdparty")
        self.note_in_agenda("AC_COMPANY_CREATE", f"Third party {row['nom']} created", socid=row["rowid"])
        return int(row["rowid"])

    def _code(self, fields: dict[str, Any], row: Row) -> str | None:
        # Staff screens fill the code; by REST it is only made when asked for with "auto".
        wanted = fields.get("code_client", "auto" if not fields.get("by_api") else None)
        if wanted not in ("auto", "-1", -1):
            return str(wanted) if wanted else None
        return f"CU{self.today()[2:4]}{self.today()[5:7]}-{row['rowid']:05d}"

    @saving
    def change_third_party(self, socid: int, /, **fields: Any) -> Row:
        """Save a customer's card: fires COMPANY_MODIFY and leaves an agenda event each time (trap 23)."""
        row = self.row("thirdparty", socid, MISSING)
        if fields.get("name") == "":
            fields.pop("name")  # an empty name is ignored
        columns = self._columns(fields)
        if "array_options" in fields:
            columns["options"] = self.merged_options("thirdparty", row, fields["array_options"])
        elif not self.is_16:
            columns["options"] = row["options"] or {}  # any save makes the row of extrafields
        changed = {**row, **columns}
        self._fire_third_party("COMPANY_MODIFY", changed, "Error when updating thirdparty")
        columns |= {"modified": True, "fk_user_modif": self.actor}
        if (columns.get("options") or {}) != (row["options"] or {}):
            columns["tms"] = self.now_database()
        label = f"Third party {changed['nom']} modified"
        self.note_in_agenda("AC_COMPANY_MODIFY", label, socid=socid)
        return self.change("thirdparty", socid, **columns)

    @saving
    def edit_extrafields(self, kind: str, rowid: int, /, **options: Any) -> Row:
        """Staff edits extrafields of a card ("thirdparty", "invoice", …) one by one: nothing is wiped."""
        row = self.row(kind, rowid, MISSING)
        merged = {**(row.get("options") or {}), **self.read_options(kind, options)}
        if kind == "thirdparty":
            self._fire_third_party("COMPANY_MODIFY", {**row, "options": merged}, "Error")
            return self.change(kind, rowid, options=merged, tms=self.now_database(), modified=True)
        return self.change(kind, rowid, options=merged)

    @saving
    def delete_third_party(self, socid: int) -> bool:
        """Delete a customer who has no documents; False when Dolibarr keeps it."""
        row = self.row("thirdparty", socid, MISSING)
        if self.store.find("invoice", "fk_soc", socid):
            return False
        self._fire_third_party("COMPANY_DELETE", row, "Error deleting thirdparty")
        for link in self.store.find("category_link", "fk_object", socid):
            if link["kind"] == "customer":
                self.store.remove("category_link", link["rowid"])
        self.store.remove("thirdparty", socid)
        return True

    @saving
    def merge_third_parties(self, *, keep: int, gone: int) -> Row:
        """Merge two cards: documents move, missing extrafield values are taken over, one id dies."""
        kept, lost = self.row("thirdparty", keep, MISSING), self.row("thirdparty", gone, MISSING)
        for kind in ("invoice", "discount", "contact", "event"):
            for row in self.store.find(kind, "fk_soc", gone):
                self.change(kind, row["rowid"], fk_soc=keep)
        self._move_tags(keep, gone)
        filled = {
            name: lost[name]
            for name in ("email", "phone", "address", "zip", "town", "barcode", "default_lang")
            if not kept[name] and lost[name]
        }
        theirs = {name: value for name, value in (lost["options"] or {}).items() if value is not None}
        ours = {name: value for name, value in (kept["options"] or {}).items() if value is not None}
        self._fire_third_party("COMPANY_MODIFY", kept, "Error merging thirdparties")
        self._fire_third_party("COMPANY_DELETE", lost, "Error merging thirdparties")
        self.store.remove("thirdparty", gone)
        return self.change("thirdparty", keep, **filled, options={**theirs, **ours}, modified=True)

    def _move_tags(self, keep: int, gone: int) -> None:
        worn = {row["fk_categorie"] for row in self.store.find("category_link", "fk_object", keep)}
        for link in self.store.find("category_link", "fk_object", gone):
            if link["kind"] != "customer":
                continue
            self.store.remove("category_link", link["rowid"])
            if link["fk_categorie"] not in worn:
                columns = {"fk_categorie": link["fk_categorie"], "fk_object": keep, "kind": "customer"}
                self.store.insert("category_link", columns)

    def credit_sum(self, socid: int, factype: int) -> Decimal:
        """Unused credits of a customer: credit notes (2), or all others together."""
        free = [row for row in self.store.find("discount", "fk_soc", socid) if not is_used(row)]
        chosen = [row for row in free if (row["factype"] == 2) == (factype == 2)]
        return sum((decimal(row["amount_ttc"]) for row in chosen), Decimal(0))

    def _fire_third_party(self, trigger: str, row: Row, failure: str) -> None:
        def values() -> dict[str, Any]:
            shown = rendering.third_party(self, row)
            return {**shown, "nom": row["nom"], "id": row["rowid"], "socid": row["rowid"]}

        self.fire(trigger, values, failure)

    # -- contacts --------------------------------------------------------------------------------

    @saving
    def create_contact(self, /, *, lastname: str, **fields: Any) -> int:
        """Add a contact of a customer (`socid`); `birthday` as 'YYYY-MM-DD' or epoch."""
        columns: Row = {name: fields.get(name) for name in _CONTACT_FIELDS}
        columns |= {"lastname": lastname, "fk_soc": int(fields["socid"]) if fields.get("socid") else None}
        columns["birthday"] = self.moments.read_day(fields.get("birthday"))
        columns["options"] = self.read_options("contact", fields.get("array_options")) or None
        row = self.add("contact", {**columns, "statut": 1, "modified": False, "fk_user_creat": self.actor})
        return int(row["rowid"])

    @saving
    def change_contact(self, rowid: int, /, **fields: Any) -> Row:
        """Save a contact's card."""
        row = self.row("contact", rowid, "Contact not found")
        columns: Row = {name: fields[name] for name in _CONTACT_FIELDS if name in fields}
        if "birthday" in fields:
            columns["birthday"] = self.moments.read_day(fields["birthday"])
        if "array_options" in fields:
            columns["options"] = self.merged_options("contact", row, fields["array_options"])
        return self.change("contact", rowid, **columns, modified=True, fk_user_modif=self.actor)

    @saving
    def delete_contact(self, rowid: int) -> None:
        """Remove a contact."""
        self.row("contact", rowid, "Contact not found")
        self.store.remove("contact", rowid)


def is_used(discount: Row) -> bool:
    """Whether a credit is spent, as payment or as line."""
    return discount["fk_facture"] is not None or discount["fk_facture_line"] is not None
