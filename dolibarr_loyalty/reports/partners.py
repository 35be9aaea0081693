"""What partners owe: one statement per partner and month, made of the booked rows alone."""

from dataclasses import dataclass
from decimal import Decimal

from dolibarr_loyalty.core.funding import PRODUCTS, price_of
from dolibarr_loyalty.core.money import from_minor
from dolibarr_loyalty.core.partners import Partner
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.sale import ZERO, total
from dolibarr_loyalty.core.terms import Names
from dolibarr_loyalty.store import fundings
from dolibarr_loyalty.store.bearings import program_of
from dolibarr_loyalty.store.database import Tx


@dataclass(frozen=True, kw_only=True)
class Item:
    """What one promotion (or, `rule` empty, the partner's products) came to under one version of the terms.

    `points` are those granted in the month, or taken back again where it `is_reversal`; the partner pays
    `percent` of them at `point_price` each. `amount` is the sum of what was booked per document, to the cent.
    """

    rule: str
    names: Names
    percent: Decimal
    point_price: Decimal
    is_reversal: bool
    points: int
    amount: Decimal
    bookings: int


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A partner's month. `opening` is zero, or below it: credit left from months in which more came back.

    `due` is what the partner pays for the month, `carried` the credit that goes on to the next; the dues of
    all months and the last credit carried sum to everything that was ever booked.
    """

    partner: str
    month: str
    currency: str
    opening: Decimal
    items: tuple[Item, ...]

    @property
    def granted(self) -> Decimal:
        return total(item.amount for item in self.items if not item.is_reversal)

    @property
    def reversed(self) -> Decimal:
        return total(item.amount for item in self.items if item.is_reversal)

    @property
    def closing(self) -> Decimal:
        return self.opening + self.granted + self.reversed

    @property
    def due(self) -> Decimal:
        return max(ZERO, self.closing)

    @property
    def carried(self) -> Decimal:
        return min(ZERO, self.closing)


def statement(tx: Tx, program: Program, partner: str, month: str) -> Statement:
    """The statement of a partner over a month (2026-11), in the currency of the program."""
    rows = tx.rows("funding_of_month", partner=partner, month=month, currency=program.currency)
    items: dict[tuple[str, Decimal, Decimal, bool], Item] = {}
    for row in rows:
        item = _item(program_of(tx, row["program_hash"]), partner, row["rule_id"], bool(row["is_reversal"]))
        key = (item.rule, item.percent, item.point_price, item.is_reversal)
        before = items.get(key)
        amount = from_minor(int(row["amount_minor"]), program.currency)
        items[key] = Item(
            rule=item.rule,
            names=item.names,
            percent=item.percent,
            point_price=item.point_price,
            is_reversal=item.is_reversal,
            points=(before.points if before else 0) + int(row["points"]),
            amount=(before.amount if before else ZERO) + amount,
            bookings=(before.bookings if before else 0) + int(row["bookings"]),
        )
    return Statement(
        partner=partner,
        month=month,
        currency=program.currency,
        opening=_opening(tx, program.currency, partner, month),
        items=tuple(items[key] for key in sorted(items, key=lambda key: (key[3], key[0], key[1], key[2]))),
    )


def known_partners(tx: Tx, program: Program) -> tuple[Partner, ...]:
    """The partners of the program, and those it no longer has but who paid for something."""
    now = {partner.id: partner for partner in program.partners}
    gone = (partner_of(tx, program, each) for each in fundings.partners(tx) if each not in now)
    return (*program.partners, *(each for each in gone if each is not None))


def partner_of(tx: Tx, program: Program, partner_id: str) -> Partner | None:
    """A partner by its id, in any case: of the program, else of the version under which it last paid."""
    wanted = partner_id.casefold()
    found = next((each for each in program.partners if each.id.casefold() == wanted), None)
    if found is not None:
        return found
    names = {each.casefold(): each for each in fundings.partners(tx)}
    row = fundings.latest(tx, names[wanted]) if wanted in names else None
    if row is None:
        return None
    version = program_of(tx, row.program_hash)
    return next((each for each in version.partners if each.id == row.partner), None)


def _item(program: Program, partner_id: str, rule_id: str, is_reversal: bool) -> Item:
    """The terms of a row, as the version says under which it was booked."""
    partner = next((each for each in program.partners if each.id == partner_id), None)
    rule = next((each for each in program.rules if each.id == rule_id), None)
    shares = rule.funding if rule else ()
    percent = total(share.percent for share in shares if share.partner == partner_id)
    if rule_id == PRODUCTS:
        percent = partner.percent if partner else ZERO
    return Item(
        rule=rule_id,
        names=rule.names if rule else (),
        percent=percent,
        point_price=price_of(program, partner) if partner else program.point_value,
        is_reversal=is_reversal,
        points=0,
        amount=ZERO,
        bookings=0,
    )


def _opening(tx: Tx, currency: str, partner: str, month: str) -> Decimal:
    """The credit left over from earlier months."""
    credit = 0
    for row in tx.rows("funding_by_month", partner=partner, currency=currency):
        if row["month"] < month:
            credit = min(0, credit + int(row["amount_minor"]))
    return from_minor(credit, currency)
