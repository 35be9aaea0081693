"""What points become for a good cause, to the cent."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolibarr_loyalty.core.charities import Charity, gift_of

D = Decimal

CASES = {
    "the program's value": (Charity(id="c"), 150, "0.01", "EUR", "0", "1.50", "0"),
    "its own value": (Charity(id="c", point_value=D("0.02")), 150, "0.01", "EUR", "0", "3.00", "0"),
    "half a cent rounds up": (Charity(id="c"), 1, "0.005", "EUR", "0", "0.01", "0"),
    "a whole match": (Charity(id="c", match_percent=D(100)), 150, "0.01", "EUR", "0", "1.50", "1.50"),
    "a third matched": (Charity(id="c", match_percent=D("33.3")), 100, "0.01", "EUR", "0", "1.00", "0.33"),
    "no cents in yen": (Charity(id="c", match_percent=D(50)), 15, "1", "JPY", "0", "15", "8"),
    "up to the limit": (
        Charity(id="c", match_percent=D(100), match_limit=D(10)),
        500,
        "0.01",
        "EUR",
        "7.20",
        "5.00",
        "2.80",
    ),
    "limit used": (
        Charity(id="c", match_percent=D(100), match_limit=D(10)),
        500,
        "0.01",
        "EUR",
        "10",
        "5.00",
        "0",
    ),
    "limit lowered meanwhile": (
        Charity(id="c", match_percent=D(100), match_limit=D(10)),
        500,
        "0.01",
        "EUR",
        "12",
        "5.00",
        "0",
    ),
}


@pytest.mark.parametrize(
    ("charity", "points", "value", "currency", "matched", "amount", "match"), CASES.values(), ids=CASES
)
def test_points_become_an_amount_and_a_match(charity, points, value, currency, matched, amount, match):
    gift = gift_of(charity, points, D(value), currency, D(matched))
    assert (gift.amount, gift.match) == (D(amount), D(match))


@given(
    gifts=st.lists(st.integers(1, 5000), max_size=20),
    percent=st.decimals(0, 200, places=1),
    limit=st.decimals(0, 100, places=2),
)
def test_matches_together_never_exceed_the_limit(gifts, percent, limit):
    charity = Charity(id="c", match_percent=percent, match_limit=limit)
    matched = D(0)
    for points in gifts:
        matched += gift_of(charity, points, D("0.01"), "EUR", matched).match
    assert matched <= limit


def test_a_cause_has_a_name_in_each_language():
    charity = Charity(id="trees", names=(("de", "Bäume"), ("en", "Trees")))
    assert (charity.name("de"), charity.name("fr"), Charity(id="x").name("de")) == ("Bäume", "Trees", "x")
