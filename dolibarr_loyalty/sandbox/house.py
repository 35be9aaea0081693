"""What every part of the stand-in shares: version, clock, rows, users, locks, triggers, faults."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from . import rights, webhooks
from .faults import Fault
from .moments import Moments
from .refusals import Refusal
from .storage import Row, Store

P = ParamSpec("P")
R = TypeVar("R")
H = TypeVar("H", bound="House")

STAMPED = frozenset({"thirdparty", "invoice", "contact", "product", "category", "event", "bankaccount"})


@dataclass(frozen=True)
class Request:
    """One answered REST call, for counting."""

    method: str
    path: str
    query: str
    status: int


def saving(method: Callable[Concatenate[H, P], R]) -> Callable[Concatenate[H, P], R]:
    """A method that writes: alone, and all or nothing."""

    @wraps(method)
    def inside(house: H, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with house.writing():
            return method(house, *args, **kwargs)

    return inside


class House:
    """The ground all desks stand on; see `Dolibarr` for the whole."""

    def __init__(
        self,
        version: str = "23",
        *,
        path: Path | None = None,
        clock: Callable[[], datetime] | None = None,
        timezone: str = "Europe/Paris",
        country: str = "FR",
        currency: str = "EUR",
    ) -> None:
        if version not in ("16", "23"):
            raise ValueError(f"the stand-in knows Dolibarr 16 and 23, not {version}")
        self.clock: Callable[[], datetime] = clock or (lambda: datetime.now(UTC))
        self.store = Store(path)
        self.faults: list[Fault] = []
        self.requests: deque[Request] = deque(maxlen=20_000)
        self.webhook_targets: list[webhooks.WebhookTarget] = []
        self.deliveries: deque[webhooks.Delivery] = deque(maxlen=2_000)
        self.actor = rights.ADMIN_ID
        self._writer = threading.Lock()
        self._state = threading.Lock()
        self._counting = threading.Lock()
        self._owner: int | None = None
        self._batching = False
        asked = {"version": version, "timezone": timezone, "country": country, "currency": currency}
        with self.writing():
            facts = {name: self._setting(name, value) for name, value in asked.items()}
        self.version = facts["version"]
        self.country, self.currency = facts["country"], facts["currency"]
        self.moments = Moments(facts["timezone"])

    def _setting(self, name: str, value: str) -> str:
        kept = self.store.find("setting", "name", name)
        if kept:
            return str(kept[0]["value"])
        self.store.insert("setting", {"name": name, "value": value})
        return value

    @property
    def is_16(self) -> bool:
        """Whether this is the old version."""
        return self.version == "16"

    def close(self) -> None:
        """Close the file of the state, if there is one."""
        self.store.close()

    # -- one at a time ---------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the house for a write; nested uses join the outermost."""
        if self._owner == threading.get_ident():
            with self.store.transaction():
                yield
            return
        with self._writer, self._state:
            self._owner = threading.get_ident()
            try:
                with self.store.transaction():
                    yield
            finally:
                self._owner = None

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Hold the state still for a read; passes while a webhook of a running save is out."""
        if self._owner == threading.get_ident():
            yield
            return
        with self._state:
            yield

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Many writes in one transaction: for filling a demo or a benchmark."""
        with self.writing():
            before, self._batching = self._batching, True
            try:
                yield
            finally:
                self._batching = before

    # -- clock -----------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The present of this Dolibarr."""
        return self.clock()

    def now_local(self) -> str:
        """The present as PHP writes it."""
        return self.moments.local_text(self.now())

    def now_database(self) -> str:
        """The present as the database stamps it."""
        return self.moments.database_text(self.now())

    def today(self) -> str:
        """The local day."""
        return self.now_local()[:10]

    # -- rows ------------------------------------------------------------------------------------

    def row(self, kind: str, rowid: int, missing: str) -> Row:
        """A row, or 404 with the given words."""
        found = self.store.get(kind, rowid)
        if found is None:
            raise Refusal(404, missing)
        return found

    def add(self, kind: str, columns: Row) -> Row:
        """Insert a row, stamped by both clocks."""
        return self.store.insert(kind, {"datec": self.now_local(), "tms": self.now_database(), **columns})

    def change(self, kind: str, rowid: int, **columns: Any) -> Row:
        """Change columns; as in MariaDB, `tms` moves only when a column really gets another value."""
        row = self.store.get(kind, rowid)
        assert row is not None
        changed = {name: value for name, value in columns.items() if row.get(name) != value}
        if not changed:
            return row
        if kind in STAMPED and set(changed) - {"options"}:  # extrafields live in a table of their own
            changed.setdefault("tms", self.now_database())
        return self.store.change(kind, rowid, changed)

    # -- users and rights ------------------------------------------------------------------------

    def _furnish_users(self) -> None:
        if self.store.count("user"):
            return
        everything: list[int] = []
        self._add_user("admin", admin=True, granted=everything)
        self._add_user("loyaltyapi", admin=False, granted=sorted(rights.LEAST_PRIVILEGE))

    def _add_user(self, login: str, *, admin: bool, granted: list[int]) -> None:
        key = secrets.token_hex(20)
        self.add("user", {"login": login, "key": key, "admin": admin, "rights": granted, "password": login})

    def user(self, rowid: int) -> Row:
        """A user's row."""
        row = self.store.get("user", rowid)
        assert row is not None
        return row

    def user_of(self, key: str) -> Row | None:
        """The user this API key belongs to."""
        return next((row for row in self.store.rows("user") if row["key"] == key), None)

    @property
    def admin_key(self) -> str:
        """The API key of the administrator."""
        return str(self.user(rights.ADMIN_ID)["key"])

    @property
    def api_key(self) -> str:
        """The API key of the user with the least privileges the extension needs."""
        return str(self.user(rights.API_USER_ID)["key"])

    @saving
    def grant(self, right: int) -> None:
        """Give the API user a right."""
        held = set(self.user(rights.API_USER_ID)["rights"]) | {right}
        self.store.change("user", rights.API_USER_ID, {"rights": sorted(held)})

    @saving
    def revoke(self, right: int) -> None:
        """Take a right from the API user."""
        held = set(self.user(rights.API_USER_ID)["rights"]) - {right}
        self.store.change("user", rights.API_USER_ID, {"rights": sorted(held)})

    # -- faults and triggers ---------------------------------------------------------------------

    def inject(self, fault: Fault) -> Fault:
        """Add a rule; returns it so that a test can see how often it was met."""
        self.faults.append(fault)
        return fault

    def fault_for(self, method: str, path: str) -> Fault | None:
        """The first rule that strikes this request."""
        with self._counting:
            return next((fault for fault in self.faults if fault.strikes(method, path)), None)

    def wanted(self, trigger: str) -> list[webhooks.WebhookTarget]:
        """The targets this trigger fires."""
        return [target for target in self.webhook_targets if target.wants(trigger, self.version)]

    def fire(self, trigger: str, values: Callable[[], dict[str, Any]], failure: str) -> None:
        """Run a trigger before the change is written; a blocking receiver that fails cancels the save."""
        targets = self.wanted(trigger)
        if not targets:
            return
        content = webhooks.body(self.version, trigger, values())
        if content is not None:
            self._deliver(targets, trigger, content, failure)

    def _deliver(
        self, targets: Iterable[webhooks.WebhookTarget], trigger: str, content: bytes, failure: str
    ) -> None:
        for target in targets:
            with self._others_may_read():
                delivery = webhooks.send(target, trigger, content, self.version)
            self.deliveries.append(delivery)
            if not 200 <= delivery.status < 300 and target.blocks(self.version):
                raise WebhookFailure(failure)

    @contextmanager
    def _others_may_read(self) -> Iterator[None]:
        # The webhook leaves inside the open transaction: others read the old state, and wait to write.
        if self._batching:
            yield
            return
        with self.store.as_others_see_it():
            self._state.release()
            try:
                yield
            finally:
                self._state.acquire()


class WebhookFailure(Exception):
    """A save cancelled because a webhook's receiver failed (trap 17)."""
