"""What a member's documents mean for tiers, clubs and eligibility, and the standing in force at an instant.

Pure, and dated by the documents, so it does not depend on the order in which they became known.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.clubs import Club
from dolibarr_loyalty.core.earning import evaluate
from dolibarr_loyalty.core.eligibility import Segment, Standing
from dolibarr_loyalty.core.money import round_points, without_noise
from dolibarr_loyalty.core.paid import Paid, is_settled, paid_of
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.rules import (
    MONEY_CREDITS,
    amount_of,
    earning_lines,
    matches,
    mirrored,
    units_of,
)
from dolibarr_loyalty.core.sale import ZERO, Family, Kind, Line, Sale, total
from dolibarr_loyalty.core.tiers import TierGroup
from dolibarr_loyalty.core.times import add_months, day_of, start_of
from dolibarr_loyalty.core.wallets import main_unit


@dataclass(frozen=True, kw_only=True)
class Past:
    """What one document left behind: kept beside it, small enough to read all of a member's.

    `kept` is its basis less what came back (below zero for a return that belongs to no invoice); `is_purchase`
    while anything is kept. `qualifying` are (tier group id, instant, points): what it brought on its own
    date, and below zero what each of its credit notes took on theirs. `clubs` are (club id, instant, units) in
    the same way.
    """

    document_id: int
    occurred_at: datetime
    kept: Decimal = ZERO
    is_purchase: bool = False
    qualifying: tuple[tuple[str, datetime, int], ...] = ()
    clubs: tuple[tuple[str, datetime, int], ...] = ()


def past_of(program: Program, family: Family, standing: Standing) -> Past:
    """What an invoice with its credit notes, or a return that belongs to none, means for the member.

    Its document counts and something of it is paid. Qualifying points and units of clubs are worked out for
    the invoice alone and then again with each credit note more, in the order of their dates, so their sum is
    that of the whole however the goods came back.
    """
    sale = family.sale
    sign = -1 if sale.kind is Kind.CREDIT_NOTE else 1
    stages = list(_stages(program, family))
    last = stages[-1]
    kept = sign * max(ZERO, _amount(program, last.lines))
    return Past(
        document_id=sale.id,
        occurred_at=sale.occurred_at,
        kept=kept,
        is_purchase=kept > 0 and not last.paid.is_nothing,
        qualifying=tuple(
            (group.id, at, sign * points)
            for group in program.tier_groups
            for at, points in _moves(
                stages, [_qualifying(program, group, stage, standing) for stage in stages]
            )
        ),
        clubs=tuple(
            (club.id, at, sign * units)
            for club in program.clubs
            for at, units in _moves(stages, [_units_for(program, club, stage) for stage in stages])
        ),
    )


@dataclass(frozen=True, kw_only=True)
class _Stage:
    """An invoice after some of its credit notes: the last came `at`; what is left of the lines that may earn
    and of all `goods`; a return without its invoice is mirrored into a sale."""

    at: datetime
    sale: Sale
    paid: Paid
    lines: Sequence[Line]
    goods: Sequence[Line]


def _stages(program: Program, family: Family) -> Iterator[_Stage]:
    """The invoice alone, then after each of its credit notes; where nothing is dated by them, only the last."""
    sale = family.sale
    dated = [(max(note.occurred_at, sale.occurred_at), note) for note in family.standing_credit_notes]
    dated.sort(key=lambda pair: (pair[0], pair[1].id))
    are_dated = bool(program.tier_groups or program.clubs)
    lines: list[Line] = []
    goods: list[Line] = []
    for place, (at, document) in enumerate([(sale.occurred_at, sale), *dated]):
        lines += earning_lines(program, document.lines)[0]
        goods += [line for line in document.lines if line.credit not in MONEY_CREDITS]
        if are_dated or place == len(dated):
            is_return = sale.kind is Kind.CREDIT_NOTE
            yield _Stage(
                at=at,
                sale=sale,
                paid=paid_of(program, family, [note for _, note in dated[:place]]),
                lines=mirrored(lines) if is_return else tuple(lines),
                goods=mirrored(goods) if is_return else tuple(goods),
            )


def _moves(stages: Sequence[_Stage], levels: Sequence[int]) -> Iterator[tuple[datetime, int]]:
    before = 0
    for stage, level in zip(stages, levels, strict=True):
        if level != before:
            yield stage.at, level - before
        before = level


def _qualifying(program: Program, group: TierGroup, stage: _Stage, standing: Standing) -> int:
    """Whole qualifying points of a stage. Caps, tier rates and cumulative rules have no part in them."""
    if group.qualify_by == "points":
        return _qualifying_by_rules(program, stage, standing)
    amount = _amount(program, [line for line in stage.lines if matches(group.match, line)])
    if group.qualify_by == "visits":
        return int(amount > 0 and stage.paid.is_complete and stage.sale.kind is not Kind.CREDIT_NOTE)
    return round_points(max(ZERO, without_noise(amount * stage.paid.share / group.per)), "down")


def _qualifying_by_rules(program: Program, stage: _Stage, standing: Standing) -> int:
    worth = evaluate(
        program,
        stage.lines,
        stage.sale.occurred_at,
        share=stage.paid.share,
        is_complete=stage.paid.is_complete,
        is_visit=stage.sale.kind is not Kind.CREDIT_NOTE,
        standing=standing,
        is_rated=False,
    )
    unit = main_unit(program)
    counted = {rule.id for rule in program.rules if rule.qualifying and rule.unit == unit}
    return round_points(max(ZERO, total(points for rule, points in worth.by_rule if rule in counted)), "down")


def _units_for(program: Program, club: Club, stage: _Stage) -> int:
    """Whole units of a club's products, once they are paid; what the program excludes from earning counts too."""
    if not is_settled(program, stage.sale, stage.paid):
        return 0
    products = {product.casefold() for product in club.products}
    bought = total(units_of(line) for line in stage.goods if line.product_ref.casefold() in products)
    return int(max(ZERO, bought))


def _amount(program: Program, lines: Sequence[Line]) -> Decimal:
    return total(amount_of(program, line) for line in lines)


def standing_at(
    program: Program,
    pasts: Sequence[Past],
    at: datetime,
    *,
    before_id: int,
    tags: frozenset[str] = frozenset(),
    country: str = "",
    is_company: bool = False,
    tiers: frozenset[str] = frozenset(),
    clubs: frozenset[str] = frozenset(),
) -> Standing:
    """What holds for a member just before the document `before_id` of the instant `at`, given all of the past.

    Tags, country, type, tiers and clubs are passed through; purchases, the days since the last of them (by
    the shop's calendar) and segments are told from what stands strictly before.
    """
    before = [past for past in pasts if (past.occurred_at, past.document_id) < (at, before_id)]
    return Standing(
        tags=tags,
        country=country,
        is_company=is_company,
        tiers=tiers,
        clubs=clubs,
        segments=frozenset(
            segment.id for segment in program.segments if _is_in(program, segment, before, at)
        ),
        purchases=sum(past.is_purchase for past in before),
        quiet_days=_quiet_days(program, before, at),
    )


def _quiet_days(program: Program, before: Sequence[Past], at: datetime) -> int | None:
    zone = ZoneInfo(program.zone)
    last = max((past.occurred_at for past in before if past.is_purchase), default=None)
    return None if last is None else (day_of(at, zone) - day_of(last, zone)).days


def _is_in(program: Program, segment: Segment, before: Sequence[Past], at: datetime) -> bool:
    """Every bound of a segment that is set holds; who never bought has no quiet days within any bounds."""
    zone = ZoneInfo(program.zone)
    since = start_of(add_months(day_of(at, zone), -segment.months), zone) if segment.months else None
    recent = [past for past in before if since is None or past.occurred_at >= since]
    purchases = sum(past.is_purchase for past in recent)
    quiet_days = _quiet_days(program, before, at)
    return (
        _within(purchases, segment.minimum_purchases, segment.maximum_purchases)
        and _within(total(past.kept for past in recent), segment.minimum_spend, segment.maximum_spend)
        and _within(quiet_days, segment.minimum_quiet_days, segment.maximum_quiet_days)
    )


def _within(measured: Decimal | int | None, least: Decimal | int | None, most: Decimal | int | None) -> bool:
    if measured is None:
        return least is None and most is None
    return (least is None or measured >= least) and (most is None or measured <= most)


def needs_history(program: Program) -> bool:
    """What a document earns depends on the member's past: tier rates, or conditions that look back."""
    has_rates = any(tier.earn_factor != 1 for group in program.tier_groups for tier in group.tiers)
    return has_rates or any(rule.who.needs_history for rule in program.rules)


def needs_pasts(program: Program) -> bool:
    """Something in the program looks back: earning, tiers, clubs, segments, or who may have a reward."""
    others = [*(reward.who for reward in program.rewards), *(kind.who for kind in program.activities)]
    return (
        needs_history(program)
        or bool(program.tier_groups or program.clubs or program.segments)
        or any(who.needs_history for who in others)
    )
