"""The civil days of a block, with what is known of each: rest or work, the hour of every interval."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from mingdu.core.clock import day_number, hours_of_points
from mingdu.core.day_block import BlockDays
from mingdu.core.working_time import WorkingCalendar
from mingdu.metering.store.profiles import Profile
from mingdu.metering.zone import zone


def block_days(first: date, days: int, profile: Profile, calendar: WorkingCalendar) -> BlockDays:
    """Return consecutive days of equal length."""
    is_rest = np.array([_is_rest(first + timedelta(days=n), calendar) for n in range(days)], dtype=bool)
    hours = hours_of_points(first, zone(), profile.minutes)
    return BlockDays(day_number(first), is_rest, hours, profile.minutes)


def _is_rest(day: date, calendar: WorkingCalendar) -> bool:
    """Where no notice reaches, the week decides: a like day is only a shape."""
    if calendar.valid_from <= day < calendar.valid_to:
        return not calendar.is_working_day(day)
    return day.isoweekday() > 5
