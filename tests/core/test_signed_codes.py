"""What a QR code says and signs: every claim comes back, every changed sign is noticed."""

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.signed_codes import (
    BASE_32,
    KINDS,
    SIGNATURE_BYTES,
    Claims,
    Unreadable,
    claims_of,
    read_signed,
)
from dolibarr_loyalty.core.vouchers import ALPHABET, SIGNS_OF_SIGNED, check_sign, code_of, read_code
from tests.builders import a_voucher, day

CODE = code_of("a voucher", b"a secret of the shop's owner, 32+")
SIGNATURE = bytes(range(SIGNATURE_BYTES))

claims = st.builds(
    Claims,
    code=st.text(ALPHABET, min_size=17, max_size=17).map(
        lambda signs: "-".join((signs + check_sign(signs))[at : at + 6] for at in (0, 6, 12))
    ),
    kind=st.sampled_from(KINDS),
    value=st.integers(0, 2**40 // 10**6).map(lambda cents: Decimal(cents) / 100),
    currency=st.sampled_from(["EUR", "CHF", "USD", "TND"]),
    valid_from=st.none() | st.dates(date(2000, 1, 1), date(2179, 6, 5)),
    valid_until=st.none() | st.dates(date(2000, 1, 1), date(2179, 6, 5)),
    several=st.booleans(),
    bearer=st.booleans(),
    key_id=st.binary(min_size=4, max_size=4),
)
signatures = st.binary(min_size=SIGNATURE_BYTES, max_size=SIGNATURE_BYTES)


def a_claim(**changes: object) -> Claims:
    told: dict[str, object] = {
        "code": CODE,
        "kind": "amount",
        "value": Decimal("12.50"),
        "currency": "EUR",
        "valid_from": None,
        "valid_until": day("2029-12-31"),
        "several": False,
        "bearer": False,
        "key_id": b"shop",
    }
    return Claims(**{**told, **changes})  # type: ignore[arg-type]


@given(claims, signatures)
def test_every_claim_comes_back_as_it_was_signed(claim: Claims, signature: bytes) -> None:
    read = read_signed(claim.text(signature))
    assert read.claims == claim
    assert (read.message, read.signature) == (claim.message, signature)


@given(claims, claims)
def test_what_differs_is_signed_differently(one: Claims, other: Claims) -> None:
    assert (one == other) == (one.message == other.message)


@given(claims, signatures, st.integers(0, SIGNS_OF_SIGNED), st.sampled_from(BASE_32))
def test_one_sign_changed_changes_what_is_checked(
    claim: Claims, signature: bytes, place: int, sign: str
) -> None:
    text = claim.text(signature)
    place += text[:place].count("-")
    if text[place : place + 1] in ("-", ".", sign, ""):
        return
    changed = text[:place] + sign + text[place + 1 :]
    try:
        read = read_signed(changed)
    except Unreadable:
        return
    assert (read.message, read.signature) != (claim.message, signature)


def test_the_text_begins_with_the_code_and_has_only_signs_of_the_compact_alphabet() -> None:
    text = a_claim().text(SIGNATURE)
    assert text.startswith(f"{CODE}.")
    assert len(text) == 151
    assert set(text) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
    assert len(set(BASE_32)) == 32
    assert not set(BASE_32) & set("ZILO")
    assert read_code(text) == CODE
    assert read_code(f"{text}\r\n".lower()) == CODE


def test_a_german_keyboard_changes_nothing() -> None:
    text = a_claim().text(SIGNATURE)
    swapped = text.translate(str.maketrans({"Y": "Z", "-": "ß"}))
    assert "Y" in text
    assert read_signed(swapped).claims == a_claim()


def test_days_beyond_what_fits_are_the_last_that_does() -> None:
    text = a_claim(valid_from=day("1999-12-31"), valid_until=day("9999-12-31")).text(SIGNATURE)
    read = read_signed(text).claims
    assert (read.valid_from, read.valid_until) == (day("2000-01-01"), day("2179-06-05"))


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (CODE, "without a signature"),
        (a_claim().text(SIGNATURE)[:-1], "cut off"),
        (a_claim().text(SIGNATURE) + "2", "cut off"),
        ("", "cut off"),
        ("hello", "cut off"),
        (a_claim().text(SIGNATURE)[:-1] + "O", "changed or read wrongly"),
        (a_claim().text(SIGNATURE)[:-1] + "3", "changed or read wrongly"),  # more than the last byte's end
        (CODE[:-1] + ("A" if CODE[-1] != "A" else "B") + a_claim().text(SIGNATURE)[20:], "changed"),
        (f"{CODE}.3{a_claim().text(SIGNATURE)[22:]}", "does not know"),
    ],
)
def test_what_cannot_be_checked_is_refused_with_a_sentence(typed: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_signed(typed)


@given(st.text(max_size=200) | st.text(BASE_32, min_size=SIGNS_OF_SIGNED, max_size=SIGNS_OF_SIGNED))
def test_no_text_breaks_the_reading(typed: str) -> None:
    with suppress(Unreadable):
        read_signed(typed)


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({"kind": "amount", "value": "20"}, Decimal(20)),
        ({"kind": "percent", "rate": "12.5"}, Decimal("12.5")),
        ({"kind": "product", "product": "TEE"}, Decimal(0)),
    ],
)
def test_the_claims_of_a_voucher(changes: dict[str, object], value: Decimal) -> None:
    voucher = a_voucher(**changes)  # type: ignore[arg-type]
    claim = claims_of(voucher, CODE, b"shop")
    assert (claim.kind, claim.value, claim.currency) == (voucher.kind, value, voucher.currency)
    assert read_signed(claim.text(SIGNATURE)).claims == claim
