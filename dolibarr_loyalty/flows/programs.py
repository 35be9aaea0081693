"""The program in force: new versions come in by themselves, unless they worsen what members were promised.

Documents, lots and vouchers keep the version they were made under whatever happens here.
"""

from dataclasses import dataclass, replace
from datetime import date

from dolibarr_loyalty.core.program import Program, Reward
from dolibarr_loyalty.core.promises import Change, compare
from dolibarr_loyalty.errors import ConfigurationError, InputError
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.messages.promises import in_words
from dolibarr_loyalty.store import bearings, programs
from dolibarr_loyalty.store.bearings import digest_of
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.programs import Act


class PromiseWorsened(ConfigurationError):
    """The configured program takes something from members; a person has to say that it may."""

    def __init__(self, sentences: tuple[str, ...]) -> None:
        self.sentences = sentences
        listed = "\n".join(f"  - {sentence}" for sentence in sentences)
        super().__init__(
            f"loyalty.toml worsens what members were promised, so nothing was done:\n{listed}\n"
            'Confirm it with `dolibarr-loyalty program apply --reason "…"`, let members have the old prices for a '
            "while with `dolibarr-loyalty program apply --grandfather-until YYYY-MM-DD`, or change it back. "
            "`dolibarr-loyalty program diff` shows everything."
        )


class OldProgram(ConfigurationError):
    """Somebody put another program in force, and this machine still has the one before."""

    def __init__(self, act: Act) -> None:
        super().__init__(
            f"loyalty.toml holds the program that was replaced on {act.applied_at.date()} by {act.who} "
            f"({act.reason or 'with the old terms kept for a while'}). Put the new file in place; to return to the "
            'old program, run `dolibarr-loyalty program apply --reason "…"`.'
        )


@dataclass(frozen=True, kw_only=True)
class InForce:
    """The version in force and the act that put it there; None before the first work ever."""

    program: Program | None
    hash: str
    act: Act | None


@dataclass(frozen=True, kw_only=True)
class Admission:
    """What coming to work with a program did: the changes that came into force, if any did."""

    is_new: bool
    changes: tuple[Change, ...] = ()


def in_force(tx: Tx) -> InForce:
    """The program that holds now; of a database older than the acts, the version it worked with last."""
    act = programs.last_act(tx)
    digest = act.hash if act else programs.newest_version(tx)
    return InForce(program=bearings.program_of(tx, digest) if digest else None, hash=digest or "", act=act)


def in_force_of(loyalty: Loyalty) -> InForce:
    """The same, for who has no transaction at hand."""
    with loyalty.database.reading() as tx:
        return in_force(tx)


def changes_to(loyalty: Loyalty, held: InForce, program: Program) -> tuple[Change, ...]:
    """What a program changes against the one in force."""
    if held.program is None:
        return ()
    return compare(held.program, program, today=loyalty.today())


def admit(loyalty: Loyalty, *, who: str) -> Admission:
    """Come to work with the configured program: it comes into force if it worsens nothing for anybody.

    Raises PromiseWorsened with every change for the worse, and OldProgram where a person put another
    program in force. Nothing is written then.
    """
    with loyalty.database.reading() as tx:
        act = programs.last_act(tx)
    if act is not None and act.hash == loyalty.program_hash:
        return Admission(is_new=False)
    return loyalty.database.decide(lambda tx: _admit(tx, loyalty, who))


def _admit(tx: Tx, loyalty: Loyalty, who: str) -> Admission:
    held = in_force(tx)
    if held.act is not None and held.hash == loyalty.program_hash:
        return Admission(is_new=False)
    changes = changes_to(loyalty, held, loyalty.program)
    if held.act is not None and held.act.is_by_hand and held.act.previous_hash == loyalty.program_hash:
        raise OldProgram(held.act)
    worse = tuple(change for change in changes if change.worsens)
    if worse:
        words = loyalty.brand.words(loyalty.screens.language)
        raise PromiseWorsened(tuple(in_words(change, words) for change in worse))
    _put_in_force(tx, loyalty, loyalty.program, held, who=who)
    return Admission(is_new=True, changes=changes)


def apply(
    loyalty: Loyalty,
    program: Program,
    *,
    who: str,
    reason: str = "",
    grandfather_until: date | None = None,
) -> Act | None:
    """Put a program in force because a person says so; None where it is in force already.

    Raises InputError where a change for the worse has no reason that would be needed, or the day is over.
    """
    return loyalty.database.decide(
        lambda tx: _apply(tx, loyalty, program, who, reason.strip(), grandfather_until)
    )


def check_application(
    loyalty: Loyalty, changes: tuple[Change, ...], *, reason: str, grandfather_until: date | None
) -> None:
    """Raises InputError as `apply` does."""
    if grandfather_until is not None and grandfather_until < loyalty.today():
        raise InputError(f"{grandfather_until} is over. Name a day until which members have the old prices.")
    worse = [change for change in changes if change.worsens]
    open_ones = [each for each in worse if not (each.is_kept and grandfather_until is not None)]
    if open_ones and not reason.strip():
        words = loyalty.brand.words(loyalty.screens.language)
        listed = "\n".join(f"  - {in_words(change, words)}" for change in open_ones)
        raise InputError(
            f"This takes something from members and needs a reason, which is kept:\n{listed}\n"
            'Say why with --reason "…".'
        )


def _apply(
    tx: Tx, loyalty: Loyalty, program: Program, who: str, reason: str, grandfather_until: date | None
) -> Act | None:
    held = in_force(tx)
    if held.act is not None and held.hash == digest_of(program):
        return None
    changes = changes_to(loyalty, held, program)
    check_application(loyalty, changes, reason=reason, grandfather_until=grandfather_until)
    return _put_in_force(
        tx, loyalty, program, held, who=who, reason=reason, grandfather_until=grandfather_until
    )


def _put_in_force(
    tx: Tx,
    loyalty: Loyalty,
    program: Program,
    held: InForce,
    *,
    who: str,
    reason: str = "",
    grandfather_until: date | None = None,
) -> Act:
    act = Act(
        number=held.act.number + 1 if held.act else 1,
        hash=bearings.keep_program(tx, program, loyalty.now()),
        previous_hash=held.hash,
        applied_at=loyalty.now(),
        who=who,
        reason=reason,
        grandfather_until=grandfather_until,
    )
    programs.insert(tx, act)
    return act


def price_of(tx: Tx, loyalty: Loyalty, reward: Reward) -> int:
    """What a reward costs today: the least of its price now and those that are still kept for members."""
    return min((reward.points, *(old.points for old in _kept(tx, loyalty) if _is_same(old, reward))))


def rewards_today(tx: Tx, loyalty: Loyalty) -> tuple[Reward, ...]:
    """The rewards members may have today, each at its price today; those taken away but still kept, too."""
    kept = _kept(tx, loyalty)
    now = [
        replace(each, points=min((each.points, *(old.points for old in kept if _is_same(old, each)))))
        for each in loyalty.program.rewards
    ]
    for old in kept:
        if all(each.id != old.id for each in now):
            now.append(old)
    return tuple(now)


def _kept(tx: Tx, loyalty: Loyalty) -> list[Reward]:
    """The rewards of the versions whose terms are kept today, the newest version first."""
    acts = programs.grandfathering(tx, loyalty.today())
    old = (bearings.program_of(tx, act.previous_hash) for act in reversed(acts) if act.previous_hash)
    return [reward for program in old for reward in program.rewards]


def _is_same(old: Reward, new: Reward) -> bool:
    """The same promise at another price."""
    return (old.id, old.unit) == (new.id, new.unit)
