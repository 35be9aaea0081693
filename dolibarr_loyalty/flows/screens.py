"""What staff see of a member in Dolibarr: the values of the extrafields, written only when they changed."""

from collections.abc import Mapping
from dataclasses import dataclass

from dolibarr_loyalty.core.ledger import Account
from dolibarr_loyalty.core.money import round_amount
from dolibarr_loyalty.core.program import Reward
from dolibarr_loyalty.core.times import day_of
from dolibarr_loyalty.core.wallets import value_of
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.kinds import Kinds, kinds_of
from dolibarr_loyalty.messages import Goal, next_reward
from dolibarr_loyalty.store import ledger, members
from dolibarr_loyalty.store.members import Known

Values = Mapping[str, str | int | None]
TAGS = "tags"  # kept beside the extrafields in what was shown last


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """The reward to look forward to, in a member's language, or None when none is left to reach."""

    reward: Reward
    missing: int

    def goal(self, locale: str) -> Goal:
        return Goal(reward=self.reward.name(locale), points=self.reward.points, missing=self.missing)


def outlook(loyalty: Loyalty, available: int) -> Outlook | None:
    """The cheapest reward for points that is not reached yet; the dearest one when all are."""
    offered = (reward for reward in loyalty.program.rewards if reward.unit == loyalty.unit)
    rewards = sorted(offered, key=lambda reward: (reward.points, reward.id))
    ahead = [reward for reward in rewards if reward.points > available]
    if ahead:
        return Outlook(reward=ahead[0], missing=ahead[0].points - available)
    return Outlook(reward=rewards[-1], missing=0) if rewards else None


def shown_values(loyalty: Loyalty, customer: Known, account: Account, kinds: Kinds) -> Values:
    """The extrafields of a third party, and under TAGS its tags, as they should be.

    One who left keeps the balance and no prospect.
    """
    member = customer.member
    words = loyalty.brand.words(loyalty.screens.language).counting(loyalty.unit)
    available = account.available(loyalty.now())
    goal = outlook(loyalty, available) if customer.is_member else None
    worth = round_amount(
        max(0, account.balance) * value_of(loyalty.program, loyalty.unit), loyalty.program.currency
    )
    joined = customer.enrolment.joined_at
    return {
        "loyalty_points": account.balance,
        "loyalty_value": f"{worth:f}",
        "loyalty_tier": kinds.tier,
        "loyalty_next": next_reward(words, goal.goal(loyalty.screens.language) if goal else None),
        "loyalty_card": member.card_number,
        "loyalty_since": day_of(joined, loyalty.zone).isoformat() if joined else None,
        "loyalty_link": loyalty.screens.member_page.replace("{member}", str(member.thirdparty_id)),
        **_more(kinds, customer.shown or {}),
        TAGS: "\n".join(sorted(_tags(loyalty, customer, available) | kinds.tags)),
    }


def _more(kinds: Kinds, before: Values) -> Values:
    """Fields of kinds a program may not have: written once there is something to show, and then kept true.

    A Dolibarr whose fields were made by an earlier release is left alone until then.
    """
    texts = {"loyalty_cards": kinds.cards, "loyalty_club": kinds.club, "loyalty_benefits": kinds.benefits}
    return {name: text for name, text in texts.items() if text or name in before}


def _tags(loyalty: Loyalty, customer: Known, available: int) -> set[str]:
    """The tags a member carries: that of the program, and that of whoever can have a reward."""
    if not customer.is_member:
        return set()
    offered = (reward for reward in loyalty.program.rewards if reward.unit == loyalty.unit)
    can_redeem = any(reward.points <= available for reward in offered)
    return {loyalty.screens.member_tag, loyalty.screens.reward_tag if can_redeem else ""} - {""}


def _tag(loyalty: Loyalty, thirdparty_id: int, before: str, after: str) -> None:
    had, wanted = set(before.split("\n")) - {""}, set(after.split("\n")) - {""}
    if had != wanted:
        loyalty.books.set_tags(thirdparty_id, add=sorted(wanted - had), remove=sorted(had - wanted))


def refresh(loyalty: Loyalty, thirdparty_id: int) -> bool:
    """Bring a third party's extrafields up to date; gives whether anything had to be written.

    Every write makes Dolibarr add an agenda event and fire webhooks (facts trap 23), so equal values are
    never written again.
    """
    with loyalty.database.reading() as tx:
        customer = members.load(tx, [thirdparty_id]).get(thirdparty_id)
        account = ledger.load(tx, [thirdparty_id], unit=loyalty.unit)[thirdparty_id]
        is_in = customer is not None and customer.is_member
        kinds = kinds_of(tx, loyalty, thirdparty_id) if is_in else Kinds()
    if customer is None or customer.gone_at is not None:
        return False
    if customer.shown is None and not customer.is_member and not account.seq:
        return False
    values = shown_values(loyalty, customer, account, kinds)
    if customer.shown == values:
        return False
    before = customer.shown or {}
    if {**before, TAGS: None} != {**values, TAGS: None}:
        loyalty.books.show_member(thirdparty_id, {n: v for n, v in values.items() if n != TAGS})
    _tag(loyalty, thirdparty_id, str(before.get(TAGS) or ""), str(values[TAGS]))
    with loyalty.database.transaction() as tx:
        members.save_shown(tx, thirdparty_id, values)
    return True
