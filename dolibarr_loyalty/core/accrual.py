"""What a document is entitled to now: a pure function of the document, its credit notes and the program.

`appraise` looks at one invoice with its credit notes; `entitle` applies caps that span several documents and
rounds once. A flow posts the difference to what the document already holds, so replays, edits, refunds in any
split and any order end in the same place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.money import round_points, without_noise
from dolibarr_loyalty.core.program import Cap, CapPeriod, Program
from dolibarr_loyalty.core.reasons import Reason, because
from dolibarr_loyalty.core.rules import MONEY_CREDITS, amount_of, earning_lines, evaluate, plain
from dolibarr_loyalty.core.sale import ZERO, Family, Kind, Line, Sale, State, as_credit_note, total
from dolibarr_loyalty.core.times import add_months, after, day_of, end_of_period, period_key, start_of

ONE = Decimal(1)


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """Since when the customer is a member, and until when, if no longer; None: never was one."""

    joined_at: datetime | None
    left_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a document would get before caps over several documents: exact points per rule, signed."""

    document_id: int
    issued_on: date
    occurred_at: datetime
    by_rule: tuple[tuple[str, Decimal], ...] = ()

    @property
    def order(self) -> tuple[datetime, int]:
        """Caps are filled in the order of the purchases, whatever order they became known in."""
        return (self.occurred_at, self.document_id)


@dataclass(frozen=True, kw_only=True)
class Appraisal:
    """A document's claim and the reasons for it."""

    claim: Claim
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True)
class Entitlement:
    """Whole points a document is entitled to now, and why caps and rounding made them so."""

    points: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True)
class LotTerms:
    """When the points of a purchase become available and when they end."""

    available_at: datetime
    expires_at: datetime | None
    reasons: tuple[Reason, ...]


def appraise(program: Program, family: Family, enrolment: Enrolment) -> Appraisal:
    """The claim of an invoice, or of a credit note that belongs to none, with the reasons in order."""
    if family.sale.kind is Kind.CREDIT_NOTE:
        family = replace(family, sale=as_credit_note(family.sale))
    sale = family.sale
    empty = Claim(document_id=sale.id, issued_on=sale.issued_on, occurred_at=sale.occurred_at)
    refusal = _refusal(program, sale, enrolment)
    if refusal is not None:
        return Appraisal(claim=empty, reasons=(refusal,))
    share, is_complete, paid_reasons = _share(program, family)
    if not share and not is_complete:
        return Appraisal(claim=empty, reasons=paid_reasons)
    lines, reasons = _lines(program, family)
    is_return = sale.kind is Kind.CREDIT_NOTE
    if is_return:
        reasons = [*reasons, because("standalone", ref=sale.ref, amount=plain(-_amount(program, lines)))]
        lines = _mirrored(lines)
    worth = evaluate(
        program,
        lines,
        sale.occurred_at,
        share=share,
        is_complete=is_complete,
        is_visit=not is_return,  # bringing something back does not undo the visit on which it was bought
    )
    by_rule = worth.by_rule if total(points for _, points in worth.by_rule) > 0 else ()
    capped, caps = _cap_document(program, by_rule)
    signed = tuple((rule, -points if is_return else points) for rule, points in capped)
    claim = replace(empty, by_rule=signed)
    return Appraisal(claim=claim, reasons=(*reasons, *paid_reasons, *worth.reasons, *caps))


def entitle(claims: Sequence[tuple[Program, Claim]]) -> dict[int, Entitlement]:
    """Whole points of one member's claims after the caps per day, month, year and ever, per document.

    Each claim is judged by the program version of its document. They are served in the order of the
    purchases, so the result does not depend on the order in which the documents became known.
    """
    used: dict[tuple[Cap, str], Decimal] = {}
    ordered = sorted(claims, key=lambda pair: pair[1].order)
    return {claim.document_id: _entitle_next(program, claim, used) for program, claim in ordered}


def needs_siblings(program: Program) -> bool:
    """Caps over several documents are set, so a document cannot be decided alone."""
    return any(cap.period != "document" for cap in program.caps)


def share_a_period(program: Program, one: Claim, other: Claim) -> bool:
    """Two claims of one member fall into the same period of some cap."""
    return any(
        _period(cap.period, one) == _period(cap.period, other)
        for cap in program.caps
        if cap.period != "document"
    )


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


def _mirrored(lines: Sequence[Line]) -> list[Line]:
    return [replace(line, net=-line.net, gross=-line.gross, quantity=-line.quantity) for line in lines]


def _amount(program: Program, lines: Sequence[Line]) -> Decimal:
    return total(amount_of(program, line) for line in lines)


def _share(program: Program, family: Family) -> tuple[Decimal, bool, tuple[Reason, ...]]:
    """Which part of the basis earns now (0 to 1), whether the sale is complete, and why."""
    paid, is_complete, reasons = _paid_share(program, family)
    if not paid or program.vouchers_earn:
        return paid, is_complete, reasons
    sale = family.sale
    worth = total(line.gross for line in sale.lines if line.credit not in MONEY_CREDITS)
    if sale.voucher_paid <= 0 or worth <= 0:
        return paid, is_complete, reasons
    part = min(ONE, sale.voucher_paid / worth)
    percent = plain((part * 100).quantize(Decimal("0.01")))
    told = because("voucher_part", amount=plain(sale.voucher_paid), percent=percent)
    return paid * (ONE - part), is_complete, (*reasons, told)


def _paid_share(program: Program, family: Family) -> tuple[Decimal, bool, tuple[Reason, ...]]:
    sale = family.sale
    if sale.state is State.PAID or sale.kind is Kind.CREDIT_NOTE:
        return ONE, True, ()
    if sale.state is State.CLOSED:
        return _closed_share(program, family)
    if program.earn_on == "validated":
        return ONE, True, ()
    if program.earn_on == "each_payment":
        share, reason = _payment_share(program, family, "paid_part")
        if share:
            return share, share == 1, (reason,)
    return ZERO, False, (because("not_paid", earn_on=program.earn_on),)


def _closed_share(program: Program, family: Family) -> tuple[Decimal, bool, tuple[Reason, ...]]:
    """Closed without being paid in full: only an early-payment discount earns, as the setting says."""
    if family.sale.close_code != "discount_vat" or program.early_payment_discount == "none":
        return ZERO, False, (because("bad_debt", close_code=family.sale.close_code),)
    if program.early_payment_discount == "full":
        return ONE, True, ()
    share, reason = _payment_share(program, family, "early_payment")
    return share, share > 0, (reason,)


def _payment_share(program: Program, family: Family, code: str) -> tuple[Decimal, Reason]:
    """Which part of what is due has been paid, 0 to 1, our vouchers left out on both sides unless they earn.

    A voucher is no instalment: used first, it would let points arise before any money came.
    """
    paid, due = _paid(family), _due(family)
    is_settled = paid >= due > 0
    vouchers = ZERO if program.vouchers_earn else family.sale.voucher_paid
    paid, due = max(ZERO, paid - vouchers), max(ZERO, due - vouchers)
    share = ONE if is_settled else min(ONE, paid / due) if due else ZERO
    percent = plain((share * 100).quantize(Decimal("0.01")))
    return share, because(code, paid=plain(paid), due=plain(due), percent=percent)


def _due(family: Family) -> Decimal:
    """What the customer owes for the goods kept: the lines that are goods, less the credit notes."""
    goods = total(line.gross for line in family.sale.lines if line.credit not in MONEY_CREDITS)
    return goods + total(note.gross for note in family.standing_credit_notes)


def _paid(family: Family) -> Decimal:
    """Money, deposits and credits from elsewhere; the invoice's own credit notes pay nothing.

    Credits used as lines were money when they were made, so they count here.
    """
    sale = family.sale
    as_lines = -total(line.gross for line in sale.lines if line.credit in MONEY_CREDITS)
    own = {note.ref for note in family.standing_credit_notes}
    if sale.credits is None:
        credits = sale.paid_credits
    else:
        credits = total(
            used.amount for used in sale.credits if used.ref not in own and used.credit != "deposit"
        )
    return sale.paid_money + sale.paid_deposits + credits + as_lines


def _cap_document(
    program: Program, by_rule: tuple[tuple[str, Decimal], ...]
) -> tuple[tuple[tuple[str, Decimal], ...], list[Reason]]:
    """Caps within one document: those of single rules first, then that of all rules by scaling each."""
    points, reasons = dict(by_rule), []
    for cap in sorted(program.caps, key=lambda cap: cap.rule is None):
        if cap.period != "document":
            continue
        concerned = [cap.rule] if cap.rule is not None else list(points)
        sum_of_them = total(points.get(rule, ZERO) for rule in concerned)
        if sum_of_them > cap.points:
            for rule in concerned:
                points[rule] = points[rule] * cap.points / sum_of_them
            reasons.append(_capped(cap, int(sum_of_them - cap.points)))
    return tuple(points.items()), reasons


def _entitle_next(program: Program, claim: Claim, used: dict[tuple[Cap, str], Decimal]) -> Entitlement:
    """The points of the next claim in order; writes down in `used` what it takes of each cap."""
    points, reasons = dict(claim.by_rule), []
    for cap in program.caps:
        if cap.rule is not None and cap.period != "document" and points.get(cap.rule, ZERO) > 0:
            kept = _take_of(cap, claim, points[cap.rule], used)
            if kept < points[cap.rule]:
                reasons.append(_capped(cap, int(points[cap.rule] - kept)))
            points[cap.rule] = kept
    exact = without_noise(total(points.values()))
    whole = round_points(exact, program.rounding)
    if whole != exact:
        shown = plain(exact.quantize(Decimal("0.0001")))
        reasons.append(because("rounded", exact=shown, points=whole, mode=program.rounding))
    for cap in program.caps:
        if cap.rule is None and cap.period != "document" and whole > 0:
            allowed = int(_take_of(cap, claim, Decimal(whole), used))
            if allowed < whole:
                reasons.append(_capped(cap, whole - allowed))
            whole = allowed
    return Entitlement(points=whole, reasons=tuple(reasons))


def _take_of(cap: Cap, claim: Claim, wanted: Decimal, used: dict[tuple[Cap, str], Decimal]) -> Decimal:
    key = (cap, _period(cap.period, claim))
    kept = min(wanted, max(ZERO, cap.points - used.get(key, ZERO)))
    used[key] = used.get(key, ZERO) + kept
    return kept


def _period(period: CapPeriod, claim: Claim) -> str:
    return str(claim.document_id) if period == "document" else period_key(claim.issued_on, period)


def _capped(cap: Cap, cut: int) -> Reason:
    return because("capped", cap=cap.rule or "program", period=cap.period, limit=cap.points, cut=cut)
