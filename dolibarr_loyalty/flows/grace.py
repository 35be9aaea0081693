"""The last usable day of a voucher as its books tell it: its own, or a grace after a use was undone."""

from datetime import date

from dolibarr_loyalty.core.voucher_grace import usable_until
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import voucher_moves
from dolibarr_loyalty.store.database import Tx


def last_day(tx: Tx, loyalty: Loyalty, voucher: Voucher) -> date | None:
    """A voucher's last usable day; None without end. The grace is the program's `reinstatement_days`."""
    moves = voucher_moves.of_voucher(tx, voucher.id)
    return usable_until(voucher, moves, loyalty.program.reinstatement_days)


def is_over(tx: Tx, loyalty: Loyalty, voucher: Voucher) -> bool:
    """Its last usable day is over; reads its moves only where its own validity is."""
    if not voucher.is_expired(loyalty.today()):
        return False
    ends_on = last_day(tx, loyalty, voucher)
    return ends_on is not None and ends_on < loyalty.today()
