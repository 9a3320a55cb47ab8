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
# So many points are named for one area's loss.
MOST_NAMED = 5


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


@dataclass(frozen=True)
class Suspects:
    """
    Who explains his area's unexplained loss, one after another; int64 (point,).

    What a point explains is taken out of the loss before the next is looked for, so that a loud one does not
    hide a quiet one.
    step      1 for the first named of his area; 0: not named
    drop_ppm  share of the ups and downs left that he explains because he counted less when more was lost
    use_ppm   share that he explains because more was lost whenever he counted more, as with a meter that
              counts only a part
    """

    step: Ints
    drop_ppm: Ints
    use_ppm: Ints


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


def suspects(days: AreaDays, found: Balance, named_from_ppm: int, most: int = MOST_NAMED) -> Suspects:
    """
    Name the points that explain their area's loss, at most so many an area.

    named_from_ppm  a point that explains less of what is left is not named, and nobody after it
    """
    points, aligned = len(days.area), found.is_aligned[days.area]
    enough = np.count_nonzero(aligned, axis=1) >= LEAST_DAYS
    (used,) = _centred((days.energy_wh,), aligned)
    (lost,) = _centred((found.unexplained_wh[days.area],), aligned)
    step, drop, use = np.zeros((3, points), dtype=np.int64)
    for number in range(1, most + 1):
        share, sign = _explained(lost, used)
        share[~enough | (step > 0) | (share < named_from_ppm)] = 0
        named = _first_of_each(days.area, share)
        if not len(named):
            break
        step[named] = number
        drop[named], use[named] = share[named] * (sign[named] < 0), share[named] * (sign[named] > 0)
        lost = _without(lost, days.area, used, named)
    return Suspects(step, drop, use)


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


def _explained(lost: Ints, used: Ints) -> tuple[Ints, Ints]:
    """Return the squared correlation of centred series [ppm], and the sign of the correlation."""
    together = (used * lost).sum(axis=1)
    apart = (used**2).sum(axis=1) * (lost**2).sum(axis=1)
    return _ppm(together**2, apart), np.sign(together)


def _first_of_each(area: Ints, share: Ints) -> Ints:
    """Return the point with the largest share of each area, where it has any; ties go to the earlier."""
    order = np.lexsort((-share, area))
    first = np.ones(len(order), dtype=bool)
    first[1:] = np.diff(area[order]) != 0
    chosen = order[first]
    best: Ints = chosen[share[chosen] > 0]
    return best


def _without(lost: Ints, area: Ints, used: Ints, named: Ints) -> Ints:
    """Take what the named points explain out of the loss of their areas; every point of an area sees it."""
    of_area = np.full(int(area.max()) + 1, -1, dtype=np.int64)
    of_area[area[named]] = named
    culprit = of_area[area]
    x = np.where(culprit[:, np.newaxis] >= 0, used[np.maximum(culprit, 0)], 0)
    together, square = (x * lost).sum(axis=1), np.maximum((x**2).sum(axis=1), 1)
    rest: Ints = lost - (x * together[:, np.newaxis]) // square[:, np.newaxis]
    return rest


def _centred(series: tuple[Ints, ...], chosen: Flags) -> tuple[Ints, ...]:
    """
    Return how far the chosen values of each row lie from their mean, 0 for the others, in one scale of BITS.

    The scale is the row's own; so the products and sums of a year stay whole.
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
