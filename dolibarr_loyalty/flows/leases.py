"""One worker at a time on a voucher or an invoice: leases with an end, as any worker may die."""

import logging
from datetime import timedelta

from dolibarr_loyalty.errors import StoreUnavailable, TemporaryFailure
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import bearings
from dolibarr_loyalty.store.ids import new_id

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)


class Busy(TemporaryFailure):
    """Somebody else is working on the same voucher or invoice."""


def holding(loyalty: Loyalty, name: str) -> "Holding":
    """Be the only one to work on a voucher or invoice for a block; raises Busy when somebody else is."""
    return Holding(loyalty, name)


class Holding:
    """A lease for a block; made by `holding`."""

    def __init__(self, loyalty: Loyalty, name: str) -> None:
        self.loyalty, self.name = loyalty, name
        self.owner = f"{loyalty.worker[:27]}:{new_id()}"  # the column holds 64 signs

    def __enter__(self) -> "Holding":
        loyalty = self.loyalty
        if not bearings.take_lease(loyalty.database, self.name, self.owner, loyalty.now(), LEASE):
            what = "this invoice" if self.name.startswith("invoice:") else "this voucher"
            raise Busy(f"Somebody else is working on {what} right now. Try again in a moment.")
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.loyalty.database.decide(lambda tx: tx.run("give_up_lease", name=self.name, owner=self.owner))
        except StoreUnavailable as failure:  # must not hide why the block ended; the lease ends by itself
            log.warning("the lease on %s was not given up: %s", self.name, failure)

    def keep(self) -> None:
        """Make sure, right before money moves, that nobody took over while an answer was slow to come."""
        loyalty = self.loyalty
        if not bearings.keep_lease(loyalty.database, self.name, self.owner, loyalty.now(), LEASE):
            raise Busy(f"Working on {self.name} took so long that somebody else took over; looking again.")
