"""A voucher pays on an invoice, by its code: all of it or a part, in the way it takes through the books.

A credit is consumed only as a payment on a validated invoice of its customer, within what remains to be paid and
the voucher is good for: Dolibarr checks none of that (facts traps 3 and 4), so we do, under our own lock, and
read back.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from dolibarr_loyalty.connectors.protocol import CreditRow
from dolibarr_loyalty.core.conditions import BOUND, at_most, good_lines, is_below_minimum, worth_of, worth_on
from dolibarr_loyalty.core.gift_cards import payable_by_voucher
from dolibarr_loyalty.core.money import round_amount
from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.sale import ZERO, Kind, Sale, State, total
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind, used_by_invoice
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, masked
from dolibarr_loyalty.errors import (
    InvoiceNotPayable,
    KeyReused,
    UnknownInvoice,
    VoucherNotUsable,
)
from dolibarr_loyalty.flows import grace, lookups
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.credits import KeepLease, counter, free_rows, read_back
from dolibarr_loyalty.flows.holds import available as left_beside_holds
from dolibarr_loyalty.flows.holds import is_held
from dolibarr_loyalty.flows.leases import holding
from dolibarr_loyalty.flows.paying import close_paid, credits_for
from dolibarr_loyalty.flows.watching import is_covered
from dolibarr_loyalty.flows.watching import look_at as look_at
from dolibarr_loyalty.flows.watching import look_closely as look_closely
from dolibarr_loyalty.store import documents, reservations, voucher_moves, voucher_uses, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.ids import new_id
from dolibarr_loyalty.store.voucher_uses import BegunUse

_REF = re.compile(r"[\w./-]{1,64}")  # nothing that Dolibarr's filter language would read as its own
PAYABLE = frozenset({Kind.STANDARD, Kind.REPLACEMENT, Kind.SITUATION})
_USABLE = frozenset({VoucherState.ACTIVE, VoucherState.RESERVED})


@dataclass(frozen=True, kw_only=True)
class Use:
    """A voucher on an invoice: how much it paid, and what of the invoice remains."""

    voucher: Voucher
    invoice: Sale
    amount: Decimal


def find_voucher(loyalty: Loyalty, code: str) -> Voucher:
    """The voucher of a code as typed or scanned; UnknownVoucher says the same for wrong and unknown codes.

    Nothing is written down: who asks for somebody at a keyboard, a till or a page asks `lookups.find` first.
    """
    return lookups.silently(loyalty, code)


def find_invoice(loyalty: Loyalty, text: str) -> Sale:
    """An invoice by its number or id, read from Dolibarr now. Raises UnknownInvoice."""
    wanted = text.strip()
    with loyalty.database.reading() as tx:
        known = documents.by_ref(tx, wanted)
    if known:
        sale = loyalty.books.sale(known[0].sale.id)
    elif wanted.isascii() and wanted.isdecimal() and int(wanted) > 0:
        sale = (
            loyalty.books.sale(int(wanted)) if int(wanted) else None
        )  # 23 answers 400 to id 0 (facts trap 7)
    else:
        sale = next(iter(loyalty.books.sales_by_ref(wanted)), None) if _REF.fullmatch(wanted) else None
    if sale is None:
        raise UnknownInvoice(text)
    return sale


def check_use(
    loyalty: Loyalty, voucher: Voucher, invoice: Sale, amount: Decimal | None = None, key: str | None = None
) -> Decimal:
    """What a voucher would pay on an invoice; raises VoucherNotUsable or InvoiceNotPayable with the reason.

    Without `amount`, one of several uses pays as much as it can, another all that it is worth. `key` is that of
    the reservation that holds it for this use: what was held in time is honoured after the last day.
    """
    name, today = masked(voucher.last_four), loyalty.today()
    is_partly = voucher.state is VoucherState.PARTLY_USED
    if voucher.state not in _USABLE and not (is_partly and voucher.several):
        more = " It is good for one use only." if is_partly else ""
        raise VoucherNotUsable(name, f"it is {voucher.state.replace('_', ' ')}.{more}")
    with loyalty.database.reading() as tx:
        honoured = key is not None and any(hold.key == key for hold in reservations.open_on(tx, voucher.id))
        over = grace.is_over(tx, loyalty, voucher)
        held = is_held(tx, loyalty, voucher, but=key or "")
        free = left_beside_holds(tx, loyalty, voucher, but=key or "")
        paid = {id_: total(-move.amount for _, move in moves) for id_, moves in _on(tx, invoice.id).items()}
    if over and not honoured:
        raise VoucherNotUsable(name, f"it was valid until {voucher.valid_until}.")
    if voucher.is_early(today):
        raise VoucherNotUsable(name, f"it is valid from {voucher.valid_from}. Use it then.")
    if held and not voucher.several:
        raise VoucherNotUsable(name, "it is reserved for a cart or a ticket. Release that first.")
    _check_invoice(voucher, invoice)
    cards = loyalty.program.gift_cards
    goods = good_lines(voucher, invoice, cards)
    if not worth_of(goods):
        raise VoucherNotUsable(name, _no_goods(voucher, invoice))
    if is_below_minimum(voucher, goods):
        raise VoucherNotUsable(
            name,
            f"it needs a purchase of at least {plain(voucher.minimum or ZERO)} {voucher.currency}, and what it is good "
            f"for comes to {plain(worth_of(goods))} on invoice {invoice.ref}.",
        )
    most = min(
        at_most(voucher, invoice, goods, used=paid.get(voucher.id, ZERO)),
        payable_by_voucher(invoice, cards, total(paid.values())),
    )
    wanted = _wanted(voucher, invoice, amount, free, most, name)
    if not is_covered(loyalty, voucher):
        raise VoucherNotUsable(
            name,
            f"its credit in Dolibarr ({voucher.credit_note_ref}) is not there as it should be. "
            "`dolibarr-loyalty reconcile` names what differs.",
        )
    return wanted


def _on(tx: Tx, invoice_id: int) -> dict[str, list[tuple[str, Move]]]:
    found: dict[str, list[tuple[str, Move]]] = {}
    for voucher_id, move in voucher_moves.on_invoice(tx, invoice_id):
        found.setdefault(voucher_id, []).append((voucher_id, move))
    return found


def _no_goods(voucher: Voucher, invoice: Sale) -> str:
    if voucher.kind in BOUND:
        return f"invoice {invoice.ref} has nothing it is good for: it is for {voucher.product} only."
    if voucher.excluded:
        return f"invoice {invoice.ref} has nothing it is good for: not for {', '.join(voucher.excluded)}."
    return f"invoice {invoice.ref} has nothing it is good for."


def _wanted(
    voucher: Voucher, invoice: Sale, amount: Decimal | None, free: Decimal, most: Decimal, name: str
) -> Decimal:
    """The amount of a use; `free` of the voucher is nobody's, the invoice takes `most` of it."""
    if voucher.has_amount or voucher.remaining:
        worth = free
    else:
        worth = min(worth_on(voucher, invoice, good_lines(voucher, invoice)), most)
    wanted = amount
    if wanted is None:
        wanted = min(worth, most) if voucher.several else worth
    currency = voucher.currency
    if wanted <= 0 or wanted != round_amount(wanted, currency):
        reason = (
            f"{plain(wanted)} {currency} is no amount." if amount is not None else _no_goods(voucher, invoice)
        )
        raise VoucherNotUsable(name, "all of it is reserved." if worth <= 0 < voucher.remaining else reason)
    if wanted > worth:
        raise VoucherNotUsable(name, f"only {plain(worth)} {currency} of it can be used.")
    if not voucher.several and wanted != worth:
        raise VoucherNotUsable(name, f"it is good for one use only, of all its {plain(worth)} {currency}.")
    if wanted > most:
        raise VoucherNotUsable(
            name,
            f"it is worth {plain(wanted)} {currency} and only {plain(most)} remain to be paid with it "
            f"on {invoice.ref}. "
            + (f"Use {plain(most)} of it." if voucher.several else "Use it on a larger invoice."),
        )
    return round_amount(wanted, currency)


def _check_invoice(voucher: Voucher, invoice: Sale) -> None:
    if invoice.thirdparty_id != voucher.thirdparty_id and not voucher.bearer:
        raise InvoiceNotPayable(
            invoice.ref, "it belongs to another customer than the voucher, which is personal."
        )
    if invoice.kind not in PAYABLE or invoice.is_ours:
        raise InvoiceNotPayable(invoice.ref, "it is not a sales invoice.")
    if invoice.state is State.DRAFT:
        raise InvoiceNotPayable(invoice.ref, "it is a draft. Validate it in Dolibarr first.")
    if invoice.state is not State.VALIDATED or invoice.remaining <= 0:
        raise InvoiceNotPayable(invoice.ref, "nothing remains to be paid on it.")
    if invoice.currency != voucher.currency:
        raise InvoiceNotPayable(
            invoice.ref, f"it is in {invoice.currency}, the voucher in {voucher.currency}."
        )


def use(
    loyalty: Loyalty,
    code: str,
    invoice_text: str,
    *,
    who: str,
    amount: Decimal | None = None,
    key: str | None = None,
) -> Use:
    """Pay on an invoice with a voucher and read back that it did. Called twice with the same `key`, it pays once.

    Without a key a voucher pays once on an invoice. Raises what `check_use`, `find_voucher` and `find_invoice`
    raise, KeyReused, and the connector's failures: then call it again.
    """
    voucher = find_voucher(loyalty, code)
    return use_voucher(loyalty, voucher, find_invoice(loyalty, invoice_text), amount, who, key)


def use_voucher(
    loyalty: Loyalty, voucher: Voucher, invoice: Sale, amount: Decimal | None, who: str, key: str | None
) -> Use:
    """As `use`, for a voucher and an invoice that were found already."""
    with holding(loyalty, voucher.id) as lease, holding(loyalty, f"invoice:{invoice.id}"):
        voucher = look_closely(loyalty, voucher.id, who=who, keep_lease=lease.keep)
        before = paid_before(loyalty, voucher, invoice, amount, key)
        if before is not None:
            voucher = write_off_rest(loyalty, voucher, who, lease.keep)
            return Use(voucher=voucher, invoice=close_paid(loyalty, invoice.id), amount=before)
        invoice = read_back(loyalty, invoice.id)
        amount = check_use(loyalty, voucher, invoice, amount, key)
        voucher, begun = begin_use(loyalty, voucher, invoice, amount, who, key)
        return _pay(loyalty, voucher, invoice, begun, who, lease.keep)


def paid_before(
    loyalty: Loyalty, voucher: Voucher, invoice: Sale, amount: Decimal | None, key: str | None
) -> Decimal | None:
    """What this use has paid already; None when it is still to be done. Raises KeyReused."""
    with loyalty.database.reading() as tx:
        moves = voucher_moves.of_voucher(tx, voucher.id)
        before = voucher_uses.by_key(tx, _hashed(key)) if key else None
    if key:
        if before is None:
            return None
        if (before.voucher_id, before.invoice_id) != (voucher.id, invoice.id):
            raise KeyReused(key)
        if amount is not None and amount != before.amount:
            raise KeyReused(key)
        return before.amount if before.state == "done" else None
    used = used_by_invoice(moves).get(invoice.id)
    if used is None or (voucher.state is not VoucherState.USED and not voucher.several):
        return None
    if amount not in (None, used):
        raise VoucherNotUsable(
            masked(voucher.last_four),
            f"it has paid {plain(used)} {voucher.currency} on {invoice.ref} already. To pay more with it there, give "
            "this use a key of its own.",
        )
    return used


def _hashed(key: str) -> str:
    """Keys differ by every sign, also where the database does not tell case apart."""
    return reservations.id_of(key)


def begin_use(
    loyalty: Loyalty, voucher: Voucher, invoice: Sale, amount: Decimal, who: str, key: str | None
) -> tuple[Voucher, BegunUse]:
    """Write down that the voucher goes onto this invoice, and with how much."""

    def decision(tx: Tx) -> tuple[Voucher, BegunUse]:
        current = vouchers.by_id(tx, voucher.id)
        if current is None or current.version != voucher.version:
            raise VoucherNotUsable(
                masked(voucher.last_four), "it was changed in this moment. Look at it again."
            )
        used = used_by_invoice(voucher_moves.of_voucher(tx, voucher.id))
        begun = BegunUse(
            number=0,
            voucher_id=voucher.id,
            invoice_id=invoice.id,
            thirdparty_id=invoice.thirdparty_id,
            amount=amount,
            before=used.get(invoice.id, ZERO),
            key=_hashed(key or f"{voucher.id}:{new_id()}"),
        )
        again = voucher_uses.by_key(tx, begun.key)
        if again is None:
            begun = voucher_uses.begin(tx, voucher, begun, at=loyalty.now(), who=who)
        else:
            begun = replace(begun, number=again.number)
            voucher_uses.update(tx, voucher, begun)
        is_new = not current.has_amount and not current.remaining
        after = vouchers.change(
            tx,
            current,
            step="using",
            at=loyalty.now(),
            who=who,
            note=invoice.ref,
            booked=_issued(loyalty, current, amount) if is_new else (),
            state=VoucherState.USING,
            invoice_id=invoice.id,
            value=current.value + amount if is_new else current.value,
            remaining=amount if is_new else current.remaining,
        )
        return after, begun

    return loyalty.database.decide(decision)


def _issued(loyalty: Loyalty, voucher: Voucher, amount: Decimal) -> list[Move]:
    """A voucher without an amount is worth something from the moment it meets an invoice."""
    return [
        Move(
            kind=MoveKind.ISSUED,
            amount=amount,
            day=loyalty.today(),
            at=loyalty.now(),
            who=loyalty.worker,
            key=f"{MoveKind.ISSUED}:{voucher.id}:{voucher.version}",
        )
    ]


def _pay(
    loyalty: Loyalty, voucher: Voucher, invoice: Sale, begun: BegunUse, who: str, keep_lease: KeepLease
) -> Use:
    for row in _credit_for(loyalty, voucher, invoice, begun, keep_lease):
        keep_lease()
        loyalty.books.use_credit(invoice.id, row.id)
    voucher = look_closely(loyalty, voucher.id, who=who, keep_lease=keep_lease)
    with loyalty.database.reading() as tx:
        ended = voucher_uses.by_key(tx, begun.key)
    if ended is None or ended.state != "done":
        raise VoucherNotUsable(masked(voucher.last_four), "Dolibarr did not take it; it is still unused.")
    voucher = write_off_rest(loyalty, voucher, who, keep_lease)
    return Use(voucher=voucher, invoice=read_back(loyalty, invoice.id), amount=begun.amount)


def _credit_for(
    loyalty: Loyalty, voucher: Voucher, invoice: Sale, begun: BegunUse, keep_lease: KeepLease
) -> Sequence[CreditRow]:
    return credits_for(loyalty, voucher, invoice, begun, keep_lease)


def write_off_rest(loyalty: Loyalty, voucher: Voucher, who: str, keep_lease: KeepLease) -> Voucher:
    """Write off a rest below what the program says, only where its owner set that; its credit is consumed."""
    below = loyalty.program.vouchers.write_off_below
    if voucher.state is not VoucherState.PARTLY_USED or not ZERO < voucher.remaining < below:
        return voucher
    words = loyalty.brand.words(loyalty.screens.language)
    with loyalty.database.reading() as tx:
        moves = voucher_moves.of_voucher(tx, voucher.id)
    number = sum(move.kind is MoveKind.WRITTEN_OFF for move in moves) + 1
    refs = []
    rows = free_rows(loyalty, voucher)
    for owner in sorted({row.thirdparty_id for row in rows}):
        sale = counter(
            loyalty,
            voucher,
            [row for row in rows if row.thirdparty_id == owner],
            ref_ext=f"{voucher.counter_ref_ext}:off:{number}:{owner}",
            label=words.gettext("Rest of voucher %(code)s, written off", code=loyalty.label_of(voucher)),
            keep_lease=keep_lease,
        )
        refs.append(sale.ref)

    def decision(tx: Tx) -> Voucher:
        current = vouchers.by_id(tx, voucher.id)
        if current is None or current.version != voucher.version:
            return current or voucher
        move = Move(
            kind=MoveKind.WRITTEN_OFF,
            amount=-current.remaining,
            day=loyalty.today(),
            at=loyalty.now(),
            who=who,
            key=f"{MoveKind.WRITTEN_OFF}:{current.id}:{current.version}",
            document=" ".join(refs),
        )
        return vouchers.change(
            tx,
            current,
            step="written_off",
            at=loyalty.now(),
            who=who,
            note=plain(current.remaining),
            booked=[move],
            state=VoucherState.USED,
            remaining=ZERO,
        )

    return loyalty.database.decide(decision)
