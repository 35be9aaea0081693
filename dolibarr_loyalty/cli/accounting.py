"""Which accounting way suits which voucher in this shop: a proposal with its reasons, for the accountant to decide."""

from typing import Any

import typer

from dolibarr_loyalty.cli.options import Json
from dolibarr_loyalty.cli.output import say, show_facts, show_json
from dolibarr_loyalty.cli.setup import setup_of
from dolibarr_loyalty.core.validity_law import Term, proposed_term
from dolibarr_loyalty.core.voucher_law import Proposal, law_country, propose, rates_of
from dolibarr_loyalty.flows.vat_shares import rates_sold
from dolibarr_loyalty.locales import Words
from dolibarr_loyalty.messages.voucher_law import KINDS, PURPOSES, WAYS, term_told, told, with_source


def register(app: typer.Typer) -> None:
    """Add the command."""
    group = typer.Typer(help="How vouchers stand in the books.", no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_group)
    group.command("propose")(propose_ways)
    app.add_typer(group, name="accounting")


def _group() -> None:
    """How vouchers stand in the books."""


def propose_ways(ctx: typer.Context, as_json: Json = False) -> None:
    """Propose an accounting way for each kind of voucher, with reasons and sources.

    From the country of the shop, the VAT rates it really sold at, and the voucher being free or sold. It is no
    advice: the accountant decides.

    \b
    Example:
      dolibarr-loyalty accounting propose
    """
    setup = setup_of(ctx)
    loyalty = setup.loyalty
    country = law_country(loyalty.program)
    with loyalty.database.reading() as tx:
        proposals = propose(country, rates_of(rates_sold(tx)))
    words = setup.words
    if as_json:
        show_json([_as_json(each, proposed_term(country, each.kind), words) for each in proposals])
        return
    for each in proposals:
        _show(each, proposed_term(country, each.kind), words)
    say(words.gettext("This is no advice. Let your accountant decide, then set the ways in loyalty.toml."))


def _show(proposal: Proposal, term: Term, words: Words) -> None:
    say(words.gettext(KINDS[proposal.kind]))
    show_facts(
        [
            (words.gettext("Accounting way"), f"{proposal.way}: {words.gettext(WAYS[proposal.way])}"),
            (words.gettext("VAT"), words.gettext(PURPOSES[proposal.purpose])),
            (words.gettext("Also possible"), ", ".join(proposal.others)),
            (words.gettext("Validity"), _lasting(term, words)),
        ]
    )
    for reason in proposal.reasons:
        say(f"  - {with_source(reason.rule, words) if reason.rule else told(reason, words)}")
    say(f"  - {term_told(term, words)}")
    say()


def _lasting(term: Term, words: Words) -> str:
    """Its months, and to the end of what they are rounded up."""
    months = words.ngettext("%(months)s month", "%(months)s months", term.months, months=str(term.months))
    return months if term.round_up == "none" else f'{months}, round_up = "{term.round_up}"'


def _as_json(proposal: Proposal, term: Term, words: Words) -> dict[str, Any]:
    return {
        "kind": proposal.kind,
        "way": proposal.way,
        "others": proposal.others,
        "purpose": proposal.purpose,
        "vat_rate": proposal.vat_rate,
        "is_settled": proposal.is_settled,
        "valid_months": term.months,
        "round_up": term.round_up,
        "reasons": [
            {
                "text": told(reason, words),
                "is_verified": reason.is_verified,
                "sources": [
                    {"title": source.title, "url": source.url}
                    for source in (reason.rule.sources if reason.rule else ())
                ],
            }
            for reason in proposal.reasons
        ],
    }
