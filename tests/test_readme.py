"""The README and the changelog are held to the software: commands, settings, rights, figures, dependencies."""

import configparser
import dataclasses
import io
import json
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby, takewhile
from pathlib import Path
from typing import Any

import pytest
import typer.main
from pydantic.fields import FieldInfo
from rich.console import Console
from typer.testing import CliRunner

from dolibarr_loyalty import __version__, errors
from dolibarr_loyalty.cli import app
from dolibarr_loyalty.config import load
from dolibarr_loyalty.config.loading import SECTIONS
from dolibarr_loyalty.config.program_reading import PROGRAM_LISTS, PROGRAM_OPTIONS, PROGRAM_TABLES
from dolibarr_loyalty.config.program_tables import ProgramTable, RuleTable
from dolibarr_loyalty.config.secret import Secret
from dolibarr_loyalty.config.tier_tables import TierTable
from dolibarr_loyalty.connectors.dolibarr import rights
from dolibarr_loyalty.connectors.dolibarr.fields import FIELDS
from dolibarr_loyalty.connectors.dolibarr.menus import WORDS
from dolibarr_loyalty.core.accounts import CHARTS, ROLES
from dolibarr_loyalty.core.postings import Part, effect, postings, without_vat
from dolibarr_loyalty.core.program import Reward
from dolibarr_loyalty.core.voucher_law import propose, rates_of
from dolibarr_loyalty.core.voucher_moves import MoveKind
from dolibarr_loyalty.core.vouchers import VoucherState
from dolibarr_loyalty.demo.playing import played
from dolibarr_loyalty.demo.showing import show
from dolibarr_loyalty.demo.summary import Summary
from dolibarr_loyalty.flows.credits import notes_of
from dolibarr_loyalty.locales import words
from dolibarr_loyalty.messages import voucher_state
from dolibarr_loyalty.store import vouchers
from tests.conftest import OpenShop
from tests.flows.voucher_ways import CARD_WAYS, program_of

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"[2-9A-Y]{6}-[2-9A-Y]{6}-[2-9A-Y]{6}")
_NAME = re.compile(r"`([^`]+)`")
HEX_KEY = "ab" * 32

Table = list[list[str]]


# reading ---------------------------------------------------------------------------------------------


def blocks(language: str, text: str = README) -> list[str]:
    """The fenced blocks of a language; "" for those without one."""
    return [body for tongue, body in _FENCE.findall(text) if tongue == language]


def section(title: str) -> str:
    """What stands under a heading, up to the next one of the same or a higher level."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,2}} |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, f"the README has no heading {title!r}"
    return found[2]


def rows(text: str, *heading: str) -> Table:
    """The rows of the tables that begin with these column headings."""
    found: Table = []
    taken = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not cells:
            taken = False
        elif tuple(cells[: len(heading)]) == heading:
            taken = True
        elif taken and set("".join(cells)) - set("-: "):
            found.append(cells)
    assert found, f"no table begins with {heading}"
    return found


def command_lines(text: str = README) -> list[list[str]]:
    """The words after `dolibarr-loyalty` of every command, in blocks of shell lines and within sentences."""
    lines = [line for block in blocks("sh", text) for line in block.splitlines()]
    prose = _FENCE.sub("", text)
    lines += [name for name in _NAME.findall(prose) if name.startswith("dolibarr-loyalty ")]
    found = []
    for line in lines:
        lexer = shlex.shlex(line, posix=True, punctuation_chars="&|")
        lexer.whitespace_split = True
        for joined, part in groupby(lexer, lambda word: word in ("&&", "|")):
            written = [] if joined else list(takewhile(lambda word: word != ">", part))
            if written and Path(written[0]).name == "dolibarr-loyalty":
                found.append(written[1:])
    return found


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(commands(typer.main.get_command(app)))


# first screen ----------------------------------------------------------------------------------------


def test_the_first_screen_has_the_two_commands() -> None:
    first = README.partition("\n## ")[0]
    assert [block.strip() for block in blocks("sh", first)] == [
        "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/dolibarr-loyalty demo",
        ".venv/bin/pip install '.[test]' && .venv/bin/pytest",
    ]


def test_the_first_screen_shows_what_the_demo_prints(year: "Year") -> None:
    printed = io.StringIO()
    spoken = words("en", currency="EUR", zone="Europe/Paris")
    show(year.summary, Console(file=printed, width=200), spoken, Path("loyalty-demo"))
    there = {_label(line) for line in printed.getvalue().splitlines()}
    shown = {_label(line) for line in blocks("", README.partition("\n## ")[0])[-1].splitlines()}
    assert shown - there == {"…"}


def _label(line: str) -> str:
    """What a printed line is about: its first cell, or all of it."""
    return re.split(r"│| {3,}", line.strip("│┌┐└┘├┤─┬┴┼ "))[0].strip()


def test_every_link_within_the_readme_leads_to_a_heading() -> None:
    without_code = _FENCE.sub("", README)
    titles = re.findall(r"^#+ (.+)$", without_code, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= anchors
    for file in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / file).is_file()


@pytest.mark.parametrize("text", [README, CHANGELOG], ids=["README", "CHANGELOG"])
def test_no_address_or_path_of_one_machine_is_named(text: str) -> None:
    assert not re.search(r"/work/|/root/|/tmp/|/home/|127\.0\.0\.1:(?!8765)", text)


# commands --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", command_lines(), ids=" ".join)
def test_every_command_line_can_be_typed(written: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    rest, path = list(written), "dolibarr-loyalty"
    while hasattr(command, "commands"):
        known = {option: param for param in command.params for option in param.opts}
        while rest and rest[0].startswith("--"):
            option = known.get(rest[0])
            assert option is not None or rest[0] == "--help", f"{path} has no option {rest[0]}"
            del rest[: 1 if option is None or option.is_flag else 2]
        if not rest:
            return  # `dolibarr-loyalty --help`
        assert rest[0] in command.commands, f"{path} has no command {rest[0]!r}"
        command, path = command.commands[rest[0]], f"{path} {rest[0]}"
        rest = rest[1:]
    command.make_context(path, rest)


def test_the_table_of_commands_names_each_with_options_it_has() -> None:
    named = set()
    for cells in rows(section("Commands"), "Command"):
        written = _NAME.findall(cells[0])[0].replace("\\|", "|")
        name = next(name for name in sorted(COMMANDS, key=len, reverse=True) if written.startswith(name))
        options = {option for param in COMMANDS[name].params for option in param.opts}
        assert set(re.findall(r"--[a-z-]+", written)) <= options, written
        summary = COMMANDS[name].help.strip().splitlines()[0].rstrip(".")
        assert cells[1] == summary, f"{name} says of itself: {summary}"
        named.add(name)
    assert named == set(COMMANDS)


def test_commands_that_read_take_json_and_those_that_write_a_dry_run() -> None:
    takes = {
        name: {option for param in command.params for option in param.opts} & {"--json", "--dry-run"}
        for name, command in COMMANDS.items()
    }
    assert {name for name, found in takes.items() if not found} == {
        "export",
        "giftcard print",
        "sandbox",
        "voucher export",
        "voucher key",
        "voucher pdf",
    }
    assert takes["demo"] == {"--json"}


def test_the_exit_codes_are_those_of_the_errors() -> None:
    told = {int(cells[0]): cells[1].casefold() for cells in rows(section("Exit codes"), "Code", "Meaning")}
    drawn = re.findall(r"[├└]─ \w+ +(.+?) +exit code (\d)", errors.__doc__ or "")
    assert len(drawn) >= 8, "the tree of errors.py is not drawn as it was"
    for meaning, code in drawn:
        assert meaning in told[int(code)], f"{meaning!r} ends with {code}"
    known = {kind.exit_code for kind in vars(errors).values() if hasattr(kind, "exit_code")}
    assert set(told) == known | {0}


# settings --------------------------------------------------------------------------------------------


def settings() -> dict[str, Any]:
    """Every setting by its name in the README, with the field it is."""
    found: dict[str, Any] = {}
    for name, schema in {**SECTIONS, "program": ProgramTable}.items():
        found |= {f"{name}.{field.name}": field for field in dataclasses.fields(schema)}
    shared = {field.name for field in dataclasses.fields(RuleTable)}
    told_above = {"multiply": shared, "promotion": shared - {"id", "qualifying"}, "tiers": {"tier"}}
    tables = {**PROGRAM_TABLES, **PROGRAM_OPTIONS, **PROGRAM_LISTS, "tiers.tier": TierTable}
    for name, schema in tables.items():
        for field in dataclasses.fields(schema):
            if field.name not in told_above.get(name, set()):
                found[f"program.{name}.{field.name}"] = field
    return found


SETTINGS = settings()
TOLD_SETTINGS = {
    _NAME.findall(cells[0])[0]: cells for cells in rows(section("Every setting"), "Setting", "Default")
}


def test_every_setting_is_told_and_none_that_does_not_exist() -> None:
    assert set(TOLD_SETTINGS) == set(SETTINGS)


@pytest.mark.parametrize("name", sorted(set(SETTINGS) & set(TOLD_SETTINGS)))
def test_the_default_of_every_setting_is_right(name: str) -> None:
    _, told, meaning = TOLD_SETTINGS[name]
    default = _default(SETTINGS[name])
    if default is dataclasses.MISSING:
        assert told == "required"
    elif default in (None, "", (), {}):
        assert told == "none"
    else:
        value = tomllib.loads(f"value = {told.strip('`')}", parse_float=Decimal)["value"]
        assert value == default or (isinstance(default, Decimal) and Decimal(str(value)) == default)
    assert len(meaning) > 8


def _default(field: Any) -> Any:
    default = field.default
    if default is dataclasses.MISSING and field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    if isinstance(default, FieldInfo):
        default = None if default.default_factory else default.default
    return default.reveal() if isinstance(default, Secret) else default


def test_every_setting_named_in_a_sentence_exists() -> None:
    sections = "|".join([*SECTIONS, "program"])
    named = re.findall(rf"`((?:{sections})\.[a-z_.]+)(?: = [^`]+)?`", _FENCE.sub("", README))
    assert set(named) <= set(SETTINGS) | {"loyalty.toml"}


BASE = {
    "dolibarr": '[dolibarr]\nurl = "https://erp.example.com"\napi_key = { env = "KEY" }\n',
    "brand": '[brand]\nshop_name = "Café"\n',
    "secrets": '[secrets]\nvoucher_key = { file = "loyalty.key" }\n',
}
EARN = '[[program.earn]]\nid = "base"\npoints = 1\nper = 10\n'


@pytest.mark.parametrize("example", blocks("toml"), ids=lambda example: example.splitlines()[0])
def test_every_example_of_settings_can_be_used(example: str, tmp_path: Path) -> None:
    data = tomllib.loads(example)
    whole = example + "".join(text for name, text in BASE.items() if name not in data)
    if "earn" not in data.get("program", {}):
        whole += EARN
    for name in {"loyalty.key", *re.findall(r'\{ file = "([^"]+)" \}', example)}:
        _private(tmp_path / name, HEX_KEY)
    environment = dict.fromkeys(re.findall(r'\{ env = "(\w+)" \}', whole), HEX_KEY)
    environment |= {"LOYALTY_DATABASE": "postgresql://user:password@host/name"}
    config = load(_private(tmp_path / "loyalty.toml", whole), environment)
    assert config.program.rules


def _private(file: Path, text: str) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return file


def test_both_spellings_of_amounts_mean_the_same(tmp_path: Path) -> None:
    _private(tmp_path / "loyalty.key", HEX_KEY)
    rates = set()
    for example in blocks("toml", section("Rules"))[:2]:
        file = _private(tmp_path / "loyalty.toml", example + "".join(BASE.values()))
        rule = load(file, {"KEY": HEX_KEY}).program.rules[0]
        rates.add(rule.points / rule.per)
    assert rates == {Decimal("0.1")}


# Dolibarr --------------------------------------------------------------------------------------------


def test_the_rights_are_those_that_doctor_tries() -> None:
    known = [right for right in vars(rights).values() if isinstance(right, rights.Right)]
    told = {int(cells[0]): cells for cells in rows(README, "Id", "English", "Français", "Deutsch")}
    assert set(told) == {right.id for right in known}
    for right in known:
        assert told[right.id][1:4] == [right.names[tongue] for tongue in ("en", "fr", "de")]
        assert ("*(optional)*" in told[right.id][4]) is not right.is_needed


def test_the_fields_to_make_by_hand_are_those_of_the_program() -> None:
    told = [[cell.strip("`") for cell in cells] for cells in rows(README, "Where", "Attribute code")]
    assert told == [
        [
            "Third party" if field.element == "societe" else "Invoice",
            field.name,
            WORDS["en"].kinds[field.kind],
            field.size or "–",
            str(field.position),
            str(field.visibility),
            field.label("en"),
        ]
        for field in FIELDS
    ]


def test_every_state_of_a_voucher_is_told_in_its_words() -> None:
    told: dict[str, str] = {}
    for cells in rows(README, "State (in JSON)", "In words"):
        told |= zip(_NAME.findall(cells[0]), cells[1].split(", "), strict=True)
    english = words("en", currency="EUR", zone="UTC")
    assert told == {str(state): voucher_state(str(state), english) for state in VoucherState}


EXAMPLE_WAYS = ("payment", "credit_note", "discount", "liability", "deposit")
# A voucher of 12.00 in a shop with one VAT rate of 20 %, as the accountant's tables have it.
MOVES = {
    "Issue": (MoveKind.ISSUED, "12.00"),
    "Sale": (MoveKind.ISSUED, "12.00"),
    "Use": (MoveKind.USED, "4.80"),
    "Use undone": (MoveKind.RETURNED, "4.80"),
    "Cancelled": (MoveKind.CANCELLED, "7.20"),
    "Expired": (MoveKind.EXPIRED, "7.20"),
}


def grouped(table: Table) -> Iterator[tuple[tuple[str, ...], list[list[str]]]]:
    """The rows of a table whose first cell is empty where it is the same as above: ways, and the other cells."""
    found: list[tuple[tuple[str, ...], list[list[str]]]] = []
    for cells in table:
        if cells[0]:
            found.append((tuple(name.strip('"') for name in _NAME.findall(cells[0])), []))
        found[-1][1].append(cells[1:])
    yield from found


@pytest.mark.parametrize("way", EXAMPLE_WAYS)
def test_the_accountants_example_is_what_stands_in_the_books(way: str, opened: OpenShop) -> None:
    table = rows(section("For the accountant"), "", "Document")
    (told,) = ([_figures(cells[1:]) for cells in each] for ways, each in grouped(table) if ways == (way,))
    program = program_of(way)
    reward = Reward(id="12-off", kind="amount", points=50, value=Decimal(12))
    with opened(program=replace(program, rewards=(reward,))) as shop:
        shop.dolibarr.create_product(ref="CARD", label="Gift card", price="12", tva_tx=0)
        customer = shop.rich(100)
        invoice = shop.sell(customer, 100, vat=20, paid=False)
        shop.sync()
        sale = None
        if way in CARD_WAYS:
            (product,) = shop.dolibarr.store.find("product", "ref", "CARD")
            line = {"desc": "card", "qty": 1, "subprice": "12", "tva_tx": 0, "fk_product": product["rowid"]}
            sale = shop.sell(customer, lines=[line], **({"type": 3} if way == "deposit" else {}))
            shop.sync()
            shop.deliver()
            with shop.loyalty.database.reading() as tx:
                (voucher,) = (each for each in vouchers.of_member(tx, customer) if each.source == "sold")
        else:
            voucher = shop.redeem(customer, "12-off")
        used = shop.use(voucher, invoice)
        assert used.invoice.remaining == Decimal("108.00")
        notes = [note.note_id for note in notes_of(shop.loyalty, voucher) if note.note_id != sale]
        numbers = [invoice, *([sale] if sale else []), *notes]
        booked = [shop.dolibarr.invoice(number) for number in numbers]
    found = [[Decimal(each[f"total_{sum_}"]) for sum_ in ("ht", "tva", "ttc")] for each in booked]
    assert told == [*found, [sum(column, Decimal(0)) for column in zip(*found, strict=True)]]


def test_the_table_of_events_is_what_the_journal_posts() -> None:
    seen = set()
    for ways, lines in grouped(rows(section("For the accountant"), "Way", "Event")):
        for event, *figures in lines:
            kind, amount = MOVES[event]
            for way in ways:
                booked = effect(postings(way, kind, _example_parts(way, Decimal(amount))))  # type: ignore[arg-type]
                grown = [booked.net, booked.vat, booked.receivable, booked.cash, booked.liability]
                assert _figures(figures) == grown, (way, event)
                seen.add((way, kind))
    assert seen == {(way, kind) for way in EXAMPLE_WAYS for kind, _ in MOVES.values()}


def _example_parts(way: str, gross: Decimal) -> tuple[Part, ...]:
    if way not in ("credit_note", "discount"):
        return without_vat(gross)
    net = (gross / Decimal("1.2")).quantize(Decimal("0.01"))
    return (Part(rate=Decimal(20), net=net, vat=gross - net),)


def _figures(cells: Sequence[str]) -> list[Decimal]:
    return [Decimal(cell.strip("*")) for cell in cells]


def test_the_accounts_are_those_of_the_charts() -> None:
    told = {cells[0].strip("`"): cells[1:] for cells in rows(section("For the accountant"), "Account", "For")}
    assert told == {
        role: [what, *(CHARTS[chart][role] for chart in ("skr03", "skr04", "pcg"))]
        for role, what in ROLES.items()
    }


def test_the_ways_are_proposed_as_the_readme_says() -> None:
    """In Germany and France, for a shop of several VAT rates and one of a single rate."""
    told = [
        cells[1].split(",")[0].strip('`"')
        for cells in rows(section("For the accountant"), "Voucher", "Proposed")
    ]
    for country in ("DE", "FR"):
        several, single = (
            propose(country, rates_of({Decimal(rate): 1 for rate in rates})) for rates in ((20, 10), (20,))
        )
        assert told == [*(each.way for each in several), single[-1].way]
        assert [each.purpose for each in (several[-1], single[-1])] == ["multi", "single"]
        assert single[-1].vat_rate == 20
    for country, way in (("CH", "payment"), ("", "payment"), ("AT", "discount"), ("BE", "discount")):
        assert propose(country, ())[0].way == way, country


# the demo's data -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Year:
    """A small demo, and the README's names with those of this one instead."""

    summary: Summary
    names: Mapping[str, str]

    def run(self, arguments: Sequence[str]) -> Any:
        config = str(self.summary.folder / "loyalty.toml")
        result = CliRunner().invoke(app, ["--config", config, *(self.names.get(a, a) for a in arguments)])
        assert result.exit_code == 0, f"{' '.join(arguments)} ended with {result.exit_code}: {result.output}"
        return result


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    with played(tmp_path_factory.mktemp("demo") / "shop", seed=3, scale=0.01) as result:
        summary = result.summary
    written = command_lines(section("Look at the demo's data"))
    member = next(words[2] for words in written if words[:2] == ["member", "show"])
    invoice = next(words[2] for words in written if words[:2] == ["explain", "invoice"])
    listed = CliRunner().invoke(
        app, ["--config", str(summary.folder / "loyalty.toml"), "member", "list", "--json"]
    )
    saver = max(json.loads(listed.stdout), key=lambda row: row["available"] if row["email"] else -1)
    return Year(summary, {member: saver["email"], invoice: str(summary.examples.invoice)})


def test_the_commands_for_the_demos_data_work_on_it(year: Year) -> None:
    code = ""
    for written in command_lines(section("Look at the demo's data")):
        if written[0] in ("demo", "sandbox"):
            continue
        ran = year.run([code if _CODE.fullmatch(word) else word for word in written])
        assert ran.stdout.strip(), written
        if written[0] == "redeem":
            code = _CODE.findall(ran.stdout)[0]
    assert code, "no reward was handed out"


def test_the_accountants_commands_work_on_the_demos_data(year: Year) -> None:
    """But for the day: the demo's year is not over yet."""
    folder = year.summary.folder
    today = datetime.now(UTC).date()
    days = {
        "2026-12-31": today.isoformat(),
        "2026-01-01": f"{today:%Y-01-01}",
        "2025-12-31": f"{today:%Y-01-01}",
    }
    for title in ("Reports", "At the end of the year"):
        for written in command_lines(
            section("For the accountant").split(f"### {title}\n")[1].split("\n### ")[0]
        ):
            for word in written:
                if word.endswith((".csv", ".pdf")):
                    days[word] = str(folder / word)
            ran = year.run([days.get(word, word) for word in written])
            assert ran.stdout.strip(), written
    assert {file.name for file in folder.glob("*.csv")} >= {"register.csv", "journal.csv", "provision.csv"}
    assert (folder / "register.pdf").read_bytes().startswith(b"%PDF")


def test_the_keys_for_scripts_are_there(year: Year) -> None:
    told: dict[str, set[str]] = {}
    for cells in rows(section("JSON for scripts"), "Command", "Keys, at least"):
        written, keys = _NAME.findall(cells[0])[0], set(_NAME.findall(cells[1]))
        if cells[1].startswith("as a row of the list"):
            keys |= told["member list"]
        told[written] = keys
        names = {"MEMBER": year.summary.examples.member, "INVOICE": str(year.summary.examples.invoice)}
        found = json.loads(year.run([*(names.get(word, word) for word in written.split()), "--json"]).stdout)
        assert isinstance(found, list) is ("(rows)" in cells[0]), written
        for row in found if isinstance(found, list) else [found]:
            assert keys <= row.keys(), written


# the changelog ---------------------------------------------------------------------------------------


def test_the_changelog_tells_of_this_version() -> None:
    assert re.search(rf"^## {re.escape(__version__)}$", CHANGELOG, re.MULTILINE)


def test_the_changelog_gives_a_reason_for_every_dependency() -> None:
    declared = configparser.ConfigParser()
    declared.read(ROOT / "setup.cfg", encoding="utf-8")
    lines = [declared["options"]["install_requires"], *declared["options.extras_require"].values()]
    wanted = {re.split(r"[\[<>=~! ]", line)[0] for text in lines for line in text.split("\n") if line.strip()}
    reasons = {
        name: cells[1] for cells in rows(CHANGELOG, "Package", "Reason") for name in _NAME.findall(cells[0])
    }
    assert set(reasons) == wanted - {"dolibarr-loyalty"}
    assert all(len(reason) > 20 for reason in reasons.values())
