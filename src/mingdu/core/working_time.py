"""Working time (工作时间) on a dated calendar: the clocks of tasks and promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from mingdu.core.clock import civil_day
from mingdu.errors import TradeError

MINUTES_PER_DAY = 24 * 60
_SATURDAY = 5


class BadWorkingCalendar(TradeError):
    """Opening hours or days that contradict each other."""


class DayOutsideCalendar(TradeError):
    """A day for which nobody has said yet whether it is worked."""

    next_step = "add the year's holiday notice to rules/calendars"


class NegativeWorkingTime(TradeError):
    """Working time can be added, not taken away."""


@dataclass(frozen=True)
class WorkingCalendar:
    """
    Which days are worked and between which hours; known for [valid_from, valid_to) only.

    holidays      days off although they may be Monday to Friday (放假)
    moved_days    Saturdays and Sundays that are worked (调休上班)
    windows       opening windows of a working day: (opens, closes) in minutes after midnight, rising
    raises        BadWorkingCalendar
    """

    zone: ZoneInfo
    valid_from: date
    valid_to: date
    holidays: frozenset[date]
    moved_days: frozenset[date]
    windows: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        edges = [edge for window in self.windows for edge in window]
        rising = all(earlier < later for earlier, later in pairwise(edges))
        if not edges or not rising or edges[0] < 0 or edges[-1] > MINUTES_PER_DAY:
            raise BadWorkingCalendar(f"opening windows {self.windows} do not rise inside one day")
        both = self.holidays & self.moved_days
        if both:
            raise BadWorkingCalendar(f"{min(both)} is both a holiday and a working day")

    def is_working_day(self, day: date) -> bool:
        """
        Tell whether a day is worked: its own entry first, else Monday to Friday.

        raises  DayOutsideCalendar
        """
        if not self.valid_from <= day < self.valid_to:
            raise DayOutsideCalendar(
                f"{day} is outside the working calendar {self.valid_from} to {self.valid_to}",
                day=day.isoformat(),
                valid_from=self.valid_from.isoformat(),
                valid_to=self.valid_to.isoformat(),
            )
        if day in self.holidays:
            return False
        return day in self.moved_days or day.weekday() < _SATURDAY


def add_working_hours(start: datetime, hours: int, calendar: WorkingCalendar) -> datetime:
    """
    Return the first instant by which that much working time has passed since `start`.

    start    aware
    hours    whole, zero or more; zero gives `start` itself
    returns  aware, UTC; a limit that ends with a window is due at its close, not at the next opening
    raises   NegativeWorkingTime, DayOutsideCalendar
    """
    if hours < 0:
        raise NegativeWorkingTime(f"cannot add {hours} working hours", hours=hours)
    now = start.astimezone(UTC)
    left = timedelta(hours=hours)
    day = civil_day(start, calendar.zone)
    while left:
        for opens, closes in _windows_of(day, calendar):
            open_for = max(closes - max(opens, now), timedelta(0))
            if left <= open_for:
                return max(opens, now) + left
            left -= open_for
        day += timedelta(days=1)
    return now


def add_working_days(start: datetime, days: int, calendar: WorkingCalendar) -> datetime:
    """
    Return the close of the n-th working day after the day of `start`, which itself is not counted.

    start    aware
    days     one or more
    returns  aware, UTC
    raises   NegativeWorkingTime, DayOutsideCalendar
    """
    if days < 1:
        raise NegativeWorkingTime(f"cannot add {days} working days", days=days)
    day = civil_day(start, calendar.zone)
    while days:
        day += timedelta(days=1)
        days -= calendar.is_working_day(day)
    return _windows_of(day, calendar)[-1][1]


def _windows_of(day: date, calendar: WorkingCalendar) -> list[tuple[datetime, datetime]]:
    """Opening windows of one day in UTC; none on a day off."""
    if not calendar.is_working_day(day):
        return []
    zone = calendar.zone
    return [(_at(day, opens, zone), _at(day, closes, zone)) for opens, closes in calendar.windows]


def _at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Wall-clock minute of a civil day in UTC; minute 1,440 is the next midnight."""
    days, minute = divmod(minute, MINUTES_PER_DAY)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(days=days)
    return midnight.replace(hour=minute // 60, minute=minute % 60).astimezone(UTC)
