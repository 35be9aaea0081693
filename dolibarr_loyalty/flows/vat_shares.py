"""The VAT rates of what was really sold: to one member, by which a rebate is split, and by the whole shop."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from dolibarr_loyalty.core.sale import Sale
from dolibarr_loyalty.core.vat_shares import gross_by_rate
from dolibarr_loyalty.flows.programs import in_force
from dolibarr_loyalty.store import documents
from dolibarr_loyalty.store.database import Tx

_PAGE = 500


def vat_weights(tx: Tx, thirdparty_id: int) -> Mapping[Decimal, int]:
    """Gross minor units of a member's past purchases by VAT rate; empty where nothing is known.

    Returns are taken off. Gift cards, our own documents and credits used as lines do not count (features 2.5).
    """
    roots = [document.root_id for document in documents.of_members(tx, [thirdparty_id])]
    return _weighed(tx, _families(tx, roots))


def rates_sold(tx: Tx) -> Mapping[Decimal, int]:
    """Gross minor units of everything this program has seen sold, by VAT rate."""
    return _weighed(tx, (document.sale for document in documents.every(tx)))


def _weighed(tx: Tx, sales: Iterable[Sale]) -> Mapping[Decimal, int]:
    program = in_force(tx).program
    if program is None:
        return gross_by_rate(sales)
    return gross_by_rate(sales, cards=program.gift_cards, card_refs=program.exclusions.gift_cards)


def _families(tx: Tx, roots: list[int]) -> Iterator[Sale]:
    for start in range(0, len(roots), _PAGE):
        for family in documents.families(tx, roots[start : start + _PAGE]).values():
            yield from (document.sale for document in family)
