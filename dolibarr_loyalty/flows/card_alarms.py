"""What a person must look at about gift cards that were sold."""

from collections.abc import Mapping, Sequence
from typing import Any

from dolibarr_loyalty.core.card_sales import Plan, Return, odd_lines, overpaid_by_vouchers
from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.sale import Credit, Kind, Sale, State, total
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.flows.alarms import alarm
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import voucher_notes, vouchers
from dolibarr_loyalty.store.database import Tx

OUT = frozenset(
    {
        VoucherState.PENDING,
        VoucherState.ACTIVE,
        VoucherState.RESERVED,
        VoucherState.PARTLY_USED,
        VoucherState.USING,
    }
)
NO_LONGER_PAID = frozenset({State.DRAFT, State.VALIDATED, State.CLOSED})


def tell_of_sale(
    loyalty: Loyalty, sale: Sale, cards: Mapping[str, Voucher], wanted: Plan, unclear: Sequence[Return]
) -> None:
    """Everything odd about a sale of gift cards, each told once."""
    kinds = loyalty.program.gift_cards
    used = _paid_by_vouchers(loyalty, sale) if wanted.issue else None
    over = overpaid_by_vouchers(kinds, sale, used) if used else None
    is_sold = sale.state is State.PAID and sale.kind is not Kind.CREDIT_NOTE
    is_out = any(card.state in OUT for card in cards.values())

    def decision(tx: Tx) -> None:
        about: dict[str, Any] = {"voucher": None, "thirdparty_id": sale.thirdparty_id}
        for line in odd_lines(kinds, sale) if is_sold else ():
            told: dict[str, Any] = {
                "document": sale.ref,
                "product": line.product_ref,
                "quantity": plain(line.quantity),
            }
            alarm(tx, loyalty, "gift_card_odd", about=f"{sale.id}:{line.id}", **about, **told)
        for unit in wanted.issue:
            if unit.vat_rate:
                told = {"document": sale.ref, "product": unit.product}
                key = f"{sale.id}:{unit.line_id}"
                alarm(tx, loyalty, "gift_card_with_vat", about=key, **about, **told)
        if over:
            about_it = {**about, "document": sale.ref, "amount": over}
            alarm(tx, loyalty, "gift_card_paid_by_voucher", about=f"{sale.id}", **about_it)
        if is_out and sale.state in NO_LONGER_PAID and sale.kind is not Kind.CREDIT_NOTE:
            alarm(tx, loyalty, "gift_card_unpaid", about=f"{sale.id}", **about, document=sale.ref)
        for number, back in enumerate((*wanted.unclear, *unclear)):
            returned = {**about, "document": back.document, "product": back.product, "amount": back.value}
            key = f"{sale.id}:{back.document}:{number}"
            alarm(tx, loyalty, "gift_card_return_unclear", about=key, **returned)
        for key, back in wanted.spent:
            tell_of_spent(tx, loyalty, sale, cards[key], back)

    loyalty.database.decide(decision)


def tell_of_spent(tx: Tx, loyalty: Loyalty, sale: Sale, card: Voucher, back: Return) -> None:
    """A card came back although all or a part of it had been used."""
    gone = card.value - card.remaining
    alarm(
        tx,
        loyalty,
        "gift_card_refunded_used",
        voucher=card,
        about=card.id,
        thirdparty_id=sale.thirdparty_id,
        invoice=sale.ref,
        document=back.document,
        amount=gone,
    )


def _paid_by_vouchers(loyalty: Loyalty, sale: Sale) -> Any:
    """What vouchers and gift cards of this program have paid on a sale, as payments and as lines."""
    credits = loyalty.books.credits_used(sale.id) if sale.paid_credits or sale.paid_deposits else ()
    lines = [line for line in sale.lines if line.credit in (Credit.CREDIT_NOTE, Credit.DEPOSIT)]
    rows = loyalty.books.credits(sale.thirdparty_id) if lines else ()
    notes = {row.id: row.credit_note_id or 0 for row in rows}
    with loyalty.database.reading() as tx:
        ours = vouchers.by_note_refs(tx, [credit.ref for credit in credits])
        mine = voucher_notes.voucher_ids(tx, notes.values())
    as_payments = total(credit.amount for credit in credits if credit.ref in ours)
    as_lines = -total(line.gross for line in lines if notes.get(line.credit_id or 0) in mine)
    return as_payments + as_lines
