"""Two workers for the outbox, as a busy shop may have: one here, one in a process of its own for mails and PDFs.

Composing mails and drawing PDFs is most of the demo's work and needs no answer from anybody, so the second
core does it while this one talks to Dolibarr. `python -m dolibarr_loyalty.demo.hands SETTINGS` is the second
worker: for each instant on a line of its input it delivers what is due then, and answers with a line.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
DONE = "done"


def is_paperwork(kind: str) -> bool:
    """What the second worker does."""
    return kind.startswith("mail.") or kind == "attach"


def is_voucher_work(kind: str) -> bool:
    """What has to be done first, because it makes paperwork."""
    return kind in ("issue", "void")


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
        """Carry out all that is due."""
        deliver(loyalty)


class Two(Alone):
    """The work is shared with a second process, spoken to by these pipes."""

    def __init__(self, orders: IO[str], answers: IO[str]) -> None:
        self.orders, self.answers = orders, answers

    def deliver(self, loyalty: Loyalty) -> None:
        """Carry out all that is due; ends when both have finished."""
        deliver_some(loyalty, is_voucher_work)
        try:
            print(iso(loyalty.now()), file=self.orders, flush=True)
            deliver_some(loyalty, lambda kind: not is_paperwork(kind))
            deliver_some(loyalty, is_paperwork, newest_first=True)  # help, from the other end
            answer = self.answers.readline().strip()
        except BrokenPipeError:
            answer = ""
        if answer != DONE:
            raise StoreUnavailable("The second worker of the demo has stopped; play the demo again.")
        deliver(loyalty)


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
    app = App(load(Path(sys.argv[1]), os.environ), clock=clock)
    try:
        for order in sys.stdin:
            clock.reach(parse(order.strip()))
            deliver_some(app.loyalty, is_paperwork)
            print(DONE, flush=True)
    except KeyboardInterrupt:
        pass  # the first worker was interrupted too, and says so
    finally:
        app.close()


if __name__ == "__main__":
    main()
