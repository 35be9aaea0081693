"""Points become a voucher: reserve the points, make the credit note step by step, hand the voucher out.

Killed anywhere and run again there is one credit note, and the points were spent once; refused for good, they
are back in their own lots. Every step is written down before it is tried.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.core.credit_lines import CreditLine, line_of, lines_of
from dolibarr_loyalty.core.effects import attach_voucher, event, issue_voucher, mail, show_member
from dolibarr_loyalty.core.eligibility import Standing, unmet
from dolibarr_loyalty.core.ledger import Account, Booking, Cause, EntryKind, Lot, account_parts, hash_input
from dolibarr_loyalty.core.program import Reward
from dolibarr_loyalty.core.reasons import because
from dolibarr_loyalty.core.sale import ZERO, Sale, State
from dolibarr_loyalty.core.voucher_moves import MoveKind
from dolibarr_loyalty.core.vouchers import (
    Source,
    Voucher,
    VoucherState,
    code_hash,
    code_of,
    valid_from,
    valid_until,
)
from dolibarr_loyalty.errors import (
    Conflict,
    InputError,
    InsufficientPoints,
    KeyReused,
    PermanentFailure,
    RewardNotAvailable,
    UnknownMember,
    UnknownReward,
)
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.credit_documents import find_or_post as find_or_post
from dolibarr_loyalty.flows.credit_documents import keep_note as keep_note
from dolibarr_loyalty.flows.credit_documents import make_credit
from dolibarr_loyalty.flows.credit_documents import read_back as read_back
from dolibarr_loyalty.flows.credit_documents import taken as taken
from dolibarr_loyalty.flows.credit_documents import unit_of as unit_of
from dolibarr_loyalty.flows.credit_documents import validated as validated
from dolibarr_loyalty.flows.leases import Busy as Busy
from dolibarr_loyalty.flows.leases import holding as holding
from dolibarr_loyalty.flows.notices import near_reward_effects
from dolibarr_loyalty.flows.pooling import available_in_pool, draw
from dolibarr_loyalty.flows.programs import price_of, rewards_today
from dolibarr_loyalty.flows.standings import standing_now
from dolibarr_loyalty.flows.vat_shares import vat_weights
from dolibarr_loyalty.store import bearings, ledger, members, outbox, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id
from dolibarr_loyalty.store.members import Known

LONGEST_KEY = 120


def redeem(loyalty: Loyalty, thirdparty_id: int, reward_id: str, *, request_key: str, who: str) -> Voucher:
    """Reserve what a reward costs and want its voucher; the same `request_key` gives the same voucher.

    A reward is paid in its own unit: points, stamps, another wallet's; in a pool others help out. Raises
    UnknownReward, UnknownMember, InsufficientPoints, RewardNotAvailable, and KeyReused when the key was used
    for another member or reward. Nothing is written then.
    """
    reward = the_reward(loyalty, reward_id)
    if len(request_key) > LONGEST_KEY:
        raise InputError(f"A request key has at most {LONGEST_KEY} signs; this one has {len(request_key)}.")
    return loyalty.database.decide(lambda tx: spend(tx, loyalty, thirdparty_id, reward, request_key, who))


def the_reward(loyalty: Loyalty, reward_id: str) -> Reward:
    """A reward of the program, or one that was taken away and is still kept for members."""
    reward = loyalty.program.reward(reward_id)
    if reward is None:
        with loyalty.database.reading() as tx:
            offered = rewards_today(tx, loyalty)
        wanted = reward_id.casefold()
        reward = next((each for each in offered if each.id.casefold() == wanted), None)
        if reward is None:
            raise UnknownReward(reward_id, [each.id for each in offered])
    return reward


def check_redemption(
    loyalty: Loyalty, tx: Tx, thirdparty_id: int, reward: Reward, account: Account | None = None
) -> int:
    """What a member would have left to spend of a reward's unit after it; raises as `redeem` does.

    What others of a pool can give counts as the member's own. The account is read before the vouchers are
    counted, so whoever takes the last one meanwhile collides.
    """
    customer = members.load(tx, [thirdparty_id]).get(thirdparty_id)
    if customer is None:
        raise UnknownMember(str(thirdparty_id))
    if not customer.is_member:
        raise RewardNotAvailable(reward.id, f"{customer.member.name} is not a member of the program.")
    if account is None:
        account = ledger.load(tx, [thirdparty_id], unit=reward.unit)[thirdparty_id]
    _check_eligible(tx, loyalty, customer, reward)
    if reward.per_member is not None:
        taken = tx.value("count_vouchers_of_reward", thirdparty_id=thirdparty_id, reward_id=reward.id)
        if taken >= reward.per_member:
            raise RewardNotAvailable(
                reward.id, f"each member may take it {reward.per_member} time(s), and this one has."
            )
    price, available = _price(tx, loyalty, reward), account.available(loyalty.now())
    if available < price:
        available = available_in_pool(tx, loyalty, thirdparty_id, reward.unit)
    if available < price:
        unit = loyalty.brand.words(loyalty.screens.language).unit_name(reward.unit)
        raise InsufficientPoints(customer.member.name, wanted=price, has=available, unit=unit)
    return available - price


def _price(tx: Tx, loyalty: Loyalty, reward: Reward) -> int:
    """What a reward costs now, in its unit."""
    return price_of(tx, loyalty, reward)


_NOT_FOR = {
    "tags": "it is only for customers with the tag {}.",
    "without_tags": "it is not for customers with the tag {}.",
    "tiers": "it is only for members of the tier {}.",
    "clubs": "it is only for members of the club {}.",
    "segments": "it is only for members of the segment {}.",
    "countries": "it is only for customers in {}.",
    "customer_types": "it is only for a {}.",
    "first_purchase": "it is only for members who have not bought anything yet.",
    "inactive_days": "it is only for members who have not bought anything for {} days.",
}


def _check_eligible(tx: Tx, loyalty: Loyalty, customer: Known, reward: Reward) -> None:
    """Raise RewardNotAvailable when the reward is not for this member."""
    missing = unmet(reward.who, _standing(tx, loyalty, customer, reward))
    if missing:
        wanted = getattr(reward.who, missing)
        told = " or ".join(wanted) if isinstance(wanted, tuple) else str(wanted)
        raise RewardNotAvailable(reward.id, _NOT_FOR[missing].format(told))


def _standing(tx: Tx, loyalty: Loyalty, customer: Known, reward: Reward) -> Standing:
    """What holds for a member now, as far as the reward asks for it."""
    member = customer.member
    if reward.who.needs_history:
        return standing_now(tx, loyalty, member.thirdparty_id)
    return Standing(tags=member.tags, country=member.country, is_company=member.is_company)


def spend(
    tx: Tx,
    loyalty: Loyalty,
    thirdparty_id: int,
    reward: Reward,
    request_key: str,
    who: str,
    *,
    is_held: bool = False,
) -> Voucher:
    """`redeem` within a transaction of the caller; one that `is_held` is issued by who captures it."""
    before = vouchers.by_request(tx, request_key)
    if before is not None:
        if (before.thirdparty_id, before.reward_id) != (thirdparty_id, reward.id):
            raise KeyReused(request_key)
        return before
    account = ledger.load(tx, [thirdparty_id], unit=reward.unit)[thirdparty_id]
    check_redemption(loyalty, tx, thirdparty_id, reward, account)
    price = _price(tx, loyalty, reward)
    voucher = new_voucher(loyalty, thirdparty_id, reward, price)
    booking = Booking(account, loyalty.now())
    drawn: Sequence[Booking] = ()
    if account.available(loyalty.now()) < price:
        drawn = draw(tx, loyalty, booking, price, reward=reward.id, key=f"pool:{voucher.id}")
        if booking.result.available(loyalty.now()) < price:  # it was there a moment ago, when it was checked
            raise Conflict(f"what the pool of {thirdparty_id} had was spent by another writer")
    booking.redeem(
        price,
        cause=Cause("voucher", voucher.id),
        key=f"redeem:{voucher.id}",
        reasons=[because("redeemed", reward=reward.id, points=price)],
        input_hash=hash_input(thirdparty_id, reward.id, price, request_key),
    )
    ledger.store(tx, sorted([booking, *drawn], key=lambda each: each.account.id))
    if reward.unit == loyalty.unit:
        _note_what_is_near(tx, loyalty, [booking, *drawn])
    vouchers.insert(
        tx,
        voucher,
        code_hash=code_hash(code_of(voucher.id, loyalty.secret), loyalty.secret),
        program_hash=bearings.keep_program(tx, loyalty.program, loyalty.now()),
        request_key=request_key,
        who=who,
        day=loyalty.today(),
    )
    told = event("redeemed", thirdparty_id, voucher.id, voucher=voucher.id, balance=booking.balance)
    effects = [] if is_held else [issue_voucher(thirdparty_id, voucher.id)]
    effects += [told, show_member(thirdparty_id)] if loyalty.screens.agenda else [show_member(thirdparty_id)]
    outbox.put(tx, effects, loyalty.now())
    outbox.put(tx, [show_member(each.account.thirdparty_id) for each in drawn], loyalty.now())
    return voucher


def _note_what_is_near(tx: Tx, loyalty: Loyalty, bookings: Sequence[Booking]) -> None:
    """Take note of the rewards that are out of reach now, so that reaching them again is news."""
    known = members.load(tx, (booking.account.thirdparty_id for booking in bookings))
    for booking in bookings:
        customer = known[booking.account.thirdparty_id]
        near_reward_effects(tx, loyalty, customer, booking.result, quietly=True)


def new_voucher(
    loyalty: Loyalty, thirdparty_id: int, reward: Reward, price: int, source: Source = "reward"
) -> Voucher:
    """A voucher of a reward that is still to be issued; `price` 0 makes it a gift."""
    identifier, terms = new_id(), loyalty.program.vouchers
    value = reward.value if reward.kind == "amount" else ZERO
    return Voucher(
        id=identifier,
        thirdparty_id=thirdparty_id,
        reward_id=reward.id,
        kind=reward.kind,
        state=VoucherState.PENDING,
        points=price,
        value=value,
        remaining=value,
        currency=loyalty.program.currency,
        issued_at=loyalty.now(),
        valid_until=valid_until(loyalty.program, reward, loyalty.now()),
        last_four=code_of(identifier, loyalty.secret)[-4:],
        rate=reward.value if reward.kind == "percent" else ZERO,
        limit=reward.limit,
        product=reward.product,
        accounting=terms.accounting,
        source=source,
        several=(reward.uses or terms.uses) == "several" and reward.kind == "amount",
        bearer=terms.bearer if reward.bearer is None else reward.bearer,
        valid_from=valid_from(reward, loyalty.today()),
        minimum=reward.minimum_purchase,
        excluded=reward.excluded,
    )


def issue(loyalty: Loyalty, voucher_id: str, *, quietly: bool = False) -> None:
    """Carry a pending voucher on until it is active; may be called again at any point, by one at a time.

    `quietly` hands nothing out: it is used in the same moment.
    Raises the connector's failures. Only PermanentFailure means that it will never work: `refuse` then.
    """
    with holding(loyalty, voucher_id):
        voucher = _load(loyalty, voucher_id)
        if voucher.state is not VoucherState.PENDING:
            return
        if voucher.source == "sold":
            raise Busy("It is being issued with its sale. Try again in a moment.")
        loyalty.code_of(voucher)  # before anything is made: nobody could use what another key names
        note: Sale | None = None
        if voucher.is_credit_from_start:
            note, _ = make_credit(
                loyalty,
                voucher,
                ref_ext=voucher.ref_ext,
                lines=lines_at_issue(loyalty, voucher, voucher.value),
                gross=voucher.value,
                thirdparty_id=voucher.thirdparty_id,
                role="issue",
            )
        loyalty.database.decide(lambda tx: _activate(tx, loyalty, voucher_id, note, quietly))


def lines_at_issue(loyalty: Loyalty, voucher: Voucher, gross: Decimal) -> Sequence[CreditLine]:
    """A means of payment is at 0 %; a rebate on past purchases is split over the VAT rates of these, unless the
    program fixes one. A resumed issue finds its document by name, whatever was bought meanwhile. Raises
    PermanentFailure for a rebate on purchases of which nothing is known."""
    terms = loyalty.program.vouchers
    if voucher.accounting != "credit_note":
        return [line_of(gross, ZERO, voucher.currency)]
    with loyalty.database.reading() as tx:
        weights = {terms.vat_rate: 1} if terms.vat_rate else vat_weights(tx, voucher.thirdparty_id)
    if not weights:
        raise PermanentFailure(
            "A rebate is split over the VAT rates of what the customer bought, and no purchase is known. "
            "Write vat_rate in [program.vouchers], or choose another accounting."
        )
    return lines_of(gross, weights, voucher.currency)


def _activate(tx: Tx, loyalty: Loyalty, voucher_id: str, note: Sale | None, quietly: bool) -> None:
    voucher = vouchers.by_id(tx, voucher_id)
    if voucher is None or voucher.state is not VoucherState.PENDING:
        return
    changes: dict[str, Any] = {"credit_note_id": note.id, "credit_note_ref": note.ref} if note else {}
    vouchers.change(
        tx,
        voucher,
        step="active",
        at=loyalty.now(),
        who=loyalty.worker,
        state=VoucherState.ACTIVE,
        **changes,
    )
    member = voucher.thirdparty_id
    effects = [
        mail("voucher", member, voucher.id, voucher=voucher.id),
        event("voucher_issued", member, voucher.id, voucher=voucher.id),
        attach_voucher(member, voucher.id),
        show_member(member),
    ]
    if quietly:
        effects = [effect for effect in effects if effect.kind in ("event", "screen")]
    if not loyalty.screens.agenda:
        effects = [effect for effect in effects if effect.kind != "event"]
    outbox.put(tx, effects, loyalty.now())


def refuse(loyalty: Loyalty, voucher_id: str, why: str) -> None:
    """Dolibarr will never take the credit note: remove what is a draft of it and give the points back.

    Raises PermanentFailure when a credit note of it already counts in the books: a person must look then.
    """
    with holding(loyalty, voucher_id):
        voucher = _load(loyalty, voucher_id)
        if voucher.state is not VoucherState.PENDING:
            return
        for note in loyalty.books.find(voucher.ref_ext):
            if note.state is not State.DRAFT:
                raise PermanentFailure(
                    f"Credit note {note.ref} of voucher {voucher.id} is in the books, but it cannot be completed: "
                    f"{why} Look at it in Dolibarr, then run `dolibarr-loyalty outbox retry`."
                )
            loyalty.books.delete_draft(note.id)
        loyalty.database.decide(lambda tx: _give_up(tx, loyalty, voucher_id, why))


def _give_up(tx: Tx, loyalty: Loyalty, voucher_id: str, why: str) -> None:
    voucher = vouchers.by_id(tx, voucher_id)
    if voucher is None or voucher.state is not VoucherState.PENDING:
        return
    vouchers.change(
        tx,
        voucher,
        step="refused",
        at=loyalty.now(),
        who=loyalty.worker,
        note=why,
        state=VoucherState.REFUSED,
        booked=taken(loyalty, voucher, MoveKind.CANCELLED, voucher.remaining, note=why),
        remaining=ZERO,
    )
    return_points(tx, loyalty, voucher, "voucher_refused")
    if loyalty.screens.agenda:
        outbox.put(
            tx,
            [event("voucher_refused", voucher.thirdparty_id, voucher.id, voucher=voucher.id, why=why[:500])],
            loyalty.now(),
        )


def return_points(tx: Tx, loyalty: Loyalty, voucher: Voucher, why: str, points: int | None = None) -> None:
    """Undo a voucher's redemption: what it cost, or so many of it, goes back to its own lots; only once."""
    key = f"return:{voucher.id}"
    spent = ledger.entry_of_key(tx, f"redeem:{voucher.id}")
    if spent is None or returned_points(tx, voucher) or points == 0:
        return
    taken = _as_many(ledger.taken_by(tx, spent.id), voucher.points if points is None else points)
    member, unit = voucher.thirdparty_id, account_parts(spent.account_id)[1]
    accounts = ledger.load(tx, [member], causes=[lot.cause for lot, _ in taken], unit=unit)
    grace = loyalty.program.reinstatement_days
    booking = Booking(accounts[member], loyalty.now())
    booking.give_back(
        taken,
        cause=Cause("voucher", voucher.id),
        key=key,
        reverses_id=spent.id,
        grace_until=loyalty.now() + timedelta(days=grace) if grace else None,
        reasons=[because("returned", why=why)],
        input_hash=hash_input(voucher.id, why),
    )
    ledger.store(tx, [booking])
    outbox.put(tx, [show_member(member)], loyalty.now())


def returned_points(tx: Tx, voucher: Voucher) -> int:
    """How many of a voucher's points are back; to lots that were over they went by entries of their own."""
    entries = ledger.of_cause(tx, Cause("voucher", voucher.id))
    return sum(entry.points for entry in entries if entry.kind is EntryKind.REVERSAL)


def _as_many(taken: Sequence[tuple[Lot, int]], points: int) -> list[tuple[Lot, int]]:
    """Of what was taken from lots, so many points; those of the lot that ends last first."""
    chosen = []
    for lot, part in sorted(taken, key=lambda pair: pair[0].order, reverse=True):
        back = min(part, points)
        points -= back
        if back:
            chosen.append((lot, back))
    return chosen


def _load(loyalty: Loyalty, voucher_id: str) -> Voucher:
    with loyalty.database.reading() as tx:
        voucher = vouchers.by_id(tx, voucher_id)
    if voucher is None:
        raise PermanentFailure(f"Voucher {voucher_id} is not in the database.")
    return voucher
