"""The tables of pools: members who spend together, who belongs to them now and who did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dolibarr_loyalty.core.times import iso, parse
from dolibarr_loyalty.errors import Conflict
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id


@dataclass(frozen=True, kw_only=True)
class PoolMember:
    """One member's time in a pool; `may_spend` counts where the program asks who may."""

    id: str
    thirdparty_id: int
    may_spend: bool
    joined_at: datetime


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A pool with those who are in it now, in the order of joining."""

    id: str
    head_id: int
    version: int
    members: tuple[PoolMember, ...] = ()

    def member(self, thirdparty_id: int) -> PoolMember | None:
        return next((each for each in self.members if each.thirdparty_id == thirdparty_id), None)


def of_member(tx: Tx, thirdparty_id: int) -> Pool | None:
    """The pool a member is in now, or None."""
    row = tx.row("pool_of_place", taken=str(thirdparty_id))
    if row is None:
        return None
    rows = tx.rows("pool_members", pool_id=row["id"])
    members = tuple(_member(each) for each in rows)
    return Pool(id=row["id"], head_id=row["head_id"], version=row["version"], members=members)


def create(tx: Tx, head_id: int, *, at: datetime, who: str) -> Pool:
    """A new pool with its head in it; Conflict when the head joined another one meanwhile."""
    pool = Pool(id=new_id(), head_id=head_id, version=0)
    tx.run("insert_pool", id=pool.id, head_id=head_id, created_at=iso(at), who=who[:80])
    _add(tx, pool, head_id, may_spend=True, at=at, who=who)
    return pool


def join(tx: Tx, pool: Pool, thirdparty_id: int, *, may_spend: bool, at: datetime, who: str) -> None:
    """Add a member; Conflict when the pool changed, or the member joined another one, meanwhile."""
    touch(tx, pool)
    _add(tx, pool, thirdparty_id, may_spend=may_spend, at=at, who=who)


def leave(tx: Tx, pool: Pool, member: PoolMember, *, at: datetime, head_id: int) -> None:
    """End a member's time in a pool, whose head is `head_id` from now on."""
    touch(tx, pool, head_id)
    tx.run("leave_pool", id=member.id, left_at=iso(at))


def allow(tx: Tx, pool: Pool, member: PoolMember, may_spend: bool) -> None:
    """Say whether a member may spend what others of the pool have."""
    touch(tx, pool)
    tx.run("allow_pool_member", id=member.id, may_spend=int(may_spend))


def touch(tx: Tx, pool: Pool, head_id: int | None = None) -> None:
    """Collide with whoever changes the pool at the same time: raises Conflict when somebody did."""
    head = pool.head_id if head_id is None else head_id
    if not tx.run("touch_pool", id=pool.id, head_id=head, old_version=pool.version):
        raise Conflict(f"pool {pool.id} was changed by another writer")


def _add(tx: Tx, pool: Pool, thirdparty_id: int, *, may_spend: bool, at: datetime, who: str) -> None:
    tx.run(
        "insert_pool_member",
        id=new_id(),
        pool_id=pool.id,
        thirdparty_id=thirdparty_id,
        place=str(thirdparty_id),
        may_spend=int(may_spend),
        joined_at=iso(at),
        who=who[:80],
    )


def _member(row: Mapping[str, Any]) -> PoolMember:
    return PoolMember(
        id=row["id"],
        thirdparty_id=row["thirdparty_id"],
        may_spend=bool(row["may_spend"]),
        joined_at=parse(row["joined_at"]),
    )
