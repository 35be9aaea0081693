"""Paid clubs at work: where a member stands by now, trials, leaving early, and whether it has paid off (E22).

A club is opened and renewed by its product on a paid invoice; what was bought is read from the documents'
pasts, so refunds, late documents and merges end in the same place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dolibarr_loyalty.core.clubs import (
    Club,
    ClubAct,
    Refund,
    Span,
    Term,
    is_in,
    reminder_at,
    span_at,
    spans,
    terms,
)
from dolibarr_loyalty.core.effects import Effect, event, mail, review_member, show_member
from dolibarr_loyalty.core.ledger import hash_input
from dolibarr_loyalty.core.times import iso
from dolibarr_loyalty.errors import ClubNotAvailable, InputError, UnknownClub, UnknownMember
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.due import want_reviews
from dolibarr_loyalty.store import clubs as table
from dolibarr_loyalty.store import members, outbox, outcomes
from dolibarr_loyalty.store.clubs import Act, Stay
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id

LONGEST_KEY = 120
# An invoice may be paid weeks after its date; what is older still is no news to anybody.
NEWS = timedelta(days=60)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A club a member is in now, for screens: `until` is the end of what is paid for, without the grace."""

    club: Club
    span: Span
    in_grace: bool

    @property
    def tag(self) -> str:
        return self.club.tag


@dataclass(kw_only=True)
class Story:
    """What one member bought of one club, gave back, and did."""

    club: Club
    bought: list[tuple[datetime, int]] = field(default_factory=list)
    documents: list[tuple[int, datetime, int]] = field(default_factory=list)
    acts: list[ClubAct] = field(default_factory=list)

    def spans(self, loyalty: Loyalty) -> tuple[Span, ...]:
        return spans(self.club, self.bought, acts=self.acts, zone=loyalty.zone)

    def terms(self, loyalty: Loyalty) -> tuple[Term, ...]:
        return terms(self.club, self.bought, acts=self.acts, zone=loyalty.zone)


def the_club(loyalty: Loyalty, club_id: str) -> Club:
    """The club of this id, in any case; raises UnknownClub."""
    wanted = club_id.casefold()
    found = next((club for club in loyalty.program.clubs if club.id.casefold() == wanted), None)
    if found is None:
        raise UnknownClub(club_id, [club.id for club in loyalty.program.clubs])
    return found


def held(tx: Tx, loyalty: Loyalty, thirdparty_id: int) -> list[tuple[str, datetime, datetime]]:
    """The clubs a member is in now, with since and until, grace included."""
    return [(each.club.id, each.span.since, each.span.until) for each in shown(tx, loyalty, thirdparty_id)]


def shown(tx: Tx, loyalty: Loyalty, thirdparty_id: int) -> list[Shown]:
    """The clubs a member is in now, as screens show them, in the order of the program."""
    now, found = loyalty.now(), []
    for club_id, story in stories_of(tx, loyalty, thirdparty_id).items():
        stay = _present(story.spans(loyalty), now)
        if stay is not None and stay.since <= now < stay.until:
            club = the_club(loyalty, club_id)
            found.append(Shown(club=club, span=stay, in_grace=now >= stay.grace_from))
    return found


def stay_of(tx: Tx, loyalty: Loyalty, thirdparty_id: int, club: Club) -> Span | None:
    """A member's present time in a club, else the last one; None for who never was in it."""
    return _present(stories_of(tx, loyalty, thirdparty_id)[club.id].spans(loyalty), loyalty.now())


def review_clubs(loyalty: Loyalty, thirdparty_id: int) -> None:
    """Keep where a member stands in each club, and tell of what is new; any number of times."""
    loyalty.database.decide(lambda tx: look_at(tx, loyalty, thirdparty_id))


def review_due_clubs(loyalty: Loyalty) -> int:
    """Have every member looked at whose club began, ended or wants a reminder by time alone; gives how many."""
    return want_reviews(loyalty, table.due)


def trial(loyalty: Loyalty, thirdparty_id: int, club_id: str, *, who: str, request_key: str) -> Span:
    """Begin the free trial of a club; the same `request_key` gives the same trial.

    Raises UnknownClub, UnknownMember, and ClubNotAvailable when there is no trial, the member is in the club
    or has had the trial before.
    """
    club = the_club(loyalty, club_id)
    check_key(request_key)
    return loyalty.database.decide(lambda tx: _trial(tx, loyalty, thirdparty_id, club, who, request_key))


def _trial(tx: Tx, loyalty: Loyalty, member: int, club: Club, who: str, request_key: str) -> Span:
    check_member(tx, club, member)
    key, digest = f"trial:{club.id}:{member}", hash_input(request_key)
    story = stories_of(tx, loyalty, member)[club.id]
    begun = next((act for act in story.acts if act.what == "trial"), None)
    if begun is None:
        if not club.trial_days:
            raise ClubNotAvailable(club.id, "it has no trial; sell its product instead.")
        if is_in(story.spans(loyalty), loyalty.now()):
            raise ClubNotAvailable(club.id, "the member is in it already.")
        begun = ClubAct(at=loyalty.now(), what="trial")
        insert_act(tx, member, club, begun, key=key, digest=digest, who=who, reason="")
        look_at(tx, loyalty, member)
        outbox.put(tx, [review_member(member)], loyalty.now())
        story.acts.append(begun)
    else:
        before = table.act_of_key(tx, key)
        if before is None or before.input_hash != digest:
            day = loyalty.last_day(begun.at + timedelta(seconds=1)).isoformat()
            raise ClubNotAvailable(club.id, f"the member began the trial on {day}; there is one per member.")
    found = span_at(story.spans(loyalty), begun.at)
    assert found is not None, "a trial that was stored began outside of the club"  # noqa: S101
    return found


def stories_of(tx: Tx, loyalty: Loyalty, thirdparty_id: int) -> dict[str, Story]:
    """What a member bought and did, for each club of the program."""
    stories = {club.id: Story(club=club) for club in loyalty.program.clubs}
    if not stories:
        return {}
    for past in outcomes.pasts_of(tx, [thirdparty_id])[thirdparty_id]:
        for club_id, at, units in past.clubs:
            if club_id in stories:
                stories[club_id].bought.append((at, units))
                stories[club_id].documents.append((past.document_id, at, units))
    for club_id, act in table.acts_of(tx, [thirdparty_id])[thirdparty_id]:
        if club_id in stories:
            stories[club_id].acts.append(act)
    return stories


def _present(found: Sequence[Span], now: datetime) -> Span | None:
    """The time in a club that holds now, with whatever follows without a gap; else the last one."""
    current = span_at(found, now) or (found[-1] if found else None)
    if current is None:
        return None
    for span in found:
        if current.since < span.since <= current.until:
            current = replace(current, grace_from=span.grace_from, until=span.until, is_trial=span.is_trial)
    return current


def look_at(tx: Tx, loyalty: Loyalty, thirdparty_id: int) -> None:
    """As `review_clubs`, within a decision."""
    customer = members.load(tx, [thirdparty_id]).get(thirdparty_id)
    if customer is None:
        return
    before = table.stays_of(tx, [thirdparty_id])[thirdparty_id]
    stories = stories_of(tx, loyalty, thirdparty_id)
    if not any(story.bought or story.acts for story in stories.values()) and not before:
        return
    look = _Look(tx=tx, loyalty=loyalty, member=thirdparty_id, is_member=customer.is_member)
    for club_id, story in stories.items():
        look.at_club(story, before.pop(club_id, None))
    for stay in before.values():  # clubs that the program has no more
        if stay.is_in or stay.next_at:
            look.keep(replace(stay, is_in=False, next_at=None), stay)
    outbox.put(tx, look.effects, loyalty.now())


@dataclass(kw_only=True)
class _Look:
    """One look at one member's clubs, within one transaction."""

    tx: Tx
    loyalty: Loyalty
    member: int
    is_member: bool
    effects: list[Effect] = field(default_factory=list)

    def at_club(self, story: Story, before: Stay | None) -> None:
        now, found = self.loyalty.now(), story.spans(self.loyalty)
        span = _present(found, now) or (before.span if before else None)
        if span is None:
            return
        after = Stay(
            thirdparty_id=self.member,
            club_id=story.club.id,
            span=span,
            is_in=is_in(found, now),
            next_at=self._next_change(story.club, found),
        )
        is_news = self._is_news(story)
        if after != before:
            self.keep(after, before)
            if self.loyalty.screens.agenda:
                self._note_in_agenda(story, before, after, is_news)
        if self.is_member and after.is_in and now < span.grace_from:
            self._write(story, after, is_news)

    def keep(self, after: Stay, before: Stay | None) -> None:
        """Keep a stay that is another one now; screens show it."""
        table.save_stay(self.tx, after, is_new=before is None)
        self.effects.append(show_member(self.member))

    def _next_change(self, club: Club, found: Sequence[Span]) -> datetime | None:
        zone, now = self.loyalty.zone, self.loyalty.now()
        moments = [
            moment
            for span in found
            for moment in (span.since, reminder_at(club, span, zone), span.grace_from, span.until)
        ]
        return min((moment for moment in moments if moment is not None and moment > now), default=None)

    def _is_news(self, story: Story) -> bool:
        """The last unit was bought (or the trial begun) since the program works here, and not long ago."""
        begun = max((term.bought_at for term in story.terms(self.loyalty)), default=None)
        since = table.began_at(self.tx)
        return begun is not None and begun >= max(since or begun, self.loyalty.now() - NEWS)

    def _write(self, story: Story, stay: Stay, is_news: bool) -> None:
        """Want the mails that a member is to have had by now: opened or renewed, the end near."""
        club, end = story.club, stay.span.grace_from
        about = f"{club.id}:{iso(end)[:10]}"
        if is_news:
            paid = [each for each in story.terms(self.loyalty) if not each.is_trial]
            renewed = int(sum(each.since >= stay.span.since for each in paid) > 1)
            self.effects.append(mail("club_welcome", self.member, about, club=club.id, renewed=renewed))
        remind = reminder_at(club, stay.span, self.loyalty.zone)
        if remind is not None and remind <= self.loyalty.now():
            self.effects.append(mail("club_ending", self.member, about, club=club.id, ends_on=iso(end)))

    def _note_in_agenda(self, story: Story, before: Stay | None, after: Stay, is_news: bool) -> None:
        """The event that tells staff of a change: opened, renewed or ended, while it is news."""
        was_in, span = before is not None and before.is_in, after.span
        ended_by_hand = any(act.what == "cancel" and act.at == span.until for act in story.acts)
        is_longer = before is None or span.grace_from > before.span.grace_from
        if after.is_in and is_news and not was_in:
            self._tell("club_opened", after)
        elif after.is_in and is_news and is_longer:
            self._tell("club_renewed", after)
        elif was_in and not after.is_in and not ended_by_hand:
            self._tell("club_ended", after)

    def _tell(self, what: str, stay: Stay) -> None:
        about = f"{self.member}:{stay.club_id}:{iso(stay.span.until)}"
        end = iso(stay.span.grace_from)
        self.effects.append(event(what, self.member, about, club=stay.club_id, end=end))


def insert_act(
    tx: Tx,
    member: int,
    club: Club,
    told: ClubAct,
    *,
    key: str,
    digest: str,
    who: str,
    reason: str,
    refunds: tuple[Refund, ...] = (),
) -> Act:
    """Write down what a member did about a club."""
    act = Act(
        id=new_id(),
        thirdparty_id=member,
        club_id=club.id,
        act=told,
        who=who,
        reason=reason,
        key=key,
        input_hash=digest,
        refunds=refunds,
    )
    table.insert_act(tx, act)
    return act


def check_key(request_key: str) -> None:
    """Raise InputError for a key that no column holds."""
    if len(request_key) > LONGEST_KEY:
        raise InputError(f"A request key has at most {LONGEST_KEY} signs; this one has {len(request_key)}.")


def check_member(tx: Tx, club: Club, thirdparty_id: int) -> None:
    """Raise UnknownMember or ClubNotAvailable for whoever is not in the program."""
    customer = members.load(tx, [thirdparty_id]).get(thirdparty_id)
    if customer is None:
        raise UnknownMember(str(thirdparty_id))
    if not customer.is_member:
        raise ClubNotAvailable(club.id, f"{customer.member.name} is not a member of the program.")
