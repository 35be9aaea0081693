"""Credits of customers: made from credit notes and deposits, used on invoices, split, unlinked."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from . import rendering
from .amounts import decimal, eight, four, rounded
from .house import saving
from .invoices import CREDIT_NOTE, DEPOSIT, Invoices
from .refusals import Refusal
from .storage import Row
from .thirdparties import is_used

_WORDS = {CREDIT_NOTE: "(CREDIT_NOTE)", DEPOSIT: "(DEPOSIT)"}


class Credits(Invoices):
    """Rows of llx_societe_remise_except."""

    @saving
    def mark_as_credit(self, rowid: int) -> Row:
        """Turn a credit note, deposit or overpayment into credit, one row per VAT rate; closes it."""
        row = self.invoice(rowid)
        if row["paye"] == 1:
            raise Refusal(500, "Alreay paid")
        if self.store.find("discount", "fk_facture_source", rowid):
            return row
        self._make_credits(row)
        if row["type"] == DEPOSIT:
            return row  # a deposit stays as it is, even unpaid
        # A draft is closed too, with its provisional ref for ever (trap 5).
        return self.set_to_paid(rowid)

    def _make_credits(self, row: Row) -> None:
        if row["type"] not in _WORDS:
            excess = -self.remain_to_pay(row["rowid"])
            if excess <= 0:
                raise Refusal(500, "Discount creation error")
            self._add_credit(row, "(EXCESS RECEIVED)", excess, Decimal(0), Decimal(0))
            return
        by_rate: dict[str, list[Row]] = defaultdict(list)
        for line in row["lines"]:
            by_rate[line["tva_tx"]].append(line)
        for rate, lines in by_rate.items():
            net = sum((abs(decimal(line["total_ht"])) for line in lines), Decimal(0))
            vat = sum((abs(decimal(line["total_tva"])) for line in lines), Decimal(0))
            self._add_credit(row, _WORDS[row["type"]], net, vat, decimal(rate))

    def _add_credit(self, row: Row, words: str, net: Decimal, vat: Decimal, rate: Decimal) -> int:
        return self._insert_credit(
            fk_soc=row["fk_soc"],
            amounts=(net, vat, net + vat),
            tva_tx=four(rate),
            description=words,
            fk_facture_source=row["rowid"],
            factype=row["type"],
        )

    def _insert_credit(self, *, amounts: tuple[Decimal, Decimal, Decimal], **columns: Any) -> int:
        net, vat, gross = amounts
        money = {"amount_ht": eight(net), "amount_tva": eight(vat), "amount_ttc": eight(gross)}
        used = {"fk_facture": None, "fk_facture_line": None, "fk_user": self.actor}
        return int(self.add("discount", {**columns, **money, **used})["rowid"])

    @saving
    def type_credit_by_hand(self, socid: int, amount: Any, description: str = "Goodwill") -> int:
        """An absolute discount typed on the customer's card: REST's list never shows it."""
        value = decimal(amount)
        return self._insert_credit(
            fk_soc=socid,
            amounts=(value, Decimal(0), value),
            tva_tx=four(0),
            description=description,
            fk_facture_source=None,
            factype=None,
        )

    def credits_of(self, socid: int, chosen: str = "none") -> list[Row]:
        """Credits with a source invoice: "available", "used" or all (`fixedamountdiscounts`)."""
        self.row("thirdparty", socid, "Thirdparty not found")
        rows = [row for row in self.store.find("discount", "fk_soc", socid) if row["fk_facture_source"]]
        if chosen in ("available", "used"):
            return [row for row in rows if is_used(row) == (chosen == "used")]
        return rows

    @saving
    def use_credit(self, rowid: int, discount_id: int) -> None:
        """Use a credit as payment: no protection at all, a used one silently moves (trap 3)."""
        self.invoice(rowid)
        credit = self.store.get("discount", discount_id)
        if credit is None:
            raise Refusal(404, "Credit not found")
        self._fire_credit(credit)
        # Neither the invoice's row nor its tms is touched (trap 8).
        self.change("discount", discount_id, fk_facture=rowid)

    @saving
    def use_credit_as_line(self, rowid: int, discount_id: int) -> None:
        """Use a credit as a negative line, even on a validated invoice, whose total changes (trap 4)."""
        self.invoice(rowid)
        credit = self.store.get("discount", discount_id)
        if credit is None:
            raise Refusal(405)
        if is_used(credit):
            raise Refusal(405, "ErrorDiscountAlreadyUsed")
        line_id = self.add_line(
            rowid,
            desc=credit["description"],
            qty=1,
            subprice=-decimal(credit["amount_ht"]),
            tva_tx=credit["tva_tx"],
            fk_remise_except=discount_id,
            rang=-1,
        )
        self._fire_credit(credit)
        self.change("discount", discount_id, fk_facture_line=line_id)

    @saving
    def unlink_credit(self, discount_id: int) -> None:
        """The invoice card's unlink: frees a credit used as payment; REST has no such call."""
        credit = self.row("discount", discount_id, "Discount not found")
        self._fire_credit(credit)
        self.change("discount", discount_id, fk_facture=None)

    @saving
    def split_credit(self, socid: int, discount_id: int, first: Any, second: Any) -> list[Row]:
        """Split a credit in two new rows; on one used as payment money is duplicated (trap 4b)."""
        self.row("thirdparty", socid, "Thirdparty not found")
        credit = self.row("discount", discount_id, "Discount not found")
        if credit["fk_soc"] != socid or decimal(first) + decimal(second) != decimal(credit["amount_ttc"]):
            raise Refusal(405)
        if credit["fk_facture_line"] is not None:
            raise Refusal(409)
        made = [self._part(credit, decimal(amount)) for amount in (first, second)]
        if credit["fk_facture"] is None:
            self.store.remove("discount", discount_id)
        return [self.row("discount", rowid, "Discount not found") for rowid in made]

    def _part(self, credit: Row, gross: Decimal) -> int:
        net = rounded(gross / (1 + decimal(credit["tva_tx"]) / 100))
        keys = ("fk_soc", "tva_tx", "description", "fk_facture_source", "factype")
        kept = {key: credit[key] for key in keys}
        return self._insert_credit(amounts=(net, gross - net, gross), **kept)

    def _fire_credit(self, credit: Row) -> None:

        self.fire("DISCOUNT_MODIFY", lambda: rendering.discount(self, credit), "Error")
