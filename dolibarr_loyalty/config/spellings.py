"""The friendly spellings of loyalty.toml and the plain values behind them."""

import difflib
import re
from collections.abc import Iterable
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from babel.core import Locale, get_global
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, ValidationInfo

from dolibarr_loyalty.config.secret import Surroundings
from dolibarr_loyalty.config.wrong import wrong
from dolibarr_loyalty.core.terms import POINTS, QUALIFYING, STAMPS
from dolibarr_loyalty.locales import LANGUAGES

_WEEKDAYS = (
    ("mon", "monday", "mo", "montag", "lun", "lundi"),
    ("tue", "tuesday", "di", "dienstag", "mar", "mardi"),
    ("wed", "wednesday", "mi", "mittwoch", "mer", "mercredi"),
    ("thu", "thursday", "do", "donnerstag", "jeu", "jeudi"),
    ("fri", "friday", "fr", "freitag", "ven", "vendredi"),
    ("sat", "saturday", "sa", "samstag", "sam", "samedi"),
    ("sun", "sunday", "so", "sonntag", "dim", "dimanche"),
)
_HOURS = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_MONTH_DAY = re.compile(r"(\d{1,2})-(\d{1,2})")
_COUNTRIES = frozenset(code for code in map(str, Locale("en").territories) if re.fullmatch("[A-Z]{2}", code))
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_ANY_SHORT_YEAR = 2001  # 29 February does not begin every year
_PLACEHOLDER = re.compile(r"\{([^}]*)\}")

Hours = tuple[time | None, time | None]


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None."""
    by_folded = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def _language(written: str) -> str:
    if written not in LANGUAGES:
        raise wrong(f'"{written}" is no language of this program.', f"Possible: {', '.join(LANGUAGES)}.")
    return written


def _number(written: Any) -> Any:
    if isinstance(written, bool):
        raise wrong("is not a number.", 'Write a number such as 10 or "0.50".')
    if isinstance(written, str) and "," in written:
        raise wrong("is a number with a comma.", 'Write it with a point and in quotes, such as "10.50".')
    return written


def _whole(written: Any) -> Any:
    if isinstance(written, bool):
        raise wrong("is not a whole number.", "Write a number such as 10, without quotes.")
    return written


def _weekday(written: Any) -> int:
    word = str(written).strip().rstrip(".").casefold()
    for number, names in enumerate(_WEEKDAYS):
        if word in names:
            return number
    raise wrong(f'"{written}" is not a weekday.', "Write mon, tue, wed, thu, fri, sat or sun.")


def _sorted_days(days: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(days)))


def _hours(written: Any) -> Hours:
    found = _HOURS.fullmatch(str(written))
    if found is None:
        raise wrong(f'"{written}" is not a span of hours.', 'Write it such as "17:00-19:00".')
    start, end = (_clock(*found.group(1, 2)), _clock(*found.group(3, 4)))
    if start == end:
        raise wrong(f'"{written}" is no time at all.', "Leave the line out for the whole day.")
    return None if start == time() else start, end


def _clock(hour: str, minute: str) -> time | None:
    """The time of day; None for 24:00, which is the open end of the day."""
    if (int(hour), int(minute)) == (24, 0):
        return None
    if int(hour) > 23 or int(minute) > 59:
        raise wrong(f'"{hour}:{minute}" is not a time of day.', "Write 00:00 to 24:00.")
    return time(int(hour), int(minute))


def _identifier(written: str) -> str:
    if not _ID.fullmatch(written):
        better = re.sub(r"[^a-z0-9_-]+", "-", written.casefold()).strip("-_")[:40]
        raise wrong(
            f'"{written}" cannot be an id.',
            f'Use small letters, digits, - and _, such as "{better or "coffee"}".',
        )
    return written


def _unit(written: str) -> str:
    if written.startswith(QUALIFYING):
        raise wrong(
            "are qualifying points, which tiers count by themselves.",
            f'Write "{POINTS}", the id of a [[program.wallet]], or "{STAMPS}" and the id of a card.',
        )
    _identifier(written.removeprefix(STAMPS))
    return written


def _wallet_id(written: str) -> str:
    if written in (POINTS, QUALIFYING.rstrip(":"), STAMPS.rstrip(":")):
        raise wrong(f'"{written}" is the name of points that are always there.', 'Write another: "stars".')
    return _identifier(written)


def _country(written: str) -> str:
    code = written.upper()
    if code not in _COUNTRIES:
        raise wrong(
            f'"{written}" is not a country.', 'Write its two letters (ISO 3166), such as "DE" or "FR".'
        )
    return code


def _optional_country(written: str) -> str:
    return _country(written) if written else ""


def _month_day(written: Any) -> tuple[int, int]:
    found = _MONTH_DAY.fullmatch(str(written).strip())
    try:
        day = date(_ANY_SHORT_YEAR, int(found[1]), int(found[2])) if found else None
    except ValueError:
        day = None
    if day is None:
        raise wrong(
            f'"{written}" is not a day of every year.', 'Write month and day, such as "01-01" or "09-15".'
        )
    return day.month, day.day


def _currency(written: str) -> str:
    code, known = written.upper(), get_global("all_currencies")
    if code not in known:
        meant = closest(code, known)
        hint = f'Did you mean "{meant}"?' if meant else 'Write its ISO code, such as "EUR".'
        raise wrong(f'"{written}" is not a currency.', hint)
    return code


def _zone(written: str) -> str:
    known = available_timezones()
    if written not in known:
        cities = {name.rpartition("/")[2]: name for name in sorted(known)}
        meant = closest(written, known) or cities.get(closest(written, cities) or "")
        hint = f'Did you mean "{meant}"?' if meant else 'Write it such as "Europe/Berlin".'
        raise wrong(f'"{written}" is not a time zone.', hint)
    return written


def _web_address(written: str) -> str:
    parts = urlsplit(written)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise wrong("is not a web address.", 'Write it such as "https://erp.example.com".')
    if parts.username or parts.password:
        raise wrong("holds a name or password.", "Write the address without them; the key says who you are.")
    return written.rstrip("/")


def _dolibarr_address(written: str) -> str:
    return _web_address(written).removesuffix("/api/index.php")


def _page_address(written: str) -> str:
    if not written:
        return written
    if set(_PLACEHOLDER.findall(written)) != {"member"}:
        raise wrong(
            "must hold {member}, where the id of the customer goes.",
            'Write it such as "https://loyalty.example.com/member/{member}".',
        )
    return _web_address(written)


def _optional_web_address(written: str) -> str:
    return _web_address(written) if written else ""


def _mail_address(written: str) -> str:
    local, _, domain = written.rpartition("@")
    if written and (
        not local or "." not in domain or any(sign.isspace() or sign in "<>," for sign in written)
    ):
        raise wrong(f'"{written}" is not a mail address.', 'Write only the address: "shop@example.com".')
    return written


def _colour(written: str) -> str:
    if not _COLOUR.fullmatch(written):
        raise wrong(f'"{written}" is not a colour.', 'Write six hexadecimal digits, such as "#1f6f5c".')
    return written.lower()


def _path(written: Any, info: ValidationInfo) -> Path | None:
    around: Surroundings | None = info.context
    folder = around.folder if around else Path()
    return folder / str(written) if str(written) else None


def _picture(file: Path | None) -> Path | None:
    try:
        start = b"" if file is None else file.read_bytes()[:8]
    except OSError:
        raise wrong(
            f"names {file and file.name}, which cannot be read.",
            "Relative paths start at loyalty.toml's folder.",
        ) from None
    if file is not None and not start.startswith(_PICTURES):
        raise wrong(f"names {file.name}, which is neither PNG nor JPEG.", "Save it as one of these.")
    return file


Amount = Annotated[Decimal, BeforeValidator(_number), Field(ge=0, max_digits=15), PlainSerializer(str)]
Positive = Annotated[Decimal, BeforeValidator(_number), Field(gt=0, max_digits=15), PlainSerializer(str)]
Count = Annotated[int, BeforeValidator(_whole), Field(ge=0)]
CountFromOne = Annotated[int, BeforeValidator(_whole), Field(ge=1)]
Percent = Annotated[
    Decimal, BeforeValidator(_number), Field(gt=0, le=100, max_digits=15), PlainSerializer(str)
]
Id = Annotated[str, AfterValidator(_identifier)]
IdList = tuple[Id, ...]
WalletId = Annotated[str, AfterValidator(_wallet_id)]
UnitId = Annotated[str, AfterValidator(_unit)]
Country = Annotated[str, AfterValidator(_country)]
OptionalCountry = Annotated[str, AfterValidator(_optional_country)]
MonthDay = Annotated[tuple[int, int], BeforeValidator(_month_day)]
LanguageKey = Annotated[str, AfterValidator(_language)]
Text = Annotated[str, Field(min_length=1)]
Named = dict[LanguageKey, Text]
Folded = Annotated[Text, AfterValidator(str.casefold)]
FoldedList = tuple[Folded, ...]
Weekdays = Annotated[tuple[Annotated[int, BeforeValidator(_weekday)], ...], AfterValidator(_sorted_days)]
HourSpan = Annotated[Hours, BeforeValidator(_hours)]
Currency = Annotated[str, AfterValidator(_currency)]
Zone = Annotated[str, AfterValidator(_zone)]
WebAddress = Annotated[str, AfterValidator(_optional_web_address)]
DolibarrAddress = Annotated[str, AfterValidator(_dolibarr_address)]
PageAddress = Annotated[str, AfterValidator(_page_address)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
Colour = Annotated[str, AfterValidator(_colour)]
FolderPath = Annotated[Path | None, BeforeValidator(_path)]
PicturePath = Annotated[Path | None, BeforeValidator(_path), AfterValidator(_picture)]
