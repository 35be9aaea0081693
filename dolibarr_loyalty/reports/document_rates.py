"""The VAT of the documents behind voucher moves, as they were last seen."""

from datetime import date
from decimal import Decimal

from dolibarr_loyalty.core.postings import Part
from dolibarr_loyalty.core.sale import ZERO, Sale
from dolibarr_loyalty.store import documents
from dolibarr_loyalty.store.database import Database


def rates_of(database: Database, first: date, last: date) -> dict[str, tuple[Part, ...]]:
    """The parts by VAT rate of every document that a move in the span names; those not seen are left out."""
    with database.reading() as tx:
        rows = tx.rows("journal_moves", from_day=first.isoformat(), until_day=last.isoformat())
        refs = sorted({row["document"] for row in rows if row["document"]})
        found = {ref: documents.by_ref(tx, ref) for ref in refs}
    return {ref: parts(known[0].sale) for ref, known in found.items() if known}


def parts(sale: Sale) -> tuple[Part, ...]:
    """A document's lines summed by VAT rate, in the order of the rates; rates that come to nothing are left out."""
    net, gross = dict[Decimal, Decimal](), dict[Decimal, Decimal]()
    for line in sale.lines:
        net[line.vat_rate] = net.get(line.vat_rate, ZERO) + line.net
        gross[line.vat_rate] = gross.get(line.vat_rate, ZERO) + line.gross
    return tuple(
        Part(rate=rate, net=abs(net[rate]), vat=abs(gross[rate] - net[rate]))
        for rate in sorted(net)
        if gross[rate]
    )
