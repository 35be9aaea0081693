"""Paid clubs in the shop: fees open and renew them, time and people end them, everything may come twice."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from dolibarr_loyalty.core.benefits import Benefit
from dolibarr_loyalty.core.clubs import Club
from dolibarr_loyalty.core.effects import show_member
from dolibarr_loyalty.core.eligibility import Who
from dolibarr_loyalty.core.program import Rule
from dolibarr_loyalty.errors import (
    ClubNotAvailable,
    InputError,
    KeyReused,
    PermanentFailure,
    TemporaryFailure,
    UnknownClub,
    UnknownMember,
)
from dolibarr_loyalty.flows import benefits, club_fees, clubs
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.flows.review import review
from dolibarr_loyalty.store import clubs as table
from dolibarr_loyalty.store import outbox
from dolibarr_loyalty.store.database import Database
from tests.builders import a_credit_note
from tests.flows.shop import PROGRAM, Shop, open_shop

PLUS = Club(
    id="plus",
    products=("club",),
    names=(("en", "Plus"),),
    trial_days=30,
    grace_days=14,
    benefits=("shipping",),
    tag="Plus member",
)
CLUB_PROGRAM = replace(
    PROGRAM,
    rules=(
        *PROGRAM.rules,
        Rule(id="plus-extra", points=Decimal(2), per=Decimal(10), who=Who(clubs=("plus",))),
    ),
    clubs=(PLUS, Club(id="tasting", products=("taste",), months=1, refund="none")),
    benefits=(Benefit(id="shipping", kind="free_shipping", names=(("en", "Free delivery"),)),),
    point_value=Decimal("0.05"),
)


@pytest.fixture
def shop(database: Database) -> Iterator[Shop]:
    with open_shop(database, program=CLUB_PROGRAM) as shop:
        shop.sell(shop.customer("Early Bird"), 10)
        shop.sync()  # the program is at work from now on
        shop.deliver()
        for ref in ("CLUB", "TASTE"):
            shop.dolibarr.create_product(ref=ref, label=ref, price=73)
        yield shop


def fee(
    shop: Shop, customer: int, *, price: object = "73.00", units: int = 1, ref: str = "CLUB", **fields: Any
) -> int:
    product = next(row["rowid"] for row in shop.dolibarr.store.rows("product") if row["ref"] == ref)
    line = {"desc": "fee", "qty": units, "subprice": str(price), "tva_tx": 0, "fk_product": product}
    return shop.sell(customer, lines=[line], **fields)


def settled(shop: Shop) -> None:
    shop.sync()
    shop.deliver()


def joined(shop: Shop, name: str = "Claire Martin", **fields: Any) -> int:
    customer = shop.customer(name)
    fee(shop, customer, **fields)
    settled(shop)
    return customer


def state(shop: Shop, customer: int, club: str = "plus") -> tuple[str, str, str] | None:
    """Whether in, the last paid day, the last day of grace, as kept."""
    with shop.loyalty.database.reading() as tx:
        stay = table.stays_of(tx, [customer])[customer].get(club)
    if stay is None:
        return None
    last_day = shop.loyalty.last_day
    word = "in" if stay.is_in else "out"
    return word, last_day(stay.span.grace_from).isoformat(), last_day(stay.span.until).isoformat()


def is_shown(shop: Shop, customer: int) -> list[str]:
    with shop.loyalty.database.reading() as tx:
        return [each.club.id for each in clubs.shown(tx, shop.loyalty, customer)]


def events(shop: Shop, customer: int) -> list[str]:
    return [row["label"] for row in shop.dolibarr.store.rows("event") if "Club" in row["label"]]


def test_a_paid_fee_opens_the_club(shop: Shop) -> None:
    customer = joined(shop)
    assert state(shop, customer) == ("in", "2027-03-02", "2027-03-16")
    assert is_shown(shop, customer) == ["plus"]
    assert [mail.subject for mail in shop.letterbox.mails if "Plus" in mail.subject] == ["Welcome to “Plus”"]
    assert "Free delivery" in shop.letterbox.mails[-1].text
    assert events(shop, customer) == ["Club opened: Plus"]


def test_an_unpaid_fee_opens_nothing(shop: Shop) -> None:
    customer = shop.customer()
    fee(shop, customer, paid=False)
    settled(shop)
    assert state(shop, customer) is None


def test_a_second_fee_renews_it_after_what_is_left(shop: Shop) -> None:
    customer = joined(shop)
    shop.clock.pass_(days=300)
    fee(shop, customer)
    settled(shop)
    assert state(shop, customer) == ("in", "2028-03-02", "2028-03-16")
    assert shop.letterbox.subjects()[-1] == "“Plus” renewed until 2 March 2028"
    assert events(shop, customer) == ["Club opened: Plus", "Club renewed: Plus"]


def test_looking_again_changes_nothing(shop: Shop) -> None:
    customer = joined(shop)
    mails, told = len(shop.letterbox.mails), events(shop, customer)
    for _ in range(3):
        review(shop.loyalty, customer)
        daily(shop.loyalty)
        shop.sync(full=True)
        shop.deliver()
    assert (len(shop.letterbox.mails), events(shop, customer)) == (mails, told)


def test_time_ends_it_after_a_reminder_and_the_grace(shop: Shop) -> None:
    customer = joined(shop)
    heard: dict[int, list[str]] = {}
    for days in (330, 10, 25, 15):  # to 31 January, before the reminder; in it; in the grace; over
        shop.clock.pass_(days=days)
        before = len(shop.letterbox.mails)
        daily(shop.loyalty)
        shop.deliver()
        heard[days] = [subject for subject in shop.letterbox.subjects()[before:] if "Plus" in subject]
        assert (state(shop, customer) or ("",))[0] == ("out" if days == 15 else "in")
    assert heard == {330: [], 10: ["“Plus” ends on 2 March 2027"], 25: [], 15: []}
    assert is_shown(shop, customer) == []
    assert events(shop, customer) == ["Club opened: Plus", "Club ended: Plus"]


def test_who_renewed_meanwhile_is_not_reminded(shop: Shop) -> None:
    customer = joined(shop)
    shop.clock.pass_(days=340)
    fee(shop, customer)
    settled(shop)
    daily(shop.loyalty)
    shop.deliver()
    assert not any("ends on" in subject for subject in shop.letterbox.subjects())


def test_a_fee_given_back_ends_it_at_once(shop: Shop) -> None:
    customer = shop.customer()
    invoice = fee(shop, customer)
    settled(shop)
    shop.clock.pass_(days=20)
    shop.refund(invoice)
    settled(shop)
    assert is_shown(shop, customer) == []
    assert (state(shop, customer) or ("",))[0] == "out"
    shop.prove()


def test_nobody_is_written_to_about_what_was_before_the_program(database: Database) -> None:
    with open_shop(database, program=CLUB_PROGRAM) as shop:
        shop.dolibarr.create_product(ref="CLUB", label="CLUB", price=73)
        customer = shop.customer()
        fee(shop, customer)
        shop.clock.pass_(days=20)
        settled(shop)
        assert is_shown(shop, customer) == ["plus"]
        assert not any("Plus" in subject for subject in shop.letterbox.subjects())


class TestATrial:
    def test_begins_once_per_member(self, shop: Shop) -> None:
        customer = shop.rich(10)
        span = clubs.trial(shop.loyalty, customer, "PLUS", who="anna", request_key="t1")
        again = clubs.trial(shop.loyalty, customer, "plus", who="anna", request_key="t1")
        shop.deliver()
        assert span == again
        assert span.is_trial
        assert state(shop, customer) == ("in", "2026-04-01", "2026-04-01")
        assert "free trial" in shop.letterbox.mails[-1].text
        with pytest.raises(ClubNotAvailable, match="one per member"):
            clubs.trial(shop.loyalty, customer, "plus", who="anna", request_key="t2")

    def test_ends_by_itself(self, shop: Shop) -> None:
        customer = shop.rich(10)
        clubs.trial(shop.loyalty, customer, "plus", who="anna", request_key="t1")
        shop.clock.pass_(days=31)
        daily(shop.loyalty)
        shop.deliver()
        assert (state(shop, customer) or ("",))[0] == "out"

    def test_is_followed_by_what_was_paid_in_it(self, shop: Shop) -> None:
        customer = shop.rich(10)
        clubs.trial(shop.loyalty, customer, "plus", who="anna", request_key="t1")
        shop.clock.pass_(days=10)
        fee(shop, customer)
        settled(shop)
        assert state(shop, customer) == ("in", "2027-04-01", "2027-04-15")

    @pytest.mark.parametrize(
        ("club", "why"),
        [
            pytest.param("tasting", "no trial", id="a club without one"),
            pytest.param("plus", "in it already", id="who is in the club"),
        ],
    )
    def test_is_refused(self, shop: Shop, club: str, why: str) -> None:
        customer = joined(shop)
        with pytest.raises(ClubNotAvailable, match=why):
            clubs.trial(shop.loyalty, customer, club, who="anna", request_key="t1")

    def test_is_for_members(self, shop: Shop) -> None:
        with pytest.raises(UnknownMember):
            clubs.trial(shop.loyalty, 999, "plus", who="anna", request_key="t1")
        with pytest.raises(ClubNotAvailable, match="not a member"):
            clubs.trial(shop.loyalty, shop_customer_outside(shop), "plus", who="anna", request_key="t1")
        with pytest.raises(UnknownClub, match="plus, tasting"):
            clubs.trial(shop.loyalty, 999, "gold", who="anna", request_key="t1")
        with pytest.raises(InputError, match="at most 120"):
            clubs.trial(shop.loyalty, 999, "plus", who="anna", request_key="t" * 121)


def shop_customer_outside(shop: Shop) -> int:
    """A third party that is no customer."""
    supplier = shop.customer("Sam Supplier", client=0)
    settled(shop)
    return supplier


class TestLeaving:
    def test_ends_the_club_and_proposes_what_to_pay_back(self, shop: Shop) -> None:
        customer = joined(shop)
        shop.clock.pass_(days=65)
        act = leave(shop, customer)
        shop.deliver()
        assert [(str(each.amount), each.days_left) for each in act.refunds] == [("60.00", 300)]
        assert is_shown(shop, customer) == []
        assert events(shop, customer) == ["Club opened: Plus", "Club left: Plus"]
        (note,) = notes(shop)
        assert (note["fk_statut"], note["type"], note["fk_facture_source"]) == (
            0,
            2,
            act.refunds[0].document_id,
        )

    def test_twice_with_one_key_is_once(self, shop: Shop) -> None:
        customer = joined(shop)
        act = leave(shop, customer)
        shop.deliver()
        assert leave(shop, customer) == act
        club_fees.post_refunds(shop.loyalty, act.id)
        shop.deliver()
        assert len(notes(shop)) == 1
        with pytest.raises(KeyReused):
            leave(shop, customer, reason="another")

    def test_who_buys_again_is_in_again(self, shop: Shop) -> None:
        customer = joined(shop)
        shop.clock.pass_(days=65)
        leave(shop, customer)
        shop.clock.pass_(days=1)
        fee(shop, customer)
        settled(shop)
        assert state(shop, customer) == ("in", "2027-05-07", "2027-05-21")

    def test_a_validated_refund_takes_the_points_of_what_was_paid_back(self, shop: Shop) -> None:
        customer = joined(shop)
        assert shop.balance(customer) == 7
        shop.clock.pass_(days=65)
        leave(shop, customer)
        shop.deliver()
        (note,) = notes(shop)
        shop.loyalty.books.validate(int(note["rowid"]))
        settled(shop)
        assert shop.balance(customer) == 1
        assert is_shown(shop, customer) == []
        shop.prove()

    def test_pays_nothing_back_where_the_club_says_so(self, shop: Shop) -> None:
        customer = joined(shop, ref="TASTE")
        act = club_fees.cancel(
            shop.loyalty, customer, "tasting", reason="moves", who="anna", request_key="c1"
        )
        shop.deliver()
        assert act.refunds == ()
        assert notes(shop) == []

    def test_is_refused_to_who_is_not_in_it(self, shop: Shop) -> None:
        with pytest.raises(ClubNotAvailable, match="nothing to leave"):
            leave(shop, shop.rich(10))
        with pytest.raises(InputError, match="needs a reason"):
            leave(shop, shop.rich(10, name="Anna B"), reason=" ")

    def test_no_answer_from_dolibarr_makes_no_second_credit_note(self, shop: Shop) -> None:
        customer = joined(shop)
        act = leave(shop, customer)
        club_fees.post_refunds(shop.loyalty, act.id)  # done, and killed before it was marked so
        shop.deliver()
        assert len(notes(shop)) == 1


def test_an_answer_that_was_lost_makes_no_second_credit_note(shop: Shop) -> None:
    customer = joined(shop)
    act = leave(shop, customer)
    create = shop.loyalty.books.create

    class Deaf:
        """Dolibarr takes the document, and its answer is lost."""

        def __getattr__(self, name: str) -> Any:
            return getattr(shop.loyalty.books, name)

        def create(self, draft: Any) -> int:
            create(draft)
            raise TemporaryFailure("no answer", unclear=True)

    with pytest.raises(TemporaryFailure):
        club_fees.post_refunds(replace(shop.loyalty, books=Deaf()), act.id)
    shop.deliver()
    assert len(notes(shop)) == 1


@pytest.mark.parametrize(
    ("found", "failure", "told"),
    [
        pytest.param([], TemporaryFailure, "does not list it yet", id="not listed yet"),
        pytest.param(["-1.00"], PermanentFailure, "should be -73.00", id="of another amount"),
    ],
)
def test_a_credit_note_that_is_not_as_it_should_be(
    shop: Shop, found: list[str], failure: type[Exception], told: str
) -> None:
    act = leave(shop, joined(shop))
    deleted: list[int] = []

    class Odd:
        """Dolibarr lists nothing of what it took, or makes another amount of it."""

        answers: ClassVar[list[list[Any]]] = [[], [a_credit_note(total="1.00")] if found else []]

        def __getattr__(self, name: str) -> Any:
            return getattr(shop.loyalty.books, name)

        def find(self, ref_ext: str) -> list[Any]:
            return self.answers.pop(0)

        def delete_draft(self, sale_id: int) -> None:
            deleted.append(sale_id)

    with pytest.raises(failure, match=told):
        club_fees.post_refunds(replace(shop.loyalty, books=Odd()), act.id)
    assert bool(deleted) is bool(found)
    with pytest.raises(PermanentFailure, match="not in the database"):
        club_fees.post_refunds(shop.loyalty, "nothing")


def leave(shop: Shop, customer: int, *, reason: str = "moves away") -> Any:
    return club_fees.cancel(shop.loyalty, customer, "plus", reason=reason, who="anna", request_key="c1")


def notes(shop: Shop) -> list[dict[str, Any]]:
    rows = shop.dolibarr.store.rows("invoice")
    return [row for row in rows if str(row["ref_ext"]).startswith("loyalty-club:")]


class TestHasItPaidOff:
    def paid(self, shop: Shop, customer: int) -> tuple[str, ...]:
        with shop.loyalty.database.reading() as tx:
            found = club_fees.payoff(tx, shop.loyalty, customer, PLUS)
        return tuple(f"{value:.2f}" for value in (found.fees, found.points, found.benefits, found.missing))

    def test_counts_extra_points_and_benefits_against_the_fee(self, shop: Shop) -> None:
        customer = joined(shop)
        shop.sell(customer, 500)
        settled(shop)
        assert self.paid(shop, customer) == ("73.00", "5.00", "0.00", "68.00")
        benefits.use(shop.loyalty, customer, "shipping", worth=Decimal("5.90"), who="anna", request_key="u1")
        assert self.paid(shop, customer) == ("73.00", "5.00", "5.90", "62.10")

    def test_what_was_paid_back_is_no_fee(self, shop: Shop) -> None:
        customer = joined(shop)
        shop.clock.pass_(days=65)
        leave(shop, customer)
        assert self.paid(shop, customer)[0] == "13.00"

    def test_a_fee_that_came_back_is_no_fee(self, shop: Shop) -> None:
        customer = shop.customer()
        invoice = fee(shop, customer)
        fee(shop, customer, price="50.00")
        settled(shop)
        shop.refund(invoice)
        settled(shop)
        assert self.paid(shop, customer)[0] in ("50.00", "73.00")


def test_a_club_that_the_program_dropped_is_over(shop: Shop) -> None:
    customer = joined(shop)
    without = replace(shop.loyalty, program=replace(CLUB_PROGRAM, clubs=()))
    clubs.review_clubs(without, customer)
    assert (state(shop, customer) or ("",))[0] == "out"
    with shop.loyalty.database.reading() as tx:
        assert table.due(tx, shop.loyalty.now().replace(year=2099), 0, 10) == []


def test_only_members_whose_time_has_come_are_looked_at(shop: Shop) -> None:
    for name in ("Anna A", "Berta B", "Cora C"):
        joined(shop, name)
    assert clubs.review_due_clubs(replace(shop.loyalty, page_size=2)) == 0
    shop.clock.pass_(days=340)
    assert clubs.review_due_clubs(replace(shop.loyalty, page_size=2)) == 3
    shop.deliver()
    assert clubs.review_due_clubs(shop.loyalty) == 0


def test_what_a_merged_customer_did_counts_for_the_heir(shop: Shop) -> None:
    gone, kept = shop.rich(10, name="Old One"), shop.rich(10, name="New One")
    clubs.trial(shop.loyalty, gone, "plus", who="anna", request_key="t1")
    shop.loyalty.database.decide(lambda tx: table.reassign(tx, gone, kept))
    for customer in (gone, kept):
        clubs.review_clubs(shop.loyalty, customer)
    assert (is_shown(shop, gone), is_shown(shop, kept)) == ([], ["plus"])
    with pytest.raises(ClubNotAvailable, match="one per member"):
        clubs.trial(shop.loyalty, kept, "plus", who="anna", request_key="t2")


def test_the_screens_are_told(shop: Shop) -> None:
    customer = joined(shop)
    with shop.loyalty.database.reading() as tx:
        assert outbox.by_keys(tx, [show_member(customer).key])
        assert [each.tag for each in clubs.shown(tx, shop.loyalty, customer)] == ["Plus member"]
        assert clubs.shown(tx, shop.loyalty, 999) == []
