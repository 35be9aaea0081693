"""A shop at work: a Dolibarr stand-in over real HTTP, the program over it, a clock to set, mails kept."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from dolibarr_loyalty.connectors.dolibarr.books import DolibarrBooks
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.connectors.dolibarr.fields import FIELDS
from dolibarr_loyalty.connectors.protocol import Mail
from dolibarr_loyalty.core.ledger import Account, Entry
from dolibarr_loyalty.core.program import Program, Reward, Rule
from dolibarr_loyalty.core.terms import Expiry
from dolibarr_loyalty.core.vouchers import Voucher, code_of
from dolibarr_loyalty.flows import delivery, redemption, usage
from dolibarr_loyalty.flows.context import Loyalty
from dolibarr_loyalty.flows.reconcile import reconcile
from dolibarr_loyalty.flows.sync import follow_hints, sweep, sync
from dolibarr_loyalty.flows.verify import verify
from dolibarr_loyalty.messages import Brand
from dolibarr_loyalty.sandbox import Dolibarr, Server
from dolibarr_loyalty.store import documents, ledger, members, outbox, vouchers
from dolibarr_loyalty.store.database import Database

PARIS = ZoneInfo("Europe/Paris")
SECRET = b"a key of thirty-two bytes, no less"
OPENING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
# `bind` of the stand-in's VAT: gross amounts in the tests are round, so goods are sold at 0 % unless said.
PROGRAM = Program(
    rules=(Rule(id="base", points=Decimal(1), per=Decimal(10)),),
    rewards=(
        Reward(id="5-off", kind="amount", points=50, value=Decimal(5), names=(("en", "5 euros off"),)),
        Reward(id="20-off", kind="amount", points=180, value=Decimal(20), names=(("en", "20 euros off"),)),
        Reward(id="10-percent", kind="percent", points=80, value=Decimal(10), limit=Decimal(30)),
        Reward(id="free-tee", kind="product", points=60, product="TEE"),
    ),
    expiry=Expiry(model="none"),
)


class Clock:
    """The time it is, for the program and for Dolibarr; it stands still between two calls of `pass_`."""

    def __init__(self, now: datetime = OPENING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Letterbox:
    """A mailer that keeps what it is given; `failures` are raised first, one per mail."""

    mails: list[Mail] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def send(self, mail: Mail) -> None:
        if self.failures:
            raise self.failures.pop(0)
        if all(known.message_id != mail.message_id for known in self.mails):
            self.mails.append(mail)

    def subjects(self) -> list[str]:
        return [mail.subject for mail in self.mails]


@dataclass(kw_only=True)
class Shop:
    """The stand-in as staff uses it, and the program as its owner does."""

    dolibarr: Dolibarr
    server: Server
    loyalty: Loyalty
    clock: Clock
    letterbox: Letterbox
    keys: Iterator[int] = field(default_factory=lambda: count(1))

    # staff ----------------------------------------------------------------------------------------
    def customer(self, name: str = "Claire Martin", **fields: Any) -> int:
        known = {"email": f"{name.split()[0].lower()}@example.org", "client": 1, **fields}
        self.tick()
        return self.dolibarr.create_third_party(name=name, **known)

    def sell(self, customer: int, amount: object = 100, *, paid: bool = True, **fields: Any) -> int:
        self.tick()
        vat = fields.pop("vat", 0)
        line = {"desc": "goods", "qty": 1, "subprice": str(amount), "tva_tx": vat, **fields.pop("line", {})}
        return self.dolibarr.sell(customer, fields.pop("lines", [line]), paid=paid, **fields)

    def refund(self, invoice: int, amount: object | None = None, **fields: Any) -> int:
        self.tick()
        lines = None if amount is None else [{"desc": "back", "qty": 1, "subprice": str(amount), "tva_tx": 0}]
        return self.dolibarr.refund(invoice, lines, **fields)

    def credit_id(self, voucher: Voucher) -> int:
        rows = self.dolibarr.store.find("discount", "fk_facture_source", voucher.credit_note_id)
        return int(rows[0]["rowid"])

    def tick(self) -> None:
        """A second passes, so that what is done next is a later change."""
        self.clock.pass_(seconds=1)

    # the program ----------------------------------------------------------------------------------
    def sync(self, *, full: bool = False) -> None:
        self.clock.pass_(minutes=5)
        sync(self.loyalty, full=full)

    def sweep(self) -> None:
        sweep(self.loyalty)
        follow_hints(self.loyalty)

    def deliver(self) -> None:
        done = delivery.deliver(self.loyalty)
        assert (done.waiting, done.failed) == (0, 0), self.troubles()

    def redeem(self, customer: int, reward: str = "5-off") -> Voucher:
        """A voucher, issued."""
        key = f"test-{next(self.keys)}"
        voucher = redemption.redeem(self.loyalty, customer, reward, request_key=key, who="test")
        self.deliver()
        return self.voucher(voucher.id)

    def use(self, voucher: Voucher, invoice: int) -> usage.Use:
        return usage.use(self.loyalty, self.code(voucher), str(invoice), who="test")

    def code(self, voucher: Voucher) -> str:
        return code_of(voucher.id, self.loyalty.secret)

    def rich(self, points: int = 100, name: str = "Claire Martin", **fields: Any) -> int:
        """A customer with so many points."""
        customer = self.customer(name, **fields)
        self.sell(customer, points * 10)
        self.sync()
        return customer

    def as_worker(self, name: str, **changes: Any) -> Loyalty:
        """The same program as another process has it."""
        return replace(self.loyalty, worker=name, **changes)

    def books(self) -> DolibarrBooks:
        return connect(self.server.url, self.dolibarr)

    # looking ----------------------------------------------------------------------------------------
    def account(self, customer: int) -> Account:
        with self.loyalty.database.reading() as tx:
            return ledger.load(tx, [customer])[customer]

    def balance(self, customer: int) -> int:
        return self.account(customer).balance

    def entries(self, customer: int) -> list[Entry]:
        """The entries of an account, oldest first."""
        with self.loyalty.database.reading() as tx:
            return ledger.history(tx, f"{customer}:points", limit=1000)[::-1]

    def kinds(self, customer: int) -> list[tuple[str, int]]:
        return [(str(entry.kind), entry.points) for entry in self.entries(customer)]

    def document(self, sale_id: int) -> documents.Document:
        with self.loyalty.database.reading() as tx:
            return documents.load(tx, [sale_id])[sale_id]

    def member(self, customer: int) -> members.Known:
        with self.loyalty.database.reading() as tx:
            return members.load(tx, [customer])[customer]

    def voucher(self, voucher_id: str) -> Voucher:
        with self.loyalty.database.reading() as tx:
            found = vouchers.by_id(tx, voucher_id)
        assert found is not None
        return found

    def troubles(self) -> list[str]:
        with self.loyalty.database.reading() as tx:
            return [f"{row.effect.key}: {row.last_error}" for row in outbox.page(tx, None, "", 100)]

    def credit_notes(self) -> list[dict[str, Any]]:
        """The credit notes in Dolibarr that stand for vouchers."""
        rows = self.dolibarr.store.rows("invoice")
        return [
            row for row in rows if row["type"] == 2 and str(row["ref_ext"]).startswith("loyalty:voucher:")
        ]

    def free_credit(self, customer: int) -> Decimal:
        return self.dolibarr.credit_sum(customer, 2)

    def calls(self, method: str = "", path: str = "") -> int:
        """How many REST calls were made since the last `forget_calls`."""
        made = list(self.dolibarr.requests)
        return sum(method in ("", call.method) and path in call.path for call in made)

    def forget_calls(self) -> None:
        self.dolibarr.requests.clear()

    def prove(self, *, with_dolibarr: bool = True) -> None:
        """The books agree with themselves and, once everything is delivered, with Dolibarr."""
        assert [str(deviation) for deviation in verify(self.loyalty).deviations] == []
        if with_dolibarr:
            self.deliver()
            assert [str(deviation) for deviation in reconcile(self.loyalty).deviations] == []


def connect(url: str, dolibarr: Dolibarr, **options: Any) -> DolibarrBooks:
    """Books that do not wait long."""
    client = Client(url, dolibarr.api_key, **{"retries": 1, "backoff": 0, "timeout": (2, 5), **options})
    return DolibarrBooks.connect(client, shop_zone=PARIS, currency="EUR", languages=("en", "de", "fr"))


@contextmanager
def open_shop(
    database: Database, *, version: str = "23", program: Program = PROGRAM, **settings: Any
) -> Iterator[Shop]:
    """A shop that opens on Monday, 2 March 2026, at ten in Paris."""
    clock, letterbox = Clock(), Letterbox()
    dolibarr = Dolibarr(version=version, clock=clock)
    dolibarr.grant(342)
    for each in FIELDS:
        dolibarr.define_extrafield(
            each.element, each.name, label=each.label("en"), type=each.kind, size=each.size, list="5"
        )
    till = dolibarr.till_customer
    generic = replace(program.membership, generic_customers=(*program.membership.generic_customers, till))
    with Server(dolibarr) as server:
        loyalty = Loyalty(
            program=replace(program, membership=generic),
            database=database,
            books=connect(server.url, dolibarr),
            mailer=letterbox,
            brand=Brand(shop_name="Chez Test"),
            secret=SECRET,
            clock=clock,
            worker="test",
            **settings,
        )
        yield Shop(dolibarr=dolibarr, server=server, loyalty=loyalty, clock=clock, letterbox=letterbox)


def free_lots(account: Account) -> Sequence[int]:
    """What remains in each open lot, oldest first."""
    return [lot.remaining for lot in sorted(account.lots, key=lambda lot: lot.order) if lot.remaining]
