"""Gift cards that are sold: what is out, selling one, printing those of a sale."""

import os
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from dolibarr_loyalty.cli.looking import look_up
from dolibarr_loyalty.cli.options import Code, DryRun, Invoice, Json, Key, Limit, Member, rows_wanted
from dolibarr_loyalty.cli.output import say, show_facts, show_json, show_table
from dolibarr_loyalty.cli.people import the_member
from dolibarr_loyalty.cli.setup import Setup, setup_of
from dolibarr_loyalty.cli.telling import a_voucher
from dolibarr_loyalty.core.sale import ZERO, Sale, State
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, masked
from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.flows.card_orders import order_cards, price_of_order
from dolibarr_loyalty.flows.delivery import deliver_now
from dolibarr_loyalty.flows.intake import take_in
from dolibarr_loyalty.flows.mails import pdf_for
from dolibarr_loyalty.flows.selling import cards_of_sale, want_cards
from dolibarr_loyalty.flows.usage import find_invoice
from dolibarr_loyalty.messages import voucher_filename, voucher_state
from dolibarr_loyalty.store import documents
from dolibarr_loyalty.store import vouchers as table
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id

PAGE = 500
CARD_STATES = ", ".join(VoucherState)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Gift cards: sell, print, look.", no_args_is_help=True, rich_markup_mode=None)
    group.command("list")(list_cards)
    group.command("show")(show)
    group.command("sell")(sell)
    group.command("issue")(issue)
    group.command("print")(print_cards)
    app.add_typer(group, name="giftcard")


# looking -------------------------------------------------------------------------------------------


def list_cards(
    ctx: typer.Context,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help=f"One of: {CARD_STATES}.")
    ] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """List the gift cards that were sold, their codes masked.

    \b
    Example:
      dolibarr-loyalty giftcard list --state active
    """
    if state is not None and state not in set(VoucherState):
        raise InputError(f"There is no state {state!r}. Choose one of: {CARD_STATES}.")
    setup = setup_of(ctx)
    with setup.loyalty.database.reading() as tx:
        found = _page(tx, state, rows_wanted(limit, as_json=as_json))
        sales = documents.load(tx, {card.sale_id or 0 for card in found})
    refs = {identifier: document.sale.ref for identifier, document in sales.items()}
    if as_json:
        show_json([_a_card(card, refs.get(card.sale_id or 0, "")) for card in found])
        return
    _table(setup, [(refs.get(card.sale_id or 0, ""), card) for card in found])


def show(ctx: typer.Context, code: Code, as_json: Json = False) -> None:
    """Show the gift card of a code: where it was sold, what is left of it.

    `voucher show` tells every movement of its money too.

    \b
    Example:
      dolibarr-loyalty giftcard show ABCDEF-GHJKMN-PQRSTV
    """
    setup = setup_of(ctx)
    card = look_up(setup, code)
    if card.accounting not in ("deposit", "liability"):
        raise InputError("This is the code of a voucher, not of a gift card. Look at it with `voucher show`.")
    with setup.loyalty.database.reading() as tx:
        sale = documents.load(tx, [card.sale_id or 0]).get(card.sale_id or 0)
    ref = sale.sale.ref if sale else ""
    if as_json:
        show_json(_a_card(card, ref))
        return
    words = setup.words
    kind = setup.loyalty.program.gift_card(card.reward_id)
    show_facts(
        [
            ("Card", kind.name(words.language) if kind else card.reward_id),
            ("Worth", words.money(card.value, card.currency)),
            ("Left", words.money(card.remaining, card.currency)),
            ("State", voucher_state(str(card.state), words)),
            ("Sold with", ref),
            ("Product", card.product),
            ("In the books", "deposit" if card.accounting == "deposit" else "liability"),
            ("Deposit", card.credit_note_ref),
            ("Good for", "whoever shows it" if card.bearer else f"customer {card.thirdparty_id} only"),
            ("Uses", "in parts" if card.several else "one"),
            ("Valid until", words.day(card.valid_until) if card.valid_until else "without end"),
        ],
        title=f"Gift card {masked(card.last_four)}",
    )


def _page(tx: Tx, state: str | None, wanted: int | None) -> list[Voucher]:
    found: list[Voucher] = []
    while wanted is None or len(found) < wanted:
        size = PAGE if wanted is None else min(PAGE, wanted - len(found))
        page = table.cards_page(tx, state, found[-1].id if found else "", size)
        found += page
        if len(page) < size:
            break
    return found


def _table(setup: Setup, rows: list[tuple[str, Voucher]]) -> None:
    words = setup.words
    show_table(
        ("Sold with", ">Customer", "Card", "Kind", "State", ">Value", ">Left", "Valid until"),
        [
            (
                ref,
                card.thirdparty_id or "",
                masked(card.last_four),
                card.reward_id,
                voucher_state(str(card.state), words),
                words.money(card.value, card.currency),
                words.money(card.remaining, card.currency),
                words.day(card.valid_until) if card.valid_until else "without end",
            )
            for ref, card in rows
        ],
    )
    if not rows:
        say("There are none.")


def _a_card(card: Voucher, ref: str) -> dict[str, Any]:
    """A card for scripts, without its code."""
    return {
        **a_voucher(card),
        "card": card.reward_id,
        "product": card.product,
        "way": card.accounting,
        "bearer": card.bearer,
        "several_uses": card.several,
        "sale_id": card.sale_id,
        "sale": ref or None,
    }


# selling -------------------------------------------------------------------------------------------


def sell(
    ctx: typer.Context,
    member: Member,
    card: Annotated[str, typer.Option("--card", metavar="ID", help="Which gift card of the program.")],
    amount: Annotated[
        str | None,
        typer.Option(
            "--amount", metavar="AMOUNT", help="What one card is worth. Default: the product's price."
        ),
    ] = None,
    quantity: Annotated[int, typer.Option("--quantity", metavar="N", help="How many cards.")] = 1,
    product: Annotated[
        str, typer.Option("--product", metavar="REF", help="The product, where the card has several.")
    ] = "",
    key: Key = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Make the invoice over gift cards; they are issued once it is paid.

    \b
    Example:
      dolibarr-loyalty giftcard sell claire@example.com --card gift --amount 50 --quantity 2
    """
    setup = setup_of(ctx)
    wanted = None if amount is None else _amount(amount)
    with setup.loyalty.database.reading() as tx:
        buyer = the_member(tx, member).member
    order: dict[str, Any] = {"amount": wanted, "quantity": quantity, "product_ref": product}
    if dry_run:
        price, sale = price_of_order(setup.loyalty, buyer.thirdparty_id, card, **order), None
    else:
        sale = order_cards(setup.loyalty, buyer.thirdparty_id, card, request_key=key or new_id(), **order)
        price = sale.gross
    if as_json:
        made = None if sale is None else {"id": sale.id, "ref": sale.ref, "state": str(sale.state)}
        show_json({"dry_run": dry_run, "amount": price, "quantity": quantity, "invoice": made})
        return
    money = setup.words.money(price, setup.loyalty.program.currency)
    if sale is None:
        say(f"An invoice of {money} over {quantity} gift card(s) would be made for {buyer.name}.")
        return
    say(f"Invoice {sale.ref} of {money} is made for {buyer.name}. Its gift cards are issued once it is paid.")


def issue(ctx: typer.Context, invoice: Invoice, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Issue the gift cards of a paid sale now; those it has are kept.

    For a sale that was paid before the program first saw it, which issues nothing by itself.

    \b
    Example:
      dolibarr-loyalty giftcard issue FA2611-0042
    """
    setup = setup_of(ctx)
    loyalty = setup.loyalty
    sale = find_invoice(loyalty, invoice)
    if sale.state is not State.PAID:
        raise InputError(f"{sale.ref} is not paid: gift cards are issued once they are.")
    units = want_cards(loyalty, sale)
    if not dry_run:
        take_in(loyalty, [sale])
        units = want_cards(loyalty, sale, now=True)
        deliver_now(loyalty, f"gift_cards:{sale.id}")
    _tell_issued(setup, sale, units, dry_run=dry_run, as_json=as_json)


def _tell_issued(setup: Setup, sale: Sale, units: int, *, dry_run: bool, as_json: bool) -> None:
    cards = cards_of_sale(setup.loyalty, sale.id)
    if as_json:
        told = [_a_card(card, sale.ref) for card in cards]
        show_json({"dry_run": dry_run, "sale": sale.ref, "to_issue": units, "cards": told})
        return
    if dry_run:
        say(f"{sale.ref} sold {units} gift card(s); {len(cards)} of them are out.")
        return
    _table(setup, [(sale.ref, card) for card in cards])


def print_cards(
    ctx: typer.Context,
    sale: Annotated[str, typer.Option("--sale", metavar="INVOICE", help="The sale's ref or id.")],
    folder: Annotated[
        Path, typer.Option("--folder", metavar="FOLDER", help="Where to write the pages.")
    ] = Path(),
) -> None:
    """Write the pages of a sale's gift cards, to be handed over.

    They bear the codes: whoever has them can pay.

    \b
    Example:
      dolibarr-loyalty giftcard print --sale TC1-2611-0006 --folder /tmp
    """
    setup = setup_of(ctx)
    document = find_invoice(setup.loyalty, sale)
    usable = (VoucherState.ACTIVE, VoucherState.PARTLY_USED, VoucherState.RESERVED)
    cards = [card for card in cards_of_sale(setup.loyalty, document.id) if card.state in usable]
    if not cards:
        raise InputError(
            f"{document.ref} has no gift card that can be used. Cards are issued when a sale is paid and "
            "`dolibarr-loyalty run` or `sync` and `deliver` have seen it."
        )
    for card in cards:
        printed = pdf_for(setup.loyalty, card.id)
        if printed is None:
            raise InputError("The card's customer is no longer in Dolibarr, so nothing can be printed.")
        target = folder / voucher_filename(setup.words, printed[1])
        _write(target, printed[2])
        say(f"Wrote {target}: {setup.words.money(card.remaining, card.currency)}, code {printed[1]}.")


def _write(target: Path, content: bytes) -> None:
    """Readable by its owner alone: what it bears is money."""
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror}.") from error


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = ZERO
    if not amount.is_finite() or amount <= 0:
        raise InputError(f"{text!r} is no amount. Write it like 12.50.")
    return amount
