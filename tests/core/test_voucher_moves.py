"""The money journal of a voucher: signs, what is left, what stands on which invoice."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.voucher_moves import Move, MoveKind, left, used_by_invoice


def a_move(kind: MoveKind, amount: str, invoice_id: int | None = None) -> Move:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return Move(
        kind=kind,
        amount=Decimal(amount),
        day=date(2026, 3, 2),
        at=at,
        who="x",
        key=f"{kind}:{amount}",
        invoice_id=invoice_id,
    )


@pytest.mark.parametrize(
    ("kind", "amount"), [(MoveKind.ISSUED, "0"), (MoveKind.ISSUED, "-1"), (MoveKind.USED, "1")]
)
def test_a_move_of_nothing_or_with_the_wrong_sign_is_refused(kind: MoveKind, amount: str) -> None:
    with pytest.raises(ValueError, match="a move"):
        a_move(kind, amount)


def test_what_is_left_and_what_is_used_on_which_invoice() -> None:
    moves = [
        a_move(MoveKind.ISSUED, "20"),
        a_move(MoveKind.USED, "-7.35", 1),
        a_move(MoveKind.USED, "-5", 2),
        a_move(MoveKind.RETURNED, "5", 2),
        a_move(MoveKind.CORRECTED, "-1"),
    ]
    assert left(moves) == Decimal("11.65")
    assert used_by_invoice(moves) == {1: Decimal("7.35")}
