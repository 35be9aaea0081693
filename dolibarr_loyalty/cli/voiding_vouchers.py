"""Taking vouchers back: cancelling what is left of one, replacing one that was lost."""

import re
from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from dolibarr_loyalty.cli.looking import look_up
from dolibarr_loyalty.cli.options import DryRun, Json, Reason
from dolibarr_loyalty.cli.output import say, show_facts, show_json, tell
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.setup import Setup, setup_of, who
from dolibarr_loyalty.cli.telling import a_voucher, value_of
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, code_of, masked
from dolibarr_loyalty.errors import InputError, OutsideFailure, UnknownVoucher, VoucherNotUsable
from dolibarr_loyalty.flows import replacing, usage, voiding
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.grace import is_over
from dolibarr_loyalty.flows.redemption import unit_of
from dolibarr_loyalty.store import vouchers as table

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DEAD = frozenset(
    {
        VoucherState.USED,
        VoucherState.CANCELLED,
        VoucherState.EXPIRED,
        VoucherState.REPLACED,
        VoucherState.REFUSED,
    }
)

Wanted = Annotated[
    str | None,
    typer.Argument(metavar="[CODE]", help="The voucher's code, or its id as lists give it in JSON."),
]
OfMember = Annotated[
    str | None,
    typer.Option("--member", metavar="MEMBER", help="Whose voucher it is, where its code is lost."),
]
LastFour = Annotated[
    str | None, typer.Option("--last-four", metavar="XXXX", help="The last signs of its code, with --member.")
]


def add_to(group: typer.Typer) -> None:
    """Add the commands to those of vouchers."""
    group.command("cancel")(cancel)
    group.command("replace")(replace)


def cancel(
    ctx: typer.Context,
    reason: Reason,
    code: Wanted = None,
    member: OfMember = None,
    last_four: LastFour = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Cancel what is left of a voucher; the points behind it return.

    Its credit is consumed in Dolibarr by a counter invoice.

    \b
    Example:
      dolibarr-loyalty voucher cancel ABCDEF-GHJKMN-PQRSTV --reason "changed her mind"
    """
    setup = setup_of(ctx)
    reason = _needed(reason)
    if dry_run:
        with setup.untouched() as loyalty:
            found = the_voucher(loyalty, partial(usage.find_voucher, loyalty), code, member, last_four)
            voucher, points = _would_cancel(loyalty, found)
    else:
        wanted = the_voucher(setup.loyalty, partial(look_up, setup), code, member, last_four)
        voucher, points = _cancelled(setup.loyalty, wanted, reason)
    if as_json:
        show_json({"dry_run": dry_run, "points": points, "voucher": a_voucher(voucher)})
        return
    with setup.loyalty.database.reading() as tx:
        back = setup.words.units(points, unit_of(tx, voucher))
    if dry_run:
        note = (
            f" A counter invoice would consume {voucher.credit_note_ref}." if voucher.credit_note_ref else ""
        )
        say(f"{masked(voucher.last_four)} would be cancelled; {back} would return.{note}")
    else:
        say(f"{masked(voucher.last_four)} is cancelled; {back} returned.")
        _tell_of_money(voucher)


def _tell_of_money(voucher: Voucher) -> None:
    """What was paid for a card is not given back by cancelling it."""
    if voucher.source == "sold":
        tell(
            "It was sold: the money goes back by a credit note on its sale in Dolibarr, which also takes the "
            "liability down."
        )


def replace(
    ctx: typer.Context,
    reason: Reason,
    code: Wanted = None,
    member: OfMember = None,
    last_four: LastFour = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Replace a lost voucher: the old code is dead at once, the new one has what was left.

    Same terms, same last day. The new code is printed here and mailed to the voucher's owner.

    \b
    Example:
      dolibarr-loyalty voucher replace --member claire@example.com --last-four RC39 --reason "lost"
    """
    setup = setup_of(ctx)
    reason = _needed(reason)
    if dry_run:
        with setup.untouched() as loyalty:
            found = the_voucher(loyalty, partial(usage.find_voucher, loyalty), code, member, last_four)
            old = _would_replace(loyalty, found)
        if as_json:
            show_json({"dry_run": True, "replaced": a_voucher(old), "voucher": None})
        else:
            say(f"{masked(old.last_four)} would be replaced; {_worth(setup, old)} would go over.")
        return
    old = the_voucher(setup.loyalty, partial(look_up, setup), code, member, last_four)
    new = _replaced(setup.loyalty, old, reason)
    fresh = code_of(new.id, setup.loyalty.secret)
    if as_json:
        with setup.loyalty.database.reading() as tx:
            old = table.by_id(tx, old.id) or old
        show_json(
            {"dry_run": False, "replaced": a_voucher(old), "voucher": {**a_voucher(new), "code": fresh}}
        )
        return
    show_facts(
        [
            ("Code", fresh),
            ("Worth", value_of(setup.words, new)),
            ("Valid until", setup.words.day(new.valid_until) if new.valid_until else "without end"),
            ("Credit note", new.credit_note_ref),
        ],
        title=f"In place of {masked(old.last_four)}",
    )


def the_voucher(
    loyalty: Loyalty,
    by_code: Callable[[str], Voucher],
    code: str | None,
    member: str | None = None,
    last_four: str | None = None,
) -> Voucher:
    """A voucher by its code (`by_code` looks it up) or id, or by its owner and the last signs of its code.

    Raises UnknownVoucher, UnknownMember, and InputError where too little or too much is said, or several match.
    """
    if code is not None:
        if member is not None or last_four is not None:
            raise InputError("Give either the code, or --member with --last-four.")
        if _ID.fullmatch(code.strip().lower()) is None:
            return by_code(code)
        with loyalty.database.reading() as tx:
            found = table.by_id(tx, code.strip().lower())
        if found is None:
            raise UnknownVoucher()
        return found
    if member is None or last_four is None:
        raise InputError("Which voucher? Give its code, or --member with --last-four.")
    return _of_member(loyalty, member, last_four.strip().upper())


def _of_member(loyalty: Loyalty, member: str, last_four: str) -> Voucher:
    with loyalty.database.reading() as tx:
        theirs = table.of_member(tx, the_member(tx, member).member.thirdparty_id)
    found = [voucher for voucher in theirs if voucher.last_four == last_four]
    living = [voucher for voucher in found if voucher.state not in _DEAD] or found
    if not living:
        raise InputError(
            f"This member has no voucher that ends in {last_four}. `dolibarr-loyalty voucher list --member` "
            "shows them."
        )
    if len(living) > 1:
        listed = ", ".join(voucher.id for voucher in living)
        raise InputError(
            f"{len(living)} vouchers of this member end in {last_four}. Give one's id: {listed}."
        )
    return living[0]


def _needed(reason: str) -> str:
    if not reason.strip():
        raise InputError("This needs a reason: it stands in the voucher's history.")
    return reason.strip()


def _worth(setup: Setup, voucher: Voucher) -> str:
    if voucher.remaining:
        return setup.words.money(voucher.remaining, voucher.currency)
    return value_of(setup.words, voucher)


def _would_cancel(loyalty: Loyalty, voucher: Voucher) -> tuple[Voucher, int]:
    voucher = usage.look_at(loyalty, voucher.id)
    if voucher.state not in (*voiding.CANCELLABLE, VoucherState.CANCELLED):
        raise VoucherNotUsable(masked(voucher.last_four), f"it is {voucher.state.replace('_', ' ')}.")
    with loyalty.database.reading() as tx:
        return voucher, voiding.points_left(tx, voucher)


def _would_replace(loyalty: Loyalty, voucher: Voucher) -> Voucher:
    voucher = usage.look_at(loyalty, voucher.id)
    with loyalty.database.reading() as tx:
        ended = is_over(tx, loyalty, voucher)
    if voucher.state not in {*voiding.USABLE, VoucherState.PENDING, VoucherState.REPLACING}:
        raise VoucherNotUsable(masked(voucher.last_four), f"it is {voucher.state.replace('_', ' ')}.")
    if ended:
        raise VoucherNotUsable(masked(voucher.last_four), f"it was valid until {voucher.valid_until}.")
    return voucher


def _cancelled(loyalty: Loyalty, voucher: Voucher, reason: str) -> tuple[Voucher, int]:
    """Cancel; where Dolibarr fails half-way, say that the voucher is blocked and the rest follows."""
    try:
        after = voiding.cancel(loyalty, voucher.id, reason=reason, who=who())
    except OutsideFailure:
        _tell_what_follows(loyalty, voucher, VoucherState.CANCELLING, "then the points behind it return.")
        raise
    with loyalty.database.reading() as tx:
        return after, voiding.points_returned(tx, after)


def _replaced(loyalty: Loyalty, voucher: Voucher, reason: str) -> Voucher:
    try:
        return replacing.replace(loyalty, voucher.id, reason=reason, who=who())
    except OutsideFailure:
        _tell_what_follows(
            loyalty,
            voucher,
            VoucherState.REPLACING,
            "then the new one is mailed, and the same command shows its code.",
        )
        raise


def _tell_what_follows(loyalty: Loyalty, voucher: Voucher, state: VoucherState, then: str) -> None:
    with loyalty.database.reading() as tx:
        now = table.by_id(tx, voucher.id)
    if now is not None and now.state is state:
        tell(
            f"{masked(voucher.last_four)} can no longer be used. The rest follows with "
            f"`dolibarr-loyalty run` or `deliver`; {then}"
        )
