"""Single intervals gathered into days, as the door takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingdu.core.quality import Quality
from mingdu.core.types import Bytes, Flags, Ints, Times
from mingdu.metering.readings import CurveColumns
from mingdu.metering.store.latest import rounds_of
from mingdu.metering.zone import INTERVAL_MINUTES, civil_days, day_minutes, day_starts


@dataclass(frozen=True)
class Intervals:
    """
    Values of intervals, one entry each.

    point, channel, digits  int64 (entry,)
    begin                   datetime64[us] (entry,)  UTC, on an interval of its civil day
    quality                 uint8 (entry,)
    origin                  int64 (entry,)  more than zero: a line, a frame
    """

    point: Ints
    channel: Ints
    begin: Times
    digits: Ints
    quality: Bytes
    origin: Ints

    def take(self, rows: Flags | Ints) -> Intervals:
        """Return the chosen entries."""
        return Intervals(
            self.point[rows], self.channel[rows], self.begin[rows], self.digits[rows], self.quality[rows],
            self.origin[rows],
        )  # fmt: skip


def gather_days(
    intervals: Intervals, interval_minutes: int = INTERVAL_MINUTES
) -> list[tuple[CurveColumns, Ints]]:
    """
    Return curves, and the origin of each of their intervals, int64 (row, point), 0 where none.

    Usually one pair. An interval that comes again goes into a later one, to meet the first; days of another
    length have their own.
    """
    day = civil_days(intervals.begin)
    place = (intervals.begin - day_starts(day)) // np.timedelta64(interval_minutes, "m")
    length = day_minutes(day) // interval_minutes
    gathered = []
    for rows in rounds_of(intervals.point, day, intervals.channel, place):
        for points in np.unique(length[rows]).tolist():
            chosen = rows[length[rows] == points]
            gathered.append(_days(intervals.take(chosen), day[chosen], place[chosen], points))
    return gathered


def _days(intervals: Intervals, day: Ints, place: Ints, points: int) -> tuple[CurveColumns, Ints]:
    columns = np.stack([intervals.point, day, intervals.channel], axis=1)
    keys, row = np.unique(columns, axis=0, return_inverse=True)
    row = row.reshape(-1)
    values, origin = np.zeros((2, len(keys), points), dtype=np.int64)
    quality = np.full((len(keys), points), Quality.MISSING, dtype=np.uint8)
    values[row, place], quality[row, place] = intervals.digits, intervals.quality
    origin[row, place] = intervals.origin
    return CurveColumns(keys[:, 0], keys[:, 1], keys[:, 2], values, quality), origin
