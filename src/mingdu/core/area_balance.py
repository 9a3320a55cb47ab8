"""
The balance of a transformer area (台区线损): what its check meter supplied against what its points counted.

Only aligned days are judged: the check meter and every point read at both midnights. The technical loss
(技术线损) is a share of what was sold, learned from the area's own aligned days and held within the band of
the rule file; what is beyond it is unexplained. Who explains it, and who would fit a neighbouring area
better, is ranked from how the days differ; a ranking is a hint for an inspector, never a charge.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from mingdu.core.types import Flags, Ints
from mingdu.errors import TradeError

PPM = 1_000_000
# With fewer aligned days a difference between days says nothing.
LEAST_DAYS = 7
# Daily energies of a low-voltage area are far smaller.
LARGEST_WH = 2**31
# Deviations from a mean are compared with so many bits: squares of sums over 366 days stay below 2**62.
BITS = 10


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
    technical_ppm   int64 (area,)      share of what was sold
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


@dataclass(frozen=True)
class Suspects:
    """
    How far each point goes with its area's unexplained loss; int64 (point,) [ppm], 0 without LEAST_DAYS.

    drop_ppm  share of the loss's ups and downs that the point explains because it counted less when more was
              lost
    use_ppm   share that it explains because more was lost whenever it counted more, as with a meter that
              counts only a part
    """

    drop_ppm: Ints
    use_ppm: Ints

    @property
    def ranking(self) -> Ints:
        """Return the points, the one that explains most first; ties by place."""
        best = np.maximum(self.drop_ppm, self.use_ppm)
        order: Ints = np.argsort(-best, kind="stable")
        return order


def balance(days: AreaDays, band: Band) -> Balance:
    """
    Balance areas day by day.

    source  the share is the median of the area's aligned days, in whole ppm; worked cases in
            tests/core/test_area_balance.py
    """
    areas, count = days.supplied_wh.shape
    sold, missing = np.zeros((2, areas, count), dtype=np.int64)
    np.add.at(sold, days.area, np.where(days.is_known, days.energy_wh, 0))
    np.add.at(missing, days.area, ~days.is_known)
    members = np.bincount(days.area, minlength=areas)[:, np.newaxis] > 0
    aligned = days.is_supplied & (missing == 0) & members
    loss = np.where(aligned, days.supplied_wh - sold, 0)
    share = _technical_share(loss, sold, aligned, band)
    technical = np.where(aligned, _part(sold, share[:, np.newaxis]), 0)
    low, high = (_part(sold, np.full_like(sold, edge)) for edge in (band.lowest_ppm, band.highest_ppm))
    verdict = np.select(
        [~aligned, loss > high, loss < low],
        [Verdict.NOT_ALIGNED, Verdict.ABOVE, Verdict.BELOW],
        Verdict.WITHIN,
    )
    return Balance(sold, missing, loss, technical, loss - technical, verdict.astype(np.uint8), share)


def suspects(days: AreaDays, found: Balance) -> Suspects:
    """Rank the points of each area by how their days go with its unexplained loss."""
    aligned = found.is_aligned[days.area]
    enough = np.count_nonzero(aligned, axis=1) >= LEAST_DAYS
    share, sign = _explained(found.unexplained_wh[days.area], days.energy_wh, aligned)
    share[~enough] = 0
    return Suspects(np.where(sign < 0, share, 0), np.where(sign > 0, share, 0))


def better_areas(days: AreaDays, found: Balance) -> tuple[Ints, Ints]:
    """
    Return for each point the area that it would fit better than its own (串台区), and by how much.

    Were the point moved, its energy would leave one balance and enter another; a point fits better where that
    makes the ups and downs of both areas' unexplained losses smaller, in the sum of their squares over the
    days aligned in both. Their levels say little: the technical loss has taken its part of them.
    returns  int64 (point,) place of the area, -1: none; int64 (point,) share of the two areas' squares that
             is saved [ppm]
    """
    points, areas = len(days.area), len(days.supplied_wh)
    best, saved = np.full(points, -1, dtype=np.int64), np.zeros(points, dtype=np.int64)
    aligned, lost = found.is_aligned, found.unexplained_wh
    for other in range(areas):
        both = aligned[days.area] & aligned[other]
        far = np.broadcast_to(lost[other], both.shape)
        use, own, far = _centred((days.energy_wh, lost[days.area], far), both)
        before = (own**2 + far**2).sum(axis=1)
        # (own + use)² + (far - use)² against own² + far².
        gain = -2 * (use * (own - far + use)).sum(axis=1)
        share = _ppm(np.maximum(gain, 0), before)
        share[(days.area == other) | (np.count_nonzero(both, axis=1) < LEAST_DAYS)] = 0
        better = share > saved
        best[better], saved[better] = other, share[better]
    return best, saved


def _technical_share(loss: Ints, sold: Ints, aligned: Flags, band: Band) -> Ints:
    """Return each area's median share [ppm] within the band; its middle where nothing was aligned."""
    usable = aligned & (sold > 0)
    ppm = np.where(usable, loss * PPM // np.maximum(sold, 1), np.iinfo(np.int64).max)
    ordered = np.sort(ppm, axis=1)
    count = np.count_nonzero(usable, axis=1)
    # The lower of the two middle ones, so that the share is one that was seen.
    middle = ordered[np.arange(len(ordered)), np.maximum(count - 1, 0) // 2]
    seen = np.where(count > 0, middle, (band.lowest_ppm + band.highest_ppm) // 2)
    return np.clip(seen, band.lowest_ppm, band.highest_ppm)


def _part(energy_wh: Ints, ppm: Ints) -> Ints:
    """Return a share of energies, rounded half up; below LARGEST_WH nothing wraps."""
    return (energy_wh * ppm + PPM // 2) // PPM


def _explained(lost: Ints, used: Ints, aligned: Flags) -> tuple[Ints, Ints]:
    """Return the squared correlation over aligned days [ppm], and the sign of the correlation."""
    (x,), (y,) = _centred((used,), aligned), _centred((lost,), aligned)
    together = (x * y).sum(axis=1)
    apart = (x**2).sum(axis=1) * (y**2).sum(axis=1)
    return _ppm(together**2, apart), np.sign(together)


def _centred(series: tuple[Ints, ...], chosen: Flags) -> tuple[Ints, ...]:
    """
    Return how far the chosen values of each row lie from their mean, 0 for the others, in one scale of BITS.

    The scale is the row's own, the same for all its series; so the products and sums of a year stay whole.
    """
    count = np.count_nonzero(chosen, axis=1)[:, np.newaxis]
    some = [np.where(chosen, values, 0) for values in series]
    apart = [np.where(chosen, each * count - each.sum(axis=1, keepdims=True), 0) for each in some]
    widest = np.maximum.reduce([np.abs(each).max(axis=1, initial=0) for each in apart])
    scale = np.maximum(widest >> BITS, 1)[:, np.newaxis]
    return tuple(each // scale for each in apart)


def _ppm(part: Ints, whole: Ints) -> Ints:
    """Return how much of a whole a part is; both below 2**62, so the smaller digits of both are left out."""
    shift = np.maximum(whole >> 40, 1)
    share: Ints = np.where(whole > 0, part // shift * PPM // np.maximum(whole // shift, 1), 0)
    return share
