"""The register of vouchers as a CSV file: each with its terms, its state and the sums of its money journal."""

from collections.abc import Iterator
from typing import Any

from dolibarr_loyalty.core.money import from_minor
from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.times import day_of
from dolibarr_loyalty.core.voucher_moves import MoveKind
from dolibarr_loyalty.core.vouchers import Voucher, masked
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.moving_files import written
from dolibarr_loyalty.store import members, vouchers
from dolibarr_loyalty.store.database import Tx

# The columns of the money journal, in its order; what is left is their sum.
SUMS = (
    MoveKind.ISSUED,
    MoveKind.REPLACEMENT,
    MoveKind.CORRECTED,
    MoveKind.USED,
    MoveKind.RETURNED,
    MoveKind.EXPIRED,
    MoveKind.CANCELLED,
    MoveKind.WRITTEN_OFF,
    MoveKind.REPLACED,
)
COLUMNS = (
    "voucher",
    "code",
    "source",
    "kind",
    "accounting",
    "state",
    "reward",
    "customer",
    "customer_name",
    "bearer",
    "several",
    "issued_on",
    "valid_from",
    "valid_until",
    "points",
    "currency",
    "value",
    "percent",
    "limit",
    "product",
    *map(str, SUMS),
    "left",
    "sale",
    "invoices",
    "documents",
    "replaces",
)


def exported(loyalty: Loyalty) -> Iterator[str]:
    """The lines of the file, voucher by voucher; a page at a time is held in memory.

    Amounts have a sign: what was used or has ended is below 0, and all of a line's sums come to what is left.
    The code is masked: the register shows which voucher it is, and nobody can use one from it.
    """
    return written(_rows(loyalty), COLUMNS)


def _rows(loyalty: Loyalty) -> Iterator[dict[str, object]]:
    last = ""
    while True:
        with loyalty.database.reading() as tx:
            page = vouchers.page(tx, None, last, loyalty.page_size)
            rows = _page(tx, loyalty, page)
        if not page:
            return
        yield from rows
        last = page[-1].id


def _page(tx: Tx, loyalty: Loyalty, page: list[Voucher]) -> list[dict[str, object]]:
    ids = [voucher.id for voucher in page]
    owners = {voucher.thirdparty_id for voucher in page} - {0}
    names = {key: known.member.name for key, known in members.load(tx, owners).items()}
    moved: dict[tuple[str, str], int] = {
        (row["voucher_id"], row["kind"]): int(row["amount_minor"])
        for row in tx.rows("move_sums_to_export", voucher_ids=ids)
    }
    invoices = _by_voucher(tx.rows("uses_to_export", voucher_ids=ids), "invoice_id")
    documents = _by_voucher(tx.rows("notes_to_export", voucher_ids=ids), "note_ref")
    return [
        {
            **_terms(loyalty, voucher),
            "customer_name": names.get(voucher.thirdparty_id, ""),
            **{
                str(kind): from_minor(moved.get((voucher.id, str(kind)), 0), voucher.currency)
                for kind in SUMS
            },
            "left": voucher.remaining,
            "invoices": " ".join(invoices.get(voucher.id, ())),
            "documents": " ".join(documents.get(voucher.id, ())),
        }
        for voucher in page
    ]


def _terms(loyalty: Loyalty, voucher: Voucher) -> dict[str, object]:
    return {
        "voucher": voucher.id,
        "code": masked(voucher.last_four),
        "source": voucher.source,
        "kind": voucher.kind,
        "accounting": voucher.accounting,
        "state": str(voucher.state),
        "reward": voucher.reward_id,
        "customer": voucher.thirdparty_id or "",
        "bearer": "yes" if voucher.bearer else "no",
        "several": "yes" if voucher.several else "no",
        "issued_on": day_of(voucher.issued_at, loyalty.zone),
        "valid_from": voucher.valid_from or "",
        "valid_until": voucher.valid_until or "",
        "points": voucher.points,
        "currency": voucher.currency,
        "value": voucher.value,
        "percent": voucher.rate if voucher.rate != ZERO else "",
        "limit": "" if voucher.limit is None else voucher.limit,
        "product": voucher.product,
        "sale": voucher.sale_id or "",
        "replaces": voucher.replaces,
    }


def _by_voucher(rows: Any, column: str) -> dict[str, list[str]]:
    """What stands in a column, per voucher, each once and in order."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        if row[column] is not None:
            found.setdefault(row["voucher_id"], {})[str(row[column])] = None
    return {voucher: list(values) for voucher, values in found.items()}
