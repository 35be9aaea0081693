"""Goods came back whose points went into vouchers: what is still unused of those goes before debt is made."""

from dolibarr_loyalty.core.ledger import Booking, Cause, account_parts
from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.core.wallets import value_of
from dolibarr_loyalty.errors import VoucherNotUsable
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.shortage import limit_of, propose_charge, spent_on
from dolibarr_loyalty.flows.voiding import cancel
from dolibarr_loyalty.store import bearings, documents, ledger, outbox
from dolibarr_loyalty.store.database import Tx


def recall(loyalty: Loyalty, member: int, sale_id: int, key: str) -> None:
    """Cancel such vouchers until nothing is owed, then apply the program's limit; safe to repeat.

    The points behind what is left of them return to their lots, which pays the debt first. A voucher that is used
    or reserved meanwhile stays.
    `key` is that of the entry which took the points back; its unit is the one that is looked at.
    """
    cause = Cause("invoice", str(sale_id))
    with loyalty.database.reading() as tx:
        unit = _unit(tx, key)
        wanted = spent_on(tx, member, cause, unit)
        known = documents.load(tx, [sale_id]).get(sale_id)
    for voucher in wanted:
        if not _debt(loyalty, member, unit):
            break
        try:
            cancel(
                loyalty,
                voucher.id,
                reason=f"goods returned: {known.sale.ref if known else sale_id}",
                who=loyalty.worker,
            )
        except VoucherNotUsable:
            continue
    loyalty.database.decide(lambda tx: _apply_limit(tx, loyalty, member, sale_id, key))


def _unit(tx: Tx, key: str) -> str:
    taken = ledger.entry_of_key(tx, key)
    return account_parts(taken.account_id)[1] if taken else POINTS


def _debt(loyalty: Loyalty, member: int, unit: str) -> int:
    with loyalty.database.reading() as tx:
        return ledger.load(tx, [member], unit=unit)[member].debt


def _apply_limit(tx: Tx, loyalty: Loyalty, member: int, sale_id: int, key: str) -> None:
    document = documents.load(tx, [sale_id]).get(sale_id)
    program = bearings.program_of(tx, document.program_hash) if document else loyalty.program
    unit = _unit(tx, key)
    account = ledger.load(tx, [member], unit=unit)[member]
    limit = limit_of(program)
    if limit is not None and ledger.entry_of_key(tx, f"{key}:goodwill") is None:
        booking = Booking(account, loyalty.now())
        booking.waive(limit, cause=Cause("invoice", str(sale_id)), key=key)
        ledger.store(tx, [booking])
    if account.debt and program.on_shortage == "invoice" and value_of(program, unit):
        outbox.put(tx, [propose_charge(program, member, sale_id, key, account.debt, unit)], loyalty.now())
