"""The program's own work in the year that is played: the very flows that `run` and the commands call."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from dolibarr_loyalty.app import App
from dolibarr_loyalty.connectors.dolibarr.capabilities import probe
from dolibarr_loyalty.connectors.dolibarr.fields import FIELDS
from dolibarr_loyalty.connectors.dolibarr.installer import Action, apply, plan
from dolibarr_loyalty.core.program import Program, Reward
from dolibarr_loyalty.core.terms import POINTS, STAMPS
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, code_of
from dolibarr_loyalty.demo.hands import Alone
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.flows.redemption import redeem
from dolibarr_loyalty.flows.sync import follow_hints, sweep, sync
from dolibarr_loyalty.sandbox import Dolibarr
from dolibarr_loyalty.store import ledger, members, vouchers

SWEEP_EVERY_WEEKS = 6


def install(app: App, dolibarr: Dolibarr) -> None:
    """Make the extrafields and tags; what this version cannot do by REST, the administrator does by hand."""
    client = app.admin_client
    assert client is not None, "the demo gives an administrator's key"  # noqa: S101
    language = app.config.brand.language
    steps = plan(
        client,
        probe(client),
        language=language,
        tags=(app.config.screens.member_tag, *app.config.program.tags),
    )
    outcomes = apply(client, steps)
    by_hand = {outcome.step.what for outcome in outcomes if outcome.step.action is Action.BY_HAND}
    for field in FIELDS:
        if f"extrafield {field.element}.{field.name}" in by_hand:
            dolibarr.define_extrafield(field.element, field.name, **field.body(language))


def work_of_a_week(
    loyalty: Loyalty, hands: Alone, number: int, seed: str, members_act: Callable[[int], object]
) -> None:
    """What changed comes in, what has ended ends, members choose and act, and everything is handed out."""
    hands.finish()
    sync(loyalty)
    follow_hints(loyalty)
    if number % SWEEP_EVERY_WEEKS == 1:
        sweep(loyalty)
    daily(loyalty)
    redeem_some(loyalty, Random(f"{seed}:rewards:{number}"), number)  # noqa: S311
    members_act(number)
    hands.deliver(loyalty)


def last_work(loyalty: Loyalty, hands: Alone) -> None:
    """Today's turn: everything that is still to be seen or delivered."""
    hands.finish()
    sync(loyalty)
    sweep(loyalty)
    follow_hints(loyalty)
    daily(loyalty)
    hands.deliver(loyalty)
    hands.finish()


def day_without_news(loyalty: Loyalty, hands: Alone) -> None:
    """What time alone brings: birthdays, assessments, ends."""
    hands.finish()
    daily(loyalty)


def redeem_some(loyalty: Loyalty, rng: Random, number: int) -> None:
    """Some of those who can afford a reward take one; three members in ten only ever save.

    Full stamp cards become their rewards by themselves.
    """
    rewards = [reward for reward in loyalty.program.rewards if not reward.unit.startswith(STAMPS)]
    if not rewards:
        return
    purses = {unit: spendable(loyalty, unit) for unit in dict.fromkeys(reward.unit for reward in rewards)}
    for member in next(iter(purses.values())):
        within = [reward for reward in rewards if reward.points <= purses[reward.unit][member]]
        wants = rng.random() < 0.15 and member % 10 not in (1, 4, 8)
        if within and wants:
            reward = _choice(rng, within)
            redeem(loyalty, member, reward.id, request_key=f"demo:{number}:{member}", who="member")


def _choice(rng: Random, within: list[Reward]) -> Reward:
    """Mostly the dearest reward within reach."""
    dearest_first = sorted(within, key=lambda reward: -reward.points)
    return dearest_first[0] if rng.random() < 0.6 else rng.choice(dearest_first)


def unit_of(program: Program) -> str:
    """What the program is mostly about: points, else its first wallet, else the stamps of its first card."""
    earned = {rule.unit for rule in program.rules}
    return next((unit for unit in program.units if unit in earned), POINTS)


def spendable(loyalty: Loyalty, unit: str = POINTS) -> dict[int, int]:
    """What each member can spend of a unit now, by third party."""
    with loyalty.database.reading() as tx:
        known = members.page(tx, 0, 100_000)
        accounts = ledger.load(tx, (each.member.thirdparty_id for each in known), unit=unit)
    return {member: accounts[member].available(loyalty.now()) for member in sorted(accounts)}


@dataclass(frozen=True)
class Slip:
    """A voucher as its owner holds it in the hand."""

    voucher: Voucher
    code: str


def slips(loyalty: Loyalty) -> dict[int, list[Slip]]:
    """The usable vouchers of every member, the oldest first."""
    with loyalty.database.reading() as tx:
        active = vouchers.page(tx, str(VoucherState.ACTIVE), "", 100_000)
    held: dict[int, list[Slip]] = {}
    for voucher in sorted(active, key=lambda each: (each.issued_at, each.reward_id)):
        if not voucher.bearer:
            slip = Slip(voucher, code_of(voucher.id, loyalty.secret))
            held.setdefault(voucher.thirdparty_id, []).append(slip)
    return held


def gift_cards(loyalty: Loyalty) -> list[Slip]:
    """The gift cards that can be used, those sold first at the front."""
    with loyalty.database.reading() as tx:
        usable = [
            voucher
            for state in (VoucherState.PARTLY_USED, VoucherState.ACTIVE)
            for voucher in vouchers.page(tx, str(state), "", 100_000)
            if voucher.source == "sold"
        ]
    usable.sort(key=lambda voucher: (voucher.sale_id, voucher.sale_key))
    return [Slip(voucher, code_of(voucher.id, loyalty.secret)) for voucher in usable]
