"""Notices that a document sold gift cards, or gave some back; what is done about it is in `selling`."""

from collections.abc import Mapping, Sequence

from dolibarr_loyalty.core.card_sales import sells_cards
from dolibarr_loyalty.core.effects import Effect, issue_gift_cards
from dolibarr_loyalty.core.sale import Kind, Sale, State
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.documents import Document, root_of


def card_effects(
    tx: Tx, loyalty: Loyalty, sales: Sequence[Sale], before: Mapping[int, Document], *, quietly: bool
) -> list[Effect]:
    """The documents whose gift cards must be looked at, for documents as they are now and as they were.

    A sale issues its cards when it becomes paid, and only then: one that was paid before the program first saw it
    on its first walk over Dolibarr (`quietly`) had its cards handed out by other means. Once a document has
    sold cards, each change of it or of its credit notes is looked at.
    """
    theirs = [sale for sale in sales if not sale.is_ours]
    roots = {sale.id: {root_of(sale), *_former_root(before.get(sale.id))} for sale in theirs}
    every = sorted({root for found in roots.values() for root in found})
    known = {row["sale_id"] for row in tx.rows("sales_with_cards", ids=every)} if every else set()
    wanted = {
        root: sale.thirdparty_id
        for sale in theirs
        for root in sorted(roots[sale.id])
        if root in known or _is_news(loyalty, sale, before.get(sale.id), quietly=quietly)
    }
    return [issue_gift_cards(thirdparty_id, root) for root, thirdparty_id in wanted.items()]


def _former_root(before: Document | None) -> set[int]:
    return {before.root_id} if before else set()


def _is_news(loyalty: Loyalty, sale: Sale, before: Document | None, *, quietly: bool) -> bool:
    """The document sells or returns gift cards, and has just become what counts."""
    program = loyalty.program
    if (before is None and quietly) or not sells_cards(program.gift_cards, sale):
        return False
    if program.starts_on is not None and sale.issued_on < program.starts_on:
        return False
    if sale.kind is Kind.CREDIT_NOTE:
        return sale.is_final and (before is None or not before.sale.is_final)
    return sale.state is State.PAID and (before is None or before.sale.state is not State.PAID)
