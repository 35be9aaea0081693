"""How long vouchers last by law: what is proposed for a country, and which terms courts have struck down."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from dolibarr_loyalty.core.law_sources import LOOKED_AT, RULES, Rule
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.terms import Expiry
from dolibarr_loyalty.core.times import RoundUp, add_months, end_of_period
from dolibarr_loyalty.core.voucher_law import VoucherKind, law_country

SHORTEST_MONTHS = 36  # features 4.6 and 4.7
_NEW_YEAR, _THIRD_YEAR = date(2027, 1, 1), date(2030, 12, 31)

_DAYS_IN_MONTH = 30

Place = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Term:
    """How long a voucher lasts: months (0: without end), rounded up; and the rule that speaks for it."""

    months: int
    round_up: RoundUp
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """A term of a program that a court may strike down: where it stands, what, by which rule.

    `facts` tell the months. `kind`: 'points', 'quiet', 'free' or 'sold'.
    """

    place: Place
    kind: str
    rule: Rule
    months: int = 0


def proposed_term(country: str, kind: VoucherKind) -> Term:
    """The term proposed for a kind of voucher: in most countries three years to the end of the year.

    Sold in Germany that is the regular limitation (§§ 195, 199 BGB); in Switzerland ten years, which hold where
    nothing is agreed. Elsewhere it is a careful choice, not law; that of free vouchers is everywhere.
    """
    if kind != "sold":
        rule = RULES["de_free_time" if country == "DE" else "other_time"]
        return Term(months=SHORTEST_MONTHS, round_up="year", rule=rule)
    if country == "CH":
        return Term(months=120, round_up="none", rule=RULES["ch_time"])
    name = {"DE": "de_sold_time", **{each: f"{each.lower()}_time" for each in LOOKED_AT if each != "DE"}}
    return Term(months=SHORTEST_MONTHS, round_up="year", rule=RULES[name.get(country, "other_time")])


def doubts(program: Program) -> Iterator[Doubt]:
    """Terms of a program that German courts may strike down; without a country, it may be Germany's too."""
    country = law_country(program)
    if country not in ("DE", ""):
        return
    yield from _of_points(("program", "expiry", "months"), program.expiry)
    if country == "DE":
        for number, wallet in enumerate(program.wallets):
            yield from _of_points(("program", "wallet", number, "expiry"), wallet.expiry)
    months = program.vouchers.valid_months
    if 0 < months < SHORTEST_MONTHS:
        yield _free(("program", "vouchers", "valid_months"), months)
    for number, reward in enumerate(program.rewards):
        if reward.valid_months and reward.valid_months < SHORTEST_MONTHS:
            yield _free(("program", "reward", number, "valid_months"), reward.valid_months)
    for number, card in enumerate(program.gift_cards):
        if card.valid_months and _ends_too_soon(card.valid_months, card.round_up):
            place = ("program", "gift_card", number, "valid_months")
            yield Doubt(place=place, kind="sold", rule=RULES["de_sold_time"], months=card.valid_months)


def _of_points(place: Place, expiry: Expiry) -> Iterator[Doubt]:
    months = expiry.months + expiry.days / _DAYS_IN_MONTH
    if expiry.model != "none" and months < SHORTEST_MONTHS:
        yield Doubt(place=place, kind="points", rule=RULES["de_points_time"], months=int(months))
    elif expiry.model == "activity":
        yield Doubt(place=place, kind="quiet", rule=RULES["de_points_quiet"], months=int(months))


def _free(place: Place, months: int) -> Doubt:
    return Doubt(place=place, kind="free", rule=RULES["de_free_time"], months=months)


def _ends_too_soon(months: int, round_up: RoundUp) -> bool:
    """Sold on New Year's Day, it ends before the third year after the year of its sale does."""
    return end_of_period(add_months(_NEW_YEAR, months), round_up) < _THIRD_YEAR
