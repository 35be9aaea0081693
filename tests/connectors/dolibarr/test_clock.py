"""Dolibarr's kinds of time."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dolibarr_loyalty.connectors.dolibarr.clock import Zones, database_zone, shifted
from dolibarr_loyalty.connectors.dolibarr.loose import plain, sendable, whole

from .conftest import PARIS

ZONES = Zones(shop=PARIS, php=PARIS, database=UTC)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (1699916400, date(2023, 11, 14)),
        ("1699916400", date(2023, 11, 14)),
        ("2026-11-21", date(2026, 11, 21)),
        ("2026-11-21 20:33:09", date(2026, 11, 21)),
        (1774738800, date(2026, 3, 29)),
        ("2026-13-45", None),
        (10**18, None),
        (-3600, None),
        ("", None),
        (None, None),
    ],
)
def test_a_date_is_a_local_midnight_or_a_text(value: Any, day: date | None) -> None:
    assert ZONES.day(value) == day


def test_a_zone_set_wrong_by_some_hours_gives_the_same_day() -> None:
    for name in ("UTC", "America/New_York", "Asia/Tokyo"):
        wrong = Zones(shop=PARIS, php=ZoneInfo(name), database=UTC)
        assert wrong.day(1699916400) == date(2023, 11, 14)


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        (1795289590, datetime(2026, 11, 21, 19, 33, 10, tzinfo=UTC)),
        ("2026-11-21 20:33:10", datetime(2026, 11, 21, 19, 33, 10, tzinfo=UTC)),
        ("2026-99-21 20:33:10", None),
        (-3600, None),
        (0, None),
    ],
)
def test_an_instant_is_an_epoch_or_a_local_text(value: Any, instant: datetime | None) -> None:
    assert ZONES.instant(value) == instant


def test_a_modification_is_written_by_the_database_and_read_by_php() -> None:
    assert ZONES.database_text(1795285990) == "2026-11-21 19:33:10"
    assert ZONES.modified(1795285990) == datetime(2026, 11, 21, 19, 33, 10, tzinfo=UTC)
    assert ZONES.modified("") is None
    assert Zones(shop=PARIS, php=PARIS, database=None).modified(1795285990) is None


@pytest.mark.parametrize(
    ("pairs", "zone"),
    [
        ([], None),
        ([(1795289590, 1795289590)], PARIS),
        ([(1795289590, 1795285991), (1795289590, 1795285990), (1795289590, 1795380000)], UTC),
        ([(1795289590, 1795289590 - 7200)], timezone(timedelta(hours=-1))),
        ([(1795289590, 1795289590 + 90 * 86400)], None),
        ([(1795289590, 1795285990 + 2400)], None),
    ],
    ids=["nothing to tell by", "the same", "UTC", "another", "touched much later", "touched a little later"],
)
def test_the_zone_of_the_database_is_told_from_untouched_objects(pairs: Any, zone: Any) -> None:
    assert database_zone(pairs, PARIS) == zone


def test_a_database_text_is_moved() -> None:
    assert shifted("2026-11-21 00:00:30", -timedelta(seconds=60)) == "2026-11-20 23:59:30"


@pytest.mark.parametrize(
    ("value", "number"), [("12", 12), (12, 12), ("0", None), ("", None), (None, None), ([], None)]
)
def test_zero_and_nothing_are_no_id(value: Any, number: int | None) -> None:
    assert whole(value) == number


@pytest.mark.parametrize(
    ("value", "text"), [(" a  b ", "a b"), (5, "5"), (None, ""), ([], ""), ("a\u0000b", "a b")]
)
def test_text_is_one_clean_line(value: Any, text: str) -> None:
    assert plain(value) == text


def test_text_is_made_storable() -> None:
    assert sendable("🥇 Gold\nÉté  \x07", 50) == "Gold\nÉté"
    assert sendable("abc def", 4) == "abc"
