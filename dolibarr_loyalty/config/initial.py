"""Writing a first loyalty.toml: complete, explained in the owner's language, and right as it stands."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from textwrap import wrap
from typing import Any, Literal

from babel.numbers import get_currency_symbol
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dolibarr_loyalty.config.loading import FILE_NAME
from dolibarr_loyalty.config.secret import create_private, new_key
from dolibarr_loyalty.config.toml_text import toml_value, weekday_names
from dolibarr_loyalty.core.program import Program, Reward, Rule
from dolibarr_loyalty.core.terms import Match
from dolibarr_loyalty.errors import ConfigurationError
from dolibarr_loyalty.locales import Language
from dolibarr_loyalty.resources import folder as resource_folder

WIDTH = 98
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
    program: Program | None = None


def first_program(answers: Answers, language: Language) -> Program:
    """The program that `init` proposes: 1 point per 10 of the currency, and three rewards."""
    rewards = (
        Reward(
            id="5-off", kind="amount", points=50, value=Decimal(5), names=_voucher_names(5, answers.currency)
        ),
        Reward(
            id="10-percent",
            kind="percent",
            points=80,
            value=Decimal(10),
            limit=Decimal(50),
            names=_PERCENT_NAMES,
        ),
        Reward(
            id="20-off",
            kind="amount",
            points=180,
            value=Decimal(20),
            names=_voucher_names(20, answers.currency),
        ),
    )
    return Program(
        name=answers.program_name or _PROGRAM_NAMES[language],
        currency=answers.currency,
        zone=answers.zone,
        rules=(Rule(id="base", points=Decimal(1), per=Decimal(10)),),
        point_value=Decimal("0.10"),
        rewards=rewards,
    )


_PROGRAM_NAMES = {"de": "Treueprogramm", "en": "Loyalty program", "fr": "Programme de fidélité"}


def _voucher_names(amount: int, currency: str) -> tuple[tuple[str, str], ...]:
    """The name of a voucher of a round amount in each language."""
    signs = {tongue: get_currency_symbol(currency, tongue) for tongue in ("de", "en", "fr")}
    return (
        ("de", f"Gutschein über {amount}\u00a0{signs['de']}"),
        ("en", f"{signs['en']}{amount} voucher"),
        ("fr", f"Bon d’achat de {amount}\u00a0{signs['fr']}"),
    )


_PERCENT_NAMES = (("de", "10\u00a0% Rabatt"), ("en", "10% off"), ("fr", "10\u00a0% de remise"))


# Programs that `init --preset` offers.
PRESETS = {"points": first_program}


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
    program = chosen.program or PRESETS[preset](chosen, language)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / FILE_NAME
    if not create_private(file, render(chosen, program, language=language)):
        raise ConfigurationError(f"{file} exists already. Nothing was changed; move it away to start anew.")
    create_private(folder / VOUCHER_KEY_FILE, new_key() + "\n")
    create_private(folder / WEBHOOK_TOKEN_FILE, new_key() + "\n")
    for source in _sources(chosen):
        if source.file is not None and source.value is not None:
            create_private(folder / source.file, source.value + "\n")
    return file


def _sources(answers: Answers) -> list[SecretFrom]:
    given = (getattr(answers, field.name) for field in fields(answers))
    return [source for source in given if isinstance(source, SecretFrom)]


def render(answers: Answers, program: Program, *, language: Language) -> str:
    """The text of loyalty.toml with comments in a language."""
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
        "rules": [_rule(rule) for rule in program.rules],
        "caps": [{"period": cap.period, "points": cap.points, "rule": cap.rule} for cap in program.caps],
        "exclude": _exclude(program),
        "rewards": [_reward(reward) for reward in program.rewards],
        "ten": Decimal("10.00"),
        "example_day": date(2026, 12, 1),
        "example_last_day": date(2026, 12, 24),
        "voucher_key_file": VOUCHER_KEY_FILE,
        "webhook_token_file": WEBHOOK_TOKEN_FILE,
    }
    return environment.get_template("loyalty.toml.j2").render(a=answers, p=program)


def _comment(text: str) -> str:
    paragraphs = text.strip().split("\n")
    return "\n".join(f"# {line}".rstrip() for part in paragraphs for line in wrap(part, WIDTH - 2) or [""])


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


def _rule(rule: Rule) -> dict[str, Any]:
    """A rule as its table: only what differs from the usual, so that it reads as people would write it."""
    window, usual = rule.window, Rule(id="")
    start, end = window.from_time, window.until_time
    clock = f"{_clock(start, '00:00')}-{_clock(end, '24:00')}" if start or end else None
    table: dict[str, Any] = {"id": rule.id}
    if rule.kind == "multiply":
        table["factor"] = rule.factor
    else:
        table |= {"kind": rule.kind, "points": rule.points}
        table["per"] = rule.per if rule.kind == "amount" else None
    table |= _match(rule.match)
    table |= {
        "from_day": window.from_day,
        "until_day": window.until_day,
        "weekdays": weekday_names(window.weekdays) or None,
        "hours": clock,
        "minimum_amount": rule.minimum_amount,
        "minimum_quantity": rule.minimum_quantity,
        "combinable": None if rule.combinable == usual.combinable else rule.combinable,
        "priority": rule.priority or None,
    }
    return table


def _clock(at: time | None, otherwise: str) -> str:
    return at.isoformat("minutes") if at else otherwise


def _match(match: Match) -> dict[str, Any]:
    return {"products": match.products or None, "tags": match.tags or None, "types": match.types or None}


def _exclude(program: Program) -> dict[str, Any]:
    """[program.exclude]: the first match of a single list is written as that list, all others as `lines`."""
    table: dict[str, Any] = {"products": (), "tags": (), "types": (), "lines": []}
    for match in program.exclusions.match:
        written = {name: words for name, words in _match(match).items() if words}
        name = next(iter(written))
        if len(written) == 1 and not table[name] and not table["lines"]:
            table[name] = written[name]
        else:
            table["lines"].append(written)
    return table


def _reward(reward: Reward) -> dict[str, Any]:
    """A reward as its table."""
    return {
        "id": reward.id,
        "kind": reward.kind,
        "points": reward.points,
        "value": reward.value or None,
        "limit": reward.limit,
        "product": reward.product or None,
        "names": dict(reward.names) or None,
        "valid_months": reward.valid_months,
        "per_member": reward.per_member,
    }
