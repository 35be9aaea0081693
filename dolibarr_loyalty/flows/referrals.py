"""Members recommend us: both sides get their points once the friend has paid for a first purchase (E8).

A referral is looked at whenever something happens to the friend. What should be held is found out anew each
time: a purchase that comes back wholly takes the points back, one that stands again gives them again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from dolibarr_loyalty.core import referrals as rules_of
from dolibarr_loyalty.core.activities import Referral
from dolibarr_loyalty.core.effects import Effect, mail
from dolibarr_loyalty.core.ledger import Cause, hash_input
from dolibarr_loyalty.core.reasons import because
from dolibarr_loyalty.core.referrals import ReferralState, Referred, is_same_person, mailbox
from dolibarr_loyalty.core.sale import Kind, Sale, State
from dolibarr_loyalty.core.times import day_of
from dolibarr_loyalty.core.wallets import ends_of, terms_of
from dolibarr_loyalty.errors import InputError, KeyReused, UnknownMember
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.granting import Bookings, bookings_for, store
from dolibarr_loyalty.flows.membership import load_with_heirs, owner_of
from dolibarr_loyalty.flows.shortage import limit_of
from dolibarr_loyalty.store import documents, members, outcomes, referrals
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id
from dolibarr_loyalty.store.members import Known

CAUSE = "referral"
LONGEST_ID, LONGEST_ADDRESS = 190, 255


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A member's referral code, and how many friends have yet to buy or have brought points."""

    code: str
    waiting: int
    rewarded: int


def refer(loyalty: Loyalty, referrer: int, friend: int | str, *, source_id: str = "") -> Referred:
    """Note that a member recommended us to a customer or to an email address; again, and it is the same one.

    What speaks against it is noted as a refusal with its reason. Raises UnknownMember, InputError, and
    KeyReused when `source_id` (by default the pair) comes again with other content.
    """
    rules = _rules(loyalty)
    friend = friend.strip().casefold() if isinstance(friend, str) else friend
    if isinstance(friend, str) and (not mailbox(friend) or len(friend) > LONGEST_ADDRESS):
        raise InputError(f"{friend!r} is no email address; give one, or the id of a customer as id:42.")
    source_id = source_id.strip() or f"{referrer}:{friend}"
    if len(source_id) > LONGEST_ID:
        raise InputError(f"The id of a referral has at most {LONGEST_ID} signs.")
    return loyalty.database.decide(lambda tx: _refer(tx, loyalty, rules, referrer, friend, source_id))


def code_for(loyalty: Loyalty, thirdparty_id: int) -> str:
    """The code a member recommends with; the same for ever."""
    _rules(loyalty)
    return rules_of.code_of(thirdparty_id, loyalty.secret)


def owner_of_code(loyalty: Loyalty, code: str) -> int | None:
    """The member whose referral code this is, or None."""
    referrer = rules_of.member_of(code, loyalty.secret)
    if referrer is None:
        return None
    with loyalty.database.reading() as tx:
        known = load_with_heirs(tx, [referrer])
    return owner_of(known, referrer) if referrer in known else None


def claim(loyalty: Loyalty, code: str, friend: int) -> Referred:
    """A customer names the code of who recommended us; raises InputError when it is none of ours."""
    owner = owner_of_code(loyalty, code)
    if owner is None:
        raise InputError("Nobody has this referral code. Check it sign by sign.")
    return refer(loyalty, owner, friend, source_id=f"claim:{friend}:{owner}")


def review_referrals(loyalty: Loyalty, thirdparty_id: int) -> None:
    """Look at the referrals in which this customer is the friend; any number of times."""
    if loyalty.program.referral is not None:
        loyalty.database.decide(lambda tx: _review(tx, loyalty, thirdparty_id))


def recheck(tx: Tx, loyalty: Loyalty, kept: int) -> None:
    """Look at every referral of a member again, on both sides, after another was merged into it."""
    customer = members.load(tx, [kept]).get(kept)
    key = mailbox(customer.member.email) if customer else ""
    both = [*referrals.of_referrer(tx, kept), *referrals.of_friend(tx, kept, key)]
    for referral in {each.id: each for each in both}.values():
        _settle(tx, loyalty, referral)


def of_member(tx: Tx, thirdparty_id: int) -> list[Referred]:
    """The referrals a member made or came by, the first one first."""
    customer = members.load(tx, [thirdparty_id]).get(thirdparty_id)
    key = mailbox(customer.member.email) if customer else ""
    both = [*referrals.of_referrer(tx, thirdparty_id), *referrals.of_friend(tx, thirdparty_id, key)]
    return sorted({each.id: each for each in both}.values(), key=lambda each: (each.referred_at, each.id))


def shown(tx: Tx, loyalty: Loyalty, thirdparty_id: int) -> Shown | None:
    """What screens tell of a member's referrals; None without referrals in the program."""
    if loyalty.program.referral is None:
        return None
    states = [each.state_at(loyalty.now()) for each in referrals.of_referrer(tx, thirdparty_id)]
    return Shown(
        code=rules_of.code_of(thirdparty_id, loyalty.secret),
        waiting=states.count(ReferralState.OPEN),
        rewarded=states.count(ReferralState.REWARDED),
    )


def _rules(loyalty: Loyalty) -> Referral:
    if loyalty.program.referral is None:
        raise InputError("This program has no referrals; add [program.referral] to loyalty.toml.")
    return loyalty.program.referral


def _refer(
    tx: Tx, loyalty: Loyalty, rules: Referral, referrer: int, friend: int | str, source_id: str
) -> Referred:
    before, digest = referrals.by_source(tx, source_id), hash_input(referrer, friend)
    if before is not None:
        if before[1] != digest:
            raise KeyReused(source_id)
        return before[0]
    known = load_with_heirs(tx, [referrer, *([friend] if isinstance(friend, int) else [])])
    for each in (referrer, friend):
        if isinstance(each, int) and each not in known:
            raise UnknownMember(str(each))
    email = friend if isinstance(friend, str) else known[friend].member.email
    referral = Referred(
        id=new_id(),
        referrer_id=owner_of(known, referrer),
        friend_id=owner_of(known, friend) if isinstance(friend, int) else None,
        friend_email=email,
        friend_key=mailbox(email),
        source_id=source_id,
        referred_at=loyalty.now(),
        valid_until=loyalty.now() + timedelta(days=rules.valid_days),
        changed_at=loyalty.now(),
    )
    if not known[referral.referrer_id].is_member:
        referral = replace(referral, state=ReferralState.REFUSED, why="referrer_not_a_member")
    referrals.insert(tx, referral, input_hash=digest)
    referrals.step(tx, referral, at=loyalty.now())
    return _settle(tx, loyalty, referral)


def _review(tx: Tx, loyalty: Loyalty, thirdparty_id: int) -> None:
    customer = members.load(tx, [thirdparty_id]).get(thirdparty_id)
    if customer is None or customer.gone_at is not None:
        return
    for referral in referrals.of_friend(tx, thirdparty_id, mailbox(customer.member.email)):
        if referral.friend_id is None:  # named by an address, which turns out to be this customer's
            referrals.name_friend(tx, referral.id, thirdparty_id)
        _settle(tx, loyalty, replace(referral, friend_id=thirdparty_id))


# what should be ---------------------------------------------------------------------------------------


def _settle(tx: Tx, loyalty: Loyalty, referral: Referred) -> Referred:
    """Bring a referral to the state it should have by what is known, and both sides to their points.

    The accounts are read before the referrals of a year are counted, so whoever takes the last place
    meanwhile collides.
    """
    if referral.state is ReferralState.REFUSED:
        return referral
    owners = [each for each in (referral.referrer_id, referral.friend_id) if each is not None]
    bookings = bookings_for(tx, loyalty, owners, [loyalty.unit], Cause(CAUSE, referral.id))
    known = members.load(tx, owners)
    after = _judged(tx, loyalty, referral, known)
    if (after.state, after.why) == (referral.state, referral.why):
        return referral
    after = replace(after, generation=referral.generation + 1, changed_at=loyalty.now())
    _book(tx, loyalty, referral, after, bookings, known)
    referrals.step(tx, after, at=loyalty.now())
    return after


def _judged(tx: Tx, loyalty: Loyalty, referral: Referred, known: Mapping[int, Known]) -> Referred:
    """The referral as it should be; while one side is no member it neither comes true nor is given up."""
    rules, held = loyalty.program.referral, referral.state is ReferralState.REWARDED
    why = _objection(tx, referral, known)
    if why:
        return replace(referral, state=ReferralState.REFUSED, why=why, referrer_points=0, friend_points=0)
    if rules is None or referral.friend_id is None:
        return referral
    if not _has_bought(tx, rules, referral):
        came_back = replace(
            referral,
            state=ReferralState.UNDONE,
            why="purchase_came_back",
            referrer_points=0,
            friend_points=0,
        )
        return came_back if held else referral
    if held or len(known) < 2 or not all(each.is_member for each in known.values()):
        return referral
    if referral.generation == 0 and _has_enough(tx, loyalty, rules, referral):
        return replace(referral, state=ReferralState.REFUSED, why="most_per_year")
    points = {"referrer_points": rules.referrer_points, "friend_points": rules.friend_points}
    return replace(referral, state=ReferralState.REWARDED, why="", **points)  # type: ignore[arg-type]


def _objection(tx: Tx, referral: Referred, known: Mapping[int, Known]) -> str:
    """What speaks against a referral by what is known now, in a word; empty when nothing does."""
    referrer, friend = known.get(referral.referrer_id), known.get(referral.friend_id or 0)
    mine = (referral.referrer_id, referrer.member.email if referrer else "")
    theirs = (referral.friend_id or 0, friend.member.email if friend else "")
    if is_same_person(mine, theirs) or is_same_person(mine, (0, referral.friend_email)):
        return "same_person"
    if friend is None:
        return ""
    if _was_referred_before(tx, referral, friend):
        return "referred_before"
    return "customer_already" if _was_customer(tx, referral) else ""


def _was_referred_before(tx: Tx, referral: Referred, friend: Known) -> bool:
    """Somebody else was first, and that one had not run out of time by then."""
    others = referrals.of_friend(tx, friend.member.thirdparty_id, mailbox(friend.member.email))
    standing = [
        each
        for each in others
        if each.state is not ReferralState.REFUSED
        and each.state_at(referral.referred_at) is not ReferralState.EXPIRED
    ]
    return bool(standing) and (standing[0].referred_at, standing[0].id) < (referral.referred_at, referral.id)


def _was_customer(tx: Tx, referral: Referred) -> bool:
    """The friend had bought before, whether or not that earned anything."""
    assert referral.friend_id is not None  # noqa: S101
    return any(
        document.sale.is_final
        and document.sale.kind is not Kind.CREDIT_NOTE
        and document.sale.gross > 0
        and not document.sale.is_ours
        and document.sale.occurred_at < referral.referred_at
        for document in documents.of_members(tx, [referral.friend_id])
    )


def _has_bought(tx: Tx, rules: Referral, referral: Referred) -> bool:
    """A purchase completes the referral: paid, whatever the program's points wait for."""
    assert referral.friend_id is not None  # noqa: S101
    pasts = outcomes.pasts_of(tx, [referral.friend_id])[referral.friend_id]
    found = documents.load(tx, (past.document_id for past in pasts))
    paid = [past for past in pasts if past.document_id in found and _is_paid(found[past.document_id].sale)]
    return rules_of.first_purchase(referral, rules, paid) is not None


def _is_paid(sale: Sale) -> bool:
    return sale.state is State.PAID or sale.remaining <= 0 or sale.close_code == "discount_vat"


def _has_enough(tx: Tx, loyalty: Loyalty, rules: Referral, referral: Referred) -> bool:
    """The referrer has had the most referrals that count in this calendar year."""
    if rules.most_per_year is None:
        return False
    year = loyalty.today().year
    rewarded = [
        each
        for each in referrals.of_referrer(tx, referral.referrer_id)
        if each.state is ReferralState.REWARDED
        and each.changed_at
        and day_of(each.changed_at, loyalty.zone).year == year
    ]
    return len(rewarded) >= rules.most_per_year


# points -----------------------------------------------------------------------------------------------


def _book(
    tx: Tx,
    loyalty: Loyalty,
    before: Referred,
    after: Referred,
    bookings: Bookings,
    known: Mapping[int, Known],
) -> None:
    """Book the difference between what both sides hold and what they should, and want the mails."""
    if after.friend_id is None:
        return
    sides = (
        ("referrer", after.referrer_id, after.friend_id, after.referrer_points - before.referrer_points),
        ("friend", after.friend_id, after.referrer_id, after.friend_points - before.friend_points),
    )
    effects: list[Effect] = []
    for role, member, other, points in sides:
        _book_side(loyalty, bookings, after, role=role, member=member, other=other, points=points)
        if points > 0:
            about = f"{after.id}:{role}"
            effects.append(
                mail("referral_rewarded", member, about, referral=after.id, role=role, points=points)
            )
    store(tx, loyalty, bookings, known, *effects)


def _book_side(
    loyalty: Loyalty, bookings: Bookings, after: Referred, *, role: str, member: int, other: int, points: int
) -> None:
    cause, key = Cause(CAUSE, after.id), f"referral:{after.id}:{role}:{after.generation}"
    digest = hash_input(after.id, role, after.generation, points)
    if points > 0:
        bookings[member, loyalty.unit].accrue(
            points,
            cause=cause,
            key=key,
            occurred_at=loyalty.now(),
            expires_at=ends_of(terms_of(loyalty.program, loyalty.unit).expiry, loyalty.today(), loyalty.zone),
            reasons=[because("referral", role=role, other=other)],
            input_hash=digest,
        )
    elif points < 0:
        bookings[member, loyalty.unit].take_back(
            -points,
            cause=cause,
            key=key,
            reasons=[because("referral_undone", role=role, other=other)],
            input_hash=digest,
            debt_limit=limit_of(loyalty.program),
        )
