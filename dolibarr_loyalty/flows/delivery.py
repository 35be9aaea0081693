"""Carries out what the outbox wants: claim, do, mark done; an effect may be carried out again."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from dolibarr_loyalty.core.effects import Effect, event
from dolibarr_loyalty.errors import (
    ConfigurationFailure,
    Conflict,
    InputError,
    OutsideFailure,
    PermanentFailure,
    Refused,
    StoreUnavailable,
    TemporaryFailure,
    Unreachable,
)
from dolibarr_loyalty.flows.club_fees import post_refunds
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.events import add_event
from dolibarr_loyalty.flows.importing import write_card
from dolibarr_loyalty.flows.mails import mail_for, pdf_for
from dolibarr_loyalty.flows.recall import recall
from dolibarr_loyalty.flows.redemption import issue, refuse
from dolibarr_loyalty.flows.replacing import resume
from dolibarr_loyalty.flows.review import review
from dolibarr_loyalty.flows.screens import refresh
from dolibarr_loyalty.flows.selling import issue_cards
from dolibarr_loyalty.flows.voiding import void
from dolibarr_loyalty.messages import voucher_filename
from dolibarr_loyalty.store import members, outbox
from dolibarr_loyalty.store.outbox import Row

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
LAST_ATTEMPT = 25  # about two days of growing pauses; after that a person must look
LONGEST_PAUSE = timedelta(hours=3)
CONFIGURATION_PAUSE = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """How many effects were carried out, have to wait, or failed for good.

    `away` names who did not answer at all, 'dolibarr' or 'mail': the rest of their effects were not tried.
    """

    done: int = 0
    waiting: int = 0
    failed: int = 0
    away: tuple[str, ...] = ()

    def __add__(self, other: "Delivered") -> "Delivered":
        return Delivered(
            done=self.done + other.done,
            waiting=self.waiting + other.waiting,
            failed=self.failed + other.failed,
            away=(*self.away, *(each for each in other.away if each not in self.away)),
        )


def deliver(
    loyalty: Loyalty,
    *,
    limit: int | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int], None] = lambda done: None,
) -> Delivered:
    """Carry out everything that is due, or `limit` effects; other workers may do the same at once."""
    sum_of_all, handled = Delivered(), 0
    while not should_stop():
        with loyalty.database.reading() as tx:
            rows = outbox.due(tx, loyalty.now(), 50)
        moved = False
        for row in rows:
            if should_stop() or (limit is not None and handled >= limit):
                return sum_of_all
            if _other_side(row) in sum_of_all.away:
                continue
            one = deliver_one(loyalty, row)
            if one is not None:
                moved, handled = True, handled + 1
                sum_of_all += one
                progress(handled)
        if not moved:
            return sum_of_all
    return sum_of_all


def _other_side(row: Row) -> str:
    return "mail" if row.effect.kind.startswith("mail.") else "dolibarr"


def deliver_now(loyalty: Loyalty, key: str) -> Delivered | None:
    """Carry out one effect by its key if it is due, so that a command can show its result at once."""
    with loyalty.database.reading() as tx:
        row = outbox.by_keys(tx, [key]).get(key)
    return deliver_one(loyalty, row) if row else None


def deliver_one(loyalty: Loyalty, row: Row) -> Delivered | None:
    """Claim and carry out an effect; None when another worker has it."""
    claimed = loyalty.database.decide(lambda tx: outbox.claim(tx, row, loyalty.worker, loyalty.now(), LEASE))
    if claimed is None:
        return None
    try:
        _carry_out(loyalty, claimed)
    except (OutsideFailure, Refused, InputError) as failure:
        if not (isinstance(failure, PermanentFailure) and _has_nobody_to_show(loyalty, claimed.effect)):
            return _failed(loyalty, claimed, failure)
    except (StoreUnavailable, Conflict):
        raise
    except Exception as fault:  # one effect that trips us must not stop all the others
        log.exception("carrying out %s failed", claimed.effect.kind)
        return _failed(loyalty, claimed, fault)
    loyalty.database.decide(lambda tx: outbox.finish(tx, claimed, loyalty.worker, loyalty.now()))
    return Delivered(done=1)


def _has_nobody_to_show(loyalty: Loyalty, effect: Effect) -> bool:
    """A screen of a customer who was merged or deleted just now: the next sweep takes note of that."""
    if effect.kind not in ("screen", "tag"):
        return False
    try:
        return loyalty.books.member(effect.thirdparty_id or 0) is None
    except OutsideFailure:
        return False


def _carry_out(loyalty: Loyalty, row: Row) -> None:
    effect = row.effect
    if effect.kind == "screen":
        refresh(loyalty, effect.thirdparty_id or 0)
    elif effect.kind == "review":
        review(loyalty, effect.thirdparty_id or 0)
    elif effect.kind == "tag":
        loyalty.books.set_tags(effect.thirdparty_id or 0, add=[str(effect.payload["tag"])], remove=[])
    elif effect.kind == "issue":
        _issue(loyalty, effect)
    elif effect.kind == "void":
        void(loyalty, str(effect.payload["voucher"]))
    elif effect.kind == "replace":
        resume(loyalty, str(effect.payload["voucher"]))
    elif effect.kind == "gift_cards":
        issue_cards(loyalty, int(effect.payload["sale_id"]))
    elif effect.kind == "recall":
        recall(loyalty, effect.thirdparty_id or 0, int(effect.payload["sale_id"]), str(effect.payload["key"]))
    elif effect.kind == "club_refund":
        post_refunds(loyalty, str(effect.payload["act"]))
    elif effect.kind == "card":
        write_card(loyalty, effect.thirdparty_id or 0, str(effect.payload["line"]))
    elif effect.kind == "event":
        add_event(loyalty, row)
    elif effect.kind == "attach":
        _attach(loyalty, effect)
    elif effect.kind.startswith("mail."):
        _send(loyalty, effect)
    else:
        raise PermanentFailure(f"Nobody knows how to carry out {effect.kind!r}.")


def _issue(loyalty: Loyalty, effect: Effect) -> None:
    voucher_id = str(effect.payload["voucher"])
    try:
        issue(loyalty, voucher_id)
    except PermanentFailure as failure:
        refuse(loyalty, voucher_id, str(failure))


def _attach(loyalty: Loyalty, effect: Effect) -> None:
    printed = pdf_for(loyalty, str(effect.payload["voucher"]))
    if printed is not None:
        voucher, code, content = printed
        words = loyalty.brand.words(loyalty.screens.language)
        filename = voucher_filename(words, code)
        if voucher.credit_note_ref:
            loyalty.books.attach(voucher.credit_note_ref, filename, content)
        else:
            loyalty.books.attach_to_member(voucher.thirdparty_id, filename, content)


def _send(loyalty: Loyalty, effect: Effect) -> None:
    kind, member = effect.kind.removeprefix("mail."), effect.thirdparty_id or 0
    if loyalty.mailer is None or kind in loyalty.notices.off:
        return
    mail = mail_for(loyalty, kind, member, effect.payload, effect.key)
    if mail is None:
        _tell_of_missing_address(loyalty, effect)
        return
    try:
        loyalty.mailer.send(mail)
    except PermanentFailure as failure:
        told = event("mail_refused", member, effect.key, address=mail.to_address, answer=str(failure)[:300])
        _want(loyalty, told)
        raise


def _tell_of_missing_address(loyalty: Loyalty, effect: Effect) -> None:
    """A voucher nobody can mail: the PDF is at the credit note, and the agenda says so."""
    with loyalty.database.reading() as tx:
        customer = members.load(tx, [effect.thirdparty_id or 0]).get(effect.thirdparty_id or 0)
    if effect.kind == "mail.voucher" and customer is not None and not customer.member.email:
        _want(loyalty, event("no_email", effect.thirdparty_id or 0, effect.key))


def _want(loyalty: Loyalty, effect: Effect) -> None:
    loyalty.database.decide(lambda tx: outbox.put(tx, [effect], loyalty.now()))


def _failed(loyalty: Loyalty, row: Row, failure: Exception) -> Delivered:
    pause = _pause(row, failure)
    status = "pending" if pause is not None else "failed"
    log.warning("%s of %s: %s", status, row.effect.kind, failure)
    due_at = loyalty.now() + (pause or timedelta())
    loyalty.database.decide(
        lambda tx: outbox.release(tx, row, loyalty.worker, status=status, due_at=due_at, error=str(failure))
    )
    if pause is None:
        return Delivered(failed=1)
    away = (_other_side(row),) if isinstance(failure, Unreachable) else ()
    return Delivered(waiting=1, away=away)


def _pause(row: Row, failure: Exception) -> timedelta | None:
    """How long to wait before the next attempt; None to leave it for a person.

    Temporary: 5, 10, 20 seconds and so on to three hours, or as long as the other side asked for.
    Configuration: a quarter of an hour, without end, because it works as soon as somebody mends it.
    """
    if isinstance(failure, ConfigurationFailure):
        return CONFIGURATION_PAUSE
    if not isinstance(failure, TemporaryFailure):
        return None
    if row.attempts >= LAST_ATTEMPT and not isinstance(failure, Unreachable):
        return None
    growing = min(timedelta(seconds=5 * (1 << min(row.attempts - 1, 12))), LONGEST_PAUSE)
    asked = timedelta(seconds=failure.retry_after or 0)
    return max(growing, min(asked, LONGEST_PAUSE))
