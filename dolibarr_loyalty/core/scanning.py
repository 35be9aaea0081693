"""Codes as people type them and scanners send them: only their signs, whatever keyboard they came through.

A scanner plays the keys of an American keyboard; where the computer believes in another one, letters change
places. Our codes have no Z, so one that does came through a German keyboard; one with é, è or ç for its digits
came through a French one.
"""

import re
import unicodedata

LONGEST = 1000  # signs; more is no code, and not worth the work
_SYMBOLOGY = re.compile(r"^\s*\][A-Za-z][0-9A-Za-z]")  # "]Q1": some scanners say first what they read
_FRENCH_ONLY = frozenset("éèçà&\"'(_)?")
_FRENCH = str.maketrans(
    {
        **dict(zip("&é\"'(-è_çà", "1234567890", strict=True)),
        **dict(zip("qawzQAWZ", "aqzwAQZW", strict=True)),
        ",": "m",
        "?": "m",
        ")": "-",
    }
)


def signs_of(typed: str) -> str:
    """Letters and digits of a code of ours, in upper case; what a German or French keyboard made of it is undone."""
    text = _plain(typed)
    if _FRENCH_ONLY & set(text) and not re.search("[0-9]", text):
        text = text.translate(_FRENCH)
    signs = _signs(text)
    return signs.replace("Z", "Y") if "Y" not in signs else signs


def foreign_signs(typed: str) -> str:
    """The letters and digits of a code somebody else made, in upper case: nothing is known of its alphabet."""
    return _signs(_plain(typed))


def _plain(typed: str) -> str:
    """Without what a scanner adds; wide and other forms of a sign become the sign itself."""
    return unicodedata.normalize("NFKC", _SYMBOLOGY.sub("", typed[:LONGEST]))


def _signs(text: str) -> str:
    """ß stands where a German keyboard has what is a dash on an American one."""
    return "".join(sign for sign in text.replace("ß", "-").upper() if sign.isalnum())
