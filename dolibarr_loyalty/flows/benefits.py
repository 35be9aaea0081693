"""Benefits at work: granted and withdrawn with tiers and clubs, counted when used, gifts given by themselves.

What a member is entitled to follows from the tiers and clubs held now, so looking again changes nothing.

An extra discount may be meant for the customer's relative discount in Dolibarr, with which new documents are
then filled in. Dolibarr shows it over REST (`remise_percent` of a third party) and takes it from nobody there:
on 16.0.3 and on 23.0.0 a `remise_percent` in POST or PUT of /thirdparties is ignored without a word, there is
no route for it, and only the page comm/remise.php calls `Societe::set_remise_client`, which asks for a reason
and keeps a history. So the change is proposed to staff by an event in the customer's agenda.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import takewhile

from dolibarr_loyalty.core.activities import Anniversary, Birthday
from dolibarr_loyalty.core.benefits import (
    Benefit,
    Celebrations,
    Entitlement,
    Holding,
    entitlements,
    gift_due,
    next_look,
    uses_left,
)
from dolibarr_loyalty.core.effects import Effect, event, show_member
from dolibarr_loyalty.core.ledger import Booking, Cause, hash_input
from dolibarr_loyalty.core.program import Reward
from dolibarr_loyalty.core.reasons import because
from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.tiers import timeline
from dolibarr_loyalty.core.times import day_of
from dolibarr_loyalty.core.wallets import ends_of, terms_of
from dolibarr_loyalty.errors import (
    BenefitNotAvailable,
    InputError,
    KeyReused,
    UnknownBenefit,
    UnknownMember,
    UnknownUse,
)
from dolibarr_loyalty.flows import clubs
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.due import want_reviews
from dolibarr_loyalty.flows.gifts import put_gift
from dolibarr_loyalty.flows.notices import near_reward_effects
from dolibarr_loyalty.flows.standings import histories
from dolibarr_loyalty.store import benefits as table
from dolibarr_loyalty.store import birthdays, ledger, members, outbox
from dolibarr_loyalty.store.benefits import Entry, Step, What
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id
from dolibarr_loyalty.store.members import Known

LONGEST_KEY = 120


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A benefit a member has now, for screens; `left` is how often it may still be used (None: no limit)."""

    entitlement: Entitlement
    left: int | None

    @property
    def benefit(self) -> Benefit:
        return self.entitlement.benefit

    @property
    def tag(self) -> str:
        return self.benefit.tag


@dataclass(frozen=True, kw_only=True)
class Usage:
    """A use that was counted (or undone), and how many are left in its period (None: no limit)."""

    step: Step
    left: int | None


def the_benefit(loyalty: Loyalty, benefit_id: str) -> Benefit:
    """The benefit of this id, in any case; raises UnknownBenefit."""
    wanted = benefit_id.casefold()
    found = next((each for each in loyalty.program.benefits if each.id.casefold() == wanted), None)
    if found is None:
        raise UnknownBenefit(benefit_id, [each.id for each in loyalty.program.benefits])
    return found


def shown(tx: Tx, loyalty: Loyalty, thirdparty_id: int) -> list[Shown]:
    """The benefits a member has now, in the order of the program."""
    customer = members.load(tx, [thirdparty_id]).get(thirdparty_id)
    if customer is None or not loyalty.program.benefits:
        return []
    steps = table.steps_of(tx, thirdparty_id)
    return [
        Shown(entitlement=each, left=_left(loyalty, each.benefit, steps))
        for each in _entitled(tx, loyalty, customer)
    ]


def review_benefits(loyalty: Loyalty, thirdparty_id: int) -> None:
    """Grant, withdraw and give what follows from the tiers and clubs held now; any number of times."""
    loyalty.database.decide(lambda tx: _Review(tx, loyalty, thirdparty_id).carry_out())


def review_due_benefits(loyalty: Loyalty) -> int:
    """Have every member looked at whose benefits change by time alone; gives how many."""
    return want_reviews(loyalty, table.due)


def use(
    loyalty: Loyalty,
    thirdparty_id: int,
    benefit_id: str,
    *,
    reference: str = "",
    worth: Decimal = ZERO,
    who: str,
    request_key: str,
) -> Usage:
    """Count a use of a benefit; the same `request_key` counts once.

    `reference` names what it was used for (an invoice, an event), `worth` what it saved the member if known.
    Raises UnknownBenefit, UnknownMember, BenefitNotAvailable and KeyReused.
    """
    benefit = the_benefit(loyalty, benefit_id)
    if len(request_key) > LONGEST_KEY:
        raise InputError(f"A request key has at most {LONGEST_KEY} signs; this one has {len(request_key)}.")
    if worth < ZERO:
        raise InputError(f"A benefit is worth something or nothing, not {worth}.")

    def decision(tx: Tx) -> Usage:
        key, digest = f"use:{request_key}", hash_input(thirdparty_id, benefit.id, reference, str(worth))
        steps = table.steps_of(tx, thirdparty_id)
        before = table.step_of_key(tx, key)
        if before is None:
            found = _usable(tx, loyalty, thirdparty_id, benefit, steps)
            before = _step(loyalty, thirdparty_id, benefit.id, "used", steps, key=key, who=who)
            before = replace(before, source=found.source, reference=reference, worth=worth, input_hash=digest)
            table.insert_step(tx, before)
            steps = [*steps, before]
            outbox.put(tx, [show_member(thirdparty_id)], loyalty.now())
        elif before.input_hash != digest:
            raise KeyReused(request_key)
        return Usage(step=before, left=_left(loyalty, benefit, steps))

    return loyalty.database.decide(decision)


def undo(loyalty: Loyalty, thirdparty_id: int, use_id: str, *, reason: str, who: str) -> Usage:
    """Take back a use that was counted by mistake, once; it may then be used again in its period.

    Raises UnknownUse, and InputError without a reason.
    """
    if not reason.strip():
        raise InputError("Undoing a use needs a reason: whoever reads the history will ask.")

    def decision(tx: Tx) -> Usage:
        steps = table.steps_of(tx, thirdparty_id)
        used = next((step for step in steps if step.id == use_id and step.what == "used"), None)
        if used is None:
            raise UnknownUse(use_id)
        done = next((step for step in steps if step.undoes == use_id), None)
        if done is None:
            done = _step(
                loyalty, thirdparty_id, used.benefit_id, "undone", steps, key=f"undo:{use_id}", who=who
            )
            done = replace(done, undoes=use_id, note=reason.strip(), source=used.source)
            table.insert_step(tx, done)
            steps = [*steps, done]
            outbox.put(tx, [show_member(thirdparty_id)], loyalty.now())
        known = next((each for each in loyalty.program.benefits if each.id == used.benefit_id), None)
        return Usage(step=done, left=_left(loyalty, known, steps) if known else None)

    return loyalty.database.decide(decision)


def holdings(tx: Tx, loyalty: Loyalty, customer: Known) -> list[Holding]:
    """The tiers and clubs a member is in now, with the benefits they bring; tiers first."""
    if not customer.is_member:
        return []
    member, program = customer.member.thirdparty_id, loyalty.program
    found = []
    brought = {tier.id: tier.benefits for group in program.tier_groups for tier in group.tiers}
    if any(brought.values()):
        for tier, since in _tiers_held(tx, loyalty, customer):
            found.append(Holding(source=f"tier:{tier}", benefits=brought[tier], since=since))
    by_club = {club.id: club.benefits for club in program.clubs}
    if any(by_club.values()):
        for club, since, until in clubs.held(tx, loyalty, member):
            found.append(Holding(source=f"club:{club}", benefits=by_club[club], since=since, until=until))
    return found


def _tiers_held(tx: Tx, loyalty: Loyalty, customer: Known) -> list[tuple[str, datetime]]:
    """The tier of each group a member stands in now, and since when without a break."""
    member, program, joined_at = customer.member.thirdparty_id, loyalty.program, customer.enrolment.joined_at
    if joined_at is None:
        return []
    history = histories(tx, [program], {member: customer})[member]
    found = []
    for group in program.tier_groups:
        steps = timeline(
            group,
            history.moves_of(group),
            joined_at=joined_at,
            until=loyalty.now(),
            zone=loyalty.zone,
            manual=history.manual.get(group.id, ()),
        )
        stretch = list(takewhile(lambda step, last=steps[-1]: step.tier == last.tier, reversed(steps)))  # type: ignore[misc]
        found.append((stretch[-1].tier, stretch[-1].at))
    return found


def _entitled(tx: Tx, loyalty: Loyalty, customer: Known) -> tuple[Entitlement, ...]:
    held = holdings(tx, loyalty, customer)
    return entitlements(loyalty.program.benefits, held, now=loyalty.now(), zone=loyalty.zone)


def _usable(tx: Tx, loyalty: Loyalty, member: int, benefit: Benefit, steps: Sequence[Step]) -> Entitlement:
    customer = members.load(tx, [member]).get(member)
    if customer is None:
        raise UnknownMember(str(member))
    name = customer.member.name
    if benefit.is_gift:
        raise BenefitNotAvailable(benefit.id, "it is given by itself on its occasion; nobody has to use it.")
    found = next((each for each in _entitled(tx, loyalty, customer) if each.benefit == benefit), None)
    if found is None:
        sources = ", ".join(_sources(loyalty, benefit)) or "no tier and no club"
        raise BenefitNotAvailable(benefit.id, f"{name} does not have it. It comes with: {sources}.")
    if _left(loyalty, benefit, steps) == 0:
        spans = {"month": "this month", "year": "this year", "ever": "in all"}
        raise BenefitNotAvailable(
            benefit.id, f"{name} has used it {benefit.uses} time(s) {spans[benefit.period]}, which is all."
        )
    return found


def _sources(loyalty: Loyalty, benefit: Benefit) -> list[str]:
    """The tiers and clubs that bring a benefit."""
    tiers = [tier for group in loyalty.program.tier_groups for tier in group.tiers]
    found = [f"tier {tier.id}" for tier in tiers if benefit.id in tier.benefits]
    return found + [f"club {club.id}" for club in loyalty.program.clubs if benefit.id in club.benefits]


def _left(loyalty: Loyalty, benefit: Benefit, steps: Sequence[Step]) -> int | None:
    used = [step.at for step in table.standing_uses(steps, benefit.id)]
    return uses_left(benefit, used, now=loyalty.now(), zone=loyalty.zone)


def _step(
    loyalty: Loyalty, member: int, benefit_id: str, what: What, steps: Sequence[Step], *, key: str, who: str
) -> Step:
    return Step(
        id=new_id(),
        thirdparty_id=member,
        origin=member,
        benefit_id=benefit_id,
        seq=table.next_seq(steps, member, benefit_id),
        what=what,
        at=loyalty.now(),
        who=who,
        currency=loyalty.program.currency,
        key=key,
    )


@dataclass
class _Review:
    """One look at one member's benefits, within one transaction."""

    tx: Tx
    loyalty: Loyalty
    member: int

    def carry_out(self) -> None:
        customer = members.load(self.tx, [self.member]).get(self.member)
        if customer is None:
            return
        before = table.entries_of(self.tx, [self.member])[self.member]
        if customer.gone_at is not None:  # the history went along with whoever it was merged into
            for entry in before.values():
                table.save(self.tx, replace(entry, is_held=False, next_at=None), is_new=False)
            return
        wanted = {each.benefit.id: each for each in _entitled(self.tx, self.loyalty, customer)}
        if not wanted and not before:
            return
        self.steps = table.steps_of(self.tx, self.member)
        self.effects: list[Effect] = []
        facts = self._celebrations(customer)
        for benefit_id in sorted({*before, *wanted}):
            self._look_at(benefit_id, before.get(benefit_id), wanted.get(benefit_id), facts)
        due = {
            each.benefit.id: occasion
            for each in wanted.values()
            if (occasion := self._gift_due(each, facts)) is not None
        }
        self._give(customer, [(wanted[benefit_id], occasion) for benefit_id, occasion in due.items()])
        self._propose_discount(before, wanted)
        outbox.put(self.tx, self.effects, self.loyalty.now())

    def _celebrations(self, customer: Known) -> Celebrations:
        program, joined_at = self.loyalty.program, customer.enrolment.joined_at
        born = None
        if any(each.kind == "birthday_gift" for each in program.benefits):
            birth = birthdays.load(self.tx, [self.member]).get(self.member)
            born = birth.born if birth else None
        return Celebrations(
            joined_on=day_of(joined_at, self.loyalty.zone) if joined_at else None,
            born=born,
            birthday=program.birthday or Birthday(),
            anniversary=program.anniversary or Anniversary(),
        )

    def _look_at(
        self, benefit_id: str, before: Entry | None, wanted: Entitlement | None, facts: Celebrations
    ) -> None:
        """Bring one claim up to date; a grant and a withdrawal are steps, a new source or end is none."""
        was_held = before is not None and before.is_held
        if wanted is not None:
            after = Entry(
                thirdparty_id=self.member,
                benefit_id=benefit_id,
                source=wanted.source,
                since=wanted.since,
                until=wanted.until,
                next_at=next_look(wanted, facts, today=self.loyalty.today(), zone=self.loyalty.zone),
            )
        else:
            assert before is not None  # noqa: S101
            after = replace(before, is_held=False, next_at=None)
        if after == before:
            return
        table.save(self.tx, after, is_new=before is None)
        if after.is_held != was_held:
            self._note(benefit_id, "granted" if after.is_held else "withdrawn", source=after.source)
            self.effects.append(show_member(self.member))

    def _note(self, benefit_id: str, what: What, *, key: str = "", **facts: object) -> Step:
        step = _step(self.loyalty, self.member, benefit_id, what, self.steps, key="", who=self.loyalty.worker)
        key = key or f"{what}:{self.member}:{benefit_id}:{step.seq}"
        step = replace(step, key=key, **facts)  # type: ignore[arg-type]
        table.insert_step(self.tx, step)
        self.steps.append(step)
        return step

    def _gift_due(self, entitlement: Entitlement, facts: Celebrations) -> str | None:
        given = [
            step.occasion
            for step in self.steps
            if step.what == "given" and step.benefit_id == entitlement.benefit.id
        ]
        return gift_due(entitlement, facts, given, today=self.loyalty.today(), zone=self.loyalty.zone)

    def _give(self, customer: Known, due: Sequence[tuple[Entitlement, str]]) -> None:
        """Give what is due: points in one booking, rewards as vouchers; each once per occasion."""
        if not due:
            return
        account = ledger.load(self.tx, [self.member], unit=self.loyalty.unit)[self.member]
        booking = Booking(account, self.loyalty.now())
        for entitlement, occasion in due:
            benefit, reward = entitlement.benefit, self.loyalty.program.reward(entitlement.benefit.reward)
            key = f"benefit:{self.member}:{benefit.id}:{occasion}"
            if benefit.points:
                self._book(booking, benefit, key)
            if reward is not None:
                put_gift(
                    self.tx,
                    self.loyalty,
                    self.member,
                    reward,
                    why=f"benefit {benefit.id}"[:64],
                    request_key=key,
                )
            self._note(
                benefit.id,
                "given",
                key=key,
                source=entitlement.source,
                occasion=occasion,
                points=benefit.points,
                worth=_worth(reward),
            )
        ledger.store(self.tx, [booking])
        if booking.entries:
            self.effects += near_reward_effects(self.tx, self.loyalty, customer, booking.result)
        self.effects.append(show_member(self.member))

    def _book(self, booking: Booking, benefit: Benefit, key: str) -> None:
        loyalty = self.loyalty
        booking.accrue(
            benefit.points,
            cause=Cause("benefit", benefit.id),
            key=key,
            occurred_at=loyalty.now(),
            expires_at=ends_of(terms_of(loyalty.program, loyalty.unit).expiry, loyalty.today(), loyalty.zone),
            reasons=[because("benefit", benefit=benefit.id, points=benefit.points)],
            input_hash=hash_input(self.member, benefit.id, benefit.points),
        )

    def _propose_discount(self, before: dict[str, Entry], wanted: dict[str, Entitlement]) -> None:
        """Ask staff to enter the greatest extra discount, whenever it is another one than before."""
        had = self._percent({each.benefit_id for each in before.values() if each.is_held})
        percent = self._percent(wanted)
        if had != percent and self.loyalty.screens.agenda:
            about = f"{self.member}:{self.steps[-1].id}"
            self.effects.append(event("relative_discount", self.member, about, percent=str(percent)))

    def _percent(self, held: Sequence[str] | set[str] | dict[str, Entitlement]) -> Decimal:
        found = [
            each.percent for each in self.loyalty.program.benefits if each.to_dolibarr and each.id in held
        ]
        return max(found, default=ZERO)


def _worth(reward: Reward | None) -> Decimal:
    """What a reward is worth where that is known without an invoice: an amount."""
    return reward.value if reward is not None and reward.kind == "amount" else ZERO
