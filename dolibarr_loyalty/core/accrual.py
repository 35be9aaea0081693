"""What a document is entitled to now: a pure function of the document, its credit notes and the program.

`appraise` looks at one invoice with its credit notes; `entitle` (in `claims`) applies what spans several
documents and rounds once. A flow posts the difference to what the document already holds, so replays, edits,
refunds in any split and any order end in the same place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.claims import (
    MEASURE,
    Claim,
    Entitlement,
    cap_document,
    entitle,
    needs_siblings,
    share_a_period,
    unit_of,
)
from dolibarr_loyalty.core.earning import NOTHING_KNOWN, Worth, evaluate
from dolibarr_loyalty.core.eligibility import Standing
from dolibarr_loyalty.core.history import Past, past_of
from dolibarr_loyalty.core.paid import Paid, paid_of
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.reasons import Reason, because
from dolibarr_loyalty.core.rules import amount_of, earning_lines, mirrored, plain
from dolibarr_loyalty.core.sale import ZERO, Family, Kind, Line, Sale, as_credit_note, total
from dolibarr_loyalty.core.terms import QUALIFYING
from dolibarr_loyalty.core.times import add_months, after, day_of, end_of_period, start_of

__all__ = [
    "Appraisal",
    "Claim",
    "Enrolment",
    "Entitlement",
    "LotTerms",
    "appraise",
    "entitle",
    "expiry_of",
    "lot_terms",
    "needs_siblings",
    "quiet_since",
    "share_a_period",
    "unit_of",
]


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """Since when the customer is a member, and until when, if no longer; None: never was one."""

    joined_at: datetime | None
    left_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Appraisal:
    """A document's claim, the reasons for it, and what the document means for tiers, clubs and eligibility."""

    claim: Claim
    reasons: tuple[Reason, ...]
    past: Past


@dataclass(frozen=True, kw_only=True)
class LotTerms:
    """When the points of a purchase become available and when they end."""

    available_at: datetime
    expires_at: datetime | None
    reasons: tuple[Reason, ...]


def appraise(
    program: Program, family: Family, enrolment: Enrolment, standing: Standing = NOTHING_KNOWN
) -> Appraisal:
    """The claim of an invoice, or of a credit note that belongs to none, with the reasons in order.

    `standing` is what held for the member when the document was made (`history.standing_at`).
    """
    if family.sale.kind is Kind.CREDIT_NOTE:
        family = replace(family, sale=as_credit_note(family.sale))
    sale = family.sale
    empty = Claim(document_id=sale.id, issued_on=sale.issued_on, occurred_at=sale.occurred_at)
    nothing = Past(document_id=sale.id, occurred_at=sale.occurred_at)
    refusal = _refusal(program, sale, enrolment)
    if refusal is not None:
        return Appraisal(claim=empty, reasons=(refusal,), past=nothing)
    paid = paid_of(program, family)
    if paid.is_nothing:
        return Appraisal(claim=empty, reasons=paid.reasons, past=nothing)
    past = past_of(program, family, standing)
    by_rule, reasons = _claimed(program, family, standing, paid)
    claim = replace(empty, by_rule=(*by_rule, *_qualifying(past)))
    return Appraisal(claim=claim, reasons=reasons, past=past)


def _claimed(
    program: Program, family: Family, standing: Standing, paid: Paid
) -> tuple[tuple[tuple[str, Decimal], ...], tuple[Reason, ...]]:
    """What the rules give on a document and what they measure, after the caps within it, and why."""
    sale, is_return = family.sale, family.sale.kind is Kind.CREDIT_NOTE
    lines, reasons = _lines(program, family)
    if is_return:
        reasons.append(because("standalone", ref=sale.ref, amount=plain(-_amount(program, lines))))
        lines = mirrored(lines)
    worth = evaluate(
        program,
        lines,
        sale.occurred_at,
        share=paid.share,
        is_complete=paid.is_complete,
        is_visit=not is_return,  # bringing something back does not undo the visit on which it was bought
        standing=standing,
    )
    points = _gained(program, worth)
    caps = cap_document(program, points)
    points |= {MEASURE + rule: measure for rule, measure in worth.measures if measure > 0}
    signed = tuple((rule, -exact if is_return else exact) for rule, exact in points.items())
    return signed, (*reasons, *paid.reasons, *worth.reasons, *caps)


def _gained(program: Program, worth: Worth) -> dict[str, Decimal]:
    """The points per rule, of units in which the document gives anything at all."""
    sums: dict[str | None, Decimal] = {}
    for rule, points in worth.by_rule:
        unit = unit_of(program, rule)
        sums[unit] = sums.get(unit, ZERO) + points
    return {rule: points for rule, points in worth.by_rule if sums[unit_of(program, rule)] > 0}


def _qualifying(past: Past) -> tuple[tuple[str, Decimal], ...]:
    sums: dict[str, int] = {}
    for group, _, points in past.qualifying:
        sums[group] = sums.get(group, 0) + points
    return tuple((QUALIFYING + group, Decimal(points)) for group, points in sums.items() if points)


def lot_terms(program: Program, sale: Sale, now: datetime) -> LotTerms:
    """When the points of a sale are available and how long; counted from its date, not from today."""
    zone = ZoneInfo(program.zone)
    available_at, reasons = sale.occurred_at, []
    if program.holding_days:
        available_at = start_of(sale.issued_on + timedelta(days=program.holding_days), zone)
        reasons.append(because("held_until", until=day_of(available_at, zone)))
    counted_from = sale.issued_on if program.expiry.counted_from == "earned" else day_of(available_at, zone)
    expires_at = expiry_of(program, counted_from)
    if expires_at is not None:
        last_day = day_of(expires_at - timedelta(seconds=1), zone)
        reasons.append(because("expires" if expires_at > now else "expired_at_grant", on=last_day))
    return LotTerms(available_at=available_at, expires_at=expires_at, reasons=tuple(reasons))


def expiry_of(program: Program, day: date) -> datetime | None:
    """The first instant at which points counted from a day are over; None without a fixed expiry.

    Earned on 25 January with one month they are usable to the end of 25 February; from 31 January to the
    end of 28 February; rounded up to the month, to its last day.
    """
    rule = program.expiry
    if rule.model != "fixed":
        return None
    last = add_months(day, rule.months) + timedelta(days=rule.days)
    return after(end_of_period(last, rule.round_up), ZoneInfo(program.zone))


def quiet_since(program: Program, last_activity: datetime) -> datetime | None:
    """In the activity model, when all points end unless the member earns or redeems again; else None."""
    rule = program.expiry
    if rule.model != "activity":
        return None
    zone = ZoneInfo(program.zone)
    last = add_months(day_of(last_activity, zone), rule.months) + timedelta(days=rule.days)
    return after(end_of_period(last, rule.round_up), zone)


def _refusal(program: Program, sale: Sale, enrolment: Enrolment) -> Reason | None:
    """The reason for which a document gets nothing whatever it contains, or None."""
    if sale.is_ours:
        return because("own_document")
    if not sale.is_final:
        return because("not_final", state=sale.state)
    if sale.kind is Kind.DEPOSIT:
        return because("deposit")
    if sale.kind is Kind.CREDIT_NOTE and program.standalone_credit_notes == "ignore":
        return because("standalone", ref=sale.ref, amount="0")
    if sale.channel and sale.channel.casefold() in program.exclusions.channels:
        return because("excluded_channel", channel=sale.channel)
    if program.starts_on and sale.issued_on < program.starts_on:
        return because("before_start", starts_on=program.starts_on)
    return None if _was_member(program, sale, enrolment) else because("not_a_member")


def _was_member(program: Program, sale: Sale, enrolment: Enrolment) -> bool:
    if enrolment.joined_at is None or sale.thirdparty_id in program.membership.generic_customers:
        return False
    if enrolment.left_at is not None and sale.occurred_at >= enrolment.left_at:
        return False
    joined_on = day_of(enrolment.joined_at, ZoneInfo(program.zone))
    return program.backfill or sale.issued_on >= joined_on


def _lines(program: Program, family: Family) -> tuple[list[Line], list[Reason]]:
    """The earning lines of the invoice and, negative, of its credit notes."""
    lines, reasons = earning_lines(program, family.sale.lines)
    reasons.insert(0, because("basis", amount=plain(_amount(program, lines)), mode=program.basis))
    for note in family.standing_credit_notes:
        taken, _ = earning_lines(program, note.lines)
        lines += taken
        reasons.append(because("credit_note", ref=note.ref, amount=plain(-_amount(program, taken))))
    return lines, reasons


def _amount(program: Program, lines: Sequence[Line]) -> Decimal:
    return total(amount_of(program, line) for line in lines)
