"""The extrafields of this program: what they are called, what they hold, who sees them, in three languages.

Dolibarr keeps one label per field for all its users, so the shop's language is chosen at installation.
"""

from dataclasses import dataclass
from typing import Any, Literal

Element = Literal["societe", "facture"]
Kind = Literal["int", "price", "varchar", "date", "url"]

READ_ONLY = 5  # list and view only: no pencil for staff
IN_FORM = 3  # on the card only: long texts would widen and heighten the customer list
SIZES = {"int": "10", "varchar": "255", "url": "255"}


@dataclass(frozen=True, kw_only=True)
class Field:
    """One extrafield; `words` holds label and help by language, `visibility` is Dolibarr's `list`."""

    element: Element
    name: str
    kind: Kind
    position: int
    words: dict[str, tuple[str, str]]
    visibility: int = READ_ONLY

    @property
    def size(self) -> str:
        return SIZES.get(self.kind, "")

    def label(self, language: str) -> str:
        return self._in(language)[0]

    def help(self, language: str) -> str:
        return self._in(language)[1]

    def body(self, language: str) -> dict[str, Any]:
        """The field for POST /setup/extrafields; without `list` it would be invisible (facts trap 21)."""
        return {
            "label": self.label(language),
            "help": self.help(language),
            "type": self.kind,
            "size": self.size,
            "pos": self.position,
            "list": str(self.visibility),
            "required": 0,
            "unique": 0,
            "alwayseditable": 1,
            "perms": "",
            "langfile": "",
            "param": "",
            "default": "",
            "computed": "",
            "totalizable": 0,
            "printable": 0,
        }

    def _in(self, language: str) -> tuple[str, str]:
        return self.words.get(language[:2]) or self.words["en"]


FIELDS = (
    Field(
        element="societe",
        name="loyalty_points",
        kind="int",
        position=900,
        words={
            "en": ("Loyalty points", "Points the customer can spend now. Kept by the loyalty program."),
            "de": ("Treuepunkte", "Punkte, die der Kunde jetzt einlösen kann. Vom Treueprogramm geführt."),
            "fr": (
                "Points de fidélité",
                "Points utilisables maintenant. Tenus à jour par le programme de fidélité.",
            ),
        },
    ),
    Field(
        element="societe",
        name="loyalty_value",
        kind="price",
        position=901,
        words={
            "en": ("Value of the points", "What the points are worth as a voucher today."),
            "de": ("Wert der Punkte", "Was die Punkte heute als Gutschein wert sind."),
            "fr": ("Valeur des points", "Valeur actuelle des points en bon d'achat."),
        },
    ),
    Field(
        element="societe",
        name="loyalty_tier",
        kind="varchar",
        position=902,
        words={
            "en": ("Loyalty tier", "The customer's tier in the loyalty program."),
            "de": ("Treuestufe", "Die Stufe des Kunden im Treueprogramm."),
            "fr": ("Niveau de fidélité", "Niveau du client dans le programme de fidélité."),
        },
    ),
    Field(
        element="societe",
        name="loyalty_next",
        kind="varchar",
        position=903,
        visibility=IN_FORM,
        words={
            "en": ("Next reward", "What the customer reaches next, and what is missing for it."),
            "de": ("Nächste Prämie", "Was der Kunde als Nächstes erreicht und was ihm dazu fehlt."),
            "fr": ("Prochaine récompense", "Ce que le client atteindra ensuite et ce qui lui manque."),
        },
    ),
    Field(
        element="societe",
        name="loyalty_card",
        kind="varchar",
        position=904,
        words={
            "en": ("Loyalty card", "The number of the customer's card; also to be scanned as barcode."),
            "de": ("Kundenkarte", "Die Nummer der Kundenkarte; auch als Barcode lesbar."),
            "fr": ("Carte de fidélité", "Le numéro de la carte, lisible aussi comme code-barres."),
        },
    ),
    Field(
        element="societe",
        name="loyalty_since",
        kind="date",
        position=905,
        words={
            "en": ("Member since", "The day the customer joined the loyalty program."),
            "de": ("Mitglied seit", "Der Tag, an dem der Kunde dem Treueprogramm beitrat."),
            "fr": ("Membre depuis", "Le jour où le client a rejoint le programme de fidélité."),
        },
    ),
    Field(
        element="societe",
        name="loyalty_link",
        kind="url",
        position=906,
        visibility=IN_FORM,
        words={
            "en": ("Member page", "Opens the customer's page in the loyalty program."),
            "de": ("Mitgliedsseite", "Öffnet die Seite des Kunden im Treueprogramm."),
            "fr": ("Page du membre", "Ouvre la page du client dans le programme de fidélité."),
        },
    ),
    Field(
        element="societe",
        name="loyalty_cards",
        kind="varchar",
        position=907,
        visibility=IN_FORM,
        words={
            "en": ("Stamp cards", "Stamps on the customer's cards, and cards that are full."),
            "de": ("Stempelkarten", "Stempel auf den Karten des Kunden und volle Karten."),
            "fr": ("Cartes à tampons", "Tampons sur les cartes du client et cartes complètes."),
        },
    ),
    Field(
        element="societe",
        name="loyalty_club",
        kind="varchar",
        position=908,
        visibility=IN_FORM,
        words={
            "en": ("Club", "The paid club the customer is in, and until when."),
            "de": ("Club", "Der bezahlte Club, in dem der Kunde ist, und bis wann."),
            "fr": ("Club", "Le club payant dont le client est membre, et jusqu'à quand."),
        },
    ),
    Field(
        element="societe",
        name="loyalty_benefits",
        kind="varchar",
        position=909,
        visibility=IN_FORM,
        words={
            "en": ("Benefits", "What the customer is entitled to now by tier or club."),
            "de": ("Vorteile", "Was dem Kunden durch Stufe oder Club jetzt zusteht."),
            "fr": ("Avantages", "Ce à quoi le client a droit par son niveau ou son club."),
        },
    ),
    Field(
        element="facture",
        name="loyalty_points",
        kind="int",
        position=900,
        words={
            "en": (
                "Loyalty points",
                "Points behind this document. Filled on documents of the loyalty program; points earned with "
                "an ordinary invoice are shown on the customer, because invoices are never changed.",
            ),
            "de": (
                "Treuepunkte",
                "Punkte hinter diesem Beleg. Nur auf Belegen des Treueprogramms gefüllt; mit einer "
                "gewöhnlichen Rechnung gesammelte Punkte zeigt der Kunde: Rechnungen bleiben, wie sie sind.",
            ),
            "fr": (
                "Points de fidélité",
                "Points liés à ce document. Rempli sur les documents du programme de fidélité ; les points "
                "d'une facture ordinaire figurent chez le client, car les factures ne sont jamais modifiées.",
            ),
        },
    ),
    Field(
        element="facture",
        name="loyalty_voucher",
        kind="varchar",
        position=901,
        words={
            "en": ("Voucher code", "The code of the voucher that this credit note stands for."),
            "de": ("Gutscheincode", "Der Code des Gutscheins, für den diese Gutschrift steht."),
            "fr": ("Code du bon", "Le code du bon d'achat que représente cet avoir."),
        },
    ),
    Field(
        element="facture",
        name="loyalty_valid",
        kind="date",
        position=902,
        words={
            "en": ("Voucher valid until", "The last day on which the voucher can be used."),
            "de": ("Gutschein gültig bis", "Der letzte Tag, an dem der Gutschein eingelöst werden kann."),
            "fr": ("Bon valable jusqu'au", "Le dernier jour d'utilisation du bon d'achat."),
        },
    ),
    Field(
        element="facture",
        name="loyalty_state",
        kind="varchar",
        position=903,
        words={
            "en": (
                "Voucher at issue",
                "The state of the voucher at its issue; its present state is shown in the loyalty program.",
            ),
            "de": (
                "Gutschein bei Ausgabe",
                "Der Stand des Gutscheins bei seiner Ausgabe; den heutigen zeigt das Treueprogramm.",
            ),
            "fr": (
                "Bon à l'émission",
                "L'état du bon lors de son émission ; l'état actuel figure dans le programme de fidélité.",
            ),
        },
    ),
)
