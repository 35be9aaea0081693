"""The accountant's reports as commands: tables, JSON, files, and what is said of wrong input."""

import csv
from pathlib import Path

import pytest

from tests.cli.conftest import Shop


def test_the_reports_of_a_shop(shop: Shop, tmp_path: Path) -> None:
    shop.redeemed()
    shop.run("deliver")
    told = shop.run("report", "liability", "--json", "--csv", tmp_path / "l.csv").json
    points = next(strand for strand in told["strands"] if strand["key"] == "points")
    assert points["whole"]["closing"] == points["left"] - points["debt"] == 52  # 90 and 12 earned, 50 spent
    assert "points" in shop.run("report", "liability").out
    rows = list(csv.DictReader((tmp_path / "l.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["strand"] for row in rows} == {"points", "free:payment:EUR"}
    register = shop.run("report", "register", "--json", "--csv", tmp_path / "r.csv").json
    assert [line["left"] for line in register["vouchers"]] == [5]
    assert "left €5.00" in shop.run("report", "register").out
    assert "IV R 20/19" in shop.run("report", "provision").out
    assert shop.run("report", "provision", "--json").json["items"][0]["method"] == "all"
    assert shop.run("report", "deferral", "--json").json[-1]["closing"] >= 0
    assert "Points granted" in shop.run("report", "deferral", "--sales", "1000").out
    assert shop.run("report", "journal", "--json").json["lines"][0]["account"] == "6815"
    assert "Provision" in shop.run("report", "journal", "--everything", "--csv", tmp_path / "j.csv").out


@pytest.mark.parametrize("report", ["register", "liability", "provision"])
@pytest.mark.parametrize("language", ["de", "en", "fr"])
def test_a_report_is_printed_in_each_language(shop: Shop, tmp_path: Path, report: str, language: str) -> None:
    shop.redeemed()
    file = tmp_path / f"{report}.pdf"
    shop.run("report", report, "--pdf", file, "--language", language)
    assert file.read_bytes().startswith(b"%PDF")
    assert list(tmp_path.glob(".*pdf*")) == []


def test_datev_and_fec_ask_for_their_numbers(shop: Shop, tmp_path: Path) -> None:
    assert "accounting.datev_consultant" in shop.run("report", "journal", "--datev", tmp_path, code=2).err
    assert "accounting.siren" in shop.run("report", "journal", "--fec", tmp_path, code=2).err
    numbers = '\n[accounting]\ndatev_consultant = 1001\ndatev_client = 1\nsiren = "732829320"\n'
    text = shop.config.read_text(encoding="utf-8").replace("\n[accounting]\n", numbers)
    shop.config.write_text(text, encoding="utf-8")
    shop.run("report", "journal", "--datev", tmp_path, "--fec", tmp_path)
    assert {file.suffix for file in tmp_path.glob("*FEC*")} == {".txt"}
    assert len(list(tmp_path.glob("EXTF_*.csv"))) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["liability", "--until", "2999-01-01"], "is in the future"),
        (["liability", "--from", "soon"], "is no day"),
        (["liability", "--from", "2026-02-01", "--until", "2026-01-01"], "before it begins"),
        (["register", "--state", "lost"], "There are: pending"),
        (["deferral", "--sales", "much"], "is no amount"),
        (["register", "--csv", "/nowhere/at/all.csv"], "Name another place"),
        (["register", "--pdf", "/tmp/x.pdf", "--language", "it"], "There are: de, en, fr"),
    ],
)
def test_wrong_input_is_told(shop: Shop, arguments: list[str], said: str) -> None:
    assert said in shop.run("report", *arguments, code=2).err
