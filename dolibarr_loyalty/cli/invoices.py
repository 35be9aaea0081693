"""Why an invoice earned what it earned."""

import json
from collections.abc import Sequence
from typing import Any

import typer

from dolibarr_loyalty.cli.options import Invoice, Json
from dolibarr_loyalty.cli.output import say, show_facts, show_json, show_table
from dolibarr_loyalty.cli.setup import Setup, setup_of
from dolibarr_loyalty.cli.telling import entry_row, reasons_in_words
from dolibarr_loyalty.core.eligibility import Standing
from dolibarr_loyalty.core.ledger import Cause, Entry
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.sale import State
from dolibarr_loyalty.core.terms import name_in
from dolibarr_loyalty.errors import UnknownInvoice
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages import entry_kind, explain
from dolibarr_loyalty.store import bearings, documents, ledger, members, outcomes
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.documents import Document
from dolibarr_loyalty.store.outcomes import Outcome


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
        outcome = outcomes.load(tx, [root.sale.id]).get(root.sale.id)
        names = _names(bearings.program_of(tx, root.program_hash), setup.words.language)
    name = customer.member.name if customer else ""
    if as_json:
        show_json({**_as_json(setup, asked, root, name, family, entries), **_led_to(outcome)})
    else:
        _show(setup, asked, root, name, entries, outcome, names)


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


def _names(program: Program, language: str) -> dict[str, str]:
    """What the owner calls the tiers, clubs, groups and rules of a program, by id."""
    names = [(tier.id, tier.names) for group in program.tier_groups for tier in group.tiers]
    names += [(club.id, club.names) for club in program.clubs]
    names += [(segment.id, segment.names) for segment in program.segments]
    names += [(rule.id, rule.names) for rule in program.rules]
    return {identifier: name_in(texts, language, identifier) for identifier, texts in names}


def _led_to(outcome: Outcome | None) -> dict[str, Any]:
    """What a document led to beside redeemable points, and what it was judged with."""
    if outcome is None:
        return {"grants": {}, "shares": {}, "judged_with": {}}
    standing = outcome.standing
    return {
        "grants": dict(outcome.grants),
        "shares": outcome.funded,
        "judged_with": {
            "tiers": sorted(standing.tiers),
            "clubs": sorted(standing.clubs),
            "segments": sorted(standing.segments),
            "purchases_before": standing.purchases,
            "days_since_the_last": standing.quiet_days,
        },
    }


def _shares(outcome: Outcome | None, names: dict[str, str], words: Words) -> str:
    """The points by the rules that gave them, where several did."""
    shares = outcome.funded if outcome else {}
    told = (
        f"{words.number(n)} {names.get(rule.removeprefix('tier:'), rule)}" for rule, n in shares.items() if n
    )
    return ", ".join(told) if len(shares) > 1 else ""


def _judged_with(outcome: Outcome | None, names: dict[str, str]) -> str:
    """Tiers, clubs and groups of members that held when the purchase was made."""
    standing = outcome.standing if outcome else Standing()
    held = sorted({*standing.tiers, *standing.clubs, *standing.segments})
    return ", ".join(names.get(each, each) for each in held)


def _show(
    setup: Setup,
    asked: Document,
    root: Document,
    name: str,
    entries: Sequence[Entry],
    outcome: Outcome | None,
    names: dict[str, str],
) -> None:
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
            ("Judged with", _judged_with(outcome, names)),
            ("Earns", words.points(root.granted)),
            ("  of which", _shares(outcome, names, words)),
            (
                "Also",
                ", ".join(words.units(n, unit) for unit, n in (outcome.grants if outcome else {}).items()),
            ),
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
