"""Invoices, credit notes, deposits, replacements and till sales: their lines and their states."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from . import rendering
from .amounts import decimal, eight, four, is_number, line_totals, shortest
from .catalogue import Catalogue
from .house import saving
from .refusals import NotModified, Refusal
from .storage import Row

MISSING = "Invoice not found"
STANDARD, REPLACEMENT, CREDIT_NOTE, DEPOSIT = 0, 1, 2, 3
DRAFT, VALIDATED, CLOSED, ABANDONED = 0, 1, 2, 3
_PREFIXES = {CREDIT_NOTE: "AV", DEPOSIT: "AC"}


class Invoices(Catalogue):
    """Documents from draft to closed."""

    def invoice(self, rowid: int) -> Row:
        """A document's row, or 404."""
        return self.row("invoice", rowid, MISSING)

    # -- writing a draft -------------------------------------------------------------------------

    @saving
    def create_invoice(
        self, /, *, socid: int, lines: list[dict[str, Any]] | None = None, **fields: Any
    ) -> int:
        """Add a draft; lines as in POST /invoices (net prices); `date` defaults to today."""
        if self.store.get("thirdparty", socid) is None:
            raise Refusal(500, "Error creating invoice", _foreign_key(self.version))
        rowid = self.store.next_id("invoice")
        day = self.moments.read_day(fields.get("date")) or self.today()
        columns = {**self._header(socid, fields), "datef": day, "ref": fields.get("ref") or f"(PROV{rowid})"}
        columns["date_lim_reglement"] = self.moments.read_day(fields.get("date_lim_reglement")) or day
        self.store.insert("invoice", {**columns, "lines": []}, rowid=rowid)
        for line in lines or []:
            self._append_line(rowid, line, gross_price=False)
        row = self._total(rowid)
        for line in row["lines"]:
            self._fire_line("LINEBILL_INSERT", line)
        self.fire_invoice("BILL_CREATE", row, "Error creating invoice")
        return rowid

    def _header(self, socid: int, fields: dict[str, Any]) -> Row:
        return {
            "fk_soc": socid,
            "type": int(fields.get("type") or 0),
            "ref_ext": fields.get("ref_ext"),
            "ref_client": fields.get("ref_client"),
            "note_private": self.note_text(fields.get("note_private")),
            "note_public": self.note_text(fields.get("note_public")),
            "fk_facture_source": int(fields["fk_facture_source"])
            if fields.get("fk_facture_source")
            else None,
            "module_source": fields.get("module_source"),
            "pos_source": fields.get("pos_source"),
            "datec": self.now_local(),
            "tms": self.now_database(),
            "date_valid": None,
            "fk_statut": DRAFT,
            "paye": 0,
            "close_code": None,
            "close_note": None,
            **dict.fromkeys(("total_ht", "total_tva", "total_ttc"), eight(0)),
            "fk_user_author": self.actor,
            "fk_user_valid": None,
            "fk_user_modif": None,
            "last_main_doc": None,
            "options": self.read_options("invoice", fields.get("array_options")) or None,
        }

    @saving
    def add_line(self, rowid: int, /, **line: Any) -> int:
        """Add a line to a draft; `price_base_type="TTC"` makes `subprice` a gross price here."""
        self.invoice(rowid)
        added = self._append_line(rowid, line, gross_price=line.get("price_base_type") == "TTC")
        self._fire_line("LINEBILL_INSERT", added)
        self._total(rowid)
        return int(added["rowid"])

    def _append_line(self, rowid: int, line: dict[str, Any], *, gross_price: bool) -> Row:
        for name in ("subprice", "qty", "tva_tx", "remise_percent"):
            if line.get(name) not in (None, "") and not is_number(line[name]):
                raise PhpDied
        document = self.invoice(rowid)
        price, quantity = decimal(line.get("subprice")), decimal(line.get("qty"))
        if document["type"] == CREDIT_NOTE:
            price = -abs(price)  # a credit note holds no positive line (trap 31)
            quantity = abs(quantity)
        totals = line_totals(
            quantity=quantity,
            unit_price=price,
            discount=decimal(line.get("remise_percent")),
            vat_rate=decimal(line.get("tva_tx")),
            gross_price=gross_price,
        )
        added: Row = {
            "rowid": self.store.next_id("invoice_line"),
            "fk_facture": rowid,
            "fk_product": int(line["fk_product"]) if line.get("fk_product") else None,
            "product_type": int(line.get("product_type") or 0),
            "desc": self.note_text(line.get("desc")) or "",
            "qty": shortest(quantity),
            "remise_percent": shortest(line.get("remise_percent")),
            "subprice": eight(totals.unit_price),
            "tva_tx": four(line.get("tva_tx")),
            "total_ht": eight(totals.net),
            "total_tva": eight(totals.vat),
            "total_ttc": eight(totals.gross),
            "fk_remise_except": line.get("fk_remise_except"),
            "ref_ext": line.get("ref_ext") or "",
            "rang": int(line.get("rang") or 0),
            "options": self.read_options("invoice_line", line.get("array_options")) or None,
        }
        lines = sorted([*document["lines"], added], key=lambda one: (one["rang"], one["rowid"]))
        self.change("invoice", rowid, lines=lines)
        return added

    @saving
    def remove_line(self, rowid: int, line_id: int) -> None:
        """Delete a line of a draft; a credit it used is free again."""
        lines = self.invoice(rowid)["lines"]
        gone = next((line for line in lines if line["rowid"] == line_id), None)
        if gone is None:
            raise Refusal(404, "Line not found")
        if gone["fk_remise_except"]:
            self.change("discount", gone["fk_remise_except"], fk_facture_line=None)
        self.change("invoice", rowid, lines=[line for line in lines if line is not gone])
        self._total(rowid)

    def _total(self, rowid: int) -> Row:
        lines = self.invoice(rowid)["lines"]
        sums = {
            name: eight(sum((decimal(line[name]) for line in lines), Decimal(0)))
            for name in ("total_ht", "total_tva", "total_ttc")
        }
        return self.change("invoice", rowid, **sums)

    @saving
    def overwrite_invoice(self, rowid: int, /, **fields: Any) -> Row:
        """PUT /invoices: writes whatever it is given, even on a paid invoice (trap 1)."""
        row = self.invoice(rowid)
        columns: Row = {}
        for name in ("ref_ext", "ref_client"):
            if name in fields:
                columns[name] = fields[name]
        for name in ("note_private", "note_public"):
            if name in fields:
                columns[name] = self.note_text(fields[name])
        for name, column in (("date", "datef"), ("date_lim_reglement", "date_lim_reglement")):
            if name in fields:
                columns[column] = self.moments.read_day(fields[name])
        for name in ("total_ht", "total_tva", "total_ttc"):
            if name in fields:
                columns[name] = eight(fields[name])
        if "socid" in fields:
            columns["fk_soc"] = int(fields["socid"])
        columns |= self._overwritten_state(fields)
        if "array_options" in fields:
            columns["options"] = self.merged_options("invoice", row, fields["array_options"])
        self.fire_invoice("BILL_MODIFY", row, "Error updating invoice")
        return self.change("invoice", rowid, **columns, **self._printed(row), fk_user_modif=self.actor)

    def _overwritten_state(self, fields: dict[str, Any]) -> Row:
        state: Row = {}
        if "paye" in fields:
            state["paye"] = int(fields["paye"])
        # 16 writes only `paye`; 23 makes a draft a paid draft with a provisional ref (trap 1).
        for name in ("status", "statut"):
            if name in fields and not self.is_16:
                state["fk_statut"] = int(fields[name])
        return state

    def _printed(self, row: Row) -> Row:
        # Saving a numbered document makes its PDF again.
        if row["ref"].startswith("("):
            return {}
        return {"last_main_doc": f"facture/{row['ref']}/{row['ref']}.pdf"}

    # -- states ----------------------------------------------------------------------------------

    @saving
    def validate(self, rowid: int) -> Row:
        """Number a draft; a replacement closes the document it replaces (trap 26)."""
        row = self.invoice(rowid)
        if row["fk_statut"] != DRAFT:
            raise NotModified
        if not row["lines"]:
            text = f"Error when validating Invoice: Object {row['ref']} must have lines to be validated."
            raise Refusal(500, text)
        if row["type"] == REPLACEMENT and row["fk_facture_source"]:
            self._replace(row["fk_facture_source"])
        ref = self._number(row) if row["ref"].startswith("(") else row["ref"]
        self.fire_invoice("BILL_VALIDATE", row, "Error when validating Invoice", newref=ref)
        return self.change(
            "invoice", rowid, ref=ref, fk_statut=VALIDATED, date_valid=self.today(), fk_user_valid=self.actor
        )

    def _replace(self, source_id: int) -> None:
        source = self.invoice(source_id)
        if source["close_code"] == "replaced":
            raise Refusal(500, "Error when validating Invoice")
        self.change("invoice", source_id, fk_statut=ABANDONED, close_code="replaced")

    def _number(self, row: Row) -> str:
        month = row["datef"][2:4] + row["datef"][5:7]
        if row["module_source"] == "takepos":
            series = f"TC{row['pos_source'] or '1'}-{month}"
        else:
            series = f"{_PREFIXES.get(row['type'], 'FA')}{month}"
        return f"{series}-{self._next_in(series):04d}"

    def _next_in(self, series: str) -> int:
        kept = self.store.find("setting", "name", f"series {series}")
        last = int(kept[0]["value"]) if kept else 0
        if kept:
            self.store.change("setting", kept[0]["rowid"], {"value": str(last + 1)})
        else:
            self.store.insert("setting", {"name": f"series {series}", "value": str(last + 1)})
        return last + 1

    @saving
    def set_to_draft(self, rowid: int) -> Row:
        """Reopen for changes: keeps number, `paye` and any credit it gave (trap 34)."""
        row = self.invoice(rowid)
        if row["fk_statut"] == DRAFT:
            raise NotModified
        self.fire_invoice("BILL_UNVALIDATE", {**row, "fk_statut": DRAFT}, "Error")
        return self.change("invoice", rowid, fk_statut=DRAFT)

    @saving
    def set_to_paid(self, rowid: int, close_code: str = "", close_note: str = "") -> Row:
        """Close: with a code it is closed but not paid (trap 26); works on a draft (trap 5)."""
        row = self.invoice(rowid)
        if row["paye"] == 1:
            raise NotModified
        self.fire_invoice("BILL_PAYED", row, "Error")
        if close_code:
            return self.change(
                "invoice", rowid, fk_statut=CLOSED, close_code=close_code, close_note=close_note or None
            )
        return self.change("invoice", rowid, fk_statut=CLOSED, paye=1)

    @saving
    def set_to_unpaid(self, rowid: int) -> Row:
        """Open again, whatever closed it."""
        row = self.invoice(rowid)
        self.fire_invoice("BILL_UNPAYED", row, "Error")
        return self.change("invoice", rowid, fk_statut=VALIDATED, paye=0, close_code=None, close_note=None)

    @saving
    def abandon(self, rowid: int, close_code: str = "abandon", close_note: str = "") -> Row:
        """The screen's "abandon": status 3, which REST cannot set (trap 26)."""
        row = self.invoice(rowid)
        self.fire_invoice("BILL_CANCEL", row, "Error")
        return self.change(
            "invoice", rowid, fk_statut=ABANDONED, close_code=close_code, close_note=close_note or None
        )

    # -- deleting --------------------------------------------------------------------------------

    @saving
    def delete_invoice(self, rowid: int) -> bool:
        """Delete what may be deleted; False when Dolibarr keeps it."""
        row = self.invoice(rowid)
        if not self._erasable(row):
            return False
        self.fire_invoice("BILL_DELETE", row, "Error when deleting invoice")
        for credit in self.store.find("discount", "fk_facture_source", rowid):
            self.store.remove("discount", credit["rowid"])
        for credit in self.store.find("discount", "fk_facture", rowid):
            self.change("discount", credit["rowid"], fk_facture=None)
        for line in row["lines"]:
            if line["fk_remise_except"]:
                self.change("discount", line["fk_remise_except"], fk_facture_line=None)
        self._give_number_back(row["ref"])
        self.store.remove("invoice", rowid)
        return True

    def _erasable(self, row: Row) -> bool:
        if row["fk_statut"] == DRAFT and row["ref"].startswith("(PROV"):
            return True
        if not self.is_16 or self.store.find("payment_part", "fk_facture", row["rowid"]):
            return False
        # 16 really deletes the last numbered document, even a used voucher (trap 24).
        series, _, number = row["ref"].rpartition("-")
        kept = self.store.find("setting", "name", f"series {series}")
        return bool(kept) and number.isdigit() and int(kept[0]["value"]) == int(number)

    def _give_number_back(self, ref: str) -> None:
        series, _, number = ref.rpartition("-")
        kept = self.store.find("setting", "name", f"series {series}")
        if kept and number.isdigit() and int(kept[0]["value"]) == int(number):
            self.store.change("setting", kept[0]["rowid"], {"value": str(int(number) - 1)})

    # -- amounts ---------------------------------------------------------------------------------

    def paid(self, rowid: int) -> Decimal:
        """Payments received on a document."""
        parts = self.store.find("payment_part", "fk_facture", rowid)
        return sum((decimal(row["amount"]) for row in parts), Decimal(0))

    def credited(self, rowid: int, *, deposits: bool) -> Decimal:
        """Credits used on it as means of payment: deposits, or credit notes and the rest."""
        used = self.store.find("discount", "fk_facture", rowid)
        chosen = [row for row in used if (row["factype"] == DEPOSIT) == deposits]
        return sum((decimal(row["amount_ttc"]) for row in chosen), Decimal(0))

    def remain_to_pay(self, rowid: int) -> Decimal:
        """What is left; negative when a credit was larger than the bill (trap 3)."""
        total = decimal(self.invoice(rowid)["total_ttc"])
        credits = self.credited(rowid, deposits=True) + self.credited(rowid, deposits=False)
        return total - self.paid(rowid) - credits

    # -- triggers --------------------------------------------------------------------------------

    def fire_invoice(self, trigger: str, row: Row, failure: str, **more: Any) -> None:
        """Send a document's state before the change."""

        def values() -> dict[str, Any]:
            return {**rendering.invoice(self, row, "action"), **more}

        self.fire(trigger, values, failure)

    def _fire_line(self, trigger: str, line: Row) -> None:
        values = {**{key: line[key] for key in ("fk_facture", "desc", "total_ttc")}, "id": line["rowid"]}
        self.fire(trigger, lambda: values, "Error creating invoice")


class PhpDied(Exception):
    """PHP stopped: 500 with an empty body, as for a price that is no number."""


def _foreign_key(version: str) -> str:
    return (
        f"Cannot add or update a child row: a foreign key constraint fails (`doli{version}`.`llx_facture`, "
        "CONSTRAINT `fk_facture_fk_soc` FOREIGN KEY (`fk_soc`) REFERENCES `llx_societe` (`rowid`))"
    )
