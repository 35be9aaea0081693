"""When members were born: said by hand, or taken in from a file."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from dolibarr_loyalty.cli.activities import read_file
from dolibarr_loyalty.cli.options import DryRun, Json, Member
from dolibarr_loyalty.cli.output import say, show_json
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.setup import setup_of
from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.flows.birthday_tables import take_birthdays
from dolibarr_loyalty.flows.birthdays import set_birthday
from dolibarr_loyalty.flows.context import Loyalty


def birthday(
    ctx: typer.Context,
    member: Member,
    born: Annotated[str, typer.Argument(metavar="DAY", help="As in 1990-05-17, or `none` to forget it.")],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Note a member's birthday; it counts more than the contacts in Dolibarr.

    \b
    Example:
      dolibarr-loyalty member birthday claire@example.com 1990-05-17
    """
    setup = setup_of(ctx)
    try:
        day = None if born.strip().casefold() == "none" else date.fromisoformat(born.strip())
    except ValueError as error:
        raise InputError(f"{born!r} is no day; write it as in 1990-05-17.") from error

    def noted(loyalty: Loyalty) -> None:
        with loyalty.database.reading() as tx:
            known = the_member(tx, member)
        found = set_birthday(loyalty, known.member.thirdparty_id, day)
        if as_json:
            told = {"thirdparty_id": found.thirdparty_id, "born": found.born, "before": found.before}
            show_json({"dry_run": dry_run, **told})
        elif found.born is None:
            say(f"The birthday of {known.member.name} {'would be' if dry_run else 'is'} forgotten.")
        else:
            said = setup.words.day(found.born)
            say(f"{known.member.name} {'would have been' if dry_run else 'was'} born on {said}.")

    if dry_run:
        with setup.untouched() as loyalty:
            noted(loyalty)
    else:
        noted(setup.loyalty)


def import_birthdays(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A CSV file with the columns member and born.")
    ],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Note the birthdays of a CSV file with the columns member and born.

    \b
    Example:
      dolibarr-loyalty member birthdays birthdays.csv --dry-run
    """
    setup = setup_of(ctx)
    content = read_file(file)

    def taken(loyalty: Loyalty) -> None:
        read, new = take_birthdays(loyalty, file.name, content, find=the_member)
        if as_json:
            show_json({"dry_run": dry_run, "read": read, "new": new})
        else:
            say(f"{read} birthdays read, {new} of them {'would be' if dry_run else 'are'} new.")

    if dry_run:
        with setup.rehearsed() as loyalty:
            taken(loyalty)
    else:
        taken(setup.loyalty)
