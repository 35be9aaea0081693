"""The tables of vouchers, of their terms and of the steps of their lives."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.core.money import from_minor, to_minor
from dolibarr_loyalty.core.sale import total
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind
from dolibarr_loyalty.core.vouchers import TRANSITIONS, Voucher, VoucherState
from dolibarr_loyalty.errors import Conflict
from dolibarr_loyalty.store import voucher_moves
from dolibarr_loyalty.store.database import Tx


@dataclass(frozen=True, kw_only=True)
class VoucherStep:
    """One step of a voucher's life: what, when, by whom."""

    seq: int
    step: str
    at: datetime
    who: str
    note: str


def insert(
    tx: Tx,
    voucher: Voucher,
    *,
    code_hash: str,
    program_hash: str,
    request_key: str,
    who: str,
    day: date,
    kind: MoveKind = MoveKind.ISSUED,
) -> None:
    """Store a new voucher, its terms, its first step, and what it is worth as its first move on `day`."""
    tx.run(
        "insert_voucher",
        id=voucher.id,
        thirdparty_id=voucher.thirdparty_id,
        reward_id=voucher.reward_id,
        kind=voucher.kind,
        state=str(voucher.state),
        points=voucher.points,
        value_minor=to_minor(voucher.value, voucher.currency),
        remaining_minor=to_minor(voucher.remaining, voucher.currency),
        currency=voucher.currency,
        rate=str(voucher.rate),
        limit_minor=None if voucher.limit is None else to_minor(voucher.limit, voucher.currency),
        product=voucher.product,
        code_hash=code_hash,
        last_four=voucher.last_four,
        issued_at=iso(voucher.issued_at),
        valid_until=voucher.valid_until.isoformat() if voucher.valid_until else None,
        program_hash=program_hash,
        request_key=request_key,
    )
    tx.run(
        "insert_voucher_terms",
        voucher_id=voucher.id,
        accounting=voucher.accounting,
        source=voucher.source,
        several=int(voucher.several),
        bearer=int(voucher.bearer),
        valid_from=voucher.valid_from.isoformat() if voucher.valid_from else None,
        minimum_minor=None if voucher.minimum is None else to_minor(voucher.minimum, voucher.currency),
        excluded=json.dumps(voucher.excluded),
        sale_id=voucher.sale_id,
        sale_key=voucher.sale_key or None,
        replaces=voucher.replaces or None,
    )
    note_step(tx, voucher.id, str(voucher.state), at=voucher.issued_at, who=who)
    if voucher.remaining:
        issued = Move(
            kind=kind,
            amount=voucher.remaining,
            day=day,
            at=voucher.issued_at,
            who=who,
            key=f"{kind}:{voucher.id}",
        )
        voucher_moves.book(tx, voucher, [issued])


def change(
    tx: Tx,
    voucher: Voucher,
    *,
    step: str,
    at: datetime,
    who: str,
    note: str = "",
    booked: Sequence[Move] = (),
    **changes: Any,
) -> Voucher:
    """Move a voucher on, record the step and book its moves; Conflict when another writer was faster.

    Raises ValueError for a transition that does not exist, and where the moves do not come to what `remaining`
    changes by: no cent of a voucher comes or goes without a move.
    """
    after = replace(voucher, **changes)
    if after.remaining - voucher.remaining != total(move.amount for move in booked):
        raise ValueError(
            f"voucher {voucher.id} goes from {voucher.remaining} to {after.remaining} by moves of "
            f"{[str(move.amount) for move in booked]}"
        )
    if after.state is not voucher.state and after.state not in TRANSITIONS[voucher.state]:
        raise ValueError(f"a voucher cannot go from {voucher.state} to {after.state}")
    found = tx.run(
        "update_voucher",
        id=voucher.id,
        state=str(after.state),
        value_minor=to_minor(after.value, after.currency),
        remaining_minor=to_minor(after.remaining, after.currency),
        credit_note_id=after.credit_note_id,
        credit_note_ref=after.credit_note_ref,
        invoice_id=after.invoice_id,
        thirdparty_id=after.thirdparty_id,
        old_version=voucher.version,
    )
    if not found:
        raise Conflict(f"voucher {voucher.id} was changed by another writer")
    note_step(tx, voucher.id, step, at=at, who=who, note=note)
    voucher_moves.book(tx, voucher, booked)
    return replace(after, version=voucher.version + 1)


def note_step(tx: Tx, voucher_id: str, step: str, *, at: datetime, who: str, note: str = "") -> None:
    """Write down a step of a voucher's life."""
    seq = tx.value("last_voucher_step", voucher_id=voucher_id) + 1
    values = {"step": step, "at": iso(at), "who": who[:64], "note": note[:2000]}
    tx.run("insert_voucher_step", voucher_id=voucher_id, seq=seq, **values)


def by_id(tx: Tx, voucher_id: str) -> Voucher | None:
    return _maybe(tx.row("voucher_by_id", id=voucher_id))


def by_code(tx: Tx, code_hash: str) -> Voucher | None:
    return _maybe(tx.row("voucher_by_code", code_hash=code_hash))


def by_request(tx: Tx, request_key: str) -> Voucher | None:
    return _maybe(tx.row("voucher_by_request", request_key=request_key))


def by_sale_key(tx: Tx, sale_key: str) -> Voucher | None:
    """The gift card of a sold unit."""
    return _maybe(tx.row("voucher_by_sale_key", sale_key=sale_key))


def of_sale(tx: Tx, sale_id: int) -> list[Voucher]:
    """The gift cards that a document sold."""
    return [read(row) for row in tx.rows("vouchers_of_sale", sale_id=sale_id)]


def replacement_of(tx: Tx, voucher_id: str) -> Voucher | None:
    """The voucher that was given for a lost one."""
    return _maybe(tx.row("voucher_replacing", replaces=voucher_id))


def root_of(tx: Tx, voucher: Voucher) -> Voucher:
    """The voucher that a chain of replacements began with, which holds the points; itself if it replaces none."""
    while voucher.replaces and (before := by_id(tx, voucher.replaces)) is not None:
        voucher = before
    return voucher


def of_member(tx: Tx, thirdparty_id: int) -> list[Voucher]:
    """A member's vouchers, the newest first."""
    return [read(row) for row in tx.rows("vouchers_of_member", thirdparty_id=thirdparty_id)]


def by_note_refs(tx: Tx, refs: Iterable[str]) -> dict[str, Voucher]:
    """Vouchers by the numbers of their credit notes and deposits."""
    rows = tx.rows("vouchers_by_note_refs", refs=sorted(set(refs)))
    return {row["note_ref"]: read(row) for row in rows}


def page(tx: Tx, state: str | None, last_id: str, limit: int) -> list[Voucher]:
    """Vouchers with ids above `last_id`, of one state or of all."""
    return [read(row) for row in tx.rows("vouchers_page", state=state, last_id=last_id, limit=limit)]


def cards_page(tx: Tx, state: str | None, last_id: str, limit: int) -> list[Voucher]:
    """Sold gift cards with ids above `last_id`, of one state or of all."""
    return [read(row) for row in tx.rows("voucher_cards_page", state=state, last_id=last_id, limit=limit)]


def ended(tx: Tx, today: date) -> list[Voucher]:
    """Usable vouchers whose last day is over."""
    return [read(row) for row in tx.rows("vouchers_ended", today=today.isoformat())]


def ending(tx: Tx, from_day: date, until_day: date) -> list[Voucher]:
    """Usable vouchers whose last day falls into a span, both days included."""
    rows = tx.rows("vouchers_ending", from_day=from_day.isoformat(), until_day=until_day.isoformat())
    return [read(row) for row in rows]


def steps(tx: Tx, voucher_id: str) -> list[VoucherStep]:
    """The life of a voucher so far."""
    return [
        VoucherStep(seq=row["seq"], step=row["step"], at=parse(row["at"]), who=row["who"], note=row["note"])
        for row in tx.rows("voucher_steps", voucher_id=voucher_id)
    ]


def _maybe(row: Mapping[str, Any] | None) -> Voucher | None:
    return read(row) if row else None


def read(row: Mapping[str, Any]) -> Voucher:
    """The voucher of a row."""
    currency = row["currency"]
    limit = row["limit_minor"]
    return Voucher(
        id=row["id"],
        thirdparty_id=row["thirdparty_id"],
        reward_id=row["reward_id"],
        kind=row["kind"],
        state=VoucherState(row["state"]),
        points=row["points"],
        value=from_minor(row["value_minor"], currency),
        remaining=from_minor(row["remaining_minor"], currency),
        currency=currency,
        issued_at=parse(row["issued_at"]),
        valid_until=date.fromisoformat(row["valid_until"]) if row["valid_until"] else None,
        last_four=row["last_four"],
        rate=Decimal(row["rate"]),
        limit=None if limit is None else from_minor(limit, currency),
        product=row["product"],
        credit_note_id=row["credit_note_id"],
        credit_note_ref=row["credit_note_ref"],
        invoice_id=row["invoice_id"],
        version=row["version"],
        **_terms(row),
    )


def _terms(row: Mapping[str, Any]) -> dict[str, Any]:
    """The terms of a voucher; one of before there were any has the usual ones."""
    if row["accounting"] is None:
        return {}
    minimum = row["minimum_minor"]
    return {
        "accounting": row["accounting"],
        "source": row["source"],
        "several": bool(row["several"]),
        "bearer": bool(row["bearer"]),
        "valid_from": date.fromisoformat(row["valid_from"]) if row["valid_from"] else None,
        "minimum": None if minimum is None else from_minor(minimum, row["currency"]),
        "excluded": tuple(json.loads(row["excluded"])),
        "sale_id": row["sale_id"],
        "sale_key": row["sale_key"] or "",
        "replaces": row["replaces"] or "",
    }
