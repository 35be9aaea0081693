"""The tables of what is begun with vouchers in Dolibarr: uses on invoices, credits to be made anew in parts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from dolibarr_loyalty.core.money import from_minor, to_minor
from dolibarr_loyalty.core.times import iso
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.store.database import Tx

# A use that Dolibarr never took is released, one that came about is done.
UseState = Literal["begun", "done", "released"]
PartingState = Literal["begun", "done", "dropped"]


@dataclass(frozen=True, kw_only=True)
class BegunUse:
    """A use of a voucher: `amount` it is to pay, beside `before` that stood on the invoice already.

    `thirdparty_id` is the invoice's customer, whose credit it must be.
    """

    number: int
    voucher_id: str
    invoice_id: int
    thirdparty_id: int
    amount: Decimal
    before: Decimal
    key: str
    state: UseState = "begun"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A credit row that is to be consumed: what of its gross goes to the new owner, the rest stays.

    Net and gross as Dolibarr has the row, positive; `vat_rate` that of its document.
    """

    row_id: int
    net: Decimal
    gross: Decimal
    vat_rate: Decimal
    part: Decimal


@dataclass(frozen=True, kw_only=True)
class Parting:
    """Rows of one owner that become a new credit of `taker`, and one of the owner for the rest."""

    number: int
    owner: int
    taker: int
    pieces: tuple[Piece, ...]
    state: PartingState = "begun"

    @property
    def part(self) -> Decimal:
        return sum((piece.part for piece in self.pieces), Decimal(0))

    @property
    def rest(self) -> Decimal:
        return sum((piece.gross - piece.part for piece in self.pieces), Decimal(0))


def begin(tx: Tx, voucher: Voucher, use: BegunUse, *, at: datetime, who: str) -> BegunUse:
    """Store a use; its number is the next of its voucher."""
    number = max((known.number for known in of_voucher(tx, voucher.id)), default=0) + 1
    tx.run(
        "insert_voucher_use",
        voucher_id=voucher.id,
        number=number,
        invoice_id=use.invoice_id,
        thirdparty_id=use.thirdparty_id,
        amount_minor=to_minor(use.amount, voucher.currency),
        before_minor=to_minor(use.before, voucher.currency),
        use_key=use.key,
        state=use.state,
        at=iso(at),
        who=who[:64],
    )
    return replace(use, number=number)


def update(tx: Tx, voucher: Voucher, use: BegunUse) -> None:
    """Store how a use stands now: its state, and its amounts where it is begun again."""
    tx.run(
        "update_voucher_use",
        voucher_id=voucher.id,
        number=use.number,
        amount_minor=to_minor(use.amount, voucher.currency),
        before_minor=to_minor(use.before, voucher.currency),
        state=use.state,
    )


def by_key(tx: Tx, key: str) -> BegunUse | None:
    row = tx.row("voucher_use_by_key", use_key=key)
    return _use(row) if row else None


def of_voucher(tx: Tx, voucher_id: str) -> list[BegunUse]:
    """The uses of a voucher that we began, in their order."""
    return [_use(row) for row in tx.rows("voucher_uses", voucher_id=voucher_id)]


def _use(row: Mapping[str, Any]) -> BegunUse:
    return BegunUse(
        number=row["number"],
        voucher_id=row["voucher_id"],
        invoice_id=row["invoice_id"],
        thirdparty_id=row["thirdparty_id"],
        amount=from_minor(row["amount_minor"], row["currency"]),
        before=from_minor(row["before_minor"], row["currency"]),
        key=row["use_key"],
        state=row["state"],
    )


def begin_parting(
    tx: Tx, voucher: Voucher, *, owner: int, taker: int, pieces: tuple[Piece, ...], at: datetime
) -> Parting:
    """Store a parting; its number is the next of its voucher."""
    number = max((known.number for known in partings(tx, voucher.id)), default=0) + 1
    plan = {
        "owner": owner,
        "taker": taker,
        "pieces": [
            [piece.row_id, str(piece.net), str(piece.gross), str(piece.vat_rate), str(piece.part)]
            for piece in pieces
        ],
    }
    tx.run(
        "insert_voucher_parting",
        voucher_id=voucher.id,
        number=number,
        plan=json.dumps(plan),
        state="begun",
        at=iso(at),
    )
    return Parting(number=number, owner=owner, taker=taker, pieces=pieces)


def end_parting(tx: Tx, voucher: Voucher, parting: Parting, state: PartingState) -> None:
    """Note that a parting came about, or was dropped."""
    tx.run("update_voucher_parting", voucher_id=voucher.id, number=parting.number, state=state)


def partings(tx: Tx, voucher_id: str) -> list[Parting]:
    """The partings of a voucher, in their order."""
    return [_parting(row) for row in tx.rows("voucher_partings", voucher_id=voucher_id)]


def _parting(row: Mapping[str, Any]) -> Parting:
    plan = json.loads(row["plan"])
    pieces = tuple(
        Piece(
            row_id=row_id, net=Decimal(net), gross=Decimal(gross), vat_rate=Decimal(rate), part=Decimal(part)
        )
        for row_id, net, gross, rate, part in plan["pieces"]
    )
    return Parting(
        number=row["number"], owner=plan["owner"], taker=plan["taker"], pieces=pieces, state=row["state"]
    )
