"""What the rules and fills must know of earlier days, made of earlier curves in whole numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mingdu.core.day_block import HOURS, NOT_KNOWN, DayBlock, History
from mingdu.core.findings import Thresholds
from mingdu.core.quality import Quality
from mingdu.core.runs import trailing_run
from mingdu.core.types import Bytes, Flags, Ints
from mingdu.core.validation import over_capacity

# Readings and edits are evidence of how a point behaves; estimates would only quote themselves.
_EVIDENCE = (Quality.MEASURED, Quality.EDITED)
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
    known = np.where(np.isin(quality, _EVIDENCE), values, _LOWEST)
    for one_hour in np.unique(hour):
        samples = np.sort(known[:, :, hour == one_hour].reshape(len(values), -1), axis=1)
        unknown = np.count_nonzero(samples == _LOWEST, axis=1)
        count = samples.shape[1] - unknown
        place = unknown + (99 * np.maximum(count - 1, 0) + 99) // 100
        picked = np.take_along_axis(samples, np.minimum(place, samples.shape[1] - 1)[:, np.newaxis], axis=1)
        p99[:, one_hour] = np.maximum(picked[:, 0], 0)
    return p99


def like_day_profile(values: Ints, quality: Bytes, is_rest: Flags) -> Ints:
    """
    Return the mean working day and the mean day of rest, rounded down, reversed intervals taken as 0.

    values   int64 (row, day, point)  digits
    quality  uint8 (row, day, point)
    is_rest  bool (day,)
    returns  int64 (row, 2, point)    NOT_KNOWN where no day of the kind has the interval
    """
    known = np.isin(quality, _EVIDENCE)
    profile = np.full((len(values), 2, values.shape[2]), NOT_KNOWN, dtype=np.int64)
    for kind, days in enumerate((~is_rest, is_rest)):
        count = np.count_nonzero(known[:, days], axis=1)
        total = np.where(known[:, days], values[:, days], 0).sum(axis=1, dtype=np.int64)
        mean = np.maximum(total, 0) // np.maximum(count, 1)
        profile[:, kind] = np.where(count > 0, mean, NOT_KNOWN)
    return profile


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
    )
