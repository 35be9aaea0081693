"""Invoices of suppliers, as far as drafts of them: what is to be paid to somebody, before anybody pays it."""

from __future__ import annotations

from typing import Any

from .amounts import decimal, eight, four, rounded, shortest
from .documents import Documents
from .house import saving
from .refusals import Refusal
from .storage import Row

_ANSWERS = {"16": "Error creating order", "23": "Error creating invoice "}


class Suppliers(Documents):
    """The desk for what the shop owes to others."""

    @saving
    def create_supplier_invoice(self, /, *, socid: int, **columns: Any) -> int:
        """A draft, for any third party; a supplier's number may occur once per third party."""
        sentence = _ANSWERS[self.version]
        number = str(columns.get("ref_supplier") or "").strip()
        if any(row["fk_soc"] == socid for row in self.store.find("supplier_invoice", "ref_supplier", number)):
            raise Refusal(500, sentence, "ErrorRefAlreadyExists")
        if self.store.get("thirdparty", socid) is None:
            raise Refusal(500, sentence, self._no_third_party())
        row = self.add(
            "supplier_invoice",
            {
                "fk_soc": socid,
                "ref_supplier": number,
                "ref_ext": str(columns.get("ref_ext") or ""),
                "label": str(columns.get("label") or ""),
                "datef": self.moments.read_day(columns.get("date")) or self.today(),
                "note_private": str(columns.get("note_private") or ""),
                "fk_user_author": self.actor,
                "fk_statut": 0,
                "lines": [],
            },
        )
        self.store.change("supplier_invoice", row["rowid"], {"ref": f"(PROV{row['rowid']})"})
        return int(row["rowid"])

    def _no_third_party(self) -> str:
        return (
            f"Cannot add or update a child row: a foreign key constraint fails (`dolibarr{self.version}`."
            "`llx_facture_fourn`, CONSTRAINT `fk_facture_fourn_fk_soc` FOREIGN KEY (`fk_soc`) REFERENCES "
            "`llx_societe` (`rowid`))"
        )

    @saving
    def add_supplier_line(self, rowid: int, /, **columns: Any) -> int:
        """A line of a draft, at its net price."""
        row = self.row("supplier_invoice", rowid, "Supplier invoice not found")
        price, quantity = decimal(columns.get("pu_ht")), decimal(columns.get("qty"))
        net = rounded(price * quantity)
        tax = rounded(net * decimal(columns.get("tva_tx")) / 100)
        line: Row = {
            "rowid": self.store.next_id("supplier_invoice_line"),
            "description": str(columns.get("description") or ""),
            "subprice": eight(price),
            "qty": shortest(quantity),
            "tva_tx": four(columns.get("tva_tx")),
            "product_type": str(columns.get("product_type") or 0),
            "total_ht": eight(net),
            "total_tva": eight(tax),
            "total_ttc": eight(net + tax),
        }
        self.change("supplier_invoice", rowid, lines=[*row["lines"], line])
        return int(line["rowid"])

    def supplier_invoices(self, socid: int) -> list[Row]:
        """What stands there for a third party, by id."""
        return [row for row in self.store.rows("supplier_invoice") if row["fk_soc"] == socid]
