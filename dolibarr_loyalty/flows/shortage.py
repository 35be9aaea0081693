"""What is done when goods come back whose points are spent (features 2.4).

First the vouchers go that were bought with these very points, as far as they are still unused; what is then
missing stays as debt, is waived, or proposed as a charge, as the program says.
"""

from dolibarr_loyalty.core.effects import Effect, event
from dolibarr_loyalty.core.ledger import Cause, account_parts
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.rules import plain
from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.core.vouchers import Voucher, VoucherState
from dolibarr_loyalty.core.wallets import value_of
from dolibarr_loyalty.store import ledger, vouchers
from dolibarr_loyalty.store.database import Tx

UNUSED = frozenset({VoucherState.PENDING, VoucherState.ACTIVE, VoucherState.PARTLY_USED})


def limit_of(program: Program) -> int | None:
    """The most a member may owe; None without limit."""
    return 0 if program.on_shortage == "clamp" else program.debt_limit


def propose_charge(
    program: Program, member: int, sale_id: int, key: str, missing: int, unit: str = POINTS
) -> Effect:
    """The agenda event that proposes to charge what is missing of a unit at its value."""
    amount = plain(missing * value_of(program, unit))
    told: dict[str, str | int] = {} if unit == POINTS else {"unit": unit}
    return event("charge_proposed", member, key, points=missing, amount=amount, sale_id=sale_id, **told)


def spent_on(tx: Tx, member: int, cause: Cause, unit: str | None = None) -> list[Voucher]:
    """Vouchers of a member that this purchase's points of a unit, or of any, went into, the newest first.

    Those of which something is unused; one that replaces a lost one stands for the points of that.
    """
    return [
        voucher
        for voucher in vouchers.of_member(tx, member)
        if voucher.state in UNUSED and _took_from(tx, voucher, cause, unit)
    ]


def _took_from(tx: Tx, voucher: Voucher, cause: Cause, unit: str | None) -> bool:
    spent = ledger.entry_of_key(tx, f"redeem:{vouchers.root_of(tx, voucher).id}")
    if spent is None or unit not in (None, account_parts(spent.account_id)[1]):
        return False
    return any(lot.cause == cause for lot, _ in ledger.taken_by(tx, spent.id))
