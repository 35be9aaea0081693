"""Where we stand: cursors of the walks over Dolibarr, leases, program versions, budgets."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache

from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.times import iso
from dolibarr_loyalty.errors import Conflict
from dolibarr_loyalty.store.database import Database, Tx
from dolibarr_loyalty.store.program_json import program_from_json, program_hash, program_to_json


def position(tx: Tx, name: str) -> str | None:
    """How far the walk of this name has come; None before it began."""
    found: str | None = tx.value("cursor_position", name=name)
    return found


def move(tx: Tx, name: str, position: str, now: datetime) -> None:
    """The walk of this name has come so far."""
    if not tx.run("move_cursor", name=name, position=position, moved_at=iso(now)):
        tx.run("insert_cursor", name=name, position=position, moved_at=iso(now))


def take_lease(database: Database, name: str, owner: str, now: datetime, duration: timedelta) -> bool:
    """Try to be the only one to work on something until now + duration."""
    until = iso(now + duration)
    try:
        with database.transaction() as tx:
            if not tx.run("take_lease", name=name, owner=owner, held_until=until, now=iso(now)):
                tx.run("insert_lease", name=name, owner=owner, held_until=until)
    except Conflict:
        return False
    return True


def keep_lease(database: Database, name: str, owner: str, now: datetime, duration: timedelta) -> bool:
    """Prolong a lease that one holds; False when somebody took it over meanwhile."""

    def decision(tx: Tx) -> bool:
        return bool(tx.run("keep_lease", name=name, owner=owner, held_until=iso(now + duration)))

    return database.decide(decision)


@contextmanager
def leased(database: Database, name: str, owner: str, now: datetime, duration: timedelta) -> Iterator[bool]:
    """Hold a lease for a block; the block gets False when somebody else holds it."""
    held = take_lease(database, name, owner, now, duration)
    try:
        yield held
    finally:
        if held:
            with database.transaction() as tx:
                tx.run("give_up_lease", name=name, owner=owner)


def keep_program(tx: Tx, program: Program, now: datetime) -> str:
    """Store a program version if it is new and give its hash."""
    digest = program_hash(program)
    if tx.value("program_version", hash=digest) is None:
        tx.run("insert_program_version", hash=digest, body=program_to_json(program), applied_at=iso(now))
    return digest


def program_of(tx: Tx, digest: str) -> Program:
    """The program of a version; versions never change, so each is read once per process."""
    found = _programs.get(digest)
    if found is None:
        body = tx.value("program_version", hash=digest)
        found = _programs[digest] = program_from_json(body)
    return found


_programs: dict[str, Program] = {}


@lru_cache(maxsize=64)
def digest_of(program: Program) -> str:
    """The hash of a program, computed once."""
    return program_hash(program)


def use_budget(tx: Tx, name: str, points: int, most: int) -> bool:
    """Take points from a budget in one statement, so that two workers cannot overspend it."""
    if tx.value("budget_used", name=name) is None:
        tx.run("insert_budget", name=name)
    return bool(tx.run("use_budget", name=name, points=points, most=most))


def budget_used(tx: Tx, name: str) -> int:
    """What of a budget is used."""
    return int(tx.value("budget_used", name=name) or 0)


def stamp(now: datetime) -> str:
    """An instant as a cursor's position."""
    return iso(now)
