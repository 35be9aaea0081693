"""The program as its owner wrote it: how points are earned, kept, spent; frozen, storable as JSON.

Every document keeps the version of the program under which it was first seen, so these values must be able
to live in the database for years: only plain types, tuples and dataclasses.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from dolibarr_loyalty.core.activities import ActivityKind, Anniversary, Birthday, Referral
from dolibarr_loyalty.core.benefits import Benefit
from dolibarr_loyalty.core.charities import Charity
from dolibarr_loyalty.core.clubs import Club
from dolibarr_loyalty.core.eligibility import Segment, Who
from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.money import Rounding
from dolibarr_loyalty.core.partners import Partner, Share
from dolibarr_loyalty.core.terms import POINTS, Expiry, Match, Names, Window, name_in
from dolibarr_loyalty.core.tiers import TierGroup
from dolibarr_loyalty.core.times import RoundUp
from dolibarr_loyalty.core.wallets import Pooling, StampCard, Wallet

EarnOn = Literal["validated", "paid", "each_payment"]
Basis = Literal["net", "gross"]
Shortage = Literal["debt", "clamp", "invoice"]
CapPeriod = Literal["document", "day", "month", "year", "ever"]
Uses = Literal["single", "several"]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One way to earn, a standing rule or a promotion.

    kind 'amount': `points` for each full or broken `per` of the basis of the matching lines (E1, E2);
    'unit': `points` per unit bought (E6); 'visit': `points` per document (E5, C2); 'multiply': the points of
    the other rules on the matching lines times `factor` (E3); 'cumulative': `points` when the purchases of a
    `period` reach `threshold` together, again at each further threshold if it `repeats` (C3).
    `minimum_amount` and `minimum_quantity` are thresholds over the matching lines (E12). A rule that is not
    `combinable` stands alone: of those that match a line, only the one of the highest priority counts. An
    `exclusive` one stands alone on the whole document: where it gives anything, no other promotion of its
    unit does (C8).

    `unit` says which wallet fills. `who` is for whom (C6). `funding` are partners that pay for a share of
    what it gives (C4). `qualifying` points count for tier groups that qualify by points; a promotion's only
    when it says so. `budget` is the most it may give to all members together, in parts if
    `budget_in_part` (C8, C12).
    """

    id: str
    kind: Literal["amount", "unit", "visit", "multiply", "cumulative"] = "amount"
    points: Decimal = Decimal(1)
    per: Decimal = Decimal(1)
    factor: Decimal = Decimal(1)
    match: Match = field(default_factory=Match)
    window: Window = field(default_factory=Window)
    minimum_amount: Decimal | None = None
    minimum_quantity: Decimal | None = None
    combinable: bool = True
    priority: int = 0
    unit: str = POINTS
    names: Names = ()
    promotion: bool = False
    exclusive: bool = False
    qualifying: bool = True
    who: Who = field(default_factory=Who)
    threshold: Decimal = Decimal(0)
    threshold_of: Literal["amount", "purchases", "units"] = "amount"
    period: Literal["day", "month", "year", "ever"] = "month"
    repeats: bool = False
    funding: tuple[Share, ...] = ()
    budget: int | None = None
    budget_in_part: bool = True

    def name(self, locale: str) -> str:
        """The rule's name in a language, else its id."""
        return name_in(self.names, locale, self.id)


@dataclass(frozen=True, kw_only=True)
class Cap:
    """At most `points` per member and period, of one rule or (rule None) of all rules together (E18)."""

    period: CapPeriod
    points: int
    rule: str | None = None


@dataclass(frozen=True, kw_only=True)
class Exclusions:
    """What never earns, whatever the rules say. `gift_cards` are products whose sale is a voucher sale."""

    match: tuple[Match, ...] = ()
    discounted_lines: bool = False
    gift_cards: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reward:
    """Something points, or another `unit` such as the stamps of a card, buy (R1 to R4, R8).

    kind 'amount': `value` off; 'percent': `value` percent off, at most `limit`; 'product' and 'service': one
    unit of `product` free, at most `limit`. `names` has a text per language. `valid_months`, `uses` and
    `bearer` override those of the vouchers' terms. `minimum_purchase` is the gross amount that the goods it is
    good for must come to; goods in `excluded` (refs or tags, lower case) neither count nor are paid with it.
    Usable `usable_after_days` days after its issue, not before `valid_from`, not after `valid_until`.
    """

    id: str
    kind: Literal["amount", "percent", "product", "service"]
    points: int
    value: Decimal = Decimal(0)
    limit: Decimal | None = None
    product: str = ""
    names: Names = ()
    valid_months: int | None = None
    per_member: int | None = None
    unit: str = POINTS
    who: Who = field(default_factory=Who)
    uses: Uses | None = None
    bearer: bool | None = None
    minimum_purchase: Decimal | None = None
    excluded: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    usable_after_days: int = 0

    def name(self, locale: str) -> str:
        """The reward's name in a language, else in English, else any, else its id."""
        return name_in(self.names, locale, self.id)


@dataclass(frozen=True, kw_only=True)
class VoucherTerms:
    """How vouchers are made and used.

    `accounting` is the way they take through the books: 'payment' a credit note at issue at 0 %, a means of
    payment; 'credit_note' a credit note at issue with VAT, a rebate on past purchases, at `vat_rate` percent or
    (0) split over the VAT rates of what the member bought; 'discount' no document before use, a price
    reduction on the invoice it is used on.

    A voucher is usable to the end of the day `valid_months` after its issue, rounded up to `round_up`;
    0 months means without end. `uses` 'several' lets it be used in parts; a rest below `write_off_below` is
    written off (0: never). A reservation without a time of its own ends after `reserve_minutes`.
    """

    accounting: Literal["payment", "credit_note", "discount"] = "payment"
    vat_rate: Decimal = Decimal(0)
    valid_months: int = 36
    round_up: RoundUp = "year"
    return_points_on_expiry: bool = False
    uses: Uses = "single"
    bearer: bool = False
    write_off_below: Decimal = Decimal(0)
    reserve_minutes: int = 30


@dataclass(frozen=True, kw_only=True)
class Membership:
    """Who is a member: every customer, or those with the tag; never the generic customers of a till.

    `second_welcome` says what becomes of the later welcome points of two customers who are merged.
    """

    enrol: Literal["everyone", "tag"] = "everyone"
    tag: str = ""
    excluded_tags: tuple[str, ...] = ()
    generic_customers: tuple[int, ...] = ()
    second_welcome: Literal["reverse", "keep"] = "reverse"


@dataclass(frozen=True, kw_only=True)
class Program:
    """The whole program. Defaults are the safe choice named in features.md section 2.

    `point_value` is what one point is worth in the shop's currency, for the value shown and the liability.
    `early_payment_discount` says what an invoice closed as 'discount_vat' earns on: what was paid, all,
    or nothing. `recall_vouchers`: goods come back whose points went into a voucher that is still unused, so the
    voucher is cancelled before debt is made. `reinstatement_days` is the grace for points that come back to
    a lot that has expired. Nothing before `starts_on` earns; `backfill` lets invoices from before a customer
    became a member earn too. `transferable_points`: members may give points to each other. `country` (ISO 3166,
    'DE') is where the shop is, for what law says of vouchers; empty where the owner has not said.
    """

    name: str = "Loyalty"
    currency: str = "EUR"
    zone: str = "Europe/Paris"
    earn_on: EarnOn = "paid"
    basis: Basis = "gross"
    rounding: Rounding = "down"
    multipliers: Literal["max", "surplus", "product"] = "max"
    rules: tuple[Rule, ...] = (Rule(id="base"),)
    caps: tuple[Cap, ...] = ()
    max_balance: int | None = None
    program_cap: int | None = None
    exclusions: Exclusions = field(default_factory=Exclusions)
    early_payment_discount: Literal["paid_share", "full", "none"] = "paid_share"
    standalone_credit_notes: Literal["reverse", "ignore"] = "reverse"
    vouchers_earn: bool = False
    holding_days: int = 0
    expiry: Expiry = field(default_factory=Expiry)
    on_shortage: Shortage = "debt"
    debt_limit: int | None = None
    recall_vouchers: bool = True
    reinstatement_days: int = 30
    starts_on: date | None = None
    backfill: bool = True
    point_value: Decimal = Decimal("0.01")
    rewards: tuple[Reward, ...] = ()
    vouchers: VoucherTerms = field(default_factory=VoucherTerms)
    membership: Membership = field(default_factory=Membership)
    wallets: tuple[Wallet, ...] = ()
    cards: tuple[StampCard, ...] = ()
    tier_groups: tuple[TierGroup, ...] = ()
    benefits: tuple[Benefit, ...] = ()
    clubs: tuple[Club, ...] = ()
    charities: tuple[Charity, ...] = ()
    activities: tuple[ActivityKind, ...] = ()
    welcome_points: int = 0
    birthday: Birthday | None = None
    anniversary: Anniversary | None = None
    referral: Referral | None = None
    partners: tuple[Partner, ...] = ()
    segments: tuple[Segment, ...] = ()
    pooling: Pooling = field(default_factory=Pooling)
    transferable_points: bool = False
    country: str = ""
    gift_cards: tuple[GiftCard, ...] = ()

    def reward(self, reward_id: str) -> Reward | None:
        """The reward of this id, in any case, or None."""
        wanted = reward_id.casefold()
        return next((reward for reward in self.rewards if reward.id.casefold() == wanted), None)

    def gift_card(self, card_id: str) -> GiftCard | None:
        """The gift card of this id, in any case, or None."""
        wanted = card_id.casefold()
        return next((card for card in self.gift_cards if card.id.casefold() == wanted), None)

    @property
    def units(self) -> tuple[str, ...]:
        """Every unit an account may have under this program, the redeemable points first."""
        return (
            POINTS,
            *(wallet.unit for wallet in self.wallets),
            *(card.unit for card in self.cards),
            *(group.unit for group in self.tier_groups),
        )

    @property
    def needs_review(self) -> bool:
        """Purchases lead to more than points: tiers, clubs, full cards, referrals, benefits."""
        return bool(self.tier_groups or self.clubs or self.cards or self.benefits or self.referral)

    @property
    def tags(self) -> tuple[str, ...]:
        """The customer tags that tiers, clubs and benefits are shown by in Dolibarr, each once."""
        tiers = [tier.tag for group in self.tier_groups for tier in group.tiers]
        others = [*(club.tag for club in self.clubs), *(benefit.tag for benefit in self.benefits)]
        return tuple(dict.fromkeys(tag for tag in (*tiers, *others) if tag))
