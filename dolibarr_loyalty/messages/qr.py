"""The QR code of a voucher, as a picture for the mail and the page to print."""

from functools import lru_cache
from io import BytesIO

import segno

_QUIET_ZONE = 2  # modules; the mail and the page put it on white, which adds to it
_WIDE_ZONE = 4  # what scanners are promised (ISO/IEC 18004), where nothing around it is known to be white


@lru_cache(maxsize=16)  # a mail and its PDF show the same code
def qr_png(text: str) -> bytes:
    """The QR code as a PNG, sharp on dense screens and on paper; the same text, the same bytes."""
    return _png(text, scale=12, border=_QUIET_ZONE)


def small_qr_png(text: str) -> bytes:
    """The QR code for a sheet of many: of few bytes, with all the white it needs around it."""
    return _png(text, scale=4, border=_WIDE_ZONE)


def _png(text: str, *, scale: int, border: int) -> bytes:
    picture = BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="png", scale=scale, border=border)
    return picture.getvalue()
