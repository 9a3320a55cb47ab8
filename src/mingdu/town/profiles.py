"""How households and shops spread a day's energy over its quarter hours; the periods a meter counts by."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from mingdu.core.registers import Register
from mingdu.core.types import Ints
from mingdu.town.span import INTERVALS

# The programme of the town's meters, hours [from, to). Yunnan's periods since 2025-01-01: eight hours each.
PERIOD_HOURS: dict[Register, tuple[tuple[int, int], ...]] = {
    Register.PEAK: ((7, 9), (18, 24)),
    Register.FLAT: ((0, 2), (6, 7), (9, 12), (16, 18)),
    Register.VALLEY: ((2, 6), (12, 16)),
}
PERIODS = tuple(PERIOD_HOURS)


class Profile(IntEnum):
    """What kind of household or shop a point is."""

    WORKERS = 0
    RETIRED = 1
    FAMILY = 2
    VACANT = 3
    RETAIL = 4
    RESTAURANT = 5
    OFFICE = 6


# Relative load by hour, from midnight: first on a working day, then on a day of rest.
HOURLY: dict[Profile, tuple[str, str]] = {
    Profile.WORKERS: (
        "30 25 22 20 20 25   60 90 60 30 28 35   45 35 28 28 35 60   110 150 160 140 90 50",
        "35 28 25 22 22 25   40 65 80 80 75 85   95 80 70 65 70 90   125 150 150 130 90 55",
    ),
    Profile.RETIRED: (
        "25 22 20 20 22 35   60 75 80 75 75 95   100 70 55 55 65 85   120 120 100 70 45 30",
        "25 22 20 20 22 35   60 75 85 80 80 100   105 75 60 60 70 95   125 125 105 75 45 30",
    ),
    Profile.FAMILY: (
        "35 30 28 25 25 30   70 95 65 50 50 70   80 55 45 50 70 100   140 150 150 135 90 50",
        "40 32 28 25 25 30   50 75 90 90 90 110   115 90 80 80 90 110   140 150 150 135 95 60",
    ),
    Profile.VACANT: (
        "20 20 20 20 20 20   20 20 20 20 20 20   20 20 20 20 20 20   20 20 20 20 20 20",
        "20 20 20 20 20 20   20 20 20 20 20 20   20 20 20 20 20 20   20 20 20 20 20 20",
    ),
    Profile.RETAIL: (
        "20 20 20 20 20 20   25 40 70 95 110 115   115 110 110 110 110 115   125 130 125 90 40 22",
        "20 20 20 20 20 20   25 40 70 105 125 130   130 125 125 125 125 130   140 145 135 95 45 22",
    ),
    Profile.RESTAURANT: (
        "25 20 20 20 20 30   70 90 70 60 90 140   150 90 50 45 70 130   160 150 110 70 40 30",
        "25 20 20 20 20 30   60 90 80 70 100 155   165 105 60 55 80 145   175 165 120 80 45 30",
    ),
    Profile.OFFICE: (
        "20 20 20 20 20 20   25 45 90 130 140 135   100 110 140 140 135 110   70 45 35 28 22 20",
        "20 20 20 20 20 20   22 25 35 45 45 45   40 40 45 45 45 35   30 25 22 20 20 20",
    ),
}


def _period_order() -> Ints:
    """List the 96 intervals period by period: 32 of each, in the order of time inside a period."""
    hours = [
        [hour for first, last in PERIOD_HOURS[period] for hour in range(first, last)] for period in PERIODS
    ]
    return np.array(
        [hour * 4 + quarter for row in hours for hour in row for quarter in range(4)], dtype=np.int64
    )


def _weights() -> Ints:
    """Interpolate the hourly tables to quarter hours, int64 (profile, day type, period, 32)."""
    hourly = np.array([[row.split() for row in HOURLY[profile]] for profile in Profile]).astype(np.int64)
    following = np.roll(hourly, -1, axis=-1)
    quarters = np.arange(4, dtype=np.int64)
    fine = (hourly[..., None] * (4 - quarters) + following[..., None] * quarters).reshape(
        len(Profile), 2, INTERVALS
    )
    return fine[..., ORDER].reshape(len(Profile), 2, len(PERIODS), -1)


# All in-day work is done period by period; TIME takes a row of 96 from that order back to the order of time.
ORDER = _period_order()
TIME = np.argsort(ORDER)
WEIGHTS = _weights()
SHARES: Ints = WEIGHTS.sum(axis=-1, dtype=np.int64)


def period_sums(interval_wh: Ints) -> Ints:
    """Sum the last axis (96 intervals in the order of time) into PEAK, FLAT, VALLEY; int64 (…, 3) [Wh]."""
    by_period = interval_wh[..., ORDER].reshape(*interval_wh.shape[:-1], len(PERIODS), -1)
    return np.asarray(by_period.sum(axis=-1, dtype=np.int64))


def by_period(interval_wh: Ints) -> Ints:
    """Put the 96 intervals of a day into the column of their period, int64 (96, 3) [Wh]; zero elsewhere."""
    columns = np.zeros((INTERVALS, len(PERIODS)), dtype=np.int64)
    columns[ORDER, np.arange(INTERVALS) // (INTERVALS // len(PERIODS))] = interval_wh[ORDER]
    return columns


def spread(period_wh: Ints, weights: Ints) -> Ints:
    """
    Spread each period's energy over its intervals so that nothing is lost.

    period_wh  int64 (point, 3)      energy of PEAK, FLAT, VALLEY [Wh], below 10¹¹
    weights    int64 (point, 3, 32)  relative load, at least 1, summing to less than 10⁸ in a period
    returns    int64 (point, 96)     energy of each interval in the order of time; periods sum exactly [Wh]
    """
    running = weights.cumsum(axis=-1, dtype=np.int64)
    reached = period_wh[..., None] * running // running[..., -1:]
    in_order = np.diff(reached, axis=-1, prepend=0).reshape(len(period_wh), INTERVALS)
    return np.asarray(in_order[:, TIME])
