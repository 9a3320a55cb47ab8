"""Days and quarter hours of the town, counted from its first day by the meters' clock (Asia/Shanghai)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from mingdu.core.types import Ints

ZONE = ZoneInfo("Asia/Shanghai")
INTERVALS = 96
INTERVAL_MINUTES = 15


@dataclass(frozen=True)
class Span:
    """The days in which the town lives, both ends included. Its zone has no daylight saving: 96 intervals."""

    first_day: date
    last_day: date

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.last_day - self.first_day).days + 1

    def offset(self, day: date) -> int:
        """Return how many days `day` lies after the first."""
        return (day - self.first_day).days

    def day(self, offset: int) -> date:
        """Return the day `offset` days after the first."""
        return self.first_day + timedelta(days=offset)

    def time(self, interval: int) -> datetime:
        """Return the start of an interval counted from the first midnight, as an aware local time."""
        midnight = datetime.combine(self.first_day, datetime.min.time(), ZONE)
        return midnight + timedelta(minutes=INTERVAL_MINUTES * interval)

    def interval(self, at: datetime) -> int:
        """Return the latest whole quarter hour at an aware time, counted from the first midnight."""
        return (at - self.time(0)) // timedelta(minutes=INTERVAL_MINUTES)

    def ordinals(self) -> Ints:
        """Return the proleptic ordinals of all days, int64 (day,)."""
        first = self.first_day.toordinal()
        return np.arange(first, first + self.days, dtype=np.int64)

    def billed_month(self) -> int:
        """Return the offset of the first day that lies in the month of the last day."""
        return max(0, self.offset(self.last_day.replace(day=1)))

    def months(self) -> list[tuple[str, int, int]]:
        """Return every month as (`YYYY-MM`, first offset, offset after the last)."""
        names = [f"{self.day(offset):%Y-%m}" for offset in range(self.days)]
        return [
            (name, names.index(name), names.index(name) + names.count(name)) for name in sorted(set(names))
        ]
