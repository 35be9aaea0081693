"""How the program stands, whether the books are right, and whether Dolibarr agrees with them."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli.accounts import show_accounts
from dolibarr_loyalty.cli.options import DryRun, Json
from dolibarr_loyalty.cli.output import progress_bar, say, show_facts, show_json, show_table
from dolibarr_loyalty.cli.setup import Setup, setup_of
from dolibarr_loyalty.core.money import round_amount
from dolibarr_loyalty.core.wallets import value_of
from dolibarr_loyalty.flows.document_proofs import Deviation
from dolibarr_loyalty.flows.reconcile import Reconciliation
from dolibarr_loyalty.flows.reconcile import reconcile as compare
from dolibarr_loyalty.flows.verify import verify as prove
from dolibarr_loyalty.messages import voucher_state
from dolibarr_loyalty.reports.status import Status
from dolibarr_loyalty.reports.status import status as look


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(status)
    app.command()(verify)
    app.command()(reconcile)


def status(ctx: typer.Context, as_json: Json = False) -> None:
    """Show members, points, vouchers and waiting work.

    \b
    Example:
      dolibarr-loyalty status --json
    """
    setup = setup_of(ctx)
    found = look(setup.loyalty.database, setup.loyalty.now(), unit=setup.loyalty.unit)
    if as_json:
        show_json(found.as_json())
    else:
        _show_status(setup, found)


def _show_status(setup: Setup, found: Status) -> None:
    words, program = setup.words, setup.config.program
    worth = round_amount(found.outstanding * value_of(program, setup.loyalty.unit), program.currency)
    show_facts(
        [
            ("Members", words.number(found.members)),
            ("Points earned", words.number(found.issued)),
            ("  taken back with refunds", words.number(found.reversed)),
            ("  given or taken by hand", words.number(found.adjusted) if found.adjusted else ""),
            ("  redeemed for rewards", words.number(found.redeemed)),
            ("  expired", words.number(found.expired)),
            ("Points members hold", f"{words.number(found.outstanding)}, worth {words.money(worth)}"),
            ("  not available yet", words.number(found.pending) if found.pending else ""),
            ("Points members owe", words.number(found.debt) if found.debt else ""),
            ("Invoices looked at", words.number(found.documents)),
        ],
        title=program.name,
    )
    if found.vouchers:
        show_table(
            ("Vouchers", ">Number", ">Issued for", ">Still open"),
            [
                (
                    voucher_state(each.state, words),
                    words.number(each.count),
                    words.money(each.value, each.currency),
                    words.money(each.remaining, each.currency),
                )
                for each in found.vouchers
            ],
        )
    for name, counted, failed in (
        ("To be written into Dolibarr or mailed", found.outbox, "outbox list"),
        ("Hints from Dolibarr to follow", found.inbox, "doctor"),
    ):
        _show_waiting(name, dict(counted), failed)
    if found.alarms:
        say(f"Alarms: {found.alarms}; look with `dolibarr-loyalty alarms list`.")


def _show_waiting(name: str, counted: dict[str, int], look_with: str) -> None:
    waiting, failed = counted.get("pending", 0) + counted.get("working", 0), counted.get("failed", 0)
    if waiting:
        say(f"{name}: {waiting}; `dolibarr-loyalty run` does it.")
    if failed:
        say(f"{name}: {failed} failed; look with `dolibarr-loyalty {look_with}`.")


def verify(ctx: typer.Context, as_json: Json = False) -> None:
    """Recompute all points and name what deviates.

    \b
    Example:
      dolibarr-loyalty verify
    """
    setup = setup_of(ctx)
    proof = prove(setup.loyalty)
    if as_json:
        show_json(
            {
                "entries": proof.entries,
                "accounts": proof.accounts,
                "documents": proof.documents,
                "vouchers": proof.vouchers,
                "deviations": _listed(proof.deviations),
            }
        )
    else:
        words = setup.words
        say(
            f"Recomputed {words.number(proof.entries)} entries of {words.number(proof.accounts)} accounts, "
            f"{words.number(proof.documents)} documents, {words.number(proof.vouchers)} vouchers."
        )
        _show_deviations(proof.deviations)
    if proof.deviations:
        raise typer.Exit(1)


def reconcile(
    ctx: typer.Context,
    mend: Annotated[
        bool, typer.Option("--mend", help="Book what staff did, and write wrong fields again.")
    ] = False,
    accounts: Annotated[
        bool,
        typer.Option(
            "--accounts", help="Prove every voucher to the cent: register, journal, credits, documents."
        ),
    ] = False,
    month: Annotated[
        str | None,
        typer.Option("--month", metavar="YYYY-MM", help="With --accounts: what moved in this month."),
    ] = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Compare vouchers and points with Dolibarr.

    \b
    Example:
      dolibarr-loyalty reconcile --mend --dry-run
      dolibarr-loyalty reconcile --accounts --month 2026-03
    """
    setup = setup_of(ctx)
    if accounts or month:
        show_accounts(setup, month, as_json=as_json)
        return
    with progress_bar() as progress:
        if dry_run:
            with setup.untouched() as loyalty:
                found = compare(loyalty, mend=mend, progress=progress)
        else:
            found = compare(setup.loyalty, mend=mend, progress=progress)
    if as_json:
        show_json(
            {
                "dry_run": dry_run,
                "vouchers": found.vouchers,
                "members": found.members,
                "mended": found.mended,
                "deviations": _listed(found.deviations),
            }
        )
    else:
        _show_reconciliation(found, mend=mend, dry_run=dry_run)
    left = len(found.deviations) - (0 if dry_run else found.mended)
    if left > 0:
        raise typer.Exit(1)


def _show_reconciliation(found: Reconciliation, *, mend: bool, dry_run: bool) -> None:
    say(f"Compared {found.vouchers} vouchers and {found.members} members with Dolibarr.")
    _show_deviations(found.deviations)
    if mend and found.deviations:
        verb = "would be mended" if dry_run else "mended; fields are written by `deliver` or `run`"
        say(f"{found.mended} of {len(found.deviations)} {verb}.")
    elif found.deviations:
        say("`dolibarr-loyalty reconcile --mend` mends what can be mended.")


def _show_deviations(deviations: Sequence[Deviation]) -> None:
    for deviation in deviations:
        say(f"✗ {deviation}")
    if not deviations:
        say("✓ Everything agrees.")


def _listed(deviations: Sequence[Deviation]) -> list[dict[str, Any]]:
    return [
        {"what": each.what, "where": each.where, "expected": each.expected, "found": each.found}
        for each in deviations
    ]
