"""When members were born: read from the contacts of Dolibarr, or said by a person, whose word counts more."""

from collections.abc import Container, Iterator, Sequence
from datetime import date

from dolibarr_loyalty.core.effects import Effect, review_member
from dolibarr_loyalty.core.occasions import Contact, birthday_of, is_birthday
from dolibarr_loyalty.errors import InputError, UnknownMember
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import birthdays, members, outbox
from dolibarr_loyalty.store.birthdays import Birth
from dolibarr_loyalty.store.database import Tx


def read_birthdays(loyalty: Loyalty) -> int:
    """Take over the birthdays of all contacts as they are now; gives how many changed.

    Only people have one here: the contacts of a company are its staff.
    """
    contacts: dict[int, list[Contact]] = {}
    for page in _contact_pages(loyalty):
        for contact in page:
            if is_birthday(contact.born, loyalty.today()):
                contacts.setdefault(contact.thirdparty_id, []).append(contact)
    changed, owners = 0, sorted(contacts)
    for start in range(0, len(owners), loyalty.page_size):
        some = {owner: contacts[owner] for owner in owners[start : start + loyalty.page_size]}
        changed += loyalty.database.decide(lambda tx, some=some: _take(tx, loyalty, some))  # type: ignore[misc]
    return changed + _forget_missing(loyalty, contacts.keys())


def set_birthday(loyalty: Loyalty, thirdparty_id: int, born: date | None) -> Birth:
    """Note what a person says of a member's birthday; None takes it back. Contacts no longer change it.

    Raises UnknownMember, and InputError for a day nobody can be born on.
    """
    if born is not None and not is_birthday(born, loyalty.today()):
        raise InputError(f"Nobody of ours was born on {born.isoformat()}; give the day as in 1990-05-17.")

    def decision(tx: Tx) -> Birth:
        if thirdparty_id not in members.load(tx, [thirdparty_id]):
            raise UnknownMember(str(thirdparty_id))
        known = birthdays.load(tx, [thirdparty_id]).get(thirdparty_id)
        if birthdays.save(tx, known, thirdparty_id, born, "person", loyalty.now()):
            outbox.put(tx, _reviews(loyalty, [thirdparty_id]), loyalty.now())
        return birthdays.load(tx, [thirdparty_id])[thirdparty_id]

    return loyalty.database.decide(decision)


def _take(tx: Tx, loyalty: Loyalty, contacts: dict[int, list[Contact]]) -> int:
    known, customers = birthdays.load(tx, contacts), members.load(tx, contacts)
    changed: list[int] = []
    for owner, theirs in contacts.items():
        customer, before = customers.get(owner), known.get(owner)
        if customer is None or (before is not None and before.origin == "person"):
            continue
        born = None if customer.member.is_company else birthday_of(customer.member.email, theirs)
        if (born is not None or before is not None) and birthdays.save(
            tx, before, owner, born, "dolibarr", loyalty.now()
        ):
            changed.append(owner)
    outbox.put(tx, _reviews(loyalty, changed), loyalty.now())
    return len(changed)


def _reviews(loyalty: Loyalty, owners: Sequence[int]) -> list[Effect]:
    """Whose birthday gift is a benefit has it foreseen anew; a taken back birthday is found out by itself."""
    is_benefit = any(each.kind == "birthday_gift" for each in loyalty.program.benefits)
    return [review_member(owner) for owner in owners] if is_benefit else []


def _forget_missing(loyalty: Loyalty, present: Container[int]) -> int:
    """Take back the birthdays that no contact has any more."""
    changed, last = 0, 0
    while True:
        with loyalty.database.reading() as tx:
            page = birthdays.from_dolibarr(tx, last, loyalty.page_size)
        if not page:
            return changed
        last = page[-1].thirdparty_id
        gone = [each.thirdparty_id for each in page if each.born and each.thirdparty_id not in present]
        if gone:
            changed += loyalty.database.decide(lambda tx, gone=gone: _forget(tx, loyalty, gone))  # type: ignore[misc]


def _forget(tx: Tx, loyalty: Loyalty, owners: Sequence[int]) -> int:
    known = birthdays.load(tx, owners)
    return sum(
        birthdays.save(tx, birth, owner, None, "dolibarr", loyalty.now())
        for owner, birth in known.items()
        if birth.origin == "dolibarr"
    )


def _contact_pages(loyalty: Loyalty) -> Iterator[Sequence[Contact]]:
    last = 0
    while page := loyalty.books.contacts_after(last, loyalty.page_size):
        last = page[-1].id
        yield page
