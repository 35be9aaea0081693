"""Handing out a reward: the points are reserved first, then the voucher is made while the customer waits."""

from typing import Annotated

import typer

from dolibarr_loyalty.cli.options import DryRun, Json, Key, Member
from dolibarr_loyalty.cli.output import say, show_facts, show_json, tell
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.setup import Setup, setup_of, who
from dolibarr_loyalty.cli.telling import a_voucher, value_of
from dolibarr_loyalty.core.effects import issue_voucher
from dolibarr_loyalty.core.program import Reward
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, code_of
from dolibarr_loyalty.errors import UnknownReward
from dolibarr_loyalty.flows import redemption
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.delivery import deliver_now
from dolibarr_loyalty.messages import voucher_state
from dolibarr_loyalty.store import ledger, outbox
from dolibarr_loyalty.store import vouchers as table
from dolibarr_loyalty.store.ids import new_id

LATER = 3


def redeem(
    ctx: typer.Context,
    member: Member,
    reward: Annotated[str, typer.Argument(metavar="REWARD", help="The reward's id; see `rewards MEMBER`.")],
    key: Key = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Give a reward for points; prints the voucher's code.

    The code is for handing over: lists and logs show it masked.

    \b
    Example:
      dolibarr-loyalty redeem claire@example.com 5-off
    """
    setup = setup_of(ctx)
    if dry_run:
        with setup.untouched() as loyalty:
            _would_redeem(setup, loyalty, member, reward, as_json=as_json)
        return
    loyalty, key = setup.loyalty, key or new_id()
    with loyalty.database.reading() as tx:
        known = the_member(tx, member)
    thirdparty_id, name = known.member.thirdparty_id, known.member.name
    voucher = redemption.redeem(loyalty, thirdparty_id, reward, request_key=key, who=who())
    wanted = issue_voucher(thirdparty_id, voucher.id).key
    if voucher.state is VoucherState.PENDING:
        deliver_now(loyalty, wanted)
    with loyalty.database.reading() as tx:
        voucher = table.by_id(tx, voucher.id) or voucher
        row = outbox.by_keys(tx, [wanted]).get(wanted)
        unit = redemption.unit_of(tx, voucher)
        left = ledger.load(tx, [thirdparty_id], unit=unit)[thirdparty_id].available(loyalty.now())
        why = row.last_error if row else ""
        if voucher.state is VoucherState.REFUSED:
            why = table.steps(tx, voucher.id)[-1].note
    usable = voucher.state not in (VoucherState.PENDING, VoucherState.REFUSED)
    code = code_of(voucher.id, loyalty.secret) if usable else None
    if as_json:
        told = {**a_voucher(voucher), "code": code}
        show_json({"dry_run": False, "key": key, "voucher": told, "unit": unit, "points_left": left})
    elif code:
        _hand_over(setup, voucher, code, name, setup.words.units(left, unit))
    if not usable:
        _tell_why(voucher, why, key)


def _would_redeem(setup: Setup, loyalty: Loyalty, member: str, reward_id: str, *, as_json: bool) -> None:
    reward = the_reward(loyalty, reward_id)
    with loyalty.database.reading() as tx:
        known = the_member(tx, member)
        left = redemption.check_redemption(loyalty, tx, known.member.thirdparty_id, reward)
    if as_json:
        show_json(
            {
                "dry_run": True,
                "thirdparty_id": known.member.thirdparty_id,
                "reward": reward.id,
                "points": reward.points,
                "unit": reward.unit,
                "points_left": left,
            }
        )
        return
    words = setup.words.counting(reward.unit)
    say(
        f"{known.member.name} would get “{reward.name(words.language)}” for {words.points(reward.points)} "
        f"and have {words.points(left)} left to spend."
    )


def the_reward(loyalty: Loyalty, reward_id: str) -> Reward:
    """The reward of an id; raises UnknownReward."""
    reward = loyalty.program.reward(reward_id)
    if reward is None:
        raise UnknownReward(reward_id, [each.id for each in loyalty.program.rewards])
    return reward


def _hand_over(setup: Setup, voucher: Voucher, code: str, name: str, left: str) -> None:
    words = setup.words
    show_facts(
        [
            ("Code", code),
            ("Worth", value_of(words, voucher)),
            ("State", voucher_state(str(voucher.state), words)),
            ("Valid until", words.day(voucher.valid_until) if voucher.valid_until else "without end"),
            ("Credit note", voucher.credit_note_ref),
            ("Left to spend", left),
        ],
        title=f"Voucher for {name}",
    )


def _tell_why(voucher: Voucher, why: str, key: str) -> None:
    """Why there is no code yet, or none at all, and what becomes of the points."""
    if voucher.state is VoucherState.REFUSED:
        tell(f"Dolibarr refused the voucher, and the points are back: {why}")
        raise typer.Exit(1)
    tell(
        f"The points are reserved, but the voucher could not be issued yet: {why}\n"
        "It will follow with `dolibarr-loyalty run` or `deliver`, by mail where the member has an address. "
        f"The same command with --key {key} shows its code then."
    )
    raise typer.Exit(LATER)
