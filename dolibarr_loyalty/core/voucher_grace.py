"""How long a voucher is usable whose use was undone, and how many points stand behind what is left of it."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from dolibarr_loyalty.core.money import round_points
from dolibarr_loyalty.core.voucher_moves import Move, MoveKind
from dolibarr_loyalty.core.vouchers import Voucher


def usable_until(voucher: Voucher, moves: Iterable[Move], grace_days: int) -> date | None:
    """A voucher's last usable day; None without end.

    What came back from an invoice stays usable for `grace_days` after that day even where its own validity ends
    earlier: nobody loses money because the shop undid an invoice.
    """
    if voucher.valid_until is None:
        return None
    back = [move.day for move in moves if move.kind is MoveKind.RETURNED]
    return max([voucher.valid_until, *(day + timedelta(days=grace_days) for day in back)])


def points_behind(spent: int, value: Decimal, left: Decimal) -> int:
    """Of the points that bought a voucher of `value`, those behind what is left of it, in the member's favour.

    All of them where it has no fixed amount (`value` 0).

    >>> points_behind(50, Decimal(5), Decimal(2))
    20
    """
    return round_points(spent * left / value, "up") if value else spent
