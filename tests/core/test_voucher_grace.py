"""The grace after a use was undone, and the points behind a rest."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.voucher_grace import points_behind, usable_until
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
END = date(2026, 12, 31)
VOUCHER = Voucher(
    id="v",
    thirdparty_id=1,
    reward_id="5-off",
    kind="amount",
    state=VoucherState.ACTIVE,
    points=50,
    value=Decimal(5),
    remaining=Decimal(5),
    currency="EUR",
    issued_at=NOON,
    valid_until=END,
    last_four="ABCD",
)


def returned(day: date) -> Move:
    return Move(kind=MoveKind.RETURNED, amount=Decimal(5), day=day, at=NOON, who="test", key=f"r:{day}")


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param([], END, id="never returned"),
        pytest.param([date(2026, 5, 1)], END, id="returned long before its end"),
        pytest.param([date(2026, 12, 20)], date(2027, 1, 19), id="returned shortly before its end"),
        pytest.param([date(2027, 2, 1), date(2026, 5, 1)], date(2027, 3, 3), id="returned after its end"),
    ],
)
def test_what_came_back_stays_usable_for_a_while(days: list[date], expected: date) -> None:
    assert usable_until(VOUCHER, map(returned, days), 30) == expected


def test_without_end_it_stays_without_end_and_other_moves_give_no_grace() -> None:
    assert usable_until(replace(VOUCHER, valid_until=None), [returned(END)], 30) is None
    issued = Move(
        kind=MoveKind.ISSUED, amount=Decimal(5), day=date(2027, 5, 1), at=NOON, who="test", key="issued:v"
    )
    assert usable_until(VOUCHER, [issued], 30) == END


@pytest.mark.parametrize(
    ("spent", "value", "left", "expected"),
    [
        pytest.param(50, "5", "5", 50, id="unused"),
        pytest.param(50, "5", "2", 20, id="used in part"),
        pytest.param(50, "5", "0.01", 1, id="in the member's favour"),
        pytest.param(80, "0", "0", 80, id="a percentage"),
        pytest.param(0, "5", "5", 0, id="a gift"),
    ],
)
def test_the_points_behind_a_rest(spent: int, value: str, left: str, expected: int) -> None:
    assert points_behind(spent, Decimal(value), Decimal(left)) == expected
