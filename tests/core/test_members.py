"""Who is a member, the values of sale and program, reasons and effects."""

from decimal import Decimal

import pytest

from dolibarr_loyalty.core.accrual import Enrolment
from dolibarr_loyalty.core.effects import (
    Effect,
    attach_voucher,
    event,
    issue_voucher,
    mail,
    show_member,
    void_voucher,
)
from dolibarr_loyalty.core.member import Member
from dolibarr_loyalty.core.membership import enrolment, is_eligible
from dolibarr_loyalty.core.program import Membership
from dolibarr_loyalty.core.reasons import because
from dolibarr_loyalty.core.sale import State, as_credit_note, total
from dolibarr_loyalty.core.terms import Match
from tests.builders import (
    MEMBER_SINCE,
    a_credit_note,
    a_family,
    a_line,
    a_member,
    a_program,
    a_reward,
    a_sale,
    at,
    enrolled,
)

EVERYONE = Membership()
CLUB = Membership(enrol="tag", tag="club")
NOW = at("2026-03-02 12:00")


@pytest.mark.parametrize(
    ("rules", "member", "takes_part"),
    [
        pytest.param(EVERYONE, a_member(), True, id="every customer"),
        pytest.param(EVERYONE, a_member(is_customer=False), False, id="no customer"),
        pytest.param(Membership(generic_customers=(7,)), a_member(), False, id="the till's customer"),
        pytest.param(Membership(generic_customers=(8,)), a_member(), True, id="not the till's customer"),
        pytest.param(
            Membership(excluded_tags=("staff",)), a_member(tags=["staff"]), False, id="excluded tag"
        ),
        pytest.param(CLUB, a_member(tags=["club", "vip"]), True, id="with the tag"),
        pytest.param(CLUB, a_member(tags=["vip"]), False, id="without the tag"),
        pytest.param(
            Membership(enrol="tag", tag="club", excluded_tags=("staff",)),
            a_member(tags=["club", "staff"]),
            False,
            id="an excluded tag is stronger",
        ),
    ],
)
def test_who_takes_part(rules: Membership, member: Member, takes_part: bool) -> None:
    assert is_eligible(rules, member) is takes_part


IN, OUT = a_member(tags=["club"]), a_member()
GONE = enrolled(left="2026-01-15 09:00")


@pytest.mark.parametrize(
    ("rules", "member", "before", "after"),
    [
        pytest.param(EVERYONE, OUT, None, enrolled(MEMBER_SINCE), id="everyone: since the customer exists"),
        pytest.param(
            EVERYONE,
            a_member(created_at=None),
            None,
            enrolled("2026-03-02 12:00"),
            id="everyone: nobody knows since when",
        ),
        pytest.param(CLUB, IN, None, enrolled("2026-03-02 12:00"), id="tag: since it was first seen"),
        pytest.param(CLUB, OUT, None, enrolled(None), id="never was one"),
        pytest.param(CLUB, OUT, enrolled(None), enrolled(None), id="still is none"),
        pytest.param(CLUB, IN, enrolled(None), enrolled("2026-03-02 12:00"), id="becomes one"),
        pytest.param(CLUB, IN, enrolled(), enrolled(), id="stays one"),
        pytest.param(CLUB, OUT, enrolled(), enrolled(left="2026-03-02 12:00"), id="leaves"),
        pytest.param(CLUB, OUT, GONE, GONE, id="left long ago"),
        pytest.param(CLUB, IN, GONE, enrolled(), id="comes back as if never gone"),
    ],
)
def test_membership_after_a_look_at_the_customer(
    rules: Membership, member: Member, before: Enrolment | None, after: Enrolment
) -> None:
    assert enrolment(rules, member, before, NOW) == after
    assert enrolment(rules, member, after, at("2026-04-01 12:00")) == after


@pytest.mark.parametrize("state", list(State))
def test_only_what_stands_in_the_books_is_final(state: State) -> None:
    assert a_sale(state=state).is_final is (state in (State.VALIDATED, State.PAID, State.CLOSED))


def test_a_family_has_the_credit_notes_that_count_by_their_ids() -> None:
    second, first, draft = (
        a_credit_note(id=102),
        a_credit_note(id=101),
        a_credit_note(id=100, state=State.DRAFT),
    )
    assert [note.id for note in a_family(a_sale(), second, first, draft).standing_credit_notes] == [101, 102]


@pytest.mark.parametrize(
    ("gross", "quantity", "credited_gross", "units"),
    [
        pytest.param("-20", "2", "-20", "-2", id="goods that came back"),
        pytest.param("-20", "-2", "-20", "-2", id="with a negative quantity"),
        pytest.param("0", "1", "0", "-1", id="a free one that came back"),
    ],
)
def test_a_credit_note_takes_away_goods(gross: str, quantity: str, credited_gross: str, units: str) -> None:
    line = as_credit_note(a_credit_note(lines=[a_line(gross, quantity=quantity)])).lines[0]
    assert (line.gross, line.quantity) == (Decimal(credited_gross), Decimal(units))


def test_a_credit_note_mirrors_the_negative_lines_of_its_invoice() -> None:
    note = a_credit_note(lines=[a_line("-20"), a_line("3"), a_line("2", quantity="-1")])
    assert [line.quantity for line in as_credit_note(note).lines] == [-1, 0, 1]


def test_a_positive_credit_note_is_turned_once() -> None:
    note = as_credit_note(a_credit_note(lines=[a_line("20", quantity="2")]))
    assert (note.gross, note.net) == (Decimal(-20), Decimal("-16.67"))
    assert [(line.gross, line.quantity) for line in note.lines] == [(Decimal(-20), Decimal(-2))]
    assert as_credit_note(note) == note


def test_nothing_comes_to_zero() -> None:
    assert total([]) == 0


def test_an_empty_match_is_everything() -> None:
    assert Match().is_everything
    assert not Match(types=("goods",)).is_everything


def test_a_reward_is_found_in_any_case() -> None:
    program = a_program(rewards=[a_reward(id="Coffee")])
    found = program.reward("COFFEE")
    assert found is not None
    assert found.id == "Coffee"
    assert program.reward("tea") is None


@pytest.mark.parametrize(
    ("names", "name"),
    [
        pytest.param([("de", "Kaffee"), ("en", "Coffee")], "Kaffee", id="its language"),
        pytest.param([("fr", "Café"), ("en", "Coffee")], "Coffee", id="else English"),
        pytest.param([("fr", "Café")], "Café", id="else any"),
        pytest.param([], "coffee", id="else its id"),
    ],
)
def test_a_reward_has_a_name_in_every_language(names: list[tuple[str, str]], name: str) -> None:
    assert a_reward(id="coffee", names=names).name("de") == name


def test_a_reason_keeps_numbers_and_puts_the_rest_into_text() -> None:
    reason = because("capped", cap="base", limit=100, amount=Decimal("1.50"), state=State.DRAFT)
    assert reason.as_json() == {
        "code": "capped",
        "cap": "base",
        "limit": 100,
        "amount": "1.50",
        "state": "draft",
    }


EFFECTS = [
    (show_member(7), show_member(8), "screen"),
    (issue_voucher(7, "v1"), issue_voucher(7, "v2"), "issue"),
    (void_voucher(7, "v1"), void_voucher(7, "v2"), "void"),
    (mail("voucher", 7, "v1", voucher="v1"), mail("voucher", 7, "v2"), "mail.voucher"),
    (event("redeemed", 7, "v1", points=10), event("redeemed", 7, "v2"), "event"),
    (attach_voucher(7, "v1"), attach_voucher(7, "v2"), "attach"),
]


@pytest.mark.parametrize(("one", "other", "kind"), EFFECTS, ids=[kind for *_, kind in EFFECTS])
def test_the_same_effect_wanted_twice_has_one_key(one: Effect, other: Effect, kind: str) -> None:
    assert one.kind == kind
    assert one.thirdparty_id == 7
    assert one.key != other.key
    assert one.shows_state is (kind in ("screen", "void"))


def test_all_effects_of_one_voucher_are_told_apart() -> None:
    assert len({one.key for one, _, _ in EFFECTS}) == len(EFFECTS)


def test_an_effect_carries_what_it_is_about() -> None:
    assert dict(event("redeemed", 7, "v1", points=10).payload) == {"what": "redeemed", "points": 10}
    assert dict(mail("voucher", 7, "v1", voucher="v1").payload) == {"voucher": "v1"}
    assert dict(issue_voucher(7, "v1").payload) == {"voucher": "v1"}
