"""The rights of the API user: their ids (the same in 16 and 23) and the names Dolibarr's screens show."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, eq=False)
class Right:
    """One right; `purpose` says what stops without it, `is_needed` that the program cannot do without."""

    id: int
    names: dict[str, str]
    purpose: str
    is_needed: bool = True

    def name(self, language: str) -> str:
        return self.names.get(language[:2], self.names["en"])


def _right(id: int, purpose: str, en: str, de: str, fr: str, *, is_needed: bool = True) -> Right:
    return Right(id=id, purpose=purpose, names={"en": en, "de": de, "fr": fr}, is_needed=is_needed)


READ_THIRDPARTIES = _right(
    121,
    "reading customers",
    "Read third parties linked to user",
    "Mit Benutzer verbundene Geschäftspartner einsehen",
    "Consulter les tiers (sociétés) liés à l'utilisateur",
)
WRITE_THIRDPARTIES = _right(
    122,
    "showing points on the customer",
    "Create/modify third parties linked to user",
    "Mit Benutzer verbundene Geschäftspartner erstellen/bearbeiten",
    "Créer/modifier les tiers (sociétés) liés à l'utilisateur",
)
SEE_ALL = _right(
    262,
    "seeing all customers and invoices",
    "Extend access to all third parties AND their objects",
    "Zugriff auf alle Geschäftspartner und deren Objekte erweitern",
    "Étendez l'accès à tous les tiers ET leurs objets",
)
READ_INVOICES = _right(
    11,
    "reading invoices",
    "Read customer invoices (and payments)",
    "Kundenrechnungen (und Zahlungen) einsehen",
    "Lire les factures (et paiements) clients",
)
WRITE_INVOICES = _right(
    12,
    "issuing and using vouchers",
    "Create/modify customer invoices",
    "Rechnungen erstellen/bearbeiten",
    "Créer/modifier les factures clients",
)
DELETE_INVOICES = _right(
    19,
    "removing a draft that was made twice",
    "Delete customer invoices",
    "Kundenrechnungen löschen",
    "Supprimer les factures clients",
    is_needed=False,
)
READ_TAGS = _right(
    241,
    "rules by the tags of products and customers",
    "Read categories",
    "Kategorien einsehen",
    "Consulter les catégories",
)
WRITE_TAGS = _right(
    242,
    "making customer tags",
    "Create/modify categories",
    "Kategorien erstellen/bearbeiten",
    "Créer/modifier les catégories",
    is_needed=False,
)
READ_EVENTS = _right(
    2401,
    "putting events into the agenda once",
    "Read actions (events or tasks) linked to his user account",
    "Aktionen (Ereignisse oder Aufgaben) lesen, die mit seinem Benutzerkonto verknüpft sind",
    "Lire les actions (événements ou tâches) liées à son compte utilisateur",
)
WRITE_EVENTS = _right(
    2402,
    "putting events into the agenda",
    "Create/modify actions (events or tasks) linked to his user account",
    "Aktionen (Ereignisse oder Aufgaben) erstellen/bearbeiten, die mit seinem Benutzerkonto verknüpft sind",
    "Créer/modifier des actions (événements ou tâches) liées à son compte utilisateur",
)
OWN_USER = _right(
    342,
    "knowing whose events they are (or configure the user's id)",
    "Create/modify his own user information",
    "Eigene Benutzerinformationen erstellen/bearbeiten",
    "Créer/modifier ses propres informations utilisateur",
)
READ_PRODUCTS = _right(
    31,
    "rewards priced by a product",
    "Read products",
    "Produkte/Leistungen einsehen",
    "Consulter les produits",
    is_needed=False,
)
READ_CONTACTS = _right(
    281,
    "birthdays, which stand at the contacts",
    "Read contacts",
    "Kontakte einsehen",
    "Consulter les contacts",
    is_needed=False,
)
READ_SUPPLIER_INVOICES = _right(
    1231,
    "paying good causes: finding the draft that was made",
    "Read vendor invoices (and payments)",
    "Lieferantenrechnungen (und Zahlungen) einsehen",
    "Lire les factures (et paiements) fournisseurs",
    is_needed=False,
)
WRITE_SUPPLIER_INVOICES = _right(
    1232,
    "paying good causes: drafts of payments",
    "Create/modify vendor invoices",
    "Lieferantenrechnungen (Eingangsrechnungen) erstellen/bearbeiten",
    "Créer les factures fournisseur",
    is_needed=False,
)
