"""Makes the mail of an effect from what is true when it leaves, and the voucher's PDF."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dolibarr_loyalty.connectors.protocol import Mail
from dolibarr_loyalty.core.program import Reward
from dolibarr_loyalty.core.referrals import ReferralState
from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.core.times import day_of, parse
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.flows import clubs
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.occasions import welcome_points_of
from dolibarr_loyalty.flows.redemption import unit_of
from dolibarr_loyalty.flows.screens import outlook
from dolibarr_loyalty.flows.tiers import Standing, standings_of
from dolibarr_loyalty.messages import (
    AnniversaryFacts,
    BirthdayFacts,
    CauseGift,
    ClubEndingFacts,
    ClubWelcomeFacts,
    DonationStatementFacts,
    Goal,
    MemberFacts,
    PointsExpiringFacts,
    ReferralRewardedFacts,
    RewardNearFacts,
    TierDownFacts,
    TierUpFacts,
    TierWarningFacts,
    VoucherExpiringFacts,
    VoucherFacts,
    WelcomeFacts,
    Worth,
    compose,
    message_id,
    voucher_pdf,
)
from dolibarr_loyalty.store import activities, bearings, donations, ledger, members, referrals, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.members import Known

Payload = Mapping[str, str | int]
USABLE = frozenset({VoucherState.ACTIVE, VoucherState.PARTLY_USED})


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """A member with what every mail says about the account: that of points, or of the unit it is about."""

    customer: Known
    balance: int
    available: int
    ending: int = 0
    unit: str = POINTS


def mail_for(loyalty: Loyalty, kind: str, thirdparty_id: int, payload: Payload, key: str) -> Mail | None:
    """The mail of an effect; None when its occasion is over, the member has no address, left or objected.

    The message id comes from the effect's key, so a mail that is sent again is the same mail.
    """
    with loyalty.database.reading() as tx:
        addressee = _addressee(tx, loyalty, thirdparty_id, payload)
        if addressee is None or not addressee.customer.member.email:
            return None
        facts = _FACTS[kind](tx, loyalty, addressee, payload)
    if facts is None or (not facts.is_transactional and _objects(loyalty, addressee)):
        return None
    locale = addressee.customer.member.locale
    return compose(facts, loyalty.brand, locale, message_id=message_id(key, loyalty.sender))


def pdf_for(loyalty: Loyalty, voucher_id: str) -> tuple[Voucher, str, bytes] | None:
    """A voucher with its printable page in the member's language, or None when it is unknown."""
    with loyalty.database.reading() as tx:
        voucher = vouchers.by_id(tx, voucher_id)
        told = {"voucher": voucher_id}
        addressee = _addressee(tx, loyalty, voucher.thirdparty_id, told) if voucher else None
        if voucher is None or addressee is None:
            return None
        facts = _voucher_facts(tx, loyalty, addressee, voucher, VoucherFacts)
    locale = addressee.customer.member.locale
    return voucher, facts.code, voucher_pdf(facts, loyalty.brand, locale)


def _objects(loyalty: Loyalty, addressee: "Addressee") -> bool:
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


def _addressee(tx: Tx, loyalty: Loyalty, thirdparty_id: int, payload: Payload) -> Addressee | None:
    customer = members.load(tx, [thirdparty_id]).get(thirdparty_id)
    if customer is None or customer.gone_at is not None:
        return None
    unit = _unit(tx, payload)
    account = ledger.load(tx, [thirdparty_id], unit=unit)[thirdparty_id]
    ends_at = payload.get("ends_at")
    ending = sum(
        lot.remaining
        for lot in account.lots
        if ends_at and lot.expires_at is not None and lot.expires_at <= parse(str(ends_at))
    )
    return Addressee(
        customer=customer,
        balance=account.balance,
        available=account.available(loyalty.now()),
        ending=ending,
        unit=unit,
    )


def _unit(tx: Tx, payload: Payload) -> str:
    """What a mail's points are: those its voucher was paid with, or the unit its effect names."""
    voucher = vouchers.by_id(tx, str(payload["voucher"])) if "voucher" in payload else None
    return unit_of(tx, voucher) if voucher else str(payload.get("unit", POINTS))


def _common(loyalty: Loyalty, addressee: Addressee) -> dict[str, Any]:
    member = addressee.customer.member
    return {
        "member_name": member.name,
        "to_address": member.email,
        "program": loyalty.program.name,
        "balance": addressee.balance,
        "unit": addressee.unit,
        "page_url": loyalty.screens.member_page.replace("{member}", str(member.thirdparty_id)),
        "unsubscribe_url": loyalty.notices.unsubscribe.replace("{member}", str(member.thirdparty_id)),
    }


def _welcome(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    if not addressee.customer.is_member:
        return None
    ahead = outlook(loyalty, addressee.available)
    goal = ahead.goal(addressee.customer.member.locale) if ahead else None
    bonus = welcome_points_of(tx, addressee.customer.member.thirdparty_id)
    return WelcomeFacts(**_common(loyalty, addressee), goal=goal, bonus=bonus)


def _birthday(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    gift = activities.by_id(tx, str(payload["activity"]))
    if gift is None or not gift.is_granted or loyalty.program.birthday is None:
        return None
    return BirthdayFacts(
        **_common(loyalty, addressee),
        points=gift.points,
        reward=_free_reward(loyalty, addressee, loyalty.program.birthday.reward),
        is_the_day=gift.day == loyalty.today(),
    )


def _anniversary(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    gift = activities.by_id(tx, str(payload["activity"]))
    if gift is None or not gift.is_granted or loyalty.program.anniversary is None:
        return None
    return AnniversaryFacts(
        **_common(loyalty, addressee),
        years=int(gift.source_id.rpartition(":")[2]),
        points=gift.points,
        reward=_free_reward(loyalty, addressee, loyalty.program.anniversary.reward),
    )


def _free_reward(loyalty: Loyalty, addressee: Addressee, reward_id: str) -> str:
    reward = loyalty.program.reward(reward_id) if reward_id else None
    return reward.name(addressee.customer.member.locale) if reward else ""


def _referral(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    is_friend, points = payload["role"] == "friend", int(payload["points"])
    member = addressee.customer.member.thirdparty_id
    theirs = referrals.of_friend(tx, member, "") if is_friend else referrals.of_referrer(tx, member)
    states = [each.state for each in theirs if each.id == payload["referral"]]
    if states != [ReferralState.REWARDED]:
        return None  # the purchase came back meanwhile
    return ReferralRewardedFacts(**_common(loyalty, addressee), points=points, is_friend=is_friend)


def _reward_near(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    reward = loyalty.program.reward(str(payload["reward"]))
    if reward is None or not addressee.customer.is_member:
        return None
    missing = max(0, reward.points - addressee.available)
    if addressee.available * 100 < reward.points * loyalty.notices.near_percent:
        return None  # redeemed or taken back meanwhile
    locale = addressee.customer.member.locale
    goal = Goal(reward=reward.name(locale), points=reward.points, missing=missing)
    return RewardNearFacts(**_common(loyalty, addressee), goal=goal)


def _points_expiring(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    ends_at = parse(str(payload["ends_at"]))
    if not addressee.ending or ends_at <= loyalty.now() or not addressee.customer.is_member:
        return None
    locale = addressee.customer.member.locale
    enough = sorted(
        (
            reward
            for reward in loyalty.program.rewards
            if reward.unit == addressee.unit and reward.points <= addressee.available
        ),
        key=lambda reward: -reward.points,
    )
    return PointsExpiringFacts(
        **_common(loyalty, addressee),
        expiring=addressee.ending,
        last_day=loyalty.last_day(ends_at),
        rewards=tuple(Goal(reward=r.name(locale), points=r.points) for r in enough[:3]),
    )


def _tier_standing(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> Standing | None:
    customer = addressee.customer
    found = standings_of(tx, loyalty, {customer.member.thirdparty_id: customer})
    standings = found.get(customer.member.thirdparty_id, ())
    return next((each for each in standings if each.group.id == payload["group"]), None)


def _tier_facts(loyalty: Loyalty, addressee: Addressee, standing: Standing) -> dict[str, Any]:
    ahead, locale = standing.outlook, addressee.customer.member.locale
    brought = [benefit for benefit in loyalty.program.benefits if benefit.id in ahead.tier.benefits]
    return {
        **_common(loyalty, addressee),
        "tier": ahead.tier.name(locale),
        "qualifying": standing.group.unit,
        "next_tier": ahead.next.name(locale) if ahead.next else "",
        "to_next": ahead.to_next,
        "progress": ahead.progress,
        "benefits": tuple(benefit.name(locale) for benefit in brought),
    }


def _tier_up(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    standing = _tier_standing(tx, loyalty, addressee, payload)
    if standing is None or standing.outlook.tier.id != payload["tier"]:
        return None
    until = standing.outlook.until
    facts = _tier_facts(loyalty, addressee, standing)
    return TierUpFacts(**facts, last_day=loyalty.last_day(until) if until else None)


def _tier_down(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    standing = _tier_standing(tx, loyalty, addressee, payload)
    if standing is None or standing.outlook.tier.id != payload["tier"]:
        return None
    lost = standing.group.tier(str(payload["before"]))
    facts = _tier_facts(loyalty, addressee, standing)
    name = lost.name(addressee.customer.member.locale) if lost else str(payload["before"])
    return TierDownFacts(**facts, lost=name, why=str(payload["why"]))


def _tier_warning(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    standing = _tier_standing(tx, loyalty, addressee, payload)
    ahead = standing.outlook if standing else None
    if standing is None or ahead is None or ahead.until is None or not ahead.to_keep:
        return None  # bought enough meanwhile, or assessed already
    if ahead.assessed_at != parse(str(payload["ends_at"])):
        return None
    return TierWarningFacts(
        **_tier_facts(loyalty, addressee, standing),
        missing=ahead.to_keep,
        last_day=loyalty.last_day(ahead.until),
        projected=ahead.projected.name(addressee.customer.member.locale),
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
    return _voucher_facts(tx, loyalty, addressee, voucher, VoucherExpiringFacts)


def _voucher_facts(
    tx: Tx, loyalty: Loyalty, addressee: Addressee, voucher: Voucher, kind: type[VoucherFacts]
) -> VoucherFacts:
    locale = addressee.customer.member.locale
    reward = reward_of(tx, loyalty, voucher)
    return kind(
        **_common(loyalty, addressee),
        reward=reward.name(locale) if reward else voucher.reward_id,
        code=loyalty.code_of(voucher),
        worth=worth_of(voucher, reward, locale),
        issued_on=day_of(voucher.issued_at, loyalty.zone),
        valid_until=voucher.valid_until,
        points=voucher.points,
    )


def _donation_statement(
    tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload
) -> MemberFacts | None:
    year, member = int(payload["year"]), addressee.customer.member
    names = {charity.id: charity.name(member.locale) for charity in loyalty.program.charities}
    gifts = tuple(
        CauseGift(
            cause=names.get(each.charity_id, each.charity_id),
            points=each.points,
            amount=each.amount,
            match=each.match,
            currency=each.currency,
        )
        for each in donations.given_in(tx, member.thirdparty_id, year)
    )
    if not gifts:
        return None  # all of it was taken back
    return DonationStatementFacts(**_common(loyalty, addressee), year=year, gifts=gifts)


def _club_welcome(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    found = _club(tx, loyalty, addressee, payload)
    if found is None:
        return None
    return ClubWelcomeFacts(
        **_common(loyalty, addressee),
        **_club_facts(loyalty, addressee, found),
        is_renewal=bool(payload["renewed"]),
    )


def _club_ending(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    found = _club(tx, loyalty, addressee, payload)
    if found is None or found.in_grace or found.span.grace_from != parse(str(payload["ends_on"])):
        return None  # renewed, left or over meanwhile
    return ClubEndingFacts(**_common(loyalty, addressee), **_club_facts(loyalty, addressee, found))


def _club(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> clubs.Shown | None:
    """The club a mail is about, while its member is in it."""
    if not addressee.customer.is_member:
        return None
    found = clubs.shown(tx, loyalty, addressee.customer.member.thirdparty_id)
    return next((each for each in found if each.club.id == payload["club"]), None)


def _club_facts(loyalty: Loyalty, addressee: Addressee, found: clubs.Shown) -> dict[str, Any]:
    locale = addressee.customer.member.locale
    brought = [each for each in loyalty.program.benefits if each.id in found.club.benefits]
    return {
        "club": found.club.name(locale),
        "last_day": loyalty.last_day(found.span.grace_from),
        "is_trial": found.span.is_trial,
        "benefits": tuple(each.name(locale) for each in brought),
    }


_FACTS = {
    "tier_up": _tier_up,
    "tier_down": _tier_down,
    "tier_warning": _tier_warning,
    "welcome": _welcome,
    "voucher": _voucher,
    "reward_near": _reward_near,
    "points_expiring": _points_expiring,
    "voucher_expiring": _voucher_expiring,
    "birthday": _birthday,
    "anniversary": _anniversary,
    "referral_rewarded": _referral,
    "donation_statement": _donation_statement,
    "club_welcome": _club_welcome,
    "club_ending": _club_ending,
}
