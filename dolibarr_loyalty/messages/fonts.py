"""The font of the PDF: Arimo (SIL Open Font License) with all Latin, Greek, Cyrillic and Hebrew letters.

It comes as one variable font of 500 kB. Cutting it to the few characters of a page before choosing the weight
takes milliseconds; the other way round takes more than a second.
"""

import unicodedata
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Literal

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer
from fpdf.bidi import BidiParagraph

Weight = Literal[400, 700]

# Layout tables: the PDF places letter by letter. HVAR repeats what gvar says.
_NOT_NEEDED = ("GSUB", "GPOS", "GDEF", "STAT", "MVAR", "HVAR", "DSIG")


def font_for(characters: str, weight: Weight) -> bytes:
    """A font with at least these characters: the ready one of Western and Central Europe where it has them,
    which is cut once per process and saves half of a page's time, else one cut for them."""
    if _WESTERN.issuperset(characters):
        return _western(weight)
    return cut(characters, weight)


def cut(characters: str, weight: Weight) -> bytes:
    """A TrueType font of this weight with just these characters; the same input gives the same bytes."""
    font = TTFont(BytesIO(_file()), lazy=True, recalcTimestamp=False)
    for table in _NOT_NEEDED:
        if table in font:
            del font[table]
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True, glyph_names=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=sorted({ord(sign) for sign in characters} | {0x20, 0x2026}))
    cutter.subset(font)
    instancer.instantiateVariableFont(font, {"wght": float(weight)}, inplace=True, static=True)
    result = BytesIO()
    font.save(result)
    return result.getvalue()


def printable(text: str) -> str:
    """The text with what the font has: letters it lacks become their plain form, emoji and the like go.

    >>> printable("Zoé 🎉 Nguyễn")
    'Zoé Nguyễn'
    """
    composed = unicodedata.normalize("NFC", text)
    signs = "".join(_nearest(sign) for sign in composed)
    return "\n".join(" ".join(part for part in line.split(" ") if part) for line in signs.split("\n")).strip()


def in_reading_order(line: str) -> str:
    """One line in the order in which its signs stand on paper: Hebrew runs from right to left."""
    if not any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in line):
        return line
    return BidiParagraph(line).get_reordered_string()


def covers(character: str) -> bool:
    """The font has this character."""
    return ord(character) in _covered()


def _nearest(sign: str) -> str:
    if sign == "\n" or sign == " ":
        return sign
    if sign.isspace() and not covers(sign):
        return " "
    if unicodedata.category(sign) in ("Cc", "Cf"):
        return ""
    if covers(sign):
        return sign
    return "".join(part for part in unicodedata.normalize("NFKD", sign) if covers(part))


# Latin letters with all accents of Europe, and the dashes, quotes, spaces and signs around them.
_WESTERN = frozenset(
    map(chr, (0x0A, *range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x2010, 0x2030), 0x202F, 0x20AC))
)


@cache
def _western(weight: Weight) -> bytes:
    return cut("".join(sorted(filter(covers, _WESTERN))), weight)


@cache
def _file() -> bytes:
    return (files("fontpkg_arimo") / "files" / "Arimo[wght].ttf").read_bytes()


@cache
def _covered() -> frozenset[int]:
    return frozenset(TTFont(BytesIO(_file()), lazy=True).getBestCmap())
