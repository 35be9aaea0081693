"""Paid clubs: a product in Dolibarr whose paid invoice opens or renews a member's club period (E22)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.money import round_amount
from dolibarr_loyalty.core.sale import ZERO, total
from dolibarr_loyalty.core.terms import Names, name_in
from dolibarr_loyalty.core.times import add_months, after, day_of, start_of


@dataclass(frozen=True, kw_only=True)
class Club:
    """A paid club. Each unit of one of `products` on a paid invoice adds `months`, after what is left.

    `trial_days` may be begun once per member, free; after the end the club goes on for `grace_days`.
    `refund` 'prorata' pays back the days that are left when a member leaves early, 'none' nothing.
    Club-only rates are earning rules whose `who.clubs` names it; `benefits` are ids of benefits.
    `reminder_days` before the end the member is asked to renew (0: not at all).
    """

    id: str
    products: tuple[str, ...]
    months: int = 12
    names: Names = ()
    trial_days: int = 0
    grace_days: int = 0
    refund: Literal["prorata", "none"] = "prorata"
    benefits: tuple[str, ...] = ()
    tag: str = ""
    reminder_days: int = 30

    def name(self, locale: str) -> str:
        """The club's name in a language, else its id."""
        return name_in(self.names, locale, self.id)


@dataclass(frozen=True, kw_only=True)
class ClubAct:
    """What a person did about a club at an instant: began the 'trial', or a 'cancel' before the end."""

    at: datetime
    what: Literal["trial", "cancel"]


@dataclass(frozen=True, kw_only=True)
class Span:
    """A time in a club: `since` <= now < `until`; from `grace_from` on it is the grace after the end."""

    since: datetime
    grace_from: datetime
    until: datetime
    is_trial: bool = False


@dataclass(frozen=True, kw_only=True)
class Term:
    """The time that one bought unit pays for, or the trial: `since` <= now < `until`, without any grace."""

    bought_at: datetime
    since: datetime
    until: datetime
    first_day: date
    last_day: date
    is_trial: bool = False

    @property
    def days(self) -> int:
        """How many days the fee pays for; the day it was bought is a gift where the term begins in its middle."""
        return (self.last_day - self.first_day).days


@dataclass(frozen=True, kw_only=True)
class Fee:
    """What one unit of a club cost on a document, VAT included."""

    document_id: int
    bought_at: datetime
    price: Decimal
    vat_rate: Decimal = ZERO


@dataclass(frozen=True, kw_only=True)
class Refund:
    """What of the fees on one document is paid back, VAT included: `days_left` of `days` that were paid for."""

    document_id: int
    amount: Decimal
    vat_rate: Decimal
    days_left: int
    days: int


@dataclass(frozen=True, kw_only=True)
class Payoff:
    """What a club cost a member, less what was paid back, and what it brought in money's worth."""

    fees: Decimal
    points: Decimal = ZERO
    benefits: Decimal = ZERO
    gifts: Decimal = ZERO

    @property
    def brought(self) -> Decimal:
        return self.points + self.benefits + self.gifts

    @property
    def has_paid_off(self) -> bool:
        return self.brought >= self.fees

    @property
    def missing(self) -> Decimal:
        """What is still missing until it has paid off; zero when it has."""
        return max(ZERO, self.fees - self.brought)


def spans(
    club: Club,
    bought: Sequence[tuple[datetime, int]],
    *,
    acts: Sequence[ClubAct] = (),
    zone: ZoneInfo,
) -> tuple[Span, ...]:
    """When a member is in a club, in order of time; paid spans that touch are one, a trial stays apart.

    `bought` are the units of the club's product: bought at an instant, or (below zero) given back at one.
    A pure function of its arguments, in whatever order they are given.

    A unit begins when it is bought, or where the time bought before ends: after the paid end even if it was
    bought in the grace (the days of grace were days of the club), after the trial if it was bought in one. It
    lasts to the end of the day `months` after the first, counted from the first unit, so that 31 January goes
    to 28 February and on to 31 March. A return takes back the unit bought last: from then on it is as if that
    one had never been bought, and nothing changes before. A 'cancel' gives up all that is left. The trial is
    the first one begun outside of the club; it has no grace.
    """
    return _Story(club, zone).told(bought, acts).spans()


def terms(
    club: Club,
    bought: Sequence[tuple[datetime, int]],
    *,
    acts: Sequence[ClubAct] = (),
    zone: ZoneInfo,
) -> tuple[Term, ...]:
    """The term of each unit that nobody gave back or gave up, and of the trial, in order of time."""
    return tuple(_Story(club, zone).told(bought, acts).terms())


def is_in(found: Sequence[Span], at: datetime) -> bool:
    """A member is in the club at an instant, grace included."""
    return span_at(found, at) is not None


def span_at(found: Sequence[Span], at: datetime) -> Span | None:
    """The span that holds an instant."""
    return next((span for span in found if span.since <= at < span.until), None)


def reminder_at(club: Club, span: Span, zone: ZoneInfo) -> datetime | None:
    """When a member is asked to renew: so many days before the paid end, never in the first half of a span."""
    if not club.reminder_days:
        return None
    first_day, end_day = day_of(span.since, zone), day_of(span.grace_from, zone)
    middle = first_day + timedelta(days=((end_day - first_day).days + 1) // 2)
    return start_of(max(end_day - timedelta(days=club.reminder_days), middle), zone)


def refunds(
    club: Club, found: Sequence[Term], fees: Iterable[Fee], *, on: date, currency: str
) -> tuple[Refund, ...]:
    """What is paid back to a member who leaves on a day, per document: whole days left, of the price paid.

    The day itself counts as used, except that the day of the purchase is a gift: who leaves on it gets all
    back. A term that has not begun is paid back whole. Cents are rounded once per document and VAT rate.
    """
    if club.refund == "none":
        return ()
    open_fees = sorted(fees, key=lambda fee: (fee.bought_at, fee.document_id))
    parts: dict[tuple[int, Decimal], list[tuple[Decimal, int, int]]] = {}
    for term in found:
        left = min(term.days, (term.last_day - on).days)
        fee = next((each for each in open_fees if each.bought_at == term.bought_at), None)
        if term.is_trial or fee is None:
            continue
        open_fees.remove(fee)
        if left > 0:
            part = (fee.price * left / term.days, left, term.days)
            parts.setdefault((fee.document_id, fee.vat_rate), []).append(part)
    return tuple(
        Refund(
            document_id=document,
            amount=round_amount(total(amount for amount, _, _ in its), currency),
            vat_rate=vat_rate,
            days_left=sum(left for _, left, _ in its),
            days=sum(days for _, _, days in its),
        )
        for (document, vat_rate), its in sorted(parts.items())
    )


# At one instant a fee is paid before it comes back, and a trial comes before the leaving.
_BUY, _TRIAL, _RETURN, _CANCEL = range(4)


@dataclass
class _Story:
    """What happened, told in order of time; every return and every leaving closes a chapter."""

    club: Club
    zone: ZoneInfo
    units: list[datetime] = field(default_factory=list)
    given_up: int = 0
    owed: int = 0
    trial: datetime | None = None
    had_trial: bool = False
    chapters: list[Span] = field(default_factory=list)
    turned_at: datetime | None = None

    def told(self, bought: Iterable[tuple[datetime, int]], acts: Iterable[ClubAct]) -> "_Story":
        happened = [(at, _BUY if units > 0 else _RETURN) for at, units in bought for _ in range(abs(units))]
        happened += [(act.at, _TRIAL if act.what == "trial" else _CANCEL) for act in acts]
        for at, what in sorted(happened):
            (self._buy, self._try, self._return, self._cancel)[what](at)
        return self

    def spans(self) -> tuple[Span, ...]:
        return _joined([*self.chapters, *self._since_the_turn()])

    def terms(self) -> list[Term]:
        """The units that are left, laid one after the other."""
        events = [(at, False) for at in self.units] + ([(self.trial, True)] if self.trial else [])
        laid: list[Term] = []
        anchor, length = date.min, 0  # months count from here, so that those of short months do not add up
        for at, is_trial in sorted(events):
            before = laid[-1] if laid else None
            if before is None or at >= self._end(before):
                since, first, length = at, day_of(at, self.zone), 0
                anchor = first
            else:
                since, first = before.until, before.last_day
                anchor, length = (first, 0) if before.is_trial else (anchor, length)
            length += self.club.months
            last = first + timedelta(days=self.club.trial_days) if is_trial else add_months(anchor, length)
            laid.append(
                Term(
                    bought_at=at,
                    since=since,
                    until=after(last, self.zone),
                    first_day=first,
                    last_day=last,
                    is_trial=is_trial,
                )
            )
        return laid

    def _end(self, term: Term) -> datetime:
        """Until when the club goes on after a term if nothing more is bought."""
        if term.is_trial or not self.club.grace_days:
            return term.until
        return after(term.last_day + timedelta(days=self.club.grace_days), self.zone)

    def _since_the_turn(self) -> list[Span]:
        """What the units that are left come to, from the last return or leaving on."""
        laid = [
            Span(since=term.since, grace_from=term.until, until=self._end(term), is_trial=term.is_trial)
            for term in self.terms()
        ]
        joined = _joined(laid)
        return [span for each in joined if (span := _clipped(each, self.turned_at, None)) is not None]

    def _turn(self, at: datetime) -> None:
        """Everything before this instant stays as it was, whatever is taken away now."""
        pieces = (_clipped(span, None, at) for span in self._since_the_turn())
        self.chapters += [span for span in pieces if span is not None]
        self.turned_at = at

    def _buy(self, at: datetime) -> None:
        if self.owed:  # its return is dated before it
            self.owed -= 1
            return
        self.units.append(at)

    def _try(self, at: datetime) -> None:
        if self.had_trial or not self.club.trial_days or is_in(self._since_the_turn(), at):
            return
        self.trial, self.had_trial = at, True

    def _return(self, at: datetime) -> None:
        self._turn(at)
        if self.units:
            self.units.pop()
        elif self.given_up:
            self.given_up -= 1
        else:
            self.owed += 1

    def _cancel(self, at: datetime) -> None:
        self._turn(at)
        self.given_up += len(self.units)
        self.units.clear()
        self.trial = None


def _clipped(span: Span, since: datetime | None, until: datetime | None) -> Span | None:
    """The part of a span between two instants, if any."""
    first = span.since if since is None else max(span.since, since)
    last = span.until if until is None else min(span.until, until)
    if first >= last:
        return None
    return replace(span, since=first, until=last, grace_from=min(max(span.grace_from, first), last))


def _joined(found: Sequence[Span]) -> tuple[Span, ...]:
    """Spans of one kind that touch or overlap, as one: the grace is that after the last."""
    joined: list[Span] = []
    for span in found:
        before = joined[-1] if joined else None
        if before is not None and before.is_trial == span.is_trial and span.since <= before.until:
            span = replace(span, since=before.since)
            joined.pop()
        joined.append(span)
    return tuple(joined)
