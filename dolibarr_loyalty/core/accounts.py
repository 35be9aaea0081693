"""The accounts that loyalty is booked on: charts with usual numbers, each of which the owner may change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

Role = Literal[
    "provision",
    "provision_expense",
    "provision_release",
    "contract_liability",
    "revenue",
    "sold_cards",
    "vouchers",
    "reduction",
    "breakage",
    "vat",
    "receivable",
    "cash",
    "opening",
    "difference",
]
Chart = Literal["skr03", "skr04", "pcg"]
Method = Literal["provision", "deferral"]

# What each account is for, for the README, the CSV and the account names of the FEC.
ROLES: Mapping[Role, str] = MappingProxyType(
    {
        "provision": "Provision for points and vouchers",
        "provision_expense": "Addition to that provision",
        "provision_release": "Release of that provision",
        "contract_liability": "Contract liability for points (IFRS 15)",
        "revenue": "Sales, of which points are deferred (IFRS 15)",
        "sold_cards": "Sold gift cards not yet used",
        "vouchers": "Vouchers given and not yet used",
        "reduction": "Price reductions granted with vouchers",
        "breakage": "Income from cards that were never used",
        "vat": "VAT",
        "receivable": "Customers, or the clearing account of vouchers",
        "cash": "Money received for cards",
        "opening": "Cards taken over from earlier books",
        "difference": "Differences found in the books",
    }
)
ROLES_FR: Mapping[Role, str] = MappingProxyType(
    {
        "provision": "Provision fidélité",
        "provision_expense": "Dotation provision fidélité",
        "provision_release": "Reprise provision fidélité",
        "contract_liability": "Produits constatés d'avance fidélité",
        "revenue": "Ventes",
        "sold_cards": "Cartes cadeaux à servir",
        "vouchers": "Avoirs et bons à servir",
        "reduction": "Remises accordées par bons",
        "breakage": "Cartes cadeaux non utilisées",
        "vat": "TVA collectée",
        "receivable": "Clients",
        "cash": "Encaissements cartes cadeaux",
        "opening": "Cartes reprises",
        "difference": "Écarts constatés",
    }
)

# Numbers in use for such things; an accountant may keep others. 1604/3304 and 1723/3320 are not part of the
# standard charts and are opened for vouchers (Haufe, Gutscheine: Das richtige Konto).
CHARTS: Mapping[Chart, Mapping[Role, str]] = MappingProxyType(
    {
        "skr03": {
            "provision": "0970",
            "provision_expense": "4600",
            "provision_release": "2735",
            "contract_liability": "0990",
            "revenue": "8200",
            "sold_cards": "1604",
            "vouchers": "1605",
            "reduction": "8700",
            "breakage": "2700",
            "vat": "1770",
            "receivable": "1723",
            "cash": "1360",
            "opening": "9000",
            "difference": "4900",
        },
        "skr04": {
            "provision": "3070",
            "provision_expense": "6600",
            "provision_release": "4930",
            "contract_liability": "3900",
            "revenue": "4200",
            "sold_cards": "3304",
            "vouchers": "3305",
            "reduction": "4700",
            "breakage": "4830",
            "vat": "3800",
            "receivable": "3320",
            "cash": "1460",
            "opening": "9000",
            "difference": "6300",
        },
        "pcg": {
            "provision": "1580",
            "provision_expense": "6815",
            "provision_release": "7815",
            "contract_liability": "4870",
            "revenue": "7070",
            "sold_cards": "4191",
            "vouchers": "4198",
            "reduction": "7097",
            "breakage": "7580",
            "vat": "4457",
            "receivable": "4110",
            "cash": "5800",
            "opening": "8900",
            "difference": "6580",
        },
    }
)


@dataclass(frozen=True, kw_only=True)
class Bookkeeping:
    """How the shop's accountant wants it: accounts, method, and what files of other programs ask for.

    `cost_percent` is what a unit of worth costs the shop, in percent. With fewer than `minimum` observations no
    use is estimated. `honours_expired`: the shop takes points and vouchers after their last day all the same.
    `year_begins` is the month the financial year begins in. `consultant` and `client` are DATEV's numbers, 0
    where none are known; `siren` names a French company in its FEC.
    """

    chart: Chart = "skr03"
    accounts: tuple[tuple[Role, str], ...] = ()
    method: Method = "provision"
    cost_percent: Decimal = field(default=Decimal(100))
    minimum: int = 100
    honours_expired: bool = False
    year_begins: int = 1
    consultant: int = 0
    client: int = 0
    account_length: int = 4
    siren: str = ""

    def account(self, role: Role) -> str:
        """The number of an account: the owner's, else the chart's."""
        return dict(self.accounts).get(role) or CHARTS[self.chart][role]
