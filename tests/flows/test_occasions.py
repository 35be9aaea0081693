"""Birthdays, anniversaries and the welcome: read from Dolibarr's contacts, given once, made up for, mailed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from dolibarr_loyalty.core.activities import Anniversary, Birthday
from dolibarr_loyalty.core.program import Membership, Program
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.errors import InputError, KeyReused, UnknownMember, UnknownReward
from dolibarr_loyalty.flows import voiding
from dolibarr_loyalty.flows.birthdays import read_birthdays, set_birthday
from dolibarr_loyalty.flows.gifts import give
from dolibarr_loyalty.flows.occasions import Celebrated, celebrate
from dolibarr_loyalty.sandbox import Fault, status
from dolibarr_loyalty.store import activities, birthdays, vouchers
from tests.conftest import OpenShop
from tests.flows.shop import PROGRAM, Shop


def with_gifts(**changes: Any) -> Program:
    usual: dict[str, Any] = {"birthday": Birthday(points=30)}
    return replace(PROGRAM, **usual | changes)


@pytest.fixture
def festive(opened: OpenShop) -> Iterator[Shop]:
    with opened(program=with_gifts()) as shop:
        yield shop


def a_member(shop: Shop, born: str | None = None, name: str = "Claire Martin", **fields: Any) -> int:
    member = shop.customer(name, **fields)
    shop.sync()
    if born:
        set_birthday(shop.loyalty, member, date.fromisoformat(born))
    return member


def on(shop: Shop, day: str) -> Celebrated:
    """The day's gifts at noon of a day."""
    shop.clock.now = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)
    return celebrate(shop.loyalty)


def born(shop: Shop, member: int) -> date | None:
    with shop.loyalty.database.reading() as tx:
        found = birthdays.load(tx, [member]).get(member)
    return found.born if found else None


# birthdays -----------------------------------------------------------------------------------------------


def test_a_birthday_brings_its_points_once_and_a_mail(festive: Shop) -> None:
    claire = a_member(festive, "1990-05-17", default_lang="de_DE")
    assert on(festive, "2026-05-16").birthdays == 0
    assert [on(festive, "2026-05-17").birthdays, on(festive, "2026-05-17").birthdays] == [1, 0]
    assert on(festive, "2026-05-20").birthdays == 0
    assert festive.balance(claire) == 30
    assert festive.entries(claire)[0].key == f"birthday:{claire}:2026"
    festive.clock.now = datetime(2026, 5, 17, 13, tzinfo=UTC)
    festive.deliver()
    assert "Herzlichen Glückwunsch zum Geburtstag!" in festive.letterbox.subjects()
    festive.prove()


def test_days_nobody_worked_are_made_up_for_and_the_next_year_comes(festive: Shop) -> None:
    claire = a_member(festive, "1990-05-17")
    assert on(festive, "2026-05-30").birthdays == 1
    assert on(festive, "2027-05-17").birthdays == 1
    assert on(festive, "2028-06-10").birthdays == 0
    assert festive.balance(claire) == 60
    festive.deliver()
    assert "A present for your birthday" in festive.letterbox.subjects()


def test_a_date_that_is_changed_brings_no_second_gift(festive: Shop) -> None:
    claire = a_member(festive, "1990-05-17")
    on(festive, "2026-05-17")
    set_birthday(festive.loyalty, claire, date(1990, 9, 1))
    assert on(festive, "2026-09-01").birthdays == 0
    with festive.loyalty.database.reading() as tx:
        known = birthdays.load(tx, [claire])[claire]
    assert (known.born, known.before, known.origin) == (date(1990, 9, 1), date(1990, 5, 17), "person")
    assert on(festive, "2027-09-01").birthdays == 1


def test_a_reward_is_given_free_with_its_voucher(opened: OpenShop) -> None:
    with opened(program=with_gifts(birthday=Birthday(reward="5-off"))) as shop:
        claire = a_member(shop, "1990-05-17")
        assert [on(shop, "2026-05-17").birthdays, on(shop, "2026-05-18").birthdays] == [1, 0]
        shop.deliver()
        with shop.loyalty.database.reading() as tx:
            (gift,) = vouchers.of_member(tx, claire)
        assert (gift.points, gift.value, gift.state) == (0, 5, VoucherState.ACTIVE)
        assert shop.free_credit(claire) == 5
        assert shop.entries(claire) == []
        text = next(mail.text for mail in shop.letterbox.mails if "birthday" in mail.subject)
        assert "5 euros off" in text
        shop.prove()


def test_nobody_in_particular_is_celebrated_without_rules(opened: OpenShop) -> None:
    with opened(program=with_gifts(birthday=None)) as shop:
        a_member(shop, "1990-05-17")
        assert on(shop, "2026-05-17") == Celebrated()
    with opened(program=with_gifts(birthday=Birthday())) as shop:
        assert on(shop, "2026-05-17") == Celebrated()


def test_who_left_gets_no_gift(festive: Shop) -> None:
    claire = a_member(festive, "1990-05-17")
    festive.tick()
    festive.dolibarr.change_third_party(claire, client=0)
    festive.sync()
    assert on(festive, "2026-05-17").birthdays == 0


def test_many_birthdays_are_given_in_pages(opened: OpenShop) -> None:
    with opened(program=with_gifts(), page_size=2) as shop:
        people = [a_member(shop, "1990-05-17", f"Person{number} Test") for number in range(5)]
        assert on(shop, "2026-05-17").birthdays == 5
        assert {shop.balance(each) for each in people} == {30}


def test_birthdays_are_read_from_the_contacts_of_people(any_shop: Shop) -> None:
    shop = any_shop
    shop.loyalty = replace(
        shop.loyalty, program=with_gifts(membership=shop.loyalty.program.membership), page_size=2
    )
    claire, jean = a_member(shop, typent_id=8), a_member(shop, name="Jean Petit", typent_id=8)
    firm = a_member(shop, name="Firm SA", typent_id=2)
    contacts = [
        shop.dolibarr.create_contact(
            lastname="Martin", socid=claire, email="claire@example.org", birthday="1990-05-17"
        ),
        shop.dolibarr.create_contact(
            lastname="Son", socid=claire, email="son@example.org", birthday="2015-01-01"
        ),
        shop.dolibarr.create_contact(lastname="Petit", socid=jean, birthday="1955-02-28"),
        shop.dolibarr.create_contact(lastname="Boss", socid=firm, birthday="1970-07-07"),
        shop.dolibarr.create_contact(lastname="Nobody", socid=firm),
        shop.dolibarr.create_contact(lastname="Free", birthday="1980-07-07"),
    ]
    assert [read_birthdays(shop.loyalty), read_birthdays(shop.loyalty)] == [2, 0]
    assert [born(shop, each) for each in (claire, jean, firm)] == [date(1990, 5, 17), date(1955, 2, 28), None]
    shop.dolibarr.change_contact(contacts[0], birthday="1990-06-18")
    shop.dolibarr.delete_contact(contacts[2])
    assert read_birthdays(shop.loyalty) == 2
    assert [born(shop, each) for each in (claire, jean)] == [date(1990, 6, 18), None]
    set_birthday(shop.loyalty, claire, date(1991, 1, 1))
    assert read_birthdays(shop.loyalty) == 0
    assert born(shop, claire) == date(1991, 1, 1)


def test_known_birthdays_are_celebrated_also_when_dolibarr_does_not_answer(festive: Shop) -> None:
    claire = a_member(festive, "1990-05-17")
    festive.dolibarr.inject(Fault(kind=status(503), method="GET", path=r"/contacts", times=9))
    assert on(festive, "2026-05-17").birthdays == 1
    assert festive.balance(claire) == 30


def test_a_person_may_set_and_take_back_a_birthday(festive: Shop) -> None:
    claire = a_member(festive)
    for _ in range(2):
        assert set_birthday(festive.loyalty, claire, date(1990, 5, 17)).born == date(1990, 5, 17)
    assert set_birthday(festive.loyalty, claire, None).born is None
    assert on(festive, "2026-05-17").birthdays == 0
    with pytest.raises(InputError, match="1990-05-17"):
        set_birthday(festive.loyalty, claire, date(2030, 1, 1))
    with pytest.raises(UnknownMember):
        set_birthday(festive.loyalty, 999, date(1990, 1, 1))


# anniversaries -------------------------------------------------------------------------------------------


def test_an_anniversary_of_the_membership_brings_its_gift(opened: OpenShop) -> None:
    rules = Anniversary(points=10, times_years=True, reward="5-off")
    with opened(program=with_gifts(birthday=None, anniversary=rules)) as shop:
        claire = a_member(shop)
        assert on(shop, "2026-09-02") == Celebrated()
        assert on(shop, "2027-03-01").anniversaries == 0
        assert [on(shop, "2027-03-05").anniversaries, on(shop, "2027-03-06").anniversaries] == [1, 0]
        assert on(shop, "2028-03-02").anniversaries == 1
        assert shop.balance(claire) == 10 + 20
        shop.deliver()
        assert {"1 year with us: thank you!", "2 years with us: thank you!"} <= set(shop.letterbox.subjects())
        shop.prove()


# welcome -------------------------------------------------------------------------------------------------


def test_new_members_are_welcomed_with_points_once(opened: OpenShop) -> None:
    with opened(program=with_gifts(welcome_points=25)) as shop:
        old = a_member(shop, name="Old Customer")
        new = a_member(shop)
        shop.sync(full=True)
        assert (shop.balance(old), shop.balance(new)) == (0, 25)
        shop.tick()
        shop.dolibarr.change_third_party(new, client=0)
        shop.sync()
        shop.tick()
        shop.dolibarr.change_third_party(new, client=1)
        shop.sync()
        assert shop.balance(new) == 25
        shop.deliver()
        assert "credited you with 25" in next(
            m.text for m in shop.letterbox.mails if "Claire" in m.to_name
        ).replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ")
        shop.prove()


def test_who_joins_by_a_tag_later_is_welcomed_then(opened: OpenShop) -> None:
    membership = Membership(enrol="tag", tag="club")
    with opened(program=with_gifts(welcome_points=25, membership=membership)) as shop:
        claire = a_member(shop)
        assert shop.balance(claire) == 0
        tag = shop.dolibarr.create_category(label="Club")
        shop.dolibarr.tag(tag, claire)
        shop.tick()
        shop.dolibarr.change_third_party(claire, phone="1")
        shop.loyalty.books.member_tags()
        shop.sync()
        assert shop.balance(claire) == 25


def test_nobody_is_welcomed_with_points_before_the_program_starts(opened: OpenShop) -> None:
    with opened(program=with_gifts(welcome_points=25, starts_on=date(2027, 1, 1))) as shop:
        a_member(shop, name="First Customer")
        claire = a_member(shop)
        assert shop.balance(claire) == 0
        with shop.loyalty.database.reading() as tx:
            (activity,) = activities.of_member(tx, claire)
        assert activity.why == "before_start"


# gifts ---------------------------------------------------------------------------------------------------


def test_a_reward_can_be_given_free_by_anybody_once_per_key(festive: Shop) -> None:
    claire = a_member(festive)
    first = give(festive.loyalty, claire, "10-percent", why="kindness", request_key="k1")
    assert give(festive.loyalty, claire, "10-percent", why="kindness", request_key="k1").id == first.id
    with pytest.raises(KeyReused):
        give(festive.loyalty, claire, "5-off", why="kindness", request_key="k1")
    with pytest.raises(UnknownReward):
        give(festive.loyalty, claire, "moon", why="kindness", request_key="k2")
    with pytest.raises(UnknownMember):
        give(festive.loyalty, 999, "5-off", why="kindness", request_key="k3")
    with pytest.raises(InputError, match="at most"):
        give(festive.loyalty, claire, "5-off", why="kindness", request_key="k" * 121)
    festive.prove()


def test_a_gift_that_is_cancelled_or_ends_gives_nothing_back(festive: Shop) -> None:
    claire = a_member(festive)
    gift = give(festive.loyalty, claire, "5-off", why="kindness", request_key="k1")
    festive.deliver()
    voiding.cancel(festive.loyalty, gift.id, who="test", reason="mistake")
    festive.deliver()
    assert festive.voucher(gift.id).state is VoucherState.CANCELLED
    assert festive.entries(claire) == []
    festive.prove()
