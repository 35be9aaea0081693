"""Alarms: what staff did that the books cannot swallow is booked as it happened, and told to a person once."""

import logging
from decimal import Decimal

from dolibarr_loyalty.core.alarms import AlarmKind, untold
from dolibarr_loyalty.core.effects import event
from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import alarms, outbox
from dolibarr_loyalty.store.alarms import LONGEST_ABOUT, Alarm
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id

log = logging.getLogger(__name__)


def alarm(
    tx: Tx,
    loyalty: Loyalty,
    kind: AlarmKind,
    *,
    voucher: Voucher | None,
    about: str,
    thirdparty_id: int | None = None,
    **facts: str | int | Decimal,
) -> Alarm | None:
    """Tell a person of something, once per `kind` and `about`; None where it was told before.

    It stands in `status` and `alarms list` until somebody closes it, and in the agenda of the customer: of
    `thirdparty_id`, or else of the voucher's. `core.alarms.FACTS` names what each kind must tell; ValueError
    where something of it is missing. Amounts are Decimal in the voucher's currency.
    """
    missing = untold(kind, facts)
    if missing:
        raise ValueError(f"an alarm {kind} must tell {', '.join(sorted(missing))}")
    if alarms.about(tx, kind, about[:LONGEST_ABOUT]) is not None:
        return None
    if thirdparty_id is None and voucher is not None:
        thirdparty_id = voucher.thirdparty_id
    seen = Alarm(
        id=new_id(),
        kind=kind,
        about=about[:LONGEST_ABOUT],
        facts={
            "voucher": voucher.last_four if voucher else "",
            "currency": voucher.currency if voucher else loyalty.program.currency,
            **{name: plain(fact) if isinstance(fact, Decimal) else str(fact) for name, fact in facts.items()},
        },
        seen_at=loyalty.now(),
        seen_by=loyalty.worker,
        voucher_id=voucher.id if voucher else None,
        thirdparty_id=thirdparty_id or None,
    )
    alarms.insert(tx, seen)
    log.info("alarm %s about %s", kind, about)
    if thirdparty_id and loyalty.screens.agenda:
        outbox.put(tx, [event("alarm", thirdparty_id, seen.id, alarm=seen.id)], loyalty.now())
    return seen


def close(loyalty: Loyalty, alarm_id: str, *, note: str, who: str) -> Alarm:
    """Note that a person dealt with an alarm. Raises InputError without a note, or where none is open by this id."""
    if not note.strip():
        raise InputError("What was done about it? Give a --note: it stands beside the alarm.")

    def decision(tx: Tx) -> Alarm:
        closed = alarms.close(tx, alarm_id, at=loyalty.now(), who=who, note=note.strip())
        found = alarms.by_id(tx, alarm_id)
        if found is None:
            raise InputError(f"There is no alarm {alarm_id!r}. `dolibarr-loyalty alarms list` shows them.")
        if not closed:
            raise InputError(f"Alarm {alarm_id} was closed before, by {found.done_by}: {found.note}")
        return found

    return loyalty.database.decide(decision)
