"""What is wrong between the settings of vouchers, rewards and gift cards.

As in `checks`, every check gives (place inside the file, problem, remedy).
"""

from collections.abc import Iterator

from dolibarr_loyalty.config.checks import Finding, Written
from dolibarr_loyalty.core.program import Program, Reward, VoucherTerms
from dolibarr_loyalty.core.times import RoundUp

# The most days by which a last day is put off.
_ROUNDING_DAYS: dict[RoundUp, int] = {"none": 0, "month": 31, "quarter": 92, "half_year": 184, "year": 366}
_MONTH_DAYS = 31


def mistakes(written: Written) -> Iterator[Finding]:
    """What no program may have."""
    yield from _products_of_two_cards(written)
    sold = {product for _, card in written.gift_cards for product in card.products}
    for place, reward in written.rewards:
        if reward.product.casefold() in sold:
            yield (
                (*place, "product"),
                f'"{reward.product}" is a gift card, which points cannot buy.',
                "Write another product, or a reward of an amount.",
            )
        if written.vouchers is not None and _never_begins(reward, written.vouchers):
            yield (
                (*place, "usable_after_days"),
                f'is {reward.usable_after_days}, when vouchers of "{reward.id}" have ended already.',
                "Write fewer days or more valid_months.",
            )


def _products_of_two_cards(written: Written) -> Iterator[Finding]:
    owners: dict[str, str] = {}
    for place, card in written.gift_cards:
        for product in card.products:
            other = owners.setdefault(product, card.id)
            if other != card.id:
                yield (
                    (*place, "products"),
                    f'"{product}" is a product of "{other}" too, so its sale would issue two cards.',
                    "Name each product in one [[program.gift_card]].",
                )


def _never_begins(reward: Reward, terms: VoucherTerms) -> bool:
    """The first usable day lies behind the last one, whatever day it is issued on."""
    months = terms.valid_months if reward.valid_months is None else reward.valid_months
    rounding = terms.round_up if reward.valid_months is None else "none"
    return bool(months) and reward.usable_after_days > months * _MONTH_DAYS + _ROUNDING_DAYS[rounding]


def warnings(program: Program) -> Iterator[Finding]:
    """What is possible but probably not meant."""
    terms = program.vouchers
    in_parts = terms.uses == "several" or any(each.uses == "several" for each in program.rewards)
    if terms.write_off_below and not in_parts and all(card.uses == "single" for card in program.gift_cards):
        yield (
            ("program", "vouchers", "write_off_below"),
            "does nothing: no voucher is used in parts.",
            'Leave it out, or write uses = "several".',
        )
    for number, card in enumerate(program.gift_cards):
        for product in card.products:
            if product in program.exclusions.gift_cards:
                yield (
                    ("program", "exclude", "gift_cards"),
                    f'names "{product}", which [[program.gift_card]] "{card.id}" does already.',
                    "Leave it out there.",
                )
        if card.way == "deposit" and card.bearer:
            yield (
                ("program", "gift_card", number, "bearer"),
                'is true with way = "deposit": the credit of a deposit is its buyer\'s in Dolibarr, so each use '
                "by somebody else makes a counter invoice and a new credit note.",
                'Write way = "liability", or bearer = false.',
            )
