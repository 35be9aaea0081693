"""Writing a first loyalty.toml: complete, explained in the owner's language, and right as it stands."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from textwrap import wrap
from typing import Any, Literal

from babel.core import get_global
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dolibarr_loyalty.config.loading import FILE_NAME
from dolibarr_loyalty.config.presets import PRESETS, Basics
from dolibarr_loyalty.config.program_text import exclude, options, tables
from dolibarr_loyalty.config.secret import create_private, new_key
from dolibarr_loyalty.config.toml_text import toml_value
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.core.validity_law import proposed_term
from dolibarr_loyalty.errors import ConfigurationError
from dolibarr_loyalty.locales import Language
from dolibarr_loyalty.resources import folder as resource_folder

WIDTH = 98
_HELD_SPACE = re.compile(r"(?<=«) | (?=[»;:?!%])")
_HELD = "\x00"
VOUCHER_KEY_FILE = "loyalty.key"
WEBHOOK_TOKEN_FILE = "secrets/webhook_token"


@dataclass(frozen=True, kw_only=True)
class SecretFrom:
    """Where a secret comes from: an environment variable, a file, or the value itself.

    A value is put into `file` with mode 600 when both are given, and into loyalty.toml when it stands alone.
    """

    env: str | None = None
    file: str | None = None
    value: str | None = field(default=None, repr=False)

    def written(self) -> str | dict[str, str]:
        """What stands in loyalty.toml."""
        if self.file is not None:
            return {"file": self.file}
        return {"env": self.env} if self.env is not None else self.value or ""


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What `init` asks, with an answer for everything; None leaves a setting at its default."""

    dolibarr_url: str = "https://erp.example.com"
    api_key: SecretFrom = SecretFrom(env="DOLIBARR_API_KEY")
    admin_key: SecretFrom | None = None
    dolibarr_user_id: int | None = None
    database_url: str | SecretFrom = "sqlite:///loyalty.sqlite3"
    mail_kind: Literal["smtp", "maildir", "none"] = "none"
    mail_host: str | None = None
    mail_port: int | None = None
    mail_tls: Literal["starttls", "tls", "none"] | None = None
    mail_user: str | None = None
    mail_password: SecretFrom | None = None
    mail_folder: str | None = None
    sender_address: str | None = None
    sender_name: str | None = None
    shop_name: str = "My shop"
    shop_language: Language | None = None
    address_form: Literal["formal", "informal"] = "formal"
    colour: str | None = None
    website: str | None = None
    logo: str | None = None
    legal: tuple[str, ...] = ()
    point_names: Mapping[str, tuple[str, str]] | None = None
    member_page_url: str | None = None
    web_host: str | None = None
    web_port: int | None = None
    sync_interval_seconds: int | None = None
    program_name: str | None = None
    currency: str = "EUR"
    zone: str = "Europe/Paris"
    country: str | None = None
    program: Program | None = None


def write_initial(
    folder: Path,
    *,
    language: Language,
    answers: Answers | None = None,
    preset: str = "points",
) -> Path:
    """Write loyalty.toml, the voucher key and the webhook token into a folder; the path of loyalty.toml.

    `answers.program`, where given, stands instead of the preset's. Nothing that exists is overwritten:
    ConfigurationError for loyalty.toml, while an existing key is kept.
    """
    chosen = answers or Answers()
    if preset not in PRESETS:
        raise ConfigurationError(f"There is no preset {preset!r}. Choose one of: {', '.join(PRESETS)}.")
    text = render(
        chosen,
        chosen.program or preset_program(preset, chosen, language),
        language=language,
        preset=None if chosen.program else preset,
    )
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / FILE_NAME
    if not create_private(file, text):
        raise ConfigurationError(f"{file} exists already. Nothing was changed; move it away to start anew.")
    create_private(folder / VOUCHER_KEY_FILE, new_key() + "\n")
    create_private(folder / WEBHOOK_TOKEN_FILE, new_key() + "\n")
    for source in _sources(chosen):
        if source.file is not None and source.value is not None:
            create_private(folder / source.file, source.value + "\n")
    return file


def preset_program(preset: str, answers: Answers, language: Language) -> Program:
    """The program of a preset for what was answered."""
    basics = Basics(
        name=answers.program_name,
        currency=answers.currency,
        zone=answers.zone,
        country=country_of(answers.zone) if answers.country is None else answers.country.upper(),
        language=language,
    )
    return PRESETS[preset](basics)


def country_of(zone: str) -> str:
    """The country a time zone is of, in two letters; '' for zones of none."""
    found: str = get_global("zone_territories").get(zone, "")
    return found if len(found) == 2 else ""


def _sources(answers: Answers) -> list[SecretFrom]:
    given = (getattr(answers, field.name) for field in fields(answers))
    return [source for source in given if isinstance(source, SecretFrom)]


def render(answers: Answers, program: Program, *, language: Language, preset: str | None = None) -> str:
    """The text of loyalty.toml with comments in a language; those of the preset too, where it is one."""
    templates = resource_folder("templates") / "config"
    comments = tomllib.loads((templates / f"comments.{language}.toml").read_text(encoding="utf-8"))
    environment = Environment(
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - the text is TOML, and every value goes through toml_value
    )
    environment.globals |= {
        "note": lambda place: _comment(comments[place]),
        "setting": lambda place, value=None, example=None: _setting(comments, place, value, example),
        "plain": _plain,
        "secret": _secret,
        "language": language,
        "preset": preset,
        "lists": tables(program),
        "options": options(program),
        "exclude": exclude(program),
        "ten": Decimal("10.00"),
        "quarter_more": Decimal("1.25"),
        "example_day": date(2026, 12, 1),
        "example_second_day": date(2026, 12, 2),
        "example_last_day": date(2026, 12, 24),
        "example_end": date(2027, 12, 31),
        "gift_card_term": proposed_term(program.country, "sold"),
        "voucher_key_file": VOUCHER_KEY_FILE,
        "webhook_token_file": WEBHOOK_TOKEN_FILE,
    }
    return environment.get_template("loyalty.toml.j2").render(a=answers, p=program)


def _comment(text: str) -> str:
    """A text as comment lines; the spaces of French punctuation do not break."""
    held = _HELD_SPACE.sub(_HELD, text.strip())
    lines = (line for part in held.split("\n") for line in wrap(part, WIDTH - 2) or [""])
    return "\n".join(f"# {line}".rstrip() for line in lines).replace(_HELD, " ")


def _setting(comments: dict[str, str], place: str, value: Any, example: Any) -> str:
    """A comment and `key = value`; without a value the line `#key = example`, ready to be switched on."""
    key = place.rpartition(".")[2]
    line = f"{key} = {toml_value(value)}" if value is not None else f"#{key} = {toml_value(example)}"
    return f"{_comment(comments[place])}\n{line}"


def _plain(**values: Any) -> str:
    """Uncommented lines `key = value` of those that have a value."""
    return "\n".join(f"{key} = {toml_value(value)}" for key, value in values.items() if value is not None)


def _secret(source: SecretFrom | str | None) -> Any:
    return source.written() if isinstance(source, SecretFrom) else source
