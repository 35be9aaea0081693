"""Members: one, all, and what happened to their points."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli.birthdays import birthday, import_birthdays
from dolibarr_loyalty.cli.merges import unmerge
from dolibarr_loyalty.cli.options import Json, Limit, Member, rows_wanted
from dolibarr_loyalty.cli.output import say, show_facts, show_json, show_table
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.points import the_unit
from dolibarr_loyalty.cli.setup import Setup, setup_of
from dolibarr_loyalty.cli.telling import a_voucher, entry_row, voucher_row
from dolibarr_loyalty.core.ledger import Account, Lot, account_id
from dolibarr_loyalty.core.money import round_amount
from dolibarr_loyalty.core.wallets import value_of
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.kinds import Kinds, kinds_of
from dolibarr_loyalty.messages import entry_kind, explain
from dolibarr_loyalty.store import ledger, vouchers
from dolibarr_loyalty.store import members as table
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.members import Known

PAGE = 500


def register(app: typer.Typer) -> None:
    """Add the commands."""
    member = typer.Typer(
        help="Members: who they are, what they hold, what happened.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    member.command("show")(show)
    member.command("history")(history)
    member.command("list")(list_members)
    member.command("birthday")(birthday)
    member.command("birthdays")(import_birthdays)
    member.command("unmerge")(unmerge)
    app.add_typer(member, name="member")


def show(ctx: typer.Context, member: Member, as_json: Json = False) -> None:
    """Show a member's points, their ends, and vouchers.

    \b
    Example:
      dolibarr-loyalty member show claire@example.com
    """
    setup = setup_of(ctx)
    loyalty = setup.loyalty
    with loyalty.database.reading() as tx:
        known = the_member(tx, member)
        account = ledger.load(tx, [known.member.thirdparty_id], unit=loyalty.unit)[known.member.thirdparty_id]
        theirs = vouchers.of_member(tx, known.member.thirdparty_id)
        kinds = kinds_of(tx, loyalty, known.member.thirdparty_id)
    lots = sorted(account.lots, key=lambda lot: lot.order)
    if as_json:
        show_json(
            {
                **_standing(loyalty, known, account),
                "card_number": known.member.card_number,
                "locale": known.member.locale,
                "joined_at": known.enrolment.joined_at,
                "left_at": known.enrolment.left_at,
                "seq": account.seq,
                "kinds": {heading.lower().replace(" ", "_"): text for heading, text in kinds.as_facts()},
                "lots": [_lot(lot) for lot in lots],
                "vouchers": [a_voucher(voucher) for voucher in theirs],
            }
        )
        return
    _show(setup, known, account, kinds)
    if lots:
        show_table(
            (">Points", "From", "Available from", "Usable until"),
            [_lot_row(setup, lot) for lot in lots],
            title="Points that end first are spent first",
        )
    if theirs:
        headings = ("Voucher", "Reward", "State", ">Value", ">Left", "Valid until")
        show_table(headings, [voucher_row(setup.words, voucher) for voucher in theirs])


def _standing(loyalty: Loyalty, known: Known, account: Account) -> dict[str, Any]:
    """What every row about a member says."""
    now = loyalty.now()
    return {
        "thirdparty_id": known.member.thirdparty_id,
        "name": known.member.name,
        "email": known.member.email,
        "customer_code": known.member.customer_code,
        "is_member": known.is_member,
        "balance": account.balance,
        "available": account.available(now),
        "pending": account.pending(now),
        "debt": account.debt,
        "value": _worth(loyalty, account),
        "currency": loyalty.program.currency,
    }


def _worth(loyalty: Loyalty, account: Account) -> Any:
    return round_amount(
        max(0, account.balance) * value_of(loyalty.program, loyalty.unit), loyalty.program.currency
    )


def _show(setup: Setup, known: Known, account: Account, kinds: Kinds) -> None:
    words = setup.words.counting(setup.loyalty.unit)
    now, member = setup.loyalty.now(), known.member
    joined = known.enrolment.joined_at
    show_facts(
        [
            ("Third party", member.thirdparty_id),
            ("Customer code", member.customer_code),
            ("Email", member.email),
            ("Card", member.card_number),
            ("Member since", words.day(joined) if joined else ""),
            ("", "" if known.is_member else "not a member of the program"),
            ("To spend", words.points(account.available(now))),
            ("Pending", words.points(account.pending(now)) if account.pending(now) else ""),
            ("Owed", words.points(account.debt) if account.debt else ""),
            ("Balance", words.points(account.balance)),
            ("Worth", words.money(_worth(setup.loyalty, account))),
            *kinds.as_facts(),
        ],
        title=member.name,
    )


def _lot(lot: Lot) -> dict[str, Any]:
    return {
        "id": lot.id,
        "cause": str(lot.cause),
        "points": lot.points,
        "remaining": lot.remaining,
        "opened_at": lot.opened_at,
        "available_at": lot.available_at,
        "expires_at": lot.expires_at,
    }


def _lot_row(setup: Setup, lot: Lot) -> tuple[object, ...]:
    words = setup.words
    until = words.day(setup.loyalty.last_day(lot.expires_at)) if lot.expires_at else "without end"
    waits = words.day(lot.available_at) if lot.available_at > setup.loyalty.now() else "now"
    return words.number(lot.remaining), str(lot.cause).replace(":", " "), waits, until


def history(
    ctx: typer.Context,
    member: Member,
    limit: Limit = None,
    unit: Annotated[
        str | None,
        typer.Option(metavar="UNIT", help="Which wallet, card or qualifying:GROUP.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show a member's points history with all reasons.

    \b
    Example:
      dolibarr-loyalty member history CU2601-00042 --limit 10
      dolibarr-loyalty member history claire@example.com --unit coffee
    """
    setup = setup_of(ctx)
    wanted = rows_wanted(limit, as_json=as_json)
    program, of = setup.loyalty.program, unit or setup.loyalty.unit
    of = of if of in program.units else the_unit(program, of)
    with setup.loyalty.database.reading() as tx:
        known = the_member(tx, member)
        account = account_id(known.member.thirdparty_id, of)
        entries = ledger.history(tx, account, limit=2**31 - 1 if wanted is None else wanted)
    if as_json:
        show_json([entry_row(setup.words, entry) for entry in entries])
        return
    words = setup.words.counting(of)
    show_table(
        (">No.", "Day", "What", ">Points", ">Balance", "Why"),
        [
            (
                entry.seq,
                words.short_day(entry.occurred_at),
                entry_kind(str(entry.kind), words),
                f"{entry.points:+d}",
                entry.balance_after,
                "\n".join(explain(reason, words) for reason in json.loads(entry.reasons)),
            )
            for entry in entries
        ],
        title=f"{known.member.name} ({known.member.thirdparty_id})",
    )
    if not entries:
        say("No points have been booked yet.")


def list_members(ctx: typer.Context, limit: Limit = None, as_json: Json = False) -> None:
    """List the members with what they hold.

    \b
    Example:
      dolibarr-loyalty member list --limit 20
    """
    setup = setup_of(ctx)
    wanted = rows_wanted(limit, as_json=as_json)
    with setup.loyalty.database.reading() as tx:
        rows = list(_rows(setup.loyalty, tx, wanted))
        members = int(tx.value("count_members"))
    if as_json:
        show_json(rows)
        return
    show_table(
        (">Id", "Name", "Email", ">To spend", ">Pending", ">Owed", ">Balance"),
        [
            (
                row["thirdparty_id"],
                row["name"],
                row["email"],
                *(setup.words.number(row[name]) for name in ("available", "pending", "debt", "balance")),
            )
            for row in rows
        ],
    )
    say(f"{len(rows)} shown, {members} members in all.")


def _rows(loyalty: Loyalty, tx: Tx, wanted: int | None) -> Iterator[dict[str, Any]]:
    last, given = 0, 0
    while wanted is None or given < wanted:
        page = tx.rows("members_list", last_id=last, limit=min(PAGE, (wanted or PAGE + given) - given))
        if not page:
            return
        ids = [row["thirdparty_id"] for row in page]
        known, accounts = table.load(tx, ids), ledger.load(tx, ids, unit=loyalty.unit)
        for identifier in ids:
            yield _standing(loyalty, known[identifier], accounts[identifier])
        last, given = ids[-1], given + len(ids)
