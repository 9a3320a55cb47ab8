"""
Who may explain what a transformer area lost (线损疑点), and who would fit a neighbouring area better.

Both are read off how the days differ. They are hints for an inspector, never a charge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingdu.core.area_balance import PPM, AreaDays, Balance
from mingdu.core.types import Flags, Ints

# With fewer aligned days a difference between days says nothing.
LEAST_DAYS = 7
# Deviations from a mean are compared with so many bits: squares of sums over 366 days stay below 2**62.
BITS = 10
# So many points are named for one area's loss.
MOST_NAMED = 5


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
