"""Rules on whole days: what a point used beside its own days before, and curves that come twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mingdu.core.day_block import DayBlock
from mingdu.core.day_series import Before, DaySeries, unread_days
from mingdu.core.findings import Findings, Limit, Rule, Thresholds
from mingdu.core.history import known_curves
from mingdu.core.hits import Figures, day_findings, findings_of
from mingdu.core.limits import PERMILLE, share_of
from mingdu.core.runs import Runs, find_runs
from mingdu.core.types import Flags, Ints

# A new level of use is a level when it has lasted so many days.
LEVEL_DAYS = 3


def validate_day_by_day(block: DayBlock, thresholds: Thresholds) -> list[Findings]:
    """Judge each day with the days before it; worked cases in tests/golden/validation_days.csv."""
    series = DaySeries.of(block)
    days = _Days(series.energy_wh, series.before())
    return [
        _drop(block, thresholds, days),
        _zero_after_use(block, thresholds, days),
        _use_after_zero(block, thresholds, days),
        _multiplier(block, thresholds, series),
        _use_while_suspended(block, thresholds, series),
        _read_too_seldom(block, thresholds),
        _duplicates(block, thresholds),
    ]


class _Days(NamedTuple):
    """Energy of each day [Wh] and what is known of the days before it."""

    energy_wh: Ints
    before: Before


def _drop(block: DayBlock, thresholds: Thresholds, series: _Days) -> Findings:
    """Find days that use little of what is usual there, and less than any day before; nothing is no drop."""
    before, limit = series.before, _by_day(block, thresholds)
    share = share_of(before.mean_wh, limit(Limit.DROP_MEAN_SHARE))
    lowest = np.minimum(share, before.least_wh)
    hits = (series.energy_wh > 0) & (series.energy_wh < lowest) & (before.count >= limit(Limit.DROP_DAYS))
    hits &= before.mean_wh >= limit(Limit.DROP_MEAN_WH)
    return day_findings(block, thresholds, Rule.DROP, hits, (series.energy_wh, lowest))


def _zero_after_use(block: DayBlock, thresholds: Thresholds, series: _Days) -> Findings:
    """Find the first day without use where every day before had some; the figure is the mean before."""
    before, limit = series.before, _by_day(block, thresholds)
    least = limit(Limit.ZERO_MEAN_WH)
    hits = (series.energy_wh == 0) & (before.zeros == 0) & (before.count >= limit(Limit.ZERO_DAYS))
    hits &= before.mean_wh >= least
    return day_findings(block, thresholds, Rule.ZERO_AFTER_USE, hits, (before.mean_wh, least))


def _use_after_zero(block: DayBlock, thresholds: Thresholds, series: _Days) -> Findings:
    """Find the first use where no day before had any."""
    before, limit = series.before, _by_day(block, thresholds)
    least = limit(Limit.USE_WH)
    hits = (series.energy_wh >= least) & (before.most_wh == 0) & (before.count >= limit(Limit.USE_ZERO_DAYS))
    return day_findings(block, thresholds, Rule.USE_AFTER_ZERO, hits, (series.energy_wh, least))


def _multiplier(block: DayBlock, thresholds: Thresholds, series: DaySeries) -> Findings:
    """
    Find a new level of use that is the old one times, or by, a usual ratio of transformers.

    Asked are the points that are measured through transformers, or are large enough to be. The new level has
    lasted LEVEL_DAYS days and lies outside all days before; the finding stands at the last of them, once. Its
    figure is how many times the old level it is, its threshold the ratio [thousandths].
    """
    before, limit = series.before(past=LEVEL_DAYS - 1), _by_day(block, thresholds)
    latest = np.stack([series.back(day) for day in range(LEVEL_DAYS)])
    after = latest.sum(axis=0, dtype=np.int64) // LEVEL_DAYS
    rises = (latest > before.most_wh).all(axis=0)
    falls = (latest > 0).all(axis=0) & (latest < before.least_wh).all(axis=0)
    # The day before these was still of the old level: the days after say the same no second time.
    middle, eve = (before.mean_wh + after) // 2, series.back(LEVEL_DAYS)
    begins = (eve >= 0) & np.where(rises, eve < middle, eve > middle)
    through = (block.points.multiplier > 1)[:, np.newaxis]
    through = through | (block.points.capacity_w[:, np.newaxis] >= limit(Limit.MULTIPLIER_CAPACITY_W))
    hits = (rises | falls) & begins & through & (before.mean_wh > 0) & (latest >= 0).all(axis=0)
    hits &= before.count >= limit(Limit.MULTIPLIER_DAYS)
    ratio, is_near = _usual_ratio(
        before.mean_wh, after, thresholds.ratios, limit(Limit.MULTIPLIER_NEAR_SHARE)
    )
    times = _thousandths(after, before.mean_wh)
    usual = np.where(rises, ratio * PERMILLE, PERMILLE // np.maximum(ratio, 1))
    return day_findings(block, thresholds, Rule.MULTIPLIER_SUSPICION, hits & is_near, (times, usual))


def _usual_ratio(old: Ints, new: Ints, ratios: Ints, near: Ints) -> tuple[Ints, Flags]:
    """Return the usual ratio nearest to that of two levels, and whether it is near."""
    low, high = np.minimum(old, new), np.maximum(old, new)
    times = _thousandths(high, low)
    usual = ratios * PERMILLE
    middles = (usual[1:] + usual[:-1]) // 2
    nearest = usual[np.searchsorted(middles, times)]
    return nearest // PERMILLE, np.abs(times - nearest) <= share_of(nearest, near)


def _thousandths(part: Ints, whole: Ints) -> Ints:
    return part * PERMILLE // np.maximum(whole, 1)


def _use_while_suspended(block: DayBlock, thresholds: Thresholds, series: DaySeries) -> Findings:
    least = _by_day(block, thresholds)(Limit.SUSPENDED_WH)
    hits = (block.points.is_off == 1)[:, np.newaxis] & (series.energy_wh >= least)
    return day_findings(block, thresholds, Rule.USE_WHILE_SUSPENDED, hits, (series.energy_wh, least))


def _read_too_seldom(block: DayBlock, thresholds: Thresholds) -> Findings:
    """Find the day on which those read by less than half have become too many."""
    unread, before = unread_days(block)
    most = _by_day(block, thresholds)(Limit.PROVISIONAL_DAYS)
    hits = unread & (before + 1 == most)
    return day_findings(block, thresholds, Rule.PROVISIONAL_TOO_OFTEN, hits, (before + 1, most))


def _duplicates(block: DayBlock, thresholds: Thresholds) -> Findings:
    """
    Find intervals that are those of the day before, one by one, where use goes up and down.

    A level line is no duplicate: so many of the intervals must differ from the one before them.
    """
    needed = thresholds.of(Limit.DUPLICATE_INTERVALS, block.points.kind)
    # Few days have so many that are alike; only they pay for finding out where.
    rows = np.flatnonzero((_alike(block) >= needed[:, np.newaxis]).any(axis=1))
    few = block.take(rows)
    curves = known_curves(few)
    before = np.concatenate([few.history.recent[:, -1:], curves[:, :-1]], axis=1)
    runs = find_runs((curves == before) & (curves >= 0), np.zeros_like(rows))
    length = runs.last - runs.first + 1
    changes = np.zeros(curves.shape, dtype=np.int64)
    changes[:, :, 1:] = np.cumsum(np.diff(curves, axis=2) != 0, axis=2)
    changed = changes[runs.row, runs.day, runs.last] - changes[runs.row, runs.day, runs.first]
    row = rows[runs.row]
    least = thresholds.of(Limit.DUPLICATE_CHANGES, block.points.kind[row])
    chosen = (length >= needed[row]) & (changed >= least)
    runs = Runs(row, runs.day, runs.first, runs.last, length, runs.begin).take(chosen)
    figures = Figures(Rule.DUPLICATE_INTERVALS, runs.length, needed[runs.row])
    return findings_of(block, thresholds, runs, figures)


def _alike(block: DayBlock) -> Ints:
    """Count the intervals that hold what the same ones held the day before, whether read or not."""
    alike = np.zeros(block.values.shape[:2], dtype=np.int64)
    alike[:, 0] = np.count_nonzero(block.values[:, 0] == block.history.recent[:, -1], axis=1)
    alike[:, 1:] = np.count_nonzero(block.values[:, 1:] == block.values[:, :-1], axis=2)
    return alike


def _by_day(block: DayBlock, thresholds: Thresholds) -> Callable[[Limit], Ints]:
    """Give the figures of a block's points as columns that days are compared with, int64 (row, day)."""
    rows, days, _ = block.values.shape

    def figures(limit: Limit) -> Ints:
        of_row = thresholds.of(limit, block.points.kind)[:, np.newaxis]
        return np.broadcast_to(of_row, (rows, days))

    return figures
