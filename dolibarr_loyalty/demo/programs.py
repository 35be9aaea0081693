"""The programs that the demo can play: the shop's own for points, the presets for its shelves for all others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from dolibarr_loyalty.config import presets
from dolibarr_loyalty.config.presets import Basics
from dolibarr_loyalty.core.activities import Anniversary, Referral
from dolibarr_loyalty.core.partners import Partner, Share
from dolibarr_loyalty.core.program import Cap, Exclusions, Membership, Program, Rule, VoucherTerms
from dolibarr_loyalty.core.terms import Match
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.core.wallets import Pooling
from dolibarr_loyalty.demo.calendar import ZONE
from dolibarr_loyalty.demo.catalogue import CLUB, FREE_COFFEE, GIFT_CARDS
from dolibarr_loyalty.demo.program import program as points_program
from dolibarr_loyalty.locales import Language

ROASTERY = "Rösterei Kinzig GmbH"
CHARITIES = {"trees": "Les Arbres du Rhin", "food-bank": "Tafel am Rhein e. V."}
OTHERS = (ROASTERY, *CHARITIES.values())
LUNCH = "LUNCH"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What stands in Dolibarr before the year: the till's customer, and the ids of others by their names."""

    till_customer: int
    others: Mapping[str, int]
    language: Language = "en"

    @property
    def basics(self) -> Basics:
        return Basics(zone=ZONE.key, language=self.language)


def program_of(preset: str, ground: Ground) -> Program:
    """The program of a preset for the demo's shop."""
    return PROGRAMS[preset](ground)


def points(ground: Ground) -> Program:
    """One point per euro; a roastery pays half of what its fair trade coffee brings, friends are recommended."""
    program = points_program(ground.till_customer)
    partner = Partner(
        id="roastery",
        thirdparty_id=ground.others[ROASTERY],
        names=tuple((language, ROASTERY) for language in ("de", "en", "fr")),
        point_price=Decimal("0.02"),
    )
    rules = tuple(
        replace(rule, promotion=True, funding=(Share(partner="roastery", percent=Decimal(50)),))
        if rule.id == "fair-trade"
        else rule
        for rule in program.rules
    )
    return replace(
        program,
        rules=rules,
        partners=(partner,),
        referral=Referral(referrer_points=100, friend_points=50, minimum_amount=Decimal(10), most_per_year=5),
    )


def tiers(ground: Ground) -> Program:
    """Tiers by quarters of a year, so that some fall within the year, and others by visits; two promotions."""
    program = _in_this_shop(presets.tiers(ground.basics), ground)
    (group,) = program.tier_groups
    member, silver, gold = group.tiers
    group = replace(
        group,
        tiers=(member, replace(silver, threshold=120), replace(gold, threshold=350)),
        period_months=3,
        tier_months=3,
    )
    jubilee = Rule(
        id="jubilee",
        kind="visit",
        points=Decimal(25),
        minimum_amount=Decimal(60),
        promotion=True,
        qualifying=False,
        budget=5000,
        names=(("de", "Jubiläumspunkte"), ("en", "Jubilee points"), ("fr", "Points du jubilé")),
    )
    thrice = Rule(
        id="three-visits",
        kind="cumulative",
        points=Decimal(15),
        threshold=Decimal(3),
        threshold_of="purchases",
        repeats=True,
        promotion=True,
        qualifying=False,
        names=(("de", "Dreimal im Monat"), ("en", "Three visits a month"), ("fr", "Trois visites par mois")),
    )
    return replace(
        program,
        tier_groups=(group, _by_visits()),
        rules=(*program.rules, jubilee, thrice),
        caps=(*program.caps, Cap(period="year", points=25, rule=jubilee.id)),
        welcome_points=20,
    )


def _by_visits() -> TierGroup:
    """A second ladder, counted from the day each member joined; who falls loses one step, after some days."""
    return TierGroup(
        id="visits",
        names=(("de", "Besuche"), ("en", "Visits"), ("fr", "Visites")),
        qualify_by="visits",
        model="anniversary",
        period_months=3,
        tier_months=3,
        tenure_months=4,
        extension="month",
        downgrade="one_step",
        grace_days=14,
        tiers=(
            Tier(id="guest", threshold=0, names=(("de", "Gast"), ("en", "Guest"), ("fr", "Client"))),
            Tier(
                id="regular",
                threshold=2,
                names=(("de", "Stammgast"), ("en", "Regular"), ("fr", "Habitué")),
            ),
            Tier(
                id="friend",
                threshold=6,
                names=(("de", "Hausfreund"), ("en", "Friend of the house"), ("fr", "Ami de la maison")),
            ),
        ),
    )


def stamps(ground: Ground) -> Program:
    """A card for coffee and tea, and one for lunches."""
    program = _in_this_shop(presets.stamps(ground.basics), ground)
    product = {"coffee-card": FREE_COFFEE, "lunch-card": LUNCH}
    return replace(
        program,
        rewards=tuple(replace(reward, product=product[reward.id]) for reward in program.rewards),
    )


def club(ground: Ground) -> Program:
    """A club for half a year, so that some renew it within the year; households spend together."""
    program = _in_this_shop(presets.club(ground.basics), ground)
    (plus,) = program.clubs
    plus = replace(plus, products=(CLUB.casefold(),), months=6)
    not_the_fee = Exclusions(match=(Match(products=plus.products),), gift_cards=GIFT_CARDS)
    pooling = Pooling(kind="household", spenders="anyone", most_members=4)
    return replace(
        program, clubs=(plus,), exclusions=not_the_fee, pooling=pooling, point_value=Decimal("0.02")
    )


def cause(ground: Ground) -> Program:
    """Two causes that Dolibarr knows as third parties, so that what is owed becomes a draft there."""
    program = _in_this_shop(presets.cause(ground.basics), ground)
    charities = tuple(
        replace(each, thirdparty_id=ground.others[CHARITIES[each.id]], minimum_points=50)
        for each in program.charities
    )
    return replace(program, charities=charities, point_value=Decimal("0.02"))


def stars(ground: Ground) -> Program:
    """Stars that members may give to each other."""
    program = _in_this_shop(presets.stars(ground.basics), ground)
    (wallet,) = program.wallets
    return replace(
        program,
        wallets=(replace(wallet, transferable=True),),
        anniversary=Anniversary(points=25, times_years=True),
    )


PROGRAMS: Mapping[str, Callable[[Ground], Program]] = {
    "points": points,
    "tiers": tiers,
    "stamps": stamps,
    "club": club,
    "cause": cause,
    "stars": stars,
}


def _in_this_shop(program: Program, ground: Ground) -> Program:
    """A preset's program with what the shop decides: no members at the till, short-lived vouchers, gift cards."""
    return replace(
        program,
        membership=Membership(generic_customers=(ground.till_customer,)),
        exclusions=replace(program.exclusions, gift_cards=GIFT_CARDS),
        vouchers=VoucherTerms(accounting="payment", valid_months=3, round_up="none"),
    )
