"""What is done when goods come back whose points are spent (features 2.4).

First the vouchers go that were bought with these very points and are still unused; what is then missing stays
as debt, is waived, or proposed as a charge, as the program says.
"""

from dolibarr_loyalty.core.effects import Effect, event
from dolibarr_loyalty.core.ledger import Cause
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.store import ledger, vouchers
from dolibarr_loyalty.store.database import Tx

UNUSED = frozenset({VoucherState.PENDING, VoucherState.ACTIVE})


def limit_of(program: Program) -> int | None:
    """The most a member may owe; None without limit."""
    return 0 if program.on_shortage == "clamp" else program.debt_limit


def propose_charge(program: Program, member: int, sale_id: int, key: str, missing: int) -> Effect:
    """The agenda event that proposes to charge missing points at their value."""
    amount = plain(missing * program.point_value)
    return event("charge_proposed", member, key, points=missing, amount=amount, sale_id=sale_id)


def spent_on(tx: Tx, member: int, cause: Cause) -> list[Voucher]:
    """Unused vouchers of a member that points of this purchase went into, the newest first."""
    return [
        voucher
        for voucher in vouchers.of_member(tx, member)
        if voucher.state in UNUSED and _took_from(tx, voucher, cause)
    ]


def _took_from(tx: Tx, voucher: Voucher, cause: Cause) -> bool:
    spent = ledger.entry_of_key(tx, f"redeem:{voucher.id}")
    return spent is not None and any(lot.cause == cause for lot, _ in ledger.taken_by(tx, spent.id))
