"""Goods came back whose points went into vouchers that are still unused: those go before debt is made."""

from dolibarr_loyalty.core.ledger import Booking, Cause
from dolibarr_loyalty.errors import VoucherNotUsable
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.shortage import limit_of, propose_charge, spent_on
from dolibarr_loyalty.flows.voiding import cancel
from dolibarr_loyalty.store import bearings, documents, ledger, outbox
from dolibarr_loyalty.store.database import Tx


def recall(loyalty: Loyalty, member: int, sale_id: int, key: str) -> None:
    """Cancel such vouchers until nothing is owed, then apply the program's limit; safe to repeat.

    Their points return to their lots, which pays the debt first. A voucher that is used meanwhile stays.
    """
    cause = Cause("invoice", str(sale_id))
    with loyalty.database.reading() as tx:
        wanted = spent_on(tx, member, cause)
        known = documents.load(tx, [sale_id]).get(sale_id)
    for voucher in wanted:
        if not _debt(loyalty, member):
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


def _debt(loyalty: Loyalty, member: int) -> int:
    with loyalty.database.reading() as tx:
        return ledger.load(tx, [member])[member].debt


def _apply_limit(tx: Tx, loyalty: Loyalty, member: int, sale_id: int, key: str) -> None:
    document = documents.load(tx, [sale_id]).get(sale_id)
    program = bearings.program_of(tx, document.program_hash) if document else loyalty.program
    account = ledger.load(tx, [member])[member]
    limit = limit_of(program)
    if limit is not None and ledger.entry_of_key(tx, f"{key}:goodwill") is None:
        booking = Booking(account, loyalty.now())
        booking.waive(limit, cause=Cause("invoice", str(sale_id)), key=key)
        ledger.store(tx, [booking])
    if account.debt and program.on_shortage == "invoice":
        outbox.put(tx, [propose_charge(program, member, sale_id, key, account.debt)], loyalty.now())
