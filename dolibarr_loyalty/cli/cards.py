"""Stamp cards: how far a member is, and how the cards stand over all members."""

from typing import Any

import typer

from dolibarr_loyalty.cli.options import Json, Member
from dolibarr_loyalty.cli.output import say, show_json, show_table
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.setup import Setup, setup_of
from dolibarr_loyalty.flows.cards import CardShown, shown, totals

MOST_DOTS = 30


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Stamp cards.", no_args_is_help=True, rich_markup_mode=None)
    group.command("show")(show)
    group.command("list")(list_cards)
    app.add_typer(group, name="card")


def show(ctx: typer.Context, member: Member, as_json: Json = False) -> None:
    """Show how far a member's stamp cards are.

    \b
    Example:
      dolibarr-loyalty card show claire@example.com
    """
    setup = setup_of(ctx)
    with setup.loyalty.database.reading() as tx:
        known = the_member(tx, member)
        cards = shown(tx, setup.loyalty, known.member.thirdparty_id)
    if as_json:
        rows = [_row(setup, card) for card in cards]
        show_json({"thirdparty_id": known.member.thirdparty_id, "cards": rows})
        return
    for each in cards:
        say(f"{known.member.name}: {each.name(setup.words.language)}, {_in_words(setup, each)}")
    if not cards:
        say("The program has no stamp cards.")


def _in_words(setup: Setup, shown: CardShown) -> str:
    """7 of 10 ●●●●●●●○○○, and what else there is to say."""
    size = shown.card.size
    dots = f" {'●' * shown.stamps}{'○' * (size - shown.stamps)}" if size <= MOST_DOTS else ""
    full = f"; full cards waiting: {shown.full}" if shown.full else ""
    owed = f"; owed: {setup.words.units(shown.owed, shown.card.unit)}" if shown.owed else ""
    return f"{shown.stamps} of {size}{dots}{full}{owed}"


def _row(setup: Setup, shown: CardShown) -> dict[str, Any]:
    return {
        "card": shown.card.id,
        "name": shown.name(setup.words.language),
        "stamps": shown.stamps,
        "size": shown.card.size,
        "full": shown.full,
        "owed": shown.owed,
        "reward": shown.card.reward,
    }


def list_cards(ctx: typer.Context, as_json: Json = False) -> None:
    """List the stamp cards with their stamps and vouchers.

    \b
    Example:
      dolibarr-loyalty card list
    """
    setup = setup_of(ctx)
    words = setup.words
    with setup.loyalty.database.reading() as tx:
        found = totals(tx, setup.loyalty)
    if as_json:
        show_json(
            [
                {
                    "card": each.card.id,
                    "name": each.name(words.language),
                    "size": each.card.size,
                    "members": each.members,
                    "stamps": each.stamps,
                    "owed": each.owed,
                    "full": each.full,
                    "vouchers": each.vouchers,
                }
                for each in found
            ]
        )
        return
    show_table(
        ("Card", "Name", ">Size", ">Members", ">Stamps", ">Full, waiting", ">Vouchers"),
        [
            (
                each.card.id,
                each.name(words.language),
                *(
                    words.number(number)
                    for number in (each.card.size, each.members, each.stamps, each.full, each.vouchers)
                ),
            )
            for each in found
        ],
    )
    if not found:
        say("The program has no stamp cards.")
