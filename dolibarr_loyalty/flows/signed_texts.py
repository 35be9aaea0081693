"""The signed text of a voucher, for the QR code of its mail and of its page."""

from dolibarr_loyalty.core.signed_codes import claims_of
from dolibarr_loyalty.core.vouchers import Voucher
from dolibarr_loyalty.flows.context import Loyalty


def signed_text(loyalty: Loyalty, voucher: Voucher) -> str:
    """What the QR code holds: the code, what it is worth, and the shop's signature. Raises as `code_of` does."""
    key = loyalty.signing_key
    claims = claims_of(voucher, loyalty.code_of(voucher), key.public.key_id)
    return claims.text(key.sign(claims.message))
