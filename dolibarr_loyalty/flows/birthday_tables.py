"""Birthdays from a file, as a person says them: all of its mistakes at once, nothing written while there is one."""

from collections.abc import Callable
from datetime import date

from dolibarr_loyalty.core.occasions import is_birthday
from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.flows.birthdays import set_birthday
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.tables import Table, read_table
from dolibarr_loyalty.store import birthdays
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.members import Known

COLUMNS = ("member", "born")
Find = Callable[[Tx, str], Known]


def take_birthdays(loyalty: Loyalty, name: str, content: bytes, *, find: Find) -> tuple[int, int]:
    """Note the birthdays of a CSV file with the columns member and born; gives how many it has and how many are new.

    Raises FileMistakes.
    """
    table = read_table(name, content, needed=COLUMNS, known=COLUMNS)
    found: dict[int, date] = {}
    with loyalty.database.reading() as tx:
        for line, row in table.rows:
            one = _read(tx, loyalty, table, line, row, find)
            if one is not None and found.setdefault(*one) != one[1]:
                table.wrong(line, f"{row['member']} has another birthday further up.")
        known = birthdays.load(tx, found)
    table.check()
    new = [
        m
        for m, born in found.items()
        if m not in known or (known[m].born, known[m].origin) != (born, "person")
    ]
    for member in new:
        set_birthday(loyalty, member, found[member])
    return len(found), len(new)


def _read(
    tx: Tx, loyalty: Loyalty, table: Table, line: int, row: dict[str, str], find: Find
) -> tuple[int, date] | None:
    try:
        member = find(tx, row["member"]).member.thirdparty_id
    except InputError as mistake:
        table.wrong(line, str(mistake).splitlines()[0])
        return None
    try:
        born = date.fromisoformat(row["born"])
    except ValueError:
        table.wrong(line, f"{row['born']!r} is no day; write it as in 1990-05-17.")
        return None
    if not is_birthday(born, loyalty.today()):
        table.wrong(line, f"Nobody of ours was born on {born.isoformat()}.")
        return None
    return member, born
