"""Dolibarr's kinds of time: true epochs, midnights of PHP's zone, and the database's shifted clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

TEXT = "%Y-%m-%d %H:%M:%S"
HALF_A_DAY = timedelta(hours=12)
QUARTER = 900
UNTOUCHED = 60
WIDEST = 14 * 3600
EPOCH = datetime.fromtimestamp(0, UTC)
LONGEST_AGO = -(10**11)  # more than three thousand years

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Zones:
    """The shop's zone, PHP's zone on Dolibarr's server, and that of its database; None while unknown."""

    shop: ZoneInfo
    php: tzinfo
    database: tzinfo | None

    def day(self, value: Any) -> date | None:
        """The day of a date field: an epoch of local midnight, or a text YYYY-MM-DD.

        Noon of that day is taken, so that a zone set wrong by some hours does not give the day before.
        """
        if isinstance(value, str) and len(value) >= 10 and value[4] == "-":
            return _or_none(lambda: date.fromisoformat(value[:10]))
        instant = self.instant(value)
        return (
            None if instant is None else _or_none(lambda: (instant + HALF_A_DAY).astimezone(self.php).date())
        )

    def birthday(self, value: Any) -> date | None:
        """The day of a birthday: as `day`, but also before 1970, where epochs are below zero.

        Nobody is born on 1 January 1970, whose epoch reads like 16's "none".
        """
        day = self.day(value)
        try:
            epoch = int(value)
        except (TypeError, ValueError):
            return day
        if day is not None or epoch > -WIDEST:
            return day
        midnight = timedelta(seconds=max(epoch, LONGEST_AGO))
        return _or_none(lambda: (EPOCH + midnight + HALF_A_DAY).astimezone(self.php).date())

    def instant(self, value: Any) -> datetime | None:
        """The instant of a true epoch or of a local text; None for null, "", 0 and -3600 (16's "none")."""
        if isinstance(value, str) and len(value) >= 19 and value[4] == "-":
            local = _or_none(lambda: datetime.strptime(value[:19], TEXT))
            return None if local is None else local.replace(tzinfo=self.php).astimezone(UTC)
        try:
            epoch = int(value)
        except (TypeError, ValueError):
            return None
        return _or_none(lambda: datetime.fromtimestamp(epoch, UTC)) if epoch > 0 else None

    def database_text(self, value: Any) -> str | None:
        """The text that the database holds for a modification epoch, to be used in filters on tms.

        PHP read the database's wall clock as its own (facts trap 9), so its own wall clock gives it back.
        """
        instant = self.instant(value)
        return None if instant is None else instant.astimezone(self.php).strftime(TEXT)

    def modified(self, value: Any) -> datetime | None:
        """The true instant of a modification epoch; None where the database's zone is not known."""
        text = self.database_text(value)
        if text is None or self.database is None:
            return None
        return datetime.strptime(text, TEXT).replace(tzinfo=self.database).astimezone(UTC)


def database_zone(pairs: list[tuple[int, int]], php: tzinfo) -> tzinfo | None:
    """The zone of the database's clock, told from (creation, modification) epochs of some objects.

    Untouched objects were modified when they were created; what lies between the two is the difference
    of the zones, in whole quarters of an hour. None when no object tells it.
    """
    if not pairs:
        return None
    created, modified = max(pairs, key=lambda pair: pair[0] - pair[1])
    shift = round((created - modified) / QUARTER) * QUARTER
    if abs(created - modified - shift) > UNTOUCHED or abs(shift) > WIDEST:
        return None
    if shift == 0:
        return php
    offset = datetime.fromtimestamp(created, UTC).astimezone(php).utcoffset() or timedelta()
    database = offset - timedelta(seconds=shift)
    return UTC if not database else timezone(database)


def shifted(text: str, by: timedelta) -> str:
    """A database text so much later or earlier."""
    return (datetime.strptime(text, TEXT) + by).strftime(TEXT)


def _or_none(make: Callable[[], T]) -> T | None:
    try:
        return make()
    except (ValueError, OverflowError, OSError):
        return None
