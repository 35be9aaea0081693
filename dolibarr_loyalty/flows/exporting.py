"""Everything members hold, in the format that `flows.importing` takes in: open lots, cards, tiers, birthdays (D8)."""

from collections.abc import Collection, Iterator

from dolibarr_loyalty.core.times import iso
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.moving_files import KINDS, NEVER, Kind, written
from dolibarr_loyalty.store import birthdays, imports, tiers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.imports import Called

Row = dict[str, object]


def exported(loyalty: Loyalty, kinds: Collection[Kind] = KINDS) -> Iterator[str]:
    """The lines of a file with everything of these kinds, member by member; nothing is held in memory.

    Each page is read at one moment, so an export while the shop sells is right for each member.
    """
    return written(_rows(loyalty, kinds))


def _rows(loyalty: Loyalty, kinds: Collection[Kind]) -> Iterator[Row]:
    last = 0
    while True:
        with loyalty.database.reading() as tx:
            page = imports.directory_page(tx, last, loyalty.page_size)
            rows = list(_page(tx, loyalty, [each for each in page if not each.is_gone], kinds))
        if not page:
            return
        yield from rows
        last = page[-1].thirdparty_id


def _page(tx: Tx, loyalty: Loyalty, page: list[Called], kinds: Collection[Kind]) -> Iterator[Row]:
    people = {each.thirdparty_id: each for each in page}
    if "lot" in kinds:
        yield from _lots(tx, loyalty, people)
    if "card" in kinds:
        for called in page:
            if called.card_number:
                yield {"kind": "card", **_who(called), "number": called.card_number}
    if "tier" in kinds:
        yield from _tiers(tx, loyalty, people)
    if "birthday" in kinds:
        for member, birth in sorted(birthdays.load(tx, people).items()):
            if birth.born is not None:
                yield {"kind": "birthday", **_who(people[member]), "born": birth.born}


def _who(called: Called) -> Row:
    return {"member": f"id:{called.thirdparty_id}", "name": called.name}


def _lots(tx: Tx, loyalty: Loyalty, people: dict[int, Called]) -> Iterator[Row]:
    ids = sorted(people)
    for row in tx.rows("lots_to_export", thirdparty_ids=ids, now=iso(loyalty.now())):
        yield {
            "kind": "lot",
            **_who(people[row["thirdparty_id"]]),
            "unit": row["unit"],
            "points": row["remaining"],
            "earned_on": row["opened_at"],
            "available_at": row["available_at"],
            "expires_at": row["expires_at"] or NEVER,
            "reference": f"{row['cause_kind']}:{row['cause_id']}",
            "key": f"{row['id']}@{row['hash'][:16]}",
        }
    for row in tx.rows("debts_to_export", thirdparty_ids=ids):
        yield {
            "kind": "lot",
            **_who(people[row["thirdparty_id"]]),
            "unit": row["unit"],
            "points": -row["debt"],
            "reference": "debt",
            "key": f"{row['id']}:{row['seq']}@{row['head'][:16]}",
        }


def _tiers(tx: Tx, loyalty: Loyalty, people: dict[int, Called]) -> Iterator[Row]:
    """Where members stand above the lowest tier, which everybody has; an end that is over is left out."""
    groups = {
        group.id: min(group.tiers, key=lambda tier: tier.threshold).id
        for group in loyalty.program.tier_groups
    }
    for member, stands in sorted(tiers.states_of(tx, people).items()):
        for group, state in sorted(stands.items()):
            if state.tier not in ("", groups.get(group, state.tier)) and people[member].is_member:
                until = loyalty.last_day(state.until) if state.until else None
                yield {
                    "kind": "tier",
                    **_who(people[member]),
                    "group": group,
                    "tier": state.tier,
                    "until": until if until is not None and until >= loyalty.today() else "",
                    "reason": "taken along",
                }
