"""What every journey needs, wired once in `app`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from dolibarr_loyalty.connectors.protocol import Books, Mailer
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.times import day_of
from dolibarr_loyalty.core.vouchers import Voucher, code_of, masked
from dolibarr_loyalty.core.wallets import main_unit
from dolibarr_loyalty.errors import CodeMadeElsewhere, ConfigurationFailure
from dolibarr_loyalty.messages import Brand
from dolibarr_loyalty.signing import SigningKey
from dolibarr_loyalty.store.bearings import digest_of
from dolibarr_loyalty.store.database import Database


@dataclass(frozen=True, kw_only=True)
class Notices:
    """When members hear from us; 0 means not at all. `near_percent` of a reward's points are within reach.

    Members with `no_mail_tag` (lower case) get nothing but their vouchers; `unsubscribe` is an address with
    {member}, offered in every reminder.
    """

    points_days: int = 30
    voucher_days: int = 30
    near_percent: int = 100
    off: frozenset[str] = frozenset()
    no_mail_tag: str = ""
    unsubscribe: str = ""


@dataclass(frozen=True, kw_only=True)
class Screens:
    """What is shown inside Dolibarr. `member_page` is an address with {member} for the third party's id."""

    member_page: str = ""
    member_tag: str = ""
    reward_tag: str = ""
    agenda: bool = True
    invoice_events: bool = False
    language: str = "en"


@dataclass(frozen=True, kw_only=True)
class LookupLimits:
    """How many wrong codes are borne within `minutes`, from one source and from all who are no staff."""

    wrong_per_source: int = 10
    wrong_overall: int = 100
    minutes: int = 10

    @property
    def span(self) -> timedelta:
        return timedelta(minutes=self.minutes)


@dataclass(frozen=True, kw_only=True)
class Loyalty:
    """A program at work: its rules, its database, Dolibarr, mail and a clock.

    `worker` names this process and thread in leases and claims; it must be unique among all that run.
    `sender` is the address mails come from; message ids carry its domain.
    """

    program: Program
    database: Database
    books: Books
    mailer: Mailer | None
    brand: Brand
    secret: bytes = field(repr=False)
    clock: Callable[[], datetime]
    worker: str
    sender: str = "loyalty@localhost"
    page_size: int = 500
    notices: Notices = field(default_factory=Notices)
    screens: Screens = field(default_factory=Screens)
    lookup_limits: LookupLimits = field(default_factory=LookupLimits)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.program.zone)

    @cached_property
    def unit(self) -> str:
        """The unit members know as their points: that of balances, rewards within reach and screens."""
        return main_unit(self.program)

    @property
    def program_hash(self) -> str:
        return digest_of(self.program)

    def code_of(self, voucher: Voucher) -> str:
        """The code to print on a voucher. Raises ConfigurationFailure when the voucher key is another than
        the one it was redeemed under: nobody could look that code up; CodeMadeElsewhere for an imported card."""
        if voucher.source == "imported":
            raise CodeMadeElsewhere(masked(voucher.last_four))
        code = code_of(voucher.id, self.secret)
        if code[-4:] != voucher.last_four:
            raise ConfigurationFailure(
                "The voucher key (secrets.voucher_key) is not the one under which this voucher was redeemed. "
                "Put the former key back: the codes that were handed out are found by it alone."
            )
        return code

    def label_of(self, voucher: Voucher) -> str:
        """What a voucher is called on documents: its code, or the last signs of one that was made elsewhere."""
        return masked(voucher.last_four) if voucher.source == "imported" else self.code_of(voucher)

    @cached_property
    def signing_key(self) -> SigningKey:
        """The key that signs the vouchers' QR codes."""
        return SigningKey(self.secret)

    def now(self) -> datetime:
        return self.clock()

    def last_day(self, ends_at: datetime) -> date:
        """The last usable day of something that is over at an instant."""
        return day_of(ends_at - timedelta(seconds=1), self.zone)

    def today(self) -> date:
        """The day it is in the shop."""
        return day_of(self.now(), self.zone)
