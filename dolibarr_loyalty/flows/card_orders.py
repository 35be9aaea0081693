"""Staff sells gift cards from here: the invoice is made in Dolibarr, its cards are issued once it is paid."""

from decimal import Decimal

from dolibarr_loyalty.connectors.protocol import Draft, DraftLine, Product
from dolibarr_loyalty.core.gift_cards import GiftCard
from dolibarr_loyalty.core.money import round_amount
from dolibarr_loyalty.core.sale import ZERO, Sale, State
from dolibarr_loyalty.errors import InputError, TemporaryFailure
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.credit_documents import checked, read_back
from dolibarr_loyalty.flows.intake import take_in
from dolibarr_loyalty.flows.leases import holding

LONGEST_KEY = 64
MOST_CARDS = 100


def order_cards(
    loyalty: Loyalty,
    thirdparty_id: int,
    card_id: str,
    *,
    amount: Decimal | None = None,
    quantity: int = 1,
    product_ref: str = "",
    request_key: str,
) -> Sale:
    """The validated invoice over gift cards, to be paid by the customer; the same `request_key`, the same invoice.

    A deposit invoice where that is the card's way, an ordinary one at 0 % otherwise. `amount` is the gross price
    of one card, without it that of the product in Dolibarr. Its ref_ext is none of our own documents': it is
    a sale like any other. Raises InputError for what cannot be sold, and the connector's failures.
    """
    if len(request_key) > LONGEST_KEY:
        raise InputError(f"A key has at most {LONGEST_KEY} signs; this one has {len(request_key)}.")
    draft = _draft(
        loyalty, thirdparty_id, card_id, amount, quantity, product_ref, f"loyalty-card:{request_key}"
    )
    with holding(loyalty, f"invoice:order:{request_key}"):
        sale = checked(loyalty, _find_or_post(loyalty, draft), draft.gross)
        if sale.state is State.DRAFT:
            loyalty.books.validate(sale.id)
            sale = read_back(loyalty, sale.id)
    take_in(loyalty, [sale])
    return sale


def price_of_order(
    loyalty: Loyalty,
    thirdparty_id: int,
    card_id: str,
    *,
    amount: Decimal | None = None,
    quantity: int = 1,
    product_ref: str = "",
) -> Decimal:
    """What the invoice of `order_cards` would come to; raises as that does, and makes nothing."""
    return _draft(loyalty, thirdparty_id, card_id, amount, quantity, product_ref, "").gross


def _the_card(loyalty: Loyalty, card_id: str) -> GiftCard:
    card = loyalty.program.gift_card(card_id)
    if card is None:
        known = ", ".join(each.id for each in loyalty.program.gift_cards) or "none"
        raise InputError(f"The program has no gift card {card_id!r}. It has: {known}.")
    return card


def _the_product(loyalty: Loyalty, card: GiftCard, wanted: str) -> Product:
    """The product a card is sold by; a product that is only named by its tag must be given."""
    refs = (wanted,) if wanted else card.refs
    if not refs:
        raise InputError(
            f"Gift card {card.id} is known by a tag only. Say with --product which product is sold."
        )
    for ref in refs:
        product = loyalty.books.product(ref)
        if product is not None:
            return product
    raise InputError(
        f"Dolibarr has no product {' or '.join(refs)}. Make it there, at 0 % VAT, to sell this card."
    )


def _draft(
    loyalty: Loyalty,
    thirdparty_id: int,
    card_id: str,
    amount: Decimal | None,
    quantity: int,
    product_ref: str,
    ref_ext: str,
) -> Draft:
    card = _the_card(loyalty, card_id)
    if not 0 < quantity <= MOST_CARDS:
        raise InputError(f"From 1 to {MOST_CARDS} cards can be sold at once, not {quantity}.")
    product = _the_product(loyalty, card, product_ref)
    price = round_amount(product.price if amount is None else amount, loyalty.program.currency)
    if price <= ZERO:
        raise InputError(f"{product.ref} has no price in Dolibarr. Say with --amount what the card is worth.")
    if loyalty.books.member(thirdparty_id) is None:
        raise InputError(f"Dolibarr has no customer {thirdparty_id}.")
    line = DraftLine(
        label=product.label or card.name(loyalty.screens.language),
        net_price=price,
        vat_rate=ZERO,
        quantity=quantity,
        product_id=product.id,
    )
    return Draft(
        thirdparty_id=thirdparty_id,
        kind="deposit" if card.way == "deposit" else "standard",
        issued_on=loyalty.today(),
        ref_ext=ref_ext,
        ref_client="",
        note="",
        lines=(line,),
        gross=price * quantity,
        options={},
    )


def _find_or_post(loyalty: Loyalty, draft: Draft) -> Sale:
    """The one document of this ref_ext, looked up before and after (facts trap 6)."""
    found = loyalty.books.find(draft.ref_ext)
    if not found:
        loyalty.books.create(draft)
        found = loyalty.books.find(draft.ref_ext)
    if not found:
        raise TemporaryFailure(
            f"Dolibarr took the document {draft.ref_ext} and does not list it yet; give the command again.",
            unclear=True,
        )
    return found[0]
