"""[accounting]: how the reports value what is owed, and the accounts and numbers of the journal."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass

from dolibarr_loyalty.config.settings import STRICT
from dolibarr_loyalty.config.spellings import Amount, Count, CountFromOne, closest
from dolibarr_loyalty.config.wrong import wrong
from dolibarr_loyalty.core.accounts import ROLES, Bookkeeping, Role


@dataclass(frozen=True, kw_only=True, config=STRICT)
class AccountingSettings:
    """What the accountant decides. Numbers that are not set are those of the chart of accounts."""

    chart: Literal["skr03", "skr04", "pcg"] = "skr03"
    accounts: dict[str, str] = Field(default_factory=dict)
    method: Literal["provision", "deferral"] = "provision"
    cost_percent: Amount = Decimal(100)
    minimum_observations: CountFromOne = 100
    honours_expired: bool = False
    year_begins: Annotated[CountFromOne, Field(le=12)] = 1
    account_length: Annotated[CountFromOne, Field(ge=4, le=8)] = 4
    datev_consultant: Annotated[Count, Field(le=9_999_999)] = 0
    datev_client: Annotated[Count, Field(le=99_999)] = 0
    siren: str = ""

    @field_validator("accounts")
    @classmethod
    def _known_accounts(cls, accounts: dict[str, str]) -> dict[str, str]:
        for role, number in accounts.items():
            if role not in ROLES:
                known = ", ".join(ROLES)
                near = closest(role, tuple(ROLES))
                raise wrong(
                    f"has {role!r}, which is no account of loyalty.",
                    f"Did you mean {near!r}?" if near else f"There are: {known}.",
                )
            if not (number.isascii() and number.isdigit() and 3 <= len(number) <= 9 and int(number)):
                raise wrong(f"has {number!r} for {role}.", 'Write the number in quotes, such as "0970".')
        return accounts

    @field_validator("siren")
    @classmethod
    def _nine_digits(cls, siren: str) -> str:
        digits = siren.replace(" ", "")
        if digits and not (digits.isascii() and digits.isdigit() and len(digits) == 9):
            raise wrong("is no SIREN number.", 'Write its nine digits, such as "732829320".')
        return digits

    @field_validator("datev_consultant")
    @classmethod
    def _is_a_consultant(cls, number: int) -> int:
        if number and number < 1001:
            raise wrong("is no DATEV consultant number.", "They begin at 1001.")
        return number

    def bookkeeping(self) -> Bookkeeping:
        """The settings as the reports take them."""
        roles: tuple[tuple[Role, str], ...] = tuple(
            (role, self.accounts[role]) for role in ROLES if role in self.accounts
        )
        return Bookkeeping(
            chart=self.chart,
            accounts=roles,
            method=self.method,
            cost_percent=self.cost_percent,
            minimum=self.minimum_observations,
            honours_expired=self.honours_expired,
            year_begins=self.year_begins,
            consultant=self.datev_consultant,
            client=self.datev_client,
            account_length=self.account_length,
            siren=self.siren,
        )
