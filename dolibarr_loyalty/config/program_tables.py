"""The [program] tables of loyalty.toml: friendly spellings in, values of `core.program` out."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from dolibarr_loyalty.config.condition_tables import MatchTable, WhoTable, WindowTable, named, values
from dolibarr_loyalty.config.settings import ALWAYS, STRICT
from dolibarr_loyalty.config.spellings import (
    Amount,
    Count,
    CountFromOne,
    Currency,
    FoldedList,
    Id,
    Named,
    OptionalCountry,
    Positive,
    Text,
    UnitId,
    Zone,
)
from dolibarr_loyalty.config.wrong import wrong
from dolibarr_loyalty.core.money import Rounding
from dolibarr_loyalty.core.program import (
    Basis,
    Cap,
    CapPeriod,
    EarnOn,
    Exclusions,
    Membership,
    Program,
    Reward,
    Rule,
    Shortage,
    Uses,
    VoucherTerms,
)
from dolibarr_loyalty.core.terms import POINTS, Expiry, Match
from dolibarr_loyalty.core.times import RoundUp

_USUAL = Program()
RuleKind = Literal["amount", "unit", "visit", "multiply", "cumulative"]


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RuleTable(MatchTable, WindowTable):
    """What every rule has: its lines, its time, for whom, its thresholds, how it stands beside others."""

    id: Id
    names: Named = Field(default_factory=dict)
    unit: UnitId = POINTS
    who: WhoTable | None = None
    minimum_amount: Amount | None = None
    minimum_quantity: Amount | None = None
    combinable: bool = True
    priority: int = 0
    qualifying: bool = True

    def rule(self, kind: RuleKind, **more: Any) -> Rule:
        return Rule(
            id=self.id,
            kind=kind,
            names=named(self.names),
            unit=self.unit,
            who=(self.who or WhoTable()).conditions(),
            match=self.match(),
            window=self.window(),
            minimum_amount=self.minimum_amount,
            minimum_quantity=self.minimum_quantity,
            combinable=self.combinable,
            priority=self.priority,
            qualifying=self.qualifying,
            **more,
        )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class EarnTable(RuleTable):
    """[[program.earn]]: `points` for each `per` of money, per unit bought or per visit.

    `points_per_unit` is the other spelling: points for one unit of money, or for one unit bought.
    """

    kind: Literal["amount", "unit", "visit"] = "amount"
    points_per_unit: Positive | None = None
    points: Annotated[Positive | None, ALWAYS] = None
    per: Annotated[Positive | None, ALWAYS] = None

    @field_validator("points_per_unit")
    @classmethod
    def _visits_have_no_units(cls, points: Decimal | None, info: ValidationInfo) -> Decimal | None:
        if points is not None and info.data.get("kind") == "visit":
            raise wrong("means nothing for a visit.", "Write points = … for each visit.")
        return points

    @field_validator("points")
    @classmethod
    def _said_once(cls, points: Decimal | None, info: ValidationInfo) -> Decimal | None:
        other = info.data.get("points_per_unit")
        if points is not None and other is not None:
            raise wrong("says the same as points_per_unit.", "Keep one of the two.")
        if points is None and other is None and "points_per_unit" in info.data:
            raise wrong("is missing.", 'Write points = 1 and per = "10.00" for 1 point per 10.')
        return points

    @field_validator("per")
    @classmethod
    def _only_for_amounts(cls, per: Decimal | None, info: ValidationInfo) -> Decimal | None:
        if per is not None and info.data.get("kind", "amount") != "amount":
            raise wrong(f'means nothing for kind = "{info.data["kind"]}".', "Leave the line out.")
        if per is not None and info.data.get("points_per_unit") is not None:
            raise wrong(
                "does not go with points_per_unit.", "Write points and per, or points_per_unit alone."
            )
        return per

    def as_rule(self) -> Rule:
        points = self.points_per_unit or self.points or Decimal(1)
        return self.rule(self.kind, points=points, per=self.per or Decimal(1))


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MultiplyTable(RuleTable):
    """[[program.multiply]]: the points of the other rules times `factor`."""

    factor: Positive

    def as_rule(self) -> Rule:
        return self.rule("multiply", factor=self.factor)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CapTable:
    """[[program.cap]]: at most so many points per member and period."""

    period: CapPeriod
    points: CountFromOne
    rule: Id | None = None

    def cap(self) -> Cap:
        return Cap(period=self.period, points=self.points, rule=self.rule)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ExcludeTable(MatchTable):
    """[program.exclude]: here each list excludes by itself; `lines` excludes what has all of several."""

    lines: tuple[MatchTable, ...] = ()
    discounted_lines: bool = False
    gift_cards: FoldedList = ()
    channels: FoldedList = ()

    def exclusions(self) -> Exclusions:
        alone = (Match(products=self.products), Match(tags=self.tags), Match(types=self.types))
        written = (*alone, *(table.match() for table in self.lines))
        return Exclusions(
            match=tuple(match for match in written if not match.is_everything),
            discounted_lines=self.discounted_lines,
            gift_cards=self.gift_cards,
            channels=self.channels,
        )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ExpiryTable:
    """[program.expiry]"""

    model: Literal["none", "fixed", "activity"] = _USUAL.expiry.model
    days: Count = _USUAL.expiry.days
    months: Count = _USUAL.expiry.months
    round_up: RoundUp = _USUAL.expiry.round_up
    counted_from: Literal["earned", "available"] = _USUAL.expiry.counted_from

    @field_validator("months")
    @classmethod
    def _lasts(cls, months: int, info: ValidationInfo) -> int:
        if not months and not info.data.get("days") and info.data.get("model") != "none":
            raise wrong("and days are 0: points would end at once.", 'Write model = "none" for no end.')
        return months

    def expiry(self) -> Expiry:
        return Expiry(**values(self))


@dataclass(frozen=True, kw_only=True, config=STRICT)
class VouchersTable:
    """[program.vouchers]"""

    accounting: Literal["payment", "credit_note", "discount"] = _USUAL.vouchers.accounting
    vat_rate: Annotated[Annotated[Amount, Field(lt=100)], ALWAYS] = _USUAL.vouchers.vat_rate
    valid_months: Count = _USUAL.vouchers.valid_months
    round_up: RoundUp = _USUAL.vouchers.round_up
    return_points_on_expiry: bool = _USUAL.vouchers.return_points_on_expiry
    uses: Uses = _USUAL.vouchers.uses
    bearer: bool = _USUAL.vouchers.bearer
    write_off_below: Amount = _USUAL.vouchers.write_off_below
    reserve_minutes: CountFromOne = _USUAL.vouchers.reserve_minutes

    @field_validator("vat_rate")
    @classmethod
    def _fits_the_kind(cls, rate: Decimal, info: ValidationInfo) -> Decimal:
        way = info.data.get("accounting")
        if way in ("payment", "discount") and rate:
            raise wrong(
                f'does not go with accounting = "{way}", which has none of its own.',
                'Write vat_rate = 0, or accounting = "credit_note".',
            )
        return rate

    def terms(self) -> VoucherTerms:
        return VoucherTerms(**values(self))


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MembersTable:
    """[program.members]; `generic_customers` None means the owner said nothing about tills."""

    enrol: Literal["everyone", "tag"] = _USUAL.membership.enrol
    tag: Annotated[str, ALWAYS] = ""
    excluded_tags: FoldedList = ()
    generic_customers: tuple[CountFromOne, ...] | None = None
    second_welcome: Literal["reverse", "keep"] = _USUAL.membership.second_welcome

    @field_validator("tag")
    @classmethod
    def _is_named(cls, tag: str, info: ValidationInfo) -> str:
        if info.data.get("enrol") == "tag" and not tag:
            raise wrong('is missing for enrol = "tag".', 'Write the customer tag: tag = "loyalty".')
        return tag.casefold()

    @field_validator("excluded_tags")
    @classmethod
    def _does_not_exclude_everybody(cls, tags: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("tag") and info.data["tag"] in tags:
            raise wrong("names the tag that makes members, so nobody would be one.", "Take it out.")
        return tags

    def membership(self) -> Membership:
        return Membership(
            enrol=self.enrol,
            tag=self.tag,
            excluded_tags=self.excluded_tags,
            generic_customers=self.generic_customers or (),
            second_welcome=self.second_welcome,
        )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class GiftTable:
    """What a reward is: money or percent off, or one of something free."""

    kind: Literal["amount", "percent", "product", "service"]
    value: Annotated[Amount, ALWAYS] = Decimal(0)
    limit: Positive | None = None
    product: Annotated[str, ALWAYS] = ""
    names: Named = Field(default_factory=dict)
    valid_months: Count | None = None
    uses: Uses | None = None
    bearer: bool | None = None
    minimum_purchase: Positive | None = None
    excluded: FoldedList = ()
    usable_after_days: Count = 0
    valid_from: date | None = None
    valid_until: date | None = None

    @field_validator("value")
    @classmethod
    def _is_worth_something(cls, value: Decimal, info: ValidationInfo) -> Decimal:
        kind = info.data.get("kind")
        if kind == "percent" and value > 100:
            raise wrong(f"takes {value} percent off.", "Write 1 to 100.")
        if kind in ("amount", "percent") and not value:
            unit = "money" if kind == "amount" else "percent"
            raise wrong(f'is missing: kind = "{kind}" takes so much {unit} off.', "Write value = 5.")
        return value

    @field_validator("product")
    @classmethod
    def _is_named(cls, product: str, info: ValidationInfo) -> str:
        if info.data.get("kind") in ("product", "service") and not product.strip():
            raise wrong(
                f'is missing: kind = "{info.data["kind"]}" gives one free.',
                'Write the ref it has in Dolibarr: product = "COFFEE".',
            )
        return product.strip()

    @field_validator("uses")
    @classmethod
    def _has_parts(cls, uses: str | None, info: ValidationInfo) -> str | None:
        if uses == "several" and info.data.get("kind", "amount") != "amount":
            raise wrong(
                f'"several" does not go with kind = "{info.data["kind"]}", which has no rest.',
                "Leave it out.",
            )
        return uses

    @field_validator("excluded")
    @classmethod
    def _leaves_its_product(cls, excluded: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        product = (info.data.get("product") or "").casefold()
        if product and product in excluded:
            raise wrong(f'names "{product}", which this gives free.', "Take it out.")
        return excluded

    @field_validator("valid_until")
    @classmethod
    def _ends_after_it_begins(cls, until: date | None, info: ValidationInfo) -> date | None:
        start = info.data.get("valid_from")
        if start and until and until < start:
            raise wrong(
                f"is {until}, before valid_from = {start}, so it could never be used.", "Write a later day."
            )
        return until


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RewardTable(GiftTable):
    """[[program.reward]]"""

    id: Id
    points: CountFromOne
    unit: UnitId = POINTS
    who: WhoTable | None = None
    per_member: CountFromOne | None = None

    def reward(self) -> Reward:
        who = (self.who or WhoTable()).conditions()
        return Reward(**{**values(self), "names": named(self.names), "who": who})


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ProgramTable:
    """[program] without the tables inside it; names and defaults are those of `core.program.Program`."""

    name: Text = _USUAL.name
    currency: Currency = _USUAL.currency
    zone: Zone = _USUAL.zone
    country: OptionalCountry = _USUAL.country
    earn_on: EarnOn = _USUAL.earn_on
    basis: Basis = _USUAL.basis
    rounding: Rounding = _USUAL.rounding
    multipliers: Literal["max", "surplus", "product"] = _USUAL.multipliers
    max_balance: CountFromOne | None = None
    program_cap: CountFromOne | None = None
    early_payment_discount: Literal["paid_share", "full", "none"] = _USUAL.early_payment_discount
    standalone_credit_notes: Literal["reverse", "ignore"] = _USUAL.standalone_credit_notes
    vouchers_earn: bool = _USUAL.vouchers_earn
    holding_days: Count = _USUAL.holding_days
    on_shortage: Shortage = _USUAL.on_shortage
    debt_limit: Count | None = None
    recall_vouchers: bool = _USUAL.recall_vouchers
    reinstatement_days: Count = _USUAL.reinstatement_days
    starts_on: date | None = None
    backfill: bool = _USUAL.backfill
    point_value: Positive = _USUAL.point_value

    welcome_points: Count = _USUAL.welcome_points
    transferable_points: bool = _USUAL.transferable_points

    def program(self, **tables: Any) -> Program:
        """The program, with what the tables inside [program] gave, by its name in `Program`."""
        return Program(**values(self), **tables)
