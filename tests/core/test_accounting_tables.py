"""The books over a voucher's life, against tables computed by hand, for each accounting way and country.

In each country a member buys goods of 100.00 net at every rate, on an invoice, and has a voucher or card of 20.00;
8.00 of it pay on that invoice, the rest of 12.00 ends unused. The arithmetic stands beside the figures.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

import pytest

from dolibarr_loyalty.core.postings import (
    Account,
    Effect,
    Part,
    effect,
    is_documented,
    payment_postings,
    postings,
    sale_postings,
    without_vat,
)
from dolibarr_loyalty.core.vat_shares import parts
from dolibarr_loyalty.core.voucher_moves import MoveKind

D = Decimal
WAYS = ("payment", "credit_note", "discount", "deposit", "liability")


@dataclass(frozen=True, kw_only=True)
class Country:
    """Gross cents bought by rate; (net, VAT) of the whole basket, of 20.00, of 8.00, and of the rest of 12.00.

    `card` and `card_use` are 20.00 and 8.00 at the first rate alone: a single-purpose card.
    """

    bought: Mapping[Decimal, int]
    basket: tuple[Decimal, Decimal]
    whole: tuple[Decimal, Decimal]
    used: tuple[Decimal, Decimal]
    rest: tuple[Decimal, Decimal]
    card: tuple[Decimal, Decimal]
    card_use: tuple[Decimal, Decimal]


COUNTRIES = {
    # Bought 119.00 + 107.00 = 226.00.
    # 20.00: 20 x 119/226 = 10.531 and 20 x 107/226 = 9.469, so 10.53 and 9.47 by largest remainder;
    #   10.53/1.19 = 8.8487 -> 8.85 + 1.68; 9.47/1.07 = 8.8505 -> 8.85 + 0.62; together 17.70 + 2.30.
    # 8.00: 4.212 and 3.788 -> 4.21 and 3.79; 4.21/1.19 = 3.5378 -> 3.54 + 0.67; 3.79/1.07 = 3.5421 -> 3.54 + 0.25.
    # Rest: 17.70 - 7.08 = 10.62; 2.30 - 0.92 = 1.38. Card: 20/1.19 = 16.8067; 8/1.19 = 6.7227.
    "DE": Country(
        bought={D(19): 11900, D(7): 10700},
        basket=(D("200.00"), D("26.00")),
        whole=(D("17.70"), D("2.30")),
        used=(D("7.08"), D("0.92")),
        rest=(D("10.62"), D("1.38")),
        card=(D("16.81"), D("3.19")),
        card_use=(D("6.72"), D("1.28")),
    ),
    # Bought 120.00 + 110.00 + 105.50 = 335.50.
    # 20.00: 7.1535, 6.5574, 6.2891 -> 7.15, 6.56, 6.29 (two cents left over, to .74 and .91 of a cent);
    #   7.15/1.2 = 5.9583 -> 5.96 + 1.19; 6.56/1.1 = 5.9636 -> 5.96 + 0.60; 6.29/1.055 = 5.9621 -> 5.96 + 0.33.
    # 8.00: 2.8614, 2.6230, 2.5156 -> 2.86, 2.62, 2.52; 2.86/1.2 = 2.3833 -> 2.38 + 0.48;
    #   2.62/1.1 = 2.3818 -> 2.38 + 0.24; 2.52/1.055 = 2.3886 -> 2.39 + 0.13; together 7.15 + 0.85.
    # Rest: 17.88 - 7.15 = 10.73; 2.12 - 0.85 = 1.27. Card: 20/1.2 = 16.6667; 8/1.2 = 6.6667.
    "FR": Country(
        bought={D(20): 12000, D(10): 11000, D("5.5"): 10550},
        basket=(D("300.00"), D("35.50")),
        whole=(D("17.88"), D("2.12")),
        used=(D("7.15"), D("0.85")),
        rest=(D("10.73"), D("1.27")),
        card=(D("16.67"), D("3.33")),
        card_use=(D("6.67"), D("1.33")),
    ),
    # Bought 120.00 + 110.00 = 230.00.
    # 20.00: 10.4348, 9.5652 -> 10.43, 9.57; 10.43/1.2 = 8.6917 -> 8.69 + 1.74; 9.57/1.1 = 8.70 + 0.87.
    # 8.00: 4.1739, 3.8261 -> 4.17, 3.83; 4.17/1.2 = 3.475 -> 3.48 + 0.69; 3.83/1.1 = 3.4818 -> 3.48 + 0.35.
    # Rest: 17.39 - 6.96 = 10.43; 2.61 - 1.04 = 1.57. Card as in France.
    "AT": Country(
        bought={D(20): 12000, D(10): 11000},
        basket=(D("200.00"), D("30.00")),
        whole=(D("17.39"), D("2.61")),
        used=(D("6.96"), D("1.04")),
        rest=(D("10.43"), D("1.57")),
        card=(D("16.67"), D("3.33")),
        card_use=(D("6.67"), D("1.33")),
    ),
    # Bought 121.00 + 106.00 = 227.00.
    # 20.00: 10.6608, 9.3392 -> 10.66, 9.34; 10.66/1.21 = 8.8099 -> 8.81 + 1.85; 9.34/1.06 = 8.8113 -> 8.81 + 0.53.
    # 8.00: 4.2643, 3.7357 -> 4.26, 3.74; 4.26/1.21 = 3.5207 -> 3.52 + 0.74; 3.74/1.06 = 3.5283 -> 3.53 + 0.21.
    # Rest: 17.62 - 7.05 = 10.57; 2.38 - 0.95 = 1.43. Card: 20/1.21 = 16.5289; 8/1.21 = 6.6116.
    "BE": Country(
        bought={D(21): 12100, D(6): 10600},
        basket=(D("200.00"), D("27.00")),
        whole=(D("17.62"), D("2.38")),
        used=(D("7.05"), D("0.95")),
        rest=(D("10.57"), D("1.43")),
        card=(D("16.53"), D("3.47")),
        card_use=(D("6.61"), D("1.39")),
    ),
    # Bought 108.10 + 102.60 = 210.70 francs.
    # 20.00: 10.2610, 9.7390 -> 10.26, 9.74; 10.26/1.081 = 9.4912 -> 9.49 + 0.77; 9.74/1.026 = 9.4932 -> 9.49 + 0.25.
    # 8.00: 4.1044, 3.8956 -> 4.10, 3.90; 4.10/1.081 = 3.7928 -> 3.79 + 0.31; 3.90/1.026 = 3.8012 -> 3.80 + 0.10.
    # Rest: 18.98 - 7.59 = 11.39; 1.02 - 0.41 = 0.61. Card: 20/1.081 = 18.5014; 8/1.081 = 7.4006.
    "CH": Country(
        bought={D("8.1"): 10810, D("2.6"): 10260},
        basket=(D("200.00"), D("10.70")),
        whole=(D("18.98"), D("1.02")),
        used=(D("7.59"), D("0.41")),
        rest=(D("11.39"), D("0.61")),
        card=(D("18.50"), D("1.50")),
        card_use=(D("7.40"), D("0.60")),
    ),
}
TWENTY, EIGHT, TWELVE = D("20.00"), D("8.00"), D("12.00")

country = pytest.mark.parametrize("shop", COUNTRIES.values(), ids=COUNTRIES)
sold = pytest.mark.parametrize("way", ["deposit", "liability"])


def split(shop: Country, gross: Decimal) -> tuple[Part, ...]:
    return parts(gross, shop.bought, "EUR")


def left(shop: Country) -> tuple[Part, ...]:
    """The rest of the credit note at issue, rate by rate."""
    both = zip(split(shop, TWENTY), split(shop, EIGHT), strict=True)
    return tuple(Part(rate=one.rate, net=one.net - two.net, vat=one.vat - two.vat) for one, two in both)


def sums(of: tuple[Part, ...]) -> tuple[Decimal, Decimal]:
    return sum((part.net for part in of), D(0)), sum((part.vat for part in of), D(0))


@country
def test_an_amount_in_parts_is_as_computed_by_hand(shop: Country) -> None:
    assert sums(split(shop, TWENTY)) == shop.whole
    assert sums(split(shop, EIGHT)) == shop.used
    assert sums(left(shop)) == shop.rest
    basket = split(shop, D(sum(shop.bought.values())) / 100)
    assert sums(basket) == shop.basket
    net, vat = shop.basket
    assert effect(sale_postings(basket)) == Effect(net=net, vat=vat, receivable=net + vat)


@country
def test_a_means_of_payment_leaves_vat_as_it_is(shop: Country) -> None:
    issue = effect(postings("payment", MoveKind.ISSUED, without_vat(TWENTY)))
    assert issue == Effect(net=-TWENTY, liability=TWENTY)
    use = effect(postings("payment", MoveKind.USED, without_vat(EIGHT)))
    assert use == Effect(receivable=-EIGHT, liability=-EIGHT)
    expiry = effect(postings("payment", MoveKind.EXPIRED, without_vat(TWELVE)))
    assert expiry == Effect(net=TWELVE, liability=-TWELVE)
    assert life(shop, issue, use, expiry) == Effect(
        net=shop.basket[0] - EIGHT, vat=shop.basket[1], cash=sum(shop.basket) - EIGHT
    )


@country
def test_a_rebate_at_issue_lowers_vat_at_once_and_gives_back_what_expires(shop: Country) -> None:
    issue = effect(postings("credit_note", MoveKind.ISSUED, split(shop, TWENTY)))
    assert issue == Effect(net=-shop.whole[0], vat=-shop.whole[1], liability=TWENTY)
    use = effect(postings("credit_note", MoveKind.USED, split(shop, EIGHT)))
    assert use == Effect(receivable=-EIGHT, liability=-EIGHT)
    expiry = effect(postings("credit_note", MoveKind.EXPIRED, left(shop)))
    assert expiry == Effect(net=shop.rest[0], vat=shop.rest[1], liability=-TWELVE)
    assert life(shop, issue, use, expiry) == Effect(
        net=shop.basket[0] - shop.used[0],
        vat=shop.basket[1] - shop.used[1],
        cash=sum(shop.basket) - EIGHT,
    )


@country
def test_a_discount_at_use_books_nothing_before_nor_after(shop: Country) -> None:
    issue = effect(postings("discount", MoveKind.ISSUED, split(shop, TWENTY)))
    expiry = effect(postings("discount", MoveKind.EXPIRED, split(shop, TWELVE)))
    assert issue == expiry == Effect()
    use = effect(postings("discount", MoveKind.USED, split(shop, EIGHT)))
    assert use == Effect(net=-shop.used[0], vat=-shop.used[1], receivable=-EIGHT)
    assert life(shop, issue, use, expiry) == Effect(
        net=shop.basket[0] - shop.used[0],
        vat=shop.basket[1] - shop.used[1],
        cash=sum(shop.basket) - EIGHT,
    )


@sold
@country
def test_a_multi_purpose_card_is_owed_without_vat(shop: Country, way: str) -> None:
    issue = effect(postings(way, MoveKind.ISSUED, without_vat(TWENTY)))  # type: ignore[arg-type]
    assert issue == Effect(cash=TWENTY, liability=TWENTY)
    use = effect(postings(way, MoveKind.USED, without_vat(EIGHT)))  # type: ignore[arg-type]
    assert use == Effect(receivable=-EIGHT, liability=-EIGHT)
    expiry = effect(postings(way, MoveKind.EXPIRED, without_vat(TWELVE)))  # type: ignore[arg-type]
    assert expiry == Effect(net=TWELVE, liability=-TWELVE)
    refund = effect(postings(way, MoveKind.CANCELLED, without_vat(TWENTY)))  # type: ignore[arg-type]
    assert issue + refund == Effect()
    assert life(shop, issue, use, expiry) == Effect(
        net=shop.basket[0] + TWELVE, vat=shop.basket[1], cash=sum(shop.basket) - EIGHT + TWENTY
    )


@country
def test_a_single_purpose_card_pays_its_vat_once(shop: Country) -> None:
    rate = next(iter(shop.bought))
    whole, used = (parts(gross, {rate: 1}, "EUR") for gross in (TWENTY, EIGHT))
    assert (sums(whole), sums(used)) == (shop.card, shop.card_use)
    issue = effect(postings("liability", MoveKind.ISSUED, whole))
    assert issue == Effect(cash=TWENTY, vat=shop.card[1], liability=shop.card[0])
    use = effect(postings("liability", MoveKind.USED, used))
    assert use == Effect(receivable=-EIGHT, vat=-shop.card_use[1], liability=-shop.card_use[0])
    goods = effect(sale_postings(used))
    assert (use + goods).vat == 0  # the goods bring the VAT that the card's line takes off
    unused = Part(rate=rate, net=shop.card[0] - shop.card_use[0], vat=shop.card[1] - shop.card_use[1])
    expiry = effect(postings("liability", MoveKind.EXPIRED, (unused,)))
    assert expiry == Effect(net=unused.net, liability=-unused.net)
    assert issue + effect(postings("liability", MoveKind.CANCELLED, whole)) == Effect()


def life(shop: Country, *of_the_voucher: Effect) -> Effect:
    """The invoice, the voucher's events, and the rest of the invoice paid in money."""
    basket = split(shop, D(sum(shop.bought.values())) / 100)
    total = effect(sale_postings(basket))
    for each in of_the_voucher:
        total += each
    total += effect(payment_postings(total.receivable))
    assert total.receivable == total.liability == 0
    return total


@pytest.mark.parametrize(("way", "kind"), list(product(WAYS, MoveKind)))
@pytest.mark.parametrize("adds", [True, False])
def test_debits_and_credits_come_to_nothing(way: str, kind: MoveKind, adds: bool) -> None:
    booked = postings(way, kind, split(COUNTRIES["FR"], TWENTY), adds=adds)  # type: ignore[arg-type]
    assert sum(posting.amount for posting in booked) == 0
    assert all(posting.amount for posting in booked)


@pytest.mark.parametrize("way", WAYS)
def test_a_use_that_is_undone_books_the_opposite(way: str) -> None:
    of = split(COUNTRIES["DE"], EIGHT)
    both = [postings(way, kind, of) for kind in (MoveKind.USED, MoveKind.RETURNED)]  # type: ignore[arg-type]
    assert effect(both[0]) + effect(both[1]) == Effect()


def test_a_lost_voucher_that_is_replaced_books_nothing() -> None:
    assert postings("payment", MoveKind.REPLACED, without_vat(EIGHT)) == ()
    assert postings("payment", MoveKind.REPLACEMENT, without_vat(EIGHT)) == ()


def test_imported_cards_come_from_the_opening_and_differences_are_told_apart() -> None:
    opening = postings("liability", MoveKind.ISSUED, without_vat(EIGHT), money=Account.OPENING)
    assert [(each.account, each.amount) for each in opening] == [
        (Account.OPENING, EIGHT),
        (Account.LIABILITY, -EIGHT),
    ]
    less = postings("payment", MoveKind.CORRECTED, without_vat(EIGHT), adds=False)
    assert effect(less).liability == -EIGHT
    assert {each.account for each in less} == {Account.DIFFERENCE, Account.LIABILITY}


@pytest.mark.parametrize(
    ("way", "kind", "is_told"),
    [
        ("payment", MoveKind.ISSUED, True),
        ("payment", MoveKind.EXPIRED, True),
        ("payment", MoveKind.CORRECTED, False),
        ("discount", MoveKind.ISSUED, False),
        ("discount", MoveKind.USED, True),
        ("discount", MoveKind.RETURNED, True),
        ("discount", MoveKind.EXPIRED, False),
        ("liability", MoveKind.WRITTEN_OFF, False),
        ("liability", MoveKind.CANCELLED, True),
        ("deposit", MoveKind.WRITTEN_OFF, True),
    ],
)
def test_what_dolibarr_books_by_documents_of_its_own(way: str, kind: MoveKind, is_told: bool) -> None:
    assert is_documented(way, kind) is is_told  # type: ignore[arg-type]
