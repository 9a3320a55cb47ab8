"""The rule of local time inside a feed: offset, and when summer time begins and ends, as four bytes each."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from dataclasses import dataclass
from typing import Final

import numpy as np

from mingdu.wire.exchange.series import Ints, Times

SECONDS_AN_HOUR: Final = 3600
NONE: Final = "FFFFFFFF"


@dataclass(frozen=True, slots=True)
class LocalTime:
    """
    LocalTimeParameters of a feed.

    zone_seconds         local standard time less UTC
    summer_seconds       added in summer, 0: no summer time
    summer_start, summer_end   rules of 32 bits as eight hexadecimal digits, see `moment_of`
    """

    zone_seconds: int
    summer_seconds: int = 0
    summer_start: str = NONE
    summer_end: str = NONE

    def offsets(self, seconds: Ints) -> Ints:
        """Return local time less UTC in minutes, int64 (value,), for seconds since 1970."""
        offsets = np.full(len(seconds), self.zone_seconds // 60, np.int64)
        if not self.summer_seconds or NONE in (self.summer_start, self.summer_end):
            return offsets
        standard = seconds + self.zone_seconds
        years = _years(standard)
        for year in np.unique(years):
            start = moment_of(self.summer_start, int(year))
            # The end is told by the clock that still shows summer time.
            end = moment_of(self.summer_end, int(year)) - self.summer_seconds
            within = (standard >= start) & (standard < end)
            # South of the equator summer goes over the end of the year.
            is_summer = within if start < end else (standard >= start) | (standard < end)
            offsets[(years == year) & is_summer] += self.summer_seconds // 60
        return offsets


def moment_of(rule: str, year: int) -> int:
    """
    When a rule strikes in a year, by the clock in force: seconds since 1970 as if that clock were UTC.

    rule     eight hexadecimal digits: month 4 bits, operator 3, day of the month 5, day of the week 3
             (1 = Monday … 7), hour 5, second of the hour 12
    raises   ValueError: no such rule

    Operator 0: on the day of the month; 1: first such day of the week on or after it; 2 … 6: first to fifth
    of the month; 7: last of the month. Source: NAESB REQ.21, DstRuleType.
    """
    bits = int(rule, 16)
    month, operator, day = bits >> 28, bits >> 25 & 7, bits >> 20 & 31
    weekday, hour, second = bits >> 17 & 7, bits >> 12 & 31, bits & 0xFFF
    date = _date(year, month, operator, (day, weekday))
    midnight = dt.datetime(date.year, date.month, date.day, tzinfo=dt.UTC)
    return int(midnight.timestamp()) + hour * SECONDS_AN_HOUR + second


def _date(year: int, month: int, operator: int, days: tuple[int, int]) -> dt.date:
    day, weekday = days
    if operator == 0:
        return dt.date(year, month, day)
    if not 1 <= weekday <= 7:
        raise ValueError(f"day of the week {weekday}")
    if operator == 7:
        last = dt.date(year, month, monthrange(year, month)[1])
        return last - dt.timedelta(days=(last.isoweekday() - weekday) % 7)
    first = dt.date(year, month, max(day, 1) if operator == 1 else 1)
    on_or_after = first + dt.timedelta(days=(weekday - first.isoweekday()) % 7)
    return on_or_after + dt.timedelta(weeks=max(operator - 2, 0))


def _years(seconds: Ints) -> Ints:
    times: Times = seconds.astype("datetime64[s]")
    return times.astype("datetime64[Y]").astype(np.int64) + 1970
