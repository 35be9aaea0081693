"""A journal as a French FEC: 18 columns (article A47 A-1 of the Livre des procédures fiscales), tabs, UTF-8.

Dates YYYYMMDD, decimal comma, entries numbered without gaps in the order of their days, each balanced. It is an
extract of one journal, to be taken over into the company's own books: the FEC of a financial year has all of them.
"""

from datetime import date
from decimal import Decimal

from dolibarr_loyalty.core.accounts import ROLES_FR, Bookkeeping
from dolibarr_loyalty.reports.journal import Journal

COLUMNS = (
    "JournalCode",
    "JournalLib",
    "EcritureNum",
    "EcritureDate",
    "CompteNum",
    "CompteLib",
    "CompAuxNum",
    "CompAuxLib",
    "PieceRef",
    "PieceDate",
    "EcritureLib",
    "Debit",
    "Credit",
    "EcritureLet",
    "DateLet",
    "ValidDate",
    "Montantdevise",
    "Idevise",
)
CODE, NAME = "FID", "Fidélité"
WHAT = {
    "issued": "Bon émis",
    "used": "Bon utilisé",
    "returned": "Utilisation annulée",
    "expired": "Bon expiré",
    "cancelled": "Bon annulé",
    "written_off": "Reliquat de bon soldé",
    "corrected": "Écart sur bon",
    "provision": "Dotation provision fidélité",
    "release": "Reprise provision fidélité",
    "deferred": "Points fidélité différés IFRS 15",
    "recognised": "Points fidélité reconnus IFRS 15",
}


def file_name(terms: Bookkeeping, last: date) -> str:
    """<SIREN>FEC<last day of the financial year>.txt"""
    return f"{terms.siren}FEC{last:%Y%m%d}.txt"


def fec(journal: Journal, terms: Bookkeeping, currency: str) -> bytes:
    """The file; amounts in the currency of the books, those of other currencies are left out of it."""
    rows = [COLUMNS]
    entries = [entry for entry in journal.entries if entry.currency == currency]
    for number, entry in enumerate(entries, 1):
        day = f"{entry.day:%Y%m%d}"
        text = f"{WHAT.get(entry.what, entry.what)} {entry.about}".strip()
        rows += [
            (
                CODE,
                NAME,
                str(number),
                day,
                terms.account(role),
                ROLES_FR[role],
                "",
                "",
                entry.document,
                day,
                text,
                _amount(amount),
                _amount(-amount),
                "",
                "",
                f"{journal.last:%Y%m%d}",
                "",
                "",
            )
            for role, amount in entry.sides
        ]
    return "".join("\t".join(map(_clean, row)) + "\r\n" for row in rows).encode()


def _amount(amount: Decimal) -> str:
    """An amount above zero, or 0,00."""
    return f"{max(amount, Decimal(0)):.2f}".replace(".", ",")


def _clean(cell: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in cell).split())
