"""Walks over Dolibarr: the first backfill, then what changed, what is open, and what is gone.

Every walk keeps its place in the database after each page, so one that was interrupted goes on.
"""

import json
import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from dolibarr_loyalty.connectors.protocol import Cursor
from dolibarr_loyalty.core.member import Member
from dolibarr_loyalty.core.sale import Sale
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import (
    ConfigurationFailure,
    Conflict,
    OutsideFailure,
    PermanentFailure,
    StoreUnavailable,
    Unreachable,
)
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.deciding import Intake
from dolibarr_loyalty.flows.fraud import look_around, look_over
from dolibarr_loyalty.flows.intake import decide_again, decide_on, take_deletions, take_in
from dolibarr_loyalty.flows.membership import Arrivals, take_members
from dolibarr_loyalty.flows.merging import take_departure
from dolibarr_loyalty.flows.till_watch import watch_tickets
from dolibarr_loyalty.flows.usage import look_at
from dolibarr_loyalty.store import bearings, inbox, vouchers

log = logging.getLogger(__name__)

MEMBERS, SALES = "backfill:members", "backfill:sales"
MEMBER_CHANGES, SALE_CHANGES = "changes:members", "changes:sales"
DONE = "done"
WATCHED = (VoucherState.ACTIVE, VoucherState.RESERVED, VoucherState.PARTLY_USED, VoucherState.USING)

Item = TypeVar("Item")
Progress = Callable[[str, int], None]


def _silent(what: str, done: int) -> None:
    """Report progress to nobody."""


@dataclass(frozen=True, kw_only=True)
class Synced:
    """What a synchronisation did."""

    members: int = 0
    documents: int = 0
    points: int = 0
    deleted: int = 0
    vouchers: int = 0


def sync(loyalty: Loyalty, *, full: bool = False, progress: Progress = _silent) -> Synced:
    """Bring the ledger up to date: a backfill the first time, or the rest of one; then what changed.

    `full` looks at every third party and document again. It changes nothing where nothing differs.
    """
    if full:
        _forget(loyalty, MEMBERS, SALES)
    first = _position(loyalty, SALES) != DONE
    if first:
        _remember_start(loyalty)
        joined = _backfill_members(loyalty, progress)
        taken = _backfill_sales(loyalty, progress, quietly=not full)
        if full:
            _decide_again_for(loyalty, joined)
            deleted = find_deletions(loyalty)
            return Synced(members=joined.seen, documents=taken.seen, points=taken.points, deleted=deleted)
        return Synced(members=joined.seen, documents=taken.seen, points=taken.points)
    hinted = follow_hints(loyalty)
    changed = _member_changes(loyalty)
    taken = _sale_changes(loyalty, progress)
    watch_tickets(loyalty)
    return Synced(
        members=changed.seen, documents=taken.seen + hinted.seen, points=taken.points + hinted.points
    )


def sweep(loyalty: Loyalty, *, progress: Progress = _silent, deletions: bool = True) -> Synced:
    """Look for what leaves no trace: credits used on open invoices, vouchers used by staff, deletions.

    `deletions` compares all ids of documents and third parties too, and looks at everybody's tags.

    Redeeming a credit does not touch the invoice (facts trap 8), deleting leaves nothing at all.
    """
    taken = _open_sales(loyalty, progress)
    watched = watch_vouchers(loyalty) + watch_tickets(loyalty)
    if not deletions:
        watched += look_around(loyalty, ended=False)
        return Synced(documents=taken.seen, points=taken.points, vouchers=watched)
    deleted = find_deletions(loyalty)
    watched += look_around(loyalty)
    departed = sweep_members(loyalty)
    return Synced(
        members=departed, documents=taken.seen, points=taken.points, deleted=deleted, vouchers=watched
    )


def follow_hints(loyalty: Loyalty, *, limit: int = 500) -> Intake:
    """Look at everything a webhook pointed at. A hint about nothing that exists is dropped."""
    now = loyalty.now()
    with loyalty.database.reading() as tx:
        hints = inbox.due(tx, now, limit)
    sum_of_all = Intake()
    for hint in hints:
        try:
            sum_of_all += _follow(loyalty, hint)
        except Unreachable as failure:
            _postpone(loyalty, hint, str(failure), give_up=False)
            break  # nobody answers there: the other hints wait as well
        except PermanentFailure as failure:
            _postpone(loyalty, hint, str(failure), give_up=True)
        except OutsideFailure as failure:
            _postpone(loyalty, hint, str(failure), give_up=hint.attempts >= 20)
        except (StoreUnavailable, Conflict):
            raise
        except Exception as fault:  # one hint that trips us must not stop all the others
            log.exception("following %s failed", hint.topic)
            _postpone(loyalty, hint, repr(fault), give_up=True)
        else:
            loyalty.database.decide(lambda tx, hint=hint: inbox.finish(tx, hint))  # type: ignore[misc]
    return sum_of_all


def _follow(loyalty: Loyalty, hint: inbox.Hint) -> Intake:
    kind, _, identifier = hint.topic.partition(":")
    if kind == "voucher":
        with loyalty.database.reading() as tx:
            known = vouchers.by_id(tx, identifier)
        if known is not None:
            look_at(loyalty, known.id)
        return Intake(seen=1)
    if kind == "thirdparty":
        member = loyalty.books.member(int(identifier))
        if member is None:
            take_departure(loyalty, int(identifier), _merged_into(loyalty, int(identifier)))
        else:
            _decide_again_for(loyalty, take_members(loyalty, [member]))
        return Intake()
    if kind == "decisions":
        return decide_again(loyalty, int(identifier))
    if kind == "decision":
        return decide_on(loyalty, int(identifier))
    sale = loyalty.books.sale(int(identifier))
    return _taken(loyalty, [sale]) if sale is not None else take_deletions(loyalty, [int(identifier)])


def _taken(loyalty: Loyalty, sales: Sequence[Sale]) -> Intake:
    """Documents taken in, and looked over for what staff did with vouchers."""
    intake = take_in(loyalty, sales)
    look_over(loyalty, sales)
    return intake


def _postpone(loyalty: Loyalty, hint: inbox.Hint, error: str, *, give_up: bool) -> None:
    until = loyalty.now() + min(timedelta(seconds=5 * (1 << min(hint.attempts, 12))), timedelta(hours=1))
    loyalty.database.decide(lambda tx: inbox.postpone(tx, hint, until=until, error=error, give_up=give_up))


def watch_vouchers(loyalty: Loyalty) -> int:
    """Compare every usable voucher with its credit; gives how many had changed."""
    changed = 0
    for state in WATCHED:
        last = ""
        while True:
            with loyalty.database.reading() as tx:
                page = vouchers.page(tx, str(state), last, loyalty.page_size)
            if not page:
                break
            last = page[-1].id
            changed += sum(_has_changed(loyalty, voucher) for voucher in page)
    return changed


def _has_changed(loyalty: Loyalty, voucher: Voucher) -> bool:
    try:
        return look_at(loyalty, voucher.id).version != voucher.version
    except PermanentFailure as failure:  # for a person; the other vouchers are looked at all the same
        log.warning("voucher %s cannot be compared: %s", voucher.id, failure)
        return False


def find_deletions(loyalty: Loyalty) -> int:
    """Compare the ids of all documents; what Dolibarr has no more gives back what it held.

    An id that is missing from the list is asked for by itself before it counts as deleted, because a right
    that was withdrawn also reads as an empty list (facts trap 11).
    """
    present = set(loyalty.books.sale_ids())
    missing = [i for i in _known_ids(loyalty, "known_documents", "id") if i not in present]
    if missing and not present:
        raise ConfigurationFailure(
            "Dolibarr lists no invoices at all, though it had some. The API user has probably lost the right "
            "262 (see all third parties) or 11 (read invoices); nothing was taken back."
        )
    gone = [sale_id for sale_id in missing if loyalty.books.sale(sale_id) is None]
    if gone:
        take_deletions(loyalty, gone)
    return len(gone)


def sweep_members(loyalty: Loyalty) -> int:
    """Look at all third parties: their tags, which leave no trace in their dates, and who is gone.

    Gives how many Dolibarr has no more: merged into another, or deleted.
    """
    loyalty.books.member_tags()  # read anew; they are kept otherwise
    loyalty.books.product_tags()
    present: set[int] = set()
    for page in _member_pages(loyalty, 0):
        present.update(member.thirdparty_id for member in page)
        _decide_again_for(loyalty, take_members(loyalty, page))
    missing = [i for i in _known_ids(loyalty, "known_thirdparties", "thirdparty_id") if i not in present]
    if missing and not present:
        raise ConfigurationFailure(
            "Dolibarr lists no third parties at all, though it had some. The API user has probably lost the "
            "right 121 (read third parties) or 262 (see all of them); nothing was changed."
        )
    gone = [i for i in missing if loyalty.books.member(i) is None]
    for thirdparty_id in gone:
        take_departure(loyalty, thirdparty_id, _merged_into(loyalty, thirdparty_id))
    return len(gone)


def _merged_into(loyalty: Loyalty, thirdparty_id: int) -> int | None:
    """Whom a vanished customer was merged into: the one its documents now belong to; None if deleted."""
    with loyalty.database.reading() as tx:
        rows = tx.rows("roots_of_member", thirdparty_id=thirdparty_id)
    for row in rows[-3:]:
        sale = loyalty.books.sale(row["id"])
        if sale is not None and sale.thirdparty_id != thirdparty_id:
            return sale.thirdparty_id
    return None


def _known_ids(loyalty: Loyalty, query: str, column: str) -> Iterator[int]:
    last = 0
    while True:
        with loyalty.database.reading() as tx:
            rows = tx.rows(query, last_id=last, limit=5000)
        if not rows:
            return
        yield from (row[column] for row in rows)
        last = rows[-1][column]


# the walks ------------------------------------------------------------------------------------------


def _backfill_members(loyalty: Loyalty, progress: Progress) -> Arrivals:
    sum_of_all = Arrivals()
    start = _position(loyalty, MEMBERS)
    if start == DONE:
        return sum_of_all
    for page in _member_pages(loyalty, int(start or 0)):
        arrivals = take_members(loyalty, page, quietly=True)
        sum_of_all = Arrivals(
            seen=sum_of_all.seen + len(page),
            joined=sum_of_all.joined + arrivals.joined,
            left=sum_of_all.left + arrivals.left,
        )
        _move(loyalty, MEMBERS, str(page[-1].thirdparty_id))
        progress("members", sum_of_all.seen)
    _move(loyalty, MEMBERS, DONE)
    return sum_of_all


def _backfill_sales(loyalty: Loyalty, progress: Progress, *, quietly: bool) -> Intake:
    sum_of_all = Intake()
    start = int(_position(loyalty, SALES) or 0)
    newest = loyalty.books.newest_sale_id()
    for page in in_ranges(start, newest, loyalty.page_size, loyalty.books.sales_between):
        sum_of_all += take_in(loyalty, page, quietly=quietly)
        start = page[-1].id
        _move(loyalty, SALES, str(start))
        progress("documents", sum_of_all.seen)
    for page in prefetched(  # what was added meanwhile
        start, lambda last: loyalty.books.sales_after(last, loyalty.page_size), lambda sale: sale.id
    ):
        sum_of_all += take_in(loyalty, page, quietly=quietly)
        _move(loyalty, SALES, str(page[-1].id))
    _move(loyalty, SALES, DONE)
    return sum_of_all


def _member_pages(loyalty: Loyalty, start: int) -> Iterator[Sequence[Member]]:
    return prefetched(
        start,
        lambda last: loyalty.books.members_after(last, loyalty.page_size),
        lambda member: member.thirdparty_id,
    )


def prefetched(
    start: int, fetch: Callable[[int], Sequence[Item]], key: Callable[[Item], int]
) -> Iterator[Sequence[Item]]:
    """Pages by ascending id; the next one is fetched while the last one is worked on."""
    with ThreadPoolExecutor(max_workers=1) as fetcher:
        coming: Future[Sequence[Item]] = fetcher.submit(fetch, start)
        while page := coming.result():
            coming = fetcher.submit(fetch, key(page[-1]))
            yield page


def in_ranges(
    start: int, newest: int, size: int, fetch: Callable[[int, int], Sequence[Item]]
) -> Iterator[Sequence[Item]]:
    """Pages of all ids above `start` and up to `newest`, in order; two are fetched while one is worked on.

    Ranges of ids can be asked for side by side, pages that follow one another cannot. A range is `size` ids
    wide, or up to eight times that where many ids are missing.
    """
    width, at = size, start
    coming: deque[Future[Sequence[Item]]] = deque()
    with ThreadPoolExecutor(max_workers=2) as fetchers:
        while at < newest or coming:
            while at < newest and len(coming) < 2:
                coming.append(fetchers.submit(fetch, at, min(at + width, newest)))
                at += width
            page = coming.popleft().result()
            if len(page) < size // 4:
                width = min(width * 2, size * 8)
            elif len(page) > size:
                width = size
            if page:
                yield page


def _member_changes(loyalty: Loyalty) -> Arrivals:
    cursor, seen = _cursor(loyalty, MEMBER_CHANGES), 0
    while True:
        page, following = loyalty.books.members_changed(cursor, loyalty.page_size)
        arrivals = take_members(loyalty, page)
        _decide_again_for(loyalty, arrivals)
        seen += len(page)
        cursor = following
        _keep(loyalty, MEMBER_CHANGES, cursor)
        if len(page) < loyalty.page_size:
            return Arrivals(seen=seen)


def _sale_changes(loyalty: Loyalty, progress: Progress) -> Intake:
    cursor, sum_of_all = _cursor(loyalty, SALE_CHANGES), Intake()
    while True:
        page, following = loyalty.books.sales_changed(cursor, loyalty.page_size)
        sum_of_all += _taken(loyalty, page)
        progress("documents", sum_of_all.seen)
        cursor = following
        _keep(loyalty, SALE_CHANGES, cursor)
        if len(page) < loyalty.page_size:
            return sum_of_all


def _open_sales(loyalty: Loyalty, progress: Progress) -> Intake:
    sum_of_all = Intake()
    pages = prefetched(
        0, lambda last: loyalty.books.open_sales(last, loyalty.page_size), lambda sale: sale.id
    )
    for page in pages:
        sum_of_all += take_in(loyalty, [_asked_anew(sale) for sale in page])
        progress("open documents", sum_of_all.seen)
    return sum_of_all


def _asked_anew(sale: Sale) -> Sale:
    return replace(sale, credits=None)


def _decide_again_for(loyalty: Loyalty, arrivals: Arrivals, *, quietly: bool = False) -> None:
    for thirdparty_id in (*arrivals.joined, *arrivals.left):
        decide_again(loyalty, thirdparty_id, quietly=quietly)


def _remember_start(loyalty: Loyalty) -> None:
    """Changes are followed from where they stood before the backfill began, so that none falls between."""
    if _position(loyalty, SALE_CHANGES) is None:
        _keep(loyalty, SALE_CHANGES, loyalty.books.newest_sale_change())
    if _position(loyalty, MEMBER_CHANGES) is None:
        _keep(loyalty, MEMBER_CHANGES, loyalty.books.newest_member_change())


def _position(loyalty: Loyalty, name: str) -> str | None:
    with loyalty.database.reading() as tx:
        return bearings.position(tx, name)


def _move(loyalty: Loyalty, name: str, position: str) -> None:
    loyalty.database.decide(lambda tx: bearings.move(tx, name, position, loyalty.now()))


def _forget(loyalty: Loyalty, *names: str) -> None:
    for name in names:
        _move(loyalty, name, "0")


def _cursor(loyalty: Loyalty, name: str) -> Cursor:
    stored = _position(loyalty, name)
    return Cursor(**json.loads(stored)) if stored else Cursor()


def _keep(loyalty: Loyalty, name: str, cursor: Cursor) -> None:
    text = json.dumps({"since": cursor.since, "last_id": cursor.last_id})
    _move(loyalty, name, text)
