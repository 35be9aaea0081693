"""The wiring: settings become a program at work. The only place that knows every part."""

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from dolibarr_loyalty.config import Config
from dolibarr_loyalty.connectors.dolibarr.books import DolibarrBooks
from dolibarr_loyalty.connectors.dolibarr.client import Client
from dolibarr_loyalty.connectors.mail import MaildirMailer, SmtpMailer
from dolibarr_loyalty.connectors.protocol import Books, Mailer
from dolibarr_loyalty.core.wallets import unit_names
from dolibarr_loyalty.flows.context import LookupLimits, Loyalty, Notices, Screens
from dolibarr_loyalty.messages import Brand
from dolibarr_loyalty.store.database import Database
from dolibarr_loyalty.store.migrations import migrate

LANGUAGES = ("de", "en", "fr")


def system_clock() -> datetime:
    """The time it is, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class App:
    """A configured program. Parts are made when first used, so that a command touches only what it needs.

    `clock` is the system's but for the demo, which plays a year; its data need not survive a power cut either.
    """

    config: Config
    clock: Callable[[], datetime] = system_clock
    is_durable: bool = True

    @cached_property
    def database(self) -> Database:
        """The loyalty database, its tables up to date."""
        database = Database(self.config.database.url.reveal(), is_durable=self.is_durable)
        migrate(database)
        return database

    @cached_property
    def client(self) -> Client:
        """Dolibarr with the everyday key."""
        return self._client(self.config.dolibarr.api_key.reveal())

    @cached_property
    def admin_client(self) -> Client | None:
        """Dolibarr with an administrator's key, where one is given; only `install` and `doctor` use it."""
        key = self.config.dolibarr.admin_key
        return self._client(key.reveal()) if key else None

    @cached_property
    def books(self) -> Books:
        """Dolibarr as the flows see it."""
        config = self.config
        default = config.brand.language
        return DolibarrBooks.connect(
            self.client,
            shop_zone=ZoneInfo(config.program.zone),
            currency=config.program.currency,
            languages=(default, *(language for language in LANGUAGES if language != default)),
            user_id=config.dolibarr.user_id,
        )

    @cached_property
    def mailer(self) -> Mailer | None:
        """Who sends mails; None where the settings say nobody."""
        return mailer_of(self.config, self.clock)

    @cached_property
    def brand(self) -> Brand:
        """The shop's face."""
        return brand_of(self.config)

    @cached_property
    def loyalty(self) -> Loyalty:
        """The program at work, reaching Dolibarr when first needed."""
        return self.with_books(_Lazily(lambda: self.books))  # type: ignore[arg-type]

    def with_books(self, books: Books) -> Loyalty:
        """The program at work over other books."""
        config = self.config
        return Loyalty(
            program=config.program,
            database=self.database,
            books=books,
            mailer=self.mailer,
            brand=self.brand,
            secret=config.secrets.key_bytes(),
            clock=self.clock,
            worker=worker_name(),
            sender=config.mail.sender_address or "loyalty@localhost",
            page_size=config.sync.page_size,
            notices=Notices(
                points_days=config.notify.points_expiring_days,
                voucher_days=config.notify.vouchers_expiring_days,
                near_percent=config.notify.reward_near_percent,
                off=frozenset(config.mail.off),
                no_mail_tag=config.notify.no_mail_tag.strip().casefold(),
                unsubscribe=unsubscribe_address(config),
            ),
            screens=Screens(
                member_page=config.screens.member_page_url,
                member_tag=config.screens.member_tag,
                reward_tag=config.screens.reward_tag,
                agenda=config.screens.agenda,
                invoice_events=config.screens.invoice_events,
                language=config.brand.language,
            ),
            lookup_limits=LookupLimits(
                wrong_per_source=config.security.wrong_codes_per_source,
                wrong_overall=config.security.wrong_codes_overall,
                minutes=config.security.wrong_codes_minutes,
            ),
        )

    def close(self) -> None:
        """Let go of the database."""
        if "database" in self.__dict__:
            self.database.close()

    def _client(self, key: str) -> Client:
        settings = self.config.dolibarr
        return Client(settings.url, key, timeout=(5, settings.timeout_seconds))


class _Lazily:
    """Books that are connected at the first question, so that commands that only read our tables need none."""

    def __init__(self, make: Callable[[], Books]) -> None:
        self._make = make

    def __getattr__(self, name: str) -> object:
        return getattr(self._make(), name)


def brand_of(config: Config) -> Brand:
    """The shop's face from its settings."""
    brand = config.brand
    return Brand(
        shop_name=brand.shop_name,
        colour=brand.colour,
        logo=brand.logo.read_bytes() if brand.logo else None,
        website=brand.website,
        legal=brand.legal,
        address=brand.address_form,
        currency=config.program.currency,
        zone=config.program.zone,
        point_names=dict(brand.point_names),
        unit_names=unit_names(config.program.wallets),
    )


def mailer_of(config: Config, clock: Callable[[], datetime] = system_clock) -> Mailer | None:
    """Who sends mails by the settings, or None."""
    mail = config.mail
    sender = f"{mail.sender_name or config.brand.shop_name} <{mail.sender_address}>"
    if mail.kind == "smtp":
        return SmtpMailer(
            host=mail.host,
            port=mail.port,
            tls=mail.tls,
            user=mail.user,
            password=mail.password.reveal() if mail.password else "",
            sender=sender,
            reply_to=mail.reply_to,
            clock=clock,
        )
    if mail.kind == "maildir":
        return MaildirMailer(path=mail.folder, sender=sender, reply_to=mail.reply_to, clock=clock)
    return None


def unsubscribe_address(config: Config) -> str:
    """Where members write who want no more reminders; staff then give them the tag for it."""
    to = config.mail.reply_to or config.mail.sender_address
    return f"mailto:{to}?subject=unsubscribe%20{{member}}" if to else ""


def worker_name() -> str:
    """A name no other worker has: host, process and thread."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{threading.get_ident() % 100000}"
