"""Payments: the whole rest of one invoice, or amounts spread over several."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .amounts import decimal, eight, shortest
from .credits import Credits
from .house import saving
from .invoices import CLOSED, CREDIT_NOTE, DEPOSIT
from .refusals import Refusal

METHODS = {4: "LIQ", 6: "CB", 7: "CHQ", 2: "VIR", 3: "PRE"}
CASH_ACCOUNT = 2


class Payments(Credits):
    """Money received."""

    @saving
    def pay(
        self, rowid: int, /, amount: Any = None, *, method: int = 4, close: bool = True, **fields: Any
    ) -> int:
        """Receive the rest, or `amount` of it, as staff enters it; returns the payment's id."""
        left = self.remain_to_pay(rowid)
        value = left if amount is None else decimal(amount)
        return self.record_payment({rowid: value}, method=method, close=close, **fields)

    @saving
    def pay_all(self, rowid: int, /, *, method: int, close: bool, **fields: Any) -> int:
        """POST /invoices/{id}/payments: always the whole rest; on a credit note with the wrong sign."""
        left = self.remain_to_pay(rowid)
        if left == 0:
            raise Refusal(400, "Payment error : TotalAmountEmpty")
        sign = -1 if self.invoice(rowid)["type"] == CREDIT_NOTE else 1  # trap 32
        return self.record_payment({rowid: sign * left}, method=method, close=close, **fields)

    @saving
    def record_payment(
        self, amounts: dict[int, Decimal], /, *, method: int = 4, close: bool = True, **fields: Any
    ) -> int:
        """Enter one payment on one or more invoices; closes those that are fully paid."""
        self._check_method(method, fields)
        for rowid in amounts:
            self.invoice(rowid)
        when = self.moments.read_time(fields.get("datepaye")) or self.now_local()
        total = eight(sum(amounts.values(), Decimal(0)))
        columns = {
            "ref": self._payment_ref(when),
            "datep": when,
            "amount": total,
            "method": METHODS.get(method, "LIQ"),
            "num_payment": fields.get("num_payment") or "",
            "note": fields.get("comment") or "",
            "ref_ext": fields.get("ref_ext") or "",
            "fk_bank": None,
        }
        payment = self.add("payment", columns)
        shown = {str(rowid): shortest(value) for rowid, value in amounts.items()}
        values = {"id": payment["rowid"], "ref": payment["ref"], "amounts": shown}
        self.fire("PAYMENT_CUSTOMER_CREATE", lambda: values, "Payment error")
        for rowid, value in amounts.items():
            part = {"fk_paiement": payment["rowid"], "fk_facture": rowid, "amount": eight(value)}
            self.store.insert("payment_part", part)
        if fields.get("accountid"):
            self._enter_in_bank(int(payment["rowid"]), int(fields["accountid"]), total)
        for rowid in amounts:
            self._settle(rowid, close)
        return int(payment["rowid"])

    def _check_method(self, method: int, fields: dict[str, Any]) -> None:
        if METHODS.get(method) == "CHQ" and not fields.get("chqemetteur"):
            raise Refusal(400, "Emetteur is mandatory when payment code is CHQ")
        account = self.store.get("bankaccount", int(fields.get("accountid") or 0))
        if account and account["courant"] == CASH_ACCOUNT and METHODS.get(method) != "LIQ":
            raise Refusal(400, "Payment error : ErrorCashAccountAcceptsOnlyCashMoney")

    def _payment_ref(self, when: str) -> str:
        series = f"PAY{when[2:4]}{when[5:7]}"
        return f"{series}-{self._next_in(series):04d}"

    def _enter_in_bank(self, payment_id: int, account_id: int, amount: str) -> None:
        account = self.store.get("bankaccount", account_id)
        if account is None:
            return
        line = self.store.next_id("bank_line")
        self.store.change("payment", payment_id, {"fk_bank": line})
        balance = decimal(account["balance"]) + decimal(amount)
        self.change("bankaccount", account_id, balance=shortest(balance))

    def _settle(self, rowid: int, close: bool) -> None:
        row = self.invoice(rowid)
        # The PDF is made again, and only that moves tms (trap 8).
        self.change("invoice", rowid, **self._printed(row), tms=self.now_database())
        if not close or self.remain_to_pay(rowid) != 0 or row["fk_statut"] == CLOSED:
            return
        if row["type"] == DEPOSIT and not self.store.find("discount", "fk_facture_source", rowid):
            self._make_credits(row)  # a deposit paid in full is credit at once
        if row["paye"] == 0:
            self.set_to_paid(rowid)

    @saving
    def pay_distributed(self, wanted: dict[int, Any], /, *, method: int, close: bool, **fields: Any) -> int:
        """POST /invoices/paymentsdistributed: partial amounts or "remain"; more than the rest is refused."""
        amounts = {rowid: self._distributed(rowid, amount) for rowid, amount in wanted.items()}
        return self.record_payment(amounts, method=method, close=close, **fields)

    def _distributed(self, rowid: int, amount: Any) -> Decimal:
        row, left = self.invoice(rowid), self.remain_to_pay(rowid)
        value = left if amount == "remain" else decimal(amount)
        if row["type"] == CREDIT_NOTE:
            return self._refund(left, value)
        if value > left:
            text = f"Payment amount on invoice ID {rowid} ({shortest(value)}) is higher than remain to pay"
            raise Refusal(400, f"{text} ({shortest(left)})")
        return value

    def _refund(self, left: Decimal, value: Decimal) -> Decimal:
        if not self.is_16:
            return -abs(value)  # either sign, also in part (trap 32)
        if value != left:
            raise Refusal(400, "Payment error : amount does not match")
        return abs(value)
