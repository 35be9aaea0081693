"""Points given to a good cause: the points are spent, the cause is owed their worth and the merchant's match (E21, R7).

What is owed is paid by `flows.payouts`; a gift that is not paid out yet can be taken back.
"""

from collections.abc import Iterator
from datetime import timedelta

from dolibarr_loyalty.core.charities import Charity, gift_of
from dolibarr_loyalty.core.effects import mail, show_member
from dolibarr_loyalty.core.ledger import Account, Booking, Cause, Entry, EntryKind, hash_input
from dolibarr_loyalty.core.money import from_minor, to_minor
from dolibarr_loyalty.core.reasons import because
from dolibarr_loyalty.errors import (
    Conflict,
    DonationRefused,
    InputError,
    InsufficientPoints,
    KeyReused,
    UnknownCharity,
    UnknownMember,
)
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.notices import near_reward_effects
from dolibarr_loyalty.store import bearings, donations, ledger, members, outbox
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.donations import Donation, Giving
from dolibarr_loyalty.store.ids import new_id

LONGEST_KEY = 120
NO_LIMIT = 2**62
STATEMENTS = "donation-statements"


def the_charity(loyalty: Loyalty, charity_id: str) -> Charity:
    """The cause of this id, in any case; raises UnknownCharity."""
    wanted = charity_id.casefold()
    found = next((each for each in loyalty.program.charities if each.id.casefold() == wanted), None)
    if found is None:
        raise UnknownCharity(charity_id, [each.id for each in loyalty.program.charities])
    return found


def give(
    loyalty: Loyalty, thirdparty_id: int, charity_id: str, points: int, *, request_key: str, who: str
) -> Donation:
    """Give a member's points to a cause; the same `request_key` gives the same gift.

    Raises UnknownCharity, UnknownMember, InsufficientPoints, DonationRefused, and KeyReused when the key was
    used for another member, cause or number. Nothing is written then.
    """
    charity = the_charity(loyalty, charity_id)
    if not request_key or len(request_key) > LONGEST_KEY:
        raise InputError(f"A request key has 1 to {LONGEST_KEY} signs; this one has {len(request_key)}.")
    return loyalty.database.decide(
        lambda tx: _give(tx, loyalty, thirdparty_id, charity, points, request_key, who)
    )


def take_back(loyalty: Loyalty, donation_id: str, reason: str, *, who: str) -> Donation:
    """Undo a gift that is not paid out yet: the points return to their own lots, and nothing is owed for them.

    Called again it gives what the first call wrote. Raises InputError for an unknown gift or no reason,
    DonationRefused when a payout has it already.
    """
    if not reason.strip():
        raise InputError("Taking a gift back needs a reason: the member and the accountant will read it.")
    return loyalty.database.decide(lambda tx: _take_back(tx, loyalty, donation_id, reason.strip(), who))


def shown(tx: Tx, thirdparty_id: int) -> list[Giving]:
    """What a member gave to each cause so far, for screens."""
    return donations.given_by(tx, thirdparty_id)


def want_statements(loyalty: Loyalty) -> int:
    """Want the yearly statements of every year that is over and was not done yet; gives how many are new.

    The first run ever begins with last year. A January that was missed is made up for.
    """
    last_year = loyalty.today().year - 1
    with loyalty.database.reading() as tx:
        done = bearings.position(tx, STATEMENTS)
    wanted = 0
    for year in range(int(done) + 1 if done else last_year, last_year + 1):
        wanted += _want_statements_of(loyalty, year)
        loyalty.database.decide(lambda tx, year=year: bearings.move(tx, STATEMENTS, str(year), loyalty.now()))  # type: ignore[misc]
    return wanted


def deviations(loyalty: Loyalty) -> Iterator[str]:
    """Where gifts, their entries in the ledger and the counter of matches do not agree; one sentence each."""
    last = ""
    while True:
        with loyalty.database.reading() as tx:
            page = donations.page(tx, last, loyalty.page_size)
            found = [each for donation in page for each in _wrong_with(tx, donation)]
        if not page:
            break
        yield from found
        last = page[-1].id
    with loyalty.database.reading() as tx:
        for row in tx.rows("matches_by_year"):
            name = _budget(row["charity_id"], row["given_year"])
            if bearings.budget_used(tx, name) != row["match_minor"]:
                used = bearings.budget_used(tx, name)
                yield f"{name}: the gifts have {row['match_minor']} cents of match, the counter {used}"


# giving ----------------------------------------------------------------------------------------


def _give(
    tx: Tx, loyalty: Loyalty, thirdparty_id: int, charity: Charity, points: int, request_key: str, who: str
) -> Donation:
    before = donations.by_request(tx, request_key)
    if before is not None:
        if (before.thirdparty_id, before.charity_id, before.points) != (thirdparty_id, charity.id, points):
            raise KeyReused(request_key)
        return before
    account = _checked(tx, loyalty, thirdparty_id, charity, points)
    donation = _matched(tx, loyalty, thirdparty_id, charity, points, request_key, who)
    booking = Booking(account, loyalty.now())
    booking.redeem(
        points,
        cause=_cause(donation),
        key=f"donate:{donation.id}",
        reasons=[because("donated", charity=charity.id, points=points)],
        input_hash=hash_input(thirdparty_id, charity.id, points, request_key),
    )
    ledger.store(tx, [booking])
    donations.insert(tx, donation)
    customer = members.load(tx, [thirdparty_id])[thirdparty_id]
    near_reward_effects(tx, loyalty, customer, booking.result, quietly=True)  # what is out of reach now
    outbox.put(tx, [show_member(thirdparty_id)], loyalty.now())
    return donation


def _checked(tx: Tx, loyalty: Loyalty, thirdparty_id: int, charity: Charity, points: int) -> Account:
    customer = members.load(tx, [thirdparty_id]).get(thirdparty_id)
    if customer is None:
        raise UnknownMember(str(thirdparty_id))
    if not customer.is_member:
        raise DonationRefused(charity.id, f"{customer.member.name} is not a member of the program.")
    if points < max(1, charity.minimum_points):
        least = max(1, charity.minimum_points)
        raise DonationRefused(charity.id, f"it takes {least} or more, {points} were offered.")
    account = ledger.load(tx, [thirdparty_id])[thirdparty_id]
    available = account.available(loyalty.now())
    if available < points:
        unit = loyalty.brand.words(loyalty.screens.language).points_name()
        raise InsufficientPoints(customer.member.name, wanted=points, has=available, unit=unit)
    return account


def _matched(
    tx: Tx, loyalty: Loyalty, thirdparty_id: int, charity: Charity, points: int, request_key: str, who: str
) -> Donation:
    """The gift with the match that is left of the year's limit, which is counted in the same transaction.

    Two workers cannot overspend: the counter moves by one statement, and who finds it moved decides again.
    """
    program, year = loyalty.program, loyalty.today().year
    name, currency = _budget(charity.id, year), program.currency
    matched = from_minor(bearings.budget_used(tx, name), currency)
    gift = gift_of(charity, points, program.point_value, currency, matched)
    limit = NO_LIMIT if charity.match_limit is None else to_minor(charity.match_limit, currency)
    if gift.match and not bearings.use_budget(tx, name, to_minor(gift.match, currency), limit):
        raise Conflict(f"the match of {charity.id} was used by another writer")
    return Donation(
        id=new_id(),
        thirdparty_id=thirdparty_id,
        charity_id=charity.id,
        points=points,
        amount=gift.amount,
        match=gift.match,
        currency=currency,
        given_at=loyalty.now(),
        given_year=year,
        request_key=request_key,
        who=who[:80],
    )


# taking back -----------------------------------------------------------------------------------


def _take_back(tx: Tx, loyalty: Loyalty, donation_id: str, reason: str, who: str) -> Donation:
    donation = donations.by_id(tx, donation_id)
    if donation is None or donation.reverses_id is not None:
        raise InputError(
            f"There is no gift {donation_id!r}. `dolibarr-loyalty cause list --json` names them."
        )
    before = donations.taken_back(tx, donation_id)
    if before is not None:
        return before
    if donations.is_in_a_payout(tx, donation_id):
        raise DonationRefused(
            donation.charity_id, "the gift is part of a payout already; nothing was changed."
        )
    _return_points(tx, loyalty, donation)
    if donation.match:
        name = _budget(donation.charity_id, donation.given_year)
        bearings.use_budget(tx, name, -to_minor(donation.match, donation.currency), NO_LIMIT)
    back = Donation(
        id=new_id(),
        thirdparty_id=donation.thirdparty_id,
        charity_id=donation.charity_id,
        points=-donation.points,
        amount=-donation.amount,
        match=-donation.match,
        currency=donation.currency,
        given_at=loyalty.now(),
        given_year=donation.given_year,
        request_key=f"back:{donation.id}",
        who=who[:80],
        note=reason,
        reverses_id=donation.id,
    )
    donations.insert(tx, back)
    outbox.put(tx, [show_member(donation.thirdparty_id)], loyalty.now())
    return back


def _return_points(tx: Tx, loyalty: Loyalty, donation: Donation) -> None:
    spent = ledger.entry_of_key(tx, f"donate:{donation.id}")
    if spent is None:
        raise InputError(f"Gift {donation.id} has no entry in the ledger; run `dolibarr-loyalty verify`.")
    taken = ledger.taken_by(tx, spent.id)
    accounts = ledger.load(tx, [donation.thirdparty_id], causes=[lot.cause for lot, _ in taken])
    grace = loyalty.program.reinstatement_days
    booking = Booking(accounts[donation.thirdparty_id], loyalty.now())
    booking.give_back(
        taken,
        cause=_cause(donation),
        key=f"undonate:{donation.id}",
        reverses_id=spent.id,
        grace_until=loyalty.now() + timedelta(days=grace) if grace else None,
        reasons=[because("returned", why="donation_taken_back")],
        input_hash=hash_input(donation.id),
    )
    ledger.store(tx, [booking])


# statements ------------------------------------------------------------------------------------


def _want_statements_of(loyalty: Loyalty, year: int) -> int:
    wanted, last = 0, 0
    while True:
        with loyalty.database.reading() as tx:
            rows = tx.rows("givers_of_year", given_year=year, last_id=last, limit=loyalty.page_size)
        if not rows:
            return wanted
        last = rows[-1]["thirdparty_id"]
        ids = [row["thirdparty_id"] for row in rows]
        wanted += loyalty.database.decide(lambda tx, ids=ids: want_statement(tx, loyalty, ids, year))  # type: ignore[misc]


def want_statement(tx: Tx, loyalty: Loyalty, thirdparty_ids: list[int], year: int) -> int:
    """Want the statement of a year for these members, once; gives how many are new."""
    effects = [mail("donation_statement", member, str(year), year=year) for member in thirdparty_ids]
    before = outbox.by_keys(tx, (effect.key for effect in effects))
    outbox.put(tx, effects, loyalty.now())
    return len(effects) - len(before)


# verifying -------------------------------------------------------------------------------------


def _wrong_with(tx: Tx, donation: Donation) -> Iterator[str]:
    """A gift spent its points once; a gift taken back returned all of them once."""
    where = f"gift {donation.id} to {donation.charity_id}"
    if donation.reverses_id is None:
        spent = ledger.entry_of_key(tx, f"donate:{donation.id}")
        if spent is None or -spent.points != donation.points:
            yield f"{where}: {donation.points} were given, the ledger has {-spent.points if spent else 0}"
        returned = _returned(ledger.of_cause(tx, _cause(donation)))
        back = donations.taken_back(tx, donation.id)
        if returned != (-back.points if back else 0):
            yield f"{where}: {-back.points if back else 0} were taken back, the ledger returned {returned}"
        return
    gift = donations.by_id(tx, donation.reverses_id)
    ours = (donation.points, donation.amount, donation.match)
    if gift is None or ours != (-gift.points, -gift.amount, -gift.match):
        yield f"{where}: it does not take back what gift {donation.reverses_id} gave"


def _returned(entries: list[Entry]) -> int:
    return sum(entry.points for entry in entries if entry.kind is EntryKind.REVERSAL)


def _cause(donation: Donation) -> Cause:
    return Cause("donation", donation.id)


def _budget(charity_id: str, year: int) -> str:
    return f"match:{charity_id}:{year}"
