"""The day close (日清) of a block: validate what was read, fill what was not, sum the days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingdu.core.day_block import DayBlock
from mingdu.core.estimation import Fills, fill_gaps
from mingdu.core.findings import Findings, Thresholds
from mingdu.core.types import Bytes, Ints
from mingdu.core.validation import validate_days


@dataclass(frozen=True)
class ClosedDays:
    """
    What closing a block of days gives.

    values         int64 (row, day, point)  digits, no interval missing
    quality        uint8 (row, day, point)  Quality
    findings       Findings of the rules, on what was read
    fills          Fills, with the anchor of each
    day_energy_wh  int64 (row, day)         sum of the day, estimates included
    """

    values: Ints
    quality: Bytes
    findings: Findings
    fills: Fills
    day_energy_wh: Ints


def close_days(block: DayBlock, thresholds: Thresholds) -> ClosedDays:
    """
    Close the days of a block.

    Earlier estimates are taken out first, so a day closed again with the same readings gives the same,
    bit for bit. Rows do not know of each other: closing some gives what closing all gives for those.
    """
    read = block.without_estimates()
    filled = fill_gaps(read, thresholds)
    return ClosedDays(
        values=filled.values,
        quality=filled.quality,
        findings=validate_days(read, thresholds),
        fills=filled.fills,
        day_energy_wh=filled.values.sum(axis=2, dtype=np.int64) * block.points.factor_wh[:, np.newaxis],
    )
