"""Gift cards sold in Dolibarr: a paid sale issues its cards once, what came back of them is taken back.

Everything is worked out anew from the sale as it is, its credit notes and the cards issued so far, so it may be
called any number of times, by several workers, before or after a refund.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dolibarr_loyalty.core.card_sales import (
    Issued,
    Return,
    Standing,
    Unit,
    is_mixed_deposit,
    last_day,
    plan,
    units_returned,
    units_sold,
)
from dolibarr_loyalty.core.effects import issue_gift_cards
from dolibarr_loyalty.core.gift_cards import card_of
from dolibarr_loyalty.core.sale import Family, Kind, Line, Sale, State, as_credit_note
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, code_hash, code_of
from dolibarr_loyalty.errors import TemporaryFailure, VoucherNotUsable
from dolibarr_loyalty.flows.card_alarms import tell_of_sale, tell_of_spent
from dolibarr_loyalty.flows.card_credits import issue_card
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.leases import holding
from dolibarr_loyalty.flows.usage import look_at
from dolibarr_loyalty.flows.voiding import cancel
from dolibarr_loyalty.store import bearings, documents, outbox, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id

log = logging.getLogger(__name__)

GIVEN_UP = frozenset({State.DELETED, State.ABANDONED, State.REPLACED})
_STANDING: dict[VoucherState, Standing] = {
    VoucherState.PENDING: "unused",
    VoucherState.ACTIVE: "unused",
    VoucherState.RESERVED: "unused",
    VoucherState.PARTLY_USED: "partly_used",
    VoucherState.CANCELLING: "gone",
    VoucherState.CANCELLED: "gone",
    VoucherState.REFUSED: "gone",
}


@dataclass(frozen=True, kw_only=True)
class _Sold:
    """A document with its credit notes, and the cards it sold as they stand now, by the keys of their units."""

    sale: Sale
    notes: tuple[Sale, ...]
    cards: dict[str, Voucher]


def issue_cards(loyalty: Loyalty, document_id: int) -> None:
    """Bring the gift cards of a document up to date.

    Raises the connector's failures; called again, it goes on where it was.
    """
    with holding(loyalty, f"invoice:cards:{document_id}") as lease:
        sold = _read(loyalty, document_id)
        if sold is None:
            return
        returns, unclear = _returns(loyalty, sold)
        if returns:
            sold = replace(sold, cards={key: _seen_now(loyalty, card) for key, card in sold.cards.items()})
        wanted = plan(
            _units(loyalty, sold), [_issued(key, card) for key, card in sold.cards.items()], returns
        )
        tell_of_sale(loyalty, sold.sale, sold.cards, wanted, unclear)
        loyalty.database.decide(lambda tx: _store(tx, loyalty, sold.sale, wanted.issue))
        for card in _pending(loyalty, document_id):
            lease.keep()
            issue_card(loyalty, card.id, sold.sale)
        for key in wanted.take_back:
            lease.keep()
            _take_back(loyalty, sold.sale, sold.cards[key])


def want_cards(loyalty: Loyalty, sale: Sale, *, now: bool = False) -> int:
    """How many gift cards a paid sale sold; `now` wants them issued, also where it issued nothing by itself."""
    units = (
        ()
        if is_mixed_deposit(loyalty.program.gift_cards, sale)
        else units_sold(loyalty.program.gift_cards, sale)
    )
    if now and units:
        effect = issue_gift_cards(sale.thirdparty_id, sale.id)
        loyalty.database.decide(lambda tx: outbox.put(tx, [effect], loyalty.now()))
    return len(units)


# reading -------------------------------------------------------------------------------------------


def _read(loyalty: Loyalty, document_id: int) -> _Sold | None:
    """The document as Dolibarr has it now; one that is gone as it was last seen. None when nobody knows it."""
    sale = loyalty.books.sale(document_id)
    with loyalty.database.reading() as tx:
        family = [document.sale for document in documents.families(tx, [document_id]).get(document_id, [])]
        cards = _cards(tx, document_id)
    if sale is None:
        known = next((each for each in family if each.id == document_id), None)
        if known is None:
            return None
        sale = replace(known, state=State.DELETED)
    if sale.kind is Kind.CREDIT_NOTE:
        return _Sold(sale=sale, notes=(as_credit_note(sale),) if sale.is_final else (), cards=cards)
    notes = [each for each in family if each.kind is Kind.CREDIT_NOTE and not each.is_ours]
    standing = Family(sale=sale, credit_notes=tuple(notes)).standing_credit_notes
    return _Sold(sale=sale, notes=standing, cards=cards)


def _cards(tx: Tx, document_id: int) -> dict[str, Voucher]:
    """The cards of a document by the keys of their units; for one that was replaced, the one that stands for it."""
    found = {}
    for card in sorted(vouchers.of_sale(tx, document_id), key=lambda card: card.id):
        if card.sale_key:
            found[card.sale_key] = _replaced(tx, card)
    return found


def _replaced(tx: Tx, card: Voucher) -> Voucher:
    while card.state is VoucherState.REPLACED:
        following = vouchers.replacement_of(tx, card.id)
        if following is None:
            return card
        card = following
    return card


def cards_of_sale(loyalty: Loyalty, document_id: int) -> list[Voucher]:
    """The gift cards that a document sold, as they stand now, in the order of its units."""
    with loyalty.database.reading() as tx:
        return list(_cards(tx, document_id).values())


def _seen_now(loyalty: Loyalty, card: Voucher) -> Voucher:
    """A card after a look into Dolibarr, whether staff has used it; raises TemporaryFailure while it is being used."""
    if card.state is VoucherState.PENDING:
        return card
    card = look_at(loyalty, card.id)
    if card.state is VoucherState.USING:
        raise TemporaryFailure(f"Gift card …{card.last_four} is being used right now; looking again later.")
    return card


def _issued(key: str, card: Voucher) -> Issued:
    return Issued(key=key, product=card.product, value=card.value, standing=_STANDING.get(card.state, "used"))


def _units(loyalty: Loyalty, sold: _Sold) -> tuple[Unit, ...]:
    """The units whose cards should be out: those of a paid document."""
    if sold.sale.state is not State.PAID or is_mixed_deposit(loyalty.program.gift_cards, sold.sale):
        return ()
    return units_sold(loyalty.program.gift_cards, sold.sale)


def _returns(loyalty: Loyalty, sold: _Sold) -> tuple[tuple[Return, ...], tuple[Return, ...]]:
    """The units that came back, and what came back and is no unit; of a document that was given up, all of them."""
    if sold.sale.state in GIVEN_UP:
        cards = sold.cards.values()
        return tuple(Return(document=sold.sale.ref, product=c.product, value=c.value) for c in cards), ()
    products = {card.product.casefold() for card in sold.cards.values()}

    def is_card(line: Line) -> bool:
        return bool(card_of(loyalty.program.gift_cards, line)) or line.product_ref.casefold() in products

    return units_returned(sold.notes, is_card)


# deciding ------------------------------------------------------------------------------------------


def _store(tx: Tx, loyalty: Loyalty, sale: Sale, units: Sequence[Unit]) -> None:
    """Store the cards to issue, still pending, each once."""
    digest = bearings.keep_program(tx, loyalty.program, loyalty.now())
    for unit in units:
        if vouchers.by_sale_key(tx, unit.key) is None:
            card = _card(loyalty, sale, unit)
            vouchers.insert(
                tx,
                card,
                code_hash=code_hash(code_of(card.id, loyalty.secret), loyalty.secret),
                program_hash=digest,
                request_key=f"card:{unit.key}",
                who=loyalty.worker,
                day=loyalty.today(),
            )


def _card(loyalty: Loyalty, sale: Sale, unit: Unit) -> Voucher:
    identifier, card = new_id(), unit.card
    way = "deposit" if sale.kind is Kind.DEPOSIT else card.way  # a paid deposit is a credit already
    is_nobody = sale.thirdparty_id in loyalty.program.membership.generic_customers
    return Voucher(
        id=identifier,
        thirdparty_id=0 if is_nobody and way == "liability" else sale.thirdparty_id,
        reward_id=card.id,
        kind="amount",
        state=VoucherState.PENDING,
        points=0,
        value=unit.value,
        remaining=unit.value,
        currency=sale.currency,
        issued_at=loyalty.now(),
        valid_until=last_day(card, loyalty.today()),
        last_four=code_of(identifier, loyalty.secret)[-4:],
        product=unit.product,
        accounting=way,
        source="sold",
        several=card.uses == "several",
        bearer=card.bearer or is_nobody,
        sale_id=sale.id,
        sale_key=unit.key,
    )


def _pending(loyalty: Loyalty, document_id: int) -> list[Voucher]:
    with loyalty.database.reading() as tx:
        found = vouchers.of_sale(tx, document_id)
    return [card for card in found if card.sale_key and card.state is VoucherState.PENDING]


def _take_back(loyalty: Loyalty, sale: Sale, card: Voucher) -> None:
    """Cancel what is left of a card that came back; one that was used in this very moment is left."""
    try:
        cancel(loyalty, card.id, reason=f"goods returned: {sale.ref}", who=loyalty.worker)
    except VoucherNotUsable as refusal:
        now = look_at(loyalty, card.id)
        if now.state in (VoucherState.RESERVED, VoucherState.USING):
            raise TemporaryFailure(f"Gift card …{card.last_four} came back, but {refusal}") from refusal
        log.warning("gift card %s came back and cannot be cancelled: %s", card.id, refusal)
        back = Return(document=sale.ref, product=card.product, value=card.value)
        loyalty.database.decide(lambda tx: tell_of_spent(tx, loyalty, sale, now, back))
