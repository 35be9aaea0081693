"""Finding loyalty.toml, reading it whole, and telling all its mistakes at once."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from dolibarr_loyalty.config import checks, kind_checks, law_checks, voucher_checks
from dolibarr_loyalty.config.accounting_tables import AccountingSettings
from dolibarr_loyalty.config.lines import key_lines
from dolibarr_loyalty.config.mistakes import Mistakes, by_line
from dolibarr_loyalty.config.program_reading import ProgramReader
from dolibarr_loyalty.config.reading import Reader
from dolibarr_loyalty.config.secret import Surroundings, is_private
from dolibarr_loyalty.config.settings import (
    BrandSettings,
    DatabaseSettings,
    DolibarrSettings,
    MailSettings,
    NotifySettings,
    ScreensSettings,
    SecretsSettings,
    SecuritySettings,
    SyncSettings,
    WebSettings,
)
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.errors import ConfigMistakes, ConfigurationError, Mistake
from dolibarr_loyalty.locales import words

FILE_NAME = "loyalty.toml"
FILE_VARIABLE = "LOYALTY_CONFIG"

SECTIONS: dict[str, type] = {
    "dolibarr": DolibarrSettings,
    "database": DatabaseSettings,
    "mail": MailSettings,
    "brand": BrandSettings,
    "screens": ScreensSettings,
    "sync": SyncSettings,
    "web": WebSettings,
    "notify": NotifySettings,
    "security": SecuritySettings,
    "secrets": SecretsSettings,
    "accounting": AccountingSettings,
}

_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything the owner decided, checked; `warnings` are what `config check` shows besides."""

    file: Path
    dolibarr: DolibarrSettings
    database: DatabaseSettings
    mail: MailSettings
    brand: BrandSettings
    program: Program
    screens: ScreensSettings
    sync: SyncSettings
    web: WebSettings
    notify: NotifySettings
    security: SecuritySettings
    secrets: SecretsSettings
    accounting: AccountingSettings
    warnings: tuple[Mistake, ...] = ()

    @property
    def folder(self) -> Path:
        """Where loyalty.toml lies; its relative paths start here."""
        return self.file.parent


def find(path: Path | None, env: Mapping[str, str]) -> Path:
    """The file to read: the one named, else the one LOYALTY_CONFIG names, else ./loyalty.toml."""
    file = path or Path(env.get(FILE_VARIABLE) or FILE_NAME)
    if file.is_dir():
        raise ConfigurationError(f"{file} is a folder. Name the file in it: {file / FILE_NAME}")
    if not file.is_file():
        raise ConfigurationError(
            f"{file} does not exist. Run `dolibarr-loyalty init` to write one, or name another with "
            f"--config or {FILE_VARIABLE}."
        )
    return file.absolute()


def load(path: Path | None, env: Mapping[str, str]) -> Config:
    """The settings of loyalty.toml.

    Raises ConfigurationError when there is no file and ConfigMistakes with everything that is wrong in it.
    """
    file = find(path, env)
    text = _text(file)
    data = _parsed(file, text)
    mistakes = Mistakes(key_lines(text))
    reader = Reader(Surroundings(file.parent, env, is_private(file)), mistakes)
    reader.refuse_unknown(data, (*SECTIONS, "program"), ())
    sections: dict[str, Any] = {
        name: reader.table(schema, data.get(name, {}), (name,)) for name, schema in SECTIONS.items()
    }
    written = ProgramReader(reader, data.get("program", {}))
    program = written.read()
    if mistakes or program is None:
        raise ConfigMistakes(file.name, mistakes.in_order())
    usual = checks.warnings(
        program,
        generic_customers_named=written.names_generic_customers,
        dolibarr=sections["dolibarr"],
        mail=sections["mail"],
    )
    brand = sections["brand"]
    spoken = words(brand.language, brand.address_form, currency=program.currency, zone=program.zone)
    findings = (
        *usual,
        *kind_checks.warnings(program),
        *voucher_checks.warnings(program),
        *law_checks.warnings(program, spoken),
    )
    warnings = by_line([mistakes.at(*finding) for finding in findings])
    return Config(file=file, program=program, warnings=warnings, **sections)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = file.read_bytes()[: error.start].count(b"\n") + 1
        mistake = Mistake(
            place=file.name, problem="is not UTF-8 text.", remedy="Save it as UTF-8.", line=line
        )
        raise ConfigMistakes(file.name, (mistake,)) from None
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from error


def _parsed(file: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        line = int(found[1]) if found and found[1] else text.count("\n") + 1
        problem = f"is not TOML: {_AT_LINE.sub('', str(error))}."
        mistake = Mistake(
            place=file.name, problem=problem, remedy="Texts need quotes, lists brackets.", line=line
        )
        raise ConfigMistakes(file.name, (mistake,)) from None
