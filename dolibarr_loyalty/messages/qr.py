"""The QR code of a voucher's code, as a picture for the mail and the page to print."""

from functools import lru_cache
from io import BytesIO

import segno

_QUIET_ZONE = 2  # modules; the mail and the page put it on white, which adds to it


@lru_cache(maxsize=16)  # a mail and its PDF show the same code
def qr_png(code: str) -> bytes:
    """The QR code as a PNG, sharp on dense screens and on paper; the same code, the same bytes."""
    picture = BytesIO()
    segno.make(code, error="m", micro=False).save(picture, kind="png", scale=12, border=_QUIET_ZONE)
    return picture.getvalue()
