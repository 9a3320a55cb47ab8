"""
The seven rules of the day close (校核), each over all usage points, days and intervals at once.

A rule looks at a day with what came before it, never with what comes after: days closed one by one
give the findings of days closed together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingdu.core.day_block import DayBlock
from mingdu.core.findings import Findings, Rule, Thresholds, join_findings
from mingdu.core.runs import Runs, find_runs, reduce_runs
from mingdu.core.types import Flags, Ints
from mingdu.core.usage import RegisterPairs, Remark, capacity_limit_wh, register_usage

PERMILLE = 1000
MINUTES_PER_HOUR = 60


def validate_days(block: DayBlock, thresholds: Thresholds) -> Findings:
    """
    Apply the seven rules to a block.

    returns  Findings; the values are not altered
    source   thresholds of the rule file; worked cases in tests/golden/validation.csv
    """
    rules = (_gaps, _spikes, _negatives, _stuck, _over_capacity)
    parts = [rule(block, thresholds) for rule in rules]
    return join_findings([*parts, *_register_findings(block, thresholds)])


def over_capacity(block: DayBlock, thresholds: Thresholds) -> Flags:
    """Return the intervals above the over-capacity limit, bool (row, day, point)."""
    limit = _capacity_limit_digits(block, thresholds.over_capacity_permille)
    over: Flags = block.values > limit[:, np.newaxis, np.newaxis]
    return over


@dataclass(frozen=True)
class _Figures:
    """Measured figure and limit of each finding of one rule."""

    rule: Rule
    measured: Ints
    threshold: Ints


def _gaps(block: DayBlock, thresholds: Thresholds) -> Findings:
    runs = find_runs(block.missing, block.history.gap_run)
    runs = runs.take(runs.length >= thresholds.gap_intervals)
    limit = np.full(len(runs), thresholds.gap_intervals, dtype=np.int64)
    return _findings(block, thresholds, runs, _Figures(Rule.GAP, runs.length, limit))


def _spikes(block: DayBlock, thresholds: Thresholds) -> Findings:
    limit = _spike_limit_digits(block, thresholds)
    spikes = block.values > limit[:, np.newaxis, :]
    runs = find_runs(spikes, np.zeros_like(block.history.gap_run))
    factor = block.points.factor_wh[runs.row]
    highest = reduce_runs(np.maximum, block.values[spikes], runs) * factor
    at = np.flatnonzero(spikes)
    lowest_limit = reduce_runs(np.minimum, limit[at // block.intervals, at % limit.shape[1]], runs) * factor
    return _findings(block, thresholds, runs, _Figures(Rule.SPIKE, highest, lowest_limit))


def _negatives(block: DayBlock, thresholds: Thresholds) -> Findings:
    negative = block.values < 0
    runs = find_runs(negative, np.zeros_like(block.history.gap_run))
    lowest = reduce_runs(np.minimum, block.values[negative], runs) * block.points.factor_wh[runs.row]
    return _findings(block, thresholds, runs, _Figures(Rule.NEGATIVE, lowest, np.zeros_like(lowest)))


def _over_capacity(block: DayBlock, thresholds: Thresholds) -> Findings:
    over = over_capacity(block, thresholds)
    runs = find_runs(over, block.history.over_run)
    highest = reduce_runs(np.maximum, block.values[over], runs)
    chosen = runs.length >= thresholds.over_capacity_intervals
    runs, highest = runs.take(chosen), highest[chosen]
    limit = _capacity_limit_digits(block, thresholds.over_capacity_permille)[runs.row]
    factor = block.points.factor_wh[runs.row]
    return _findings(block, thresholds, runs, _Figures(Rule.OVER_CAPACITY, highest * factor, limit * factor))


def _stuck(block: DayBlock, thresholds: Thresholds) -> Findings:
    """Find zeros that go on too long after use; a missing interval neither ends nor lengthens them."""
    needed = thresholds.stuck_hours * MINUTES_PER_HOUR // block.days.interval_minutes
    zero = (block.values == 0) & ~block.missing
    zeros = np.count_nonzero(zero, axis=(1, 2)) + block.history.zero_run
    # Few rows hold so many zeros; only they pay for the running counts.
    rows = np.flatnonzero(zeros >= needed)
    few = block.take(rows)
    count, had_use = _running_zeros(few, zero[rows], thresholds.stuck_mean_wh)
    runs = find_runs(zero[rows] & had_use & (count >= needed), np.zeros_like(rows))
    length = count[runs.row, runs.day, runs.last]
    limit = np.full(len(runs), needed, dtype=np.int64)
    runs = Runs(rows[runs.row], runs.day, runs.first, runs.last, length, runs.begin)
    return _findings(block, thresholds, runs, _Figures(Rule.STUCK, length, limit))


def _running_zeros(block: DayBlock, zero: Flags, mean_wh: int) -> tuple[Ints, Flags]:
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
    had_use = digits * block.points.factor_wh[:, np.newaxis] > mean_wh * intervals
    return count.reshape(block.values.shape), had_use.reshape(block.values.shape)


def _register_findings(block: DayBlock, thresholds: Thresholds) -> list[Findings]:
    """Judge the days with both midnight freezes: roll-over, reversal, jump, total against periods."""
    total = block.freezes.total
    row, day = np.nonzero((total[:, :-1] >= 0) & (total[:, 1:] >= 0))
    pairs = _day_pairs(block, row, day)
    usage = register_usage(pairs)
    none = np.zeros_like(row)
    runs = Runs(row, day, none, none + block.values.shape[2] - 1, none, none)
    limits = {
        Remark.ROLLED_OVER: _Figures(Rule.ROLL_OVER, usage.energy_wh, pairs.limit_wh),
        Remark.NEGATIVE: _Figures(Rule.NEGATIVE, usage.energy_wh, none),
        Remark.JUMP: _Figures(Rule.SPIKE, usage.energy_wh, pairs.limit_wh),
    }
    parts = []
    for flag, figures in limits.items():
        parts.append(_chosen_findings(block, thresholds, runs, figures, (usage.remarks & flag) != 0))
    difference, tolerance = _period_differences(block, runs, usage.used_digits)
    differs = (difference > tolerance * thresholds.period_tolerance_digits) & (
        (usage.remarks & Remark.NEGATIVE) == 0
    )
    figures = _Figures(Rule.TOTAL_AGAINST_PERIODS, difference, tolerance * thresholds.period_tolerance_digits)
    return [*parts, _chosen_findings(block, thresholds, runs, figures, differs)]


def _day_pairs(block: DayBlock, row: Ints, day: Ints) -> RegisterPairs:
    facts, total = block.points, block.freezes.total
    seconds = block.values.shape[2] * block.days.interval_minutes * 60
    return RegisterPairs(
        start=total[row, day],
        end=total[row, day + 1],
        digit_count=facts.digit_count[row],
        wh_per_digit=facts.wh_per_digit[row],
        multiplier=facts.multiplier[row],
        limit_wh=capacity_limit_wh(facts.capacity_w[row], seconds),
    )


def _period_differences(block: DayBlock, runs: Runs, total_digits: Ints) -> tuple[Ints, Ints]:
    """
    Return how far the total is from the sum of its periods, and how many periods were summed.

    Each register is read with its last digit cut off, so each period may be one digit off. Where no period
    was read at both ends there is nothing to compare, and the difference is 0.
    """
    periods = block.freezes.periods
    start, end = periods[runs.row, runs.day], periods[runs.row, runs.day + 1]
    read = (start >= 0) & (end >= 0)
    wraps_at = 10 ** block.points.digit_count[runs.row]
    used = np.where(read, (end - start) % wraps_at[:, np.newaxis], 0)
    summed = read.sum(axis=1, dtype=np.int64)
    difference = np.abs(total_digits - used.sum(axis=1, dtype=np.int64))
    return np.where(summed > 0, difference, 0), summed


def _spike_limit_digits(block: DayBlock, thresholds: Thresholds) -> Ints:
    """Return the lower of the two limits, int64 (row, point); hours without history have the first alone."""
    by_capacity = _capacity_limit_digits(block, thresholds.spike_capacity_permille)[:, np.newaxis]
    p99 = block.history.like_hour_p99
    by_hour = np.where(p99 > 0, p99 * thresholds.spike_like_hours_permille // PERMILLE, by_capacity)
    return np.minimum(by_capacity, by_hour)[:, block.days.hour]


def _capacity_limit_digits(block: DayBlock, permille: int) -> Ints:
    """Return the most whole digits an interval may hold at that share of the capacity, int64 (row,)."""
    facts = block.points
    per_interval = permille * facts.capacity_w * block.days.interval_minutes
    return per_interval // (PERMILLE * MINUTES_PER_HOUR) // facts.factor_wh


def _chosen_findings(
    block: DayBlock, thresholds: Thresholds, runs: Runs, figures: _Figures, chosen: Flags
) -> Findings:
    figures = _Figures(figures.rule, figures.measured[chosen], figures.threshold[chosen])
    return _findings(block, thresholds, runs.take(chosen), figures)


def _findings(block: DayBlock, thresholds: Thresholds, runs: Runs, figures: _Figures) -> Findings:
    severity = thresholds.severities[figures.rule]
    return Findings(
        row=runs.row,
        day=runs.day + block.days.first_day,
        rule=np.full(len(runs), figures.rule, dtype=np.uint8),
        first=runs.first,
        last=runs.last,
        measured=figures.measured,
        threshold=figures.threshold,
        severity=np.full(len(runs), severity, dtype=np.uint8),
    )
