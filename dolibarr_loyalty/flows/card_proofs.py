"""Proves the gift cards that were sold by the lines of the documents that sold them."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from dolibarr_loyalty.core.gift_cards import card_of
from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.sale import Sale, total
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.document_proofs import Deviation, off
from dolibarr_loyalty.store import documents, vouchers


def compare_sold_cards(loyalty: Loyalty, chosen: set[str] | None) -> Iterator[Deviation]:
    """Where the cards of a sale are not what its gift card lines sold; of all cards, or of the chosen ones."""
    last = ""
    seen: set[int] = set()
    while True:
        with loyalty.database.reading() as tx:
            page = vouchers.page(tx, None, last, loyalty.page_size)
            if not page:
                return
            last = page[-1].id
            wanted = {v.sale_id for v in page if v.sale_id and (chosen is None or v.id in chosen)} - seen
            sales = documents.load(tx, (sale_id for sale_id in wanted if sale_id))
            sold = {sale_id: vouchers.of_sale(tx, sale_id) for sale_id in sales}
        seen |= {sale_id for sale_id in wanted if sale_id}
        for sale_id, document in sales.items():
            yield from compare_sale(loyalty, document.sale, sold[sale_id])
        for sale_id in sorted({each for each in wanted if each} - sales.keys()):
            yield off("the document that sold it", f"gift cards of sale {sale_id}", "in Dolibarr", "unknown")


def compare_sale(loyalty: Loyalty, sale: Sale, cards: Sequence[Voucher]) -> Iterator[Deviation]:
    """Where the cards of one sale and its lines differ: in their number, or in what they were issued for.

    One that replaced a lost card was not sold. A product that sold cards sold them, whatever the program calls
    a gift card today.
    """
    sold = [card for card in cards if not card.replaces]
    known = {card.product.casefold() for card in sold if card.product}
    lines = [
        line
        for line in sale.lines
        if (card_of(loyalty.program.gift_cards, line) or line.product_ref.casefold() in known)
        and line.quantity > 0
    ]
    where = f"gift cards sold by {sale.ref}"
    units = total(line.quantity for line in lines)
    worth = total(line.gross for line in lines)
    if units != len(sold):
        yield off("how many", where, plain(units), plain(Decimal(len(sold))))
    issued = total(card.value for card in sold)
    if worth != issued:
        yield off("what they were issued for", where, plain(worth), plain(issued))
