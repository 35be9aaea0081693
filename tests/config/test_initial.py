"""The first loyalty.toml loads as it is, explains every setting, and says any program back."""

import re
import tomllib
from dataclasses import fields
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest

from dolibarr_loyalty.config import Answers, SecretFrom, load, write_initial
from dolibarr_loyalty.config.loading import SECTIONS
from dolibarr_loyalty.config.presets import PRESETS
from dolibarr_loyalty.config.program_reading import PROGRAM_LISTS, PROGRAM_OPTIONS, PROGRAM_TABLES
from dolibarr_loyalty.config.program_tables import ProgramTable
from dolibarr_loyalty.config.tier_tables import TierTable
from dolibarr_loyalty.config.toml_text import toml_value
from dolibarr_loyalty.core.program import Cap, Exclusions, Membership, Program, Reward, Rule, VoucherTerms
from dolibarr_loyalty.core.terms import Expiry, Match, Window
from dolibarr_loyalty.errors import ConfigurationError
from dolibarr_loyalty.locales import LANGUAGES, Language
from dolibarr_loyalty.resources import folder as resource_folder

ENV = {"DOLIBARR_API_KEY": "key", "DOLIBARR_ADMIN_KEY": "key", "MAIL_PASSWORD": "key"}
PNG = b"\x89PNG\r\n\x1a\n"

ALL_TABLES = {
    **SECTIONS,
    "program": ProgramTable,
    **{
        f"program.{name}": table for name, table in (PROGRAM_TABLES | PROGRAM_OPTIONS | PROGRAM_LISTS).items()
    },
    "program.tiers.tier": TierTable,
}

RICH = Program(
    name='Club "Süß"',
    currency="CHF",
    zone="Europe/Zurich",
    earn_on="each_payment",
    basis="net",
    rounding="half_up",
    multipliers="product",
    rules=(
        Rule(id="base", points=Decimal("1.5"), per=Decimal("2.50")),
        Rule(id="stamp", kind="unit", points=Decimal(1), match=Match(products=("coffee",), types=("goods",))),
        Rule(id="visit", kind="visit", points=Decimal(3), minimum_amount=Decimal("9.90"), priority=2),
        Rule(
            id="night",
            kind="multiply",
            factor=Decimal("2.5"),
            match=Match(tags=("bio", "fair")),
            window=Window(
                from_day=date(2026, 12, 1),
                until_day=date(2027, 1, 6),
                weekdays=(4, 5),
                from_time=time(22),
                until_time=time(2),
            ),
            minimum_quantity=Decimal(2),
            combinable=False,
        ),
        Rule(id="late", kind="multiply", factor=Decimal(2), window=Window(from_time=time(18, 30))),
        Rule(id="early", kind="multiply", factor=Decimal(3), window=Window(until_time=time(9))),
    ),
    caps=(Cap(period="day", points=100), Cap(period="ever", points=500, rule="stamp")),
    max_balance=5000,
    program_cap=100000,
    exclusions=Exclusions(
        match=(
            Match(products=("bag",)),
            Match(tags=("sale",)),
            Match(types=("service",)),
            Match(tags=("wine",), types=("goods",)),
        ),
        discounted_lines=True,
        gift_cards=("gift",),
        channels=("takepos",),
    ),
    early_payment_discount="full",
    standalone_credit_notes="ignore",
    vouchers_earn=True,
    holding_days=14,
    expiry=Expiry(model="activity", months=40, days=3, round_up="half_year", counted_from="available"),
    debt_limit=200,
    reinstatement_days=10,
    starts_on=date(2026, 1, 1),
    backfill=False,
    point_value=Decimal("0.025"),
    rewards=(
        Reward(
            id="five", kind="amount", points=50, value=Decimal("5.50"), names=(("de", "Fünf"), ("fr", "Cinq"))
        ),
        Reward(
            id="tenth", kind="percent", points=80, value=Decimal(10), limit=Decimal("30.00"), per_member=2
        ),
        Reward(id="cup", kind="product", points=9, product="COFFEE", limit=Decimal(4), valid_months=48),
    ),
    vouchers=VoucherTerms(
        accounting="credit_note",
        vat_rate=Decimal("8.1"),
        valid_months=60,
        round_up="quarter",
        return_points_on_expiry=True,
    ),
    membership=Membership(enrol="tag", tag="club", excluded_tags=("staff",), generic_customers=(7, 8)),
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_file_loads_at_once_without_mistakes_or_warnings(
    tmp_path: Path, language: Language
) -> None:
    config = load(write_initial(tmp_path, language=language), ENV)
    assert config.warnings == ()
    assert config.brand.language == language
    assert config.program.rules == (Rule(id="base", points=Decimal(1), per=Decimal(10)),)
    assert len(config.program.rewards) == 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_stands_in_the_first_file(tmp_path: Path, language: Language) -> None:
    text = write_initial(tmp_path, language=language).read_text(encoding="utf-8")
    standing: dict[str, set[str]] = {}
    table = ""
    for line in text.splitlines():
        if header := re.fullmatch(r"#?\[\[?([a-z_.]+)\]\]?", line):
            table = header[1]
        elif key := re.match(r"#?([a-z_]+) = ", line):
            standing.setdefault(table, set()).add(key[1])
    wanted = {name: {field.name for field in fields(schema)} for name, schema in ALL_TABLES.items()}
    wanted["program.tiers"].remove("tier")  # a table of its own
    assert standing == wanted


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_switched_off_setting_may_be_switched_on(
    tmp_path: Path, language: Language, preset: str
) -> None:
    file = write_initial(tmp_path, language=language, preset=preset)
    (tmp_path / "logo.png").write_bytes(PNG)
    switched_on = re.sub(r"(?m)^#(?=[a-z_\[])", "", file.read_text(encoding="utf-8"))
    file.write_text(switched_on, encoding="utf-8")
    config = load(file, ENV)
    earning = {"evening-coffee", "per-piece", "happy-hour", "double-days", "monthly-hundred", "tea-card"}
    assert earning <= {rule.id for rule in config.program.rules}
    assert {"circle"} <= {group.id for group in config.program.tier_groups}
    assert config.brand.point_names["de"] == ("Stern", "Sterne")
    assert config.warnings == ()


def test_the_comments_of_all_languages_speak_of_the_same_settings() -> None:
    folder = resource_folder("templates") / "config"
    comments = {
        language: tomllib.loads((folder / f"comments.{language}.toml").read_text(encoding="utf-8"))
        for language in LANGUAGES
    }
    used = set(
        re.findall(r'(?:note|setting)\("([^"]+)"[,)]', (folder / "loyalty.toml.j2").read_text("utf-8"))
    )
    used |= {f"preset.{name}" for name in PRESETS}
    for texts in comments.values():
        assert set(texts) == used
        assert all(text.strip() for text in texts.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_shown_defaults_are_the_true_ones(tmp_path: Path, language: Language) -> None:
    """A switched-off line whose comment names a default shows that default, and it is the setting's own."""
    text = write_initial(tmp_path, language=language).read_text(encoding="utf-8")
    said = re.compile(
        r"(?:Default|Üblich|Par défaut) (?:[\"«]\s?)?([\w.\"]+?)(?:\s?[\"»])?(?: \([^)]*\))?\.$"
    )
    table, comment, checked = "", "", 0
    for line in text.splitlines():
        if line.startswith("# "):
            comment = f"{comment} {line[2:]}".strip()
            continue
        if header := re.fullmatch(r"#?\[\[?([a-z_.]+)\]\]?", line):
            table = header[1]
        elif (key := re.match(r"#?([a-z_]+) = ", line)) and (named := said.search(comment)):
            default = next(f for f in fields(ALL_TABLES[table]) if f.name == key[1]).default
            default = getattr(default, "default", default)
            if default is not None:
                assert named[1].strip('"') == str(toml_value(default)).strip('"'), (line, comment)
                checked += 1
        comment = ""
    assert checked > 60


def test_any_program_comes_back_as_it_was(tmp_path: Path) -> None:
    file = write_initial(tmp_path, language="en", answers=Answers(program=RICH))
    assert load(file, ENV).program == RICH


def test_answers_stand_in_the_file(tmp_path: Path) -> None:
    answers = Answers(
        dolibarr_url="http://127.0.0.1:8080",
        api_key=SecretFrom(file="secrets/dolibarr_api_key", value="the-key"),
        admin_key=SecretFrom(value="plain-admin-key"),
        dolibarr_user_id=3,
        database_url="postgresql://loyalty@127.0.0.1/loyalty",
        mail_kind="smtp",
        mail_host="smtp.example.com",
        mail_port=465,
        mail_tls="tls",
        mail_user="me",
        mail_password=SecretFrom(env="MAIL_PASSWORD"),
        sender_address="shop@example.com",
        sender_name="Café",
        shop_name='Café "Soleil"\\',
        shop_language="fr",
        address_form="informal",
        colour="#ABCDEF",
        website="https://cafe.example.com/",
        legal=("Café Soleil", "Paris"),
        point_names={"fr": ("soleil", "soleils")},
        member_page_url="https://cafe.example.com/m/{member}",
        web_host="0.0.0.0",
        web_port=9000,
        sync_interval_seconds=5,
        program_name="Club",
        currency="CHF",
        zone="Europe/Zurich",
    )
    config = load(write_initial(tmp_path, language="de", answers=answers), ENV)
    assert config.dolibarr.api_key.reveal() == "the-key"
    assert (tmp_path / "secrets" / "dolibarr_api_key").stat().st_mode & 0o777 == 0o600
    assert config.dolibarr.admin_key is not None
    assert config.dolibarr.admin_key.reveal() == "plain-admin-key"
    assert config.dolibarr.user_id == 3
    assert config.database.url.reveal() == answers.database_url
    assert (config.mail.host, config.mail.port, config.mail.tls) == ("smtp.example.com", 465, "tls")
    assert config.mail.password is not None
    assert config.brand.shop_name == answers.shop_name
    assert (config.brand.language, config.brand.address_form) == ("fr", "informal")
    assert (config.brand.colour, config.brand.website) == ("#abcdef", "https://cafe.example.com")
    assert (config.brand.legal, config.brand.point_names) == (answers.legal, {"fr": ("soleil", "soleils")})
    assert config.screens.member_page_url == answers.member_page_url
    assert (config.web.host, config.web.port, config.sync.interval_seconds) == ("0.0.0.0", 9000, 5)
    assert (config.program.name, config.program.currency, config.program.zone) == (
        "Club",
        "CHF",
        "Europe/Zurich",
    )
    assert config.warnings == ()


def test_a_mail_folder_may_be_the_answer(tmp_path: Path) -> None:
    answers = Answers(mail_kind="maildir", mail_folder="sent", sender_address="shop@example.com")
    config = load(write_initial(tmp_path, language="en", answers=answers), ENV)
    assert config.mail.folder == tmp_path / "sent"


def test_nothing_that_exists_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "loyalty.key").write_text("old key")
    file = write_initial(tmp_path, language="en")
    assert (tmp_path / "loyalty.key").read_text() == "old key"
    before = file.read_text()
    with pytest.raises(ConfigurationError, match="exists already"):
        write_initial(tmp_path, language="de")
    assert file.read_text() == before


def test_the_files_of_init_are_private_and_its_keys_new(tmp_path: Path) -> None:
    keys = set()
    for name in ("one", "two"):
        file = write_initial(tmp_path / name, language="en")
        for written in (file, file.parent / "loyalty.key", file.parent / "secrets" / "webhook_token"):
            assert written.stat().st_mode & 0o777 == 0o600
        keys.add((file.parent / "loyalty.key").read_text())
        keys.add((file.parent / "secrets" / "webhook_token").read_text())
    assert len(keys) == 4


def test_an_unknown_preset_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Choose one of: points, tiers, stamps"):
        write_initial(tmp_path, language="en", preset="starz")
    assert not list(tmp_path.iterdir())


def test_only_what_toml_knows_can_be_written() -> None:
    with pytest.raises(TypeError, match="no TOML for object"):
        toml_value(object())
    assert toml_value({}) == "{}"
    assert tomllib.loads(f"x = {toml_value('a' + chr(127) + chr(7))}") == {"x": "a\x7f\x07"}
