"""`init` and `config check`."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dolibarr_loyalty.cli import app
from dolibarr_loyalty.config import load

from .conftest import Shop


def init(folder: Path, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["--config", str(folder / "loyalty.toml"), "init", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_init_writes_what_config_check_accepts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = init(tmp_path, "--url", "https://erp.example.com", "--shop", "Café Sonne", "--language", "de")
    assert "loyalty.key" in told
    assert (tmp_path / "loyalty.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "loyalty.key").read_text().strip() not in told
    monkeypatch.setenv("DOLIBARR_API_KEY", "secret-api-key")
    config = load(tmp_path / "loyalty.toml", os.environ)
    assert (config.brand.shop_name, config.brand.language) == ("Café Sonne", "de")
    checked = CliRunner().invoke(app, ["--config", str(tmp_path / "loyalty.toml"), "config", "check"])
    assert checked.exit_code == 0
    assert "secret-api-key" not in checked.output


def test_init_takes_the_language_of_the_computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    init(tmp_path)
    assert "fidélité" in (tmp_path / "loyalty.toml").read_text(encoding="utf-8")


def test_a_dry_init_writes_nothing(tmp_path: Path) -> None:
    assert "Would write" in init(tmp_path, "--dry-run")
    assert list(tmp_path.iterdir()) == []


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "loyalty.toml").write_text("mine")
    assert "exists already" in init(tmp_path, code=2)
    assert "exists already" in init(tmp_path, "--dry-run", code=2)
    assert (tmp_path / "loyalty.toml").read_text() == "mine"


@pytest.mark.parametrize("wrong", [["--language", "it"], ["--preset", "starz"]])
def test_init_names_the_choices(tmp_path: Path, wrong: list[str]) -> None:
    assert "Choose one of" in init(tmp_path, *wrong, code=2)


def test_config_check_shows_what_a_preset_is_made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOLIBARR_API_KEY", "secret-api-key")
    init(tmp_path, "--preset", "stars", "--language", "de")
    checked = CliRunner().invoke(app, ["--config", str(tmp_path / "loyalty.toml"), "config", "check"])
    assert checked.exit_code == 0
    told = {line.strip().split("  ")[0]: line for line in checked.stdout.splitlines()}
    assert "double-monday" in told["Promotions"]
    assert "green, gold" in told["Tiers"]
    assert "stars" in told["Further points"]
    assert "Stamp cards" not in told


def test_init_writes_only_a_loyalty_toml(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["--config", str(tmp_path / "other.toml"), "init"])
    assert result.exit_code == 2


def test_the_settings_are_found_by_option_by_variable_and_in_the_folder(
    bare_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = CliRunner().invoke(app, ["config", "check"])
    assert nowhere.exit_code == 2
    assert "dolibarr-loyalty init" in nowhere.stderr
    named = CliRunner().invoke(app, ["config", "check"], env={"LOYALTY_CONFIG": str(bare_shop.config)})
    assert named.exit_code == 0
    monkeypatch.chdir(bare_shop.folder)
    assert CliRunner().invoke(app, ["config", "check"]).exit_code == 0


def test_config_check_as_json(bare_shop: Shop) -> None:
    found = bare_shop.run("config", "check", "--json").json
    assert found["file"] == str(bare_shop.config)
    assert found["mistakes"] == []


def test_config_check_tells_every_mistake(bare_shop: Shop) -> None:
    text = bare_shop.config.read_text(encoding="utf-8")
    bare_shop.config.write_text(text.replace("[brand]", '[brand]\nhat = "red"\n[hats]'), encoding="utf-8")
    ran = bare_shop.run("config", "check", "--json", code=2)
    assert {mistake["place"] for mistake in ran.json["mistakes"]} >= {"brand.hat", "hats"}
    assert "brand.hat" in ran.err
    assert "Traceback" not in ran.err
    assert bare_shop.run("config", "check", code=2).out == ""
    assert "brand.hat" in bare_shop.run("status", code=2).err


def test_config_check_shows_warnings_and_is_content(bare_shop: Shop) -> None:
    text = bare_shop.config.read_text(encoding="utf-8")
    bare_shop.config.write_text(text.replace('url = "http://', 'url = "http://user@', 1), encoding="utf-8")
    bare_shop.run("config", "check", code=2)
    bare_shop.config.write_text(text.replace("generic_customers", "#generic_customers"), encoding="utf-8")
    ran = bare_shop.run("config", "check")
    assert "can be used" in ran.out
    assert len(bare_shop.run("config", "check", "--json").json["warnings"]) == ran.err.count("Think about")
