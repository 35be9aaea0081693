"""The program in force: better ones come in by themselves, worse ones only because a person says so."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from dolibarr_loyalty.core.program import Program, Reward
from dolibarr_loyalty.core.terms import Expiry
from dolibarr_loyalty.errors import Conflict, InputError
from dolibarr_loyalty.flows import programs
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.programs import OldProgram, PromiseWorsened, admit, price_of, rewards_today
from dolibarr_loyalty.store import bearings
from dolibarr_loyalty.store import programs as table
from tests.conftest import OpenShop
from tests.flows.shop import PROGRAM, Shop

FIVE = PROGRAM.rewards[0]
UNTIL = date(2026, 6, 30)


def dearer(points: int = 60) -> Program:
    return replace(PROGRAM, rewards=(replace(FIVE, points=points), *PROGRAM.rewards[1:]))


BETTER = dearer(40)
WITHOUT = replace(PROGRAM, rewards=PROGRAM.rewards[1:])


@pytest.fixture
def loyalty(shop_on: Shop) -> Loyalty:
    return replace(shop_on.loyalty, program=PROGRAM)


def with_program(loyalty: Loyalty, program: Program) -> Loyalty:
    return replace(loyalty, program=program)


def acts(loyalty: Loyalty) -> list[table.Act]:
    with loyalty.database.reading() as tx:
        return table.acts(tx)


def applied(loyalty: Loyalty, program: Program, **options: Any) -> table.Act | None:
    return programs.apply(loyalty, program, who="test", **options)


def price(loyalty: Loyalty, reward: Reward) -> int:
    with loyalty.database.reading() as tx:
        return price_of(tx, loyalty, reward)


def offered(loyalty: Loyalty) -> dict[str, int]:
    with loyalty.database.reading() as tx:
        return {reward.id: reward.points for reward in rewards_today(tx, loyalty)}


def test_the_first_program_ever_is_in_force(loyalty: Loyalty) -> None:
    assert programs.in_force_of(loyalty).program is None
    assert admit(loyalty, who="test").is_new
    assert not admit(loyalty, who="test").is_new
    (act,) = acts(loyalty)
    assert (act.number, act.previous_hash, act.who, act.reason, act.is_by_hand) == (1, "", "test", "", False)
    assert act.applied_at == loyalty.now()
    assert programs.in_force_of(loyalty).program == PROGRAM


def test_a_better_program_comes_in_by_itself(loyalty: Loyalty) -> None:
    admit(loyalty, who="test")
    better = with_program(loyalty, BETTER)
    assert [change.code for change in admit(better, who="test").changes] == ["reward_price"]
    assert not admit(better, who="test").is_new
    first, second = acts(loyalty)
    assert (second.number, second.previous_hash, second.hash) == (2, first.hash, better.program_hash)


def test_a_worse_program_is_stopped_with_its_words(loyalty: Loyalty) -> None:
    admit(loyalty, who="test")
    worse = with_program(loyalty, replace(dearer(), point_value=Decimal("0.005")))
    with pytest.raises(PromiseWorsened) as stopped:
        admit(worse, who="test")
    assert stopped.value.exit_code == 2
    assert stopped.value.sentences == (
        "A point is worth 0.005 EUR, before 0.01 EUR.",
        "Reward “5 euros off” costs 60\N{NO-BREAK SPACE}points, before 50\N{NO-BREAK SPACE}points.",
    )
    assert "program apply --reason" in str(stopped.value)
    assert len(acts(loyalty)) == 1


def test_a_worse_program_comes_in_with_a_reason(loyalty: Loyalty) -> None:
    admit(loyalty, who="test")
    with pytest.raises(InputError, match="needs a reason"):
        applied(loyalty, dearer(), reason="  ")
    act = applied(loyalty, dearer(), reason=" dearer goods ")
    assert act is not None
    assert (act.reason, act.who, act.is_by_hand) == ("dearer goods", "test", True)
    assert applied(loyalty, dearer(), reason="again") is None
    assert not admit(with_program(loyalty, dearer()), who="test").is_new
    assert len(acts(loyalty)) == 2


def test_what_was_put_in_force_by_hand_is_not_undone_by_an_old_file(loyalty: Loyalty) -> None:
    admit(loyalty, who="test")
    applied(loyalty, dearer(), reason="dearer goods")
    with pytest.raises(OldProgram, match="dearer goods"):
        admit(loyalty, who="test")
    applied(loyalty, PROGRAM, reason="a mistake")
    assert not admit(loyalty, who="test").is_new


def test_until_a_day_members_have_the_old_prices(loyalty: Loyalty) -> None:
    admit(loyalty, who="test")
    new = with_program(loyalty, dearer())
    applied(new, dearer(), grandfather_until=UNTIL)
    admit(new, who="test")
    assert price(new, new.program.rewards[0]) == 50
    assert offered(new) == {"5-off": 50, "20-off": 180, "10-percent": 80, "free-tee": 60}
    on_the_last_day = replace(new, clock=lambda: loyalty.now().replace(month=6, day=30))
    assert price(on_the_last_day, new.program.rewards[0]) == 50
    after_it = replace(new, clock=lambda: loyalty.now().replace(month=7, day=1))
    assert price(after_it, new.program.rewards[0]) == 60
    assert offered(after_it)["5-off"] == 60


def test_the_old_price_is_kept_through_further_versions(loyalty: Loyalty) -> None:
    admit(loyalty, who="test")
    applied(loyalty, dearer(60), grandfather_until=UNTIL)
    applied(loyalty, dearer(70), grandfather_until=date(2026, 12, 31))
    new = with_program(loyalty, dearer(70))
    assert price(new, new.program.rewards[0]) == 50
    in_autumn = replace(new, clock=lambda: loyalty.now().replace(month=9))
    assert price(in_autumn, new.program.rewards[0]) == 60


def test_a_cheaper_reward_is_cheaper_at_once(loyalty: Loyalty) -> None:
    admit(loyalty, who="test")
    applied(loyalty, dearer(), grandfather_until=UNTIL)
    applied(loyalty, BETTER)
    better = with_program(loyalty, BETTER)
    assert price(better, better.program.rewards[0]) == 40


def test_a_reward_that_went_is_still_given_until_the_day(loyalty: Loyalty) -> None:
    admit(loyalty, who="test")
    applied(loyalty, WITHOUT, grandfather_until=UNTIL)
    new = with_program(loyalty, WITHOUT)
    assert offered(new)["5-off"] == 50
    assert "5-off" not in offered(replace(new, clock=lambda: loyalty.now().replace(month=8)))


def test_a_reward_for_another_unit_is_another_promise(loyalty: Loyalty) -> None:
    admit(loyalty, who="test")
    stars = replace(PROGRAM, rewards=(replace(FIVE, unit="stars", points=70),))
    applied(loyalty, stars, reason="stars", grandfather_until=UNTIL)
    assert price(with_program(loyalty, stars), stars.rewards[0]) == 70


def test_what_no_day_can_keep_needs_a_reason_besides(loyalty: Loyalty) -> None:
    admit(loyalty, who="test")
    worse = replace(dearer(), point_value=Decimal("0.005"))
    with pytest.raises(InputError, match="A point is worth"):
        applied(loyalty, worse, grandfather_until=UNTIL)
    assert applied(loyalty, worse, grandfather_until=UNTIL, reason="margins") is not None


def test_a_shorter_expiry_takes_nothing_from_lots_that_are_there(loyalty: Loyalty) -> None:
    fixed = with_program(loyalty, replace(PROGRAM, expiry=Expiry(months=36)))
    admit(fixed, who="test")
    shorter = replace(PROGRAM, expiry=Expiry(months=12))
    with pytest.raises(PromiseWorsened, match="Points earned already keep their own end"):
        admit(with_program(loyalty, shorter), who="test")
    assert applied(fixed, shorter, grandfather_until=UNTIL) is not None


def test_a_day_that_is_over_keeps_nothing(loyalty: Loyalty) -> None:
    admit(loyalty, who="test")
    with pytest.raises(InputError, match="2026-01-01 is over"):
        applied(loyalty, dearer(), grandfather_until=date(2026, 1, 1))


def test_a_database_from_before_remembers_what_it_worked_with(loyalty: Loyalty) -> None:
    loyalty.database.decide(lambda tx: bearings.keep_program(tx, PROGRAM, loyalty.now()))
    with pytest.raises(PromiseWorsened):
        admit(with_program(loyalty, dearer()), who="test")
    assert admit(loyalty, who="test").is_new
    assert [act.previous_hash for act in acts(loyalty)] == [loyalty.program_hash]


def test_two_who_apply_at_once_do_it_one_after_the_other(loyalty: Loyalty) -> None:
    admit(loyalty, who="test")
    (act,) = acts(loyalty)
    with pytest.raises(Conflict), loyalty.database.transaction() as tx:
        table.insert(tx, act)


def test_words_are_those_of_the_shop(loyalty: Loyalty) -> None:
    admit(loyalty, who="test")
    german = replace(with_program(loyalty, dearer()), screens=replace(loyalty.screens, language="de"))
    with pytest.raises(PromiseWorsened, match=r"Prämie „5 euros off“ kostet 60\sPunkte, bisher 50\sPunkte"):
        admit(german, who="test")


@pytest.fixture
def small(opened: OpenShop) -> Iterator[Shop]:
    with opened() as shop:
        yield shop


def test_a_document_keeps_the_version_under_which_it_was_first_seen(small: Shop) -> None:
    customer = small.customer()
    invoice = small.sell(customer, 100, paid=False)
    small.sync()
    before = small.document(invoice).program_hash
    new = replace(small.loyalty.program, rules=(replace(PROGRAM.rules[0], per=Decimal(5)),))
    small.loyalty = replace(small.loyalty, program=new)
    small.dolibarr.pay(invoice)
    small.sync()
    assert small.document(invoice).program_hash == before
    assert small.balance(customer) == 10
