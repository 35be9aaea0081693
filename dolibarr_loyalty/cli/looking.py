"""How commands look a code up: as staff, named by the system, every attempt written down."""

from dolibarr_loyalty.cli.setup import Setup, who
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.flows import lookups


def look_up(setup: Setup, code: str, *, for_customer: int | None = None) -> Voucher:
    """The voucher of a code. Raises UnknownVoucher, and TooManyAttempts after too many wrong ones."""
    return lookups.find(
        setup.loyalty, code, source=f"cli:{who()}", for_customer=for_customer, tells_reasons=True
    )
