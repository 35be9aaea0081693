"""The tables of what members reach or join: tiers, benefits, paid clubs, segments."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from dolibarr_loyalty.config.condition_tables import MatchTable, named, values
from dolibarr_loyalty.config.settings import ALWAYS, STRICT
from dolibarr_loyalty.config.spellings import (
    Amount,
    Count,
    CountFromOne,
    FoldedList,
    Id,
    IdList,
    MonthDay,
    Named,
    Positive,
)
from dolibarr_loyalty.config.wrong import wrong
from dolibarr_loyalty.core.benefits import Benefit, BenefitKind
from dolibarr_loyalty.core.clubs import Club
from dolibarr_loyalty.core.eligibility import Segment
from dolibarr_loyalty.core.tiers import Tier, TierGroup

_USUAL = TierGroup(id="", tiers=())
_GIFTS = ("birthday_gift", "welcome", "anniversary")
_BOUNDS = ("purchases", "spend", "quiet_days")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TierTable:
    """[[program.tiers.tier]]: one level of the group above it."""

    id: Id
    threshold: Count
    names: Named = Field(default_factory=dict)
    earn_factor: Positive = Decimal(1)
    benefits: IdList = ()
    tag: str = ""

    def tier(self) -> Tier:
        return Tier(**{**values(self), "names": named(self.names)})


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TiersTable(MatchTable):
    """[[program.tiers]]: a group of tiers, the lowest first."""

    id: Id
    names: Named = Field(default_factory=dict)
    qualify_by: Literal["spend", "points", "visits"] = _USUAL.qualify_by
    per: Positive = _USUAL.per
    model: Literal["fixed", "anniversary"] = _USUAL.model
    starts: MonthDay | None = None
    period_months: CountFromOne = _USUAL.period_months
    tier_months: CountFromOne = _USUAL.tier_months
    tenure_months: Count = _USUAL.tenure_months
    extension: Literal["none", "month", "reset", "anniversary"] = _USUAL.extension
    keep: Literal["tier_period", "following_period"] = _USUAL.keep
    downgrade: Literal["one_step", "matching"] = _USUAL.downgrade
    grace_days: Count = _USUAL.grace_days
    warning_days: Count = _USUAL.warning_days
    on_refund: Literal["next_assessment", "immediately", "never"] = _USUAL.on_refund
    tier: Annotated[tuple[TierTable, ...], ALWAYS] = ()

    @field_validator("tier")
    @classmethod
    def _has_levels(cls, tiers: tuple[TierTable, ...]) -> tuple[TierTable, ...]:
        if not tiers:
            raise wrong(
                "is missing: this group has no tier.",
                "Write [[program.tiers.tier]] below it, the lowest first.",
            )
        return tiers

    def group(self) -> TierGroup:
        written = values(self)
        for name in ("products", "tags", "types", "tier"):
            del written[name]
        return TierGroup(
            **{**written, "names": named(self.names), "starts": self.starts or _USUAL.starts},
            match=self.match(),
            tiers=tuple(table.tier() for table in self.tier),
        )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class BenefitTable:
    """[[program.benefit]]: what a tier or a club brings besides points."""

    id: Id
    kind: BenefitKind
    names: Named = Field(default_factory=dict)
    uses: CountFromOne | None = None
    period: Literal["month", "year", "ever"] = "ever"
    percent: Annotated[Annotated[Amount, Field(le=100)], ALWAYS] = Decimal(0)
    days: Annotated[Count, ALWAYS] = 0
    reward: Id | None = None
    points: Annotated[Count, ALWAYS] = 0
    valid_days: Count = 0
    tag: str = ""
    to_dolibarr: bool = False

    @field_validator("percent")
    @classmethod
    def _is_a_discount(cls, percent: Decimal, info: ValidationInfo) -> Decimal:
        kind = info.data.get("kind")
        if kind == "extra_discount" and not percent:
            raise wrong('is missing: kind = "extra_discount" takes so much off.', "Write percent = 5.")
        if kind not in ("extra_discount", None) and percent:
            raise wrong(f'means nothing for kind = "{kind}".', "Leave it out.")
        return percent

    @field_validator("days")
    @classmethod
    def _is_a_return_period(cls, days: int, info: ValidationInfo) -> int:
        kind = info.data.get("kind")
        if kind == "longer_returns" and not days:
            raise wrong('is missing: kind = "longer_returns" is so many days.', "Write days = 60.")
        if kind not in ("longer_returns", None) and days:
            raise wrong(f'means nothing for kind = "{kind}".', "Did you mean valid_days? Else leave it out.")
        return days

    @field_validator("points")
    @classmethod
    def _is_a_gift(cls, points: int, info: ValidationInfo) -> int:
        kind, reward = info.data.get("kind"), info.data.get("reward")
        if kind in _GIFTS and "reward" in info.data and not (points or reward):
            raise wrong(
                f'is missing: kind = "{kind}" gives points or a reward.',
                'Write points = 100, or reward = "free-coffee".',
            )
        if kind not in (*_GIFTS, None) and (points or reward):
            raise wrong(f'or a reward mean nothing for kind = "{kind}".', "Leave points and reward out.")
        return points

    @field_validator("to_dolibarr")
    @classmethod
    def _can_be_written_there(cls, written: bool, info: ValidationInfo) -> bool:
        kind = info.data.get("kind")
        if written and kind not in ("extra_discount", None):
            raise wrong(f'means nothing for kind = "{kind}".', 'It writes the percent of "extra_discount".')
        return written

    def benefit(self) -> Benefit:
        return Benefit(**{**values(self), "names": named(self.names), "reward": self.reward or ""})


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ClubTable:
    """[[program.club]]: a paid club; buying one of its products opens or renews it."""

    id: Id
    products: Annotated[FoldedList, ALWAYS] = ()
    months: CountFromOne = 12
    names: Named = Field(default_factory=dict)
    trial_days: Count = 0
    grace_days: Count = 0
    refund: Literal["prorata", "none"] = "prorata"
    benefits: IdList = ()
    tag: str = ""
    reminder_days: Count = 30

    @field_validator("products")
    @classmethod
    def _can_be_bought(cls, products: tuple[str, ...]) -> tuple[str, ...]:
        if not products:
            raise wrong(
                "is missing: nobody could join this club.",
                'Write the ref of what is paid for it in Dolibarr: products = ["CLUB-YEAR"].',
            )
        return products

    def club(self) -> Club:
        return Club(**{**values(self), "names": named(self.names)})


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SegmentTable:
    """[[program.segment]]: members by what they bought."""

    id: Id
    names: Named = Field(default_factory=dict)
    months: Count = 12
    minimum_purchases: Count | None = None
    maximum_purchases: Count | None = None
    minimum_spend: Amount | None = None
    maximum_spend: Amount | None = None
    minimum_quiet_days: Count | None = None
    maximum_quiet_days: Annotated[Count | None, ALWAYS] = None

    @field_validator("maximum_purchases", "maximum_spend", "maximum_quiet_days")
    @classmethod
    def _holds_somebody(cls, most: Decimal | None, info: ValidationInfo) -> Decimal | None:
        name = (info.field_name or "").replace("maximum", "minimum")
        least = info.data.get(name)
        if most is not None and least is not None and most < least:
            raise wrong(f"is below {name} = {least}, so nobody is in it.", f"Write at least {least}.")
        return most

    @field_validator("maximum_quiet_days")
    @classmethod
    def _has_a_bound(cls, most: int | None, info: ValidationInfo) -> int | None:
        bounds = [f"{side}_{what}" for what in _BOUNDS for side in ("minimum", "maximum")][:-1]
        if most is None and all(name in info.data and info.data[name] is None for name in bounds):
            raise wrong(
                "or another bound is missing: everybody would be in this segment.",
                f"Write one of {', '.join(bounds)}.",
            )
        return most

    def segment(self) -> Segment:
        return Segment(**{**values(self), "names": named(self.names)})
