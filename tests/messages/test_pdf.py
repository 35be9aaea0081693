"""The page to print: one A6 page, any European name, nothing runs over, always the same bytes."""

import io
import re
import time
import zlib
from dataclasses import replace
from decimal import Decimal

import pytest
from fontTools.ttLib import TTFont

from dolibarr_loyalty.messages import Worth, voucher_pdf
from dolibarr_loyalty.messages import pdf as pdf_module
from dolibarr_loyalty.messages.fonts import covers, cut, in_reading_order, printable
from dolibarr_loyalty.messages.pdf import HEIGHT, WIDTH
from tests.messages.builders import a_brand, a_logo, a_voucher

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft "
POINT = 25.4 / 72


def _streams(pdf: bytes) -> list[bytes]:
    found = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, flags=re.DOTALL)
    content = []
    for stream in found:
        try:
            content.append(zlib.decompress(stream))
        except zlib.error:
            content.append(stream)
    return content


def _page(pdf: bytes) -> bytes:
    return next(stream for stream in _streams(pdf) if b" Td" in stream)


@pytest.mark.parametrize("locale", ["de", "en", "fr"])
def test_it_is_one_a6_page_that_names_itself_and_its_language(locale):
    pdf = voucher_pdf(a_voucher(), a_brand(), locale)
    assert pdf.startswith(b"%PDF-1.")
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1
    assert f"/MediaBox [0 0 {WIDTH / POINT:.2f} {HEIGHT / POINT:.2f}]".encode() in pdf
    assert f"/Lang ({locale}-".encode() in pdf
    assert b"/Title" in pdf
    assert b"/DisplayDocTitle true" in pdf


@pytest.mark.parametrize("logo", [None, a_logo()], ids=["name", "logo"])
def test_the_same_voucher_gives_the_same_bytes(logo):
    first = voucher_pdf(a_voucher(), a_brand(logo=logo), "de")
    time.sleep(1.1)  # a clock of whole seconds would show
    pdf_module._printed.cache_clear()
    assert voucher_pdf(a_voucher(), a_brand(logo=logo), "de") == first
    assert voucher_pdf(a_voucher(code="AAAAAA-BBBBBB-CCCCCC"), a_brand(logo=logo), "de") != first


def test_it_is_made_quickly():
    voucher_pdf(a_voucher(), a_brand(), "de")
    began = time.process_time()
    for number in range(5):
        voucher_pdf(a_voucher(member_name=f"Zoé {number}"), a_brand(), "de")
    assert (time.process_time() - began) / 5 < 0.5


@pytest.mark.parametrize(
    "changes",
    [
        {"member_name": LONG * 5, "reward": LONG * 5, "terms": LONG * 200, "vat_note": LONG},
        {"member_name": "W" * 500, "reward": "W" * 500, "terms": "W" * 5000},
        {"worth": Worth(kind="product", product=LONG * 3, limit=Decimal("1234567.89"))},
        {"worth": Worth(kind="amount", value=Decimal("123456789012.34"), currency="EUR")},
        {"member_name": "", "terms": "", "valid_until": None},
        {"terms": "a\n" * 100},
        {"code": "ABCDEF-" * 20},
    ],
    ids=[
        "long words",
        "endless words",
        "a long product",
        "a fortune",
        "nothing",
        "many lines",
        "a long code",
    ],
)
def test_no_text_leaves_the_page(changes):
    brand = a_brand(shop_name=LONG * 2, legal=(LONG * 4, LONG, LONG, LONG))
    content = _page(voucher_pdf(replace(a_voucher(), **changes), brand, "de")).decode("latin-1")
    places = [(float(x), float(y)) for x, y in re.findall(r"([\d.-]+) ([\d.-]+) Td", content)]
    assert places
    for x, y in places:
        assert 8 * 0.9 <= x * POINT <= WIDTH / 2 + 1
        assert 5 <= y * POINT <= HEIGHT - 5


def test_texts_do_not_run_into_each_other():
    brand = a_brand(shop_name=LONG * 2, legal=(LONG * 4, LONG, LONG))
    facts = a_voucher(member_name=LONG * 5, reward=LONG, terms=LONG * 200)
    content = _page(voucher_pdf(facts, brand, "de")).decode("latin-1")
    heights = [float(y) for _, y in re.findall(r"([\d.-]+) ([\d.-]+) Td", content)]
    steps = [
        above - below
        for above, below in zip(
            sorted(heights, reverse=True), sorted(heights, reverse=True)[1:], strict=False
        )
    ]
    assert min(steps) >= 4.4  # points: the smallest print


RANGES = {
    "Latin-1": range(0xA1, 0x100),
    "Latin Extended-A": range(0x100, 0x180),
    "Latin Extended-B": range(0x180, 0x250),
    "Latin Extended Additional": range(0x1E00, 0x1F00),
    "Greek": [c for c in range(0x386, 0x3CF) if c not in (0x387, 0x38B, 0x38D, 0x3A2)],
    "Cyrillic": range(0x400, 0x530),
    "Hebrew": range(0x5D0, 0x5EB),
    "punctuation of prices": [0x20AC, 0x202F, 0xA0, 0x2019, 0x201E, 0x201C, 0x2026, 0x2013, 0x2212],
}


@pytest.mark.parametrize("range_", RANGES.values(), ids=RANGES)
def test_the_font_has_the_letters_of_europe(range_):
    assert [f"{code:04X}" for code in range_ if not covers(chr(code))] == []


@pytest.mark.parametrize(
    "name",
    [
        "Łukasz Żółć",
        "Ștefan Țepeș",
        "Győző Őrsi",
        "Þórður Ægisson",
        "Þéodóra Ðỉnh Nguyễn",
        "Αλέξανδρος",
        "Наталія Ґудзь",
    ],
)
def test_european_names_print_as_they_are(name):
    assert printable(name) == name
    weights = [TTFont(io.BytesIO(cut(name, weight))) for weight in (400, 700)]
    for font in weights:
        assert {ord(sign) for sign in name} <= set(font.getBestCmap())
    assert weights[0]["hmtx"].metrics != weights[1]["hmtx"].metrics


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoé 🎉 Blum", "Zoé Blum"),
        ("👩‍👩‍👧", ""),
        ("محمد", ""),
        ("ＡＢＣ", "ABC"),
        ("e\N{COMBINING ACUTE ACCENT}", "é"),
        ("a\N{THIN SPACE}b\tc", "a\N{THIN SPACE}b c"),
        ("one\n two  three ", "one\ntwo three"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
    ],
)
def test_what_the_font_lacks_becomes_plain_or_is_left_out(text, shown):
    assert printable(text) == shown


def test_hebrew_runs_from_right_to_left():
    assert in_reading_order("שרה") == "הרש"
    assert in_reading_order("für Zoé") == "für Zoé"


def test_a_hebrew_name_is_turned_only_once():
    texts = pdf_module.texts_of(a_voucher(member_name="שרה"), a_brand(), a_brand().words("de"))
    assert texts.holder == "für הרש"


def test_a_member_whose_name_cannot_be_printed_gets_a_voucher_without_name():
    named = voucher_pdf(a_voucher(member_name="محمد"), a_brand(), "de")
    assert named == voucher_pdf(a_voucher(member_name=""), a_brand(), "de")
