"""A process that dies: at the N-th border between two steps, and from then on it does nothing any more."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from dolibarr_loyalty.connectors.protocol import Books
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store.database import Database, Tx
from tests.flows.shop import Shop


class Killed(BaseException):
    """The process is gone; not an Exception, so that nothing catches it."""


class Life:
    """Counts borders and ends at one of them; with `end` 0 it only counts."""

    def __init__(self, end: int = 0) -> None:
        self.end, self.passed, self.is_over = end, 0, False
        self.borders: list[str] = []

    def pass_(self, border: str) -> None:
        if self.is_over:
            raise Killed
        self.passed += 1
        self.borders.append(border)
        if self.passed == self.end:
            self.is_over = True
            raise Killed


class MortalDatabase(Database):
    """The same database, used by somebody who may die right before and right after every commit."""

    def __init__(self, database: Database, life: Life) -> None:
        self.url, self.engine, self.life = database.url, database.engine, life

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        with super().transaction() as tx:
            yield tx
            self.life.pass_("before a commit")
        self.life.pass_("after a commit")


class MortalBooks:
    """The same books, used by somebody who may die right before and right after every call."""

    def __init__(self, books: Books, life: Life) -> None:
        self._books, self._life = books, life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._books, name)
        if not callable(found):
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            self._life.pass_(f"before {name}")
            answer = found(*args, **kwargs)
            self._life.pass_(f"after {name}")
            return answer

        return call


def mortal(shop: Shop, life: Life) -> Loyalty:
    """The program as a process that will die."""
    books: Any = MortalBooks(shop.loyalty.books, life)
    return shop.as_worker(
        f"mortal-{life.end}", database=MortalDatabase(shop.loyalty.database, life), books=books
    )


def die(shop: Shop, end: int, work: Callable[[Loyalty], object]) -> Life:
    """Let a process work until it dies; what it held stays held until its leases are over."""
    life = Life(end)
    with suppress(Killed):
        work(mortal(shop, life))
    shop.clock.pass_(minutes=10)
    return life
