"""The shop's signature: the same in every release, checked by its public half alone."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448

from dolibarr_loyalty.errors import InputError
from dolibarr_loyalty.signing import PublicKey, SigningKey

SECRET = bytes(range(32))
KEY = SigningKey(SECRET)


def test_the_key_of_a_secret_never_changes() -> None:
    """Printed vouchers are checked for years: another derivation would make forgeries of them all."""
    assert KEY.public.key_id.hex() == "3cfebd70"
    assert KEY.sign(b"message").hex()[:32] == "c66532ab347ee0df976d658b1a9cafd3"
    assert KEY.sign(b"message") == SigningKey(SECRET).sign(b"message")


def test_another_secret_is_another_key() -> None:
    other = SigningKey(SECRET[::-1])
    assert other.public.key_id != KEY.public.key_id
    assert not other.public.verifies(b"message", KEY.sign(b"message"))


def test_the_public_key_goes_out_and_comes_back_as_text() -> None:
    public = PublicKey.from_pem(KEY.public.pem.encode())
    assert (public.pem, public.key_id) == (KEY.public.pem, KEY.public.key_id)
    assert public.verifies(b"message", KEY.sign(b"message"))
    assert SECRET.hex() not in KEY.public.pem


@pytest.mark.parametrize(
    ("message", "signature"),
    [
        (b"Message", KEY.sign(b"message")),
        (b"", KEY.sign(b"message")),
        (b"message", bytes(64)),
        (b"message", b""),
        (b"message", KEY.sign(b"message")[:-1]),
        (b"message", KEY.sign(b"message") + b"\0"),
    ],
    ids=["changed", "empty", "zeros", "none", "short", "long"],
)
def test_only_what_was_signed_is_verified(message: bytes, signature: bytes) -> None:
    assert not KEY.public.verifies(message, signature)


@pytest.mark.parametrize(
    "pem", [b"", b"\xff\xfe", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"]
)
def test_what_is_no_key(pem: bytes) -> None:
    with pytest.raises(InputError, match="no public key"):
        PublicKey.from_pem(pem)


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP256R1()), ed448.Ed448PrivateKey.generate()])
def test_keys_of_other_algorithms_are_refused(
    key: ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey,
) -> None:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    with pytest.raises(InputError, match="another algorithm"):
        PublicKey.from_pem(key.public_key().public_bytes(serialization.Encoding.PEM, form))


def test_a_private_key_is_not_taken_for_the_public_one() -> None:
    private = ed448.Ed448PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(InputError, match="no public key"):
        PublicKey.from_pem(private)
