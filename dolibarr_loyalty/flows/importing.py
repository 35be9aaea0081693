"""Takes in balances with their lots, stamps, card numbers, tiers and birthdays from a file (D8).

First everything is looked at: all mistakes are told at once and nothing is written while there is one. Then
it goes in page by page. Each line has a key, so the same file again changes nothing, and one that stopped
half-way or grew goes on where it was.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from dolibarr_loyalty.core.effects import Effect, review_member, set_card, show_member
from dolibarr_loyalty.core.ledger import Booking, Cause, EntryKind, hash_input
from dolibarr_loyalty.core.reasons import because
from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.core.times import day_of
from dolibarr_loyalty.core.wallets import ends_of, terms_of
from dolibarr_loyalty.errors import FileMistakes, InputError, KeyReused
from dolibarr_loyalty.flows.birthdays import set_birthday
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.import_checks import Checks
from dolibarr_loyalty.flows.moving_files import File, Line
from dolibarr_loyalty.flows.notices import near_reward_effects
from dolibarr_loyalty.flows.tier_acts import set_tier
from dolibarr_loyalty.store import birthdays, imports, ledger, members, outbox, tiers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id
from dolibarr_loyalty.store.imports import Import, UnitSum

_OWN_LOT = re.compile(r"(\d+:.+:\d+)@([0-9a-f]{16})")
Progress = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A line that is not in yet: whose it is, and under which key and input it goes in."""

    line: Line
    thirdparty_id: int
    key: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a file would do: its new lines, and how many are in already."""

    file: File
    new: tuple[Wanted, ...]
    known: int


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a plan changes for one member: a balance of a unit, the card, a tier, the birthday."""

    thirdparty_id: int
    name: str
    what: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What came of an import, read back from the ledger and not from the file."""

    batch: Import
    sums: tuple[UnitSum, ...]
    lines: tuple[tuple[str, int], ...]

    @property
    def is_whole(self) -> bool:
        """Every new line of the file stands in the ledger or was carried out."""
        found = sum(each.entries for each in self.sums) + sum(count for _, count in self.lines)
        return self.batch.finished_at is not None and found == self.batch.new_count


def plan(loyalty: Loyalty, file: File, *, reason: str) -> Plan:
    """Look at every line of a file; raises FileMistakes with all that is wrong. Reads only."""
    if not reason.strip():
        raise InputError("An import needs a reason: members will read it with their points.")
    with loyalty.database.reading() as tx:
        checks = Checks(loyalty, imports.directory(tx), reason)
        wanted = _keyed(file, checks)
        fresh, known = _unknown(tx, wanted, checks)
    checks.check(each.line for each in fresh)
    mistakes = sorted([*file.mistakes, *checks.mistakes])
    if mistakes:
        raise FileMistakes(file.name, mistakes)
    with loyalty.database.reading() as tx:
        so_already = _so_already(tx, loyalty, fresh)
    new = tuple(each for each in fresh if each.key not in so_already)
    return Plan(file=file, new=new, known=known + len(fresh) - len(new))


def changes(loyalty: Loyalty, planned: Plan) -> Iterator[Change]:
    """What a plan changes per member, before and after, by third party id."""
    by_member: dict[int, list[Line]] = {}
    for each in planned.new:
        by_member.setdefault(each.thirdparty_id, []).append(each.line)
    ids = sorted(by_member)
    for start in range(0, len(ids), loyalty.page_size):
        page = ids[start : start + loyalty.page_size]
        with loyalty.database.reading() as tx:
            found = list(_changes(tx, page, by_member))
        yield from found


def take_in(
    loyalty: Loyalty, planned: Plan, *, reason: str, who: str, progress: Progress = lambda done: None
) -> Import | None:
    """Take in what is new of a plan; None when nothing is. Stopped half-way, the next call goes on."""
    if not planned.new:
        return None
    batch = Import(
        id=new_id(),
        file_name=planned.file.name,
        sha256=planned.file.sha256,
        reason=reason.strip(),
        who=who,
        line_count=len(planned.file.lines),
        new_count=len(planned.new),
        known_count=planned.known,
        member_count=len({each.thirdparty_id for each in planned.new}),
        made_at=loyalty.now(),
    )
    loyalty.database.decide(lambda tx: imports.begin(tx, batch))
    lots = [each for each in planned.new if each.line.kind == "lot"]
    for start in range(0, len(lots), loyalty.page_size):
        page = lots[start : start + loyalty.page_size]
        loyalty.database.decide(lambda tx, page=page: _book(tx, loyalty, page, batch))  # type: ignore[misc]
        progress(start + len(page))
    for done, each in enumerate((each for each in planned.new if each.line.kind != "lot"), len(lots) + 1):
        _carry_out(loyalty, each, batch)
        progress(done)
    loyalty.database.decide(lambda tx: imports.finish(tx, batch.id, loyalty.now()))
    with loyalty.database.reading() as tx:
        return imports.by_id(tx, batch.id)


def certificate(tx: Tx, import_id: str) -> Certificate:
    """What came of an import. Raises InputError for an unknown one."""
    batch = imports.by_id(tx, import_id)
    if batch is None:
        raise InputError(f"There is no import {import_id!r}. `dolibarr-loyalty imports` lists them.")
    return Certificate(
        batch=batch,
        sums=tuple(imports.sums(tx, import_id)),
        lines=tuple(sorted(imports.line_counts(tx, import_id).items())),
    )


def write_card(loyalty: Loyalty, thirdparty_id: int, line_key: str) -> None:
    """Write a card number that was taken in to Dolibarr, where card numbers live."""
    with loyalty.database.reading() as tx:
        content = imports.content_of(tx, line_key)
        customer = members.load(tx, [thirdparty_id]).get(thirdparty_id)
    if content is not None and customer is not None and customer.gone_at is None:
        loyalty.books.set_card(thirdparty_id, str(json.loads(content)["number"]))


# looking ---------------------------------------------------------------------------------------


def _keyed(file: File, checks: Checks) -> list[Wanted]:
    """Lines whose member is known, each with its key: its own, or made of what it is about and its place there."""
    wanted, seen, places = [], dict[str, int](), dict[tuple[object, ...], int]()
    for line in file.lines:
        called = checks.member_of(line)
        if called is None:
            continue
        member = called.thirdparty_id
        about = (line.kind, member, line.unit, line.group, line.reference)
        places[about] = places.get(about, 0) + 1
        made = hash_input(*about, places[about])[:40]
        key = f"import:key:{line.key}" if line.key else f"import:{made}"
        if key in seen:
            checks.wrong(line, f"has the same key as line {seen[key]}. Each line needs a key of its own.")
        seen[key] = line.number
        digest = hash_input(member, line.kind, *line.cells)
        wanted.append(Wanted(line=line, thirdparty_id=member, key=key, digest=digest))
    return wanted


def _unknown(tx: Tx, wanted: Sequence[Wanted], checks: Checks) -> tuple[list[Wanted], int]:
    """The lines that are not in yet, and how many are; one that is in with other values is a mistake."""
    before = imports.entry_hashes(tx, [each.key for each in wanted if each.line.kind == "lot"])
    before |= imports.line_hashes(tx, [each.key for each in wanted if each.line.kind != "lot"])
    ours = _of_this_ledger(tx, wanted)
    fresh = []
    for each in wanted:
        if each.key in ours:
            continue
        if each.key not in before:
            fresh.append(each)
        elif before[each.key] != each.digest:
            checks.wrong(
                each.line,
                "was taken in before with other values. If it comes on top, give it a key of its own; if it was "
                "wrong, correct it with `dolibarr-loyalty points adjust`.",
            )
    return fresh, len(wanted) - len(fresh)


def _of_this_ledger(tx: Tx, wanted: Sequence[Wanted]) -> frozenset[str]:
    """Keys of lots that an export of this very ledger wrote: they are here already."""
    found = {each.key: _OWN_LOT.fullmatch(each.line.key) for each in wanted if "@" in each.line.key}
    hashes = imports.chain_hashes(tx, [match[1] for match in found.values() if match])
    return frozenset(
        key for key, match in found.items() if match and hashes.get(match[1], "").startswith(match[2])
    )


def _so_already(tx: Tx, loyalty: Loyalty, fresh: Sequence[Wanted]) -> frozenset[str]:
    """Keys of lines about a card, tier or birthday that the member has as the line wants it."""
    others = [each for each in fresh if each.line.kind != "lot"]
    found: set[str] = set()
    for start in range(0, len(others), loyalty.page_size):
        page = others[start : start + loyalty.page_size]
        ids = {each.thirdparty_id for each in page}
        customers, born, states = members.load(tx, ids), birthdays.load(tx, ids), tiers.states_of(tx, ids)
        for each in page:
            line, member = each.line, each.thirdparty_id
            stands, birth = states.get(member, {}).get(line.group), born.get(member)
            until = loyalty.last_day(stands.until) if stands and stands.until else None
            is_so = {
                "card": customers[member].member.card_number == line.card,
                "tier": stands is not None and (stands.tier, until) == (line.tier, line.until),
                "birthday": birth is not None and birth.born == line.born,
            }[line.kind]
            found |= {each.key} if is_so else set()
    return frozenset(found)


def _changes(tx: Tx, page: Sequence[int], by_member: dict[int, list[Line]]) -> Iterator[Change]:
    units = {line.unit for member in page for line in by_member[member] if line.kind == "lot"}
    accounts = ledger.load_units(tx, page, units)
    customers, born = members.load(tx, page), birthdays.load(tx, page)
    states = tiers.states_of(tx, page)
    for member in page:
        name, lines = customers[member].member.name, by_member[member]
        balances: dict[str, int] = {}
        for line in lines:
            if line.kind == "lot":
                balances[line.unit] = balances.get(line.unit, 0) + line.points
                continue
            stands = states.get(member, {}).get(line.group)
            birth = born.get(member)
            what, before, after = {
                "card": ("card", customers[member].member.card_number, line.card),
                "tier": (f"tier {line.group}", stands.tier if stands else "", line.tier),
                "birthday": ("birthday", str(birth.born or "") if birth else "", str(line.born)),
            }[line.kind]
            yield Change(thirdparty_id=member, name=name, what=what, before=before, after=after)
        for unit, points in sorted(balances.items()):
            held = accounts[member, unit].balance
            yield Change(
                thirdparty_id=member, name=name, what=unit, before=str(held), after=str(held + points)
            )


# writing ---------------------------------------------------------------------------------------


def _book(tx: Tx, loyalty: Loyalty, page: Sequence[Wanted], batch: Import) -> None:
    done = imports.entry_hashes(tx, [each.key for each in page])
    new = [each for each in page if each.key not in done]
    for each in page:
        if done.get(each.key, each.digest) != each.digest:
            raise KeyReused(each.line.key or each.key)
    accounts = ledger.load_units(tx, {each.thirdparty_id for each in new}, {each.line.unit for each in new})
    bookings: dict[tuple[int, str], Booking] = {}
    for each in new:
        place = each.thirdparty_id, each.line.unit
        booking = bookings.setdefault(place, Booking(accounts[place], loyalty.now()))
        _book_line(loyalty, booking, each, batch)
    ledger.store(tx, bookings.values())
    _take_note(tx, loyalty, bookings)
    ids = sorted({each.thirdparty_id for each in new})
    effects: list[Effect] = [act(member) for member in ids for act in (show_member, review_member)]
    outbox.put(tx, effects, loyalty.now())


def _take_note(tx: Tx, loyalty: Loyalty, bookings: dict[tuple[int, str], Booking]) -> None:
    """What is within reach now needs no mail of its own: nobody earned it today."""
    if not any(reward.unit == POINTS for reward in loyalty.program.rewards):
        return
    results = {member: booking.result for (member, unit), booking in bookings.items() if unit == POINTS}
    for member, customer in members.load(tx, results).items():
        near_reward_effects(tx, loyalty, customer, results[member], quietly=True)


def _book_line(loyalty: Loyalty, booking: Booking, each: Wanted, batch: Import) -> None:
    line, cause = each.line, Cause("import", batch.id)
    told = line.reason or batch.reason
    reasons = [because("imported", source=f"{told} ({line.reference})" if line.reference else told)]
    if line.points < 0:
        booking.deduct(-line.points, cause=cause, key=each.key, reasons=reasons, input_hash=each.digest)
        return
    earned_at = line.earned_at or loyalty.now()
    booking.accrue(
        line.points,
        cause=cause,
        key=each.key,
        occurred_at=earned_at,
        available_at=line.available_at,
        expires_at=_end_of(loyalty, line, earned_at),
        reasons=reasons,
        input_hash=each.digest,
        kind=EntryKind.ADJUSTMENT,
    )


def _end_of(loyalty: Loyalty, line: Line, earned_at: datetime) -> datetime | None:
    """The end that is written, or the program's own counted from the day the points were earned."""
    if line.never_expires or line.expires_at is not None:
        return line.expires_at
    return ends_of(terms_of(loyalty.program, line.unit).expiry, day_of(earned_at, loyalty.zone), loyalty.zone)


def _carry_out(loyalty: Loyalty, each: Wanted, batch: Import) -> None:
    """A tier or a birthday goes its own way, which may be gone twice; then the line is noted as done."""
    line, member = each.line, each.thirdparty_id
    if line.kind == "tier":
        set_tier(
            loyalty,
            member,
            line.group,
            line.tier,
            until=line.until,
            reason=line.reason or batch.reason,
            who=batch.who,
            request_key=each.key[-120:],
        )
    elif line.kind == "birthday":
        set_birthday(loyalty, member, line.born)
    loyalty.database.decide(lambda tx: _note(tx, loyalty, each, batch))


def _note(tx: Tx, loyalty: Loyalty, each: Wanted, batch: Import) -> None:
    if imports.line_hashes(tx, [each.key]):
        return
    content = {"number": each.line.card} if each.line.kind == "card" else {}
    tx.run(
        "insert_import_line",
        line_key=each.key,
        import_id=batch.id,
        kind=each.line.kind,
        thirdparty_id=each.thirdparty_id,
        content=json.dumps(content),
        input_hash=each.digest,
    )
    if each.line.kind == "card":
        outbox.put(tx, [set_card(each.thirdparty_id, each.key)], loyalty.now())
