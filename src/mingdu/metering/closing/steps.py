"""Cuts a span of days into steps that one block of memory holds and in which all days are alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from mingdu.metering.zone import INTERVAL_MINUTES

STEP_DAYS = 7
HISTORY_DAYS = 28
# Registers further apart than the longest month say nothing of the days between them.
LONGEST_GAP_DAYS = 31


@dataclass(frozen=True)
class Step:
    """
    Consecutive days of equal length, and how many days before them are history.

    intervals  of each day, those of the history included
    """

    first: date
    days: int
    history_days: int
    intervals: int

    @property
    def last(self) -> date:
        """The last day of the step."""
        return self.first + timedelta(days=self.days - 1)

    @property
    def history_first(self) -> date:
        """The first day of the history."""
        return self.first - timedelta(days=self.history_days)

    def of_interval(self, minutes: int) -> Step:
        """Return the step for curves of another interval [min] than the usual one."""
        return replace(self, intervals=self.intervals * INTERVAL_MINUTES // minutes)


def steps_of(first: date, last: date, intervals_of: Callable[[date], int]) -> list[Step]:
    """
    Cut first…last, both included; a day of another length (change of the clocks) stands alone.

    intervals_of  counts the intervals of a civil day
    """
    steps = []
    while first <= last:
        intervals = intervals_of(first)
        days = 1
        while days < STEP_DAYS and first + timedelta(days=days) <= last:
            if intervals_of(first + timedelta(days=days)) != intervals:
                break
            days += 1
        steps.append(Step(first, days, _history_days(first, intervals, intervals_of), intervals))
        first += timedelta(days=days)
    return steps


def step_between(first: date, end: date, intervals_of: Callable[[date], int]) -> Step | None:
    """Return the days from first to before end as one step; None where a change of the clocks cuts them."""
    days = (end - first).days
    intervals = intervals_of(first)
    if any(intervals_of(first + timedelta(days=n)) != intervals for n in range(days)):
        return None
    return Step(first, days, _history_days(first, intervals, intervals_of), intervals)


def _history_days(first: date, intervals: int, intervals_of: Callable[[date], int]) -> int:
    """Count the like days just before; what lies behind a change of the clocks is left out."""
    days = 0
    while days < HISTORY_DAYS and intervals_of(first - timedelta(days=days + 1)) == intervals:
        days += 1
    return days
