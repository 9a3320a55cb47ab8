"""Rules on meters that were put in, exchanged, or hang at each other's points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mingdu.core.day_block import NOT_READ, DayBlock
from mingdu.core.day_series import DaySeries
from mingdu.core.findings import Findings, Limit, Rule, Thresholds, join_findings
from mingdu.core.hits import Figures, chosen_findings, findings_of, whole_days
from mingdu.core.limits import PERMILLE, share_of
from mingdu.core.types import Flags, Ints
from mingdu.core.usage import RegisterPairs, Remark, capacity_limit_wh, register_usage
from mingdu.core.validation_days import LEVEL_DAYS


@dataclass(frozen=True)
class NewMeters:
    """
    Meters that were put in on days of a block; int64 (entry,) each. Readings are of the total [digits].

    row, day      the point's row and the day's place in the block
    start         what the new meter showed when it came; NOT_READ
    first         what it showed at the first midnight after; NOT_READ
    seconds       from its coming to that midnight
    replaces      1 where another meter was taken out for it, else 0
    end           what that one showed; NOT_READ
    digit_count   of the new meter
    multiplier    of the new installation
    wh_per_digit  of the readings
    """

    row: Ints
    day: Ints
    start: Ints
    first: Ints
    seconds: Ints
    replaces: Ints
    end: Ints
    digit_count: Ints
    multiplier: Ints
    wh_per_digit: Ints

    def __len__(self) -> int:
        return len(self.row)


def validate_new_meters(block: DayBlock, new: NewMeters, thresholds: Thresholds) -> Findings:
    """
    Judge exchanges without both readings, and first readings that the capacity cannot explain.

    source  worked cases in tests/golden/validation_meters.csv
    """
    runs = whole_days(block, new.row, new.day)
    lacking = (new.start == NOT_READ).astype(np.int64) + (new.end == NOT_READ)
    exchange = Figures(Rule.EXCHANGE_WITHOUT_READINGS, lacking, np.zeros_like(lacking))
    is_lacking = (new.replaces == 1) & (lacking > 0)
    return join_findings(
        [
            chosen_findings(block, thresholds, runs, exchange, is_lacking),
            _first_readings(block, new, thresholds),
        ]
    )


def _first_readings(block: DayBlock, new: NewMeters, thresholds: Thresholds) -> Findings:
    both = np.flatnonzero((new.start != NOT_READ) & (new.first != NOT_READ))
    row = new.row[both]
    limit = capacity_limit_wh(block.points.capacity_w[row], new.seconds[both])
    pairs = RegisterPairs(
        start=new.start[both],
        end=new.first[both],
        digit_count=new.digit_count[both],
        wh_per_digit=new.wh_per_digit[both],
        multiplier=new.multiplier[both],
        limit_wh=limit,
    )
    usage = register_usage(pairs)
    runs = whole_days(block, row, new.day[both])
    figures = Figures(Rule.FIRST_READING, usage.energy_wh, limit)
    wrong = (usage.remarks & (Remark.NEGATIVE | Remark.JUMP)) != 0
    return chosen_findings(block, thresholds, runs, figures, wrong)


def swapped_meters(block: DayBlock, area: Ints, thresholds: Thresholds) -> Findings:
    """
    Find pairs of points of one area that use, from one day on, what the other used before.

    area     int64 (row,)  0 for a point that is in no area
    returns  both points of a pair, on the LEVEL_DAYS-th day of the new levels; the figure is the new level to
             the own old one, the threshold that of the other [thousandths]
    source   worked cases in tests/core/test_validation_meters.py
    Two points of like use are not told apart; nor are points of one area in different buckets.
    """
    levels = _Levels.of(block, thresholds)
    row, day, other = np.zeros((3, 0), dtype=np.int64)
    for place in range(levels.old_wh.shape[1]):
        rising, falling = (
            np.flatnonzero(part[:, place] & (area > 0)) for part in (levels.rises, levels.falls)
        )
        up, down = _pairs(levels, place, rising, falling, area)
        row, other = np.concatenate([row, up, down]), np.concatenate([other, down, up])
        day = np.concatenate([day, np.full(2 * len(up), place, dtype=np.int64)])
    # A point that fits two others is told once, with the first of them.
    first = np.unique(np.stack([row, day]), axis=1, return_index=True)[1]
    row, day, other = row[first], day[first], other[first]
    old = np.maximum(levels.old_wh[row, day], 1)
    figures = Figures(
        Rule.SWAPPED_METERS,
        levels.new_wh[row, day] * PERMILLE // old,
        levels.old_wh[other, day] * PERMILLE // old,
    )
    return findings_of(block, thresholds, whole_days(block, row, day), figures)


@dataclass(frozen=True)
class _Levels:
    """
    Use before and after each day on which a new level has lasted LEVEL_DAYS days; (row, day) each.

    old_wh, new_wh  int64  means of a day [Wh]
    rises, falls    bool   the level changed so much
    near            int64 (row,)  how near is near [thousandths]
    """

    old_wh: Ints
    new_wh: Ints
    rises: Flags
    falls: Flags
    near: Ints

    @classmethod
    def of(cls, block: DayBlock, thresholds: Thresholds) -> _Levels:
        series, kind = DaySeries.of(block), block.points.kind
        before = series.before(past=LEVEL_DAYS - 1)
        latest = np.stack([series.back(day) for day in range(LEVEL_DAYS)])
        after = latest.sum(axis=0, dtype=np.int64) // LEVEL_DAYS
        eve, middle = series.back(LEVEL_DAYS), (before.mean_wh + after) // 2
        times = thresholds.of(Limit.SWAP_TIMES, kind)[:, np.newaxis]
        known = (latest >= 0).all(axis=0) & (eve >= 0)
        known &= before.count >= thresholds.of(Limit.SWAP_DAYS, kind)[:, np.newaxis]
        rises = (after >= share_of(before.mean_wh, times)) & (latest > middle).all(axis=0) & (eve < middle)
        falls = (before.mean_wh >= share_of(after, times)) & (latest < middle).all(axis=0) & (eve > middle)
        near = thresholds.of(Limit.SWAP_NEAR_SHARE, kind)
        return cls(before.mean_wh, after, known & rises, known & falls, near)


def _pairs(levels: _Levels, place: int, rising: Ints, falling: Ints, area: Ints) -> tuple[Ints, Ints]:
    """Return the rows that rise and fall to each other's old level on a day, pair for pair."""
    old, new = levels.old_wh[:, place], levels.new_wh[:, place]
    allowed = share_of(old, levels.near)
    same = area[rising][:, np.newaxis] == area[falling]
    same &= np.abs(new[rising][:, np.newaxis] - old[falling]) <= allowed[falling]
    same &= np.abs(old[rising][:, np.newaxis] - new[falling]) <= allowed[rising][:, np.newaxis]
    up, down = np.nonzero(same)
    return rising[up], falling[down]
