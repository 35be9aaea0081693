"""One small year, played once for all tests that look at its result."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dolibarr_loyalty.demo.playing import played
from dolibarr_loyalty.demo.summary import Summary

SEED, SCALE = 3, 0.02
NOW = datetime.now(UTC)  # tests may run over midnight, which makes another year


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """The summary of a small demo whose stand-in has been stopped again."""
    folder = tmp_path_factory.mktemp("demo") / "shop"
    with played(folder, seed=SEED, scale=SCALE, present=NOW) as result:
        return result.summary


@pytest.fixture
def folder(year: Summary) -> Path:
    return year.folder


@pytest.fixture
def summary(year: Summary) -> dict[str, Any]:
    return year.as_json()
