"""A voucher that was cancelled or has expired leaves the books by a counter invoice that consumes its credit.

Nothing else voids a credit cleanly by REST (facts, section d): a credit note cannot be deleted once it is a
credit, and setting it back to draft leaves the credit usable.
"""

from collections.abc import Callable

from dolibarr_loyalty.connectors.protocol import Draft, DraftLine
from dolibarr_loyalty.core.effects import event, show_member, void_voucher
from dolibarr_loyalty.core.money import net_of_gross, round_points
from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.sale import ZERO, Sale, State
from dolibarr_loyalty.core.voucher_moves import MoveKind
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState, code_of, masked
from dolibarr_loyalty.errors import PermanentFailure, TemporaryFailure, UnknownVoucher, VoucherNotUsable
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.redemption import (
    find_or_post,
    holding,
    issue,
    read_back,
    refuse,
    return_points,
    taken,
    validated,
)
from dolibarr_loyalty.flows.usage import look_at, look_closely
from dolibarr_loyalty.messages import voucher_state
from dolibarr_loyalty.store import outbox, vouchers
from dolibarr_loyalty.store.database import Tx

CANCELLABLE = frozenset({VoucherState.PENDING, VoucherState.ACTIVE, VoucherState.CANCELLING})


def cancel(loyalty: Loyalty, voucher_id: str, *, reason: str, who: str) -> Voucher:
    """Cancel an unused voucher: its credit is consumed by a counter invoice, its points return.

    Raises VoucherNotUsable for one that was used, has expired or was refused; again after a crash it goes on.
    """
    with loyalty.database.reading() as tx:
        voucher = vouchers.by_id(tx, voucher_id)
    if voucher is None:
        raise UnknownVoucher()
    if voucher.state is VoucherState.PENDING:
        _complete(loyalty, voucher_id)
    voucher = look_at(loyalty, voucher_id)
    if voucher.state is VoucherState.CANCELLED:
        return voucher
    if voucher.state not in CANCELLABLE:
        raise VoucherNotUsable(masked(voucher.last_four), f"it is {voucher.state.replace('_', ' ')}.")
    begin(loyalty, voucher_id, VoucherState.CANCELLING, who=who, note=reason)
    return void(loyalty, voucher_id)


def _complete(loyalty: Loyalty, voucher_id: str) -> None:
    """A pending voucher's credit note may be half made: complete it, so that it can be voided cleanly."""
    try:
        issue(loyalty, voucher_id)
    except PermanentFailure as failure:
        refuse(loyalty, voucher_id, str(failure))


def begin(loyalty: Loyalty, voucher_id: str, state: VoucherState, *, who: str, note: str = "") -> None:
    """Write down that a voucher is to be voided, and want it; nothing when it is no longer usable."""

    def decision(tx: Tx) -> None:
        voucher = vouchers.by_id(tx, voucher_id)
        if voucher is None or voucher.state not in (VoucherState.ACTIVE, VoucherState.PARTLY_USED):
            return
        vouchers.change(tx, voucher, step=str(state), at=loyalty.now(), who=who, note=note, state=state)
        outbox.put(tx, [void_voucher(voucher.thirdparty_id, voucher_id)], loyalty.now())

    loyalty.database.decide(decision)


def void(loyalty: Loyalty, voucher_id: str) -> Voucher:
    """Carry on a voucher that is being cancelled or expires until its credit is consumed; safe to repeat."""
    with holding(loyalty, voucher_id) as lease:
        voucher = look_closely(loyalty, voucher_id)
        if voucher.state not in (VoucherState.CANCELLING, VoucherState.EXPIRING):
            return voucher
        if voucher.credit_note_id is not None:
            _consume(loyalty, voucher, lease.keep)
        return loyalty.database.decide(lambda tx: _finish(tx, loyalty, voucher_id))


def _consume(loyalty: Loyalty, voucher: Voucher, keep_lease: Callable[[], None]) -> None:
    """Make the counter invoice over what is left of the credit, pay it with that, close it."""
    assert voucher.credit_note_id is not None  # noqa: S101
    note = loyalty.books.sale(voucher.credit_note_id)
    if note is None:
        return  # deleted in Dolibarr (facts trap 24), and its credit with it
    draft = _counter_draft(loyalty, voucher, note)
    counter = find_or_post(loyalty, voucher, draft)
    counter = validated(loyalty, voucher, counter, draft.gross)
    for row in loyalty.books.credits(voucher.thirdparty_id, note.id):
        if row.used_on is None:
            keep_lease()
            loyalty.books.use_credit(counter.id, row.id)
    counter = read_back(loyalty, counter.id)
    if counter.remaining != ZERO:
        raise TemporaryFailure(
            f"Counter invoice {counter.ref} is not paid by the credit of {note.ref}: "
            f"{plain(counter.remaining)} {counter.currency} remain. Looking again later."
        )
    if counter.state is State.VALIDATED:
        loyalty.books.settle(counter.id)


def _counter_draft(loyalty: Loyalty, voucher: Voucher, note: Sale) -> Draft:
    words = loyalty.brand.words(loyalty.screens.language)
    code = code_of(voucher.id, loyalty.secret)
    vat_rate = next((line.vat_rate for line in note.lines), ZERO)
    return Draft(
        thirdparty_id=voucher.thirdparty_id,
        kind="standard",
        issued_on=loyalty.today(),
        ref_ext=voucher.counter_ref_ext,
        ref_client=code,
        note=words.gettext("Voids the loyalty voucher of credit note %(ref)s.", ref=note.ref),
        lines=(
            DraftLine(
                label=words.gettext("Cancellation of voucher %(code)s", code=code),
                net_price=net_of_gross(voucher.remaining, vat_rate),
                vat_rate=vat_rate,
            ),
        ),
        gross=voucher.remaining,
        options={"loyalty_voucher": code, "loyalty_state": voucher_state("cancelled", words)},
    )


def _finish(tx: Tx, loyalty: Loyalty, voucher_id: str) -> Voucher:
    voucher = vouchers.by_id(tx, voucher_id)
    assert voucher is not None  # noqa: S101
    if voucher.state is VoucherState.CANCELLING:
        final, back, why, kind = VoucherState.CANCELLED, True, "voucher_cancelled", MoveKind.CANCELLED
    elif voucher.state is VoucherState.EXPIRING:
        final, back, why, kind = (
            VoucherState.EXPIRED,
            loyalty.program.vouchers.return_points_on_expiry,
            "voucher_expired",
            MoveKind.EXPIRED,
        )
    else:
        return voucher
    after = vouchers.change(
        tx,
        voucher,
        step=str(final),
        at=loyalty.now(),
        who=loyalty.worker,
        booked=taken(loyalty, voucher, kind, voucher.remaining),
        state=final,
        remaining=ZERO,
    )
    points = _unused_points(voucher) if back else 0
    return_points(tx, loyalty, voucher, why, points)
    effects = [show_member(voucher.thirdparty_id)]
    if loyalty.screens.agenda:
        effects.append(
            event(str(final), voucher.thirdparty_id, voucher.id, voucher=voucher.id, points=points)
        )
    outbox.put(tx, effects, loyalty.now())
    return after


def _unused_points(voucher: Voucher) -> int:
    """The points behind what is left of a voucher, in the member's favour: of one used in part, that part."""
    if not voucher.value:
        return voucher.points
    return round_points(voucher.points * voucher.remaining / voucher.value, "up")
