"""Curves that fit their midnight registers only when they are moved (曲线错位)."""

from __future__ import annotations

import numpy as np

from mingdu.core.day_block import DayBlock
from mingdu.core.findings import Findings, Limit, Rule, Thresholds
from mingdu.core.history import known_curves
from mingdu.core.hits import day_findings
from mingdu.core.types import Flags, Ints

# Spans of a day between midnights inside the days that are looked at.
SPANS = 3
LEAST_DIFFERING = 2


def shifted_intervals(
    block: DayBlock, totals_before: Ints, suspect: Flags, thresholds: Thresholds
) -> Findings:
    """
    Find days whose curve, with that of the days before, fits the registers when it is moved.

    Looked at are a day and RECENT_DAYS before it: three spans between midnights must hold what the registers
    counted, as near as cut-off digits allow. The least shift that does so is the figure [minutes], above zero
    where the curve is late. Where nobody uses anything around midnight no shift can be seen.

    totals_before  int64 (row, RECENT_DAYS)  freezes of the midnights before the block's first; NOT_READ
    suspect        bool (row, day)           days whose registers and intervals differ as they stand
    source         tests/core/test_validation_shifts.py
    """
    rows, days, points = block.values.shape
    curve = np.concatenate([block.history.recent, known_curves(block)], axis=1).reshape(rows, -1)
    sums = np.zeros((rows, curve.shape[1] + 1), dtype=np.int64)
    sums[:, 1:] = np.cumsum(np.maximum(curve, 0), axis=1)
    gaps = np.zeros_like(sums)
    gaps[:, 1:] = np.cumsum(curve < 0, axis=1)
    totals = np.concatenate([totals_before, block.freezes.total], axis=1)
    tolerance = thresholds.of(Limit.INTERVALS_DIGITS, block.points.kind) * block.points.register_step
    most = thresholds.of(Limit.SHIFT_INTERVALS, block.points.kind)
    shift = np.zeros((rows, days), dtype=np.int64)
    for moved in _moves(int(most.max(initial=0))):
        # Late curves are looked at from the first midnight, early ones from the second: all is inside.
        first = 0 if moved > 0 else 1
        for day in range(days):
            begin = day + first
            at = (begin + np.arange(SPANS + 1)) * points
            here = totals[:, begin : begin + SPANS + 1]
            # One span that differs is a wrong interval; a curve that is moved differs in more.
            differs = SPANS - np.count_nonzero(_fits(sums, at, here, tolerance), axis=1)
            fits = _fits(sums, at + moved, here, tolerance).all(axis=1) & (differs >= LEAST_DIFFERING)
            fits &= gaps[:, at[-1] + moved] == gaps[:, at[0] + moved]
            found = fits & (abs(moved) <= most) & suspect[:, day] & (shift[:, day] == 0)
            shift[found, day] = moved
    minutes = shift * block.days.interval_minutes
    return day_findings(
        block, thresholds, Rule.SHIFTED_INTERVALS, shift != 0, (minutes, np.zeros_like(minutes))
    )


def _moves(most: int) -> list[int]:
    """Return the shifts to be tried, the least ones first: late, early."""
    return [moved for size in range(1, most + 1) for moved in (size, -size)]


def _fits(sums: Ints, at: Ints, totals: Ints, tolerance: Ints) -> Flags:
    """Tell which spans between places of the curve hold what the registers counted, bool (row, span)."""
    counted, held = np.diff(totals, axis=1), np.diff(sums[:, at], axis=1)
    read = (totals[:, 1:] >= 0) & (totals[:, :-1] >= 0)
    fits: Flags = read & (np.abs(counted - held) <= tolerance[:, np.newaxis])
    return fits
