"""Finding loyalty.toml, reading it whole, and telling all its mistakes at once."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from dolibarr_loyalty.config import checks
from dolibarr_loyalty.config.lines import Place, key_lines
from dolibarr_loyalty.config.mistakes import Mistakes, by_line, unknown
from dolibarr_loyalty.config.program_tables import (
    CapTable,
    EarnTable,
    ExcludeTable,
    ExpiryTable,
    MembersTable,
    MultiplyTable,
    ProgramTable,
    RewardTable,
    VouchersTable,
)
from dolibarr_loyalty.config.secret import Surroundings, is_private
from dolibarr_loyalty.config.settings import (
    BrandSettings,
    DatabaseSettings,
    DolibarrSettings,
    MailSettings,
    NotifySettings,
    ScreensSettings,
    SecretsSettings,
    SyncSettings,
    WebSettings,
)
from dolibarr_loyalty.core.program import Program
from dolibarr_loyalty.errors import ConfigMistakes, ConfigurationError, Mistake

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
    "secrets": SecretsSettings,
}
PROGRAM_TABLES: dict[str, type] = {
    "exclude": ExcludeTable,
    "expiry": ExpiryTable,
    "vouchers": VouchersTable,
    "members": MembersTable,
}
PROGRAM_LISTS: dict[str, type] = {
    "earn": EarnTable,
    "multiply": MultiplyTable,
    "cap": CapTable,
    "reward": RewardTable,
}

_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
Table = TypeVar("Table")


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
    secrets: SecretsSettings
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
    reader = _Reader(Surroundings(file.parent, env, is_private(file)), mistakes)
    sections = reader.sections(data)
    written = _ProgramReader(reader, data.get("program", {}))
    program = written.read()
    if mistakes or program is None:
        raise ConfigMistakes(file.name, mistakes.in_order())
    findings = checks.warnings(
        program,
        generic_customers_named=written.names_generic_customers,
        dolibarr=sections["dolibarr"],
        mail=sections["mail"],
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


class _Reader:
    """Reads tables one by one, so that a mistake in one hides none in another."""

    def __init__(self, around: Surroundings, mistakes: Mistakes) -> None:
        self.around, self.mistakes = around, mistakes

    def sections(self, data: Mapping[str, Any]) -> dict[str, Any]:
        self.refuse_unknown(data, (*SECTIONS, "program"), ())
        return {name: self.table(schema, data.get(name, {}), (name,)) for name, schema in SECTIONS.items()}

    def refuse_unknown(self, data: Mapping[str, Any], known: tuple[str, ...], place: Place) -> None:
        for name in data:
            if name not in known:
                self.mistakes.add((*place, name), *unknown(name, known))

    def table(self, schema: type[Table], data: Any, place: Place) -> Table | None:
        """The table's settings, or None when something was wrong and has been noted."""
        try:
            return TypeAdapter(schema).validate_python(data, context=self.around)
        except ValidationError as error:
            self.mistakes.add_all(schema, place, error)
            return None

    def tables(self, schema: type[Table], data: Any, place: Place) -> list[tuple[Place, Table]]:
        """Those of a list of tables that could be read."""
        if not isinstance(data, list):
            self.mistakes.add(place, "is not a list of tables.", f"Write [[{'.'.join(map(str, place))}]].")
            return []
        read = (
            ((*place, number), self.table(schema, item, (*place, number))) for number, item in enumerate(data)
        )
        return [(where, table) for where, table in read if table is not None]


class _ProgramReader:
    """Reads [program] with the tables inside it, and checks what it says."""

    def __init__(self, reader: _Reader, data: Any) -> None:
        self.reader = reader
        self.data: dict[str, Any] = dict(data) if isinstance(data, dict) else {}
        if not isinstance(data, dict):
            reader.mistakes.add(("program",), "is not a table.", "Write [program] on a line of its own.")
        self.names_generic_customers = False

    def read(self) -> Program | None:
        inner = (*PROGRAM_TABLES, *PROGRAM_LISTS)
        scalars = {name: value for name, value in self.data.items() if name not in inner}
        known = (*(field.name for field in fields(ProgramTable)), *inner)
        self.reader.refuse_unknown(scalars, known, ("program",))
        head = self.reader.table(
            ProgramTable, {name: value for name, value in scalars.items() if name in known}, ("program",)
        )
        rules = [(place, table.as_rule()) for place, table in self._tables(EarnTable, "earn")]
        rules += [(place, table.as_rule()) for place, table in self._tables(MultiplyTable, "multiply")]
        caps = [(place, table.cap()) for place, table in self._tables(CapTable, "cap")]
        rewards = [(place, table.reward()) for place, table in self._tables(RewardTable, "reward")]
        exclude = self._table(ExcludeTable, "exclude")
        expiry = self._table(ExpiryTable, "expiry")
        vouchers = self._table(VouchersTable, "vouchers")
        members = self._table(MembersTable, "members")
        written = checks.Written(
            rule_ids=(*self._ids("earn"), *self._ids("multiply")),
            reward_ids=self._ids("reward"),
            rules=rules,
            caps=caps,
            rewards=rewards,
            exclusions=(exclude or ExcludeTable()).exclusions(),
            max_balance=head.max_balance if head else None,
            starts_on=head.starts_on if head else None,
            earns=bool(self.data.get("earn")),
        )
        for finding in checks.mistakes(written):
            self.reader.mistakes.add(*finding)
        if not (head and exclude and expiry and vouchers and members):
            return None
        self.names_generic_customers = members.generic_customers is not None
        return head.program(
            rules=(rule for _, rule in rules),
            caps=(cap for _, cap in caps),
            exclusions=exclude.exclusions(),
            expiry=expiry.expiry(),
            rewards=(reward for _, reward in rewards),
            vouchers=vouchers.terms(),
            membership=members.membership(),
        )

    def _table(self, schema: type[Table], name: str) -> Table | None:
        return self.reader.table(schema, self.data.get(name, {}), ("program", name))

    def _tables(self, schema: type[Table], name: str) -> list[tuple[Place, Table]]:
        return self.reader.tables(schema, self.data.get(name, []), ("program", name))

    def _ids(self, name: str) -> list[tuple[Place, str]]:
        """The ids that a list of tables gives, whether or not the rest of each can be read."""
        written = self.data.get(name)
        tables = enumerate(written) if isinstance(written, list) else ()
        return [
            (("program", name, number), table["id"])
            for number, table in tables
            if isinstance(table, dict) and isinstance(table.get("id"), str)
        ]
