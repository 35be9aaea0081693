"""The tables of what earns without a purchase, of good causes, and of partners."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from dolibarr_loyalty.config.condition_tables import MatchTable, WhoTable, WindowTable, named, values
from dolibarr_loyalty.config.settings import ALWAYS, STRICT
from dolibarr_loyalty.config.spellings import Amount, Count, CountFromOne, Id, Named, Positive, UnitId
from dolibarr_loyalty.config.wrong import wrong
from dolibarr_loyalty.core.activities import ActivityKind, Anniversary, Birthday, Referral
from dolibarr_loyalty.core.charities import Charity
from dolibarr_loyalty.core.partners import Partner
from dolibarr_loyalty.core.terms import POINTS


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CauseTable:
    """[[program.cause]]: a good cause to which members give points."""

    id: Id
    names: Named = Field(default_factory=dict)
    point_value: Amount = Decimal(0)
    match_percent: Amount = Decimal(0)
    match_limit: Positive | None = None
    minimum_points: CountFromOne = 1
    thirdparty_id: CountFromOne | None = None

    @field_validator("match_limit")
    @classmethod
    def _limits_something(cls, limit: Decimal | None, info: ValidationInfo) -> Decimal | None:
        if limit is not None and "match_percent" in info.data and not info.data["match_percent"]:
            raise wrong("limits nothing: match_percent is 0.", "Write match_percent = 50, or leave it out.")
        return limit

    def charity(self) -> Charity:
        return Charity(**{**values(self), "names": named(self.names)})


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ActivityTable(WindowTable):
    """[[program.activity]]: a review, a mention, an act for a good cause."""

    id: Id
    points: CountFromOne
    names: Named = Field(default_factory=dict)
    unit: UnitId = POINTS
    most: CountFromOne | None = None
    period: Literal["day", "month", "year", "ever"] = "ever"
    needs_evidence: bool = False
    qualifying: bool = False
    who: WhoTable | None = None

    def activity(self) -> ActivityKind:
        return ActivityKind(
            id=self.id,
            points=self.points,
            names=named(self.names),
            unit=self.unit,
            most=self.most,
            period=self.period,
            needs_evidence=self.needs_evidence,
            qualifying=self.qualifying,
            who=(self.who or WhoTable()).conditions(),
            window=self.window(),
        )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class GivingTable:
    """What a birthday or an anniversary gives: a reward, points, or both."""

    reward: Id | None = None
    points: Annotated[Count, ALWAYS] = 0

    @field_validator("points")
    @classmethod
    def _gives_something(cls, points: int, info: ValidationInfo) -> int:
        if "reward" in info.data and not (points or info.data["reward"]):
            raise wrong(
                "is missing: this gives neither points nor a reward.",
                'Write points = 50, or reward = "free-coffee".',
            )
        return points


@dataclass(frozen=True, kw_only=True, config=STRICT)
class BirthdayTable(GivingTable):
    """[program.birthday]"""

    leap_day: Literal["feb28", "mar1"] = "feb28"
    minimum_days: Count = 7
    catch_up_days: Count = 14
    days_before: Annotated[Count, Field(le=60)] = 0

    def birthday(self) -> Birthday:
        return Birthday(**{**values(self), "reward": self.reward or ""})


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AnniversaryTable(GivingTable):
    """[program.anniversary]"""

    times_years: bool = False
    catch_up_days: Count = 14

    def anniversary(self) -> Anniversary:
        return Anniversary(**{**values(self), "reward": self.reward or ""})


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ReferralTable:
    """[program.referral]"""

    referrer_points: Count
    friend_points: Annotated[Count, ALWAYS] = 0
    minimum_amount: Amount = Decimal(0)
    most_per_year: CountFromOne | None = None
    valid_days: CountFromOne = 365

    @field_validator("friend_points")
    @classmethod
    def _somebody_earns(cls, points: int, info: ValidationInfo) -> int:
        if not points and info.data.get("referrer_points") == 0:
            raise wrong("and referrer_points are 0: nobody earns.", "Write referrer_points = 100.")
        return points

    def referral(self) -> Referral:
        return Referral(**values(self))


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PartnerTable(MatchTable):
    """[[program.partner]]: a third party that pays for points."""

    id: Id
    thirdparty_id: CountFromOne
    names: Named = Field(default_factory=dict)
    percent: Annotated[Amount, Field(le=100)] = Decimal(0)
    point_price: Amount = Decimal(0)

    def partner(self) -> Partner:
        return Partner(
            id=self.id,
            thirdparty_id=self.thirdparty_id,
            names=named(self.names),
            match=self.match(),
            percent=self.percent,
            point_price=self.point_price,
        )
