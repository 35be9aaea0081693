"""Points given to good causes: spent once, matched within the limit, taken back, paid out, stated yearly."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from dolibarr_loyalty.core.charities import Charity
from dolibarr_loyalty.errors import (
    ConfigurationFailure,
    DonationRefused,
    InputError,
    InsufficientPoints,
    KeyReused,
    TemporaryFailure,
    UnknownCharity,
    UnknownMember,
)
from dolibarr_loyalty.flows import charities, payouts
from dolibarr_loyalty.flows.charities import give, take_back, want_statements
from dolibarr_loyalty.flows.payouts import pay
from dolibarr_loyalty.reports.charities import standing
from dolibarr_loyalty.sandbox.faults import Fault, html_500, lost_answer
from dolibarr_loyalty.store import bearings
from tests.flows.shop import Shop

CAUSES = (
    Charity(
        id="trees",
        names=(("en", "Trees for the valley"),),
        point_value=Decimal("0.10"),
        match_percent=Decimal(50),
        match_limit=Decimal(10),
        minimum_points=10,
    ),
    Charity(id="food"),
)


@pytest.fixture
def charitable(shop: Shop) -> Shop:
    shop.loyalty = replace(shop.loyalty, program=replace(shop.loyalty.program, charities=CAUSES))
    return shop


@pytest.fixture
def charitable_on(shop_on: Shop) -> Shop:
    """The same on each database engine."""
    program = replace(shop_on.loyalty.program, charities=CAUSES)
    shop_on.loyalty = replace(shop_on.loyalty, program=program)
    return shop_on


def _with_payee(shop: Shop) -> int:
    bank = shop.dolibarr.create_third_party(name="Trees e.V.", client=0)
    trees = replace(CAUSES[0], thirdparty_id=bank)
    shop.loyalty = replace(shop.loyalty, program=replace(shop.loyalty.program, charities=(trees, CAUSES[1])))
    for right in (1231, 1232):
        shop.dolibarr.grant(right)
    return bank


def _prove(shop: Shop) -> None:
    assert list(charities.deviations(shop.loyalty)) == []
    assert list(payouts.deviations(shop.loyalty)) == []
    shop.prove(with_dolibarr=False)


class TestGiving:
    def test_points_are_spent_and_their_worth_is_owed(self, charitable: Shop) -> None:
        claire = charitable.rich(100)
        gift = give(charitable.loyalty, claire, "Trees", 60, request_key="a", who="till")
        assert (gift.amount, gift.match, gift.currency) == (Decimal("6.00"), Decimal("3.00"), "EUR")
        assert charitable.balance(claire) == 40
        (trees,) = standing(charitable.loyalty.database)
        assert (trees.given, trees.match, trees.paid, trees.owed, trees.givers) == (6, 3, 0, 9, 1)
        _prove(charitable)

    def test_the_same_request_gives_once(self, charitable: Shop) -> None:
        claire = charitable.rich(100)
        first = give(charitable.loyalty, claire, "trees", 60, request_key="a", who="till")
        assert give(charitable.loyalty, claire, "trees", 60, request_key="a", who="till") == first
        assert charitable.balance(claire) == 40
        with pytest.raises(KeyReused):
            give(charitable.loyalty, claire, "trees", 30, request_key="a", who="till")

    def test_the_match_ends_at_the_limit_of_the_year(self, charitable: Shop) -> None:
        claire = charitable.rich(400)
        first = give(charitable.loyalty, claire, "trees", 150, request_key="a", who="till")
        second = give(charitable.loyalty, claire, "trees", 150, request_key="b", who="till")
        charitable.clock.now = datetime(2027, 1, 1, 9, tzinfo=UTC)
        third = give(charitable.loyalty, claire, "trees", 20, request_key="c", who="till")
        assert [gift.match for gift in (first, second, third)] == [Decimal("7.50"), Decimal("2.50"), 1]
        _prove(charitable)

    @pytest.mark.parametrize(
        ("charity", "points", "key", "refusal"),
        [
            ("whales", 10, "a", UnknownCharity),
            ("trees", 9, "a", DonationRefused),
            ("food", 0, "a", DonationRefused),
            ("food", 500, "a", InsufficientPoints),
            ("food", 1, "", InputError),
            ("food", 1, "x" * 121, InputError),
        ],
    )
    def test_what_cannot_be_given_changes_nothing(
        self, charitable: Shop, charity: str, points: int, key: str, refusal: type[Exception]
    ) -> None:
        claire = charitable.rich(100)
        with pytest.raises(refusal):
            give(charitable.loyalty, claire, charity, points, request_key=key, who="till")
        assert charitable.balance(claire) == 100
        assert standing(charitable.loyalty.database) == []

    def test_only_members_give(self, charitable: Shop) -> None:
        with pytest.raises(UnknownMember):
            give(charitable.loyalty, 999_999, "food", 1, request_key="a", who="till")

    def test_two_workers_do_not_overspend_the_match(self, charitable_on: Shop) -> None:
        members = [charitable_on.rich(100, name) for name in ("Ann A", "Bob B", "Cem C", "Dora D")]
        _at_once(
            [
                lambda member=member: give(  # type: ignore[misc]
                    charitable_on.as_worker(f"w{member}"),
                    member,
                    "trees",
                    70,
                    request_key=f"k{member}",
                    who="w",
                )
                for member in members
            ]
        )
        (trees,) = standing(charitable_on.loyalty.database)
        assert (trees.given, trees.match) == (28, 10)
        _prove(charitable_on)


class TestTakingBack:
    def test_points_return_to_their_lots_and_nothing_is_owed(self, charitable: Shop) -> None:
        claire = charitable.rich(100)
        before = {lot.id: lot.remaining for lot in charitable.account(claire).lots}
        gift = give(charitable.loyalty, claire, "trees", 60, request_key="a", who="till")
        back = take_back(charitable.loyalty, gift.id, "mistyped", who="till")
        assert take_back(charitable.loyalty, gift.id, "mistyped", who="till") == back
        assert {lot.id: lot.remaining for lot in charitable.account(claire).lots} == before
        (trees,) = standing(charitable.loyalty.database)
        assert (trees.points, trees.owed) == (0, 0)
        with charitable.loyalty.database.reading() as tx:
            assert bearings.budget_used(tx, "match:trees:2026") == 0
            assert charities.shown(tx, claire) == []
        _prove(charitable)

    def test_a_gift_that_is_paid_out_stays(self, charitable: Shop) -> None:
        _with_payee(charitable)
        claire = charitable.rich(100)
        gift = give(charitable.loyalty, claire, "trees", 60, request_key="a", who="till")
        pay(charitable.loyalty, "trees", who="owner")
        with pytest.raises(DonationRefused, match="payout already"):
            take_back(charitable.loyalty, gift.id, "mistyped", who="till")
        assert charitable.balance(claire) == 40

    @pytest.mark.parametrize(("which", "reason"), [("", "x"), ("nope", "x"), ("gift", " ")])
    def test_an_unknown_gift_or_no_reason_is_refused(self, charitable: Shop, which: str, reason: str) -> None:
        claire = charitable.rich(100)
        gift = give(charitable.loyalty, claire, "food", 10, request_key="a", who="till")
        with pytest.raises(InputError):
            take_back(charitable.loyalty, gift.id if which == "gift" else which, reason, who="till")


class TestPaying:
    def test_what_is_owed_becomes_one_draft(self, charitable: Shop) -> None:
        bank = _with_payee(charitable)
        claire, bob = charitable.rich(100), charitable.rich(100, "Bob B")
        give(charitable.loyalty, claire, "trees", 60, request_key="a", who="till")
        give(charitable.loyalty, bob, "trees", 40, request_key="b", who="till")
        payout = pay(charitable.loyalty, "trees", who="owner")
        (draft,) = charitable.dolibarr.supplier_invoices(bank)
        assert (payout.state, payout.document_id, payout.total) == ("drafted", draft["rowid"], 15)
        assert draft["lines"][0]["total_ttc"] == "15.00000000"
        assert draft["label"] == "Donations of our members to Trees for the valley until 2 March 2026"
        with pytest.raises(DonationRefused, match="nothing is owed"):
            pay(charitable.loyalty, "trees", who="owner")
        (trees,) = standing(charitable.loyalty.database)
        assert (trees.paid, trees.owed, trees.open) == (15, 0, 0)
        _prove(charitable)

    def test_only_gifts_up_to_the_day_are_paid(self, charitable: Shop) -> None:
        _with_payee(charitable)
        claire = charitable.rich(100)
        give(charitable.loyalty, claire, "trees", 40, request_key="a", who="till")
        charitable.clock.pass_(days=40)
        give(charitable.loyalty, claire, "trees", 20, request_key="b", who="till")
        assert pay(charitable.loyalty, "trees", until=date(2026, 3, 31), who="owner").total == 6
        assert pay(charitable.loyalty, "trees", who="owner").total == 3

    @pytest.mark.parametrize("fault", [html_500, lost_answer], ids=["refused", "lost"])
    @pytest.mark.parametrize("where", ["supplierinvoices$", "lines$"])
    def test_a_payout_that_failed_is_carried_on(self, charitable: Shop, fault: object, where: str) -> None:
        bank = _with_payee(charitable)
        claire = charitable.rich(100)
        give(charitable.loyalty, claire, "trees", 60, request_key="a", who="till")
        charitable.dolibarr.inject(Fault(kind=fault, method="POST", path=where))  # type: ignore[arg-type]
        with pytest.raises(TemporaryFailure):
            pay(charitable.loyalty, "trees", who="owner")
        (trees,) = standing(charitable.loyalty.database)
        assert (trees.owed, trees.open) == (9, 9)
        give(charitable.loyalty, claire, "trees", 20, request_key="b", who="till")
        assert pay(charitable.loyalty, "trees", who="owner").total == 9
        (draft,) = charitable.dolibarr.supplier_invoices(bank)
        assert len(draft["lines"]) == 1
        assert pay(charitable.loyalty, "trees", who="owner").total == 3
        _prove(charitable)

    def test_without_the_module_it_waits(self, charitable: Shop) -> None:
        bank = _with_payee(charitable)
        claire = charitable.rich(100)
        give(charitable.loyalty, claire, "trees", 60, request_key="a", who="till")
        charitable.dolibarr.revoke(1232)
        with pytest.raises(ConfigurationFailure, match="module Vendors"):
            pay(charitable.loyalty, "trees", who="owner")
        charitable.dolibarr.grant(1232)
        assert pay(charitable.loyalty, "trees", who="owner").total == 9
        assert len(charitable.dolibarr.supplier_invoices(bank)) == 1

    def test_without_a_third_party_it_is_paid_by_hand(self, charitable: Shop) -> None:
        claire = charitable.rich(100)
        give(charitable.loyalty, claire, "food", 50, request_key="a", who="till")
        with pytest.raises(DonationRefused, match="no third party"):
            pay(charitable.loyalty, "food", who="owner")
        assert pay(charitable.loyalty, "food", who="owner", by_hand=True).state == "by_hand"
        (food,) = standing(charitable.loyalty.database)
        assert food.owed == 0

    def test_two_workers_make_one_payout(self, charitable_on: Shop) -> None:
        bank = _with_payee(charitable_on)
        claire = charitable_on.rich(100)
        give(charitable_on.loyalty, claire, "trees", 60, request_key="a", who="till")
        _at_once(
            [
                lambda name=name: pay(charitable_on.as_worker(name), "trees", who="owner")  # type: ignore[misc]
                for name in ("one", "two", "three")
            ],
            allowed=(TemporaryFailure, DonationRefused),
        )
        (draft,) = charitable_on.dolibarr.supplier_invoices(bank)
        assert len(draft["lines"]) == 1
        _prove(charitable_on)


class TestStatements:
    def test_each_giver_gets_one_in_the_new_year(self, charitable: Shop) -> None:
        claire, bob = charitable.rich(100, default_lang="de_DE"), charitable.rich(100, "Bob B")
        give(charitable.loyalty, claire, "trees", 60, request_key="a", who="till")
        back = give(charitable.loyalty, bob, "food", 10, request_key="b", who="till")
        take_back(charitable.loyalty, back.id, "mistyped", who="till")
        assert want_statements(charitable.loyalty) == 0
        charitable.clock.now = datetime(2027, 2, 3, 9, tzinfo=UTC)  # January was missed
        assert want_statements(charitable.loyalty) == 2
        assert want_statements(charitable.loyalty) == 0
        charitable.deliver()
        (mail,) = [each for each in charitable.letterbox.mails if "2026" in each.subject]
        assert mail.subject == "Ihre Spenden im Jahr 2026"
        wanted = "Trees for the valley: 60 Punkte, das sind 6,00 €; wir haben 3,00 € dazugegeben."
        assert wanted in " ".join(mail.text.split())

    def test_years_that_were_missed_are_made_up_for(self, charitable: Shop) -> None:
        claire = charitable.rich(100)
        want_statements(charitable.loyalty)
        give(charitable.loyalty, claire, "trees", 20, request_key="a", who="till")
        charitable.clock.now = datetime(2027, 6, 1, 9, tzinfo=UTC)
        give(charitable.loyalty, claire, "trees", 20, request_key="b", who="till")
        charitable.clock.now = datetime(2028, 6, 1, 9, tzinfo=UTC)
        assert want_statements(charitable.loyalty) == 2


def test_a_merged_member_s_gifts_go_along(charitable: Shop) -> None:
    from dolibarr_loyalty.flows.merging import take_departure

    claire, other = charitable.rich(100), charitable.customer("Claire Twin")
    charitable.sync()
    gift = give(charitable.loyalty, claire, "trees", 60, request_key="a", who="till")
    take_departure(charitable.loyalty, claire, other)
    with charitable.loyalty.database.reading() as tx:
        assert [each.points for each in charities.shown(tx, other)] == [60]
    take_back(charitable.loyalty, gift.id, "mistyped", who="till")
    assert charitable.balance(other) == 100
    _prove(charitable)


@pytest.mark.parametrize("column", ["points", "amount_minor", "match_minor"])
def test_a_changed_gift_or_payout_is_found(charitable: Shop, column: str) -> None:
    claire = charitable.rich(100)
    give(charitable.loyalty, claire, "trees", 60, request_key="a", who="till")
    pay(charitable.loyalty, "trees", who="owner", by_hand=True)
    with charitable.loyalty.database.transaction() as tx:
        tx.connection.exec_driver_sql(f"UPDATE llx_loyalty_donations SET {column} = {column} + 1")
    found = [*charities.deviations(charitable.loyalty), *payouts.deviations(charitable.loyalty)]
    assert found


def _at_once(acts: list[Callable[[], object]], allowed: tuple[type[Exception], ...] = ()) -> None:
    failures: list[Exception] = []

    def run(act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as failure:
            if not isinstance(failure, allowed):
                failures.append(failure)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
