"""A program with a wallet, stamp cards and pools, and looks at accounts of any unit."""

from dataclasses import replace
from decimal import Decimal
from itertools import count

from dolibarr_loyalty.core.ledger import Account, Booking, Cause, Entry
from dolibarr_loyalty.core.program import Reward
from dolibarr_loyalty.core.terms import Expiry
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.core.wallets import Pooling, StampCard, Wallet
from dolibarr_loyalty.flows.adjustment import adjust
from dolibarr_loyalty.store import ledger, vouchers
from tests.flows.shop import PROGRAM, Shop

STARS = Wallet(
    id="stars",
    names=(("en", "star", "stars"), ("de", "Stern", "Sterne"), ("fr", "étoile", "étoiles")),
    expiry=Expiry(model="fixed", months=12),
    value=Decimal("0.10"),
    transferable=True,
)
MILES = Wallet(id="miles", expiry=Expiry(model="activity", months=3))
COFFEE = StampCard(id="coffee", size=10, reward="free-coffee", names=(("en", "Coffee card"),))
PIZZA = StampCard(id="pizza", size=5, reward="free-pizza", issue="on_request")
CARDS = replace(
    PROGRAM,
    rewards=(
        *PROGRAM.rewards,
        Reward(
            id="free-coffee",
            kind="product",
            points=10,
            product="COFFEE",
            unit="stamps:coffee",
            names=(("en", "A coffee"),),
        ),
        Reward(id="free-pizza", kind="product", points=5, product="PIZZA", unit="stamps:pizza"),
        Reward(id="star-off", kind="amount", points=20, value=Decimal(2), unit="stars"),
    ),
    wallets=(STARS, MILES),
    cards=(COFFEE, PIZZA),
    pooling=Pooling(kind="household"),
    transferable_points=True,
)

_keys = count(1)


def give(shop: Shop, member: int, points: int, unit: str = "points") -> Entry:
    """So many of a unit, by hand."""
    return adjust(
        shop.loyalty, member, points, reason="test", who="test", request_key=f"give-{next(_keys)}", unit=unit
    )


def earn(shop: Shop, member: int, points: int, unit: str, *, of: int) -> None:
    """So many of a unit, from an invoice of this number."""
    booking = Booking(account(shop, member, unit), shop.clock())
    booking.accrue(
        points, cause=Cause("invoice", str(of)), key=f"invoice:{of}:1:{unit}", occurred_at=shop.clock()
    )
    shop.loyalty.database.decide(lambda tx: ledger.store(tx, [booking]))


def take_back(shop: Shop, member: int, points: int, unit: str, *, of: int) -> str:
    """That invoice's goods come back; gives the key of the entry."""
    cause, key = Cause("invoice", str(of)), f"invoice:{of}:2:{unit}"
    with shop.loyalty.database.reading() as tx:
        found = ledger.load(tx, [member], unit=unit, causes=[cause])[member]
    booking = Booking(found, shop.clock())
    booking.take_back(points, cause=cause, key=key)
    shop.loyalty.database.decide(lambda tx: ledger.store(tx, [booking]))
    return key


def account(shop: Shop, member: int, unit: str = "points") -> Account:
    with shop.loyalty.database.reading() as tx:
        return ledger.load(tx, [member], unit=unit)[member]


def available(shop: Shop, member: int, unit: str = "points") -> int:
    return account(shop, member, unit).available(shop.clock())


def entries(shop: Shop, member: int, unit: str) -> list[Entry]:
    """The entries of an account, oldest first."""
    with shop.loyalty.database.reading() as tx:
        return ledger.history(tx, f"{member}:{unit}")[::-1]


def vouchers_of(shop: Shop, member: int) -> list[Voucher]:
    """A member's vouchers, the oldest first."""
    with shop.loyalty.database.reading() as tx:
        return vouchers.of_member(tx, member)[::-1]
