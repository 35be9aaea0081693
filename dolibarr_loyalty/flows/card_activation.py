"""A printed gift card activated for the sale that sold it, so that the sale issues one card less.

Where the sale had issued a card by itself already, the printed one takes its place: two cards are never owed for
one payment.
"""

from dataclasses import replace

from dolibarr_loyalty.core.card_sales import Unit, is_mixed_deposit, units_sold
from dolibarr_loyalty.core.sale import ZERO, Kind, Sale, State
from dolibarr_loyalty.core.voucher_moves import MoveKind
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, masked
from dolibarr_loyalty.errors import UnknownVoucher, VoucherNotUsable
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.credit_documents import taken
from dolibarr_loyalty.flows.credits import read_back
from dolibarr_loyalty.flows.leases import holding
from dolibarr_loyalty.flows.print_runs import activate_in
from dolibarr_loyalty.flows.usage import find_invoice
from dolibarr_loyalty.store import vouchers
from dolibarr_loyalty.store.database import Tx


def activate_for_sale(loyalty: Loyalty, voucher_id: str, invoice: str, *, why: str, who: str) -> Voucher:
    """`print_runs.activate` for a unit of a paid sale; again it changes nothing.

    Raises UnknownInvoice, and VoucherNotUsable for a sale that is not paid or sold other cards, where all of
    its cards were handed out, or the card was activated otherwise.
    """
    found = find_invoice(loyalty, invoice)
    with holding(loyalty, f"invoice:cards:{found.id}"):
        sale = read_back(loyalty, found.id)
        taken_over = _to_replace(loyalty, voucher_id, sale)
        if taken_over is None:
            return loyalty.database.decide(
                lambda tx: _activate(tx, loyalty, voucher_id, sale, None, why, who)
            )
        with holding(loyalty, taken_over):
            return loyalty.database.decide(
                lambda tx: _activate(tx, loyalty, voucher_id, sale, taken_over, why, who)
            )


def _to_replace(loyalty: Loyalty, voucher_id: str, sale: Sale) -> str | None:
    """The card the sale issued that gives way; None where a unit has no card yet, or nothing is to be done."""
    with loyalty.database.reading() as tx:
        card = _card(tx, voucher_id)
        if _is_done(card, sale):
            return None
        for unit in _units(loyalty, card, sale):
            before = vouchers.by_sale_key(tx, unit.key)
            if before is None:
                return None
            if _gives_way(before):
                return before.id
    raise VoucherNotUsable(
        masked(card.last_four),
        f"the gift cards of {sale.ref} over {card.value} {card.currency} were all handed out already.",
    )


def _activate(
    tx: Tx, loyalty: Loyalty, voucher_id: str, sale: Sale, taken_over: str | None, why: str, who: str
) -> Voucher:
    card = _card(tx, voucher_id)
    if _is_done(card, sale):
        return card
    units = {unit.key: unit for unit in _units(loyalty, card, sale)}
    if taken_over is None:
        free = next(unit for key, unit in units.items() if vouchers.by_sale_key(tx, key) is None)
        _bind(tx, card, sale, free, key=free.key)
        activate_in(tx, loyalty, voucher_id, why=why, who=who)
    else:
        before = _card(tx, taken_over)
        if not _gives_way(before):
            raise VoucherNotUsable(masked(before.last_four), f"it is {before.state} in this very moment.")
        _bind(tx, card, sale, units[before.sale_key], replaces=before.id)
        _give_way(tx, loyalty, before, card, who)
        activate_in(tx, loyalty, voucher_id, why=why, who=who, kind=MoveKind.REPLACEMENT)
    return _card(tx, voucher_id)


def _give_way(tx: Tx, loyalty: Loyalty, before: Voucher, card: Voucher, who: str) -> None:
    """The card that the sale had issued is dead; what was on it is on the printed one."""
    now, told = loyalty.now(), f"…{card.last_four}"
    going = vouchers.change(
        tx, before, step="replacing", at=now, who=who, note=told, state=VoucherState.REPLACING
    )
    off = [replace(move, who=who) for move in taken(loyalty, going, MoveKind.REPLACED, going.remaining)]
    vouchers.change(
        tx,
        going,
        step="replaced",
        at=now,
        who=who,
        note=told,
        booked=off,
        state=VoucherState.REPLACED,
        remaining=ZERO,
    )


def _bind(tx: Tx, card: Voucher, sale: Sale, unit: Unit, *, key: str = "", replaces: str = "") -> None:
    tx.run(
        "bind_card_to_sale",
        voucher_id=card.id,
        sale_id=sale.id,
        sale_key=key or None,
        replaces=replaces or None,
    )
    tx.run("name_product_of_card", voucher_id=card.id, product=unit.product)


def _card(tx: Tx, voucher_id: str) -> Voucher:
    card = vouchers.by_id(tx, voucher_id)
    if card is None:
        raise UnknownVoucher()
    return card


def _is_done(card: Voucher, sale: Sale) -> bool:
    """It is activated for this sale. Raises VoucherNotUsable where it was activated for another, or for none."""
    if card.source != "printed" or card.accounting != "liability":
        raise VoucherNotUsable(masked(card.last_four), "only printed gift cards are activated.")
    if card.state is VoucherState.PENDING:
        return False
    if card.sale_id != sale.id:
        raise VoucherNotUsable(masked(card.last_four), "it was activated before, and not for this sale.")
    return True


def _units(loyalty: Loyalty, card: Voucher, sale: Sale) -> list[Unit]:
    """The units of the sale that this card can be. Raises VoucherNotUsable."""
    if sale.state is not State.PAID:
        raise VoucherNotUsable(
            masked(card.last_four), f"{sale.ref} is not paid. A card is activated once its sale is."
        )
    cards = loyalty.program.gift_cards
    sold = () if sale.kind is Kind.DEPOSIT or is_mixed_deposit(cards, sale) else units_sold(cards, sale)
    found = [
        unit
        for unit in sold
        if unit.card.id == card.reward_id and unit.card.way == "liability" and unit.value == card.value
    ]
    if not found:
        raise VoucherNotUsable(
            masked(card.last_four),
            f"{sale.ref} sold no gift card {card.reward_id} over {card.value} {card.currency}.",
        )
    return found


def _gives_way(card: Voucher) -> bool:
    return card.source == "sold" and card.state is VoucherState.ACTIVE and card.remaining == card.value
