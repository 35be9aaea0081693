"""sqlfilters: what matches, and what each version answers to what it cannot read."""

from __future__ import annotations

from typing import Any

import pytest

from dolibarr_loyalty.sandbox.filters import Grammar
from dolibarr_loyalty.sandbox.refusals import Refusal

ROW: dict[str, Any] = {
    "rowid": 7,
    "ref": "FA2611-0001",
    "ref_ext": None,
    "total_ttc": "54.28000000",
    "paye": 1,
    "tms": "2026-11-21 19:38:02",
    "datef": "2026-11-21",
}


def grammar(version: str) -> Grammar:
    return Grammar(version=version, columns={"t": tuple(ROW)}, complaint="Error when retrieve invoice list")


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("(t.rowid:=:7)", True),
        ("(t.rowid:in:1,7)", True),
        ("(t.rowid:>:7)", False),
        ("(t.ref:like:'fa%')", True),
        ("(t.ref:notlike:'FA%')", False),
        ("(t.ref:=:'fa2611-0001')", True),
        ("(t.ref_ext:is:null)", True),
        ("(t.ref_ext:<>:'x')", False),
        ("(t.total_ttc:>:54.2)", True),
        ("(t.total_ttc:=:'54.28')", True),
        ("(t.tms:>=:'2026-11-21 19:38:02')", True),
        ("(t.tms:>:'20261121193802')", False),
        ("(t.tms:>:'2026-11-21')", True),
        ("(t.tms:>:1795285000)", True),
        ("(t.datef:>=:'2026-11-22')", False),
        ("((t.rowid:=:1) or (t.rowid:=:7)) and (t.paye:=:1)", True),
        ("(t.rowid:=:1) or (t.rowid:=:7) and (t.paye:=:0)", False),
    ],
)
@pytest.mark.parametrize("version", ["16", "23"])
def test_a_filter_matches_as_mariadb_would(version: str, text: str, matches: bool) -> None:
    assert grammar(version).parse(text).test(ROW) is matches


@pytest.mark.parametrize(
    ("version", "text", "status", "words"),
    [
        ("23", "(t.rowid:>:2", 400, "Wrong balance of parenthesis"),
        ("23", "(t.ref:=:'a(b)')", 400, "Bad syntax of the search string"),
        ("23", "(t.rowid:between:1,2)", 400, "Bad syntax of the search string"),
        ("16", "(t.rowid:between:1,2)", 503, "error in your SQL syntax"),
        ("16", "(t.ref:=:'a(b)')", 503, "error in your SQL syntax"),
        ("16", "(t.rowid:notin:1,2)", 503, "error in your SQL syntax"),
        ("23", "(t.nosuch:=:1)", 503, "Unknown column 't.nosuch' in 'WHERE'"),
        ("16", "(ef.x:=:1)", 503, "Unknown column 'ef.x' in 'WHERE'"),
    ],
)
def test_a_bad_filter_is_refused_in_the_words_of_its_version(
    version: str, text: str, status: int, words: str
) -> None:
    with pytest.raises(Refusal) as refused:
        grammar(version).parse(text)
    assert refused.value.status == status
    assert words in refused.value.sentence


@pytest.mark.parametrize(
    ("version", "matches"), [("16", False), ("23", True)], ids=["matches nothing on 16", "works on 23"]
)
def test_unequal_with_text(version: str, matches: bool) -> None:
    assert grammar(version).parse("(t.ref:!=:'x')").test(ROW) is matches


def test_a_backfill_starts_behind_its_last_id() -> None:
    assert grammar("23").parse("(t.rowid:>:41) and (t.paye:=:1)").above() == 41
    assert grammar("23").parse("(t.rowid:>:41) or (t.paye:=:1)").above() is None
