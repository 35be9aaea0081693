"""Two workers for the outbox, as a busy shop may have: one here, one in a process of its own.

So both cores are at work. Mails about vouchers wait for nobody, because the next customer may spend the voucher,
which would make the mail needless: both workers send them at once, before the story goes on. All other work the
second one does while the story goes on here, and has finished before the program looks at anything again. So a
seed gives the same year, whoever was faster.

`python -m dolibarr_loyalty.demo.hands SETTINGS` is the second worker. For each instant on a line of its input it
delivers what is due then; it answers with a line after the mails about vouchers, and one when all is done.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from dolibarr_loyalty.app import App
from dolibarr_loyalty.config import load
from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.demo.calendar import Clock
from dolibarr_loyalty.errors import StoreUnavailable
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.delivery import deliver, deliver_one
from dolibarr_loyalty.store import outbox

MANY = 5000
MAILED, DONE = "mailed", "done"


def is_about_vouchers(kind: str) -> bool:
    """Mails that would be needless once the voucher is spent."""
    return kind in ("mail.voucher", "mail.voucher_expiring")


def makes_vouchers(kind: str) -> bool:
    """What has to be done first, because mails follow from it, or documents in Dolibarr."""
    return kind in ("review", "club_refund", "issue", "void")


def deliver_some(loyalty: Loyalty, chosen: Callable[[str], bool], *, newest_first: bool = False) -> None:
    """Carry out what is due and chosen by its kind, with what follows from it; leaves what another has."""
    while True:
        with loyalty.database.reading() as tx:
            rows = [row for row in outbox.due(tx, loyalty.now(), MANY) if chosen(row.effect.kind)]
        done = [deliver_one(loyalty, row) for row in (reversed(rows) if newest_first else rows)]
        if not any(done):
            return


class Alone:
    """One worker does everything."""

    def deliver(self, loyalty: Loyalty) -> None:
        """Carry out what is due; some of it perhaps later, but before `finish` returns."""
        deliver(loyalty)

    def finish(self) -> None:
        """Wait until nothing is being delivered."""


class Two(Alone):
    """The work is shared with a second process, spoken to by these pipes."""

    def __init__(self, orders: IO[str], answers: IO[str]) -> None:
        self.orders, self.answers = orders, answers
        self.is_busy = False

    def deliver(self, loyalty: Loyalty) -> None:
        self.finish()
        deliver_some(loyalty, makes_vouchers)
        with suppress(BrokenPipeError):
            print(iso(loyalty.now()), file=self.orders, flush=True)
        self.is_busy = True
        deliver_some(loyalty, is_about_vouchers, newest_first=True)  # the other one begins with the oldest
        self._expect(MAILED)

    def finish(self) -> None:
        if self.is_busy:
            self._expect(DONE)
            self.is_busy = False

    def _expect(self, word: str) -> None:
        if self.answers.readline().strip() != word:
            raise StoreUnavailable("The second worker of the demo has stopped; play the demo again.")


@contextmanager
def second_worker(settings: Path) -> Iterator[Two]:
    """A second worker for the length of a block."""
    command = [sys.executable, "-m", __name__, str(settings)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        try:
            yield Two(process.stdin, process.stdout)
        finally:
            process.stdin.close()  # the worker ends with its input
            process.wait(timeout=60)


def main() -> None:
    """Be the second worker."""
    clock = Clock(datetime.fromtimestamp(0, UTC))
    app = App(load(Path(sys.argv[1]), os.environ), clock=clock, is_durable=False)
    try:
        for order in sys.stdin:
            clock.reach(parse(order.strip()))
            deliver_some(app.loyalty, is_about_vouchers)
            print(MAILED, flush=True)
            deliver(app.loyalty)
            print(DONE, flush=True)
    except KeyboardInterrupt:
        pass  # the first worker was interrupted too, and says so
    finally:
        app.close()


if __name__ == "__main__":
    main()
