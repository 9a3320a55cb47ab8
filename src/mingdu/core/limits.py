"""Limits of intervals that follow from the capacity (合同容量) of a point."""

from __future__ import annotations

import numpy as np

from mingdu.core.day_block import DayBlock
from mingdu.core.findings import Limit, Thresholds
from mingdu.core.types import Flags, Ints

PERMILLE = 1000
MINUTES_PER_HOUR = 60


def share_of(whole: Ints, permille: Ints) -> Ints:
    """Return so many thousandths of a whole, rounded down."""
    return whole * permille // PERMILLE


def capacity_limit_digits(block: DayBlock, permille: Ints) -> Ints:
    """Return the most whole digits an interval may hold at that share of the capacity, int64 (row,)."""
    facts = block.points
    per_interval = permille * facts.capacity_w * block.days.interval_minutes
    return per_interval // (PERMILLE * MINUTES_PER_HOUR) // facts.factor_wh


def over_capacity(block: DayBlock, thresholds: Thresholds) -> Flags:
    """Return the intervals above the over-capacity limit, bool (row, day, point)."""
    times = thresholds.of(Limit.OVER_CAPACITY_TIMES, block.points.kind)
    over: Flags = block.values > capacity_limit_digits(block, times)[:, np.newaxis, np.newaxis]
    return over
