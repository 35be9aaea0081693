"""Proves the register by the money journal: no cent of a voucher without a move, no state without its moves."""

from collections.abc import Iterator, Sequence

from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind, left, used_by_invoice
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.flows.document_proofs import Deviation, off

# States in which nothing is left, with the move that must have taken it where nothing was used.
_ENDED = {
    VoucherState.USED: MoveKind.USED,
    VoucherState.CANCELLED: MoveKind.CANCELLED,
    VoucherState.EXPIRED: MoveKind.EXPIRED,
    VoucherState.REPLACED: MoveKind.REPLACED,
    VoucherState.REFUSED: MoveKind.CANCELLED,
}
_OPENING = frozenset({MoveKind.ISSUED, MoveKind.REPLACEMENT})


def compare_journal(voucher: Voucher, moves: Sequence[Move]) -> list[Deviation]:
    """Where a voucher of the register and its money journal do not agree."""
    where = f"voucher {voucher.id}"
    found = []
    if left(moves) != voucher.remaining:
        found.append(off("what is left", where, plain(left(moves)), plain(voucher.remaining)))
    if voucher.remaining < 0:
        found.append(off("what is left", where, "0 or more", plain(voucher.remaining)))
    for invoice, amount in used_by_invoice(moves).items():
        if amount < 0:
            found.append(
                off(f"what came back from invoice {invoice}", where, "at most its use", plain(-amount))
            )
    found += _running(where, moves)
    found += _state(voucher, moves, where)
    return found


def _running(where: str, moves: Sequence[Move]) -> Iterator[Deviation]:
    """At no time less than nothing was left, and nothing went before something came."""
    running = ZERO
    for place, move in enumerate(moves, 1):
        running += move.amount
        if running < 0:
            yield off(f"what was left after move {place} ({move.kind})", where, "0 or more", plain(running))
            return


def _state(voucher: Voucher, moves: Sequence[Move], where: str) -> Iterator[Deviation]:
    used = sum(used_by_invoice(moves).values(), ZERO)
    if voucher.state in _ENDED and voucher.remaining:
        yield off(f"what is left of one that is {voucher.state}", where, "0", plain(voucher.remaining))
    kinds = {move.kind for move in moves}
    opened = sum((move.amount for move in moves if move.kind in _OPENING), ZERO)
    wanted = _ENDED.get(voucher.state)
    if wanted is not None and opened and not kinds & {wanted, MoveKind.CORRECTED, MoveKind.USED}:
        yield off(
            f"moves of one that is {voucher.state}", where, f"one of {wanted}", ", ".join(sorted(kinds))
        )
    if voucher.state is VoucherState.ACTIVE and voucher.has_amount and not voucher.remaining:
        yield off("what is left of one that is active", where, "more than 0", "0")
    if voucher.state is VoucherState.PARTLY_USED and (not used or not voucher.remaining):
        found = f"{plain(used)} used, {plain(voucher.remaining)} left"
        yield off("one that is partly used", where, "used in part", found)
