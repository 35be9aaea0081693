"""Households and companies that spend together: who belongs to a pool, and what the others add to a reward (M9).

Everybody keeps an account of their own. What a spender lacks is moved over from the others' lots in the same
transaction that spends it, those that end first going first.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from dolibarr_loyalty.core.effects import show_member
from dolibarr_loyalty.core.ledger import Account, Booking
from dolibarr_loyalty.core.reasons import because
from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.core.wallets import is_pooled
from dolibarr_loyalty.errors import PoolRefused, UnknownMember
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import ledger, members, outbox, pools
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.members import Known
from dolibarr_loyalty.store.pools import Pool

# spending ------------------------------------------------------------------------------------------------


def available_in_pool(tx: Tx, loyalty: Loyalty, thirdparty_id: int, unit: str = POINTS) -> int:
    """What a member may spend of a unit now, with all that the others of the pool can add; nothing while in debt.

    Without a pool, or without the right to spend what it has, only what is the member's own.
    """
    now, own = loyalty.now(), ledger.load(tx, [thirdparty_id], unit=unit)[thirdparty_id]
    if own.debt:
        return 0
    pool = _purse(tx, loyalty, thirdparty_id, unit)
    others = _others(tx, pool, thirdparty_id, unit) if pool else []
    return own.available(now) + sum(account.available(now) for account in others)


def draw(
    tx: Tx, loyalty: Loyalty, spender: Booking, wanted: int, *, reward: str, key: str
) -> Sequence[Booking]:
    """Move what the spender lacks for a reward over from the others; gives their bookings, to be stored with it.

    Nothing where the pool cannot help. Who joins or leaves the pool at this moment collides.
    """
    member, now = spender.account.thirdparty_id, loyalty.now()
    pool = _purse(tx, loyalty, member, spender.account.unit)
    if pool is None or spender.debt:
        return []
    pools.touch(tx, pool)
    accounts = {
        each.thirdparty_id: each for each in _others(tx, pool, member, spender.account.unit) if not each.debt
    }
    missing = wanted - spender.account.available(now)
    bookings = []
    for other, points in sorted(_shares(accounts.values(), missing, now).items()):
        giver = Booking(accounts[other], now)
        reason = because("pooled", **{"from": other, "to": member}, reward=reward)
        giver.give_to(spender, points, key=f"{key}:{other}", reasons=[reason])
        bookings.append(giver)
    return bookings


def _shares(accounts: Iterable[Account], missing: int, now: datetime) -> dict[int, int]:
    """How much each adds, when the lots of all that end first go first."""
    lots = [
        (lot, account)
        for account in accounts
        for lot in account.lots
        if lot.remaining and lot.is_available(now)
    ]
    shares: dict[int, int] = {}
    for lot, account in sorted(lots, key=lambda pair: pair[0].order):
        part = min(missing, lot.remaining)
        missing -= part
        if part:
            shares[account.thirdparty_id] = shares.get(account.thirdparty_id, 0) + part
    return shares


def _purse(tx: Tx, loyalty: Loyalty, thirdparty_id: int, unit: str) -> Pool | None:
    """The pool a member may spend a unit of, or None."""
    if not is_pooled(loyalty.program, unit):
        return None
    pool = pools.of_member(tx, thirdparty_id)
    place = pool.member(thirdparty_id) if pool else None
    if pool is None or place is None:
        return None
    is_allowed = loyalty.program.pooling.spenders == "anyone" or pool.head_id == thirdparty_id
    return pool if is_allowed or place.may_spend else None


def _others(tx: Tx, pool: Pool, thirdparty_id: int, unit: str) -> list[Account]:
    """The accounts of the others of a pool who are members of the program."""
    ids = [each.thirdparty_id for each in pool.members if each.thirdparty_id != thirdparty_id]
    known = members.load(tx, ids)
    ids = [other for other in ids if other in known and known[other].is_member]
    return list(ledger.load(tx, ids, unit=unit).values())


# who belongs -----------------------------------------------------------------------------------------------


def create(loyalty: Loyalty, head: int, *, who: str) -> Pool:
    """Open a pool for a member, who is its head; again for the same head, the pool there is."""

    def decision(tx: Tx) -> Pool:
        customer = _member(tx, loyalty, head)
        pool = pools.of_member(tx, head)
        if pool is None:
            pools.create(tx, head, at=loyalty.now(), who=who)
            return _pool_of(tx, customer)
        if pool.head_id != head:
            raise PoolRefused(customer.member.name, "they are in the pool of another member; leave it first.")
        return pool

    return loyalty.database.decide(decision)


def join(loyalty: Loyalty, head: int, newcomer: int, *, may_spend: bool | None = None, who: str) -> Pool:
    """Take a member into the pool of another, and say whether they may spend what the others have.

    Somebody who is in it already stays in it; `may_spend` None leaves what was said before (at first: no).
    """

    def decision(tx: Tx) -> Pool:
        customer, first = _member(tx, loyalty, newcomer), _member(tx, loyalty, head)
        pool, current = _pool_of(tx, first), pools.of_member(tx, newcomer)
        if current is None:
            most = loyalty.program.pooling.most_members
            if len(pool.members) >= most:
                raise PoolRefused(first.member.name, f"a pool has {most} members at most, and this one has.")
            pools.join(tx, pool, newcomer, may_spend=bool(may_spend), at=loyalty.now(), who=who)
            outbox.put(tx, [show_member(newcomer)], loyalty.now())
        elif current.id != pool.id:
            raise PoolRefused(customer.member.name, "they are in another pool; leave it first.")
        else:
            place = current.member(newcomer)
            if place is not None and may_spend is not None and place.may_spend != may_spend:
                pools.allow(tx, pool, place, may_spend)
        return _pool_of(tx, first)

    return loyalty.database.decide(decision)


def leave(loyalty: Loyalty, thirdparty_id: int) -> None:
    """Leave the pool with what is one's own; its head leaves last. Nothing for somebody in no pool."""

    def decision(tx: Tx) -> None:
        customer = _known(tx, thirdparty_id)
        pool = pools.of_member(tx, thirdparty_id)
        place = pool.member(thirdparty_id) if pool else None
        if pool is None or place is None:
            return
        if pool.head_id == thirdparty_id and len(pool.members) > 1:
            raise PoolRefused(customer.member.name, "they are its head, who leaves last.")
        pools.leave(tx, pool, place, at=loyalty.now(), head_id=pool.head_id)
        outbox.put(tx, [show_member(thirdparty_id)], loyalty.now())

    loyalty.database.decide(decision)


def pool_of(tx: Tx, thirdparty_id: int) -> Pool:
    """The pool a member is in now. Raises PoolRefused when there is none."""
    return _pool_of(tx, _known(tx, thirdparty_id))


def _pool_of(tx: Tx, customer: Known) -> Pool:
    pool = pools.of_member(tx, customer.member.thirdparty_id)
    if pool is None:
        raise PoolRefused(
            customer.member.name, "they are in none. Open one with `dolibarr-loyalty pool create`."
        )
    return pool


def _known(tx: Tx, thirdparty_id: int) -> Known:
    customer = members.load(tx, [thirdparty_id]).get(thirdparty_id)
    if customer is None:
        raise UnknownMember(str(thirdparty_id))
    return customer


def _member(tx: Tx, loyalty: Loyalty, thirdparty_id: int) -> Known:
    """A member who may be in a pool of this program."""
    customer = _known(tx, thirdparty_id)
    if loyalty.program.pooling.kind == "off":
        raise PoolRefused(customer.member.name, "the program has no pools (program.pooling).")
    if not customer.is_member:
        raise PoolRefused(customer.member.name, "they are not a member of the program.")
    return customer
