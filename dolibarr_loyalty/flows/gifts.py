"""Rewards given free: a voucher for no points, for a birthday, an anniversary or as a kindness.

No entry of the ledger stands behind it; the voucher lives like any other and gives nothing back when it ends.
"""

from dolibarr_loyalty.core.effects import issue_voucher, show_member
from dolibarr_loyalty.core.program import Reward
from dolibarr_loyalty.core.vouchers import Voucher, code_hash, code_of
from dolibarr_loyalty.errors import InputError, KeyReused, UnknownMember, UnknownReward
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.redemption import LONGEST_KEY, new_voucher
from dolibarr_loyalty.store import bearings, members, outbox, vouchers
from dolibarr_loyalty.store.database import Tx


def give(loyalty: Loyalty, thirdparty_id: int, reward_id: str, *, why: str, request_key: str) -> Voucher:
    """Give a member a reward free, once per key; `why` says who or what gives it, in a word.

    Raises UnknownReward, UnknownMember, and KeyReused when the key was used for another member or reward.
    """
    reward = loyalty.program.reward(reward_id)
    if reward is None:
        raise UnknownReward(reward_id, [each.id for each in loyalty.program.rewards])
    if len(request_key) > LONGEST_KEY:
        raise InputError(f"A request key has at most {LONGEST_KEY} signs; this one has {len(request_key)}.")
    return loyalty.database.decide(
        lambda tx: put_gift(tx, loyalty, thirdparty_id, reward, why=why, request_key=request_key)
    )


def put_gift(
    tx: Tx, loyalty: Loyalty, thirdparty_id: int, reward: Reward, *, why: str, request_key: str
) -> Voucher:
    """As `give`, within a decision."""
    before = vouchers.by_request(tx, request_key)
    if before is not None:
        if (before.thirdparty_id, before.reward_id, before.points) != (thirdparty_id, reward.id, 0):
            raise KeyReused(request_key)
        return before
    if thirdparty_id not in members.load(tx, [thirdparty_id]):
        raise UnknownMember(str(thirdparty_id))
    voucher = new_voucher(loyalty, thirdparty_id, reward, price=0, source="gift")
    vouchers.insert(
        tx,
        voucher,
        code_hash=code_hash(code_of(voucher.id, loyalty.secret), loyalty.secret),
        program_hash=bearings.keep_program(tx, loyalty.program, loyalty.now()),
        request_key=request_key,
        who=why,
        day=loyalty.today(),
    )
    outbox.put(tx, [issue_voucher(thirdparty_id, voucher.id), show_member(thirdparty_id)], loyalty.now())
    return voucher
