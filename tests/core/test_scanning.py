"""Codes as keyboards and scanners deliver them."""

import pytest

from dolibarr_loyalty.core.scanning import foreign_signs, signs_of
from dolibarr_loyalty.core.vouchers import code_of, read_code

SECRET = b"a secret of the shop's owner, 32+"
CODES = [code_of(f"voucher-{number}", SECRET) for number in range(300)]

# What each key of an American keyboard gives on another one.
GERMAN = str.maketrans({"Y": "Z", "Z": "Y", "-": "ß", ".": "."})
FRENCH = str.maketrans(
    {
        **dict(zip("1234567890", "&é\"'(-è_çà", strict=True)),
        **dict(zip("AQZW", "QAWZ", strict=True)),
        "M": "?",
        "-": ")",
        ".": ":",
    }
)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("keyboard", [{}, GERMAN, FRENCH], ids=["american", "german", "french"])
def test_a_scanned_code_is_read_whatever_keyboard_the_computer_believes_in(
    code: str, keyboard: dict[int, str]
) -> None:
    assert read_code(code.translate(keyboard)) == code


@pytest.mark.parametrize("frame", ["{}\r\n", "{}\t", "\x02{}\x03", "]Q1{}", "  {}  ", "\ufeff{}", "*{}*"])
def test_what_scanners_put_around_a_code_is_ignored(frame: str) -> None:
    assert read_code(frame.format(CODES[0])) == CODES[0]


def test_wide_signs_are_the_signs_themselves_and_look_alikes_of_other_scripts_are_not() -> None:
    code = next(code for code in CODES if "A" in code)
    wide = "".join(chr(ord(sign) + 0xFEE0) if sign.isalnum() else sign for sign in code)
    assert read_code(wide) == code
    assert read_code(code.replace("A", "А")) is None  # the Cyrillic letter
    assert read_code(code.replace("A", "Α")) is None  # the Greek one


def test_dashes_of_any_kind_and_lower_case() -> None:
    for dash in "‐‑–—−_/ \N{NO-BREAK SPACE}\N{ZERO WIDTH SPACE}":
        assert read_code(CODES[1].lower().replace("-", dash)) == CODES[1]


def test_a_text_without_end_costs_nothing() -> None:
    assert read_code("A" * 10_000_000) is None
    assert read_code(CODES[0] + " " * 5000) == CODES[0]


@pytest.mark.parametrize(
    ("typed", "signs"),
    [
        (" 4006-381 333931\r\n", "4006381333931"),
        ("Geschenk-0815/z", "GESCHENK0815Z"),
        ("é-12", "É12"),
        ("", ""),
    ],
)
def test_of_a_code_made_elsewhere_only_letters_and_digits_count(typed: str, signs: str) -> None:
    assert foreign_signs(typed) == signs


def test_a_french_keyboard_is_only_believed_in_where_no_digit_stands() -> None:
    assert signs_of("AQ)é2") == "AQÉ2"
    assert signs_of("AQ)é") == "QA2"
