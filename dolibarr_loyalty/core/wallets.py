"""Wallets: kinds of points beside the redeemable ones, each with its own unit, names, rounding and expiry (E23).

Units: 'points' (redeemable), 'qualifying:<group>' (tiers), 'stamps:<card>' (stamp cards), and the id of any
further wallet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.money import Rounding
from dolibarr_loyalty.core.terms import POINTS, QUALIFYING, STAMPS, Expiry, Names
from dolibarr_loyalty.core.times import add_months, after, day_of, end_of_period

if TYPE_CHECKING:  # the program is made of these values
    from dolibarr_loyalty.core.program import Program

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


class UnitTerms(NamedTuple):
    """How points of a unit are rounded, when they end, and how many days they wait until they can be spent."""

    rounding: Rounding
    expiry: Expiry
    holding_days: int


_WITHOUT_END = Expiry(model="none")


def terms_of(program: "Program", unit: str) -> UnitTerms:
    """The terms of a unit: the program's for points, each wallet's and card's own.

    Qualifying points end with their qualification period, which their tier group says; a unit that the
    program no longer has keeps what members hold of it, without end.
    """
    if unit == POINTS:
        return UnitTerms(program.rounding, program.expiry, program.holding_days)
    if unit.startswith(QUALIFYING):
        return UnitTerms(program.rounding, _WITHOUT_END, 0)
    wallet = wallet_of(program, unit)
    if wallet is not None:
        return UnitTerms(wallet.rounding, wallet.expiry, wallet.holding_days)
    card = card_of(program, unit)
    return UnitTerms("down", card.expiry if card else _WITHOUT_END, 0)


def wallet_of(program: "Program", unit: str) -> Wallet | None:
    """The wallet of a unit, or None when the unit is no further wallet."""
    return next((wallet for wallet in program.wallets if wallet.unit == unit), None)


def main_unit(program: "Program") -> str:
    """What tiers are reached by and speed up: points, or the first wallet that rules fill where none gives points."""
    filled = {rule.unit for rule in program.rules}
    wallets = [wallet.unit for wallet in program.wallets if wallet.unit in filled]
    return POINTS if POINTS in filled or not wallets else wallets[0]


def card_of(program: "Program", unit: str) -> StampCard | None:
    """The stamp card of a unit, or None when the unit is none."""
    return next((card for card in program.cards if card.unit == unit), None)


def find_unit(program: "Program", text: str) -> str | None:
    """The unit a person means: 'points', a wallet's id, a card by its id or as 'stamps:<id>'; None for others."""
    wanted = text.strip().casefold()
    named = {unit.casefold(): unit for unit in program.units if not unit.startswith(QUALIFYING)}
    cards = {card.id.casefold(): card.unit for card in program.cards}
    return named.get(wanted) or cards.get(wanted)


def value_of(program: "Program", unit: str) -> Decimal:
    """What one of a unit is worth in the shop's currency; stamps and qualifying points are worth nothing."""
    if unit == POINTS:
        return program.point_value
    wallet = wallet_of(program, unit)
    return wallet.value if wallet else Decimal(0)


def is_transferable(program: "Program", unit: str) -> bool:
    """Members may give of this unit to each other."""
    if unit == POINTS:
        return program.transferable_points
    wallet = wallet_of(program, unit)
    return wallet is not None and wallet.transferable


def is_pooled(program: "Program", unit: str) -> bool:
    """Members of a pool spend this unit together: points and wallets, where pools are on."""
    return program.pooling.kind != "off" and (unit == POINTS or wallet_of(program, unit) is not None)


def unit_names(wallets: Sequence[Wallet]) -> Mapping[str, Mapping[str, tuple[str, str]]]:
    """What each wallet's points are called, one and many, by unit and language."""
    return {
        wallet.unit: {language: (one, many) for language, one, many in wallet.names} for wallet in wallets
    }


def ends_of(expiry: Expiry, day: date, zone: ZoneInfo) -> datetime | None:
    """The first instant at which points counted from a day are over; None where each lot has no end of its own."""
    if expiry.model != "fixed":
        return None
    return _end(expiry, day, zone)


def quiet_end_of(expiry: Expiry, last_activity: datetime, zone: ZoneInfo) -> datetime | None:
    """In the activity model, when all points end unless the member earns or redeems again; else None."""
    if expiry.model != "activity":
        return None
    return _end(expiry, day_of(last_activity, zone), zone)


def _end(expiry: Expiry, day: date, zone: ZoneInfo) -> datetime:
    last = add_months(day, expiry.months) + timedelta(days=expiry.days)
    return after(end_of_period(last, expiry.round_up), zone)
