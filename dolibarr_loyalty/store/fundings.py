"""The table of fundings: what partners pay for the points of documents, in steps that are never changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.store.database import Tx


@dataclass(frozen=True, kw_only=True)
class Funding:
    """One step: a partner pays so much more for a document, or (below zero) less, booked in a month.

    A document's steps are numbered from 1, so two writers of one document collide. `rule_id` is empty for
    what the partner's own products earned; `cause_key` names the decision that led to it.
    """

    document_id: int
    number: int
    thirdparty_id: int
    partner: str
    rule_id: str
    points: int
    amount_minor: int
    currency: str
    month: str
    booked_at: datetime
    program_hash: str
    cause_key: str


def of_documents(tx: Tx, document_ids: Iterable[int]) -> dict[int, list[Funding]]:
    """What is booked per document, in order; documents without any are left out."""
    found: dict[int, list[Funding]] = {}
    for row in tx.rows("fundings_of_documents", ids=sorted(set(document_ids))):
        found.setdefault(row["document_id"], []).append(_read(row))
    return found


def insert(tx: Tx, fundings: Sequence[Funding]) -> None:
    """Book steps; Conflict when another writer booked one for the same document meanwhile."""
    tx.run_many("insert_funding", [{**asdict(each), "booked_at": iso(each.booked_at)} for each in fundings])


def latest(tx: Tx, partner: str) -> Funding | None:
    """A partner's newest step."""
    row = tx.row("latest_funding", partner=partner)
    return _read(row) if row else None


def partners(tx: Tx) -> list[str]:
    """The ids of all partners that ever paid for anything."""
    return [row["partner"] for row in tx.rows("funding_partners")]


def _read(row: Mapping[str, Any]) -> Funding:
    return Funding(**{**row, "booked_at": parse(row["booked_at"])})
