"""Stamp cards: a full card becomes its reward, surplus stamps stand on the next one (E6, R8)."""

import logging
from dataclasses import dataclass

from dolibarr_loyalty.core.program import Reward
from dolibarr_loyalty.core.terms import name_in
from dolibarr_loyalty.core.wallets import StampCard
from dolibarr_loyalty.errors import ConfigurationFailure, Refused
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.programs import price_of
from dolibarr_loyalty.flows.redemption import spend
from dolibarr_loyalty.store import ledger
from dolibarr_loyalty.store.database import Tx

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class CardShown:
    """A member's card as people see it: stamps on the current one, cards that are full and wait, stamps owed."""

    card: StampCard
    stamps: int
    full: int
    owed: int

    def name(self, locale: str) -> str:
        """The card's name in a language, else its id."""
        return name_in(self.card.names, locale, self.card.id)


def complete(loyalty: Loyalty, thirdparty_id: int) -> int:
    """Turn every full card of a member into its voucher; gives how many. Any number of times, with the effect of once.

    Cards that members ask for themselves are left, and so are those whose reward a member may not have now.
    Raises ConfigurationFailure when a card and its reward do not fit.
    """
    done = 0
    for card in loyalty.program.cards:
        if card.issue == "automatic":
            reward = reward_of_card(loyalty, card)
            while _complete(loyalty, thirdparty_id, card, reward):
                done += 1
    return done


def _complete(loyalty: Loyalty, thirdparty_id: int, card: StampCard, reward: Reward) -> bool:
    """Turn one full card into its voucher; False when there is none, or the member may not have it."""
    try:
        return loyalty.database.decide(lambda tx: _spend_card(tx, loyalty, thirdparty_id, card, reward))
    except Refused as refusal:
        log.info("a full card %s of %s stays: %s", card.id, thirdparty_id, refusal)
        return False


def _spend_card(tx: Tx, loyalty: Loyalty, thirdparty_id: int, card: StampCard, reward: Reward) -> bool:
    """The account's number names the card: who finds the same card full collides, and then finds it empty."""
    account = ledger.load(tx, [thirdparty_id], unit=card.unit)[thirdparty_id]
    if account.available(loyalty.now()) < price_of(tx, loyalty, reward):
        return False
    key = f"card:{account.id}:{account.seq}"
    spend(tx, loyalty, thirdparty_id, reward, key, loyalty.worker)
    return True


def reward_of_card(loyalty: Loyalty, card: StampCard) -> Reward:
    """The reward a full card becomes. Raises ConfigurationFailure when it is missing or costs something else."""
    reward = loyalty.program.reward(card.reward)
    if reward is None or (reward.unit, reward.points) != (card.unit, card.size):
        raise ConfigurationFailure(
            f"Card {card.id} is full with {card.size} stamps, so its reward {card.reward!r} must exist and cost "
            f'{card.size} of the unit "{card.unit}". Correct program.reward or program.card in loyalty.toml.'
        )
    return reward


def shown(tx: Tx, loyalty: Loyalty, thirdparty_id: int) -> tuple[CardShown, ...]:
    """Every card of the program as it stands for a member."""
    cards = loyalty.program.cards
    accounts = ledger.load_units(tx, [thirdparty_id], [card.unit for card in cards]) if cards else {}
    found = []
    for card in cards:
        account = accounts[thirdparty_id, card.unit]
        full, stamps = divmod(account.available(loyalty.now()), card.size)
        found.append(CardShown(card=card, stamps=stamps, full=full, owed=account.debt))
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class CardTotal:
    """A card over all members: who has stamps on it, stamps out and owed, full cards that wait, vouchers made."""

    card: StampCard
    members: int
    stamps: int
    owed: int
    full: int
    vouchers: int

    def name(self, locale: str) -> str:
        """The card's name in a language, else its id."""
        return name_in(self.card.names, locale, self.card.id)


def totals(tx: Tx, loyalty: Loyalty) -> tuple[CardTotal, ...]:
    """Every card of the program over all members."""
    return tuple(_total(tx, card) for card in loyalty.program.cards)


def _total(tx: Tx, card: StampCard) -> CardTotal:
    row = tx.row("card_totals", unit=card.unit, size=card.size)
    assert row is not None  # noqa: S101 - sums always give a row
    return CardTotal(
        card=card,
        members=int(row["members"]),
        stamps=int(row["stamps"]) + int(row["owed"]),
        owed=int(row["owed"]),
        full=int(row["full_cards"]),
        vouchers=int(tx.value("count_vouchers_for", reward_id=card.reward)),
    )
