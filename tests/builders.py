"""Values for tests: each builder takes what the test is about and fills in an ordinary day in a Paris shop.

Amounts are text in euros with 20 % VAT inside; moments are text on the shop's clock: `at("2026-03-02 12:00")`.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from typing import Literal
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.accrual import Enrolment
from dolibarr_loyalty.core.ledger import Account, Booking, Cause
from dolibarr_loyalty.core.member import Member
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
    VoucherTerms,
)
from dolibarr_loyalty.core.sale import Credit, Family, Kind, Line, Payment, Sale, State
from dolibarr_loyalty.core.terms import Expiry, Match, Window
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState

PARIS = ZoneInfo("Europe/Paris")
MEMBER = 7
MEMBER_SINCE = "2020-01-01 00:00"

_ids = count(1)


def at(text: str, zone: ZoneInfo = PARIS) -> datetime:
    """The instant of "2026-03-02 12:00" on the shop's clock; of "2026-03-02" its midnight."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def day(text: str) -> date:
    """The day of "2026-03-02"."""
    return date.fromisoformat(text)


def a_line(
    gross: str | Decimal = "12.00",
    *,
    vat_rate: str = "20",
    quantity: str = "1",
    product: str = "",
    tags: Sequence[str] = (),
    is_service: bool = False,
    discount_percent: str = "0",
    credit: Credit | None = None,
    credit_id: int | None = None,
    label: str = "",
) -> Line:
    """A line of so much gross, after its discount."""
    worth = Decimal(gross)
    net = worth / (1 + Decimal(vat_rate) / 100)
    return Line(
        id=next(_ids),
        net=net.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP),
        gross=worth,
        vat_rate=Decimal(vat_rate),
        quantity=Decimal(quantity),
        product_ref=product,
        label=label,
        is_service=is_service,
        discount_percent=Decimal(discount_percent),
        credit=credit,
        credit_id=credit_id,
        tags=frozenset(tags),
    )


def a_sale(
    *,
    total: str | Decimal = "120.00",
    lines: Sequence[Line] | None = None,
    id: int = 1,
    ref: str = "",
    kind: Kind = Kind.STANDARD,
    state: State = State.PAID,
    close_code: str = "",
    sold_at: str = "2026-03-02 12:00",
    thirdparty_id: int = MEMBER,
    paid: str = "0",
    deposits: str = "0",
    credits: Sequence[Payment] | None = (),
    paid_credits: str = "0",
    voucher_paid: str = "0",
    remaining: str = "0",
    channel: str = "",
    source_id: int | None = None,
    is_ours: bool = False,
) -> Sale:
    """A paid invoice of one line, unless told otherwise; 2 March 2026 is a Monday."""
    lines = (a_line(total),) if lines is None else tuple(lines)
    return Sale(
        id=id,
        ref=ref or f"FA2603-{id:04}",
        kind=kind,
        state=state,
        thirdparty_id=thirdparty_id,
        issued_on=date.fromisoformat(sold_at[:10]),
        occurred_at=at(sold_at),
        net=sum((line.net for line in lines), Decimal(0)),
        gross=sum((line.gross for line in lines), Decimal(0)),
        currency="EUR",
        lines=tuple(lines),
        paid_money=Decimal(paid),
        paid_credits=Decimal(paid_credits),
        paid_deposits=Decimal(deposits),
        credits=None if credits is None else tuple(credits),
        voucher_paid=Decimal(voucher_paid),
        remaining=Decimal(remaining),
        close_code=close_code,
        channel=channel,
        source_id=source_id,
        is_ours=is_ours,
    )


def a_credit_note(
    *,
    total: str | Decimal = "12.00",
    lines: Sequence[Line] | None = None,
    id: int = 101,
    state: State = State.PAID,
    sold_at: str = "2026-03-10 12:00",
    of: int | None = 1,
    channel: str = "",
    is_ours: bool = False,
) -> Sale:
    """A credit note over so much; its lines are negative as Dolibarr stores them, those given stay as they are."""
    return a_sale(
        lines=[a_line(-Decimal(total))] if lines is None else lines,
        id=id,
        ref=f"AV2603-{id:04}",
        kind=Kind.CREDIT_NOTE,
        state=state,
        sold_at=sold_at,
        source_id=of,
        channel=channel,
        is_ours=is_ours,
    )


def a_family(sale: Sale, *credit_notes: Sale) -> Family:
    """An invoice with its credit notes."""
    return Family(sale=sale, credit_notes=credit_notes)


def a_payment(amount: str, *, ref: str = "PAY1", credit: Credit | None = None) -> Payment:
    """Money received, or a credit used."""
    return Payment(amount=Decimal(amount), ref=ref, credit=credit)


def an_amount_rule(
    id: str = "base",
    *,
    points: str = "1",
    per: str = "1",
    match: Match | None = None,
    window: Window | None = None,
    minimum_amount: str | None = None,
    minimum_quantity: str | None = None,
    combinable: bool = True,
    priority: int = 0,
) -> Rule:
    """So many points for so much; one point per euro unless told otherwise."""
    return Rule(
        id=id,
        points=Decimal(points),
        per=Decimal(per),
        match=match or Match(),
        window=window or Window(),
        minimum_amount=None if minimum_amount is None else Decimal(minimum_amount),
        minimum_quantity=None if minimum_quantity is None else Decimal(minimum_quantity),
        combinable=combinable,
        priority=priority,
    )


def a_unit_rule(
    id: str = "stamp",
    *,
    points: str = "1",
    match: Match | None = None,
    minimum_quantity: str | None = None,
    combinable: bool = True,
    priority: int = 0,
) -> Rule:
    """So many points per unit."""
    return Rule(
        id=id,
        kind="unit",
        points=Decimal(points),
        match=match or Match(),
        minimum_quantity=None if minimum_quantity is None else Decimal(minimum_quantity),
        combinable=combinable,
        priority=priority,
    )


def a_visit_rule(
    id: str = "visit",
    *,
    points: str = "10",
    match: Match | None = None,
    minimum_amount: str | None = None,
    combinable: bool = True,
    priority: int = 0,
) -> Rule:
    """So many points per document."""
    return Rule(
        id=id,
        kind="visit",
        points=Decimal(points),
        match=match or Match(),
        minimum_amount=None if minimum_amount is None else Decimal(minimum_amount),
        combinable=combinable,
        priority=priority,
    )


def a_multiplier(
    id: str = "double",
    *,
    factor: str = "2",
    match: Match | None = None,
    window: Window | None = None,
    minimum_amount: str | None = None,
    combinable: bool = True,
    priority: int = 0,
) -> Rule:
    """So many times the points of the other rules."""
    return Rule(
        id=id,
        kind="multiply",
        factor=Decimal(factor),
        match=match or Match(),
        window=window or Window(),
        minimum_amount=None if minimum_amount is None else Decimal(minimum_amount),
        combinable=combinable,
        priority=priority,
    )


def a_cap(points: int, *, period: CapPeriod = "day", rule: str | None = None) -> Cap:
    """At most so many points per period."""
    return Cap(period=period, points=points, rule=rule)


def a_program(
    *rules: Rule,
    caps: Sequence[Cap] = (),
    earn_on: EarnOn = "paid",
    basis: Basis = "gross",
    rounding: Rounding = "down",
    multipliers: Literal["max", "surplus", "product"] = "max",
    exclusions: Exclusions | None = None,
    early_payment_discount: Literal["paid_share", "full", "none"] = "paid_share",
    standalone_credit_notes: Literal["reverse", "ignore"] = "reverse",
    vouchers_earn: bool = False,
    holding_days: int = 0,
    expiry: Expiry | None = None,
    starts_on: str | None = None,
    backfill: bool = True,
    generic_customers: Sequence[int] = (),
    rewards: Sequence[Reward] = (),
    vouchers: VoucherTerms | None = None,
) -> Program:
    """One point per euro paid, gross, rounded down, unless told otherwise."""
    plain = Program()
    return Program(
        rules=rules or (an_amount_rule(),),
        caps=tuple(caps),
        earn_on=earn_on,
        basis=basis,
        rounding=rounding,
        multipliers=multipliers,
        exclusions=exclusions or plain.exclusions,
        early_payment_discount=early_payment_discount,
        standalone_credit_notes=standalone_credit_notes,
        vouchers_earn=vouchers_earn,
        holding_days=holding_days,
        expiry=expiry or plain.expiry,
        starts_on=date.fromisoformat(starts_on) if starts_on else None,
        backfill=backfill,
        membership=Membership(generic_customers=tuple(generic_customers)),
        rewards=tuple(rewards),
        vouchers=vouchers or plain.vouchers,
    )


def a_reward(
    *,
    id: str = "ten-euros",
    kind: Literal["amount", "percent", "product", "service"] = "amount",
    points: int = 100,
    value: str = "10",
    limit: str | None = None,
    product: str = "",
    names: Sequence[tuple[str, str]] = (("en", "Ten euros"),),
    valid_months: int | None = None,
) -> Reward:
    """Ten euros for a hundred points."""
    return Reward(
        id=id,
        kind=kind,
        points=points,
        value=Decimal(value),
        limit=None if limit is None else Decimal(limit),
        product=product,
        names=tuple(names),
        valid_months=valid_months,
    )


def a_voucher(
    *,
    id: str = "0192f0aa",
    kind: str = "amount",
    state: VoucherState = VoucherState.ACTIVE,
    points: int = 100,
    value: str = "10",
    rate: str = "0",
    limit: str | None = None,
    product: str = "",
    valid_until: str | None = "2029-12-31",
) -> Voucher:
    """An active voucher over ten euros."""
    return Voucher(
        id=id,
        thirdparty_id=MEMBER,
        reward_id="ten-euros",
        kind=kind,
        state=state,
        points=points,
        value=Decimal(value),
        remaining=Decimal(value),
        currency="EUR",
        issued_at=at("2026-03-02 12:00"),
        valid_until=date.fromisoformat(valid_until) if valid_until else None,
        last_four="YRA7",
        rate=Decimal(rate),
        limit=None if limit is None else Decimal(limit),
        product=product,
    )


def a_member(
    *,
    thirdparty_id: int = MEMBER,
    name: str = "Zoé Müller",
    email: str = "zoe@example.org",
    locale: str = "fr",
    is_customer: bool = True,
    tags: Sequence[str] = (),
    created_at: str | None = MEMBER_SINCE,
) -> Member:
    """A customer of old."""
    return Member(
        thirdparty_id=thirdparty_id,
        name=name,
        email=email,
        locale=locale,
        is_customer=is_customer,
        tags=frozenset(tags),
        created_at=at(created_at) if created_at else None,
    )


def enrolled(since: str | None = MEMBER_SINCE, *, left: str | None = None) -> Enrolment:
    """A member since then; with None, nobody who ever was one."""
    return Enrolment(joined_at=at(since) if since else None, left_at=at(left) if left else None)


def a_booking(*, now: str = "2026-03-02 12:00", on: Account | None = None) -> Booking:
    """A booking on an account, an empty one unless given."""
    return Booking(on or Account(thirdparty_id=MEMBER), at(now))


def invoice(id: int | str = 1) -> Cause:
    """The invoice behind an entry."""
    return Cause("invoice", str(id))
