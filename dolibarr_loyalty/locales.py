"""Languages: the catalogues of `lang/`; dates, money, numbers and points as people of a country write them.

Nothing is compiled beforehand: a .po file is read and compiled in memory at its first use in a process.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent

from dolibarr_loyalty.resources import folder

Language = Literal["de", "en", "fr"]
Address = Literal["formal", "informal"]
PointNames = Mapping[str, tuple[str, str]]
UnitNames = Mapping[str, PointNames]

LANGUAGES: tuple[Language, ...] = ("de", "en", "fr")

# What an account counts: redeemable points; points of a tier group; stamps of a card; else a wallet's id.
POINTS, QUALIFYING, STAMPS = "points", "qualifying:", "stamps:"

# Members are in Europe: 21 November 2026, not November 21, 2026.
_FORMATS = {"de": "de_DE", "en": "en_GB", "fr": "fr_FR"}
# Babel leaves out the space that belongs between a currency of letters and its amount: CHF10.00.
_CODE_AND_FIGURE = re.compile(r"([A-Za-z])(\d)")


def language(locale: str) -> Language:
    """The language of ours for a locale such as de_AT or fr-BE; English for all others."""
    wanted = locale.replace("-", "_").partition("_")[0].lower()
    return next((known for known in LANGUAGES if known == wanted), "en")


@dataclass(frozen=True, kw_only=True)
class Words:
    """Everything needed to speak to one person: language, address, currency, zone, name of the points.

    `unit` is what `points` counts: the redeemable points, or what `counting` was asked for. Make one with
    `words`. Placeholders are named: `gettext("Hello %(name)s", name=...)`; a literal percent sign in a message
    is written twice.
    """

    locale: str
    language: Language
    address: Address = "formal"
    currency: str = "EUR"
    zone: str = "Europe/Paris"
    point_names: PointNames = field(default_factory=dict)
    unit_names: UnitNames = field(default_factory=dict)
    unit: str = POINTS
    catalogue: GNUTranslations = field(repr=False, compare=False)

    # sentences -------------------------------------------------------------------------------------
    def gettext(self, message: str, /, **facts: object) -> str:
        """The message in this language with its placeholders filled."""
        return self.catalogue.gettext(message) % facts

    def ngettext(self, singular: str, plural: str, number: int, /, **facts: object) -> str:
        """The message in the plural form for `number`, with its placeholders filled."""
        return self.catalogue.ngettext(singular, plural, number) % facts

    def pgettext(self, context: str, message: str, /, **facts: object) -> str:
        """The message as it is said in a context, for words that mean several things."""
        return self.catalogue.pgettext(context, message) % facts

    # values ----------------------------------------------------------------------------------------
    def money(self, amount: Decimal, currency: str | None = None) -> str:
        """An amount with its currency and that currency's decimals: 10,00 €, €10.00, CHF 10.00, 1.234 ¥."""
        shown = format_currency(amount, currency or self.currency, locale=self.locale)
        return _CODE_AND_FIGURE.sub("\\1\N{NO-BREAK SPACE}\\2", shown)

    def number(self, number: Decimal | int) -> str:
        """A number with the country's separators and as many decimals as it has."""
        return format_decimal(_plain(number), locale=self.locale, decimal_quantization=False)

    def percent(self, percent: Decimal | int) -> str:
        """A percentage given in percent: 12.5 is 12,5 %."""
        share = _plain(Decimal(percent) / 100)
        return format_percent(share, locale=self.locale, decimal_quantization=False)

    def points(self, points: Decimal | int) -> str:
        """So many points, by the name they have in this shop: 1 point, 1,234 points, 3 hearts, 7 stamps."""
        number, form = self.number(points), self._form(points)
        names = self._names()
        if names is not None:
            return self.gettext("%(number)s %(unit)s", number=number, unit=names[form])
        one_or_more = 1 if form == 0 else 2
        if self.unit.startswith(STAMPS):
            return self.ngettext("%(number)s stamp", "%(number)s stamps", one_or_more, number=number)
        if self.unit.startswith(QUALIFYING):
            return self.ngettext(
                "%(number)s qualifying point", "%(number)s qualifying points", one_or_more, number=number
            )
        return self.ngettext("%(number)s point", "%(number)s points", one_or_more, number=number)

    def points_name(self) -> str:
        """What the points are called in this shop, in the plural: points, hearts, stamps."""
        names = self._names()
        if names is not None:
            return names[1]
        if self.unit.startswith(STAMPS):
            return self.gettext("stamps")
        if self.unit.startswith(QUALIFYING):
            return self.gettext("qualifying points")
        return self.gettext("points")

    def counting(self, unit: str) -> "Words":
        """The same words, whose points are those of another unit: `counting("stamps:coffee").points(7)`."""
        return self if unit == self.unit else replace(self, unit=unit)

    def units(self, number: Decimal | int, unit: str) -> str:
        """So many of a unit: 3 stars, 7 stamps, 1 qualifying point, 12 points."""
        return self.counting(unit).points(number)

    def unit_name(self, unit: str) -> str:
        """What a unit is called, in the plural: stars, stamps, qualifying points, points."""
        return self.counting(unit).points_name()

    def day(self, day: date | datetime) -> str:
        """A day in full: 21. November 2026, 1er novembre 2026; instants in the shop's zone."""
        if isinstance(day, datetime):
            day = day.astimezone(ZoneInfo(self.zone)).date()
        text = format_date(day, "long", locale=self.locale)
        return text.replace("1 ", "1er ", 1) if self.language == "fr" and day.day == 1 else text

    def short_day(self, day: date | datetime) -> str:
        """A day in figures, for tables: 21.11.2026, 21/11/2026."""
        if isinstance(day, datetime):
            day = day.astimezone(ZoneInfo(self.zone)).date()
        return format_date(day, {"de": "dd.MM.yyyy"}.get(self.language, "dd/MM/yyyy"), locale=self.locale)

    def _names(self) -> tuple[str, str] | None:
        """What the owner calls one and many of the unit: in this language, else in English, else in any.

        Points that have no name in this language are points; another wallet without any name has its id.
        """
        if self.unit == POINTS:
            return self.point_names.get(self.language)
        names = self.unit_names.get(self.unit, {})
        named = names.get(self.language) or names.get("en") or next(iter(names.values()), None)
        is_nameless = named is None and not self.unit.startswith((STAMPS, QUALIFYING))
        return (self.unit, self.unit) if is_nameless else named

    def _form(self, number: Decimal | int) -> int:
        """0 for the singular, 1 for the plural; French counts 0 and 1.5 as singular."""
        return 0 if Locale.parse(self.locale).plural_form(abs(Decimal(number))) == "one" else 1


def words(
    locale: str,
    address: Address = "formal",
    *,
    currency: str = "EUR",
    zone: str = "Europe/Paris",
    point_names: PointNames | None = None,
    unit_names: UnitNames | None = None,
) -> Words:
    """How to speak to somebody of this locale. A region (de_CH) sets the formats; others get English.

    `point_names` renames the points per language, singular and plural: {"de": ("Herz", "Herzen")};
    `unit_names` does so for further wallets, by their ids.
    """
    tongue = language(locale)
    return Words(
        locale=_format_locale(locale, tongue),
        language=tongue,
        address=address,
        currency=currency,
        zone=zone,
        point_names=dict(point_names or {}),
        unit_names=dict(unit_names or {}),
        catalogue=_catalogue(tongue, address),
    )


def _format_locale(locale: str, tongue: Language) -> str:
    if language(locale) == tongue and len(locale) > 2:
        try:
            return str(Locale.parse(locale.replace("-", "_")))
        except (UnknownLocaleError, ValueError):
            pass
    return _FORMATS[tongue]


@cache
def _catalogue(tongue: Language, address: Address) -> GNUTranslations:
    """The formal catalogue, or the few messages that differ informally (de@informal) laid over it."""
    formal = _compiled(f"{tongue}.po", tongue)
    if address == "informal" and (folder("lang") / f"{tongue}@informal.po").exists():
        informal = _compiled(f"{tongue}@informal.po", tongue)
        informal.add_fallback(formal)
        return informal
    return formal


def _compiled(filename: str, tongue: Language) -> GNUTranslations:
    with (folder("lang") / filename).open("rb") as file:
        catalogue = read_po(file, locale=tongue)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _plain(number: Decimal | int) -> Decimal:
    """The number without trailing zeros and without an exponent: 1E+2 and 100.00 are 100."""
    reduced = Decimal(number).normalize()
    return reduced.quantize(Decimal(1)) if reduced == reduced.to_integral_value() else reduced
