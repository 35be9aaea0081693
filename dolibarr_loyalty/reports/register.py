"""The voucher register: every voucher on one line, with what became of its money and its documents in Dolibarr."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.liability import VOUCHER_COLUMNS
from dolibarr_loyalty.core.money import from_minor
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.times import after, day_of, iso, parse, start_of
from dolibarr_loyalty.core.vouchers import masked
from dolibarr_loyalty.store.database import Database, Tx

PAGE = 500


@dataclass(frozen=True, kw_only=True)
class Line:
    """One voucher. `moved` has every kind of move, signed; they sum to `left`. Amounts in the major unit."""

    id: str
    code: str
    thirdparty_id: int
    customer: str
    kind: str
    way: str
    source: str
    issued_on: date
    valid_until: date | None
    state: str
    currency: str
    moved: dict[str, Decimal]
    documents: tuple[str, ...]

    @property
    def value(self) -> Decimal:
        """What it was issued for, or came over from the voucher it replaces."""
        return self.moved["issued"] + self.moved["replacement"]

    @property
    def left(self) -> Decimal:
        return sum(self.moved.values(), Decimal(0))


@dataclass(frozen=True, kw_only=True)
class Total:
    """The sums of a way in a currency."""

    way: str
    currency: str
    count: int
    moved: dict[str, Decimal]

    @property
    def left(self) -> Decimal:
        return sum(self.moved.values(), Decimal(0))


def register(
    database: Database,
    program: Program,
    *,
    first: date | None = None,
    last: date | None = None,
    state: str | None = None,
    kind: str | None = None,
) -> Iterator[Line]:
    """The vouchers issued from one day to another (both included), in the order they were made."""
    zone, last_id = ZoneInfo(program.zone), ""
    with database.reading() as tx:
        while rows := tx.rows(
            "voucher_register_page",
            from_at=iso(start_of(first, zone)) if first else None,
            until_at=iso(after(last, zone)) if last else None,
            state=state,
            kind=kind,
            last_id=last_id,
            limit=PAGE,
        ):
            yield from _lines(tx, rows, zone)
            last_id = rows[-1]["id"]


def totals(lines: Iterable[Line]) -> list[Total]:
    """The sums of each way and currency, never of two of them together."""
    found: dict[tuple[str, str], Total] = {}
    for line in lines:
        key = line.way, line.currency
        known = found.get(key)
        before = known.moved if known else dict.fromkeys(VOUCHER_COLUMNS, Decimal(0))
        found[key] = Total(
            way=line.way,
            currency=line.currency,
            count=(known.count if known else 0) + 1,
            moved={column: amount + line.moved[column] for column, amount in before.items()},
        )
    return [found[key] for key in sorted(found)]


def _lines(tx: Tx, rows: Any, zone: ZoneInfo) -> Iterator[Line]:
    ids = [row["id"] for row in rows]
    moved: dict[str, dict[str, int]] = {}
    for row in tx.rows("voucher_register_moves", voucher_ids=ids):
        moved.setdefault(row["voucher_id"], {})[row["kind"]] = int(row["amount_minor"])
    documents: dict[str, list[str]] = {}
    for row in tx.rows("voucher_register_documents", voucher_ids=ids):
        documents.setdefault(row["voucher_id"], []).append(row["note_ref"])
    for row in rows:
        sums = moved.get(row["id"], {})
        yield Line(
            id=row["id"],
            code=masked(row["last_four"]),
            thirdparty_id=row["thirdparty_id"],
            customer=row["member_name"] or "",
            kind=row["kind"],
            way=row["accounting"] or "payment",
            source=row["source"] or "reward",
            issued_on=day_of(parse(row["issued_at"]), zone),
            valid_until=date.fromisoformat(row["valid_until"]) if row["valid_until"] else None,
            state=row["state"],
            currency=row["currency"],
            moved={column: from_minor(sums.get(column, 0), row["currency"]) for column in VOUCHER_COLUMNS},
            documents=tuple(dict.fromkeys(documents.get(row["id"], []))),
        )
