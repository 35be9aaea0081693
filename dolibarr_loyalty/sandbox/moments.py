"""Two clocks of one shop: PHP writes local time, the database stamps `tms` in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

FORM = "%Y-%m-%d %H:%M:%S"


class Moments:
    """Conversions between Dolibarr's columns and the epoch numbers of its REST answers."""

    def __init__(self, timezone: str) -> None:
        self.zone = ZoneInfo(timezone)
        self.name = timezone
        self.epoch = lru_cache(maxsize=50_000)(self._epoch)

    def _epoch(self, text: str) -> int:
        """Epoch of a column's text read in PHP's zone; a `tms` read this way is shifted (trap 9)."""
        return int(datetime.fromisoformat(text).replace(tzinfo=self.zone).timestamp())

    def epoch_or(self, text: str | None, missing: Any = "") -> Any:
        """Epoch, or what this Dolibarr shows for a missing date."""
        return self.epoch(text) if text else missing

    def local_text(self, moment: datetime) -> str:
        """What PHP writes into a datetime column."""
        return moment.astimezone(self.zone).strftime(FORM)

    def database_text(self, moment: datetime) -> str:
        """What the database's own clock (UTC) stamps."""
        return moment.astimezone(UTC).strftime(FORM)

    def read(self, value: Any) -> datetime | None:
        """A date a client sent: epoch, 'YYYY-MM-DD', local date and time, or ISO with an offset."""
        if value in (None, "", 0, "0"):
            return None
        text = str(value).strip()
        if text.lstrip("-").isdigit() and len(text) != 8:
            return datetime.fromtimestamp(int(text), self.zone)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        return moment.replace(tzinfo=self.zone) if moment.tzinfo is None else moment.astimezone(self.zone)

    def read_day(self, value: Any) -> str | None:
        """The local calendar day of a date a client sent."""
        if isinstance(value, datetime):
            return self.local_text(value)[:10]
        if isinstance(value, date):
            return value.isoformat()
        moment = self.read(value)
        return None if moment is None else self.local_text(moment)[:10]

    def read_time(self, value: Any) -> str | None:
        """The local date and time of a date a client sent."""
        if isinstance(value, datetime):
            return self.local_text(value)
        if isinstance(value, date):
            return datetime.combine(value, time()).strftime(FORM)
        moment = self.read(value)
        return None if moment is None else self.local_text(moment)
