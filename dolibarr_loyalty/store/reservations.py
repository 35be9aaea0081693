"""The table of what is held of vouchers for carts, tills and tickets, and of the steps of each hold."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from dolibarr_loyalty.core.money import from_minor, to_minor
from dolibarr_loyalty.core.sale import total
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.errors import Conflict
from dolibarr_loyalty.store.database import Tx

# 'voucher': for a cart or a till; 'reward': points held for a voucher that is issued when it is used;
# 'ticket': on an open ticket, until that is paid or given up.
Kind = Literal["voucher", "reward", "ticket"]


class Hold(StrEnum):
    """held: nobody else may use it. capturing: on its way to an invoice. The last three are ends of it.

    placed: a credit of it is a line of an open ticket, and booked as used there until the ticket is given up.
    """

    HELD = "held"
    CAPTURING = "capturing"
    PLACED = "placed"
    CAPTURED = "captured"
    RELEASED = "released"
    OVERDUE = "overdue"


OPEN = frozenset({Hold.HELD, Hold.CAPTURING})
_NEXT = {
    Hold.HELD: frozenset({Hold.CAPTURING, Hold.PLACED, Hold.CAPTURED, Hold.RELEASED, Hold.OVERDUE}),
    Hold.CAPTURING: frozenset({Hold.HELD, Hold.CAPTURED, Hold.RELEASED}),
    Hold.PLACED: frozenset({Hold.CAPTURED, Hold.RELEASED}),
    Hold.CAPTURED: frozenset[Hold](),
    Hold.RELEASED: frozenset[Hold](),
    Hold.OVERDUE: frozenset[Hold](),
}


@dataclass(frozen=True, kw_only=True)
class Reservation:
    """A hold on a voucher. `amount` in its currency, 0 where the voucher has no amount before it is used.

    `until` is when it ends by itself, None when only its ticket ends it. `invoice_id` is the ticket it is on,
    or the invoice it was used on.
    """

    key: str
    kind: Kind
    state: Hold
    voucher_id: str
    amount: Decimal
    currency: str
    input_hash: str
    made_at: datetime
    until: datetime | None
    who: str
    invoice_id: int | None = None
    version: int = 0

    @property
    def id(self) -> str:
        return id_of(self.key)

    def is_overdue(self, now: datetime) -> bool:
        return self.state is Hold.HELD and self.until is not None and self.until <= now


@dataclass(frozen=True, kw_only=True)
class ReservationStep:
    """One step of a reservation: what it became, when, by whom and why."""

    state: str
    at: datetime
    who: str
    why: str
    invoice_id: int | None


def id_of(key: str) -> str:
    """The id of a reservation: keys differ by every sign, also where the database does not tell case apart."""
    return hashlib.sha256(key.encode()).hexdigest()


def insert(tx: Tx, reservation: Reservation) -> None:
    """Store a new reservation and its first step; Conflict when the key came in at the same moment."""
    tx.run(
        "insert_reservation",
        id=reservation.id,
        request_key=reservation.key,
        kind=reservation.kind,
        state=str(reservation.state),
        voucher_id=reservation.voucher_id,
        amount_minor=to_minor(reservation.amount, reservation.currency),
        input_hash=reservation.input_hash,
        made_at=iso(reservation.made_at),
        held_until=iso(reservation.until) if reservation.until else None,
        who=reservation.who[:64],
        invoice_id=reservation.invoice_id,
    )
    _note_step(tx, reservation, at=reservation.made_at, who=reservation.who, why="")


def change(
    tx: Tx, reservation: Reservation, *, at: datetime, who: str, why: str = "", **changes: Any
) -> Reservation:
    """Move a reservation on and note the step; Conflict when another writer was faster.

    Raises ValueError for a transition that does not exist.
    """
    after = replace(reservation, **changes)
    if after.state not in _NEXT[reservation.state]:
        raise ValueError(f"a reservation cannot go from {reservation.state} to {after.state}")
    found = tx.run(
        "update_reservation",
        id=reservation.id,
        state=str(after.state),
        invoice_id=after.invoice_id,
        old_version=reservation.version,
    )
    if not found:
        raise Conflict(f"reservation {reservation.key} was changed by another writer")
    _note_step(tx, after, at=at, who=who, why=why)
    return replace(after, version=reservation.version + 1)


def _note_step(tx: Tx, reservation: Reservation, *, at: datetime, who: str, why: str) -> None:
    tx.run(
        "insert_reservation_step",
        reservation_id=reservation.id,
        seq=tx.value("last_reservation_step", reservation_id=reservation.id) + 1,
        state=str(reservation.state),
        at=iso(at),
        who=who[:64],
        why=why[:2000],
        invoice_id=reservation.invoice_id,
    )


def by_key(tx: Tx, key: str) -> Reservation | None:
    row = tx.row("reservation_by_id", id=id_of(key))
    return read(row) if row else None


def of_voucher(tx: Tx, voucher_id: str) -> list[Reservation]:
    """All reservations of a voucher, the oldest first."""
    return [read(row) for row in tx.rows("reservations_of_voucher", voucher_id=voucher_id)]


def open_on(tx: Tx, voucher_id: str, *, but: str = "") -> list[Reservation]:
    """What holds a voucher, overdue ones too, without the one of the key `but`."""
    found = [read(row) for row in tx.rows("reservations_open", voucher_id=voucher_id)]
    return [reservation for reservation in found if reservation.key != but]


def held(tx: Tx, voucher_id: str, *, but: str = "", now: datetime | None = None) -> Decimal:
    """How much of a voucher is held, without the hold of the key `but`; with `now`, without overdue ones."""
    found = open_on(tx, voucher_id, but=but)
    return total(each.amount for each in found if now is None or not each.is_overdue(now))


def overdue(tx: Tx, now: datetime, last_id: str, limit: int) -> list[Reservation]:
    """What has been held too long, by id."""
    return [read(row) for row in tx.rows("reservations_overdue", now=iso(now), last_id=last_id, limit=limit)]


def page(
    tx: Tx, state: Hold | None = None, kind: Kind | None = None, last_id: str = "", limit: int = 500
) -> list[Reservation]:
    """Reservations with ids above `last_id`, of one state and kind or of all."""
    wanted = None if state is None else str(state)
    rows = tx.rows("reservations_page", state=wanted, kind=kind, last_id=last_id, limit=limit)
    return [read(row) for row in rows]


def undone(tx: Tx, last_id: str = "", limit: int = 500) -> list[Reservation]:
    """Takes with ids above `last_id` whose closed ticket was reopened or deleted since."""
    return [read(row) for row in tx.rows("reservations_undone", last_id=last_id, limit=limit)]


def steps(tx: Tx, key: str) -> Sequence[ReservationStep]:
    """The life of a reservation so far."""
    rows = tx.rows("reservation_steps", reservation_id=id_of(key))
    return [
        ReservationStep(
            state=row["state"],
            at=parse(row["at"]),
            who=row["who"],
            why=row["why"],
            invoice_id=row["invoice_id"],
        )
        for row in rows
    ]


def read(row: Mapping[str, Any]) -> Reservation:
    """The reservation of a row, which must have the currency of its voucher."""
    return Reservation(
        key=row["request_key"],
        kind=row["kind"],
        state=Hold(row["state"]),
        voucher_id=row["voucher_id"],
        amount=from_minor(row["amount_minor"], row["currency"]),
        currency=row["currency"],
        input_hash=row["input_hash"],
        made_at=parse(row["made_at"]),
        until=parse(row["held_until"]) if row["held_until"] else None,
        who=row["who"],
        invoice_id=row["invoice_id"],
        version=row["version"],
    )
