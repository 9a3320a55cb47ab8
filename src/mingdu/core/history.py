"""What the rules and fills must know of earlier days, made of earlier curves in whole numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mingdu.core.day_block import HOURS, LARGEST_DAY_WH, NOT_KNOWN, RECENT_DAYS, DayBlock, History
from mingdu.core.findings import Thresholds
from mingdu.core.limits import over_capacity
from mingdu.core.quality import Quality
from mingdu.core.runs import trailing_run
from mingdu.core.types import Bytes, Flags, Ints

# Readings and edits are evidence of how a point behaves; estimates would only quote themselves.
_EVIDENCE = (Quality.MEASURED, Quality.EDITED)
_IS_EVIDENCE = np.isin(np.arange(256), _EVIDENCE)
# The mean day of fewer points is that of these points, not of their class.
LEAST_CLASS_POINTS = 5
MILLION = 1_000_000
_LOWEST = np.iinfo(np.int64).min


def like_hour_p99(values: Ints, quality: Bytes, hour: Ints) -> Ints:
    """
    Return the 99th percentile of the intervals of each civil hour, by the method "higher".

    That is the value at place ceil(0.99 · (n − 1)), counted from 0, of the n values read, in rising order.

    values   int64 (row, day, point)  digits
    quality  uint8 (row, day, point)
    hour     int64 (point,)           civil hour of each interval
    returns  int64 (row, 24)          0 where nothing was read, or where the percentile is below zero
    """
    p99 = np.zeros((len(values), HOURS), dtype=np.int64)
    is_known = _IS_EVIDENCE[quality]
    known = values if is_known.all() else np.where(is_known, values, _LOWEST)
    for one_hour in np.unique(hour):
        samples = np.sort(known[:, :, _places(hour == one_hour)].reshape(len(values), -1), axis=1)
        unknown = np.count_nonzero(samples == _LOWEST, axis=1)
        count = samples.shape[1] - unknown
        place = unknown + (99 * np.maximum(count - 1, 0) + 99) // 100
        picked = np.take_along_axis(samples, np.minimum(place, samples.shape[1] - 1)[:, np.newaxis], axis=1)
        p99[:, one_hour] = np.maximum(picked[:, 0], 0)
    return p99


def _places(chosen: Flags) -> slice | Flags:
    """Return chosen intervals as a slice where they lie side by side: it is read without a detour."""
    at = np.flatnonzero(chosen)
    is_run = int(at[-1] - at[0]) + 1 == len(at)
    return slice(int(at[0]), int(at[-1]) + 1) if is_run else chosen


def like_day_profile(values: Ints, quality: Bytes, is_rest: Flags) -> Ints:
    """
    Return the mean working day and the mean day of rest, rounded down, reversed intervals taken as 0.

    values   int64 (row, day, point)  digits
    quality  uint8 (row, day, point)
    is_rest  bool (day,)
    returns  int64 (row, 2, point)    NOT_KNOWN where no day of the kind has the interval
    """
    known = _IS_EVIDENCE[quality]
    counted = values if known.all() else np.where(known, values, 0)
    profile = np.full((len(values), 2, values.shape[2]), NOT_KNOWN, dtype=np.int64)
    # Days of rest are few: those of work are all days less these.
    rest_count, rest_total = known[:, is_rest].sum(axis=1), counted[:, is_rest].sum(axis=1, dtype=np.int64)
    work_count, work_total = known.sum(axis=1) - rest_count, counted.sum(axis=1, dtype=np.int64) - rest_total
    for kind, (count, total) in enumerate(((work_count, work_total), (rest_count, rest_total))):
        mean = np.maximum(total, 0) // np.maximum(count, 1)
        profile[:, kind] = np.where(count > 0, mean, NOT_KNOWN)
    return profile


@dataclass(frozen=True)
class ClassProfile:
    """
    How a customer class uses energy: `History.class_shape` and `class_mean_wh` of one class.

    shape    int64 (2, point)  NOT_KNOWN where fewer than LEAST_CLASS_POINTS points have such a day
    mean_wh  NOT_KNOWN where the working day has no shape
    """

    shape: Ints
    mean_wh: int


def class_profile(like_day: Ints, factor_wh: Ints) -> ClassProfile:
    """
    Return the mean of the points' own mean days, each brought to the same energy.

    like_day   int64 (row, 2, point)  as `like_day_profile` gives it [digits]
    factor_wh  int64 (row,)           energy of one digit [Wh]
    """
    points = like_day.shape[2]
    shape, mean_wh = np.full((2, points), NOT_KNOWN, dtype=np.int64), NOT_KNOWN
    for kind in (1, 0):
        days = like_day[:, kind]
        total = days.sum(axis=1, dtype=np.int64)
        rows = np.flatnonzero((days >= 0).all(axis=1) & (total > 0))
        if len(rows) < LEAST_CLASS_POINTS:
            continue
        shares = days[rows] * MILLION // total[rows, np.newaxis]
        shape[kind] = shares.sum(axis=0, dtype=np.int64) // len(rows)
        mean_wh = int((total[rows] * factor_wh[rows] // points).sum(dtype=np.int64)) // len(rows)
    return ClassProfile(shape, mean_wh if shape[0, 0] != NOT_KNOWN else NOT_KNOWN)


def advance_history(block: DayBlock, thresholds: Thresholds) -> History:
    """
    Return the history as it stands after a block: what the next days are judged by.

    Percentiles and like days are kept; they are made afresh from stored curves, not carried.
    """
    history, flat = block.history, (len(block.values), block.intervals)
    missing = block.missing.reshape(flat)
    values = block.values.reshape(flat)
    used = values != 0
    any_use = used.any(axis=1)
    latest_use = np.where(any_use, values.shape[1] - 1 - np.argmax(used[:, ::-1], axis=1), -1)
    after = np.arange(values.shape[1]) > latest_use[:, np.newaxis]
    zeros = np.count_nonzero(after & ~missing, axis=1)
    read = np.count_nonzero(~after & ~missing, axis=1)
    return replace(
        history,
        gap_run=trailing_run(missing, history.gap_run),
        over_run=trailing_run(over_capacity(block, thresholds).reshape(flat), history.over_run),
        zero_run=np.where(any_use, zeros, history.zero_run + zeros),
        used_digits=history.used_digits + values.sum(axis=1, dtype=np.int64),
        used_intervals=history.used_intervals + np.where(any_use, history.zero_run + read, 0),
        daily_wh=_latest(history.daily_wh, day_energy_wh(block)),
        daily_read=_latest(history.daily_read, block.read_count),
        recent=_latest(history.recent, known_curves(block, RECENT_DAYS)),
    )


def day_energy_wh(block: DayBlock) -> Ints:
    """
    Return the energy of each day that was wholly read, int64 (row, day) [Wh].

    NOT_KNOWN where an interval was not read or ran backwards, or where it is more than LARGEST_DAY_WH.
    """
    energy = block.values.sum(axis=2, dtype=np.int64) * block.points.factor_wh[:, np.newaxis]
    is_whole = (block.read_count == block.values.shape[2]) & (energy <= LARGEST_DAY_WH)
    if block.values.min(initial=0) < 0:
        is_whole &= block.values.min(axis=2) >= 0
    return np.where(is_whole, energy, NOT_KNOWN)


def known_curves(block: DayBlock, latest: int | None = None) -> Ints:
    """
    Return the intervals that were read and did not run backwards, else NOT_KNOWN; (row, day, point).

    latest  only so many days at the end
    """
    days = slice(-latest if latest else None, None)
    values = block.values[:, days]
    known: Ints = np.where((block.quality[:, days] == Quality.MISSING) | (values < 0), NOT_KNOWN, values)
    return known


def _latest(before: Ints, added: Ints) -> Ints:
    """Push new days in at the end of the second axis, as many old ones fall out at its beginning."""
    kept = before.shape[1]
    latest: Ints = np.concatenate([before, added], axis=1)[:, -kept:]
    return latest
