"""Print runs: many bearer vouchers of one kind, made once per name, their codes for one PDF.

Promotional ones are good at once and have no document in Dolibarr until they are used, as discounts. Printed
gift cards are worth nothing until they are sold: activated, they are owed as every sold card is. A run that
stopped half-way goes on where it was, and prints the same codes.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.money import exponent
from dolibarr_loyalty.core.program import Reward
from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.times import day_of, iso
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind
from dolibarr_loyalty.core.vouchers import (
    Voucher,
    VoucherState,
    code_hash,
    code_of,
    masked,
    valid_from,
    valid_until,
)
from dolibarr_loyalty.errors import InputError, KeyReused, UnknownReward, UnknownVoucher, VoucherNotUsable
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.mails import worth_of
from dolibarr_loyalty.flows.signed_texts import signed_text
from dolibarr_loyalty.messages import VoucherFacts
from dolibarr_loyalty.store import bearings, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id

AT_ONCE = 200
MOST = 10_000
LONGEST_NAME = 64
Progress = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is printed: of a reward, or (`value`) of a gift card; `count` pieces, under a name of its own."""

    name: str
    count: int
    reward: Reward | None = None
    card: GiftCard | None = None
    value: Decimal = ZERO
    valid_until: date | None = None

    @property
    def terms(self) -> str:
        """What must be the same when the run is continued."""
        return json.dumps(
            {
                "reward": self.reward.id if self.reward else "",
                "gift_card": self.card.id if self.card else "",
                "value": str(self.value.normalize()),
                "count": self.count,
                "valid_until": self.valid_until.isoformat() if self.valid_until else None,
            },
            sort_keys=True,
        )

    def key(self, number: int) -> str:
        """The request key of its voucher of this number, from 1."""
        return f"print:{self.name}:{number}"


def plan(
    loyalty: Loyalty,
    *,
    name: str,
    count: int,
    reward_id: str | None = None,
    gift_card_id: str | None = None,
    value: Decimal | None = None,
    until: date | None = None,
) -> Run:
    """A run that makes sense. Raises UnknownReward, and InputError with what to write instead."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise InputError(f"A print run needs a name of 1 to {LONGEST_NAME} signs, such as spring-fair.")
    if not 1 <= count <= MOST:
        raise InputError(f"A print run has 1 to {MOST} vouchers. Print more under another name.")
    if (reward_id is None) == (gift_card_id is None):
        raise InputError("Say what to print: either --reward or --gift-card.")
    if until is not None and until < loyalty.today():
        raise InputError(f"{until} is over. Vouchers that are printed now need a later last day.")
    if gift_card_id is not None:
        return _of_card(loyalty, name, count, gift_card_id, value, until)
    reward = loyalty.program.reward(reward_id or "")
    if reward is None:
        raise UnknownReward(reward_id or "", [each.id for each in loyalty.program.rewards])
    if value is not None and value != reward.value:
        raise InputError(f"Reward {reward.id!r} has its own value; leave --value out.")
    return Run(name=name, count=count, reward=reward, value=reward.value, valid_until=until)


def _of_card(
    loyalty: Loyalty, name: str, count: int, card_id: str, value: Decimal | None, until: date | None
) -> Run:
    card = loyalty.program.gift_card(card_id)
    if card is None:
        known = ", ".join(each.id for each in loyalty.program.gift_cards) or "none"
        raise InputError(f"There is no gift card {card_id!r}. The program has: {known}.")
    currency = loyalty.program.currency
    if value is None or value <= 0 or value != round(value, exponent(currency)):
        raise InputError(f"A gift card needs a --value above 0, in {currency}.")
    return Run(name=name, count=count, card=card, value=value, valid_until=until)


def make(loyalty: Loyalty, run: Run, *, who: str, progress: Progress = lambda done: None) -> int:
    """Make what is missing of a run; how many were new. Raises KeyReused when the name had other terms."""

    def begin(tx: Tx) -> None:
        before = tx.row("print_run", name=run.name)
        if before is not None and before["terms"] != run.terms:
            raise KeyReused(run.name)
        if before is None:
            now = iso(loyalty.now())
            tx.run(
                "insert_print_run",
                name=run.name,
                terms=run.terms,
                vouchers=run.count,
                who=who[:64],
                made_at=now,
            )

    loyalty.database.decide(begin)
    new = 0
    for first in range(1, run.count + 1, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, run.count + 1))
        new += loyalty.database.decide(lambda tx, numbers=numbers: _make(tx, loyalty, run, numbers, who))  # type: ignore[misc]
        progress(numbers[-1])
    return new


def _make(tx: Tx, loyalty: Loyalty, run: Run, numbers: range, who: str) -> int:
    program_hash = bearings.keep_program(tx, loyalty.program, loyalty.now())
    new = 0
    for number in numbers:
        if vouchers.by_request(tx, run.key(number)) is None:
            voucher = _new_voucher(loyalty, run)
            vouchers.insert(
                tx,
                voucher,
                code_hash=code_hash(code_of(voucher.id, loyalty.secret), loyalty.secret),
                program_hash=program_hash,
                request_key=run.key(number),
                who=who,
                day=loyalty.today(),
            )
            new += 1
    return new


def _new_voucher(loyalty: Loyalty, run: Run) -> Voucher:
    identifier = new_id()
    common: dict[str, Any] = {
        "id": identifier,
        "thirdparty_id": 0,
        "points": 0,
        "currency": loyalty.program.currency,
        "issued_at": loyalty.now(),
        "last_four": code_of(identifier, loyalty.secret)[-4:],
        "source": "printed",
        "bearer": True,
    }
    if run.card is not None:  # worth something once it is sold
        return Voucher(
            **common,
            reward_id=run.card.id,
            kind="amount",
            state=VoucherState.PENDING,
            value=run.value,
            remaining=ZERO,
            valid_until=run.valid_until,
            accounting="liability",
            several=run.card.uses == "several",
        )
    reward = run.reward
    assert reward is not None  # noqa: S101
    value = reward.value if reward.kind == "amount" else ZERO
    uses = reward.uses or loyalty.program.vouchers.uses
    return Voucher(
        **common,
        reward_id=reward.id,
        kind=reward.kind,
        state=VoucherState.ACTIVE,
        value=value,
        remaining=value,
        valid_until=run.valid_until or valid_until(loyalty.program, reward, loyalty.now()),
        rate=reward.value if reward.kind == "percent" else ZERO,
        limit=reward.limit,
        product=reward.product,
        accounting="discount",
        several=uses == "several" and reward.kind == "amount",
        valid_from=valid_from(reward, loyalty.today()),
        minimum=reward.minimum_purchase,
        excluded=reward.excluded,
    )


def prints(loyalty: Loyalty, run: Run, locale: str) -> Iterator[VoucherFacts]:
    """What stands on each voucher of a run, in their order; all that were made, whatever became of them."""
    name = run.card.name(locale) if run.card else run.reward.name(locale) if run.reward else ""
    for first in range(1, run.count + 1, AT_ONCE):
        with loyalty.database.reading() as tx:
            found = [vouchers.by_request(tx, run.key(n)) for n in range(first, first + AT_ONCE)]
        for voucher in found:
            if voucher is not None:
                yield _facts(loyalty, voucher, name)


def _facts(loyalty: Loyalty, voucher: Voucher, name: str) -> VoucherFacts:
    fresh = replace(voucher, state=VoucherState.ACTIVE, credit_note_id=None)  # as it was printed
    worth = replace(worth_of(fresh, None, ""), product=name)
    return VoucherFacts(
        member_name="",
        to_address="",
        program=loyalty.program.name,
        balance=0,
        reward=name,
        code=loyalty.code_of(voucher),
        signed=signed_text(loyalty, voucher),
        worth=worth,
        issued_on=day_of(voucher.issued_at, ZoneInfo(loyalty.program.zone)),
        valid_until=voucher.valid_until,
    )


def activate(loyalty: Loyalty, voucher_id: str, *, why: str, who: str) -> Voucher:
    """A printed gift card was sold and paid: from now on it is owed. Again it changes nothing.

    Raises VoucherNotUsable for one that is no printed gift card, is cancelled or over.
    """
    return loyalty.database.decide(lambda tx: activate_in(tx, loyalty, voucher_id, why=why, who=who))


def activate_in(
    tx: Tx, loyalty: Loyalty, voucher_id: str, *, why: str, who: str, kind: MoveKind = MoveKind.ISSUED
) -> Voucher:
    """As `activate`, in the transaction of a caller; `kind` is REPLACEMENT where another card gives way."""
    voucher = vouchers.by_id(tx, voucher_id)
    if voucher is None:
        raise UnknownVoucher()
    name = masked(voucher.last_four)
    if voucher.source != "printed" or voucher.accounting != "liability":
        raise VoucherNotUsable(name, "only printed gift cards are activated.")
    if voucher.state is not VoucherState.PENDING:
        if voucher.state in (VoucherState.CANCELLED, VoucherState.REFUSED):
            raise VoucherNotUsable(name, f"it is {voucher.state}.")
        return voucher
    if voucher.is_expired(loyalty.today()):
        raise VoucherNotUsable(name, f"it was valid until {voucher.valid_until}.")
    now = loyalty.now()
    put_on = Move(
        kind=kind,
        amount=voucher.value,
        day=loyalty.today(),
        at=now,
        who=who,
        key=f"{kind}:{voucher.id}",
        note=why,
    )
    return vouchers.change(
        tx,
        voucher,
        step="activated",
        at=now,
        who=who,
        note=why,
        booked=[put_on],
        state=VoucherState.ACTIVE,
        remaining=voucher.value,
    )
