"""Each day of a block beside the days before it: what a point used, and how often it was read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mingdu.core.day_block import DAYS_BEFORE, NOT_KNOWN, DayBlock
from mingdu.core.history import day_energy_wh
from mingdu.core.types import Flags, Ints


@dataclass(frozen=True)
class DaySeries:
    """
    Days as energies, each with the DAYS_BEFORE days before it.

    all_wh  int64 (row, DAYS_BEFORE + day)  energy [Wh]; NOT_KNOWN where the day was not wholly read
    days    how many of them are of the block, at the end
    """

    all_wh: Ints
    days: int

    @classmethod
    def of(cls, block: DayBlock) -> DaySeries:
        """Join a block's days to its history."""
        energy = np.concatenate([block.history.daily_wh, day_energy_wh(block)], axis=1)
        return cls(energy, block.values.shape[1])

    @property
    def energy_wh(self) -> Ints:
        """Return the days themselves, int64 (row, day)."""
        return self.all_wh[:, DAYS_BEFORE:]

    def before(self, past: int = 0) -> Before:
        """
        Return what is known of the days before each day.

        past  so many of the latest of them are left out
        """
        windows = sliding_window_view(self.all_wh[:, :-1], DAYS_BEFORE, axis=1)
        return Before.of(windows[:, :, : DAYS_BEFORE - past])

    def back(self, days: int) -> Ints:
        """Return the days so many before each day, int64 (row, day)."""
        begin = DAYS_BEFORE - days
        return self.all_wh[:, begin : begin + self.days]


@dataclass(frozen=True)
class Before:
    """
    The days before each day in sum; int64 (row, day) each, of the known ones only.

    count, zeros        how many are known; how many of those held nothing
    mean_wh             rounded down; 0 where none is known
    least_wh, most_wh   NOT_KNOWN where none is known
    """

    count: Ints
    zeros: Ints
    mean_wh: Ints
    least_wh: Ints
    most_wh: Ints

    @classmethod
    def of(cls, windows: Ints) -> Before:
        """Sum windows up, int64 (row, day, day before)."""
        known = windows >= 0
        count = np.count_nonzero(known, axis=2)
        total = np.where(known, windows, 0).sum(axis=2, dtype=np.int64)
        least = np.where(known, windows, np.iinfo(np.int64).max).min(axis=2)
        return cls(
            count=count,
            zeros=np.count_nonzero(windows == 0, axis=2),
            mean_wh=total // np.maximum(count, 1),
            least_wh=np.where(count > 0, least, NOT_KNOWN),
            most_wh=windows.max(axis=2),
        )


def unread_days(block: DayBlock) -> tuple[Flags, Ints]:
    """
    Tell which days were read by less than half, and how many days just before each were so, too.

    returns  bool (row, day), int64 (row, day)  of the DAYS_BEFORE days before
    """
    read = np.concatenate([block.history.daily_read, block.read_count], axis=1)
    unread = (read >= 0) & (2 * read < block.values.shape[2])
    before = sliding_window_view(unread[:, :-1], DAYS_BEFORE, axis=1)
    return unread[:, DAYS_BEFORE:], np.count_nonzero(before, axis=2)
