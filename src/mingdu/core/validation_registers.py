"""Rules on midnight freezes: the registers among themselves, against the curve, and the demand they hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingdu.core.day_block import NO_TIME, DayBlock
from mingdu.core.findings import Findings, Limit, Rule, Thresholds
from mingdu.core.hits import Figures, chosen_findings, whole_days
from mingdu.core.limits import MINUTES_PER_HOUR, share_of
from mingdu.core.runs import Runs
from mingdu.core.types import Flags, Ints
from mingdu.core.usage import RegisterPairs, Remark, Usage, capacity_limit_wh, register_usage

# A digit of demand is 0.0001 kW.
DEMAND_DIGITS_PER_W = 10
# Demand is the mean of any quarter of an hour, wherever it begins (滑差式需量).
DEMAND_MINUTES = 15


def validate_registers(block: DayBlock, thresholds: Thresholds) -> list[Findings]:
    """
    Judge the days with both midnight freezes.

    Roll-over, reversal, reset, jump; total against periods and against the curve; reverse energy; demand.
    """
    read = _ReadDays.of(block)
    return [
        *_of_remarks(block, thresholds, read),
        _against_periods(block, thresholds, read),
        _against_intervals(block, thresholds, read),
        *_reverse(block, thresholds),
        *_demand(block, thresholds),
    ]


@dataclass(frozen=True)
class _ReadDays:
    """The days with both freezes of the total, one entry each, and the energy between the two."""

    row: Ints
    day: Ints
    runs: Runs
    pairs: RegisterPairs
    usage: Usage

    @classmethod
    def of(cls, block: DayBlock) -> _ReadDays:
        total = block.freezes.total
        row, day = np.nonzero((total[:, :-1] >= 0) & (total[:, 1:] >= 0))
        pairs = _day_pairs(block, total, row, day)
        return cls(row, day, whole_days(block, row, day), pairs, register_usage(pairs))

    def has(self, remark: Remark) -> Flags:
        """Tell which of them have a remark."""
        found: Flags = (self.usage.remarks & remark) != 0
        return found


def _day_pairs(block: DayBlock, register: Ints, row: Ints, day: Ints) -> RegisterPairs:
    facts = block.points
    seconds = block.values.shape[2] * block.days.interval_minutes * 60
    return RegisterPairs(
        start=register[row, day],
        end=register[row, day + 1],
        digit_count=facts.digit_count[row],
        wh_per_digit=facts.wh_per_digit[row],
        multiplier=facts.multiplier[row],
        limit_wh=capacity_limit_wh(facts.capacity_w[row], seconds),
    )


def _of_remarks(block: DayBlock, thresholds: Thresholds, read: _ReadDays) -> list[Findings]:
    energy, limit = read.usage.energy_wh, read.pairs.limit_wh
    since_zero = read.pairs.end * block.points.factor_wh[read.row]
    hits = (
        (Figures(Rule.ROLL_OVER, energy, limit), read.has(Remark.ROLLED_OVER)),
        (Figures(Rule.NEGATIVE, energy, np.zeros_like(energy)), read.has(Remark.NEGATIVE)),
        (Figures(Rule.SPIKE, energy, limit), read.has(Remark.JUMP)),
        # What the register shows now may have been used since it was set to zero.
        (Figures(Rule.RESET, since_zero, limit), read.has(Remark.NEGATIVE) & (since_zero <= limit)),
    )
    return [chosen_findings(block, thresholds, read.runs, figures, chosen) for figures, chosen in hits]


def _against_periods(block: DayBlock, thresholds: Thresholds, read: _ReadDays) -> Findings:
    """
    Judge the total against the sum of its periods.

    Each register is read with its last digit cut off, so each period may be one digit off. Where no period
    was read at both ends there is nothing to compare.
    """
    periods = block.freezes.periods
    start, end = periods[read.row, read.day], periods[read.row, read.day + 1]
    both = (start >= 0) & (end >= 0)
    wraps_at = 10 ** block.points.digit_count[read.row]
    used = np.where(both, (end - start) % wraps_at[:, np.newaxis], 0)
    summed = both.sum(axis=1, dtype=np.int64)
    difference = np.abs(read.usage.used_digits - used.sum(axis=1, dtype=np.int64))
    each = (
        thresholds.of(Limit.PERIOD_DIGITS, block.points.kind)[read.row] * block.points.register_step[read.row]
    )
    differs = (summed > 0) & (difference > summed * each) & ~read.has(Remark.NEGATIVE)
    figures = Figures(Rule.TOTAL_AGAINST_PERIODS, difference, summed * each)
    return chosen_findings(block, thresholds, read.runs, figures, differs)


def _against_intervals(block: DayBlock, thresholds: Thresholds, read: _ReadDays) -> Findings:
    """Judge the total against the curve, on days that were wholly read; a jump or fall is told already."""
    difference, tolerance = interval_differences(
        block, thresholds, read.usage.used_digits, read.row, read.day
    )
    is_whole = block.is_whole[read.row, read.day]
    plausible = ~read.has(Remark.NEGATIVE | Remark.JUMP)
    factor = block.points.factor_wh[read.row]
    figures = Figures(Rule.REGISTERS_AGAINST_INTERVALS, difference * factor, tolerance * factor)
    differs = is_whole & plausible & (np.abs(difference) > tolerance)
    return chosen_findings(block, thresholds, read.runs, figures, differs)


def interval_differences(
    block: DayBlock, thresholds: Thresholds, used_digits: Ints, row: Ints, day: Ints
) -> tuple[Ints, Ints]:
    """Return what a day's registers counted above its intervals, and how far they may be apart [digits]."""
    kind = block.points.kind[row]
    intervals = block.values.sum(axis=2, dtype=np.int64)[row, day]
    cut_off = thresholds.of(Limit.INTERVALS_DIGITS, kind) * block.points.register_step[row]
    share = share_of(np.abs(used_digits), thresholds.of(Limit.INTERVALS_SHARE, kind))
    return used_digits - intervals, cut_off + share


def _reverse(block: DayBlock, thresholds: Thresholds) -> list[Findings]:
    """Tell reverse energy where the rule says that none is expected."""
    export = block.freezes.export
    row, day = np.nonzero((export[:, :-1] >= 0) & (export[:, 1:] >= 0))
    if not len(row):
        return []
    energy = register_usage(_day_pairs(block, export, row, day)).energy_wh
    limit = thresholds.of(Limit.REVERSE_WH, block.points.kind[row])
    figures = Figures(Rule.UNEXPECTED_REVERSE, energy, limit)
    return [chosen_findings(block, thresholds, whole_days(block, row, day), figures, energy > limit)]


def _demand(block: DayBlock, thresholds: Thresholds) -> list[Findings]:
    """
    Judge the highest demand of the month against the curve, and the time it names against the day.

    The highest quarter of an hour, wherever it begins, holds no less than the highest interval and no more
    than two that follow each other. Only what rose through the day is of the day; a fall is the month's end.
    Intervals shorter than a quarter of an hour say nothing of the first.
    """
    demand = block.freezes.demand
    row, day = np.nonzero((demand[:, :-1] >= 0) & (demand[:, 1:] >= demand[:, :-1]))
    if not len(row):
        return []
    runs, reading = whole_days(block, row, day), _Demands.of(block, row, day)
    share = thresholds.of(Limit.DEMAND_SHARE, block.points.kind[row])
    low = reading.least_w - share_of(reading.least_w, share) - reading.step_w
    high = reading.most_w + share_of(reading.most_w, share) + reading.step_w
    is_whole = block.is_whole[row, day]
    below = is_whole & (reading.demand_w < low) & (block.days.interval_minutes >= DEMAND_MINUTES)
    above = is_whole & reading.rose & (reading.demand_w > high)
    limit = np.where(below, low, high)
    differs = Figures(Rule.DEMAND_AGAINST_INTERVALS, reading.demand_w, limit)
    minutes = thresholds.of(Limit.CLOCK_MINUTES, block.points.kind[row])
    drifts = reading.rose & (reading.minutes_outside > minutes)
    drift = Figures(Rule.CLOCK_DRIFT, reading.minutes_outside, minutes)
    return [
        chosen_findings(block, thresholds, runs, differs, below | above),
        chosen_findings(block, thresholds, runs, drift, drifts),
    ]


@dataclass(frozen=True)
class _Demands:
    """
    Demand at the end of some days; int64 (entry,) each.

    demand_w         what the register holds [W]
    least_w, most_w  bounds by the day's intervals [W]
    step_w           one digit of the curve [W]
    rose             bool  it rose through the day
    minutes_outside  how far its time lies outside the day; 0 where it was not read
    """

    demand_w: Ints
    least_w: Ints
    most_w: Ints
    step_w: Ints
    rose: Flags
    minutes_outside: Ints

    @classmethod
    def of(cls, block: DayBlock, row: Ints, day: Ints) -> _Demands:
        facts, minutes = block.points, block.days.interval_minutes
        factor = facts.factor_wh[row] * MINUTES_PER_HOUR
        curve = np.maximum(block.values[row, day], 0)
        # The quarter of an hour may have begun before midnight.
        two = curve + np.concatenate(
            [_before_midnight(block)[row, day][:, np.newaxis], curve[:, :-1]], axis=1
        )
        # Intervals shorter than the demand's: so many of them that its window always lies inside.
        spread = max(DEMAND_MINUTES // minutes, 1)
        demand, time = block.freezes.demand, block.freezes.demand_time[row, day + 1]
        day_minutes = block.values.shape[2] * minutes
        outside = np.maximum(day * day_minutes - time, time - (day + 1) * day_minutes)
        return cls(
            demand_w=demand[row, day + 1] * facts.multiplier[row] // DEMAND_DIGITS_PER_W,
            least_w=curve.max(axis=1) * factor // minutes,
            most_w=two.max(axis=1) * spread * factor // DEMAND_MINUTES,
            step_w=factor // min(minutes, DEMAND_MINUTES),
            rose=demand[row, day + 1] > demand[row, day],
            minutes_outside=np.where(time == NO_TIME, 0, np.maximum(outside, 0)),
        )


def _before_midnight(block: DayBlock) -> Ints:
    """Return the last interval of the day before each day, 0 where it was not read; int64 (row, day)."""
    final = np.concatenate([block.history.recent[:, -1:, -1], block.values[:, :-1, -1]], axis=1)
    before: Ints = np.maximum(final, 0)
    return before
