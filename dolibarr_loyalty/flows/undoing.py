"""What is left of a voucher leaves Dolibarr's books: counter invoices consume the credits that are still free.

Nothing else voids a credit cleanly by REST (facts, section d): a credit note cannot be deleted once it is a
credit, and setting it back to draft leaves the credit usable. Whatever the accounting way, exactly what is free
is consumed; a way without documents before use leaves nothing to consume. Only a sold card that stands as a
liability needs a credit made first when it expires: the liability goes down and the rest becomes income.
"""

from collections.abc import Sequence
from dataclasses import replace

from dolibarr_loyalty.connectors.protocol import CreditRow, Draft
from dolibarr_loyalty.core.credit_lines import line_of
from dolibarr_loyalty.core.sale import ZERO, Sale, State, total
from dolibarr_loyalty.core.voucher_moves import MoveKind
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.errors import ConfigurationFailure
from dolibarr_loyalty.flows.card_credits import rate_sold_at
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.credit_documents import (
    KeepLease,
    consumed,
    counter_draft,
    find_or_post,
    make_credit,
    notes_of,
    rows_of,
    validated,
)
from dolibarr_loyalty.flows.redemption import lines_at_issue
from dolibarr_loyalty.messages import voucher_state
from dolibarr_loyalty.store import voucher_moves


def take_out(loyalty: Loyalty, voucher: Voucher, keep_lease: KeepLease) -> list[Sale]:
    """Consume what is free of a voucher that is cancelled, expires or is replaced; gives the counter invoices.

    One per customer whose credits these are, found again by its name, so it may be called again at any point.
    """
    name = _named(loyalty, voucher.counter_ref_ext, voucher)
    parties = {note.thirdparty_id for note in notes_of(loyalty, voucher) if note.is_credit}
    if is_breakage(voucher):
        parties.add(home_of(loyalty, voucher))
    names = {party: _for(loyalty, name, voucher, party) for party in sorted(parties)}
    found = {party: loyalty.books.find(names[party]) for party in names}
    if is_breakage(voucher) and not any(found.values()):
        _make_breakage(loyalty, voucher)
    rows = rows_of(loyalty, voucher) if parties else []
    made = []
    for party in sorted(parties, key=lambda party: (party != voucher.thirdparty_id, party)):
        mine = {None, *(sale.id for sale in found[party])}
        theirs = [row for row in rows if row.thirdparty_id == party and row.used_on in mine]
        if theirs:
            made.append(_counter(loyalty, voucher, theirs, found[party], names[party], keep_lease))
    return made


def is_breakage(voucher: Voucher) -> bool:
    """A sold card expires that stands as a liability: its rest becomes income."""
    return voucher.state is VoucherState.EXPIRING and voucher.accounting == "liability"


def home_of(loyalty: Loyalty, voucher: Voucher) -> int:
    """The customer on whom a card is closed: its owner, or the till's generic customer where nobody owns it."""
    generic = loyalty.program.membership.generic_customers
    if not voucher.thirdparty_id and not generic:
        raise ConfigurationFailure(
            "A gift card that nobody owns is closed on the till's generic customer, and the program names none. "
            "Set membership.generic_customers."
        )
    return voucher.thirdparty_id or generic[0]


_VOIDED = frozenset({MoveKind.CANCELLED, MoveKind.EXPIRED, MoveKind.REPLACED})


def _named(loyalty: Loyalty, name: str, voucher: Voucher) -> str:
    """The name of a document of this voiding; a voucher that came back to life is voided under another one."""
    with loyalty.database.reading() as tx:
        moves = voucher_moves.of_voucher(tx, voucher.id)
    before = sum(move.kind in _VOIDED for move in moves)
    return f"{name}:again:{before}" if before else name


def _for(loyalty: Loyalty, name: str, voucher: Voucher, party: int) -> str:
    home = voucher.thirdparty_id or next(iter(loyalty.program.membership.generic_customers), 0)
    return name if party == home else f"{name}:customer:{party}"


def _counter(
    loyalty: Loyalty,
    voucher: Voucher,
    rows: Sequence[CreditRow],
    found: Sequence[Sale],
    name: str,
    keep_lease: KeepLease,
) -> Sale:
    """The counter invoice over these rows, of which it may have some already, found or made, and closed."""
    draft = _counter_draft(loyalty, voucher, rows, name)
    for sale in found:
        if sale.state is State.DRAFT and sale.gross != draft.gross:
            loyalty.books.delete_draft(sale.id)  # staff used a part before it was validated
    sale = validated(loyalty, voucher, find_or_post(loyalty, voucher, draft), draft.gross)
    return consumed(loyalty, voucher, sale, rows, keep_lease)


def _counter_draft(loyalty: Loyalty, voucher: Voucher, rows: Sequence[CreditRow], name: str) -> Draft:
    """As a counter invoice is; what becomes income is not booked to the card's liability a second time."""
    words = loyalty.brand.words(loyalty.screens.language)
    label = _label(loyalty, voucher)
    remark = words.gettext("Voids what is left of voucher %(code)s.", code=loyalty.label_of(voucher))
    draft = counter_draft(loyalty, voucher, rows, ref_ext=name, label=label, remark=remark)
    lines = draft.lines
    if is_breakage(voucher):
        lines = tuple(replace(line, product_id=None) for line in lines)
    state = voucher_state(_BECOMES[voucher.state], words)
    return replace(draft, lines=lines, options={**draft.options, "loyalty_state": state})


_BECOMES = {
    VoucherState.CANCELLING: "cancelled",
    VoucherState.EXPIRING: "expired",
    VoucherState.REPLACING: "replaced",
}


def _label(loyalty: Loyalty, voucher: Voucher) -> str:
    words = loyalty.brand.words(loyalty.screens.language)
    code = loyalty.label_of(voucher)
    if voucher.state is VoucherState.REPLACING:
        return words.gettext("Replacement of voucher %(code)s", code=code)
    if voucher.state is VoucherState.CANCELLING:
        return words.gettext("Cancellation of voucher %(code)s", code=code)
    if voucher.accounting in ("deposit", "liability"):
        return words.gettext("Gift card %(code)s, not used in time", code=code)
    return words.gettext("Voucher %(code)s, not used in time", code=code)


def _make_breakage(loyalty: Loyalty, voucher: Voucher) -> None:
    """The credit note with the card's own product over what no free credit stands for: the liability goes down."""
    name = _named(loyalty, f"{voucher.ref_ext}:expired", voucher)
    known = {sale.id for sale in loyalty.books.find(name)}
    rows = rows_of(loyalty, voucher)
    free = total(row.gross for row in rows if row.used_on is None and row.credit_note_id not in known)
    missing = voucher.remaining - free
    if missing > ZERO:
        make_credit(
            loyalty,
            voucher,
            ref_ext=name,
            lines=[line_of(missing, rate_sold_at(loyalty, voucher), voucher.currency)],
            gross=missing,
            thirdparty_id=home_of(loyalty, voucher),
            role="use",
        )


def is_all_out(voucher: Voucher, counters: Sequence[Sale]) -> bool:
    """The counter invoices took out what is left of a voucher; else staff may have used its credit meanwhile."""
    return voucher.is_credit_from_start and total(sale.gross for sale in counters) == voucher.remaining


def move_credit(loyalty: Loyalty, old: Voucher, new: Voucher, counters: Sequence[Sale]) -> list[Sale]:
    """Make the credits that were taken off one voucher for another, line by line; gives the new credit notes.

    Counter first: a crash between the two leaves less in the books for a while, never twice as much.
    """
    notes = []
    for sale in counters:
        is_home = ":customer:" not in sale.ref_ext
        note, _ = make_credit(
            loyalty,
            new,
            ref_ext=new.ref_ext if is_home else f"{new.ref_ext}:customer:{sale.thirdparty_id}",
            lines=[line_of(line.gross, line.vat_rate, old.currency, net=line.net) for line in sale.lines],
            gross=sale.gross,
            thirdparty_id=sale.thirdparty_id,
            role="transfer",
        )
        notes.append(note)
    missing = old.remaining - total(sale.gross for sale in counters)
    # its credit note was deleted (facts trap 24); it is owed still
    if old.is_credit_from_start and missing > ZERO:
        note, _ = make_credit(
            loyalty,
            new,
            ref_ext=f"{new.ref_ext}:missing",
            lines=lines_at_issue(loyalty, new, missing),
            gross=missing,
            thirdparty_id=new.thirdparty_id,
            role="transfer",
        )
        notes.append(note)
    return notes
