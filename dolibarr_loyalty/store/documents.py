"""The table of documents: what Dolibarr said last, the program version kept, the points held."""

import base64
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from dolibarr_loyalty.core.accrual import Claim
from dolibarr_loyalty.core.money import to_minor
from dolibarr_loyalty.core.sale import Kind, Sale
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.errors import Conflict
from dolibarr_loyalty.store.database import Tx

_SALE = TypeAdapter(Sale)
_LONGEST = 60_000  # MariaDB's TEXT holds 65,535 bytes; longer snapshots (about 500 lines) are compressed
_COMPRESSED = "zlib:"
_UNCOMPARED: Any = {"modified_at": True, "lines": {"__all__": {"tags"}}}


@dataclass(frozen=True, kw_only=True)
class Document:
    """A document and what the program decided about it.

    `root_id` is the invoice a credit note belongs to, else its own id. `granted` points are held by member
    `granted_to`; `generation` counts the bookings; `reasons` is the stored JSON of the last decision.
    """

    sale: Sale
    root_id: int
    program_hash: str
    first_seen_at: datetime
    seen_at: datetime
    snapshot: str = field(default="", repr=False)
    snapshot_hash: str = ""
    granted: int = 0
    granted_to: int | None = None
    generation: int = 0
    claim: Claim | None = None
    reasons: str = "[]"

    @property
    def is_root(self) -> bool:
        return self.root_id == self.sale.id


def root_of(sale: Sale) -> int:
    """The invoice on which a credit note is decided; every other document is decided on its own."""
    return sale.source_id if sale.kind is Kind.CREDIT_NOTE and sale.source_id else sale.id


def load(tx: Tx, ids: Iterable[int]) -> dict[int, Document]:
    """The known ones among these documents."""
    return {row["id"]: _read(row) for row in tx.rows("documents_by_ids", ids=sorted(set(ids)))}


def families(tx: Tx, roots: Iterable[int]) -> dict[int, list[Document]]:
    """Per root its known documents: the invoice itself, if known, and its credit notes."""
    found: dict[int, list[Document]] = {}
    for row in tx.rows("documents_by_roots", roots=sorted(set(roots))):
        found.setdefault(row["root_id"], []).append(_read(row))
    return found


def of_members(tx: Tx, thirdparty_ids: Iterable[int]) -> list[Document]:
    """All roots of these customers."""
    rows = tx.rows("documents_of_members", thirdparty_ids=sorted(set(thirdparty_ids)))
    return [_read(row) for row in rows]


def by_ref(tx: Tx, ref: str) -> list[Document]:
    """Documents with this number, in any case."""
    return [_read(row) for row in tx.rows("documents_by_ref", ref=ref.strip().casefold())]


def every(tx: Tx, *, page: int = 500) -> Iterator[Document]:
    """All documents, read a page at a time."""
    last_id = 0
    while rows := tx.rows("documents_page", last_id=last_id, limit=page):
        yield from (_read(row) for row in rows)
        last_id = rows[-1]["id"]


def of_vouchers(tx: Tx) -> list[Document]:
    """Documents that call themselves credit notes of vouchers."""
    return [_read(row) for row in tx.rows("documents_of_vouchers", prefix="loyalty:voucher:%")]


def fingerprint(sale: Sale) -> tuple[str, str]:
    """A sale as the text that is stored, and its hash; equal sales give equal hashes.

    The instant of the last change leaves the hash, so that a mere touch in Dolibarr is no change; so do the
    tags of products, which are kept as they were when the document itself last changed.
    """
    text = _SALE.dump_json(sale, exclude_defaults=True)
    digest = hashlib.sha256(_SALE.dump_json(sale, exclude_defaults=True, exclude=_UNCOMPARED)).hexdigest()
    if len(text) > _LONGEST:
        return _COMPRESSED + base64.b85encode(zlib.compress(text, 9)).decode(), digest
    return text.decode(), digest


def seen_as(document: Document, sale: Sale, seen_at: datetime) -> Document:
    """A document with what Dolibarr says of it now."""
    text, digest = fingerprint(sale)
    return replace(
        document,
        sale=sale,
        root_id=root_of(sale),
        seen_at=seen_at,
        snapshot=text,
        snapshot_hash=digest,
    )


def insert(tx: Tx, documents: Sequence[Document]) -> None:
    """Store documents seen for the first time; Conflict when another writer saw one of them first."""
    rows = []
    for document in documents:
        row = _write(document)
        rows.append(
            {**row, "program_hash": document.program_hash, "first_seen_at": iso(document.first_seen_at)}
        )
    tx.run_many("insert_document", rows)


def update(tx: Tx, before: Document, after: Document) -> None:
    """Store a document seen again; Conflict when another writer changed it meanwhile."""
    row = _write(after)
    found = tx.run(
        "update_document",
        **row,
        old_generation=before.generation,
        old_snapshot_hash=before.snapshot_hash,
    )
    if not found:
        raise Conflict(f"document {after.sale.id} was changed by another writer")


def _write(document: Document) -> dict[str, Any]:
    sale = document.sale
    return {
        "id": sale.id,
        "root_id": document.root_id,
        "thirdparty_id": sale.thirdparty_id,
        "kind": str(sale.kind),
        "state": str(sale.state),
        "ref": sale.ref[:64],
        "ref_ext": sale.ref_ext[:255],
        "issued_on": sale.issued_on.isoformat(),
        "occurred_at": iso(sale.occurred_at),
        "gross_minor": to_minor(sale.gross, sale.currency),
        "currency": sale.currency,
        "snapshot": document.snapshot,
        "snapshot_hash": document.snapshot_hash,
        "seen_at": iso(document.seen_at),
        "granted": document.granted,
        "granted_to": document.granted_to,
        "generation": document.generation,
        "claim": _write_claim(document.claim),
        "reasons": document.reasons,
    }


def snapshot_text(stored: str) -> str:
    """The JSON of a snapshot as it was before a long one was compressed."""
    if not stored.startswith(_COMPRESSED):
        return stored
    return zlib.decompress(base64.b85decode(stored.removeprefix(_COMPRESSED))).decode()


def _read(row: Mapping[str, Any]) -> Document:
    sale = _SALE.validate_json(snapshot_text(row["snapshot"]))
    return Document(
        sale=sale,
        root_id=row["root_id"],
        program_hash=row["program_hash"],
        first_seen_at=parse(row["first_seen_at"]),
        seen_at=parse(row["seen_at"]),
        snapshot=row["snapshot"],
        snapshot_hash=row["snapshot_hash"],
        granted=row["granted"],
        granted_to=row["granted_to"],
        generation=row["generation"],
        claim=_read_claim(row["claim"], sale.id, sale.issued_on, sale.occurred_at),
        reasons=row["reasons"],
    )


def _write_claim(claim: Claim | None) -> str:
    return json.dumps([[rule, str(points)] for rule, points in claim.by_rule] if claim else [])


def _read_claim(text: str, document_id: int, issued_on: date, occurred_at: datetime) -> Claim:
    by_rule = tuple((rule, Decimal(points)) for rule, points in json.loads(text))
    return Claim(document_id=document_id, issued_on=issued_on, occurred_at=occurred_at, by_rule=by_rule)
