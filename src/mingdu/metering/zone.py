"""The utility's zone and its civil days; a curve is of quarter hours where nothing else is said."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings

from mingdu.core.clock import INTERVALS, day_bounds, day_number, day_of, points_in_day
from mingdu.core.instants import aware, instant64
from mingdu.core.types import Ints, Times

INTERVAL_MINUTES = 15
INTERVAL = np.timedelta64(INTERVAL_MINUTES, "m")


def zone() -> ZoneInfo:
    """Return the utility's zone."""
    return ZoneInfo(settings.TIME_ZONE)


def intervals_of(day: date, interval_minutes: int = INTERVAL_MINUTES) -> int:
    """Count the intervals of a civil day."""
    return points_in_day(day, zone(), interval_minutes)


def midnight(day: date) -> datetime:
    """Return the instant at which a civil day begins: that of its midnight freeze (零点冻结)."""
    return day_bounds(day, zone())[0]


def day_starts(days: Ints) -> Times:
    """Return when each civil day begins, datetime64[us] (row,) in UTC; days are numbers since 1970-01-01."""
    distinct, place = np.unique(days, return_inverse=True)
    starts = [instant64(midnight(day_of(int(day)))) for day in distinct]
    return np.array(starts, dtype="datetime64[us]")[place.reshape(-1)]


def day_minutes(days: Ints) -> Ints:
    """Return how long each civil day is, int64 (row,) [min]."""
    distinct, place = np.unique(days, return_inverse=True)
    lengths = np.array([intervals_of(day_of(int(day)), 1) for day in distinct], dtype=np.int64)
    return lengths[place.reshape(-1)]


def intervals_minutes(days: Ints, points: int) -> Ints:
    """Return how long an interval is where a civil day has so many, int64 (row,) [min]; 0: none is so."""
    minutes, rest = np.divmod(day_minutes(days), max(points, 1))
    return np.where((rest == 0) & np.isin(minutes, INTERVALS), minutes, 0)


def civil_days(instants: Times) -> Ints:
    """Return the civil day in which each instant falls, int64 (row,) day numbers."""
    distinct, place = np.unique(instants, return_inverse=True)
    here = zone()
    days = [day_number(aware(instant).astimezone(here).date()) for instant in distinct]
    return np.array(days, dtype=np.int64)[place.reshape(-1)]
