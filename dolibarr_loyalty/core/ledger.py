"""Accounts, lots and entries: every movement of points, appended, allocated to lots and chained by hashes.

The one invariant: balance = sum of entries = what remains in the lots - debt.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from dolibarr_loyalty.core.reasons import Reason, because
from dolibarr_loyalty.core.times import iso

GENESIS = "0" * 64


class EntryKind(StrEnum):
    """What an entry does. EXPIRY and FORFEITURE are negative, or positive where one is undone by a refund.

    REVERSAL is negative when a document takes points back and positive when a redemption is undone.
    """

    ACCRUAL = "accrual"
    REDEMPTION = "redemption"
    EXPIRY = "expiry"
    FORFEITURE = "forfeiture"
    REVERSAL = "reversal"
    ADJUSTMENT = "adjustment"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Cause:
    """The document or act behind an entry: ('invoice', '123'), ('voucher', id), ('lot', id), ('person', name)."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lot:
    """Points that came in together: spendable while available_at <= now < expires_at.

    `remaining` is what is left, `lapsed` what expired or was forfeited out of it; `cause` is the purchase
    that earned them, kept when a lot is transferred or reinstated, so that its refund finds it.
    """

    id: str
    account_id: str
    cause: Cause
    points: int
    remaining: int
    opened_at: datetime
    available_at: datetime
    expires_at: datetime | None
    lapsed: int = 0

    def is_available(self, now: datetime) -> bool:
        return self.available_at <= now and not self.is_over(now)

    def is_over(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    @property
    def order(self) -> tuple[bool, str, str, int, str]:
        """Debits take from the lot that expires first, of those the oldest; lots without end come last."""
        ends = iso(self.expires_at) if self.expires_at else ""
        # ids end in a running number, so by length first: '7:points:10' comes after '7:points:9'
        return (self.expires_at is None, ends, iso(self.opened_at), len(self.id), self.id)


@dataclass(frozen=True, slots=True)
class Allocation:
    """So many points of an entry came out of (negative) or went back into (positive) a lot."""

    lot_id: str
    points: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One immutable line of an account; `hash` chains it to the entry before."""

    id: str
    account_id: str
    seq: int
    kind: EntryKind
    points: int
    balance_after: int
    debt_after: int
    occurred_at: datetime
    booked_at: datetime
    cause: Cause
    key: str
    input_hash: str
    reasons: str
    reverses_id: str | None
    opens: Lot | None
    allocations: tuple[Allocation, ...]
    previous_hash: str
    hash: str = ""

    def fingerprint(self) -> str:
        """The hash over everything the entry says and the hash before it."""
        lot = self.opens
        content = [
            self.previous_hash,
            self.account_id,
            self.seq,
            str(self.kind),
            self.points,
            self.balance_after,
            self.debt_after,
            iso(self.occurred_at),
            iso(self.booked_at),
            str(self.cause),
            self.key,
            self.input_hash,
            self.reasons,
            self.reverses_id,
            lot
            and [lot.points, str(lot.cause), iso(lot.available_at), lot.expires_at and iso(lot.expires_at)],
            sorted((a.lot_id, a.points) for a in self.allocations),
        ]
        return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """One member's points of one unit, as last read: its head and its lots that are not empty."""

    thirdparty_id: int
    unit: str = "points"
    seq: int = 0
    balance: int = 0
    debt: int = 0
    head: str = GENESIS
    lots: tuple[Lot, ...] = ()

    @property
    def id(self) -> str:
        return account_id(self.thirdparty_id, self.unit)

    def available(self, now: datetime) -> int:
        """What may be spent now; nothing while there is debt."""
        return 0 if self.debt else sum(lot.remaining for lot in self.lots if lot.is_available(now))

    def pending(self, now: datetime) -> int:
        """What is earned and still in its holding period."""
        return sum(lot.remaining for lot in self.lots if now < lot.available_at and not lot.is_over(now))


def account_id(thirdparty_id: int, unit: str = "points") -> str:
    """The id of a member's account: '42:points'."""
    return f"{thirdparty_id}:{unit}"


def account_parts(account: str) -> tuple[int, str]:
    """The member and the unit of an account's id: '42:stamps:coffee' is (42, 'stamps:coffee')."""
    member, _, unit = account.partition(":")
    return int(member), unit


def hash_input(*parts: object) -> str:
    """The hash of what an entry was decided from; same key with another hash is an error to look at."""
    return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()


def encode_reasons(reasons: Iterable[Reason]) -> str:
    """Reasons as the JSON text that is stored and hashed."""
    return json.dumps([reason.as_json() for reason in reasons], ensure_ascii=False, separators=(",", ":"))


class Booking:
    """Entries decided on top of an account that was read; nothing is written until a flow stores them.

    >>> booking = Booking(Account(thirdparty_id=7), now)
    >>> booking.accrue(10, cause=Cause("invoice", "1"), key="invoice:1:1", occurred_at=now)
    >>> booking.balance
    10
    """

    def __init__(self, account: Account, now: datetime) -> None:
        self.account = account
        self.now = now
        self.balance = account.balance
        self.debt = account.debt
        self.entries: list[Entry] = []
        self._seq = account.seq
        self._head = account.head
        self._lots = {lot.id: lot for lot in account.lots}
        self._touched: set[str] = set()

    # results ---------------------------------------------------------------------------------------

    @property
    def result(self) -> Account:
        """The account as it stands after the entries decided so far."""
        return replace(
            self.account,
            seq=self._seq,
            balance=self.balance,
            debt=self.debt,
            head=self._head,
            lots=tuple(self._lots.values()),
        )

    @property
    def changed_lots(self) -> tuple[Lot, ...]:
        """Lots that existed before and hold something else now."""
        opened = {entry.opens.id for entry in self.entries if entry.opens}
        return tuple(self._lots[lot_id] for lot_id in sorted(self._touched - opened))

    @property
    def opened_lots(self) -> tuple[Lot, ...]:
        """New lots as they stand after the whole booking."""
        return tuple(self._lots[entry.opens.id] for entry in self.entries if entry.opens)

    # movements -------------------------------------------------------------------------------------

    def accrue(
        self,
        points: int,
        *,
        cause: Cause,
        key: str,
        occurred_at: datetime,
        available_at: datetime | None = None,
        expires_at: datetime | None = None,
        reasons: Sequence[Reason] = (),
        input_hash: str = "",
        kind: EntryKind = EntryKind.ACCRUAL,
        lot_cause: Cause | None = None,
        reverses_id: str | None = None,
        pays_debt: bool = True,
    ) -> Lot:
        """Open a lot; debt is paid out of it first. Gives the lot as it stands after that."""
        if points <= 0:
            raise ValueError(f"an accrual needs points above zero, not {points}")
        paid = min(self.debt, points) if pays_debt else 0
        lot = Lot(
            id=f"{self.account.id}:{self._seq + 1}",
            account_id=self.account.id,
            cause=lot_cause or cause,
            points=points,
            remaining=points - paid,
            opened_at=occurred_at,
            available_at=available_at or occurred_at,
            expires_at=expires_at,
        )
        self._lots[lot.id] = lot
        self.debt -= paid
        self._append(
            kind,
            points,
            cause=cause,
            key=key,
            occurred_at=occurred_at,
            reasons=[*reasons, *([because("debt_paid", points=paid)] if paid else [])],
            input_hash=input_hash,
            opens=lot,
            allocations=[Allocation(lot.id, -paid)] if paid else [],
            reverses_id=reverses_id,
        )
        return lot

    def take_back(
        self,
        points: int,
        *,
        cause: Cause,
        key: str,
        reasons: Sequence[Reason] = (),
        input_hash: str = "",
        debt_limit: int | None = None,
        occurred_at: datetime | None = None,
    ) -> int:
        """Take back what a document had earned: out of its own lots first, then out of the others.

        Points of the same purchase that have lapsed since come back first, as if they had never been
        earned, so a late refund does not take them twice. What is missing becomes debt, up to `debt_limit`
        (None: without limit); the rest is waived in an entry of its own. Gives the shortage. `occurred_at` is
        when the goods came back, where that is known and matters; else now.
        """
        if points <= 0:
            raise ValueError(f"only points above zero can be taken back, not {points}")
        self._restore_lapsed(points, cause, key)
        allocations, missing = self._take(points, self._own_first(cause))
        self.debt += missing
        made = [because("debt_made", points=missing)] if missing else []
        self._append(
            EntryKind.REVERSAL,
            -points,
            cause=cause,
            key=key,
            occurred_at=occurred_at or self.now,
            reasons=[*reasons, *made],
            input_hash=input_hash,
            allocations=allocations,
        )
        self._waive(missing, cause, key, debt_limit)
        return missing

    def redeem(
        self,
        points: int,
        *,
        cause: Cause,
        key: str,
        reasons: Sequence[Reason] = (),
        input_hash: str = "",
    ) -> Entry:
        """Spend available points, the lot that expires first going first.

        Raises ValueError when fewer are available: the flow asks `Account.available` before.
        """
        usable = [lot for lot in self._open_lots() if lot.is_available(self.now)]
        if self.debt or sum(lot.remaining for lot in usable) < points or points <= 0:
            raise ValueError(f"{points} points cannot be spent from account {self.account.id}")
        allocations, _ = self._take(points, usable)
        return self._append(
            EntryKind.REDEMPTION,
            -points,
            cause=cause,
            key=key,
            occurred_at=self.now,
            reasons=reasons,
            input_hash=input_hash,
            allocations=allocations,
        )

    def give_back(
        self,
        taken: Sequence[tuple[Lot, int]],
        *,
        cause: Cause,
        key: str,
        reverses_id: str | None,
        grace_until: datetime | None,
        reasons: Sequence[Reason] = (),
        input_hash: str = "",
    ) -> None:
        """Undo a redemption: the points return to their own lots with their own expiry, after paying debt.

        A lot that is over by now is reinstated to `grace_until` in a new lot of the same purchase (None: the
        points return to it and expire at the next run); so is one that was moved to another account.
        """
        home: list[tuple[Lot, int]] = []
        elsewhere: list[tuple[Lot, int]] = []
        for lot, points in taken:
            over = lot.is_over(self.now) and grace_until is not None
            (elsewhere if over or lot.id not in self._lots else home).append((lot, points))
        if home:
            self._return_home(home, cause, key, reverses_id, reasons, input_hash)
        for lot, points in elsewhere:
            until = grace_until if lot.is_over(self.now) else lot.expires_at
            self.accrue(
                points,
                cause=cause,
                key=f"{key}:{lot.id}",
                occurred_at=self.now,
                available_at=min(lot.available_at, self.now) if until else lot.available_at,
                expires_at=until,
                reasons=[*reasons, because("reinstated", points=points, until=iso(until) if until else "")],
                input_hash=input_hash,
                kind=EntryKind.REVERSAL,
                lot_cause=lot.cause,
                reverses_id=reverses_id,
            )

    def lapse(
        self,
        lot_id: str,
        *,
        key: str,
        occurred_at: datetime,
        points: int | None = None,
        kind: EntryKind = EntryKind.EXPIRY,
        cause: Cause | None = None,
        reasons: Sequence[Reason] = (),
    ) -> None:
        """Expire or forfeit what remains in a lot, or so many points of it; nothing when it is empty."""
        lot = self._lots.get(lot_id)
        points = min(lot.remaining, points if points is not None else lot.remaining) if lot else 0
        if lot is None or points <= 0:
            return
        self._put(replace(lot, remaining=lot.remaining - points, lapsed=lot.lapsed + points))
        self._append(
            kind,
            -points,
            cause=cause or Cause("lot", lot_id),
            key=key,
            occurred_at=occurred_at,
            reasons=reasons,
            allocations=[Allocation(lot_id, -points)],
        )

    def deduct(
        self, points: int, *, cause: Cause, key: str, reasons: Sequence[Reason] = (), input_hash: str = ""
    ) -> None:
        """Take points off by hand: available ones, then pending ones, then as debt."""
        if points <= 0:
            raise ValueError(f"only points above zero can be deducted, not {points}")
        allocations, missing = self._take(points, self._own_first(cause))
        self.debt += missing
        self._append(
            EntryKind.ADJUSTMENT,
            -points,
            cause=cause,
            key=key,
            occurred_at=self.now,
            reasons=reasons,
            input_hash=input_hash,
            allocations=allocations,
        )

    def waive(self, limit: int, *, cause: Cause, key: str) -> None:
        """Waive what is owed above a limit, in an entry of its own; nothing where no more is owed."""
        self._waive(self.debt, cause, key, limit)

    def transfer_to(self, other: "Booking", *, key: str, reasons: Sequence[Reason] = ()) -> None:
        """Move every open lot, with its own terms and purchase, and the debt, to another member's account.

        What has lapsed of a lot moves too, as a lot of its own that lapses again at once, so that a refund
        of the purchase finds it there.
        """
        for lot in self._open_lots():
            self._put(replace(lot, remaining=0))
            self._move(lot, lot.remaining, other, f"{key}:{lot.id}", reasons)
        for lot in sorted((lot for lot in self._lots.values() if lot.lapsed), key=lambda lot: lot.order):
            self._move_lapsed(lot, other, f"{key}:{lot.id}:lapsed", reasons)
        if self.debt:
            self._transfer_debt(other, key, reasons)

    def give_to(
        self,
        other: "Booking",
        points: int,
        *,
        key: str,
        reasons: Sequence[Reason] = (),
        input_hash: str = "",
    ) -> None:
        """Give available points to another member's account, those that end first going first.

        They keep their own end and the purchase they came from. The entries have the keys '<key>:1:out',
        '<key>:1:in', '<key>:2:out' and so on, a pair for each lot. Raises ValueError when fewer are available.
        """
        usable = [lot for lot in self._open_lots() if lot.is_available(self.now)]
        if self.debt or sum(lot.remaining for lot in usable) < points or points <= 0:
            raise ValueError(f"{points} points cannot be given away from account {self.account.id}")
        number = 0
        for lot in usable:
            given = min(points, lot.remaining)
            if given:
                number, points = number + 1, points - given
                self._put(replace(lot, remaining=lot.remaining - given))
                self._move(lot, given, other, f"{key}:{number}", reasons, input_hash=input_hash)

    def hand_over(
        self, other: "Booking", lot_ids: Iterable[str], *, key: str, reasons: Sequence[Reason] = ()
    ) -> int:
        """Move what is left in these lots, with its own terms and purchase, to another member's account."""
        moved = 0
        wanted = set(lot_ids)
        for lot in [lot for lot in self._open_lots() if lot.id in wanted]:
            self._put(replace(lot, remaining=0))
            self._move(lot, lot.remaining, other, f"{key}:{lot.id}", reasons)
            moved += lot.remaining
        return moved

    # inside ----------------------------------------------------------------------------------------

    def _move(
        self,
        lot: Lot,
        points: int,
        other: "Booking",
        key: str,
        reasons: Sequence[Reason],
        *,
        pays_debt: bool = True,
        input_hash: str = "",
    ) -> Lot:
        """Book so many points of a lot out of this account and as a lot of the same terms into another."""
        self._append(
            EntryKind.TRANSFER,
            -points,
            cause=Cause("member", str(other.account.thirdparty_id)),
            key=f"{key}:out",
            occurred_at=self.now,
            reasons=reasons,
            input_hash=input_hash,
            allocations=[Allocation(lot.id, -points)],
        )
        return other.accrue(
            points,
            cause=Cause("member", str(self.account.thirdparty_id)),
            key=f"{key}:in",
            occurred_at=self.now,
            available_at=lot.available_at,
            expires_at=lot.expires_at,
            reasons=reasons,
            input_hash=input_hash,
            kind=EntryKind.TRANSFER,
            lot_cause=lot.cause,
            pays_debt=pays_debt,
        )

    def _move_lapsed(self, lot: Lot, other: "Booking", key: str, reasons: Sequence[Reason]) -> None:
        kind, points = EntryKind.EXPIRY if lot.is_over(self.now) else EntryKind.FORFEITURE, lot.lapsed
        self._put(replace(lot, lapsed=0))
        self._append(
            kind,
            points,
            cause=Cause("lot", lot.id),
            key=f"{key}:undone",
            occurred_at=self.now,
            reasons=reasons,
            allocations=[Allocation(lot.id, points)],
        )
        moved = self._move(lot, points, other, key, reasons, pays_debt=False)
        other.lapse(moved.id, key=f"{key}:again", occurred_at=self.now, kind=kind, reasons=reasons)

    def _transfer_debt(self, other: "Booking", key: str, reasons: Sequence[Reason]) -> None:
        debt, self.debt = self.debt, 0
        self._append(
            EntryKind.TRANSFER,
            debt,
            cause=Cause("member", str(other.account.thirdparty_id)),
            key=f"{key}:debt:out",
            occurred_at=self.now,
            reasons=reasons,
        )
        allocations, missing = other._take(debt, other._own_first(Cause("member", "")))
        other.debt += missing
        other._append(
            EntryKind.TRANSFER,
            -debt,
            cause=Cause("member", str(self.account.thirdparty_id)),
            key=f"{key}:debt:in",
            occurred_at=self.now,
            reasons=reasons,
            allocations=allocations,
        )

    def _return_home(
        self,
        home: Sequence[tuple[Lot, int]],
        cause: Cause,
        key: str,
        reverses_id: str | None,
        reasons: Sequence[Reason],
        input_hash: str,
    ) -> None:
        total = sum(points for _, points in home)
        to_pay = paid = min(self.debt, total)
        allocations = []
        for lot, points in home:
            kept = points - min(points, to_pay)
            to_pay -= points - kept
            current = self._lots[lot.id]
            self._put(replace(current, remaining=current.remaining + kept))
            if kept:
                allocations.append(Allocation(lot.id, kept))
        self.debt -= paid
        self._append(
            EntryKind.REVERSAL,
            total,
            cause=cause,
            key=key,
            occurred_at=self.now,
            reasons=[*reasons, *([because("debt_paid", points=paid)] if paid else [])],
            input_hash=input_hash,
            allocations=allocations,
            reverses_id=reverses_id,
        )

    def _restore_lapsed(self, points: int, cause: Cause, key: str) -> None:
        """Bring back lapsed points of the same purchase, as many as are about to be taken."""
        wanted, number = points, 0
        for lot in [lot for lot in self._lots.values() if lot.cause == cause and lot.lapsed]:
            restored = min(wanted, lot.lapsed)
            if not restored:
                break
            wanted, number = wanted - restored, number + 1
            self._put(replace(lot, remaining=lot.remaining + restored, lapsed=lot.lapsed - restored))
            self._append(
                EntryKind.EXPIRY if lot.is_over(self.now) else EntryKind.FORFEITURE,
                restored,
                cause=cause,
                key=f"{key}:lapsed:{number}",
                occurred_at=self.now,
                reasons=[because("expiry_undone", points=restored)],
                allocations=[Allocation(lot.id, restored)],
            )

    def _waive(self, missing: int, cause: Cause, key: str, debt_limit: int | None) -> None:
        waived = 0 if debt_limit is None else min(missing, max(0, self.debt - debt_limit))
        if waived:
            self.debt -= waived
            self._append(
                EntryKind.ADJUSTMENT,
                waived,
                cause=cause,
                key=f"{key}:goodwill",
                occurred_at=self.now,
                reasons=[because("goodwill", points=waived)],
            )

    def _open_lots(self) -> list[Lot]:
        return sorted((lot for lot in self._lots.values() if lot.remaining > 0), key=lambda lot: lot.order)

    def _own_first(self, cause: Cause) -> list[Lot]:
        """Open lots: of the purchase itself, then the available ones, then those still held.

        Of its own those that are over come first, so that what has lapsed is what goes. Those of other
        purchases that are over are left to expire: what they hold pays nothing any more, whether or not
        the daily run has come by since.
        """
        return sorted(
            (lot for lot in self._open_lots() if lot.cause == cause or not lot.is_over(self.now)),
            key=lambda lot: (
                lot.cause != cause,
                lot.cause != cause and not lot.is_available(self.now),
                lot.order,
            ),
        )

    def _take(self, points: int, lots: Sequence[Lot]) -> tuple[list[Allocation], int]:
        """Take points out of the lots in this order; gives the allocations and what is missing."""
        allocations = []
        for lot in lots:
            taken = min(points, lot.remaining)
            if taken:
                self._put(replace(lot, remaining=lot.remaining - taken))
                allocations.append(Allocation(lot.id, -taken))
                points -= taken
        return allocations, points

    def _put(self, lot: Lot) -> None:
        self._lots[lot.id] = lot
        self._touched.add(lot.id)

    def _append(
        self,
        kind: EntryKind,
        points: int,
        *,
        cause: Cause,
        key: str,
        occurred_at: datetime,
        reasons: Iterable[Reason] = (),
        input_hash: str = "",
        opens: Lot | None = None,
        allocations: Sequence[Allocation] = (),
        reverses_id: str | None = None,
    ) -> Entry:
        self.balance += points
        self._seq += 1
        entry = Entry(
            id=f"{self.account.id}:{self._seq}",
            account_id=self.account.id,
            seq=self._seq,
            kind=kind,
            points=points,
            balance_after=self.balance,
            debt_after=self.debt,
            occurred_at=occurred_at,
            booked_at=self.now,
            cause=cause,
            key=key,
            input_hash=input_hash,
            reasons=encode_reasons(reasons),
            reverses_id=reverses_id,
            opens=opens,
            allocations=tuple(allocations),
            previous_hash=self._head,
        )
        entry = replace(entry, hash=entry.fingerprint())
        self._head = entry.hash
        self.entries.append(entry)
        return entry
