"""The customers of the demo: people and firms of three countries, with invented names and addresses."""

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Literal

from dolibarr_loyalty.demo.calendar import HISTORY_WEEKS, WEEKS

Language = Literal["de", "en", "fr"]
PRIVATE, FIRM = 8, 3  # ids among Dolibarr's types of third parties


@dataclass(frozen=True, kw_only=True)
class Person:
    """A customer. `weight` is how often they come, `first_week` when first; firms buy on account."""

    number: int
    name: str
    email: str
    language: Language
    address: str
    zip: str
    town: str
    country_id: int
    card: str
    phone: str
    weight: float
    first_week: int
    is_firm: bool = False
    born: date | None = None

    @property
    def fields(self) -> dict[str, str | int]:
        """What staff types into the customer's card."""
        return {
            "name": self.name,
            "email": self.email,
            "address": self.address,
            "zip": self.zip,
            "town": self.town,
            "country_id": self.country_id,
            "phone": self.phone,
            "default_lang": {"de": "de_DE", "en": "en_GB", "fr": "fr_FR"}[self.language],
            "typent_id": FIRM if self.is_firm else PRIVATE,
            **({"barcode": self.card} if self.card else {}),
        }


@dataclass(frozen=True)
class _Country:
    id: int
    first: str
    last: str
    streets: str
    towns: str
    firms: str
    legal: str
    phone: str

    def names(self) -> list[str]:
        return [f"{first} {last}" for last in self.last.split() for first in self.first.split()]


_COUNTRIES: dict[Language, _Country] = {
    "fr": _Country(
        1,
        "Claire Hélène Julien Léa Mathieu Élodie Françoise Rémi Agnès Gaëlle Noël Inès Baptiste Océane Hervé",
        "Martin Muller Schmitt Weber Dubois Lefèvre Moreau Garnier Roussel Çelik Fournier Benoît Kieffer",
        "rue des Tonneliers,quai des Bateliers,rue du Faubourg,place du Marché,rue des Juifs,avenue des Vosges",
        "67000 Strasbourg,67400 Illkirch,67300 Schiltigheim,68000 Colmar,67600 Sélestat",
        "Atelier Dumas,Librairie du Quai,Cabinet Lorentz,Studio Pastel,Imprimerie Rohan,Garage Ritter",
        "SARL",
        "+33 3 00 00",
    ),
    "de": _Country(
        5,
        "Jürgen Käthe Anna Björn Sönke Ulrike Matthias Jörg Sabine Lena Dörte Heinz Marlies Tobias Änne",
        "Müller Schäfer Weiß Köhler Vogt Großmann Fuchs Huber Brandt Kraus Sommer Jäger Böhm",
        "Hauptstraße,Am Rheinufer,Schulstraße,Lindenweg,Marktplatz,Goethestraße",
        "77694 Kehl,77652 Offenburg,79098 Freiburg,77836 Rheinmünster,77656 Offenburg",
        "Kanzlei Vogt & Partner,Zahnarztpraxis Dr. Böhm,Schreinerei Huber,Architekten am Kanal,Tanzschule Kraus",
        "GmbH",
        "+49 7851 00",
    ),
    "en": _Country(
        7,
        "Alice Edward Fiona Graham Hannah Isla Oliver Poppy Rupert Sian Thomas Zoë",
        "Baker Clarke O'Neill Hughes Marlowe Penrose Smith-Jones Taylor Whitfield",
        "High Street,Station Road,Mill Lane,Church Walk",
        "BS1 4ST Bristol,EH1 2NG Edinburgh,SE1 9PQ London",
        "Harbour Design,Penrose & Daughters,The Old Mill",
        "Ltd",
        "+44 1632 96",
    ),
}
_SHARE: dict[Language, float] = {"fr": 0.48, "de": 0.36, "en": 0.16}
_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_HOSTS = ("example.com", "example.org", "example.net")


def people(count: int, rng: Random) -> tuple[Person, ...]:
    """So many different customers: few come often, many seldom, and three in ten during the year first."""
    names = {
        language: rng.sample(country.names(), k=len(country.names()))
        for language, country in _COUNTRIES.items()
    }
    firms = {language: country.firms.split(",") for language, country in _COUNTRIES.items()}
    languages = rng.choices(list(_SHARE), list(_SHARE.values()), k=count)
    ranks = rng.sample(range(count), k=count)
    cast = []
    for number, (language, rank) in enumerate(zip(languages, ranks, strict=True)):
        firm = firms[language].pop() if firms[language] and rng.random() < 0.12 else ""
        name = f"{firm} {_COUNTRIES[language].legal}" if firm else names[language].pop()
        cast.append(_person(number, name, language, bool(firm), rank, rng))
    return tuple(cast)


def _person(number: int, name: str, language: Language, is_firm: bool, rank: int, rng: Random) -> Person:
    country = _COUNTRIES[language]
    postcode, _, town = rng.choice(country.towns.split(",")).rpartition(" ")
    street = rng.choice(country.streets.split(","))
    house = rng.randrange(1, 90)
    return Person(
        number=number,
        name=name,
        email="" if rng.random() < 0.06 else f"{mailbox(name)}@{rng.choice(_HOSTS)}",
        language=language,
        address=f"{street} {house}" if language == "de" else f"{house} {street}",
        zip=postcode,
        town=town,
        country_id=country.id,
        card=card_number(number) if not is_firm and rng.random() < 0.6 else "",
        phone=f"{country.phone} {rng.randrange(100, 999)}",
        weight=1 / (rank + 4) ** 0.75,
        first_week=rng.randrange(HISTORY_WEEKS, WEEKS - 3) if rng.random() < 0.3 else 0,
        is_firm=is_firm,
        born=None if is_firm else _birthday(number),
    )


def _birthday(number: int) -> date | None:
    """When somebody was born, by chances of their own; one in five does not tell."""
    rng = Random(number)  # noqa: S311
    told = rng.random() < 0.8
    return date(rng.randrange(1948, 2006), 1, 1) + timedelta(days=rng.randrange(365)) if told else None


def card_number(number: int) -> str:
    """The number of a customer card: EAN-13 of the range 29, which shops use among themselves."""
    digits = f"29{number + 1:010d}"
    check = -sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10
    return f"{digits}{check}"


def mailbox(name: str) -> str:
    """The part of an address before the @: small letters without accents, joined by dots."""
    spelt = name.lower().translate(_SPELT)
    plain = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode()
    words = "".join(sign if sign.isalnum() else " " for sign in plain).split()
    return ".".join(words)
