"""The tables of further kinds of points: wallets, stamp cards, pools of members."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from dolibarr_loyalty.config.condition_tables import MatchTable, named, values
from dolibarr_loyalty.config.program_tables import ExpiryTable, GiftTable
from dolibarr_loyalty.config.settings import ALWAYS, STRICT
from dolibarr_loyalty.config.spellings import (
    Amount,
    Count,
    CountFromOne,
    Id,
    LanguageKey,
    Named,
    Text,
    WalletId,
)
from dolibarr_loyalty.core.money import Rounding
from dolibarr_loyalty.core.program import Cap, CapPeriod, Reward, Rule
from dolibarr_loyalty.core.terms import STAMPS, Expiry
from dolibarr_loyalty.core.wallets import Pooling, StampCard, Wallet

# The caps that stand inside a card, in the order in which the program keeps them.
CAPS: tuple[tuple[str, CapPeriod], ...] = (("most_per_document", "document"), ("most_per_day", "day"))


@dataclass(frozen=True, kw_only=True, config=STRICT)
class WalletTable:
    """[[program.wallet]]: another kind of points."""

    id: WalletId
    names: dict[LanguageKey, tuple[Text, Text]] = Field(default_factory=dict)
    rounding: Rounding = "down"
    expiry: ExpiryTable | None = None
    holding_days: Count = 0
    value: Amount = Decimal(0)
    transferable: bool = False

    def wallet(self) -> Wallet:
        names = tuple((language, one, many) for language, (one, many) in self.names.items())
        expiry = (self.expiry or ExpiryTable()).expiry()
        return Wallet(**{**values(self), "names": names, "expiry": expiry})


@dataclass(frozen=True, kw_only=True, config=STRICT)
class _ByIdTable:
    """The reward may stand elsewhere: a base of its own, because validators look at the fields above theirs."""

    id: Id | None = None


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CardRewardTable(GiftTable, _ByIdTable):
    """What a full card gives, or by its `id` a [[program.reward]] that costs the stamps of the card."""

    kind: Literal["amount", "percent", "product", "service"] = "product"
    product: Annotated[str, ALWAYS] = ""

    @field_validator("product")
    @classmethod
    def _is_named(cls, product: str, info: ValidationInfo) -> str:
        if info.data.get("id", "") is not None:  # the reward stands elsewhere, or its id is wrong
            return product
        return super()._is_named(product, info)


def _by_its_id(written: Any) -> Any:
    """`reward = "free-coffee"` is short for `reward = { id = "free-coffee" }`."""
    return {"id": written} if isinstance(written, str) else written


@dataclass(frozen=True, kw_only=True, config=STRICT)
class CardTable(MatchTable):
    """[[program.card]]: a stamp card, full with `size` stamps; its id is also that of its rule and reward.

    `stamps` for each unit bought or each visit; with per = "rules" only by earning rules whose unit is the
    card's.
    """

    id: Id
    size: CountFromOne
    reward: Annotated[CardRewardTable, BeforeValidator(_by_its_id)]
    names: Named = Field(default_factory=dict)
    per: Literal["unit", "visit", "rules"] = "unit"
    stamps: CountFromOne = 1
    minimum_amount: Amount | None = None
    most_per_document: CountFromOne | None = None
    most_per_day: CountFromOne | None = None
    issue: Literal["automatic", "on_request"] = "automatic"
    expiry: ExpiryTable | None = None

    def card(self) -> StampCard:
        return StampCard(
            id=self.id,
            size=self.size,
            reward=self.reward.id or self.id,
            names=named(self.names),
            issue=self.issue,
            expiry=self.expiry.expiry() if self.expiry else Expiry(model="none"),
        )

    def rules(self) -> Iterator[Rule]:
        """The rule by which purchases give stamps, if it stands here."""
        if self.per != "rules":
            yield Rule(
                id=self.id,
                kind=self.per,
                points=Decimal(self.stamps),
                unit=f"{STAMPS}{self.id}",
                match=self.match(),
                minimum_amount=self.minimum_amount,
                names=named(self.names),
                qualifying=False,
            )

    def rewards(self) -> Iterator[Reward]:
        """The reward for a full card, if it stands here."""
        if self.reward.id is None:
            inside = {**values(self.reward), "id": self.id, "names": named(self.reward.names)}
            yield Reward(**inside, points=self.size, unit=f"{STAMPS}{self.id}")

    def caps(self) -> Iterator[tuple[str, Cap]]:
        """The caps that stand inside the card, each with the name of its setting."""
        for name, period in CAPS:
            points = getattr(self, name)
            if points is not None:
                yield name, Cap(period=period, points=points, rule=self.id)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class PoolingTable:
    """[program.pooling]: members who spend together."""

    kind: Literal["off", "household", "company"] = "off"
    spenders: Literal["anyone", "head"] = "anyone"
    most_members: Annotated[CountFromOne, Field(ge=2)] = 10

    def pooling(self) -> Pooling:
        return Pooling(**values(self))
