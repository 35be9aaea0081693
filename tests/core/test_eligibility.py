"""Whom something is for."""

import pytest

from dolibarr_loyalty.core.eligibility import Standing, Who, is_for, unmet

ANNA = Standing(
    tags=frozenset({"vip", "bakery"}),
    country="fr",
    is_company=False,
    tiers=frozenset({"gold"}),
    clubs=frozenset({"prime"}),
    segments=frozenset({"regulars"}),
    purchases=3,
    quiet_days=90,
)
NEW = Standing(is_company=True)


@pytest.mark.parametrize(
    ("who", "standing", "why"),
    [
        pytest.param(Who(), NEW, "", id="everybody"),
        pytest.param(Who(tags=("new", "vip")), ANNA, "", id="one of the tags"),
        pytest.param(Who(tags=("new",)), ANNA, "tags", id="no tag of them"),
        pytest.param(Who(without_tags=("staff",)), ANNA, "", id="without a tag"),
        pytest.param(Who(without_tags=("staff", "vip")), ANNA, "without_tags", id="has the tag"),
        pytest.param(Who(tiers=("gold", "silver")), ANNA, "", id="one of the tiers"),
        pytest.param(Who(tiers=("silver",)), ANNA, "tiers", id="another tier"),
        pytest.param(Who(clubs=("prime",)), ANNA, "", id="in the club"),
        pytest.param(Who(clubs=("prime",)), NEW, "clubs", id="not in the club"),
        pytest.param(Who(segments=("regulars",)), ANNA, "", id="in the segment"),
        pytest.param(Who(segments=("lapsed",)), ANNA, "segments", id="not in the segment"),
        pytest.param(Who(countries=("DE", "FR")), ANNA, "", id="the country in any case"),
        pytest.param(Who(countries=("DE",)), ANNA, "countries", id="another country"),
        pytest.param(Who(countries=("DE",)), NEW, "countries", id="no country known"),
        pytest.param(Who(customer_types=("person",)), ANNA, "", id="a person"),
        pytest.param(Who(customer_types=("person",)), NEW, "customer_types", id="a company"),
        pytest.param(Who(customer_types=("company", "person")), NEW, "", id="either"),
        pytest.param(Who(first_purchase=True), NEW, "", id="the first purchase"),
        pytest.param(Who(first_purchase=True), ANNA, "first_purchase", id="not the first one"),
        pytest.param(Who(inactive_days=90), ANNA, "", id="away long enough"),
        pytest.param(Who(inactive_days=91), ANNA, "inactive_days", id="not long enough"),
        pytest.param(Who(inactive_days=0), NEW, "inactive_days", id="nobody comes back to a first purchase"),
        pytest.param(Who(tags=("vip",), tiers=("silver",)), ANNA, "tiers", id="every condition must hold"),
    ],
)
def test_who_may(who: Who, standing: Standing, why: str) -> None:
    assert unmet(who, standing) == why
    assert is_for(who, standing) is not bool(why)


@pytest.mark.parametrize(
    ("who", "looks_back"),
    [
        (Who(), False),
        (Who(tags=("vip",), without_tags=("staff",), countries=("FR",), customer_types=("person",)), False),
        (Who(tiers=("gold",)), True),
        (Who(clubs=("prime",)), True),
        (Who(segments=("regulars",)), True),
        (Who(first_purchase=True), True),
        (Who(inactive_days=0), True),
    ],
)
def test_only_some_conditions_look_back(who: Who, looks_back: bool) -> None:
    assert who.needs_history is looks_back
    assert who.is_everybody is (who == Who())
