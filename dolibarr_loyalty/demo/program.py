"""The loyalty program of the demo's shop, and the settings its loyalty.toml is written from."""

from datetime import time
from decimal import Decimal

from dolibarr_loyalty.config.initial import Answers, SecretFrom
from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.program import Exclusions, Membership, Program, Reward, Rule, VoucherTerms
from dolibarr_loyalty.core.terms import Expiry, Match, Window
from dolibarr_loyalty.demo.calendar import ZONE
from dolibarr_loyalty.demo.catalogue import FREE_COFFEE, GIFT_CARDS
from dolibarr_loyalty.locales import Language
from dolibarr_loyalty.sandbox.rights import API_USER_ID

SHOP = "Café Lindenhof"
NAME = "Lindenhof stars"
POINT_NAMES = {"de": ("Stern", "Sterne"), "en": ("star", "stars"), "fr": ("étoile", "étoiles")}
WEDNESDAY, THURSDAY = 2, 3

RULES = (
    Rule(id="base", points=Decimal(1), per=Decimal(1)),
    Rule(id="fair-trade", kind="unit", points=Decimal(5), match=Match(tags=("fair trade",))),
    Rule(id="class", kind="unit", points=Decimal(20), match=Match(products=("class", "tasting"))),
    Rule(id="double-wednesday", kind="multiply", factor=Decimal(2), window=Window(weekdays=(WEDNESDAY,))),
    Rule(
        id="coffee-hour",
        kind="multiply",
        factor=Decimal(3),
        match=Match(tags=("coffee",)),
        window=Window(weekdays=(THURSDAY,), from_time=time(15), until_time=time(17)),
    ),
)
REWARDS = (
    Reward(
        id="coffee",
        kind="product",
        points=100,
        product=FREE_COFFEE,
        limit=Decimal(5),
        names=(("de", "Eine Tasse Kaffee"), ("en", "A cup of coffee"), ("fr", "Une tasse de café")),
    ),
    Reward(
        id="5-off",
        kind="amount",
        points=250,
        value=Decimal(5),
        names=(("de", "Gutschein über 5 €"), ("en", "Voucher of €5"), ("fr", "Bon de 5 €")),
    ),
    Reward(
        id="10-percent",
        kind="percent",
        points=400,
        value=Decimal(10),
        limit=Decimal(15),
        names=(("de", "10 % Rabatt"), ("en", "10 % off"), ("fr", "10 % de remise")),
    ),
    Reward(
        id="20-off",
        kind="amount",
        points=800,
        value=Decimal(20),
        names=(("de", "Gutschein über 20 €"), ("en", "Voucher of €20"), ("fr", "Bon de 20 €")),
    ),
)


GIFT_CARD = GiftCard(
    id="gift-card",
    products=GIFT_CARDS,
    names=(("de", "Geschenkgutschein"), ("en", "Gift card"), ("fr", "Carte cadeau")),
)


def program(till_customer: int) -> Program:
    """One point per euro, twice as many on Wednesdays; points and vouchers short-lived enough to see them end."""
    return Program(
        name=NAME,
        zone=ZONE.key,
        rules=RULES,
        exclusions=Exclusions(gift_cards=GIFT_CARDS),
        holding_days=7,
        expiry=Expiry(model="fixed", months=8, round_up="month"),
        point_value=Decimal("0.02"),
        rewards=REWARDS,
        vouchers=VoucherTerms(accounting="payment", valid_months=3, round_up="none"),
        membership=Membership(generic_customers=(till_customer,)),
        country="FR",
        gift_cards=(GIFT_CARD,),
    )


def answers(
    *, url: str, api_key: str, admin_key: str, web_port: int, language: Language, program: Program
) -> Answers:
    """What the demo would have answered to `init`."""
    return Answers(
        dolibarr_url=url,
        api_key=SecretFrom(file="secrets/api_key", value=api_key),
        admin_key=SecretFrom(file="secrets/admin_key", value=admin_key),
        mail_kind="maildir",
        mail_folder="mails",
        sender_address="hello@lindenhof.example",
        sender_name=SHOP,
        shop_name=SHOP,
        shop_language=language,
        colour="#6b3f1f",
        website="https://lindenhof.example",
        legal=(f"{SHOP}, 7 quai des Bateliers, 67000 Strasbourg",),
        point_names=POINT_NAMES if program.name == NAME else None,
        member_page_url="https://lindenhof.example/stars/{member}",
        dolibarr_user_id=API_USER_ID,
        web_port=web_port,
        program=program,
    )
