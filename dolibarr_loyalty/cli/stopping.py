"""Stopping cleanly: one SIGTERM or Ctrl+C asks, and the work ends between two steps."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event


class Stop(Event):
    """An event that a signal handler may set: it takes no lock, which the interrupted code might hold."""

    asked = False

    def is_set(self) -> bool:
        """Whether to stop."""
        return self.asked

    def set(self) -> None:
        """Stop as soon as possible."""
        self.asked = True

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until asked to stop, or so many seconds."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self.asked and (until is None or time.monotonic() < until):
            time.sleep(0.1)
        return self.asked


@contextmanager
def stopped_by(react: Callable[[], None]) -> Iterator[None]:
    """SIGTERM and Ctrl+C ask for a stop instead of breaking off."""
    before = {number: signal.signal(number, lambda *_: react()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
