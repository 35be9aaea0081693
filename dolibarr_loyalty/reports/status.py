"""How the program stands: points issued, redeemed, expired, outstanding; vouchers; work waiting."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.core.ledger import EntryKind
from dolibarr_loyalty.core.money import from_minor
from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.core.times import iso
from dolibarr_loyalty.store.database import Database, Tx


@dataclass(frozen=True, kw_only=True)
class VoucherSum:
    """The vouchers of one state and currency: how many, issued for how much, how much of it is left."""

    state: str
    count: int
    value: Decimal
    remaining: Decimal
    currency: str


@dataclass(frozen=True, kw_only=True)
class Status:
    """Points as whole numbers; issued - reversed - redeemed - expired + adjusted = outstanding - debt.

    `issued` is net of points forfeited at a limit; `redeemed` net of vouchers whose points came back.
    `outstanding` is what members hold (pending included), `debt` what they owe; `alarms` are open.
    """

    members: int
    issued: int
    redeemed: int
    expired: int
    reversed: int
    adjusted: int
    outstanding: int
    pending: int
    debt: int
    entries: int
    documents: int
    vouchers: tuple[VoucherSum, ...]
    outbox: tuple[tuple[str, int], ...]
    inbox: tuple[tuple[str, int], ...]
    alarms: int = 0

    def as_json(self) -> dict[str, Any]:
        """The status for scripts."""
        return {
            "members": self.members,
            "issued": self.issued,
            "redeemed": self.redeemed,
            "expired": self.expired,
            "reversed": self.reversed,
            "adjusted": self.adjusted,
            "outstanding": self.outstanding,
            "pending": self.pending,
            "debt": self.debt,
            "entries": self.entries,
            "documents": self.documents,
            "vouchers": _by_state(self.vouchers),
            "outbox": dict(self.outbox),
            "inbox": dict(self.inbox),
            "alarms": self.alarms,
        }


def status(
    database: Database,
    now: datetime,
    *,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    unit: str = POINTS,
) -> Status:
    """The program's figures now; points issued to expired over a span of booking time, or over all time.

    `unit` names another wallet whose points are counted instead of the redeemable ones.
    """
    with database.reading() as tx:
        sums = _sums(tx, unit, from_at, until_at)
        heads = tx.row("sum_of_accounts", unit=unit)
        assert heads is not None  # noqa: S101
        balance, debt = int(heads["balance"]), int(heads["debt"])
        return Status(
            members=int(tx.value("count_members")),
            issued=sums(EntryKind.ACCRUAL) + sums(EntryKind.FORFEITURE),
            redeemed=-sums(EntryKind.REDEMPTION) - sums(EntryKind.REVERSAL, 1),
            expired=-sums(EntryKind.EXPIRY),
            reversed=-sums(EntryKind.REVERSAL, -1),
            adjusted=sums(EntryKind.ADJUSTMENT) + sums(EntryKind.TRANSFER),
            outstanding=balance + debt,
            pending=int(tx.value("sum_pending", unit=unit, now=iso(now))),
            debt=debt,
            entries=int(tx.value("count_entries")),
            documents=int(tx.value("count_documents")),
            vouchers=tuple(_voucher(row) for row in tx.rows("vouchers_by_state")),
            outbox=tuple((row["status"], int(row["effects"])) for row in tx.rows("outbox_by_status")),
            inbox=tuple((row["status"], int(row["hints"])) for row in tx.rows("inbox_by_status")),
            alarms=int(tx.value("count_open_alarms")),
        )


class _Sums:
    """Points by kind of entry, and by sign where that tells two acts apart."""

    def __init__(self, rows: dict[tuple[str, int], int]) -> None:
        self.rows = rows

    def __call__(self, kind: EntryKind, sign: int | None = None) -> int:
        signs = (1, -1) if sign is None else (sign,)
        return sum(self.rows.get((str(kind), each), 0) for each in signs)


def _sums(tx: Tx, unit: str, from_at: datetime | None, until_at: datetime | None) -> _Sums:
    rows = tx.rows(
        "sums_by_kind",
        unit=unit,
        from_at=iso(from_at) if from_at else None,
        until_at=iso(until_at) if until_at else None,
    )
    return _Sums({(row["kind"], int(row["sign"])): int(row["points"]) for row in rows})


def _voucher(row: Any) -> VoucherSum:
    currency = row["currency"]
    return VoucherSum(
        state=row["state"],
        count=int(row["vouchers"]),
        value=from_minor(int(row["value_minor"]), currency),
        remaining=from_minor(int(row["remaining_minor"]), currency),
        currency=currency,
    )


def _by_state(sums: tuple[VoucherSum, ...]) -> dict[str, dict[str, Any]]:
    """Per state its figures; a state with vouchers of two currencies has a second key with the currency."""
    found: dict[str, dict[str, Any]] = {}
    for each in sums:
        key = each.state if each.state not in found else f"{each.state} {each.currency}"
        found[key] = {
            "count": each.count,
            "value": float(each.value),
            "remaining": float(each.remaining),
            "currency": each.currency,
        }
    return found
