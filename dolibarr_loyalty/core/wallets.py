"""Wallets: kinds of points beside the redeemable ones, each with its own unit, names, rounding and expiry (E23).

Units: 'points' (redeemable), 'qualifying:<group>' (tiers), 'stamps:<card>' (stamp cards), and the id of any
further wallet.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from dolibarr_loyalty.core.money import Rounding
from dolibarr_loyalty.core.terms import STAMPS, Expiry, Names

# One and many per language: (('de', 'Stern', 'Sterne'), ('en', 'star', 'stars')).
UnitNames = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Wallet:
    """A further kind of points. `value` is what one is worth in the shop's currency; 0 is no money at all."""

    id: str
    names: UnitNames = ()
    rounding: Rounding = "down"
    expiry: Expiry = field(default_factory=Expiry)
    holding_days: int = 0
    value: Decimal = Decimal(0)
    transferable: bool = False

    @property
    def unit(self) -> str:
        return self.id


@dataclass(frozen=True, kw_only=True)
class StampCard:
    """A card that is full with `size` stamps and then becomes the reward `reward` (R8).

    Surplus stamps stand on the next card. `issue` 'automatic' makes the voucher as soon as a card is full,
    'on_request' waits until the member asks. Which purchases give stamps is said by the earning rules whose
    unit is `unit`. Stamps have no value in money.
    """

    id: str
    size: int
    reward: str
    names: Names = ()
    issue: Literal["automatic", "on_request"] = "automatic"
    expiry: Expiry = field(default_factory=lambda: Expiry(model="none"))

    @property
    def unit(self) -> str:
        return f"{STAMPS}{self.id}"


@dataclass(frozen=True, kw_only=True)
class Pooling:
    """Members who spend together (M9): who belongs to a pool is set by hand or by parent company.

    `spenders` 'anyone' of the pool, or the 'head' alone and those it allows. 'off': every member alone.
    """

    kind: Literal["off", "household", "company"] = "off"
    spenders: Literal["anyone", "head"] = "anyone"
    most_members: int = 10
