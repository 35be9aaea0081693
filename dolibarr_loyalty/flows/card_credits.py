"""What stands behind a sold gift card in Dolibarr, made step by step until the card is active.

A card of the way 'liability' needs nothing: its sale is on the liability account, each use takes it off. One of
the way 'deposit' is the credit of a paid deposit invoice. A deposit that sold a single card gives it by itself;
for any other sale each card gets its own: a credit note takes the card out of the sale, and the credit of that
pays a deposit invoice, which becomes the card's credit. Money and VAT of the sale stay as they were.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from dolibarr_loyalty.connectors.protocol import CreditRow, Draft, DraftLine
from dolibarr_loyalty.core.effects import Effect, attach_voucher, event, mail, show_member
from dolibarr_loyalty.core.gift_cards import card_of
from dolibarr_loyalty.core.money import net_of_gross
from dolibarr_loyalty.core.sale import ZERO, Kind, Line, Sale, State, total
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import PermanentFailure, TemporaryFailure
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.credit_documents import available, find_or_post, keep_note, read_back, validated
from dolibarr_loyalty.flows.leases import holding
from dolibarr_loyalty.messages import voucher_state
from dolibarr_loyalty.store import documents, outbox, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.voucher_notes import Role

KeepLease = Callable[[], None]
Documents = list[tuple[Sale, Role]]


def issue_card(loyalty: Loyalty, voucher_id: str, sale: Sale) -> None:
    """Carry a sold card on until it is active; may be called again at any point, by one at a time.

    The caller holds the sale. Raises the connector's failures.
    """
    with holding(loyalty, voucher_id) as lease:
        with loyalty.database.reading() as tx:
            voucher = vouchers.by_id(tx, voucher_id)
        if voucher is None or voucher.state is not VoucherState.PENDING:
            return
        loyalty.code_of(voucher)  # before anything is made: nobody could use what another key names
        made = _deposit(loyalty, voucher, sale, lease.keep) if voucher.accounting == "deposit" else []
        loyalty.database.decide(lambda tx: _activate(tx, loyalty, voucher_id, made))


def _activate(tx: Tx, loyalty: Loyalty, voucher_id: str, made: Documents) -> None:
    voucher = vouchers.by_id(tx, voucher_id)
    if voucher is None or voucher.state is not VoucherState.PENDING:
        return
    deposit = next((sale for sale, role in made if role == "deposit"), None)
    for sale, role in made:
        keep_note(tx, loyalty, voucher, sale, role)
    after = vouchers.change(
        tx,
        voucher,
        step="active",
        at=loyalty.now(),
        who=loyalty.worker,
        note=deposit.ref if deposit else "",
        state=VoucherState.ACTIVE,
        credit_note_id=deposit.id if deposit else None,
        credit_note_ref=deposit.ref if deposit else "",
    )
    outbox.put(tx, _handed_out(loyalty, after), loyalty.now())


def _handed_out(loyalty: Loyalty, voucher: Voucher) -> list[Effect]:
    """The mail to the buyer and what Dolibarr shows; a till's generic customer gets the page printed there."""
    buyer = voucher.thirdparty_id
    effects = [attach_voucher(buyer, voucher.id)] if buyer and voucher.credit_note_ref else []
    if not buyer or buyer in loyalty.program.membership.generic_customers:
        return effects
    effects += [mail("gift_card", buyer, voucher.id, voucher=voucher.id), show_member(buyer)]
    if loyalty.screens.agenda:
        effects.append(event("voucher_issued", buyer, voucher.id, voucher=voucher.id))
    return effects


# the way 'deposit' ---------------------------------------------------------------------------------


def _deposit(loyalty: Loyalty, voucher: Voucher, sale: Sale, keep_lease: KeepLease) -> Documents:
    """The deposit whose credit the card is, and the credit note that paid it, where one had to be made."""
    if sale.kind is Kind.DEPOSIT:
        if sale.gross == voucher.value:
            return [(_with_credit(loyalty, sale), "deposit")]
        sale = _divided(loyalty, voucher, sale, keep_lease)
    line = line_of(voucher, sale) or _any_line(loyalty, voucher, sale)
    note, rows = _taken_out(loyalty, voucher, sale, line)
    deposit = _paid_deposit(loyalty, voucher, line, rows, keep_lease)
    return [(deposit, "deposit"), (note, "counter")]


def _with_credit(loyalty: Loyalty, sale: Sale) -> Sale:
    """A deposit that was paid, with the credit that Dolibarr made of it by itself."""
    rows = loyalty.books.credits(sale.thirdparty_id, sale.id)
    if total(row.gross for row in rows) != sale.gross:
        raise PermanentFailure(
            f"Deposit {sale.ref} is paid, but its credit in Dolibarr comes to {total(row.gross for row in rows)} "
            f"instead of {sale.gross}. Look at it there, then run `dolibarr-loyalty outbox retry`."
        )
    return sale


def _divided(loyalty: Loyalty, voucher: Voucher, deposit: Sale, keep_lease: KeepLease) -> Sale:
    """A deposit of several cards as an invoice of the same lines, which its one credit pays."""
    words = loyalty.brand.words(loyalty.screens.language)
    rows = _with_rows(loyalty, deposit)
    draft = Draft(
        thirdparty_id=deposit.thirdparty_id,
        kind="standard",
        issued_on=loyalty.today(),
        ref_ext=f"loyalty:cards:{deposit.id}",
        ref_client="",
        note=words.gettext("Divides deposit %(ref)s into its gift cards.", ref=deposit.ref),
        lines=tuple(
            DraftLine(
                label=words.gettext("Gift card"),
                net_price=net_of_gross(line.gross, line.vat_rate),
                vat_rate=line.vat_rate,
                product_id=line.product_id,
            )
            for line in deposit.lines
            if line.gross
        ),
        gross=deposit.gross,
        options={},
    )
    invoice = validated(loyalty, voucher, find_or_post(loyalty, voucher, draft), draft.gross)
    _pay(loyalty, invoice, rows, keep_lease)
    return _settled(loyalty, invoice.id)


def _with_rows(loyalty: Loyalty, deposit: Sale) -> Sequence[CreditRow]:
    _with_credit(loyalty, deposit)
    return loyalty.books.credits(deposit.thirdparty_id, deposit.id)


def _taken_out(
    loyalty: Loyalty, voucher: Voucher, sale: Sale, line: Line
) -> tuple[Sale, Sequence[CreditRow]]:
    """The credit note that takes one card out of its sale, with the VAT it was sold with, and its credit."""
    draft = Draft(
        thirdparty_id=sale.thirdparty_id,
        kind="credit_note",
        issued_on=loyalty.today(),
        ref_ext=f"{voucher.ref_ext}:sold",
        lines=(_card_line(loyalty, voucher, line, line.vat_rate),),
        gross=-voucher.value,
        source_id=sale.id,
        **_texts(loyalty, voucher, f"({sale.ref})"),
    )
    note = validated(loyalty, voucher, find_or_post(loyalty, voucher, draft), draft.gross)
    return available(loyalty, voucher, note, voucher.value)


def _paid_deposit(
    loyalty: Loyalty, voucher: Voucher, line: Line, rows: Sequence[CreditRow], keep_lease: KeepLease
) -> Sale:
    """The deposit invoice of one card, paid by these credits, as a credit.

    It is turned into a credit before it is closed: afterwards Dolibarr refuses (500 "Alreay paid", both versions).
    """
    draft = Draft(
        thirdparty_id=voucher.thirdparty_id,
        kind="deposit",
        issued_on=loyalty.today(),
        ref_ext=voucher.ref_ext,
        lines=(_card_line(loyalty, voucher, line, ZERO),),
        gross=voucher.value,
        **_texts(loyalty, voucher, ""),
    )
    deposit = validated(loyalty, voucher, find_or_post(loyalty, voucher, draft), draft.gross)
    _pay(loyalty, deposit, rows, keep_lease)
    available(loyalty, voucher, deposit, voucher.value)
    return _settled(loyalty, deposit.id)


def _pay(loyalty: Loyalty, document: Sale, rows: Sequence[CreditRow], keep_lease: KeepLease) -> None:
    """Pay a document of ours with all these credits; Dolibarr checks nothing (facts trap 3), so we do."""
    for row in rows:
        if row.used_on not in (None, document.id):
            raise PermanentFailure(
                f"A credit that belongs on {document.ref} was used on document {row.used_on} in Dolibarr. Undo that "
                "there, then run `dolibarr-loyalty outbox retry`."
            )
        if row.used_on is None:
            keep_lease()
            loyalty.books.use_credit(document.id, row.id)
    if read_back(loyalty, document.id).remaining != ZERO:
        raise TemporaryFailure(f"{document.ref} is not paid by the credits it is for; looking again later.")


def _settled(loyalty: Loyalty, document_id: int) -> Sale:
    document = read_back(loyalty, document_id)
    if document.state is State.VALIDATED:
        loyalty.books.settle(document_id)
        document = read_back(loyalty, document_id)
    return document


def _texts(loyalty: Loyalty, voucher: Voucher, about: str) -> dict[str, Any]:
    words = loyalty.brand.words(loyalty.screens.language)
    code = loyalty.code_of(voucher)
    until = voucher.valid_until.isoformat() if voucher.valid_until else None
    return {
        "ref_client": code,
        "note": f"{words.gettext('Gift card.')} {about}".strip(),
        "options": {
            "loyalty_voucher": code,
            "loyalty_valid": until,
            "loyalty_state": voucher_state("active", words),
        },
    }


def _card_line(loyalty: Loyalty, voucher: Voucher, line: Line, vat_rate: Decimal) -> DraftLine:
    words = loyalty.brand.words(loyalty.screens.language)
    return DraftLine(
        label=words.gettext("Gift card %(code)s", code=loyalty.code_of(voucher)),
        net_price=net_of_gross(voucher.value, vat_rate),
        vat_rate=vat_rate,
        product_id=line.product_id,
    )


def line_of(voucher: Voucher, sale: Sale) -> Line | None:
    """The line of its sale that a card was sold by."""
    wanted = voucher.sale_key.split(":")[1:2]
    return next((line for line in sale.lines if [str(line.id)] == wanted), None)


def rate_sold_at(loyalty: Loyalty, voucher: Voucher) -> Decimal:
    """The VAT rate a gift card was sold with, in percent: 0 but for a single-purpose card (UStAE 3.17)."""
    with loyalty.database.reading() as tx:
        first = vouchers.root_of(tx, voucher)  # of a card that replaces another: the one that was sold
        known = documents.load(tx, [first.sale_id or 0]).get(first.sale_id or 0)
    line = line_of(first, known.sale) if known else None
    return line.vat_rate if line else ZERO


def _any_line(loyalty: Loyalty, voucher: Voucher, sale: Sale) -> Line:
    """A line of the card's product, on a document that is not the sale itself."""
    cards = loyalty.program.gift_cards
    lines = [line for line in sale.lines if line.product_ref.casefold() == voucher.product.casefold()]
    lines += [line for line in sale.lines if card_of(cards, line)]
    if not lines:
        raise PermanentFailure(f"{sale.ref} has no line of gift card {voucher.product} any more.")
    return lines[0]
