"""What `reconcile --accounts` shows: the sums of register, journal and Dolibarr, a month's movements, deviations."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import typer

from dolibarr_loyalty.cli.output import progress_bar, say, show_json, show_table
from dolibarr_loyalty.cli.setup import Setup
from dolibarr_loyalty.core.voucher_moves import MoveKind
from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.flows.account_proofs import AccountProof, Movement, prove_accounts

MOVED = {
    MoveKind.ISSUED: "issued",
    MoveKind.REPLACEMENT: "issued for lost ones",
    MoveKind.CORRECTED: "corrected",
    MoveKind.USED: "used",
    MoveKind.RETURNED: "returned",
    MoveKind.EXPIRED: "expired",
    MoveKind.CANCELLED: "cancelled",
    MoveKind.WRITTEN_OFF: "written off",
    MoveKind.REPLACED: "lost and replaced",
}


def show_accounts(setup: Setup, month: str | None, *, as_json: bool) -> None:
    """Prove the accounts and show it; exit code 1 where something differs."""
    with progress_bar() as progress:
        proof = prove_accounts(setup.loyalty, month=month_of(month), progress=progress)
    if as_json:
        show_json(_as_json(proof, month))
    else:
        _show(setup, proof, month)
    if proof.deviations:
        raise typer.Exit(1)


def month_of(text: str | None) -> date | None:
    """The first day of a month written as 2026-03. Raises InputError."""
    if text is None:
        return None
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise InputError(f"{text!r} is not a month. Write it as 2026-03.") from None


def _show(setup: Setup, proof: AccountProof, month: str | None) -> None:
    words = setup.words
    say(
        f"Compared {words.number(proof.vouchers)} vouchers and {words.number(proof.documents)} of their documents "
        f"with Dolibarr{f', those that moved in {month}' if month else ''}."
    )
    show_table(
        ("", ">Loyalty", ">Dolibarr"),
        [
            (f"{what}, {currency}", words.money(ours, currency), words.money(theirs, currency))
            for currency, each in sorted(proof.sums.items())
            for what, ours, theirs in (
                ("Free credit", each.credited, each.free),
                ("Used on invoices", each.used, each.paid),
            )
        ],
    )
    show_table(
        ("Vouchers", ">Amount"),
        [
            (f"{what}, {each.currency}", words.money(amount, each.currency))
            for each in proof.movements
            for what, amount in _lines(each)
        ],
    )
    waiting = sum(each.on_the_way for each in proof.sums.values())
    if waiting:
        say(f"{words.number(waiting)} vouchers are on their way; `dolibarr-loyalty run` carries them on.")
    for deviation in proof.deviations:
        say(f"✗ {deviation}")
    if not proof.deviations:
        say("✓ Register, journal and Dolibarr are equal to the cent.")


def _lines(movement: Movement) -> Iterator[tuple[str, Decimal]]:
    yield "opening", movement.opening
    for kind, name in MOVED.items():
        if kind in movement.moved:
            yield name, movement.moved[kind]
    yield "closing", movement.closing


def _as_json(proof: AccountProof, month: str | None) -> dict[str, Any]:
    return {
        "month": month,
        "vouchers": proof.vouchers,
        "documents": proof.documents,
        "sums": {currency: vars(each) for currency, each in sorted(proof.sums.items())},
        "movements": [
            {
                "currency": each.currency,
                "opening": each.opening,
                "moved": {str(kind): amount for kind, amount in each.moved.items()},
                "closing": each.closing,
            }
            for each in proof.movements
        ],
        "deviations": [
            {"what": each.what, "where": each.where, "expected": each.expected, "found": each.found}
            for each in proof.deviations
        ],
    }
