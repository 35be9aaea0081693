"""A partner's month becomes one draft invoice in Dolibarr; whoever is in charge looks at it and validates it."""

import re
from datetime import date, timedelta
from decimal import Decimal

from dolibarr_loyalty.connectors.protocol import Draft, DraftLine
from dolibarr_loyalty.core.money import round_amount
from dolibarr_loyalty.core.partners import Partner
from dolibarr_loyalty.core.sale import ZERO, Sale, State
from dolibarr_loyalty.core.terms import name_in
from dolibarr_loyalty.core.times import add_months, period_key
from dolibarr_loyalty.errors import InputError, Refused, TemporaryFailure
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.redemption import holding

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class NothingToSettle(Refused):
    """A month that is not over, or in which nothing is owed."""


def settle(loyalty: Loyalty, partner: Partner, month: str, due: Decimal, *, vat_rate: Decimal = ZERO) -> Sale:
    """The document of a partner's month, found or made as a draft; asked for again it is the same one.

    Raises NothingToSettle, and InputError for a month that cannot be.
    """
    check_settlement(loyalty, partner, month, due)
    draft = draft_of(loyalty, partner, month, due, vat_rate)
    with holding(loyalty, f"partner:{partner.id}:{month}"[:80]):
        return _found_or_posted(loyalty, draft)


def check_settlement(loyalty: Loyalty, partner: Partner, month: str, due: Decimal) -> None:
    """Raises as `settle` does, without asking Dolibarr."""
    if the_month(loyalty, month) >= period_key(loyalty.today(), "month"):
        raise NothingToSettle(
            f"The month {month} is not over: points may still be granted or taken back in it. "
            f"Ask again on {add_months(loyalty.today().replace(day=1), 1)}."
        )
    if due <= 0:
        raise NothingToSettle(
            f"Partner {partner.id!r} owes nothing for {month}. What came back beyond what was granted is taken "
            "off the following months."
        )


def rate_of(percent: float) -> Decimal:
    """A VAT rate as it was typed: 5.5 is 5.5, not 5.5000000000000004."""
    return Decimal(str(percent))


def the_month(loyalty: Loyalty, text: str | None) -> str:
    """The month meant by 2026-11; without a text the last one that is over. Raises InputError."""
    if text is None:
        return period_key(loyalty.today().replace(day=1) - timedelta(days=1), "month")
    if not _MONTH.fullmatch(text.strip()):
        raise InputError(f"{text!r} is not a month. Write year and month, as in 2026-11.")
    return text.strip()


def draft_of(loyalty: Loyalty, partner: Partner, month: str, due: Decimal, vat_rate: Decimal) -> Draft:
    """The draft over what is due, plus VAT where the accountant says so."""
    words = loyalty.brand.words(loyalty.screens.language)
    last_day = add_months(date.fromisoformat(f"{month}-01"), 1) - timedelta(days=1)
    name = name_in(partner.names, words.language, partner.id)
    return Draft(
        thirdparty_id=partner.thirdparty_id,
        kind="standard",
        issued_on=loyalty.today(),
        ref_ext=f"loyalty:partner:{partner.id}:{month}",
        ref_client=month,
        note=words.gettext(
            "Loyalty points funded by %(partner)s until %(day)s. Check the VAT before validating.",
            partner=name,
            day=words.day(last_day),
        ),
        lines=(
            DraftLine(
                label=words.gettext("Share of loyalty points, %(month)s", month=month),
                net_price=due,
                vat_rate=vat_rate,
            ),
        ),
        gross=round_amount(due * (1 + vat_rate / 100), loyalty.program.currency),
        options={},
    )


def _found_or_posted(loyalty: Loyalty, draft: Draft) -> Sale:
    """The one document of this ref_ext: looked up before and after posting (facts trap 6)."""
    found = loyalty.books.find(draft.ref_ext)
    if not found:
        if loyalty.books.member(draft.thirdparty_id) is None:
            raise InputError(
                f"Dolibarr has no third party {draft.thirdparty_id}. Correct the partner's thirdparty_id in "
                "loyalty.toml."
            )
        loyalty.books.create(draft)
        found = loyalty.books.find(draft.ref_ext)
    if not found:
        raise TemporaryFailure(
            f"Dolibarr took the draft {draft.ref_ext} and does not list it yet; ask again in a moment.",
            unclear=True,
        )
    kept, *others = sorted(found, key=lambda sale: (sale.state is State.DRAFT, sale.id))
    for other in others:
        if other.state is State.DRAFT:
            loyalty.books.delete_draft(other.id)
    return kept
