"""The programs that `init --preset` offers, modelled on six classics; each works as it stands.

What the shop must have for one (tags, refs of products) is told in `templates/config/`, under preset.<name>.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import get_currency_symbol

from dolibarr_loyalty.core.activities import ActivityKind, Birthday
from dolibarr_loyalty.core.benefits import Benefit
from dolibarr_loyalty.core.charities import Charity
from dolibarr_loyalty.core.clubs import Club
from dolibarr_loyalty.core.eligibility import Who
from dolibarr_loyalty.core.program import Exclusions, Program, Reward, Rule, VoucherTerms
from dolibarr_loyalty.core.terms import Expiry, Match, Names, Window
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.core.validity_law import proposed_term
from dolibarr_loyalty.core.voucher_law import GERMAN_ZONES
from dolibarr_loyalty.core.wallets import StampCard, Wallet
from dolibarr_loyalty.locales import Language

MONDAY = 0


@dataclass(frozen=True, kw_only=True)
class Basics:
    """What a preset is told of the shop; without a name it gives its own."""

    name: str | None = None
    currency: str = "EUR"
    zone: str = "Europe/Paris"
    country: str = ""
    language: Language = "en"

    @property
    def vouchers(self) -> VoucherTerms:
        """How long vouchers last, as proposed for the country."""
        term = proposed_term(self.country, "loyalty")
        return VoucherTerms(valid_months=term.months, round_up=term.round_up)

    def program_name(self, de: str, en: str, fr: str) -> str:
        return self.name or {"de": de, "en": en, "fr": fr}[self.language]


def points(shop: Basics) -> Program:
    """A points shop: 1 point per 10 of the currency, and three rewards."""
    percent = Reward(
        id="10-percent",
        kind="percent",
        points=80,
        value=Decimal(10),
        limit=Decimal(50),
        names=_names("10\u00a0% Rabatt", "10% off", "10\u00a0% de remise"),
    )
    return Program(
        name=shop.program_name("Treueprogramm", "Loyalty program", "Programme de fidélité"),
        currency=shop.currency,
        zone=shop.zone,
        country=shop.country,
        vouchers=shop.vouchers,
        rules=(Rule(id="base", points=Decimal(1), per=Decimal(10)),),
        point_value=Decimal("0.10"),
        rewards=(_voucher(shop, 5, 50), percent, _voucher(shop, 20, 180)),
    )


def tiers(shop: Basics) -> Program:
    """Three tiers by what is spent in the calendar year, each kept to the end of the following year."""
    benefits = (
        Benefit(
            id="birthday-gift",
            kind="birthday_gift",
            points=100,
            names=_names("Geburtstagsgeschenk", "Birthday gift", "Cadeau d’anniversaire"),
        ),
        Benefit(
            id="free-shipping",
            kind="free_shipping",
            names=_names("Kostenloser Versand", "Free shipping", "Livraison offerte"),
        ),
        Benefit(
            id="early-access",
            kind="early_access",
            names=_names("Neues zuerst", "Early access to new products", "Nouveautés en avant-première"),
        ),
        Benefit(
            id="longer-returns",
            kind="longer_returns",
            days=60,
            names=_names("60 Tage Rückgabe", "60 days to return", "60 jours pour rendre"),
        ),
        Benefit(
            id="gold-evening",
            kind="event",
            names=_names(
                "Einladung zum Gold-Abend", "Invitation to the gold evening", "Invitation à la soirée Or"
            ),
        ),
    )
    group = TierGroup(
        id="status",
        names=_names("Status", "Status", "Statut"),
        keep="following_period",
        tiers=(
            Tier(
                id="member",
                threshold=0,
                names=_names("Mitglied", "Member", "Membre"),
                benefits=("birthday-gift",),
            ),
            Tier(
                id="silver",
                threshold=350,
                names=_names("Silber", "Silver", "Argent"),
                earn_factor=Decimal("1.25"),
                benefits=("birthday-gift", "free-shipping"),
            ),
            Tier(
                id="gold",
                threshold=1000,
                names=_names("Gold", "Gold", "Or"),
                earn_factor=Decimal("1.5"),
                benefits=("birthday-gift", "free-shipping", "early-access", "longer-returns", "gold-evening"),
            ),
        ),
    )
    return Program(
        name=shop.program_name("Treueprogramm", "Loyalty program", "Programme de fidélité"),
        currency=shop.currency,
        zone=shop.zone,
        country=shop.country,
        vouchers=shop.vouchers,
        rules=(Rule(id="base"),),
        point_value=Decimal("0.025"),
        rewards=(_voucher(shop, 5, 200), _voucher(shop, 10, 400), _voucher(shop, 25, 1000)),
        tier_groups=(group,),
        benefits=benefits,
    )


def stamps(shop: Basics) -> Program:
    """A café: the drink after ten stamps is free, and so is a lunch on a card of its own."""
    coffee = _names("Kaffeekarte", "Coffee card", "Carte café")
    lunch = _names("Mittagskarte", "Lunch card", "Carte déjeuner")
    return Program(
        name=shop.program_name("Stempelkarten", "Stamp cards", "Cartes à tampons"),
        currency=shop.currency,
        zone=shop.zone,
        country=shop.country,
        vouchers=shop.vouchers,
        rules=(_stamps("coffee-card", coffee, tag="drink"), _stamps("lunch-card", lunch, tag="lunch")),
        rewards=(
            Reward(
                id="coffee-card",
                kind="product",
                points=10,
                product="COFFEE",
                names=_names("Ein Getränk", "A drink", "Une boisson"),
                unit="stamps:coffee-card",
            ),
            Reward(
                id="lunch-card",
                kind="product",
                points=8,
                product="LUNCH",
                names=_names("Ein Mittagessen", "A lunch", "Un déjeuner"),
                unit="stamps:lunch-card",
            ),
        ),
        cards=(
            StampCard(id="coffee-card", size=10, reward="coffee-card", names=coffee),
            StampCard(id="lunch-card", size=8, reward="lunch-card", names=lunch),
        ),
    )


def club(shop: Basics) -> Program:
    """A paid club for a year: double points, free shipping, a discount, and new products first."""
    benefits = (
        Benefit(
            id="free-shipping",
            kind="free_shipping",
            names=_names("Kostenloser Versand", "Free shipping", "Livraison offerte"),
        ),
        Benefit(
            id="club-discount",
            kind="extra_discount",
            percent=Decimal(5),
            names=_names("5\u00a0% Clubrabatt", "5% club discount", "5\u00a0% de remise club"),
        ),
        Benefit(
            id="early-access",
            kind="early_access",
            names=_names("Neues zuerst", "Early access to new products", "Nouveautés en avant-première"),
        ),
    )
    plus = Club(
        id="plus",
        products=("club-year",),
        names=_names("Plus-Club", "Plus club", "Club Plus"),
        trial_days=30,
        grace_days=14,
        benefits=tuple(benefit.id for benefit in benefits),
    )
    return Program(
        name=shop.program_name("Treueprogramm mit Club", "Loyalty program with a club", "Fidélité et club"),
        currency=shop.currency,
        zone=shop.zone,
        country=shop.country,
        vouchers=shop.vouchers,
        rules=(
            Rule(id="base"),
            Rule(
                id="club-double",
                kind="multiply",
                factor=Decimal(2),
                names=_names(
                    "Doppelte Punkte im Club", "Double points in the club", "Points doubles du club"
                ),
                who=Who(clubs=("plus",)),
            ),
        ),
        exclusions=Exclusions(match=(Match(products=("club-year",)),)),
        rewards=(_voucher(shop, 5, 500), _voucher(shop, 10, 1000)),
        clubs=(plus,),
        benefits=benefits,
    )


def cause(shop: Basics) -> Program:
    """Points that members give to a good cause; the shop adds half, and green habits earn too."""
    return Program(
        name=shop.program_name("Gemeinsam Gutes tun", "Doing good together", "Agir ensemble"),
        currency=shop.currency,
        zone=shop.zone,
        country=shop.country,
        vouchers=shop.vouchers,
        rules=(Rule(id="base"),),
        charities=(
            Charity(
                id="trees",
                names=_names("Bäume für die Region", "Trees for our region", "Des arbres pour la région"),
                match_percent=Decimal(50),
                match_limit=Decimal(1000),
                minimum_points=100,
            ),
            Charity(
                id="food-bank",
                names=_names("Die Tafel", "The food bank", "La banque alimentaire"),
                match_percent=Decimal(50),
                match_limit=Decimal(1000),
                minimum_points=100,
            ),
        ),
        activities=(
            ActivityKind(
                id="own-cup",
                points=5,
                names=_names("Eigener Becher", "Your own cup", "Votre propre tasse"),
                most=1,
                period="day",
                needs_evidence=True,
            ),
            ActivityKind(
                id="bike",
                points=10,
                names=_names("Mit dem Rad gekommen", "Came by bike", "Venu à vélo"),
                most=1,
                period="day",
                needs_evidence=True,
            ),
        ),
    )


def stars(shop: Basics) -> Program:
    """Stars for drinks and food, rewards from 25 stars, double-star Mondays, a birthday drink, a gold level."""
    months = (
        36 if shop.country == "DE" or shop.zone in GERMAN_ZONES else 6
    )  # German courts strike short terms down
    level = TierGroup(
        id="level",
        names=_names("Stufe", "Level", "Niveau"),
        qualify_by="points",
        model="anniversary",
        tiers=(
            Tier(id="green", threshold=0, names=_names("Grün", "Green", "Vert")),
            Tier(
                id="gold",
                threshold=500,
                names=_names("Gold", "Gold", "Or"),
                earn_factor=Decimal("1.2"),
                benefits=("first-taste",),
            ),
        ),
    )
    return Program(
        name=shop.program_name("Sterne", "Stars", "Étoiles"),
        currency=shop.currency,
        zone=shop.zone,
        country=shop.country,
        vouchers=shop.vouchers,
        rules=(
            Rule(id="base", points=Decimal(2), unit="stars"),
            Rule(
                id="double-monday",
                kind="multiply",
                factor=Decimal(2),
                unit="stars",
                names=_names("Doppelte Sterne am Montag", "Double-star Monday", "Lundi, étoiles doubles"),
                window=Window(weekdays=(MONDAY,)),
                promotion=True,
                qualifying=False,
            ),
        ),
        rewards=(
            _for_stars(
                "extra", 25, "1", "Ein Extra nach Wahl", "An extra of your choice", "Un extra au choix"
            ),
            _for_stars("hot-drink", 100, "3.50", "Kaffee oder Tee", "Coffee or tea", "Un café ou un thé"),
            _for_stars("any-drink", 200, "6", "Ein Getränk nach Wahl", "Any drink", "Une boisson au choix"),
            _for_stars("lunch", 300, "9", "Ein Mittagessen", "A lunch", "Un déjeuner"),
        ),
        wallets=(
            Wallet(
                id="stars",
                names=(("de", "Stern", "Sterne"), ("en", "star", "stars"), ("fr", "étoile", "étoiles")),
                expiry=Expiry(months=months, round_up="month"),
                value=Decimal("0.03"),
            ),
        ),
        tier_groups=(level,),
        benefits=(
            Benefit(
                id="first-taste",
                kind="early_access",
                names=_names("Neues zuerst kosten", "First taste of the new", "Nouveautés en avant-première"),
            ),
        ),
        birthday=Birthday(reward="any-drink"),
    )


PRESETS: Mapping[str, Callable[[Basics], Program]] = {
    "points": points,
    "tiers": tiers,
    "stamps": stamps,
    "club": club,
    "cause": cause,
    "stars": stars,
}


def _names(de: str, en: str, fr: str) -> Names:
    return (("de", de), ("en", en), ("fr", fr))


def _voucher(shop: Basics, amount: int, cost: int) -> Reward:
    """A voucher of a round amount, named in each language with the sign of the currency."""
    signs = {tongue: get_currency_symbol(shop.currency, tongue) for tongue in ("de", "en", "fr")}
    names = _names(
        f"Gutschein über {amount}\u00a0{signs['de']}",
        f"{signs['en']}{amount} voucher",
        f"Bon d’achat de {amount}\u00a0{signs['fr']}",
    )
    return Reward(id=f"{amount}-off", kind="amount", points=cost, value=Decimal(amount), names=names)


def _stamps(card: str, names: Names, *, tag: str) -> Rule:
    """The rule of a card: a stamp for each unit of a product with the tag."""
    return Rule(
        id=card, kind="unit", unit=f"stamps:{card}", match=Match(tags=(tag,)), names=names, qualifying=False
    )


def _for_stars(name: str, cost: int, value: str, de: str, en: str, fr: str) -> Reward:
    return Reward(
        id=name, kind="amount", points=cost, value=Decimal(value), names=_names(de, en, fr), unit="stars"
    )
