"""A block of usage points and days, as the day close takes it; rows do not know of each other."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from mingdu.core.quality import ESTIMATED, Quality
from mingdu.core.registers import PERIOD_REGISTERS
from mingdu.core.types import Bytes, Flags, Ints
from mingdu.errors import TradeError

NOT_READ = -1
NOT_KNOWN = -1
HOURS = 24
LARGEST_CAPACITY_W = 10**11
LARGEST_FACTOR_WH = 2**30
LARGEST_DIGITS = 11
# Every product and sum of the kernels on a block stays below this; it is proven when the block is made.
LARGEST_ENERGY_WH = 2**62


class BadBlock(TradeError):
    """Facts of a block that contradict each other or leave the whole numbers."""


@dataclass(frozen=True)
class _Rows:
    """Facts whose every field has one entry a row."""

    def take(self, rows: Ints) -> Self:
        """Return the chosen rows."""
        return replace(self, **{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass(frozen=True)
class PointFacts(_Rows):
    """
    What is known of each usage point; int64 (row,).

    capacity_w    contract capacity, more than zero [W]
    wh_per_digit  scale of a digit, the same for curve and registers
    multiplier    倍率, CT × PT
    digit_count   whole digits of a register, decimals included; it wraps at 10**digit_count
    """

    capacity_w: Ints
    wh_per_digit: Ints
    multiplier: Ints
    digit_count: Ints

    @property
    def factor_wh(self) -> Ints:
        """Energy of one digit [Wh]."""
        return self.wh_per_digit * self.multiplier


@dataclass(frozen=True)
class Freezes(_Rows):
    """
    Midnight freezes (零点冻结) around and between the days; NOT_READ where there is none.

    total    int64 (row, day + 1)            [digits]
    periods  int64 (row, day + 1, register)  in the order of PERIOD_REGISTERS; NOT_READ too where
                                                      the meter has no such register
    """

    total: Ints
    periods: Ints

    def finer(self, decimals: int) -> Freezes:
        """Return the same registers with so many more decimals."""
        if not decimals:
            return self
        factor = 10**decimals
        return Freezes(
            *(np.where(each == NOT_READ, each, each * factor) for each in (self.total, self.periods))
        )


@dataclass(frozen=True)
class History(_Rows):
    """
    What the rules and fills know of the time before the block.

    gap_run, over_run  int64 (row,)  missing, and over-capacity, intervals in a row just before
    zero_run           int64 (row,)  zeros read since the latest value that was not zero
    used_digits        int64 (row,)  sum of the intervals read before those zeros [digits]
    used_intervals     int64 (row,)  their count
    like_hour_p99      int64 (row, 24)            99th percentile by civil hour [digits]; 0: not enough known
    like_day           int64 (row, 2, point)      mean working day, mean day of rest [digits]; or NOT_KNOWN
    """

    gap_run: Ints
    over_run: Ints
    zero_run: Ints
    used_digits: Ints
    used_intervals: Ints
    like_hour_p99: Ints
    like_day: Ints

    @classmethod
    def unknown(cls, rows: int, points: int) -> History:
        """Return the history of points of which nothing is known yet."""
        none = np.zeros(rows, dtype=np.int64)
        p99 = np.zeros((rows, HOURS), dtype=np.int64)
        return cls(none, none, none, none, none, p99, np.full((rows, 2, points), NOT_KNOWN, dtype=np.int64))


@dataclass(frozen=True)
class BlockDays:
    """
    The civil days of a block: consecutive, with the same number of intervals each.

    first_day         day number (days since 1970-01-01) of the first
    is_rest           bool (day,)    a day of rest, as its like days are
    hour              int64 (point,) civil hour of each interval
    interval_minutes  length of an interval
    """

    first_day: int
    is_rest: Flags
    hour: Ints
    interval_minutes: int

    @property
    def numbers(self) -> Ints:
        """Return the day numbers, int64 (day,)."""
        return self.first_day + np.arange(len(self.is_rest), dtype=np.int64)


@dataclass(frozen=True)
class DayBlock:
    """
    Curves of many usage points through a few days, with all that closing them needs.

    values   int64 (row, day, point)  register digits, 0 where missing
    quality  uint8 (row, day, point)  Quality
    raises   BadBlock
    """

    values: Ints
    quality: Bytes
    days: BlockDays
    points: PointFacts
    freezes: Freezes
    history: History

    def __post_init__(self) -> None:
        _check_shapes(self)
        _check_sizes(self)

    @property
    def missing(self) -> Flags:
        """Return where nothing was read, bool (row, day, point)."""
        missing: Flags = self.quality == Quality.MISSING
        return missing

    @property
    def intervals(self) -> int:
        """Return how many intervals a row has in all."""
        _, days, points = self.values.shape
        return int(days * points)

    def take(self, rows: Ints) -> DayBlock:
        """Return the chosen rows as a block of its own."""
        return DayBlock(
            values=self.values[rows],
            quality=self.quality[rows],
            days=self.days,
            points=self.points.take(rows),
            freezes=self.freezes.take(rows),
            history=self.history.take(rows),
        )

    def without_estimates(self) -> DayBlock:
        """Return the block as it was read: earlier estimates are missing again."""
        estimated = np.isin(self.quality, ESTIMATED)
        if not estimated.any():
            return self
        quality = np.where(estimated, np.uint8(Quality.MISSING), self.quality)
        return replace(self, values=np.where(estimated, 0, self.values), quality=quality)


def _check_shapes(block: DayBlock) -> None:
    rows, days, points = block.values.shape
    registers = len(PERIOD_REGISTERS)
    expected = [
        (block.quality, (rows, days, points)),
        (block.days.is_rest, (days,)),
        (block.days.hour, (points,)),
        (block.freezes.total, (rows, days + 1)),
        (block.freezes.periods, (rows, days + 1, registers)),
        (block.history.like_hour_p99, (rows, HOURS)),
        (block.history.like_day, (rows, 2, points)),
    ]
    by_row = [getattr(block.points, field.name) for field in fields(block.points)]
    by_row += [block.history.gap_run, block.history.over_run, block.history.zero_run]
    by_row += [block.history.used_digits, block.history.used_intervals]
    for column, shape in expected + [(column, (rows,)) for column in by_row]:
        if column.shape != shape:
            raise BadBlock(f"a column of shape {column.shape} where {shape} belongs")


def _check_sizes(block: DayBlock) -> None:
    """Prove in Python's unbounded integers that no product or sum of the kernels can wrap."""
    if not block.values.size:
        return
    facts = block.points
    _check_range("capacity_w", facts.capacity_w, 1, LARGEST_CAPACITY_W)
    _check_range("wh_per_digit", facts.wh_per_digit, 1, LARGEST_FACTOR_WH)
    _check_range("multiplier", facts.multiplier, 1, LARGEST_FACTOR_WH)
    _check_range("digit_count", facts.digit_count, 1, LARGEST_DIGITS)
    wraps_at = 10 ** facts.digit_count[:, np.newaxis]
    _check_range("total", block.freezes.total, NOT_READ, wraps_at - 1)
    _check_range("periods", block.freezes.periods, NOT_READ, wraps_at[..., np.newaxis] - 1)
    digits = max(_largest(block.values) * block.intervals, 10 ** int(facts.digit_count.max()))
    digits += _largest(block.history.used_digits)
    if digits * int(facts.factor_wh.max()) > LARGEST_ENERGY_WH:
        raise BadBlock(f"{digits} digits of up to {facts.factor_wh.max()} Wh leave the whole numbers")


def _check_range(name: str, column: Ints, low: int, high: Ints | int) -> None:
    bad = np.argwhere((column < low) | (column > high))
    if bad.size:
        at = tuple(bad[0].tolist())
        raise BadBlock(f"{name} of row {at[0]} is {column[at]}", row=at[0], name=name, value=int(column[at]))


def _largest(column: Ints) -> int:
    return max(abs(int(column.min())), abs(int(column.max())))
