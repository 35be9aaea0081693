"""Members whom time alone concerns: found in pages, and wanted to be looked at through the outbox."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from dolibarr_loyalty.core.effects import review_member
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import outbox
from dolibarr_loyalty.store.database import Tx

Due = Callable[[Tx, datetime, int, int], Sequence[int]]


def want_reviews(loyalty: Loyalty, due: Due) -> int:
    """Have every member looked at whom `due` names, by (now, ids above, at most so many); gives how many."""
    wanted, last = 0, 0
    while True:
        with loyalty.database.reading() as tx:
            page = due(tx, loyalty.now(), last, loyalty.page_size)
        if not page:
            return wanted
        last, wanted = page[-1], wanted + len(page)
        loyalty.database.decide(partial(_want, loyalty=loyalty, page=page))


def _want(tx: Tx, *, loyalty: Loyalty, page: Sequence[int]) -> None:
    outbox.put(tx, [review_member(member) for member in page], loyalty.now())
