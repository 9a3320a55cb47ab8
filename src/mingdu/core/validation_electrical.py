"""Rules on voltage, current and power factor (电压, 电流, 功率因数), for the points that have such curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingdu.core.day_block import DayBlock
from mingdu.core.findings import Findings, Limit, Rule, Thresholds, join_findings
from mingdu.core.hits import Figures, chosen_findings
from mingdu.core.limits import capacity_limit_digits, share_of
from mingdu.core.runs import Runs, find_runs, reduce_runs
from mingdu.core.types import Flags, Ints

# A power factor of one.
WHOLE = 1000
DECIVOLTS_PER_VOLT = 10
_HIGHEST = np.iinfo(np.int64).max


@dataclass(frozen=True)
class ElectricalCurves:
    """
    What some points of a block have beside energy; NOT_KNOWN where nothing was read.

    voltage_dv    int64 (row, phase, day, point)  of the phases A, B, C [0.1 V]
    current_ma    int64 (row, phase, day, point)  as the meter shows it, before the multiplier [mA]
    factor        int64 (row, day, point)         power factor without its sign [thousandths]
    """

    voltage_dv: Ints
    current_ma: Ints
    factor: Ints


def validate_electrical(block: DayBlock, curves: ElectricalCurves, thresholds: Thresholds) -> Findings:
    """
    Judge the curves of a block's rows; a run is counted anew each midnight, and what is missing ends it.

    source  worked cases in tests/golden/validation_electrical.csv
    """
    rules = (_voltage, _phase_loss, _current, _power_factor)
    return join_findings([rule(block, curves, thresholds) for rule in rules])


def _voltage(block: DayBlock, curves: ElectricalCurves, thresholds: Thresholds) -> Findings:
    """Find voltages outside their band; what is too low for any supply is an outage or a lost phase."""
    limits = _Limits(block, thresholds)
    nominal = limits.of(Limit.VOLTAGE_NOMINAL_DV)
    low = share_of(nominal, limits.of(Limit.VOLTAGE_LOW_SHARE))
    high = share_of(nominal, limits.of(Limit.VOLTAGE_HIGH_SHARE))
    lost = share_of(limits.of(Limit.LOSS_NOMINAL_DV), limits.of(Limit.LOSS_LOW_SHARE))
    supplied = curves.voltage_dv >= _of_phases(lost)
    below = np.where(supplied, _of_phases(low) - curves.voltage_dv, 0).max(axis=1)
    above = np.where(supplied, curves.voltage_dv - _of_phases(high), 0).max(axis=1)
    hits = (below > 0) | (above > 0)
    runs = _day_runs(hits)
    deepest, highest = (reduce_runs(np.maximum, part[hits], runs) for part in (below, above))
    is_low = deepest >= highest
    limit = np.where(is_low, _flat(low)[runs.row], _flat(high)[runs.row])
    figures = Figures(Rule.VOLTAGE_LIMIT, np.where(is_low, limit - deepest, limit + highest), limit)
    return _long_ones(block, thresholds, runs, figures, Limit.VOLTAGE_INTERVALS)


def _phase_loss(block: DayBlock, curves: ElectricalCurves, thresholds: Thresholds) -> Findings:
    """Find a phase with hardly any voltage beside one that has it; the figure is the lowest."""
    limits = _Limits(block, thresholds)
    nominal = limits.of(Limit.LOSS_NOMINAL_DV)
    low = share_of(nominal, limits.of(Limit.LOSS_LOW_SHARE))
    other = share_of(nominal, limits.of(Limit.LOSS_OTHER_SHARE))
    lowest = np.where(curves.voltage_dv >= 0, curves.voltage_dv, _HIGHEST).min(axis=1)
    hits = (lowest < low) & (curves.voltage_dv.max(axis=1) >= other)
    runs = _day_runs(hits)
    figures = Figures(Rule.PHASE_LOSS, reduce_runs(np.minimum, lowest[hits], runs), _flat(low)[runs.row])
    return _long_ones(block, thresholds, runs, figures, Limit.LOSS_INTERVALS)


def _current(block: DayBlock, curves: ElectricalCurves, thresholds: Thresholds) -> Findings:
    """Find a phase's current above its share of the capacity; the figure is what the meter shows."""
    facts = block.points
    nominal = thresholds.of(Limit.CURRENT_NOMINAL_DV, facts.kind)
    times = thresholds.of(Limit.CURRENT_CAPACITY_TIMES, facts.kind)
    phases = np.maximum((curves.current_ma >= 0).any(axis=(2, 3)).sum(axis=1, dtype=np.int64), 1)
    # Thousandths of a watt and thousandths of an ampere are the same thousandths.
    whole = facts.capacity_w * times * DECIVOLTS_PER_VOLT
    limit = whole // (phases * nominal * facts.multiplier)
    highest = curves.current_ma.max(axis=1)
    hits = highest > limit[:, np.newaxis, np.newaxis]
    runs = _day_runs(hits)
    figures = Figures(Rule.CURRENT_LIMIT, reduce_runs(np.maximum, highest[hits], runs), limit[runs.row])
    return _long_ones(block, thresholds, runs, figures, Limit.CURRENT_INTERVALS)


def _power_factor(block: DayBlock, curves: ElectricalCurves, thresholds: Thresholds) -> Findings:
    """Find a factor that is too low while there is load, or above one; the worse of both is told."""
    limits = _Limits(block, thresholds)
    least, factor = limits.of(Limit.FACTOR_LEAST_SHARE), curves.factor
    load = capacity_limit_digits(block, thresholds.of(Limit.FACTOR_LOAD_SHARE, block.points.kind))
    is_loaded = ~block.missing & (block.values > load[:, np.newaxis, np.newaxis])
    hits = ((factor >= 0) & (factor < least) & is_loaded) | (factor > WHOLE)
    runs = _day_runs(hits)
    lowest, highest = (reduce_runs(worst, factor[hits], runs) for worst in (np.minimum, np.maximum))
    is_above = highest > WHOLE
    figures = Figures(
        Rule.POWER_FACTOR_LIMIT,
        np.where(is_above, highest, lowest),
        np.where(is_above, WHOLE, _flat(least)[runs.row]),
    )
    return _long_ones(block, thresholds, runs, figures, Limit.FACTOR_INTERVALS)


def _long_ones(
    block: DayBlock, thresholds: Thresholds, runs: Runs, figures: Figures, needed: Limit
) -> Findings:
    least = thresholds.of(needed, block.points.kind)[runs.row]
    return chosen_findings(block, thresholds, runs, figures, runs.last - runs.first + 1 >= least)


def _day_runs(hits: Flags) -> Runs:
    return find_runs(hits, np.zeros(len(hits), dtype=np.int64))


@dataclass(frozen=True)
class _Limits:
    """The figures of a block's points as columns that curves are compared with, int64 (row, 1, 1)."""

    block: DayBlock
    thresholds: Thresholds

    def of(self, limit: Limit) -> Ints:
        figures: Ints = self.thresholds.of(limit, self.block.points.kind)[:, np.newaxis, np.newaxis]
        return figures


def _of_phases(column: Ints) -> Ints:
    return column[:, np.newaxis]


def _flat(column: Ints) -> Ints:
    return column[:, 0, 0]
