"""The stand-in as a whole: what staff does in Dolibarr's screens, and what its REST handlers call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from . import rendering
from .house import saving
from .invoices import CREDIT_NOTE, DEPOSIT, REPLACEMENT
from .storage import Row
from .suppliers import Suppliers

_KEPT_ENCODED = 20_000
_TILL_NOTE = "Default customer automatically created by Point Of Sale module activation."


class Dolibarr(Suppliers):
    """A Dolibarr "16" or "23" with its rows, its clock and its habits.

    `path` names a file that keeps the state, written at every save: a killed process loses nothing it
    answered, and reopening the path gives the same Dolibarr with its version and keys. `clock` may be
    replaced at any time. `furnished` adds what every lab has: the till's generic customer and a bank and
    a cash account.
    """

    def __init__(
        self,
        version: str = "23",
        *,
        path: Path | None = None,
        clock: Callable[[], datetime] | None = None,
        timezone: str = "Europe/Paris",
        country: str = "FR",
        currency: str = "EUR",
        furnished: bool = True,
    ) -> None:
        super().__init__(
            version, path=path, clock=clock, timezone=timezone, country=country, currency=currency
        )
        self._encoded: dict[int, bytes] = {}
        self.store.on_change = self._forget
        with self.writing():
            if not self.store.count("user"):
                self._furnish_users()
                self._furnish_shop(furnished)

    def _furnish_shop(self, wanted: bool) -> None:
        if wanted:
            self.create_third_party(name="TakePOS generic customer", country_id=1, note_private=_TILL_NOTE)
            self.create_bank_account(ref="CASH-POS", label="Till", type=2)
            self.create_bank_account(ref="SHOP-BANK", label="Main bank", type=1)

    @property
    def till_customer(self) -> int:
        """The id of the till's generic customer."""
        found = self.store.find("thirdparty", "nom", "TakePOS generic customer")
        return int(found[0]["rowid"])

    # -- JSON kept until the row changes ---------------------------------------------------------

    def encoded_invoice(self, row: Row) -> bytes:
        """A document's JSON in lists, kept until something in it changes."""
        known = self._encoded.get(row["rowid"])
        if known is None:
            known = rendering.encoded(rendering.invoice(self, row, "list"))
            while len(self._encoded) >= _KEPT_ENCODED:
                self._encoded.pop(next(iter(self._encoded)), None)
            self._encoded[row["rowid"]] = known
        return known

    def third_party_shown(self, row: Row) -> dict[str, Any]:
        """A customer as in lists."""
        return rendering.third_party(self, row)

    def _forget(self, kind: str, row: Row) -> None:
        if kind == "invoice":
            self._encoded.pop(row["rowid"], None)
            self._encoded.pop(row.get("fk_facture_source") or 0, None)
        elif kind in ("discount", "payment_part"):
            self._encoded.pop(row.get("fk_facture") or 0, None)
        elif kind in ("extrafield", "product"):
            self._encoded.clear()

    # -- what staff does -------------------------------------------------------------------------

    @saving
    def sell(self, socid: int, /, lines: list[dict[str, Any]], *, paid: bool = True, **fields: Any) -> int:
        """A sale: create, validate and, unless told otherwise, pay in full; returns the invoice's id."""
        rowid = self.create_invoice(socid=socid, lines=lines, **fields)
        self.validate(rowid)
        if paid:
            self.pay(rowid)
        return rowid

    @saving
    def sell_at_till(self, lines: list[dict[str, Any]], /, *, socid: int | None = None, **fields: Any) -> int:
        """A TakePOS sale, to the generic customer unless one was scanned: ref TC1-…"""
        customer = self.till_customer if socid is None else socid
        return self.sell(customer, lines, **{"pos_source": "1", **fields, "module_source": "takepos"})

    @saving
    def open_ticket(self, lines: list[dict[str, Any]], *, socid: int | None = None, place: int = 0) -> int:
        """A till's open ticket: a draft called (PROV-POS1-0), visible by REST."""
        customer = self.till_customer if socid is None else socid
        ref = f"(PROV-POS1-{place})"
        return self.create_invoice(
            socid=customer, lines=lines, module_source="takepos", pos_source="1", ref=ref
        )

    @saving
    def refund(
        self,
        source_id: int,
        /,
        lines: list[dict[str, Any]] | None = None,
        *,
        paid_back: bool = False,
        **fields: Any,
    ) -> int:
        """A validated credit note tied to an invoice; all its lines unless others are given."""
        source = self.invoice(source_id)
        taken = lines if lines is not None else [_mirrored(line) for line in source["lines"]]
        rowid = self.create_invoice(
            socid=source["fk_soc"], type=CREDIT_NOTE, fk_facture_source=source_id, lines=taken, **fields
        )
        self.validate(rowid)
        if paid_back:
            self.pay(rowid)
        return rowid

    @saving
    def issue_credit(self, socid: int, /, amount: Any, *, tva_tx: Any = 0, **fields: Any) -> int:
        """A standalone credit note made available as credit; returns the credit's id."""
        line = {"desc": "Credit", "qty": 1, "subprice": f"-{amount}", "tva_tx": tva_tx, "product_type": 1}
        rowid = self.create_invoice(socid=socid, type=CREDIT_NOTE, lines=[line], **fields)
        self.validate(rowid)
        self.mark_as_credit(rowid)
        return int(self.store.find("discount", "fk_facture_source", rowid)[0]["rowid"])

    @saving
    def sell_deposit(self, socid: int, /, amount: Any, *, paid: bool = True, **fields: Any) -> int:
        """A deposit, as for a sold gift card; paid in full it is credit at once."""
        line = {"desc": "Deposit", "qty": 1, "subprice": str(amount), "tva_tx": 0, "product_type": 1}
        return self.sell(socid, [line], paid=paid, type=DEPOSIT, **fields)

    @saving
    def replace_invoice(self, source_id: int, /, lines: list[dict[str, Any]], **fields: Any) -> int:
        """A validated replacement; the replaced document gets status 3."""
        source = self.invoice(source_id)
        rowid = self.create_invoice(
            socid=source["fk_soc"], type=REPLACEMENT, fk_facture_source=source_id, lines=lines, **fields
        )
        self.validate(rowid)
        return rowid


def _mirrored(line: Row) -> dict[str, Any]:
    names = ("desc", "qty", "subprice", "tva_tx", "remise_percent", "product_type", "fk_product")
    return {name: line[name] for name in names}
