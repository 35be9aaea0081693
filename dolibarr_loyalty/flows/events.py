"""Puts redemptions and vouchers into the customer's agenda in Dolibarr, in the shop's language."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.core.times import parse
from dolibarr_loyalty.core.voucher_moves import MoveKind
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.mails import card_kind_of, reward_of, worth_of
from dolibarr_loyalty.flows.redemption import unit_of
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages import Worth, screens
from dolibarr_loyalty.messages.alarms import alarm as alarm_told
from dolibarr_loyalty.messages.screens import AgendaEvent
from dolibarr_loyalty.messages.tiers import tier_lost, tier_reached
from dolibarr_loyalty.store import alarms, clubs, documents, voucher_moves, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.outbox import Row

Payload = Mapping[str, str | int]


def add_event(loyalty: Loyalty, row: Row) -> None:
    """Write the event of an effect; once, because it carries the effect's key."""
    payload = row.effect.payload
    words = loyalty.brand.words(loyalty.screens.language)
    with loyalty.database.reading() as tx:
        words = words.counting(_unit(tx, payload))
        told = _TOLD[str(payload["what"])](tx, loyalty, words, payload)
    sale_id = payload.get("sale_id")
    loyalty.books.add_event(
        row.effect.thirdparty_id or 0,
        key=row.effect.key,
        label=told.label,
        note=told.note,
        at=row.created_at,
        sale_id=int(sale_id) if sale_id else None,
    )


def _unit(tx: Tx, payload: Payload) -> str:
    """What the points of an event are: those the voucher was paid with, or the unit the event names."""
    voucher = vouchers.by_id(tx, str(payload["voucher"])) if "voucher" in payload else None
    return unit_of(tx, voucher) if voucher else str(payload.get("unit", POINTS))


def _about(tx: Tx, loyalty: Loyalty, payload: Payload) -> tuple[Voucher, str, Worth]:
    voucher = vouchers.by_id(tx, str(payload["voucher"]))
    assert voucher is not None, "events are wanted in the transaction that stores their voucher"  # noqa: S101
    reward = reward_of(tx, loyalty, voucher)
    language = loyalty.screens.language
    named = card_kind_of(tx, loyalty, voucher) or reward
    name = named.name(language) if named else voucher.reward_id
    return voucher, name, worth_of(voucher, reward, language)


def _redeemed(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    voucher, name, _ = _about(tx, loyalty, payload)
    return screens.redemption(words, reward=name, points=voucher.points, balance=int(payload["balance"]))


def _came_to(tx: Tx, voucher: Voucher, worth: Worth, kind: MoveKind) -> Worth:
    """What a step of a voucher's life came to, where it moved money: not what is left of it, nor its whole value."""
    moves = [move for move in voucher_moves.of_voucher(tx, voucher.id) if move.kind is kind]
    return _amount(voucher, abs(moves[-1].amount)) if moves else worth


def _amount(voucher: Voucher, amount: Decimal) -> Worth:
    return Worth(kind="amount", value=amount, currency=voucher.currency)


def _issued(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    voucher, _, worth = _about(tx, loyalty, payload)
    if voucher.has_amount:
        worth = _amount(voucher, voucher.value)
    return screens.voucher_issued(
        words,
        worth=worth,
        last_four=voucher.last_four,
        valid_until=voucher.valid_until,
        credit_note=voucher.credit_note_ref,
    )


def _used(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    voucher, _, worth = _about(tx, loyalty, payload)
    invoice_id = int(payload["sale_id"])
    known = documents.load(tx, [invoice_id]).get(invoice_id)
    if "amount" in payload:
        worth = _amount(voucher, Decimal(str(payload["amount"])))
    left = _amount(voucher, voucher.remaining) if voucher.remaining > ZERO else None
    return screens.voucher_used(
        words,
        worth=worth,
        last_four=voucher.last_four,
        invoice=known.sale.ref if known else str(invoice_id),
        left=left,
    )


def _cancelled(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    voucher, _, worth = _about(tx, loyalty, payload)
    worth = _came_to(tx, voucher, worth, MoveKind.CANCELLED)
    return screens.voucher_cancelled(
        words, worth=worth, last_four=voucher.last_four, points=int(payload["points"])
    )


def _replaced(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    voucher, _, worth = _about(tx, loyalty, payload)
    lost = vouchers.by_id(tx, voucher.replaces)
    return screens.voucher_replaced(
        words, worth=worth, last_four=voucher.last_four, lost=lost.last_four if lost else ""
    )


def _expired(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    voucher, _, worth = _about(tx, loyalty, payload)
    worth = _came_to(tx, voucher, worth, MoveKind.EXPIRED)
    return screens.voucher_expired(
        words, worth=worth, last_four=voucher.last_four, points=int(payload["points"])
    )


def _refused(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    voucher, _, worth = _about(tx, loyalty, payload)
    return screens.voucher_refused(words, worth=worth, why=str(payload["why"]), points=voucher.points)


def _no_email(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    return screens.no_email(words)


def _mail_refused(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    return screens.mail_refused(words, address=str(payload["address"]), answer=str(payload["answer"]))


def _earned(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    return screens.points_changed(words, points=int(payload["points"]))


def _charge(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    return screens.charge_proposed(
        words, points=int(payload["points"]), amount=Decimal(str(payload["amount"]))
    )


def _club_opened(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    return screens.club_opened(
        words, club=_club_name(loyalty, payload["club"]), last_day=_last_day(loyalty, payload)
    )


def _club_renewed(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    return screens.club_renewed(
        words, club=_club_name(loyalty, payload["club"]), last_day=_last_day(loyalty, payload)
    )


def _club_ended(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    return screens.club_ended(
        words, club=_club_name(loyalty, payload["club"]), last_day=_last_day(loyalty, payload)
    )


def _club_left(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    act = clubs.act_by_id(tx, str(payload["act"]))
    assert act is not None, "events are wanted in the transaction that stores their act"  # noqa: S101
    known = documents.load(tx, [refund.document_id for refund in act.refunds])
    proposed = [(known[refund.document_id].sale.ref, refund.amount) for refund in act.refunds]
    name = _club_name(loyalty, act.club_id)
    return screens.club_left(words, club=name, reason=act.reason, refunds=proposed)


def _relative_discount(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    return screens.relative_discount(words, percent=Decimal(str(payload["percent"])))


def _alarm(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    found = alarms.by_id(tx, str(payload["alarm"]))
    assert found is not None, "events are wanted in the transaction that stores their alarm"  # noqa: S101
    return alarm_told(words, found.kind, found.facts)


def _club_name(loyalty: Loyalty, club_id: object) -> str:
    language = loyalty.screens.language
    found = next((club for club in loyalty.program.clubs if club.id == club_id), None)
    return found.name(language) if found else str(club_id)


def _last_day(loyalty: Loyalty, payload: Payload) -> date:
    return loyalty.last_day(parse(str(payload["end"])))


def _tier_up(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    return tier_reached(words, **_tier_told(loyalty, words, payload))


def _tier_down(tx: Tx, loyalty: Loyalty, words: Words, payload: Payload) -> AgendaEvent:
    return tier_lost(words, **_tier_told(loyalty, words, payload))


def _tier_told(loyalty: Loyalty, words: Words, payload: Payload) -> dict[str, Any]:
    groups = (group for group in loyalty.program.tier_groups if group.id == payload["group"])
    group = next(groups, None)
    tier = group.tier(str(payload["tier"])) if group else None
    return {
        "tier": tier.name(loyalty.screens.language) if tier else str(payload["tier"]),
        "why": str(payload["why"]),
        "points": words.units(int(payload["points"]), group.unit if group else POINTS),
        "last_day": loyalty.last_day(parse(str(payload["until"]))) if payload["until"] else None,
    }


_TOLD: dict[str, Callable[[Tx, Loyalty, Words, Payload], AgendaEvent]] = {
    "redeemed": _redeemed,
    "voucher_issued": _issued,
    "voucher_used": _used,
    "cancelled": _cancelled,
    "expired": _expired,
    "voucher_replaced": _replaced,
    "voucher_refused": _refused,
    "no_email": _no_email,
    "mail_refused": _mail_refused,
    "earned": _earned,
    "charge_proposed": _charge,
    "tier_up": _tier_up,
    "tier_down": _tier_down,
    "club_opened": _club_opened,
    "club_renewed": _club_renewed,
    "club_ended": _club_ended,
    "club_left": _club_left,
    "relative_discount": _relative_discount,
    "alarm": _alarm,
}
