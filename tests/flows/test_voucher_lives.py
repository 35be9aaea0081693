"""Random lives of vouchers on both Dolibarrs: whatever we, staff and crashes do, no cent is lost or made.

A shop, two customers, vouchers and cards of one accounting way: issued, used whole and in part, reserved,
cancelled, replaced, expired; used, split, moved and unlinked by staff; refunded, deleted (16); and processes
that die between any two steps. After the next looks the journal, the register and Dolibarr are equal, or an
alarm names the voucher that differs.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dolibarr_loyalty.core.sale import ZERO
from dolibarr_loyalty.core.voucher_moves import MoveKind
from dolibarr_loyalty.core.vouchers import Voucher, masked
from dolibarr_loyalty.errors import InputError, Refused, TemporaryFailure
from dolibarr_loyalty.flows import delivery, redemption, reservations, usage, voiding
from dolibarr_loyalty.flows.account_proofs import ON_THE_WAY, prove_accounts
from dolibarr_loyalty.flows.adjustment import adjust
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.daily import daily
from dolibarr_loyalty.flows.replacing import replace as replace_voucher
from dolibarr_loyalty.flows.verify import verify
from dolibarr_loyalty.sandbox.refusals import Refusal
from dolibarr_loyalty.store import account_proofs, alarms, vouchers
from dolibarr_loyalty.store.database import Database
from dolibarr_loyalty.store.migrations import migrate
from tests.flows.mortal import die
from tests.flows.shop import Shop, open_shop
from tests.flows.voucher_ways import CARD_WAYS, REWARD_WAYS, program_of

T = TypeVar("T")
EXAMPLES = int(os.environ.get("LOYALTY_TEST_LIVES", "6"))
STEPS = int(os.environ.get("LOYALTY_TEST_LIFE_STEPS", "14"))
ONE = st.integers(0, 30)
CENTS = st.sampled_from([1, 49, 100, 250, 333, 500, 1999])
STOPPED = (Refused, InputError, TemporaryFailure)


@cache
def _template() -> Path:
    path = Path(tempfile.mkdtemp()) / "template.sqlite3"
    database = Database(f"sqlite:///{path}", is_durable=False)
    migrate(database)
    database.close()
    return path


class Lives(RuleBasedStateMachine):
    """One shop; `way` and `version` are set by the test."""

    way = "payment"
    version = "23"

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        path = shutil.copy(_template(), Path(folder) / "loyalty.sqlite3")
        database = Database(f"sqlite:///{path}", is_durable=False)
        self.stack.callback(database.close)
        self.shop: Shop = self.stack.enter_context(
            open_shop(database, version=self.version, program=program_of(self.way))
        )
        self.keys = count(1)
        self.customers: list[int] = []
        self.invoices: list[int] = []
        self.holds: list[str] = []
        self.log: list[str] = []

    @initialize()
    def open(self) -> None:
        self.shop.dolibarr.create_product(ref="CARD", label="Gift card", price="50", tva_tx=0)
        for name in ("Claire Martin", "Bob Other"):
            customer = self.shop.customer(name, email="")
            lines = [
                {"desc": "mugs", "qty": 1, "subprice": "100", "tva_tx": 20},
                {"desc": "books", "qty": 1, "subprice": "75.829384", "tva_tx": 5.5},
            ]
            self.shop.sell(customer, lines=lines)
            self.customers.append(customer)
        self.shop.sync()
        for customer in self.customers:
            adjust(self.shop.loyalty, customer, 5000, reason="x", who="x", request_key=f"start-{customer}")
        self.issue(who=0)
        self.sell(who=0, amount=2400)

    # the shop -------------------------------------------------------------------------------------
    @rule(who=ONE)
    def issue(self, who: int) -> None:
        customer = self._of(self.customers, who)
        if self.way in CARD_WAYS:
            self.shop.sell(customer, lines=[self._card_line(10 + who)], **self._card_fields())
            self.shop.sync()
        else:
            self._issue_reward(self.shop.loyalty, customer, f"k{next(self.keys)}")
        self._deliver()

    def _card_line(self, price: int) -> dict[str, Any]:
        (card,) = self.shop.dolibarr.store.find("product", "ref", "CARD")
        return {"desc": "card", "qty": 1, "subprice": str(price), "tva_tx": 0, "fk_product": card["rowid"]}

    def _card_fields(self) -> dict[str, Any]:
        return {"type": 3} if self.way == "deposit" else {}

    def _issue_reward(self, loyalty: Loyalty, customer: int, key: str) -> None:
        voucher = redemption.redeem(loyalty, customer, "20-off", request_key=key, who="x")
        delivery.deliver_now(loyalty, f"issue:{voucher.id}")

    @rule(who=ONE, amount=st.sampled_from([500, 2400, 10000]))
    def sell(self, who: int, amount: int) -> None:
        price = Decimal(amount) / 100
        line = {"desc": "goods", "qty": 1, "subprice": str(price), "tva_tx": 0}
        self.invoices.append(self.shop.sell(self._of(self.customers, who), lines=[line], paid=False))

    @rule(which=ONE, where=ONE, cents=st.none() | CENTS)
    def use(self, which: int, where: int, cents: int | None) -> None:
        self._try(lambda loyalty: self._use(loyalty, which, where, cents))

    def _use(self, loyalty: Loyalty, which: int, where: int, cents: int | None) -> None:
        voucher, amount = self._of(self._vouchers(), which), None if cents is None else Decimal(cents) / 100
        invoice = str(self._of(self.invoices, where))
        usage.use(
            loyalty, self.shop.code(voucher), invoice, who="x", amount=amount, key=f"u{next(self.keys)}"
        )

    @rule(which=ONE)
    def cancel(self, which: int) -> None:
        self._try(lambda loyalty: self._cancel(loyalty, which))

    def _cancel(self, loyalty: Loyalty, which: int) -> None:
        voiding.cancel(loyalty, self._of(self._vouchers(), which).id, reason="x", who="x")

    @rule(which=ONE)
    def replace_lost(self, which: int) -> None:
        self._try(lambda loyalty: self._replace(loyalty, which))

    def _replace(self, loyalty: Loyalty, which: int) -> None:
        replace_voucher(loyalty, self._of(self._vouchers(), which).id, reason="lost", who="x")

    @rule(which=ONE, cents=st.none() | CENTS)
    def reserve(self, which: int, cents: int | None) -> None:
        voucher, amount = self._of(self._vouchers(), which), None if cents is None else Decimal(cents) / 100
        key = f"h{next(self.keys)}"
        with_code = self.shop.code(voucher)
        if self._try(lambda loyalty: reservations.reserve(loyalty, with_code, amount, key=key, who="x")):
            self.holds.append(key)

    @precondition(lambda self: self.holds)
    @rule(which=ONE, where=ONE)
    def capture(self, which: int, where: int) -> None:
        self._try(lambda loyalty: self._capture(loyalty, which, where))

    def _capture(self, loyalty: Loyalty, which: int, where: int) -> None:
        if self.holds:
            invoice = str(self._of(self.invoices, where))
            reservations.capture(loyalty, self._of(self.holds, which), invoice, who="x")

    @precondition(lambda self: self.holds)
    @rule(which=ONE)
    def release(self, which: int) -> None:
        self._try(lambda loyalty: reservations.release(loyalty, self._of(self.holds, which), who="x"))

    @rule(days=st.sampled_from([0.02, 1, 40, 800, 1500]))
    def time_passes(self, days: float) -> None:
        self.look()
        self.shop.clock.now += timedelta(days=days)
        daily(self.shop.loyalty)
        reservations.release_overdue(self.shop.loyalty)
        self._deliver()

    @rule()
    def look(self) -> None:
        self.shop.sync()
        self.shop.sweep()

    # crashes --------------------------------------------------------------------------------------
    @rule(
        what=st.sampled_from(["use", "cancel", "replace", "issue", "capture", "look"]),
        which=ONE,
        where=ONE,
        cents=st.none() | CENTS,
        end=st.integers(1, 60),
    )
    def crash(self, what: str, which: int, where: int, cents: int | None, end: int) -> None:
        key = f"c{next(self.keys)}"
        works: dict[str, Callable[[Loyalty], object]] = {
            "use": lambda loyalty: self._use(loyalty, which, where, cents),
            "cancel": lambda loyalty: self._cancel(loyalty, which),
            "replace": lambda loyalty: self._replace(loyalty, which),
            "issue": lambda loyalty: self._issue_reward(loyalty, self._of(self.customers, which), key),
            "capture": lambda loyalty: self._capture(loyalty, which, where),
            "look": lambda loyalty: delivery.deliver(loyalty),
        }

        def work(loyalty: Loyalty) -> None:
            try:
                works[what](loyalty)
            except STOPPED as stopped:
                self.log.append(f"crash {what}: {stopped}")

        if what != "issue" or self.way in REWARD_WAYS:
            die(self.shop, end, work)

    # staff in Dolibarr ----------------------------------------------------------------------------
    @rule(which=ONE, where=ONE)
    def staff_uses_a_credit(self, which: int, where: int) -> None:
        free = [row for row in self._rows() if row["fk_facture"] is None]
        if free:
            self._staff(lambda: self._use_by_staff(self._of(free, which), where))

    @rule(which=ONE, where=ONE)
    def staff_moves_a_credit(self, which: int, where: int) -> None:
        used = self._used_rows()
        if used:
            self._staff(lambda: self._use_by_staff(self._of(used, which), where))

    def _use_by_staff(self, row: dict[str, Any], where: int) -> None:
        target = self._of(self.invoices, where)
        if self.shop.dolibarr.store.get("invoice", target) is not None:
            self.shop.dolibarr.use_credit(target, row["rowid"])

    @rule(which=ONE, counters=st.sampled_from([False, False, False, True]))
    def staff_unlinks_a_credit(self, which: int, counters: bool) -> None:
        used = [r for r in self._rows() if r["fk_facture"]] if counters else self._used_rows()
        if used:
            self._staff(lambda: self.shop.dolibarr.unlink_credit(self._of(used, which)["rowid"]))

    @precondition(lambda self: self.version == "23")
    @rule(which=ONE, cents=CENTS, is_used=st.sampled_from([False, False, True]))
    def staff_splits_a_credit(self, which: int, cents: int, is_used: bool) -> None:
        rows = self._used_rows() if is_used else [r for r in self._rows() if r["fk_facture"] is None]
        part = Decimal(cents) / 100
        rows = [row for row in rows if Decimal(row["amount_ttc"]) > part]
        if rows:
            row = self._of(rows, which)
            rest = Decimal(row["amount_ttc"]) - part
            self._staff(lambda: self.shop.dolibarr.split_credit(row["fk_soc"], row["rowid"], part, rest))

    @rule(where=ONE)
    def staff_takes_money(self, where: int) -> None:
        target = self._of(self.invoices, where)
        if self._is_open(target):
            self._staff(lambda: self.shop.dolibarr.pay(target))

    @rule(where=ONE)
    def staff_credits_an_invoice(self, where: int) -> None:
        target = self._of(self.invoices, where)
        row = self.shop.dolibarr.store.get("invoice", target)
        if row is not None and row["fk_statut"] in (1, 2):
            self._staff(lambda: self.shop.refund(target))

    @precondition(lambda self: self.version == "16")
    @rule()
    def staff_deletes_the_last_credit_note(self) -> None:
        notes = self.shop.credit_notes()
        if notes:
            self._staff(lambda: self.shop.dolibarr.delete_invoice(notes[-1]["rowid"]))

    @precondition(lambda self: self.version == "16")
    @rule()
    def staff_deletes_the_last_invoice(self) -> None:
        invoices = [row for row in self.shop.dolibarr.store.rows("invoice") if row["type"] == 0]
        self._staff(lambda: self.shop.dolibarr.delete_invoice(invoices[-1]["rowid"]))

    # proof ----------------------------------------------------------------------------------------
    @rule()
    def prove(self) -> None:
        self.settle()
        self.check()

    def teardown(self) -> None:
        try:
            if self.customers:
                self.settle()
                self.check()
        finally:
            self.stack.close()

    def settle(self) -> None:
        """What the program does by itself within two hours: looks, resumes, delivers."""
        for _ in range(3):
            self.shop.clock.pass_(minutes=50)
            self.shop.sync()
            self.shop.sweep()
            reservations.release_overdue(self.shop.loyalty)
            self._deliver()

    def check(self) -> None:
        assert [str(each) for each in verify(self.shop.loyalty).deviations] == []
        with self.shop.loyalty.database.reading() as tx:
            told = alarms.page(tx, "", 1000)
        excused = {each.facts["document"] for each in told if "document" in each.facts}
        excused |= {masked(each.facts["voucher"]) for each in told if each.facts["voucher"]}
        proof = prove_accounts(self.shop.loyalty)
        unexplained = [
            str(each)
            for each in proof.deviations
            if not any(name in each.where for name in excused)
            and not (excused and each.where.startswith("all vouchers"))
        ]
        assert unexplained == []
        for voucher in self._vouchers():
            self._check_one(voucher, is_excused=masked(voucher.last_four) in excused)

    def _check_one(self, voucher: Voucher, *, is_excused: bool) -> None:
        with self.shop.loyalty.database.reading() as tx:
            moves = account_proofs.moves(tx, [voucher.id])[voucher.id]
            notes = account_proofs.notes(tx, [voucher.id])[voucher.id]
        came = sum((m.amount for m in moves if m.kind in ("issued", "replacement", "corrected")), ZERO)
        used = -sum((m.amount for m in moves if m.kind in ("used", "returned")), ZERO)
        gone = -sum((m.amount for m in moves if m.kind in ENDS), ZERO)
        assert came == used + gone + voucher.remaining
        assert voucher.state not in ON_THE_WAY, f"{voucher.state} for ever"
        if is_excused:
            return
        counters = [note for note in notes if not note.is_credit]
        for counter in counters:
            assert self.shop.dolibarr.remain_to_pay(counter.note_id) == 0
        rows = [row for note in notes if note.is_credit for row in self._rows_of(note.note_id)]
        on_counters = {note.note_id for note in counters}
        paid = _sum(row for row in rows if row["fk_facture"] not in (None, *on_counters))
        free = _sum(row for row in rows if row["fk_facture"] is None)
        consumed = _sum(row for row in rows if row["fk_facture"] in on_counters)
        assert paid == used
        assert consumed == sum((note.gross for note in counters), ZERO)
        if voucher.is_credit_from_start:
            assert free == voucher.remaining
        else:
            assert free <= voucher.remaining

    # small things ---------------------------------------------------------------------------------
    @staticmethod
    def _of(things: Sequence[T], which: int) -> T:
        return things[which % len(things)]

    def _vouchers(self) -> list[Voucher]:
        with self.shop.loyalty.database.reading() as tx:
            return vouchers.page(tx, None, "", 1000)

    def _rows_of(self, note_id: int) -> list[dict[str, Any]]:
        return list(self.shop.dolibarr.store.find("discount", "fk_facture_source", note_id))

    def _rows(self) -> list[dict[str, Any]]:
        """The credits that stand for vouchers."""
        invoices = {row["rowid"]: row for row in self.shop.dolibarr.store.rows("invoice")}
        rows = self.shop.dolibarr.store.rows("discount")
        sources = [(row, invoices.get(row["fk_facture_source"])) for row in rows]
        return [row for row, doc in sources if doc and str(doc["ref_ext"]).startswith("loyalty:voucher:")]

    def _used_rows(self) -> list[dict[str, Any]]:
        return [row for row in self._rows() if row["fk_facture"] in self.invoices]

    def _is_open(self, invoice: int) -> bool:
        row = self.shop.dolibarr.store.get("invoice", invoice)
        return row is not None and row["fk_statut"] == 1 and self.shop.dolibarr.remain_to_pay(invoice) > 0

    def _try(self, work: Callable[[Loyalty], object]) -> bool:
        try:
            work(self.shop.loyalty)
        except STOPPED as stopped:
            self.log.append(str(stopped))
            return False
        return True

    def _staff(self, work: Callable[[], object]) -> None:
        self.shop.tick()
        try:
            work()
        except Refusal as refusal:
            self.log.append(str(refusal))

    def _deliver(self) -> None:
        done = delivery.deliver(self.shop.loyalty)
        assert done.failed == 0, self.shop.troubles()


ENDS = frozenset({MoveKind.EXPIRED, MoveKind.CANCELLED, MoveKind.WRITTEN_OFF, MoveKind.REPLACED})


def _sum(rows: Any) -> Decimal:
    return sum((Decimal(row["amount_ttc"]) for row in rows), ZERO)


@pytest.mark.parametrize("version", ["16", "23"])
@pytest.mark.parametrize("way", [*REWARD_WAYS, *CARD_WAYS])
def test_no_cent_is_lost_in_any_life(way: str, version: str) -> None:
    machine = type(f"Lives{version}{way}", (Lives,), {"way": way, "version": version})
    chosen = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink a life takes an hour
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(machine, settings=chosen)
