"""What is owed to a good cause becomes a payout: written down first, then a draft in Dolibarr for the accountant.

A payout without its draft stays open and is carried on by the next call; Dolibarr never has two of one payout.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from dolibarr_loyalty.connectors.protocol import PaymentDraft
from dolibarr_loyalty.core.charities import Charity
from dolibarr_loyalty.core.money import to_minor
from dolibarr_loyalty.core.times import after
from dolibarr_loyalty.errors import DonationRefused, TemporaryFailure
from dolibarr_loyalty.flows.charities import the_charity
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.store import bearings, donations
from dolibarr_loyalty.store.database import Tx
from dolibarr_loyalty.store.donations import Payout
from dolibarr_loyalty.store.ids import new_id

LEASE = timedelta(minutes=5)


def pay(
    loyalty: Loyalty, charity_id: str, *, until: date | None = None, who: str, by_hand: bool = False
) -> Payout:
    """Pay what is owed to a cause up to a day (None: today): a payout, and its draft in Dolibarr.

    An open payout of the cause is carried on before a new one begins. `by_hand`: the money goes another way,
    nothing is made in Dolibarr. Raises UnknownCharity; DonationRefused when nothing is owed or the cause has
    no third party; the connector's failures, after which the payout stays open and nothing is lost.
    """
    charity = the_charity(loyalty, charity_id)
    if charity.thirdparty_id is None and not by_hand:
        raise DonationRefused(
            charity.id,
            "it has no third party to be paid. Write thirdparty_id = … under its [[program.cause]], or pay by "
            "hand and say so with --by-hand.",
        )
    payout = loyalty.database.decide(lambda tx: _begin(tx, loyalty, charity, until or loyalty.today(), who))
    with bearings.leased(
        loyalty.database, f"payout:{payout.id}", f"{loyalty.worker[:27]}:{new_id()}", loyalty.now(), LEASE
    ) as held:
        if not held:
            raise TemporaryFailure("Somebody else is making this payout right now. Try again in a moment.")
        return _carry_on(loyalty, charity, payout, by_hand=by_hand)


def deviations(loyalty: Loyalty) -> Iterator[str]:
    """Payouts that are not the sum of their gifts; one sentence each."""
    last = ""
    while True:
        with loyalty.database.reading() as tx:
            page = donations.payouts(tx, last, loyalty.page_size)
            found = [each for payout in page for each in _wrong_with(tx, payout)]
        if not page:
            return
        yield from found
        last = page[-1].id


def _begin(tx: Tx, loyalty: Loyalty, charity: Charity, until: date, who: str) -> Payout:
    waiting = donations.open_payout(tx, charity.id)
    if waiting is not None:
        return waiting
    currency = loyalty.program.currency
    gifts = [
        each
        for each in donations.unpaid(tx, charity.id, after(until, loyalty.zone))
        if each.currency == currency
    ]
    payout = Payout(
        id=new_id(),
        charity_id=charity.id,
        thirdparty_id=charity.thirdparty_id,
        amount=sum((each.amount for each in gifts), Decimal(0)),
        match=sum((each.match for each in gifts), Decimal(0)),
        currency=currency,
        until_day=until.isoformat(),
        made_at=loyalty.now(),
        state="open",
        who=who[:80],
    )
    if payout.total <= 0:
        raise DonationRefused(charity.id, f"nothing is owed to it up to {until.isoformat()}.")
    donations.insert_payout(tx, payout, gifts)
    return payout


def _carry_on(loyalty: Loyalty, charity: Charity, payout: Payout, *, by_hand: bool) -> Payout:
    """Make the draft; the third party is the one the program names now, where it named none or a wrong one."""
    document, state = None, "by_hand"
    if not by_hand:
        assert charity.thirdparty_id is not None  # noqa: S101
        document, state = loyalty.books.draft_payment(_draft(loyalty, charity, payout)), "drafted"

    loyalty.database.decide(lambda tx: donations.finish_payout(tx, payout.id, state, document))
    return replace(payout, state=state, document_id=document)


def _draft(loyalty: Loyalty, charity: Charity, payout: Payout) -> PaymentDraft:
    words = loyalty.brand.words(loyalty.screens.language)
    day = date.fromisoformat(payout.until_day)
    told = {"cause": charity.name(loyalty.screens.language), "day": words.day(day)}
    parts = {
        "given": words.money(payout.amount, payout.currency),
        "match": words.money(payout.match, payout.currency),
    }
    return PaymentDraft(
        thirdparty_id=charity.thirdparty_id or 0,
        issued_on=loyalty.today(),
        ref_ext=payout.ref_ext,
        label=words.gettext("Donations of our members to %(cause)s until %(day)s", **told),
        note=words.gettext("Given by members: %(given)s, added by the shop: %(match)s.", **parts),
        amount=payout.total,
    )


def _wrong_with(tx: Tx, payout: Payout) -> Iterator[str]:
    row = tx.row("payout_items_sum", payout_id=payout.id)
    assert row is not None  # noqa: S101
    ours = to_minor(payout.amount, payout.currency), to_minor(payout.match, payout.currency)
    if (int(row["amount_minor"]), int(row["match_minor"])) != ours:
        yield f"payout {payout.id} to {payout.charity_id}: its gifts come to another sum than {payout.total}"
