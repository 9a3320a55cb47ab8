"""
The rules of the day close (校核), each over all usage points, days and intervals at once.

A rule looks at a day with what came before it, never with what comes after: days closed one by one
give the findings of days closed together.
"""

from __future__ import annotations

import numpy as np

from mingdu.core.day_block import DayBlock
from mingdu.core.findings import Findings, Limit, Rule, Thresholds, join_findings
from mingdu.core.hits import Figures, chosen_findings, findings_of
from mingdu.core.limits import MINUTES_PER_HOUR, capacity_limit_digits, over_capacity, share_of
from mingdu.core.runs import Runs, find_runs, reduce_runs
from mingdu.core.types import Flags, Ints
from mingdu.core.validation_days import validate_day_by_day
from mingdu.core.validation_registers import validate_registers


def validate_days(block: DayBlock, thresholds: Thresholds) -> Findings:
    """
    Apply the rules on energy curves and registers to a block.

    returns  Findings; the values are not altered
    source   thresholds of the rule file; worked cases in tests/golden/validation.csv and validation_days.csv
    """
    rules = (_gaps, _spikes, _negatives, _stuck, _over_capacity)
    parts = [rule(block, thresholds) for rule in rules]
    return join_findings(
        [*parts, *validate_registers(block, thresholds), *validate_day_by_day(block, thresholds)]
    )


def _gaps(block: DayBlock, thresholds: Thresholds) -> Findings:
    runs = find_runs(block.missing, block.history.gap_run)
    needed = thresholds.of(Limit.GAP_INTERVALS, block.points.kind)[runs.row]
    figures = Figures(Rule.GAP, runs.length, needed)
    return chosen_findings(block, thresholds, runs, figures, runs.length >= needed)


def _spikes(block: DayBlock, thresholds: Thresholds) -> Findings:
    limit = _spike_limit_digits(block, thresholds)
    spikes = block.values > limit[:, np.newaxis, :]
    runs = find_runs(spikes, np.zeros_like(block.history.gap_run))
    factor = block.points.factor_wh[runs.row]
    highest = reduce_runs(np.maximum, block.values[spikes], runs) * factor
    at = np.flatnonzero(spikes)
    lowest_limit = reduce_runs(np.minimum, limit[at // block.intervals, at % limit.shape[1]], runs) * factor
    return findings_of(block, thresholds, runs, Figures(Rule.SPIKE, highest, lowest_limit))


def _negatives(block: DayBlock, thresholds: Thresholds) -> Findings:
    negative = block.values < 0
    runs = find_runs(negative, np.zeros_like(block.history.gap_run))
    lowest = reduce_runs(np.minimum, block.values[negative], runs) * block.points.factor_wh[runs.row]
    return findings_of(block, thresholds, runs, Figures(Rule.NEGATIVE, lowest, np.zeros_like(lowest)))


def _over_capacity(block: DayBlock, thresholds: Thresholds) -> Findings:
    over = over_capacity(block, thresholds)
    runs = find_runs(over, block.history.over_run)
    highest = reduce_runs(np.maximum, block.values[over], runs)
    kind = block.points.kind
    needed = thresholds.of(Limit.OVER_CAPACITY_INTERVALS, kind)[runs.row]
    limit = capacity_limit_digits(block, thresholds.of(Limit.OVER_CAPACITY_TIMES, kind))[runs.row]
    factor = block.points.factor_wh[runs.row]
    figures = Figures(Rule.OVER_CAPACITY, highest * factor, limit * factor)
    return chosen_findings(block, thresholds, runs, figures, runs.length >= needed)


def _stuck(block: DayBlock, thresholds: Thresholds) -> Findings:
    """Find zeros that go on too long after use; a missing interval neither ends nor lengthens them."""
    hours = thresholds.of(Limit.STUCK_HOURS, block.points.kind)
    needed = hours * MINUTES_PER_HOUR // block.days.interval_minutes
    zero = (block.values == 0) & ~block.missing
    zeros = np.count_nonzero(zero, axis=(1, 2)) + block.history.zero_run
    # Few rows hold so many zeros; only they pay for the running counts.
    rows = np.flatnonzero(zeros >= needed)
    few, needed = block.take(rows), needed[rows]
    count, had_use = _running_zeros(few, zero[rows], thresholds.of(Limit.STUCK_MEAN_WH, few.points.kind))
    stuck = zero[rows] & had_use & (count >= needed[:, np.newaxis, np.newaxis])
    runs = find_runs(stuck, np.zeros_like(rows))
    length, limit = count[runs.row, runs.day, runs.last], needed[runs.row]
    runs = Runs(rows[runs.row], runs.day, runs.first, runs.last, length, runs.begin)
    return findings_of(block, thresholds, runs, Figures(Rule.STUCK, length, limit))


def _running_zeros(block: DayBlock, zero: Flags, mean_wh: Ints) -> tuple[Ints, Flags]:
    """
    Count, at each interval, the zeros since the latest use; tell where the mean before them was high enough.

    returns  int64 (row, day, point), bool (row, day, point)
    """
    history = block.history
    flat = len(block.values), block.intervals
    values = block.values.reshape(flat)
    used = values != 0
    zeros = np.cumsum(zero.reshape(flat), axis=1, dtype=np.int64)
    read = np.cumsum(~block.missing.reshape(flat), axis=1, dtype=np.int64)
    zeros_at_use = np.maximum.accumulate(np.where(used, zeros, -1), axis=1)
    read_at_use = np.maximum.accumulate(np.where(used, read, -1), axis=1)
    since_before = zeros_at_use < 0
    zero_run, intervals_before = history.zero_run[:, np.newaxis], history.used_intervals[:, np.newaxis]
    count = np.where(since_before, zeros + zero_run, zeros - zeros_at_use)
    intervals = intervals_before + np.where(since_before, 0, read_at_use + zero_run)
    digits = history.used_digits[:, np.newaxis] + np.cumsum(values, axis=1, dtype=np.int64)
    had_use = digits * block.points.factor_wh[:, np.newaxis] > mean_wh[:, np.newaxis] * intervals
    return count.reshape(block.values.shape), had_use.reshape(block.values.shape)


def _spike_limit_digits(block: DayBlock, thresholds: Thresholds) -> Ints:
    """Return the lower of the two limits, int64 (row, point); hours without history have the first alone."""
    kind = block.points.kind
    capacity_times = thresholds.of(Limit.SPIKE_CAPACITY_TIMES, kind)
    by_capacity = capacity_limit_digits(block, capacity_times)[:, np.newaxis]
    p99 = block.history.like_hour_p99
    times = thresholds.of(Limit.SPIKE_LIKE_HOURS_TIMES, kind)[:, np.newaxis]
    by_hour = np.where(p99 > 0, share_of(p99, times), by_capacity)
    limit: Ints = np.minimum(by_capacity, by_hour)[:, block.days.hour]
    return limit
