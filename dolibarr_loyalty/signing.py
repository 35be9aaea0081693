"""The shop's signature (Ed25519): made with a key that follows from the voucher key, checked with its public half."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dolibarr_loyalty.errors import InputError

_PURPOSE = b"dolibarr-loyalty voucher signatures 1"
_KEY_ID_BYTES = 4


class PublicKey:
    """What a till needs to know a voucher of this shop; no secret."""

    def __init__(self, key: Ed25519PublicKey) -> None:
        self._key = key

    @classmethod
    def from_pem(cls, pem: bytes) -> "PublicKey":
        """Raises InputError for what is no key, and for a key of another algorithm."""
        try:
            key = serialization.load_pem_public_key(pem)
        except ValueError as error:
            raise InputError(
                "This file holds no public key. `dolibarr-loyalty voucher key` prints it."
            ) from error
        if not isinstance(key, Ed25519PublicKey):
            raise InputError("This file holds a key of another algorithm; vouchers are signed with Ed25519.")
        return cls(key)

    @property
    def pem(self) -> str:
        """The key as text."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_bytes(serialization.Encoding.PEM, form).decode("ascii")

    @property
    def key_id(self) -> bytes:
        """The short name of the key, which every signed text carries."""
        return hashlib.sha256(self._key.public_bytes_raw()).digest()[:_KEY_ID_BYTES]

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """This key's private half signed exactly this message."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """Signs; it follows from the voucher key alone, so there is one secret to keep and to back up."""

    def __init__(self, secret: bytes) -> None:
        derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret)
        self._key = Ed25519PrivateKey.from_private_bytes(derived)

    @property
    def public(self) -> PublicKey:
        return PublicKey(self._key.public_key())

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes; the same message, the same signature."""
        return self._key.sign(message)
