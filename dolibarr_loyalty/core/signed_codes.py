"""What a voucher's QR code says: its code, and what the shop signs of it so that a till can check without network.

The text is the code, a dot and 81 bytes in base 32: what is claimed, then its Ed25519 signature. It has 151
signs, all of them of a QR code's compact alphabet: 41 modules a side, more than half a millimetre each on a
print of 25 mm. Signing and verifying themselves are done outside, by a library.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, get_args

from dolibarr_loyalty.core.money import from_minor, to_minor
from dolibarr_loyalty.core.scanning import signs_of
from dolibarr_loyalty.core.vouchers import CODE_SIGNS, SIGNS_OF_SIGNED, Voucher, read_code

VERSION = 1  # of the text's form, with Ed25519 as its algorithm
SIGNATURE_BYTES = 64
KEY_ID_BYTES = 4
# The signs of codes and three more, but no Z: a German keyboard swaps it with Y.
BASE_32 = "23456789ABCDEFGHJKMNPQRSTVWXY01U"
_PURPOSE = b"dolibarr-loyalty voucher\n"  # so that a signature for anything else says nothing of a voucher
_CLAIM_BYTES = 17
_FIRST_DAY = date(2000, 1, 1)
_LAST_DAY = _FIRST_DAY + timedelta(days=0xFFFF - 1)  # in the year 2179
_PERCENT_PARTS = 10_000

Kind = Literal["amount", "percent", "product", "service"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What is signed. `value` is what the voucher was issued for: an amount, or percent.

    Days are the first and last usable one, None without; `several`: it may be used in parts, so that a till
    without network cannot know what is left; `key_id` names the key that signed.
    """

    code: str
    kind: Kind
    value: Decimal
    currency: str
    valid_from: date | None
    valid_until: date | None
    several: bool
    bearer: bool
    key_id: bytes

    @property
    def message(self) -> bytes:
        """The bytes to sign."""
        return _message(self.code, self._bytes())

    def text(self, signature: bytes) -> str:
        """What the QR code holds."""
        return f"{self.code}.{_to_base_32(self._bytes() + signature)}"

    def _bytes(self) -> bytes:
        flags = KINDS.index(self.kind) | self.several << 2 | self.bearer << 3
        return b"".join(
            (
                bytes((VERSION,)),
                self.key_id,
                bytes((flags,)),
                self._number().to_bytes(5),
                _currency_number(self.currency).to_bytes(2),
                _day_number(self.valid_from).to_bytes(2),
                _day_number(self.valid_until).to_bytes(2),
            )
        )

    def _number(self) -> int:
        if self.kind == "percent":
            return int(self.value * _PERCENT_PARTS)
        return to_minor(self.value, self.currency)


@dataclass(frozen=True, kw_only=True)
class SignedCode:
    """A text that was read: its claims, believed by nobody yet, the bytes they came as, and their signature."""

    claims: Claims
    message: bytes
    signature: bytes


class Unreadable(Exception):
    """A text that cannot be checked; the sentence says why."""


def claims_of(voucher: Voucher, code: str, key_id: bytes) -> Claims:
    """What is to be signed of a voucher: how it was issued, whatever became of it."""
    kind = next(kind for kind in KINDS if kind == voucher.kind)
    return Claims(
        code=code,
        kind=kind,
        value={"amount": voucher.value, "percent": voucher.rate}.get(kind, Decimal(0)),
        currency=voucher.currency,
        valid_from=voucher.valid_from,
        valid_until=voucher.valid_until,
        several=voucher.several,
        bearer=voucher.bearer,
        key_id=key_id,
    )


def read_signed(typed: str) -> SignedCode:
    """The claims and the signature of a scanned text. Raises Unreadable with the reason."""
    code, signs = read_code(typed), signs_of(typed)
    if code is not None and len(signs) == CODE_SIGNS:
        raise Unreadable("This is a code without a signature: it can only be looked up online.")
    if len(signs) != SIGNS_OF_SIGNED:
        raise Unreadable("The text was cut off, or is no voucher. Scan it again.")
    content = _from_base_32(signs[CODE_SIGNS:])
    if code is None or content is None:
        raise Unreadable("The text was changed or read wrongly. Scan it again.")
    if content[0] != VERSION:
        raise Unreadable("The voucher is signed in a way this version does not know. Look it up online.")
    return _read(code, content[:_CLAIM_BYTES], content[_CLAIM_BYTES:])


def _read(code: str, content: bytes, signature: bytes) -> SignedCode:
    flags = content[5]
    kind = KINDS[flags & 3]
    currency = _currency_of(int.from_bytes(content[11:13]))
    number = int.from_bytes(content[6:11])
    value = Decimal(number) / _PERCENT_PARTS if kind == "percent" else from_minor(number, currency)
    claims = Claims(
        code=code,
        kind=kind,
        value=value,
        currency=currency,
        valid_from=_day_of(int.from_bytes(content[13:15])),
        valid_until=_day_of(int.from_bytes(content[15:17])),
        several=bool(flags & 4),
        bearer=bool(flags & 8),
        key_id=content[1 : 1 + KEY_ID_BYTES],
    )
    return SignedCode(claims=claims, message=_message(code, content), signature=signature)


def _message(code: str, content: bytes) -> bytes:
    return _PURPOSE + code.replace("-", "").encode() + content


def _currency_number(currency: str) -> int:
    first, second, third = (ord(letter) - ord("A") for letter in currency)
    return (first * 32 + second) * 32 + third


def _currency_of(number: int) -> str:
    """Three letters; of a forged number they may be any signs, and the signature does not hold."""
    return "".join(chr(ord("A") + (number >> shift) % 32) for shift in (10, 5, 0))


def _day_number(day: date | None) -> int:
    return 0 if day is None else (max(_FIRST_DAY, min(day, _LAST_DAY)) - _FIRST_DAY).days + 1


def _day_of(number: int) -> date | None:
    return _FIRST_DAY + timedelta(days=number - 1) if number else None


def _to_base_32(content: bytes) -> str:
    bits = len(content) * 8
    length = -(-bits // 5)
    number = int.from_bytes(content) << (length * 5 - bits)
    return "".join(BASE_32[number >> 5 * place & 31] for place in reversed(range(length)))


def _from_base_32(signs: str) -> bytes | None:
    """The bytes; None for signs that are none of ours, and for a last sign that says more than a byte's end."""
    number = 0
    for sign in signs:
        place = BASE_32.find(sign)
        if place < 0:
            return None
        number = number << 5 | place
    spare = len(signs) * 5 % 8
    return None if number & (1 << spare) - 1 else (number >> spare).to_bytes(len(signs) * 5 // 8)
