"""The facts of the mails about tiers, clubs, birthdays, referrals and good causes, from what is true when they leave.

Each gives None when its occasion is over by then.
"""

from typing import Any

from dolibarr_loyalty.core.referrals import ReferralState
from dolibarr_loyalty.core.times import parse
from dolibarr_loyalty.flows import clubs
from dolibarr_loyalty.flows.addressees import Addressee, Payload, common
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.tiers import Standing, standings_of
from dolibarr_loyalty.messages import (
    AnniversaryFacts,
    BirthdayFacts,
    CauseGift,
    ClubEndingFacts,
    ClubWelcomeFacts,
    DonationStatementFacts,
    MemberFacts,
    ReferralRewardedFacts,
    TierDownFacts,
    TierUpFacts,
    TierWarningFacts,
)
from dolibarr_loyalty.store import activities, donations, referrals
from dolibarr_loyalty.store.database import Tx

# tiers ----------------------------------------------------------------------------------------------


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
    name = lost.name(addressee.locale) if lost else str(payload["before"])
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
        projected=ahead.projected.name(addressee.locale),
    )


def _tier_standing(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> Standing | None:
    customer = addressee.customer
    found = standings_of(tx, loyalty, {customer.member.thirdparty_id: customer})
    standings = found.get(customer.member.thirdparty_id, ())
    return next((each for each in standings if each.group.id == payload["group"]), None)


def _tier_facts(loyalty: Loyalty, addressee: Addressee, standing: Standing) -> dict[str, Any]:
    ahead, locale = standing.outlook, addressee.locale
    brought = [benefit for benefit in loyalty.program.benefits if benefit.id in ahead.tier.benefits]
    return {
        **common(loyalty, addressee),
        "tier": ahead.tier.name(locale),
        "benefits": tuple(benefit.name(locale) for benefit in brought),
        "qualifying": standing.group.unit,
        "next_tier": ahead.next.name(locale) if ahead.next else "",
        "to_next": ahead.to_next,
        "progress": ahead.progress,
    }


# clubs ----------------------------------------------------------------------------------------------


def _club_welcome(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    found = _club(tx, loyalty, addressee, payload)
    if found is None:
        return None
    return ClubWelcomeFacts(
        **common(loyalty, addressee),
        **_club_facts(loyalty, addressee, found),
        is_renewal=bool(payload["renewed"]),
    )


def _club_ending(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    found = _club(tx, loyalty, addressee, payload)
    if found is None or found.in_grace or found.span.grace_from != parse(str(payload["ends_on"])):
        return None  # renewed, left or over meanwhile
    return ClubEndingFacts(**common(loyalty, addressee), **_club_facts(loyalty, addressee, found))


def _club(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> clubs.Shown | None:
    """The club a mail is about, while its member is in it."""
    if not addressee.customer.is_member:
        return None
    found = clubs.shown(tx, loyalty, addressee.customer.member.thirdparty_id)
    return next((each for each in found if each.club.id == payload["club"]), None)


def _club_facts(loyalty: Loyalty, addressee: Addressee, found: clubs.Shown) -> dict[str, Any]:
    locale = addressee.locale
    brought = [each for each in loyalty.program.benefits if each.id in found.club.benefits]
    return {
        "club": found.club.name(locale),
        "last_day": loyalty.last_day(found.span.grace_from),
        "is_trial": found.span.is_trial,
        "benefits": tuple(each.name(locale) for each in brought),
    }


# occasions ------------------------------------------------------------------------------------------


def _birthday(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    gift = activities.by_id(tx, str(payload["activity"]))
    if gift is None or not gift.is_granted or loyalty.program.birthday is None:
        return None
    return BirthdayFacts(
        **common(loyalty, addressee),
        points=gift.points,
        reward=_free_reward(loyalty, addressee, loyalty.program.birthday.reward),
        is_the_day=gift.day == loyalty.today(),
    )


def _anniversary(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    gift = activities.by_id(tx, str(payload["activity"]))
    if gift is None or not gift.is_granted or loyalty.program.anniversary is None:
        return None
    return AnniversaryFacts(
        **common(loyalty, addressee),
        years=int(gift.source_id.rpartition(":")[2]),
        points=gift.points,
        reward=_free_reward(loyalty, addressee, loyalty.program.anniversary.reward),
    )


def _free_reward(loyalty: Loyalty, addressee: Addressee, reward_id: str) -> str:
    reward = loyalty.program.reward(reward_id) if reward_id else None
    return reward.name(addressee.locale) if reward else ""


def _referral(tx: Tx, loyalty: Loyalty, addressee: Addressee, payload: Payload) -> MemberFacts | None:
    is_friend, points = payload["role"] == "friend", int(payload["points"])
    member = addressee.customer.member.thirdparty_id
    theirs = referrals.of_friend(tx, member, "") if is_friend else referrals.of_referrer(tx, member)
    states = [each.state for each in theirs if each.id == payload["referral"]]
    if states != [ReferralState.REWARDED]:
        return None  # the purchase came back meanwhile
    return ReferralRewardedFacts(**common(loyalty, addressee), points=points, is_friend=is_friend)


# good causes ----------------------------------------------------------------------------------------


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
    return DonationStatementFacts(**common(loyalty, addressee), year=year, gifts=gifts)


FACTS = {
    "tier_up": _tier_up,
    "tier_down": _tier_down,
    "tier_warning": _tier_warning,
    "club_welcome": _club_welcome,
    "club_ending": _club_ending,
    "birthday": _birthday,
    "anniversary": _anniversary,
    "referral_rewarded": _referral,
    "donation_statement": _donation_statement,
}
