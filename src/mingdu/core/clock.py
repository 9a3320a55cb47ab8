"""Civil days, their intervals and their midnights in the utility's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from mingdu.core.types import Ints, Times
from mingdu.errors import TradeError

MICROSECONDS_PER_MINUTE = 60_000_000
# Intervals [min] that a curve may have: those that divide the hour.
INTERVALS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
_EPOCH_DAY = date(1970, 1, 1).toordinal()


class BadInterval(TradeError):
    """An interval that does not divide the hour, or a day that is no whole number of intervals."""

    next_step = "use 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60 minutes, as the channel's profile says"


def day_number(day: date) -> int:
    """Number a civil day: days since 1970-01-01, as stored."""
    return day.toordinal() - _EPOCH_DAY


def day_of(number: int) -> date:
    """Return the civil day of a stored day number."""
    return date.fromordinal(number + _EPOCH_DAY)


def civil_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the civil day in which an aware instant falls."""
    return instant.astimezone(zone).date()


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """
    Return first and past-the-end instant of a civil day, in UTC; the period is half-open.

    The day has 23 or 25 hours when the zone changes its clocks. Where clocks jump over midnight
    the day begins at the jump.
    """
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def freeze_instant(day: date, zone: ZoneInfo) -> datetime:
    """Return when the midnight freeze (零点冻结) of a day is taken: the end of the day before it, in UTC."""
    return _midnight(day, zone)


def day_closed_by_freeze(day: date) -> date:
    """Return the day whose final state the midnight freeze of `day` holds: the day before."""
    return day - timedelta(days=1)


def points_in_day(day: date, zone: ZoneInfo, interval_minutes: int) -> int:
    """
    Count the intervals of a civil day: 96 of 15 minutes, 92 or 100 on days that change the clocks.

    raises  BadInterval
    """
    if interval_minutes not in INTERVALS:
        raise BadInterval(f"an interval of {interval_minutes} minutes", interval_minutes=interval_minutes)
    begin, end = day_bounds(day, zone)
    points, rest = divmod((end - begin) // timedelta(minutes=1), interval_minutes)
    if rest:
        raise BadInterval(
            f"{day} in {zone.key} is no whole number of {interval_minutes}-minute intervals",
            day=day.isoformat(),
            zone=zone.key,
            interval_minutes=interval_minutes,
        )
    return points


def interval_starts(day: date, zone: ZoneInfo, interval_minutes: int) -> Times:
    """
    Return the start of every interval of a civil day; the start is the interval's label.

    returns  datetime64[us] (point,)  UTC
    raises   BadInterval
    """
    points = points_in_day(day, zone, interval_minutes)
    begin = np.datetime64(_midnight(day, zone).replace(tzinfo=None), "us")
    return begin + np.arange(points) * np.timedelta64(interval_minutes * MICROSECONDS_PER_MINUTE, "us")


def hours_of_points(day: date, zone: ZoneInfo, interval_minutes: int) -> Ints:
    """
    Return the civil hour 0…23 of every interval; on a 25-hour day one hour appears twice.

    returns  int64 (point,)
    raises   BadInterval
    """
    begin = _midnight(day, zone)
    step = timedelta(minutes=interval_minutes)
    points = points_in_day(day, zone, interval_minutes)
    return np.array([(begin + step * k).astimezone(zone).hour for k in range(points)], dtype=np.int64)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Local midnight in UTC: the first of two, or the instant of the jump where clocks leave it out."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
