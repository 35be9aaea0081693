"""What a sale means in gift cards: which units were sold and for what, which came back, what is to be done."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from dolibarr_loyalty.core.gift_cards import GiftCard, card_of
from dolibarr_loyalty.core.money import from_minor, split, to_minor
from dolibarr_loyalty.core.sale import ZERO, Credit, Kind, Line, Sale, total
from dolibarr_loyalty.core.times import add_months, end_of_period

MOST_UNITS = 1000  # of one line; more is a slip of the finger

Standing = Literal["unused", "partly_used", "used", "gone"]


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One gift card that a document sold: the `number`-th of a line, `value` what was paid for it, gross."""

    document_id: int
    line_id: int
    number: int
    card: GiftCard
    product: str
    product_id: int | None
    value: Decimal
    vat_rate: Decimal

    @property
    def key(self) -> str:
        """The name of this unit, under which it is issued once."""
        return f"{self.document_id}:{self.line_id}:{self.number}"


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A card that was issued for a unit, and how it stands. 'gone' is one that was taken back already."""

    key: str
    product: str
    value: Decimal
    standing: Standing


@dataclass(frozen=True, kw_only=True)
class Return:
    """One unit of a gift card that came back with a credit note, for so much, gross."""

    document: str
    product: str
    value: Decimal


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be done about a sale: units to `issue`; keys of cards to `take_back`; returns without a card.

    `spent` are the cards that came back although they were used, wholly or in part: a person must look.
    """

    issue: tuple[Unit, ...] = ()
    take_back: tuple[str, ...] = ()
    spent: tuple[tuple[str, Return], ...] = ()
    unclear: tuple[Return, ...] = ()


@dataclass
class _Pool:
    """The units and cards of one product and value."""

    units: list[Unit] = field(default_factory=list)
    cards: dict[str, list[Issued]] = field(default_factory=dict)


def sells_cards(cards: Sequence[GiftCard], sale: Sale) -> bool:
    return any(card_of(cards, line) for line in sale.lines)


def units_sold(cards: Sequence[GiftCard], sale: Sale) -> tuple[Unit, ...]:
    """The gift cards that a document sells. What was paid for a line is shared out to its units to the cent.

    A card is worth the line's gross price after the line's own discount; a price reduction that stands on a line
    of its own lowers what the shop earns, not what the card says.
    """
    return tuple(unit for line in sale.lines for unit in _units(cards, sale, line))


def odd_lines(cards: Sequence[GiftCard], sale: Sale) -> tuple[Line, ...]:
    """Lines for which no card can be issued: parts of a card, far too many, given for nothing, taken back.

    All lines of gift cards on a deposit that is for other things as well.
    """
    mixed = is_mixed_deposit(cards, sale)
    return tuple(line for line in sale.lines if card_of(cards, line) and (mixed or not _is_whole(line)))


def is_mixed_deposit(cards: Sequence[GiftCard], sale: Sale) -> bool:
    """A deposit for gift cards and other things: its credit is one, nobody could tell whose part is used."""
    is_deposit = sale.kind is Kind.DEPOSIT
    return is_deposit and any(line.gross and not card_of(cards, line) for line in sale.lines)


def _is_whole(line: Line) -> bool:
    is_count = line.quantity == line.quantity.to_integral_value() and 0 < line.quantity <= MOST_UNITS
    return is_count and line.gross > 0


def _units(cards: Sequence[GiftCard], sale: Sale, line: Line) -> Iterable[Unit]:
    card = card_of(cards, line)
    if card is None or not _is_whole(line):
        return
    for number, value in enumerate(_shares(line.gross, int(line.quantity), sale.currency), 1):
        if value:
            yield Unit(
                document_id=sale.id,
                line_id=line.id,
                number=number,
                card=card,
                product=line.product_ref,
                product_id=line.product_id,
                value=value,
                vat_rate=line.vat_rate,
            )


def _shares(gross: Decimal, quantity: int, currency: str) -> list[Decimal]:
    return [from_minor(share, currency) for share in split(to_minor(gross, currency), [1] * quantity)]


def units_returned(
    notes: Iterable[Sale], is_card: Callable[[Line], bool]
) -> tuple[tuple[Return, ...], tuple[Return, ...]]:
    """What came back with credit notes (with the signs of one): single units, and what is no number of units."""
    units: list[Return] = []
    unclear: list[Return] = []
    for note in notes:
        for line in note.lines:
            if not is_card(line) or not line.gross:
                continue
            count = -line.quantity
            if line.gross > 0 or count != count.to_integral_value() or not 0 < count <= MOST_UNITS:
                unclear.append(Return(document=note.ref, product=line.product_ref, value=abs(line.gross)))
                continue
            shares = _shares(-line.gross, int(count), note.currency)
            units += [Return(document=note.ref, product=line.product_ref, value=value) for value in shares]
    return tuple(units), tuple(unclear)


def plan(units: Sequence[Unit], cards: Sequence[Issued], returns: Sequence[Return]) -> Plan:
    """What is to be issued and taken back, from what was sold, what was issued so far, and what came back.

    A unit that came back is matched by product and value: with a card that was taken back before, then with one
    that was not issued yet, then with the newest unused card, then with one used in part, then with a used one.
    Called again after it was carried out, it wants nothing more.
    """
    known = {card.key for card in cards}
    pools: dict[tuple[str, Decimal], _Pool] = {}
    for unit in units:
        if unit.key not in known:
            _pool(pools, unit).units.append(unit)
    for card in cards:
        _pool(pools, card).cards.setdefault(card.standing, []).append(card)
    take_back: list[str] = []
    spent: list[tuple[str, Return]] = []
    unclear: list[Return] = []
    for back in returns:
        pool = _pool(pools, back)
        if pool.cards.get("gone"):
            pool.cards["gone"].pop()
        elif pool.units:
            pool.units.pop()
        elif pool.cards.get("unused"):
            take_back.append(pool.cards["unused"].pop().key)
        elif pool.cards.get("partly_used"):
            key = pool.cards["partly_used"].pop().key
            take_back.append(key)
            spent.append((key, back))
        elif pool.cards.get("used"):
            spent.append((pool.cards["used"].pop().key, back))
        else:
            unclear.append(back)
    left = [unit for pool in pools.values() for unit in pool.units]
    return Plan(
        issue=tuple(sorted(left, key=lambda unit: (unit.line_id, unit.number))),
        take_back=tuple(take_back),
        spent=tuple(spent),
        unclear=tuple(unclear),
    )


def _pool(pools: dict[tuple[str, Decimal], _Pool], what: Unit | Issued | Return) -> _Pool:
    return pools.setdefault((what.product.casefold(), what.value), _Pool())


def last_day(card: GiftCard, sold_on: date) -> date | None:
    """The last usable day of a card sold on a day, or None without end."""
    if not card.valid_months:
        return None
    return end_of_period(add_months(sold_on, card.valid_months), card.round_up)


def overpaid_by_vouchers(cards: Sequence[GiftCard], sale: Sale, used: Decimal) -> Decimal:
    """How much of a document's gift cards was paid with vouchers or gift cards although that may not be (V17)."""
    goods = [line for line in sale.lines if line.credit in (None, Credit.DISCOUNT)]
    others = total(line.gross for line in goods if card_of(cards, line) is None)
    return max(ZERO, used - max(ZERO, others))
