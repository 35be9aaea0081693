"""The loop of `run`: ask Dolibarr what changed, deliver, do the day's work; stops between two steps."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event

from dolibarr_loyalty.core.times import parse
from dolibarr_loyalty.errors import Conflict, OutsideFailure, StoreUnavailable
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.flows.delivery import deliver
from dolibarr_loyalty.flows.reservations import release_overdue
from dolibarr_loyalty.flows.sync import follow_hints, sweep, sync
from dolibarr_loyalty.store import bearings

log = logging.getLogger(__name__)

DAILY, SWEEP, DELETIONS = "work:daily", "work:sweep", "work:deletions"
HINTS_EVERY = timedelta(seconds=2)
# So long nobody takes over from a worker that was killed. Work that takes longer may be done twice, which
# changes nothing.
ALONE = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """How often what is done."""

    sync_every: timedelta = timedelta(minutes=5)
    sweep_every: timedelta = timedelta(hours=6)
    deletions_every: timedelta = timedelta(hours=24)


class _Stopped(Exception):
    """Somebody asked the worker to stop in the middle of a walk."""


@dataclass
class Worker:
    """One worker. Any number may run: leases make sure that walks and daily work are done by one at a time."""

    loyalty: Loyalty
    rhythm: Rhythm = field(default_factory=Rhythm)
    stop: Event = field(default_factory=Event)
    last_sync: datetime | None = None

    def run(self) -> None:
        """Work until `stop` is set. A failure outside is logged and tried again at the next turn."""
        while not self.stop.is_set():
            self._do("this turn", self.turn)
            self.stop.wait(HINTS_EVERY.total_seconds())

    def turn(self) -> None:
        """Do whatever is due now."""
        now = self.loyalty.now()
        self._do("hints", lambda: follow_hints(self.loyalty))
        if self.last_sync is None or now - self.last_sync >= self.rhythm.sync_every:
            self.last_sync = now
            self._alone("sync", lambda: sync(self.loyalty, progress=self._between_pages))
        self._do("reservations", lambda: release_overdue(self.loyalty))
        self._when_due(SWEEP, self.rhythm.sweep_every, lambda: self._sweep(deletions=False))
        self._when_due(DELETIONS, self.rhythm.deletions_every, lambda: self._sweep(deletions=True))
        self._when_new_day(lambda: daily(self.loyalty))
        self._do("deliver", lambda: deliver(self.loyalty, should_stop=self.stop.is_set))

    def _sweep(self, *, deletions: bool) -> None:
        sweep(self.loyalty, progress=self._between_pages, deletions=deletions)

    def _when_due(self, name: str, every: timedelta, work: Callable[[], object]) -> None:
        done_at = self._done_at(name)
        if done_at is None or self.loyalty.now() - done_at >= every:
            self._alone(name, work)

    def _when_new_day(self, work: Callable[[], object]) -> None:
        done_at = self._done_at(DAILY)
        if done_at is None or done_at.astimezone(self.loyalty.zone).date() < self.loyalty.today():
            self._alone(DAILY, work)

    def _done_at(self, name: str) -> datetime | None:
        with self.loyalty.database.reading() as tx:
            text = bearings.position(tx, name)
        return parse(text) if text else None

    def _alone(self, name: str, work: Callable[[], object]) -> None:
        """Do something that only one worker should do at a time, and remember when it was done."""
        loyalty = self.loyalty
        with bearings.leased(loyalty.database, name, loyalty.worker, loyalty.now(), ALONE) as held:
            if held and self._do(name, work):
                loyalty.database.decide(
                    lambda tx: bearings.move(tx, name, bearings.stamp(loyalty.now()), loyalty.now())
                )

    def _between_pages(self, what: str, done: int) -> None:
        """A walk keeps its place after each page, so it may end there and go on at the next start."""
        if self.stop.is_set():
            raise _Stopped

    def _do(self, name: str, work: Callable[[], object]) -> bool:
        if self.stop.is_set():
            return False
        try:
            work()
        except (OutsideFailure, StoreUnavailable, Conflict) as failure:
            log.warning("%s will be tried again: %s", name, failure)
            return False
        except _Stopped:
            return False
        except Exception:  # a fault in one kind of work must not stop the others
            log.exception("%s failed", name)
            return False
        return True
