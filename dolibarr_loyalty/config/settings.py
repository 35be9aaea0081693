"""The settings of loyalty.toml apart from the program: one frozen class per section, checked when it is made.

What each one means to the owner is told in `templates/config/`, in three languages.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from dolibarr_loyalty.config.secret import KEY_BYTES, Secret, SecretText, Surroundings
from dolibarr_loyalty.config.spellings import (
    Colour,
    Count,
    CountFromOne,
    DolibarrAddress,
    FolderPath,
    LanguageKey,
    MailAddress,
    PageAddress,
    PicturePath,
    Text,
    WebAddress,
)
from dolibarr_loyalty.config.wrong import wrong
from dolibarr_loyalty.locales import Address, Language
from dolibarr_loyalty.messages.facts import MailKind

STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)
# Checks a default too. In the annotation, because pydantic puts fields with `= Field(...)` before all others,
# and validators look at the fields above theirs.
ALWAYS = Field(validate_default=True)
DATABASES = ("sqlite", "postgresql", "postgres", "mysql", "mariadb")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DolibarrSettings:
    """Where Dolibarr answers and who we are there; `admin_key` is needed only to install the screens."""

    url: DolibarrAddress
    api_key: SecretText
    admin_key: SecretText | None = None
    user_id: CountFromOne | None = None
    timeout_seconds: Annotated[CountFromOne, Field(le=300)] = 60


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DatabaseSettings:
    """Where the ledger lives; the address may hold a password, so it is a secret."""

    url: Annotated[SecretText, ALWAYS] = Secret("sqlite:///loyalty.sqlite3")

    @field_validator("url", mode="before")
    @classmethod
    def _without_password_may_stand_in_clear(cls, written: object) -> object:
        return Secret(written) if isinstance(written, str) and not _parsed(written).password else written

    @field_validator("url")
    @classmethod
    def _usable(cls, url: Secret, info: ValidationInfo) -> Secret:
        parsed = _parsed(url.reveal())
        if parsed.get_backend_name() not in DATABASES:
            raise wrong("is no database this program knows.", "Use sqlite, postgresql, mysql or mariadb.")
        if (
            parsed.get_backend_name() == "sqlite"
            and parsed.database
            and not parsed.database.startswith((":", "file:"))
        ):
            around: Surroundings | None = info.context
            parsed = parsed.set(database=str((around.folder if around else Path()) / parsed.database))
            return Secret(parsed.render_as_string(hide_password=False))
        return url

    @property
    def shown(self) -> str:
        """The address with its password hidden, for people."""
        return _parsed(self.url.reveal()).render_as_string(hide_password=True)


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise wrong("is not a database address.", 'Write it such as "sqlite:///loyalty.sqlite3".') from None


@dataclass(frozen=True, kw_only=True, config=STRICT)
class MailSettings:
    """How mails leave: by SMTP, into a Maildir folder, or not at all; `off` names the kinds not sent."""

    kind: Literal["smtp", "maildir", "none"] = "none"
    sender_address: Annotated[MailAddress, ALWAYS] = ""
    sender_name: str = ""
    reply_to: MailAddress = ""
    host: Annotated[str, ALWAYS] = ""
    port: Annotated[CountFromOne, Field(le=65535)] = 587
    tls: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: SecretText | None = None
    maildir: FolderPath = None
    off: tuple[MailKind, ...] = ()

    @field_validator("sender_address")
    @classmethod
    def _someone_sends(cls, address: str, info: ValidationInfo) -> str:
        if not address and info.data.get("kind", "none") != "none":
            raise wrong("is missing: mails need a sender.", 'Write sender_address = "shop@example.com".')
        return address

    @field_validator("host")
    @classmethod
    def _smtp_has_a_host(cls, host: str, info: ValidationInfo) -> str:
        if not host and info.data.get("kind") == "smtp":
            raise wrong('is missing for kind = "smtp".', 'Write host = "smtp.example.com".')
        return host

    @property
    def folder(self) -> Path:
        """The Maildir folder; only asked for when kind is 'maildir'."""
        return self.maildir or Path("mails")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class BrandSettings:
    """How the shop shows itself to its members; `language` is spoken to members whose own is unknown.

    `legal` are the lines of the footer, `point_names` the singular and plural per language.
    """

    shop_name: Text
    language: Language = "en"
    address_form: Address = "formal"
    colour: Colour = "#1f5a6b"
    logo: PicturePath = None
    website: WebAddress = ""
    legal: tuple[str, ...] = ()
    point_names: dict[LanguageKey, tuple[Text, Text]] = Field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ScreensSettings:
    """What appears inside Dolibarr: a link, tags on customers, events in the agenda."""

    member_page_url: PageAddress = ""
    member_tag: str = "Loyalty"
    reward_tag: str = ""
    agenda: bool = True
    invoice_events: bool = False


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SyncSettings:
    """How often Dolibarr is asked what changed, and how far back each question reaches."""

    interval_seconds: Annotated[CountFromOne, Field(le=86400)] = 300
    page_size: Annotated[CountFromOne, Field(le=1000)] = 500
    sweep_hours: CountFromOne = 6
    deletion_check_hours: CountFromOne = 24


@dataclass(frozen=True, kw_only=True, config=STRICT)
class WebSettings:
    """Where our own pages and the webhook receiver listen; without a token webhooks are not received."""

    host: Text = "127.0.0.1"
    port: Annotated[CountFromOne, Field(le=65535)] = 8765
    webhook_token: SecretText | None = None
    body_limit: CountFromOne = 1_048_576

    @field_validator("webhook_token")
    @classmethod
    def _long_enough(cls, token: Secret | None) -> Secret | None:
        if token is not None and len(token.reveal()) < 16:
            raise wrong("is shorter than 16 signs and could be guessed.", "Write a longer one.")
        return token


@dataclass(frozen=True, kw_only=True, config=STRICT)
class NotifySettings:
    """When members hear from us before something happens; 0 means not at all."""

    points_expiring_days: Count = 30
    vouchers_expiring_days: Count = 30
    reward_near_percent: Annotated[Count, Field(le=100)] = 80
    no_mail_tag: str = "No loyalty mail"


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SecuritySettings:
    """How many wrong voucher codes are borne within so many minutes, per source and from all strangers together."""

    wrong_codes_per_source: Annotated[CountFromOne, Field(le=1000)] = 10
    wrong_codes_overall: Annotated[CountFromOne, Field(le=100_000)] = 100
    wrong_codes_minutes: Annotated[CountFromOne, Field(le=1440)] = 10


@dataclass(frozen=True, kw_only=True, config=STRICT)
class SecretsSettings:
    """The key from which voucher codes are derived; whoever loses it cannot check old codes."""

    voucher_key: SecretText

    @field_validator("voucher_key")
    @classmethod
    def _is_a_key(cls, key: Secret) -> Secret:
        try:
            long_enough = len(bytes.fromhex(key.reveal())) >= KEY_BYTES
        except ValueError:
            long_enough = False
        if not long_enough:
            raise wrong(
                f"is not {KEY_BYTES} bytes in hexadecimal.", "`dolibarr-loyalty init` makes a right one."
            )
        return key

    def key_bytes(self) -> bytes:
        """The voucher key as bytes."""
        return bytes.fromhex(self.voucher_key.reveal())
