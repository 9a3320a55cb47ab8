"""
Fills of gaps (估算): the registers at the two ends give the energy, exactly; only the shape is estimated.

Between two midnight freezes the missing intervals hold what the register says less what was read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from mingdu.core.day_block import NOT_KNOWN, DayBlock
from mingdu.core.findings import Limit, Thresholds
from mingdu.core.limits import share_of
from mingdu.core.quality import Quality
from mingdu.core.runs import Runs, find_runs, reduce_runs
from mingdu.core.types import Bytes, Ints
from mingdu.core.usage import RegisterPairs, Remark, capacity_limit_wh, register_usage
from mingdu.errors import TradeError

LARGEST_PRODUCT = 2**62
MILLION = 1_000_000
# By which shares of a fill its method may be wrong: below and above.
UNCERTAINTY = {
    Quality.ESTIMATED_LINEAR: (Limit.LINEAR_LOW_SHARE, Limit.LINEAR_HIGH_SHARE),
    Quality.ESTIMATED_LIKE_DAYS: (Limit.LIKE_DAYS_LOW_SHARE, Limit.LIKE_DAYS_HIGH_SHARE),
    Quality.ESTIMATED_PROFILE: (Limit.PROFILE_LOW_SHARE, Limit.PROFILE_HIGH_SHARE),
    Quality.ESTIMATED_FLAT: (Limit.FLAT_LOW_SHARE, Limit.FLAT_HIGH_SHARE),
}


class ShareTooLarge(TradeError):
    """Energy and weights whose product leaves the whole numbers."""

    next_step = "check the scale of the curve against that of the registers"


class Anchor(IntEnum):
    """
    Where the energy of a filled gap comes from.

    REGISTERS     the registers at both ends, exactly
    NONE          the shape's own energy: a register was not read, or its difference is not plausible
    CONTRADICTED  the curve already holds more than the registers; the gap is filled with 0 and needs a person
    """

    REGISTERS = 0
    NONE = 1
    CONTRADICTED = 2


@dataclass(frozen=True)
class Fills:
    """
    One entry for each gap and day.

    row, day, first, last  int64  where; `day` is the day's place in the block, `last` is inside
    method                 uint8  Quality.ESTIMATED_…
    anchor                 uint8  Anchor
    energy_digits          int64  what was filled in
    low_digits             int64  the true energy is hardly below this: see `_uncertainty`
    high_digits            int64  nor above this
    """

    row: Ints
    day: Ints
    first: Ints
    last: Ints
    method: Bytes
    anchor: Bytes
    energy_digits: Ints
    low_digits: Ints
    high_digits: Ints

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True)
class Filled:
    """values int64 and quality uint8 (row, day, point) without a missing interval, and the fills made."""

    values: Ints
    quality: Bytes
    fills: Fills


def fill_gaps(block: DayBlock, thresholds: Thresholds) -> Filled:
    """
    Fill every missing interval; what was read is not touched.

    Shape by length of the whole gap: straight line up to `linear_minutes`; own like days (same kind of day,
    same time) up to `like_days_minutes`; else, or where those are not known, the profile of the customer
    class at the own level of use; flat where that is not known either. Between two freezes the shape is
    scaled to the energy by largest remainders; ties go to the earlier interval. Never negative.

    raises  ShareTooLarge
    source  worked cases in tests/golden/estimation.csv
    """
    rows = np.flatnonzero(block.missing.any(axis=(1, 2)))
    few = block.take(rows)
    gaps = _Gaps.of(few)
    method = _methods(few, gaps, thresholds)
    spans = _spans(few)
    filled = _scale(gaps, spans, _shape(few, gaps, method))
    values, quality = block.values.copy(), block.quality.copy()
    at = rows[gaps.row], gaps.day, gaps.point
    values[at] = filled
    quality[at] = method[gaps.run]
    fills = _fills(few, rows, spans, (filled, method[gaps.run]), thresholds)
    return Filled(values, quality, fills)


def share_out(energy: Ints, weight: Ints, begin: Ints) -> Ints:
    """
    Share whole energies in proportion to weights, so that each group sums exactly (largest remainder).

    energy   int64 (group,)  zero or more
    weight   int64 (item,)   zero or more; a group of zeros is shared evenly
    begin    int64 (group,)  first item of each group; groups lie end to end and none is empty
    returns  int64 (item,)
    raises   ShareTooLarge
    """
    if not len(begin):
        return np.zeros(0, dtype=np.int64)
    sizes = np.diff(begin, append=len(weight))
    group = np.repeat(np.arange(len(begin)), sizes)
    total = np.add.reduceat(weight, begin)
    weight = np.where(total[group] == 0, 1, weight)
    total = np.where(total == 0, sizes, total)
    if int(energy.max()) * int(weight.max()) > LARGEST_PRODUCT:
        raise ShareTooLarge(f"{energy.max()} digits shared by weights up to {weight.max()}")
    share, rest = np.divmod(energy[group] * weight, total[group])
    left = energy - np.add.reduceat(share, begin)
    order = np.lexsort((np.arange(len(weight)), -rest, group))
    place = np.empty_like(order)
    place[order] = np.arange(len(weight)) - begin[group]
    return share + (place < left[group])


@dataclass(frozen=True)
class _Gaps:
    """Every missing interval, in order: row, day, point and which whole gap (run) it belongs to."""

    runs: Runs
    row: Ints
    day: Ints
    point: Ints
    run: Ints

    @classmethod
    def of(cls, block: DayBlock) -> _Gaps:
        # Seen as one long day, a gap across midnight is one run.
        one_day = block.missing.reshape(len(block.values), 1, block.intervals)
        runs = find_runs(one_day, block.history.gap_run)
        row, day, point = np.nonzero(block.missing)
        sizes = np.diff(runs.begin, append=len(row))
        return cls(runs, row, day, point, np.repeat(np.arange(len(runs)), sizes))


@dataclass(frozen=True)
class _Spans:
    """
    The time between two freezes, as seen from each row and day.

    anchor         uint8 (row, day)  Anchor
    energy_digits  int64 (row, day)  missing between the two freezes
    start          int64 (row, day)  midnight of the earlier one, counted from the first of the block
    """

    anchor: Bytes
    energy_digits: Ints
    start: Ints


def _methods(block: DayBlock, gaps: _Gaps, thresholds: Thresholds) -> Bytes:
    """Choose the method of each whole gap, uint8 (run,)."""
    runs = gaps.runs
    minutes = runs.length * block.days.interval_minutes
    known = np.ones(len(runs), dtype=bool)
    known[gaps.run[_like_days(block, gaps) < 0]] = False
    has_neighbour = (runs.first > 0) | (runs.last < block.intervals - 1)
    has_class = np.ones(len(runs), dtype=bool)
    has_class[gaps.run[_profile(block, gaps) < 0]] = False
    method = np.full(len(runs), Quality.ESTIMATED_FLAT, dtype=np.uint8)
    method[has_class] = Quality.ESTIMATED_PROFILE
    kind = block.points.kind[runs.row]
    is_short = minutes <= thresholds.of(Limit.LINEAR_MINUTES, kind)
    method[(minutes <= thresholds.of(Limit.LIKE_DAYS_MINUTES, kind)) & known] = Quality.ESTIMATED_LIKE_DAYS
    method[is_short & has_neighbour] = Quality.ESTIMATED_LINEAR
    return method


def _shape(block: DayBlock, gaps: _Gaps, method: Bytes) -> Ints:
    """Return each missing interval's own estimate in digits, int64 (item,)."""
    of_item = method[gaps.run]
    shape = np.where(of_item == Quality.ESTIMATED_LINEAR, _line(block, gaps), _mean(block)[gaps.row])
    shape = np.where(of_item == Quality.ESTIMATED_PROFILE, _profile(block, gaps), shape)
    return np.where(of_item == Quality.ESTIMATED_LIKE_DAYS, _like_days(block, gaps), shape)


def _profile(block: DayBlock, gaps: _Gaps) -> Ints:
    """
    Return the class's shape at the own mean interval, or at the class's where nothing of the own is known.

    NOT_KNOWN where the class has no shape.
    """
    history = block.history
    shape = history.class_shape[gaps.row, block.days.is_rest[gaps.day].astype(np.int64), gaps.point]
    of_class = np.maximum(history.class_mean_wh, 0) // block.points.factor_wh
    level = np.where(_known_count(block) > 0, _mean(block), of_class)[gaps.row]
    points = block.values.shape[2]
    return np.where(shape >= 0, level * shape * points // MILLION, NOT_KNOWN)


def _like_days(block: DayBlock, gaps: _Gaps) -> Ints:
    return block.history.like_day[gaps.row, block.days.is_rest[gaps.day].astype(np.int64), gaps.point]


def _line(block: DayBlock, gaps: _Gaps) -> Ints:
    """Straight line between the neighbours, rounded down; with one neighbour its value; never negative."""
    values = block.values.reshape(len(block.values), block.intervals)
    runs = gaps.runs
    final = block.intervals - 1
    before = values[runs.row, np.maximum(runs.first - 1, 0)]
    after = values[runs.row, np.minimum(runs.last + 1, final)]
    before = np.where(runs.first == 0, after, before)
    after = np.where(runs.last == final, before, after)
    steps = (runs.last - runs.first + 2)[gaps.run]
    step = np.arange(len(gaps.run)) - runs.begin[gaps.run] + 1
    line = (before[gaps.run] * (steps - step) + after[gaps.run] * step) // steps
    return np.maximum(line, 0)


def _mean(block: DayBlock) -> Ints:
    """Mean interval of all that is known of each row, rounded down, int64 (row,)."""
    digits = block.history.used_digits + block.values.sum(axis=(1, 2), dtype=np.int64)
    mean: Ints = np.maximum(digits, 0) // np.maximum(_known_count(block), 1)
    return mean


def _known_count(block: DayBlock) -> Ints:
    """Count the intervals of which something is known, int64 (row,)."""
    history = block.history
    read = block.read_count.sum(axis=1, dtype=np.int64)
    count: Ints = history.used_intervals + history.zero_run + read
    return count


def _spans(block: DayBlock) -> _Spans:
    """Take the energy between two freezes less what was read there; days between the same two share it."""
    rows, days, _ = block.values.shape
    read = block.freezes.total >= 0
    midnight = np.arange(days + 1)
    start = np.maximum.accumulate(np.where(read, midnight, -1), axis=1)[:, :-1]
    end = np.minimum.accumulate(np.where(read, midnight, days + 1)[:, ::-1], axis=1)[:, ::-1][:, 1:]
    row, day = np.nonzero((start >= 0) & (end <= days))
    usage = register_usage(_span_pairs(block, row, start[row, day], end[row, day]))
    read_before = np.zeros((rows, days + 1), dtype=np.int64)
    read_before[:, 1:] = block.values.sum(axis=2, dtype=np.int64).cumsum(axis=1)
    need = usage.used_digits - (read_before[row, end[row, day]] - read_before[row, start[row, day]])
    implausible = (usage.remarks & (Remark.NEGATIVE | Remark.JUMP)) != 0
    anchor = np.full((rows, days), Anchor.NONE, dtype=np.uint8)
    anchor[row, day] = np.select(
        [implausible, need < 0], [Anchor.NONE, Anchor.CONTRADICTED], Anchor.REGISTERS
    )
    energy = np.zeros((rows, days), dtype=np.int64)
    energy[row, day] = np.maximum(need, 0)
    return _Spans(anchor, energy, start)


def _span_pairs(block: DayBlock, row: Ints, start: Ints, end: Ints) -> RegisterPairs:
    facts, total = block.points, block.freezes.total
    seconds = (end - start) * (block.values.shape[2] * block.days.interval_minutes * 60)
    return RegisterPairs(
        start=total[row, start],
        end=total[row, end],
        digit_count=facts.digit_count[row],
        wh_per_digit=facts.wh_per_digit[row],
        multiplier=facts.multiplier[row],
        limit_wh=capacity_limit_wh(facts.capacity_w[row], seconds),
    )


def _scale(gaps: _Gaps, spans: _Spans, shape: Ints) -> Ints:
    """Bring the shapes between two freezes to their energy; a shape without anchor stays as it is."""
    anchored = np.flatnonzero(spans.anchor[gaps.row, gaps.day] != Anchor.NONE)
    row, day = gaps.row[anchored], gaps.day[anchored]
    start = spans.start[row, day]
    is_first = np.ones(len(anchored), dtype=bool)
    is_first[1:] = (np.diff(row) != 0) | (np.diff(start) != 0)
    begin = np.flatnonzero(is_first)
    filled = shape.copy()
    filled[anchored] = share_out(spans.energy_digits[row[begin], day[begin]], shape[anchored], begin)
    return filled


def _fills(
    block: DayBlock, rows: Ints, spans: _Spans, items: tuple[Ints, Bytes], thresholds: Thresholds
) -> Fills:
    filled, method = items
    runs = find_runs(block.missing, block.history.gap_run)
    energy, of_run = reduce_runs(np.add, filled, runs), method[runs.begin]
    low, high = _uncertainty(block, runs, spans, (energy, of_run), thresholds)
    return Fills(
        row=rows[runs.row],
        day=runs.day,
        first=runs.first,
        last=runs.last,
        method=of_run,
        anchor=spans.anchor[runs.row, runs.day],
        energy_digits=energy,
        low_digits=low,
        high_digits=high,
    )


def _uncertainty(
    block: DayBlock, runs: Runs, spans: _Spans, fills: tuple[Ints, Bytes], thresholds: Thresholds
) -> tuple[Ints, Ints]:
    """
    Return between what two energies the true one of each fill lies, most of the time (docs/estimates.md).

    A fill that is alone between its two freezes is exact but for one cut-off digit. Others are uncertain by
    the shares of their method and a digit for each interval, but hold no more than is missing there.
    """
    energy, method = fills
    kind, length = block.points.kind[runs.row], runs.last - runs.first + 1
    low, high = np.zeros_like(energy), np.zeros_like(energy)
    for quality, (low_limit, high_limit) in UNCERTAINTY.items():
        of_method = method == quality
        low_share, high_share = (thresholds.of(each, kind)[of_method] for each in (low_limit, high_limit))
        low[of_method] = share_of(energy[of_method], low_share)
        high[of_method] = share_of(energy[of_method], high_share)
    low, high = np.maximum(low - length, 0), high + length
    anchor = spans.anchor[runs.row, runs.day]
    missing = spans.energy_digits[runs.row, runs.day]
    step = block.points.register_step[runs.row]
    is_exact = (anchor == Anchor.REGISTERS) & (energy == missing)
    high = np.where(anchor == Anchor.REGISTERS, np.minimum(high, missing + step), high)
    return np.where(is_exact, np.maximum(energy - step, 0), low), np.where(is_exact, energy + step, high)
