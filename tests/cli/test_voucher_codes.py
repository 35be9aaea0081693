"""`voucher check|key|print-run|activate|import|export|attempts`."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from dolibarr_loyalty.core.signed_codes import BASE_32, Claims
from dolibarr_loyalty.core.vouchers import code_of
from dolibarr_loyalty.signing import SigningKey

from .conftest import Shop

CARD = """
[[program.gift_card]]
id = "gift"
products = ["GIFT"]
names = { en = "Gift card", de = "Geschenkgutschein" }
"""
OURS, OTHERS = SigningKey(b"our key" * 5), SigningKey(b"another shop's key" * 2)
TODAY = datetime.now(UTC).date()
CLAIMS = Claims(
    code=code_of("a voucher", b"our key"),
    kind="amount",
    value=Decimal("12.50"),
    currency="EUR",
    valid_from=None,
    valid_until=TODAY + timedelta(days=30),
    several=True,
    bearer=True,
    key_id=OURS.public.key_id,
)
LEGACY = "code;value;valid_until;member;kind\n4006381333931;25,00;2099-12-31;;\nOLD-1;10;;;promotion\n"


@pytest.fixture
def cards(shop: Shop) -> Iterator[Shop]:
    """A shop that sells gift cards."""
    with shop.config.open("a", encoding="utf-8") as file:
        file.write(CARD)
    shop.dolibarr.create_product(ref="GIFT", label="Gift card", price="50", tva_tx=0, type=1, status=1)
    yield shop


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    """The public key a till was given."""
    file = tmp_path / "shop.pem"
    file.write_text(OURS.public.pem, encoding="ascii")
    return file


def signed(claims: Claims = CLAIMS, key: SigningKey = OURS) -> str:
    return claims.text(key.sign(claims.message))


def of_version_2(text: str) -> str:
    """The version is the first byte: the first sign and three bits of the second."""
    code, rest = text.split(".")
    places = [BASE_32.index(sign) for sign in rest[:2]]
    number = places[0] << 5 | places[1]
    number = number & 0b11 | 2 << 2
    return f"{code}.{BASE_32[number >> 5]}{BASE_32[number & 31]}{rest[2:]}"


def changed(text: str, place: int) -> str:
    sign = "A" if text[place] != "A" else "B"
    return f"{text[:place]}{sign}{text[place + 1 :]}"


def kept(shop: Shop) -> list[str]:
    """What is in the database but for the changed program, which the first command after the change keeps."""
    return [line for line in shop.dump() if "llx_loyalty_program_" not in line]


def file_of(folder: Path, text: str, name: str = "cards.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def print_cards(shop: Shop, folder: Path, count: int = 2, value: str = "25") -> list[str]:
    """The codes of printed gift cards."""
    file = folder / "run.pdf"
    wanted = ("--gift-card", "gift", "--value", value, "--count", count, "--out", file)
    shop.run("voucher", "print-run", "--name", f"cards of {value}", *wanted)
    listed = shop.run("voucher", "export", "-").out
    rows = csv.DictReader(io.StringIO(listed))
    return [shop.code(row["voucher"]) for row in rows if Decimal(row["value"]) == Decimal(value)]


# signed codes ----------------------------------------------------------------------------------------


def test_a_genuine_voucher_is_checked_without_network_and_database(shop: Shop, pem: Path) -> None:
    shop.go_away()
    before = kept(shop)
    told = shop.run("voucher", "check", signed(), "--public-key", pem).out
    assert all(text in told for text in (CLAIMS.code, "€12.50", "whoever shows it", "several", "online"))
    claims = shop.run("voucher", "check", signed().lower(), "--public-key", pem, "--json").json
    assert (claims["genuine"], claims["value"], claims["currency"]) == (True, 12.5, "EUR")
    assert (claims["left"], claims["valid_until"]) == (None, CLAIMS.valid_until and str(CLAIMS.valid_until))
    assert kept(shop) == before


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        (replace(CLAIMS, kind="percent", value=Decimal(15), bearer=False, several=False), "15"),
        (replace(CLAIMS, kind="product", value=Decimal(0)), "a product, named on the voucher"),
        (replace(CLAIMS, valid_until=None), "without end"),
        (replace(CLAIMS, valid_until=TODAY + timedelta(days=2)), "genuine"),
    ],
    ids=["percent", "product", "no end", "soon over"],
)
def test_what_a_genuine_voucher_is(shop: Shop, pem: Path, claims: Claims, told: str) -> None:
    assert told in shop.run("voucher", "check", signed(claims), "--public-key", pem).out.replace(
        "Genuine", "genuine"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (signed(replace(CLAIMS, key_id=OTHERS.public.key_id), OTHERS), "another key"),
        (signed(CLAIMS, OTHERS), "signature does not hold"),
        (changed(signed(), 0), "was changed or read wrongly"),
        (changed(signed(), 40), "signature does not hold"),
        (changed(signed(), 80), "signature does not hold"),
        (
            signed(replace(CLAIMS, value=Decimal(99))).split(".")[0] + "." + signed().split(".")[1][:-1],
            "cut off",
        ),
        (signed()[:-1], "cut off"),
        (signed() + "A", "cut off"),
        ("", "cut off"),
        (CLAIMS.code, "without a signature"),
        (of_version_2(signed()), "a way this version does not know"),
        (signed(replace(CLAIMS, valid_until=date(2020, 1, 31))), "valid until 2020-01-31"),
        (signed(replace(CLAIMS, valid_from=date(2099, 1, 1), valid_until=None)), "only from 2099-01-01"),
    ],
    ids=[
        "another shop",
        "forged",
        "another code",
        "another value",
        "another signature",
        "put together",
        "cut off",
        "too long",
        "nothing",
        "unsigned",
        "version 2",
        "expired",
        "early",
    ],
)
def test_what_is_not_genuine_or_not_good_today(shop: Shop, pem: Path, text: str, told: str) -> None:
    ran = shop.run("voucher", "check", text, "--public-key", pem, "--json", code=1)
    assert told in " ".join(ran.err.split())
    assert ran.out == ""


@pytest.mark.parametrize(
    "content", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"]
)
def test_a_file_that_holds_no_key(shop: Shop, pem: Path, content: bytes) -> None:
    pem.write_bytes(content)
    assert "no public key" in shop.run("voucher", "check", signed(), "--public-key", pem, code=2).err


def test_the_shops_key_checks_what_the_shop_signs_and_nothing_else(cards: Shop, tmp_path: Path) -> None:
    shop = cards
    zxing = pytest.importorskip("zxingcpp")
    pdfium = pytest.importorskip("pypdfium2")
    out, key = tmp_path / "run.pdf", tmp_path / "key.pem"
    shop.run("voucher", "print-run", "--name", "fair", "--reward", "5-off", "--count", 1, "--out", out)
    key.write_text(shop.run("voucher", "key").out, encoding="ascii")
    (page,) = pdfium.PdfDocument(out.read_bytes())
    (found,) = zxing.read_barcodes(page.render(scale=3).to_pil())
    for more in ((), ("--public-key", key)):
        assert "€5.00" in shop.run("voucher", "check", found.text, *more).out
    assert "another key" in shop.run("voucher", "check", signed(), code=1).err


# printing --------------------------------------------------------------------------------------------


def test_a_run_is_printed_once_and_again_with_the_same_codes(shop: Shop, tmp_path: Path) -> None:
    out = tmp_path / "run.pdf"
    run = ("voucher", "print-run", "--name", "fair", "--reward", "5-off", "--per-page", 8, "--out", out)
    before = kept(shop)
    assert "Nothing was written" in shop.run(*run, "--count", 3, "--dry-run").out
    assert (kept(shop), out.exists()) == (before, False)
    assert "3 vouchers of run fair, 3 of them new" in shop.run(*run, "--count", 3).out
    assert out.read_bytes()[:4] == b"%PDF"
    assert out.stat().st_mode & 0o777 == 0o600
    made = shop.run("voucher", "export", "-").out
    assert "0 of them new" in shop.run(*run, "--count", 3, "--language", "de").out
    assert shop.run("voucher", "export", "-").out == made
    assert "used before with another input" in " ".join(shop.run(*run, "--count", 4, code=1).err.split())
    assert shop.run("voucher", "export", "-").out == made


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--reward", "hat"), "hat"),
        (("--reward", "5-off", "--gift-card", "gift"), "either --reward or --gift-card"),
        (("--gift-card", "gift"), "--value"),
        (("--gift-card", "gift", "--value", "much"), "no amount"),
        (("--gift-card", "gift", "--value", "NaN"), "no amount"),
        (("--reward", "5-off", "--valid-until", "soon"), "no day"),
        (("--reward", "5-off", "--valid-until", "2020-01-01"), "is over"),
        (("--reward", "5-off", "--per-page", 3), "--per-page"),
        (("--reward", "5-off", "--language", "nl"), "--language"),
        (("--reward", "5-off", "--out", "/nowhere/run.pdf"), "cannot be written"),
    ],
    ids=str,
)
def test_what_cannot_be_printed_writes_nothing(
    cards: Shop, tmp_path: Path, words: tuple[object, ...], told: str
) -> None:
    run = ("voucher", "print-run", "--name", "fair", "--count", 1, "--out", tmp_path / "run.pdf")
    before = kept(cards)
    assert told in cards.run(*run, *words, code=2).err
    assert kept(cards) == before


def test_a_printed_gift_card_is_activated_once_and_only_then_used(cards: Shop, tmp_path: Path) -> None:
    shop = cards
    first, second = print_cards(shop, tmp_path)
    invoice = shop.invoice()
    shop.run("voucher", "use", first, invoice, code=1)
    activate = ("voucher", "activate", first, "--reason", "ticket 7")
    before = kept(shop)
    assert "would be usable: €25.00" in shop.run(*activate, "--dry-run").out
    assert kept(shop) == before
    for _ in range(2):
        told = shop.run(*activate, "--json").json
        assert (told["state"], told["left"], told["dry_run"]) == ("active", 25, False)
    assert "can be used: €25.00" in shop.run(*activate).out
    assert "reason" in shop.run("voucher", "activate", second, "--reason", " ", code=2).err
    assert shop.run("voucher", "use", first, invoice, "--json").json["amount"] == 25
    shop.run("voucher", "use", second, invoice, code=1)
    shop.run("deliver")
    assert shop.run("voucher", "show", first, "--json").json["state"] == "used"


def test_a_card_that_is_activated_for_its_sale_is_the_only_one(cards: Shop, tmp_path: Path) -> None:
    shop = cards
    first, second = print_cards(shop, tmp_path, value="50")
    made = shop.run("giftcard", "sell", "claire@example.invalid", "--card", "gift", "--json").json["invoice"]
    activate = ("voucher", "activate", first, "--reason", "till 1", "--sale", made["ref"])
    assert "is not paid" in shop.run(*activate, code=1).err
    shop.dolibarr.pay(made["id"])
    before = kept(shop)
    assert "€50.00" in shop.run(*activate, "--dry-run").out
    assert kept(shop) == before
    assert "can be used: €50.00" in shop.run(*activate).out
    shop.run("sync")
    shop.run("deliver")
    listed = shop.run("voucher", "export", "-").out
    assert [Decimal(row["left"]) for row in csv.DictReader(io.StringIO(listed))] == [50, 0]
    again = ("voucher", "activate", second, "--reason", "till 1", "--sale", made["ref"])
    assert "handed out already" in " ".join(shop.run(*again, code=1).err.split())


# cards of before, and the register -------------------------------------------------------------------


def test_cards_of_before_come_in_once(cards: Shop, tmp_path: Path) -> None:
    shop, file = cards, file_of(tmp_path, LEGACY)
    before = kept(shop)
    assert "2 cards over €35.00 are new" in shop.run("voucher", "import", file, "--dry-run").out
    dry = shop.run("voucher", "import", file, "--dry-run", "--json").json
    assert (dry["new"], dry["known"], dry["amount"], dry["dry_run"]) == (2, 0, 35, True)
    assert kept(shop) == before
    told = shop.run("voucher", "import", file, "--reason", "old till")
    assert "2 cards over €35.00 are in the register" in told.out
    assert "1 codes have fewer than" in told.err
    assert "Nothing is new" in shop.run("voucher", "import", file).out
    again = shop.run("voucher", "import", file, "--json").json
    assert (again["new"], again["known"]) == (0, 2)
    batch = told.out.rsplit(" ", 1)[1].strip()
    assert "old till" in shop.run("imports", batch).out
    assert "€25.00" in shop.run("voucher", "show", "4006 3813 33931").out


def test_all_mistakes_of_a_file_are_told_at_once_and_nothing_is_written(cards: Shop, tmp_path: Path) -> None:
    shop = cards
    file = file_of(tmp_path, "code;value;member\n12;1;\nABCDE;0;\nFGHIJ;5;nobody@example.invalid\nKLMNO;5;\n")
    before = kept(shop)
    for more in ((), ("--dry-run",), ("--json",)):
        told = shop.run("voucher", "import", file, *more, code=2).err
        assert all(f"line {line}:" in told for line in (2, 3, 4))
        assert "line 5:" not in told
    assert kept(shop) == before


def test_a_file_names_its_gift_card_where_the_program_has_none(shop: Shop, tmp_path: Path) -> None:
    file = file_of(tmp_path, LEGACY)
    assert "--gift-card" in shop.run("voucher", "import", file, code=2).err
    assert "no gift card 'x'" in shop.run("voucher", "import", file, "--gift-card", "x", code=2).err
    promotions = file_of(tmp_path, "code;value;kind\nSUMMER-2026;5;promotion\n", "promotions.csv")
    assert shop.run("voucher", "import", promotions, "--json").json["new"] == 1


def test_the_register_is_written_with_sums_that_add_up(cards: Shop, tmp_path: Path) -> None:
    shop, out = cards, tmp_path / "vouchers.csv"
    code = shop.redeemed()
    shop.run("voucher", "use", code, shop.invoice())
    shop.run("voucher", "import", file_of(tmp_path, LEGACY))
    assert f"Wrote {out}" in " ".join(shop.run("voucher", "export", out).out.split())
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert sorted(row["source"] for row in rows) == ["imported", "imported", "reward"]
    assert {row["state"] for row in rows if row["source"] == "reward"} == {"used"}
    for row in rows:
        moved = sum(Decimal(row[kind]) for kind in ("issued", "used", "expired", "cancelled"))
        assert moved == Decimal(row["left"])
    assert code not in out.read_text(encoding="utf-8-sig")
    assert "cannot be written" in shop.run("voucher", "export", tmp_path / "no" / "x.csv", code=2).err


# attempts --------------------------------------------------------------------------------------------


def test_attempts_are_listed_and_guessing_ends(shop: Shop) -> None:
    assert "There are none" in shop.run("voucher", "attempts").out
    right, wrong = shop.redeemed(), code_of("nobody's", b"another shop's key")
    shop.run("voucher", "show", right)
    for _ in range(10):
        shop.run("voucher", "show", wrong, code=2)
    assert "Too many wrong codes" in shop.run("voucher", "show", right, code=1).err
    told = shop.run("voucher", "attempts").out
    assert right[-4:] in told
    listed = shop.run("voucher", "attempts", "--json").json
    assert [each["outcome"] for each in listed] == ["refused", *["unknown"] * 10, "found"]
    assert listed[-1]["code"].endswith(right[-4:])
    failed = shop.run("voucher", "attempts", "--failed", "--json").json
    assert [each["outcome"] for each in failed] == ["unknown"] * 10
    assert len(shop.run("voucher", "attempts", "--limit", 3, "--json").json) == 3
    assert wrong not in "".join(shop.printed)


def test_the_settings_say_how_many_wrong_codes_are_borne(shop: Shop) -> None:
    text = shop.config.read_text(encoding="utf-8")
    changed_text = re.sub(r"(?m)^#? ?wrong_codes_per_source = .*$", "wrong_codes_per_source = 2", text)
    assert changed_text != text
    shop.config.write_text(changed_text, encoding="utf-8")
    for _ in range(2):
        shop.run("voucher", "show", "ABC", code=2)
    assert "Too many wrong codes" in shop.run("voucher", "show", "ABC", code=1).err
