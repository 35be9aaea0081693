"""Who a mail goes to, and what every mail says of the account."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dolibarr_loyalty.core.terms import POINTS
from dolibarr_loyalty.core.times import parse
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.redemption import unit_of
from dolibarr_loyalty.store import ledger, members, vouchers
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.members import Known

Payload = Mapping[str, str | int]


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """A member with what every mail says about the account: that of points, or of the unit it is about."""

    customer: Known
    balance: int
    available: int
    ending: int = 0
    unit: str = POINTS

    @property
    def locale(self) -> str:
        return self.customer.member.locale


def addressed(tx: Tx, loyalty: Loyalty, thirdparty_id: int, payload: Payload) -> Addressee | None:
    """The member an effect is about; None when Dolibarr has them no more."""
    customer = members.load(tx, [thirdparty_id]).get(thirdparty_id)
    if customer is None or customer.gone_at is not None:
        return None
    unit = _unit(tx, loyalty, payload)
    account = ledger.load(tx, [thirdparty_id], unit=unit)[thirdparty_id]
    ends_at = payload.get("ends_at")
    ending = sum(
        lot.remaining
        for lot in account.lots
        if ends_at and lot.expires_at is not None and lot.expires_at <= parse(str(ends_at))
    )
    return Addressee(
        customer=customer,
        balance=account.balance,
        available=account.available(loyalty.now()),
        ending=ending,
        unit=unit,
    )


def common(loyalty: Loyalty, addressee: Addressee) -> dict[str, Any]:
    """The facts that every mail has."""
    member = addressee.customer.member
    return {
        "member_name": member.name,
        "to_address": member.email,
        "program": loyalty.program.name,
        "balance": addressee.balance,
        "unit": addressee.unit,
        "page_url": loyalty.screens.member_page.replace("{member}", str(member.thirdparty_id)),
        "unsubscribe_url": loyalty.notices.unsubscribe.replace("{member}", str(member.thirdparty_id)),
    }


def _unit(tx: Tx, loyalty: Loyalty, payload: Payload) -> str:
    """What a mail's points are: those its voucher was paid with, or of the unit its effect names."""
    voucher = vouchers.by_id(tx, str(payload["voucher"])) if "voucher" in payload else None
    return unit_of(tx, voucher) if voucher else str(payload.get("unit", loyalty.unit))
