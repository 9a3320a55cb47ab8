"""Rows that cannot be taken, each with its named error; all others stand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from mingdu.core.clock import day_of
from mingdu.core.curves import DIGITS_MAX, DIGITS_MIN
from mingdu.core.instants import instant64
from mingdu.core.quality import Quality
from mingdu.core.registers import (
    DEMAND_TIME_MAX,
    DEMAND_TIMES,
    KWH_CHANNELS,
    STATUS_MAX,
    STATUS_WORDS,
    Channel,
    Register,
)
from mingdu.core.types import Flags, Ints
from mingdu.errors import TradeError
from mingdu.metering.readings import (
    BadRow,
    BadValue,
    CurveColumns,
    FutureReading,
    NotInstalled,
    OutsideStorage,
    RegisterColumns,
    UnknownUsagePoint,
    WrongDayLength,
)
from mingdu.metering.store.columns import Connection
from mingdu.metering.store.layout import KnownPoints, Months, installed_meters
from mingdu.metering.store.profiles import LEAST_DECIMALS, MOST_DECIMALS
from mingdu.metering.zone import INTERVAL_MINUTES, civil_days, day_minutes, day_starts, intervals_minutes

from .faults import Fault, first_faults

# A meter's clock may go wrong by so much (protocol facts: meter within 10 s, alarm above 2 min).
CLOCK_TOLERANCE = timedelta(minutes=5)
LARGEST_MARK = max(Quality)
DECIMALS_MAX = 6
MINUTE = np.timedelta64(1, "m")


@dataclass(frozen=True)
class Ground:
    """What rows are checked against: the points the actor may touch, the months with storage, the time."""

    points: KnownPoints
    months: Months
    at: datetime

    @property
    def latest(self) -> np.datetime64:
        """The last instant that is not the future."""
        return instant64(self.at + CLOCK_TOLERANCE)


@dataclass(frozen=True)
class Checked:
    """good: bool (row,), and the errors of all other rows."""

    good: Flags
    bad: tuple[BadRow, ...]


def check_curves(curves: CurveColumns, ground: Ground) -> Checked:
    """Check curves row by row; the first error of a row is the one it gets."""
    faults: list[Fault] = [
        (~ground.points.hold(curves.usage_point_id), lambda row: _unknown_point(curves.usage_point_id[row])),
        (_with_future(curves, ground), lambda row: _future(_day(curves, row), ground)),
        (
            ~ground.months.hold(curves.day),
            lambda row: OutsideStorage(f"no storage for {_day(curves, row)}", day=_day(curves, row)),
        ),
        (_of_wrong_length(curves, ground), lambda row: _wrong_length(curves, row)),
        (_with_bad_values(curves), lambda row: _bad_curve(curves, row)),
    ]
    return _checked("curve", len(curves), faults)


def check_registers(
    conn: Connection, readings: RegisterColumns, ground: Ground
) -> tuple[RegisterColumns, Checked]:
    """Check register readings row by row; returns them with their meters looked up, and the errors."""
    meters, shown = installed_meters(conn, readings.usage_point_id, readings.meter_id, readings.read_at)
    impossible = (readings.digits < 0) | (readings.digits > _most_digits(readings.register, shown))
    impossible |= (readings.quality > LARGEST_MARK) | (readings.quality == Quality.MISSING)
    impossible |= ~np.isin(readings.register, list(Register))
    utc_days = readings.read_at.astype("datetime64[D]").astype(np.int64)
    faults: list[Fault] = [
        (
            ~ground.points.hold(readings.usage_point_id),
            lambda row: _unknown_point(readings.usage_point_id[row]),
        ),
        (readings.read_at > ground.latest, lambda row: _future(_time(readings, row), ground)),
        (
            ~ground.months.hold(utc_days),
            lambda row: OutsideStorage(f"no storage for {_time(readings, row)}", time=_time(readings, row)),
        ),
        (meters == 0, lambda row: _not_installed(readings, row)),
        (impossible, lambda row: _bad_register(readings, row, int(shown[row]))),
    ]
    return replace(readings, meter_id=meters), _checked("register", len(readings), faults)


def _checked(part: str, rows: int, faults: list[Fault]) -> Checked:
    good, found = first_faults(rows, faults)
    return Checked(good, tuple(BadRow(part, row, error) for row, error in found))


def _of_wrong_length(curves: CurveColumns, ground: Ground) -> Flags:
    # Days without storage may lie outside the calendar; they have their own error.
    wrong = np.zeros(len(curves), dtype=bool)
    here = ground.months.hold(curves.day)
    wrong[here] = intervals_minutes(curves.day[here], curves.values.shape[1]) == 0
    return wrong


def _most_digits(register: Ints, shown: Ints) -> Ints:
    """Return the largest value that each register can hold, int64 (row,)."""
    counts = np.where(np.isin(register, list(DEMAND_TIMES)), DEMAND_TIME_MAX, 10**shown - 1)
    return np.where(np.isin(register, list(STATUS_WORDS)), STATUS_MAX, counts)


def _with_bad_values(curves: CurveColumns) -> Flags:
    if not len(curves):
        return np.zeros(0, dtype=bool)
    values = curves.values
    bad: Flags = (values.max(axis=1) > DIGITS_MAX) | (values.min(axis=1) < DIGITS_MIN)
    bad |= curves.quality.max(axis=1) > LARGEST_MARK
    bad |= ~np.isin(curves.channel, list(Channel))
    is_energy = np.isin(curves.channel, list(KWH_CHANNELS))
    bad |= curves.scale < np.where(is_energy, LEAST_DECIMALS, 0)
    bad |= curves.scale > np.where(is_energy, MOST_DECIMALS, DECIMALS_MAX)
    return bad


def _with_future(curves: CurveColumns, ground: Ground) -> Flags:
    """Tell which rows hold an interval that has not ended yet."""
    future: Flags = np.greater(curves.day, civil_days(np.array([ground.latest]))[0])
    rows = np.flatnonzero(ground.months.hold(curves.day))
    starts = day_starts(curves.day[rows])
    minutes = day_minutes(curves.day[rows])
    unfinished = starts + MINUTE * minutes > ground.latest
    rows, starts, minutes = rows[unfinished], starts[unfinished], minutes[unfinished]
    comes = curves.quality[rows] != Quality.MISSING
    latest = np.where(comes.any(axis=1), comes.shape[1] - np.argmax(comes[:, ::-1], axis=1), 0)
    future[rows] = starts + MINUTE * (minutes * latest // comes.shape[1]) > ground.latest
    return future


def _unknown_point(usage_point_id: Ints) -> TradeError:
    return UnknownUsagePoint(f"usage point {usage_point_id}", usage_point_id=int(usage_point_id))


def _wrong_length(curves: CurveColumns, row: int) -> TradeError:
    points, minutes = curves.values.shape[1], int(day_minutes(curves.day[[row]])[0])
    told = f"{points} intervals on {_day(curves, row)}, which has {minutes} minutes"
    return WrongDayLength(told, points=points, due=minutes // INTERVAL_MINUTES)


def _bad_curve(curves: CurveColumns, row: int) -> TradeError:
    low, high = int(curves.values[row].min()), int(curves.values[row].max())
    return BadValue(
        f"values {low} to {high} in channel {curves.channel[row]}",
        channel=int(curves.channel[row]), mark=int(curves.quality[row].max()), low=low, high=high,
    )  # fmt: skip


def _bad_register(readings: RegisterColumns, row: int, shown: int) -> TradeError:
    return BadValue(
        f"{readings.digits[row]} in register {readings.register[row]} of {shown} digits",
        register=int(readings.register[row]), digits=int(readings.digits[row]), shown=shown,
        mark=int(readings.quality[row]),
    )  # fmt: skip


def _not_installed(readings: RegisterColumns, row: int) -> TradeError:
    return NotInstalled(
        f"no meter at usage point {readings.usage_point_id[row]} at {_time(readings, row)}",
        usage_point_id=int(readings.usage_point_id[row]), meter_id=int(readings.meter_id[row]),
        time=_time(readings, row),
    )  # fmt: skip


def _future(time: str, ground: Ground) -> TradeError:
    return FutureReading(f"{time} has not come yet", time=time, now=ground.at.isoformat())


def _day(curves: CurveColumns, row: int) -> str:
    return day_of(int(curves.day[row])).isoformat()


def _time(readings: RegisterColumns, row: int) -> str:
    return f"{readings.read_at[row]}Z"
