"""A journal as a DATEV posting batch: EXTF header version 700, category 21 (Buchungsstapel), format version 13.

Semicolons, texts in quotation marks, decimal comma, dates DDMM, Windows-1252, CR LF (DATEV developer portal,
DATEV-Format: Header, Buchungsstapel). Each side of an entry that has more than two is a line of its own against
the entry's first account of the other side.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from dolibarr_loyalty.core.accounts import Bookkeeping, Role
from dolibarr_loyalty.reports.journal import Journal, JournalEntry

FILE_NAME = "EXTF_Buchungsstapel_{first:%Y%m%d}_{last:%Y%m%d}.csv"
SKR = {"skr03": "03", "skr04": "04"}
_FIELD_1 = re.compile(r"[^A-Za-z0-9$&%*+\-/]")  # what Belegfeld 1 may not hold
_BEFORE = (
    "Umsatz (ohne Soll/Haben-Kz)",
    "Soll/Haben-Kennzeichen",
    "WKZ Umsatz",
    "Kurs",
    "Basis-Umsatz",
    "WKZ Basis-Umsatz",
    "Konto",
    "Gegenkonto (ohne BU-Schlüssel)",
    "BU-Schlüssel",
    "Belegdatum",
    "Belegfeld 1",
    "Belegfeld 2",
    "Skonto",
    "Buchungstext",
    "Postensperre",
    "Diverse Adressnummer",
    "Geschäftspartnerbank",
    "Sachverhalt",
    "Zinssperre",
    "Beleglink",
)
_MIDDLE = (
    "KOST1 - Kostenstelle",
    "KOST2 - Kostenstelle",
    "Kost-Menge",
    "EU-Land u. UStID (Bestimmung)",
    "EU-Steuersatz (Bestimmung)",
    "Abw. Versteuerungsart",
    "Sachverhalt L+L",
    "Funktionsergänzung L+L",
    "BU 49 Hauptfunktionstyp",
    "BU 49 Hauptfunktionsnummer",
    "BU 49 Funktionsergänzung",
)
_AFTER = (
    "Stück",
    "Gewicht",
    "Zahlweise",
    "Forderungsart",
    "Veranlagungsjahr",
    "Zugeordnete Fälligkeit",
    "Skontotyp",
    "Auftragsnummer",
    "Buchungstyp",
    "USt-Schlüssel (Anzahlungen)",
    "EU-Land (Anzahlungen)",
    "Sachverhalt L+L (Anzahlungen)",
    "EU-Steuersatz (Anzahlungen)",
    "Erlöskonto (Anzahlungen)",
    "Herkunft-Kz",
    "Buchungs GUID",
    "KOST-Datum",
    "SEPA-Mandatsreferenz",
    "Skontosperre",
    "Gesellschaftername",
    "Beteiligtennummer",
    "Identifikationsnummer",
    "Zeichnernummer",
    "Postensperre bis",
    "Bezeichnung SoBil-Sachverhalt",
    "Kennzeichen SoBil-Buchung",
    "Festschreibung",
    "Leistungsdatum",
    "Datum Zuord. Steuerperiode",
    "Fälligkeit",
    "Generalumkehr (GU)",
    "Steuersatz",
    "Land",
    "Abrechnungsreferenz",
    "BVV-Position",
    "EU-Land u. UStID (Ursprung)",
    "EU-Steuersatz (Ursprung)",
    "Abw. Skontokonto",
)
COLUMNS = (
    *_BEFORE,
    *(f"Beleginfo - {what} {n}" for n in range(1, 9) for what in ("Art", "Inhalt")),
    *_MIDDLE,
    *(f"Zusatzinformation{what} {n}" for n in range(1, 21) for what in (" - Art", "- Inhalt")),
    *_AFTER,
)
# Columns of texts stand in quotation marks also when they are empty.
_TEXTS = frozenset(
    {
        "Soll/Haben-Kennzeichen",
        "WKZ Umsatz",
        "WKZ Basis-Umsatz",
        "BU-Schlüssel",
        "Belegfeld 1",
        "Belegfeld 2",
        "Buchungstext",
        "Diverse Adressnummer",
        "Beleglink",
        "KOST1 - Kostenstelle",
        "KOST2 - Kostenstelle",
        "EU-Land u. UStID (Bestimmung)",
        "Abw. Versteuerungsart",
        "Forderungsart",
        "Auftragsnummer",
        "Buchungstyp",
        "EU-Land (Anzahlungen)",
        "Herkunft-Kz",
        "Buchungs GUID",
        "SEPA-Mandatsreferenz",
        "Gesellschaftername",
        "Identifikationsnummer",
        "Zeichnernummer",
        "Bezeichnung SoBil-Sachverhalt",
        "Generalumkehr (GU)",
        "Land",
        "Abrechnungsreferenz",
        "EU-Land u. UStID (Ursprung)",
        *(column for column in COLUMNS if column.startswith(("Beleginfo", "Zusatzinformation"))),
    }
)
WHAT = {
    "issued": "Gutschein ausgegeben",
    "used": "Gutschein eingelöst",
    "returned": "Einlösung zurückgenommen",
    "expired": "Gutschein verfallen",
    "cancelled": "Gutschein storniert",
    "written_off": "Gutscheinrest ausgebucht",
    "corrected": "Gutschein Differenz",
    "provision": "Zuführung Rückstellung Kundenbindung",
    "release": "Auflösung Rückstellung Kundenbindung",
    "deferred": "Abgrenzung Punkte IFRS 15",
    "recognised": "Realisierung Punkte IFRS 15",
}


def batch(journal: Journal, terms: Bookkeeping, currency: str, now: datetime) -> bytes:
    """The file. Entries in another currency are left out: a batch has one; `foreign` tells which."""
    lines = [_header(journal, terms, currency, now), ";".join(COLUMNS)]
    for entry in journal.entries:
        if entry.currency == currency:
            lines += _lines(entry, terms)
    return "".join(f"{line}\r\n" for line in lines).encode("cp1252", errors="replace")


def foreign(journal: Journal, currency: str) -> tuple[JournalEntry, ...]:
    """The entries that a batch in this currency cannot hold."""
    return tuple(entry for entry in journal.entries if entry.currency != currency)


def _header(journal: Journal, terms: Bookkeeping, currency: str, now: datetime) -> str:
    year = journal.first.year - (journal.first.month < terms.year_begins)
    title = f"Kundenbindung {journal.first:%m.%Y}-{journal.last:%m.%Y}"
    fields = (
        _text("EXTF"),
        "700",
        "21",
        _text("Buchungsstapel"),
        "13",
        f"{now:%Y%m%d%H%M%S}{now.microsecond // 1000:03}",
        "",
        _text("RE"),
        _text(""),
        _text(""),
        str(terms.consultant),
        str(terms.client),
        f"{date(year, terms.year_begins, 1):%Y%m%d}",
        str(terms.account_length),
        f"{journal.first:%Y%m%d}",
        f"{journal.last:%Y%m%d}",
        _text(title[:30]),
        _text(""),
        "1",
        "0",
        "0",
        _text(currency),
        "",
        _text(""),
        "",
        "",
        _text(SKR.get(terms.chart, "")),
        "",
        "",
        _text(""),
        _text(""),
    )
    return ";".join(fields)


def _lines(entry: JournalEntry, terms: Bookkeeping) -> Iterator[str]:
    for role, amount, against in pairs(entry):
        cells = {
            "Umsatz (ohne Soll/Haben-Kz)": f"{abs(amount):.2f}".replace(".", ","),
            "Soll/Haben-Kennzeichen": "S" if amount > 0 else "H",
            "WKZ Umsatz": entry.currency,
            "Konto": terms.account(role),
            "Gegenkonto (ohne BU-Schlüssel)": terms.account(against),
            "Belegdatum": f"{entry.day:%d%m}",
            "Belegfeld 1": _FIELD_1.sub("", entry.document)[:36],
            "Buchungstext": described(entry)[:60],
            "Festschreibung": "0",
        }
        yield ";".join(
            _text(cells.get(column, "")) if column in _TEXTS else cells.get(column, "") for column in COLUMNS
        )


def pairs(entry: JournalEntry) -> list[tuple[Role, Decimal, Role]]:
    """The sides of an entry as amounts of one account against another: an account, debit positive, its counter.

    The side that has one account only is the counter account of all others.
    """
    debits = [(role, amount) for role, amount in entry.sides if amount > 0]
    credits = [(role, amount) for role, amount in entry.sides if amount < 0]
    if len(credits) == 1:
        return [(role, amount, credits[0][0]) for role, amount in debits]
    if len(debits) == 1:
        return [(role, amount, debits[0][0]) for role, amount in credits]
    raise ValueError(f"entry {entry.document} has several debits and several credits")


def described(entry: JournalEntry) -> str:
    """The text of a booking."""
    return f"{WHAT.get(entry.what, entry.what)} {entry.about}".strip()


def _text(value: str) -> str:
    clean = "".join(sign for sign in value if sign.isprintable())
    return '"' + clean.replace('"', '""') + '"'
