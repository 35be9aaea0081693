"""The whole connector against the stand-in of both versions, over real HTTP, with its traps and faults."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from dolibarr_loyalty import sandbox
from dolibarr_loyalty.connectors.dolibarr import checks
from dolibarr_loyalty.connectors.dolibarr.books import DolibarrBooks
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.connectors.dolibarr.fields import FIELDS
from dolibarr_loyalty.connectors.dolibarr.installer import Action, apply, plan
from dolibarr_loyalty.connectors.protocol import Cursor, Draft, DraftLine
from dolibarr_loyalty.core.sale import Credit, Kind, Sale, State
from dolibarr_loyalty.errors import ConfigurationFailure, PermanentFailure, TemporaryFailure

from .conftest import PARIS

TEE = {"desc": "T-shirt", "qty": 1, "subprice": "20.00", "tva_tx": 20}
NOON = datetime(2026, 11, 21, 11, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A stand-in, its address, and the books on it."""

    dolibarr: sandbox.Dolibarr
    url: str
    books: DolibarrBooks

    def client(self, key: str | None = None, **options: Any) -> Client:
        return Client(self.url, key or self.dolibarr.api_key, **{"backoff": 0, "retries": 1, **options})

    def claire(self) -> int:
        return self.dolibarr.create_third_party(name="Claire Martin", client=1, email="c@example.invalid")


@contextmanager
def opened(version: str) -> Iterator[Shop]:
    dolibarr = sandbox.Dolibarr(version=version)
    dolibarr.grant(342)
    with sandbox.running(dolibarr) as url:
        client = Client(url, dolibarr.api_key, backoff=0, retries=1)
        books = DolibarrBooks.connect(client, shop_zone=PARIS, currency="EUR", languages=("en", "fr"))
        yield Shop(dolibarr=dolibarr, url=url, books=books)


@pytest.fixture(params=["16", "23"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with opened(request.param) as shop:
        yield shop


@pytest.fixture
def shop_16() -> Iterator[Shop]:
    with opened("16") as shop:
        yield shop


@pytest.fixture
def shop_23() -> Iterator[Shop]:
    with opened("23") as shop:
        yield shop


def a_draft(thirdparty_id: int, **changes: Any) -> Draft:
    voucher = Draft(
        thirdparty_id=thirdparty_id,
        kind="credit_note",
        issued_on=date(2026, 11, 20),
        ref_ext="loyalty:voucher:1",
        ref_client="LOY-AB12",
        note="Voucher & more",
        lines=(DraftLine(label="Voucher", net_price=Decimal("20"), vat_rate=Decimal(0)),),
        gross=Decimal(20),
        options={},
    )
    return replace(voucher, **changes)


def a_voucher(shop: Shop, thirdparty_id: int) -> int:
    note = shop.books.create(a_draft(thirdparty_id))
    shop.books.validate(note)
    shop.books.mark_available(note)
    return note


def test_the_versions_are_told_apart(shop_16: Shop, shop_23: Shop) -> None:
    old, new = shop_16.books.capabilities, shop_23.books.capabilities
    assert (old.version, new.version[0]) == ((16, 0, 3), 23)
    assert (old.wipes_other_extrafields, new.wipes_other_extrafields) == (True, False)
    assert (old.splits_credits, new.splits_credits) == (False, True)
    assert (old.creates_extrafields, new.creates_extrafields) == (False, True)
    assert (old.takes_attachments, new.takes_attachments) == (False, True)


def test_a_sale_and_its_refund_are_read(shop: Shop) -> None:
    invoice = shop.dolibarr.sell(shop.claire(), [TEE, {**TEE, "remise_percent": 50}])
    refund = shop.dolibarr.refund(invoice, [TEE])
    sale, note = shop.books.sale(invoice), shop.books.sale(refund)
    assert sale is not None
    assert note is not None
    assert (sale.state, sale.gross, sale.paid_money, sale.remaining) == (State.PAID, 36, 36, 0)
    assert [line.net for line in sale.lines] == [20, 10]
    assert (note.kind, note.source_id, note.gross) == (Kind.CREDIT_NOTE, invoice, -24)


def test_the_clock_of_the_database_is_measured_once_there_is_something_to_measure_it_by(shop: Shop) -> None:
    invoice = shop.dolibarr.sell(shop.claire(), [TEE])
    again = DolibarrBooks.connect(shop.client(), shop_zone=PARIS, currency="EUR", languages=("en",))
    sale = again.sale(invoice)
    assert sale is not None
    assert sale.modified_at is not None
    assert abs((sale.modified_at - sale.occurred_at).total_seconds()) < 5


def test_the_golden_path_of_a_voucher(shop: Shop) -> None:
    books, claire = shop.books, shop.claire()
    assert books.find("loyalty:voucher:1") == ()
    note = books.create(a_draft(claire))
    (draft,) = books.find("loyalty:voucher:1")
    assert (draft.id, draft.state, draft.is_ours, draft.gross) == (note, State.DRAFT, True, -20)
    assert draft.issued_on == date(2026, 11, 20)
    for _ in range(2):
        books.validate(note)
        books.mark_available(note)
    (credit,) = books.credits(claire, note)
    assert (credit.gross, credit.credit_note_id, credit.used_on) == (20, note, None)
    invoice = shop.dolibarr.sell(claire, [TEE], paid=False)
    books.use_credit(invoice, credit.id)
    sale = books.sale(invoice)
    assert sale is not None
    assert (sale.paid_credits, sale.remaining, sale.state) == (20, 4, State.VALIDATED)
    assert [payment.credit for payment in books.credits_used(invoice)] == [Credit.CREDIT_NOTE]
    assert books.credits(claire, note)[0].used_on == invoice
    assert [each.id for each in books.open_sales(0, 10)] == [invoice]
    shop.dolibarr.pay(invoice)
    books.settle(invoice)
    paid = books.sale(invoice)
    assert paid is not None
    assert paid.state is State.PAID


def test_a_credit_used_as_a_line_is_found_on_its_draft(shop: Shop) -> None:
    claire = shop.claire()
    note = a_voucher(shop, claire)
    ticket = shop.dolibarr.create_invoice(socid=claire, lines=[TEE])
    shop.dolibarr.use_credit_as_line(ticket, shop.books.credits(claire, note)[0].id)
    (row,) = shop.books.credits(claire, note)
    assert (row.used_on, row.used_as_line) == (ticket, True)


def test_a_credit_is_split_on_23(shop_23: Shop) -> None:
    claire = shop_23.claire()
    note = a_voucher(shop_23, claire)
    shop_23.books.split_credit(claire, shop_23.books.credits(claire, note)[0].id, Decimal(12), Decimal(8))
    assert sorted(row.gross for row in shop_23.books.credits(claire, note)) == [8, 12]


def test_a_line_is_added_to_a_draft_and_removed_once(shop: Shop) -> None:
    draft = shop.books.create(a_draft(shop.claire(), kind="standard"))
    gross = _sale(shop, draft).gross
    line = DraftLine(label="Voucher", net_price=Decimal("-4.16375"), vat_rate=Decimal(20))
    added = shop.books.add_line(draft, line)
    assert _sale(shop, draft).gross == gross - 5
    for _ in range(2):
        shop.books.remove_line(draft, added)
    assert _sale(shop, draft).gross == gross
    kept = _sale(shop, draft).lines[0].id
    shop.books.validate(draft)
    with pytest.raises(PermanentFailure):
        shop.books.add_line(draft, line)
    with pytest.raises((PermanentFailure, ConfigurationFailure)):
        shop.books.remove_line(draft, kept)


def test_a_credit_is_put_on_a_draft_as_a_line_and_taken_off(shop: Shop) -> None:
    claire = shop.claire()
    note = a_voucher(shop, claire)
    (credit,) = shop.books.credits(claire, note)
    draft = shop.books.create(a_draft(claire, kind="standard"))
    shop.books.use_credit_as_line(draft, credit.id)
    (used,) = shop.books.credits(claire, note)
    assert (used.used_on, used.used_as_line, used.thirdparty_id) == (draft, True, claire)
    line = next(line for line in _sale(shop, draft).lines if line.credit_id == credit.id)
    shop.books.remove_line(draft, line.id)
    assert shop.books.credits(claire, note)[0].used_on is None


def _sale(shop: Shop, number: int) -> Sale:
    sale = shop.books.sale(number)
    assert sale is not None
    return sale


def test_a_draft_is_deleted_once(shop: Shop) -> None:
    draft = shop.books.create(a_draft(shop.claire(), kind="standard"))
    for _ in range(2):
        shop.books.delete_draft(draft)
    assert shop.books.sale(draft) is None


def test_everything_is_walked_by_id_and_by_change(shop: Shop) -> None:
    claire = shop.claire()
    invoices = [shop.dolibarr.sell(claire, [TEE]) for _ in range(5)]
    assert [sale.id for sale in shop.books.sales_after(invoices[1], 2)] == invoices[2:4]
    assert shop.books.sales_after(invoices[-1], 2) == ()
    assert list(shop.books.sale_ids()) == invoices
    walked, cursor = [], Cursor()
    while True:
        page, cursor = shop.books.sales_changed(cursor, 2)
        walked += [sale.id for sale in page]
        if len(page) < 2:
            break
    assert walked == invoices
    assert cursor.last_id == 0
    assert shop.books.newest_sale_change().since <= cursor.since or not cursor.since


def test_members_are_walked_by_change_even_where_no_change_is_shown(shop: Shop) -> None:
    people = [shop.dolibarr.create_third_party(name=f"Member {n}", client=1) for n in range(4)]
    walked, cursor = set(), Cursor()
    for _ in range(10):
        page, cursor = shop.books.members_changed(cursor, 3)
        walked |= {member.thirdparty_id for member in page}
        if len(page) < 3:
            break
    assert set(people) <= walked
    assert shop.books.newest_member_change().since
    assert {member.thirdparty_id for member in shop.books.members_after(0, 100)} >= set(people)


def test_tags_reach_members_and_lines(shop: Shop) -> None:
    claire = shop.claire()
    cake = shop.dolibarr.create_product(ref="CAKE", label="Cake", price="30.00", tva_tx=20)
    shop.dolibarr.tag(shop.dolibarr.create_category(label="Gold"), claire)
    shop.dolibarr.tag(shop.dolibarr.create_category(label="Sweet", type="product"), cake, "product")
    invoice = shop.dolibarr.sell(claire, [{**TEE, "fk_product": cake}])
    member, sale = shop.books.member(claire), shop.books.sale(invoice)
    assert member is not None
    assert sale is not None
    assert member.tags == {"gold"}
    assert sale.lines[0].tags == {"sweet"}
    assert shop.books.product_price("CAKE") == (36, 20)


def test_shown_values_leave_all_other_extrafields(shop: Shop) -> None:
    for name in ("loyalty_points", "shoe_size"):
        shop.dolibarr.define_extrafield("societe", name, label=name, type="int", size="10", list="1")
    claire = shop.claire()
    shop.dolibarr.edit_extrafields("thirdparty", claire, shoe_size=42)
    shop.books.show_member(claire, {"loyalty_points": 120})
    assert shop.books.shown_members([claire])[claire] == {"loyalty_points": "120", "shoe_size": "42"}


def test_an_event_is_there_once(shop: Shop) -> None:
    claire = shop.claire()
    for _ in range(2):
        shop.books.add_event(claire, key="accrual:1", label="+50 points", note="FA1", at=NOON)
    rows = shop.client().get_list(
        "/agendaevents", {"sqlfilters": f"(t.fk_soc:=:{claire})", "sortfield": "t.id"}
    )
    assert [row["label"] for row in rows].count("+50 points") == 1


def test_a_file_is_attached_where_the_version_takes_it(shop: Shop) -> None:
    note = shop.books.sale(a_voucher(shop, shop.claire()))
    assert note is not None
    for _ in range(2):
        taken = shop.books.attach(note.ref, "voucher.pdf", b"%PDF-1.4")
        assert taken is shop.books.capabilities.takes_attachments


def test_install_creates_everything_once_on_23(shop_23: Shop) -> None:
    admin = shop_23.client(shop_23.dolibarr.admin_key)
    steps = plan(admin, shop_23.books.capabilities, language="de", tags=("Gold",))
    assert {step.action for step in steps} == {Action.CREATE}
    assert all(outcome.done for outcome in apply(admin, steps))
    again = plan(admin, shop_23.books.capabilities, language="de", tags=("Gold",))
    assert {step.action for step in again} == {Action.KEEP}


def test_install_on_16_is_done_by_hand_and_checked_afterwards(shop_16: Shop) -> None:
    admin = shop_16.client(shop_16.dolibarr.admin_key)
    assert {step.action for step in plan(admin, shop_16.books.capabilities)} == {Action.BY_HAND}
    for field in FIELDS:
        definition = {"label": field.label("en"), "type": field.kind, "size": field.size, "list": "5"}
        shop_16.dolibarr.define_extrafield(field.element, field.name, **definition)
    assert {step.action for step in plan(admin, shop_16.books.capabilities)} == {Action.KEEP}


def test_the_doctor_is_content_with_a_well_kept_dolibarr(shop: Shop) -> None:
    shop.dolibarr.sell(shop.claire(), [TEE])
    admin = shop.client(shop.dolibarr.admin_key)
    found = checks.run(shop.client(), shop_zone=PARIS, admin=admin)
    bad = [check for check in found if check.ok is not True and not check.name.startswith("extrafield")]
    assert bad == []


@pytest.mark.parametrize("right", [121, 122, 262, 11, 12, 19, 241, 242, 2401, 2402, 31])
def test_the_doctor_finds_each_missing_right_and_leaves_no_trace(shop: Shop, right: int) -> None:
    shop.claire()
    before = len(shop.books.members_after(0, 100))
    shop.dolibarr.revoke(right)
    found = checks.run(shop.client(), shop_zone=PARIS)
    missing = {check.name.split(",")[0] for check in found if check.name.startswith("right") and not check.ok}
    assert f"right {right}" in missing
    shop.dolibarr.grant(right)
    assert len(shop.books.members_after(0, 100)) == before
    assert list(shop.books.sale_ids()) == []


# faults --------------------------------------------------------------------------------------------

POSTS = {"method": "POST", "path": r"/invoices$"}


@pytest.mark.parametrize(
    ("kind", "carried_out"),
    [
        (sandbox.lost_answer, True),
        (sandbox.truncated, True),
        (sandbox.empty, True),
        (sandbox.html_500, False),
        (sandbox.gzip_500, False),
        (sandbox.status(502, body="<html>"), False),
        (sandbox.status(503, {"Retry-After": "5"}), False),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_after_an_unclear_answer_the_ref_ext_tells_what_happened(
    shop: Shop, kind: sandbox.Kind, carried_out: bool
) -> None:
    claire = shop.claire()
    shop.dolibarr.inject(sandbox.Fault(kind=kind, **POSTS))  # type: ignore[arg-type]
    with pytest.raises(TemporaryFailure) as caught:
        shop.books.create(a_draft(claire))
    assert caught.value.unclear
    assert len(shop.books.find("loyalty:voucher:1")) == carried_out


def test_a_time_out_after_the_work_was_done_is_unclear(shop: Shop) -> None:
    claire = shop.claire()
    shop.dolibarr.inject(sandbox.Fault(kind=sandbox.delay(0.5), **POSTS))  # type: ignore[arg-type]
    hasty = DolibarrBooks(shop.client(timeout=(1, 0.1)), shop.books._context, shop.books.capabilities)
    with pytest.raises(TemporaryFailure) as caught:
        hasty.create(a_draft(claire))
    assert caught.value.unclear


@pytest.mark.parametrize(
    "kind",
    [sandbox.refuse, sandbox.status(502, body="<html>"), sandbox.status(429, {"Retry-After": "0"})],
    ids=lambda kind: kind.name,
)
def test_a_read_survives_one_fault(shop: Shop, kind: sandbox.Kind) -> None:
    invoice = shop.dolibarr.sell(shop.claire(), [TEE])
    shop.dolibarr.inject(sandbox.Fault(method="GET", path=rf"/invoices/{invoice}$", kind=kind))
    sale = shop.books.sale(invoice)
    assert sale is not None


@pytest.mark.parametrize(
    "kind",
    [
        sandbox.html_500,
        sandbox.gzip_500,
        sandbox.truncated,
        sandbox.empty,
        sandbox.status(503, {"Retry-After": "99"}),
    ],
    ids=lambda kind: kind.name,
)
def test_a_read_that_fails_is_temporary(shop: Shop, kind: sandbox.Kind) -> None:
    shop.dolibarr.inject(sandbox.Fault(method="GET", path=r"/invoices$", kind=kind, times=None))
    with pytest.raises(TemporaryFailure):
        shop.books.sales_after(0, 10)


def test_a_right_withdrawn_in_mid_run_is_a_matter_of_configuration(shop: Shop) -> None:
    note = shop.books.create(a_draft(shop.claire()))
    shop.dolibarr.inject(sandbox.Fault(method="POST", path=r"/validate$", kind=sandbox.revoke(12)))
    with pytest.raises(ConfigurationFailure):
        shop.books.validate(note)
    shop.dolibarr.revoke(11)
    with pytest.raises(ConfigurationFailure):
        shop.books.sale(note)


def test_a_dolibarr_that_is_gone_cannot_be_reached() -> None:
    with opened("23") as shop:
        books = shop.books
    with pytest.raises(TemporaryFailure) as caught:
        books.create(a_draft(1))
    assert not caught.value.unclear
