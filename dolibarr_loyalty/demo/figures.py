"""What the year came to by each kind of program: tiers, benefits, cards, clubs, causes, friends, partners."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.core.money import from_minor
from dolibarr_loyalty.core.postings import SOLD
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.referrals import ReferralState
from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.terms import Names
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.flows.cards import totals
from dolibarr_loyalty.flows.club_fees import payoff
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.reports import charities, tiers
from dolibarr_loyalty.reports.register import Line
from dolibarr_loyalty.store import activities, bearings, benefits, clubs, members, referrals, vouchers
from dolibarr_loyalty.store import tiers as tier_table
from dolibarr_loyalty.store.database import Tx

EVERYBODY = 100_000


@dataclass(frozen=True, kw_only=True)
class TierFigures:
    """A group: the members of each tier, and how often somebody climbed, kept a tier at its end, or fell."""

    names: Names
    tiers: tuple[tuple[Names, int], ...]
    climbed: int
    kept: int
    fell: int


@dataclass(frozen=True, kw_only=True)
class BenefitFigures:
    """A benefit that was used or given so often; `worth` of the uses, where it was noted."""

    names: Names
    used: int
    given: int
    worth: Decimal


@dataclass(frozen=True, kw_only=True)
class CardFigures:
    """A stamp card: stamps on members' cards, cards that were filled, rewards of them that were taken."""

    names: Names
    stamps: int
    filled: int
    taken: int


@dataclass(frozen=True, kw_only=True)
class ClubFigures:
    """A club: who is in it now, what happened, the fees, and for how many of its members it has paid off."""

    names: Names
    inside: int
    trials: int
    left: int
    fees: Decimal
    paying: int
    paid_off: int


@dataclass(frozen=True, kw_only=True)
class CauseFigures:
    """A good cause: what members gave, what the shop added, what was paid and is still owed."""

    names: Names
    givers: int
    points: int
    given: Decimal
    match: Decimal
    paid: Decimal
    owed: Decimal


@dataclass(frozen=True, kw_only=True)
class GiftCardFigures:
    """The gift cards of the year: how many were sold, for how much, and what became of the money on them.

    `ended` expired, was cancelled or written off. Sold = used + ended + left.
    """

    cards: int
    sold: Decimal
    used: Decimal
    ended: Decimal
    left: Decimal


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures of every kind of program that is set up; the others are empty."""

    tiers: tuple[TierFigures, ...] = ()
    benefits: tuple[BenefitFigures, ...] = ()
    cards: tuple[CardFigures, ...] = ()
    clubs: tuple[ClubFigures, ...] = ()
    causes: tuple[CauseFigures, ...] = ()
    activities: tuple[tuple[Names, int], ...] = ()
    refused_activities: int = 0
    referrals: tuple[tuple[str, int], ...] = ()
    partners: tuple[tuple[Names, Decimal], ...] = ()
    budgets: tuple[tuple[Names, int, int], ...] = ()
    gift_cards: GiftCardFigures | None = None

    def as_json(self) -> dict[str, Any]:
        """The figures for scripts, names in all languages."""
        found: dict[str, Any] = _plain({name: value for name, value in asdict(self).items() if value})
        return found


def figures_of(loyalty: Loyalty, register: Iterable[Line] = ()) -> Figures:
    """Count what there is of every kind; `register` are the lines of all vouchers."""
    program = loyalty.program
    with loyalty.database.reading() as tx:
        ids = [each.member.thirdparty_id for each in members.page(tx, 0, EVERYBODY)]
        done = [each for member in ids for each in activities.of_member(tx, member)]
        granted = Counter(each.kind for each in done if each.is_granted)
        return Figures(
            tiers=tuple(_tiers(tx, loyalty, ids)) if program.tier_groups else (),
            benefits=tuple(_benefits(tx, program, ids)) if program.benefits else (),
            cards=tuple(_cards(tx, loyalty)),
            clubs=tuple(_clubs(tx, loyalty, ids)),
            causes=tuple(_causes(loyalty)),
            activities=tuple((kind.names, granted[kind.id]) for kind in program.activities),
            refused_activities=sum(bool(each.why) for each in done),
            referrals=_referrals(tx, program),
            partners=tuple(_partners(tx, program)),
            budgets=tuple(
                (rule.names, bearings.budget_used(tx, f"rule:{rule.id}"), rule.budget)
                for rule in program.rules
                if rule.budget is not None
            ),
            gift_cards=_gift_cards(register) if program.gift_cards else None,
        )


def _tiers(tx: Tx, loyalty: Loyalty, ids: list[int]) -> Iterator[TierFigures]:
    rows = tiers.members_per_tier(loyalty.database, loyalty.program)
    records = tier_table.steps_of(tx, ids)
    for group in loyalty.program.tier_groups:
        counts = {row.tier: row.members for row in rows if row.group == group.id}
        why = Counter(
            step.why
            for (_, name), record in records.items()
            if name == group.id
            for step in tier_table.standing(record)
        )
        yield TierFigures(
            names=group.names,
            tiers=tuple((tier.names, counts[tier.id]) for tier in group.tiers),
            climbed=why["upgrade"],
            kept=why["kept"],
            fell=why["downgrade"],
        )


def _benefits(tx: Tx, program: Program, ids: list[int]) -> Iterator[BenefitFigures]:
    steps = [step for member in ids for step in benefits.steps_of(tx, member)]
    for benefit in program.benefits:
        used = benefits.standing_uses(steps, benefit.id)
        given = sum(step.what == "given" and step.benefit_id == benefit.id for step in steps)
        if used or given:
            worth = sum((step.worth for step in used), ZERO)
            yield BenefitFigures(names=benefit.names, used=len(used), given=given, worth=worth)


def _cards(tx: Tx, loyalty: Loyalty) -> Iterator[CardFigures]:
    if not loyalty.program.cards:
        return
    used = Counter(each.reward_id for each in vouchers.page(tx, str(VoucherState.USED), "", EVERYBODY))
    for each in totals(tx, loyalty):
        card = each.card
        yield CardFigures(names=card.names, stamps=each.stamps, filled=each.vouchers, taken=used[card.reward])


def _clubs(tx: Tx, loyalty: Loyalty, ids: list[int]) -> Iterator[ClubFigures]:
    for club in loyalty.program.clubs:
        stays = [stay for _, stay in clubs.page(tx, club.id, 0, EVERYBODY)]
        acts = Counter(act.what for name, act in _acts(tx, ids) if name == club.id)
        paid = [payoff(tx, loyalty, stay.thirdparty_id, club) for stay in stays]
        paying = [each for each in paid if each.fees > 0]
        yield ClubFigures(
            names=club.names,
            inside=sum(stay.is_in for stay in stays),
            trials=acts["trial"],
            left=acts["cancel"],
            fees=sum((each.fees for each in paid), ZERO),
            paying=len(paying),
            paid_off=sum(each.has_paid_off for each in paying),
        )


def _acts(tx: Tx, ids: list[int]) -> Iterator[tuple[str, Any]]:
    for found in clubs.acts_of(tx, ids).values():
        yield from found


def _causes(loyalty: Loyalty) -> Iterator[CauseFigures]:
    names = {each.id: each.names for each in loyalty.program.charities}
    for row in charities.standing(loyalty.database):
        yield CauseFigures(
            names=names.get(row.charity_id, ()),
            givers=row.givers,
            points=row.points,
            given=row.given,
            match=row.match,
            paid=row.paid,
            owed=row.owed,
        )


def _referrals(tx: Tx, program: Program) -> tuple[tuple[str, int], ...]:
    if program.referral is None:
        return ()
    counted = Counter(each.state for each in referrals.page(tx, EVERYBODY))
    return tuple((str(state), counted[state]) for state in ReferralState if counted[state])


def _partners(tx: Tx, program: Program) -> Iterator[tuple[Names, Decimal]]:
    """What each partner has come to pay in the whole year."""
    for partner in program.partners:
        rows = tx.rows("funding_by_month", partner=partner.id, currency=program.currency)
        total = sum(int(row["amount_minor"]) for row in rows)
        yield partner.names, from_minor(total, program.currency)


def is_gift_card(line: Line) -> bool:
    """It was sold, so that the shop owes what is left of it."""
    return line.way in SOLD


def _gift_cards(register: Iterable[Line]) -> GiftCardFigures:
    """A lost card and the one in its place are one; cards that were printed and not sold are none yet."""
    lines = [line for line in register if is_gift_card(line) and line.value]

    def moved(*kinds: str) -> Decimal:
        return sum((line.moved[kind] for line in lines for kind in kinds), ZERO)

    return GiftCardFigures(
        cards=sum(1 for line in lines if line.moved["issued"]),
        sold=moved("issued", "corrected"),
        used=-moved("used", "returned"),
        ended=-moved("expired", "cancelled", "written_off"),
        left=sum((line.left for line in lines), ZERO),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Decimal) else value
