"""Balances, cards, tiers and birthdays come from files once, and go out so that they can come again."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dolibarr_loyalty.core.accrual import Enrolment
from dolibarr_loyalty.core.ledger import Booking, Cause
from dolibarr_loyalty.core.member import Member
from dolibarr_loyalty.core.program import Reward
from dolibarr_loyalty.core.terms import Expiry
from dolibarr_loyalty.core.tiers import Tier, TierGroup
from dolibarr_loyalty.core.wallets import StampCard
from dolibarr_loyalty.errors import FileMistakes, InputError, KeyReused
from dolibarr_loyalty.flows import importing
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.flows.exporting import exported
from dolibarr_loyalty.flows.importing import certificate, changes, plan, take_in
from dolibarr_loyalty.flows.moving_files import File, read_bytes
from dolibarr_loyalty.flows.tier_acts import set_tier
from dolibarr_loyalty.messages import Brand
from dolibarr_loyalty.store import birthdays, imports, ledger, members, tiers
from dolibarr_loyalty.store.database import Database
from dolibarr_loyalty.store.imports import Import
from dolibarr_loyalty.store.migrations import migrate
from tests.flows.shop import PARIS, PROGRAM, Shop

GROUP = TierGroup(id="status", tiers=(Tier(id="base", threshold=0), Tier(id="gold", threshold=100)))
WIDE = replace(
    PROGRAM,
    cards=(StampCard(id="coffee", size=10, reward="free-coffee"),),
    rewards=(
        *PROGRAM.rewards,
        Reward(id="free-coffee", kind="product", points=10, product="TEE", unit="stamps:coffee"),
    ),
    tier_groups=(GROUP,),
    expiry=Expiry(months=12),
)
REASON = "paper cards"
MEMBERS = (1, 2, 3)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def wide(shop: Shop) -> Shop:
    shop.loyalty = replace(shop.loyalty, program=replace(WIDE, membership=shop.loyalty.program.membership))
    shop.people = [shop.customer("Ann A", code_client="CU-ANN"), shop.customer("Bob B")]  # type: ignore[attr-defined]
    shop.sync()
    return shop


def _file(text: str) -> File:
    return read_bytes("old.csv", text.encode(), PARIS)


def _take(shop: Shop, text: str) -> Import | None:
    planned = plan(shop.loyalty, _file(text), reason=REASON)
    return take_in(shop.loyalty, planned, reason=REASON, who="owner")


def _mistakes(shop: Shop, text: str) -> list[tuple[int, str]]:
    with pytest.raises(FileMistakes) as caught:
        plan(shop.loyalty, _file(text), reason=REASON)
    return list(caught.value.mistakes)


class TestTakingIn:
    def test_a_balance_comes_with_its_lots(self, wide: Shop) -> None:
        ann = wide.people[0]  # type: ignore[attr-defined]
        batch = _take(
            wide,
            "member;points;earned_on;available_at;expires_at;reference\n"
            "ann@example.org;100;2025-06-01;;2026-12-31;A-1\n"
            "CU-ANN;50;2026-02-01;2026-04-01;never;A-2\n"
            f"id:{ann};7;2026-01-31;;;A-3\n",
        )
        lots = sorted(wide.account(ann).lots, key=lambda lot: lot.points)
        assert [(lot.points, lot.expires_at) for lot in lots] == [
            (7, datetime(2027, 1, 31, 23, tzinfo=UTC)),  # the program's own twelve months
            (50, None),
            (100, datetime(2026, 12, 31, 23, tzinfo=UTC)),
        ]
        assert wide.account(ann).available(wide.clock()) == 107
        assert batch is not None
        with wide.loyalty.database.reading() as tx:
            certified = certificate(tx, batch.id)
        assert certified.is_whole
        assert [(each.unit, each.entries, each.points, each.members) for each in certified.sums] == [
            ("points", 3, 157, 1)
        ]
        wide.prove(with_dolibarr=False)

    def test_the_same_file_again_changes_nothing_and_a_longer_one_adds(self, wide: Shop) -> None:
        ann, bob = wide.people  # type: ignore[attr-defined]
        text = "member,points\nann@example.org,100\nann@example.org,100\n"
        assert _take(wide, text) is not None
        assert wide.balance(ann) == 200
        assert _take(wide, text) is None
        longer = _take(wide, f"{text}bob@example.org,30\nann@example.org,5\n")
        assert (wide.balance(ann), wide.balance(bob)) == (205, 30)
        assert longer is not None
        assert (longer.new_count, longer.known_count, longer.member_count) == (2, 2, 2)

    def test_a_run_that_was_stopped_goes_on(self, wide: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        ann, bob = wide.people  # type: ignore[attr-defined]
        wide.loyalty = replace(wide.loyalty, page_size=1)
        real, calls = importing._book, []

        def dies(*args: object) -> None:
            if calls:
                raise KeyboardInterrupt
            calls.append(1)
            real(*args)  # type: ignore[arg-type]

        text = "member,points\nann@example.org,100\nbob@example.org,30\n"
        monkeypatch.setattr(importing, "_book", dies)
        with pytest.raises(KeyboardInterrupt):
            _take(wide, text)
        monkeypatch.undo()
        assert (wide.balance(ann), wide.balance(bob)) == (100, 0)
        with wide.loyalty.database.reading() as tx:
            (half,) = imports.latest(tx, 10)
            assert not certificate(tx, half.id).is_whole
        assert _take(wide, text) is not None
        assert (wide.balance(ann), wide.balance(bob)) == (100, 30)

    def test_two_at_once_take_it_in_once(self, wide: Shop) -> None:
        ann = wide.people[0]  # type: ignore[attr-defined]
        file = _file("member,points\nann@example.org,100\n")
        both = [plan(wide.loyalty, file, reason=REASON) for _ in range(2)]
        for planned in both:
            take_in(wide.loyalty, planned, reason=REASON, who="owner")
        assert wide.balance(ann) == 100
        other = plan(wide.loyalty, _file("member,points,key\nann@example.org,1,x\n"), reason=REASON)
        third = plan(wide.loyalty, _file("member,points,key\nann@example.org,2,x\n"), reason=REASON)
        take_in(wide.loyalty, other, reason=REASON, who="owner")
        with pytest.raises(KeyReused):
            take_in(wide.loyalty, third, reason=REASON, who="owner")

    def test_stamps_cards_tiers_and_birthdays_come_too(self, wide: Shop) -> None:
        ann, bob = wide.people  # type: ignore[attr-defined]
        text = (
            "kind,member,unit,points,number,group,tier,until,born\n"
            f"stamps,{ann},stamps:coffee,7,,,,,\n"
            f"card,{ann},,,CARD-77,,,,\n"
            f"tier,{ann},,,,status,gold,2026-12-31,\n"
            f"birthday,{bob},,,,,,,1990-05-17\n"
        )
        batch = _take(wide, text)
        assert batch is not None
        with wide.loyalty.database.reading() as tx:
            stamps = ledger.load(tx, [ann], unit="stamps:coffee")[ann]
            stands = tiers.states_of(tx, [ann])[ann]["status"]
            born = birthdays.load(tx, [bob])[bob].born
            certified = certificate(tx, batch.id)
        assert (stamps.balance, stands.tier, born) == (7, "gold", date(1990, 5, 17))
        assert certified.is_whole
        assert certified.lines == (("birthday", 1), ("card", 1), ("tier", 1))
        wide.deliver()
        assert wide.dolibarr.store.get("thirdparty", ann)["barcode"] == "CARD-77"  # type: ignore[index]
        wide.sync()
        assert wide.member(ann).member.card_number == "CARD-77"
        assert _take(wide, text) is None

    def test_what_is_owed_comes_as_debt(self, wide: Shop) -> None:
        ann = wide.people[0]  # type: ignore[attr-defined]
        _take(wide, "member,points\nann@example.org,-40\n")
        assert (wide.balance(ann), wide.account(ann).debt) == (-40, 40)

    def test_a_dry_run_tells_before_and_after(self, wide: Shop) -> None:
        ann = wide.people[0]  # type: ignore[attr-defined]
        text = "kind,member,points,number,group,tier,reference\nlot,ann@example.org,100,,,,\n"
        _take(wide, text)
        more = "lot,CU-ann,5,,,,x\ncard,CU-ann,,C9,,,\ntier,CU-ann,,,status,gold,\n"
        planned = plan(wide.loyalty, _file(text + more), reason=REASON)
        assert (len(planned.new), planned.known) == (3, 1)
        found = {each.what: (each.before, each.after) for each in changes(wide.loyalty, planned)}
        assert found == {"points": ("100", "105"), "card": ("", "C9"), "tier status": ("", "gold")}
        assert wide.balance(ann) == 100

    def test_reaching_a_reward_by_an_import_sends_no_mail(self, wide: Shop) -> None:
        _take(wide, "member,points\nann@example.org,500\n")
        wide.letterbox.mails.clear()
        daily(wide.loyalty)
        wide.deliver()
        assert [mail.subject for mail in wide.letterbox.mails if "euros off" in mail.text] == []


def test_every_engine_takes_in_and_hands_out(shop_on: Shop) -> None:
    program = replace(WIDE, membership=shop_on.loyalty.program.membership)
    shop_on.loyalty = replace(shop_on.loyalty, program=program)
    ann = shop_on.customer("Ann A")
    shop_on.sync()
    text = (
        "kind,member,unit,points,number,group,tier,born\n"
        f"lot,{ann},,100,,,,\nlot,{ann},stamps:coffee,3,,,,\ncard,{ann},,,C-1,,,\n"
        f"tier,{ann},,,,status,gold,\nbirthday,{ann},,,,,,1990-05-17\n"
    )
    batch = _take(shop_on, text)
    assert batch is not None
    with shop_on.loyalty.database.reading() as tx:
        certified = certificate(tx, batch.id)
        assert imports.latest(tx, 1) == [batch]
    assert certified.is_whole
    assert [each.points for each in certified.sums] == [100, 3]
    assert _take(shop_on, text) is None
    lines = "".join(exported(shop_on.loyalty)).splitlines()
    # The card comes with the next synchronisation, as everything that lives in Dolibarr.
    assert [line.partition(",")[0] for line in lines] == ["kind", "lot", "lot", "tier", "birthday"]


class TestMistakes:
    def test_all_of_a_file_are_told_at_once_and_nothing_is_written(self, wide: Shop) -> None:
        text = (
            "kind,member,unit,points,earned_on,available_at,expires_at,number,group,tier,until,born,key\n"
            "lot,nobody@example.org,,10,,,,,,,,,\n"
            "lot,,,1.5,,,,,,,,,\n"
            "lot,ann@example.org,stars,10,,,,,,,,,\n"
            "lot,ann@example.org,coffee,10,,,,,,,,,\n"
            "lot,ann@example.org,,10,31.12.2025,,,,,,,,\n"
            "lot,ann@example.org,,10,2030-01-01,,,,,,,,\n"
            "lot,ann@example.org,,10,,,2025-12-31,,,,,,\n"
            "lot,ann@example.org,,10,,2027-01-01,2026-12-31,,,,,,\n"
            "car,ann@example.org,,,,,,,,,,,\n"
            'card,ann@example.org,,,,,,"C""1",,,,,\n'
            "card,ann@example.org,,,,,,C2,,,,,\n"
            "card,bob@example.org,,,,,,c2,,,,,\n"
            "tier,ann@example.org,,,,,,,gems,gold,,,\n"
            "tier,ann@example.org,,,,,,,status,ruby,2026-01-01,,\n"
            "birthday,ann@example.org,,,,,,,,,,1790-01-01,\n"
            "lot,ann@example.org,,10,,,,,,,,,k\n"
            "lot,ann@example.org,,10,,,,,,,,,k\n"
            "lot,ann@example.org,,0,,,,,,,,,\n"
        )
        told = _mistakes(wide, text)
        expected = [
            (2, "names 'nobody@example.org', whom nobody knows"),
            (3, "has the points '1"),
            (3, "names no member"),
            (4, "has the unit 'stars', which the program has not"),
            (5, "has the unit 'coffee', which the program has not"),
            (6, "has '31"),
            (7, "was earned in the future"),
            (8, "has ended already"),
            (9, "is available only when it is over"),
            (10, "has the kind 'car'"),
            (11, "has a card number with signs that no card has: 'C\"1'"),
            (13, "gives card 'c2' again, which line 12 gives"),
            (14, "has the tier group 'gems'"),
            (15, "ends on 2026-01-01, which is over"),
            (15, "has the tier 'ruby'"),
            (16, "has the birthday 1790-01-01, on which nobody of ours was born"),
            (18, "has the same key as line 17"),
            (19, "has 0 points"),
        ]
        assert [line for line, _ in told] == [line for line, _ in expected]
        assert [what for (_, what), (_, start) in zip(told, expected, strict=True) if start not in what] == []
        with wide.loyalty.database.reading() as tx:
            assert imports.latest(tx, 10) == []

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("points\n5\n", "no column 'member'"),
            ("member,point\nx,5\n", "column 'point' is not known"),
            ("member,points,points\nx,5,5\n", "is there twice"),
            ("", "no column 'member'"),
        ],
    )
    def test_a_wrong_header_is_named(self, text: str, told: str) -> None:
        with pytest.raises(FileMistakes, match=told):
            _file(text)

    def test_another_encoding_is_named_with_its_line(self) -> None:
        with pytest.raises(FileMistakes, match=r"line 2: the text is not UTF-8"):
            read_bytes("x.csv", "member,points\nmüller,5\n".encode("cp1252"), PARIS)

    def test_a_changed_line_is_no_new_one(self, wide: Shop) -> None:
        _take(wide, "member,points\nann@example.org,100\n")
        ((line, what),) = _mistakes(wide, "member,points\nann@example.org,200\n")
        assert line == 2
        assert "taken in before with other values" in what

    def test_a_name_of_two_is_asked_back(self, wide: Shop) -> None:
        twin = wide.customer("Ann Twin", email="ann@example.org")
        wide.sync()
        ((_, what),) = _mistakes(wide, "member,points\nann@example.org,1\n")
        assert f"id:{twin}" in what

    def test_no_reason_is_refused(self, wide: Shop) -> None:
        with pytest.raises(InputError, match="needs a reason"):
            plan(wide.loyalty, _file("member,points\nann@example.org,1\n"), reason=" ")


class TestReading:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_every_separator_and_excel_s_mark_are_understood(self, delimiter: str) -> None:
        text = (
            f"\ufeffMember{delimiter}Points\nx{delimiter}1500,00\n"
            if delimiter != ","
            else "member,points\nx,1500\n"
        )
        (line,) = read_bytes("x.csv", text.encode(), PARIS).lines
        assert (line.member, line.points) == ("x", 1500)

    def test_empty_lines_and_broken_ones_keep_their_numbers(self) -> None:
        file = _file('member,points,reason\n\nx,1,"two\nlines"\n,,\ny,oops\n')
        assert [line.number for line in file.lines] == [3]
        assert [line for line, _ in file.mistakes] == [6]


class TestHandingOut:
    def test_an_export_into_this_program_changes_nothing(self, wide: Shop) -> None:
        ann, bob = wide.people  # type: ignore[attr-defined]
        _take(wide, f"kind,member,points,number\nlot,{ann},100,\nlot,{bob},-5,\ncard,{ann},,C-1\n")
        set_tier(wide.loyalty, ann, "status", "gold", until=None, reason="kind", who="owner", request_key="t")
        wide.deliver()
        wide.sync()
        text = "".join(exported(wide.loyalty))
        assert text.count("\n") == 5
        assert _take(wide, text) is None

    def test_a_name_is_never_a_formula(self, wide: Shop) -> None:
        eve = wide.customer("=HYPERLINK", code_client="@eve", email="-eve@example.org")
        wide.sync()
        _take(wide, f"member,points\n{eve},5\n")
        (line,) = [line for line in exported(wide.loyalty) if "HYPERLINK" in line]
        assert ",'=HYPERLINK," in line
        assert _take(wide, "member,points\n'@eve,5\n") is None

    @settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_into_an_empty_program_it_gives_equal_lots(self, empty: Path, data: st.DataObject) -> None:
        with _ledger(empty) as source, _ledger(empty) as target:
            for number in range(data.draw(st.integers(1, 12))):
                _move_something(data, source, number)
            text = "".join(exported(source))
            planned = plan(target, read_bytes("x.csv", text.encode(), PARIS), reason=REASON)
            take_in(target, planned, reason=REASON, who="owner")
            assert _holdings(target) == _holdings(source)
            assert (
                take_in(
                    target,
                    plan(target, read_bytes("x.csv", text.encode(), PARIS), reason=REASON),
                    reason=REASON,
                    who="owner",
                )
                is None
            )


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with three members and no points, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "empty.sqlite3"
    database = Database(f"sqlite:///{path}", is_durable=False)
    migrate(database)
    with database.transaction() as tx:
        for number in MEMBERS:
            member = Member(thirdparty_id=number, name=f"N{number}", card_number=f"C{number}")
            members.save(tx, member, Enrolment(joined_at=NOW), is_new=True)
    database.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@contextmanager
def _ledger(empty: Path) -> Iterator[Loyalty]:
    """A program over a copy of the empty database, with nobody around."""
    with TemporaryDirectory() as folder:
        shutil.copy(empty, f"{folder}/x.sqlite3")
        database = Database(f"sqlite:///{folder}/x.sqlite3", is_durable=False)
        try:
            yield Loyalty(
                program=WIDE,
                database=database,
                books=None,  # type: ignore[arg-type]
                mailer=None,
                brand=Brand(shop_name="x"),
                secret=b"x" * 32,
                clock=lambda: NOW,
                worker="w",
            )
        finally:
            database.close()


def _move_something(data: st.DataObject, loyalty: Loyalty, number: int) -> None:
    """Points come, go, are owed or given back."""
    member = data.draw(st.sampled_from(MEMBERS))
    unit = data.draw(st.sampled_from(("points", "stamps:coffee", "qualifying:status")))
    points = data.draw(st.integers(1, 50))
    act = data.draw(st.sampled_from(("accrue", "accrue", "deduct", "take_back")))
    ends = data.draw(st.sampled_from((None, 21, 30)))
    waits = data.draw(st.sampled_from((-5, 0, 20)))
    with loyalty.database.transaction() as tx:
        booking = Booking(ledger.load(tx, [member], unit=unit)[member], NOW)
        cause, key = Cause("invoice", str(number)), f"test:{number}"
        if act == "accrue":
            booking.accrue(
                points,
                cause=cause,
                key=key,
                occurred_at=NOW - timedelta(days=number, microseconds=number),
                available_at=NOW + timedelta(days=waits),
                expires_at=NOW + timedelta(days=ends, seconds=1) if ends else None,
            )
        elif act == "deduct":
            booking.deduct(points, cause=cause, key=key)
        else:
            booking.take_back(points, cause=cause, key=key)
        ledger.store(tx, [booking])


def _holdings(loyalty: Loyalty) -> list[tuple[object, ...]]:
    """Every balance with its open lots, as far as members care."""
    with loyalty.database.reading() as tx:
        accounts = ledger.load_units(tx, MEMBERS, loyalty.program.units).values()
    return [
        (
            account.id,
            account.balance,
            account.debt,
            sorted(
                (lot.remaining, lot.opened_at, lot.available_at, str(lot.expires_at)) for lot in account.lots
            ),
        )
        for account in accounts
    ]
