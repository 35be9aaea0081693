"""The words of Dolibarr's own screens, in the languages of this program: where to click, what to type."""

from typing import NamedTuple

from dolibarr_loyalty.connectors.dolibarr.fields import Field


class Words(NamedTuple):
    """Menu paths and the names of an extrafield's form in one language of Dolibarr."""

    modules: str
    thirdparties: str
    invoices: str
    tab_thirdparties: str
    tab_invoices: str
    new: str
    label: str
    code: str
    kind: str
    size: str
    visibility: str
    position: str
    tooltip: str
    kinds: dict[str, str]


WORDS = {
    "en": Words(
        "Home > Setup > Modules/Applications",
        "Third Parties",
        "Invoices",
        "Complementary attributes (third party)",
        "Complementary attributes (invoices)",
        "New attribute",
        "Label or translation key",
        "Attribute code",
        "Type",
        "Size",
        "Visibility",
        "Position",
        "Help text to show on tooltip",
        {"int": "Integer", "price": "Price", "varchar": "String (1 line)", "date": "Date", "url": "Url"},
    ),
    "de": Words(
        "Start > Einstellungen > Module/Anwendungen",
        "Geschäftspartner",
        "Rechnungen",
        "Ergänzende Attribute (Geschäftspartner)",
        "Ergänzende Attribute (Rechnungen)",
        "Neues Attribut",
        "Bezeichnung oder Übersetzungsschlüssel",
        "Attribut-Code",
        "Typ",
        "Größe",
        "Sichtbarkeit",
        "Position",
        "Anzeigen des Hilfetextes im Tooltip",
        {
            "int": "Ganzzahl",
            "price": "Preis",
            "varchar": "String (1 Zeile)",
            "date": "Datum",
            "url": "URL",
        },
    ),
    "fr": Words(
        "Accueil > Configuration > Modules/Applications",
        "Tiers",
        "Factures et avoirs",
        "Attributs supplémentaires (tiers)",
        "Attributs supplémentaires (factures)",
        "Nouvel attribut",
        "Libellé ou clé de traduction",
        "Code de l'attribut",
        "Type",
        "Taille",
        "Visibilité",
        "Position",
        "Texte d'aide à afficher dans l'info-bulle",
        {
            "int": "Numérique entier",
            "price": "Prix",
            "varchar": "Chaîne de caractères (1 ligne)",
            "date": "Date",
            "url": "Url",
        },
    ),
}


def words_in(language: str) -> Words:
    """The words of a language, English for one that is not among ours."""
    return WORDS.get(language[:2], WORDS["en"])


def steps_by_hand(field: Field, language: str) -> str:
    """How to make an extrafield on Dolibarr's screens: the path, then what to enter."""
    words = words_in(language)
    of_thirdparty = field.element == "societe"
    module = words.thirdparties if of_thirdparty else words.invoices
    tab = words.tab_thirdparties if of_thirdparty else words.tab_invoices
    entries = {
        words.label: field.label(language),
        words.code: field.name,
        words.kind: words.kinds[field.kind],
        words.size: field.size,
        words.position: str(field.position),
        words.visibility: str(field.visibility),
        words.tooltip: field.help(language),
    }
    typed = "; ".join(f"{name}: {value}" for name, value in entries.items() if value)
    return f"{words.modules} > {module} (⚙) > {tab} > {words.new}. {typed}"
