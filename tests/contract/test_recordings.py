"""The stand-in answers the lab's recorded day as both real versions did."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from dolibarr_loyalty.sandbox import Dolibarr, running
from dolibarr_loyalty.sandbox.receiver import receivers

from .replaying import CHRONICLE, Exchange, Outcome, Replay, exchanges
from .shapes import deviations

_EXPLORER = "the API explorer is a page for people; the extension never opens it"
_OTHER_MODULE = "a module the extension does not use"
_RIGHTS_TREE = "the tree of rights is not modelled; the extension learns its rights by trying"
_XML = "the extension asks for JSON only"
_DUMP = "23 shows the file's cached PHP object with private members; the extension reads names only"
_CUT = "kept as three of many modules in the recording"
_ECHO = "16 echoes the card in another form when an extrafield is no number; that nothing is stored is tested"

SKIPPED: dict[tuple[str, str, int], str] = {
    ("both", "a_auth_errors", 31): _EXPLORER,
    ("both", "a_auth_errors", 32): _EXPLORER,
    ("both", "h_pos_and_misc", 11): _XML,
    ("both", "i_setup", 22): _RIGHTS_TREE,
    ("both", "i_setup", 24): _OTHER_MODULE,
    ("23", "i_setup", 36): _CUT,
    ("23", "k_misc", 45): _OTHER_MODULE,
    ("23", "g_documents", 10): _DUMP,
    ("16", "c_extrafield_values", 12): _ECHO,
}
"""Exchanges of calls the extension does not use, with the reason."""

VERSIONS = ("16", "23")
ALL = [exchange for version in VERSIONS for name in CHRONICLE for exchange in exchanges(version, name)]


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[tuple[str, str, int], Outcome]]:
    """Both days played once; each test looks at one answer."""
    answers: dict[tuple[str, str, int], Outcome] = {}
    for version in VERSIONS:
        dolibarr = Dolibarr(version=version, furnished=version == "23")
        with running(dolibarr) as url, receivers() as targets:
            replay = Replay(dolibarr, url, targets)
            for exchange in (one for one in ALL if one.version == version):
                answers[version, exchange.recording, exchange.place] = replay.send(exchange)
    yield answers


def reason_to_skip(exchange: Exchange) -> str | None:
    """Why an exchange is not compared."""
    for version in (exchange.version, "both"):
        reason = SKIPPED.get((version, exchange.recording, exchange.place))
        if reason:
            return reason
    return None


@pytest.mark.parametrize("exchange", ALL, ids=lambda exchange: exchange.name)
def test_an_exchange_ends_as_recorded(
    exchange: Exchange, outcomes: dict[tuple[str, str, int], Outcome]
) -> None:
    if reason := reason_to_skip(exchange):
        pytest.skip(reason)
    ours = outcomes[exchange.version, exchange.recording, exchange.place]
    assert ours.status == exchange.recorded["status"], ours.text[:600]
    if "content_type" in exchange.recorded and ours.text:
        assert ours.content_type.lower() == exchange.recorded["content_type"].lower()
    if "json" in exchange.recorded:
        assert list(_compared(exchange, ours)) == []
    elif "text" in exchange.recorded:
        assert _opening(ours.text) == _opening(exchange.recorded["text"])


def _compared(exchange: Exchange, ours: Outcome) -> Iterator[str]:
    recorded = exchange.recorded["json"]
    if isinstance(recorded, dict) and "error" in recorded:
        yield from _errors(recorded["error"], (ours.json or {}).get("error"))
        return
    lists_of_the_lab = isinstance(recorded, list) and not exchange.request["path"].startswith(
        "/thirdparties/"
    )
    yield from deviations(recorded, ours.json, values=not lists_of_the_lab)


def _errors(recorded: dict[str, Any], ours: dict[str, Any] | None) -> Iterator[str]:
    if ours is None or set(recorded) != set(ours):
        yield f"{recorded} recorded, {ours} here"
        return
    for key in recorded:
        if _opening(str(recorded[key])) != _opening(str(ours[key])):
            yield f"{key}: {recorded[key]} recorded, {ours[key]} here"


def _opening(text: str) -> str:
    """A message without ids, clocks and MariaDB's view of where a statement broke."""
    start = text.split("use near")[0]
    return re.sub(r"\d+", "N", start.split("<b>Date")[0].split("paramkey")[0])[:300]
