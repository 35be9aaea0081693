"""What is printed: JSON that scripts can read anywhere, tables that nothing can break."""

import io
import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from rich.console import Console

from dolibarr_loyalty.cli import main, output, setup


def test_json_has_numbers_instants_and_days(capsys: pytest.CaptureFixture[str]) -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    output.show_json([Decimal("12.50"), Decimal("100"), noon, date(2026, 11, 21), "é"])
    told = capsys.readouterr().out
    assert '12.5,\n  100,\n  "2026-11-21T12:00:00.000000Z",\n  "2026-11-21",\n  "é"' in told


def test_json_is_ascii_where_the_screen_is(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", screen)
    output.show_json("é")
    screen.flush()
    buffer = screen.buffer
    assert isinstance(buffer, io.BytesIO)
    assert buffer.getvalue() == b'"\\u00e9"\n'


def test_json_refuses_what_it_does_not_know() -> None:
    with pytest.raises(TypeError):
        output.show_json(object())


def test_a_bar_moves_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(
        output, "_console", lambda stderr: Console(file=screen, force_terminal=True, width=80)
    )
    with output.progress_bar() as progress:
        progress("documents", 500)
        progress("documents", 1000)
    assert "documents" in screen.getvalue()


def test_signs_a_screen_lacks_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "argv", ["dolibarr-loyalty", "--version"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert screen.errors == "replace"


def test_a_person_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert setup.who().startswith("user ")


def test_a_narrow_table_breaks_long_texts_and_cuts_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "WIDE", 60)
    use = "01a20107-c669-7ed2-8016-431b97588ccc"
    show = ("On", ">Points", "For", "Id"), [("25/03/2026", "1,234", "a parcel of week 17", use)]
    output.show_table(*show)
    printed = capsys.readouterr().out
    assert "25/03/2026" in printed
    assert "1,234" in printed
    assert "…" not in printed
    assert use[-8:-4] in printed
