"""Why an invoice earned what it earned."""

import json
from collections.abc import Sequence
from typing import Any

import typer

from dolibarr_loyalty.cli.options import Invoice, Json
from dolibarr_loyalty.cli.output import say, show_facts, show_json, show_table
from dolibarr_loyalty.cli.setup import Setup, setup_of
from dolibarr_loyalty.cli.telling import entry_row, reasons_in_words
from dolibarr_loyalty.core.ledger import Cause, Entry
from dolibarr_loyalty.core.sale import State
from dolibarr_loyalty.errors import UnknownInvoice
from dolibarr_loyalty.messages import entry_kind, explain
from dolibarr_loyalty.store import documents, ledger, members
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.documents import Document


def register(app: typer.Typer) -> None:
    """Add the command."""
    group = typer.Typer(help="Why a number is what it is.", no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_explain)
    group.command("invoice")(explain_invoice)
    app.add_typer(group, name="explain")


def _explain() -> None:
    """Why a number is what it is."""


def explain_invoice(ctx: typer.Context, invoice: Invoice, as_json: Json = False) -> None:
    """Explain in words what an invoice earned, and why.

    \b
    Example:
      dolibarr-loyalty explain invoice FA2611-0042
    """
    setup = setup_of(ctx)
    with setup.loyalty.database.reading() as tx:
        asked = the_document(tx, invoice)
        root = asked if asked.is_root else documents.load(tx, [asked.root_id]).get(asked.root_id, asked)
        entries = ledger.of_cause(tx, Cause("invoice", str(root.sale.id)))
        customer = members.load(tx, [root.sale.thirdparty_id]).get(root.sale.thirdparty_id)
        family = documents.families(tx, [root.sale.id]).get(root.sale.id, [])
    name = customer.member.name if customer else ""
    if as_json:
        show_json(_as_json(setup, asked, root, name, family, entries))
    else:
        _show(setup, asked, root, name, entries)


def the_document(tx: Tx, text: str) -> Document:
    """The document of a ref or id as last seen; one that still exists before one that was deleted."""
    found = documents.by_ref(tx, text)
    if not found and text.strip().isdecimal() and len(text.strip()) < 19:
        found = list(documents.load(tx, [int(text)]).values())
    if not found:
        raise UnknownInvoice(text)
    return max(found, key=lambda document: (document.sale.state is not State.DELETED, document.sale.id))


def _as_json(
    setup: Setup,
    asked: Document,
    root: Document,
    name: str,
    family: Sequence[Document],
    entries: Sequence[Entry],
) -> dict[str, Any]:
    sale = root.sale
    return {
        "invoice": {
            "id": sale.id,
            "ref": sale.ref,
            "kind": str(sale.kind),
            "state": str(sale.state),
            "issued_on": sale.issued_on,
            "occurred_at": sale.occurred_at,
            "gross": sale.gross,
            "net": sale.net,
            "remaining": sale.remaining,
            "voucher_paid": sale.voucher_paid,
            "currency": sale.currency,
        },
        "asked_for": {"id": asked.sale.id, "ref": asked.sale.ref, "kind": str(asked.sale.kind)},
        "credit_notes": [
            {
                "id": each.sale.id,
                "ref": each.sale.ref,
                "state": str(each.sale.state),
                "gross": each.sale.gross,
            }
            for each in family
            if each.sale.id != sale.id
        ],
        "thirdparty_id": sale.thirdparty_id,
        "customer": name,
        "held_by": root.granted_to,
        "program_version": root.program_hash,
        "program_is_current": root.program_hash == setup.loyalty.program_hash,
        "points": root.granted,
        "reasons": reasons_in_words(setup.words, root.reasons),
        "entries": [{"account": entry.account_id, **entry_row(setup.words, entry)} for entry in entries],
    }


def _show(setup: Setup, asked: Document, root: Document, name: str, entries: Sequence[Entry]) -> None:
    words, sale = setup.words, root.sale
    if asked.sale.id != sale.id:
        say(f"{asked.sale.ref} belongs to {sale.ref} and is counted there.\n")
    current = root.program_hash == setup.loyalty.program_hash
    show_facts(
        [
            ("Customer", f"{name} ({sale.thirdparty_id})"),
            ("Day", words.day(sale.issued_on)),
            ("Amount", words.money(sale.gross, sale.currency)),
            ("State", f"{sale.kind.replace('_', ' ')}, {sale.state}"),
            ("Program", f"{'the one in force' if current else 'an earlier one'} ({root.program_hash[:12]})"),
            ("Earns", words.points(root.granted)),
        ],
        title=f"Invoice {sale.ref} (id {sale.id})",
    )
    say()
    for reason in json.loads(root.reasons):
        say(f"  {explain(reason, words)}")
    if not entries:
        say("\nNothing was booked for it.")
        return
    show_table(
        ("Booked", "What", ">Points", ">Balance after", "Account"),
        [
            (
                words.short_day(entry.booked_at),
                entry_kind(str(entry.kind), words),
                f"{entry.points:+d}",
                entry.balance_after,
                entry.account_id,
            )
            for entry in entries
        ],
    )
