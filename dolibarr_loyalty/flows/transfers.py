"""Members give each other points or what is in another wallet, where the program allows it; never into debt."""

from dolibarr_loyalty.core.effects import review_member, show_member
from dolibarr_loyalty.core.ledger import Booking, Entry, hash_input
from dolibarr_loyalty.core.reasons import because
from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.core.wallets import is_transferable
from dolibarr_loyalty.errors import InputError, InsufficientPoints, KeyReused, TransferRefused, UnknownMember
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.notices import near_reward_effects
from dolibarr_loyalty.store import ledger, members, outbox
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.members import Known

LONGEST_KEY = 120
LONGEST_REASON = 200


def transfer(
    loyalty: Loyalty,
    giver: int,
    taker: int,
    points: int,
    unit: str = POINTS,
    *,
    reason: str = "",
    who: str,
    request_key: str,
) -> Entry:
    """Move so many points from one member to another; the same key moves them once. Gives the giver's first entry.

    Those that end first go first and keep their end, and the purchase they came from. Raises TransferRefused,
    InsufficientPoints, UnknownMember, InputError for no points, KeyReused.
    """
    if points <= 0:
        raise InputError(f"Only points above zero can be given, not {points}.")
    if len(request_key) > LONGEST_KEY or len(reason) > LONGEST_REASON:
        raise InputError(f"A request key has at most {LONGEST_KEY} signs, a reason {LONGEST_REASON}.")
    wanted = (giver, taker, points, unit, reason.strip(), who, request_key)
    return loyalty.database.decide(lambda tx: _transfer(tx, loyalty, *wanted))


def _transfer(
    tx: Tx,
    loyalty: Loyalty,
    giver: int,
    taker: int,
    points: int,
    unit: str,
    reason: str,
    who: str,
    request: str,
) -> Entry:
    key, digest = f"transfer:{request}", hash_input(giver, taker, points, unit, reason)
    before = ledger.entry_of_key(tx, f"{key}:1:out")
    if before is not None:
        if before.input_hash != digest:
            raise KeyReused(request)
        return before
    accounts = ledger.load(tx, [giver, taker], unit=unit)
    known = members.load(tx, [giver, taker])
    _check(loyalty, known, giver, taker, unit)
    has, now = accounts[giver].available(loyalty.now()), loyalty.now()
    if has < points:
        name = loyalty.brand.words(loyalty.screens.language).unit_name(unit)
        raise InsufficientPoints(known[giver].member.name, wanted=points, has=has, unit=name)
    most = loyalty.program.max_balance
    if unit == POINTS and most is not None and accounts[taker].balance + points > most:
        raise _refused(known, giver, taker, f"nobody may have more than {most}.")
    source, target = Booking(accounts[giver], now), Booking(accounts[taker], now)
    told = because("transferred", **{"from": giver, "to": taker}, text=reason, who=who[:80])
    source.give_to(target, points, key=key, reasons=[told], input_hash=digest)
    ledger.store(tx, sorted([source, target], key=lambda booking: booking.account.id))
    effects = [effect for member in (giver, taker) for effect in (show_member(member), review_member(member))]
    if unit == POINTS:
        near_reward_effects(tx, loyalty, known[giver], source.result, quietly=True)
        effects += near_reward_effects(tx, loyalty, known[taker], target.result)
    outbox.put(tx, effects, now)
    return source.entries[0]


def _check(loyalty: Loyalty, known: dict[int, Known], giver: int, taker: int, unit: str) -> None:
    for member in (giver, taker):
        if member not in known:
            raise UnknownMember(str(member))
    if giver == taker:
        raise _refused(known, giver, taker, "they are the same member.")
    if not is_transferable(loyalty.program, unit):
        name = loyalty.brand.words(loyalty.screens.language).unit_name(unit)
        raise _refused(known, giver, taker, f"the program does not let members give each other {name}.")
    for member in (giver, taker):
        if not known[member].is_member:
            raise _refused(
                known, giver, taker, f"{known[member].member.name} is not a member of the program."
            )


def _refused(known: dict[int, Known], giver: int, taker: int, reason: str) -> TransferRefused:
    return TransferRefused(known[giver].member.name, known[taker].member.name, reason)
