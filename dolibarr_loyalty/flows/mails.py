"""Makes the mail of an effect from what is true when it leaves, and the voucher's PDF."""

from dataclasses import replace
from typing import Any

from dolibarr_loyalty.connectors.protocol import Mail
from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.program import Reward
from dolibarr_loyalty.core.times import day_of, parse
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.flows.addressees import Addressee, Payload, addressed, common
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.kind_mails import FACTS
from dolibarr_loyalty.flows.occasions import welcome_points_of
from dolibarr_loyalty.flows.screens import outlook
from dolibarr_loyalty.flows.signed_texts import signed_text
from dolibarr_loyalty.messages import (
    GiftCardFacts,
    Goal,
    MemberFacts,
    PointsExpiringFacts,
    RewardNearFacts,
    VoucherExpiringFacts,
    VoucherFacts,
    WelcomeFacts,
    Worth,
    compose,
    message_id,
    voucher_pdf,
)
from dolibarr_loyalty.store import bearings, vouchers
from dolibarr_loyalty.store.database import Tx

USABLE = frozenset({VoucherState.ACTIVE, VoucherState.PARTLY_USED})


def mail_for(loyalty: Loyalty, kind: str, thirdparty_id: int, payload: Payload, key: str) -> Mail | None:
    """The mail of an effect; None when its occasion is over, the member has no address, left or objected.

    The message id comes from the effect's key, so a mail that is sent again is the same mail.
    """
    with loyalty.database.reading() as tx:
        addressee = addressed(tx, loyalty, thirdparty_id, payload)
        if addressee is None or not addressee.customer.member.email:
            return None
        facts = _FACTS[kind](tx, loyalty, addressee, payload)
    if facts is None or (not facts.is_transactional and _objects(loyalty, addressee)):
        return None
    return compose(facts, loyalty.brand, addressee.locale, message_id=message_id(key, loyalty.sender))


def pdf_for(loyalty: Loyalty, voucher_id: str) -> tuple[Voucher, str, bytes] | None:
    """A voucher with its printable page in the member's language, or None when it is unknown.

    One that nobody owns yet, as a gift card from the till, is in the shop's language.
    """
    with loyalty.database.reading() as tx:
        voucher = vouchers.by_id(tx, voucher_id)
        if voucher is None:
            return None
        told = {"voucher": voucher_id}
        addressee = addressed(tx, loyalty, voucher.thirdparty_id, told) if voucher.thirdparty_id else None
        if addressee is None and voucher.thirdparty_id:
            return None
        whose = common(loyalty, addressee) if addressee else _nobody(loyalty)
        locale = addressee.locale if addressee else loyalty.screens.language
        facts = VoucherFacts(**whose, **_of_voucher(tx, loyalty, voucher, locale))
    return voucher, facts.code, voucher_pdf(facts, loyalty.brand, locale)


def _objects(loyalty: Loyalty, addressee: Addressee) -> bool:
    return loyalty.notices.no_mail_tag in addressee.customer.member.tags


def worth_of(voucher: Voucher, reward: Reward | None, locale: str) -> Worth:
    """What a voucher is worth, for words: its amount, its percentage, or the thing it is good for."""
    name = reward.name(locale) if reward else voucher.product
    if voucher.kind == "amount" or voucher.credit_note_id is not None:
        left = voucher.remaining if voucher.state is VoucherState.PARTLY_USED else voucher.value
        return Worth(kind="amount", value=left, currency=voucher.currency)
    kind: Any = voucher.kind
    return Worth(kind=kind, value=voucher.rate, currency=voucher.currency, limit=voucher.limit, product=name)


def reward_of(tx: Tx, loyalty: Loyalty, voucher: Voucher) -> Reward | None:
    """The reward a voucher was redeemed for, as it was then."""
    digest = tx.row("voucher_by_id", id=voucher.id)
    program = bearings.program_of(tx, digest["program_hash"]) if digest else loyalty.program
    return program.reward(voucher.reward_id)


def card_kind_of(tx: Tx, loyalty: Loyalty, voucher: Voucher) -> GiftCard | None:
    """The kind of gift card that a voucher is, as it was when it was sold; None for any other voucher."""
    if voucher.accounting not in ("deposit", "liability"):
        return None
    digest = tx.row("voucher_by_id", id=voucher.id)
    program = bearings.program_of(tx, digest["program_hash"]) if digest else loyalty.program
    kind = program.gift_card(voucher.reward_id)
    return kind or GiftCard(id=voucher.reward_id, products=(voucher.product.casefold(),))


def _welcome(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    if not addressee.customer.is_member:
        return None
    ahead = outlook(loyalty, addressee.available)
    goal = ahead.goal(addressee.locale) if ahead else None
    bonus = welcome_points_of(tx, addressee.customer.member.thirdparty_id)
    return WelcomeFacts(**common(loyalty, addressee), goal=goal, bonus=bonus)


def _reward_near(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    reward = loyalty.program.reward(str(payload["reward"]))
    if reward is None or not addressee.customer.is_member:
        return None
    missing = max(0, reward.points - addressee.available)
    if addressee.available * 100 < reward.points * loyalty.notices.near_percent:
        return None  # redeemed or taken back meanwhile
    goal = Goal(reward=reward.name(addressee.locale), points=reward.points, missing=missing)
    return RewardNearFacts(**common(loyalty, addressee), goal=goal)


def _points_expiring(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    ends_at = parse(str(payload["ends_at"]))
    if not addressee.ending or ends_at <= loyalty.now() or not addressee.customer.is_member:
        return None
    enough = sorted(
        (
            reward
            for reward in loyalty.program.rewards
            if reward.unit == addressee.unit and reward.points <= addressee.available
        ),
        key=lambda reward: -reward.points,
    )
    return PointsExpiringFacts(
        **common(loyalty, addressee),
        expiring=addressee.ending,
        last_day=loyalty.last_day(ends_at),
        rewards=tuple(Goal(reward=r.name(addressee.locale), points=r.points) for r in enough[:3]),
    )


def _voucher(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    voucher = vouchers.by_id(tx, str(payload["voucher"]))
    if voucher is None or voucher.state not in USABLE:
        return None
    return _voucher_facts(tx, loyalty, addressee, voucher, VoucherFacts)


def _voucher_expiring(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    voucher = vouchers.by_id(tx, str(payload["voucher"]))
    if voucher is None or voucher.state not in USABLE or voucher.valid_until is None:
        return None
    if voucher.source == "imported":
        return None  # nobody knows its code but its holder
    return _voucher_facts(tx, loyalty, addressee, voucher, VoucherExpiringFacts)


def _voucher_facts(
    tx: Tx, loyalty: Loyalty, addressee: Addressee, voucher: Voucher, kind: type[VoucherFacts]
) -> VoucherFacts:
    return kind(**common(loyalty, addressee), **_of_voucher(tx, loyalty, voucher, addressee.locale))


def _of_voucher(tx: Tx, loyalty: Loyalty, voucher: Voucher, locale: str) -> dict[str, Any]:
    """What mail and printed page say of a voucher."""
    reward, card = reward_of(tx, loyalty, voucher), card_kind_of(tx, loyalty, voucher)
    named = card or reward
    return {
        "reward": named.name(locale) if named else voucher.reward_id,
        "code": loyalty.code_of(voucher),
        "signed": signed_text(loyalty, voucher),
        "worth": worth_of(voucher, reward, locale),
        "issued_on": day_of(voucher.issued_at, loyalty.zone),
        "valid_until": voucher.valid_until,
        "points": voucher.points,
        "is_gift_card": card is not None,
        "is_bearer": voucher.bearer,
        "replaces": _replaced(tx, voucher),
    }


def _replaced(tx: Tx, voucher: Voucher) -> str:
    """The last signs of the lost voucher that this one stands for, or empty."""
    lost = vouchers.by_id(tx, voucher.replaces) if voucher.replaces else None
    return lost.last_four if lost else ""


def _nobody(loyalty: Loyalty) -> dict[str, Any]:
    return {"member_name": "", "to_address": "", "program": loyalty.program.name, "balance": 0}


def _gift_card(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    voucher = vouchers.by_id(tx, str(payload["voucher"]))
    if voucher is None or voucher.state not in USABLE:
        return None
    facts = _voucher_facts(tx, loyalty, addressee, voucher, GiftCardFacts)
    return facts if addressee.customer.is_member else replace(facts, page_url="")


_FACTS = {
    "welcome": _welcome,
    "voucher": _voucher,
    "gift_card": _gift_card,
    "reward_near": _reward_near,
    "points_expiring": _points_expiring,
    "voucher_expiring": _voucher_expiring,
    **FACTS,
}
