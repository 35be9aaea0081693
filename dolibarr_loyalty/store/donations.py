"""The tables of good causes: what was given, what is paid of it. Gifts are only inserted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.core.money import from_minor, to_minor
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.store.database import Tx


@dataclass(frozen=True, kw_only=True)
class Donation:
    """Points a member gave to a cause; with the signs turned where `reverses_id` takes that gift back."""

    id: str
    thirdparty_id: int
    charity_id: str
    points: int
    amount: Decimal
    match: Decimal
    currency: str
    given_at: datetime
    given_year: int
    request_key: str
    who: str
    note: str = ""
    reverses_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Payout:
    """A sum for a cause: 'open' until its draft stands in Dolibarr, then 'drafted'; or paid 'by_hand'."""

    id: str
    charity_id: str
    thirdparty_id: int | None
    amount: Decimal
    match: Decimal
    currency: str
    until_day: str
    made_at: datetime
    state: str
    who: str
    document_id: int | None = None

    @property
    def total(self) -> Decimal:
        return self.amount + self.match

    @property
    def ref_ext(self) -> str:
        """Its name in Dolibarr."""
        return f"loyalty:payout:{self.id}"


@dataclass(frozen=True, kw_only=True)
class Giving:
    """What was given to one cause in one currency, less what was taken back."""

    charity_id: str
    points: int
    amount: Decimal
    match: Decimal
    currency: str


def insert(tx: Tx, donation: Donation) -> None:
    """Write a gift; Conflict when another writer used its key, or took the same gift back."""
    tx.run(
        "insert_donation",
        id=donation.id,
        thirdparty_id=donation.thirdparty_id,
        charity_id=donation.charity_id,
        points=donation.points,
        amount_minor=to_minor(donation.amount, donation.currency),
        match_minor=to_minor(donation.match, donation.currency),
        currency=donation.currency,
        given_at=iso(donation.given_at),
        given_year=donation.given_year,
        request_key=donation.request_key,
        reverses_id=donation.reverses_id,
        who=donation.who,
        note=donation.note,
    )


def by_id(tx: Tx, donation_id: str) -> Donation | None:
    """A gift by its id."""
    return _maybe(tx.row("donation_by_id", id=donation_id))


def by_request(tx: Tx, request_key: str) -> Donation | None:
    """The gift of an idempotency key."""
    return _maybe(tx.row("donation_by_request", request_key=request_key))


def taken_back(tx: Tx, donation_id: str) -> Donation | None:
    """What took a gift back, or None."""
    return _maybe(tx.row("donation_taken_back", reverses_id=donation_id))


def given_in(tx: Tx, thirdparty_id: int, year: int) -> list[Giving]:
    """What a member gave to each cause in a year; causes from which all was taken back are left out."""
    rows = tx.rows("donations_of_year", thirdparty_id=thirdparty_id, given_year=year)
    return [_giving(row) for row in rows if row["points"]]


def given_by(tx: Tx, thirdparty_id: int) -> list[Giving]:
    """What a member gave to each cause in all."""
    rows = tx.rows("donations_of_member", thirdparty_id=thirdparty_id)
    return [_giving(row) for row in rows if row["points"]]


def page(tx: Tx, last_id: str, limit: int) -> list[Donation]:
    """Gifts with ids above `last_id`, by id."""
    return [_read(row) for row in tx.rows("donations_page", last_id=last_id, limit=limit)]


def unpaid(tx: Tx, charity_id: str, until: datetime) -> list[Donation]:
    """Gifts to a cause before a moment that no payout pays yet."""
    return [_read(row) for row in tx.rows("donations_unpaid", charity_id=charity_id, until_at=iso(until))]


def is_in_a_payout(tx: Tx, donation_id: str) -> bool:
    """Whether a payout pays this gift."""
    return tx.value("donation_payout", donation_id=donation_id) is not None


def insert_payout(tx: Tx, payout: Payout, donations: Iterable[Donation]) -> None:
    """Begin a payout of these gifts; Conflict when another payout pays one of them."""
    tx.run(
        "insert_payout",
        id=payout.id,
        charity_id=payout.charity_id,
        thirdparty_id=payout.thirdparty_id,
        amount_minor=to_minor(payout.amount, payout.currency),
        match_minor=to_minor(payout.match, payout.currency),
        currency=payout.currency,
        until_day=payout.until_day,
        made_at=iso(payout.made_at),
        state=payout.state,
        who=payout.who,
    )
    tx.run_many("insert_payout_item", [{"donation_id": d.id, "payout_id": payout.id} for d in donations])


def finish_payout(tx: Tx, payout_id: str, state: str, document_id: int | None) -> None:
    """An open payout has its draft, or was paid by hand; one that is not open stays as it is."""
    tx.run("finish_payout", id=payout_id, state=state, document_id=document_id)


def open_payout(tx: Tx, charity_id: str) -> Payout | None:
    """The payout of a cause that waits for its draft."""
    row = tx.row("payout_open", charity_id=charity_id)
    return _payout(row) if row else None


def payouts(tx: Tx, last_id: str, limit: int) -> list[Payout]:
    """Payouts with ids above `last_id`, by id."""
    return [_payout(row) for row in tx.rows("payouts_page", last_id=last_id, limit=limit)]


def reassign(tx: Tx, old_id: int, new_id: int) -> None:
    """The gifts of a merged customer go with the customer."""
    tx.run("reassign_donations", old_id=old_id, new_id=new_id)


def _giving(row: Mapping[str, Any]) -> Giving:
    currency = row["currency"]
    return Giving(
        charity_id=row["charity_id"],
        points=int(row["points"]),
        amount=from_minor(int(row["amount_minor"]), currency),
        match=from_minor(int(row["match_minor"]), currency),
        currency=currency,
    )


def _maybe(row: Mapping[str, Any] | None) -> Donation | None:
    return _read(row) if row else None


def _read(row: Mapping[str, Any]) -> Donation:
    currency = row["currency"]
    return Donation(
        id=row["id"],
        thirdparty_id=row["thirdparty_id"],
        charity_id=row["charity_id"],
        points=row["points"],
        amount=from_minor(row["amount_minor"], currency),
        match=from_minor(row["match_minor"], currency),
        currency=currency,
        given_at=parse(row["given_at"]),
        given_year=row["given_year"],
        request_key=row["request_key"],
        who=row["who"],
        note=row["note"],
        reverses_id=row["reverses_id"],
    )


def _payout(row: Mapping[str, Any]) -> Payout:
    currency = row["currency"]
    return Payout(
        id=row["id"],
        charity_id=row["charity_id"],
        thirdparty_id=row["thirdparty_id"],
        amount=from_minor(row["amount_minor"], currency),
        match=from_minor(row["match_minor"], currency),
        currency=currency,
        until_day=row["until_day"],
        made_at=parse(row["made_at"]),
        state=row["state"],
        document_id=row["document_id"],
        who=row["who"],
    )
