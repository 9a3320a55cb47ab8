"""
The balance of a transformer area (台区线损): what its check meter supplied against what its points counted.

Only aligned days are judged: the check meter and every point read at both midnights. The technical loss
(技术线损) is a share of what was sold, learned from the area's own aligned days and held within the band of
the rule file; what is beyond it is unexplained.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from mingdu.core.types import Flags, Ints
from mingdu.errors import TradeError

PPM = 1_000_000
# Daily energies of a low-voltage area are far smaller.
LARGEST_WH = 2**31


class BadBalance(TradeError):
    """Columns of a balance that do not belong together, or energies no transformer area can have."""

    next_step = "give whole days of the area's check meter and of all its points"


class Verdict(IntEnum):
    """What a day's loss says. The numbers are stored; never renumber them."""

    NOT_ALIGNED = 0
    WITHIN = 1
    ABOVE = 2
    BELOW = 3


@dataclass(frozen=True)
class Band:
    """Shares of what was sold [ppm] between which the technical loss of an area lies, from the rule file."""

    lowest_ppm: int
    highest_ppm: int


@dataclass(frozen=True)
class AreaDays:
    """
    What was read, by midnights.

    supplied_wh, is_supplied  int64, bool (area, day)   the area's check meter
    energy_wh, is_known       int64, bool (point, day)  0 where not known
    area                      int64 (point,)            place of each point's area
    raises                    BadBalance
    """

    supplied_wh: Ints
    is_supplied: Flags
    energy_wh: Ints
    is_known: Flags
    area: Ints

    def __post_init__(self) -> None:
        areas, days = self.supplied_wh.shape
        points = len(self.area)
        shapes = [
            (self.is_supplied, (areas, days)),
            (self.energy_wh, (points, days)),
            (self.is_known, (points, days)),
        ]
        if any(column.shape != shape for column, shape in shapes):
            raise BadBalance(f"{areas} areas, {points} points, {days} days, and columns of other shapes")
        if points and not 0 <= int(self.area.min()) <= int(self.area.max()) < areas:
            raise BadBalance(f"a point of area {int(self.area.max())} of {areas}")
        largest = max(int(np.abs(each).max(initial=0)) for each in (self.supplied_wh, self.energy_wh))
        if largest > LARGEST_WH:
            raise BadBalance(f"{largest} Wh in a day of one low-voltage area", largest_wh=largest)


@dataclass(frozen=True)
class Balance:
    """
    The balance of each area and day; int64 (area, day), 0 where the day is not aligned.

    sold_wh         what the known points counted, also on days that are not aligned
    missing         points that were not read at both midnights
    loss_wh         supplied less sold
    technical_wh    the loss that is expected
    unexplained_wh  the rest, negative where less was lost than the wires take
    verdict         uint8 (area, day)  Verdict
    technical_ppm   int64 (area, day)  share of what was sold
    """

    sold_wh: Ints
    missing: Ints
    loss_wh: Ints
    technical_wh: Ints
    unexplained_wh: Ints
    verdict: Ints
    technical_ppm: Ints

    @property
    def is_aligned(self) -> Flags:
        """Tell which days are judged, bool (area, day)."""
        aligned: Flags = np.not_equal(self.verdict, Verdict.NOT_ALIGNED)
        return aligned


def balance(days: AreaDays, band: Band, look_back: int | None = None) -> Balance:
    """
    Balance areas day by day.

    look_back  days up to each day from which its technical share is learned, so that a day's balance does not
               depend on what comes after it; None: one share of all days, to rank points by
    source     the share is the median of the area's aligned days, in whole ppm; worked cases in
               tests/core/test_area_balance.py
    """
    areas, count = days.supplied_wh.shape
    sold, missing = np.zeros((2, areas, count), dtype=np.int64)
    np.add.at(sold, days.area, np.where(days.is_known, days.energy_wh, 0))
    np.add.at(missing, days.area, ~days.is_known)
    members = np.bincount(days.area, minlength=areas)[:, np.newaxis] > 0
    aligned = days.is_supplied & (missing == 0) & members
    loss = np.where(aligned, days.supplied_wh - sold, 0)
    share = _technical_shares(_Seen(loss, sold, aligned & (sold > 0)), band, look_back)
    technical = np.where(aligned, _part(sold, share), 0)
    low, high = (_part(sold, np.full_like(sold, edge)) for edge in (band.lowest_ppm, band.highest_ppm))
    verdict = np.select(
        [~aligned, loss > high, loss < low],
        [Verdict.NOT_ALIGNED, Verdict.ABOVE, Verdict.BELOW],
        Verdict.WITHIN,
    )
    return Balance(sold, missing, loss, technical, loss - technical, verdict.astype(np.uint8), share)


@dataclass(frozen=True)
class _Seen:
    """Loss and what was sold, int64 (area, day), and the days that a share can be learned from."""

    loss: Ints
    sold: Ints
    usable: Flags

    def take(self, days: slice) -> _Seen:
        return _Seen(self.loss[:, days], self.sold[:, days], self.usable[:, days])


def _technical_shares(seen: _Seen, band: Band, look_back: int | None) -> Ints:
    """Return the share of each area and day [ppm], int64 (area, day)."""
    count = seen.loss.shape[1]
    if look_back is None:
        return np.repeat(_technical_share(seen, band)[:, np.newaxis], count, axis=1)
    columns = [
        _technical_share(seen.take(slice(max(day + 1 - look_back, 0), day + 1)), band) for day in range(count)
    ]
    return np.stack(columns, axis=1)


def _technical_share(seen: _Seen, band: Band) -> Ints:
    """Return each area's median share [ppm] within the band; its middle where nothing was aligned."""
    ppm = np.where(seen.usable, seen.loss * PPM // np.maximum(seen.sold, 1), np.iinfo(np.int64).max)
    ordered = np.sort(ppm, axis=1)
    count = np.count_nonzero(seen.usable, axis=1)
    # The lower of the two middle ones, so that the share is one that was seen.
    middle = ordered[np.arange(len(ordered)), np.maximum(count - 1, 0) // 2]
    known = np.where(count > 0, middle, (band.lowest_ppm + band.highest_ppm) // 2)
    return np.clip(known, band.lowest_ppm, band.highest_ppm)


def _part(energy_wh: Ints, ppm: Ints) -> Ints:
    """Return a share of energies, rounded half up; below LARGEST_WH nothing wraps."""
    return (energy_wh * ppm + PPM // 2) // PPM
