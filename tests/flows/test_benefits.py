"""Benefits in the shop: granted and withdrawn with tiers and clubs, used, given, each once however often one looks."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.benefits import Benefit
from dolibarr_loyalty.core.clubs import Club
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.errors import (
    BenefitNotAvailable,
    InputError,
    KeyReused,
    UnknownBenefit,
    UnknownMember,
    UnknownUse,
)
from dolibarr_loyalty.flows import benefits, clubs
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.flows.review import review
from dolibarr_loyalty.store import benefits as table
from dolibarr_loyalty.store import birthdays, members
from dolibarr_loyalty.store.database import Database, Tx
from tests.flows.shop import PROGRAM, Shop, open_shop

SHIPPING = Benefit(
    id="shipping",
    kind="free_shipping",
    uses=2,
    period="month",
    names=(("en", "Free delivery"),),
    tag="Free delivery",
)
BENEFITS = (
    SHIPPING,
    Benefit(id="party", kind="event", valid_days=30),
    Benefit(id="discount", kind="extra_discount", percent=Decimal(5), to_dolibarr=True),
    Benefit(id="hello", kind="welcome", points=50, reward="5-off"),
    Benefit(id="cake", kind="birthday_gift", points=30),
    Benefit(id="years", kind="anniversary", points=100),
)
STATUS = TierGroup(
    id="status",
    tiers=(
        Tier(id="bronze", threshold=0),
        Tier(id="gold", threshold=500, benefits=("shipping", "discount", "hello", "cake", "years")),
    ),
    on_refund="immediately",
)
PLUS = Club(id="plus", products=("club",), trial_days=60, benefits=("shipping", "party"))
WITH_BENEFITS = replace(PROGRAM, benefits=BENEFITS, tier_groups=(STATUS,), clubs=(PLUS,))


@pytest.fixture
def shop(database: Database) -> Iterator[Shop]:
    with open_shop(database, program=WITH_BENEFITS) as shop:
        yield shop


def settled(shop: Shop) -> None:
    shop.sync()
    shop.deliver()


def golden(shop: Shop, name: str = "Claire Martin") -> tuple[int, int]:
    """A customer who has just become gold, and the invoice that did it."""
    customer = shop.customer(name)
    invoice = shop.sell(customer, 600)
    settled(shop)
    return customer, invoice


def held(shop: Shop, customer: int) -> dict[str, int | None]:
    with shop.loyalty.database.reading() as tx:
        return {each.benefit.id: each.left for each in benefits.shown(tx, shop.loyalty, customer)}


def steps(shop: Shop, customer: int) -> list[tuple[str, str]]:
    with shop.loyalty.database.reading() as tx:
        return [(step.benefit_id, step.what) for step in table.steps_of(tx, customer)]


def use(
    shop: Shop, customer: int, key: str = "u1", benefit: str = "shipping", **facts: object
) -> benefits.Usage:
    return benefits.use(shop.loyalty, customer, benefit, who="anna", request_key=key, **facts)  # type: ignore[arg-type]


def test_a_tier_brings_its_benefits(shop: Shop) -> None:
    customer, _ = golden(shop)
    assert held(shop, customer) == {
        "shipping": 2,
        "discount": None,
        "hello": None,
        "cake": None,
        "years": None,
    }
    granted = [benefit for benefit, what in steps(shop, customer) if what == "granted"]
    assert sorted(granted) == ["cake", "discount", "hello", "shipping", "years"]


def test_they_go_with_the_tier_and_the_history_stays(shop: Shop) -> None:
    customer, invoice = golden(shop)
    use(shop, customer)
    shop.refund(invoice)
    settled(shop)
    assert held(shop, customer) == {}
    shipping = [what for benefit, what in steps(shop, customer) if benefit == "shipping"]
    assert shipping == ["granted", "used", "withdrawn"]
    with pytest.raises(BenefitNotAvailable, match="comes with: tier gold, club plus"):
        use(shop, customer, "u2")


def test_what_a_tier_and_a_club_both_bring_is_had_once(shop: Shop) -> None:
    customer, invoice = golden(shop)
    clubs.trial(shop.loyalty, customer, "plus", who="anna", request_key="t1")
    shop.refund(invoice)
    settled(shop)
    assert held(shop, customer) == {"shipping": 2, "party": None}
    assert ("shipping", "withdrawn") not in steps(shop, customer)


def test_a_benefit_ends_by_time_alone(shop: Shop) -> None:
    customer = shop.rich(10)
    clubs.trial(shop.loyalty, customer, "plus", who="anna", request_key="t1")
    shop.deliver()
    shop.clock.pass_(days=31)
    assert "party" not in held(shop, customer)
    assert benefits.review_due_benefits(replace(shop.loyalty, page_size=1)) == 1
    shop.deliver()
    assert steps(shop, customer)[-1] == ("party", "withdrawn")
    assert benefits.review_due_benefits(shop.loyalty) == 0


def test_looking_again_changes_nothing(shop: Shop) -> None:
    customer, _ = golden(shop)
    before = steps(shop, customer), shop.kinds(customer), len(shop.letterbox.mails)
    for _ in range(3):
        review(shop.loyalty, customer)
        daily(shop.loyalty)
        shop.sync(full=True)
        shop.deliver()
    assert (steps(shop, customer), shop.kinds(customer), len(shop.letterbox.mails)) == before
    shop.prove()


def test_a_program_without_benefits_writes_nothing(database: Database) -> None:
    with open_shop(database) as shop:
        customer = shop.rich(10)
        shop.deliver()
        assert (steps(shop, customer), held(shop, customer)) == ([], {})
        benefits.review_benefits(shop.loyalty, 999)


class TestUsing:
    def test_counts_down_in_its_period(self, shop: Shop) -> None:
        customer, _ = golden(shop)
        assert use(shop, customer, "u1", reference="FA1", worth=Decimal("5.90")).left == 1
        assert use(shop, customer, "u2").left == 0
        with pytest.raises(BenefitNotAvailable, match="2 time\\(s\\) this month"):
            use(shop, customer, "u3")
        shop.clock.pass_(days=31)
        assert use(shop, customer, "u3").left == 1

    def test_twice_with_one_key_counts_once(self, shop: Shop) -> None:
        customer, _ = golden(shop)
        assert use(shop, customer) == use(shop, customer)
        assert held(shop, customer)["shipping"] == 1
        with pytest.raises(KeyReused):
            use(shop, customer, reference="another")

    def test_undone_it_may_be_used_again_and_undone_only_once(self, shop: Shop) -> None:
        customer, _ = golden(shop)
        used = use(shop, customer)
        for _ in range(2):
            undone = benefits.undo(shop.loyalty, customer, used.step.id, reason="wrong one", who="anna")
            assert undone.left == 2
        assert [what for _, what in steps(shop, customer)].count("undone") == 1
        with pytest.raises(UnknownUse):
            benefits.undo(shop.loyalty, customer, "nothing", reason="wrong one", who="anna")
        with pytest.raises(InputError, match="needs a reason"):
            benefits.undo(shop.loyalty, customer, used.step.id, reason="", who="anna")

    def test_without_limit_leaves_no_number(self, shop: Shop) -> None:
        customer, _ = golden(shop)
        assert use(shop, customer, benefit="DISCOUNT").left is None

    def test_is_refused(self, shop: Shop) -> None:
        customer, _ = golden(shop)
        with pytest.raises(BenefitNotAvailable, match="given by itself"):
            use(shop, customer, benefit="hello")
        with pytest.raises(UnknownBenefit, match="shipping"):
            use(shop, customer, benefit="sauna")
        with pytest.raises(UnknownMember):
            use(shop, 999)
        with pytest.raises(InputError, match="at most 120"):
            use(shop, customer, "u" * 121)
        with pytest.raises(InputError, match="not -1"):
            use(shop, customer, worth=Decimal(-1))

    def test_a_benefit_the_program_dropped_may_still_be_undone(self, shop: Shop) -> None:
        customer, _ = golden(shop)
        used = use(shop, customer)
        without = replace(shop.loyalty, program=replace(WITH_BENEFITS, benefits=()))
        assert benefits.undo(without, customer, used.step.id, reason="wrong", who="anna").left is None
        benefits.review_benefits(without, customer)
        assert steps(shop, customer)[-1][1] == "withdrawn"


class TestGifts:
    def test_a_welcome_comes_once_as_points_and_as_a_voucher(self, shop: Shop) -> None:
        customer, invoice = golden(shop)
        assert shop.balance(customer) == 60 + 50
        assert [
            subject for subject in shop.letterbox.subjects() if "5 euros off" in subject or "€5" in subject
        ]
        shop.refund(invoice)
        settled(shop)
        shop.sell(customer, 700)
        settled(shop)
        assert steps(shop, customer).count(("hello", "given")) == 1
        shop.prove()

    def test_an_anniversary_and_a_birthday_come_every_year(self, shop: Shop) -> None:
        customer, _ = golden(shop)
        with shop.loyalty.database.transaction() as tx:
            born = shop.loyalty.today().replace(year=1990, month=6, day=1)
            birthdays.save(tx, None, customer, born, "person", shop.loyalty.now())
        review(shop.loyalty, customer)
        for _ in range(27):
            shop.clock.pass_(days=14)
            shop.sell(customer, 100)
            settled(shop)
            daily(shop.loyalty)
            shop.deliver()
        found = steps(shop, customer)
        given = {name: found.count((name, "given")) for name in ("cake", "years")}
        assert given == {"cake": 1, "years": 1}
        shop.prove()


def test_an_extra_discount_is_proposed_to_staff_and_its_end_too(shop: Shop) -> None:
    _, invoice = golden(shop)
    shop.refund(invoice)
    settled(shop)
    labels = [row["label"] for row in shop.dolibarr.store.rows("event")]
    assert [label for label in labels if "discount" in label] == [
        "Extra discount: 5%",
        "Extra discount ended",
    ]


def test_many_workers_cannot_use_the_last_ones_twice(shop: Shop) -> None:
    customer, _ = golden(shop)

    def one(number: int) -> bool:
        try:
            use(shop, customer, f"u{number}")
        except BenefitNotAvailable:
            return False
        return True

    with ThreadPoolExecutor(max_workers=6) as workers:
        assert sum(workers.map(one, range(6))) == 2
    assert held(shop, customer)["shipping"] == 0


def test_what_a_merged_customer_used_counts_for_the_heir(shop: Shop) -> None:
    gone, _ = golden(shop, "Old One")
    kept, _ = golden(shop, "New One")
    use(shop, gone, "u1")
    use(shop, kept, "u2")

    def merge(tx: Tx) -> None:
        members.mark_gone(tx, gone, shop.loyalty.now(), kept)
        table.reassign(tx, gone, kept)

    shop.loyalty.database.decide(merge)
    assert (held(shop, kept)["shipping"], held(shop, gone)) == (0, {})
    review(shop.loyalty, kept)
    review(shop.loyalty, gone)
